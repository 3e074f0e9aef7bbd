use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::Outcome;
use crate::config::{self, FileSources, LoadOptions};
use crate::error::Error;

/// What `cartotheque explain` takes.
#[derive(Debug, Args)]
pub struct Explain {
    /// The id of a map.
    map: String,

    /// The folder that is served.
    #[arg(default_value = ".")]
    path: PathBuf,
}

impl Explain {
    pub fn run(self) -> Outcome {
        let loaded = config::load(&self.path, LoadOptions::default(), &FileSources);
        std::io::stdout()
            .write_all(loaded.explain_map(&self.map)?.as_bytes())
            .map_err(|e| Error::io("standard output", &e))?;
        Ok(ExitCode::SUCCESS)
    }
}
