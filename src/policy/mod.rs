//! May this caller run this statement? Pure: no I/O, no clock.
//!
//! The answer is an [`ApprovedStatement`], the only thing a warehouse takes, so that the check cannot be forgotten.
//! Start at [`Policy::approve`]. Calls only [`crate::sql`].

mod pattern;
mod refusal;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

pub use self::pattern::{NoPattern, Pattern};
pub use self::refusal::Refusal;
use crate::sql::{Class, Database, Identifier, Parsed};

/// A statement that passed the policy. Made only by [`Policy::approve`].
#[derive(Debug, Clone)]
pub struct ApprovedStatement {
    parsed: Parsed,
}

/// The kinds of statements that may run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Preset {
    /// Reads.
    #[default]
    ReadOnly,
    /// Reads and changes of rows.
    ReadWrite,
    /// All that makes sense in one call on a session that others use next.
    Admin,
}

/// What a policy is made of.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The kinds of statements that may run.
    pub preset: Preset,
    /// The only databases statements may touch; all when absent.
    pub allowed_databases: Option<Vec<Identifier>>,
    /// Functions no statement may call.
    pub denied_functions: Vec<Pattern>,
}

/// What may run. Reads of everything by default.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    options: Arc<Options>,
}

/// Completes "… is not allowed here:".
impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadOnly => "this server accepts reads only",
            Self::ReadWrite => "this server accepts reads and changes of rows only",
            Self::Admin => "no policy of this server accepts it",
        })
    }
}

impl Preset {
    fn permits(self, class: Class, found: &str) -> bool {
        match (self, class) {
            (_, Class::Read) | (Self::ReadWrite | Self::Admin, Class::Write) => true,
            // Sessions are shared, so what one caller sets would meet the next; and what is not understood never runs.
            (Self::ReadOnly | Self::ReadWrite, _)
            | (Self::Admin, Class::SessionChange | Class::Unknown) => false,
            // PUT and GET name files of the server's machine, which are nobody's to send or to overwrite.
            (Self::Admin, Class::FileTransfer) => !found
                .split(" ->> ")
                .any(|verb| verb == "PUT" || verb == "GET"),
            (Self::Admin, _) => true,
        }
    }
}

impl Policy {
    /// A policy of these options.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            options: Arc::new(options),
        }
    }

    /// The kinds of statements that may run.
    #[must_use]
    pub fn preset(&self) -> Preset {
        self.options.preset
    }

    /// Lets a statement pass, or says why not. `current` is the database that names of fewer than three parts belong to,
    /// if that is known.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] when the kind of statement, a function or a database is not allowed, or when the text leaves open
    /// whether it is.
    pub fn approve(
        &self,
        parsed: Parsed,
        current: Option<&Identifier>,
    ) -> Result<ApprovedStatement, Refusal> {
        self.check_kind(&parsed)?;
        self.check_functions(&parsed, current)?;
        self.check_databases(&parsed, current)?;
        Ok(ApprovedStatement { parsed })
    }

    fn check_kind(&self, parsed: &Parsed) -> Result<(), Refusal> {
        let preset = self.options.preset;
        if preset.permits(parsed.class(), parsed.found()) {
            return Ok(());
        }
        Err(Refusal::Kind {
            class: parsed.class(),
            found: parsed.found().to_owned(),
            preset,
        })
    }

    fn check_functions(
        &self,
        parsed: &Parsed,
        current: Option<&Identifier>,
    ) -> Result<(), Refusal> {
        let denied = &self.options.denied_functions;
        if denied.is_empty() {
            return Ok(());
        }
        for call in parsed.calls() {
            if let Some(pattern) = denied.iter().find(|pattern| pattern.matches(call, current)) {
                return Err(Refusal::Function {
                    function: call.to_string(),
                    pattern: pattern.to_string(),
                });
            }
        }
        let is_dynamic = ["EXECUTE", "BEGIN", "DECLARE"]
            .iter()
            .any(|verb| parsed.found().split(" ->> ").any(|found| found == *verb));
        if is_dynamic && parsed.class() == Class::Procedure {
            return Err(Refusal::Unresolved {
                what: parsed.found().to_owned(),
                why: "the operator has denied functions, and the text it runs is not looked into"
                    .into(),
            });
        }
        Ok(())
    }

    fn check_databases(
        &self,
        parsed: &Parsed,
        current: Option<&Identifier>,
    ) -> Result<(), Refusal> {
        let Some(allowed) = &self.options.allowed_databases else {
            return Ok(());
        };
        let refuse = |database: &Identifier| {
            Err(Refusal::Database {
                database: database.to_string(),
                allowed: list(allowed),
            })
        };
        let only = || format!("only these databases may be used: {}", list(allowed));
        let touched = parsed
            .databases()
            .map_err(|unresolved| Refusal::Unresolved {
                what: unresolved.what,
                why: format!("{}, and its database cannot be told", only()),
            })?;
        // A function without a database may be one of the current database, and its name does not say so.
        let calls = !parsed.calls().is_empty();
        if let Some(current) = current.filter(|current| calls && !allowed.contains(current)) {
            return refuse(current);
        }
        for database in touched {
            match (&database, current) {
                (Database::Named(name), _) | (Database::Current, Some(name)) => {
                    if !allowed.contains(name) {
                        return refuse(name);
                    }
                }
                (Database::Current, None) => {
                    return Err(Refusal::Unresolved {
                        what: "a name without its database".into(),
                        why: only(),
                    });
                }
            }
        }
        Ok(())
    }
}

fn list(names: &[Identifier]) -> String {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    names.join(", ")
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
