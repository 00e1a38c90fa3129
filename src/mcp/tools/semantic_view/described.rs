//! The rows of `DESCRIBE SEMANTIC VIEW`: one row is one property of one thing.

use std::collections::HashMap;

use serde_json::Value;

use crate::query::Row;
use crate::sql::Identifier;

/// One thing that is described, and its properties.
pub(super) struct Described<'table> {
    pub(super) kind: &'table str,
    pub(super) parent: Option<&'table str>,
    pub(super) name: &'table str,
    properties: HashMap<&'table str, &'table str>,
}

/// The rows of each thing together, in their order.
pub(super) fn things<'table>(rows: impl Iterator<Item = Row<'table>>) -> Vec<Described<'table>> {
    let mut things: Vec<Described<'table>> = Vec::new();
    let mut places: HashMap<(&str, Option<&str>, &str), usize> = HashMap::new();
    for row in rows {
        let text = |name: &str| row.get(name).unwrap_or_default();
        let (kind, parent, name) = (
            text("object_kind"),
            row.get("parent_entity"),
            text("object_name"),
        );
        let place = *places.entry((kind, parent, name)).or_insert_with(|| {
            things.push(Described {
                kind,
                parent,
                name,
                properties: HashMap::new(),
            });
            things.len() - 1
        });
        if let (Some(thing), Some(value)) = (things.get_mut(place), row.get("property_value")) {
            thing.properties.insert(text("property"), value);
        }
    }
    things
}

impl Described<'_> {
    /// A property.
    pub(super) fn text(&self, property: &str) -> Option<String> {
        self.properties.get(property).map(ToString::to_string)
    }

    /// Keys and synonyms: a JSON list of texts, or of objects with a column.
    pub(super) fn names(&self, property: &str) -> Vec<String> {
        self.list(property)
            .iter()
            .filter_map(|item| match item {
                Value::String(text) => Some(text.clone()),
                other => {
                    let column = other.get("column").or_else(|| other.get("start_column"))?;
                    Some(column.as_str()?.to_owned())
                }
            })
            .collect()
    }

    /// A property that is a JSON list.
    pub(super) fn list(&self, property: &str) -> Vec<Value> {
        let text = self.properties.get(property).copied().unwrap_or_default();
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// A name the warehouse reported, as SQL takes it.
pub(super) fn in_sql(name: String) -> String {
    Identifier::exact(name.as_str()).map_or(name, |name| name.to_string())
}
