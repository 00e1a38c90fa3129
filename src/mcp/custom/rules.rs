//! What the tools of a file are checked against before any call.

use crate::policy::{CurrentNames, Policy};
use crate::sql::{self, Class, Identifier};
use crate::warehouse::SessionContext;

/// The policy, and the default database and schema of statements.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The database of names that name none.
    pub database: Option<&'a Identifier>,
    /// The schema of names that name none.
    pub schema: Option<&'a Identifier>,
    /// The names of this server's own tools.
    pub taken: &'a [String],
}

impl Rules<'_> {
    /// The class of a statement, or why it may not run.
    pub(super) fn class_of(&self, sql: &str, session: &SessionContext) -> Result<Class, String> {
        let parsed = sql::parse(sql).map_err(|error| error.to_string())?;
        let class = parsed.class();
        let place = CurrentNames {
            database: self.database,
            schema: self.schema,
            role: session.role.as_ref(),
            warehouse: session.warehouse.as_ref(),
        };
        let judged = self.policy.approve_operators(parsed, &place);
        judged.map(|_| class).map_err(|refusal| refusal.to_string())
    }
}
