//! Where spans go: OTLP over gRPC or HTTP, as the `OTEL_` variables say.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use percent_encoding::percent_decode_str;
use secrecy::ExposeSecret;
use tonic::metadata::{Ascii, MetadataKey, MetadataMap};

use crate::config::Telemetry;

/// The default of the specification.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why spans cannot be sent. Never contains the value of a header, which may be a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The exporter could not be made.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT: {0}")]
    Exporter(String),
    /// A header whose name or value HTTP does not allow.
    #[error("OTEL_EXPORTER_OTLP_HEADERS: entry {0} is not of the form name=value")]
    Header(usize),
}

/// `None` where the settings ask for no traces.
pub(super) fn exporter(
    settings: &Telemetry,
    resource: &Resource,
) -> Result<Option<SpanExporter>, Error> {
    let is_off = settings.otel_sdk_disabled == Some(true)
        || settings.otel_traces_exporter.as_deref() == Some("none");
    let Some((endpoint, is_whole)) = endpoint(settings).filter(|_| !is_off) else {
        return Ok(None);
    };
    let timeout = settings
        .otel_exporter_otlp_timeout
        .map_or(TIMEOUT, Duration::from_millis);
    let headers = settings.otel_exporter_otlp_headers.as_ref();
    let headers = headers.map_or_else(|| Ok(Vec::new()), |said| read(said.expose_secret()))?;
    let failed = |error: &dyn std::error::Error| Error::Exporter(crate::telemetry::chain(error));
    let built = if settings.otel_exporter_otlp_protocol.as_deref() == Some("grpc") {
        let mut metadata = MetadataMap::new();
        for (place, (name, value)) in headers.iter().enumerate() {
            let refused = |_| Error::Header(place + 1);
            let name: MetadataKey<Ascii> = name.to_ascii_lowercase().parse().map_err(refused)?;
            let value = value.parse().map_err(|_| Error::Header(place + 1))?;
            metadata.insert(name, value);
        }
        SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .with_timeout(timeout)
            .with_metadata(metadata)
            .build()
    } else {
        // The variable for traces alone is the whole address, the general one is a base (OTLP
        // exporter specification).
        let path = if is_whole { "" } else { "/v1/traces" };
        let client = reqwest::Client::builder()
            .timeout(timeout)
            // The headers may hold a token, which must not go to another host.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| failed(&error))?;
        SpanExporter::builder()
            .with_http()
            .with_http_client(Client(client))
            .with_endpoint(format!("{}{path}", endpoint.trim_end_matches('/')))
            .with_timeout(timeout)
            .with_headers(headers.into_iter().collect::<HashMap<_, _>>())
            .build()
    };
    let mut exporter = built.map_err(|error| failed(&error))?;
    opentelemetry_sdk::trace::SpanExporter::set_resource(&mut exporter, resource);
    Ok(Some(exporter))
}

/// The variable for traces wins, and its address is used as it is. To the general variable's address the path for traces is
/// added.
fn endpoint(settings: &Telemetry) -> Option<(String, bool)> {
    let own = settings.otel_exporter_otlp_traces_endpoint.clone();
    let general = settings.otel_exporter_otlp_endpoint.clone();
    let own = own.map(|endpoint| (endpoint, true));
    own.or_else(|| general.map(|endpoint| (endpoint, false)))
}

/// `name=value,…`, with percent-encoded values as in the specification.
fn read(headers: &str) -> Result<Vec<(String, String)>, Error> {
    let read = |(place, pair): (usize, &str)| {
        let refused = Error::Header(place + 1);
        let Some((name, value)) = pair.split_once('=') else {
            return Err(refused);
        };
        let value = percent_decode_str(value.trim()).decode_utf8_lossy();
        let is_header = http::HeaderName::try_from(name.trim()).is_ok()
            && http::HeaderValue::try_from(&*value).is_ok();
        if is_header {
            Ok((name.trim().to_owned(), value.into_owned()))
        } else {
            Err(refused)
        }
    };
    let pairs = headers.split(',').enumerate();
    pairs
        .filter(|(_, pair)| !pair.trim().is_empty())
        .map(read)
        .collect()
}

/// The HTTP client that the rest of the service uses, so that there is only one in the program.
#[derive(Debug)]
struct Client(reqwest::Client);

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, HttpError> {
        let response = self.0.execute(request.try_into()?).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut answer = http::Response::new(response.bytes().await?);
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_headers_are_percent_encoded() {
        for (said, value) in [
            ("Bearer%20a%3Db", "Bearer a=b"),
            ("100%", "100%"),
            ("%zz", "%zz"),
        ] {
            let headers = read(&format!("authorization={said}")).unwrap();
            assert_eq!(headers, [("authorization".to_owned(), value.to_owned())]);
        }
        assert!(matches!(read("a=b,c"), Err(Error::Header(2))));
    }
}
