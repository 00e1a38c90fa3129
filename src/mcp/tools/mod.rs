//! The tools, one file each, and the registry that lists and calls them.
//!
//! A tool is a type that implements [`Tool`]: its texts, its argument and output types, and `call`. [`Registry::whole`] is
//! the list. To add a tool, write its file and add its line.

mod cancel_query;
mod closing;
mod describe_semantic_view;
mod describe_table;
mod describe_view;
mod document;
mod entry;
mod execute_query;
mod explain_query;
mod fetch_results;
mod fit;
mod list_databases;
mod list_schemas;
mod list_semantic_views;
mod list_tables;
mod list_views;
mod listing;
mod output;
mod profile_table;
mod query_history;
mod query_profile;
mod query_semantic_view;
mod query_status;
mod query_view;
mod reference;
mod reply;
mod schema;
mod search_objects;
mod semantic_view;
mod show_context;
mod tool;

use std::sync::Arc;

use super::failure::{Code, Failure};
pub use crate::config::Toolset;
use crate::identity::Caller;
use crate::warehouse::WarehouseKind;
pub use entry::Entry;
pub(in crate::mcp) use entry::Outcome;
pub(in crate::mcp) use listing::page as first_page;
pub use reference::reference;
pub use reply::{Form, Reply};
pub use tool::{CallContext, Tool};

/// Bytes that every client accepts in an answer: the default of `MAX_RESULT_BYTES`.
const USUAL_BYTES: usize = 32 << 10;

/// What Claude Code lets a tool ask for at most.
const MOST_CHARACTERS: usize = 500_000;

/// The tools that are switched on, in the order in which an agent needs them.
pub struct Registry {
    entries: Vec<Entry>,
}

impl Registry {
    /// All tools of the given sets.
    #[must_use]
    pub fn new(toolsets: &[Toolset]) -> Self {
        let mut registry = Self::whole();
        registry
            .entries
            .retain(|entry| entry.toolsets().any(|toolset| toolsets.contains(&toolset)));
        registry
    }

    /// The names of all tools, also of those that are switched off.
    pub fn names() -> impl Iterator<Item = String> {
        let entries = Self::whole().entries.into_iter();
        entries.map(|entry| entry.name().to_owned())
    }

    /// The list of the tools.
    fn whole() -> Self {
        let mut registry = Self {
            entries: Vec::new(),
        };
        // Finding, looking, asking, and what follows from it.
        // Models prefer what they read first, so the order is that of a good piece of work.
        registry.add::<search_objects::SearchObjects>();
        registry.add::<list_databases::ListDatabases>();
        registry.add::<list_schemas::ListSchemas>();
        registry.add::<list_tables::ListTables>();
        registry.add::<list_views::ListViews>();
        registry.add::<describe_table::DescribeTable>();
        registry.add::<describe_view::DescribeView>();
        registry.add::<query_view::QueryView>();
        registry.add::<execute_query::ExecuteQuery>();
        registry.add::<fetch_results::FetchResults>();
        registry.add::<query_status::QueryStatus>();
        registry.add::<cancel_query::CancelQuery>();
        registry.add::<explain_query::ExplainQuery>();
        registry.add::<profile_table::ProfileTable>();
        registry.add::<query_history::QueryHistory>();
        registry.add::<query_profile::QueryProfile>();
        registry.add::<show_context::ShowContext>();
        registry.add::<list_semantic_views::ListSemanticViews>();
        registry.add::<describe_semantic_view::DescribeSemanticView>();
        registry.add::<query_semantic_view::QuerySemanticView>();
        registry
    }

    /// The same in front of that warehouse: without what it cannot answer.
    #[must_use]
    pub fn on(mut self, warehouse: WarehouseKind) -> Self {
        self.entries
            .retain(|entry| warehouse == WarehouseKind::Snowflake || !entry.needs_account);
        self
    }

    /// The same, for a policy under which statements may do more than read: clients ask before they call what is not
    /// read-only.
    #[must_use]
    pub fn with_changes(mut self) -> Self {
        let name = execute_query::ExecuteQuery::NAME;
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.name() == name)
            && let Some(annotations) = &mut entry.description.annotations
        {
            annotations.read_only_hint = Some(false);
            annotations.destructive_hint = Some(true);
            annotations.idempotent_hint = Some(false);
            entry.description.description = Some(execute_query::WITH_CHANGES.into());
        }
        self
    }

    /// The same where the history shows what all callers sent (`HISTORY_SCOPE=user`).
    #[must_use]
    pub fn with_whole_history(mut self) -> Self {
        for entry in &mut self.entries {
            let told = match entry.name() {
                query_history::QueryHistory::NAME => query_history::WHOLE,
                query_profile::QueryProfile::NAME => query_profile::WHOLE,
                _ => continue,
            };
            entry.description.description = Some(told.into());
        }
        self
    }

    /// The same for callers that are programs: every tool declares what it gives (`STRUCTURED_OUTPUT`). Agents are better off
    /// without: three quarters of the list would be these schemas, and a model reads all of it.
    #[must_use]
    pub fn with_output_schemas(mut self) -> Self {
        for entry in &mut self.entries {
            let schema = (entry.output_schema)();
            entry.description.output_schema = Some(Arc::new(schema));
        }
        self
    }

    /// The same where answers may have so many bytes (`MAX_RESULT_BYTES`). Claude Code puts longer ones than it expects into a
    /// file and shows its model the first 2 kB; it is told to expect them.
    #[must_use]
    pub fn with_answers_of(mut self, bytes: usize) -> Self {
        if bytes > USUAL_BYTES {
            let bytes = bytes.saturating_add(USUAL_BYTES).min(MOST_CHARACTERS);
            for entry in &mut self.entries {
                let meta = entry.description.meta.get_or_insert_default();
                meta.insert("anthropic/maxResultSizeChars".into(), bytes.into());
            }
        }
        self
    }

    /// Adds one tool.
    pub fn add<T: Tool>(&mut self) {
        self.entries.push(Entry::of::<T>());
    }

    /// The same and these.
    #[must_use]
    pub fn with(mut self, entries: Vec<Entry>) -> Self {
        self.entries.extend(entries);
        self
    }

    /// Those whose names pass.
    #[must_use]
    pub fn only(mut self, is_wanted: impl Fn(&str) -> bool) -> Self {
        self.entries.retain(|entry| is_wanted(entry.name()));
        self
    }

    /// The tool of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name() == name)
    }

    /// The names of those that a caller may know of.
    pub(super) fn granted_to(&self, caller: &Caller) -> Granted<'_> {
        let granted = self.iter().filter(|entry| entry.is_granted(caller));
        Granted(granted.map(Entry::name).collect())
    }

    /// The tools in the order in which an agent needs them.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }
}

/// The names of the tools of one caller.
pub(super) struct Granted<'a>(Vec<&'a str>);

impl Granted<'_> {
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_argument_of_every_tool_is_known_to_be_ours() {
        let known = crate::mcp::arguments::names::known();
        for entry in Registry::whole().iter() {
            let schema = &entry.description.input_schema;
            for name in schema["properties"].as_object().unwrap().keys() {
                assert!(known.contains(&name.as_str()), "{name}: add it to WORDS");
            }
        }
    }

    /// A model reads all of this before its first call, in every conversation.
    #[test]
    fn the_list_is_short_and_so_is_each_description() {
        let registry = Registry::new(&[Toolset::Catalog, Toolset::Query]);
        let tools: Vec<_> = registry.iter().map(|entry| &entry.description).collect();
        let bytes = serde_json::to_string(&tools).unwrap().len();
        assert!(bytes <= 16_000, "{bytes} bytes");
        // What the documentation says that the toolset costs whoever switches it on.
        let whole = Registry::whole();
        let all: Vec<_> = whole.iter().map(|entry| &entry.description).collect();
        let more = serde_json::to_string(&all).unwrap().len() - bytes;
        assert!((5_500..=6_500).contains(&more), "{more} bytes");
        for tool in all {
            let description = tool.description.as_deref().unwrap_or_default();
            // Claude Code cuts at 2 kB.
            assert!(description.len() < 2000, "{}", tool.name);
        }
    }

    #[test]
    fn longer_answers_than_usual_are_announced_as_far_as_clients_take_them() {
        let announced = |bytes| {
            let registry = Registry::new(&[Toolset::Query]).with_answers_of(bytes);
            let tool = &registry.get("execute_query").unwrap().description;
            let meta = tool.meta.as_ref()?;
            meta.get("anthropic/maxResultSizeChars")?.as_u64()
        };
        assert_eq!(announced(USUAL_BYTES), None);
        assert_eq!(announced(100_000), Some(132_768));
        assert_eq!(announced(64 << 20), Some(500_000));
    }

    #[test]
    fn output_is_declared_where_it_is_wanted_only() {
        let plain = Registry::new(&[Toolset::Catalog, Toolset::Query]);
        assert!(
            plain
                .iter()
                .all(|entry| entry.description.output_schema.is_none())
        );
        let declared = plain.with_output_schemas();
        assert!(
            declared
                .iter()
                .all(|entry| entry.description.output_schema.is_some())
        );
    }

    #[test]
    fn only_execute_query_says_that_it_may_change_something() {
        for entry in Registry::new(&[Toolset::Catalog, Toolset::Query])
            .with_changes()
            .iter()
        {
            let tool = &entry.description;
            let is_read_only = tool.annotations.as_ref().and_then(|all| all.read_only_hint);
            assert_eq!(
                is_read_only,
                Some(tool.name != "execute_query"),
                "{}",
                tool.name
            );
        }
    }
}
