//! One approved statement on the engine: translated, started on a thread that may block, its batches handed over.

mod handover;

use std::sync::Arc;

use duckdb::Statement as Prepared;
use duckdb::arrow::array::{Array, StructArray};
use sqlparser::ast::Statement;
use tokio::sync::{Semaphore, SemaphorePermit};

use self::handover::{Message, Sender};
pub(super) use self::handover::{Piece, Underway};
use super::cost::Cost;
use super::dialect::{self, Context, MAX_PIVOTED, Repairs, Translation};
use super::local::Files;
use super::memory::Watch;
use super::session::{Session, Sessions, Stop};
use super::{error, explain, natives, rows};
use crate::policy::ApprovedStatement;
use crate::sql::{ExplainFormat, Tree, unread};
use crate::warehouse::{Column, DataType, EngineLimit, Error, Permit};

/// Repairs of one statement, at most: each is another translation.
const MAX_REPAIRS: usize = 32;

/// A statement on its way to the engine.
pub(super) struct Job {
    /// The statement, a query or an EXPLAIN.
    pub(super) statement: Arc<ApprovedStatement>,
    /// What names and context functions mean.
    pub(super) context: Context,
    /// Where connections come from.
    pub(super) sessions: Arc<Sessions>,
    /// How it is stopped.
    pub(super) stop: Arc<Stop>,
    /// What all statements share.
    pub(super) shared: Arc<Shared>,
    /// Returned when the engine is done with the statement, not when the caller is.
    pub(super) permit: Permit,
}

/// What all statements share besides the database.
pub(super) struct Shared {
    /// The memory limit of the engine, in bytes.
    pub(super) memory_limit_bytes: u64,
    /// Threads of the engine.
    pub(super) threads: usize,
    /// Keeps the process inside the limit.
    pub(super) watch: Watch,
    /// Lets in the statements with long texts: the memory for them is not counted by the engine.
    pub(super) growing: Semaphore,
    pub(super) own_data: Option<OwnData>,
}

/// Where own data lies.
pub(super) struct OwnData {
    /// The folder.
    pub(super) folder: String,
    pub(super) files: Arc<Files>,
}

impl Shared {
    pub(super) fn new(memory_limit_bytes: u64, threads: usize, watch: Watch) -> Self {
        Self {
            memory_limit_bytes,
            threads,
            watch,
            growing: Semaphore::new(GROWING_AT_ONCE),
            own_data: None,
        }
    }
}

/// Digits behind the point that Snowflake gives a product, unless a factor has more.
const MAX_PRODUCT_SCALE: u8 = 12;

/// Statements with long texts that run at once.
const GROWING_AT_ONCE: usize = 2;

/// The part of the memory limit that one of them may use for it: a quarter.
const GROWING_SHARE: u64 = 4;

/// Starts the statement and waits for its columns.
///
/// Dropping the future or what it gives stops the statement.
pub(super) async fn start(job: Job) -> Result<Underway, Error> {
    let stop = Arc::clone(&job.stop);
    handover::start(stop, move |sender| job.run(sender)).await
}

impl Job {
    /// The whole life of the statement, on a thread that may block.
    fn run(mut self, sender: &Sender) {
        // Also when something below panics: the watcher must not go on interrupting.
        let _ended = MarkEnded(Arc::clone(&self.stop));
        let _watched = self.shared.watch.add(&self.stop);
        if let Err(error) = self.stream(sender) {
            // A stopped statement fails in many ways; the reason for stopping it is what its caller asks about.
            let error = self.stop.error().unwrap_or(error);
            sender.send(&self.stop, Message::Failed(error));
        }
        drop(self.permit);
    }

    /// Waits for the memory that the statement needs for long texts, if it has any.
    fn growing(&self, cost: &Cost, sender: &Sender) -> Option<SemaphorePermit<'_>> {
        if !cost.has_long_texts() {
            return None;
        }
        sender.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.stop.asked() => None,
                permit = self.shared.growing.acquire() => permit.ok(),
            }
        })
    }

    fn stream(&mut self, sender: &Sender) -> Result<(), Error> {
        let approved = Arc::clone(&self.statement);
        let (statement, format) = match approved.parsed().tree() {
            Tree::Statement(statement) => (statement, None),
            Tree::Explain { format, statement } => (statement, Some(*format)),
            Tree::Pipeline(_) => {
                return Err(EngineLimit {
                    what: "does not run statements joined by ->>".into(),
                    hint: Some("send the statements one by one".into()),
                }
                .into());
            }
            Tree::Unread { reason } => {
                // What Snowflake has and the parser does not is no mistake.
                if let Some(form) = unread::form(approved.text()) {
                    return Err(EngineLimit::new(format!("does not read {form}")).into());
                }
                return Err(Error::Sql {
                    message: format!("the statement could not be read: {reason}"),
                    position: None,
                    query_id: None,
                });
            }
            Tree::Show(_) | Tree::Describe(_) => {
                return Err(Error::Internal {
                    message: "SHOW and DESCRIBE are answered by the catalog".into(),
                    source: None,
                });
            }
        };
        let cost = Cost::of(statement, &self.context.parameters);
        // Planning cannot be interrupted, so this is the last moment at which a statement can be refused.
        cost.is_planned_in_time()?;
        self.context.long_texts = cost.has_long_texts();
        let share = self.shared.memory_limit_bytes / GROWING_SHARE;
        let longest_text = cost.longest_text(share, self.shared.threads)?;
        self.read(statement, format, &cost, longest_text, sender)
    }

    /// Runs a query, or explains it.
    fn read(
        &self,
        statement: &Statement,
        format: Option<ExplainFormat>,
        cost: &Cost,
        longest_text: u64,
        sender: &Sender,
    ) -> Result<(), Error> {
        let mut repairs = Repairs::default();
        let mut translation = self.translate(statement, &repairs)?;
        let _growing = self.growing(cost, sender);
        if let Some(error) = self.stop.error() {
            return Err(error);
        }
        let session = self
            .sessions
            .session(&self.stop, longest_text)
            .map_err(|error| self.explained(&error, ""))?;
        while let Some(question) = translation.question.take() {
            repairs
                .pivots
                .push(self.values_of_pivot(&session, &question)?);
            translation = self.translate(statement, &repairs)?;
        }
        self.check_files(&translation.sql)?;
        natives::take_notes();
        let mut prepared = session.connection.prepare(&translation.sql);
        // DuckDB does not use an alias everywhere Snowflake does. It says which one, and then the expression stands there.
        while let Err(cause) = &prepared
            && let Some(alias) = error::refused_alias(cause)
            && repairs.inlined.len() < MAX_REPAIRS
            && repairs.inlined.insert(alias)
        {
            prepared = self.again(&session, statement, &repairs, &mut translation)?;
        }
        // The type of a column of NULLs is not found in time to read texts beside it, which are then what they are.
        if let Err(cause) = &prepared
            && error::finds_no_type(cause)
        {
            repairs.leaves_texts = true;
            prepared = self.again(&session, statement, &repairs, &mut translation)?;
        }
        if let Err(cause) = &prepared
            && error::refuses_days(cause)
        {
            repairs.days = true;
            translation = self.translate(statement, &repairs)?;
            natives::take_notes();
            prepared = session.connection.prepare(&translation.sql);
        }
        // It adds up no texts, and does not say which columns hold them. Those that hold numbers stay what they are.
        if let Err(cause) = &prepared
            && error::refuses_text_sum(cause)
            && !translation.summands.is_empty()
        {
            repairs.text_sums = std::mem::take(&mut translation.summands);
            prepared = self.again(&session, statement, &repairs, &mut translation)?;
        }
        let mut prepared = prepared.map_err(|error| {
            // What DuckDB makes no type of was noted before it failed, and says more.
            let known = dialect::meetings(&natives::take_notes(), &translation.places).err();
            known.unwrap_or_else(|| self.explained(&error, &translation.sql))
        })?;
        // What members of set operations turn out to be may need casts, which may change what others are.
        for round in 0.. {
            let meetings = dialect::meetings(&natives::take_notes(), &translation.places)?;
            if meetings == repairs.meetings {
                break;
            }
            if round == MAX_REPAIRS {
                return Err(EngineLimit::new(
                    "does not find the types of set operations nested this deeply",
                )
                .into());
            }
            repairs.meetings = meetings;
            translation = self.translate(statement, &repairs)?;
            prepared = session
                .connection
                .prepare(&translation.sql)
                .map_err(|error| self.explained(&error, &translation.sql))?;
        }
        self.check_files(&translation.sql)?;
        match format {
            None => self.query(prepared, &translation, sender),
            Some(format) => {
                drop(prepared);
                self.plan(&session, &translation.sql, format, sender)
            }
        }
    }

    /// Prepares another translation of a statement.
    fn again<'s>(
        &self,
        session: &'s Session,
        statement: &Statement,
        repairs: &Repairs,
        translation: &mut Translation,
    ) -> Result<duckdb::Result<duckdb::Statement<'s>>, Error> {
        *translation = self.translate(statement, repairs)?;
        natives::take_notes();
        Ok(session.connection.prepare(&translation.sql))
    }

    /// The values that PIVOT makes columns of, each with the name of its column.
    fn values_of_pivot(
        &self,
        session: &Session,
        question: &str,
    ) -> Result<Vec<(String, String)>, Error> {
        let read = || -> duckdb::Result<Vec<(String, String)>> {
            let mut prepared = session.connection.prepare(question)?;
            let rows = prepared.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        };
        self.check_files(question)?;
        let values = read().map_err(|error| self.explained(&error, question))?;
        if values.len() > MAX_PIVOTED {
            return Err(EngineLimit::new(format!(
                "makes at most {MAX_PIVOTED} columns of the values of PIVOT"
            ))
            .into());
        }
        Ok(values)
    }

    fn translate(&self, statement: &Statement, repairs: &Repairs) -> Result<Translation, Error> {
        match statement {
            Statement::Query(_) => {}
            Statement::List(_) => {
                return Err(
                    EngineLimit::new("has no stages, so there are no files to list").into(),
                );
            }
            _ => {
                return Err(
                    EngineLimit::new("runs queries, SHOW, DESCRIBE and EXPLAIN only").into(),
                );
            }
        }
        let mut translation =
            dialect::translate(statement, self.statement.text(), &self.context, repairs)?;
        // In parentheses only a query is a statement at all, so whatever the translation let through could not be an
        // ATTACH or a PRAGMA. The line feed ends a comment, should there be one.
        translation.sql = format!("({}\n)", translation.sql);
        Ok(translation)
    }

    fn query(
        &self,
        mut prepared: Prepared<'_>,
        translation: &Translation,
        sender: &Sender,
    ) -> Result<(), Error> {
        let sql = &translation.sql;
        if let Some(error) = self.stop.error() {
            return Err(error);
        }
        // Streamed, not collected: the engine works only as far ahead as its buffer and our channel reach.
        let schema = prepared
            .stream_arrow([])
            .map_err(|error| self.explained(&error, sql))?
            .get_schema();
        let columns = (0..schema.fields().len())
            .map(|index| (prepared.column_logical_type(index), schema.field(index)))
            .map(|(logical, field)| rows::Reader::new(&logical, field))
            .collect::<Vec<_>>();
        let columns = rows::named(columns, &translation.names);
        let described: Arc<[Column]> = columns.iter().map(rows::Reader::column).collect();
        if described
            .iter()
            .any(|column| matches!(&column.data_type, DataType::Other(name) if name == "INTERVAL"))
        {
            return Err(EngineLimit {
                what: "does not subtract one timestamp from another".into(),
                hint: Some("use DATEDIFF(second, earlier, later)".into()),
            }
            .into());
        }
        let is_longer = |column: &Column| {
            matches!(column.data_type, DataType::Number { scale, .. } if scale > MAX_PRODUCT_SCALE)
                && translation.products.contains(&column.name)
        };
        if let Some(column) = described.iter().find(|column| is_longer(column)) {
            return Err(EngineLimit {
                what: format!(
                    "does not round the product {} to {MAX_PRODUCT_SCALE} digits behind the point, as Snowflake does",
                    column.name
                ),
                hint: Some(format!("round it: ROUND(…, {MAX_PRODUCT_SCALE})")),
            }
            .into());
        }
        if !sender.send(&self.stop, Message::Columns(described)) {
            return Ok(());
        }
        let mut gathered = rows::Gathered::default();
        while let Some(chunk) = prepared
            .step()
            .map_err(|error| self.explained(&error, sql))?
        {
            rows::check(&columns, &chunk)?;
            if let Some(chunk) = gathered.add(chunk)?
                && !sender.send(&self.stop, Message::Batch(piece(&columns, &chunk)))
            {
                return Ok(());
            }
        }
        if let Some(chunk) = gathered.rest()? {
            sender.send(&self.stop, Message::Batch(piece(&columns, &chunk)));
        }
        Ok(())
    }

    fn plan(
        &self,
        session: &Session,
        sql: &str,
        format: ExplainFormat,
        sender: &Sender,
    ) -> Result<(), Error> {
        let plan: String = session
            .connection
            .query_row(&format!("EXPLAIN (FORMAT JSON) {sql}"), [], |row| {
                row.get(1)
            })
            .map_err(|error| self.explained(&error, sql))?;
        let listing = explain::listing(&plan, format)?;
        if sender.send(&self.stop, Message::Columns(listing.columns())) {
            let piece = Piece {
                bytes: plan.len(),
                batch: Box::new(listing),
            };
            sender.send(&self.stop, Message::Batch(piece));
        }
        Ok(())
    }

    /// Refuses a statement of the engine's that would read a file through a link.
    fn check_files(&self, sql: &str) -> Result<(), Error> {
        match &self.shared.own_data {
            Some(own) if !own.files.lie_where_they_were(sql) => Err(self.place().broken_file()),
            _ => Ok(()),
        }
    }

    /// `sql` is the engine's statement that failed.
    fn explained(&self, cause: &duckdb::Error, sql: &str) -> Error {
        let mut place = self.place();
        if let duckdb::Error::DuckDBFailure(_, Some(text)) = cause {
            let own_data = self.shared.own_data.as_ref();
            place.file = own_data.and_then(|own| own.files.named_in(text));
        }
        let error = error::translate(cause, &place);
        let is_told = matches!(
            error,
            Error::Sql { .. } | Error::ObjectNotFound { .. } | Error::EngineLimit(_)
        );
        let own_data = self.shared.own_data.as_ref();
        match own_data.and_then(|own| own.files.changed(sql)) {
            Some(file) if is_told => self.place().changed_file(&file),
            _ => error,
        }
    }

    fn place(&self) -> error::Place<'_> {
        let own_data = self.shared.own_data.as_ref();
        error::Place {
            statement: self.statement.text(),
            query_id: &self.context.query_id,
            memory_limit_bytes: self.shared.memory_limit_bytes,
            own_data: own_data.map(|own| own.folder.as_str()),
            file: None,
        }
    }
}

/// Rows with the memory they hold: a batch of one row takes kilobytes, of which its values are eight bytes.
fn piece(columns: &[rows::Reader], chunk: &StructArray) -> Piece {
    const BATCH: usize = 1024;
    const COLUMN: usize = 1024;
    Piece {
        bytes: chunk.get_array_memory_size() + BATCH + COLUMN * columns.len(),
        batch: Box::new(rows::ArrowBatch::new(columns, chunk)),
    }
}

struct MarkEnded(Arc<Stop>);

impl Drop for MarkEnded {
    fn drop(&mut self) {
        self.0.mark_ended();
    }
}
