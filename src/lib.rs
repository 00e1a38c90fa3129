//! Governed access to Snowflake for AI agents over the Model Context Protocol.
//!
//! The rooms, and which way the arrows go (each may use what is to its right, never to its left):
//!
//! ```text
//! main → cli → app → http → mcp → identity → query → warehouse (snowflake, embedded) → policy → sql
//! ```
//!
//! [`config`] and [`telemetry`] are leaves: every room may use them and they use no room. `ARCHITECTURE.md` walks through
//! one request from end to end.

pub mod app;
pub mod cli;
pub mod config;
pub mod http;
pub mod identity;
pub mod mcp;
pub mod policy;
pub mod query;
pub mod sql;
pub mod telemetry;
pub mod warehouse;
