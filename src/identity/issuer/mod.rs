//! One issuer: what its tokens must say, and the keys they are checked with.

mod discovery;
pub(super) mod keeper;
mod options;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::runtime::Handle;

use super::token::{Claims, Expected, Fault, Form};
use crate::telemetry::metrics::Metrics;
use discovery::Source;
use keeper::Keeper;
pub use options::IssuerOptions;

/// An issuer whose tokens are accepted. Its keys are fetched in the background for as long as it lives.
#[derive(Debug)]
pub struct Issuer {
    options: IssuerOptions,
    expected: Expected,
    keeper: Keeper,
    place: usize,
}

impl Issuer {
    /// Starts to fetch the issuer's keys on this runtime. `place` is the issuer's number in metrics, whose labels should not
    /// hold free text.
    #[must_use]
    pub fn start(
        options: IssuerOptions,
        place: usize,
        http: &reqwest::Client,
        runtime: &Handle,
        metrics: &Arc<Metrics>,
    ) -> Self {
        let source = Source::new(http.clone(), &options);
        let keeper = Keeper::start(source, place, options.max_stale, runtime, metrics);
        Self {
            place,
            ..Self::with_keeper(options, keeper)
        }
    }

    pub(super) fn with_keeper(options: IssuerOptions, keeper: Keeper) -> Self {
        let expected = Expected {
            audiences: options.audiences.clone(),
            leeway: options.leeway,
            subject_claim: options.subject_claim.clone(),
            name_claims: options.name_claims.clone(),
        };
        Self {
            options,
            expected,
            keeper,
            place: 0,
        }
    }

    /// The issuer's number in metrics.
    #[must_use]
    pub fn place(&self) -> usize {
        self.place
    }

    /// The options it was started with.
    #[must_use]
    pub fn options(&self) -> &IssuerOptions {
        &self.options
    }

    /// Whether the keys have arrived at least once.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        self.keeper.has_keys()
    }

    /// Checks a token of this issuer.
    pub(super) async fn check(&self, token: &Form<'_>) -> Result<Claims, Fault> {
        // Before any key is touched: a token must not choose an algorithm that the operator has not
        // allowed (RFC 8725, 3.1).
        if !self.options.algorithms.contains(&token.algorithm) {
            return Err(Fault::Algorithm);
        }
        if self.options.require_at_jwt && !token.is_at_jwt {
            return Err(Fault::NotAccess);
        }
        let keys = self.keeper.keys().await?;
        let is_signed = |keys: &super::token::KeySet| {
            keys.verifies(
                token.key_id.as_deref(),
                token.algorithm,
                token.message,
                &token.signature,
            )
        };
        if !is_signed(&keys) {
            // The issuer may have new keys.
            let has_key = keys.has(token.key_id.as_deref(), token.algorithm);
            let newer = self.keeper.newer().await;
            let keys = newer.keys.as_ref().unwrap_or(&keys);
            if !is_signed(keys) {
                let has_key = has_key || keys.has(token.key_id.as_deref(), token.algorithm);
                return Err(match (has_key, newer.is_failing) {
                    (true, _) => Fault::Signature,
                    // Without keys no token can be called wrong.
                    (false, true) => Fault::Unavailable,
                    (false, false) => Fault::UnknownKey,
                });
            }
        }
        // Only now, because nothing that an unsigned token says may decide which error its sender
        // sees.
        Claims::read(&token.claims, token.is_at_jwt, &self.expected, now())
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
