use std::ops::ControlFlow;
use std::sync::Arc;

use cartotheque::budget::Budget;
use cartotheque::crs::Crs;
use cartotheque::encode::feature::FeatureFormat;
use cartotheque::geom::{Bbox, GeometryType};
use cartotheque::operation::features::{FeatureQuery, SortKey, Window};
use cartotheque::query::Filter;
use cartotheque::store::{FeatureStore, FgbStore, Select};
use serde_json::Value as Json;

use crate::data::{
    SECRET, all, as_fgb, assert_same_place, download, file, gdal, layer, mixed, ogrinfo, polygons,
    scratch, values,
};

const FGB: FeatureFormat = FeatureFormat::FlatGeobuf { with_index: true };
const FGB_PLAIN: FeatureFormat = FeatureFormat::FlatGeobuf { with_index: false };

fn json(bytes: &[u8]) -> Json {
    serde_json::from_slice(bytes).unwrap()
}

fn open(name: &str, bytes: &[u8]) -> FgbStore {
    let path = scratch(name);
    std::fs::write(&path, bytes).unwrap();
    FgbStore::open(&path).unwrap()
}

/// The file is sound, and its index finds what a scan finds.
fn assert_sound(store: &FgbStore, count: u64) {
    let report = store.verify(&mut |_, _| ControlFlow::Continue(())).unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(store.count(), count);
    let mut boxes = Vec::new();
    let everything = Select::default();
    store
        .select(&everything, &Budget::unlimited(), &mut |feature| {
            boxes.push((feature.fid(), feature.bbox()));
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    let half = store.extent().map(|e| Bbox {
        max_x: e.min_x + e.width() / 2.0,
        ..e
    });
    let Some(half) = half else { return };
    let expected: Vec<u64> = boxes
        .iter()
        .filter(|(_, bbox)| bbox.is_some_and(|b| b.intersects(&half)))
        .map(|(fid, _)| *fid)
        .collect();
    let select = Select {
        boxes: vec![half],
        offset: 0,
    };
    let mut found = Vec::new();
    store
        .select(&select, &Budget::unlimited(), &mut |feature| {
            found.push(feature.fid());
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    assert_eq!(found, expected);
}

/// The values and geometries of a file, as GeoJSON writes them.
fn content(store: FgbStore, crs: &Crs) -> Json {
    let store = Arc::new(store.with_crs(Some(crs.clone())));
    let mut layer = crate::data::layer_of(store);
    layer.crs = crs.clone();
    json(&all(&Arc::new(layer), FeatureFormat::GeoJson))["features"].clone()
}

#[test]
fn a_copy_has_the_bytes_of_the_source_and_an_index_of_its_own() {
    let source = layer(GeometryType::Polygon, polygons(500));
    for with_index in [true, false] {
        let mut fgb = as_fgb(&source, true, with_index, "copied");
        let shown = Arc::get_mut(&mut fgb).unwrap();
        shown.fields = Vec::new();
        for (field, column) in shown.store.schema().fields.iter().zip(0..) {
            shown.fields.push(cartotheque::catalogue::LayerField {
                column,
                name: field.name.clone(),
                label: None,
                kind: field.kind,
                unit: None,
                decimals: None,
                is_indexed: false,
                element: None,
                is_required: false,
            });
        }
        // all of it: the file itself, but for its head
        let original = std::fs::read(scratch("copied.fgb")).unwrap();
        let copy = all(&fgb, FGB);
        let section = |bytes: &[u8]| bytes[bytes.len() - 40_000..].to_vec();
        assert_eq!(section(&copy), section(&original));
        let store = open("copy-all.fgb", &copy);
        assert_eq!(store.index().map(|(size, _)| size), Some(16));
        assert_sound(&store, 500);
        // found sound once, it is copied in a run: nothing in it is another thing
        assert_eq!(all(&fgb, FGB), copy);
        let plain = all(&fgb, FGB_PLAIN);
        assert_eq!(section(&plain), section(&original));
        let store = open("copy-all.fgb", &plain);
        assert_eq!(store.index(), None);
        assert_sound(&store, 500);
        // a box, a page of it, ids, an order: whatever was selected
        let mut query = FeatureQuery::all(&fgb);
        query.windows.push(Window {
            boxes: vec![Bbox::new(840_000.0, 6_519_000.0, 860_000.0, 6_520_000.0).unwrap()],
            crs: fgb.crs.clone(),
        });
        (query.offset, query.limit) = (7, Some(123));
        let mut ids = FeatureQuery::all(&fgb);
        ids.filter = Some(Filter::Ids(vec!["3".into(), "401".into(), "2".into()]));
        let mut sorted = FeatureQuery::all(&fgb);
        sorted.sort.push(SortKey {
            column: 1,
            is_descending: true,
        });
        for (query, count) in [(query, 123), (ids, 3), (sorted, 500)] {
            let expected = json(&download(FeatureFormat::GeoJson, query.clone()));
            for format in [FGB, FGB_PLAIN] {
                let store = open("copy-part.fgb", &download(format, query.clone()));
                assert_eq!(store.index().is_some(), format == FGB);
                assert_sound(&store, count);
                let mut layer = crate::data::layer_of(Arc::new(store));
                layer.fields = fgb.fields.clone();
                let copied = json(&all(&Arc::new(layer), FeatureFormat::GeoJson));
                let without_id =
                    |feature: &Json| (feature["geometry"].clone(), feature["properties"].clone());
                let of = |json: &Json| -> Vec<_> {
                    json["features"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(without_id)
                        .collect()
                };
                assert_eq!(of(&copied), of(&expected));
            }
        }
    }
}

#[test]
fn a_hidden_field_is_in_no_copy() {
    let source = layer(GeometryType::Polygon, polygons(8));
    let fgb = as_fgb(&source, true, true, "hidden");
    let original = std::fs::read(scratch("hidden.fgb")).unwrap();
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
    assert!(holds(&original, SECRET));
    for format in [FGB, FGB_PLAIN] {
        let bytes = all(&fgb, format);
        assert!(!holds(&bytes, SECRET) && !holds(&bytes, "secret"));
        let store = open("shown.fgb", &bytes);
        let expected = json(&all(&fgb, FeatureFormat::GeoJson));
        assert_eq!(content(store, &fgb.crs), expected["features"]);
    }
}

#[test]
fn what_is_projected_is_written_anew_and_says_its_crs() {
    let source = layer(GeometryType::Polygon, polygons(40));
    let fgb = as_fgb(&source, false, true, "projected");
    let mut query = FeatureQuery::all(&fgb);
    query.crs = Crs::from_epsg(3857).unwrap();
    let expected = json(&download(FeatureFormat::GeoJson, query.clone()));
    for format in [FGB, FGB_PLAIN] {
        let store = open("mercator.fgb", &download(format, query.clone()));
        assert_eq!(store.crs_declaration().id().as_deref(), Some("EPSG:3857"));
        let found = content(store, &query.crs);
        assert_eq!(found, expected["features"]);
    }
}

#[test]
fn gdal_reads_values_types_and_places() {
    let source = layer(GeometryType::Polygon, polygons(8));
    let fgb = as_fgb(&source, false, true, "gdal-source");
    let expected = json(&all(&source, FeatureFormat::GeoJson));
    for (layer, name) in [(&source, "anew"), (&fgb, "copy")] {
        for format in [FGB, FGB_PLAIN] {
            let path = file(&format!("gdal-{name}.fgb"), &all(layer, format));
            let Some(found) = gdal(&path, &[]) else {
                return;
            };
            let info = ogrinfo(&path).unwrap();
            for kind in [
                "nom: String (0.0)",
                "compte: Integer (0.0)",
                "grand: Integer64 (0.0)",
                "mesure: Real (0.0)",
                "vrai: Integer(Boolean) (0.0)",
                "jour: DateTime (0.0)",
                "moment: DateTime (0.0)",
                "document: String",
                "octets: Binary (0.0)",
                "Geometry: Polygon",
                "Feature Count: 8",
                "ID[\"EPSG\",2154]",
            ] {
                assert!(info.contains(kind), "{kind} in {info}");
            }
            let pairs = expected["features"].as_array().unwrap().iter();
            let found = found["features"].as_array().unwrap();
            assert_eq!(found.len(), 8);
            for (expected, found) in pairs.zip(found) {
                assert_same_place(&found["geometry"], &expected["geometry"], 1e-6);
                for name in ["nom", "compte", "grand", "mesure", "vrai", "document"] {
                    let (a, b) = (&found["properties"][name], &expected["properties"][name]);
                    assert_eq!(a, b, "{name}");
                }
            }
            assert_eq!(found[0]["properties"]["moment"], "2024-02-29T12:34:56");
        }
    }
}

#[test]
fn every_type_of_geometry_and_none_come_back() {
    let source = layer(GeometryType::Unknown, mixed());
    let expected = json(&all(&source, FeatureFormat::GeoJson))["features"].clone();
    for format in [FGB, FGB_PLAIN] {
        let bytes = all(&source, format);
        let found = content(open("mixed.fgb", &bytes), &source.crs);
        for (a, b) in expected
            .as_array()
            .unwrap()
            .iter()
            .zip(found.as_array().unwrap())
        {
            assert_same_place(&a["geometry"], &b["geometry"], 0.0);
            assert_eq!(a["properties"], b["properties"]);
        }
        let Some(read) = gdal(&file("mixed-gdal.fgb", &bytes), &[]) else {
            return;
        };
        assert_eq!(read["features"].as_array().unwrap().len(), 8);
    }
}

#[test]
fn a_damaged_feature_is_left_out_of_a_copy_and_of_its_count() {
    let source = layer(GeometryType::Polygon, polygons(20));
    let _fgb = as_fgb(&source, false, false, "damaged");
    let mut bytes = std::fs::read(scratch("damaged.fgb")).unwrap();
    // the text of the last feature that has that name gets a length beyond its bytes
    let name = "=1+1".as_bytes();
    let at = bytes.windows(4).rposition(|w| w == name).unwrap();
    bytes[at - 4..at].copy_from_slice(&u32::MAX.to_le_bytes());
    let store = open("damaged.fgb", &bytes);
    let mut damaged = crate::data::layer_of(Arc::new(store));
    damaged.crs = source.crs.clone();
    let copy = open("undamaged.fgb", &all(&Arc::new(damaged), FGB));
    assert_sound(&copy, 19);
}

#[test]
fn no_feature_is_a_file_too() {
    let source = layer(GeometryType::Polygon, polygons(4));
    let fgb = as_fgb(&source, false, true, "none");
    for layer in [&source, &fgb] {
        let mut query = FeatureQuery::all(layer);
        query.filter = Some(Filter::Ids(vec!["99".into()]));
        for format in [FGB, FGB_PLAIN] {
            let store = open("none-found.fgb", &download(format, query.clone()));
            assert_eq!((store.count(), store.schema().fields.len()), (0, 9));
        }
    }
    let _ = values(0);
}
