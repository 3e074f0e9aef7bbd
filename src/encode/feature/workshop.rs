//! Room on the disk for answers that are put together at their end.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

/// Bytes kept back before they are written to a file.
const BUFFER_BYTES: usize = 256 << 10;

/// What all temporary files together may take where nothing else is said: 20 GB.
const DEFAULT_BYTES: u64 = 20_000_000_000;

/// Where temporary files lie, and how much all of them may take. Clones share the room.
#[derive(Debug, Clone)]
pub struct Workshop {
    folder: Arc<Path>,
    room: Arc<Room>,
}

#[derive(Debug)]
struct Room {
    limit: u64,
    used: AtomicU64,
}

impl Default for Workshop {
    /// 20 GB in the system's folder for temporary files.
    fn default() -> Workshop {
        Workshop::new(std::env::temp_dir(), DEFAULT_BYTES)
    }
}

impl Workshop {
    /// A folder that exists, and the bytes that all answers under way may take there together.
    pub fn new(folder: impl Into<PathBuf>, max_bytes: u64) -> Workshop {
        Workshop {
            folder: Arc::from(folder.into()),
            room: Arc::new(Room {
                limit: max_bytes,
                used: AtomicU64::new(0),
            }),
        }
    }

    /// Bytes that are free now.
    pub fn available(&self) -> u64 {
        self.room.limit.saturating_sub(self.used())
    }

    /// Bytes taken now.
    pub fn used(&self) -> u64 {
        self.room.used.load(Ordering::Relaxed)
    }

    /// An empty file without a name: it is gone when it is dropped, or when the process ends,
    /// however that ends.
    ///
    /// # Errors
    /// `Io` where the folder can't be written.
    pub fn spill(&self) -> Result<Spill> {
        let (path, file) = self.create()?;
        std::fs::remove_file(&path).map_err(|e| Error::io(&path, &e))?;
        Ok(Spill {
            file,
            share: Share::of(self),
            buffer: Vec::new(),
            folder: Arc::clone(&self.folder),
        })
    }

    /// A file whose name `open` is given and which has none afterwards: for those who can only
    /// open names.
    ///
    /// # Errors
    /// `Io`, and what `open` says.
    pub fn named<T>(&self, open: impl FnOnce(&Path) -> Result<T>) -> Result<(T, Spill)> {
        let (path, file) = self.create()?;
        let opened = open(&path);
        std::fs::remove_file(&path).map_err(|e| Error::io(&path, &e))?;
        let spill = Spill {
            file,
            share: Share::of(self),
            buffer: Vec::new(),
            folder: Arc::clone(&self.folder),
        };
        Ok((opened?, spill))
    }

    fn create(&self) -> Result<(PathBuf, File)> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let path = self
            .folder
            .join(format!("cartotheque-{process}-{number}.tmp"));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        match options.open(&path) {
            // left by a process of the same number that was killed between two system calls
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                std::fs::remove_file(&path).map_err(|e| Error::io(&path, &e))?;
                let file = options.open(&path).map_err(|e| Error::io(&path, &e))?;
                Ok((path, file))
            }
            opened => opened
                .map(|file| (path.clone(), file))
                .map_err(|e| Error::io(&path, &e)),
        }
    }
}

/// What one file takes of the room; given back when it is dropped.
#[derive(Debug)]
struct Share {
    room: Arc<Room>,
    bytes: u64,
}

impl Share {
    fn of(workshop: &Workshop) -> Share {
        Share {
            room: Arc::clone(&workshop.room),
            bytes: 0,
        }
    }

    /// Takes so many bytes more.
    fn take(&mut self, more: u64) -> Result<()> {
        let used = self.room.used.fetch_add(more, Ordering::Relaxed);
        self.bytes += more;
        let wanted = used.saturating_add(more);
        if wanted > self.room.limit {
            return Err(Error::LimitExceeded {
                what: "the room for downloads that are put together (limits.temporary_bytes)",
                limit: self.room.limit,
                found: wanted,
            });
        }
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A file without a name: written from its start to its end, read anywhere.
#[derive(Debug)]
pub struct Spill {
    file: File,
    share: Share,
    buffer: Vec<u8>,
    folder: Arc<Path>,
}

impl Spill {
    /// Appends bytes.
    ///
    /// # Errors
    /// `LimitExceeded` where the workshop has no more room; `Io`.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.share.take(bytes.len() as u64)?;
        self.buffer.extend_from_slice(bytes);
        match self.buffer.len() < BUFFER_BYTES {
            true => Ok(()),
            false => self.flush(),
        }
    }

    /// Says that the file is so long now: where another has written it.
    ///
    /// # Errors
    /// `LimitExceeded`; `Io`.
    pub fn measure(&mut self) -> Result<u64> {
        let length = self.file.metadata().map_err(|e| self.io(&e))?.len();
        let more = length.saturating_sub(self.share.bytes);
        self.share.take(more)?;
        Ok(length)
    }

    /// Bytes written so far.
    pub fn len(&self) -> u64 {
        self.share.bytes
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes what was kept back: before anything is read.
    ///
    /// # Errors
    /// `Io`.
    pub fn flush(&mut self) -> Result<()> {
        let written = self.file.write_all(&self.buffer);
        written.map_err(|e| self.io(&e))?;
        self.buffer.clear();
        Ok(())
    }

    /// Appends at most `count` bytes from `offset` on to `out`, and says how many; 0 at the end.
    ///
    /// # Errors
    /// `Io`.
    pub fn read(&self, offset: u64, count: usize, out: &mut Vec<u8>) -> Result<usize> {
        let start = out.len();
        out.resize(start.saturating_add(count), 0);
        let mut read = 0;
        while let Some(rest) = out.get_mut(start + read..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, offset + read as u64) {
                Ok(0) => break,
                Ok(bytes) => read += bytes,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(self.io(&e)),
            }
        }
        out.truncate(start + read);
        Ok(read)
    }

    fn io(&self, error: &std::io::Error) -> Error {
        Error::io(self.folder.to_path_buf(), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_file_has_no_name_and_gives_back_what_was_written() {
        let folder = Scratch::new("spill");
        let workshop = Workshop::new(&folder.0, 1 << 20);
        let mut spill = workshop.spill().unwrap();
        assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0);
        for byte in 0..100 {
            spill.write(&[byte; 4000]).unwrap();
        }
        spill.flush().unwrap();
        assert_eq!((spill.len(), workshop.used()), (400_000, 400_000));
        let mut out = vec![7];
        assert_eq!(spill.read(3_999, 2, &mut out).unwrap(), 2);
        assert_eq!(out, [7, 0, 1]);
        assert_eq!(spill.read(399_999, 10, &mut out).unwrap(), 1);
        assert_eq!(spill.read(400_000, 10, &mut out).unwrap(), 0);
        drop(spill);
        assert_eq!(workshop.used(), 0);
    }

    #[test]
    fn all_files_share_one_room() {
        let folder = Scratch::new("room");
        let workshop = Workshop::new(&folder.0, 100);
        let (mut a, mut b) = (workshop.spill().unwrap(), workshop.spill().unwrap());
        a.write(&[0; 60]).unwrap();
        let refused = b.write(&[0; 60]).unwrap_err();
        assert!(matches!(
            refused,
            Error::LimitExceeded {
                limit: 100,
                found: 120,
                ..
            }
        ));
        drop((a, b));
        workshop.spill().unwrap().write(&[0; 100]).unwrap();
    }

    #[test]
    fn a_name_is_gone_whether_it_was_opened_or_not() {
        let folder = Scratch::new("named");
        let workshop = Workshop::new(&folder.0, 1 << 20);
        let (_, mut spill) = workshop
            .named(|path| std::fs::write(path, "abc").map_err(|e| Error::io(path, &e)))
            .unwrap();
        assert_eq!(spill.measure().unwrap(), 3);
        let failed = workshop.named(|_| Err::<(), _>(Error::Cancelled));
        assert_eq!(failed.unwrap_err(), Error::Cancelled);
        assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0);
    }
}
