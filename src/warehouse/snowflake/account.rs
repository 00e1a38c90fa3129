//! From an account identifier to the host that serves it, and to the names that a sign-in sends.
//!
//! The rules are those of the official drivers; an identifier comes as `org-account`, `locator.region.cloud`, with
//! `.privatelink`, or as an address pasted from a browser. It becomes part of a host name, so nothing passes that could
//! change which host that is.

use url::{Host, Url};

/// What accounts outside China and the US government are served under.
const USUAL_DOMAIN: &str = "snowflakecomputing.com";

/// Everything Snowflake serves accounts under.
const DOMAINS: [&str; 3] = [
    USUAL_DOMAIN,
    "snowflakecomputing.cn",
    "snowflakecomputing.mil",
];

/// Where Snowsight shows accounts, `https://app.snowflake.com/<org>/<account>/…`, and what those are served under.
const SNOWSIGHTS: [(&str, &str); 2] = [
    ("app.snowflake.com", USUAL_DOMAIN),
    ("app.snowflake.cn", "snowflakecomputing.cn"),
];

/// What may follow a locator though it is no region.
const NO_ACCOUNTS: [&str; 5] = ["global", "privatelink", "aws", "azure", "gcp"];

/// Longest label of a host name, RFC 1035.
const LONGEST_LABEL: usize = 63;

/// Where an account is served, and its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Scheme, host and port; no path.
    pub(super) base: Url,
    /// `ACCOUNT_NAME` of a login request.
    pub(super) account_name: String,
    /// The account in the claims of a signed token.
    pub(super) jwt_account: String,
}

/// Why settings name no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// No account, and no host to derive it from.
    #[error("SNOWFLAKE_ACCOUNT is empty; expected an identifier such as `myorg-myaccount`")]
    Empty,
    /// An address of Snowflake's without an account in it.
    #[error(
        "SNOWFLAKE_ACCOUNT is an address in which no account is named; expected one such as \
         `https://app.snowflake.com/myorg/myaccount/`, or `myorg-myaccount`"
    )]
    NoneInAddress,
    /// An address of somebody else.
    #[error(
        "SNOWFLAKE_ACCOUNT has a path behind a host that is not Snowflake's; expected an identifier such as `myorg-myaccount`, or \
         the address that a browser shows for the account"
    )]
    ForeignAddress,
    /// A step up in a path. Nothing that is shown for an account has one, and readers differ in what it leads to.
    #[error(
        "SNOWFLAKE_ACCOUNT has `..` in it; expected an identifier such as `myorg-myaccount`, or the address that a browser shows \
         for the account"
    )]
    Dots,
    /// Something a host name cannot be made of.
    #[error(
        "{setting} has a part that no host name can have; expected letters, digits, `.`, `-` and `_`, with parts of at \
         most 63 characters that neither start nor end with a hyphen"
    )]
    Malformed {
        /// The setting to look at.
        setting: &'static str,
    },
    /// The host was given as an address.
    #[error(
        "SNOWFLAKE_HOST must be a bare host name; the scheme goes into SNOWFLAKE_PROTOCOL and the port into SNOWFLAKE_PORT"
    )]
    HostIsAddress,
    /// Clear text to another machine.
    #[error(
        "SNOWFLAKE_PROTOCOL=http would send credentials in clear text to {host}; it is for hosts on loopback, or with \
         SNOWFLAKE_ALLOW_INSECURE=true"
    )]
    ClearText {
        /// The host.
        host: String,
    },
}

impl AccountError {
    /// The setting to look at.
    #[must_use]
    pub fn setting(&self) -> &'static str {
        match self {
            Self::Malformed { setting } => setting,
            Self::HostIsAddress => "SNOWFLAKE_HOST",
            Self::ClearText { .. } => "SNOWFLAKE_PROTOCOL",
            Self::Empty | Self::NoneInAddress | Self::ForeignAddress | Self::Dots => {
                "SNOWFLAKE_ACCOUNT"
            }
        }
    }
}

impl Endpoint {
    /// The endpoint that settings describe: an explicit host wins over the account's usual one.
    ///
    /// # Errors
    ///
    /// The setting that cannot become part of a host name, or `http` to another machine without `allow_insecure`.
    pub fn resolve(
        account: &str,
        host: Option<&str>,
        port: Option<u16>,
        protocol_is_http: bool,
        allow_insecure: bool,
    ) -> Result<Self, AccountError> {
        let host = host.map(str::trim).filter(|host| !host.is_empty());
        let (identifier, domain) = match (identifier(account)?, host) {
            (Some(found), _) => found,
            (None, Some(host)) => identifier(host)?.ok_or(AccountError::HostIsAddress)?,
            (None, None) => return Err(AccountError::Empty),
        };
        let labels = labels(&identifier, "SNOWFLAKE_ACCOUNT")?;
        let host = match host {
            Some(host) => explicit_host(host)?,
            None => usual_host(&labels, domain)?,
        };
        let scheme = if protocol_is_http { "http" } else { "https" };
        let authority = port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        let setting = "SNOWFLAKE_HOST";
        let base = Url::parse(&format!("{scheme}://{authority}"))
            .map_err(|_| AccountError::Malformed { setting })?;
        let first = labels.first().copied().unwrap_or_default();
        let is_global = labels.get(1..).is_some_and(|rest| {
            rest.iter()
                .any(|label| label.eq_ignore_ascii_case("global"))
        });
        // A global account's identifier carries a suffix that is no part of its name. The official drivers cut it at the
        // last hyphen for the login and at the first one for the token.
        let account_name = first
            .rsplit_once('-')
            .filter(|_| is_global)
            .map_or(first, |(name, _)| name);
        let jwt_account = first
            .split_once('-')
            .filter(|_| is_global)
            .map_or(first, |(name, _)| name);
        let endpoint = Self {
            base,
            account_name: account_name.to_owned(),
            jwt_account: jwt_account.to_ascii_uppercase(),
        };
        if protocol_is_http && !allow_insecure && !endpoint.is_loopback() {
            return Err(AccountError::ClearText { host });
        }
        Ok(endpoint)
    }

    /// Whether the host is this machine.
    pub(super) fn is_loopback(&self) -> bool {
        is_loopback(&self.base)
    }

    /// Whether the host is Snowflake's own: an attestation of who we are goes nowhere else.
    pub(super) fn is_snowflake_domain(&self) -> bool {
        self.base.scheme() == "https"
            && self
                .base
                .host_str()
                .is_some_and(|host| split_domain(host).is_some())
    }
}

/// Whether an address is served by this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The identifier in what was written, bare or in a pasted address, and the domain where one was written.
fn identifier(text: &str) -> Result<Option<(String, Option<&'static str>)>, AccountError> {
    let text = text.trim();
    let bare = ["https://", "http://"]
        .into_iter()
        .find_map(|scheme| strip_prefix_ignoring_case(text, scheme))
        .unwrap_or(text);
    // Two dots could lead out of the account's host when a URL is made of it.
    if bare.to_ascii_lowercase().replace("%2e", ".").contains("..") {
        return Err(AccountError::Dots);
    }
    let (authority, path) = bare.split_once(['/', '?', '#']).unwrap_or((bare, ""));
    let host = authority
        .rsplit_once(':')
        .filter(|(_, port)| port.parse::<u16>().is_ok())
        .map_or(authority, |(host, _)| host)
        .trim_end_matches('.');
    if host.is_empty() {
        return Ok(None);
    }
    let is_private = |host: &str| {
        let rest = strip_prefix_ignoring_case(host, "app.");
        rest.and_then(split_domain)
            .is_some_and(|(rest, _)| rest.to_ascii_lowercase().ends_with("privatelink"))
    };
    let snowsight = SNOWSIGHTS
        .into_iter()
        .find(|(known, _)| host.eq_ignore_ascii_case(known));
    if snowsight.is_some() || is_private(host) {
        // The usual domain is left to be found from the region.
        let domain = snowsight
            .map(|(_, domain)| domain)
            .filter(|domain| *domain != USUAL_DOMAIN);
        let end = if snowsight.is_some() {
            ""
        } else {
            ".privatelink"
        };
        let mut segments = path.split(['/', '?', '#']).filter(|part| !part.is_empty());
        return match (segments.next(), segments.next()) {
            // A region has a hyphen, an organization's name never.
            (Some(region), Some(locator)) if region.contains('-') => {
                Ok(Some((format!("{locator}.{region}{end}"), domain)))
            }
            (Some(organization), Some(account)) => {
                Ok(Some((format!("{organization}-{account}{end}"), domain)))
            }
            _ => Err(AccountError::NoneInAddress),
        };
    }
    if let Some((identifier, domain)) = split_domain(host) {
        // Snowsight with PrivateLink.
        let is_private = identifier.to_ascii_lowercase().ends_with(".privatelink");
        let identifier = strip_prefix_ignoring_case(identifier, "app-")
            .filter(|_| is_private)
            .unwrap_or(identifier);
        // The domain is kept, because accounts in China have another one.
        return Ok(Some((identifier.to_owned(), Some(domain))));
    }
    if !path.is_empty() {
        return Err(AccountError::ForeignAddress);
    }
    Ok(Some((joined(host), None)))
}

/// `ORG.ACCOUNT`, as SQL writes it, is `ORG-ACCOUNT` in host names. A region has a hyphen, an account's name never.
fn joined(identifier: &str) -> String {
    match identifier.split_once('.') {
        Some((organization, account))
            if !account.contains(['.', '-'])
                && !account.is_empty()
                && !NO_ACCOUNTS.contains(&account.to_ascii_lowercase().as_str()) =>
        {
            format!("{organization}-{account}")
        }
        _ => identifier.to_owned(),
    }
}

fn split_domain(host: &str) -> Option<(&str, &'static str)> {
    DOMAINS.into_iter().find_map(|domain| {
        let at = host.len().checked_sub(domain.len())?;
        let (rest, end) = (host.get(..at)?, host.get(at..)?);
        let rest = rest.strip_suffix('.')?;
        (end.eq_ignore_ascii_case(domain) && !rest.is_empty()).then_some((rest, domain))
    })
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let start = text.get(..prefix.len())?;
    start
        .eq_ignore_ascii_case(prefix)
        .then(|| text.get(prefix.len()..))
        .flatten()
}

fn labels<'a>(text: &'a str, setting: &'static str) -> Result<Vec<&'a str>, AccountError> {
    let labels: Vec<_> = text.split('.').collect();
    let fits = |label: &&str| {
        !label.is_empty()
            && label.len() <= LONGEST_LABEL
            && !label.starts_with(['-', '_'])
            && !label.ends_with(['-', '_'])
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    if labels.iter().all(fits) {
        Ok(labels)
    } else {
        Err(AccountError::Malformed { setting })
    }
}

/// The account's own host. Only here do underscores become hyphens: certificates have none, names keep them.
fn usual_host(labels: &[&str], domain: Option<&'static str>) -> Result<String, AccountError> {
    let mut parts: Vec<String> = labels
        .iter()
        .map(|label| label.to_ascii_lowercase().replace('_', "-"))
        .collect();
    // The first region there was has no part in host names, except with PrivateLink.
    let rest: Vec<_> = parts.iter().skip(1).map(String::as_str).collect();
    if matches!(rest.as_slice(), ["us-west-2"] | ["us-west-2", "aws"]) {
        parts.truncate(1);
    }
    let is_chinese = parts.iter().skip(1).any(|part| part.starts_with("cn-"));
    let domain = domain.unwrap_or(if is_chinese {
        "snowflakecomputing.cn"
    } else {
        USUAL_DOMAIN
    });
    Ok(format!("{}.{domain}", parts.join(".")))
}

fn explicit_host(host: &str) -> Result<String, AccountError> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<std::net::Ipv6Addr>() {
        return Ok(format!("[{address}]"));
    }
    if host.contains([':', '/']) {
        return Err(AccountError::HostIsAddress);
    }
    let host = host.trim_end_matches('.');
    labels(host, "SNOWFLAKE_HOST")?;
    Ok(host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
