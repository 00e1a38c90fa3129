//! PIVOT and UNPIVOT.

use crate::sql::ast::{
    Expr, ExprWithAlias, Ident, NullInclusion, PivotValueSource, TableAlias, TableFactor,
};

use super::call::Call;
use super::context::MAX_PIVOTED;
use super::writer::{
    Fault, From, Writer, Written, limit, macro_call, name, quote_name, quote_text, refuse,
};

impl Writer<'_> {
    /// `PIVOT (SUM(x) FOR c IN ('a', 'b'))`: the columns it does not name are the groups.
    pub(super) fn pivot(&mut self, factor: &TableFactor, offers: &mut From) -> Written {
        let TableFactor::Pivot {
            table,
            aggregate_functions,
            value_column,
            value_source,
            default_on_null,
            alias,
        } = factor
        else {
            return limit("does not support this form of PIVOT");
        };
        let ([aggregate], [column]) = (aggregate_functions.as_slice(), value_column.as_slice())
        else {
            return limit("supports PIVOT with one aggregate and one column only");
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
        let pivot_column = column;
        let column = self.expression(column)?;
        let default = match default_on_null {
            Some(default) => Some(self.expression(default)?),
            None => None,
        };
        let mut columns = Vec::new();
        for (test, label) in self.pivot_values(value_source, pivot_column, &column, &table)? {
            let pivoted = format!("CASE WHEN {test} THEN {argument_name} END");
            let mut aggregated = self.pivot_aggregate(&call.name, &pivoted)?;
            if let (Some(default), Some(expr)) = (&default, default_on_null) {
                let values = vec![aggregated, default.clone()];
                let (values, _) = self.met(values, &[&aggregate.expr, expr])?;
                aggregated = format!("coalesce({})", values.join(", "));
            }
            columns.push(format!("{aggregated} AS {label}"));
        }
        if columns.is_empty() {
            return limit("cannot run a PIVOT that has no values to make columns of");
        }
        // A NULL result stands for no row, as it does in Snowflake; COUNT gives 0.
        let (alias, renamed) = pivot_alias(alias.as_ref());
        Ok(format!(
            "(SELECT * EXCLUDE ({argument_name}, {column}), {} FROM {table} GROUP BY ALL){alias}{renamed}",
            columns.join(", ")
        ))
    }

    /// For each value of PIVOT: whether a row has it, and the name of its column.
    fn pivot_values(
        &mut self,
        source: &PivotValueSource,
        tested: &Expr,
        column: &str,
        table: &str,
    ) -> Result<Vec<(String, String)>, Fault> {
        let question = match source {
            PivotValueSource::List(values) => {
                let mut written = Vec::with_capacity(values.len());
                for ExprWithAlias { expr, alias } in values {
                    let label = match alias {
                        Some(alias) => name(alias),
                        None => quote_name(&expr.to_string()),
                    };
                    let (left, right) = self.compared(tested, expr)?;
                    written.push((format!("{left} = {right}"), label));
                }
                return Ok(written);
            }
            PivotValueSource::Any(order) => {
                let is_descending = order.first().is_some_and(|key| {
                    key.options.sort == Some(crate::sql::ast::OrderBySort::Desc)
                });
                let direction = if is_descending { "DESC" } else { "ASC" };
                format!(
                    "SELECT DISTINCT {column} AS v FROM {table} WHERE {column} IS NOT NULL ORDER BY v {direction}"
                )
            }
            PivotValueSource::Subquery(query) => self.query(query)?,
        };
        let place = self.pivots;
        self.pivots += 1;
        if let Some(values) = self.repairs.pivots.get(place) {
            return Ok(values
                .iter()
                .map(|(value, label)| {
                    let text = macro_call("text", &[column]);
                    (format!("{text} = {}", quote_text(value)), quote_name(label))
                })
                .collect());
        }
        // Texts keep their quotes in the names of columns.
        let with = if self.with_texts.is_empty() {
            String::new()
        } else {
            format!("WITH RECURSIVE {} ", self.with_texts.join(", "))
        };
        let text = "memory.main.sf_text(q.v)";
        self.question = Some(format!(
            "{with}SELECT {text}, CASE WHEN typeof(q.v) = 'VARCHAR' THEN concat(chr(39), {text}, chr(39)) ELSE {text} END \
             FROM ({question}) AS q(v) WHERE q.v IS NOT NULL LIMIT {}",
            MAX_PIVOTED + 1
        ));
        limit("asks for the values of PIVOT first")
    }

    fn pivot_aggregate(&mut self, aggregate: &str, value: &str) -> Written {
        Ok(match aggregate {
            "SUM" | "MIN" | "MAX" | "COUNT" => format!("{}({value})", aggregate.to_lowercase()),
            "AVG" => macro_call(
                "avg",
                &[&format!("sum({value})"), &format!("count({value})")],
            ),
            other => return limit(format!("does not support {other} in PIVOT")),
        })
    }

    /// `UNPIVOT (v FOR n IN (a, b))`
    pub(super) fn unpivot(&mut self, factor: &TableFactor, offers: &mut From) -> Written {
        let TableFactor::Unpivot {
            table,
            value: Expr::Identifier(value),
            name: label,
            columns,
            null_inclusion,
            alias,
        } = factor
        else {
            return limit("supports UNPIVOT with one value column only");
        };
        let table = self.table_factor(table, offers)?;
        let mut list = Vec::with_capacity(columns.len());
        let mut plain = Vec::with_capacity(columns.len());
        for ExprWithAlias { expr, alias } in columns {
            let Expr::Identifier(column) = expr else {
                return limit("accepts only names of columns in UNPIVOT");
            };
            plain.push(name(column));
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
        let table = self.unpivoted(&table, &plain);
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
