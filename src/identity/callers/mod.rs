//! Callers in a file (`CALLERS_FILE`): keys by their digests, issuers, and which grant each caller has.
//!
//! `file` is the form of the file, and its JSON Schema; `reading` checks it against the settings and makes [`Callers`] of it, whole
//! or not at all; `grant` narrows what the settings allow; `rules` choose a grant by what a token says.

mod base;
mod file;
mod grant;
mod new_key;
mod reading;
mod rules;

pub use base::Base;
pub use file::schema;
pub use grant::{Grant, within};
pub use new_key::{NewKey, new_key};
pub use reading::{Callers, CallersError, MOST_BYTES, parse};

pub(super) use reading::Holder;

#[cfg(test)]
mod tests;
