//! What a statement may cost in ways that the engine neither counts nor lets be interrupted. Judged on its tree, before
//! anything is translated.
//!
//! Two things are like that. Planning: the time for a join grows with the fourth power of its tables, and an alias that
//! is used again is planned again, wherever it is used. And long texts, see `texts`.

mod texts;

use std::collections::HashMap;
use std::ops::ControlFlow;

use self::texts::Texts;
pub(super) use self::texts::{INTO_TEXT, INTO_VALUE};
use crate::sql::ast::{Expr, Select, SelectItem, SetExpr, Statement, TableFactor, TableWithJoins};
use crate::sql::walk::{Step, expressions, walk};
use crate::warehouse::{EngineLimit, Error, Parameter};

/// Tables in one FROM. Twenty are planned in 30 to 150 ms, forty in up to 2.5 s, eighty in 13 s, by the shape of the join.
const MAX_JOINED: u64 = 28;

/// The same for all FROMs of a statement, where planning twice as many tables takes sixteen times as long.
const MAX_JOIN_COST: u64 = MAX_JOINED.pow(4) * 2;

/// Names in one list of columns, when each alias is replaced by what it stands for.
const MAX_NAMES: u64 = 20_000;

/// What a statement may cost.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    joins: u64,
    most_joined: u64,
    names: u64,
    texts: Texts,
}

impl Cost {
    /// Of this statement with its parameters.
    pub(super) fn of(statement: &Statement, parameters: &[Parameter]) -> Self {
        let mut cost = Self::default();
        let _: ControlFlow<()> = walk(statement, |step| {
            cost.step(step);
            ControlFlow::Continue(())
        });
        for parameter in parameters {
            if let Parameter::Text(text) = parameter {
                cost.texts.see_parameter(text.len());
            }
        }
        cost
    }

    /// Refuses what the engine would plan for longer than a second or two.
    ///
    /// # Errors
    ///
    /// The statement joins too many tables or uses aliases of aliases of aliases.
    pub(super) fn is_planned_in_time(&self) -> Result<(), Error> {
        if self.most_joined > MAX_JOINED || self.joins > MAX_JOIN_COST {
            return Err(EngineLimit {
                what: format!(
                    "joins at most {MAX_JOINED} tables in one FROM, because it cannot be stopped while it plans a join; \
                     this statement has {}",
                    self.most_joined
                ),
                hint: Some("join fewer tables at a time".into()),
            }
            .into());
        }
        if self.names > MAX_NAMES {
            return Err(EngineLimit {
                what: "does not resolve aliases that refer to other aliases this many times".into(),
                hint: Some("name the inner expressions in a subquery or a WITH clause".into()),
            }
            .into());
        }
        Ok(())
    }

    /// Whether texts may become long, so that the statement must have its share of memory for them.
    pub(super) fn has_long_texts(&self) -> bool {
        self.texts.are_long()
    }

    /// How long a text may become, in bytes, so that all of them together, on all threads, stay inside `share`, in bytes.
    ///
    /// # Errors
    ///
    /// There are so many that nothing useful would be left for each.
    pub(super) fn longest_text(&self, share: u64, threads: usize) -> Result<u64, Error> {
        self.texts.longest(share, threads)
    }
}

impl Cost {
    fn step(&mut self, step: Step<'_>) {
        match step {
            Step::Query(query) => self.texts.enter(query),
            Step::QueryEnd(_) => self.texts.leave(),
            Step::Select(select) => self.select(select),
            Step::TableFactor(table) => self.texts.see_table(table),
            Step::TableFactorEnd(table) => self.texts.leave_table(table),
            Step::Expr(expr) => self.texts.see(expr),
            Step::Value(value) => self.texts.see_value(&value.value),
            Step::Statement(_) | Step::Relation(_) => {}
        }
    }

    fn select(&mut self, select: &Select) {
        let joined: u64 = select.from.iter().map(joined).sum();
        self.most_joined = self.most_joined.max(joined);
        self.joins = self.joins.saturating_add(joined.saturating_pow(4));
        let (all, written) = names(select);
        self.names = self.names.max(all);
        self.texts.see_aliases(all.saturating_sub(written));
        self.texts.see_select(select);
    }
}

/// Tables that are planned together. A subquery that only joins is planned with the join it stands in.
fn joined(from: &TableWithJoins) -> u64 {
    let others = from.joins.iter().map(|join| tables(&join.relation));
    tables(&from.relation) + others.sum::<u64>()
}

fn tables(factor: &TableFactor) -> u64 {
    match factor {
        TableFactor::NestedJoin {
            table_with_joins, ..
        } => joined(table_with_joins),
        TableFactor::Derived { subquery, .. } => match subquery.body.as_ref() {
            SetExpr::Select(select) => select.from.iter().map(joined).sum::<u64>().max(1),
            _ => 1,
        },
        _ => 1,
    }
}

/// How many names a list of columns has when its aliases are replaced by what they stand for, and as it is written.
fn names(select: &Select) -> (u64, u64) {
    let mut known: HashMap<String, u64> = HashMap::new();
    let (mut all, mut written) = (0_u64, 0_u64);
    for item in &select.projection {
        let (expr, alias) = match item {
            SelectItem::UnnamedExpr(expr) => (expr, None),
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias)),
            _ => continue,
        };
        let mut own = 0_u64;
        let _: ControlFlow<()> = expressions(expr, |inner| {
            if let Expr::Identifier(name) = inner {
                written += 1;
                let stands_for = known.get(&name.value.to_uppercase());
                own = own.saturating_add(stands_for.copied().unwrap_or(1));
            }
            ControlFlow::Continue(())
        });
        all = all.saturating_add(own);
        if let Some(alias) = alias {
            known.insert(alias.value.to_uppercase(), own);
        }
    }
    (all, written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{self, Tree};

    fn cost_with(sql: &str, parameters: &[Parameter]) -> Cost {
        let parsed = sql::parse(sql).unwrap();
        let Tree::Statement(statement) = parsed.tree() else {
            panic!("{sql} is a statement");
        };
        Cost::of(statement, parameters)
    }

    fn cost(sql: &str) -> Cost {
        cost_with(sql, &[])
    }

    fn join_of(tables: usize) -> String {
        let from: Vec<String> = (0..tables).map(|n| format!("nation n{n}")).collect();
        format!("SELECT COUNT(*) FROM {}", from.join(", "))
    }

    #[test]
    fn joins_are_planned_in_time_up_to_a_number_of_tables() {
        assert!(cost(&join_of(28)).is_planned_in_time().is_ok());
        let error = cost(&join_of(29)).is_planned_in_time().unwrap_err();
        assert!(error.to_string().contains("has 29"), "{error}");
        // Hidden in subqueries, or many times over.
        let halves = format!(
            "SELECT * FROM ({}) a JOIN ({}) b ON TRUE",
            join_of(15),
            join_of(15)
        );
        assert!(cost(&halves).is_planned_in_time().is_err());
        let many = vec![join_of(28); 3].join(" UNION ALL ");
        assert!(cost(&many).is_planned_in_time().is_err());
        let small = vec![join_of(3); 100].join(" UNION ALL ");
        assert!(cost(&small).is_planned_in_time().is_ok());
    }

    #[test]
    fn aliases_that_double_are_counted_as_what_they_stand_for() {
        let doubled = |times: usize| {
            let items: Vec<String> = (0..times)
                .map(|n| format!("a{n} || a{n} AS a{}", n + 1))
                .collect();
            format!("SELECT n_name AS a0, {} FROM nation", items.join(", "))
        };
        assert!(cost(&doubled(12)).is_planned_in_time().is_ok());
        assert!(cost(&doubled(16)).is_planned_in_time().is_err());
        assert!(cost(&doubled(90)).is_planned_in_time().is_err());
    }

    #[test]
    fn the_more_texts_may_grow_the_shorter_each_may_be() {
        let longest = |sql: &str| cost(sql).longest_text(128 << 20, 2).ok();
        assert_eq!(longest("SELECT REPEAT('ab', 30000)"), Some(65536));
        assert_eq!(longest("SELECT REPEAT(x, 2) FROM t"), Some(16384));
        assert_eq!(
            longest("SELECT REPEAT(x, 2), REPLACE(x, 'a', 'bb') FROM t"),
            Some(8192)
        );
        assert_eq!(
            longest("SELECT REPEAT(REPLACE(x, y, z), LENGTH(x)) FROM t"),
            Some(10922)
        );
        let many = vec!["SPLIT(x, y)"; 200].join(", ");
        assert_eq!(longest(&format!("SELECT {many} FROM t")), None);
    }

    #[test]
    fn every_place_that_copies_a_long_text_takes_its_share() {
        let longest = |sql: &str| cost(sql).longest_text(128 << 20, 2).ok();
        let of = |columns: &str| format!("SELECT {columns} FROM (SELECT REPEAT(x, 2) y FROM t)");
        assert_eq!(longest(&of("COUNT(y)")), Some(16384));
        assert_eq!(longest(&of("UPPER(y)")), Some(10922));
        assert_eq!(longest(&of("LENGTH(y) + ROUND(z)")), Some(16384));
        let sorted = of("y") + " GROUP BY y ORDER BY y";
        assert_eq!(longest(&sorted), Some(8192));
        let copies = vec!["UPPER(y)"; 100].join(", ");
        assert_eq!(longest(&of(&copies)), None);
        // Without long texts nobody has to count.
        let copies = vec!["UPPER(y)"; 500].join(", ");
        assert!(longest(&format!("SELECT {copies} FROM t")).is_some());
    }

    #[test]
    fn long_texts_come_from_few_places() {
        let is_long = |sql: &str| cost(sql).has_long_texts();
        let long = "x".repeat(2000);
        for sql in [
            "WITH RECURSIVE r AS (SELECT 'a' t UNION ALL SELECT t || t FROM r) SELECT * FROM r",
            "WITH r AS (SELECT 'a' t UNION ALL SELECT t || t FROM R) SELECT * FROM r",
            "SELECT a FROM (SELECT LISTAGG(x) a FROM t)",
            "SELECT a FROM (SELECT OBJECT_AGG(x, y) a FROM t)",
            &format!("SELECT '{long}' || x FROM t"),
            &format!("SELECT * FROM (SELECT {} FROM t)", ["x || x"; 9].join(", ")),
            &format!("SELECT {}x{}", "TO_JSON(".repeat(9), ")".repeat(9)),
        ] {
            assert!(is_long(sql), "{sql}");
        }
        for sql in [
            "WITH RECURSIVE r AS (SELECT 1 n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r",
            "SELECT LISTAGG(x) FROM t",
            &format!("SELECT '{long}'"),
            &format!("SELECT * FROM TABLE(FLATTEN(PARSE_JSON('{long}')))"),
            &format!("SELECT {} FROM t", ["x || x"; 9].join(", ")),
            "SELECT * FROM (SELECT x || x FROM t)",
        ] {
            assert!(!is_long(sql), "{sql}");
        }
        let long = Parameter::Text(long);
        let of = |sql: &str| cost_with(sql, std::slice::from_ref(&long)).has_long_texts();
        assert!(of("SELECT ? || x FROM t"));
        // The elements of an array are as rows to what stands in a lambda, and to nothing else.
        assert!(of("SELECT TRANSFORM(a, x -> ? || x)"));
        assert!(!of("SELECT TRANSFORM(SPLIT(?, ','), x -> x || 'a')"));
        assert!(is_long("SELECT TRANSFORM(a, x -> REPEAT('a', 2000))"));
    }

    #[test]
    fn texts_that_are_joined_have_to_fit_as_well() {
        let longest = |join: &str| {
            let sql = format!("SELECT {join} FROM t");
            cost(&sql).longest_text(128 << 20, 2).is_ok()
        };
        assert!(longest(&vec!["x"; 900].join(" || ")));
        assert!(longest(&vec!["'x'"; 2000].join(" || ")));
        assert!(!longest(&vec!["x"; 1100].join(" || ")));
        assert!(!longest(&format!("CONCAT({})", vec!["x"; 1100].join(", "))));
    }

    #[test]
    fn what_cannot_grow_does_not_count() {
        for call in [
            "REPLACE(x, 'ab', 'c')",
            "REPLACE(x, 'a')",
            "REGEXP_REPLACE(x, '[^0-9]')",
            "REGEXP_REPLACE(x, '[^0-9]', '')",
            "LPAD(x, 10, '0')",
            "UPPER(x)",
        ] {
            assert!(
                !cost(&format!("SELECT {call} FROM t")).has_long_texts(),
                "{call}"
            );
        }
        for call in [
            "REPLACE(x, 'a', 'bb')",
            "REPLACE(x, y, z)",
            "REGEXP_REPLACE(x, 'a', 'b')",
            "LPAD(x, 10000, '0')",
            "LPAD(x, y)",
            "REPEAT('x', n)",
        ] {
            assert!(
                cost(&format!("SELECT {call} FROM t")).has_long_texts(),
                "{call}"
            );
        }
    }
}
