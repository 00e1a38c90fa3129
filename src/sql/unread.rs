//! Forms of Snowflake's of which the parser crate makes no tree, told by their words.
//!
//! A statement that holds one is not wrong, so whoever cannot run it must not say that it is.

use sqlparser::tokenizer::Token;

use super::cleaning;
use super::lexis::{self, is_word};

/// What a statement holds that Snowflake reads and the parser does not; `None` where nothing of the kind is known.
#[must_use]
pub fn form(text: &str) -> Option<&'static str> {
    let cleaned = cleaning::clean(text).ok()?;
    let words = lexis::words(&cleaned.tokens);
    (0..words.len()).find_map(|at| {
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        form_at(words.get(at..)?, before)
    })
}

/// The form that begins with the first of the words.
fn form_at(words: &[&Token], before: Option<&&Token>) -> Option<&'static str> {
    const STRUCTURED: [&str; 3] = ["ARRAY", "MAP", "OBJECT"];
    let is_text = |word: &Token| {
        matches!(
            word,
            Token::SingleQuotedString(_) | Token::DollarQuotedString(_)
        )
    };
    let is_name = |word: Option<&&Token>| matches!(word, Some(Token::Word(_)));
    match words {
        [word, Token::LParen, name, Token::RParen, Token::LParen, ..]
            if is_word(Some(word), "IDENTIFIER") && is_text(name) =>
        {
            Some("IDENTIFIER(…) as the name of a function")
        }
        [Token::ExclamationMark, method, Token::LParen, ..]
            if is_name(before) && is_name(Some(method)) =>
        {
            Some("methods of objects, as in model!PREDICT")
        }
        [word, Token::LParen, ..]
            if STRUCTURED.iter().any(|name| is_word(Some(word), name))
                && (is_word(before, "AS") || matches!(before, Some(Token::DoubleColon))) =>
        {
            Some("structured types, as in ARRAY(NUMBER)")
        }
        [Token::LBrace, Token::Mul, word, ..]
        | [Token::LBrace, _, Token::Period, Token::Mul, word, ..]
            if is_word(Some(word), "EXCLUDE") || is_word(Some(word), "ILIKE") =>
        {
            Some("{*} with EXCLUDE or ILIKE")
        }
        [word, Token::LParen, name, Token::RParen, sample, ..]
            if is_word(Some(word), "TABLE")
                && is_text(name)
                && (is_word(Some(sample), "TABLESAMPLE") || is_word(Some(sample), "SAMPLE")) =>
        {
            Some("a sample of TABLE('…')")
        }
        [word, with, local, ..]
            if is_word(Some(word), "TIMESTAMP")
                && is_word(Some(with), "WITH")
                && is_word(Some(local), "LOCAL") =>
        {
            Some("TIMESTAMP WITH LOCAL TIME ZONE, which is TIMESTAMP_LTZ")
        }
        [Token::RArrow, word, ..] if is_word(Some(word), "SELECT") => {
            Some("a query without brackets as an argument")
        }
        [word, name, Token::LParen, query, ..]
            if is_word(Some(word), "WITH")
                && is_name(Some(name))
                && is_word(Some(query), "SELECT") =>
        {
            Some("WITH without AS")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::form;

    #[test]
    fn what_snowflake_reads_is_told_from_what_nobody_does() {
        for statement in [
            "SELECT IDENTIFIER('f')(1, 2)",
            "SELECT IDENTIFIER($$f$$)()",
            "SELECT model!PREDICT(1)",
            "SELECT [1]::ARRAY(INT), CAST(x AS MAP(VARCHAR, INT)) FROM t",
            "SELECT {* EXCLUDE (a)}, {t.* ILIKE 'a%'} FROM t",
            "SELECT * FROM TABLE('t') TABLESAMPLE (3)",
            "SELECT value FROM TABLE(FLATTEN(input => SELECT PARSE_JSON('[1]')))",
            "WITH t (SELECT 1 AS c) SELECT c FROM t",
            "SELECT CAST(a AS TIMESTAMP WITH LOCAL TIME ZONE) FROM t",
        ] {
            assert!(form(statement).is_some(), "{statement}");
        }
        for statement in [
            "SELECT 1 +",
            "SELECT ! FROM t",
            "SELECT ARRAY(1",
            "SELECT 'a!b' FROM t WHERE (",
            "WITH t (a) AS (SELECT 1) SELECT FROM WHERE",
            "SELECT TABLE('t'",
        ] {
            assert_eq!(form(statement), None, "{statement}");
        }
    }
}
