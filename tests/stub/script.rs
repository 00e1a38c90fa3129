//! What a statement's text means here. Anything that is not in this file is answered with a syntax error.

use std::time::Duration;

use serde_json::Value;

use super::{
    State,
    columns::{Column, Table},
    effects::{self, Effect},
    literals, query,
    replies::{self, changed, listed, status, transfer},
    results::{Format, Gzip, Results, Source},
    sessions::Session,
    show,
    statements::Finished,
    wire::Refusal,
};

/// What will happen when a statement runs.
pub struct Plan {
    pub takes: Duration,
    pub outcome: Result<Finished, Failed>,
    pub effect: Effect,
    pub binds: usize,
}

/// How a statement goes wrong.
pub struct Failed {
    pub code: String,
    pub sql_state: &'static str,
    pub message: String,
}

/// The families of statements, by their `statementTypeId`.
mod type_id {
    pub(super) const SELECT: u32 = 0x1000;
    pub(super) const EXPLAIN: u32 = 0x2000;
    pub(super) const ALTER_SESSION: u32 = 0x4100;
    pub(super) const USE: u32 = 0x4300;
    pub(super) const SHOW: u32 = 0x4400;
    pub(super) const DESCRIBE: u32 = 0x4500;
    pub(super) const TRANSACTION: u32 = 0x5000;
    pub(super) const DDL: u32 = 0x6000;
    pub(super) const GET: u32 = 0x7101;
    pub(super) const PUT: u32 = 0x7102;
    pub(super) const CALL: u32 = 0x9000;
}

impl Failed {
    pub fn new(code: &str, sql_state: &'static str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            sql_state,
            message: message.into(),
        }
    }

    pub fn refusal(&self, query_id: &str) -> Refusal {
        Refusal::of_statement(&self.code, self.sql_state, &self.message, query_id)
    }
}

/// Reads the statement of a query request.
pub fn plan(state: &State, session: &Session, body: &Value) -> Plan {
    let text = body["sqlText"].as_str().unwrap_or_default();
    let text = literals::without_comments(text)
        .trim_end_matches(';')
        .trim_end();
    let delay = Duration::from_millis(state.settings().statement_delay_ms);
    let mut plan = Plan {
        takes: delay,
        outcome: Err(Failed::new(
            "001003",
            "42000",
            "SQL compilation error:\nsyntax error line 1 at position 0",
        )),
        effect: Effect::default(),
        binds: literals::binds_in(text),
    };
    let statements = literals::split(text, ';').len();
    let allowed = query::number(session, body, "MULTI_STATEMENT_COUNT").unwrap_or(1);
    if statements > 1 && u64::try_from(statements).ok() != Some(allowed) && allowed != 0 {
        let message = format!(
            "Actual statement count {statements} did not match the desired statement count {allowed}."
        );
        plan.outcome = Err(Failed::new("000008", "0A000", message));
        return plan;
    }
    let small = text.to_lowercase();
    let scripted = state.settings().answers.clone().into_iter();
    if let Some(scripted) = scripted
        .filter(|_| !small.starts_with("explain"))
        .find(|it| small.contains(&it.contains.to_lowercase()))
    {
        plan.outcome = Ok(replies::scripted(type_id::SELECT, &scripted));
        return plan;
    }
    let words: Vec<String> = text.split_whitespace().map(str::to_uppercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = |type_id, message: &str| Ok(status(type_id, message));
    let executed = "Statement executed successfully.";
    match words.as_slice() {
        ["SELECT" | "WITH", ..] => select(state, session, body, text, &mut plan),
        ["USE", rest @ ..] => {
            plan.effect = effects::of_use(rest);
            plan.outcome = done(type_id::USE, executed);
        }
        ["ALTER", "SESSION", "SET", ..] => {
            plan.effect = effects::of_set(text);
            plan.outcome = done(type_id::ALTER_SESSION, executed);
        }
        ["ALTER", "SESSION", "UNSET", names @ ..] => {
            plan.effect = Effect::Unset(
                names
                    .iter()
                    .map(|name| name.trim_matches(',').to_owned())
                    .collect(),
            );
            plan.outcome = done(type_id::ALTER_SESSION, executed);
        }
        ["BEGIN" | "COMMIT" | "ROLLBACK" | "START", ..] => {
            plan.outcome = done(type_id::TRANSACTION, executed)
        }
        ["CREATE", ..] => plan.outcome = done(type_id::DDL, "Table successfully created."),
        [
            "DROP" | "ALTER" | "TRUNCATE" | "GRANT" | "REVOKE" | "COMMENT" | "UNDROP",
            ..,
        ] => {
            plan.outcome = done(type_id::DDL, executed);
        }
        ["INSERT", ..] => plan.outcome = Ok(changed(0x3100, "inserted")),
        ["UPDATE", ..] => plan.outcome = Ok(changed(0x3200, "updated")),
        ["DELETE", ..] => plan.outcome = Ok(changed(0x3300, "deleted")),
        ["MERGE", ..] => plan.outcome = Ok(changed(0x3400, "updated")),
        ["SHOW" | "DESC" | "DESCRIBE", ..] if !state.settings().catalog.is_empty() => {
            let settings = state.settings();
            plan.takes += Duration::from_millis(settings.catalog_delay_ms);
            plan.outcome = Ok(replies::catalog(type_id::SHOW, &settings.catalog));
        }
        ["SHOW", ..] if state.settings().generated_account => {
            plan.outcome = show::answer(type_id::SHOW, text);
        }
        ["SHOW", ..] if state.settings().shown > 0 => {
            plan.outcome = Ok(replies::shown(type_id::SHOW, state.settings().shown));
        }
        ["SHOW", ..] => plan.outcome = Ok(listed(type_id::SHOW, &["name", "kind", "comment"])),
        ["DESC" | "DESCRIBE", ..] => {
            plan.outcome = Ok(listed(type_id::DESCRIBE, &["name", "type", "kind"]))
        }
        ["EXPLAIN", "USING", "JSON", ..] => {
            let bytes = state.settings().explain_bytes;
            plan.outcome = Ok(replies::plan(type_id::EXPLAIN, bytes));
        }
        ["EXPLAIN", ..] => {
            plan.outcome = Ok(listed(type_id::EXPLAIN, &["step", "operation", "objects"]))
        }
        ["CALL", ..] => plan.outcome = done(type_id::CALL, "called"),
        ["PUT" | "GET", ..] if body["asyncExec"] == true => {
            plan.outcome = Err(Failed::new(
                "000612",
                "0A000",
                "File transfers cannot run detached.",
            ));
        }
        ["PUT", file, stage, ..] => {
            plan.outcome = Ok(transfer(type_id::PUT, "UPLOAD", file, stage))
        }
        ["GET", stage, folder, ..] => {
            plan.outcome = Ok(transfer(type_id::GET, "DOWNLOAD", stage, folder))
        }
        _ => {}
    }
    plan
}

fn select(state: &State, session: &Session, body: &Value, text: &str, plan: &mut Plan) {
    let format = |wanted: Option<String>| match wanted
        .unwrap_or_else(|| state.settings().format.clone())
        .as_str()
    {
        "json" => Format::Json,
        _ => Format::Arrow,
    };
    let finished = |results| Finished {
        type_id: type_id::SELECT,
        results,
        command: None,
        stats: None,
    };
    if let Some(arguments) = literals::call(text, "stub.rows") {
        let cap = query::number(session, body, "ROWS_PER_RESULTSET").unwrap_or(0);
        let rows = arguments.number("n", 0).unwrap_or(1);
        let rows = if cap > 0 { rows.min(cap) } else { rows };
        let count = |number: u64| usize::try_from(number).unwrap();
        let chunk = arguments.number("chunk", 1).unwrap_or(rows);
        plan.outcome = Ok(finished(Results {
            source: Source::Numbered {
                rows: count(rows),
                columns: count(arguments.number("columns", 6).unwrap_or(2)),
            },
            format: format(arguments.text("format", 2)),
            inline: count(arguments.number("inline", 5).unwrap_or(chunk)),
            chunk: count(chunk),
            gzip: match arguments.text("gzip", 3).as_deref() {
                Some("true") => Gzip::Declared,
                Some("bare") => Gzip::Bare,
                _ => Gzip::No,
            },
            delay: Duration::from_millis(arguments.number("delay_ms", 4).unwrap_or(0)),
        }));
    } else if let Some(arguments) = literals::call(text, "stub.types") {
        let only = arguments.text("columns", 1);
        let table = super::types::table(only.as_deref());
        plan.outcome = Ok(finished(Results::inline(
            table,
            format(arguments.text("format", 0)),
        )));
    } else if let Some(arguments) = literals::call(text, "stub.empty") {
        plan.outcome = Ok(finished(Results {
            source: Source::Numbered {
                rows: 0,
                columns: 2,
            },
            ..Results::inline(Table(Vec::new()), format(arguments.text("format", 0)))
        }));
    } else if let Some(arguments) = literals::call(text, "stub.sleep") {
        let ms = arguments.number("ms", 0).unwrap_or(1_000);
        plan.takes += Duration::from_millis(ms);
        let slept = Table(vec![Column::fixed("SLEPT_MS", 18, 0, &[Some(ms.into())])]);
        plan.outcome = Ok(finished(Results::inline(slept, format(None))));
    } else if let Some(arguments) = literals::call(text, "stub.fail") {
        let code = arguments
            .text("code", 0)
            .unwrap_or_else(|| "100035".to_owned());
        let sql_state = match code.as_str() {
            "001003" => "42000",
            "002003" => "42S02",
            "003001" => "42501",
            "000606" => "57P03",
            "000604" | "000630" => "57014",
            _ => "22000",
        };
        let message = arguments
            .text("message", 1)
            .unwrap_or_else(|| "as you wish".to_owned());
        plan.outcome = Err(Failed::new(&code, sql_state, message));
    } else if let Some(arguments) = literals::call(text, "result_scan") {
        let mut id = arguments.text("id", 0).unwrap_or_default();
        if id.to_lowercase().starts_with("last_query_id(") {
            id = state.statements().last_of(session.id).unwrap_or_default();
        }
        let earlier = state.statements().finished(&id);
        let missing = || Failed::new("000709", "02000", format!("Statement {id} not found"));
        plan.outcome = earlier
            .map(|it| finished(it.results.clone()))
            .ok_or_else(missing);
    } else if let Some(arguments) = literals::call(text, "stub.stray") {
        let name = arguments.text("role", 0).unwrap_or_default();
        plan.effect = effects::of_use(&["ROLE", &name]);
        let strayed = Table(vec![Column::text("ROLE", vec![Some(name)])]);
        plan.outcome = Ok(finished(Results::inline(strayed, format(None))));
    } else if let Some(arguments) = literals::call(text, "stub.set") {
        let text = |name, place| arguments.text(name, place).unwrap_or_default();
        plan.effect = Effect::Set(vec![(text("name", 0), text("value", 1).into())]);
        let set = Table(vec![Column::text("NAME", vec![Some(text("name", 0))])]);
        plan.outcome = Ok(finished(Results::inline(set, format(None))));
    } else if let Some(arguments) = literals::call(text, "stub.kind") {
        let kind = arguments.number("kind", 0).unwrap_or_default();
        let told = Table(vec![Column::fixed("KIND", 18, 0, &[Some(kind.into())])]);
        plan.outcome = Ok(Finished {
            type_id: u32::try_from(kind).unwrap(),
            ..finished(Results::inline(told, format(None)))
        });
    } else if literals::call(text, "stub.files").is_some() {
        plan.outcome = Ok(replies::transfer_and_rows(type_id::SELECT));
    } else if literals::call(text, "last_query_id").is_some() {
        let last = state.statements().last_of(session.id);
        let column = Column::text("LAST_QUERY_ID()", vec![last]);
        plan.outcome = Ok(finished(Results::inline(Table(vec![column]), format(None))));
    } else if literals::call(text, "information_schema.query_history").is_some() {
        let (ids, texts) = state
            .statements()
            .history()
            .into_iter()
            .unzip::<_, _, Vec<_>, Vec<_>>();
        let columns = [("QUERY_ID", ids), ("QUERY_TEXT", texts)];
        let columns = columns
            .map(|(name, values)| Column::text(name, values.into_iter().map(Some).collect()));
        plan.outcome = Ok(finished(Results::inline(
            Table(columns.into()),
            format(None),
        )));
    } else {
        let table = literals::table(session, body, text);
        plan.outcome = table.map(|table| finished(Results::inline(table, format(None))));
    }
}
