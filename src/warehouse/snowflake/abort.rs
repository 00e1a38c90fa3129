//! Stops statements that nobody waits for any more.
//!
//! Dropping its request does not stop a statement in Snowflake, so [`AbortOnDrop`] goes along from the moment the statement
//! is sent until its reply is here: whatever ends the wait before that (the client, the deadline, the shutdown) drops it, and
//! it asks Snowflake to abort: by the statement's id, or by its request's while that still waits and nobody has been told the
//! id. The waiting request is kept open meanwhile: its answer is the proof that the statement has ended, and names it.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use opentelemetry::Context;
use opentelemetry::context::FutureExt;
use serde_json::json;
use tokio::runtime::Handle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::Instrument;
use uuid::Uuid;

use super::backoff::Backoff;
use super::error::{Error, NOT_EXECUTING, in_progress};
use super::pool::Lease;
use super::session::SMALL_TIMEOUT;
use super::wire::Reply;

/// How long after it was sent a statement may be unknown to Snowflake because its request is still on the way there. What
/// is not running later than that has ended.
const REGISTERED: Duration = Duration::from_secs(2);

/// How often an abort is sent again at most, and the first and longest wait before that.
const RETRIES: u32 = 6;
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// How long the answer to a statement that was aborted is waited for.
const LAST_WORD: Duration = Duration::from_secs(1);

/// The request that waits for a statement.
pub(super) type Waiting = Pin<Box<dyn Future<Output = Result<Reply, Error>> + Send>>;

/// The id Snowflake gave a statement, whatever becomes of the wait: known from its first answer on, which for most
/// statements is the last one as well. A cheap clone.
#[derive(Clone, Default)]
pub(super) struct QueryId(Arc<Known>);

#[derive(Default)]
struct Known {
    id: OnceLock<String>,
    /// There from when the statement is told to stop, cancelled when nothing more will be heard of it.
    stopping: OnceLock<CancellationToken>,
}

impl QueryId {
    pub(super) fn set(&self, id: String) {
        // It is the same in every answer.
        let _ = self.0.id.set(id);
    }

    pub(super) fn get(&self) -> Option<String> {
        self.0.id.get().cloned()
    }

    /// The id, of a statement that is being stopped also when only its last answer tells it.
    pub(super) async fn last_word(&self) -> Option<String> {
        if let (None, Some(stopping)) = (self.0.id.get(), self.0.stopping.get()) {
            // Without an answer there is no id.
            let _ = tokio::time::timeout(LAST_WORD, stopping.cancelled()).await;
        }
        self.get()
    }
}

/// Asks Snowflake to abort the statement when it is dropped while the statement may run.
pub(super) struct AbortOnDrop {
    pub(super) lease: Option<Lease>,
    /// The statement's request, until it is answered.
    pub(super) waiting: Option<Waiting>,
    /// Whether that is to be sent again where that helps.
    is_wanted: Arc<AtomicBool>,
    request_id: Uuid,
    query_id: QueryId,
    sql: String,
    sent: Instant,
    /// The drop may happen on a thread that is no runtime's.
    runtime: Handle,
    /// And outside of the call.
    trace: Context,
    span: tracing::Span,
}

impl AbortOnDrop {
    /// For a statement that is about to be sent in this session.
    pub(super) fn new(lease: Lease, request_id: Uuid, query_id: &QueryId, sql: &str) -> Self {
        Self {
            lease: Some(lease),
            waiting: None,
            is_wanted: Arc::new(AtomicBool::new(true)),
            request_id,
            query_id: query_id.clone(),
            sql: sql.to_owned(),
            sent: Instant::now(),
            runtime: Handle::current(),
            trace: Context::current(),
            span: tracing::Span::current(),
        }
    }

    /// For the request: false as soon as nobody waits for it.
    pub(super) fn is_wanted(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_wanted)
    }

    /// The statement has ended: nothing is left to abort.
    pub(super) fn disarm(&mut self) -> Option<Lease> {
        self.lease.take()
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        let Some(lease) = self.lease.take() else {
            return;
        };
        // First, so that the request is not sent again while the statement is being stopped.
        self.is_wanted.store(false, Ordering::Relaxed);
        let waiting = self.waiting.take();
        let over = CancellationToken::new();
        if waiting.is_some() {
            // Whoever times out waits for this a moment, so that its error can name the statement's
            // id.
            let _ = self.query_id.0.stopping.set(over.clone());
        }
        let what = Aborted {
            request_id: self.request_id,
            query_id: self.query_id.clone(),
            sql: std::mem::take(&mut self.sql),
            sent: self.sent,
        };
        // Detached, with a limit of its own. The session goes back only when it is known to be free.
        let work = async move {
            let is_confirmed = stop(&lease, &what, waiting, over.drop_guard()).await;
            lease.count_outcome(is_confirmed);
            if !is_confirmed {
                lease.poison();
            }
        };
        let work = work.instrument(self.span.clone());
        self.runtime.spawn(work.with_context(self.trace.clone()));
    }
}

/// A statement to abort.
struct Aborted {
    request_id: Uuid,
    query_id: QueryId,
    sql: String,
    sent: Instant,
}

/// What Snowflake says to an abort.
#[derive(Clone, Copy, PartialEq)]
enum Said {
    /// The statement is being stopped.
    Stopping,
    /// There is no such statement that runs.
    NotRunning,
    /// No, or nothing.
    Nothing,
}

/// Whether the statement is known not to run any more, or that it will not.
///
/// `over` goes when nothing more will be heard of it.
async fn stop(
    lease: &Lease,
    statement: &Aborted,
    waiting: Option<Waiting>,
    over: DropGuard,
) -> bool {
    let Some(mut waiting) = waiting else {
        return abort(lease, statement).await;
    };
    let asked = tokio::select! {
        asked = ask(lease, statement) => asked,
        // It ended by itself, or Snowflake's patience did.
        answer = &mut waiting => {
            if heard(statement, answer) {
                told(statement);
                return true;
            }
            return abort(lease, statement).await;
        }
    };
    match asked {
        Said::Stopping => {
            let answer = tokio::time::timeout(LAST_WORD, waiting).await;
            if let Ok(answer) = answer {
                heard(statement, answer);
            }
            told(statement);
            true
        }
        // Perhaps it is not there yet, and now it need not get there.
        Said::NotRunning => {
            drop((waiting, over));
            abort(lease, statement).await
        }
        Said::Nothing => false,
    }
}

/// Where the caller has gone, this is the only line that names the statement.
fn told(statement: &Aborted) {
    let query_id = statement.query_id.get();
    tracing::info!(request_id = %statement.request_id, query_id, "stopped a statement");
}

/// Notes what the answer to the statement says. Whether it says that the statement has ended.
fn heard(statement: &Aborted, answer: Result<Reply, Error>) -> bool {
    let Ok(reply) = answer else { return false };
    let has_ended = in_progress(&reply).is_none();
    let is_success = reply.is_success();
    match reply.data.and_then(|data| data.query_id) {
        Some(id) => {
            statement.query_id.set(id);
            has_ended
        }
        // No answer to the statement, but perhaps one about its session.
        None => has_ended && is_success,
    }
}

/// Asks until Snowflake says that the statement does not run any more, or will not. Whether it does.
async fn abort(lease: &Lease, statement: &Aborted) -> bool {
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT, RETRIES);
    loop {
        match ask(lease, statement).await {
            Said::Stopping => {
                told(statement);
                return true;
            }
            Said::Nothing => return false,
            // Either it has ended, or its request is still on the way there. At a shutdown nobody waits to find out: the
            // session is closed.
            Said::NotRunning => {
                if statement.sent.elapsed() > REGISTERED || lease.is_closing() {
                    return true;
                }
            }
        }
        let Some(wait) = backoff.next() else {
            // Not running after all this time: it ended before it was aborted.
            return true;
        };
        tokio::time::sleep(wait).await;
    }
}

/// Asks once.
async fn ask(lease: &Lease, statement: &Aborted) -> Said {
    let request_id = statement.request_id;
    let (path, body) = match statement.query_id.get() {
        Some(id) => (format!("/queries/{id}/abort-request"), json!({})),
        // Before Snowflake's first answer only the request is known, and that is enough to stop
        // what it started.
        None => (
            "/queries/v1/abort-request".to_owned(),
            json!({"sqlText": statement.sql, "requestId": request_id.to_string()}),
        ),
    };
    let deadline = Instant::now() + SMALL_TIMEOUT;
    let reply = lease
        .send(&path, Uuid::new_v4(), Some(&body), SMALL_TIMEOUT, deadline)
        .await;
    match reply {
        Ok(reply) if reply.is_success() => Said::Stopping,
        Ok(reply) if reply.code() == NOT_EXECUTING => Said::NotRunning,
        // Nothing more can be done here. The session is closed instead, which stops the statement
        // as well.
        Ok(reply) => {
            tracing::warn!(%request_id, code = reply.code(), "Snowflake did not abort a statement");
            Said::Nothing
        }
        Err(error) => {
            tracing::warn!(%request_id, "a statement could not be aborted: {error}");
            Said::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether this answer to a statement's request proves that the statement has ended.
    fn is_proof(answer: &str) -> bool {
        let statement = Aborted {
            request_id: Uuid::new_v4(),
            query_id: QueryId::default(),
            sql: String::new(),
            sent: Instant::now(),
        };
        heard(&statement, Ok(serde_json::from_str(answer).unwrap()))
    }

    #[test]
    fn only_an_answer_about_the_statement_proves_that_it_has_ended() {
        for (answer, expected) in [
            (r#"{"success":true,"data":{"queryId":"q"}}"#, true),
            (
                r#"{"success":false,"code":"000604","data":{"queryId":"q"}}"#,
                true,
            ),
            // A peer that gives statements no ids.
            (r#"{"success":true,"data":{"rowset":[]}}"#, true),
            (
                r#"{"success":false,"code":"333333","data":{"queryId":"q","getResultUrl":"/queries/q/result"}}"#,
                false,
            ),
            // Of its session or of the host: the statement may run on.
            (r#"{"success":false,"code":"390111","data":null}"#, false),
            (r#"{"success":false,"code":"000999","data":{}}"#, false),
        ] {
            assert_eq!(is_proof(answer), expected, "{answer}");
        }
    }
}
