//! Numbers written out: rounding of halves to even, and whole numbers that grow rarer.

use super::limits::fits;
use super::native::{Arguments, Outcome, Row, present};

pub(super) const TEXTS: &[Row<String>] = &[
    ("rs_cbrt", cbrt),
    ("rs_round_even", round_even),
    ("rs_random_text", random_text),
];

pub(super) const NUMBERS: &[Row<i64>] = &[("rs_zipf", zipf)];

/// `CBRT(number)`: the cube root of a cube is whole.
fn cbrt(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([number]) = present(arguments) else {
        return Ok(None);
    };
    let Ok(number) = number.parse::<f64>() else {
        return Err(format!("Numeric value '{number}' is not recognized"));
    };
    let root = number.cbrt();
    let whole = root.round();
    // Not `powi`, which rounds in between.
    #[allow(clippy::float_cmp, reason = "a cube is hit or it is not")]
    let is_cube = whole * whole * whole == number;
    Ok(Some(if is_cube { whole } else { root }.to_string()))
}

/// `ROUND(number, places, 'HALF_TO_EVEN')`, digit by digit: a FLOAT could not hold the half.
fn round_even(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([number, places]) = present(arguments) else {
        return Ok(None);
    };
    let unknown =
        || Err("the embedded engine supports HALF_TO_EVEN for decimal numbers only".into());
    let Ok(places) = places.parse::<i32>() else {
        return unknown();
    };
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", number),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 38 || !is_number(whole) || !is_number(fraction) {
        return unknown();
    }
    let all: Vec<u8> = whole
        .bytes()
        .chain(fraction.bytes())
        .map(|byte| byte - b'0')
        .collect();
    // How many of the digits stay.
    let kept = i64::try_from(whole.len()).unwrap_or(i64::MAX) + i64::from(places);
    let Ok(kept) = usize::try_from(kept) else {
        return Ok(Some("0".into()));
    };
    if kept >= all.len() {
        return Ok(Some(number.to_owned()));
    }
    let (stay, go) = all.split_at(kept);
    let mut stay = stay.to_vec();
    let is_odd = stay.last().is_some_and(|digit| digit % 2 == 1);
    let goes_up = match go {
        [5, rest @ ..] => is_odd || rest.iter().any(|digit| *digit != 0),
        [first, ..] => *first > 5,
        [] => false,
    };
    if stay.is_empty() && !goes_up {
        return Ok(Some("0".into()));
    }
    if goes_up {
        let nines = stay.iter().rev().take_while(|digit| **digit == 9).count();
        let length = stay.len();
        for digit in stay.iter_mut().skip(length - nines) {
            *digit = 0;
        }
        match stay.iter_mut().rev().nth(nines) {
            Some(digit) => *digit += 1,
            None => stay.insert(0, 1),
        }
    }
    let before_point = stay.len() + whole.len() - kept;
    let mut written = String::from(sign);
    for place in 0..stay.len().max(before_point) {
        if place == before_point {
            written.push('.');
        }
        written.push(char::from(b'0' + stay.get(place).copied().unwrap_or(0)));
    }
    Ok(Some(written))
}

/// The longest list of numbers that is gone through for one.
const LONGEST: u32 = 10_000;

/// `ZIPF(slope, count, …)`, by a share between 0 and 1.
fn zipf(arguments: &Arguments<'_>) -> Outcome<i64> {
    let Some([slope, count, share]) = present(arguments) else {
        return Ok(None);
    };
    let (Ok(slope), Ok(count), Ok(share)) = (
        slope.parse::<f64>(),
        count.parse::<u32>(),
        share.parse::<f64>(),
    ) else {
        return Err("ZIPF takes a number, a whole number and a generator".into());
    };
    if count == 0 || count > LONGEST {
        return Err(format!(
            "the embedded engine supports ZIPF of 1 to {LONGEST} numbers"
        ));
    }
    let weight = |number: u32| f64::from(number).powf(-slope);
    let all: f64 = (1..=count).map(weight).sum();
    let mut sum = 0.0;
    let found = (1..=count).find(|number| {
        sum += weight(*number);
        sum >= share * all
    });
    Ok(Some(i64::from(found.unwrap_or(count))))
}

/// `RANDSTR(length, seed)`: the same seed gives the same text, though not the one Snowflake gives.
fn random_text(arguments: &Arguments<'_>) -> Outcome<String> {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some([longest, length, seed]) = present(arguments) else {
        return Ok(None);
    };
    let Ok(length) = length.parse::<i64>() else {
        return Err(format!("Numeric value '{length}' is not recognized"));
    };
    let length = usize::try_from(length.max(0)).unwrap_or(usize::MAX);
    fits(length, longest)?;
    // FNV-1a of the seed begins a sequence of SplitMix64.
    let mut state = seed.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let letter = |_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let place = usize::try_from((mixed ^ (mixed >> 31)) % 62).unwrap_or(0);
        LETTERS.get(place).copied().map(char::from)
    };
    Ok((0..length).map(letter).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_to_the_even_side() {
        for (number, places, expected) in [
            ("2.25", "1", "2.2"),
            ("2.35", "1", "2.4"),
            ("2.251", "1", "2.3"),
            ("-2.5", "0", "-2"),
            ("-3.5", "0", "-4"),
            ("99.95", "1", "100.0"),
            ("9.5", "0", "10"),
            ("0.5", "0", "0"),
            ("1250", "-2", "1200"),
            ("1350", "-2", "1400"),
            ("50", "-2", "0"),
            ("51", "-2", "100"),
            ("7", "-3", "0"),
            ("1.5", "3", "1.5"),
        ] {
            let rounded = round_even(&[Some(number), Some(places)]);
            assert_eq!(rounded, Ok(Some(expected.to_owned())), "{number}, {places}");
        }
        assert!(round_even(&[Some("1e30"), Some("2")]).is_err());
        assert_eq!(round_even(&[None, Some("2")]), Ok(None));
    }

    #[test]
    fn a_seed_gives_a_text_of_letters_and_digits() {
        let made = |length, seed| random_text(&[Some("100"), Some(length), Some(seed)]);
        let text = made("100", "7").unwrap().unwrap();
        assert_eq!(text.len(), 100);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(made("100", "7"), Ok(Some(text.clone())));
        assert_ne!(made("100", "8"), Ok(Some(text)));
        assert_eq!(made("-1", "7"), Ok(Some(String::new())));
        assert!(made("101", "7").is_err(), "longer than a text may be");
    }

    #[test]
    fn small_numbers_come_most() {
        let drawn = |share| {
            zipf(&[Some("1"), Some("10"), Some(share)])
                .unwrap()
                .unwrap()
        };
        assert_eq!(
            [drawn("0"), drawn("0.3"), drawn("0.5"), drawn("1")],
            [1, 1, 2, 10]
        );
        assert!(zipf(&[Some("1"), Some("20000"), Some("0")]).is_err());
    }
}
