//! The setting to look at when an attestation fails.

pub(super) const SETTING: &str = "SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER";
