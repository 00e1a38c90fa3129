//! SHOW and DESCRIBE of semantic views.

use super::super::semantic_view::{
    COMMENT, DATABASE, ITEMS, Item, Kind, NAME, SCHEMA, TABLES, find, goes_with,
};
use super::listing::{Listing, Value};
use super::names::{Current, not_found};
use super::{ROLE, SAMPLE_DATABASE, SAMPLE_SCHEMA};
use crate::sql::{Identifier, QualifiedName};
use crate::warehouse::{DataType, Error};

/// Whether a name means our semantic view.
pub(super) fn is_it(current: &Current, name: &QualifiedName) -> bool {
    let database = name.database.as_ref().unwrap_or(&current.database);
    let schema = name.schema.as_ref().unwrap_or(&current.schema);
    (database.as_str(), schema.as_str(), name.object.as_str()) == (DATABASE, SCHEMA, NAME)
}

/// `SHOW SEMANTIC VIEWS`
pub(super) fn views(listing: &mut Listing, created: i64) {
    listing.push(vec![
        Value::Time(created),
        NAME.into(),
        DATABASE.into(),
        SCHEMA.into(),
        COMMENT.into(),
        ROLE.into(),
        "ROLE".into(),
        // What is called "extension" is in no description.
        Value::Null,
    ]);
}

/// `SHOW SEMANTIC DIMENSIONS`, `FACTS` and `METRICS`
pub(super) fn items(listing: &mut Listing, kind: Kind) {
    for item in ITEMS.iter().filter(|item| item.kind == kind) {
        listing.push(vec![
            DATABASE.into(),
            SCHEMA.into(),
            NAME.into(),
            item.table.into(),
            item.name.into(),
            item.data_type.into(),
            or_null(item.synonyms),
            item.comment.into(),
        ]);
    }
}

/// `SHOW SEMANTIC DIMENSIONS … FOR METRIC name`, which has columns of its own.
pub(super) fn dimensions_for(rest: &str) -> Result<Option<Listing>, Error> {
    const BEFORE: &str = "FOR METRIC ";
    let is_one = rest
        .get(..BEFORE.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(BEFORE));
    if !is_one {
        return Ok(None);
    }
    // The words of a statement, one blank between them; LIMIT may follow.
    let metric = rest.get(BEFORE.len()..).unwrap_or_default();
    let is_name = |word: &&str| !word.eq_ignore_ascii_case("LIMIT");
    let words: Vec<&str> = metric.split(' ').take_while(is_name).collect();
    let name = &words.concat();
    let missing = || not_found("Metric", name);
    let name = QualifiedName::parse(name, 2).map_err(|_| missing())?;
    let table = name.schema.as_ref().map(Identifier::as_str);
    let metric = find(table, name.object.as_str()).filter(|item| item.kind == Kind::Metric);
    let metric = metric.ok_or_else(missing)?;
    let mut listing = texts(&[
        "table_name",
        "name",
        "data_type",
        "required",
        "synonyms",
        "comment",
    ]);
    let fits = |item: &&Item| item.kind == Kind::Dimension && goes_with(item, metric);
    for item in ITEMS.iter().filter(fits) {
        listing.push(vec![
            item.table.into(),
            item.name.into(),
            item.data_type.into(),
            "false".into(),
            or_null(item.synonyms),
            item.comment.into(),
        ]);
    }
    Ok(Some(listing))
}

/// `DESCRIBE SEMANTIC VIEW`: one row for each property of each thing.
pub(super) fn describe(current: &Current, name: &QualifiedName) -> Result<Listing, Error> {
    if !is_it(current, name) {
        return Err(not_found("Semantic View", &name.to_string()));
    }
    let mut listing = texts(&[
        "object_kind",
        "object_name",
        "parent_entity",
        "property",
        "property_value",
    ]);
    let mut row =
        |kind: Value, name: Value, parent: Value, property: &'static str, value: Value| {
            listing.push(vec![kind, name, parent, property.into(), value]);
        };
    row(
        Value::Null,
        Value::Null,
        Value::Null,
        "COMMENT",
        COMMENT.into(),
    );
    for table in &TABLES {
        for (property, value) in [
            ("BASE_TABLE_DATABASE_NAME", SAMPLE_DATABASE.into()),
            ("BASE_TABLE_SCHEMA_NAME", SAMPLE_SCHEMA.into()),
            ("BASE_TABLE_NAME", table.base.into()),
            ("PRIMARY_KEY", names(table.key)),
            ("COMMENT", table.comment.into()),
        ] {
            row(
                "TABLE".into(),
                table.name.into(),
                Value::Null,
                property,
                value,
            );
        }
    }
    for table in &TABLES {
        let Some(up) = &table.up else { continue };
        let name = format!("{}_{}", table.name, up.table);
        for (property, value) in [
            ("TABLE", table.name.into()),
            ("REF_TABLE", up.table.into()),
            ("FOREIGN_KEY", names(&[up.column])),
            ("REF_KEY", names(&[up.key])),
        ] {
            let (kind, name) = ("RELATIONSHIP".into(), name.clone().into());
            row(kind, name, table.name.into(), property, value);
        }
    }
    for item in &ITEMS {
        let mut properties: Vec<(&'static str, Value)> = vec![
            ("TABLE", item.table.into()),
            ("EXPRESSION", item.expression.into()),
            ("DATA_TYPE", item.data_type.into()),
            ("ACCESS_MODIFIER", "PUBLIC".into()),
            ("COMMENT", item.comment.into()),
        ];
        if !item.synonyms.is_empty() {
            properties.push(("SYNONYMS", item.synonyms.into()));
        }
        for (property, value) in properties {
            let (kind, name) = (item.kind.as_str().into(), item.name.into());
            row(kind, name, item.table.into(), property, value);
        }
    }
    Ok(listing)
}

fn texts(names: &[&str]) -> Listing {
    Listing::new(names.iter().map(|name| (*name, DataType::Varchar(None))))
}

/// A JSON list of names.
fn names(names: &[&str]) -> Value {
    format!("[\"{}\"]", names.join("\",\"")).into()
}

fn or_null(text: &'static str) -> Value {
    match text {
        "" => Value::Null,
        text => text.into(),
    }
}
