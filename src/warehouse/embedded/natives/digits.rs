//! The numbers of a VARIANT, as the digits they are written in.

use super::native::{Arguments, Outcome, Row, present};

pub(super) const TEXTS: &[Row<String>] = &[("rs_json_digits", json_digits)];

/// A NUMBER as JSON. The engine reads one with a fraction as a FLOAT when it puts it into an ARRAY or takes it out.
fn json_digits(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([text]) = present(arguments) else {
        return Ok(None);
    };
    let digits = without_zeros(text);
    let is_kept = !digits.contains('.')
        || digits
            .parse::<f64>()
            .is_ok_and(|value| value.to_string() == digits);
    if is_kept {
        return Ok(Some(digits.to_owned()));
    }
    Err(format!(
        "the embedded engine does not keep all digits of {digits} in a VARIANT; round it, as in ROUND(x, 6)"
    ))
}

/// A number of a document by itself: one with an exponent is a FLOAT, and shown as one.
pub(super) fn number_text(digits: &str) -> String {
    /// From where on the engine writes a FLOAT with an exponent.
    const LARGE: f64 = 1e16;
    const SMALL: f64 = 1e-5;
    if !digits.contains(['e', 'E']) {
        return digits.strip_suffix(".0").unwrap_or(digits).to_owned();
    }
    match digits.parse::<f64>() {
        Ok(value) if (SMALL..LARGE).contains(&value.abs()) => value.to_string(),
        _ => digits.to_owned(),
    }
}

/// The type of a number, by its digits.
pub(super) fn number_type(text: &str) -> &'static str {
    let is_whole = match text.split_once('.') {
        Some((_, places)) => places.bytes().all(|digit| digit == b'0'),
        None => true,
    };
    if text.contains(['e', 'E']) {
        "DOUBLE"
    } else if is_whole {
        "INTEGER"
    } else {
        "DECIMAL"
    }
}

/// The digits of a decimal number without zeros at its end, as a NUMBER in a VARIANT has none: 1.50 is 1.5, and 1.0 is 1.
pub(super) fn without_zeros(digits: &str) -> &str {
    if !digits.contains('.') || digits.contains(['e', 'E']) {
        return digits;
    }
    match digits.trim_end_matches('0').trim_end_matches('.') {
        "-0" => "0",
        shorter => shorter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_no_zeros_at_its_end() {
        for (digits, expected) in [
            ("1.50", "1.5"),
            ("1.0", "1"),
            ("-0.00", "0"),
            ("-1.10", "-1.1"),
            ("100", "100"),
            ("1.0e2", "1.0e2"),
        ] {
            assert_eq!(without_zeros(digits), expected);
        }
    }

    #[test]
    fn a_float_is_written_out_unless_it_is_long() {
        for (digits, expected) in [
            ("1e2", "100"),
            ("-1.5e1", "-15"),
            ("2.0", "2"),
            ("1.5", "1.5"),
            ("1e-7", "1e-7"),
            ("1e20", "1e20"),
        ] {
            assert_eq!(number_text(digits), expected);
        }
    }
}
