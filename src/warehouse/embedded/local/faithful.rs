//! Types of columns in CSV and JSON files that keep what their texts say.
//!
//! The engine finds types by trying them. It takes numbers with a point for floating point, which keeps 15 digits of them;
//! of a time it drops what is finer than a microsecond; `01/02/2024` it reads as the first of February, or of January where
//! another line has no other way; and what objects have in different lines it makes members of all of them. So the texts
//! of such columns are looked at, and a column gets the type that Snowflake would find, or stays a text.

use duckdb::Connection;

use super::words::{Column, literal, reason};
use crate::warehouse::DataType;
use crate::warehouse::embedded::catalog::quoted;

/// Ends the name of a type whose values are made of the column's text by the view of the file.
const OF_TEXT: &str = " of its text";

/// Whether the view makes the values, and the reader hands over texts.
pub(super) fn is_of_text(engine_type: &str) -> bool {
    engine_type.ends_with(OF_TEXT)
}

/// Columns and their types as a reader of the engine takes them.
pub(super) fn said(columns: &[Column]) -> String {
    let said: Vec<String> = columns
        .iter()
        .map(|(name, engine_type)| {
            let engine_type = match engine_type.strip_suffix(OF_TEXT) {
                Some("JSON") => "JSON",
                Some(_) => "VARCHAR",
                None => engine_type,
            };
            format!("{}: {}", literal(name), literal(engine_type))
        })
        .collect();
    said.join(", ")
}

/// How a column is shown whose values are made of its text: the type, and the expression.
pub(super) fn shown_of_text(column: &str, engine_type: &str) -> Option<(DataType, String)> {
    let kind = engine_type.strip_suffix(OF_TEXT)?;
    Some(match kind {
        "DATE" => (DataType::Date, format!("CAST(rs_date({column}) AS DATE)")),
        "TIMESTAMP WITH TIME ZONE" => (
            DataType::TimestampLtz(9),
            format!("CAST(rs_zoned({column}) AS TIMESTAMPTZ)"),
        ),
        "JSON" => (
            DataType::Variant,
            format!("CAST(rs_parse_json(nullif(CAST({column} AS VARCHAR), 'null')) AS JSON)"),
        ),
        _ => {
            let (precision, scale) = match kind.strip_prefix("DECIMAL(") {
                Some(inside) => inside.strip_suffix(')')?.split_once(',')?,
                None => ("38", "0"),
            };
            let (precision, scale) = (precision.parse().ok()?, scale.parse().ok()?);
            // The engine would round a number that has come since with more digits.
            (
                DataType::Number { precision, scale },
                format!(
                    "CASE WHEN strpos({column}, '.') > 0 AND length({column}) - strpos({column}, '.') > {scale} THEN \
                     memory.main.sf_fail('the embedded engine found more digits behind the point than when it read what \
                     columns this file has; ask again in a few seconds') ELSE CAST({column} AS {kind}) END"
                ),
            )
        }
    })
}

/// The most digits behind the point of a number that is kept exactly. Those with more were computed in floating point.
const MOST_PLACES: u8 = 12;

/// A date as Snowflake finds it by itself, besides `2024-12-31`.
const OTHER_DATE: &str = "[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}|[0-9]{1,2}-[A-Za-z]{3,9}-[0-9]{4}";

/// The columns with types that keep what the texts say. `rows` are looked at, all of them if it is -1.
pub(super) fn faithful(
    connection: &Connection,
    rows: i64,
    mut columns: Vec<Column>,
    source: &dyn Fn(&[Column]) -> String,
) -> Result<Vec<Column>, String> {
    let mut texts = columns.clone();
    let mut questions = Vec::new();
    for (place, (name, engine_type)) in texts.iter_mut().enumerate() {
        let own = if is_nested(engine_type) {
            Some("JSON")
        } else {
            // The engine would round a number with a point that has come since.
            (engine_type == "BIGINT").then_some("BIGINT")
        };
        if let (Some(own), Some((_, kept))) = (own, columns.get_mut(place)) {
            *kept = format!("{own}{OF_TEXT}");
        } else if let Some(question) = question(&quoted(name), engine_type, rows < 0) {
            questions.push((place, question));
        } else {
            continue;
        }
        "VARCHAR".clone_into(engine_type);
    }
    if questions.is_empty() {
        return Ok(columns);
    }
    let asked: Vec<&str> = questions.iter().map(|(_, one)| one.as_str()).collect();
    let limit = if rows < 0 {
        String::new()
    } else {
        format!(" LIMIT {rows}")
    };
    let sql = format!(
        "SELECT {} FROM (SELECT * FROM {}{limit})",
        asked.join(", "),
        source(&texts)
    );
    let answers = connection.query_row(&sql, [], |row| {
        (0..questions.len())
            .map(|place| row.get::<_, Option<String>>(place))
            .collect::<duckdb::Result<Vec<_>>>()
    });
    for (better, (place, _)) in answers.map_err(reason)?.into_iter().zip(questions) {
        if let (Some((_, engine_type)), Some(better)) = (columns.get_mut(place), better) {
            *engine_type = better;
        }
    }
    Ok(columns)
}

/// Lists and objects of JSON, and what is several things.
fn is_nested(engine_type: &str) -> bool {
    engine_type == "JSON"
        || engine_type.ends_with(']')
        || ["STRUCT(", "MAP(", "UNION("]
            .iter()
            .any(|start| engine_type.starts_with(start))
}

/// An expression over all texts of a column that names the better type, and NULL where there is none. `is_whole` where all
/// rows are looked at.
fn question(column: &str, engine_type: &str, is_whole: bool) -> Option<String> {
    let t = format!("trim({column})");
    // None of a column without values.
    let all = |condition: &str| format!("coalesce(bool_and({condition}), true)");
    let matches = |pattern: &str| format!("regexp_full_match({t}, '{pattern}')");
    let is_other_date = format!(
        "coalesce(bool_and(CASE WHEN {} THEN rs_try_date({t}) IS NOT NULL ELSE false END), false)",
        matches(OTHER_DATE)
    );
    let fine = format!("bool_or(regexp_matches({t}, ':[0-9]{{2}}\\.[0-9]{{6}}[0-9]*[1-9]'))");
    Some(match engine_type {
        "DOUBLE" => number(column, &t, is_whole),
        "DATE" => format!(
            "CASE WHEN {} THEN NULL WHEN {is_other_date} THEN 'DATE{OF_TEXT}' ELSE 'VARCHAR' END",
            all(&matches("[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"))
        ),
        "VARCHAR" => format!("CASE WHEN {is_other_date} THEN 'DATE{OF_TEXT}' END"),
        "TIMESTAMP" => {
            let zoned =
                format!("regexp_matches({t}, ':[0-9.]+ ?(Z|[+-][0-9]{{2}}:?([0-9]{{2}})?)$')");
            format!(
                "CASE WHEN {fine} OR NOT {} THEN 'VARCHAR' WHEN coalesce(bool_and({zoned}), false) THEN \
                 'TIMESTAMP WITH TIME ZONE{OF_TEXT}' WHEN bool_or({zoned}) THEN 'VARCHAR' END",
                all(&matches("[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T].*)?"))
            )
        }
        "TIMESTAMP WITH TIME ZONE" | "TIME" => format!("CASE WHEN {fine} THEN 'VARCHAR' END"),
        _ => return None,
    })
}

/// The type of what the engine takes for floating point: a NUMBER with all digits, where there are few behind the point, or
/// a text where a FLOAT would lose some. `t` are the texts of the column.
fn number(column: &str, t: &str, is_whole: bool) -> String {
    let all = |condition: &str| format!("coalesce(bool_and({condition}), true)");
    let matches = |pattern: &str| format!("regexp_full_match({t}, '{pattern}')");
    let whole = matches("[+-]?[0-9]{1,38}");
    let plain = matches("[+-]?[0-9]*\\.?[0-9]*");
    let before = format!("max(length(ltrim(regexp_extract({t}, '^[+-]?([0-9]*)', 1), '0')))");
    let behind = format!("max(length(regexp_extract({t}, '\\.([0-9]*)$', 1)))");
    let digits = format!(
        "length(rtrim(ltrim(regexp_replace(regexp_replace(lower({t}), 'e.*$', ''), '[^0-9]', '', 'g'), '0'), '0'))"
    );
    let is_lost = format!(
        "bool_or({digits} > 17 OR (isinf(TRY_CAST({t} AS DOUBLE)) AND regexp_matches({t}, '[0-9]')))"
    );
    let exact = if is_whole {
        format!(
            "WHEN {} AND {behind} <= {MOST_PLACES} AND {before} + {behind} <= 38 THEN 'DECIMAL(' || \
             CASE WHEN {before} + {behind} <= 16 THEN 18 ELSE 38 END || ',' || {behind} || '){OF_TEXT}' ",
            all(&plain)
        )
    } else {
        String::new()
    };
    format!(
        "CASE WHEN count({column}) = 0 THEN NULL WHEN {} THEN 'DECIMAL(38,0){OF_TEXT}' {exact}WHEN {is_lost} THEN 'VARCHAR' END",
        all(&whole)
    )
}
