//! Which of the three environments this is. It decides the defaults, and the prefix under which `SNOWFLAKE_…` names are read
//! first.

use super::types::words;

words! {
    /// Where the service runs.
    Environment {
        /// A laptop or a test. Works without any setting, on the embedded engine.
        Development = "development",
        /// A rehearsal of production.
        Staging = "staging",
        /// The service that people rely on.
        Production = "production",
    }
}

impl Environment {
    /// The prefix of `SNOWFLAKE_…` names. Development has none.
    #[must_use]
    pub const fn prefix(self) -> Option<&'static str> {
        match self {
            Self::Development => None,
            Self::Staging => Some("STAGING_"),
            Self::Production => Some("PRODUCTION_"),
        }
    }

    /// A variable's name without the prefix of an environment.
    pub(super) fn plain(name: &str) -> &str {
        let prefixes = [Self::Staging, Self::Production].into_iter();
        let mut stripped = prefixes.filter_map(|environment| {
            let plain = name.strip_prefix(environment.prefix()?)?;
            plain.starts_with("SNOWFLAKE_").then_some(plain)
        });
        stripped.next().unwrap_or(name)
    }
}
