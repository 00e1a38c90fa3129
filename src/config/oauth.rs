//! Tokens of an OAuth issuer: whose are accepted, and what they must say.

use envconfig::Envconfig;

use super::forms::{
    HOUR, SECOND, is_audience, is_claim, is_issuer, is_public_url, is_resource_scope, span,
};
use super::section::Section;
use super::shape::Shape;
use super::types::{List, Span, words};
use super::variable::settings;

words! {
    /// Algorithms that tokens may be signed with. All of them use public keys: with a shared secret, every service that
    /// checks tokens could make some.
    TokenAlgorithm {
        /// RSA, PKCS #1, SHA-256.
        Rs256 = "RS256",
        /// RSA, PKCS #1, SHA-384.
        Rs384 = "RS384",
        /// RSA, PKCS #1, SHA-512.
        Rs512 = "RS512",
        /// RSA, PSS, SHA-256.
        Ps256 = "PS256",
        /// RSA, PSS, SHA-384.
        Ps384 = "PS384",
        /// RSA, PSS, SHA-512.
        Ps512 = "PS512",
        /// The curve P-256.
        Es256 = "ES256",
        /// The curve P-384.
        Es384 = "ES384",
        /// The curve Ed25519.
        EdDsa = "EdDSA",
    }
}

/// The name of a scope, or none: `-` asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeName(Option<String>);

impl ScopeName {
    /// The name, where a scope is asked for.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl std::str::FromStr for ScopeName {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self((text != "-").then(|| text.to_owned())))
    }
}

const SCOPE: &str = "a scope without spaces, quotation marks or backslashes, other than `openid` and `offline_access`, which are for the issuer itself";

settings! {
    /// What tokens must say.
    pub struct Oauth in Section::Oauth;

    // It cannot be taken from requests, because whoever sends a request chooses its headers.
    /// The server's address, exactly as clients are configured with it, such as `https://mcp.example.com/mcp`. Tokens
    /// must be issued for it, and its host is accepted as if `ALLOWED_HOSTS` had it.
    pub public_url: Option<String> = "PUBLIC_URL",
        Shape::Checked("an `https://` address without query, fragment, user or slash at the end; `http://` for loopback only", is_public_url),
        unset "none" [required("with `OAUTH_ISSUER`")];

    /// The issuer whose access tokens are accepted, and where clients sign in. API keys still work.
    pub issuer: Option<String> = "OAUTH_ISSUER",
        Shape::Checked("the `https://` address of an issuer, exactly as in the `iss` of its tokens; `http://` for loopback only", is_issuer),
        unset "no tokens are accepted";

    /// The accepted audiences: a token's `aud` must contain one of these exactly.
    pub audience: Option<List> = "OAUTH_AUDIENCE",
        Shape::Items("an audience as in tokens, other than `*` and `account`", is_audience),
        unset "`PUBLIC_URL`";

    /// Where the issuer's public keys are.
    pub jwks_url: Option<String> = "OAUTH_JWKS_URL",
        Shape::Checked("an `https://` address without user or password; `http://` for loopback only", is_issuer),
        unset "found through the issuer's metadata";

    /// Scopes that a token must have for any call; it needs all of them.
    pub scopes: Option<List> = "OAUTH_SCOPES", Shape::Items(SCOPE, is_resource_scope), unset "none";

    /// The scope for the catalog tools, as tokens spell it. With `-` they need no scope.
    pub scope_catalog: ScopeName = "OAUTH_SCOPE_CATALOG",
        Shape::Checked("a scope without spaces, or `-`", is_resource_scope), default "mcp:catalog";

    /// The scope for statements that read. It includes the scope for the catalog. With `-` they need no scope.
    pub scope_query: ScopeName = "OAUTH_SCOPE_QUERY",
        Shape::Checked("a scope without spaces, or `-`", is_resource_scope), default "mcp:query";

    /// The scope for statements that `SQL_POLICY` allows beyond reading; without it a caller can only read. It includes
    /// the other two scopes. With `-` they need no scope.
    pub scope_write: ScopeName = "OAUTH_SCOPE_WRITE",
        Shape::Checked("a scope without spaces, or `-`", is_resource_scope), default "mcp:write";

    /// The scopes that the server tells clients to request, if requests spell them differently than tokens: Entra
    /// expects `https://mcp.example.com/mcp/mcp.query` in a request and writes `mcp.query` into the token.
    pub scopes_supported: Option<List> = "OAUTH_SCOPES_SUPPORTED", Shape::Items(SCOPE, is_resource_scope),
        unset "`OAUTH_SCOPES` and those for the catalog and for reading, and for writing where `SQL_POLICY` allows it";

    /// Algorithms that tokens may be signed with.
    pub algorithms: List<TokenAlgorithm> = "OAUTH_ALGORITHMS", Shape::Choices(TokenAlgorithm::WORDS),
        default "RS256,PS256,ES256,EdDSA";

    /// The claim that identifies callers, together with the issuer: `sub`, or `oid` for Entra, whose `sub` differs for
    /// each app.
    pub subject_claim: String = "OAUTH_SUBJECT_CLAIM", Shape::Checked("the name of a claim", is_claim), default "sub";

    /// Claims with a person's name, for Snowflake's query history; the first claim that a token has is used. The name
    /// has no effect on what a caller may do.
    pub name_claim: List = "OAUTH_NAME_CLAIM", Shape::Items("the name of a claim", is_claim),
        default "preferred_username,email,upn";

    // A minute is what most libraries allow.
    /// How far the clocks of the issuer and of this server may differ.
    pub leeway: Span = "OAUTH_LEEWAY", span(0, 300 * SECOND), default "60s";

    // A day outlasts an issuer's worst outage; longer would keep a key that was taken back.
    /// How long the issuer's keys stay in force if they cannot be fetched again.
    pub jwks_max_stale: Span = "OAUTH_JWKS_MAX_STALE", span(60 * SECOND, 7 * 24 * HOUR), default "24h";
}
