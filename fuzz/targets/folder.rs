//! A folder whose server, layer, map and style files are these texts, parted by lines of `---`:
//! loaded and checked as `cartotheque check` does.
#![no_main]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cartotheque::config::{self, FileSources, LoadOptions};
use libfuzzer_sys::{Corpus, fuzz_target};

#[path = "../scratch.rs"]
mod scratch;

const FILES: [&str; 4] = [
    "capabilities/server.yaml",
    "capabilities/layers/places.yaml",
    "capabilities/maps/towns.yaml",
    "styles/points.sld",
];

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = scratch::folder();
    for below in ["capabilities/layers", "capabilities/maps", "styles", "data"] {
        std::fs::create_dir_all(folder.join(below)).expect("a folder to write to");
    }
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
    let places = std::fs::read_dir(data).expect("the demo's data").flatten();
    let smallest = places
        .filter(|entry| entry.path().extension().is_some_and(|e| e == "fgb"))
        .min_by_key(|entry| entry.metadata().map_or(u64::MAX, |m| m.len()))
        .expect("a FlatGeobuf file");
    std::fs::copy(smallest.path(), folder.join("data/places.fgb")).expect("a copy of the data");
    folder
});

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Corpus::Reject;
    };
    let mut parts = text.split("\n---\n");
    for file in FILES {
        let path = FOLDER.join(file);
        let written = match parts.next() {
            Some(part) => std::fs::write(&path, part),
            None => std::fs::remove_file(&path).or(Ok(())),
        };
        if written.is_err() {
            return Corpus::Reject;
        }
    }
    let _checked = config::check(&FOLDER, LoadOptions::default(), &FileSources);
    Corpus::Keep
});
