//! What an import writes, replaces, keeps and leaves behind.

use std::path::Path;
use std::process::Command;

use cartotheque::config::{self, FileSources, LoadOptions, Severity};
use cartotheque::import::{Folders, Options};

use crate::common::Scratch;
use crate::made::*;

fn check(folder: &Path) -> Vec<String> {
    let checked = config::check(folder, LoadOptions::default(), &FileSources);
    let found = checked.diagnostics.iter();
    found
        .map(|d| format!("{}: {}", d.severity.name(), d.one_line()))
        .collect()
}

const POINTS: &str = "lon,lat,nom\n5.1,45.2,a\n5.2,45.3,b\n";

fn forced() -> Options {
    Options {
        force: true,
        ..Options::default()
    }
}

#[test]
fn what_is_imported_passes_check_whatever_its_names_are() {
    let scratch = Scratch::new("import-check");
    let text = "lon,lat,no,\"a: b\",,\"x\"\"y\",true,2024,#,\"nom\n2\",nom,nom\n5,45,1,2,3,4,5,6,7,8,9,10\n";
    let path = write(&scratch.0, "in/Écoles & lycées, 2024: tous.csv", text);
    let imported = bring_one(&path, &scratch.0.join("map/data"));
    assert_eq!(imported.target.id, "Ecoles-lycees-2024-tous");
    assert_eq!(check(&scratch.0.join("map")), Vec::<String>::new());
    let names: Vec<&str> = imported.fields.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "no", "a: b", "column_3", "x\"y", "true", "2024", "#", "nom2", "nom", "nom_2"
        ]
    );
    let renamed = imported
        .fields
        .iter()
        .filter(|f| f.remark.as_deref().is_some_and(|r| r.contains("was")));
    assert_eq!(renamed.count(), 3);
    // the folder of data lies in the served one, as the layer file says
    let layer = std::fs::read_to_string(&imported.target.layer).unwrap();
    assert!(
        layer.contains("source: {file: data/Ecoles-lycees-2024-tous.fgb}"),
        "{layer}"
    );
    assert_eq!(all_files(&scratch.0.join("map")).len(), 3);
}

#[test]
fn every_geometry_type_gets_a_layer_that_check_finds_nothing_wrong_with() {
    let scratch = Scratch::new("import-types");
    let shapes = [
        "POINT (5 45)",
        "LINESTRING (5 45,6 46)",
        "POLYGON ((5 45,6 45,6 46,5 45))",
        "MULTIPOINT (5 45,6 46)",
        "GEOMETRYCOLLECTION (POINT (5 45),LINESTRING (5 45,6 46))",
    ];
    let mut mixed = "wkt;n\n".to_owned();
    for (shape, n) in shapes.iter().zip(0..) {
        mixed += &format!("SRID=4326\u{3b}{shape};{n}\n").replace("SRID=4326;", "");
        let path = write(
            &scratch.0,
            &format!("one{n}.csv"),
            format!("wkt;n\n{shape};1\n"),
        );
        bring(&path, &scratch.0.join("map"), &with_crs())
            .remove(0)
            .unwrap();
    }
    let path = write(&scratch.0, "mixed.csv", mixed);
    let imported = bring(&path, &scratch.0.join("map"), &with_crs())
        .remove(0)
        .unwrap();
    assert_eq!(imported.geometry.name(), "Geometry");
    let path = write(&scratch.0, "empty.csv", "lon,lat,n\n");
    bring_one(&path, &scratch.0.join("map"));
    let found = check(&scratch.0.join("map"));
    assert!(
        found.iter().all(|line| line.starts_with("info")),
        "{found:?}"
    );
}

fn with_crs() -> Options {
    Options {
        crs: Some(cartotheque::crs::Crs::from_epsg(4326).unwrap()),
        ..Options::default()
    }
}

#[test]
fn nothing_is_replaced_without_force_and_with_it_only_the_data() {
    let scratch = Scratch::new("import-force");
    let path = write(&scratch.0, "in/a.csv", POINTS);
    let out = scratch.0.join("map");
    let first = bring_one(&path, &out);
    for there in [&first.target.data, &first.target.layer, &first.target.style] {
        let refused = refusal(&path, &out, &Options::default());
        assert!(refused.contains("--force"), "{refused}");
        std::fs::rename(there, out.join("aside")).unwrap();
        assert!(refusal(&path, &out, &Options::default()).contains("--force"));
        std::fs::rename(out.join("aside"), there).unwrap();
    }
    std::fs::write(&first.target.layer, "edited").unwrap();
    std::fs::write(&path, POINTS.replace("5.2,45.3,b\n", "")).unwrap();
    let second = bring(&path, &out, &forced()).remove(0).unwrap();
    assert_eq!(
        (second.features, second.kept.len(), second.written.len()),
        (1, 2, 1)
    );
    assert_eq!(
        std::fs::read_to_string(&first.target.layer).unwrap(),
        "edited"
    );
    assert_eq!(all_files(&out).len(), 3);
}

#[test]
fn a_flatgeobuf_without_an_index_gets_one_where_it_lies() {
    use cartotheque::store::{FeatureStore, FgbStore};
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/data/aerodromes.fgb");
    let scratch = Scratch::new("import-fgb");
    let path = scratch.0.join("map/data/aerodromes.fgb");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    // the index of a header is told by its node size; without it the features follow at once
    let store = FgbStore::open(Path::new(source)).unwrap();
    let count = store.count();
    std::fs::copy(source, &path).unwrap();
    assert!(refusal(&path, &scratch.0.join("map"), &Options::default()).contains("--force"));
    let imported = bring(&path, &scratch.0.join("map"), &forced())
        .remove(0)
        .unwrap();
    assert_eq!(imported.features, count);
    assert_eq!(features(&imported).len() as u64, count);
    assert_eq!(imported.crs.id(), "EPSG:2154");
}

#[test]
fn an_import_that_fails_leaves_nothing() {
    let scratch = Scratch::new("import-fails");
    let path = write(&scratch.0, "in/a.csv", "lon,lat\n5,45\n\"6,46\n");
    bring(&path, &scratch.0.join("map"), &Options::default())
        .remove(0)
        .unwrap_err();
    assert_eq!(all_files(&scratch.0.join("map")), Vec::<String>::new());
}

#[test]
fn what_a_killed_import_left_is_removed_by_the_next() {
    let scratch = Scratch::new("import-left");
    let left = write(&scratch.0, "map/data/.cartotheque-import-0-7.fgb", "half");
    Folders::of(&scratch.0.join("map")).prepare().unwrap();
    assert!(!left.exists());
}

#[test]
fn a_folder_tells_of_files_that_it_does_not_serve_with_the_command_to_copy() {
    let scratch = Scratch::new("import-notice");
    let root = scratch.0.join("my map");
    let path = write(&root, "data/villes.csv", POINTS);
    geopackage(&root.join("data/lieux.gpkg"));
    let found = check(&root).join("\n");
    let command = format!(
        "cartotheque import '{0}/data/lieux.gpkg' '{0}/data/villes.csv' -o '{0}/data'",
        root.display()
    );
    assert!(found.contains(&command), "{found}\n{command}");
    assert!(
        found.contains("warning: data/lieux.gpkg: this and 1 other files are not served"),
        "{found}"
    );
    bring_one(&path, &root);
    let found = check(&root).join("\n");
    assert!(
        !found.contains("villes.csv") && found.contains("lieux.gpkg"),
        "{found}"
    );
    // a file that is not a folder
    let found = check(&root.join("data/lieux.gpkg")).join("\n");
    assert!(found.contains("cartotheque import"), "{found}");
}

#[test]
fn the_first_layer_file_of_a_bare_folder_says_what_it_hides() {
    let scratch = Scratch::new("import-bare");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/data/aerodromes.fgb");
    std::fs::create_dir_all(scratch.0.join("map/data")).unwrap();
    std::fs::copy(source, scratch.0.join("map/data/aerodromes.fgb")).unwrap();
    let path = write(&scratch.0, "in/a.csv", POINTS);
    let imported = bring_one(&path, &scratch.0.join("map"));
    let said = imported.remarks.join("; ");
    assert!(
        said.contains("the first file in capabilities/layers/"),
        "{said}"
    );
    assert!(said.contains("aerodromes.fgb"), "{said}");
    let other = write(&scratch.0, "in/b.csv", POINTS);
    let said = bring_one(&other, &scratch.0.join("map")).remarks.join("; ");
    assert!(!said.contains("the first file"), "{said}");
}

#[test]
fn the_command_tells_what_it_did_and_what_comes_next() {
    let scratch = Scratch::new("import-command");
    let path = write(&scratch.0, "in/a.csv", POINTS);
    let wrong = write(&scratch.0, "in/b.csv", "a\n1\n");
    let run = |arguments: &[&Path]| {
        let output = Command::new(env!("CARGO_BIN_EXE_cartotheque"))
            .arg("import")
            .args(arguments)
            .arg("-o")
            .arg(scratch.0.join("map"))
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code().unwrap(),
            text(&output.stdout),
            text(&output.stderr),
        )
    };
    let (code, out, err) = run(&[&path, &wrong]);
    assert_eq!(code, 1, "one of two failed");
    for line in [
        "features   2, Point",
        "fields     nom: text",
        "next: cartotheque check ",
    ] {
        assert!(out.contains(line), "{line}:\n{out}");
    }
    assert!(
        err.contains("b.csv: expected columns of the position"),
        "{err}"
    );
    let (code, _, err) = run(&[&path]);
    assert!(code == 1 && err.contains("--force"), "{err}");
}

#[test]
fn severity_of_the_notice_does_not_stop_a_server() {
    let scratch = Scratch::new("import-severity");
    write(&scratch.0, "villes.csv", POINTS);
    std::fs::copy(
        concat!(env!("CARGO_MANIFEST_DIR"), "/data/aerodromes.fgb"),
        scratch.0.join("a.fgb"),
    )
    .unwrap();
    let checked = config::check(&scratch.0, LoadOptions::default(), &FileSources);
    assert_eq!(checked.count(Severity::Error), 0);
    assert_eq!((checked.layers, checked.count(Severity::Warning)), (1, 1));
}
