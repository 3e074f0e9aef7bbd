//! Files that are broken or made to do harm: imported or refused, never a panic, a hang, or
//! more memory than the file gives reason for.

use std::path::Path;
use std::time::{Duration, Instant};

use cartotheque::import::Options;
use proptest::prelude::*;

use crate::common::Scratch;
use crate::made::*;

/// Changes some bytes of a file and cuts it.
pub fn damaged(bytes: &[u8], changes: &[(usize, u8)], cut: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, byte) in changes {
        if let Some(length) = std::num::NonZero::new(bytes.len()) {
            bytes[*at % length] = *byte;
        }
    }
    bytes.truncate(
        bytes
            .len()
            .saturating_sub(cut % (bytes.len() * 4 + 1))
            .max(bytes.len() / 2),
    );
    bytes
}

pub fn survives(path: &Path, output: &Path) {
    let started = Instant::now();
    let options = Options {
        force: true,
        ..Options::default()
    };
    for imported in bring(path, output, &options).into_iter().flatten() {
        features(&imported);
    }
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
}

pub fn changes() -> impl Strategy<Value = Vec<(usize, u8)>> {
    // zeros and all bits set make sizes that matter
    let byte = prop_oneof![Just(0), Just(255), Just(127), any::<u8>()];
    proptest::collection::vec((any::<usize>(), byte), 1..6)
}

fn cases() -> ProptestConfig {
    ProptestConfig {
        cases: 60,
        max_shrink_iters: 50,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_damaged_shapefile(changes in changes(), cut in any::<usize>(), which in 0..4_usize) {
        let scratch = Scratch::new("hostile-shp");
        let path = scratch.0.join("x.shp");
        polygons().write(&path, Some(LAMBERT_93));
        let part = path.with_extension(["shp", "shx", "dbf", "prj"][which]);
        let bytes = std::fs::read(&part).unwrap();
        std::fs::write(&part, damaged(&bytes, &changes, cut)).unwrap();
        survives(&path, &scratch.0.join("out"));
    }

    #[test]
    fn a_damaged_geopackage(changes in changes(), cut in any::<usize>()) {
        let scratch = Scratch::new("hostile-gpkg");
        let path = scratch.0.join("x.gpkg");
        geopackage(&path);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, damaged(&bytes, &changes, cut)).unwrap();
        survives(&path, &scratch.0.join("out"));
    }

    #[test]
    fn a_damaged_geojson(changes in changes(), cut in any::<usize>()) {
        let scratch = Scratch::new("hostile-geojson");
        let text = r#"{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:2154"}},"features":[
            {"type":"Feature","id":1,"properties":{"a":[1,{"b":null}],"c":"\u00e9","d":1e5},"geometry":{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}},
            {"type":"Feature","properties":null,"geometry":{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}}]}"#;
        let path = write(&scratch.0, "x.geojson", damaged(text.as_bytes(), &changes, cut));
        survives(&path, &scratch.0.join("out"));
    }

    #[test]
    fn a_damaged_csv(changes in changes(), cut in any::<usize>()) {
        let scratch = Scratch::new("hostile-csv");
        let text = b"wkt;nom;\"d\"\nSRID=4326;;\n\"POINT (1 2)\";\xe9;2024-01-01\n\"POLYGON ((0 0,1 0,1 1,0 0))\";b;\n";
        let path = write(&scratch.0, "x.csv", damaged(text, &changes, cut));
        survives(&path, &scratch.0.join("out"));
    }

    #[test]
    fn a_damaged_zip(changes in changes(), cut in any::<usize>()) {
        let scratch = Scratch::new("hostile-zip");
        let path = write(&scratch.0, "x.zip", damaged(&zipped(&scratch.0), &changes, cut));
        survives(&path, &scratch.0.join("out"));
    }

    #[test]
    fn a_damaged_flatgeobuf(changes in changes(), cut in any::<usize>()) {
        let scratch = Scratch::new("hostile-fgb");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/data/aerodromes.fgb");
        let bytes = damaged(&std::fs::read(source).unwrap(), &changes, cut);
        let path = write(&scratch.0, "x.fgb", bytes);
        survives(&path, &scratch.0.join("out"));
    }
}

/// A .zip of a shapefile: the .shp stored, the others deflated.
pub fn zipped(folder: &Path) -> Vec<u8> {
    use std::io::Write;
    let path = folder.join("zipped.shp");
    polygons().write(&path, Some(LAMBERT_93));
    let (mut zip, mut list) = (Vec::new(), Vec::new());
    for (extension, method) in [("shp", 0_u16), ("shx", 8), ("dbf", 8), ("prj", 8)] {
        let bytes = std::fs::read(path.with_extension(extension)).unwrap();
        let name = format!("dossier/zones.{extension}");
        let mut crc = flate2::Crc::new();
        crc.update(&bytes);
        let packed = match method {
            0 => bytes.clone(),
            _ => {
                let mut encoder =
                    flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(&bytes).unwrap();
                encoder.finish().unwrap()
            }
        };
        let mut facts = vec![20, 0, 0, 0];
        facts.extend(method.to_le_bytes());
        facts.extend([0; 4]);
        facts.extend(crc.sum().to_le_bytes());
        facts.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        facts.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        facts.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        facts.extend([0, 0]);
        list.extend(b"PK\x01\x02\x14\0");
        list.extend(&facts);
        list.extend([0; 10]);
        list.extend(u32::try_from(zip.len()).unwrap().to_le_bytes());
        list.extend(name.as_bytes());
        zip.extend(b"PK\x03\x04");
        zip.extend(&facts);
        zip.extend(name.as_bytes());
        zip.extend(packed);
    }
    let start = u32::try_from(zip.len()).unwrap();
    zip.extend(&list);
    zip.extend(b"PK\x05\x06\0\0\0\0\x04\0\x04\0");
    zip.extend(u32::try_from(list.len()).unwrap().to_le_bytes());
    zip.extend(start.to_le_bytes());
    zip.extend([0, 0]);
    zip
}

#[test]
fn a_zipped_shapefile_is_that_of_the_unpacked_one() {
    let scratch = Scratch::new("import-zip");
    let path = write(&scratch.0, "x.zip", zipped(&scratch.0));
    let imported = bring_one(&path, &scratch.0.join("out"));
    assert_eq!(
        (imported.target.id.as_str(), imported.features),
        ("zones", 2)
    );
    assert_eq!(column(&imported, "INSEE"), ["01906", "38185"]);
    let empty = write(
        &scratch.0,
        "y.zip",
        b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    );
    assert!(
        refusal(&empty, &scratch.0.join("out"), &Options::default()).contains("expected a .shp")
    );
    let text = write(&scratch.0, "z.zip", "not a zip");
    assert!(
        refusal(&text, &scratch.0.join("out"), &Options::default()).contains("expected a .zip")
    );
}

#[test]
fn an_index_that_names_one_record_for_ever_is_refused() {
    let scratch = Scratch::new("hostile-shx");
    let path = scratch.0.join("x.shp");
    polygons().write(&path, Some(LAMBERT_93));
    let mut shx = std::fs::read(path.with_extension("shx")).unwrap();
    let entry = shx[100..108].to_vec();
    (0..10_000).for_each(|_| shx.extend(&entry));
    std::fs::write(path.with_extension("shx"), shx).unwrap();
    let refused = refusal(&path, &scratch.0.join("out"), &Options::default());
    assert!(refused.contains("again and again"), "{refused}");
}

#[test]
fn keys_that_are_data_are_refused_before_they_are_a_million_columns() {
    let scratch = Scratch::new("hostile-keys");
    let features: Vec<String> = (0..9_000)
        .map(|n| format!(r#"{{"type":"Feature","properties":{{"k{n}":1}},"geometry":null}}"#))
        .collect();
    let path = write(&scratch.0, "x.geojsonl", features.join("\n"));
    let options = Options::default();
    for result in bring(&path, &scratch.0.join("out"), &options) {
        // those beyond the limit are left out and counted
        let imported = result.unwrap();
        assert!(imported.fields.len() <= 8_192);
        assert!(
            notes(&imported).join("").contains("dropped"),
            "{:?}",
            notes(&imported)
        );
    }
}
