//! The instructions that a model reads before its first call.

use super::tools::Granted;
use crate::policy::Preset;
use crate::query::Budget;
use crate::warehouse::WarehouseKind;

/// The instructions for a server in front of the given warehouse, with the tools of these sets.
pub(super) fn text(
    kind: WarehouseKind,
    preset: Preset,
    budget: &Budget,
    tools: &Granted<'_>,
) -> String {
    let warehouse = match kind {
        WarehouseKind::Snowflake => "This server queries a Snowflake account.",
        WarehouseKind::Embedded => {
            "This server queries its embedded engine, not a Snowflake account: a local engine that speaks Snowflake's SQL, \
             with a small copy of Snowflake's sample data in SNOWFLAKE_SAMPLE_DATA.TPCH_SF1 (the TPC-H tables CUSTOMER, \
             LINEITEM, NATION, ORDERS, PART, PARTSUPP, REGION, SUPPLIER), which is also the default schema. What it cannot \
             do fails with the code engine_limit; Snowflake itself may well do it."
        }
    };
    let has = |name| tools.has(name);
    // A model follows instructions to the letter, so only tools that this caller has may be named.
    let explore = match (has("list_tables"), has("execute_query")) {
        (true, true) => {
            "Explore before you query: search_objects for a word, or list_databases, list_schemas, list_tables; then \
             describe_table for columns, keys and comments; then execute_query."
        }
        (true, false) => {
            "Explore with list_databases, list_schemas, list_tables, or search_objects for a word; describe_table has \
             columns, keys and comments, query_view some rows. Statements of your own are not taken here."
        }
        (false, false) => {
            "Statements of your own are not taken here: each tool says what it answers."
        }
        (false, true) => {
            "Look names up before you query: SHOW TABLES, DESCRIBE TABLE and INFORMATION_SCHEMA tell tables and columns."
        }
    };
    // Nothing about SQL of the model's own, which it could send nowhere.
    if !has("execute_query") {
        return format!(
            "{warehouse}\n\
             Unquoted names fold to upper case; put other names in double quotes. Names in results are written so that they \
             can be copied.\n{explore}\n\
             Lists are cut at {} rows unless limit says otherwise (at most {}). The last line of an answer says whether it is \
             whole; fetch_results reads on with the next_cursor in it.",
            budget.default_rows, budget.max_rows,
        );
    }
    let accepted = accepted(kind, preset);
    format!(
        "{warehouse}\n\
         Write Snowflake SQL. Unquoted names fold to upper case; put other names in double quotes. Names in results are \
         written as SQL takes them, so they can be copied into a statement.\n\
         {explore}\n\
         {accepted}, one statement a call. Nothing lasts from one call to the next (no USE, SET, temporary \
         tables): pass database and schema as arguments, or write names in full.\n\
         Results are cut at {rows} rows unless limit says otherwise (at most {max_rows}). The last line of an answer says whether it \
         is whole; fetch_results reads on with the next_cursor in it. Prefer aggregating, filtering and ORDER BY … LIMIT in SQL over \
         fetching many rows. A statement that takes longer than {wait:.0} s, or than wait_seconds, is answered with status running and \
         a cursor: it goes on, so do not send it again; fetch_results waits for its rows, cancel_query stops it.",
        rows = budget.default_rows,
        max_rows = budget.max_rows,
        wait = budget.sync_wait.as_secs_f64(),
    )
}

/// What statements may do. On the embedded engine only queries run, whatever the policy allows.
fn accepted(kind: WarehouseKind, preset: Preset) -> &'static str {
    match (kind, preset) {
        (WarehouseKind::Embedded, _) | (_, Preset::ReadOnly) => "Only reads are accepted",
        (WarehouseKind::Snowflake, Preset::ReadWrite) => {
            "Reads and changes of rows (INSERT, UPDATE, DELETE, MERGE, TRUNCATE) are accepted, and each change lasts at \
             once, with no transaction to roll back"
        }
        (WarehouseKind::Snowflake, Preset::Admin) => {
            "Nearly every statement is accepted, changes of rows, objects and grants among them, and each change lasts at \
             once, with no transaction to roll back"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Caller;
    use crate::mcp::tools::{Registry, Toolset};

    #[test]
    fn a_model_is_told_of_no_tool_that_is_switched_off() {
        let all = Registry::new(&[Toolset::Catalog, Toolset::Query]);
        for toolsets in [
            &[Toolset::Catalog][..],
            &[Toolset::Query],
            &[Toolset::Catalog, Toolset::Query],
        ] {
            let tools = Registry::new(toolsets);
            let told = text(
                WarehouseKind::Embedded,
                Preset::ReadOnly,
                &Budget::default(),
                &tools.granted_to(&Caller::local()),
            );
            for entry in all.iter() {
                let name = &*entry.description.name;
                assert!(
                    tools.get(name).is_some() || !told.contains(name),
                    "{name}: {told}"
                );
            }
            assert!(told.contains("fetch_results"), "{told}");
            // Claude Code cuts at 2 kB.
            assert!(told.len() < 2000, "{}", told.len());
        }
        let custom = Registry::new(&[Toolset::Custom]);
        let told = text(
            WarehouseKind::Snowflake,
            Preset::ReadOnly,
            &Budget::default(),
            &custom.granted_to(&Caller::local()),
        );
        assert!(!told.contains("SHOW TABLES"), "{told}");
    }

    #[test]
    fn a_model_is_told_what_the_policy_accepts() {
        let budget = Budget {
            default_rows: 100,
            max_rows: 1000,
            ..Budget::default()
        };
        let tools = Registry::new(&[Toolset::Catalog, Toolset::Query]);
        let told = |kind, preset| text(kind, preset, &budget, &tools.granted_to(&Caller::local()));
        for (kind, preset, accepts_changes) in [
            (WarehouseKind::Snowflake, Preset::ReadOnly, false),
            (WarehouseKind::Snowflake, Preset::ReadWrite, true),
            (WarehouseKind::Snowflake, Preset::Admin, true),
            (WarehouseKind::Embedded, Preset::Admin, false),
        ] {
            let told = told(kind, preset);
            assert_eq!(
                told.contains("Only reads are accepted, one statement a call."),
                !accepts_changes,
                "{told}"
            );
            assert_eq!(told.contains("no transaction"), accepts_changes, "{told}");
        }
    }
}
