//! Who makes a request, as much of it as the service learns: a name and an address.

use std::borrow::Cow;
use std::net::IpAddr;

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// A name for logs: never a secret, nor anything the caller may choose.
    pub name: Cow<'static, str>,
    /// Where it calls from, which tells those without a key apart.
    pub address: Option<IpAddr>,
}

impl Caller {
    /// Somebody on the other end of stdio: whoever started the process.
    pub const LOCAL: Self = Self {
        name: Cow::Borrowed("local"),
        address: None,
    };
    /// Somebody without a key, where that is allowed.
    pub const ANONYMOUS: Self = Self {
        name: Cow::Borrowed("anonymous"),
        address: None,
    };
}
