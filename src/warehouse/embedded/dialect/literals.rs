//! Literals, and what stands for a value: parameters, columns by number.

use crate::sql::ast::{DollarQuotedString, Value};
use crate::warehouse::Parameter;

use super::writer::{Writer, Written, limit, limit_with_hint, quote_text, refuse};

impl Writer<'_> {
    pub(super) fn literal(&mut self, value: &Value) -> Written {
        match value {
            Value::Number(digits, _) => Ok(digits.clone()),
            Value::SingleQuotedString(text)
            | Value::DollarQuotedString(DollarQuotedString { value: text, .. }) => {
                Ok(quote_text(text))
            }
            Value::Boolean(is_true) => Ok(is_true.to_string()),
            Value::Null => Ok("NULL".into()),
            Value::HexStringLiteral(digits) => {
                if digits.len() % 2 == 0 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    Ok(format!("unhex({})", quote_text(digits)))
                } else {
                    refuse(format!(
                        "The following string is not a legal hex-encoded value: '{digits}'"
                    ))
                }
            }
            Value::Placeholder(placeholder) => self.placeholder(placeholder),
            _ => limit("does not support this kind of literal"),
        }
    }

    /// `:1` stands for a parameter that [`parameters::bind`](super::parameters::bind) has left, `$1` for a column of VALUES, `$name` for a session variable.
    fn placeholder(&mut self, placeholder: &str) -> Written {
        if let Some(number) = placeholder.strip_prefix(':') {
            return match number.parse::<usize>().ok().and_then(|n| n.checked_sub(1)) {
                Some(index) => self.parameter(index),
                None => refuse(format!(
                    "the placeholder {placeholder} has no number; use ? or :1"
                )),
            };
        }
        let Some(name) = placeholder.strip_prefix('$') else {
            return limit(format!("does not support the placeholder {placeholder}"));
        };
        if name.parse::<u16>().is_err() {
            return refuse(format!(
                "the session variable ${} is not set: nothing lasts from one call to the next; \
                 write the value into the statement, or send it as a parameter",
                name.to_uppercase()
            ));
        }
        if self.froms.last().is_some_and(|from| from.is_values) {
            Ok(format!("\"COLUMN{name}\""))
        } else {
            limit_with_hint(
                format!("supports {placeholder} only if FROM is VALUES alone"),
                "use the column's name",
            )
        }
    }

    fn parameter(&self, index: usize) -> Written {
        let Some(parameter) = self.context.parameters.get(index) else {
            return refuse(format!(
                "the statement asks for parameter {}, but {} came with it",
                index + 1,
                self.context.parameters.len()
            ));
        };
        Ok(match parameter {
            Parameter::Null => "NULL".into(),
            Parameter::Boolean(is_true) => is_true.to_string(),
            Parameter::Integer(number) => format!("({number})"),
            Parameter::Float(number) if number.is_finite() => format!("CAST({number:e} AS DOUBLE)"),
            Parameter::Float(number) => format!("CAST('{number}' AS DOUBLE)"),
            Parameter::Text(text) if text.contains('\0') => {
                return refuse("a parameter holds a NUL character");
            }
            Parameter::Text(text) => quote_text(text),
        })
    }
}
