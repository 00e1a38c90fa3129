//! The words of a statement, and what is refused at sight: whatever Snowflake may read differently from the parser crate,
//! for then a check of the tree would prove nothing, and whatever is so deep that reading it would overflow the stack.

use sqlparser::tokenizer::{Token, TokenWithSpan, Whitespace};

use super::error::{Error, MAX_CHAIN};
use super::spans::{SpanKind, TextSpan};

/// How deep brackets, and joins that wait for their ON, may nest. Generated queries stay below 30; 64 fit into a stack of
/// 2 MiB without optimisation.
const MAX_NESTING: usize = 64;

/// A join that still waits for its ON uses as much of the parser's stack as this many brackets.
const A_JOIN_IN_BRACKETS: usize = 4;

/// Words that join what stands before them to what follows, or say more of it, as operators do.
const JOINING: [&str; 16] = [
    "AND", "AT", "BETWEEN", "COLLATE", "DIV", "ESCAPE", "ILIKE", "IN", "IS", "LIKE", "NOT", "OR",
    "OVERLAPS", "REGEXP", "RLIKE", "XOR",
];

/// Words that join queries.
const SETS: [&str; 4] = ["EXCEPT", "INTERSECT", "MINUS", "UNION"];

/// The tokens that mean something.
pub(super) fn words(tokens: &[TokenWithSpan]) -> Vec<&Token> {
    tokens
        .iter()
        .map(|token| &token.token)
        .filter(|token| !matches!(token, Token::Whitespace(_) | Token::EOF))
        .collect()
}

/// The word in upper case, if the token is one without quotes.
pub(super) fn bare(token: Option<&&Token>) -> Option<String> {
    match token {
        Some(Token::Word(word)) if word.quote_style.is_none() => Some(word.value.to_uppercase()),
        _ => None,
    }
}

/// Whether the token is this word, without quotes. `wanted` is in upper case.
pub(super) fn is_word(token: Option<&&Token>, wanted: &str) -> bool {
    match token {
        Some(Token::Word(word)) => {
            word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted)
        }
        _ => false,
    }
}

/// Refuses what Snowflake reads differently from the parser. The spans are what the tokens were made of.
pub(super) fn refuse_doubtful(
    text: &str,
    tokens: &[TokenWithSpan],
    spans: &[TextSpan],
) -> Result<(), Error> {
    // Some readers end a text at a NUL character, so the rest could be another statement than the one that was checked.
    if text.contains('\0') {
        return ambiguous("a NUL character", "remove it");
    }
    // If only one of two readers ends a line here, a comment hides different words for each of them.
    if text.replace("\r\n", "\n").contains('\r') {
        return ambiguous("a lone carriage return", "end lines with a line feed");
    }
    for span in spans {
        refuse_doubtful_characters(text.get(span.at.clone()).unwrap_or_default(), span.kind)?;
    }
    refuse_doubtful_paths(tokens)?;
    tokens
        .iter()
        .try_for_each(|token| refuse_doubtful_token(&token.token))
}

fn ambiguous(what: &'static str, instead: &'static str) -> Result<(), Error> {
    Err(Error::Ambiguous { what, instead })
}

/// Refuses characters of a part of the text that make it look, or be read, as something else.
fn refuse_doubtful_characters(part: &str, kind: SpanKind) -> Result<(), Error> {
    // Inside a text a person may write right-to-left; only what also turns the code behind it
    // hides something.
    let hides_nothing = matches!(kind, SpanKind::Text | SpanKind::Comment);
    if hides_nothing && turns_the_rest(part) {
        return ambiguous(
            "a direction-changing character that turns round what follows it",
            "end the change inside the same text, or write the character with CHR()",
        );
    }
    // Every reader ends a text at its quote, so these characters are harmless there.
    if kind == SpanKind::Text {
        return Ok(());
    }
    // One reader may end a comment here and the other not.
    if part.contains(['\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']) {
        return ambiguous(
            "an unusual line separator outside a text",
            "end lines with a line feed",
        );
    }
    if !hides_nothing && part.chars().any(is_invisible) {
        return ambiguous(
            "an invisible or direction-changing character outside a text",
            "remove it",
        );
    }
    Ok(())
}

/// Refuses literals and comments of other databases: in these the two readers may not end at the same place.
fn refuse_doubtful_token(token: &Token) -> Result<(), Error> {
    match token {
        // PostgreSQL ends `$a$` only at the next `$a$`, Snowflake knows no such thing, and the
        // code between would be a text for one of them.
        Token::DollarQuotedString(quoted) if quoted.tag.is_some() => {
            return ambiguous("a tagged dollar quote", "Snowflake knows only $$…$$");
        }
        // What the parser skips here, Snowflake would run.
        Token::Whitespace(Whitespace::SingleLineComment { prefix, .. }) if prefix == "#" => {
            return ambiguous("a # comment", "start comments with -- or //");
        }
        Token::Word(word) if !matches!(word.quote_style, None | Some('"')) => {
            return ambiguous(
                "a name in backticks or brackets",
                "quote names with \"double quotes\"",
            );
        }
        // X'0F' is Snowflake's. The others are not, and escapes inside them follow other rules.
        Token::HexStringLiteral(digits) if digits.bytes().all(|b| b.is_ascii_hexdigit()) => {}
        Token::HexStringLiteral(_)
        | Token::NationalStringLiteral(_)
        | Token::EscapedStringLiteral(_)
        | Token::UnicodeStringLiteral(_)
        | Token::TripleSingleQuotedString(_)
        | Token::TripleDoubleQuotedString(_)
        | Token::SingleQuotedByteStringLiteral(_)
        | Token::DoubleQuotedByteStringLiteral(_)
        | Token::TripleSingleQuotedByteStringLiteral(_)
        | Token::TripleDoubleQuotedByteStringLiteral(_)
        | Token::SingleQuotedRawStringLiteral(_)
        | Token::DoubleQuotedRawStringLiteral(_)
        | Token::TripleSingleQuotedRawStringLiteral(_)
        | Token::TripleDoubleQuotedRawStringLiteral(_)
        | Token::QuoteDelimitedStringLiteral(_)
        | Token::NationalQuoteDelimitedStringLiteral(_) => {
            return ambiguous(
                "a text with a prefix before its quote",
                "write plain 'single quotes'",
            );
        }
        _ => {}
    }
    Ok(())
}

/// Refuses what is glued to a stage's path and begins a comment or a text for the parser: Snowflake reads a path up to the
/// next space, so that for it the path goes on there, and what the parser takes for a comment is a part of the statement.
fn refuse_doubtful_paths(tokens: &[TokenWithSpan]) -> Result<(), Error> {
    /// How much of a path was read.
    #[derive(Clone, Copy, PartialEq)]
    enum Read {
        /// The stage's name, whose parts may stand in quotes.
        Name,
        /// Folders and a file, which may not.
        Folders,
        /// What ends a path without a space, such as a comma. Snowflake may see it otherwise.
        End,
    }
    let mut path = None;
    for token in tokens {
        // Only an `@` begins a path; until the next space all tokens belong to it.
        let Some(read) = path else {
            path = matches!(token.token, Token::AtSign).then_some(Read::Name);
            continue;
        };
        match &token.token {
            Token::Whitespace(Whitespace::Space | Whitespace::Newline | Whitespace::Tab) => {
                // A plain space ends the path for both readers.
                path = None;
            }
            Token::Whitespace(_) => {
                return Err(Error::Ambiguous {
                    what: "a comment (--, // or /*) glued to the path of a stage",
                    instead: "put a space before the comment, or write the path in quotes: '@stage/path'",
                });
            }
            Token::SingleQuotedString(_) | Token::DollarQuotedString(_) if read != Read::End => {
                return Err(quote_in_path());
            }
            Token::Word(word) if word.quote_style.is_some() && read == Read::Folders => {
                return Err(quote_in_path());
            }
            Token::Div if read == Read::Name => path = Some(Read::Folders),
            Token::Comma | Token::LParen | Token::RParen => path = Some(Read::End),
            _ => {}
        }
    }
    Ok(())
}

const fn quote_in_path() -> Error {
    Error::Ambiguous {
        what: "a quote inside the path of a stage",
        instead: "write the whole path in quotes: '@stage/path'",
    }
}

/// Whether a change of direction goes on after the part that begins it, and so changes how the rest of the line looks.
fn turns_the_rest(part: &str) -> bool {
    let (mut embedded, mut isolated) = (0_usize, 0_usize);
    for c in part.chars() {
        match c {
            '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' => embedded += 1,
            '\u{202c}' => embedded = embedded.saturating_sub(1),
            '\u{2066}'..='\u{2068}' => isolated += 1,
            '\u{2069}' => isolated = isolated.saturating_sub(1),
            _ => {}
        }
    }
    embedded + isolated > 0
}

/// Zero-width and bidirectional control characters: they make a statement look like another one.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{34f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// What is known of one open bracket.
#[derive(Default)]
struct Level {
    /// Operators since the last comma.
    chain: usize,
    /// Queries joined by UNION and the like.
    sets: usize,
    /// JOINs that wait for their ON. The parser goes one level deeper for each.
    joins: usize,
}

/// Refuses trees that would be too deep, before anybody builds them. How long the longest chain is.
pub(super) fn refuse_deep(words: &[&Token]) -> Result<usize, Error> {
    let mut outer: Vec<Level> = Vec::new();
    let mut level = Level::default();
    let (mut joins, mut longest) = (0, 0);
    for word in words {
        match word {
            Token::LParen | Token::LBracket | Token::LBrace => {
                // A postfix such as `[0]` lengthens the chain it hangs on.
                level.chain += usize::from(matches!(word, Token::LBracket));
                outer.push(std::mem::take(&mut level));
            }
            // What is joined inside the brackets ends with them.
            Token::RParen | Token::RBracket | Token::RBrace => {
                joins -= level.joins;
                level = outer.pop().unwrap_or_default();
            }
            // Items of a list are side by side in the tree, so a new one begins a chain of its own.
            Token::Comma => level.chain = 0,
            Token::Word(_) => {
                let is_any = |of: &[&str]| of.iter().any(|one| is_word(Some(word), one));
                level.chain += usize::from(is_any(&JOINING));
                level.sets += usize::from(is_any(&SETS));
                if is_word(Some(word), "JOIN") {
                    level.joins += 1;
                    joins += 1;
                } else if ["ON", "USING", "WHERE"]
                    .iter()
                    .any(|end| is_word(Some(word), end))
                {
                    // Joins without their condition are nested: `a JOIN b JOIN c ON … ON …`.
                    joins -= level.joins;
                    level.joins = 0;
                }
            }
            Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::DollarQuotedString(_)
            | Token::Placeholder(_)
            | Token::Period => {}
            _ => level.chain += 1,
        }
        // A join waiting for its condition takes more of the stack than a bracket.
        if outer.len() + joins * A_JOIN_IN_BRACKETS > MAX_NESTING {
            return Err(Error::TooDeep);
        }
        longest = longest.max(level.chain).max(level.sets);
        if longest > MAX_CHAIN {
            return Err(Error::ChainTooLong);
        }
    }
    Ok(longest)
}
