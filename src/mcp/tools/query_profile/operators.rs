//! The operators of a statement, and what stands out about them.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::query::Table;
use crate::query::render::on_one_line;

/// A join that returns this many times its input is rarely intended.
const EXPLODES: f64 = 5.0;

/// Below this many rows even such a join takes no noticeable time.
const MANY_ROWS: f64 = 10_000.0;

/// Below this many partitions pruning saves nothing.
const FEW_PARTITIONS: f64 = 50.0;

/// Letters of a condition that are shown.
const LONGEST: usize = 160;

/// One step of a plan that has run.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(super) struct Operator {
    operator: String,
    /// Its share of the statement's time.
    pub(super) percent: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_rows: Option<u64>,
    /// The table or condition.
    about: String,
    #[serde(skip)]
    spilled_local: f64,
    #[serde(skip)]
    spilled_remote: f64,
    #[serde(skip)]
    partitions: Option<(f64, f64)>,
}

impl Operator {
    pub(super) fn cells(&self) -> Vec<String> {
        let count = |rows: Option<u64>| rows.map(|rows| rows.to_string()).unwrap_or_default();
        vec![
            self.operator.clone(),
            format!("{:.1}", self.percent),
            count(self.input_rows),
            count(self.output_rows),
            self.about.clone(),
        ]
    }
}

/// Reads the rows of `GET_QUERY_OPERATOR_STATS`.
pub(super) fn operators(table: &Table) -> Vec<Operator> {
    let mut all: Vec<Operator> = table
        .rows()
        .map(|row| {
            let json = |name: &str| -> Value {
                let value = row
                    .get(name)
                    .and_then(|text| serde_json::from_str(text).ok());
                value.unwrap_or_default()
            };
            let (statistics, times) = (
                json("operator_statistics"),
                json("execution_time_breakdown"),
            );
            let number = |of: &Value, path: &str| of.pointer(path).and_then(number);
            let count = |path: &str| number(&statistics, path).map(to_count);
            let pruning = |name: &str| number(&statistics, &format!("/pruning/{name}"));
            Operator {
                operator: row.get("operator_type").unwrap_or_default().to_owned(),
                percent: number(&times, "/overall_percentage").unwrap_or_default(),
                input_rows: count("/input_rows"),
                output_rows: count("/output_rows"),
                about: about(&json("operator_attributes")),
                spilled_local: number(&statistics, "/spilling/bytes_spilled_local_storage")
                    .unwrap_or_default(),
                spilled_remote: number(&statistics, "/spilling/bytes_spilled_remote_storage")
                    .unwrap_or_default(),
                partitions: pruning("partitions_scanned").zip(pruning("partitions_total")),
            }
        })
        .collect();
    // The documentation calls it a percentage; its examples have fractions of one.
    let sum: f64 = all.iter().map(|operator| operator.percent).sum();
    if sum <= 1.5 {
        for operator in &mut all {
            operator.percent *= 100.0;
        }
    }
    all
}

fn number(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str()?.parse().ok())
        .filter(|number| number.is_finite() && *number >= 0.0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "finite and not negative"
)]
fn to_count(number: f64) -> u64 {
    number as u64
}

/// The table, condition or function that an operator works on.
fn about(attributes: &Value) -> String {
    let text = [
        "table_name",
        "equality_join_condition",
        "additional_join_condition",
        "filter_condition",
        "object_name",
        "stage_name",
        "grouping_keys",
        "sort_keys",
        "functions",
        "name",
    ]
    .into_iter()
    // Each kind of operator has other attributes; the first of these tells most.
    .find_map(|name| match attributes.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().filter_map(Value::as_str).collect();
            (!items.is_empty()).then(|| items.join(", "))
        }
        _ => None,
    })
    .unwrap_or_default();
    let text = on_one_line(&text);
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

/// What stands out about one operator, with its weight.
fn note(operator: &Operator, found: &mut Vec<(f64, String)>) {
    let Operator {
        operator: kind,
        percent,
        about,
        ..
    } = operator;
    let of = |about: &str| match about {
        "" => String::new(),
        about => format!(" ({about})"),
    };
    if operator.spilled_remote > 0.0 {
        found.push((
            percent + 100.0,
            format!(
                "{kind}{} spilled {} to remote storage, which is very slow: a larger virtual warehouse, fewer columns, or a filter before it.",
                of(about), bytes(operator.spilled_remote)
            ),
        ));
    } else if operator.spilled_local > 0.0 {
        found.push((
            percent + 10.0,
            format!(
                "{kind}{} spilled {} to local disk: it needs more memory than the virtual warehouse has; fewer columns or rows help.",
                of(about), bytes(operator.spilled_local)
            ),
        ));
    }
    if let (Some(input), Some(output)) = (operator.input_rows, operator.output_rows)
        // Other operators make more rows on purpose, such as FLATTEN.
        && kind.ends_with("Join")
    {
        #[expect(clippy::cast_precision_loss, reason = "for a comparison and a text")]
        let (input, output) = (input.max(1) as f64, output as f64);
        if output >= MANY_ROWS && output >= input * EXPLODES {
            found.push((
                percent + 100.0,
                format!(
                    "{kind}{} makes {output:.0} rows of {input:.0}: its condition matches many rows on both sides; join on a key, or aggregate before.",
                    of(about)
                ),
            ));
        }
    }
    if kind == "CartesianJoin" {
        found.push((
            percent + 50.0,
            format!(
                "{kind}{} has no equality to join by: every row meets every other.",
                of(about)
            ),
        ));
    }
    if let Some((scanned, total)) = operator.partitions
        && total >= FEW_PARTITIONS
        && scanned >= total * 0.8
    {
        found.push((
            *percent,
            format!(
                "{about} was read nearly whole ({scanned:.0} of {total:.0} partitions): filter on the columns it is clustered by, often a date, with plain comparisons.",
            ),
        ));
    }
}

/// Findings about the operators, the worst first.
pub(super) fn findings(operators: &[Operator], timing: &[String]) -> Vec<String> {
    let mut found: Vec<(f64, String)> = Vec::new();
    for operator in operators {
        note(operator, &mut found);
    }
    found.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    // Waiting comes first: if it is the cause, no change of the statement helps.
    let mut told = timing.to_vec();
    told.extend(found.into_iter().map(|(_, text)| text).take(8));
    if told.is_empty() {
        told.push(
            match operators
                .iter()
                .max_by(|one, other| one.percent.total_cmp(&other.percent))
            {
                None => {
                    "Snowflake has no details of its steps: it read from a cache, or only metadata."
                        .to_owned()
                }
                Some(worst) => format!(
                    "Nothing stands out; most of the time went into {} ({:.0} %).",
                    worst.operator, worst.percent
                ),
            },
        );
    }
    told
}

fn bytes(number: f64) -> String {
    let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    units
        .into_iter()
        .find(|(_, size)| number >= *size)
        .map_or_else(
            || format!("{number:.0} bytes"),
            |(unit, size)| format!("{:.1} {unit}", number / size),
        )
}
