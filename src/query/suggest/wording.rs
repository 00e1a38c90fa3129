//! Puts similar names into a sentence.

use crate::query::name_cache::Listed;
use crate::sql::{Identifier, QualifiedName, nearest};

/// Names that are suggested.
pub(super) const NEAREST: usize = 5;

/// Up to this many names, and this many bytes of names, are listed in full.
const FEW: usize = 30;
const FEW_BYTES: usize = 1024;

/// The most similar names, or all names if there are few.
pub(super) fn suggestion(
    wanted: &Identifier,
    names: &[Listed],
    parent: &[Identifier],
    kind: &str,
) -> Option<String> {
    let place: Vec<_> = parent.iter().map(ToString::to_string).collect();
    let place = place.join(".");
    if names.is_empty() {
        return None;
    }
    let whole = |name: &str| match place.as_str() {
        "" => shown(name),
        place => format!("{place}.{}", shown(name)),
    };
    let all = names.iter().map(|listed| listed.name.as_str());
    let mut near = nearest(wanted.as_str(), all.clone(), NEAREST);
    // In a list that was read a moment ago, and gone since.
    near.retain(|near| *near != wanted.as_str());
    let mut told = Vec::new();
    if all.clone().any(|name| name == wanted.as_str()) {
        let name = whole(wanted.as_str());
        return Some(format!(
            "{name} is listed, but this role may not use it: the role may only see that it exists, or it was dropped a moment ago. Use another role or another object."
        ));
    }
    if !near.is_empty() {
        let keeps_case = near
            .iter()
            .any(|near| near.eq_ignore_ascii_case(wanted.as_str()));
        let near: Vec<_> = near.into_iter().map(whole).collect();
        told.push(did_you_mean(&near));
        if keeps_case {
            told.push("A name in double quotes keeps its case: leave the quotes out.".to_owned());
        }
    }
    match few(all) {
        Some(list) if place.is_empty() => told.push(format!("All {kind}: {list}")),
        Some(list) => told.push(format!("The {kind} in {place}: {list}")),
        None => {}
    }
    (!told.is_empty()).then(|| told.join(" "))
}

/// A name as SQL takes it.
fn shown(name: &str) -> String {
    Identifier::exact(name).map_or_else(|_| name.to_owned(), |name| name.to_string())
}

fn did_you_mean(near: &[String]) -> String {
    format!("did you mean {}?", near.join(", "))
}

/// The most similar columns, each with its table if there are several tables, or all columns if there are few.
pub(super) fn about_columns(
    wanted: &str,
    names: &[Listed],
    table: Option<&QualifiedName>,
) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let near = nearest(
        wanted,
        names.iter().map(|listed| listed.name.as_str()),
        NEAREST,
    );
    let mut told = Vec::new();
    if !near.is_empty() {
        let near: Vec<_> = near
            .iter()
            .map(|name| {
                let owner = names
                    .iter()
                    .find(|listed| listed.name == *name)
                    .and_then(|listed| listed.table.as_deref());
                match owner {
                    Some(owner) => format!("{} (of {})", shown(name), shown(owner)),
                    None => shown(name),
                }
            })
            .collect();
        told.push(did_you_mean(&near));
    }
    match (table, few(names.iter().map(|listed| listed.name.as_str()))) {
        (Some(table), Some(list)) => told.push(format!("{table} has the columns {list}")),
        (None, Some(list)) => told.push(format!("All columns: {list}")),
        (Some(table), None) if told.is_empty() => {
            told.push(format!(
                "describe_table shows the {} columns of {table}",
                names.len()
            ));
        }
        _ => {}
    }
    (!told.is_empty()).then(|| told.join(" "))
}

/// All names, if there are few.
fn few<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut list = String::new();
    for (index, name) in names.enumerate() {
        if index == FEW || list.len() + name.len() > FEW_BYTES {
            return None;
        }
        if index > 0 {
            list.push_str(", ");
        }
        list.push_str(
            &Identifier::exact(name).map_or_else(|_| name.to_owned(), |name| name.to_string()),
        );
    }
    (!list.is_empty()).then_some(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Snowflake says "does not exist or not authorized" of what a role sees in lists and may not read.
    #[test]
    fn what_is_listed_is_not_suggested_in_its_own_place() {
        let listed = |name: &str| Listed {
            name: name.to_owned(),
            table: None,
        };
        let names = [listed("ORDERS"), listed("ORDERS_OLD")];
        let parent = ["SALES".parse().unwrap()];
        let about = |name: &str| {
            let wanted = Identifier::exact(name).unwrap();
            suggestion(&wanted, &names, &parent, "tables and views").unwrap()
        };
        let told = about("ORDERS");
        assert!(
            told.starts_with("SALES.ORDERS is listed, but this role may not use it"),
            "{told}"
        );
        assert!(!told.contains("did you mean"), "{told}");
        let told = about("orders");
        assert!(
            told.contains("did you mean SALES.ORDERS") && told.contains("leave the quotes out"),
            "{told}"
        );
        let told = about("ORDER");
        assert!(
            told.ends_with("The tables and views in SALES: ORDERS, ORDERS_OLD"),
            "{told}"
        );
    }
}
