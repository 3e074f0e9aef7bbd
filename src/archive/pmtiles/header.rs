//! The 127 bytes that a file begins with (§"Header Design").

use std::ops::Range;

use crate::archive::{ArchiveInfo, Center, TileFormat, WebTile, info};
use crate::geom::Bbox;
use crate::packing::Coding;

/// How long a header is.
pub const LENGTH: usize = 127;
const MAGIC: &[u8] = b"PMTiles";
/// Positions are written as integers of degrees times this.
const PER_DEGREE: f64 = 10_000_000.0;

/// A part of the file: where it begins, how long it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Section {
    pub offset: u64,
    pub length: u64,
}

impl Section {
    /// The bytes of a piece of the section, as a range of the file; `None` where the piece
    /// leaves the section or the numbers overflow.
    pub fn piece(self, offset: u64, length: u32) -> Option<Range<usize>> {
        let end = offset.checked_add(u64::from(length))?;
        if end > self.length {
            return None;
        }
        let start = self.offset.checked_add(offset)?;
        let end = self.offset.checked_add(end)?;
        Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }

    fn end(self) -> Option<u64> {
        self.offset.checked_add(self.length)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    Unknown,
    Known(Coding),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    pub root: Section,
    pub metadata: Section,
    pub leaves: Section,
    pub data: Section,
    /// 0: not known.
    pub addressed_tiles: u64,
    pub tile_entries: u64,
    pub tile_contents: u64,
    pub clustered: bool,
    pub internal_compression: Compression,
    pub tile_compression: Compression,
    /// `None`: not said.
    pub format: Option<TileFormat>,
    pub min_zoom: u8,
    pub max_zoom: u8,
    /// West, south, east, north, as written.
    pub bounds: [i32; 4],
    pub center_zoom: u8,
    /// Longitude, latitude.
    pub center: [i32; 2],
}

impl Header {
    /// Reads the header of a file of `file_length` bytes.
    ///
    /// # Errors
    /// In words: what was expected and what was found.
    pub fn parse(bytes: &[u8], file_length: u64) -> Result<Header, String> {
        if !bytes.starts_with(MAGIC) {
            return Err("expected a PMTiles file, found no \"PMTiles\" at its begin".to_owned());
        }
        let mut rest = Bytes(bytes.get(MAGIC.len()..LENGTH).ok_or_else(|| {
            format!("expected a header of {LENGTH} bytes, found a file of {file_length}")
        })?);
        match rest.byte() {
            3 => {}
            other => return Err(format!("expected PMTiles version 3, found version {other}")),
        }
        let header = Header {
            root: rest.section(),
            metadata: rest.section(),
            leaves: rest.section(),
            data: rest.section(),
            addressed_tiles: rest.long(),
            tile_entries: rest.long(),
            tile_contents: rest.long(),
            clustered: rest.byte() == 1,
            internal_compression: compression(rest.byte(), "the directories")?,
            tile_compression: compression(rest.byte(), "the tiles")?,
            format: format(rest.byte())?,
            min_zoom: rest.byte(),
            max_zoom: rest.byte(),
            bounds: [rest.int(), rest.int(), rest.int(), rest.int()],
            center_zoom: rest.byte(),
            center: [rest.int(), rest.int()],
        };
        header.check(file_length)?;
        Ok(header)
    }

    fn check(&self, file_length: u64) -> Result<(), String> {
        let sections = [
            ("root directory", self.root),
            ("metadata", self.metadata),
            ("leaf directories", self.leaves),
            ("tile data", self.data),
        ];
        for (name, section) in sections {
            // an empty section may lie anywhere
            let inside = section.length == 0 || section.end().is_some_and(|e| e <= file_length);
            if !inside {
                let Section { offset, length } = section;
                return Err(format!(
                    "the {name} ({length} bytes from byte {offset}) lie beyond the end of the file of {file_length} bytes: is it cut?"
                ));
            }
        }
        if self.root.length == 0 {
            return Err("the root directory is empty".to_owned());
        }
        let (min, max, deepest) = (self.min_zoom, self.max_zoom, WebTile::MAX_ZOOM);
        if min > max || max > deepest {
            return Err(format!(
                "expected zooms from 0 to {deepest}, found {min} to {max}"
            ));
        }
        Ok(())
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(LENGTH);
        out.extend_from_slice(MAGIC);
        out.push(3);
        for section in [self.root, self.metadata, self.leaves, self.data] {
            out.extend(section.offset.to_le_bytes());
            out.extend(section.length.to_le_bytes());
        }
        for count in [self.addressed_tiles, self.tile_entries, self.tile_contents] {
            out.extend(count.to_le_bytes());
        }
        out.push(u8::from(self.clustered));
        out.push(self.internal_compression.code());
        out.push(self.tile_compression.code());
        out.push(self.format.map_or(0, format_code));
        out.push(self.min_zoom);
        out.push(self.max_zoom);
        for number in self.bounds {
            out.extend(number.to_le_bytes());
        }
        out.push(self.center_zoom);
        for number in self.center {
            out.extend(number.to_le_bytes());
        }
        out
    }

    /// Takes zooms, bounds and center of what is to be written.
    pub fn describe(&mut self, said: &ArchiveInfo) {
        let bounds = said.bounds.unwrap_or(Bbox::WORLD);
        let Bbox {
            min_x,
            min_y,
            max_x,
            max_y,
        } = bounds;
        self.bounds = [min_x, min_y, max_x, max_y].map(written_degrees);
        let center = said.center_or_middle().unwrap_or(Center {
            longitude: 0.0,
            latitude: 0.0,
            zoom: said.min_zoom,
        });
        self.center = [center.longitude, center.latitude].map(written_degrees);
        self.center_zoom = center.zoom;
        self.min_zoom = said.min_zoom;
        self.max_zoom = said.max_zoom;
        self.format = Some(said.format);
    }

    /// The extent; `None` where none is said, or nonsense.
    pub fn bounds_lonlat(&self) -> Option<Bbox> {
        if self.bounds == [0; 4] {
            return None;
        }
        let [west, south, east, north] = self.bounds.map(degrees);
        info::bounds_lonlat(west, south, east, north)
    }

    /// Where the map opens; `None` where it is nowhere in particular.
    pub fn center_lonlat(&self) -> Option<Center> {
        let [longitude, latitude] = self.center.map(degrees);
        let said = self.center != [0; 2] || self.center_zoom != 0;
        let center = Center {
            longitude,
            latitude,
            zoom: self.center_zoom,
        };
        let on_earth = Bbox::WORLD.contains_point([longitude, latitude]);
        (said && on_earth && self.center_zoom <= WebTile::MAX_ZOOM).then_some(center)
    }
}

fn degrees(written: i32) -> f64 {
    f64::from(written) / PER_DEGREE
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a float becomes the nearest integer, and saturates"
)]
fn written_degrees(degrees: f64) -> i32 {
    (degrees * PER_DEGREE).round() as i32
}

impl Compression {
    /// What is declared; nothing where it is not said.
    pub fn coding(self) -> Coding {
        match self {
            Compression::Unknown => Coding::Identity,
            Compression::Known(coding) => coding,
        }
    }

    fn code(self) -> u8 {
        match self {
            Compression::Unknown => 0,
            Compression::Known(Coding::Identity) => 1,
            Compression::Known(Coding::Gzip) => 2,
            Compression::Known(Coding::Brotli) => 3,
            Compression::Known(Coding::Zstd) => 4,
        }
    }
}

fn compression(code: u8, what: &str) -> Result<Compression, String> {
    Ok(Compression::Known(match code {
        0 => return Ok(Compression::Unknown),
        1 => Coding::Identity,
        2 => Coding::Gzip,
        3 => Coding::Brotli,
        4 => Coding::Zstd,
        other => {
            return Err(format!(
                "{what} are compressed with an unknown method (number {other}): expected none, \
                 gzip, Brotli or Zstandard"
            ));
        }
    }))
}

/// The numbers of tile types, in the order of the specification.
const FORMATS: [(u8, TileFormat); 5] = [
    (1, TileFormat::Mvt),
    (2, TileFormat::Png),
    (3, TileFormat::Jpeg),
    (4, TileFormat::Webp),
    // 5 is AVIF
    (6, TileFormat::Mlt),
];

fn format(code: u8) -> Result<Option<TileFormat>, String> {
    if code == 0 {
        return Ok(None);
    }
    let known = FORMATS.iter().find(|(number, _)| *number == code);
    known.map(|(_, format)| Some(*format)).ok_or_else(|| {
        format!(
            "expected a tile type from 1 (vector tiles) to 4 (WebP), or 6 (MapLibre Tiles), found \
             number {code}"
        )
    })
}

fn format_code(format: TileFormat) -> u8 {
    let known = FORMATS.iter().find(|(_, known)| *known == format);
    known.map_or(0, |(number, _)| *number)
}

/// Little-endian numbers one after the other; zeros beyond the end.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk::<N>() {
            Some((chunk, rest)) => {
                self.0 = rest;
                *chunk
            }
            None => [0; N],
        }
    }

    fn byte(&mut self) -> u8 {
        let [byte] = self.take::<1>();
        byte
    }

    fn int(&mut self) -> i32 {
        i32::from_le_bytes(self.take())
    }

    fn long(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    fn section(&mut self) -> Section {
        Section {
            offset: self.long(),
            length: self.long(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let mut header = Header {
            root: Section {
                offset: 127,
                length: 25,
            },
            metadata: Section {
                offset: 152,
                length: 247,
            },
            leaves: Section::default(),
            data: Section {
                offset: 399,
                length: 700,
            },
            addressed_tiles: 85,
            tile_entries: 84,
            tile_contents: 80,
            clustered: true,
            internal_compression: Compression::Known(Coding::Gzip),
            tile_compression: Compression::Known(Coding::Identity),
            format: None,
            min_zoom: 0,
            max_zoom: 0,
            bounds: [0; 4],
            center_zoom: 0,
            center: [0; 2],
        };
        let mut said = ArchiveInfo::new(TileFormat::Webp, 2, 9);
        said.bounds = Bbox::new(-180.0, -85.051_128_7, 5.25, 46.1);
        header.describe(&said);
        header
    }

    #[test]
    fn a_header_is_127_bytes_at_the_places_of_the_specification() {
        let bytes = header().to_bytes();
        assert_eq!(bytes.len(), LENGTH);
        let long = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        let int = |at: usize| i32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!(&bytes[..8], b"PMTiles\x03");
        assert_eq!([long(8), long(16), long(24), long(32)], [127, 25, 152, 247]);
        assert_eq!([long(40), long(48), long(56), long(64)], [0, 0, 399, 700]);
        assert_eq!([long(72), long(80), long(88)], [85, 84, 80]);
        assert_eq!(bytes[96..102], [1, 2, 1, 4, 2, 9]);
        assert_eq!(int(102), -1_800_000_000);
        assert_eq!(int(106), -850_511_287);
        assert_eq!([int(110), int(114)], [52_500_000, 461_000_000]);
        assert_eq!(Header::parse(&bytes, 2_000), Ok(header()));
    }

    #[test]
    fn what_can_not_be_read_is_refused_by_name() {
        let good = header().to_bytes();
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            Header::parse(&bytes, 2_000).unwrap_err()
        };
        assert!(with(0, b'p').contains("no \"PMTiles\""));
        assert_eq!(with(7, 2), "expected PMTiles version 3, found version 2");
        assert!(with(97, 5).contains("the directories are compressed with an unknown method"));
        assert!(with(98, 9).contains("the tiles are compressed with an unknown method (number 9)"));
        assert!(with(99, 9).contains("number 9"));
        assert!(with(100, 10).contains("found 10 to 9"));
        assert!(with(101, 32).contains("found 2 to 32"));
        assert!(with(16, 0).contains("root directory is empty"));
        assert!(with(63, 0xff).contains("the tile data"));
        assert!(
            Header::parse(&good, 1_000)
                .unwrap_err()
                .contains("is it cut?")
        );
        assert!(
            Header::parse(&good[..126], 126)
                .unwrap_err()
                .contains("127")
        );
    }
}
