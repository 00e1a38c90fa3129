//! Names of tables, schemas and columns from the catalog, kept for a minute: mistakes come in series.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use crate::sql::Identifier;

/// Long enough for the next attempts, short enough for a new table to be seen.
const TIME_TO_LIVE: Duration = Duration::from_secs(60);

/// Memory for all entries.
const MAX_BYTES: u64 = 4 << 20;

/// Lists of names, by what was asked.
#[derive(Clone)]
pub(super) struct NameCache(pub(super) Cache<Question, Arc<Vec<Listed>>>);

/// The key of an entry: the caller, the statement, and the session context it runs in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) caller: Arc<str>,
    pub(super) role: Option<Identifier>,
    pub(super) database: Option<Identifier>,
    pub(super) schema: Option<String>,
    pub(super) sql: String,
}

/// A name, and for a column the table it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) table: Option<String>,
}

impl Default for NameCache {
    fn default() -> Self {
        let weigh = |question: &Question, names: &Arc<Vec<Listed>>| {
            let bytes: usize = names.iter().map(Listed::bytes).sum();
            u32::try_from(bytes + question.sql.len() + 256).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(weigh)
            .time_to_live(TIME_TO_LIVE);
        Self(cache.build())
    }
}

impl Listed {
    pub(super) fn bytes(&self) -> usize {
        // And the two texts' own bytes.
        self.name.len() + self.table.as_ref().map_or(0, String::len) + 64
    }
}
