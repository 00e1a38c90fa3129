//! What a record of the audit log says, and its JSON Schema.

use std::sync::Arc;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

use crate::telemetry::codes::OUTCOMES;
use crate::telemetry::metrics::labels::Verdict;

/// One call of a tool, as the audit log has it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Record {
    /// When the call ended, RFC 3339 in UTC.
    #[schemars(extend("format" = "date-time"))]
    pub time: String,
    /// Who called: `anonymous`, `local` on stdio, `key:` and the first eight digits of the key's SHA-256 or its name in `CALLERS_FILE`, or `user:` and the first sixteen digits of the SHA-256 of issuer and subject; `unknown` without a known key or a good token.
    pub caller: String,
    /// Which tool; `none` where there was no call.
    pub tool: String,
    /// `ok`, or the error's code; `unauthorized` for requests without a known key.
    #[schemars(extend("enum" = outcomes()))]
    pub outcome: &'static str,
    /// The first verdict on the call's statements that is not `approved`, else `approved`; `none` where it sent none.
    #[schemars(extend("enum" = verdicts(true)))]
    pub verdict: &'static str,
    /// What was to be run, in order; eight at most.
    #[schemars(length(max = 8))]
    pub statements: Vec<Statement>,
    /// The statement in the warehouse, once it has an id.
    pub query_id: Option<String>,
    /// Rows in the answer.
    pub rows: u64,
    /// Bytes of text in the answer.
    pub bytes: u64,
    /// Milliseconds from the call to its answer.
    pub duration_ms: f64,
    /// The trace the call belongs to.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub trace_id: String,
    /// Who called, in full, where a key of `CALLERS_FILE` or a token says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Arc<Identity>>,
    /// Of requests that were no call, because they had no known key or certificate: where they came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Why they were refused, such as `no key`, `unknown key`, `two credentials` or `the token has expired`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub reason: Option<&'static str>,
    /// How many there were since the last record of this address, this one included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
}

/// Who called, in full, so that a person can be found. It never contains a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Identity {
    /// `key`, `oauth`, `anonymous` where none is needed, or `unknown` for a certificate that was refused.
    #[schemars(extend("enum" = ["key", "oauth", "anonymous", "unknown"]))]
    pub kind: &'static str,
    /// The name of the key, or the person's as the issuer writes it (`OAUTH_NAME_CLAIM`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who issued the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Whom the issuer means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The program the token was given to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The scopes of the token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// The first 8 bytes of the SHA-256 of the token's `jti`, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    /// The grant of `CALLERS_FILE` that the call was made under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// The first 16 bytes of the SHA-256 of the client's certificate, in hexadecimal, where it showed one (`TLS_CLIENT_CA_FILE`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// The outcome of refused requests, which were no call.
const UNAUTHORIZED: &str = "unauthorized";

impl Record {
    /// Requests that were refused because they had no known key.
    #[must_use]
    pub fn refused(address: String, reason: &'static str, times: u64) -> Self {
        Self {
            time: jiff::Timestamp::now().to_string(),
            caller: "unknown".to_owned(),
            tool: "none".to_owned(),
            outcome: UNAUTHORIZED,
            verdict: "none",
            statements: Vec::new(),
            query_id: None,
            rows: 0,
            bytes: 0,
            duration_ms: 0.0,
            trace_id: "0".repeat(32),
            identity: None,
            address: Some(address),
            reason: Some(reason),
            times: Some(times),
        }
    }

    /// Handshakes that were refused because of the client's certificate. The client's address is not known at that point.
    #[must_use]
    pub fn refused_certificate(certificate: String, reason: &'static str, times: u64) -> Self {
        let identity = Identity {
            kind: "unknown",
            certificate: Some(certificate),
            ..Identity::default()
        };
        Self {
            identity: Some(Arc::new(identity)),
            address: None,
            ..Self::refused(String::new(), reason, times)
        }
    }
}

/// The outcomes that a record can have.
fn outcomes() -> Vec<&'static str> {
    OUTCOMES.iter().copied().chain([UNAUTHORIZED]).collect()
}

/// A statement of a call.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Statement {
    /// The first 16 bytes of its SHA-256, in hexadecimal.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub sql_hash: String,
    /// The statement with `?` for every value and without comments; a longer one is cut.
    #[schemars(length(max = 2001))]
    pub sql: String,
    /// `approved`, or the rule that refused it.
    #[schemars(extend("enum" = verdicts(false)))]
    pub verdict: &'static str,
    /// Tables, views and common table expressions it names, as written.
    pub objects: Vec<String>,
}

/// The verdicts that a record can have; only a call's may be `none`.
fn verdicts(of_call: bool) -> Vec<&'static str> {
    let none = of_call.then_some("none");
    Verdict::WORDS.iter().copied().chain(none).collect()
}

/// docs/audit-record.schema.json: the JSON Schema of a record.
#[must_use]
pub fn schema() -> String {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<Record>();
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
