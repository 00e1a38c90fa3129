//! The identity that a cloud gives the process, attested to Snowflake.

mod aws;
mod setting;

use std::time::SystemTime;

use reqwest::{Client, RequestBuilder};
use secrecy::SecretString;
use serde::Deserialize;

use self::setting::SETTING;
use super::blocking::blocking;
use super::error::Error;
use super::oauth::send;
use super::token::TokenSource;
use crate::config::Cloud;

/// The application that Snowflake is in Azure, the same for all accounts.
const AZURE_RESOURCE: &str = "api://fd3f753b-eed3-462c-b6a7-a4b5bb650aad";

/// Who vouches for the workload.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Attestor {
    /// Amazon Web Services.
    Aws(Cloud),
    /// Microsoft Azure, by managed identity.
    Azure(Cloud),
    /// Google Cloud.
    Gcp,
    /// Any OpenID Connect issuer, such as a Kubernetes cluster for a service account.
    Oidc(TokenSource),
}

impl Attestor {
    /// The word for a login request's `PROVIDER`.
    pub(super) const fn provider(&self) -> &'static str {
        match self {
            Self::Aws(_) => "AWS",
            Self::Azure(_) => "AZURE",
            Self::Gcp => "GCP",
            Self::Oidc(_) => "OIDC",
        }
    }

    /// A fresh attestation. `metadata` goes through no proxy: the services it asks are on this machine's own link.
    pub(super) async fn attest(&self, metadata: &Client) -> Result<SecretString, Error> {
        match self {
            Self::Oidc(token) => {
                let token = token.clone();
                blocking(move || token.read()).await
            }
            Self::Gcp => {
                let request = metadata
                    .get("http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity")
                    .query(&[("audience", "snowflakecomputing.com"), ("format", "full")])
                    .header("Metadata-Flavor", "Google");
                let body = ask(request, "Google Cloud's metadata service").await?;
                String::from_utf8(body.to_vec())
                    .map(|text| SecretString::from(text.trim()))
                    .map_err(|_| Error::Token { setting: SETTING })
            }
            Self::Azure(environment) => {
                let body = ask(
                    azure_request(environment, metadata),
                    "Azure's identity service",
                )
                .await?;
                let token: AzureToken =
                    serde_json::from_slice(&body).map_err(|_| Error::Token { setting: SETTING })?;
                Ok(SecretString::from(token.access_token))
            }
            Self::Aws(cloud) => aws::attest(cloud, SystemTime::now()).await,
        }
    }
}

#[derive(Deserialize)]
struct AzureToken {
    access_token: String,
}

/// App Service, Functions and Container Apps say where to ask; on a machine of its own it is always the same address.
fn azure_request(environment: &Cloud, metadata: &Client) -> RequestBuilder {
    let told = environment
        .get("IDENTITY_ENDPOINT")
        .zip(environment.get("IDENTITY_HEADER"));
    match told {
        Some((endpoint, header)) => metadata
            .get(endpoint)
            .query(&[("api-version", "2019-08-01"), ("resource", AZURE_RESOURCE)])
            .header("X-IDENTITY-HEADER", header),
        None => metadata
            .get("http://169.254.169.254/metadata/identity/oauth2/token")
            .query(&[("api-version", "2018-02-01"), ("resource", AZURE_RESOURCE)])
            .header("Metadata", "true"),
    }
}

async fn ask(request: RequestBuilder, who: &'static str) -> Result<bytes::Bytes, Error> {
    let (status, body) = send(request, who, SETTING).await?;
    if status.is_success() {
        return Ok(body);
    }
    Err(Error::Refused {
        who,
        reason: status.to_string(),
        setting: SETTING,
    })
}
