//! Statements through the engine's front door, for the tests of this room.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use futures::StreamExt;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp, tz::Offset};

use crate::policy::Policy;
use crate::sql;
use crate::warehouse::embedded::{Embedded, Options};
use crate::warehouse::{Cell, DataType, Error, Owner, Parameter, Run, SessionContext, Warehouse};

/// Long enough never to matter on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// An answer, its values as text; `None` is NULL.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Read {
    pub(super) columns: Vec<String>,
    pub(super) types: Vec<String>,
    pub(super) rows: Vec<Vec<Option<String>>>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// It could not be read, or the policy refused it.
    Refused(#[expect(dead_code, reason = "shown when a test fails")] String),
    /// The engine refused it.
    Engine(Error),
}

/// One engine for all tests here, with the data of scale factor 0.01.
fn engine() -> &'static Embedded {
    static ENGINE: OnceLock<Embedded> = OnceLock::new();
    ENGINE.get_or_init(|| Embedded::start(&Options::default()).unwrap())
}

/// A statement that may ask for up to three parameters.
pub(super) async fn ask(statement: &str) -> Result<Read, Failure> {
    let parameters = vec![
        Parameter::Integer(7),
        Parameter::Text("it's".into()),
        Parameter::Null,
    ];
    ask_with(statement, parameters).await
}

pub(super) async fn ask_with(statement: &str, parameters: Vec<Parameter>) -> Result<Read, Failure> {
    let parsed = sql::parse(statement).map_err(|error| Failure::Refused(error.to_string()))?;
    let approved = Policy::default()
        .approve(parsed, &crate::policy::CurrentNames::default())
        .map_err(|refusal| Failure::Refused(refusal.to_string()))?;
    let run = Run {
        statement: Arc::new(approved),
        session: SessionContext::default(),
        parameters,
        deadline: Instant::now() + PATIENCE,
        tag: None,
        summary: None,
        notes: crate::telemetry::call::Notes::default(),
        owner: Owner::default(),
        admit_by: Instant::now() + PATIENCE,
    };
    read(run).await.map_err(Failure::Engine)
}

async fn read(run: Run) -> Result<Read, Error> {
    let answer = engine().run(run).await?;
    let columns: Vec<String> = answer.columns.iter().map(|c| c.name.clone()).collect();
    let types: Vec<DataType> = answer.columns.iter().map(|c| c.data_type.clone()).collect();
    let mut batches = answer.batches;
    let mut rows = vec![];
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        for row in 0..batch.rows() {
            rows.push(
                (0..columns.len())
                    .map(|column| text(&batch.cell(row, column)))
                    .collect(),
            );
        }
    }
    Ok(Read {
        columns,
        types: types.iter().map(ToString::to_string).collect(),
        rows,
    })
}

fn text(cell: &Cell<'_>) -> Option<String> {
    Some(match cell {
        Cell::Null => return None,
        Cell::Boolean(value) => value.to_string(),
        Cell::Number { unscaled, scale } => number(*unscaled, *scale),
        Cell::Float(value) => value.to_string(),
        Cell::Text(text) | Cell::Json(text) => text.to_string(),
        Cell::Binary(bytes) => bytes.iter().map(|byte| format!("{byte:02X}")).collect(),
        Cell::Date(days) => {
            (date(1970, 1, 1) + SignedDuration::from_hours(24 * i64::from(*days))).to_string()
        }
        Cell::Time { nanoseconds, .. } => (date(1970, 1, 1).at(0, 0, 0, 0)
            + SignedDuration::from_nanos(*nanoseconds))
        .time()
        .to_string(),
        Cell::Timestamp {
            seconds,
            nanoseconds,
            offset_minutes,
            ..
        } => {
            let instant = Timestamp::new(*seconds, i32::try_from(*nanoseconds).unwrap()).unwrap();
            let offset = i32::from(offset_minutes.unwrap_or(0)) * 60;
            let wall = Offset::from_seconds(offset).unwrap().to_datetime(instant);
            let wall = wall.to_string().replace('T', " ");
            match offset_minutes {
                None => wall,
                Some(minutes) => format!("{wall} {:+03}:{:02}", minutes / 60, minutes.abs() % 60),
            }
        }
    })
}

/// A NUMBER with all the digits of its scale.
fn number(unscaled: i128, scale: u8) -> String {
    if scale == 0 {
        return unscaled.to_string();
    }
    let scale = usize::from(scale);
    let digits = format!("{:0width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if unscaled < 0 { "-" } else { "" };
    format!("{sign}{whole}.{fraction}")
}

/// Whether the dialect refused it: as a function that nobody has, or as one that Snowflake has and the engine does not.
fn is_refused<T>(outcome: &Result<T, Failure>) -> bool {
    match outcome {
        Err(Failure::Engine(Error::EngineLimit(_))) => true,
        Err(Failure::Engine(Error::Sql { message, .. })) => message.contains("Unknown function "),
        _ => false,
    }
}

#[tokio::test]
async fn what_is_no_function_of_snowflake_never_reaches_duckdb() {
    for call in [
        "read_text('/etc/hostname')",
        "getenv('HOME')",
        "current_setting('threads')",
        "memory.main.sf_text(1)",
        "\"count\"(1)",
        "list_value(1)",
        "pragma_version()",
    ] {
        let outcome = ask(&format!("SELECT {call}")).await;
        assert!(is_refused(&outcome), "{call}: {outcome:?}");
    }
    for table in [
        "read_csv('x')",
        "glob('*')",
        "duckdb_functions()",
        "TABLE(query('SELECT 1'))",
        "'x.csv'",
        "range(3)",
    ] {
        let outcome = ask(&format!("SELECT * FROM {table}")).await;
        assert!(is_refused(&outcome), "{table}: {outcome:?}");
    }
    for table in [
        "system.main.sqlite_master",
        "temp.main.x",
        "pg_catalog.pg_tables",
    ] {
        let outcome = ask(&format!("SELECT * FROM {table}")).await;
        assert!(
            matches!(outcome, Err(Failure::Engine(Error::ObjectNotFound { .. }))),
            "{table}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn statements_that_nest_or_grow_without_end_are_answered_or_refused_soon() {
    let nested = |open: &str, inner: &str, close: &str, times: usize| {
        format!(
            "SELECT {}{inner}{}",
            open.repeat(times),
            close.repeat(times)
        )
    };
    for sql in [
        nested("(", "1", ")", 100),
        nested("ABS(", "1", ")", 90),
        nested("INITCAP(", "'a'", ")", 60),
        nested("1 / (", "2", ")", 60),
        nested("NVL2(", "1", ", 2, 3)", 40),
        nested("CASE WHEN TRUE THEN ", "1", " END", 60),
        nested("", "1", "::INT", 5_000),
        nested("1 + ", "1", "", 10_000),
        nested("TRUE AND ", "TRUE", "", 5_000),
        nested("1 UNION ALL SELECT ", "1", "", 1_000),
    ] {
        // How long anything takes here and now.
        let begin = Instant::now();
        let _ = ask("SELECT 1").await;
        let plain = begin.elapsed();
        let begin = Instant::now();
        let outcome = ask(&sql).await;
        assert!(
            matches!(
                outcome,
                Ok(_) | Err(Failure::Refused(_) | Failure::Engine(Error::EngineLimit(_)))
            ),
            "{}: {outcome:?}",
            &sql[..40]
        );
        // Generous: what must not happen is minutes on a machine that is not busy.
        let most = Duration::from_secs(20) + plain * 200;
        assert!(begin.elapsed() < most, "{}: {plain:?}", &sql[..40]);
    }
}
