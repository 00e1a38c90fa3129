//! Argument types the tools share. Each refuses what it cannot mean, in words that say what was expected.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::query::Format;
use crate::sql::{Identifier, QualifiedName};
use crate::warehouse::{Parameter, Session};

/// `database`
#[derive(Debug, Clone)]
pub(super) struct DatabaseName(pub Identifier);

/// `schema` or `database.schema`
#[derive(Debug, Clone)]
pub(super) struct SchemaName(pub QualifiedName);

/// `table`, `schema.table` or `database.schema.table`; views likewise.
#[derive(Debug, Clone)]
pub(super) struct ObjectName(pub QualifiedName);

/// The name of a virtual warehouse or a role.
#[derive(Debug, Clone)]
pub(super) struct PlainName(pub Identifier);

/// The name of a column.
#[derive(Debug, Clone)]
pub(super) struct ColumnName(pub Identifier);

/// A number of rows, at least one.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowLimit(pub u64);

/// A time in seconds, at least one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seconds(pub Duration);

/// How to write the rows.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ResultFormat {
    #[default]
    Markdown,
    Csv,
    Json,
}

/// A value for a placeholder.
#[derive(Debug, Clone)]
pub(super) struct BindValue(pub Parameter);

impl From<ResultFormat> for Format {
    fn from(format: ResultFormat) -> Self {
        match format {
            ResultFormat::Markdown => Self::Markdown,
            ResultFormat::Csv => Self::Csv,
            ResultFormat::Json => Self::Json,
        }
    }
}

/// The part of the session that the catalog tools let a caller choose.
pub(super) fn session(database: Option<DatabaseName>, schema: Option<SchemaName>) -> Session {
    Session {
        database: database.map(|name| name.0),
        schema: schema.map(|name| name.0),
        ..Session::default()
    }
}

macro_rules! named_argument {
    ($type:ident, $read:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                $read(&text).map($type).map_err(D::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                // What it names is said where it is used.
                json_schema!({ "type": "string", "minLength": 1 })
            }
        }
    };
}

named_argument!(DatabaseName, str::parse::<Identifier>);
named_argument!(SchemaName, |text| QualifiedName::parse(text, 2));
named_argument!(ObjectName, |text| QualifiedName::parse(text, 3));
named_argument!(PlainName, str::parse::<Identifier>);
named_argument!(ColumnName, str::parse::<Identifier>);

impl<'de> Deserialize<'de> for RowLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            0 => Err(D::Error::custom(
                "expected a whole number of rows, at least 1",
            )),
            rows => Ok(Self(rows)),
        }
    }
}

impl JsonSchema for RowLimit {
    fn schema_name() -> Cow<'static, str> {
        "RowLimit".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "description": "Rows to return at most. The result says when there are more." })
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            0 => Err(D::Error::custom(
                "expected a whole number of seconds, at least 1",
            )),
            seconds => Ok(Self(Duration::from_secs(seconds))),
        }
    }
}

impl JsonSchema for Seconds {
    fn schema_name() -> Cow<'static, str> {
        "Seconds".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "description": "Stop the statement after this many seconds. Can only shorten the server's own limit." })
    }
}

impl<'de> Deserialize<'de> for BindValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde_json::Value;
        let expected = || D::Error::custom("expected null, true, false, a number or a text");
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::Null => Parameter::Null,
            Value::Bool(value) => Parameter::Boolean(value),
            Value::String(text) => Parameter::Text(text),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(value), _) => Parameter::Integer(value),
                (None, Some(value)) => Parameter::Float(value),
                (None, None) => return Err(expected()),
            },
            Value::Array(_) | Value::Object(_) => return Err(expected()),
        }))
    }
}

impl JsonSchema for BindValue {
    fn schema_name() -> Cow<'static, str> {
        "BindValue".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean", "null"] })
    }
}
