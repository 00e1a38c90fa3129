//! Files that are taken, files that are not, and who is let in by them.

mod grants;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::reading::parse;
use super::*;
use crate::config::Settings;
use crate::identity::IssuerOptions;
use crate::policy::{Options, Policy, Preset};
use crate::query::Budget;
use crate::telemetry::hex;

fn base() -> Base {
    let settings = Settings::from_vars(&BTreeMap::new()).unwrap();
    Base {
        policy: Policy::new(Options {
            preset: Preset::ReadWrite,
            ..Options::default()
        }),
        budget: Budget::default(),
        limits: settings.limits,
        issuer: IssuerOptions {
            issuer: "https://own.example.com".into(),
            audiences: vec!["https://mcp.example.com/mcp".into()],
            jwks_url: None,
            algorithms: vec![crate::config::TokenAlgorithm::Rs256],
            subject_claim: "sub".into(),
            name_claims: Vec::new(),
            leeway: std::time::Duration::from_secs(60),
            require_at_jwt: false,
            max_stale: std::time::Duration::from_secs(60),
            allows_http_here: false,
        },
        has_address: true,
        settings_keys: std::collections::BTreeSet::new(),
        exchanges: false,
        has_service_identity: true,
        needs_roles: false,
    }
}

fn hash(key: &str) -> String {
    format!("sha256:{}", hex(Sha256::digest(key.as_bytes()).iter()))
}

fn read_value(file: &Value) -> Result<Callers, CallersError> {
    parse(file.to_string().as_bytes(), &base())
}

fn refused(file: &Value) -> String {
    read_value(file).unwrap_err().to_string()
}

fn holder(callers: &Callers, key: &str) -> Option<String> {
    let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    let holder = callers.holder(&digest, jiff::Timestamp::now());
    holder.map(|holder| holder.name.clone())
}

/// Row 32, in part: a key is good from one time to another, and not when it is switched off.
#[test]
fn a_key_is_good_in_its_time() {
    let entry = |name: &str, more: Value| {
        let mut entry = json!({"name": name, "hash": hash(name), "grant": "all"});
        for (name, value) in more.as_object().unwrap() {
            entry[name] = value.clone();
        }
        entry
    };
    let file = json!({"version": 1, "grants": {"all": {}}, "keys": [
        entry("good", json!({"not_before": "2020-01-01T00:00:00Z", "expires": "2999-01-01T00:00:00+01:00"})),
        entry("old", json!({"expires": "2020-01-01T00:00:00Z"})),
        entry("early", json!({"not_before": "2999-01-01T00:00:00Z"})),
        entry("off", json!({"disabled": true})),
    ]});
    let callers = read_value(&file).unwrap();
    assert_eq!(holder(&callers, "good").as_deref(), Some("good"));
    for key in ["old", "early", "off", "unknown", ""] {
        assert_eq!(holder(&callers, key), None, "{key}");
    }
}

/// Two keys with one name are one caller: nothing changes for it when the old one goes.
#[test]
fn an_old_key_and_a_new_one_may_share_a_name_and_a_grant_only() {
    let two = |grant: &str, hashes: [&str; 2]| {
        json!({"version": 1, "grants": {"a": {}, "b": {}}, "keys": [
            {"name": "x", "hash": hash(hashes[0]), "grant": "a"},
            {"name": "x", "hash": hash(hashes[1]), "grant": grant},
        ]})
    };
    let callers = read_value(&two("a", ["1", "2"])).unwrap();
    assert_eq!(holder(&callers, "1"), holder(&callers, "2"));
    assert!(refused(&two("b", ["1", "2"])).starts_with("/keys/1/grant: "));
    let twice = refused(&two("a", ["1", "1"]));
    assert!(twice.starts_with("/keys/1/hash: ") && !twice.contains(&hash("1")));
}

/// Row 33: each fault is told by its place, and nothing of what stands there.
#[test]
fn a_wrong_file_is_told_by_its_place_and_repeats_no_digest() {
    let secret = "0".repeat(63) + "Z";
    let key = |hash: &str| json!({"name": "x", "hash": hash, "grant": "g"});
    let whole = |more: Value| {
        let mut file = json!({"version": 1, "grants": {"g": {}}});
        for (name, value) in more.as_object().unwrap() {
            file[name] = value.clone();
        }
        file
    };
    let grant = |entry: Value| whole(json!({"grants": {"g": entry}}));
    let issuer = |entry: Value| whole(json!({"issuers": [entry]}));
    for (file, start) in [
        (json!([]), "the whole file: "),
        (json!({}), "the whole file: missing field `version`"),
        (json!({"version": 2}), "/version: "),
        (
            json!({"version": 1, "tokens": []}),
            "unknown field `tokens`",
        ),
        (
            whole(json!({"keys": [key(&format!("sha256:{secret}"))]})),
            "/keys/0/hash: ",
        ),
        (whole(json!({"keys": [key(&secret)]})), "/keys/0/hash: "),
        (
            whole(json!({"keys": [{"name": "x", "hash": 7, "grant": "g"}]})),
            "/keys/0/hash: ",
        ),
        (
            whole(json!({"keys": [{"name": "X", "hash": hash("a"), "grant": "g"}]})),
            "/keys/0/name: ",
        ),
        (
            whole(json!({"keys": [{"name": "x", "hash": hash("a"), "grant": "h"}]})),
            "/keys/0/grant: ",
        ),
        (
            whole(
                json!({"keys": [{"name": "x", "hash": hash("a"), "grant": "g", "expires": "tomorrow"}]}),
            ),
            "/keys/0/expires: ",
        ),
        (
            whole(json!({"rules": [{"grant": "h"}]})),
            "/rules/0/grant: ",
        ),
        (
            whole(json!({"rules": [{"grant": "g", "issuer": "https://x"}]})),
            "/rules/0/issuer: ",
        ),
        (
            issuer(json!({"issuer": "http://login.example.com"})),
            "/issuers/0/issuer: ",
        ),
        (
            issuer(json!({"issuer": "https://own.example.com"})),
            "/issuers/0/issuer: ",
        ),
        (
            issuer(json!({"issuer": "https://a.example.com", "algorithms": ["HS256"]})),
            "/issuers/0/algorithms: ",
        ),
        (
            issuer(json!({"issuer": "https://a.example.com", "audiences": ["account"]})),
            "/issuers/0/audiences: ",
        ),
        (
            issuer(json!({"issuer": "https://a.example.com", "leeway_seconds": 301})),
            "/issuers/0/leeway_seconds: ",
        ),
        (
            issuer(json!({"issuer": "https://a.example.com", "scopes": ["mcp:query", "a\" b"]})),
            "/issuers/0/scopes/1: ",
        ),
        (
            issuer(json!({"issuer": "https://a.example.com", "subject_claim": ""})),
            "/issuers/0/subject_claim: ",
        ),
        (
            grant(json!({"toolsets": ["all"]})),
            "/grants/g/toolsets/0: ",
        ),
        (
            grant(json!({"sql_policy": "everything"})),
            "/grants/g/sql_policy: ",
        ),
        (grant(json!({"weight": 0})), "/grants/g/weight: "),
        (
            grant(json!({"limits": {"max_rows": 1_000_000}})),
            "/grants/g/limits: ",
        ),
        (
            grant(json!({"limits": {"query_timeout": "soon"}})),
            "/grants/g/limits/query_timeout: ",
        ),
        (
            grant(json!({"roles": ["ACCOUNTADMIN"]})),
            "/grants/g/roles/0: ",
        ),
        (
            grant(json!({"allowed_schemas": ["A.B.C"]})),
            "/grants/g/allowed_schemas/0: ",
        ),
    ] {
        let told = refused(&file);
        assert!(told.contains(start), "{file}: {told}");
        assert!(
            !told.contains(&secret) && !told.contains(&hash("a")),
            "{told}"
        );
    }
    let half = parse(br#"{"version": 1, "keys": [{"na"#, &base()).unwrap_err();
    assert!(half.to_string().contains("no JSON"), "{half}");
}

/// Of two members with one name, one reader takes the first and another the last.
#[test]
fn nothing_in_the_file_is_there_twice() {
    let digest = hash("a");
    for (text, start) in [
        (
            r#""grants": {"g": {}, "g": {"roles": ["R"]}}"#,
            "/grants: a name is repeated",
        ),
        (
            r#""grants": {"g": {"roles": ["A"], "roles": ["B"]}}"#,
            "/grants/g",
        ),
        (
            r#""grants": {"g": {}}, "rules": [{"grant": "g", "claims": {"a": ["1"], "a": ["2"]}}]"#,
            "/rules/0/claims: a name is repeated",
        ),
        (
            r#""keys": [], "keys": []"#,
            "the whole file: duplicate field `keys`",
        ),
        (
            &format!(
                r#""grants": {{"g": {{}}}}, "keys": [{{"name": "x", "hash": "{digest}", "hash": "{digest}", "grant": "g"}}]"#
            ),
            "/keys/0",
        ),
    ] {
        let text = format!(r#"{{"version": 1, {text}}}"#);
        let told = parse(text.as_bytes(), &base()).unwrap_err().to_string();
        assert!(told.starts_with(start), "{text}: {told}");
        assert!(!told.contains(&digest), "{told}");
    }
}

/// What is asked of `OAUTH_ISSUER` is asked of those in the file, and the reader is as strict as the schema.
#[test]
fn issuers_of_the_file_are_as_fit_as_that_of_the_settings() {
    let file = |entry: Value| json!({"version": 1, "grants": {}, "issuers": [entry]});
    for (issuer, hint) in [
        ("https://example.okta.com", "custom authorization server"),
        (
            "https://login.microsoftonline.com/common/v2.0",
            "name the tenant",
        ),
        ("https://accounts.google.com", "opaque"),
        ("https://myorg-myaccount.snowflakecomputing.com", "opaque"),
    ] {
        let told = refused(&file(json!({"issuer": issuer})));
        assert!(
            told.starts_with("/issuers/0/issuer: ") && told.contains(hint),
            "{told}"
        );
    }
    let with =
        |claim: &str| file(json!({"issuer": "https://a.example.com", "subject_claim": claim}));
    for claim in ["sub", "oid", "uid", "username"] {
        assert!(read_value(&with(claim)).is_ok(), "{claim}");
    }
    for claim in ["email", "preferred_username", "Sub", ""] {
        let told = refused(&with(claim));
        assert!(told.starts_with("/issuers/0/subject_claim: "), "{told}");
    }
}

/// It would be found in the settings first, and have no grant.
#[test]
fn a_key_of_the_settings_is_not_in_the_file_as_well() {
    let keys = [crate::config::ApiKey::new(
        "a-key-0123456789abcdef0123456789ab".into(),
    )];
    let base = Base {
        settings_keys: crate::identity::KnownKeys::new(keys.iter())
            .digests()
            .collect(),
        ..base()
    };
    let file = |key: &str| {
        let file = json!({"version": 1, "grants": {"g": {}}, "keys": [{"name": "x", "hash": hash(key), "grant": "g"}]});
        parse(file.to_string().as_bytes(), &base)
    };
    assert!(file("another-key-0123456789abcdef012345").is_ok());
    let told = file("a-key-0123456789abcdef0123456789ab")
        .unwrap_err()
        .to_string();
    assert!(
        told.starts_with("/keys/0/hash: ") && told.contains("API_KEYS"),
        "{told}"
    );
    assert!(!told.contains("sha256:"), "{told}");
}

#[test]
fn what_cannot_be_exchanged_is_nobody_in_snowflake() {
    let keys = json!({"version": 1, "grants": {"g": {}}, "keys": [{"name": "x", "hash": hash("a"), "grant": "g"}]});
    let issuers = json!({"version": 1, "issuers": [{"issuer": "https://a.example.com"}]});
    let exchanging = |has_service_identity| Base {
        exchanges: true,
        has_service_identity,
        ..base()
    };
    let read = |file: &Value, has_service| {
        parse(file.to_string().as_bytes(), &exchanging(has_service)).map_err(|it| it.to_string())
    };
    assert!(read(&keys, true).is_ok());
    assert!(read(&keys, false).unwrap_err().starts_with("/keys: "));
    assert!(read(&issuers, true).unwrap_err().starts_with("/issuers: "));
}

#[test]
fn a_new_key_fits_its_entry_and_nobody_else() {
    use secrecy::ExposeSecret;
    let one = new_key("reports", "nightly", Some("2999-06-30")).unwrap();
    let key = one.key.expose_secret();
    assert_eq!(key.len(), 4 + 43 + 6);
    assert!(key.starts_with("smk_"));
    let entry: Value = serde_json::from_str(&one.entry).unwrap();
    assert_eq!(entry["hash"], hash(key));
    assert_eq!(entry["expires"], "2999-06-30T00:00:00Z");
    let file = json!({"version": 1, "keys": [entry], "grants": {"nightly": {}}});
    let callers = read_value(&file).unwrap();
    assert_eq!(holder(&callers, key).as_deref(), Some("reports"));
    let other = new_key("reports", "nightly", None).unwrap();
    assert_ne!(other.key.expose_secret(), key);
    assert!(new_key("Reports", "x", None).is_err());
    assert!(new_key("reports", "x", Some("soon")).is_err());
}
