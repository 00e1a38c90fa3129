//! From the reply that describes a result to its rows: what lies in the reply first, then the chunks in cloud storage, in
//! order, a few ahead of the reader.
//!
//! Nothing is fetched that nobody reads: dropping the stream ends the downloads.

mod address;
mod download;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

pub(super) use self::download::Downloads;
use super::error::Error;
use super::memory::{Share, Taken};
use super::rows::Schema;
use super::statement;
use super::wire::{Chunk, Data};
use crate::sql::show::Show;
use crate::warehouse::{self, Answer, Batch, skip};

/// Chunks fetched at once for one result, as the official drivers do.
const PREFETCH: usize = 4;

impl Downloads {
    /// Makes an answer of a finished statement's reply, from the row `skip` on. Chunks that hold only rows before it are
    /// not fetched.
    pub(super) fn answer(
        self,
        mut data: Data,
        skip: u64,
        deadline: Instant,
    ) -> Result<Answer, Error> {
        let held = data.held.take();
        let zone = data
            .parameters
            .iter()
            .flatten()
            .find(|parameter| parameter.name == "TIMEZONE")
            .and_then(|parameter| parameter.value.as_str());
        // Without it the rows would be read as none, and nobody would miss them.
        let Some(rowtype) = data.rowtype.as_deref() else {
            return Err(Error::Protocol(
                "Snowflake's answer to the statement does not describe its columns".to_owned(),
            ));
        };
        let schema = Schema::new(rowtype, zone);
        let is_arrow = data
            .query_result_format
            .as_deref()
            .is_some_and(|format| format.eq_ignore_ascii_case("arrow"));
        let inline = inline(&schema, data.rowset_base64, data.rowset)?;
        let (inline, skip) = skip::batches(inline, skip);
        // Nothing in the reply says that there are more.
        let is_show = data.statement_type_id.is_some_and(statement::kind::is_show);
        let full_at = data.total.filter(|rows| is_show && *rows == Show::LONGEST);
        let (chunks, skip) = from_row(data.chunks.unwrap_or_default(), skip);
        let headers = headers(data.chunk_headers, data.qrmk)?;
        let later = Later {
            memory: self.memory.share(),
            downloads: self,
            schema: schema.clone(),
            headers: Arc::new(headers),
            is_arrow,
            deadline,
        };
        let rest = skip::rows(later.batches(chunks), skip);
        // What came with the answer is counted until it is read.
        let batches = stream::iter(inline.into_iter().map(Ok))
            .chain(stream::poll_fn(move |_| {
                let _held = &held;
                std::task::Poll::Ready(None)
            }))
            .chain(rest);
        Ok(Answer {
            query_id: data.query_id.unwrap_or_default(),
            columns: schema.columns(),
            batches: Box::pin(batches),
            total_rows: data.total,
            full_at,
        })
    }
}

/// The chunks that lie in cloud storage.
struct Later {
    downloads: Downloads,
    schema: Schema,
    headers: Arc<HeaderMap>,
    is_arrow: bool,
    deadline: Instant,
    memory: Share,
}

type Decoded = Result<(Vec<Box<dyn Batch>>, Taken), warehouse::Error>;

impl Later {
    fn batches(
        self,
        chunks: Vec<Chunk>,
    ) -> impl Stream<Item = Result<Box<dyn Batch>, warehouse::Error>> + Send {
        let this = Arc::new(self);
        let that = Arc::clone(&this);
        stream::iter(chunks)
            // One after the other, so that memory goes to the chunk that is read next.
            .then(move |chunk| Arc::clone(&that).with_memory(chunk))
            .map(move |chunk| Arc::clone(&this).decoded(chunk))
            .buffered(PREFETCH)
            .flat_map(|decoded: Decoded| match decoded {
                // The memory is given back when the reader has taken the last row of the chunk.
                Ok((batches, memory)) => stream::iter(batches.into_iter().map(Ok))
                    .chain(stream::poll_fn(move |_| {
                        let _held = &memory;
                        std::task::Poll::Ready(None)
                    }))
                    .left_stream(),
                Err(error) => stream::iter([Err(error)]).right_stream(),
            })
    }

    async fn with_memory(
        self: Arc<Self>,
        chunk: Chunk,
    ) -> Result<(Chunk, Taken), warehouse::Error> {
        let announced = chunk.uncompressed_size;
        if announced > self.downloads.memory.size() {
            return Err(warehouse::Error::Busy {
                retry_after: None,
                message: format!(
                    "a chunk of the result has {announced} bytes, more than DOWNLOAD_MEMORY_LIMIT of the server allows for all"
                ),
            });
        }
        // Cells that came as text are kept as single texts; an Arrow chunk is read where it lies.
        let times = if self.is_arrow { 1 } else { 2 };
        let size = self.downloads.longest(&chunk).saturating_mul(times);
        let memory = self.memory.take(size, self.deadline).await?;
        Ok((chunk, memory))
    }

    async fn decoded(self: Arc<Self>, chunk: Result<(Chunk, Taken), warehouse::Error>) -> Decoded {
        let (chunk, memory) = chunk?;
        let batches = self
            .downloads
            .fetch(&chunk, &self.headers, self.deadline, |bytes| {
                self.read(&chunk, bytes)
            })
            .await?;
        Ok((batches, memory))
    }

    /// The rows of a chunk. Their number is compared with the one announced, because a stream that was cut between two of
    /// its messages looks whole.
    fn read(&self, chunk: &Chunk, bytes: Bytes) -> Result<Vec<Box<dyn Batch>>, String> {
        let batches = if self.is_arrow {
            self.schema.arrow(bytes)
        } else {
            self.schema.json_chunk(&bytes).map(|batch| vec![batch])
        };
        let batches = batches.map_err(|error| crate::telemetry::chain(&error))?;
        let rows: usize = batches.iter().map(|batch| batch.rows()).sum();
        if u64::try_from(rows) != Ok(chunk.row_count) {
            return Err(format!("{rows} rows where {} are", chunk.row_count));
        }
        Ok(batches)
    }
}

/// The chunks from the row `skip` on, and how many rows of the first of them are to be skipped.
fn from_row(mut all: Vec<Chunk>, mut skip: u64) -> (Vec<Chunk>, u64) {
    let whole = all
        .iter()
        .take_while(|chunk| {
            let is_read = chunk.row_count <= skip;
            if is_read {
                skip -= chunk.row_count;
            }
            is_read
        })
        .count();
    (all.split_off(whole), skip)
}

fn inline(
    schema: &Schema,
    arrow: Option<String>,
    json: Option<Vec<Vec<Option<String>>>>,
) -> Result<Vec<Box<dyn Batch>>, Error> {
    let broken = |error: &dyn std::error::Error| {
        let why = crate::telemetry::chain(error);
        Error::Protocol(format!("a result could not be read: {why}"))
    };
    if let Some(text) = arrow.filter(|text| !text.is_empty()) {
        let bytes = STANDARD.decode(text).map_err(|error| broken(&error))?;
        return schema.arrow(bytes.into()).map_err(|error| broken(&error));
    }
    match json {
        Some(rows) if !rows.is_empty() => schema
            .json_rows(rows)
            .map(|batch| vec![batch])
            .map_err(|error| broken(&error)),
        _ => Ok(Vec::new()),
    }
}

/// What cloud storage is to be told: the headers of the reply, or the key they would carry.
fn headers(
    told: Option<BTreeMap<String, String>>,
    key: Option<String>,
) -> Result<HeaderMap, Error> {
    let told = match (told, key) {
        (Some(told), _) => told,
        (None, Some(key)) => BTreeMap::from([
            (
                "x-amz-server-side-encryption-customer-algorithm".to_owned(),
                "AES256".to_owned(),
            ),
            ("x-amz-server-side-encryption-customer-key".to_owned(), key),
        ]),
        (None, None) => BTreeMap::new(),
    };
    let mut headers = HeaderMap::new();
    for (name, value) in told {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_str(&value);
        let (Ok(name), Ok(mut value)) = (name, value) else {
            return Err(Error::Protocol(
                "the headers for a result's chunks are no HTTP headers".to_owned(),
            ));
        };
        // They carry the key that opens the chunks.
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn only_chunks_with_wanted_rows_are_fetched(
            sizes in prop::collection::vec(0_u64..5, 0..8),
            skip in 0_u64..50,
        ) {
            let all: Vec<_> = sizes
                .iter()
                .map(|rows| Chunk { row_count: *rows, ..Chunk::default() })
                .collect();
            let total: u64 = sizes.iter().sum();
            let (kept, left) = from_row(all, skip);
            let kept_rows: u64 = kept.iter().map(|chunk| chunk.row_count).sum();
            prop_assert_eq!(kept_rows.saturating_sub(left), total.saturating_sub(skip));
            prop_assert!(kept.first().is_none_or(|first| first.row_count > left));
        }
    }
}
