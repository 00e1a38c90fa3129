//! What the settings say of an issuer.

use std::time::Duration;

use crate::config::TokenAlgorithm;

/// What is known of an issuer from the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerOptions {
    /// Exactly what its tokens name.
    pub issuer: String,
    /// What its tokens are made for; one must match.
    pub audiences: Vec<String>,
    /// Where its keys are, where its metadata is not to be asked.
    pub jwks_url: Option<String>,
    /// Signatures that are accepted.
    pub algorithms: Vec<TokenAlgorithm>,
    /// Where its tokens name the caller.
    pub subject_claim: String,
    /// Where they name a person for records; the first there is.
    pub name_claims: Vec<String>,
    /// How far clocks may differ.
    pub leeway: Duration,
    /// Whether only tokens that say they are access tokens are accepted (RFC 9068).
    pub require_at_jwt: bool,
    /// How long keys are good for that could not be fetched anew.
    pub max_stale: Duration,
    /// Whether it may be asked without TLS on this machine.
    pub allows_http_here: bool,
}
