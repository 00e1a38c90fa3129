//! `show_context`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::describe_table::run;
use super::{CallContext, Failure, Reply, Tool, Toolset};
use crate::mcp::arguments::ResultFormat;
use crate::query::{Budget, Row, Table, render};
use crate::sql::Identifier;
use crate::warehouse::SessionContext;

/// Who asks, as what, and within which limits.
pub(super) struct ShowContext;

/// What a session knows of itself. Snowflake answers it without a virtual warehouse.
const CONTEXT: &str = "SELECT CURRENT_USER() AS user_name, CURRENT_ROLE() AS role, CURRENT_WAREHOUSE() AS warehouse, \
     CURRENT_DATABASE() AS database_name, CURRENT_SCHEMA() AS schema_name, CURRENT_ACCOUNT_NAME() AS account, \
     CURRENT_REGION() AS region, CURRENT_AVAILABLE_ROLES() AS roles";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Default: markdown.
    format: Option<ResultFormat>,
}

/// Names are written as SQL takes them.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(super) struct ContextOutput {
    /// The name this server knows the caller by.
    caller: String,
    /// The user in the warehouse.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// Whether all callers share that user.
    user_is_shared: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warehouse: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    /// Roles a call may name.
    roles: Vec<String>,
    /// Virtual warehouses a call may name.
    warehouses: Vec<WarehouseOutput>,
    /// What may run, one rule a line.
    policy: Vec<String>,
    limits: LimitsOutput,
}

#[derive(Debug, Serialize, JsonSchema)]
struct WarehouseOutput {
    name: String,
    /// STARTED, SUSPENDED or on the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<String>,
}

/// What one call may take, and how many calls are left.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct LimitsOutput {
    /// Rows of an answer when the call names no limit.
    default_rows: u64,
    max_rows: u64,
    max_result_bytes: u64,
    timeout_seconds: u64,
    /// How long a call waits before its statement is left running.
    wait_seconds: u64,
    /// Bytes a statement may be estimated to scan.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_scan_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls_per_minute: Option<u32>,
    /// Calls that may be made at once now.
    #[serde(skip_serializing_if = "Option::is_none")]
    calls_left: Option<u32>,
}

impl Tool for ShowContext {
    const NAME: &'static str = "show_context";
    const TITLE: &'static str = "Who am I here";
    const DESCRIPTION: &'static str = "Shows the context that statements run in: user, role, database, the roles and virtual warehouses (state, size) that a call \
         may name, what the policy allows, and the limits left. Call it before you name a role or a warehouse.";
    const TOOLSET: Toolset = Toolset::Catalog;
    type Arguments = Arguments;
    type Output = ContextOutput;

    async fn call(arguments: Arguments, context: CallContext) -> Result<Reply, Failure> {
        let form = context.form(arguments.format.map(Into::into));
        let session = SessionContext::default();
        // Both at once. Neither needs a virtual warehouse to run.
        let (about, warehouses) = futures::join!(
            run(&context, CONTEXT.to_owned(), &session),
            run(&context, "SHOW WAREHOUSES".to_owned(), &session),
        );
        let about = about?;
        let mut output = read(&about, &context);
        // A policy that keeps this list out keeps out no more than the list.
        if let Ok(warehouses) = &warehouses {
            let policy = context.queries.policy();
            output.warehouses = warehouses
                .rows()
                .filter_map(|row| warehouse(row, |name| policy.admits_warehouse(name)))
                .collect();
        }
        let rows = output
            .warehouses
            .iter()
            .map(|one| vec![Some(&*one.name), one.state.as_deref(), one.size.as_deref()]);
        let mut text = in_words(&output);
        text.push('\n');
        let names = ["warehouse", "state", "size"];
        text.push_str(&render::table(form.format, &names, rows));
        let some = |count: usize, what: &str| match count {
            1 => format!("1 {what}"),
            count => format!("{count} {what}s"),
        };
        let closing = format!(
            "{} and {} may be named.",
            some(output.roles.len(), "role"),
            some(output.warehouses.len(), "virtual warehouse")
        );
        let count = output.warehouses.len() as u64;
        let query_id = Some(about.query_id.clone());
        Ok(Reply::new(form, text, closing, &output, count, query_id))
    }
}

fn read(about: &Table, context: &CallContext) -> ContextOutput {
    let queries = &context.queries;
    let row = about.rows().next();
    let plain = |name| row.and_then(|row| row.get(name)).map(ToOwned::to_owned);
    let named = |name| row.and_then(|row| row.get(name)).map(in_sql);
    let roles: Vec<String> = row
        .and_then(|row| row.get("roles"))
        .and_then(|roles| serde_json::from_str(roles).ok())
        .unwrap_or_default();
    // The role may switch to more than the policy lets callers name.
    let admitted = |role: String| {
        let role = Identifier::exact(role).ok()?;
        queries
            .policy()
            .admits_role(&role)
            .then(|| role.to_string())
    };
    ContextOutput {
        caller: queries.caller().to_owned(),
        user: plain("user_name"),
        user_is_shared: !queries.is_person(),
        role: named("role"),
        warehouse: named("warehouse"),
        database: named("database_name"),
        schema: named("schema_name"),
        account: plain("account"),
        region: plain("region"),
        roles: roles.into_iter().filter_map(admitted).collect(),
        warehouses: Vec::new(),
        policy: queries.policy().in_words(),
        limits: limits(queries.budget(), context),
    }
}

fn limits(budget: &Budget, context: &CallContext) -> LimitsOutput {
    LimitsOutput {
        default_rows: budget.default_rows,
        max_rows: budget.max_rows,
        max_result_bytes: budget.max_bytes as u64,
        timeout_seconds: budget.timeout.as_secs(),
        wait_seconds: budget.sync_wait.as_secs(),
        max_scan_bytes: budget.max_scan_bytes,
        calls_per_minute: context.calls.map(|calls| calls.in_a_minute),
        calls_left: context.calls.map(|calls| calls.left),
    }
}

fn warehouse(row: Row<'_>, is_admitted: impl Fn(&Identifier) -> bool) -> Option<WarehouseOutput> {
    let name = Identifier::exact(row.get("name")?).ok()?;
    is_admitted(&name).then(|| WarehouseOutput {
        name: name.to_string(),
        state: row.get("state").map(ToOwned::to_owned),
        size: row.get("size").map(ToOwned::to_owned),
    })
}

/// A name the warehouse reported, as SQL takes it.
fn in_sql(name: &str) -> String {
    Identifier::exact(name).map_or_else(|_| name.to_owned(), |name| name.to_string())
}

fn in_words(output: &ContextOutput) -> String {
    let or_none = |name: &Option<String>| name.clone().unwrap_or_else(|| "none".to_owned());
    let limits = &output.limits;
    let roles = match output.roles.as_slice() {
        [] => "none".to_owned(),
        roles => roles.join(", "),
    };
    let mut lines = vec![
        format!(
            "Caller {}, in Snowflake the user {}{} with the role {}, account {} in {}.",
            output.caller,
            or_none(&output.user),
            if output.user_is_shared {
                " (all callers share it)"
            } else {
                ""
            },
            or_none(&output.role),
            or_none(&output.account),
            or_none(&output.region),
        ),
        format!(
            "Virtual warehouse {}, database {}, schema {} unless a call names others.",
            or_none(&output.warehouse),
            or_none(&output.database),
            or_none(&output.schema),
        ),
        format!("Roles a call may name: {roles}."),
    ];
    lines.extend(output.policy.iter().cloned());
    lines.push(format!(
        "An answer has {} rows unless limit says otherwise, at most {}, and {} bytes. A statement may take {} s; a call waits {} s for it.",
        limits.default_rows,
        limits.max_rows,
        limits.max_result_bytes,
        limits.timeout_seconds,
        limits.wait_seconds,
    ));
    lines.extend(
        limits
            .max_scan_bytes
            .map(|bytes| format!("A statement may scan about {bytes} bytes.")),
    );
    if let (Some(rate), Some(left)) = (limits.calls_per_minute, limits.calls_left) {
        lines.push(format!("{left} of {rate} calls per minute are left now."));
    }
    lines.push(String::new());
    lines.join("\n")
}
