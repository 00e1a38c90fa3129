//! The headers that say which conversation a request belongs to and in which revision it speaks.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::mcp::SESSION_HEADER;

/// The header of a session id.
pub(in crate::http) const SESSION: HeaderName = HeaderName::from_static(SESSION_HEADER);

/// The header of the revision a client speaks. Clients from before 2025-06-18 send none.
pub(super) const REVISION: HeaderName = HeaderName::from_static("mcp-protocol-version");

/// The last revision with batches, and the one a request without a header speaks.
pub(super) const BATCHES_UNTIL: &str = "2025-03-26";

/// The type of every answer that is no stream.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The revision a request's header names.
pub(super) fn revision(headers: &HeaderMap) -> &str {
    let header = headers.get(&REVISION);
    header
        .and_then(|revision| revision.to_str().ok())
        .unwrap_or(BATCHES_UNTIL)
}
