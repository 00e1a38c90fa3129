//! FROM: tables, joins, subqueries, VALUES, FLATTEN, GENERATOR, PIVOT, SAMPLE.

use crate::sql::ast::{
    Expr, ExprWithAlias, FunctionArg, Ident, JoinConstraint, JoinOperator, NullInclusion,
    PivotValueSource, Query, SetExpr, TableAlias, TableFactor, TableSample, TableSampleKind,
    TableSampleMethod, TableSampleUnit, TableWithJoins, Values,
};

use super::calls::{Call, unknown};
use super::texts::{flatten_path, number_literal, text_literal};
use super::writer::{
    Fault, From, Writer, Written, folded, limit, limit_with_hint, macro_call, name, quote_name,
    quote_text, refuse,
};

/// Most rows GENERATOR makes; beyond it the engine would run out of memory before the statement runs out of time.
const MAX_GENERATED_ROWS: u64 = 10_000_000;

impl Writer<'_> {
    /// The FROM clause without its word, and what it offers. Empty where there is none.
    pub(super) fn tables(&mut self, from: &[TableWithJoins]) -> Result<(String, From), Fault> {
        let mut offers = From::default();
        let mut tables = Vec::with_capacity(from.len());
        for table in from {
            tables.push(self.table_with_joins(table, &mut offers)?);
        }
        if from.len() > 1 || from.iter().any(|table| !table.joins.is_empty()) {
            offers.is_values = false;
            offers.is_generator = false;
        }
        Ok((tables.join(", "), offers))
    }

    fn table_with_joins(&mut self, table: &TableWithJoins, offers: &mut From) -> Written {
        let mut written = self.table_factor(&table.relation, offers)?;
        for join in &table.joins {
            let right = self.table_factor(&join.relation, offers)?;
            written.push_str(&self.join(&join.join_operator, &right)?);
        }
        Ok(written)
    }

    fn join(&mut self, operator: &JoinOperator, right: &str) -> Written {
        let (word, constraint) = match operator {
            JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => {
                ("JOIN", constraint)
            }
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => {
                ("LEFT JOIN", constraint)
            }
            JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
                ("RIGHT JOIN", constraint)
            }
            JoinOperator::FullOuter(constraint) => ("FULL JOIN", constraint),
            JoinOperator::CrossJoin(constraint) => ("CROSS JOIN", constraint),
            JoinOperator::AsOf {
                match_condition,
                constraint,
            } => return self.as_of_join(right, match_condition, constraint),
            _ => return limit("does not know this kind of join"),
        };
        Ok(match constraint {
            JoinConstraint::On(condition) => {
                format!(" {word} {right} ON {}", self.expression(condition)?)
            }
            JoinConstraint::Using(columns) => {
                let columns = columns
                    .iter()
                    .map(
                        |column| match column.0.last().and_then(|part| part.as_ident()) {
                            Some(ident) => Ok(name(ident)),
                            None => limit("does not know this form of USING"),
                        },
                    )
                    .collect::<Result<Vec<_>, _>>()?;
                format!(" {word} {right} USING ({})", columns.join(", "))
            }
            JoinConstraint::Natural => format!(" NATURAL {word} {right}"),
            JoinConstraint::None if word == "CROSS JOIN" => format!(" {word} {right}"),
            JoinConstraint::None if word == "JOIN" => format!(" CROSS JOIN {right}"),
            // A lateral table follows its row by itself; any other join of this kind needs a condition in Snowflake too.
            JoinConstraint::None => format!(" {word} {right} ON true"),
        })
    }

    /// Rows of the left side without a match stay, which DuckDB calls a left join.
    fn as_of_join(
        &mut self,
        right: &str,
        match_condition: &Expr,
        constraint: &JoinConstraint,
    ) -> Written {
        let matched = self.expression(match_condition)?;
        let condition = match constraint {
            JoinConstraint::On(condition) => {
                format!("{} AND {matched}", self.expression(condition)?)
            }
            JoinConstraint::None => matched,
            _ => return limit_with_hint("knows ASOF JOIN with ON only", "write ON a.k = b.k"),
        };
        Ok(format!(" ASOF LEFT JOIN {right} ON {condition}"))
    }

    fn table_factor(&mut self, factor: &TableFactor, offers: &mut From) -> Written {
        match factor {
            TableFactor::Table { .. } => self.table(factor),
            TableFactor::Derived {
                lateral,
                subquery,
                alias,
                sample,
            } => self.derived(*lateral, subquery, alias.as_ref(), sample.as_ref(), offers),
            TableFactor::TableFunction {
                expr: Expr::Function(function),
                alias,
            } => {
                let call = Call::of(function)?;
                self.table_function(&call, alias.as_ref(), offers)
            }
            TableFactor::Function {
                name, args, alias, ..
            } => self.named_table_function(&name.to_string(), args, alias.as_ref(), offers),
            TableFactor::NestedJoin {
                table_with_joins,
                alias: None,
            } => Ok(format!(
                "({})",
                self.table_with_joins(table_with_joins, offers)?
            )),
            TableFactor::Pivot { .. } => self.pivot(factor, offers),
            TableFactor::Unpivot { .. } => self.unpivot(factor, offers),
            TableFactor::MatchRecognize { .. } => limit("does not know MATCH_RECOGNIZE"),
            _ => limit("does not know this form of table in FROM"),
        }
    }

    fn named_table_function(
        &mut self,
        name: &str,
        arguments: &[FunctionArg],
        alias: Option<&TableAlias>,
        offers: &mut From,
    ) -> Written {
        let call = Call::table_function(name.to_owned(), arguments)?;
        self.table_function(&call, alias, offers)
    }

    /// A table or view by its name.
    fn table(&mut self, factor: &TableFactor) -> Written {
        let TableFactor::Table {
            name: table,
            alias,
            args,
            with_hints,
            version,
            with_ordinality,
            partitions,
            json_path,
            sample,
            index_hints,
        } = factor
        else {
            return limit("does not know this form of table in FROM");
        };
        if version.is_some() {
            return limit_with_hint(
                "keeps no history, so AT and BEFORE are unknown to it",
                "query the table as it is",
            );
        }
        if let Some(args) = args {
            let mut offers = From::default();
            if args.settings.is_some() {
                return limit("does not know this form of table function");
            }
            return self.named_table_function(
                &table.to_string(),
                &args.args,
                alias.as_ref(),
                &mut offers,
            );
        }
        let is_plain = with_hints.is_empty()
            && !with_ordinality
            && partitions.is_empty()
            && json_path.is_none()
            && index_hints.is_empty();
        if !is_plain {
            return limit("does not know this form of table in FROM");
        }
        let written = self.table_name(table)?;
        let written = format!("{written}{}", self.alias(alias.as_ref())?);
        self.sampled(written, sample.as_ref())
    }

    fn alias(&self, alias: Option<&TableAlias>) -> Written {
        let Some(alias) = alias else {
            return Ok(String::new());
        };
        if alias.at.is_some()
            || alias
                .columns
                .iter()
                .any(|column| column.data_type.is_some())
        {
            return limit("does not know this form of alias");
        }
        let columns: Vec<String> = alias
            .columns
            .iter()
            .map(|column| name(&column.name))
            .collect();
        Ok(if columns.is_empty() {
            format!(" AS {}", name(&alias.name))
        } else {
            format!(" AS {}({})", name(&alias.name), columns.join(", "))
        })
    }

    fn derived(
        &mut self,
        lateral: bool,
        subquery: &Query,
        alias: Option<&TableAlias>,
        sample: Option<&TableSampleKind>,
        offers: &mut From,
    ) -> Written {
        if let Some(values) = plain_values(subquery) {
            let written = self.values_table(values, alias)?;
            offers.is_values = true;
            return self.sampled(written, sample);
        }
        let query = self.query(subquery)?;
        if let Some(alias) = alias {
            self.note_variants(subquery, &alias.columns);
        }
        let lateral = if lateral { "LATERAL " } else { "" };
        let written = format!("{lateral}({query}){}", self.alias(alias)?);
        self.sampled(written, sample)
    }

    /// VALUES in FROM, whose columns are COLUMN1, COLUMN2, … unless the alias names them.
    fn values_table(&mut self, values: &Values, alias: Option<&TableAlias>) -> Written {
        let (rows, width) = self.values_rows(values)?;
        let alias_name = alias.map_or_else(|| "VALUES".to_owned(), |alias| folded(&alias.name));
        let mut columns: Vec<String> = (1..=width).map(|n| format!("\"COLUMN{n}\"")).collect();
        for (column, given) in columns
            .iter_mut()
            .zip(alias.iter().flat_map(|alias| &alias.columns))
        {
            *column = name(&given.name);
        }
        Ok(format!(
            "(VALUES {rows}) AS {}({})",
            quote_name(&alias_name),
            columns.join(", ")
        ))
    }

    /// `SAMPLE (10)` is ten percent of the rows, `SAMPLE (10 ROWS)` ten rows.
    fn sampled(&mut self, table: String, sample: Option<&TableSampleKind>) -> Written {
        let sample: &TableSample = match sample {
            None => return Ok(table),
            Some(
                TableSampleKind::BeforeTableAlias(sample)
                | TableSampleKind::AfterTableAlias(sample),
            ) => sample,
        };
        let Some(quantity) = &sample.quantity else {
            return limit("knows SAMPLE with a number only");
        };
        if sample.bucket.is_some() || sample.offset.is_some() {
            return limit("does not know this form of SAMPLE");
        }
        let amount = self.expression(&quantity.value)?;
        let mut written = match (&quantity.unit, &sample.name) {
            (Some(TableSampleUnit::Rows), _) => {
                format!("{table} TABLESAMPLE RESERVOIR({amount} ROWS)")
            }
            (_, Some(TableSampleMethod::System | TableSampleMethod::Block)) => {
                format!("{table} TABLESAMPLE SYSTEM({amount} PERCENT)")
            }
            _ => format!("{table} TABLESAMPLE BERNOULLI({amount} PERCENT)"),
        };
        if let Some(seed) = &sample.seed {
            written.push_str(&format!(
                " REPEATABLE ({})",
                self.literal(&seed.value.value)?
            ));
        }
        Ok(written)
    }

    /// The table functions there are.
    fn table_function(
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
        if is_true(call.named_or("RECURSIVE", 3))? {
            return limit("does not flatten recursively");
        }
        let is_outer = is_true(call.named_or("OUTER", 2))?;
        let mode = match call.named_or("MODE", 4).map(text_literal) {
            None => "BOTH".to_owned(),
            Some(Some(mode)) => mode.to_uppercase(),
            Some(None) => return limit("takes a literal MODE in FLATTEN"),
        };
        let has_columns = mentions_columns(input);
        let mut value = self.expression(input)?;
        let mut prefix = String::new();
        if let Some(path) = call.named_or("PATH", 1) {
            prefix = text_literal(path).unwrap_or_default().to_owned();
            value = format!("json_extract({value}, {})", flatten_path(path)?);
        }
        if has_columns {
            offers.has_lateral_flatten = true;
        }
        for column in ["VALUE", "THIS"] {
            self.variants.insert(column.to_owned());
        }
        let filter = match mode.as_str() {
            "BOTH" => String::new(),
            "ARRAY" => "WHERE s.i IS NOT NULL".to_owned(),
            "OBJECT" => "WHERE s.k IS NOT NULL".to_owned(),
            _ => return refuse("the MODE of FLATTEN is ARRAY, OBJECT or BOTH"),
        };
        if is_outer && !filter.is_empty() {
            return limit("does not know FLATTEN with both OUTER and MODE");
        }
        let seq = if has_columns {
            "CAST(hash(j) % 9007199254740992 AS BIGINT)"
        } else {
            "CAST(1 AS BIGINT)"
        };
        let rows = if is_outer {
            "CASE WHEN coalesce(len(memory.main.sf_flatten(j)), 0) = 0 THEN [{'k': CAST(NULL AS VARCHAR), 'i': CAST(NULL AS BIGINT), 'v': CAST(NULL AS JSON)}] ELSE memory.main.sf_flatten(j) END"
        } else {
            "memory.main.sf_flatten(j)"
        };
        let path = format!(
            "CASE WHEN s.i IS NOT NULL THEN {prefix} || '[' || s.i || ']' WHEN regexp_full_match(s.k, '[A-Za-z_][A-Za-z0-9_]*') THEN {dotted} || s.k ELSE {prefix} || '[''' || s.k || ''']' END",
            prefix = quote_text(&prefix),
            dotted = quote_text(&if prefix.is_empty() {
                String::new()
            } else {
                format!("{prefix}.")
            }),
        );
        let alias = self.function_alias(alias, "FLATTEN")?;
        Ok(format!(
            "LATERAL (SELECT {seq} AS \"SEQ\", s.k AS \"KEY\", {path} AS \"PATH\", s.i AS \"INDEX\", s.v AS \"VALUE\", j AS \"THIS\" \
             FROM (SELECT j, unnest({rows}) AS s FROM (SELECT to_json({value}) AS j)) {filter}){alias}"
        ))
    }

    /// `GENERATOR(ROWCOUNT => n)`: rows without columns; `_ROW` numbers them for SEQ4.
    fn generator(
        &mut self,
        call: &Call<'_>,
        alias: Option<&TableAlias>,
        offers: &mut From,
    ) -> Written {
        let rows = call
            .named_or("ROWCOUNT", 0)
            .and_then(number_literal)
            .and_then(|digits| digits.parse::<u64>().ok());
        let Some(rows) = rows else {
            return limit("knows GENERATOR with a literal ROWCOUNT only");
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
            let (text, delimiter) = (self.text(text)?, self.text(call.argument(1)?)?);
            format!("string_split({text}, {delimiter})")
        } else {
            self.tokens(call)?
        };
        let alias = self.function_alias(alias, "SPLIT_TO_TABLE")?;
        Ok(format!(
            "LATERAL (SELECT CAST(1 AS BIGINT) AS \"SEQ\", s.i AS \"INDEX\", s.v AS \"VALUE\" \
             FROM (SELECT unnest(list_transform({parts}, lambda v, i: {{'i': i, 'v': v}})) AS s)){alias}"
        ))
    }

    fn function_alias(&self, alias: Option<&TableAlias>, default: &str) -> Written {
        match alias {
            Some(_) => self.alias(alias),
            None => Ok(format!(" AS {}", quote_name(default))),
        }
    }

    /// `PIVOT (SUM(x) FOR c IN ('a', 'b'))`: the columns it does not name are the groups.
    fn pivot(&mut self, factor: &TableFactor, offers: &mut From) -> Written {
        let TableFactor::Pivot {
            table,
            aggregate_functions,
            value_column,
            value_source: PivotValueSource::List(values),
            default_on_null,
            alias,
        } = factor
        else {
            return limit_with_hint(
                "knows PIVOT with a list of values only",
                "list the values: FOR c IN ('a', 'b')",
            );
        };
        let ([aggregate], [column]) = (aggregate_functions.as_slice(), value_column.as_slice())
        else {
            return limit("knows PIVOT with one aggregate and one column only");
        };
        let Expr::Function(function) = &aggregate.expr else {
            return refuse("PIVOT needs an aggregate function");
        };
        let call = Call::of(function)?;
        let [argument] = call.arguments() else {
            return refuse("the aggregate of PIVOT takes one column");
        };
        let table = self.table_factor(table, offers)?;
        let argument_name = self.expression(argument)?;
        let column = self.expression(column)?;
        let default = match default_on_null {
            Some(default) => Some(self.expression(default)?),
            None => None,
        };
        let mut columns = Vec::with_capacity(values.len());
        for ExprWithAlias { expr, alias } in values {
            let value = self.expression(expr)?;
            let pivoted = format!("CASE WHEN {column} = {value} THEN {argument_name} END");
            let aggregated = self.pivot_aggregate(&call.name, &pivoted)?;
            let aggregated = match &default {
                Some(default) => format!("coalesce({aggregated}, {default})"),
                None => aggregated,
            };
            let label = match alias {
                Some(alias) => name(alias),
                None => quote_name(&expr.to_string()),
            };
            columns.push(format!("{aggregated} AS {label}"));
        }
        // A NULL result stands for no row, as it does in Snowflake; COUNT gives 0.
        let (alias, renamed) = pivot_alias(alias.as_ref());
        Ok(format!(
            "(SELECT * EXCLUDE ({argument_name}, {column}), {} FROM {table} GROUP BY ALL){alias}{renamed}",
            columns.join(", ")
        ))
    }

    fn pivot_aggregate(&mut self, aggregate: &str, value: &str) -> Written {
        Ok(match aggregate {
            "SUM" | "MIN" | "MAX" | "COUNT" => format!("{}({value})", aggregate.to_lowercase()),
            "AVG" => macro_call(
                "avg",
                &[&format!("sum({value})"), &format!("count({value})")],
            ),
            other => return limit(format!("does not know {other} in PIVOT")),
        })
    }

    /// `UNPIVOT (v FOR n IN (a, b))`
    fn unpivot(&mut self, factor: &TableFactor, offers: &mut From) -> Written {
        let TableFactor::Unpivot {
            table,
            value: Expr::Identifier(value),
            name: label,
            columns,
            null_inclusion,
            alias,
        } = factor
        else {
            return limit("knows UNPIVOT with one value column only");
        };
        let table = self.table_factor(table, offers)?;
        let mut list = Vec::with_capacity(columns.len());
        for ExprWithAlias { expr, alias } in columns {
            let Expr::Identifier(column) = expr else {
                return limit("takes names of columns in UNPIVOT");
            };
            list.push(match alias {
                Some(alias) => format!("{} AS {}", name(column), unpivot_label(alias)),
                None => name(column),
            });
        }
        let nulls = match null_inclusion {
            Some(NullInclusion::IncludeNulls) => " INCLUDE NULLS",
            Some(NullInclusion::ExcludeNulls) | None => "",
        };
        let alias = self.alias(alias.as_ref())?;
        Ok(format!(
            "(SELECT * FROM {table} UNPIVOT{nulls} ({} FOR {} IN ({}))){alias}",
            name(value),
            name(label),
            list.join(", ")
        ))
    }
}

/// The alias of PIVOT may rename its columns.
fn pivot_alias(alias: Option<&TableAlias>) -> (String, String) {
    match alias {
        None => (String::new(), String::new()),
        Some(alias) if alias.columns.is_empty() => {
            (format!(" AS {}", name(&alias.name)), String::new())
        }
        Some(alias) => {
            let columns: Vec<String> = alias
                .columns
                .iter()
                .map(|column| name(&column.name))
                .collect();
            (
                format!(" AS {}", name(&alias.name)),
                format!("({})", columns.join(", ")),
            )
        }
    }
}

fn unpivot_label(alias: &Ident) -> String {
    quote_text(&alias.value)
}

/// The VALUES a subquery consists of, if it is nothing else.
fn plain_values(query: &Query) -> Option<&Values> {
    let is_bare = query.with.is_none()
        && query.order_by.is_none()
        && query.limit_clause.is_none()
        && query.fetch.is_none();
    match query.body.as_ref() {
        SetExpr::Values(values) if is_bare => Some(values),
        _ => None,
    }
}

fn is_true(argument: Option<&Expr>) -> Result<bool, Fault> {
    match argument {
        None => Ok(false),
        Some(Expr::Value(value)) => match value.value {
            crate::sql::ast::Value::Boolean(is_true) => Ok(is_true),
            _ => limit("takes literals for the options of FLATTEN"),
        },
        Some(_) => limit("takes literals for the options of FLATTEN"),
    }
}

/// Whether an expression reads a column, so that the table made of it follows a row.
fn mentions_columns(expr: &Expr) -> bool {
    use std::ops::ControlFlow;
    crate::sql::ast::visit_expressions(expr, |inner| match inner {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    })
    .is_break()
}
