//! Which roles and virtual warehouses a call may name.

use super::names::{NamePattern, list, only};
use super::{CurrentNames, Options, Refusal};
use crate::sql::Identifier;

/// Roles that may do nearly everything, or give others the right to
/// (docs.snowflake.com/en/user-guide/security-access-control-overview). Only their full names in a list allow them.
const ADMIN_ROLES: [&str; 6] = [
    "ACCOUNTADMIN",
    "GLOBALORGADMIN",
    "ORGADMIN",
    "SECURITYADMIN",
    "SYSADMIN",
    "USERADMIN",
];

pub(super) fn check(options: &Options, place: &CurrentNames<'_>) -> Result<(), Refusal> {
    if let Some(role) = place.role {
        check_role(options, role)?;
    }
    match (place.warehouse, &options.allowed_warehouses) {
        (Some(warehouse), Some(allowed))
            if !allowed.iter().any(|pattern| pattern.matches(&[warehouse])) =>
        {
            Err(Refusal::Warehouse {
                warehouse: warehouse.to_string(),
                allowed: list(allowed),
            })
        }
        _ => Ok(()),
    }
}

fn check_role(options: &Options, role: &Identifier) -> Result<(), Refusal> {
    let refuse = |why: String| {
        Err(Refusal::Role {
            role: role.to_string(),
            why,
        })
    };
    let allowed = options.allowed_roles.as_deref();
    let names = |pattern: &NamePattern<1>| pattern.matches(&[role]);
    // In any case: nobody would use such a name for another role.
    let is_admin = ADMIN_ROLES
        .iter()
        .any(|admin| admin.eq_ignore_ascii_case(role.as_str()));
    match allowed {
        _ if is_admin => {
            let is_named = |pattern: &NamePattern<1>| pattern.is_exact() && names(pattern);
            if allowed.is_some_and(|allowed| allowed.iter().any(is_named)) {
                return Ok(());
            }
            // A pattern such as `*` does not count: whoever writes it rarely thinks of these roles.
            refuse(
                "it is an administrator's role, which is allowed only if ALLOWED_ROLES has its full name".into(),
            )
        }
        Some(allowed) if !allowed.iter().any(names) => refuse(only("roles", allowed)),
        _ => Ok(()),
    }
}
