//! May this caller run this statement? Pure: no I/O, no clock.
//!
//! The answer is an [`ApprovedStatement`], the only thing a warehouse takes, so that the check cannot be forgotten.
//! Start at [`Policy::approve`]. `words` tells it to a caller. `session` looks at the role and the virtual warehouse, `kinds` at what the statement does,
//! `shared` at what belongs to other callers, `objects` at what it touches. Calls only [`crate::sql`].

mod history;
mod kinds;
mod names;
mod objects;
mod options;
mod pattern;
mod preset;
mod refusal;
mod session;
mod shared;
#[cfg(test)]
mod tests;
mod words;

use std::fmt;
use std::sync::Arc;

pub use self::history::History;
pub use self::names::{NamePattern, NoName};
pub use self::objects::RowFilter;
pub use self::options::{CurrentNames, Narrowing, Options};
pub use self::pattern::{NoPattern, Pattern, is_like};
pub use self::preset::Preset;
pub use self::refusal::Refusal;
pub use crate::sql::KindPattern;
use crate::sql::{Class, Identifier, Parsed};

/// A statement that passed the policy. Made only by [`Policy::approve`].
#[derive(Debug, Clone)]
pub struct ApprovedStatement {
    parsed: Parsed,
    row_filter: Option<RowFilter>,
}

/// What may run. Reads of everything by default.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    options: Arc<Options>,
    /// Narrower policies that one caller must also pass, each made from the one before it.
    narrower: Arc<[Arc<Options>]>,
}

impl Policy {
    /// A policy of these options.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            options: Arc::new(options),
            narrower: Arc::default(),
        }
    }

    /// The same for a caller that may do less: whatever it says, no more may run than without it.
    #[must_use]
    pub fn narrowed(&self, narrowing: Narrowing) -> Self {
        let options = Arc::new(self.strictest().narrowed(narrowing));
        let narrower = self.narrower.iter().cloned().chain([options]);
        Self {
            options: Arc::clone(&self.options),
            narrower: narrower.collect(),
        }
    }

    /// The kinds of statements that may run.
    #[must_use]
    pub fn preset(&self) -> Preset {
        self.strictest().preset
    }

    fn strictest(&self) -> &Options {
        self.narrower.last().unwrap_or(&self.options)
    }

    /// All policies that apply. A name must be in the lists of every one of them.
    fn all(&self) -> impl Iterator<Item = &Arc<Options>> {
        std::iter::once(&self.options).chain(self.narrower.iter())
    }

    /// Lets a statement pass, or says why not.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] when the role, the virtual warehouse, the kind of statement, a function or an object is not allowed, or
    /// when the text leaves open whether it is.
    pub fn approve(
        &self,
        parsed: Parsed,
        place: &CurrentNames<'_>,
    ) -> Result<ApprovedStatement, Refusal> {
        // The kind first: a refusal for what a statement does says more than one for the objects it
        // names.
        self.admit_kind(&parsed, place)?;
        self.admit_objects(parsed, place)
    }

    /// Lets a statement of our own pass that reads what Snowflake knows of the caller's own statements. Whoever writes it makes
    /// sure that it shows nothing of anybody else's beyond [`Policy::history`]: the user's history, which it reads, has them all.
    ///
    /// # Errors
    ///
    /// As for [`Policy::approve`]. The lists of objects do not apply: the texts in it passed the policy before they ran.
    pub fn approve_about_own(
        &self,
        parsed: Parsed,
        place: &CurrentNames<'_>,
    ) -> Result<ApprovedStatement, Refusal> {
        self.admit_kind(&parsed, place)?;
        Ok(ApprovedStatement {
            parsed,
            row_filter: None,
        })
    }

    /// Lets a statement pass that the operator wrote into a tool. Reads pass, and what `CUSTOM_TOOLS_MAY` names besides, whatever
    /// callers may send themselves; all other rules apply as to theirs.
    ///
    /// # Errors
    ///
    /// As for [`Policy::approve`].
    pub fn approve_operators(
        &self,
        parsed: Parsed,
        place: &CurrentNames<'_>,
    ) -> Result<ApprovedStatement, Refusal> {
        for options in self.all() {
            session::check(options, place)?;
            kinds::check_operators(options, &parsed, place)?;
        }
        self.check_functions(&parsed, place.database)?;
        self.admit_objects(parsed, place)
    }

    /// The role, the virtual warehouse, the kind of statement and its functions: what is asked of every statement.
    fn admit_kind(&self, parsed: &Parsed, place: &CurrentNames<'_>) -> Result<(), Refusal> {
        for options in self.all() {
            session::check(options, place)?;
            kinds::check(options, parsed, place)?;
        }
        self.check_functions(parsed, place.database)
    }

    /// What belongs to other callers, and what the statement touches: the last that is asked before it passes.
    fn admit_objects(
        &self,
        parsed: Parsed,
        place: &CurrentNames<'_>,
    ) -> Result<ApprovedStatement, Refusal> {
        // Under every policy: results and texts of other callers are nobody's to read.
        shared::check(&parsed)?;
        let mut row_filter: Option<RowFilter> = None;
        for options in self.all() {
            let filter = objects::check(options, &parsed, place)?;
            row_filter = match (row_filter, filter) {
                (Some(one), Some(other)) => Some(one.and(other)),
                (one, other) => one.or(other),
            };
        }
        Ok(ApprovedStatement { parsed, row_filter })
    }

    /// Whether calls may run where the settings put them: with this role and virtual warehouse.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] of one of them.
    pub fn admit_defaults(&self, place: &CurrentNames<'_>) -> Result<(), Refusal> {
        self.all()
            .try_for_each(|options| session::check(options, place))
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
        // The text that such a statement runs may be computed, so no list of calls can be complete.
        let is_dynamic = ["EXECUTE", "BEGIN", "DECLARE"]
            .iter()
            .any(|verb| parsed.found().split(" ->> ").any(|found| found == *verb));
        if is_dynamic && parsed.class() == Class::Procedure {
            return Err(Refusal::Unresolved {
                what: parsed.found().to_owned(),
                why: "the operator has denied functions, and the text that it runs is not analysed"
                    .into(),
            });
        }
        Ok(())
    }
}

impl ApprovedStatement {
    /// The statement, read.
    #[must_use]
    pub fn parsed(&self) -> &Parsed {
        &self.parsed
    }

    /// Which rows of the result may be shown, when they are names of objects and some of them may not.
    #[must_use]
    pub fn row_filter(&self) -> Option<&RowFilter> {
        self.row_filter.as_ref()
    }

    /// The statement's text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.parsed.text()
    }

    /// The same list of names, starting after one of them; see [`Parsed::after`]. The approval of a list is valid for
    /// its rest: the name comes from the list, not from the caller, who does not see it.
    #[must_use]
    pub fn after(&self, name: &str) -> Option<Self> {
        Some(Self {
            parsed: self.parsed.after(name)?,
            row_filter: self.row_filter.clone(),
        })
    }

    /// The same without its tree, for a warehouse that gets only the text. The approval, which used the tree, remains
    /// valid.
    #[must_use]
    pub fn without_tree(mut self) -> Self {
        self.parsed.forget_tree();
        self
    }
}

impl fmt::Display for ApprovedStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
