use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cartotheque::crs::Crs;
use cartotheque::encode::feature::FeatureFormat;
use cartotheque::feature::OwnedValue;
use cartotheque::geom::GeometryType;
use cartotheque::operation::features::FeatureQuery;
use serde_json::Value as Json;

use crate::data::{
    all, assert_same_place, download, file, gdal, layer, mixed, ogrinfo, points, polygons,
};

const SHP: FeatureFormat = FeatureFormat::Shapefile;

/// The files of an archive, by its directory; sizes and checksums are held against the data.
fn unzipped(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let u16_at = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let end = bytes.len() - 22;
    assert_eq!(u32_at(end), 0x0605_4b50);
    let (count, mut at) = (u16_at(end + 10), u32_at(end + 16) as usize);
    let mut files = BTreeMap::new();
    for _ in 0..count {
        assert_eq!(u32_at(at), 0x0201_4b50);
        let name = bytes[at + 46..at + 46 + u16_at(at + 28)].to_vec();
        let local = u32_at(at + 42) as usize;
        assert_eq!(u32_at(local), 0x0403_4b50);
        let data = local + 30 + u16_at(local + 26) + u16_at(local + 28);
        let packed = &bytes[data..data + u32_at(at + 20) as usize];
        let mut plain = Vec::new();
        flate2::read::DeflateDecoder::new(packed)
            .read_to_end(&mut plain)
            .unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(&plain);
        assert_eq!(
            (crc.sum(), plain.len()),
            (u32_at(at + 16), u32_at(at + 24) as usize)
        );
        files.insert(String::from_utf8(name).unwrap(), plain);
        at += 46 + u16_at(at + 28);
    }
    assert_eq!(at, end);
    files
}

/// A file of an archive, as GDAL names it.
fn inside(path: &Path, name: &str) -> PathBuf {
    PathBuf::from(format!("/vsizip/{}/{name}", path.display()))
}

#[test]
fn the_archive_holds_all_files_and_tells_what_the_fields_are_called() {
    let mut layer = layer(GeometryType::Polygon, polygons(8));
    let shown = Arc::get_mut(&mut layer).unwrap();
    shown.fields[0].name = "dénomination officielle".into();
    shown.fields[1].name = "dénomination courante".into();
    let files = unzipped(&all(&layer, SHP));
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "essai.cpg",
            "essai.dbf",
            "essai.prj",
            "essai.shp",
            "essai.shx",
            "essai_LISEZMOI_README.txt"
        ]
    );
    assert_eq!(files["essai.cpg"], b"UTF-8");
    let prj = String::from_utf8(files["essai.prj"].clone()).unwrap();
    assert!(prj.starts_with("PROJCS[\"RGF_1993_Lambert_93\""), "{prj}");
    let notes = String::from_utf8(files["essai_LISEZMOI_README.txt"].clone()).unwrap();
    assert!(
        notes.contains("\r\ndenominati\tdénomination officielle\t0\r\n"),
        "{notes}"
    );
    assert!(
        notes.contains("\r\ndenomina_1\tdénomination courante\t0\r\n"),
        "{notes}"
    );
    assert!(notes.contains("\r\n-\toctets\t"), "{notes}");
    // lengths in words, as the heads tell
    for name in ["essai.shp", "essai.shx"] {
        let words = u32::from_be_bytes(files[name][24..28].try_into().unwrap());
        assert_eq!(u64::from(words) * 2, files[name].len() as u64);
    }
    // a null shape is the third
    let at = u32::from_be_bytes(files["essai.shx"][100 + 16..100 + 20].try_into().unwrap());
    let record = &files["essai.shp"][at as usize * 2..][..12];
    assert_eq!(record, [0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 0]);
}

/// CRS:84 has a name of its own in WKT 1, which no program knows that reads `.prj`.
#[test]
fn longitude_and_latitude_are_wgs_84_by_the_name_that_readers_know() {
    let layer = layer(GeometryType::Point, points(2));
    let query = FeatureQuery {
        crs: Crs::crs84(),
        ..FeatureQuery::all(&layer)
    };
    let bytes = download(SHP, query);
    let prj = String::from_utf8(unzipped(&bytes)["essai.prj"].clone()).unwrap();
    assert!(prj.starts_with("GEOGCS[\"GCS_WGS_1984\","), "{prj}");
    let path = file("degrees.zip", &bytes);
    let Some(info) = ogrinfo(&inside(&path, "essai.shp")) else {
        return;
    };
    assert!(info.contains("ID[\"EPSG\",4326]"), "{info}");
}

#[test]
fn gdal_reads_values_types_and_places() {
    for (kind, features) in [
        (GeometryType::Polygon, polygons(8)),
        (GeometryType::Point, points(8)),
    ] {
        let layer = layer(kind, features);
        let bytes = all(&layer, FeatureFormat::GeoJson);
        let expected: Json = serde_json::from_slice(&bytes).unwrap();
        let path = file("read.zip", &all(&layer, SHP));
        let Some(found) = gdal(&inside(&path, "essai.shp"), &[]) else {
            return;
        };
        let found = found["features"].as_array().unwrap();
        assert_eq!(found.len(), 8);
        for (expected, found) in expected["features"].as_array().unwrap().iter().zip(found) {
            assert_same_place(&found["geometry"], &expected["geometry"], 1e-6);
            assert_eq!(found["properties"]["id"], expected["id"]);
            for name in ["compte", "mesure", "nom", "document"] {
                let (a, b) = (&found["properties"][name], &expected["properties"][name]);
                match (a, b) {
                    (Json::Number(a), Json::Number(b)) => assert_eq!(a.as_f64(), b.as_f64()),
                    (Json::Null, Json::String(s)) => assert_eq!(s, ""),
                    (Json::String(a), b) if name == "document" => {
                        assert_eq!(serde_json::from_str::<Json>(a).unwrap(), *b);
                    }
                    (a, b) => assert_eq!(a, b, "{name}"),
                }
            }
        }
        let days: Vec<&Json> = found.iter().map(|f| &f["properties"]["jour"]).collect();
        assert_eq!(
            days[..3],
            [&"2024-02-29".into(), &"1899-12-31".into(), &Json::Null]
        );
        assert_eq!(found[0]["properties"]["moment"], "2024-02-29T12:34:56Z");
        let info = ogrinfo(&inside(&path, "essai.shp")).unwrap();
        for kind in [
            "compte: Integer",
            "mesure: Real (24.15)",
            "jour: Date",
            "nom: String",
            "2154",
        ] {
            assert!(info.contains(kind), "{kind} in {info}");
        }
    }
}

#[test]
fn several_kinds_of_geometry_become_a_shapefile_each() {
    let layer = layer(GeometryType::Unknown, mixed());
    let bytes = all(&layer, SHP);
    let files = unzipped(&bytes);
    let shapes: Vec<&str> = files
        .keys()
        .filter(|name| name.ends_with(".shp") || name.ends_with(".dbf"))
        .map(String::as_str)
        .collect();
    assert_eq!(
        shapes,
        [
            "essai_lines.dbf",
            "essai_lines.shp",
            "essai_multipoints.dbf",
            "essai_multipoints.shp",
            "essai_points.dbf",
            "essai_points.shp",
            "essai_polygons.dbf",
            "essai_polygons.shp",
            "essai_without_geometry.dbf"
        ]
    );
    let path = file("mixed.zip", &bytes);
    // by ids; the collection, 7, stands in three
    for (name, expected) in [
        ("essai_points.shp", vec![0, 7]),
        ("essai_multipoints.shp", vec![1]),
        ("essai_lines.shp", vec![3, 4, 7]),
        ("essai_polygons.shp", vec![5, 6, 7]),
        ("essai_without_geometry.dbf", vec![2]),
    ] {
        let Some(read) = gdal(&inside(&path, name), &[]) else {
            return;
        };
        let features = read["features"].as_array().unwrap();
        let ids = features
            .iter()
            .map(|f| f["properties"]["id"].as_i64().unwrap());
        assert_eq!(ids.collect::<Vec<i64>>(), expected, "{name}");
    }
}

#[test]
fn long_texts_are_cut_between_characters_and_counted() {
    let mut features = points(1);
    features[0].values[0] = OwnedValue::Text("é".repeat(300));
    let layer = layer(GeometryType::Point, features);
    let bytes = all(&layer, SHP);
    let files = unzipped(&bytes);
    let notes = String::from_utf8(files["essai_LISEZMOI_README.txt"].clone()).unwrap();
    assert!(notes.contains("\r\nnom\tnom\t1\r\n"), "{notes}");
    let Some(read) = gdal(&inside(&file("long.zip", &bytes), "essai.shp"), &[]) else {
        return;
    };
    assert_eq!(read["features"][0]["properties"]["nom"], "é".repeat(127));
}

#[test]
fn no_geometry_is_a_table_and_too_many_fields_are_refused() {
    let mut layer = layer(GeometryType::Point, points(2));
    let mut query = FeatureQuery::all(&layer);
    query.with_geometry = false;
    let files = unzipped(&download(SHP, query));
    assert_eq!(files.keys().filter(|n| n.ends_with(".shp")).count(), 0);
    assert!(files.contains_key("essai.dbf"));

    let shown = Arc::get_mut(&mut layer).unwrap();
    let field = shown.fields[0].clone();
    // one of them, of bytes, is not held
    shown.fields.resize(256, field);
    let set = crate::data::set_of(&FeatureQuery::all(&layer));
    let refused = SHP.writer(set, &Default::default()).err().unwrap();
    assert!(
        refused
            .to_string()
            .contains("at most 254 fields, this layer has 255")
    );
}
