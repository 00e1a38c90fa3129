//! The outside of a token and its signature.

use super::*;

#[tokio::test]
async fn a_good_token_of_each_kind_of_key_is_accepted() {
    let (ec, ed) = (SigningKey::ec("ec-1"), SigningKey::ed("ed-1"));
    let (access, _keys) = access(options(), &[&RSA, &ec, &ed]);
    for key in [&*RSA, &ec, &ed] {
        let caller = judge(&access, &key.token(&claims())).await.unwrap();
        assert_eq!(caller.reach, Reach::Query);
        assert_eq!(
            &*caller.identity,
            "user:https://login.example.com/realms/a\0alice"
        );
        assert!(caller.name.starts_with("user:") && caller.name.len() == 21);
        // Without the name of a key, all that fit are tried.
        let bare = key.token_with(&json!({"alg": key.algorithm}), &claims());
        assert!(judge(&access, &bare).await.is_ok(), "{}", key.algorithm);
    }
}

/// Rows 4 to 8 and 11: what the header says.
#[tokio::test]
async fn a_header_decides_nothing() {
    let attacker = SigningKey::rsa("rsa-1");
    let (access, _keys) = access(options(), &[&RSA]);
    let payload = base64url(claims().to_string());
    for name in ["none", "None", "nOnE", "HS256", "rs256", ""] {
        for signature in ["", "AAAA"] {
            let header = base64url(json!({"alg": name, "kid": "rsa-1"}).to_string());
            let token = format!("{header}.{payload}.{signature}");
            assert_eq!(refused(&access, &token).await, Fault::Algorithm, "{name}");
        }
    }
    let message = {
        let header = base64url(json!({"alg": "HS256", "kid": "rsa-1"}).to_string());
        format!("{header}.{payload}")
    };
    let modulus = RSA.jwk["n"].as_str().unwrap();
    for secret in [RSA.jwk.to_string(), modulus.to_owned(), key_text(&RSA)] {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
        let signature = base64url(ring::hmac::sign(&key, message.as_bytes()));
        let token = format!("{message}.{signature}");
        assert_eq!(refused(&access, &token).await, Fault::Algorithm);
    }
    let header = base64url(json!({"alg": "RS256", "kid": "rsa-1"}).to_string());
    let unsigned = format!("{header}.{payload}.");
    assert_eq!(refused(&access, &unsigned).await, Fault::Signature);
    // RS512 is a way to sign that has to be named, and ES256 none for this key.
    let rs512 = json!({"alg": "RS512", "kid": "rsa-1"});
    let token = RSA.token_with(&rs512, &claims());
    assert_eq!(refused(&access, &token).await, Fault::Algorithm);
    let es256 = json!({"alg": "ES256", "kid": "rsa-1"});
    let token = RSA.token_with(&es256, &claims());
    assert_eq!(refused(&access, &token).await, Fault::UnknownKey);
    for header in [
        json!({"alg": "RS256", "kid": "rsa-1", "jwk": attacker.jwk}),
        json!({"alg": "RS256", "kid": "rsa-1", "jku": "http://127.0.0.1:1/keys"}),
        json!({"alg": "RS256", "kid": "rsa-1", "x5u": "http://127.0.0.1:1/", "x5c": ["AAAA"]}),
    ] {
        let token = attacker.token_with(&header, &claims());
        assert_eq!(refused(&access, &token).await, Fault::Signature, "{header}");
    }
    for (header, fault) in [
        (
            json!({"alg": "RS256", "kid": "rsa-1", "crit": ["exp"]}),
            Fault::Unreadable,
        ),
        (
            json!({"alg": "RS256", "kid": "rsa-1", "b64": false, "crit": ["b64"]}),
            Fault::Unreadable,
        ),
        (
            json!({"alg": "RS256", "kid": "rsa-1", "typ": "JWE"}),
            Fault::NotAccess,
        ),
        (
            json!({"alg": "RS256", "kid": "rsa-1", "typ": 1}),
            Fault::NotAccess,
        ),
        (json!({"alg": "RS256", "kid": 1}), Fault::UnknownKey),
    ] {
        let token = RSA.token_with(&header, &claims());
        assert_eq!(refused(&access, &token).await, fault, "{header}");
    }
    for kind in ["JWT", "jwt", "at+JWT", "application/at+jwt"] {
        let header = json!({"alg": "RS256", "kid": "rsa-1", "typ": kind});
        assert!(
            judge(&access, &RSA.token_with(&header, &claims()))
                .await
                .is_ok()
        );
    }
}

fn key_text(key: &SigningKey) -> String {
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        key.jwk["n"]
    )
}

/// Row 9: names of keys that are none.
#[tokio::test]
async fn a_key_is_found_by_its_whole_name_only() {
    let (access, _keys) = access(options(), &[&RSA]);
    for id in [
        "../../dev/null",
        "' OR 1",
        "rsa-1\0",
        "RSA-1",
        "rsa-",
        &"k".repeat(10_000),
    ] {
        let header = json!({"alg": "RS256", "kid": id});
        let fault = refused(&access, &RSA.token_with(&header, &claims())).await;
        let is_long = id.len() > 2000;
        let expected = if is_long {
            Fault::Unreadable
        } else {
            Fault::UnknownKey
        };
        assert_eq!(fault, expected, "{id:.20}");
    }
}

/// Row 21: of two members with one name, libraries differ in which one counts.
#[tokio::test]
async fn nothing_is_said_twice() {
    let (access, _keys) = access(options(), &[&RSA]);
    let header = json!({"alg": "RS256", "kid": "rsa-1"}).to_string();
    for (name, value) in [
        ("aud", json!("https://other.example.com")),
        ("exp", json!(1)),
        ("iss", json!("https://other.example.com")),
        ("groups", json!(["admins"])),
    ] {
        let rest = with(json!({"groups": ["interns"]})).to_string();
        let rest = rest.trim_matches(['{', '}']);
        for claims in [
            format!("{{\"{name}\":{value},{rest}}}"),
            format!("{{{rest},\"{name}\":{value}}}"),
        ] {
            let token = RSA.token_of(&header, &claims);
            assert_eq!(
                refused(&access, &token).await,
                Fault::Unreadable,
                "{claims}"
            );
        }
    }
    let twice = r#"{"alg":"RS256","alg":"none","kid":"rsa-1"}"#;
    let token = RSA.token_of(twice, &claims().to_string());
    assert_eq!(refused(&access, &token).await, Fault::Unreadable);
}

/// Rows 7, 23, 25 and 26: forms.
#[tokio::test]
async fn what_is_no_token_costs_nothing() {
    let (access, _keys) = access(options(), &[&RSA]);
    let good = RSA.token(&claims());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    let last = signature.chars().last().unwrap();
    // 256 bytes leave two bits of the last letter unused.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(last).unwrap();
    let neighbour = alphabet.chars().nth(at ^ 1).unwrap();
    let changed = format!("{}{neighbour}", &good[..good.len() - 1]);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    let header_text = json!({"alg": "RS256", "kid": "rsa-1"}).to_string();
    for token in [
        "opaque".to_owned(),
        ".".to_owned(),
        "..".to_owned(),
        "a.b".to_owned(),
        "<saml:Assertion/>.x.y".to_owned(),
        format!("{header}.{payload}.{signature}.x.y"),
        format!("{good}="),
        good.replace('-', "+").replace('_', "/") + "=",
        format!("{header}=.{payload}.{signature}"),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        changed,
        RSA.token_of(&header_text, "[1, 2]"),
        RSA.token_of(&header_text, "not json"),
        RSA.token_of(&header_text, &deep),
        RSA.token_of("[\"RS256\"]", &claims().to_string()),
        RSA.token_of(&format!("{header_text:5000}"), &claims().to_string()),
        RSA.token(&with(json!({"groups": "x".repeat(17 << 10)}))),
        RSA.token(&with(json!({"groups": "x".repeat(1 << 20)}))),
    ] {
        let began = std::time::Instant::now();
        assert_eq!(
            refused(&access, &token).await,
            Fault::Unreadable,
            "{token:.80}"
        );
        // Far more than it takes, and far less than what grows with what is sent.
        assert!(began.elapsed() < Duration::from_secs(1));
    }
    let flipped = format!("{message}.{}", base64url([7; 256]));
    assert_eq!(refused(&access, &flipped).await, Fault::Signature);
}
