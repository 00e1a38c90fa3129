//! What a tool is: its texts, what it takes and gives, the set it belongs to.

use std::future::Future;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::reply::{Form, Reply};
use crate::config::Toolset;
use crate::mcp::failure::Failure;
use crate::mcp::rate::CallsLeft;
use crate::query::{Format, Less, Queries};

/// A tool as its file writes it.
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

    /// Whether it shows values of tables, though its set is one that describes them: a token for the catalog alone does not
    /// reach it.
    const SHOWS_VALUES: bool = false;

    /// Whether only a Snowflake account can answer: the embedded engine lacks what it asks.
    const NEEDS_ACCOUNT: bool = false;

    /// What it takes; `Entry::read` has looked through the call's fields before.
    type Arguments: DeserializeOwned + JsonSchema + Send;
    /// The structured part of what it gives.
    type Output: JsonSchema;

    /// Does it.
    ///
    /// # Cancel safety
    ///
    /// The future is dropped when the caller goes away or the server shuts down; that must stop the work.
    fn call(
        arguments: Self::Arguments,
        context: CallContext,
    ) -> impl Future<Output = Result<Reply, Failure>> + Send;
}

/// What a call may use.
#[derive(Clone)]
pub struct CallContext {
    /// The way to the warehouse.
    pub queries: Arc<Queries>,
    /// How many more calls the caller may make at once, where calls are counted.
    pub calls: Option<CallsLeft>,
}

impl CallContext {
    /// The same with less for each answer.
    pub(in crate::mcp) fn with_less(&self, less: Less) -> Self {
        Self {
            queries: Arc::new(self.queries.with_less(less)),
            calls: self.calls,
        }
    }

    /// The format the caller asks for, or the one that this server's callers usually do.
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
        }
    }
}
