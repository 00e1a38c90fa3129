//! The type of an expression, as far as its form shows it.
//!
//! A macro that asks `typeof` at every level works for any value, but each level is bound, walked and optimised with all
//! its branches. Where the type shows, the plain form stands instead: fifty calls inside one another are planned in
//! a tenth of the time.

use crate::sql::ast::{BinaryOperator, Expr, Function, TypedString, UnaryOperator, Value};

use super::returns::{
    BINARY_FUNCTIONS, Form, OF_NUMBERS, TRUTHS, form_of, form_of_type, is_json, is_json_function,
    upper_name,
};
use super::semi_structured::{arguments, results};
use super::texts::{number_literal, text_literal};
use super::types::{Target, cast_to, target, try_cast_to};
use super::units::Of;
use super::writer::{Fault, Writer, is_short, limit_with_hint, macro_call, refuse};

/// Digits of the longest number that is no FLOAT, with its point.
const MOST_DIGITS: usize = 38;

impl Writer<'_> {
    /// What type an expression is of, where its form shows that.
    pub(super) fn form(&self, expr: &Expr) -> Option<Form> {
        match expr {
            Expr::Nested(inner) => self.form(inner),
            Expr::Value(value) => match &value.value {
                Value::SingleQuotedString(_) | Value::DollarQuotedString(_) => Some(Form::Text),
                Value::Number(digits, _) if digits.contains(['e', 'E']) => Some(Form::Float),
                Value::Number(digits, _) => (digits.len() <= MOST_DIGITS).then_some(Form::Number),
                Value::HexStringLiteral(_) => Some(Form::Bytes),
                Value::Boolean(_) => Some(Form::Truth),
                _ => None,
            },
            Expr::Cast { data_type, .. } | Expr::TypedString(TypedString { data_type, .. }) => {
                form_of_type(data_type)
            }
            Expr::Function(function) => self.form_of_call(expr, function),
            Expr::BinaryOp { left, op, right } => match op {
                BinaryOperator::StringConcat => (!self.is_binary(expr)).then_some(Form::Text),
                BinaryOperator::Multiply
                | BinaryOperator::Divide
                | BinaryOperator::Modulo
                | BinaryOperator::Plus
                | BinaryOperator::Minus => self.form_of_numbers([left.as_ref(), right].into_iter()),
                _ => is_truth(expr).then_some(Form::Truth),
            },
            Expr::UnaryOp {
                op: UnaryOperator::Minus | UnaryOperator::Plus,
                expr,
            } => self.form_of_numbers(std::iter::once(expr.as_ref())),
            Expr::Trim { .. } => Some(Form::Text),
            Expr::Substring { .. } => (!self.is_binary(expr)).then_some(Form::Text),
            Expr::Position { .. } | Expr::Extract { .. } => Some(Form::Number),
            Expr::Case {
                conditions,
                else_result: Some(other),
                ..
            } => self.common_form(results(conditions, Some(other))),
            other if is_json(other) => Some(Form::Json),
            other => is_truth(other).then_some(Form::Truth),
        }
    }

    fn form_of_call(&self, expr: &Expr, function: &Function) -> Option<Form> {
        let name = upper_name(function);
        let given = arguments(&function.args);
        match name.as_str() {
            "NVL" | "IFNULL" | "COALESCE" => self.common_form(given),
            "IFF" => self.common_form(given.skip(1)),
            name if OF_NUMBERS.contains(&name) => self.form_of_numbers(given),
            name if BINARY_FUNCTIONS.contains(&name) => Some(Form::Bytes),
            name if is_json_function(name) => Some(Form::Json),
            name => {
                let form = form_of(name)?;
                (form != Form::Text || !self.is_binary(expr)).then_some(form)
            }
        }
    }

    /// The form of all of them, where they have one.
    fn common_form<'e>(&self, mut all: impl Iterator<Item = &'e Expr>) -> Option<Form> {
        let first = self.form(all.next()?)?;
        all.all(|other| self.form(other) == Some(first))
            .then_some(first)
    }

    /// The form of what is computed from numbers: a FLOAT if one of them is. A VARIANT counts as a FLOAT.
    fn form_of_numbers<'e>(&self, all: impl Iterator<Item = &'e Expr>) -> Option<Form> {
        let mut found = None;
        for number in all {
            found = match self.form(number)? {
                Form::Number => found.or(Some(Form::Number)),
                Form::Float | Form::Json => Some(Form::Float),
                _ => return None,
            };
        }
        found
    }

    /// Whether an expression is a text by its form.
    pub(super) fn is_text(&self, expr: &Expr) -> bool {
        self.form(expr) == Some(Form::Text)
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
        matches!(self.form(expr), Some(Form::Date | Form::Timestamp))
    }

    /// A value, already written, as the text Snowflake makes of it.
    pub(super) fn as_text(&self, written: String, expr: &Expr) -> String {
        if written.starts_with("memory.main.sf_text(") && written.matches(')').count() == 1 {
            return written;
        }
        match self.form(expr) {
            Some(form) => text_of(written, form),
            None => macro_call("text", &[&written]),
        }
    }

    /// The same where the cast to text is written, which BINARY has as well.
    pub(super) fn as_cast_text(&self, written: String, expr: &Expr) -> String {
        match self.form(expr) {
            Some(Form::Bytes) => format!("hex({written})"),
            Some(form) => text_of(written, form),
            None => cast_to(&written, Target::Text(None)),
        }
    }

    /// A value, already written, as a VARIANT.
    pub(super) fn as_variant(&self, written: String, expr: &Expr) -> String {
        let is_whole = number_literal(expr)
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        match self.form(expr) {
            Some(Form::Json) => written,
            Some(Form::Text | Form::Truth | Form::Float | Form::Date | Form::Time) => {
                format!("to_json({written})")
            }
            Some(Form::Number) if is_whole => format!("to_json({written})"),
            Some(Form::Number) => format!("rs_json_digits(CAST({written} AS VARCHAR))"),
            Some(form @ (Form::Timestamp | Form::Zoned)) => {
                format!("to_json({})", text_of(written, form))
            }
            Some(Form::Bytes) | None => macro_call("variant", &[&written]),
        }
    }

    /// A VARIANT, OBJECT or ARRAY as natives take it: JSON, or the text of it.
    pub(super) fn as_json(&self, written: String, expr: &Expr) -> String {
        match self.form(expr) {
            Some(Form::Json) => written,
            None if is_short(&written) => macro_call("source", &[&written]),
            _ => format!("to_json({written})"),
        }
    }

    /// A value, already written, cast to a type.
    pub(super) fn as_type(&self, written: String, expr: &Expr, target: Target) -> String {
        match target {
            Target::Text(None) => return self.as_cast_text(written, expr),
            Target::Number(..) if written != "NULL" => {
                return self.as_decimal(&written, expr, target);
            }
            Target::Variant => return self.as_variant(written, expr),
            Target::Array => return format!("rs_array_of({})", self.as_variant(written, expr)),
            Target::Object => return format!("rs_object_of({})", self.as_variant(written, expr)),
            _ => {}
        }
        let form = self.form(expr);
        form.and_then(|form| of_form(&written, form, target))
            .unwrap_or_else(|| cast_to(&written, target))
    }

    /// A value as a NUMBER. The engine reads that of a VARIANT as a FLOAT, which 1.005 is none of.
    pub(super) fn as_decimal(&self, written: &str, expr: &Expr, target: Target) -> String {
        let of_variant = || {
            cast_to(
                &format!("rs_json_number(CAST({written} AS VARCHAR))"),
                target,
            )
        };
        let of_any = cast_to(written, target);
        match expr {
            Expr::Nested(inner) => self.as_decimal(written, inner, target),
            _ if self.form(expr) == Some(Form::Json) => {
                cast_to(&format!("rs_json_number({written})"), target)
            }
            _ if self.is_variant(expr) => of_variant(),
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) if is_short(written) => {
                let of_variant = of_variant();
                format!("CASE WHEN typeof({written}) = 'JSON' THEN {of_variant} ELSE {of_any} END")
            }
            _ => of_any,
        }
    }

    /// The same, but NULL where the cast fails.
    pub(super) fn try_as_type(&self, written: String, expr: &Expr, target: Target) -> String {
        let text = match self.form(expr) {
            // To the microsecond.
            Some(Form::Time | Form::Timestamp) => format!("CAST({written} AS VARCHAR)"),
            Some(Form::Bytes) | None => return try_cast_to(&written, target),
            Some(form) => text_of(written.clone(), form),
        };
        match target {
            Target::Boolean => format!("rs_try_boolean({text})"),
            Target::Date => format!("CAST(rs_try_date({text}) AS DATE)"),
            Target::Time => format!("CAST(rs_try_time({text}) AS TIME)"),
            Target::Timestamp => format!("CAST(rs_try_timestamp({text}) AS TIMESTAMP)"),
            Target::ZonedTimestamp => format!("CAST(rs_try_zoned({text}) AS TIMESTAMPTZ)"),
            Target::OffsetTimestamp => format!("CAST(rs_try_offset({text}) AS TIMESTAMPTZ)"),
            Target::Binary => format!("unhex(rs_try_hex({text}))"),
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
        match self.form(expr) {
            Some(Form::Bytes) | None => macro_call(of_any, &[&written]),
            Some(form) => of_text.replace("{}", &text_of(written, form)),
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

/// The text that Snowflake makes of a value of a known form; see `sf_text`.
fn text_of(written: String, form: Form) -> String {
    match form {
        Form::Text => written,
        Form::Number | Form::Truth | Form::Date => format!("CAST({written} AS VARCHAR)"),
        Form::Json => format!("rs_json_text({written})"),
        Form::Float => format!("regexp_replace(CAST({written} AS VARCHAR), '\\.0$', '')"),
        Form::Time => format!("left(CAST({written} AS VARCHAR), 8)"),
        Form::Timestamp => format!("strftime({written}, '%Y-%m-%d %H:%M:%S.%g')"),
        Form::Zoned => format!("strftime({written}, '%Y-%m-%d %H:%M:%S.%g +0000')"),
        Form::Bytes => macro_call("text", &[&written]),
    }
}

/// A TIMESTAMP without zone as another type.
pub(super) fn of_timestamp(written: &str, target: Target) -> String {
    of_form(written, Form::Timestamp, target).unwrap_or_else(|| cast_to(written, target))
}

/// A value of a known form as another type, as the macro of the type would say it; `None` where that shall say it.
fn of_form(written: &str, form: Form, target: Target) -> Option<String> {
    let text = || text_of(written.to_owned(), form);
    let is_text = matches!(form, Form::Text | Form::Json);
    let is_number = matches!(form, Form::Number | Form::Float);
    let is_moment = matches!(form, Form::Date | Form::Timestamp | Form::Zoned);
    Some(match target {
        Target::Boolean if form == Form::Truth => written.to_owned(),
        Target::Boolean if is_text => format!("rs_boolean({})", text()),
        Target::Boolean if is_number => format!("({written} <> 0)"),
        Target::Date if form == Form::Date => written.to_owned(),
        Target::Date if is_text => format!("CAST(rs_date({}) AS DATE)", text()),
        Target::Date if is_moment => format!("TRY_CAST({written} AS DATE)"),
        Target::Time if form == Form::Time => written.to_owned(),
        Target::Time if is_text => format!("CAST(rs_time({}) AS TIME)", text()),
        Target::Time if form == Form::Timestamp => format!("TRY_CAST({written} AS TIME)"),
        Target::Timestamp if form == Form::Timestamp => written.to_owned(),
        Target::Timestamp if is_text => format!("CAST(rs_timestamp({}) AS TIMESTAMP)", text()),
        Target::Timestamp if is_moment => format!("TRY_CAST({written} AS TIMESTAMP)"),
        Target::Timestamp if is_number => macro_call("seconds", &[written]),
        Target::ZonedTimestamp | Target::OffsetTimestamp if form == Form::Zoned => {
            written.to_owned()
        }
        Target::ZonedTimestamp if is_text => format!("CAST(rs_zoned({}) AS TIMESTAMPTZ)", text()),
        Target::OffsetTimestamp if is_text => format!("CAST(rs_offset({}) AS TIMESTAMPTZ)", text()),
        Target::ZonedTimestamp | Target::OffsetTimestamp if is_moment => {
            format!("TRY_CAST({written} AS TIMESTAMPTZ)")
        }
        Target::ZonedTimestamp | Target::OffsetTimestamp if is_number => {
            format!("to_timestamp(TRY_CAST(CAST({written} AS VARCHAR) AS DOUBLE))")
        }
        Target::Binary if form == Form::Bytes => written.to_owned(),
        Target::Binary if is_text => format!("unhex(rs_hex({}))", text()),
        _ => return None,
    })
}
