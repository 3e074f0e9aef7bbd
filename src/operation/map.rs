//! Drawing a map: layer by layer from the bottom, then the labels of all of them together.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use super::anchors::Anchors;
use super::blocks::{Block, Blocks, LabelsOfBlock};
use super::features::bind_filter;
use super::layer;
use super::level_of_detail::{Detail, Sources};
use super::reach::Way;
use super::{DrawReport, Drawn, LayerReport, MapLayer, MapRequest};
use crate::budget::Budget;
use crate::error::{Error, Result};
use crate::feature::{Feature, Schema};
use crate::geom::{Geometry, View};
use crate::overview::{Level, Names, Overviews, fid_of};
use crate::query::BoundFilter;
use crate::render::label::{CompiledText, LabelSet, PlacedLabels, least_exponent, margins_px};
use crate::render::{Canvas, Color, CompiledStyle, SymbolCache};
use crate::store::{Flow, Select};

/// A layer of a map, made ready for its view.
pub(super) struct Prepared<'a> {
    pub request: &'a MapLayer,
    /// For the layer's columns.
    pub style: CompiledStyle<'a>,
    /// For those of the level that is drawn instead.
    pub level_style: Option<CompiledStyle<'a>>,
    filter: Option<BoundFilter>,
    /// From the layer's CRS: labels are placed from the features.
    way: Way,
    pub detail: Detail,
    /// Where its texts begin among those of the map.
    first_text: usize,
    /// Who is asked for a label; `None` is everyone.
    names: Option<Arc<Names>>,
}

/// What all maps share, and what is known of labels around this one.
pub struct Hands<'a> {
    pub symbols: &'a SymbolCache,
    pub anchors: &'a Anchors,
    pub overviews: &'a Overviews,
    /// The block that the map is a part of.
    pub block: Option<(&'a Block, &'a Blocks)>,
}

/// Draws a map from what was chosen for it.
///
/// # Errors
/// `LimitExceeded`, `DeadlineExceeded`, `Cancelled` by the budget; `Transform` where a layer
/// can't be taken into the map's CRS; `FieldNotDefined` and `InvalidFilter` for a style or
/// filter that does not fit its layer.
pub fn draw(
    request: &MapRequest,
    sources: &Sources,
    budget: &Budget,
    hands: &Hands<'_>,
) -> Result<Drawn> {
    let symbols = hands.symbols;
    let started = Instant::now();
    let view = &request.view;
    let [r, g, b] = request.background;
    let background = match request.transparent {
        true => Color::TRANSPARENT,
        false => Color::rgb(r, g, b),
    };
    let mut canvas = Canvas::filled(view.size, background)?;
    let mut report = DrawReport::default();
    let mut texts = Vec::new();
    let mut prepared = Vec::new();
    for (place, layer) in request.layers.iter().enumerate() {
        let layer_started = Instant::now();
        let mut told = LayerReport {
            layer: layer.layer.id.clone(),
            style: layer.style.id.clone(),
            ..LayerReport::default()
        };
        if let Some(ready) = prepare(
            request,
            (layer, place, sources),
            hands,
            &mut texts,
            &mut told,
        )? {
            let opacity = layer.layer.opacity;
            if opacity < 1.0 {
                // as a whole: where its features overlap they do not shine through each other
                let mut own = Canvas::new(view.size)?;
                layer::draw(&ready, view, budget, symbols, &mut own, &mut told)?;
                canvas.overlay(own, opacity);
            } else {
                layer::draw(&ready, view, budget, symbols, &mut canvas, &mut told)?;
            }
            prepared.push(ready);
        }
        told.time = layer_started.elapsed();
        report.layers.push(told);
    }
    if !texts.is_empty() {
        let label_started = Instant::now();
        let place = |view: &View, budget: &Budget| {
            place_all(&prepared, &texts, view, budget, hands.anchors)
        };
        let of_block = match hands.block {
            Some((block, blocks)) => blocks.labels(block, budget, place)?,
            None => Arc::default(),
        };
        let own = match &*of_block {
            Some(_) => None,
            None => Some(place(view, budget)?),
        };
        let corner = own
            .is_none()
            .then(|| hands.block.map(|(block, _)| block.corner));
        let corner = corner.flatten().unwrap_or([0, 0]);
        for labels in own.iter().chain(of_block.iter()).flatten() {
            labels.draw(&mut canvas.pixmap_mut().as_mut(), corner);
            report.label_candidates += labels.candidates() as u64;
            report.labels += labels.len() as u64;
        }
        report.label_time = label_started.elapsed();
        let any = report.labels > 0;
        for (layer, told) in prepared.iter().zip(layers_told(&mut report)) {
            if layer.has_texts() && any {
                told.blank_because = None;
            }
        }
    }
    report.total_time = started.elapsed();
    Ok(Drawn {
        pixmap: canvas.into_pixmap(),
        report,
    })
}

/// How far the view is moved west for each time that it sees what has names.
fn turns_of_names(prepared: &[Prepared<'_>], view: &View) -> Vec<f64> {
    let named = prepared.iter().filter(|ready| ready.has_texts());
    let turns = named.flat_map(|ready| {
        let store = &*ready.request.layer.store;
        ready.way.turns(store, &view.bbox)
    });
    let mut turns: Vec<f64> = turns.collect();
    turns.sort_by(f64::total_cmp);
    turns.dedup();
    turns
}

/// The reports of the layers that were prepared, in their order.
fn layers_told(report: &mut DrawReport) -> impl Iterator<Item = &mut LayerReport> {
    report.layers.iter_mut().filter(|l| l.in_scale)
}

/// A fault of a style or filter with the name of its layer.
pub(super) fn of_layer(error: Error, id: &str) -> Error {
    match error {
        Error::FieldNotDefined {
            layer,
            field,
            nearest,
        } if layer.is_empty() => Error::FieldNotDefined {
            layer: id.to_owned(),
            field,
            nearest,
        },
        other => other,
    }
}

/// Makes a layer ready; `None` where it is out of scale.
fn prepare<'a>(
    request: &MapRequest,
    (layer, place, sources): (&'a MapLayer, usize, &Sources),
    hands: &Hands<'_>,
    texts: &mut Vec<CompiledText>,
    told: &mut LayerReport,
) -> Result<Option<Prepared<'a>>> {
    let view = &request.view;
    let named = |error| of_layer(error, &layer.layer.id);
    let schema: &Schema = layer.layer.store.schema();
    let denominator = view.scale_denominator();
    if !layer.layer.scales.contains(denominator) {
        told.blank_because = Some(format!(
            "the scale 1:{denominator:.0} is outside the layer's range"
        ));
        return Ok(None);
    }
    let style = CompiledStyle::new(&layer.style, schema, view, hands.symbols).map_err(named)?;
    if style.is_blank() {
        told.blank_because = Some(format!(
            "no rule of the style is seen at 1:{denominator:.0}"
        ));
        return Ok(None);
    }
    let filter = layer.filter.as_ref();
    let filter = filter.map(|f| bind_filter(f, &layer.layer)).transpose()?;
    let first_text = texts.len();
    let rank = u32::try_from(place).unwrap_or(u32::MAX);
    for text in all_texts(&style) {
        texts.push(CompiledText::new(text, schema, view, rank).map_err(named)?);
    }
    told.in_scale = true;
    let own_texts = texts.iter().skip(first_text);
    let names = least_exponent(own_texts, view)
        // of those that a filter leaves others are the first
        .filter(|_| layer.filter.is_none())
        .and_then(|exponent| {
            hands
                .overviews
                .names(&layer.layer, &layer.style, &request.crs, exponent)
        });
    told.names = names.as_deref().map(Names::name);
    let way = Way::new(&layer.layer, &request.crs, view)?;
    let detail = Detail::of(layer, &request.crs, view, sources.level(place))?;
    told.level = detail.level.as_deref().map(Level::name);
    told.pipeline = detail.way.forward.pipeline().to_owned();
    told.accuracy_m = way.forward.accuracy_m();
    let level_style = detail
        .level
        .as_ref()
        .map(|level| CompiledStyle::new(&layer.style, level.store.schema(), view, hands.symbols));
    Ok(Some(Prepared {
        request: layer,
        style,
        level_style: level_style.transpose().map_err(named)?,
        filter,
        way,
        detail,
        first_text,
        names,
    }))
}

/// The texts of a style in the order in which [`texts_of_rule`] counts them.
fn all_texts<'a, 's>(
    style: &'a CompiledStyle<'s>,
) -> impl Iterator<Item = &'s crate::style::TextSymbolizer> + use<'a, 's> {
    style
        .passes()
        .iter()
        .flat_map(|pass| &pass.rules)
        .flat_map(|rule| rule.texts.iter().copied())
}

impl Prepared<'_> {
    fn has_texts(&self) -> bool {
        all_texts(&self.style).next().is_some()
    }

    /// Visits the features that may have a label.
    fn each_to_name(
        &self,
        select: &Select,
        budget: &Budget,
        visit: &mut dyn FnMut(&dyn Feature) -> Flow,
    ) -> Result<()> {
        let store = &*self.request.layer.store;
        let Some(names) = &self.names else {
            return store.select(select, budget, visit).map(|_| ());
        };
        let each = &mut |point: &dyn Feature| {
            let mut flow = ControlFlow::Continue(());
            if let Some(fid) = fid_of(point, names.fid_column) {
                store.get(fid, &mut |feature| {
                    flow = visit(feature)?;
                    Ok(())
                })?;
            }
            Ok(flow)
        };
        names.store.select(select, budget, each).map(|_| ())
    }

    pub fn lets_pass(&self, feature: &dyn Feature) -> bool {
        self.filter.as_ref().is_none_or(|f| f.matches(feature))
    }
}

/// The labels of a view, a set for each time that it sees what has names.
fn place_all(
    prepared: &[Prepared<'_>],
    texts: &[CompiledText],
    view: &View,
    budget: &Budget,
    anchors: &Anchors,
) -> Result<LabelsOfBlock> {
    let turns = turns_of_names(prepared, view);
    turns
        .into_iter()
        .map(|by| place_labels(prepared, texts, &view.moved_west(by), budget, anchors))
        .collect()
}

/// Places the labels of all layers together; more features are selected only where a label in
/// view depends on them.
fn place_labels(
    prepared: &[Prepared<'_>],
    texts: &[CompiledText],
    view: &View,
    budget: &Budget,
    anchors: &Anchors,
) -> Result<PlacedLabels> {
    let mut placed = None;
    for margin in margins_px(texts) {
        let mut set = LabelSet::new(view, texts, margin);
        for ready in prepared {
            if ready.has_texts() {
                add_labels(ready, texts, &mut set, view, margin, budget, anchors)?;
            }
        }
        let placement = set.place(budget)?;
        let settled = placement.settled;
        placed = Some(placement.labels);
        if settled {
            break;
        }
    }
    placed.ok_or_else(|| Error::Internal {
        message: "labels have no margins to try".into(),
    })
}

fn add_labels(
    ready: &Prepared<'_>,
    texts: &[CompiledText],
    set: &mut LabelSet<'_>,
    view: &View,
    margin: [f64; 2],
    budget: &Budget,
    anchors: &Anchors,
) -> Result<()> {
    let layer = &ready.request.layer;
    let [side, above] = margin;
    let grown = view
        .bbox
        .grown(side * view.resolution_x(), above * view.resolution_y());
    let boxes = match &ready.names {
        // points of the map's CRS; those on its border too
        Some(_) => vec![grown.grown(view.resolution_x(), view.resolution_y())],
        None => ready.way.boxes(layer, &grown),
    };
    if boxes.is_empty() {
        return Ok(());
    }
    let select = Select { boxes, offset: 0 };
    let known = anchors.of(layer);
    let mut geometry = Geometry::default();
    let mut first_text = ready.first_text;
    for pass in ready.style.passes() {
        let in_pass: usize = pass.rules.iter().map(|r| r.texts.len()).sum();
        if in_pass == 0 {
            continue;
        }
        ready.each_to_name(&select, budget, &mut |feature| {
            if !ready.lets_pass(feature) {
                return Ok(ControlFlow::Continue(()));
            }
            let mut wanted = Vec::new();
            let mut number = first_text;
            let mut numbers = pass.rules.iter().map(|rule| {
                let first = number;
                number += rule.texts.len();
                (rule, first)
            });
            pass.each_rule(feature, |applies| {
                // rules come in order: skip to the one that applies
                if let Some((_, first)) = numbers.find(|(rule, _)| std::ptr::eq(*rule, applies)) {
                    wanted.extend(first..first + applies.texts.len());
                }
            });
            let mut projected = false;
            for text in wanted {
                let follows = texts.get(text).is_some_and(CompiledText::follows_lines);
                if !follows {
                    if let Some(at) = known.get(feature, &mut geometry, &ready.way.forward)? {
                        set.add_at(text, feature, at)?;
                    }
                    continue;
                }
                if !projected {
                    feature.geometry(&mut geometry)?;
                    // exact, not the projector's approximation: labels may not depend on the view
                    ready.way.project_exactly(&mut geometry);
                    projected = true;
                }
                set.add(text, feature, &geometry)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        first_text += in_pass;
    }
    Ok(())
}
