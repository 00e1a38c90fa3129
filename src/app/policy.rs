//! What statements may do, from the settings.

use std::fmt::Display;
use std::str::FromStr;

use crate::config::types::List;
use crate::config::{Backend, CustomToolsMay, HistoryScope, Problem, Settings, SqlPolicy};
use crate::policy::{CurrentNames, Options, Policy, Preset};
use crate::sql::{Class, Identifier};

use super::Error;

/// Where the statements of a call run that says nothing about it.
#[derive(Debug, Default)]
pub(super) struct Defaults {
    pub(super) database: Option<Identifier>,
    pub(super) schema: Option<Identifier>,
    role: Option<Identifier>,
    warehouse: Option<Identifier>,
}

/// Everything in the settings that makes no policy. Whether a default is allowed depends on other settings, which must be right.
pub(super) fn problems(settings: &Settings, is_right: bool) -> Vec<Problem> {
    let mut reader = Reader::default();
    let defaults = reader.defaults(settings);
    let policy = Policy::new(reader.options(settings));
    // A default that the lists refuse would make every call fail, so it is told now.
    if is_right && reader.problems.is_empty() {
        let role = CurrentNames {
            role: defaults.role.as_ref(),
            ..CurrentNames::default()
        };
        let warehouse = CurrentNames {
            warehouse: defaults.warehouse.as_ref(),
            ..CurrentNames::default()
        };
        for (setting, place) in [("SNOWFLAKE_ROLE", role), ("SNOWFLAKE_WAREHOUSE", warehouse)] {
            if let Err(refusal) = policy.admit_defaults(&place) {
                reader.problems.push(problem(setting, &refusal));
            }
        }
    }
    reader.problems
}

/// The policy that the settings describe.
///
/// # Errors
///
/// A name in them cannot be read. Leaving it out would guard less than was asked for.
pub(super) fn policy(settings: &Settings) -> Result<Policy, Error> {
    let mut reader = Reader::default();
    let options = reader.options(settings);
    reader.outcome(Policy::new(options))
}

impl Defaults {
    /// # Errors
    ///
    /// A name cannot be read.
    pub(super) fn read(settings: &Settings) -> Result<Self, Error> {
        let mut reader = Reader::default();
        let defaults = reader.defaults(settings);
        reader.outcome(defaults)
    }
}

#[cfg(feature = "embedded")]
fn embedded_names() -> (Option<&'static str>, Option<&'static str>) {
    use crate::warehouse::embedded::{DEFAULT_DATABASE, DEFAULT_SCHEMA};
    (Some(DEFAULT_DATABASE), Some(DEFAULT_SCHEMA))
}

#[cfg(not(feature = "embedded"))]
fn embedded_names() -> (Option<&'static str>, Option<&'static str>) {
    (None, None)
}

/// Reads the texts of the settings, and keeps what is wrong with them.
#[derive(Debug, Default)]
struct Reader {
    problems: Vec<Problem>,
}

fn problem(setting: &'static str, reason: &dyn Display) -> Problem {
    Problem::of_room(setting, format!("{setting}: {reason}"))
}

impl Reader {
    /// What was read, if all of it could be.
    fn outcome<T>(mut self, read: T) -> Result<T, Error> {
        match self.problems.pop() {
            Some(problem) => Err(Error::Setting(problem)),
            None => Ok(read),
        }
    }

    fn options(&mut self, settings: &Settings) -> Options {
        let policy = &settings.policy;
        let preset = match policy.sql_policy {
            SqlPolicy::ReadOnly => Preset::ReadOnly,
            SqlPolicy::ReadWrite => Preset::ReadWrite,
            SqlPolicy::Admin => Preset::Admin,
        };
        Options {
            preset,
            allowed_statements: self.list("ALLOWED_STATEMENTS", &policy.allowed_statements),
            denied_statements: self.denied("DENIED_STATEMENTS", &policy.denied_statements),
            allowed_side_effects: self.list("ALLOWED_SIDE_EFFECTS", &policy.allowed_side_effects),
            custom_tools_may: policy
                .custom_tools_may
                .iter()
                .filter_map(|word| match word {
                    CustomToolsMay::Read => None,
                    CustomToolsMay::Write => Some(Class::Write),
                    CustomToolsMay::Call => Some(Class::Procedure),
                })
                .collect(),
            denied_functions: self.denied("DENIED_FUNCTIONS", &policy.denied_functions),
            allowed_databases: self.list("ALLOWED_DATABASES", &policy.allowed_databases),
            allowed_schemas: self.list("ALLOWED_SCHEMAS", &policy.allowed_schemas),
            allowed_objects: self.list("ALLOWED_OBJECTS", &policy.allowed_objects),
            denied_objects: self.denied("DENIED_OBJECTS", &policy.denied_objects),
            allowed_roles: self.list("ALLOWED_ROLES", &policy.allowed_roles),
            allowed_warehouses: self.list("ALLOWED_WAREHOUSES", &policy.allowed_warehouses),
            shares_history: policy.history_scope == HistoryScope::User,
        }
    }

    fn defaults(&mut self, settings: &Settings) -> Defaults {
        let set = &settings.warehouse;
        // The engine has one place and no roles; what is set for an account does not apply.
        if set.backend == Backend::Embedded {
            let (database, schema) = embedded_names();
            return Defaults {
                database: self.name("SNOWFLAKE_DATABASE", database),
                schema: self.name("SNOWFLAKE_SCHEMA", schema),
                ..Defaults::default()
            };
        }
        Defaults {
            database: self.name("SNOWFLAKE_DATABASE", set.database.as_deref()),
            schema: self.name("SNOWFLAKE_SCHEMA", set.schema.as_deref()),
            role: self.name("SNOWFLAKE_ROLE", set.role.as_deref()),
            warehouse: self.name("SNOWFLAKE_WAREHOUSE", set.warehouse.as_deref()),
        }
    }

    fn denied<T: FromStr<Err: Display>>(
        &mut self,
        setting: &'static str,
        texts: &Option<List>,
    ) -> Vec<T> {
        self.list(setting, texts).unwrap_or_default()
    }

    fn list<T: FromStr<Err: Display>>(
        &mut self,
        setting: &'static str,
        texts: &Option<List>,
    ) -> Option<Vec<T>> {
        let texts = texts.as_ref()?;
        Some(
            texts
                .iter()
                .filter_map(|text| self.name(setting, Some(text)))
                .collect(),
        )
    }

    fn name<T: FromStr<Err: Display>>(
        &mut self,
        setting: &'static str,
        text: Option<&str>,
    ) -> Option<T> {
        match text?.parse() {
            Ok(name) => Some(name),
            Err(reason) => {
                self.problems.push(problem(setting, &reason));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn told(pairs: &[(&str, &str)]) -> Vec<String> {
        let account = [
            ("SNOWFLAKE_ACCOUNT", "myorg-myaccount"),
            ("SNOWFLAKE_USER", "AGENTS"),
            ("SNOWFLAKE_AUTH_TYPE", "password"),
            ("SNOWFLAKE_PASSWORD", "secret"),
        ];
        let vars: BTreeMap<_, _> = account
            .iter()
            .chain(pairs)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let settings = Settings::from_vars(&vars).unwrap();
        problems(&settings, true)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn the_settings_role_and_warehouse_must_be_among_those_allowed() {
        let none: [&str; 0] = [];
        assert_eq!(told(&[("SNOWFLAKE_ROLE", "ANALYST")]), none);
        let named = [
            ("SNOWFLAKE_ROLE", "SYSADMIN"),
            ("ALLOWED_ROLES", "SYSADMIN"),
        ];
        assert_eq!(told(&named), none);
        for pairs in [
            &[("SNOWFLAKE_ROLE", "SYSADMIN")][..],
            &[("SNOWFLAKE_ROLE", "SYSADMIN"), ("ALLOWED_ROLES", "*")],
            &[("SNOWFLAKE_ROLE", "ANALYST"), ("ALLOWED_ROLES", "LOADER")],
        ] {
            let told = told(pairs);
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(told[0].starts_with("SNOWFLAKE_ROLE: the role "), "{told:?}");
        }
        let told = told(&[
            ("SNOWFLAKE_WAREHOUSE", "XXL"),
            ("ALLOWED_WAREHOUSES", "AGENT_*"),
        ]);
        assert!(told[0].starts_with("SNOWFLAKE_WAREHOUSE: "), "{told:?}");
    }

    #[test]
    fn every_text_that_makes_no_policy_is_told() {
        let wrong = [
            ("ALLOWED_STATEMENTS", "FROBNICATE"),
            ("DENIED_STATEMENTS", "CREATE OR REPLACE"),
        ];
        let told = told(&wrong);
        assert_eq!(told.len(), 2, "{told:?}");
        for (told, (name, _)) in told.iter().zip(wrong) {
            assert!(told.starts_with(name), "{told}");
        }
    }
}
