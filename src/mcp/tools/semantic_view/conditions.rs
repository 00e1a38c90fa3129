//! Conditions, written for the statement: the names were checked, the values are bound.

use super::asked::{Condition, Op};
use crate::mcp::arguments::BindValue;
use crate::sql::literal;
use crate::warehouse::Parameter;

/// Values of one statement: more of them belong in a table that is joined.
const MOST_VALUES: usize = 1000;

/// How the values of conditions come into a statement.
#[derive(Debug)]
pub(super) enum Values {
    /// A `?` for each. This is how the statement is sent.
    Bound(Vec<Parameter>),
    /// As literals: a statement that can be shown and sent again as it is.
    Written,
}

impl Values {
    fn put(&mut self, value: &BindValue) -> Result<String, String> {
        match self {
            Self::Written => Ok(written(&value.0)),
            Self::Bound(bound) if bound.len() == MOST_VALUES => Err(format!(
                "the conditions have more than {MOST_VALUES} values"
            )),
            Self::Bound(bound) => {
                bound.push(value.0.clone());
                Ok("?".to_owned())
            }
        }
    }

    fn list(&mut self, values: &[BindValue]) -> Result<String, String> {
        let marks: Result<Vec<_>, _> = values.iter().map(|value| self.put(value)).collect();
        Ok(marks?.join(", "))
    }
}

/// The condition on what has this name in SQL.
pub(super) fn write(
    name: &str,
    condition: &Condition,
    values: &mut Values,
) -> Result<String, String> {
    let field = &condition.field;
    let given = condition.values.as_slice();
    let values_given = given.len() + usize::from(condition.value.is_some());
    let is_null = |value: &BindValue| matches!(value.0, Parameter::Null);
    // With one in its list not_in has no rows at all.
    if given.iter().chain(&condition.value).any(is_null) {
        return Err(format!(
            "the condition on {field}: nothing equals null; use is_null or is_not_null"
        ));
    }
    let sign = match condition.op {
        Op::Eq => "=",
        Op::Ne => "<>",
        Op::Gt => ">",
        Op::Gte => ">=",
        Op::Lt => "<",
        Op::Lte => "<=",
        Op::Like => "LIKE",
        Op::IsNull | Op::IsNotNull => {
            if values_given > 0 {
                return Err(format!(
                    "the condition on {field}: is_null and is_not_null take no value"
                ));
            }
            let not = match condition.op {
                Op::IsNotNull => "NOT ",
                _ => "",
            };
            return Ok(format!("{name} IS {not}NULL"));
        }
        Op::Between => {
            let ([least, most], None) = (given, &condition.value) else {
                return Err(format!(
                    "the condition on {field}: between wants two values in values"
                ));
            };
            let (least, most) = (values.put(least)?, values.put(most)?);
            return Ok(format!("{name} BETWEEN {least} AND {most}"));
        }
        Op::In | Op::NotIn => {
            let given = match (given, &condition.value) {
                // Models give a single value where a list is asked for.
                ([], Some(only)) => std::slice::from_ref(only),
                ([_, ..], None) => given,
                _ => {
                    return Err(format!(
                        "the condition on {field}: in and not_in want a list in values, and nothing in value"
                    ));
                }
            };
            let not = match condition.op {
                Op::NotIn => "NOT ",
                _ => "",
            };
            return Ok(format!("{name} {not}IN ({})", values.list(given)?));
        }
    };
    let value = match (&condition.value, given) {
        // The same the other way round: a list of one.
        (Some(value), []) | (None, [value]) => value,
        _ => return Err(format!("the condition on {field} wants one value")),
    };
    Ok(format!("{name} {sign} {}", values.put(value)?))
}

fn written(value: &Parameter) -> String {
    match value {
        Parameter::Null => "NULL".to_owned(),
        Parameter::Boolean(value) => value.to_string().to_uppercase(),
        Parameter::Integer(value) => value.to_string(),
        Parameter::Float(value) => value.to_string(),
        Parameter::Text(text) => literal(text),
    }
}
