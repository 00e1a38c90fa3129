//! Statements as text and tree: what is this statement, and which names does it use?
//!
//! Pure functions over text; no room below, nothing here waits or reads a setting. Start at [`parse`](fn@parse), which
//! turns one statement into a [`Parsed`] with its [`Class`]; `classify` holds the rules for what counts as a read.
//!
//! Two readers share the work. The `sqlparser` crate reads queries into a tree. Snowflake's SHOW and DESCRIBE have more
//! forms than that crate knows, and are simple enough to read from tokens: [`show`].
//!
//! The way of a text: `cleaning` takes off what models put around it, `lexis` refuses what could be read in two ways, `steps` splits it at `->>` and reads each part,
//! `heads` says what begins so, `classify` goes over the tree of a query (`walk`), `proof` and `calls` look at its words besides.
//! `references` tells what a statement touches, `kinds` what it is called in lists of statements.
//!
//! `template` finds the names in statements that an operator writes.
//!
//! What went wrong is explained with `spelling` and `foreign`, other databases' ways of writing, and with `nearest` names.

mod builtins;
mod calls;
mod class;
mod classify;
mod cleaning;
#[cfg(test)]
mod corpus;
mod effects;
mod error;
pub mod foreign;
mod heads;
#[cfg(test)]
mod hostile;
pub mod identifier;
mod kinds;
mod lexis;
mod nearest;
mod parse;
mod places;
mod proof;
mod references;
mod semantic_views;
pub mod show;
mod show_reader;
pub mod slips;
mod sources;
mod spans;
pub mod spelling;
mod stack;
mod steps;
mod template;
mod tree;
pub mod unread;
pub mod walk;

pub use calls::FunctionCall;
pub use class::Class;
#[cfg(feature = "embedded")]
pub(crate) use cleaning::FROM_LAST;
pub use error::{Error, MAX_STATEMENT_BYTES, SMALL_STATEMENT_BYTES};
pub use identifier::{Identifier, NameError, QualifiedName, literal};
pub use kinds::{KindPattern, NoKind, StatementKind};
pub use nearest::nearest;
pub use parse::{Parsed, cleaned, parse, qualified_name};
pub use references::{Listing, Part, Reference, RowName, Unresolved};
pub use sources::TableSource;
#[cfg(feature = "embedded")]
pub(crate) use stack::with_room;
pub use template::{NoTemplate, Piece, Template, name_placeholders};
pub use tree::{ExplainFormat, Shape, Tree};

/// The tree the parser makes, under the one name the other rooms use for it.
pub use sqlparser::ast;
