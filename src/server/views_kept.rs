//! Counts of views over restarts: a small file in the cache folder, numbers by the ids of maps and
//! nothing else. Where it can't be read counting begins anew, where it can't be written it ends
//! with the process; the log says so once.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tracing::warn;

use super::views::{Counts, MAX_MAPS, Views};
use crate::error::{Error, Result};

/// How often the file is written at most.
const WRITE_EVERY: Duration = Duration::from_secs(60);
/// How soon the end of the process is noticed.
const NAP: Duration = Duration::from_millis(50);
/// A file of as many maps as are counted, with long ids, has less.
const MAX_BYTES: u64 = 4 << 20;

/// Where the counts of one served folder are.
#[derive(Debug)]
pub struct ViewsFile(PathBuf);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// Of this form.
    version: u32,
    counts: Counts,
}

impl ViewsFile {
    /// The file of a served folder: two servers that share a cache folder have one each.
    pub fn of(cache: &Path, served: &Path) -> ViewsFile {
        let served = fs::canonicalize(served).unwrap_or_else(|_| served.to_owned());
        let digest =
            ring::digest::digest(&ring::digest::SHA256, served.as_os_str().as_encoded_bytes());
        let bytes = digest.as_ref().iter().take(8);
        let name: String = bytes.map(|byte| format!("{byte:02x}")).collect();
        ViewsFile(cache.join("views").join(format!("{name}.json")))
    }

    /// The counts of before; none where there are none, or they are damaged.
    pub fn read(&self) -> Views {
        match self.kept() {
            Ok(Some(counts)) => Views::of(counts),
            Ok(None) => Views::default(),
            Err(error) => {
                warn!("views of maps are counted from zero: {error}");
                Views::default()
            }
        }
    }

    fn kept(&self) -> Result<Option<Counts>> {
        let io = |e: &std::io::Error| Error::io(&self.0, e);
        let file = match File::open(&self.0) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(io(&e)),
        };
        let mut text = String::new();
        file.take(MAX_BYTES)
            .read_to_string(&mut text)
            .map_err(|e| io(&e))?;
        let kept: Kept =
            serde_json::from_str(&text).map_err(|e| Error::data(&self.0, e.to_string()))?;
        if kept.version != 1 || kept.counts.len() > MAX_MAPS {
            let expected = format!("expected version 1 with at most {MAX_MAPS} maps");
            return Err(Error::data(&self.0, expected));
        }
        Ok(Some(kept.counts))
    }

    /// Whole or not at all, for the server's own user: ids of restricted maps are in it.
    fn write(&self, counts: Counts) -> Result<()> {
        let io = |e: std::io::Error| Error::io(&self.0, &e);
        let text = serde_json::to_string(&Kept { version: 1, counts })
            .map_err(|e| Error::data(&self.0, e.to_string()))?;
        if let Some(folder) = self.0.parent() {
            fs::create_dir_all(folder).map_err(io)?;
        }
        let part = self
            .0
            .with_extension(format!("{}.part", std::process::id()));
        let write = || {
            let mut options = File::options();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&part)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&part, &self.0)
        };
        write().map_err(|e| {
            let _nothing_left = fs::remove_file(&part);
            io(e)
        })
    }

    /// Writes the counts where they changed, once a minute and when it is time to stop.
    pub fn keep(&self, views: &Views, stop: &AtomicBool) {
        let mut has_failed = false;
        let mut written = Instant::now();
        loop {
            let is_end = stop.load(Ordering::Relaxed);
            if (is_end || written.elapsed() >= WRITE_EVERY)
                && let Some(counts) = views.changed()
            {
                written = Instant::now();
                let outcome = self.write(counts);
                if let Err(error) = &outcome
                    && !has_failed
                {
                    warn!("views of maps are counted until the end of the process only: {error}");
                }
                has_failed = outcome.is_err();
            }
            if is_end {
                return;
            }
            std::thread::sleep(NAP);
        }
    }
}
