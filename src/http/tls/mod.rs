//! TLS of the public port: the certificate that is shown, and those that clients are asked for.
//!
//! [`Tls`] is what the files say now. A change of the files changes it for the next handshake; connections that are open go on,
//! but for those whose client's certificate is not accepted any more ([`client`]). [`watch()`] looks at the files.
//!
//! The provider of cryptography is named, never taken from the process: two crates could have chosen two.

mod acceptor;
pub(super) mod client;
mod files;
mod in_force;
mod refusals;
mod watch;

pub(super) use acceptor::config;
pub use files::{Error, Paths};
pub use in_force::Tls;
pub use watch::watch;
