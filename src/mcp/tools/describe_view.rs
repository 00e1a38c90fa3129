//! `describe_view`

use schemars::JsonSchema;
use serde::Deserialize;

use super::describe_table::{ObjectOutput, add_facts, describe, reply, run, show_one};
use super::{Call, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::ObjectName;

/// Columns and definition of a view.
pub(super) struct DescribeView;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The view to describe, best as database.schema.view. As in SQL, plain words fold to upper case; put names
    /// with lower case, spaces or dots in double quotes.
    view: ObjectName,
}

impl Tool for DescribeView {
    const NAME: &'static str = "describe_view";
    const TITLE: &'static str = "Describe a view";
    const DESCRIPTION: &'static str = "Shows the columns of a view with types and comments, and the statement that defines it, as far as the role may see \
         it.";
    const TOOLSET: Toolset = Toolset::Catalog;
    const MAY_BE_KEPT: bool = true;
    type Arguments = Arguments;
    type Output = ObjectOutput;

    async fn call(arguments: Arguments, call: Call) -> Result<Reply, Failure> {
        let name = arguments.view.0;
        let (description, facts) = futures::join!(
            run(&call, format!("DESCRIBE VIEW {}", name.quoted())),
            run(&call, show_one("VIEWS", &name))
        );
        let mut output = describe(&name, "VIEW", &description?);
        add_facts(&mut output, &name, facts);
        Ok(reply(output))
    }
}
