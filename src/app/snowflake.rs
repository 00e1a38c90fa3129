//! The Snowflake account that the settings describe.

use std::str::FromStr;

use crate::config::{
    self, AuthType, ExchangeProfile, IdentityProvider, Problem, Protocol, Settings,
    SnowflakeIdentity,
};
use crate::policy::Policy;
use crate::sql::Identifier;
use crate::telemetry::chain;
use crate::warehouse::snowflake::account::{AccountError, Endpoint};
use crate::warehouse::snowflake::sign_in::{
    self, Attestor, ExchangeOptions, KeySource, Method, OauthClient, Profile, SignIn, TokenSource,
};
use crate::warehouse::snowflake::{Defaults, Options, PersonSizes, Sizes};

/// Why the settings describe no account that can be served from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The account, host or protocol.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// What is needed to sign in.
    #[error(transparent)]
    SignIn(#[from] sign_in::Error),
    /// A name that cannot be one.
    #[error("{setting}: {source}")]
    Name {
        /// The setting.
        setting: &'static str,
        /// What is wrong with it.
        source: crate::sql::NameError,
    },
    /// The settings passed their check without it: a defect.
    #[error("{0} is not set")]
    Missing(&'static str),
}

impl Error {
    /// As a problem of the settings.
    pub(super) fn problem(&self) -> Problem {
        let setting = match self {
            Self::Account(error) => error.setting(),
            Self::SignIn(error) => error.setting(),
            Self::Name { setting, .. } | Self::Missing(setting) => setting,
        };
        Problem::of_room(setting, chain(self))
    }
}

/// What the driver needs.
pub(super) fn options(settings: &Settings, policy: Policy) -> Result<Options, Error> {
    let warehouse = &settings.warehouse;
    let account = warehouse
        .account
        .as_deref()
        .ok_or(Error::Missing("SNOWFLAKE_ACCOUNT"))?;
    let endpoint = Endpoint::resolve(
        account,
        warehouse.host.as_deref(),
        warehouse.port,
        warehouse.protocol == Protocol::Http,
        warehouse.allow_insecure,
    )?;
    let pool = &settings.pool;
    Ok(Options {
        sign_in: SignIn::new(method(settings)?, endpoint.clone())?,
        exchange: exchange(settings)?,
        endpoint,
        defaults: Defaults {
            database: name("SNOWFLAKE_DATABASE", warehouse.database.as_deref())?,
            schema: name("SNOWFLAKE_SCHEMA", warehouse.schema.as_deref())?,
            warehouse: name("SNOWFLAKE_WAREHOUSE", warehouse.warehouse.as_deref())?,
            role: name("SNOWFLAKE_ROLE", warehouse.role.as_deref())?,
        },
        sizes: Sizes {
            min: size(pool.min_size),
            max: size(pool.max_size),
            gate: super::gate::limits(settings, Some(size(pool.max_size))),
            of_persons: PersonSizes {
                max: size(settings.exchange.max_sessions).min(size(pool.max_size)),
                people: size(settings.exchange.max_identities),
                max_inactive: *settings.exchange.idle,
            },
            max_inactive: *pool.max_inactive,
            health_check: *pool.health_check,
            wait: if warehouse.auth_type == AuthType::ExternalBrowser {
                // A person needs longer than a service does.
                (*pool.connection_timeout).max(*warehouse.browser_timeout)
            } else {
                *pool.connection_timeout
            },
        },
        retries: pool.retry_attempts,
        policy,
        verify: settings.policy.sql_policy_verify,
        download_memory_bytes: *settings.limits.download_memory_limit,
    })
}

fn size(sessions: u32) -> usize {
    usize::try_from(sessions).unwrap_or(usize::MAX)
}

fn method(settings: &Settings) -> Result<Method, Error> {
    let warehouse = &settings.warehouse;
    if !settings.has_service_identity() {
        return Ok(Method::Nobody);
    }
    let user = warehouse.user.clone();
    let named = || user.clone().ok_or(Error::Missing("SNOWFLAKE_USER"));
    Ok(match warehouse.auth_type {
        AuthType::PrivateKey => Method::PrivateKey {
            user: named()?,
            key: key(warehouse)?,
        },
        AuthType::Password => Method::Password {
            user: named()?,
            password: warehouse
                .password
                .clone()
                .ok_or(Error::Missing("SNOWFLAKE_PASSWORD"))?,
            passcode: warehouse.passcode.clone(),
        },
        AuthType::Oauth => Method::Oauth {
            user,
            token: token(warehouse)?,
        },
        AuthType::ProgrammaticAccessToken => Method::ProgrammaticAccessToken {
            user,
            token: token(warehouse)?,
        },
        AuthType::WorkloadIdentity => Method::WorkloadIdentity {
            attestor: attestor(settings)?,
        },
        AuthType::OauthClientCredentials => Method::OauthClientCredentials {
            user,
            client: oauth_client(warehouse)?,
        },
        AuthType::ExternalBrowser => Method::ExternalBrowser {
            user: named()?,
            patience: *warehouse.browser_timeout,
        },
    })
}

/// How callers' tokens are exchanged, where statements run as the caller.
fn exchange(settings: &Settings) -> Result<Option<ExchangeOptions>, Error> {
    if settings.auth.snowflake_identity != SnowflakeIdentity::Exchange {
        return Ok(None);
    }
    let exchange = &settings.exchange;
    let secret = match (&exchange.client_secret_file, &exchange.client_secret) {
        (Some(path), _) => {
            TokenSource::OtherFile("SNOWFLAKE_EXCHANGE_CLIENT_SECRET_FILE", path.clone())
        }
        (None, Some(secret)) => {
            TokenSource::OtherText("SNOWFLAKE_EXCHANGE_CLIENT_SECRET", secret.clone())
        }
        (None, None) => return Err(Error::Missing("SNOWFLAKE_EXCHANGE_CLIENT_SECRET")),
    };
    let missing = Error::Missing;
    Ok(Some(ExchangeOptions {
        url: exchange
            .url
            .clone()
            .ok_or(missing("SNOWFLAKE_EXCHANGE_URL"))?,
        profile: match exchange.profile {
            ExchangeProfile::Rfc8693 => Profile::TokenExchange,
            ExchangeProfile::EntraObo => Profile::OnBehalfOf,
        },
        client_id: exchange
            .client_id
            .clone()
            .ok_or(missing("SNOWFLAKE_EXCHANGE_CLIENT_ID"))?,
        client_secret: secret,
        audience: exchange.audience.clone(),
        resource: exchange.resource.clone(),
        scope: exchange.scope.clone(),
        subject_claim: settings.oauth.subject_claim.clone(),
    }))
}

fn oauth_client(warehouse: &config::Warehouse) -> Result<OauthClient, Error> {
    let missing = Error::Missing;
    // The role that will be used: what Snowflake's drivers use if no role is set.
    let usual = || Some(format!("session:role:{}", warehouse.role.as_ref()?));
    Ok(OauthClient {
        id: warehouse
            .oauth_client_id
            .clone()
            .ok_or(missing("SNOWFLAKE_OAUTH_CLIENT_ID"))?,
        secret: warehouse
            .oauth_client_secret
            .clone()
            .ok_or(missing("SNOWFLAKE_OAUTH_CLIENT_SECRET"))?,
        token_url: warehouse
            .oauth_token_url
            .clone()
            .ok_or(missing("SNOWFLAKE_OAUTH_TOKEN_URL"))?,
        scope: warehouse.oauth_scope.clone().or_else(usual),
    })
}

fn attestor(settings: &Settings) -> Result<Attestor, Error> {
    let cloud = || settings.cloud.clone();
    let provider = settings.warehouse.workload_identity_provider;
    Ok(match provider {
        Some(IdentityProvider::Aws) => Attestor::Aws(cloud()),
        Some(IdentityProvider::Azure) => Attestor::Azure(cloud()),
        Some(IdentityProvider::Gcp) => Attestor::Gcp,
        Some(IdentityProvider::Oidc) => Attestor::Oidc(token(&settings.warehouse)?),
        None => return Err(Error::Missing("SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER")),
    })
}

/// A file wins over a value: it is the one that can be replaced while the service runs.
fn key(warehouse: &config::Warehouse) -> Result<KeySource, Error> {
    let passphrase = warehouse.private_key_passphrase.clone();
    match (&warehouse.private_key_path, &warehouse.private_key) {
        (Some(path), _) => Ok(KeySource::File {
            path: path.clone(),
            passphrase,
        }),
        (None, Some(text)) => Ok(KeySource::Text {
            text: text.clone(),
            passphrase,
        }),
        (None, None) => Err(Error::Missing("SNOWFLAKE_PRIVATE_KEY_PATH")),
    }
}

fn token(warehouse: &config::Warehouse) -> Result<TokenSource, Error> {
    match (&warehouse.token_path, &warehouse.token) {
        (Some(path), _) => Ok(TokenSource::File(path.clone())),
        (None, Some(token)) => Ok(TokenSource::Text(token.clone())),
        (None, None) => Err(Error::Missing("SNOWFLAKE_TOKEN")),
    }
}

/// A name as Snowflake reads it: `compute_wh` is `COMPUTE_WH`, `"compute_wh"` is not.
fn name(setting: &'static str, text: Option<&str>) -> Result<Option<Identifier>, Error> {
    text.map(Identifier::from_str)
        .transpose()
        .map_err(|source| Error::Name { setting, source })
}
