use secrecy::ExposeSecret;

use super::super::tests::{problems, settings, vars};
use super::super::{AuthType, Purpose, Settings, Sources};
use super::*;

fn notes(pairs: &[(&str, &str)]) -> Vec<String> {
    let sources = Sources::from_environment(vars(pairs));
    match sources.load(Purpose::Serve) {
        Ok(loaded) => loaded.warnings,
        Err(problems) => problems.warnings().to_vec(),
    }
}

const ACCOUNT: (&str, &str) = ("SNOWFLAKE_ACCOUNT", "myorg-acc");
const USER: (&str, &str) = ("SNOWFLAKE_USER", "MCP");

#[test]
fn the_names_of_other_tools_are_names_of_ours() {
    let settings = settings(&[
        (
            "SNOWFLAKE_ACCOUNT_URL",
            "https://myorg-acc.snowflakecomputing.com",
        ),
        ("SNOWFLAKE_USERNAME", "MCP"),
        ("SNOWFLAKE_PWD", "s"),
        ("SNOWFLAKE_AUTHENTICATOR", "username_password_mfa"),
        ("SNOWFLAKE_DB", "SALES"),
    ]);
    let warehouse = settings.warehouse;
    assert_eq!(warehouse.user.as_deref(), Some("MCP"));
    assert_eq!(warehouse.password.unwrap().expose_secret(), "s");
    assert_eq!(warehouse.auth_type, AuthType::Password);
    assert_eq!(warehouse.database.as_deref(), Some("SALES"));
    assert!(warehouse.account.is_some());
    for (name, ours) in NAMES.iter().chain(NAMED_ONLY) {
        assert!(reference::find(ours).is_some(), "{ours}");
        assert!(reference::find(name).is_none(), "{name}");
        assert!(
            notes(&[(name, "x")])
                .iter()
                .all(|note| !note.contains("not a variable")),
            "{name}"
        );
    }
}

#[test]
fn two_names_that_differ_are_both_named_and_two_that_agree_are_one() {
    let both = |second| {
        [
            ACCOUNT,
            ("SNOWFLAKE_PASSWORD", "hunter2"),
            USER,
            ("SNOWFLAKE_USERNAME", second),
        ]
    };
    assert!(Settings::from_vars(&vars(&both("MCP"))).is_ok());
    let lines = problems(&both("OTHER"));
    assert_eq!(
        lines,
        ["SNOWFLAKE_USERNAME: expected the same value as SNOWFLAKE_USER, or only one of the two"]
    );
    let both = [
        ACCOUNT,
        USER,
        ("SNOWFLAKE_PRIVATE_KEY_PWD", "hunter2"),
        ("PRIVATE_KEY_PASSPHRASE", "hunter3"),
        ("SNOWFLAKE_PRIVATE_KEY_FILE", "k.p8"),
    ];
    let lines = self::problems(&both);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("PRIVATE_KEY_PASSPHRASE")
            && lines[0].contains("SNOWFLAKE_PRIVATE_KEY_PWD")
    );
    assert!(!lines[0].contains("hunter"));
}

#[test]
fn a_prefixed_name_of_another_tool_wins_as_ours_does() {
    let settings = settings(&[
        ("ENVIRONMENT", "production"),
        ("PRODUCTION_SNOWFLAKE_USERNAME", "PROD"),
        USER,
        ACCOUNT,
        ("SNOWFLAKE_PASSWORD", "p"),
    ]);
    assert_eq!(settings.warehouse.user.as_deref(), Some("PROD"));
}

#[test]
fn a_problem_names_what_was_written() {
    let lines = problems(&[ACCOUNT, USER, ("SNOWFLAKE_AUTHENTICATOR", "nonsense")]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("SNOWFLAKE_AUTHENTICATOR: expected one of `private_key`"));
    let lines = self::problems(&[
        ACCOUNT,
        USER,
        ("SNOWFLAKE_AUTHENTICATOR", "https://x.okta.com"),
    ]);
    assert!(lines[0].contains("Okta") && lines[0].contains("external_browser"));
}

#[test]
fn what_is_set_says_how_to_sign_in() {
    let how = |pairs: &[(&str, &str)]| {
        settings(&[&[ACCOUNT, USER], pairs].concat())
            .warehouse
            .auth_type
    };
    assert_eq!(how(&[("SNOWFLAKE_PASSWORD", "p")]), AuthType::Password);
    let both = [
        ("SNOWFLAKE_PASSWORD", "p"),
        ("SNOWFLAKE_PRIVATE_KEY", "MIIE"),
    ];
    assert_eq!(how(&both), AuthType::PrivateKey);
    assert_eq!(
        how(&[("SNOWFLAKE_PAT", "t")]),
        AuthType::ProgrammaticAccessToken
    );
    assert_eq!(how(&[("SNOWFLAKE_TOKEN", "ver:1-hint:2")]), AuthType::Oauth);
    let key = ("SNOWFLAKE_PRIVATE_KEY", "MIIE");
    for word in ["SNOWFLAKE_JWT", "snowflake_jwt", "snowflake", "keypair"] {
        assert_eq!(
            how(&[("SNOWFLAKE_AUTHENTICATOR", word), key]),
            AuthType::PrivateKey
        );
    }
    assert_eq!(
        how(&[("SNOWFLAKE_AUTHENTICATOR", "externalbrowser")]),
        AuthType::ExternalBrowser
    );
    let pat = [
        ("SNOWFLAKE_AUTHENTICATOR", "PROGRAMMATIC_ACCESS_TOKEN"),
        ("SNOWFLAKE_TOKEN", "t"),
    ];
    assert_eq!(how(&pat), AuthType::ProgrammaticAccessToken);
    let lines = problems(&[ACCOUNT, USER, ("SNOWFLAKE_TOKEN", "eyJ")]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0]
            .starts_with("SNOWFLAKE_AUTH_TYPE: expected `oauth` or `programmatic_access_token`")
    );
}

#[test]
fn quotes_that_docker_keeps_are_dropped_where_they_mean_nothing() {
    let pairs = [
        ("SNOWFLAKE_ACCOUNT", "\"myorg-acc\""),
        ("SNOWFLAKE_USER", "'MCP'"),
        ("SNOWFLAKE_ROLE", "\"reader\""),
        ("SNOWFLAKE_WAREHOUSE", "'WH'"),
        ("SNOWFLAKE_SCHEMA", "\"\""),
        ("SNOWFLAKE_PASSWORD", "\"hunter2\""),
        ("SERVER_PORT", "\"8001\""),
        ("ALLOWED_DATABASES", "\"a\",\"b\""),
    ];
    let settings = settings(&pairs);
    let warehouse = settings.warehouse;
    assert_eq!(settings.server.port, 8001);
    assert_eq!(warehouse.account.as_deref(), Some("myorg-acc"));
    assert_eq!(warehouse.user.as_deref(), Some("MCP"));
    assert_eq!(warehouse.role.as_deref(), Some("\"reader\""));
    assert_eq!(warehouse.warehouse.as_deref(), Some("WH"));
    assert_eq!(warehouse.schema, None);
    assert_eq!(warehouse.password.unwrap().expose_secret(), "\"hunter2\"");
    let notes = notes(&pairs);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].starts_with("SNOWFLAKE_PASSWORD: the quotes"));
    assert!(!notes[0].contains("hunter2"));
}

#[test]
fn a_path_in_place_of_the_key_is_a_path_and_the_other_way_round() {
    let pairs = [ACCOUNT, USER, ("SNOWFLAKE_PRIVATE_KEY", "/keys/k.p8")];
    let warehouse = settings(&pairs).warehouse;
    assert_eq!(
        warehouse.private_key_path.unwrap().to_str(),
        Some("/keys/k.p8")
    );
    assert!(warehouse.private_key.is_none());
    let problem = Sources::from_environment(vars(&pairs))
        .load(Purpose::Serve)
        .unwrap_err();
    assert!(
        problem
            .to_string()
            .starts_with("SNOWFLAKE_PRIVATE_KEY: expected the path of a file")
    );
    assert!(problem.warnings()[0].contains("is read as SNOWFLAKE_PRIVATE_KEY_PATH"));
    let pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
    let warehouse = settings(&[ACCOUNT, USER, ("SNOWFLAKE_PRIVATE_KEY_FILE", pem)]).warehouse;
    assert!(warehouse.private_key.is_some() && warehouse.private_key_path.is_none());
}

#[test]
fn a_tilde_is_the_home_folder_in_every_path() {
    for variable in variables() {
        if !matches!(variable.shape, super::super::Shape::Path(_)) {
            continue;
        }
        // Of those of TLS one needs the other.
        let others: &[(&str, &str)] = match variable.name {
            name if name.starts_with("TLS_") => &[("TLS_CERT_FILE", "/a"), ("TLS_KEY_FILE", "/a")],
            // It does nothing where it is not meant, so that is said.
            name if name.starts_with("SNOWFLAKE_EXCHANGE_") => &[("SNOWFLAKE_IDENTITY", "service")],
            _ => &[],
        };
        let at = |value: &str, home: &[(&str, &str)]| {
            let own = [ACCOUNT, USER, (variable.name, value)];
            Settings::from_vars(&vars(&[others, &own, home].concat()))
        };
        let shown = |outcome: Result<Settings, Problems>| match outcome {
            Ok(settings) => format!("{settings:?}"),
            Err(problems) => problems.to_string(),
        };
        let home = [("HOME", "/home/me")];
        let password = [("HOME", "/home/me"), ("SNOWFLAKE_PASSWORD", "p")];
        assert!(
            shown(at("~/x/y", &password)).contains("\"/home/me/x/y\""),
            "{}",
            variable.name
        );
        assert!(shown(at("~root/x", &home)).contains("`~` stands only for your own home folder"));
        assert!(shown(at("~/x", &[])).contains("HOME is not set"));
    }
}

#[test]
fn names_of_snowsql_are_named_and_not_taken() {
    let pairs = [("SNOWSQL_ACCOUNT", "myorg-acc")];
    assert_eq!(
        settings(&pairs).warehouse.backend,
        super::super::Backend::Embedded
    );
    assert_eq!(
        notes(&pairs),
        ["SNOWSQL_ACCOUNT: not read by this service; write SNOWFLAKE_ACCOUNT"]
    );
}
