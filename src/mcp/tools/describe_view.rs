//! `describe_view`

use schemars::JsonSchema;
use serde::Deserialize;

use super::describe_table::{ObjectOutput, add_facts, describe, described, reply, run, show_one};
use super::{CallContext, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::{self, DatabaseName, ObjectName, ResultFormat, SchemaName};

/// Columns and definition of a view.
pub(super) struct DescribeView;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The view, best as database.schema.name. Put names with lower case, spaces or dots in double quotes.
    view: ObjectName,
    /// The database, where the name is not written in full.
    database: Option<DatabaseName>,
    /// The schema, where the name is not written in full.
    schema: Option<SchemaName>,
    /// Default: markdown.
    format: Option<ResultFormat>,
}

impl Tool for DescribeView {
    const NAME: &'static str = "describe_view";
    const TITLE: &'static str = "Describe a view";
    const DESCRIPTION: &'static str = "Shows the columns of a view with types and comments, its owner, and the statement that defines it. If it may be a table, use describe_table.";
    const TOOLSET: Toolset = Toolset::Catalog;
    const IS_CACHEABLE: bool = true;
    type Arguments = Arguments;
    type Output = ObjectOutput;

    async fn call(arguments: Arguments, context: CallContext) -> Result<Reply, Failure> {
        let (name, session) =
            arguments::within(arguments.view, arguments.database, arguments.schema)?;
        let (description, facts) = futures::join!(
            described(
                &context,
                format!("DESCRIBE VIEW {}", name.quoted()),
                &session
            ),
            run(&context, show_one("VIEWS", &name), &session)
        );
        // A view's definition comes with its facts, in the column `text`.
        let mut output = describe(&name, "VIEW", &description?);
        add_facts(&mut output, &name, facts);
        Ok(reply(
            context.form(arguments.format.map(Into::into)),
            output,
        ))
    }
}
