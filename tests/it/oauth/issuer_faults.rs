//! Issuers that are down, answer nonsense, change their keys, or are flooded with unknown ones.

use super::*;

/// Rows 9 and 10: names of keys that are none cost the issuer nothing, and nobody else waits.
#[tokio::test]
async fn a_flood_of_unknown_keys_is_one_fetch() {
    let (issuer, server) = both().await;
    let good = issuer.token(OURS, json!({}));
    let before = issuer.fetches();
    let flood = async {
        let mut answers = Vec::new();
        // So many at once that the issuer would notice, and not so many that a busy machine cannot read their heads in time.
        for round in 0..8 {
            let some = (0..25).map(|number| {
                let token = issuer.token_of_key(&format!("no-{round}-{number}"), OURS);
                let post = server.mcp().key(&token).post().json(&list());
                async move { sent(post).await.0 }
            });
            let some: Vec<_> = some.collect();
            answers.extend(futures::future::join_all(some).await);
        }
        answers
    };
    let served = async {
        for _ in 0..20 {
            assert_eq!(posted(&server, &good, &list()).await.0, 200);
        }
    };
    let (answers, ()) = tokio::join!(flood, served);
    let refused = answers.iter().filter(|status| **status == 401).count();
    assert_eq!(refused, 200);
    let fetches = issuer.fetches() - before;
    assert!(fetches <= 2, "{fetches}");
}

/// Row 43: an issuer that is down is no reason to throw a token away.
#[tokio::test]
async fn an_issuer_that_is_down_is_503_and_comes_back() {
    let issuer = Issuer::start(Mode::Down).await;
    let server = server(&issuer, &[("API_KEY", KEY)]).await;
    let token = issuer.token(OURS, json!({}));
    let answer = server
        .mcp()
        .key(&token)
        .post()
        .json(&list())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "5");
    assert!(answer.headers().get("www-authenticate").is_none());
    assert_eq!(
        posted(&server, KEY, &list()).await.0,
        200,
        "keys need no issuer"
    );
    issuer.set(Mode::Fine);
    let until = Instant::now() + Duration::from_secs(20);
    while posted(&server, &token, &list()).await.0 != 200 {
        assert!(Instant::now() < until, "{}", server.log());
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    issuer.set(Mode::Down);
    assert_eq!(
        posted(&server, &token, &list()).await.0,
        200,
        "with the keys that are held"
    );
}

/// Row 44: what an issuer answers is bounded, and the old keys stay.
#[tokio::test]
async fn an_issuer_that_answers_nonsense_changes_nothing() {
    for mode in [
        Mode::Html,
        Mode::Empty,
        Mode::Endless,
        Mode::ManyKeys,
        Mode::Redirect,
        Mode::Slow,
    ] {
        let (issuer, mut server) = both().await;
        let good = issuer.token(OURS, json!({}));
        assert_eq!(posted(&server, &good, &list()).await.0, 200);
        issuer.set(mode);
        let unknown = issuer.token_of_key("new", OURS);
        let began = Instant::now();
        let status = posted(&server, &unknown, &list()).await.0;
        // Whether there is such a key could not be found out.
        let expected: &[u16] = if mode == Mode::Slow {
            &[401, 503]
        } else {
            &[503]
        };
        assert!(expected.contains(&status.as_u16()), "{mode:?}: {status}");
        assert!(began.elapsed() < Duration::from_secs(4), "{mode:?}");
        assert_eq!(posted(&server, &good, &list()).await.0, 200, "{mode:?}");
        if mode != Mode::Slow {
            server
                .line("warning", |line| {
                    line["message"]
                        .as_str()
                        .is_some_and(|text| text.contains("could not be fetched"))
                })
                .await;
        }
    }
    let issuer = Issuer::start(Mode::OtherIssuer).await;
    let server = server(&issuer, &[]).await;
    let token = issuer.token(OURS, json!({}));
    assert_eq!(posted(&server, &token, &list()).await.0, 503);
    assert!(
        server.log().contains("names another issuer"),
        "{}",
        server.log()
    );
}

/// Row 45: a rotation without overlap, while calls go on.
#[tokio::test]
async fn a_rotation_loses_no_call() {
    let (issuer, server) = both().await;
    let old = issuer.token(OURS, json!({}));
    assert_eq!(posted(&server, &old, &list()).await.0, 200);
    let before = issuer.fetches();
    issuer.rotate(false);
    let calls = (0..60).map(|_| {
        let token = issuer.token(OURS, json!({}));
        let post = server.mcp().key(&token).post().json(&list());
        async move { sent(post).await.0 }
    });
    let answers = futures::future::join_all(calls.collect::<Vec<_>>()).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    assert_eq!(issuer.fetches() - before, 1);
    assert_eq!(
        posted(&server, &old, &list()).await.0,
        401,
        "the old key is gone"
    );
}
