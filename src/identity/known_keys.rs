//! The API keys this server knows, as digests.
//!
//! SHA-256 digests are compared in constant time and always against every key, so that the time shows neither a key's
//! length nor its position in the list.

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::caller::{Caller, Kind};
use crate::config::ApiKey;
use crate::telemetry::hex;

/// The keys of `API_KEY` and `API_KEYS`.
#[derive(Debug, Clone, Default)]
pub struct KnownKeys(Vec<Known>);

#[derive(Debug, Clone)]
struct Known {
    digest: [u8; 32],
    caller: Caller,
}

impl KnownKeys {
    /// From the settings.
    pub fn new<'a>(keys: impl Iterator<Item = &'a ApiKey>) -> Self {
        let known = keys.map(|key| {
            let digest = digest(key.secret().expose_secret().as_bytes());
            let identity = format!("secret:{}", hex(digest.iter()));
            Known {
                digest,
                caller: Caller::new(Kind::Key, key.name().to_owned(), identity),
            }
        });
        Self(known.collect())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their digests.
    pub fn digests(&self) -> impl Iterator<Item = [u8; 32]> {
        self.0.iter().map(|known| known.digest)
    }

    /// The owner of a key. Takes the same time whether the key is the first, the last or unknown.
    pub(super) fn find(&self, key: &[u8]) -> Option<Caller> {
        let presented = digest(key);
        let mut found = Choice::from(0);
        let mut place = 0_u64;
        // No early end: the number of rounds must not depend on which key is right.
        for (index, known) in (0_u64..).zip(&self.0) {
            let is_this = known.digest.ct_eq(&presented);
            place.conditional_assign(&index, is_this);
            found |= is_this;
        }
        if !bool::from(found) {
            return None;
        }
        let place = usize::try_from(place).ok()?;
        self.0.get(place).map(|known| known.caller.clone())
    }
}

fn digest(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_whole_or_not_at_all() {
        let keys: Vec<ApiKey> = ["first", "second"]
            .map(|key| ApiKey::new(key.into()))
            .into();
        let keys = KnownKeys::new(keys.iter());
        // SHA-256("second") begins 16367aac
        let caller = keys.find(b"second").unwrap();
        assert_eq!(caller.name, "key:16367aac");
        assert_eq!(
            caller.identity.len(),
            "secret:".len() + 64,
            "the whole digest"
        );
        for wrong in ["", "firs", "FIRST", "first ", "third"] {
            assert!(keys.find(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }

    /// Row 55: how much of a guess is right does not show in the time it takes. What this can see in a debug build is a comparison that
    /// ends early; `cargo bench --bench verify` has the finer figures.
    #[test]
    fn a_guess_that_is_nearly_right_takes_as_long_as_any_other() {
        const LENGTH: usize = 20_000;
        let right = "k".repeat(LENGTH);
        let others = (0..20).map(|number| ApiKey::new(format!("{number:0>30}").into()));
        let keys: Vec<ApiKey> = others.chain([ApiKey::new(right.clone().into())]).collect();
        let keys = KnownKeys::new(keys.iter());
        let (mut first, mut last) = (right.clone().into_bytes(), right.into_bytes());
        first[0] = b'x';
        last[LENGTH - 1] = b'x';
        let time = |guess: &[u8]| {
            let began = std::time::Instant::now();
            assert!(keys.find(std::hint::black_box(guess)).is_none());
            began.elapsed()
        };
        let median = |mut times: Vec<std::time::Duration>| {
            times.sort_unstable();
            times[times.len() / 2].as_secs_f64()
        };
        // Turn and turn about, so that a busy machine is as unkind to the one as to the other; the best of some tries counts.
        let ratios = (0..5).map(|_| {
            let (mut of_first, mut of_last) = (Vec::new(), Vec::new());
            for _ in 0..200 {
                of_first.push(time(&first));
                of_last.push(time(&last));
            }
            (median(of_first) / median(of_last) - 1.0).abs()
        });
        let best = ratios.fold(f64::INFINITY, f64::min);
        assert!(best < 0.1, "they differ by {:.0} %", best * 100.0);
    }
}
