//! The text behind a tree: Snowflake names a column without alias by what was written.

use sqlparser::dialect::SnowflakeDialect;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer};

/// The tokens of a statement, by place.
pub(super) struct Source {
    tokens: Vec<TokenWithSpan>,
}

/// Words that end a select list. None of them can stand inside an expression outside parentheses.
const END_OF_LIST: [&str; 16] = [
    "FROM",
    "WHERE",
    "GROUP",
    "HAVING",
    "QUALIFY",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "FETCH",
    "UNION",
    "EXCEPT",
    "MINUS",
    "INTERSECT",
    "WINDOW",
    "INTO",
    "SAMPLE",
];

impl Source {
    pub(super) fn new(text: &str) -> Self {
        // A text that made a tree has tokens; if not, columns are named by the printed tree instead.
        let tokens = Tokenizer::new(&SnowflakeDialect {}, text)
            .with_unescape(false)
            .tokenize_with_location()
            .unwrap_or_default();
        Self { tokens }
    }

    /// The texts of the items of a select list, in upper case as Snowflake names columns, given where its SELECT stands.
    /// Empty where the place is unknown.
    pub(super) fn select_items(&self, select: Span) -> Vec<String> {
        let mut items = Vec::new();
        let mut item = String::new();
        let mut depth = 0_usize;
        let mut is_start = true;
        for token in self.after(select.start) {
            match &token.token {
                Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
                Token::RParen | Token::RBracket | Token::RBrace => {
                    let Some(outer) = depth.checked_sub(1) else {
                        break;
                    };
                    depth = outer;
                }
                Token::Comma if depth == 0 => {
                    items.push(named_by(&item));
                    item.clear();
                    is_start = true;
                    continue;
                }
                Token::SemiColon | Token::EOF => break,
                Token::Word(word) if depth == 0 && word.quote_style.is_none() => {
                    let word = word.value.to_uppercase();
                    // The FROM of IS DISTINCT FROM stands in the middle of an expression.
                    let is_operator = word == "FROM" && item.to_uppercase().ends_with(" DISTINCT ");
                    if END_OF_LIST.contains(&word.as_str()) && !is_operator {
                        break;
                    }
                    if is_start && items.is_empty() && matches!(word.as_str(), "DISTINCT" | "ALL") {
                        continue;
                    }
                }
                _ => {}
            }
            match &token.token {
                // Line breaks and comments count as one blank.
                Token::Whitespace(_) if item.ends_with(' ') || is_start => {}
                Token::Whitespace(_) => item.push(' '),
                other => {
                    is_start = false;
                    item.push_str(&other.to_string());
                }
            }
        }
        items.push(named_by(&item));
        items
    }

    /// The tokens behind the one that starts at a place.
    pub(super) fn after(&self, start: Location) -> impl Iterator<Item = &TokenWithSpan> {
        self.tokens
            .iter()
            .skip_while(move |token| token.span.start != start)
            .skip(1)
    }
}

/// The name Snowflake makes of an expression: its text in upper case, letter by letter.
fn named_by(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for letter in text.trim().chars() {
        let mut upper = letter.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(one), None) => name.push(one),
            _ => name.push(letter),
        }
    }
    name
}
