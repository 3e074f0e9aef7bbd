//! Writes FlatGeobuf files (specification 3) with a packed R-tree, in one pass and in memory that
//! does not grow with the features.
//!
//! Features keep the order in which they are added: drawing order is file order. The index is a
//! packed tree over that order, so whoever adds neighbours one after the other gets an index that
//! is quick to search. Features and leaves go to two files beside the one asked for; the end puts
//! header, index and features together.
//!
//! # Not supported
//! Z, M and curves: geometries are flat here. [`FgbCopy`](super::FgbCopy) keeps them.

mod header;
mod shape;
mod values;

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use flatbuffers::FlatBufferBuilder;
use flatgeobuf::{Feature as FgbFeature, FeatureArgs, finish_size_prefixed_feature_buffer};

pub use header::FgbHead;
pub(super) use header::{Index, Layout, stored_type};
pub use values::push_value;

use crate::error::{Error, Result};
use crate::geom::{Bbox, Geometry, GeometryType};
use crate::store::fgb::index::{NODE_BYTES, Node, Upper};
use header::{code_of, column_type};
use shape::write_shape;

/// Bytes kept back before they are written to a file.
const BUFFER_BYTES: usize = 1 << 20;

/// A file under way. Dropped before [`finish`](FgbWriter::finish), it leaves nothing at its path.
pub struct FgbWriter {
    path: PathBuf,
    features: Spill,
    leaves: Spill,
    parts: FgbParts,
}

impl std::fmt::Debug for FgbWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FgbWriter")
            .field("path", &self.path)
            .field("count", &self.parts.count())
            .finish_non_exhaustive()
    }
}

/// A file of what comes later in the final one. It has no name, so that whatever ends the
/// process leaves nothing of it.
#[derive(Debug)]
struct Spill {
    path: PathBuf,
    out: BufWriter<File>,
}

impl Spill {
    fn create(path: PathBuf) -> Result<Spill> {
        let io = |e: std::io::Error| Error::io(&path, &e);
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .map_err(io)?;
        std::fs::remove_file(&path).map_err(io)?;
        let out = BufWriter::with_capacity(BUFFER_BYTES, file);
        Ok(Spill { path, out })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.out
            .write_all(bytes)
            .map_err(|e| Error::io(&self.path, &e))
    }

    /// What was written, from its start.
    fn read_back(&mut self) -> Result<BufReader<File>> {
        let io = |e: std::io::Error| Error::io(&self.path, &e);
        self.out.flush().map_err(io)?;
        let mut file = self.out.get_ref().try_clone().map_err(io)?;
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        Ok(BufReader::with_capacity(BUFFER_BYTES, file))
    }
}

impl FgbWriter {
    /// Begins a file; its folder holds the parts until it is finished.
    ///
    /// # Errors
    /// `Io`.
    pub fn create(path: &Path, kind: GeometryType) -> Result<FgbWriter> {
        Ok(FgbWriter {
            features: Spill::create(path.with_extension("features"))?,
            leaves: Spill::create(path.with_extension("leaves"))?,
            path: path.to_owned(),
            parts: FgbParts::new(kind),
        })
    }

    /// Features written so far.
    pub fn count(&self) -> u64 {
        self.parts.count()
    }

    /// Bytes of the features written so far.
    pub fn bytes(&self) -> u64 {
        self.parts.at
    }

    /// Adds a feature; `properties` is what [`push_value`] made. One without a finite position is
    /// passed over.
    ///
    /// # Errors
    /// `Io`.
    pub fn add(&mut self, geometry: &Geometry, properties: &[u8]) -> Result<()> {
        if geometry.bbox().is_none() {
            return Ok(());
        }
        let (feature, leaf) = self.parts.add(Some(geometry), properties);
        self.features.write(feature)?;
        self.leaves.write(&leaf)
    }

    /// Adds a feature that has values and no place: no box finds it, a reading of all does.
    ///
    /// # Errors
    /// `Io`.
    pub fn add_without_geometry(&mut self, properties: &[u8]) -> Result<()> {
        let (feature, leaf) = self.parts.add(None, properties);
        self.features.write(feature)?;
        self.leaves.write(&leaf)
    }

    /// Puts the file together and makes sure that it is on the disk; its size in bytes.
    ///
    /// # Errors
    /// `Io`.
    pub fn finish(mut self, head: &FgbHead<'_>) -> Result<u64> {
        let path = self.path.clone();
        let io = |e: std::io::Error| Error::io(&path, &e);
        let file = File::create(&path).map_err(io)?;
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
        let before = self.parts.head(head, true);
        out.write_all(&before).map_err(io)?;
        std::io::copy(&mut self.leaves.read_back()?, &mut out).map_err(io)?;
        let leaves = self.parts.count().saturating_mul(NODE_BYTES as u64);
        let size = before.len() as u64 + leaves + self.parts.at;
        let mut features = self.features.read_back()?;
        std::io::copy(&mut features, &mut out).map_err(io)?;
        let file = out.into_inner().map_err(|e| io(e.into_error()))?;
        file.sync_all().map_err(io)?;
        Ok(size)
    }
}

/// A file in parts, whose features and leaves are the caller's to keep: first comes the
/// [`head`](FgbParts::head), then the leaves, where there is to be an index, then the features.
pub struct FgbParts {
    kind: GeometryType,
    upper: Upper,
    /// Bytes of the features so far.
    at: u64,
    extent: Option<Bbox>,
    builder: FlatBufferBuilder<'static>,
}

impl std::fmt::Debug for FgbParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FgbParts")
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}

impl FgbParts {
    /// For geometries of one type; `Unknown`: each says its own.
    pub fn new(kind: GeometryType) -> FgbParts {
        FgbParts {
            kind,
            upper: Upper::default(),
            at: 0,
            extent: None,
            builder: FlatBufferBuilder::new(),
        }
    }

    /// Features so far.
    pub fn count(&self) -> u64 {
        self.upper.leaves()
    }

    /// Adds a feature; `properties` is what [`push_value`] made. Gives its bytes and its leaf.
    pub fn add(
        &mut self,
        geometry: Option<&Geometry>,
        properties: &[u8],
    ) -> (&[u8], [u8; NODE_BYTES]) {
        let builder = &mut self.builder;
        builder.reset();
        let shape = geometry.map(|geometry| match self.kind {
            GeometryType::Unknown => write_shape(builder, geometry, geometry.kind(), true),
            kind => write_shape(builder, geometry, kind, false),
        });
        let properties = (!properties.is_empty()).then(|| builder.create_vector(properties));
        let feature = FgbFeature::create(
            builder,
            &FeatureArgs {
                geometry: shape,
                properties,
                columns: None,
            },
        );
        finish_size_prefixed_feature_buffer(builder, feature);
        let bbox = geometry.and_then(Geometry::bbox);
        let leaf = match &bbox {
            Some(bbox) => Node::of_box(bbox, self.at),
            None => Node::without_position(self.at),
        };
        self.upper.push(&leaf);
        self.extent = union(self.extent, bbox);
        let bytes = self.builder.finished_data();
        self.at += bytes.len() as u64;
        (bytes, leaf.write())
    }

    /// What comes before the leaves, or before the features where there is no index. Asked before
    /// the first feature it does not tell how many there are, and is that of a file without index.
    pub fn head(&self, head: &FgbHead<'_>, with_index: bool) -> Vec<u8> {
        let columns = head.fields.iter().map(|field| column_type(field.kind));
        let layout = Layout {
            geometry: code_of(head.geometry),
            columns: columns.collect(),
            dimensions: [false; 4],
            count: self.count(),
            extent: self.extent,
            index: Index::built(&self.upper, with_index),
        };
        layout.head(head)
    }
}

/// The box around both, as far as there are any.
pub(super) fn union(all: Option<Bbox>, one: Option<Bbox>) -> Option<Bbox> {
    match (all, one) {
        (Some(all), Some(one)) => Some(all.union(&one)),
        (all, one) => all.or(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::crs::Crs;
    use crate::feature::{Field, FieldType, Value};
    use crate::geom::{Coord, PartKind};
    use crate::scratch::Scratch;
    use crate::store::{FeatureStore, FgbStore, Select};
    use std::ops::ControlFlow;

    fn field(name: &str, kind: FieldType) -> Field {
        Field {
            name: name.into(),
            kind,
            title: None,
            description: None,
            nullable: true,
        }
    }

    /// Writes features of a kind, reads them back in order.
    fn written(kind: GeometryType, features: &[(Geometry, Vec<u8>)]) -> (FgbStore, Vec<Geometry>) {
        let fields = [field("n", FieldType::Long), field("t", FieldType::Text)];
        written_with(kind, &fields, features)
    }

    fn written_with(
        kind: GeometryType,
        fields: &[Field],
        features: &[(Geometry, Vec<u8>)],
    ) -> (FgbStore, Vec<Geometry>) {
        let folder = Scratch::new("write");
        let path = folder.join("features.fgb");
        let mut writer = FgbWriter::create(&path, kind).unwrap();
        for (geometry, properties) in features {
            writer.add(geometry, properties).unwrap();
        }
        let head = FgbHead {
            title: "",
            name: "essai",
            description: "a test",
            metadata: "",
            geometry: kind,
            fields,
            crs: &Crs::from_epsg(2154).unwrap(),
        };
        let size = writer.finish(&head).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), size);
        assert!(!path.with_extension("leaves").exists());
        let store = FgbStore::open(&path).unwrap();
        let mut read = Vec::new();
        let visited = store.select(&Select::default(), &Budget::unlimited(), &mut |feature| {
            let mut geometry = Geometry::default();
            feature.geometry(&mut geometry)?;
            read.push(geometry);
            Ok(ControlFlow::Continue(()))
        });
        assert_eq!(visited.unwrap().damaged, 0);
        (store, read)
    }

    #[test]
    fn a_time_of_day_is_a_text_and_no_moment() {
        let features: Vec<(Geometry, Vec<u8>)> = ["0000-00-00T08:00:00", "0000-00-00T23:59:59.5"]
            .iter()
            .map(|text| {
                let (point, mut properties) =
                    shape(GeometryType::Point, &[(PartKind::Points, &[&[[1.0, 2.0]]])]);
                push_value(
                    &mut properties,
                    0,
                    FieldType::DateTime,
                    Value::DateTime(text),
                );
                (point, properties)
            })
            .collect();
        let fields = [field("heure", FieldType::DateTime)];
        let (store, _) = written_with(GeometryType::Point, &fields, &features);
        assert_eq!(store.schema().fields[0].kind, FieldType::Text);
        let mut values = Vec::new();
        let visited = store.select(&Select::default(), &Budget::unlimited(), &mut |feature| {
            values.push(feature.value(0).to_text().into_owned());
            Ok(ControlFlow::Continue(()))
        });
        assert_eq!(visited.unwrap().features, 2);
        values.sort();
        assert_eq!(values, ["08:00:00", "23:59:59.5"]);
    }

    fn shape(kind: GeometryType, parts: &[(PartKind, &[&[Coord]])]) -> (Geometry, Vec<u8>) {
        let mut shape = Geometry::new(kind);
        for (part, sequences) in parts {
            for sequence in *sequences {
                shape.extend(sequence.iter().copied());
                shape.end_sequence();
            }
            shape.end_part(*part);
        }
        (shape, Vec::new())
    }

    #[test]
    fn every_kind_of_geometry_is_read_as_it_was_written() {
        use GeometryType as T;
        use PartKind::{Line, Points, Polygon};
        let ring: &[Coord] = &[[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 0.0]];
        let hole: &[Coord] = &[[5.0, 1.0], [6.0, 1.0], [6.0, 2.0], [5.0, 1.0]];
        let point: &[Coord] = &[[3.0, 4.0]];
        let many = [
            shape(T::Point, &[(Points, &[point])]),
            shape(T::MultiPoint, &[(Points, &[ring])]),
            shape(T::LineString, &[(Line, &[ring])]),
            shape(T::MultiLineString, &[(Line, &[ring]), (Line, &[hole])]),
            shape(T::Polygon, &[(Polygon, &[ring, hole])]),
            shape(
                T::MultiPolygon,
                &[(Polygon, &[ring, hole]), (Polygon, &[ring])],
            ),
        ];
        for one in &many {
            let (store, read) = written(one.0.kind(), std::slice::from_ref(one));
            assert_eq!(store.schema().geometry, one.0.kind());
            assert_eq!(read, std::slice::from_ref(&one.0));
        }
        // where the header has no type, each feature has its own
        let (_, read) = written(T::Unknown, &many);
        let expected: Vec<Geometry> = many.iter().map(|(geometry, _)| geometry.clone()).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn the_index_finds_what_a_scan_finds_and_values_are_kept() {
        let features: Vec<(Geometry, Vec<u8>)> = (0..1000_i32)
            .map(|n| {
                let at = [f64::from(n % 37), f64::from(n / 37)];
                let (point, _) = shape(GeometryType::Point, &[(PartKind::Points, &[&[at]])]);
                let mut properties = Vec::new();
                push_value(&mut properties, 0, FieldType::Long, Value::Int(n.into()));
                push_value(&mut properties, 1, FieldType::Text, Value::Int(1));
                (point, properties)
            })
            .collect();
        let (store, read) = written(GeometryType::Point, &features);
        assert_eq!((read.len(), store.index()), (1000, Some((16, 4))));
        assert_eq!(store.extent(), Bbox::new(0.0, 0.0, 36.0, 27.0));
        assert_eq!(store.crs_declaration().id().as_deref(), Some("EPSG:2154"));
        let select = Select {
            boxes: vec![Bbox::new(3.0, 4.0, 9.0, 6.0).unwrap()],
            offset: 0,
        };
        let mut found = Vec::new();
        let visited = store.select(&select, &Budget::unlimited(), &mut |feature| {
            found.push(feature.value(0).as_f64().unwrap() as i32);
            assert_eq!(feature.value(1), Value::Null, "a number is no text");
            Ok(ControlFlow::Continue(()))
        });
        assert!(visited.unwrap().nodes < 200);
        let expected: Vec<i32> = (0..1000)
            .filter(|n| (3..=9).contains(&(n % 37)) && (4..=6).contains(&(n / 37)))
            .collect();
        assert_eq!(found, expected);
        let report = store.verify(&mut |_, _| ControlFlow::Continue(())).unwrap();
        assert!(report.is_sound(), "{report:?}");
    }

    #[test]
    fn a_file_without_features_is_a_file() {
        let (store, read) = written(GeometryType::Polygon, &[]);
        assert_eq!((store.count(), read.len(), store.extent()), (0, 0, None));
    }
}
