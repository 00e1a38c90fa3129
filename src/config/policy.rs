//! What statements may do, and what they may touch.

use envconfig::Envconfig;

use super::types::{List, words};

words! {
    /// What statements may do.
    SqlPolicy {
        /// Read.
        ReadOnly = "read_only",
        /// Read and change data; not objects, users or grants.
        ReadWrite = "read_write",
        /// All but what would outlast the call in a shared session.
        Admin = "admin",
    }
}

/// What may run. Names and patterns are read by the rooms they are for; here they are texts of the right form.
#[derive(Debug, Clone, Envconfig)]
#[non_exhaustive]
pub struct Policy {
    /// What statements may do. Reading only, because nobody should find out afterwards.
    #[envconfig(from = "SQL_POLICY", default = "read_only")]
    pub sql_policy: SqlPolicy,
    /// Whether Snowflake is asked about every statement before it runs.
    #[envconfig(from = "SQL_POLICY_VERIFY", default = "false")]
    pub sql_policy_verify: bool,
    /// Of what the policy accepts, the only kinds of statements that may run.
    #[envconfig(from = "ALLOWED_STATEMENTS")]
    pub allowed_statements: Option<List>,
    /// Of what the policy accepts, the kinds of statements that may not run.
    #[envconfig(from = "DENIED_STATEMENTS")]
    pub denied_statements: Option<List>,
    /// The only functions with an effect that statements may call.
    #[envconfig(from = "ALLOWED_SIDE_EFFECTS")]
    pub allowed_side_effects: Option<List>,
    /// The only databases statements may touch. What cannot be told from a statement's text counts as outside.
    #[envconfig(from = "ALLOWED_DATABASES")]
    pub allowed_databases: Option<List>,
    /// The only schemas statements may touch.
    #[envconfig(from = "ALLOWED_SCHEMAS")]
    pub allowed_schemas: Option<List>,
    /// The only tables, views, functions and so on that statements may touch.
    #[envconfig(from = "ALLOWED_OBJECTS")]
    pub allowed_objects: Option<List>,
    /// Tables, views, functions and so on that no statement may touch.
    #[envconfig(from = "DENIED_OBJECTS")]
    pub denied_objects: Option<List>,
    /// The only roles that may be used. Unset, all but those of administrators: nobody should hand an agent the account by
    /// forgetting a setting.
    #[envconfig(from = "ALLOWED_ROLES")]
    pub allowed_roles: Option<List>,
    /// The only virtual warehouses that may be used.
    #[envconfig(from = "ALLOWED_WAREHOUSES")]
    pub allowed_warehouses: Option<List>,
    /// Functions no statement may call, with `*` for any letters.
    #[envconfig(from = "DENIED_FUNCTIONS")]
    pub denied_functions: Option<List>,
}
