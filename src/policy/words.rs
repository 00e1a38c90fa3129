//! The policy in words, for callers that want to know before they try.

use super::names::list;
use super::{CurrentNames, Options, Policy, Preset, session};
use crate::sql::Identifier;

impl Policy {
    /// What may run here, one rule per line. Denied names are not listed, because the names may be secrets.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        let mut lines = vec![
            match self.preset() {
                Preset::ReadOnly => "Statements may read; nothing may be changed.",
                Preset::ReadWrite => {
                    "Statements may read and change rows (INSERT, UPDATE, DELETE, MERGE, TRUNCATE)."
                }
                Preset::Admin => {
                    "Statements may read and change rows, objects and grants; USE, SET, transactions, PUT and GET are refused."
                }
            }
            .to_owned(),
        ];
        // The settings and the grant each have lists, and a statement must pass both.
        for options in self.all() {
            lines.extend(rules(options));
        }
        // What a caller is held to as well repeats what it does not narrow.
        let mut seen = std::collections::BTreeSet::new();
        lines.retain(|line| seen.insert(line.clone()));
        lines
    }

    /// Whether a call may name this role.
    #[must_use]
    pub fn admits_role(&self, role: &Identifier) -> bool {
        let place = CurrentNames {
            role: Some(role),
            ..CurrentNames::default()
        };
        self.all()
            .all(|options| session::check(options, &place).is_ok())
    }

    /// Whether a call may name this virtual warehouse.
    #[must_use]
    pub fn admits_warehouse(&self, warehouse: &Identifier) -> bool {
        let place = CurrentNames {
            warehouse: Some(warehouse),
            ..CurrentNames::default()
        };
        self.all()
            .all(|options| session::check(options, &place).is_ok())
    }
}

/// The lists, one rule a line.
fn rules(options: &Options) -> Vec<String> {
    let mut lines = Vec::new();
    let mut only = |what: &str, names: Option<String>| {
        lines.extend(names.map(|names| format!("Only these {what}: {names}.")));
    };
    only(
        "statements",
        options.allowed_statements.as_deref().map(list),
    );
    only(
        "functions with side effects",
        options.allowed_side_effects.as_deref().map(list),
    );
    only("databases", options.allowed_databases.as_deref().map(list));
    only("schemas", options.allowed_schemas.as_deref().map(list));
    only("objects", options.allowed_objects.as_deref().map(list));
    only("roles", options.allowed_roles.as_deref().map(list));
    only(
        "virtual warehouses",
        options.allowed_warehouses.as_deref().map(list),
    );
    for (what, is_denied) in [
        ("kinds of statements", !options.denied_statements.is_empty()),
        ("functions", !options.denied_functions.is_empty()),
        ("objects", !options.denied_objects.is_empty()),
    ] {
        if is_denied {
            lines.push(format!("The operator has denied some {what}."));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_a_line_and_what_is_denied_is_not_named() {
        let policy = Policy::new(Options {
            allowed_roles: Some(vec!["ANALYST_*".parse().unwrap()]),
            denied_objects: vec!["SALES.HR.*".parse().unwrap()],
            ..Options::default()
        });
        let told = policy.in_words().join("\n");
        assert!(told.contains("nothing may be changed"), "{told}");
        assert!(told.contains("Only these roles: ANALYST_*."), "{told}");
        assert!(told.contains("denied some objects"), "{told}");
        assert!(!told.contains("HR"), "{told}");
        let admits = |name: &str| policy.admits_role(&name.parse().unwrap());
        assert!(admits("ANALYST_1") && !admits("LOADER"));
        let warehouse = "ANY_WH".parse().unwrap();
        assert!(policy.admits_warehouse(&warehouse));
    }
}
