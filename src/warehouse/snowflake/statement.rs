//! One approved statement in a session: sent, waited for, left running, or stopped (by `abort`) when nobody waits any more.

mod body;
pub(super) mod kind;

use std::time::{Duration, Instant};

use serde_json::Value;
use uuid::Uuid;

use self::body::request;
use self::kind::{is_of_class, is_use, leaves_session_alone};
use super::abort::{AbortOnDrop, QueryId};
use super::backoff::Backoff;
use super::error::{Error, in_progress};
use super::pool::Lease;
use super::session::{Session, pinned};
use super::wire::{Data, QueryRequest, Reply};
use crate::sql::{Class, Shape};
use crate::warehouse::{self, Parameter, Run};

/// After this long Snowflake answers a request that waits for a statement with "in progress" and the statement's id.
const SNOWFLAKE_WAITS: Duration = Duration::from_secs(45);

/// How much later than wanted that answer may be. What comes before a statement (a permit, a session, USE) takes a moment of
/// the caller's patience; a second request would take more.
const MAY_BE_LATE: Duration = Duration::from_secs(3);

/// Limit of one request that waits for a statement: much longer than Snowflake waits means that the connection is dead.
pub(super) const WAIT_TIMEOUT: Duration = Duration::from_secs(90);

/// The same for a statement submitted detached, which is answered at once: a connection that is dead is noticed, and the
/// statement sent again under its request id, while the caller still waits.
const SUBMIT_TIMEOUT: Duration = Duration::from_secs(20);

/// First and longest wait between questions for a result, when Snowflake answers at once instead of waiting itself.
const FIRST_POLL: Duration = Duration::from_millis(50);
const LONGEST_POLL: Duration = Duration::from_secs(5);

/// An answer that took this long was waited for by Snowflake, so the next question may follow at once.
const LONG_POLL: Duration = Duration::from_secs(2);

/// What came of a statement.
pub(super) enum Ran {
    /// It has ended, and this describes its result.
    Ended(Box<Data>, Lease),
    /// It goes on, and its session with it.
    Running(Lease),
}

/// How a statement is run.
#[derive(Clone, Copy, Default)]
pub(super) struct Manner {
    /// When to leave it running; never, where there is none.
    pub(super) patience: Option<Instant>,
    /// Whether Snowflake is asked first what kind of statement it is.
    pub(super) verify: bool,
}

/// Runs a statement to the reply that describes its result, or until `patience` ends, when it is left running.
///
/// Its request waits for the statement, which makes one round trip of most statements. Snowflake ends that wait after
/// [`SNOWFLAKE_WAITS`] with the statement's id, from where on it is asked for by that. Who has less patience gets the
/// statement submitted detached (`asyncExec`): Snowflake answers at once with the id, which costs a second request.
///
/// PUT and GET, which move files of this machine, never come here: no policy approves them.
///
/// # Cancel safety
///
/// Dropping the future aborts the statement in Snowflake.
pub(super) async fn run(
    lease: Lease,
    run: &Run,
    manner: Manner,
    query_id: &QueryId,
) -> Result<Ran, Error> {
    let mut lease = lease;
    // The session is set to what the call names, by USE where it is not so already.
    for sql in lease.wanted(&run.session).statements(&lease.current()) {
        // No patience for a USE: it ends at once, and a session that is half set must not be left to another caller.
        let done = execute(lease, &sql, &[], run, None, &QueryId::default()).await?;
        let (Ran::Ended(_, session) | Ran::Running(session)) = done;
        lease = session;
    }
    let takes_time = takes_time(run);
    if manner.verify && takes_time {
        verify(&lease, run).await?;
    }
    // Without a cursor to fetch it later, a short statement that is left running would be lost.
    let leave = |patience: &Instant| takes_time && *patience < run.deadline;
    let patience = manner.patience.filter(leave);
    let sql = run.statement.text();
    execute(lease, sql, &run.parameters, run, patience, query_id).await
}

/// Whether somebody with this patience must hear of the statement before Snowflake would tell by itself.
fn wants_to_hear_sooner(patience: Instant) -> bool {
    patience.saturating_duration_since(Instant::now()) + MAY_BE_LATE < SNOWFLAKE_WAITS
}

/// Statements about names alone take no time, and only others are promised to run detached and to be described.
fn takes_time(run: &Run) -> bool {
    match run.statement.parsed().shape() {
        Shape::Statement | Shape::Pipeline | Shape::Unread => true,
        Shape::List | Shape::Metadata | Shape::Explain => false,
    }
}

/// Has Snowflake compile the statement without running it, and compares the kind it says with the one that was approved: a
/// second judge, who reads Snowflake's SQL as Snowflake does.
async fn verify(session: &Session, run: &Run) -> Result<(), Error> {
    let class = run.statement.parsed().class();
    let body = QueryRequest {
        // Snowflake compiles the statement and returns its type, but runs nothing and bills nothing.
        describe_only: true,
        ..request(session, run.statement.text(), &run.parameters, run)
    };
    let body = serde_json::to_value(body).map_err(|error| Error::Protocol(error.to_string()))?;
    let reply = session
        .send(
            "/queries/v1/query-request",
            Uuid::new_v4(),
            Some(&body),
            WAIT_TIMEOUT,
            run.deadline,
        )
        .await?;
    if !reply.is_success() {
        return Err(Error::from_reply(reply));
    }
    let data = reply.data.unwrap_or_default();
    if is_of_class(data.statement_type_id, class) {
        return Ok(());
    }
    let said = data
        .statement_type_id
        .map_or_else(|| "nothing".to_owned(), |kind| format!("{kind:#x}"));
    Err(Error::Pool(warehouse::Error::KindRefused {
        message: format!(
            "the statement was taken for {class}, but Snowflake says otherwise (statement type: {said})"
        ),
    }))
}

async fn execute(
    lease: Lease,
    sql: &str,
    parameters: &[Parameter],
    run: &Run,
    patience: Option<Instant>,
    query_id: &QueryId,
) -> Result<Ran, Error> {
    let request_id = Uuid::new_v4();
    let is_detached = patience.is_some_and(wants_to_hear_sooner);
    let body = QueryRequest {
        async_exec: is_detached,
        ..request(&lease, sql, parameters, run)
    };
    let body = serde_json::to_value(body).map_err(|error| Error::Protocol(error.to_string()))?;
    // Made before the request is sent: from then on the statement may run, whatever happens to this future.
    let mut guard = AbortOnDrop::new(lease, request_id, query_id, sql);
    let timeout = if is_detached {
        SUBMIT_TIMEOUT
    } else {
        WAIT_TIMEOUT
    };
    let reply = async {
        send(&mut guard, request_id, body, timeout, run.deadline)?;
        wait(&mut guard, run, query_id, patience).await
    };
    let reply = reply.await;
    let reply = match reply {
        Ok(reply) => reply,
        Err(error) => {
            // Only a reply proves that nothing runs: that the session is gone, or that its token had expired when the
            // statement came. Without one the guard asks Snowflake to make sure.
            let is_refused = matches!(
                error,
                Error::SessionGone { .. }
                    | Error::NotRenewed {
                        was_repeated: false,
                        ..
                    }
            );
            if is_refused {
                drop(guard.disarm());
            }
            return Err(error);
        }
    };
    // There is an answer, so from here on dropping the future needs to abort nothing.
    let lease = guard.disarm().ok_or_else(no_session)?;
    let class = run.statement.parsed().class();
    let Some(reply) = reply else {
        if class != Class::Read {
            // What it will do to its session is not known yet.
            lease.poison();
        }
        return Ok(Ran::Running(lease));
    };
    ended(lease, reply, class)
}

/// What a reply about an ended statement means for its session and its caller.
fn ended(lease: Lease, reply: Reply, class: Class) -> Result<Ran, Error> {
    if !reply.is_success() {
        let error = Error::from_reply(reply);
        if matches!(error, Error::SessionGone { .. }) {
            // The session ended while the statement ran; other sessions may have ended with it.
            lease.give_up();
        }
        return Err(error);
    }
    let data = reply.data.unwrap_or_default();
    note_session(&lease, &data, class);
    if let Some(difference) = pinned::difference(data.parameters.as_deref().unwrap_or_default()) {
        lease.poison();
        return Err(Error::NotAsAsked(difference));
    }
    // PUT and GET make a client read or write local files. No policy approves them, so such an answer comes from
    // something else than the approved statement.
    if data.command.is_some() {
        return Err(Error::Protocol(
            "Snowflake asked to move files, which is never done".to_owned(),
        ));
    }
    Ok(Ran::Ended(Box::new(data), lease))
}

/// Gives the guard the statement's request, which it keeps until it is answered.
fn send(
    guard: &mut AbortOnDrop,
    request_id: Uuid,
    body: Value,
    timeout: Duration,
    deadline: Instant,
) -> Result<(), Error> {
    let session = guard.lease.as_ref().ok_or_else(no_session)?.session();
    let is_wanted = guard.is_wanted();
    guard.waiting = Some(Box::pin(async move {
        let path = "/queries/v1/query-request";
        session
            .send_while(
                Some(&is_wanted),
                path,
                request_id,
                Some(&body),
                timeout,
                deadline,
            )
            .await
    }));
    Ok(())
}

/// Waits for the statement and asks for its result until it is there, or until `patience` ends and its id is known.
async fn wait(
    guard: &mut AbortOnDrop,
    run: &Run,
    query_id: &QueryId,
    patience: Option<Instant>,
) -> Result<Option<Reply>, Error> {
    let reply = guard.waiting.as_mut().ok_or_else(no_session)?.await;
    guard.waiting = None;
    let reply = reply?;
    let Some(path) = in_progress(&reply) else {
        return Ok(Some(reply));
    };
    let id = reply.data.and_then(|data| data.query_id);
    // Without an id nobody could ask for the statement again, so it is not left running.
    let patience = patience.filter(|_| id.is_some());
    if let Some(id) = id {
        run.notes.running_as(&id);
        query_id.set(id);
    }
    let session = guard.lease.as_ref().ok_or_else(no_session)?;
    poll(session, path, patience, run.deadline).await
}

fn no_session() -> Error {
    Error::Protocol("the statement's session was given away".to_owned())
}

/// Asks for a result until it is there; `None` when it is not by `patience`.
pub(super) async fn poll(
    session: &Session,
    mut path: String,
    patience: Option<Instant>,
    deadline: Instant,
) -> Result<Option<Reply>, Error> {
    let asking = async {
        let mut backoff = Backoff::endless(FIRST_POLL, LONGEST_POLL);
        loop {
            let asked = Instant::now();
            let reply = session
                .send(&path, Uuid::new_v4(), None, WAIT_TIMEOUT, deadline)
                .await?;
            match in_progress(&reply) {
                None => return Ok(reply),
                Some(next) => path = next,
            }
            // Snowflake answered at once instead of waiting: without a pause this loop would send requests as fast as
            // it can.
            if asked.elapsed() < LONG_POLL {
                let wait = backoff.next().unwrap_or(LONGEST_POLL);
                tokio::time::sleep(wait).await;
            }
        }
    };
    match patience {
        None => asking.await.map(Some),
        // It was waited for already.
        Some(patience) if patience <= Instant::now() => Ok(None),
        Some(patience) => match tokio::time::timeout_at(patience.into(), asking).await {
            Ok(reply) => reply.map(Some),
            Err(_) => Ok(None),
        },
    }
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

/// The time limit as the caller is to be told of it.
pub(super) fn timed_out(run: &Run, started: Instant, query_id: Option<String>) -> warehouse::Error {
    warehouse::Error::Timeout {
        after: run.deadline.saturating_duration_since(started),
        query_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_wants_to_hear_sooner_than_snowflake_tells_pays_for_it() {
        for (patience, is_detached) in
            [(0, true), (30, true), (41, true), (44, false), (300, false)]
        {
            let until = Instant::now() + Duration::from_secs(patience);
            assert_eq!(wants_to_hear_sooner(until), is_detached, "{patience} s");
        }
        // A second or two of SYNC_WAIT's default have gone by while a session was opened.
        assert!(!wants_to_hear_sooner(
            Instant::now() + SNOWFLAKE_WAITS - Duration::from_secs(2)
        ));
    }
}
