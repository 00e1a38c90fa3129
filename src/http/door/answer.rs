//! Converts rmcp's answer to a form the client accepts: one JSON document with a length, or events; never plain text.

use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::pin;

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::ServiceResponse;
use actix_web::error::ErrorInternalServerError;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{ConnectionType, StatusCode, Version};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{Error, HttpRequest, HttpResponse};
use rmcp::ErrorData;
use rmcp::model::{ErrorCode, JsonRpcError, ProtocolVersion, RequestId};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::accept::Takes;
use super::headers::{JSON, REVISION, SESSION, revision};
use super::message::Envelope;
use crate::mcp::{self, SessionId};

const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");

/// The longest body that is only an error's name.
const SHORT: usize = 512;

/// An error as a message, in an answer of its own.
pub(super) fn error(id: Option<RequestId>, error: ErrorData, status: StatusCode) -> HttpResponse {
    HttpResponse::build(status)
        .content_type(JSON)
        .body(error_body(id, error))
}

/// An error as a message.
pub(super) fn error_body(id: Option<RequestId>, error: ErrorData) -> Bytes {
    // Cannot fail: every value has a form in JSON. An empty body would still be an answer.
    serde_json::to_vec(&JsonRpcError::new(id, error))
        .unwrap_or_default()
        .into()
}

/// A message that is already written, in the form the client accepts.
pub(super) fn message(text: String, takes: Takes) -> HttpResponse {
    let mut head = HttpResponse::new(StatusCode::OK).drop_body();
    head.headers_mut().insert(header::CONTENT_TYPE, JSON);
    let body = text.into();
    Answered { head, body }.into_response(takes)
}

/// rmcp's answer to one message, in the form the client accepts.
pub(super) async fn shaped(
    response: ServiceResponse<impl MessageBody + 'static>,
    envelope: &Envelope,
    takes: Takes,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // A stream that the client accepts is passed on while it grows; everything else is read to its
    // end first.
    if !is(EVENTS, response.headers()) || takes == Takes::Json {
        let (request, answered) = Answered::collect(response, envelope).await?;
        return Ok(ServiceResponse::new(request, answered.into_response(takes)));
    }
    let mut response = response.map_into_boxed_body();
    if response.request().version() < Version::HTTP_11 {
        // HTTP/1.0 has no chunked encoding: the stream ends with the connection.
        let head = response.response_mut().head_mut();
        head.no_chunking(true);
        head.set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}

/// A complete answer.
pub(super) struct Answered {
    head: HttpResponse<()>,
    /// One message, or nothing.
    pub(super) body: Bytes,
}

impl Answered {
    /// Waits for the answer to a message.
    pub(super) async fn collect(
        response: ServiceResponse<impl MessageBody + 'static>,
        envelope: &Envelope,
    ) -> Result<(HttpRequest, Self), Error> {
        let (request, response) = response.into_parts();
        let (head, body) = response.into_parts();
        let mut answered = if is(EVENTS, head.headers()) {
            Self::last_of(head, body, envelope).await?
        } else {
            let body = to_bytes(body).await.map_err(broken)?;
            Self { head, body }
        };
        answered.explain(request.headers(), envelope);
        Ok((request, answered))
    }

    /// The answer at the end of a stream, without the notifications before it.
    async fn last_of(
        mut head: HttpResponse<()>,
        body: impl MessageBody,
        envelope: &Envelope,
    ) -> Result<Self, Error> {
        let body = match last_message(body).await? {
            Some(body) => body,
            None => {
                *head.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                let cut = ErrorData::internal_error("the server ended before its answer", None);
                error_body(envelope.id.clone(), cut)
            }
        };
        // They described a stream.
        head.headers_mut().clear();
        head.headers_mut().insert(header::CONTENT_TYPE, JSON);
        Ok(Self { head, body })
    }

    /// Replaces rmcp's refusals in plain text by ours in JSON, and names the session that an
    /// `initialize` begins.
    fn explain(&mut self, asked: &HeaderMap, envelope: &Envelope) {
        let status = self.head.status();
        let is_refused = status.is_client_error() || status.is_server_error();
        if is_refused && !is(JSON, self.head.headers()) {
            self.replace(envelope, refusal(status, asked));
            if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
                // rmcp answers 415 for a body that it cannot read; the media type was right,
                // because this server set it.
                *self.head.status_mut() = StatusCode::BAD_REQUEST;
            }
        }
        let Some(method) = envelope.method.as_deref() else {
            return;
        };
        let begins = method == "initialize" && status == StatusCode::OK;
        // Errors are short. Results, which may have megabytes, are not read a second time.
        if !begins && self.body.len() > SHORT {
            return;
        }
        let Ok(ending) = serde_json::from_slice::<Ending<'_>>(&self.body) else {
            return;
        };
        if begins
            && ending.result.is_some()
            && let Ok(session) = HeaderValue::try_from(SessionId::random().to_string())
        {
            self.head.headers_mut().insert(SESSION, session);
        }
        // rmcp repeats the method as its whole message, which tells a model nothing.
        let is_bare = ending.error.is_some_and(|error| {
            error.code == ErrorCode::METHOD_NOT_FOUND.0 && error.message == method
        });
        if is_bare {
            let message = mcp::not_found(method, revision(asked));
            let error = ErrorData::new(ErrorCode::METHOD_NOT_FOUND, message, None);
            self.replace(envelope, error);
        }
    }

    fn replace(&mut self, envelope: &Envelope, error: ErrorData) {
        self.head.headers_mut().insert(header::CONTENT_TYPE, JSON);
        self.body = error_body(envelope.id.clone(), error);
    }

    /// With a length; as one event for clients that accept only events.
    fn into_response(mut self, takes: Takes) -> HttpResponse {
        let is_answer = self.head.status() == StatusCode::OK && is(JSON, self.head.headers());
        if takes == Takes::Stream && is_answer {
            self.head.headers_mut().insert(header::CONTENT_TYPE, EVENTS);
            let event = [b"data: ".as_slice(), &self.body, b"\n\n"].concat();
            self.body = event.into();
        }
        self.head.set_body(BoxBody::new(self.body))
    }
}

/// The fields of an answer that `door` needs.
#[derive(Deserialize)]
struct Ending<'a> {
    result: Option<IgnoredAny>,
    #[serde(borrow)]
    error: Option<Fault<'a>>,
}

#[derive(Deserialize)]
struct Fault<'a> {
    code: i32,
    #[serde(borrow)]
    message: Cow<'a, str>,
}

/// The last answer or error among events of one line each, as rmcp writes them.
async fn last_message(body: impl MessageBody) -> Result<Option<Bytes>, Error> {
    let mut body = pin!(body);
    let mut text = BytesMut::new();
    let mut last = None;
    while let Some(piece) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
        text.extend_from_slice(&piece.map_err(broken)?);
        // Line by line as they come, so that notifications do not pile up in memory.
        while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
            let line = text.split_to(end + 1).freeze();
            let Some(data) = line.strip_prefix(b"data:") else {
                continue;
            };
            let is_ending = serde_json::from_slice::<Ending<'_>>(data)
                .is_ok_and(|ending| ending.result.is_some() || ending.error.is_some());
            if is_ending {
                last = Some(line.slice_ref(data.trim_ascii()));
            }
        }
    }
    Ok(last)
}

/// Our message for a refusal that rmcp gives as plain text.
fn refusal(status: StatusCode, asked: &HeaderMap) -> ErrorData {
    let known = ProtocolVersion::KNOWN_VERSIONS;
    let names = |revision: &HeaderValue| {
        let mut known = known.iter().map(ProtocolVersion::as_str);
        known.any(|known| revision.as_bytes() == known.as_bytes())
    };
    match status {
        // Status 400 of rmcp means one of several things; which one is found from the request.
        StatusCode::BAD_REQUEST if !asked.get(&REVISION).is_none_or(names) => ErrorData::new(
            ErrorCode::UNSUPPORTED_PROTOCOL_VERSION,
            "the header MCP-Protocol-Version names a revision that this server does not support; `supported` lists those it does",
            Some(json!({ "supported": known })),
        ),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ErrorData::invalid_request(
            "the message could not be read: expected {\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": a text, \"params\": an object}",
            None,
        ),
        status if status.is_server_error() => {
            ErrorData::internal_error("the server failed to answer; send the request again", None)
        }
        _ => ErrorData::invalid_request(
            "the headers of the request do not match its message: see the transport chapter of the revision that it names",
            None,
        ),
    }
}

fn is(kind: HeaderValue, headers: &HeaderMap) -> bool {
    let said = headers.get(header::CONTENT_TYPE);
    said.is_some_and(|said| said.as_bytes().starts_with(kind.as_bytes()))
}

fn broken(error: impl Into<Box<dyn std::error::Error>>) -> Error {
    ErrorInternalServerError(error.into())
}
