//! Names that the columns of `SEMANTIC_VIEW(…)` are given: `DIMENSIONS a.b AS x, METRICS a.c y`.
//!
//! The parser crate reads plain expressions there. What an expression is called says nothing about what it reads, so the names
//! are left out of what the parser is given; the warehouse gets the text with them.

use std::borrow::Cow;

use sqlparser::tokenizer::{Token, TokenWithSpan};

/// What begins a list of expressions.
const LISTS: [&str; 3] = ["DIMENSIONS", "FACTS", "METRICS"];

/// Words after which an expression goes on, or which go on with one.
const JOINING: [&str; 30] = [
    "ALL", "AND", "ANY", "AS", "ASC", "BETWEEN", "BY", "CASE", "COLLATE", "DESC", "DISTINCT",
    "DIV", "ELSE", "ESCAPE", "FROM", "ILIKE", "IN", "IS", "LIKE", "NOT", "OR", "OVER", "REGEXP",
    "RLIKE", "SELECT", "THEN", "WHEN", "WHERE", "WITHIN", "XOR",
];

/// A `SEMANTIC_VIEW(` that is open.
struct Open {
    /// How many brackets are open inside it.
    depth: usize,
    /// Whether this is one of its lists.
    is_list: bool,
}

/// The same tokens without the names.
pub(super) fn without_names(tokens: &[TokenWithSpan]) -> Cow<'_, [TokenWithSpan]> {
    let is_one = |token: &TokenWithSpan| word(&token.token).is_some_and(|it| it == "SEMANTIC_VIEW");
    if !tokens.iter().any(is_one) {
        // Nearly every statement ends here, without a copy.
        return Cow::Borrowed(tokens);
    }
    let mut kept: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut open: Vec<Open> = Vec::new();
    let mut depth = 0_usize;
    let mut begins = false;
    let mut names_next = false;
    for token in tokens {
        // Kept, because the tokens' places are places in the text.
        if matches!(token.token, Token::Whitespace(_)) {
            kept.push(token.clone());
            continue;
        }
        if std::mem::take(&mut names_next) && matches!(token.token, Token::Word(_)) {
            continue;
        }
        match &token.token {
            Token::LParen => {
                depth += 1;
                if std::mem::take(&mut begins) {
                    open.push(Open {
                        depth,
                        is_list: false,
                    });
                }
            }
            Token::RParen => {
                open.pop_if(|it| it.depth == depth);
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
        begins = is_one(token);
        // Directly inside the call; deeper brackets hold expressions, in which AS belongs to a
        // CAST.
        if let Some(view) = open.last_mut().filter(|it| it.depth == depth) {
            match word(&token.token).as_deref() {
                Some(clause) if LISTS.contains(&clause) && !is_in_name(&kept) => {
                    view.is_list = true
                }
                // Conditions have no names, and two words in a row mean something there.
                Some("WHERE") => view.is_list = false,
                Some("AS") if view.is_list => {
                    names_next = true;
                    continue;
                }
                _ if view.is_list && is_name(&token.token) && ends_expression(&kept) => continue,
                _ => {}
            }
        }
        kept.push(token.clone());
    }
    Cow::Owned(kept)
}

/// A word without quotes, in upper case.
fn word(token: &Token) -> Option<String> {
    match token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_uppercase()),
        _ => None,
    }
}

fn is_name(token: &Token) -> bool {
    match token {
        Token::Word(_) => {
            word(token).is_none_or(|word| word != "END" && !JOINING.contains(&word.as_str()))
        }
        _ => false,
    }
}

/// Whether what stands before is the beginning of a name: `t.metrics` is a column.
fn is_in_name(kept: &[TokenWithSpan]) -> bool {
    last(kept).is_some_and(|token| *token == Token::Period)
}

/// Whether an expression may end here, so that a name may follow.
fn ends_expression(kept: &[TokenWithSpan]) -> bool {
    match last(kept) {
        Some(
            Token::RParen | Token::RBracket | Token::Number(..) | Token::SingleQuotedString(_),
        ) => true,
        Some(token @ Token::Word(_)) => word(token).is_none_or(|word| {
            !JOINING.contains(&word.as_str()) && !LISTS.contains(&word.as_str())
        }),
        _ => false,
    }
}

fn last(kept: &[TokenWithSpan]) -> Option<&Token> {
    let mut before = kept.iter().rev();
    let found = before.find(|token| !matches!(token.token, Token::Whitespace(_)));
    found.map(|token| &token.token)
}

#[cfg(test)]
mod tests {
    use crate::sql::{Class, parse};

    #[test]
    fn names_of_columns_are_read_in_every_form() {
        for sql in [
            "SELECT * FROM SEMANTIC_VIEW(sv DIMENSIONS a.b AS x METRICS a.c y)",
            "SELECT * FROM SEMANTIC_VIEW(sv METRICS a.c AS \"my metric\", a.d DIMENSIONS a.*, b.e \"E\")",
            "SELECT * FROM SEMANTIC_VIEW(sv DIMENSIONS DATE_PART('year', o.d) AS year METRICS COUNT(a.b) n, a.b + 1 AS m)",
            "SELECT * FROM SEMANTIC_VIEW(sv FACTS a.f::NUMBER n, a.metrics DIMENSIONS CASE WHEN a.b = 1 THEN a.c ELSE a.d END k) AS t",
            "SELECT * FROM SEMANTIC_VIEW(sv METRICS m WHERE a.b IN (SELECT c FROM t) AND a.d > 1) WHERE m > 2",
            "SELECT * FROM SEMANTIC_VIEW(sv METRICS m AS x WHERE a.b = (SELECT MAX(y) FROM SEMANTIC_VIEW(sv METRICS a.z y)))",
            "SELECT seg, AGG(m) FROM sv GROUP BY seg HAVING AGG(m) > 1",
            "SELECT SYSTEM$READ_YAML_FROM_SEMANTIC_VIEW('d.s.sv')",
        ] {
            let parsed = parse(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
            assert_eq!(parsed.class(), Class::Read, "{sql}");
            assert_eq!(parsed.text(), sql, "the warehouse is sent what was written");
        }
        let elsewhere = "SELECT * FROM SEMANTIC_VIEW(sv METRICS m WHERE a.b c)";
        // Read by its words alone: no list of objects admits it.
        let unknown = parse(elsewhere).is_ok_and(|parsed| parsed.references().is_err());
        assert!(unknown, "conditions have no names");
    }
}
