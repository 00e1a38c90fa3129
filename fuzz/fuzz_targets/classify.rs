//! Any text, read and judged: see `snowflake_mcp_fuzz::check`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| snowflake_mcp_fuzz::check(text));
