//! Rectangles that stand for many small polygons, drawn as those would look together.
//!
//! Fills of one colour are laid on as one area: rectangles that touch leave no seam between them.
//! Outlines of small polygons hide most of what is below; how much follows from how many there
//! are and how large they are.

use super::canvas::{Band, SolidBrush};
use super::color::Color;
use super::fixed::{Fixed, UNIT};
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
            accumulator.sweep(&mut SolidBrush::new(band, *color));
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

/// The rectangle with its sides moved outwards.
pub(super) fn grown(corners: &Corners, by: i64) -> Corners {
    let [sum_x, sum_y] = corners
        .iter()
        .fold([0, 0], |[x, y], corner| [x + corner[0], y + corner[1]]);
    corners.map(|[x, y]| {
        let outwards = |v: i64, sum: i64| v + if 4 * v < sum { -by } else { by };
        [outwards(x, sum_x), outwards(y, sum_y)]
    })
}

/// How much the outlines of many polygons hide of a pixel, by how much of it they reach.
///
/// One polygon's outline is a box, as wide as it and the pen, laid on the pixels that it touches;
/// one after the other, each hides a share of what is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Veil {
    /// How much is hidden where all of a pixel is reached, as an optical depth.
    depth: f64,
    /// The part of it that later fills leave.
    on_top: f64,
    /// What one outline hides, and how much it counts: all of it where there is but one.
    alpha: f64,
    alone: f64,
}

impl Veil {
    /// The outlines of `count` polygons that fill a rectangle between them, each drawn with a pen
    /// of `pen` pixels and a colour of opacity `alpha`, after a fill or not.
    pub fn new(corners: &Corners, count: f64, pen: f64, alpha: f64, filled: bool) -> Veil {
        let unit = UNIT as f64;
        let area = doubled_area(corners).abs() / 2.0 / unit / unit;
        let [a, b, c, _] = corners;
        let side = |a: &Fixed, b: &Fixed| super::shape::distance(*a, *b) / unit;
        let (width, height) = (side(a, b), side(b, c));
        let count = count.max(1.0);
        let own = (area / count).sqrt();
        // the pixels that one touches, and the share that it covers of them
        let touched = (own + pen + 1.0) * (own + pen + 1.0);
        let share = (own + pen) * (own + pen) / touched;
        // how often a pixel is touched
        let times = count * touched / ((width + pen) * (height + pen)).max(1e-3);
        // the last fills lie over the outlines before them
        let fill = if filled { own * own / touched } else { 0.0 };
        Veil {
            depth: times * -(1.0 - (alpha * share).min(0.999)).ln(),
            on_top: share / (share + (1.0 - share) * fill),
            alpha,
            alone: 1.0 / count,
        }
    }

    /// Of 255, from the coverage of a pixel by all that the outlines reach.
    pub fn hides(&self, coverage: u32) -> u32 {
        let reached = f64::from(coverage) / 255.0;
        let together = (1.0 - (-self.depth * reached).exp()) * self.on_top;
        let one = self.alpha * reached;
        let hidden = together * (1.0 - self.alone) + one * self.alone;
        (hidden * 255.0 + 0.5) as u32
    }
}

/// A colour laid on through a veil.
pub(super) struct VeilBrush<'a, 'b> {
    pub brush: SolidBrush<'a, 'b>,
    pub veil: Veil,
    /// What a whole pixel gets: most are.
    pub whole: u32,
}

impl<'a, 'b> VeilBrush<'a, 'b> {
    /// The opacity of the colour is in the veil.
    pub fn new(band: &'a mut Band<'b>, color: Color, veil: Veil) -> VeilBrush<'a, 'b> {
        VeilBrush {
            brush: SolidBrush::new(band, Color { a: 255, ..color }),
            whole: veil.hides(255),
            veil,
        }
    }
}

impl Paintbrush for VeilBrush<'_, '_> {
    fn row(&mut self, y: i32) {
        self.brush.row(y);
    }

    fn run(&mut self, y: i32, x0: i32, x1: i32, coverage: u32) {
        let hidden = match coverage {
            255 => self.whole,
            part => self.veil.hides(part),
        };
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

    #[test]
    fn one_outline_hides_what_it_covers_and_many_hide_all() {
        let cell = corners(0, 0, UNIT, UNIT);
        let one = Veil::new(&cell, 1.0, 1.0, 0.5, true);
        assert_eq!((one.hides(255), one.hides(128)), (128, 64));
        let many = Veil::new(&cell, 300.0, 1.0, 1.0, true);
        assert!(many.hides(255) > 250 && many.hides(26) > 230);
        let thin = Veil::new(&cell, 9.0, 0.1, 1.0, true).hides(255);
        assert!(thin > 80 && thin < 230, "{thin}");
    }

    #[test]
    fn a_turned_rectangle_grows_outwards() {
        let turned = [[0, 0], [1000, 100], [900, 1100], [-100, 1000]];
        assert!(!is_upright(&turned) && is_upright(&corners(0, 0, 5, 5)));
        assert_eq!(
            grown(&turned, 10),
            [[-10, -10], [1010, 90], [910, 1110], [-110, 1010]]
        );
    }
}
