//! What statements may do, from the settings.

use crate::config::{Backend, Settings, SqlPolicy};
use crate::policy::{Options, Policy, Preset};
use crate::sql::Identifier;

use super::Error;

/// The policy that the settings describe.
///
/// # Errors
///
/// A name in them cannot be read. Leaving it out would guard less than was asked for.
pub(super) fn policy(settings: &Settings) -> Result<Policy, Error> {
    let limits = &settings.limits;
    let preset = match limits.sql_policy {
        SqlPolicy::ReadOnly => Preset::ReadOnly,
        SqlPolicy::ReadWrite => Preset::ReadWrite,
        SqlPolicy::Admin => Preset::Admin,
    };
    let allowed_databases = limits
        .allowed_databases
        .as_ref()
        .map(|names| read_all("ALLOWED_DATABASES", names.iter()))
        .transpose()?;
    let denied_functions = limits
        .denied_functions
        .as_ref()
        .map(|patterns| read_all("DENIED_FUNCTIONS", patterns.iter()))
        .transpose()?;
    Ok(Policy::new(Options {
        preset,
        allowed_databases,
        denied_functions: denied_functions.unwrap_or_default(),
    }))
}

/// The database of a call that names none.
///
/// # Errors
///
/// Its name cannot be read.
pub(super) fn default_database(settings: &Settings) -> Result<Option<Identifier>, Error> {
    let name = match settings.warehouse.backend {
        Backend::Embedded => embedded_database(),
        Backend::Snowflake => settings.warehouse.database.as_deref(),
    };
    name.map(|name| read("SNOWFLAKE_DATABASE", name))
        .transpose()
}

#[cfg(feature = "embedded")]
fn embedded_database() -> Option<&'static str> {
    Some(crate::warehouse::embedded::DEFAULT_DATABASE)
}

#[cfg(not(feature = "embedded"))]
fn embedded_database() -> Option<&'static str> {
    None
}

fn read_all<'texts, T>(
    setting: &'static str,
    texts: impl Iterator<Item = &'texts String>,
) -> Result<Vec<T>, Error>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    texts.map(|text| read(setting, text)).collect()
}

fn read<T>(setting: &'static str, text: &str) -> Result<T, Error>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    text.parse().map_err(|reason: T::Err| Error::Setting {
        setting,
        reason: reason.to_string(),
    })
}
