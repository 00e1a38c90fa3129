//! The service through its front door.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "a test that cannot go on says so by ending"
)]

mod architecture;
mod arguments;
mod bodies;
mod budgets;
mod circles;
mod crowds;
mod custom_tools;
mod direct;
mod documents;
mod doors;
mod framing;
mod health;
mod hostile;
mod landing;
mod large_account;
mod listings;
mod lists;
mod messages;
mod metrics;
mod mistakes;
mod oauth;
mod own_data;
mod process;
mod resources;
mod sent_ahead;
mod shutdown;
mod snowflake;
mod stdio;
#[path = "../stub/mod.rs"]
mod stub;
mod support;
mod telemetry;
mod tls;
mod tools;
