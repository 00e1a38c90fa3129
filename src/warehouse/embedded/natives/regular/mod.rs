//! The functions of regular expressions.
//!
//! The engine's own, which are RE2's, look for all matches of a pattern before anything can stop them, and a pattern that
//! looks at the rest of the text for each match takes minutes for some hundred thousand letters. Here a look at the
//! statement lies between two matches, and inside of a search where it might take long ([`steps`]).
//!
//! What a pattern means is what RE2 made of it: see [`spelling`].

#[cfg(test)]
mod as_re2;
mod pattern;
mod spelling;
mod steps;
#[cfg(test)]
mod tests;

use std::rc::Rc;

pub(in super::super) use self::pattern::checked;
use self::pattern::{Pattern, Written, read};
use super::effort::spend;
use super::json::Json;
use super::lengths::{byte_of, number};
use super::limits::fits;
use super::native::{Arguments, Outcome, Row};

pub(super) const WATCHED: &[Row<String>] = &[
    ("rs_rx_part", |a| part(a, "REGEXP_SUBSTR")),
    ("rs_rx_parts", |a| parts(a, "REGEXP_SUBSTR_ALL")),
    ("rs_rx_replace", |a| replace(a, "REGEXP_REPLACE")),
];

pub(super) const WATCHED_NUMBERS: &[Row<i64>] = &[
    ("rs_rx_count", |a| count(a, "REGEXP_COUNT")),
    ("rs_rx_place", |a| place(a, "REGEXP_INSTR")),
];

pub(super) const WATCHED_TRUTHS: &[Row<bool>] = &[("rs_rx_is", |a| is(a, "REGEXP_LIKE"))];

/// A call: its pattern, and how to search.
struct Call<'a> {
    pattern: Rc<Pattern>,
    /// The byte from which on the text is searched, and the letters before it.
    start: usize,
    skipped: usize,
    /// Which match is asked for, counted from 1; 0 is all of them.
    occurrence: usize,
    /// What follows: a group, or what of the match is asked for.
    last: &'a str,
    function: &'static str,
}

impl<'a> Call<'a> {
    /// `how` has the flags, the start, the occurrence and one more, with blanks between them.
    fn new(
        text: &str,
        pattern: &str,
        how: &'a str,
        function: &'static str,
    ) -> Result<Self, String> {
        let mut how = how.split(' ');
        let mut next = || how.next().unwrap_or_default();
        let flags = next().trim_matches('-');
        let written = Written {
            pattern,
            flags,
            is_whole: false,
        };
        let pattern = read(written, function)?;
        let skipped = from_one(next(), "a start", function)?;
        if skipped > 0 {
            pattern.may_begin_within(function)?;
        }
        let occurrence = next();
        let occurrence = match occurrence {
            "0" if function == "REGEXP_REPLACE" => 0,
            other => from_one(other, "an occurrence", function)?.saturating_add(1),
        };
        Ok(Self {
            start: byte_of(text, skipped),
            skipped,
            pattern,
            occurrence,
            last: next(),
            function,
        })
    }

    /// The group that is asked for. With `e` it is the first one, where there is one.
    fn group(&self) -> Result<Option<usize>, String> {
        let group = match self.last {
            "e" => self.pattern.groups.min(1),
            digits => digits.parse().unwrap_or(usize::MAX),
        };
        if group > self.pattern.groups {
            return Err(format!(
                "the embedded engine gives a group in {} that the pattern has, from 0 to {}; the one asked for is {}",
                self.function, self.pattern.groups, self.last
            ));
        }
        Ok((group > 0).then_some(group))
    }
}

/// How many come before one that is counted from 1.
fn from_one(digits: &str, what: &str, function: &str) -> Result<usize, String> {
    let number = digits.parse().unwrap_or(0_i64);
    let before = number.checked_sub(1).map(usize::try_from);
    match before {
        Some(Ok(before)) => Ok(before),
        _ => Err(format!(
            "the embedded engine supports {function} with {what} of 1 or more"
        )),
    }
}

/// `REGEXP_LIKE(text, pattern [, flags])`: whether the pattern describes the whole text.
fn is(arguments: &Arguments<'_>, function: &'static str) -> Outcome<bool> {
    let [Some(text), Some(pattern), Some(flags)] = arguments else {
        return Ok(None);
    };
    let written = Written {
        pattern,
        flags: flags.trim_matches('-'),
        is_whole: true,
    };
    read(written, function)?.is_in(text, function).map(Some)
}

/// `REGEXP_COUNT(text, pattern [, start [, flags]])`
fn count(arguments: &Arguments<'_>, function: &'static str) -> Outcome<i64> {
    let [Some(text), Some(pattern), Some(how)] = arguments else {
        return Ok(None);
    };
    let call = Call::new(text, pattern, how, function)?;
    let mut matches = call.pattern.matches(text, call.start, &[], function);
    let mut found = 0;
    while matches.next()?.is_some() {
        found += 1;
    }
    Ok(Some(found))
}

/// `REGEXP_INSTR(text, pattern [, start [, occurrence [, option [, flags]]]])`: where a match begins, or with the option
/// what stands behind it.
fn place(arguments: &Arguments<'_>, function: &'static str) -> Outcome<i64> {
    let [Some(text), Some(pattern), Some(how)] = arguments else {
        return Ok(None);
    };
    let call = Call::new(text, pattern, how, function)?;
    let mut matches = call.pattern.matches(text, call.start, &[], function);
    for _ in 1..call.occurrence {
        if matches.next()?.is_none() {
            return Ok(Some(0));
        }
    }
    let Some(((begin, end), _)) = matches.next()? else {
        return Ok(Some(0));
    };
    let at = if call.last == "1" { end } else { begin };
    let searched = text.get(call.start..at).unwrap_or_default();
    let before = searched.chars().count().saturating_add(call.skipped);
    Ok(Some(number(before).saturating_add(1)))
}

/// `REGEXP_SUBSTR(text, pattern [, start [, occurrence [, flags [, group]]]])`
fn part(arguments: &Arguments<'_>, function: &'static str) -> Outcome<String> {
    let mut found = None;
    let is_given = each_part(arguments, function, |part| {
        found = part.map(str::to_owned);
        Ok(false)
    })?;
    Ok(is_given.then_some(found).flatten())
}

/// `REGEXP_SUBSTR_ALL`, with the same arguments: an ARRAY of all from the occurrence on.
fn parts(arguments: &Arguments<'_>, function: &'static str) -> Outcome<String> {
    let mut written = String::from("[");
    let is_given = each_part(arguments, function, |part| {
        if written.len() > 1 {
            written.push(',');
        }
        let part = part.map_or(Json::Null, |part| Json::Text(part.to_owned()));
        written.push_str(&part.to_string());
        Ok(true)
    })?;
    written.push(']');
    Ok(is_given.then_some(written))
}

/// Shows the matches, or the group that is asked for, from the occurrence on, as long as more are wanted. Whether there was
/// anything to search.
fn each_part(
    arguments: &Arguments<'_>,
    function: &'static str,
    mut show: impl FnMut(Option<&str>) -> Result<bool, String>,
) -> Result<bool, String> {
    let [Some(text), Some(pattern), Some(how)] = arguments else {
        return Ok(false);
    };
    let call = Call::new(text, pattern, how, function)?;
    let groups = Vec::from_iter(call.group()?);
    let mut matches = call.pattern.matches(text, call.start, &groups, function);
    let mut before = call.occurrence - 1;
    while let Some((whole, places)) = matches.next()? {
        if before > 0 {
            before -= 1;
            continue;
        }
        let place = places.first().copied().unwrap_or(Some(whole));
        let part = place.and_then(|(begin, end)| text.get(begin..end));
        if !show(part)? {
            break;
        }
    }
    Ok(true)
}

/// A piece of a replacement.
#[derive(Debug, PartialEq)]
enum Piece<'a> {
    Text(&'a str),
    /// A group, by its place among those that are asked for; `None` is the whole match.
    Group(Option<usize>),
}

/// The pieces of a replacement, and the groups that it names.
fn pieces(replacement: &str, groups: usize) -> Result<(Vec<Piece<'_>>, Vec<usize>), String> {
    let (mut pieces, mut named) = (Vec::new(), Vec::new());
    let mut rest = replacement;
    while let Some((before, behind)) = rest.split_once('\\') {
        spend(1)?;
        pieces.push(Piece::Text(before));
        let length = behind.chars().next().map_or(0, char::len_utf8);
        let (sign, behind) = behind.split_at(length);
        match sign {
            "\\" => pieces.push(Piece::Text(sign)),
            "0" => pieces.push(Piece::Group(None)),
            _ => {
                let group = sign.parse().ok().filter(|group| *group <= groups);
                let Some(group) = group else {
                    return Err(format!(
                        "the embedded engine accepts \\0 to \\{groups} in this replacement of REGEXP_REPLACE, for the groups of \
                         the pattern, and \\\\ for a backslash, and no \\{sign}"
                    ));
                };
                pieces.push(Piece::Group(Some(named.len())));
                named.push(group);
            }
        }
        rest = behind;
    }
    pieces.push(Piece::Text(rest));
    Ok((pieces, named))
}

/// `REGEXP_REPLACE(text, pattern [, replacement [, start [, occurrence [, flags]]]])`
fn replace(arguments: &Arguments<'_>, function: &'static str) -> Outcome<String> {
    let [
        Some(longest),
        Some(text),
        Some(pattern),
        Some(how),
        Some(replacement),
    ] = arguments
    else {
        return Ok(None);
    };
    let call = Call::new(text, pattern, how, function)?;
    let (pieces, groups) = pieces(replacement, call.pattern.groups.min(9))?;
    let mut matches = call
        .pattern
        .matches(text, call.start, &groups, function)
        .without_empty_ones_behind_others();
    let between = |begin, end| text.get(begin..end).unwrap_or_default();
    let mut written = String::with_capacity(text.len());
    let (mut copied, mut found) = (0, 0);
    while let Some(((begin, end), places)) = matches.next()? {
        found += 1;
        if found < call.occurrence {
            continue;
        }
        written.push_str(between(copied, begin));
        copied = end;
        for piece in &pieces {
            let place = match piece {
                Piece::Text(piece) => {
                    written.push_str(piece);
                    continue;
                }
                Piece::Group(None) => Some((begin, end)),
                Piece::Group(Some(group)) => places.get(*group).copied().flatten(),
            };
            written.push_str(place.map_or("", |(begin, end)| between(begin, end)));
            is_short(&written, text, longest)?;
        }
        is_short(&written, text, longest)?;
        if call.occurrence > 0 {
            break;
        }
    }
    written.push_str(between(copied, text.len()));
    is_short(&written, text, longest)?;
    Ok(Some(written))
}

/// What is longer than the text was has a limit.
fn is_short(written: &str, text: &str, longest: &str) -> Result<(), String> {
    spend(1)?;
    if written.len() > text.len() {
        fits(written.len(), longest)?;
    }
    Ok(())
}
