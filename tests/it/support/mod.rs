//! The real program, started with a clean environment on a free port, and a small MCP client to talk to it.
//!
//! ```ignore
//! let server = Server::start(&[("API_KEY", KEY)]).await;
//! let answer = server.mcp().key(KEY).call_tool("list_databases", json!({})).await;
//! assert_eq!(server.stop().await.code(), Some(0));
//! ```
//!
//! [`Server`] waits for the `listening` event, keeps every log line, and ends its process when it is dropped. [`run`] is for
//! starts that are meant to fail and for commands that end by themselves.

mod client;
mod conversation;
mod server;

pub use client::Client;
pub use conversation::Conversation;
pub use rustix::process::Signal;
pub use server::{Server, run, send};

/// A key long enough to be accepted.
pub const KEY: &str = "test-key-0123456789abcdef";

/// A statement that takes longer than any test: the sample data's largest table, cubed.
pub const ENDLESS: &str = "SELECT COUNT(*) FROM SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.LINEITEM a, \
    SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.LINEITEM b, SNOWFLAKE_SAMPLE_DATA.TPCH_SF1.LINEITEM c \
    WHERE a.L_PARTKEY + b.L_PARTKEY > c.L_PARTKEY";
