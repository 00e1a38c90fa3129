//! One statement in, one [`Parsed`] out; everything doubtful is an error here, before anybody decides about it.

use std::sync::Arc;

use sqlparser::ast;
use sqlparser::tokenizer::Token;

use super::calls::FunctionCall;
use super::class::Class;
use super::classify::Verdict;
use super::cleaning::{self, Cleaned};
use super::error::{Error, MAX_WORDS};
use super::identifier::literal;
use super::kinds::StatementKind;
use super::lexis;
use super::show::Show;
use super::stack;
use super::steps::{self, Step};
use super::tree::{Shape, Tree};

/// One statement, read and classified. Made only by [`parse`].
#[derive(Clone)]
pub struct Parsed {
    text: String,
    tree: Arc<Kept>,
    shape: Shape,
    verdict: Verdict,
    without_calls: Class,
    kinds: Vec<StatementKind>,
    calls: Vec<FunctionCall>,
    names_computed: Option<&'static str>,
    variable: Option<String>,
    longest_chain: usize,
}

/// A tree, and how many words it was made of: it cannot be deeper.
struct Kept {
    tree: Tree,
    words: usize,
}

/// Dropping a tree goes as deep as the tree does.
impl Drop for Kept {
    fn drop(&mut self) {
        let gone = Tree::Unread {
            reason: String::new(),
        };
        let tree = std::mem::replace(&mut self.tree, gone);
        stack::with_room(self.words, || drop(tree));
    }
}

impl Parsed {
    /// The statement as it goes to the warehouse: as it was written, without what models put around and into it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The tree, for rooms that look inside.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree.tree
    }

    /// What kind of tree it was read into.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Lets go of the tree, which takes a hundred times the memory of the text; [`Parsed::shape`] stays.
    pub fn forget_tree(&mut self) {
        self.tree = Arc::new(Kept {
            tree: Tree::Unread {
                reason: "its tree was not kept".into(),
            },
            words: 0,
        });
    }

    /// What the statement does.
    #[must_use]
    pub fn class(&self) -> Class {
        self.verdict.class
    }

    /// What the statement does apart from the functions it calls: a read where a query is a side effect only by them.
    #[must_use]
    pub fn class_without_calls(&self) -> Class {
        self.without_calls
    }

    /// What the statement is called; each step of a pipeline, and an EXPLAIN besides its statement.
    #[must_use]
    pub fn kinds(&self) -> &[StatementKind] {
        &self.kinds
    }

    /// What in the statement led to its class, in words of SQL such as `DELETE` or `SYSTEM$WAIT`; empty for a read.
    #[must_use]
    pub fn found(&self) -> &str {
        &self.verdict.found
    }

    /// Every function the statement calls, and whatever looks like a call.
    #[must_use]
    pub fn calls(&self) -> &[FunctionCall] {
        &self.calls
    }

    /// A way of naming objects that only the warehouse can resolve, if the statement uses one: a stage, IDENTIFIER(…).
    #[must_use]
    pub fn names_computed(&self) -> Option<&'static str> {
        self.names_computed
    }

    /// How many values or queries the statement joins in one row, at most: its tree may be as deep.
    #[must_use]
    pub fn longest_chain(&self) -> usize {
        self.longest_chain
    }

    /// The same list of names from behind one of them on, where the statement is a SHOW with the longest LIMIT there is: what
    /// that left out. `None` for any other statement, and for a name that cannot be written.
    #[must_use]
    pub fn after(&self, name: &str) -> Option<Self> {
        let begins_at = |parsed: &Self| match parsed.tree() {
            Tree::Show(show) if show.limit == Some(Show::LONGEST) && show.rest.is_empty() => {
                Some(show.from.clone())
            }
            _ => None,
        };
        if begins_at(self)?.is_some() {
            return None;
        }
        let rest = parse(&format!("{} FROM {}", self.text, literal(name))).ok()?;
        (begins_at(&rest)?.as_deref() == Some(name)).then_some(rest)
    }

    /// A variable of the session that the statement reads, such as `$X`.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        self.variable.as_deref()
    }
}

/// The text only: a tree is as deep as its statement is long, and printing it would overflow the stack.
impl std::fmt::Debug for Parsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parsed")
            .field("class", &self.verdict.class)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// Reads one statement and says what it does.
///
/// CPU work that grows with the text: callers on an actix worker hand it to the query runtime, and what is longer than
/// [`SMALL_STATEMENT_BYTES`](super::SMALL_STATEMENT_BYTES) to a thread that may block. It makes room on the stack for itself.
///
/// # Errors
///
/// When the text is not exactly one statement that can be read without doubt; see [`Error`].
pub fn parse(text: &str) -> Result<Parsed, Error> {
    let Cleaned { text, tokens } = cleaning::clean(text)?;
    let words = lexis::words(&tokens);
    if words.is_empty() {
        return Err(Error::Empty);
    }
    // Words rather than bytes: the memory of a tree grows with its words, and a long text literal
    // is one.
    if words.len() > MAX_WORDS {
        return Err(Error::TooManyWords { words: words.len() });
    }
    // Semicolons at the end were removed before, so one that is left separates two statements.
    if words.iter().any(|word| matches!(word, Token::SemiColon)) {
        return Err(Error::SeveralStatements);
    }
    // Before the parser: it recurses once for each level, and a deep text would overflow the stack.
    let longest_chain = lexis::refuse_deep(&words)?;
    let names_computed = names_computed(&words);
    let variable = variable(&words);
    // Only the count is needed from here on, and `words` borrows the tokens.
    let words = words.len();
    let Step {
        tree,
        verdict,
        without_calls,
        kinds,
        calls,
    } = stack::with_room(words, || steps::read(&tokens))?;
    Ok(Parsed {
        text,
        shape: Shape::of(&tree),
        tree: Arc::new(Kept { tree, words }),
        verdict,
        without_calls: without_calls.class,
        kinds,
        calls,
        names_computed,
        variable,
        longest_chain,
    })
}

/// The first variable of the session among the words. `$1` is a column or the result of a step before.
fn variable(words: &[&Token]) -> Option<String> {
    words.iter().find_map(|word| match word {
        Token::Placeholder(name) => {
            let rest = name.strip_prefix('$')?;
            let is_number = !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit());
            (!is_number).then(|| name.to_uppercase())
        }
        _ => None,
    })
}

/// The text of the statement in a text, for what is written before or around it.
///
/// # Errors
///
/// As for [`parse`], as far as they come before the tree.
pub fn cleaned(text: &str) -> Result<String, Error> {
    Ok(cleaning::clean(text)?.text)
}

/// What of these words names an object in a way that only Snowflake can resolve.
fn names_computed(words: &[&Token]) -> Option<&'static str> {
    words.iter().enumerate().find_map(|(index, word)| {
        let opens = matches!(words.get(index + 1), Some(Token::LParen));
        match word {
            Token::AtSign => Some("a stage"),
            _ if opens && lexis::is_word(Some(word), "IDENTIFIER") => Some("IDENTIFIER(…)"),
            _ => None,
        }
    })
}

/// The name of a table, schema or database in a tree, folded as Snowflake does.
///
/// # Errors
///
/// When a part is not a plain name, as in `IDENTIFIER(…)`, or the parts are not one to three.
pub fn qualified_name(name: &ast::ObjectName) -> Result<super::QualifiedName, super::NameError> {
    let mut parts = Vec::with_capacity(name.0.len());
    for (index, part) in name.0.iter().enumerate() {
        let ident = part.as_ident().ok_or(super::NameError::Quotes)?;
        let exact = if ident.quote_style.is_some() {
            ident.value.clone()
        } else if ident.value.is_empty() && index == 1 && name.0.len() == 3 {
            // `database..table` leaves out the schema.
            super::identifier::PUBLIC.to_owned()
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
