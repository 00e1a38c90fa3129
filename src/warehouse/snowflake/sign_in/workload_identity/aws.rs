//! The attestation for AWS: a signed question "who am I?", which Snowflake puts to AWS in our place.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::SystemTime;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::BytesMut;
use futures::StreamExt;
use jiff::Timestamp;
use object_store::ClientOptions;
use object_store::aws::AmazonS3Builder;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
    ReqwestConnector,
};
use ring::hmac;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use super::setting::SETTING;
use crate::config::Cloud;
use crate::telemetry::hex;
use crate::warehouse::snowflake::intake;
use crate::warehouse::snowflake::sign_in::error::Error;

/// What signs a request.
pub(super) struct Signer<'a> {
    pub(super) key_id: &'a str,
    pub(super) secret: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
}

pub(super) async fn attest(cloud: &Cloud, now: SystemTime) -> Result<SecretString, Error> {
    let region = cloud
        .get("AWS_REGION")
        .or_else(|| cloud.get("AWS_DEFAULT_REGION"))
        .filter(|region| {
            region
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-')
        })
        .ok_or(Error::Setting {
            setting: "AWS_REGION",
            expected: "the region, for SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER=aws",
        })?;
    let unreachable = |source: object_store::Error| Error::Unreachable {
        who: "AWS's credentials service",
        setting: SETTING,
        source: Some(source.into()),
    };
    // object_store knows all the ways AWS hands out credentials; a bucket's name is the price of asking it.
    let builder = cloud
        .vars()
        .iter()
        .filter_map(|(name, value)| Some((name.to_ascii_lowercase().parse().ok()?, value)))
        .fold(AmazonS3Builder::new(), |builder, (key, value)| {
            builder.with_config(key, value)
        });
    let store = builder
        .with_bucket_name("unused")
        .with_region(region)
        .with_http_connector(Bounded)
        .build()
        .map_err(unreachable)?;
    let credential = store
        .credentials()
        .get_credential()
        .await
        .map_err(unreachable)?;
    let signer = Signer {
        key_id: &credential.key_id,
        secret: &credential.secret_key,
        region,
        service: "sts",
    };
    Ok(attestation(&signer, credential.token.as_deref(), now))
}

/// `object_store`'s way to the network, whose answers are no longer than credentials are.
#[derive(Debug)]
struct Bounded;

impl HttpConnector for Bounded {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Reader(client)))
    }
}

#[derive(Debug)]
struct Reader(HttpClient);

#[async_trait]
impl HttpService for Reader {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, body) = self.0.execute(request).await?.into_parts();
        let mut pieces = std::pin::pin!(intake::pieces(
            body.bytes_stream(),
            intake::SMALL,
            intake::SILENCE
        ));
        let mut all = BytesMut::new();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|why| HttpError::new(HttpErrorKind::Decode, why))?;
            all.extend_from_slice(&piece);
        }
        Ok(HttpResponse::from_parts(head, all.freeze().into()))
    }
}

fn attestation(signer: &Signer<'_>, token: Option<&str>, now: SystemTime) -> SecretString {
    let domain = if signer.region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    let host = format!("sts.{}.{domain}", signer.region);
    let query = "Action=GetCallerIdentity&Version=2011-06-15";
    let date = timestamp(now);
    let mut headers = BTreeMap::from([
        ("Host", host.clone()),
        ("X-Amz-Date", date.clone()),
        // Signed with the rest, so that nobody but Snowflake can use the request.
        ("X-Snowflake-Audience", "snowflakecomputing.com".to_owned()),
    ]);
    if let Some(token) = token {
        headers.insert("X-Amz-Security-Token", token.to_owned());
    }
    let authorization = authorization(signer, "POST", query, &headers, &date);
    headers.insert("Authorization", authorization);
    let request = serde_json::json!({
        "url": format!("https://{host}/?{query}"),
        "method": "POST",
        "headers": headers,
    });
    SecretString::from(STANDARD.encode(request.to_string()))
}

fn timestamp(now: SystemTime) -> String {
    let now = Timestamp::try_from(now).unwrap_or_default();
    now.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Signature version 4 of a request without a body to `/`.
fn authorization(
    signer: &Signer<'_>,
    method: &str,
    query: &str,
    headers: &BTreeMap<&str, String>,
    date: &str,
) -> String {
    // Names in lower case and in order, as Signature Version 4 prescribes.
    let lower: BTreeMap<String, &str> = headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
        .collect();
    let names = lower.keys().cloned().collect::<Vec<_>>().join(";");
    let mut canonical = format!("{method}\n/\n{query}\n");
    for (name, value) in &lower {
        let _ = writeln!(canonical, "{name}:{value}");
    }
    let _ = write!(canonical, "\n{names}\n{}", hex(Sha256::digest(b"").iter()));
    let day = date.get(..8).unwrap_or_default();
    let scope = format!("{day}/{}/{}/aws4_request", signer.region, signer.service);
    let hash = hex(Sha256::digest(canonical.as_bytes()).iter());
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hash}");
    let start = format!("AWS4{}", signer.secret).into_bytes();
    let key = [day, signer.region, signer.service, "aws4_request"]
        .into_iter()
        .fold(start, |key, part| mac(&key, part));
    format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={}",
        signer.key_id,
        hex(mac(&key, &to_sign).iter()),
    )
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `get-vanilla` of AWS's published Signature Version 4 test suite.
    #[test]
    fn a_request_is_signed_as_aws_publishes_it() {
        let signer = Signer {
            key_id: "AKIDEXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
            service: "service",
        };
        let date = "20150830T123600Z";
        let headers = BTreeMap::from([
            ("Host", "example.amazonaws.com".to_owned()),
            ("X-Amz-Date", date.to_owned()),
        ]);
        assert_eq!(
            authorization(&signer, "GET", "", &headers, date),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
        assert_eq!(timestamp(SystemTime::UNIX_EPOCH), "19700101T000000Z");
    }
}
