use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};

use super::font::FaceId;

/// A straight piece of a contour in pixels: x0, y0, x1, y1, y down.
pub type Segment = [f32; 4];

/// How a glyph lies on the pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transform {
    /// Pixels in an em.
    pub size_px: f32,
    /// Clockwise, in radians.
    pub rotation: f32,
    /// Of the glyph's origin, within a pixel.
    pub offset: [f32; 2],
}

/// The closed contours of a glyph, curves flattened to a twentieth of a pixel; empty for a
/// space.
pub fn outline(face: FaceId, glyph: u16, transform: Transform) -> Vec<Segment> {
    let mut pen = Flattener::default();
    if let Some(face) = face.face()
        && let Some(outline) = face.outlines.get(skrifa::GlyphId::from(glyph))
    {
        let scale = transform.size_px / face.units_per_em;
        let (sin, cos) = transform.rotation.sin_cos();
        pen.matrix = [scale * cos, scale * sin];
        pen.offset = transform.offset;
        let settings = DrawSettings::unhinted(Size::unscaled(), LocationRef::default());
        if outline.draw(settings, &mut pen).is_err() {
            return Vec::new(); // the faces are ours: can't be
        }
        pen.close();
    }
    pen.segments
}

#[derive(Default)]
struct Flattener {
    /// Scaled cosine and sine of the rotation.
    matrix: [f32; 2],
    offset: [f32; 2],
    start: [f32; 2],
    at: [f32; 2],
    segments: Vec<Segment>,
}

impl Flattener {
    /// Font units, y up → pixels, y down.
    fn pixel(&self, x: f32, y: f32) -> [f32; 2] {
        let [cos, sin] = self.matrix;
        let [dx, dy] = self.offset;
        [cos * x + sin * y + dx, sin * x - cos * y + dy]
    }

    fn line(&mut self, to: [f32; 2]) {
        let [x0, y0] = self.at;
        let [x1, y1] = to;
        if self.at != to {
            self.segments.push([x0, y0, x1, y1]);
            self.at = to;
        }
    }
}

/// The number of chords that stay within 1/20 px of a curve whose second differences are at
/// most `bend` px: the error of n chords is bend / (8 n²).
fn chords(bend: f32) -> u16 {
    let n = (bend / (8.0 * 0.05)).sqrt().ceil();
    n.clamp(1.0, 64.0) as u16
}

impl OutlinePen for Flattener {
    fn move_to(&mut self, x: f32, y: f32) {
        self.close();
        self.start = self.pixel(x, y);
        self.at = self.start;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.line(self.pixel(x, y));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        let [ax, ay] = self.at;
        let [bx, by] = self.pixel(cx, cy);
        let [ex, ey] = self.pixel(x, y);
        let n = chords(2.0 * (ax - 2.0 * bx + ex).hypot(ay - 2.0 * by + ey));
        for i in 1..n {
            let t = f32::from(i) / f32::from(n);
            let s = 1.0 - t;
            let (a, b, e) = (s * s, 2.0 * s * t, t * t);
            self.line([a * ax + b * bx + e * ex, a * ay + b * by + e * ey]);
        }
        self.line([ex, ey]);
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let [ax, ay] = self.at;
        let [bx, by] = self.pixel(cx0, cy0);
        let [cx, cy] = self.pixel(cx1, cy1);
        let [ex, ey] = self.pixel(x, y);
        let first = (ax - 2.0 * bx + cx).hypot(ay - 2.0 * by + cy);
        let second = (bx - 2.0 * cx + ex).hypot(by - 2.0 * cy + ey);
        let n = chords(6.0 * first.max(second));
        for i in 1..n {
            let t = f32::from(i) / f32::from(n);
            let s = 1.0 - t;
            let (a, b, c, e) = (s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t);
            self.line([
                a * ax + b * bx + c * cx + e * ex,
                a * ay + b * by + c * cy + e * ey,
            ]);
        }
        self.line([ex, ey]);
    }

    fn close(&mut self) {
        self.line(self.start);
    }
}
