use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use pkcs8::{LineEnding, SecretDocument};
use rsa::pkcs8::EncodePrivateKey;

use super::*;
use crate::warehouse::snowflake::sign_in::jwt;

/// Made once: a debug build takes seconds over a key.
fn rsa_key() -> &'static RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap())
}

fn pkcs8_pem() -> String {
    rsa_key().to_pkcs8_pem(LineEnding::LF).unwrap().to_string()
}

fn encrypted_pem(passphrase: &str) -> String {
    // Few rounds: the tests are about the form, not about how long a guess takes.
    let parameters =
        pkcs8::pkcs5::pbes2::Parameters::pbkdf2_sha256_aes256cbc(16, &[7; 8], &[9; 16]).unwrap();
    sealed_pem(passphrase, parameters)
}

fn sealed_pem(passphrase: &str, parameters: pkcs8::pkcs5::pbes2::Parameters<'_>) -> String {
    let document = rsa_key().to_pkcs8_der().unwrap();
    let info = pkcs8::PrivateKeyInfo::try_from(document.as_bytes()).unwrap();
    let sealed = info.encrypt_with_params(parameters, passphrase).unwrap();
    sealed
        .to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF)
        .unwrap()
        .to_string()
}

fn secret(text: &str) -> Secret {
    text.parse().unwrap()
}

fn fault(text: &str, passphrase: Option<&str>) -> KeyFault {
    match read(text.as_bytes(), passphrase.map(secret).as_ref()) {
        Ok(_) => panic!("it was read"),
        Err(fault) => fault,
    }
}

#[test]
fn a_key_is_read_in_each_of_its_forms() {
    let pem = pkcs8_pem();
    let expected = read(pem.as_bytes(), None).unwrap().fingerprint;
    assert!(expected.starts_with("SHA256:") && expected.len() == 7 + 44);
    let pkcs1 = rsa_key().to_pkcs1_pem(LineEnding::LF).unwrap().to_string();
    let der = rsa_key().to_pkcs8_der().unwrap().as_bytes().to_vec();
    let pkcs1_der = rsa_key().to_pkcs1_der().unwrap().as_bytes().to_vec();
    // The lines between the header lines.
    let bare = |pem: &str| {
        let lines: Vec<_> = pem.lines().filter(|line| !line.starts_with('-')).collect();
        lines.join("\n")
    };
    let forms = [
        pem.replace('\n', "\r\n"),
        pem.replace('\n', "\\n"),
        pem.replace('\n', " "),
        pem.replace('\n', "\n    "),
        format!("Bag Attributes\n  friendlyName: x\n{pem}"),
        STANDARD.encode(&pem),
        STANDARD.encode(STANDARD.encode(&pem)),
        pem.replace('\n', "\\r\\n"),
        pem.replace('\n', "\\\\n"),
        pem.replace('\n', "\\\\\\\\n"),
        format!("\"{pem}\""),
        format!("\"{}\"", pem.replace('\n', "\\n")),
        format!("'\"{}\"'", pem.replace('\n', "\\n")),
        format!("\u{feff}{pem}"),
        pkcs1,
        // What dbt, dlt and the Python connector take: DER in base64, with line breaks or without.
        STANDARD.encode(&der),
        STANDARD.encode(&der).trim_end_matches('=').to_owned(),
        format!(" {}\n", STANDARD.encode(&der)),
        format!("\"{}\"", STANDARD.encode(&der)),
        STANDARD.encode(&der).replace('+', "-").replace('/', "_"),
        bare(&pem),
        bare(&pem).replace('\n', "\\n"),
        STANDARD.encode(&pkcs1_der),
    ];
    for bytes in [&der[..], &pkcs1_der] {
        assert_eq!(
            read(bytes, None).unwrap().fingerprint,
            expected,
            "a DER file"
        );
    }
    for form in forms {
        assert_eq!(
            read(form.as_bytes(), None).unwrap().fingerprint,
            expected,
            "{form}"
        );
        // A passphrase that is not needed does no harm.
        assert!(read(form.as_bytes(), Some(&secret("x"))).is_ok());
    }
    // What Snowflake's own instructions make: `openssl pkcs8 -topk8 -v2 des3`.
    let mut parameters =
        pkcs8::pkcs5::pbes2::Parameters::pbkdf2_sha256_aes256cbc(16, &[7; 8], &[9; 16]).unwrap();
    parameters.encryption = pkcs8::pkcs5::pbes2::EncryptionScheme::DesEde3Cbc { iv: &[9; 8] };
    let sealed = sealed_pem("open sesame", parameters);
    assert!(read(sealed.as_bytes(), Some(&secret("open sesame"))).is_ok());
    let sealed = encrypted_pem("open sesame");
    let opened = read(sealed.as_bytes(), Some(&secret("open sesame"))).unwrap();
    assert_eq!(opened.fingerprint, expected);
    let without_headers = bare(&sealed);
    let opened = read(without_headers.as_bytes(), Some(&secret("open sesame"))).unwrap();
    assert_eq!(opened.fingerprint, expected);
    assert_eq!(fault(&without_headers, None), KeyFault::PassphraseMissing);
    assert_eq!(
        fault(&without_headers, Some("no")),
        KeyFault::PassphraseWrong
    );
}

#[test]
fn what_stands_in_place_of_a_private_key_is_named() {
    let public = rsa_key().to_public_key();
    let der = public.to_public_key_der().unwrap();
    let bare = STANDARD.encode(der.as_bytes());
    assert_eq!(fault(&bare, None), KeyFault::NotPrivate);
    let pkcs1 = rsa::pkcs1::EncodeRsaPublicKey::to_pkcs1_der(&public).unwrap();
    assert_eq!(
        fault(&STANDARD.encode(pkcs1.as_bytes()), None),
        KeyFault::NotPrivate
    );
    let certificate = [0x30, 0x82, 3, 0, 0x30, 0x82, 2, 0, 0xa0, 3, 2, 1, 2];
    assert_eq!(
        fault(&STANDARD.encode(certificate), None),
        KeyFault::NotPrivate
    );
    for path in [
        "/run/secrets/key.p8",
        "~/.ssh/key.p8",
        "./rsa_key",
        "key.pem",
        "C:\\keys\\x.p8",
    ] {
        assert_eq!(fault(path, None), KeyFault::IsPath, "{path}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_stumble(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), text in "\\PC{0,80}") {
        let _ = form::of(&bytes);
        let _ = form::of(text.as_bytes());
        let _ = form::of(STANDARD.encode(&bytes).as_bytes());
    }
}

#[test]
fn what_is_no_usable_key_is_named() {
    let sealed = encrypted_pem("open sesame");
    assert_eq!(fault(&sealed, None), KeyFault::PassphraseMissing);
    assert_eq!(fault(&sealed, Some("wrong")), KeyFault::PassphraseWrong);
    for text in ["", "hello", "-----BEGIN PRIVATE KEY-----", "aGVsbG8="] {
        assert_eq!(fault(text, None), KeyFault::NotAKey, "{text}");
    }
    let pem = pkcs8_pem();
    assert_eq!(fault(&pem[..pem.len() / 2], None), KeyFault::NotAKey);
    let block = |label: &str| format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
    assert_eq!(fault(&block("EC PRIVATE KEY"), None), KeyFault::NotRsa);
    assert_eq!(fault(&block("PUBLIC KEY"), None), KeyFault::NotPrivate);
    assert_eq!(fault(&block("CERTIFICATE"), None), KeyFault::NotPrivate);
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: X\n\nAAAA\n-----END RSA PRIVATE KEY-----";
    assert_eq!(fault(old, None), KeyFault::OldEncryption);
    let elliptic = ring::signature::EcdsaKeyPair::generate_pkcs8(
        &ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING,
        &ring::rand::SystemRandom::new(),
    );
    let elliptic = SecretDocument::try_from(elliptic.unwrap().as_ref()).unwrap();
    let elliptic = elliptic.to_pem("PRIVATE KEY", LineEnding::LF).unwrap();
    assert_eq!(fault(&elliptic, None), KeyFault::NotRsa);
    let short = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 1024).unwrap();
    let short = short.to_pkcs8_pem(LineEnding::LF).unwrap();
    assert_eq!(fault(&short, None), KeyFault::Size { bits: 1024 });
}

#[test]
fn a_changed_file_is_read_again_and_a_broken_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.p8");
    let ring = KeyRing::new(KeySource::File {
        path: path.clone(),
        passphrase: None,
    });
    let missing = ring.current().err().unwrap();
    assert!(missing.to_string().contains("SNOWFLAKE_PRIVATE_KEY_PATH"));
    assert!(!missing.is_transient());

    fs::write(&path, pkcs8_pem()).unwrap();
    let first = ring.current().unwrap();
    assert!(Arc::ptr_eq(&first, &ring.current().unwrap()));

    fs::write(&path, &pkcs8_pem()[..100]).unwrap();
    assert!(Arc::ptr_eq(&first, &ring.current().unwrap()));
    fs::remove_file(&path).unwrap();
    assert!(Arc::ptr_eq(&first, &ring.current().unwrap()));

    let pkcs1 = rsa_key().to_pkcs1_pem(LineEnding::LF).unwrap();
    fs::write(&path, pkcs1.as_bytes()).unwrap();
    assert!(!Arc::ptr_eq(&first, &ring.current().unwrap()));
}

#[test]
fn a_token_says_who_signs_in_for_a_minute() {
    let key = read(pkcs8_pem().as_bytes(), None).unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let token = jwt::sign(&key, "MYORG-ACC", "svc_mcp", now).unwrap();
    let public = rsa_key().to_public_key();
    let verifier = jsonwebtoken::DecodingKey::from_rsa_raw_components(
        &public.n().to_bytes_be(),
        &public.e().to_bytes_be(),
    );
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    rules.validate_exp = false;
    let claims: serde_json::Value = jsonwebtoken::decode(&token, &verifier, &rules)
        .unwrap()
        .claims;
    let expected = serde_json::json!({
        "iss": format!("MYORG-ACC.SVC_MCP.{}", key.fingerprint),
        "sub": "MYORG-ACC.SVC_MCP",
        "iat": 1_700_000_000,
        "exp": 1_700_000_060,
    });
    assert_eq!(claims, expected);
}
