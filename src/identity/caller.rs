//! Who makes a request, as much of it as the service learns.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use super::callers::Grant;
use crate::telemetry::audit::Identity;
use crate::warehouse::Person;

/// The most that a caller may do. Each value includes those before it, like the scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// The list of tools.
    Nothing,
    /// The tools of the catalog.
    Catalog,
    /// All tools, and statements that read.
    Query,
    /// Whatever `SQL_POLICY` lets statements do.
    Write,
}

/// How a caller is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It started the process.
    Local,
    /// It shows nothing, where that is allowed.
    Anonymous,
    /// By a key.
    Key,
    /// By a token of an issuer.
    Token,
}

/// Who is calling.
#[derive(Debug, Clone)]
pub struct Caller {
    /// How it is known.
    pub kind: Kind,
    /// A name for logs: never a secret, nor anything the caller may choose.
    pub name: Cow<'static, str>,
    /// Identifies a caller wherever something is kept or counted for it: the full issuer and subject, or the full
    /// digest of a key. The name is too short for this: among ten thousand callers two would have the same name.
    pub identity: Arc<str>,
    /// Where it calls from, which tells those without a key apart.
    pub address: Option<IpAddr>,
    /// How far it reaches.
    pub reach: Reach,
    /// What it may do, if that is less than the settings allow.
    pub grant: Option<Arc<Grant>>,
    /// What an audit record says of it.
    pub told: Option<Arc<Identity>>,
    /// The person, as the issuer calls it; for Snowflake's records only.
    pub user: Option<Arc<str>>,
    /// The program that the issuer gave the token to.
    pub client: Option<Arc<str>>,
    /// Itself in the warehouse, where its token is exchanged (`SNOWFLAKE_IDENTITY=exchange`). Nothing else keeps a token.
    pub person: Option<Arc<Person>>,
}

impl Caller {
    /// A caller that reaches everything.
    #[must_use]
    pub fn new(
        kind: Kind,
        name: impl Into<Cow<'static, str>>,
        identity: impl Into<Arc<str>>,
    ) -> Self {
        Self {
            kind,
            name: name.into(),
            identity: identity.into(),
            address: None,
            reach: Reach::Write,
            grant: None,
            told: None,
            user: None,
            client: None,
            person: None,
        }
    }

    /// The caller on stdio: the person who started the process.
    #[must_use]
    pub fn local() -> Self {
        Self::new(Kind::Local, "local", "local")
    }

    /// Somebody without a key, where that is allowed.
    #[must_use]
    pub fn anonymous(address: Option<IpAddr>) -> Self {
        Self {
            address,
            ..Self::new(Kind::Anonymous, "anonymous", "anonymous")
        }
    }

    /// Its connection has shown a certificate, which decides nothing but is written down. `name` is its digest.
    pub fn note_certificate(&mut self, name: &str) {
        let kind = match self.kind {
            Kind::Key => "key",
            Kind::Token => "oauth",
            Kind::Anonymous | Kind::Local => "anonymous",
        };
        let unnamed = || Identity {
            kind,
            ..Identity::default()
        };
        let told = self.told.as_deref().cloned().unwrap_or_else(unnamed);
        self.told = Some(Arc::new(Identity {
            certificate: Some(name.to_owned()),
            ..told
        }));
    }

    /// Tells callers apart where something is counted: those without a key by their addresses.
    #[must_use]
    pub fn account(&self) -> Arc<str> {
        let identity = &self.identity;
        match self.address {
            None => Arc::clone(identity),
            Some(IpAddr::V4(address)) => format!("{identity} {address}").into(),
            // The owner of one IPv6 address has 2^64 of them.
            // A socket for both families shows an IPv4 client as `::ffff:192.0.2.1`; all of those
            // share one /64.
            Some(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
                Some(address) => format!("{identity} {address}").into(),
                None => {
                    let network = address.to_bits() >> 64;
                    format!("{identity} {network:x}::/64").into()
                }
            },
        }
    }
}
