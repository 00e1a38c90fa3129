//! What happened, for tests to ask about afterwards.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use serde_json::Value;

use super::State;

/// Everything that is counted, since the start.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Counters {
    /// Requests by what they were for, faults and repetitions among them.
    pub requests: BTreeMap<&'static str, u64>,
    /// How often a request came while there was no other: the round trips that followed one another. With a latency it
    /// counts as one what a client sends at once.
    pub rounds: u64,
    pub concurrent_requests: u64,
    /// Sign-ins that were granted.
    pub logins: u64,
    /// Sign-ins that were answered with an error of the stub's own (faults do not count).
    pub logins_refused: u64,
    /// Sign-ins that a browser was opened for.
    pub browser_windows: u64,
    pub concurrent_logins: u64,
    pub max_concurrent_logins: u64,
    pub sessions_open: u64,
    pub sessions_closed: u64,
    /// Sessions that were found to have run out, by an attempt to renew them.
    pub sessions_expired: u64,
    /// Statements that were started; a replay starts none.
    pub statements: u64,
    /// Statements that only were described.
    pub described: u64,
    pub running: u64,
    pub max_running: u64,
    pub aborts_by_request: u64,
    pub aborts_by_id: u64,
    /// Statements that ended because of an abort.
    pub aborted: u64,
    /// Statements that ended because of their time limit.
    pub timed_out: u64,
    /// Query requests with a request id that was known already.
    pub replays: u64,
    pub renewals: u64,
    pub heartbeats: u64,
    pub result_polls: u64,
    pub chunk_gets: u64,
    pub concurrent_chunk_gets: u64,
    pub max_concurrent_chunk_gets: u64,
    /// Chunk requests without the headers the reply asked for.
    pub bad_chunk_headers: u64,
    /// Chunk requests that carried an `Authorization` header: storage must never see one.
    pub token_leaked_to_chunk: u64,
    /// Requests for something the stub does not know, which it answers with 404.
    pub unknown_requests: Vec<String>,
    /// Faults that struck.
    pub faults: u64,
    /// Statements by their `QUERY_TAG`, whether of the statement or of the session.
    pub queries_by_tag: BTreeMap<String, u64>,
    /// Text, parameters, binds, request id and `traceparent` of the statement that was started last.
    pub last_statement: Value,
    /// The `data` of the last sign-in, without secrets.
    pub last_login: Value,
    /// Users and roles of all sign-ins that were granted, in order; the last thousand.
    pub signed_in: VecDeque<(String, String)>,
}

impl Counters {
    pub fn request_begins(&mut self, what: &'static str) {
        *self.requests.entry(what).or_default() += 1;
        self.rounds += u64::from(self.concurrent_requests == 0);
        self.concurrent_requests += 1;
    }

    pub fn login_begins(&mut self) {
        self.concurrent_logins += 1;
        self.max_concurrent_logins = self.max_concurrent_logins.max(self.concurrent_logins);
    }

    pub fn statement_begins(&mut self) {
        self.statements += 1;
        self.running += 1;
        self.max_running = self.max_running.max(self.running);
    }

    pub fn chunk_begins(&mut self) {
        self.chunk_gets += 1;
        self.concurrent_chunk_gets += 1;
        self.max_concurrent_chunk_gets = self
            .max_concurrent_chunk_gets
            .max(self.concurrent_chunk_gets);
    }
}

/// Counts something that is over, also when the client went away in the middle of it.
pub struct Leaving<'a>(pub &'a State, pub fn(&mut Counters));

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.1(&mut self.0.counters());
    }
}
