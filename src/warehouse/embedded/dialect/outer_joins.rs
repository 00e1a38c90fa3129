//! `WHERE a.k = b.k(+)`: the older form of an outer join, said as LEFT JOIN.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use crate::sql::ast::{
    BinaryOperator, Expr, JoinConstraint, JoinOperator, Select, SelectItem, TableFactor,
    TableWithJoins,
};
use crate::sql::walk::{change_expressions, expressions};

use super::writer::{Fault, folded, limit, limit_with_hint, refuse};

/// The SELECT with its `(+)` as joins, or `None` where it has none.
pub(super) fn rewritten(select: &Select) -> Result<Option<Select>, Fault> {
    let Some(selection) = &select.selection else {
        return Ok(None);
    };
    let mut conditions = Vec::new();
    conjuncts(selection, &mut conditions);
    if conditions
        .iter()
        .all(|condition| marked(condition).is_none_or(|marks| marks.is_empty()))
    {
        return Ok(None);
    }
    let mut kept = Vec::new();
    let mut outer: Vec<(String, Vec<Expr>)> = Vec::new();
    for condition in conditions {
        let Some(marks) = marked(condition) else {
            return limit_with_hint(
                "supports (+) only after a column that has the name of its table, as in t.id(+)",
                "write LEFT JOIN … ON",
            );
        };
        let mut marks = marks.into_iter();
        match (marks.next(), marks.next()) {
            (None, _) => kept.push(condition.clone()),
            (Some(table), None) => {
                let condition = without_marks(condition);
                match outer.iter_mut().find(|(known, _)| *known == table) {
                    Some((_, list)) => list.push(condition),
                    None => outer.push((table, vec![condition])),
                }
            }
            _ => return refuse("a predicate with (+) may mark one table only"),
        }
    }
    let mut result = select.clone();
    result.from = vec![joined(select, outer)?];
    result.selection = kept.into_iter().reduce(and);
    Ok(Some(result))
}

fn conjuncts<'e>(expr: &'e Expr, found: &mut Vec<&'e Expr>) {
    match expr {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => {
            conjuncts(left, found);
            conjuncts(right, found);
        }
        Expr::Nested(inner) => conjuncts(inner, found),
        other => found.push(other),
    }
}

fn and(left: Expr, right: Expr) -> Expr {
    Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::And,
        right: Box::new(right),
    }
}

/// The tables that a condition marks; `None` where a mark does not name its table.
fn marked(condition: &Expr) -> Option<BTreeSet<String>> {
    let mut tables = BTreeSet::new();
    let outcome = expressions(condition, |inner| {
        if let Expr::OuterJoin(column) = inner {
            match column.as_ref() {
                Expr::CompoundIdentifier(parts) => {
                    let table = parts.iter().rev().nth(1).map(folded);
                    tables.extend(table);
                }
                _ => return ControlFlow::Break(()),
            }
        }
        ControlFlow::Continue(())
    });
    outcome.is_continue().then_some(tables)
}

fn without_marks(condition: &Expr) -> Expr {
    let mut condition = condition.clone();
    change_expressions(&mut condition, |inner| {
        if let Expr::OuterJoin(column) = inner {
            *inner = column.as_ref().clone();
        }
    });
    condition
}

/// The tables of FROM as one chain of joins.
fn joined(select: &Select, mut outer: Vec<(String, Vec<Expr>)>) -> Result<TableWithJoins, Fault> {
    let mut inner: Vec<&TableWithJoins> = Vec::new();
    let mut optional: Vec<(String, TableFactor)> = Vec::new();
    let mut is_reordered = false;
    for table in &select.from {
        let name = name_of(&table.relation);
        let is_outer = name
            .as_ref()
            .is_some_and(|name| outer.iter().any(|(marked, _)| marked == name));
        match name {
            Some(name) if is_outer && table.joins.is_empty() => {
                optional.push((name, table.relation.clone()));
            }
            _ if is_outer => return limit("does not mix (+) with JOIN"),
            _ => {
                is_reordered |= !optional.is_empty();
                inner.push(table);
            }
        }
    }
    let has_star = select
        .projection
        .iter()
        .any(|item| matches!(item, SelectItem::Wildcard(_)));
    if is_reordered && has_star {
        return limit("accepts * with (+) only where the marked tables stand last in FROM");
    }
    let Some((first, rest)) = inner.split_first() else {
        return refuse("every table of FROM is marked by (+)");
    };
    let mut chain = (*first).clone();
    for table in rest {
        chain.joins.push(join(
            table.relation.clone(),
            JoinOperator::CrossJoin(JoinConstraint::None),
        ));
        chain.joins.extend(table.joins.iter().cloned());
    }
    let mut seen: BTreeSet<String> = inner
        .iter()
        .filter_map(|table| name_of(&table.relation))
        .collect();
    while !optional.is_empty() {
        let next = optional.iter().position(|(name, _)| {
            outer
                .iter()
                .filter(|(marked, _)| marked == name)
                .flat_map(|(_, conditions)| conditions)
                .all(|condition| {
                    tables_of(condition)
                        .iter()
                        .all(|used| used == name || seen.contains(used))
                })
        });
        let Some(next) = next else {
            return refuse("tables marked by (+) depend on one another");
        };
        let (name, relation) = optional.remove(next);
        let place = outer.iter().position(|(marked, _)| *marked == name);
        let conditions = place.map(|place| outer.remove(place).1).unwrap_or_default();
        let Some(condition) = conditions.into_iter().reduce(and) else {
            return limit("does not support this form of (+)");
        };
        chain.joins.push(join(
            relation,
            JoinOperator::LeftOuter(JoinConstraint::On(condition)),
        ));
        seen.insert(name);
    }
    Ok(chain)
}

fn join(relation: TableFactor, join_operator: JoinOperator) -> crate::sql::ast::Join {
    crate::sql::ast::Join {
        relation,
        global: false,
        join_operator,
    }
}

fn tables_of(condition: &Expr) -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    let _: ControlFlow<()> = expressions(condition, |inner| {
        if let Expr::CompoundIdentifier(parts) = inner {
            tables.extend(parts.iter().rev().nth(1).map(folded));
        }
        ControlFlow::Continue(())
    });
    tables
}

fn name_of(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table {
            alias: Some(alias), ..
        }
        | TableFactor::Derived {
            alias: Some(alias), ..
        } => Some(folded(&alias.name)),
        TableFactor::Table { name, .. } => {
            name.0.last().and_then(|part| part.as_ident()).map(folded)
        }
        _ => None,
    }
}
