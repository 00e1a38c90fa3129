//! Who is calling? API keys and the access tokens of OAuth issuers, and what each caller may reach.
//!
//! The server is a resource server (RFC 9728) and nothing else: it sends clients to an issuer, and checks what they bring back.
//! [`Access`] is asked once for every request and answers with a [`Caller`] or with a [`Refused`]; what the words of HTTP for that
//! are, only `http` knows. A token is checked in `token`, with the keys that `issuer` fetches and keeps. No answer is kept: a
//! check costs less than a tenth of a millisecond.
//!
//! Start at [`Access::judge`].

mod access;
mod caller;
mod callers;
#[cfg(test)]
mod forge;
mod issuer;
mod known_keys;
mod scopes;
#[cfg(test)]
mod tests;
mod token;

pub use access::{Access, Credential, Entrance, Refused};
pub use caller::{Caller, Kind, Reach};
pub use callers::{
    Base, Callers, CallersError, Grant, MOST_BYTES, NewKey, new_key, parse, schema, within,
};
pub use issuer::{Issuer, IssuerOptions};
pub use known_keys::KnownKeys;
pub use scopes::Scopes;
pub use token::Fault;
