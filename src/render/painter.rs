//! Features onto pixels.

mod small;

use std::collections::HashMap;

use super::along::{Dashes, at_intervals, at_part, at_vertices, parallel};
use super::canvas::{Band, Canvas, SolidBrush};
use super::color::Color;
use super::compile::{
    CompiledFill, CompiledPass, CompiledStroke, CompiledStrokeKind, CompiledSymbolizer,
};
use super::crowd::{Corners, Crowd, Veil};
use super::fixed::{Fixed, Grid, UNIT, UNIT_BITS, round, units};
use super::graphic::Symbol;
use super::outlined::OutlinedBrush;
use super::pattern::{Pattern, PatternBrush};
use super::pen::{Pen, Window};
use super::raster::{Paintbrush, PixelRect, level};
use super::shape::{Shape, doubled_area};
use super::spare::Tools;
use super::stroke::{outline, stroke};
use super::symbol::{Look, Stamp, SymbolCache};
use crate::budget::Budget;
use crate::feature::Feature;
use crate::geom::{Geometry, View};
use crate::style::MarkerAt;

/// Draws features on a band of a map.
///
/// ```
/// use cartotheque::geom::{Bbox, Geometry, Size, View};
/// use cartotheque::feature::{Feature, Schema};
/// use cartotheque::render::{Canvas, CompiledStyle, Painter, SymbolCache};
/// use cartotheque::style::Style;
///
/// # fn draw(style: &Style, schema: &Schema, features: &[&dyn Feature]) -> cartotheque::error::Result<()> {
/// let size = Size { width: 256, height: 256 };
/// let bbox = Bbox::new(0.0, 0.0, 1000.0, 1000.0).expect("a box");
/// let view = View::new(bbox, size, 1.0);
/// let cache = SymbolCache::new();
/// let style = CompiledStyle::new(style, schema, &view, &cache)?;
/// let mut canvas = Canvas::new(size)?;
/// let mut painter = Painter::new(&mut canvas, &view, &cache);
/// let mut geometry = Geometry::default();
/// for pass in style.passes() {
///     for feature in features {
///         feature.geometry(&mut geometry)?;
///         painter.feature(pass, &geometry, *feature);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Painter<'a> {
    band: Band<'a>,
    grid: Grid,
    cache: &'a SymbolCache,
    stamp: Stamp<'a>,
    tools: Tools,
    patterns: HashMap<PatternKey, Option<Pattern>>,
    crowd: Crowd,
    /// Outlines of the crowd: they lie over its fills.
    outlines: Vec<(Color, Corners, Veil)>,
    patience: Patience<'a>,
}

/// The look and the margins in 1/16 px.
type PatternKey = (Look, [u32; 2]);

/// Patterns kept by one painter; classes of a style, not features.
const MAX_PATTERNS: usize = 64;

/// Shapes below half a pixel are drawn as the box they fill.
const TINY: i64 = UNIT / 2;

/// What drawing costs, in pixels touched, and when to ask whether it may go on.
#[derive(Debug, Default)]
struct Patience<'a> {
    budget: Option<&'a Budget>,
    spent: u64,
    over: bool,
}

/// Pixels between two looks at the clock: some milliseconds.
const LOOK_EVERY: u64 = 1 << 22;
/// A tile of a pattern, in pixels.
const PATTERN_COST: u64 = 1 << 20;
/// A symbol beside its pixels: finding its sprite.
const STAMP_COST: u64 = 64;
/// A picture, which may have to be drawn first.
const PICTURE_COST: u64 = 1 << 16;

impl Patience<'_> {
    /// Counts the cost of what is drawn next; false where it is not to be drawn.
    #[inline]
    fn spend(&mut self, pixels: u64) -> bool {
        self.spent = self.spent.saturating_add(pixels);
        if self.spent >= LOOK_EVERY {
            self.spent = 0;
            self.over |= self.budget.is_some_and(|budget| budget.check().is_err());
        }
        !self.over
    }
}

/// The pixels of a box.
fn area(rect: PixelRect) -> u64 {
    let side = |from: i32, to: i32| u64::from(to.saturating_sub(from).max(0).unsigned_abs());
    side(rect.x0, rect.x1) * side(rect.y0, rect.y1)
}

impl<'a> Painter<'a> {
    pub fn new(canvas: &'a mut Canvas, view: &View, cache: &'a SymbolCache) -> Painter<'a> {
        Painter::on(canvas.whole(), view, cache)
    }

    /// A painter of some rows of the map: `view` is that of the whole map.
    pub fn on(band: Band<'a>, view: &View, cache: &'a SymbolCache) -> Painter<'a> {
        Painter {
            band,
            grid: Grid::new(view),
            cache,
            stamp: Stamp::new(cache),
            tools: Tools::take(),
            patterns: HashMap::new(),
            crowd: Crowd::default(),
            outlines: Vec::new(),
            patience: Patience::default(),
        }
    }

    /// Stops drawing once the budget's time is over or its request was cancelled, even inside
    /// one feature: a style may ask for more than any feature count shows.
    #[must_use]
    pub fn within(mut self, budget: &'a Budget) -> Painter<'a> {
        self.patience.budget = Some(budget);
        self
    }

    /// True where drawing was stopped: the map is not whole, and the budget says why.
    pub fn is_stopped(&self) -> bool {
        self.patience.over
    }

    /// The pixels under way, for what draws by itself.
    pub fn band(&mut self) -> &mut Band<'a> {
        &mut self.band
    }

    /// Draws a feature with every rule of the pass that applies; true where one did.
    ///
    /// `geometry` is in the CRS of the view; positions that are not numbers are left out.
    pub fn feature(
        &mut self,
        pass: &CompiledPass<'_>,
        geometry: &Geometry,
        feature: &dyn Feature,
    ) -> bool {
        let mut placed = false;
        let mut any = false;
        pass.each_rule(feature, |rule| {
            any = true;
            if rule.symbolizers.is_empty() {
                return;
            }
            if !placed {
                self.tools.shape.set(geometry, &self.grid);
                placed = true;
            }
            for symbolizer in &rule.symbolizers {
                if self.patience.over {
                    return;
                }
                self.symbolizer(symbolizer, feature);
            }
        });
        any
    }

    /// Draws a geometry with one symbolizer.
    pub fn draw(
        &mut self,
        symbolizer: &CompiledSymbolizer,
        geometry: &Geometry,
        feature: &dyn Feature,
    ) {
        self.tools.shape.set(geometry, &self.grid);
        self.symbolizer(symbolizer, feature);
    }

    fn symbolizer(&mut self, symbolizer: &CompiledSymbolizer, feature: &dyn Feature) {
        let shape = std::mem::take(&mut self.tools.shape);
        if !shape.is_empty() {
            match symbolizer {
                CompiledSymbolizer::Line { stroke, offset } => {
                    let offset = offset.px(feature);
                    self.stroke(&shape, stroke, Offset::Left(offset), [0, 0], feature);
                }
                CompiledSymbolizer::Polygon {
                    fill,
                    stroke,
                    offset,
                    displacement: [right, up],
                } => {
                    if self.outlined(&shape, symbolizer, feature) {
                        self.tools.shape = shape;
                        return;
                    }
                    let offset = offset.px(feature);
                    let shift = [units(right.px(feature)), -units(up.px(feature))];
                    if let Some(fill) = fill {
                        self.fill(&shape, fill, offset, shift, feature);
                    }
                    if let Some(stroke) = stroke {
                        self.stroke(&shape, stroke, Offset::Outwards(offset), shift, feature);
                    }
                }
                CompiledSymbolizer::Point(graphic) => {
                    if let Some(symbol) = Symbol::of(graphic, feature, None) {
                        shape.anchors(|at| self.stamp(&symbol, at));
                    }
                }
            }
        }
        self.tools.shape = shape;
    }

    /// Draws a polygon's inside and its outline in one go; false where that is not what the
    /// symbolizer asks for, or the polygon is tiny.
    fn outlined(
        &mut self,
        shape: &Shape,
        symbolizer: &CompiledSymbolizer,
        feature: &dyn Feature,
    ) -> bool {
        if shape.extent() < TINY || !shape.is_of_rings() {
            return false;
        }
        let Some(PlainLook {
            fill: Some(fill),
            outline: Some((line, pen)),
        }) = PlainLook::of(symbolizer, feature)
        else {
            return false;
        };
        if line.a != 255 {
            return false;
        }
        let rect = shape.rect(pen.reach()).intersection(&self.band.rect());
        if rect.is_empty() {
            return true;
        }
        self.patience.spend(area(rect));
        self.band.touch(rect);
        let accumulator = &mut self.tools.accumulator;
        accumulator.begin_layers(rect, 2);
        let window = Window::new(self.band.rect(), pen.reach());
        for ring in shape.rings() {
            outline(accumulator, ring.points, ring.is_reversed(), &pen, &window);
        }
        accumulator.sweep_layers(&mut OutlinedBrush::new(&mut self.band, fill, line));
        true
    }

    fn fill(
        &mut self,
        shape: &Shape,
        fill: &CompiledFill,
        offset: f64,
        shift: Fixed,
        feature: &dyn Feature,
    ) {
        let reach = units(offset.abs() * 2.0) + shift[0].abs().max(shift[1].abs());
        let rect = shape.rect(reach).intersection(&self.band.rect());
        if rect.is_empty() {
            return;
        }
        match fill {
            CompiledFill::Solid(ink) => {
                let Some(color) = ink.color(feature) else {
                    return;
                };
                let one_pixel = rect.x1 - rect.x0 == 1 && rect.y1 - rect.y0 == 1;
                if one_pixel && reach == 0 && shape.rect(0) == rect {
                    // all of it in one pixel: its area is the coverage
                    let area: f64 = shape
                        .rings()
                        .map(|r| doubled_area(r.points) * if r.is_reversed() { -1.0 } else { 1.0 })
                        .sum();
                    let lines: f64 = shape.lines().map(|l| doubled_area(l).abs()).sum();
                    let coverage = level((area + lines) as i32);
                    if coverage > 0 {
                        let mut brush = SolidBrush::exact(&mut self.band, color);
                        brush.row(rect.y0);
                        brush.run(rect.y0, rect.x0, rect.x1, coverage);
                    }
                    return;
                }
                self.patience.spend(area(rect));
                self.band.touch(rect);
                self.outline(shape, rect, offset, shift);
                self.tools
                    .accumulator
                    .sweep(&mut SolidBrush::new(&mut self.band, color));
            }
            CompiledFill::Graphic { graphic, margin } => {
                let Some(symbol) = Symbol::of(graphic, feature, None) else {
                    return;
                };
                let margin = [margin[0].px(feature), margin[1].px(feature)];
                let key = (symbol.look, margin.map(Look::sixteenths));
                self.patience.spend(area(rect));
                if !self.patterns.contains_key(&key) {
                    self.patience.spend(PATTERN_COST);
                    if self.patterns.len() >= MAX_PATTERNS {
                        self.patterns.clear();
                    }
                    let pattern = Pattern::new(&symbol.look, symbol.image, margin, self.cache);
                    self.patterns.insert(key, pattern);
                }
                self.outline(shape, rect, offset, shift);
                if let Some(Some(pattern)) = self.patterns.get(&key) {
                    let origin = self.grid.origin_px();
                    let mut brush = PatternBrush::new(&mut self.band, pattern, origin);
                    self.tools.accumulator.sweep(&mut brush);
                }
            }
        }
    }

    /// Accumulates the area of the polygons, and of lines as if they were closed
    /// (OGC 05-077r4 §11.2).
    fn outline(&mut self, shape: &Shape, rect: PixelRect, offset: f64, shift: Fixed) {
        self.tools.accumulator.begin(rect);
        let moved = offset != 0.0 || shift != [0, 0];
        for ring in shape.rings() {
            if moved {
                let points = outwards(ring.points, ring.is_hole, offset, shift);
                if !vanishes(ring.points, if ring.is_hole { -offset } else { offset })
                    && (doubled_area(&points) < 0.0) == (doubled_area(ring.points) < 0.0)
                {
                    self.tools.accumulator.ring(&points, ring.is_reversed());
                }
            } else {
                self.tools.accumulator.ring(ring.points, ring.is_reversed());
            }
        }
        for line in shape.lines() {
            let reversed = doubled_area(line) < 0.0;
            if moved {
                let points = outwards(line, false, 0.0, shift);
                self.tools.accumulator.ring(&points, reversed);
            } else {
                self.tools.accumulator.ring(line, reversed);
            }
        }
    }

    fn stroke(
        &mut self,
        shape: &Shape,
        style: &CompiledStroke,
        offset: Offset,
        shift: Fixed,
        feature: &dyn Feature,
    ) {
        let around = units(offset.px().abs() * 2.0) + shift[0].abs().max(shift[1].abs());
        match &style.kind {
            CompiledStrokeKind::Solid(ink) => {
                let pen = Pen::new(style.width.px(feature), style.cap, style.join);
                let reach = pen.reach() + around;
                let rect = shape.rect(reach).intersection(&self.band.rect());
                let Some(color) = ink.color(feature) else {
                    return;
                };
                if rect.is_empty() || pen.half <= 0.0 {
                    return;
                }
                let dashes = if style.dash.is_empty() {
                    None
                } else {
                    let lengths: Vec<f64> = style.dash.iter().map(|l| l.px(feature)).collect();
                    Dashes::new(&lengths, style.dash_offset.px(feature))
                };
                if shape.extent() < TINY && dashes.is_none() && shape.rings().next().is_some() {
                    self.tiny_outline(shape, &pen, shift, color);
                    return;
                }
                let window = Window::new(self.band.rect(), pen.reach());
                self.patience.spend(area(rect));
                self.band.touch(rect);
                self.tools.accumulator.begin(rect);
                each_line(shape, offset, shift, |points, closed| match &dashes {
                    None => stroke(&mut self.tools.accumulator, points, closed, &pen, &window),
                    Some(dashes) => dashes.cut(points, closed, &window, |dash| {
                        if self.patience.spend(pen.cost_of_dash()) {
                            stroke(&mut self.tools.accumulator, dash, false, &pen, &window);
                        }
                    }),
                });
                self.tools
                    .accumulator
                    .sweep(&mut SolidBrush::new(&mut self.band, color));
            }
            CompiledStrokeKind::Graphic {
                graphic,
                gap,
                initial_gap,
                places,
            } => {
                let Some(symbol) = Symbol::of(graphic, feature, None) else {
                    return;
                };
                let reach = units(graphic.reach_px());
                if (shape.rect(reach + around).intersection(&self.band.rect())).is_empty() {
                    return;
                }
                let length = symbol.size_px()[0];
                let (first, step) = match gap.px(feature) {
                    gap if gap > 0.0 => (initial_gap.px(feature), gap),
                    _ => (initial_gap.px(feature) + length / 2.0, length),
                };
                let (first, step) = (first * UNIT as f64, step * UNIT as f64);
                let window = Window::new(self.band.rect(), reach);
                each_line(shape, offset, shift, |points, closed| {
                    let mut mark = |at: Fixed, direction| {
                        if self.patience.over {
                            return;
                        }
                        let direction = places.turned.then_some(direction);
                        if let Some(turned) = Symbol::of(graphic, feature, direction) {
                            self.stamp(&turned, at);
                        }
                    };
                    match places.at {
                        MarkerAt::Intervals => {
                            at_intervals(points, closed, (first, step), &window, mark);
                        }
                        MarkerAt::Vertices => at_vertices(points, closed, &window, mark),
                        MarkerAt::First | MarkerAt::Middle | MarkerAt::Last => {
                            let part = match places.at {
                                MarkerAt::First => 0.0,
                                MarkerAt::Middle => 0.5,
                                _ => 1.0,
                            };
                            if let Some((at, direction)) = at_part(points, closed, part) {
                                mark(at, direction);
                            }
                        }
                    }
                });
            }
        }
    }

    /// The outline of a polygon below half a pixel: its box grown by the pen.
    fn tiny_outline(&mut self, shape: &Shape, pen: &Pen, shift: Fixed, color: Color) {
        let half = round(pen.half);
        let [x0, y0] = shape.min().map(|v| v - half);
        let [x1, y1] = shape.max().map(|v| v + half);
        let min = [x0 + shift[0], y0 + shift[1]];
        let max = [x1 + shift[0], y1 + shift[1]];
        self.paint_box(min, max, color, 2);
    }

    /// Lays a colour on a box, with `halves` of the area that the box has in each pixel.
    fn paint_box(&mut self, min: Fixed, max: Fixed, color: Color, halves: i64) {
        let rect = PixelRect::around(min, max).intersection(&self.band.rect());
        if !rect.is_empty() {
            let mut brush = SolidBrush::exact(&mut self.band, color);
            paint_box(&mut brush, rect, [min, max], halves);
        }
    }

    fn stamp(&mut self, symbol: &Symbol<'_>, at: Fixed) {
        let [width, height] = symbol.size_px();
        let pixels = ((width * height) as u64).min(area(self.band.rect()));
        let beside = if symbol.image.is_some() {
            PICTURE_COST
        } else {
            STAMP_COST
        };
        if !self.patience.spend(pixels + beside) {
            return;
        }
        let center = [at[0] + symbol.shift[0], at[1] + symbol.shift[1]];
        self.stamp.draw(
            &mut self.band,
            &mut self.tools.accumulator,
            (&symbol.look, symbol.image),
            center,
        );
    }
}

/// Lays a brush on the pixels `rect` of a box, with `halves` of the area that the box has in each.
fn paint_box(brush: &mut impl Paintbrush, rect: PixelRect, [min, max]: [Fixed; 2], halves: i64) {
    // how much of a pixel lies between two positions
    let part = |min: i64, max: i64, pixel: i32| {
        let begin = i64::from(pixel) * UNIT;
        max.min(begin + UNIT) - min.max(begin)
    };
    for y in rect.y0..rect.y1 {
        let height = part(min[1], max[1], y) * halves;
        brush.row(y);
        let mut x = rect.x0;
        while x < rect.x1 {
            let width = part(min[0], max[0], x);
            let end = if width < UNIT {
                x + 1
            } else {
                rect.x1.min((max[0] >> UNIT_BITS) as i32).max(x + 1)
            };
            let coverage = level((height * width) as i32);
            if coverage > 0 {
                brush.run(y, x, end, coverage);
            }
            x = end;
        }
    }
}

/// What a symbolizer draws of a small polygon where it is plain: one colour inside, one around.
struct PlainLook {
    fill: Option<Color>,
    outline: Option<(Color, Pen)>,
}

impl PlainLook {
    /// `None` where the symbolizer asks for more.
    fn of(symbolizer: &CompiledSymbolizer, feature: &dyn Feature) -> Option<PlainLook> {
        let CompiledSymbolizer::Polygon {
            fill,
            stroke,
            offset,
            displacement: [right, up],
        } = symbolizer
        else {
            return None;
        };
        if [offset, right, up].iter().any(|l| l.px(feature) != 0.0) {
            return None;
        }
        let fill = match fill.as_deref() {
            None => None,
            Some(CompiledFill::Solid(ink)) => ink.color(feature),
            Some(CompiledFill::Graphic { .. }) => return None,
        };
        let outline = match stroke.as_deref() {
            None => None,
            Some(stroke) => match &stroke.kind {
                CompiledStrokeKind::Solid(ink) if stroke.dash.is_empty() => {
                    let pen = Pen::new(stroke.width.px(feature), stroke.cap, stroke.join);
                    ink.color(feature).map(|color| (color, pen))
                }
                _ => return None,
            },
        };
        let outline = outline.filter(|(_, pen)| pen.half > 0.0);
        Some(PlainLook { fill, outline })
    }
}

/// Which way a perpendicular offset goes, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Offset {
    /// Left of each line's direction.
    Left(f64),
    /// Away from the inside of each polygon.
    Outwards(f64),
}

impl Offset {
    fn px(self) -> f64 {
        match self {
            Offset::Left(px) | Offset::Outwards(px) => px,
        }
    }
}

/// Calls `visit` with each line and ring of a shape that a stroke follows.
pub(super) fn each_line(
    shape: &Shape,
    offset: Offset,
    shift: Fixed,
    mut visit: impl FnMut(&[Fixed], bool),
) {
    let plain = offset.px() == 0.0 && shift == [0, 0];
    for line in shape.lines() {
        if plain {
            visit(line, false);
        } else {
            let points = parallel(line, false, offset.px() * UNIT as f64);
            visit(&shifted(points, shift), false);
        }
    }
    for ring in shape.rings() {
        match offset {
            _ if plain => visit(ring.points, true),
            // a ring has no left: GeoServer and QGIS (with the other sign) go outwards
            Offset::Left(px) | Offset::Outwards(px) => {
                visit(&outwards(ring.points, ring.is_hole, px, shift), true);
            }
        }
    }
}

/// True where a ring shrinks to nothing: the circle in it is at most half its box wide.
fn vanishes(points: &[Fixed], offset: f64) -> bool {
    let side = |axis: fn(&Fixed) -> i64| {
        let values = || points.iter().map(axis);
        values().max().unwrap_or(0) - values().min().unwrap_or(0)
    };
    let smaller = side(|p| p[0]).min(side(|p| p[1]));
    offset < 0.0 && 2 * units(-offset) >= smaller
}

/// A ring moved away from its polygon's inside.
fn outwards(points: &[Fixed], is_hole: bool, offset: f64, shift: Fixed) -> Vec<Fixed> {
    if offset == 0.0 {
        return shifted(points.to_vec(), shift);
    }
    // with y down, a ring of positive area has its outside on the left
    let left_is_outside = (doubled_area(points) > 0.0) != is_hole;
    let distance = if left_is_outside { offset } else { -offset };
    shifted(parallel(points, true, distance * UNIT as f64), shift)
}

fn shifted(mut points: Vec<Fixed>, [dx, dy]: Fixed) -> Vec<Fixed> {
    for [x, y] in &mut points {
        *x += dx;
        *y += dy;
    }
    points
}
