//! Every type DuckDB can hand over, through the engine itself: what the dialect makes of Snowflake's types is its own
//! subject.

use duckdb::Connection;

use super::super::rows::{ArrowBatch, Reader};
use super::text;
use crate::warehouse::Batch;

/// The type and the cells of the one column a query gives.
fn column(query: &str) -> (String, Vec<String>) {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("SET TimeZone = 'UTC'").unwrap();
    let mut statement = connection.prepare(query).unwrap();
    let schema = statement.stream_arrow([]).unwrap().get_schema();
    let reader = Reader::new(&statement.column_logical_type(0), schema.field(0));
    let data_type = reader.column().data_type.to_string();
    let readers = [reader];
    let mut cells = vec![];
    while let Some(chunk) = statement.step().unwrap() {
        let batch = ArrowBatch::new(&readers, &chunk);
        cells.extend((0..batch.rows()).map(|row| text(&batch.cell(row, 0))));
        assert_eq!(text(&batch.cell(batch.rows(), 0)), "∅", "outside is NULL");
        assert_eq!(text(&batch.cell(0, 1)), "∅", "outside is NULL");
    }
    (data_type, cells)
}

fn check(query: &str, data_type: &str, cells: &[&str]) {
    let (found_type, found) = column(query);
    assert_eq!(found_type, data_type, "{query}");
    assert_eq!(found, cells, "{query}");
}

#[test]
fn whole_numbers_of_every_width_are_number_38_0() {
    for (duckdb, least, most) in [
        ("TINYINT", "-128", "127"),
        ("SMALLINT", "-32768", "32767"),
        ("INTEGER", "-2147483648", "2147483647"),
        ("BIGINT", "-9223372036854775808", "9223372036854775807"),
        ("UTINYINT", "0", "255"),
        ("USMALLINT", "0", "65535"),
        ("UINTEGER", "0", "4294967295"),
        ("UBIGINT", "0", "18446744073709551615"),
        (
            "HUGEINT",
            "-170141183460469231731687303715884105728",
            "170141183460469231731687303715884105727",
        ),
    ] {
        check(
            &format!("SELECT unnest(['{least}', '{most}', NULL])::{duckdb}"),
            "NUMBER(38,0)",
            &[least, most, "∅"],
        );
    }
    check(
        "SELECT sum(x) FROM (VALUES (9223372036854775807), (1)) t(x)",
        "NUMBER(38,0)",
        &["9223372036854775808"],
    );
}

#[test]
fn decimals_of_every_storage_width_keep_precision_and_scale() {
    check(
        "SELECT unnest([1.2, -9.9, NULL])::DECIMAL(2,1)",
        "NUMBER(2,1)",
        &["12e-1", "-99e-1", "∅"],
    );
    check(
        "SELECT unnest(['9999999999.99', NULL])::DECIMAL(12,2)",
        "NUMBER(12,2)",
        &["999999999999e-2", "∅"],
    );
    check(
        "SELECT '99999999999999999999999999999999999999'::DECIMAL(38,0)",
        "NUMBER(38,0)",
        &["99999999999999999999999999999999999999"],
    );
    check(
        "SELECT '-0.0000000000000000000000000000000000001'::DECIMAL(38,37)",
        "NUMBER(38,37)",
        &["-1e-37"],
    );
}

#[test]
fn floats_truth_values_texts_and_bytes_are_themselves() {
    check(
        "SELECT unnest(['1.5', 'nan', '-inf', NULL])::DOUBLE",
        "FLOAT",
        &["1.5", "NaN", "-inf", "∅"],
    );
    check("SELECT unnest([0.5, NULL])::FLOAT", "FLOAT", &["0.5", "∅"]);
    check(
        "SELECT unnest([true, false, NULL])",
        "BOOLEAN",
        &["true", "false", "∅"],
    );
    check(
        "SELECT unnest(['', 'größe', 'a longer text than fits inline', NULL])",
        "VARCHAR",
        &["", "größe", "a longer text than fits inline", "∅"],
    );
    check(
        r"SELECT unnest(['\x00\xFF', '', NULL])::BLOB",
        "BINARY",
        &["[00, FF]", "[]", "∅"],
    );
}

#[test]
fn dates_and_times_keep_their_distance_from_1970() {
    check(
        "SELECT unnest(['1970-01-01', '0001-01-01', '9999-12-31', '1969-12-31', NULL])::DATE",
        "DATE",
        &["day 0", "day -719162", "day 2932896", "day -1", "∅"],
    );
    check(
        "SELECT unnest(['00:00:00', '23:59:59.999999', NULL])::TIME",
        "TIME(9)",
        &["0 ns", "86399999999000 ns", "∅"],
    );
    check(
        "SELECT unnest(['1970-01-01 00:00:00.5', '1969-12-31 23:59:59.75', '9999-12-31 23:59:59', NULL])::TIMESTAMP",
        "TIMESTAMP_NTZ(9)",
        &[
            "0.500000000 None",
            "-1.750000000 None",
            "253402300799.000000000 None",
            "∅",
        ],
    );
    for (duckdb, expected) in [
        ("TIMESTAMP_S", "-1.000000000 None"),
        ("TIMESTAMP_MS", "-1.123000000 None"),
        ("TIMESTAMP_NS", "-1.123456789 None"),
    ] {
        let from = match duckdb {
            "TIMESTAMP_S" => "1969-12-31 23:59:59",
            _ => "1969-12-31 23:59:59.123456789",
        };
        check(
            &format!("SELECT '{from}'::{duckdb}"),
            "TIMESTAMP_NTZ(9)",
            &[expected],
        );
    }
    check(
        "SELECT unnest(['1970-01-01 01:00:00+01', NULL])::TIMESTAMPTZ",
        "TIMESTAMP_LTZ(9)",
        &["0.000000000 Some(0)", "∅"],
    );
    check(
        "SELECT unnest(['infinity', '-infinity'])::TIMESTAMP",
        "TIMESTAMP_NTZ(9)",
        &["infinity", "-infinity"],
    );
    check(
        "SELECT unnest(['infinity', '-infinity'])::DATE",
        "DATE",
        &["infinity", "-infinity"],
    );
    check(
        "SELECT [TIMESTAMP '9999-12-31 23:59:59.999999', TIMESTAMP '0001-01-01', 'infinity'::TIMESTAMP]",
        "ARRAY",
        &[r#"json ["9999-12-31 23:59:59.999999","0001-01-01 00:00:00.000","infinity"]"#],
    );
    check(
        r"SELECT {'d': DATE '10000-01-01', 't': TIME '23:59:59.5', 'b': '\xAB'::BLOB}",
        "OBJECT",
        &[r#"json {"d":"10000-01-01","t":"23:59:59.5","b":"AB"}"#],
    );
}

#[test]
fn json_is_a_variant_and_nested_types_become_json() {
    check(
        r#"SELECT unnest(['{"a":1}', '"x"', 'null', NULL])::JSON"#,
        "VARIANT",
        &[r#"json {"a":1}"#, r#"json "x""#, "json null", "∅"],
    );
    check(
        "SELECT unnest([[1, NULL], [], NULL])::INTEGER[]",
        "ARRAY",
        &["json [1,null]", "json []", "∅"],
    );
    check(
        r#"SELECT ['{"a":1}', '2']::JSON[]"#,
        "ARRAY",
        &[r#"json [{"a":1},2]"#],
    );
    check(
        r#"SELECT {'k': 1.50, 'größe"': 'x"y', 'd': DATE '2020-01-31', 'l': [true], 'f': 'nan'::DOUBLE, 'g': 1e300, 'n': NULL::INT}"#,
        "OBJECT",
        &[
            r#"json {"k":1.5,"größe\"":"x\"y","d":"2020-01-31","l":[true],"f":"NaN","g":1e300,"n":null}"#,
        ],
    );
    check(
        "SELECT unnest([map {'a': 1, 'b': NULL}, map {}, NULL])",
        "OBJECT",
        &[r#"json {"a":1,"b":null}"#, "json {}", "∅"],
    );
    check("SELECT [1, 2]::INTEGER[2]", "ARRAY", &["json [1,2]"]);
}

#[test]
fn types_snowflake_does_not_have_are_shown_and_never_an_error() {
    for (query, data_type) in [
        ("SELECT INTERVAL 14 MONTH", "INTERVAL"),
        ("SELECT 'a'::ENUM ('a', 'b')", "VARCHAR"),
        (
            "SELECT '47183823-2574-4bfd-b411-99ed177d3e43'::UUID",
            "VARCHAR(36)",
        ),
        ("SELECT '0101'::BIT", "BINARY"),
        ("SELECT '10:00:00+02'::TIMETZ", "VARCHAR"),
        (
            "SELECT '123456789012345678901234567890123456789012'::BIGNUM",
            "BINARY",
        ),
        ("SELECT 5::UHUGEINT", "VARCHAR"),
        ("SELECT union_value(a := 1)", "VARIANT"),
        ("SELECT NULL", "NUMBER(38,0)"),
        ("SELECT '10:00:00'::TIME_NS", "TIME(9)"),
    ] {
        let (found, cells) = column(query);
        println!("{query}: {found} {cells:?}");
        assert_eq!(cells.len(), 1, "{query}");
        assert_eq!(found, data_type, "{query}: {cells:?}");
    }
}

#[test]
fn a_vector_keeps_its_rows_apart_across_batches() {
    let (_, cells) =
        column("SELECT CASE WHEN i % 3 = 0 THEN NULL ELSE i::VARCHAR END FROM range(5000) t(i)");
    assert_eq!(cells.len(), 5000);
    assert_eq!(cells[4097], "4097");
    assert_eq!(cells[4098], "∅");
}
