//! JSON as Snowflake reads and writes it: numbers keep their digits, the keys of an object are in order.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::digits::without_zeros;

/// How deep a document may nest; the parser calls itself.
const MAX_DEPTH: usize = 200;

/// A value of a VARIANT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Boolean(bool),
    /// As it was written.
    Number(String),
    Text(String),
    Array(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

/// Why a text is no JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Snowflake says so too, and in how many bytes.
    Wrong(String),
    /// Snowflake may read it; how is not known for certain.
    Doubtful(&'static str),
}

impl Json {
    /// Whether two values are equal, numbers by their value: 1 is 1.0.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => compare(one, other).is_eq(),
            (Self::Array(one), Self::Array(other)) => {
                one.len() == other.len()
                    && one.iter().zip(other).all(|(one, other)| one.is_same(other))
            }
            (Self::Object(one), Self::Object(other)) => {
                one.len() == other.len()
                    && one
                        .iter()
                        .zip(other)
                        .all(|(one, other)| one.0 == other.0 && one.1.is_same(other.1))
            }
            (one, other) => one == other,
        }
    }
}

/// Numbers as they are written, by value; those of the same double by their digits.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    if let (Ok(one), Ok(other)) = (one.parse::<i128>(), other.parse::<i128>()) {
        return one.cmp(&other);
    }
    let value = |digits: &str| digits.parse::<f64>().unwrap_or(f64::NAN);
    value(one).total_cmp(&value(other))
}

/// A document of the engine's own, which is always well formed.
pub(super) fn own(text: &str) -> Result<Json, String> {
    match read(text) {
        Ok(value) => Ok(value.unwrap_or(Json::Null)),
        Err(_) => Err("the value is no VARIANT, OBJECT or ARRAY".into()),
    }
}

/// Reads a document; `None` for a text of blanks.
pub(super) fn read(text: &str) -> Result<Option<Json>, Fault> {
    read_with(text, false)
}

pub(super) fn read_with(text: &str, last_counts: bool) -> Result<Option<Json>, Fault> {
    let mut reader = Reader {
        text,
        at: 0,
        last_counts,
    };
    reader.skip_blanks();
    if reader.rest().is_empty() {
        return Ok(None);
    }
    let value = reader.value(0)?;
    reader.skip_blanks();
    if reader.rest().is_empty() {
        Ok(Some(value))
    } else {
        Err(reader.wrong("more than one value"))
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Of several values of one key.
    last_counts: bool,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
        self.at += rest.len() - rest.trim_start_matches(blank).len();
    }

    fn takes(&mut self, token: char) -> bool {
        self.skip_blanks();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len_utf8();
        }
        found
    }

    fn wrong(&self, why: &str) -> Fault {
        Fault::Wrong(format!("{why}, pos {}", self.at + 1))
    }

    fn value(&mut self, depth: usize) -> Result<Json, Fault> {
        if depth > MAX_DEPTH {
            return Err(Fault::Doubtful("does not read JSON that nests this deep"));
        }
        self.skip_blanks();
        match self.rest().chars().next() {
            None => Err(self.wrong("incomplete value")),
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"') => Ok(Json::Text(self.text('"')?)),
            Some('\'') => Err(Fault::Doubtful(
                "does not read JSON with texts in single quotes",
            )),
            Some(c) if c == '-' || c.is_ascii_digit() => self.number(),
            Some(c) if c.is_ascii_alphabetic() => {
                let word = self.word();
                match word {
                    // In any case: the documentation reads 'NULL'. It does not say so of the others.
                    _ if word.eq_ignore_ascii_case("null") => Ok(Json::Null),
                    "true" => Ok(Json::Boolean(true)),
                    "false" => Ok(Json::Boolean(false)),
                    "NaN" | "Infinity" | "undefined" => Err(Fault::Doubtful(
                        "does not read JSON with NaN, Infinity or undefined",
                    )),
                    _ if ["true", "false", "nan", "infinity", "undefined"]
                        .iter()
                        .any(|known| word.eq_ignore_ascii_case(known)) =>
                    {
                        Err(Fault::Doubtful(
                            "does not read JSON with true or false in capital letters",
                        ))
                    }
                    other => Err(self.wrong(&format!("unknown keyword \"{other}\""))),
                }
            }
            Some('+' | '.') if self.starts_a_number() => Err(Fault::Doubtful(
                "does not read JSON with numbers that start with + or a point",
            )),
            Some(_) => Err(self.wrong("misplaced character")),
        }
    }

    /// Whether a sign or a point is the start of a number, and not of some text that is no JSON at all.
    fn starts_a_number(&self) -> bool {
        let rest = self.rest().trim_start_matches(['+', '-', '.']);
        rest.starts_with(|c: char| c.is_ascii_digit())
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$')))
            .unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn array(&mut self, depth: usize) -> Result<Json, Fault> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            if self.takes(']') {
                return Ok(Json::Array(items));
            }
            // What is left out between commas, or behind the last one, is an element without a value.
            if self.takes(',') {
                items.push(Json::Null);
                if self.takes(']') {
                    items.push(Json::Null);
                    return Ok(Json::Array(items));
                }
                continue;
            }
            items.push(self.value(depth + 1)?);
            if !self.takes(',') {
                if self.takes(']') {
                    return Ok(Json::Array(items));
                }
                return Err(self.wrong("missing comma"));
            }
            if self.takes(']') {
                items.push(Json::Null);
                return Ok(Json::Array(items));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, Fault> {
        self.at += 1;
        let mut members = BTreeMap::new();
        loop {
            if self.takes('}') {
                return Ok(Json::Object(members));
            }
            let key = match self.rest().chars().next() {
                Some('"') => self.text('"')?,
                Some('\'') => {
                    return Err(Fault::Doubtful(
                        "does not read JSON with texts in single quotes",
                    ));
                }
                // Names without quotes are read, as in JavaScript.
                Some(c) if c.is_alphabetic() || matches!(c, '_' | '$') => self.word().to_owned(),
                Some(_) => return Err(self.wrong("misplaced character in object")),
                None => return Err(self.wrong("incomplete object value")),
            };
            if !self.takes(':') {
                return Err(self.wrong("missing colon"));
            }
            let value = self.value(depth + 1)?;
            if members.contains_key(&key) && !self.last_counts {
                return Err(self.wrong(&format!("duplicate object attribute \"{key}\"")));
            }
            members.insert(key, value);
            if !self.takes(',') {
                if self.takes('}') {
                    return Ok(Json::Object(members));
                }
                return Err(self.wrong("missing comma"));
            }
        }
    }

    fn text(&mut self, quote: char) -> Result<String, Fault> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let Some(end) = rest.find([quote, '\\']) else {
                return Err(self.wrong("unterminated string"));
            };
            text.push_str(rest.get(..end).unwrap_or_default());
            self.at += end + 1;
            if rest.get(end..).is_some_and(|rest| rest.starts_with(quote)) {
                return Ok(text);
            }
            let Some(escape) = self.rest().chars().next() else {
                return Err(self.wrong("unterminated string"));
            };
            self.at += escape.len_utf8();
            match escape {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                'r' => text.push('\r'),
                'b' => text.push('\u{8}'),
                'f' => text.push('\u{c}'),
                '"' | '\\' | '/' | '\'' => text.push(escape),
                'u' => text.push(self.unicode()?),
                _ => return Err(self.wrong("invalid escape sequence")),
            }
        }
    }

    fn unicode(&mut self) -> Result<char, Fault> {
        let first = self.unit()?;
        let code = if (0xD800..0xDC00).contains(&first) {
            if !self.rest().starts_with("\\u") {
                return Err(self.wrong("invalid surrogate pair"));
            }
            self.at += 2;
            let second = self.unit()?;
            0x10000 + ((first - 0xD800) << 10) + (second.wrapping_sub(0xDC00) & 0x3FF)
        } else {
            first
        };
        char::from_u32(code).ok_or_else(|| self.wrong("invalid surrogate pair"))
    }

    fn unit(&mut self) -> Result<u32, Fault> {
        let digits = self.rest().get(..4).unwrap_or_default();
        let unit = u32::from_str_radix(digits, 16);
        self.at += digits.len();
        unit.map_err(|_| self.wrong("invalid escape sequence"))
    }

    fn number(&mut self) -> Result<Json, Fault> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E')))
            .unwrap_or(rest.len());
        let digits = rest.get(..end).unwrap_or_default();
        let body = digits.strip_prefix('-').unwrap_or(digits);
        let starts_with_zeros = body.len() > 1
            && body.starts_with('0')
            && !body.starts_with("0.")
            && !body.starts_with("0e")
            && !body.starts_with("0E");
        if starts_with_zeros || body.ends_with('.') || body.contains(".e") || body.contains(".E") {
            return Err(Fault::Doubtful(
                "does not read JSON numbers with leading zeros or with nothing after the point",
            ));
        }
        match digits.parse::<f64>() {
            Ok(value) if value.is_finite() => {
                self.at += end;
                Ok(Json::Number(without_zeros(digits).to_owned()))
            }
            _ => Err(self.wrong("invalid number")),
        }
    }
}

impl std::fmt::Display for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Number(digits) => f.write_str(digits),
            Self::Text(text) => write_text(f, text),
            Self::Array(items) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        f.write_char(',')?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_char(']')
            }
            Self::Object(members) => {
                f.write_char('{')?;
                for (index, (key, value)) in members.iter().enumerate() {
                    if index > 0 {
                        f.write_char(',')?;
                    }
                    write_text(f, key)?;
                    write!(f, ":{value}")?;
                }
                f.write_char('}')
            }
        }
    }
}

fn write_text(f: &mut std::fmt::Formatter<'_>, text: &str) -> std::fmt::Result {
    f.write_char('"')?;
    for letter in text.chars() {
        match letter {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\u{8}' => f.write_str("\\b")?,
            '\u{c}' => f.write_str("\\f")?,
            control if control < ' ' => write!(f, "\\u{:04x}", u32::from(control))?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}
