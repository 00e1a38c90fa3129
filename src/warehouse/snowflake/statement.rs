//! One approved statement in a session: sent, waited for, stopped when nobody waits any more.
//!
//! Dropping the HTTP request does not stop a statement in Snowflake, so [`AbortOnDrop`] goes along from the moment the
//! statement is sent until its reply is here: whatever ends the wait before that (the client, the deadline, the shutdown)
//! drops it, and it asks Snowflake to abort.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tokio::runtime::Handle;
use uuid::Uuid;

use super::error::{Error, IN_PROGRESS, NOT_EXECUTING};
use super::pool::Lease;
use super::session::{SMALL_TIMEOUT, Session};
use super::wire::{Data, QueryRequest, Reply};
use crate::sql::Class;
use crate::warehouse::{self, Parameter, Run};

/// Limit of one request that waits for a statement. Snowflake answers a long statement with "in progress" after about
/// 45 s; longer than that means that the connection is dead.
pub(super) const WAIT_TIMEOUT: Duration = Duration::from_secs(90);

/// Waits between questions for a result, when Snowflake answers at once instead of waiting itself.
const POLL_WAITS: [u64; 7] = [50, 100, 250, 500, 1000, 2000, 4000];

/// An answer that took this long was waited for by Snowflake, so the next question may follow at once.
const LONG_POLL: Duration = Duration::from_secs(2);

/// How long after it was sent a statement may be unknown to Snowflake because its request is still on the way there. What
/// is not running later than that has ended.
const REGISTERED: Duration = Duration::from_secs(2);

/// How often an abort is sent at most.
const ABORT_ATTEMPTS: u32 = 6;

/// Kinds of statements that leave a session as it was: SELECT, EXPLAIN, DML, SHOW, DESCRIBE, LIST.
///
/// Snowflake's documentation does not list the numbers; the official drivers have them.
const fn leaves_session_alone(kind: i64) -> bool {
    matches!(kind & 0xF000, 0x1000 | 0x2000 | 0x3000)
        || matches!(kind & 0xFF00, 0x4400 | 0x4500 | 0x4700)
}

/// USE: what it changed is in the reply, and known.
const fn is_use(kind: i64) -> bool {
    kind & 0xFF00 == 0x4300
}

/// Runs a statement to the reply that describes its result.
///
/// PUT and GET, which move files of this machine, never come here: no policy approves them.
///
/// # Cancel safety
///
/// Dropping the future aborts the statement in Snowflake.
pub(super) async fn run(lease: Lease, run: &Run) -> Result<(Data, Lease), Error> {
    let lease = settle(lease, run).await?;
    execute(lease, run.statement.text(), &run.parameters, run).await
}

/// Sets the session to what the call names, by USE where it is not so already.
async fn settle(mut lease: Lease, run: &Run) -> Result<Lease, Error> {
    for sql in lease.wanted(&run.session).statements(&lease.current()) {
        lease = execute(lease, &sql, &[], run).await?.1;
    }
    Ok(lease)
}

async fn execute(
    lease: Lease,
    sql: &str,
    parameters: &[Parameter],
    run: &Run,
) -> Result<(Data, Lease), Error> {
    let deadline = run.deadline;
    let request_id = Uuid::new_v4();
    let body = QueryRequest {
        sql_text: sql.to_owned(),
        async_exec: false,
        sequence_id: lease.next_sequence(),
        query_submission_time: super::unix_millis(),
        is_internal: false,
        describe_only: false,
        parameters: statement_parameters(run),
        bindings: bindings(parameters),
        query_context: Map::new(),
    };
    let body = serde_json::to_value(body).map_err(|error| Error::Protocol(error.to_string()))?;
    let mut guard = AbortOnDrop {
        lease: Some(lease),
        request_id,
        sql: sql.to_owned(),
        sent: Instant::now(),
        runtime: Handle::current(),
    };
    let reply = wait(&guard, request_id, &body, deadline).await;
    let reply = match reply {
        Ok(reply) => reply,
        Err(error) => {
            // Only a reply proves that nothing runs. Without one the guard asks Snowflake to make sure.
            if matches!(error, Error::SessionGone { .. }) {
                drop(guard.disarm());
            }
            return Err(error);
        }
    };
    let Some(lease) = guard.disarm() else {
        return Err(Error::Protocol("the session was given away".to_owned()));
    };
    if !reply.is_success() {
        let error = Error::from_reply(reply);
        if matches!(error, Error::SessionGone { .. }) {
            lease.poison();
        }
        return Err(error);
    }
    let data = reply.data.unwrap_or_default();
    note_session(&lease, &data, run.statement.parsed().class());
    if data.command.is_some() {
        return Err(Error::Protocol(
            "Snowflake asked to move files, which is never done".to_owned(),
        ));
    }
    Ok((data, lease))
}

/// Sends the statement and asks for its result until it is there.
async fn wait(
    guard: &AbortOnDrop,
    request_id: Uuid,
    body: &Value,
    deadline: Instant,
) -> Result<Reply, Error> {
    let Some(session) = guard.lease.as_ref() else {
        return Err(Error::Protocol("the statement has no session".to_owned()));
    };
    let mut reply = session
        .send(
            "/queries/v1/query-request",
            request_id,
            Some(body),
            WAIT_TIMEOUT,
            deadline,
        )
        .await?;
    let mut waits = POLL_WAITS.iter();
    let mut pause = Duration::ZERO;
    loop {
        let is_running = IN_PROGRESS.contains(&reply.code());
        let data = reply.data.as_ref();
        let Some(path) = data
            .filter(|data| is_running || (reply.is_success() && data.is_in_progress()))
            .and_then(|data| data.get_result_url.clone())
        else {
            return Ok(reply);
        };
        tokio::time::sleep(pause).await;
        let asked = Instant::now();
        reply = session
            .send(&path, Uuid::new_v4(), None, WAIT_TIMEOUT, deadline)
            .await?;
        pause = if asked.elapsed() < LONG_POLL {
            Duration::from_millis(waits.next().copied().unwrap_or(5000))
        } else {
            Duration::ZERO
        };
    }
}

/// What holds for this one statement: its tag, and Snowflake's own limit behind ours.
fn statement_parameters(run: &Run) -> Map<String, Value> {
    let left = run.deadline.saturating_duration_since(Instant::now());
    let mut parameters = Map::new();
    // More than we wait, so that it is our own limit that is met first and told with its reason.
    parameters.insert(
        "STATEMENT_TIMEOUT_IN_SECONDS".to_owned(),
        json!(left.as_secs() + 2),
    );
    if let Some(tag) = &run.tag {
        parameters.insert("QUERY_TAG".to_owned(), json!(tag));
    }
    parameters
}

/// Placeholders count from 1; values are texts on the wire, whatever their type.
fn bindings(parameters: &[Parameter]) -> Map<String, Value> {
    let bind = |(index, parameter): (usize, &Parameter)| {
        let (kind, value) = match parameter {
            Parameter::Null => ("TEXT", Value::Null),
            Parameter::Boolean(value) => ("BOOLEAN", json!(value.to_string())),
            Parameter::Integer(value) => ("FIXED", json!(value.to_string())),
            Parameter::Float(value) => ("REAL", json!(value.to_string())),
            Parameter::Text(value) => ("TEXT", json!(value)),
        };
        let place = (index + 1).to_string();
        (place, json!({"type": kind, "value": value}))
    };
    parameters.iter().enumerate().map(bind).collect()
}

/// Keeps track of what the statement did to its session; one that did something unknown is not used again.
fn note_session(session: &Session, data: &Data, class: Class) {
    session.note_names(data);
    let is_harmless = match data.statement_type_id {
        Some(kind) => leaves_session_alone(kind) || is_use(kind),
        // Peers that are not Snowflake do not say.
        None => class == Class::Read,
    };
    if !is_harmless {
        session.poison();
    }
}

/// Asks Snowflake to abort the statement when it is dropped while the statement may run.
struct AbortOnDrop {
    lease: Option<Lease>,
    request_id: Uuid,
    sql: String,
    sent: Instant,
    /// The drop may happen on a thread that is no runtime's.
    runtime: Handle,
}

impl AbortOnDrop {
    /// The statement has ended: nothing is left to abort.
    fn disarm(&mut self) -> Option<Lease> {
        self.lease.take()
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        let Some(lease) = self.lease.take() else {
            return;
        };
        let (request_id, sql, sent) = (self.request_id, std::mem::take(&mut self.sql), self.sent);
        // Detached, with a limit of its own. The session goes back only when it is known to be free.
        self.runtime.spawn(async move {
            let _counted = lease.count_abort();
            if !abort(&lease, request_id, &sql, sent).await {
                lease.poison();
            }
        });
    }
}

/// Whether Snowflake says that the statement does not run any more, or will not.
async fn abort(lease: &Lease, request_id: Uuid, sql: &str, sent: Instant) -> bool {
    let body = json!({"sqlText": sql, "requestId": request_id.to_string()});
    for attempt in 0..ABORT_ATTEMPTS {
        let deadline = Instant::now() + SMALL_TIMEOUT;
        let reply = lease
            .send(
                "/queries/v1/abort-request",
                Uuid::new_v4(),
                Some(&body),
                SMALL_TIMEOUT,
                deadline,
            )
            .await;
        match reply {
            Ok(reply) if reply.is_success() => {
                tracing::debug!(%request_id, "aborted a statement");
                return true;
            }
            // Either it has ended, or its request is still on the way there. At a shutdown nobody waits to find out: the
            // session is closed.
            Ok(reply) if reply.code() == NOT_EXECUTING => {
                if sent.elapsed() > REGISTERED || lease.is_closing() {
                    return true;
                }
            }
            Ok(reply) => {
                tracing::warn!(%request_id, code = reply.code(), "Snowflake did not abort a statement");
                return false;
            }
            Err(error) => {
                tracing::warn!(%request_id, "a statement could not be aborted: {error}");
                return false;
            }
        }
        tokio::time::sleep(Duration::from_millis(50 << attempt)).await;
    }
    // Not running after all this time: it ended before it was aborted.
    true
}

/// The time limit as the caller is to be told of it.
pub(super) fn timed_out(run: &Run, started: Instant) -> warehouse::Error {
    warehouse::Error::Timeout {
        after: run.deadline.saturating_duration_since(started),
        query_id: None,
    }
}
