//! What the settings say, which a file of callers can only take away from.

use std::collections::BTreeSet;

use crate::config;
use crate::identity::issuer::IssuerOptions;
use crate::policy::Policy;
use crate::query::Budget;

/// What the settings allow, which grants take away from, and what they say of issuers.
#[derive(Debug, Clone)]
pub struct Base {
    /// What statements may do.
    pub policy: Policy,
    /// What they may cost.
    pub budget: Budget,
    /// The ceilings of limits.
    pub limits: config::Limits,
    /// An issuer about which nothing is said but its name.
    pub issuer: IssuerOptions,
    /// Whether clients can be told where to sign in (`PUBLIC_URL`).
    pub has_address: bool,
    /// Digests of the keys of the settings, which no file can give a grant.
    pub settings_keys: BTreeSet<[u8; 32]>,
    /// Whether tokens are exchanged (`SNOWFLAKE_IDENTITY=exchange`), which is done at one place, that of `OAUTH_ISSUER`.
    pub exchanges: bool,
    /// Whether somebody with a key is somebody in Snowflake.
    pub has_service_identity: bool,
    /// Whether every grant must name its roles (`SNOWFLAKE_IDENTITY=mapped`).
    pub needs_roles: bool,
}
