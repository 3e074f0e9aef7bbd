//! What is too small to be drawn by itself: specks, crowds of polygons and nets of lines, as the
//! colour that they amount to.

use super::{Painter, PlainLook};
use crate::feature::Feature;
use crate::geom::{Bbox, Coord};
use crate::render::canvas::SolidBrush;
use crate::render::color::Color;
use crate::render::compile::{CompiledPass, CompiledStrokeKind, CompiledSymbolizer};
use crate::render::crowd::{self, Corners, Veil, VeilBrush};
use crate::render::fixed::{Fixed, UNIT, round};
use crate::render::raster::PixelRect;
use crate::render::shape::doubled_area;

impl Painter<'_> {
    /// Draws a polygon of which nothing is known but its box, in the CRS of the view, and that
    /// the box is far below a pixel: half of the box is taken for its area. True where a rule of
    /// the pass applied.
    pub fn speck(&mut self, pass: &CompiledPass<'_>, bbox: &Bbox, feature: &dyn Feature) -> bool {
        let [min, max] = [[bbox.min_x, bbox.max_y], [bbox.max_x, bbox.min_y]];
        let (Some(min), Some(max)) = (self.grid.position(min), self.grid.position(max)) else {
            return false;
        };
        let mut any = false;
        pass.each_rule(feature, |rule| {
            any = true;
            for symbolizer in &rule.symbolizers {
                if !self.plain_speck(symbolizer, min, max, feature) {
                    let (x, y) = ((min[0] + max[0]) >> 1, (min[1] + max[1]) >> 1);
                    let ring = [[min[0], y], [x, min[1]], [max[0], y], [x, max[1]]];
                    self.tools.shape.set_ring(ring);
                    self.symbolizer(symbolizer, feature);
                }
            }
        });
        any
    }

    /// Draws a speck with plain colours; false where the symbolizer asks for more.
    fn plain_speck(
        &mut self,
        symbolizer: &CompiledSymbolizer,
        min: Fixed,
        max: Fixed,
        feature: &dyn Feature,
    ) -> bool {
        let Some(look) = PlainLook::of(symbolizer, feature) else {
            return false;
        };
        if let Some(color) = look.fill {
            self.paint_box(min, max, color, 1);
        }
        if let Some((color, pen)) = look.outline {
            let half = round(pen.half);
            self.paint_box(min.map(|v| v - half), max.map(|v| v + half), color, 2);
        }
        true
    }

    /// Draws a rectangle that stands for `count` polygons which fill it between them; its corners
    /// one after the other, in the CRS of the view. True where a rule of the pass applied.
    ///
    /// What is drawn waits for [`end_crowd`](Painter::end_crowd).
    pub fn crowd(
        &mut self,
        pass: &CompiledPass<'_>,
        corners: &[Coord; 4],
        count: f64,
        feature: &dyn Feature,
    ) -> bool {
        let Some(corners) = self.placed(corners) else {
            return false;
        };
        if self.crowd.is_full() {
            self.end_crowd();
        }
        let mut any = false;
        pass.each_rule(feature, |rule| {
            any = true;
            for symbolizer in &rule.symbolizers {
                let Some(look) = PlainLook::of(symbolizer, feature) else {
                    self.tools.shape.set_ring(corners);
                    self.symbolizer(symbolizer, feature);
                    continue;
                };
                if let Some(color) = look.fill {
                    self.crowd.fill(color, corners);
                }
                if let Some((color, pen)) = look.outline {
                    let alpha = f64::from(color.a) / 255.0;
                    let width = pen.half * 2.0 / UNIT as f64;
                    let fill = look.fill.map_or(0.0, |fill| f64::from(fill.a) / 255.0);
                    let veil = Veil::new(&corners, count, width, alpha, fill);
                    self.outlines.push((color, corners, veil));
                }
            }
        });
        any
    }

    /// Draws what the rectangles of a pass left waiting.
    pub fn end_crowd(&mut self) {
        self.crowd.draw(&mut self.band, &mut self.tools.accumulator);
        let mut outlines = std::mem::take(&mut self.outlines);
        for (color, corners, veil) in outlines.drain(..) {
            self.lay(veil, color, &corners);
        }
        self.outlines = outlines;
    }

    /// Draws lines that fill a rectangle between them and are together `count` times as long as
    /// it, as they would look together. `corners` are one after the other, in the CRS of the view,
    /// the first two along the lines. True where a rule of the pass applied.
    pub fn net(
        &mut self,
        pass: &CompiledPass<'_>,
        corners: &[Coord; 4],
        count: f64,
        feature: &dyn Feature,
    ) -> bool {
        let Some(corners) = self.placed(corners) else {
            return false;
        };
        let mut any = false;
        pass.each_rule(feature, |rule| {
            any = true;
            for symbolizer in &rule.symbolizers {
                // there are nets of no others
                let CompiledSymbolizer::Line { stroke, .. } = symbolizer else {
                    continue;
                };
                let CompiledStrokeKind::Solid(ink) = &stroke.kind else {
                    continue;
                };
                if let Some(color) = ink.color(feature) {
                    let alpha = f64::from(color.a) / 255.0;
                    let pen = stroke.width.px(feature);
                    let veil = Veil::of_lines(&corners, count, pen, alpha);
                    self.lay(veil, color, &corners);
                }
            }
        });
        any
    }

    /// Where corners lie; `None` where one has no place.
    fn placed(&self, corners: &[Coord; 4]) -> Option<Corners> {
        let [a, b, c, d] = corners.map(|corner| self.grid.position(corner));
        Some([a?, b?, c?, d?])
    }

    /// Lays a colour on a rectangle; its opacity is in the veil.
    fn lay(&mut self, veil: Veil, color: Color, corners: &Corners) {
        let all = self.band.rect();
        let mut brush = SolidBrush::exact(&mut self.band, Color { a: 255, ..color });
        if crowd::is_upright(corners) {
            let [min, max] = crowd::bounds(corners);
            let pen = veil.reach();
            let rect = PixelRect::around(min.map(|v| v - pen), max.map(|v| v + pen));
            let rect = rect.intersection(&all);
            veil.lay(&mut brush, rect, [min, max]);
        } else {
            let rect = crowd::rect(corners).intersection(&all);
            self.tools.accumulator.begin(rect);
            let reversed = doubled_area(corners) < 0.0;
            self.tools.accumulator.ring(corners, reversed);
            let mut brush = VeilBrush { brush, veil };
            self.tools.accumulator.sweep(&mut brush);
        }
    }
}
