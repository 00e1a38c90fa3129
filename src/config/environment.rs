//! Which of the three environments this is. It picks the defaults, and which `…_SNOWFLAKE_` names are read first.

use envconfig::Envconfig;

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

/// The one variable that decides how the others are read.
#[derive(Debug, Clone, Envconfig)]
pub(super) struct Which {
    /// Development is the default so that the first command works with no settings at all; its values are only
    /// convenient, never unsafe, because a port beyond loopback needs a key in every environment.
    #[envconfig(from = "ENVIRONMENT", default = "development")]
    pub(super) environment: Environment,
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
