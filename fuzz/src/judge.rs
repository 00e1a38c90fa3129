//! A second opinion on what is a read. It shares no code with the one it judges: its own reader of words, its own rule, which is
//! that outside of texts, comments and quoted names no verb stands where a statement can begin.

/// A piece of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'text> {
    /// White space or a comment.
    Space,
    /// A word or a number.
    Word(&'text str),
    /// A text or a quoted name.
    Quoted(&'text str),
    /// Any other character.
    Sign(&'text str),
}

fn pieces<'text>(text: &'text str) -> Vec<Piece<'text>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, make): (usize, fn(&'text str) -> Piece<'text>) = if first.is_whitespace() {
            (first.len_utf8(), |_| Piece::Space)
        } else if rest.starts_with("--") || rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), |_| Piece::Space)
        } else if rest.starts_with("/*") {
            let end = rest.get(2..).and_then(|inside| inside.find("*/"));
            (end.map_or(rest.len(), |end| end + 4), |_| Piece::Space)
        } else if rest.starts_with("$$") {
            let end = rest.get(2..).and_then(|inside| inside.find("$$"));
            (end.map_or(rest.len(), |end| end + 4), Piece::Quoted)
        } else if rest.starts_with("->>") {
            (3, Piece::Sign)
        } else if first == '\'' || first == '"' {
            (quoted(rest, first), Piece::Quoted)
        } else if is_of_word(first) {
            let end = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
            (end, Piece::Word)
        } else {
            (first.len_utf8(), Piece::Sign)
        };
        let (piece, after) = rest.split_at(length);
        pieces.push(make(piece));
        rest = after;
    }
    pieces
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The length of a quoted text, quotes included. A quote inside is doubled, or in a text comes after a backslash.
fn quoted(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == '\\' && quote == '\'' {
            characters.next();
        } else if c == quote {
            match characters.peek() {
                Some((_, next)) if *next == quote => {
                    characters.next();
                }
                _ => return at + 1,
            }
        }
    }
    text.len()
}

/// What a statement that reads may begin with.
const READS: [&str; 8] = [
    "SELECT", "WITH", "VALUES", "SHOW", "DESC", "DESCRIBE", "EXPLAIN", "LIST",
];

/// Reserved verbs: they stand nowhere in a read, but for the function INSERT and fields of a row.
const RESERVED: [&str; 9] = [
    "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "GRANT", "REVOKE", "INTO",
];

/// Verbs that are names as well: no read begins with one of them, nor a bracket that goes on with a name after it.
const VERBS: [(&str, &[&str]); 9] = [
    ("MERGE", &["INTO"]),
    ("TRUNCATE", &["TABLE"]),
    ("UNDROP", &["TABLE", "SCHEMA", "DATABASE"]),
    ("EXECUTE", &["IMMEDIATE", "TASK"]),
    ("COPY", &["INTO"]),
    (
        "USE",
        &["ROLE", "WAREHOUSE", "DATABASE", "SCHEMA", "SECONDARY"],
    ),
    ("UNSET", &[]),
    ("COMMENT", &["ON"]),
    ("REMOVE", &[]),
];

/// Why a statement cannot be a read, if so.
pub fn objection(statement: &str) -> Option<String> {
    let pieces: Vec<Piece<'_>> = pieces(statement)
        .into_iter()
        .filter(|piece| *piece != Piece::Space)
        .collect();
    let word = |at: usize| match pieces.get(at) {
        Some(Piece::Word(word)) => word.to_ascii_uppercase(),
        _ => String::new(),
    };
    let sign = |at: Option<usize>| match at.and_then(|at| pieces.get(at)) {
        Some(Piece::Sign(sign)) => *sign,
        _ => "",
    };
    // One may end it.
    let inner = pieces.split_last().map_or(&[][..], |(_, inner)| inner);
    if inner.contains(&Piece::Sign(";")) {
        return Some("it holds a semicolon".into());
    }
    let mut describes = false;
    for at in 0..pieces.len() {
        let here = word(at);
        if here.is_empty() {
            continue;
        }
        let before = sign(at.checked_sub(1));
        let opens = sign(Some(at + 1)) == "(";
        let begins = pieces[..at].iter().all(|piece| *piece == Piece::Sign("("));
        if begins || before == "->>" {
            let is_read = READS.contains(&here.as_str()) || here == "LS";
            if !is_read {
                return Some(format!("it begins with {here}"));
            }
            describes = here.starts_with("DESC");
            continue;
        }
        // A field of a row or a document may have any name.
        if before == "." || before == ":" {
            continue;
        }
        if RESERVED.contains(&here.as_str()) && !(here == "INSERT" && opens) {
            return Some(format!("it holds {here}"));
        }
        if before == "("
            && VERBS
                .iter()
                .any(|(verb, next)| *verb == here && next.contains(&word(at + 1).as_str()))
        {
            return Some(format!("it holds ({here}"));
        }
        if here == "PROCEDURE" && opens && word(at.saturating_sub(1)) == "AS" {
            return Some("it defines a procedure".into());
        }
        // DESCRIBE FUNCTION names one and does not call it.
        if !describes && let Some(function) = effect(&here, opens) {
            return Some(format!("it calls {function}"));
        }
    }
    None
}

/// Functions that nobody takes for harmless.
fn effect(word: &str, is_called: bool) -> Option<&str> {
    let verbs = [
        "CANCEL",
        "ABORT",
        "WAIT",
        "SEND",
        "SET_",
        "UNSET_",
        "GENERATE_SCIM",
    ];
    let acts = word
        .strip_prefix("SYSTEM$")
        .is_some_and(|name| verbs.iter().any(|verb| name.starts_with(verb)));
    (is_called && (acts || word == "AI_COMPLETE" || word == "GETNEXTVAL")).then_some(word)
}

/// The same statement with one space for all white space and comments, and in upper case outside of quotes.
pub fn normalised(statement: &str) -> String {
    let mut plain = String::new();
    for piece in pieces(statement) {
        match piece {
            Piece::Space if plain.ends_with(' ') => {}
            Piece::Space => plain.push(' '),
            // `0xff` is a number to the parser crate, `0XFF` is not: what begins with a digit stays as it is.
            Piece::Word(word) if word.starts_with(|c: char| c.is_ascii_digit()) => {
                plain.push_str(word)
            }
            Piece::Word(word) => plain.push_str(&word.to_ascii_uppercase()),
            Piece::Quoted(text) | Piece::Sign(text) => plain.push_str(text),
        }
    }
    plain
}
