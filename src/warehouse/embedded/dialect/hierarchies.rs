//! `START WITH … CONNECT BY`, said as a recursive WITH around the one table of FROM.

use std::borrow::Cow;
use std::ops::ControlFlow;

use crate::sql::ast::{ConnectByKind, Expr, Ident, Select, SetExpr, TableAlias, TableFactor};
use crate::sql::walk::{change_expressions, expressions};

use super::call::Call;
use super::writer::{
    From, Writer, Written, folded, limit, limit_with_hint, name, quote_name, refuse,
};

/// The row above, in the recursion.
const ABOVE: &str = "sf_above";

impl Writer<'_> {
    /// FROM of a SELECT with CONNECT BY: the rows of its table with LEVEL, and a column for each path and root asked for.
    pub(super) fn hierarchy(&mut self, select: &Select, offers: &mut From) -> Written {
        let [table] = select.from.as_slice() else {
            return limit("supports CONNECT BY with one table in FROM only");
        };
        if !table.joins.is_empty() {
            return limit("supports CONNECT BY with one table in FROM only");
        }
        let mut start = None;
        let mut steps = None;
        for clause in &select.connect_by {
            match clause {
                ConnectByKind::StartWith { condition, .. } => start = Some(condition.as_ref()),
                ConnectByKind::ConnectBy { nocycle: true, .. } => {
                    return limit("does not support NOCYCLE");
                }
                ConnectByKind::ConnectBy { relationships, .. } => steps = Some(relationships),
            }
        }
        let Some(steps) = steps else {
            return refuse("START WITH needs CONNECT BY");
        };
        if steps.iter().any(mentions_level) {
            return limit_with_hint(
                "does not support LEVEL inside CONNECT BY",
                "filter by LEVEL in WHERE, or number rows by TABLE(GENERATOR(ROWCOUNT => n))",
            );
        }
        let relation = named(&table.relation);
        let Some(alias) = alias_of(&relation) else {
            return limit("supports CONNECT BY with a table that has a name only");
        };
        let written = self.table_factor(&relation, offers)?;
        let own = |expr: &Expr| qualified(expr, &alias);
        let mut tests = Vec::new();
        for step in steps {
            tests.push(self.expression(&own(step))?);
        }
        let start = match start {
            Some(start) => format!(" WHERE {}", self.expression(&own(start))?),
            None => String::new(),
        };
        let (mut roots, mut followers) = (String::new(), String::new());
        self.paths.clear();
        for (text, kind) in paths_of(select) {
            let column = quote_name(&format!("sf_path{}", self.paths.len()));
            let (root, follower) = match &kind {
                Path::Of(arguments) => {
                    let (value, between) = &**arguments;
                    let value = self.text(&own(value))?;
                    let between = self.expression(between)?;
                    (
                        format!("({between} || {value})"),
                        format!("({ABOVE}.{column} || {between} || {value})"),
                    )
                }
                Path::Root(value) => (self.expression(&own(value))?, format!("{ABOVE}.{column}")),
            };
            roots.push_str(&format!(", {root} AS {column}"));
            followers.push_str(&format!(", {follower}"));
            self.paths.push((text, column));
        }
        let alias = name(&alias);
        let tests = tests.join(" AND ");
        let cycle = "memory.main.sf_fail('the embedded engine found a cycle in CONNECT BY, and does not follow it')";
        Ok(format!(
            "(WITH RECURSIVE sf_tree AS (SELECT {alias}.*, 1 AS \"LEVEL\", [hash({alias})] AS sf_seen{roots} FROM {written}{start} \
             UNION ALL SELECT {alias}.*, {ABOVE}.\"LEVEL\" + 1, list_append({ABOVE}.sf_seen, hash({alias})){followers} FROM {written}, sf_tree AS {ABOVE} \
             WHERE CASE WHEN {tests} THEN CASE WHEN list_contains({ABOVE}.sf_seen, hash({alias})) THEN {cycle} ELSE true END ELSE false END) \
             SELECT * FROM sf_tree) AS {alias}"
        ))
    }

    /// The column made for `SYS_CONNECT_BY_PATH(…)` or `CONNECT_BY_ROOT …`.
    pub(super) fn path_column(&mut self, text: &str) -> Written {
        match self.paths.iter().find(|(known, _)| known == text) {
            Some((_, column)) => Ok(column.clone()),
            None => refuse("SYS_CONNECT_BY_PATH and CONNECT_BY_ROOT need CONNECT BY"),
        }
    }

    /// Columns of a hierarchy that `*` leaves out.
    pub(super) fn hidden_columns(&self) -> String {
        let mut columns = vec!["\"LEVEL\"".to_owned(), "sf_seen".to_owned()];
        columns.extend(self.paths.iter().map(|(_, column)| column.clone()));
        columns.join(", ")
    }
}

enum Path {
    /// `SYS_CONNECT_BY_PATH(value, between)`.
    Of(Box<(Expr, Expr)>),
    /// `CONNECT_BY_ROOT value`.
    Root(Box<Expr>),
}

/// The paths and roots that a SELECT asks for, each once, by their text.
fn paths_of(select: &Select) -> Vec<(String, Path)> {
    let mut found: Vec<(String, Path)> = Vec::new();
    let _: ControlFlow<()> = expressions(&select.projection, |inner| {
        let path = match inner {
            Expr::Function(function)
                if function
                    .name
                    .to_string()
                    .eq_ignore_ascii_case("SYS_CONNECT_BY_PATH") =>
            {
                match Call::of(function).as_ref().map(Call::arguments) {
                    Ok([value, between]) => {
                        Some(Path::Of(Box::new(((*value).clone(), (*between).clone()))))
                    }
                    _ => None,
                }
            }
            Expr::Prefixed { prefix, value } if folded(prefix) == "CONNECT_BY_ROOT" => {
                Some(Path::Root(Box::new(value.as_ref().clone())))
            }
            _ => None,
        };
        let text = inner.to_string();
        if let Some(path) = path
            && !found.iter().any(|(known, _)| *known == text)
        {
            found.push((text, path));
        }
        ControlFlow::Continue(())
    });
    found
}

/// The expression with its columns those of the table, and PRIOR ones those of the row above.
fn qualified(expr: &Expr, alias: &Ident) -> Expr {
    let mut expr = expr.clone();
    change_expressions(&mut expr, |inner| match inner {
        Expr::Identifier(column) => {
            *inner = Expr::CompoundIdentifier(vec![alias.clone(), column.clone()]);
        }
        Expr::Prior(column) => {
            if let Expr::CompoundIdentifier(parts) = column.as_ref()
                && let Some(column) = parts.last()
            {
                *inner =
                    Expr::CompoundIdentifier(vec![Ident::with_quote('"', ABOVE), column.clone()]);
            }
        }
        _ => {}
    });
    expr
}

/// The table with a name: a subquery without one gets one.
fn named(factor: &TableFactor) -> Cow<'_, TableFactor> {
    match factor {
        TableFactor::Derived {
            lateral,
            subquery,
            alias: None,
            sample,
        } if !matches!(subquery.body.as_ref(), SetExpr::Values(_)) => {
            Cow::Owned(TableFactor::Derived {
                lateral: *lateral,
                subquery: subquery.clone(),
                alias: Some(TableAlias {
                    explicit: true,
                    name: Ident::with_quote('"', "sf_rows"),
                    columns: Vec::new(),
                    at: None,
                }),
                sample: sample.clone(),
            })
        }
        other => Cow::Borrowed(other),
    }
}

fn mentions_level(condition: &Expr) -> bool {
    let found = expressions(condition, |inner| match inner {
        Expr::Identifier(name) if folded(name) == "LEVEL" => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

fn alias_of(factor: &TableFactor) -> Option<Ident> {
    match factor {
        TableFactor::Table {
            alias: Some(TableAlias { name, .. }),
            ..
        }
        | TableFactor::Derived {
            alias: Some(TableAlias { name, .. }),
            ..
        } => Some(name.clone()),
        TableFactor::Table { name, .. } => name.0.last().and_then(|part| part.as_ident()).cloned(),
        TableFactor::Derived { .. } => Some(Ident::new("VALUES")),
        _ => None,
    }
}
