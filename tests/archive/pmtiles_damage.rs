//! Files that lie: refused or read, never a panic, never much memory.

use std::path::Path;

use cartotheque::archive::pmtiles::PmtilesArchive;
use cartotheque::archive::{TileArchive, TileFormat, WebTile};
use proptest::prelude::*;

use crate::common::Scratch;
use crate::made::{at, info, png, pyramid, write};

/// A sound archive with leaf directories, small.
fn sound(scratch: &Scratch) -> Vec<u8> {
    let path = scratch.join("sound.pmtiles");
    let mut tiles = pyramid(7);
    for (nth, (_, bytes)) in tiles.iter_mut().enumerate() {
        bytes.resize(9 + nth * 7919 % 61, 7);
    }
    write(&path, &tiles, &info(TileFormat::Png, 7));
    std::fs::read(path).unwrap()
}

/// Asks everything of a file; whatever it answers is right, but it must answer. True where it
/// can be opened.
fn ask(path: &Path, verify: bool) -> bool {
    let Ok(archive) = PmtilesArchive::open(path) else {
        return false;
    };
    for id in (0..30_000).step_by(97).chain([u64::MAX / 3 - 1]) {
        let _ = archive.tile(WebTile::of_id(id).unwrap());
    }
    if verify {
        archive.verify().unwrap();
    }
    true
}

#[test]
fn thousands_of_damaged_copies_are_read_or_refused() {
    let scratch = Scratch::new("damage");
    let good = sound(&scratch);
    let path = scratch.join("bad.pmtiles");
    let root = 127..127 + good[16] as usize + 256 * good[17] as usize;
    let leaves = usize::from_le_bytes(good[40..48].try_into().unwrap());
    let mut random = 7_u64;
    let mut next = |below: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) as usize % below
    };
    let mut opened = 0;
    for nth in 0..2_000 {
        let mut bytes = good.clone();
        for _ in 0..=nth % 3 {
            let place = match nth % 4 {
                0 => 7 + next(120),
                1 => root.start + next(root.len()),
                2 => leaves + next(good.len() - leaves),
                _ => next(good.len()),
            };
            bytes[place] = next(256) as u8;
        }
        if nth % 5 == 0 {
            bytes.truncate(next(good.len()));
        }
        std::fs::write(&path, bytes).unwrap();
        opened += usize::from(ask(&path, nth % 8 < 2));
    }
    // damage of the header or the root is refused, elsewhere it costs what it concerns
    assert!((500..1_500).contains(&opened), "{opened} were opened");
}

#[test]
fn verifying_finds_what_is_damaged() {
    let scratch = Scratch::new("verify");
    let good = sound(&scratch);
    let path = scratch.join("bad.pmtiles");
    let faults = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        std::fs::write(&path, bytes).unwrap();
        let verified = PmtilesArchive::open(&path).unwrap().verify().unwrap();
        assert!(!verified.is_sound());
        verified.faults.join("; ")
    };
    // the first bytes of the first tile's content
    let tile = faults(&|bytes| bytes[16_384] = b'?');
    assert_eq!(tile, "tile 0/0/0: expected png, found other bytes");
    let leaves = usize::from_le_bytes(good[40..48].try_into().unwrap());
    let leaf = faults(&|bytes| bytes[leaves + 40] ^= 0x55);
    assert!(leaf.contains("the gzip data are damaged"), "{leaf}");
    let count = faults(&|bytes| bytes[72] ^= 1);
    assert!(
        count.contains("addressed tiles, there are 21845"),
        "{count}"
    );
    let zoom = faults(&|bytes| bytes[101] = 3);
    assert!(zoom.contains("outside of the zooms 0 to 3"), "{zoom}");
}

/// A header with these sections, uncompressed, and what follows it.
fn handmade(root: &[u8], leaves: &[u8], data: &[u8]) -> Vec<u8> {
    let mut bytes = b"PMTiles\x03".to_vec();
    let mut offset = 127;
    for part in [root, &[], leaves, data] {
        bytes.extend((offset as u64).to_le_bytes());
        bytes.extend((part.len() as u64).to_le_bytes());
        offset += part.len();
    }
    bytes.extend([0; 24]);
    bytes.extend([1, 1, 1, 2, 0, 5]);
    bytes.resize(127, 0);
    bytes.extend([root, leaves, data].concat());
    bytes
}

#[test]
fn directories_that_lead_in_circles_end() {
    let scratch = Scratch::new("circles");
    let path = scratch.join("circle.pmtiles");
    // one entry: id 0, a leaf directory of five bytes at offset 0: itself
    let circle = [1, 0, 0, 5, 1];
    std::fs::write(&path, handmade(&circle, &circle, b"")).unwrap();
    let archive = PmtilesArchive::open(&path).unwrap();
    let refused = archive.tile(at(0, 0, 0)).unwrap_err();
    assert!(refused.to_string().contains("deeper than 4"), "{refused}");
    assert!(!archive.verify().unwrap().is_sound());
    // many entries that all lead to their own directory
    let count = 2_000_u32;
    let mut wide = vec![0x80 | (count & 0x7f) as u8, (count >> 7) as u8, 0];
    wide.extend(std::iter::repeat_n(1, count as usize - 1));
    wide.extend(std::iter::repeat_n(0, count as usize));
    let length = 2 + 2 * count + 4 * count;
    for _ in 0..count {
        wide.extend([
            0x80 | (length & 0x7f) as u8,
            0x80 | ((length >> 7) & 0x7f) as u8,
            (length >> 14) as u8,
        ]);
    }
    wide.extend(std::iter::repeat_n(1, count as usize));
    assert_eq!(wide.len() as u32, length);
    std::fs::write(&path, handmade(&wide, &wide, b"")).unwrap();
    let verified = PmtilesArchive::open(&path).unwrap().verify().unwrap();
    assert!(!verified.is_sound() && verified.tiles == 0);
}

#[test]
fn lengths_beyond_their_section_are_a_fault_of_that_tile_alone() {
    let scratch = Scratch::new("beyond");
    let path = scratch.join("a.pmtiles");
    let tile = png(b"x");
    // ids 0 and 1; lengths 9 and 100; the second follows the first
    let root = [2, 0, 1, 1, 1, 9, 100, 1, 0];
    std::fs::write(&path, handmade(&root, b"", &tile)).unwrap();
    let archive = PmtilesArchive::open(&path).unwrap();
    assert_eq!(archive.tile(at(0, 0, 0)).unwrap().unwrap().bytes, tile);
    let refused = archive.tile(at(1, 0, 0)).unwrap_err().to_string();
    assert!(refused.contains("lies beyond their end"), "{refused}");
    // without a tile type it is told by the first tile
    let mut untyped = handmade(&[1, 0, 1, 9, 1], b"", &tile);
    untyped[99] = 0;
    std::fs::write(&path, &untyped).unwrap();
    assert_eq!(
        PmtilesArchive::open(&path).unwrap().info().format,
        TileFormat::Png
    );
    untyped[127 + 5] = b'?';
    std::fs::write(&path, &untyped).unwrap();
    let refused = PmtilesArchive::open(&path).unwrap_err().to_string();
    assert!(
        refused.contains("does not say what the tiles are"),
        "{refused}"
    );
}

#[test]
fn an_empty_root_is_an_archive_without_tiles() {
    let scratch = Scratch::new("empty");
    let path = scratch.join("a.pmtiles");
    std::fs::write(&path, handmade(&[0], b"", b"")).unwrap();
    let archive = PmtilesArchive::open(&path).unwrap();
    assert_eq!(archive.tile(at(0, 0, 0)).unwrap(), None);
    for short in [0, 5, 126] {
        std::fs::write(&path, &handmade(&[0], b"", b"")[..short]).unwrap();
        assert!(PmtilesArchive::open(&path).is_err());
    }
}

#[test]
fn a_file_cut_while_it_is_served_is_an_error_and_not_the_end() {
    let scratch = Scratch::new("cut");
    let good = sound(&scratch);
    let path = scratch.join("cut.pmtiles");
    std::fs::write(&path, &good).unwrap();
    let archive = PmtilesArchive::open(&path).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(5_000).unwrap();
    let refused = (0..21_000)
        .step_by(500)
        .filter(|id| archive.tile(WebTile::of_id(*id).unwrap()).is_err())
        .count();
    assert!(refused > 30, "{refused}");
}

#[test]
fn a_directory_that_was_cut_away_is_an_error_and_not_a_place_without_tiles() {
    let scratch = Scratch::new("cut-directory");
    let path = scratch.join("cut.pmtiles");
    // id 0: a leaf of five bytes two pages on, which leads to a tile of nine
    let root = [1, 0, 0, 5, 0x81, 0x40];
    let mut leaves = vec![0; 8_192];
    leaves.extend([1, 0, 1, 9, 1]);
    let tile = png(b"x");
    std::fs::write(&path, handmade(&root, &leaves, &tile)).unwrap();
    let sound = PmtilesArchive::open(&path).unwrap();
    assert_eq!(sound.tile(at(0, 0, 0)).unwrap().unwrap().bytes, tile);
    let archive = PmtilesArchive::open(&path).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(200).unwrap();
    // zeros are a directory without entries
    for _ in 0..2 {
        let refused = archive.tile(at(0, 0, 0)).unwrap_err().to_string();
        assert!(refused.contains("the file was cut"), "{refused}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn any_directories_are_read_or_refused(root: Vec<u8>, leaves: Vec<u8>, data: Vec<u8>) {
        let scratch = Scratch::new("any-directory");
        let path = scratch.join("a.pmtiles");
        std::fs::write(&path, handmade(&root, &leaves, &data)).unwrap();
        ask(&path, true);
    }
}
