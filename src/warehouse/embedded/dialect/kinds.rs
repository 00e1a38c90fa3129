//! The type of an expression, as far as its form shows it.
//!
//! A macro that asks `typeof` at every level works for any value, but each level is bound, walked and optimised with all
//! its branches. Where the type shows, the plain form stands instead: fifty calls inside one another are planned in
//! a tenth of the time.

use crate::sql::ast::{BinaryOperator, Expr, Function, UnaryOperator, Value};

use super::binary::is_bytes;
use super::returns::{DATES, PLAIN, TEXTS, TIMES, TRUTHS};
use super::semi_structured::{VARIANT_FUNCTIONS, arguments, results};
use super::texts::text_literal;
use super::types::{Target, cast_to, target, try_cast_to};
use super::units::Of;
use super::writer::{Fault, Writer, is_short, limit_with_hint, macro_call, refuse};

impl Writer<'_> {
    /// Whether an expression is a text by its form.
    pub(super) fn is_text(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Value(value) => matches!(
                value.value,
                Value::SingleQuotedString(_) | Value::DollarQuotedString(_)
            ),
            Expr::Nested(inner) => self.is_text(inner),
            Expr::Cast { data_type, .. } => matches!(target(data_type), Ok(Target::Text(_))),
            Expr::BinaryOp { op, .. } => {
                *op == BinaryOperator::StringConcat && !self.is_binary(expr)
            }
            Expr::Trim { .. } => true,
            Expr::Substring { .. } => !self.is_binary(expr),
            Expr::Function(function) => {
                let name = function.name.to_string().to_uppercase();
                match name.as_str() {
                    "NVL" | "IFNULL" | "COALESCE" => {
                        arguments(&function.args).all(|argument| self.is_text(argument))
                    }
                    "IFF" => arguments(&function.args)
                        .skip(1)
                        .all(|argument| self.is_text(argument)),
                    name => TEXTS.contains(&name) && !self.is_binary(expr),
                }
            }
            Expr::Case {
                conditions,
                else_result: Some(other),
                ..
            } => results(conditions, Some(other)).all(|result| self.is_text(result)),
            _ => false,
        }
    }

    /// Whether the text of an expression is what the engine makes of it: a whole number, a NUMBER, a truth value, a DATE.
    pub(super) fn is_plain(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Value(value) => match &value.value {
                Value::Number(digits, _) => !digits.contains(['e', 'E', '.']),
                _ => false,
            },
            Expr::Nested(inner) => self.is_plain(inner),
            Expr::Cast { data_type, .. } => matches!(
                target(data_type),
                Ok(Target::Number(..) | Target::Boolean | Target::Date)
            ),
            Expr::Position { .. } | Expr::Extract { .. } => true,
            Expr::Function(function) if PLAIN.contains(&upper_name(function).as_str()) => true,
            other => is_truth(other),
        }
    }

    /// A word for the values of an expression, where its form shows that they are texts, numbers or truth values.
    pub(super) fn kind_word(&self, expr: &Expr) -> Option<&'static str> {
        match expr {
            Expr::Nested(inner) => self.kind_word(inner),
            Expr::UnaryOp {
                op: UnaryOperator::Minus | UnaryOperator::Plus,
                ..
            } => Some("numbers"),
            Expr::Value(value) if matches!(value.value, Value::Number(..)) => Some("numbers"),
            Expr::Cast { data_type, .. }
                if matches!(target(data_type), Ok(Target::Number(..) | Target::Float)) =>
            {
                Some("numbers")
            }
            Expr::BinaryOp {
                op: BinaryOperator::Multiply | BinaryOperator::Divide,
                ..
            } => Some("numbers"),
            Expr::Function(function)
                if matches!(
                    upper_name(function).as_str(),
                    "COUNT" | "SUM" | "AVG" | "COUNT_IF"
                ) =>
            {
                Some("numbers")
            }
            expr if self.is_text(expr) => Some("texts"),
            expr if is_truth(expr) => Some("truth values"),
            _ => None,
        }
    }

    /// Refuses results of one expression that are of several kinds by their form. DuckDB makes texts of all of them, or
    /// minds only the one that is chosen; Snowflake reads each text as a number, or fails.
    pub(super) fn refuse_mixed<'e>(
        &self,
        results: impl Iterator<Item = &'e Expr>,
    ) -> Result<(), Fault> {
        let mut found: Option<(&'static str, &Expr)> = None;
        for result in results {
            if self.is_variant(result) {
                return Ok(());
            }
            let is_number =
                text_literal(result).is_some_and(|text| text.trim().parse::<f64>().is_ok());
            let Some(kind) = self.kind_word(result).filter(|_| !is_number) else {
                continue;
            };
            match found {
                Some((other, before)) if other != kind => {
                    let literal = text_literal(result).or(text_literal(before));
                    return match literal {
                        Some(text) if [kind, other].contains(&"numbers") => refuse(format!(
                            "Numeric value '{text}' is not recognized: the other results are numbers"
                        )),
                        _ => limit_with_hint(
                            format!("does not choose between {other} and {kind}"),
                            "cast them to one type, as in x::VARCHAR",
                        ),
                    };
                }
                Some(_) => {}
                None => found = Some((kind, result)),
            }
        }
        Ok(())
    }

    /// Whether an expression is a DATE or a TIMESTAMP without zone by its form.
    pub(super) fn is_date(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Nested(inner) => self.is_date(inner),
            Expr::Cast { data_type, .. } => {
                matches!(target(data_type), Ok(Target::Date | Target::Timestamp))
            }
            Expr::Function(function) => {
                DATES.contains(&function.name.to_string().to_uppercase().as_str())
            }
            _ => false,
        }
    }

    /// A value, already written, as the text Snowflake makes of it.
    pub(super) fn as_text(&self, written: String, expr: &Expr) -> String {
        if self.is_text(expr)
            || written.starts_with("memory.main.sf_text(") && written.matches(')').count() == 1
        {
            written
        } else if self.is_plain(expr) {
            format!("CAST({written} AS VARCHAR)")
        } else if is_json(expr) {
            format!("rs_json_text(CAST({written} AS VARCHAR))")
        } else {
            macro_call("text", &[&written])
        }
    }

    /// The same where the cast to text is written, which BINARY has as well.
    pub(super) fn as_cast_text(&self, written: String, expr: &Expr) -> String {
        if self.is_text(expr) || self.is_plain(expr) || is_json(expr) {
            self.as_text(written, expr)
        } else if is_bytes(expr) {
            format!("hex({written})")
        } else {
            cast_to(&written, Target::Text(None))
        }
    }

    /// A value, already written, cast to a type.
    pub(super) fn as_type(&self, written: String, expr: &Expr, target: Target) -> String {
        if target == Target::Text(None) {
            return self.as_cast_text(written, expr);
        }
        if let Target::Number(..) = target
            && written != "NULL"
        {
            return self.as_decimal(&written, expr, target);
        }
        if !self.is_text(expr) || written == "NULL" {
            return cast_to(&written, target);
        }
        match target {
            Target::Date => format!("CAST(rs_date({written}) AS DATE)"),
            Target::Time => format!("CAST(rs_time({written}) AS TIME)"),
            Target::Timestamp => format!("CAST(rs_timestamp({written}) AS TIMESTAMP)"),
            Target::ZonedTimestamp => format!("CAST(rs_zoned({written}) AS TIMESTAMPTZ)"),
            Target::OffsetTimestamp => format!("CAST(rs_offset({written}) AS TIMESTAMPTZ)"),
            Target::Boolean => format!("rs_boolean({written})"),
            target => cast_to(&written, target),
        }
    }

    /// A value as a NUMBER. The engine reads that of a VARIANT as a FLOAT, which 1.005 is none of.
    pub(super) fn as_decimal(&self, written: &str, expr: &Expr, target: Target) -> String {
        let digits = format!("rs_json_number(CAST({written} AS VARCHAR))");
        let of_variant = cast_to(&digits, target);
        let of_any = cast_to(written, target);
        match expr {
            Expr::Nested(inner) => self.as_decimal(written, inner, target),
            _ if self.is_variant(expr) => of_variant,
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) if is_short(written) => {
                format!("CASE WHEN typeof({written}) = 'JSON' THEN {of_variant} ELSE {of_any} END")
            }
            _ => of_any,
        }
    }

    /// The same, but NULL where the cast fails.
    pub(super) fn try_as_type(&self, written: String, expr: &Expr, target: Target) -> String {
        let text = if is_time(expr) {
            format!("CAST({written} AS VARCHAR)")
        } else if self.is_text(expr) || self.is_plain(expr) || is_json(expr) {
            self.as_text(written.clone(), expr)
        } else {
            return try_cast_to(&written, target);
        };
        match target {
            Target::Boolean => format!("rs_try_boolean({text})"),
            Target::Date => format!("CAST(rs_try_date({text}) AS DATE)"),
            Target::Time => format!("CAST(rs_try_time({text}) AS TIME)"),
            Target::Timestamp => format!("CAST(rs_try_timestamp({text}) AS TIMESTAMP)"),
            Target::ZonedTimestamp => format!("CAST(rs_try_zoned({text}) AS TIMESTAMPTZ)"),
            Target::OffsetTimestamp => format!("CAST(rs_try_offset({text}) AS TIMESTAMPTZ)"),
            _ => try_cast_to(&written, target),
        }
    }

    /// A date or time, written by [`Writer::moment`], as a point in time.
    pub(super) fn as_point(&self, written: &str, expr: &Expr, of: Of) -> String {
        if self.is_date(expr) && written != "NULL" && matches!(of, Of::Any | Of::Day) {
            format!("CAST({written} AS TIMESTAMP)")
        } else {
            point_of(written, of)
        }
    }

    /// `LENGTH` and its kin, `HEX_ENCODE` and `BASE64_ENCODE`: one form for texts, in which `{}` is the text, and one macro
    /// for what may be BINARY.
    pub(super) fn of_text_or_bytes(
        &self,
        written: String,
        expr: &Expr,
        of_text: &str,
        of_any: &str,
    ) -> String {
        if self.is_text(expr) || self.is_plain(expr) {
            of_text.replace("{}", &self.as_text(written, expr))
        } else {
            macro_call(of_any, &[&written])
        }
    }
}

/// A date or time as a point in time.
pub(super) fn point(written: &str) -> String {
    point_of(written, Of::Any)
}

/// The same, of a value that has what a part or a unit is of.
fn point_of(written: &str, of: Of) -> String {
    let (name, what) = match of {
        Of::Any => ("moment", ""),
        Of::Day => ("day_moment", "day"),
        Of::Clock => ("clock_moment", "clock"),
        Of::Zone => return macro_call("in_utc", &[written]),
    };
    if is_short(written) {
        macro_call(name, &[written])
    } else {
        format!("rs_point({written}, 0, '{what}')")
    }
}

/// Whether an expression is a truth value by its form.
pub(super) fn is_truth(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_truth(inner),
        Expr::Value(value) => matches!(value.value, Value::Boolean(_)),
        Expr::Cast { data_type, .. } => matches!(target(data_type), Ok(Target::Boolean)),
        Expr::UnaryOp { op, .. } => *op == UnaryOperator::Not,
        Expr::BinaryOp { op, .. } => matches!(
            op,
            BinaryOperator::And
                | BinaryOperator::Or
                | BinaryOperator::Eq
                | BinaryOperator::NotEq
                | BinaryOperator::Lt
                | BinaryOperator::LtEq
                | BinaryOperator::Gt
                | BinaryOperator::GtEq
        ),
        Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::InList { .. }
        | Expr::Between { .. }
        | Expr::Like { .. }
        | Expr::ILike { .. }
        | Expr::RLike { .. }
        | Expr::Exists { .. } => true,
        Expr::Function(function) => TRUTHS.contains(&upper_name(function).as_str()),
        _ => false,
    }
}

/// Whether an expression is a TIME or a TIMESTAMP without zone by its form, which the engine's own text says to the
/// microsecond.
fn is_time(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_time(inner),
        Expr::Cast { data_type, .. } => {
            matches!(target(data_type), Ok(Target::Time | Target::Timestamp))
        }
        Expr::Function(function) => TIMES.contains(&upper_name(function).as_str()),
        _ => false,
    }
}

fn upper_name(function: &Function) -> String {
    function.name.to_string().to_uppercase()
}

/// Whether an expression is the engine's JSON whatever its columns hold. Not what may give back its argument as it is.
pub(super) fn is_json(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_json(inner),
        Expr::Array(_) | Expr::Dictionary(_) => true,
        Expr::Function(function) => {
            let name = function.name.to_string().to_uppercase();
            VARIANT_FUNCTIONS.contains(&name.as_str())
                && !matches!(name.as_str(), "TO_VARIANT" | "STRIP_NULL_VALUE")
        }
        _ => false,
    }
}
