//! What a policy is made of, and what it is asked with.

use super::names::NamePattern;
use super::pattern::Pattern;
use super::preset::Preset;
use crate::sql::{Class, Identifier, KindPattern};

/// What a policy is made of.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The kinds of statements that may run.
    pub preset: Preset,
    /// Of those, the only ones that may; all when absent.
    pub allowed_statements: Option<Vec<KindPattern>>,
    /// Of those, the ones that may not.
    pub denied_statements: Vec<KindPattern>,
    /// The only functions with side effects that statements may call. Queries may then call them as well. When absent, the
    /// preset decides.
    pub allowed_side_effects: Option<Vec<Pattern>>,
    /// What the operator's own tools may do besides reading, whatever the preset.
    pub custom_tools_may: Vec<Class>,
    /// Functions no statement may call.
    pub denied_functions: Vec<Pattern>,
    /// The only databases statements may touch; all when absent.
    pub allowed_databases: Option<Vec<Identifier>>,
    /// The only schemas statements may touch; all when absent.
    pub allowed_schemas: Option<Vec<NamePattern<2>>>,
    /// The only objects statements may touch; all when absent.
    pub allowed_objects: Option<Vec<NamePattern<3>>>,
    /// Objects no statement may touch.
    pub denied_objects: Vec<NamePattern<3>>,
    /// The only roles a call may name; all but those of administrators when absent.
    pub allowed_roles: Option<Vec<NamePattern<1>>>,
    /// The only virtual warehouses a call may name; all when absent.
    pub allowed_warehouses: Option<Vec<NamePattern<1>>>,
    /// Whether a caller may see in the history what others sent as its user of Snowflake.
    pub shares_history: bool,
}

/// Restrictions of one caller. What is not set is not restricted.
#[derive(Debug, Clone, Default)]
pub struct Narrowing {
    /// At most this.
    pub preset: Option<Preset>,
    /// Of the databases, the only ones.
    pub databases: Option<Vec<Identifier>>,
    /// Of the schemas, the only ones.
    pub schemas: Option<Vec<NamePattern<2>>>,
    /// Of the objects, the only ones.
    pub objects: Option<Vec<NamePattern<3>>>,
    /// Objects that may not be touched either.
    pub denied_objects: Vec<NamePattern<3>>,
    /// Of the roles, the only ones.
    pub roles: Option<Vec<NamePattern<1>>>,
    /// Of the virtual warehouses, the only ones.
    pub warehouses: Option<Vec<NamePattern<1>>>,
}

impl Options {
    /// The same policy with these restrictions added; the original policy still applies.
    pub(super) fn narrowed(&self, narrowing: Narrowing) -> Self {
        let mut own = self.clone();
        own.preset = narrowing
            .preset
            .map_or(own.preset, |preset| preset.min(own.preset));
        own.allowed_databases = narrowing.databases.or(own.allowed_databases);
        own.allowed_schemas = narrowing.schemas.or(own.allowed_schemas);
        own.allowed_objects = narrowing.objects.or(own.allowed_objects);
        own.denied_objects.extend(narrowing.denied_objects);
        own.allowed_roles = narrowing.roles.or(own.allowed_roles);
        own.allowed_warehouses = narrowing.warehouses.or(own.allowed_warehouses);
        own
    }
}

/// Where a statement is to run, as far as that is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct CurrentNames<'a> {
    /// The database that names without one belong to.
    pub database: Option<&'a Identifier>,
    /// The schema that names without one belong to, or else to PUBLIC.
    pub schema: Option<&'a Identifier>,
    /// The role, when one is asked for.
    pub role: Option<&'a Identifier>,
    /// The virtual warehouse, when one is asked for.
    pub warehouse: Option<&'a Identifier>,
}
