//! Spellings of other databases in a statement, and how Snowflake writes the same.
//!
//! Looked for only when a statement was refused: what is found says why, in words that lead to the right statement. Only what
//! Snowflake certainly does not take counts, so that no refusal is explained by something that is no mistake.

use sqlparser::dialect::SnowflakeDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::error::{ForeignSyntax, SMALL_STATEMENT_BYTES};
use super::lexis::{bare, is_word};
use super::{foreign, literal};

/// Words after which another database names a table or column in square brackets.
const BEFORE_A_NAME: [&str; 2] = ["FROM", "JOIN"];

fn said(what: impl Into<String>, instead: impl Into<String>) -> Option<ForeignSyntax> {
    Some(ForeignSyntax {
        what: what.into(),
        instead: instead.into(),
    })
}

/// The first thing in the statement that Snowflake writes in another way.
#[must_use]
pub fn foreign_spelling(sql: &str) -> Option<ForeignSyntax> {
    let tokens = read(sql)?;
    let words: Vec<&Token> = tokens.iter().collect();
    // With one of these, `->` is Snowflake's own arrow of a lambda.
    let has_lambdas = ["FILTER", "TRANSFORM", "REDUCE"]
        .iter()
        .any(|name| words.iter().any(|word| is_word(Some(word), name)));
    // The brackets that are open, by the word before them.
    let mut open: Vec<Option<String>> = Vec::new();
    for at in 0..words.len() {
        let around = Around { words: &words, at };
        match around.get(0) {
            Some(Token::LParen) => open.push(around.before().and_then(|word| bare(Some(&word)))),
            Some(Token::RParen) => {
                open.pop();
            }
            _ => {}
        }
        let in_call = open.last().and_then(Option::as_deref);
        // From the plainest sign to the vaguest: an operator is certain, a type's name could be a
        // column's.
        let found = around
            .operator(has_lambdas)
            .or_else(|| around.clause())
            .or_else(|| around.name())
            .or_else(|| around.function())
            .or_else(|| around.data_type(in_call));
        if found.is_some() {
            return found;
        }
    }
    None
}

/// A text that the statement writes like a name: in double quotes, or without any, where a value is expected. As a literal.
#[must_use]
pub fn text_without_quotes(sql: &str, name: &str) -> Option<String> {
    let tokens = read(sql)?;
    let words: Vec<&Token> = tokens.iter().collect();
    let mut in_list = false;
    for at in 0..words.len() {
        let around = Around { words: &words, at };
        let Some(Token::Word(word)) = around.get(0) else {
            in_list &= matches!(around.get(0), Some(Token::Comma | Token::LParen));
            continue;
        };
        let opens_list = is_word(around.get(0).as_ref(), "IN");
        let is_meant = word.value.eq_ignore_ascii_case(name)
            // A qualifier or a function is a name, however it is written.
            && !matches!(around.get(1), Some(Token::Period | Token::LParen));
        if is_meant && (in_list || around.follows_comparison()) {
            return Some(literal(&word.value));
        }
        in_list = opens_list || (in_list && word.quote_style.is_some());
    }
    None
}

/// Whether a text in quotes is added with `+`.
#[must_use]
pub fn adds_texts(sql: &str) -> bool {
    let tokens = read(sql).unwrap_or_default();
    let is_text = |token: Option<&Token>| matches!(token, Some(Token::SingleQuotedString(_)));
    tokens.iter().enumerate().any(|(at, token)| {
        matches!(token, Token::Plus)
            && (is_text(tokens.get(at + 1))
                || at.checked_sub(1).is_some_and(|at| is_text(tokens.get(at))))
    })
}

/// The words of a statement that is small enough to look at.
pub(super) fn read(sql: &str) -> Option<Vec<Token>> {
    if sql.len() > SMALL_STATEMENT_BYTES {
        return None;
    }
    let mut tokens = Tokenizer::new(&SnowflakeDialect {}, sql).tokenize().ok()?;
    tokens.retain(|token| !matches!(token, Token::Whitespace(_) | Token::EOF));
    Some(tokens)
}

/// A place between the words.
struct Around<'w> {
    words: &'w [&'w Token],
    at: usize,
}

impl<'w> Around<'w> {
    /// The word so many places on.
    fn get(&self, ahead: usize) -> Option<&'w Token> {
        self.words.get(self.at + ahead).copied()
    }

    fn before(&self) -> Option<&'w Token> {
        self.words.get(self.at.checked_sub(1)?).copied()
    }

    fn is(&self, ahead: usize, word: &str) -> bool {
        is_word(self.get(ahead).as_ref(), word)
    }

    fn follows_comparison(&self) -> bool {
        match self.before() {
            Some(
                Token::Eq
                | Token::DoubleEq
                | Token::Neq
                | Token::Lt
                | Token::Gt
                | Token::LtEq
                | Token::GtEq,
            ) => {
                // The other side of a comparison with a value is a column.
                let left = self.at.checked_sub(2).and_then(|at| self.words.get(at));
                !matches!(left, Some(Token::SingleQuotedString(_) | Token::Number(..)))
            }
            word => ["LIKE", "ILIKE", "RLIKE", "REGEXP"]
                .iter()
                .any(|operator| is_word(word.as_ref(), operator)),
        }
    }

    fn operator(&self, has_lambdas: bool) -> Option<ForeignSyntax> {
        let key = |token: Option<&Token>| match token {
            Some(Token::SingleQuotedString(key) | Token::Number(key, _)) => Some(key.clone()),
            _ => None,
        };
        let path = |key: &str| match key.parse::<u32>() {
            Ok(index) => format!("[{index}]"),
            Err(_) if key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
                format!(":{key}")
            }
            Err(_) => format!("[{}]", literal(key)),
        };
        match self.get(0)? {
            Token::DoubleEq => said("the operator ==", "compare with one ="),
            Token::Spaceship => said(
                "the operator <=>",
                "EQUAL_NULL(a, b) compares with NULL as a value, and so does a IS NOT DISTINCT FROM b",
            ),
            Token::LongArrow => {
                let path = path(&key(self.get(1))?);
                said(
                    "the operator ->> on a value",
                    format!("read a text out of a VARIANT with column{path}::string"),
                )
            }
            Token::Arrow if !has_lambdas => {
                let path = path(&key(self.get(1))?);
                said(
                    "the operator -> on a value",
                    format!(
                        "read what is in a VARIANT with column{path}, one step after another: column:a.b"
                    ),
                )
            }
            Token::HashArrow | Token::HashLongArrow => said(
                "the operator #>",
                "read what is in a VARIANT with column:a.b, and as a text with column:a.b::string",
            ),
            Token::Tilde | Token::TildeAsterisk if self.before().is_some() => said(
                "the operator ~",
                "REGEXP_INSTR(text, 'pattern') > 0 finds a pattern anywhere; REGEXP_LIKE must match the whole text",
            ),
            Token::ExclamationMarkTilde | Token::ExclamationMarkTildeAsterisk => said(
                "the operator !~",
                "REGEXP_INSTR(text, 'pattern') = 0 finds texts without a pattern",
            ),
            Token::Overlap => said("the operator &&", "join conditions with AND"),
            _ => None,
        }
    }

    fn clause(&self) -> Option<ForeignSyntax> {
        if self.is(0, "LIMIT") && matches!(self.get(2), Some(Token::Comma)) {
            let (Some(Token::Number(skip, _)), Some(Token::Number(count, _))) =
                (self.get(1), self.get(3))
            else {
                return said("LIMIT with two numbers", "write LIMIT count OFFSET skip");
            };
            return said(
                format!("LIMIT {skip}, {count}"),
                format!("write LIMIT {count} OFFSET {skip}"),
            );
        }
        if self.is(0, "DISTINCT") && self.is(1, "ON") && matches!(self.get(2), Some(Token::LParen))
        {
            return said(
                "DISTINCT ON",
                "QUALIFY ROW_NUMBER() OVER (PARTITION BY key ORDER BY order) = 1 keeps one row of each",
            );
        }
        let is_all = matches!(self.before(), Some(Token::Mul));
        if is_all && self.is(0, "EXCEPT") && matches!(self.get(1), Some(Token::LParen)) {
            let is_query = ["SELECT", "WITH", "VALUES"]
                .iter()
                .any(|word| self.is(2, word));
            if !is_query && !matches!(self.get(2), Some(Token::LParen)) {
                return said("* EXCEPT (…)", "write * EXCLUDE (column, column)");
            }
        }
        if self.at == 0 && self.is(0, "SHOW") && self.is(2, "FROM") {
            return said(
                "SHOW … FROM",
                "write SHOW … IN, for example SHOW COLUMNS IN TABLE name",
            );
        }
        if self.is(0, "INTERVAL")
            && let (Some(Token::Number(count, _)), Some(Token::Word(unit))) =
                (self.get(1), self.get(2))
        {
            return said(
                format!("INTERVAL {count} {}", unit.value),
                format!(
                    "write INTERVAL '{count} {unit}', or DATEADD({unit}, {count}, date)",
                    unit = unit.value.to_lowercase()
                ),
            );
        }
        if (self.is(0, "CROSS") || self.is(0, "OUTER")) && self.is(1, "APPLY") {
            return said(
                "APPLY",
                "join with LATERAL (…), or with LATERAL FLATTEN(input => column)",
            );
        }
        None
    }

    fn name(&self) -> Option<ForeignSyntax> {
        let plain = "a plain name needs no quotes; others take \"double quotes\", which keep upper and lower case";
        match self.get(0)? {
            Token::Word(word) if word.quote_style == Some('`') => {
                said("a name in backticks", plain)
            }
            Token::Word(word) if word.quote_style == Some('[') => {
                said("a name in square brackets", plain)
            }
            Token::LBracket => {
                let is_name = BEFORE_A_NAME.iter().any(|word| is_word(self.before().as_ref(), word))
                    || matches!(self.before(), Some(Token::Period))
                    // Two words in brackets are no list of values.
                    || matches!((self.get(1), self.get(2)), (Some(Token::Word(_)), Some(Token::Word(_))));
                is_name
                    .then(|| said("a name in square brackets", plain))
                    .flatten()
            }
            _ if self.is(0, "ARRAY") && matches!(self.get(1), Some(Token::LBracket)) => {
                said("ARRAY[…]", "write ARRAY_CONSTRUCT(a, b) or [a, b]")
            }
            _ => None,
        }
    }

    fn function(&self) -> Option<ForeignSyntax> {
        let name = bare(self.get(0).as_ref())?;
        let is_call = matches!(self.get(1), Some(Token::LParen));
        if !is_call || matches!(self.before(), Some(Token::Period)) {
            return None;
        }
        // {fn CONVERT(…)}: functions of ODBC, which Snowflake takes.
        if is_word(self.before().as_ref(), "FN") {
            return None;
        }
        // IF NOT EXISTS (…)
        let instead = foreign::function(&name)?;
        said(format!("a function {name}"), format!("use {instead}"))
    }

    fn data_type(&self, in_call: Option<&str>) -> Option<ForeignSyntax> {
        let is_cast =
            matches!(in_call, Some("CAST" | "TRY_CAST" | "SAFE_CAST")) && self.is(0, "AS");
        if !is_cast && !matches!(self.get(0), Some(Token::DoubleColon)) {
            return None;
        }
        let name = bare(self.get(1).as_ref())?;
        let instead = foreign::data_type(&name)?;
        said(format!("a type {name}"), format!("use {instead}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_snowflake_has_is_never_called_foreign() {
        for sql in [
            "SELECT TRANSFORM(a, x -> 'b') FROM t",
            "SELECT FILTER(a, x -> x:v > 1) FROM t",
            "SHOW TABLES ->> SELECT * FROM $1",
            "SELECT * EXCLUDE (a) FROM t",
            "SELECT * FROM t EXCEPT (SELECT * FROM u)",
            "SELECT [1, 2], a[0], a['b'] FROM t",
            "SELECT DISTINCT a FROM t ORDER BY 1 LIMIT 5 OFFSET 10",
            "SELECT DATEADD(day, 1, d) + INTERVAL '1 day' FROM t",
            "SELECT db.sc.NOW(), \"NOW\", now FROM t",
            "SELECT IFF(a, 1, 2), a::variant, CAST(a AS NUMBER(10, 2)) FROM t",
            "SELECT (a) AS json FROM t",
            "SELECT {fn CONVERT(1, SQL_DOUBLE)}",
            "SELECT 'x == `y` ~ NOW()' -- NOW()",
            "",
        ] {
            assert_eq!(foreign_spelling(sql), None, "{sql}");
        }
    }

    #[test]
    fn a_text_is_told_from_a_column() {
        for (sql, name, text) in [
            ("SELECT 1 FROM t WHERE a = \"F\"", "F", Some("'F'")),
            ("SELECT 1 FROM t WHERE a = open", "OPEN", Some("'open'")),
            ("SELECT 1 FROM t WHERE a LIKE \"F%\"", "F%", Some("'F%'")),
            (
                "SELECT 1 FROM t WHERE a IN (\"A\", \"B\")",
                "B",
                Some("'B'"),
            ),
            ("SELECT 1 FROM t WHERE country = 'X'", "COUNTRY", None),
            ("SELECT 1 FROM t WHERE 'X' = country", "COUNTRY", None),
            ("SELECT 1 FROM t JOIN u ON t.a = u.b", "U.B", None),
            ("SELECT \"F\" FROM t", "F", None),
        ] {
            assert_eq!(text_without_quotes(sql, name).as_deref(), text, "{sql}");
        }
    }

    #[test]
    fn an_endless_statement_costs_nothing() {
        let sql = "SELECT NOW() ".repeat(10_000);
        assert_eq!(foreign_spelling(&sql), None);
        assert!(!adds_texts(&sql) && text_without_quotes(&sql, "X").is_none());
    }
}
