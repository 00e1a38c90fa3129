//! Regular expressions, which are RE2's in DuckDB; Snowflake's rules for start, occurrence and flags.

use super::call::Call;
use super::texts::{number_literal, text_literal, whole};
use super::writer::{
    Fault, Writer, Written, bound, limit, limit_with_hint, macro_call, quote_text,
};

/// The parts of a call, written.
struct Search {
    /// All of the text.
    whole: String,
    /// The text from where the search starts.
    text: String,
    pattern: String,
    /// Letters before the text.
    skipped: String,
    /// Whether the first group is asked for, not the whole match.
    extracts: bool,
}

/// A call of the engine's `regexp_replace`, whose result has to fit: every place may become the whole of the replacement,
/// with all of the text in it. No macro, because the engine wants the options to be a constant.
fn replaced(search: &Search, replacement: &str, options: &str) -> String {
    let (text, pattern) = (search.text.as_str(), search.pattern.as_str());
    if replacement == "''" {
        return format!("regexp_replace({text}, {pattern}, {replacement}{options})");
    }
    bound(&[text, pattern, replacement], |names| match names {
        [text, pattern, replacement] => format!(
            "(CASE WHEN NOT memory.main.sf_fits((strlen({text}) + 1) * strlen({replacement})) THEN \
             memory.main.sf_too_long() ELSE regexp_replace({text}, {pattern}, {replacement}{options}) END)"
        ),
        _ => String::new(),
    })
}

impl Writer<'_> {
    /// Text, pattern, start and flags, by their places.
    fn search_of(
        &mut self,
        call: &Call<'_>,
        start: Option<usize>,
        flags: usize,
    ) -> Result<Search, Fault> {
        let pattern = call.argument(1)?;
        let letters = flags_of(call, flags)?;
        let extracts = letters.contains('e');
        let inline = letters.replace('e', "");
        let start = start.and_then(|place| call.arguments().get(place).copied());
        let all = self.text(call.argument(0)?)?;
        let (text, skipped) = match start {
            None => (all.clone(), "0".to_owned()),
            Some(first) if number_literal(first) == Some("1") => (all.clone(), "0".to_owned()),
            Some(start) => {
                // A place in the middle of a text is no start of a text, nor the end of a word.
                let is_anchored = text_literal(pattern)
                    .is_none_or(|pattern| pattern.contains('^') || pattern.contains("\\b"));
                if is_anchored {
                    return limit_with_hint(
                        format!(
                            "searches from another place than the first only for a literal pattern without ^ and \\b in {}",
                            call.name
                        ),
                        "cut the text with SUBSTR first",
                    );
                }
                // It stands in two places, so it is written out.
                let start = whole(start, &call.name)?;
                refuse_places_before_the_first(&start, "a start", call)?;
                (
                    macro_call("substr", &[&all, &start]),
                    format!("({start} - 1)"),
                )
            }
        };
        let mut pattern = self.text(pattern)?;
        if !inline.is_empty() {
            pattern = match text_literal(call.argument(1)?) {
                Some(literal) => quote_text(&format!("(?{inline}){literal}")),
                None => format!("('(?{inline})' || {pattern})"),
            };
        }
        Ok(Search {
            whole: all,
            text,
            pattern,
            skipped,
            extracts,
        })
    }

    /// `REGEXP_LIKE(text, pattern [, flags])`: the whole text has to match.
    pub(super) fn regexp_like(&mut self, call: &Call<'_>) -> Written {
        let search = self.search_of(call, None, 2)?;
        Ok(format!(
            "regexp_full_match({}, {})",
            search.text, search.pattern
        ))
    }

    /// `REGEXP_REPLACE(text, pattern [, replacement [, start [, occurrence [, flags]]]])`
    pub(super) fn regexp_replace(&mut self, call: &Call<'_>) -> Written {
        let search = self.search_of(call, Some(3), 5)?;
        let replacement = match call.arguments().get(2) {
            Some(replacement) => self.text(replacement)?,
            None => "''".into(),
        };
        let occurrence = match call.arguments().get(4) {
            None => "0",
            Some(occurrence) => match number_literal(occurrence) {
                Some(digits) => digits,
                None => return limit("accepts only a literal occurrence in REGEXP_REPLACE"),
            },
        };
        if search.skipped == "0" && occurrence == "0" {
            return Ok(replaced(&search, &replacement, ", 'g'"));
        }
        if search.skipped == "0" && occurrence == "1" {
            return Ok(replaced(&search, &replacement, ""));
        }
        if !matches!(occurrence, "0" | "1") {
            refuse_anchors(call)?;
        }
        Ok(macro_call(
            "rx_replace_from",
            &[
                &search.whole,
                &search.skipped,
                &search.pattern,
                &replacement,
                occurrence,
            ],
        ))
    }

    /// `REGEXP_SUBSTR(text, pattern [, start [, occurrence [, flags [, group]]]])`
    pub(super) fn regexp_substr(&mut self, call: &Call<'_>) -> Written {
        let (all, occurrence) = self.regexp_matches(call)?;
        Ok(format!("({all})[CAST({occurrence} AS BIGINT)]"))
    }

    /// `REGEXP_SUBSTR_ALL`, with the same arguments: from the occurrence on.
    pub(super) fn regexp_substr_all(&mut self, call: &Call<'_>) -> Written {
        let (all, occurrence) = self.regexp_matches(call)?;
        Ok(if occurrence == "1" {
            format!("to_json({all})")
        } else {
            format!("to_json(({all})[CAST({occurrence} AS BIGINT) : ])")
        })
    }

    fn regexp_matches(&mut self, call: &Call<'_>) -> Result<(String, String), Fault> {
        let search = self.search_of(call, Some(2), 4)?;
        let occurrence = match call.arguments().get(3) {
            Some(occurrence) => self.expression(occurrence)?,
            None => "1".into(),
        };
        refuse_places_before_the_first(&occurrence, "an occurrence", call)?;
        let group = match call.arguments().get(5) {
            Some(group) => whole(group, &call.name)?,
            None if search.extracts => "1".into(),
            None => "0".into(),
        };
        let all = format!(
            "regexp_extract_all({}, {}, {group})",
            search.text, search.pattern
        );
        Ok((all, occurrence))
    }

    /// `REGEXP_COUNT(text, pattern [, start [, flags]])`
    pub(super) fn regexp_count(&mut self, call: &Call<'_>) -> Written {
        let search = self.search_of(call, Some(2), 3)?;
        Ok(format!(
            "len(regexp_extract_all({}, {}, 0))",
            search.text, search.pattern
        ))
    }

    /// `REGEXP_INSTR(text, pattern [, start [, occurrence [, option [, flags [, group]]]]])`
    pub(super) fn regexp_instr(&mut self, call: &Call<'_>) -> Written {
        if call.arguments().len() > 6 {
            return limit("does not support a group number in REGEXP_INSTR");
        }
        let search = self.search_of(call, Some(2), 5)?;
        if search.extracts {
            return limit("does not support a group number in REGEXP_INSTR");
        }
        refuse_anchors(call)?;
        let mut others = Vec::new();
        for (place, default) in [(3, "1"), (4, "0")] {
            others.push(match call.arguments().get(place) {
                Some(argument) => self.expression(argument)?,
                None => default.to_owned(),
            });
        }
        if let Some(occurrence) = others.first() {
            refuse_places_before_the_first(occurrence, "an occurrence", call)?;
        }
        let mut arguments = vec![
            search.text.as_str(),
            search.pattern.as_str(),
            search.skipped.as_str(),
        ];
        arguments.extend(others.iter().map(String::as_str));
        Ok(macro_call("rx_instr", &arguments))
    }
}

/// A start or an occurrence below 1: what Snowflake makes of it is not documented, and DuckDB counts from the end.
fn refuse_places_before_the_first(written: &str, what: &str, call: &Call<'_>) -> Result<(), Fault> {
    let digits = written.trim_matches(['(', ')', ' ']);
    match digits.parse::<i64>() {
        Ok(place) if place < 1 => limit(format!("supports {} with {what} of 1 or more", call.name)),
        _ => Ok(()),
    }
}

/// Matches are found by what stands in their place, which ends of lines and words would not survive.
fn refuse_anchors(call: &Call<'_>) -> Result<(), Fault> {
    let pattern = call.argument(1)?;
    if pattern.to_string().eq_ignore_ascii_case("NULL") {
        return Ok(());
    }
    match text_literal(pattern) {
        Some(pattern) if !pattern.contains("\\b") => Ok(()),
        _ => limit(format!(
            "accepts only a literal pattern without \\b in {} with these arguments",
            call.name
        )),
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
