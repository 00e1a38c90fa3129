//! A tool as the registry keeps it: what the list says of it, who may call it, and the call itself.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use rmcp::model::{JsonObject, Tool as Description, ToolAnnotations};
use serde_json::Value;

use super::output::PageOutput;
use super::reply::Reply;
use super::schema::{input_schema, output_schema};
use super::tool::{CallContext, Tool};
use crate::config::Toolset;
use crate::identity::{Caller, Reach};
use crate::mcp::arguments::reading;
use crate::mcp::failure::{Code, Failure};

/// Letters of what a reader says of an argument.
const LONGEST_PROBLEM: usize = 400;

/// A call under way.
pub(in crate::mcp) type Outcome = Pin<Box<dyn Future<Output = Result<Reply, Failure>> + Send>>;

/// A tool as the registry keeps it.
pub struct Entry {
    /// What `tools/list` says of it.
    pub description: Description,
    /// Whether its answers may be cached.
    pub is_cacheable: bool,
    toolset: Toolset,
    also_in: &'static [Toolset],
    pub(super) needs_account: bool,
    /// Whether it shows values of tables.
    shows_values: bool,
    /// Whether only callers that may change something may call it.
    changes: bool,
    pub(super) output_schema: fn() -> JsonObject,
    /// What the arguments are read by; usually what the description says.
    reading: Arc<JsonObject>,
    call: Arc<dyn Fn(JsonObject, CallContext) -> Outcome + Send + Sync>,
}

impl Entry {
    /// The entry of a tool.
    pub(super) fn of<T: Tool>() -> Self {
        let description = describe::<T>();
        Self {
            reading: Arc::clone(&description.input_schema),
            description,
            is_cacheable: T::IS_CACHEABLE,
            toolset: T::TOOLSET,
            also_in: T::ALSO_IN,
            needs_account: T::NEEDS_ACCOUNT,
            shows_values: T::SHOWS_VALUES,
            changes: false,
            output_schema: || output_schema::<T::Output>(T::IS_CACHEABLE),
            call: Arc::new(start::<T>),
        }
    }

    /// A tool that is made while the server runs: its description, what its arguments are read by, and what it does.
    pub(in crate::mcp) fn custom(
        description: Description,
        reading: JsonObject,
        changes: bool,
        call: impl Fn(JsonObject, CallContext) -> Outcome + Send + Sync + 'static,
    ) -> Self {
        Self {
            description,
            // Nothing says whether the rows of an operator's statement change from one call to the
            // next.
            is_cacheable: false,
            toolset: Toolset::Custom,
            also_in: &[],
            needs_account: false,
            shows_values: true,
            changes,
            output_schema: || output_schema::<PageOutput>(false),
            reading: Arc::new(reading),
            call: Arc::new(call),
        }
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.description.name
    }

    /// Whether the caller's grant has one of its sets.
    #[must_use]
    pub fn is_granted(&self, caller: &Caller) -> bool {
        let granted = caller
            .grant
            .as_ref()
            .and_then(|grant| grant.toolsets.as_deref());
        granted.is_none_or(|granted| self.toolsets().any(|set| granted.contains(&set)))
    }

    /// How far a caller must reach to call it: no further than the least of its sets, but for the catalog alone nobody is
    /// shown values of tables.
    #[must_use]
    pub fn needs(&self) -> Reach {
        let is_catalog = |set| matches!(set, Toolset::Catalog | Toolset::Semantic);
        if self.changes {
            Reach::Write
        } else if !self.shows_values && self.toolsets().any(is_catalog) {
            Reach::Catalog
        } else {
            Reach::Query
        }
    }

    /// The sets it is switched on with.
    pub(super) fn toolsets(&self) -> impl Iterator<Item = Toolset> {
        std::iter::once(self.toolset).chain(self.also_in.iter().copied())
    }

    /// Reads the arguments as agents send them.
    pub(in crate::mcp) fn read(&self, given: JsonObject) -> Result<reading::Arguments, Failure> {
        let tool = &self.description;
        reading::read(&tool.name, &self.reading, given)
    }

    /// Starts the tool with what was read.
    #[must_use]
    pub fn call(&self, arguments: JsonObject, call: CallContext) -> Outcome {
        (self.call)(arguments, call)
    }
}

fn start<T: Tool>(arguments: JsonObject, call: CallContext) -> Outcome {
    Box::pin(async move {
        let arguments =
            serde_path_to_error::deserialize(Value::Object(arguments)).map_err(unreadable)?;
        T::call(arguments, call).await
    })
}

/// Names the argument that could not be read. serde's message says what was expected there.
fn unreadable(error: serde_path_to_error::Error<serde_json::Error>) -> Failure {
    let path = error.path().to_string();
    // serde's message contains the text that it could not parse, however long the text is.
    let problem: String = in_words_of_json(error.into_inner().to_string())
        .chars()
        .take(LONGEST_PROBLEM)
        .collect();
    let message = if path == "." {
        problem
    } else {
        format!("argument {path}: {problem}")
    };
    Failure::new(
        Code::InvalidArgument,
        message,
        "see the tool's input schema for the arguments it takes",
    )
}

/// serde's messages use Rust's words; a caller knows JSON's.
fn in_words_of_json(problem: String) -> String {
    if let Some(name) = problem.strip_prefix("missing field ") {
        return format!("the argument {name} is missing");
    }
    let problem = match problem.strip_prefix("invalid type: ") {
        Some(rest) if rest.starts_with("map,") => problem.replacen("map", "an object", 1),
        Some(rest) if rest.starts_with("sequence,") => problem.replacen("sequence", "a list", 1),
        _ => problem,
    };
    match problem.strip_suffix("expected a sequence") {
        Some(start) => format!("{start}expected a list"),
        None => problem,
    }
}

fn describe<T: Tool>() -> Description {
    // All tools read only, except as `with_changes` says, and reach nothing but the configured warehouse.
    let annotations = ToolAnnotations::with_title(T::TITLE)
        .read_only(true)
        .destructive(false)
        .idempotent(true)
        .open_world(false);
    Description::new(
        T::NAME,
        T::DESCRIPTION,
        Arc::new(input_schema::<T::Arguments>()),
    )
    .with_title(T::TITLE)
    .with_annotations(annotations)
}
