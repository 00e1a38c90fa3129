//! The form of `CALLERS_FILE`.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The callers of a server: keys by their digests, issuers of tokens, and what each caller is granted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "CALLERS_FILE of snowflake-mcp")]
pub(super) struct CallersFile {
    /// The form of this file.
    #[schemars(extend("const" = 1))]
    pub(super) version: u64,
    /// API keys. Two with one name are one caller: an old key and the new one.
    #[serde(default)]
    #[schemars(length(max = 10_000))]
    pub(super) keys: Vec<KeyEntry>,
    /// Issuers beside `OAUTH_ISSUER`.
    #[serde(default)]
    #[schemars(length(max = 16))]
    pub(super) issuers: Vec<IssuerEntry>,
    /// Which grant a token has: the first rule that fits. A token that none fits is refused.
    #[serde(default)]
    pub(super) rules: Vec<RuleEntry>,
    /// What callers may do, by name. A grant only takes away from what the settings allow.
    #[serde(default, deserialize_with = "each_once")]
    #[schemars(extend("propertyNames" = {"pattern": NAME}))]
    pub(super) grants: BTreeMap<String, GrantEntry>,
}

/// Names of keys and grants.
const NAME: &str = "^[a-z0-9][a-z0-9._-]{0,62}$";

/// A key. `snowflake-mcp key new` makes one, and the entry for it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyEntry {
    /// Who it belongs to; logs have it.
    #[schemars(regex(pattern = NAME))]
    pub(super) name: String,
    /// `sha256:` and the digest of the key in 64 hexadecimal digits.
    #[schemars(regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub(super) hash: String,
    /// From when it is good.
    #[schemars(extend("format" = "date-time"))]
    pub(super) not_before: Option<String>,
    /// Until when it is good.
    #[schemars(extend("format" = "date-time"))]
    pub(super) expires: Option<String>,
    /// Whether it is refused for now.
    #[serde(default)]
    pub(super) disabled: bool,
    /// What its callers may do.
    #[schemars(regex(pattern = NAME))]
    pub(super) grant: String,
}

/// An issuer. What is not said is as the settings `OAUTH_…` have it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuerEntry {
    /// To the letter as its tokens name it.
    #[schemars(regex(pattern = "^https?://"))]
    pub(super) issuer: String,
    /// What its tokens must be made for; one must match.
    #[schemars(length(min = 1))]
    pub(super) audiences: Option<Vec<String>>,
    /// Where its keys are, where its metadata is not to be asked.
    #[schemars(regex(pattern = "^https?://"))]
    pub(super) jwks_url: Option<String>,
    /// How its tokens may be signed.
    #[schemars(extend("items" = {"enum": crate::config::TokenAlgorithm::WORDS}))]
    pub(super) algorithms: Option<Vec<String>>,
    /// Whether its tokens must say that they are access tokens (`typ: at+jwt`, RFC 9068).
    #[serde(default)]
    pub(super) require_at_jwt: bool,
    /// Scopes its tokens must have for any call.
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    /// Where its tokens name the caller.
    #[schemars(extend("enum" = subject_claims()))]
    pub(super) subject_claim: Option<String>,
    /// Where they name a person for records.
    pub(super) name_claim: Option<String>,
    /// How far its clock may differ.
    #[schemars(range(max = 300))]
    pub(super) leeway_seconds: Option<u64>,
}

/// Which tokens have a grant: those of the issuer, with all the scopes, and for each claim with any of its values.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleEntry {
    /// Of this issuer only. Without it the tokens of every issuer fit, whoever their claims are written by.
    pub(super) issuer: Option<String>,
    /// All of them.
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    /// Of each claim any of these values; a claim may be a text or a list of texts.
    #[serde(default, deserialize_with = "each_once")]
    pub(super) claims: BTreeMap<String, Vec<String>>,
    /// What those callers may do.
    #[schemars(regex(pattern = NAME))]
    pub(super) grant: String,
}

/// What callers may do. What is not said is as the settings have it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantEntry {
    /// Of the tools only these sets.
    #[schemars(extend("items" = {"enum": crate::config::Toolset::WORDS}))]
    pub(super) toolsets: Option<Vec<String>>,
    /// At most this, as `SQL_POLICY`.
    #[schemars(extend("enum" = ["read_only", "read_write", "admin", null]))]
    pub(super) sql_policy: Option<String>,
    /// Of the databases only these.
    pub(super) allowed_databases: Option<Vec<String>>,
    /// Of the schemas only these.
    pub(super) allowed_schemas: Option<Vec<String>>,
    /// Of the objects only these.
    pub(super) allowed_objects: Option<Vec<String>>,
    /// Objects that may not be touched.
    pub(super) denied_objects: Option<Vec<String>>,
    /// Of the roles only these, by their whole names. The first is the role of calls that name none.
    #[schemars(length(min = 1))]
    pub(super) roles: Option<Vec<String>>,
    /// Of the virtual warehouses only these.
    pub(super) warehouses: Option<Vec<String>>,
    /// Their weight in the queue: with 2 they get two slots for each slot of a caller with 1.
    #[schemars(range(min = 1, max = 100))]
    pub(super) weight: Option<u32>,
    /// Limits, none above the settings of the same names.
    #[serde(default)]
    pub(super) limits: LimitsEntry,
}

/// Limits, as the settings of the same names in upper case.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsEntry {
    /// Rows where a call names no limit.
    pub(super) default_rows: Option<u64>,
    /// Rows of one answer at most.
    pub(super) max_rows: Option<u64>,
    /// Such as `64KiB`.
    pub(super) max_result_bytes: Option<String>,
    /// Such as `4KiB`.
    pub(super) max_cell_bytes: Option<String>,
    /// Such as `30s`.
    pub(super) query_timeout: Option<String>,
    /// Such as `10GiB`.
    pub(super) max_scan_bytes: Option<String>,
    /// Statements at once.
    pub(super) max_concurrent_queries: Option<u64>,
    /// Calls in a minute.
    pub(super) rate_limit_per_minute: Option<u64>,
}

impl LimitsEntry {
    /// Those that are said, as settings would be written.
    pub(super) fn options(&self) -> Vec<(&'static str, String)> {
        let number = |value: Option<u64>| value.map(|value| value.to_string());
        [
            ("default_rows", number(self.default_rows)),
            ("max_rows", number(self.max_rows)),
            ("max_result_bytes", self.max_result_bytes.clone()),
            ("max_cell_bytes", self.max_cell_bytes.clone()),
            ("query_timeout", self.query_timeout.clone()),
            ("max_scan_bytes", self.max_scan_bytes.clone()),
            (
                "max_concurrent_queries",
                number(self.max_concurrent_queries),
            ),
            ("rate_limit_per_minute", number(self.rate_limit_per_minute)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

/// Claims that an issuer gives out itself, and each to one person only.
pub(super) const SUBJECT_CLAIMS: [&str; 4] = ["sub", "oid", "uid", "username"];

fn subject_claims() -> Vec<Option<&'static str>> {
    SUBJECT_CLAIMS
        .iter()
        .copied()
        .map(Some)
        .chain([None])
        .collect()
}

/// How the message begins that a name is repeated.
pub(super) const TWICE: &str = "a name is repeated";

/// An object without repeated members. If a name were repeated, the parser would use the last value, while a person may
/// read the first.
fn each_once<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    object: D,
) -> Result<BTreeMap<String, T>, D::Error> {
    struct Reader<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
        type Value = BTreeMap<String, T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
            let mut members = BTreeMap::new();
            while let Some((name, value)) = object.next_entry()? {
                if members.insert(name, value).is_some() {
                    return Err(de::Error::custom(TWICE));
                }
            }
            Ok(members)
        }
    }

    object.deserialize_map(Reader(PhantomData))
}

/// Whether a text can be the name of a key or a grant.
pub(super) fn is_name(text: &str) -> bool {
    let is_first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 63
        && text.starts_with(is_first)
        && text
            .chars()
            .all(|c| is_first(c) || matches!(c, '.' | '_' | '-'))
}

/// docs/callers.schema.json: the JSON Schema of the file, for editors and for programs that write it.
#[must_use]
pub fn schema() -> String {
    let settings = SchemaSettings::draft2020_12();
    let schema = settings
        .into_generator()
        .into_root_schema_for::<CallersFile>();
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
