//! `profile_table`: what the values of a table are like, by one statement, what stands out first.

mod column;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::column::{ColumnProfile, Shape};
use super::describe_table::{described, run, show_one};
use super::{CallContext, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{self, ColumnName, DatabaseName, ObjectName, ResultFormat, SchemaName};
use crate::mcp::failure::Code;
use crate::query::{Query, Table, render};
use crate::sql::{Identifier, QualifiedName};

/// The values of a table's columns, summed up.
pub(super) struct ProfileTable;

/// Most columns of one call: each needs six values in one row, and nobody reads a longer table.
const MOST_COLUMNS: usize = 40;

/// Rows that are looked at, about: enough for shares of a percent.
const SAMPLE_ROWS: u64 = 1_000_000;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The table or view, best as database.schema.name. Put names with lower case, spaces or dots in double quotes.
    table: ObjectName,
    /// The database, where the name is not written in full.
    database: Option<DatabaseName>,
    /// The schema, where the name is not written in full.
    schema: Option<SchemaName>,
    /// The columns to look at; the first 40 when left out.
    #[serde(default)]
    columns: Vec<ColumnName>,
    /// Default: markdown.
    format: Option<ResultFormat>,
}

/// What the values are like.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ProfileOutput {
    table: String,
    /// Rows that were looked at.
    rows: u64,
    /// Whether they are a sample.
    sampled: bool,
    /// What stands out.
    findings: Vec<String>,
    columns: Vec<ColumnProfile>,
    /// Columns that were not looked at, the first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<String>,
    /// How many more there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    more_left_out: Option<usize>,
    query_id: String,
}

impl Tool for ProfileTable {
    const NAME: &'static str = "profile_table";
    const TITLE: &'static str = "Profile a table";
    const DESCRIPTION: &'static str = "Summarizes the values of a table's columns in one statement: what stands out (all null, constant, unique, mostly null), then nulls, distinct values, smallest, largest and most frequent ones. Large tables are sampled. Use it instead of a dozen COUNT and MIN \
         queries; for keys and comments use describe_table.";
    const TOOLSET: Toolset = Toolset::Catalog;
    const SHOWS_VALUES: bool = true;
    type Arguments = Arguments;
    type Output = ProfileOutput;

    async fn call(arguments: Arguments, context: CallContext) -> Result<Reply, Failure> {
        let (name, session) =
            arguments::within(arguments.table, arguments.database, arguments.schema)?;
        // The size must be known before the statement: it decides whether a sample is taken.
        let (description, facts) = futures::join!(
            described(
                &context,
                format!("DESCRIBE TABLE {}", name.quoted()),
                &session
            ),
            run(&context, show_one("OBJECTS", &name), &session),
        );
        let (columns, left_out) = chosen(&description?, arguments.columns)?;
        let limit = context.queries.budget().max_scan_bytes;
        let sample = sample(&name, facts.ok().as_ref(), limit);
        let query = Query {
            sql: statement(&name, &columns, sample.as_deref()),
            session,
            ..Query::default()
        };
        // Checked against MAX_SCAN_BYTES as any statement is, because a sample only makes it likely
        // to fit.
        let table = context.queries.table_within_budget(&query).await?;
        let output = read(&name, &columns, &table, sample.as_deref(), left_out);
        let form = context.form(arguments.format.map(Into::into));
        let mut text = String::new();
        for finding in &output.findings {
            text.push_str("- ");
            text.push_str(finding);
            text.push('\n');
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let cells: Vec<_> = output.columns.iter().map(ColumnProfile::cells).collect();
        text.push_str(&render::table(
            form.format,
            &column::HEADERS,
            cells
                .iter()
                .map(|row| row.iter().map(|cell| cell.as_deref()).collect()),
        ));
        let closing = closing(&output);
        let count = output.columns.len() as u64;
        let query_id = Some(output.query_id.clone());
        Ok(Reply::new(form, text, closing, &output, count, query_id))
    }
}

/// A column and how it can be looked at.
struct Chosen {
    name: Identifier,
    data_type: String,
    shape: Shape,
}

/// The columns that are looked at, and the names of those that are not.
fn chosen(
    description: &Table,
    wanted: Vec<ColumnName>,
) -> Result<(Vec<Chosen>, Vec<String>), Failure> {
    let mut all: Vec<Chosen> = description
        .rows()
        .filter_map(|row| {
            let data_type = row.get("type").unwrap_or_default().to_owned();
            Some(Chosen {
                name: Identifier::exact(row.get("name")?).ok()?,
                shape: Shape::of(&data_type),
                data_type,
            })
        })
        .collect();
    if !wanted.is_empty() {
        for ColumnName(name) in &wanted {
            if !all.iter().any(|column| column.name == *name) {
                let names: Vec<_> = all.iter().map(|column| column.name.to_string()).collect();
                let nearest =
                    crate::sql::nearest(name.as_str(), names.iter().map(String::as_str), 1);
                return Err(Failure::new(
                    Code::InvalidArgument,
                    format!("argument columns: the table has no column {name}"),
                    match nearest.first() {
                        Some(near) => format!("did you mean {near}?"),
                        None => "describe_table lists its columns".to_owned(),
                    },
                ));
            }
        }
        // In the table's order, whatever the order they were asked for in.
        all.retain(|column| wanted.iter().any(|ColumnName(name)| column.name == *name));
    }
    let left_out = all.split_off(all.len().min(MOST_COLUMNS));
    let left_out = left_out.iter().map(|one| one.name.to_string()).collect();
    Ok((all, left_out))
}

/// The SAMPLE clause for a table that is too large to be looked at whole. Whole partitions are taken, so that the rest is not
/// even read; of a view, whose size nobody knows, single rows.
fn sample(name: &QualifiedName, shown: Option<&Table>, max_scan: Option<u64>) -> Option<String> {
    let row = shown?
        .rows()
        .find(|row| row.get("name") == Some(name.object.as_str()))?;
    let number = |column: &str| -> Option<f64> { row.get(column)?.parse().ok() };
    let (rows, bytes) = (number("rows"), number("bytes"));
    let Some(rows) = rows.filter(|_| row.get("kind") != Some("VIEW")) else {
        return Some(format!("SAMPLE ({SAMPLE_ROWS} ROWS)"));
    };
    #[expect(clippy::cast_precision_loss, reason = "for a share")]
    let (wanted, max_scan) = (SAMPLE_ROWS as f64, max_scan.map(|limit| limit as f64));
    let by_rows = wanted / rows.max(1.0);
    // A sample of partitions may come out larger than asked for.
    let by_bytes = match (max_scan, bytes) {
        (Some(limit), Some(bytes)) if bytes > 0.0 => limit * 0.7 / bytes,
        _ => 1.0,
    };
    // The stricter of the two limits counts.
    let share = by_rows.min(by_bytes);
    (share < 1.0).then(|| format!("SAMPLE SYSTEM ({:.4})", (share * 100.0).max(0.0001)))
}

/// One row, with what is to be known of each column side by side.
fn statement(name: &QualifiedName, columns: &[Chosen], sample: Option<&str>) -> String {
    let mut wanted = vec!["COUNT(*) AS n".to_owned()];
    for (number, column) in columns.iter().enumerate() {
        wanted.extend(column.shape.aggregates(number, &column.name.quoted()));
    }
    let from = match sample {
        Some(sample) => format!("{} {sample}", name.quoted()),
        None => name.quoted(),
    };
    format!("SELECT {} FROM {from}", wanted.join(", "))
}

fn read(
    name: &QualifiedName,
    columns: &[Chosen],
    table: &Table,
    sample: Option<&str>,
    left_out: Vec<String>,
) -> ProfileOutput {
    let row = table.rows().next();
    let value = |column: &str| row.and_then(|row| row.get(column)).map(ToOwned::to_owned);
    let rows = value("n").and_then(|rows| rows.parse().ok()).unwrap_or(0);
    let columns: Vec<_> = columns
        .iter()
        .enumerate()
        .map(|(number, column)| {
            ColumnProfile::read(number, &column.name, &column.data_type, rows, value)
        })
        .collect();
    // From a view, single rows are sampled; if it has no more rows than that, the sample is the whole view.
    let sampled = match sample {
        None => false,
        Some(sample) => sample.starts_with("SAMPLE SYSTEM") || rows >= SAMPLE_ROWS,
    };
    let mut left_out = left_out;
    let more = left_out.len().saturating_sub(MOST_COLUMNS);
    left_out.truncate(MOST_COLUMNS);
    let findings = match rows {
        // Of few partitions none may be drawn.
        0 if sampled => vec![
            "The sample is empty, which says nothing about the table: query some of its rows with execute_query."
                .to_owned(),
        ],
        0 => vec!["The table has no rows.".to_owned()],
        _ => columns
            .iter()
            .flat_map(|column| column.findings(sampled))
            .collect(),
    };
    ProfileOutput {
        table: name.to_string(),
        rows,
        sampled,
        findings,
        columns,
        left_out,
        more_left_out: (more > 0).then_some(more),
        query_id: table.query_id.clone(),
    }
}

fn closing(output: &ProfileOutput) -> String {
    let mut text = match output.sampled {
        true => format!(
            "From a sample of {} rows: shares are estimates.",
            output.rows
        ),
        false if output.rows == 1 => "The only row was read.".to_owned(),
        false => format!("All {} rows were read.", output.rows),
    };
    text.push_str(" Distinct values and their counts are estimates.");
    if !output.left_out.is_empty() {
        let more = match output.more_left_out {
            Some(more) => format!(" and {more} more (describe_table has them all)"),
            None => String::new(),
        };
        text.push_str(&format!(
            " Not profiled: {}{more}; name those you want in columns.",
            output.left_out.join(", ")
        ));
    }
    text.push_str(" query_id: ");
    text.push_str(&output.query_id);
    text
}
