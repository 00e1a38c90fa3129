//! A person whose Snowflake user statements run as, instead of the service's.

use std::borrow::Cow;
use std::sync::Arc;

use secrecy::SecretString;

/// A caller as itself in the warehouse.
#[derive(Debug, Clone)]
pub struct Person {
    /// Identifies the person. Sessions, tokens and refusals are stored by this, never by the name.
    pub identity: Arc<str>,
    /// As logs name it.
    pub name: Cow<'static, str>,
    /// As its issuer names it: a token that is given for its own must name the same.
    pub subject: Arc<str>,
    /// The token it came with. It is exchanged for another one, and sent nowhere else.
    pub token: Arc<SecretString>,
}
