//! What a token says, once its signature is right.

use super::*;

/// Rows 12 to 15: for whom a token is.
#[tokio::test]
async fn a_token_for_somebody_else_is_refused() {
    let (access, _keys) = access(options(), &[&RSA]);
    for audience in [
        json!(null),
        json!(7),
        json!([]),
        json!({}),
        json!([OURS, 7]),
        json!({"0": OURS}),
        json!("https://other.example.com/mcp"),
        json!(format!("{OURS}/")),
        json!("https://MCP.example.com/mcp"),
        json!("https://mcp.example.com:443/mcp"),
        json!("http://mcp.example.com/mcp"),
        json!("https://mcp.example.com"),
        json!(format!("{OURS}x")),
        json!(""),
    ] {
        let token = RSA.token(&with(json!({"aud": audience})));
        assert_eq!(
            refused(&access, &token).await,
            Fault::Audience,
            "{audience}"
        );
    }
    let explicit = RSA.token_of(
        &json!({"alg": "RS256", "kid": "rsa-1"}).to_string(),
        &claims()
            .to_string()
            .replace(&format!("\"aud\":\"{OURS}\""), "\"aud\":null"),
    );
    assert_eq!(refused(&access, &explicit).await, Fault::Audience);
    let among = with(json!({"aud": ["https://other.example.com", OURS]}));
    assert!(judge(&access, &RSA.token(&among)).await.is_ok());
}

/// Rows 16 and 17: from whom a token is.
#[tokio::test]
async fn a_token_of_somebody_else_is_refused() {
    let other_key = SigningKey::rsa("rsa-1");
    let (one, _keys) = issuer(options(), &[&RSA]);
    let other_options = IssuerOptions {
        issuer: "https://other.example.com".to_owned(),
        ..options()
    };
    let (other, _others) = issuer(other_options, &[&other_key]);
    let access = accepting(KnownKeys::default(), vec![one, other], scopes());
    for issuer in [
        json!(null),
        json!([ISSUER]),
        json!(format!("{ISSUER}/")),
        json!("https://login.example.com/realms/b"),
        json!("https://LOGIN.example.com/realms/a"),
        json!(7),
    ] {
        let token = RSA.token(&with(json!({"iss": issuer})));
        assert_eq!(refused(&access, &token).await, Fault::Issuer, "{issuer}");
    }
    // The right issuer, signed with the key that another one has under the same name.
    let token = other_key.token(&claims());
    assert_eq!(refused(&access, &token).await, Fault::Signature);
    let own = with(json!({"iss": "https://other.example.com"}));
    let theirs = judge(&access, &other_key.token(&own)).await.unwrap();
    let ours = judge(&access, &RSA.token(&claims())).await.unwrap();
    assert_ne!(
        theirs.identity, ours.identity,
        "the same subject at two issuers"
    );
    assert_ne!(theirs.name, ours.name);
}

/// Rows 18 to 20: times.
#[tokio::test]
async fn times_are_numbers_and_kept() {
    let (access, _keys) = access(options(), &[&RSA]);
    for (changes, fault) in [
        (json!({"exp": null}), Fault::Unreadable),
        (
            json!({"exp": in_seconds(300).to_string()}),
            Fault::Unreadable,
        ),
        (json!({"exp": -1}), Fault::Unreadable),
        (json!({"exp": 1e300}), Fault::Unreadable),
        (json!({"exp": [in_seconds(300)]}), Fault::Unreadable),
        (json!({"exp": in_seconds(-62)}), Fault::Expired),
        (json!({"nbf": in_seconds(3600)}), Fault::TooEarly),
        (
            json!({"nbf": in_seconds(3600).to_string()}),
            Fault::Unreadable,
        ),
        (json!({"iat": in_seconds(3600)}), Fault::TooEarly),
        (json!({"iat": "now"}), Fault::Unreadable),
    ] {
        let token = RSA.token(&with(changes.clone()));
        assert_eq!(refused(&access, &token).await, fault, "{changes}");
    }
    for changes in [
        json!({"exp": in_seconds(-50)}),
        json!({"nbf": in_seconds(50), "iat": in_seconds(50)}),
        json!({"nbf": null, "iat": null}),
        json!({"exp": 4_102_444_800.5}),
    ] {
        let token = RSA.token(&with(changes.clone()));
        assert!(judge(&access, &token).await.is_ok(), "{changes}");
    }
}

/// Rows 22 and 24: what is signed by the right key and is no access token for us.
#[tokio::test]
async fn a_token_of_another_kind_is_refused() {
    let (access, _keys) = access(options(), &[&RSA]);
    let header = json!({"alg": "RS256", "kid": "rsa-1", "typ": "JWT"});
    for (changes, fault) in [
        (
            json!({"scope": null, "nonce": "n", "name": "Alice"}),
            Fault::NotAccess,
        ),
        (json!({"at_hash": "x"}), Fault::NotAccess),
        (json!({"c_hash": "x"}), Fault::NotAccess),
        (json!({"typ": "ID"}), Fault::NotAccess),
        (json!({"typ": "Refresh"}), Fault::NotAccess),
        (json!({"token_use": "id"}), Fault::NotAccess),
        (json!({"cnf": {"jkt": "x"}}), Fault::Bound),
        (json!({"cnf": {"x5t#S256": "x"}}), Fault::Bound),
        (json!({"sub": null}), Fault::Unreadable),
        (json!({"sub": ""}), Fault::Unreadable),
        (json!({"sub": "a\nb"}), Fault::Unreadable),
        (json!({"sub": "x".repeat(256)}), Fault::Unreadable),
    ] {
        let token = RSA.token_with(&header, &with(changes.clone()));
        assert_eq!(refused(&access, &token).await, fault, "{changes}");
    }
    // A header that says "access token" needs no claim that looks like one.
    let bare = RSA.token(&with(json!({"scope": null})));
    assert_eq!(judge(&access, &bare).await.unwrap().reach, Reach::Nothing);
    let strict = IssuerOptions {
        require_at_jwt: true,
        ..options()
    };
    let (strict, _more) = self::access(strict, &[&RSA]);
    let plain = RSA.token_with(&header, &claims());
    assert_eq!(refused(&strict, &plain).await, Fault::NotAccess);
    assert!(judge(&strict, &RSA.token(&claims())).await.is_ok());
}

/// Row 42: a name is for records, and must not break them.
#[tokio::test]
async fn names_are_shown_without_what_would_break_a_line() {
    let (access, _keys) = access(options(), &[&RSA]);
    let odd = with(json!({
        "preferred_username": "a\r\nb\u{1b}[31m\u{202e}\"c",
        "azp": "x".repeat(10_000),
    }));
    let caller = judge(&access, &RSA.token(&odd)).await.unwrap();
    assert_eq!(caller.user.as_deref(), Some("ab[31m\"c"));
    assert_eq!(caller.client.unwrap().len(), 128);
}

/// The tokens of issuers as they are: who calls, and how far.
#[tokio::test]
async fn tokens_of_known_issuers_are_read() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tokens");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let sample: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let mut claims = sample["claims"].clone();
        for (name, more) in [("iat", 0), ("nbf", 0), ("exp", 300)] {
            claims[name] = json!(in_seconds(more));
        }
        let mut header = sample["header"].clone();
        header["kid"] = json!("rsa-1");
        let settings = IssuerOptions {
            issuer: sample["issuer"].as_str().unwrap().to_owned(),
            audiences: vec![sample["audience"].as_str().unwrap().to_owned()],
            subject_claim: sample["subject_claim"].as_str().unwrap_or("sub").to_owned(),
            ..options()
        };
        let (issuer, _keys) = issuer(settings, &[&RSA]);
        let query = sample["scope"].as_str().unwrap().to_owned();
        let scopes = Scopes {
            query: Some(query),
            ..scopes()
        };
        let access = accepting(KnownKeys::default(), vec![issuer], scopes);
        let verdict = judge(&access, &RSA.token_with(&header, &claims)).await;
        match sample["refused"].as_str() {
            Some(description) => {
                let Err(Refused::Token(fault)) = verdict else {
                    panic!("{}: {verdict:?}", path.display());
                };
                assert_eq!(fault.description(), description, "{}", path.display());
            }
            None => {
                let caller = verdict.unwrap_or_else(|it| panic!("{}: {it:?}", path.display()));
                assert_eq!(caller.reach, Reach::Query, "{}", path.display());
                let subject = sample["subject"].as_str().unwrap();
                assert!(
                    caller.identity.ends_with(&format!("\0{subject}")),
                    "{}",
                    path.display()
                );
                assert_eq!(
                    caller.client.as_deref(),
                    sample["client"].as_str(),
                    "{}",
                    path.display()
                );
            }
        }
        seen += 1;
    }
    assert!(seen >= 9, "{seen}");
}
