//! `POSITION(…)`, which the parser crate would read twice at each level.
//!
//! It tries `POSITION(a IN b)` first, and when no IN comes it goes back and reads a call. Fifty of them inside one another
//! never came to an end, on any warehouse, and nothing could stop it. So where no IN stands in its brackets the word is
//! told to be an ordinary name, and of those with an IN there may be few inside one another.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::error::Error;

/// Calls with an IN inside one another, at most. What begins so and is a call after all is read twice at each.
const MOST: usize = 6;

/// A bracket that is open: the place of POSITION before it, and whether an IN was seen inside.
struct Open {
    word: Option<usize>,
    has_in: bool,
}

/// The tokens, with POSITION an ordinary name where it is called as one.
///
/// # Errors
///
/// Too many with an IN are inside one another.
pub(super) fn as_calls(mut tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>, Error> {
    let mut open: Vec<Open> = Vec::new();
    let mut calls = Vec::new();
    let mut before = None;
    for (place, token) in tokens.iter().enumerate() {
        match &token.token {
            Token::Whitespace(_) => continue,
            Token::LParen => open.push(Open {
                word: before,
                has_in: false,
            }),
            // No IN at its own level: it is a call, and the parser is spared the first try.
            Token::RParen => {
                if let Some(Open {
                    word: Some(word),
                    has_in: false,
                }) = open.pop()
                {
                    calls.push(word);
                }
            }
            Token::Word(word) if word.keyword == Keyword::IN => {
                // Only the innermost bracket: an IN deeper inside belongs to another condition.
                if let Some(inner) = open.last_mut() {
                    inner.has_in = true;
                }
                let deep = open.iter().filter(|it| it.word.is_some() && it.has_in);
                if deep.count() > MOST {
                    return Err(Error::TooDeep);
                }
            }
            _ => {}
        }
        before = match &token.token {
            Token::Word(word) if word.keyword == Keyword::POSITION => Some(place),
            _ => None,
        };
    }
    // A bracket that is never closed is no call either; the parser says so.
    calls.extend(open.into_iter().filter_map(|it| it.word));
    for place in calls {
        if let Some(Token::Word(word)) = tokens.get_mut(place).map(|token| &mut token.token) {
            // The parser decides by the keyword, and without one this is any function.
            word.keyword = Keyword::NoKeyword;
        }
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use crate::sql::{self, Error};

    #[test]
    fn many_inside_one_another_are_read_at_once() {
        for (open, close) in [
            ("POSITION(", ", 'A')"),
            ("POSITION('A', ", ")"),
            ("position ( 'A' , (", "))"),
        ] {
            let levels = 30;
            let sql = format!("SELECT {}X{}", open.repeat(levels), close.repeat(levels));
            assert!(sql::parse(&sql).is_ok(), "{sql}");
        }
        // Never closed, and without an end that is read twice.
        assert!(sql::parse(&format!("SELECT {}X", "POSITION(".repeat(40))).is_err());
    }

    #[test]
    fn those_with_an_in_are_read_as_such_and_may_be_few() {
        let nested = |levels: usize| {
            let sql = format!(
                "SELECT {}X{}",
                "POSITION('A' IN ".repeat(levels),
                ")".repeat(levels)
            );
            sql::parse(&sql).map(drop)
        };
        assert!(nested(6).is_ok());
        assert!(matches!(nested(7), Err(Error::TooDeep)));
        // An IN further inside is none of this call's.
        assert!(sql::parse("SELECT POSITION('A', IFF(X IN (1), 'B', 'C'))").is_ok());
        assert!(sql::parse("SELECT position FROM t WHERE position IN (1, 2)").is_ok());
    }
}
