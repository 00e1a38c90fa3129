//! Slips of the pen in a statement that cannot be read: a misspelt keyword, something that was begun and not ended.
//!
//! The parser says where it stumbled, which is often a word behind the mistake. What is told here is looked for around there.

use sqlparser::tokenizer::Token;

use super::error::SMALL_STATEMENT_BYTES;
use super::lexis::{bare, is_word};
use super::nearest::distance;
use super::{builtins, spelling};

/// The words statements are built of, as far as a slip of the pen in one is worth telling.
const KEYWORDS: [&str; 28] = [
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "ORDER",
    "HAVING",
    "QUALIFY",
    "LIMIT",
    "OFFSET",
    "JOIN",
    "INNER",
    "LEFT",
    "RIGHT",
    "OUTER",
    "CROSS",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "DISTINCT",
    "WITH",
    "VALUES",
    "SHOW",
    "DESCRIBE",
    "EXPLAIN",
    "BETWEEN",
    "EXCLUDE",
    "PARTITION",
    "TABLES",
];

/// The word of SQL that this one is a slip of the pen from.
#[must_use]
pub fn nearest_keyword(word: &str) -> Option<&'static str> {
    let word = word.to_uppercase();
    let is_swap = |keyword: &str| {
        let (mut left, mut right): (Vec<_>, Vec<_>) =
            (word.chars().collect(), keyword.chars().collect());
        left.sort_unstable();
        right.sort_unstable();
        // Two letters changed places: the commonest slip, which the distance counts as two changes.
        left == right && distance(keyword, &word) == 2
    };
    if word.len() > 12 || KEYWORDS.contains(&word.as_str()) {
        return None;
    }
    KEYWORDS
        .into_iter()
        // Short words are one letter from too many others: a table `tb` is not meant to be `BY`.
        .find(|keyword| (word.len() >= 4 && distance(keyword, &word) == 1) || is_swap(keyword))
}

/// The misspelt keyword before the word that the parser stumbled over, and the keyword: in `COUNT(*) form nation` it takes
/// `form` for an alias and stumbles over `nation`.
#[must_use]
pub fn misspelt_before(sql: &str, stumbled: &str) -> Option<(String, &'static str)> {
    let words = spelling::read(sql)?;
    words.windows(2).find_map(|pair| {
        let [before, word] = pair else { return None };
        let before = bare(Some(&before))?;
        let is_there = word.to_string().eq_ignore_ascii_case(stumbled);
        let keyword = is_there.then(|| nearest_keyword(&before)).flatten()?;
        Some((before.to_lowercase(), keyword))
    })
}

/// What is begun and not ended, or stands where it cannot, by the word that the parser stumbled over.
#[must_use]
pub fn unfinished(sql: &str, stumbled: &str) -> Option<String> {
    let words = spelling::read(sql)?;
    let count = |wanted: &str| {
        let found = words.iter().filter(|word| is_word(Some(word), wanted));
        found.count()
    };
    let stumbles_after = |before: &dyn Fn(&Token) -> bool| {
        words.windows(2).any(|pair| {
            matches!(pair, [first, second] if before(first) && second.to_string().eq_ignore_ascii_case(stumbled))
        })
    };
    // Counted in the whole statement, because the parser stumbles far behind the CASE.
    if count("CASE") > count("END") {
        return Some("a CASE is not ended: CASE WHEN condition THEN a ELSE b END".to_owned());
    }
    if stumbled == ")" && stumbles_after(&|token| matches!(token, Token::Comma)) {
        return Some("leave out the comma before the closing bracket".to_owned());
    }
    if stumbles_after(&|token| is_word(Some(&token), "FLATTEN")) || is_flatten(stumbled) {
        return Some("FLATTEN stands in FROM: FROM t, LATERAL FLATTEN(input => t.column) f, and f.value is each element".to_owned());
    }
    let name = stumbled.to_uppercase();
    // `name REGEXP_LIKE 'a'`: a function written like an operator.
    let is_between = words.windows(2).any(|pair| {
        matches!(pair, [word, Token::SingleQuotedString(_)] if bare(Some(&word)).as_deref() == Some(name.as_str()))
    });
    if is_between && builtins::is_builtin(&name) {
        return Some(format!(
            "{name} is a function: write {name}(text, 'pattern')"
        ));
    }
    None
}

fn is_flatten(word: &str) -> bool {
    word.eq_ignore_ascii_case("FLATTEN")
}

/// Whether the statement uses a text quote inside a text, as in `'O'Brien'`.
#[must_use]
pub fn has_open_text(sql: &str) -> bool {
    sql.len() <= SMALL_STATEMENT_BYTES && sql.matches('\'').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_recognised_when_they_are_misspelt() {
        assert_eq!(nearest_keyword("SELCT"), Some("SELECT"));
        assert_eq!(nearest_keyword("form"), Some("FROM"));
        assert_eq!(nearest_keyword("WEHRE"), Some("WHERE"));
        assert_eq!(nearest_keyword("C_NAME"), None);
        assert_eq!(nearest_keyword("FROM"), None);
    }

    #[test]
    fn a_misspelt_keyword_is_found_before_the_word_that_the_parser_names() {
        let before = |sql, stumbled| misspelt_before(sql, stumbled);
        assert_eq!(
            before("SELECT COUNT(*) form nation", "nation"),
            Some(("form".to_owned(), "FROM"))
        );
        assert_eq!(
            before("SELECT 1 FROM orders grop by a", "by"),
            Some(("grop".to_owned(), "GROUP"))
        );
        assert_eq!(before("SELECT a b c FROM t", "c"), None);
    }

    #[test]
    fn what_is_begun_and_not_ended_is_told() {
        for (sql, stumbled, told) in [
            ("SELECT CASE WHEN 1 = 1 THEN 'a' FROM t", "1", "END"),
            ("SELECT 1 FROM t WHERE a IN ('A', )", ")", "comma"),
            (
                "SELECT LATERAL FLATTEN(input => a) FROM t",
                "(",
                "FROM t, LATERAL",
            ),
            (
                "SELECT 1 FROM t WHERE a REGEXP_LIKE '^A'",
                "REGEXP_LIKE",
                "REGEXP_LIKE(text",
            ),
        ] {
            let advice = unfinished(sql, stumbled);
            assert!(
                advice
                    .as_deref()
                    .is_some_and(|advice| advice.contains(told)),
                "{sql}: {advice:?}"
            );
        }
        for (sql, stumbled) in [
            ("SELECT CASE WHEN a THEN 1 END b c FROM t", "c"),
            ("SELECT (1, 2))", ")"),
            ("SELECT a b 'x'", "'x'"),
        ] {
            assert_eq!(unfinished(sql, stumbled), None, "{sql}");
        }
    }
}
