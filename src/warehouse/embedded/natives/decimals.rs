//! Arithmetic of decimals, digit by digit: a FLOAT holds fifteen digits of the thirty-eight that a NUMBER may have.
//!
//! Numbers come as the engine's texts, and the type of the result as `kinds` writes it. A quotient or remainder is
//! given without its point, a FLOAT as its text: `dialect/decimals.rs` says how the engine makes a number of it again.

use duckdb::arrow::datatypes::i256;

use super::kinds::{Kind, kind_of_structure};
use super::native::{Arguments, Outcome, Row, present};

pub(super) const TEXTS: &[Row<String>] = &[
    ("rs_quotient", quotient),
    ("rs_remainder", remainder),
    ("rs_scaled", scaled),
    ("rs_epoch", epoch),
];

pub(super) const OF_JSON: &[Row<String>] = &[("rs_json_number", json_number)];

const OUT_OF_RANGE: &str = "Number out of representable range";
const ZERO_DIVISOR: &str = "Division by zero";

/// A number with its digits behind the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Decimal {
    unscaled: i128,
    scale: u32,
}

impl Decimal {
    fn read(text: &str) -> Option<Self> {
        let (whole, places) = text.split_once('.').unwrap_or((text, ""));
        let is_number = places.bytes().all(|byte| byte.is_ascii_digit());
        let unscaled = format!("{whole}{places}").parse().ok()?;
        let scale = u32::try_from(places.len()).ok()?;
        is_number.then_some(Self { unscaled, scale })
    }

    fn write(self) -> String {
        let scale = usize::try_from(self.scale).unwrap_or(0);
        let digits = format!(
            "{:0width$}",
            self.unscaled.unsigned_abs(),
            width = scale + 1
        );
        let (whole, places) = digits.split_at(digits.len() - scale);
        let sign = if self.unscaled < 0 { "-" } else { "" };
        let point = if scale == 0 { "" } else { "." };
        format!("{sign}{whole}{point}{places}")
    }

    /// The same number with so many digits behind the point, or none where they do not fit.
    fn with_scale(self, scale: u32) -> Option<i128> {
        let more = scale.checked_sub(self.scale)?;
        self.unscaled.checked_mul(10_i128.checked_pow(more)?)
    }
}

/// What a division by zero gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ByZero {
    Fails,
    Zero,
    /// Zero, also where the divisor is NULL.
    ZeroOrNull,
    Null,
}

impl ByZero {
    fn read(word: &str) -> Self {
        match word {
            "zero" => Self::Zero,
            "zero or null" => Self::ZeroOrNull,
            "null" => Self::Null,
            _ => Self::Fails,
        }
    }

    fn answer(self) -> Outcome<String> {
        match self {
            Self::Fails => Err(ZERO_DIVISOR.to_owned()),
            Self::Zero | Self::ZeroOrNull => Ok(Some("0".to_owned())),
            Self::Null => Ok(None),
        }
    }
}

/// What is computed from a dividend and a divisor that is not zero.
struct Division {
    of_floats: fn(f64, f64) -> f64,
    /// With so many digits behind the point, and without the point.
    of_decimals: fn(Decimal, Decimal, u32) -> Result<i128, &'static str>,
}

impl Division {
    /// As the type of the result asks for.
    fn run(
        &self,
        dividend: &str,
        divisor: &str,
        structure: &str,
        by_zero: ByZero,
    ) -> Outcome<String> {
        let Some(scale) = scale_of(structure) else {
            let (dividend, divisor) = (float(dividend)?, float(divisor)?);
            #[allow(clippy::float_cmp, reason = "zero is zero")]
            let is_zero = divisor == 0.0;
            return match is_zero {
                true => by_zero.answer(),
                false => Ok(Some((self.of_floats)(dividend, divisor).to_string())),
            };
        };
        let (dividend, divisor) = (decimal(dividend)?, decimal(divisor)?);
        if divisor.unscaled == 0 {
            return by_zero.answer();
        }
        digits((self.of_decimals)(dividend, divisor, scale)?)
    }
}

/// The digits behind the point of a result, unless it is a FLOAT.
fn scale_of(structure: &str) -> Option<u32> {
    match kind_of_structure(structure) {
        Some(Kind::Decimal { scale, .. }) => Some(u32::from(scale)),
        Some(Kind::Whole(_)) => Some(0),
        _ => None,
    }
}

/// A number without its point, if a NUMBER has so many digits.
fn digits(unscaled: i128) -> Outcome<String> {
    if unscaled.unsigned_abs() >= 10_u128.pow(38) {
        return Err(OUT_OF_RANGE.into());
    }
    Ok(Some(unscaled.to_string()))
}

/// `rs_quotient(dividend, divisor, type, by zero)`
fn quotient(arguments: &Arguments<'_>) -> Outcome<String> {
    const QUOTIENT: Division = Division {
        of_floats: |dividend, divisor| dividend / divisor,
        of_decimals: |dividend, divisor, scale| {
            let more = (scale + divisor.scale).saturating_sub(dividend.scale);
            divided(dividend.unscaled, divisor.unscaled, more).ok_or(OUT_OF_RANGE)
        },
    };
    let [Some(dividend), divisor, Some(structure), Some(by_zero)] = arguments else {
        return Ok(None);
    };
    let by_zero = ByZero::read(by_zero);
    match divisor {
        Some(divisor) => QUOTIENT.run(dividend, divisor, structure, by_zero),
        None if by_zero == ByZero::ZeroOrNull => by_zero.answer(),
        None => Ok(None),
    }
}

/// `dividend × 10^more ÷ divisor`, halves away from zero. Written long where the product has too many digits.
fn divided(dividend: i128, divisor: i128, more: u32) -> Option<i128> {
    let product = 10_i128
        .checked_pow(more)
        .and_then(|power| dividend.checked_mul(power));
    let (mut whole, mut rest, steps) = match product {
        Some(product) => (product / divisor, product % divisor, 0),
        None => (dividend / divisor, dividend % divisor, more),
    };
    let wide = i256::from_i128(divisor);
    for _ in 0..steps {
        let ten = i256::from_i128(rest).checked_mul(i256::from_i128(10))?;
        let digit = ten.checked_div(wide)?.to_i128()?;
        rest = ten.checked_rem(wide)?.to_i128()?;
        whole = whole.checked_mul(10)?.checked_add(digit)?;
    }
    let is_half = rest.unsigned_abs() >= divisor.unsigned_abs() - rest.unsigned_abs();
    if is_half {
        // The sign of a quotient that is zero so far is that of its parts.
        whole += if (dividend < 0) == (divisor < 0) {
            1
        } else {
            -1
        };
    }
    Some(whole)
}

/// `rs_remainder(dividend, divisor, type)`, with the sign of the dividend.
fn remainder(arguments: &Arguments<'_>) -> Outcome<String> {
    const REMAINDER: Division = Division {
        of_floats: |dividend, divisor| dividend % divisor,
        of_decimals: |dividend, divisor, _| {
            let scale = dividend.scale.max(divisor.scale);
            let rest = match (dividend.with_scale(scale), divisor.with_scale(scale)) {
                (Some(dividend), Some(divisor)) => Some(dividend % divisor),
                // What is not divided because it is smaller.
                (Some(dividend), None) => Some(dividend),
                (None, divisor) => long_remainder(dividend, divisor, scale),
            };
            rest.ok_or("the embedded engine computes this remainder in fewer digits than Snowflake")
        },
    };
    let Some([dividend, divisor, structure]) = present(arguments) else {
        return Ok(None);
    };
    REMAINDER.run(dividend, divisor, structure, ByZero::Fails)
}

/// The rest of a dividend that has too many digits once it is given the divisor's scale.
fn long_remainder(dividend: Decimal, divisor: Option<i128>, scale: u32) -> Option<i128> {
    let divisor = i256::from_i128(divisor?);
    let power = 10_i128.checked_pow(scale.checked_sub(dividend.scale)?)?;
    let wide = i256::from_i128(dividend.unscaled).checked_mul(i256::from_i128(power))?;
    wide.checked_rem(divisor)?.to_i128()
}

/// `rs_scaled(function, number, places, type)`: CEIL, FLOOR, ROUND and TRUNC at a number of places, which may be negative.
fn scaled(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([function, number, places, structure]) = present(arguments) else {
        return Ok(None);
    };
    let places: i32 = places.parse().map_err(|_| OUT_OF_RANGE.to_owned())?;
    if scale_of(structure).is_none() {
        return Ok(Some(
            scaled_float(function, float(number)?, places).to_string(),
        ));
    }
    let number = decimal(number)?;
    let gone = i64::from(number.scale) - i64::from(places);
    let Ok(gone @ 1..) = u32::try_from(gone) else {
        return Ok(Some(number.write()));
    };
    // A unit larger than any number: all digits go.
    let unit = 10_i128.checked_pow(gone);
    let (kept, rest) = match unit {
        Some(unit) => (number.unscaled / unit, number.unscaled % unit),
        None => (0, number.unscaled),
    };
    let kept = match function {
        "ceil" if rest > 0 => kept + 1,
        "floor" if rest < 0 => kept - 1,
        // Halves go away from zero.
        "round"
            if unit.is_some_and(|unit| rest.unsigned_abs() >= unit.unsigned_abs().div_ceil(2)) =>
        {
            kept + rest.signum()
        }
        _ => kept,
    };
    let unscaled = match (unit, kept) {
        (_, 0) => 0,
        (Some(unit), kept) => kept.checked_mul(unit).ok_or(OUT_OF_RANGE)?,
        (None, _) => return Err(OUT_OF_RANGE.into()),
    };
    Ok(Some(Decimal { unscaled, ..number }.write()))
}

fn scaled_float(function: &str, number: f64, places: i32) -> f64 {
    let rounded = |number: f64| match function {
        "ceil" => number.ceil(),
        "floor" => number.floor(),
        "round" => number.round(),
        _ => number.trunc(),
    };
    let power = 10_f64.powi(places.abs());
    if places >= 0 {
        rounded(number * power) / power
    } else {
        rounded(number / power) * power
    }
}

/// The number of a VARIANT as the text that was written, for a cast to NUMBER: the engine's own goes through FLOAT.
fn json_number(arguments: &Arguments<'_>) -> Outcome<String> {
    let [Some(text)] = arguments else {
        return Ok(None);
    };
    Ok(match text.trim() {
        "true" => Some("1".into()),
        "false" => Some("0".into()),
        _ => match super::variants::json_text(arguments)? {
            Some(number) if number.trim().parse::<f64>().is_err() => {
                return Err(format!("Failed to cast variant value {text} to FIXED"));
            }
            number => number,
        },
    })
}

/// `rs_epoch(number, scale)`: microseconds since 1970, of a number of seconds, milliseconds and so on.
fn epoch(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([number, scale]) = present(arguments) else {
        return Ok(None);
    };
    let number = decimal(number)?;
    let scale: u32 = scale.parse().map_err(|_| OUT_OF_RANGE.to_owned())?;
    let micros = number.unscaled.checked_mul(1_000_000).ok_or(OUT_OF_RANGE)?;
    let unit = 10_i128
        .checked_pow(scale + number.scale)
        .ok_or(OUT_OF_RANGE)?;
    if micros % unit != 0 {
        return Err("the embedded engine supports times to the microsecond".into());
    }
    Ok(Some((micros / unit).to_string()))
}

fn decimal(text: &str) -> Result<Decimal, String> {
    Decimal::read(text).ok_or_else(|| format!("Numeric value '{text}' is not recognized"))
}

fn float(text: &str) -> Result<f64, String> {
    let read = text.trim().parse();
    read.map_err(|_| format!("Numeric value '{text}' is not recognized"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotient_of(dividend: &str, divisor: &str, scale: u8) -> Result<Option<String>, String> {
        let structure = format!("\"DECIMAL(38,{scale})\"");
        quotient(&[Some(dividend), Some(divisor), Some(&structure), Some("")])
    }

    #[test]
    fn a_quotient_is_exact_to_its_last_digit() {
        let nines = "99999999999999999999999999999999";
        for (dividend, divisor, scale, expected) in [
            ("1", "3", 6, "333333"),
            ("2", "3", 6, "666667"),
            ("-2", "3", 6, "-666667"),
            ("1", "-2000000", 6, "-1"),
            ("1", "2000000", 6, "1"),
            ("1", "2000001", 6, "0"),
            ("10.00", "0.03", 8, "33333333333"),
            (nines, "7", 6, "14285714285714285714285714285714142857"),
            (nines, "0.0000000000007", 6, ""),
            ("0.000000000001", "3", 12, "0"),
        ] {
            let found = quotient_of(dividend, divisor, scale);
            match expected {
                "" => assert_eq!(found, Err(OUT_OF_RANGE.to_owned())),
                expected => assert_eq!(found, Ok(Some(expected.into())), "{dividend} / {divisor}"),
            }
        }
        assert_eq!(quotient_of("1", "0", 6), Err(ZERO_DIVISOR.into()));
    }

    #[test]
    fn a_remainder_has_the_digits_of_both() {
        let rest = |dividend, divisor| {
            remainder(&[Some(dividend), Some(divisor), Some("\"DECIMAL(38,1)\"")])
        };
        assert_eq!(rest("1", "0.4"), Ok(Some("2".into())));
        assert_eq!(rest("-1", "0.4"), Ok(Some("-2".into())));
        assert_eq!(
            rest("99999999999999999999999999999999999999", "0.7"),
            Ok(Some("3".into()))
        );
    }

    #[test]
    fn an_epoch_time_is_exact_or_refused() {
        let at = |number, scale| epoch(&[Some(number), Some(scale)]);
        let micros = "1704067200123456";
        assert_eq!(at("1704067200123456000", "9"), Ok(Some(micros.into())));
        assert_eq!(at(micros, "6"), Ok(Some(micros.into())));
        assert_eq!(at("-1", "3"), Ok(Some("-1000".into())));
        assert_eq!(at("1.5", "0"), Ok(Some("1500000".into())));
        assert!(at("1704067200123456789", "9").is_err());
    }

    #[test]
    fn places_count_from_the_point() {
        let at = |function, number, places| {
            scaled(&[
                Some(function),
                Some(number),
                Some(places),
                Some("\"DECIMAL(38,3)\""),
            ])
        };
        for (function, number, places, expected) in [
            (
                "ceil",
                "12345678901234567890.121",
                "1",
                "12345678901234567890.200",
            ),
            (
                "floor",
                "-12345678901234567890.121",
                "1",
                "-12345678901234567890.200",
            ),
            (
                "trunc",
                "-12345678901234567890.199",
                "1",
                "-12345678901234567890.100",
            ),
            ("ceil", "-0.9", "0", "0.0"),
            ("ceil", "1201.000", "-2", "1300.000"),
            ("floor", "-1", "-40", "0"),
            ("trunc", "17", "5", "17"),
            ("round", "999.99", "-3", "1000.00"),
            ("round", "-45.00", "-1", "-50.00"),
            ("round", "44.99", "-1", "40.00"),
            ("round", "5", "-2", "0"),
        ] {
            let expected = match (function, places) {
                ("floor", "-40") => Err(OUT_OF_RANGE.into()),
                _ => Ok(Some(expected.to_owned())),
            };
            assert_eq!(
                at(function, number, places),
                expected,
                "{function} {number}"
            );
        }
    }
}
