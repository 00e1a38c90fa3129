//! The text of a statement as models write it, made the text that is judged and sent.
//!
//! A code fence around it, a byte order mark, several semicolons at an end, spaces from a web page and typographic quotes
//! mean nothing to Snowflake, and only one thing to a reader. They go before anything else looks at the text: the policy
//! judges what is left, and the warehouse is sent exactly that. Whatever stands in a closed text, in a quoted name or in
//! a comment stays as it is.

use std::ops::Range;

use sqlparser::dialect::SnowflakeDialect;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::error::{Error, MAX_STATEMENT_BYTES};
use super::lexis;
use super::spans::{SpanKind, TextSpan, spans};

#[cfg(feature = "embedded")]
pub(crate) use self::forms::FROM_LAST;

/// A text without what models put around it, and its tokens.
pub(super) struct Cleaned {
    pub(super) text: String,
    pub(super) tokens: Vec<TokenWithSpan>,
}

/// Words after the ticks of a code fence that name its language.
const LANGUAGES: [&str; 13] = [
    "ansi-sql",
    "bigquery",
    "code",
    "mysql",
    "plaintext",
    "postgres",
    "postgresql",
    "snowflake",
    "snowflake-sql",
    "snowsql",
    "sql",
    "text",
    "tsql",
];

const FENCE: &str = "```";

/// Which typographic quote closes what another opens. A text in which any other pair is found has apostrophes among them.
const PAIRS: [(char, char); 8] = [
    ('‘', '’'),
    ('’', '’'),
    ('‚', '‘'),
    ('‚', '’'),
    ('“', '”'),
    ('”', '”'),
    ('„', '“'),
    ('„', '”'),
];

const DOUBTFUL_QUOTES: Error = Error::Ambiguous {
    what: "typographic quotes (‘ ’ “ ”) that could be read in more than one way",
    instead: "write texts in 'straight quotes' and names in \"straight double quotes\"",
};

const FENCE_INSIDE: Error = Error::Ambiguous {
    what: "a code fence (```) beside other text",
    instead: "send the SQL alone",
};

/// The statement in a text.
///
/// # Errors
///
/// The text is too long, no tokens can be made of it, or it has quotes that could be read in two ways.
pub(super) fn clean(text: &str) -> Result<Cleaned, Error> {
    // Before any work on the text, which grows with its length.
    if text.len() > MAX_STATEMENT_BYTES {
        return Err(Error::TooLong { bytes: text.len() });
    }
    // Trimmed first, so that places in the tree are places in the text that is kept.
    let mut text = unwrapped(text).to_owned();
    let mut tokens = match tokenize(&text) {
        Ok(tokens) => tokens,
        // An apostrophe between typographic quotes opens a text that never ends.
        Err(_) if text.contains(is_typographic) => return Err(DOUBTFUL_QUOTES),
        Err(_) if text.contains(FENCE) => return Err(FENCE_INSIDE),
        Err(error) => return Err(error),
    };
    // The parts of the text that are string literals, names or comments: in these nothing is changed.
    let mut spans = spans(&text, &tokens);
    // Edits are made in the text and not in the tokens: what was judged must be what is sent.
    let edits = edits(&text, &tokens, &spans)?;
    if !edits.is_empty() {
        text = edited(&text, &edits).trim().to_owned();
        tokens = tokenize(&text)?;
        spans = self::spans(&text, &tokens);
    }
    // A fence in the middle: there is prose around the statement, and guessing where it begins
    // could run half of it.
    if text.contains(FENCE) && tokens.iter().any(is_in_backticks) {
        return Err(FENCE_INSIDE);
    }
    lexis::refuse_doubtful(&text, &tokens, &spans)?;
    // Semicolons may end the statement; white space and comments may follow them.
    let ends = tokens
        .iter()
        .rposition(|token| !matches!(token.token, Token::Whitespace(_) | Token::SemiColon))
        .map_or(0, |last| last + 1);
    let semicolon = tokens
        .iter()
        .enumerate()
        .skip(ends)
        .find(|(_, token)| matches!(token.token, Token::SemiColon));
    if let Some((index, _)) = semicolon {
        let at = spans.get(index).map_or(text.len(), |span| span.at.start);
        text.truncate(at);
        tokens.truncate(index);
    }
    // The tokenizer reads backslash escapes as other dialects do; the value must be the one that Snowflake reads.
    for (token, span) in tokens.iter_mut().zip(&spans) {
        if let Token::SingleQuotedString(value) = &mut token.token
            && let Some(written) = text.get(span.at.clone())
            && written.contains('\\')
            && let Some(read) = escapes::read(written)
        {
            *value = read;
        }
    }
    forms::read(&mut tokens);
    text.truncate(text.trim_end().len());
    Ok(Cleaned { text, tokens })
}

/// The text without a byte order mark and white space around it, and out of the code fence it stands in.
fn unwrapped(text: &str) -> &str {
    let text = trimmed(text);
    if let Some(inside) = text.strip_prefix(FENCE) {
        // Models also put the semicolon behind the fence.
        let closed = inside.trim_end_matches(|c: char| c == ';' || c.is_whitespace());
        let inside = closed.strip_suffix(FENCE).unwrap_or(inside);
        let end = inside.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        let (word, rest) = inside.split_at(end.unwrap_or(inside.len()));
        let names_language = LANGUAGES.iter().any(|name| name.eq_ignore_ascii_case(word));
        // Any other word is the first of the statement.
        return trimmed(if names_language { rest } else { inside });
    }
    let inside = text
        .strip_prefix('`')
        .and_then(|text| text.strip_suffix('`'))
        // A single word in backticks is a name, and is refused as one with advice about names.
        .filter(|inside| inside.contains(char::is_whitespace) && !inside.contains('`'));
    trimmed(inside.unwrap_or(text))
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c == '\u{feff}' || c.is_whitespace())
}

fn tokenize(text: &str) -> Result<Vec<TokenWithSpan>, Error> {
    Tokenizer::new(&SnowflakeDialect {}, text)
        .tokenize_with_location()
        .map_err(|error| Error::Syntax(error.to_string()))
}

fn is_in_backticks(token: &TokenWithSpan) -> bool {
    matches!(&token.token, Token::Word(word) if word.quote_style == Some('`'))
}

/// A character, by its place and length, and what takes its place.
type Edit = (Range<usize>, &'static str);

/// What is to be written otherwise, in order.
fn edits(text: &str, tokens: &[TokenWithSpan], spans: &[TextSpan]) -> Result<Vec<Edit>, Error> {
    let mut edits = Vec::new();
    let mut quotes: Vec<Quote> = Vec::new();
    let mut has_begun = false;
    for (index, (span, token)) in spans.iter().zip(tokens).enumerate() {
        match token.token {
            // As in ;WITH, which another database wants.
            Token::SemiColon if !has_begun => edits.push((span.at.clone(), " ")),
            Token::Whitespace(_) => {}
            _ => has_begun = true,
        }
        // In a text or a comment, quotes and spaces are what the writer means.
        if span.kind != SpanKind::Code {
            continue;
        }
        let part = text.get(span.at.clone()).unwrap_or_default();
        for (at, letter) in part.char_indices() {
            let start = span.at.start + at;
            let at = start..start + letter.len_utf8();
            if is_typographic(letter) {
                quotes.push(Quote { at, letter, index });
            } else if is_wide_space(letter) && quotes.len().is_multiple_of(2) {
                // One between two quotes belongs to the text that they make.
                edits.push((at, " "));
            }
        }
    }
    // An odd number of them cannot all be pairs, and guessing which one is alone could change a
    // condition.
    for pair in quotes.chunks(2) {
        let [open, close] = pair else {
            return Err(DOUBTFUL_QUOTES);
        };
        let straight = straight(text, spans, open, close).ok_or(DOUBTFUL_QUOTES)?;
        edits.push((open.at.clone(), straight));
        edits.push((close.at.clone(), straight));
    }
    edits.sort_by_key(|(at, _)| at.start);
    Ok(edits)
}

/// A typographic quote, and in which span it stands.
struct Quote {
    at: Range<usize>,
    letter: char,
    index: usize,
}

/// What both quotes are to become; `None` where they may not be a pair, or hold what could end the text they make.
fn straight(text: &str, spans: &[TextSpan], open: &Quote, close: &Quote) -> Option<&'static str> {
    if !PAIRS.contains(&(open.letter, close.letter)) {
        return None;
    }
    let (straight, same) = match open.letter {
        '‘' | '’' | '‚' => ("'", SpanKind::Text),
        _ => ("\"", SpanKind::Name),
    };
    let inside = text.get(open.at.end..close.at.start)?;
    let ends_early = inside.contains(straight) || inside.contains(['\\', '\n', '\r']);
    // A comment may hide the quote that closes.
    let between = spans.get(open.index + 1..close.index).unwrap_or_default();
    let hides = between
        .iter()
        .any(|span| span.kind == SpanKind::Comment || span.kind == same);
    // An apostrophe stands at a letter; a second quote would be read as one of the text.
    let touches =
        |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '\'' | '"') || is_typographic(c);
    let before = text.get(..open.at.start)?.chars().next_back();
    let after = text.get(close.at.end..)?.chars().next();
    let is_apart = !before.into_iter().chain(after).any(touches);
    (!ends_early && !hides && is_apart).then_some(straight)
}

fn edited(text: &str, edits: &[Edit]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut from = 0;
    for (at, instead) in edits {
        result.push_str(text.get(from..at.start).unwrap_or_default());
        result.push_str(instead);
        from = at.end;
    }
    result.push_str(text.get(from..).unwrap_or_default());
    result
}

fn is_typographic(c: char) -> bool {
    matches!(c, '‘' | '’' | '‚' | '“' | '”' | '„')
}

/// A space beyond ASCII that ends no line.
fn is_wide_space(c: char) -> bool {
    c.is_whitespace() && !c.is_ascii() && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
}

mod escapes;
mod forms;
#[cfg(test)]
mod tests;
