use super::labels::{AcquireOutcome, SessionState};
use super::lists::{HTTP_METHODS, REVISIONS, ROUTES, RPC_METHODS, RPC_OUTCOMES, STATUSES};
use super::*;
use crate::telemetry::codes::OUTCOMES;

/// All tools, from the reference that is generated from the registry, and one that nobody knows.
fn tools() -> impl Iterator<Item = &'static str> {
    let headings = include_str!("../../../docs/tools.md").lines();
    let names = headings.filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`'));
    names.chain(["other"])
}

/// As `app` makes them.
fn metrics() -> Metrics {
    Tool::know(tools().map(str::to_owned));
    Metrics::new().unwrap()
}

#[test]
fn everything_declared_can_be_registered_and_rendered() {
    let metrics = metrics();
    metrics.describe_build("1.2.3", "abc", "embedded");
    metrics.http_started();
    metrics.http_finished("/mcp", "POST", 200, Duration::from_millis(3));
    let text = String::from_utf8(metrics.render().unwrap()).unwrap();
    assert!(text.contains(
        r#"snowflake_mcp_http_requests_total{method="POST",route="/mcp",status="200"} 1"#
    ));
    assert!(text.contains("snowflake_mcp_http_requests_in_flight 0"));
}

#[cfg(target_os = "linux")]
#[test]
fn the_time_computed_is_told_in_parts_of_a_second() {
    let metrics = metrics();
    let seconds = || -> f64 {
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        let line = text
            .lines()
            .find_map(|it| it.strip_prefix("process_cpu_seconds_total "));
        line.unwrap().parse().unwrap()
    };
    let before = seconds();
    let started = std::time::Instant::now();
    // Other tests compute in the same process: what counts is that less than a second is seen.
    while seconds() == before && started.elapsed() < Duration::from_secs(10) {}
    let more = seconds() - before;
    assert!(more > 0.0 && more < 0.9, "{more} s in one step");
}

#[test]
fn names_carry_our_prefix_and_the_unit() {
    for metric in Metrics::DECLARED {
        let name = metric.name;
        assert!(name.starts_with("snowflake_mcp_"), "{name}");
        assert_eq!(
            name.ends_with("_total"),
            metric.kind == "counter",
            "{name}: counters, and only they, end in _total"
        );
        if metric.kind == "histogram" {
            assert!(
                ["_seconds", "_bytes", "_rows"]
                    .iter()
                    .any(|unit| name.ends_with(unit)),
                "{name} does not say its unit"
            );
        }
        assert!(metric.help().ends_with('.'), "{name}: help is a sentence");
    }
}

#[test]
fn a_status_is_written_with_three_digits() {
    assert_eq!(status_digits(200, &mut [0; 3]), "200");
    assert_eq!(status_digits(499, &mut [0; 3]), "499");
}

/// Names a client makes up, of every kind that has ever troubled a label.
const HOSTILE: [&str; 7] = [
    "execute_query\"} 1\nforged_total{x=\"",
    "'; DROP TABLE x; --",
    "../../etc/passwd",
    "\u{0}\u{7f}\u{202e}",
    "日本語の道具",
    "",
    "a-name-nobody-has-heard-of",
];

#[test]
fn made_up_names_make_no_series_of_their_own() {
    let metrics = metrics();
    let took = Duration::from_millis(1);
    let record = |word: &str, status: u16| {
        metrics.http_started();
        metrics.http_finished(word, word, status, took);
        metrics.rpc_finished(word, word, word, took);
        drop(metrics.tool_started());
        metrics.tool_finished(word, word, 1, 1, took);
    };
    record("first", 299);
    let before = metrics.render().unwrap();
    for (word, status) in HOSTILE.into_iter().cycle().zip(600_u16..1000) {
        record(&format!("{word}{status}"), status);
    }
    let after = metrics.render().unwrap();
    let series = |text: &[u8]| {
        let text = String::from_utf8(text.to_vec()).unwrap();
        text.lines().filter(|line| !line.starts_with('#')).count()
    };
    // The process's own metrics may come and go, ours may not.
    assert_eq!(series(&before), series(&after));
    assert!(!String::from_utf8_lossy(&after).contains("DROP TABLE"));
    assert_eq!(metrics.tool_calls.members(), 1);
}

#[test]
fn every_combination_has_a_cell_of_its_own() {
    let metrics = metrics();
    for method in RPC_METHODS {
        for revision in REVISIONS {
            for outcome in RPC_OUTCOMES {
                metrics.rpc_finished(method, revision, outcome, Duration::ZERO);
            }
        }
    }
    let all = RPC_METHODS.len() * REVISIONS.len() * RPC_OUTCOMES.len();
    assert_eq!(metrics.rpc_requests.members(), all);
    let text = String::from_utf8(metrics.render().unwrap()).unwrap();
    let lines = text
        .lines()
        .filter(|line| line.starts_with("snowflake_mcp_rpc_requests_total{"));
    assert!(lines.clone().all(|line| line.ends_with(" 1")));
    assert_eq!(lines.count(), all);
}

#[test]
fn sessions_are_counted_where_they_are() {
    let metrics = metrics();
    assert_eq!(metrics.pool(), None, "the embedded engine has no pool");
    metrics.set_pool_size(5);
    let opening = metrics.session(SessionState::Opening);
    let _idle = metrics.session(SessionState::Idle);
    let lent = metrics.session(SessionState::InUse);
    let waiting = metrics.acquire();
    let pool = metrics.pool().unwrap();
    assert_eq!(
        (pool.open, pool.opening, pool.idle, pool.in_use),
        (3, 1, 1, 1)
    );
    assert_eq!((pool.max, pool.waiting), (5, 1));
    drop((opening, lent));
    waiting.ended(AcquireOutcome::Busy);
    let pool = metrics.pool().unwrap();
    assert_eq!((pool.open, pool.idle, pool.waiting), (1, 1, 0));
    let busy = metrics.acquired.with(AcquireOutcome::Busy);
    assert_eq!(busy.get_sample_count(), 1);
}

/// Everything populated that can be.
fn populated() -> Metrics {
    let metrics = metrics();
    let took = Duration::from_millis(1);
    for tool in tools() {
        for outcome in OUTCOMES {
            drop(metrics.tool_started());
            metrics.tool_finished(tool, outcome, 1, 1, took);
        }
    }
    for route in ROUTES {
        for method in HTTP_METHODS {
            for status in STATUSES {
                metrics.http_started();
                metrics.http_finished(route, method, status.parse().unwrap_or(600), took);
            }
        }
    }
    for method in RPC_METHODS {
        for revision in REVISIONS {
            metrics.rpc_finished(method, revision, "ok", took);
        }
    }
    metrics
}

/// Not measured here, only that it is bounded: times belong to benchmarks.
#[test]
fn a_scrape_of_everything_is_of_a_bounded_size() {
    assert!(tools().count() > 10, "the reference was read");
    let text = populated().render().unwrap();
    assert!(text.len() < 2 << 20, "{} bytes", text.len());
}

/// The exposition of what a small, fixed story leaves behind: whoever writes a dashboard relies on every line.
#[test]
fn the_exposition_is_what_it_was() {
    let metrics = metrics();
    let took = Duration::from_millis(3);
    metrics.describe_build("1.2.3", "abc", "snowflake");
    metrics.set_ready(true);
    metrics.http_started();
    metrics.http_finished("/mcp", "POST", 200, took);
    metrics.rpc_finished("tools/call", "2025-11-25", "ok", took);
    drop(metrics.tool_started());
    metrics.tool_finished("execute_query", "ok", 10, 200, took);
    metrics.judged(Verdict::Approved);
    metrics.phase_took(Phase::Execute, took);
    metrics.cut(Cut::Rows);
    metrics.set_pool_size(5);
    metrics.acquire().ended(AcquireOutcome::Acquired);
    metrics.signed_in(SignIn::Ok);
    metrics.snowflake_answered(Endpoint::Query, Reached::Ok, took);
    metrics.snowflake_retried(Endpoint::Query);
    let text = String::from_utf8(metrics.render().unwrap()).unwrap();
    // What the process says of itself differs from run to run, and so does the time spent waiting.
    let ours: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("process_") && !line.contains("acquire_duration_seconds_sum"))
        .collect();
    insta::assert_snapshot!(ours.join("\n"));
}
