//! Who may call: static keys now, tokens of an OAuth issuer in a later version.

use envconfig::Envconfig;
use secrecy::SecretString;

use super::keys::ApiKey;
use super::types::List;

/// What a caller must show.
#[derive(Debug, Clone, Envconfig)]
#[non_exhaustive]
pub struct Auth {
    #[envconfig(from = "API_KEY")]
    api_key: Option<ApiKey>,
    #[envconfig(from = "API_KEYS")]
    more_api_keys: Option<List<ApiKey>>,
    /// Whether serving everybody beyond this machine is meant.
    #[envconfig(from = "ALLOW_ANONYMOUS", default = "false")]
    pub allow_anonymous: bool,
    /// The issuer whose tokens are accepted.
    #[envconfig(from = "OAUTH_ISSUER")]
    pub oauth_issuer: Option<String>,
    /// What tokens must be meant for.
    #[envconfig(from = "OAUTH_AUDIENCE")]
    pub oauth_audience: Option<String>,
    /// Where the issuer's keys are, when not where its metadata says.
    #[envconfig(from = "OAUTH_JWKS_URL")]
    pub oauth_jwks_url: Option<String>,
    /// Scopes a token must have.
    #[envconfig(from = "OAUTH_SCOPES")]
    pub oauth_scopes: Option<List>,
}

impl Auth {
    /// Every key that is accepted, from `API_KEY` and `API_KEYS`.
    pub fn api_keys(&self) -> impl Iterator<Item = &SecretString> {
        self.keys().map(ApiKey::secret)
    }

    /// The same with their limits.
    pub fn keys(&self) -> impl Iterator<Item = &ApiKey> {
        self.api_key.iter().chain(self.more_keys())
    }

    /// The keys of `API_KEYS`.
    pub(super) fn more_keys(&self) -> impl Iterator<Item = &ApiKey> {
        self.more_api_keys.iter().flat_map(|keys| keys.iter())
    }

    /// Whether callers must show something.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.api_keys().next().is_some() || self.oauth_issuer.is_some()
    }
}
