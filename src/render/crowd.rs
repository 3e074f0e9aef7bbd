//! Rectangles that stand for many small polygons, drawn as those would look together.
//!
//! Fills of one colour are laid on as one area: rectangles that touch leave no seam between them.
//! Outlines of small polygons hide most of what is below; how much follows from how many there
//! are and how large they are.

use super::canvas::{Band, SolidBrush};
use super::color::Color;
use super::fixed::{Fixed, UNIT, UNIT_BITS};
use super::raster::{Accumulator, Paintbrush, PixelRect};
use super::shape::doubled_area;

/// Rectangles held back; beyond, those before are drawn.
const MAX_FILLS: usize = 1 << 18;

/// The corners of a rectangle on the map, one after the other.
pub(super) type Corners = [Fixed; 4];

/// Fills that wait for others of their colour.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    fills: Vec<(Color, Corners)>,
}

impl Crowd {
    /// True where it is time to [`draw`](Crowd::draw).
    pub fn is_full(&self) -> bool {
        self.fills.len() >= MAX_FILLS
    }

    pub fn fill(&mut self, color: Color, corners: Corners) {
        self.fills.push((color, corners));
    }

    /// Draws the fills held back: of one colour after the other, in the order of the first of
    /// each class of equal numbers.
    pub fn draw(&mut self, band: &mut Band<'_>, accumulator: &mut Accumulator) {
        self.fills
            .sort_by_key(|(color, _)| [color.r, color.g, color.b, color.a]);
        for alike in self.fills.chunk_by(|(a, _), (b, _)| a == b) {
            let Some((color, _)) = alike.first() else {
                continue;
            };
            let all = alike.iter().map(|(_, corners)| rect(corners));
            let Some(rect) = all.reduce(around) else {
                continue;
            };
            accumulator.begin(rect.intersection(&band.rect()));
            for (_, corners) in alike {
                accumulator.ring(corners, doubled_area(corners) < 0.0);
            }
            accumulator.sweep(&mut SolidBrush::exact(band, *color));
        }
        self.fills.clear();
    }
}

/// The pixels that a rectangle touches.
pub(super) fn rect(corners: &Corners) -> PixelRect {
    let [min, max] = bounds(corners);
    PixelRect::around(min, max)
}

/// The least and the largest position.
pub(super) fn bounds(corners: &Corners) -> [Fixed; 2] {
    let [first, rest @ ..] = corners;
    let mut bounds = [*first, *first];
    for [x, y] in rest {
        let [[x0, y0], [x1, y1]] = bounds;
        bounds = [[x0.min(*x), y0.min(*y)], [x1.max(*x), y1.max(*y)]];
    }
    bounds
}

fn around(a: PixelRect, b: PixelRect) -> PixelRect {
    PixelRect {
        x0: a.x0.min(b.x0),
        y0: a.y0.min(b.y0),
        x1: a.x1.max(b.x1),
        y1: a.y1.max(b.y1),
    }
}

/// True where the sides run along rows and columns.
pub(super) fn is_upright([a, b, c, d]: &Corners) -> bool {
    (a[1] == b[1] && b[0] == c[0] && c[1] == d[1] && d[0] == a[0])
        || (a[0] == b[0] && b[1] == c[1] && c[0] == d[0] && d[1] == a[1])
}

/// How much the outlines of many polygons hide of a pixel, as an optical depth: depths add up, so
/// rectangles that touch hide the same where they meet as inside.
///
/// One polygon's outline is a square ring (a box, where the pen leaves no room inside), laid on the
/// pixels that the polygon touches; one after the other, each hides a share of what is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Veil {
    depth: f64,
    /// Width of the pen in pixels: at the borders of the rectangle the depth sinks over it.
    pen: f64,
}

impl Veil {
    /// The outlines of `count` polygons that fill a rectangle between them, each drawn with a pen
    /// of `pen` pixels and a colour of opacity `alpha`, after a fill of opacity `fill`.
    pub fn new(corners: &Corners, count: f64, pen: f64, alpha: f64, fill: f64) -> Veil {
        let unit = UNIT as f64;
        let area = (doubled_area(corners).abs() / 2.0 / unit / unit).max(1e-6);
        let count = count.max(1e-6);
        let own = (area / count).sqrt();
        // the pixels that one touches, and the share that it covers of them
        let touched = (own + pen + 1.0) * (own + pen + 1.0);
        let inside = (own - pen).max(0.0);
        let share = ((own + pen) * (own + pen) - inside * inside) / touched;
        let one = -(1.0 - (alpha * share).min(0.999)).ln();
        let depth = one * count * touched / area;
        // the last fills lie over the outlines before them
        let covered = fill * own * own / touched;
        let most = share / (share + (1.0 - share) * covered);
        let depth = depth.min(-(1.0 - most.min(0.999)).ln() + one);
        Veil { depth, pen }
    }

    /// The strokes of lines that fill a rectangle between them and are `count` times as long as it,
    /// each drawn with a pen of `pen` pixels and a colour of opacity `alpha`. The first side of the
    /// rectangle goes along it.
    pub fn of_lines(corners: &Corners, count: f64, pen: f64, alpha: f64) -> Veil {
        let unit = UNIT as f64;
        let [a, b, ..] = corners;
        let length = ((b[0] - a[0]) as f64).hypot((b[1] - a[1]) as f64) / unit;
        let area = (doubled_area(corners).abs() / 2.0 / unit / unit).max(1e-6);
        let covering = count * length * pen / area;
        // between lines that lie like the threads of a cloth, which hide more, and those that lie
        // anywhere: off by less than a tenth of the ground from either
        let cloth = (1.0 - covering / 2.0).max(0.0).powi(2);
        let open = (2.0 * cloth + (-covering).exp()) / 3.0;
        let open = 1.0 - alpha * (1.0 - open);
        Veil {
            depth: -open.max(0.001).ln(),
            pen,
        }
    }

    /// How far beyond the rectangle something is hidden, in units.
    pub fn reach(&self) -> i64 {
        (self.pen / 2.0 * UNIT as f64) as i64 + 1
    }

    /// Of 255, where `reached` of a pixel is within the rectangle.
    fn hides(&self, reached: f64) -> u32 {
        ((1.0 - (-self.depth * reached).exp()) * 255.0 + 0.5) as u32
    }

    /// Lays a colour on an upright rectangle; `rect` is what of the map it reaches.
    pub fn lay(&self, brush: &mut SolidBrush<'_, '_>, rect: PixelRect, [min, max]: [Fixed; 2]) {
        let sides = |axis: fn(&Fixed) -> i64| {
            let px = |v: i64| v as f64 / UNIT as f64;
            let half = self.pen / 2.0;
            // how much lies before a position: a ramp as wide as the pen on each side
            let (from, to) = (px(axis(&min)) - half, px(axis(&max)) - half);
            let before = move |at: f64| self.ramp(at - from) - self.ramp(at - to);
            move |pixel: i32| before(f64::from(pixel) + 1.0) - before(f64::from(pixel))
        };
        let (across, down) = (sides(|p| p[0]), sides(|p| p[1]));
        for y in rect.y0..rect.y1 {
            let height = down(y);
            brush.row(y);
            let mut x = rect.x0;
            while x < rect.x1 {
                let width = across(x);
                let mut end = x + 1;
                if width > 1.0 - 1e-9 {
                    // all pixels up to the other side are like this one
                    let side = (max[0] >> UNIT_BITS) as i32 - self.pen.ceil() as i32;
                    end = side.clamp(end, rect.x1);
                }
                let hidden = self.hides(width * height);
                if hidden > 0 {
                    brush.run(y, x, end, hidden);
                }
                x = end;
            }
        }
    }

    /// The area below a ramp that rises from 0 to 1 over the width of the pen.
    fn ramp(&self, at: f64) -> f64 {
        match at {
            _ if at <= 0.0 => 0.0,
            _ if at < self.pen => at * at / (2.0 * self.pen),
            _ => at - self.pen / 2.0,
        }
    }
}

/// A colour laid on through a veil.
pub(super) struct VeilBrush<'a, 'b> {
    pub brush: SolidBrush<'a, 'b>,
    pub veil: Veil,
}

impl Paintbrush for VeilBrush<'_, '_> {
    fn row(&mut self, y: i32) {
        self.brush.row(y);
    }

    fn run(&mut self, y: i32, x0: i32, x1: i32, coverage: u32) {
        let hidden = self.veil.hides(f64::from(coverage) / 255.0);
        if hidden > 0 {
            self.brush.run(y, x0, x1, hidden);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::Size;
    use crate::render::Canvas;

    const RED: Color = Color {
        r: 255,
        g: 0,
        b: 0,
        a: 255,
    };

    fn corners(x0: i64, y0: i64, x1: i64, y1: i64) -> Corners {
        [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
    }

    #[test]
    fn rectangles_of_one_colour_that_touch_leave_no_seam() {
        let size = Size {
            width: 20,
            height: 4,
        };
        let mut canvas = Canvas::new(size).unwrap();
        let mut crowd = Crowd::default();
        for i in 0..30 {
            crowd.fill(RED, corners(i * 150, -500, (i + 1) * 150, 5000));
        }
        crowd.draw(&mut canvas.whole(), &mut Accumulator::default());
        let reds = canvas.pixmap().pixels().iter().filter(|p| p.red() == 255);
        // 30 times 150 units are 17.6 pixels
        assert_eq!(reds.count(), 17 * 4);
        assert!(crowd.fills.is_empty());
    }

    fn veiled(canvas: &mut Canvas, corners: &Corners, veil: Veil) {
        let mut band = canvas.whole();
        let bounds = bounds(corners);
        let rect = around(
            rect(corners),
            PixelRect {
                x0: 0,
                y0: 0,
                x1: 20,
                y1: 4,
            },
        );
        veil.lay(&mut SolidBrush::exact(&mut band, RED), rect, bounds);
    }

    #[test]
    fn many_outlines_hide_all_and_few_hide_what_they_cover() {
        let cell = corners(0, 0, UNIT, UNIT);
        assert!(Veil::new(&cell, 300.0, 1.0, 1.0, 0.5).hides(1.0) > 250);
        let thin = Veil::new(&cell, 9.0, 0.1, 1.0, 1.0).hides(1.0);
        assert!(thin > 80 && thin < 230, "{thin}");
        // one small polygon: a box of 0.5 by 0.5 pixels, in the middle of a pixel
        let size = Size {
            width: 20,
            height: 4,
        };
        let mut canvas = Canvas::new(size).unwrap();
        let small = corners(96, 96, 160, 160);
        veiled(&mut canvas, &small, Veil::new(&small, 1.0, 0.25, 1.0, 0.0));
        let red = canvas.pixmap().pixel(0, 0).unwrap().alpha();
        assert!((48..=72).contains(&red), "{red}");
    }

    #[test]
    fn outlines_of_rectangles_that_touch_leave_no_line_between_them() {
        let size = Size {
            width: 20,
            height: 4,
        };
        let mut canvas = Canvas::new(size).unwrap();
        for i in -2..30 {
            let part = corners(i * 301, -2000, (i + 1) * 301, 5000);
            veiled(&mut canvas, &part, Veil::new(&part, 30.0, 0.7, 0.6, 0.0));
        }
        let alphas = canvas.pixmap().pixels().iter().map(|p| p.alpha());
        let (least, most) = (alphas.clone().min(), alphas.max());
        assert!(most.unwrap() - least.unwrap() <= 3, "{least:?} to {most:?}");
    }

    #[test]
    fn a_turned_rectangle_is_not_upright() {
        let turned = [[0, 0], [1000, 100], [900, 1100], [-100, 1000]];
        assert!(!is_upright(&turned) && is_upright(&corners(0, 0, 5, 5)));
    }
}
