//! What GDAL reads in a foreign file and what it reads in the import of it are the same.
//!
//! Needs the programs of GDAL; where they are not there, these tests say so and pass.

use std::path::{Path, PathBuf};
use std::process::Command;

use cartotheque::import::Options;
use serde_json::Value;

use crate::common::Scratch;
use crate::made::*;

fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {err}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn is_there() -> bool {
    let there = Command::new("ogr2ogr").arg("--version").output().is_ok();
    if !there {
        eprintln!("skipped: there is no ogr2ogr");
    }
    there
}

/// Each feature as GDAL reads it: values by name, the box and the number of positions.
fn read(path: &Path, layer: Option<&str>) -> Vec<String> {
    let path = path.to_str().unwrap();
    let mut arguments = vec![
        "-f",
        "GeoJSON",
        "/vsistdout/",
        path,
        "-lco",
        "RFC7946=NO",
        "-lco",
        "COORDINATE_PRECISION=9",
        "-dim",
        "2",
    ];
    arguments.extend(layer);
    let text = run("ogr2ogr", &arguments).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let mut all: Vec<String> = json["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(feature)
        .collect();
    all.sort();
    all
}

fn feature(feature: &Value) -> String {
    let mut properties: Vec<String> = feature["properties"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, value)| !value.is_null() && *name != "fid" && value.as_str() != Some(""))
        .map(|(name, value)| {
            let text = match value {
                Value::String(text) => text.trim().to_owned(),
                Value::Number(number) => format!("{:.5e}", number.as_f64().unwrap()),
                other => other.to_string(),
            };
            // FlatGeobuf has no dates without a time
            let text = text
                .trim_end_matches(" 00:00:00")
                .trim_end_matches("T00:00:00");
            format!("{name}={}", text.replace('/', "-"))
        })
        .collect();
    properties.sort();
    let mut numbers = Vec::new();
    positions(&feature["geometry"], &mut numbers);
    let sum = |nth: usize| {
        numbers
            .iter()
            .map(|p| p[nth])
            .fold((f64::MAX, f64::MIN), |(a, b), n| (a.min(n), b.max(n)))
    };
    let ((x0, x1), (y0, y1)) = (sum(0), sum(1));
    format!(
        "{} | {x0:.6} {y0:.6} {x1:.6} {y1:.6} | {}",
        properties.join(", "),
        numbers.len()
    )
}

fn positions(value: &Value, into: &mut Vec<[f64; 2]>) {
    match value {
        Value::Array(list) => match list.as_slice() {
            [Value::Number(x), Value::Number(y), ..] => {
                into.push([x.as_f64().unwrap(), y.as_f64().unwrap()])
            }
            list => list.iter().for_each(|item| positions(item, into)),
        },
        Value::Object(members) => {
            for key in ["coordinates", "geometries"] {
                members
                    .get(key)
                    .into_iter()
                    .for_each(|item| positions(item, into));
            }
        }
        _ => {}
    }
}

fn shared(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")).join(name)
}

/// Makes a file of another format from shared data, imports it, compares.
fn round_trip(scratch: &Scratch, source: &str, form: &str, name: &str, more: &[&str]) {
    let from = shared(source);
    let made = scratch.0.join(name);
    let mut arguments = vec!["-f", form, made.to_str().unwrap(), from.to_str().unwrap()];
    arguments.extend(more);
    run("ogr2ogr", &arguments).unwrap();
    let out = scratch.0.join(format!("out-{name}"));
    let imported = bring(&made, &out, &Options::default()).remove(0).unwrap();
    let (theirs, ours) = (read(&made, None), read(&imported.target.data, None));
    assert_eq!(theirs.len() as u64, imported.features, "{name}");
    // positions that are one after rounding are left out, and that is said
    let is_mended = notes(&imported)
        .iter()
        .any(|note| note.contains("repeated vertex"));
    let without_count = |text: &str| match is_mended {
        true => text.rsplit_once(" | ").unwrap().0.to_owned(),
        false => text.to_owned(),
    };
    for (a, b) in theirs.iter().zip(&ours) {
        assert_eq!(without_count(a), without_count(b), "{name}");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn communes_and_town_halls_are_the_same_through_every_format() {
    if !is_there() {
        return;
    }
    let scratch = Scratch::new("import-gdal");
    for (source, stem) in [
        ("ara/communes_l93.fgb", "communes"),
        ("ara/mairies_l93.fgb", "mairies"),
        ("ara/cours_eau_l93.fgb", "cours"),
        ("risques/pprn_38_20130013_zone_reg_l93.fgb", "zones"),
    ] {
        round_trip(&scratch, source, "GPKG", &format!("{stem}.gpkg"), &[]);
        round_trip(
            &scratch,
            source,
            "ESRI Shapefile",
            &format!("{stem}.shp"),
            &["-lco", "ENCODING=UTF-8"],
        );
        round_trip(
            &scratch,
            source,
            "GeoJSON",
            &format!("{stem}.geojson"),
            &["-t_srs", "EPSG:4326"],
        );
        round_trip(
            &scratch,
            source,
            "GeoJSONSeq",
            &format!("{stem}.geojsons"),
            &["-t_srs", "EPSG:4326", "-lco", "RS=YES"],
        );
    }
    round_trip(
        &scratch,
        "ara/mairies_l93.fgb",
        "ESRI Shapefile",
        "latin.shp",
        &["-lco", "ENCODING=CP1252"],
    );
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn awkward_files_are_the_same_through_a_geopackage() {
    if !is_there() {
        return;
    }
    let scratch = Scratch::new("import-gdal-awkward");
    for name in [
        "types_dates",
        "awkward_strings",
        "nonascii_field_names",
        "wide_168_columns",
        "geometrycollection",
        "mixed_geometry_types",
        "multipoint",
        "null_geometry_first",
        "polygon_z",
        "linestring_zm",
        "drome_enclave_hole",
        "single_feature",
        "crs_27572_ntf_lambert2etendu",
        "crs_3946_cc46",
    ] {
        round_trip(
            &scratch,
            &format!("awkward/{name}.fgb"),
            "GPKG",
            &format!("{name}.gpkg"),
            &[],
        );
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn every_awkward_flatgeobuf_is_imported_or_refused_in_words() {
    let scratch = Scratch::new("import-fgb-awkward");
    let (mut done, mut refused) = (0, Vec::new());
    for folder in ["awkward", "awkward/corrupted", "upstream-fgb"] {
        for entry in std::fs::read_dir(shared(folder)).unwrap().flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|e| e != "fgb") {
                continue;
            }
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            for result in bring(&path, &scratch.0.join(&name), &Options::default()) {
                match result {
                    Ok(imported) => {
                        features(&imported);
                        done += 1;
                    }
                    Err(error) => refused.push(format!("{error}")),
                }
            }
        }
    }
    assert!(done > 30, "{done} of them");
    let faults = refused.iter().filter(|text| text.contains("internal"));
    assert_eq!(faults.count(), 0, "{refused:?}");
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn invalid_and_degenerate_shapes_are_counted_and_named() {
    let scratch = Scratch::new("import-degenerate");
    let path = shared("awkward/degenerate_geometries.fgb");
    let imported = bring_one(&path, &scratch.0);
    let said = notes(&imported).join("\n");
    for word in [
        "invalid ring crosses itself",
        "invalid hole outside of its exterior",
    ] {
        assert!(said.contains(word), "{word}:\n{said}");
    }
    assert!(imported.notes.iter().all(|n| !n.first.is_empty()));
}
