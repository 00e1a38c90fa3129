//! The presets of `SQL_POLICY`.

use std::fmt;

use crate::sql::Class;

/// The kinds of statements that may run.
/// Each permits what those before it permit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preset {
    /// Reads.
    #[default]
    ReadOnly,
    /// Reads and changes of rows.
    ReadWrite,
    /// All that makes sense in one call on a session that others use next.
    Admin,
}

/// Completes "… is not allowed here:".
impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadOnly => "this server accepts reads only",
            Self::ReadWrite => "this server accepts reads and changes of rows only",
            Self::Admin => "no policy of this server accepts it",
        })
    }
}

impl Preset {
    pub(super) fn permits(self, class: Class, found: &str) -> bool {
        match (self, class) {
            (_, Class::Read) | (Self::ReadWrite | Self::Admin, Class::Write) => true,
            // Sessions are shared, so one caller's settings would affect the next caller; and a statement that is not
            // understood never runs.
            (Self::ReadOnly | Self::ReadWrite, _)
            | (Self::Admin, Class::SessionChange | Class::Unknown) => false,
            // PUT and GET use files on the server's machine, which callers must neither read nor overwrite.
            (Self::Admin, Class::FileTransfer) => !found
                .split(" ->> ")
                .any(|verb| verb == "PUT" || verb == "GET"),
            (Self::Admin, _) => true,
        }
    }
}
