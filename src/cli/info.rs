use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::Outcome;
use crate::error::Error;
use crate::store::describe;

/// What `cartotheque info` takes.
#[derive(Debug, Args)]
pub struct Info {
    /// A FlatGeobuf or GeoJSON file.
    file: PathBuf,

    /// Write JSON instead of text.
    #[arg(long)]
    json: bool,
}

impl Info {
    pub fn run(self) -> Outcome {
        let description = describe::describe(&self.file)?;
        let text = if self.json {
            serde_json::to_string_pretty(&description).map_err(|e| Error::Internal {
                message: e.to_string(),
            })? + "\n"
        } else {
            description.to_string()
        };
        std::io::stdout()
            .write_all(text.as_bytes())
            .map_err(|e| Error::io("standard output", &e))?;
        Ok(ExitCode::SUCCESS)
    }
}
