//! The functions a statement calls, found in its words, and which of them do more than compute a value.
//!
//! Words rather than the tree, because a call must not be missed where the parser knows no tree or hides an argument in
//! a field nobody visits. Whatever looks like a call counts as one.

use std::fmt;

use sqlparser::tokenizer::Token;

use super::lexis::{bare, is_word};
use super::{Identifier, QualifiedName};

/// A call of a function, by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Call {
    /// The parts of the name as written, folded to upper case, outermost first. Empty when the name is computed.
    pub parts: Vec<String>,
    /// The database, when the name has three parts.
    pub database: Option<Identifier>,
    /// Whether it is a method of an object: `model!PREDICT(…)`.
    pub is_method: bool,
}

impl Call {
    /// The name of the function itself, without database and schema.
    #[must_use]
    pub fn function(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }

    /// Whether calling it may change something or is billed by use.
    #[must_use]
    pub fn has_effect(&self) -> bool {
        let function = self.function();
        if self.parts.is_empty() {
            return true;
        }
        if self.is_method {
            return !HARMLESS_METHODS
                .iter()
                .any(|prefix| function.starts_with(prefix));
        }
        if function.starts_with("SYSTEM$") {
            return !HARMLESS_SYSTEM_FUNCTIONS.contains(&function);
        }
        let schema = self.parts.iter().rev().nth(1).map(String::as_str);
        // The functions of the CORTEX schema and their AI_ successors are billed by the token; a caller may make that
        // schema the current one, so their bare names count too, but for TRANSLATE, which is also a text function.
        schema == Some("CORTEX")
            || function.starts_with("AI_")
            || BILLED_FUNCTIONS.contains(&function)
            || EFFECTIVE_FUNCTIONS.contains(&function)
    }
}

/// The name as written; `IDENTIFIER(…)` when it is computed.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.parts.is_empty() {
            f.write_str("IDENTIFIER(…)(…), whose name is not known")
        } else {
            f.write_str(&self.parts.join("."))
        }
    }
}

/// SYSTEM$ functions that only report (docs.snowflake.com/en/sql-reference/functions-system). All others are taken to have
/// an effect: they cancel, abort, wait, send, create or show secrets. `STREAM_HAS_DATA` is left out on purpose: calling it
/// keeps a stream from becoming stale.
const HARMLESS_SYSTEM_FUNCTIONS: [&str; 31] = [
    "SYSTEM$ALLOWLIST",
    "SYSTEM$ALLOWLIST_PRIVATELINK",
    "SYSTEM$AUTO_REFRESH_STATUS",
    "SYSTEM$BEHAVIOR_CHANGE_BUNDLE_STATUS",
    "SYSTEM$CLUSTERING_DEPTH",
    "SYSTEM$CLUSTERING_INFORMATION",
    "SYSTEM$CLUSTERING_RATIO",
    "SYSTEM$CURRENT_USER_TASK_NAME",
    "SYSTEM$DATABASE_REFRESH_HISTORY",
    "SYSTEM$DATABASE_REFRESH_PROGRESS",
    "SYSTEM$DATABASE_REFRESH_PROGRESS_BY_JOB",
    "SYSTEM$ESTIMATE_AUTOMATIC_CLUSTERING_COSTS",
    "SYSTEM$ESTIMATE_QUERY_ACCELERATION",
    "SYSTEM$ESTIMATE_SEARCH_OPTIMIZATION_COSTS",
    "SYSTEM$EXPLAIN_JSON_TO_TEXT",
    "SYSTEM$EXPLAIN_PLAN_JSON",
    "SYSTEM$EXTERNAL_TABLE_PIPE_STATUS",
    "SYSTEM$GET_CLASSIFICATION_RESULT",
    "SYSTEM$GET_PREDECESSOR_RETURN_VALUE",
    "SYSTEM$GET_SERVICE_STATUS",
    "SYSTEM$GET_TAG",
    "SYSTEM$GET_TAG_ALLOWED_VALUES",
    "SYSTEM$GET_TAG_ON_CURRENT_COLUMN",
    "SYSTEM$GET_TAG_ON_CURRENT_TABLE",
    "SYSTEM$LAST_CHANGE_COMMIT_TIME",
    "SYSTEM$PIPE_STATUS",
    "SYSTEM$SHOW_ACTIVE_BEHAVIOR_CHANGE_BUNDLES",
    "SYSTEM$SHOW_BUDGETS_IN_ACCOUNT",
    "SYSTEM$STREAM_GET_TABLE_TIMESTAMP",
    "SYSTEM$TYPEOF",
    "SYSTEM$WHITELIST",
];

/// Methods of models and budgets that only compute or report, by their first letters.
const HARMLESS_METHODS: [&str; 8] = [
    "PREDICT",
    "FORECAST",
    "DETECT_ANOMALIES",
    "EXPLAIN",
    "SHOW_",
    "GET_",
    "TRANSFORM",
    "SCORE",
];

const BILLED_FUNCTIONS: [&str; 12] = [
    "CLASSIFY_TEXT",
    "COMPLETE",
    "DATA_AGENT_RUN",
    "EMBED_TEXT_1024",
    "EMBED_TEXT_768",
    "ENTITY_SENTIMENT",
    "EXTRACT_ANSWER",
    "FINETUNE",
    "PARSE_DOCUMENT",
    "SEARCH_PREVIEW",
    "SENTIMENT",
    "SUMMARIZE",
];

/// Sequences move on. `TO_QUERY` runs a text as SQL, which nobody has looked at.
const EFFECTIVE_FUNCTIONS: [&str; 4] = ["GETNEXTVAL", "NEXTVAL", "TO_QUERY", "TRY_COMPLETE"];

/// Functions that Snowflake lets be called without brackets.
const WITHOUT_BRACKETS: [&str; 8] = [
    "CURRENT_DATE",
    "CURRENT_ROLE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "SYSDATE",
];

/// Reserved words and types that stand before a bracket without being called.
const NO_FUNCTIONS: [&str; 47] = [
    "ALL",
    "AND",
    "ANY",
    "AS",
    "BETWEEN",
    "BY",
    "CASE",
    "CROSS",
    "DISTINCT",
    "ELSE",
    "EXCEPT",
    "EXCLUDE",
    "EXISTS",
    "FROM",
    "GROUP",
    "HAVING",
    "ILIKE",
    "IN",
    "INTERSECT",
    "INTO",
    "IS",
    "JOIN",
    "LATERAL",
    "LIKE",
    "MINUS",
    "NOT",
    "NUMBER",
    "ON",
    "OR",
    "OVER",
    "PARTITION",
    "PATTERN",
    "PIVOT",
    "QUALIFY",
    "RENAME",
    "RETURNING",
    "SELECT",
    "SET",
    "SOME",
    "TABLE",
    "THEN",
    "UNION",
    "UNPIVOT",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
];

/// Every call in the words.
pub(super) fn find(words: &[&Token]) -> Vec<Call> {
    let mut calls = Vec::new();
    // Where each open bracket began.
    let mut open: Vec<usize> = Vec::new();
    let mut closed: Option<usize> = None;
    for (index, word) in words.iter().enumerate() {
        let before = index.checked_sub(1);
        match word {
            Token::LParen => {
                match before.and_then(|at| words.get(at)) {
                    Some(Token::Word(_)) => calls.extend(named(words, index)),
                    Some(Token::RParen) => {
                        calls.extend(closed.and_then(|at| computed(words, at, index)));
                    }
                    _ => {}
                }
                open.push(index);
            }
            Token::RParen => closed = open.pop(),
            Token::Word(name) => {
                let is_part = matches!(before.and_then(|at| words.get(at)), Some(Token::Period));
                let folded = name.value.to_uppercase();
                let is_call = matches!(words.get(index + 1), Some(Token::LParen));
                let is_parameterless =
                    !is_part && name.quote_style.is_none() && WITHOUT_BRACKETS.contains(&&*folded);
                // `sequence.NEXTVAL` takes no brackets.
                if !is_call && (is_parameterless || (is_part && folded == "NEXTVAL")) {
                    calls.push(Call {
                        parts: vec![folded],
                        database: None,
                        is_method: false,
                    });
                }
            }
            _ => {}
        }
    }
    calls
}

/// The call whose bracket opens at `bracket`, right after a word.
fn named(words: &[&Token], bracket: usize) -> Option<Call> {
    let mut parts = Vec::new();
    let mut at = bracket.checked_sub(1)?;
    let mut is_quoted = false;
    let mut first = String::new();
    let mut is_short = false;
    loop {
        if let Some(Token::Word(word)) = words.get(at) {
            let folded = word.value.to_uppercase();
            first = if word.quote_style.is_some() {
                word.value.clone()
            } else {
                folded.clone()
            };
            parts.push(folded);
            is_quoted |= word.quote_style.is_some();
        }
        let mut dot = at.checked_sub(1);
        if !matches!(dot.and_then(|dot| words.get(dot)), Some(Token::Period)) {
            break;
        }
        // `database..function` leaves out PUBLIC.
        let mut dots = 0;
        while matches!(dot.and_then(|dot| words.get(dot)), Some(Token::Period)) {
            dot = dot.and_then(|dot| dot.checked_sub(1));
            dots += 1;
        }
        is_short |= dots > 1;
        match dot.and_then(|dot| words.get(dot)) {
            Some(Token::Word(_)) => at = dot?,
            _ => break,
        }
    }
    parts.reverse();
    let before = at.checked_sub(1).and_then(|at| words.get(at));
    // `INSERT INTO t (a, b)` and `::NUMBER(38, 0)` name columns or digits. `AS t (a, b)` does too and yet counts as a call:
    // after AS comes an expression in the DEFINE of MATCH_RECOGNIZE.
    let is_list = is_word(before, "INTO") || matches!(before, Some(Token::DoubleColon));
    let is_reserved =
        parts.len() == 1 && !is_quoted && NO_FUNCTIONS.contains(&parts.first()?.as_str());
    let is_identifier = parts.len() == 1 && parts.first()? == "IDENTIFIER";
    if is_list || is_reserved || is_identifier {
        return None;
    }
    let has_database = is_short || parts.len() > 2;
    Some(Call {
        database: has_database
            .then(|| Identifier::exact(first).ok())
            .flatten(),
        parts,
        is_method: matches!(before, Some(Token::ExclamationMark)),
    })
}

/// `IDENTIFIER(…)(…)`: known when the first bracket, opened at `first`, holds one text and nothing else.
fn computed(words: &[&Token], first: usize, second: usize) -> Option<Call> {
    let before = first.checked_sub(1)?;
    if bare(words.get(before)).as_deref() != Some("IDENTIFIER") {
        return None;
    }
    let ahead = before.checked_sub(1).and_then(|at| words.get(at));
    if is_word(ahead, "INTO") {
        return None;
    }
    let name = match (words.get(first + 1), second - first) {
        (Some(Token::SingleQuotedString(name)), 3) => QualifiedName::parse(name, 3).ok(),
        _ => None,
    };
    Some(Call {
        database: name.as_ref().and_then(|name| name.database.clone()),
        parts: name
            .iter()
            .flat_map(QualifiedName::parts)
            .map(|part| part.as_str().to_uppercase())
            .collect(),
        is_method: false,
    })
}
