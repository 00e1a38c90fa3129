//! What a refusal in Snowflake's words means for the statement, told without asking anybody.
//!
//! Both warehouses speak Snowflake's words, so what helps is found from the text of the refusal and the statement. Where no
//! rule knows better than the text itself, there is no advice: a hint that does not fit leads away from the mistake.

use crate::sql::{foreign, spelling};

/// What a refusal says is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// A column, as written, perhaps after its table or alias.
    Column(String),
    /// A table, a view or another object.
    Object(String),
    /// A schema.
    Schema(String),
    /// A database.
    Database(String),
}

/// What the text of a refusal says is missing.
pub(super) fn missing(message: &str) -> Option<Missing> {
    if let Some(name) = between(message, "invalid identifier '", "'") {
        return Some(Missing::Column(name.to_owned()));
    }
    let (before, _) = message.split_once("' does not exist")?;
    let (before, name) = before.rsplit_once('\'')?;
    let name = name.to_owned();
    match before.split_whitespace().next_back()? {
        "Object" | "Table" | "View" => Some(Missing::Object(name)),
        "Schema" => Some(Missing::Schema(name)),
        "Database" => Some(Missing::Database(name)),
        _ => None,
    }
}

/// The functions whose arguments are most often given in another order or number.
const SIGNATURES: [(&str, &str); 12] = [
    ("DATEADD", "DATEADD(day, 7, date)"),
    ("TIMEADD", "TIMEADD(hour, 7, time)"),
    ("TIMESTAMPADD", "TIMESTAMPADD(hour, 7, timestamp)"),
    ("DATEDIFF", "DATEDIFF(day, from, to)"),
    ("TIMEDIFF", "TIMEDIFF(second, from, to)"),
    ("TIMESTAMPDIFF", "TIMESTAMPDIFF(second, from, to)"),
    ("DATE_TRUNC", "DATE_TRUNC('month', date)"),
    ("DATE_PART", "DATE_PART(year, date)"),
    ("IFF", "IFF(condition, a, b)"),
    ("SPLIT_PART", "SPLIT_PART(text, ',', 1)"),
    ("LAST_DAY", "LAST_DAY(date, month)"),
    (
        "CONVERT_TIMEZONE",
        "CONVERT_TIMEZONE('UTC', 'Europe/Berlin', timestamp)",
    ),
];

/// What to do about a refusal, where its text and the statement say it.
pub(super) fn on(message: &str, sql: &str) -> Option<String> {
    let lower = message.to_ascii_lowercase();
    let says = |words: &str| lower.contains(words);
    if let Some(names) = unknown_functions(message) {
        return about_functions(&names);
    }
    if let Some(name) = between(message, "Unsupported data type '", "'") {
        return foreign::data_type(name).map(|instead| format!("use {instead}"));
    }
    if says("arguments for function") {
        let call = lower
            .split_once("arguments for function ")
            .map(|(_, call)| call)?;
        let name: String = call
            .trim_start_matches(['[', '\'', '"'])
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        return signature(&name).map(|signature| format!("write {signature}"));
    }
    if let Some(name) = between(message, "Invalid argument types for function '", "'") {
        return match name {
            "+" => Some("+ adds numbers; join texts with ||, or with CONCAT(a, b)".to_owned()),
            "GET" | "GET_PATH" | ":" => Some(PARSE_FIRST.to_owned()),
            other => signature(other)
                .map(|signature| format!("write {signature}, with values of these types")),
        };
    }
    if says("malformed json") || says("error parsing json") {
        return Some(PARSE_FIRST.to_owned());
    }
    if says("in where clause") || says("where clause cannot contain aggregates") {
        return Some("conditions on aggregates go into HAVING, after GROUP BY".to_owned());
    }
    if says("window function")
        && (says("outside of select, qualify") || says("where clause cannot contain"))
    {
        return Some(
            "conditions on window functions go into QUALIFY, after WHERE and GROUP BY".to_owned(),
        );
    }
    if says("is not a valid group by expression") {
        let column = group_by(message).unwrap_or("it");
        return Some(format!(
            "add {column} to GROUP BY, or take one value of it with MIN({column}) or ANY_VALUE({column})"
        ));
    }
    if let Some(column) = between(message, "ambiguous column name '", "'") {
        return Some(format!(
            "more than one table has {column}: write it after a table or its alias, as in {}",
            example(sql, column)
        ));
    }
    if says("is not recognized") || says("can't parse '") {
        return not_recognized(message, &lower, sql);
    }
    None
}

const PARSE_FIRST: &str = "a path as in column:a works on VARIANT; of a text, write PARSE_JSON(column):a, or TRY_PARSE_JSON \
    where not every text is JSON";

/// What to do about a text that is no statement, where more can be said than where it breaks off.
pub(super) fn on_syntax(message: &str, sql: &str) -> Option<String> {
    if let Some(foreign) = spelling::foreign_spelling(sql) {
        return Some(foreign.instead);
    }
    if message.contains("Unterminated string")
        || (message.contains("parse error") && spelling::has_open_text(sql))
    {
        return Some("a quote inside a text is written twice: 'O''Brien'".to_owned());
    }
    // "found: X at Line: 1, Column: 2" by the parser, "unexpected 'X'" by Snowflake.
    let word = match between(message, "unexpected '", "'") {
        Some(word) => word,
        None => {
            let (_, found) = message.split_once("found: ")?;
            found.split(" at Line").next()?
        }
    };
    if word == "EOF" || word == "<EOF>" {
        return Some(
            "the statement ends too early: finish it, or leave out its last word".to_owned(),
        );
    }
    if let Some(keyword) = spelling::nearest_keyword(word) {
        return Some(format!("did you mean {keyword} for {word}?"));
    }
    let is_name = word.len() > 1
        && word
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '"');
    let may_lack_comma = message.contains("end of statement") || message.contains("unexpected");
    (is_name && may_lack_comma)
        .then(|| format!("look before {word}: a comma or an operator may be missing there"))
}

/// Whether a text of the warehouse is about a statement that cannot be read.
pub(super) fn is_syntax(message: &str) -> bool {
    ["syntax error", "could not be read", "parse error"]
        .iter()
        .any(|words| message.contains(words))
}

fn signature(name: &str) -> Option<&'static str> {
    let found = SIGNATURES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, signature)| *signature)
}

/// The names in "Unknown function X" or "Unknown functions X, Y".
fn unknown_functions(message: &str) -> Option<Vec<&str>> {
    let (_, rest) = message
        .split_once("Unknown function ")
        .or_else(|| message.split_once("Unknown functions "))
        .or_else(|| message.split_once("Unknown table function "))
        .or_else(|| message.split_once("Unknown user-defined function "))?;
    let names = rest.lines().next()?.split(',');
    Some(
        names
            .map(|name| name.trim().trim_end_matches('.'))
            .take(3)
            .collect(),
    )
}

fn about_functions(names: &[&str]) -> Option<String> {
    let told = names.iter().filter_map(|name| {
        let function = name.rsplit('.').next().unwrap_or(name);
        match (
            foreign::function(function),
            foreign::nearest_function(function),
        ) {
            (Some(instead), _) => Some(format!("for {function} use {instead}")),
            (None, Some(nearest)) => Some(format!("did you mean {nearest} for {function}?")),
            (None, None) => None,
        }
    });
    let told: Vec<_> = told.collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn group_by(message: &str) -> Option<&str> {
    between(message, "'", "' is not a valid group by")
        .or_else(|| between(message, "[", "] is not a valid group by"))
        .map(|name| name.rsplit(['\'', '[']).next().unwrap_or(name))
}

/// The column after a name that the statement gives a table.
fn example(sql: &str, column: &str) -> String {
    let sources = crate::sql::parse(sql).map(|parsed| parsed.table_sources());
    let names = sources.iter().flatten().map(|source| {
        let name = source.alias.as_ref().unwrap_or(&source.name.object);
        format!("{name}.{column}")
    });
    let names: Vec<_> = names.take(2).collect();
    if names.is_empty() {
        format!("alias.{column}")
    } else {
        names.join(" or ")
    }
}

/// A text that is no date, no number and so on.
fn not_recognized(message: &str, lower: &str, sql: &str) -> Option<String> {
    let value = between(message, " '", "'").unwrap_or_default();
    if lower.contains("numeric value") {
        return Some(if spelling::adds_texts(sql) {
            "+ adds numbers; join texts with ||, or with CONCAT(a, b)".to_owned()
        } else {
            "TRY_TO_NUMBER(text) or TRY_CAST(text AS type) gives NULL for what is no number"
                .to_owned()
        });
    }
    if lower.contains("boolean value") {
        return Some(
            "TRY_TO_BOOLEAN(text) gives NULL for what is neither true nor false".to_owned(),
        );
    }
    let (function, usual) = if lower.contains("timestamp") {
        ("TO_TIMESTAMP", "YYYY-MM-DD HH24:MI:SS")
    } else if lower.contains("time '") {
        ("TO_TIME", "HH24:MI:SS")
    } else {
        ("TO_DATE", "YYYY-MM-DD")
    };
    let model = model_of(value);
    let model = model.as_deref().unwrap_or(usual);
    Some(format!(
        "say how the text is written: {function}(text, '{model}'); TRY_{function} gives NULL for what is not written so"
    ))
}

/// The format model of a date, as far as its look tells it: of day and month the first may be either.
fn model_of(value: &str) -> Option<String> {
    let (date, time) = match value.split_once([' ', 'T']) {
        Some((date, time))
            if time.starts_with(|c: char| c.is_ascii_digit()) && time.contains(':') =>
        {
            (date, Some(time))
        }
        _ => (value, None),
    };
    let separator = date.chars().find(|c| !c.is_alphanumeric())?;
    let parts: Vec<&str> = date.split(separator).collect();
    let [first, second, third] = parts.as_slice() else {
        return None;
    };
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let is_word = |part: &str| part.len() >= 3 && part.chars().all(char::is_alphabetic);
    let month_word = |part: &str| if part.len() == 3 { "MON" } else { "MMMM" };
    let year = |part: &str| if part.len() == 4 { "YYYY" } else { "YY" };
    let (a, b, c) = match (*first, *second, *third) {
        (y, m, d) if y.len() == 4 && is_digits(y) && is_digits(m) && is_digits(d) => {
            if m.parse::<u8>().is_ok_and(|m| m > 12) {
                ("YYYY", "DD", "MM")
            } else {
                ("YYYY", "MM", "DD")
            }
        }
        (d, m, y) if is_digits(d) && is_word(m) && is_digits(y) => ("DD", month_word(m), year(y)),
        (m, d, y) if is_word(m) && is_digits(d.trim_end_matches(',')) && is_digits(y) => {
            (month_word(m), "DD", year(y))
        }
        (d, m, y) if is_digits(d) && is_digits(m) && is_digits(y) => {
            let day_first = separator == '.' || d.parse::<u8>().is_ok_and(|d| d > 12);
            let month_first = !day_first;
            if month_first {
                ("MM", "DD", year(y))
            } else {
                ("DD", "MM", year(y))
            }
        }
        _ => return None,
    };
    let comma = if second.ends_with(',') { "," } else { "" };
    let time = match time.map(|time| time.matches(':').count()) {
        None => "",
        Some(1) => " HH24:MI",
        Some(_) => " HH24:MI:SS",
    };
    Some(format!("{a}{separator}{b}{comma}{separator}{c}{time}"))
}

pub(super) fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(found, _)| found)
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn the_model_of_a_date_is_read_from_its_look() {
        for (value, model) in [
            ("01.02.2020", Some("DD.MM.YYYY")),
            ("01/02/2020", Some("MM/DD/YYYY")),
            ("31/12/2020", Some("DD/MM/YYYY")),
            ("2020/12/31", Some("YYYY/MM/DD")),
            ("20 Jan 2020", Some("DD MON YYYY")),
            ("January 20, 2020", Some("MMMM DD, YYYY")),
            ("01/02/20 10:30", Some("MM/DD/YY HH24:MI")),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(model_of(value).as_deref(), model, "{value}");
        }
    }
}
