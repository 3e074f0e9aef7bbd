//! PMTiles written and read back, by our reader and by a naive one.

use std::collections::BTreeMap;

use cartotheque::archive::pmtiles::PmtilesArchive;
use cartotheque::archive::{self, Content, TileArchive, TileFormat, VectorLayer};
use cartotheque::error::Error;
use cartotheque::packing::Coding;
use proptest::prelude::*;

use crate::common::Scratch;
use crate::made::{Tiles, at, info, png, pyramid, write};
use crate::naive::Naive;

/// Both readers find exactly these tiles.
fn holds(path: &std::path::Path, tiles: &Tiles) -> Naive {
    let naive = Naive::read(path);
    let expected: BTreeMap<u64, Vec<u8>> = tiles
        .iter()
        .map(|(t, bytes)| (t.id(), bytes.clone()))
        .collect();
    assert_eq!(naive.tiles, expected);
    let archive = PmtilesArchive::open(path).unwrap();
    for (tile, bytes) in tiles {
        let found = archive.tile(*tile).unwrap().unwrap();
        assert_eq!(&found.bytes, bytes, "{tile}");
        assert_eq!(found.coding, Coding::Identity);
    }
    let verified = archive.verify().unwrap();
    assert!(verified.is_sound(), "{:?}", verified.faults);
    assert_eq!(verified.tiles, tiles.len() as u64);
    naive
}

#[test]
fn what_is_written_is_read_back_by_both_readers() {
    let scratch = Scratch::new("round-trip");
    let path = scratch.join("a.pmtiles");
    let tiles = pyramid(4);
    let written = write(&path, &tiles, &info(TileFormat::Png, 4));
    assert_eq!(scratch.names(), ["a.pmtiles"], "nothing is left beside it");
    let naive = holds(&path, &tiles);
    assert_eq!(naive.leaves, 0);
    assert_eq!(written.tiles, 341);
    // 49 tiles share one content, and are not neighbours
    assert_eq!(written.contents, 341 - 49 + 1);
    let counts = [naive.long(72), naive.long(80), naive.long(88)];
    assert_eq!(counts, [341, 341, 293]);
    assert_eq!(written.bytes, naive.bytes.len() as u64);
    let archive = PmtilesArchive::open(&path).unwrap();
    assert_eq!(archive.tile(at(5, 0, 0)).unwrap(), None);
    let read = archive.info();
    assert_eq!(read.warnings, [""; 0]);
    let center = read.center_or_middle().unwrap();
    assert_eq!((center.longitude, center.latitude), (5.625, 45.5));
    let mut expected = info(TileFormat::Png, 4);
    expected.center = Some(center);
    assert_eq!(*read, expected);
}

#[test]
fn the_metadata_of_vector_tiles_name_their_layers() {
    let scratch = Scratch::new("metadata");
    let path = scratch.join("a.pmtiles");
    let mut said = info(TileFormat::Mvt, 2);
    let fields = serde_json::json!({"nom": "String", "population": "Number"});
    said.vector_layers = vec![VectorLayer {
        id: "communes".into(),
        description: "Communes".into(),
        minzoom: Some(0),
        maxzoom: Some(2),
        fields: fields.as_object().unwrap().clone(),
    }];
    let packed = archive::gzip(b"\x1a\x00");
    write(&path, &[(at(0, 0, 0), packed.clone())], &said);
    let naive = Naive::read(&path);
    assert_eq!(
        naive.metadata,
        serde_json::json!({
            "name": "Départements", "attribution": "© IGN", "type": "overlay",
            "vector_layers": [{
                "id": "communes", "description": "Communes", "minzoom": 0, "maxzoom": 2,
                "fields": {"nom": "String", "population": "Number"},
            }],
        })
    );
    // tile compression, tile type, zooms
    assert_eq!(naive.bytes[98..102], [2, 1, 0, 2]);
    let archive = PmtilesArchive::open(&path).unwrap();
    assert_eq!(archive.info().vector_layers, said.vector_layers);
    let tile = archive.tile(at(0, 0, 0)).unwrap().unwrap();
    assert_eq!((tile.coding, &tile.bytes), (Coding::Gzip, &packed));
    assert_eq!(tile.into_unpacked().unwrap(), b"\x1a\x00");
}

#[test]
fn tiles_alike_become_one_run_or_one_content() {
    let scratch = Scratch::new("runs");
    let path = scratch.join("a.pmtiles");
    let tiles: Tiles = (0..5000)
        .map(|id| {
            let tile = archive::WebTile::of_id(id).unwrap();
            let text: &[u8] = if id == 2500 { b"une ile" } else { b"la mer" };
            (tile, png(text))
        })
        .collect();
    let written = write(&path, &tiles, &info(TileFormat::Png, 6));
    let naive = holds(&path, &tiles);
    assert_eq!((written.tiles, written.contents), (5000, 2));
    assert_eq!(naive.long(80), 3, "a run, the island, a run");
    assert_eq!(naive.long(64), 14 + 15, "each content once");
}

#[test]
fn many_tiles_make_leaf_directories_and_the_root_stays_in_its_place() {
    let scratch = Scratch::new("leaves");
    let path = scratch.join("a.pmtiles");
    // 87 381 tiles of lengths that no compression guesses
    let tiles: Tiles = pyramid(8)
        .into_iter()
        .map(|(tile, mut bytes)| {
            let noise = tile.id().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 57;
            bytes.resize(bytes.len() + noise as usize, b'.');
            (tile, bytes)
        })
        .collect();
    write(&path, &tiles, &info(TileFormat::Png, 8));
    let naive = holds(&path, &tiles);
    assert_eq!(naive.leaves, 22, "4096 entries each");
}

#[test]
fn an_archive_of_one_tile_is_one_and_of_none_is_refused() {
    let scratch = Scratch::new("few");
    let path = scratch.join("a.pmtiles");
    let tiles = vec![(at(14, 8400, 5800), png(b"Grenoble"))];
    write(&path, &tiles, &info(TileFormat::Png, 14));
    holds(&path, &tiles);
    let mut writer = archive::create(&scratch.join("b.pmtiles"), "job").unwrap();
    writer.add(0, Content::Blank).unwrap();
    let refused = writer.finish(&info(TileFormat::Png, 0)).unwrap_err();
    assert!(refused.to_string().contains("no tile has any content"));
    assert!(!scratch.join("b.pmtiles").exists());
}

#[test]
fn ids_that_do_not_ascend_and_tiles_that_are_too_large_are_refused() {
    let scratch = Scratch::new("order");
    let mut writer = archive::create(&scratch.join("a.pmtiles"), "job").unwrap();
    writer.add(5, Content::Tile(b"x")).unwrap();
    for id in [5, 4] {
        let refused = writer.add(id, Content::Tile(b"y"));
        assert!(matches!(refused, Err(Error::Internal { .. })));
    }
    let large = vec![1; archive::MAX_TILE_BYTES + 1];
    let refused = writer.add(6, Content::Tile(&large)).unwrap_err();
    assert!(refused.to_string().contains("at most 33554432 bytes"));
}

#[test]
fn one_archive_has_one_writer() {
    let scratch = Scratch::new("lock");
    let path = scratch.join("a.pmtiles");
    let writer = archive::create(&path, "job").unwrap();
    let refused = archive::create(&path, "job").unwrap_err();
    assert!(refused.to_string().contains("another process writes"));
    drop(writer);
    archive::create(&path, "job").unwrap();
}

/// Writes the first part of some tiles and stops without a word.
fn interrupt(
    path: &std::path::Path,
    job: &str,
    tiles: &[(archive::WebTile, Vec<u8>)],
    checkpoint: usize,
) {
    let mut writer = archive::create(path, job).unwrap();
    for (nth, (tile, bytes)) in tiles.iter().enumerate() {
        if nth == checkpoint {
            writer.checkpoint().unwrap();
        }
        writer.add(tile.id(), Content::Tile(bytes)).unwrap();
    }
}

fn go_on(path: &std::path::Path, job: &str, tiles: &Tiles) -> u64 {
    let mut writer = archive::create(path, job).unwrap();
    let mut next = 0;
    writer.recorded(&mut |ids| next = ids.end).unwrap();
    for (tile, bytes) in tiles.iter().filter(|(tile, _)| tile.id() >= next) {
        writer.add(tile.id(), Content::Tile(bytes)).unwrap();
    }
    writer.finish(&info(TileFormat::Png, 5)).unwrap();
    next
}

#[test]
fn an_interrupted_archive_goes_on_and_ends_with_the_same_bytes() {
    let scratch = Scratch::new("resume");
    let tiles = pyramid(5);
    let whole = scratch.join("whole.pmtiles");
    write(&whole, &tiles, &info(TileFormat::Png, 5));
    let whole = std::fs::read(whole).unwrap();
    let path = scratch.join("a.pmtiles");
    // twice, the second time with a log whose end is damaged, and a file that has more
    interrupt(&path, "job", &tiles[..700], 400);
    assert!(!path.exists(), "an archive appears when it is whole");
    let mut writer = archive::create(&path, "job").unwrap();
    let mut next = 0;
    writer.recorded(&mut |ids| next = ids.end).unwrap();
    assert_eq!(next, 400);
    for (tile, bytes) in &tiles[400..1000] {
        writer.add(tile.id(), Content::Tile(bytes)).unwrap();
    }
    writer.checkpoint().unwrap();
    drop(writer);
    let log = scratch.join("a.pmtiles.partial.log");
    let mut bytes = std::fs::read(&log).unwrap();
    let end = bytes.len();
    bytes[end - 100] ^= 1;
    bytes.extend(b"half a record");
    std::fs::write(&log, bytes).unwrap();
    let next = go_on(&path, "job", &tiles);
    assert!((900..1000).contains(&next), "{next}");
    assert!(std::fs::read(&path).unwrap() == whole, "the same bytes");
    assert_eq!(scratch.names(), ["a.pmtiles", "whole.pmtiles"]);
}

#[test]
fn another_job_and_lost_tiles_begin_anew() {
    let scratch = Scratch::new("anew");
    let tiles = pyramid(5);
    let path = scratch.join("a.pmtiles");
    interrupt(&path, "old job", &tiles[..700], 400);
    assert_eq!(go_on(&path, "job", &tiles), 0);
    holds(&path, &tiles);
    interrupt(&path, "job", &tiles[..700], 400);
    std::fs::remove_file(scratch.join("a.pmtiles.partial")).unwrap();
    assert_eq!(go_on(&path, "job", &tiles), 0);
    holds(&path, &tiles);
    // the tiles end before the log does
    interrupt(&path, "job", &tiles[..700], 400);
    let partial = std::fs::OpenOptions::new()
        .write(true)
        .open(scratch.join("a.pmtiles.partial"))
        .unwrap();
    partial.set_len(17_000).unwrap();
    let next = go_on(&path, "job", &tiles);
    assert!((1..400).contains(&next), "{next}");
    holds(&path, &tiles);
}

#[test]
fn the_version_changes_with_the_content() {
    let scratch = Scratch::new("version");
    let path = scratch.join("a.pmtiles");
    let version = |text: &[u8]| {
        write(
            &path,
            &[(at(0, 0, 0), png(text))],
            &info(TileFormat::Png, 0),
        );
        PmtilesArchive::open(&path).unwrap().version().to_owned()
    };
    let (one, two) = (version(b"un"), version(b"deux"));
    assert_ne!(one, two);
    assert_eq!(one.len(), 16);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_tiles_are_read_back(
        steps in prop::collection::vec((1_u64..400, 0_u8..5, 1_usize..40), 1..300),
        cut in any::<prop::sample::Index>(),
    ) {
        let scratch = Scratch::new("any");
        let mut id = 0;
        let tiles: Tiles = steps
            .iter()
            .map(|(step, content, length)| {
                // mostly neighbours
                id += if *step > 300 { step * step } else { 1 };
                (archive::WebTile::of_id(id).unwrap(), png(&vec![*content; *length / 10]))
            })
            .collect();
        let (a, b) = (scratch.join("a.pmtiles"), scratch.join("b.pmtiles"));
        write(&a, &tiles, &info(TileFormat::Png, 14));
        let cut = cut.index(tiles.len());
        interrupt(&b, "job", &tiles[..cut], cut / 2);
        let mut writer = archive::create(&b, "job").unwrap();
        let mut next = 0;
        writer.recorded(&mut |ids| next = ids.end).unwrap();
        for (tile, bytes) in tiles.iter().filter(|(tile, _)| tile.id() >= next) {
            writer.add(tile.id(), Content::Tile(bytes)).unwrap();
        }
        writer.finish(&info(TileFormat::Png, 14)).unwrap();
        prop_assert!(std::fs::read(&a).unwrap() == std::fs::read(&b).unwrap());
        holds(&a, &tiles);
    }
}
