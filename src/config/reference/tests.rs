//! The table against everything that must agree with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;

use super::super::shape::Shape;
use super::super::variable::Default;
use super::super::{Environment, Purpose, Settings, Sources, brought};
use super::*;

const DEVELOPMENT: &str = include_str!("../../../.env.development");
const PRODUCTION: &str = include_str!("../../../.env.production");

#[test]
fn every_default_is_one_of_the_values_its_variable_accepts() {
    for variable in variables() {
        for environment in [
            Environment::Development,
            Environment::Staging,
            Environment::Production,
        ] {
            if let Some(value) = variable.default_in(environment) {
                assert!(variable.shape.accepts(value), "{} = {value}", variable.name);
            }
        }
        assert!(
            !variable.about.is_empty() && variable.about.ends_with('.'),
            "{}",
            variable.name
        );
        // It would end its cell in the tables of the documents.
        assert!(!variable.about.contains('|'), "{}", variable.name);
        assert!(
            !matches!(variable.default, Default::Unset("")),
            "{}: what does unset mean?",
            variable.name
        );
    }
}

#[test]
fn no_name_is_there_twice_and_sections_stay_together() {
    let names: BTreeSet<_> = variables().map(|variable| variable.name).collect();
    assert_eq!(names.len(), variables().count());
    assert!(variables().is_sorted_by_key(|variable| variable.section));
    assert_eq!(
        variables().next().unwrap().name,
        "ENVIRONMENT",
        "it decides how the others are read"
    );
}

fn load(path: &str, file: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let mut sources = Sources::from_environment(environment);
    sources.add_file(Path::new(path), file);
    let loaded = sources
        .load(Purpose::Serve)
        .map_err(|problems| problems.to_string())?;
    let mut warnings = loaded.warnings.iter();
    let unknown = warnings.find(|warning| warning.contains("not a variable"));
    assert_eq!(unknown, None);
    Ok(loaded.settings)
}

#[test]
fn the_development_file_loads_as_it_is_and_changes_nothing() {
    let from_file = load(".env.development", DEVELOPMENT, &[]).unwrap();
    let from_nothing = Settings::from_vars(&BTreeMap::new()).unwrap();
    assert_eq!(format!("{from_file:?}"), format!("{from_nothing:?}"));
}

#[test]
fn the_production_file_asks_for_the_account_and_nothing_else() {
    let problems = load(".env.production", PRODUCTION, &[]).unwrap_err();
    let names: Vec<_> = problems
        .lines()
        .map(|line| line.split([':', ' ']).next().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "SNOWFLAKE_ACCOUNT",
            "SNOWFLAKE_USER",
            "SNOWFLAKE_PRIVATE_KEY_PATH"
        ]
    );

    let key = tempfile::NamedTempFile::new().unwrap();
    let path = key.path().to_str().unwrap();
    let settings = load(
        ".env.production",
        PRODUCTION,
        &[
            ("PRODUCTION_SNOWFLAKE_ACCOUNT", "myorg-prod"),
            ("SNOWFLAKE_USER", "MCP"),
            ("PRODUCTION_SNOWFLAKE_PRIVATE_KEY_PATH", path),
        ],
    )
    .unwrap();
    assert_eq!(settings.environment, Environment::Production);
    assert_eq!(settings.warehouse.account.as_deref(), Some("myorg-prod"));
    assert_eq!(settings.warehouse.user.as_deref(), Some("MCP"));
}

/// What the design fixed, so that nobody changes it by the way: name, then development, staging and production.
const FIXED: &[(&str, [&str; 3])] = &[
    ("ENVIRONMENT", ["development"; 3]),
    ("SNOWFLAKE_AUTH_TYPE", ["private_key"; 3]),
    ("SNOWFLAKE_POOL_MIN_SIZE", ["1", "2", "5"]),
    ("SNOWFLAKE_POOL_MAX_SIZE", ["5", "10", "20"]),
    ("SNOWFLAKE_POOL_MAX_INACTIVE_MINUTES", ["30"; 3]),
    ("SNOWFLAKE_POOL_HEALTH_CHECK_MINUTES", ["5"; 3]),
    ("SNOWFLAKE_POOL_CONNECTION_TIMEOUT", ["30.0"; 3]),
    ("SNOWFLAKE_POOL_RETRY_ATTEMPTS", ["3"; 3]),
    ("SERVER_HOST", ["localhost"; 3]),
    ("SERVER_PORT", ["8000"; 3]),
    ("SERVER_WORKERS", ["1", "2", "4"]),
    ("SERVER_RELOAD", ["true", "false", "false"]),
    ("LOG_LEVEL", ["DEBUG", "INFO", "WARNING"]),
    (
        "CORS_ORIGINS",
        [
            "*",
            "https://staging.example.com",
            "https://app.example.com",
        ],
    ),
    ("KEEPALIVE_TIMEOUT", ["5"; 3]),
    ("MAX_CONNECTIONS", ["1000"; 3]),
    ("DEFAULT_ROWS", ["100"; 3]),
    ("MAX_ROWS", ["10000"; 3]),
    ("SYNC_WAIT", ["45s"; 3]),
];

#[test]
fn the_defaults_of_the_design_are_kept() {
    for (name, values) in FIXED {
        let variable = find(name).unwrap();
        let environments = [
            Environment::Development,
            Environment::Staging,
            Environment::Production,
        ];
        let defaults = environments.map(|environment| variable.default_in(environment).unwrap());
        assert_eq!(defaults, *values, "{name}");
    }
}

#[test]
fn both_ends_of_every_range_are_read_and_what_is_beyond_is_not() {
    for variable in variables() {
        let (inside, beyond) = match variable.shape {
            Shape::Whole(min, max) => (
                vec![min.to_string(), max.to_string()],
                (max + 1).to_string(),
            ),
            Shape::Seconds(min, max) | Shape::Minutes(min, max) => (
                vec![min.to_string(), max.to_string()],
                (max + 1).to_string(),
            ),
            Shape::Decimal(min, max) => (
                vec![min.to_string(), max.to_string()],
                (max + 1.0).to_string(),
            ),
            Shape::Span(min, max) => (vec![min.to_string(), max.to_string()], "9999h".to_owned()),
            Shape::Size(min, max) => (
                vec![min.to_string(), max.to_string()],
                "99999999GiB".to_owned(),
            ),
            _ => continue,
        };
        let expected = variable.shape.to_string();
        let is_refused = |value: &str| {
            let vars = BTreeMap::from([(variable.name.to_owned(), value.to_owned())]);
            Settings::from_vars(&vars)
                .is_err_and(|problems| problems.iter().any(|problem| problem.expected == expected))
        };
        for value in inside {
            assert!(!is_refused(&value), "{} = {value}", variable.name);
        }
        assert!(is_refused(&beyond), "{} = {beyond}", variable.name);
    }
}

proptest! {
    /// The table checks before the structs read. Where it accepts what a struct does not, the struct's refusal would
    /// have no words of its own; where it refuses, there must be exactly one problem.
    #[test]
    fn what_the_table_accepts_the_structs_read(
        index in 0..variables().count(),
        text in "[ -~]{1,12}|[0-9]{1,6}|[0-9]{1,4}(ms|s|m|h|KiB|MiB|GiB|B)|[a-z_]{3,12}(,[a-z_]{3,12})?",
    ) {
        let variable = variables().nth(index).unwrap();
        let vars = BTreeMap::from([(variable.name.to_owned(), text.clone())]);
        let of_this = |problems: &super::super::Problems| {
            problems.iter().filter(|problem| problem.name == variable.name).count()
        };
        let expected = variable.shape.to_string();
        // Left-over quotes and the words of other tools are gone before the table is asked.
        let meant = brought::understand(&vars, &BTreeMap::new()).vars;
        let meant = meant.get(variable.name).map_or("", |text| text.trim());
        if let Err(problems) = Settings::from_vars(&vars) {
            prop_assert!(of_this(&problems) <= 1, "{}", problems);
            let refused = problems.iter().any(|p| p.name == variable.name && p.expected == expected);
            prop_assert_eq!(refused, !meant.is_empty() && !variable.shape.accepts(meant), "{}", problems);
        }
    }
}
