//! What callers ask of a semantic view: columns, conditions and order, in arguments and never in SQL.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::mcp::arguments::{BindValue, ColumnName};

/// What a caller asks for, its names not yet checked.
#[derive(Debug, Default)]
pub(in crate::mcp::tools) struct Asked {
    pub(in crate::mcp::tools) metrics: Vec<Column>,
    pub(in crate::mcp::tools) dimensions: Vec<Column>,
    pub(in crate::mcp::tools) facts: Vec<Column>,
    pub(in crate::mcp::tools) filters: Vec<Filter>,
    pub(in crate::mcp::tools) having: Vec<Condition>,
    pub(in crate::mcp::tools) order_by: Vec<Order>,
}

/// A column of the answer.
#[derive(Debug)]
pub(in crate::mcp::tools) struct Column {
    /// `TABLE.NAME`, or a name that only one item has.
    pub(super) name: String,
    /// What the column is called.
    pub(super) alias: Option<ColumnName>,
    /// To what a date is rounded down.
    pub(super) grain: Option<Grain>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Grain {
    Year,
    Quarter,
    Month,
    Week,
    Day,
}

/// A condition, or several of which one must hold.
#[derive(Debug)]
pub(in crate::mcp::tools) enum Filter {
    One(Condition),
    Any(Vec<Condition>),
}

/// A condition.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an object with field, op and value")]
pub(in crate::mcp::tools) struct Condition {
    pub(super) field: String,
    pub(super) op: Op,
    #[serde(default)]
    pub(super) value: Option<BindValue>,
    /// For `in`, `not_in` and `between`.
    #[serde(default)]
    pub(super) values: Vec<BindValue>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum Op {
    #[serde(alias = "=", alias = "==")]
    Eq,
    #[serde(alias = "<>", alias = "!=")]
    Ne,
    #[serde(alias = ">")]
    Gt,
    #[serde(alias = ">=")]
    Gte,
    #[serde(alias = "<")]
    Lt,
    #[serde(alias = "<=")]
    Lte,
    In,
    NotIn,
    Between,
    Like,
    IsNull,
    IsNotNull,
}

/// What rows are sorted by.
#[derive(Debug)]
pub(in crate::mcp::tools) struct Order {
    pub(super) name: String,
    pub(super) descending: bool,
}

impl Filter {
    /// The conditions in it.
    pub(super) fn conditions(&self) -> &[Condition] {
        match self {
            Self::One(condition) => std::slice::from_ref(condition),
            Self::Any(any) => any,
        }
    }
}

impl Grain {
    /// The word in SQL.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Year => "YEAR",
            Self::Quarter => "QUARTER",
            Self::Month => "MONTH",
            Self::Week => "WEEK",
            Self::Day => "DAY",
        }
    }
}

/// A name alone is a column too.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnFields {
    name: String,
    r#as: Option<ColumnName>,
    grain: Option<Grain>,
}

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = match Value::deserialize(deserializer)? {
            Value::String(name) => {
                return Ok(Self {
                    name,
                    alias: None,
                    grain: None,
                });
            }
            Value::Object(fields) => fields,
            _ => {
                return Err(D::Error::custom(
                    "expected a name, or an object with name, as and grain",
                ));
            }
        };
        let fields: ColumnFields =
            serde_json::from_value(Value::Object(fields)).map_err(D::Error::custom)?;
        Ok(Self {
            name: fields.name,
            alias: fields.r#as,
            grain: fields.grain,
        })
    }
}

impl JsonSchema for Column {
    fn schema_name() -> Cow<'static, str> {
        "Column".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "string" },
            { "type": "object", "required": ["name"], "properties": {
                "name": { "type": "string" },
                "as": { "type": "string" },
                "grain": { "type": "string", "enum": ["year", "quarter", "month", "week", "day"] },
            }},
        ]})
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with field, op and value")]
struct FilterFields {
    field: Option<String>,
    op: Option<Op>,
    #[serde(default)]
    value: Option<BindValue>,
    #[serde(default)]
    values: Vec<BindValue>,
    #[serde(default)]
    any: Vec<Condition>,
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = FilterFields::deserialize(deserializer)?;
        match (fields.field, fields.op, fields.any) {
            (Some(field), Some(op), any) if any.is_empty() => Ok(Self::One(Condition {
                field,
                op,
                value: fields.value,
                values: fields.values,
            })),
            (None, None, any) if !any.is_empty() => Ok(Self::Any(any)),
            _ => Err(D::Error::custom(
                "expected field and op, or any with a list of such conditions",
            )),
        }
    }
}

impl JsonSchema for Filter {
    fn schema_name() -> Cow<'static, str> {
        "Filter".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Condition::json_schema(generator);
        let condition = schema.clone();
        schema.remove("required");
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            let any = serde_json::json!({
                "type": "array", "items": condition, "description": "Instead of the other members: at least one of these must hold.",
            });
            properties.insert("any".to_owned(), any);
        }
        schema
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderFields {
    name: String,
    #[serde(default)]
    descending: bool,
}

impl<'de> Deserialize<'de> for Order {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            // As in SQL: a name that ends so would be in double quotes.
            Value::String(text) => Ok(match text.trim().rsplit_once(char::is_whitespace) {
                Some((name, word))
                    if ["asc", "desc"]
                        .iter()
                        .any(|it| word.eq_ignore_ascii_case(it)) =>
                {
                    Self {
                        name: name.trim_end().to_owned(),
                        descending: word.eq_ignore_ascii_case("desc"),
                    }
                }
                _ => Self {
                    name: text,
                    descending: false,
                },
            }),
            Value::Object(fields) => {
                let fields: OrderFields =
                    serde_json::from_value(Value::Object(fields)).map_err(D::Error::custom)?;
                Ok(Self {
                    name: fields.name,
                    descending: fields.descending,
                })
            }
            _ => Err(D::Error::custom(
                "expected a name, or an object with name and descending",
            )),
        }
    }
}

impl JsonSchema for Order {
    fn schema_name() -> Cow<'static, str> {
        "Order".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "string" },
            { "type": "object", "required": ["name"], "properties": {
                "name": { "type": "string" },
                "descending": { "type": "boolean" },
            }},
        ]})
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_order_is_read_as_sql_has_it_too() {
        for (given, name, descending) in [
            (json!("revenue"), "revenue", false),
            (json!("orders.revenue DESC"), "orders.revenue", true),
            (json!(" revenue  asc "), "revenue", false),
            (json!("\"net desc\""), "\"net desc\"", false),
            (
                json!({"name": "revenue", "descending": true}),
                "revenue",
                true,
            ),
        ] {
            let order: Order = serde_json::from_value(given.clone()).unwrap();
            assert_eq!(
                (order.name.as_str(), order.descending),
                (name, descending),
                "{given}"
            );
        }
    }
}
