//! Texts of refusals as both warehouses write them, and what is said to each.

use super::*;

#[test]
fn what_is_missing_is_read_from_snowflakes_words() {
    let text = |kind: &str, name: &str| {
        format!("SQL compilation error:\n{kind} '{name}' does not exist or not authorized.")
    };
    for (message, expected) in [
        (
            "SQL compilation error: error line 1 at position 7\ninvalid identifier 'O.TOTAL'"
                .to_owned(),
            Some(Missing::Column("O.TOTAL".into())),
        ),
        (
            text("Object", "DB.S.T"),
            Some(Missing::Object("DB.S.T".into())),
        ),
        (text("Table", "T"), Some(Missing::Object("T".into()))),
        (text("Schema", "DB.S"), Some(Missing::Schema("DB.S".into()))),
        (text("Database", "DB"), Some(Missing::Database("DB".into()))),
        (text("Warehouse", "W"), None),
        ("as you wish".to_owned(), None),
    ] {
        assert_eq!(missing(&message), expected, "{message}");
    }
}

#[test]
fn snowflakes_own_words_are_understood() {
    for (message, sql, told) in [
        (
            "SQL compilation error:\nUnknown function GROUP_CONCAT",
            "",
            "LISTAGG(",
        ),
        (
            "SQL compilation error:\nUnknown functions NOW, STRFTIME",
            "",
            "CURRENT_TIMESTAMP()",
        ),
        (
            "SQL compilation error: error line 1 at position 7\nnot enough arguments for function [DATEADD(T.A, 7)], expected 3, got 2",
            "",
            "DATEADD(day, 7, date)",
        ),
        (
            "SQL compilation error:\nUnsupported data type 'INT64'.",
            "",
            "INT",
        ),
        (
            "SQL compilation error:\n[T.A] is not a valid group by expression",
            "",
            "add T.A to GROUP BY",
        ),
        (
            "SQL compilation error: error line 1 at position 7\n'A' in select clause is neither an aggregate nor in the group by clause.",
            "",
            "",
        ),
        (
            "SQL compilation error:\nInvalid aggregate function in where clause [SUM(A)]",
            "",
            "HAVING",
        ),
        (
            "SQL compilation error:\nWindow function [ROW_NUMBER() OVER (ORDER BY A)] appears outside of SELECT, QUALIFY, and ORDER BY clauses.",
            "",
            "QUALIFY",
        ),
        (
            "SQL compilation error: error line 1 at position 7\nInvalid argument types for function 'GET': (VARCHAR(117), VARCHAR(1))",
            "",
            "PARSE_JSON(column):a",
        ),
        (
            "Numeric value 'Nr. ' is not recognized",
            "SELECT 'Nr. ' + a FROM t",
            "||",
        ),
        (
            "Numeric value 'x' is not recognized",
            "SELECT a::int FROM t",
            "TRY_CAST",
        ),
        ("Date '20 Jan 2020' is not recognized", "", "'DD MON YYYY'"),
        (
            "Can't parse '01.02.2020' as date with format 'YYYY-MM-DD'",
            "",
            "'DD.MM.YYYY'",
        ),
        (
            "ambiguous column name 'A'",
            "SELECT a FROM t x JOIN u ON x.b = u.b",
            "X.A or U.A",
        ),
    ] {
        match on(message, sql) {
            Some(advice) => assert!(
                !told.is_empty() && advice.contains(told),
                "{message}: {advice}"
            ),
            None => assert!(told.is_empty(), "{message}"),
        }
    }
}

#[test]
fn a_syntax_error_is_told_by_the_word_that_is_wrong() {
    for (message, sql, told) in [
        (
            "SQL compilation error:\nsyntax error line 1 at position 9 unexpected 'FORM'.",
            "SELECT * FORM t",
            "FROM",
        ),
        (
            "the statement could not be read: Expected: ), found: EOF",
            "SELECT (1",
            "ends too early",
        ),
        (
            "syntax error line 1 at position 30 unexpected ','.",
            "SELECT a FROM t LIMIT 5, 10",
            "LIMIT 10 OFFSET 5",
        ),
        (
            "the statement could not be read: Unterminated string literal",
            "SELECT 'O'Brien'",
            "'O''Brien'",
        ),
    ] {
        assert!(
            on_syntax(message, sql).is_some_and(|advice| advice.contains(told)),
            "{message}"
        );
    }
    assert_eq!(
        on_syntax(
            "syntax error line 1 at position 0 unexpected ')'.",
            "SELECT )"
        ),
        None
    );
}
