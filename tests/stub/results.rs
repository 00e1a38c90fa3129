//! Results on the wire: inline or in chunks, Arrow or JSON.

use std::{io::Write, ops::Range, sync::OnceLock, time::Duration};

use actix_web::{HttpRequest, HttpResponse, http::header, rt::time::sleep, web};
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use super::{
    State,
    columns::{Column, Table},
    counters::Leaving,
};

/// What storage wants to see with each request for a chunk; `qrmk` holds the second.
const ALGORITHM: &str = "x-amz-server-side-encryption-customer-algorithm";
const KEY: &str = "x-amz-server-side-encryption-customer-key";

/// A result and how it is to be sent.
#[derive(Clone)]
pub struct Results {
    pub source: Source,
    pub format: Format,
    /// The rows that come with the reply; the rest comes in chunks.
    pub inline: usize,
    pub chunk: usize,
    pub gzip: Gzip,
    /// How long storage takes to answer.
    pub delay: Duration,
}

#[derive(Clone)]
pub enum Source {
    Table(Table),
    /// Rows of `ID`, `NAME` and, in turns, more of both kinds, made when they are asked for: a large result takes no memory.
    Numbered {
        rows: usize,
        columns: usize,
    },
}

#[derive(Clone, Copy, PartialEq)]
pub enum Format {
    Arrow,
    Json,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Gzip {
    No,
    /// With `Content-Encoding`, which HTTP libraries undo by themselves.
    Declared,
    /// Without: the reader has to look.
    Bare,
}

impl Source {
    fn rows(&self) -> usize {
        match self {
            Self::Table(table) => table.rows(),
            Self::Numbered { rows, .. } => *rows,
        }
    }

    fn part(&self, from: usize, rows: usize) -> Table {
        match self {
            Self::Table(table) => {
                let part = table.0.iter().map(|column| Column {
                    rowtype: column.rowtype.clone(),
                    array: column.array.slice(from, rows),
                    cells: column.cells[from..from + rows].to_vec(),
                });
                Table(part.collect())
            }
            Self::Numbered { columns, .. } => {
                let ids = from..from + rows;
                let numbers: Vec<_> = ids.clone().map(|id| i128::try_from(id).ok()).collect();
                let column = |index| match (index, index % 2) {
                    (0, _) => Column::fixed("ID", 18, 0, &numbers),
                    (_, 0) => Column::fixed(&format!("ID_{index}"), 18, 0, &numbers),
                    (1, _) => named("NAME", ids.clone()),
                    (_, _) => named(&format!("NAME_{index}"), ids.clone()),
                };
                Table((0..*columns).map(column).collect())
            }
        }
    }
}

fn named(column: &str, ids: Range<usize>) -> Column {
    Column::text(column, ids.map(|id| Some(format!("name {id}"))).collect())
}

impl Results {
    /// A small one: all rows inline.
    pub fn inline(table: Table, format: Format) -> Self {
        Self {
            inline: table.rows(),
            source: Source::Table(table),
            format,
            chunk: 0,
            gzip: Gzip::No,
            delay: Duration::ZERO,
        }
    }

    pub fn rowtype(&self) -> Vec<Value> {
        self.source
            .part(0, 0)
            .0
            .into_iter()
            .map(|column| column.rowtype)
            .collect()
    }

    fn chunks(&self) -> Vec<(usize, usize)> {
        let total = self.source.rows();
        let starts = (self.inline.min(total)..total).step_by(self.chunk.max(1));
        starts
            .map(|from| (from, self.chunk.max(1).min(total - from)))
            .collect()
    }

    /// Its part of a reply's `data`.
    pub fn fields(&self, state: &State, query_id: &str) -> Value {
        let total = self.source.rows();
        let first = self.source.part(0, self.inline.min(total));
        let mut fields = json!({
            "rowtype": self.rowtype(), "total": total, "returned": total,
            "queryResultFormat": if self.format == Format::Arrow { "arrow" } else { "json" },
        });
        if state.settings().no_rowtype {
            fields["rowtype"] = Value::Null;
        }
        match self.format {
            // The service sends no schema when there are no rows.
            Format::Arrow if first.rows() == 0 => fields["rowsetBase64"] = json!(""),
            Format::Arrow => fields["rowsetBase64"] = json!(STANDARD.encode(first.arrow())),
            Format::Json => fields["rowset"] = json!(first.json()),
        }
        let chunks = self.chunks();
        if !chunks.is_empty() {
            let settings = state.settings();
            let here = format!("http://{}", state.address);
            let host = settings.chunk_url_host.as_ref().unwrap_or(&here);
            let list = chunks.iter().enumerate().map(|(index, (_, rows))| {
                // Sizes are hints to clients; making the chunk only to measure it would cost more than they are worth.
                let size = rows * 24;
                json!({
                    "url": format!("{host}/chunks/{query_id}/{index}?signature=a%2Bb%3D"), "rowCount": rows,
                    "uncompressedSize": size, "compressedSize": size,
                })
            });
            fields["chunks"] = list.collect();
            fields["qrmk"] = json!(key_of(query_id));
            if !settings.qrmk_only {
                fields["chunkHeaders"] = json!({ ALGORITHM: "AES256", KEY: key_of(query_id) });
            }
        }
        fields
    }

    fn encoded(&self, index: usize) -> Option<Vec<u8>> {
        let (from, rows) = *self.chunks().get(index)?;
        let part = self.source.part(from, rows);
        let plain = match self.format {
            Format::Arrow => part.arrow(),
            Format::Json => {
                let rows: Vec<String> = part.json().iter().map(Value::to_string).collect();
                rows.join(",\n").into_bytes()
            }
        };
        if self.gzip == Gzip::No {
            return Some(plain);
        }
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&plain).unwrap();
        packer.finish().ok()
    }
}

/// 64 MiB of nothing, packed once.
fn zeros() -> &'static [u8] {
    static PACKED: OnceLock<Vec<u8>> = OnceLock::new();
    PACKED.get_or_init(|| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&vec![0; 64 << 20]).unwrap();
        packer.finish().unwrap()
    })
}

/// The key that opens the chunks of this query.
fn key_of(query_id: &str) -> String {
    STANDARD.encode(query_id.replace('-', ""))
}

/// Storage: knows nothing of sessions, wants its headers as they were given.
pub async fn chunk(
    state: web::Data<State>,
    request: HttpRequest,
    path: web::Path<(String, usize)>,
) -> HttpResponse {
    let (query_id, index) = path.into_inner();
    state.counters().chunk_begins();
    let _leaving = Leaving(&state, |counters| counters.concurrent_chunk_gets -= 1);
    if request.headers().contains_key(header::AUTHORIZATION) {
        state.counters().token_leaked_to_chunk += 1;
        return HttpResponse::Forbidden().body("<Error><Code>InvalidArgument</Code></Error>");
    }
    let has = |name: &str, value: &str| request.headers().get(name).is_some_and(|it| it == value);
    if !has(ALGORITHM, "AES256") || !has(KEY, &key_of(&query_id)) {
        state.counters().bad_chunk_headers += 1;
        return HttpResponse::Forbidden().body("<Error><Code>AccessDenied</Code></Error>");
    }
    let finished = state.statements().finished(&query_id);
    let Some(finished) = finished else {
        return HttpResponse::NotFound().body("<Error><Code>NoSuchKey</Code></Error>");
    };
    sleep(finished.results.delay).await;
    if state.settings().chunk_bomb {
        return HttpResponse::Ok().body(zeros());
    }
    let Some(body) = finished.results.encoded(index) else {
        return HttpResponse::NotFound().body("<Error><Code>NoSuchKey</Code></Error>");
    };
    let mut response = HttpResponse::Ok();
    if finished.results.gzip == Gzip::Declared {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    response.content_type("application/octet-stream").body(body)
}
