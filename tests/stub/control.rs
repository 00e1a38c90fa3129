//! The way in for tests that are not written in Rust: `/stub/…`.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::{State, sessions::Loss};

pub async fn add_faults(state: web::Data<State>, wanted: web::Json<Value>) -> HttpResponse {
    match state.faults().add(wanted.into_inner()) {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(error) => not_understood(&error),
    }
}

pub async fn clear_faults(state: web::Data<State>) -> HttpResponse {
    state.faults().clear();
    HttpResponse::NoContent().finish()
}

/// Takes some of the [`settings`](super::settings) and answers all of them.
pub async fn change_settings(state: web::Data<State>, wanted: web::Json<Value>) -> HttpResponse {
    let mut settings = state.settings();
    match settings.merged(&wanted) {
        Ok(merged) => {
            *settings = merged;
            HttpResponse::Ok().json(&*settings)
        }
        Err(error) => not_understood(&error),
    }
}

/// `{"what": "session_tokens" | "master_tokens" | "sessions"}`.
pub async fn lose(state: web::Data<State>, wanted: web::Json<Value>) -> HttpResponse {
    match serde_json::from_value::<Loss>(wanted["what"].clone()) {
        Ok(what) => {
            state.lose(what);
            HttpResponse::NoContent().finish()
        }
        Err(error) => not_understood(&error),
    }
}

pub async fn read_counters(state: web::Data<State>) -> HttpResponse {
    HttpResponse::Ok().json(&*state.counters())
}

/// The texts of all statements so far.
pub async fn read_statements(state: web::Data<State>) -> HttpResponse {
    let history = state.statements().history();
    let texts: Vec<_> = history.into_iter().map(|(_, text)| text).collect();
    HttpResponse::Ok().json(texts)
}

/// As little as a service can do with a request, as a measure for what others do: always [`page`](super::settings).
pub async fn page(state: web::Data<State>, _: web::Bytes) -> HttpResponse {
    let page = state.settings().page.clone();
    HttpResponse::Ok()
        .content_type("application/json")
        .body(page)
}

/// Remembered, so that a test whose client asks for more than the stub has says so.
pub async fn unknown(state: web::Data<State>, request: HttpRequest) -> HttpResponse {
    let what = format!("{} {}", request.method(), request.path());
    state.counters().unknown_requests.push(what);
    HttpResponse::NotFound().finish()
}

fn not_understood(error: &serde_json::Error) -> HttpResponse {
    HttpResponse::BadRequest().json(json!({ "error": error.to_string() }))
}
