//! `snowflake-mcp healthcheck`: asks the local `/livez`, for container health checks in images without a shell.
//!
//! One request and one status line: an HTTP client library would be the largest part of the command.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::config;

/// Docker's own limit for a health check is 30 s by default; a process that needs longer than this for a constant answer
/// is not well.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why the process does not count as alive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system refused what is needed to ask.
    #[error("the health check could not run: {0}")]
    Runtime(io::Error),
    /// No answer in time.
    #[error("{address} did not answer GET /livez within {PATIENCE:?}")]
    TimedOut {
        /// Who was asked.
        address: String,
    },
    /// Nobody listens, or the connection broke.
    #[error("{address} cannot be reached: {source}")]
    Unreachable {
        /// Who was asked.
        address: String,
        /// Why not.
        source: io::Error,
    },
    /// An answer other than 200.
    #[error("{address} answered GET /livez with {answer:?}")]
    Unwell {
        /// Who was asked.
        address: String,
        /// The status line, or what came instead.
        answer: String,
    },
}

/// Asks the server that these settings describe, on this machine.
///
/// # Errors
///
/// It is not there, does not answer in time, or does not answer 200.
pub async fn ask(server: &config::Server, tls: &config::Tls) -> Result<(), Error> {
    let port = server.management_port.unwrap_or(server.port);
    let host = local_name(&server.host);
    let address = format!("{host}:{port}");
    // The management port is plain HTTP always.
    let is_https = server.management_port.is_none() && tls.cert_file.is_some();
    let asked = async {
        match is_https {
            true => status_over_tls(host, port).await,
            false => status_line(host, port).await,
        }
    };
    let status_line = tokio::time::timeout(PATIENCE, asked)
        .await
        .map_err(|_| Error::TimedOut {
            address: address.clone(),
        })?
        .map_err(|source| Error::Unreachable {
            address: address.clone(),
            source,
        })?;
    // `/livez`: a container must not be restarted because Snowflake is down.
    if status_line.split(' ').nth(1) == Some("200") {
        return Ok(());
    }
    Err(Error::Unwell {
        address,
        answer: status_line,
    })
}

/// A name under which a server listening on `host` can be reached from this machine.
fn local_name(host: &str) -> &str {
    match host.trim_start_matches('[').trim_end_matches(']') {
        "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        host => host,
    }
}

/// The same by HTTPS. Whose the certificate is does not matter: it is made for the name that others know, and here is asked only
/// whether somebody answers.
async fn status_over_tls(host: &str, port: u16) -> io::Result<String> {
    let host = match host.contains(':') {
        true => format!("[{host}]"),
        false => host.to_owned(),
    };
    let client = reqwest::Client::builder()
        .danger_accept_invalid_certs(true)
        // HTTP_PROXY of the environment is for Snowflake, and no proxy can reach this machine's own
        // address.
        .no_proxy()
        .build()
        .map_err(io::Error::other)?;
    let asked = client.get(format!("https://{host}:{port}/livez")).send();
    let answer = asked.await.map_err(io::Error::other)?;
    Ok(format!("HTTP/1.1 {}", answer.status()))
}

async fn status_line(host: &str, port: u16) -> io::Result<String> {
    /// Enough for `HTTP/1.1 200 OK`; the rest of the answer does not matter.
    const LONGEST: u64 = 128;
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    let mut stream = TcpStream::connect(addresses.as_slice()).await?;
    stream
        .write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).await?;
    let line = answer.split(|byte| *byte == b'\r').next().unwrap_or(&[]);
    Ok(String::from_utf8_lossy(line).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_every_address_is_asked_on_loopback() {
        assert_eq!(local_name("0.0.0.0"), "127.0.0.1");
        assert_eq!(local_name("[::]"), "::1");
        assert_eq!(local_name("10.0.0.7"), "10.0.0.7");
        assert_eq!(local_name("localhost"), "localhost");
    }
}
