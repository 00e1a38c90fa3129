//! What does a statement touch, by which name? What cannot be told for certain is an error, never left out.
//!
//! Names are read as Snowflake reads them, and those of a WITH hide a table from where they are defined on. What a name leaves
//! out is the session's, which whoever asks must know. A view, function or procedure may read elsewhere inside; that is up to
//! the grants of its owner.
//!
//! `tree` has the names in a query or a write, `listing` what a SHOW or DESCRIBE looks into, `functions` the calls.

mod functions;
mod listing;
mod reference;
mod tree;

pub use self::listing::{Listing, Part, RowName};
use self::reference::{Found, unresolved};
pub use self::reference::{Reference, Unresolved};
use super::parse::Parsed;
use super::show::Show;
use super::tree::Tree;

impl Parsed {
    /// What the statement touches, each as often as it is named.
    ///
    /// # Errors
    ///
    /// Where something in the statement belongs cannot be told from the text.
    pub fn references(&self) -> Result<Vec<Reference>, Unresolved> {
        if let Some(what) = self.names_computed() {
            return unresolved(what);
        }
        let mut found = of_tree(self.tree(), false)?;
        for call in self.calls() {
            found.extend(functions::of_call(call)?);
        }
        Ok(found)
    }

    /// Which names the rows of the result tell, when the statement is a SHOW or DESCRIBE and nothing goes on with them.
    #[must_use]
    pub fn listing(&self) -> Option<Listing> {
        match self.tree() {
            // A number of rows would count those that are left out, and so tell of them. The one that Snowflake sets itself says
            // nothing new. To begin behind a name would tell whether there is one.
            Tree::Show(show)
                if show.from.is_none() && show.limit.is_none_or(|rows| rows >= Show::LONGEST) =>
            {
                Some(listing::of_rows_shown(show))
            }
            Tree::Describe(describe) => Some(listing::of_rows_described(describe)),
            _ => None,
        }
    }
}

fn of_tree(tree: &Tree, in_pipeline: bool) -> Found {
    match tree {
        Tree::Statement(statement) | Tree::Explain { statement, .. } => {
            tree::of_statement(statement, in_pipeline)
        }
        Tree::Show(show) => listing::of_show(show),
        Tree::Describe(describe) => listing::of_describe(describe),
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
