use std::ops::ControlFlow;
use std::sync::Arc;

use crate::budget::Budget;
use crate::crs::{Crs, Transform};
use crate::error::{Error, Result};
use crate::geom::{Bbox, Coord, Geometry, GeometryType, PartKind};
use crate::query::{Expr, Filter, Literal, SpatialOp};
use crate::store::{FeatureStore, Select};

/// An area given by features: what lies in none of them is not wanted.
pub struct Cover {
    store: Arc<dyn FeatureStore>,
    crs: Crs,
    filter: Option<Filter>,
}

impl std::fmt::Debug for Cover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("Cover");
        debug.field("crs", &self.crs.id());
        debug.field("filter", &self.filter).finish_non_exhaustive()
    }
}

/// Positions along a side of a box: between two of them no projection in use bends the side by
/// a hundredth of the box.
const STEPS: u32 = 16;

impl Cover {
    /// The area of a store's features, or of those that a filter leaves.
    ///
    /// # Errors
    /// `InvalidFilter` for a filter that does not fit the schema; `Config` where no feature has
    /// a position, so that nothing would be wanted.
    pub fn new(store: Arc<dyn FeatureStore>, crs: Crs, filter: Option<Filter>) -> Result<Cover> {
        if let Some(filter) = &filter {
            filter.bind(store.schema())?;
        }
        if store.extent().is_none() {
            let message = "the area to cover has no feature with a position";
            return Err(Error::Config {
                message: message.into(),
            });
        }
        Ok(Cover { store, crs, filter })
    }

    /// True where a box of a CRS touches the area.
    ///
    /// # Errors
    /// `Transform` where PROJ knows no way; what the store refuses.
    pub fn touches(&self, crs: &Crs, bbox: &Bbox) -> Result<bool> {
        let there = Transform::new(crs, &self.crs)?;
        let boxes = there.forward_bbox(bbox);
        if boxes.is_empty() {
            return Ok(false);
        }
        let mut conditions: Vec<Filter> = self.filter.iter().cloned().collect();
        // a box that falls apart, at the edge of the world, counts as its boxes
        if let ([_], Some(shape)) = (boxes.as_slice(), outline(&there, bbox)) {
            conditions.push(Filter::Spatial {
                op: SpatialOp::Intersects,
                left: Expr::Geometry,
                right: Expr::Literal(Literal::Geometry(shape)),
                distance: 0.0,
            });
        }
        let condition = Filter::And(conditions).bind(self.store.schema())?;
        let mut is_touched = false;
        let select = Select { boxes, offset: 0 };
        let unlimited = Budget::unlimited();
        self.store.select(&select, &unlimited, &mut |feature| {
            is_touched = condition.matches(feature);
            Ok(match is_touched {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })
        })?;
        Ok(is_touched)
    }
}

/// The outline of a box in another CRS; `None` where a part of it has no place there.
fn outline(there: &Transform, bbox: &Bbox) -> Option<Geometry> {
    let along =
        |from: f64, to: f64, step: u32| from + (to - from) * f64::from(step) / f64::from(STEPS);
    let (west, south, east, north) = (bbox.min_x, bbox.min_y, bbox.max_x, bbox.max_y);
    let steps = || 0..STEPS;
    let mut ring: Vec<Coord> = steps().map(|s| [along(west, east, s), south]).collect();
    ring.extend(steps().map(|s| [east, along(south, north, s)]));
    ring.extend(steps().map(|s| [along(east, west, s), north]));
    ring.extend(steps().map(|s| [west, along(north, south, s)]));
    there.forward(&mut ring);
    let first = *ring.first()?;
    ring.push(first);
    let is_whole = ring.iter().flatten().all(|number| number.is_finite());
    is_whole.then(|| {
        let mut shape = Geometry::new(GeometryType::Polygon);
        shape.extend(ring);
        shape.end_sequence();
        shape.end_part(PartKind::Polygon);
        shape
    })
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::query::CompareOp;
    use crate::scratch::Scratch;
    use crate::store::MemoryStore;

    /// A triangle over the south-west of a square degree, and a dot far from it.
    fn cover(filter: Option<Filter>) -> Result<Cover> {
        let text = r#"{"type": "FeatureCollection", "features": [
            {"type": "Feature", "properties": {"kind": "area"}, "geometry":
                {"type": "Polygon", "coordinates": [[[4, 45], [5, 45], [4, 46], [4, 45]]]}},
            {"type": "Feature", "properties": {"kind": "dot"}, "geometry":
                {"type": "Point", "coordinates": [6.5, 45.5]}}]}"#;
        let folder = Scratch::new("cover");
        let path = folder.join("area.geojson");
        std::fs::write(&path, text).unwrap();
        let store = MemoryStore::from_geojson(&path).unwrap();
        Cover::new(Arc::new(store), Crs::crs84(), filter)
    }

    fn kind(value: &str) -> Filter {
        Filter::Compare {
            op: CompareOp::Equal,
            left: Expr::Property("kind".into()),
            right: Expr::Literal(Literal::Text(value.into())),
            match_case: true,
        }
    }

    #[test]
    fn a_box_beside_the_shape_is_not_in_it_though_it_is_in_the_box_around_it() {
        let cover = cover(None).unwrap();
        let lonlat = Crs::crs84();
        let touches = |box_of: [f64; 4]| {
            let [a, b, c, d] = box_of;
            cover
                .touches(&lonlat, &Bbox::new(a, b, c, d).unwrap())
                .unwrap()
        };
        assert!(touches([4.1, 45.1, 4.2, 45.2]), "inside");
        assert!(touches([3.0, 44.0, 7.0, 47.0]), "around");
        assert!(touches([4.4, 45.4, 4.6, 45.6]), "across the border");
        assert!(!touches([4.8, 45.8, 4.9, 45.9]), "beyond the long side");
        assert!(touches([6.4, 45.4, 6.6, 45.6]), "the dot");
    }

    #[test]
    fn a_box_of_another_crs_is_taken_there() {
        let cover = cover(None).unwrap();
        let lambert = Crs::from_epsg(2154).unwrap();
        let around = |x: f64, y: f64| Bbox::new(x, y, x + 2_000.0, y + 2_000.0).unwrap();
        // 4.25 east, 45.25 north; 4.9 east, 45.9 north
        assert!(
            cover
                .touches(&lambert, &around(798_000.0, 6_462_000.0))
                .unwrap()
        );
        assert!(
            !cover
                .touches(&lambert, &around(847_000.0, 6_535_000.0))
                .unwrap()
        );
    }

    #[test]
    fn a_filter_leaves_some_features_and_must_fit_them() {
        let dots = cover(Some(kind("dot"))).unwrap();
        let inside = Bbox::new(4.1, 45.1, 4.2, 45.2).unwrap();
        let dot = Bbox::new(6.4, 45.4, 6.6, 45.6).unwrap();
        assert!(!dots.touches(&Crs::crs84(), &inside).unwrap());
        assert!(dots.touches(&Crs::crs84(), &dot).unwrap());
        let unknown = Filter::IsNull(Expr::Property("knd".into()));
        let error = cover(Some(unknown)).unwrap_err().to_string();
        assert!(error.contains("knd"), "{error}");
    }
}
