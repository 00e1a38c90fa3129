//! The command line: what can be asked for, and the commands that only print.
//!
//! Calls [`crate::config`] and [`telemetry`]. What needs a running service is for [`Cli::command`]'s caller.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use clap::{Parser, Subcommand};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::app;
use crate::config::{Backend, Loaded, LogFormat, Problems, Purpose, Sources, render};
use crate::identity::new_key;
use crate::mcp::custom;
use crate::telemetry;

static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{} ({})", telemetry::VERSION, telemetry::REVISION));

/// Governed access to Snowflake for AI agents over the Model Context Protocol.
///
/// Without a command it serves MCP over HTTP, under /mcp on port 8000 of localhost unless told otherwise. Without any
/// setting it answers from an engine inside the process that holds a copy of Snowflake's sample data, so it can be tried at once.
/// Everything is set by environment variables; `snowflake-mcp config` explains each of them.
#[derive(Debug, Clone, Parser)]
#[command(name = "snowflake-mcp", version = VERSION.as_str(), after_long_help = EXAMPLES)]
pub struct Cli {
    /// Read settings from a file too: .env, JSON or YAML
    ///
    /// A flat map of the same variable names. What the environment sets wins over the file.
    #[arg(long, global = true, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve MCP over HTTP (what happens without a command)
    Serve,
    /// Speak MCP over stdin and stdout, for a client that starts this program itself
    ///
    /// Opens no port, so keys, hosts and origins do not matter. Logs go to stderr.
    Stdio,
    /// Check the settings and report all problems at once
    ///
    /// The exit code is 0 when they are and 64 when they are not.
    Check {
        /// Also sign in and run one statement
        #[arg(long)]
        connect: bool,
    },
    /// Ask the service on this machine whether it is alive, for container health checks without a shell
    Healthcheck,
    /// Make a file of tools of your own of another server's tools
    ///
    /// Reads the specification of a managed Snowflake server (what DESCRIBE MCP SERVER answers, or the YAML that made it) or the
    /// tools.yaml of MCP Toolbox. Prints the file; what could not be carried over is said on stderr. The exit code is 1 when
    /// nothing came over.
    ImportTools {
        /// The file to read
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Make an API key for `CALLERS_FILE`
    #[command(subcommand)]
    Key(Key),
    /// Explain every variable
    Config {
        /// Print the values in force and where each comes from instead, secrets masked
        #[arg(long)]
        effective: bool,
        /// Print the reference as Markdown, which is docs/configuration.md
        #[arg(long, conflicts_with = "effective")]
        markdown: bool,
    },
}

/// What to do with keys.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Key {
    /// Print a new key, once, and the entry for it, which has its SHA-256 only
    New {
        /// Who is to have it; logs show the name
        #[arg(long)]
        name: String,
        /// The grant of the file that its callers have
        #[arg(long, default_value = "default")]
        grant: String,
        /// The day on which it ends, such as 2027-06-30
        #[arg(long, value_name = "DAY")]
        expires: Option<String>,
    },
}

/// Does what was asked for with keys. Returns the exit code.
///
/// # Errors
///
/// When `out` or `err` cannot be written.
pub fn key(key: &Key, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let Key::New {
        name,
        grant,
        expires,
    } = key;
    match new_key(name, grant, expires.as_deref()) {
        Ok(new) => {
            // Only the key goes to stdout, so that `key new > file` or a pipe into a secret store
            // gets nothing else.
            writeln!(err, "The key, which is stored nowhere:")?;
            writeln!(out, "{}", new.key.expose_secret())?;
            writeln!(err, "Its entry in `keys` of CALLERS_FILE:")?;
            writeln!(out, "{}", new.entry)?;
            Ok(0)
        }
        Err(problem) => {
            writeln!(err, "{problem}")?;
            Ok(Problems::EXIT_CODE)
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  snowflake-mcp                                    sample data on http://localhost:8000/mcp
  snowflake-mcp stdio                              the same for a desktop client
  snowflake-mcp --env-file .env check --connect    try settings before using them
  SERVER_PORT=9000 snowflake-mcp                   any setting is a variable
  snowflake-mcp config --effective                 the values in force, and where they come from

Exit codes: 0 success, 1 could not start or run, 64 wrong settings or usage.";

impl Cli {
    /// What to do; serving is the default.
    #[must_use]
    pub fn command(&self) -> Command {
        self.command.clone().unwrap_or(Command::Serve)
    }
}

/// Checks the settings and says what was found: problems and warnings on `err`, one line on `out` when all is well.
///
/// The settings are returned for whoever goes on to connect; `None` means exit code [`Problems::EXIT_CODE`].
///
/// # Errors
///
/// When `out` or `err` cannot be written.
pub fn check(
    sources: &Sources,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<Option<Loaded>> {
    let loaded = match sources.load(Purpose::Serve) {
        Ok(loaded) => loaded,
        Err(problems) => {
            report(&problems, LogFormat::Text, err)?;
            return Ok(None);
        }
    };
    // On stderr: stdout has one line or none, which scripts read.
    for warning in &loaded.warnings {
        writeln!(err, "warning: {warning}")?;
    }
    let settings = &loaded.settings;
    // Relative paths of the settings start in this folder, so it must be entered before they are
    // tried.
    let entered = app::enter_working_dir(settings).err();
    if let Some(wrong) = entered.or_else(|| app::unreadable(settings)) {
        writeln!(err, "{}", telemetry::chain(&wrong))?;
        return Ok(None);
    }
    let warehouse = match settings.warehouse.backend {
        Backend::Snowflake => "Snowflake",
        Backend::Embedded => "the embedded engine's sample data",
    };
    writeln!(
        out,
        "the settings are valid: {}, answering from {warehouse}, listening on {} port {}",
        settings.environment, settings.server.host, settings.server.port,
    )?;
    Ok(Some(loaded))
}

/// Says what is wrong, one line per problem, after what else was noticed. In the form of log lines, as `LOG_FORMAT` has it:
/// where a service is started, whoever collects its log reads these too.
///
/// # Errors
///
/// When `err` cannot be written.
pub fn report(problems: &Problems, form: LogFormat, err: &mut dyn Write) -> io::Result<()> {
    for warning in problems.warnings() {
        let text = format!("warning: {warning}");
        line(err, form, "WARN", &text, warning)?;
    }
    for problem in problems {
        let text = problem.to_string();
        line(err, form, "ERROR", &text, &text)?;
    }
    Ok(())
}

/// One line before there is a log.
fn line(
    err: &mut dyn Write,
    form: LogFormat,
    level: &str,
    text: &str,
    message: &str,
) -> io::Result<()> {
    match form {
        LogFormat::Text => writeln!(err, "{text}"),
        LogFormat::Json => {
            let line = json!({
                "timestamp": jiff::Timestamp::now().to_string(),
                "level": level,
                "message": message,
                "event": "bad_settings",
                "target": telemetry::LIFECYCLE,
            });
            writeln!(err, "{line}")
        }
    }
}

/// Prints a file of tools made of another server's, and says what could not be carried over. Returns the exit code.
///
/// # Errors
///
/// When `out` or `err` cannot be written.
pub fn import_tools(file: &Path, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            writeln!(err, "{} cannot be read: {error}", file.display())?;
            return Ok(1);
        }
    };
    let imported = match custom::import(&file.display().to_string(), &text) {
        Ok(imported) => imported,
        Err(problem) => {
            writeln!(err, "{problem}")?;
            return Ok(1);
        }
    };
    // Before the document: what could not be carried over must be seen even when stdout goes to a
    // file.
    for line in &imported.report {
        writeln!(err, "{line}")?;
    }
    if imported.count() == 0 {
        writeln!(err, "nothing came over")?;
        return Ok(1);
    }
    out.write_all(imported.to_yaml().as_bytes())?;
    Ok(0)
}

/// Prints the reference, or with `effective` the values in force. Returns the exit code.
///
/// # Errors
///
/// When `out` or `err` cannot be written.
pub fn config(
    sources: &Sources,
    effective: bool,
    markdown: bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    if markdown {
        out.write_all(render::markdown().as_bytes())?;
        return Ok(0);
    }
    if !effective {
        out.write_all(render::text().as_bytes())?;
        return Ok(0);
    }
    let rows = sources.effective();
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    for row in &rows {
        // Wide enough for most values; the few longer ones push their origin to the right.
        let value = row.value.as_deref().unwrap_or("-");
        writeln!(out, "{:width$}  {value:24}  {}", row.name, row.origin)?;
    }
    match sources.load(Purpose::Serve) {
        Ok(_) => Ok(0),
        Err(problems) => {
            report(&problems, LogFormat::Text, err)?;
            Ok(Problems::EXIT_CODE)
        }
    }
}

#[cfg(test)]
mod tests;
