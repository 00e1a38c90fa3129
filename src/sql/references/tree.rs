//! The names in the tree of a statement.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use sqlparser::ast::{
    Cte, Delete, Expr, Function, FunctionArg, FunctionArguments, Insert, ObjectName,
    ObjectNamePart, Query, Statement, TableFactor, TableObject,
};

use super::reference::{Found, Reference, Unresolved, unresolved};
use crate::sql::classify::is_plain_body;
use crate::sql::identifier::PUBLIC;
use crate::sql::walk::{self, Step};
use crate::sql::{Identifier, QualifiedName};

/// Table functions that only rearrange their arguments.
const VALUE_FUNCTIONS: [&str; 4] = [
    "FLATTEN",
    "GENERATOR",
    "SPLIT_TO_TABLE",
    "STRTOK_SPLIT_TO_TABLE",
];

pub(super) fn of_statement(statement: &Statement, in_pipeline: bool) -> Found {
    match statement {
        Statement::Query(_)
        | Statement::Update(_)
        | Statement::Merge(_)
        | Statement::Truncate(_) => {}
        Statement::Insert(Insert {
            table: TableObject::TableName(_),
            multi_table_into_clauses,
            ..
        // An INSERT ALL names more tables than the walk would meet.
        }) if multi_table_into_clauses.is_empty() => {}
        // DELETE of several tables is another database's.
        Statement::Delete(Delete { tables, .. }) if tables.is_empty() => {}
        _ => return unresolved("a statement of this kind"),
    }
    let mut names = Walk {
        in_pipeline,
        found: Vec::new(),
        scopes: Vec::new(),
        functions: HashSet::new(),
    };
    match walk::walk(statement, |step| names.step(step)) {
        ControlFlow::Continue(()) => Ok(names.found),
        ControlFlow::Break(unresolved) => Err(unresolved),
    }
}

/// Collects names, and knows at every place which of them a WITH has taken.
struct Walk {
    in_pipeline: bool,
    found: Vec<Reference>,
    scopes: Vec<With>,
    /// Addresses of names that are those of functions, met before the name itself.
    functions: HashSet<usize>,
}

/// The names of one WITH. They are known one by one, each after its definition; with RECURSIVE already inside it.
struct With {
    is_recursive: bool,
    /// Which of them a name is: the first, where it is there twice.
    names: HashMap<Identifier, usize>,
    /// Which of them a query defines, by its address.
    definitions: HashMap<usize, usize>,
    known: usize,
}

fn address<T>(thing: &T) -> usize {
    std::ptr::from_ref(thing).addr()
}

fn stop<T>(what: impl Into<String>) -> ControlFlow<Unresolved, T> {
    ControlFlow::Break(Unresolved { what: what.into() })
}

impl Walk {
    fn is_taken(&self, name: &Identifier) -> bool {
        self.scopes.iter().any(|with| {
            let which = with.names.get(name);
            which.is_some_and(|which| *which < with.known)
        })
    }

    fn resolve(&mut self, name: &ObjectName, may_be_taken: bool) -> ControlFlow<Unresolved> {
        let qualified = match qualified(name) {
            Some(qualified) => qualified,
            // The result of the step before, in a pipeline.
            None if self.in_pipeline && is_result(name) => return ControlFlow::Continue(()),
            None => return stop(format!("the name {name}")),
        };
        match (&qualified.database, &qualified.schema) {
            (None, None) if may_be_taken && self.is_taken(&qualified.object) => {}
            _ => self.found.push(Reference::Object(qualified)),
        }
        ControlFlow::Continue(())
    }
}

/// The parts of a plain name. A stage, a text or a placeholder is none.
fn qualified(name: &ObjectName) -> Option<QualifiedName> {
    let mut parts = Vec::new();
    let last = name.0.len().checked_sub(1)?;
    for (index, part) in name.0.iter().enumerate() {
        let ident = part.as_ident()?;
        let exact = match ident.quote_style {
            Some('"') => ident.value.clone(),
            // `database..table` leaves out the schema, which is then PUBLIC.
            None if ident.value.is_empty() && index == 1 && last == 2 => PUBLIC.to_owned(),
            // Anything else without double quotes would be folded by rules that are not
            // Snowflake's.
            None if is_plain(&ident.value) => ident.value.to_uppercase(),
            _ => return None,
        };
        parts.push(Identifier::exact(exact).ok()?);
    }
    if parts.len() > 3 {
        return None;
    }
    let mut parts = parts.into_iter().rev();
    Some(QualifiedName {
        object: parts.next()?,
        schema: parts.next(),
        database: parts.next(),
    })
}

fn is_plain(word: &str) -> bool {
    !word.starts_with('$')
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$')
}

fn is_result(name: &ObjectName) -> bool {
    let word = name.to_string();
    word.strip_prefix('$')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn is_value_function(name: &ObjectName) -> bool {
    qualified(name).is_some_and(|name| {
        name.schema.is_none() && VALUE_FUNCTIONS.contains(&name.object.as_str())
    })
}

/// Breaks off at a call whose argument is the name of an object, which the walk does not come to.
fn function_that_names(function: &Function) -> ControlFlow<Unresolved> {
    if has_name(function, &["TABLE"]) {
        return stop("TABLE(…) as an argument");
    }
    if has_name(function, &["AT", "BEFORE"]) && names_stream(function) {
        return stop("the name of a stream");
    }
    ControlFlow::Continue(())
}

fn has_name(function: &Function, names: &[&str]) -> bool {
    match function.name.0.as_slice() {
        [ObjectNamePart::Identifier(name)] => {
            name.quote_style.is_none()
                && names
                    .iter()
                    .any(|known| name.value.eq_ignore_ascii_case(known))
        }
        _ => false,
    }
}

/// `AT(STREAM => 'db.schema.stream')`
fn names_stream(function: &Function) -> bool {
    let FunctionArguments::List(list) = &function.args else {
        return false;
    };
    list.args.iter().any(|argument| match argument {
        FunctionArg::Named { name, .. } => name.value.eq_ignore_ascii_case("STREAM"),
        FunctionArg::ExprNamed { name, .. } => name.to_string().eq_ignore_ascii_case("STREAM"),
        FunctionArg::Unnamed(_) => false,
    })
}

impl Walk {
    fn step(&mut self, step: Step<'_>) -> ControlFlow<Unresolved> {
        match step {
            Step::Query(query) => self.query(query),
            Step::QueryEnd(query) => self.query_end(query),
            Step::Relation(name) if !self.functions.contains(&address(name)) => {
                self.resolve(name, true)
            }
            Step::TableFactor(factor) => self.table_factor(factor),
            Step::Expr(Expr::Function(function)) => function_that_names(function),
            _ => ControlFlow::Continue(()),
        }
    }

    fn query(&mut self, query: &Query) -> ControlFlow<Unresolved> {
        if !is_plain_body(&query.body) {
            return stop("a clause that Snowflake does not have");
        }
        if let Some(with) = self.scopes.last_mut()
            && with.is_recursive
            && let Some(own) = with.definitions.get(&address(query))
        {
            // Inside a recursive WITH, a definition sees itself and those before it.
            with.known = own + 1;
        }
        let (mut names, mut definitions) = (HashMap::new(), HashMap::new());
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        for (which, table) in tables.enumerate() {
            let Cte { alias, query, .. } = table;
            let name = qualified(&ObjectName::from(alias.name.clone()));
            let Some(name) = name else {
                return stop(format!("the name {}", alias.name));
            };
            // If a name is defined twice, a table of that name stays hidden from the first
            // definition on.
            names.entry(name.object).or_insert(which);
            definitions.insert(address::<Query>(query), which);
        }
        self.scopes.push(With {
            is_recursive: query.with.as_ref().is_some_and(|with| with.recursive),
            names,
            definitions,
            known: 0,
        });
        ControlFlow::Continue(())
    }

    fn query_end(&mut self, query: &Query) -> ControlFlow<Unresolved> {
        self.scopes.pop();
        if let Some(with) = self.scopes.last_mut()
            && let Some(own) = with.definitions.get(&address(query))
        {
            with.known = own + 1;
        }
        ControlFlow::Continue(())
    }

    fn table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Unresolved> {
        let function = match factor {
            TableFactor::Table {
                name,
                args: Some(_),
                ..
            }
            | TableFactor::Function { name, .. } => name,
            TableFactor::TableFunction {
                expr: Expr::Function(function),
                ..
            } => &function.name,
            TableFactor::TableFunction { .. } => return stop("TABLE(…)"),
            TableFactor::SemanticView { name, .. } => return self.resolve(name, false),
            TableFactor::UNNEST { .. }
            | TableFactor::JsonTable { .. }
            | TableFactor::OpenJsonTable { .. }
            | TableFactor::XmlTable { .. } => {
                return stop("a table function that Snowflake does not have");
            }
            // Plain tables and subqueries: the walk meets their names by itself.
            _ => return ControlFlow::Continue(()),
        };
        if is_value_function(function) {
            self.functions.insert(address(function));
            ControlFlow::Continue(())
        } else {
            stop(format!("the table function {function}"))
        }
    }
}
