//! The program: command line → settings → telemetry → app → exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use snowflake_mcp::app::{self, Ending, Launch, Process};
use snowflake_mcp::cli::{self, Cli, Command};
use snowflake_mcp::config::{Loaded, Problems, Purpose, Sources};
use snowflake_mcp::telemetry;

/// What `main` may answer with besides an exit code: something the system refused.
type Outcome = Result<u8, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            // A closed terminal is no reason to fail differently.
            let _ = usage.print();
            let is_wrong = usage.use_stderr();
            return ExitCode::from(if is_wrong { Problems::EXIT_CODE } else { 0 });
        }
    };
    match run(&cli) {
        Ok(code) => ExitCode::from(code),
        // `snowflake-mcp config | head` closes the pipe early, and means it.
        Err(error) if is_closed_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            // If stderr is closed, there is no way to report anything.
            let _ = writeln!(io::stderr(), "{}", telemetry::chain(&*error));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Outcome {
    // The rooms' own checks are given to `config`, which as a leaf cannot call them.
    let sources = Sources::collect(cli.env_file.as_deref()).checked_by(app::check);
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let purpose = match cli.command() {
        Command::Config {
            effective,
            markdown,
        } => {
            return Ok(cli::config(
                &sources, effective, markdown, &mut out, &mut err,
            )?);
        }
        Command::Key(key) => return Ok(cli::key(&key, &mut out, &mut err)?),
        Command::Check { connect } => {
            let Some(loaded) = cli::check(&sources, &mut out, &mut err)? else {
                return Ok(Problems::EXIT_CODE);
            };
            if connect {
                writeln!(out, "{}", app::connect(&loaded.settings)?)?;
            }
            return Ok(0);
        }
        Command::ImportTools { file } => {
            return Ok(cli::import_tools(&file, &mut out, &mut err)?);
        }
        Command::Stdio => Purpose::Stdio,
        Command::Serve | Command::Healthcheck => Purpose::Serve,
    };
    let loaded = match sources.load(purpose) {
        Ok(loaded) => loaded,
        Err(problems) => {
            cli::report(&problems, sources.log_format(), &mut err)?;
            return Ok(Problems::EXIT_CODE);
        }
    };
    // After the settings, because they say which port and which scheme to ask.
    if cli.command() == Command::Healthcheck {
        app::healthcheck(&loaded.settings)?;
        return Ok(0);
    }
    start(&loaded, purpose)
}

fn start(loaded: &Loaded, purpose: Purpose) -> Outcome {
    let settings = &loaded.settings;
    // First, because the working folder changes next, and a restart in place needs the one of the
    // start.
    let launch = Launch::note(loaded.env_file.as_deref())?;
    app::prepare_folders(settings)?;
    let (process, guard) = Process::start(settings)?;
    // Held back until now, because only now there is a log.
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let ending = match purpose {
        Purpose::Stdio => app::stdio(loaded, process),
        Purpose::Serve => app::serve(loaded, &launch, process),
    };
    match ending {
        Ok(Ending::Finished) => Ok(0),
        Ok(Ending::Interrupted(signal)) => Ok(signal.exit_code()),
        Ok(Ending::Again(port)) => {
            // `exec` runs no destructors, and this one writes the log lines that are still waiting.
            drop(guard);
            Err(launch.again(port).into())
        }
        Err(error) => {
            tracing::error!("{}", telemetry::chain(&error));
            Ok(1)
        }
    }
}

fn is_closed_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
