//! Archives in a served folder: layers of the catalogue, reloaded, refused, checked.

use std::collections::HashSet;

use cartotheque::archive::{self, TileFormat};
use cartotheque::config::{FileSources, LoadOptions, Loaded, Severity, check, load, reload};

use crate::common::Scratch;
use crate::made::{at, info, png, pyramid, write};

fn loaded(scratch: &Scratch, previous: Option<&Loaded>) -> Loaded {
    let options = LoadOptions::default();
    reload(
        &scratch.join(""),
        options,
        &FileSources,
        previous,
        &HashSet::new(),
    )
}

fn ids(loaded: &Loaded) -> Vec<&str> {
    let archives = loaded.catalogue.archives.iter();
    archives.map(|a| a.id.as_str()).collect()
}

#[test]
fn archives_of_a_bare_folder_are_layers_beside_those_that_are_drawn() {
    let scratch = Scratch::new("served");
    let sea = [(at(0, 0, 0), png(b"la mer"))];
    write(
        &scratch.join("Fonds de carte.pmtiles"),
        &sea,
        &info(TileFormat::Png, 0),
    );
    let mut unnamed = info(TileFormat::Png, 0);
    unnamed.name = None;
    unnamed.attribution = None;
    write(&scratch.join("ortho_2024.pmtiles"), &sea, &unnamed);
    write(
        &scratch.join("ortho_2024.mbtiles"),
        &sea,
        &info(TileFormat::Png, 0),
    );
    std::fs::write(scratch.join("broken.pmtiles"), b"PMTiles\x03 and no more").unwrap();
    std::fs::write(
        scratch.join("points.geojson"),
        r#"{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [5, 45]}}]}"#,
    )
    .unwrap();
    let loaded = loaded(&scratch, None);
    let catalogue = &loaded.catalogue;
    assert_eq!(
        ids(&loaded),
        ["Fonds-de-carte", "ortho_2024", "ortho_2024-pmtiles"]
    );
    assert_eq!(
        catalogue.layers.len(),
        1,
        "what draws knows nothing of archives"
    );
    assert_eq!(catalogue.drawing_order(), ["points"]);
    let layer = catalogue.archive("Fonds-de-carte").unwrap();
    assert_eq!(layer.title.default_text(), "Départements");
    assert_eq!(layer.attribution.as_deref(), Some("© IGN"));
    let unnamed = catalogue.archive("ortho_2024-pmtiles").unwrap();
    assert_eq!(unnamed.title.default_text(), "Ortho 2024");
    assert!(catalogue.archive("points").is_none());
    // the broken one is refused by name, the others are served
    let [fault] = catalogue.faults.as_slice() else {
        panic!("{:?}", catalogue.faults);
    };
    assert_eq!(
        (fault.subject.as_str(), fault.still_served),
        ("broken", false)
    );
    assert!(
        fault.message.contains("header of 127 bytes"),
        "{}",
        fault.message
    );
}

#[test]
fn a_new_version_replaces_the_old_and_a_broken_one_does_not() {
    let scratch = Scratch::new("served-reload");
    let path = scratch.join("a.pmtiles");
    let version = |loaded: &Loaded| loaded.catalogue.archives[0].archive.version().to_owned();
    write(
        &path,
        &[(at(0, 0, 0), png(b"un"))],
        &info(TileFormat::Png, 0),
    );
    let first = loaded(&scratch, None);
    let same = loaded(&scratch, Some(&first));
    assert!(std::sync::Arc::ptr_eq(
        &first.catalogue.archives[0].archive,
        &same.catalogue.archives[0].archive
    ));
    write(
        &path,
        &[(at(0, 0, 0), png(b"deux"))],
        &info(TileFormat::Png, 0),
    );
    let second = loaded(&scratch, Some(&same));
    assert_ne!(version(&first), version(&second));
    let tile = |loaded: &Loaded| {
        let archive = &loaded.catalogue.archives[0].archive;
        archive.tile(at(0, 0, 0)).unwrap().unwrap().bytes
    };
    assert_eq!((tile(&first), tile(&second)), (png(b"un"), png(b"deux")));
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, b"nothing of use").unwrap();
    let broken = loaded(&scratch, Some(&second));
    assert_eq!(tile(&broken), png(b"deux"));
    assert!(broken.catalogue.faults[0].still_served);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(ids(&loaded(&scratch, Some(&broken))), [""; 0]);
}

#[test]
fn a_layer_file_names_an_archive_and_says_more_of_it() {
    let scratch = Scratch::new("served-yaml");
    std::fs::create_dir_all(scratch.join("capabilities/layers")).unwrap();
    std::fs::create_dir_all(scratch.join("data")).unwrap();
    let tiles = pyramid(1);
    write(
        &scratch.join("data/a.mbtiles"),
        &tiles,
        &info(TileFormat::Png, 1),
    );
    std::fs::write(
        scratch.join("capabilities/layers/fond.yaml"),
        "id: fond\ntitle: {fr: Fond, en: Backdrop}\nsource: {file: data/a.mbtiles}\nattribution: moi\ncrs: EPSG:2154\n",
    )
    .unwrap();
    std::fs::write(
        scratch.join("capabilities/layers/autre.yaml"),
        "id: autre\nsource: {file: data/absent.pmtiles}\n",
    )
    .unwrap();
    let loaded = loaded(&scratch, None);
    assert_eq!(ids(&loaded), ["fond"]);
    let layer = loaded.catalogue.archive("fond").unwrap();
    assert_eq!(layer.title.get("en"), "Backdrop");
    assert_eq!(layer.attribution.as_deref(), Some("moi"));
    let warned = |what: &str| {
        let mut found = loaded
            .diagnostics
            .iter()
            .filter(|d| d.message.contains(what));
        found.next().map(|d| (d.severity, d.line))
    };
    assert_eq!(warned("`crs` has no meaning"), Some((Severity::Warning, 5)));
    assert!(warned("expected a data file at \"data/absent.pmtiles\"").is_some());
}

#[test]
fn a_single_archive_is_served_and_checked() {
    let scratch = Scratch::new("served-one");
    let path = scratch.join("a.pmtiles");
    write(&path, &pyramid(2), &info(TileFormat::Png, 2));
    let options = LoadOptions::default();
    assert_eq!(ids(&load(&path, options, &FileSources)), ["a"]);
    let checked = check(&path, options, &FileSources);
    assert_eq!(
        (checked.exit_code(false), checked.layers, checked.tiles),
        (0, 1, 21)
    );
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[16_384] = b'?';
    std::fs::write(&path, bytes).unwrap();
    let checked = check(&path, options, &FileSources);
    assert_eq!(checked.exit_code(false), 1);
    let message = &checked.diagnostics[0].message;
    assert_eq!(message, "tile 0/0/0: expected png, found other bytes");
}

#[test]
fn a_description_tells_all_there_is_to_know() {
    let scratch = Scratch::new("described");
    let path = scratch.join("a.pmtiles");
    write(&path, &pyramid(2), &info(TileFormat::Png, 2));
    let text = archive::describe(&path).unwrap().to_string();
    for line in [
        "form         PMTiles",
        "name         Départements",
        "tiles        image/png",
        "zooms        0 to 2",
        "extent       4, 44.5 to 7.25, 46.5",
        "count        21 tiles, 19 contents",
        "check        every tile is sound",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
    let json = serde_json::to_value(archive::describe(&path).unwrap()).unwrap();
    assert_eq!(json["format"], "png");
    assert_eq!(json["bounds"], serde_json::json!([4.0, 44.5, 7.25, 46.5]));
}
