//! Whole queries: WITH, set operations, ORDER BY and LIMIT.

use std::ops::ControlFlow;

use crate::sql::ast::{
    Cte, Expr, LimitClause, ObjectName, ObjectNamePart, OrderBy, OrderByExpr, OrderByKind,
    OrderByOptions, OrderBySort, Query, SelectItem, SetExpr, SetOperator, SetQuantifier,
    TableAliasColumnDef, Value, Values, With,
};
use crate::sql::walk::{Step, walk};

use super::places::Place;
use super::texts::number_literal;
use super::writer::{
    Fault, From, Writer, Written, folded, limit, limit_with_hint, macro_call, name, quote_name,
    refuse,
};

impl Writer<'_> {
    /// A whole query.
    pub(super) fn query(&mut self, query: &Query) -> Written {
        self.deeper(|writer| {
            let names_before = writer.with_names.len();
            let texts_before = writer.with_texts.len();
            writer.queries += 1;
            let written = writer.query_parts(query);
            writer.queries -= 1;
            writer.with_names.truncate(names_before);
            writer.with_texts.truncate(texts_before);
            written
        })
    }

    fn query_parts(&mut self, query: &Query) -> Written {
        let is_plain = query.locks.is_empty()
            && query.for_clause.is_none()
            && query.settings.is_none()
            && query.format_clause.is_none()
            && query.pipe_operators.is_empty();
        if !is_plain {
            return limit("does not support one of the clauses of this query");
        }
        let mut written = match &query.with {
            Some(with) => self.with(with)?,
            None => String::new(),
        };
        let body = self.set_expression(&query.body)?;
        self.refuse_variant_places(query)?;
        written.push_str(&body.sql);
        // What FROM offers is in sight of ORDER BY as well.
        self.froms.push(body.from);
        let tail = self.query_tail(query);
        self.froms.pop();
        written.push_str(&tail?);
        if let Some(top) = body.top {
            written.push_str(&format!(" LIMIT {top}"));
        }
        Ok(written)
    }

    fn query_tail(&mut self, query: &Query) -> Written {
        let mut written = String::new();
        if let Some(order_by) = &query.order_by {
            written.push_str(&self.order_by(order_by)?);
        }
        if let Some(clause) = &query.limit_clause {
            written.push_str(&self.limit_clause(clause)?);
        }
        if let Some(fetch) = &query.fetch {
            if fetch.with_ties || fetch.percent {
                return limit("supports FETCH with a number of rows only");
            }
            let rows = match &fetch.quantity {
                Some(rows) => self.expression(rows)?,
                None => "1".into(),
            };
            written.push_str(&format!(" LIMIT {rows}"));
        }
        Ok(written)
    }

    fn with(&mut self, with: &With) -> Written {
        let mut tables = Vec::with_capacity(with.cte_tables.len());
        let mut is_any_recursive = with.recursive;
        for cte in &with.cte_tables {
            // The word RECURSIVE may be left out.
            let is_recursive = with.recursive || names_itself(cte);
            is_any_recursive |= is_recursive;
            let table = self.cte(cte, is_recursive)?;
            self.with_texts.push(table.clone());
            tables.push(table);
        }
        let word = if is_any_recursive {
            "WITH RECURSIVE"
        } else {
            "WITH"
        };
        Ok(format!("{word} {} ", tables.join(", ")))
    }

    fn cte(&mut self, cte: &Cte, is_recursive: bool) -> Written {
        let alias = folded(&cte.alias.name);
        if is_recursive {
            self.with_names.push(alias.clone());
        }
        self.is_recursion = is_recursive && names_itself(cte);
        let query = self.query(&cte.query)?;
        self.is_recursion = false;
        if !is_recursive {
            self.with_names.push(alias.clone());
        }
        self.note_variants(&cte.query, &cte.alias.columns);
        let columns: Vec<String> = cte
            .alias
            .columns
            .iter()
            .map(|column| name(&column.name))
            .collect();
        let columns = if columns.is_empty() {
            String::new()
        } else {
            format!("({})", columns.join(", "))
        };
        Ok(format!("{}{columns} AS ({query})", quote_name(&alias)))
    }

    /// Remembers which of the names an alias gives to the columns of a query are VARIANTs.
    pub(super) fn note_variants(&mut self, query: &Query, columns: &[TableAliasColumnDef]) {
        let Some(select) = query.body.as_select() else {
            return;
        };
        for (item, column) in select.projection.iter().zip(columns) {
            if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
                if self.is_variant(expr) {
                    self.variants.insert(folded(&column.name));
                }
                if self.is_binary(expr) {
                    self.binaries.insert(folded(&column.name));
                }
            }
        }
    }

    /// `ORDER BY 1` of a VARIANT would sort by its JSON.
    fn refuse_variant_places(&self, query: &Query) -> Result<(), Fault> {
        let (Some(select), Some(order_by)) = (query.body.as_select(), &query.order_by) else {
            return Ok(());
        };
        let OrderByKind::Expressions(keys) = &order_by.kind else {
            return Ok(());
        };
        for key in keys {
            let item = number_literal(&key.expr)
                .and_then(|digits| digits.parse::<usize>().ok())
                .and_then(|place| place.checked_sub(1))
                .and_then(|index| select.projection.get(index));
            if let Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) =
                item
                && self.is_variant(expr)
            {
                return limit_with_hint(
                    "does not support ORDER BY with the number of a VARIANT column",
                    "cast it in the select list, as in v:a::NUMBER",
                );
            }
        }
        Ok(())
    }

    /// The body of a query. Set operations lean left and can be many, so they are walked in a loop.
    fn set_expression(&mut self, body: &SetExpr) -> Result<Body, Fault> {
        let mut chain = Vec::new();
        let mut first = body;
        while let SetExpr::SetOperation {
            left,
            op,
            set_quantifier,
            right,
        } = first
        {
            chain.push((*op, *set_quantifier, right.as_ref()));
            first = left;
        }
        let member = self.set_member(first)?;
        if chain.is_empty() {
            return Ok(member);
        }
        let by_name = |quantifier: &SetQuantifier| {
            matches!(
                quantifier,
                SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName
            )
        };
        let is_by_name = chain.iter().any(|(_, quantifier, _)| by_name(quantifier));
        if !is_by_name {
            self.refuse_mixed_columns(first, chain.iter().map(|(_, _, right)| *right))?;
        } else if !chain.iter().all(|(_, quantifier, _)| by_name(quantifier)) {
            return limit_with_hint(
                "does not mix UNION BY NAME with other set operations",
                "put one of them in parentheses, in a subquery",
            );
        }
        let is_recursion = std::mem::take(&mut self.is_recursion);
        let mut members = vec![first];
        let mut written = vec![bounded(member)?];
        let mut operators = Vec::with_capacity(chain.len());
        for (op, quantifier, right) in chain.into_iter().rev() {
            let member = self.set_member(right)?;
            members.push(right);
            written.push(if matches!(right, SetExpr::SetOperation { .. }) {
                format!("({})", member.sql)
            } else {
                bounded(member)?
            });
            operators.push(set_operator(op, quantifier)?);
        }
        let how = match (is_by_name, is_recursion) {
            (true, _) => Place::Names,
            (false, true) => Place::Recursive,
            (false, false) => Place::Columns,
        };
        let written = self.met_members(&members, written, how);
        let mut written = written.into_iter();
        let mut sql = written.next().unwrap_or_default();
        for (op, right) in operators.into_iter().zip(written) {
            sql = format!("{sql} {op} {right}");
        }
        Ok(Body::plain(sql))
    }

    fn set_member(&mut self, member: &SetExpr) -> Result<Body, Fault> {
        match member {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => Ok(Body::plain(format!("({})", self.query(query)?))),
            SetExpr::Values(values) => Ok(Body::plain(self.values_query(values)?)),
            SetExpr::SetOperation { .. } => {
                let mut body = Body::plain(String::new());
                self.deeper(|writer| {
                    body = writer.set_expression(member)?;
                    Ok(String::new())
                })?;
                Ok(body)
            }
            _ => limit("runs queries only"),
        }
    }

    /// VALUES as a query of its own: its columns are COLUMN1, COLUMN2, …
    pub(super) fn values_query(&mut self, values: &Values) -> Written {
        let (rows, width) = self.values_rows(values)?;
        let columns: Vec<String> = (1..=width).map(|n| format!("\"COLUMN{n}\"")).collect();
        Ok(format!(
            "SELECT * FROM (VALUES {rows}) AS \"VALUES\"({})",
            columns.join(", ")
        ))
    }

    pub(super) fn values_rows(&mut self, values: &Values) -> Result<(String, usize), Fault> {
        let mut rows = Vec::with_capacity(values.rows.len());
        let mut width = 0;
        for row in &values.rows {
            width = row.content.len();
            rows.push(self.expressions(&row.content)?);
        }
        for column in 0..width {
            let exprs: Vec<&Expr> = values
                .rows
                .iter()
                .filter_map(|row| row.content.get(column))
                .collect();
            let written: Vec<String> = rows
                .iter_mut()
                .filter_map(|row| row.get_mut(column).map(std::mem::take))
                .collect();
            // Rows of different lengths are DuckDB's to refuse.
            let (written, _) = self.met(written, &exprs)?;
            let places = rows.iter_mut().filter_map(|row| row.get_mut(column));
            for (place, value) in places.zip(written) {
                *place = value;
            }
        }
        let rows: Vec<String> = rows
            .iter()
            .map(|row| format!("({})", row.join(", ")))
            .collect();
        Ok((rows.join(", "), width))
    }

    fn order_by(&mut self, order_by: &OrderBy) -> Written {
        match &order_by.kind {
            OrderByKind::All(options) => Ok(format!(" ORDER BY ALL {}", direction(options))),
            OrderByKind::Expressions(list) => {
                if let [key] = list.as_slice()
                    && matches!(&key.expr, Expr::Identifier(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("ALL"))
                {
                    return Ok(format!(" ORDER BY ALL {}", direction(&key.options)));
                }
                // A constant puts nothing in order, and DuckDB refuses it. A whole number is the place of a column.
                let keys: Vec<OrderByExpr> = list
                    .iter()
                    .filter(|key| !is_constant_key(&key.expr))
                    .cloned()
                    .collect();
                if keys.is_empty() {
                    return Ok(String::new());
                }
                Ok(format!(" ORDER BY {}", self.order_list(&keys)?))
            }
        }
    }

    /// Sort keys, each with its direction and the place of NULLs spelled out: Snowflake takes NULL for the largest value.
    pub(super) fn order_list(&mut self, list: &[OrderByExpr]) -> Written {
        let mut keys = Vec::with_capacity(list.len());
        for key in list {
            let direction = direction(&key.options);
            let written = self.expression(&key.expr)?;
            if self.is_variant(&key.expr) {
                // Numbers by value, then texts; JSON itself sorts as its text.
                let text = macro_call("text", &[&written]);
                keys.push(format!(
                    "TRY_CAST({text} AS DOUBLE) {direction}, {text} {direction}"
                ));
            } else {
                keys.push(format!("{written} {direction}"));
            }
        }
        Ok(keys.join(", "))
    }

    fn limit_clause(&mut self, clause: &LimitClause) -> Written {
        let LimitClause::LimitOffset {
            limit: rows,
            offset,
            limit_by,
        } = clause
        else {
            return limit("supports LIMIT n OFFSET m only");
        };
        if !limit_by.is_empty() {
            return limit("does not support LIMIT … BY");
        }
        let mut written = String::new();
        if let Some(rows) = rows
            && !is_null_or_empty(rows)
        {
            written.push_str(&format!(" LIMIT {}", self.row_count(rows)?));
        }
        if let Some(offset) = offset {
            written.push_str(&format!(" OFFSET {}", self.row_count(&offset.value)?));
        }
        Ok(written)
    }

    /// A number of rows. DuckDB rounds, and takes truth values.
    fn row_count(&mut self, rows: &Expr) -> Written {
        let is_wrong = match rows {
            Expr::Value(value) => match &value.value {
                Value::Number(digits, _) => !digits.bytes().all(|byte| byte.is_ascii_digit()),
                Value::Boolean(_) => true,
                _ => false,
            },
            Expr::Nested(inner) => matches!(inner.as_ref(), Expr::UnaryOp { .. }),
            Expr::UnaryOp { .. } => true,
            _ => false,
        };
        let written = self.expression(rows)?;
        if is_wrong || written.starts_with("CAST(") {
            return refuse(format!("Invalid row count '{rows}' in limit clause"));
        }
        Ok(written)
    }
}

fn set_operator(op: SetOperator, quantifier: SetQuantifier) -> Written {
    let op = match op {
        SetOperator::Union => "UNION",
        SetOperator::Except | SetOperator::Minus => "EXCEPT",
        SetOperator::Intersect => "INTERSECT",
    };
    let quantifier = match quantifier {
        SetQuantifier::None | SetQuantifier::Distinct => "",
        SetQuantifier::All => " ALL",
        SetQuantifier::ByName => " BY NAME",
        SetQuantifier::AllByName => " ALL BY NAME",
        SetQuantifier::DistinctByName => " BY NAME",
    };
    if op != "UNION" && !quantifier.is_empty() {
        return limit(format!("does not support {op}{quantifier}"));
    }
    Ok(format!("{op}{quantifier}"))
}

fn direction(options: &OrderByOptions) -> &'static str {
    let is_descending = options.sort == Some(OrderBySort::Desc);
    let nulls_first = options.nulls_first.unwrap_or(is_descending);
    match (is_descending, nulls_first) {
        (false, false) => "ASC NULLS LAST",
        (false, true) => "ASC NULLS FIRST",
        (true, false) => "DESC NULLS LAST",
        (true, true) => "DESC NULLS FIRST",
    }
}

/// Whether a sort key is a text, NULL or a truth value.
fn is_constant_key(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => matches!(
            value.value,
            Value::SingleQuotedString(_)
                | Value::DollarQuotedString(_)
                | Value::Null
                | Value::Boolean(_)
        ),
        _ => false,
    }
}

/// `LIMIT NULL` and `LIMIT ''` mean no limit.
fn is_null_or_empty(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Null => true,
            Value::SingleQuotedString(text) => text.is_empty(),
            _ => false,
        },
        _ => false,
    }
}

/// A member of a set operation, with its TOP inside.
fn bounded(body: Body) -> Written {
    Ok(match body.top {
        Some(top) => format!("(SELECT * FROM ({}) LIMIT {top})", body.sql),
        None => body.sql,
    })
}

/// The body of a query, and what its tail has to know of it.
pub(super) struct Body {
    pub(super) sql: String,
    pub(super) from: From,
    /// `TOP n`, which has to follow ORDER BY in DuckDB.
    pub(super) top: Option<String>,
}

impl Body {
    fn plain(sql: String) -> Self {
        Self {
            sql,
            from: From::default(),
            top: None,
        }
    }
}

/// Whether the second part of a UNION reads the table it makes.
fn names_itself(cte: &Cte) -> bool {
    let SetExpr::SetOperation {
        op: SetOperator::Union,
        right,
        ..
    } = cte.query.body.as_ref()
    else {
        return false;
    };
    let own = folded(&cte.alias.name);
    let found = walk(right, |step| match step {
        Step::Relation(ObjectName(parts)) => match parts.as_slice() {
            [ObjectNamePart::Identifier(name)] if folded(name) == own => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        },
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}
