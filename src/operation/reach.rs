//! Which part of a layer a view needs: its boxes in the layer's CRS, and the way there.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::budget::Budget;
use crate::catalogue::Layer;
use crate::crs::{Crs, CrsKind, Projector, ProjectorRun, Seam, Transform};
use crate::error::Result;
use crate::geom::{Bbox, Geometry, View};
use crate::store::{FeatureStore, Select};

/// Drawn positions are at most this far from PROJ's, in pixels.
const TOLERANCE_PX: f64 = 0.125;

/// Of a map many times as wide as the world so many turns are drawn to either side of its middle.
const MAX_TURNS: u8 = 3;
/// Parts of a turn that are rounding: a millimetre.
const ROUNDING: f64 = 1e-10;

/// The way from a layer's CRS to a view's.
#[derive(Debug)]
pub struct Way {
    pub forward: Arc<Transform>,
    back: Arc<Transform>,
    pub projector: Projector,
    /// Where what is drawn would be torn.
    seam: Option<Seam>,
}

impl Way {
    /// # Errors
    /// `Transform` where PROJ knows no way.
    pub fn new(layer: &Layer, crs: &Crs, view: &View) -> Result<Way> {
        Way::between((&layer.crs, layer.extent_lonlat), crs, view)
    }

    /// The way from any CRS that features are held in, and where they lie in longitude and
    /// latitude.
    ///
    /// # Errors
    /// As `new`.
    pub fn between(source: (&Crs, Option<Bbox>), crs: &Crs, view: &View) -> Result<Way> {
        let resolution = view.resolution_x().min(view.resolution_y());
        Way::within(source, crs, resolution * TOLERANCE_PX)
    }

    /// A way that keeps within `tolerance` of the exact one, in units of `crs`.
    ///
    /// # Errors
    /// `Transform` where PROJ knows no way.
    pub fn within(
        (source, lonlat): (&Crs, Option<Bbox>),
        crs: &Crs,
        tolerance: f64,
    ) -> Result<Way> {
        let forward = Transform::new(source, crs)?;
        let back = forward.inverse()?;
        let projector = Projector::new(&forward, tolerance);
        let seam = Seam::of(&forward, lonlat);
        Ok(Way {
            forward,
            back,
            projector,
            seam,
        })
    }

    /// Takes a geometry along, near the exact way; what the antimeridian cuts is put together.
    pub fn project(&self, run: &mut ProjectorRun<'_>, geometry: &mut Geometry) {
        match &self.seam {
            None => run.project(geometry.coords_mut()),
            Some(seam) => seam.project(geometry, |coords| run.project(coords)),
        }
    }

    /// Takes a geometry along the exact way; what the antimeridian cuts is put together.
    pub fn project_exactly(&self, geometry: &mut Geometry) {
        match &self.seam {
            None => self.forward.forward(geometry.coords_mut()),
            Some(seam) => seam.project(geometry, |coords| self.forward.forward(coords)),
        }
    }

    /// True where a position says by itself where it goes: what lies far from a map may then be
    /// moved.
    pub fn is_seamless(&self) -> bool {
        self.seam.is_none()
    }

    /// How far a view is moved west for each time that it sees the store's features, in units of
    /// its CRS. That is once, without a move, but where the view or the features lie across the
    /// antimeridian, on a map whose x goes on there: what is at 170° west is also at 190° east.
    pub fn turns(&self, store: &dyn FeatureStore, view_box: &Bbox) -> Vec<f64> {
        let Some((turn, [west, east])) = self.round_the_world(store) else {
            return vec![0.0];
        };
        // the map of the world that ends where the view begins is not in it, nor the one after
        let first = ((view_box.min_x - east) / turn + ROUNDING).floor() + 1.0;
        let last = ((view_box.max_x - west) / turn - ROUNDING).ceil() - 1.0;
        let middle = ((first + last) / 2.0).round();
        if !(first..=last).contains(&middle) {
            return vec![0.0];
        }
        let turns =
            (0..2 * MAX_TURNS + 1).map(|place| middle + f64::from(place) - f64::from(MAX_TURNS));
        let seen = turns.filter(|number| (first..=last).contains(number));
        seen.map(|number| number * turn).collect()
    }

    /// The length of a turn and between which x the store's features lie: the whole world, and
    /// more where longitudes go on beyond ±180°. `None` where x has an end.
    fn round_the_world(&self, store: &dyn FeatureStore) -> Option<(f64, [f64; 2])> {
        let turn = self.forward.target().turn()?;
        if self.seam.is_some() {
            return Some((turn, [-turn, turn]));
        }
        let extent = store.extent()?;
        let scale = match (self.forward.is_identity(), self.forward.source().turn()) {
            (true, _) => 1.0,
            // of degrees: what a projection has is behind the antimeridian on the other side
            (false, Some(source)) if self.forward.source().is_lon_lat_degrees() => turn / source,
            _ => 0.0,
        };
        let half = turn / 2.0;
        let farthest = half + turn;
        let end = |x: f64| {
            let beyond = (x * scale).clamp(-farthest, farthest);
            // rounding is no way round the world
            if beyond.abs() > half * (1.0 + ROUNDING) {
                beyond
            } else {
                0.0
            }
        };
        Some((
            turn,
            [end(extent.min_x).min(-half), end(extent.max_x).max(half)],
        ))
    }

    /// The boxes of the layer's CRS that a box of the view's CRS needs; none where nothing of
    /// it can be there.
    pub fn boxes(&self, layer: &Layer, view_box: &Bbox) -> Vec<Bbox> {
        self.boxes_in(&*layer.store, view_box)
    }

    /// The same for a store of the CRS that the way comes from.
    pub fn boxes_in(&self, store: &dyn FeatureStore, view_box: &Bbox) -> Vec<Bbox> {
        let Some(extent) = store.extent() else {
            return Vec::new();
        };
        if self.forward.is_identity() {
            return view_box.intersection(&extent).into_iter().collect();
        }
        let mut seen = *view_box;
        let mut turns: &[f64] = &[0.0];
        if let Some((turn, [west, east])) = self.round_the_world(store) {
            // beyond it are other turns
            seen.min_x = seen.min_x.max(west);
            seen.max_x = seen.max_x.min(east);
            if seen.min_x > seen.max_x {
                return Vec::new();
            }
            let is_turned = self.forward.source().is_lon_lat_degrees();
            if is_turned && east - west > turn {
                turns = &[0.0, -360.0, 360.0];
            }
        }
        let boxes = self.back.forward_bbox(&seen);
        boxes
            .iter()
            .flat_map(|b| turns.iter().map(|by| b.moved_east(*by)))
            .filter_map(|b| b.intersection(&extent))
            .collect()
    }
}

/// True where a feature of the layer may be in a box of a CRS, as far as its index tells.
///
/// # Errors
/// `Transform` where PROJ knows no way; what the store refuses.
pub fn touches(layer: &Layer, crs: &Crs, bbox: &Bbox) -> Result<bool> {
    let source = (&layer.crs, layer.extent_lonlat);
    let boxes = Way::within(source, crs, bbox.width())?.boxes(layer, bbox);
    if boxes.is_empty() {
        return Ok(false);
    }
    let mut is_found = false;
    let select = Select { boxes, offset: 0 };
    layer
        .store
        .select(&select, &Budget::unlimited(), &mut |_| {
            is_found = true;
            Ok(ControlFlow::Break(()))
        })?;
    Ok(is_found)
}

/// Degrees around the area that a CRS is made for. What a projection makes of places farther
/// away, millions of kilometres off, is nothing to zoom to.
const BEYOND_AREA: f64 = 45.0;

/// Where web maps end, rounded up: EPSG's area of use of EPSG:3857 reaches to 85.06°.
const MERCATOR_END: f64 = 85.07;

/// Sides of the smallest box that is told of a layer, in degrees and in a projection's units,
/// which are metres: about a village square.
const LEAST_SIDE: (f64, f64) = (0.001, 100.0);

/// A layer's extent as clients are told it: never without area. A single point, or some on a
/// line, would have a box that WMS forbids (06-042 §6.7.4), that QGIS takes for a layer that is
/// not valid and GDAL for a picture of no pixels, and that nobody can zoom to.
pub fn with_room(extent: Bbox, crs: &Crs) -> Bbox {
    let least = match crs.kind {
        CrsKind::Geographic => LEAST_SIDE.0,
        CrsKind::Projected | CrsKind::Other => LEAST_SIDE.1,
    };
    let missing = |side: f64| (least - side).max(0.0) / 2.0;
    extent.grown(missing(extent.width()), missing(extent.height()))
}

/// The layer's extent in a CRS; `None` where the layer has no position, or none there. Of a
/// layer that reaches far beyond the CRS's area of use, the part around that area.
pub fn extent_in(layer: &Layer, crs: &Crs) -> Option<Bbox> {
    let extent = layer.store.extent()?;
    if layer.crs == *crs {
        return Some(extent);
    }
    let boxes = |from: &Crs, bbox: &Bbox| -> Option<Bbox> {
        let boxes = Transform::new(from, crs).ok()?.forward_bbox(bbox);
        let all = boxes.into_iter().reduce(|a, b| a.union(&b))?;
        // a damaged position is nowhere on Earth, and no reason to send anybody there
        match crs.is_lon_lat_degrees() {
            true => all.intersection(&Bbox::WORLD),
            false => Some(all),
        }
    };
    part_around(layer, crs)
        .and_then(|part| boxes(&Crs::crs84(), &part))
        .or_else(|| boxes(&layer.crs, &extent))
}

/// In longitude and latitude, the part of a layer's extent around the area of a projected CRS;
/// `None` where that is all of it, none of it, or can't be told.
fn part_around(layer: &Layer, crs: &Crs) -> Option<Bbox> {
    let ([area], CrsKind::Projected) = (crs.area_of_use.as_slice(), crs.kind) else {
        return None;
    };
    let mut around = area.grown(BEYOND_AREA, BEYOND_AREA);
    // What is made for places up to here has its poles out of reach, where it has them at all:
    // a Mercator puts 89.99° north at 65,000 km and the pole nowhere.
    if area.min_y > -MERCATOR_END {
        around.min_y = around.min_y.max(-MERCATOR_END);
    }
    if area.max_y < MERCATOR_END {
        around.max_y = around.max_y.min(MERCATOR_END);
    }
    let all = layer.extent_lonlat?.intersection(&Bbox::WORLD)?;
    let part = all.intersection(&around)?;
    (part != all).then_some(part)
}
