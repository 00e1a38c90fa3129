//! `fetch_results`

use schemars::JsonSchema;
use serde::Deserialize;

use super::output::{RowsOutput, RunningOutput};
use super::search_objects::{self, SearchOutput};
use super::{
    CallContext, Failure, Reply, Tool, Toolset, list_databases, list_schemas, list_semantic_views,
    list_tables, list_views, query_history,
};
use crate::mcp::arguments::{ResultFormat, RowLimit, WaitSeconds};
use crate::query::{Fetched, View};

/// The next rows of an earlier statement.
pub(super) struct FetchResults;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The cursor from the end of the earlier answer, copied whole.
    cursor: String,
    limit: Option<RowLimit>,
    /// Default: as before.
    format: Option<ResultFormat>,
    wait_seconds: Option<WaitSeconds>,
}

/// Rows, that the statement goes on, or more of what a search has found.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it exists only for its schema")]
pub(super) enum FetchedOutput {
    Rows(RowsOutput),
    Running(RunningOutput),
    Found(SearchOutput),
}

impl Tool for FetchResults {
    const NAME: &'static str = "fetch_results";
    const TITLE: &'static str = "Fetch more of a result";
    const DESCRIPTION: &'static str = "Returns the next rows of an earlier answer by its next_cursor, or waits for the rows of a statement that was still running. \
         The statement is not run again; the same cursor always gives the same rows, for a day at most.";
    const TOOLSET: Toolset = Toolset::Query;
    const ALSO_IN: &'static [Toolset] = &[Toolset::Catalog, Toolset::Semantic, Toolset::Custom];
    type Arguments = Arguments;
    type Output = FetchedOutput;

    async fn call(arguments: Arguments, context: CallContext) -> Result<Reply, Failure> {
        let Arguments {
            cursor,
            limit,
            format,
            wait_seconds,
        } = arguments;
        let format = format.map(Into::into);
        let form = context.form(format);
        let (limit, wait) = (limit.map(|limit| limit.0), wait_seconds.map(|wait| wait.0));
        let fetched = context
            .queries
            .fetch(&cursor, limit, format, wait, view)
            .await?;
        Ok(match fetched {
            Fetched::Outcome(outcome) => {
                Reply::of(outcome, form, context.queries.budget().max_rows)
            }
            Fetched::Found(found) => search_objects::reply(form, &found),
        })
    }
}

/// The views of all lists that can be read on.
const VIEWS: [&View; 8] = [
    &list_databases::VIEW,
    &list_schemas::VIEW,
    &list_tables::VIEW,
    &list_views::VIEW,
    &list_views::IN_SCHEMA,
    &query_history::VIEW,
    &list_semantic_views::VIEW,
    &query_history::OF_USER,
];

/// The view with the code that a cursor carries.
fn view(code: u8) -> Option<&'static View> {
    VIEWS.into_iter().find(|view| view.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A code is in cursors that may be a day old, so it stands for the same list for ever.
    #[test]
    fn every_view_is_found_by_its_code() {
        for (code, columns, first) in [
            (1, 4, "name"),
            (2, 3, "database"),
            (3, 8, "database"),
            (4, 6, "database"),
            (5, 6, "database"),
            (6, 11, "query_id"),
            (7, 4, "database"),
            (8, 12, "query_id"),
        ] {
            let view = view(code).unwrap();
            assert_eq!(view.code, code);
            assert_eq!((view.pick.len(), view.pick[0].name), (columns, first));
            assert_eq!(view.hide.is_some(), code == 4);
        }
        assert!(view(0).is_none() && view(9).is_none());
    }

    /// Without this, a list that is missing here would fail when somebody asks for its second page.
    #[test]
    fn no_list_is_missing() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mcp/tools");
        let declared: usize = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| std::fs::read_to_string(path).unwrap())
            .map(|text| text.matches(concat!(": View", " = ")).count())
            .sum();
        assert_eq!(declared, VIEWS.len(), "add the VIEW of your tool to VIEWS");
    }
}
