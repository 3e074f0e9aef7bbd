use std::sync::Arc;

use cartotheque::crs::Crs;
use cartotheque::encode::feature::FeatureFormat;
use cartotheque::geom::GeometryType;
use cartotheque::operation::features::FeatureQuery;
use rusqlite::Connection;
use serde_json::Value as Json;

use crate::data::{
    all, assert_same_place, download, file, gdal, layer, mixed, ogrinfo, points, polygons,
};

const GPKG: FeatureFormat = FeatureFormat::GeoPackage;

fn number(database: &Connection, sql: &str) -> i64 {
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn text(database: &Connection, sql: &str) -> String {
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// What a GeoPackage must be (12-128r17, requirements 1 to 15 and 75 to 77).
fn assert_valid(database: &Connection) {
    assert_eq!(number(database, "PRAGMA application_id"), 0x4750_4B47);
    assert_eq!(number(database, "PRAGMA user_version"), 10_300);
    assert_eq!(text(database, "PRAGMA integrity_check"), "ok");
    let broken = "SELECT count(*) FROM pragma_foreign_key_check";
    assert_eq!(number(database, broken), 0);
    let needed = "SELECT count(*) FROM gpkg_spatial_ref_sys WHERE srs_id IN (-1, 0, 4326)";
    assert_eq!(number(database, needed), 3);
    let listed = "SELECT count(*) FROM gpkg_contents WHERE srs_id IN (SELECT srs_id FROM gpkg_spatial_ref_sys)";
    assert_eq!(number(database, listed), 1);
}

#[test]
fn it_is_a_valid_file_with_an_index_that_finds() {
    let layer = layer(GeometryType::Polygon, polygons(400));
    let path = file("valid.gpkg", &all(&layer, GPKG));
    let database = Connection::open(&path).unwrap();
    assert_valid(&database);
    assert_eq!(number(&database, "SELECT count(*) FROM essai"), 400);
    assert_eq!(
        number(&database, "SELECT count(*) FROM rtree_essai_geom"),
        399
    );
    assert_eq!(
        text(&database, "SELECT rtreecheck('rtree_essai_geom')"),
        "ok"
    );
    let triggers = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'";
    assert_eq!(number(&database, triggers), 6);
    let near = "SELECT count(*) FROM rtree_essai_geom WHERE minx <= 850000 AND maxx >= 845000";
    assert_eq!(number(&database, near), 51);
    assert_eq!(number(&database, "SELECT max(fid) FROM essai"), 399);
    let types = "SELECT group_concat(typeof(grand) || typeof(mesure) || typeof(octets), ' ')
                 FROM essai WHERE fid < 4";
    assert_eq!(
        text(&database, types),
        "integerrealblob integerrealblob nullnullnull integerrealnull"
    );
    assert_eq!(
        text(&database, "SELECT moment FROM essai WHERE fid = 1"),
        "1999-12-31T21:59:59.250Z"
    );
    let bounds = "SELECT min_x || ' ' || max_y FROM gpkg_contents";
    assert_eq!(text(&database, bounds), "840000.0 6519050.25");
}

#[test]
fn gdal_reads_values_types_and_places() {
    for (kind, features) in [
        (GeometryType::Polygon, polygons(8)),
        (GeometryType::Point, points(8)),
        (GeometryType::Unknown, mixed()),
    ] {
        let layer = layer(kind, features);
        let bytes = all(&layer, FeatureFormat::GeoJson);
        let expected: Json = serde_json::from_slice(&bytes).unwrap();
        let path = file("read.gpkg", &all(&layer, GPKG));
        let Some(found) = gdal(&path, &[]) else {
            return;
        };
        let found = found["features"].as_array().unwrap();
        assert_eq!(found.len(), 8);
        for (expected, found) in expected["features"].as_array().unwrap().iter().zip(found) {
            if found["geometry"].is_null() {
                assert!(expected["geometry"].is_null());
            } else {
                assert_eq!(found["geometry"]["type"], expected["geometry"]["type"]);
            }
            assert_same_place(&found["geometry"], &expected["geometry"], 1e-6);
            for name in ["nom", "compte", "grand", "mesure", "vrai", "document"] {
                let (a, b) = (&found["properties"][name], &expected["properties"][name]);
                assert_eq!(a, b, "{name}");
            }
        }
        assert_eq!(found[0]["properties"]["jour"], "2024-02-29");
        let info = ogrinfo(&path).unwrap();
        for kind in [
            "nom: String (0.0)",
            "compte: Integer (0.0)",
            "grand: Integer64 (0.0)",
            "mesure: Real (0.0)",
            "vrai: Integer(Boolean) (0.0)",
            "jour: Date (0.0)",
            "moment: DateTime (0.0)",
            "document: String(JSON) (0.0)",
            "octets: Binary (0.0)",
            "ID[\"EPSG\",2154]",
            "Feature Count: 8",
        ] {
            assert!(info.contains(kind), "{kind} in {info}");
        }
    }
}

#[test]
fn names_that_the_file_uses_itself_and_ids_that_come_twice_are_kept_apart() {
    let mut layer = layer(GeometryType::Point, points(6));
    let shown = Arc::get_mut(&mut layer).unwrap();
    shown.id = "gpkg_l\"été".into();
    for (field, name) in shown.fields.iter_mut().zip(["fid", "geom", "FID", "a\"b"]) {
        field.name = name.into();
    }
    shown.id_column = Some(1);
    let path = file("names.gpkg", &all(&layer, GPKG));
    let database = Connection::open(&path).unwrap();
    assert_valid(&database);
    let table = text(&database, "SELECT table_name FROM gpkg_contents");
    assert_eq!(table, "layer_gpkg_l\"été");
    let columns = "SELECT group_concat(name, '|') FROM pragma_table_info('layer_gpkg_l\"été')";
    assert!(text(&database, columns).starts_with("fid_3|geom_2|fid|geom|FID_2|a\"b|vrai|"));
    // -42 comes twice
    assert_eq!(
        number(&database, "SELECT count(*) FROM \"layer_gpkg_l\"\"été\""),
        6
    );
    let Some(read) = gdal(&path, &[]) else { return };
    assert_eq!(read["features"].as_array().unwrap().len(), 6);
}

#[test]
fn longitude_comes_first_in_every_crs_and_no_geometry_is_a_table() {
    let layer = layer(GeometryType::Point, points(3));
    for crs in ["EPSG:4326", "CRS:84", "IGNF:LAMB93"] {
        let mut query = FeatureQuery::all(&layer);
        query.crs = Crs::parse(crs).unwrap();
        let path = file("crs.gpkg", &download(GPKG, query));
        let database = Connection::open(&path).unwrap();
        assert_valid(&database);
        let min_x: f64 = database
            .query_row("SELECT min_x FROM gpkg_contents", [], |row| row.get(0))
            .unwrap();
        assert!(
            min_x > 4.0 && (min_x < 5.0 || crs.starts_with("IGNF")),
            "{crs}: {min_x}"
        );
    }
    let mut query = FeatureQuery::all(&layer);
    query.with_geometry = false;
    let database = Connection::open(file("table.gpkg", &download(GPKG, query))).unwrap();
    assert_eq!(
        text(&database, "SELECT data_type FROM gpkg_contents"),
        "attributes"
    );
    assert_eq!(number(&database, "SELECT count(*) FROM essai"), 3);
}
