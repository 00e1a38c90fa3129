//! Numbers as texts in a format model: `TO_CHAR(12.5, '99.9')`.

use super::parts::{Digits, Minimal, Model, Piece, read};
use crate::warehouse::embedded::natives::native::{Arguments, Outcome, present};

/// A number, digit by digit.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Number {
    is_negative: bool,
    /// Without zeros in front; nothing for zero.
    whole: String,
    places: String,
}

impl Number {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        // A FLOAT in the engine's words; Rust's have no exponent.
        let plain = match text.contains(['e', 'E']) {
            true => {
                let value = text.parse::<f64>().ok().filter(|value| value.is_finite())?;
                value.to_string()
            }
            false => text.to_owned(),
        };
        let (is_negative, digits) = match plain.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, plain.strip_prefix('+').unwrap_or(&plain)),
        };
        let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if digits.is_empty() || digits == "." || !are_digits(whole) || !are_digits(places) {
            return None;
        }
        Some(Self {
            is_negative,
            whole: whole.trim_start_matches('0').to_owned(),
            places: places.to_owned(),
        })
    }

    fn is_zero(&self) -> bool {
        self.whole.is_empty() && self.places.bytes().all(|digit| digit == b'0')
    }

    /// The number times a hundred.
    fn percent(&self) -> Self {
        let places = format!("{:0<2}", self.places);
        let (moved, places) = places.split_at(2);
        let whole = format!("{}{moved}", self.whole);
        Self {
            whole: whole.trim_start_matches('0').to_owned(),
            places: places.to_owned(),
            ..*self
        }
    }

    /// The same with so many places, halves away from zero.
    fn rounded(&self, places: usize) -> Self {
        if self.places.len() <= places {
            return Self {
                places: format!("{:0<places$}", self.places),
                whole: self.whole.clone(),
                ..*self
            };
        }
        let (kept, gone) = self.places.split_at(places);
        let mut digits: Vec<u8> = self.whole.bytes().chain(kept.bytes()).collect();
        if gone.as_bytes().first().is_some_and(|digit| *digit >= b'5') {
            let nines = digits
                .iter()
                .rev()
                .take_while(|digit| **digit == b'9')
                .count();
            let length = digits.len();
            for digit in digits.iter_mut().skip(length - nines) {
                *digit = b'0';
            }
            match digits.iter_mut().rev().nth(nines) {
                Some(digit) => *digit += 1,
                None => digits.insert(0, b'1'),
            }
        }
        let digits = String::from_utf8(digits).unwrap_or_default();
        let (whole, kept) = digits.split_at(digits.len() - places);
        Self {
            whole: whole.trim_start_matches('0').to_owned(),
            places: kept.to_owned(),
            ..*self
        }
    }
}

/// `rs_number_text(number, format)`
pub(super) fn number_text(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([text, format]) = present(arguments) else {
        return Ok(None);
    };
    let unknown = || {
        Err(format!(
            "the embedded engine does not write numbers in the format {format}"
        ))
    };
    let Some(model) = read(format) else {
        return unknown();
    };
    let Some(number) = Number::read(text) else {
        return match text.trim().trim_start_matches('-') {
            "inf" | "nan" | "NaN" => unknown(),
            _ => Err(format!("Numeric value '{text}' is not recognized")),
        };
    };
    let number = match model.has(&Piece::Percent) {
        true => number.percent(),
        false => number,
    };
    written(&model, &number).map(Some)
}

fn written(model: &Model, number: &Number) -> Result<String, String> {
    let mut text = String::new();
    // Signs that stand right before the first digit, behind the blanks.
    let mut floating = String::new();
    for piece in &model.pieces {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Percent => text.push('%'),
            Piece::MayBeBlank => {}
            Piece::Dollar => floating.push('$'),
            Piece::Minus => match number.is_negative {
                true => text.push('-'),
                false if model.is_compact => {}
                false => text.push(' '),
            },
            Piece::Sign => {
                let sign = if number.is_negative { '-' } else { '+' };
                let is_behind = model
                    .pieces
                    .iter()
                    .find(|piece| matches!(piece, Piece::Sign | Piece::Digits(_)))
                    .is_some_and(|first| *first != Piece::Sign);
                match is_behind {
                    true => text.push(sign),
                    false => floating.push(sign),
                }
            }
            Piece::Minimal(minimal) => text.push_str(&shortest(*minimal, number)?),
            Piece::Digits(digits) => {
                if digits.hexadecimal.is_none() && !model.has_sign() {
                    match number.is_negative {
                        true => floating.insert(0, '-'),
                        false if model.is_compact => {}
                        false => floating.insert(0, ' '),
                    }
                }
                let digits = match digits.hexadecimal {
                    Some(is_small) => hexadecimal(digits, number, is_small, model.has_sign())?,
                    None => fixed(digits, number)?,
                };
                let (blanks, digits) = digits.split_at(digits.len() - digits.trim_start().len());
                match model.is_compact {
                    true => text.push_str(&format!("{floating}{}", digits.trim_end())),
                    false => text.push_str(&format!("{blanks}{floating}{digits}")),
                }
            }
        }
    }
    Ok(text)
}

/// The digits in their places, blanks where a zero is not shown.
fn fixed(digits: &Digits, number: &Number) -> Result<String, String> {
    let rounded = number.rounded(digits.places.len());
    if rounded.is_negative && rounded.is_zero() && !number.is_zero() {
        return Err(
            "the embedded engine does not write negative numbers that a format rounds to zero"
                .into(),
        );
    }
    let places = digits.whole.len();
    let Some(unused) = places.checked_sub(rounded.whole.len()) else {
        return Ok(overflow(digits));
    };
    let first_zero = digits.whole.iter().position(|place| place.is_zero);
    let one = if digits.blanks_zero {
        places
    } else {
        places - 1
    };
    let shown = unused.min(first_zero.unwrap_or(places)).min(one);
    let all = format!("{:0>places$}", rounded.whole);
    let mut text = String::new();
    for (at, (place, digit)) in digits.whole.iter().zip(all.chars()).enumerate() {
        if place.follows_comma {
            text.push(if at > shown { ',' } else { ' ' });
        }
        text.push(if at >= shown { digit } else { ' ' });
    }
    if digits.has_point {
        text.push('.');
    }
    let kept = rounded.places.trim_end_matches('0').len();
    let zeros = digits.places.iter().rposition(|is_zero| *is_zero);
    let kept = kept.max(zeros.map_or(0, |last| last + 1));
    for (at, digit) in rounded.places.chars().enumerate() {
        text.push(if at < kept { digit } else { ' ' });
    }
    Ok(text)
}

/// What stands for a number with too many digits.
fn overflow(digits: &Digits) -> String {
    let mut text = String::new();
    for place in &digits.whole {
        if place.follows_comma {
            text.push(',');
        }
        text.push('#');
    }
    if digits.has_point {
        text.push('.');
    }
    text.push_str(&"#".repeat(digits.places.len()));
    text
}

/// The whole part in base 16. A negative number without a sign of its own has ones in front.
fn hexadecimal(
    digits: &Digits,
    number: &Number,
    is_small: bool,
    has_sign: bool,
) -> Result<String, String> {
    if number.places.starts_with(|digit| digit >= '5') {
        return Err(
            "the embedded engine does not write fractions of a half or more in base 16".into(),
        );
    }
    let places = digits.whole.len();
    let whole = match number.whole.as_str() {
        "" => Some(0),
        whole => whole.parse::<u128>().ok(),
    };
    let most = u32::try_from(places)
        .ok()
        .and_then(|places| 16_u128.checked_pow(places));
    let value = match (whole, most) {
        (Some(whole), Some(most)) if number.is_negative && !has_sign && whole > 0 => {
            (whole <= most / 2).then(|| most - whole)
        }
        (Some(whole), Some(most)) => (whole < most).then_some(whole),
        (whole, None) if has_sign || !number.is_negative => whole,
        _ => None,
    };
    let Some(value) = value else {
        return Ok(overflow(digits));
    };
    let all = match is_small {
        true => format!("{value:0>places$x}"),
        false => format!("{value:0>places$X}"),
    };
    let unused = places - format!("{value:x}").len();
    let first_zero = digits.whole.iter().position(|place| place.is_zero);
    let shown = unused.min(first_zero.unwrap_or(places)).min(places - 1);
    let digit = |(at, digit)| if at >= shown { digit } else { ' ' };
    Ok(all.chars().enumerate().map(digit).collect())
}

/// `TM9`, `TME` and `TM`
fn shortest(minimal: Minimal, number: &Number) -> Result<String, String> {
    let sign = if number.is_negative { "-" } else { "" };
    let whole = if number.whole.is_empty() {
        "0"
    } else {
        &number.whole
    };
    let point = if number.places.is_empty() { "" } else { "." };
    let positional = format!("{sign}{whole}{point}{}", number.places);
    Ok(match minimal {
        Minimal::Positional => positional,
        Minimal::Scientific { is_small } => scientific(number, is_small),
        Minimal::Shorter { is_small } => {
            let other = scientific(number, is_small);
            match positional.len().cmp(&other.len()) {
                std::cmp::Ordering::Less => positional,
                std::cmp::Ordering::Greater => other,
                std::cmp::Ordering::Equal => {
                    return Err("the embedded engine does not choose between TM9 and TME of the same length".into());
                }
            }
        }
    })
}

/// One digit before the point, and an exponent.
fn scientific(number: &Number, is_small: bool) -> String {
    let mark = if is_small { 'e' } else { 'E' };
    let all = format!("{}{}", number.whole, number.places);
    let digits = all.trim_start_matches('0');
    let leading = all.len() - digits.len();
    let digits = digits.trim_end_matches('0');
    let (first, rest) = digits.split_at(digits.len().min(1));
    if first.is_empty() {
        return format!("0{mark}0");
    }
    let exponent =
        i64::try_from(number.whole.len()).unwrap_or(0) - i64::try_from(leading).unwrap_or(0) - 1;
    let sign = if number.is_negative { "-" } else { "" };
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{first}{point}{rest}{mark}{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: &str, format: &str) -> Result<String, String> {
        number_text(&[Some(number), Some(format)]).map(Option::unwrap_or_default)
    }

    #[test]
    fn the_documented_numbers_are_written_as_documented() {
        let numbers = [
            "-12.391", "0.000", "-1.000", "0.100", "0.010", "3987.000", "1.111",
        ];
        for (format, expected) in [
            (
                r#"">"$99.0"<""#,
                [
                    ">-$12.4<", ">  $0.0<", "> -$1.0<", ">  $0.1<", ">  $0.0<", "> $##.#<",
                    ">  $1.1<",
                ],
            ),
            (
                r#"">"B9,999.0"<""#,
                [
                    ">   -12.4<",
                    ">      .0<",
                    ">    -1.0<",
                    ">      .1<",
                    ">      .0<",
                    "> 3,987.0<",
                    ">     1.1<",
                ],
            ),
            (
                r#"">"TME"<""#,
                [
                    ">-1.2391E1<",
                    ">0E0<",
                    ">-1E0<",
                    ">1E-1<",
                    ">1E-2<",
                    ">3.987E3<",
                    ">1.111E0<",
                ],
            ),
            (
                r#"">"TM9"<""#,
                [
                    ">-12.391<",
                    ">0.000<",
                    ">-1.000<",
                    ">0.100<",
                    ">0.010<",
                    ">3987.000<",
                    ">1.111<",
                ],
            ),
            (
                r#"">"0XXX"<""#,
                [
                    ">FFF4<", ">0000<", ">FFFF<", ">0000<", ">0000<", ">0F93<", ">0001<",
                ],
            ),
            (
                r#"">"S0XXX"<""#,
                [
                    ">-000C<", ">+0000<", ">-0001<", ">+0000<", ">+0000<", ">+0F93<", ">+0001<",
                ],
            ),
        ] {
            for (number, expected) in numbers.iter().zip(expected) {
                assert_eq!(
                    text(number, format).as_deref(),
                    Ok(expected),
                    "{number} in {format}"
                );
            }
        }
        for (format, positive, negative) in [
            ("99", " 12", " -7"),
            ("S99", "+12", " -7"),
            ("99S", "12+", " 7-"),
            ("MI99", " 12", "- 7"),
            ("99MI", "12 ", " 7-"),
            ("$99", " $12", " -$7"),
            ("FM99", "12", "-7"),
        ] {
            assert_eq!(text("12", format).as_deref(), Ok(positive), "{format}");
            assert_eq!(text("-7", format).as_deref(), Ok(negative), "{format}");
        }
        for (number, grouped, signed, both, compact) in [
            ("1.2", "       1.2  ", "+000,001.200", "      +1.2  ", "1.2"),
            (
                "123.456",
                "     123.456",
                "+000,123.456",
                "    +123.456",
                "123.456",
            ),
            (
                "1234.56",
                "   1,234.56 ",
                "+001,234.560",
                "  +1,234.56 ",
                "1,234.56",
            ),
            (
                "-123456.789",
                "-123,456.789",
                "-123,456.789",
                "-123,456.789",
                "-123,456.789",
            ),
        ] {
            assert_eq!(text(number, "999,999.999").as_deref(), Ok(grouped));
            assert_eq!(text(number, "S000,000.000").as_deref(), Ok(signed));
            assert_eq!(text(number, "S999,999.999").as_deref(), Ok(both));
            assert_eq!(text(number, "FM999,999.999").as_deref(), Ok(compact));
        }
        assert_eq!(text("-123.45", "999.99MI").as_deref(), Ok("123.45-"));
    }

    #[test]
    fn edges_of_formats() {
        for (number, format, expected) in [
            ("0", "999", "   0"),
            ("0.5", "9.9", " 0.5"),
            ("99.96", "99.9", " ##.#"),
            ("9.96", "99.9", " 10. "),
            ("12", "999.99", "  12.  "),
            ("1234567", "9,999", " #,###"),
            ("5", "0000", " 0005"),
            ("5", "FM0000", "0005"),
            ("1e3", "9,999", " 1,000"),
            ("0.256", "99.9%", " 25.6%"),
            ("255", "XXXX", "  FF"),
            ("255", "xx", "ff"),
            ("256", "XX", "##"),
            ("12345678901234567890123456789012345678", "9", " #"),
        ] {
            assert_eq!(
                text(number, format).as_deref(),
                Ok(expected),
                "{number} in {format}"
            );
        }
        for (number, format) in [
            ("1", "9EE"),
            ("-0.01", "9.9"),
            ("1", "99 9"),
            ("1", "TM9(6,3)"),
            ("inf", "99"),
        ] {
            assert!(
                text(number, format).is_err_and(|said| said.starts_with("the embedded engine")),
                "{format}"
            );
        }
        assert_eq!(number_text(&[None, Some("99")]), Ok(None));
    }
}
