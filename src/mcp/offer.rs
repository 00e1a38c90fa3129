//! The tools and prompts that this server offers. A new offer replaces the old one when the operator's file changes.

use std::sync::{Arc, PoisonError, RwLock};

use super::lists::Lists;
use super::prompts::{Prompt, built_in};
use super::tools::Registry;
use crate::identity::Caller;

/// Tools and prompts.
pub struct Offer {
    /// The tools that are switched on.
    pub tools: Registry,
    /// The prompts that can be used with them.
    pub prompts: Vec<Prompt>,
    /// The list of tools as it is sent.
    pub(super) lists: Lists,
}

impl From<Registry> for Offer {
    /// These tools, and those of our own prompts whose tools are among them.
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
    /// The prompts that a caller can use with its tools.
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
    /// The offer in force. A call keeps the offer that it began with.
    #[must_use]
    pub fn now(&self) -> Arc<Offer> {
        // A poisoned lock still holds a whole offer: it is replaced in one step.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the offer.
    pub fn replace(&self, offer: Offer) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(offer);
    }
}
