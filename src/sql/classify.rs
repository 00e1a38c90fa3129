//! What a statement does, decided from its tree. Fails closed: what is not known to be a read is not called one.
//!
//! A tree whose root is a query can still write: `WITH … DELETE`, `FROM (INSERT …)`, `SELECT … INTO`, or a call of a
//! function with effects. So the whole tree is walked, and the list of what a read may contain is the list of what is
//! allowed, not of what is known to be bad. The words are asked as well (`proof`, `calls`), and a query is a read only
//! when nobody objects.

use std::ops::ControlFlow;

use sqlparser::ast::{Query, SetExpr, Statement};

use super::calls::FunctionCall;
use super::class::Class;
use super::walk::{self, Step};

/// A class, and what in the statement led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) class: Class,
    /// In the words of SQL, as in "found: DELETE".
    pub(super) found: String,
}

impl Verdict {
    pub(super) fn new(class: Class, found: impl Into<String>) -> Self {
        Self {
            class,
            found: found.into(),
        }
    }

    pub(super) fn read() -> Self {
        Self::new(Class::Read, "")
    }

    /// The verdict on a statement that makes these calls. Writes may draw numbers from a sequence, that is what it is for.
    pub(super) fn with_calls(self, calls: &[FunctionCall]) -> Self {
        let is_write = self.class == Class::Write;
        if self.class != Class::Read && !is_write {
            return self;
        }
        let effect = calls
            .iter()
            // An INSERT may number its rows; in a query, NEXTVAL uses up numbers for nothing.
            .filter(|call| !(is_write && call.function() == "NEXTVAL"))
            .find(|call| call.has_effect());
        match effect {
            Some(call) => Self::new(Class::SideEffect, call.to_string()),
            None => self,
        }
    }
}

/// The verdict on the tree of a query; for other statements their first words decide.
pub(super) fn of_query(statement: &Statement) -> Verdict {
    // The first words say that it is a query, and the parser says that it is not: Snowflake might agree with either.
    if !matches!(statement, Statement::Query(_)) {
        return Verdict::new(Class::Unknown, "a statement that is read in two ways");
    }
    let mut seen = Walk { statements: 0 };
    match walk::walk(statement, |step| seen.step(step)) {
        ControlFlow::Continue(()) => Verdict::read(),
        ControlFlow::Break(verdict) => verdict,
    }
}

/// Stops at the first thing a read may not contain.
struct Walk {
    statements: usize,
}

impl Walk {
    fn step(&mut self, step: Step<'_>) -> ControlFlow<Verdict> {
        match step {
            Step::Statement(statement) => self.statement(statement),
            Step::Query(query) => of_clauses(query),
            Step::Select(select) if select.into.is_some() => {
                ControlFlow::Break(Verdict::new(Class::Ddl, "SELECT … INTO"))
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn statement(&mut self, statement: &Statement) -> ControlFlow<Verdict> {
        self.statements += 1;
        // The first is the query itself; any other is an INSERT, UPDATE, DELETE or MERGE in the place of a subquery.
        if self.statements == 1 {
            return ControlFlow::Continue(());
        }
        let verb = match statement {
            Statement::Insert(_) => "INSERT",
            Statement::Update(_) => "UPDATE",
            Statement::Delete(_) => "DELETE",
            Statement::Merge(_) => "MERGE",
            _ => {
                let what = "a statement in the place of a subquery";
                return ControlFlow::Break(Verdict::new(Class::Unknown, what));
            }
        };
        ControlFlow::Break(Verdict::new(Class::Write, verb))
    }
}

fn of_clauses(query: &Query) -> ControlFlow<Verdict> {
    let unknown = |what| ControlFlow::Break(Verdict::new(Class::Unknown, what));
    // A lock is an effect on others, although no row is changed.
    if !query.locks.is_empty() {
        return unknown("FOR UPDATE");
    }
    if query.for_clause.is_some()
        || query.settings.is_some()
        || query.format_clause.is_some()
        || !query.pipe_operators.is_empty()
        || !is_plain_body(&query.body)
    {
        return unknown("a clause that Snowflake does not have");
    }
    ControlFlow::Continue(())
}

/// A loop over the left side: a chain of thousands of UNIONs is that deep.
pub(super) fn is_plain_body(body: &SetExpr) -> bool {
    let mut body = body;
    loop {
        match body {
            SetExpr::SetOperation { left, right, .. } => {
                // The right side is recursive on purpose: only brackets make it deep, and their
                // depth is limited before parsing.
                if !is_plain_body(right) {
                    return false;
                }
                body = left;
            }
            SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => return true,
            // The walk meets the statement inside and says what it is.
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                return true;
            }
            // `TABLE t` is not Snowflake's, so what it would mean there is not known.
            SetExpr::Table(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::Error;
    use super::super::parse::parse;
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
            // Of neither does the parser make a tree.
            ("WITH a AS (SELECT 1) USE ROLE r", Class::SessionChange),
            ("WITH a AS (SELECT 1) COMMIT", Class::SessionChange),
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
    fn a_table_in_the_place_of_a_query_is_no_read_on_either_side() {
        for sql in ["TABLE t", "SELECT a FROM t UNION ALL TABLE t"] {
            let is_read = parse(sql).is_ok_and(|parsed| parsed.class() == Class::Read);
            assert!(!is_read, "{sql}");
        }
    }

    #[test]
    fn the_flow_operator_joins_whole_statements() {
        let inside = parse("SELECT (SELECT 1 ->> SELECT 2)");
        assert!(matches!(inside, Err(Error::Ambiguous { .. })), "{inside:?}");
        // The result of the step before is a table behind JOIN as well.
        let joined = parse("SHOW TABLES ->> SELECT * FROM d.s.t JOIN $1 ON TRUE").unwrap();
        assert!(joined.references().is_ok(), "{:?}", joined.references());
    }

    #[test]
    fn joins_that_wait_for_their_on_are_as_deep_as_brackets() {
        let nested = |joins: usize| {
            let on = " ON TRUE".repeat(joins);
            parse(&format!("SELECT * FROM a{}{on}", " JOIN b".repeat(joins)))
        };
        assert!(nested(16).is_ok());
        assert!(matches!(nested(17), Err(Error::TooDeep)));
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
            refused("SHOW TABLES; DROP TABLE t"),
            Error::SeveralStatements
        ));
        assert!(matches!(refused("not sql at all"), Error::Syntax(_)));
        assert!(matches!(
            refused(&"(".repeat(5000)),
            Error::TooDeep | Error::Syntax(_)
        ));
        assert!(matches!(
            refused(&"x".repeat(1_100_000)),
            Error::TooLong { .. }
        ));
    }
}
