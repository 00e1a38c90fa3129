//! What the table says of a function.

use crate::warehouse::embedded::dialect::call::Call;
use crate::warehouse::embedded::dialect::writer::{Writer, Written};

/// A function.
pub(in crate::warehouse::embedded::dialect) struct Known {
    /// Fewest arguments.
    pub(in crate::warehouse::embedded::dialect) min: usize,
    /// Most arguments.
    pub(in crate::warehouse::embedded::dialect) max: usize,
    /// How it is said.
    pub(in crate::warehouse::embedded::dialect) how: How,
}

/// How a function is said in DuckDB.
#[derive(Clone, Copy)]
pub(in crate::warehouse::embedded::dialect) enum How {
    /// A template, for a function of one row.
    Scalar(&'static str),
    /// A template, for a function of many rows that may have OVER.
    Aggregate(&'static str),
    /// A template, for a function that must have OVER.
    Window(&'static str),
    /// Code, for a function of one row.
    Rewrite(fn(&mut Writer<'_>, &Call<'_>) -> Written),
    /// Code, for a function of many rows.
    AggregateRewrite(fn(&mut Writer<'_>, &Call<'_>) -> Written),
    /// Code, for a function that must have OVER and may ignore NULLs.
    WindowRewrite(fn(&mut Writer<'_>, &Call<'_>) -> Written),
    /// Known, and not possible here.
    Refused {
        /// Completes "the embedded engine …".
        what: &'static str,
        /// What to write instead.
        hint: &'static str,
    },
}

/// No upper limit on the number of arguments.
pub(super) const MANY: usize = usize::MAX;

/// Name, fewest arguments, most, and how.
pub(super) type Row = (&'static str, usize, usize, How);
