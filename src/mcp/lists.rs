//! The list of tools, which depends on what its caller may reach and on nothing else: written once for each kind of caller.

use std::sync::OnceLock;

use rmcp::model::{CacheScope, ListToolsResult};

use super::tools::{Entry, Registry};
use crate::identity::{Caller, Kind, Reach, Scopes};

/// Milliseconds that clients may keep the list of tools. It changes only with a new version or other settings.
pub(super) const TTL_MS: u64 = 300_000;

/// The tools for a caller.
pub(super) fn list(registry: &Registry, scopes: &Scopes, caller: &Caller) -> ListToolsResult {
    // What a caller can get to by signing in again is shown: it learns of the scope by calling.
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

/// Who else may be shown a list that this caller got: where tokens or grants differ in what they reach, nobody.
pub(super) fn scope(caller: &Caller) -> CacheScope {
    match (caller.kind, &caller.grant) {
        (Kind::Token, _) | (_, Some(_)) => CacheScope::Private,
        _ => CacheScope::Public,
    }
}

/// The lists as they are sent, each written when it is first asked for.
#[derive(Debug, Default)]
pub(super) struct Lists([[OnceLock<String>; 2]; 4]);

impl Lists {
    /// Writes the list for a caller, which `list` makes.
    pub(super) fn write(
        &self,
        caller: &Caller,
        json: &mut String,
        list: impl FnOnce() -> ListToolsResult,
    ) {
        // There are as many grants as the operator likes, and they come and go.
        if caller.grant.is_some() {
            json.push_str(&text(list()));
            return;
        }
        let [nothing, catalog, query, write] = &self.0;
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
    // New with the revision that has no handshake.
    list.result_type = None;
    // Cannot fail, there is nothing in it that JSON does not have.
    serde_json::to_string(&list).unwrap_or_default()
}
