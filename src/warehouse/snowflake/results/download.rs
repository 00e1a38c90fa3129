//! Fetches one chunk of a result from cloud storage, with further attempts where one fails.

use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use flate2::read::GzDecoder;
use reqwest::header::HeaderMap;
use tracing::Instrument;
use url::Url;

use super::address::checked;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::{Endpoint, Reached};
use crate::warehouse;
use crate::warehouse::snowflake::backoff::Backoff;
use crate::warehouse::snowflake::client::USER_AGENT;
use crate::warehouse::snowflake::intake::{self, Unread};
use crate::warehouse::snowflake::memory::Memory;
use crate::warehouse::snowflake::wire::Chunk;

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
pub(in crate::warehouse::snowflake) struct Downloads {
    client: reqwest::Client,
    /// Whether chunks may come from this machine in clear text: only when the account itself is a fake one here.
    is_local: bool,
    pub(super) memory: Memory,
    metrics: Arc<Metrics>,
}

impl Downloads {
    /// A client of its own: no token ever goes to cloud storage.
    ///
    /// # Errors
    ///
    /// The TLS library could not be set up.
    pub(in crate::warehouse::snowflake) fn new(
        is_local: bool,
        memory: Memory,
        metrics: Arc<Metrics>,
    ) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            // Chunks say `gzip` or not, whatever they are: looked at instead, see `unpacked`.
            .no_gzip()
            .referer(false)
            // A redirect could lead to an address inside the network, past the check of the chunk's own address.
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

    /// Fetches a chunk until it can be read: one that cannot is a transfer that went wrong, like any other.
    pub(super) async fn fetch<T>(
        &self,
        chunk: &Chunk,
        headers: &HeaderMap,
        deadline: Instant,
        read: impl Fn(Bytes) -> Result<T, String>,
    ) -> Result<T, warehouse::Error> {
        let url = checked(&chunk.url, self.is_local).map_err(|why| unreachable(&why))?;
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT, RETRIES);
        let mut attempt = 0;
        loop {
            // Computed for each attempt: an attempt must not outlive the call.
            let left = deadline.saturating_duration_since(Instant::now());
            let watch = self.metrics.request(Endpoint::Chunk, &url, attempt);
            let longest = self.longest(chunk);
            let bytes = self
                .attempt(url.clone(), headers, left.min(CHUNK_TIMEOUT), longest)
                .instrument(watch.span())
                .await
                // Chunks may be compressed without a header that says so; their first bytes tell.
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
            // Another attempt would get the same answer.
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
    pub(super) fn longest(&self, chunk: &Chunk) -> u64 {
        let announced = chunk.uncompressed_size.saturating_mul(2);
        announced.max(ALWAYS_FITS).min(self.memory.size())
    }
}

/// Chunks are compressed or not, whatever their headers say. Packed and unpacked, one has `longest` bytes together.
fn unpacked(bytes: Bytes, longest: u64) -> Result<Bytes, String> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        // Its length was counted while it was read.
        return Ok(bytes);
    }
    let left = longest.saturating_sub(bytes.len() as u64);
    let likely = (bytes.len() as u64).saturating_mul(4).min(left);
    let mut plain = Vec::with_capacity(usize::try_from(likely).unwrap_or(0));
    GzDecoder::new(&*bytes)
        // One byte more than allowed shows that there is more, without decompressing it.
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
    use super::*;

    #[test]
    fn a_chunk_that_unpacks_to_more_than_its_room_is_told() {
        use std::io::Write;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(&[b'x'; 10_000]).unwrap();
        let packed = Bytes::from(packer.finish().unwrap());
        let both = 10_000 + packed.len() as u64;
        assert_eq!(unpacked(packed.clone(), both).unwrap().len(), 10_000);
        let refused = unpacked(packed, both - 1).unwrap_err();
        assert!(refused.contains("announced"), "{refused}");
    }
}
