//! Texts in a format model as numbers: `TO_NUMBER('12.5', '99.9')`.

use super::parts::{Digits, Minimal, Model, Piece, read_all};
use crate::warehouse::embedded::natives::native::{Arguments, Outcome, present};

/// `rs_number_of(text, format)`
pub(super) fn number_of(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([text, format]) = present(arguments) else {
        return Ok(None);
    };
    match matched(text, format)? {
        Some(number) => Ok(Some(number)),
        None => Err(format!(
            "Numeric value '{text}' is not recognized: it is not written in the format {format}"
        )),
    }
}

pub(super) fn try_number_of(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([text, format]) = present(arguments) else {
        return Ok(None);
    };
    matched(text, format)
}

/// The number in a text of one of the formats.
fn matched(text: &str, format: &str) -> Outcome<String> {
    let Some(models) = read_all(format) else {
        return Err(format!(
            "the embedded engine does not read numbers in the format {format}"
        ));
    };
    for model in models {
        let mut reader = Reader {
            rest: text.trim_matches(|letter: char| letter.is_ascii_whitespace()),
            is_negative: None,
        };
        if let Some(number) = reader.number(&model)? {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// A text being read.
struct Reader<'t> {
    rest: &'t str,
    is_negative: Option<bool>,
}

impl Reader<'_> {
    /// The number in the text, or `None` if it is not one of the model.
    fn number(&mut self, model: &Model) -> Outcome<String> {
        let mut number = None;
        for piece in &model.pieces {
            match piece {
                Piece::Digits(digits) => {
                    self.default_sign(model)?;
                    self.skip_blanks();
                    number = match digits.hexadecimal {
                        Some(_) => self.hexadecimal(digits),
                        None => self.fixed(digits)?,
                    };
                    if number.is_none() {
                        return Ok(None);
                    }
                }
                Piece::Minimal(minimal) => {
                    number = self.minimal(*minimal);
                    if number.is_none() {
                        return Ok(None);
                    }
                }
                other => {
                    if !self.other(other, model)? {
                        return Ok(None);
                    }
                }
            }
        }
        let Some(number) = number.filter(|_| self.rest.is_empty()) else {
            return Ok(None);
        };
        let sign = if self.is_negative == Some(true) {
            "-"
        } else {
            ""
        };
        let number = match model.has(&Piece::Percent) {
            true => hundredth(&number),
            false => number,
        };
        Ok(Some(format!("{sign}{number}")))
    }

    /// Whether what is no digit is there.
    fn other(&mut self, piece: &Piece, model: &Model) -> Result<bool, String> {
        Ok(match piece {
            Piece::Literal(literal) => self.takes(literal),
            Piece::MayBeBlank => {
                self.takes(" ");
                true
            }
            Piece::Percent => self.takes("%"),
            Piece::Sign => {
                if !self.sign(true) {
                    return Err(NO_SIGN.into());
                }
                true
            }
            Piece::Minus => {
                self.sign(true);
                true
            }
            Piece::Dollar => {
                self.default_sign(model)?;
                if !self.takes("$") {
                    return Err(NO_DOLLAR.into());
                }
                true
            }
            Piece::Digits(_) | Piece::Minimal(_) => false,
        })
    }

    fn takes(&mut self, text: &str) -> bool {
        let start = self.rest.get(..text.len());
        let fits = start.is_some_and(|start| start.eq_ignore_ascii_case(text));
        if fits {
            self.rest = self.rest.get(text.len()..).unwrap_or_default();
        }
        fits
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    fn sign(&mut self, may_be_plus: bool) -> bool {
        let found = if self.takes("-") {
            Some(true)
        } else if may_be_plus && self.takes("+") {
            Some(false)
        } else {
            None
        };
        self.is_negative = found.or(self.is_negative);
        found.is_some()
    }

    /// A minus where the model has no sign of its own.
    fn default_sign(&mut self, model: &Model) -> Result<(), String> {
        if !model.has_sign() && self.is_negative.is_none() {
            self.sign(false);
            if self.rest.starts_with('+') {
                return Err(
                    "the embedded engine reads a plus only where the format has S or MI".into(),
                );
            }
            self.skip_blanks();
        }
        Ok(())
    }

    fn fixed(&mut self, digits: &Digits) -> Outcome<String> {
        let whole = self.run(|letter| letter.is_ascii_digit() || letter == ',');
        let groups: Vec<&str> = whole.split(',').collect();
        let count: usize = groups.iter().map(|group| group.len()).sum();
        let least = digits.whole.iter().position(|place| place.is_zero);
        let least = least.map_or(0, |first| digits.whole.len() - first);
        if count > digits.whole.len()
            || count < least
            || (count == 0 && !digits.blanks_zero)
            || !are_in_place(&groups, count, digits)
        {
            return Ok(None);
        }
        let shown = digits.places.iter().rposition(|is_zero| *is_zero);
        let least = shown.map_or(0, |last| last + 1);
        let mut places = String::new();
        if digits.has_point && self.takes(".") {
            places = self.run(|letter| letter.is_ascii_digit()).to_owned();
        }
        if places.len() > digits.places.len() {
            return Err(TOO_FINE.into());
        }
        if places.len() < least {
            return Ok(None);
        }
        let point = if places.is_empty() { "" } else { "." };
        Ok(Some(format!("0{}{point}{places}", groups.concat())))
    }

    fn hexadecimal(&mut self, digits: &Digits) -> Option<String> {
        let found = self.run(|letter| letter.is_ascii_hexdigit());
        let least = digits.whole.iter().position(|place| place.is_zero);
        let least = least.map_or(1, |first| digits.whole.len() - first);
        if found.len() > digits.whole.len() || found.len() < least {
            return None;
        }
        Some(u128::from_str_radix(found, 16).ok()?.to_string())
    }

    fn minimal(&mut self, minimal: Minimal) -> Option<String> {
        self.sign(false);
        self.skip_blanks();
        let found = self
            .run(|letter| letter.is_ascii_digit() || matches!(letter, '.' | 'e' | 'E' | '+' | '-'));
        let has_exponent = found.contains(['e', 'E']);
        let fits = match minimal {
            Minimal::Positional => !has_exponent,
            Minimal::Scientific { .. } => has_exponent,
            Minimal::Shorter { .. } => true,
        };
        let is_number = found.starts_with(|letter: char| letter.is_ascii_digit())
            && found.parse::<f64>().is_ok();
        (fits && is_number).then(|| found.to_owned())
    }
}

/// Whether commas stand where the format has them, or nowhere.
fn are_in_place(groups: &[&str], count: usize, digits: &Digits) -> bool {
    let Some((_, before)) = groups.split_last().filter(|(_, before)| !before.is_empty()) else {
        return true;
    };
    // Digits to the right of each comma.
    let length = digits.whole.len();
    let expected = digits.whole.iter().enumerate();
    let expected = expected
        .filter(|(at, place)| place.follows_comma && length - at < count)
        .map(|(at, _)| length - at);
    let mut left = count;
    let found = before.iter().map(|group| {
        left -= group.len();
        left
    });
    found.eq(expected)
}

/// The hundredth part of a number in digits.
fn hundredth(number: &str) -> String {
    let (whole, places) = number.split_once('.').unwrap_or((number, ""));
    let whole = format!("{whole:0>3}");
    let (whole, moved) = whole.split_at(whole.len() - 2);
    format!("{whole}.{moved}{places}")
}

const NO_SIGN: &str =
    "the embedded engine reads a number without a sign only in a format without S";
const TOO_FINE: &str =
    "the embedded engine reads no more digits behind the point than the format has";
const NO_DOLLAR: &str =
    "the embedded engine reads a number without a dollar sign only in a format without one";

impl<'t> Reader<'t> {
    /// The letters at the start that fit.
    fn run(&mut self, fits: impl Fn(char) -> bool) -> &'t str {
        let end = self
            .rest
            .find(|letter| !fits(letter))
            .unwrap_or(self.rest.len());
        let (found, rest) = self.rest.split_at(end);
        self.rest = rest;
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_texts_are_read_as_documented() {
        let read = |text, format| try_number_of(&[Some(text), Some(format)]);
        for (text, format, expected) in [
            ("012,345.67", "999,999.99", Some("0012345.67")),
            ("12,345.67", "999,999.99", Some("012345.67")),
            (" 12,345.67", "999,999.99", Some("012345.67")),
            ("012,345.67", "000,000.00", Some("0012345.67")),
            ("12,345.67", "000,000.00", None),
            (" 12,345.67", "000,000.00", None),
            ("-101", "MI999|999MI", Some("-0101")),
            ("102-", "MI999|999MI", Some("-0102")),
            ("103", "MI999|999MI", Some("0103")),
            ("- 0.1", "99.9", Some("-00.1")),
            ("-12.3", "99.9", Some("-012.3")),
            ("$345.12", "$999.00", Some("0345.12")),
            ("12345.67", "999,999.99", Some("012345.67")),
            ("1,2345.67", "999,999.99", None),
            ("123", "99", None),
            ("12", "99.9", Some("012")),
            (".5", "9.9", None),
            (".5", "B9.9", Some("0.5")),
            ("1F", "XXXX", Some("31")),
            ("12.5", "TM9", Some("12.5")),
            ("- 0.1", "TM9", Some("-0.1")),
            ("1e2", "TM9", None),
            ("1e2", "TME", Some("1e2")),
            ("25%", "99%", Some("0.25")),
            ("x", "99", None),
            ("", "99", None),
        ] {
            assert_eq!(
                read(text, format),
                Ok(expected.map(str::to_owned)),
                "{text} in {format}"
            );
        }
        assert!(
            read("345", "$999").is_err()
                && read("+1", "99").is_err()
                && read("1", "S9").is_err()
                && read("1.234", "9.99").is_err()
        );
        assert!(
            number_of(&[Some("x"), Some("99")])
                .is_err_and(|said| said.starts_with("Numeric value 'x'"))
        );
    }
}
