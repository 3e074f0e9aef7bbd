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
            self.text(&describe::describe(&self.file).map_err(|error| self.other_form(error))?)?
        };
        std::io::stdout()
            .write_all(text.as_bytes())
            .map_err(|e| Error::io("standard output", &e))?;
        Ok(ExitCode::SUCCESS)
    }

    /// What to do with a file that does not say by its name that it is one of ours, and is none.
    fn other_form(&self, error: Error) -> Error {
        let extension = self.file.extension().unwrap_or_default();
        if !matches!(error, Error::Data { .. }) || extension.eq_ignore_ascii_case("fgb") {
            return error;
        }
        let what = "`info` describes .fgb, .pmtiles and .mbtiles";
        let then = "`cartotheque import` makes FlatGeobuf of other formats";
        Error::Config {
            message: format!("{error}; {what}, {then}"),
        }
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
