//! Why a statement may not run, and what the agent that sent it may do instead.

use crate::sql::Class;

use super::Preset;

/// Why a statement may not run, in words for the agent that sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// `SQL_POLICY` does not let statements of this kind run.
    #[error("{class}{} is not allowed here: {preset}", in_brackets(.found))]
    Kind {
        /// What the statement was found to be.
        class: Class,
        /// What in it led to that.
        found: String,
        /// The policy in force.
        preset: Preset,
    },
    /// `CUSTOM_TOOLS_MAY` does not name what a tool of the operator's does.
    #[error("{class} is not allowed here: neither SQL_POLICY nor CUSTOM_TOOLS_MAY has it")]
    Operators {
        /// What the statement was found to be.
        class: Class,
    },
    /// `DENIED_FUNCTIONS` names a function of the statement.
    #[error("the function {function} is not allowed here: the operator has denied {pattern}")]
    Function {
        /// The function as written.
        function: String,
        /// The pattern that it fits.
        pattern: String,
    },
    /// `ALLOWED_STATEMENTS` or `DENIED_STATEMENTS` keeps it out.
    #[error("{statement} is not allowed here: {why}")]
    Statement {
        /// What it is called.
        statement: String,
        /// Which list that is.
        why: String,
    },
    /// `ALLOWED_SIDE_EFFECTS` does not name a function of the statement.
    #[error(
        "the function {function} is not allowed here: only these functions with an effect may be called: {allowed}"
    )]
    SideEffect {
        /// The function as written.
        function: String,
        /// Those that may be called.
        allowed: String,
    },
    /// `ALLOWED_SCHEMAS`, `ALLOWED_OBJECTS` or `DENIED_OBJECTS` keeps out an object of the statement.
    #[error("{name} is not allowed here: {why}")]
    Object {
        /// The name in full as SQL writes it.
        name: String,
        /// Which list that is.
        why: String,
    },
    /// It may tell of other callers, who share the user and the sessions with this one.
    #[error("{what} is not allowed here: {}", why_shared(*.is_variable))]
    Shared {
        /// What in the statement may tell.
        what: String,
        /// Whether it is a variable.
        is_variable: bool,
    },
    /// The role may not be used.
    #[error("the role {role} is not allowed here: {why}")]
    Role {
        /// The role as SQL writes it.
        role: String,
        /// Which rule that is.
        why: String,
    },
    /// `ALLOWED_WAREHOUSES` does not name the virtual warehouse.
    #[error("the virtual warehouse {warehouse} is not allowed here; allowed are: {allowed}")]
    Warehouse {
        /// The virtual warehouse as SQL writes it.
        warehouse: String,
        /// Those that are.
        allowed: String,
    },
    /// `ALLOWED_DATABASES` does not name a database of the statement.
    #[error("the database {database} is not allowed here; allowed are: {allowed}")]
    Database {
        /// The database as SQL writes it.
        database: String,
        /// Those that are.
        allowed: String,
    },
    /// A guard is set, and the text does not say whether the statement passes it.
    #[error("{what} is not allowed here: {why}")]
    Unresolved {
        /// What in the statement leaves it open.
        what: String,
        /// Which guard that is.
        why: String,
    },
}

const fn why_shared(is_variable: bool) -> &'static str {
    if is_variable {
        "sessions are shared with other callers, so they keep no variables"
    } else {
        "all callers of this server are one user in Snowflake, so it may show another caller's statements and results"
    }
}

fn in_brackets(what: &str) -> String {
    if what.is_empty() {
        String::new()
    } else {
        format!(" ({what})")
    }
}

impl Refusal {
    /// What the agent may do instead.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Kind { class, found, .. } => instead_of(*class, found),
            Self::Operators { .. } => "tell the person who runs this server",
            Self::Statement { .. } => "send a statement of a kind that is allowed",
            Self::Object { .. } => {
                "use objects that are allowed, named in full as database.schema.object: a name without a schema may also mean \
                 one in PUBLIC"
            }
            Self::Shared {
                is_variable: true, ..
            } => "send the value in parameters and write ? in its place",
            Self::Shared { .. } => {
                "fetch more of your own results with fetch_results and the cursor of their answer; to use the rows of a SHOW, join the statements with ->>, as in SHOW TABLES ->> SELECT * FROM $1; query_status shows the state of your own statement"
            }
            Self::Role { .. } => "leave out role, or name one that is allowed",
            Self::Warehouse { .. } => "leave out warehouse, or name one that is allowed",
            Self::Function { .. } | Self::SideEffect { .. } => {
                "leave the function out, and compute its value another way or do without"
            }
            Self::Database { .. } => {
                "use objects of an allowed database, named as database.schema.object"
            }
            Self::Unresolved { .. } => {
                "name tables and views in plain words as database.schema.object; for SHOW, say IN DATABASE x or \
                 IN SCHEMA x.y, without LIMIT and ->>"
            }
        }
    }
}

fn instead_of(class: Class, found: &str) -> &'static str {
    match class {
        Class::SessionChange => {
            "nothing lasts from one call to the next; pass database, schema, warehouse or role as arguments instead"
        }
        Class::SideEffect => {
            "leave out the function that changes something or costs extra, and send the rest as a query"
        }
        Class::Procedure => "query the tables the procedure would read",
        Class::FileTransfer => {
            "LIST shows the files of a stage; SELECT reads a staged file without moving it"
        }
        Class::Unknown if found == "FOR UPDATE" => {
            "leave out FOR UPDATE: a lock would not outlast the call"
        }
        _ => "send a SELECT, WITH, VALUES, SHOW, DESCRIBE, EXPLAIN or LIST statement",
    }
}
