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
    /// How a token may be signed. All of them with a public key: with a shared secret whoever checks a token could make one.
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

const SCOPE: &str = "a scope without spaces, quotation marks or backslashes, other than `openid` and `offline_access`, which an issuer takes for itself";

settings! {
    /// What tokens must say.
    pub struct Oauth in Section::Oauth;

    // Written nowhere else: what a request says of it, whoever sends it may choose.
    /// The address that clients know this server by, such as `https://mcp.example.com/mcp`: to the letter what they are
    /// configured with. Tokens must be made for it, and its host is answered as if `ALLOWED_HOSTS` had it.
    pub public_url: Option<String> = "PUBLIC_URL",
        Shape::Checked("an `https://` address without query, fragment, user or slash at the end; `http://` for loopback only", is_public_url),
        unset "none" [required("with `OAUTH_ISSUER`")];

    /// The issuer whose access tokens are accepted, and where clients are sent to sign in. API keys go on to work beside it.
    pub issuer: Option<String> = "OAUTH_ISSUER",
        Shape::Checked("the `https://` address of an issuer, to the letter as its tokens name it in `iss`; `http://` for loopback only", is_issuer),
        unset "no tokens are accepted";

    /// What tokens must be made for: one of these must be in `aud`, to the letter.
    pub audience: Option<List> = "OAUTH_AUDIENCE",
        Shape::Items("an audience as tokens name it, neither `*` nor `account`", is_audience),
        unset "`PUBLIC_URL`";

    /// Where the issuer's public keys are.
    pub jwks_url: Option<String> = "OAUTH_JWKS_URL",
        Shape::Checked("an `https://` address without user or password; `http://` for loopback only", is_issuer),
        unset "found through the issuer's metadata";

    /// Scopes a token must have for any call, all of them.
    pub scopes: Option<List> = "OAUTH_SCOPES", Shape::Items(SCOPE, is_resource_scope), unset "none";

    /// The scope for the tools of the catalog, as tokens spell it. `-` asks for none.
    pub scope_catalog: ScopeName = "OAUTH_SCOPE_CATALOG",
        Shape::Checked("a scope without spaces, or `-`", is_resource_scope), default "mcp:catalog";

    /// The scope for statements that read. It holds the one for the catalog. `-` asks for none.
    pub scope_query: ScopeName = "OAUTH_SCOPE_QUERY",
        Shape::Checked("a scope without spaces, or `-`", is_resource_scope), default "mcp:query";

    /// The scope for statements that `SQL_POLICY` allows beyond reading: without it a caller reads only. It holds the other
    /// two. `-` asks for none.
    pub scope_write: ScopeName = "OAUTH_SCOPE_WRITE",
        Shape::Checked("a scope without spaces, or `-`", is_resource_scope), default "mcp:write";

    /// The scopes that clients are told to ask for, where requests spell them otherwise than tokens do: Entra wants
    /// `https://mcp.example.com/mcp/mcp.query` in a request and writes `mcp.query` into the token.
    pub scopes_supported: Option<List> = "OAUTH_SCOPES_SUPPORTED", Shape::Items(SCOPE, is_resource_scope),
        unset "`OAUTH_SCOPES` and those for the catalog and for reading, and for writing where `SQL_POLICY` allows it";

    /// How tokens may be signed.
    pub algorithms: List<TokenAlgorithm> = "OAUTH_ALGORITHMS", Shape::Choices(TokenAlgorithm::WORDS),
        default "RS256,PS256,ES256,EdDSA";

    /// The claim that tells callers apart, together with the issuer: `sub`; `oid` for Entra, whose `sub` differs for each app.
    pub subject_claim: String = "OAUTH_SUBJECT_CLAIM", Shape::Checked("the name of a claim", is_claim), default "sub";

    /// Claims with a person's name for Snowflake's history of queries; the first that a token has. It decides nothing.
    pub name_claim: List = "OAUTH_NAME_CLAIM", Shape::Items("the name of a claim", is_claim),
        default "preferred_username,email,upn";

    // A minute is what most libraries allow.
    /// How far the clocks of the issuer and of this server may differ.
    pub leeway: Span = "OAUTH_LEEWAY", span(0, 300 * SECOND), default "60s";

    // A day outlasts an issuer's worst outage; longer would keep a key that was taken back.
    /// How long the issuer's keys stay in force when they cannot be fetched anew.
    pub jwks_max_stale: Span = "OAUTH_JWKS_MAX_STALE", span(60 * SECOND, 7 * 24 * HOUR), default "24h";
}
