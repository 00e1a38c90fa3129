//! What belongs to the account as a whole. The engine has one warehouse, one role and one user.

use super::super::kinds;
use super::super::listing::{Listing, Value};
use super::super::{ROLE, SAMPLE_DATABASE, SAMPLE_SCHEMA, USER, WAREHOUSE, written};
use super::question::{Question, yes_no};

impl Question<'_> {
    pub(super) fn warehouses(&self, listing: &mut Listing) {
        let columns = listing.columns();
        let row = columns.iter().map(|column| match column.name.as_str() {
            "name" => WAREHOUSE.into(),
            "state" => "STARTED".into(),
            "type" => "STANDARD".into(),
            "size" => "X-Small".into(),
            "min_cluster_count" | "max_cluster_count" | "started_clusters" => Value::Number(1),
            "running" | "queued" => Value::Number(0),
            "is_default" => "Y".into(),
            "is_current" => yes_no(self.current.warehouse.as_str() == WAREHOUSE),
            "auto_resume" => "true".into(),
            "created_on" | "resumed_on" | "updated_on" => self.created(),
            "owner" => ROLE.into(),
            "comment" => "The engine inside this process".into(),
            "owner_role_type" => "ROLE".into(),
            _ => Value::Null,
        });
        listing.push(row.collect());
    }

    pub(super) fn roles(&self, listing: &mut Listing) {
        listing.push(vec![
            self.created(),
            ROLE.into(),
            "Y".into(),
            yes_no(self.current.role.as_str() == ROLE),
            "N".into(),
            Value::Number(1),
            Value::Number(0),
            Value::Number(0),
            "".into(),
            "The only role of the embedded engine; it may read everything".into(),
        ]);
    }

    pub(super) fn users(&self, listing: &mut Listing) {
        let columns = listing.columns();
        let row = columns.iter().map(|column| match column.name.as_str() {
            "name" | "login_name" | "display_name" => USER.into(),
            "created_on" => self.created(),
            "disabled"
            | "must_change_password"
            | "has_password"
            | "has_rsa_public_key"
            | "has_mfa" => "false".into(),
            "default_warehouse" => WAREHOUSE.into(),
            "default_namespace" => format!("{}.{}", SAMPLE_DATABASE, SAMPLE_SCHEMA).into(),
            "default_role" => ROLE.into(),
            _ => Value::Null,
        });
        listing.push(row.collect());
    }

    /// What the one role may: read what there is. `rest` is what follows GRANTS.
    pub(super) fn grants(&self, rest: &str) -> Listing {
        let words = rest.to_uppercase();
        let is_about_roles =
            words.starts_with("OF ") || words.starts_with("TO USER") || words.is_empty();
        if is_about_roles {
            let mut listing = empty("ROLE GRANTS");
            listing.push(vec![
                self.created(),
                ROLE.into(),
                "USER".into(),
                USER.into(),
                "".into(),
            ]);
            return listing;
        }
        let mut listing = empty("GRANTS");
        let is_about_the_role = words.starts_with("TO ROLE") && words.ends_with(ROLE);
        if !is_about_the_role {
            return listing;
        }
        let mut grant = |privilege: &'static str, on: &'static str, name: String| {
            listing.push(vec![
                self.created(),
                privilege.into(),
                on.into(),
                name.into(),
                "ROLE".into(),
                ROLE.into(),
                "false".into(),
                "".into(),
            ]);
        };
        for database in &self.catalog.databases {
            grant("USAGE", "DATABASE", written(database.name));
        }
        for (database, schema, table) in self.catalog.tables() {
            let on = if table.is_view() { "VIEW" } else { "TABLE" };
            let name = [database.name, schema.name, table.name].map(written);
            grant("SELECT", on, name.join("."));
        }
        listing
    }
}

/// A listing of a kind that is in the table for certain.
fn empty(kind: &str) -> Listing {
    kinds::listing(kind).unwrap_or_else(|| Listing::new([]))
}

pub(super) fn parameters(listing: &mut Listing) {
    for (key, value, description, data_type) in [
        (
            "TIMEZONE",
            "Etc/UTC",
            "time zone of TIMESTAMP_LTZ values",
            "STRING",
        ),
        (
            "TIMESTAMP_TYPE_MAPPING",
            "TIMESTAMP_NTZ",
            "what TIMESTAMP stands for",
            "STRING",
        ),
        ("WEEK_START", "0", "first day of the week", "NUMBER"),
    ] {
        listing.push(vec![
            key.into(),
            value.into(),
            value.into(),
            "".into(),
            description.into(),
            data_type.into(),
        ]);
    }
}
