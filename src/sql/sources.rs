//! Which tables the columns of a query come from, and what the query calls them.

use std::ops::ControlFlow;

use sqlparser::ast::TableFactor;

use super::parse::{Parsed, qualified_name};
use super::tree::Tree;
use super::walk::{self, Step};
use super::{Identifier, QualifiedName};

/// A table of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSource {
    /// Its name as written.
    pub name: QualifiedName,
    /// What the query calls it.
    pub alias: Option<Identifier>,
}

/// No more tables of a query are looked at.
const MOST: usize = 16;

impl Parsed {
    /// The tables and views of the query, without what its own WITH defines.
    #[must_use]
    pub fn table_sources(&self) -> Vec<TableSource> {
        let (Tree::Statement(statement) | Tree::Explain { statement, .. }) = self.tree() else {
            return Vec::new();
        };
        let mut names = Walk::default();
        let _: ControlFlow<()> = walk::walk(statement, |step| names.step(step));
        let Walk { mut found, defined } = names;
        found.retain(|source| {
            source.name.schema.is_some() || !defined.contains(&source.name.object)
        });
        found
    }
}

#[derive(Default)]
struct Walk {
    found: Vec<TableSource>,
    defined: Vec<Identifier>,
}

impl Walk {
    fn step(&mut self, step: Step<'_>) -> ControlFlow<()> {
        match step {
            Step::Query(query) => {
                let defined = query.with.iter().flat_map(|with| &with.cte_tables);
                // The columns of a WITH are not in the catalog.
                let names = defined.filter_map(|cte| folded(&cte.alias.name));
                self.defined.extend(names);
            }
            Step::TableFactor(TableFactor::Table {
                name,
                alias,
                args: None,
                ..
            }) => {
                if let Ok(name) = qualified_name(name) {
                    let alias = alias.as_ref().and_then(|alias| folded(&alias.name));
                    self.found.push(TableSource { name, alias });
                }
            }
            _ => {}
        }
        if self.found.len() < MOST {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}

fn folded(name: &sqlparser::ast::Ident) -> Option<Identifier> {
    let exact = match name.quote_style {
        Some(_) => name.value.clone(),
        None => name.value.to_uppercase(),
    };
    Identifier::exact(exact).ok()
}

#[cfg(test)]
mod tests {

    fn sources(sql: &str) -> Vec<String> {
        let parsed = crate::sql::parse(sql).unwrap();
        let sources = parsed.table_sources();
        let told = sources.iter().map(|source| match &source.alias {
            Some(alias) => format!("{} {alias}", source.name),
            None => source.name.to_string(),
        });
        told.collect()
    }

    #[test]
    fn tables_are_told_with_their_aliases() {
        assert_eq!(
            sources(
                "SELECT 1 FROM db.s.orders o JOIN \"c\" AS cust ON TRUE WHERE a IN (SELECT b FROM d)"
            ),
            ["DB.S.ORDERS O", "\"c\" CUST", "D"]
        );
        assert_eq!(
            sources("WITH big AS (SELECT * FROM orders) SELECT * FROM big JOIN s.big ON TRUE"),
            ["ORDERS", "S.BIG"]
        );
        assert_eq!(sources("SHOW TABLES"), Vec::<String>::new());
    }
}
