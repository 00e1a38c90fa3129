//! An access token: read, its signature checked with an issuer's keys, then its claims.
//!
//! The order is fixed: nothing is looked at before it has been bounded, and no claim counts before the signature does. Neither
//! the names nor the values of a token are repeated anywhere: a [`Fault`] has one fixed sentence.

mod algorithm;
mod claims;
mod fault;
mod form;
mod jwk;

pub(super) use claims::{Claims, Expected};
pub use fault::Fault;
pub(super) use form::Form;
pub(super) use jwk::KeySet;
