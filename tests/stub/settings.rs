//! How it behaves when nothing is broken.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::keys;

/// `POST /stub/settings` takes any of these.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How far away it is: the time from a request to its answer, of every request, half of it there and half of it back.
    pub latency_ms: u64,
    /// How long a sign-in takes.
    pub login_delay_ms: u64,
    /// How long a query request waits for its statement before it answers "in progress"; the service's own 45 s, unless a
    /// test has no time for that.
    pub sync_window_ms: u64,
    /// How long a poll for a result waits before it answers "in progress" (the service: about 45 s).
    pub long_poll_ms: u64,
    /// How long every statement takes on top of what its text says.
    pub statement_delay_ms: u64,
    pub token_lifetime_s: f64,
    pub master_lifetime_s: f64,
    /// The only account there is; without it, any. Others are answered as the service answers for hosts of nobody: 403.
    pub account: Option<String>,
    /// The only user there is, in upper case; without it, any.
    pub user: Option<String>,
    /// The only password that is accepted; without it, any.
    pub password: Option<String>,
    /// The only token (OAuth, PAT, workload identity) that is accepted; without it, any.
    pub token: Option<String>,
    /// Whether OAuth tokens are JWTs whose `sub` names the user, as a security integration maps it; a token that is none is refused.
    pub tokens_name_users: bool,
    /// Users whose sign-in is refused, in upper case, with the code.
    pub refused_users: BTreeMap<String, String>,
    /// Whether everything that clients send is kept, heads and bodies, for [`Stub::heard`](super::Stub::heard).
    pub listens: bool,
    /// Whether a sign-in with the browser also gives an id token.
    pub allow_id_token: bool,
    /// The public key, PEM, that key-pair sign-ins must be signed with; without it a JWT is only looked at.
    pub require_jwt_key: Option<String>,
    /// A second one, as users have while their key is being replaced.
    pub require_jwt_key_2: Option<String>,
    /// How far its clock is ahead of this machine's, in seconds: it judges signed tokens by it, and tells it in `Date`.
    pub clock_ahead_s: i64,
    /// Granted in place of the role that was asked for; empty grants none.
    pub role_granted: Option<String>,
    /// Granted in place of the warehouse that was asked for; empty grants none.
    pub warehouse_granted: Option<String>,
    /// Parameters that sessions have whatever their sign-in asks for.
    pub parameters_forced: serde_json::Map<String, Value>,
    /// `host:port` that `getResultUrl` points to, with a scheme; without it the URL is relative.
    pub result_url_host: Option<String>,
    /// `host:port` that chunk URLs point to, in place of the stub itself.
    pub chunk_url_host: Option<String>,
    /// Chunks are 64 MiB of zeros, packed to a thousandth of it and announced as what they should be.
    pub chunk_bomb: bool,
    /// Leave out `rowtype`, as no version of the service does.
    pub no_rowtype: bool,
    /// Leave out `statementTypeId`, as peers do that are not the service.
    pub no_type_id: bool,
    /// Leave out the statement's id while it runs, as no version of the service does.
    pub no_query_id: bool,
    /// A renewal ends the master token that it was asked with.
    pub masters_end: bool,
    /// Leave out `chunkHeaders`: clients have to make them from `qrmk`.
    pub qrmk_only: bool,
    /// How many rows a SHOW has: the same whatever is shown. Without it, two and few columns.
    pub shown: usize,
    /// The names that every SHOW and DESCRIBE has, of columns after their table's: `T.C`. Without any, `shown` says.
    pub catalog: Vec<String>,
    /// Whether SHOW looks into the generated account.
    pub generated_account: bool,
    /// How long a SHOW or DESCRIBE takes.
    pub catalog_delay_ms: u64,
    /// What `EXPLAIN USING JSON` expects every statement to scan.
    pub explain_bytes: u64,
    /// "arrow" or "json", for results whose text does not say.
    pub format: String,
    /// Answers to statements that contain a text, before anything else is made of them.
    pub answers: Vec<Scripted>,
    /// What `POST /stub/page` is answered with.
    pub page: String,
}

/// What a test knows that Snowflake would answer.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scripted {
    /// In any case.
    pub contains: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Option<String>>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            latency_ms: 0,
            login_delay_ms: 0,
            sync_window_ms: 45_000,
            long_poll_ms: 2_000,
            statement_delay_ms: 0,
            token_lifetime_s: 3_600.0,
            master_lifetime_s: 14_400.0,
            account: None,
            user: None,
            password: None,
            token: None,
            tokens_name_users: false,
            refused_users: BTreeMap::new(),
            listens: false,
            allow_id_token: true,
            require_jwt_key: None,
            require_jwt_key_2: None,
            clock_ahead_s: 0,
            role_granted: None,
            warehouse_granted: None,
            parameters_forced: serde_json::Map::new(),
            result_url_host: None,
            chunk_url_host: None,
            chunk_bomb: false,
            no_rowtype: false,
            no_type_id: false,
            no_query_id: false,
            masters_end: false,
            qrmk_only: false,
            shown: 0,
            catalog: Vec::new(),
            generated_account: false,
            catalog_delay_ms: 0,
            explain_bytes: 0,
            format: "arrow".to_owned(),
            answers: Vec::new(),
            page: String::new(),
        }
    }
}

impl Settings {
    /// How long a session token and a master token live.
    pub fn lifetimes(&self) -> (Duration, Duration) {
        (
            Duration::from_secs_f64(self.token_lifetime_s),
            Duration::from_secs_f64(self.master_lifetime_s),
        )
    }

    /// The public keys that are accepted; without any, none is asked for.
    pub fn keys(&self) -> Vec<&str> {
        let both = [&self.require_jwt_key, &self.require_jwt_key_2];
        both.into_iter().flatten().map(String::as_str).collect()
    }

    /// Its own time.
    pub fn clock(&self) -> SystemTime {
        let by = Duration::from_secs(self.clock_ahead_s.unsigned_abs());
        let now = SystemTime::now();
        if self.clock_ahead_s < 0 {
            now - by
        } else {
            now + by
        }
    }

    /// These settings with those of `wanted` in place of theirs.
    pub fn merged(&self, wanted: &Value) -> serde_json::Result<Self> {
        let mut all = serde_json::to_value(self)?;
        if let (Some(all), Some(wanted)) = (all.as_object_mut(), wanted.as_object()) {
            all.extend(wanted.clone());
        }
        let merged: Self = serde_json::from_value(all)?;
        for pem in merged.keys() {
            keys::fingerprint(pem).map_err(serde::de::Error::custom)?;
        }
        Ok(merged)
    }
}
