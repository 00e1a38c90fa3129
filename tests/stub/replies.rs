//! What statements other than SELECT answer.

use serde_json::json;

use super::{
    columns::{Column, Table},
    results::{Format, Results},
    settings::Scripted,
    statements::Finished,
};

pub fn in_json(type_id: u32, table: Table) -> Finished {
    Finished {
        type_id,
        // The service answers in JSON whatever the client accepts, unless rows were selected.
        results: Results::inline(table, Format::Json),
        command: None,
        stats: None,
    }
}

pub fn status(type_id: u32, message: &str) -> Finished {
    in_json(
        type_id,
        Table(vec![Column::text("status", vec![Some(message.to_owned())])]),
    )
}

pub fn changed(type_id: u32, verb: &str) -> Finished {
    let mut finished = in_json(
        type_id,
        Table(vec![Column::fixed(
            &format!("number of rows {verb}"),
            19,
            0,
            &[Some(1)],
        )]),
    );
    let count = |it: &str| i32::from(it == verb);
    finished.stats = Some(json!({
        "numRowsInserted": count("inserted"), "numRowsUpdated": count("updated"), "numRowsDeleted": count("deleted"),
        "numDmlDuplicates": 0,
    }));
    finished
}

pub fn listed(type_id: u32, columns: &[&str]) -> Finished {
    let cells = |name: &str| (1..=2).map(|row| Some(format!("{name}_{row}"))).collect();
    in_json(
        type_id,
        Table(
            columns
                .iter()
                .map(|name| Column::text(name, cells(name)))
                .collect(),
        ),
    )
}

/// Names in three databases, every seventh in `INFORMATION_SCHEMA`, in the columns that a SHOW of anything may have. In pieces,
/// to be read across their edges.
pub fn shown(type_id: u32, rows: usize) -> Finished {
    let column = |name: &str, cell: fn(usize) -> String| {
        Column::text(name, (0..rows).map(|row| Some(cell(row))).collect())
    };
    let schema = |row| match row % 7 {
        0 => "INFORMATION_SCHEMA".to_owned(),
        _ => format!("S_{}", row % 2),
    };
    let table = Table(vec![
        column("created_on", |_| "2026-01-01 00:00:00".to_owned()),
        column("name", |row| format!("NAME_{row:05}")),
        column("database_name", |row| format!("DB_{}", row % 3)),
        column("schema_name", schema),
        column("table_name", |row| format!("TABLE_{row:05}")),
        column("column_name", |row| format!("COLUMN_NAME_{row:05}")),
        column("kind", |_| "TABLE".to_owned()),
        column("comment", |row| format!("the {row}th")),
    ]);
    let mut finished = in_json(type_id, table);
    (finished.results.inline, finished.results.chunk) = (40, 30);
    finished
}

/// The names that the settings give.
pub fn catalog(type_id: u32, names: &[String]) -> Finished {
    let parts = |name: &String| match name.split_once('.') {
        Some((table, column)) => (table.to_owned(), column.to_owned()),
        None => (name.clone(), name.clone()),
    };
    let (tables, columns): (Vec<_>, Vec<_>) = names.iter().map(parts).unzip();
    let text = |name: &str, cells: &[String]| {
        Column::text(name, cells.iter().cloned().map(Some).collect())
    };
    let all = |word: &str| vec![word.to_owned(); names.len()];
    in_json(
        type_id,
        Table(vec![
            text("name", &columns),
            text("database_name", &all("DB")),
            text("schema_name", &all("PUBLIC")),
            text("table_name", &tables),
            text("column_name", &columns),
            text("kind", &all("TABLE")),
        ]),
    )
}

/// What a test has written down.
pub fn scripted(type_id: u32, answer: &Scripted) -> Finished {
    let cells = |place: usize| answer.rows.iter().map(move |row| row[place].clone());
    let columns = answer.columns.iter().enumerate();
    in_json(
        type_id,
        Table(
            columns
                .map(|(place, name)| Column::text(name, cells(place).collect()))
                .collect(),
        ),
    )
}

/// A plan in JSON, as `EXPLAIN USING JSON` answers with.
pub fn plan(type_id: u32, bytes: u64) -> Finished {
    let plan = json!({
        "GlobalStats": { "partitionsTotal": 10, "partitionsAssigned": 4, "bytesAssigned": bytes },
        "Operations": [[{ "id": 0, "operation": "Result", "expressions": ["1"] }]],
    });
    in_json(
        type_id,
        Table(vec![Column::text("content", vec![Some(plan.to_string())])]),
    )
}

pub fn transfer(type_id: u32, command: &str, source: &str, target: &str) -> Finished {
    let mut finished = status(type_id, "");
    finished.command = Some(json!({
        "command": command, "operation": "Node", "src_locations": [source.trim_matches('\'')],
        "localLocation": target.trim_matches('\''), "parallel": 4, "threshold": 209_715_200, "autoCompress": true,
        "overwrite": false, "sourceCompression": "auto_detect", "clientShowEncryptionParameter": false,
        "encryptionMaterial": { "queryStageMasterKey": "", "queryId": "", "smkId": 92_019_681_909_886_u64 },
        "stageInfo": {
            "locationType": "S3", "location": "stub-stage/path", "path": "path/", "region": "us-west-2",
            "storageAccount": null, "isClientSideEncrypted": true, "creds": {}, "presignedUrl": null, "endPoint": null,
        },
        "presignedUrls": [], "rowtype": [],
    }));
    finished
}

/// What asks to move files and has a row as well, for whoever overlooks what it asks.
pub fn transfer_and_rows(type_id: u32) -> Finished {
    let mut finished = transfer(type_id, "DOWNLOAD", "@stage/file", "/tmp");
    let rowtype = finished.results.rowtype();
    if let Some(command) = &mut finished.command {
        command["rowtype"] = json!(rowtype);
        command["rowset"] = json!([["done"]]);
        command["queryResultFormat"] = json!("json");
        command["total"] = json!(1);
        command["returned"] = json!(1);
    }
    finished
}
