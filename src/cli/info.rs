use std::fmt::Display;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::Outcome;
use crate::archive::{self, ArchiveForm};
use crate::error::{Error, Result};
use crate::store::describe;

/// What `cartotheque info` takes.
#[derive(Debug, Args)]
pub struct Info {
    /// A FlatGeobuf, PMTiles or MBTiles file.
    file: PathBuf,

    /// Write JSON instead of text.
    #[arg(long)]
    json: bool,
}

impl Info {
    pub fn run(self) -> Outcome {
        let text = if ArchiveForm::of(&self.file).is_some() {
            self.text(&archive::describe(&self.file)?)?
        } else {
            self.text(&describe::describe(&self.file)?)?
        };
        std::io::stdout()
            .write_all(text.as_bytes())
            .map_err(|e| Error::io("standard output", &e))?;
        Ok(ExitCode::SUCCESS)
    }

    fn text(&self, description: &(impl Display + Serialize)) -> Result<String> {
        if !self.json {
            return Ok(description.to_string());
        }
        let json = serde_json::to_string_pretty(description).map_err(|e| Error::Internal {
            message: e.to_string(),
        })?;
        Ok(json + "\n")
    }
}
