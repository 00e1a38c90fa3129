//! Everything that can be set, and what for.

use super::auth::{Auth, SnowflakeIdentity};
use super::cloud::Cloud;
use super::embedded::Embedded;
use super::environment::Environment;
use super::exchange::Exchange;
use super::limits::Limits;
use super::oauth::Oauth;
use super::policy::Policy;
use super::pool::Pool;
use super::problem::Problem;
use super::server::Server;
use super::telemetry::Telemetry;
use super::tls::Tls;
use super::warehouse::Warehouse;

/// Everything that can be set, checked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// Where the service runs.
    pub environment: Environment,
    /// The HTTP side.
    pub server: Server,
    /// TLS of the public port.
    pub tls: Tls,
    /// Who may call.
    pub auth: Auth,
    /// Tokens of an issuer.
    pub oauth: Oauth,
    /// Statements as the person who asks.
    pub exchange: Exchange,
    /// Where statements run.
    pub warehouse: Warehouse,
    /// Snowflake sessions.
    pub pool: Pool,
    /// Budgets of a call.
    pub limits: Limits,
    /// What statements may do and touch.
    pub policy: Policy,
    /// The engine in this process.
    pub embedded: Embedded,
    /// Logs and export.
    pub telemetry: Telemetry,
    /// What the cloud says of this process.
    pub cloud: Cloud,
}

/// What the rooms cannot work with in settings that are right one by one, such as a name that is none.
///
/// The flag says whether nothing else is wrong; if something is, only what does not depend on other
/// settings may be told.
pub type RoomCheck = fn(&Settings, bool) -> Vec<Problem>;

/// What the settings are for. Rules about the port do not concern a program that opens none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    /// To listen for HTTP.
    #[default]
    Serve,
    /// To speak over stdin and stdout with the program that started this one.
    Stdio,
}

impl Settings {
    /// Whether callers must show something.
    #[must_use]
    pub fn requires_credential(&self) -> bool {
        self.auth.keys().next().is_some()
            || self.oauth.issuer.is_some()
            || self.auth.callers_file.is_some()
    }

    /// Whether there is a user of the service's own to sign in to Snowflake as. Only where callers' tokens are exchanged there
    /// need be none.
    #[must_use]
    pub fn has_service_identity(&self) -> bool {
        let warehouse = &self.warehouse;
        self.auth.snowflake_identity != SnowflakeIdentity::Exchange
            || warehouse.user.is_some()
            || warehouse.password.is_some()
            || warehouse.private_key_path.is_some()
            || warehouse.private_key.is_some()
            || warehouse.token.is_some()
            || warehouse.token_path.is_some()
            || warehouse.oauth_client_id.is_some()
            || warehouse.workload_identity_provider.is_some()
    }
}
