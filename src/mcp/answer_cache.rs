//! The response cache: answers of the tools that list and describe objects. An exploring agent asks the same question several
//! times.
//!
//! Each caller has its own entries, so no caller sees what it could not have asked for. Entries live only for a short time,
//! because Snowflake does not tell us when the catalog changes.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::sync::Cache;
use rmcp::model::JsonObject;

use super::tools::Reply;
use crate::identity::{Caller, Grant};

/// Memory for all cached answers.
const MAX_BYTES: u64 = 16 << 20;

/// The cached answers.
pub struct AnswerCache(Option<Cache<CacheKey, (Instant, Reply)>>);

/// The caller, the tool and the arguments.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CacheKey {
    caller: Arc<str>,
    granted: Granted,
    tool: String,
    /// The arguments as JSON, whose keys are in order.
    arguments: String,
}

/// Identifies the caller's grant. A grant that was read again may allow less under the same name, so it counts as another.
#[derive(Debug, Clone)]
struct Granted(Option<Arc<Grant>>);

impl Granted {
    /// The address of the grant. The key holds the grant as well, so no other can be made at this address meanwhile.
    fn place(&self) -> Option<*const Grant> {
        self.0.as_ref().map(Arc::as_ptr)
    }
}

impl PartialEq for Granted {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl Eq for Granted {}

impl Hash for Granted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.place().hash(state);
    }
}

impl CacheKey {
    pub(super) fn new(caller: &Caller, tool: &str, arguments: &JsonObject) -> Self {
        Self {
            caller: Arc::clone(&caller.identity),
            granted: Granted(caller.grant.clone()),
            tool: tool.to_owned(),
            arguments: serde_json::to_string(arguments).unwrap_or_default(),
        }
    }
}

impl AnswerCache {
    /// A cache whose entries live for at most `ttl`; zero turns it off.
    #[must_use]
    pub fn for_at_most(ttl: Duration) -> Self {
        if ttl.is_zero() {
            return Self(None);
        }
        let weigh = |key: &CacheKey, (_, reply): &(Instant, Reply)| {
            let bytes = key.arguments.len() + reply.size();
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(weigh)
            .time_to_live(ttl);
        Self(Some(cache.build()))
    }

    /// The answer given before, marked with its age.
    pub(super) fn get(&self, key: &CacheKey) -> Option<Reply> {
        let (at, reply) = self.0.as_ref()?.get(key)?;
        Some(reply.aged(at.elapsed()))
    }

    pub(super) fn put(&self, key: CacheKey, reply: &Reply) {
        if let Some(cache) = &self.0 {
            cache.insert(key, (Instant::now(), reply.clone()));
        }
    }
}
