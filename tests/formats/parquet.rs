use std::process::Command;
use std::sync::Arc;

use cartotheque::crs::Crs;
use cartotheque::encode::feature::FeatureFormat;
use cartotheque::feature::OwnedValue;
use cartotheque::geom::GeometryType;
use cartotheque::operation::features::FeatureQuery;
use cartotheque::parquet::Table;
use serde_json::{Value as Json, json};

use crate::data::{
    all, assert_same_place, download, file, gdal, layer, mixed, points, polygons, try_download,
    values,
};

const PARQUET: FeatureFormat = FeatureFormat::GeoParquet;

/// What the file says of its geometries.
fn geo(path: &std::path::Path) -> Json {
    let table = Table::open(path).unwrap();
    serde_json::from_str(table.word("geo").unwrap()).unwrap()
}

/// Reads a file with Arrow and GeoPandas: types of the columns, and what GeoPandas makes of it.
const READER: &str = r#"
import json, sys
import pyarrow.parquet as pq, geopandas
path = sys.argv[1]
schema = pq.read_schema(path)
frame = geopandas.read_parquet(path)
near = geopandas.read_parquet(path, bbox=json.loads(sys.argv[2])) if len(sys.argv) > 2 else frame
rows = pq.read_table(path).drop_columns(["geometry", "bbox"]).to_pylist()
for row in rows:
    row["jour"] = row["jour"] and row["jour"].isoformat()
    row["moment"] = row["moment"] and row["moment"].isoformat()
    row["octets"] = row["octets"] if row["octets"] is None else list(row["octets"])
kinds = {field.name: str(field.type) for field in schema}
print(json.dumps({"kinds": kinds, "rows": rows, "crs": frame.crs.to_string(), "near": len(near),
                  "geometry": json.loads(frame.geometry.to_json(drop_id=True))["features"]}))
"#;

/// What Python reads; `None` where there is no Arrow for it.
fn python(path: &std::path::Path, near: Option<&str>) -> Option<Json> {
    let there = Command::new("python3")
        .args(["-c", "import pyarrow, geopandas"])
        .output();
    if !there.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: python3 has no pyarrow and geopandas");
        return None;
    }
    let mut command = Command::new("python3");
    command.args(["-c", READER]).arg(path).args(near);
    let output = command.output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{err}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn the_metadata_say_crs_types_extent_and_where_boxes_are() {
    let layer = layer(GeometryType::Unknown, mixed());
    let path = file("metadata.parquet", &all(&layer, PARQUET));
    let found = geo(&path);
    assert_eq!(
        (&found["version"], &found["primary_column"]),
        (&json!("1.1.0"), &json!("geometry"))
    );
    let column = &found["columns"]["geometry"];
    assert_eq!(column["encoding"], "WKB");
    assert_eq!(
        column["crs"]["id"],
        json!({"authority": "EPSG", "code": 2154})
    );
    assert_eq!(
        column["bbox"],
        json!([840_000.0, 6_519_000.0, 840_105.0, 6_519_005.0])
    );
    assert_eq!(column["covering"]["bbox"]["ymax"], json!(["bbox", "ymax"]));
    let kinds = [
        "GeometryCollection",
        "LineString",
        "MultiLineString",
        "MultiPoint",
        "MultiPolygon",
        "Point",
        "Polygon",
    ];
    assert_eq!(column["geometry_types"], json!(kinds));

    let mut query = FeatureQuery::all(&layer);
    query.crs = Crs::crs84();
    let path = file("metadata.parquet", &download(PARQUET, query.clone()));
    let column = &geo(&path)["columns"]["geometry"];
    assert_eq!(column.get("crs"), None);
    assert!(column["bbox"][0].as_f64().unwrap() < 5.0, "longitude first");

    // longitude first, whatever the CRS says
    query.crs = Crs::from_epsg(4326).unwrap();
    let path = file("metadata.parquet", &download(PARQUET, query.clone()));
    let column = &geo(&path)["columns"]["geometry"];
    assert_eq!(column["crs"]["id"]["code"], 4326);
    assert!(column["bbox"][0].as_f64().unwrap() < 5.0);

    query.with_geometry = false;
    let path = file("metadata.parquet", &download(PARQUET, query));
    let table = Table::open(&path).unwrap();
    assert_eq!(
        (table.word("geo"), table.count(), table.columns().len()),
        (None, 8, 9)
    );
}

#[test]
fn names_that_the_file_uses_itself_are_left_to_the_fields() {
    let mut layer = layer(GeometryType::Point, points(3));
    let shown = Arc::get_mut(&mut layer).unwrap();
    for (field, name) in shown.fields.iter_mut().zip(["geometry", "bbox", "Bbox"]) {
        field.name = name.into();
    }
    let path = file("names.parquet", &all(&layer, PARQUET));
    let table = Table::open(&path).unwrap();
    let names: Vec<&str> = table.columns().iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names[..4], ["geometry", "bbox", "Bbox_2", "mesure"]);
    assert_eq!(names.last(), Some(&"geometry_2"));
    let found = geo(&path);
    assert_eq!(found["columns"]["geometry_2"].get("covering"), None);
}

#[test]
fn a_number_that_no_type_holds_is_refused_by_its_value() {
    let mut features = points(1);
    features[0].values[2] = OwnedValue::UInt(u64::MAX);
    let layer = layer(GeometryType::Point, features);
    let message = try_download(PARQUET, FeatureQuery::all(&layer))
        .unwrap_err()
        .to_string();
    assert!(message.contains("18446744073709551615"), "{message}");
}

#[test]
fn arrow_and_geopandas_read_values_types_and_places() {
    for (kind, features) in [
        (GeometryType::Polygon, polygons(8)),
        (GeometryType::Point, points(8)),
        (GeometryType::Unknown, mixed()),
    ] {
        let layer = layer(kind, features);
        let expected: Json = serde_json::from_slice(&all(&layer, FeatureFormat::GeoJson)).unwrap();
        let path = file("read.parquet", &all(&layer, PARQUET));
        let Some(found) = python(&path, None) else {
            return;
        };
        assert_eq!(found["crs"], "EPSG:2154");
        for (name, kind) in [
            ("nom", "string"),
            ("compte", "int32"),
            ("grand", "int64"),
            ("mesure", "double"),
            ("vrai", "bool"),
            ("jour", "date32[day]"),
            ("moment", "timestamp[us, tz=UTC]"),
            ("octets", "binary"),
            ("geometry", "binary"),
        ] {
            assert_eq!(found["kinds"][name], kind, "{name}");
        }
        assert!(
            found["kinds"]["document"]
                .as_str()
                .unwrap()
                .contains("json"),
            "{}",
            found["kinds"]
        );
        let rows = found["rows"].as_array().unwrap();
        let places = found["geometry"].as_array().unwrap();
        let expected = expected["features"].as_array().unwrap();
        assert_eq!((rows.len(), places.len(), expected.len()), (8, 8, 8));
        for ((row, place), (expected, nth)) in rows.iter().zip(places).zip(expected.iter().zip(0..))
        {
            assert_same_place(&place["geometry"], &expected["geometry"], 1e-6);
            for name in ["nom", "compte", "grand", "mesure", "vrai"] {
                assert_eq!(row[name], expected["properties"][name], "{name}");
            }
            let moment = match nth % 4 {
                0 => json!("2024-02-29T12:34:56+00:00"),
                1 => json!("1999-12-31T21:59:59.250000+00:00"),
                _ => Json::Null,
            };
            assert_eq!(row["moment"], moment);
            let octets = match &values(nth)[8] {
                OwnedValue::Binary(bytes) => json!(bytes),
                _ => Json::Null,
            };
            assert_eq!(row["octets"], octets);
        }
        assert_eq!(
            (&rows[0]["jour"], &rows[1]["jour"]),
            (&json!("2024-02-29"), &json!("1899-12-31"))
        );
    }
    // the boxes find what is near
    let layer = layer(GeometryType::Polygon, polygons(400));
    let path = file("near.parquet", &all(&layer, PARQUET));
    if let Some(found) = python(&path, Some("[845000, 6519000, 850000, 6520000]")) {
        assert_eq!(found["near"], 51);
    }
}

#[test]
fn gdal_reads_it_where_it_has_the_driver() {
    let formats = Command::new("ogrinfo").arg("--formats").output();
    let has_driver = formats.is_ok_and(|o| String::from_utf8_lossy(&o.stdout).contains("Parquet"));
    if !has_driver {
        eprintln!("skipped: GDAL has no driver for Parquet");
        return;
    }
    let layer = layer(GeometryType::Unknown, mixed());
    let expected: Json = serde_json::from_slice(&all(&layer, FeatureFormat::GeoJson)).unwrap();
    let path = file("gdal.parquet", &all(&layer, PARQUET));
    let Some(found) = gdal(&path, &[]) else {
        return;
    };
    let found = found["features"].as_array().unwrap();
    assert_eq!(found.len(), 8);
    for (expected, found) in expected["features"].as_array().unwrap().iter().zip(found) {
        assert_same_place(&found["geometry"], &expected["geometry"], 1e-6);
        assert_eq!(found["properties"]["nom"], expected["properties"]["nom"]);
    }
}
