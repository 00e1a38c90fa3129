//! What a statement does, decided from its tree. Fails closed: what is not known to be a read is not called one.
//!
//! A tree whose root is a query can still write: `WITH … DELETE`, `FROM (INSERT …)`, `SELECT … INTO`, or a call of a
//! function with effects. So the whole tree is walked, and the list of what a read may contain is the list of what is
//! allowed, not of what is known to be bad.

use std::fmt;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Function, ObjectName, ObjectNamePart, Query, Select, SetExpr, Statement, TableFactor,
    Visit, Visitor,
};

use super::parse::Tree;

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// Reads and nothing else.
    Read,
    /// A query that calls something with an effect: a sequence, a SYSTEM$ function, a function that is billed by use.
    SideEffect,
    /// Changes the session: USE, SET, ALTER SESSION, transactions.
    SessionChange,
    /// Changes rows.
    Write,
    /// Makes, changes or drops objects.
    Ddl,
    /// Changes who may do what.
    AccessControl,
    /// Moves files from or to a stage.
    FileTransfer,
    /// Runs a procedure or a script.
    Procedure,
    /// None of the above for certain.
    Unknown,
}

/// The words a person reads in a refusal.
impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "a read",
            Self::SideEffect => "a query with side effects",
            Self::SessionChange => "a change of the session",
            Self::Write => "a write",
            Self::Ddl => "a change of objects (DDL)",
            Self::AccessControl => "a change of access rights",
            Self::FileTransfer => "a file transfer",
            Self::Procedure => "a procedure or script",
            Self::Unknown => "a statement of a kind that is not known to be a read",
        })
    }
}

pub(super) fn classify(tree: &Tree) -> Class {
    match tree {
        Tree::Show(_) | Tree::Describe(_) => Class::Read,
        Tree::Explain { statement, .. } => classify_statement(statement),
        Tree::Statement(statement) => classify_statement(statement),
    }
}

fn classify_statement(statement: &Statement) -> Class {
    match statement {
        Statement::Query(_) => classify_query(statement),
        Statement::List(_) => Class::Read,
        Statement::Use(_)
        | Statement::Set(_)
        | Statement::AlterSession { .. }
        | Statement::StartTransaction { .. }
        | Statement::Commit { .. }
        | Statement::Rollback { .. } => Class::SessionChange,
        Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Delete(_)
        | Statement::Merge(_)
        | Statement::Truncate(_) => Class::Write,
        Statement::CopyIntoSnowflake { .. } | Statement::Put { .. } | Statement::Remove(_) => {
            Class::FileTransfer
        }
        Statement::Grant(_) | Statement::Revoke(_) | Statement::Deny(_) => Class::AccessControl,
        Statement::Call(_) | Statement::Execute { .. } => Class::Procedure,
        Statement::Drop { .. }
        | Statement::CreateTable(_)
        | Statement::CreateView(_)
        | Statement::CreateSchema { .. }
        | Statement::CreateDatabase { .. }
        | Statement::CreateStage { .. }
        | Statement::CreateFunction(_)
        | Statement::CreateProcedure { .. }
        | Statement::CreateSequence { .. }
        | Statement::AlterTable(_)
        | Statement::AlterView { .. }
        | Statement::Comment { .. } => Class::Ddl,
        _ => Class::Unknown,
    }
}

fn classify_query(statement: &Statement) -> Class {
    let mut walk = Walk { statements: 0 };
    match statement.visit(&mut walk) {
        ControlFlow::Continue(()) => Class::Read,
        ControlFlow::Break(class) => class,
    }
}

/// Stops at the first thing a read may not contain.
struct Walk {
    statements: usize,
}

impl Visitor for Walk {
    type Break = Class;

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<Class> {
        self.statements += 1;
        // The first is the query itself; any other is an INSERT, UPDATE, DELETE or MERGE in the place of a subquery.
        if self.statements > 1 {
            ControlFlow::Break(inner_class(statement))
        } else {
            ControlFlow::Continue(())
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Class> {
        let is_plain = query.locks.is_empty()
            && query.for_clause.is_none()
            && query.settings.is_none()
            && query.format_clause.is_none()
            && query.pipe_operators.is_empty();
        if is_plain && is_plain_body(&query.body) {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(Class::Unknown)
        }
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Class> {
        if select.into.is_some() {
            ControlFlow::Break(Class::Ddl)
        } else {
            ControlFlow::Continue(())
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Class> {
        match expr {
            Expr::Function(Function { name, .. }) => judge_call(name),
            Expr::CompoundIdentifier(parts) => match parts.last() {
                Some(last)
                    if last.quote_style.is_none() && last.value.eq_ignore_ascii_case("nextval") =>
                {
                    ControlFlow::Break(Class::SideEffect)
                }
                _ => ControlFlow::Continue(()),
            },
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Class> {
        match factor {
            TableFactor::Table {
                name,
                args: Some(_),
                ..
            }
            | TableFactor::Function { name, .. } => judge_call(name),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// The class of a statement that stands where a subquery should.
fn inner_class(statement: &Statement) -> Class {
    match classify_statement(statement) {
        Class::Read => Class::Unknown,
        class => class,
    }
}

fn is_plain_body(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => true,
        SetExpr::SetOperation { left, right, .. } => is_plain_body(left) && is_plain_body(right),
        // The walk meets the statement inside and says what it is.
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => true,
        SetExpr::Table(_) => false,
    }
}

/// SYSTEM$ functions that only report. All others are taken to have an effect.
const HARMLESS_SYSTEM_FUNCTIONS: [&str; 9] = [
    "SYSTEM$TYPEOF",
    "SYSTEM$CLUSTERING_DEPTH",
    "SYSTEM$CLUSTERING_INFORMATION",
    "SYSTEM$ESTIMATE_SEARCH_OPTIMIZATION_COSTS",
    "SYSTEM$EXPLAIN_JSON_TO_TEXT",
    "SYSTEM$EXPLAIN_PLAN_JSON",
    "SYSTEM$GET_TAG",
    "SYSTEM$LAST_CHANGE_COMMIT_TIME",
    "SYSTEM$PIPE_STATUS",
];

fn judge_call(name: &ObjectName) -> ControlFlow<Class> {
    let mut parts = name.0.iter().rev().map(|part| match part {
        ObjectNamePart::Identifier(ident) => ident.value.to_uppercase(),
        ObjectNamePart::Function(function) => function.name.value.to_uppercase(),
    });
    let function = parts.next().unwrap_or_default();
    let schema = parts.next().unwrap_or_default();
    let has_effect = if function.starts_with("SYSTEM$") {
        !HARMLESS_SYSTEM_FUNCTIONS.contains(&function.as_str())
    } else {
        // Sequences move on; the functions of the CORTEX schema and their AI_ successors are billed by the token.
        matches!(function.as_str(), "GETNEXTVAL" | "NEXTVAL")
            || schema == "CORTEX"
            || function.starts_with("AI_")
    };
    if has_effect {
        ControlFlow::Break(Class::SideEffect)
    } else {
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::{Error, parse};
    use super::*;

    fn class(sql: &str) -> Class {
        parse(sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
            .class()
    }

    #[test]
    fn plain_reads_are_reads() {
        for sql in [
            "select 1",
            "SELECT 1;",
            "-- note\nSELECT 1 /* x */ ;",
            "(SELECT 1) UNION ALL (SELECT 2)",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "VALUES (1), (2)",
            "SELECT a FROM t MINUS SELECT b FROM u",
            "SELECT f.value FROM t, LATERAL FLATTEN(input => t.v) f",
            "SELECT * FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))",
            "SELECT SYSTEM$TYPEOF(1)",
            "SHOW TABLES",
            "SHOW GRANTS TO ROLE ANALYST",
            "DESC TABLE orders",
            "DESCRIBE VIEW a.b.c",
            "EXPLAIN SELECT 1",
            "EXPLAIN USING JSON SELECT 1",
            "LIST @stage",
        ] {
            assert_eq!(class(sql), Class::Read, "{sql}");
        }
    }

    #[test]
    fn a_query_at_the_root_does_not_hide_what_is_inside() {
        for (sql, expected) in [
            (
                "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
                Class::Write,
            ),
            ("WITH a AS (DELETE FROM t) SELECT 1", Class::Write),
            ("SELECT 1 INTO t", Class::Ddl),
            ("SELECT * FROM t FOR UPDATE", Class::Unknown),
            ("SELECT SYSTEM$CANCEL_QUERY('x')", Class::SideEffect),
            ("SELECT system$abort_session(1)", Class::SideEffect),
            ("SELECT seq.NEXTVAL", Class::SideEffect),
            ("SELECT db.s.seq.nextval FROM t", Class::SideEffect),
            (
                "SELECT SNOWFLAKE.CORTEX.COMPLETE('m', 'p')",
                Class::SideEffect,
            ),
            ("SELECT * FROM TABLE(GETNEXTVAL(s))", Class::SideEffect),
            ("EXPLAIN DELETE FROM t", Class::Write),
        ] {
            assert_eq!(class(sql), expected, "{sql}");
        }
    }

    #[test]
    fn everything_else_has_its_class_and_is_no_read() {
        for (sql, expected) in [
            ("INSERT INTO t VALUES (1)", Class::Write),
            ("UPDATE t SET a = 1", Class::Write),
            ("DELETE FROM t", Class::Write),
            (
                "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
                Class::Write,
            ),
            ("TRUNCATE TABLE t", Class::Write),
            ("CREATE TABLE t (a INT)", Class::Ddl),
            ("CREATE OR REPLACE VIEW v AS SELECT 1", Class::Ddl),
            ("DROP TABLE t", Class::Ddl),
            ("ALTER TABLE t ADD COLUMN b INT", Class::Ddl),
            ("USE DATABASE x", Class::SessionChange),
            ("ALTER SESSION SET QUERY_TAG = 'a'", Class::SessionChange),
            ("SET a = 1", Class::SessionChange),
            ("BEGIN", Class::SessionChange),
            ("COMMIT", Class::SessionChange),
            ("GRANT SELECT ON t TO ROLE r", Class::AccessControl),
            ("CALL p()", Class::Procedure),
            (
                "EXECUTE IMMEDIATE $$ BEGIN DROP TABLE t; END $$",
                Class::Procedure,
            ),
            ("COPY INTO t FROM @stage", Class::FileTransfer),
            ("REMOVE @stage", Class::FileTransfer),
        ] {
            assert_eq!(class(sql), expected, "{sql}");
        }
    }

    #[test]
    fn what_cannot_be_read_without_doubt_is_refused() {
        let refused = |sql: &str| parse(sql).expect_err(sql);
        assert!(matches!(refused(""), Error::Empty));
        assert!(matches!(refused(" ; -- nothing\n"), Error::Empty));
        assert!(matches!(
            refused("SELECT 1; SELECT 2"),
            Error::SeveralStatements
        ));
        assert!(matches!(
            refused("SELECT 1; DROP TABLE t"),
            Error::SeveralStatements
        ));
        assert!(matches!(
            refused("SELECT $a$ ; DROP TABLE t $a$"),
            Error::Ambiguous { .. }
        ));
        assert!(matches!(
            refused("SELECT 1 # ; DROP TABLE t"),
            Error::Ambiguous { .. } | Error::Syntax(_)
        ));
        assert!(matches!(
            refused("SELECT 1 -- x\rDROP TABLE t"),
            Error::Ambiguous { .. }
        ));
        assert!(matches!(
            refused("SEL\u{200b}ECT 1"),
            Error::Ambiguous { .. }
        ));
        assert!(matches!(
            refused("SHOW TABLES ->> DELETE FROM t"),
            Error::Ambiguous { .. }
        ));
        assert!(matches!(
            refused("SHOW TABLES; DROP TABLE t"),
            Error::SeveralStatements
        ));
        assert!(matches!(refused("not sql at all"), Error::Syntax(_)));
        assert!(matches!(
            refused(&"(".repeat(5000)),
            Error::TooDeep | Error::Syntax(_)
        ));
        assert!(matches!(
            refused(&"x".repeat(100_000)),
            Error::TooLong { .. }
        ));
    }

    #[test]
    fn a_long_chain_of_operators_is_read_and_dropped_on_the_stack_of_the_query_runtime() {
        let chain = format!("SELECT 1 WHERE {}", vec!["a"; 10_000].join(" OR "));
        let reader = std::thread::Builder::new()
            .stack_size(8 << 20)
            .spawn(move || parse(&chain).map(|p| p.class()));
        assert!(
            reader.unwrap().join().is_ok(),
            "the stack must hold the deepest tree the byte limit allows"
        );
    }
}
