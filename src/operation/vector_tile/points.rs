//! One point for each area or line of a tile: clients that set names themselves see an area in
//! pieces, one in each tile, and would name each of them.

use super::grid::Grid;
use crate::catalogue::Layer;
use crate::crs::Transform;
use crate::encode::mvt::{self, GeometryKind, Rank};
use crate::error::Result;
use crate::feature::Feature;
use crate::geom::Geometry;
use crate::operation::anchors::{Anchors, Known};
use crate::style::{LabelPlacement, Rule, Symbolizer};

/// The layer of points of a tile, under way.
pub(super) struct Points {
    known: Known,
    geometry: Geometry,
    pub out: mvt::Layer,
}

/// The name of the layer of points: no other can have it, since no id has a colon.
pub fn layer_name(layer: &str) -> String {
    format!("{layer}:points")
}

/// True where a style of the layer sets symbols or names at one point of areas or lines, at
/// scales between the two.
pub(super) fn are_of_use(layer: &Layer, [finest, coarsest]: [f64; 2]) -> bool {
    let has_extent = layer.store.schema().geometry.dimension() != Some(0);
    let is_shown = |rule: &&Rule| {
        rule.scales.min.is_none_or(|min| min <= coarsest)
            && rule.scales.max.is_none_or(|max| max > finest)
    };
    has_extent
        && layer
            .styles
            .iter()
            .flat_map(|style| &style.feature_type_styles)
            .flat_map(|pass| pass.rules.iter().filter(is_shown))
            .flat_map(|rule| &rule.symbolizers)
            .any(|symbolizer| match symbolizer {
                Symbolizer::Point(_) => true,
                Symbolizer::Text(text) => matches!(text.placement, LabelPlacement::Point { .. }),
                Symbolizer::Line(_) | Symbolizer::Polygon(_) => false,
            })
}

impl Points {
    pub fn new(layer: &Layer, names: Vec<String>, anchors: &Anchors) -> Points {
        Points {
            known: anchors.of(layer),
            geometry: Geometry::default(),
            out: mvt::Layer::new(&layer_name(&layer.id), mvt::EXTENT, names),
        }
    }

    /// Adds the feature's point where it lies in the tile: of all tiles it is in one.
    pub fn add(
        &mut self,
        feature: &dyn Feature,
        (id, rank): (Option<u64>, Rank),
        key_of: impl Fn(usize) -> Option<usize>,
        (grid, way): (&Grid, &Transform),
    ) -> Result<()> {
        let Some(at) = self.known.get(feature, &mut self.geometry, way)? else {
            return Ok(());
        };
        let extent = i64::from(mvt::EXTENT);
        let snapped = grid.snap(at);
        let is_own = |at: &[i64; 2]| at.iter().all(|v| (0..extent).contains(v));
        if let Some(point) = snapped.filter(is_own).and_then(|at| grid.inside(at)) {
            self.out.points(&[point]);
            let out = &mut self.out;
            feature.values(&mut |column, value| {
                if let Some(key) = key_of(column) {
                    out.tag(key, value);
                }
            });
            self.out.finish(id, GeometryKind::Points, rank);
        }
        Ok(())
    }
}
