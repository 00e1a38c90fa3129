//! What this server offers: tools and prompts. Another offer takes its place when the operator's file has changed.

use std::sync::{Arc, PoisonError, RwLock};

use super::lists::Lists;
use super::prompts::{Prompt, built_in};
use super::tools::Registry;
use crate::identity::Caller;

/// Tools and prompts.
pub struct Offer {
    /// The tools that are switched on.
    pub tools: Registry,
    /// The prompts that make sense with them.
    pub prompts: Vec<Prompt>,
    /// The list of tools as it is sent.
    pub(super) lists: Lists,
}

impl From<Registry> for Offer {
    /// These tools and our own prompts, as far as the tools are there that they name.
    fn from(tools: Registry) -> Self {
        let has_all = |prompt: &Prompt| prompt.needs.iter().all(|name| tools.get(name).is_some());
        let prompts = built_in().into_iter().filter(has_all).collect();
        Self {
            tools,
            prompts,
            lists: Lists::default(),
        }
    }
}

impl Offer {
    /// The prompts that make sense with the tools of a caller.
    pub(super) fn prompts_of(&self, caller: &Caller) -> impl Iterator<Item = &Prompt> {
        let granted = self.tools.granted_to(caller);
        let has_all = move |prompt: &&Prompt| prompt.needs.iter().all(|name| granted.has(name));
        self.prompts.iter().filter(has_all)
    }

    /// The same and these prompts.
    #[must_use]
    pub fn with_prompts(mut self, prompts: Vec<Prompt>) -> Self {
        self.prompts.extend(prompts);
        self
    }
}

/// The offer in force.
pub struct Offered(RwLock<Arc<Offer>>);

impl From<Offer> for Offered {
    fn from(offer: Offer) -> Self {
        Self(RwLock::new(Arc::new(offer)))
    }
}

impl Offered {
    /// The offer as it is now. A call that has begun goes on with the one it began with.
    #[must_use]
    pub fn now(&self) -> Arc<Offer> {
        // Whoever panicked while it held the lock had put a whole offer there, or none.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another one in its place.
    pub fn replace(&self, offer: Offer) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(offer);
    }
}
