//! Environment → typed settings. Nobody else reads the environment.
//!
//! A leaf: every room may use it, it uses none. [`Settings::from_vars`] is pure and takes a map, which is what tests pass;
//! [`load`] collects the map from the process and an env file. One struct per concern is handed to its room; [`mod@reference`]
//! is the table that documents, checks and fills them.
//!
//! Start reading with [`Settings`], then [`mod@reference`].

mod auth;
mod brought;
mod cloud;
mod connections;
mod effective;
mod embedded;
mod env_file;
mod env_files;
mod environment;
mod exchange;
mod forms;
mod keys;
mod limits;
mod loading;
mod oauth;
mod policy;
mod pool;
mod problem;
mod readers;
pub mod reference;
pub mod render;
mod resolve;
mod rules;
mod section;
mod server;
mod settings;
mod shape;
mod sources;
mod telemetry;
#[cfg(test)]
mod tests;
mod tls;
pub mod types;
mod unknown;
mod variable;
mod warehouse;
mod which;

use std::collections::BTreeMap;

pub use auth::{Auth, SnowflakeIdentity};
pub use cloud::Cloud;
pub use effective::Effective;
pub use embedded::Embedded;
pub use env_files::env_file;
pub use environment::Environment;
pub use exchange::{Exchange, ExchangeProfile};
pub use forms::{SHORTEST_KEY, is_audience, is_claim, is_issuer, is_resource_scope};
pub use keys::{ApiKey, KeyLimits};
pub use limits::{Limits, Toolset};
pub use loading::{Loaded, load};
pub use oauth::{Oauth, ScopeName, TokenAlgorithm};
pub use policy::{CustomToolsMay, HistoryScope, Policy, SqlPolicy};
pub use pool::Pool;
pub use problem::{Problem, Problems};
pub use rules::unfit_issuer;
pub use server::Server;
pub use settings::{Purpose, RoomCheck, Settings};
pub use shape::Shape;
pub use sources::Sources;
pub use telemetry::{LogFormat, LogLevel, Telemetry};
pub use tls::{ClientAuth, Tls};
pub use warehouse::{AuthType, Backend, IdentityProvider, Protocol, Warehouse};

use brought::Understood;
use resolve::Resolved;

impl Settings {
    /// Settings for a service, from variables by name. Pure: reads nothing else.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, at once.
    pub fn from_vars(vars: &BTreeMap<String, String>) -> Result<Self, Problems> {
        Self::for_purpose(vars, Purpose::Serve)
    }

    /// The same, for a purpose.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, at once.
    pub fn for_purpose(
        vars: &BTreeMap<String, String>,
        purpose: Purpose,
    ) -> Result<Self, Problems> {
        let understood = brought::understand(vars, &BTreeMap::new());
        match Self::from_understood(&understood, purpose, None) {
            (Some(settings), problems) => problems.or(settings),
            (None, problems) => Err(problems),
        }
    }

    /// The same, when it is known already what the names and forms mean: what could be read, and everything that is wrong.
    fn from_understood(
        understood: &Understood,
        purpose: Purpose,
        rooms: Option<RoomCheck>,
    ) -> (Option<Self>, Problems) {
        let mut resolved = Resolved::new(understood);
        // Before the sections are read, because the backend's default depends on the account.
        rules::choose_backend(&mut resolved);
        let settings = Self::read(&mut resolved, &understood.vars);
        if let Some(settings) = &settings {
            rules::check(settings, purpose, &mut resolved);
            // The rooms are told whether all else is right: with a doubtful setting, checks that
            // build on it would report what is not wrong.
            let is_right = resolved.problems.is_empty() && understood.problems.is_empty();
            let found = rooms.map(|check| check(settings, is_right));
            resolved.add(found.unwrap_or_default());
        }
        (settings, resolved.problems)
    }

    /// Reads each section by itself, so that a problem in one does not hide those of another.
    fn read(resolved: &mut Resolved, vars: &BTreeMap<String, String>) -> Option<Self> {
        let server = resolved.section();
        let tls = resolved.section();
        let auth = resolved.section();
        let oauth = resolved.section();
        let exchange = resolved.section();
        let warehouse = resolved.section();
        let pool = resolved.section();
        let limits = resolved.section();
        let policy = resolved.section();
        let embedded = resolved.section();
        let telemetry = resolved.section();
        Some(Self {
            // Only here do missing sections end the reading; all eleven have reported by now.
            environment: resolved.environment,
            server: server?,
            tls: tls?,
            auth: auth?,
            oauth: oauth?,
            exchange: exchange?,
            warehouse: warehouse?,
            pool: pool?,
            limits: limits?,
            policy: policy?,
            embedded: embedded?,
            telemetry: telemetry?,
            cloud: Cloud::pick(vars),
        })
    }
}
