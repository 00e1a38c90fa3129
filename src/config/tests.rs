//! Settings as a whole: what holds with nothing set, what is refused, and how that is said.

mod callers;

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;

pub(super) fn vars(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

pub(super) fn settings(pairs: &[(&str, &str)]) -> Settings {
    Settings::from_vars(&vars(pairs)).unwrap()
}

pub(super) fn problems(pairs: &[(&str, &str)]) -> Vec<String> {
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
    assert_eq!(settings.auth.keys().count(), 0);
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
