//! What a session is to be set to for a call, and the USE statements that get it there.

use super::session::Names;
use crate::sql::Identifier;
use crate::warehouse::Session;

/// The schema that USE DATABASE leaves a session in.
const PUBLIC: &str = "PUBLIC";

/// What a session is to be set to. `None` leaves it as it is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Target {
    database: Option<String>,
    schema: Option<String>,
    warehouse: Option<String>,
}

impl Target {
    /// What the call asks for, and where it does not, what the session was set to when it was new.
    pub(super) fn new(asked: &Session, initial: &Names) -> Self {
        let name = |name: &Identifier| name.as_str().to_owned();
        let (database, schema) = match (&asked.schema, &asked.database) {
            (Some(schema), database) => {
                let database = schema.schema.as_ref().or(database.as_ref()).map(name);
                (
                    database.or_else(|| initial.database.clone()),
                    Some(name(&schema.object)),
                )
            }
            (None, Some(database)) if initial.database.as_deref() != Some(database.as_str()) => {
                (Some(name(database)), Some(PUBLIC.to_owned()))
            }
            (None, _) => (initial.database.clone(), initial.schema.clone()),
        };
        Self {
            database,
            schema,
            warehouse: asked
                .warehouse
                .as_ref()
                .map(name)
                .or_else(|| initial.warehouse.clone()),
        }
    }

    /// The statements that take a session from `current` to here; none when it is here already.
    pub(super) fn statements(&self, current: &Names) -> Vec<String> {
        let mut statements = Vec::new();
        let database_differs = self.database.is_some() && self.database != current.database;
        let schema_differs = match &self.schema {
            Some(schema) if database_differs => schema != PUBLIC,
            Some(schema) => current.schema.as_ref() != Some(schema),
            None => false,
        };
        if let (true, Some(database)) = (database_differs, &self.database) {
            statements.push(format!("USE DATABASE {}", quoted(database)));
        }
        if let (true, Some(schema)) = (schema_differs, &self.schema) {
            statements.push(format!("USE SCHEMA {}", quoted(schema)));
        }
        if let Some(warehouse) = &self.warehouse
            && current.warehouse.as_ref() != Some(warehouse)
        {
            statements.push(format!("USE WAREHOUSE {}", quoted(warehouse)));
        }
        statements
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::QualifiedName;

    fn names(database: &str, schema: &str) -> Names {
        let name = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        Names {
            database: name(database),
            schema: name(schema),
            ..Names::default()
        }
    }

    fn steps(asked: &Session, initial: &Names, current: &Names) -> Vec<String> {
        Target::new(asked, initial).statements(current)
    }

    #[test]
    fn a_call_that_names_nothing_gets_the_session_as_it_was_new() {
        let initial = names("DB", "S");
        let nothing = Session::default();
        assert_eq!(steps(&nothing, &initial, &initial), Vec::<String>::new());
        assert_eq!(
            steps(&nothing, &initial, &names("OTHER", "PUBLIC")),
            ["USE DATABASE \"DB\"", "USE SCHEMA \"S\""]
        );
    }

    #[test]
    fn a_database_brings_its_public_schema() {
        let asked = Session {
            database: Some("other".parse().unwrap()),
            ..Session::default()
        };
        assert_eq!(
            steps(&asked, &names("DB", "S"), &names("DB", "S")),
            ["USE DATABASE \"OTHER\""]
        );
        assert_eq!(
            steps(
                &asked,
                &names("DB", "S"),
                &names("OTHER", "LEFT_BY_ANOTHER")
            ),
            ["USE SCHEMA \"PUBLIC\""]
        );
    }

    #[test]
    fn names_are_quoted_whatever_they_hold() {
        let asked = Session {
            schema: Some(QualifiedName::parse("\"my\"\"db\".\"S; DROP\"", 2).unwrap()),
            ..Session::default()
        };
        assert_eq!(
            steps(&asked, &names("", ""), &names("", "")),
            ["USE DATABASE \"my\"\"db\"", "USE SCHEMA \"S; DROP\""]
        );
    }
}
