use super::*;

fn warn(name: &str) -> Option<String> {
    warning(name, false)
}

#[test]
fn a_misspelt_name_is_answered_with_the_nearest() {
    for (name, nearest) in [
        ("SNOWFLAKE_ACOUNT", "SNOWFLAKE_ACCOUNT"),
        ("PRODUCTION_SNOWFLAKE_USERS", "PRODUCTION_SNOWFLAKE_USER"),
        ("SERVER_PROT", "SERVER_PORT"),
        ("EMBEDDED_SCALE", "EMBEDDED_SCALE_FACTOR"),
        ("CORS_ORIGIN", "CORS_ORIGINS"),
        ("QUERY_TIMEOUTS", "QUERY_TIMEOUT"),
    ] {
        let warning = warn(name).unwrap_or_default();
        if name == "EMBEDDED_SCALE" {
            assert!(
                warning.starts_with(name),
                "far from all, but ours by its prefix: {warning}"
            );
        } else {
            assert!(
                warning.ends_with(&format!("did you mean {nearest}?")),
                "{name}: {warning}"
            );
        }
    }
}

#[test]
fn names_that_are_known_or_belong_to_others_are_left_alone() {
    for name in [
        "SNOWFLAKE_ACCOUNT",
        "STAGING_SNOWFLAKE_ACCOUNT",
        "OTEL_BSP_SCHEDULE_DELAY",
        "PATH",
        "HOME",
        "LOG_DIR",
        "SNOWFLAKE_HOME",
        "SNOWFLAKE_CONNECTIONS_DEV_ACCOUNT",
        "SNOWFLAKE_MCP_SERVICE_HOST",
        "SERVER_SERVICE_PORT",
        "SERVER_PORT_8000_TCP_ADDR",
        "PRODUCTION_DATABASE_URL",
    ] {
        assert_eq!(warn(name), None);
    }
}

#[test]
fn a_prefix_where_none_is_read_is_pointed_out() {
    let warning = warn("PRODUCTION_SERVER_PORT").unwrap();
    assert!(warning.ends_with("write SERVER_PORT"), "{warning}");
}

#[test]
fn in_the_file_every_unknown_name_counts_unless_it_is_referenced() {
    let vars = ["MY_HELPER", "MY_OTHER", "COMPOSE_PROJECT_NAME", "QIDAQABo"]
        .map(|name| (name.to_owned(), "x".to_owned()))
        .into();
    let from_file = BTreeSet::from(["MY_HELPER", "MY_OTHER", "COMPOSE_PROJECT_NAME", "QIDAQABo"]);
    let warnings = warnings(&vars, &from_file, &BTreeSet::from(["MY_HELPER"]));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("MY_OTHER: not a variable of this service"));
}
