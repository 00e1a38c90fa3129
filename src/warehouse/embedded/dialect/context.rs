//! What the context functions of a statement answer.

use crate::sql::Identifier;
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
    /// The id of the statement itself.
    pub(in crate::warehouse::embedded) query_id: String,
    /// Values for `?` and `:1`, written into the text as literals.
    pub(in crate::warehouse::embedded) parameters: Vec<Parameter>,
}
