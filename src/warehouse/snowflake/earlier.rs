//! Statements that were started earlier, by this process or another one: how far they are, their results, stopping them.
//!
//! Any session of the same user and role may ask, by the statement's id. These requests are small or only wait, so they go
//! through a session that is there already, even one that is at work: a pool full of long statements must not keep
//! anybody from stopping one of them.

use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry::context::FutureExt;
use serde_json::{Value, json};
use uuid::Uuid;

use super::backoff::Backoff;
use super::error::{Error, NOT_EXECUTING};
use super::pool::{Lease, Pool};
use super::session::{SMALL_TIMEOUT, Session};
use super::statement;
use super::wire::{Data, QueryStatus, Reply};
use crate::warehouse::{self, Earlier, State, Status};

/// A result that never existed, or is no longer stored.
const NO_RESULT: [u32; 2] = [612, 709];

/// Waits between questions whether a statement that was left running has ended.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Snowflake keeps a question for a result waiting, and a result that is there takes a round trip. Who has less patience
/// than this asks about the statement first, which is answered at once.
const AT_ONCE: Duration = Duration::from_millis(500);

/// How long after its deadline a statement may still show as running.
const AFTER_DEADLINE: Duration = Duration::from_secs(30);

/// A session to ask in.
enum Way {
    Shared(Arc<Session>),
    Own(Box<Lease>),
}

impl Deref for Way {
    type Target = Session;

    fn deref(&self) -> &Session {
        match self {
            Self::Shared(session) => session,
            Self::Own(lease) => lease,
        }
    }
}

/// Asks in whatever session there is, and in one of our own when that one has just ended.
async fn ask(
    pool: &Pool,
    earlier: &Earlier,
    deadline: Instant,
    path: &str,
    body: Option<&Value>,
) -> Result<Reply, Error> {
    if let Some(session) = pool.any_session(earlier.role.as_ref()) {
        let asked = send(&session, path, body, deadline).await;
        if !matches!(asked, Err(Error::SessionGone { .. })) {
            return asked;
        }
    }
    let lease = pool.lease_for_us(earlier.role.as_ref(), deadline).await?;
    send(&lease, path, body, deadline).await
}

async fn send(
    session: &Session,
    path: &str,
    body: Option<&Value>,
    deadline: Instant,
) -> Result<Reply, Error> {
    session
        .send(path, Uuid::new_v4(), body, SMALL_TIMEOUT, deadline)
        .await
}

/// How long one question may take, a sign-in for it included.
fn soon() -> Instant {
    Instant::now() + 4 * SMALL_TIMEOUT
}

/// How far a statement has come.
pub(super) async fn status(pool: &Pool, earlier: &Earlier) -> Result<Status, Error> {
    let path = status_path(&earlier.query_id.to_string());
    let reply = ask(pool, earlier, soon(), &path, None).await?;
    told(reply)?.ok_or_else(|| not_found(earlier))
}

fn status_path(query_id: &str) -> String {
    format!("/monitoring/queries/{query_id}")
}

/// What the monitoring endpoint says; `None` when it does not know the statement.
fn told(reply: Reply) -> Result<Option<Status>, Error> {
    if !reply.is_success() {
        return Err(Error::from_reply(reply));
    }
    let queries = reply.data.and_then(|data| data.queries);
    let Some(QueryStatus {
        status: Some(status),
        error_message,
        sql_text,
        total_duration,
        stats,
    }) = queries.unwrap_or_default().pop()
    else {
        return Ok(None);
    };
    let stats = stats.unwrap_or_default();
    Ok(Some(Status {
        state: state(&status),
        elapsed: total_duration.map(Duration::from_millis),
        rows: stats.produced_rows,
        scanned_bytes: stats.scan_bytes,
        message: error_message.filter(|message| !message.is_empty()),
        text: sql_text.filter(|text| !text.is_empty()),
    }))
}

/// The names are those the official drivers act on; one that is new is taken for a statement that has not ended.
fn state(name: &str) -> State {
    match name.to_ascii_uppercase().as_str() {
        "SUCCESS" => State::Succeeded,
        "ABORTING" | "ABORTED" | "DISCONNECTED" => State::Cancelled,
        "FAILED_WITH_ERROR" | "FAILED_WITH_INCIDENT" => State::Failed,
        "QUEUED"
        | "QUEUED_REPARING_WAREHOUSE"
        | "QUEUED_REPAIRING_WAREHOUSE"
        | "RESUMING_WAREHOUSE"
        | "BLOCKED" => State::Queued,
        _ => State::Running,
    }
}

/// Whether a statement is known to run.
async fn is_running(pool: &Pool, earlier: &Earlier) -> bool {
    let status = status(pool, earlier).await;
    status.is_ok_and(|status| !status.state.has_ended())
}

/// The reply that describes a statement's result; `None` when it is still running at `patience`.
pub(super) async fn result(
    pool: &Pool,
    earlier: &Earlier,
    patience: Instant,
    deadline: Instant,
) -> Result<Option<Data>, Error> {
    let patience = match patience.saturating_duration_since(Instant::now()) {
        // Too little time for the question that waits: a small question first tells whether there
        // is anything to wait for.
        left if left >= AT_ONCE => patience,
        _ if is_running(pool, earlier).await => return Ok(None),
        _ => deadline,
    };
    let path = format!("/queries/{}/result", earlier.query_id);
    let way = match pool.any_session(earlier.role.as_ref()) {
        Some(session) => Way::Shared(session),
        None => Way::Own(Box::new(
            pool.lease_for_us(earlier.role.as_ref(), deadline).await?,
        )),
    };
    let mut reply = statement::poll(&way, path.clone(), Some(patience), deadline).await;
    if matches!(
        (&reply, &way),
        // The shared session is another caller's and may have ended meanwhile, which says nothing
        // about this statement.
        (Err(Error::SessionGone { .. }), Way::Shared(_))
    ) {
        let lease = pool.lease_for_us(earlier.role.as_ref(), deadline).await?;
        reply = statement::poll(&lease, path, Some(patience), deadline).await;
    }
    let reply = match reply {
        // A peer that keeps no results.
        Err(Error::Transport(error)) if error.is_not_found() => return Err(not_found(earlier)),
        Err(error) => return Err(error),
        Ok(None) => return Ok(None),
        Ok(Some(reply)) => reply,
    };
    if reply.is_success() {
        return Ok(Some(reply.data.unwrap_or_default()));
    }
    if NO_RESULT.contains(&reply.code()) {
        return Err(not_found(earlier));
    }
    Err(match Error::from_reply(reply) {
        error @ Error::Statement { .. } => Error::Pool(warehouse::Error::Ended(Box::new(
            of_statement(error.into(), earlier),
        ))),
        error => error,
    })
}

/// Replies about an earlier statement do not always repeat its id.
fn of_statement(error: warehouse::Error, earlier: &Earlier) -> warehouse::Error {
    match error {
        warehouse::Error::Cancelled { query_id: None } => warehouse::Error::Cancelled {
            query_id: Some(earlier.query_id.to_string()),
        },
        error => error,
    }
}

/// Stops a statement. Whether it was still running.
pub(super) async fn cancel(pool: &Pool, earlier: &Earlier) -> Result<bool, Error> {
    let path = format!("/queries/{}/abort-request", earlier.query_id);
    let reply = ask(pool, earlier, soon(), &path, Some(&json!({}))).await?;
    match (reply.is_success(), reply.code()) {
        (true, _) => Ok(true),
        (false, NOT_EXECUTING) => Ok(false),
        (false, _) => Err(Error::from_reply(reply)),
    }
}

/// Holds on to the session of a statement that was left running until the statement has ended: signing out would end it.
/// Until then it counts as one of the statements that may run at once, of its caller and of all.
///
/// When the pool closes, the session is left open: the statement goes on, and Snowflake ends the session in its time.
/// Otherwise `note` hears how the statement has ended.
pub(super) fn watch_over(
    lease: Lease,
    query_id: String,
    deadline: Instant,
    note: impl FnOnce(Ended) + Send + 'static,
) {
    let watch = async move {
        let mut backoff = Backoff::endless(FIRST_WAIT, LONGEST_WAIT);
        while Instant::now() < deadline + AFTER_DEADLINE {
            let wait = backoff.next().unwrap_or(LONGEST_WAIT);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = lease.closing() => {}
            }
            let ended = tokio::select! {
                ended = ended(&lease, &query_id) => ended,
                // A question under way when the pool closes may be one that never gets its answer.
                () = lease.closing(), if !lease.is_closing() => ended(&lease, &query_id).await,
            };
            if let Some(ended) = ended {
                note(ended);
                return;
            }
            if lease.is_closing() {
                lease.leave_open();
                tracing::info!(
                    query_id,
                    "a statement keeps running after this process ends; its session is left open"
                );
                return;
            }
        }
        // Whatever it does, the session is not for others any more.
        lease.poison();
    };
    tokio::spawn(watch.with_current_context());
}

/// A statement that has ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// What it has read, where that is known.
    pub(super) scanned_bytes: Option<u64>,
}

/// How much a statement that has ended has read, where Snowflake says so when it is asked once.
pub(super) async fn scanned_bytes(session: &Session, query_id: &str) -> Option<u64> {
    let reply = session.ask_in_passing(&status_path(query_id)).await?;
    let status = told(reply).ok()??;
    status.scanned_bytes.filter(|_| status.state.has_ended())
}

/// What is known of a statement that has ended; `None` where it is not known to have.
async fn ended(session: &Session, query_id: &str) -> Option<Ended> {
    let path = status_path(query_id);
    let asked = send(session, &path, None, Instant::now() + SMALL_TIMEOUT).await;
    match asked.and_then(told) {
        Ok(status) => status
            .filter(|status| status.state.has_ended())
            .map(|status| Ended {
                scanned_bytes: status.scanned_bytes,
            }),
        Err(Error::SessionGone { .. }) => Some(Ended::default()),
        Err(error) => {
            tracing::debug!(query_id, "a statement's state is not known: {error}");
            None
        }
    }
}

fn not_found(earlier: &Earlier) -> Error {
    Error::Pool(warehouse::Error::QueryNotFound {
        query_id: earlier.query_id.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told_of(text: &str) -> Option<Status> {
        told(serde_json::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn a_status_is_read_whatever_else_the_reply_holds() {
        let status = told_of(
            r#"{"success":true,"data":{"queries":[{"id":"x","status":"FAILED_WITH_ERROR","errorCode":"100035",
            "errorMessage":"no","sqlText":"SELECT 1","totalDuration":1500,"stats":{"scanBytes":7,"producedRows":0,"new":1}}],"other":null}}"#,
        );
        let expected = Status {
            state: State::Failed,
            elapsed: Some(Duration::from_millis(1500)),
            rows: Some(0),
            scanned_bytes: Some(7),
            message: Some("no".to_owned()),
            text: Some("SELECT 1".to_owned()),
        };
        assert_eq!(status, Some(expected));
    }

    #[test]
    fn a_statement_nobody_knows_has_no_status() {
        assert_eq!(told_of(r#"{"success":true,"data":{"queries":[]}}"#), None);
        assert_eq!(told_of(r#"{"success":true,"data":null}"#), None);
    }

    #[test]
    fn a_state_that_is_new_has_not_ended() {
        for (name, expected) in [
            ("SUCCESS", State::Succeeded),
            ("QUEUED_REPARING_WAREHOUSE", State::Queued),
            ("BLOCKED", State::Queued),
            ("RESTARTED", State::Running),
            ("SOMETHING_NEW", State::Running),
            ("ABORTING", State::Cancelled),
        ] {
            assert_eq!(state(name), expected, "{name}");
        }
    }
}
