//! The reference: every setting there is, once, in the order of the documentation.
//!
//! To add a setting, add it to its section's [`settings!`](super::variable::settings) and run `make docs`.

use super::variable::Variable;
use super::{
    auth, embedded, exchange, limits, oauth, policy, pool, server, telemetry, tls, warehouse, which,
};

/// The sections with their settings. [`which`] comes first: it decides how the others are read.
const SECTIONS: [&[Variable]; 12] = [
    which::SETTINGS,
    server::SETTINGS,
    tls::SETTINGS,
    auth::SETTINGS,
    oauth::SETTINGS,
    exchange::SETTINGS,
    warehouse::SETTINGS,
    pool::SETTINGS,
    limits::SETTINGS,
    policy::SETTINGS,
    embedded::SETTINGS,
    telemetry::SETTINGS,
];

/// Every setting, by section.
pub fn variables() -> impl Iterator<Item = &'static Variable> {
    SECTIONS.into_iter().flatten()
}

/// The entry of a name, without prefix.
#[must_use]
pub fn find(name: &str) -> Option<&'static Variable> {
    variables().find(|variable| variable.name == name)
}

#[cfg(test)]
mod tests;
