//! The shipped demonstration, as files: what belongs together is there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The stems of the files of a folder that have an extension.
fn stems(folder: &str, extension: &str) -> BTreeSet<String> {
    fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What follows `key` on the first line of a layer's description that has it.
fn value<'a>(layer: &'a str, key: &str) -> &'a str {
    layer
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .unwrap_or_else(|| panic!("a layer without {key:?}"))
        .trim()
}

fn layers() -> Vec<(String, String)> {
    stems("capabilities/layers", "yaml")
        .into_iter()
        .map(|id| {
            let text = read(format!("capabilities/layers/{id}.yaml"));
            (id, text)
        })
        .collect()
}

#[test]
fn every_data_file_has_its_licence_beside_it_and_a_line_in_the_read_me() {
    let readme = read("data/README.md");
    let files = stems("data", "fgb");
    assert!(files.len() >= 10, "found {}", files.len());
    for file in files {
        let licence = read(format!("data/{file}.fgb.license"));
        assert!(licence.contains("SPDX-License-Identifier: "), "{file}");
        assert!(licence.contains("SPDX-FileCopyrightText: "), "{file}");
        assert!(readme.contains(&format!("| `{file}` |")), "{file}");
    }
}

#[test]
fn every_data_file_and_every_style_is_used_by_a_layer() {
    let mut files = BTreeSet::new();
    let mut styles = BTreeSet::new();
    for (id, layer) in layers() {
        assert_eq!(value(&layer, "id:"), id);
        let source = value(&layer, "source: {file: data/");
        files.insert(source.trim_end_matches(".fgb}").to_owned());
        let list = value(&layer, "styles: [").trim_end_matches(']');
        styles.extend(list.split(", ").map(str::to_owned));
    }
    assert_eq!(files, stems("data", "fgb"));
    assert_eq!(styles, stems("styles", "sld"));
}

#[test]
fn every_layer_speaks_french_and_english_and_names_its_producer() {
    for (id, layer) in layers() {
        for key in ["title: {fr: ", "  licence: ", "attribution: "] {
            assert!(layer.contains(key), "{id}: {key}");
        }
        assert!(
            layer.contains("abstract:\n  fr: ") && layer.contains("\n  en: "),
            "{id}"
        );
    }
}

#[test]
fn every_layer_stands_in_the_tree_once() {
    let server = read("capabilities/server.yaml");
    let groups = server.split("\ngroups:").nth(1).unwrap();
    let named: Vec<&str> = groups
        .lines()
        .map(str::trim)
        .flat_map(|line| match line.strip_prefix("layers: [") {
            Some(list) => list.trim_end_matches(']').split(", ").collect(),
            None => line.strip_prefix("- ").into_iter().collect::<Vec<_>>(),
        })
        .collect();
    for (id, _) in layers() {
        let times = named.iter().filter(|word| **word == id).count();
        assert_eq!(times, 1, "{id}");
    }
}

#[test]
fn the_data_stay_small_enough_to_ship() {
    let bytes: u64 = fs::read_dir(root().join("data"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(bytes < 12_000_000, "{bytes} bytes");
}

#[test]
fn the_cartotheque_is_of_the_size_that_is_said_and_no_map_is_empty() {
    use cartotheque::config::{FileSources, LoadOptions, Severity, load};
    use cartotheque::identity::Audience;

    let loaded = load(&root(), LoadOptions::default(), &FileSources);
    let faults: Vec<_> = loaded
        .diagnostics
        .iter()
        .filter(|d| d.severity != Severity::Info)
        .map(cartotheque::config::Diagnostic::one_line)
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
    let whole = &loaded.catalogue;
    let public = whole.seen_by(&Audience::default()).unwrap();
    let (all, seen) = (whole.maps.listed().count(), public.maps.listed().count());
    assert!(all >= 205, "{all} maps");
    assert!(seen >= 130, "{seen} public maps");
    assert!(all - seen >= 60, "{} restricted maps", all - seen);
    // a title that tells of what is not there would not be true
    for map in whole.maps.listed() {
        for entry in map.layers() {
            let found = entry.layer.store.count();
            assert!(found > 0, "{}: nothing in {}", map.id, entry.id);
        }
    }
}
