//! A Snowflake account, over the protocol that Snowflake's own drivers speak.
//!
//! One statement from end to end: `pool` hands out a session that `session` and `sign_in` have opened; `target` says which
//! USE it needs; `statement` sends it and waits, `abort` stops it when nobody waits any more; `earlier` asks for those that were
//! left running, or whose results are read again, `scans` how much those have read that took long; `results` reads what is in the
//! reply and fetches the rest, within `memory`, which `rows` shows as cells; `error` sorts Snowflake's codes. `transport` is the way to the
//! host that `account` names, `wire` what goes over it, `backoff` how long to wait before it is tried again.
//!
//! The protocol is not documented for the public; its facts are those of the official drivers' sources.

mod abort;
pub mod account;
mod backoff;
mod client;
mod contact;
mod defaults;
mod earlier;
mod error;
mod intake;
mod memory;
mod pool;
mod results;
mod rows;
mod scans;
mod session;
mod shared;
pub mod sign_in;
mod statement;
mod target;
mod transport;
mod wire;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use self::abort::QueryId;
use self::account::Endpoint;
use self::contact::Contact;
use self::memory::Memory;
use self::pool::Pool;
use self::results::Downloads;
use self::scans::Scans;
use self::shared::{Shared, Told};
use self::sign_in::SignIn;
use self::statement::{Manner, Ran};
use self::transport::Transport;
use crate::policy::Policy;
use crate::sql::Class;
use crate::telemetry::metrics::Metrics;
use crate::warehouse::{
    Answer, Earlier, Error, Person, Run, Started, Status, Warehouse, WarehouseKind,
};

pub use self::defaults::Defaults;
pub use self::pool::{PersonSizes, Sizes};

/// Readiness asks Snowflake itself when nothing was heard from it for so long.
const SILENCE: Duration = Duration::from_secs(10);

/// What it takes to serve from an account.
pub struct Options {
    /// Where the account is.
    pub endpoint: Endpoint,
    /// How to sign in.
    pub sign_in: SignIn,
    /// How callers' tokens are exchanged, where statements run as the caller.
    pub exchange: Option<sign_in::ExchangeOptions>,
    /// What sessions are set to.
    pub defaults: Defaults,
    /// How many sessions there are.
    pub sizes: Sizes,
    /// How often a failure that passes is tried again.
    pub retries: u32,
    /// Which roles a session may have, whoever chose them.
    pub policy: Policy,
    /// Whether Snowflake is asked what kind of statement each is before it runs.
    pub verify: bool,
    /// Memory for chunks of results that are being fetched, of all results together.
    pub download_memory_bytes: u64,
}

/// A Snowflake account as a warehouse, as the service or a person sees it.
#[derive(Clone)]
pub struct Snowflake {
    pool: Pool,
    downloads: Downloads,
    scans: Scans,
    verify: bool,
}

impl Snowflake {
    /// Starts the pool, which signs in in the background. Must be called inside the runtime that is to carry it.
    ///
    /// # Errors
    ///
    /// The TLS library could not be set up.
    pub fn start(options: Options, metrics: Arc<Metrics>) -> Result<Self, Error> {
        let tls = |error| Error::internal("setting up TLS", error);
        let contact = Arc::new(Contact::default());
        let is_local = options.endpoint.is_loopback();
        let memory = Memory::new(options.download_memory_bytes, Arc::clone(&metrics));
        let base = options.endpoint.base.clone();
        let transport = Transport::new(
            base,
            memory.clone(),
            Arc::clone(&contact),
            Arc::clone(&metrics),
        )
        .map_err(tls)?;
        let exchanger = options
            .exchange
            .map(|exchange| options.sign_in.exchanger(exchange, Arc::clone(&metrics)))
            .transpose()
            .map_err(|error| Error::internal("reading how tokens are exchanged", error))?;
        let shared = Arc::new(Shared {
            exchanger: exchanger.map(Arc::new),
            transport,
            account_name: options.endpoint.account_name.clone(),
            sign_in: options.sign_in,
            defaults: options.defaults,
            retries: options.retries,
            contact,
            metrics: Arc::clone(&metrics),
            told: Told::default(),
            policy: options.policy,
        });
        Ok(Self {
            pool: Pool::start(shared, options.sizes),
            downloads: Downloads::new(is_local, memory, Arc::clone(&metrics)).map_err(tls)?,
            scans: Scans::new(metrics),
            verify: options.verify,
        })
    }

    /// Runs a statement to its end, or until `patience` where there is one.
    async fn begin(&self, run: Run, patience: Option<Instant>) -> Result<Started, Error> {
        let started = Instant::now();
        let is_read = run.statement.parsed().class() == Class::Read;
        // One for each attempt: what is stopped must be the statement that runs.
        let (first_id, second_id) = (QueryId::default(), QueryId::default());
        let work = async {
            match self.attempt(&run, patience, &first_id).await {
                // Most likely the session was gone before the statement was looked at. That is not certain, so only what
                // may run twice is sent again.
                Err(error::Error::SessionGone { .. }) if is_read => {
                    self.attempt(&run, patience, &second_id).await
                }
                other => other,
            }
        };
        // A timeout drops the attempt, and that aborts the statement.
        match tokio::time::timeout_at(run.deadline.into(), work).await {
            // Its changes may have been made. Only the caller can look, so it must be told.
            Ok(Err(error)) if !is_read && error.leaves_outcome_open() => {
                Err(Error::OutcomeUnknown {
                    source: Box::new(error),
                })
            }
            Ok(answer) => Ok(answer?),
            Err(_) => {
                let query_id = match second_id.last_word().await {
                    Some(id) => Some(id),
                    None => first_id.last_word().await,
                };
                Err(statement::timed_out(&run, started, query_id))
            }
        }
    }

    async fn attempt(
        &self,
        run: &Run,
        patience: Option<Instant>,
        query_id: &QueryId,
    ) -> Result<Started, error::Error> {
        let lease = self
            .pool
            .lease(
                run.session.role.as_ref(),
                &run.owner,
                run.admit_by,
                run.deadline,
            )
            .await?;
        let manner = Manner {
            patience,
            verify: self.verify,
        };
        let running = self
            .pool
            .metrics()
            .statement("snowflake", run.summary.as_deref());
        let began = Instant::now();
        let ran = statement::run(lease, run, manner, query_id).await?;
        drop(running);
        let scan = self.scans.of(run);
        match ran {
            Ran::Ended(data, lease) => {
                scan.ask_after(began.elapsed(), &lease, data.query_id.clone());
                // What is left to fetch needs no session.
                drop(lease);
                let answer = self.downloads.clone().answer(*data, 0, run.deadline)?;
                Ok(Started::Ended(answer))
            }
            Ran::Running(lease) => {
                let query_id = query_id.get().unwrap_or_default();
                let note = move |ended: earlier::Ended| scan.count(ended.scanned_bytes);
                earlier::watch_over(lease, query_id.clone(), run.deadline, note);
                Ok(Started::Running { query_id })
            }
        }
    }
}

#[async_trait]
impl Warehouse for Snowflake {
    fn kind(&self) -> WarehouseKind {
        WarehouseKind::Snowflake
    }

    fn of(&self, person: &Arc<Person>) -> Option<Arc<dyn Warehouse>> {
        Some(Arc::new(Self {
            pool: self.pool.of(person),
            ..self.clone()
        }))
    }

    async fn run(&self, run: Run) -> Result<Answer, Error> {
        match self.begin(run, None).await? {
            Started::Ended(answer) => Ok(answer),
            Started::Running { query_id } => Err(Error::internal(
                "running a statement to its end",
                format!("{query_id} was left running"),
            )),
        }
    }

    async fn start(&self, run: Run, patience: Instant) -> Result<Started, Error> {
        self.begin(run, Some(patience)).await
    }

    async fn status(&self, earlier: &Earlier) -> Result<Status, Error> {
        Ok(earlier::status(&self.pool, earlier).await?)
    }

    async fn result(
        &self,
        earlier: &Earlier,
        skip: u64,
        patience: Instant,
        deadline: Instant,
    ) -> Result<Started, Error> {
        let found = earlier::result(&self.pool, earlier, patience, deadline).await?;
        Ok(match found {
            Some(data) => Started::Ended(self.downloads.clone().answer(data, skip, deadline)?),
            None => Started::Running {
                query_id: earlier.query_id.to_string(),
            },
        })
    }

    async fn cancel(&self, earlier: &Earlier) -> Result<bool, Error> {
        Ok(earlier::cancel(&self.pool, earlier).await?)
    }

    async fn ready(&self) -> Result<(), Error> {
        self.pool.ready(SILENCE).await
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}
