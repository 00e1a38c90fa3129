//! What columns each table of a statement gives, as far as that is known without asking the engine.
//!
//! DuckDB does not tell upper and lower case of names apart, not even in double quotes, and where a subquery gives a name
//! twice it calls the second one something else. Snowflake finds no column in the first case and two in the second. Both
//! would be another answer without a word, so they are looked for here, before anything is translated. Where the columns
//! of one table are not known, as those of FLATTEN or PIVOT, nothing is said about the names beside it.

use std::ops::ControlFlow;

use crate::sql::ast::{
    Cte, ExcludeSelectItem, Expr, GroupByExpr, Ident, JoinConstraint, JoinOperator, ObjectName,
    OrderByKind, Query, RenameSelectItem, Select, SelectItem, SelectItemQualifiedWildcardKind,
    SetExpr, Statement, TableAlias, TableFactor, TableWithJoins, WildcardAdditionalOptions,
};
use crate::sql::walk::{Step, walk};
use crate::sql::{QualifiedName, qualified_name};
use crate::warehouse::Error;

use super::context::{Context, Found};
use super::writer::{Fault, folded, limit, refuse};

/// Names of columns; `None` where they are not known, and an empty name for a column that cannot be named.
type Columns = Option<Vec<String>>;

/// Refuses names that mean nothing or two things in Snowflake. Gives the names of the columns of the result, where they
/// are known.
pub(super) fn check(statement: &Statement, context: &Context) -> Result<Columns, Fault> {
    let Statement::Query(query) = statement else {
        return Ok(None);
    };
    let mut given = Given {
        context,
        with: Vec::new(),
        scopes: Vec::new(),
        depth: 0,
    };
    given.query(query)
}

/// A table of a FROM.
struct Source {
    alias: Option<String>,
    columns: Columns,
}

struct Given<'a> {
    context: &'a Context,
    /// The tables of WITH clauses in sight, innermost last.
    with: Vec<(String, Columns)>,
    /// The tables of the queries being looked at, innermost last, each with the aliases of its select list.
    scopes: Vec<(Vec<Source>, Vec<String>)>,
    depth: usize,
}

/// How deep queries may nest to be looked at. The parser stops long before the stack does.
const MAX_DEPTH: usize = 64;

impl Given<'_> {
    fn query(&mut self, query: &Query) -> Result<Columns, Fault> {
        if self.depth >= MAX_DEPTH {
            return Ok(None);
        }
        self.depth += 1;
        let with_before = self.with.len();
        let columns = self.parts(query);
        self.with.truncate(with_before);
        self.depth -= 1;
        columns
    }

    fn parts(&mut self, query: &Query) -> Result<Columns, Fault> {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            let table = self.cte(cte)?;
            self.with.push(table);
        }
        self.set(&query.body, query)
    }

    fn cte(&mut self, cte: &Cte) -> Result<(String, Columns), Fault> {
        let name = folded(&cte.alias.name);
        // One that reads itself has the columns of its first part, which are not known yet.
        self.with.push((name.clone(), None));
        let columns = self.query(&cte.query);
        self.with.pop();
        Ok((name, renamed(columns?, Some(&cte.alias))))
    }

    fn set(&mut self, body: &SetExpr, query: &Query) -> Result<Columns, Fault> {
        let mut body = body;
        // Set operations lean left and can be many; the first part names the columns.
        while let SetExpr::SetOperation { left, right, .. } = body {
            if !matches!(right.as_ref(), SetExpr::SetOperation { .. }) {
                self.set(right, query)?;
            }
            body = left;
        }
        match body {
            SetExpr::Select(select) => self.select(select, query),
            SetExpr::Query(inner) => self.query(inner),
            SetExpr::Values(values) => {
                let width = values.rows.first().map_or(0, |row| row.content.len());
                Ok(Some((1..=width).map(|n| format!("COLUMN{n}")).collect()))
            }
            _ => Ok(None),
        }
    }

    fn select(&mut self, select: &Select, query: &Query) -> Result<Columns, Fault> {
        let mut sources = Vec::new();
        for table in &select.from {
            self.table(table, &mut sources)?;
        }
        // What CONNECT BY adds is not known here.
        if !select.connect_by.is_empty() {
            sources.push(Source {
                alias: None,
                columns: None,
            });
        }
        let columns = outputs(select, &sources);
        let aliases = select.projection.iter().filter_map(|item| match item {
            SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
            _ => None,
        });
        self.scopes.push((sources, aliases.collect()));
        let checked = self.expressions_of(select, query);
        self.scopes.pop();
        checked?;
        Ok(columns)
    }

    /// Looks at every expression of a SELECT, those of its subqueries in the scope of theirs.
    fn expressions_of(&mut self, select: &Select, query: &Query) -> Result<(), Fault> {
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    self.expression(expr)?;
                }
                _ => {}
            }
        }
        let mut others: Vec<&Expr> = Vec::new();
        others.extend(&select.selection);
        others.extend(&select.having);
        others.extend(&select.qualify);
        if let GroupByExpr::Expressions(keys, _) = &select.group_by {
            others.extend(keys);
        }
        for table in &select.from {
            others.extend(
                table
                    .joins
                    .iter()
                    .filter_map(|join| condition_of(&join.join_operator)),
            );
        }
        // Sorted is what the body gives, which is this SELECT where there is one alone.
        if query.body.as_select().is_some()
            && let Some(order_by) = &query.order_by
            && let OrderByKind::Expressions(keys) = &order_by.kind
        {
            others.extend(keys.iter().map(|key| &key.expr));
        }
        others
            .into_iter()
            .try_for_each(|expr| self.expression(expr))
    }

    fn expression(&mut self, expr: &Expr) -> Result<(), Fault> {
        let mut inside = 0_usize;
        let found = walk(expr, |step| {
            match step {
                Step::Query(query) => {
                    if inside == 0
                        && let Err(fault) = self.query(query)
                    {
                        return ControlFlow::Break(fault);
                    }
                    inside += 1;
                }
                Step::QueryEnd(_) => inside = inside.saturating_sub(1),
                Step::Expr(Expr::Identifier(name)) if inside == 0 => {
                    if let Err(fault) = self.column(None, name) {
                        return ControlFlow::Break(fault);
                    }
                }
                Step::Expr(Expr::CompoundIdentifier(parts)) if inside == 0 => {
                    if let [.., table, name] = parts.as_slice()
                        && let Err(fault) = self.column(Some(table), name)
                    {
                        return ControlFlow::Break(fault);
                    }
                }
                _ => {}
            }
            ControlFlow::Continue(())
        });
        match found {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(fault) => Err(fault),
        }
    }

    /// Looks at one name of a column, and of its table where the statement says it.
    fn column(&self, table: Option<&Ident>, name: &Ident) -> Result<(), Fault> {
        let (table, name) = (table.map(folded), folded(name));
        let mut is_in_another_case = false;
        for (sources, aliases) in self.scopes.iter().rev() {
            if table.is_none() && aliases.contains(&name) {
                return Ok(());
            }
            let mut is_found = false;
            for source in sources {
                if table.is_some() && source.alias != table {
                    continue;
                }
                let Some(columns) = &source.columns else {
                    return Ok(());
                };
                let exact = columns.iter().filter(|column| **column == name).count();
                if exact > 1 {
                    return refuse(format!(
                        "SQL compilation error:\nambiguous column name '{name}': a subquery gives it more than once"
                    ));
                }
                is_found |= exact == 1;
                let is_alike =
                    |column: &String| *column != name && column.eq_ignore_ascii_case(&name);
                is_in_another_case |= columns.iter().any(is_alike);
            }
            if is_found && is_in_another_case {
                return limit(format!(
                    "does not tell the column {name} from another one whose name differs in case only"
                ));
            }
            if is_found {
                return Ok(());
            }
        }
        if is_in_another_case {
            return Err(Box::new(Error::ObjectNotFound {
                message: format!(
                    "SQL compilation error:\ninvalid identifier '\"{name}\"': there is a column whose name differs in case only"
                ),
                query_id: None,
            }));
        }
        Ok(())
    }

    fn table(&mut self, table: &TableWithJoins, sources: &mut Vec<Source>) -> Result<(), Fault> {
        self.source(&table.relation, sources)?;
        for join in &table.joins {
            let before = sources.len();
            self.source(&join.relation, sources)?;
            match constraint_of(&join.join_operator) {
                // A column of both sides is there once.
                Some(JoinConstraint::Using(columns)) => {
                    for source in sources.iter_mut().skip(before) {
                        if let Some(names) = &mut source.columns {
                            names.retain(|name| {
                                !columns.iter().any(|column| is_named(column, name))
                            });
                        }
                    }
                }
                Some(JoinConstraint::Natural) => {
                    for source in sources.iter_mut().skip(before) {
                        source.columns = None;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn source(&mut self, factor: &TableFactor, sources: &mut Vec<Source>) -> Result<(), Fault> {
        let (alias, columns) = match factor {
            TableFactor::Table {
                name, alias, args, ..
            } => {
                let columns = match args {
                    None => self.columns_of(name)?,
                    Some(_) => None,
                };
                let own = name.0.last().and_then(|part| part.as_ident()).map(folded);
                (alias.as_ref(), (own, columns))
            }
            TableFactor::Derived {
                subquery, alias, ..
            } => (alias.as_ref(), (None, self.query(subquery)?)),
            TableFactor::NestedJoin {
                table_with_joins,
                alias: None,
            } => return self.table(table_with_joins, sources),
            TableFactor::Pivot { table, alias, .. } | TableFactor::Unpivot { table, alias, .. } => {
                self.source(table, &mut Vec::new())?;
                (alias.as_ref(), (None, None))
            }
            TableFactor::TableFunction { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::NestedJoin { alias, .. } => (alias.as_ref(), (None, None)),
            _ => (None, (None, None)),
        };
        let (own, columns) = columns;
        sources.push(Source {
            alias: alias.map(|alias| folded(&alias.name)).or(own),
            columns: renamed(columns, alias),
        });
        Ok(())
    }

    fn columns_of(&self, table: &ObjectName) -> Result<Columns, Fault> {
        let Ok(name) = qualified_name(table) else {
            return Ok(None);
        };
        if name.schema.is_none()
            && let Some((_, columns)) =
                (self.with.iter().rev()).find(|(with, _)| with == name.object.as_str())
        {
            return Ok(columns.clone());
        }
        let full = QualifiedName {
            database: name
                .database
                .clone()
                .or(Some(self.context.database.clone())),
            schema: name.schema.clone().or(Some(self.context.schema.clone())),
            object: name.object.clone(),
        };
        match self.context.tables.find(&full) {
            Found::Columns { names, .. } => Ok(Some(names)),
            Found::InAnotherCase => Err(Box::new(Error::ObjectNotFound {
                message: format!(
                    "SQL compilation error:\nObject '{name}' does not exist or not authorized. There is one whose name \
                     differs in case only."
                ),
                query_id: None,
            })),
            Found::Nothing => Ok(None),
        }
    }
}

/// The names that an alias with a list of columns gives.
fn renamed(columns: Columns, alias: Option<&TableAlias>) -> Columns {
    let given: Vec<String> = alias
        .iter()
        .flat_map(|alias| &alias.columns)
        .map(|column| folded(&column.name))
        .collect();
    match columns {
        None if given.is_empty() => None,
        // As many as the query has, or an error of its own.
        None => Some(given),
        Some(columns) => {
            let rest = columns.into_iter().skip(given.len());
            Some(given.into_iter().chain(rest).collect())
        }
    }
}

/// The names of the columns that a SELECT gives.
fn outputs(select: &Select, sources: &[Source]) -> Columns {
    let mut names = Vec::new();
    for item in &select.projection {
        match item {
            SelectItem::UnnamedExpr(Expr::Identifier(name)) => names.push(folded(name)),
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => {
                names.push(parts.last().map(folded).unwrap_or_default());
            }
            SelectItem::UnnamedExpr(_) => names.push(String::new()),
            SelectItem::ExprWithAlias { alias, .. } => names.push(folded(alias)),
            SelectItem::Wildcard(options) => {
                for source in sources {
                    names.extend(starred(source.columns.as_ref()?, options)?);
                }
            }
            SelectItem::QualifiedWildcard(
                SelectItemQualifiedWildcardKind::ObjectName(table),
                options,
            ) => {
                let table = table.0.last().and_then(|part| part.as_ident()).map(folded);
                let source = sources.iter().find(|source| source.alias == table)?;
                names.extend(starred(source.columns.as_ref()?, options)?);
            }
            _ => return None,
        }
    }
    Some(names)
}

/// What `*` with its options makes of the columns of a table; `None` where that is not known.
fn starred(columns: &[String], options: &WildcardAdditionalOptions) -> Columns {
    if options.opt_ilike.is_some() || options.opt_except.is_some() {
        return None;
    }
    let mut columns = columns.to_vec();
    if let Some(exclude) = &options.opt_exclude {
        let excluded: Vec<&ObjectName> = match exclude {
            ExcludeSelectItem::Single(one) => vec![one],
            ExcludeSelectItem::Multiple(many) => many.iter().collect(),
        };
        columns.retain(|name| !excluded.iter().any(|column| is_named(column, name)));
    }
    if let Some(rename) = &options.opt_rename {
        let items = match rename {
            RenameSelectItem::Single(one) => vec![one],
            RenameSelectItem::Multiple(many) => many.iter().collect(),
        };
        for item in items {
            let from = folded(&item.ident);
            for column in columns.iter_mut().filter(|column| **column == from) {
                *column = folded(&item.alias);
            }
        }
    }
    Some(columns)
}

fn is_named(column: &ObjectName, name: &str) -> bool {
    let last = column.0.last().and_then(|part| part.as_ident());
    last.is_some_and(|ident| folded(ident) == name)
}

fn constraint_of(operator: &JoinOperator) -> Option<&JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::CrossJoin(constraint)
        | JoinOperator::AsOf { constraint, .. } => Some(constraint),
        _ => None,
    }
}

fn condition_of(operator: &JoinOperator) -> Option<&Expr> {
    match constraint_of(operator)? {
        JoinConstraint::On(condition) => Some(condition),
        _ => None,
    }
}
