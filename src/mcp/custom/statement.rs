//! The SQL that a tool runs: an operator's statement, function or procedure, with the values of a call.

use rmcp::model::JsonObject;
use serde_json::Value;

use super::values::{Bound, Declared};
use crate::sql::{Piece, QualifiedName, Template};
use crate::warehouse::Parameter;

/// The SQL that a tool runs.
#[derive(Debug, Clone)]
pub(super) enum Runs {
    /// A statement with the names of parameters in it.
    Statement(Template),
    /// `SELECT f(a => ?)`
    Function(QualifiedName),
    /// `SELECT * FROM TABLE(f(a => ?))`
    TableFunction(QualifiedName),
    /// `CALL p(a => ?)`
    Procedure(QualifiedName),
}

/// A statement ready to run: its text, and the values of its placeholders in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Ready {
    pub(super) sql: String,
    pub(super) parameters: Vec<Parameter>,
}

/// An argument that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unusable {
    pub(super) argument: String,
    pub(super) problem: String,
}

impl Runs {
    /// The statement for a call's arguments.
    pub(super) fn ready(
        &self,
        declared: &[Declared],
        given: &JsonObject,
    ) -> Result<Ready, Unusable> {
        let mut ready = Ready::default();
        match self {
            Self::Statement(template) => {
                for piece in &template.pieces {
                    ready.add(piece, declared, given)?;
                }
            }
            Self::Function(name) => {
                ready.sql.push_str("SELECT ");
                ready.add_call(name, declared, given)?;
            }
            Self::TableFunction(name) => {
                // The names are the operator's, checked when the file was read; only values come
                // from the call.
                ready.sql.push_str("SELECT * FROM TABLE(");
                ready.add_call(name, declared, given)?;
                ready.sql.push(')');
            }
            Self::Procedure(name) => {
                ready.sql.push_str("CALL ");
                ready.add_call(name, declared, given)?;
            }
        }
        Ok(ready)
    }

    /// The statements that the policy judges when the file is read: one for each object that a caller may choose, with
    /// placeholders for all values.
    pub(super) fn samples(&self, declared: &[Declared]) -> Vec<String> {
        let template = match self {
            Self::Statement(template) => template,
            Self::Function(name) => return vec![format!("SELECT {}", sample_call(name, declared))],
            Self::TableFunction(name) => {
                return vec![format!(
                    "SELECT * FROM TABLE({})",
                    sample_call(name, declared)
                )];
            }
            Self::Procedure(name) => return vec![format!("CALL {}", sample_call(name, declared))],
        };
        let names_of = |slot: &str| -> Vec<String> {
            let declared = declared.iter().find(|it| it.name() == slot);
            let names = declared.and_then(Declared::object_names);
            let names = names.and_then(Result::ok).unwrap_or_default();
            names.iter().map(QualifiedName::quoted).collect()
        };
        let most = template.pieces.iter().map(|piece| match piece {
            Piece::Name(slot) => names_of(slot).len(),
            Piece::Text(_) | Piece::Value { .. } => 1,
        });
        // Each name of each slot once, but not all combinations, because the policy checks each name by itself.
        let most = most.max().unwrap_or(1).max(1);
        (0..most)
            .map(|nth| {
                let mut sql = String::new();
                for piece in &template.pieces {
                    match piece {
                        Piece::Text(text) => sql.push_str(text),
                        Piece::Value { .. } => sql.push('?'),
                        Piece::Name(slot) => {
                            let names = names_of(slot);
                            let name = names.get(nth).or(names.first());
                            sql.push_str(name.map_or("\"?\"", String::as_str));
                        }
                    }
                }
                sql
            })
            .collect()
    }
}

fn sample_call(name: &QualifiedName, declared: &[Declared]) -> String {
    let arguments: Vec<_> = declared
        .iter()
        .map(|it| format!("{} => ?", it.name()))
        .collect();
    format!("{}({})", name.quoted(), arguments.join(", "))
}

impl Ready {
    fn add(
        &mut self,
        piece: &Piece,
        declared: &[Declared],
        given: &JsonObject,
    ) -> Result<(), Unusable> {
        let find = |name: &str| declared.iter().find(|it| it.name() == name);
        let unusable = |name: &str, problem: String| Unusable {
            argument: name.to_owned(),
            problem,
        };
        match piece {
            Piece::Text(text) => self.sql.push_str(text),
            Piece::Name(name) => {
                let Some(declared) = find(name) else {
                    return Err(unusable(name, "it is not declared".to_owned()));
                };
                let object = declared.object_name(given.get(name));
                let object = object.map_err(|problem| unusable(name, problem))?;
                // One of the declared names: a caller chooses and never writes SQL.
                self.sql.push_str(&object.quoted());
            }
            Piece::Value { name, is_list } => {
                let Some(declared) = find(name) else {
                    return Err(unusable(name, "it is not declared".to_owned()));
                };
                let value = declared.value(given.get(name));
                let value = value.map_err(|problem| unusable(name, problem))?;
                // An empty list is refused: `IN ()` is no SQL, and with NULL in its place neither IN nor NOT IN would match
                // anything.
                if *is_list && matches!(&value, Bound::List(values, _) if values.is_empty()) {
                    let problem = "expected at least one value".to_owned();
                    return Err(unusable(name, problem));
                }
                self.bind(value, *is_list);
            }
        }
        Ok(())
    }

    /// `f(a => ?)` with the given arguments. A parameter that was left out keeps the function's own default.
    fn add_call(
        &mut self,
        name: &QualifiedName,
        declared: &[Declared],
        given: &JsonObject,
    ) -> Result<(), Unusable> {
        self.sql.push_str(&name.quoted());
        self.sql.push('(');
        let mut is_first = true;
        for declared in declared {
            let value = declared.value(given.get(declared.name()));
            let value = value.map_err(|problem| Unusable {
                argument: declared.name().to_owned(),
                problem,
            })?;
            // Named arguments make that possible; by position the ones behind would move.
            if value == Bound::Nothing {
                continue;
            }
            if !is_first {
                self.sql.push_str(", ");
            }
            is_first = false;
            self.sql.push_str(declared.name());
            self.sql.push_str(" => ");
            self.bind(value, false);
        }
        self.sql.push(')');
        Ok(())
    }

    fn bind(&mut self, value: Bound, is_list: bool) {
        match value {
            Bound::One(parameter, cast) => {
                self.sql.push('?');
                self.sql.push_str(cast);
                self.parameters.push(parameter);
            }
            Bound::List(values, _) if is_list => {
                let marks = vec!["?"; values.len()];
                self.sql.push_str(&marks.join(", "));
                self.parameters.extend(values);
            }
            Bound::List(_, json) | Bound::Json(json) => {
                // The protocol binds no lists and objects, so they travel as text.
                self.sql.push_str("PARSE_JSON(?)");
                self.parameters.push(Parameter::Text(json));
            }
            Bound::Nothing => {
                self.sql.push('?');
                self.parameters.push(Parameter::Null);
            }
        }
    }
}

/// Takes one argument out of those that a caller sent; null counts as not sent.
pub(super) fn take(given: &mut JsonObject, name: &str) -> Option<Value> {
    given.remove(name).filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn declared(specs: Value) -> Vec<Declared> {
        let specs: Vec<_> = serde_json::from_value(specs).unwrap();
        let read = |spec| Declared::read(spec, |field, problem| panic!("{field}: {problem}"));
        specs.into_iter().map(read).collect()
    }

    fn given(arguments: Value) -> JsonObject {
        arguments.as_object().unwrap().clone()
    }

    fn text(text: &str) -> Parameter {
        Parameter::Text(text.to_owned())
    }

    #[test]
    fn values_are_bound_in_the_order_of_the_text_and_never_written_into_it() {
        let declared = declared(json!([
            {"name": "segment", "type": "string"},
            {"name": "since", "type": "date", "default": "1995-01-01"},
            {"name": "ids", "type": "array", "items": "integer"},
            {"name": "filter", "type": "object", "optional": true},
            {"name": "of", "type": "string", "enum": ["sales.public.orders", "\"my db\".s.t"]},
        ]));
        let template = Template::parse(
            "SELECT :segment FROM {{of}} WHERE d >= :since AND id IN (:ids) AND s = :segment AND f(:filter) AND g(:ids)",
        );
        let runs = Runs::Statement(template.unwrap());
        let hostile = "x'; DROP TABLE t --";
        let ready = runs
            .ready(
                &declared,
                &given(json!({"segment": hostile, "ids": [1, 2], "of": "\"my db\".s.t"})),
            )
            .unwrap();
        assert_eq!(
            ready.sql,
            "SELECT ? FROM \"my db\".\"S\".\"T\" WHERE d >= ?::DATE AND id IN (?, ?) AND s = ? AND f(?) AND g(PARSE_JSON(?))"
        );
        assert_eq!(ready.parameters[0], text(hostile));
        assert_eq!(ready.parameters[1], text("1995-01-01"));
        assert_eq!(ready.parameters[5..], [Parameter::Null, text("[1,2]")]);
        let none = runs.ready(
            &declared,
            &given(json!({"segment": "x", "ids": [], "of": "sales.public.orders"})),
        );
        assert_eq!(none.unwrap_err().argument, "ids");
        let other = runs.ready(
            &declared,
            &given(json!({"segment": "x", "ids": [1], "of": "hr.public.pay"})),
        );
        assert_eq!(other.unwrap_err().argument, "of");
        assert_eq!(runs.samples(&declared).len(), 2);
        assert!(
            runs.samples(&declared)[0]
                .starts_with("SELECT ? FROM \"SALES\".\"PUBLIC\".\"ORDERS\" WHERE")
        );
    }

    #[test]
    fn functions_and_procedures_are_called_with_names() {
        let declared = declared(json!([
            {"name": "a", "type": "integer"}, {"name": "b", "type": "string", "optional": true}, {"name": "c", "type": "timestamp"},
        ]));
        let name: QualifiedName = QualifiedName::parse("db.s.f", 3).unwrap();
        let arguments = given(json!({"a": 1, "c": "2024-01-01 10:00:00"}));
        for (runs, sql) in [
            (
                Runs::Function(name.clone()),
                "SELECT \"DB\".\"S\".\"F\"(a => ?, c => ?::TIMESTAMP)",
            ),
            (
                Runs::TableFunction(name.clone()),
                "SELECT * FROM TABLE(\"DB\".\"S\".\"F\"(a => ?, c => ?::TIMESTAMP))",
            ),
            (
                Runs::Procedure(name),
                "CALL \"DB\".\"S\".\"F\"(a => ?, c => ?::TIMESTAMP)",
            ),
        ] {
            assert_eq!(runs.ready(&declared, &arguments).unwrap().sql, sql);
            assert!(runs.samples(&declared)[0].ends_with("b => ?, c => ?)") || sql.ends_with("))"));
        }
    }
}
