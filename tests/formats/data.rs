//! Layers that hold everything that features can hold, and what the formats make of them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock};

use cartotheque::budget::Budget;
use cartotheque::catalogue::{Layer, LayerField, LocalText, Metadata};
use cartotheque::crs::Crs;
use cartotheque::encode::feature::{
    FeatureField, FeatureFormat, FeatureSet, Rest, Workshop, XmlSchema,
};
use cartotheque::error::Error;
use cartotheque::feature::{Field, FieldType, OwnedValue, Schema};
use cartotheque::geom::{Coord, Geometry, GeometryType, PartKind};
use cartotheque::operation::Studio;
use cartotheque::operation::features::{FeatureQuery, Pieces};
use cartotheque::store::memory::MemoryFeature;
use cartotheque::store::{FeatureStore, FgbStore, MemoryStore};
use cartotheque::style::{ScaleRange, Style};
use serde_json::Value as Json;

use crate::scratch::Scratch;

/// The columns, `secret` the last: layers hide it.
pub const COLUMNS: [(&str, FieldType); 10] = [
    ("nom", FieldType::Text),
    ("compte", FieldType::Integer),
    ("grand", FieldType::Long),
    ("mesure", FieldType::Float),
    ("vrai", FieldType::Bool),
    ("jour", FieldType::Date),
    ("moment", FieldType::DateTime),
    ("document", FieldType::Json),
    ("octets", FieldType::Binary),
    ("secret", FieldType::Text),
];

pub const SECRET: &str = "ne pas dire";

pub fn geometry(kind: GeometryType, parts: &[(PartKind, &[&[Coord]])]) -> Geometry {
    let mut geometry = Geometry::new(kind);
    for (kind, sequences) in parts {
        for sequence in *sequences {
            geometry.extend(sequence.iter().copied());
            geometry.end_sequence();
        }
        geometry.end_part(*kind);
    }
    geometry
}

/// What a feature says, but for its geometry.
pub fn values(number: i64) -> Vec<OwnedValue> {
    use OwnedValue as V;
    let secret = V::Text(SECRET.into());
    let mut values = match number % 4 {
        0 => vec![
            V::Text("Saint-Étienne, « l’œuf » \"cité\";\nligne 2 <&>".into()),
            V::Int(-42),
            V::Int(9_007_199_254_740_993),
            V::Float(1234.5),
            V::Bool(true),
            V::DateTime("2024-02-29".into()),
            V::DateTime("2024-02-29T12:34:56".into()),
            V::Json(r#"{"a":[1,"é"]}"#.into()),
            V::Binary(vec![0, 1, 254, 255]),
        ],
        1 => vec![
            V::Text("=1+1".into()),
            V::Int(i64::from(i32::MAX)),
            V::Int(i64::MIN),
            V::Float(-1.25e-9),
            V::Bool(false),
            V::DateTime("1899-12-31".into()),
            V::DateTime("1999-12-31T23:59:59.250+02:00".into()),
            V::Json("[]".into()),
            V::Binary(Vec::new()),
        ],
        2 => vec![V::Null; 9],
        _ => vec![
            V::Text(String::new()),
            V::Int(0),
            V::Int(0),
            V::Float(0.0),
            V::Bool(false),
            V::Null,
            V::Null,
            V::Null,
            V::Null,
        ],
    };
    values.push(secret);
    values
}

/// A square in Lambert-93 with a hole, the outer ring clockwise.
pub fn square(at: f64) -> Geometry {
    let (x, y) = (840_000.0 + at * 100.0, 6_519_000.25);
    let ring: &[Coord] = &[
        [x, y],
        [x, y + 50.0],
        [x + 50.0, y + 50.0],
        [x + 50.0, y],
        [x, y],
    ];
    let hole: &[Coord] = &[
        [x + 10.0, y + 10.0],
        [x + 20.0, y + 10.0],
        [x + 20.0, y + 20.0],
        [x + 10.0, y + 10.0],
    ];
    geometry(GeometryType::Polygon, &[(PartKind::Polygon, &[ring, hole])])
}

/// Polygons, the third without a geometry.
pub fn polygons(count: i64) -> Vec<MemoryFeature> {
    let feature = |number: i64| MemoryFeature {
        geometry: (number != 2).then(|| square(number as f64)),
        values: values(number),
    };
    (0..count).map(feature).collect()
}

pub fn points(count: i64) -> Vec<MemoryFeature> {
    let feature = |number: i64| {
        let at = [840_000.125 + number as f64, 6_519_000.5];
        let point = geometry(GeometryType::Point, &[(PartKind::Points, &[&[at]])]);
        MemoryFeature {
            geometry: (number != 2).then_some(point),
            values: values(number),
        }
    };
    (0..count).map(feature).collect()
}

/// One of each type, and a collection.
pub fn mixed() -> Vec<MemoryFeature> {
    use GeometryType as T;
    use PartKind::{Line, Points, Polygon};
    let (x, y) = (840_000.0, 6_519_000.0);
    let line: &[Coord] = &[[x, y], [x + 5.0, y + 5.0], [x + 9.0, y]];
    let other: &[Coord] = &[[x + 100.0, y], [x + 105.0, y + 5.0]];
    let ring: &[Coord] = &[[x, y], [x, y + 5.0], [x + 5.0, y + 5.0], [x, y]];
    let far: &[Coord] = &[
        [x + 50.0, y],
        [x + 50.0, y + 5.0],
        [x + 55.0, y + 5.0],
        [x + 50.0, y],
    ];
    let shapes = [
        Some(geometry(T::Point, &[(Points, &[&[[x, y]]])])),
        Some(geometry(T::MultiPoint, &[(Points, &[line])])),
        None,
        Some(geometry(T::LineString, &[(Line, &[line])])),
        Some(geometry(
            T::MultiLineString,
            &[(Line, &[line]), (Line, &[other])],
        )),
        Some(geometry(T::Polygon, &[(Polygon, &[ring])])),
        Some(geometry(
            T::MultiPolygon,
            &[(Polygon, &[ring]), (Polygon, &[far])],
        )),
        Some(geometry(
            T::GeometryCollection,
            &[(Points, &[&[[x, y]]]), (Line, &[other]), (Polygon, &[far])],
        )),
    ];
    let with_values = |(geometry, number)| MemoryFeature {
        geometry,
        values: values(number),
    };
    shapes.into_iter().zip(0..).map(with_values).collect()
}

fn schema(geometry: GeometryType) -> Schema {
    let field = |(name, kind): &(&str, FieldType)| Field {
        name: (*name).into(),
        kind: *kind,
        title: None,
        description: None,
        nullable: true,
    };
    Schema {
        fields: COLUMNS.iter().map(field).collect(),
        geometry,
        has_z: false,
        has_m: false,
    }
}

/// A layer in Lambert-93 that shows every column but `secret`.
pub fn layer(kind: GeometryType, features: Vec<MemoryFeature>) -> Arc<Layer> {
    let crs = Crs::from_epsg(2154).unwrap();
    let store = MemoryStore::new(schema(kind), Some(crs), features);
    Arc::new(layer_of(Arc::new(store)))
}

/// A layer of a source in Lambert-93.
pub fn layer_of(store: Arc<dyn FeatureStore>) -> Layer {
    let fields = store.schema().fields.iter().zip(0..);
    let field = |(field, column): (&Field, usize)| LayerField {
        column,
        name: field.name.clone(),
        label: None,
        kind: field.kind,
        unit: None,
        decimals: None,
        is_indexed: false,
        element: None,
        is_required: false,
    };
    Layer {
        id: "essai".into(),
        title: LocalText::plain("Essai & Cie"),
        abstract_: LocalText::default(),
        keywords: Vec::new(),
        fields: fields.map(field).filter(|f| f.name != "secret").collect(),
        store,
        path: PathBuf::new(),
        crs: Crs::from_epsg(2154).unwrap(),
        extent_lonlat: None,
        styles: vec![Arc::new(Style::default())],
        id_column: None,
        xml: Default::default(),
        popup: None,
        label: None,
        is_temporal: false,
        time: None,
        scales: ScaleRange::default(),
        metadata: Metadata::default(),
        attribution: None,
        queryable: true,
        access: cartotheque::catalogue::Access::Public,
        opacity: 1.0,
        of: None,
    }
}

/// The same features from a FlatGeobuf file, with or without the hidden column and an index.
pub fn as_fgb(layer: &Arc<Layer>, with_secret: bool, with_index: bool, name: &str) -> Arc<Layer> {
    let mut shown = layer_of(Arc::clone(&layer.store));
    if with_secret {
        shown.fields.push(LayerField {
            column: 9,
            name: "secret".into(),
            kind: FieldType::Text,
            ..shown.fields[0].clone()
        });
    }
    let bytes = all(&Arc::new(shown), FeatureFormat::FlatGeobuf { with_index });
    let path = scratch(&format!("{name}.fgb"));
    std::fs::write(&path, bytes).unwrap();
    let store = FgbStore::open(&path).unwrap();
    Arc::new(layer_of(Arc::new(store.with_crs(Some(layer.crs.clone())))))
}

/// A path for a file of this test program.
pub fn scratch(name: &str) -> PathBuf {
    static FOLDER: LazyLock<Scratch> = LazyLock::new(|| Scratch::new("formats"));
    FOLDER.join(name)
}

pub fn set_of(query: &FeatureQuery) -> FeatureSet {
    let layer = &query.layer;
    let field = |field: &LayerField| FeatureField {
        column: field.column,
        name: field.name.clone(),
        kind: field.kind,
    };
    FeatureSet {
        name: layer.id.clone(),
        title: layer.title.default_text().to_owned(),
        fields: layer.fields.iter().map(field).collect(),
        geometry: query.with_geometry.then(|| layer.store.schema().geometry),
        is_swapped: FeatureSet::swaps(&query.crs),
        crs: query.crs.clone(),
        matched: None,
        returned: 0,
        links: Vec::new(),
        time_stamp: "2026-11-22T00:00:00Z".into(),
        schema: XmlSchema::default(),
    }
}

/// What a query gives in a format.
pub fn download(format: FeatureFormat, query: FeatureQuery) -> Vec<u8> {
    try_download(format, query).unwrap()
}

/// As [`download`], where there may be none; the room for temporary files is free again afterwards.
pub fn try_download(format: FeatureFormat, mut query: FeatureQuery) -> Result<Vec<u8>, Error> {
    let budget = Budget::unlimited();
    let workshop = Workshop::default();
    let studio = Studio::new().with_workshop(workshop.clone());
    query.crs = format.crs(&query.crs);
    let found = studio.features(&query, &budget).unwrap();
    let set = FeatureSet {
        matched: Some(found.matched),
        returned: found.returned,
        ..set_of(&query)
    };
    let mut pieces = studio.features_as(format, query, &found, set)?;
    let mut out = Vec::new();
    while pieces.pull(&mut out, &budget)? == Rest::More {}
    drop(pieces);
    assert_eq!(workshop.used(), 0, "{format:?}");
    Ok(out)
}

/// Every feature of a layer, in the layer's CRS.
pub fn all(layer: &Arc<Layer>, format: FeatureFormat) -> Vec<u8> {
    download(format, FeatureQuery::all(layer))
}

/// What GDAL reads out of a file, as GeoJSON in the file's own CRS; `None` where GDAL is not
/// installed.
pub fn gdal(path: &Path, options: &[&str]) -> Option<Json> {
    let out = Command::new("ogr2ogr")
        .args([
            "-f",
            "GeoJSON",
            "-lco",
            "RFC7946=NO",
            "-lco",
            "COORDINATE_PRECISION=9",
        ])
        .args(["/vsistdout/"])
        .arg(path)
        .args(options)
        .output()
        .ok()?;
    // GeoJSON is what can't hold bytes, not the file
    let complaints = String::from_utf8_lossy(&out.stderr);
    let complaints: Vec<&str> = complaints
        .lines()
        .filter(|line| !line.is_empty() && !line.contains("support Binary type"))
        .collect();
    let complaints = complaints.join("\n");
    assert!(out.status.success(), "{}: {complaints}", path.display());
    assert!(
        complaints.trim().is_empty(),
        "{}: {complaints}",
        path.display()
    );
    Some(serde_json::from_slice(&out.stdout).unwrap())
}

/// What `ogrinfo` tells of a file; `None` where GDAL is not installed.
pub fn ogrinfo(path: &Path) -> Option<String> {
    let out = Command::new("ogrinfo")
        .args(["-so", "-al"])
        .arg(path)
        .output()
        .ok()?;
    Some(String::from_utf8_lossy(&out.stdout).into_owned())
}

/// Writes a file that GDAL is to read.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = scratch(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Every position of a GeoJSON geometry, sorted.
pub fn positions(geometry: &Json) -> Vec<[f64; 2]> {
    fn gather(json: &Json, into: &mut Vec<[f64; 2]>) {
        match json.as_array() {
            Some(list) if list.first().is_some_and(Json::is_number) => {
                into.push([list[0].as_f64().unwrap(), list[1].as_f64().unwrap()]);
            }
            Some(list) => list.iter().for_each(|item| gather(item, into)),
            None => {}
        }
    }
    let mut found = Vec::new();
    gather(&geometry["coordinates"], &mut found);
    for part in geometry["geometries"].as_array().into_iter().flatten() {
        found.extend(positions(part));
    }
    found.sort_by(|a, b| a.partial_cmp(b).unwrap());
    found
}

/// Asserts that the same positions stand in both, within a tolerance.
pub fn assert_same_place(found: &Json, expected: &Json, tolerance: f64) {
    let (found_at, expected_at) = (positions(found), positions(expected));
    assert_eq!(found_at.len(), expected_at.len(), "{found}\n{expected}");
    for (a, b) in found_at.iter().zip(&expected_at) {
        let apart = (a[0] - b[0]).abs().max((a[1] - b[1]).abs());
        assert!(apart <= tolerance, "{found}\n{expected}");
    }
}
