//! MBTiles: our own, those that others make, and those that are damaged.

use std::path::{Path, PathBuf};
use std::time::Instant;

use cartotheque::archive::mbtiles::MbtilesArchive;
use cartotheque::archive::{self, Content, TileArchive, TileFormat, VectorLayer};
use cartotheque::geom::Bbox;
use cartotheque::packing::Coding;
use rusqlite::Connection;

use crate::common::Scratch;
use crate::made::{Tiles, at, info, png, pyramid, write};

fn holds(path: &Path, tiles: &Tiles) {
    let archive = MbtilesArchive::open(path).unwrap();
    for (tile, bytes) in tiles {
        assert_eq!(
            &archive.tile(*tile).unwrap().unwrap().bytes,
            bytes,
            "{tile}"
        );
    }
    let verified = archive.verify().unwrap();
    assert!(verified.is_sound(), "{:?}", verified.faults);
    assert_eq!(verified.tiles, tiles.len() as u64);
}

/// A database made by these statements.
fn made(scratch: &Scratch, name: &str, sql: &str) -> PathBuf {
    let path = scratch.join(name);
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(sql).unwrap();
    connection.close().unwrap();
    path
}

const PLAIN: &str = "
    CREATE TABLE metadata (name text, value text);
    CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob);
    CREATE UNIQUE INDEX tile_index on tiles (zoom_level, tile_column, tile_row);";

#[test]
fn what_is_written_is_read_back_and_contents_are_stored_once() {
    let scratch = Scratch::new("mb-round-trip");
    let path = scratch.join("a.mbtiles");
    let tiles = pyramid(4);
    let written = write(&path, &tiles, &info(TileFormat::Png, 4));
    assert_eq!(scratch.names(), ["a.mbtiles"], "nothing is left beside it");
    assert_eq!((written.tiles, written.contents), (341, 341 - 49 + 1));
    assert_eq!(written.bytes, std::fs::metadata(&path).unwrap().len());
    holds(&path, &tiles);
    let archive = MbtilesArchive::open(&path).unwrap();
    assert_eq!(archive.tile(at(5, 0, 0)).unwrap(), None);
    let read = archive.info();
    assert_eq!(read.warnings, [""; 0]);
    assert_eq!(
        (read.format, read.min_zoom, read.max_zoom),
        (TileFormat::Png, 0, 4)
    );
    assert_eq!(read.bounds, Bbox::new(4.0, 44.5, 7.25, 46.5));
    assert_eq!(read.name.as_deref(), Some("Départements"));
    assert_eq!(read.attribution.as_deref(), Some("© IGN"));
    // as another program sees it: rows from the south, the magic number
    let connection = Connection::open(&path).unwrap();
    let sql =
        "SELECT tile_data FROM tiles WHERE zoom_level = 3 AND tile_column = 5 AND tile_row = 7";
    let bytes: Vec<u8> = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(bytes, png(b"tuile 3/5/0"));
    let id: i32 = connection
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .unwrap();
    assert_eq!(id, 0x4d50_4258);
    let check: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
}

#[test]
fn the_json_row_names_the_layers_of_vector_tiles() {
    let scratch = Scratch::new("mb-json");
    let path = scratch.join("communes.mbtiles");
    let mut said = info(TileFormat::Mvt, 0);
    said.name = None;
    said.vector_layers = vec![VectorLayer {
        id: "communes".into(),
        ..VectorLayer::default()
    }];
    let packed = archive::gzip(b"\x1a\x00");
    write(&path, &[(at(0, 0, 0), packed)], &said);
    let archive = MbtilesArchive::open(&path).unwrap();
    assert_eq!(archive.info().vector_layers, said.vector_layers);
    assert_eq!(
        archive.info().name.as_deref(),
        Some("communes"),
        "the specification demands one"
    );
    assert_eq!(archive.info().format, TileFormat::Mvt);
    let tile = archive.tile(at(0, 0, 0)).unwrap().unwrap();
    assert_eq!(tile.coding, Coding::Gzip);
    let connection = Connection::open(&path).unwrap();
    let format = "SELECT value FROM metadata WHERE name = 'format'";
    let format: String = connection.query_row(format, [], |row| row.get(0)).unwrap();
    assert_eq!(format, "pbf");
}

#[test]
fn a_plain_table_is_read_and_metadata_that_lack_are_found_out() {
    let scratch = Scratch::new("mb-plain");
    let sql = format!(
        "{PLAIN} INSERT INTO tiles VALUES (2, 1, 3, x'ffd8ff00'), (5, 7, 0, x'ffd8ff01'), (4, 0, 0, NULL), (4, 0, 1, x'');"
    );
    let path = made(&scratch, "a?b#c%41.mbtiles", &sql);
    let archive = MbtilesArchive::open(&path).unwrap();
    let read = archive.info();
    assert_eq!(
        (read.format, read.min_zoom, read.max_zoom),
        (TileFormat::Jpeg, 2, 5)
    );
    assert_eq!((read.bounds, read.center), (None, None));
    assert_eq!(
        archive.tile(at(2, 1, 0)).unwrap().unwrap().bytes,
        b"\xff\xd8\xff\0"
    );
    assert_eq!(
        archive.tile(at(5, 7, 31)).unwrap().unwrap().bytes,
        b"\xff\xd8\xff\x01"
    );
    assert_eq!(archive.tile(at(4, 0, 15)).unwrap(), None);
    assert_eq!(archive.tile(at(4, 0, 14)).unwrap(), None);
}

#[test]
fn metadata_are_taken_as_far_as_they_make_sense() {
    let scratch = Scratch::new("mb-metadata");
    let sql = format!(
        "{PLAIN} INSERT INTO tiles VALUES (1, 0, 0, x'1a00');
        INSERT INTO metadata VALUES ('format', 'pbf'), ('minzoom', '9'), ('maxzoom', 'x'),
            ('bounds', '-200, -95,10.5,20'), ('center', '1,2,3'), ('version', 2), (NULL, 'x'),
            ('json', '{{\"vector_layers\": [{{\"id\": \"a\", \"fields\": {{\"nom\": \"String\"}}}}]}}');"
    );
    let path = made(&scratch, "a.mbtiles", &sql);
    let archive = MbtilesArchive::open(&path).unwrap();
    let read = archive.info();
    assert_eq!((read.min_zoom, read.max_zoom), (1, 1));
    assert_eq!(read.bounds, Bbox::new(-180.0, -90.0, 10.5, 20.0));
    assert_eq!(read.center.map(|c| c.zoom), Some(3));
    assert_eq!(read.revision.as_deref(), Some("2"));
    assert_eq!(read.vector_layers.len(), 1);
    // pbf that is not packed, against the specification and often seen
    assert_eq!(
        archive.tile(at(1, 0, 1)).unwrap().unwrap().coding,
        Coding::Identity
    );
}

#[test]
fn a_table_without_an_index_is_warned_of() {
    let scratch = Scratch::new("mb-index");
    let sql = PLAIN.replace(
        "CREATE UNIQUE INDEX tile_index on tiles (zoom_level, tile_column, tile_row);",
        "",
    );
    let path = made(
        &scratch,
        "a.mbtiles",
        &format!("{sql} INSERT INTO tiles VALUES (0, 0, 0, x'ffd8ff');"),
    );
    let archive = MbtilesArchive::open(&path).unwrap();
    assert!(
        archive
            .info()
            .warnings
            .iter()
            .any(|w| w.starts_with("no index"))
    );
}

#[test]
fn what_is_no_archive_is_refused_by_its_fault() {
    let scratch = Scratch::new("mb-refused");
    let refused = |path: &Path| MbtilesArchive::open(path).unwrap_err().to_string();
    let text = scratch.join("text.mbtiles");
    std::fs::write(&text, "PMTiles").unwrap();
    assert!(refused(&text).ends_with("expected an MBTiles file, found no SQLite database"));
    assert!(refused(&scratch.join("absent.mbtiles")).contains("No such file"));
    let other = made(
        &scratch,
        "other.mbtiles",
        "CREATE TABLE communes (nom text);",
    );
    assert!(refused(&other).ends_with("expected a table or view named tiles, found none"));
    let empty = made(
        &scratch,
        "empty.mbtiles",
        &format!("{PLAIN} INSERT INTO metadata VALUES ('format', 'png');"),
    );
    assert!(refused(&empty).ends_with("there is no tile in it"));
    let tiff = made(
        &scratch,
        "tiff.mbtiles",
        &format!("{PLAIN} INSERT INTO metadata VALUES ('format', 'tiff');"),
    );
    assert!(refused(&tiff).contains("found the format \"tiff\""));
    // as a writer leaves it that is not done
    let busy = scratch.join("busy.mbtiles");
    let writer = Connection::open(&busy).unwrap();
    writer
        .execute_batch(&format!("PRAGMA journal_mode = WAL; {PLAIN}"))
        .unwrap();
    assert!(refused(&busy).contains("there are changes in its -wal file"));
}

#[test]
fn a_locked_database_is_still_read_as_it_was() {
    let scratch = Scratch::new("mb-locked");
    let path = made(
        &scratch,
        "a.mbtiles",
        &format!("{PLAIN} INSERT INTO tiles VALUES (0, 0, 0, x'ffd8ff');"),
    );
    let writer = Connection::open(&path).unwrap();
    writer.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let started = Instant::now();
    let archive = MbtilesArchive::open(&path).unwrap();
    assert!(archive.tile(at(0, 0, 0)).unwrap().is_some());
    assert!(started.elapsed().as_millis() < 500, "nobody waited");
}

#[test]
fn a_view_that_never_ends_is_given_up_and_a_blob_that_is_too_large_too() {
    let scratch = Scratch::new("mb-hostile");
    let endless = "
        CREATE TABLE metadata (name text, value text);
        INSERT INTO metadata VALUES ('format', 'png'), ('minzoom', '0'), ('maxzoom', '9');
        CREATE VIEW tiles AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n)
            SELECT 3 AS zoom_level, -i AS tile_column, 0 AS tile_row, x'00' AS tile_data FROM n;";
    let path = made(&scratch, "endless.mbtiles", endless);
    let archive = MbtilesArchive::open(&path).unwrap();
    let started = Instant::now();
    for _ in 0..3 {
        let refused = archive.tile(at(3, 1, 7)).unwrap_err().to_string();
        assert!(refused.contains("did not answer in 2 s"), "{refused}");
    }
    let refused = archive.tile(at(3, 1, 7)).unwrap_err().to_string();
    assert!(refused.ends_with("it is not asked for 60 s"), "{refused}");
    assert!((6..12).contains(&started.elapsed().as_secs()));
    // who reads all of it comes to an end, whether the rows are tiles or not
    let found = archive.verify().unwrap();
    assert_eq!((found.tiles, found.damaged), (1, 100_000));
    let last = found.faults.last().unwrap();
    assert!(last.starts_with("given up after 1 tiles"), "{last}");
    let again = endless.replace("-i AS tile_column", "1 AS tile_column");
    let again = again.replace("'maxzoom', '9'", "'maxzoom', '5'");
    let again = made(&scratch, "again.mbtiles", &again);
    let found = MbtilesArchive::open(&again).unwrap().verify().unwrap();
    assert_eq!(found.tiles, 1366, "one more than there are places");
    assert!(!found.is_sound(), "{:?}", found.faults);
    let large = "
        CREATE TABLE metadata (name text, value text);
        INSERT INTO metadata VALUES ('format', 'png'), ('minzoom', '0'), ('maxzoom', '0');
        CREATE VIEW tiles AS SELECT 0 AS zoom_level, 0 AS tile_column, 0 AS tile_row, zeroblob(900000000) AS tile_data;";
    let path = made(&scratch, "large.mbtiles", large);
    let refused = MbtilesArchive::open(&path)
        .unwrap()
        .tile(at(0, 0, 0))
        .unwrap_err();
    assert!(
        refused.to_string().contains("at most 33554432 bytes"),
        "{refused}"
    );
}

#[test]
fn many_threads_read_at_once() {
    let scratch = Scratch::new("mb-threads");
    let path = scratch.join("a.mbtiles");
    let tiles = pyramid(5);
    write(&path, &tiles, &info(TileFormat::Png, 5));
    let archive = MbtilesArchive::open(&path).unwrap();
    std::thread::scope(|scope| {
        for start in 0..16 {
            let (archive, tiles) = (&archive, &tiles);
            scope.spawn(move || {
                for (tile, bytes) in tiles.iter().skip(start).step_by(3) {
                    assert_eq!(&archive.tile(*tile).unwrap().unwrap().bytes, bytes);
                }
            });
        }
    });
}

#[test]
fn damaged_copies_are_read_or_refused() {
    let scratch = Scratch::new("mb-damage");
    let path = scratch.join("good.mbtiles");
    write(&path, &pyramid(5), &info(TileFormat::Png, 5));
    let good = std::fs::read(&path).unwrap();
    let path = scratch.join("bad.mbtiles");
    let mut random = 7_u64;
    let mut next = |below: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) as usize % below
    };
    let mut damaged = 0;
    for nth in 0..500 {
        let mut bytes = good.clone();
        for _ in 0..20 {
            let end = if nth % 2 == 0 { 4096 } else { bytes.len() };
            let place = next(end);
            bytes[place] = next(256) as u8;
        }
        if nth % 5 == 0 {
            bytes.truncate(next(good.len()));
        }
        std::fs::write(&path, bytes).unwrap();
        let Ok(archive) = MbtilesArchive::open(&path) else {
            damaged += 1;
            continue;
        };
        for id in (0..1365).step_by(13) {
            let _ = archive.tile(archive::WebTile::of_id(id).unwrap());
        }
        damaged += usize::from(!archive.verify().is_ok_and(|v| v.is_sound()));
    }
    assert!(damaged > 200, "{damaged}");
}

#[test]
fn verifying_names_tiles_that_are_none() {
    let scratch = Scratch::new("mb-verify");
    let sql = format!(
        "{PLAIN} INSERT INTO metadata VALUES ('format', 'jpg'), ('minzoom', '0'), ('maxzoom', '3');
        INSERT INTO tiles VALUES (0, 0, 0, x'ffd8ff'), (1, 0, 0, x'89504e470d0a1a0a'), (2, 9, 0, x'ffd8ff'), (4, 0, 0, x'ffd8ff');"
    );
    let archive = MbtilesArchive::open(&made(&scratch, "a.mbtiles", &sql)).unwrap();
    let verified = archive.verify().unwrap();
    assert_eq!((verified.tiles, verified.damaged), (3, 2));
    assert_eq!(
        verified.faults,
        [
            "tile 1/0/1: expected jpeg, found png",
            "no tile has zoom Some(2), column Some(9), row Some(0)",
            "tile 4/0/15 is outside of the zooms 0 to 3",
        ]
    );
}

#[test]
fn an_interrupted_archive_goes_on_and_ends_with_the_same_content() {
    let scratch = Scratch::new("mb-resume");
    let tiles = pyramid(5);
    let whole = scratch.join("whole.mbtiles");
    write(&whole, &tiles, &info(TileFormat::Png, 5));
    let path = scratch.join("a.mbtiles");
    for (from, checkpoint, to) in [(0, 300, 500), (300, 700, 900)] {
        let mut writer = archive::create(&path, "job").unwrap();
        let mut next = 0;
        writer.recorded(&mut |ids| next = ids.end).unwrap();
        assert_eq!(next, from as u64);
        for (nth, (tile, bytes)) in tiles.iter().enumerate().take(to).skip(from) {
            if nth == checkpoint {
                writer.checkpoint().unwrap();
            }
            writer.add(tile.id(), Content::Tile(bytes)).unwrap();
        }
        let locked = archive::create(&path, "job").unwrap_err().to_string();
        assert!(locked.contains("another process has locked"), "{locked}");
        assert!(!path.exists(), "an archive appears when it is whole");
    }
    let mut writer = archive::create(&path, "job").unwrap();
    for (tile, bytes) in &tiles[700..] {
        writer.add(tile.id(), Content::Tile(bytes)).unwrap();
    }
    let written = writer.finish(&info(TileFormat::Png, 5)).unwrap();
    assert_eq!((written.tiles, written.contents), (1365, 1365 - 195 + 1));
    assert_eq!(scratch.names(), ["a.mbtiles", "whole.mbtiles"]);
    holds(&path, &tiles);
    // but for two counters of changes in SQLite's header
    let bytes = |path: &Path| {
        let mut bytes = std::fs::read(path).unwrap();
        bytes[24..28].fill(0);
        bytes[92..96].fill(0);
        bytes
    };
    assert!(bytes(&path) == bytes(&whole));
    // another job begins anew
    let mut writer = archive::create(&path, "job").unwrap();
    writer.add(0, Content::Tile(b"x")).unwrap();
    writer.checkpoint().unwrap();
    drop(writer);
    let mut writer = archive::create(&path, "other job").unwrap();
    writer.recorded(&mut |ids| panic!("{ids:?}")).unwrap();
}
