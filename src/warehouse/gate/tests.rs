//! The gate's order, its bounds, and that it loses nobody and no slot. Nothing here waits for a clock: time is said.

use std::collections::BinaryHeap;
use std::time::Duration;

use futures::future;
use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn owner(key: &str) -> Owner {
    Owner {
        key: key.into(),
        ..Owner::default()
    }
}

fn gate(slots: usize) -> FairGate {
    FairGate::new(GateLimits::new(slots, "SLOTS"), None)
}

/// As it is where there are several callers.
fn fair(slots: usize) -> FairGate {
    let limits = GateLimits {
        share: 0.75,
        queued_per_caller: Some(16),
        ..GateLimits::new(slots, "SLOTS")
    };
    FairGate::new(limits, None)
}

fn join(gate: &FairGate, key: &str) -> Result<Joined, Error> {
    gate.join(&owner(key), 30 * SECOND)
}

fn let_in(gate: &FairGate, key: &str) -> Permit {
    match join(gate, key) {
        Ok(Joined::In(permit)) => permit,
        Ok(Joined::Queued(_)) => panic!("{key} waits"),
        Err(error) => panic!("{error}"),
    }
}

fn queued(gate: &FairGate, key: &str) -> Waiting {
    match join(gate, key) {
        Ok(Joined::Queued(waiting)) => waiting,
        Ok(Joined::In(_)) => panic!("{key} is in"),
        Err(error) => panic!("{error}"),
    }
}

fn refused(gate: &FairGate, key: &str) -> (String, Option<Duration>) {
    match join(gate, key) {
        Err(error) => told(error),
        Ok(_) => panic!("{key} is not refused"),
    }
}

fn told(error: Error) -> (String, Option<Duration>) {
    match error {
        Error::Busy {
            message,
            retry_after,
        } => (message, retry_after),
        error => panic!("{error}"),
    }
}

/// The permit, if one was given meanwhile.
fn given(waiting: &mut Waiting) -> Option<Permit> {
    waiting.verdict.try_recv().ok().map(Result::unwrap)
}

/// Ends a statement that ran for so long.
fn end(mut permit: Permit, ran: Duration) {
    permit.since = Instant::now().checked_sub(ran).unwrap();
    drop(permit);
}

#[test]
fn a_slot_goes_to_whoever_runs_fewest_then_to_whoever_was_served_longest_ago() {
    let gate = gate(2);
    let mut running = vec![("a", let_in(&gate, "a")), ("a", let_in(&gate, "a"))];
    let mut waiting: Vec<_> = ["a", "a", "b", "c", "b"]
        .map(|key| (key, queued(&gate, key)))
        .into();
    let mut order = Vec::new();
    while !running.is_empty() {
        drop(running.remove(0));
        waiting.retain_mut(|(key, waiting)| {
            let permit = given(waiting);
            if let Some(permit) = permit {
                order.push(*key);
                running.push((*key, permit));
                return false;
            }
            true
        });
    }
    // Who runs nothing comes first, and among those the one that came or was served first.
    assert_eq!(order, ["b", "a", "c", "b", "a"]);
    assert_eq!(gate.state().lines.running(), 0);
}

#[test]
fn nobody_takes_more_than_a_share_however_much_is_free() {
    let gate = fair(20);
    let _greedy: Vec<_> = (0..15).map(|_| let_in(&gate, "greedy")).collect();
    let _waits = queued(&gate, "greedy");
    let _polite: Vec<_> = (0..5).map(|_| let_in(&gate, "polite")).collect();
    assert!(gate.is_full());
    for (slots, share) in [(1, 1), (2, 1), (3, 2), (4, 3), (64, 48)] {
        let gate = fair(slots);
        let caps = gate.caps(&gate.state());
        assert_eq!((caps.slots, caps.share), (slots, share));
    }
}

#[tokio::test]
async fn a_limit_of_its_own_comes_before_the_share_and_is_named() {
    let gate = fair(4);
    let limited = Owner {
        key: "limited".into(),
        at_once: Some(1),
        ..Owner::default()
    };
    let until = || std::time::Instant::now() + SECOND / 50;
    let first = gate.enter(&limited, until(), future::pending()).await;
    assert!(first.is_ok());
    let second = gate.enter(&limited, until(), future::pending()).await;
    let (told, after) = told(second.err().unwrap());
    assert!(told.contains("1 run and 1 wait"), "{told}");
    assert!(
        told.contains("may have 1 running at once (max_concurrent_queries in API_KEYS), and all callers together 4"),
        "{told}"
    );
    assert_eq!(after, None, "nothing is known yet");
    let own = Owner {
        key: "own".into(),
        at_once: Some(usize::MAX),
        ..Owner::default()
    };
    let rest: Vec<_> = (0..4).map_while(|_| gate.try_enter(&own)).collect();
    assert_eq!(rest.len(), 3);
}

/// Somebody with a weight has so many turns to each of the others.
#[tokio::test]
async fn a_weight_is_so_many_turns() {
    let gate = gate(1);
    let first = gate.try_enter(&owner("first")).unwrap();
    let heavy = Owner {
        weight: 3,
        ..owner("heavy")
    };
    let until = std::time::Instant::now() + 10 * SECOND;
    // Enough slots for all at once, so that those that run decide.
    let enter = |owner: Owner| {
        let gate = gate.clone();
        tokio::spawn(async move { gate.enter(&owner, until, future::pending()).await })
    };
    let mut waiting = Vec::new();
    for _ in 0..6 {
        waiting.push(("heavy", enter(heavy.clone())));
        waiting.push(("light", enter(owner("light"))));
    }
    tokio::time::sleep(SECOND / 10).await;
    gate.set_slots(5);
    tokio::time::sleep(SECOND / 10).await;
    let is_in = |name: &str| {
        let of_name = waiting.iter().filter(|(owner, _)| *owner == name);
        of_name.filter(|(_, task)| task.is_finished()).count()
    };
    assert_eq!((is_in("heavy"), is_in("light")), (3, 1));
    drop(first);
}

#[test]
fn one_caller_queues_so_many_and_the_rest_is_refused_at_once() {
    let gate = fair(4);
    let all: Vec<_> = (0..10_000).map(|_| join(&gate, "greedy")).collect();
    let refused = all.iter().filter(|joined| joined.is_err()).count();
    assert_eq!(refused, 10_000 - 3 - 16);
    let (told, _) = self::refused(&gate, "greedy");
    assert!(told.contains("3 run and 16 wait"), "{told}");
    assert!(told.contains("(MAX_QUEUED_PER_CALLER)"), "{told}");
    assert!(
        told.contains("3 running at once (MAX_CALLER_SHARE), and all callers together 4"),
        "{told}"
    );
    let _polite = let_in(&gate, "polite");
}

#[test]
fn in_a_full_queue_whoever_has_none_waiting_takes_the_place_of_who_has_most() {
    let limits = GateLimits {
        queued: Some(3),
        ..GateLimits::new(1, "SLOTS")
    };
    let gate = FairGate::new(limits, None);
    let running = let_in(&gate, "a");
    let [mut first, mut newest, mut b] = ["a", "a", "b"].map(|key| queued(&gate, key));
    let (full, _) = refused(&gate, "b");
    assert!(full.contains("the queue is full with 3 statements (MAX_QUEUED)"));
    let mut c = queued(&gate, "c");
    let displaced = newest.verdict.try_recv().unwrap().err().unwrap();
    assert!(told(displaced).0.contains("gave its place"));
    // Each has one now.
    let (full, _) = refused(&gate, "d");
    assert!(full.contains("the queue is full with 3 statements (MAX_QUEUED)"));
    drop(running);
    for waiting in [&mut first, &mut b, &mut c] {
        drop(given(waiting).unwrap());
    }
}

#[test]
fn who_would_wait_too_long_is_told_at_once_and_when_to_come_back() {
    let gate = gate(1);
    for _ in 0..20 {
        end(let_in(&gate, "a"), 10 * SECOND);
    }
    let running = let_in(&gate, "a");
    let short = gate.join(&owner("a"), 5 * SECOND);
    let (message, after) = told(short.err().unwrap());
    assert!(message.contains("wait about 1"), "{message}");
    assert!(after.unwrap().abs_diff(10 * SECOND) < SECOND / 10);
    let _waits = [queued(&gate, "a"), queued(&gate, "a")];
    let (_, after) = refused(&gate, "a");
    assert!(after.unwrap().abs_diff(30 * SECOND) < SECOND / 10, "third");
    drop(running);
}

#[tokio::test]
async fn who_waits_is_told_when_it_is_of_no_use_any_more() {
    let gate = gate(1);
    let _running = let_in(&gate, "a");
    let until = std::time::Instant::now() + 60 * SECOND;
    let told = gate.enter(&owner("b"), until, async { closed() }).await;
    assert!(matches!(told, Err(Error::Unreachable { .. })));
    assert_eq!(gate.state().lines.waiting(), 0);
}

#[tokio::test]
async fn a_gate_that_closes_tells_those_who_wait_and_is_empty_when_the_last_has_left() {
    let gate = gate(1);
    let running = let_in(&gate, "a");
    let mut waits = queued(&gate, "a");
    gate.close();
    assert!(waits.verdict.try_recv().unwrap().is_err());
    assert!(join(&gate, "b").is_err());
    let mut emptied = Box::pin(gate.emptied());
    assert!(future::poll_immediate(&mut emptied).await.is_none());
    drop(running);
    emptied.await;
    // A slot is free, and nobody gets it, not even who would not wait.
    assert!(gate.try_enter(&owner("a")).is_none());
}

#[test]
fn a_slot_that_is_not_handed_out_yet_belongs_to_who_waits() {
    let caps = Caps { slots: 1, share: 1 };
    let mut lines = Lines::default();
    assert!(lines.admit_newcomer(&owner("a"), caps));
    lines.queue(&owner("b"), ());
    lines.leave(&"a".into());
    assert!(!lines.admit_newcomer(&owner("c"), caps));
    let next = lines.next(caps).map(|(owner, _)| owner.key);
    assert_eq!(next.as_deref(), Some("b"));
}

#[test]
fn more_slots_let_more_in_at_once_and_a_share_of_them_each() {
    let gate = fair(8);
    gate.set_slots(1);
    let _one = let_in(&gate, "a");
    let mut others: Vec<_> = (0..10).map(|_| queued(&gate, "a")).collect();
    gate.set_slots(8);
    let permits: Vec<_> = others.iter_mut().filter_map(given).collect();
    assert_eq!(permits.len(), 5, "six of eight run");
}

#[test]
fn who_leaves_while_it_waits_or_as_it_is_let_in_takes_no_slot_along() {
    let gate = gate(1);
    for round in 0..1000 {
        let running = let_in(&gate, "a");
        let waits = queued(&gate, "b");
        if round % 2 == 0 {
            // Let in, and never told.
            drop(running);
            drop(waits);
        } else {
            drop(waits);
            drop(running);
        }
    }
    let _last = let_in(&gate, "c");
}

/// What happens in the simulation: when, whose statement, and when it was asked for.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Asks(&'static str),
    Ends(usize),
}

/// Callers with a time their statements run, a time they think in between, and so many at once. Gives the times each
/// waited, by the clock of the simulation.
fn simulate(
    gate: &FairGate,
    callers: &[(&'static str, Duration, Duration, usize)],
    until: Duration,
) -> Vec<(&'static str, Duration)> {
    use std::cmp::Reverse;
    let mut events = BinaryHeap::new();
    for (key, _, _, at_once) in callers {
        for _ in 0..*at_once {
            events.push(Reverse((Duration::ZERO, Event::Asks(key))));
        }
    }
    let of = |key| callers.iter().find(|caller| caller.0 == key).unwrap();
    let mut waits = Vec::new();
    let mut waiting: Vec<(&'static str, Duration, Waiting)> = Vec::new();
    let mut running: Vec<Option<(&'static str, Permit)>> = Vec::new();
    while let Some(Reverse((now, event))) = events.pop() {
        if now > until {
            break;
        }
        let mut begun = Vec::new();
        match event {
            Event::Asks(key) => match join(gate, key) {
                Ok(Joined::In(permit)) => begun.push((key, now, permit)),
                Ok(Joined::Queued(place)) => waiting.push((key, now, place)),
                // Comes back when told to, for ever.
                Err(error) => {
                    let wait = told(error).1.unwrap_or(3 * SECOND);
                    events.push(Reverse((now + wait, Event::Asks(key))));
                }
            },
            Event::Ends(number) => {
                let (key, permit) = running[number].take().unwrap();
                end(permit, of(key).1);
                events.push(Reverse((now + of(key).2, Event::Asks(key))));
            }
        }
        waiting.retain_mut(|(key, asked, place)| {
            let permit = given(place);
            permit.is_none_or(|permit| {
                begun.push((*key, *asked, permit));
                false
            })
        });
        for (key, asked, permit) in begun {
            waits.push((key, now - asked));
            events.push(Reverse((now + of(key).1, Event::Ends(running.len()))));
            running.push(Some((key, permit)));
        }
    }
    waits
}

/// The bar: a polite caller with statements of a second beside one with 200 at once, behind 20 slots.
#[test]
fn polite_callers_take_no_longer_beside_a_greedy_one() {
    for runs in [SECOND, 30 * SECOND] {
        for slots in [20, 5] {
            let callers = [
                ("greedy", runs, Duration::ZERO, 200),
                ("polite", SECOND, 2 * SECOND, 1),
            ];
            let waits = simulate(&fair(slots), &callers, 600 * SECOND);
            let of = |key| waits.iter().filter(move |wait| wait.0 == key);
            let longest = of("polite").map(|wait| wait.1).max().unwrap();
            assert!(longest < SECOND, "{longest:?} of {slots} beside {runs:?}");
            assert!(of("polite").count() >= 150);
            let share = 600 / usize::try_from(runs.as_secs()).unwrap() * (slots * 3 / 4);
            assert!(of("greedy").count() >= share * 9 / 10, "it gets its share");
        }
    }
}

/// Whoever comes and goes all the time does not pass one that waits.
#[test]
fn who_waits_is_served_among_others_that_come_anew_each_time() {
    let moment = Duration::from_millis(1);
    let callers = [
        ("a", SECOND, moment, 1),
        ("b", SECOND, moment, 1),
        ("c", SECOND, moment, 10),
    ];
    let waits = simulate(&gate(1), &callers, 300 * SECOND);
    for (key, ..) in callers {
        let served = waits.iter().filter(|wait| wait.0 == key).count();
        assert!(served >= 90, "{key}: {served} of 300");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Join(usize),
    End(usize),
    Leave(usize),
    Slots(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_usize..4).prop_map(Step::Join),
        3 => any::<prop::sample::Index>().prop_map(|index| Step::End(index.index(16))),
        1 => any::<prop::sample::Index>().prop_map(|index| Step::Leave(index.index(16))),
        1 => (1_usize..5).prop_map(Step::Slots),
    ];
    prop::collection::vec(step, 1..80)
}

proptest! {
    /// Whatever comes, waits, leaves and ends: never more than there are slots, none is idle while somebody could have it,
    /// and in the end all are free.
    #[test]
    fn no_slot_is_lost_and_none_is_given_twice(share in prop::sample::select(vec![0.3, 0.75, 1.0]), steps in steps()) {
        let limits = GateLimits {
            share,
            queued: Some(8),
            queued_per_caller: Some(4),
            ..GateLimits::new(4, "SLOTS")
        };
        let gate = FairGate::new(limits, None);
        let mut permits: Vec<Permit> = Vec::new();
        let mut waiting: Vec<Waiting> = Vec::new();
        for step in steps {
            let is_wider = matches!(step, Step::Slots(_));
            match step {
                Step::Join(key) => match join(&gate, &key.to_string()) {
                    Ok(Joined::In(permit)) => permits.push(permit),
                    Ok(Joined::Queued(place)) => waiting.push(place),
                    Err(_) => {}
                },
                Step::End(place) if !permits.is_empty() => drop(permits.remove(place % permits.len())),
                Step::Leave(place) if !waiting.is_empty() => drop(waiting.remove(place % waiting.len())),
                Step::Slots(slots) => gate.set_slots(slots),
                Step::End(_) | Step::Leave(_) => {}
            }
            waiting.retain_mut(|place| match place.verdict.try_recv() {
                Ok(Ok(permit)) => {
                    permits.push(permit);
                    false
                }
                Ok(Err(_)) => false,
                Err(_) => true,
            });
            let mut state = gate.state();
            let caps = gate.caps(&state);
            prop_assert_eq!(state.lines.running(), permits.len());
            prop_assert_eq!(state.lines.waiting(), waiting.len());
            prop_assert!(is_wider || permits.len() <= caps.slots.max(4));
            prop_assert!(state.lines.next(caps).is_none(), "somebody waits for nothing");
        }
        drop(permits);
        drop(waiting);
        gate.set_slots(4);
        let free: Vec<_> = (0..4).map_while(|key| gate.try_enter(&owner(&key.to_string()))).collect();
        prop_assert_eq!(free.len(), 4);
    }
}
