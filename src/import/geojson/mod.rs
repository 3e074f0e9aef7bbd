//! GeoJSON (RFC 7946), as one collection, on a line each, or as a text sequence (RFC 8142), of
//! any size: a feature is read, handed over and forgotten.
//!
//! The CRS is longitude and latitude; the `crs` member of 2008 is understood, as GDAL writes it
//! still. An `id` becomes a field. Foreign members are left out.
//!
//! # Not supported
//! TopoJSON and Esri's JSON: refused by name.

mod geometry;
mod split;

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value as Json;

use super::intake::Intake;
use super::source::{CrsFound, Head, Place, Source};
use super::stem;
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::feature::Value;
use crate::geom::{Geometry, GeometryType};
use geometry::Shape;
use split::{Fault, Piece, Splitter};

/// A file of features.
pub struct GeoJson {
    path: PathBuf,
    head: Head,
}

/// Opens a file; what is in it is seen when it is read.
///
/// # Errors
/// `Io`.
pub fn open(path: &Path) -> Result<Box<dyn Source>> {
    let metadata = std::fs::metadata(path).map_err(|e| Error::io(path, &e))?;
    let said = "GeoJSON is in longitude and latitude".to_owned();
    Ok(Box::new(GeoJson {
        path: path.to_owned(),
        head: Head {
            name: stem(path),
            // the number that other programs write for these axes too
            crs: CrsFound::Known(Crs::from_epsg(4326)?, said),
            bytes: metadata.len(),
            ..Head::default()
        },
    }))
}

/// Fills `out` with a geometry object.
///
/// # Errors
/// What was expected and what was found, in words.
pub fn read_geometry(bytes: &[u8], out: &mut Geometry) -> Result<bool, String> {
    out.begin(GeometryType::Unknown);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let shape = Shape {
        out,
        is_inner: false,
    };
    let has_z = shape
        .deserialize(&mut deserializer)
        .map_err(|e| in_words(&e))?;
    deserializer.end().map_err(|e| in_words(&e))?;
    Ok(has_z)
}

/// The fault without its place, which counts from the start of the feature.
fn in_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text.get(..end).unwrap_or(&text).to_owned(),
        None => text,
    }
}

impl Source for GeoJson {
    fn head(&self) -> &Head {
        &self.head
    }

    fn read(&mut self, intake: &mut Intake) -> Result<()> {
        let path = self.path.clone();
        let file = File::open(&path).map_err(|e| Error::io(&path, &e))?;
        let mut splitter = Splitter::new(file);
        let head = &mut self.head;
        let read = splitter.pieces(&mut |piece, bytes, line, read| {
            let place = Place::Line(line);
            match piece {
                Piece::Object { had_features: true } => members_of_collection(bytes, head, &path)?,
                Piece::Object { .. } | Piece::Feature => {
                    intake.begin(place);
                    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
                    let feature = Feature {
                        intake: &mut *intake,
                    };
                    let taken = feature
                        .deserialize(&mut deserializer)
                        .and_then(|taken| deserializer.end().map(|()| taken));
                    match taken {
                        Ok(Taken::Feature) => intake.end()?,
                        // an object alone that says what it is
                        Ok(Taken::EmptyCollection) => members_of_collection(bytes, head, &path)?,
                        Ok(Taken::Foreign(what)) => {
                            return Err(Error::data(&path, format!("line {line}: {what}")));
                        }
                        Err(error) => intake.refuse(place, &in_words(&error)),
                    }
                }
            }
            intake.read_to(read)
        });
        read.map_err(|fault| match fault {
            Fault::Io(error) => Error::io(&path, &error),
            Fault::Shape(message) => Error::data(&path, message),
            Fault::Visit(error) => error,
        })
    }
}

/// What a collection says beside its features: its name, its CRS.
fn members_of_collection(bytes: &[u8], head: &mut Head, path: &Path) -> Result<()> {
    let members: Json = serde_json::from_slice(bytes)
        .map_err(|e| Error::data(path, format!("expected GeoJSON: {}", in_words(&e))))?;
    if let Some(crs) = members.get("crs") {
        head.crs = match crs.pointer("/properties/name").and_then(Json::as_str) {
            Some(name) => match Crs::parse(name) {
                Ok(crs) => CrsFound::Known(crs, "the member \"crs\"".to_owned()),
                Err(error) => CrsFound::Unknown(format!("its member \"crs\": {error}")),
            },
            None if crs.is_null() => CrsFound::Unknown("its member \"crs\" is null".to_owned()),
            None => CrsFound::Unknown("its member \"crs\" has no name".to_owned()),
        };
    }
    let text = |key: &str| members.get(key).and_then(Json::as_str).map(str::to_owned);
    if head.title.is_none() {
        head.title = text("title");
    }
    if head.description.is_none() {
        head.description = text("description");
    }
    Ok(())
}

/// Reads a feature, or a geometry alone, into the intake.
struct Feature<'i, 'a> {
    intake: &'i mut Intake<'a>,
}

/// What was read.
enum Taken {
    Feature,
    EmptyCollection,
    /// What it is instead, in words.
    Foreign(String),
}

impl<'de> DeserializeSeed<'de> for Feature<'_, '_> {
    type Value = Taken;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Taken, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Feature<'_, '_> {
    type Value = Taken;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a feature")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Taken, A::Error> {
        let intake = self.intake;
        let mut kind: Option<String> = None;
        let mut own = serde_json::Map::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "type" => kind = Some(map.next_value()?),
                "geometry" => {
                    let shape = Shape {
                        out: intake.geometry(),
                        is_inner: false,
                    };
                    let has_z = map.next_value_seed(shape)?;
                    intake.saw(has_z, false);
                }
                "properties" => map.next_value_seed(Properties {
                    intake: &mut *intake,
                })?,
                "id" => map.next_value_seed(Property {
                    intake: &mut *intake,
                    name: None,
                })?,
                // of a geometry alone
                "coordinates" | "geometries" => {
                    own.insert(key.into_owned(), map.next_value()?);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match kind.as_deref() {
            Some("Feature") => Ok(Taken::Feature),
            Some("FeatureCollection") => Ok(Taken::EmptyCollection),
            Some("Topology") => Ok(Taken::Foreign(
                "this is TopoJSON: convert it to GeoJSON".to_owned(),
            )),
            Some(kind) if !own.is_empty() => {
                own.insert("type".to_owned(), Json::String(kind.to_owned()));
                let text = Json::Object(own).to_string();
                let has_z =
                    read_geometry(text.as_bytes(), intake.geometry()).map_err(A::Error::custom)?;
                intake.saw(has_z, false);
                Ok(Taken::Feature)
            }
            Some(other) => {
                let shown: String = other.chars().take(40).collect();
                Err(A::Error::custom(format!(
                    "expected a Feature, found {shown:?}"
                )))
            }
            None => Err(A::Error::custom(
                "expected a Feature, found an object without type",
            )),
        }
    }
}

struct Properties<'i, 'a> {
    intake: &'i mut Intake<'a>,
}

impl<'de> DeserializeSeed<'de> for Properties<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Properties<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of properties")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            map.next_value_seed(Property {
                intake: &mut *self.intake,
                name: Some(&key),
            })?;
        }
        Ok(())
    }
}

/// One property, or the feature's id where it has no name.
struct Property<'i, 'a, 'n> {
    intake: &'i mut Intake<'a>,
    name: Option<&'n str>,
}

impl Property<'_, '_, '_> {
    fn take<E: serde::de::Error>(self, value: Value<'_>) -> Result<(), E> {
        // a column is there even where all of its values are null
        let column = match self.name {
            Some(name) => self.intake.column(name),
            None => self.intake.id_column(),
        };
        let column = column.map_err(E::custom)?;
        if !value.is_null() {
            self.intake.value(column, value);
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Property<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Property<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.take(Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.take(Value::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.take(Value::Int(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.take(Value::UInt(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.take(Value::Float(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.take(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        let json = Json::deserialize(SeqAccessDeserializer::new(list))?.to_string();
        self.take(Value::Json(&json))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let json = Json::deserialize(MapAccessDeserializer::new(map))?.to_string();
        self.take(Value::Json(&json))
    }
}
