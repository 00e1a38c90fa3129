//! Aggregate functions whose form differs from DuckDB's.

use crate::sql::ast::{Expr, NullTreatment};

use super::call::Call;
use super::decimals::{ByZero, quotient, typed};
use super::kinds::is_truth;
use super::lengths::refuse_window;
use super::texts::{number_literal, text_literal, whole};
use super::writer::{Writer, Written, bound, folded, limit, limit_with_hint, macro_call, refuse};

/// `FIRST_VALUE` and its like look at the whole window unless told otherwise; DuckDB would stop at the current row.
const WHOLE_WINDOW: &str = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING";

impl Writer<'_> {
    /// `COUNT(*)`, `COUNT(x)`, `COUNT(DISTINCT x, y)`: rows where no argument is NULL.
    pub(super) fn count(&mut self, call: &Call<'_>) -> Written {
        let over = self.over(call, "")?;
        if call.is_star && call.is_distinct {
            return limit_with_hint(
                "does not support COUNT(DISTINCT *)",
                "name the columns, as in COUNT(DISTINCT a, b), or count SELECT DISTINCT * in a subquery",
            );
        }
        if call.is_star {
            return Ok(format!("count(*){over}"));
        }
        let mut arguments = Vec::new();
        for argument in call.arguments() {
            let written = self.expression(argument)?;
            arguments.push(self.without_json_null(written, argument));
        }
        let counted = match arguments.as_slice() {
            [one] => one.clone(),
            many => {
                let many: Vec<&str> = many.iter().map(String::as_str).collect();
                bound(&many, |names| {
                    let tests: Vec<String> =
                        names.iter().map(|a| format!("{a} IS NOT NULL")).collect();
                    format!(
                        "CASE WHEN {} THEN row({}) END",
                        tests.join(" AND "),
                        names.join(", ")
                    )
                })
            }
        };
        Ok(format!("count({}{counted}){over}", call.distinct()))
    }

    /// `AVG`: a NUMBER with six digits more than its argument, at most twelve.
    pub(super) fn avg(&mut self, call: &Call<'_>) -> Written {
        let over = self.over(call, "")?;
        let argument = call.argument(0)?;
        let number = self.repeated(6, |writer| writer.expression(argument))?;
        let number = self.summand(call, number, argument)?;
        let distinct = call.distinct();
        Ok(quotient(
            &format!("sum({distinct}{number}){over}"),
            &format!("count({distinct}{number}){over}"),
            ByZero::Null,
        ))
    }

    /// A value to be added up. Whether a column holds text, which is a FLOAT then, only DuckDB can tell.
    ///
    /// DuckDB adds up truth values, which Snowflake refuses. It has no `+true`, though.
    pub(super) fn summand(&mut self, call: &Call<'_>, written: String, expr: &Expr) -> Written {
        if is_truth(expr) {
            return refuse(format!(
                "SQL compilation error:\nInvalid argument types for function '{}': (BOOLEAN)",
                call.name
            ));
        }
        let column = match expr {
            Expr::Identifier(ident) => Some(ident),
            Expr::CompoundIdentifier(parts) => parts.last(),
            _ => None,
        };
        if let Some(ident) = column
            && !self.is_variant(expr)
        {
            let column = folded(ident);
            if self.repairs.text_sums.contains(&column) {
                let number = format!("rs_arithmetic_type('', typeof({written}))");
                return Ok(typed(&written, &number));
            }
            self.summands.insert(column);
        }
        if self.is_text(expr) && text_literal(expr).is_none() {
            return Ok(format!("CAST({written} AS DOUBLE)"));
        }
        let number = self.as_number(written, expr);
        Ok(if may_be_truth(expr) {
            format!("(+{number})")
        } else {
            number
        })
    }

    /// A value for which JSON null counts as SQL NULL.
    pub(super) fn without_json_null(&self, written: String, expr: &Expr) -> String {
        match expr {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => macro_call("no_null", &[&written]),
            _ if self.is_variant(expr) => macro_call("no_null", &[&written]),
            _ => written,
        }
    }

    /// `CONDITIONAL_CHANGE_EVENT(x) OVER (…)`: how often the value has changed up to this row.
    pub(super) fn change_event(&mut self, call: &Call<'_>) -> Written {
        let over = self.over(call, "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW")?;
        let value = self.expression(call.argument(0)?)?;
        Ok(macro_call("changes", &[&format!("list({value}){over}")]))
    }

    /// `MIN` and `MAX`, which order their values.
    pub(super) fn extreme(&mut self, call: &Call<'_>) -> Written {
        let argument = call.argument(0)?;
        if self.is_variant(argument) {
            return limit_with_hint(
                format!("does not compare VARIANTs, which {} would need", call.name),
                "cast the value first, as in MAX(v:a::NUMBER)",
            );
        }
        let over = self.over(call, "")?;
        let value = self.expression(argument)?;
        Ok(format!("{}({value}){over}", call.name.to_lowercase()))
    }

    /// `LISTAGG(x [, delimiter]) [WITHIN GROUP (ORDER BY …)]`: an empty text for no rows.
    pub(super) fn listagg(&mut self, call: &Call<'_>) -> Written {
        refuse_window(call)?;
        let argument = call.argument(0)?;
        let delimiter = match call.arguments().get(1) {
            Some(delimiter) => self.text(delimiter)?,
            None => "''".into(),
        };
        if delimiter.contains("NULL") && text_literal(call.argument(1)?).is_none() {
            return limit("does not support NULL as the delimiter of LISTAGG");
        }
        let order = self.within_group(call)?;
        if !call.is_distinct {
            let text = self.text(argument)?;
            let gathered = format!("coalesce(string_agg({text}, {delimiter}{order}), '')");
            return Ok(self.gathered(gathered, false));
        }
        // DISTINCT values can be ordered by themselves only, so they are made text after they are in order.
        let value = self.expression(argument)?;
        let text = macro_call("text", &["e"]);
        let gathered = format!(
            "coalesce(array_to_string(list_transform(list(DISTINCT {value}{order}), lambda e: {text}), {delimiter}), '')"
        );
        Ok(self.gathered(gathered, false))
    }

    /// `ARRAY_AGG(x) [WITHIN GROUP (ORDER BY …)]`: without NULLs, an empty ARRAY for no rows.
    pub(super) fn array_agg(&mut self, call: &Call<'_>) -> Written {
        refuse_window(call)?;
        let value = self.expression(call.argument(0)?)?;
        let order = self.within_group(call)?;
        let distinct = if call.name == "ARRAY_UNIQUE_AGG" {
            "DISTINCT "
        } else {
            call.distinct()
        };
        let values =
            format!("list_filter(array_agg({distinct}{value}{order}), lambda e: e IS NOT NULL)");
        let values = macro_call("gathered", &[&values]);
        let gathered = format!("coalesce({values}, CAST('[]' AS JSON))");
        Ok(self.gathered(gathered, true))
    }

    /// `OBJECT_AGG(key, value)`: without NULLs.
    pub(super) fn object_agg(&mut self, call: &Call<'_>) -> Written {
        refuse_window(call)?;
        let key = self.text(call.argument(0)?)?;
        let value = self.expression(call.argument(1)?)?;
        let member = macro_call("member", &[&key, &value]);
        let gathered = format!(
            "coalesce(to_json(map_from_entries(list_sort(list_filter(list({member}), lambda e: e.k IS NOT NULL AND e.v IS NOT NULL)))), CAST('{{}}' AS JSON))"
        );
        Ok(self.gathered(gathered, true))
    }

    /// `PERCENTILE_CONT(p) WITHIN GROUP (ORDER BY x)` and `PERCENTILE_DISC`.
    pub(super) fn percentile(&mut self, call: &Call<'_>) -> Written {
        let over = self.over(call, "")?;
        let share = self.expression(call.argument(0)?)?;
        // The engine takes a negative one as well, and counts from the other end.
        if is_no_share(&share) {
            return refuse(format!(
                "the percentile of {} is not between 0 and 1",
                call.name
            ));
        }
        let [order] = call.within_group else {
            return refuse(format!("{} needs WITHIN GROUP (ORDER BY x)", call.name));
        };
        let value = self.number(&order.expr)?;
        let is_descending = order.options.sort == Some(crate::sql::ast::OrderBySort::Desc);
        if call.name == "PERCENTILE_DISC" {
            return Ok(if is_descending {
                format!("(-quantile_disc(-({value}), {share}){over})")
            } else {
                format!("quantile_disc({value}, {share}){over}")
            });
        }
        let share = if is_descending {
            format!("(1 - {share})")
        } else {
            share
        };
        // What lies between two values is computed as a FLOAT and cut off there: of 0.3 between 10 and 20, 11.999 would
        // stay. Three digits more are enough to round it.
        let finest = macro_call("finest", &[&value]);
        let found = format!("quantile_cont({finest}, {share}){over}");
        Ok(bound(&[&found], |names| {
            let found = names.concat();
            typed(&found, &format!("rs_type_of_finer(typeof({found}))"))
        }))
    }

    /// `APPROX_PERCENTILE(x, p)`: exact, in FLOAT.
    pub(super) fn approx_percentile(&mut self, call: &Call<'_>) -> Written {
        let number = self.number(call.argument(0)?)?;
        let share = self.expression(call.argument(1)?)?;
        if is_no_share(&share) {
            return refuse("the percentile of APPROX_PERCENTILE is not between 0 and 1");
        }
        let over = self.over(call, "")?;
        Ok(format!(
            "quantile_cont(CAST({number} AS DOUBLE), {share}){over}"
        ))
    }

    /// `RATIO_TO_REPORT(x) OVER (…)`
    pub(super) fn ratio_to_report(&mut self, call: &Call<'_>) -> Written {
        if call.over.is_none() {
            return refuse("the window function RATIO_TO_REPORT needs OVER");
        }
        let over = self.over(call, "")?;
        let number = self.repeated(6, |writer| writer.number(call.argument(0)?))?;
        let all = format!("sum({number}){over}");
        Ok(quotient(&number, &all, ByZero::Null))
    }

    /// `FIRST_VALUE`, `LAST_VALUE`, `NTH_VALUE`
    pub(super) fn value_of_window(&mut self, call: &Call<'_>) -> Written {
        let over = self.over(call, WHOLE_WINDOW)?;
        let place = call
            .arguments()
            .get(1)
            .and_then(|place| number_literal(place));
        if place.is_some_and(|digits| !digits.parse().is_ok_and(|place: u32| place > 0)) {
            return refuse("the place of NTH_VALUE is a whole number, 1 or more");
        }
        let arguments = call
            .arguments()
            .iter()
            .map(|argument| self.expression(argument))
            .collect::<Result<Vec<_>, _>>()?
            .join(", ");
        let nulls = match call.null_treatment {
            Some(NullTreatment::IgnoreNulls) => " IGNORE NULLS",
            _ => "",
        };
        Ok(format!(
            "{}({arguments}{nulls}){over}",
            call.name.to_lowercase()
        ))
    }

    /// `LAG(x [, offset [, default]])` and `LEAD`
    pub(super) fn neighbour(&mut self, call: &Call<'_>) -> Written {
        let mut written = Vec::with_capacity(3);
        for argument in call.arguments() {
            written.push(self.expression(argument)?);
        }
        // The engine would cast the default to the type of the value.
        if let [value, offset, default] = written.as_slice() {
            let pair = vec![value.clone(), default.clone()];
            let exprs = [call.argument(0)?, call.argument(2)?];
            let (mut pair, _) = self.met(pair, &exprs)?;
            if let [value, default] = pair.as_mut_slice()
                && number_literal(exprs[1]).is_some()
                && !self.is_variant(exprs[0])
            {
                *default = format!(
                    "cast_to_type({default}, json_transform('null', rs_common_type(typeof({value}), 'INTEGER')))"
                );
            }
            pair.insert(1, offset.clone());
            written = pair;
        }
        let nulls = match call.null_treatment {
            Some(NullTreatment::IgnoreNulls) => " IGNORE NULLS",
            _ => "",
        };
        let over = self.over(call, "")?;
        let function = call.name.to_lowercase();
        Ok(format!("{function}({}{nulls}){over}", written.join(", ")))
    }

    /// `APPROX_TOP_K(value [, k [, counters]])`: exact, whatever the number of counters.
    pub(super) fn approx_top_k(&mut self, call: &Call<'_>) -> Written {
        let value = self.expression(call.argument(0)?)?;
        let value = self.without_json_null(value, call.argument(0)?);
        let most = match call.arguments().get(1) {
            Some(most) => whole(most, &call.name)?,
            None => "1".into(),
        };
        let over = self.over(call, "")?;
        Ok(format!(
            "to_json(list_transform(list_sort(list_transform(map_entries(histogram({value}){over}), lambda e: \
             struct_pack(n := -CAST(e.value AS BIGINT), v := e.key)))[1:{most}], lambda e: [to_json(e.v), to_json(-e.n)]))"
        ))
    }

    /// `MAX_BY(value, key)` and `MIN_BY`: the value may be NULL, the key counts where it is not.
    pub(super) fn extreme_by(&mut self, call: &Call<'_>) -> Written {
        if let Some(count) = call.arguments().get(2) {
            return self.extremes_by(call, count);
        }
        let function = if call.name == "MAX_BY" {
            "arg_max_null"
        } else {
            "arg_min_null"
        };
        let over = self.over(call, "")?;
        let value = self.expression(call.argument(0)?)?;
        let key = self.expression(call.argument(1)?)?;
        Ok(format!("{function}({value}, {key}){over}"))
    }

    /// The same with a number of values, which come as an ARRAY.
    fn extremes_by(&mut self, call: &Call<'_>, count: &Expr) -> Written {
        const MOST: u16 = 1000;
        refuse_window(call)?;
        let count = whole(count, &call.name)?;
        if !count
            .parse::<u16>()
            .is_ok_and(|count| (1..=MOST).contains(&count))
        {
            return refuse(format!(
                "the number of values of {} is not between 1 and {MOST}",
                call.name
            ));
        }
        let function = if call.name == "MAX_BY" {
            "arg_max"
        } else {
            "arg_min"
        };
        let value = self.expression(call.argument(0)?)?;
        let key = self.expression(call.argument(1)?)?;
        // In a row, because a value that is NULL would be passed over.
        let element = macro_call("variant", &["e['v']"]);
        Ok(format!(
            "to_json(list_transform({function}({{'v': {value}}}, {key}, {count}), lambda e: {element}))"
        ))
    }

    /// `GROUPING(a, b)`
    pub(super) fn grouping_id(&mut self, call: &Call<'_>) -> Written {
        let list = call
            .arguments()
            .iter()
            .map(|argument: &&Expr| self.expression(argument))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(format!("grouping({})", list.join(", ")))
    }

    fn within_group(&mut self, call: &Call<'_>) -> Written {
        if call.within_group.is_empty() {
            return Ok(String::new());
        }
        Ok(format!(" ORDER BY {}", self.order_list(call.within_group)?))
    }
}

/// Whether a percentile is a number, and not one from 0 to 1.
fn is_no_share(written: &str) -> bool {
    let number = written.trim_matches(['(', ')']).parse();
    number.is_ok_and(|share: f64| !(0.0..=1.0).contains(&share))
}

/// Whether the type of a value does not show, so that it may be a truth value.
fn may_be_truth(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => may_be_truth(inner),
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::Case { .. }
        | Expr::Function(_)
        | Expr::Subquery(_) => true,
        _ => false,
    }
}
