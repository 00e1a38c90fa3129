//! What a session is to be set to for a call, and the USE statements that get it there.

use super::session::Names;
use crate::sql::Identifier;
use crate::warehouse::SessionContext;

/// The schema that USE DATABASE leaves a session in.
const PUBLIC: &str = "PUBLIC";

/// What a session is to be set to. `None` leaves it as it is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Target {
    database: Option<Identifier>,
    schema: Option<Identifier>,
    warehouse: Option<Identifier>,
}

impl Target {
    /// What the call asks for, and where it does not, what the session was set to when it was new.
    pub(super) fn new(asked: &SessionContext, initial: &Names) -> Self {
        let (database, schema) = match (&asked.schema, &asked.database) {
            (Some(schema), database) => (
                schema.schema.as_ref().or(database.as_ref()),
                Some(schema.object.clone()),
            ),
            (None, Some(database)) if initial.database.as_ref() != Some(database) => {
                (Some(database), Identifier::exact(PUBLIC).ok())
            }
            (None, _) => (None, initial.schema.clone()),
        };
        let warehouse = asked.warehouse.as_ref();
        Self {
            database: database.or(initial.database.as_ref()).cloned(),
            schema,
            warehouse: warehouse.or(initial.warehouse.as_ref()).cloned(),
        }
    }

    /// The statements that take a session from `current` to here; none when it is here already.
    pub(super) fn statements(&self, current: &Names) -> Vec<String> {
        let mut statements = Vec::new();
        let is_database_set = self.database == current.database;
        match (&self.database, &self.schema) {
            // Both at once: each statement is a round trip.
            (Some(database), Some(schema)) if !is_database_set && schema.as_str() != PUBLIC => {
                let (database, schema) = (database.quoted(), schema.quoted());
                statements.push(format!("USE SCHEMA {database}.{schema}"));
            }
            (Some(database), _) if !is_database_set => {
                statements.push(format!("USE DATABASE {}", database.quoted()));
            }
            (_, Some(schema)) if self.schema != current.schema => {
                statements.push(format!("USE SCHEMA {}", schema.quoted()));
            }
            _ => {}
        }
        if let Some(warehouse) = &self.warehouse
            && self.warehouse != current.warehouse
        {
            statements.push(format!("USE WAREHOUSE {}", warehouse.quoted()));
        }
        statements
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::QualifiedName;

    fn names(database: &str, schema: &str) -> Names {
        let name = |name: &str| Identifier::exact(name).ok();
        Names {
            database: name(database),
            schema: name(schema),
            ..Names::default()
        }
    }

    fn steps(asked: &SessionContext, initial: &Names, current: &Names) -> Vec<String> {
        Target::new(asked, initial).statements(current)
    }

    #[test]
    fn a_call_that_names_nothing_gets_the_session_as_it_was_new() {
        let initial = names("DB", "S");
        let nothing = SessionContext::default();
        assert_eq!(steps(&nothing, &initial, &initial), Vec::<String>::new());
        assert_eq!(
            steps(&nothing, &initial, &names("OTHER", "PUBLIC")),
            ["USE SCHEMA \"DB\".\"S\""]
        );
    }

    #[test]
    fn a_database_brings_its_public_schema() {
        let asked = SessionContext {
            database: Some("other".parse().unwrap()),
            ..SessionContext::default()
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
    fn the_usual_database_keeps_its_usual_schema_when_a_call_names_it() {
        let asked = SessionContext {
            database: Some("db".parse().unwrap()),
            ..SessionContext::default()
        };
        let initial = names("DB", "S");
        assert_eq!(steps(&asked, &initial, &initial), Vec::<String>::new());
        assert_eq!(
            steps(&asked, &initial, &names("OTHER", "PUBLIC")),
            ["USE SCHEMA \"DB\".\"S\""]
        );
    }

    #[test]
    fn names_are_quoted_whatever_they_hold() {
        let asked = SessionContext {
            schema: Some(QualifiedName::parse("\"my\"\"db\".\"S; DROP\"", 2).unwrap()),
            ..SessionContext::default()
        };
        assert_eq!(
            steps(&asked, &names("", ""), &names("", "")),
            ["USE SCHEMA \"my\"\"db\".\"S; DROP\""]
        );
    }
}
