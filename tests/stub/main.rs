//! The stub as a program, for tests that are not written in Rust. Prints where it listens and runs until it is ended.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "a test that cannot go on says so by ending; the program uses less than the module offers"
)]

#[path = "mod.rs"]
mod stub;

#[derive(clap::Parser)]
#[command(
    name = "snowflake-stub",
    about = "A Snowflake that does what a test asks of it"
)]
struct Arguments {
    /// A free one when not given.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments = <Arguments as clap::Parser>::parse();
    let stub = stub::Stub::start_on(arguments.port).await;
    println!("listening on {}", stub.url());
    tokio::signal::ctrl_c().await.unwrap();
}
