//! Sessions and the tokens that stand for them.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::wire::Refusal;

/// All sessions there ever were, and the tokens that were given out for them.
#[derive(Default)]
pub struct Sessions {
    last_id: i64,
    by_id: HashMap<i64, Session>,
    tokens: HashMap<String, Token>,
}

/// One sign-in.
#[derive(Clone, Default)]
pub struct Session {
    pub id: i64,
    pub user: String,
    pub database: Option<String>,
    pub schema: Option<String>,
    pub warehouse: Option<String>,
    pub role: Option<String>,
    /// Names in upper case.
    pub parameters: BTreeMap<String, Value>,
    pub is_closed: bool,
}

struct Token {
    session: i64,
    kind: Kind,
    expires: Instant,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Session,
    Master,
}

/// What a test can take away from all clients at once.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Session tokens are expired: 390112 until they are renewed.
    SessionTokens,
    /// Both kinds are expired: a renewal is answered with 390114.
    MasterTokens,
    /// The service knows neither sessions nor tokens any more: HTTP 401 and 390104.
    Sessions,
}

impl Sessions {
    /// A session for the signed-in user, with its session token and its master token.
    pub fn open(
        &mut self,
        mut session: Session,
        lifetimes: (Duration, Duration),
    ) -> (i64, String, String) {
        self.last_id += 1;
        // Beyond what a 32-bit number holds, as the service's are.
        session.id = 1_128_500_000_000 + self.last_id;
        let id = session.id;
        self.by_id.insert(id, session);
        let (token, master) = self.issue(id, lifetimes);
        (id, token, master)
    }

    pub fn issue(
        &mut self,
        session: i64,
        (token, master): (Duration, Duration),
    ) -> (String, String) {
        let mut issue = |kind, lifetime| {
            let text = format!("ver:3-hint:{session}-{}", Uuid::new_v4().simple());
            let expires = Instant::now() + lifetime;
            self.tokens.insert(
                text.clone(),
                Token {
                    session,
                    kind,
                    expires,
                },
            );
            text
        };
        (issue(Kind::Session, token), issue(Kind::Master, master))
    }

    pub fn user_of(&self, id: i64) -> Option<String> {
        self.by_id.get(&id).map(|session| session.user.clone())
    }

    /// The session of an unexpired token of this kind.
    pub fn holder(&self, token: &str, kind: Kind) -> Result<&Session, Refusal> {
        let unknown =
            || Refusal::unauthorized("390104", "Session token is not recognized by the server.");
        let token = self
            .tokens
            .get(token)
            .filter(|it| it.kind == kind)
            .ok_or_else(unknown)?;
        let session = self.by_id.get(&token.session).ok_or_else(unknown)?;
        if session.is_closed {
            return Err(Refusal::new(
                "390111",
                "Session no longer exists. New login required to access the service.",
            ));
        }
        if token.expires <= Instant::now() {
            return Err(match kind {
                Kind::Session => {
                    Refusal::new("390112", "Your session has expired. Please login again.")
                }
                Kind::Master => Refusal::new(
                    "390114",
                    "Authentication token has expired. The user must authenticate again.",
                ),
            });
        }
        Ok(session)
    }

    /// Ends the session of a master token that has expired; whether it was still there.
    pub fn end_expired(&mut self, master: &str) -> bool {
        let Some(token) = self.tokens.get(master) else {
            return false;
        };
        let is_over = token.kind == Kind::Master && token.expires <= Instant::now();
        match self.by_id.get_mut(&token.session) {
            Some(session) if is_over && !session.is_closed => {
                session.is_closed = true;
                true
            }
            _ => false,
        }
    }

    pub fn get_mut(&mut self, id: i64) -> Option<&mut Session> {
        self.by_id.get_mut(&id)
    }

    /// The session tokens given out so far are of no use from here on.
    pub fn retire_tokens_of(&mut self, session: i64) {
        let old = self
            .tokens
            .values_mut()
            .filter(|it| it.session == session && it.kind == Kind::Session);
        old.for_each(|token| token.expires = Instant::now());
    }

    /// A token that is known no more.
    pub fn forget(&mut self, token: &str) {
        self.tokens.remove(token);
    }

    pub fn lose(&mut self, what: Loss) {
        if what == Loss::Sessions {
            self.by_id.clear();
            self.tokens.clear();
        }
        for token in self.tokens.values_mut() {
            if token.kind == Kind::Session || what == Loss::MasterTokens {
                token.expires = Instant::now();
            }
        }
    }
}

/// The session parameters, as every reply lists them.
pub fn parameter_list(session: &Session) -> Value {
    let all = session.parameters.iter();
    all.map(|(name, value)| json!({ "name": name, "value": value }))
        .collect()
}

/// What a session has before its sign-in asks for more.
pub fn default_parameters() -> BTreeMap<String, Value> {
    let all = [
        ("AUTOCOMMIT", json!(true)),
        ("BINARY_OUTPUT_FORMAT", json!("HEX")),
        ("CLIENT_PREFETCH_THREADS", json!(4)),
        ("CLIENT_RESULT_CHUNK_SIZE", json!(160)),
        ("CLIENT_SESSION_KEEP_ALIVE", json!(false)),
        (
            "CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY",
            json!(3_600),
        ),
        ("CLIENT_TELEMETRY_ENABLED", json!(false)),
        ("DATE_OUTPUT_FORMAT", json!("YYYY-MM-DD")),
        ("GEOGRAPHY_OUTPUT_FORMAT", json!("GeoJSON")),
        ("MULTI_STATEMENT_COUNT", json!(1)),
        ("PYTHON_CONNECTOR_QUERY_RESULT_FORMAT", json!("ARROW")),
        ("STATEMENT_TIMEOUT_IN_SECONDS", json!(172_800)),
        (
            "TIMESTAMP_NTZ_OUTPUT_FORMAT",
            json!("YYYY-MM-DD HH24:MI:SS.FF3"),
        ),
        (
            "TIMESTAMP_OUTPUT_FORMAT",
            json!("YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM"),
        ),
        ("TIMEZONE", json!("UTC")),
        ("TIME_OUTPUT_FORMAT", json!("HH24:MI:SS")),
    ];
    all.map(|(name, value)| (name.to_owned(), value)).into()
}
