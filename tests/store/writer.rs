//! A small FlatGeobuf writer: any node size, with or without index and count.

use flatbuffers::FlatBufferBuilder;
use flatgeobuf::packed_r_tree::{NodeItem, PackedRTree, calc_extent, hilbert_sort};
use flatgeobuf::{
    Column, ColumnArgs, ColumnType, Feature, FeatureArgs, GeometryArgs, GeometryType, Header,
    HeaderArgs,
};

/// A polygon of one ring with a text and a number; no ring: a null geometry.
#[derive(Debug, Clone)]
pub struct Polygon {
    pub ring: Vec<[f64; 2]>,
    pub name: String,
    pub number: i32,
}

/// How to write a file.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// 0: no index.
    pub node_size: u16,
    /// Whether the header tells the number of features.
    pub with_count: bool,
    /// Whether to sort along the Hilbert curve.
    pub sort: bool,
}

/// The bytes of a file.
pub fn write(polygons: &[Polygon], options: Options) -> Vec<u8> {
    let mut nodes: Vec<NodeItem> = polygons
        .iter()
        .zip(0..)
        .map(|(polygon, number)| {
            let mut node = NodeItem::create(number);
            for [x, y] in &polygon.ring {
                node.expand_xy(*x, *y);
            }
            node
        })
        .collect();
    let extent = calc_extent(&nodes);
    if options.sort {
        hilbert_sort(&mut nodes, &extent);
    }
    let mut features = Vec::new();
    let mut builder = FlatBufferBuilder::new();
    for node in &mut nodes {
        let polygon = &polygons[node.offset as usize];
        node.offset = features.len() as u64;
        feature(&mut builder, polygon);
        features.extend_from_slice(builder.finished_data());
        builder.reset();
    }
    let mut file = b"fgb\x03fgb\x01".to_vec();
    header(&mut builder, polygons.len(), options);
    file.extend_from_slice(builder.finished_data());
    if options.node_size > 0 && !nodes.is_empty() {
        let tree = PackedRTree::build(&nodes, &extent, options.node_size).unwrap();
        tree.stream_write(&mut file).unwrap();
    }
    file.extend_from_slice(&features);
    file
}

fn header(builder: &mut FlatBufferBuilder<'_>, count: usize, options: Options) {
    let names = ["name", "number"].map(|name| builder.create_string(name));
    let types = [ColumnType::String, ColumnType::Int];
    let columns: Vec<_> = names
        .into_iter()
        .zip(types)
        .map(|(name, type_)| {
            let args = ColumnArgs {
                name: Some(name),
                type_,
                ..ColumnArgs::default()
            };
            Column::create(builder, &args)
        })
        .collect();
    let columns = builder.create_vector(&columns);
    let args = HeaderArgs {
        geometry_type: GeometryType::Polygon,
        columns: Some(columns),
        features_count: if options.with_count { count as u64 } else { 0 },
        index_node_size: options.node_size,
        ..HeaderArgs::default()
    };
    let header = Header::create(builder, &args);
    builder.finish_size_prefixed(header, None);
}

fn feature(builder: &mut FlatBufferBuilder<'_>, polygon: &Polygon) {
    let geometry = (!polygon.ring.is_empty()).then(|| {
        let xy = builder.create_vector(polygon.ring.as_flattened());
        let args = GeometryArgs {
            xy: Some(xy),
            ..GeometryArgs::default()
        };
        flatgeobuf::Geometry::create(builder, &args)
    });
    let mut properties = vec![0, 0];
    properties.extend((polygon.name.len() as u32).to_le_bytes());
    properties.extend(polygon.name.as_bytes());
    properties.extend([1, 0]);
    properties.extend(polygon.number.to_le_bytes());
    let properties = builder.create_vector(&properties);
    let args = FeatureArgs {
        geometry,
        properties: Some(properties),
        ..FeatureArgs::default()
    };
    let feature = Feature::create(builder, &args);
    builder.finish_size_prefixed(feature, None);
}
