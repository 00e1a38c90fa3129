//! The Model Context Protocol: what an agent sees of the service.
//!
//! Calls [`crate::query`] for everything that touches a warehouse and knows nothing of HTTP: the same [`Handler`] serves
//! `/mcp` and stdio. Start at `handler`, which every request passes; `tools` holds one file for each tool; `failure` is
//! what an agent is told when something went wrong.

mod answer_cache;
mod arguments;
mod asked;
mod completion;
pub mod custom;
mod direct;
pub mod failure;
#[cfg(feature = "conformance-fixtures")]
mod fixtures;
mod handler;
mod instructions;
mod lists;
mod observed;
pub mod offer;
pub mod prompts;
mod rate;
mod resources;
mod running;
pub mod tools;
mod unserved;

pub use answer_cache::AnswerCache;
pub use direct::{Direct, Sender, revision_of};
pub use handler::{Handler, Services};
pub use rate::Rates;
pub use running::{RunningCalls, SESSION_HEADER, SessionId};
pub use unserved::{STATELESS_SINCE, not_found};
