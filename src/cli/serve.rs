use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::Outcome;
use super::prepare::CacheArguments;
use crate::identity::Network;
use crate::server::{self, Options, State};

/// What `cartotheque serve` takes; each option is also a `CARTOTHEQUE_…` variable.
#[derive(Debug, Args)]
pub struct Serve {
    /// A folder with capabilities/, styles/ and data/, a folder of .fgb files, or one file.
    #[arg(default_value = ".", env = "CARTOTHEQUE_PATH")]
    path: PathBuf,

    /// Where to listen; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:8080", env = "CARTOTHEQUE_LISTEN")]
    listen: String,

    /// The public address, where it can't be told from the requests: https://example.org/maps.
    #[arg(long, env = "CARTOTHEQUE_BASE_URL")]
    base_url: Option<String>,

    /// Proxies whose Forwarded and X-Forwarded-* headers count: 203.0.113.7,2001:db8::/32. Default:
    /// this machine and private networks.
    #[arg(
        long,
        env = "CARTOTHEQUE_TRUSTED_PROXIES",
        value_name = "NETWORKS",
        value_delimiter = ','
    )]
    trusted_proxies: Vec<Network>,

    /// Threads that draw, and threads that answer. Default: the number of cores.
    #[arg(long, env = "CARTOTHEQUE_WORKERS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,

    /// Refuse to start if any layer, style or file is at fault.
    #[arg(long, env = "CARTOTHEQUE_STRICT", value_parser = clap::builder::FalseyValueParser::new(), num_args = 0..=1, default_missing_value = "true")]
    strict: Option<bool>,

    /// Do not answer explain=json and explain=html.
    #[arg(long, env = "CARTOTHEQUE_NO_EXPLAIN", value_parser = clap::builder::FalseyValueParser::new(), num_args = 0..=1, default_missing_value = "true")]
    no_explain: Option<bool>,

    #[command(flatten)]
    cache: CacheArguments,
}

impl Serve {
    pub fn run(self) -> Outcome {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let options = Options {
            path: self.path,
            base_url: self.base_url,
            trusted_proxies: self.trusted_proxies,
            workers: self.workers.map_or(cores.clamp(1, 1024), usize::from),
            strict: self.strict.unwrap_or(false),
            explain: !self.no_explain.unwrap_or(false),
            cache: Some(self.cache.options()),
        };
        let state = Arc::new(State::load(options)?);
        let _watcher = state.watch();
        server::run(state, &self.listen)?;
        Ok(ExitCode::SUCCESS)
    }
}
