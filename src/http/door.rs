//! What a request to `/mcp` must look like, and what its answer looks like.
//!
//! rmcp's transport stands behind this and is stricter than its callers: it wants both media types accepted, refuses in plain
//! text and knows no batches. So the request is read here, refused in the one shape of all refusals or put into rmcp's form,
//! and the answer is put into the form the client takes. Start at [`messages`].

mod accept;
mod answer;
mod bodies;
mod body;
mod headers;
mod message;
mod reader;
mod shape;

use std::fmt;

use actix_web::HttpMessage;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes};
use actix_web::{Error, HttpResponse};
use rmcp::model::ErrorData;

use super::answer::{FAILED, Refusal};
use super::challenge::Challenges;
use crate::identity::{Caller, Reach};
use crate::mcp::{Direct, Handler, RunningCalls, STATELESS_SINCE, Sender, SessionId, revision_of};
use accept::Takes;
use answer::Answered;
pub(super) use bodies::Bodies;
pub(super) use headers::SESSION;
use headers::{BATCHES_UNTIL, JSON, REVISION, revision};
use message::{Envelope, Message, Post, Unreadable};
pub(super) use reader::Reader;

/// What rmcp wants to see.
const BOTH: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");

const NOT_POST: Refusal = Refusal {
    code: "method_not_allowed",
    message: "this path answers only POST: there is no stream to open and no session to end",
    hint: "send MCP's JSON-RPC messages with POST; most clients need only this address",
};

const NOT_ACCEPTABLE: Refusal = Refusal {
    code: "not_acceptable",
    message: "the request accepts neither application/json nor text/event-stream",
    hint: "send `Accept: application/json, text/event-stream`, or no Accept at all",
};

const NOT_JSON: Refusal = Refusal {
    code: "unsupported_media_type",
    message: "the request does not say that its body is JSON",
    hint: "send `Content-Type: application/json`",
};

const TOO_FEW_SCOPES: Refusal = Refusal {
    code: "insufficient_scope",
    message: "the token lacks the scope that this tool needs",
    hint: "sign in again and allow the scope that WWW-Authenticate names; most clients offer to do so",
};

/// What the layer needs. A cheap clone.
#[derive(Debug, Clone)]
pub(super) struct Door {
    /// `MAX_REQUEST_BYTES`.
    pub(super) max_body_bytes: usize,
    /// The memory for bodies. One for all workers.
    pub(super) bodies: Bodies,
    /// Reads large bodies one at a time. One for all workers.
    pub(super) reader: Reader,
    /// Finds calls to cancel.
    pub(super) running: RunningCalls,
    /// How far a caller must reach to call a tool.
    pub(super) tools: Tools,
    /// The challenges for callers whose token does not reach far enough.
    pub(super) challenges: Challenges,
}

/// Which tools there are. A cheap clone.
#[derive(Clone)]
pub(super) struct Tools(pub(super) Handler);

impl fmt::Debug for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tools")
    }
}

/// The middleware of the `/mcp` scope, the innermost.
pub(super) async fn messages(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(door) = request.app_data::<web::Data<Door>>().cloned() else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    // The layer outside puts the caller there. If it ever does not, nobody gets in.
    if request.extensions().get::<Caller>().is_none() {
        tracing::error!("a request without a caller reached MCP and was refused");
        let answer = FAILED.answer(StatusCode::INTERNAL_SERVER_ERROR, |_| {});
        return Ok(request.into_response(answer));
    }
    if request.method() != Method::POST {
        let answer = NOT_POST.answer(StatusCode::METHOD_NOT_ALLOWED, |answer| {
            answer.insert_header((header::ALLOW, "POST"));
        });
        return Ok(request.into_response(answer));
    }
    // Before the call is made: an answer that the client cannot read would have run a statement for
    // nothing.
    let Some(takes) = Takes::read(request.headers()) else {
        let answer = NOT_ACCEPTABLE.answer(StatusCode::NOT_ACCEPTABLE, |_| {});
        return Ok(request.into_response(answer));
    };
    // Checked before the body is read: a page in a browser can send other types to any server without asking first.
    if !accept::says_json(request.headers()) {
        let answer = NOT_JSON.answer(StatusCode::UNSUPPORTED_MEDIA_TYPE, |_| {});
        return Ok(request.into_response(answer));
    }
    let body = match body::read(&mut request, door.max_body_bytes, &door.bodies).await {
        Ok(body) => body,
        Err(refused) => return Ok(request.into_response(refused)),
    };
    // rmcp refuses requests without these headers. What the client accepts is in `takes`.
    request.headers_mut().insert(header::ACCEPT, BOTH);
    request.headers_mut().insert(header::CONTENT_TYPE, JSON);
    match door.reader.read(body).await {
        Err(unreadable) => {
            let answer = answer::error(
                unreadable.id.clone(),
                unreadable.error(),
                StatusCode::BAD_REQUEST,
            );
            Ok(request.into_response(answer))
        }
        Ok(Post::One(message)) => door.one(request, &next, message, takes).await,
        Ok(Post::Several(messages)) => door.several(request, &next, messages).await,
    }
}

/// A request that rmcp is not needed for, and its caller.
fn direct(request: &ServiceRequest, envelope: &Envelope, text: &[u8]) -> Option<(Direct, Sender)> {
    let (method, id) = (envelope.method.as_deref()?, envelope.id.as_ref()?);
    // A header that is not text is left to rmcp, which knows what to answer.
    let said = match request.headers().get(&REVISION) {
        Some(said) => Some(said.to_str().ok()?),
        None => None,
    };
    let revision = revision_of(said)?;
    // What it cannot read in every detail goes to rmcp, which has the right error for it.
    let direct = Direct::read(method, id, text)?;
    let extensions = request.extensions();
    let sender = Sender {
        caller: extensions.get().cloned()?,
        exchange: extensions.get().cloned(),
        session: session(request),
        revision,
    };
    Some((direct, sender))
}

/// The session a request says it belongs to.
fn session(request: &ServiceRequest) -> Option<SessionId> {
    let session = request.headers().get(&SESSION);
    session.and_then(|session| SessionId::read(session.to_str().ok()?))
}

impl Door {
    /// The refusal of a call whose token lacks the scope for it, before anything is done. The tool in the body counts: a
    /// client may write anything into a header.
    fn reaches_not(
        &self,
        request: &ServiceRequest,
        messages: &[(&Envelope, &Bytes)],
    ) -> Option<HttpResponse> {
        let extensions = request.extensions();
        let reach = extensions.get::<Caller>()?.reach;
        // Nearly every caller, so the messages need not be read again.
        if reach >= Reach::Write {
            return None;
        }
        let calls = messages
            .iter()
            .filter(|(envelope, _)| envelope.method.as_deref() == Some("tools/call"));
        let needed = calls.map(|(_, text)| match message::tool(text) {
            Some(tool) => self.tools.0.needs(&tool),
            // The tool cannot be told from here, so the widest scope is asked for.
            None => Reach::Query,
        });
        // One challenge for the whole batch: the client should sign in once.
        let needed = needed.max().filter(|needed| *needed > reach)?;
        let description = match needed {
            Reach::Catalog => "this tool needs the scope for the catalog",
            Reach::Write => "this tool needs the scope to change something",
            _ => "this tool needs the scope for statements",
        };
        let challenge = self.challenges.insufficient_scope(needed, description);
        let answer = TOO_FEW_SCOPES.answer(StatusCode::FORBIDDEN, |answer| {
            answer.insert_header((header::WWW_AUTHENTICATE, challenge));
        });
        Some(answer)
    }

    /// Cancels the call that a notification names. rmcp keeps no sessions here, so it could not find the call.
    fn hear(&self, request: &ServiceRequest, envelope: &Envelope) {
        let Some(call) = &envelope.cancels else {
            return;
        };
        let extensions = request.extensions();
        if let (Some(session), Some(caller)) = (session(request), extensions.get::<Caller>())
            // Later revisions cancel a call by closing its stream.
            && revision(request.headers()) < STATELESS_SINCE
        {
            self.running.cancel(session, call, caller);
        }
    }

    async fn one(
        &self,
        mut request: ServiceRequest,
        next: &Next<impl MessageBody + 'static>,
        (envelope, text): Message,
        takes: Takes,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        if let Some(refused) = self.reaches_not(&request, &[(&envelope, &text)]) {
            return Ok(request.into_response(refused));
        }
        // Before rmcp sees it: rmcp keeps no sessions here and would ignore the notification.
        self.hear(&request, &envelope);
        if let Some((direct, sender)) = direct(&request, &envelope, &text) {
            // Its memory goes back to the other bodies while the call runs.
            drop(text);
            let message = self.tools.0.answer_directly(direct, sender).await;
            return Ok(request.into_response(answer::message(message, takes)));
        }
        request.set_payload(Payload::from(text));
        answer::shaped(next.call(request).await?, &envelope, takes).await
    }

    async fn several(
        &self,
        request: ServiceRequest,
        next: &Next<impl MessageBody + 'static>,
        messages: Vec<Result<Message, Unreadable>>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        if revision(request.headers()) > BATCHES_UNTIL {
            let error = ErrorData::invalid_request(
                "MCP has no batches since revision 2025-06-18: send one message in each request",
                None,
            );
            let answer = answer::error(None, error, StatusCode::BAD_REQUEST);
            return Ok(request.into_response(answer));
        }
        // All messages are checked for their scopes before the first one runs, so a batch is
        // never half done.
        let readable: Vec<_> = messages
            .iter()
            .filter_map(|message| {
                message
                    .as_ref()
                    .ok()
                    .map(|(envelope, text)| (envelope, text))
            })
            .collect();
        if let Some(refused) = self.reaches_not(&request, &readable) {
            return Ok(request.into_response(refused));
        }
        self.batch(request, next, messages).await
    }

    /// Answers messages one after the other, as one request of a client has no more than one call at a time.
    async fn batch(
        &self,
        mut request: ServiceRequest,
        next: &Next<impl MessageBody + 'static>,
        messages: Vec<Result<Message, Unreadable>>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let mut answers: Vec<Bytes> = Vec::new();
        for message in messages {
            let (envelope, body) = match message {
                Ok(readable) => readable,
                Err(unreadable) => {
                    answers.push(answer::error_body(
                        unreadable.id.clone(),
                        unreadable.error(),
                    ));
                    continue;
                }
            };
            self.hear(&request, &envelope);
            request.set_payload(Payload::from(body));
            let response = next.call(request).await?;
            let (http, answered) = Answered::collect(response, &envelope).await?;
            // One message after another, with the same request: rmcp takes one message for each.
            request = ServiceRequest::from_parts(http, Payload::None);
            // Notifications have no answer, and no place in the batch's answer.
            if !answered.body.is_empty() {
                answers.push(answered.body);
            }
        }
        let answer = if answers.is_empty() {
            HttpResponse::Accepted().finish()
        } else {
            // Each answer is JSON already, and building values of them to write them again would
            // double their memory.
            let body = [b"[", answers.join(&b","[..]).as_slice(), b"]"].concat();
            HttpResponse::Ok().content_type(JSON).body(body)
        };
        Ok(request.into_response(answer))
    }
}
