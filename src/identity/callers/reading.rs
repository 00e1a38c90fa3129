//! Reads `CALLERS_FILE`, whole or not at all. Errors name the place in the file, and never repeat the digest of a key.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::base::Base;
use super::file::{
    CallersFile, GrantEntry, IssuerEntry, KeyEntry, RuleEntry, SUBJECT_CLAIMS, TWICE, is_name,
};
use super::grant::Grant;
use super::rules::{Rule, grant_of};
use crate::config::{
    TokenAlgorithm, is_audience, is_claim, is_issuer, is_resource_scope, unfit_issuer,
};
use crate::identity::issuer::IssuerOptions;

/// Longest file: ten thousand keys have a quarter of it.
pub const MOST_BYTES: u64 = 8 << 20;

/// Issuers of one file.
const MOST_ISSUERS: usize = 16;

/// Keys of one file.
const MOST_KEYS: usize = 10_000;

/// The callers of a file.
#[derive(Debug, Default)]
pub struct Callers {
    keys: HashMap<[u8; 32], Holder>,
    /// The issuers, with the scopes that each needs.
    issuers: Vec<(IssuerOptions, Vec<String>)>,
    rules: Vec<Rule>,
}

/// Who has a key.
#[derive(Debug, Clone)]
pub(in crate::identity) struct Holder {
    pub(in crate::identity) name: String,
    pub(in crate::identity) grant: Arc<Grant>,
    not_before: Option<Timestamp>,
    expires: Option<Timestamp>,
    disabled: bool,
}

/// Why a file is refused.
#[derive(Debug, thiserror::Error)]
pub enum CallersError {
    /// It cannot be opened or read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// A place in it is not as it must be.
    #[error("{}: {problem}", if .pointer.is_empty() { "the whole file" } else { .pointer.as_str() })]
    Wrong {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What, without what stands there.
        problem: String,
    },
}

fn wrong(pointer: impl Into<String>, problem: impl Into<String>) -> CallersError {
    CallersError::Wrong {
        pointer: pointer.into(),
        problem: problem.into(),
    }
}

/// Reads the contents of a file.
///
/// # Errors
///
/// The first thing that is wrong with them.
pub fn parse(text: &[u8], base: &Base) -> Result<Callers, CallersError> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let file: CallersFile = serde_path_to_error::deserialize(&mut reader).map_err(of_serde)?;
    // Text after the document may be half of an edit, with other rights in it.
    reader
        .end()
        .map_err(|_| wrong("", "there is text after the end of the JSON document"))?;
    if file.version != 1 {
        return Err(wrong("/version", "expected 1"));
    }
    // Grants first: keys and rules refer to them by name.
    let grants = grants(&file.grants, base)?;
    let keys = keys(&file.keys, &grants, base)?;
    let known_issuers: BTreeSet<String> = std::iter::once(&base.issuer.issuer)
        .chain(file.issuers.iter().map(|entry| &entry.issuer))
        .cloned()
        .collect();
    let issuers = issuers(file.issuers, base)?;
    let rules = rules(file.rules, &grants, &known_issuers)?;
    Ok(Callers {
        keys,
        issuers,
        rules,
    })
}

type Grants = BTreeMap<String, Arc<Grant>>;

fn grants(entries: &BTreeMap<String, GrantEntry>, base: &Base) -> Result<Grants, CallersError> {
    let mut grants = Grants::new();
    for (name, entry) in entries {
        let place = format!("/grants/{name}");
        check(
            is_name(name),
            "/grants",
            "expected names of small letters, digits, `.`, `_` and `-`",
        )?;
        check(
            !base.needs_roles || entry.roles.is_some(),
            &place,
            "expected `roles`, with SNOWFLAKE_IDENTITY=mapped",
        )?;
        let grant = Grant::read(name, entry, base)
            .map_err(|(inside, problem)| wrong(format!("{place}{inside}"), problem))?;
        grants.insert(name.clone(), Arc::new(grant));
    }
    Ok(grants)
}

fn grant(grants: &Grants, name: &str, place: &str) -> Result<Arc<Grant>, CallersError> {
    let problem = "expected the name of a grant in this file";
    let grant = grants.get(name).cloned();
    grant.ok_or_else(|| wrong(format!("{place}/grant"), problem))
}

fn keys(
    entries: &[KeyEntry],
    grants: &Grants,
    base: &Base,
) -> Result<HashMap<[u8; 32], Holder>, CallersError> {
    check(
        entries.len() <= MOST_KEYS,
        "/keys",
        format!("expected {MOST_KEYS} at most"),
    )?;
    check(
        entries.is_empty() || base.has_service_identity,
        "/keys",
        "expected none with SNOWFLAKE_IDENTITY=exchange and without SNOWFLAKE_USER: a caller with a key has no user in Snowflake",
    )?;
    let mut keys = HashMap::new();
    let mut named: HashMap<&str, &str> = HashMap::new();
    for (index, entry) in entries.iter().enumerate() {
        let place = format!("/keys/{index}");
        let grant = grant(grants, &entry.grant, &place)?;
        // Two keys of one name overlap while a key is replaced. With two grants, the rights would
        // depend on which is used.
        let other = named.insert(&entry.name, &entry.grant);
        check(
            other.is_none_or(|other| other == entry.grant),
            format!("{place}/grant"),
            "expected the grant of the other key with this name: both are one caller",
        )?;
        let (digest, holder) = holder(entry, grant, &place)?;
        // A key of the settings is found first, and has everything that the settings allow.
        check(
            !base.settings_keys.contains(&digest),
            format!("{place}/hash"),
            "this key is also in API_KEY or API_KEYS, where it has no grant: remove it there or here",
        )?;
        check(
            keys.insert(digest, holder).is_none(),
            format!("{place}/hash"),
            "the same key is listed twice",
        )?;
    }
    Ok(keys)
}

/// The issuers, with the scopes that each needs.
fn issuers(
    entries: Vec<IssuerEntry>,
    base: &Base,
) -> Result<Vec<(IssuerOptions, Vec<String>)>, CallersError> {
    check(
        entries.len() <= MOST_ISSUERS,
        "/issuers",
        format!("expected {MOST_ISSUERS} at most"),
    )?;
    check(
        entries.is_empty() || !base.exchanges,
        "/issuers",
        "expected none with SNOWFLAKE_IDENTITY=exchange: SNOWFLAKE_EXCHANGE_URL is for tokens of OAUTH_ISSUER, and those of others are not sent there",
    )?;
    check(
        entries.is_empty() || base.has_address,
        "/issuers",
        "expected PUBLIC_URL in the settings, where clients are told to sign in",
    )?;
    // Two entries for an issuer could differ in audiences, and the first would win unnoticed.
    let mut seen = BTreeSet::from([base.issuer.issuer.clone()]);
    let mut issuers = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let place = format!("/issuers/{index}");
        check(
            seen.insert(entry.issuer.clone()),
            format!("{place}/issuer"),
            "this issuer is listed twice, here or in OAUTH_ISSUER",
        )?;
        issuers.push(issuer(entry, base, &place)?);
    }
    Ok(issuers)
}

fn rules(
    entries: Vec<RuleEntry>,
    grants: &Grants,
    known_issuers: &BTreeSet<String>,
) -> Result<Vec<Rule>, CallersError> {
    let mut rules = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let place = format!("/rules/{index}");
        let issuer = entry.issuer.as_ref();
        check(
            // A rule for a misspelt issuer would never apply, and its callers would be refused.
            issuer.is_none_or(|issuer| known_issuers.contains(issuer)),
            format!("{place}/issuer"),
            "expected an issuer of this file, or OAUTH_ISSUER",
        )?;
        let grant = grant(grants, &entry.grant, &place)?;
        rules.push(Rule::new(entry, grant));
    }
    Ok(rules)
}

fn check(
    is_right: bool,
    place: impl Into<String>,
    problem: impl Into<String>,
) -> Result<(), CallersError> {
    match is_right {
        true => Ok(()),
        false => Err(wrong(place, problem)),
    }
}

fn holder(
    entry: &KeyEntry,
    grant: Arc<Grant>,
    place: &str,
) -> Result<([u8; 32], Holder), CallersError> {
    if !is_name(&entry.name) {
        let problem = "expected small letters, digits, `.`, `_` and `-`, 63 at most";
        return Err(wrong(format!("{place}/name"), problem));
    }
    let digest = digest(&entry.hash).ok_or_else(|| {
        wrong(
            format!("{place}/hash"),
            "expected `sha256:` and 64 hexadecimal digits in small letters, as `snowflake-mcp key new` prints them",
        )
    })?;
    let time = |text: &Option<String>, name: &str| {
        text.as_ref()
            .map(|text| {
                text.parse::<Timestamp>().map_err(|_| {
                    wrong(
                        format!("{place}/{name}"),
                        "expected a time such as 2027-06-30T00:00:00Z",
                    )
                })
            })
            .transpose()
    };
    let holder = Holder {
        name: entry.name.clone(),
        grant,
        not_before: time(&entry.not_before, "not_before")?,
        expires: time(&entry.expires, "expires")?,
        disabled: entry.disabled,
    };
    Ok((digest, holder))
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix("sha256:")?;
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if digits.len() != 64 || !digits.bytes().all(is_digit) {
        return None;
    }
    let mut digest = [0; 32];
    for (index, byte) in digest.iter_mut().enumerate() {
        let pair = digits.get(2 * index..2 * index + 2)?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(digest)
}

fn issuer(
    entry: IssuerEntry,
    base: &Base,
    place: &str,
) -> Result<(IssuerOptions, Vec<String>), CallersError> {
    let usual = &base.issuer;
    check_addresses(&entry, usual.allows_http_here, place)?;
    check_claims(&entry, place)?;
    // These names appear in WWW-Authenticate.
    let odd = entry
        .scopes
        .iter()
        .position(|scope| !is_resource_scope(scope));
    if let Some(index) = odd {
        let problem = "expected a scope without spaces, quotation marks, backslashes or commas, neither `openid` nor `offline_access`";
        return Err(wrong(format!("{place}/scopes/{index}"), problem));
    }
    let audiences = entry.audiences.unwrap_or_else(|| usual.audiences.clone());
    if audiences.is_empty() || !audiences.iter().all(|it| is_audience(it)) {
        let problem =
            "expected audiences, or PUBLIC_URL in the settings; neither `*` nor `account`";
        return Err(wrong(format!("{place}/audiences"), problem));
    }
    let algorithms = match entry.algorithms {
        None => usual.algorithms.clone(),
        Some(names) => algorithms(names, place)?,
    };
    let leeway = entry.leeway_seconds.map(std::time::Duration::from_secs);
    // Clocks that are further apart are broken, and a longer leeway keeps expired tokens alive.
    if leeway.is_some_and(|leeway| leeway.as_secs() > 300) {
        return Err(wrong(
            format!("{place}/leeway_seconds"),
            "expected 300 at most",
        ));
    }
    let options = IssuerOptions {
        issuer: entry.issuer,
        audiences,
        jwks_url: entry.jwks_url,
        algorithms,
        subject_claim: entry
            .subject_claim
            .unwrap_or_else(|| usual.subject_claim.clone()),
        name_claims: entry
            .name_claim
            .map_or_else(|| usual.name_claims.clone(), |claim| vec![claim]),
        leeway: leeway.unwrap_or(usual.leeway),
        require_at_jwt: entry.require_at_jwt,
        // What a file cannot say, such as how stale keys may be, is as for OAUTH_ISSUER.
        ..usual.clone()
    };
    Ok((options, entry.scopes))
}

/// The addresses must be safe to ask, and those of an issuer whose tokens can be checked here.
fn check_addresses(
    entry: &IssuerEntry,
    allows_http_here: bool,
    place: &str,
) -> Result<(), CallersError> {
    let is_safe = |url: &str| is_issuer(url) && (allows_http_here || url.starts_with("https://"));
    for (name, url) in [
        ("issuer", Some(&entry.issuer)),
        ("jwks_url", entry.jwks_url.as_ref()),
    ] {
        if url.is_some_and(|url| !is_safe(url)) {
            let problem = "expected an `https://` address without user, password or fragment";
            return Err(wrong(format!("{place}/{name}"), problem));
        }
    }
    // The same judgement as for OAUTH_ISSUER, in the same words.
    if let Some(hint) = unfit_issuer(&entry.issuer) {
        return Err(wrong(
            format!("{place}/issuer"),
            format!("expected an issuer of JWTs for this server: {hint}"),
        ));
    }
    Ok(())
}

fn check_claims(entry: &IssuerEntry, place: &str) -> Result<(), CallersError> {
    let is_fit = |claim: &String| SUBJECT_CLAIMS.contains(&claim.as_str());
    if !entry.subject_claim.as_ref().is_none_or(is_fit) {
        let words = SUBJECT_CLAIMS.join(", ");
        return Err(wrong(
            format!("{place}/subject_claim"),
            format!("expected one of {words}, which people cannot choose for themselves"),
        ));
    }
    if !entry
        .name_claim
        .as_ref()
        .is_none_or(|claim| is_claim(claim))
    {
        return Err(wrong(
            format!("{place}/name_claim"),
            "expected the name of a claim",
        ));
    }
    Ok(())
}

fn algorithms(names: Vec<String>, place: &str) -> Result<Vec<TokenAlgorithm>, CallersError> {
    let read = |name: &String| {
        let algorithm: Option<TokenAlgorithm> = name.parse().ok();
        // The parser of settings forgives upper and lower case; JOSE's names do not.
        algorithm.filter(|algorithm| algorithm.as_str() == name)
    };
    let read: Option<Vec<TokenAlgorithm>> = names.iter().map(read).collect();
    read.filter(|read| !read.is_empty()).ok_or_else(|| {
        let words = TokenAlgorithm::WORDS.join(", ");
        wrong(
            format!("{place}/algorithms"),
            format!("expected any of {words}"),
        )
    })
}

/// A place, and what the reader says of it where that repeats nothing of a value.
fn of_serde(error: serde_path_to_error::Error<serde_json::Error>) -> CallersError {
    let mut pointer = String::new();
    for segment in error.path() {
        use serde_path_to_error::Segment;
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            // A key of the file can be as long as the file, and the message is one line.
            Segment::Map { key } => pointer.push_str(&format!("/{key:.64}")),
            Segment::Enum { variant } => pointer.push_str(&format!("/{variant:.64}")),
            Segment::Unknown => {}
        }
    }
    let inner = error.into_inner();
    if !inner.is_data() {
        let (line, column) = (inner.line(), inner.column());
        return wrong(
            pointer,
            format!("it is no JSON, at line {line} column {column}"),
        );
    }
    let text = inner.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    // serde's other sentences quote the value, which may be a key pasted into the wrong place.
    let repeats_names_only = ["missing field", "unknown field", "duplicate field", TWICE]
        .iter()
        .any(|begin| text.starts_with(begin));
    let problem = if repeats_names_only {
        text.chars().take(200).collect()
    } else {
        "not as docs/callers.schema.json describes".to_owned()
    };
    wrong(pointer, problem)
}

impl Callers {
    /// The caller with the key of this digest, if the key is valid now.
    pub(in crate::identity) fn holder(&self, digest: &[u8; 32], now: Timestamp) -> Option<&Holder> {
        self.keys.get(digest).filter(|holder| {
            !holder.disabled
                && holder.not_before.is_none_or(|from| from <= now)
                && holder.expires.is_none_or(|until| now < until)
        })
    }

    /// The grant that a token has by its claims.
    pub(in crate::identity) fn grant_of(
        &self,
        issuer: &str,
        scopes: &BTreeSet<String>,
        claims: &Map<String, Value>,
    ) -> Option<Arc<Grant>> {
        grant_of(&self.rules, issuer, scopes, claims)
    }

    /// The issuers, with the scopes that their tokens need for any call.
    pub fn issuers(&self) -> impl Iterator<Item = &(IssuerOptions, Vec<String>)> {
        self.issuers.iter()
    }

    /// The names of keys, for metrics.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.values().map(|holder| holder.name.as_str())
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}
