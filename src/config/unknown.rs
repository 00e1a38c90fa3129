//! Finds names that look like ours and are not. Otherwise misspelt names would be ignored in silence.

use std::collections::{BTreeMap, BTreeSet};

use super::brought;
use super::environment::Environment;
use super::reference::{self, variables};
use super::variable::Variable;

/// Prefixes under which every name is ours, so that an unknown one is a mistake.
const OUR_PREFIXES: [&str; 6] = [
    "SNOWFLAKE_",
    "SERVER_",
    "EMBEDDED_",
    "OAUTH_",
    "WAREHOUSE_",
    "TLS_",
];

/// Names under our prefixes that belong to other programs: Snowflake's command line, and this program's build.
const NOT_OURS: [&str; 5] = [
    "SNOWFLAKE_HOME",
    "SNOWFLAKE_CONNECTIONS",
    "SNOWFLAKE_DEFAULT_",
    "SNOWFLAKE_CLI_",
    "SNOWFLAKE_MCP_",
];

/// Shorter names resemble others by accident.
const SHORTEST_NEAR_MISS: usize = 6;

/// A warning for each name that was probably meant for this program. `from_file` are the names of the env file: all of them
/// are meant for us, except those that other entries refer to.
pub(super) fn warnings(
    vars: &BTreeMap<String, String>,
    from_file: &BTreeSet<&str>,
    referenced: &BTreeSet<&str>,
) -> Vec<String> {
    let names = vars.keys().map(String::as_str);
    names
        .filter(|name| !referenced.contains(name))
        .filter_map(|name| warning(name, from_file.contains(name)))
        .collect()
}

fn warning(name: &str, from_file: bool) -> Option<String> {
    let (prefix, plain) = split_prefix(name);
    if let Some(variable) = reference::find(plain) {
        // The value would be ignored in silence.
        let misplaced = !prefix.is_empty() && !variable.takes_prefix();
        return misplaced
            .then(|| format!("{name}: only SNOWFLAKE_ variables take a prefix; write {plain}"));
    }
    if brought::our_name(plain).is_some() || brought::named_only(plain).is_some() {
        return None;
    }
    // Kubernetes puts variables of every Service into each container, and some look like ours.
    if NOT_OURS.iter().any(|other| plain.starts_with(other)) || is_service_link(plain) {
        return None;
    }
    // OpenTelemetry has more names than our reference, and other libraries read them.
    if plain.starts_with("OTEL_") || (!prefix.is_empty() && !plain.starts_with("SNOWFLAKE_")) {
        return None;
    }
    let ours = OUR_PREFIXES.iter().any(|prefix| plain.starts_with(prefix));
    let nearest = nearest(plain);
    // In an environment, other programs' names stand beside ours. Only one letter's difference in a
    // long name is no accident.
    let near_miss = plain.len() >= SHORTEST_NEAR_MISS
        && nearest.is_some_and(|(distance, known)| {
            distance <= 1 && known.name.len() >= SHORTEST_NEAR_MISS
        });
    // Settings of Docker Compose, which a project's file may contain.
    let to_others = plain.starts_with("COMPOSE_") || plain.starts_with("DOCKER_");
    // In a file that was made for this service, every other name is suspicious.
    if !(ours || near_miss || (from_file && !to_others && is_plainly_a_name(plain))) {
        return None;
    }
    Some(
        // A suggestion that shares little with what was written would puzzle more than help.
        match nearest.filter(|(distance, _)| *distance <= 1 + plain.len() / 4) {
            Some((_, known)) => format!(
                "{name}: not a variable of this service; did you mean {prefix}{}?",
                known.name
            ),
            None => {
                format!("{name}: not a variable of this service; `snowflake-mcp config` lists them")
            }
        },
    )
}

fn split_prefix(name: &str) -> (&str, &str) {
    [Environment::Staging, Environment::Production]
        .into_iter()
        .filter_map(Environment::prefix)
        .find(|prefix| name.starts_with(prefix))
        .map_or(("", name), |prefix| name.split_at(prefix.len()))
}

fn nearest(name: &str) -> Option<(usize, &'static Variable)> {
    variables()
        .map(|variable| (strsim::damerau_levenshtein(name, variable.name), variable))
        .min_by_key(|(distance, _)| *distance)
}

/// Variables that Kubernetes adds for a service named `server` or `snowflake`: `SERVER_SERVICE_HOST`,
/// `SERVER_PORT_8000_TCP_ADDR`.
fn is_service_link(name: &str) -> bool {
    name.contains("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.split_once("_PORT_").is_some_and(|(_, rest)| {
            rest.starts_with(|c: char| c.is_ascii_digit())
                && (rest.contains("_TCP") || rest.contains("_UDP"))
        })
}

/// The tail of a private key pasted without quotes also looks like `name=`; that is never repeated in a log.
fn is_plainly_a_name(name: &str) -> bool {
    name.contains('_') && !name.contains(|c: char| c.is_ascii_lowercase())
}

#[cfg(test)]
mod tests;
