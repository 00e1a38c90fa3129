//! Advice about texts that are not a date, a number or another type.

use super::cut::between;
use crate::sql::spelling;

/// Advice about a text that is not a date, a number or another type.
pub(super) fn not_recognized(message: &str, lower: &str, sql: &str) -> Option<String> {
    let value = between(message, " '", "'").unwrap_or_default();
    if lower.contains("numeric value") {
        // "Numeric value 'abc' is not recognized" is also what `'a' || 'b'` written with `+` gives.
        return Some(if spelling::adds_texts(sql) {
            "+ adds numbers; join texts with ||, or with CONCAT(a, b)".to_owned()
        } else {
            "TRY_TO_NUMBER(text) or TRY_CAST(text AS type) gives NULL for what is no number"
                .to_owned()
        });
    }
    if lower.contains("boolean value") {
        return Some(
            "TRY_TO_BOOLEAN(text) gives NULL for what is neither true nor false".to_owned(),
        );
    }
    let (function, usual) = if lower.contains("timestamp") {
        ("TO_TIMESTAMP", "YYYY-MM-DD HH24:MI:SS")
    } else if lower.contains("time '") {
        ("TO_TIME", "HH24:MI:SS")
    } else {
        ("TO_DATE", "YYYY-MM-DD")
    };
    let model = model_of(value);
    let model = model.as_deref().unwrap_or(usual);
    Some(format!(
        "say how the text is written: {function}(text, '{model}'); TRY_{function} gives NULL for what is not written so"
    ))
}

/// The date format that a text seems to have. Of two numbers that could be day or month, the first may be either.
fn model_of(value: &str) -> Option<String> {
    let (date, time) = match value.split_once([' ', 'T']) {
        Some((date, time))
            // Otherwise `T` is a letter of a month, as in `12-OCT-2024`.
            if time.starts_with(|c: char| c.is_ascii_digit()) && time.contains(':') =>
        {
            (date, Some(time))
        }
        _ => (value, None),
    };
    let separator = date.chars().find(|c| !c.is_alphanumeric())?;
    let parts: Vec<&str> = date.split(separator).collect();
    let [first, second, third] = parts.as_slice() else {
        return None;
    };
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let is_word = |part: &str| part.len() >= 3 && part.chars().all(char::is_alphabetic);
    let month_word = |part: &str| if part.len() == 3 { "MON" } else { "MMMM" };
    let year = |part: &str| if part.len() == 4 { "YYYY" } else { "YY" };
    let (a, b, c) = match (*first, *second, *third) {
        (y, m, d) if y.len() == 4 && is_digits(y) && is_digits(m) && is_digits(d) => {
            if m.parse::<u8>().is_ok_and(|m| m > 12) {
                ("YYYY", "DD", "MM")
            } else {
                ("YYYY", "MM", "DD")
            }
        }
        (d, m, y) if is_digits(d) && is_word(m) && is_digits(y) => ("DD", month_word(m), year(y)),
        (m, d, y) if is_word(m) && is_digits(d.trim_end_matches(',')) && is_digits(y) => {
            (month_word(m), "DD", year(y))
        }
        (d, m, y) if is_digits(d) && is_digits(m) && is_digits(y) => {
            // Dots are used where the day comes first; for slashes the American order is the safer
            // guess.
            let day_first = separator == '.' || d.parse::<u8>().is_ok_and(|d| d > 12);
            let month_first = !day_first;
            if month_first {
                ("MM", "DD", year(y))
            } else {
                ("DD", "MM", year(y))
            }
        }
        _ => return None,
    };
    let comma = if second.ends_with(',') { "," } else { "" };
    let time = match time.map(|time| time.matches(':').count()) {
        None => "",
        Some(1) => " HH24:MI",
        Some(_) => " HH24:MI:SS",
    };
    Some(format!("{a}{separator}{b}{comma}{separator}{c}{time}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_of_a_date_is_read_from_its_look() {
        for (value, model) in [
            ("01.02.2020", Some("DD.MM.YYYY")),
            ("01/02/2020", Some("MM/DD/YYYY")),
            ("31/12/2020", Some("DD/MM/YYYY")),
            ("2020/12/31", Some("YYYY/MM/DD")),
            ("20 Jan 2020", Some("DD MON YYYY")),
            ("January 20, 2020", Some("MMMM DD, YYYY")),
            ("01/02/20 10:30", Some("MM/DD/YY HH24:MI")),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(model_of(value).as_deref(), model, "{value}");
        }
    }
}
