//! What the metrics count of a query.

use std::ops::ControlFlow;

use super::{Error, TruncationReason};
use crate::policy::{ApprovedStatement, Refusal};
use crate::sql::walk::{Step, walk};
use crate::sql::{Parsed, Tree};
use crate::telemetry::metrics::labels::{Cut, Verdict};

/// The rule that decided.
pub(super) fn verdict(judged: &Result<ApprovedStatement, Error>) -> Verdict {
    match judged {
        Ok(_) => Verdict::Approved,
        Err(Error::Unreadable(_)) => Verdict::Unreadable,
        Err(Error::Refused(Refusal::Kind { .. })) => Verdict::Kind,
        Err(Error::Refused(Refusal::Function { .. })) => Verdict::Function,
        Err(Error::Refused(Refusal::Database { .. })) => Verdict::Database,
        Err(Error::Refused(Refusal::Statement { .. })) => Verdict::Statement,
        Err(Error::Refused(Refusal::SideEffect { .. })) => Verdict::SideEffect,
        Err(Error::Refused(Refusal::Object { .. })) => Verdict::Object,
        Err(Error::Refused(Refusal::Role { .. })) => Verdict::Role,
        Err(Error::Refused(Refusal::Warehouse { .. })) => Verdict::Warehouse,
        Err(Error::Refused(Refusal::Unresolved { .. })) => Verdict::Unresolved,
        Err(_) => Verdict::Other,
    }
}

/// Tables and views that a statement names, as written. None for statements that could not be parsed into a tree.
pub(super) fn objects(parsed: &Parsed) -> Vec<String> {
    let (Tree::Statement(statement) | Tree::Explain { statement, .. }) = parsed.tree() else {
        return Vec::new();
    };
    let mut names = std::collections::BTreeSet::new();
    let _: ControlFlow<()> = walk(statement, |step| {
        if let Step::Relation(name) = step {
            names.insert(name.to_string());
        }
        ControlFlow::Continue(())
    });
    names.into_iter().collect()
}

impl From<TruncationReason> for Cut {
    fn from(reason: TruncationReason) -> Self {
        match reason {
            TruncationReason::Rows => Self::Rows,
            TruncationReason::Bytes => Self::Bytes,
            TruncationReason::Listing => Self::Listing,
        }
    }
}
