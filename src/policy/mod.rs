//! May this caller run this statement? Pure: no I/O, no clock.
//!
//! The answer is an [`ApprovedStatement`], the only thing a warehouse takes, so that the check cannot be forgotten.
//! Calls only [`crate::sql`].

use std::fmt;

use crate::sql::{Class, Parsed};

/// A statement that passed the policy. Made only by [`Policy::approve`].
#[derive(Debug, Clone)]
pub struct ApprovedStatement {
    parsed: Parsed,
}

/// Why a statement may not run, in words for the agent that sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{class} is not allowed here: this server accepts reads only")]
pub struct Refusal {
    /// What the statement was found to be.
    pub class: Class,
    /// What the agent may do instead.
    pub hint: &'static str,
}

/// What may run. For now one rule: reads.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Policy {}

impl Policy {
    /// Lets a read pass.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] for everything else.
    pub fn approve(&self, parsed: Parsed) -> Result<ApprovedStatement, Refusal> {
        match parsed.class() {
            Class::Read => Ok(ApprovedStatement { parsed }),
            class => Err(Refusal {
                class,
                hint: hint(class),
            }),
        }
    }
}

impl ApprovedStatement {
    /// The statement, read.
    #[must_use]
    pub fn parsed(&self) -> &Parsed {
        &self.parsed
    }

    /// The statement's text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.parsed.text()
    }
}

impl fmt::Display for ApprovedStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

fn hint(class: Class) -> &'static str {
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
        _ => "send a SELECT, WITH, VALUES, SHOW, DESCRIBE, EXPLAIN or LIST statement",
    }
}
