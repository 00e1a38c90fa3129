//! Who may call, from the settings and `CALLERS_FILE`.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{Environment, Problem, Settings, SnowflakeIdentity, SqlPolicy};
use crate::identity::{
    self, Access, Base, Callers, CallersError, Entrance, Issuer, IssuerOptions, KnownKeys, Scopes,
};
use crate::telemetry::LIFECYCLE;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::Delivery;
use crate::telemetry::metrics::lists::Caller;

use super::{Error, budget, policy, reread};

/// How long a connection to an issuer may take; the whole answer has a limit of its own.
const CONNECT: Duration = Duration::from_secs(3);

/// How often the file is looked at: a key that was removed is refused within about this time.
const EVERY: Duration = Duration::from_secs(10);

/// What is needed to let callers in, whenever the file changes.
struct Maker {
    keys: KnownKeys,
    /// That of `OAUTH_ISSUER`.
    own: Option<IssuerOptions>,
    /// Whether callers' tokens are exchanged.
    are_persons: bool,
    scopes: Arc<Scopes>,
    http: reqwest::Client,
    runtime: tokio::runtime::Handle,
    metrics: Arc<Metrics>,
}

/// Everybody who may call. Must be called inside the runtime, which goes on to fetch the keys of issuers and to look at the file.
///
/// # Errors
///
/// The file is not as it must be, or there is no client of HTTP to be had.
pub(super) fn access(settings: &Settings, metrics: &Arc<Metrics>) -> Result<Access, Error> {
    let http = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        // A redirect could lead from the issuer's host to one inside the operator's network.
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("snowflake-mcp/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| {
            let sentence = format!("OAUTH_ISSUER: no HTTP client can be made: {error}");
            Error::Setting(Problem::of_room("OAUTH_ISSUER", sentence))
        })?;
    let maker = Maker {
        keys: KnownKeys::new(settings.auth.keys()),
        own: settings
            .oauth
            .issuer
            .clone()
            .map(|issuer| options(settings, issuer)),
        are_persons: settings.auth.snowflake_identity == SnowflakeIdentity::Exchange,
        scopes: Arc::new(scopes(settings)),
        http,
        runtime: tokio::runtime::Handle::current(),
        metrics: Arc::clone(metrics),
    };
    let Some(path) = settings.auth.callers_file.clone() else {
        return Ok(Access::new(maker.entrance(None, None)));
    };
    let base = base(settings)?;
    let found = reread::bytes(&path, identity::MOST_BYTES);
    // Marked before the file is understood: if it changes meanwhile, the first look sees that.
    let taken = reread::mark(&found);
    let callers = read(found, &base).map_err(|error| Error::Setting(wrong_file(&path, &error)))?;
    // Metrics have a closed set of callers, so the names are made known before the first request.
    know(&callers);
    let access = Access::new(maker.entrance(Some(callers), None));
    let current = access.clone();
    let metrics = Arc::clone(metrics);
    let take = move |read: Result<Callers, CallersError>| match read {
        Ok(callers) => {
            know(&callers);
            metrics.callers_read(Delivery::Ok);
            tracing::info!(target: LIFECYCLE, event = "callers_read", keys = callers.len(), "CALLERS_FILE was read again");
            // Callers that are being checked keep the entrance that they began with; only the next
            // request sees the new one.
            let before = current.now();
            current.replace(maker.entrance(Some(callers), Some(&before)));
        }
        Err(error) => {
            metrics.callers_read(Delivery::Failed);
            tracing::warn!(
                "CALLERS_FILE has changed but has errors, so its old contents stay in force: {error}"
            );
        }
    };
    let again = move |bytes| read(bytes, &base);
    tokio::spawn(reread::follow(
        path,
        identity::MOST_BYTES,
        EVERY,
        taken,
        again,
        take,
    ));
    Ok(access)
}

fn read(bytes: io::Result<Vec<u8>>, base: &Base) -> Result<Callers, CallersError> {
    identity::parse(&bytes?, base)
}

/// Names of keys, for metrics.
fn know(callers: &Callers) {
    Caller::know(callers.names().map(|name| format!("key:{name}")));
}

/// What is wrong with the file.
pub(super) fn problem(settings: &Settings) -> Option<Problem> {
    let path = settings.auth.callers_file.as_ref()?;
    // The process has not changed into its folder yet.
    let folder = settings.server.working_dir.as_ref();
    let path = folder.map_or_else(|| path.clone(), |folder| folder.join(path));
    // Grants that make no valid policy were reported when the file was read.
    let base = base(settings).ok()?;
    read(reread::bytes(&path, identity::MOST_BYTES), &base)
        .err()
        .map(|error| wrong_file(&path, &error))
}

fn wrong_file(path: &Path, error: &CallersError) -> Problem {
    let sentence = format!("CALLERS_FILE: {}: {error}", path.display());
    Problem::of_room("CALLERS_FILE", sentence)
}

impl Maker {
    /// Issuers that have not changed keep the keys that they have fetched.
    fn entrance(&self, callers: Option<Callers>, before: Option<&Entrance>) -> Entrance {
        let own = self.own.iter().map(|options| (options.clone(), Vec::new()));
        let others = callers.iter().flat_map(Callers::issuers).cloned();
        let mut places: BTreeSet<usize> = before
            .iter()
            .flat_map(|before| before.issuers().map(|issuer| issuer.place()))
            .collect();
        let issuers = own.chain(others).map(|(options, scopes)| {
            let known = before.and_then(|before| {
                before
                    .issuers()
                    .find(|issuer| *issuer.options() == options)
                    .cloned()
            });
            let start = || {
                // A place in metrics is never two issuers', nor right after the one that leaves it.
                let place = (0..)
                    .find(|place| places.insert(*place))
                    .unwrap_or_default();
                Arc::new(Issuer::start(
                    options,
                    place,
                    &self.http,
                    &self.runtime,
                    &self.metrics,
                ))
            };
            // Fetching the keys anew on each change would refuse tokens for as long as an issuer
            // does not answer.
            (known.unwrap_or_else(start), scopes)
        });
        let issuers = issuers.collect();
        let scopes = Arc::clone(&self.scopes);
        let entrance = Entrance::new(self.keys.clone(), callers, issuers, scopes);
        if self.are_persons {
            entrance.of_persons()
        } else {
            entrance
        }
    }
}

/// What grants take away from.
fn base(settings: &Settings) -> Result<Base, Error> {
    Ok(Base {
        policy: policy::policy(settings)?,
        budget: budget::budget(&settings.limits),
        limits: settings.limits.clone(),
        issuer: options(settings, settings.oauth.issuer.clone().unwrap_or_default()),
        has_address: settings.oauth.public_url.is_some(),
        settings_keys: KnownKeys::new(settings.auth.keys()).digests().collect(),
        exchanges: settings.auth.snowflake_identity == SnowflakeIdentity::Exchange,
        has_service_identity: settings.has_service_identity(),
        needs_roles: settings.auth.snowflake_identity == SnowflakeIdentity::Mapped,
    })
}

/// An issuer, as the settings have it.
fn options(settings: &Settings, issuer: String) -> IssuerOptions {
    let oauth = &settings.oauth;
    // Clients that follow RFC 8707 name the server's own address as the audience.
    let audiences = match (&oauth.audience, &oauth.public_url) {
        (Some(audience), _) => audience.to_vec(),
        (None, Some(url)) => own_audiences(url),
        (None, None) => Vec::new(),
    };
    IssuerOptions {
        issuer,
        audiences,
        jwks_url: oauth.jwks_url.clone(),
        algorithms: oauth.algorithms.to_vec(),
        subject_claim: oauth.subject_claim.clone(),
        name_claims: oauth.name_claim.to_vec(),
        leeway: *oauth.leeway,
        // RFC 9068's `at+jwt` is not yet what most issuers put into `typ`.
        require_at_jwt: false,
        max_stale: *oauth.jwks_max_stale,
        allows_http_here: settings.environment != Environment::Production,
    }
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
            // Clients ask for all scopes that are listed. Under a policy that only reads, none
            // should ask a person for the right to write.
            let write = write
                .clone()
                .filter(|_| settings.policy.sql_policy != SqlPolicy::ReadOnly);
            let usual = needed.iter().cloned();
            let mut all: Vec<String> = usual
                .chain(catalog.clone())
                .chain(query.clone())
                .chain(write)
                .collect();
            let mut seen = BTreeSet::new();
            // Two reaches can have one scope.
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
