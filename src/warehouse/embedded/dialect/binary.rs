//! BINARY: which expressions are it by their form, and the functions that take it as well as text.
//!
//! A macro can look at the type of a value but cannot give a value of the one type or the other. So functions that give
//! back what they took have a macro for each, and the form of the argument chooses; a column of BINARY that does not show
//! by its form is refused when the statement is prepared, see `sf_text`.

use crate::sql::ast::{BinaryOperator, Expr, Value};

use super::call::Call;
use super::expressions::concatenated;
use super::lengths::{LONGEST, digits_of};
use super::returns::BINARY_FUNCTIONS;
use super::semi_structured::{arguments, results};
use super::texts::{is_short_literal, number_literal, text_literal};
use super::types::{Target, target};
use super::writer::{Fault, Writer, Written, folded, limit, limit_with_hint, macro_call, refuse};

/// Functions that return what their first argument is.
const SAME_FUNCTIONS: [&str; 17] = [
    "SUBSTR",
    "SUBSTRING",
    "LEFT",
    "RIGHT",
    "REVERSE",
    "CONCAT",
    "INSERT",
    "LPAD",
    "RPAD",
    "MIN",
    "MAX",
    "ANY_VALUE",
    "NVL",
    "COALESCE",
    "IFNULL",
    "FIRST_VALUE",
    "LAST_VALUE",
];

impl Writer<'_> {
    /// Refuses a comparison of BINARY with anything else: DuckDB would take the letters of a text for its bytes.
    pub(super) fn refuse_bytes_beside(&self, left: &Expr, right: &Expr) -> Result<(), Fault> {
        let is_null =
            |expr: &Expr| matches!(expr, Expr::Value(value) if value.value == Value::Null);
        if self.is_binary(left) == self.is_binary(right) || is_null(left) || is_null(right) {
            return Ok(());
        }
        limit_with_hint(
            "compares BINARY only with what it can see to be BINARY",
            "convert the other side, as in TO_BINARY(x) or x::BINARY",
        )
    }

    /// Whether an expression is BINARY by its form, or a column that was made of one.
    pub(super) fn is_binary(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Value(value) => matches!(value.value, Value::HexStringLiteral(_)),
            Expr::Nested(inner) => self.is_binary(inner),
            Expr::Cast { data_type, .. } => matches!(target(data_type), Ok(Target::Binary)),
            Expr::Identifier(ident) => self.binaries.contains(&folded(ident)),
            Expr::CompoundIdentifier(parts) => parts
                .last()
                .is_some_and(|ident| self.binaries.contains(&folded(ident))),
            Expr::BinaryOp { left, op, .. } => {
                *op == BinaryOperator::StringConcat && self.is_binary(left)
            }
            Expr::Substring { expr, .. } => self.is_binary(expr),
            Expr::Function(function) => {
                let name = function.name.to_string().to_uppercase();
                BINARY_FUNCTIONS.contains(&name.as_str())
                    || (SAME_FUNCTIONS.contains(&name.as_str())
                        && arguments(&function.args)
                            .next()
                            .is_some_and(|first| self.is_binary(first)))
            }
            Expr::Case {
                conditions,
                else_result,
                ..
            } => results(conditions, else_result.as_deref()).any(|result| self.is_binary(result)),
            _ => false,
        }
    }

    /// BINARY next to BINARY.
    fn bytes(&mut self, expr: &Expr) -> Written {
        let written = self.expression(expr)?;
        if !self.is_binary(expr) && written != "NULL" {
            return limit("does not combine BINARY and text; cast one of them");
        }
        if is_bytes(expr) {
            return Ok(written);
        }
        Ok(macro_call("bytes", &[&written]))
    }

    /// Values of one type, text or BINARY, one after another.
    pub(super) fn joined(&mut self, parts: &[&Expr]) -> Written {
        let is_binary = parts.iter().any(|part| self.is_binary(part));
        let mut written = Vec::with_capacity(parts.len());
        for part in parts {
            written.push(if is_binary {
                self.bytes(part)?
            } else {
                self.text(part)?
            });
        }
        if is_binary && self.context.long_texts {
            let digits: Vec<String> = written.iter().map(|part| format!("hex({part})")).collect();
            return Ok(format!("unhex({})", self.one_text(&digits, concatenated)));
        }
        Ok(self.one_text(&written, concatenated))
    }

    /// `CONCAT(a, b)`: NULL if any argument is.
    pub(super) fn concat(&mut self, call: &Call<'_>) -> Written {
        self.joined(call.arguments())
    }

    /// `SUBSTR(x, place [, length])`
    pub(super) fn substring(&mut self, call: &Call<'_>) -> Written {
        let rest = call.arguments().get(1..).unwrap_or_default();
        self.part_of(call.argument(0)?, rest)
    }

    /// A part of a text or of BINARY.
    pub(super) fn part_of(&mut self, whole: &Expr, places: &[&Expr]) -> Written {
        let is_binary = self.is_binary(whole);
        let mut written = vec![if is_binary {
            self.expression(whole)?
        } else {
            self.text(whole)?
        }];
        for place in places {
            written.push(self.expression(place)?);
        }
        // Where the places are plain there is nothing to ask about them.
        let is_plain = |place: &&Expr| {
            number_literal(place).is_some_and(|digits| digits.parse::<u32>().is_ok_and(|n| n > 0))
        };
        if !is_binary && places.iter().all(is_plain) {
            return Ok(format!("substr({})", written.join(", ")));
        }
        let written: Vec<&str> = written.iter().map(String::as_str).collect();
        let name = if is_binary { "bytes_substr" } else { "substr" };
        Ok(macro_call(name, &written))
    }

    /// `LEFT(x, n)` and `RIGHT(x, n)`
    pub(super) fn side_of_text(&mut self, call: &Call<'_>) -> Written {
        let side = call.name.to_lowercase();
        let count = self.expression(call.argument(1)?)?;
        let whole = call.argument(0)?;
        if self.is_binary(whole) {
            let whole = self.expression(whole)?;
            return Ok(macro_call(&format!("bytes_{side}"), &[&whole, &count]));
        }
        let text = self.text(whole)?;
        if number_literal(call.argument(1)?).is_some_and(|digits| digits.parse::<u32>().is_ok()) {
            return Ok(format!("{side}({text}, {count})"));
        }
        Ok(macro_call(&side, &[&text, &count]))
    }

    /// `REVERSE(x)`
    pub(super) fn reverse(&mut self, call: &Call<'_>) -> Written {
        let whole = call.argument(0)?;
        if self.is_binary(whole) {
            let whole = self.expression(whole)?;
            return Ok(macro_call("bytes_reverse", &[&whole]));
        }
        Ok(format!("rs_reverse({})", self.text(whole)?))
    }

    /// `INSERT(x, place, length, y)`
    pub(super) fn insert(&mut self, call: &Call<'_>) -> Written {
        let is_binary = self.is_binary(call.argument(0)?);
        let mut written = Vec::new();
        for (place, argument) in call.arguments().iter().enumerate() {
            written.push(if is_binary || place == 1 || place == 2 {
                self.expression(argument)?
            } else {
                self.text(argument)?
            });
        }
        if !is_binary && let [text, place, length, other] = written.as_slice() {
            let (place, length) = (digits_of(place), digits_of(length));
            return Ok(format!(
                "rs_insert({LONGEST}, {text}, {place}, {length}, {other})"
            ));
        }
        let written: Vec<&str> = written.iter().map(String::as_str).collect();
        Ok(macro_call("bytes_insert", &written))
    }

    /// `LPAD(text, length [, filler])` and `RPAD`
    pub(super) fn pad(&mut self, call: &Call<'_>) -> Written {
        if self.is_binary(call.argument(0)?) {
            return self.padded_bytes(call);
        }
        let text = self.text(call.argument(0)?)?;
        let length = self.expression(call.argument(1)?)?;
        let filler = match call.arguments().get(2) {
            Some(filler) => self.text(filler)?,
            None => "' '".into(),
        };
        Ok(padded(call, &text, &digits_of(&length), &filler))
    }

    /// The same of BINARY: two digits are a byte.
    fn padded_bytes(&mut self, call: &Call<'_>) -> Written {
        let Some(filler) = call.arguments().get(2) else {
            return refuse(format!("not enough arguments for function {}", call.name));
        };
        let digits = format!("hex({})", self.bytes(call.argument(0)?)?);
        let length = self.expression(call.argument(1)?)?;
        let filler = format!("hex({})", self.bytes(filler)?);
        let length = digits_of(&format!("(CAST({length} AS BIGINT) * 2)"));
        Ok(format!(
            "unhex({})",
            padded(call, &digits, &length, &filler)
        ))
    }

    /// `BITSHIFTLEFT(x, n)` and `BITSHIFTRIGHT`. Of BINARY, bits that leave it are gone.
    pub(super) fn shifted(&mut self, call: &Call<'_>) -> Written {
        let is_left = call.name.ends_with("LEFT");
        let (value, count) = (call.argument(0)?, call.argument(1)?);
        if self.is_binary(value) {
            let digits = format!("hex({})", self.bytes(value)?);
            let count = self.number(count)?;
            let sign = if is_left { "" } else { "-" };
            return Ok(format!(
                "unhex(rs_shift({digits}, CAST(CAST({sign}({count}) AS BIGINT) AS VARCHAR)))"
            ));
        }
        let (value, count) = (self.number(value)?, self.number(count)?);
        Ok(if is_left {
            format!("(CAST({value} AS HUGEINT) << CAST({count} AS HUGEINT))")
        } else {
            format!("(CAST({value} AS BIGINT) >> CAST({count} AS BIGINT))")
        })
    }

    /// What a hash is taken of: the bytes of BINARY, or those of a text.
    pub(super) fn hashed(&mut self, value: &Expr) -> Written {
        if self.is_binary(value) {
            self.bytes(value)
        } else {
            self.text(value)
        }
    }

    /// `MD5_NUMBER_LOWER64(x)` and `MD5_NUMBER_UPPER64`: one half of the hash as a whole number.
    pub(super) fn md5_number(&mut self, call: &Call<'_>, half: &str) -> Written {
        let hashed = self.hashed(call.argument(0)?)?;
        Ok(format!(
            "CAST(rs_hex_number({half}(md5({hashed}), 16)) AS DECIMAL(38, 0))"
        ))
    }

    /// `CHARINDEX(needle, x [, place])` and `POSITION`
    pub(super) fn charindex(&mut self, call: &Call<'_>) -> Written {
        let start = match call.arguments().get(2) {
            Some(start) => Some(self.expression(start)?),
            None => None,
        };
        self.place_of(call.argument(0)?, call.argument(1)?, start)
    }

    /// Where one text or BINARY stands in another.
    pub(super) fn place_of(
        &mut self,
        needle: &Expr,
        whole: &Expr,
        start: Option<String>,
    ) -> Written {
        if self.is_binary(needle) || self.is_binary(whole) {
            let (needle, whole) = (self.bytes(needle)?, self.bytes(whole)?);
            let start = start.unwrap_or_else(|| "1".into());
            return Ok(macro_call("bytes_position", &[&needle, &whole, &start]));
        }
        let is_short = is_short_literal(needle);
        let (needle, whole) = (self.text(needle)?, self.text(whole)?);
        Ok(match start {
            None if is_short => format!("strpos({whole}, {needle})"),
            None => format!("rs_position({needle}, {whole}, '1')"),
            Some(start) => format!("rs_position({needle}, {whole}, {})", digits_of(&start)),
        })
    }

    /// `CONTAINS(x, y)`, `STARTSWITH(x, y)` and `ENDSWITH(x, y)`
    pub(super) fn contains(&mut self, call: &Call<'_>) -> Written {
        let (whole, part) = (call.argument(0)?, call.argument(1)?);
        if self.is_binary(whole) || self.is_binary(part) {
            let (whole, part) = (self.bytes(whole)?, self.bytes(part)?);
            return Ok(match call.name.as_str() {
                "STARTSWITH" => macro_call("bytes_starts", &[&whole, &part]),
                "ENDSWITH" => macro_call("bytes_ends", &[&whole, &part]),
                _ => format!(
                    "({} > 0)",
                    macro_call("bytes_position", &[&part, &whole, "1"])
                ),
            });
        }
        let function = match call.name.as_str() {
            "STARTSWITH" => "starts_with",
            "ENDSWITH" => "ends_with",
            _ if is_short_literal(part) => "contains",
            _ => "rs_contains",
        };
        let (whole, part) = (self.text(whole)?, self.text(part)?);
        Ok(format!("{function}({whole}, {part})"))
    }

    /// `TO_BINARY(text [, format])`, and with TRY_.
    pub(super) fn binary_of(&mut self, call: &Call<'_>) -> Written {
        let is_lenient = call.name.starts_with("TRY_");
        let value = call.argument(0)?;
        let written = self.expression(value)?;
        Ok(match encoding(call)?.as_str() {
            "HEX" if is_lenient => self.try_as_type(written, value, Target::Binary),
            "HEX" => self.as_type(written, value, Target::Binary),
            "BASE64" => {
                let text = self.as_text(written, value);
                if is_lenient {
                    format!("unhex(rs_try_base64({text}))")
                } else {
                    macro_call("from_base64", &[&text])
                }
            }
            _ => format!("encode({})", self.as_text(written, value)),
        })
    }

    /// `TO_CHAR(x [, format])` of BINARY.
    pub(super) fn char_of_binary(&mut self, call: &Call<'_>) -> Written {
        let value = self.expression(call.argument(0)?)?;
        match encoding(call)?.as_str() {
            "HEX" => Ok(macro_call("hex", &[&value])),
            "BASE64" => Ok(macro_call("base64", &[&value])),
            _ => Ok(format!("decode({})", macro_call("bytes", &[&value]))),
        }
    }
}

/// Whether an expression is BINARY whatever its columns hold.
pub(super) fn is_bytes(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => matches!(value.value, Value::HexStringLiteral(_)),
        Expr::Nested(inner) => is_bytes(inner),
        Expr::Cast { data_type, .. } => matches!(target(data_type), Ok(Target::Binary)),
        Expr::Function(function) => {
            BINARY_FUNCTIONS.contains(&function.name.to_string().to_uppercase().as_str())
        }
        _ => false,
    }
}

/// A text filled up to a length, on one of its sides.
fn padded(call: &Call<'_>, text: &str, length: &str, filler: &str) -> String {
    let side = if call.name == "LPAD" { "left" } else { "right" };
    format!("rs_pad_{side}({LONGEST}, {text}, {length}, {filler})")
}

/// HEX, BASE64 or UTF-8.
fn encoding(call: &Call<'_>) -> Result<String, Fault> {
    let Some(format) = call.arguments().get(1) else {
        return Ok("HEX".into());
    };
    let Some(format) = text_literal(format) else {
        return limit(format!("accepts only a literal format in {}", call.name));
    };
    match format.to_uppercase().as_str() {
        known @ ("HEX" | "BASE64") => Ok(known.to_owned()),
        "UTF-8" | "UTF8" => Ok("UTF-8".into()),
        _ => refuse(format!(
            "the format '{format}' of BINARY is not HEX, BASE64 or UTF-8"
        )),
    }
}
