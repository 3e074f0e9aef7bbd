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

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use flatbuffers::{FlatBufferBuilder, WIPOffset};
use flatgeobuf::{
    Column, ColumnArgs, ColumnType, Crs as FgbCrs, CrsArgs, Feature as FgbFeature, FeatureArgs,
    Geometry as FgbGeometry, GeometryArgs, GeometryType as FgbType, Header, HeaderArgs,
    finish_size_prefixed_feature_buffer, finish_size_prefixed_header_buffer,
};

use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::feature::{Field, FieldType, Value};
use crate::geom::{Bbox, Coord, Geometry, GeometryType, Part, PartKind};
use crate::store::fgb::index::{NODE_BYTES, NODE_SIZE, Node, NodeBytes, Upper};
use crate::store::fgb::properties::Stored;

/// Version 3.0 of the format.
const MAGIC: [u8; 8] = [b'f', b'g', b'b', 3, b'f', b'g', b'b', 0];
/// Bytes kept back before they are written to a file.
const BUFFER_BYTES: usize = 1 << 20;

/// What the header of a file says.
#[derive(Debug, Clone, Copy)]
pub struct FgbHead<'a> {
    pub name: &'a str,
    pub title: &'a str,
    pub description: &'a str,
    /// JSON.
    pub metadata: &'a str,
    pub geometry: GeometryType,
    pub fields: &'a [Field],
    pub crs: &'a Crs,
}

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

pub(super) fn union(all: Option<Bbox>, one: Option<Bbox>) -> Option<Bbox> {
    match (all, one) {
        (Some(all), Some(one)) => Some(all.union(&one)),
        (all, one) => all.or(one),
    }
}

/// What the header says beyond names: how the bytes behind it are laid out.
pub(super) struct Layout<'a> {
    pub geometry: FgbType,
    pub columns: Vec<ColumnType>,
    /// Whether positions have Z, M, T, TM.
    pub dimensions: [bool; 4],
    pub count: u64,
    pub extent: Option<Bbox>,
    pub index: Index<'a>,
}

/// The index of a file.
#[derive(Clone, Copy)]
pub(super) enum Index<'a> {
    None,
    /// The levels above the leaves.
    Built(&'a Upper),
    /// Comes behind the header as it is stored elsewhere, with so many children a node.
    Stored(u16),
}

impl<'a> Index<'a> {
    pub(super) fn built(upper: &'a Upper, with_index: bool) -> Index<'a> {
        match with_index {
            true => Index::Built(upper),
            false => Index::None,
        }
    }

    fn node_size(self) -> u16 {
        match self {
            Index::None => 0,
            Index::Built(_) => NODE_SIZE,
            Index::Stored(node_size) => node_size,
        }
    }
}

impl Layout<'_> {
    /// Magic bytes, header, and the levels of the index above the leaves, if they were built.
    pub(super) fn head(&self, head: &FgbHead<'_>) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(header(head, self));
        if let Index::Built(upper) = self.index {
            let nodes: Vec<NodeBytes> = upper.nodes();
            bytes.extend_from_slice(nodes.as_flattened());
        }
        bytes
    }
}

/// How a column's type is written.
pub(super) fn stored_type(stored: Stored) -> ColumnType {
    ColumnType(stored as u8)
}

fn header(head: &FgbHead<'_>, layout: &Layout<'_>) -> Vec<u8> {
    let mut builder = FlatBufferBuilder::new();
    let text = |builder: &mut FlatBufferBuilder<'static>, text: &str| {
        (!text.is_empty()).then(|| builder.create_string(text))
    };
    let name = text(&mut builder, head.name);
    let title = text(&mut builder, head.title);
    let description = text(&mut builder, head.description);
    let metadata = text(&mut builder, head.metadata);
    let columns: Vec<_> = head
        .fields
        .iter()
        .zip(&layout.columns)
        .map(|(field, type_)| {
            let name = builder.create_string(&field.name);
            let args = ColumnArgs {
                name: Some(name),
                type_: *type_,
                nullable: field.nullable,
                ..ColumnArgs::default()
            };
            Column::create(&mut builder, &args)
        })
        .collect();
    let columns = builder.create_vector(&columns);
    let extent = layout.extent;
    let envelope = extent.map(|b| builder.create_vector(&[b.min_x, b.min_y, b.max_x, b.max_y]));
    let org = text(&mut builder, &head.crs.authority);
    let crs_name = text(&mut builder, &head.crs.name);
    let wkt = text(&mut builder, &head.crs.wkt);
    let code: i32 = head.crs.code.parse().unwrap_or(0);
    let code_string = (code == 0)
        .then(|| text(&mut builder, &head.crs.code))
        .flatten();
    let crs = FgbCrs::create(
        &mut builder,
        &CrsArgs {
            org,
            code,
            name: crs_name,
            wkt,
            code_string,
            ..CrsArgs::default()
        },
    );
    let [has_z, has_m, has_t, has_tm] = layout.dimensions;
    let header = Header::create(
        &mut builder,
        &HeaderArgs {
            name,
            title,
            description,
            metadata,
            envelope,
            geometry_type: layout.geometry,
            has_z,
            has_m,
            has_t,
            has_tm,
            columns: Some(columns),
            features_count: layout.count,
            index_node_size: layout.index.node_size(),
            crs: Some(crs),
        },
    );
    finish_size_prefixed_header_buffer(&mut builder, header);
    builder.finished_data().to_vec()
}

/// Writes a geometry as one of `kind`; `with_type` where the header does not say the type.
fn write_shape(
    builder: &mut FlatBufferBuilder<'static>,
    geometry: &Geometry,
    kind: GeometryType,
    with_type: bool,
) -> WIPOffset<FgbGeometry<'static>> {
    let type_ = if with_type {
        code_of(kind)
    } else {
        FgbType::Unknown
    };
    let of_parts = match kind {
        GeometryType::MultiPolygon => Some(FgbType::Polygon),
        GeometryType::GeometryCollection | GeometryType::Unknown => Some(FgbType::Unknown),
        _ => None,
    };
    if let Some(declared) = of_parts {
        let parts: Vec<_> = geometry
            .parts()
            .map(|part| {
                let type_ = match (declared, part.kind) {
                    // a collection has points rather than multipoints of one
                    (FgbType::Unknown, PartKind::Points)
                        if part.sequences().map(<[Coord]>::len).sum::<usize>() == 1 =>
                    {
                        FgbType::Point
                    }
                    (FgbType::Unknown, PartKind::Points) => FgbType::MultiPoint,
                    (FgbType::Unknown, PartKind::Line) => FgbType::LineString,
                    _ => FgbType::Polygon,
                };
                write_sequences(builder, part.sequences(), type_, Ends::OfSeveral)
            })
            .collect();
        let parts = builder.create_vector(&parts);
        let args = GeometryArgs {
            type_,
            parts: Some(parts),
            ..GeometryArgs::default()
        };
        return FgbGeometry::create(builder, &args);
    }
    // one polygon, or the lines or points of all parts
    let ends = match kind {
        GeometryType::MultiLineString => Ends::Always,
        GeometryType::Polygon => Ends::OfSeveral,
        _ => Ends::Never,
    };
    let parts = geometry.parts().flat_map(|part: Part<'_>| part.sequences());
    write_sequences(builder, parts, type_, ends)
}

/// Whether a geometry says where its lines or rings end.
#[derive(Clone, Copy)]
enum Ends {
    /// Several lines, though they be one: GDAL asks for it.
    Always,
    OfSeveral,
    Never,
}

fn write_sequences<'g>(
    builder: &mut FlatBufferBuilder<'static>,
    sequences: impl Iterator<Item = &'g [Coord]>,
    type_: FgbType,
    has: Ends,
) -> WIPOffset<FgbGeometry<'static>> {
    let mut xy: Vec<f64> = Vec::new();
    let mut ends: Vec<u32> = Vec::new();
    for sequence in sequences {
        xy.extend(sequence.as_flattened());
        ends.push(u32::try_from(xy.len() / 2).unwrap_or(u32::MAX));
    }
    let has_ends = match has {
        Ends::Always => true,
        Ends::OfSeveral => ends.len() > 1,
        Ends::Never => false,
    };
    let ends = has_ends.then(|| builder.create_vector(&ends));
    let xy = builder.create_vector(&xy);
    let args = GeometryArgs {
        ends,
        xy: Some(xy),
        type_,
        ..GeometryArgs::default()
    };
    FgbGeometry::create(builder, &args)
}

fn code_of(kind: GeometryType) -> FgbType {
    match kind {
        GeometryType::Unknown => FgbType::Unknown,
        GeometryType::Point => FgbType::Point,
        GeometryType::LineString => FgbType::LineString,
        GeometryType::Polygon => FgbType::Polygon,
        GeometryType::MultiPoint => FgbType::MultiPoint,
        GeometryType::MultiLineString => FgbType::MultiLineString,
        GeometryType::MultiPolygon => FgbType::MultiPolygon,
        GeometryType::GeometryCollection => FgbType::GeometryCollection,
    }
}

fn column_type(kind: FieldType) -> ColumnType {
    match kind {
        FieldType::Bool => ColumnType::Bool,
        FieldType::Integer => ColumnType::Int,
        FieldType::Long => ColumnType::Long,
        FieldType::Float => ColumnType::Double,
        FieldType::Text => ColumnType::String,
        FieldType::Date | FieldType::DateTime => ColumnType::DateTime,
        FieldType::Json => ColumnType::Json,
        FieldType::Binary => ColumnType::Binary,
    }
}

/// Appends a value of column number `column`, whose field is of `kind`, to a feature's property
/// bytes. A value that the column can't hold is null, as is null.
pub fn push_value(properties: &mut Vec<u8>, column: u16, kind: FieldType, value: Value<'_>) {
    let start = properties.len();
    properties.extend(column.to_le_bytes());
    let whole = match value {
        Value::Int(i) => Some(i),
        Value::UInt(u) => i64::try_from(u).ok(),
        Value::Bool(b) => Some(b.into()),
        _ => None,
    };
    let held = match (kind, value) {
        (FieldType::Bool, Value::Bool(b)) => {
            properties.push(b.into());
            true
        }
        (FieldType::Integer, _) => match whole.and_then(|i| i32::try_from(i).ok()) {
            Some(i) => extend(properties, &i.to_le_bytes()),
            None => false,
        },
        (FieldType::Long, _) => whole.is_some_and(|i| extend(properties, &i.to_le_bytes())),
        (FieldType::Float, _) => value
            .as_f64()
            .is_some_and(|f| extend(properties, &f.to_le_bytes())),
        (FieldType::Text, Value::Text(text))
        | (FieldType::Date | FieldType::DateTime, Value::DateTime(text))
        | (FieldType::Json, Value::Json(text)) => extend_sized(properties, text.as_bytes()),
        (FieldType::Binary, Value::Binary(bytes)) => extend_sized(properties, bytes),
        _ => false,
    };
    if !held {
        properties.truncate(start);
    }
}

fn extend(properties: &mut Vec<u8>, bytes: &[u8]) -> bool {
    properties.extend_from_slice(bytes);
    true
}

fn extend_sized(properties: &mut Vec<u8>, bytes: &[u8]) -> bool {
    let Ok(size) = u32::try_from(bytes.len()) else {
        return false;
    };
    properties.extend(size.to_le_bytes());
    extend(properties, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::store::{FeatureStore, FgbStore, Select};
    use std::ops::ControlFlow;
    use std::sync::atomic::{AtomicUsize, Ordering};

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
        // tests that run side by side write the same kinds
        static WRITTEN: AtomicUsize = AtomicUsize::new(0);
        let nth = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let name = format!("cartotheque-write-{nth}-{}.fgb", std::process::id());
        let path = std::env::temp_dir().join(name);
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
        std::fs::remove_file(&path).unwrap();
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
    fn a_point_in_a_collection_is_no_multipoint() {
        use PartKind::Points;
        let parts: &[(PartKind, &[&[Coord]])] = &[
            (Points, &[&[[3.0, 4.0]]]),
            (Points, &[&[[3.0, 4.0], [5.0, 4.0]]]),
        ];
        let (collection, _) = shape(GeometryType::GeometryCollection, parts);
        let mut builder = FlatBufferBuilder::new();
        let made = write_shape(&mut builder, &collection, collection.kind(), true);
        builder.finish(made, None);
        let read = flatbuffers::root::<FgbGeometry<'_>>(builder.finished_data()).unwrap();
        let kinds: Vec<FgbType> = read
            .parts()
            .unwrap()
            .iter()
            .map(|part| part.type_())
            .collect();
        assert_eq!(kinds, [FgbType::Point, FgbType::MultiPoint]);
    }

    #[test]
    fn a_file_without_features_is_a_file() {
        let (store, read) = written(GeometryType::Polygon, &[]);
        assert_eq!((store.count(), read.len(), store.extent()), (0, 0, None));
    }
}
