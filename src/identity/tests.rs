//! Tokens that must be refused, and those that must not: the numbers are those of the table of attacks in SECURITY.md.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::forge::{SigningKey, base64url, in_seconds, key_set, public_rsa};
use super::issuer::keeper::{Held, Keeper};
use super::token::KeySet;
use super::{
    Access, Caller, Credential, Entrance, Fault, Issuer, IssuerOptions, KnownKeys, Reach, Refused,
    Scopes,
};
use crate::config::{ApiKey, TokenAlgorithm};

const ISSUER: &str = "https://login.example.com/realms/a";
const OURS: &str = "https://mcp.example.com/mcp";

/// Making an RSA key takes a second.
static RSA: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::rsa("rsa-1"));

fn options() -> IssuerOptions {
    IssuerOptions {
        issuer: ISSUER.to_owned(),
        audiences: vec![OURS.to_owned()],
        jwks_url: None,
        algorithms: vec![
            TokenAlgorithm::Rs256,
            TokenAlgorithm::Ps256,
            TokenAlgorithm::Es256,
            TokenAlgorithm::EdDsa,
        ],
        subject_claim: "sub".to_owned(),
        name_claims: vec!["preferred_username".to_owned(), "email".to_owned()],
        leeway: Duration::from_secs(60),
        require_at_jwt: false,
        max_stale: Duration::from_secs(24 * 3600),
        allows_http_here: false,
    }
}

fn scopes() -> Scopes {
    Scopes {
        catalog: Some("mcp:catalog".into()),
        query: Some("mcp:query".into()),
        write: Some("mcp:write".into()),
        needed: Vec::new(),
        supported: vec!["mcp:catalog".into(), "mcp:query".into()],
    }
}

/// An issuer that has these keys, and where others can be given to it.
fn issuer(options: IssuerOptions, keys: &[&SigningKey]) -> (Arc<Issuer>, watch::Sender<Held>) {
    let (keeper, sender) = Keeper::of(options.max_stale);
    sender.send_replace(Held::with(KeySet::read(&key_set(keys)).unwrap()));
    (Arc::new(Issuer::with_keeper(options, keeper)), sender)
}

fn access(options: IssuerOptions, keys: &[&SigningKey]) -> (Access, watch::Sender<Held>) {
    let (issuer, sender) = issuer(options, keys);
    let access = accepting(KnownKeys::default(), vec![issuer], scopes());
    (access, sender)
}

fn accepting(keys: KnownKeys, issuers: Vec<Arc<Issuer>>, scopes: Scopes) -> Access {
    let issuers = issuers.into_iter().map(|issuer| (issuer, Vec::new()));
    let issuers = issuers.collect();
    Access::new(Entrance::new(keys, None, issuers, Arc::new(scopes)))
}

/// What a good token says.
fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": OURS, "sub": "alice", "scope": "mcp:catalog mcp:query",
        "iat": in_seconds(0), "nbf": in_seconds(0), "exp": in_seconds(300), "jti": "1",
    })
}

/// The same with some claims changed; `null` takes one away.
fn with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims
                .as_object_mut()
                .unwrap()
                .insert(name.clone(), value.clone()),
        };
    }
    claims
}

async fn judge(access: &Access, token: &str) -> Result<Caller, Refused> {
    access.judge(Credential::Bearer(token.as_bytes())).await
}

async fn refused(access: &Access, token: &str) -> Fault {
    match judge(access, token).await {
        Err(Refused::Token(fault)) => fault,
        other => panic!("{other:?} for {token:.200}"),
    }
}

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

/// Rows 27 and 29: scopes.
#[tokio::test]
async fn a_token_reaches_as_far_as_its_scopes() {
    let (access, _keys) = access(options(), &[&RSA]);
    for (changes, reach) in [
        (json!({"scope": ""}), Reach::Nothing),
        (json!({"scope": "mcp:queryx MCP:QUERY"}), Reach::Nothing),
        (json!({"scope": "mcp:catalog,mcp:query"}), Reach::Nothing),
        (json!({"scope": "mcp:write"}), Reach::Write),
        (
            json!({"scope": null, "scp": ["mcp:catalog"]}),
            Reach::Catalog,
        ),
        (
            json!({"scope": null, "scp": "mcp:query openid"}),
            Reach::Query,
        ),
        (json!({"scope": ["mcp:query"]}), Reach::Query),
        (
            json!({"scope": null, "roles": ["mcp:query"]}),
            Reach::Nothing,
        ),
    ] {
        let caller = judge(&access, &RSA.token(&with(changes.clone()))).await;
        assert_eq!(caller.unwrap().reach, reach, "{changes}");
    }
    let (issuer, _more) = issuer(options(), &[&RSA]);
    let needed = Scopes {
        needed: vec!["company".into()],
        ..scopes()
    };
    let strict = accepting(KnownKeys::default(), vec![issuer], needed);
    let lacking = judge(&strict, &RSA.token(&claims())).await;
    assert_eq!(lacking.err(), Some(Refused::Scopes(vec!["company".into()])));
    let having = with(json!({"scope": "mcp:query company"}));
    assert!(judge(&strict, &RSA.token(&having)).await.is_ok());
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

/// Row 43: an issuer that is down, and for how long that does not matter.
#[tokio::test]
async fn without_keys_a_token_is_neither_good_nor_bad() {
    let (keeper, sender) = Keeper::of(Duration::from_secs(60));
    let issuer = Arc::new(Issuer::with_keeper(options(), keeper));
    let access = accepting(KnownKeys::default(), vec![issuer], scopes());
    let good = RSA.token(&claims());
    let asked = Instant::now();
    assert_eq!(refused(&access, &good).await, Fault::Unavailable);
    assert!(asked.elapsed() <= Duration::from_secs(2));
    sender.send_replace(Held::with(KeySet::read(&key_set(&[&RSA])).unwrap()));
    assert!(judge(&access, &good).await.is_ok());
    let held = || Held::with(KeySet::read(&key_set(&[&RSA])).unwrap());
    sender.send_replace(held().aged(Duration::from_secs(59)));
    assert!(judge(&access, &good).await.is_ok());
    sender.send_replace(held().aged(Duration::from_secs(61)));
    assert_eq!(refused(&access, &good).await, Fault::Unavailable);
}

/// Row 45: new keys are asked for, and a token that names one waits for them.
#[tokio::test]
async fn a_rotated_key_is_fetched_once() {
    let fresh = SigningKey::ed("ed-2");
    let (access, sender) = access(options(), &[&RSA]);
    let waiting = {
        let (access, token) = (access.clone(), fresh.token(&claims()));
        tokio::spawn(async move { judge(&access, &token).await })
    };
    tokio::task::yield_now().await;
    let keys = KeySet::read(&key_set(&[&fresh])).unwrap();
    sender.send_replace(Held::after_fetch(keys));
    assert!(waiting.await.unwrap().is_ok());
    let old = RSA.token(&claims());
    let asked = Instant::now();
    assert_eq!(refused(&access, &old).await, Fault::UnknownKey);
    assert!(
        asked.elapsed() < Duration::from_millis(90),
        "not asked for again within 30 s"
    );
}

/// Row 44, in part: of a mixed set only what can check a token is used.
#[test]
fn a_key_that_is_no_use_takes_no_other_with_it() {
    let small = public_rsa("small", 1024);
    let good = SigningKey::ed("good");
    let mut encrypts = SigningKey::ed("enc").jwk;
    encrypts["use"] = json!("enc");
    let mut signs = SigningKey::ed("signs").jwk;
    signs["key_ops"] = json!(["sign"]);
    let mut named = SigningKey::ed("named").jwk;
    named["alg"] = json!("RS256");
    let set = json!({"keys": [
        {"kty": "oct", "kid": "oct", "k": "AAAA", "alg": "HS256"},
        {"kty": "AKP", "kid": "akp", "alg": "ML-DSA-44", "pub": "AAAA"},
        small, encrypts, signs, named, good.jwk, 7, {"kid": "x"},
    ]});
    let keys = KeySet::read(set.to_string().as_bytes()).unwrap();
    for id in ["oct", "akp", "small", "enc", "signs", "x"] {
        for algorithm in [TokenAlgorithm::EdDsa, TokenAlgorithm::Rs256] {
            assert!(!keys.has(Some(id), algorithm), "{id}");
        }
    }
    assert!(!keys.has(Some("named"), TokenAlgorithm::EdDsa));
    assert!(keys.has(Some("good"), TokenAlgorithm::EdDsa));
    for (body, reason) in [
        ("<html>", "not JSON"),
        ("{}", "no list"),
        (r#"{"keys": []}"#, "no key"),
        (r#"{"keys": [{"kty": "oct", "k": "AAAA"}]}"#, "no key"),
    ] {
        assert!(KeySet::read(body.as_bytes()).unwrap_err().contains(reason));
    }
    let many = json!({"keys": vec![good.jwk; 101]}).to_string();
    assert!(KeySet::read(many.as_bytes()).unwrap_err().contains("100"));
}

/// Keys and tokens beside each other: what is a key is never read as a token.
#[tokio::test]
async fn keys_are_looked_for_first() {
    let key = ApiKey::new("a-key-0123456789.with.dots".into());
    let (issuer, _keys) = issuer(options(), &[&RSA]);
    let keys = KnownKeys::new(std::iter::once(&key));
    let access = accepting(keys, vec![issuer], scopes());
    let caller = judge(&access, "a-key-0123456789.with.dots").await.unwrap();
    assert_eq!(
        (caller.name.as_ref(), caller.reach),
        (key.name(), Reach::Write)
    );
    assert_eq!(
        judge(&access, "a-key-012345678").await.err(),
        Some(Refused::UnknownKey)
    );
    let good = RSA.token(&claims());
    assert!(judge(&access, &good).await.is_ok());
    // A token is shown in one way only.
    let as_key = access.judge(Credential::Key(good.as_bytes())).await;
    assert_eq!(as_key.err(), Some(Refused::UnknownKey));
    let nothing = access.judge(Credential::None).await;
    assert_eq!(nothing.err(), Some(Refused::Missing));
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
