//! Forms of Snowflake's that the parser does not know, as the ones it does. The text stays as it is.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// `{*}` and `{t.*}` are `OBJECT_CONSTRUCT(*)`; `a DIRECTED JOIN b` is a join whose order is given, and the order of tables
/// changes no answer; `DATE_PART(year FROM d)` is EXTRACT; `NTH_VALUE(x, 2) FROM FIRST` is what it is without `FROM FIRST`,
/// and with `FROM LAST` it has that as a third argument. Its name stays, since policies know functions by name.
pub(super) fn read(tokens: &mut Vec<TokenWithSpan>) {
    let mut at = 0;
    while at < tokens.len() {
        let rest = tokens.get(at..).unwrap_or_default();
        if let Some(length) = brace_with_star(rest) {
            call_for_braces(tokens, at, length);
        } else if is_word(rest.first(), "DIRECTED") && is_word(next_word(rest), "JOIN") {
            // What comes next is now at the same place, so the place is not moved on.
            tokens.remove(at);
            continue;
        } else if let Some((from, end, is_last)) = nth_value_from(rest) {
            tokens.drain(at + from..=at + end);
            let call = tokens.get(at..at + from).unwrap_or_default();
            let bracket = call.iter().rposition(|token| token.token == Token::RParen);
            if is_last && let Some(bracket) = bracket.map(|bracket| at + bracket) {
                let mark = [Token::Comma, Token::SingleQuotedString(FROM_LAST.into())];
                tokens.splice(bracket..bracket, mark.map(TokenWithSpan::wrap));
            }
        } else if is_part_with_from(rest)
            && let Some(token) = tokens.get_mut(at)
        {
            token.token = Token::make_word("EXTRACT", None);
        }
        at += 1;
    }
}

/// What stands for `FROM LAST`: a third argument, of which Snowflake has none.
pub(crate) const FROM_LAST: &str = "FROM LAST";

/// Where FROM and LAST stand in `NTH_VALUE (…) FROM LAST OVER` and its like, and whether it is LAST.
fn nth_value_from(tokens: &[TokenWithSpan]) -> Option<(usize, usize, bool)> {
    if !is_word(tokens.first(), "NTH_VALUE") {
        return None;
    }
    let mut depth = 0_usize;
    let mut words = tokens.iter().enumerate().skip(1);
    words.find(|(_, token)| {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && !is_blank(token)
    })?;
    let mut words = words.filter(|(_, token)| !is_blank(token));
    let (from, _) = words
        .next()
        .filter(|(_, token)| is_word(Some(token), "FROM"))?;
    let (end, word) = words.next()?;
    let is_last = is_word(Some(word), "LAST");
    // Otherwise it is a table of that name.
    let (_, next) = words.next()?;
    let goes_on = ["OVER", "IGNORE", "RESPECT"]
        .iter()
        .any(|word| is_word(Some(next), word));
    (goes_on && (is_last || is_word(Some(word), "FIRST"))).then_some((from, end, is_last))
}

fn is_blank(token: &TokenWithSpan) -> bool {
    matches!(token.token, Token::Whitespace(_))
}

fn is_word(token: Option<&TokenWithSpan>, wanted: &str) -> bool {
    token.is_some_and(|token| {
        matches!(&token.token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted))
    })
}

/// The second token that is no white space.
fn next_word(tokens: &[TokenWithSpan]) -> Option<&TokenWithSpan> {
    tokens.iter().filter(|token| !is_blank(token)).nth(1)
}

/// `DATE_PART ( word FROM`
fn is_part_with_from(tokens: &[TokenWithSpan]) -> bool {
    if !is_word(tokens.first(), "DATE_PART") {
        return false;
    }
    let mut words = tokens.iter().filter(|token| !is_blank(token)).skip(1);
    let opens = words
        .next()
        .is_some_and(|token| token.token == Token::LParen);
    let has_part = words
        .next()
        .is_some_and(|token| matches!(token.token, Token::Word(_) | Token::SingleQuotedString(_)));
    let from = words.next();
    opens
        && has_part
        && from.is_some_and(
            |token| matches!(&token.token, Token::Word(word) if word.keyword == Keyword::FROM),
        )
}

fn call_for_braces(tokens: &mut Vec<TokenWithSpan>, at: usize, length: usize) {
    // From the end, because putting more tokens at the front moves it.
    let last = at + length - 1;
    let (Some(open), Some(close)) = (
        tokens.get(at).map(|token| token.span),
        tokens.get(last).map(|token| token.span),
    ) else {
        return;
    };
    if let Some(token) = tokens.get_mut(last) {
        *token = TokenWithSpan::new(Token::RParen, close);
    }
    let call = [
        // The tokens keep the place of the bracket, so that errors point into the text that was
        // sent.
        TokenWithSpan::new(Token::make_word("OBJECT_CONSTRUCT", None), open),
        TokenWithSpan::new(Token::LParen, open),
    ];
    tokens.splice(at..=at, call);
}

/// How many tokens `{*}` or `{t.*}` takes, if it stands at the start.
fn brace_with_star(tokens: &[TokenWithSpan]) -> Option<usize> {
    let mut words = tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| !is_blank(token));
    if tokens.first()?.token != Token::LBrace {
        return None;
    }
    words.next();
    let mut has_star = false;
    // The longest form, `{ a.b.c.* }`, has these many words.
    for (place, token) in words.take(8) {
        match &token.token {
            Token::RBrace if has_star => return Some(place + 1),
            Token::Mul if !has_star => has_star = true,
            Token::Word(_) | Token::Period if !has_star => {}
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #[test]
    fn forms_the_parser_does_not_know_are_read() {
        for statement in [
            "SELECT {*} FROM t",
            "SELECT 1, { t.* } FROM t",
            "SELECT * FROM a INNER DIRECTED JOIN b ON a.x = b.x",
            "SELECT NTH_VALUE(f(x), 2) FROM FIRST OVER (ORDER BY y) FROM t",
            "SELECT nth_value (x, 2)  from  last  ignore nulls over (order by y), z FROM t",
            "SELECT DATE_PART(year FROM d), DATE_PART('month' FROM d) FROM t",
        ] {
            let read = crate::sql::parse(statement);
            assert!(read.is_ok(), "{statement}: {:?}", read.err());
        }
    }
}
