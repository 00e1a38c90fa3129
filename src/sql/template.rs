//! Statements that an operator writes with names for values: `WHERE segment = :segment`, `FROM {{table}}`.
//!
//! The names are found among the tokens, so never in a text, a quoted name or a comment. What is left of the statement is
//! kept as it was written.

use sqlparser::dialect::SnowflakeDialect;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::spans;

/// A statement in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// In the order of the text.
    pub pieces: Vec<Piece>,
}

/// A part of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// As it was written.
    Text(String),
    /// `:name`, a value that is bound.
    Value {
        /// The name, as it was written.
        name: String,
        /// Whether it stands alone in the brackets of `IN (…)`, where a list is several values.
        is_list: bool,
    },
    /// `{{name}}`, the name of an object.
    Name(String),
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoTemplate {
    /// A text or a comment does not end.
    #[error("the statement cannot be read: {0}")]
    Unreadable(String),
    /// A placeholder without a name.
    #[error(
        "a placeholder without a name ({0}): write :name, and declare name among the parameters"
    )]
    Nameless(String),
}

impl Template {
    /// Finds the names in a statement.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    pub fn parse(text: &str) -> Result<Self, NoTemplate> {
        let tokens = Tokenizer::new(&SnowflakeDialect {}, text)
            // Texts must come out exactly as the operator wrote them.
            .with_unescape(false)
            .tokenize_with_location()
            .map_err(|error| NoTemplate::Unreadable(error.to_string()))?;
        let spans = spans::spans(text, &tokens);
        let part = |at: usize| {
            let range = spans.get(at).map(|span| span.at.clone());
            range.and_then(|range| text.get(range)).unwrap_or_default()
        };
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut at = 0;
        while let Some(found) = tokens.get(at) {
            if let Token::Placeholder(name) = &found.token {
                // A number says nothing about which argument is meant, and would shift when one is
                // added.
                return Err(NoTemplate::Nameless(name.clone()));
            }
            let piece = value_at(&tokens, at).or_else(|| name_at(&tokens, at));
            match piece {
                Some((piece, length)) => {
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    pieces.push(piece);
                    at += length;
                }
                None => {
                    plain.push_str(part(at));
                    at += 1;
                }
            }
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self { pieces })
    }

    /// The names of values and objects, in the order of the text, some of them twice.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Value { name, .. } | Piece::Name(name) => Some(name.as_str()),
        })
    }
}

/// The same statement with names in place of numbers: `?` in their order, `$1` and `:1` by number.
///
/// # Errors
///
/// It cannot be read, or has more placeholders than names.
pub fn name_placeholders(text: &str, names: &[&str]) -> Result<String, NoTemplate> {
    let tokens = Tokenizer::new(&SnowflakeDialect {}, text)
        .with_unescape(false)
        .tokenize_with_location()
        .map_err(|error| NoTemplate::Unreadable(error.to_string()))?;
    let spans = spans::spans(text, &tokens);
    let mut written = String::with_capacity(text.len());
    let mut asked = 0_usize;
    let mut skip = false;
    for (at, (found, span)) in tokens.iter().zip(&spans).enumerate() {
        // The digits of `:1`, which belong to the colon before them.
        if std::mem::take(&mut skip) {
            continue;
        }
        let number = match (&found.token, token(&tokens, at + 1)) {
            (Token::Placeholder(mark), _) if mark == "?" => {
                asked += 1;
                Some((asked, mark.clone()))
            }
            (Token::Placeholder(mark), _) => {
                let digits = mark.trim_start_matches(['$', ':']);
                digits.parse().ok().map(|number| (number, mark.clone()))
            }
            (Token::Colon, Some(Token::Number(digits, _))) => {
                let number = digits.parse().ok();
                skip = number.is_some();
                number.map(|number| (number, format!(":{digits}")))
            }
            _ => None,
        };
        match number {
            None => written.push_str(text.get(span.at.clone()).unwrap_or_default()),
            Some((number, mark)) => {
                let name = number.checked_sub(1).and_then(|place| names.get(place));
                let name = name.ok_or(NoTemplate::Nameless(mark))?;
                written.push(':');
                written.push_str(name);
            }
        }
    }
    Ok(written)
}

/// `:name` at this place, and how many tokens it has. `column:field` is a path into a document.
fn value_at(tokens: &[TokenWithSpan], at: usize) -> Option<(Piece, usize)> {
    if token(tokens, at)? != &Token::Colon {
        return None;
    }
    let Token::Word(word) = token(tokens, at + 1)? else {
        return None;
    };
    let before = at.checked_sub(1).and_then(|before| token(tokens, before));
    let is_path = match before {
        // Behind a value, a colon begins a path: `payload:name`.
        Some(Token::Word(_) | Token::RParen | Token::RBracket | Token::Number(..)) => true,
        Some(_) | None => false,
    };
    if word.quote_style.is_some() || is_path {
        return None;
    }
    let is_list = is_alone_in_brackets(tokens, at);
    let name = word.value.clone();
    Some((Piece::Value { name, is_list }, 2))
}

/// `IN (:name)`
fn is_alone_in_brackets(tokens: &[TokenWithSpan], at: usize) -> bool {
    let mut before = tokens.get(..at).unwrap_or_default().iter().rev();
    let mut before = std::iter::from_fn(|| before.find(|it| means_something(it)));
    let mut after = tokens.get(at + 2..).unwrap_or_default().iter();
    let opens = before.next().is_some_and(|it| it.token == Token::LParen);
    let is_in = before.next().is_some_and(|it| match &it.token {
        Token::Word(word) => word.quote_style.is_none() && word.value.eq_ignore_ascii_case("IN"),
        _ => false,
    });
    let closes = after
        .find(|it| means_something(it))
        .is_some_and(|it| it.token == Token::RParen);
    opens && is_in && closes
}

/// `{{name}}` at this place, and how many tokens it has.
fn name_at(tokens: &[TokenWithSpan], at: usize) -> Option<(Piece, usize)> {
    let is = |offset: usize, wanted: &Token| token(tokens, at + offset) == Some(wanted);
    if !(is(0, &Token::LBrace) && is(1, &Token::LBrace)) {
        return None;
    }
    let Token::Word(word) = token(tokens, at + 2)? else {
        return None;
    };
    let is_closed = is(3, &Token::RBrace) && is(4, &Token::RBrace);
    (is_closed && word.quote_style.is_none()).then(|| (Piece::Name(word.value.clone()), 5))
}

fn token(tokens: &[TokenWithSpan], at: usize) -> Option<&Token> {
    tokens.get(at).map(|it| &it.token)
}

fn means_something(token: &TokenWithSpan) -> bool {
    !matches!(token.token, Token::Whitespace(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str) -> Piece {
        Piece::Value {
            name: name.to_owned(),
            is_list: false,
        }
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    #[test]
    fn names_are_found_where_values_and_objects_may_stand() {
        let template = Template::parse(
            "SELECT a:b::DATE, ':x', \":y\" -- :z\nFROM {{table}} WHERE a = :since AND v[0]:w = 1",
        );
        let pieces = template.unwrap().pieces;
        assert_eq!(
            pieces,
            [
                text("SELECT a:b::DATE, ':x', \":y\" -- :z\nFROM "),
                Piece::Name("table".to_owned()),
                text(" WHERE a = "),
                value("since"),
                text(" AND v[0]:w = 1"),
            ]
        );
        for alone in [
            "SELECT 1 WHERE a IN (:ids)",
            "SELECT 1 WHERE a NOT IN ( /* x */ :ids )",
        ] {
            let pieces = Template::parse(alone).unwrap().pieces;
            assert!(
                matches!(&pieces[1], Piece::Value { is_list: true, .. }),
                "{pieces:?}"
            );
        }
        for not_alone in ["SELECT 1 WHERE a IN (:ids, 1)", "SELECT f(:ids)"] {
            let pieces = Template::parse(not_alone).unwrap().pieces;
            assert!(
                matches!(&pieces[1], Piece::Value { is_list: false, .. }),
                "{pieces:?}"
            );
        }
    }

    #[test]
    fn numbers_become_names() {
        let names = ["a", "b"];
        for (text, named) in [
            ("select ?, ?, '?'", "select :a, :b, '?'"),
            ("select $2, $1 -- $1", "select :b, :a -- $1"),
            ("select :1, a:b", "select :a, a:b"),
        ] {
            assert_eq!(name_placeholders(text, &names).unwrap(), named);
        }
        assert!(name_placeholders("select $3", &names).is_err());
    }

    #[test]
    fn what_is_written_is_kept_and_what_cannot_be_read_is_said() {
        let whole = "select $$ :a $$, 'it''s', x'0f' /* {{b}} */ from t\n";
        assert_eq!(Template::parse(whole).unwrap().pieces, [text(whole)]);
        assert!(matches!(
            Template::parse("select ?"),
            Err(NoTemplate::Nameless(_))
        ));
        assert!(matches!(
            Template::parse("select 'a"),
            Err(NoTemplate::Unreadable(_))
        ));
    }
}
