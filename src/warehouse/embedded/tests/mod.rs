//! The embedded warehouse through its front door, by subject; this file holds what the subjects share.

mod catalog;
mod controls;
mod effort;
mod faithful_files;
mod kept;
mod local;
mod local_changes;
mod long_texts;
mod odd_files;
mod sample_data;
mod semantic_view;
mod stopping;
mod types;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use futures::StreamExt;

use super::{Embedded, Options};
use crate::policy::Policy;
use crate::sql;
use crate::warehouse::{Answer, Cell, Column, Error, Owner, Run, SessionContext, Warehouse};

/// Long enough never to matter on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// One small engine for all tests that leave it as it was.
fn engine() -> &'static Embedded {
    static ENGINE: OnceLock<Embedded> = OnceLock::new();
    ENGINE.get_or_init(|| Embedded::start(&small()).unwrap())
}

fn small() -> Options {
    Options {
        scale_factor: 0.001,
        ..Options::default()
    }
}

fn run(statement: &str) -> Run {
    let parsed = sql::parse(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
    Run {
        statement: Arc::new(
            Policy::default()
                .approve(parsed, &crate::policy::CurrentNames::default())
                .unwrap(),
        ),
        session: SessionContext::default(),
        parameters: vec![],
        deadline: Instant::now() + PATIENCE,
        tag: None,
        summary: None,
        notes: crate::telemetry::call::Notes::default(),
        owner: Owner::default(),
        admit_by: Instant::now() + PATIENCE,
    }
}

/// Runs a test whose statements are deep: reading, translating and dropping a tree uses stack.
fn on_the_stack_of_the_query_runtime(test: impl Future<Output = ()> + Send + 'static) {
    const STACK: usize = 8 << 20;
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .thread_stack_size(STACK)
            .enable_all()
            .build()
            .unwrap()
    };
    let thread = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || runtime().block_on(test));
    thread.unwrap().join().unwrap();
}

/// A whole answer, its cells as text; NULL is `∅`.
#[derive(Debug)]
struct Read {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Read {
    fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|c| c.name.as_str()).collect()
    }

    /// The cells of the named column.
    fn column(&self, name: &str) -> Vec<&str> {
        let place = self.columns.iter().position(|c| c.name == name).unwrap();
        self.rows.iter().map(|row| row[place].as_str()).collect()
    }
}

async fn read(answer: Answer) -> Result<Read, Error> {
    let columns = answer.columns.to_vec();
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
    Ok(Read { columns, rows })
}

async fn ask(statement: &str) -> Result<Read, Error> {
    read(engine().run(run(statement)).await?).await
}

async fn answer(statement: &str) -> Read {
    ask(statement)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"))
}

async fn refusal(statement: &str) -> Error {
    ask(statement).await.expect_err(statement)
}

fn text(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Null => "∅".into(),
        Cell::Boolean(value) => value.to_string(),
        Cell::Number { unscaled, scale: 0 } => unscaled.to_string(),
        Cell::Number { unscaled, scale } => format!("{unscaled}e-{scale}"),
        Cell::Float(value) => format!("{value:?}"),
        Cell::Text(text) => text.to_string(),
        Cell::Binary(bytes) => format!("{bytes:02X?}"),
        Cell::Date(days) => format!("day {days}"),
        Cell::Time { nanoseconds, .. } => format!("{nanoseconds} ns"),
        Cell::Timestamp {
            seconds,
            nanoseconds,
            offset_minutes,
            ..
        } => format!("{seconds}.{nanoseconds:09} {offset_minutes:?}"),
        Cell::Json(json) => format!("json {json}"),
    }
}
