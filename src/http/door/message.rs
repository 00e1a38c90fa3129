//! What is in a body: one message of JSON-RPC, several, or none. Reads only the fields that `door` needs; rmcp reads the rest.

use std::borrow::Cow;
use std::fmt;

use actix_web::web::Bytes;
use rmcp::ErrorData;
use rmcp::model::{CancelledNotificationParam, ErrorCode, RequestId};
use serde::de::{self, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::shape::{self, Refused};

/// Most messages in a batch. They are answered one after the other, so a longer batch would only wait longer.
const MAX_MESSAGES: usize = 16;

/// Some editors write it at the start of a file. JSON does not allow it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A readable body.
#[derive(Debug)]
pub(super) enum Post {
    /// One message.
    One(Message),
    /// A batch.
    Several(Vec<Result<Message, Unreadable>>),
}

/// A message: what it is, and its text as rmcp reads it.
pub(super) type Message = (Envelope, Bytes);

/// The fields of a message that `door` needs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Envelope {
    /// The number of a request; notifications have none.
    pub(super) id: Option<RequestId>,
    /// What is asked for; answers have none.
    pub(super) method: Option<String>,
    /// The call that a notification takes back.
    pub(super) cancels: Option<RequestId>,
}

/// A body or message that cannot be read, and the error for it.
#[derive(Debug)]
pub(super) struct Unreadable {
    /// The number, where there is one.
    pub(super) id: Option<RequestId>,
    code: ErrorCode,
    message: Cow<'static, str>,
}

impl Unreadable {
    fn invalid(id: Option<RequestId>, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            id,
            code: ErrorCode::INVALID_REQUEST,
            message: message.into(),
        }
    }

    fn new(error: &serde_json::Error) -> Self {
        match error.classify() {
            // serde_json's messages for these say where the error is and repeat nothing of the body.
            Category::Syntax | Category::Eof | Category::Io => Self {
                id: None,
                code: ErrorCode::PARSE_ERROR,
                message: format!("the body is not JSON: {error}").into(),
            },
            Category::Data => Self::invalid(None, NOT_A_MESSAGE),
        }
    }

    /// The server ends before the body is read.
    pub(super) fn broken_off() -> Self {
        Self {
            id: None,
            code: ErrorCode::INTERNAL_ERROR,
            message: "the server stopped before it had read the request; send it again".into(),
        }
    }

    /// As it is sent.
    pub(super) fn error(self) -> ErrorData {
        ErrorData::new(self.code, self.message, None)
    }
}

const NOT_A_MESSAGE: &str = "the body is JSON, but not a JSON-RPC message: expected {\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": a text, \"params\": \
     an object}, each field once";

/// As it is written.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "said")]
    id: Option<Value>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    result: Option<IgnoredAny>,
    error: Option<IgnoredAny>,
}

/// Tells `null` from a missing field.
fn said<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

/// Reads a body.
pub(super) fn read(mut body: Bytes) -> Result<Post, Unreadable> {
    if body.starts_with(BYTE_ORDER_MARK) {
        body = body.split_off(BYTE_ORDER_MARK.len());
    }
    // First, because everything after it builds values from the text.
    match shape::check(&body) {
        Ok(()) => {}
        Err(Refused::Json(error)) => return Err(Unreadable::new(&error)),
        Err(Refused::Excess(excess)) => return Err(Unreadable::invalid(None, excess.message())),
    }
    if body.trim_ascii_start().starts_with(b"[") {
        return several(&body).map(Post::Several);
    }
    message(body).map(Post::One)
}

fn message(text: Bytes) -> Result<Message, Unreadable> {
    let wire: Wire<'_> = serde_json::from_slice(&text).map_err(|error| Unreadable::new(&error))?;
    // An id that is there and null is something else than none, so it is read as a value first.
    let is_null = wire.id == Some(Value::Null);
    let id = wire.id.map(RequestId::deserialize);
    let is_odd = matches!(id, Some(Err(_)));
    let id = id.and_then(Result::ok);
    if wire.jsonrpc.as_deref() != Some("2.0") {
        return Err(Unreadable::invalid(
            id,
            "the message must say \"jsonrpc\": \"2.0\"",
        ));
    }
    let Some(method) = wire.method else {
        if wire.result.is_some() || wire.error.is_some() {
            // An answer of the client to a question of the server. It has no method, and rmcp knows
            // what to do with it.
            return Ok((Envelope::default(), text));
        }
        return Err(Unreadable::invalid(id, NOT_A_MESSAGE));
    };
    // Libraries that write every field give notifications an id of null.
    let is_notification = is_null && method.starts_with("notifications/");
    if is_odd && !is_notification {
        return Err(Unreadable::invalid(
            None,
            "the id of a request must be an integer or a text",
        ));
    }
    let cancels = (id.is_none() && method == "notifications/cancelled")
        .then(|| cancelled_call(&text))
        .flatten();
    let envelope = Envelope {
        id,
        method: Some(method.into_owned()),
        cancels,
    };
    let text = if is_null { without_id(&text)? } else { text };
    Ok((envelope, text))
}

fn without_id(text: &[u8]) -> Result<Bytes, Unreadable> {
    let mut message: Map<String, Value> =
        serde_json::from_slice(text).map_err(|error| Unreadable::new(&error))?;
    message.remove("id");
    let text = serde_json::to_vec(&message).map_err(|error| Unreadable::new(&error))?;
    Ok(text.into())
}

/// The tool that `tools/call` calls.
pub(super) fn tool(text: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Call {
        params: Params,
    }
    #[derive(Deserialize)]
    struct Params {
        name: String,
    }
    let call: Call = serde_json::from_slice(text).ok()?;
    Some(call.params.name)
}

/// The call that `notifications/cancelled` means.
fn cancelled_call(text: &[u8]) -> Option<RequestId> {
    #[derive(Deserialize)]
    struct Cancelled {
        params: CancelledNotificationParam,
    }
    let cancelled: Cancelled = serde_json::from_slice(text).ok()?;
    cancelled.params.request_id
}

fn several(text: &[u8]) -> Result<Vec<Result<Message, Unreadable>>, Unreadable> {
    let Few(values) = serde_json::from_slice(text).map_err(|error| match error.classify() {
        Category::Data => Unreadable::invalid(
            None,
            format!("a batch may have {MAX_MESSAGES} messages: send more of them in more requests"),
        ),
        _ => Unreadable::new(&error),
    })?;
    if values.is_empty() {
        return Err(Unreadable::invalid(None, "the batch is empty"));
    }
    Ok(values.into_iter().map(one_of_several).collect())
}

fn one_of_several(value: Value) -> Result<Message, Unreadable> {
    // serde would also read a list into a struct.
    if !value.is_object() {
        return Err(Unreadable::invalid(None, NOT_A_MESSAGE));
    }
    let text = serde_json::to_vec(&value).map_err(|error| Unreadable::new(&error))?;
    let (envelope, text) = message(text.into())?;
    if envelope.method.as_deref() == Some("initialize") {
        let refused = "initialize is not allowed in a batch: send it in a request of its own";
        return Err(Unreadable::invalid(envelope.id, refused));
    }
    Ok((envelope, text))
}

/// A list that is not read beyond its limit.
struct Few(Vec<Value>);

impl<'de> Deserialize<'de> for Few {
    fn deserialize<D: Deserializer<'de>>(list: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Few;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Few, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    // Counted while reading, so that a list of millions is not built to be refused.
                    if values.len() == MAX_MESSAGES {
                        return Err(de::Error::custom("too many"));
                    }
                    values.push(value);
                }
                Ok(Few(values))
            }
        }

        list.deserialize_seq(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Envelope {
        match read(text.to_owned().into()) {
            Ok(Post::One((envelope, _))) => envelope,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn refused(text: &str) -> ErrorData {
        read(text.to_owned().into()).unwrap_err().error()
    }

    #[test]
    fn a_request_and_a_notification_are_told_apart() {
        let call = one(r#" {"params":{"id":9},"method":"tools/call","id":"7","jsonrpc":"2.0"} "#);
        assert_eq!(call.id, Some(RequestId::String("7".into())));
        assert_eq!(call.method.as_deref(), Some("tools/call"));
        let started = one(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        assert_eq!(started.id, None);
        let null = one(r#"{"jsonrpc":"2.0","id":null,"method":"notifications/initialized"}"#);
        assert_eq!(null.id, None);
        assert_eq!(
            one("\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}"),
            Envelope::default()
        );
    }

    #[test]
    fn a_call_that_is_taken_back_is_named_by_a_number_or_a_text() {
        for (id, means) in [
            ("7", Some(RequestId::Number(7))),
            ("\"7\"", Some(RequestId::String("7".into()))),
            ("null", None),
            ("[7]", None),
        ] {
            let text = format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id},"reason":"x"}}}}"#
            );
            assert_eq!(one(&text).cancels, means, "{id}");
        }
        let bare = r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#;
        assert_eq!(one(bare).cancels, None);
    }

    #[test]
    fn what_is_no_json_and_what_is_no_message_are_told_apart() {
        for text in [
            "",
            "{",
            "{\"jsonrpc\":\"2.0\",}",
            "nonsense",
            "[{]",
            "{} {}",
        ] {
            let error = refused(text);
            assert_eq!(error.code, ErrorCode::PARSE_ERROR, "{text}");
            assert!(error.message.contains("line 1"), "{}", error.message);
        }
        for text in [
            "{}",
            "7",
            "\"text\"",
            "null",
            "[]",
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
            r#"{"id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":{},"method":"notifications/initialized"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}"#,
        ] {
            assert_eq!(refused(text).code, ErrorCode::INVALID_REQUEST, "{text}");
        }
    }

    #[test]
    fn a_batch_is_read_up_to_its_limit() {
        let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        let batch = |count: usize| format!("[{}]", vec![ping; count].join(","));
        let Ok(Post::Several(messages)) = read(batch(MAX_MESSAGES).into()) else {
            panic!("as many as there may be");
        };
        assert!(messages.iter().all(Result::is_ok));
        let error = refused(&batch(MAX_MESSAGES + 1));
        assert_eq!(error.code, ErrorCode::INVALID_REQUEST);
        assert!(error.message.contains("16"), "{}", error.message);
        let odd = r#"[1, [], {"jsonrpc":"2.0","id":2,"method":"initialize"}]"#;
        let Ok(Post::Several(messages)) = read(odd.into()) else {
            panic!("each is refused for itself");
        };
        assert!(messages.iter().all(Result::is_err));
    }
}
