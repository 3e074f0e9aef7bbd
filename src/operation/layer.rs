//! The features of one layer onto a map: by one thread or, where that takes long and others are
//! idle, by several, each on rows of its own.

use std::ops::ControlFlow;
use std::time::Instant;

use rayon::prelude::*;

use super::LayerReport;
use super::map::Prepared;
use super::near::Near;
use super::speck::Speck;
use crate::budget::Budget;
use crate::crs::ProjectorRun;
use crate::error::Result;
use crate::feature::Feature;
use crate::geom::{Bbox, Coord, Geometry, View};
use crate::overview::is_net;
use crate::render::{Band, Canvas, CompiledPass, Painter, SymbolCache};
use crate::store::{FeatureStore, Select, SelectStats};

/// Soft edges reach a little beyond what is drawn, and boxes are rounded.
const SLACK_PX: f64 = 2.0;
/// Features are counted against the budget, and help is looked for, in batches of that many.
const BATCH: u64 = 256;
/// Rows below this are not worth a thread.
const LEAST_ROWS: usize = 32;

/// Draws a layer.
///
/// # Errors
/// What the budget says; `Data` of features that can't be read.
pub(super) fn draw(
    ready: &Prepared<'_>,
    view: &View,
    budget: &Budget,
    symbols: &SymbolCache,
    canvas: &mut Canvas,
    told: &mut LayerReport,
) -> Result<()> {
    let style = ready.level_style.as_ref().unwrap_or(&ready.style);
    let store = ready.detail.store(ready.request);
    let turns = ready.detail.way.turns(store, &view.bbox);
    let jobs = turns.iter().map(|by| {
        let mut job = Job {
            ready,
            view: view.moved_west(*by),
            budget,
            symbols,
            store,
            margin: style.max_reach_px() + SLACK_PX,
            boxes: Vec::new(),
            began: Instant::now(),
        };
        job.boxes = job.boxes_of_rows(0.0, f64::from(view.size.height));
        job
    });
    let jobs: Vec<Job<'_>> = jobs.filter(|job| !job.boxes.is_empty()).collect();
    told.boxes = jobs.iter().flat_map(|job| job.boxes.clone()).collect();
    told.threads = 1;
    if jobs.is_empty() {
        told.blank_because = Some(why_no_boxes(ready));
        return Ok(());
    }
    for pass in style.passes() {
        if pass.rules.iter().any(|rule| !rule.symbolizers.is_empty()) {
            for job in &jobs {
                job.draw_pass(pass, canvas, told)?;
            }
        }
    }
    if told.features_drawn == 0 {
        told.blank_because = Some(why_blank(told));
    }
    Ok(())
}

/// What all threads that draw a layer need.
struct Job<'a> {
    ready: &'a Prepared<'a>,
    /// Once round the world it is another one.
    view: View,
    budget: &'a Budget,
    symbols: &'a SymbolCache,
    store: &'a dyn FeatureStore,
    /// How far features are drawn from where they are, in pixels.
    margin: f64,
    /// The map, in the store's CRS.
    boxes: Vec<Bbox>,
    began: Instant,
}

impl Job<'_> {
    /// Boxes of the store's CRS that rows of the map need; none where nothing of it can be there.
    fn boxes_of_rows(&self, top: f64, bottom: f64) -> Vec<Bbox> {
        let all = self.view.bbox_with_margin(self.margin);
        let y = |row: f64| self.view.bbox.max_y - row * self.view.resolution_y();
        let rows = Bbox {
            min_y: y(bottom + self.margin),
            max_y: y(top - self.margin),
            ..all
        };
        self.ready.detail.way.boxes_in(self.store, &rows)
    }

    /// What is near the map, for a pass that draws no more than what is there.
    fn near(&self, pass: &CompiledPass<'_>) -> Option<Near> {
        let way = &self.ready.detail.way.forward;
        let pixel = self.view.resolution_x().max(self.view.resolution_y());
        // positions in one cell of the grid become one of them
        let least_m = pixel / 2.0 * way.target().metres_per_unit;
        (pass.is_local() && self.ready.detail.way.is_seamless())
            .then(|| Near::new(&self.boxes, way.source(), least_m))
            .flatten()
    }

    fn draw_pass(
        &self,
        pass: &CompiledPass<'_>,
        canvas: &mut Canvas,
        told: &mut LayerReport,
    ) -> Result<()> {
        let mut hand = Hand::new(self, pass, canvas.whole());
        // what stands for crowds of areas waits to be drawn together: it is not parted
        let may_share = hand.count_column.is_none() || hand.is_of_lines;
        let (mut features, mut rest) = (0u64, None);
        let select = Select {
            boxes: self.boxes.clone(),
            offset: 0,
        };
        let stats = self.store.select(&select, self.budget, &mut |feature| {
            hand.feature(feature, true)?;
            features += 1;
            if may_share && features.is_multiple_of(BATCH) {
                let helpers = self.budget.helpers(self.began);
                if helpers > 0 {
                    rest = Some((feature.fid(), helpers));
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        hand.painter.end_crowd();
        hand.counts.tell(&stats, told);
        told.features_read += stats.features;
        drop(hand);
        if let Some((last, helpers)) = rest {
            self.draw_rest(pass, canvas, (last, helpers), told)?;
        }
        Ok(())
    }

    /// Draws the features behind the `last` that was drawn, on bands of the map.
    fn draw_rest(
        &self,
        pass: &CompiledPass<'_>,
        canvas: &mut Canvas,
        (last, helpers): (u64, usize),
        told: &mut LayerReport,
    ) -> Result<()> {
        let rows = self.view.size.height as usize;
        let threads = (helpers + 1).min(rows / LEAST_ROWS).max(1);
        let bands = canvas.bands(threads);
        let boxes: Vec<Vec<Bbox>> = bands
            .iter()
            .map(|band| {
                let rect = band.rect();
                self.boxes_of_rows(f64::from(rect.y0), f64::from(rect.y1))
            })
            .collect();
        told.threads = told.threads.max(boxes.len());
        let parts: Vec<(Counts, SelectStats)> = bands
            .into_par_iter()
            .enumerate()
            .map(|(number, band)| self.draw_band(pass, band, number, &boxes, last))
            .collect::<Result<_>>()?;
        for (counts, stats) in parts {
            told.features_read += counts.features;
            counts.tell(&stats, told);
        }
        Ok(())
    }

    /// Draws the features behind `last` on a band. Each is counted by the first band that it is
    /// read for.
    fn draw_band(
        &self,
        pass: &CompiledPass<'_>,
        band: Band<'_>,
        number: usize,
        boxes: &[Vec<Bbox>],
        last: u64,
    ) -> Result<(Counts, SelectStats)> {
        let (before, own) = boxes.split_at_checked(number).unwrap_or((boxes, &[]));
        let Some(own) = own.first().filter(|own| !own.is_empty()) else {
            return Ok(Default::default());
        };
        let select = Select {
            boxes: own.clone(),
            offset: 0,
        };
        let mut hand = Hand::new(self, pass, band);
        let stats = self
            .store
            .select(&select, &self.budget.uncounted(), &mut |feature| {
                if feature.fid() > last {
                    let is_in = |b: &Bbox| feature.bbox().is_none_or(|f| f.intersects(b));
                    let is_first = !before.iter().flatten().any(is_in);
                    hand.feature(feature, is_first)?;
                }
                Ok(ControlFlow::Continue(()))
            })?;
        Ok((hand.counts, stats))
    }
}

/// What was done to features.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    features: u64,
    vertices: u64,
    filtered: u64,
    drawn: u64,
    /// Since the budget was last told.
    untold: u64,
    untold_vertices: u64,
}

impl Counts {
    fn tell(&self, stats: &SelectStats, told: &mut LayerReport) {
        told.vertices += self.vertices;
        told.features_filtered += self.filtered;
        told.features_drawn += self.drawn;
        told.index_nodes += stats.nodes;
        told.features_damaged += stats.damaged;
    }
}

/// Draws features with a pass on some rows of the map.
struct Hand<'a, 'b> {
    job: &'a Job<'a>,
    pass: &'a CompiledPass<'a>,
    painter: Painter<'b>,
    projector: ProjectorRun<'a>,
    speck: Speck,
    /// Of a level: how many a feature stands for.
    count_column: Option<usize>,
    is_of_lines: bool,
    /// Where positions far from the map make no difference.
    near: Option<Near>,
    whole: Geometry,
    part: Geometry,
    counts: Counts,
}

impl<'a, 'b> Hand<'a, 'b>
where
    'a: 'b,
{
    fn new(job: &'a Job<'a>, pass: &'a CompiledPass<'a>, band: Band<'b>) -> Hand<'a, 'b> {
        let way = &job.ready.detail.way;
        let level = job.ready.detail.level.as_ref();
        Hand {
            job,
            pass,
            painter: Painter::on(band, &job.view, job.symbols).within(job.budget),
            projector: way.projector.run(),
            speck: Speck::new(way, job.store.schema(), &job.view),
            count_column: level.and_then(|level| level.count_column),
            is_of_lines: job.store.schema().geometry.dimension() == Some(1),
            near: job.near(pass),
            whole: Geometry::default(),
            part: Geometry::default(),
            counts: Counts::default(),
        }
    }

    /// Draws a feature, and counts it where it `counts`.
    fn feature(&mut self, feature: &dyn Feature, counts: bool) -> Result<()> {
        let once = u64::from(counts);
        self.counts.features += once;
        if !self.job.ready.lets_pass(feature) {
            self.counts.filtered += once;
            return Ok(());
        }
        if !draws(self.pass, feature) {
            return Ok(());
        }
        let count = self.count_column.and_then(|c| feature.value(c).as_f64());
        let applied = if self.is_of_lines {
            self.line(feature, count, once)?
        } else if let (Some(count), Some(bbox)) = (count, feature.bbox()) {
            self.spend(4 * once)?;
            let mut corners = corners_of(&bbox);
            self.projector.project(&mut corners);
            self.painter.crowd(self.pass, &corners, count, feature)
        } else if let Some(bbox) = self.speck.of(feature, &mut self.projector) {
            self.spend(2 * once)?;
            self.painter.speck(self.pass, &bbox, feature)
        } else {
            self.read(feature, once)?;
            self.paint(feature)
        };
        self.counts.drawn += once * u64::from(applied);
        if self.painter.is_stopped() {
            self.job.budget.check()?;
        }
        Ok(())
    }

    /// Draws a line, or many that a net stands for; other lines that stand for several look like
    /// them.
    fn line(&mut self, feature: &dyn Feature, count: Option<f64>, once: u64) -> Result<bool> {
        self.read(feature, once)?;
        if is_net(count, self.whole.coords())
            && let (Some(count), Some(bbox)) = (count, self.whole.bbox())
        {
            let mut corners = corners_of(&bbox);
            self.projector.project(&mut corners);
            return Ok(self.painter.net(self.pass, &corners, count, feature));
        }
        Ok(self.paint(feature))
    }

    fn read(&mut self, feature: &dyn Feature, once: u64) -> Result<()> {
        feature.geometry(&mut self.whole)?;
        self.spend(self.whole.coords().len() as u64 * once)
    }

    /// Draws what was read; of a feature that reaches far beyond the map what can be seen.
    fn paint(&mut self, feature: &dyn Feature) -> bool {
        let near = self.near.as_ref();
        let is_reduced =
            near.is_some_and(|near| near.reduce(&self.whole, feature.bbox(), &mut self.part));
        let geometry = match is_reduced {
            true => &mut self.part,
            false => &mut self.whole,
        };
        (self.job.ready.detail.way).project(&mut self.projector, geometry);
        self.painter.feature(self.pass, geometry, feature)
    }

    fn spend(&mut self, vertices: u64) -> Result<()> {
        let counts = &mut self.counts;
        counts.vertices += vertices;
        counts.untold += 1;
        counts.untold_vertices += vertices;
        if counts.untold >= BATCH || counts.untold_vertices >= BATCH * 64 {
            counts.untold = 0;
            let vertices = std::mem::take(&mut counts.untold_vertices);
            self.job.budget.spend(0, vertices)?;
        }
        Ok(())
    }
}

/// The corners of a box, one after the other.
fn corners_of(bbox: &Bbox) -> [Coord; 4] {
    [
        [bbox.min_x, bbox.min_y],
        [bbox.max_x, bbox.min_y],
        [bbox.max_x, bbox.max_y],
        [bbox.min_x, bbox.max_y],
    ]
}

/// True where a rule that applies draws anything but text: only then is the geometry read.
fn draws(pass: &CompiledPass<'_>, feature: &dyn Feature) -> bool {
    if let [rule] = pass.rules.as_slice() {
        return !rule.symbolizers.is_empty()
            && (rule.rule.filter.is_none() || rule.matches(feature));
    }
    let mut any = false;
    pass.each_rule(feature, |rule| any |= !rule.symbolizers.is_empty());
    any
}

fn why_no_boxes(ready: &Prepared<'_>) -> String {
    let layer = &ready.request.layer;
    if layer.store.extent().is_none() {
        return "the layer has no feature with a position".into();
    }
    "the box of the map is outside the layer's extent, or outside what its CRS can show".into()
}

fn why_blank(told: &LayerReport) -> String {
    match (told.features_read, told.features_filtered) {
        (0, _) => "no feature touches the box of the map".into(),
        (read, filtered) if filtered >= read => {
            format!("the filter leaves none of {read} features")
        }
        (read, _) => format!("no rule of the style applies to any of {read} features"),
    }
}
