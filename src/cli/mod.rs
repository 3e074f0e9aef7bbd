//! The commands: arguments → configuration → work. One command is one file.

/// Writes a line to standard error; the work goes on where nobody reads it any more.
macro_rules! tell {
    ($($said:tt)*) => {{
        use std::io::Write as _;
        let _closed = writeln!(std::io::stderr(), $($said)*);
    }};
}

/// Writes a line to standard output; what was done is done, whether or not somebody reads of it.
macro_rules! say {
    ($($said:tt)*) => {{
        use std::io::Write as _;
        let _closed = writeln!(std::io::stdout(), $($said)*);
    }};
}

pub mod check;
mod explain;
mod export;
mod import;
mod info;
mod line;
mod link;
mod log;
mod password;
mod prepare;
mod render;
mod schema;
mod seed;
mod serve;
mod signal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::catalogue::Catalogue;
use crate::error::{Error, Result};
use log::LogFormat;

/// A map and feature server: a folder of FlatGeobuf, styles and YAML becomes OGC web services.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// How the log on standard error is written.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "text",
        env = "CARTOTHEQUE_LOG_FORMAT"
    )]
    log_format: LogFormat,

    /// What is logged: error, warn, info, debug or trace, also by target (`info,access=off`).
    #[arg(long, global = true, default_value = "info", env = "CARTOTHEQUE_LOG")]
    log: String,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves a folder, or one file, until it is told to stop.
    Serve(serve::Serve),
    /// Verifies a folder without serving it: files, styles, fields, CRSs.
    Check(check::Check),
    /// Prints a map as it was settled, each value with where it comes from.
    Explain(explain::Explain),
    /// Prints the JSON Schema of a kind of file, for editors.
    Schema(schema::Schema),
    /// Describes a data file.
    Info(info::Info),
    /// Turns files of other formats into data that are served.
    Import(import::Import),
    /// Makes tiles into a PMTiles or MBTiles file.
    Export(export::Export),
    /// Builds the overviews that a server would build when they are first needed.
    Prepare(prepare::Prepare),
    /// Makes tiles into the cache on disk of a folder that is served.
    Seed(seed::Seed),
    /// Signs a link that shows one map to whoever has it, for some days.
    Link(link::Link),
    /// Makes the line of a user for the file of passwords.
    Password(password::Password),
    /// Draws a map into a file, without a server.
    Render(render::Render),
}

/// Runs the command that the arguments name.
///
/// Exits with 0 when it did what it was asked, 1 when it could not, 2 when the arguments are off.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let _log = log::start(arguments.log_format, &arguments.log);
    let result = match arguments.command {
        Command::Serve(serve) => serve.run(),
        Command::Check(check) => check.run(),
        Command::Explain(explain) => explain.run(),
        Command::Schema(schema) => schema.run(),
        Command::Info(info) => info.run(),
        Command::Import(import) => import.run(),
        Command::Export(export) => export.run(),
        Command::Prepare(prepare) => prepare.run(),
        Command::Seed(seed) => seed.run(),
        Command::Link(link) => link.run(),
        Command::Password(password) => password.run(),
        Command::Render(render) => render.run(),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            tell!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What a command answers: how the process ends.
type Outcome = Result<ExitCode>;

/// The error with the names that there are, where one is given that is near none of them.
fn with_names(error: Error, catalogue: &Catalogue) -> Error {
    let Error::LayerNotDefined {
        layer,
        nearest: None,
    } = &error
    else {
        return error;
    };
    let what = match catalogue.maps.get(layer) {
        Some(_) => format!("{layer:?} is a map, and no layer"),
        None => format!("no layer {layer:?}"),
    };
    let ids = catalogue.layers.iter().map(|layer| layer.id.as_str());
    let ids: Vec<&str> = ids.collect();
    let shown = ids.iter().take(12).copied().collect::<Vec<_>>().join(", ");
    let message = match ids.len() {
        0 => format!("{what}: there is none to draw"),
        13.. => format!("{what}; the layers: {shown}, …"),
        _ => format!("{what}; the layers: {shown}"),
    };
    Error::Config { message }
}
