use std::collections::BTreeMap;

use super::*;

fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
    Cli::try_parse_from([&["snowflake-mcp"], arguments].concat())
}

fn sources(pairs: &[(&str, &str)]) -> Sources {
    let vars: BTreeMap<_, _> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Sources::from_environment(vars)
}

fn run_check(pairs: &[(&str, &str)]) -> (bool, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let loaded = check(&sources(pairs), &mut out, &mut err).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (loaded.is_some(), text(out), text(err))
}

#[test]
fn the_definitions_are_consistent() {
    use clap::CommandFactory;
    <Cli as CommandFactory>::command().debug_assert();
}

#[test]
fn serving_is_the_default_and_the_env_file_may_stand_anywhere() {
    assert_eq!(parse(&[]).unwrap().command(), Command::Serve);
    let cli = parse(&["check", "--connect", "--env-file", ".env"]).unwrap();
    assert_eq!(cli.command(), Command::Check { connect: true });
    assert_eq!(
        cli.env_file,
        parse(&["--env-file", ".env"]).unwrap().env_file
    );
    assert!(parse(&["config", "--effective", "--markdown"]).is_err());
}

#[test]
fn check_says_what_is_wrong_in_one_line_each_and_what_else_it_noticed() {
    let wrong = [
        ("SERVER_PORT", "hunter2"),
        ("MAX_ROWS", "hunter2"),
        ("API_KEY", "hunter2"),
    ];
    let (valid, out, err) = run_check(&wrong);
    assert!(!valid && out.is_empty());
    assert_eq!(err.lines().count(), 3, "{err}");
    assert!(!err.contains("hunter2"));
    let (_, _, err) = run_check(&[
        ("WAREHOUSE_BACKEND", "snowflake"),
        ("SNOWFLAKE_ACOUNT", "a"),
    ]);
    assert!(
        err.starts_with("warning: SNOWFLAKE_ACOUNT: not a variable"),
        "{err}"
    );
}

#[test]
fn what_only_the_rooms_can_tell_comes_with_the_rest() {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut sources = sources(&[("SERVER_PORT", "x"), ("SNOWFLAKE_ROLE", "ANALYST")]);
    let file = "ENVIRONMENT=staging\nALLOWED_STATEMENTS=FROBNICATE\nALLOWED_ROLES=LOADER\n";
    sources.add_file(std::path::Path::new(".env"), file);
    let sources = sources.checked_by(crate::app::check);
    assert!(check(&sources, &mut out, &mut err).unwrap().is_none());
    let told = String::from_utf8(err).unwrap();
    assert!(
        told.starts_with("SERVER_PORT: expected a whole number"),
        "{told}"
    );
    let statement = told.lines().last().unwrap();
    assert!(statement.starts_with("ALLOWED_STATEMENTS: "), "{told}");
    assert!(statement.ends_with(" (.env:2)"), "{told}");
}

#[test]
fn what_depends_on_a_setting_that_is_wrong_is_not_told() {
    let role = ("SNOWFLAKE_ROLE", "SYSADMIN");
    for (roles, expected) in [
        ("\"SYSADMIN", "ALLOWED_ROLES: "),
        ("LOADER", "SNOWFLAKE_ROLE: "),
    ] {
        let account = [
            ("SNOWFLAKE_ACCOUNT", "myorg-myaccount"),
            ("SNOWFLAKE_USER", "AGENTS"),
            ("SNOWFLAKE_PASSWORD", "secret"),
        ];
        let given = [&account[..], &[role, ("ALLOWED_ROLES", roles)]].concat();
        let sources = sources(&given).checked_by(crate::app::check);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        assert!(check(&sources, &mut out, &mut err).unwrap().is_none());
        let told = String::from_utf8(err).unwrap();
        assert!(
            told.starts_with(expected) && told.lines().count() == 1,
            "{told}"
        );
    }
}

#[test]
fn check_says_in_one_line_what_would_be_served() {
    let (valid, out, err) = run_check(&[("SERVER_PROT", "1")]);
    assert!(valid);
    assert_eq!(
        out,
        "the settings are valid: development, answering from the embedded engine's sample data, listening on localhost port 8000\n"
    );
    assert_eq!(
        err,
        "warning: SERVER_PROT: not a variable of this service; did you mean SERVER_PORT?\n"
    );
}

#[test]
fn check_reads_the_private_key_as_a_sign_in_will() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.p8");
    std::fs::write(&path, "no key at all").unwrap();
    let account = [
        ("SNOWFLAKE_ACCOUNT", "org-account"),
        ("SNOWFLAKE_USER", "reader"),
        ("SNOWFLAKE_PRIVATE_KEY_PATH", path.to_str().unwrap()),
    ];
    let (valid, out, err) = run_check(&account);
    assert!(!valid && out.is_empty(), "{out}");
    let told = "the private key cannot be used: ";
    assert!(err.lines().any(|line| line.starts_with(told)), "{err}");
    assert!(err.contains("see SNOWFLAKE_PRIVATE_KEY_PATH"), "{err}");
}

#[test]
fn check_reads_a_token_that_is_given_as_text() {
    let account = [
        ("SNOWFLAKE_ACCOUNT", "org-account"),
        ("SNOWFLAKE_AUTH_TYPE", "oauth"),
        ("SNOWFLAKE_TOKEN", "two words"),
    ];
    let (valid, _, err) = run_check(&account);
    assert!(!valid);
    assert!(err.contains("see SNOWFLAKE_TOKEN"), "{err}");
    assert!(!err.contains("words"), "{err}");
}

#[test]
fn config_explains_every_variable_even_when_settings_are_wrong() {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let wrong = sources(&[("SERVER_PORT", "x")]);
    assert_eq!(config(&wrong, false, false, &mut out, &mut err).unwrap(), 0);
    let text = String::from_utf8(out).unwrap();
    for variable in crate::config::reference::variables() {
        assert!(text.contains(&format!("\n  {}\n", variable.name)));
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn config_effective_shows_values_with_their_origin_and_fails_when_they_are_wrong() {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let wrong = sources(&[("SERVER_PORT", "x"), ("API_KEY", "hunter2-hunter2-hunter2")]);
    assert_eq!(config(&wrong, true, false, &mut out, &mut err).unwrap(), 64);
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("****") && !text.contains("hunter2"));
    assert!(
        String::from_utf8(err)
            .unwrap()
            .starts_with("SERVER_PORT: expected")
    );
}
