//! Which grant a token has, by its claims.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::file::RuleEntry;
use super::grant::Grant;

/// A rule with its grant.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    issuer: Option<String>,
    scopes: Vec<String>,
    claims: Vec<(String, Vec<String>)>,
    grant: Arc<Grant>,
}

impl Rule {
    pub(super) fn new(entry: RuleEntry, grant: Arc<Grant>) -> Self {
        Self {
            issuer: entry.issuer,
            scopes: entry.scopes,
            claims: entry.claims.into_iter().collect(),
            grant,
        }
    }

    fn fits(&self, issuer: &str, scopes: &BTreeSet<String>, claims: &Map<String, Value>) -> bool {
        self.issuer.as_deref().is_none_or(|own| own == issuer)
            && self.scopes.iter().all(|scope| scopes.contains(scope))
            && self
                .claims
                .iter()
                .all(|(name, values)| claims.get(name).is_some_and(|claim| has_any(claim, values)))
    }
}

/// The grant of the first rule that fits.
pub(super) fn grant_of(
    rules: &[Rule],
    issuer: &str,
    scopes: &BTreeSet<String>,
    claims: &Map<String, Value>,
) -> Option<Arc<Grant>> {
    let rule = rules
        .iter()
        .find(|rule| rule.fits(issuer, scopes, claims))?;
    Some(Arc::clone(&rule.grant))
}

/// Whether a claim is one of the values, or a list that contains one. Compared exactly: no patterns, no change of case.
fn has_any(claim: &Value, values: &[String]) -> bool {
    let is_one = |text: &str| values.iter().any(|value| value == text);
    match claim {
        Value::String(text) => is_one(text),
        Value::Array(items) => items.iter().filter_map(Value::as_str).any(is_one),
        _ => false,
    }
}
