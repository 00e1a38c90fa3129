//! One file as a table: which columns it has, and the query that reads it.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use duckdb::Connection;

use super::super::catalog::{Field, Table, TableKind, quoted};
use super::csv;
use super::faithful::{faithful, is_of_text, said, shown_of_text};
use super::folder::{File, Format, identifier};
use super::links::Lying;
use super::names::Names;
use super::words::{Column, PATIENCE, literal, reason};
use crate::warehouse::DataType;

/// How often the engine is told again that the time is over.
const AGAIN: Duration = Duration::from_millis(20);
/// Columns of one table.
const MOST_COLUMNS: usize = 2_000;
/// Files up to this size are read whole to find the types of their columns; of larger ones the first part must do.
const READ_WHOLE: u64 = 32 << 20;
/// Rows that tell the types of a larger file.
const SAMPLE: u64 = 200_000;
/// Bytes that tell the encoding of a file.
const LOOK_AT: u64 = 64 << 20;

/// A table and the query behind it.
pub(super) struct Described {
    pub(super) table: Table,
    pub(super) query: String,
    pub(super) file: Lying,
}

/// Reads what columns the file has.
///
/// # Errors
///
/// In words, why it cannot be read.
pub(super) fn describe(
    connection: &Connection,
    file: &File,
    names: &mut Names,
) -> Result<Described, String> {
    if file.stamp.bytes == 0 {
        return Err("it is empty".to_owned());
    }
    let (source, columns, rows) = in_time(connection, || read(connection, file))?;
    if columns.len() > MOST_COLUMNS {
        return Err(format!("it has more than {MOST_COLUMNS} columns"));
    }
    let mut keep = |name: &str| {
        names
            .get(name)
            .ok_or_else(|| "too many different names".to_owned())
    };
    let mut fields: Vec<Field> = Vec::with_capacity(columns.len());
    let mut expressions = Vec::with_capacity(columns.len());
    for (column, engine_type) in &columns {
        let (data_type, expression) = shown_as(&quoted(column), engine_type);
        let mut name = identifier(column);
        while fields
            .iter()
            .any(|field| field.name.eq_ignore_ascii_case(&name))
        {
            name.push_str("_1");
        }
        expressions.push(format!("{expression} AS {}", quoted(&name)));
        fields.push(Field {
            name: keep(&name)?,
            data_type,
            is_nullable: true,
            comment: "",
        });
    }
    let table = Table {
        name: keep(&file.table)?,
        comment: keep(&format!("The file {}", file.shown))?,
        columns: fields,
        kind: TableKind::Table {
            rows,
            bytes: file.stamp.bytes,
            primary_key: Vec::new(),
            foreign_keys: Vec::new(),
        },
    };
    let query = format!("SELECT {} FROM {source}", expressions.join(", "));
    Ok(Described {
        table,
        query,
        file: Lying {
            path: file.path.clone(),
            shown: file.shown.clone(),
            stamp: file.stamp.clone(),
        },
    })
}

/// Where the rows come from in the engine's words, the columns with their types, and the number of rows where the file
/// says it.
type Read = (String, Vec<Column>, Option<u64>);

fn read(connection: &Connection, file: &File) -> Result<Read, String> {
    let path = literal(file.path.to_str().unwrap_or_default());
    match file.format {
        Format::Parquet => {
            refuse_long_decimals(connection, &path)?;
            let source = format!("read_parquet({path})");
            let columns = columns(connection, &source)?;
            let rows =
                format!("SELECT CAST(sum(num_rows) AS UBIGINT) FROM parquet_file_metadata({path})");
            let rows = connection.query_row(&rows, [], |row| row.get::<_, Option<u64>>(0));
            Ok((source, columns, rows.map_err(reason)?))
        }
        Format::Json => {
            let found = format!("read_json({path}, sample_size = {})", sample(file));
            let columns = columns(connection, &found)?;
            // Said, so that they are not looked for again by every statement.
            let source =
                |columns: &[Column]| format!("read_json({path}, columns = {{{}}})", said(columns));
            refuse_twins(connection, &path, file, &columns)?;
            let columns = faithful(connection, sample(file), columns, &source)?;
            Ok((source(&columns), columns, None))
        }
        Format::Csv => {
            let encoding = encoding(&file.path)?;
            let form = csv::form(connection, &path, sample(file), encoding)?;
            let source = |columns: &[Column]| form.source(&path, &said(columns));
            let columns = faithful(connection, sample(file), form.columns.clone(), &source)?;
            let source = source(&columns);
            // Whether it can be read so is not known before it has been tried.
            let told = self::columns(connection, &source)?;
            let columns = told.into_iter().zip(columns).map(|(told, wanted)| {
                if is_of_text(&wanted.1) { wanted } else { told }
            });
            Ok((source, columns.collect(), None))
        }
    }
}

/// Of a decimal with more digits than its own the engine makes another number, without a word.
fn refuse_long_decimals(connection: &Connection, path: &str) -> Result<(), String> {
    let longest = format!("SELECT min(name) FROM parquet_schema({path}) WHERE precision > 38");
    let name: Option<String> = connection
        .query_row(&longest, [], |row| row.get(0))
        .map_err(reason)?;
    match name {
        None => Ok(()),
        Some(name) => Err(format!(
            "its column {name} has decimals of more than 38 digits, which is more than a NUMBER has"
        )),
    }
}

/// Keys that differ in case alone are one column to the engine, which then reads the second from a key that it has made up.
fn refuse_twins(
    connection: &Connection,
    path: &str,
    file: &File,
    columns: &[Column],
) -> Result<(), String> {
    let has = |wanted: &str| {
        columns
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(wanted))
    };
    let is_doubtful = |name: &str| {
        name.rsplit_once('_')
            .is_some_and(|(start, end)| end.bytes().all(|byte| byte.is_ascii_digit()) && has(start))
    };
    if !columns.iter().any(|(name, _)| is_doubtful(name)) {
        return Ok(());
    }
    let limit = match sample(file) {
        -1 => String::new(),
        rows => format!(" LIMIT {rows}"),
    };
    let twins = format!(
        "SELECT min(k) FROM (SELECT DISTINCT unnest(json_keys(json)) AS k FROM (SELECT json FROM read_json_objects({path}){limit})) \
         GROUP BY lower(k) HAVING count(*) > 1 LIMIT 1"
    );
    let mut prepared = connection.prepare(&twins).map_err(reason)?;
    let mut rows = prepared.query([]).map_err(reason)?;
    match rows.next().map_err(reason)? {
        None => Ok(()),
        Some(row) => {
            let key: String = row.get(0).map_err(reason)?;
            Err(format!(
                "it has the key {key} in several spellings that differ in case alone"
            ))
        }
    }
}

/// Rows to look at for the types; all of them is -1.
fn sample(file: &File) -> i64 {
    if file.stamp.bytes <= READ_WHOLE {
        -1
    } else {
        i64::try_from(SAMPLE).unwrap_or(-1)
    }
}

fn columns(connection: &Connection, source: &str) -> Result<Vec<Column>, String> {
    let mut described = connection
        .prepare(&format!("DESCRIBE SELECT * FROM {source}"))
        .map_err(reason)?;
    let columns = described
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(reason)?;
    columns.collect::<duckdb::Result<Vec<_>>>().map_err(reason)
}

/// What the text of a CSV file is written in. Of those the engine reads; what is neither UTF-8 nor UTF-16 is taken for
/// Latin-1, in which every byte means something.
fn encoding(path: &Path) -> Result<&'static str, String> {
    let gzipped = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
    if gzipped {
        return Ok("utf-8");
    }
    let cannot = |error: std::io::Error| format!("it cannot be read: {error}");
    let mut file = fs::File::open(path).map_err(cannot)?.take(LOOK_AT);
    let mut buffer = vec![0; 1 << 16];
    let mut filled = 0;
    let mut is_first = true;
    loop {
        let space = buffer.get_mut(filled..).unwrap_or_default();
        let read = file.read(space).map_err(cannot)?;
        let bytes = buffer.get(..filled + read).unwrap_or_default();
        if is_first && bytes.starts_with(&[0xFF, 0xFE]) {
            return Ok("utf-16");
        }
        // The engine would read the two bytes of each letter in the wrong order.
        if is_first && bytes.starts_with(&[0xFE, 0xFF]) {
            return Err("it is in big-endian UTF-16; save it as UTF-8".to_owned());
        }
        is_first = false;
        if read == 0 {
            return Ok("utf-8");
        }
        // A character may be cut at the end of what was read; its beginning is kept for the next round.
        filled = match std::str::from_utf8(bytes) {
            Ok(_) => 0,
            Err(error) if error.error_len().is_some() => return Ok("latin-1"),
            Err(error) => {
                let valid = error.valid_up_to();
                let end = bytes.len();
                buffer.copy_within(valid..end, 0);
                end - valid
            }
        };
    }
}

/// How a column of the engine's type is shown: the type, and the expression that makes it so. Types that Snowflake does
/// not have, and those whose values the dialect would not know, become ones it has.
fn shown_as(column: &str, engine_type: &str) -> (DataType, String) {
    const WHOLE: DataType = DataType::Number {
        precision: 38,
        scale: 0,
    };
    if let Some(shown) = shown_of_text(column, engine_type) {
        return shown;
    }
    let plain = |data_type: DataType| (data_type, column.to_owned());
    let cast = |data_type: DataType, to: &str| (data_type, format!("CAST({column} AS {to})"));
    if let Some((precision, scale)) = decimal(engine_type) {
        return plain(DataType::Number { precision, scale });
    }
    let is_nested = engine_type.ends_with(']')
        || ["STRUCT(", "MAP(", "UNION("]
            .iter()
            .any(|start| engine_type.starts_with(start));
    if is_nested && engine_type.contains("BLOB") {
        return (
            DataType::Variant,
            format!(
                "CAST(CASE WHEN {column} IS NOT NULL THEN memory.main.sf_fail('the embedded engine cannot store BINARY in a \
                 VARIANT, and this column has lists or objects with it') END AS JSON)"
            ),
        );
    }
    if is_nested {
        return (DataType::Variant, format!("to_json({column})"));
    }
    match engine_type {
        "BOOLEAN" => plain(DataType::Boolean),
        "BIGINT" => plain(WHOLE),
        // In wider ones a sum of two is a NUMBER as well.
        "TINYINT" | "SMALLINT" | "INTEGER" | "UTINYINT" | "USMALLINT" | "UINTEGER" => {
            cast(WHOLE, "BIGINT")
        }
        "UBIGINT" | "HUGEINT" | "UHUGEINT" => cast(WHOLE, "DECIMAL(38, 0)"),
        "FLOAT" => cast(DataType::Float, "DOUBLE"),
        "DOUBLE" => plain(DataType::Float),
        "VARCHAR" => plain(DataType::Varchar(None)),
        "JSON" => plain(DataType::Variant),
        "BLOB" => plain(DataType::Binary),
        "DATE" => plain(DataType::Date),
        "TIME" => plain(DataType::Time(9)),
        "TIMESTAMP" => plain(DataType::TimestampNtz(9)),
        "TIMESTAMP_S" | "TIMESTAMP_MS" => cast(DataType::TimestampNtz(9), "TIMESTAMP"),
        // Parquet files of pandas are full of them, most with nothing behind the microseconds.
        "TIMESTAMP_NS" => (
            DataType::TimestampNtz(9),
            format!(
                "CASE WHEN epoch_ns({column}) % 1000 <> 0 THEN memory.main.sf_fail('the embedded engine keeps times to the \
                 microsecond, and this column has finer ones') ELSE CAST({column} AS TIMESTAMP) END"
            ),
        ),
        "TIMESTAMP WITH TIME ZONE" => plain(DataType::TimestampLtz(9)),
        _ => cast(DataType::Varchar(None), "VARCHAR"),
    }
}

fn decimal(engine_type: &str) -> Option<(u8, u8)> {
    let inside = engine_type.strip_prefix("DECIMAL(")?.strip_suffix(')')?;
    let (precision, scale) = inside.split_once(',')?;
    Some((precision.trim().parse().ok()?, scale.trim().parse().ok()?))
}

/// Runs something on the connection that must end in time.
fn in_time<T>(
    connection: &Connection,
    work: impl FnOnce() -> Result<T, String>,
) -> Result<T, String> {
    let handle = connection.interrupt_handle();
    let (done, is_done) = sync_channel::<()>(1);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut patience = PATIENCE;
            while is_done.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                handle.interrupt();
                patience = AGAIN;
            }
        });
        let result = work();
        drop(done);
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_told_by_the_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let told = |bytes: &[u8]| {
            let path = folder.path().join("a.csv");
            fs::write(&path, bytes).unwrap();
            encoding(&path).unwrap()
        };
        assert_eq!(told("a,é\n".as_bytes()), "utf-8");
        assert_eq!(told(b"\xEF\xBB\xBFa,b\n"), "utf-8");
        assert_eq!(told(b"a,\xE9\n"), "latin-1");
        assert_eq!(told(b"\xFF\xFEa\0"), "utf-16");
        // A character across the edge of what is read at a time.
        let mut long = vec![b'a'; (1 << 16) - 1];
        long.extend("é".as_bytes());
        assert_eq!(told(&long), "utf-8");
        long.push(0xE9);
        long.push(b'x');
        assert_eq!(told(&long), "latin-1");
    }

    #[test]
    fn every_type_has_one_in_snowflake() {
        let shown = |engine_type: &str| {
            let (data_type, expression) = shown_as("\"c\"", engine_type);
            format!("{data_type} {expression}")
        };
        assert_eq!(shown("BIGINT"), "NUMBER(38,0) \"c\"");
        assert_eq!(shown("DECIMAL(12,2)"), "NUMBER(12,2) \"c\"");
        assert_eq!(shown("STRUCT(a BIGINT)"), "VARIANT to_json(\"c\")");
        assert_eq!(shown("DECIMAL(12,2)[]"), "VARIANT to_json(\"c\")");
        assert!(shown("BLOB[]").contains("cannot store BINARY"));
        assert_eq!(
            shown("TIMESTAMP_MS"),
            "TIMESTAMP_NTZ(9) CAST(\"c\" AS TIMESTAMP)"
        );
        assert_eq!(
            shown("HUGEINT"),
            "NUMBER(38,0) CAST(\"c\" AS DECIMAL(38, 0))"
        );
        assert!(shown("TIMESTAMP_NS").ends_with("ELSE CAST(\"c\" AS TIMESTAMP) END"));
        assert!(shown("ENUM('a', 'b')").ends_with("CAST(\"c\" AS VARCHAR)"));
    }
}
