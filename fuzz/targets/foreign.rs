//! A file of another format, named by its first byte: imported, read as a table of features, or
//! opened as an archive of tiles.
#![no_main]

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use cartotheque::archive::{self, WebTile};
use cartotheque::budget::Budget;
use cartotheque::import::{self, Folders, Options};
use cartotheque::store::memory::MemoryStore;
use cartotheque::store::{FeatureStore, Select};
use libfuzzer_sys::{Corpus, fuzz_target};

#[path = "../scratch.rs"]
mod scratch;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(scratch::folder);

const EXTENSIONS: [&str; 9] = [
    "gpkg", "zip", "geojson", "csv", "parquet", "shp", "fgb", "pmtiles", "mbtiles",
];

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Some((which, content)) = bytes.split_first() else {
        return Corpus::Reject;
    };
    let Some(extension) = EXTENSIONS.get(usize::from(*which)) else {
        return Corpus::Reject;
    };
    let path = FOLDER.join(format!("one.{extension}"));
    let _gone = std::fs::remove_file(&path);
    if std::fs::write(&path, content).is_err() {
        return Corpus::Reject;
    }
    let budget = Budget::new(Duration::from_secs(5), 100_000, 1_000_000);
    match *extension {
        "pmtiles" | "mbtiles" => {
            if let Ok(archive) = archive::open(&path) {
                let _report = archive.verify();
                for (z, x, y) in [(0, 0, 0), (1, 1, 0), (5, 16, 11)] {
                    if let Some(place) = WebTile::new(z, x, y) {
                        let _tile = archive.tile(place);
                    }
                }
            }
        }
        _ => {
            if *extension == "geojson" {
                if let Ok(store) = MemoryStore::from_geojson(&path) {
                    let _outcome = store.select(&Select::default(), &budget, &mut |feature| {
                        feature.values(&mut |_, _| ());
                        Ok(ControlFlow::Continue(()))
                    });
                }
            }
            let folders = Folders::of(&FOLDER.join("out"));
            let options = Options {
                force: true,
                ..Options::default()
            };
            if let Ok(tables) = import::open(&path, &folders, &options) {
                for mut table in tables.into_iter().take(3) {
                    let _outcome =
                        import::import(&mut *table, &path, &folders, &options, &budget, &|_| ());
                }
            }
        }
    }
    Corpus::Keep
});
