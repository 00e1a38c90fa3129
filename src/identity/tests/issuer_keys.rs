//! Keys that come, change, and are of no use.

use super::*;

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
