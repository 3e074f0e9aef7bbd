//! The header of a FlatGeobuf file, and how a type of column or geometry is written in it.

use flatbuffers::FlatBufferBuilder;
use flatgeobuf::{
    Column, ColumnArgs, ColumnType, Crs as FgbCrs, CrsArgs, GeometryType as FgbType, Header,
    HeaderArgs, finish_size_prefixed_header_buffer,
};

use crate::crs::Crs;
use crate::feature::{Field, FieldType};
use crate::geom::{Bbox, GeometryType};
use crate::store::fgb::index::{NODE_SIZE, NodeBytes, Upper};
use crate::store::fgb::properties::Stored;

/// Version 3.0 of the format.
const MAGIC: [u8; 8] = [b'f', b'g', b'b', 3, b'f', b'g', b'b', 0];

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

/// What the header says beyond names: how the bytes behind it are laid out.
pub(in crate::store::fgb) struct Layout<'a> {
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
pub(in crate::store::fgb) enum Index<'a> {
    None,
    /// The levels above the leaves.
    Built(&'a Upper),
    /// Comes behind the header as it is stored elsewhere, with so many children a node.
    Stored(u16),
}

impl<'a> Index<'a> {
    pub(in crate::store::fgb) fn built(upper: &'a Upper, with_index: bool) -> Index<'a> {
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
    pub(in crate::store::fgb) fn head(&self, head: &FgbHead<'_>) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(header(head, self));
        if let Index::Built(upper) = self.index {
            let nodes: Vec<NodeBytes> = upper.nodes();
            bytes.extend_from_slice(nodes.as_flattened());
        }
        bytes
    }
}

/// A type of column as the file that it was read from has it.
pub(in crate::store::fgb) fn stored_type(stored: Stored) -> ColumnType {
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

/// How a type of geometry is written.
pub(super) fn code_of(kind: GeometryType) -> FgbType {
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

/// The type of column that holds a kind of field.
pub(super) fn column_type(kind: FieldType) -> ColumnType {
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
