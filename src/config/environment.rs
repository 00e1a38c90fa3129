//! Which of the three environments this is. It picks the defaults, and which `…_SNOWFLAKE_` names are read first.

use super::types::words;

words! {
    /// Where the service runs.
    Environment {
        /// A laptop or a test. Works without any setting, on the embedded engine.
        Development = "development",
        /// A rehearsal of production.
        Staging = "staging",
        /// The real thing.
        Production = "production",
    }
}

impl Environment {
    /// What is put before `SNOWFLAKE_…` names here. Development reads the plain names only.
    #[must_use]
    pub const fn prefix(self) -> Option<&'static str> {
        match self {
            Self::Development => None,
            Self::Staging => Some("STAGING_"),
            Self::Production => Some("PRODUCTION_"),
        }
    }

    /// A variable's name without the prefix of whichever environment.
    pub(super) fn plain(name: &str) -> &str {
        let prefixes = [Self::Staging, Self::Production].into_iter();
        let mut stripped = prefixes.filter_map(|environment| {
            let plain = name.strip_prefix(environment.prefix()?)?;
            plain.starts_with("SNOWFLAKE_").then_some(plain)
        });
        stripped.next().unwrap_or(name)
    }
}
