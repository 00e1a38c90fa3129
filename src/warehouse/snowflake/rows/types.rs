//! What a column means: from the reply's `rowtype`, or for the parts of a structured column from Arrow's own metadata.

use arrow_schema::{DataType as Arrow, Field};

use super::super::wire::RowType;
use crate::warehouse::{Column, DataType};

/// Digits of the widest NUMBER.
const MAX_PRECISION: u8 = 38;
/// Digits of a second in the finest time, and in one that does not say.
const MAX_SECOND_DIGITS: u8 = 9;

/// How a column's values are to be understood, whatever they are stored in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    /// FIXED: a whole number to be divided by `10^scale`.
    Fixed { scale: u8 },
    /// REAL.
    Real,
    /// DECFLOAT: decimal digits with an exponent for each value.
    DecFloat,
    /// TEXT, and what arrives as text and stays that.
    Text,
    /// BINARY.
    Binary,
    /// BOOLEAN.
    Boolean,
    /// DATE.
    Date,
    /// TIME, with its digits of a second.
    Time { scale: u8 },
    /// The three TIMESTAMPs, with their digits of a second.
    Timestamp { zone: Zone, scale: u8 },
    /// Semi-structured and structured values and vectors, all shown as JSON; with the parts' types where announced.
    Json(Vec<Type>),
    /// GEOGRAPHY and GEOMETRY: text, or bytes shown in hexadecimal.
    Geo,
    /// Months.
    YearMonth { is_years_only: bool },
    /// Nanoseconds.
    DayTime,
    /// A type this list does not know: shown as text.
    Unknown,
}

/// What a TIMESTAMP is shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    /// NTZ: the wall clock, wherever the wall is.
    Wall,
    /// LTZ: the session's, in minutes east of UTC.
    Session(i16),
    /// TZ: each value has its own.
    Own,
}

impl Type {
    /// `offset` is the session's time zone, in minutes east of UTC.
    pub(super) fn new(row_type: &RowType, offset: i16) -> Self {
        let scale = seconds_scale(row_type);
        match kind(row_type).as_str() {
            "FIXED" => Self::Fixed {
                scale: small(row_type.scale).unwrap_or(0),
            },
            "REAL" => Self::Real,
            "DECFLOAT" => Self::DecFloat,
            "TEXT" | "CHAR" => Self::Text,
            "BINARY" => Self::Binary,
            "BOOLEAN" => Self::Boolean,
            "DATE" => Self::Date,
            "TIME" => Self::Time { scale },
            "TIMESTAMP_NTZ" => Self::Timestamp {
                zone: Zone::Wall,
                scale,
            },
            "TIMESTAMP_LTZ" => Self::Timestamp {
                zone: Zone::Session(offset),
                scale,
            },
            "TIMESTAMP_TZ" => Self::Timestamp {
                zone: Zone::Own,
                scale,
            },
            "VARIANT" | "OBJECT" | "ARRAY" | "MAP" | "VECTOR" => Self::Json(
                fields(row_type)
                    .iter()
                    .map(|part| Self::new(part, offset))
                    .collect(),
            ),
            // GeoJSON is announced as an object, and is worth more to its reader as one.
            "GEOGRAPHY" | "GEOMETRY" if row_type.kind.eq_ignore_ascii_case("object") => {
                Self::Json(Vec::new())
            }
            "GEOGRAPHY" | "GEOMETRY" => Self::Geo,
            "INTERVAL_YEAR_MONTH" => Self::YearMonth {
                is_years_only: row_type.scale == Some(1),
            },
            "INTERVAL_DAY_TIME" => Self::DayTime,
            _ => Self::Unknown,
        }
    }

    /// The type of a part of a structured value: as announced, or else by what Snowflake wrote beside the part, or else by
    /// what it is stored in.
    pub(super) fn of_part(announced: Option<&Self>, field: &Field) -> Self {
        match announced {
            Some(announced) if *announced != Self::Unknown => announced.clone(),
            _ => match field.metadata().get("logicalType") {
                Some(kind) => {
                    let number = |key| field.metadata().get(key)?.parse().ok();
                    let row_type = RowType {
                        kind: kind.clone(),
                        scale: number("scale"),
                        ..RowType::default()
                    };
                    // Nothing here says more about the zone than what we sign in with.
                    Self::new(&row_type, 0)
                }
                None => Self::of_stored(field.data_type()),
            },
        }
    }

    /// The type that is plainly meant by what the values are stored in.
    pub(super) fn of_stored(stored: &Arrow) -> Self {
        let scale = MAX_SECOND_DIGITS;
        match stored {
            Arrow::Decimal128(_, scale) => Self::Fixed {
                scale: u8::try_from(*scale).unwrap_or(0),
            },
            stored if stored.is_integer() => Self::Fixed { scale: 0 },
            stored if stored.is_floating() => Self::Real,
            Arrow::Utf8 | Arrow::LargeUtf8 | Arrow::Utf8View => Self::Text,
            Arrow::Binary | Arrow::LargeBinary | Arrow::BinaryView | Arrow::FixedSizeBinary(_) => {
                Self::Binary
            }
            Arrow::Boolean => Self::Boolean,
            Arrow::Date32 => Self::Date,
            Arrow::Time32(_) | Arrow::Time64(_) => Self::Time { scale },
            Arrow::Timestamp(_, None) => Self::Timestamp {
                zone: Zone::Wall,
                scale,
            },
            Arrow::Timestamp(_, Some(zone)) => Self::Timestamp {
                zone: Zone::Session(fixed_offset(zone)),
                scale,
            },
            stored if stored.is_nested() => Self::Json(Vec::new()),
            _ => Self::Unknown,
        }
    }
}

/// The column as the rest of the service sees it.
pub(super) fn column(row_type: &RowType) -> Column {
    let scale = seconds_scale(row_type);
    let data_type = match kind(row_type).as_str() {
        "FIXED" => DataType::Number {
            precision: small(row_type.precision).unwrap_or(MAX_PRECISION),
            scale: small(row_type.scale).unwrap_or(0),
        },
        "REAL" => DataType::Float,
        "TEXT" | "CHAR" => {
            DataType::Varchar(row_type.length.and_then(|length| length.try_into().ok()))
        }
        "BINARY" => DataType::Binary,
        "BOOLEAN" => DataType::Boolean,
        "DATE" => DataType::Date,
        "TIME" => DataType::Time(scale),
        "TIMESTAMP_NTZ" => DataType::TimestampNtz(scale),
        "TIMESTAMP_LTZ" => DataType::TimestampLtz(scale),
        "TIMESTAMP_TZ" => DataType::TimestampTz(scale),
        "VARIANT" => DataType::Variant,
        "OBJECT" => DataType::Object,
        "ARRAY" => DataType::Array,
        "VECTOR" => DataType::Other(vector(row_type)),
        "INTERVAL_YEAR_MONTH" if row_type.scale == Some(1) => {
            DataType::Other("INTERVAL YEAR".into())
        }
        "INTERVAL_YEAR_MONTH" => DataType::Other("INTERVAL YEAR TO MONTH".into()),
        "INTERVAL_DAY_TIME" => DataType::Other("INTERVAL DAY TO SECOND".into()),
        // GEOGRAPHY, GEOMETRY, DECFLOAT and MAP among them: the name says it.
        other => DataType::Other(other.into()),
    };
    Column {
        name: row_type.name.clone(),
        data_type,
        is_nullable: row_type.nullable,
    }
}

/// Minutes east of UTC; 0 for a zone that has no fixed offset, or whose offset only a time zone database knows.
pub(super) fn fixed_offset(zone: &str) -> i16 {
    // By POSIX's count west of Greenwich: `Etc/GMT+5` is five hours behind UTC.
    let (text, east) = match zone.strip_prefix("Etc/GMT") {
        Some(rest) => (rest, -1),
        None => (zone, 1),
    };
    let (sign, digits) = match text.split_at_checked(1) {
        Some(("+", digits)) => (east, digits),
        Some(("-", digits)) => (-east, digits),
        _ => return 0,
    };
    let (hours, minutes) = digits
        .split_once(':')
        .or_else(|| digits.split_at_checked(2))
        .unwrap_or((digits, ""));
    let minutes = if minutes.is_empty() { "0" } else { minutes };
    match (hours.parse::<u8>(), minutes.parse::<u8>()) {
        (Ok(hours @ 0..=15), Ok(minutes @ 0..=59)) => {
            sign * (i16::from(hours) * 60 + i16::from(minutes))
        }
        _ => 0,
    }
}

/// Snowflake's word for the type, upper case. `extTypeName` is the type a value has, `type` then only how it is sent.
fn kind(row_type: &RowType) -> String {
    match row_type.ext_type_name.as_deref() {
        Some(name) if !name.is_empty() => name.to_ascii_uppercase(),
        _ => row_type.kind.to_ascii_uppercase(),
    }
}

fn vector(row_type: &RowType) -> String {
    let element = match fields(row_type) {
        [element, ..] if element.kind.eq_ignore_ascii_case("fixed") => "INT",
        _ => "FLOAT",
    };
    match row_type.vector_dimension {
        Some(dimension) => format!("VECTOR({element}, {dimension})"),
        None => "VECTOR".into(),
    }
}

fn fields(row_type: &RowType) -> &[RowType] {
    row_type.fields.as_deref().unwrap_or_default()
}

fn seconds_scale(row_type: &RowType) -> u8 {
    small(row_type.scale).map_or(MAX_SECOND_DIGITS, |scale| scale.min(MAX_SECOND_DIGITS))
}

fn small(number: Option<i64>) -> Option<u8> {
    number?.try_into().ok()
}
