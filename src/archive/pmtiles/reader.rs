//! Reading: header, root and leaf directories, tiles, all from a memory map, every number of the
//! file checked against the bounds before it is used.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use serde_json::Value;

use super::directory::{Directory, Entry};
use super::header::{self, Compression, Header};
use crate::archive::{
    ArchiveInfo, MAX_TILE_BYTES, Tile, TileArchive, TileFormat, Verified, WebTile, web_tile,
};
use crate::error::{Error, Result};
use crate::packing::Coding;
use crate::store::{Fingerprint, Mapping};

/// A directory's bytes after decompression: those of archives of the whole planet have 0.4 MB.
const MAX_DIRECTORY_BYTES: usize = 4 << 20;
/// The metadata after decompression.
const MAX_METADATA_BYTES: usize = 4 << 20;
/// Root, leaves, and leaves of leaves: nobody is known to write more than two levels.
const MAX_DEPTH: usize = 4;
/// Leaf directories kept in memory for each archive, by their size there.
const LEAF_CACHE_BYTES: u64 = 8 << 20;

/// A PMTiles file.
#[derive(Debug)]
pub struct PmtilesArchive {
    path: PathBuf,
    mapping: Mapping,
    header: Header,
    info: ArchiveInfo,
    root: Directory,
    /// By their place in the file.
    leaves: LeafCache,
    version: String,
}

type LeafCache = Cache<(u64, u32), Arc<Directory>, BySize>;

#[derive(Debug, Clone)]
struct BySize;

impl Weighter<(u64, u32), Arc<Directory>> for BySize {
    fn weight(&self, _place: &(u64, u32), directory: &Arc<Directory>) -> u64 {
        let entries = directory.entries().len().max(1);
        entries.saturating_mul(size_of::<Entry>()) as u64
    }
}

impl PmtilesArchive {
    /// Opens a file: reads its header, root directory and metadata.
    ///
    /// # Errors
    /// `Io`; `Data` that says what is wrong or not read.
    pub fn open(path: &Path) -> Result<PmtilesArchive> {
        let data = |message: String| Error::data(path, message);
        let (mapping, stamp) = Mapping::open(path)?;
        let bytes = mapping.bytes();
        let header = Header::parse(bytes, bytes.len() as u64).map_err(data)?;
        let root = whole(header.root).and_then(|range| bytes.get(range));
        let root = unpacked(root, header.internal_compression, MAX_DIRECTORY_BYTES)
            .and_then(|bytes| Directory::parse(&bytes))
            .map_err(|message| data(format!("the root directory: {message}")))?;
        // the header too, so that another content of the same length in the same instant shows
        let version = Fingerprint::new()
            .stamp(&stamp)
            .bytes(bytes.get(..header::LENGTH).unwrap_or(&[]))
            .text();
        let unnamed = ArchiveInfo::new(TileFormat::Mvt, header.min_zoom, header.max_zoom);
        let mut archive = PmtilesArchive {
            path: path.to_owned(),
            mapping,
            header,
            info: unnamed,
            root,
            leaves: leaf_cache(),
            version,
        };
        archive.describe()?;
        Ok(archive)
    }

    /// Fills the description from header and metadata.
    fn describe(&mut self) -> Result<()> {
        let mut info = ArchiveInfo::new(self.format()?, self.header.min_zoom, self.header.max_zoom);
        info.bounds = self.header.bounds_lonlat();
        info.center = self.header.center_lonlat();
        let metadata = whole(self.header.metadata).and_then(|r| self.mapping.bytes().get(r));
        let compression = self.header.internal_compression;
        let metadata = unpacked(metadata, compression, MAX_METADATA_BYTES).and_then(|bytes| {
            match serde_json::from_slice(if bytes.is_empty() { b"{}" } else { &bytes }) {
                Ok(Value::Object(metadata)) => Ok(metadata),
                Ok(_) => Err("expected a JSON object, found another value".to_owned()),
                Err(error) => Err(error.to_string()),
            }
        });
        match metadata {
            Ok(metadata) => info.take_metadata(&metadata),
            // the tiles are worth serving without
            Err(message) => info.warnings.push(format!("the metadata: {message}")),
        }
        if info.bounds.is_none() {
            let message = "the header gives no extent in longitude and latitude";
            info.warnings.push(message.to_owned());
        }
        self.info = info;
        Ok(())
    }

    /// What the tiles are: as the header says, else as the first of them begins.
    fn format(&self) -> Result<TileFormat> {
        if let Some(format) = self.header.format {
            return Ok(format);
        }
        let mut first = self.root.entries().first().copied();
        for _ in 0..MAX_DEPTH {
            match first {
                Some(entry) if entry.run_length == 0 => {
                    first = self.leaf(entry)?.entries().first().copied();
                }
                _ => break,
            }
        }
        first
            .filter(|entry| entry.run_length > 0)
            .and_then(|entry| self.header.data.piece(entry.offset, entry.length))
            .and_then(|range| TileFormat::sniffed(self.mapping.bytes().get(range)?))
            .ok_or_else(|| {
                self.fault("the header does not say what the tiles are, nor do they".to_owned())
            })
    }

    /// Where a tile's bytes are in the file.
    fn locate(&self, tile_id: u64) -> Result<Option<Range<usize>>> {
        let mut found = self.root.find(tile_id);
        for _ in 0..MAX_DEPTH {
            match found {
                None => return Ok(None),
                // against the specification, and seen: a place without a tile
                Some(entry) if entry.length == 0 => return Ok(None),
                Some(entry) if entry.run_length > 0 => return self.content(entry).map(Some),
                Some(entry) => found = self.leaf(entry)?.find(tile_id),
            }
        }
        Err(self.fault(format!("directories lie deeper than {MAX_DEPTH} levels")))
    }

    fn content(&self, entry: Entry) -> Result<Range<usize>> {
        let Entry { offset, length, .. } = entry;
        let piece = self.header.data.piece(offset, length);
        piece.ok_or_else(|| {
            self.fault(format!(
                "a tile ({length} bytes from byte {offset} of the tile data) lies beyond their end"
            ))
        })
    }

    /// A leaf directory, from the cache where it is there.
    fn leaf(&self, entry: Entry) -> Result<Arc<Directory>> {
        let place = (entry.offset, entry.length);
        self.leaves
            .get_or_insert_with(&place, || self.read_leaf(entry).map(Arc::new))
    }

    fn read_leaf(&self, entry: Entry) -> Result<Directory> {
        let Entry { offset, length, .. } = entry;
        let piece = self.header.leaves.piece(offset, length);
        let bytes = piece.and_then(|range| self.mapping.bytes().get(range));
        unpacked(bytes, self.header.internal_compression, MAX_DIRECTORY_BYTES)
            .and_then(|bytes| Directory::parse(&bytes))
            .map_err(|message| {
                self.fault(format!(
                    "the leaf directory of {length} bytes from byte {offset}: {message}"
                ))
            })
    }

    fn bytes(&self, range: Range<usize>) -> Result<Vec<u8>> {
        let length = range.len();
        if length > MAX_TILE_BYTES {
            return Err(self.fault(format!(
                "expected a tile of at most {MAX_TILE_BYTES} bytes, found one of {length}"
            )));
        }
        Ok(self.mapping.bytes().get(range).unwrap_or(&[]).to_vec())
    }

    /// # Errors
    /// `Data` where a part of the file was found gone: what was read there are zeros, which look
    /// like a tile, or like directories without any.
    fn intact(&self) -> Result<()> {
        if self.mapping.is_damaged() {
            return Err(self.fault("the file was cut while it was served".to_owned()));
        }
        Ok(())
    }

    fn fault(&self, message: String) -> Error {
        Error::data(&self.path, message)
    }
}

impl TileArchive for PmtilesArchive {
    fn info(&self) -> &ArchiveInfo {
        &self.info
    }

    fn version(&self) -> &str {
        &self.version
    }

    /// Two binary searches and a copy, from a memory map.
    fn is_quick(&self) -> bool {
        true
    }

    fn tile(&self, tile: WebTile) -> Result<Option<Tile>> {
        let bytes = self.locate(tile.id())?.map(|range| self.bytes(range));
        let bytes = bytes.transpose()?;
        self.intact()?;
        let declared = self.header.tile_compression.coding();
        Ok(bytes.map(|bytes| Tile::of_stored(bytes, declared)))
    }

    fn verify(&self) -> Result<Verified> {
        let mut walk = Walk {
            archive: self,
            found: Verified::default(),
            entries: 0,
            next_id: 0,
            data_end: 0,
        };
        walk.directory(&self.root, 0..web_tile::first_id(32), 1);
        walk.compare_counts();
        Ok(walk.found)
    }
}

fn leaf_cache() -> LeafCache {
    let options = OptionsBuilder::new()
        .estimated_items_capacity(64)
        .weight_capacity(LEAF_CACHE_BYTES)
        // one part: a leaf of a large archive would be too heavy for an eighth of the whole
        .shards(1)
        .build();
    match options {
        Ok(options) => Cache::with_options(
            options,
            BySize,
            DefaultHashBuilder::default(),
            DefaultLifecycle::default(),
        ),
        // only without the two capacities
        Err(_) => Cache::with_weighter(64, LEAF_CACHE_BYTES, BySize),
    }
}

/// A section as a range of the file; the header was checked against its length.
fn whole(section: header::Section) -> Option<Range<usize>> {
    let start = usize::try_from(section.offset).ok()?;
    let length = usize::try_from(section.length).ok()?;
    match length {
        0 => Some(0..0),
        _ => Some(start..start.checked_add(length)?),
    }
}

fn unpacked(
    bytes: Option<&[u8]>,
    compression: Compression,
    limit: usize,
) -> Result<Vec<u8>, String> {
    let bytes = bytes.ok_or("it lies beyond the end of its section")?;
    let coding = match compression {
        _ if bytes.is_empty() => Coding::Identity,
        Compression::Known(coding) => coding,
        Compression::Unknown => Coding::sniffed(bytes).unwrap_or(Coding::Identity),
    };
    coding.unpack(bytes, limit)
}

/// A walk through all directories, in the order of the ids.
struct Walk<'a> {
    archive: &'a PmtilesArchive,
    found: Verified,
    entries: u64,
    /// The lowest id that may come next.
    next_id: u64,
    /// The end of the tile data seen so far.
    data_end: u64,
}

impl Walk<'_> {
    /// Visits a directory that may hold the ids of `within` only: so each leaf is visited once,
    /// whatever the file says.
    fn directory(&mut self, directory: &Directory, within: Range<u64>, depth: usize) {
        let entries = directory.entries();
        let ends = entries.iter().skip(1).map(|entry| entry.tile_id);
        for (entry, end) in entries.iter().zip(ends.chain([within.end])) {
            let (id, end) = (entry.tile_id, end.min(within.end));
            if id < self.next_id || id >= within.end || entry.end() > end {
                let message = format!("the entry of id {id} overlaps its neighbours");
                self.damage(message);
            } else if entry.run_length > 0 {
                self.next_id = entry.end();
                self.tile(*entry);
            } else if depth < MAX_DEPTH {
                self.leaf(*entry, id..end, depth);
            } else {
                self.damage(format!("directories lie deeper than {MAX_DEPTH} levels"));
            }
        }
    }

    fn leaf(&mut self, entry: Entry, within: Range<u64>, depth: usize) {
        match self.archive.read_leaf(entry) {
            Ok(leaf) if leaf.entries().first().map(|e| e.tile_id) == Some(entry.tile_id) => {
                self.directory(&leaf, within, depth + 1);
            }
            Ok(_) => self.damage(format!(
                "the leaf directory of id {} does not begin with it",
                entry.tile_id
            )),
            Err(Error::Data { message, .. }) => self.damage(message),
            Err(other) => self.damage(other.to_string()),
        }
    }

    fn tile(&mut self, entry: Entry) {
        self.entries = self.entries.saturating_add(1);
        let run = u64::from(entry.run_length);
        self.found.tiles = self.found.tiles.saturating_add(run);
        let Some(tile) = WebTile::of_id(entry.tile_id) else {
            return self.damage(format!("the id {} is beyond all zooms", entry.tile_id));
        };
        let info = &self.archive.info;
        if tile.z() < info.min_zoom || tile.z() > info.max_zoom {
            let (min, max) = (info.min_zoom, info.max_zoom);
            let message = format!("tile {tile} is outside of the zooms {min} to {max}");
            self.found.fault(|| message);
        }
        // in a clustered archive what lies before the end was seen already
        let is_seen = self.archive.header.clustered && entry.offset < self.data_end;
        if is_seen && self.archive.content(entry).is_ok() {
            return;
        }
        let read = self.archive.content(entry).map(|range| {
            let bytes = self.archive.mapping.bytes().get(range).unwrap_or(&[]);
            let declared = self.archive.header.tile_compression.coding();
            self.found.content(tile, bytes, declared, info.format);
        });
        if let Err(Error::Data { message, .. }) = read {
            self.damage(format!("tile {tile}: {message}"));
        }
        let end = entry.offset.saturating_add(u64::from(entry.length));
        self.data_end = self.data_end.max(end);
    }

    fn damage(&mut self, message: String) {
        self.found.damaged = self.found.damaged.saturating_add(1);
        self.found.fault(|| message);
    }

    /// The header counts tiles and entries, where it does not leave that open.
    fn compare_counts(&mut self) {
        let header = &self.archive.header;
        let counts = [
            ("addressed tiles", header.addressed_tiles, self.found.tiles),
            ("tile entries", header.tile_entries, self.entries),
        ];
        for (what, said, counted) in counts {
            if said != 0 && said != counted {
                let message = format!("the header says {said} {what}, there are {counted}");
                self.found.fault(|| message);
            }
        }
    }
}
