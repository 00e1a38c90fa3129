//! The statement for what was asked of a semantic view: names checked, values bound.

use std::collections::BTreeSet;

use super::asked::{Asked, Column, Condition, Filter};
use super::conditions::{self, Values};
use super::model::{Item, Kind, SemanticView};
use crate::sql::{Identifier, QualifiedName};
use crate::warehouse::Parameter;

/// A statement, and what a caller can go on from.
#[derive(Debug)]
pub(in crate::mcp::tools) struct Statement {
    pub(in crate::mcp::tools) sql: String,
    pub(in crate::mcp::tools) parameters: Vec<Parameter>,
    /// The same with its values in it.
    pub(in crate::mcp::tools) written: String,
}

/// A column of the answer and its name there.
struct Chosen<'model> {
    item: &'model Item,
    expression: String,
    alias: Identifier,
}

/// The statement for what was asked.
///
/// # Errors
///
/// What the view does not have, or Snowflake does not do.
pub(in crate::mcp::tools) fn statement(
    view: &QualifiedName,
    model: &SemanticView,
    asked: &Asked,
) -> Result<Statement, String> {
    let chosen = chosen(model, asked)?;
    check(model, asked, &chosen)?;
    let mut bound = Values::Bound(Vec::new());
    let sql = write(view, model, asked, &chosen, &mut bound)?;
    // Written twice by the same code: once with bound values to run, once with the values in it to
    // be read.
    let written = write(view, model, asked, &chosen, &mut Values::Written)?;
    let parameters = match bound {
        Values::Bound(parameters) => parameters,
        Values::Written => Vec::new(),
    };
    Ok(Statement {
        sql,
        parameters,
        written,
    })
}

/// The columns, dimensions first.
fn chosen<'model>(
    model: &'model SemanticView,
    asked: &Asked,
) -> Result<Vec<Chosen<'model>>, String> {
    let mut chosen: Vec<Chosen<'model>> = Vec::new();
    for (kind, columns) in [
        (Kind::Dimension, &asked.dimensions),
        (Kind::Metric, &asked.metrics),
        (Kind::Fact, &asked.facts),
    ] {
        for column in columns {
            let mut one = choose(model, kind, column)?;
            let is_taken = |name: &Identifier| chosen.iter().any(|it| it.alias == *name);
            // Two tables may have an item of one name; only a name that the caller chose itself
            // must be its own.
            if is_taken(&one.alias) && column.alias.is_none() {
                one.alias = with_table(one.item)?;
            }
            if is_taken(&one.alias) {
                return Err(format!(
                    "two columns would be called {}: give one of them another name with as",
                    one.alias
                ));
            }
            chosen.push(one);
        }
    }
    Ok(chosen)
}

fn choose<'model>(
    model: &'model SemanticView,
    kind: Kind,
    column: &Column,
) -> Result<Chosen<'model>, String> {
    let item = find(model, &column.name)?;
    let name = &item.name;
    if item.kind != kind {
        let (is, wanted) = (item.kind.as_str(), kind.as_str());
        return Err(format!(
            "{name} is a {is}, not a {wanted}: give it among the {is}s"
        ));
    }
    let expression = match column.grain {
        None => item.path.quoted(),
        Some(_) if kind != Kind::Dimension => {
            return Err(format!(
                "{name} is a {}: only dimensions have a grain",
                kind.as_str()
            ));
        }
        Some(_) if !item.is_time() => {
            return Err(format!(
                "{name} is {}: only dates have a grain",
                item.r#type
            ));
        }
        Some(grain) => format!("DATE_TRUNC('{}', {})", grain.as_str(), item.path.quoted()),
    };
    let alias = column.alias.as_ref().map(|alias| alias.0.clone());
    Ok(Chosen {
        item,
        expression,
        alias: alias.unwrap_or_else(|| item.path.object.clone()),
    })
}

/// An item that can be queried.
fn find<'model>(model: &'model SemanticView, name: &str) -> Result<&'model Item, String> {
    let item = model.find(name)?;
    match item.private {
        true => Err(format!("{} is private and cannot be queried", item.name)),
        false => Ok(item),
    }
}

/// What a column is called where its own name is taken.
fn with_table(item: &Item) -> Result<Identifier, String> {
    let name = item.path.object.as_str();
    let name = match &item.path.schema {
        Some(table) => format!("{}_{name}", table.as_str()),
        None => name.to_owned(),
    };
    Identifier::exact(name).map_err(|error| error.to_string())
}

/// What Snowflake refuses, said before it is asked.
fn check(model: &SemanticView, asked: &Asked, chosen: &[Chosen<'_>]) -> Result<(), String> {
    if chosen.is_empty() {
        return Err("ask for a metric, a dimension or a fact".to_owned());
    }
    // All further rules are about facts.
    if asked.facts.is_empty() {
        return Ok(());
    }
    if !asked.metrics.is_empty() {
        return Err(
            "facts are values of single rows and metrics aggregate rows: ask for one or the other"
                .to_owned(),
        );
    }
    let mut tables: BTreeSet<_> = chosen.iter().map(|it| &it.item.path.schema).collect();
    for condition in asked.filters.iter().flat_map(Filter::conditions) {
        tables.insert(&find(model, &condition.field)?.path.schema);
    }
    match tables.len() {
        1 => Ok(()),
        _ => Err("facts go with dimensions and filters of their own table only".to_owned()),
    }
}

fn write(
    view: &QualifiedName,
    model: &SemanticView,
    asked: &Asked,
    chosen: &[Chosen<'_>],
    values: &mut Values,
) -> Result<String, String> {
    let mut sql = format!("SELECT * FROM SEMANTIC_VIEW({}", view.quoted());
    for (kind, clause) in [
        (Kind::Dimension, "DIMENSIONS"),
        (Kind::Metric, "METRICS"),
        (Kind::Fact, "FACTS"),
    ] {
        let columns: Vec<String> = chosen
            .iter()
            .filter(|it| it.item.kind == kind)
            .map(|it| format!("{} AS {}", it.expression, it.alias.quoted()))
            .collect();
        if !columns.is_empty() {
            sql.push_str(&format!(" {clause} {}", columns.join(", ")));
        }
    }
    let mut inside = Vec::new();
    for filter in &asked.filters {
        inside.push(match filter {
            Filter::One(condition) => inner(model, condition, values)?,
            Filter::Any(any) => {
                let any: Result<Vec<_>, _> =
                    any.iter().map(|one| inner(model, one, values)).collect();
                format!("({})", any?.join(" OR "))
            }
        });
    }
    // Inside of SEMANTIC_VIEW(…) conditions are on rows, before metrics are computed.
    push_list(&mut sql, " WHERE ", &inside, " AND ");
    sql.push(')');
    let mut outside = Vec::new();
    for condition in &asked.having {
        let column = column(model, chosen, &condition.field)?;
        outside.push(conditions::write(
            &column.alias.quoted(),
            condition,
            values,
        )?);
    }
    // Outside they are on its result, which is what HAVING means.
    push_list(&mut sql, " WHERE ", &outside, " AND ");
    let mut order = Vec::new();
    for by in &asked.order_by {
        let name = column(model, chosen, &by.name)?.alias.quoted();
        order.push(match by.descending {
            true => format!("{name} DESC"),
            false => name,
        });
    }
    push_list(&mut sql, " ORDER BY ", &order, ", ");
    Ok(sql)
}

fn push_list(sql: &mut String, before: &str, parts: &[String], between: &str) {
    if !parts.is_empty() {
        sql.push_str(before);
        sql.push_str(&parts.join(between));
    }
}

/// A condition that rows are held to before they are summed up.
fn inner(
    model: &SemanticView,
    condition: &Condition,
    values: &mut Values,
) -> Result<String, String> {
    let item = find(model, &condition.field)?;
    if item.kind == Kind::Metric {
        return Err(format!(
            "{} is a metric: conditions on metrics go into having",
            item.name
        ));
    }
    conditions::write(&item.path.quoted(), condition, values)
}

/// A column of the answer by its name there, or by that of its item.
fn column<'chosen>(
    model: &SemanticView,
    chosen: &'chosen [Chosen<'_>],
    name: &str,
) -> Result<&'chosen Chosen<'chosen>, String> {
    let by_alias = |alias: Identifier| chosen.iter().find(|column| column.alias == alias);
    // The name in the answer first: an item's own name may be another column's alias.
    if let Some(column) = name.parse().ok().and_then(by_alias) {
        return Ok(column);
    }
    let item = model.find(name)?;
    chosen
        .iter()
        .find(|column| column.item.path == item.path)
        .ok_or_else(|| {
            format!(
                "{} is not among the requested metrics, dimensions or facts",
                item.name
            )
        })
}
