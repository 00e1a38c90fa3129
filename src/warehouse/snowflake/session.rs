//! One Snowflake session: the tokens and their renewal, keeping alive, signing out. [`opening`] signs in.
//!
//! A value of [`Session`] is the proof that a sign-in has succeeded. What it is set to (database, schema, warehouse) is
//! known from every reply, so a statement that needs something else gets a USE first and nothing has to be undone.

mod opening;
pub(super) mod pinned;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use super::error::{Error, SESSION_EXPIRED, SESSION_UNKNOWN};
use super::shared::Shared;
use super::transport::Request;
use super::wire::{Data, Reply};
use crate::sql::Identifier;

/// One attempt of a small request: heartbeat, renewal, abort, sign-out.
pub(super) const SMALL_TIMEOUT: Duration = Duration::from_secs(5);

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
    /// Sends a request in this session, renewing its token once where Snowflake asks for it.
    pub(super) async fn send(
        &self,
        path: &str,
        request_id: Uuid,
        body: Option<&Value>,
        timeout: Duration,
        deadline: Instant,
    ) -> Result<Reply, Error> {
        self.send_while(None, path, request_id, body, timeout, deadline)
            .await
    }

    /// The same for as long as the request is wanted: later it is not sent again, whatever becomes of it.
    pub(super) async fn send_while(
        &self,
        is_wanted: Option<&AtomicBool>,
        path: &str,
        request_id: Uuid,
        body: Option<&Value>,
        timeout: Duration,
        deadline: Instant,
    ) -> Result<Reply, Error> {
        // Once: if a new token is refused as well, the session is lost, and renewing again would not help.
        let mut has_renewed = false;
        loop {
            let token = self.tokens().session;
            let sent = self
                .shared
                .transport
                .send(Request {
                    path,
                    query: &[],
                    request_id,
                    token: Some(&token),
                    body,
                    timeout,
                    deadline,
                    retries: self.shared.retries,
                    is_wanted,
                })
                .await;
            let is_expired = match &sent {
                Ok(reply) => reply.code() == SESSION_EXPIRED,
                Err(error) => error.is_unauthorized(),
            };
            let is_wanted = is_wanted.is_none_or(|is_wanted| is_wanted.load(Ordering::Relaxed));
            if is_expired && is_wanted && !has_renewed {
                // If the request was sent more than once, an earlier attempt may have started the statement; the error
                // must then say that its outcome is unknown.
                let was_repeated = sent.map_or(true, |reply| reply.repeated > 0);
                self.renew(&token, deadline, was_repeated).await?;
                has_renewed = true;
                continue;
            }
            if is_expired {
                // A request that nobody wants any more is being stopped, and the abort needs the
                // session.
                if is_wanted {
                    self.give_up();
                }
                return Err(Error::SessionGone {
                    code: SESSION_EXPIRED,
                });
            }
            let reply = sent?;
            *self
                .last_used
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Instant::now();
            return Ok(reply);
        }
    }

    /// Asks something whose answer nobody misses: once, with the token there is. Whatever comes of it, the session is for
    /// others what it was.
    pub(super) async fn ask_in_passing(&self, path: &str) -> Option<Reply> {
        let token = self.tokens().session;
        let asked = self.shared.transport.send_in_passing(Request {
            path,
            query: &[],
            request_id: Uuid::new_v4(),
            token: Some(&token),
            body: None,
            timeout: SMALL_TIMEOUT,
            deadline: Instant::now() + SMALL_TIMEOUT,
            retries: 0,
            is_wanted: None,
        });
        asked
            .await
            .inspect_err(|error| {
                tracing::debug!("a request for the state of a session failed: {error}")
            })
            .ok()
    }

    /// Replaces `stale`, unless somebody else has done so meanwhile. `was_repeated` is for the error.
    async fn renew(&self, stale: &str, deadline: Instant, was_repeated: bool) -> Result<(), Error> {
        // Several requests may find the token expired at the same time. The first renews it, the others find it renewed.
        let _alone = self.renewal.lock().await;
        let tokens = self.tokens();
        // Somebody else has renewed it while this request waited for the lock.
        if tokens.session != stale {
            return Ok(());
        }
        let body = json!({"oldSessionToken": tokens.session, "requestType": "RENEW"});
        let reply = self
            .shared
            .transport
            .send(Request {
                path: "/session/token-request",
                query: &[],
                request_id: Uuid::new_v4(),
                // The session's own token has expired, and nothing else is accepted here.
                token: Some(&tokens.master),
                body: Some(&body),
                timeout: SMALL_TIMEOUT,
                deadline,
                retries: self.shared.retries,
                is_wanted: None,
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
            // The network failed, so the token may still be good for a renewal: the session is not
            // given up.
            Err(source) => {
                return Err(Error::NotRenewed {
                    source,
                    was_repeated,
                });
            }
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
                // Snowflake need not send a new one.
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

    /// A small request without parameters.
    async fn tell(&self, path: &str) -> Result<Reply, Error> {
        let (body, deadline) = (json!({}), Instant::now() + SMALL_TIMEOUT);
        self.send(path, Uuid::new_v4(), Some(&body), SMALL_TIMEOUT, deadline)
            .await
    }

    /// Tells Snowflake that the session is still wanted, and learns whether it is still there.
    pub(super) async fn heartbeat(&self) -> Result<(), Error> {
        let reply = self.tell("/session/heartbeat").await?;
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
        match self.tell("/session?delete=true").await {
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
        // The other sessions are checked before they are next used: Snowflake often ends several at once.
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
            // Comparing first saves an allocation for every reply.
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

/// A name as Snowflake reports it.
fn exact(name: Option<String>) -> Option<Identifier> {
    Identifier::exact(name?).ok()
}
