use std::fs;

use tempfile::TempDir;

use super::*;
use crate::config::Purpose;
use crate::config::sources::Sources;

const TWO: &str = r#"
[dev]
account = "myorg-dev"
user = "ANNA"
authenticator = "SNOWFLAKE_JWT"
private_key_file = "~/keys/dev.p8"
private_key_file_pwd = "a passphrase"
warehouse = "dev_wh"
port = 444
client_session_keep_alive = true

["odd name"]
account = "myorg-odd"
user = "BOB"
password = "a secret value"
"#;

fn home(files: &[(&str, &str)]) -> TempDir {
    let home = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(home.path().join(name), text).unwrap();
    }
    home
}

fn vars(home: &TempDir, more: &[(&str, &str)]) -> BTreeMap<String, String> {
    let folder = home.path().display().to_string();
    let vars = [("SNOWFLAKE_HOME", folder.as_str()), ("HOME", "/home/me")];
    let vars = vars.iter().chain(more);
    vars.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn a_connection_is_read_where_it_is_named_only() {
    let home = home(&[("connections.toml", TWO)]);
    assert!(named(&vars(&home, &[])).unwrap().is_none());
    for setting in NAMED_BY {
        let found = named(&vars(&home, &[(setting, "dev")])).unwrap().unwrap();
        assert_eq!(found.values["SNOWFLAKE_ACCOUNT"], "myorg-dev");
        assert_eq!(found.values["SNOWFLAKE_PORT"], "444");
        assert_eq!(
            found.values["SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"],
            "a passphrase"
        );
        assert!(
            found.place.ends_with("connections.toml [dev]"),
            "{}",
            found.place
        );
        let notes = found.notes.join("\n");
        assert!(notes.contains("client_session_keep_alive"), "{notes}");
        assert!(notes.contains("chmod 600"), "{notes}");
    }
    // The one that was named for this service wins over the one for all tools.
    let both = [(NAMED_BY[0], "odd name"), (NAMED_BY[1], "dev")];
    let found = named(&vars(&home, &both)).unwrap().unwrap();
    assert_eq!(found.values["SNOWFLAKE_USER"], "BOB");
    let production = [
        ("ENVIRONMENT", "production"),
        ("PRODUCTION_SNOWFLAKE_CONNECTION_NAME", "dev"),
    ];
    assert!(named(&vars(&home, &production)).unwrap().is_some());
}

#[test]
fn the_other_file_is_read_too() {
    let text = "[cli.logs]\nsave_logs = true\n[connections.ci]\naccount = 'a-b'\n";
    let home = home(&[("config.toml", text), ("connections.toml", TWO)]);
    let found = named(&vars(&home, &[(NAMED_BY[0], "ci")]))
        .unwrap()
        .unwrap();
    assert_eq!(found.values["SNOWFLAKE_ACCOUNT"], "a-b");
}

#[test]
fn what_cannot_be_read_is_told_without_its_values() {
    for (text, name, told) in [
        (TWO, "nobody", "there are: dev, odd name"),
        ("", "dev", "there is no such file"),
        ("[dev]\naccount = a secret value", "dev", "line 2"),
        ("[dev]\naccount = ['a secret value']", "dev", "account"),
        (
            "[dev]\nuser = 'a secret value'\nusername = 'x'",
            "dev",
            "SNOWFLAKE_USER",
        ),
    ] {
        let home = home(&[("connections.toml", text)]);
        let problem = named(&vars(&home, &[(NAMED_BY[0], name)])).unwrap_err();
        let problem = format!("{problem:?}");
        assert!(problem.contains(told), "{told}: {problem}");
        assert!(!problem.contains("secret value"), "{problem}");
    }
    let home = home(&[("connections.toml", &"#".repeat(2 << 20))]);
    let problem = named(&vars(&home, &[(NAMED_BY[0], "dev")])).unwrap_err();
    assert!(problem.hint.unwrap().contains("larger"));
}

#[test]
fn the_environment_wins_and_a_key_replaces_the_path_to_one() {
    let home = home(&[("connections.toml", TWO)]);
    let mut given = vars(
        &home,
        &[
            (NAMED_BY[0], "dev"),
            ("SNOWFLAKE_USER", "MCP"),
            ("SNOWFLAKE_PRIVATE_KEY", "a key"),
        ],
    );
    let load = |given: &BTreeMap<String, String>| {
        let mut sources = Sources::from_environment(given.clone());
        sources.read_connection();
        sources
    };
    let understood = load(&given).understood();
    assert_eq!(understood.vars["SNOWFLAKE_USER"], "MCP");
    assert_eq!(understood.vars["SNOWFLAKE_ACCOUNT"], "myorg-dev");
    assert_eq!(understood.vars["SNOWFLAKE_AUTH_TYPE"], "private_key");
    assert!(!understood.vars.contains_key("SNOWFLAKE_PRIVATE_KEY_PATH"));

    let loaded = load(&given).load(Purpose::Serve).unwrap();
    let account = loaded
        .effective
        .iter()
        .find(|it| it.name == "SNOWFLAKE_ACCOUNT")
        .unwrap();
    assert!(
        format!("{account:?}").contains("connections.toml [dev]"),
        "{account:?}"
    );

    given.insert(NAMED_BY[0].to_owned(), "nobody".to_owned());
    let problems = load(&given).load(Purpose::Serve).unwrap_err();
    assert!(problems.iter().any(|it| it.name == NAMED_BY[0]));
}
