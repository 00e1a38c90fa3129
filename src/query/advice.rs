//! Hints that follow from the text of an error and the statement alone, without a request to the warehouse.
//!
//! Both warehouses use Snowflake's error messages. Where no rule fits there is no advice: a wrong hint leads away from the
//! mistake.
//!
//! `functions` knows other databases' names of functions, `values` texts that are no date or number.

mod cut;
mod functions;
mod values;

#[cfg(test)]
mod tests;

use cut::between;

use crate::sql::{foreign, slips, spelling};

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

/// What to do about a refusal, where its text and the statement say it.
pub(super) fn on(message: &str, sql: &str) -> Option<String> {
    // Snowflake's spelling of one message differs between releases, mostly in upper and lower case.
    let lower = message.to_ascii_lowercase();
    let says = |words: &str| lower.contains(words);
    // From the special to the general: the sentences of later rules also occur inside those of
    // earlier ones.
    if let Some(names) = functions::unknown(message) {
        return functions::instead(&names);
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
        return functions::signature(&name).map(|signature| format!("write {signature}"));
    }
    if let Some(name) = between(message, "Invalid argument types for function '", "'") {
        return match name {
            "+" => Some("+ adds numbers; join texts with ||, or with CONCAT(a, b)".to_owned()),
            "GET" | "GET_PATH" | ":" => Some(PARSE_FIRST.to_owned()),
            other => functions::signature(other)
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
            "add {column} to GROUP BY, or take one value of it with MIN({column}) or ANY_VALUE({column}); GROUP BY ALL groups by \
             whatever is no aggregate"
        ));
    }
    if let Some(column) = between(message, "ambiguous column name '", "'") {
        return Some(format!(
            "more than one table has {column}: write it after a table or its alias, as in {}",
            example(sql, column)
        ));
    }
    if says("is not recognized") || says("can't parse '") {
        return values::not_recognized(message, &lower, sql);
    }
    None
}

const PARSE_FIRST: &str = "a path as in column:a works on VARIANT; of a text, write PARSE_JSON(column):a, or TRY_PARSE_JSON \
    where not every text is JSON";

/// What to do about a text that cannot be parsed, if more can be said than the position of the error.
pub(super) fn on_syntax(message: &str, sql: &str) -> Option<String> {
    // First, because the error's place is where the parser gave up, often far behind the foreign
    // word.
    if let Some(foreign) = spelling::foreign_spelling(sql) {
        return Some(foreign.instead);
    }
    if message.contains("Unterminated string")
        || (message.contains("parse error") && slips::has_open_text(sql))
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
    // It is no word of the statement, so the rules below would look for it in vain.
    if word == "EOF" || word == "<EOF>" {
        return Some(
            "the statement ends too early: finish it, or leave out its last word".to_owned(),
        );
    }
    if let Some(keyword) = slips::nearest_keyword(word) {
        return Some(format!("did you mean {keyword} for {word}?"));
    }
    // The parser takes a misspelt word for an alias and stumbles over what comes next.
    if let Some((slip, keyword)) = slips::misspelt_before(sql, word) {
        return Some(format!("did you mean {keyword} for {slip}?"));
    }
    if let Some(advice) = slips::unfinished(sql, word) {
        return Some(advice);
    }
    // An operator or a bracket at the place of the error says nothing about a comma.
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
