//! Vector tiles: features selected, taken into the tile's grid, clipped, encoded.
//!
//! What becomes of a position depends on the tile matrix and the position alone, so neighbouring
//! tiles have the same vertices where they overlap; only where an edge is cut at the buffer of a
//! tile its new end is rounded, outside of what is seen.
//!
//! Vertices move by at most half a unit (1/8192 of a tile's side) and a quarter by projection.
//! Where parts of an area are narrower than a unit its edges may then touch or cross, never by
//! more than that unit: an eighth of a pixel of a tile drawn at 512. Rings without area and
//! spikes are taken out exactly, in integers.

mod grid;
mod levels;
mod line;
mod points;
mod ring;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::anchors::Anchors;
use super::level_of_detail::Sources;
use super::near::Near;
use super::reach::Way;
use crate::budget::Budget;
use crate::catalogue::Layer;
use crate::crs::Transform;
use crate::encode::mvt::{self, GeometryKind, Rank};
use crate::error::{Error, Result};
use crate::feature::{Feature, FieldType, Value};
use crate::geom::{Bbox, Geometry, PartKind};
use crate::overview::Level;
use crate::store::{Select, SelectStats};
use crate::tile::{TileAddress, TileMatrix, TileMatrixSet};
use grid::Grid;
use levels::{Origins, Whom};
use line::Lines;
use points::Points;

pub use points::layer_name as points_layer;
use ring::Rings;

/// A vector tile to make.
#[derive(Debug, Clone)]
pub struct VectorTileRequest {
    pub set: Arc<TileMatrixSet>,
    pub tile: TileAddress,
    /// In the order of the tile: bottom to top.
    pub layers: Vec<TileLayer>,
    /// Bytes that the tile may have before compression; the smallest features are left out
    /// until it does.
    pub max_bytes: usize,
}

/// A layer of a vector tile.
#[derive(Debug, Clone)]
pub struct TileLayer {
    pub layer: Arc<Layer>,
    /// The columns that features bring along; `None` is all that the layer shows. One that it
    /// does not show is never there.
    pub columns: Option<Vec<usize>>,
    /// True: where styles set names or symbols at one point of an area or a line, a further
    /// layer has these points ([`points_layer`]).
    pub points: bool,
}

/// A vector tile and how it came about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VectorTile {
    /// Not compressed; empty where nothing is in the tile.
    pub bytes: Vec<u8>,
    pub layers: Vec<TileLayerReport>,
    pub total_time: Duration,
}

/// How a layer of a tile came about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TileLayerReport {
    pub layer: String,
    /// False: the layer is not shown at any scale that the tile is drawn at.
    pub in_scale: bool,
    /// The level that was read, `EPSG:3857/z9`; `None` for the features themselves.
    pub level: Option<String>,
    /// The boxes asked of the store, in the CRS of the layer or level.
    pub boxes: Vec<Bbox>,
    /// As PROJ writes it.
    pub pipeline: String,
    pub index_nodes: u64,
    pub features_read: u64,
    pub features_written: u64,
    /// Left out so that the tile is not too heavy.
    pub features_thinned: u64,
    pub features_damaged: u64,
    pub vertices: u64,
    pub time: Duration,
}

/// Units kept around a tile: 8 pixels of a tile drawn at 512, so that strokes of up to 16 pixels
/// hide where areas were cut.
const BUFFER: i32 = 64;
/// A layer is thinned while it is filled, to twice what the tile may have once it has four times
/// that: its memory is bounded whatever is in the tile.
const OVERFULL: usize = 4;
const THINNED_TO: usize = 2;
/// From this scale on clients may magnify vector tiles instead of asking for finer ones: a unit
/// is 15 cm in zoom 16 of web maps, 10 cm on the ground of France.
const MAGNIFIED_FROM: f64 = 8_531.0;
/// Positions are projected within that part of a unit, before they are rounded to whole ones.
const TOLERANCE: f64 = 0.25;
/// A level's pixel is at most so many units of a tile that is read from it: a pixel of a tile
/// drawn at 512, and two where it is magnified, just before the next zoom takes over.
const LEVEL_PIXEL: f64 = 8.0;
/// A layer's weight is looked at after that many features; the store holds the budget.
const BATCH: u64 = 256;

/// Makes a tile.
///
/// # Errors
/// `LimitExceeded`, `DeadlineExceeded`, `Cancelled` by the budget; `Transform` where a layer
/// can't be taken into the CRS of the tiles; `TileMatrixNotDefined`.
pub fn make(
    request: &VectorTileRequest,
    budget: &Budget,
    anchors: &Anchors,
    sources: &Sources,
) -> Result<VectorTile> {
    let started = Instant::now();
    let matrix = request.set.matrix(request.tile.matrix)?;
    let mut layers = Vec::with_capacity(request.layers.len());
    let mut reports = Vec::with_capacity(request.layers.len());
    let mut further = Vec::new();
    let scales = scales(&request.set, request.tile.matrix);
    for (place, layer) in request.layers.iter().enumerate() {
        let layer_started = Instant::now();
        let mut told = TileLayerReport {
            layer: layer.layer.id.clone(),
            in_scale: scales.is_some_and(|scales| is_in_scale(&layer.layer, scales)),
            ..TileLayerReport::default()
        };
        let columns = columns(layer);
        let names: Vec<String> = columns.iter().map(|(_, name)| name.clone()).collect();
        let mut points = scales
            .filter(|scales| layer.points && points::are_of_use(&layer.layer, *scales))
            .map(|_| Points::new(&layer.layer, names.clone(), anchors));
        let mut out = mvt::Layer::new(&layer.layer.id, mvt::EXTENT, names);
        if told.in_scale {
            let origins = match sources.level(place) {
                Some(level) => Origins::of_level(&layer.layer, level, &columns),
                None => Origins::of_features(&layer.layer),
            };
            told.level = origins.level.map(Level::name);
            fill(
                request,
                matrix,
                &origins,
                &columns,
                budget,
                (&mut out, points.as_mut()),
                &mut told,
            )?;
        }
        further.extend(points.map(|points| points.out));
        told.time = layer_started.elapsed();
        layers.push(out);
        reports.push(told);
    }
    // behind the layers that are reported on
    layers.append(&mut further);
    let written = mvt::write(&mut layers, request.max_bytes);
    for ((told, features), thinned) in reports
        .iter_mut()
        .zip(written.features)
        .zip(written.thinned)
    {
        told.features_written = features;
        told.features_thinned = thinned;
    }
    Ok(VectorTile {
        bytes: written.bytes,
        layers: reports,
        total_time: started.elapsed(),
    })
}

/// The size of the pixels that tiles of a matrix are made for, in units of the set's CRS; `None`
/// where they may be magnified for ever.
pub(super) fn pixel(set: &TileMatrixSet, level: usize) -> Option<f64> {
    let matrix = set.matrices().get(level)?;
    let [finest, _] = scales(set, level)?;
    let unit = matrix.resolution * f64::from(matrix.tile_width) / f64::from(mvt::EXTENT);
    (finest > 0.0).then_some(unit * LEVEL_PIXEL)
}

/// The finest and the coarsest scale at which clients draw the tiles of a level: from that of 256 pixels a tile to half
/// of that of 512, when the next level takes over. Fine tiles and those of the last level are
/// magnified for ever.
fn scales(set: &TileMatrixSet, level: usize) -> Option<[f64; 2]> {
    let matrix = set.matrices().get(level)?;
    let is_last = level + 1 == set.matrices().len();
    let coarsest = matrix.scale_denominator;
    let finest = if is_last || coarsest <= MAGNIFIED_FROM {
        0.0
    } else {
        coarsest / 4.0
    };
    Some([finest, coarsest])
}

fn is_in_scale(layer: &Layer, [finest, coarsest]: [f64; 2]) -> bool {
    layer.scales.min.is_none_or(|min| min <= coarsest)
        && layer.scales.max.is_none_or(|max| max > finest)
}

/// The columns that go along, with the names of their attributes.
fn columns(layer: &TileLayer) -> Vec<(usize, String)> {
    let is_wanted = |column: usize| {
        layer
            .columns
            .as_ref()
            .is_none_or(|wanted| wanted.contains(&column))
    };
    layer
        .layer
        .fields
        .iter()
        .filter(|field| is_wanted(field.column))
        .map(|field| (field.column, field.name.clone()))
        .collect()
}

fn fill(
    request: &VectorTileRequest,
    matrix: &TileMatrix,
    origins: &Origins<'_>,
    columns: &[(usize, String)],
    budget: &Budget,
    (out, mut points): (&mut mvt::Layer, Option<&mut Points>),
    told: &mut TileLayerReport,
) -> Result<()> {
    let grid = Grid::new(matrix, request.tile, mvt::EXTENT, BUFFER);
    let (layer, store) = (origins.layer, origins.store());
    let source = (origins.crs(), layer.extent_lonlat);
    let way = Way::within(source, &request.set.crs, grid.unit() * TOLERANCE)?;
    // anchors are those of the features
    let from_features = Transform::new(&layer.crs, &request.set.crs)?;
    told.pipeline = way.forward.pipeline().to_owned();
    let keys = keys(layer, columns);
    let ids = Ids::of(layer);
    // positions in one square of the grid become one
    let least_m = 2.0 * grid.unit() * request.set.crs.metres_per_unit;
    let mut projector = way.projector.run();
    let (mut whole, mut part) = (Geometry::default(), Geometry::default());
    let mut batch = 0;
    for by in way.turns(store, grid.bbox()) {
        let grid = grid.moved_west(by);
        let boxes = way.boxes_in(store, &grid.reach());
        if boxes.is_empty() {
            continue;
        }
        told.boxes.extend_from_slice(&boxes);
        let mut writer = Writer {
            grid: &grid,
            lines: Lines::default(),
            rings: Rings::default(),
            points: Vec::new(),
            out,
        };
        let near = way
            .is_seamless()
            .then(|| Near::new(&boxes, origins.crs(), least_m));
        let near = near.flatten();
        let select = Select { boxes, offset: 0 };
        let mut damaged = 0;
        let stats: SelectStats = store.select(&select, budget, &mut |feature| {
            let whom = origins.whom(feature);
            let rank = rank(feature, whom);
            if writer.out.pass_over(rank) {
                return Ok(ControlFlow::Continue(()));
            }
            feature.geometry(&mut whole)?;
            told.vertices += whole.coords().len() as u64;
            batch += 1;
            if batch >= BATCH {
                batch = 0;
                if writer.out.size() > request.max_bytes.saturating_mul(OVERFULL) {
                    writer
                        .out
                        .thin(request.max_bytes.saturating_mul(THINNED_TO));
                }
            }
            let is_reduced = near
                .as_ref()
                .is_some_and(|near| near.reduce(&whole, feature.bbox(), &mut part));
            let geometry = if is_reduced { &mut part } else { &mut whole };
            way.project(&mut projector, geometry);
            let mut write = |feature: &dyn Feature| {
                let id = ids.id(feature);
                if let Some(points) = points.as_deref_mut() {
                    let place = (&grid, &*from_features);
                    points.add(feature, (id, rank), |column| key_of(&keys, column), place)?;
                }
                writer.feature((feature, id, &keys), geometry, rank);
                Ok(())
            };
            let found = match whom {
                Whom::Itself => write(feature).map(|()| true),
                Whom::Feature(fid) => layer.store.get(fid, &mut write),
                Whom::Many => {
                    writer.feature((feature, None, &origins.keys), geometry, rank);
                    Ok(true)
                }
            };
            match found {
                Ok(true) => {}
                Err(error) if layer.store.is_gone() => return Err(error),
                Ok(false) | Err(Error::Data { .. }) => damaged += 1,
                Err(error) => return Err(error),
            }
            Ok(ControlFlow::Continue(()))
        })?;
        told.index_nodes += stats.nodes;
        told.features_read += stats.features;
        told.features_damaged += stats.damaged + damaged;
    }
    Ok(())
}

/// Features are left out by their size on the ground, the same in every tile; those of one size,
/// as points are, by a number that looks random.
fn rank(feature: &dyn Feature, whom: Whom) -> Rank {
    let size = feature.bbox().map_or(0.0, |b| b.width() + b.height());
    let number = match whom {
        Whom::Feature(fid) => fid,
        Whom::Itself | Whom::Many => feature.fid(),
    };
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Rank {
        size,
        tie: (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9),
    }
}

const NO_KEY: usize = usize::MAX;

/// For each column of the store the number of its key; `NO_KEY` for what is not written.
fn keys(layer: &Layer, columns: &[(usize, String)]) -> Vec<usize> {
    let mut keys = vec![NO_KEY; layer.store.schema().fields.len()];
    for (key, (column, _)) in columns.iter().enumerate() {
        if let Some(place) = keys.get_mut(*column) {
            *place = key;
        }
    }
    keys
}

fn key_of(keys: &[usize], column: usize) -> Option<usize> {
    keys.get(column).copied().filter(|key| *key != NO_KEY)
}

/// Where the ids of features come from: tiles have numbers only.
#[derive(Debug, Clone, Copy)]
enum Ids {
    /// A column of integers; a feature without one, or with a negative one, has no id.
    Column(usize),
    /// The position in the source.
    Position,
}

impl Ids {
    fn of(layer: &Layer) -> Ids {
        let is_number = |column: &usize| {
            let field = layer.store.schema().fields.get(*column);
            field.is_some_and(|f| matches!(f.kind, FieldType::Integer | FieldType::Long))
        };
        layer
            .id_column
            .filter(is_number)
            .map_or(Ids::Position, Ids::Column)
    }

    fn id(self, feature: &dyn Feature) -> Option<u64> {
        match self {
            Ids::Position => Some(feature.fid()),
            Ids::Column(column) => match feature.value(column) {
                Value::Int(id) => u64::try_from(id).ok(),
                Value::UInt(id) => Some(id),
                _ => None,
            },
        }
    }
}

/// Takes projected features into a layer of a tile.
struct Writer<'a> {
    grid: &'a Grid,
    lines: Lines,
    rings: Rings,
    points: Vec<mvt::Point>,
    out: &'a mut mvt::Layer,
}

impl Writer<'_> {
    /// A feature of the tile is of one kind: one that holds several becomes several of one id.
    /// Its attributes and id are told apart from its geometry, which may be a level's.
    fn feature(
        &mut self,
        (feature, id, keys): (&dyn Feature, Option<u64>, &[usize]),
        geometry: &Geometry,
        rank: Rank,
    ) {
        for (part, kind) in [
            (PartKind::Points, GeometryKind::Points),
            (PartKind::Line, GeometryKind::Lines),
            (PartKind::Polygon, GeometryKind::Polygons),
        ] {
            if !geometry.parts().any(|p| p.kind == part) {
                continue;
            }
            match part {
                PartKind::Points => self.put_points(geometry),
                PartKind::Line => self.put_lines(geometry),
                PartKind::Polygon => self.put_polygons(geometry),
            }
            if self.out.has_parts() {
                let out = &mut *self.out;
                feature.values(&mut |column, value| {
                    if let Some(key) = key_of(keys, column) {
                        out.tag(key, value);
                    }
                });
                out.finish(id, kind, rank);
            }
        }
    }

    fn put_points(&mut self, geometry: &Geometry) {
        self.points.clear();
        let parts = geometry.parts().filter(|p| p.kind == PartKind::Points);
        for position in parts.flat_map(|p| p.sequences()).flatten() {
            let inside = self.grid.snap(*position).and_then(|p| self.grid.inside(p));
            if let Some(point) = inside
                && self.points.last() != Some(&point)
            {
                self.points.push(point);
            }
        }
        if !self.points.is_empty() {
            self.out.points(&self.points);
        }
    }

    fn put_lines(&mut self, geometry: &Geometry) {
        let parts = geometry.parts().filter(|p| p.kind == PartKind::Line);
        for line in parts.flat_map(|p| p.sequences()) {
            self.lines.clip(self.grid, line, |part| self.out.line(part));
        }
    }

    fn put_polygons(&mut self, geometry: &Geometry) {
        for part in geometry.parts().filter(|p| p.kind == PartKind::Polygon) {
            self.rings
                .clip(self.grid, part.sequences(), |ring| self.out.ring(ring));
        }
    }
}
