//! GeoJSON (RFC 7946) into memory, through `geozero`.
//!
//! The columns are the union of all properties in the order they first appear, their types the
//! narrowest that hold every value. Foreign members are ignored, but for the `crs` of 2008, which
//! GDAL and QGIS still write; positions beyond x and y too.

use std::collections::HashMap;
use std::path::Path;

use geozero::error::{GeozeroError, Result as GeozeroResult};
use geozero::geojson::GeoJson;
use geozero::{ColumnValue, FeatureProcessor, GeomProcessor, GeozeroDatasource, PropertyProcessor};

mod members;

use self::members::Members;
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::feature::{Field, FieldType, OwnedValue, Schema};
use crate::geom::{Geometry, GeometryType, PartKind};
use crate::store::memory::{MemoryFeature, MemoryStore};

/// The largest file that is read: parsed it takes about ten times as much memory.
pub const MAX_GEOJSON_BYTES: u64 = 64 << 20;

/// The most values that are held, nulls among them: a feature has one for each property that came
/// up before its last. A file of that size that has the same properties everywhere has fewer.
const MAX_VALUES: usize = 16 << 20;

impl MemoryStore {
    /// Reads a GeoJSON file: a FeatureCollection, a Feature or a geometry. Its CRS is that of its
    /// member `crs`, x before y, and none where that is not understood; without one it is
    /// longitude and latitude of WGS 84 (OGC:CRS84), which is all that RFC 7946 knows.
    ///
    /// # Errors
    /// `Io`; `Data` for more than [`MAX_GEOJSON_BYTES`], for what is not GeoJSON, and for features
    /// that have too many properties of their own.
    pub fn from_geojson(path: &Path) -> Result<MemoryStore> {
        let metadata = std::fs::metadata(path).map_err(|e| Error::io(path, &e))?;
        if !metadata.is_file() {
            return Err(Error::no_file(path));
        }
        if metadata.len() > MAX_GEOJSON_BYTES {
            return Err(Error::data(
                path,
                format!(
                    "GeoJSON is read up to {MAX_GEOJSON_BYTES} bytes, found {}: cartotheque import \
                     makes FlatGeobuf of it",
                    metadata.len()
                ),
            ));
        }
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, &e))?;
        let text = std::str::from_utf8(&bytes).map_err(|fault| {
            Error::data(
                path,
                format!(
                    "expected UTF-8, found other bytes at {}",
                    fault.valid_up_to()
                ),
            )
        })?;
        let store = MemoryStore::from_geojson_text(text, MAX_VALUES);
        store.map_err(|message| Error::data(path, message))
    }

    fn from_geojson_text(text: &str, max_values: usize) -> Result<MemoryStore, String> {
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = Reader {
            max_values,
            ..Reader::default()
        };
        let members = Members::of(text);
        for name in &members.names {
            reader.column(name);
        }
        let read = GeoJson(text).process(&mut reader);
        if reader.value_count > max_values {
            return Err(format!(
                "GeoJSON is read up to {max_values} values: after {} features there are {} properties, \
                 which most features do not have: cartotheque import makes FlatGeobuf of it",
                reader.features.len(),
                reader.columns.len()
            ));
        }
        read.map_err(|fault| format!("expected GeoJSON: {fault}"))?;
        reader.end_bare_geometry();
        Ok(reader.into_store().with_crs(crs_of(&members)))
    }
}

/// The CRS that a document says it is in; `None` where it says so in a way that is not understood.
fn crs_of(members: &Members) -> Option<Crs> {
    match &members.crs {
        None => Some(Crs::crs84()),
        Some(crs) => {
            let name = crs.pointer("/properties/name")?.as_str()?;
            Crs::parse(name).ok()
        }
    }
}

/// A column while its values are still coming in.
struct Column {
    name: String,
    /// `None` until a value was seen.
    kind: Option<FieldType>,
}

#[derive(Default)]
struct Reader {
    columns: Vec<Column>,
    numbers: HashMap<String, usize>,
    features: Vec<MemoryFeature>,
    values: Vec<OwnedValue>,
    /// Of all features, nulls among them.
    value_count: usize,
    max_values: usize,
    geometry: Option<Geometry>,
    /// Geometries that are open around the one being read.
    depth: usize,
    /// Lines that are read belong to a multi-line, not to a polygon.
    inside_lines: bool,
    inside_feature: bool,
}

impl Reader {
    /// The number of a column, a new one for a new name.
    fn column(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.columns.len();
        self.columns.push(Column {
            name: name.to_owned(),
            kind: None,
        });
        self.numbers.insert(name.to_owned(), number);
        number
    }

    /// A geometry begins: the outermost gives the type.
    fn begin(&mut self, kind: GeometryType) {
        if self.depth == 0 {
            self.geometry = Some(Geometry::new(kind));
        }
        self.depth += 1;
    }

    fn end(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    fn end_part(&mut self, kind: PartKind) {
        if let Some(geometry) = &mut self.geometry {
            geometry.end_part(kind);
        }
        self.end();
    }

    /// A document that is a geometry alone is one feature without properties.
    fn end_bare_geometry(&mut self) {
        if !self.inside_feature
            && let Some(geometry) = self.geometry.take()
        {
            self.features.push(MemoryFeature {
                geometry: Some(geometry),
                values: Vec::new(),
            });
        }
    }

    fn into_store(self) -> MemoryStore {
        let mut features = self.features;
        let mut fields = Vec::with_capacity(self.columns.len());
        for (number, column) in self.columns.into_iter().enumerate() {
            let mut kind = column.kind.unwrap_or(FieldType::Text);
            if kind == FieldType::Text {
                kind = temporal(features.iter().filter_map(|f| f.values.get(number)));
            }
            features
                .iter_mut()
                .filter_map(|feature| feature.values.get_mut(number))
                .for_each(|value| convert(value, kind));
            fields.push(Field {
                name: column.name,
                kind,
                title: None,
                description: None,
                nullable: true,
            });
        }
        let mut kinds = features
            .iter()
            .filter_map(|f| f.geometry.as_ref())
            .map(Geometry::kind);
        let first = kinds.next().unwrap_or_default();
        let schema = Schema {
            fields,
            geometry: if kinds.all(|kind| kind == first) {
                first
            } else {
                GeometryType::Unknown
            },
            has_z: false,
            has_m: false,
        };
        MemoryStore::new(schema, None, features)
    }
}

impl FeatureProcessor for Reader {
    fn feature_begin(&mut self, _index: u64) -> GeozeroResult<()> {
        self.inside_feature = true;
        self.geometry = None;
        self.depth = 0;
        self.values = Vec::new();
        Ok(())
    }

    fn feature_end(&mut self, _index: u64) -> GeozeroResult<()> {
        self.features.push(MemoryFeature {
            geometry: self.geometry.take(),
            values: std::mem::take(&mut self.values),
        });
        Ok(())
    }
}

impl PropertyProcessor for Reader {
    fn property(&mut self, _index: usize, name: &str, value: &ColumnValue) -> GeozeroResult<bool> {
        let number = self.column(name);
        let value = owned(value);
        if self.values.len() <= number {
            self.value_count += number + 1 - self.values.len();
            if self.value_count > self.max_values {
                return Err(GeozeroError::Property("too many values".to_owned()));
            }
            self.values.resize(number + 1, OwnedValue::Null);
        }
        if let (Some(column), Some(kind)) = (self.columns.get_mut(number), kind_of(&value)) {
            column.kind = Some(column.kind.map_or(kind, |known| union(known, kind)));
        }
        if let Some(place) = self.values.get_mut(number) {
            *place = value;
        }
        Ok(false)
    }
}

impl GeomProcessor for Reader {
    fn xy(&mut self, x: f64, y: f64, _index: usize) -> GeozeroResult<()> {
        if let Some(geometry) = &mut self.geometry {
            geometry.push([x, y]);
        }
        Ok(())
    }

    fn point_begin(&mut self, _index: usize) -> GeozeroResult<()> {
        self.begin(GeometryType::Point);
        Ok(())
    }

    fn point_end(&mut self, _index: usize) -> GeozeroResult<()> {
        self.end_part(PartKind::Points);
        Ok(())
    }

    fn multipoint_begin(&mut self, _size: usize, _index: usize) -> GeozeroResult<()> {
        self.begin(GeometryType::MultiPoint);
        Ok(())
    }

    fn multipoint_end(&mut self, _index: usize) -> GeozeroResult<()> {
        self.end_part(PartKind::Points);
        Ok(())
    }

    fn linestring_begin(&mut self, _: bool, _size: usize, _index: usize) -> GeozeroResult<()> {
        self.begin(GeometryType::LineString);
        Ok(())
    }

    /// `tagged`: a line of its own. Else it is a ring, or a line of several.
    fn linestring_end(&mut self, tagged: bool, _index: usize) -> GeozeroResult<()> {
        if tagged || self.inside_lines {
            self.end_part(PartKind::Line);
        } else {
            if let Some(geometry) = &mut self.geometry {
                geometry.end_sequence();
            }
            self.end();
        }
        Ok(())
    }

    fn multilinestring_begin(&mut self, _size: usize, _index: usize) -> GeozeroResult<()> {
        self.begin(GeometryType::MultiLineString);
        self.inside_lines = true;
        Ok(())
    }

    fn multilinestring_end(&mut self, _index: usize) -> GeozeroResult<()> {
        self.inside_lines = false;
        self.end();
        Ok(())
    }

    fn polygon_begin(&mut self, _: bool, _size: usize, _index: usize) -> GeozeroResult<()> {
        self.begin(GeometryType::Polygon);
        Ok(())
    }

    fn polygon_end(&mut self, _tagged: bool, _index: usize) -> GeozeroResult<()> {
        self.end_part(PartKind::Polygon);
        Ok(())
    }

    fn multipolygon_begin(&mut self, _size: usize, _index: usize) -> GeozeroResult<()> {
        self.begin(GeometryType::MultiPolygon);
        Ok(())
    }

    fn multipolygon_end(&mut self, _index: usize) -> GeozeroResult<()> {
        self.end();
        Ok(())
    }

    fn geometrycollection_begin(&mut self, _size: usize, _index: usize) -> GeozeroResult<()> {
        self.begin(GeometryType::GeometryCollection);
        Ok(())
    }

    fn geometrycollection_end(&mut self, _index: usize) -> GeozeroResult<()> {
        self.end();
        Ok(())
    }
}

fn owned(value: &ColumnValue) -> OwnedValue {
    match value {
        ColumnValue::Bool(b) => OwnedValue::Bool(*b),
        ColumnValue::Byte(i) => OwnedValue::Int(i64::from(*i)),
        ColumnValue::UByte(i) => OwnedValue::Int(i64::from(*i)),
        ColumnValue::Short(i) => OwnedValue::Int(i64::from(*i)),
        ColumnValue::UShort(i) => OwnedValue::Int(i64::from(*i)),
        ColumnValue::Int(i) => OwnedValue::Int(i64::from(*i)),
        ColumnValue::UInt(i) => OwnedValue::Int(i64::from(*i)),
        ColumnValue::Long(i) => OwnedValue::Int(*i),
        ColumnValue::ULong(u) => OwnedValue::UInt(*u),
        ColumnValue::Float(f) => OwnedValue::Float(f64::from(*f)),
        ColumnValue::Double(f) => OwnedValue::Float(*f),
        ColumnValue::String(s) => OwnedValue::Text((*s).to_owned()),
        ColumnValue::Json(s) => OwnedValue::Json((*s).to_owned()),
        ColumnValue::DateTime(s) => OwnedValue::DateTime((*s).to_owned()),
        ColumnValue::Binary(b) => OwnedValue::Binary(b.to_vec()),
    }
}

fn kind_of(value: &OwnedValue) -> Option<FieldType> {
    Some(match value {
        OwnedValue::Null => return None,
        OwnedValue::Bool(_) => FieldType::Bool,
        OwnedValue::Int(i) if i32::try_from(*i).is_ok() => FieldType::Integer,
        OwnedValue::Int(_) | OwnedValue::UInt(_) => FieldType::Long,
        OwnedValue::Float(_) => FieldType::Float,
        OwnedValue::Text(_) => FieldType::Text,
        OwnedValue::DateTime(_) => FieldType::DateTime,
        OwnedValue::Json(_) => FieldType::Json,
        OwnedValue::Binary(_) => FieldType::Binary,
    })
}

/// The narrowest type that holds the values of both.
fn union(a: FieldType, b: FieldType) -> FieldType {
    match (a, b) {
        _ if a == b => a,
        (FieldType::Integer, FieldType::Long) | (FieldType::Long, FieldType::Integer) => {
            FieldType::Long
        }
        _ if a.is_number() && b.is_number() => FieldType::Float,
        _ => FieldType::Text,
    }
}

/// Date or date and time where every text of a column is one, else text.
fn temporal<'a>(values: impl Iterator<Item = &'a OwnedValue>) -> FieldType {
    let mut kind = None;
    for value in values {
        let found = match value {
            OwnedValue::Null => continue,
            OwnedValue::Text(text) if is_date(text) => FieldType::Date,
            OwnedValue::Text(text) if is_date_time(text) => FieldType::DateTime,
            _ => return FieldType::Text,
        };
        if kind.is_some_and(|kind| kind != found) {
            return FieldType::Text;
        }
        kind = Some(found);
    }
    kind.unwrap_or(FieldType::Text)
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

/// RFC 3339 with or without a zone, a `T` between date and time.
fn is_date_time(text: &str) -> bool {
    text.as_bytes().get(10) == Some(&b'T')
        && (text.parse::<jiff::Timestamp>().is_ok()
            || text.parse::<jiff::civil::DateTime>().is_ok())
}

/// Brings a value to the type that its column came to have.
fn convert(value: &mut OwnedValue, kind: FieldType) {
    let converted = match (&mut *value, kind) {
        (OwnedValue::Int(i), FieldType::Float) => OwnedValue::Float(*i as f64),
        (OwnedValue::UInt(u), FieldType::Float) => OwnedValue::Float(*u as f64),
        (OwnedValue::Text(text), FieldType::Date | FieldType::DateTime) => {
            OwnedValue::DateTime(std::mem::take(text))
        }
        (OwnedValue::Null | OwnedValue::Text(_), _) => return,
        (other, FieldType::Text) => OwnedValue::Text(other.as_value().to_text().into_owned()),
        _ => return,
    };
    *value = converted;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::{Feature, Value};
    use crate::scratch::Scratch;
    use crate::store::FeatureStore;

    fn read(text: &str) -> MemoryStore {
        MemoryStore::from_geojson_text(text, MAX_VALUES).unwrap()
    }

    #[test]
    fn the_crs_of_2008_is_understood_x_before_y() {
        let crs = |member: &str| {
            let store = read(&format!(
                r#"{{"type":"FeatureCollection",{member}"features":[{{"type":"Feature",
                "properties":{{"crs":"x"}},"geometry":{{"type":"Point","coordinates":[842000,6519000]}}}}]}}"#
            ));
            assert_eq!(store.extent().unwrap().min_x, 842_000.0);
            store.crs().map(|crs| crs.id())
        };
        let named = |name: &str| {
            crs(&format!(
                r#""crs":{{"type":"name","properties":{{"name":"{name}"}}}},"#
            ))
        };
        assert_eq!(crs("").as_deref(), Some("CRS:84"));
        assert_eq!(crs(r#""crs":null,"#).as_deref(), Some("CRS:84"));
        assert_eq!(
            named("urn:ogc:def:crs:EPSG::2154").as_deref(),
            Some("EPSG:2154")
        );
        assert_eq!(named("EPSG:3857").as_deref(), Some("EPSG:3857"));
        assert_eq!(
            named("urn:ogc:def:crs:OGC:1.3:CRS84").as_deref(),
            Some("CRS:84")
        );
        assert_eq!(named("Lambert"), None);
        assert_eq!(crs(r#""crs":{"type":"link"},"#), None);
    }

    #[test]
    fn a_property_that_is_null_everywhere_is_a_column_in_its_place() {
        let store = read(
            r#"{"features":[{"type":"Feature","properties":{"a":null,"b":1,"\u0063":null},"geometry":null},
            {"type":"Feature","properties":null,"geometry":null},
            {"type":"Feature","properties":{"d":"x","a":null,"c":2.5},"geometry":null}],"properties":{"z":1},"type":"FeatureCollection"}"#,
        );
        let fields = store.schema().fields.iter();
        let fields: Vec<_> = fields.map(|f| (f.name.as_str(), f.kind)).collect();
        use FieldType as T;
        assert_eq!(
            fields,
            [
                ("a", T::Text),
                ("b", T::Integer),
                ("c", T::Float),
                ("d", T::Text)
            ]
        );
    }

    fn with_feature(store: &MemoryStore, fid: u64, check: impl Fn(&dyn Feature)) {
        let found = store.get(fid, &mut |feature| {
            check(feature);
            Ok(())
        });
        assert!(found.unwrap());
    }

    fn shape(store: &MemoryStore, fid: u64) -> (GeometryType, Vec<(PartKind, Vec<usize>)>) {
        let geometry = std::cell::RefCell::new(Geometry::default());
        with_feature(store, fid, |f| {
            f.geometry(&mut geometry.borrow_mut()).unwrap()
        });
        let geometry = geometry.into_inner();
        let parts = geometry.parts();
        let parts = parts.map(|p| (p.kind, p.sequences().map(<[_]>::len).collect()));
        (geometry.kind(), parts.collect())
    }

    #[test]
    fn every_geometry_type_is_read() {
        let ring = "[[0,0],[4,0],[4,4],[0,0]]";
        let hole = "[[1,0.5],[2,0.5],[2,1],[1,0.5]]";
        let geometries = [
            r#"{"type":"Point","coordinates":[1,2,99]}"#.to_owned(),
            r#"{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}"#.to_owned(),
            r#"{"type":"LineString","coordinates":[[1,2],[3,4]]}"#.to_owned(),
            r#"{"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[[5,6],[7,8],[9,9]]]}"#
                .to_owned(),
            format!(r#"{{"type":"Polygon","coordinates":[{ring},{hole}]}}"#),
            format!(r#"{{"type":"MultiPolygon","coordinates":[[{ring},{hole}],[{ring}]]}}"#),
            format!(
                r#"{{"type":"GeometryCollection","geometries":[{{"type":"Point","coordinates":[1,2]}},
                {{"type":"Polygon","coordinates":[{ring}]}}]}}"#
            ),
            "null".to_owned(),
        ];
        let features: Vec<String> = geometries
            .iter()
            .map(|g| {
                format!(r#"{{"type":"Feature","properties":{{}},"geometry":{g},"bbox2":[1]}}"#)
            })
            .collect();
        let store = read(&format!(
            r#"{{"type":"FeatureCollection","crs":null,"features":[{}]}}"#,
            features.join(",")
        ));
        use GeometryType as T;
        use PartKind::{Line, Points, Polygon};
        let expected = [
            (T::Point, vec![(Points, vec![1])]),
            (T::MultiPoint, vec![(Points, vec![2])]),
            (T::LineString, vec![(Line, vec![2])]),
            (T::MultiLineString, vec![(Line, vec![2]), (Line, vec![3])]),
            (T::Polygon, vec![(Polygon, vec![4, 4])]),
            (
                T::MultiPolygon,
                vec![(Polygon, vec![4, 4]), (Polygon, vec![4])],
            ),
            (
                T::GeometryCollection,
                vec![(Points, vec![1]), (Polygon, vec![4])],
            ),
            (T::Unknown, vec![]),
        ];
        for (fid, expected) in expected.into_iter().enumerate() {
            assert_eq!(shape(&store, fid as u64), expected, "feature {fid}");
        }
        assert_eq!(store.schema().geometry, T::Unknown);
    }

    #[test]
    fn columns_are_the_union_of_properties_with_the_narrowest_types() {
        let store = read(
            r#"{"type":"FeatureCollection","features":[
            {"type":"Feature","geometry":null,"properties":
              {"n":1,"big":1,"x":1,"mixed":1,"day":"2024-02-29","at":"2024-02-29T12:00:00Z","j":{"a":[1]},"b":true,"t":"é"}},
            {"type":"Feature","geometry":null,"properties":
              {"late":"2024-02-30","n":null,"big":5000000000,"x":1.5,"mixed":"a","day":"2025-01-01","t":null}}]}"#,
        );
        let kinds: Vec<_> = store
            .schema()
            .fields
            .iter()
            .map(|f| (f.name.as_str(), f.kind))
            .collect();
        use FieldType as T;
        assert_eq!(
            kinds,
            [
                ("n", T::Integer),
                ("big", T::Long),
                ("x", T::Float),
                ("mixed", T::Text),
                ("day", T::Date),
                ("at", T::DateTime),
                ("j", T::Json),
                ("b", T::Bool),
                ("t", T::Text),
                ("late", T::Text),
            ]
        );
        with_feature(&store, 0, |f| {
            assert_eq!(f.value(2), Value::Float(1.0));
            assert_eq!(f.value(3), Value::Text("1"));
            assert_eq!(f.value(4), Value::DateTime("2024-02-29"));
            assert_eq!(f.value(6), Value::Json(r#"{"a":[1]}"#));
            assert_eq!(f.value(9), Value::Null);
        });
        with_feature(&store, 1, |f| assert_eq!(f.value(0), Value::Null));
    }

    #[test]
    fn a_geometry_alone_is_one_feature_and_what_is_no_geojson_is_refused() {
        assert_eq!(read(r#"{"type":"Point","coordinates":[1,2]}"#).count(), 1);
        for text in [
            "",
            "{",
            "[]",
            r#"{"type":"Point","coordinates":[1]}"#,
            r#"{"type":"Fish"}"#,
        ] {
            assert!(
                MemoryStore::from_geojson_text(text, MAX_VALUES).is_err(),
                "{text}"
            );
        }
        let deep = "[".repeat(100_000);
        let text = format!(r#"{{"type":"Point","coordinates":{deep}"#);
        assert!(MemoryStore::from_geojson_text(&text, MAX_VALUES).is_err());
    }

    #[test]
    fn a_file_above_the_limit_is_refused_by_its_size() {
        let folder = Scratch::new("geojson");
        let path = folder.join("large.geojson");
        let file = std::fs::File::create(&path).unwrap();
        file.set_len(MAX_GEOJSON_BYTES + 1).unwrap();
        let message = MemoryStore::from_geojson(&path).unwrap_err().to_string();
        assert!(
            message.contains("67108864 bytes, found 67108865"),
            "{message}"
        );
    }

    #[test]
    fn properties_that_each_feature_has_of_its_own_are_refused_before_they_fill_the_memory() {
        let feature = |n: usize| {
            format!(
                r#"{{"type": "Feature", "geometry": null, "properties": {{"{n}": 1, "{n}b": 2}}}}"#
            )
        };
        let collection = |count: usize| {
            let features: Vec<String> = (0..count).map(feature).collect();
            let features = features.join(",");
            format!(r#"{{"type": "FeatureCollection", "features": [{features}]}}"#)
        };
        // 2 + 4 + … + 2n
        let read = |count: usize| MemoryStore::from_geojson_text(&collection(count), 10_100);
        assert!(read(100).is_ok());
        let refused = read(101).err().unwrap();
        assert!(
            refused.starts_with("GeoJSON is read up to 10100 values: after 100 features"),
            "{refused}"
        );
    }
}
