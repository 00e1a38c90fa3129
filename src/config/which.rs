//! The one setting that decides how the others are read.

use envconfig::Envconfig;

use super::environment::Environment;
use super::section::Section;
use super::shape::Shape;
use super::variable::settings;

settings! {
    /// Where the service runs.
    pub(super) struct Which in Section::Environment;

    // Development, so that the first command works with no settings at all; its values are only convenient, never unsafe,
    // because a port beyond loopback needs a key in every environment.
    /// Where the service runs. In `staging` and `production` every `SNOWFLAKE_` variable is first read with the prefix
    /// `STAGING_` or `PRODUCTION_`, and by its plain name when that is not set; `development` reads plain names only.
    pub(super) environment: Environment = "ENVIRONMENT", Shape::Choice(Environment::WORDS), default "development";
}
