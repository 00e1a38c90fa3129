//! The program: reads the command line and does what it says.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use snowflake_mcp::cli::{self, Cli, Command};
use snowflake_mcp::config::{Problems, Sources};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed terminal is no reason to fail differently.
            let _ = error.print();
            let code = if error.use_stderr() {
                Problems::EXIT_CODE
            } else {
                0
            };
            return ExitCode::from(code);
        }
    };
    match run(&cli) {
        Ok(code) => ExitCode::from(code),
        // `snowflake-mcp config | head` closes the pipe early, and means it.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn run(cli: &Cli) -> io::Result<u8> {
    let sources = Sources::collect(cli.env_file.as_deref());
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    match cli.command() {
        Command::Config {
            effective,
            markdown,
        } => cli::config(&sources, effective, markdown, &mut out, &mut err),
        Command::Check { .. } => match cli::check(&sources, &mut out, &mut err)? {
            Some(_) => Ok(0),
            None => Ok(Problems::EXIT_CODE),
        },
        Command::Serve | Command::Stdio | Command::Healthcheck => {
            writeln!(err, "not in this build")?;
            Ok(1)
        }
    }
}
