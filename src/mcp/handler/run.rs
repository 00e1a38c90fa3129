//! One call of a tool: admits it, runs it on the right runtime, waits for it, and logs its end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rmcp::ErrorData;
use rmcp::model::{JsonObject, ProgressNotificationParam, ProgressToken};
use rmcp::service::{Peer, RoleServer};
use tokio::task::{JoinError, JoinHandle};
use tracing::{Instrument, Span, error, info, info_span};

use super::Handler;
use crate::identity::{Caller, Reach};
use crate::mcp::answer_cache::CacheKey;
use crate::mcp::arguments::reading::Arguments;
use crate::mcp::asked::Asked;
use crate::mcp::failure::{Code, Failure};
use crate::mcp::running::RunningCall;
use crate::mcp::tools::{CallContext, Entry, Reply};
use crate::mcp::unserved::{self};
use crate::query::{Behalf, Queries, owner_mark};
use crate::telemetry::call::{self, Ending, Opening};
use crate::telemetry::metrics::labels::{Cache, Cause};
use crate::telemetry::{CALL, milliseconds};

/// How often a caller that asked for progress hears that the call is still running.
///
/// Common proxies give up on a silent answer after 60 s; clients vary. Ten seconds is well inside all of them.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// Time that a call may take beyond its statement's: for reading it, for writing the rows, and for the three statements of a
/// describe.
const CALL_GRACE: Duration = Duration::from_secs(5);

impl Handler {
    /// Begins the call's record for traces and audit.
    fn record(&self, tool: &str, asked: &mut Asked) -> call::Call {
        let opening = Opening {
            tool,
            caller: &asked.caller.name,
            identity: asked.caller.told.clone(),
            revision: &asked.revision,
            request_id: Some(asked.id.to_string()),
            parent: asked.parent.take(),
            exchange: asked.exchange.take(),
        };
        call::Call::begin(opening, &self.services.reports)
    }

    /// Runs a tool.
    pub(in crate::mcp) async fn run(
        &self,
        name: &str,
        arguments: Option<JsonObject>,
        mut asked: Asked,
    ) -> Result<Result<Reply, Failure>, ErrorData> {
        let offer = self.services.offered.now();
        // One state of the offer for the whole call, which may be replaced at any time.
        let granted = offer.tools.get(name);
        let Some(entry) = granted.filter(|entry| entry.is_granted(&asked.caller)) else {
            let shown: String = name.chars().take(unserved::NAME_CHARS).collect();
            let message = format!("there is no tool named {shown}; tools/list has all tools");
            return Err(ErrorData::invalid_params(message, None));
        };
        let tool = entry.description.name.clone();
        if asked.caller.reach < entry.needs() {
            // `http` refuses such calls already, with the scopes to ask for. This check covers every other way to the
            // handler.
            let message = format!("the caller's token lacks the scope that {tool} needs");
            return Err(ErrorData::invalid_request(message, None));
        }
        // From here on every way out goes through `note_end`, so that each call has its record.
        let record = self.record(&tool, &mut asked);
        let caller = &asked.caller;
        let trace_id = record.trace_id();
        let span = info_span!(target: CALL, "tool", tool = %tool, caller = %caller.name, trace_id);
        let started = Instant::now();
        let _in_flight = self.services.metrics.tool_started();

        // Before the arguments are read: a call over the limit must cost as little as possible.
        let admitted = self.services.rates.admit(caller, started);
        let call = CallContext {
            queries: self.queries_of(caller, &tool, &record),
            calls: admitted.ok().flatten(),
        };
        let read = entry.read(arguments.unwrap_or_default());
        let outcome = match (admitted, read) {
            (Err(too_many), _) => Ok(Err(too_many.into())),
            (Ok(_), Err(failure)) => Ok(Err(failure)),
            (Ok(_), Ok(Arguments { known, note })) => {
                let work = Work {
                    entry,
                    arguments: known,
                    call,
                };
                let outcome = self.answer(work, &asked, &record, &span).await;
                // The note is about fields of other programs, which do not change the answer, so it is not cached with it.
                match note {
                    Some(note) => outcome.map(|done| done.map(|reply| reply.with_note(&note))),
                    None => outcome,
                }
            }
        };
        let trace_id = trace_id.to_owned();
        self.note_end(record, &span, &tool, &asked.caller.name, &outcome, started);
        outcome.map(|done| done.map_err(|failure| failure.in_trace(trace_id)))
    }

    /// The way to the warehouse, with the caller's rights and limits.
    fn queries_of(&self, caller: &Caller, tool: &str, record: &call::Call) -> Arc<Queries> {
        Arc::new(self.services.queries.on_behalf_of(Behalf {
            name: caller.name.clone(),
            identity: Arc::clone(&caller.identity),
            account: caller.account(),
            tag: tag(tool, caller, record.trace_id()),
            notes: record.notes().clone(),
            may_change: caller.reach >= Reach::Write,
            may_read_values: caller.reach >= Reach::Query,
            person: caller.person.clone(),
            rights: caller.grant.as_ref().map(|grant| Arc::clone(&grant.rights)),
        }))
    }

    /// The answer from the cache, or from the tool.
    async fn answer(
        &self,
        work: Work<'_>,
        asked: &Asked,
        record: &call::Call,
        span: &Span,
    ) -> Result<Result<Reply, Failure>, ErrorData> {
        let Work {
            entry,
            arguments,
            call,
        } = work;
        let tool = &entry.description.name;
        let key = entry
            .is_cacheable
            // The caller is part of the key: what one may see another may not.
            .then(|| CacheKey::new(&asked.caller, tool, &arguments));
        if let Some(key) = &key {
            let cached = self.services.answers.get(key);
            let metrics = &self.services.metrics;
            metrics.looked_up(Cache::Answers, cached.is_some());
            if let Some(reply) = cached {
                return Ok(Ok(reply));
            }
        }
        // The statement's own time limit comes first and has the better error; this one catches
        // what hangs elsewhere.
        let time = call.queries.budget().timeout + CALL_GRACE;
        // The log's span inside the trace's: tasks that outlive the call keep only the innermost span.
        let work = entry.call(arguments, call);
        let work = work.instrument(span.clone());
        let work = work.instrument(record.span().clone());
        // Dropping `Running` aborts the task, and with it the statement.
        let task = Running(self.services.runtime.spawn(work));
        let place = self.running.enter(asked.session, &asked.id, &asked.caller);
        let waited = self.wait(task, time, asked, &place);
        let outcome = waited.instrument(span.clone()).await;
        // Failures are not cached: the next attempt may succeed.
        if let (Some(key), Ok(Ok(reply))) = (key, &outcome) {
            self.services.answers.put(key, reply);
        }
        outcome
    }

    /// Writes the end of a call to the metrics, the log, its trace and the audit log.
    fn note_end(
        &self,
        record: call::Call,
        span: &Span,
        tool: &str,
        caller: &str,
        outcome: &Result<Result<Reply, Failure>, ErrorData>,
        started: Instant,
    ) {
        let elapsed = started.elapsed();
        let (code, rows, bytes) = match outcome {
            Ok(Ok(reply)) => ("ok", reply.rows, reply.bytes),
            Ok(Err(failure)) => (failure.code.as_str(), 0, 0),
            Err(_) => (Code::Internal.as_str(), 0, 0),
        };
        let metrics = &self.services.metrics;
        metrics.tool_finished(tool, code, rows, bytes, elapsed);
        metrics.caller_served(caller, code, rows, bytes);
        // A failure may not name its statement, though one was running when it happened.
        let running = record.notes().query_id();
        let query_id = query_id(outcome).or(running.as_deref());
        log(span, outcome, code, query_id, elapsed);
        record.end(&Ending {
            outcome: code,
            rows,
            bytes,
            query_id,
            took: elapsed,
        });
    }

    /// Waits for the first of: the answer, the client leaving, the shutdown, the deadline. All but the first stop the call.
    async fn wait(
        &self,
        mut task: Running,
        time: Duration,
        asked: &Asked,
        place: &RunningCall,
    ) -> Result<Result<Reply, Failure>, ErrorData> {
        let deadline = tokio::time::sleep(time);
        let progress = report_progress(asked.progress.as_ref());
        tokio::pin!(deadline, progress);
        tokio::select! {
            // In this order: an answer that is ready is used, even if the client has left or the deadline has passed in
            // the same moment.
            biased;
            done = &mut task.0 => done.map_or_else(|error| Err(broken(error)), Ok),
            () = asked.gone.cancelled() => Ok(Err(self.stopped(Cause::Client))),
            () = place.cancelled() => Ok(Err(self.stopped(Cause::Client))),
            () = self.services.shutdown.cancelled() => Ok(Err(self.stopped(Cause::Shutdown))),
            () = &mut deadline => Ok(Err(self.stopped(Cause::Deadline))),
            // It only sends messages while the others are waited for.
            never = &mut progress => match never {},
        }
    }

    /// The answer to a call that was stopped. The client may still be listening.
    fn stopped(&self, cause: Cause) -> Failure {
        self.services.metrics.call_stopped(cause);
        match cause {
            Cause::Client => {
                Failure::new(Code::QueryCancelled, "the caller cancelled the call", "")
            }
            Cause::Shutdown => Failure::new(
                Code::QueryCancelled,
                "the server is shutting down; the statement was stopped",
                "send the same call again in a few seconds",
            ),
            Cause::Deadline => Failure::new(
                Code::QueryTimeout,
                "the call did not end within its time limit",
                "make the statement cheaper",
            ),
        }
    }
}

/// What a call is to run.
struct Work<'call> {
    entry: &'call Entry,
    arguments: JsonObject,
    call: CallContext,
}

/// A call under way. Dropping it stops it.
struct Running(JoinHandle<Result<Reply, Failure>>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The query tag, which Snowflake's history shows beside a statement: the tool, the caller and the trace.
fn tag(tool: &str, caller: &Caller, trace_id: &str) -> String {
    let mut tag = serde_json::json!({
        "app": "snowflake-mcp",
        "tool": tool,
        "caller": caller.name,
        // The name may be cut, so `query_history` finds a caller's statements by this mark.
        "owner": owner_mark(&caller.identity),
        "trace_id": trace_id,
    });
    for (name, value) in [("user", &caller.user), ("client", &caller.client)] {
        if let (Some(value), Some(tag)) = (value, tag.as_object_mut()) {
            tag.insert(name.to_owned(), serde_json::Value::from(&**value));
        }
    }
    tag.to_string()
}

/// The id of the statement in the warehouse, from an answer or a failure.
fn query_id(outcome: &Result<Result<Reply, Failure>, ErrorData>) -> Option<&str> {
    match outcome {
        Ok(Ok(reply)) => reply.query_id.as_deref(),
        Ok(Err(failure)) => failure.query_id.as_deref(),
        Err(_) => None,
    }
}

/// Sends progress messages, if the client asked for them: the first soon, then from time to time. Never ends.
async fn report_progress(
    progress: Option<&(Peer<RoleServer>, ProgressToken)>,
) -> std::convert::Infallible {
    let Some((peer, token)) = progress else {
        return std::future::pending().await;
    };
    let started = Instant::now();
    let mut ticks = tokio::time::interval(PROGRESS_EVERY);
    // Most calls are answered before this.
    ticks.reset_after(Duration::from_millis(500));
    loop {
        ticks.tick().await;
        let seconds = started.elapsed().as_secs_f64();
        let message = format!("running for {seconds:.0} s");
        let progress = ProgressNotificationParam::new(token.clone(), seconds).with_message(message);
        // A client that does not listen is noticed by the transport; the call itself goes on.
        let _ = peer.notify_progress(progress).await;
    }
}

/// A tool that panicked, or whose runtime is gone. The panic itself was logged by the process's panic hook.
fn broken(error: JoinError) -> ErrorData {
    if error.is_panic() {
        error!("a tool panicked");
    }
    ErrorData::internal_error("the server failed to answer this call", None)
}

fn log(
    span: &Span,
    outcome: &Result<Result<Reply, Failure>, ErrorData>,
    code: &str,
    query_id: Option<&str>,
    elapsed: Duration,
) {
    // So that the line has the fields of the call: its tool, caller and trace.
    let _inside = span.enter();
    let duration_ms = milliseconds(elapsed);
    match outcome {
        Ok(Ok(reply)) => {
            info!(
                outcome = code,
                rows = reply.rows,
                query_id,
                duration_ms,
                "call answered"
            );
        }
        Ok(Err(_)) => info!(outcome = code, query_id, duration_ms, "call failed"),
        Err(_) => error!(outcome = code, query_id, duration_ms, "call broke off"),
    }
}
