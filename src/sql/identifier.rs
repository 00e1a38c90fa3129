//! Names of Snowflake objects: read as a person writes them, kept exactly, quoted whenever they go into SQL.

use std::fmt;
use std::str::FromStr;

/// Snowflake's limit on the length of an identifier, in characters.
const MAX_CHARACTERS: usize = 255;

/// The schema that `database..table` means, and that every database begins with
/// (docs.snowflake.com/en/sql-reference/name-resolution).
pub const PUBLIC: &str = "PUBLIC";

/// The exact name of one object, after Snowflake's folding: `orders` is kept as `ORDERS`, `"orders"` as `orders`.
///
/// Read with [`FromStr`] by these rules, which are Snowflake's with one kindness:
///
/// - inside double quotes everything counts as it is, `""` standing for one quote;
/// - a plain word folds to upper case;
/// - anything else that could not be meant otherwise (spaces, letters beyond ASCII, a leading digit) counts as it is,
///   so that a caller who forgot the quotes still gets the object.
///
/// Other databases' quotes are read as theirs: a word in backticks or `[brackets]` counts as if it stood there alone. So does a
/// whole name in backticks or single quotes, and a semicolon after a name is passed over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier(String);

/// A name of one to three parts, `[[database.]schema.]object`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct QualifiedName {
    /// The first of three parts.
    pub database: Option<Identifier>,
    /// The last but one part.
    pub schema: Option<Identifier>,
    /// The last part.
    pub object: Identifier,
}

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing, or nothing between two dots.
    #[error("a name must not be empty")]
    Empty,
    /// Longer than Snowflake allows.
    #[error("a name has at most {MAX_CHARACTERS} characters")]
    TooLong,
    /// A control character, which no tool could show again.
    #[error("a name must not contain control characters")]
    ControlCharacter,
    /// A quote that does not close, or text after the closing one.
    #[error(
        "the double quotes do not match; write \"like this\", with \"\" for a quote inside the name"
    )]
    Quotes,
    /// More parts than the place takes.
    #[error(
        "the name has {found} parts where at most {allowed} are expected; put a name that contains dots in double quotes"
    )]
    TooManyParts {
        /// Parts in the text.
        found: usize,
        /// Parts the place takes.
        allowed: usize,
    },
}

impl Identifier {
    /// Keeps a name that is already exact, such as one a warehouse reported.
    ///
    /// # Errors
    ///
    /// When the name is empty, too long or holds a control character.
    pub fn exact(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        if name.is_empty() {
            Err(NameError::Empty)
        } else if name.chars().count() > MAX_CHARACTERS {
            Err(NameError::TooLong)
        } else if name.chars().any(char::is_control) {
            Err(NameError::ControlCharacter)
        } else {
            Ok(Self(name))
        }
    }

    /// The exact name, without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in double quotes, ready for any statement.
    #[must_use]
    pub fn quoted(&self) -> String {
        format!("\"{}\"", self.0.replace('"', "\"\""))
    }
}

/// Writes the name as a person would in SQL: quoted only when it must be. What this writes, [`FromStr`] reads back.
impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_plain_word(&self.0) && !self.0.bytes().any(|b| b.is_ascii_lowercase()) {
            f.write_str(&self.0)
        } else {
            f.write_str(&self.quoted())
        }
    }
}

impl FromStr for Identifier {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let mut parts = read_parts(text, 1)?;
        parts.pop().ok_or(NameError::Empty)
    }
}

impl QualifiedName {
    /// Reads a name of at most `allowed` parts: 3 for a table, 2 for a schema given as `database.schema`.
    ///
    /// # Errors
    ///
    /// Says which rule the text breaks; see [`NameError`].
    pub fn parse(text: &str, allowed: usize) -> Result<Self, NameError> {
        let mut parts = read_parts(text, allowed)?.into_iter().rev();
        Ok(Self {
            object: parts.next().ok_or(NameError::Empty)?,
            schema: parts.next(),
            database: parts.next(),
        })
    }

    /// All parts in double quotes, joined by dots, ready for any statement.
    #[must_use]
    pub fn quoted(&self) -> String {
        self.parts()
            .map(Identifier::quoted)
            .collect::<Vec<_>>()
            .join(".")
    }

    /// The parts there are, outermost first.
    pub fn parts(&self) -> impl Iterator<Item = &Identifier> {
        self.database
            .iter()
            .chain(&self.schema)
            .chain([&self.object])
    }
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.parts().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            part.fmt(f)?;
        }
        Ok(())
    }
}

/// A text as an SQL literal. Snowflake reads backslashes in one as escapes, so they are doubled like the quotes.
#[must_use]
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// Whether Snowflake takes the word as an identifier without quotes.
fn is_plain_word(word: &str) -> bool {
    let mut bytes = word.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$')
}

fn read_parts(text: &str, allowed: usize) -> Result<Vec<Identifier>, NameError> {
    let mut parts = Vec::new();
    let mut rest = unwrapped(text);
    loop {
        let (part, after) = read_part(rest)?;
        parts.push(part);
        match after {
            // `database..table` leaves out the schema.
            // Only where a database can stand: in `schema..table` there would be nothing to leave
            // out.
            Some(next) if parts.len() == 1 && allowed == 3 && next.starts_with('.') => {
                parts.push(Identifier::exact(PUBLIC)?);
                rest = next.trim_start_matches('.').trim_start();
                if next.starts_with("..") {
                    return Err(NameError::Empty);
                }
            }
            Some(next) => rest = next,
            None => break,
        }
    }
    if parts.len() > allowed {
        return Err(NameError::TooManyParts {
            found: parts.len(),
            allowed,
        });
    }
    Ok(parts)
}

/// The name without what stands around the whole of it: white space, a semicolon at its end, quotes that are not Snowflake's.
fn unwrapped(text: &str) -> &str {
    let text = text
        .trim_end_matches(|c: char| c == ';' || c.is_whitespace())
        .trim_start();
    // Models write names in these; a name that really holds one is left as it is.
    for quote in ['`', '\''] {
        let inside = text
            .strip_prefix(quote)
            .and_then(|text| text.strip_suffix(quote));
        if let Some(inside) = inside.filter(|inside| !inside.contains(quote)) {
            return inside.trim();
        }
    }
    text
}

/// A part in the quotes of another database, `like this` or [like this], and what follows it.
fn read_foreign(text: &str) -> Option<(&str, &str)> {
    let (inside, after) = match text.chars().next()? {
        '`' => text.get(1..)?.split_once('`')?,
        '[' => text.get(1..)?.split_once(']')?,
        _ => return None,
    };
    let after = after.trim_start();
    let ends = after.is_empty() || after.starts_with('.');
    (ends && !inside.contains(['`', '[', '"'])).then_some((inside.trim(), after))
}

/// One part and what follows its dot, if there is a dot.
fn read_part(text: &str) -> Result<(Identifier, Option<&str>), NameError> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let (word, after) = match (read_foreign(text), text.split_once('.')) {
            (Some((word, after)), _) => (word, after.strip_prefix('.').map(str::trim_start)),
            (None, Some((word, after))) => (word.trim(), Some(after.trim_start())),
            (None, None) => (text.trim(), None),
        };
        if word.contains('"') {
            return Err(NameError::Quotes);
        }
        // Snowflake folds plain words to upper case. What could only stand in quotes has kept its
        // case there.
        let exact = if is_plain_word(word) {
            word.to_ascii_uppercase()
        } else {
            word.to_owned()
        };
        return Ok((Identifier::exact(exact)?, after));
    };
    let mut name = String::new();
    loop {
        let (piece, after) = rest.split_once('"').ok_or(NameError::Quotes)?;
        name.push_str(piece);
        // Two quotes in a row are one of the name.
        if let Some(more) = after.strip_prefix('"') {
            name.push('"');
            rest = more;
            continue;
        }
        let after = after.trim_start();
        let next = match after.strip_prefix('.') {
            Some(next) => Some(next.trim_start()),
            None if after.is_empty() => None,
            None => return Err(NameError::Quotes),
        };
        return Ok((Identifier::exact(name)?, next));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> String {
        Identifier::from_str(text).unwrap().as_str().to_owned()
    }

    #[test]
    fn a_plain_word_folds_to_upper_case_and_a_quoted_one_does_not() {
        assert_eq!(read("orders"), "ORDERS");
        assert_eq!(read("\"orders\""), "orders");
        assert_eq!(read(" _a$1 "), "_A$1");
    }

    #[test]
    fn what_could_not_be_a_plain_word_counts_as_it_is() {
        assert_eq!(read("my table"), "my table");
        assert_eq!(read("größe"), "größe");
        assert_eq!(read("2024_sales"), "2024_sales");
    }

    #[test]
    fn dots_split_outside_quotes_only() {
        let name = QualifiedName::parse("db.\"a.b\" . c", 3).unwrap();
        assert_eq!(name.quoted(), "\"DB\".\"a.b\".\"C\"");
        assert_eq!(name.to_string(), "DB.\"a.b\".C");
        assert_eq!(
            QualifiedName::parse("a.b.c.d", 3),
            Err(NameError::TooManyParts {
                found: 4,
                allowed: 3
            })
        );
    }

    #[test]
    fn broken_names_say_what_is_wrong() {
        for (text, expected) in [
            ("", NameError::Empty),
            (" ; ", NameError::Empty),
            ("``", NameError::Empty),
            ("a...b", NameError::Empty),
            ("a..", NameError::Empty),
            ("..b", NameError::Empty),
            ("a.b..c", NameError::Empty),
            ("a.", NameError::Empty),
            ("\"\"", NameError::Empty),
            ("\"open", NameError::Quotes),
            ("\"a\"b", NameError::Quotes),
            ("a\"b", NameError::Quotes),
            ("a\u{0}b", NameError::ControlCharacter),
        ] {
            assert_eq!(QualifiedName::parse(text, 3), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn a_schema_left_out_between_two_dots_is_public() {
        for name in ["db..t", "\"DB\" . . T;", "`db`..t", "[db]..[t]"] {
            let read = QualifiedName::parse(name, 3).unwrap();
            assert_eq!(read.quoted(), "\"DB\".\"PUBLIC\".\"T\"", "{name}");
        }
        let too_many = NameError::TooManyParts {
            found: 4,
            allowed: 3,
        };
        assert_eq!(QualifiedName::parse("db..s.t", 3), Err(too_many));
        // Where no object is named there is no schema to leave out.
        assert_eq!(QualifiedName::parse("db..s", 2), Err(NameError::Empty));
    }

    #[test]
    fn names_in_the_quotes_of_other_databases_are_read() {
        for (text, expected) in [
            ("`orders`", "ORDERS"),
            (" `db`.`s` . `t` ", "DB.S.T"),
            ("`db.s.t`", "DB.S.T"),
            ("[db].[s].[My Table]", "DB.S.\"My Table\""),
            ("'db.s.t'", "DB.S.T"),
            ("db.s.t ; ", "DB.S.T"),
            ("db.\"a;b`c\";", "DB.\"a;b`c\""),
            ("`my table`", "\"my table\""),
        ] {
            let read = QualifiedName::parse(text, 3).unwrap();
            assert_eq!(read.to_string(), expected, "{text}");
        }
    }

    #[test]
    fn a_literal_stays_one_literal() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("\\' OR 1=1 --"), "'\\\\'' OR 1=1 --'");
    }

    proptest! {
        #[test]
        fn every_name_survives_being_written_and_read(name in "[^\\p{Cc}]{1,40}") {
            let name = Identifier::exact(name).unwrap();
            prop_assert_eq!(&Identifier::from_str(&name.to_string()).unwrap(), &name);
            prop_assert_eq!(&Identifier::from_str(&name.quoted()).unwrap(), &name);
        }
    }
}
