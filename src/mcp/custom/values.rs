//! The values of an operator's parameters: what is bound for the arguments of a call.

use jiff::civil;
use regex::Regex;
use serde_json::Value;

use super::format::{ItemKind, ParameterSpec, ValueKind};
use crate::sql::QualifiedName;
use crate::warehouse::Parameter;

/// Most values of an array, whatever its declaration says.
const MOST_ITEMS: usize = 1000;

/// A parameter with a correct declaration.
#[derive(Debug, Clone)]
pub(super) struct Declared {
    pub(super) spec: ParameterSpec,
    pub(super) pattern: Option<Regex>,
}

/// What is bound for an argument.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Bound {
    /// One value; if its text must become a date, followed by the type to cast it to.
    One(Parameter, &'static str),
    /// The values of an array, and the array as JSON.
    List(Vec<Parameter>, String),
    /// A JSON document.
    Json(String),
    /// No argument was given.
    Nothing,
}

impl Declared {
    pub(super) fn name(&self) -> &str {
        &self.spec.name
    }

    /// The values of `enum` as names of objects; `None` without an enum.
    pub(super) fn object_names(&self) -> Option<Result<Vec<QualifiedName>, String>> {
        let values = self.spec.r#enum.as_ref()?;
        let names = values.iter().map(|value| {
            let text = value
                .as_str()
                .ok_or_else(|| format!("{value} is not the name of an object"))?;
            QualifiedName::parse(text, 3).map_err(|error| format!("{text}: {error}"))
        });
        Some(names.collect())
    }

    pub(super) fn is_required(&self) -> bool {
        !self.spec.optional && self.spec.default.is_none()
    }

    /// The value of a call, or the default.
    pub(super) fn value(&self, given: Option<&Value>) -> Result<Bound, String> {
        let given = given.filter(|value| !value.is_null());
        match given.or(self.spec.default.as_ref().filter(|value| !value.is_null())) {
            Some(value) => self.check(value),
            None if self.is_required() => Err("it is missing".to_owned()),
            None => Ok(Bound::Nothing),
        }
    }

    /// The value as SQL writes the name of an object.
    pub(super) fn object_name(&self, given: Option<&Value>) -> Result<QualifiedName, String> {
        let given = given
            .filter(|value| !value.is_null())
            .or(self.spec.default.as_ref());
        let value = given.ok_or("it is missing")?;
        self.check(value)?;
        let text = value.as_str().ok_or("expected a text")?;
        QualifiedName::parse(text, 3).map_err(|error| error.to_string())
    }

    /// What is bound for a value.
    pub(super) fn check(&self, value: &Value) -> Result<Bound, String> {
        if let Some(words) = &self.spec.r#enum
            && !words.iter().any(|word| is_same(word, value))
        {
            let words: Vec<_> = words.iter().map(Value::to_string).collect();
            return Err(format!("expected one of {}", words.join(", ")));
        }
        self.bound(value, false)
    }

    /// What is bound for a value that need not be one of the words.
    pub(super) fn bound(&self, value: &Value, is_word: bool) -> Result<Bound, String> {
        let spec = &self.spec;
        let one = |parameter| Ok(Bound::One(parameter, ""));
        match spec.r#type {
            ValueKind::String => {
                let text = value.as_str().ok_or("expected a text")?;
                self.check_text(text, is_word)?;
                one(Parameter::Text(text.to_owned()))
            }
            ValueKind::Integer => {
                // `as_i64` refuses 1.5 as well as numbers that were rounded on the way.
                let number = value.as_i64().ok_or("expected a whole number")?;
                #[expect(clippy::cast_precision_loss, reason = "for a comparison with a bound")]
                self.check_range(number as f64)?;
                one(Parameter::Integer(number))
            }
            ValueKind::Number => {
                let number = value.as_f64().ok_or("expected a number")?;
                self.check_range(number)?;
                one(number_of(value, number))
            }
            ValueKind::Boolean => one(Parameter::Boolean(
                value.as_bool().ok_or("expected true or false")?,
            )),
            ValueKind::Date => {
                let text = value
                    .as_str()
                    .ok_or("expected a date as a text, YYYY-MM-DD")?;
                let date: civil::Date = text
                    .trim()
                    .parse()
                    .map_err(|_| "expected a date, YYYY-MM-DD")?;
                // Written anew from what was read, so that no format of the session can read it
                // differently.
                Ok(Bound::One(Parameter::Text(date.to_string()), "::DATE"))
            }
            ValueKind::Timestamp => {
                let text = value
                    .as_str()
                    .ok_or("expected a time as a text, YYYY-MM-DD HH:MM:SS")?
                    .trim();
                let is_time = text.parse::<civil::DateTime>().is_ok()
                    || text.parse::<jiff::Timestamp>().is_ok();
                if !is_time {
                    return Err("expected a time, YYYY-MM-DD HH:MM:SS".to_owned());
                }
                Ok(Bound::One(Parameter::Text(text.to_owned()), "::TIMESTAMP"))
            }
            ValueKind::Array => self.list(value),
            ValueKind::Object => {
                if !value.is_object() {
                    return Err("expected an object".to_owned());
                }
                Ok(Bound::Json(value.to_string()))
            }
        }
    }

    fn list(&self, value: &Value) -> Result<Bound, String> {
        let items = value.as_array().ok_or("expected a list")?;
        // Each value is a placeholder of the statement, and a file cannot lift the server's own
        // limit.
        let most = self.spec.max_items.unwrap_or(MOST_ITEMS).min(MOST_ITEMS);
        if items.len() > most {
            return Err(format!(
                "the list has {} values; at most {most} are taken",
                items.len()
            ));
        }
        let bound = |item: &Value| match self.spec.items.unwrap_or_default() {
            ItemKind::String => item.as_str().map(|text| Parameter::Text(text.to_owned())),
            ItemKind::Integer => item.as_i64().map(Parameter::Integer),
            ItemKind::Number => item.as_f64().map(|number| number_of(item, number)),
        };
        let values: Option<Vec<_>> = items.iter().map(bound).collect();
        let values = values.ok_or_else(|| {
            let kind = match self.spec.items.unwrap_or_default() {
                ItemKind::String => "texts",
                ItemKind::Integer => "whole numbers",
                ItemKind::Number => "numbers",
            };
            format!("expected a list of {kind}")
        })?;
        Ok(Bound::List(values, value.to_string()))
    }

    fn check_text(&self, text: &str, is_word: bool) -> Result<(), String> {
        let letters = text.chars().count();
        match (self.spec.min_length, self.spec.max_length) {
            (Some(least), _) if letters < least => {
                return Err(format!("expected at least {least} characters"));
            }
            (_, Some(most)) if letters > most => {
                return Err(format!("expected at most {most} characters"));
            }
            _ => {}
        }
        match &self.pattern {
            // The words of an enum are the operator's own and need not match.
            Some(pattern) if !is_word && !pattern.is_match(text) => Err(format!(
                "expected a text that matches {}",
                self.spec.pattern.as_deref().unwrap_or_default()
            )),
            _ => Ok(()),
        }
    }

    fn check_range(&self, number: f64) -> Result<(), String> {
        match (self.spec.minimum, self.spec.maximum) {
            (Some(least), _) if number < least => Err(format!("expected at least {least}")),
            (_, Some(most)) if number > most => Err(format!("expected at most {most}")),
            _ => Ok(()),
        }
    }
}

/// 1 and 1.0 are the same word.
fn is_same(word: &Value, value: &Value) -> bool {
    word == value
        || word
            .as_f64()
            .is_some_and(|word| value.as_f64() == Some(word))
}

fn number_of(value: &Value, number: f64) -> Parameter {
    value
        .as_i64()
        .map_or(Parameter::Float(number), Parameter::Integer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(spec: Value, given: Value) -> Result<Bound, String> {
        let spec: ParameterSpec = serde_json::from_value(spec).unwrap();
        let whole = |pattern: &String| Regex::new(&format!("^(?:{pattern})$")).unwrap();
        let pattern = spec.pattern.as_ref().map(whole);
        Declared { spec, pattern }.value(Some(&given))
    }

    #[test]
    fn a_value_is_bound_by_its_type_and_held_to_its_bounds() {
        let text = |text: &str| Parameter::Text(text.to_owned());
        for (spec, given, bound) in [
            (
                json!({"name": "a", "type": "string"}),
                json!("x"),
                Bound::One(text("x"), ""),
            ),
            (
                json!({"name": "a", "type": "integer", "minimum": 0}),
                json!(0),
                Bound::One(Parameter::Integer(0), ""),
            ),
            (
                json!({"name": "a", "type": "number"}),
                json!(1.5),
                Bound::One(Parameter::Float(1.5), ""),
            ),
            (
                json!({"name": "a", "type": "boolean"}),
                json!(true),
                Bound::One(Parameter::Boolean(true), ""),
            ),
            (
                json!({"name": "a", "type": "date"}),
                json!("2024-02-29"),
                Bound::One(text("2024-02-29"), "::DATE"),
            ),
            (
                json!({"name": "a", "type": "array", "items": "integer"}),
                json!([1, 2]),
                Bound::List(
                    vec![Parameter::Integer(1), Parameter::Integer(2)],
                    "[1,2]".into(),
                ),
            ),
            (
                json!({"name": "a", "type": "object"}),
                json!({"b": 1}),
                Bound::Json("{\"b\":1}".into()),
            ),
            (
                json!({"name": "a", "type": "integer", "enum": [1, 2]}),
                json!(2),
                Bound::One(Parameter::Integer(2), ""),
            ),
            (
                json!({"name": "a", "type": "string", "default": "d"}),
                Value::Null,
                Bound::One(text("d"), ""),
            ),
            (
                json!({"name": "a", "type": "string", "optional": true}),
                Value::Null,
                Bound::Nothing,
            ),
        ] {
            assert_eq!(value(spec.clone(), given).unwrap(), bound, "{spec}");
        }
        for (spec, given, problem) in [
            (
                json!({"name": "a", "type": "string", "max_length": 2}),
                json!("xyz"),
                "at most 2 characters",
            ),
            (
                json!({"name": "a", "type": "string", "pattern": "[A-Z]+"}),
                json!("Ab"),
                "matches [A-Z]+",
            ),
            (
                json!({"name": "a", "type": "string", "enum": ["A"]}),
                json!("B"),
                "one of \"A\"",
            ),
            (
                json!({"name": "a", "type": "integer", "maximum": 9}),
                json!(10),
                "at most 9",
            ),
            (
                json!({"name": "a", "type": "integer"}),
                json!(1.5),
                "whole number",
            ),
            (
                json!({"name": "a", "type": "date"}),
                json!("2024-02-30"),
                "a date",
            ),
            (
                json!({"name": "a", "type": "timestamp"}),
                json!("noon"),
                "a time",
            ),
            (
                json!({"name": "a", "type": "array", "max_items": 1}),
                json!(["a", "b"]),
                "at most 1",
            ),
            (
                json!({"name": "a", "type": "array"}),
                json!([1]),
                "list of texts",
            ),
            (
                json!({"name": "a", "type": "string"}),
                Value::Null,
                "missing",
            ),
        ] {
            let told = value(spec.clone(), given).unwrap_err();
            assert!(told.contains(problem), "{spec}: {told}");
        }
    }
}
