//! Which part of a text is a literal, a quoted name or a comment, so that nothing in it means anything to the parser.

use std::ops::Range;

use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Whitespace};

/// What a part of a text is, to whoever asks whether a character in it means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpanKind {
    /// A closed text, `'…'` or `$$…$$`.
    Text,
    /// A quoted name.
    Name,
    Comment,
    /// Anything else.
    Code,
}

/// Where one token is in a text, and what it is.
pub(super) struct TextSpan {
    pub(super) at: Range<usize>,
    pub(super) kind: SpanKind,
}

/// The parts of the text that the tokens were made of.
pub(super) fn spans(text: &str, tokens: &[TokenWithSpan]) -> Vec<TextSpan> {
    let mut spans = Vec::with_capacity(tokens.len());
    let mut here = Location::new(1, 1);
    let mut start = 0;
    let mut letters = text.char_indices();
    for token in tokens {
        let mut end = start;
        // The tokenizer counts lines and characters, the text is cut by bytes. One walk over both
        // translates.
        while here != token.span.end {
            let Some((at, letter)) = letters.next() else {
                break;
            };
            end = at + letter.len_utf8();
            if letter == '\n' {
                here = Location::new(here.line + 1, 1);
            } else {
                here.column += 1;
            }
        }
        spans.push(TextSpan {
            at: start..end,
            kind: kind(&token.token),
        });
        start = end;
    }
    spans
}

fn kind(token: &Token) -> SpanKind {
    match token {
        Token::SingleQuotedString(_) | Token::DollarQuotedString(_) => SpanKind::Text,
        Token::Word(word) if word.quote_style.is_some() => SpanKind::Name,
        Token::Whitespace(
            Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_),
        ) => SpanKind::Comment,
        _ => SpanKind::Code,
    }
}
