//! How the tag of a statement says whose it is, in the warehouse's own records.

use sha2::{Digest, Sha256};

use crate::telemetry::hex;

/// Bytes of the digest. The short name in logs has four or eight: by chance two callers have the same one.
const BYTES: usize = 16;

/// The mark of the caller with this identity. The identity, which may be the digest of a key, cannot be derived from
/// it.
#[must_use]
pub fn owner_mark(identity: &str) -> String {
    hex(Sha256::digest(identity).iter().take(BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_differ_where_identities_do_and_hold_nothing_of_them() {
        let mark = owner_mark("key:0123456789abcdef");
        assert_eq!(mark.len(), 2 * BYTES);
        assert_eq!(mark, owner_mark("key:0123456789abcdef"));
        assert_ne!(mark, owner_mark("key:0123456789abcdee"));
        assert!(!mark.contains("0123"));
    }
}
