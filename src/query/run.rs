//! From a statement's text to a bounded, rendered result.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use serde_json::Value;

use super::render::{Format, Writer, plain_text};
use super::{Budget, Error, Truncation, TruncationReason};
use crate::policy::Policy;
use crate::sql::{self, Identifier};
use crate::warehouse::{Answer, Batch, Cell, Column, Parameter, Run, Session, Warehouse};

/// Runs queries on one warehouse under one policy and budget. A cheap clone.
#[derive(Clone)]
pub struct Queries {
    warehouse: Arc<dyn Warehouse>,
    policy: Policy,
    budget: Budget,
    default_database: Option<Identifier>,
    tag: Option<String>,
}

/// One query as a caller asks for it.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// The statement.
    pub sql: String,
    /// What unqualified names resolve to, and who pays.
    pub session: Session,
    /// Values for placeholders.
    pub parameters: Vec<Parameter>,
    /// Rows wanted; the budget's default when absent, never above its maximum.
    pub limit: Option<u64>,
    /// How the rows are written.
    pub format: Format,
    /// Time allowed; only ever less than the budget's.
    pub timeout: Option<Duration>,
    /// Which columns to keep, in which order and under which names; all when absent.
    pub pick: Option<&'static [Pick]>,
    /// Leaves out rows that hold this value in this column, before they are counted.
    pub hide: Option<Hide>,
}

/// Rows nobody asked for.
#[derive(Debug, Clone, Copy)]
pub struct Hide {
    /// The warehouse's name for the column.
    pub column: &'static str,
    /// The text that is hidden.
    pub value: &'static str,
}

/// A column to keep from a SHOW or DESCRIBE result, whose columns differ between versions of Snowflake.
#[derive(Debug, Clone, Copy)]
pub struct Pick {
    /// The warehouse's name for it, compared without regard to case; left out of the result when there is none.
    pub source: &'static str,
    /// Our name for it.
    pub name: &'static str,
    /// Whether the values are names of objects, to be written as SQL takes them: quoted where they must be.
    pub is_identifier: bool,
}

impl Pick {
    /// A column whose values are names of objects.
    #[must_use]
    pub const fn identifier(source: &'static str, name: &'static str) -> Self {
        Self {
            source,
            name,
            is_identifier: true,
        }
    }

    /// A column of other values, kept under the warehouse's name.
    #[must_use]
    pub const fn value(name: &'static str) -> Self {
        Self {
            source: name,
            name,
            is_identifier: false,
        }
    }
}

/// A rendered result.
#[derive(Debug)]
pub struct Sheet {
    /// The rows as text, in the format asked for.
    pub text: String,
    /// The rows as JSON arrays in column order; only for [`Format::Json`].
    pub rows: Option<Vec<Value>>,
    /// What the rows are made of.
    pub columns: Vec<Column>,
    /// Rows in the text.
    pub row_count: u64,
    /// What was left out; `None` when this is all.
    pub truncation: Option<Truncation>,
    /// Rows of the whole result, where the warehouse says.
    pub total_rows: Option<u64>,
    /// The statement in the warehouse.
    pub query_id: String,
    /// From the call to the last row.
    pub elapsed: Duration,
}

/// A small result whose values a tool looks at itself. NULL is `None`.
#[derive(Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Option<String>>>,
    /// The statement in the warehouse.
    pub query_id: String,
    /// Whether the budget's row limit cut the table.
    pub is_cut: bool,
}

impl Queries {
    /// Puts the parts together.
    #[must_use]
    pub fn new(warehouse: Arc<dyn Warehouse>, policy: Policy, budget: Budget) -> Self {
        Self {
            warehouse,
            policy,
            budget,
            default_database: None,
            tag: None,
        }
    }

    /// The same, told which database the warehouse uses when a call names none, so that the policy knows what
    /// unqualified names belong to.
    #[must_use]
    pub fn with_default_database(self, database: Option<Identifier>) -> Self {
        Self {
            default_database: database,
            ..self
        }
    }

    /// The same, with every statement marked in the warehouse's own records (Snowflake's `QUERY_TAG`).
    #[must_use]
    pub fn tagged(&self, tag: String) -> Self {
        Self {
            tag: Some(tag),
            ..self.clone()
        }
    }

    /// The warehouse asked.
    #[must_use]
    pub fn warehouse(&self) -> &dyn Warehouse {
        &*self.warehouse
    }

    /// What may run.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The limits in force.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Checks and runs one statement, and writes its rows until they end or the budget does.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the statement in the warehouse.
    ///
    /// # Errors
    ///
    /// Which step failed and why; see [`Error`].
    pub async fn run(&self, query: Query) -> Result<Sheet, Error> {
        let started = Instant::now();
        let limit = self.budget.rows(query.limit);
        let mut answer = self
            .start(&query.sql, query.session, query.parameters, query.timeout)
            .await?;
        let kept = kept_columns(&answer.columns, query.pick);
        let mut writer = Writer::new(
            query.format,
            kept.iter().map(|kept| &kept.column),
            self.budget.max_bytes,
        );
        let hidden = hidden_cell(&answer.columns, query.hide);
        let is_hidden = |batch: &dyn Batch, row| {
            hidden
                .is_some_and(|(column, value)| batch.cell(row, column) == Cell::Text(value.into()))
        };
        let mut row_count: u64 = 0;
        let mut truncation = None;
        'rows: while let Some(batch) = answer.batches.next().await {
            let batch = batch?;
            for row in 0..batch.rows() {
                if is_hidden(&*batch, row) {
                    continue;
                }
                // Only a row beyond the limit shows that there is more.
                if row_count == limit {
                    truncation = Some(Truncation {
                        reason: TruncationReason::Rows,
                        limit,
                        may_be_raised: limit < self.budget.max_rows,
                    });
                    break 'rows;
                }
                if !writer.write_row(kept.iter().map(|kept| kept.cell(&*batch, row))) {
                    if row_count == 0 {
                        return Err(Error::RowTooLarge {
                            limit: self.budget.max_bytes,
                            query_id: answer.query_id,
                        });
                    }
                    truncation = Some(Truncation {
                        reason: TruncationReason::Bytes,
                        limit: self.budget.max_bytes as u64,
                        may_be_raised: false,
                    });
                    break 'rows;
                }
                row_count += 1;
            }
        }
        let (text, rows) = writer.finish();
        // The warehouse's own count includes what was hidden.
        let said = answer.total_rows.filter(|_| hidden.is_none());
        Ok(Sheet {
            text,
            rows,
            columns: kept.into_iter().map(|kept| kept.column).collect(),
            row_count,
            truncation,
            total_rows: said.or(truncation.is_none().then_some(row_count)),
            query_id: answer.query_id,
            elapsed: started.elapsed(),
        })
    }

    /// Checks and runs one of our own statements and keeps its values, at most the budget's maximum of rows.
    ///
    /// # Errors
    ///
    /// Which step failed and why; see [`Error`].
    pub async fn table(&self, sql: &str, session: Session) -> Result<Table, Error> {
        let mut answer = self.start(sql, session, Vec::new(), None).await?;
        let mut rows: Vec<Vec<Option<String>>> = Vec::new();
        let mut is_cut = false;
        'rows: while let Some(batch) = answer.batches.next().await {
            let batch = batch?;
            for row in 0..batch.rows() {
                if rows.len() as u64 == self.budget.max_rows {
                    is_cut = true;
                    break 'rows;
                }
                rows.push(
                    (0..answer.columns.len())
                        .map(|column| plain_text(&batch.cell(row, column)))
                        .collect(),
                );
            }
        }
        Ok(Table {
            columns: answer.columns.to_vec(),
            rows,
            query_id: answer.query_id,
            is_cut,
        })
    }

    async fn start(
        &self,
        sql: &str,
        session: Session,
        parameters: Vec<Parameter>,
        timeout: Option<Duration>,
    ) -> Result<Answer, Error> {
        let current = session
            .schema
            .as_ref()
            .and_then(|schema| schema.schema.as_ref())
            .or(session.database.as_ref())
            .or(self.default_database.as_ref());
        let statement = self.policy.approve(sql::parse(sql)?, current)?;
        let deadline = Instant::now() + self.budget.time(timeout);
        let run = Run {
            statement: Arc::new(statement),
            session,
            parameters,
            deadline,
            tag: self.tag.clone(),
        };
        Ok(self.warehouse.run(run).await?)
    }
}

impl Table {
    /// The rows, each to be asked by column name.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|values| Row {
            columns: &self.columns,
            values,
        })
    }
}

/// One row of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct Row<'table> {
    columns: &'table [Column],
    values: &'table [Option<String>],
}

impl<'table> Row<'table> {
    /// The value of a column, by name without regard to case; `None` for NULL, for blank and for no such column.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'table str> {
        let index = self
            .columns
            .iter()
            .position(|column| column.name.eq_ignore_ascii_case(name))?;
        self.values
            .get(index)?
            .as_deref()
            .filter(|value| !value.is_empty())
    }
}

/// A column of the result and where it comes from.
struct Kept {
    index: usize,
    column: Column,
    is_identifier: bool,
}

impl Kept {
    fn cell<'batch>(&self, batch: &'batch dyn Batch, row: usize) -> Cell<'batch> {
        match batch.cell(row, self.index) {
            Cell::Text(name) if self.is_identifier => match Identifier::exact(&*name) {
                Ok(identifier) => Cell::Text(identifier.to_string().into()),
                Err(_) => Cell::Text(name),
            },
            cell => cell,
        }
    }
}

fn hidden_cell(columns: &[Column], hide: Option<Hide>) -> Option<(usize, &'static str)> {
    let hide = hide?;
    let index = columns
        .iter()
        .position(|column| column.name.eq_ignore_ascii_case(hide.column))?;
    Some((index, hide.value))
}

fn kept_columns(columns: &[Column], pick: Option<&[Pick]>) -> Vec<Kept> {
    let Some(picks) = pick else {
        let keep = |(index, column): (usize, &Column)| Kept {
            index,
            column: column.clone(),
            is_identifier: false,
        };
        return columns.iter().enumerate().map(keep).collect();
    };
    picks
        .iter()
        .filter_map(|pick| {
            let index = columns
                .iter()
                .position(|column| column.name.eq_ignore_ascii_case(pick.source))?;
            let column = Column {
                name: pick.name.to_owned(),
                ..columns.get(index)?.clone()
            };
            Some(Kept {
                index,
                column,
                is_identifier: pick.is_identifier,
            })
        })
        .collect()
}
