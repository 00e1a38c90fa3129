//! What it takes to write 10,000 rows of ten columns: from a warehouse's batches to the text of an answer.
//!
//! `cargo bench --bench render`. The statement is read, approved and run on a warehouse that has its rows ready, so what is
//! measured is the query room: everything between the driver and the tool.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures::stream;
use snowflake_mcp::policy::Policy;
use snowflake_mcp::query::{Budget, Format, Queries, Query};
use snowflake_mcp::telemetry::metrics::Metrics;
use snowflake_mcp::warehouse::{
    Answer, Batch, Cell, Column, DataType, Earlier, Error, Run, Started, Status, Warehouse,
    WarehouseKind,
};

const ROWS: usize = 10_000;
/// As many as one of Snowflake's batches has, about.
const BATCH: usize = 2_000;
const COLUMNS: usize = 10;

/// Rows in columns, as a driver has them.
struct Ready {
    numbers: Vec<i64>,
    texts: Vec<String>,
}

impl Batch for Ready {
    fn rows(&self) -> usize {
        self.numbers.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let number = self.numbers.get(row).copied().unwrap_or_default();
        match column {
            0..=2 => Cell::Number {
                unscaled: i128::from(number),
                scale: 0,
            },
            3 | 4 => Cell::Number {
                unscaled: i128::from(number) * 97,
                scale: 2,
            },
            5 => Cell::Date(19_000 + i32::try_from(number % 1000).unwrap()),
            6 => Cell::Timestamp {
                seconds: 1_700_000_000 + number,
                nanoseconds: 123_000_000,
                offset_minutes: None,
                scale: 3,
            },
            7 if number % 10 == 0 => Cell::Null,
            _ => Cell::Text(self.texts.get(row).unwrap().as_str().into()),
        }
    }
}

/// A warehouse that has its rows ready.
struct Shelf(Vec<Arc<Ready>>);

impl Shelf {
    fn filled() -> Self {
        let batch = |first: usize| {
            let numbers = (first..first + BATCH).map(|row| i64::try_from(row).unwrap());
            Arc::new(Ready {
                texts: numbers
                    .clone()
                    .map(|number| format!("Customer#{number:09} of the north"))
                    .collect(),
                numbers: numbers.collect(),
            })
        };
        Self((0..ROWS).step_by(BATCH).map(batch).collect())
    }
}

#[async_trait]
impl Warehouse for Shelf {
    fn kind(&self) -> WarehouseKind {
        WarehouseKind::Snowflake
    }

    async fn run(&self, _: Run) -> Result<Answer, Error> {
        let column = |index: usize| Column {
            name: format!("COLUMN_{index}"),
            data_type: DataType::Varchar(None),
            is_nullable: true,
        };
        let batches: Vec<_> = self
            .0
            .iter()
            .map(|batch| Ok(Box::new(Arc::clone(batch)) as Box<dyn Batch>))
            .collect();
        Ok(Answer {
            query_id: "01b2c3d4-0000-0000-0000-000000000001".to_owned(),
            columns: (0..COLUMNS).map(column).collect(),
            batches: Box::pin(stream::iter(batches)),
            total_rows: Some(ROWS as u64),
            full_at: None,
        })
    }

    async fn start(&self, run: Run, _: Instant) -> Result<Started, Error> {
        self.run(run).await.map(Started::Ended)
    }

    async fn status(&self, earlier: &Earlier) -> Result<Status, Error> {
        Err(unknown(earlier))
    }

    async fn result(
        &self,
        earlier: &Earlier,
        _: u64,
        _: Instant,
        _: Instant,
    ) -> Result<Started, Error> {
        Err(unknown(earlier))
    }

    async fn cancel(&self, earlier: &Earlier) -> Result<bool, Error> {
        Err(unknown(earlier))
    }

    async fn ready(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn close(&self) {}
}

fn unknown(earlier: &Earlier) -> Error {
    Error::QueryNotFound {
        query_id: earlier.query_id.to_string(),
    }
}

fn render(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let budget = Budget {
        default_rows: ROWS as u64,
        max_rows: ROWS as u64,
        max_bytes: 16 << 20,
        max_cell_bytes: 16 << 10,
        max_scan_bytes: None,
        sync_wait: Duration::from_secs(45),
        cursor_lifetime: Duration::from_secs(3600),
        timeout: Duration::from_secs(60),
    };
    let metrics = Arc::new(Metrics::new().unwrap());
    let shelf = Arc::new(Shelf::filled());
    let queries = Queries::new(shelf, Policy::default(), budget, metrics);
    let mut group = criterion.benchmark_group("10,000 rows of 10 columns");
    group.throughput(Throughput::Elements(ROWS as u64));
    for format in [Format::Markdown, Format::Csv, Format::Json] {
        let query = || Query {
            sql: "SELECT * FROM t".to_owned(),
            format,
            ..Query::default()
        };
        group.bench_function(format.to_string(), |bencher| {
            bencher.iter(|| black_box(runtime.block_on(queries.run(query())).unwrap()));
        });
    }
    group.finish();
}

criterion_group!(benches, render);
criterion_main!(benches);
