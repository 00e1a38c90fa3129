//! Settings as a whole: what holds with nothing set, what is refused, and how that is said.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::*;

fn vars(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn settings(pairs: &[(&str, &str)]) -> Settings {
    Settings::from_vars(&vars(pairs)).unwrap()
}

fn problems(pairs: &[(&str, &str)]) -> Vec<String> {
    let problems = Settings::from_vars(&vars(pairs)).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

const PRODUCTION: [(&str, &str); 5] = [
    ("ENVIRONMENT", "production"),
    ("PRODUCTION_SNOWFLAKE_ACCOUNT", "myorg-prod"),
    ("PRODUCTION_SNOWFLAKE_USER", "MCP"),
    (
        "PRODUCTION_SNOWFLAKE_PRIVATE_KEY_PATH",
        "/run/secrets/key.p8",
    ),
    ("SNOWFLAKE_ACCOUNT", "myorg-dev"),
];

#[test]
fn nothing_set_gives_a_development_service_on_the_embedded_engine() {
    let settings = settings(&[]);
    assert_eq!(settings.environment, Environment::Development);
    assert_eq!(settings.warehouse.backend, Backend::Embedded);
    assert_eq!(settings.server.host, "localhost");
    assert_eq!(settings.server.port, 8000);
    assert_eq!(settings.server.workers, 1);
    assert!(settings.server.reload);
    assert_eq!(*settings.server.keepalive_timeout, Duration::from_secs(5));
    assert_eq!(*settings.server.cors_origins, ["*"]);
    assert_eq!(settings.server.max_body_bytes.bytes(), 2 << 20);
    assert_eq!((settings.pool.min_size, settings.pool.max_size), (1, 5));
    assert_eq!(
        (settings.limits.default_rows, settings.limits.max_rows),
        (100, 10_000)
    );
    assert_eq!(*settings.limits.sync_wait, Duration::from_secs(45));
    assert_eq!(
        *settings.limits.toolsets,
        [Toolset::Catalog, Toolset::Query, Toolset::Custom]
    );
    assert_eq!(settings.telemetry.log_level.as_filter(), "debug");
    assert_eq!(settings.telemetry.log_format, LogFormat::Text);
    assert_eq!(settings.auth.api_keys().count(), 0);
}

#[test]
fn production_has_its_own_defaults_and_reads_prefixed_names_first() {
    let settings = settings(&PRODUCTION);
    assert_eq!(settings.warehouse.account.as_deref(), Some("myorg-prod"));
    assert_eq!(settings.warehouse.backend, Backend::Snowflake);
    assert_eq!(settings.server.workers, 4);
    assert!(!settings.server.reload);
    assert_eq!((settings.pool.min_size, settings.pool.max_size), (5, 20));
    assert_eq!(settings.telemetry.log_level.as_filter(), "warn");
    assert_eq!(settings.telemetry.log_format, LogFormat::Json);
    assert_eq!(*settings.server.cors_origins, ["https://app.example.com"]);
}

#[test]
fn a_blank_prefixed_name_falls_back_to_the_plain_one() {
    let mut vars = vars(&PRODUCTION);
    vars.insert("PRODUCTION_SNOWFLAKE_ACCOUNT".to_owned(), "  ".to_owned());
    let settings = Settings::from_vars(&vars).unwrap();
    assert_eq!(settings.warehouse.account.as_deref(), Some("myorg-dev"));
}

#[test]
fn development_does_not_read_prefixed_names() {
    let settings = settings(&[("PRODUCTION_SNOWFLAKE_ACCOUNT", "myorg-prod")]);
    assert_eq!(settings.warehouse.backend, Backend::Embedded);
}

#[test]
fn five_bad_settings_give_five_lines_that_name_them_and_not_their_values() {
    let lines = problems(&[
        ("SERVER_PORT", "hunter2"),
        ("SERVER_WORKERS", "hunter2"),
        ("SYNC_WAIT", "45"),
        ("LOG_FORMAT", "hunter2"),
        ("SNOWFLAKE_POOL_MIN_SIZE", "0"),
    ]);
    assert_eq!(lines.len(), 5, "{lines:#?}");
    assert!(lines.iter().all(|line| line.contains(": expected ")));
    assert!(!lines.concat().contains("hunter2"));
    assert!(lines.contains(&"SERVER_PORT: expected a whole number from 0 to 65535".to_owned()));
}

#[test]
fn a_problem_names_the_variable_as_it_was_written() {
    let mut pairs = PRODUCTION.to_vec();
    pairs.push(("PRODUCTION_SNOWFLAKE_POOL_MAX_SIZE", "many"));
    let lines = problems(&pairs);
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("PRODUCTION_SNOWFLAKE_POOL_MAX_SIZE: "));
}

#[test]
fn a_host_beyond_loopback_needs_a_key_or_a_word_that_it_is_meant() {
    let lines = problems(&[("SERVER_HOST", "0.0.0.0")]);
    assert!(lines[0].starts_with("API_KEY: ") && lines[0].contains("ALLOW_ANONYMOUS=true"));
    settings(&[("SERVER_HOST", "0.0.0.0"), ("ALLOW_ANONYMOUS", "true")]);
    settings(&[("SERVER_HOST", "0.0.0.0"), ("API_KEY", "0123456789abcdef")]);
    settings(&[("SERVER_HOST", "127.0.0.2")]);
    settings(&[("SERVER_HOST", "[::1]")]);
    let stdio = Settings::for_purpose(&vars(&[("SERVER_HOST", "0.0.0.0")]), Purpose::Stdio);
    assert!(stdio.is_ok(), "stdio opens no port");
}

#[test]
fn staging_and_production_without_an_account_are_refused() {
    for environment in ["staging", "production"] {
        let lines = problems(&[("ENVIRONMENT", environment)]);
        assert!(lines[0].starts_with("SNOWFLAKE_ACCOUNT: "), "{lines:?}");
        settings(&[
            ("ENVIRONMENT", environment),
            ("WAREHOUSE_BACKEND", "embedded"),
        ]);
    }
}

#[test]
fn any_origin_is_refused_in_production() {
    let mut pairs = PRODUCTION.to_vec();
    pairs.push(("CORS_ORIGINS", "*"));
    assert!(problems(&pairs)[0].starts_with("CORS_ORIGINS: "));
}

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
fn the_policy_takes_what_it_can_enforce_and_nothing_else() {
    settings(&[
        ("SQL_POLICY", "READ_ONLY"),
        ("ALLOWED_DATABASES", "SALES, \"hr data\""),
        ("DENIED_FUNCTIONS", "GET_DDL, SYSTEM$*, MYDB.UTIL.*"),
        ("ALLOWED_STATEMENTS", "READ, create table, SHOW GRANTS"),
        ("ALLOWED_SCHEMAS", "SALES.PUBLIC, *.\"mart eu\""),
        ("ALLOWED_OBJECTS", "SALES.PUBLIC.*"),
        ("DENIED_OBJECTS", "\"a.b\".HR.PAY_*"),
        ("ALLOWED_ROLES", "ANALYST_*, \"agents\""),
        ("ALLOWED_WAREHOUSES", "AGENT_*"),
        ("ALLOWED_SIDE_EFFECTS", "AI_COMPLETE"),
    ]);
    settings(&[("SQL_POLICY", "admin")]);
    for (name, value) in [
        ("SQL_POLICY", "everything"),
        ("ALLOWED_DATABASES", "SALES.PUBLIC"),
        ("ALLOWED_DATABASES", "\"SALES"),
        ("DENIED_FUNCTIONS", "GET DDL"),
        ("DENIED_FUNCTIONS", "A.B.C.D"),
        ("DENIED_FUNCTIONS", "F(1)"),
        ("DENIED_STATEMENTS", "SHOW GRANTS;"),
        ("ALLOWED_SCHEMAS", "SALES"),
        ("ALLOWED_OBJECTS", "SALES.PUBLIC"),
        ("DENIED_OBJECTS", "A.B.C.D"),
        ("DENIED_OBJECTS", "A.\"B.C"),
        ("ALLOWED_ROLES", "A.B"),
    ] {
        assert_eq!(problems(&[(name, value)]).len(), 1, "{name}={value}");
    }
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
        .api_keys()
        .map(|key| key.expose_secret())
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

#[test]
fn values_are_trimmed_and_switches_take_the_usual_spellings() {
    let settings = settings(&[
        ("SERVER_PORT", " 80 "),
        ("SERVER_RELOAD", "No"),
        ("ALLOW_ANONYMOUS", "1"),
        ("ENVIRONMENT", "Development"),
    ]);
    assert_eq!(settings.server.port, 80);
    assert!(!settings.server.reload);
    assert!(settings.auth.allow_anonymous);
}

#[test]
fn a_misspelt_level_is_refused_and_pythons_names_are_taken() {
    let filter = |text| {
        settings(&[("LOG_LEVEL", text)])
            .telemetry
            .log_level
            .as_filter()
            .to_owned()
    };
    assert_eq!(filter("CRITICAL"), "error");
    assert_eq!(
        filter("info,snowflake_mcp::query=DEBUG"),
        "info,snowflake_mcp::query=debug"
    );
    assert_eq!(
        filter("warn,[call{tool=x}]=debug"),
        "warn,[call{tool=x}]=debug"
    );
    assert_eq!(problems(&[("LOG_LEVEL", "DEBGU")]).len(), 1);
}

#[test]
fn what_the_chosen_way_to_sign_in_needs_is_asked_for() {
    let account = [("SNOWFLAKE_ACCOUNT", "myorg-dev")];
    let with = |more: &[(&'static str, &'static str)]| problems(&[&account, more].concat());
    assert_eq!(with(&[]).len(), 2, "user and key");
    assert_eq!(with(&[("SNOWFLAKE_AUTH_TYPE", "password")]).len(), 2);
    assert_eq!(with(&[("SNOWFLAKE_AUTH_TYPE", "oauth")]).len(), 1);
    assert_eq!(
        with(&[("SNOWFLAKE_AUTH_TYPE", "oauth_client_credentials")]).len(),
        3
    );
    assert_eq!(
        with(&[("SNOWFLAKE_AUTH_TYPE", "kerberos")]).len(),
        1,
        "one mistake, one line"
    );
}

#[test]
fn sizes_of_pool_and_answers_must_fit_each_other() {
    assert!(
        problems(&[("SNOWFLAKE_POOL_MIN_SIZE", "9")])[0].starts_with("SNOWFLAKE_POOL_MAX_SIZE")
    );
    assert!(problems(&[("MAX_ROWS", "10")])[0].starts_with("MAX_ROWS"));
    assert!(problems(&[("DEFAULT_ROWS", "20000")])[0].starts_with("DEFAULT_ROWS"));
    assert!(problems(&[("MANAGEMENT_PORT", "8000")])[0].starts_with("MANAGEMENT_PORT"));
    assert!(problems(&[("TOOLSETS", "catalog,cortex")])[0].starts_with("TOOLSETS"));
}

#[test]
fn an_unknown_environment_is_one_problem_and_brings_no_others() {
    let lines = problems(&[("ENVIRONMENT", "prod"), ("SNOWFLAKE_ACCOUNT", "myorg-dev")]);
    assert_eq!(
        lines,
        ["ENVIRONMENT: expected one of `development`, `staging`, `production`"]
    );
}

#[test]
fn the_browser_is_for_people_at_this_machine() {
    let browser = vars(&[
        ("SNOWFLAKE_ACCOUNT", "myorg-dev"),
        ("SNOWFLAKE_USER", "ME"),
        ("SNOWFLAKE_AUTH_TYPE", "external_browser"),
        ("SERVER_HOST", "0.0.0.0"),
        ("API_KEY", "0123456789abcdef"),
    ]);
    let problems = Settings::from_vars(&browser).unwrap_err().to_string();
    assert!(problems.starts_with("SNOWFLAKE_AUTH_TYPE: ") && problems.lines().count() == 1);
    assert!(Settings::for_purpose(&browser, Purpose::Stdio).is_ok());
}

#[test]
fn clear_text_stays_on_this_machine_unless_allowed() {
    let with = |more: &[(&str, &str)]| {
        let mut pairs = vec![
            ("SNOWFLAKE_ACCOUNT", "myorg-dev"),
            ("SNOWFLAKE_USER", "ME"),
            ("SNOWFLAKE_AUTH_TYPE", "password"),
            ("SNOWFLAKE_PASSWORD", "secret"),
            ("SNOWFLAKE_PROTOCOL", "http"),
        ];
        pairs.extend_from_slice(more);
        Settings::from_vars(&vars(&pairs))
    };
    assert!(with(&[("SNOWFLAKE_HOST", "127.0.0.1")]).is_ok());
    assert!(with(&[("SNOWFLAKE_HOST", "localhost")]).is_ok());
    for host in [&[][..], &[("SNOWFLAKE_HOST", "fake")][..]] {
        let problems = with(host).unwrap_err().to_string();
        assert!(problems.starts_with("SNOWFLAKE_PROTOCOL: "), "{problems}");
    }
    let allowed = [
        ("SNOWFLAKE_HOST", "fake"),
        ("SNOWFLAKE_ALLOW_INSECURE", "true"),
    ];
    assert!(with(&allowed).is_ok());
    // Not in production, wherever it goes and whatever is allowed.
    for host in ["127.0.0.1", "localhost", "fake"] {
        let mut pairs = vec![
            ("API_KEY", "0123456789abcdef"),
            ("PRODUCTION_SNOWFLAKE_PROTOCOL", "http"),
            ("PRODUCTION_SNOWFLAKE_HOST", host),
            ("PRODUCTION_SNOWFLAKE_ALLOW_INSECURE", "true"),
        ];
        pairs.extend(PRODUCTION);
        let told = problems(&pairs);
        let is_told =
            |told: &String| told.contains("SNOWFLAKE_PROTOCOL") && told.contains("`https`");
        assert!(told.iter().any(is_told), "{host}: {told:?}");
    }
}
