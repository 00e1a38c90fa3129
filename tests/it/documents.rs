//! What restates code is generated and compared. `make docs` rewrites it (`UPDATE_DOCS=1` is how it asks to).

use std::fs;
use std::path::Path;

use snowflake_mcp::config::{Environment, env_file, render};

#[expect(
    clippy::disallowed_methods,
    reason = "no setting of the service, a request of the person who runs the test"
)]
fn is_current(name: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "{name} is stale: run `make docs`, read the difference, commit it"
    );
}

#[test]
fn the_reference_of_the_settings_and_the_env_files_are_current() {
    is_current("docs/configuration.md", &render::markdown());
    is_current(".env.development", &env_file(Environment::Development));
    is_current(".env.production", &env_file(Environment::Production));
}

#[test]
fn the_list_of_error_codes_is_current() {
    is_current("docs/errors.md", &snowflake_mcp::mcp::failure::reference());
}

#[test]
fn the_list_of_tools_is_current() {
    is_current("docs/tools.md", &snowflake_mcp::mcp::tools::reference());
}

#[test]
fn the_list_of_metrics_is_current() {
    is_current(
        "docs/metrics.md",
        &snowflake_mcp::telemetry::metrics::reference(),
    );
}

#[test]
fn the_schema_of_custom_tools_is_current() {
    is_current(
        "docs/custom-tools.schema.json",
        &snowflake_mcp::mcp::custom::schema(),
    );
}

#[test]
fn the_schema_of_callers_files_is_current() {
    is_current(
        "docs/callers.schema.json",
        &snowflake_mcp::identity::schema(),
    );
}

#[test]
fn the_schema_of_audit_records_is_current() {
    is_current(
        "docs/audit-record.schema.json",
        &snowflake_mcp::telemetry::audit::schema(),
    );
}

#[cfg(feature = "embedded")]
#[test]
fn the_list_of_the_embedded_engines_functions_is_current() {
    let reference = snowflake_mcp::warehouse::embedded::functions_reference();
    is_current("docs/embedded-functions.md", &reference);
}

/// Rust and Python of the sources and tests.
fn sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_source = ["rs", "py"]
            .iter()
            .any(|end| path.extension() == Some(end.as_ref()));
        if path.is_dir() {
            sources(&path, into);
        } else if is_source {
            into.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

/// SECURITY.md promises a test for each of sixty attacks.
#[test]
fn every_attack_has_a_test_that_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = String::new();
    for folder in ["src", "tests/it", "tests/attack", "tests/clients"] {
        sources(&root.join(folder), &mut code);
    }
    let text = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let (_, tables) = text.split_once("### TLS").unwrap();
    let mut rows = std::collections::BTreeSet::new();
    for line in tables.lines().filter_map(|line| line.strip_prefix("| ")) {
        let (numbers, rest) = line.split_once('|').unwrap();
        let numbers: Vec<u32> = numbers
            .split(',')
            .filter_map(|it| it.trim().parse().ok())
            .collect();
        if numbers.is_empty() {
            continue;
        }
        let is_name = |text: &&str| {
            text.contains('_')
                && text
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        for name in rest.split('`').skip(1).step_by(2).filter(is_name) {
            let is_there = ["fn ", "def "]
                .iter()
                .any(|word| code.contains(&format!("{word}{name}(")));
            // Codes of errors and the like are in the column before.
            assert!(
                is_there || code.contains(&format!("\"{name}\"")),
                "{numbers:?}: no test {name}"
            );
        }
        assert!(
            rest.contains('`') || rest.contains("as "),
            "{numbers:?} names no test"
        );
        rows.extend(numbers);
    }
    assert_eq!(
        rows.into_iter().collect::<Vec<_>>(),
        (1..=60).collect::<Vec<_>>()
    );
}
