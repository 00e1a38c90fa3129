//! One column: what is asked of it, and what its values say.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::query::render::on_one_line;
use crate::sql::Identifier;

/// Letters of a value that are shown: enough to tell values apart, and no more than a reader takes in.
const LONGEST: usize = 60;

/// Letters that are asked for: one more, which tells whether there are more.
const ASKED: usize = LONGEST + 1;

/// Most frequent values that are shown.
const TOP: usize = 5;

/// The names above the table.
pub(super) const HEADERS: [&str; 7] = [
    "column",
    "type",
    "null %",
    "distinct",
    "min",
    "max",
    "most frequent",
];

/// What can be asked of the values of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Everything.
    Ordered,
    /// Whether they are there: documents, binary data and places have no order and no short form.
    Opaque,
}

impl Shape {
    pub(super) fn of(data_type: &str) -> Self {
        const OPAQUE: [&str; 9] = [
            "VARIANT",
            "OBJECT",
            "ARRAY",
            "MAP",
            "GEOGRAPHY",
            "GEOMETRY",
            "BINARY",
            "VECTOR",
            "FILE",
        ];
        let word: String = data_type
            .chars()
            .take_while(char::is_ascii_alphabetic)
            .collect();
        if OPAQUE.contains(&word.to_uppercase().as_str()) {
            // These have no order, so MIN and MAX would make the whole statement fail.
            Self::Opaque
        } else {
            Self::Ordered
        }
    }

    /// The aggregates of the column of that number.
    pub(super) fn aggregates(self, number: usize, column: &str) -> Vec<String> {
        let mut wanted = vec![format!("COUNT({column}) AS c{number}_n")];
        if self == Self::Ordered {
            wanted.extend([
                format!("APPROX_COUNT_DISTINCT({column}) AS c{number}_d"),
                format!("LEFT(MIN({column})::VARCHAR, {ASKED}) AS c{number}_min"),
                format!("LEFT(MAX({column})::VARCHAR, {ASKED}) AS c{number}_max"),
                format!("APPROX_TOP_K(LEFT({column}::VARCHAR, {ASKED}), {TOP}) AS c{number}_top"),
            ]);
        }
        wanted
    }
}

/// What is known of a column's values.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ColumnProfile {
    column: String,
    r#type: String,
    /// Rows without a value.
    nulls: u64,
    null_percent: f64,
    /// Different values, about.
    #[serde(skip_serializing_if = "Option::is_none")]
    distinct: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<String>,
    /// The most frequent values, about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    top: Vec<Frequent>,
    #[serde(skip)]
    rows: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Frequent {
    value: String,
    rows: u64,
}

impl ColumnProfile {
    /// From the values of the one row, by the names that [`Shape::aggregates`] gave them.
    pub(super) fn read(
        number: usize,
        name: &Identifier,
        data_type: &str,
        rows: u64,
        value: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let of = |what: &str| value(&format!("c{number}_{what}"));
        let count = |what: &str| -> Option<u64> { of(what)?.parse().ok() };
        let nulls = rows.saturating_sub(count("n").unwrap_or(0));
        // APPROX_TOP_K gives pairs of a value and its count.
        let top = of("top").and_then(|top| serde_json::from_str::<Vec<Value>>(&top).ok());
        let frequent = |pair: Value| {
            let value = match pair.get(0)? {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let rows = pair.get(1)?;
            let rows = rows.as_u64().or_else(|| rows.as_str()?.parse().ok())?;
            Some(Frequent {
                value: cut(value),
                rows,
            })
        };
        Self {
            column: name.to_string(),
            r#type: data_type.to_owned(),
            nulls,
            null_percent: (share(nulls, rows) * 1000.0).round() / 10.0,
            distinct: count("d"),
            min: of("min").map(cut),
            max: of("max").map(cut),
            top: top.into_iter().flatten().filter_map(frequent).collect(),
            rows,
        }
    }

    pub(super) fn cells(&self) -> Vec<Option<String>> {
        // If every value occurs once, the most frequent ones say nothing.
        let is_telling = self.top.iter().any(|one| one.rows > 1);
        let top: Vec<_> = self
            .top
            .iter()
            .filter(|_| is_telling)
            .map(|one| format!("{} ({})", one.value, one.rows))
            .collect();
        vec![
            Some(self.column.clone()),
            Some(self.r#type.clone()),
            Some(format!("{:.1}", self.null_percent)),
            self.distinct.map(|count| count.to_string()),
            self.min.clone(),
            self.max.clone(),
            (!top.is_empty()).then(|| top.join(", ")),
        ]
    }

    /// What stands out about the column. Of a sample it says so: what holds there may not hold of the table.
    pub(super) fn findings(&self, sampled: bool) -> Vec<String> {
        let (of, within) = match sampled {
            true => (" of the sample", " in the sample"),
            false => ("", ""),
        };
        let Self {
            column,
            rows,
            nulls,
            ..
        } = self;
        let filled = rows.saturating_sub(*nulls);
        // Alone: every other finding would follow from it.
        if filled == 0 {
            return vec![format!("{column} is null in every row{of}.")];
        }
        let mut found = Vec::new();
        if share(*nulls, *rows) > 0.2 {
            found.push(format!(
                "{column} is null in {:.1} % of the rows{of}.",
                self.null_percent
            ));
        }
        let Some(distinct) = self.distinct else {
            return found;
        };
        if distinct == 1 && filled > 1 {
            let value = self.min.as_deref().unwrap_or_default();
            found.push(format!(
                "{column} has one value only{within}: {}.",
                on_one_line(value)
            ));
        } else if filled > 20 && share(distinct, filled) >= 0.97 {
            // The estimate may be two percent off.
            let kind = match nulls {
                0 => ": it may be a key",
                _ => " where it has a value",
            };
            found.push(format!("{column} looks unique{within}{kind}."));
        } else if let Some(first) = self.top.first()
            && filled > 20
            && share(first.rows, filled) >= 0.9
        {
            found.push(format!(
                "{column} is {} in {:.0} % of the rows{of} that have a value.",
                on_one_line(&first.value),
                share(first.rows, filled) * 100.0
            ));
        }
        found
    }
}

/// What is shown of a value: where letters are left out it says so, or two values would look like one.
fn cut(value: String) -> String {
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value,
    }
}

fn share(part: u64, whole: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "for a share")]
    let (part, whole) = (part as f64, whole.max(1) as f64);
    part / whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(values: &[(&str, &str)], rows: u64) -> ColumnProfile {
        let name = "A".parse().unwrap();
        ColumnProfile::read(0, &name, "VARCHAR", rows, |wanted| {
            let found = values.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn what_stands_out_is_said_and_nothing_else() {
        for (values, said) in [
            (&[("c0_n", "0")][..], "null in every row"),
            (&[("c0_n", "70"), ("c0_d", "5")], "null in 30.0 %"),
            (
                &[("c0_n", "100"), ("c0_d", "1"), ("c0_min", "x")],
                "one value only: x",
            ),
            (&[("c0_n", "100"), ("c0_d", "99")], "may be a key"),
            (
                &[("c0_n", "90"), ("c0_d", "90")],
                "unique where it has a value",
            ),
            (
                &[
                    ("c0_n", "100"),
                    ("c0_d", "3"),
                    ("c0_top", r#"[["N", 95], ["Y", "5"]]"#),
                ],
                "is N in 95 %",
            ),
        ] {
            let found = profile(values, 100).findings(false);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains(said), "{found:?}");
        }
        let plain = profile(&[("c0_n", "100"), ("c0_d", "50")], 100);
        assert!(plain.findings(false).is_empty());
    }

    /// A value must not write lines that look like findings, and a part of one must not look like the whole.
    #[test]
    fn values_stay_on_their_line_and_say_that_they_are_cut() {
        let long = "ä".repeat(ASKED);
        let values = [
            ("c0_n", "100"),
            ("c0_d", "1"),
            ("c0_min", "x\n- B is a key"),
        ];
        let found = profile(&values, 100).findings(false);
        assert_eq!(found, ["A has one value only: x - B is a key."]);
        let found = profile(&values, 100).findings(true);
        assert_eq!(
            found,
            ["A has one value only in the sample: x - B is a key."]
        );
        let top = format!(r#"[["{long}", 95]]"#);
        let values = [
            ("c0_n", "100"),
            ("c0_d", "2"),
            ("c0_max", &*long),
            ("c0_top", &*top),
        ];
        let cut = format!("{}…", "ä".repeat(LONGEST));
        let profile = profile(&values, 100);
        assert_eq!(profile.max.as_deref(), Some(&*cut));
        assert_eq!(profile.top[0].value, cut);
        assert_eq!(super::cut("ä".repeat(LONGEST)), "ä".repeat(LONGEST));
    }

    #[test]
    fn documents_are_only_counted() {
        assert_eq!(Shape::of("VARIANT").aggregates(3, "\"X\"").len(), 1);
        assert_eq!(Shape::of("VECTOR(FLOAT, 3)"), Shape::Opaque);
        assert_eq!(Shape::of("NUMBER(38,0)"), Shape::Ordered);
    }
}
