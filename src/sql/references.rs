//! Which databases does a statement touch? What cannot be told for certain is an error, never left out.
//!
//! Names are resolved as Snowflake does: one or two parts belong to the current database, three name theirs, and the name
//! of a WITH hides a table from where it is defined on. A view, function or procedure may read elsewhere inside; that is up
//! to the grants of its owner.

use std::collections::HashSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Cte, Delete, Expr, Insert, ObjectName, Query, Statement, TableFactor, TableObject, Visit,
    Visitor,
};

use super::calls::Call;
use super::classify::is_plain_body;
use super::identifier::{Identifier, QualifiedName};
use super::parse::{Parsed, Tree};
use super::show::{Describe, Scope, Show};

/// A database that a statement touches.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Database {
    /// The current one of the session.
    Current,
    /// By name.
    Named(Identifier),
}

/// Something whose database only the warehouse can tell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Unresolved {
    /// What it is, as in "a stage".
    pub what: String,
}

type Found = Result<Vec<Database>, Unresolved>;

/// Table functions that only rearrange their arguments.
const VALUE_FUNCTIONS: [&str; 4] = [
    "FLATTEN",
    "GENERATOR",
    "SPLIT_TO_TABLE",
    "STRTOK_SPLIT_TO_TABLE",
];

/// Functions that take the name of an object, or a whole statement, as a text.
const NAMING_BY_TEXT: [&str; 8] = [
    "BUILD_SCOPED_FILE_URL",
    "BUILD_STAGE_FILE_URL",
    "GET_DDL",
    "GET_PRESIGNED_URL",
    "GET_STAGE_LOCATION",
    "RESULT_SCAN",
    "TO_FILE",
    "TO_QUERY",
];

/// Kinds of SHOW that tell about the account and no database's contents; databases by name only.
const ACCOUNT_KINDS: [&str; 5] = ["DATABASES", "PARAMETERS", "REGIONS", "ROLES", "WAREHOUSES"];

/// Kinds of SHOW that look into databases, and without IN only into the current one.
const DATABASE_KINDS: [&str; 20] = [
    "COLUMNS",
    "DYNAMIC TABLES",
    "EVENT TABLES",
    "EXTERNAL TABLES",
    "FILE FORMATS",
    "ICEBERG TABLES",
    "IMPORTED KEYS",
    "MATERIALIZED VIEWS",
    "OBJECTS",
    "PIPES",
    "PRIMARY KEYS",
    "SCHEMAS",
    "SEMANTIC VIEWS",
    "SEQUENCES",
    "STAGES",
    "STREAMS",
    "TABLES",
    "TASKS",
    "UNIQUE KEYS",
    "VIEWS",
];

/// Kinds of DESCRIBE whose name is that of an object in a schema.
const SCHEMA_OBJECTS: [&str; 14] = [
    "DYNAMIC TABLE",
    "EVENT TABLE",
    "EXTERNAL TABLE",
    "FILE FORMAT",
    "ICEBERG TABLE",
    "MATERIALIZED VIEW",
    "PIPE",
    "SEMANTIC VIEW",
    "SEQUENCE",
    "STAGE",
    "STREAM",
    "TABLE",
    "TASK",
    "VIEW",
];

impl Parsed {
    /// The databases the statement touches, each as often as it is named.
    ///
    /// # Errors
    ///
    /// Something in the statement belongs to a database that cannot be told from the text.
    pub fn databases(&self) -> Result<Vec<Database>, Unresolved> {
        if let Some(what) = self.names_computed() {
            return unresolved(what);
        }
        let mut found = of_tree(self.tree(), false)?;
        for call in self.calls() {
            found.extend(of_call(call)?);
        }
        Ok(found)
    }
}

fn unresolved<T>(what: impl Into<String>) -> Result<T, Unresolved> {
    Err(Unresolved { what: what.into() })
}

fn of_tree(tree: &Tree, in_pipeline: bool) -> Found {
    match tree {
        Tree::Statement(statement) | Tree::Explain { statement, .. } => {
            of_statement(statement, in_pipeline)
        }
        Tree::Show(show) => of_show(show),
        Tree::Describe(describe) => of_describe(describe),
        Tree::Pipeline(steps) => {
            let mut found = Vec::new();
            for step in steps {
                found.extend(of_tree(step, true)?);
            }
            Ok(found)
        }
        Tree::Unread { .. } => unresolved("a form of statement that is not read in full"),
    }
}

fn of_call(call: &Call) -> Found {
    let function = call.function();
    let is_harmless = matches!(
        function,
        "SYSTEM$TYPEOF" | "SYSTEM$EXPLAIN_JSON_TO_TEXT" | "SYSTEM$ALLOWLIST"
    );
    if call.is_method
        || NAMING_BY_TEXT.contains(&function)
        || (function.starts_with("SYSTEM$") && !is_harmless)
    {
        return unresolved(format!("an argument of {call}"));
    }
    Ok(match (&call.database, call.parts.len()) {
        (Some(database), _) => vec![Database::Named(database.clone())],
        (None, 1) => vec![],
        (None, 2) => vec![Database::Current],
        (None, _) => return unresolved(format!("the function {call}")),
    })
}

fn of_show(show: &Show) -> Found {
    let kind = show.objects.as_str();
    if !show.rest.is_empty() {
        return unresolved(format!("SHOW {kind} {}", show.rest));
    }
    if ACCOUNT_KINDS.contains(&kind) && matches!(show.scope, Scope::Unstated | Scope::Account) {
        return Ok(vec![]);
    }
    if !DATABASE_KINDS.contains(&kind) {
        return unresolved(format!("SHOW {kind}"));
    }
    Ok(vec![match &show.scope {
        Scope::Unstated | Scope::Database(None) | Scope::Schema(None) => Database::Current,
        Scope::Account => return unresolved(format!("SHOW {kind} IN ACCOUNT")),
        Scope::Database(Some(name)) => Database::Named(name.clone()),
        Scope::Schema(Some(name)) => database_of(name.schema.as_ref()),
        Scope::Table(name) => database_of(name.database.as_ref()),
        // Snowflake may take one part for a database or a schema.
        Scope::Named(name) => match (kind, name.database.as_ref(), name.schema.as_ref()) {
            ("SCHEMAS", None, None) => Database::Named(name.object.clone()),
            ("SCHEMAS", _, _) | (_, None, None) => {
                return unresolved(format!("the name {name} after IN"));
            }
            ("COLUMNS" | "PRIMARY KEYS" | "IMPORTED KEYS" | "UNIQUE KEYS", database, _) => {
                match database {
                    Some(database) => Database::Named(database.clone()),
                    None => return unresolved(format!("the name {name} after IN")),
                }
            }
            (_, None, Some(database)) => Database::Named(database.clone()),
            (_, Some(_), _) => return unresolved(format!("the name {name} after IN")),
        },
    }])
}

fn of_describe(describe: &Describe) -> Found {
    let Some(name) = &describe.name else {
        return unresolved(format!("what DESCRIBE {} names", describe.kind));
    };
    let is_alone = name.database.is_none() && name.schema.is_none();
    Ok(vec![match describe.kind.as_str() {
        "DATABASE" if is_alone => Database::Named(name.object.clone()),
        "SCHEMA" if name.database.is_none() => database_of(name.schema.as_ref()),
        kind if SCHEMA_OBJECTS.contains(&kind) => database_of(name.database.as_ref()),
        kind => return unresolved(format!("DESCRIBE {kind}")),
    }])
}

fn database_of(name: Option<&Identifier>) -> Database {
    name.map_or(Database::Current, |name| Database::Named(name.clone()))
}

fn of_statement(statement: &Statement, in_pipeline: bool) -> Found {
    match statement {
        Statement::Query(_)
        | Statement::Update(_)
        | Statement::Merge(_)
        | Statement::Truncate(_) => {}
        Statement::Insert(Insert {
            table: TableObject::TableName(_),
            multi_table_into_clauses,
            ..
        }) if multi_table_into_clauses.is_empty() => {}
        Statement::Delete(Delete { tables, .. }) if tables.is_empty() => {}
        _ => return unresolved("a statement of this kind"),
    }
    let mut walk = Walk {
        in_pipeline,
        found: Vec::new(),
        scopes: Vec::new(),
        functions: HashSet::new(),
    };
    match statement.visit(&mut walk) {
        ControlFlow::Continue(()) => Ok(walk.found),
        ControlFlow::Break(unresolved) => Err(unresolved),
    }
}

/// Collects names, and knows at every place which of them a WITH has taken.
struct Walk {
    in_pipeline: bool,
    found: Vec<Database>,
    scopes: Vec<With>,
    /// Addresses of names that are those of functions, met before the name itself.
    functions: HashSet<usize>,
}

/// The names of one WITH. They are known one by one, each after its definition; with RECURSIVE already inside it.
struct With {
    is_recursive: bool,
    names: Vec<(Identifier, usize)>,
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
            with.names
                .iter()
                .take(with.known)
                .any(|(taken, _)| taken == name)
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
            _ => self.found.push(database_of(qualified.database.as_ref())),
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
            None if ident.value.is_empty() && index == 1 && last == 2 => "PUBLIC".to_owned(),
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

impl Visitor for Walk {
    type Break = Unresolved;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Unresolved> {
        if !is_plain_body(&query.body) {
            return stop("a clause that Snowflake does not have");
        }
        if let Some(with) = self.scopes.last_mut()
            && with.is_recursive
            && let Some(own) = with.names.iter().position(|(_, at)| *at == address(query))
        {
            with.known = own + 1;
        }
        let mut names = Vec::new();
        for Cte { alias, query, .. } in query.with.iter().flat_map(|with| &with.cte_tables) {
            let name = qualified(&ObjectName::from(alias.name.clone()));
            let Some(name) = name else {
                return stop(format!("the name {}", alias.name));
            };
            names.push((name.object, address::<Query>(query)));
        }
        self.scopes.push(With {
            is_recursive: query.with.as_ref().is_some_and(|with| with.recursive),
            names,
            known: 0,
        });
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<Unresolved> {
        self.scopes.pop();
        if let Some(with) = self.scopes.last_mut()
            && let Some(own) = with.names.iter().position(|(_, at)| *at == address(query))
        {
            with.known = own + 1;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<Unresolved> {
        if self.functions.contains(&address(name)) {
            return ControlFlow::Continue(());
        }
        self.resolve(name, true)
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Unresolved> {
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
