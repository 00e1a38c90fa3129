//! As whom, and with which role, a session is signed in: what keeps sessions apart.

use std::sync::Arc;

use crate::sql::Identifier;

/// Sessions with the same one may stand for each other; no session ever changes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Login {
    /// The whole identity of a person; none is the service's own user.
    pub(super) person: Option<Arc<str>>,
    /// The role it was opened for; none is the user's own.
    pub(super) role: Option<Identifier>,
}

impl Login {
    /// Whether it is the service's own user.
    pub(super) fn is_service(&self) -> bool {
        self.person.is_none()
    }
}
