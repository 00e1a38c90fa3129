//! Settings that say who may call and as whom: keys, tokens, grants.

use secrecy::ExposeSecret;

use super::*;

#[test]
fn roles_by_grant_need_a_file_and_no_keys_of_the_settings() {
    let account = [
        ("SNOWFLAKE_ACCOUNT", "myorg-myaccount"),
        ("SNOWFLAKE_USER", "AGENTS"),
        ("SNOWFLAKE_AUTH_TYPE", "password"),
        ("SNOWFLAKE_PASSWORD", "secret"),
        ("SNOWFLAKE_IDENTITY", "mapped"),
    ];
    let with = |more: &[(&'static str, &'static str)]| [&account[..], more].concat();
    let file = ("CALLERS_FILE", "callers.json");
    settings(&with(&[file]));
    for pairs in [
        with(&[]),
        with(&[file, ("API_KEY", "a-key-0123456789abcdef")]),
        vec![file, ("SNOWFLAKE_IDENTITY", "mapped")],
    ] {
        let lines = problems(&pairs);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with("SNOWFLAKE_IDENTITY: "), "{lines:?}");
    }
}

#[test]
fn tokens_are_exchanged_where_everything_for_it_is_said() {
    let all = [
        ("PUBLIC_URL", "https://mcp.example.com/mcp"),
        ("OAUTH_ISSUER", "https://login.example.com/realms/a"),
        ("SNOWFLAKE_ACCOUNT", "myorg-myaccount"),
        ("SNOWFLAKE_ROLE", "ANALYST"),
        ("SNOWFLAKE_IDENTITY", "exchange"),
        ("SNOWFLAKE_EXCHANGE_URL", "https://login.example.com/token"),
        ("SNOWFLAKE_EXCHANGE_CLIENT_ID", "id"),
        ("SNOWFLAKE_EXCHANGE_CLIENT_SECRET", "a secret"),
        ("SNOWFLAKE_EXCHANGE_AUDIENCE", "snowflake"),
    ];
    let read = settings(&all);
    assert!(!read.has_service_identity());
    let with = |name: &'static str, value: &'static str| {
        let mut pairs: Vec<_> = all.iter().copied().filter(|it| it.0 != name).collect();
        if !value.is_empty() {
            pairs.push((name, value));
        }
        pairs
    };
    let entra = |claim, scope| {
        let mut pairs = with("SNOWFLAKE_EXCHANGE_AUDIENCE", "");
        pairs.extend([
            ("SNOWFLAKE_EXCHANGE_PROFILE", "entra_obo"),
            ("OAUTH_SUBJECT_CLAIM", claim),
            ("SNOWFLAKE_EXCHANGE_SCOPE", scope),
        ]);
        pairs
    };
    const OF_ENTRA: &str = "https://x.example.com/app/session:scope:{role}";
    settings(&entra("oid", OF_ENTRA));
    // With a user of its own a key is somebody.
    let mut service = with("API_KEY", "a-key-0123456789abcdef");
    service.extend([
        ("SNOWFLAKE_USER", "AGENTS"),
        ("SNOWFLAKE_AUTH_TYPE", "password"),
        ("SNOWFLAKE_PASSWORD", "secret"),
    ]);
    assert!(settings(&service).has_service_identity());
    for (pairs, name) in [
        (with("SNOWFLAKE_EXCHANGE_URL", ""), "SNOWFLAKE_EXCHANGE_URL"),
        (
            with("SNOWFLAKE_EXCHANGE_URL", "http://login.example.com/token"),
            "SNOWFLAKE_EXCHANGE_URL",
        ),
        (
            with(
                "SNOWFLAKE_EXCHANGE_URL",
                "https://user:secret@login.example.com/",
            ),
            "SNOWFLAKE_EXCHANGE_URL",
        ),
        (
            with("SNOWFLAKE_EXCHANGE_CLIENT_ID", ""),
            "SNOWFLAKE_EXCHANGE_CLIENT_ID",
        ),
        (
            with("SNOWFLAKE_EXCHANGE_CLIENT_SECRET", ""),
            "SNOWFLAKE_EXCHANGE_CLIENT_SECRET",
        ),
        (
            with("SNOWFLAKE_EXCHANGE_CLIENT_SECRET_FILE", "secret"),
            "SNOWFLAKE_EXCHANGE_CLIENT_SECRET_FILE",
        ),
        (
            with("SNOWFLAKE_EXCHANGE_AUDIENCE", ""),
            "SNOWFLAKE_EXCHANGE_AUDIENCE",
        ),
        (
            with("SNOWFLAKE_EXCHANGE_RESOURCE", "https://x.example.com"),
            "SNOWFLAKE_EXCHANGE_AUDIENCE",
        ),
        (with("SNOWFLAKE_ROLE", ""), "SNOWFLAKE_ROLE"),
        // Half of a user of the service's own is none.
        (with("SNOWFLAKE_PASSWORD", "secret"), "SNOWFLAKE_USER"),
        (with("SNOWFLAKE_PRIVATE_KEY_PATH", "key"), "SNOWFLAKE_USER"),
        (with("API_KEY", "a-key-0123456789abcdef"), "API_KEY"),
        (entra("sub", OF_ENTRA), "OAUTH_SUBJECT_CLAIM"),
        (
            entra("oid", "session:role:{role}"),
            "SNOWFLAKE_EXCHANGE_SCOPE",
        ),
    ] {
        let lines = problems(&pairs);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with(&format!("{name}: ")), "{lines:?}");
        assert!(!lines[0].contains("secret@"), "{lines:?}");
    }
    // Otherwise everybody would be the service without a word.
    let user = [
        ("SNOWFLAKE_USER", "AGENTS"),
        ("SNOWFLAKE_AUTH_TYPE", "password"),
        ("SNOWFLAKE_PASSWORD", "secret"),
    ];
    let unsaid = [with("SNOWFLAKE_IDENTITY", ""), user.to_vec()].concat();
    let lines = problems(&unsaid);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("SNOWFLAKE_IDENTITY: "), "{lines:?}");
    settings(&[with("SNOWFLAKE_IDENTITY", "service"), user.to_vec()].concat());
}

#[test]
fn an_issuer_is_taken_with_an_address_of_ours_and_only_over_tls() {
    let ours = ("PUBLIC_URL", "https://mcp.example.com/mcp");
    let issuer = ("OAUTH_ISSUER", "https://login.example.com/realms/a");
    let read = settings(&[ours, issuer]);
    assert!(read.requires_credential());
    assert_eq!(read.oauth.algorithms.len(), 4);
    assert_eq!(read.oauth.scope_query.name(), Some("mcp:query"));
    settings(&[
        ("PUBLIC_URL", "http://127.0.0.1:8000/mcp"),
        ("OAUTH_ISSUER", "http://localhost:9410"),
        ("OAUTH_SCOPE_CATALOG", "-"),
    ]);
    for (pairs, name) in [
        (&[issuer][..], "PUBLIC_URL"),
        (
            &[("PUBLIC_URL", "http://mcp.example.com/mcp")],
            "PUBLIC_URL",
        ),
        (&[("PUBLIC_URL", "https://mcp.example.com/")], "PUBLIC_URL"),
        (
            &[("PUBLIC_URL", "https://mcp.example.com/mcp#x")],
            "PUBLIC_URL",
        ),
        (
            &[("PUBLIC_URL", "https://mcp.example.com/mcp?x=1")],
            "PUBLIC_URL",
        ),
        (
            &[("PUBLIC_URL", "https://a:b@mcp.example.com/mcp")],
            "PUBLIC_URL",
        ),
        (
            &[ours, ("OAUTH_ISSUER", "http://login.example.com")],
            "OAUTH_ISSUER",
        ),
        (
            &[ours, ("OAUTH_ISSUER", "https://org.okta.com")],
            "OAUTH_ISSUER",
        ),
        (
            &[
                ours,
                (
                    "OAUTH_ISSUER",
                    "https://login.microsoftonline.com/common/v2.0",
                ),
            ],
            "OAUTH_ISSUER",
        ),
        (
            &[ours, ("OAUTH_ISSUER", "https://accounts.google.com")],
            "OAUTH_ISSUER",
        ),
        (
            &[
                ours,
                ("OAUTH_ISSUER", "https://acct.snowflakecomputing.com"),
            ],
            "OAUTH_ISSUER",
        ),
        (
            &[ours, issuer, ("OAUTH_AUDIENCE", "account")],
            "OAUTH_AUDIENCE",
        ),
        (&[ours, issuer, ("OAUTH_AUDIENCE", "*")], "OAUTH_AUDIENCE"),
        (
            &[ours, issuer, ("OAUTH_ALGORITHMS", "RS256,HS256")],
            "OAUTH_ALGORITHMS",
        ),
        (
            &[ours, issuer, ("OAUTH_ALGORITHMS", "none")],
            "OAUTH_ALGORITHMS",
        ),
        (
            &[ours, issuer, ("OAUTH_SCOPES", "offline_access")],
            "OAUTH_SCOPES",
        ),
        (&[ours, issuer, ("OAUTH_LEEWAY", "6m")], "OAUTH_LEEWAY"),
    ] {
        let lines = problems(pairs);
        assert_eq!(lines.len(), 1, "{pairs:?}: {lines:?}");
        assert!(lines[0].starts_with(&format!("{name}: ")), "{lines:?}");
    }
    let mut production = PRODUCTION.to_vec();
    production.extend([
        ("PUBLIC_URL", "http://127.0.0.1:8000/mcp"),
        ("OAUTH_ISSUER", "http://localhost:9410"),
    ]);
    let lines = problems(&production);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines.iter().all(|line| line.contains("in production")),
        "{lines:?}"
    );
}

#[test]
fn a_key_may_have_less_than_everybody() {
    let settings = settings(&[
        ("API_KEY", "first-key-0123456789"),
        (
            "API_KEYS",
            "second-key-0123456789  max_rows=500 default_rows=500 query_timeout=30s max_result_bytes=16KiB max_cell_bytes=1KiB \
             max_scan_bytes=1GiB max_concurrent_queries=2 rate_limit_per_minute=30, third-key-0123456789",
        ),
    ]);
    let limits: Vec<_> = settings.auth.keys().map(ApiKey::limits).collect();
    let second = KeyLimits {
        default_rows: Some(500),
        max_rows: Some(500),
        max_result_bytes: Some(types::ByteSize::from_bytes(16 << 10)),
        max_cell_bytes: Some(types::ByteSize::from_bytes(1 << 10)),
        query_timeout: Some(types::Span::from_millis(30_000)),
        max_scan_bytes: Some(types::ByteSize::from_bytes(1 << 30)),
        max_concurrent_queries: Some(2),
        rate_limit_per_minute: Some(30),
    };
    let none = KeyLimits::default();
    assert_eq!(limits, [&none, &second, &none]);
}

#[test]
fn a_bad_limit_of_a_key_is_told_with_the_keys_name_and_without_the_key() {
    for (options, expected) in [
        ("max_rows=0", "`max_rows` as a whole number from 1"),
        ("max_rows=500rows", "`max_rows` as a whole number from 1"),
        (
            "query_timeout=30",
            "`query_timeout` as a duration with its unit",
        ),
        ("max_rows=5 max_rows=5", "`max_rows` once"),
        ("max_cells=5", "options only, any of `default_rows`"),
        ("third-key-0123456789", "commas between keys"),
        (
            "max_rows=20000",
            "`max_rows` not above MAX_ROWS, which is 10000",
        ),
        (
            "query_timeout=10m",
            "`query_timeout` not above QUERY_TIMEOUT, which is 5m",
        ),
        (
            "max_result_bytes=2MiB",
            "not above MAX_RESULT_BYTES, which is 32KiB",
        ),
        (
            "max_cell_bytes=17KiB",
            "not above MAX_CELL_BYTES, which is 16KiB",
        ),
        (
            "max_scan_bytes=2GiB",
            "not above MAX_SCAN_BYTES, which is 1GiB",
        ),
        (
            "max_concurrent_queries=65",
            "not above MAX_CONCURRENT_QUERIES, which is 64",
        ),
        (
            "rate_limit_per_minute=61",
            "not above RATE_LIMIT_PER_MINUTE, which is 60",
        ),
        (
            "default_rows=6 max_rows=5",
            "`default_rows` not above the rows",
        ),
        (
            "max_rows=5, second-key-0123456789",
            "the same limits wherever",
        ),
    ] {
        let keys = format!("first-key-0123456789, second-key-0123456789 {options}");
        let lines = problems(&[
            ("API_KEYS", &keys),
            ("MAX_SCAN_BYTES", "1GiB"),
            ("RATE_LIMIT_PER_MINUTE", "60"),
        ]);
        let told = lines.join("\n");
        assert!(told.contains(expected), "{options}: {told}");
        assert!(
            told.starts_with("API_KEYS: expected behind key 2 (key:"),
            "{told}"
        );
        assert!(!told.contains("-key-"), "{told}");
    }
    // All at once.
    let keys =
        "first-key-0123456789 max_rows=0 query_timeout=1, second-key-0123456789 max_rows=20000";
    assert_eq!(problems(&[("API_KEYS", keys)]).len(), 3);
}

#[test]
fn keys_come_from_both_variables_and_are_not_shown() {
    let settings = settings(&[
        ("API_KEY", "first-key-0123456789"),
        ("API_KEYS", "second-key-0123456789, third-key-0123456789"),
    ]);
    let keys: Vec<_> = settings
        .auth
        .keys()
        .map(|key| key.secret().expose_secret())
        .collect();
    assert_eq!(
        keys,
        [
            "first-key-0123456789",
            "second-key-0123456789",
            "third-key-0123456789"
        ]
    );
    assert!(!format!("{settings:?}").contains("-key-"));
}
