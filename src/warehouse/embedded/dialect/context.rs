//! What the context functions of a statement answer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::sql::{Identifier, QualifiedName};
use crate::warehouse::Parameter;

/// What a query's context functions and unqualified names resolve to.
#[derive(Debug, Clone)]
pub(in crate::warehouse::embedded) struct Context {
    /// Database of names that give none.
    pub(in crate::warehouse::embedded) database: Identifier,
    /// Schema of names that give none.
    pub(in crate::warehouse::embedded) schema: Identifier,
    /// The answer of `CURRENT_ROLE()`.
    pub(in crate::warehouse::embedded) role: Identifier,
    /// The answer of `CURRENT_WAREHOUSE()`.
    pub(in crate::warehouse::embedded) warehouse: Identifier,
    /// The answer of `CURRENT_USER()`.
    pub(in crate::warehouse::embedded) user: Identifier,
    /// The tables there are.
    pub(in crate::warehouse::embedded) tables: Tables,
    /// The id of the statement itself.
    pub(in crate::warehouse::embedded) query_id: String,
    /// Values for `?` and `:1`, written into the text as literals.
    pub(in crate::warehouse::embedded) parameters: Vec<Parameter>,
    /// Whether texts can become long, so that what makes them longer must look at their length.
    pub(in crate::warehouse::embedded) long_texts: bool,
}

/// Finds a table by its whole name.
#[derive(Clone)]
pub(in crate::warehouse::embedded) struct Tables(
    Arc<dyn Fn(&QualifiedName) -> Found + Send + Sync>,
);

/// What there is of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::warehouse::embedded) enum Found {
    /// A table or view with these columns.
    Columns {
        /// All of them.
        names: Vec<String>,
        /// Those that hold BINARY.
        binaries: Vec<String>,
    },
    /// None, but one whose name differs in upper and lower case only.
    InAnotherCase,
    /// None at all.
    Nothing,
}

impl Tables {
    pub(in crate::warehouse::embedded) fn new(
        find: impl Fn(&QualifiedName) -> Found + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(find))
    }

    pub(super) fn find(&self, name: &QualifiedName) -> Found {
        (self.0)(name)
    }
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tables")
    }
}

/// Most columns that PIVOT makes of the values there are.
pub(in crate::warehouse::embedded) const MAX_PIVOTED: usize = 500;

/// For each place and member: the names of its columns, with the types that they are cast to.
pub(in crate::warehouse::embedded) type Meetings =
    BTreeMap<usize, BTreeMap<usize, Vec<(String, Option<String>)>>>;

/// What DuckDB would not do in one translation, and the next one says otherwise.
#[derive(Debug, Clone, Default)]
pub(in crate::warehouse::embedded) struct Repairs {
    /// Aliases whose expressions stand in their place.
    pub(in crate::warehouse::embedded) inlined: BTreeSet<String>,
    /// Whether a column that is added to a date may be a whole number.
    pub(in crate::warehouse::embedded) days: bool,
    /// Columns of text that are added up.
    pub(in crate::warehouse::embedded) text_sums: BTreeSet<String>,
    /// For each PIVOT over the values there are: these, each with the name of its column.
    pub(in crate::warehouse::embedded) pivots: Vec<Vec<(String, String)>>,
    /// Whether texts beside values of a type that is not known are left as they are.
    pub(in crate::warehouse::embedded) leaves_texts: bool,
    /// Types that the members of set operations are cast to.
    pub(in crate::warehouse::embedded) meetings: Meetings,
}
