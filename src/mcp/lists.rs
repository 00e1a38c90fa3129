//! The list of tools. It depends only on what its caller may reach, so it is written once for each kind of caller.

use std::sync::OnceLock;

use rmcp::model::{CacheScope, ListToolsResult};

use super::tools::{Entry, Registry};
use crate::identity::{Caller, Kind, Reach, Scopes};

/// Milliseconds that clients may keep the list of tools. It changes only with a new version or other settings.
pub(super) const TTL_MS: u64 = 300_000;

/// The tools for a caller.
pub(super) fn list(registry: &Registry, scopes: &Scopes, caller: &Caller) -> ListToolsResult {
    // Tools that the caller could reach by signing in again are shown: calling one tells it which scope to ask for.
    let shown = |entry: &&Entry| {
        entry.is_granted(caller) && scopes.could_reach(caller.reach, entry.needs())
    };
    let tools = registry
        .iter()
        .filter(shown)
        .map(|entry| entry.description.clone());
    let list = ListToolsResult::with_all_items(tools.collect());
    list.with_ttl_ms(TTL_MS).with_cache_scope(scope(caller))
}

/// Whether other callers may get the same list from a cache: not if tokens or grants differ in what they reach.
pub(super) fn scope(caller: &Caller) -> CacheScope {
    match (caller.kind, &caller.grant) {
        (Kind::Token, _) | (_, Some(_)) => CacheScope::Private,
        _ => CacheScope::Public,
    }
}

/// The lists as they are sent. Each is written when it is first asked for.
#[derive(Debug, Default)]
pub(super) struct Lists([[OnceLock<String>; 2]; 4]);

impl Lists {
    /// The list for a caller, from `list` if it has not been written yet.
    pub(super) fn write(
        &self,
        caller: &Caller,
        json: &mut String,
        list: impl FnOnce() -> ListToolsResult,
    ) {
        // Not cached: there can be any number of grants, and they change.
        if caller.grant.is_some() {
            json.push_str(&text(list()));
            return;
        }
        let [nothing, catalog, query, write] = &self.0;
        // Eight lists at most. Keys and tokens differ in the cache scope that the list names.
        let [of_keys, of_tokens] = match caller.reach {
            Reach::Nothing => nothing,
            Reach::Catalog => catalog,
            Reach::Query => query,
            Reach::Write => write,
        };
        let place = match caller.kind {
            Kind::Token => of_tokens,
            _ => of_keys,
        };
        json.push_str(place.get_or_init(|| text(list())));
    }
}

fn text(mut list: ListToolsResult) -> String {
    // A field of the revision without a handshake.
    list.result_type = None;
    // Cannot fail: it holds only values that JSON has.
    serde_json::to_string(&list).unwrap_or_default()
}
