//! Reads lists of names from the catalog, within a short time.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;

use crate::query::name_cache::{Listed, Question};
use crate::query::shown_rows::{self, ShownRows};
use crate::query::{Error, Queries};
use crate::sql::QualifiedName;
use crate::telemetry::metrics::labels::Cache;
use crate::warehouse::SessionContext;

/// How long the catalog may take: the caller is waiting for an error message.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// Bytes of names that are read from one list.
const LIST_BYTES: usize = 256 << 10;

/// A list to read: its statement, the column that has the names and, for columns, the one that has their tables.
pub(super) struct Listing {
    pub(super) sql: String,
    pub(super) name: &'static str,
    pub(super) table: Option<&'static str>,
}

impl Listing {
    pub(super) fn of(sql: String) -> Self {
        Self {
            sql,
            name: "name",
            table: None,
        }
    }
}

impl Queries {
    /// The names of a list, from the cache or the warehouse; `None` if they do not come in time.
    pub(super) async fn listed(
        &self,
        listing: Listing,
        session: &SessionContext,
    ) -> Option<Arc<Vec<Listed>>> {
        let question = Question {
            caller: self.caller.clone(),
            role: session.role.clone(),
            database: session.database.clone(),
            schema: session.schema.as_ref().map(QualifiedName::quoted),
            sql: listing.sql.clone(),
        };
        let known = self.common.name_cache.0.get(&question);
        self.common.metrics.looked_up(Cache::Names, known.is_some());
        if known.is_some() {
            return known;
        }
        let names = tokio::time::timeout(PATIENCE, self.asked(&listing, session)).await;
        let names = Arc::new(names.ok()?.ok()?);
        self.common
            .name_cache
            .0
            .insert(question, Arc::clone(&names));
        Some(names)
    }

    async fn asked(
        &self,
        listing: &Listing,
        session: &SessionContext,
    ) -> Result<Vec<Listed>, Error> {
        let run = self
            .approved(&listing.sql, session.clone(), Vec::new(), Some(PATIENCE))
            .await?;
        let filter = run.statement.row_filter().cloned();
        self.note_sent(&run);
        let mut answer = self.warehouse.run(run).await?;
        let shown = ShownRows::new(&answer.columns, filter, None);
        let name = shown_rows::place(&answer.columns, listing.name);
        let table = listing
            .table
            .and_then(|table| shown_rows::place(&answer.columns, table));
        let mut names = Vec::new();
        let mut bytes = 0;
        'rows: while let Some(batch) = answer.batches.next().await {
            let batch = batch?;
            for row in (0..batch.rows()).filter(|row| shown.contain(&*batch, *row)) {
                let text = |column: Option<usize>| {
                    Some(shown_rows::text(&*batch, row, column?)?.into_owned())
                };
                let Some(name) = text(name) else { continue };
                let listed = Listed {
                    name,
                    table: text(table),
                };
                bytes += listed.bytes();
                if bytes > LIST_BYTES {
                    break 'rows;
                }
                names.push(listed);
            }
        }
        Ok(names)
    }
}
