//! One call of a tool, from its start to its end: its trace, its statements, its record in the audit log.
//!
//! The handler makes a [`Call`], hands its [`Notes`] to the work and instruments the work with its span; whatever the work
//! comes through notes down what it knows.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::audit::{Audit, Identity, Record, Statement};
use super::metrics::labels::Verdict;
use super::traces::{self, TRACE, span_context};
use super::{shortened, statement};

/// Statements of a call that are kept; tools send three at most.
const KEPT: usize = 8;

/// Where a process reports its calls. A cheap clone; by default to the log, without SQL in traces.
#[derive(Debug, Clone, Default)]
pub struct Reports {
    /// The audit log.
    pub audit: Audit,
    /// `TRACE_SQL`.
    pub traces_sql: bool,
}

/// The HTTP request that brings a call: each has something to say in the other's records.
#[derive(Debug)]
pub struct Exchange {
    /// The request's span.
    pub span: Span,
    /// The parent that its headers name.
    pub parent: Option<Context>,
    brought: OnceLock<Brought>,
}

/// What the log line of an HTTP request says of its call, also if the client leaves before the answer.
#[derive(Debug, Clone)]
pub struct Brought {
    /// Which tool.
    pub tool: String,
    /// The trace of the call.
    pub trace_id: String,
    /// What the call has noted so far.
    notes: Notes,
}

impl Brought {
    /// The statement in the warehouse, once it has an id.
    #[must_use]
    pub fn query_id(&self) -> Option<String> {
        self.notes.query_id()
    }
}

impl Exchange {
    /// A request whose headers name this parent.
    #[must_use]
    pub fn new(span: Span, parent: Option<Context>) -> Self {
        Self {
            span,
            parent,
            brought: OnceLock::new(),
        }
    }

    /// The call it brought.
    #[must_use]
    pub fn brought(&self) -> Option<&Brought> {
        self.brought.get()
    }

    /// The trace: the call's, or else the request's, or else the header's.
    #[must_use]
    pub fn trace_id(&self) -> Option<String> {
        let call = self.brought().map(|call| call.trace_id.clone());
        call.or_else(|| trace_id(&self.context()?))
    }

    /// The parent of the call's span, unless the message names another.
    fn context(&self) -> Option<Context> {
        let own = self.span.context();
        let is_traced = span_context(&own).is_valid();
        is_traced.then_some(own).or_else(|| self.parent.clone())
    }
}

/// What is known when a call begins.
#[derive(Debug)]
pub struct Opening<'a> {
    /// Which tool; a registered name.
    pub tool: &'a str,
    /// Who calls.
    pub caller: &'a str,
    /// The caller in full, for the audit log only.
    pub identity: Option<Arc<Identity>>,
    /// The revision of MCP the client speaks.
    pub revision: &'a str,
    /// The client's number for it.
    pub request_id: Option<String>,
    /// The parent that the message names: the caller's own step, while a header's may be a proxy's.
    pub parent: Option<Context>,
    /// The request that brings it; none on stdio.
    pub exchange: Option<Arc<Exchange>>,
}

/// What is known when a call ends.
#[derive(Debug)]
pub struct Ending<'a> {
    /// `ok`, or the error's code.
    pub outcome: &'static str,
    /// Rows in the answer.
    pub rows: u64,
    /// Bytes of text in the answer.
    pub bytes: u64,
    /// The statement in the warehouse; if absent, the one that [`Notes::running_as`] noted last.
    pub query_id: Option<&'a str>,
    /// From the call to its answer.
    pub took: Duration,
}

/// What a call learns on its way: its statements, and the one it waits for in the warehouse. A cheap clone. The default
/// belongs to no call and notes nothing.
#[derive(Debug, Clone, Default)]
pub struct Notes(Option<Arc<Noted>>);

#[derive(Debug)]
struct Noted {
    statements: Mutex<Vec<(Statement, Verdict)>>,
    query_id: Mutex<Option<String>>,
    span: Span,
    traces_sql: bool,
}

/// A call under way. If it is dropped without an end, it is reported as a call whose client has gone.
#[derive(Debug)]
pub struct Call {
    tool: String,
    caller: String,
    identity: Option<Arc<Identity>>,
    trace_id: String,
    span: Span,
    notes: Notes,
    audit: Audit,
    started: Instant,
    is_reported: bool,
}

impl Call {
    /// Begins the record of a call.
    #[must_use]
    pub fn begin(opening: Opening<'_>, reports: &Reports) -> Self {
        let exchange = opening.exchange.as_deref();
        let around = || exchange.and_then(Exchange::context);
        // A client that sends its trace in `_meta` means this call. The HTTP request around it may
        // belong to a proxy.
        let parent = opening.parent.clone().or_else(around);
        let span = call_span(&opening);
        if let Some(parent) = &parent {
            // Fails if traces are off, which does no harm.
            let _ = span.set_parent(parent.clone());
        }
        // With two traces around, the call is in one and linked to the other.
        if opening.parent.is_some()
            && let Some(exchange) = exchange
        {
            span.add_link(span_context(&exchange.span.context()));
        }
        let trace_id = trace_id(&span.context())
            .or_else(|| trace_id(parent.as_ref()?))
            // With traces off the id still joins log lines, audit record and QUERY_TAG.
            .unwrap_or_else(|| super::hex(uuid::Uuid::new_v4().as_bytes().iter()));
        let notes = Notes(Some(Arc::new(Noted {
            statements: Mutex::default(),
            query_id: Mutex::default(),
            span: span.clone(),
            traces_sql: reports.traces_sql,
        })));
        if let Some(exchange) = exchange {
            // Can be set once: a request brings one call.
            let _ = exchange.brought.set(Brought {
                tool: opening.tool.to_owned(),
                trace_id: trace_id.clone(),
                notes: notes.clone(),
            });
        }
        Self {
            tool: opening.tool.to_owned(),
            caller: opening.caller.to_owned(),
            identity: opening.identity.clone(),
            trace_id,
            span,
            notes,
            audit: reports.audit.clone(),
            started: Instant::now(),
            is_reported: false,
        }
    }

    /// The trace it belongs to, 32 hexadecimal digits; a random one if neither the client nor the request named one.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        &self.trace_id
    }

    /// Where its statements are noted.
    #[must_use]
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// The span that the steps of the call belong to.
    #[must_use]
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Ends the record of a call.
    pub fn end(mut self, ending: &Ending<'_>) {
        self.report(ending);
    }

    fn report(&mut self, ending: &Ending<'_>) {
        self.is_reported = true;
        let span = &self.span;
        span.set_attribute("db.response.returned_rows", number(ending.rows));
        let query_id = ending.query_id.map(ToOwned::to_owned);
        let query_id = query_id.or_else(|| self.notes.query_id());
        if let Some(query_id) = &query_id {
            span.set_attribute("snowflake.query_id", query_id.clone());
            // The log line of the HTTP request, written later, names the statement too.
            self.notes.running_as(query_id);
        }
        if ending.outcome != "ok" {
            // What the semantic conventions call a tool's result that is an error.
            traces::fail(span, "tool_error", ending.outcome);
            span.set_attribute("snowflake.error_code", ending.outcome);
        }
        // Ended explicitly: an abort that continues after the call may hold the span for longer.
        traces::end(span);
        let statements = self.notes.take_statements();
        let verdict = statements
            .iter()
            .map(|(_, verdict)| *verdict)
            // One refusal decides: the record must not say "approved" for a call that also tried
            // something else.
            .find(|verdict| *verdict != Verdict::Approved)
            .or_else(|| statements.first().map(|_| Verdict::Approved));
        self.audit.record(Record {
            time: jiff::Timestamp::now().to_string(),
            caller: self.caller.clone(),
            tool: self.tool.clone(),
            outcome: ending.outcome,
            verdict: verdict.map_or("none", Verdict::as_str),
            statements: statements.into_iter().map(|(one, _)| one).collect(),
            query_id,
            rows: ending.rows,
            bytes: ending.bytes,
            duration_ms: super::milliseconds(ending.took),
            trace_id: self.trace_id.clone(),
            identity: self.identity.clone(),
            address: None,
            reason: None,
            times: None,
        });
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.is_reported {
            self.report(&Ending {
                outcome: "query_cancelled",
                rows: 0,
                bytes: 0,
                query_id: None,
                took: self.started.elapsed(),
            });
        }
    }
}

impl Notes {
    /// Notes a statement of the call and the verdict on it. Returns a summary of the statement for its span, if traces may
    /// show one.
    pub fn judged(&self, sql: &str, verdict: Verdict, objects: Vec<String>) -> Option<String> {
        let noted = self.0.as_ref()?;
        let normalised = statement::normalised(sql);
        let is_shown = span_context(&noted.span.context()).is_sampled();
        let summary = is_shown.then(|| {
            if noted.traces_sql {
                noted
                    .span
                    .set_attribute("db.query.text", normalised.clone());
            }
            // Traces show names of objects only where they show statements.
            let named: &[String] = if noted.traces_sql { &objects } else { &[] };
            statement::summary(&normalised, named)
        });
        let statement = Statement {
            sql_hash: statement::hash(sql),
            sql: normalised,
            verdict: verdict.as_str(),
            objects,
        };
        let mut statements = locked(&noted.statements);
        if statements.len() < KEPT {
            statements.push((statement, verdict));
        }
        summary
    }

    /// Notes which statement in the warehouse the call waits for, for the records of a call that is given up.
    pub fn running_as(&self, query_id: &str) {
        if let Some(noted) = &self.0 {
            *locked(&noted.query_id) = Some(query_id.to_owned());
        }
    }

    /// The statement in the warehouse, once it has an id.
    #[must_use]
    pub fn query_id(&self) -> Option<String> {
        locked(&self.0.as_ref()?.query_id).clone()
    }

    fn take_statements(&self) -> Vec<(Statement, Verdict)> {
        let taken = |noted: &Arc<Noted>| std::mem::take(&mut *locked(&noted.statements));
        self.0.as_ref().map(taken).unwrap_or_default()
    }
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The span of a call, without a parent yet.
fn call_span(opening: &Opening<'_>) -> Span {
    let is_http = opening.exchange.is_some();
    info_span!(
        target: TRACE,
        parent: None,
        "call",
        otel.name = format!("tools/call {}", opening.tool),
        otel.kind = "server",
        mcp.method.name = "tools/call",
        mcp.protocol.version = opening.revision,
        gen_ai.operation.name = "execute_tool",
        gen_ai.tool.name = opening.tool,
        enduser.pseudo.id = opening.caller,
        network.transport = if is_http { "tcp" } else { "pipe" },
        network.protocol.name = is_http.then_some("http"),
        jsonrpc.request.id = opening.request_id.as_deref().map(shortened),
    )
}

/// 32 hexadecimal digits.
fn trace_id(context: &Context) -> Option<String> {
    let span = context.span();
    let context = span.span_context();
    context.is_valid().then(|| context.trace_id().to_string())
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
