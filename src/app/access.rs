//! Who may call, from the settings.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{Environment, Problem, Settings, SqlPolicy};
use crate::identity::{Access, Issuer, IssuerOptions, KnownKeys, Scopes};
use crate::telemetry::metrics::Metrics;

use super::Error;

/// How long a connection to an issuer may take; the whole answer has a limit of its own.
const CONNECT: Duration = Duration::from_secs(3);

/// Everybody who may call. Must be called inside the runtime, which goes on to fetch the keys of issuers.
///
/// # Errors
///
/// There is no client of HTTP to be had.
pub(super) fn access(settings: &Settings, metrics: &Arc<Metrics>) -> Result<Access, Error> {
    let keys = KnownKeys::new(settings.auth.keys());
    let mut issuers = Vec::new();
    if let Some(options) = issuer(settings) {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("snowflake-mcp/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| {
                let sentence = format!("OAUTH_ISSUER: no HTTP client can be made: {error}");
                Error::Setting(Problem::of_room("OAUTH_ISSUER", sentence))
            })?;
        let runtime = tokio::runtime::Handle::current();
        issuers.push(Arc::new(Issuer::start(
            options, 0, &http, &runtime, metrics,
        )));
    }
    Ok(Access::new(keys, issuers, Arc::new(scopes(settings))))
}

/// The issuer of the settings.
fn issuer(settings: &Settings) -> Option<IssuerOptions> {
    let oauth = &settings.oauth;
    let issuer = oauth.issuer.clone()?;
    let audiences = match (&oauth.audience, &oauth.public_url) {
        (Some(audience), _) => audience.to_vec(),
        (None, Some(url)) => own_audiences(url),
        (None, None) => Vec::new(),
    };
    Some(IssuerOptions {
        issuer,
        audiences,
        jwks_url: oauth.jwks_url.clone(),
        algorithms: oauth.algorithms.to_vec(),
        subject_claim: oauth.subject_claim.clone(),
        name_claims: oauth.name_claim.to_vec(),
        leeway: *oauth.leeway,
        require_at_jwt: false,
        max_stale: *oauth.jwks_max_stale,
        allows_http_here: settings.environment != Environment::Production,
    })
}

/// The server itself. Clients put a slash behind an address that is nothing but a host.
fn own_audiences(public_url: &str) -> Vec<String> {
    let is_host = public_url
        .split_once("://")
        .is_some_and(|(_, rest)| !rest.contains('/'));
    let mut audiences = vec![public_url.to_owned()];
    if is_host {
        audiences.push(format!("{public_url}/"));
    }
    audiences
}

fn scopes(settings: &Settings) -> Scopes {
    let oauth = &settings.oauth;
    let name = |scope: &crate::config::ScopeName| scope.name().map(ToOwned::to_owned);
    let needed = oauth
        .scopes
        .as_ref()
        .map_or_else(Vec::new, |it| it.to_vec());
    let (catalog, query, write) = (
        name(&oauth.scope_catalog),
        name(&oauth.scope_query),
        name(&oauth.scope_write),
    );
    let supported = match &oauth.scopes_supported {
        Some(supported) => supported.to_vec(),
        None => {
            let write = write
                .clone()
                .filter(|_| settings.policy.sql_policy != SqlPolicy::ReadOnly);
            let usual = needed.iter().cloned();
            let mut all: Vec<String> = usual
                .chain(catalog.clone())
                .chain(query.clone())
                .chain(write)
                .collect();
            let mut seen = std::collections::BTreeSet::new();
            all.retain(|scope| seen.insert(scope.clone()));
            all
        }
    };
    Scopes {
        catalog,
        query,
        write,
        needed,
        supported,
    }
}
