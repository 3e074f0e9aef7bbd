//! Files that are needed for a while: they have no name, so that whatever ends the process
//! leaves nothing of them.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

/// Bytes kept back before they are written.
const BUFFER_BYTES: usize = 1 << 20;

/// What names of files under way begin with: hidden, so that they are never served.
const PREFIX: &str = ".cartotheque-import-";

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// A hidden name in that folder that no other import uses.
pub fn hidden_path(folder: &Path, extension: &str) -> PathBuf {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    folder.join(format!(
        "{PREFIX}{}-{number}.{extension}",
        std::process::id()
    ))
}

/// Removes what an import that was killed left in that folder.
pub fn clean(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let process = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('-'))
            .and_then(|(process, _)| process.parse::<u32>().ok());
        let is_over = |process: u32| !Path::new(&format!("/proc/{process}")).exists();
        if process.is_some_and(|process| process != std::process::id() && is_over(process)) {
            // one that can't be removed is hidden, and tried again by the next import
            let _left = std::fs::remove_file(entry.path());
        }
    }
}

/// A file without a name: written from its start, then read from its start.
#[derive(Debug)]
pub struct Scratch {
    /// The folder, for messages.
    folder: PathBuf,
    out: BufWriter<File>,
    /// Bytes written.
    written: u64,
}

impl Scratch {
    /// # Errors
    /// `Io`.
    pub fn create(folder: &Path) -> Result<Scratch> {
        let path = hidden_path(folder, "scratch");
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|e| Error::io(&path, &e))?;
        std::fs::remove_file(&path).map_err(|e| Error::io(&path, &e))?;
        Ok(Scratch {
            folder: folder.to_owned(),
            out: BufWriter::with_capacity(BUFFER_BYTES, file),
            written: 0,
        })
    }

    /// # Errors
    /// `Io`.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(|e| self.io(&e))?;
        self.written = self.written.saturating_add(bytes.len() as u64);
        Ok(())
    }

    pub fn written(&self) -> u64 {
        self.written
    }

    /// The file, all of it on the disk; its position is not said.
    ///
    /// # Errors
    /// `Io`.
    pub fn into_file(self) -> Result<File> {
        let folder = self.folder;
        self.out
            .into_inner()
            .map_err(|e| Error::io(&folder, e.error()))
    }

    /// What was written, from its start.
    ///
    /// # Errors
    /// `Io`.
    pub fn into_reader(self) -> Result<BufReader<File>> {
        let folder = self.folder.clone();
        let mut file = self.into_file()?;
        file.seek(SeekFrom::Start(0))
            .map_err(|e| Error::io(&folder, &e))?;
        Ok(BufReader::with_capacity(BUFFER_BYTES, file))
    }

    fn io(&self, error: &std::io::Error) -> Error {
        Error::io(&self.folder, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch as Folder;
    use std::io::Read;

    #[test]
    fn a_scratch_file_has_no_name_and_gives_back_what_was_written() {
        let folder = Folder::new("scratch");
        let folder = &folder.0;
        let mut scratch = Scratch::create(folder).unwrap();
        scratch.write(b"abc").unwrap();
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
        let mut text = String::new();
        scratch
            .into_reader()
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "abc");
    }

    #[test]
    fn only_what_dead_imports_left_is_removed() {
        let folder = Folder::new("clean");
        let folder = &folder.0;
        // no process has the number 0
        let dead = folder.join(format!("{PREFIX}0-1.fgb"));
        let own = hidden_path(folder, "fgb");
        let other = folder.join(".cartotheque-import-readme");
        for path in [&dead, &own, &other] {
            std::fs::write(path, "").unwrap();
        }
        clean(folder);
        assert_eq!(
            [dead.exists(), own.exists(), other.exists()],
            [false, true, true]
        );
    }
}
