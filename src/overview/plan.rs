//! Which levels a layer is worth: told from a sample of its features.

use std::collections::HashSet;
use std::sync::Arc;

use super::build::vertices_at;
use super::ladder::Zoom;
use super::opaque::radius_px;
use super::simplify::Simplifier;
use crate::crs::{Crs, Transform};
use crate::geom::{Bbox, Geometry, GeometryType};
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
                .map(|c| {
                    #[allow(clippy::cast_possible_truncation, reason = "saturates")]
                    c.map(|v| (v / cell).floor() as i64)
                })
                .collect();
            return cells.len() as f64;
        }
        let mut simplifier = Simplifier::new(pixel);
        self.geometries
            .iter()
            .map(|geometry| vertices_at(geometry, pixel, &mut simplifier))
            .sum()
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
