//! Which features are drawn at a pixel: the test of GetFeatureInfo, on the symbol as drawn.
//!
//! Who clicks into a department whose limits alone are drawn means the department: a polygon of
//! which something is drawn is found by its inside too, but behind what is drawn at the pixel.

use super::compile::{
    CompiledPass, CompiledStroke, CompiledStrokeKind, CompiledStyle, CompiledSymbolizer,
};
use super::fixed::{Fixed, Grid, UNIT, sin_cos_degrees, units};
use super::graphic::Symbol;
use super::painter::{Offset, each_line};
use super::shape::Shape;
use super::symbol::What;
use crate::feature::Feature;
use crate::geom::{Geometry, View};

/// How a feature is found at a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hit {
    /// The pixel lies inside of its area, and what is drawn of it lies elsewhere.
    Inside,
    /// It is drawn there.
    Drawn,
}

/// Asks features whether they are drawn at one pixel of a view.
#[derive(Debug)]
pub struct HitTest {
    grid: Grid,
    shape: Shape,
    at: Fixed,
    tolerance: f64,
}

impl HitTest {
    /// A test at a position in pixels from the upper left corner (the middle of the first pixel
    /// is 0.5, 0.5), with some pixels of tolerance around lines and points.
    pub fn new(view: &View, pixel: [f64; 2], tolerance_px: f64) -> HitTest {
        HitTest {
            grid: Grid::new(view),
            shape: Shape::default(),
            at: pixel.map(units),
            tolerance: units(tolerance_px.max(0.0)) as f64,
        }
    }

    /// How the feature is found at the pixel, by what the rules of all passes draw of it; `None`
    /// where it is not.
    pub fn hit(
        &mut self,
        style: &CompiledStyle<'_>,
        geometry: &Geometry,
        feature: &dyn Feature,
    ) -> Option<Hit> {
        let mut best = None;
        for pass in style.passes() {
            best = best.max(self.hit_pass(pass, geometry, feature));
            if best == Some(Hit::Drawn) {
                break;
            }
        }
        best
    }

    /// The same by the rules of one pass. A rule that draws only text is taken at its geometry:
    /// inside the area, on the line, at the point.
    fn hit_pass(
        &mut self,
        pass: &CompiledPass<'_>,
        geometry: &Geometry,
        feature: &dyn Feature,
    ) -> Option<Hit> {
        let mut placed = false;
        let mut best = None;
        pass.each_rule(feature, |rule| {
            if best == Some(Hit::Drawn) {
                return;
            }
            if !placed {
                self.shape.set(geometry, &self.grid);
                placed = true;
            }
            let symbolizers = &rule.symbolizers;
            let is_drawn_here = match symbolizers.is_empty() {
                true => !rule.texts.is_empty() && self.at_points_or_lines(),
                false => symbolizers.iter().any(|s| self.symbolizer(s, feature)),
            };
            let found = if is_drawn_here {
                Some(Hit::Drawn)
            } else if best.is_none()
                && (!rule.texts.is_empty() || symbolizers.iter().any(|s| is_drawn(s, feature)))
                && self.shape.covers(self.at)
            {
                Some(Hit::Inside)
            } else {
                None
            };
            best = best.max(found);
        });
        best
    }

    fn at_points_or_lines(&self) -> bool {
        self.shape.points().any(|p| self.near_point(p, 0.0))
            || self.shape.lines().any(|l| self.near_line(l, false, 0.0))
    }

    fn symbolizer(&self, symbolizer: &CompiledSymbolizer, feature: &dyn Feature) -> bool {
        match symbolizer {
            CompiledSymbolizer::Line { stroke, offset } => {
                self.on_stroke(stroke, Offset::Left(offset.px(feature)), [0, 0], feature)
            }
            CompiledSymbolizer::Polygon {
                fill,
                stroke,
                offset,
                displacement: [right, up],
            } => {
                let shift = [units(right.px(feature)), -units(up.px(feature))];
                let back = [self.at[0] - shift[0], self.at[1] - shift[1]];
                let offset = Offset::Outwards(offset.px(feature));
                // hatches and tiles are taken as full: nobody aims between their lines
                (fill.is_some() && self.shape.covers(back))
                    || stroke
                        .as_ref()
                        .is_some_and(|s| self.on_stroke(s, offset, shift, feature))
            }
            CompiledSymbolizer::Point(graphic) => {
                let Some(symbol) = Symbol::of(graphic, feature, None) else {
                    return false;
                };
                let mut hit = false;
                self.shape
                    .anchors(|anchor| hit |= self.in_symbol(&symbol, anchor));
                hit
            }
        }
    }

    fn on_stroke(
        &self,
        stroke: &CompiledStroke,
        offset: Offset,
        shift: Fixed,
        feature: &dyn Feature,
    ) -> bool {
        let width_px = match &stroke.kind {
            CompiledStrokeKind::Solid(ink) => {
                if ink.color(feature).is_none() {
                    return false;
                }
                stroke.width.px(feature)
            }
            CompiledStrokeKind::Graphic { graphic, .. } => graphic.size.px(feature),
        };
        let half = units(width_px.max(0.0)) as f64 / 2.0;
        let mut hit = false;
        each_line(&self.shape, offset, shift, |points, closed| {
            hit |= self.near_line(points, closed, half);
        });
        hit
    }

    fn near_point(&self, point: Fixed, reach: f64) -> bool {
        distance_squared(self.at, point, point) <= (reach + self.tolerance).powi(2)
    }

    fn near_line(&self, points: &[Fixed], closed: bool, reach: f64) -> bool {
        let limit = (reach + self.tolerance).powi(2);
        let back = points.first().filter(|_| closed);
        let ends = points.iter().skip(1).chain(back);
        points
            .iter()
            .zip(ends)
            .any(|(a, b)| distance_squared(self.at, *a, *b) <= limit)
            || matches!(points, [single] if self.near_point(*single, reach))
    }

    /// True inside the symbol's box, turned as it is, with its stroke and the tolerance.
    fn in_symbol(&self, symbol: &Symbol<'_>, anchor: Fixed) -> bool {
        let [width, height] = symbol.size_px();
        let stroke = match symbol.look.what {
            What::Mark {
                stroke: Some(stroke),
                ..
            } => f64::from(stroke.width) / 16.0,
            What::Mark { .. } | What::Image { .. } => 0.0,
        };
        let (sin, cos) = sin_cos_degrees(symbol.look.rotation_degrees());
        let x = (self.at[0] - anchor[0] - symbol.shift[0]) as f64;
        let y = (self.at[1] - anchor[1] - symbol.shift[1]) as f64;
        let across = (x * cos + y * sin).abs();
        let along = (y * cos - x * sin).abs();
        let half = |px: f64| (px + stroke) * UNIT as f64 / 2.0 + self.tolerance;
        across <= half(width) && along <= half(height)
    }
}

/// True where the symbolizer draws anything of the feature, wherever that is.
fn is_drawn(symbolizer: &CompiledSymbolizer, feature: &dyn Feature) -> bool {
    let strokes = |stroke: &CompiledStroke| match &stroke.kind {
        CompiledStrokeKind::Solid(ink) => ink.color(feature).is_some(),
        CompiledStrokeKind::Graphic { .. } => true,
    };
    match symbolizer {
        CompiledSymbolizer::Line { stroke, .. } => strokes(stroke),
        CompiledSymbolizer::Polygon { fill, stroke, .. } => {
            fill.is_some() || stroke.as_ref().is_some_and(|stroke| strokes(stroke))
        }
        CompiledSymbolizer::Point(graphic) => Symbol::of(graphic, feature, None).is_some(),
    }
}

/// The squared distance of a position from a segment, in units².
fn distance_squared(at: Fixed, a: Fixed, b: Fixed) -> f64 {
    let (dx, dy) = ((b[0] - a[0]) as f64, (b[1] - a[1]) as f64);
    let (px, py) = ((at[0] - a[0]) as f64, (at[1] - a[1]) as f64);
    let squared = dx * dx + dy * dy;
    let t = if squared > 0.0 {
        ((px * dx + py * dy) / squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (px - t * dx).powi(2) + (py - t * dy).powi(2)
}
