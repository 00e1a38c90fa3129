//! Memory for long texts. The engine makes texts for 2,048 rows at a time, outside its memory limit, and looks for an
//! interruption only when all of them are made: one text of 2 MB joined to a column of each row takes 4 GB before
//! anything can stop it.
//!
//! So where a statement can make long texts at all, none may become longer than what leaves room for 2,048 of them on
//! every thread, at every place that makes one. What makes them longer obeys that: see `sf_longest` in macros.sql.

mod calls;

use std::ops::ControlFlow;

pub(in super::super) use self::calls::{INTO_TEXT, INTO_VALUE};
use self::calls::{
    LISTING, OF_A_LIST, PLAIN, gathers, grows, joins, made_of_literals, name, others,
};
use crate::sql::ast::{
    BinaryOperator, DataType, Expr, Function, GroupByExpr, ObjectName, ObjectNamePart, OrderByKind,
    Query, Select, SetExpr, TableFactor, Value, With,
};
use crate::sql::walk::{Step, walk};
use crate::warehouse::{EngineLimit, Error};

/// Rows that the engine works on at a time.
const ROWS_AT_A_TIME: u64 = 2048;

/// The longest text that a function may make longer than its arguments, in bytes.
const MAX_TEXT: u64 = 64 << 10;

/// The shortest limit that is of any use. Statements that would get less are refused.
const MIN_TEXT: u64 = 256;

/// What a text that is joined to others is taken to have, in bytes.
const JOINED_TEXT: u64 = 64;

/// A literal or parameter of more bytes is a long text.
const LONG_LITERAL: usize = 1024;

/// Joins of texts that may stand on one another before the text is long: each doubles it at most.
const MAX_DOUBLINGS: u64 = 8;

/// What a statement may do with texts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Texts {
    /// Places that make a text, or copy one, for every row.
    made: u64,
    /// Calls that may make a text longer in every row.
    growing: u64,
    /// Texts that are joined to others in every row.
    joined: u64,
    /// Values that are put into longer ones in every row.
    enclosed: u64,
    /// Calls that make one text of many, where it is used further.
    gathered: u64,
    /// The longest literal, in bytes.
    longest_literal: usize,
    /// Values of many parts put into one another: what quotes a text doubles it.
    quoted: u64,
    /// How deep in the arguments of table functions the walk is: they are made once.
    in_table: u64,
    /// Whether a query reads its own rows.
    is_recursive: bool,
    /// Whether there are rows to read.
    has_rows: bool,
    selects: u64,
    /// Whether a column is used by its alias in other columns.
    has_aliases: bool,
    /// How deep in queries the walk is.
    depth: u64,
}

impl Texts {
    /// Whether texts may become so long that their length must be watched.
    pub(super) fn are_long(&self) -> bool {
        let doubled = self.joined + self.enclosed;
        self.growing > 0
            || self.gathered > 0
            || self.quoted > MAX_DOUBLINGS
            || (self.is_recursive && doubled > 0)
            || ((self.selects > 1 || self.has_aliases) && doubled > MAX_DOUBLINGS)
            || (self.has_rows && self.longest_literal > LONG_LITERAL)
    }

    /// How long a text may become, in bytes, so that all of them together, on all threads, stay inside `share`, in bytes.
    ///
    /// # Errors
    ///
    /// There are so many that nothing useful would be left for each.
    pub(super) fn longest(&self, share: u64, threads: usize) -> Result<u64, Error> {
        let threads = u64::try_from(threads).unwrap_or(u64::MAX).max(1);
        let at_a_time = ROWS_AT_A_TIME.saturating_mul(threads);
        let joined = self.joined.saturating_mul(JOINED_TEXT * at_a_time);
        if joined > share.saturating_mul(2) {
            return Err(refused(
                format!(
                    "has not enough memory to join {} texts in every row",
                    self.joined
                ),
                "join fewer texts",
            ));
        }
        if !self.are_long() {
            return Ok(MAX_TEXT);
        }
        let made = self.made.max(1);
        let each = share / at_a_time / made;
        if each < MIN_TEXT {
            return Err(refused(
                format!(
                    "has not enough memory for {made} calls that make texts in one statement that can make long ones"
                ),
                "use fewer calls, or long texts (REPEAT, REPLACE, LPAD, LISTAGG, long literals) in a statement of their own",
            ));
        }
        let literal = u64::try_from(self.longest_literal).unwrap_or(u64::MAX);
        let all = literal.saturating_mul(ROWS_AT_A_TIME).saturating_mul(made);
        if self.has_rows && self.longest_literal > LONG_LITERAL && all > share.saturating_mul(2) {
            return Err(refused(
                format!(
                    "has not enough memory for a text of {literal} bytes in a statement that reads rows"
                ),
                "shorten the text, or use it in fewer places",
            ));
        }
        Ok(each.min(MAX_TEXT))
    }

    /// A parameter is a literal.
    pub(super) fn see_parameter(&mut self, bytes: usize) {
        self.longest_literal = self.longest_literal.max(bytes);
    }

    pub(super) fn see_value(&mut self, value: &Value) {
        if self.in_table > 0 {
            return;
        }
        self.longest_literal = self.longest_literal.max(written(value));
    }

    pub(super) fn enter(&mut self, query: &Query) {
        if self.depth == 0 {
            // What is handed out is copied once more, from the engine's vectors to ours.
            let columns = match query.body.as_ref() {
                SetExpr::Select(select) => select.projection.len(),
                _ => 1,
            };
            self.made = count(columns);
        }
        if let Some(order) = &query.order_by {
            self.made += match &order.kind {
                OrderByKind::Expressions(keys) => count(keys.len()),
                OrderByKind::All(_) => 1,
            };
        }
        self.depth += 1;
        self.is_recursive |= query.with.as_ref().is_some_and(is_recursive);
    }

    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    pub(super) fn see_select(&mut self, select: &Select) {
        self.selects += 1;
        // A hierarchy is a recursion.
        self.is_recursive |= !select.connect_by.is_empty();
        // What rows are compared by is copied.
        self.made += match &select.group_by {
            GroupByExpr::Expressions(keys, _) => count(keys.len()),
            GroupByExpr::All(_) => count(select.projection.len()),
        };
        if select.distinct.is_some() {
            self.made += count(select.projection.len());
        }
    }

    /// Aliases that stand for the expressions of others are made once more for each use.
    pub(super) fn see_aliases(&mut self, uses: u64) {
        self.has_aliases |= uses > 0;
        self.made = self.made.saturating_add(uses);
    }

    pub(super) fn see_table(&mut self, table: &TableFactor) {
        self.has_rows = true;
        if is_function(table) {
            self.made += 1;
            self.in_table += 1;
        }
    }

    pub(super) fn leave_table(&mut self, table: &TableFactor) {
        self.in_table -= u64::from(is_function(table));
    }

    pub(super) fn see(&mut self, expr: &Expr) {
        match expr {
            Expr::Function(function) => self.see_call(function),
            Expr::BinaryOp {
                op: BinaryOperator::StringConcat,
                left,
                right,
            } => {
                let is_joined = !matches!(right.as_ref(), Expr::Value(_));
                self.joined += u64::from(is_joined);
                // A chain is joined at once.
                let is_inner = matches!(
                    left.as_ref(),
                    Expr::BinaryOp {
                        op: BinaryOperator::StringConcat,
                        ..
                    }
                );
                self.made += u64::from(!is_inner);
            }
            Expr::Cast { data_type, .. } => self.made += u64::from(!is_short(data_type)),
            Expr::Substring { .. } | Expr::Trim { .. } => self.made += 1,
            Expr::Array(_) | Expr::Dictionary(_) => {
                self.made += 1;
                self.enclosed += 1;
            }
            // Its body is computed for each element, as a column is for each row.
            Expr::Lambda(lambda) => self.has_rows |= holds_a_long_text(&lambda.body),
            _ => {}
        }
    }

    fn see_call(&mut self, function: &Function) {
        let Some(name) = name(function) else {
            self.made += 1;
            return;
        };
        let name = name.as_str();
        self.growing += u64::from(grows(function));
        self.joined += joins(function);
        if gathers(function, name) && (self.depth > 1 || function.over.is_some()) {
            self.gathered += 1;
        }
        if INTO_TEXT.contains(&name) || INTO_VALUE.contains(&name) || name == "TO_VARIANT" {
            self.enclosed += others(function);
            self.quoted += 1;
        }
        if self.in_table == 0 {
            self.longest_literal = self.longest_literal.max(made_of_literals(function, name));
        }
        self.made += if PLAIN.contains(&name) {
            0
        } else if LISTING.contains(&name) {
            OF_A_LIST
        } else {
            1
        };
    }
}

/// Whether a long text stands in an expression, or a parameter, which may be one.
fn holds_a_long_text(expr: &Expr) -> bool {
    walk(expr, |step| {
        let bytes = match step {
            Step::Value(value) => match &value.value {
                Value::Placeholder(_) => usize::MAX,
                other => written(other),
            },
            Step::Expr(Expr::Function(call)) => {
                name(call).map_or(0, |name| made_of_literals(call, &name))
            }
            _ => 0,
        };
        if bytes > LONG_LITERAL {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })
    .is_break()
}

/// The bytes of a literal that is a text.
fn written(value: &Value) -> usize {
    match value {
        Value::SingleQuotedString(text) | Value::HexStringLiteral(text) => text.len(),
        Value::DollarQuotedString(text) => text.value.len(),
        _ => 0,
    }
}

fn refused(what: String, hint: &str) -> Error {
    EngineLimit {
        what,
        hint: Some(format!(
            "{hint}; EMBEDDED_MEMORY_LIMIT sets how much memory there is"
        )),
    }
    .into()
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}

/// Whether a table of a WITH clause reads itself. The word RECURSIVE may be left out.
fn is_recursive(with: &With) -> bool {
    with.cte_tables.iter().any(|table| {
        let own = &table.alias.name.value;
        walk(&table.query, |step| match step {
            Step::Relation(relation) if is_called(relation, own) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })
        .is_break()
    })
}

fn is_called(relation: &ObjectName, own: &str) -> bool {
    match relation.0.as_slice() {
        [ObjectNamePart::Identifier(name)] => name.value.eq_ignore_ascii_case(own),
        _ => false,
    }
}

/// Types whose values are short.
fn is_short(data_type: &DataType) -> bool {
    let name = data_type.to_string().to_uppercase();
    [
        "BOOL", "DATE", "DEC", "DOUBLE", "FLOAT", "INT", "NUM", "REAL", "TIME", "BIGINT",
        "SMALLINT", "TINYINT",
    ]
    .iter()
    .any(|short| name.starts_with(short))
}

/// A table that is a call.
fn is_function(table: &TableFactor) -> bool {
    matches!(
        table,
        TableFactor::Table { args: Some(_), .. }
            | TableFactor::Function { .. }
            | TableFactor::TableFunction { .. }
    )
}
