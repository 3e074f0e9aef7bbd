//! Which levels a layer is worth: told from a sample of its features.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::build::Outline;
use super::ladder::Zoom;
use super::nets::{BLOCK_PX, DENSE, NET_POSITIONS};
use super::opaque::{plain_width_px, radius_px, width_px};
use super::simplify::Simplifier;
use super::thin::ENOUGH;
use crate::crs::{Crs, Transform};
use crate::geom::{Bbox, Coord, Geometry, GeometryType, PartKind};
use crate::store::FeatureStore;
use crate::style::Style;

/// Features looked at.
const SAMPLE: u64 = 2048;
/// Positions looked at, however few features have them.
const MAX_SAMPLED_VERTICES: usize = 1 << 20;
/// Pixels of a map: 800 by 600.
const VIEW_PX: f64 = 480_000.0;
/// A level must save so many positions a map: some 2 to 5 ms.
pub const LEAST_SAVED: f64 = 20_000.0;
/// And have less than this part of the positions that the next finer one has. This is a guess:
/// what a level comes to is looked at again once it is built.
const LEAST_RATIO: f64 = 0.75;
/// Points of a pile that is thinned are so many pixels apart; others, one.
const PILED_PX: f64 = 2.5;
/// Degrees around the area of use of a CRS in which it is fit for a layer.
const BEYOND_AREA: f64 = 5.0;

/// True where all of a layer can be shown in a CRS.
pub fn fits(extent_lonlat: Option<Bbox>, crs: &Crs) -> bool {
    let Some(extent) = extent_lonlat else {
        return false;
    };
    let grown = |area: &Bbox| area.grown(BEYOND_AREA, BEYOND_AREA);
    crs.area_of_use
        .iter()
        .any(|area| grown(area).contains(&extent))
}

/// The zooms of a CRS that levels are worth building for, from the finest; none for a layer that
/// is quick as it is. A level must save `least_saved` positions a map.
pub fn zooms(
    store: &dyn FeatureStore,
    way: &Transform,
    extent: &Bbox,
    styles: &[Arc<Style>],
    least_saved: f64,
) -> Vec<Zoom> {
    let count = store.count();
    let sample = Sample::take(store, way, styles);
    let sampled = sample.geometries.len() as f64;
    if sampled == 0.0 || count == 0 {
        return Vec::new();
    }
    let share = sampled / count as f64;
    let own: f64 = sample
        .geometries
        .iter()
        .map(|geometry| geometry.coords().len() as f64)
        .sum();
    let all = own / share;
    if all < least_saved {
        return Vec::new();
    }
    let crs = way.target();
    let area = (extent.width() * extent.height()).max(f64::MIN_POSITIVE);
    let mut zooms = Vec::new();
    // what the next finer level has of all positions: the features themselves at first
    let mut finer = 1.0;
    for zoom in Zoom::all().rev() {
        let pixel = zoom.resolution(crs);
        let in_view = all * (VIEW_PX * pixel * pixel / area).min(1.0);
        if in_view * finer < least_saved {
            continue;
        }
        let ratio = sample.vertices_at(pixel, share) / own;
        if ratio <= finer * LEAST_RATIO && in_view * (finer - ratio) >= least_saved {
            zooms.push(zoom);
            finer = ratio;
        }
    }
    zooms
}

/// The side of the smallest squares worth a list of who is named there, in units of the CRS of
/// `extent`: four of them a feature.
pub fn squares(count: u64, extent: &Bbox) -> f64 {
    let area = (extent.width() * extent.height()).max(f64::MIN_POSITIVE);
    (area / count.max(1) as f64).sqrt() / 2.0
}

struct Sample {
    /// In the level's CRS.
    geometries: Vec<Geometry>,
    kind: GeometryType,
    /// How far apart points of a level are where they are many.
    spacing_px: f64,
    /// What strokes hide for certain, and what they do where they are of one colour.
    width_px: f64,
    plain_width_px: f64,
}

impl Sample {
    /// Features at equal distances in the source.
    fn take(store: &dyn FeatureStore, way: &Transform, styles: &[Arc<Style>]) -> Sample {
        let count = store.count();
        let step = count.div_ceil(SAMPLE).max(1);
        let mut geometries = Vec::new();
        let mut vertices = 0;
        for fid in (0..SAMPLE).map(|n| n * step).take_while(|fid| *fid < count) {
            let mut geometry = Geometry::default();
            let read = store.get(fid, &mut |feature| feature.geometry(&mut geometry));
            // a damaged one is left out here as it is everywhere
            if read.is_ok_and(|found| found) && !geometry.is_empty() {
                way.forward(geometry.coords_mut());
                vertices += geometry.coords().len();
                geometries.push(geometry);
            }
            if vertices > MAX_SAMPLED_VERTICES && geometries.len() > 16 {
                break;
            }
        }
        Sample {
            geometries,
            kind: store.schema().geometry,
            spacing_px: if radius_px(styles) >= 1.0 {
                PILED_PX
            } else {
                1.0
            },
            width_px: width_px(styles),
            plain_width_px: plain_width_px(styles),
        }
    }

    /// How many positions a level has of the sample, which is `share` of all.
    fn vertices_at(&self, pixel: f64, share: f64) -> f64 {
        if self.kind == GeometryType::Point {
            // as many points a cell as there would be of all points
            let cell = pixel * self.spacing_px / share.sqrt();
            let cells: HashSet<[i64; 2]> = self
                .geometries
                .iter()
                .flat_map(Geometry::coords)
                .map(|c| cell_of(*c, cell))
                .collect();
            return cells.len() as f64;
        }
        let mut simplifier = Simplifier::new(pixel);
        let mut lines = Lines::new(self, pixel, share);
        let areas: f64 = self
            .geometries
            .iter()
            .map(|geometry| {
                lines.take(geometry);
                areas_at(geometry, pixel, &mut simplifier)
            })
            .sum();
        areas + lines.vertices(&mut simplifier)
    }
}

/// Where a position lies among squares. Those of a sample are so much larger that one has as many
/// features as a cell has of all features.
fn cell_of(at: Coord, cell: f64) -> [i64; 2] {
    #[allow(clippy::cast_possible_truncation, reason = "saturates")]
    at.map(|v| (v / cell).floor() as i64)
}

/// How many positions a feature's polygons have in a level, without building it. One that is
/// merged counts for the share of a rectangle that it may become. Points are one.
fn areas_at(geometry: &Geometry, pixel: f64, simplifier: &mut Simplifier) -> f64 {
    let mut vertices = 0.0;
    let mut out = Geometry::default();
    for part in geometry.parts() {
        out.begin(geometry.kind());
        match part.kind {
            PartKind::Points => vertices += 1.0,
            PartKind::Line => {}
            PartKind::Polygon => match Outline::of(part.sequences()) {
                Some(outline) if outline.is_small(pixel) => {
                    let cells = outline.area / pixel / pixel;
                    vertices += (5.0 * cells).min(5.0);
                }
                _ => {
                    simplifier.polygon(part.sequences(), &mut out);
                }
            },
        }
        vertices += out.coords().len() as f64;
    }
    vertices
}

/// How many positions a sample's lines have in a level, without building it.
struct Lines<'a> {
    sample: &'a Sample,
    pixel: f64,
    /// Side of the squares that have of the sample what a pixel, or a block, has of all lines.
    cell: f64,
    block: f64,
    /// Length in a square of a block.
    lengths: HashMap<[i64; 2], f64>,
    lines: Vec<&'a [Coord]>,
}

impl<'a> Lines<'a> {
    fn new(sample: &'a Sample, pixel: f64, share: f64) -> Lines<'a> {
        let cell = pixel / share.sqrt();
        Lines {
            sample,
            pixel,
            cell,
            block: cell * BLOCK_PX,
            lengths: HashMap::new(),
            lines: Vec::new(),
        }
    }

    /// Takes the lines of a geometry in.
    fn take(&mut self, geometry: &'a Geometry) {
        let parts = geometry.parts().filter(|part| part.kind == PartKind::Line);
        for line in parts.flat_map(|part| part.sequences()) {
            if let Some(middle) = Bbox::around(line).map(|bbox| bbox.center()) {
                let length = line.windows(2).map(|ends| match ends {
                    [a, b] => (b[0] - a[0]).hypot(b[1] - a[1]),
                    _ => 0.0,
                });
                let square = cell_of(middle, self.block);
                *self.lengths.entry(square).or_default() += length.sum::<f64>();
                self.lines.push(line);
            }
        }
    }

    fn vertices(&self, simplifier: &mut Simplifier) -> f64 {
        let covering = self.block_of_level() / self.sample.plain_width_px.max(f64::MIN_POSITIVE);
        let is_dense =
            |length: &f64| self.sample.plain_width_px > 0.0 && *length >= DENSE * covering;
        let mut vertices = 0.0;
        for length in self.lengths.values() {
            if is_dense(length) {
                vertices += NET_POSITIONS;
            }
        }
        let mut short: HashMap<[i64; 2], f64> = HashMap::new();
        let mut out = Geometry::default();
        for line in &self.lines {
            let Some(bbox) = Bbox::around(*line) else {
                continue;
            };
            let length = self.lengths.get(&cell_of(bbox.center(), self.block));
            if length.is_some_and(is_dense) {
                continue;
            }
            if bbox.width().max(bbox.height()) <= self.pixel {
                *short.entry(cell_of(bbox.center(), self.cell)).or_default() += 1.0;
                continue;
            }
            out.begin(GeometryType::LineString);
            simplifier.line(line, &mut out);
            vertices += out.coords().len() as f64;
        }
        let left = short.values().map(|lines| {
            if self.sample.width_px > 0.0 {
                // pixels with a line in them, which are one line with those beside them
                let used = 1.0 - (-lines).exp();
                used * (1.0 - used) + used / 16.0
            } else {
                lines.min(f64::from(ENOUGH))
            }
        });
        vertices + 2.0 * left.sum::<f64>()
    }

    /// Length in a block of the level that covers a stroke of a pixel's width.
    fn block_of_level(&self) -> f64 {
        self.pixel * BLOCK_PX * BLOCK_PX
    }
}

/// The extent of a store in the CRS that a way leads to; `None` where there is none.
pub fn extent_in(store: &dyn FeatureStore, way: &Arc<Transform>) -> Option<Bbox> {
    let extent = store.extent()?;
    if way.is_identity() {
        return Some(extent);
    }
    way.forward_bbox(&extent)
        .into_iter()
        .reduce(|a, b| a.union(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::Schema;
    use crate::geom::PartKind;
    use crate::store::MemoryStore;
    use crate::store::memory::MemoryFeature;

    /// `side` by `side` circles of 40 positions, 100 m apart.
    fn circles(side: u32) -> (MemoryStore, Arc<Transform>) {
        let features = (0..side * side).map(|n| {
            let middle = [f64::from(n % side), f64::from(n / side)];
            let mut circle = Geometry::new(GeometryType::Polygon);
            circle.extend((0..=40).map(|i| {
                let (sin, cos) = (f64::from(i) * std::f64::consts::TAU / 40.0).sin_cos();
                [
                    middle[0] * 100.0 + cos * 40.0,
                    middle[1] * 100.0 + sin * 40.0,
                ]
            }));
            circle.end_part(PartKind::Polygon);
            MemoryFeature {
                geometry: Some(circle),
                values: Vec::new(),
            }
        });
        let schema = Schema {
            geometry: GeometryType::Polygon,
            ..Schema::default()
        };
        let crs = Crs::from_epsg(2154).unwrap();
        let store = MemoryStore::new(schema, Some(crs.clone()), features.collect());
        (store, Transform::new(&crs, &crs).unwrap())
    }

    fn zooms_of(side: u32) -> Vec<Zoom> {
        let (store, way) = circles(side);
        zooms(&store, &way, &store.extent().unwrap(), &[], LEAST_SAVED)
    }

    #[test]
    fn a_small_layer_needs_no_level_and_a_large_one_some() {
        assert!(zooms_of(10).is_empty());
        let many = zooms_of(60);
        assert!(
            !many.is_empty() && many.is_sorted_by(|a, b| a > b),
            "{many:?}"
        );
        // at 19 m a pixel a circle is drawn with fewer positions, at 2 m it is not
        assert!(many.iter().all(|zoom| *zoom <= Zoom::whole(14)), "{many:?}");
    }

    #[test]
    fn a_crs_is_for_layers_in_its_area() {
        let lambert = Crs::from_epsg(2154).unwrap();
        assert!(fits(Bbox::new(2.0, 44.0, 7.0, 47.0), &lambert));
        assert!(!fits(Some(Bbox::WORLD), &lambert));
        assert!(fits(Some(Bbox::WORLD), &Crs::from_epsg(3857).unwrap()));
        assert!(!fits(None, &lambert));
    }
}
