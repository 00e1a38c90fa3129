//! Texts made longer, each within the limit of its statement, and the places of things in texts.
//!
//! Macros could say all of these, but each names an argument several times, and binding it to a name costs more to plan
//! than the rest of the call: see docs/decisions/0021. The limit comes first; what it is for is in `cost/texts.rs`.

use std::collections::HashSet;

use super::json::Json;
use super::limits::fits;
use super::native::{Arguments, Outcome, Row, present};

pub(super) const TEXTS: &[Row<String>] = &[
    ("rs_repeat", repeat),
    ("rs_replace", replace),
    ("rs_pad_left", |a| pad(a, |text, filler| filler + text)),
    ("rs_pad_right", |a| {
        pad(a, |text, filler| format!("{text}{filler}"))
    }),
    ("rs_insert", insert),
    ("rs_token", token),
    ("rs_split_part", split_part),
];

pub(super) const JSON: &[Row<String>] = &[("rs_split", split), ("rs_tokens", tokens)];

pub(super) const NUMBERS: &[Row<i64>] = &[
    ("rs_position", position),
    ("rs_ascii", ascii),
    ("rs_unicode", unicode),
];

/// A whole number among the arguments.
fn whole(digits: &str) -> Result<i64, String> {
    digits
        .parse()
        .map_err(|_| format!("Numeric value '{digits}' is not recognized"))
}

/// How many of something, none for a negative number.
fn count(digits: &str) -> Result<usize, String> {
    Ok(usize::try_from(whole(digits)?.max(0)).unwrap_or(usize::MAX))
}

pub(super) fn number(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The byte at which a letter stands, counted from 0; the end of the text for one behind it.
pub(super) fn byte_of(text: &str, letter: usize) -> usize {
    text.char_indices()
        .nth(letter)
        .map_or(text.len(), |(at, _)| at)
}

/// `REPEAT(text, n)`
fn repeat(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([longest, text, times]) = present(arguments) else {
        return Ok(None);
    };
    let times = count(times)?;
    if times > 0 {
        fits(text.len().saturating_mul(times), longest)?;
    }
    Ok(Some(if text.is_empty() {
        String::new()
    } else {
        text.repeat(times)
    }))
}

/// `REPLACE(text, from, to)`
fn replace(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([longest, text, from, to]) = present(arguments) else {
        return Ok(None);
    };
    if from.is_empty() {
        return Ok(Some(text.to_owned()));
    }
    if to.len() > from.len() {
        let more = text.matches(from).count() * (to.len() - from.len());
        if more > 0 {
            fits(text.len().saturating_add(more), longest)?;
        }
    }
    Ok(Some(text.replace(from, to)))
}

/// `LPAD(text, length, filler)` and `RPAD`: cut to the length, or filled up to it.
fn pad(arguments: &Arguments<'_>, join: fn(&str, String) -> String) -> Outcome<String> {
    let Some([longest, text, length, filler]) = present(arguments) else {
        return Ok(None);
    };
    let length = count(length)?;
    if length > 0 {
        fits(length, longest)?;
    }
    let has = text.chars().count();
    if length <= has {
        let end = byte_of(text, length);
        return Ok(text.get(..end).map(str::to_owned));
    }
    let filled: String = filler.chars().cycle().take(length - has).collect();
    fits(text.len().saturating_add(filled.len()), longest)?;
    Ok(Some(join(text, filled)))
}

/// `INSERT(text, place, length, other)`
fn insert(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([longest, text, place, length, other]) = present(arguments) else {
        return Ok(None);
    };
    let (place, length) = (whole(place)?, whole(length)?);
    if place < 1 || length < 0 {
        return Err(
            "the embedded engine supports INSERT with a position of 1 or more and a length of 0 or more".into(),
        );
    }
    fits(text.len().saturating_add(other.len()), longest)?;
    if usize::try_from(place).is_ok_and(|place| place > text.chars().count() + 1) {
        return Err("the embedded engine supports INSERT up to the place behind the text".into());
    }
    let skipped = count(&(place - 1).to_string())?;
    let begin = byte_of(text, skipped);
    let end = byte_of(text, skipped.saturating_add(count(&length.to_string())?));
    let parts = [text.get(..begin), Some(other), text.get(end..)];
    Ok(Some(parts.into_iter().flatten().collect()))
}

/// `STRTOK(text, delimiters, n)`: empty parts do not count.
fn token(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([text, delimiters, place]) = present(arguments) else {
        return Ok(None);
    };
    let place = whole(place)?;
    if place < 1 {
        return Err("the embedded engine supports STRTOK with a part number of 1 or more".into());
    }
    let delimiters: HashSet<char> = delimiters.chars().collect();
    let mut parts = text
        .split(|letter| delimiters.contains(&letter))
        .filter(|part| !part.is_empty());
    let skipped = usize::try_from(place - 1).unwrap_or(usize::MAX);
    Ok(parts.nth(skipped).map(str::to_owned))
}

/// `STRTOK_TO_ARRAY(text, delimiters)`
fn tokens(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([longest, text, delimiters]) = present(arguments) else {
        return Ok(None);
    };
    let delimiters: HashSet<char> = delimiters.chars().collect();
    let parts = text.split(|letter| delimiters.contains(&letter));
    listed(parts.filter(|part| !part.is_empty()), text, longest)
}

/// `SPLIT(text, delimiter)`: nothing splits a text into itself.
fn split(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([longest, text, delimiter]) = present(arguments) else {
        return Ok(None);
    };
    if delimiter.is_empty() {
        return listed(std::iter::once(text), text, longest);
    }
    listed(text.split(delimiter), text, longest)
}

/// Parts of a text as an ARRAY. How long it becomes is looked at before it is made.
fn listed<'a>(
    parts: impl Iterator<Item = &'a str> + Clone,
    text: &str,
    longest: &str,
) -> Outcome<String> {
    // Quotes and a comma for each.
    fits(text.len() + 3 * parts.clone().count(), longest)?;
    let list = Json::Array(parts.map(|part| Json::Text(part.to_owned())).collect()).to_string();
    fits(list.len(), longest)?;
    Ok(Some(list))
}

/// `SPLIT_PART(text, delimiter, n)`: part 0 is part 1, those below are counted from the end, and nothing splits a text
/// into itself.
fn split_part(arguments: &Arguments<'_>) -> Outcome<String> {
    let Some([text, delimiter, place]) = present(arguments) else {
        return Ok(None);
    };
    let place = whole(place)?;
    let skipped = usize::try_from(place.unsigned_abs().max(1) - 1).unwrap_or(usize::MAX);
    let part = if delimiter.is_empty() {
        (skipped == 0).then_some(text)
    } else if place < 0 {
        text.rsplit(delimiter).nth(skipped)
    } else {
        text.split(delimiter).nth(skipped)
    };
    Ok(Some(part.unwrap_or_default().to_owned()))
}

/// `CHARINDEX(needle, text, start)`: the place of the first, from 1; 0 where there is none.
fn position(arguments: &Arguments<'_>) -> Outcome<i64> {
    let Some([needle, text, start]) = present(arguments) else {
        return Ok(None);
    };
    let start = whole(start)?;
    if start < 1 {
        return Err(
            "the embedded engine supports CHARINDEX and POSITION with a start of 1 or more".into(),
        );
    }
    let skipped = usize::try_from(start - 1).unwrap_or(usize::MAX);
    let rest = text.get(byte_of(text, skipped)..).unwrap_or_default();
    Ok(Some(match rest.find(needle) {
        None => 0,
        Some(at) => {
            let before = rest.get(..at).unwrap_or_default().chars().count();
            number(before).saturating_add(start)
        }
    }))
}

/// `ASCII(text)`: the code of the first letter; what Snowflake gives for a letter beyond ASCII is not documented.
fn ascii(arguments: &Arguments<'_>) -> Outcome<i64> {
    let Some([text]) = present(arguments) else {
        return Ok(None);
    };
    match text.chars().next() {
        None => Ok(Some(0)),
        Some(letter) if letter.is_ascii() => Ok(Some(i64::from(u32::from(letter)))),
        Some(_) => {
            Err("the embedded engine supports ASCII for ASCII letters only; use UNICODE".into())
        }
    }
}

/// `UNICODE(text)`
fn unicode(arguments: &Arguments<'_>) -> Outcome<i64> {
    Ok(present(arguments).map(|[text]| {
        text.chars()
            .next()
            .map_or(0, |letter| i64::from(u32::from(letter)))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(run: fn(&Arguments<'_>) -> Outcome<String>, given: &[&str]) -> String {
        let given: Vec<Option<&str>> = given.iter().copied().map(Some).collect();
        run(&given).unwrap().unwrap()
    }

    #[test]
    fn parts_and_places_count_letters_not_bytes() {
        assert_eq!(text(insert, &["99", "äbc", "2", "1", "ö"]), "äöc");
        assert_eq!(text(insert, &["99", "ab", "3", "9", "x"]), "abx");
        assert!(insert(&["99", "ab", "4", "0", "x"].map(Some)).is_err());
        let left = TEXTS[2].1;
        assert_eq!(text(left, &["99", "é", "3", "ñü"]), "ñüé");
        assert_eq!(text(left, &["99", "éab", "1", "x"]), "é");
        assert_eq!(text(left, &["99", "a", "3", ""]), "a");
        assert_eq!(text(left, &["99", "a", "-3", "x"]), "");
        let right = TEXTS[3].1;
        assert_eq!(text(right, &["99", "é", "4", "xy"]), "éxyx");
        let found = |needle, start| {
            position(&[Some(needle), Some("äbcbä"), Some(start)])
                .unwrap()
                .unwrap()
        };
        assert_eq!(
            [
                found("b", "1"),
                found("b", "3"),
                found("ä", "2"),
                found("x", "1")
            ],
            [2, 4, 5, 0]
        );
        assert_eq!([found("", "1"), found("b", "9")], [1, 0]);
    }

    #[test]
    fn parts_are_counted_from_both_ends() {
        let part = |place| text(split_part, &["a-b-c", "-", place]);
        assert_eq!(
            ["1", "0", "3", "4", "-1", "-3", "-4"].map(part),
            ["a", "a", "c", "", "c", "a", ""]
        );
        assert_eq!(text(split_part, &["abc", "", "-1"]), "abc");
        assert_eq!(text(split_part, &["abc", "", "2"]), "");
        assert_eq!(text(token, &["..a.b-c", ".-", "3"]), "c");
        assert_eq!(token(&[Some("a"), Some(""), Some("2")]), Ok(None));
        assert_eq!(text(token, &["a b", "", "1"]), "a b");
    }

    #[test]
    fn a_text_is_split_at_long_delimiters() {
        assert_eq!(text(split, &["99", "a--b--", "--"]), r#"["a","b",""]"#);
        assert_eq!(text(split, &["99", "a\"b", ""]), r#"["a\"b"]"#);
        assert_eq!(text(split, &["99", "", "x"]), r#"[""]"#);
        assert!(split(&[Some("20"), Some("a,a,a,a,a,a"), Some(",")]).is_err());
    }

    #[test]
    fn what_would_be_too_long_is_not_made() {
        let given =
            |texts: &[&'static str]| texts.iter().map(|text| Some(*text)).collect::<Vec<_>>();
        assert!(repeat(&given(&["9", "ab", "5"])).is_err());
        assert_eq!(text(repeat, &["9", "ab", "4"]), "abababab");
        assert_eq!(text(repeat, &["9", "", "99999999999"]), "");
        assert_eq!(text(repeat, &["9", "ab", "-1"]), "");
        assert!(replace(&given(&["9", "aaa", "a", "bbbb"])).is_err());
        assert_eq!(text(replace, &["9", "xaaa", "a", ""]), "x");
        assert_eq!(text(replace, &["9", "abc", "", "x"]), "abc");
        assert!(pad(&given(&["9", "a", "10", "x"]), |a, b| b + a).is_err());
        assert!(pad(&given(&["9", "a", "8", "ää"]), |a, b| b + a).is_err());
        assert!(insert(&given(&["3", "ab", "1", "0", "cd"])).is_err());
    }
}
