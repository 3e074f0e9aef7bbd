//! Polygons that are specks on the map: drawn from their boxes, their positions are not read.

use super::reach::Way;
use crate::crs::ProjectorRun;
use crate::feature::{Feature, Schema};
use crate::geom::{Bbox, Coord, View};

/// A polygon whose box is at most so wide and high is a speck. Half of the box stands for its
/// area, so no pixel is off by more than 1/32 of full coverage.
const MAX_PX: f64 = 0.25;

/// Boxes are larger on the ground than on the map where a projection shrinks; those that exceed
/// the limit by more than this are read without a closer look.
const SLACK: f64 = 2.0;

/// Tells which features of a layer are specks on a view, by size alone and never by place: cuts
/// of one map have the same ones.
#[derive(Debug)]
pub(super) struct Speck {
    /// In units of the layer's CRS; 0 for a layer that does not hold polygons alone.
    looked_at: f64,
    /// In units of the view's CRS.
    max: Coord,
}

impl Speck {
    pub fn new(way: &Way, schema: &Schema, view: &View) -> Speck {
        let max = [view.resolution_x() * MAX_PX, view.resolution_y() * MAX_PX];
        let metres = max[0].max(max[1]) * way.forward.target().metres_per_unit;
        let looked_at = match schema.geometry.dimension() {
            Some(2) => SLACK * metres / way.forward.source().metres_per_unit,
            _ => 0.0,
        };
        Speck { looked_at, max }
    }

    /// The box of the feature in the view's CRS, where it is a speck.
    pub fn of(&self, feature: &dyn Feature, projector: &mut ProjectorRun<'_>) -> Option<Bbox> {
        if self.looked_at <= 0.0 {
            return None;
        }
        let bbox = feature
            .bbox()
            .filter(|b| b.width() <= self.looked_at && b.height() <= self.looked_at)?;
        let (x, y) = (
            (bbox.min_x + bbox.max_x) / 2.0,
            (bbox.min_y + bbox.max_y) / 2.0,
        );
        // the middles of the sides: as wide and as high as the box
        let mut middles = [
            [bbox.min_x, y],
            [x, bbox.max_y],
            [bbox.max_x, y],
            [x, bbox.min_y],
        ];
        projector.project(&mut middles);
        let image = Bbox::around(&middles)?;
        (image.width() <= self.max[0] && image.height() <= self.max[1]).then_some(image)
    }
}
