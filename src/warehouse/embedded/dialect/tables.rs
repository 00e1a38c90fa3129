//! FROM: tables, joins, subqueries, VALUES, FLATTEN, GENERATOR, PIVOT, SAMPLE.

use std::collections::BTreeSet;

use crate::sql::ast::{
    Expr, FunctionArg, JoinConstraint, JoinOperator, Query, SetExpr, TableAlias, TableFactor,
    TableSample, TableSampleKind, TableSampleMethod, TableSampleUnit, TableVersion, TableWithJoins,
    Values,
};

use super::call::Call;
use super::names::identifier_of;
use super::writer::{
    Fault, From, Writer, Written, folded, limit, limit_with_hint, name, quote_name,
};

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
        let mut factors = vec![self.table_factor(&table.relation, offers)?];
        for join in &table.joins {
            factors.push(self.table_factor(&join.relation, offers)?);
        }
        let mut factors = self.noted_factors(table, factors)?.into_iter();
        let mut written = factors.next().unwrap_or_default();
        for (join, right) in table.joins.iter().zip(factors) {
            written.push_str(&self.join(&join.join_operator, &right)?);
        }
        Ok(written)
    }

    /// Where a FULL JOIN makes one column of two by their name, each table notes its types: DuckDB would bring them to one
    /// that holds less. Other joins give the column of one side, and compare exactly.
    fn noted_factors(
        &mut self,
        table: &TableWithJoins,
        factors: Vec<String>,
    ) -> Result<Vec<String>, Fault> {
        let Some(columns) = shared_columns(table) else {
            return Ok(factors);
        };
        let joined = table.joins.iter().map(|join| &join.relation);
        let relations: Vec<&TableFactor> = std::iter::once(&table.relation).chain(joined).collect();
        // What follows the rows before it cannot be put into a query of its own.
        let is_plain = |factor: &&TableFactor| {
            matches!(
                factor,
                TableFactor::Table { args: None, .. } | TableFactor::Derived { lateral: false, .. }
            )
        };
        if !relations.iter().all(is_plain) {
            return limit_with_hint(
                "supports FULL JOIN with USING and NATURAL FULL JOIN of tables and subqueries only",
                "join with ON, or put the table function into a subquery",
            );
        }
        let names = relations.into_iter().map(source_name);
        Ok(self.joined_by_name(factors.into_iter().zip(names).collect(), columns))
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
            _ => return limit("does not support this kind of join"),
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
                            None => limit("does not support this form of USING"),
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
            _ => return limit_with_hint("supports ASOF JOIN with ON only", "write ON a.k = b.k"),
        };
        Ok(format!(" ASOF LEFT JOIN {right} ON {condition}"))
    }

    pub(super) fn table_factor(&mut self, factor: &TableFactor, offers: &mut From) -> Written {
        offers.sources.push(source_name(factor));
        match factor {
            TableFactor::Table { .. } => self.table(factor),
            TableFactor::Derived {
                lateral,
                subquery,
                alias,
                sample,
            } => self.derived(*lateral, subquery, alias.as_ref(), sample.as_ref(), offers),
            TableFactor::TableFunction {
                expr: name @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Value(_)),
                alias,
            } => {
                let table = self.table_name(&identifier_of(name)?)?;
                Ok(format!("{table}{}", self.alias(alias.as_ref())?))
            }
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
            TableFactor::SemanticView { .. } => self.semantic_view(factor),
            TableFactor::MatchRecognize { .. } => limit("does not support MATCH_RECOGNIZE"),
            _ => limit("does not support this form of table in FROM"),
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
            return limit("does not support this form of table in FROM");
        };
        // The sample data never changes: whatever the time, it is the same.
        match version {
            None => {}
            Some(TableVersion::Function(Expr::Function(function)))
                if matches!(
                    function.name.to_string().to_uppercase().as_str(),
                    "AT" | "BEFORE"
                ) && self.is_unchanging(table) => {}
            Some(_) => {
                return limit_with_hint("has no history of this table", "query the table as it is");
            }
        }
        if let Some(args) = args {
            let mut offers = From::default();
            if args.settings.is_some() {
                return limit("does not support this form of table function");
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
            return limit("does not support this form of table in FROM");
        }
        if self.is_semantic_view(table) {
            return limit_with_hint(
                "asks a semantic view by SEMANTIC_VIEW(…) only",
                "write FROM SEMANTIC_VIEW(name DIMENSIONS … METRICS …)",
            );
        }
        let written = self.table_name(table)?;
        let written = format!("{written}{}", self.alias(alias.as_ref())?);
        self.sampled(written, sample.as_ref())
    }

    pub(super) fn alias(&self, alias: Option<&TableAlias>) -> Written {
        let Some(alias) = alias else {
            return Ok(String::new());
        };
        if alias.at.is_some()
            || alias
                .columns
                .iter()
                .any(|column| column.data_type.is_some())
        {
            return limit("does not support this form of alias");
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
            return limit("supports SAMPLE with a number only");
        };
        if sample.bucket.is_some() || sample.offset.is_some() {
            return limit("does not support this form of SAMPLE");
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
}

/// The columns, in upper case, by whose names a FULL JOIN joins tables: `Some(None)` where NATURAL takes all they share.
fn shared_columns(table: &TableWithJoins) -> Option<Option<BTreeSet<String>>> {
    let mut names: Option<BTreeSet<String>> = None;
    for join in &table.joins {
        let JoinOperator::FullOuter(constraint) = &join.join_operator else {
            continue;
        };
        match constraint {
            JoinConstraint::Natural => return Some(None),
            JoinConstraint::Using(columns) => {
                let columns = columns.iter().filter_map(|column| column.0.last());
                let columns = columns.filter_map(|part| part.as_ident());
                names
                    .get_or_insert_default()
                    .extend(columns.map(|ident| folded(ident).to_uppercase()));
            }
            _ => {}
        }
    }
    names.map(Some)
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

/// What the rows of a table are called, for `OBJECT_CONSTRUCT(*)`.
fn source_name(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table {
            alias: Some(alias), ..
        }
        | TableFactor::Derived {
            alias: Some(alias), ..
        } => Some(name(&alias.name)),
        TableFactor::Table {
            name: table,
            alias: None,
            args: None,
            ..
        } => table.0.last().and_then(|part| part.as_ident()).map(name),
        _ => None,
    }
}
