//! `LIKE` and `ILIKE`, in a time that grows with the text and the pattern.
//!
//! The engine's own tries every place for every `%`, which for ten of them takes longer than anybody lives. A pattern is
//! cut at its `%` here: the part before the first has to stand at the start, the part behind the last at the end, and
//! those between are looked for one behind the other, each at the first place there is.

use std::cell::RefCell;

use super::effort::spend;
use super::native::{Arguments, Outcome, Row};
use super::texts::small;

pub(super) const WATCHED: &[Row<bool>] = &[
    ("rs_like", |a| like(a, false)),
    ("rs_ilike", |a| like(a, true)),
];

/// Patterns up to this length are kept from one row to the next, in bytes.
const KEPT: usize = 4096;

/// A pattern, cut at its `%`.
#[derive(Debug)]
struct Pattern {
    first: Part,
    /// What stands behind each `%`; nothing where there is none, and then the whole text has to be `first`.
    others: Vec<Part>,
}

/// What stands between two `%`.
#[derive(Debug, Default)]
struct Part {
    /// Texts and, between them, so many letters of any kind.
    pieces: Vec<Piece>,
    /// How many letters it is long.
    letters: usize,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Letters(usize),
}

/// The pattern that a thread looked for last, and how it was written.
struct Last {
    written: String,
    escape: Option<char>,
    is_small: bool,
    pattern: Pattern,
}

thread_local! {
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

/// `LIKE(text, pattern [, escape])`
fn like(arguments: &Arguments<'_>, is_small: bool) -> Outcome<bool> {
    let (text, written, escape) = match arguments {
        [Some(text), Some(written)] => (*text, *written, None),
        [Some(text), Some(written), Some(escape)] => (*text, *written, escape_of(escape)?),
        _ => return Ok(None),
    };
    let lowered;
    let text = if is_small {
        lowered = small(text);
        lowered.as_str()
    } else {
        text
    };
    LAST.with_borrow_mut(|last| {
        let is_last = |last: &&mut Last| {
            last.written == written && last.escape == escape && last.is_small == is_small
        };
        if let Some(last) = last.as_mut().filter(is_last) {
            return last.pattern.is_whole(text).map(Some);
        }
        let pattern = Pattern::read(written, escape, is_small)?;
        let found = pattern.is_whole(text)?;
        if written.len() <= KEPT {
            *last = Some(Last {
                written: written.to_owned(),
                escape,
                is_small,
                pattern,
            });
        }
        Ok(Some(found))
    })
}

fn escape_of(text: &str) -> Result<Option<char>, String> {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (None, _) => Ok(None),
        (Some(letter), None) => Ok(Some(letter)),
        _ => Err("the embedded engine accepts one character behind ESCAPE".into()),
    }
}

impl Pattern {
    fn read(written: &str, escape: Option<char>, is_small: bool) -> Result<Self, String> {
        let mut parts = vec![Part::default()];
        let mut letters = written.chars();
        while let Some(letter) = letters.next() {
            spend(1)?;
            let is_first = parts.len() == 1;
            let Some(part) = parts.last_mut() else { break };
            if Some(letter) == escape {
                match letters.next() {
                    Some(letter) => part.letter(letter, is_small),
                    None => {
                        return Err(
                            "the embedded engine does not accept a pattern that ends with its ESCAPE character"
                                .into(),
                        );
                    }
                }
            } else if letter == '%' {
                // Several in a row are one.
                if is_first || part.letters > 0 {
                    parts.push(Part::default());
                }
            } else if letter == '_' {
                part.any();
            } else {
                part.letter(letter, is_small);
            }
        }
        let mut parts = parts.into_iter();
        Ok(Self {
            first: parts.next().unwrap_or_default(),
            others: parts.collect(),
        })
    }

    /// Whether it describes the whole of a text.
    fn is_whole(&self, text: &str) -> Result<bool, String> {
        spend(text.len())?;
        let Some(start) = self.first.behind(text) else {
            return Ok(false);
        };
        let rest = text.get(start..).unwrap_or_default();
        let Some((end, between)) = self.others.split_last() else {
            return Ok(rest.is_empty());
        };
        let Some(mut rest) = end.before(rest) else {
            return Ok(false);
        };
        for part in between {
            match part.find(rest)? {
                Some(behind) => rest = rest.get(behind..).unwrap_or_default(),
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}

impl Part {
    fn letter(&mut self, letter: char, is_small: bool) {
        let letter = if is_small {
            super::texts::small_letter(letter)
        } else {
            letter
        };
        self.letters += 1;
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.push(letter),
            _ => self.pieces.push(Piece::Text(letter.into())),
        }
    }

    fn any(&mut self) {
        self.letters += 1;
        match self.pieces.last_mut() {
            Some(Piece::Letters(count)) => *count += 1,
            _ => self.pieces.push(Piece::Letters(1)),
        }
    }

    /// The byte behind it, where the text begins with it.
    fn behind(&self, text: &str) -> Option<usize> {
        let mut rest = text;
        for piece in &self.pieces {
            rest = match piece {
                Piece::Text(wanted) => rest.strip_prefix(wanted.as_str())?,
                Piece::Letters(count) => {
                    let (last, letter) = rest.char_indices().nth(count - 1)?;
                    rest.get(last + letter.len_utf8()..)?
                }
            };
        }
        Some(text.len() - rest.len())
    }

    /// What stands before it, where the text ends with it.
    fn before<'a>(&self, text: &'a str) -> Option<&'a str> {
        let start = match self.letters {
            0 => text.len(),
            letters => text.char_indices().rev().nth(letters - 1)?.0,
        };
        let (before, end) = text.split_at_checked(start)?;
        (self.behind(end) == Some(end.len())).then_some(before)
    }

    /// The byte behind the first place where it stands.
    fn find(&self, text: &str) -> Result<Option<usize>, String> {
        match self.pieces.as_slice() {
            [] => Ok(Some(0)),
            // Found in a time that grows with the text alone.
            [Piece::Text(wanted)] => {
                spend(text.len())?;
                Ok(text.find(wanted.as_str()).map(|at| at + wanted.len()))
            }
            _ => {
                for (at, _) in text.char_indices() {
                    spend(self.letters)?;
                    let behind = text.get(at..).and_then(|rest| self.behind(rest));
                    if let Some(behind) = behind {
                        return Ok(Some(at + behind));
                    }
                }
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn is_like(text: &str, pattern: &str) -> bool {
        like(&[Some(text), Some(pattern)], false).unwrap().unwrap()
    }

    #[test]
    fn percent_is_any_text_and_underscore_one_letter() {
        for (text, pattern, expected) in [
            ("", "", true),
            ("", "%", true),
            ("", "_", false),
            ("abc", "abc", true),
            ("abc", "ab", false),
            ("abc", "abcd", false),
            ("abc", "a%", true),
            ("abc", "%c", true),
            ("abc", "%b%", true),
            ("abc", "%%b%%", true),
            ("abc", "b%", false),
            ("abc", "a_c", true),
            ("äöü", "_ö_", true),
            ("äöü", "__", false),
            ("äöü", "%_ü", true),
            ("abab", "ab%ab", true),
            ("aba", "ab%ba", false),
            ("abcabd", "%ab_d%", false),
            ("abcabd", "%ab_abd", true),
            ("xaybz", "%a_b%", true),
            ("xayybz", "%a_b%", false),
            ("aXbXc", "a%b%c", true),
            ("acb", "a%b%c", false),
            ("a\nb", "a_b", true),
            ("50%", "50\\%", false),
        ] {
            assert_eq!(
                is_like(text, pattern),
                expected,
                "{text:?} LIKE {pattern:?}"
            );
        }
    }

    /// Every place tried, as the definition has it.
    fn slowly(text: &[char], pattern: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['%', rest @ ..] => (0..=text.len()).any(|at| slowly(&text[at..], rest)),
            [wanted, rest @ ..] => text.split_first().is_some_and(|(letter, behind)| {
                (*wanted == '_' || wanted == letter) && slowly(behind, rest)
            }),
        }
    }

    #[test]
    fn all_short_patterns_are_decided_as_by_the_definition() {
        let all = |letters: &[char], longest: u32| {
            let mut made = vec![Vec::new()];
            for _ in 0..longest {
                let longer = made.iter().flat_map(|before: &Vec<char>| {
                    let with = |letter: &char| [before.as_slice(), &[*letter]].concat();
                    letters.iter().map(with).collect::<Vec<_>>()
                });
                let longer: Vec<_> = longer.collect();
                made.extend(longer);
            }
            made.sort();
            made.dedup();
            made
        };
        let texts = all(&['a', 'b'], 5);
        for pattern in all(&['a', 'b', '_', '%'], 5) {
            for text in &texts {
                let (text_read, pattern_read): (String, String) =
                    (text.iter().collect(), pattern.iter().collect());
                assert_eq!(
                    is_like(&text_read, &pattern_read),
                    slowly(text, &pattern),
                    "{text_read:?} LIKE {pattern_read:?}"
                );
            }
        }
    }

    #[test]
    fn an_escaped_letter_stands_for_itself() {
        let escaped = |text, pattern, escape| like(&[text, pattern, escape].map(Some), false);
        assert_eq!(escaped("50%", "50!%", "!"), Ok(Some(true)));
        assert_eq!(escaped("505", "50!%", "!"), Ok(Some(false)));
        assert_eq!(escaped("a_b", "a^_b", "^"), Ok(Some(true)));
        assert_eq!(escaped("a!b", "a!!b", "!"), Ok(Some(true)));
        assert_eq!(escaped("a%", "a%%", "%"), Ok(Some(true)));
        assert_eq!(escaped("ab", "a%", ""), Ok(Some(true)));
        assert!(escaped("a", "a!", "!").is_err());
        assert!(escaped("a", "a", "!!").is_err());
        assert_eq!(like(&[Some("a"), None], false), Ok(None));
    }

    #[test]
    fn ilike_takes_no_notice_of_case() {
        let found = |text, pattern| like(&[Some(text), Some(pattern)], true).unwrap();
        assert_eq!(found("ÄRGER", "%ä%g_r"), Some(true));
        assert_eq!(found("green", "%GREEN%"), Some(true));
        assert_eq!(found("green", "%RED%"), Some(false));
        // The pattern before is another one.
        assert!(!is_like("green", "%GREEN%"));
    }

    #[test]
    fn a_million_letters_and_thousands_of_percents_take_no_time() {
        let text = "a".repeat(1_000_000);
        let begun = Instant::now();
        for pattern in [
            format!("{}b", "%a".repeat(50_000)),
            format!("{}b%", "%a_".repeat(300)),
            format!("%{}b%", "a".repeat(200_000)),
            format!("%{}b", "a".repeat(200_000)),
        ] {
            assert!(!is_like(&text, &pattern));
        }
        let took = begun.elapsed();
        assert!(took.as_secs() < 60, "{took:?}");
    }

    #[test]
    fn what_takes_long_ends_with_its_statement() {
        use super::super::effort::{Announced, Working};
        let stop = tokio_util::sync::CancellationToken::new();
        let announced = Announced::new(&stop);
        stop.cancel();
        let _working = Working::begin(Some(&announced.number().to_string()));
        let (text, pattern) = (
            "a".repeat(1_000_000),
            format!("%_{}b%", "a".repeat(100_000)),
        );
        assert!(like(&[Some(&text), Some(&pattern)], false).is_err());
    }
}
