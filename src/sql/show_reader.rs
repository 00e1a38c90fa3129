//! SHOW and DESCRIBE, read from tokens: Snowflake has more forms of them than the parser crate knows.
//!
//! The grammar is Snowflake's common one: `SHOW [TERSE] <objects> [HISTORY] [LIKE 'pattern'] [IN <scope>]
//! [STARTS WITH 'text'] [LIMIT n [FROM 'text']]`. What does not fit it is left to the caller to refuse.

use sqlparser::tokenizer::Token;

use super::error::Error;
use super::identifier::PUBLIC;
use super::show::{Describe, Scope, Show};
use super::tree::Tree;
use super::{Identifier, NameError, QualifiedName};

/// Reads the statement if its first word is SHOW, DESC or DESCRIBE; otherwise `None`.
pub(super) fn read(tokens: &[&Token]) -> Result<Option<Tree>, Error> {
    let mut words = Words { tokens };
    if words.take("SHOW") {
        return Ok(Some(Tree::Show(words.show()?)));
    }
    if words.take("DESCRIBE") || words.take("DESC") {
        return Ok(Some(Tree::Describe(words.describe()?)));
    }
    Ok(None)
}

fn named(exact: String) -> Result<Identifier, Error> {
    Identifier::exact(exact).map_err(|error| Error::Syntax(error.to_string()))
}

/// Words that end the kind of objects in a SHOW.
const CLAUSES: [&str; 9] = [
    "HISTORY", "LIKE", "IN", "STARTS", "LIMIT", "TO", "OF", "ON", "FOR",
];

/// The tokens not yet read.
struct Words<'t> {
    tokens: &'t [&'t Token],
}

impl Words<'_> {
    fn show(&mut self) -> Result<Show, Error> {
        let terse = self.take("TERSE");
        let mut objects: Vec<String> = Vec::new();
        // A kind has up to three words, and new kinds come with every release, so everything up to
        // a clause is taken for one.
        while let Some(word) = self.peek_word() {
            if CLAUSES.contains(&word.as_str()) {
                break;
            }
            self.advance();
            objects.push(word);
        }
        if objects.is_empty() {
            return Err(Error::Syntax(
                "SHOW expects a kind of object, such as TABLES".into(),
            ));
        }
        let history = self.take("HISTORY");
        let mut show = Show {
            terse,
            history,
            objects: objects.join(" "),
            like: None,
            scope: Scope::Unstated,
            starts_with: None,
            limit: None,
            from: None,
            rest: String::new(),
        };
        loop {
            if self.take("LIKE") {
                show.like = Some(self.string("LIKE")?);
            } else if self.take("IN") {
                show.scope = self.scope()?;
            } else if self.take("STARTS") {
                if !self.take("WITH") {
                    return Err(Error::Syntax("STARTS expects WITH and a text".into()));
                }
                show.starts_with = Some(self.string("STARTS WITH")?);
            } else if self.take("LIMIT") {
                show.limit = Some(self.number()?);
                if self.take("FROM") {
                    show.from = Some(self.string("FROM")?);
                }
            } else {
                break;
            }
        }
        // Kept and not refused: the policy decides whether a part that was not understood matters.
        show.rest = self
            .tokens
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" ");
        Ok(show)
    }

    fn scope(&mut self) -> Result<Scope, Error> {
        if self.take("ACCOUNT") {
            return Ok(Scope::Account);
        }
        if self.take("DATABASE") {
            return Ok(Scope::Database(self.name(1)?.map(|name| name.object)));
        }
        if self.take("SCHEMA") {
            return Ok(Scope::Schema(self.name(2)?));
        }
        let needed = || Error::Syntax("IN expects ACCOUNT, DATABASE, SCHEMA or a name".into());
        if self.take("TABLE") || self.take("VIEW") {
            return self.name(3)?.map(Scope::Table).ok_or_else(needed);
        }
        self.name(3)?.map(Scope::Named).ok_or_else(needed)
    }

    fn describe(&mut self) -> Result<Describe, Error> {
        let mut kind = Vec::new();
        // What it shows anyway.
        if let [
            before @ ..,
            Token::Word(word),
            Token::Eq,
            Token::Word(columns),
        ] = self.tokens
            && word.value.eq_ignore_ascii_case("TYPE")
            && columns.value.eq_ignore_ascii_case("COLUMNS")
        {
            self.tokens = before;
        }
        // The last word may be the name; a kind is what stands before it. `DESCRIBE orders` describes a table.
        while let (Some(word), Some(_)) = (self.peek_word(), self.tokens.get(1)) {
            if matches!(self.tokens.get(1), Some(Token::Period)) {
                break;
            }
            self.advance();
            kind.push(word);
        }
        if kind.is_empty() {
            kind.push("TABLE".into());
        }
        let name = self.name(3)?;
        // With more behind it, what looks like the name may be something else.
        let name = if self.tokens.is_empty() { name } else { None };
        Ok(Describe {
            kind: kind.join(" "),
            name,
        })
    }

    /// A name of at most `allowed` parts, or `None` where none starts.
    fn name(&mut self, allowed: usize) -> Result<Option<QualifiedName>, Error> {
        let mut parts = Vec::new();
        while let Some(Token::Word(word)) = self.tokens.first() {
            if parts.is_empty()
                && word.quote_style.is_none()
                // `IN LIKE 'x'` leaves the name out.
                && CLAUSES.contains(&word.value.to_uppercase().as_str())
            {
                return Ok(None);
            }
            let exact = if word.quote_style.is_some() {
                word.value.clone()
            } else {
                word.value.to_uppercase()
            };
            parts.push(named(exact)?);
            self.advance();
            if !matches!(self.tokens.first(), Some(Token::Period)) {
                break;
            }
            self.advance();
            // `database..table` leaves out the schema.
            if parts.len() == 1
                && allowed == 3
                && let [Token::Period, Token::Word(_), ..] = self.tokens
            {
                parts.push(named(PUBLIC.to_owned())?);
                self.advance();
            }
        }
        if parts.len() > allowed {
            let error = NameError::TooManyParts {
                found: parts.len(),
                allowed,
            };
            return Err(Error::Syntax(error.to_string()));
        }
        let mut parts = parts.into_iter().rev();
        Ok(parts.next().map(|object| QualifiedName {
            object,
            schema: parts.next(),
            database: parts.next(),
        }))
    }

    fn string(&mut self, clause: &str) -> Result<String, Error> {
        let text = match self.tokens.first() {
            Some(Token::SingleQuotedString(text)) => text.clone(),
            _ => {
                return Err(Error::Syntax(format!(
                    "{clause} expects a text in single quotes"
                )));
            }
        };
        self.advance();
        Ok(text)
    }

    fn number(&mut self) -> Result<u64, Error> {
        let number = match self.tokens.first() {
            Some(Token::Number(digits, _)) => digits.parse().ok(),
            _ => None,
        };
        self.advance();
        number.ok_or_else(|| Error::Syntax("LIMIT expects a number".into()))
    }

    /// The next token in upper case if it is a word without quotes.
    fn peek_word(&self) -> Option<String> {
        match self.tokens.first() {
            Some(Token::Word(word)) if word.quote_style.is_none() => {
                Some(word.value.to_uppercase())
            }
            _ => None,
        }
    }

    fn take(&mut self, wanted: &str) -> bool {
        let is_next = self.peek_word().is_some_and(|word| word == wanted);
        if is_next {
            self.advance();
        }
        is_next
    }

    fn advance(&mut self) {
        self.tokens = self.tokens.get(1..).unwrap_or_default();
    }
}
