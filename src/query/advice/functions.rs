//! Functions that there are not, or that were called in another way.

use crate::sql::foreign;

/// The functions whose arguments are most often given in another order or number.
const SIGNATURES: [(&str, &str); 12] = [
    ("DATEADD", "DATEADD(day, 7, date)"),
    ("TIMEADD", "TIMEADD(hour, 7, time)"),
    ("TIMESTAMPADD", "TIMESTAMPADD(hour, 7, timestamp)"),
    ("DATEDIFF", "DATEDIFF(day, from, to)"),
    ("TIMEDIFF", "TIMEDIFF(second, from, to)"),
    ("TIMESTAMPDIFF", "TIMESTAMPDIFF(second, from, to)"),
    ("DATE_TRUNC", "DATE_TRUNC('month', date)"),
    ("DATE_PART", "DATE_PART(year, date)"),
    ("IFF", "IFF(condition, a, b)"),
    ("SPLIT_PART", "SPLIT_PART(text, ',', 1)"),
    ("LAST_DAY", "LAST_DAY(date, month)"),
    (
        "CONVERT_TIMEZONE",
        "CONVERT_TIMEZONE('UTC', 'Europe/Berlin', timestamp)",
    ),
];

/// How a function of these is called.
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
            .take(3)
            .collect(),
    )
}

/// What to call in their place.
pub(super) fn instead(names: &[&str]) -> Option<String> {
    let told = names.iter().filter_map(|name| {
        let function = name.rsplit('.').next().unwrap_or(name);
        match (
            foreign::function(function),
            foreign::nearest_function(function),
        ) {
            (Some(instead), _) => Some(format!("for {function} use {instead}")),
            (None, Some(nearest)) => Some(format!("did you mean {nearest} for {function}?")),
            (None, None) => None,
        }
    });
    let told: Vec<_> = told.collect();
    (!told.is_empty()).then(|| told.join("; "))
}
