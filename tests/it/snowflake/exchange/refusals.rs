//! Exchanges and sign-ins that are refused, and who is told of it.

use super::*;

/// Row 38: what is refused to one is not tried again and again, and holds back nobody else.
#[tokio::test]
async fn a_refused_person_is_told_so_and_holds_back_nobody_else() {
    let (stub, issuer, server) = all().await;
    stub.set(|settings| {
        drop(
            settings
                .refused_users
                .insert("ALICE".into(), "390303".into()),
        )
    });
    let (alice, bob) = (token_of(&issuer, "alice"), token_of(&issuer, "bob"));
    for _ in 0..20 {
        let refused = who(&server.mcp().key(&alice)).await;
        assert_eq!(code(&refused), "sign_in_refused", "{refused}");
        let told = refused.to_string();
        assert!(told.contains("does not accept your sign-in"), "{told}");
        assert!(
            !told.contains("is refused"),
            "Snowflake's words are the log's: {told}"
        );
        assert_eq!(code(&who(&server.mcp().key(&bob)).await), "ok");
    }
    let counters = stub.counters();
    assert_eq!(
        counters.logins_refused, 2,
        "once, and once with a fresh token"
    );
    assert_eq!(
        issuer
            .asked()
            .iter()
            .filter(|it| it.form["subject_token"] == alice)
            .count(),
        2
    );
    // Another token of hers changes nothing.
    let again = issuer.token(OURS, json!({"sub": "alice", "jti": "another"}));
    assert_eq!(
        code(&who(&server.mcp().key(&again)).await),
        "sign_in_refused"
    );
    assert_eq!(stub.counters().logins_refused, 2);
    assert!(
        server.log().contains("ALICE is refused"),
        "{}",
        server.log()
    );
    assert!(!server.log().contains("ERROR"), "{}", server.log());
    stop(server, &stub).await;
}

/// Row 39: what comes of an exchange is looked at, bounded, and never followed elsewhere.
#[tokio::test]
async fn an_exchange_that_gives_something_else_signs_nobody_in() {
    let (stub, issuer, server) = all().await;
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}/", elsewhere.local_addr().unwrap());
    let reached = tokio::spawn(async move { elsewhere.accept().await.is_ok() });
    for (number, what) in [
        Exchange::OtherUser,
        Exchange::Nobody,
        Exchange::Same,
        Exchange::Opaque,
        Exchange::Ended,
        Exchange::Endless,
        Exchange::Html,
        Exchange::Huge,
        Exchange::Elsewhere(target),
        Exchange::No("not an error of OAuth"),
    ]
    .into_iter()
    .enumerate()
    {
        issuer.exchange(what.clone());
        let began = Instant::now();
        let client = server
            .mcp()
            .key(&token_of(&issuer, &format!("user{number}")));
        let refused = who(&client).await;
        assert_eq!(code(&refused), "sign_in_refused", "{what:?}: {refused}");
        assert!(
            refused.to_string().contains("tell the person who runs"),
            "{refused}"
        );
        assert!(began.elapsed() < Duration::from_secs(8), "{what:?}");
    }
    let counters = stub.counters();
    assert_eq!(
        (counters.logins, counters.logins_refused),
        (0, 0),
        "{counters:?}"
    );
    assert!(!reached.is_finished(), "the redirect was followed");
    reached.abort();
    // The operator reads each once, as an error.
    let errors = server
        .lines()
        .into_iter()
        .filter(|line| line["level"] == "ERROR")
        .count();
    assert!(errors >= 5, "{}", server.log());
    stop(server, &stub).await;
}

/// Whose fault it is, and what to do about it.
#[tokio::test]
async fn a_refused_exchange_is_told_to_whom_it_concerns() {
    let (stub, issuer, server) = all().await;
    for (number, (error, expected, told)) in [
        ("invalid_grant", "sign_in_refused", "sign in again"),
        ("consent_required", "sign_in_refused", "consent"),
        (
            "invalid_client",
            "sign_in_refused",
            "tell the person who runs",
        ),
        (
            "invalid_target",
            "sign_in_refused",
            "tell the person who runs",
        ),
        ("invalid_scope", "permission_denied", "does not include it"),
    ]
    .into_iter()
    .enumerate()
    {
        issuer.exchange(Exchange::No(error));
        let token = token_of(&issuer, &format!("user{number}"));
        for _ in 0..2 {
            let refused = who(&server.mcp().key(&token)).await;
            assert_eq!(code(&refused), expected, "{error}: {refused}");
            assert!(refused.to_string().contains(told), "{error}: {refused}");
            assert!(!refused.to_string().contains(&token), "{refused}");
        }
    }
    let errors = |text: &str| {
        let lines = server.lines();
        let is_it = |line: &&Value| {
            line["level"] == "ERROR" && line["message"].as_str().is_some_and(|it| it.contains(text))
        };
        lines.iter().filter(is_it).count()
    };
    assert_eq!(
        errors("SNOWFLAKE_EXCHANGE_CLIENT_SECRET"),
        1,
        "{}",
        server.log()
    );
    assert_eq!(errors("SNOWFLAKE_EXCHANGE_AUDIENCE"), 1);
    // What passes is tried again, and is nobody's fault.
    issuer.exchange(Exchange::No("503"));
    let refused = who(&server.mcp().key(&token_of(&issuer, "dora"))).await;
    assert_eq!(code(&refused), "warehouse_unreachable", "{refused}");
    issuer.exchange(Exchange::Fine);
    assert_eq!(
        code(&who(&server.mcp().key(&token_of(&issuer, "dora"))).await),
        "ok"
    );
    stop(server, &stub).await;
}

/// What Snowflake says of a person is told in words for that person.
#[tokio::test]
async fn what_snowflake_refuses_to_a_person_is_told_to_the_person() {
    let (stub, issuer, server) = all().await;
    for (refusal, expected, told) in [
        (
            "390100",
            "sign_in_refused",
            "no user of Snowflake belongs to this account",
        ),
        ("390422", "sign_in_refused", "network policy"),
        ("390189", "permission_denied", "ANALYST"),
        ("390186", "permission_denied", "ANALYST"),
        ("390317", "permission_denied", "does not include it"),
        ("390201", "permission_denied", "SNOWFLAKE_WAREHOUSE"),
    ] {
        let user = format!("U{refusal}");
        stub.set(|settings| drop(settings.refused_users.insert(user.clone(), refusal.into())));
        let refused = who(&server.mcp().key(&token_of(&issuer, &user))).await;
        assert_eq!(code(&refused), expected, "{refusal}: {refused}");
        let text = refused.to_string();
        assert!(text.contains(told), "{refusal}: {text}");
        assert!(
            !text.contains("SNOWFLAKE_USER") && !text.contains("password"),
            "{text}"
        );
    }
    // A token that has run out on the way: a fresh one, once, and nobody notices.
    stub.fault(json!([{"endpoint": "login", "kind": "code", "code": "390318", "message": "expired", "times": 1}]));
    let answer = who(&server.mcp().key(&token_of(&issuer, "alice"))).await;
    assert_eq!(rows(&answer), &json!([["ALICE", "ANALYST"]]), "{answer}");
    assert_eq!(server.get(&server.url("/readyz")).await.0, 200);
    stop(server, &stub).await;
}
