//! What a statement may cost in ways that the engine neither counts nor lets be interrupted. Judged on its tree, before
//! anything is translated.
//!
//! Two things are like that. Planning: the time for a join grows with the fourth power of its tables, and an alias that
//! is used again is planned again, wherever it is used. And texts made longer inside one list of expressions: the engine
//! makes them for 2,048 rows at a time, outside its memory limit, and looks for an interruption only when all are made.

use std::collections::HashMap;
use std::ops::ControlFlow;

use crate::sql::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    ObjectNamePart, Select, SelectItem, SetExpr, Statement, TableFactor, TableWithJoins, Value,
};
use crate::sql::walk::{Step, expressions, walk};
use crate::warehouse::{EngineLimit, Error};

/// Tables in one FROM. Twenty are planned in 30 to 150 ms, forty in up to 2.5 s, eighty in 13 s, by the shape of the join.
const MAX_JOINED: u64 = 28;

/// The same for all FROMs of a statement, where planning twice as many tables takes sixteen times as long.
const MAX_JOIN_COST: u64 = MAX_JOINED.pow(4) * 2;

/// Names in one list of columns, when each alias is replaced by what it stands for.
const MAX_NAMES: u64 = 20_000;

/// Rows that the engine works on at a time.
const ROWS_AT_A_TIME: u64 = 2048;

/// The longest text that a function may make longer than its arguments, in bytes.
const MAX_TEXT: u64 = 64 << 10;

/// The shortest limit that is of any use. Statements that would get less are refused.
const MIN_TEXT: u64 = 256;

/// What a text that is joined to others is taken to have, in bytes.
const JOINED_TEXT: u64 = 64;

/// The functions that make a text longer than what they are given, and those that make a list of one.
const GROWING: [&str; 11] = [
    "BASE64_ENCODE",
    "HEX_ENCODE",
    "INSERT",
    "LPAD",
    "REGEXP_REPLACE",
    "REPEAT",
    "REPLACE",
    "RPAD",
    "SPACE",
    "SPLIT",
    "STRTOK_TO_ARRAY",
];

/// What a statement may cost.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    joins: u64,
    most_joined: u64,
    names: u64,
    /// Calls that may make a text longer in every row.
    growing: u64,
    /// Texts that are joined to others in every row.
    joined_texts: u64,
}

impl Cost {
    /// Of this statement.
    pub(super) fn of(statement: &Statement) -> Self {
        let mut cost = Self::default();
        let _: ControlFlow<()> = walk(statement, |step| {
            match step {
                Step::Select(select) => cost.select(select),
                Step::Expr(expr) => cost.expr(expr),
                _ => {}
            }
            ControlFlow::Continue(())
        });
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
                what: "does not follow aliases that stand for other aliases this often".into(),
                hint: Some("name the inner expressions in a subquery or a WITH clause".into()),
            }
            .into());
        }
        Ok(())
    }

    /// Whether texts may grow in every row, so that the statement must have its share of memory for them.
    pub(super) fn grows_texts(&self) -> bool {
        self.growing > 0
    }

    /// How long a text may become by one function, in bytes, so that all of them together, on all threads, stay inside
    /// `share`, in bytes.
    ///
    /// # Errors
    ///
    /// There are so many that nothing useful would be left for each.
    pub(super) fn longest_text(&self, share: u64, threads: usize) -> Result<u64, Error> {
        let threads = u64::try_from(threads).unwrap_or(u64::MAX).max(1);
        let at_a_time = ROWS_AT_A_TIME.saturating_mul(threads);
        let joined = self.joined_texts.saturating_mul(JOINED_TEXT * at_a_time);
        if joined > share.saturating_mul(2) {
            return Err(EngineLimit {
                what: format!(
                    "has not enough memory to join {} texts in every row",
                    self.joined_texts
                ),
                hint: Some(
                    "join fewer texts; EMBEDDED_MEMORY_LIMIT sets how much memory there is".into(),
                ),
            }
            .into());
        }
        let each = match self.growing {
            0 => return Ok(MAX_TEXT),
            calls => share / at_a_time / calls,
        };
        if each < MIN_TEXT {
            return Err(EngineLimit {
                what: format!(
                    "has not enough memory for {} calls that make texts longer in one statement",
                    self.growing
                ),
                hint: Some(
                    "use fewer calls of REPLACE, REPEAT, LPAD and their like; EMBEDDED_MEMORY_LIMIT sets how much \
                     memory there is"
                        .into(),
                ),
            }
            .into());
        }
        Ok(each.min(MAX_TEXT))
    }
}

impl Cost {
    fn select(&mut self, select: &Select) {
        let joined: u64 = select.from.iter().map(joined).sum();
        self.most_joined = self.most_joined.max(joined);
        self.joins = self.joins.saturating_add(joined.saturating_pow(4));
        self.names = self.names.max(names(select));
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Function(function) if grows(function) => self.growing += 1,
            Expr::Function(function) => self.joined_texts += joins(function),
            Expr::BinaryOp {
                op: BinaryOperator::StringConcat,
                right,
                ..
            } if !matches!(right.as_ref(), Expr::Value(_)) => self.joined_texts += 1,
            _ => {}
        }
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

/// How many names a list of columns has when its aliases are replaced by what they stand for.
fn names(select: &Select) -> u64 {
    let mut known: HashMap<String, u64> = HashMap::new();
    let mut all = 0_u64;
    for item in &select.projection {
        let (expr, alias) = match item {
            SelectItem::UnnamedExpr(expr) => (expr, None),
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias)),
            _ => continue,
        };
        let mut own = 0_u64;
        let _: ControlFlow<()> = expressions(expr, |inner| {
            if let Expr::Identifier(name) = inner {
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
    all
}

/// Whether a call may make a text longer in every row. One of literals alone is made once.
fn grows(function: &Function) -> bool {
    let name = match function.name.0.as_slice() {
        [ObjectNamePart::Identifier(name)] => name.value.to_uppercase(),
        _ => return false,
    };
    if !GROWING.contains(&name.as_str()) {
        return false;
    }
    let FunctionArguments::List(list) = &function.args else {
        return false;
    };
    let literals: Vec<Option<&Value>> = list.args.iter().map(literal).collect();
    if literals.iter().all(Option::is_some) {
        return false;
    }
    match (name.as_str(), literals.as_slice()) {
        // What is put in is no longer than what is taken out.
        ("REPLACE" | "REGEXP_REPLACE", [_, _]) => false,
        ("REPLACE", [_, Some(from), Some(to)]) => length(to) > length(from),
        ("REGEXP_REPLACE", [_, _, Some(to), ..]) => length(to) > Some(0),
        // A few bytes, such as for a number of ten digits.
        ("LPAD" | "RPAD", [_, Some(Value::Number(width, _)), ..])
        | ("SPACE", [Some(Value::Number(width, _))]) => {
            width.to_string().parse().is_ok_and(|width: u64| width > 64)
        }
        _ => true,
    }
}

/// How many texts a call joins to one another, literals aside.
fn joins(function: &Function) -> u64 {
    let is_concat = match function.name.0.as_slice() {
        [ObjectNamePart::Identifier(name)] => {
            ["CONCAT", "CONCAT_WS"].contains(&name.value.to_uppercase().as_str())
        }
        _ => false,
    };
    match &function.args {
        FunctionArguments::List(list) if is_concat => {
            let texts = list.args.iter().filter(|text| literal(text).is_none());
            u64::try_from(texts.count()).unwrap_or(u64::MAX)
        }
        _ => 0,
    }
}

fn literal(argument: &FunctionArg) -> Option<&Value> {
    match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value))) => Some(&value.value),
        _ => None,
    }
}

/// Length of a text literal.
fn length(value: &Value) -> Option<usize> {
    match value {
        Value::SingleQuotedString(text) => Some(text.len()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{self, Tree};

    fn cost(sql: &str) -> Cost {
        let parsed = sql::parse(sql).unwrap();
        let Tree::Statement(statement) = parsed.tree() else {
            panic!("{sql} is a statement");
        };
        Cost::of(statement)
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
        assert_eq!(longest("SELECT REPEAT(x, 2) FROM t"), Some(32768));
        assert_eq!(
            longest("SELECT REPEAT(x, 2), REPLACE(x, 'a', 'bb') FROM t"),
            Some(16384)
        );
        assert_eq!(
            longest("SELECT REPEAT(REPLACE(x, y, z), LENGTH(x)) FROM t"),
            Some(16384)
        );
        let many = vec!["SPLIT(x, y)"; 200].join(", ");
        assert_eq!(longest(&format!("SELECT {many} FROM t")), None);
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
                !cost(&format!("SELECT {call} FROM t")).grows_texts(),
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
                cost(&format!("SELECT {call} FROM t")).grows_texts(),
                "{call}"
            );
        }
    }
}
