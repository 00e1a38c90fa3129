//! What a cloud tells the processes it runs: who they are, and where to ask. Not ours to name, check or document; signing
//! in by workload identity reads it.

use std::collections::BTreeMap;
use std::fmt;

/// The variables of Amazon's SDKs and of Azure's identity endpoint, as they were found.
#[derive(Clone, Default)]
pub struct Cloud(BTreeMap<String, String>);

impl Cloud {
    /// Picks them from all variables.
    pub(super) fn pick(vars: &BTreeMap<String, String>) -> Self {
        let is_cloud = |name: &str| name.starts_with("AWS_") || name.starts_with("IDENTITY_");
        let picked = vars.iter().filter(|(name, _)| is_cloud(name));
        Self(picked.map(|(k, v)| (k.clone(), v.clone())).collect())
    }

    /// One that is set to something.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?.as_str();
        (!value.is_empty()).then_some(value)
    }

    /// All of them, by name.
    #[must_use]
    pub fn vars(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

/// Names only: some of the values are keys.
impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
