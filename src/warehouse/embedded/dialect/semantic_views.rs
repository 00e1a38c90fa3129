//! `SEMANTIC_VIEW(…)` over the semantic view of this engine.
//!
//! Metrics of one table are a query over that table and those it belongs to. Metrics of several tables are one such query each,
//! put together by their dimensions. The tree has neither the order of the clauses nor the names of the columns, so both are
//! read from the text; the condition comes from the tree.

use std::ops::ControlFlow;

use sqlparser::dialect::SnowflakeDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use crate::sql::ast::{Expr, Ident, ObjectName, SetExpr, Spanned, Statement, TableFactor};
use crate::sql::qualified_name;
use crate::sql::walk::{change_expressions, expressions};
use crate::warehouse::Error;

use super::super::semantic_view::{self, ITEMS, Item, Kind, LogicalTable, reach};
use super::writer::{Fault, Writer, Written, folded, limit, limit_with_hint, quote_name, refuse};

/// What the clauses are called.
const CLAUSES: [(&str, Kind); 3] = [
    ("DIMENSIONS", Kind::Dimension),
    ("METRICS", Kind::Metric),
    ("FACTS", Kind::Fact),
];

/// A column of the result.
struct Asked {
    item: &'static Item,
    /// To what a date is rounded down.
    grain: Option<String>,
    alias: String,
}

impl Writer<'_> {
    /// Whether a name means the semantic view.
    pub(super) fn is_semantic_view(&self, name: &ObjectName) -> bool {
        let ours = [
            semantic_view::DATABASE,
            semantic_view::SCHEMA,
            semantic_view::NAME,
        ];
        qualified_name(name).is_ok_and(|read| {
            let database = read.database.as_ref().unwrap_or(&self.context.database);
            let schema = read.schema.as_ref().unwrap_or(&self.context.schema);
            [database, schema, &read.object].map(|part| part.as_str()) == ours
        })
    }

    /// The rows of a semantic view.
    pub(super) fn semantic_view(&mut self, factor: &TableFactor) -> Written {
        let TableFactor::SemanticView {
            name,
            where_clause,
            alias,
            ..
        } = factor
        else {
            return limit("does not support this form of table in FROM");
        };
        if !self.is_semantic_view(name) {
            return Err(Box::new(Error::ObjectNotFound {
                message: format!("Semantic View '{name}' does not exist or not authorized."),
                query_id: None,
            }));
        }
        let asked = asked(self.source.after(name.span().start))?;
        let parts = parts(&asked)?;
        let mut written = Vec::with_capacity(parts.len());
        for part in &parts {
            written.push(self.part(part, &asked, where_clause.as_ref())?);
        }
        let query = match written.as_slice() {
            [one] => one.clone(),
            several => format!(
                "SELECT {} FROM ({}) GROUP BY ALL",
                together(&asked),
                several.join(" UNION ALL BY NAME ")
            ),
        };
        Ok(format!("({query}){}", self.alias(alias.as_ref())?))
    }

    /// The part of the columns that one logical table has the rows for.
    fn part(
        &mut self,
        table: &'static LogicalTable,
        asked: &[Asked],
        condition: Option<&Expr>,
    ) -> Written {
        let reached = reach(table.name);
        if let Some(condition) = condition {
            check(condition, &reached)?;
        }
        let is_rows = asked.iter().any(|one| one.item.kind == Kind::Fact);
        let has_metrics = asked.iter().any(|one| one.item.kind == Kind::Metric);
        let own = asked
            .iter()
            .filter(|one| one.item.kind != Kind::Metric || one.item.table == table.name);
        let columns: Vec<String> = own.map(Asked::column).collect();
        let mut from = String::new();
        let mut above: Option<&LogicalTable> = None;
        for one in reached.iter().copied() {
            let rows = format!("({}) AS {}", one.rows, quote_name(one.name));
            match above.and_then(|below| Some((below, below.up.as_ref()?))) {
                None => from = rows,
                Some((below, up)) => from.push_str(&format!(
                    " LEFT JOIN {rows} ON {}.{} = {}.{}",
                    quote_name(below.name),
                    up.column,
                    quote_name(up.table),
                    up.key
                )),
            }
            above = Some(one);
        }
        let distinct = match is_rows || has_metrics {
            true => "",
            false => "DISTINCT ",
        };
        let groups: Vec<String> = asked
            .iter()
            .filter(|one| has_metrics && one.item.kind == Kind::Dimension)
            .map(Asked::expression)
            .collect();
        let grouped = match groups.is_empty() {
            true => String::new(),
            false => format!(" GROUP BY {}", groups.join(", ")),
        };
        let sql = format!(
            "SELECT {distinct}{} FROM {from}{grouped}",
            columns.join(", ")
        );
        let parsed = Parser::parse_sql(&SnowflakeDialect {}, &sql).ok();
        let Some(Statement::Query(mut query)) = parsed.and_then(|mut all| all.pop()) else {
            return limit("could not write this question to its semantic view");
        };
        if let SetExpr::Select(select) = query.body.as_mut() {
            select.selection = condition.map(qualified);
        }
        self.query(&query)
    }
}

/// The tables that have the rows: one for each table with a metric, or the one below all others.
fn parts(asked: &[Asked]) -> Result<Vec<&'static LogicalTable>, Fault> {
    let of = |kind: Kind| asked.iter().filter(move |one| one.item.kind == kind);
    if of(Kind::Fact).next().is_some() {
        if of(Kind::Metric).next().is_some() {
            return refuse(
                "SQL compilation error:\nFACTS and METRICS cannot be asked for together in SEMANTIC_VIEW",
            );
        }
        let first = asked.first().map_or("", |one| one.item.table);
        if asked.iter().any(|one| one.item.table != first) {
            return refuse(
                "SQL compilation error:\nFACTS go with DIMENSIONS of their own logical table only",
            );
        }
    }
    let mut tables: Vec<&'static LogicalTable> = Vec::new();
    for one in of(Kind::Metric) {
        if !tables.iter().any(|table| table.name == one.item.table) {
            tables.extend(semantic_view::table(one.item.table));
        }
    }
    if tables.is_empty() {
        // The finest of the dimensions' tables: from its rows all others are reached, or from none.
        let own = asked
            .iter()
            .filter_map(|one| semantic_view::table(one.item.table));
        tables.extend(own.max_by_key(|table| reach(table.name).len()));
    }
    for table in &tables {
        let reached = reach(table.name);
        for one in of(Kind::Dimension).chain(of(Kind::Fact)) {
            in_reach(one.item, &reached)?;
        }
    }
    Ok(tables)
}

/// A condition whose names all say their table: a column of the answer may be called like one of them.
fn qualified(condition: &Expr) -> Expr {
    let mut condition = condition.clone();
    change_expressions(&mut condition, |expr| {
        if let Expr::Identifier(name) = expr
            && let Some(item) = semantic_view::find(None, &folded(name))
        {
            let parts = [item.table, item.name].map(|part| Ident::with_quote('"', part));
            *expr = Expr::CompoundIdentifier(parts.into());
        }
    });
    condition
}

/// Whether an item has one value for each row of the first of these tables.
fn in_reach(item: &Item, reached: &[&'static LogicalTable]) -> Result<(), Fault> {
    if reached.iter().any(|table| table.name == item.table) {
        return Ok(());
    }
    let from = reached.first().map_or("", |table| table.name);
    refuse(format!(
        "SQL compilation error:\nInvalid dimension specified: {} cannot be reached from {from}, or is of a finer grain",
        item.path()
    ))
}

/// A condition names dimensions and facts in reach and nothing else.
fn check(condition: &Expr, reached: &[&'static LogicalTable]) -> Result<(), Fault> {
    let found = expressions(condition, |expr| {
        let item = match expr {
            Expr::Identifier(name) => Some(item(None, &folded(name))),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, name] => Some(item(Some(&folded(table)), &folded(name))),
                _ => Some(unknown(expr)),
            },
            Expr::Subquery(_) | Expr::InSubquery { .. } | Expr::Exists { .. } => Some(limit(
                "does not support subqueries in the WHERE of SEMANTIC_VIEW",
            )),
            _ => None,
        };
        let checked = match item {
            None => Ok(()),
            Some(Ok(item)) if item.kind == Kind::Metric => refuse(format!(
                "SQL compilation error:\nthe metric {} cannot stand in the WHERE of SEMANTIC_VIEW",
                item.path()
            )),
            Some(Ok(item)) => in_reach(item, reached),
            Some(Err(fault)) => Err(fault),
        };
        match checked {
            Ok(()) => ControlFlow::Continue(()),
            Err(fault) => ControlFlow::Break(fault),
        }
    });
    match found {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(fault) => Err(fault),
    }
}

fn item(table: Option<&str>, name: &str) -> Result<&'static Item, Fault> {
    let shown = table.map_or_else(|| name.to_owned(), |table| format!("{table}.{name}"));
    semantic_view::find(table, name).map_or_else(|| unknown(shown), Ok)
}

fn unknown<T>(name: impl std::fmt::Display) -> Result<T, Fault> {
    refuse(format!(
        "SQL compilation error:\ninvalid identifier '{name}'"
    ))
}

/// The columns of several parts: each row of the result has them from whichever part has them.
fn together(asked: &[Asked]) -> String {
    let column = |one: &Asked| {
        let name = quote_name(&one.alias);
        match one.item.kind {
            Kind::Metric => format!("any_value({name}) AS {name}"),
            Kind::Dimension | Kind::Fact => name,
        }
    };
    asked.iter().map(column).collect::<Vec<_>>().join(", ")
}

impl Asked {
    fn expression(&self) -> String {
        let name = format!(
            "{}.{}",
            quote_name(self.item.table),
            quote_name(self.item.name)
        );
        match (&self.grain, self.item.kind) {
            (_, Kind::Metric) => self.item.expression.to_owned(),
            (Some(grain), _) => format!("DATE_TRUNC('{grain}', {name})"),
            (None, _) => name,
        }
    }

    fn column(&self) -> String {
        format!("{} AS {}", self.expression(), quote_name(&self.alias))
    }
}

/// The columns that the clauses ask for, in their order. `tokens` stand behind the first part of the view's name.
fn asked<'t>(tokens: impl Iterator<Item = &'t TokenWithSpan>) -> Result<Vec<Asked>, Fault> {
    let mut asked = Vec::new();
    let mut kind: Option<Kind> = None;
    let mut item: Vec<&Token> = Vec::new();
    let mut depth = 0_usize;
    for token in tokens.map(|token| &token.token) {
        let clause = clause(token).filter(|_| depth == 0 && item.last() != Some(&&Token::Period));
        match token {
            Token::Whitespace(_) => continue,
            Token::LParen => depth += 1,
            Token::RParen if depth == 0 => break,
            Token::RParen => depth -= 1,
            _ => {}
        }
        let ends = clause.is_some() || (depth == 0 && *token == Token::Comma);
        if !ends {
            item.push(token);
            continue;
        }
        if let Some(kind) = kind {
            add(&mut asked, kind, &item)?;
        }
        item.clear();
        match clause {
            Some(Clause::Where) => {
                kind = None;
                break;
            }
            Some(Clause::List(next)) => kind = Some(next),
            None => {}
        }
    }
    if let Some(kind) = kind {
        add(&mut asked, kind, &item)?;
    }
    if asked.is_empty() {
        return refuse(
            "SQL compilation error:\nSEMANTIC_VIEW asks for no metric, dimension or fact",
        );
    }
    for (at, one) in asked.iter().enumerate() {
        if asked
            .iter()
            .skip(at + 1)
            .any(|other| other.alias == one.alias)
        {
            return limit_with_hint(
                format!(
                    "does not support two columns with the same name, here {}",
                    one.alias
                ),
                "give one of them another name with AS",
            );
        }
    }
    Ok(asked)
}

enum Clause {
    List(Kind),
    Where,
}

fn clause(token: &Token) -> Option<Clause> {
    let Token::Word(word) = token else {
        return None;
    };
    if word.quote_style.is_some() {
        return None;
    }
    if word.value.eq_ignore_ascii_case("WHERE") {
        return Some(Clause::Where);
    }
    let mut clauses = CLAUSES.into_iter();
    let found = clauses.find(|(name, _)| word.value.eq_ignore_ascii_case(name))?;
    Some(Clause::List(found.1))
}

/// Reads one item of a clause: `t.n`, `n`, `t.*` or `DATE_TRUNC` of a name, and perhaps what it is called.
fn add(asked: &mut Vec<Asked>, kind: Kind, tokens: &[&Token]) -> Result<(), Fault> {
    let (tokens, alias) = match tokens {
        [rest @ .., Token::Word(word), Token::Word(alias)]
            if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("AS") =>
        {
            (rest, Some(exact(alias)))
        }
        [rest @ .., Token::Word(alias)]
            if matches!(rest.last(), Some(Token::Word(_) | Token::RParen)) =>
        {
            (rest, Some(exact(alias)))
        }
        all => (all, None),
    };
    let (name, grain) = match tokens {
        [
            Token::Word(function),
            Token::LParen,
            Token::SingleQuotedString(grain),
            Token::Comma,
            name @ ..,
            Token::RParen,
        ] if function.value.eq_ignore_ascii_case("DATE_TRUNC")
            && kind == Kind::Dimension
            && grain.bytes().all(|byte| byte.is_ascii_alphabetic()) =>
        {
            (name, Some(grain.clone()))
        }
        name => (name, None),
    };
    if let ([Token::Word(table), Token::Period, Token::Mul], None) = (name, &alias) {
        let table = exact(table);
        let own = |item: &&Item| item.kind == kind && item.table == table;
        let before = asked.len();
        asked.extend(ITEMS.iter().filter(own).map(|item| Asked {
            item,
            grain: None,
            alias: item.name.to_owned(),
        }));
        return match asked.len() > before {
            true => Ok(()),
            false => unknown(format!("{table}.*")),
        };
    }
    let found = match name {
        [Token::Word(name)] => item(None, &exact(name))?,
        [Token::Word(table), Token::Period, Token::Word(name)] => {
            item(Some(&exact(table)), &exact(name))?
        }
        _ => {
            return limit_with_hint(
                "accepts names, DATE_TRUNC of a name and table.* in SEMANTIC_VIEW",
                "name the columns there and compute around SEMANTIC_VIEW(…)",
            );
        }
    };
    if found.kind != kind {
        return refuse(format!(
            "SQL compilation error:\n{} is a {}, not a {}",
            found.path(),
            found.kind.as_str().to_lowercase(),
            kind.as_str().to_lowercase()
        ));
    }
    asked.push(Asked {
        item: found,
        grain,
        alias: alias.unwrap_or_else(|| found.name.to_owned()),
    });
    Ok(())
}

fn exact(word: &Word) -> String {
    folded(&Ident {
        value: word.value.replace("\"\"", "\""),
        quote_style: word.quote_style,
        span: sqlparser::tokenizer::Span::empty(),
    })
}
