use super::super::Purpose;
use super::*;

fn sources(environment: &[(&str, &str)], file: &str) -> Sources {
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let mut sources = Sources::from_environment(environment);
    sources.add_file(Path::new(".env"), file);
    sources
}

fn problems(sources: &Sources) -> Vec<String> {
    let problems = sources.load(Purpose::Serve).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn the_environment_wins_over_the_file_unless_it_is_blank() {
    let file = "SERVER_PORT=1\nSERVER_WORKERS=2\nMAX_CONNECTIONS=3\n";
    let sources = sources(&[("SERVER_PORT", "9"), ("SERVER_WORKERS", " ")], file);
    let server = sources.load(Purpose::Serve).unwrap().settings.server;
    assert_eq!(
        (server.port, server.workers, server.max_connections),
        (9, 2, 3)
    );
}

#[test]
fn problems_of_the_file_and_of_the_settings_come_together_with_their_places() {
    let sources = sources(
        &[("SYNC_WAIT", "45")],
        "garbage\nSERVER_PORT=hunter2\nA=${NOPE}\n",
    );
    let lines = problems(&sources);
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("SERVER_PORT (.env:2): expected a whole number"))
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("SYNC_WAIT: expected a duration"))
    );
}

#[test]
fn a_reference_that_reaches_a_setting_is_a_problem() {
    let sources = sources(
        &[("API_KEY", "${THE_API_KEY_OF_US}")],
        "SNOWFLAKE_USER='${WHO}'\n",
    );
    let lines = problems(&sources);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("API_KEY: expected a value without `${NAME}` references"));
    assert!(lines[1].starts_with("SNOWFLAKE_USER (.env:1): "));
}

#[test]
fn a_missing_file_is_a_problem_and_no_reason_to_hide_the_others() {
    let mut sources = sources(&[("SERVER_PORT", "x")], "");
    sources.read_file(Path::new("no-such-folder/no-such-file.env"));
    let lines = problems(&sources);
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("--env-file (no-such-folder/no-such-file.env): expected a file"));
}

#[test]
fn settings_without_effect_give_one_warning_unless_they_are_the_default() {
    let file = "OTEL_METRICS_EXPORTER=x\nOTEL_PROPAGATORS=b3\nSYNC_WAIT=45s\n";
    let warnings = sources(&[], file).load(Purpose::Serve).unwrap().warnings;
    assert_eq!(
        warnings,
        [
            "OTEL_METRICS_EXPORTER, OTEL_PROPAGATORS: without effect in this version of snowflake-mcp"
        ]
    );
}

#[test]
fn paths_are_looked_at_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().to_str().unwrap();
    std::fs::write(folder.path().join("key.p8"), "key").unwrap();
    let account = [
        ("WORKING_DIR", base),
        ("ENVIRONMENT", "staging"),
        ("STAGING_SNOWFLAKE_ACCOUNT", "a"),
        ("STAGING_SNOWFLAKE_USER", "u"),
    ];
    let with = |more: &[(&str, &str)]| sources(&[&account, more].concat(), "").load(Purpose::Serve);
    let key = ("STAGING_SNOWFLAKE_PRIVATE_KEY_PATH", "key.p8");
    with(&[
        key,
        ("LOG_FILE", "log.json"),
        ("PID_FILE", "made/by/us/pid"),
    ])
    .unwrap();
    let problems = with(&[
        ("STAGING_SNOWFLAKE_PRIVATE_KEY_PATH", "nokey.p8"),
        ("LOG_FILE", "key.p8/log.json"),
        ("PID_FILE", "key.p8/below/pid"),
        ("AUDIT_LOG_FILE", "."),
    ]);
    let problems = problems.unwrap_err().to_string();
    assert_eq!(problems.lines().count(), 4, "{problems}");
    assert!(problems.contains("STAGING_SNOWFLAKE_PRIVATE_KEY_PATH: expected"));
    let file = folder.path().join("key.p8");
    let no_folder = [("WORKING_DIR", file.to_str().unwrap())];
    assert_eq!(
        problems_of(&no_folder),
        ["WORKING_DIR: expected a folder that exists or can be created"]
    );
}

#[test]
fn relative_paths_of_a_file_begin_where_the_file_is() {
    let folder = tempfile::tempdir().unwrap();
    let base = fs::canonicalize(folder.path()).unwrap();
    let file = base.join(".env.production");
    fs::write(base.join("key.p8"), "key").unwrap();
    let text = "ENVIRONMENT=production\nCORS_ORIGINS=https://a.example\nSNOWFLAKE_ACCOUNT=a\nSNOWFLAKE_USER=u\n\
                PRODUCTION_SNOWFLAKE_PRIVATE_KEY_PATH=key.p8\nPID_FILE=run/pid\nLOG_FILE=/tmp/log\nWORKING_DIR=./work\n";
    fs::write(&file, text).unwrap();
    let mut sources = Sources::from_environment(BTreeMap::new());
    sources.read_file(&file);
    let settings = sources.load(Purpose::Serve).unwrap().settings;
    assert_eq!(settings.server.pid_file, Some(base.join("run/pid")));
    assert_eq!(settings.server.log_file, Some("/tmp/log".into()));
    assert_eq!(settings.server.working_dir, Some(base.join("./work")));
    assert_eq!(
        settings.warehouse.private_key_path,
        Some(base.join("key.p8"))
    );
}

#[test]
fn a_value_that_refers_to_nothing_is_one_problem_and_hides_no_other() {
    let lines = problems(&sources(
        &[("BLANK", ""), ("LOG_FILE", "Cargo.toml/log")],
        "ENVIRONMENT=production\nCORS_ORIGINS=https://a.example\nSNOWFLAKE_ACCOUNT=a\nSNOWFLAKE_USER=${PROD_USER}\n\
         SNOWFLAKE_PASSWORD=p${BLANK}\n",
    ));
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines[0].starts_with(
        "PROD_USER (.env:4): expected to be set, because SNOWFLAKE_USER refers to it"
    ));
    assert!(lines[1].starts_with("LOG_FILE: expected a file in a folder"));
}

#[test]
fn a_password_that_refers_to_nothing_asks_for_no_key() {
    for name in [
        "SNOWFLAKE_PASSWORD",
        "PRODUCTION_SNOWFLAKE_PASSWORD",
        "SNOWFLAKE_PRIVATE_KEY",
    ] {
        let lines = problems(&sources(
            &[],
            &format!(
                "ENVIRONMENT=production\nCORS_ORIGINS=https://a.example\nSNOWFLAKE_ACCOUNT=a\nSNOWFLAKE_USER=u\n{name}=${{SECRET}}\n"
            ),
        ));
        assert_eq!(lines.len(), 1, "{name}: {lines:#?}");
        assert!(
            lines[0].starts_with("SECRET (.env:5): expected to be set"),
            "{lines:#?}"
        );
    }
}

fn problems_of(environment: &[(&str, &str)]) -> Vec<String> {
    problems(&sources(environment, ""))
}

#[test]
fn the_values_in_force_have_their_origin_and_secrets_are_masked() {
    let environment = [
        ("ENVIRONMENT", "production"),
        ("PRODUCTION_SNOWFLAKE_ACCOUNT", "myorg-prod"),
        ("SNOWFLAKE_ACCOUNT", "myorg-dev"),
        ("API_KEY", "hunter2-hunter2-hunter2"),
    ];
    let sources = sources(
        &environment,
        "SNOWFLAKE_USER=MCP\nSNOWFLAKE_PASSWORD=hunter2\n",
    );
    let rows = sources.effective();
    let row = |name: &str| {
        let row = rows.iter().find(|row| row.name == name).unwrap();
        (row.value.clone().unwrap_or_default(), row.origin.clone())
    };
    let pair = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
    assert_eq!(
        row("SNOWFLAKE_ACCOUNT"),
        pair("myorg-prod", "environment, as PRODUCTION_SNOWFLAKE_ACCOUNT")
    );
    assert_eq!(row("SNOWFLAKE_USER"), pair("MCP", ".env:1"));
    assert_eq!(row("SNOWFLAKE_PASSWORD"), pair("****", ".env:2"));
    assert_eq!(row("API_KEY"), pair("****", "environment"));
    assert_eq!(row("SERVER_PORT"), pair("8000", "default"));
    assert_eq!(row("SERVER_WORKERS"), pair("4", "default for production"));
    assert_eq!(row("WAREHOUSE_BACKEND").0, "snowflake");
    assert!(!format!("{rows:?}").contains("hunter2"));
}
