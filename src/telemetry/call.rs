//! One call of a tool, from its start to its end: its trace, its statements, its record in the audit log.
//!
//! The handler makes a [`Call`] and carries the work in it; whatever the work comes through notes what it knows with
//! [`judged`] and [`running_as`], without being handed anything.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::audit::{Audit, Record, Statement};
use super::metrics::labels::Verdict;
use super::traces::{self, Parent, Span};
use super::{shortened, statement};

/// Statements of a call that are kept; the tools send three at most.
const KEPT: usize = 8;

tokio::task_local! {
    static CURRENT: Arc<Noted>;
}

/// Where a process reports its calls. A cheap clone; by default to the log, without SQL in traces.
#[derive(Debug, Clone, Default)]
pub struct Reports {
    /// The audit log.
    pub audit: Audit,
    /// `TRACE_SQL`.
    pub traces_sql: bool,
}

/// The HTTP request that brings a call, as far as the two must know of each other.
#[derive(Debug, Default)]
pub struct Exchange {
    /// Its span.
    pub span: Span,
    /// What its headers name as its parent.
    pub parent: Option<Parent>,
    brought: OnceLock<Brought>,
}

/// What the line of an HTTP request says of its call, also when the client goes before the answer.
#[derive(Debug, Clone)]
pub struct Brought {
    /// Which tool.
    pub tool: String,
    /// The trace of the call.
    pub trace_id: String,
    /// What the call has noted so far.
    noted: Arc<Noted>,
}

impl Brought {
    /// The statement in the warehouse, once it has an id.
    #[must_use]
    pub fn query_id(&self) -> Option<String> {
        self.noted.query_id()
    }
}

impl Exchange {
    /// A request whose headers name this parent.
    #[must_use]
    pub fn new(span: Span, parent: Option<Parent>) -> Self {
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

    /// The trace, as far as it is known: of the call, of the request, of the header.
    #[must_use]
    pub fn trace_id(&self) -> Option<String> {
        let call = self.brought().map(|call| call.trace_id.clone());
        call.or_else(|| self.span.trace_id())
            .or_else(|| self.parent.as_ref().map(Parent::trace_id))
    }
}

/// How a call begins.
#[derive(Debug)]
pub struct Opening<'a> {
    /// Which tool; a registered name.
    pub tool: &'a str,
    /// Who calls.
    pub caller: &'a str,
    /// The revision of MCP the client speaks.
    pub revision: &'a str,
    /// The client's number for it.
    pub request_id: Option<String>,
    /// The parent that the message itself names: the caller's own step, while a header may be a proxy's.
    pub parent: Option<Parent>,
    /// The request that brings it; stdio has none.
    pub exchange: Option<Arc<Exchange>>,
}

/// How a call ends.
#[derive(Debug)]
pub struct Ending<'a> {
    /// `ok`, or the error's code.
    pub outcome: &'static str,
    /// Rows in the answer.
    pub rows: u64,
    /// Bytes of text in the answer.
    pub bytes: u64,
    /// The statement in the warehouse; without it, what [`running_as`] said last.
    pub query_id: Option<&'a str>,
    /// From the call to its answer.
    pub took: Duration,
}

#[derive(Debug)]
struct Noted {
    statements: Mutex<Vec<(Statement, Verdict)>>,
    query_id: Mutex<Option<String>>,
    span: Span,
    traces_sql: bool,
}

/// A call under way. Dropped without an end, it is reported as one whose caller has gone.
#[derive(Debug)]
pub struct Call {
    tool: String,
    caller: String,
    trace_id: String,
    noted: Arc<Noted>,
    audit: Audit,
    started: Instant,
    is_reported: bool,
}

impl Call {
    /// A call has come in.
    #[must_use]
    pub fn begin(opening: Opening<'_>, reports: &Reports) -> Self {
        let exchange = opening.exchange.as_deref();
        let around = || {
            let span = exchange?.span.as_parent();
            span.or_else(|| exchange?.parent.clone())
        };
        let is_own = opening.parent.is_some();
        let parent = opening.parent.clone().or_else(around);
        let span = Span::server(format!("tools/call {}", opening.tool), parent.as_ref());
        span.set("mcp.method.name", "tools/call");
        span.set("gen_ai.operation.name", "execute_tool");
        span.set("gen_ai.tool.name", opening.tool.to_owned());
        span.set("mcp.protocol.version", opening.revision.to_owned());
        span.set("enduser.pseudo.id", opening.caller.to_owned());
        let transport = if exchange.is_some() { "tcp" } else { "pipe" };
        span.set("network.transport", transport);
        if exchange.is_some() {
            span.set("network.protocol.name", "http");
        }
        if let Some(id) = &opening.request_id {
            span.set("jsonrpc.request.id", shortened(id));
        }
        if is_own && let Some(exchange) = exchange {
            span.link(&exchange.span);
        }
        let trace_id = span
            .trace_id()
            .or_else(|| parent.as_ref().map(Parent::trace_id))
            .unwrap_or_else(|| super::hex(uuid::Uuid::new_v4().as_bytes().iter()));
        let noted = Arc::new(Noted {
            statements: Mutex::default(),
            query_id: Mutex::default(),
            span,
            traces_sql: reports.traces_sql,
        });
        if let Some(exchange) = exchange {
            // Once: a request brings one call.
            let _ = exchange.brought.set(Brought {
                tool: opening.tool.to_owned(),
                trace_id: trace_id.clone(),
                noted: Arc::clone(&noted),
            });
        }
        Self {
            tool: opening.tool.to_owned(),
            caller: opening.caller.to_owned(),
            trace_id,
            noted,
            audit: reports.audit.clone(),
            started: Instant::now(),
            is_reported: false,
        }
    }

    /// The trace it belongs to, 32 hexadecimal digits; made up where nobody named one.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        &self.trace_id
    }

    /// The statement in the warehouse, once it has an id.
    #[must_use]
    pub fn query_id(&self) -> Option<String> {
        self.noted.query_id()
    }

    /// The work of the call, in which [`judged`] and steps of the trace find it.
    pub fn carry<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        let span = self.noted.span.clone();
        span.around(CURRENT.scope(Arc::clone(&self.noted), work))
    }

    /// The call has ended.
    pub fn end(mut self, ending: &Ending<'_>) {
        self.report(ending);
    }

    fn report(&mut self, ending: &Ending<'_>) {
        self.is_reported = true;
        let span = &self.noted.span;
        span.set("db.response.returned_rows", number(ending.rows));
        let query_id = ending.query_id.map(ToOwned::to_owned);
        let query_id = query_id.or_else(|| self.noted.query_id());
        if let Some(query_id) = &query_id {
            span.set("snowflake.query_id", query_id.clone());
            // The line of the HTTP request, which is written later, names it too.
            self.noted.runs_as(query_id);
        }
        if ending.outcome != "ok" {
            // The convention's word for a tool's result that is an error.
            span.fail("tool_error", ending.outcome);
            span.set("snowflake.error_code", ending.outcome);
        }
        let statements = std::mem::take(&mut *self.noted.statements());
        let verdict = statements
            .iter()
            .map(|(_, verdict)| *verdict)
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

impl Noted {
    fn runs_as(&self, query_id: &str) {
        let mut known = self.query_id.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(query_id.to_owned());
    }

    fn query_id(&self) -> Option<String> {
        let query_id = self.query_id.lock();
        query_id.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn statements(&self) -> std::sync::MutexGuard<'_, Vec<(Statement, Verdict)>> {
        self.statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes a statement of the call that is being polled, and what was decided about it. Nothing where there is none.
pub fn judged(sql: &str, verdict: Verdict, objects: Vec<String>) {
    // An error says that no call is being carried, as in `check --connect`.
    let _ = CURRENT.try_with(|noted| {
        let normalised = statement::normalised(sql);
        if noted.span.is_recorded() {
            // Names of objects are shown where statements are.
            let named: &[String] = if noted.traces_sql { &objects } else { &[] };
            traces::note_statement(statement::summary(&normalised, named));
            if noted.traces_sql {
                noted.span.set("db.query.text", normalised.clone());
            }
        }
        let statement = Statement {
            sql_hash: statement::hash(sql),
            sql: normalised,
            verdict: verdict.as_str(),
            objects,
        };
        let mut statements = noted.statements();
        if statements.len() < KEPT {
            statements.push((statement, verdict));
        }
    });
}

/// Notes which statement in the warehouse the call that is being polled waits for, so that it is known when the call is given
/// up. Nothing where there is none.
pub fn running_as(query_id: &str) {
    let _ = CURRENT.try_with(|noted| noted.runs_as(query_id));
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
