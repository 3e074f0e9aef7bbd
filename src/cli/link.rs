use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;

use super::Outcome;
use crate::config::{self, FileSources, LoadOptions};
use crate::error::Error;
use crate::identity::Link as SignedLink;
use crate::server;

/// What `cartotheque link` takes.
#[derive(Debug, Args)]
pub struct Link {
    /// The folder that is served.
    path: PathBuf,

    /// The map's id.
    map: String,

    /// How many days the link holds. Default: as many as server.yaml allows.
    #[arg(long)]
    days: Option<u64>,

    /// The public address of the server.
    #[arg(
        long,
        env = "CARTOTHEQUE_BASE_URL",
        default_value = "http://127.0.0.1:8080"
    )]
    base_url: String,
}

const SECONDS_A_DAY: u64 = 86_400;

impl Link {
    /// Prints the address that shows a map to whoever has it, until it ends.
    pub fn run(self) -> Outcome {
        let fault = |message: String| Error::Config { message };
        server::check_base_url(&self.base_url)?;
        let loaded = config::load(&self.path, LoadOptions::default(), &FileSources);
        if loaded.refused {
            return Err(fault(loaded.why_no_map(&self.map)));
        }
        let said = loaded.server.identities.links.as_ref();
        let (Some(signer), Some(said)) = (&loaded.identities.links, said) else {
            return Err(fault(
                "no links are signed here: server.yaml says no identities: {links: {secret: …}}, \
                 or the secret can't be read"
                    .into(),
            ));
        };
        if loaded.catalogue.maps.get(&self.map).is_none() {
            return Err(fault(loaded.why_no_map(&self.map)));
        }
        let days = self.days.unwrap_or(said.days);
        if days == 0 || days > said.days {
            return Err(fault(format!(
                "expected 1 to {} days, found {days}",
                said.days
            )));
        }
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let token = signer.sign(&SignedLink {
            map: self.map.clone(),
            ends: now.saturating_add(days.saturating_mul(SECONDS_A_DAY)),
        });
        let base = self.base_url.trim_end_matches('/');
        say!("{base}/s/{token}/maps/{}", self.map);
        Ok(ExitCode::SUCCESS)
    }
}
