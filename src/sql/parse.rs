//! One statement in, one [`Parsed`] out; everything doubtful is an error here, before anybody decides about it.

use sqlparser::ast::{self, Statement};
use sqlparser::dialect::SnowflakeDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Whitespace};

use super::classify::{self, Class};
use super::show::{self, Describe, Show};

/// Longest statement that is read, in bytes.
///
/// The tree of a long chain of operators is as deep as the chain is long, and dropping it uses stack; 64 KiB of `a or a`
/// stays far inside the 8 MiB that [`parse`] runs with.
pub const MAX_STATEMENT_BYTES: usize = 64 * 1024;

/// How deep expressions and subqueries may nest before the parser gives up.
const MAX_DEPTH: usize = 128;

/// One statement, read and classified. Made only by [`parse`].
#[derive(Clone)]
pub struct Parsed {
    text: String,
    tree: Tree,
    class: Class,
}

/// What a statement was read into.
#[derive(Clone)]
pub enum Tree {
    /// A query or any other statement the parser crate knows.
    Statement(Box<Statement>),
    /// `SHOW …`
    Show(Show),
    /// `DESCRIBE …`
    Describe(Describe),
    /// `EXPLAIN [USING format] …`
    Explain {
        /// How the plan is to be written.
        format: ExplainFormat,
        /// The statement whose plan is asked for.
        statement: Box<Statement>,
    },
}

/// How EXPLAIN writes the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExplainFormat {
    /// One row for each step; the default.
    Tabular,
    /// One JSON document.
    Json,
    /// One text.
    Text,
}

/// Why a text is not one readable statement.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing but white space, comments and semicolons.
    #[error("there is no statement in the text")]
    Empty,
    /// Longer than [`MAX_STATEMENT_BYTES`].
    #[error("the statement has {bytes} bytes; at most {MAX_STATEMENT_BYTES} are read")]
    TooLong {
        /// Bytes in the text.
        bytes: usize,
    },
    /// More than one statement.
    #[error("the text holds more than one statement; send one at a time")]
    SeveralStatements,
    /// Something that Snowflake and the parser may understand differently, so that a check of one proves nothing about
    /// the other.
    #[error("the statement holds {what}, which is not accepted; {instead}")]
    Ambiguous {
        /// What was found.
        what: &'static str,
        /// What to write in its place.
        instead: &'static str,
    },
    /// Nested deeper than the parser follows.
    #[error("the statement nests deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// Not SQL as far as the parser knows.
    #[error("the statement could not be read: {0}")]
    Syntax(String),
}

impl Parsed {
    /// The statement as it was sent, without white space and semicolons around it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The tree, for rooms that look inside.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// What the statement does.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }
}

/// The text only: a tree is as deep as its statement is long, and printing it would overflow the stack.
impl std::fmt::Debug for Parsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parsed")
            .field("class", &self.class)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// Reads one statement and says what it does.
///
/// CPU work that grows with the text: callers on an actix worker hand it to the query runtime, whose threads have the
/// stack that [`MAX_STATEMENT_BYTES`] was measured with.
///
/// # Errors
///
/// When the text is not exactly one statement that can be read without doubt; see [`Error`].
pub fn parse(text: &str) -> Result<Parsed, Error> {
    if text.len() > MAX_STATEMENT_BYTES {
        return Err(Error::TooLong { bytes: text.len() });
    }
    // Trimmed first, so that places in the tree are places in the text that is kept.
    let text = text.trim();
    let dialect = SnowflakeDialect {};
    let tokens = Tokenizer::new(&dialect, text)
        .tokenize_with_location()
        .map_err(|error| Error::Syntax(error.to_string()))?;
    refuse_doubtful(text, &tokens)?;

    let words: Vec<&Token> = tokens
        .iter()
        .map(|token| &token.token)
        .filter(|token| !matches!(token, Token::Whitespace(_)))
        .collect();
    let words = match words.split_last() {
        Some((Token::SemiColon, rest)) => rest,
        _ => &words,
    };
    if words
        .iter()
        .all(|token| matches!(token, Token::SemiColon | Token::EOF))
    {
        return Err(Error::Empty);
    }
    if words.iter().any(|token| matches!(token, Token::SemiColon)) {
        return Err(Error::SeveralStatements);
    }

    let tree = if let Some(tree) = show::read(words)? {
        tree
    } else if let Some((format, skipped)) = explain_prefix(&tokens)? {
        Tree::Explain {
            format,
            statement: Box::new(read_statement(tokens.into_iter().skip(skipped).collect())?),
        }
    } else {
        Tree::Statement(Box::new(read_statement(tokens)?))
    };
    let class = classify::classify(&tree);
    let text = text
        .trim_end_matches(|c: char| c == ';' || c.is_whitespace())
        .to_owned();
    Ok(Parsed { text, tree, class })
}

fn read_statement(tokens: Vec<TokenWithSpan>) -> Result<Statement, Error> {
    let mut statements = Parser::new(&SnowflakeDialect {})
        .with_recursion_limit(MAX_DEPTH)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(|error| match error {
            ParserError::RecursionLimitExceeded => Error::TooDeep,
            ParserError::ParserError(message) | ParserError::TokenizerError(message) => {
                Error::Syntax(message)
            }
        })?;
    match (statements.pop(), statements.is_empty()) {
        (None, _) => Err(Error::Empty),
        (Some(statement), true) => Ok(statement),
        (Some(_), false) => Err(Error::SeveralStatements),
    }
}

/// The format of an EXPLAIN and how many tokens it takes, `USING …` included, which the parser crate does not know.
fn explain_prefix(tokens: &[TokenWithSpan]) -> Result<Option<(ExplainFormat, usize)>, Error> {
    let mut words = tokens
        .iter()
        .enumerate()
        .filter_map(|(index, token)| match &token.token {
            Token::Whitespace(_) => None,
            Token::Word(word) if word.quote_style.is_none() => {
                Some((index, word.value.to_uppercase()))
            }
            _ => Some((index, String::new())),
        });
    let index = match words.next() {
        Some((index, word)) if word == "EXPLAIN" => index,
        _ => return Ok(None),
    };
    match words.next() {
        Some((_, word)) if word == "USING" => {}
        _ => return Ok(Some((ExplainFormat::Tabular, index + 1))),
    }
    let format = match words.next() {
        Some((index, word)) if word == "TABULAR" => (ExplainFormat::Tabular, index + 1),
        Some((index, word)) if word == "JSON" => (ExplainFormat::Json, index + 1),
        Some((index, word)) if word == "TEXT" => (ExplainFormat::Text, index + 1),
        _ => {
            return Err(Error::Syntax(
                "EXPLAIN USING expects TABULAR, JSON or TEXT".into(),
            ));
        }
    };
    Ok(Some(format))
}

/// Refuses what Snowflake reads differently from the parser: then the tree would describe another statement.
fn refuse_doubtful(text: &str, tokens: &[TokenWithSpan]) -> Result<(), Error> {
    let ambiguous = |what, instead| Err(Error::Ambiguous { what, instead });
    if text.contains('\0') {
        return ambiguous("a NUL character", "remove it");
    }
    if text.replace("\r\n", "\n").contains('\r') {
        return ambiguous("a lone carriage return", "end lines with a line feed");
    }
    if text.chars().any(is_invisible) {
        return ambiguous(
            "an invisible or direction-changing character",
            "remove it, or write it with CHR()",
        );
    }
    for token in tokens {
        match &token.token {
            Token::DollarQuotedString(quoted) if quoted.tag.is_some() => {
                return ambiguous("a tagged dollar quote", "Snowflake knows only $$…$$");
            }
            Token::Whitespace(Whitespace::SingleLineComment { prefix, .. }) if prefix == "#" => {
                return ambiguous("a # comment", "start comments with -- or //");
            }
            _ => {}
        }
    }
    Ok(())
}

/// Zero-width and bidirectional control characters: they make a statement look like another one.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

/// The name of a table, schema or database in a tree, folded as Snowflake does.
///
/// # Errors
///
/// When a part is not a plain name, as in `IDENTIFIER(…)`, or the parts are not one to three.
pub fn qualified_name(name: &ast::ObjectName) -> Result<super::QualifiedName, super::NameError> {
    let mut parts = Vec::with_capacity(name.0.len());
    for part in &name.0 {
        let ident = part.as_ident().ok_or(super::NameError::Quotes)?;
        let exact = if ident.quote_style.is_some() {
            ident.value.clone()
        } else {
            ident.value.to_uppercase()
        };
        parts.push(super::Identifier::exact(exact)?);
    }
    if parts.len() > 3 {
        return Err(super::NameError::TooManyParts {
            found: parts.len(),
            allowed: 3,
        });
    }
    let mut parts = parts.into_iter().rev();
    Ok(super::QualifiedName {
        object: parts.next().ok_or(super::NameError::Empty)?,
        schema: parts.next(),
        database: parts.next(),
    })
}
