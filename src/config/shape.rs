//! The form of a variable's text: one description, which both checks a text and says what was expected.

use std::fmt;

use super::types::{ByteSize, Minutes, Seconds, Span, items};

/// The form of a variable's text.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Any text; the words say what it stands for.
    Text(&'static str),
    /// A path, in which `~` stands for the home folder; the words say of what.
    Path(&'static str),
    /// A text that a function accepts; the words say which.
    Checked(&'static str, fn(&str) -> bool),
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Some of these words, comma-separated.
    Choices(&'static [&'static str]),
    /// Comma-separated items, at least one, each of which a function accepts; the words say which.
    Items(&'static str, fn(&str) -> bool),
    /// A whole number in a range.
    Whole(u64, u64),
    /// A number in a range, decimals allowed.
    Decimal(f64, f64),
    /// Plain seconds in a range, decimals allowed.
    Seconds(u64, u64),
    /// Whole minutes in a range.
    Minutes(u64, u64),
    /// A duration with its unit, in a range.
    Span(Span, Span),
    /// A size with its unit, in a range.
    Size(ByteSize, ByteSize),
}

impl Shape {
    /// Whether a text has this form.
    #[must_use]
    pub fn accepts(&self, text: &str) -> bool {
        match *self {
            Self::Text(_) | Self::Path(_) => true,
            Self::Checked(_, check) => check(text),
            Self::Switch => switch(text).is_some(),
            Self::Choice(words) => is_one_of(words, text),
            Self::Choices(words) => all_items(text, |item| is_one_of(words, item)),
            Self::Items(_, check) => all_items(text, check),
            Self::Whole(min, max) => whole(text).is_some_and(|n| (min..=max).contains(&n)),
            Self::Decimal(min, max) => text
                .parse::<f64>()
                .is_ok_and(|n| n.is_finite() && (min..=max).contains(&n)),
            Self::Seconds(min, max) => text.parse::<Seconds>().is_ok_and(|seconds| {
                let seconds = seconds.get().as_secs_f64();
                (min as f64..=max as f64).contains(&seconds)
            }),
            Self::Minutes(min, max) => {
                // `Minutes` by itself would also read `+5`.
                whole(text).is_some()
                    && text.parse::<Minutes>().is_ok_and(|minutes| {
                        (min * 60..=max * 60).contains(&minutes.get().as_secs())
                    })
            }
            Self::Span(min, max) => text.parse().is_ok_and(|span| (min..=max).contains(&span)),
            Self::Size(min, max) => text.parse().is_ok_and(|size| (min..=max).contains(&size)),
        }
    }

    /// A text of this form in the one spelling that every reader understands.
    #[must_use]
    pub fn canonical(&self, text: &str) -> String {
        match self {
            Self::Switch => switch(text).map_or_else(|| text.to_owned(), |on| on.to_string()),
            _ => text.to_owned(),
        }
    }
}

/// Completes "expected …".
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(what) | Self::Path(what) | Self::Checked(what, _) => f.write_str(what),
            Self::Switch => f.write_str("`true` or `false`"),
            Self::Choice(words) => {
                f.write_str(if words.len() > 1 { "one of " } else { "" })?;
                write_words(f, words)
            }
            Self::Choices(words) => {
                f.write_str("comma-separated, any of ")?;
                write_words(f, words)
            }
            Self::Items(what, _) => write!(f, "comma-separated, each {what}"),
            // An upper bound of twenty digits helps nobody.
            Self::Whole(min, u64::MAX) => write!(f, "a whole number, {min} or more"),
            Self::Whole(min, max) => write!(f, "a whole number from {min} to {max}"),
            Self::Decimal(min, max) => write!(f, "a number from {min} to {max}"),
            Self::Seconds(min, max) => {
                write!(f, "seconds as a plain number from {min} to {max}")
            }
            Self::Minutes(min, max) => {
                write!(f, "minutes as a plain whole number from {min} to {max}")
            }
            Self::Span(min, max) => write!(
                f,
                "a duration with its unit (`500ms`, `30s`, `5m`, `1h`) from {min} to {max}"
            ),
            Self::Size(min, max) => write!(
                f,
                "a size with its unit (`256KiB`, `4MiB`, `1GiB`) from {min} to {max}"
            ),
        }
    }
}

fn write_words(f: &mut fmt::Formatter<'_>, words: &[&str]) -> fmt::Result {
    for (index, word) in words.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(f, "{separator}`{word}`")?;
    }
    Ok(())
}

/// Spellings of people and tools: Python writes `True`, users of Compose and Helm write `1` or `yes`.
fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// Digits only: `u64` would also read `+8000`.
fn whole(text: &str) -> Option<u64> {
    text.chars()
        .all(|c| c.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

fn is_one_of(words: &[&str], text: &str) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn all_items(text: &str, check: impl Fn(&str) -> bool) -> bool {
    let mut items = items(text).peekable();
    items.peek().is_some() && items.all(check)
}
