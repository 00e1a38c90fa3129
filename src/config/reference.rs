//! The reference table: every variable there is, once.
//!
//! Defaults that differ between environments, checks, error texts, `snowflake-mcp config`, `docs/configuration.md` and the
//! tests of the env files all come from here. To add a variable: a field in its section's struct, an entry here, a line in
//! both `.env.*` files, then `snowflake-mcp config --markdown > docs/configuration.md`; the tests name what was forgotten.

mod access;
mod embedded;
pub(super) mod forms;
mod limits;
mod policy;
mod pool;
mod server;
mod telemetry;
mod variable;
mod warehouse;

pub use self::variable::{Availability, Default, Quotes, Section, Variable};

/// The entry of a name, without prefix.
#[must_use]
pub fn find(name: &str) -> Option<&'static Variable> {
    variables().find(|variable| variable.name == name)
}

/// The sections with their variables, in the order of the documentation.
const SECTIONS: [&[Variable]; 8] = [
    server::VARIABLES,
    access::VARIABLES,
    warehouse::VARIABLES,
    pool::VARIABLES,
    limits::VARIABLES,
    policy::VARIABLES,
    embedded::VARIABLES,
    telemetry::VARIABLES,
];

/// Every variable, by section.
pub fn variables() -> impl Iterator<Item = &'static Variable> {
    SECTIONS.into_iter().flatten()
}

#[cfg(test)]
mod tests;
