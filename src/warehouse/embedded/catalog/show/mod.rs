//! SHOW, answered from the catalog.

mod account;
mod like;
mod objects;
mod question;

use self::like::is_like;
use self::objects::Side;
use self::question::Question;
use super::super::semantic_view::Kind;
use super::kinds::{self, TERSE};
use super::listing::{Listing, Value};
use super::names::Current;
use super::{Catalog, semantic_views};
use crate::sql::show::Show;
use crate::warehouse::{DataType, EngineLimit, Error};

/// Answers a SHOW statement.
///
/// # Errors
///
/// When the scope does not exist, or the kind of objects is none we know the columns of.
pub(in super::super) fn show(
    catalog: &Catalog,
    current: &Current,
    show: &Show,
) -> Result<Listing, Error> {
    let question = Question { catalog, current };
    let unknown = || {
        Error::from(EngineLimit {
            what: format!("does not support SHOW {}", show.objects),
            hint: Some(
                "SHOW TABLES, VIEWS, COLUMNS, SCHEMAS and DATABASES say what there is".into(),
            ),
        })
    };
    if show.objects == "GRANTS" {
        return Ok(question.grants(&show.rest));
    }
    let mut listing = kinds::listing(&show.objects).ok_or_else(unknown)?;
    if show.objects == "SEMANTIC DIMENSIONS"
        && question.holds_semantic_view(&show.scope)?
        && let Some(listing) = semantic_views::dimensions_for(&show.rest)?
    {
        return Ok(listing);
    }
    match show.objects.as_str() {
        "DATABASES" => question.databases(&mut listing),
        "SCHEMAS" => question.schemas(&mut listing, &show.scope)?,
        "TABLES" => question.tables(&mut listing, &show.scope, |table| !table.is_view())?,
        "OBJECTS" => question.tables(&mut listing, &show.scope, |_| true)?,
        "VIEWS" => question.views(&mut listing, &show.scope)?,
        "COLUMNS" => question.columns(&mut listing, &show.scope)?,
        "PRIMARY KEYS" => question.primary_keys(&mut listing, &show.scope)?,
        "IMPORTED KEYS" => question.foreign_keys(&mut listing, &show.scope, Side::Referring)?,
        "EXPORTED KEYS" => question.foreign_keys(&mut listing, &show.scope, Side::Referenced)?,
        "SEMANTIC VIEWS" => {
            if question.holds_semantic_view(&show.scope)? {
                semantic_views::views(&mut listing, catalog.created);
            }
        }
        "SEMANTIC DIMENSIONS" => question.semantic_items(&mut listing, show, Kind::Dimension)?,
        "SEMANTIC FACTS" => question.semantic_items(&mut listing, show, Kind::Fact)?,
        "SEMANTIC METRICS" => question.semantic_items(&mut listing, show, Kind::Metric)?,
        "WAREHOUSES" => question.warehouses(&mut listing),
        "ROLES" => question.roles(&mut listing),
        "USERS" => question.users(&mut listing),
        "PARAMETERS" => account::parameters(&mut listing),
        // There are none; still, a scope that does not exist is an error.
        _ => drop(question.scope(&show.scope)?),
    }
    let named_by = match show.objects.as_str() {
        "COLUMNS" => "column_name",
        "PARAMETERS" => "key",
        _ => "name",
    };
    narrow(&mut listing, named_by, show);
    if show.terse {
        listing = terse(listing, &show.objects);
    }
    Ok(listing)
}

/// The five columns of TERSE, where Snowflake has it. What the full listing does not say is NULL, or the same for all.
fn terse(mut listing: Listing, objects: &str) -> Listing {
    let missing: &[(&str, Value)] = match objects {
        "DATABASES" => &[("database_name", Value::Null), ("schema_name", Value::Null)],
        "SCHEMAS" => &[("kind", Value::Null), ("schema_name", Value::Null)],
        "VIEWS" => &[("kind", Value::Text(std::borrow::Cow::Borrowed("VIEW")))],
        "SEMANTIC VIEWS" => &[(
            "kind",
            Value::Text(std::borrow::Cow::Borrowed("SEMANTIC_VIEW")),
        )],
        "TABLES" | "OBJECTS" => &[],
        _ => return listing,
    };
    for (name, value) in missing {
        listing.add_column(name, DataType::Varchar(None), value);
    }
    listing.only(&TERSE)
}

/// LIKE, STARTS WITH and LIMIT … FROM.
fn narrow(listing: &mut Listing, column: &str, show: &Show) {
    if let Some(pattern) = &show.like {
        listing.retain(column, |name| is_like(name, pattern));
    }
    if let Some(start) = &show.starts_with {
        listing.retain(column, |name| name.starts_with(start));
    }
    if let Some(from) = &show.from {
        // A cursor: the name of the last row of the page before, or the beginning of a name.
        listing.retain(column, |name| name > from.as_str());
    }
    if let Some(limit) = show.limit {
        listing.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
}
