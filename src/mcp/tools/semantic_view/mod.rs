//! What the tools for semantic views share: the view as `DESCRIBE SEMANTIC VIEW` tells it, what callers ask of one, and the
//! statement for it.

mod asked;
mod conditions;
mod described;
mod model;
mod statement;

pub(super) use asked::{Asked, Column, Condition, Filter, Order};
pub(super) use model::{Item, SemanticView};
pub(super) use statement::statement;

use super::describe_table::run;
use super::{CallContext, Failure};
use crate::mcp::failure::Code;
use crate::sql::QualifiedName;
use crate::warehouse::SessionContext;

/// The view as the warehouse describes it now.
pub(super) async fn read(
    context: &CallContext,
    name: &QualifiedName,
    session: &SessionContext,
) -> Result<SemanticView, Failure> {
    let sql = format!("DESCRIBE SEMANTIC VIEW {}", name.quoted());
    let described = run(context, sql, session).await.map_err(|error| {
        let failure = Failure::from(error);
        // Other tools suggest names of tables and views at this point, which would mislead the agent here.
        match failure.code {
            Code::ObjectNotFound => Failure {
                hint: "list_semantic_views has the semantic views there are, with database and schema; describe_table describes tables and views"
                    .into(),
                ..failure
            },
            _ => failure,
        }
    })?;
    Ok(SemanticView::read(name.to_string(), &described))
}

/// A name or a combination that the view does not have.
pub(super) fn refused(problem: &str) -> Failure {
    Failure::new(
        Code::InvalidArgument,
        problem.to_owned(),
        "describe_semantic_view lists the names; with metric it tells which dimensions go with it",
    )
}
