//! What sessions are set to unless a call says otherwise.

use crate::sql::Identifier;

/// What the sessions are set to; exact names.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    /// Current database.
    pub database: Option<Identifier>,
    /// Current schema.
    pub schema: Option<Identifier>,
    /// Virtual warehouse that pays.
    pub warehouse: Option<Identifier>,
    /// Primary role.
    pub role: Option<Identifier>,
}
