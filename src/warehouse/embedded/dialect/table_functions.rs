//! Functions in FROM: `FLATTEN`, `GENERATOR`, `SPLIT_TO_TABLE`.

use crate::sql::ast::{BinaryOperator, Expr, TableAlias};

use super::call::Call;
use super::calls::unknown;
use super::functions::find;
use super::lengths::STATEMENT;
use super::semi_structured::json_path;
use super::texts::{is_short_literal, number_literal, text_literal};
use super::writer::{
    Fault, From, Writer, Written, limit, limit_with_hint, macro_call, name, quote_name, quote_text,
    refuse,
};

impl Writer<'_> {
    /// The table functions there are.
    pub(super) fn table_function(
        &mut self,
        call: &Call<'_>,
        alias: Option<&TableAlias>,
        offers: &mut From,
    ) -> Written {
        match call.name.as_str() {
            "FLATTEN" => self.flatten(call, alias, offers),
            "GENERATOR" => self.generator(call, alias, offers),
            "SPLIT_TO_TABLE" | "STRTOK_SPLIT_TO_TABLE" => self.split_to_table(call, alias, offers),
            "RESULT_SCAN" => limit_with_hint(
                "keeps nothing from one call to the next, so there is no result to scan",
                "put the first query into a WITH clause of the second",
            ),
            other if other.ends_with("_HISTORY") || other.contains("_HISTORY_BY_") => {
                limit_with_hint(
                    "keeps no history of statements or of what they used",
                    "ask for it on an account",
                )
            }
            // A function of values, where a function of tables is asked for.
            other if find(other).is_some() => refuse(format!(
                "SQL compilation error:\nUnknown table function {other}"
            )),
            other => unknown(other),
        }
    }

    /// `FLATTEN(INPUT => v [, PATH => p] [, OUTER => b] [, MODE => m])`
    fn flatten(
        &mut self,
        call: &Call<'_>,
        alias: Option<&TableAlias>,
        offers: &mut From,
    ) -> Written {
        let Some(input) = call.named_or("INPUT", 0) else {
            return refuse("FLATTEN needs INPUT => an expression");
        };
        let is_recursive = is_true(call.named_or("RECURSIVE", 3))?;
        let is_outer = is_true(call.named_or("OUTER", 2))?;
        let mode = match call.named_or("MODE", 4).map(text_literal) {
            None => "BOTH".to_owned(),
            Some(Some(mode)) => mode.to_uppercase(),
            Some(None) => return limit("accepts only a literal MODE in FLATTEN"),
        };
        let has_columns = mentions_columns(input);
        // Names of our own stand beside the columns of the statement: none of them may be one that those can have.
        let mut value = self.expression(input)?;
        let mut prefix = String::new();
        if let Some(path) = call.named_or("PATH", 1) {
            prefix = text_literal(path).unwrap_or_default().to_owned();
            value = format!("json_extract({value}, {})", quote_text(&json_path(path)?));
        }
        if has_columns {
            offers.has_lateral_flatten = true;
        }
        for column in ["VALUE", "THIS"] {
            self.variants.insert(column.to_owned());
        }
        let filter = match mode.as_str() {
            "BOTH" => String::new(),
            "ARRAY" => "WHERE sf_e.i IS NOT NULL".to_owned(),
            "OBJECT" => "WHERE sf_e.k IS NOT NULL".to_owned(),
            _ => return refuse("the MODE of FLATTEN is ARRAY, OBJECT or BOTH"),
        };
        if is_outer && !filter.is_empty() {
            return limit("does not support FLATTEN with both OUTER and MODE");
        }
        if is_recursive {
            if is_outer {
                return limit("does not support FLATTEN with both OUTER and RECURSIVE");
            }
            let source = macro_call("source", &[&value]);
            let alias = self.function_alias(alias, "FLATTEN")?;
            return Ok(format!(
                "LATERAL (SELECT CAST(1 AS BIGINT) AS \"SEQ\", json_extract_string(sf_e, '$.k') AS \"KEY\", json_extract_string(sf_e, '$.p') AS \"PATH\", \
                 CAST(json_extract(sf_e, '$.i') AS BIGINT) AS \"INDEX\", json_extract(sf_e, '$.v') AS \"VALUE\", \
                 sf_c[CAST(json_extract(sf_e, '$.t') AS BIGINT) + 1] AS \"THIS\" \
                 FROM (SELECT json_extract(sf_d, '$.c[*]') AS sf_c, unnest(json_extract(sf_d, '$.r[*]')) AS sf_e \
                 FROM (SELECT rs_flatten({STATEMENT}, {source}, {}, {}) AS sf_d))){alias}",
                quote_text(&prefix),
                quote_text(&mode),
            ));
        }
        let seq = if has_columns {
            "CAST(hash(sf_doc) % 9007199254740992 AS BIGINT)"
        } else {
            "CAST(1 AS BIGINT)"
        };
        let rows = if is_outer {
            "CASE WHEN coalesce(len(memory.main.sf_flatten(sf_doc)), 0) = 0 THEN [{'k': CAST(NULL AS VARCHAR), 'i': CAST(NULL AS BIGINT), 'v': CAST(NULL AS JSON)}] ELSE memory.main.sf_flatten(sf_doc) END"
        } else {
            "memory.main.sf_flatten(sf_doc)"
        };
        let path = format!(
            "CASE WHEN sf_e.i IS NULL AND sf_e.k IS NULL THEN {prefix} WHEN sf_e.i IS NOT NULL THEN {prefix} || '[' || sf_e.i || ']' WHEN regexp_full_match(sf_e.k, '[A-Za-z_][A-Za-z0-9_]*') THEN {dotted} || sf_e.k ELSE {prefix} || '[''' || sf_e.k || ''']' END",
            prefix = quote_text(&prefix),
            dotted = quote_text(&if prefix.is_empty() {
                String::new()
            } else {
                format!("{prefix}.")
            }),
        );
        let alias = self.function_alias(alias, "FLATTEN")?;
        Ok(format!(
            "LATERAL (SELECT {seq} AS \"SEQ\", sf_e.k AS \"KEY\", {path} AS \"PATH\", sf_e.i AS \"INDEX\", sf_e.v AS \"VALUE\", sf_doc AS \"THIS\" \
             FROM (SELECT sf_doc, unnest({rows}) AS sf_e FROM (SELECT to_json({value}) AS sf_doc)) {filter}){alias}"
        ))
    }

    /// `GENERATOR(ROWCOUNT => n)`: rows without columns; `_ROW` numbers them for SEQ4.
    fn generator(
        &mut self,
        call: &Call<'_>,
        alias: Option<&TableAlias>,
        offers: &mut From,
    ) -> Written {
        let rows = match call.named_or("ROWCOUNT", 0) {
            // Without a number of rows Snowflake makes them until the time is over, or none.
            None if call.named_or("TIMELIMIT", 1).is_none() => Some(0),
            None => None,
            Some(rows) => constant(rows),
        };
        let Some(rows) = rows else {
            return limit("supports GENERATOR with a literal ROWCOUNT only");
        };
        if rows > MAX_GENERATED_ROWS {
            return limit(format!("generates at most {MAX_GENERATED_ROWS} rows"));
        }
        offers.is_generator = true;
        let alias = match alias {
            Some(alias) => name(&alias.name),
            None => "\"GENERATOR\"".into(),
        };
        Ok(format!("range({rows}) AS {alias}(\"_ROW\")"))
    }

    /// `SPLIT_TO_TABLE(text, delimiter)`: SEQ, INDEX from 1, VALUE.
    fn split_to_table(
        &mut self,
        call: &Call<'_>,
        alias: Option<&TableAlias>,
        offers: &mut From,
    ) -> Written {
        let text = call.argument(0)?;
        if mentions_columns(text) {
            offers.has_lateral_flatten = true;
        }
        let parts = if call.name == "SPLIT_TO_TABLE" {
            if is_short_literal(call.argument(1)?) {
                let (text, delimiter) = (self.text(text)?, self.text(call.argument(1)?)?);
                macro_call("split", &[&text, &delimiter])
            } else {
                format!("from_json({}, '[\"VARCHAR\"]')", self.split(call)?)
            }
        } else {
            self.tokens(call)?
        };
        let alias = self.function_alias(alias, "SPLIT_TO_TABLE")?;
        Ok(format!(
            "LATERAL (SELECT CAST(1 AS BIGINT) AS \"SEQ\", sf_e.i AS \"INDEX\", sf_e.v AS \"VALUE\" \
             FROM (SELECT unnest(list_transform({parts}, lambda v, i: {{'i': i, 'v': v}})) AS sf_e)){alias}"
        ))
    }

    fn function_alias(&self, alias: Option<&TableAlias>, default: &str) -> Written {
        match alias {
            Some(_) => self.alias(alias),
            None => Ok(format!(" AS {}", quote_name(default))),
        }
    }
}

/// A whole number that is written out, or computed from such.
fn constant(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::Nested(inner) => constant(inner),
        Expr::BinaryOp { left, op, right } => {
            let (left, right) = (constant(left)?, constant(right)?);
            match op {
                BinaryOperator::Plus => left.checked_add(right),
                BinaryOperator::Minus => left.checked_sub(right),
                BinaryOperator::Multiply => left.checked_mul(right),
                _ => None,
            }
        }
        other => number_literal(other)?.parse().ok(),
    }
}

fn is_true(argument: Option<&Expr>) -> Result<bool, Fault> {
    match argument {
        None => Ok(false),
        Some(Expr::Value(value)) => match value.value {
            crate::sql::ast::Value::Boolean(is_true) => Ok(is_true),
            _ => limit("accepts only literals for the options of FLATTEN"),
        },
        Some(_) => limit("accepts only literals for the options of FLATTEN"),
    }
}

/// Whether an expression reads a column, so that the table made of it follows a row.
fn mentions_columns(expr: &Expr) -> bool {
    use std::ops::ControlFlow;
    crate::sql::walk::expressions(expr, |inner| match inner {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    })
    .is_break()
}

/// Most rows GENERATOR makes; beyond it the engine would run out of memory before the statement runs out of time.
const MAX_GENERATED_ROWS: u64 = 10_000_000;
