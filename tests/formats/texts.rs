use cartotheque::crs::Crs;
use cartotheque::encode::feature::{CsvDialect, FeatureFormat};
use cartotheque::geom::GeometryType;
use cartotheque::operation::features::FeatureQuery;
use serde_json::Value as Json;

use crate::data::{
    SECRET, all, assert_same_place, download, file, gdal, layer, mixed, ogrinfo, points, polygons,
};

const CSV: FeatureFormat = FeatureFormat::Csv(CsvDialect::PLAIN);
const CSV_FR: FeatureFormat = FeatureFormat::Csv(CsvDialect::FRENCH);

fn json(bytes: &[u8]) -> Json {
    serde_json::from_slice(bytes).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_hidden_field_is_in_no_format() {
    let layer = layer(GeometryType::Polygon, polygons(4));
    for format in FeatureFormat::ALL {
        let bytes = all(&layer, format);
        let found = bytes.windows(SECRET.len()).any(|w| w == SECRET.as_bytes());
        assert!(!found && !bytes.is_empty(), "{format:?}");
    }
}

#[test]
fn a_table_of_points_has_its_positions_in_two_columns() {
    let layer = layer(GeometryType::Point, points(4));
    let plain = text(&all(&layer, CSV));
    let mut lines = plain.split("\r\n");
    assert_eq!(
        lines.next().unwrap(),
        "id,nom,compte,grand,mesure,vrai,jour,moment,document,octets,x,y"
    );
    assert_eq!(
        lines.next().unwrap(),
        "0,\"Saint-Étienne, « l’œuf » \"\"cité\"\";\nligne 2 <&>\",-42,9007199254740993,1234.5,\
         true,2024-02-29,2024-02-29T12:34:56Z,\"{\"\"a\"\":[1,\"\"é\"\"]}\",AAH+/w==,\
         840000.125,6519000.5"
    );
    assert_eq!(
        lines.next().unwrap(),
        "1,\"=1+1\",2147483647,-9223372036854775808,-1.25e-9,false,1899-12-31,\
         \"1999-12-31T23:59:59.250+02:00\",\"[]\",,840001.125,6519000.5"
    );
    assert_eq!(lines.next().unwrap(), "2,,,,,,,,,,,");
    assert_eq!(
        lines.next().unwrap(),
        "3,\"\",0,0,0,false,,,,,840003.125,6519000.5"
    );

    let french = text(&all(&layer, CSV_FR));
    let mut lines = french.split("\r\n");
    assert!(lines.next().unwrap().starts_with("\u{FEFF}id;nom;"));
    assert!(
        lines
            .next()
            .unwrap()
            .ends_with(";AAH+/w==;840000,125;6519000,5")
    );
    assert!(lines.next().unwrap().starts_with("1;\"'=1+1\";2147483647;"));

    let mut query = FeatureQuery::all(&layer);
    query.crs = Crs::from_epsg(4326).unwrap();
    let degrees = text(&download(CSV, query));
    assert!(degrees.contains(",longitude,latitude\r\n"), "{degrees}");
    assert!(degrees.contains(",4.8"), "longitude first: {degrees}");
}

#[test]
fn gdal_reads_a_table_of_any_geometry() {
    for (kind, features) in [
        (GeometryType::Polygon, polygons(8)),
        (GeometryType::Unknown, mixed()),
    ] {
        let layer = layer(kind, features);
        let expected = json(&all(&layer, FeatureFormat::GeoJson));
        for (format, name) in [(CSV, "wkt.csv"), (CSV_FR, "wkt-fr.csv")] {
            let path = file(name, &all(&layer, format));
            let Some(found) = gdal(&path, &["-oo", "AUTODETECT_TYPE=YES"]) else {
                return;
            };
            let info = ogrinfo(&path).unwrap();
            assert!(info.contains("Feature Count: 8"), "{info}");
            let pairs = expected["features"].as_array().unwrap().iter();
            for (expected, found) in pairs.zip(found["features"].as_array().unwrap()) {
                assert_same_place(&found["geometry"], &expected["geometry"], 1e-6);
                assert_eq!(found["geometry"]["type"], expected["geometry"]["type"]);
                for name in ["compte", "mesure"] {
                    let (a, b) = (&found["properties"][name], &expected["properties"][name]);
                    assert_eq!(a.as_f64(), b.as_f64(), "{name} of {path:?}");
                }
            }
            let first = &found["features"][0]["properties"];
            let nom = &expected["features"][0]["properties"]["nom"];
            assert_eq!((&first["nom"], first["vrai"].as_bool()), (nom, Some(true)));
        }
    }
}

#[test]
fn kml_is_in_longitude_and_latitude_whatever_was_asked_and_gdal_reads_it() {
    for (kind, features) in [
        (GeometryType::Polygon, polygons(8)),
        (GeometryType::Unknown, mixed()),
    ] {
        let layer = layer(kind, features);
        let mut query = FeatureQuery::all(&layer);
        query.crs = Crs::crs84();
        let expected = json(&download(FeatureFormat::GeoJson, query.clone()));
        query.crs = Crs::from_epsg(4326).unwrap();
        let path = file("places.kml", &download(FeatureFormat::Kml, query));
        let Some(found) = gdal(&path, &[]) else {
            return;
        };
        let pairs = expected["features"].as_array().unwrap().iter();
        let found = found["features"].as_array().unwrap();
        assert_eq!(found.len(), 8);
        for (expected, found) in pairs.zip(found) {
            if !found["geometry"].is_null() {
                assert_same_place(&found["geometry"], &expected["geometry"], 2e-7);
            }
            for name in ["nom", "compte", "mesure", "vrai", "grand"] {
                let (a, b) = (&found["properties"][name], &expected["properties"][name]);
                match (name, b) {
                    ("vrai", Json::Bool(b)) => assert_eq!(a.as_i64(), Some((*b).into())),
                    ("grand", Json::Number(n)) => assert_eq!(*a, n.to_string()),
                    // KML readers do not tell empty text from none
                    ("nom", Json::String(s)) if s.is_empty() => {}
                    _ => assert_eq!(a, b, "{name}"),
                }
            }
        }
        let info = ogrinfo(&path).unwrap();
        for kind in ["compte: Integer (0.0)", "mesure: Real (0.0)"] {
            assert!(info.contains(kind), "{kind} in {info}");
        }
    }
}

#[test]
fn json_fg_says_its_crs_and_puts_the_place_in_its_axis_order() {
    let layer = layer(GeometryType::Polygon, polygons(4));
    let geojson = |crs: &str| {
        let mut query = FeatureQuery::all(&layer);
        query.crs = Crs::parse(crs).unwrap();
        let fg = json(&download(FeatureFormat::JsonFg, query.clone()));
        (fg, json(&download(FeatureFormat::GeoJson, query)))
    };
    let (fg, plain) = geojson("EPSG:4326");
    assert_eq!(
        fg["conformsTo"],
        serde_json::json!(["http://www.opengis.net/spec/json-fg-1/1.0/conf/core"])
    );
    assert_eq!(
        fg["coordRefSys"],
        "http://www.opengis.net/def/crs/EPSG/0/4326"
    );
    assert_eq!(
        (&fg["featureType"], &fg["geometryDimension"]),
        (&"essai".into(), &2.into())
    );
    assert_eq!(fg["numberReturned"], 4);
    for (fg, plain) in fg["features"]
        .as_array()
        .unwrap()
        .iter()
        .zip(plain["features"].as_array().unwrap())
    {
        assert_eq!(
            (&fg["place"], &fg["geometry"]),
            (&plain["geometry"], &Json::Null)
        );
        assert_eq!(
            (&fg["properties"], &fg["id"]),
            (&plain["properties"], &plain["id"])
        );
        assert!(fg.as_object().unwrap().contains_key("time"));
    }
    let (fg, plain) = geojson("CRS:84");
    let (fg, plain) = (&fg["features"][0], &plain["features"][0]);
    assert_eq!(
        (&fg["geometry"], &fg["place"]),
        (&plain["geometry"], &Json::Null)
    );
}
