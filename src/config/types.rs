//! What a variable's text is read into: durations, sizes, lists, secrets and the closed sets of words.
//!
//! Each type reads with [`FromStr`], the way `envconfig` asks for it, and writes what it read with [`fmt::Display`]. The
//! reasons for a refusal are kept out of the errors: the text may be a secret, and the reference table says what was
//! expected.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;

/// The text is not what the type reads. Says nothing about the text: it may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not of the expected form")]
pub struct Unreadable;

/// A duration with its unit: `500ms`, `30s`, `5m`, `1h`. A bare number is refused, because 30 what?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(Duration);

/// A duration in plain seconds, with decimals if wanted: only for the variables that were fixed that way, such as
/// `KEEPALIVE_TIMEOUT=5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(Duration);

/// A duration in whole minutes: only for the variables that say so in their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minutes(Duration);

/// A size with its unit: `512B`, `256KiB`, `4MiB`, `1GiB`. A bare number is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(u64);

/// Comma-separated items, in order; spaces around them and empty items are dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T = String>(Vec<T>);

/// A value that no log, error or `Debug` shows.
#[derive(Debug, Clone)]
pub struct Secret(SecretString);

/// Milliseconds per unit, longest unit first so that a duration is written in the largest one that divides it.
const SPAN_UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Bytes per unit, largest first.
const SIZE_UNITS: [(&str, u64); 4] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

impl Span {
    /// A span of whole milliseconds, for constants.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// The duration.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl Seconds {
    /// The duration.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl Minutes {
    /// The duration.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl ByteSize {
    /// A size of so many bytes, for constants.
    #[must_use]
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The number of bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// The number of bytes as a length in memory; capped if the machine cannot address that much.
    #[must_use]
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// Splits `30s` into 30 and `s`; there must be both.
fn number_and_unit(text: &str) -> Result<(u64, &str), Unreadable> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or(Unreadable)?;
    let (number, unit) = text.split_at(digits);
    Ok((number.parse().map_err(|_| Unreadable)?, unit.trim_start()))
}

impl FromStr for Span {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let (number, unit) = number_and_unit(text)?;
        let (_, scale) = SPAN_UNITS
            .into_iter()
            .find(|(name, _)| unit == *name)
            .ok_or(Unreadable)?;
        let millis = number.checked_mul(scale).ok_or(Unreadable)?;
        Ok(Self::from_millis(millis))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if millis == 0 {
            return f.write_str("0s");
        }
        write_in_largest_unit(f, millis, &SPAN_UNITS)
    }
}

impl FromStr for ByteSize {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let (number, unit) = number_and_unit(text)?;
        let (_, scale) = SIZE_UNITS
            .into_iter()
            .find(|(name, _)| unit.eq_ignore_ascii_case(name))
            .ok_or(Unreadable)?;
        number.checked_mul(scale).map(Self).ok_or(Unreadable)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0B");
        }
        write_in_largest_unit(f, self.0, &SIZE_UNITS)
    }
}

fn write_in_largest_unit(
    f: &mut fmt::Formatter<'_>,
    amount: u64,
    units: &[(&str, u64)],
) -> fmt::Result {
    match units
        .iter()
        .find(|(_, scale)| amount.is_multiple_of(*scale))
    {
        Some((unit, scale)) => write!(f, "{}{unit}", amount / scale),
        None => write!(f, "{amount}"),
    }
}

impl FromStr for Seconds {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        // `f64` also reads `inf`, `1e3` and `-0`; nobody means those.
        if text.is_empty() || !text.chars().all(|c| c.is_ascii_digit() || c == '.') {
            return Err(Unreadable);
        }
        let seconds: f64 = text.parse().map_err(|_| Unreadable)?;
        Duration::try_from_secs_f64(seconds)
            .map(Self)
            .map_err(|_| Unreadable)
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_secs_f64())
    }
}

impl FromStr for Minutes {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let minutes: u64 = text.parse().map_err(|_| Unreadable)?;
        let seconds = minutes.checked_mul(60).ok_or(Unreadable)?;
        Ok(Self(Duration::from_secs(seconds)))
    }
}

impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_secs() / 60)
    }
}

impl<T> List<T> {
    /// A list of these items.
    #[must_use]
    pub const fn new(items: Vec<T>) -> Self {
        Self(items)
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// The items of a comma-separated text, as [`List`] reads them.
pub(super) fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

impl<T: FromStr> FromStr for List<T> {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        items(text)
            .map(|item| item.parse().map_err(|_| Unreadable))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl<T: fmt::Display> fmt::Display for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            write!(f, "{item}")?;
        }
        Ok(())
    }
}

impl Secret {
    /// The secret, still wrapped.
    #[must_use]
    pub fn into_inner(self) -> SecretString {
        self.0
    }
}

impl FromStr for Secret {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        Ok(Self(SecretString::from(text)))
    }
}

/// Lets the wrapped value be used where the plain type is wanted: `*settings.limits.sync_wait`.
macro_rules! reads_as {
    ($($wrapper:ty => $inner:ty),+ $(,)?) => {$(
        impl Deref for $wrapper {
            type Target = $inner;

            fn deref(&self) -> &$inner {
                &self.0
            }
        }

        impl From<$wrapper> for $inner {
            fn from(value: $wrapper) -> $inner {
                value.0
            }
        }
    )+};
}

reads_as! {
    Span => Duration,
    Seconds => Duration,
    Minutes => Duration,
    ByteSize => u64,
    Secret => SecretString,
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// A closed set of words, read without regard to case.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$variant_about:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_about])* $variant,)+
        }

        impl $name {
            /// The words, in the order they are documented.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word as it is written in settings.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::config::types::Unreadable;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $(if text.eq_ignore_ascii_case($word) {
                    return Ok(Self::$variant);
                })+
                Err($crate::config::types::Unreadable)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(super) use words;

#[cfg(test)]
mod tests;
