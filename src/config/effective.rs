//! The value of every variable that is in force, and where it comes from.

use super::Environment;
use super::brought::Understood;
use super::reference::{self, variables};
use super::resolve::lookup;
use super::rules::backend_in_force;
use super::sources::Sources;
use super::variable::{Default, Variable};

/// Shown instead of a secret.
const MASK: &str = "****";

/// A variable's value in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// The variable's plain name.
    pub name: &'static str,
    /// Its value; a secret is masked, unset is `None`.
    pub value: Option<String>,
    /// Where the value comes from, in words.
    pub origin: String,
    /// Whether somebody has set it.
    pub is_set: bool,
}

impl Sources {
    /// The environment in force; development if none, or an unknown one, is named.
    #[must_use]
    pub fn environment(&self) -> Environment {
        let understood = self.understood();
        let named = understood.vars.get("ENVIRONMENT");
        named
            .and_then(|value| value.trim().parse().ok())
            .unwrap_or(Environment::Development)
    }

    /// Every variable, in the order of the reference. Values that are refused are shown too: that helps to find out why.
    #[must_use]
    pub fn effective(&self) -> Vec<Effective> {
        let environment = self.environment();
        let understood = self.understood();
        variables()
            .map(|variable| self.effective_value(variable, environment, &understood))
            .collect()
    }

    fn effective_value(
        &self,
        variable: &'static Variable,
        environment: Environment,
        understood: &Understood,
    ) -> Effective {
        let set = lookup(variable, environment, &understood.vars);
        let chosen = understood.chosen.get(variable.name);
        // What `choose_auth_type` inferred is among the variables too, but nobody set it.
        let is_set = set.is_some() && chosen.is_none();
        let (value, origin) = match set {
            Some((name, value)) => {
                let name = understood.written.get(&name).unwrap_or(&name);
                let place = self.places.get(name).map_or("environment", String::as_str);
                let origin = if name == variable.name {
                    place.to_owned()
                } else {
                    format!("{place}, as {name}")
                };
                (Some(value), chosen.cloned().unwrap_or(origin))
            }
            // The one default that depends on another setting: an account selects Snowflake.
            None if variable.name == "WAREHOUSE_BACKEND" => {
                let account = reference::find("SNOWFLAKE_ACCOUNT");
                let has_account = account.is_some_and(|account| {
                    lookup(account, environment, &understood.vars).is_some()
                });
                let backend = backend_in_force(environment, has_account);
                (
                    Some(backend.as_str()),
                    format!("chosen: {}", meaning(variable)),
                )
            }
            None => (
                variable.default_in(environment),
                default_origin(variable, environment),
            ),
        };
        let value = value.map(|value| {
            if variable.secret {
                MASK.to_owned()
            } else {
                // One line for each setting, whatever the value contains, and no control characters
                // in a terminal.
                value.escape_debug().to_string()
            }
        });
        Effective {
            name: variable.name,
            value,
            origin,
            is_set,
        }
    }
}

fn default_origin(variable: &Variable, environment: Environment) -> String {
    match variable.default {
        Default::Unset("none") => "unset".to_owned(),
        Default::Unset(_) => format!("unset: {}", meaning(variable)),
        Default::Same(_) => "default".to_owned(),
        Default::Each(..) => format!("default for {environment}"),
    }
}

/// What it means that the variable is unset, without the backticks of Markdown.
fn meaning(variable: &Variable) -> String {
    match variable.default {
        Default::Unset(meaning) => meaning.replace('`', ""),
        _ => String::new(),
    }
}
