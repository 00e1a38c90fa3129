//! From the reply that describes a result to its rows: what lies in the reply first, then the chunks in cloud storage, in
//! order, a few ahead of the reader.
//!
//! Nothing is fetched that nobody reads: dropping the stream ends the downloads.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::read::GzDecoder;
use futures::{Stream, StreamExt, stream};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tracing::Instrument;
use url::{Host, Url};

use super::account;
use super::backoff::Backoff;
use super::error::Error;
use super::intake::{self, Unread};
use super::memory::{Memory, Share, Taken};
use super::rows::Schema;
use super::statement;
use super::wire::{Chunk, Data};
use crate::sql::show::Show;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::{Endpoint, Reached};
use crate::warehouse::{self, Answer, Batch, skip};

/// Pieces fetched at once for one result, as the official drivers do.
const PREFETCH: usize = 4;

/// A chunk may have so many bytes whatever was announced: small ones are mostly descriptions of themselves.
const ALWAYS_FITS: u64 = 512 * 1024;

/// Attempts after the first for one chunk.
const RETRIES: u32 = 4;

/// First and longest wait before another attempt.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Limit of one attempt; cloud storage that is slower than this for a chunk is as good as down.
const CHUNK_TIMEOUT: Duration = Duration::from_secs(60);

/// Fetches chunks of results. A cheap clone.
#[derive(Clone)]
pub(super) struct Downloads {
    client: reqwest::Client,
    /// Whether chunks may come from this machine in clear text: only when the account itself is a fake one here.
    is_local: bool,
    memory: Memory,
    metrics: Arc<Metrics>,
}

impl Downloads {
    /// A client of its own: no token ever goes to cloud storage.
    ///
    /// # Errors
    ///
    /// The TLS library could not be set up.
    pub(super) fn new(
        is_local: bool,
        memory: Memory,
        metrics: Arc<Metrics>,
    ) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .user_agent(super::client::USER_AGENT)
            // Pieces say `gzip` or not, whatever they are: looked at instead, see `unpacked`.
            .no_gzip()
            .referer(false)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .build()?;
        Ok(Self {
            client,
            is_local,
            memory,
            metrics,
        })
    }

    /// Makes an answer of a finished statement's reply, from the row `skip` on. Pieces that hold only rows before it are
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
        let is_show = data.statement_type_id.is_some_and(statement::is_show);
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

    /// Fetches a chunk until it can be read: one that cannot is a transfer that went wrong, like any other.
    async fn fetch<T>(
        &self,
        chunk: &Chunk,
        headers: &HeaderMap,
        deadline: Instant,
        read: impl Fn(Bytes) -> Result<T, String>,
    ) -> Result<T, warehouse::Error> {
        let url = self.checked(&chunk.url)?;
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT, RETRIES);
        let mut attempt = 0;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let watch = self.metrics.request(Endpoint::Chunk, &url, attempt);
            let longest = self.longest(chunk);
            let bytes = self
                .attempt(url.clone(), headers, left.min(CHUNK_TIMEOUT), longest)
                .instrument(watch.span())
                .await
                .and_then(|bytes| unpacked(bytes, longest).map_err(Why::damaged));
            let piece = bytes.and_then(|bytes| read(bytes).map_err(Why::damaged));
            match &piece {
                Ok(_) => watch.ended(Reached::Ok, Some(200)),
                Err(why) => watch.ended(why.reached, why.status),
            }
            let why = match piece {
                Ok(piece) => return Ok(piece),
                Err(why) => why,
            };
            if !why.passes {
                return Err(unreachable(&why.text));
            }
            let Some(wait) = backoff.next_before(deadline, None) else {
                return Err(unreachable(&why.text));
            };
            attempt += 1;
            self.metrics.snowflake_retried(Endpoint::Chunk);
            tokio::time::sleep(wait).await;
        }
    }

    async fn attempt(
        &self,
        url: Url,
        headers: &HeaderMap,
        limit: Duration,
        longest: u64,
    ) -> Result<Bytes, Why> {
        let sent = self
            .client
            .get(url)
            .headers(headers.clone())
            .timeout(limit)
            .send();
        let response = sent.await.map_err(Why::network)?;
        let status = response.status();
        if !status.is_success() {
            return Err(Why {
                text: format!("cloud storage answered {status}"),
                // Storage refuses a right signature now and then; the official drivers ask again as well.
                passes: status.is_server_error() || matches!(status.as_u16(), 403 | 408 | 429),
                reached: Reached::status(status.as_u16()),
                status: Some(status.as_u16()),
            });
        }
        let bytes = intake::whole(response, longest)
            .await
            .map_err(Why::unread)?;
        self.metrics.downloaded(bytes.len());
        Ok(bytes)
    }

    /// How many bytes a chunk may have at the most, packed and unpacked together: the announced number, and as much again. That it
    /// is not more than there is memory for was seen before.
    fn longest(&self, chunk: &Chunk) -> u64 {
        let announced = chunk.uncompressed_size.saturating_mul(2);
        announced.max(ALWAYS_FITS).min(self.memory.size())
    }

    /// The address comes from a reply. It must be cloud storage: not this machine, not its neighbours, not in clear text.
    fn checked(&self, address: &str) -> Result<Url, warehouse::Error> {
        let refused = |why: &str| {
            Err(unreachable(&format!(
                "a chunk of the result lies at an address that is not fetched from: {why}"
            )))
        };
        let Ok(url) = Url::parse(address) else {
            return refused("it is no address");
        };
        if self.is_local && account::is_loopback(&url) {
            return Ok(url);
        }
        if url.scheme() != "https" {
            return refused("it is not https");
        }
        let is_inside = match url.host() {
            Some(Host::Ipv4(ip)) => is_private(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => is_private(IpAddr::V6(ip)),
            // A name may lead inside rightly: PrivateLink gives storage private addresses.
            Some(Host::Domain(_)) | None => account::is_loopback(&url),
        };
        if is_inside {
            return refused("it is inside this network");
        }
        Ok(url)
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

/// Pieces are compressed or not, whatever their headers say. Packed and unpacked, one has `longest` bytes together.
fn unpacked(bytes: Bytes, longest: u64) -> Result<Bytes, String> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        // Its length was counted while it was read.
        return Ok(bytes);
    }
    let left = longest.saturating_sub(bytes.len() as u64);
    let likely = (bytes.len() as u64).saturating_mul(4).min(left);
    let mut plain = Vec::with_capacity(usize::try_from(likely).unwrap_or(0));
    GzDecoder::new(&*bytes)
        .take(left.saturating_add(1))
        .read_to_end(&mut plain)
        .map_err(|error| error.to_string())?;
    // What is packed tightly enough fills any memory.
    if plain.len() as u64 > left {
        return Err(format!(
            "more than {longest} bytes, far beyond what was announced"
        ));
    }
    Ok(plain.into())
}

/// Whether an address belongs to no host of the internet: private ones, those of the machine and of its link, of carriers
/// (RFC 6598), of tests (RFC 2544), of protocols (RFC 6890), of many hosts at once; and IPv6 addresses that carry one of IPv4, for a
/// gateway would take them there.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_multicast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 198 && (b & 0xfe) == 18)
                || (a, b, c) == (192, 0, 0)
        }
        IpAddr::V6(ip) => {
            let parts = ip.segments();
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                // Mapped and compatible (::/32 is nobody's otherwise), NAT64 (RFC 6052, RFC 8215), Teredo, 6to4.
                || parts.starts_with(&[0, 0])
                || parts.starts_with(&[0x64, 0xff9b])
                || parts.starts_with(&[0x2001, 0])
                || parts.starts_with(&[0x2002])
                // Site-local, long out of use.
                || (0xfec0..=0xfeff).contains(&parts[0])
        }
    }
}

fn unreachable(message: &str) -> warehouse::Error {
    warehouse::Error::Unreachable {
        message: message.to_owned(),
        source: None,
    }
}

/// Why an attempt failed.
struct Why {
    text: String,
    passes: bool,
    reached: Reached,
    /// Of the answer, where there was one.
    status: Option<u16>,
}

impl Why {
    fn damaged(how: String) -> Self {
        Self {
            text: format!("a chunk of the result is damaged: {how}"),
            passes: true,
            reached: Reached::Unreadable,
            status: Some(200),
        }
    }

    fn unread(why: Unread) -> Self {
        match why {
            Unread::TooLarge { limit } => Self {
                // It would be as long again.
                passes: false,
                ..Self::damaged(format!(
                    "more than {limit} bytes, far beyond what was announced"
                ))
            },
            why => Self {
                text: why.to_string(),
                passes: true,
                reached: Reached::Network,
                status: None,
            },
        }
    }

    fn network(error: reqwest::Error) -> Self {
        // The address is signed: whoever reads it in a log could fetch the rows.
        let error = error.without_url();
        Self {
            text: crate::telemetry::chain(&error),
            passes: true,
            reached: Reached::Network,
            status: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_that_are_no_hosts_of_the_internet_are_told() {
        let is_private = |text: &str| is_private(text.parse().unwrap());
        for inside in [
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.2",
            "169.254.169.254",
            "172.31.0.1",
            "192.0.0.192",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::a00:1",
            "2001:0:1:2::3",
            "2002:a00:1::1",
            "fc00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(is_private(inside), "{inside}");
        }
        for outside in [
            "52.95.110.1",
            "100.63.255.255",
            "100.128.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "2600:1f00::1",
            "2a05:d000::1",
        ] {
            assert!(!is_private(outside), "{outside}");
        }
    }

    #[test]
    fn a_piece_that_unpacks_to_more_than_its_room_is_told() {
        use std::io::Write;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(&[b'x'; 10_000]).unwrap();
        let packed = Bytes::from(packer.finish().unwrap());
        let both = 10_000 + packed.len() as u64;
        assert_eq!(unpacked(packed.clone(), both).unwrap().len(), 10_000);
        let refused = unpacked(packed, both - 1).unwrap_err();
        assert!(refused.contains("announced"), "{refused}");
    }

    proptest! {
        #[test]
        fn only_pieces_with_wanted_rows_are_fetched(
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
