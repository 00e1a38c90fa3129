//! What every conversation has in common: the envelope, compressed bodies, the token in a header.

use std::{collections::HashMap, fmt, io::Read};

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{StatusCode, header},
    web,
};
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

use super::State;

/// What a handler gives back.
pub type Answer = Result<HttpResponse, Refusal>;

/// An answer with `"success": false`.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub code: String,
    pub message: String,
    /// Nearly all refusals come with HTTP 200; a token nobody knows is the exception.
    pub status: StatusCode,
    /// Boxed, so that a `Result` with it stays small.
    pub data: Box<Value>,
}

impl Refusal {
    pub fn new(code: &str, message: &str) -> Self {
        Self {
            code: code.to_owned(),
            message: message.to_owned(),
            status: StatusCode::OK,
            data: Box::default(),
        }
    }

    pub fn unauthorized(code: &str, message: &str) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            ..Self::new(code, message)
        }
    }

    /// With what a failed statement tells about itself.
    pub fn of_statement(code: &str, sql_state: &str, message: &str, query_id: &str) -> Self {
        let kind = if sql_state.starts_with("42") {
            "COMPILATION"
        } else {
            "EXECUTION"
        };
        Self {
            data: Box::new(json!({
                "errorCode": code, "sqlState": sql_state, "queryId": query_id, "type": kind,
                "line": 1, "pos": 7, "internalError": false, "age": 0,
            })),
            ..Self::new(code, message)
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status).json(json!({
            "success": false, "code": self.code, "message": self.message, "data": self.data, "headers": null,
        }))
    }
}

/// An answer with `"success": true`.
pub fn success(data: Value) -> HttpResponse {
    coded(None, None, data)
}

/// One that succeeds and has a code all the same: "in progress".
pub fn coded(code: Option<&str>, message: Option<&str>, data: Value) -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "success": true, "code": code, "message": message, "data": data, "headers": null,
    }))
}

/// Taken and forgotten: telemetry.
pub async fn accepted() -> HttpResponse {
    success(json!("Log Received"))
}

/// The body as JSON. Some clients compress it, some send none.
pub fn body(request: &HttpRequest, bytes: &[u8]) -> Result<Value, Refusal> {
    let compressed = request
        .headers()
        .get(header::CONTENT_ENCODING)
        .is_some_and(|it| it == "gzip");
    let mut plain = Vec::new();
    if compressed {
        MultiGzDecoder::new(bytes)
            .read_to_end(&mut plain)
            .map_err(|_| bad_request())?;
    } else {
        plain.extend_from_slice(bytes);
    }
    if let Some(state) = request.app_data::<web::Data<State>>() {
        state.hear(request, &plain);
    }
    if plain.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&plain).map_err(|_| bad_request())
}

fn bad_request() -> Refusal {
    Refusal {
        status: StatusCode::BAD_REQUEST,
        ..Refusal::new(
            "390000",
            "the body is not what its headers say, or not JSON",
        )
    }
}

/// The parameters behind the question mark.
pub fn query_string(request: &HttpRequest) -> HashMap<String, String> {
    url::form_urlencoded::parse(request.query_string().as_bytes())
        .into_owned()
        .collect()
}

/// The token of `Authorization: Snowflake Token="…"`.
pub fn token(request: &HttpRequest) -> Result<String, Refusal> {
    let missing =
        || Refusal::unauthorized("390103", "Session token not found in the request data.");
    let value = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|it| it.to_str().ok());
    let token = value.and_then(|it| it.strip_prefix("Snowflake Token=\"")?.strip_suffix('"'));
    token
        .filter(|it| *it != "None")
        .map(str::to_owned)
        .ok_or_else(missing)
}
