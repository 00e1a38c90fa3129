//! Signing in: the attempts, what is asked for, and what is made of the answer.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::Rng;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Names, Session, Tokens, exact, pinned};
use crate::policy::CurrentNames;
use crate::sql::Identifier;
use crate::warehouse::snowflake::backoff::Backoff;
use crate::warehouse::snowflake::error::Error;
use crate::warehouse::snowflake::shared::Shared;
use crate::warehouse::snowflake::sign_in::{Credentials, SignIn};
use crate::warehouse::snowflake::transport::Request;
use crate::warehouse::snowflake::wire::{Data, LoginRequest};

/// One attempt to sign in. Longer than Snowflake takes, short enough for a second one within a caller's patience; a key's
/// signed token lives for a minute.
const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(15);

/// First and longest wait before another attempt.
const FIRST_WAIT: Duration = Duration::from_millis(400);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// The share of the master token's validity after which a session is retired: early enough that no statement meets the end.
const LIFETIME_SHARE: f64 = 0.9;

/// How long a person's session lives at most.
const LONGEST_OF_PERSON: Duration = Duration::from_secs(3600);

impl Session {
    /// Signs in as the settings say, or as a person; with another role where one is named.
    pub(in crate::warehouse::snowflake) async fn open(
        shared: Arc<Shared>,
        sign_in: &SignIn,
        role: Option<&Identifier>,
        deadline: Instant,
    ) -> Result<Self, Error> {
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT, shared.retries);
        let mut may_refresh = true;
        let mut may_set_clock = true;
        loop {
            let error = match Self::attempt(&shared, sign_in, role, deadline).await {
                Ok(session) => return Ok(session),
                Err(error) => error,
            };
            // A token of an identity provider may have run out between its making and now: a fresh one, once.
            if may_refresh && error.wants_fresh_token() && sign_in.forget() {
                may_refresh = false;
                continue;
            }
            // A signed token is judged by Snowflake's clock. Where ours is wrong, its time is in every answer.
            if may_set_clock
                && error.may_be_the_clock()
                && sign_in.set_clock(shared.transport.clock_ahead())
            {
                may_set_clock = false;
                continue;
            }
            // Never again after any other refusal: that could lock the user.
            let passes = match &error {
                Error::Transport(error) => error.is_transient(),
                Error::Credentials(error) => error.is_worth_another_try(),
                _ => false,
            };
            if !passes {
                return Err(error);
            }
            let Some(wait) = backoff.next_before(deadline, None) else {
                return Err(error);
            };
            tokio::time::sleep(wait).await;
        }
    }

    async fn attempt(
        shared: &Arc<Shared>,
        sign_in: &SignIn,
        role: Option<&Identifier>,
        deadline: Instant,
    ) -> Result<Self, Error> {
        // Made afresh for every attempt: a signed token is good for a minute only.
        let is_by_hand = sign_in.needs_a_person();
        let wanted = role.or(shared.defaults.role.as_ref());
        // A network request for some methods: an OAuth server, a metadata service, or a person at a browser.
        let credentials = sign_in.credentials(wanted).await?;
        let ends = credentials.ends;
        let deadline = if is_by_hand {
            // The time it took a person is not to be counted.
            deadline.max(Instant::now() + SIGN_IN_TIMEOUT)
        } else {
            deadline
        };
        let defaults = &shared.defaults;
        // A refusal of the configured role is the operator's mistake, one of a role that the call names is the caller's.
        let named = role.filter(|role| Some(*role) != defaults.role.as_ref());
        let asked = [
            ("databaseName", defaults.database.as_ref()),
            ("schemaName", defaults.schema.as_ref()),
            ("warehouse", defaults.warehouse.as_ref()),
            ("roleName", wanted),
        ];
        let query: Vec<_> = asked
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?.to_string())))
            .collect();
        let body = login_body(shared, credentials)?;
        let reply = shared
            .transport
            .send(Request {
                path: "/session/v1/login-request",
                query: &query,
                request_id: Uuid::new_v4(),
                token: None,
                body: Some(&body),
                timeout: SIGN_IN_TIMEOUT,
                deadline,
                // A repeated sign-in with a wrong password counts as another attempt and could lock the user. `open` decides
                // what is tried again.
                retries: 0,
                is_wanted: None,
            })
            .await
            .map_err(Error::from_sign_in_status)?;
        if !reply.is_success() {
            let error = Error::from_sign_in(reply);
            return Err(if sign_in.is_person() {
                error.for_person(wanted)
            } else {
                error.for_role(named)
            });
        }
        let data = reply.data.unwrap_or_default();
        sign_in.keep(data.id_token.clone());
        let difference = pinned::difference(data.parameters.as_deref().unwrap_or_default());
        let session = Self::from_answer(shared, data, sign_in.is_person(), ends)?;
        let current = session.current();
        // A person's differences are that person's own rights, and nothing the operator could correct.
        if !sign_in.is_person() {
            warn_of_differences(shared, named.is_none(), &current);
        }
        session
            .checked(sign_in, wanted, current.role, difference)
            .await
    }

    /// The same session, if its role and its parameters are what was asked for.
    async fn checked(
        self,
        sign_in: &SignIn,
        wanted: Option<&Identifier>,
        role: Option<Identifier>,
        difference: Option<String>,
    ) -> Result<Self, Error> {
        // The checks below close the session in Snowflake if they fail, so they need it whole.
        let session = if sign_in.is_person() {
            self.with_role_asked(wanted).await?
        } else {
            self
        };
        session
            .with_allowed(role)
            .await
            .map_err(|error| match sign_in.is_person() {
                true => error.for_person(wanted),
                false => error,
            })?
            .unless_it_differs(difference)
            .await
    }

    /// The session that a successful answer describes.
    fn from_answer(
        shared: &Arc<Shared>,
        data: Data,
        is_person: bool,
        ends: Option<Instant>,
    ) -> Result<Self, Error> {
        // Without a token there is no session, whatever the answer calls itself.
        let Some(token) = data.token else {
            return Err(Error::Protocol(
                "Snowflake's answer to the sign-in has no token".to_owned(),
            ));
        };
        let info = data.session_info.unwrap_or_default();
        // Four hours, which is Snowflake's default.
        let validity = data.master_validity_in_seconds.unwrap_or(14_400);
        Ok(Self {
            tokens: Mutex::new(Tokens {
                session: token,
                master: data.master_token.unwrap_or_default(),
            }),
            renewal: tokio::sync::Mutex::new(()),
            sequence: AtomicU64::new(1),
            is_poisoned: AtomicBool::new(false),
            is_left_open: AtomicBool::new(false),
            current: Mutex::new(Names {
                database: exact(info.database_name),
                schema: exact(info.schema_name),
                warehouse: exact(info.warehouse_name),
                role: exact(info.role_name),
            }),
            last_used: Mutex::new(Instant::now()),
            retire_at: retirement(Duration::from_secs(validity), is_person, ends),
            shared: Arc::clone(shared),
        })
    }

    /// The session, unless Snowflake would read statements differently than the policy did.
    async fn unless_it_differs(self, difference: Option<String>) -> Result<Self, Error> {
        let Some(difference) = difference else {
            return Ok(self);
        };
        self.close().await;
        Err(Error::NotAsAsked(difference))
    }

    /// The session, unless Snowflake gave it another role than was asked for: a person's rights are those of its role.
    async fn with_role_asked(self, asked: Option<&Identifier>) -> Result<Self, Error> {
        let got = self.current().role;
        match asked {
            Some(asked) if got.as_ref() != Some(asked) => {
                let asked = asked.to_string();
                self.close().await;
                Err(Error::OtherRole { asked })
            }
            _ => Ok(self),
        }
    }

    /// The session, unless Snowflake gave it a role that may not be used: the user's own where none was asked for.
    async fn with_allowed(self, role: Option<Identifier>) -> Result<Self, Error> {
        let place = CurrentNames {
            role: role.as_ref(),
            ..CurrentNames::default()
        };
        let Err(refusal) = self.shared.policy.admit_defaults(&place) else {
            return Ok(self);
        };
        self.close().await;
        Err(Error::RoleNotAllowed(refusal.to_string()))
    }
}

/// When a session is too old. One of a person ends within the hour, and with the token it was opened with: whoever is switched off at
/// the issuer is out then.
fn retirement(master_validity: Duration, is_person: bool, ends: Option<Instant>) -> Instant {
    let mut life = lifetime(master_validity);
    if is_person {
        life = life.min(LONGEST_OF_PERSON);
    }
    let usual = Instant::now() + life;
    ends.map_or(usual, |ends| ends.min(usual))
}

/// Jittered, so that sessions opened together do not end together.
fn lifetime(master_validity: Duration) -> Duration {
    master_validity.mul_f64(LIFETIME_SHARE * rand::rng().random_range(0.8..=1.0))
}

/// The body of a login request.
fn login_body(shared: &Shared, credentials: Credentials) -> Result<Value, Error> {
    let mut data = base_login(shared);
    if let Some(Value::Object(environment)) = data.get_mut("CLIENT_ENVIRONMENT") {
        environment.extend(credentials.client_environment);
    }
    if let Some(Value::Object(parameters)) = data.get_mut("SESSION_PARAMETERS") {
        parameters.extend(credentials.session_parameters);
    }
    data.extend(credentials.fields);
    serde_json::to_value(LoginRequest { data }).map_err(|error| Error::Protocol(error.to_string()))
}

fn base_login(shared: &Shared) -> Map<String, Value> {
    let mut parameters = Map::new();
    pinned::ask(&mut parameters);
    // Times are shown in UTC wherever the account is.
    parameters.insert("TIMEZONE".to_owned(), json!("UTC"));
    parameters.insert("CLIENT_SESSION_KEEP_ALIVE".to_owned(), json!(false));
    // A statement that was left running must survive the server that started it; each has a time limit of its own.
    parameters.insert("ABORT_DETACHED_QUERY".to_owned(), json!(false));
    let environment = json!({
        "APPLICATION": crate::warehouse::snowflake::client::APPLICATION,
        "OS": std::env::consts::OS,
        "OS_VERSION": std::env::consts::ARCH,
    });
    let fields = json!({
        "CLIENT_APP_ID": crate::warehouse::snowflake::client::APPLICATION,
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
