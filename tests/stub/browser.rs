//! Signing in with the browser: the service names an address, which here is also the identity provider's and asks nobody
//! anything, and takes the token that the browser was sent away with.

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde_json::json;
use uuid::Uuid;

use super::{
    State,
    wire::{self, Answer, Refusal},
};

/// What signs in again without the browser.
pub const ID_TOKEN: &str = "id-token-of-the-stub";

/// A sign-in that was begun.
pub struct Begun {
    proof_key: String,
    token: String,
    port: u16,
}

pub async fn begin(state: web::Data<State>, request: HttpRequest, bytes: web::Bytes) -> Answer {
    let data = wire::body(&request, &bytes)?["data"].take();
    let port = data["BROWSER_MODE_REDIRECT_PORT"].as_str();
    let port = port.and_then(|it| it.parse().ok());
    let (Some(port), "EXTERNALBROWSER") =
        (port, data["AUTHENTICATOR"].as_str().unwrap_or_default())
    else {
        return Err(Refusal::new(
            "390190",
            "There was an error with the authenticator request.",
        ));
    };
    let begun = Begun {
        proof_key: Uuid::new_v4().to_string(),
        // With what an address has to escape.
        token: format!("{}+/=", Uuid::new_v4().simple()),
        port,
    };
    state.counters().browser_windows += 1;
    let url = format!("http://{}/sso?proof={}", state.address, begun.proof_key);
    let answer = json!({ "ssoUrl": url, "proofKey": begun.proof_key, "tokenUrl": null });
    state.browser().push(begun);
    Ok(wire::success(answer))
}

/// Somebody signs in: the browser is sent back to where it was opened.
pub async fn sign_in(state: web::Data<State>, request: HttpRequest) -> HttpResponse {
    let proof = wire::query_string(&request)
        .remove("proof")
        .unwrap_or_default();
    let begun = state.browser();
    let Some(begun) = begun.iter().find(|it| it.proof_key == proof) else {
        return HttpResponse::NotFound().finish();
    };
    let token: String = url::form_urlencoded::byte_serialize(begun.token.as_bytes()).collect();
    let back = format!("http://127.0.0.1:{}/?token={token}", begun.port);
    HttpResponse::Found()
        .insert_header((header::LOCATION, back))
        .finish()
}

/// Whether token and key belong together. Both are good once.
pub fn take(state: &State, token: &str, proof_key: &str) -> Result<(), Refusal> {
    let mut all = state.browser();
    let before = all.len();
    all.retain(|it| it.token != token || it.proof_key != proof_key);
    if all.len() < before {
        Ok(())
    } else {
        Err(Refusal::new(
            "390191",
            "The token is not that of this sign-in.",
        ))
    }
}
