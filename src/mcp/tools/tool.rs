//! What a tool is: its texts, its arguments and output, its toolset.

use std::future::Future;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::reply::{Form, Reply};
use crate::config::Toolset;
use crate::mcp::failure::Failure;
use crate::mcp::rate::CallsLeft;
use crate::query::{Format, Less, Queries};

/// A tool, as its file declares it.
pub trait Tool: 'static {
    /// The name agents call it by.
    const NAME: &'static str;
    /// The name people see.
    const TITLE: &'static str;
    /// What it is for and when to use it, for a model.
    const DESCRIPTION: &'static str;
    /// The set it is switched on with.
    const TOOLSET: Toolset;

    /// Other sets it is switched on with.
    const ALSO_IN: &'static [Toolset] = &[];

    /// Whether its answers may be cached: they describe objects and hold no rows of tables.
    const IS_CACHEABLE: bool = false;

    /// Whether it shows values of tables although its toolset only describes them. A token for the catalog alone does not
    /// reach it.
    const SHOWS_VALUES: bool = false;

    /// Whether only a Snowflake account can answer: the embedded engine lacks what it asks.
    const NEEDS_ACCOUNT: bool = false;

    /// Its arguments. `Entry::read` has converted the fields of the call before.
    type Arguments: DeserializeOwned + JsonSchema + Send;
    /// The structured part of its answer.
    type Output: JsonSchema;

    /// Answers a call.
    ///
    /// # Cancel safety
    ///
    /// The future is dropped when the caller goes away or the server shuts down; that must stop the work.
    fn call(
        arguments: Self::Arguments,
        context: CallContext,
    ) -> impl Future<Output = Result<Reply, Failure>> + Send;
}

/// What a tool may use while it answers a call.
#[derive(Clone)]
pub struct CallContext {
    /// Runs statements in the warehouse, with the caller's rights.
    pub queries: Arc<Queries>,
    /// The calls that the caller has left, if it has a limit.
    pub calls: Option<CallsLeft>,
}

impl CallContext {
    /// The same with lower limits.
    pub(in crate::mcp) fn with_less(&self, less: Less) -> Self {
        Self {
            queries: Arc::new(self.queries.with_less(less)),
            calls: self.calls,
        }
    }

    /// The format that the call asks for, or else the server's default.
    pub(in crate::mcp) fn usual_format(&self, format: Option<Format>) -> Format {
        self.form(format).format
    }

    /// The form of the answer: what the call asks for, or else the server's default.
    pub(super) fn form(&self, format: Option<Format>) -> Form {
        let is_structured = self.queries.is_structured();
        let usual = match is_structured {
            true => Format::Json,
            false => Format::Markdown,
        };
        Form {
            format: format.unwrap_or(usual),
            is_structured,
            max_bytes: self.queries.budget().max_bytes,
        }
    }
}
