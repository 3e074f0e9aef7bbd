//! Writing: the tiles in the order of their ids, each content once, then the directories.
//!
//! While it is written the archive is `map.pmtiles.partial`, with a log of what was recorded
//! beside it. The first 16 KiB stay free for header and root directory; leaf directories and
//! metadata follow the tiles, so that nothing is ever moved. Memory does not grow with the
//! archive but for the table of contents, which has a bound.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::HEAD_BYTES;
use super::directory::{Directory, Entry};
use super::header::{self, Compression, Header, Section};
use super::journal::{Journal, Record};
use crate::archive::{ArchiveInfo, ArchiveWriter, Content, MAX_TILE_BYTES, Written, beside, gzip};
use crate::error::{Error, Result};
use crate::packing::Coding;
use crate::store::Fingerprint;

/// Contents that are remembered to find those alike, about 40 bytes each. Contents that come
/// often (the sea, the inside of a large polygon) come early, at low zooms.
const MAX_REMEMBERED: usize = 1 << 20;
/// Tile data are written when that many bytes are waiting.
const BUFFER_BYTES: usize = 1 << 20;
/// Entries of a leaf directory, where the root can hold as many leaves as that makes.
const LEAF_ENTRIES: usize = 4096;
/// Up to so many entries it is tried to put them all into the root.
const MAX_ROOT_ENTRIES: u64 = 16_384;
const MAX_ROOT_BYTES: usize = HEAD_BYTES - header::LENGTH;

/// A PMTiles file that is being written.
///
/// All tiles are to be packed alike: either every one is gzip data, or none.
#[derive(Debug)]
pub struct PmtilesWriter {
    path: PathBuf,
    data: DataFile,
    journal: Journal,
    seen: HashMap<u64, (u64, u32)>,
    /// The lowest id that may come next.
    next_id: u64,
    /// True until what an interrupted run recorded was asked for, or something was added.
    is_fresh: bool,
}

impl PmtilesWriter {
    /// Begins an archive, or goes on with what the same job left unfinished.
    ///
    /// # Errors
    /// `Io`; `Data` where another process writes it.
    pub fn create(path: &Path, job: &str) -> Result<PmtilesWriter> {
        let (journal, is_same_job) = Journal::open(&beside(path, ".partial.log"), job)?;
        Ok(PmtilesWriter {
            path: path.to_owned(),
            data: DataFile::open(&beside(path, ".partial"), is_same_job)?,
            journal,
            seen: HashMap::new(),
            next_id: 0,
            is_fresh: true,
        })
    }

    /// Takes over what an interrupted run recorded, as far as its contents are there.
    fn resume(&mut self, each: &mut dyn FnMut(Range<u64>)) -> Result<()> {
        self.is_fresh = false;
        let written = self.data.end();
        let mut end = HEAD_BYTES as u64;
        let (mut next_id, mut seen) = (0, std::mem::take(&mut self.seen));
        self.journal.resume(&mut |record| {
            let content_end = record.offset.saturating_add(u64::from(record.length));
            let is_blank = record.length == 0;
            let is_sound = record.id >= next_id
                && record.count > 0
                && (is_blank || (content_end <= written && record.offset <= end));
            if is_sound {
                next_id = record.end_id();
                each(record.id..next_id);
                if !is_blank && record.offset == end {
                    end = content_end;
                    remember(&mut seen, record.hash, (record.offset, record.length));
                }
            }
            is_sound
        })?;
        self.next_id = next_id;
        self.seen = seen;
        self.data.cut(end)
    }

    /// Where the content is: there already, or written now.
    fn store(&mut self, bytes: &[u8]) -> Result<Record> {
        let length = u32::try_from(bytes.len())
            .ok()
            .filter(|_| bytes.len() <= MAX_TILE_BYTES)
            .ok_or_else(|| {
                let (found, most) = (bytes.len(), MAX_TILE_BYTES);
                let message =
                    format!("expected tiles of at most {most} bytes, found one of {found}");
                Error::data(&self.path, message)
            })?;
        let hash = hash(bytes);
        let like = self.seen.get(&hash).copied();
        let offset = match like {
            // the hash finds, the bytes decide
            Some((offset, l)) if l == length && self.data.holds(offset, bytes)? => offset,
            _ => {
                let offset = self.data.append(bytes)?;
                remember(&mut self.seen, hash, (offset, length));
                offset
            }
        };
        Ok(Record {
            id: 0,
            count: 1,
            length,
            offset,
            hash,
        })
    }

    /// Writes the leaf directories behind the tiles; returns the root and the leaves' length.
    fn write_directories(&mut self, count: u64, data_end: u64) -> Result<(Vec<u8>, u64)> {
        if count <= MAX_ROOT_ENTRIES {
            let mut all = Vec::new();
            entries(&mut self.journal, &mut |entry| {
                all.push(entry);
                Ok(())
            })?;
            let root = gzip(&Directory::new(all).to_bytes());
            if root.len() <= MAX_ROOT_BYTES {
                return Ok((root, 0));
            }
        }
        let mut size = LEAF_ENTRIES;
        loop {
            self.data.cut(data_end)?;
            let root = gzip(&self.write_leaves(size)?.to_bytes());
            if root.len() <= MAX_ROOT_BYTES {
                return Ok((root, self.data.end().saturating_sub(data_end)));
            }
            size = size.saturating_add(size / 4);
        }
    }

    /// Writes leaves of that many entries; returns the directory that leads to them.
    fn write_leaves(&mut self, size: usize) -> Result<Directory> {
        let mut root = Vec::new();
        let mut leaf = Vec::with_capacity(size);
        let mut waiting = Vec::new();
        let mut offset = 0_u64;
        let mut close = |leaf: &mut Vec<Entry>, waiting: &mut Vec<u8>| {
            let Some(tile_id) = leaf.first().map(|entry| entry.tile_id) else {
                return;
            };
            let bytes = gzip(&Directory::new(std::mem::take(leaf)).to_bytes());
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            root.push(Entry {
                tile_id,
                offset,
                length,
                run_length: 0,
            });
            offset = offset.saturating_add(u64::from(length));
            waiting.extend_from_slice(&bytes);
        };
        let data = &mut self.data;
        entries(&mut self.journal, &mut |entry| {
            leaf.push(entry);
            if leaf.len() >= size {
                close(&mut leaf, &mut waiting);
            }
            if waiting.len() >= BUFFER_BYTES {
                data.append(&waiting)?;
                waiting.clear();
            }
            Ok(())
        })?;
        close(&mut leaf, &mut waiting);
        data.append(&waiting)?;
        data.flush()?;
        Ok(Directory::new(root))
    }
}

/// Visits the entries of all tiles.
fn entries(journal: &mut Journal, each: &mut dyn FnMut(Entry) -> Result<()>) -> Result<()> {
    journal.runs(&mut |record| {
        if record.length == 0 {
            return Ok(());
        }
        each(Entry {
            tile_id: record.id,
            offset: record.offset.saturating_sub(HEAD_BYTES as u64),
            length: record.length,
            run_length: record.count,
        })
    })
}

impl ArchiveWriter for PmtilesWriter {
    fn recorded(&mut self, each: &mut dyn FnMut(Range<u64>)) -> Result<()> {
        if self.is_fresh {
            self.resume(each)?;
        }
        Ok(())
    }

    fn add(&mut self, id: u64, content: Content<'_>) -> Result<()> {
        if self.is_fresh {
            self.resume(&mut |_| {})?;
        }
        if id < self.next_id {
            let next = self.next_id;
            let message = format!("tile id {id} after the ids up to {next} were recorded");
            return Err(Error::Internal { message });
        }
        let record = match content {
            Content::Tile(bytes) if !bytes.is_empty() => self.store(bytes)?,
            Content::Tile(_) | Content::Blank => Record {
                id: 0,
                count: 1,
                length: 0,
                offset: 0,
                hash: 0,
            },
        };
        self.next_id = id.saturating_add(1);
        self.journal.add(Record { id, ..record })
    }

    fn checkpoint(&mut self) -> Result<()> {
        // the tiles first: the log tells of nothing that is not there
        self.data.flush()?;
        self.journal.flush()
    }

    fn finish(mut self: Box<Self>, info: &ArchiveInfo) -> Result<Written> {
        if self.is_fresh {
            self.resume(&mut |_| {})?;
        }
        self.checkpoint()?;
        let data_end = self.data.end();
        let (mut written, mut count) = (Written::default(), 0_u64);
        let mut content_end = 0;
        entries(&mut self.journal, &mut |entry| {
            count = count.saturating_add(1);
            written.tiles = written.tiles.saturating_add(u64::from(entry.run_length));
            if entry.offset >= content_end {
                content_end = entry.offset.saturating_add(u64::from(entry.length));
                written.contents = written.contents.saturating_add(1);
            }
            Ok(())
        })?;
        if count == 0 {
            let message = "no tile has any content: there is nothing to put into an archive";
            return Err(Error::data(&self.path, message));
        }
        let (root, leaves_length) = self.write_directories(count, data_end)?;
        let metadata_start = data_end.saturating_add(leaves_length);
        let metadata = serde_json::Value::Object(info.metadata()).to_string();
        let metadata = gzip(metadata.as_bytes());
        self.data.write_at(&metadata, metadata_start)?;
        written.bytes = metadata_start.saturating_add(metadata.len() as u64);
        let data_start = HEAD_BYTES as u64;
        let coding = Coding::sniffed(&self.data.read_at(data_start, 4)?);
        let mut header = Header {
            root: section(header::LENGTH as u64, root.len() as u64),
            metadata: section(metadata_start, metadata.len() as u64),
            leaves: section(data_end, leaves_length),
            data: section(data_start, data_end.saturating_sub(data_start)),
            addressed_tiles: written.tiles,
            tile_entries: count,
            tile_contents: written.contents,
            clustered: true,
            internal_compression: Compression::Known(Coding::Gzip),
            tile_compression: Compression::Known(coding.unwrap_or(Coding::Identity)),
            format: None,
            min_zoom: 0,
            max_zoom: 0,
            bounds: [0; 4],
            center_zoom: 0,
            center: [0; 2],
        };
        header.describe(info);
        let mut head = header.to_bytes();
        head.extend_from_slice(&root);
        head.resize(HEAD_BYTES, 0);
        self.data.write_at(&head, 0)?;
        let io = |e: std::io::Error| Error::io(&self.path, &e);
        self.data.file.sync_all().map_err(io)?;
        std::fs::rename(&self.data.path, &self.path).map_err(io)?;
        self.journal.remove()?;
        Ok(written)
    }
}

fn section(offset: u64, length: u64) -> Section {
    Section { offset, length }
}

fn hash(bytes: &[u8]) -> u64 {
    Fingerprint::new().bytes(bytes).value()
}

fn remember(seen: &mut HashMap<u64, (u64, u32)>, hash: u64, place: (u64, u32)) {
    if seen.len() < MAX_REMEMBERED {
        seen.entry(hash).or_insert(place);
    }
}

/// The growing file: its head left free, then tile after tile.
#[derive(Debug)]
struct DataFile {
    path: PathBuf,
    file: File,
    /// How much of it is on disk.
    flushed: u64,
    waiting: Vec<u8>,
}

impl DataFile {
    fn open(path: &Path, keep: bool) -> Result<DataFile> {
        let io = |e: std::io::Error| Error::io(path, &e);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(!keep)
            .open(path)
            .map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let flushed = length.max(HEAD_BYTES as u64);
        file.set_len(flushed).map_err(io)?;
        Ok(DataFile {
            path: path.to_owned(),
            file,
            flushed,
            waiting: Vec::new(),
        })
    }

    fn end(&self) -> u64 {
        self.flushed.saturating_add(self.waiting.len() as u64)
    }

    /// Appends bytes and tells where they are.
    fn append(&mut self, bytes: &[u8]) -> Result<u64> {
        if self.waiting.len() >= BUFFER_BYTES {
            self.flush()?;
        }
        let offset = self.end();
        self.waiting.extend_from_slice(bytes);
        Ok(offset)
    }

    /// True where the file has these bytes at that place.
    fn holds(&self, offset: u64, bytes: &[u8]) -> Result<bool> {
        if let Some(within) = offset.checked_sub(self.flushed) {
            let start = usize::try_from(within).unwrap_or(usize::MAX);
            let there = self.waiting.get(start..).unwrap_or(&[]);
            return Ok(there.starts_with(bytes));
        }
        Ok(self.read_at(offset, bytes.len())? == bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.write_at(&self.waiting, self.flushed)?;
        self.flushed = self.end();
        self.waiting.clear();
        Ok(())
    }

    /// Forgets what lies behind `end`.
    fn cut(&mut self, end: u64) -> Result<()> {
        self.waiting.clear();
        self.flushed = end;
        self.file
            .set_len(end)
            .map_err(|e| Error::io(&self.path, &e))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        self.file
            .write_all_at(bytes, offset)
            .map_err(|e| Error::io(&self.path, &e))
    }

    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.file
            .read_exact_at(&mut bytes, offset)
            .map_err(|e| Error::io(&self.path, &e))?;
        Ok(bytes)
    }
}
