//! Files in a .zip (PKWARE's application note 6.3), as far as data come packed: stored and
//! deflated, below 4 GB.
//!
//! # Not supported
//! Zip64, encryption, other methods: refused by name.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::scratch::Scratch;
use super::text::Texts;
use crate::error::{Error, Result};

/// The record at the end, and the longest comment behind it.
const END_BYTES: usize = 22;
const MAX_COMMENT_BYTES: usize = 65_535;
/// Files of one archive.
const MAX_ENTRIES: usize = 10_000;
/// The list of files.
const MAX_DIRECTORY_BYTES: u32 = 16 << 20;

/// An archive, its list of files read.
pub struct Zip {
    path: PathBuf,
    file: File,
    entries: Vec<Entry>,
}

/// A file in an archive.
#[derive(Debug, Clone)]
pub struct Entry {
    pub name: String,
    method: u16,
    is_encrypted: bool,
    crc: u32,
    packed: u32,
    size: u32,
    head_at: u32,
}

impl Zip {
    /// # Errors
    /// `Io`; `Data` for what is no archive, or one whose list of files is damaged.
    pub fn open(path: &Path) -> Result<Zip> {
        let io = |e: std::io::Error| Error::io(path, &e);
        let fault = |message: &str| Error::data(path, message);
        let mut file = File::open(path).map_err(io)?;
        let size = file.metadata().map_err(io)?.len();
        let tail = size.min((END_BYTES + MAX_COMMENT_BYTES) as u64);
        file.seek(SeekFrom::Start(size - tail)).map_err(io)?;
        let mut end = Vec::new();
        Read::by_ref(&mut file)
            .take(tail)
            .read_to_end(&mut end)
            .map_err(io)?;
        let at = end
            .windows(END_BYTES)
            .rposition(|window| window.starts_with(b"PK\x05\x06"))
            .ok_or_else(|| fault("expected a .zip, found no list of files at its end"))?;
        let end = end.get(at..).unwrap_or_default();
        let (count, bytes, start) = (u16_at(end, 10), u32_at(end, 12), u32_at(end, 16));
        if start == u32::MAX || bytes == u32::MAX || count == u16::MAX {
            return Err(fault("Zip64 is not read: unpack it"));
        }
        if bytes > MAX_DIRECTORY_BYTES || usize::from(count) > MAX_ENTRIES {
            return Err(fault("the .zip holds too many files: unpack it"));
        }
        let mut list = vec![0; usize::try_from(bytes).unwrap_or(0)];
        file.read_exact_at(&mut list, start.into())
            .map_err(|_| fault("the list of files in the .zip is cut"))?;
        let entries =
            entries(&list).ok_or_else(|| fault("the list of files in the .zip is damaged"))?;
        // files that lie over each other unpack to more than any honest ones
        let packed: u64 = entries.iter().map(|entry| u64::from(entry.packed)).sum();
        if packed > size {
            return Err(fault("the files in the .zip lie over each other"));
        }
        Ok(Zip {
            path: path.to_owned(),
            file,
            entries,
        })
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Unpacks a file into one without a name, in a folder; returns it at its start, and its size.
    ///
    /// # Errors
    /// `Io`; `Data` where it is damaged or packed in a way that is not read.
    pub fn unpack(&self, entry: &Entry, folder: &Path) -> Result<(File, u64)> {
        let fault = |message: &str| {
            Error::data(
                &self.path,
                format!("{:?} in the .zip {message}", entry.name),
            )
        };
        if entry.is_encrypted {
            return Err(fault("is encrypted"));
        }
        let mut head = [0; 30];
        self.file
            .read_exact_at(&mut head, entry.head_at.into())
            .map_err(|_| fault("is not where the list says"))?;
        if !head.starts_with(b"PK\x03\x04") {
            return Err(fault("is not where the list says"));
        }
        let start = u64::from(entry.head_at)
            + head.len() as u64
            + u64::from(u16_at(&head, 26))
            + u64::from(u16_at(&head, 28));
        let packed = Window {
            file: &self.file,
            at: start,
            end: start + u64::from(entry.packed),
        };
        let mut unpacked: Box<dyn Read> = match entry.method {
            0 => Box::new(packed),
            8 => Box::new(DeflateDecoder::new(packed)),
            other => {
                return Err(fault(&format!(
                    "is packed by method {other}, which is not read"
                )));
            }
        };
        let mut scratch = Scratch::create(folder)?;
        let mut crc = Crc::new();
        let mut buffer = vec![0; 128 << 10];
        loop {
            let count = unpacked
                .read(&mut buffer)
                .map_err(|_| fault("is damaged"))?;
            let bytes = buffer.get(..count).unwrap_or_default();
            if bytes.is_empty() {
                break;
            }
            crc.update(bytes);
            scratch.write(bytes)?;
            if scratch.written() > u64::from(entry.size) {
                return Err(fault("is larger than it says"));
            }
        }
        if scratch.written() != u64::from(entry.size) || crc.sum() != entry.crc {
            return Err(fault("is damaged: its check sum is another one"));
        }
        let size = scratch.written();
        let mut file = scratch.into_file()?;
        file.seek(SeekFrom::Start(0))
            .map_err(|e| Error::io(folder, &e))?;
        Ok((file, size))
    }
}

/// A part of a file.
struct Window<'f> {
    file: &'f File,
    at: u64,
    end: u64,
}

impl Read for Window<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let count = match buffer.get_mut(..wanted) {
            Some(place) => self.file.read_at(place, self.at)?,
            None => 0,
        };
        self.at += count as u64;
        Ok(count)
    }
}

/// The files of a list; `None` where it is damaged.
fn entries(mut list: &[u8]) -> Option<Vec<Entry>> {
    let mut found = Vec::new();
    while list.starts_with(b"PK\x01\x02") {
        let (head, rest) = list.split_at_checked(46)?;
        let (name, rest) = rest.split_at_checked(usize::from(u16_at(head, 28)))?;
        let more = usize::from(u16_at(head, 30)).saturating_add(usize::from(u16_at(head, 32)));
        list = rest.get(more..)?;
        let (name, _) = Texts::Guessed.decode(name);
        found.push(Entry {
            // some writers for Windows use its separator
            name: name.replace('\\', "/"),
            is_encrypted: u16_at(head, 8) & 1 != 0,
            method: u16_at(head, 10),
            crc: u32_at(head, 16),
            packed: u32_at(head, 20),
            size: u32_at(head, 24),
            head_at: u32_at(head, 42),
        });
    }
    Some(found)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let found = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    found.map_or(0, |bytes| u16::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let found = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    found.map_or(0, |bytes| u32::from_le_bytes(*bytes))
}
