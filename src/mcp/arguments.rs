//! The arguments of tools: `reading` converts the arguments of a call to the form that the tool's schema asks for; the types
//! that tools share are here. Each type's error says what was expected.

mod json_text;
pub(super) mod names;
pub(super) mod reading;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, Visitor};

use super::failure::{Code, Failure};
use crate::query::Format;
use crate::sql::{Identifier, QualifiedName};
use crate::warehouse::{Parameter, SessionContext};

/// How arguments are read, for the documentation.
pub(super) const RULES: &str = "\
## How arguments are read

Agents and the programs around them write the same thing in many ways. All tools read:

- null, an empty text or 0 for an optional argument as left out; 0 is kept where the schema's minimum is 0
- numbers and true or false as texts (`\"10\"`), 10.0 for 10, a number for a name, `JSON` for `json`
- a list or an object as its JSON text (`\"[\\\"A\\\"]\"`), at most 256 KiB; names also with commas between them (`\"A, B\"`); a list has 1000 values at
  most, and `parameters` no more than the statement has placeholders
- names in backticks or [brackets], with spaces around them or a semicolon at the end; `DB..T` as `DB.PUBLIC.T`
- SQL in a code fence, after a byte order mark, with several semicolons at the end, with no-break spaces; typographic quotes
  as straight ones where they can only be a pair. What is left is what the policy judges and what the warehouse is sent.

The values in `parameters` are never changed: null, `\"\"`, 0 and `\"10\"` are values there. A required argument that is empty is an
error, and so is a misspelt one: the error names the right one. Fields that are no argument of any tool, such as `toolCallId`, are
passed over and named in the closing line of the answer.
";

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

/// How long to wait for rows, in seconds; 0 asks for a cursor at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct WaitSeconds(pub Duration);

/// How to write the rows.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum ResultFormat {
    Markdown,
    Csv,
    Json,
}

/// 2^63: whole numbers from here on are read as floating point.
const LARGEST_WHOLE: f64 = 9_223_372_036_854_775_808.0;

const WHOLE_ROWS: Whole = Whole {
    what: "a whole number of rows",
    least: 1,
};

const WHOLE_SECONDS: Whole = Whole {
    what: "a whole number of seconds",
    least: 1,
};

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

/// The part of the session context that a caller chooses with these two arguments.
///
/// # Errors
///
/// They name different databases.
pub(super) fn session(
    database: Option<DatabaseName>,
    schema: Option<SchemaName>,
) -> Result<SessionContext, Failure> {
    agree(database.as_ref(), schema.as_ref())?;
    Ok(SessionContext {
        database: database.map(|name| name.0),
        schema: schema.map(|name| name.0),
        ..SessionContext::default()
    })
}

/// A name with the database and schema of these two arguments, if it has none of its own.
///
/// # Errors
///
/// They, or they and the name, speak of different places.
pub(super) fn within(
    name: ObjectName,
    database: Option<DatabaseName>,
    schema: Option<SchemaName>,
) -> Result<(QualifiedName, SessionContext), Failure> {
    agree(database.as_ref(), schema.as_ref())?;
    let mut name = name.0;
    let schema = schema.map(|schema| schema.0);
    let database = database
        .map(|database| database.0)
        .or_else(|| schema.as_ref().and_then(|schema| schema.schema.clone()));
    let schema = schema.map(|schema| schema.object);
    // Models often give a place twice, in the name and beside it. That is harmless as long as both
    // say the same.
    for (argument, own, other) in [
        ("schema", &name.schema, &schema),
        ("database", &name.database, &database),
    ] {
        if let (Some(own), Some(other)) = (own, other)
            && own != other
        {
            return Err(Failure::new(
                Code::InvalidArgument,
                format!("argument {argument}: it is {other}, and the name {name} says {own}"),
                format!("name the {argument} once: leave the argument out, or shorten the name"),
            ));
        }
    }
    name.schema = name.schema.or(schema);
    if name.schema.is_some() {
        // A database without a schema cannot be put into a name: `db..t` would mean the schema
        // PUBLIC.
        name.database = name.database.or(database);
        return Ok((name, SessionContext::default()));
    }
    // The name stays without a schema: only the warehouse knows which one it means.
    let session = SessionContext {
        database,
        ..SessionContext::default()
    };
    Ok((name, session))
}

/// Refuses a schema that names another database than `database` does: otherwise one of the two would be ignored in silence.
///
/// # Errors
///
/// It does.
pub(super) fn agree(
    database: Option<&DatabaseName>,
    schema: Option<&SchemaName>,
) -> Result<(), Failure> {
    let of_schema = schema.and_then(|schema| schema.0.schema.as_ref());
    match (database, of_schema) {
        (Some(DatabaseName(database)), Some(other)) if database != other => Err(Failure::new(
            Code::InvalidArgument,
            format!(
                "argument schema: it names the database {other}, and the argument database names {database}"
            ),
            "name the database once: leave out database, or give schema without its database",
        )),
        _ => Ok(()),
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
                json_schema!({ "type": "string" })
            }
        }
    };
}

named_argument!(DatabaseName, str::parse::<Identifier>);
named_argument!(SchemaName, |text| QualifiedName::parse(text, 2));
named_argument!(ObjectName, |text| QualifiedName::parse(text, 3));
named_argument!(PlainName, str::parse::<Identifier>);
named_argument!(ColumnName, str::parse::<Identifier>);

/// Reads a whole number. The error says what it counts.
struct Whole {
    what: &'static str,
    least: u64,
}

impl Whole {
    fn refused<E: serde::de::Error>(&self) -> E {
        E::custom(format_args!(
            "expected {}, at least {}",
            self.what, self.least
        ))
    }
}

impl Visitor<'_> for Whole {
    type Value = u64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, at least {}", self.what, self.least)
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<u64, E> {
        if number < self.least {
            return Err(self.refused());
        }
        Ok(number)
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<u64, E> {
        let number = u64::try_from(number).map_err(|_| self.refused())?;
        self.visit_u64(number)
    }

    /// To JSON Schema, and to programs whose numbers are all floating point, 10.0 is a whole number.
    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<u64, E> {
        if number.fract() != 0.0 || number < 0.0 {
            return Err(self.refused());
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive and whole; what is larger than all numbers is the largest"
        )]
        self.visit_u64(number as u64)
    }
}

impl<'de> Deserialize<'de> for RowLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = deserializer.deserialize_u64(WHOLE_ROWS)?;
        Ok(Self(rows))
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
        json_schema!({ "type": "integer", "description": "Rows to return at most." })
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = deserializer.deserialize_u64(WHOLE_SECONDS)?;
        Ok(Self(Duration::from_secs(seconds)))
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
        json_schema!({ "type": "integer", "description": "Stop the statement after this many seconds." })
    }
}

impl<'de> Deserialize<'de> for WaitSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let whole = Whole {
            what: "a whole number of seconds",
            least: 0,
        };
        let seconds = deserializer.deserialize_u64(whole)?;
        Ok(Self(Duration::from_secs(seconds)))
    }
}

impl JsonSchema for WaitSeconds {
    fn schema_name() -> Cow<'static, str> {
        "WaitSeconds".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // 0 is a value here. `minimum` says so to `reading`, which otherwise takes 0 for "left out".
        json_schema!({ "type": "integer", "minimum": 0, "description": "Answer after this many seconds at the latest, with a cursor if the rows are not there yet." })
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
                // JSON's reader has rounded the number. A rounded key finds no row, or the wrong one.
                (None, Some(value)) if value.fract() == 0.0 && value.abs() >= LARGEST_WHOLE => {
                    return Err(D::Error::custom(
                        "a whole number this large loses digits; write it as a text, \"in quotes\"",
                    ));
                }
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
        // Some clients' converters fail on a list of types. A text or null is enough: Snowflake converts it.
        json_schema!({ "anyOf": [{ "type": "string" }, { "type": "number" }, { "type": "boolean" }] })
    }
}
