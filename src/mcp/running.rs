//! Calls in flight that their caller may still cancel, over HTTP and before revision 2026-07-28.
//!
//! There a client gives up by sending `notifications/cancelled` in a request of its own and keeps the connection of the call
//! open. What ties the two together is the session id and the number of the call. A session here is no more than a random
//! number, handed out at `initialize` and kept nowhere: a call registers for as long as it runs, at the replica that runs it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::RequestId;
use rmcp::service::{RequestContext, RoleServer};
use tokio_util::sync::CancellationToken;

use super::observed::revision;
use super::unserved::STATELESS_SINCE;
use crate::identity::Caller;

/// The header of a session id.
pub const SESSION_HEADER: &str = "mcp-session-id";

/// A session id. It is too long to be guessed, so that nobody can cancel another caller's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId(u128);

impl SessionId {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// As a client sends it back. A text that is no number of ours is no session.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let is_ours = text.len() == 32
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_ours
            .then(|| u128::from_str_radix(text, 16).ok())
            .flatten()
            .map(Self)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Which call a notification means.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Name {
    session: SessionId,
    request: RequestId,
    caller: Arc<str>,
}

/// Says that a call was taken back.
type Signal = Arc<CancellationToken>;

/// The calls under way. A cheap clone of one list.
#[derive(Debug, Clone, Default)]
pub struct RunningCalls {
    // Several only if a client uses one number for two calls at a time. Then it means both.
    calls: Arc<Mutex<HashMap<Name, Vec<Signal>>>>,
}

impl RunningCalls {
    /// Registers a call until the returned value is dropped. Without a session it cannot be cancelled.
    pub(super) fn enter(
        &self,
        session: Option<SessionId>,
        request: &RequestId,
        caller: &Caller,
    ) -> RunningCall {
        match session {
            Some(session) => self.enter_as(Name {
                session,
                request: request.clone(),
                caller: Arc::clone(&caller.identity),
            }),
            None => RunningCall {
                signal: Signal::default(),
                place: None,
            },
        }
    }

    fn enter_as(&self, name: Name) -> RunningCall {
        let signal = Signal::default();
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls
            .entry(name.clone())
            .or_default()
            .push(Arc::clone(&signal));
        RunningCall {
            signal,
            place: Some((self.clone(), name)),
        }
    }

    /// Cancels the call with this number of this caller and session. Returns whether it was running in this process.
    pub fn cancel(&self, session: SessionId, request: &RequestId, caller: &Caller) -> bool {
        let name = Name {
            session,
            request: request.clone(),
            caller: Arc::clone(&caller.identity),
        };
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let named = calls.get(&name);
        for signal in named.into_iter().flatten() {
            signal.cancel();
        }
        named.is_some()
    }

    fn leave(&self, name: &Name, signal: &Signal) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(named) = calls.get_mut(name) {
            named.retain(|other| !Arc::ptr_eq(other, signal));
            if named.is_empty() {
                calls.remove(name);
            }
        }
    }
}

/// A call's place in the list. Leaves it when dropped.
#[derive(Debug)]
pub(super) struct RunningCall {
    signal: Signal,
    place: Option<(RunningCalls, Name)>,
}

impl RunningCall {
    /// Returns when the caller has taken the call back.
    pub(super) async fn cancelled(&self) {
        self.signal.cancelled().await;
    }
}

impl Drop for RunningCall {
    fn drop(&mut self) {
        if let Some((calls, name)) = &self.place {
            calls.leave(name, &self.signal);
        }
    }
}

/// The session a request says it belongs to, in the revisions that have sessions.
pub(super) fn session(context: &RequestContext<RoleServer>) -> Option<SessionId> {
    let parts = context.extensions.get::<http::request::Parts>()?;
    let session = SessionId::read(parts.headers.get(SESSION_HEADER)?.to_str().ok()?)?;
    (*revision(context) < *STATELESS_SINCE).then_some(session)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Kind;

    fn name(session: SessionId, request: RequestId, caller: &'static str) -> Name {
        Name {
            session,
            request,
            caller: caller.into(),
        }
    }

    fn caller(name: &'static str) -> Caller {
        Caller::new(Kind::Key, name, name)
    }

    #[test]
    fn only_the_call_that_is_meant_is_stopped() {
        let calls = RunningCalls::default();
        let (mine, other) = (SessionId::random(), SessionId::random());
        let one = RequestId::Number(1);
        let text = RequestId::String("1".into());
        let meant = calls.enter_as(name(mine, one.clone(), "a"));
        let rest = [
            calls.enter_as(name(mine, one.clone(), "b")),
            calls.enter_as(name(other, one.clone(), "a")),
            calls.enter_as(name(mine, text, "a")),
            calls.enter_as(name(mine, RequestId::Number(2), "a")),
        ];
        assert!(calls.cancel(mine, &one, &caller("a")));
        assert!(meant.signal.is_cancelled());
        assert!(rest.iter().all(|call| !call.signal.is_cancelled()));
        assert!(!calls.cancel(SessionId::random(), &one, &caller("a")));
    }

    #[test]
    fn an_anonymous_caller_may_come_from_another_address() {
        let calls = RunningCalls::default();
        let session = SessionId::random();
        let call = calls.enter_as(name(session, RequestId::Number(1), "anonymous"));
        let elsewhere = Caller::anonymous(Some([10, 0, 0, 1].into()));
        assert!(calls.cancel(session, &RequestId::Number(1), &elsewhere));
        assert!(call.signal.is_cancelled());
    }

    #[test]
    fn a_call_that_has_ended_leaves_nothing_behind() {
        let calls = RunningCalls::default();
        let session = SessionId::random();
        let twice = || calls.enter_as(name(session, RequestId::Number(1), "a"));
        let (first, second) = (twice(), twice());
        drop(first);
        assert!(calls.cancel(session, &RequestId::Number(1), &caller("a")));
        assert!(second.signal.is_cancelled());
        drop(second);
        assert!(!calls.cancel(session, &RequestId::Number(1), &caller("a")));
        assert!(calls.calls.lock().unwrap().is_empty());
    }

    #[test]
    fn what_was_not_made_here_is_no_session() {
        let session = SessionId::random();
        assert_eq!(SessionId::read(&session.to_string()), Some(session));
        let long = "a".repeat(100_000);
        let upper = "A".repeat(32);
        let signed = format!("+{}", "1".repeat(31));
        for text in ["", "1", &long, &upper, &signed] {
            assert_eq!(SessionId::read(text), None, "{}", text.len());
        }
    }
}
