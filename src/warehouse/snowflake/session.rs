//! One Snowflake session: signing in, the tokens and their renewal, keeping alive, signing out.
//!
//! A value of [`Session`] is the proof that a sign-in has succeeded. What it is set to (database, schema, warehouse) is
//! known from every reply, so a statement that needs something else gets a USE first and nothing has to be undone.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rand::Rng;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Defaults;
use super::error::{Error, SESSION_EXPIRED, SESSION_UNKNOWN};
use super::sign_in::SignIn;
use super::transport::{Call, Transport};
use super::wire::{Data, LoginRequest, Reply};
use crate::policy::{Place, Policy};
use crate::sql::Identifier;
use crate::telemetry::metrics::Metrics;

/// One attempt to sign in. Longer than Snowflake takes, short enough for a second one within a caller's patience; a key's
/// signed token lives for a minute.
const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(15);

/// One attempt of a small request: heartbeat, renewal, abort, sign-out.
pub(super) const SMALL_TIMEOUT: Duration = Duration::from_secs(5);

/// The share of the master token's validity after which a session is retired: early enough that no statement meets the end.
const LIFETIME_SHARE: f64 = 0.9;

/// What all sessions share.
pub(super) struct Shared {
    pub(super) transport: Arc<dyn Transport>,
    pub(super) sign_in: SignIn,
    pub(super) account_name: String,
    pub(super) defaults: Defaults,
    /// Attempts after the first, for failures that pass.
    pub(super) retries: u32,
    pub(super) contact: Contact,
    pub(super) metrics: Arc<Metrics>,
    pub(super) told: Told,
    /// Which roles a session may have.
    pub(super) policy: Policy,
}

/// Warnings that were given: one that holds for every session is not repeated with each.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<HashSet<String>>);

/// So many different ones are kept; callers may name roles without end.
const MOST_TOLD: usize = 100;

impl Told {
    /// Whether this is to be told: not yet, and not too many others.
    fn is_new(&self, warning: &str) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.len() < MOST_TOLD && told.insert(warning.to_owned())
    }
}

/// When Snowflake last answered anything at all: what readiness goes by.
#[derive(Debug, Default)]
pub(super) struct Contact {
    heard: Mutex<Option<Instant>>,
    /// When a session was last found to be gone. Others may be as well: Snowflake rarely loses only one.
    lost: Mutex<Option<Instant>>,
}

impl Contact {
    pub(super) fn note(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// How long ago it was.
    pub(super) fn age(&self) -> Option<Duration> {
        let at = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        at.map(|at| at.elapsed())
    }

    fn note_loss(&self) {
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn lost(&self) -> Option<Instant> {
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session that is signed in.
pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    tokens: Mutex<Tokens>,
    /// Held while a renewal is under way, so that there is one of them.
    renewal: tokio::sync::Mutex<()>,
    sequence: AtomicU64,
    is_poisoned: AtomicBool,
    /// Set when a statement goes on in the session after us.
    is_left_open: AtomicBool,
    current: Mutex<Names>,
    last_used: Mutex<Instant>,
    /// When the session is too old to be handed out.
    retire_at: Instant,
}

#[derive(Clone)]
struct Tokens {
    session: String,
    master: String,
}

/// What unqualified names resolve to, by exact name. `None` is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) database: Option<Identifier>,
    pub(super) schema: Option<Identifier>,
    pub(super) warehouse: Option<Identifier>,
    pub(super) role: Option<Identifier>,
}

impl Session {
    /// Signs in as the settings say, with another role where one is named.
    pub(super) async fn open(
        shared: Arc<Shared>,
        role: Option<&Identifier>,
        deadline: Instant,
    ) -> Result<Self, Error> {
        let mut retries = shared.retries;
        let mut may_refresh = true;
        let mut may_set_clock = true;
        loop {
            let error = match Self::attempt(&shared, role, deadline).await {
                Ok(session) => return Ok(session),
                Err(error) => error,
            };
            // A token of an identity provider may have run out between its making and now: a fresh one, once.
            if may_refresh && error.wants_fresh_token() && shared.sign_in.forget() {
                may_refresh = false;
                continue;
            }
            // A signed token is judged by Snowflake's clock. Where ours is wrong, its time is in every answer.
            if may_set_clock
                && error.may_be_the_clock()
                && shared.sign_in.set_clock(shared.transport.clock_ahead())
            {
                may_set_clock = false;
                continue;
            }
            // Never again after any other refusal: that could lock the user.
            let passes = match &error {
                Error::Transport(error) => error.is_transient(),
                Error::Credentials(error) => error.is_transient(),
                _ => false,
            };
            if retries == 0 || !passes || Instant::now() >= deadline {
                return Err(error);
            }
            retries -= 1;
            let wait = rand::rng().random_range(200..=600);
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
    }

    async fn attempt(
        shared: &Arc<Shared>,
        role: Option<&Identifier>,
        deadline: Instant,
    ) -> Result<Self, Error> {
        // Made afresh for every attempt: a signed token is good for a minute only.
        let is_by_hand = shared.sign_in.needs_a_person();
        let credentials = shared.sign_in.credentials().await?;
        let deadline = if is_by_hand {
            // The time it took a person is not to be counted.
            deadline.max(Instant::now() + SIGN_IN_TIMEOUT)
        } else {
            deadline
        };
        let defaults = &shared.defaults;
        let named = role.filter(|role| Some(*role) != defaults.role.as_ref());
        let asked = [
            ("databaseName", defaults.database.as_ref()),
            ("schemaName", defaults.schema.as_ref()),
            ("warehouse", defaults.warehouse.as_ref()),
            ("roleName", role.or(defaults.role.as_ref())),
        ];
        let query: Vec<_> = asked
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?.to_string())))
            .collect();
        let mut data = base_login(shared);
        if let Some(Value::Object(environment)) = data.get_mut("CLIENT_ENVIRONMENT") {
            environment.extend(credentials.client_environment);
        }
        if let Some(Value::Object(parameters)) = data.get_mut("SESSION_PARAMETERS") {
            parameters.extend(credentials.session_parameters);
        }
        data.extend(credentials.fields);
        let body = serde_json::to_value(LoginRequest { data })
            .map_err(|error| Error::Protocol(error.to_string()))?;
        let reply = shared
            .transport
            .send(Call {
                path: "/session/v1/login-request",
                query: &query,
                request_id: Uuid::new_v4(),
                token: None,
                body: Some(&body),
                timeout: SIGN_IN_TIMEOUT,
                deadline,
                retries: 0,
            })
            .await
            .map_err(Error::from_sign_in_status)?;
        if !reply.is_success() {
            return Err(Error::from_sign_in(reply).for_role(named));
        }
        shared.contact.note();
        let data = reply.data.unwrap_or_default();
        shared.sign_in.keep(data.id_token);
        let Some(token) = data.token else {
            return Err(Error::Protocol(
                "Snowflake's answer to the sign-in has no token".to_owned(),
            ));
        };
        let info = data.session_info.unwrap_or_default();
        let current = Names {
            database: exact(info.database_name),
            schema: exact(info.schema_name),
            warehouse: exact(info.warehouse_name),
            role: exact(info.role_name),
        };
        warn_of_differences(shared, named.is_none(), &current);
        let role = current.role.clone();
        let validity = data.master_validity_in_seconds.unwrap_or(14_400);
        let session = Self {
            tokens: Mutex::new(Tokens {
                session: token,
                master: data.master_token.unwrap_or_default(),
            }),
            renewal: tokio::sync::Mutex::new(()),
            sequence: AtomicU64::new(1),
            is_poisoned: AtomicBool::new(false),
            is_left_open: AtomicBool::new(false),
            current: Mutex::new(current),
            last_used: Mutex::new(Instant::now()),
            retire_at: Instant::now() + lifetime(Duration::from_secs(validity)),
            shared: Arc::clone(shared),
        };
        session.with_allowed(role).await
    }

    /// The session, unless Snowflake gave it a role that may not be used: the user's own where none was asked for.
    async fn with_allowed(self, role: Option<Identifier>) -> Result<Self, Error> {
        let place = Place {
            role: role.as_ref(),
            ..Place::default()
        };
        let Err(refusal) = self.shared.policy.admit_defaults(&place) else {
            return Ok(self);
        };
        self.close().await;
        Err(Error::RoleNotAllowed(refusal.to_string()))
    }

    /// Sends a request in this session, renewing its token once where Snowflake asks for it.
    pub(super) async fn send(
        &self,
        path: &str,
        request_id: Uuid,
        body: Option<&Value>,
        timeout: Duration,
        deadline: Instant,
    ) -> Result<Reply, Error> {
        let mut has_renewed = false;
        loop {
            let token = self.tokens().session;
            let sent = self
                .shared
                .transport
                .send(Call {
                    path,
                    query: &[],
                    request_id,
                    token: Some(&token),
                    body,
                    timeout,
                    deadline,
                    retries: self.shared.retries,
                })
                .await;
            let is_expired = match &sent {
                Ok(reply) => reply.code() == SESSION_EXPIRED,
                Err(error) => error.is_unauthorized(),
            };
            if is_expired && !has_renewed {
                self.renew(&token, deadline).await?;
                has_renewed = true;
                continue;
            }
            if is_expired {
                self.give_up();
                return Err(Error::SessionGone {
                    code: SESSION_EXPIRED,
                });
            }
            let reply = sent?;
            self.shared.contact.note();
            *self
                .last_used
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Instant::now();
            return Ok(reply);
        }
    }

    /// Replaces `stale`, unless somebody else has done so meanwhile.
    async fn renew(&self, stale: &str, deadline: Instant) -> Result<(), Error> {
        let _alone = self.renewal.lock().await;
        let tokens = self.tokens();
        if tokens.session != stale {
            return Ok(());
        }
        let body = json!({"oldSessionToken": tokens.session, "requestType": "RENEW"});
        let reply = self
            .shared
            .transport
            .send(Call {
                path: "/session/token-request",
                query: &[],
                request_id: Uuid::new_v4(),
                token: Some(&tokens.master),
                body: Some(&body),
                timeout: SMALL_TIMEOUT,
                deadline,
                retries: self.shared.retries,
            })
            .await;
        let is_renewed = reply.as_ref().is_ok_and(Reply::is_success);
        self.shared.metrics.renewed(is_renewed);
        let reply = match reply {
            Ok(reply) => reply,
            // A host that does not know the endpoint or the token has no session for us either.
            Err(error) if !error.is_transient() => {
                self.give_up();
                return Err(Error::SessionGone {
                    code: SESSION_UNKNOWN,
                });
            }
            Err(error) => return Err(error.into()),
        };
        let code = reply.code();
        match (reply.is_success(), reply.data) {
            (
                true,
                Some(Data {
                    session_token: Some(session),
                    master_token,
                    ..
                }),
            ) => {
                let master = master_token.unwrap_or(tokens.master);
                *self.tokens.lock().unwrap_or_else(PoisonError::into_inner) =
                    Tokens { session, master };
                tracing::debug!("renewed a session's token");
                Ok(())
            }
            _ => {
                self.give_up();
                Err(Error::SessionGone { code })
            }
        }
    }

    /// Tells Snowflake that the session is still wanted, and learns whether it is still there.
    pub(super) async fn heartbeat(&self) -> Result<(), Error> {
        let deadline = Instant::now() + SMALL_TIMEOUT;
        let reply = self
            .send(
                "/session/heartbeat",
                Uuid::new_v4(),
                Some(&json!({})),
                SMALL_TIMEOUT,
                deadline,
            )
            .await?;
        if reply.is_success() {
            return Ok(());
        }
        self.give_up();
        Err(Error::from_reply(reply))
    }

    /// Ends the session in Snowflake. A token that has expired is renewed for it: without a valid one Snowflake refuses, and
    /// the session would stay until its master token ends. Whether there is nothing left to end.
    ///
    /// One that a statement goes on in is left to Snowflake: signing out would end the statement.
    pub(super) async fn close(&self) -> bool {
        if self.is_left_open.load(Ordering::Relaxed) {
            return true;
        }
        let deadline = Instant::now() + SMALL_TIMEOUT;
        let closed = self
            .send(
                "/session?delete=true",
                Uuid::new_v4(),
                Some(&json!({})),
                SMALL_TIMEOUT,
                deadline,
            )
            .await;
        match closed {
            // A token that has expired although it was new is only bad luck.
            Err(Error::SessionGone {
                code: SESSION_EXPIRED,
            }) => false,
            // What is refused has ended by itself.
            Ok(_) | Err(Error::SessionGone { .. }) => true,
            Err(error) => {
                tracing::debug!("a session could not be closed: {error}");
                false
            }
        }
    }

    /// Marks the session as one that must not be handed out again.
    pub(super) fn poison(&self) {
        self.is_poisoned.store(true, Ordering::Relaxed);
    }

    /// Lets the session live on in Snowflake after us, until its own end, for the statement that runs in it.
    pub(super) fn leave_open(&self) {
        self.is_left_open.store(true, Ordering::Relaxed);
        self.poison();
    }

    /// The session is gone, and perhaps it is not the only one.
    pub(super) fn give_up(&self) {
        self.poison();
        self.shared.contact.note_loss();
    }

    /// Whether it should be asked before it is used: others were lost since it was last heard of.
    pub(super) fn is_suspect(&self) -> bool {
        let last_used = *self
            .last_used
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.shared
            .contact
            .lost()
            .is_some_and(|lost| lost >= last_used)
    }

    /// Whether the session may be handed out.
    pub(super) fn is_fit(&self) -> bool {
        !self.is_poisoned.load(Ordering::Relaxed) && Instant::now() < self.retire_at
    }

    /// Whether a statement left it in a state nobody else may have, or it is gone.
    pub(super) fn is_poisoned(&self) -> bool {
        self.is_poisoned.load(Ordering::Relaxed)
    }

    /// How long nobody has used it.
    pub(super) fn idle(&self) -> Duration {
        self.last_used
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
    }

    /// The next number in the session's sequence of statements.
    pub(super) fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed)
    }

    /// What the session is set to.
    pub(super) fn current(&self) -> Names {
        self.current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Notes what a reply says the session is set to now.
    pub(super) fn note_names(&self, data: &Data) {
        let mut guard = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let current = &mut *guard;
        for (kept, told) in [
            (&mut current.database, &data.final_database_name),
            (&mut current.schema, &data.final_schema_name),
            (&mut current.warehouse, &data.final_warehouse_name),
            (&mut current.role, &data.final_role_name),
        ] {
            // Nearly always it is what it was.
            if told.as_deref() != kept.as_ref().map(Identifier::as_str) && told.is_some() {
                *kept = exact(told.clone());
            }
        }
    }

    fn tokens(&self) -> Tokens {
        self.tokens
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Jittered, so that sessions opened together do not end together.
fn lifetime(master_validity: Duration) -> Duration {
    master_validity.mul_f64(LIFETIME_SHARE * rand::rng().random_range(0.8..=1.0))
}

fn base_login(shared: &Shared) -> Map<String, Value> {
    let mut parameters = Map::new();
    // Times are shown in UTC wherever the account is.
    parameters.insert("TIMEZONE".to_owned(), json!("UTC"));
    parameters.insert("CLIENT_SESSION_KEEP_ALIVE".to_owned(), json!(false));
    // A statement that was left running must survive the server that started it; each has a time limit of its own.
    parameters.insert("ABORT_DETACHED_QUERY".to_owned(), json!(false));
    let environment = json!({
        "APPLICATION": super::APPLICATION,
        "OS": std::env::consts::OS,
        "OS_VERSION": std::env::consts::ARCH,
    });
    let fields = json!({
        "CLIENT_APP_ID": super::APPLICATION,
        "CLIENT_APP_VERSION": crate::telemetry::VERSION,
        "ACCOUNT_NAME": shared.account_name,
        // What the role may do is all a statement may do.
        "SECONDARY_ROLES": "NONE",
        "SESSION_PARAMETERS": parameters,
        "CLIENT_ENVIRONMENT": environment,
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// A name as Snowflake reports it.
fn exact(name: Option<String>) -> Option<Identifier> {
    Identifier::exact(name?).ok()
}

/// Snowflake signs in with less than was asked, without a word: a warehouse the role may not use is simply not there.
fn warn_of_differences(shared: &Shared, is_usual_role: bool, got: &Names) {
    let defaults = &shared.defaults;
    let role = defaults.role.as_ref().filter(|_| is_usual_role);
    let asked = [
        ("SNOWFLAKE_ROLE", role, &got.role),
        (
            "SNOWFLAKE_WAREHOUSE",
            defaults.warehouse.as_ref(),
            &got.warehouse,
        ),
        (
            "SNOWFLAKE_DATABASE",
            defaults.database.as_ref(),
            &got.database,
        ),
        ("SNOWFLAKE_SCHEMA", defaults.schema.as_ref(), &got.schema),
    ];
    for (setting, asked, got) in asked {
        let Some(asked) = asked else { continue };
        if got.as_ref() != Some(asked) {
            let got = got.as_ref().map_or("nothing", Identifier::as_str);
            let warning = format!(
                "{setting} is {asked}, but the session was given {got}: does it exist, and may the role use it?"
            );
            if shared.told.is_new(&warning) {
                tracing::warn!("{warning}");
            }
        }
    }
}
