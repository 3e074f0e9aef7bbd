//! What is at a pixel of a map: features whose symbols are drawn there, then those whose areas
//! lie around it and are drawn otherwise, by their outlines say.

use std::collections::{HashSet, VecDeque};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use super::features::bind_filter;
use super::map::of_layer;
use super::near::Near;
use super::reach::Way;
use super::{FeatureInfoRequest, FoundFeature, FoundFeatures, LayerReport, MapLayer};
use crate::budget::Budget;
use crate::catalogue::Layer;
use crate::error::Result;
use crate::feature::{Feature, FieldType, OwnedValue, Value};
use crate::geom::{Bbox, Coord, Geometry, View};
use crate::render::{CompiledPass, CompiledStyle, Hit, HitTest, SymbolCache};
use crate::store::Select;

/// Pixels around a click that a line or a point may be away.
const TOLERANCE_PX: f64 = 2.0;
/// Features looked at before the topmost are chosen: a click on a heap of ten thousand points
/// need not hold them all.
const MAX_CANDIDATES: usize = 10_000;

/// Finds the features at a pixel, of each asked layer the topmost first. Layers that draw there
/// come before those of which only the inside of areas lies there, else they come as asked for.
///
/// # Errors
/// As for drawing the map.
pub fn find(
    request: &FeatureInfoRequest,
    budget: &Budget,
    symbols: &SymbolCache,
) -> Result<FoundFeatures> {
    let mut found = FoundFeatures::default();
    let mut inside = Vec::new();
    for (place, layer) in request.query_layers.iter().enumerate() {
        let started = Instant::now();
        let mut told = LayerReport {
            layer: layer.layer.id.clone(),
            style: layer.style.id.clone(),
            threads: 1,
            ..LayerReport::default()
        };
        let mut hits = find_in_layer(request, layer, budget, symbols, &mut told)?;
        // a layer that is drawn twice, in two styles say, has its features once
        let is_same = |other: &Arc<Layer>| Arc::ptr_eq(other, &layer.layer);
        let mut before = request.query_layers.iter().take(place);
        if before.any(|other| is_same(&other.layer)) {
            let known = found.features.iter().chain(&inside);
            let known = known.filter(|feature| is_same(&feature.layer));
            hits.leave_out(&known.map(|feature| feature.id.as_str()).collect());
        }
        match hits.drawn.is_empty() {
            true => inside.extend(hits.inside),
            false => found
                .features
                .extend(hits.drawn.into_iter().chain(hits.inside)),
        }
        told.time = started.elapsed();
        found.layers.push(told);
    }
    found.features.extend(inside);
    Ok(found)
}

/// What is found in one layer, the topmost first.
#[derive(Default)]
struct Hits {
    drawn: VecDeque<FoundFeature>,
    inside: VecDeque<FoundFeature>,
}

impl Hits {
    /// Puts a feature above those before it; of those drawn, then of the others, so many stay.
    fn put(&mut self, hit: Hit, feature: FoundFeature, wanted: usize) {
        let list = match hit {
            Hit::Drawn => &mut self.drawn,
            Hit::Inside => &mut self.inside,
        };
        list.push_front(feature);
        self.drawn.truncate(wanted);
        let left = wanted.saturating_sub(self.drawn.len());
        self.inside.truncate(left);
    }

    fn leave_out(&mut self, ids: &HashSet<&str>) {
        for list in [&mut self.drawn, &mut self.inside] {
            list.retain(|feature| !ids.contains(feature.id.as_str()));
        }
    }
}

/// Finds the features of one layer, the topmost first; what is found out about it is told.
fn find_in_layer(
    request: &FeatureInfoRequest,
    layer: &MapLayer,
    budget: &Budget,
    symbols: &SymbolCache,
    told: &mut LayerReport,
) -> Result<Hits> {
    let view = &request.map.view;
    let denominator = view.scale_denominator();
    if !layer.layer.scales.contains(denominator) {
        told.blank_because = Some(format!(
            "the scale 1:{denominator:.0} is outside the layer's range"
        ));
        return Ok(Hits::default());
    }
    told.in_scale = true;
    let named = |error| of_layer(error, &layer.layer.id);
    let schema = layer.layer.store.schema();
    let style = CompiledStyle::new(&layer.style, schema, view, symbols).map_err(named)?;
    let filter = layer.filter.as_ref();
    let filter = filter.map(|f| bind_filter(f, &layer.layer)).transpose()?;
    let way = Way::new(&layer.layer, &request.map.crs, view)?;
    told.pipeline = way.forward.pipeline().to_owned();
    told.accuracy_m = way.forward.accuracy_m();

    let tolerance = request.tolerance_px.unwrap_or(TOLERANCE_PX) * view.pixel_ratio.max(1.0);
    let pixel = request.pixel.map(|p| f64::from(p) + 0.5);
    let reach = style.max_reach_px() + tolerance + 1.0;
    let views = views_near(&way, &layer.layer, view, (pixel, reach));
    told.boxes = views.iter().flat_map(|(_, boxes)| boxes.clone()).collect();
    if views.is_empty() {
        told.blank_because = Some(
            "the point is outside the layer's extent, or outside what its CRS can show".into(),
        );
        return Ok(Hits::default());
    }
    let wanted = (request.feature_count as usize).max(1);
    let (mut geometry, mut part) = (Geometry::default(), Geometry::default());
    let mut hits = Hits::default();
    // positions in one cell of the grid become one of them
    let pixel_size = view.resolution_x().max(view.resolution_y());
    let least_m = pixel_size / 2.0 * request.map.crs.metres_per_unit;
    let is_local = way.is_seamless() && style.passes().iter().all(CompiledPass::is_local);
    let mut projector = way.projector.run();
    let mut seen = 0usize;
    for (view, boxes) in views {
        let mut hit_test = HitTest::new(&view, pixel, tolerance);
        let position = view.to_world(pixel);
        let near = is_local
            .then(|| Near::new(&boxes, &layer.layer.crs, least_m))
            .flatten();
        let select = Select { boxes, offset: 0 };
        let stats = layer.layer.store.select(&select, budget, &mut |feature| {
            if filter.as_ref().is_some_and(|f| !f.matches(feature)) {
                told.features_filtered += 1;
                return Ok(ControlFlow::Continue(()));
            }
            feature.geometry(&mut geometry)?;
            let vertices = geometry.coords().len() as u64;
            told.vertices += vertices;
            budget.spend(0, vertices)?;
            let is_reduced = near
                .as_ref()
                .is_some_and(|near| near.reduce(&geometry, feature.bbox(), &mut part));
            let hit = match is_reduced {
                true => {
                    way.project(&mut projector, &mut part);
                    hit_test.hit(&style, &part, feature)
                }
                false => {
                    way.project(&mut projector, &mut geometry);
                    hit_test.hit(&style, &geometry, feature)
                }
            };
            if let Some(hit) = hit {
                seen += 1;
                if is_reduced {
                    // far and wide, where no others will be asked for
                    way.project_exactly(&mut geometry);
                }
                // later features lie above: the last ones are the topmost
                let found = describe(&layer.layer, feature, &geometry, position);
                hits.put(hit, found, wanted);
            }
            Ok(if seen < MAX_CANDIDATES {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            })
        })?;
        told.index_nodes += stats.nodes;
        told.features_read += stats.features;
        told.features_damaged += stats.damaged;
    }
    told.features_drawn = seen as u64;
    if seen == 0 {
        told.blank_because = Some(match told.features_read {
            0 => "no feature's box touches the point".into(),
            read => format!(
                "nothing of {read} features near the point is drawn at it or lies around it"
            ),
        });
    }
    Ok(hits)
}

/// The views in which a layer may have something near a pixel, each with the boxes of the layer's
/// CRS to look in: on a map that goes on round the world, where its features are.
fn views_near(
    way: &Way,
    layer: &Layer,
    view: &View,
    (pixel, reach_px): (Coord, f64),
) -> Vec<(View, Vec<Bbox>)> {
    let around = |[x, y]: Coord| {
        let point = Bbox {
            min_x: x,
            min_y: y,
            max_x: x,
            max_y: y,
        };
        point.grown(
            reach_px * view.resolution_x(),
            reach_px * view.resolution_y(),
        )
    };
    let turns = way.turns(&*layer.store, &around(view.to_world(pixel)));
    let views = turns.into_iter().map(|by| {
        let view = view.moved_west(by);
        let boxes = way.boxes(layer, &around(view.to_world(pixel)));
        (view, boxes)
    });
    views.filter(|(_, boxes)| !boxes.is_empty()).collect()
}

/// What people may see of a feature.
fn describe(
    layer: &Arc<Layer>,
    feature: &dyn Feature,
    geometry: &Geometry,
    position: [f64; 2],
) -> FoundFeature {
    let values = layer
        .fields
        .iter()
        .map(|field| match (field.kind, feature.value(field.column)) {
            // a column of date and time that is configured, or was found, to hold dates
            (FieldType::Date, Value::DateTime(text)) => {
                OwnedValue::DateTime(text.split(['T', ' ']).next().unwrap_or(text).to_owned())
            }
            (_, value) => value.into(),
        })
        .collect();
    FoundFeature {
        layer: Arc::clone(layer),
        id: layer.feature_id(feature),
        values,
        geometry: geometry.clone(),
        bbox: geometry.bbox(),
        position,
    }
}
