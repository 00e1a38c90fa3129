//! Checks what a body holds while it is read, before any value is built from it.
//!
//! A tree of JSON takes fifty times the memory of its text where the text is nothing but `[],[],[]`, and rmcp builds several of
//! them. So one pass over the text counts values and nesting and stops at the first that is too many. It also finds a field
//! that is written twice: readers differ in which of the two they take, and what was checked must be what is used.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};

/// Most values in a body, those in lists and objects included. A call with a thousand parameters has a quarter of it; as trees so
/// many take less than 2 MiB, measured with objects of one field.
const MAX_VALUES: usize = 4096;

/// Most levels of nested lists and objects. The deepest of MCP, a client's description of itself, has about ten.
const MAX_DEPTH: usize = 32;

/// Bytes of text outside of a statement and its parameters: names and patterns a tool is given, a client's description of itself,
/// `_meta`. The server keeps much of it while the call runs, writes it into statements of its own, and sends some of it back:
/// 30 searches for words of 1.9 MB took 428 MiB. The largest that is known is an icon written into the description.
const MAX_TEXT: usize = 256 * 1024;

/// Why a body is not read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excess {
    /// Too many values.
    Values,
    /// Nests too deep.
    Depth,
    /// Too much text where no arguments are.
    Text,
    /// A field is there twice.
    Twice,
}

impl Excess {
    /// The error message. Repeats nothing of the body.
    pub(super) fn message(self) -> String {
        match self {
            Self::Values => format!(
                "the body holds more than {MAX_VALUES} values: send shorter lists, or a list's values in several requests"
            ),
            Self::Depth => {
                format!("the body nests deeper than {MAX_DEPTH} lists and objects: send it flatter")
            }
            Self::Text => format!(
                "the body holds more than {MAX_TEXT} bytes of text outside of the arguments sql and parameters: shorten the \
                 other arguments, the ids and _meta"
            ),
            Self::Twice => {
                "the body has an object with the same field twice: write each field once".to_owned()
            }
        }
    }
}

/// Why a body is not taken.
#[derive(Debug)]
pub(super) enum Refused {
    /// It holds too much.
    Excess(Excess),
    /// It is not JSON.
    Json(serde_json::Error),
}

/// Checks a body. Needs memory only for the names of the fields around the current value, and for one text at a time.
///
/// # Errors
///
/// See [`Refused`].
pub(super) fn check(text: &[u8]) -> Result<(), Refused> {
    let mut count = Count {
        left: MAX_VALUES,
        text_left: MAX_TEXT,
        depth: 0,
        place: Place::Message,
        excess: None,
    };
    let mut reader = serde_json::Deserializer::from_slice(text);
    // An excess ends the reading with an error of serde's, so what was noted is asked for first.
    let read = count.deserialize(&mut reader).and_then(|()| reader.end());
    match (count.excess, read) {
        (Some(excess), _) => Err(Refused::Excess(excess)),
        (None, Err(error)) => Err(Refused::Json(error)),
        (None, Ok(())) => Ok(()),
    }
}

struct Count {
    left: usize,
    text_left: usize,
    depth: usize,
    place: Place,
    excess: Option<Excess>,
}

/// Where in a body a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is a message, or the list of a batch.
    Message,
    Params,
    Arguments,
    /// In a statement or its parameters.
    Statement,
    Elsewhere,
}

impl Place {
    fn field(self, name: &str) -> Self {
        match (self, name) {
            (Self::Message, "params") => Self::Params,
            (Self::Params, "arguments") => Self::Arguments,
            (Self::Arguments, "sql" | "parameters") | (Self::Statement, _) => Self::Statement,
            _ => Self::Elsewhere,
        }
    }

    fn item(self) -> Self {
        match self {
            Self::Message | Self::Statement => self,
            Self::Params | Self::Arguments | Self::Elsewhere => Self::Elsewhere,
        }
    }
}

impl Count {
    /// Stores the reason and ends the reading. The text of the error is not used: [`check`] returns the reason.
    fn stop<E: de::Error>(&mut self, excess: Excess) -> E {
        self.excess = Some(excess);
        E::custom("too much")
    }

    fn enter<E: de::Error>(&mut self) -> Result<(), E> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.stop(Excess::Depth));
        }
        Ok(())
    }

    fn text<E: de::Error>(&mut self, text: &str) -> Result<(), E> {
        if self.place != Place::Statement {
            let left = self.text_left.checked_sub(text.len());
            self.text_left = left.ok_or_else(|| self.stop(Excess::Text))?;
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &mut Count {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        let Some(left) = self.left.checked_sub(1) else {
            return Err(self.stop(Excess::Values));
        };
        self.left = left;
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Count {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.text(text)
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.enter()?;
        let here = self.place;
        self.place = here.item();
        while list.next_element_seed(&mut *self)?.is_some() {}
        self.place = here;
        self.depth -= 1;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        self.enter()?;
        let here = self.place;
        let mut seen: HashSet<Cow<'de, str>> = HashSet::new();
        while let Some(Name(name)) = fields.next_key()? {
            // Names of fields count as text: an object of long names costs as much.
            self.text(&name)?;
            self.place = here.field(&name);
            // One reader takes the first and one the last, so what was checked could differ from
            // what runs.
            if !seen.insert(name) {
                return Err(self.stop(Excess::Twice));
            }
            fields.next_value_seed(&mut *self)?;
            self.place = here;
        }
        // Only on the way out of a value that was read whole; an error ends everything.
        self.depth -= 1;
        Ok(())
    }
}

/// The name of a field, as it reads without its escapes: `"\u0069d"` is `id`.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn excess(text: &str) -> Option<Excess> {
        match check(text.as_bytes()) {
            Ok(()) => None,
            Err(Refused::Excess(excess)) => Some(excess),
            Err(Refused::Json(error)) => panic!("{text}: {error}"),
        }
    }

    #[test]
    fn what_clients_send_is_taken() {
        for text in [
            r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
            r#"[{"a":1},{"a":1},null,true,false,-1,18446744073709551615,1.5e3,"x\ny"]"#,
            r#"{"a":{"a":{"a":[]}},"b":{"a":1}}"#,
            "7",
        ] {
            assert_eq!(excess(text), None, "{text}");
        }
    }

    #[test]
    fn values_are_counted_wherever_they_are() {
        let list = |count: usize| format!("[{}]", vec!["[]"; count].join(","));
        assert_eq!(excess(&list(MAX_VALUES - 1)), None);
        assert_eq!(excess(&list(MAX_VALUES)), Some(Excess::Values));
        let fields: Vec<_> = (0..MAX_VALUES).map(|n| format!("\"{n}\":1")).collect();
        let object = format!("{{{}}}", fields.join(","));
        assert_eq!(excess(&object), Some(Excess::Values));
        // The rest is not even looked at.
        let cut = format!("[{}", "1,".repeat(MAX_VALUES * 2));
        assert_eq!(excess(&cut), Some(Excess::Values));
    }

    #[test]
    fn nesting_is_bounded_in_lists_and_objects_alike() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
            assert_eq!(excess(&nested(MAX_DEPTH)), None);
            assert_eq!(excess(&nested(MAX_DEPTH + 1)), Some(Excess::Depth));
        }
        assert_eq!(excess(&"[".repeat(1_000_000)), Some(Excess::Depth));
    }

    #[test]
    fn long_texts_belong_into_statements() {
        let long = "x".repeat(MAX_TEXT + 1);
        for text in [
            format!(r#"{{"id":"{long}"}}"#),
            format!(r#"{{"{long}":1}}"#),
            format!(r#"{{"arguments":"{long}"}}"#),
            format!(r#"{{"params":[{{"arguments":"{long}"}}]}}"#),
            format!(r#"{{"params":{{"_meta":{{"arguments":"{long}"}}}}}}"#),
            format!(r#"{{"params":{{"arguments":{{"query":"{long}"}}}}}}"#),
            format!(r#"{{"params":{{"arguments":{{"filters":{{"sql":"{long}"}}}}}}}}"#),
            format!(r#"{{"params":{{"arguments":[{{"sql":"{long}"}}]}}}}"#),
        ] {
            assert_eq!(excess(&text), Some(Excess::Text), "{}", &text[..30]);
        }
        let call =
            format!(r#"{{"params":{{"arguments":{{"sql":"{long}","parameters":["{long}"]}}}}}}"#);
        assert_eq!(excess(&call), None);
        assert_eq!(excess(&format!("[{call}]")), None);
    }

    #[test]
    fn a_field_that_is_there_twice_is_found_however_it_is_written() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"[{"params":{"arguments":{"sql":"SELECT 1","x":1,"sql":"DROP"}}}]"#,
        ] {
            assert_eq!(excess(text), Some(Excess::Twice), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_apart() {
        for text in ["", "{", "[1,]", "{} {}", "{\"a\"}", "\"\u{1}\"", "nul"] {
            let refused = check(text.as_bytes());
            assert!(
                matches!(refused, Err(Refused::Json(_))),
                "{text}: {refused:?}"
            );
        }
        assert!(matches!(check(b"\"\xff\""), Err(Refused::Json(_))));
    }
}
