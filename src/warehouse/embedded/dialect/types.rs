//! Types and casts.

use crate::sql::ast::{
    BinaryLength, CastKind, CharacterLength, DataType, ExactNumberInfo, Expr, TimezoneInfo,
    TypedString, ValueWithSpan,
};
use crate::sql::foreign;

use super::writer::{Fault, Writer, Written, limit, macro_call, quote_text, refuse};

/// What a value is cast to, in the kinds that differ in how the cast is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// VARCHAR, with its length in characters.
    Text(Option<u64>),
    /// NUMBER with precision and scale.
    Number(u8, u8),
    /// FLOAT.
    Float,
    /// BOOLEAN.
    Boolean,
    /// DATE.
    Date,
    /// TIME.
    Time,
    /// `TIMESTAMP_NTZ`.
    Timestamp,
    /// `TIMESTAMP_LTZ`.
    ZonedTimestamp,
    /// `TIMESTAMP_TZ`, which keeps an offset.
    OffsetTimestamp,
    /// BINARY.
    Binary,
    /// VARIANT.
    Variant,
    /// OBJECT.
    Object,
    /// ARRAY.
    Array,
}

impl Writer<'_> {
    /// `CAST(x AS t)`, `x::t`, `TRY_CAST(x AS t)`, `CONVERT(t, x)`, `DATE '2024-01-01'`.
    pub(super) fn cast(&mut self, expr: &Expr) -> Written {
        match expr {
            Expr::Cast {
                kind,
                expr,
                data_type,
                format: None,
            } => {
                let target = target(data_type)?;
                if target == Target::Variant {
                    return self.variant_of(expr);
                }
                if matches!(target, Target::Timestamp | Target::Date | Target::Time) {
                    self.shed_zone(expr);
                }
                let value = self.expression(expr)?;
                match kind {
                    CastKind::Cast | CastKind::DoubleColon => {
                        let value = self.as_type(value, expr, target);
                        Ok(of_digits(value, data_type))
                    }
                    CastKind::TryCast if self.is_text(expr) => {
                        Ok(self.try_as_type(value, expr, target))
                    }
                    CastKind::TryCast => {
                        let data_type = quote_text(&data_type.to_string().to_uppercase());
                        let text = macro_call("only_text", &[&value, &data_type]);
                        Ok(try_cast_to(&text, target))
                    }
                    CastKind::SafeCast => limit("does not support SAFE_CAST"),
                }
            }
            Expr::TypedString(TypedString {
                data_type, value, ..
            }) => {
                let target = target(data_type)?;
                let ValueWithSpan { value, .. } = value;
                let value = self.literal(value)?;
                Ok(cast_to(&value, target))
            }
            _ => limit("does not support this form of CAST"),
        }
    }
}

/// A time with no more digits of a second than its type has. Whether Snowflake rounds the others or drops them is not
/// documented.
fn of_digits(value: String, data_type: &DataType) -> String {
    let digits = match data_type {
        DataType::Time(Some(digits), _)
        | DataType::Timestamp(Some(digits), _)
        | DataType::TimestampNtz(Some(digits))
        | DataType::Datetime(Some(digits)) => u32::try_from(*digits).ok(),
        DataType::Custom(name, modifiers)
            if name.to_string().to_uppercase().starts_with("TIMESTAMP") =>
        {
            modifiers.first().and_then(|digits| digits.parse().ok())
        }
        _ => None,
    };
    match digits {
        Some(digits @ 0..=5) => {
            let size = 10_u32.pow(6 - digits).to_string();
            macro_call("of_digits", &[&value, &size])
        }
        _ => value,
    }
}

/// A value as another type; fails at run time where Snowflake's cast fails.
pub(super) fn cast_to(value: &str, target: Target) -> String {
    match target {
        Target::Text(None) => macro_call("cast_text", &[value]),
        Target::Text(Some(length)) => macro_call("text_of_length", &[value, &length.to_string()]),
        Target::Number(precision, scale) => {
            format!("CAST({value} AS DECIMAL({precision},{scale}))")
        }
        Target::Float => format!("CAST({value} AS DOUBLE)"),
        Target::Boolean => macro_call("boolean", &[value]),
        Target::Date => macro_call("date", &[&typed_null(value, "DATE")]),
        Target::Time => macro_call("time", &[&typed_null(value, "TIME")]),
        Target::Timestamp => macro_call("timestamp", &[&typed_null(value, "TIMESTAMP")]),
        Target::ZonedTimestamp => macro_call("zoned", &[&typed_null(value, "TIMESTAMPTZ")]),
        Target::OffsetTimestamp => macro_call("offset", &[&typed_null(value, "TIMESTAMPTZ")]),
        Target::Binary => macro_call("binary", &[value]),
        Target::Variant => macro_call("variant", &[value]),
        Target::Object => macro_call("object", &[value]),
        Target::Array => macro_call("array", &[value]),
    }
}

/// As [`cast_to`], but NULL where the cast fails.
pub(super) fn try_cast_to(value: &str, target: Target) -> String {
    match target {
        Target::Number(precision, scale) => {
            format!("TRY_CAST({value} AS DECIMAL({precision},{scale}))")
        }
        Target::Float => format!("TRY_CAST({value} AS DOUBLE)"),
        Target::Time => macro_call("try_time", &[value]),
        Target::Text(None) => macro_call("cast_text", &[value]),
        Target::Text(Some(length)) => {
            macro_call("try_text_of_length", &[value, &length.to_string()])
        }
        Target::Boolean => macro_call("try_boolean", &[value]),
        Target::Date => macro_call("try_date", &[value]),
        Target::Timestamp => macro_call("try_timestamp", &[value]),
        Target::ZonedTimestamp => macro_call("try_zoned", &[value]),
        Target::OffsetTimestamp => macro_call("try_offset", &[value]),
        Target::Binary => macro_call("try_binary", &[value]),
        Target::Variant => macro_call("variant", &[value]),
        Target::Object => macro_call("try_object", &[value]),
        Target::Array => macro_call("try_array", &[value]),
    }
}

/// A bare NULL has no type, and macros with one body for each type could not choose.
pub(super) fn typed_null(value: &str, sql_type: &str) -> String {
    if value == "NULL" {
        format!("CAST(NULL AS {sql_type})")
    } else {
        value.to_owned()
    }
}

/// Reads a type.
pub(super) fn target(data_type: &DataType) -> Result<Target, Fault> {
    Ok(match data_type {
        DataType::Varchar(length)
        | DataType::Nvarchar(length)
        | DataType::CharacterVarying(length)
        | DataType::CharVarying(length) => Target::Text(text_length(length.as_ref())),
        // A CHAR without length holds one character.
        DataType::Char(length) | DataType::Character(length) => {
            Target::Text(text_length(length.as_ref()).or(Some(1)))
        }
        DataType::String(length) => Target::Text(*length),
        DataType::Text => Target::Text(None),
        DataType::Numeric(info) | DataType::Decimal(info) | DataType::Dec(info) => number(info)?,
        DataType::Int(_)
        | DataType::Integer(_)
        | DataType::BigInt(_)
        | DataType::SmallInt(_)
        | DataType::TinyInt(_) => Target::Number(38, 0),
        DataType::Float(_)
        | DataType::Float4
        | DataType::Float8
        | DataType::Real
        | DataType::Double(_)
        | DataType::DoublePrecision => Target::Float,
        DataType::Boolean | DataType::Bool => Target::Boolean,
        DataType::Date => Target::Date,
        DataType::Time(_, TimezoneInfo::None) => Target::Time,
        DataType::Datetime(_)
        | DataType::TimestampNtz(_)
        | DataType::Timestamp(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            Target::Timestamp
        }
        DataType::Timestamp(_, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone) => {
            Target::OffsetTimestamp
        }
        DataType::Binary(None) | DataType::Varbinary(None) => Target::Binary,
        DataType::Varbinary(Some(BinaryLength::Max)) => Target::Binary,
        DataType::Array(_) => Target::Array,
        DataType::Custom(name, modifiers) => custom(&name.to_string().to_uppercase(), modifiers)?,
        other => return unknown(&other.to_string()),
    })
}

/// A type without a rule: Snowflake has it, or nobody does.
fn unknown<T>(name: &str) -> Result<T, Fault> {
    let upper = name.to_uppercase();
    let word = upper
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .next()
        .unwrap_or_default();
    if OTHER_TYPES.contains(&word) && foreign::data_type(name).is_none() {
        return limit(format!("does not support the type {name}"));
    }
    refuse(format!(
        "SQL compilation error:\nUnsupported data type '{name}'."
    ))
}

/// Types that Snowflake has and this engine does not, or not in every form.
const OTHER_TYPES: [&str; 34] = [
    "ARRAY",
    "BINARY",
    "CHAR",
    "CHARACTER",
    "DATETIME",
    "DEC",
    "DECFLOAT",
    "DECIMAL",
    "DOUBLE",
    "FILE",
    "FLOAT",
    "GEOGRAPHY",
    "GEOMETRY",
    "INTERVAL",
    "MAP",
    "NATIONAL",
    "NCHAR",
    "NUMBER",
    "NUMERIC",
    "NVARCHAR",
    "NVARCHAR2",
    "OBJECT",
    "STRING",
    "TABLE",
    "TEXT",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMP_LTZ",
    "TIMESTAMP_NTZ",
    "TIMESTAMP_TZ",
    "UUID",
    "VARBINARY",
    "VARCHAR",
    "VECTOR",
];

fn text_length(length: Option<&CharacterLength>) -> Option<u64> {
    match length {
        Some(CharacterLength::IntegerLength { length, .. }) => Some(*length),
        Some(CharacterLength::Max) | None => None,
    }
}

fn number(info: &ExactNumberInfo) -> Result<Target, Fault> {
    let (precision, scale) = match info {
        ExactNumberInfo::None => (38, 0),
        ExactNumberInfo::Precision(precision) => (*precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (*precision, *scale),
    };
    match (u8::try_from(precision), u8::try_from(scale)) {
        (Ok(precision), Ok(scale)) if (1..=38).contains(&precision) && scale <= precision => {
            Ok(Target::Number(precision, scale))
        }
        _ => limit(format!("does not support NUMBER({precision},{scale})")),
    }
}

/// Snowflake's own names of types.
fn custom(name: &str, modifiers: &[String]) -> Result<Target, Fault> {
    Ok(match name {
        "NUMBER" => {
            let mut numbers = modifiers.iter().map(|digits| digits.trim().parse::<u8>());
            let (precision, scale) = match (numbers.next(), numbers.next()) {
                (None, _) => (38, 0),
                (Some(Ok(precision)), None) => (precision, 0),
                (Some(Ok(precision)), Some(Ok(scale))) => (precision, scale),
                _ => return limit("supports NUMBER with a precision and a scale only"),
            };
            number(&ExactNumberInfo::PrecisionAndScale(
                precision.into(),
                scale.into(),
            ))?
        }
        "BYTEINT" => Target::Number(38, 0),
        "VARIANT" => Target::Variant,
        "OBJECT" if modifiers.is_empty() => Target::Object,
        "ARRAY" if modifiers.is_empty() => Target::Array,
        "TIMESTAMP_NTZ" | "TIMESTAMPNTZ" => Target::Timestamp,
        "TIMESTAMP_LTZ" | "TIMESTAMPLTZ" => Target::ZonedTimestamp,
        "TIMESTAMP_TZ" | "TIMESTAMPTZ" => Target::OffsetTimestamp,
        other => return unknown(other),
    })
}
