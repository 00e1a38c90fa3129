//! A grant: what its callers may do, which is never more than the settings allow.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use super::base::Base;
use super::file::GrantEntry;
use crate::config::{KeyLimits, Toolset};
use crate::policy::{NamePattern, Narrowing, Preset};
use crate::query::{Budget, Rights};
use crate::sql::Identifier;

/// What some callers may do.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Its name in the file.
    pub name: String,
    /// The sets of tools there are for them; all when absent.
    pub toolsets: Option<Vec<Toolset>>,
    /// What their statements may do and cost.
    pub rights: Arc<Rights>,
    /// Calls in a minute, where they have a limit of their own.
    pub rate: Option<u32>,
}

/// A place in the entry, and what is wrong there.
pub(super) type Problem = (String, String);

impl Grant {
    pub(super) fn read(name: &str, entry: &GrantEntry, base: &Base) -> Result<Self, Problem> {
        let limits = limits(entry, base)?;
        let toolsets = entry.toolsets.as_ref();
        let toolsets = toolsets
            .map(|names| list(names, "/toolsets", &Toolset::WORDS.join(", ")))
            .transpose()?;
        let preset = match entry.sql_policy.as_deref() {
            None => None,
            Some("read_only") => Some(Preset::ReadOnly),
            Some("read_write") => Some(Preset::ReadWrite),
            Some("admin") => Some(Preset::Admin),
            Some(_) => {
                let problem = "expected `read_only`, `read_write` or `admin`".to_owned();
                return Err(("/sql_policy".to_owned(), problem));
            }
        };
        let roles = names(entry.roles.as_deref(), "/roles")?;
        // The first of the list is the role of calls that name none.
        let role: Option<Identifier> = roles.as_ref().and_then(|roles| roles.first().cloned());
        let narrowing = Narrowing {
            preset,
            databases: names(entry.allowed_databases.as_deref(), "/allowed_databases")?,
            schemas: names(entry.allowed_schemas.as_deref(), "/allowed_schemas")?,
            objects: names(entry.allowed_objects.as_deref(), "/allowed_objects")?,
            denied_objects: names(entry.denied_objects.as_deref(), "/denied_objects")?
                .unwrap_or_default(),
            roles: exactly(roles.as_deref())?,
            warehouses: names(entry.warehouses.as_deref(), "/warehouses")?,
        };
        // Narrowing keeps what the settings refuse, so a grant can never allow more than they do.
        let policy = base.policy.narrowed(narrowing);
        // A role that the settings refuse would make each call of the grant fail.
        let is_admitted = policy.admit_defaults(&crate::policy::CurrentNames {
            role: role.as_ref(),
            ..Default::default()
        });
        is_admitted.map_err(|refusal| ("/roles/0".to_owned(), refusal.to_string()))?;
        // Made once, not for each call: a token without the scope to write is held to it.
        let reading_policy = policy.narrowed(Narrowing {
            preset: Some(Preset::ReadOnly),
            ..Narrowing::default()
        });
        let weight = entry.weight.unwrap_or(1);
        if !(1..=100).contains(&weight) {
            return Err(("/weight".to_owned(), "expected 1 to 100".to_owned()));
        }
        Ok(Self {
            name: name.to_owned(),
            toolsets,
            rights: Arc::new(Rights {
                policy,
                reading_policy,
                budget: within(&base.budget, &limits),
                at_once: limits.max_concurrent_queries,
                weight,
                role,
            }),
            rate: limits.rate_limit_per_minute,
        })
    }
}

/// The limits of an entry, none of them above the server's.
fn limits(entry: &GrantEntry, base: &Base) -> Result<KeyLimits, Problem> {
    let mut limits = KeyLimits::default();
    for (option, text) in entry.limits.options() {
        if let Err(expected) = limits.set(option, &text) {
            return Err((format!("/limits/{option}"), format!("expected {expected}")));
        }
    }
    match limits.faults(&base.limits).into_iter().next() {
        Some(fault) => Err(("/limits".to_owned(), format!("expected {fault}"))),
        None => Ok(limits),
    }
}

/// The role must be named whole: with a pattern, callers could choose among the roles that match it in future.
fn exactly(roles: Option<&[Identifier]>) -> Result<Option<Vec<NamePattern<1>>>, Problem> {
    let Some(roles) = roles else {
        return Ok(None);
    };
    let texts: Vec<String> = roles.iter().map(ToString::to_string).collect();
    names(Some(&texts), "/roles")
}

fn names<T: FromStr<Err: Display>>(
    texts: Option<&[String]>,
    place: &str,
) -> Result<Option<Vec<T>>, Problem> {
    let read = |(index, text): (usize, &String)| {
        text.parse()
            .map_err(|reason: T::Err| (format!("{place}/{index}"), reason.to_string()))
    };
    texts
        .map(|texts| texts.iter().enumerate().map(read).collect())
        .transpose()
}

fn list<T: FromStr>(texts: &[String], place: &str, expected: &str) -> Result<Vec<T>, Problem> {
    let read = |(index, text): (usize, &String)| {
        text.parse()
            .map_err(|_| (format!("{place}/{index}"), format!("expected {expected}")))
    };
    texts.iter().enumerate().map(read).collect()
}

/// The lower limits of callers with a grant.
#[must_use]
pub fn within(all: &Budget, own: &KeyLimits) -> Budget {
    let max_rows = own.max_rows.unwrap_or(all.max_rows);
    Budget {
        // A lower `max_rows` lowers the default with it; `faults` has refused the rest.
        default_rows: own.default_rows.unwrap_or(all.default_rows).min(max_rows),
        max_rows,
        max_bytes: own
            .max_result_bytes
            .map_or(all.max_bytes, |size| size.as_usize()),
        max_cell_bytes: own
            .max_cell_bytes
            .map_or(all.max_cell_bytes, |size| size.as_usize()),
        max_scan_bytes: own.max_scan_bytes.map(|size| *size).or(all.max_scan_bytes),
        timeout: own.query_timeout.map_or(all.timeout, |time| *time),
        ..all.clone()
    }
}
