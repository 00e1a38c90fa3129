//! What must hold for every text that anybody sends: [`check`].
//!
//! The rooms `sql` and `policy` are compiled here from their source instead of the whole program being linked: that takes
//! seconds rather than minutes, and only what is looked at is instrumented.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "the rooms offer more than is used here"
)]

#[path = "../../src/policy/mod.rs"]
mod policy;
#[path = "../../src/sql/mod.rs"]
mod sql;

mod judge;

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use self::policy::{CurrentNames, Options, Policy, Refusal};
use self::sql::{Class, Parsed};

/// The stack of a thread that nobody gave more; the program's own threads have four times as much.
const STACK_BYTES: usize = 2 << 20;

/// What reading and judging may cost, instrumented and with debug assertions. Processor time, for the machine may be busy.
const LIMIT: Duration = Duration::from_millis(250);

/// Reads and judges a text. Panics when
///
/// - the reader does, overflows a small stack, or takes long;
/// - a statement that passes for a read holds a verb of something else in the eyes of [`judge`], which knows nothing of trees;
/// - white space, comments and the case of words change the class;
/// - a statement passes under a policy that its class forbids.
pub fn check(text: &str) {
    let text = text.to_owned();
    let thread = std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(move || check_here(&text));
    thread
        .expect("a thread can be made")
        .join()
        .expect("the check passes");
}

fn check_here(text: &str) {
    let before = processor_time();
    let parsed = sql::parse(text);
    if let Ok(parsed) = &parsed {
        let _ = parsed.references();
    }
    let took = processor_time().saturating_sub(before);
    assert!(took < LIMIT, "{took:?} for {} bytes", text.len());

    let Ok(parsed) = parsed else { return };
    let class = parsed.class();
    if class == Class::Read
        && let Some(objection) = judge::objection(parsed.text())
    {
        panic!("passes for a read, but {objection}: {text:?}");
    }
    let plain = judge::normalised(parsed.text());
    match sql::parse(&plain) {
        Ok(again) => assert_eq!(again.class(), class, "{text:?} and {plain:?}"),
        Err(error) => panic!("{text:?} is read, {plain:?} is not: {error}"),
    }
    approve(parsed, class);
}

fn approve(parsed: Parsed, class: Class) {
    let verdict = Policy::new(Options::default()).approve(parsed, &CurrentNames::default());
    match verdict {
        Ok(_) => assert_eq!(class, Class::Read, "the default policy"),
        // What may tell of other callers is a read, and refused all the same.
        Err(Refusal::Shared { .. }) => {}
        Err(_) => assert_ne!(class, Class::Read, "the default policy"),
    }
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}
