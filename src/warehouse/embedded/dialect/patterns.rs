//! Regular expressions: Snowflake's rules for start, occurrence and flags. What searches is in `natives/regular`.

use crate::sql::ast::Expr;
use crate::warehouse::embedded::natives::checked_pattern;

use super::call::Call;
use super::lengths::{LONGEST, STATEMENT};
use super::texts::{text_literal, whole};
use super::writer::{Fault, Writer, Written, limit, macro_call, quote_text, refuse};

/// Where a call has its arguments, from the third on.
struct Places {
    start: usize,
    /// Where the occurrence stands, and what it is if nothing does.
    occurrence: (usize, &'static str),
    flags: usize,
}

/// A number among the arguments.
enum Number {
    /// Its digits.
    Literal(String),
    /// A piece of SQL that gives a text of them.
    Written(String),
}

impl Writer<'_> {
    /// Whether a pattern describes the whole of a text.
    pub(super) fn describes(&mut self, text: &Expr, pattern: &Expr, flags: &str) -> Written {
        check(pattern, "REGEXP_LIKE", false)?;
        let (text, pattern) = (self.text(text)?, self.text(pattern)?);
        Ok(format!(
            "rs_rx_is({STATEMENT}, {text}, {pattern}, '-{flags}')"
        ))
    }

    /// `REGEXP_LIKE(text, pattern [, flags])`
    pub(super) fn regexp_like(&mut self, call: &Call<'_>) -> Written {
        let flags = flags_of(call, 2)?.replace('e', "");
        self.describes(call.argument(0)?, call.argument(1)?, &flags)
    }

    /// Text, pattern and how to search, as the functions of ours take them. `last` depends on the function.
    fn searched(
        &mut self,
        call: &Call<'_>,
        places: &Places,
        last: Number,
    ) -> Result<(String, String, String), Fault> {
        let flags = flags_of(call, places.flags)?.replace('e', "");
        let (place, default) = places.occurrence;
        let start = self.number_at(call, places.start, "1")?;
        let occurrence = self.number_at(call, place, default)?;
        let mut is_within = false;
        if let Number::Literal(digits) = &start {
            refuse_places_before(1, digits, "a start", call)?;
            is_within = digits != "1";
        }
        if let Number::Literal(digits) = &occurrence {
            let first = i64::from(default == "1");
            refuse_places_before(first, digits, "an occurrence", call)?;
        }
        let pattern = call.argument(1)?;
        check(pattern, &call.name, is_within)?;
        let how = together(&[
            Number::Literal(format!("-{flags}")),
            start,
            occurrence,
            last,
        ]);
        Ok((self.text(call.argument(0)?)?, self.text(pattern)?, how))
    }

    fn number_at(&mut self, call: &Call<'_>, place: usize, default: &str) -> Result<Number, Fault> {
        let Some(argument) = call.arguments().get(place) else {
            return Ok(Number::Literal(default.to_owned()));
        };
        if let Ok(digits) = whole(argument, &call.name) {
            return Ok(Number::Literal(digits));
        }
        let written = self.expression(argument)?;
        Ok(Number::Written(format!(
            "CAST(CAST({written} AS BIGINT) AS VARCHAR)"
        )))
    }

    /// `REGEXP_REPLACE(text, pattern [, replacement [, start [, occurrence [, flags]]]])`
    pub(super) fn regexp_replace(&mut self, call: &Call<'_>) -> Written {
        let places = Places {
            start: 3,
            occurrence: (4, "0"),
            flags: 5,
        };
        let (text, pattern, how) = self.searched(call, &places, Number::Literal("0".into()))?;
        let replacement = match call.arguments().get(2) {
            Some(replacement) => self.text(replacement)?,
            None => "''".into(),
        };
        Ok(format!(
            "rs_rx_replace({STATEMENT}, {LONGEST}, {text}, {pattern}, {how}, {replacement})"
        ))
    }

    /// `REGEXP_SUBSTR(text, pattern [, start [, occurrence [, flags [, group]]]])`
    pub(super) fn regexp_substr(&mut self, call: &Call<'_>) -> Written {
        self.regexp_parts(call, "rs_rx_part")
    }

    /// `REGEXP_SUBSTR_ALL`, with the same arguments: from the occurrence on.
    pub(super) fn regexp_substr_all(&mut self, call: &Call<'_>) -> Written {
        let parts = self.regexp_parts(call, "rs_rx_parts")?;
        Ok(macro_call("json", &[&parts]))
    }

    fn regexp_parts(&mut self, call: &Call<'_>, function: &str) -> Written {
        let places = Places {
            start: 2,
            occurrence: (3, "1"),
            flags: 4,
        };
        let group = match call.arguments().get(5) {
            Some(group) => whole(group, &call.name)?,
            None if flags_of(call, 4)?.contains('e') => "e".into(),
            None => "0".into(),
        };
        let (text, pattern, how) = self.searched(call, &places, Number::Literal(group))?;
        Ok(format!("{function}({STATEMENT}, {text}, {pattern}, {how})"))
    }

    /// `REGEXP_COUNT(text, pattern [, start [, flags]])`
    pub(super) fn regexp_count(&mut self, call: &Call<'_>) -> Written {
        let places = Places {
            start: 2,
            occurrence: (usize::MAX, "1"),
            flags: 3,
        };
        let (text, pattern, how) = self.searched(call, &places, Number::Literal("0".into()))?;
        Ok(format!(
            "rs_rx_count({STATEMENT}, {text}, {pattern}, {how})"
        ))
    }

    /// `REGEXP_INSTR(text, pattern [, start [, occurrence [, option [, flags [, group]]]]])`
    pub(super) fn regexp_instr(&mut self, call: &Call<'_>) -> Written {
        if call.arguments().len() > 6 || flags_of(call, 5)?.contains('e') {
            return limit("does not support a group number in REGEXP_INSTR");
        }
        let places = Places {
            start: 2,
            occurrence: (3, "1"),
            flags: 5,
        };
        let option = self.number_at(call, 4, "0")?;
        let (text, pattern, how) = self.searched(call, &places, option)?;
        Ok(format!(
            "rs_rx_place({STATEMENT}, {text}, {pattern}, {how})"
        ))
    }
}

/// Numbers as one text, with blanks between them.
fn together(numbers: &[Number]) -> String {
    let mut pieces: Vec<String> = Vec::new();
    let mut literal = String::new();
    for number in numbers {
        match number {
            Number::Literal(digits) => literal.push_str(digits),
            Number::Written(sql) => {
                pieces.push(quote_text(&literal));
                pieces.push(sql.clone());
                literal.clear();
            }
        }
        literal.push(' ');
    }
    pieces.push(quote_text(literal.trim_end()));
    match pieces.as_slice() {
        [one] => one.clone(),
        several => format!("({})", several.join(" || ")),
    }
}

/// Looks at a pattern that is a literal, so that one that is none is refused even where there is nothing to search.
fn check(pattern: &Expr, function: &str, is_within: bool) -> Result<(), Fault> {
    let Some(pattern) = text_literal(pattern) else {
        return Ok(());
    };
    match checked_pattern(pattern, function, is_within) {
        Ok(()) => Ok(()),
        Err(said) => match said.strip_prefix("the embedded engine ") {
            Some(what) => limit(what),
            None => refuse(said),
        },
    }
}

/// A start or an occurrence below 1: what Snowflake makes of it is not documented.
fn refuse_places_before(
    first: i64,
    digits: &str,
    what: &str,
    call: &Call<'_>,
) -> Result<(), Fault> {
    match digits.parse::<i64>() {
        Ok(place) if place < first => {
            limit(format!("supports {} with {what} of 1 or more", call.name))
        }
        _ => Ok(()),
    }
}

/// The letters of the flags: those that stand in the pattern, and `e`. The last of `c` and `i` counts.
fn flags_of(call: &Call<'_>, place: usize) -> Result<String, Fault> {
    let Some(argument) = call.arguments().get(place) else {
        return Ok(String::new());
    };
    let Some(letters) = text_literal(argument) else {
        return limit("accepts the flags of a regular expression as a literal only");
    };
    let mut kept = String::new();
    for letter in letters.chars() {
        match letter {
            'c' => kept.retain(|letter| letter != 'i'),
            'i' | 's' | 'm' | 'e' if !kept.contains(letter) => kept.push(letter),
            'i' | 's' | 'm' | 'e' => {}
            _ => {
                return limit(format!(
                    "does not support the flag {letter} of regular expressions"
                ));
            }
        }
    }
    Ok(kept)
}
