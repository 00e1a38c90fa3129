//! Advice about functions that do not exist, or that take other arguments.

use crate::sql::foreign;

/// The functions whose arguments are most often given in another order or number.
const SIGNATURES: [(&str, &str); 46] = [
    // Dates and times
    ("DATEADD", "DATEADD(day, 7, date)"),
    ("TIMEADD", "TIMEADD(hour, 7, time)"),
    ("TIMESTAMPADD", "TIMESTAMPADD(hour, 7, timestamp)"),
    ("DATEDIFF", "DATEDIFF(day, from, to)"),
    ("TIMEDIFF", "TIMEDIFF(second, from, to)"),
    ("TIMESTAMPDIFF", "TIMESTAMPDIFF(second, from, to)"),
    ("DATE_TRUNC", "DATE_TRUNC('month', date)"),
    ("DATE_PART", "DATE_PART(year, date)"),
    ("LAST_DAY", "LAST_DAY(date, month)"),
    ("NEXT_DAY", "NEXT_DAY(date, 'friday')"),
    ("PREVIOUS_DAY", "PREVIOUS_DAY(date, 'friday')"),
    ("ADD_MONTHS", "ADD_MONTHS(date, 3)"),
    ("MONTHS_BETWEEN", "MONTHS_BETWEEN(to, from)"),
    ("TIME_SLICE", "TIME_SLICE(timestamp, 15, 'MINUTE')"),
    ("DATE_FROM_PARTS", "DATE_FROM_PARTS(year, month, day)"),
    (
        "TIMESTAMP_FROM_PARTS",
        "TIMESTAMP_FROM_PARTS(year, month, day, hour, minute, second)",
    ),
    (
        "CONVERT_TIMEZONE",
        "CONVERT_TIMEZONE('UTC', 'Europe/Berlin', timestamp)",
    ),
    // Conditions
    ("IFF", "IFF(condition, a, b)"),
    ("NVL", "NVL(x, if_null)"),
    ("IFNULL", "IFNULL(x, if_null)"),
    ("NVL2", "NVL2(x, if_not_null, if_null)"),
    ("NULLIF", "NULLIF(x, y)"),
    ("DECODE", "DECODE(x, value, result, if_none)"),
    ("DIV0", "DIV0(a, b)"),
    ("DIV0NULL", "DIV0NULL(a, b)"),
    // Texts
    ("SPLIT", "SPLIT(text, ',')"),
    ("SPLIT_PART", "SPLIT_PART(text, ',', 1)"),
    ("REPLACE", "REPLACE(text, 'old', 'new')"),
    ("LPAD", "LPAD(text, length, '0')"),
    ("RPAD", "RPAD(text, length, ' ')"),
    ("LEFT", "LEFT(text, length)"),
    ("RIGHT", "RIGHT(text, length)"),
    ("SUBSTR", "SUBSTR(text, start, length)"),
    ("SUBSTRING", "SUBSTRING(text, start, length)"),
    ("CHARINDEX", "CHARINDEX('part', text)"),
    ("POSITION", "POSITION('part', text)"),
    ("INITCAP", "INITCAP(text)"),
    ("REGEXP_LIKE", "REGEXP_LIKE(text, 'pattern', 'i')"),
    ("RLIKE", "RLIKE(text, 'pattern', 'i')"),
    ("REGEXP_REPLACE", "REGEXP_REPLACE(text, 'pattern', 'new')"),
    ("REGEXP_SUBSTR", "REGEXP_SUBSTR(text, 'pattern')"),
    // Numbers and groups
    ("WIDTH_BUCKET", "WIDTH_BUCKET(x, lowest, highest, buckets)"),
    ("APPROX_PERCENTILE", "APPROX_PERCENTILE(x, 0.9)"),
    (
        "PERCENTILE_CONT",
        "PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY x)",
    ),
    (
        "PERCENTILE_DISC",
        "PERCENTILE_DISC(0.9) WITHIN GROUP (ORDER BY x)",
    ),
    ("NTILE", "NTILE(4) OVER (ORDER BY x)"),
];

/// How to call a function that was called with wrong arguments.
pub(super) fn signature(name: &str) -> Option<&'static str> {
    let found = SIGNATURES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, signature)| *signature)
}

/// The names in "Unknown function X" or "Unknown functions X, Y".
pub(super) fn unknown(message: &str) -> Option<Vec<&str>> {
    let (_, rest) = message
        .split_once("Unknown function ")
        .or_else(|| message.split_once("Unknown functions "))
        .or_else(|| message.split_once("Unknown table function "))
        .or_else(|| message.split_once("Unknown user-defined function "))?;
    let names = rest.lines().next()?.split(',');
    Some(
        names
            .map(|name| name.trim().trim_end_matches('.'))
            // A statement can have dozens of unknown functions; a hint should stay one sentence.
            .take(3)
            .collect(),
    )
}

/// What to call instead.
pub(super) fn instead(names: &[&str]) -> Option<String> {
    let told = names.iter().filter_map(|name| {
        // Models put a schema before functions of other databases, as in `pg_catalog.age`.
        let function = name.rsplit('.').next().unwrap_or(name);
        match (
            foreign::function(function),
            foreign::nearest_function(function),
        ) {
            (Some(instead), _) => Some(format!("for {function} use {instead}")),
            // The function exists, but cannot be used at this place of a statement.
            (None, Some(nearest)) if nearest.eq_ignore_ascii_case(function) => Some(format!(
                "{nearest} gives a value, not a table: FROM TABLE(FLATTEN(input => x)) makes rows of a list"
            )),
            (None, Some(nearest)) => Some(format!("did you mean {nearest} for {function}?")),
            (None, None) => None,
        }
    });
    let told: Vec<_> = told.collect();
    (!told.is_empty()).then(|| told.join("; "))
}
