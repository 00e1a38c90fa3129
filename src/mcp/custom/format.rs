//! The format of `CUSTOM_TOOLS_FILE`. docs/custom-tools.schema.json is made of these types, so what an editor checks and what
//! the server reads is the same.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Deserialize;
use serde_json::Value;

/// Tools and prompts of your own.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "it exists only for its schema: its parts are read one by one"
)]
pub(super) struct CustomTools {
    /// The version of this format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub(super) version: u8,
    /// The tools, in the order in which agents see them.
    #[serde(default)]
    pub(super) tools: Vec<ToolSpec>,
    /// Prompts for people, which clients show as commands.
    #[serde(default)]
    pub(super) prompts: Vec<PromptSpec>,
}

/// A tool: a statement, a function or a procedure with typed parameters. Exactly one of `statement`, `function`,
/// `table_function` and `procedure` says what it runs.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ToolSpec {
    /// What agents call it by.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]{0,63}$"))]
    pub(super) name: String,
    /// What people see.
    pub(super) title: Option<String>,
    /// What it is for and when to use it. A model knows nothing else about the tool.
    pub(super) description: String,
    /// One statement. `:name` is the value of a parameter, which is bound; `{{name}}` the name of an object, for a parameter
    /// with `enum`.
    pub(super) statement: Option<String>,
    /// A function that gives one value, by its full name. Parameters are passed by their names.
    pub(super) function: Option<String>,
    /// A function that gives rows, by its full name.
    pub(super) table_function: Option<String>,
    /// A procedure, by its full name. Needs `CALL` in `CUSTOM_TOOLS_MAY`.
    pub(super) procedure: Option<String>,
    /// What callers give it.
    #[serde(default)]
    pub(super) parameters: Vec<ParameterSpec>,
    /// What clients may tell people of it.
    #[serde(default)]
    pub(super) annotations: AnnotationsSpec,
    /// Less than the server's own limits; more has no effect.
    #[serde(default)]
    pub(super) limits: LimitsSpec,
    /// As whom it runs.
    #[serde(default)]
    pub(super) run_as: RunAsSpec,
}

/// A parameter of a tool. It must be given unless it has a `default` or is `optional` (NULL then; a function is called without
/// it).
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ParameterSpec {
    /// What the statement calls it.
    #[schemars(regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]{0,63}$"))]
    pub(super) name: String,
    /// What its values are.
    pub(super) r#type: ValueKind,
    /// What the values of an array are; texts unless said otherwise.
    pub(super) items: Option<ItemKind>,
    /// What it means, for a model.
    pub(super) description: Option<String>,
    /// The only values there are.
    pub(super) r#enum: Option<Vec<Value>>,
    /// The value when none is given.
    pub(super) default: Option<Value>,
    /// Whether it may be left out.
    #[serde(default)]
    pub(super) optional: bool,
    /// The smallest number.
    pub(super) minimum: Option<f64>,
    /// The largest number.
    pub(super) maximum: Option<f64>,
    /// The fewest characters of a text.
    pub(super) min_length: Option<usize>,
    /// The most characters of a text.
    pub(super) max_length: Option<usize>,
    /// A regular expression that a text must match as a whole.
    pub(super) pattern: Option<String>,
    /// The most values of an array; 1000 at most.
    pub(super) max_items: Option<usize>,
}

/// The types of parameters. Dates and timestamps are texts (`2024-01-31`, `2024-01-31 12:00:00`); arrays and objects are bound
/// as JSON, an array alone in `IN (…)` as its values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum ValueKind {
    #[default]
    String,
    Integer,
    Number,
    Boolean,
    Date,
    Timestamp,
    Array,
    Object,
}

/// The types of an array's values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum ItemKind {
    #[default]
    String,
    Integer,
    Number,
}

/// What clients may tell people of a tool. `read_only` is checked: a tool that may do more than read cannot claim it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnnotationsSpec {
    /// Whether it changes nothing.
    pub(super) read_only: Option<bool>,
    /// Whether it may delete or overwrite data.
    pub(super) destructive: Option<bool>,
    /// Whether a second call changes nothing more.
    pub(super) idempotent: Option<bool>,
    /// Whether it reaches beyond the account.
    pub(super) open_world: Option<bool>,
}

/// What one call may take.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsSpec {
    /// Rows of an answer at most.
    #[schemars(range(min = 1))]
    pub(super) rows: Option<u64>,
    /// Time of the statement at most, such as `30s`.
    pub(super) timeout: Option<String>,
    /// Bytes of an answer at most, such as `64KiB`.
    pub(super) bytes: Option<String>,
}

/// The role and virtual warehouse that a tool runs with. `ALLOWED_ROLES` and `ALLOWED_WAREHOUSES` must allow them.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunAsSpec {
    /// A role.
    pub(super) role: Option<String>,
    /// A virtual warehouse.
    pub(super) warehouse: Option<String>,
}

/// A prompt: a text with `{{argument}}` in it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PromptSpec {
    /// What people call it by.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]{0,63}$"))]
    pub(super) name: String,
    /// What people see.
    pub(super) title: Option<String>,
    /// What it is for.
    pub(super) description: Option<String>,
    /// What the text needs.
    #[serde(default)]
    pub(super) arguments: Vec<PromptArgumentSpec>,
    /// What the model is told.
    pub(super) text: String,
}

/// An argument of a prompt.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PromptArgumentSpec {
    /// What the text calls it.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]{0,63}$"))]
    pub(super) name: String,
    /// What it means.
    pub(super) description: Option<String>,
    /// Whether it must be given.
    #[serde(default)]
    pub(super) required: bool,
    /// What clients may offer while somebody types: names of this kind, or these words.
    pub(super) complete: Option<CompleteSpec>,
}

/// Where the values that a client offers come from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum CompleteSpec {
    /// Names of the account.
    Names(NamesOf),
    /// These words.
    Words(Vec<String>),
}

/// Names that can be offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum NamesOf {
    Database,
    Schema,
    Table,
    Column,
}

/// docs/custom-tools.schema.json
#[must_use]
pub fn schema() -> String {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let schema = generator.into_root_schema_for::<CustomTools>();
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
