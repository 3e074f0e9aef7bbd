use std::io::Write as _;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::Outcome;
use crate::config::{SchemaOf, schema};
use crate::error::Error;

/// What `cartotheque schema` takes.
#[derive(Debug, Args)]
pub struct Schema {
    /// Which file is described.
    #[arg(value_enum, default_value = "map")]
    of: Of,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Of {
    Server,
    Layer,
    Map,
}

impl Schema {
    pub fn run(self) -> Outcome {
        let of = match self.of {
            Of::Server => SchemaOf::Server,
            Of::Layer => SchemaOf::Layer,
            Of::Map => SchemaOf::Map,
        };
        let text = format!("{:#}\n", schema(of));
        std::io::stdout()
            .write_all(text.as_bytes())
            .map_err(|e| Error::io("standard output", &e))?;
        Ok(ExitCode::SUCCESS)
    }
}
