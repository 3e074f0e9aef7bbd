use super::outline::Segment;

/// How much of each pixel of a rectangle is covered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mask {
    /// Of the left column and the top row, in pixels from the glyph's origin pixel.
    pub left: i32,
    pub top: i32,
    pub width: u32,
    pub height: u32,
    /// Row by row, 0 to 255.
    pub data: Box<[u8]>,
}

/// A glyph larger than this in either direction is not drawn: no label is.
const MAX_SIDE_PX: f32 = 2048.0;

impl Mask {
    /// The rows from the top.
    pub fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.data
            .chunks_exact(usize::try_from(self.width).unwrap_or(1).max(1))
    }
}

/// The exact coverage of closed contours, counted so that nested contours of opposite direction
/// are holes.
pub fn fill(segments: &[Segment]) -> Mask {
    let Some(mut grid) = Grid::around(segments, 0.0) else {
        return Mask::default();
    };
    for segment in segments {
        grid.add_edge(*segment);
    }
    grid.integrate()
}

/// The coverage of the contours grown by a radius, corners rounded; the inside is covered.
pub fn halo(segments: &[Segment], radius: f32) -> Mask {
    let Some(mut grid) = Grid::around(segments, radius + 1.0) else {
        return Mask::default();
    };
    for segment in segments {
        grid.add_edge(*segment);
    }
    let mut mask = grid.clone().integrate();
    grid.cells.fill(f32::MAX);
    for segment in segments {
        grid.lower_distance(*segment, radius + 1.0);
    }
    for (covered, distance_squared) in mask.data.iter_mut().zip(grid.distances()) {
        // the outline's neighbourhood, its edge softened over one pixel
        let edge = (radius + 0.5 - distance_squared.sqrt()).clamp(0.0, 1.0);
        *covered = (*covered).max((edge * 255.0 + 0.5) as u8);
    }
    mask
}

/// One number a pixel; rows are one cell wider than the mask, for what flows over their end.
#[derive(Clone)]
struct Grid {
    left: f32,
    top: f32,
    width: usize,
    height: usize,
    cells: Vec<f32>,
}

impl Grid {
    fn around(segments: &[Segment], margin: f32) -> Option<Grid> {
        let fold = |at: [usize; 2], start: f32, pick: fn(f32, f32) -> f32| {
            segments
                .iter()
                .flat_map(|s| at.map(|i| s.get(i).copied().unwrap_or(start)))
                .fold(start, pick)
        };
        let left = (fold([0, 2], f32::MAX, f32::min) - margin).floor();
        let top = (fold([1, 3], f32::MAX, f32::min) - margin).floor();
        let right = (fold([0, 2], f32::MIN, f32::max) + margin).ceil();
        let bottom = (fold([1, 3], f32::MIN, f32::max) + margin).ceil();
        let (width, height) = (right - left, bottom - top);
        let drawable = width >= 1.0 && height >= 1.0 && width.max(height) <= MAX_SIDE_PX;
        drawable.then(|| {
            let (width, height) = (width as usize, height as usize);
            Grid {
                left,
                top,
                width,
                height,
                cells: vec![0.0; (width + 1) * height],
            }
        })
    }

    fn row_mut(&mut self, row: usize) -> &mut [f32] {
        let stride = self.width + 1;
        let start = row * stride;
        self.cells.get_mut(start..start + stride).unwrap_or(&mut [])
    }

    /// Adds an edge's share of each pixel: in each row the area to the right of the edge, as
    /// differences along the row, so that a running sum gives the coverage.
    fn add_edge(&mut self, [x0, y0, x1, y1]: Segment) {
        if y0 == y1 {
            return;
        }
        let (left, top) = (self.left, self.top);
        let (x0, y0, x1, y1) = (x0 - left, y0 - top, x1 - left, y1 - top);
        let (sign, xa, ya, xb, yb) = if y0 < y1 {
            (1.0, x0, y0, x1, y1)
        } else {
            (-1.0, x1, y1, x0, y0)
        };
        let slope = (xb - xa) / (yb - ya);
        let right_end = self.width as f32;
        let last_row = self.height.saturating_sub(1);
        for row in (ya.max(0.0) as usize)..=(yb.max(0.0) as usize).min(last_row) {
            let (row_top, row_bottom) = (row as f32, row as f32 + 1.0);
            let (from, to) = (ya.max(row_top), yb.min(row_bottom));
            if to <= from {
                continue;
            }
            let height = sign * (to - from);
            let at_from = (xa + (from - ya) * slope).clamp(0.0, right_end);
            let at_to = (xa + (to - ya) * slope).clamp(0.0, right_end);
            let (low, high) = (at_from.min(at_to), at_from.max(at_to));
            spread_over(self.row_mut(row), low, high, height);
        }
    }

    fn integrate(self) -> Mask {
        let mut data = Vec::with_capacity(self.width * self.height);
        for row in self.cells.chunks_exact(self.width + 1) {
            let mut sum = 0.0;
            data.extend(row.iter().take(self.width).map(|difference| {
                sum += difference;
                // either direction of the contours covers
                (sum.abs().min(1.0) * 255.0 + 0.5) as u8
            }));
        }
        Mask {
            left: self.left as i32,
            top: self.top as i32,
            width: u32::try_from(self.width).unwrap_or(0),
            height: u32::try_from(self.height).unwrap_or(0),
            data: data.into_boxed_slice(),
        }
    }

    /// Lowers each cell near a segment to the squared distance from its centre.
    fn lower_distance(&mut self, [x0, y0, x1, y1]: Segment, reach: f32) {
        let (left, top) = (self.left, self.top);
        let (x0, y0, x1, y1) = (x0 - left, y0 - top, x1 - left, y1 - top);
        let (dx, dy) = (x1 - x0, y1 - y0);
        let length_squared = (dx * dx + dy * dy).max(1e-12);
        let first_row = (y0.min(y1) - reach).max(0.0) as usize;
        let last_row = ((y0.max(y1) + reach).max(0.0) as usize).min(self.height - 1);
        let first = (x0.min(x1) - reach).max(0.0) as usize;
        let last = ((x0.max(x1) + reach).max(0.0) as usize).min(self.width - 1);
        for row in first_row..=last_row {
            let py = row as f32 + 0.5 - y0;
            let cells = self.row_mut(row).get_mut(first..=last).unwrap_or(&mut []);
            for (column, cell) in (first..).zip(cells) {
                let px = column as f32 + 0.5 - x0;
                let along = ((px * dx + py * dy) / length_squared).clamp(0.0, 1.0);
                let (ex, ey) = (px - along * dx, py - along * dy);
                *cell = cell.min(ex * ex + ey * ey);
            }
        }
    }

    fn distances(&self) -> impl Iterator<Item = f32> {
        let width = self.width;
        self.cells
            .chunks_exact(width + 1)
            .flat_map(move |row| row.iter().take(width).copied())
    }
}

/// Adds to a row of differences an edge of a height that crosses it from `low` to `high`.
fn spread_over(row: &mut [f32], low: f32, high: f32, height: f32) {
    let mut add = |cell: usize, amount: f32| {
        if let Some(cell) = row.get_mut(cell) {
            *cell += amount;
        }
    };
    let first = low.floor();
    let index = first as usize;
    if high <= first + 1.0 {
        // within one pixel: a trapezoid
        let covered = height * (1.0 - ((low + high) / 2.0 - first));
        add(index, covered);
        add(index + 1, height - covered);
        return;
    }
    // across pixels: how much of the height lies in each, and the area it leaves to its right
    let per_px = height / (high - low);
    let mut before = 0.0; // coverage given so far
    let mut x = low;
    let mut cell = index;
    while x < high {
        let next = (cell as f32 + 1.0).min(high);
        let within = per_px * (next - x);
        let passed = per_px * (x - low);
        let middle = (x + next) / 2.0 - cell as f32;
        let covered = passed + within * (1.0 - middle);
        add(cell, covered - before);
        before = covered;
        x = next;
        cell += 1;
    }
    add(cell, height - before);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::text::font::FaceId;
    use crate::render::text::outline::{Transform, outline};

    /// 32 × 32 samples a pixel, non-zero winding.
    fn sampled(segments: &[Segment], mask: &Mask) -> Vec<f64> {
        const N: i32 = 32;
        let inside = |x: f32, y: f32| {
            let winding: i32 = segments
                .iter()
                .map(|[x0, y0, x1, y1]| {
                    let crosses = (*y0 <= y) != (*y1 <= y);
                    let at = x0 + (y - y0) / (y1 - y0) * (x1 - x0);
                    i32::from(crosses && at > x) * if y0 < y1 { 1 } else { -1 }
                })
                .sum();
            winding != 0
        };
        let mut out = Vec::new();
        for row in 0..mask.height as i32 {
            for column in 0..mask.width as i32 {
                let mut hits = 0;
                for i in 0..N * N {
                    let x = (mask.left + column) as f32 + ((i % N) as f32 + 0.5) / N as f32;
                    let y = (mask.top + row) as f32 + ((i / N) as f32 + 0.5) / N as f32;
                    hits += i32::from(inside(x, y));
                }
                out.push(f64::from(hits) / f64::from(N * N) * 255.0);
            }
        }
        out
    }

    fn glyph(id: u16, size_px: f32, rotation: f32) -> Vec<Segment> {
        let offset = [0.25, 0.75];
        outline(
            FaceId(0),
            id,
            Transform {
                size_px,
                rotation,
                offset,
            },
        )
    }

    #[test]
    fn the_coverage_of_glyphs_is_exact() {
        for (id, size, rotation) in [
            (36, 14.0, 0.0),
            (40, 9.5, 0.4),
            (54, 33.0, 2.0),
            (75, 20.0, 4.7),
        ] {
            let segments = glyph(id, size, rotation);
            let mask = fill(&segments);
            assert!(mask.data.iter().any(|c| *c > 150));
            let reference = sampled(&segments, &mask);
            let worst = mask
                .data
                .iter()
                .zip(&reference)
                .map(|(a, b)| (f64::from(*a) - b).abs())
                .fold(0.0, f64::max);
            assert!(worst <= 8.0, "glyph {id}: off by {worst} of 255");
        }
    }

    #[test]
    fn a_halo_reaches_its_radius_and_is_round() {
        let square = [
            [0.0, 0.0, 4.0, 0.0],
            [4.0, 0.0, 4.0, 4.0],
            [4.0, 4.0, 0.0, 4.0],
            [0.0, 4.0, 0.0, 0.0],
        ];
        let mask = halo(&square, 3.0);
        let at = |x: i32, y: i32| {
            let column = x - mask.left;
            let row = y - mask.top;
            let inside =
                (0..mask.width as i32).contains(&column) && (0..mask.height as i32).contains(&row);
            if inside {
                mask.data[(row * mask.width as i32 + column) as usize]
            } else {
                0
            }
        };
        assert_eq!(at(2, 2), 255, "inside");
        assert_eq!(at(2, -3), 255, "the third pixel above");
        assert_eq!(at(2, -4), 0, "the fourth");
        assert_eq!(at(-3, -3), 0, "corners are round");
        assert_eq!(at(-2, -2), 255, "but not cut");
        let corner = at(-2, -3);
        assert!(corner > 100 && corner < 255, "and soft: {corner}");
    }

    #[test]
    fn a_space_has_no_mask_and_a_giant_is_refused() {
        assert_eq!(fill(&[]), Mask::default());
        assert_eq!(halo(&[], 2.0), Mask::default());
        assert_eq!(fill(&glyph(36, 5000.0, 0.0)), Mask::default());
    }
}
