//! Is a query a read? Asked of its words, as a second opinion beside the tree and as the only one where there is no tree.
//!
//! Snowflake runs a statement that begins with SELECT, WITH, VALUES or a bracket as something other than a read only if
//! one of few words stands in it: INTO, PROCEDURE, CALL, or the verb of a write. Most of them are reserved, so that no
//! column can bear them without quotes, and a query that holds one is refused wherever it stands.

use sqlparser::tokenizer::Token;

use super::class::Class;
use super::classify::Verdict;
use super::lexis::is_word;

/// What a word makes of a query.
struct Forbidden {
    word: &'static str,
    class: Class,
    /// Reserved in Snowflake: it cannot be the name of a column. Others count only where there is no tree to ask.
    is_reserved: bool,
}

const fn forbidden(word: &'static str, class: Class, is_reserved: bool) -> Forbidden {
    Forbidden {
        word,
        class,
        is_reserved,
    }
}

const FORBIDDEN: [Forbidden; 16] = [
    forbidden("INSERT", Class::Write, true),
    forbidden("UPDATE", Class::Write, true),
    forbidden("DELETE", Class::Write, true),
    forbidden("INTO", Class::Ddl, true),
    forbidden("CREATE", Class::Ddl, true),
    forbidden("ALTER", Class::Ddl, true),
    forbidden("DROP", Class::Ddl, true),
    forbidden("GRANT", Class::AccessControl, true),
    forbidden("REVOKE", Class::AccessControl, true),
    forbidden("MERGE", Class::Write, false),
    forbidden("TRUNCATE", Class::Write, false),
    forbidden("UNDROP", Class::Ddl, false),
    forbidden("CALL", Class::Procedure, false),
    forbidden("EXECUTE", Class::Procedure, false),
    forbidden("PROCEDURE", Class::Procedure, false),
    forbidden("COPY", Class::FileTransfer, false),
];

/// Words that begin a statement and are common names too: forbidden where a statement may begin.
const AT_START: [(&str, Class); 16] = [
    ("PUT", Class::FileTransfer),
    ("GET", Class::FileTransfer),
    ("REMOVE", Class::FileTransfer),
    ("RM", Class::FileTransfer),
    ("USE", Class::SessionChange),
    ("SET", Class::SessionChange),
    ("UNSET", Class::SessionChange),
    ("COMMIT", Class::SessionChange),
    ("ROLLBACK", Class::SessionChange),
    ("BEGIN", Class::Procedure),
    ("DECLARE", Class::Procedure),
    ("LET", Class::Procedure),
    ("RETURN", Class::Procedure),
    ("COMMENT", Class::Ddl),
    ("SHOW", Class::Unknown),
    ("EXPLAIN", Class::Unknown),
];

/// What in a query is certainly no read, whatever its tree says.
pub(super) fn objection(words: &[&Token]) -> Option<Verdict> {
    object(words, true).or_else(|| {
        let foreign = words
            .iter()
            .find(|word| !is_bracket(word) && !is_known(word))?;
        Some(Verdict::new(
            Class::Unknown,
            format!("{foreign}, which Snowflake's queries do not have"),
        ))
    })
}

/// Why a query without a tree is not taken for a read; `None` when it is one.
///
/// # Errors
///
/// A word of the text when the words themselves make no sense.
pub(super) fn prove(words: &[&Token]) -> Result<Option<Verdict>, String> {
    // Before the brackets are counted: naming the forbidden word says more than a missing bracket.
    if let Some(verdict) = object(words, false) {
        return Ok(Some(verdict));
    }
    let mut open = Vec::new();
    for word in words {
        match word {
            Token::LParen => open.push(Token::RParen),
            Token::LBracket => open.push(Token::RBracket),
            Token::LBrace => open.push(Token::RBrace),
            Token::RParen | Token::RBracket | Token::RBrace => {
                if open.pop().as_ref() != Some(*word) {
                    return Err(word.to_string());
                }
            }
            // What is not listed refuses the statement. The parser could not read it, so nothing
            // may be assumed.
            known if is_known(known) => {}
            other => return Err(other.to_string()),
        }
    }
    open.pop().map_or(Ok(None), |missing| {
        Err(format!("end of statement, with {missing} missing"))
    })
}

fn object(words: &[&Token], has_tree: bool) -> Option<Verdict> {
    for (index, word) in words.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|at| words.get(at));
        let is_called = matches!(words.get(index + 1), Some(Token::LParen));
        // The field of a row or of a document may have any name.
        if matches!(before, Some(Token::Period | Token::Colon)) {
            continue;
        }
        for rule in &FORBIDDEN {
            // INSERT(…) and TRUNCATE(…) are functions.
            let is_function = is_called && matches!(rule.word, "INSERT" | "TRUNCATE");
            if is_word(Some(word), rule.word)
                && !is_function
                // A word that is not reserved may be a column's name. With a tree that is known;
                // without one, it counts against the statement.
                && (rule.is_reserved
                    || !has_tree
                    || is_body(rule.word, before, is_called)
                    || begins_statement(before, words.get(index + 1)))
            {
                return Some(Verdict::new(rule.class, rule.word));
            }
        }
        let may_begin = matches!(before, None | Some(Token::LParen | Token::RParen));
        if has_tree || !may_begin || is_called {
            continue;
        }
        for (start, class) in AT_START {
            if is_word(Some(word), start) {
                return Some(Verdict::new(class, start));
            }
        }
    }
    None
}

/// `WITH p AS PROCEDURE (…)`
fn is_body(word: &str, before: Option<&&Token>, is_called: bool) -> bool {
    word == "PROCEDURE" && is_word(before, "AS") && is_called
}

fn is_bracket(token: &Token) -> bool {
    matches!(
        token,
        Token::LParen
            | Token::RParen
            | Token::LBracket
            | Token::RBracket
            | Token::LBrace
            | Token::RBrace
    )
}

/// Words that go on after a column at the begin of a bracket. Any other makes the column a verb, as in `(CALL p())`.
const AFTER_COLUMN: [&str; 25] = [
    "AND",
    "AS",
    "ASC",
    "AT",
    "BETWEEN",
    "COLLATE",
    "DESC",
    "EXCEPT",
    "FOR",
    "FROM",
    "IGNORE",
    "ILIKE",
    "IN",
    "INTERSECT",
    "IS",
    "LIKE",
    "MINUS",
    "NOT",
    "NULLS",
    "OR",
    "ORDER",
    "REGEXP",
    "RESPECT",
    "RLIKE",
    "UNION",
];

fn begins_statement(before: Option<&&Token>, after: Option<&&Token>) -> bool {
    matches!(before, Some(Token::LParen))
        && matches!(after, Some(Token::Word(_)))
        && !AFTER_COLUMN.iter().any(|word| is_word(after, word))
}

/// Tokens that Snowflake's queries are made of. A look-alike letter or an operator of another database is none of them.
fn is_known(token: &Token) -> bool {
    matches!(
        token,
        Token::Word(_)
            | Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::DollarQuotedString(_)
            | Token::HexStringLiteral(_)
            | Token::Placeholder(_)
            | Token::Comma
            | Token::Eq
            | Token::Neq
            | Token::Lt
            | Token::Gt
            | Token::LtEq
            | Token::GtEq
            | Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div
            | Token::Mod
            | Token::StringConcat
            | Token::Period
            | Token::Colon
            | Token::DoubleColon
            | Token::RArrow
            | Token::Arrow
            | Token::Pipe
            | Token::Caret
            | Token::ExclamationMark
            | Token::AtSign
            | Token::Tilde
            | Token::Question
    )
}
