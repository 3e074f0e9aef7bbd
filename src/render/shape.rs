//! A geometry on a view's grid: what fills, strokes, symbols and hit tests work on.

use super::fixed::{Fixed, Grid, UNIT, round};
use super::raster::PixelRect;
use crate::geom::{Geometry, PartKind};

/// Vertices that follow each other in one cell of 1/8 px become one of them. It is the same one
/// whichever way the line runs and wherever a ring begins: neighbours keep one border. And it
/// depends on the geometry and the resolution alone: cuts of one map leave out the same ones.
const THIN: i64 = UNIT / 8;

/// A geometry in fixed positions, thinned; its memory is used again for the next feature.
#[derive(Debug, Default)]
pub struct Shape {
    points: Vec<Fixed>,
    sequences: Vec<Sequence>,
    min: Fixed,
    max: Fixed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Points,
    Line,
    Exterior,
    Hole,
}

#[derive(Debug, Clone, Copy)]
struct Sequence {
    role: Role,
    start: usize,
    end: usize,
}

/// A ring without its closing position.
#[derive(Debug, Clone, Copy)]
pub struct Ring<'a> {
    pub points: &'a [Fixed],
    pub is_hole: bool,
}

impl Ring<'_> {
    /// True where the ring must be turned round so that exteriors run one way and holes the
    /// other, however the data winds them.
    pub fn is_reversed(&self) -> bool {
        (doubled_area(self.points) < 0.0) != self.is_hole
    }
}

/// Twice the signed area, in units², computed from differences.
pub fn doubled_area(points: &[Fixed]) -> f64 {
    let Some((first, rest)) = points.split_first() else {
        return 0.0;
    };
    let mut sum = 0.0;
    let mut last = [0.0, 0.0];
    for point in rest {
        let next = [(point[0] - first[0]) as f64, (point[1] - first[1]) as f64];
        sum += last[0] * next[1] - last[1] * next[0];
        last = next;
    }
    sum
}

impl Shape {
    /// Takes over a geometry in the view's CRS. Positions that are not numbers are left out.
    pub fn set(&mut self, geometry: &Geometry, grid: &Grid) {
        self.points.clear();
        self.sequences.clear();
        self.min = [i64::MAX; 2];
        self.max = [i64::MIN; 2];
        for part in geometry.parts() {
            let mut role = match part.kind {
                PartKind::Points => Role::Points,
                PartKind::Line => Role::Line,
                PartKind::Polygon => Role::Exterior,
            };
            for sequence in part.sequences() {
                let start = self.points.len();
                let positions = sequence.iter().filter_map(|c| grid.position(*c));
                match role {
                    Role::Points => {
                        for position in positions {
                            self.push(position);
                        }
                    }
                    Role::Line => self.thin(positions, false),
                    Role::Exterior | Role::Hole => self.thin(positions, true),
                }
                let end = self.points.len();
                if end > start {
                    self.sequences.push(Sequence { role, start, end });
                }
                if role == Role::Exterior {
                    role = Role::Hole;
                }
            }
        }
    }

    /// Takes over one exterior ring of positions on the grid.
    pub fn set_ring(&mut self, ring: impl IntoIterator<Item = Fixed>) {
        self.points.clear();
        self.sequences.clear();
        self.min = [i64::MAX; 2];
        self.max = [i64::MIN; 2];
        for position in ring {
            self.push(position);
        }
        self.sequences.push(Sequence {
            role: Role::Exterior,
            start: 0,
            end: self.points.len(),
        });
    }

    #[inline(always)]
    fn push(&mut self, point: Fixed) {
        self.min = [self.min[0].min(point[0]), self.min[1].min(point[1])];
        self.max = [self.max[0].max(point[0]), self.max[1].max(point[1])];
        self.points.push(point);
    }

    fn thin(&mut self, mut positions: impl Iterator<Item = Fixed>, closed: bool) {
        let Some(first) = positions.next() else {
            return;
        };
        let start = self.points.len();
        let mut last = first;
        let mut kept = first;
        for position in positions {
            last = position;
            if same_cell(position, kept) {
                // a line begins where it begins
                if closed || self.points.len() > start {
                    kept = kept.min(position);
                }
            } else {
                self.push(kept);
                kept = position;
            }
        }
        let begin = self.points.get(start).copied();
        match begin {
            // the way back to the first position is implied
            Some(begin) if closed && same_cell(begin, kept) => {
                self.push(kept.min(begin));
                self.points.swap_remove(start);
            }
            // a line ends where it ends
            Some(_) if !closed => self.push(last),
            _ => self.push(kept),
        }
    }

    /// The memory that it holds.
    pub fn bytes(&self) -> usize {
        self.points.capacity() * size_of::<Fixed>()
            + self.sequences.capacity() * size_of::<Sequence>()
    }

    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The pixels that the shape touches, with `reach` units around; empty for no position.
    pub fn rect(&self, reach: i64) -> PixelRect {
        if self.is_empty() {
            return PixelRect {
                x0: 0,
                y0: 0,
                x1: 0,
                y1: 0,
            };
        }
        PixelRect::around(self.min.map(|v| v - reach), self.max.map(|v| v + reach))
    }

    /// The larger side of the shape's box, in units.
    pub fn extent(&self) -> i64 {
        if self.is_empty() {
            return 0;
        }
        (self.max[0] - self.min[0]).max(self.max[1] - self.min[1])
    }

    pub fn min(&self) -> Fixed {
        self.min
    }

    pub fn max(&self) -> Fixed {
        self.max
    }

    /// Every ring of every polygon, holes after their exterior.
    pub fn rings(&self) -> impl Iterator<Item = Ring<'_>> {
        self.sequences_of(|role| matches!(role, Role::Exterior | Role::Hole))
            .map(|(role, points)| Ring {
                points,
                is_hole: role == Role::Hole,
            })
    }

    /// True where there is nothing but rings.
    pub fn is_of_rings(&self) -> bool {
        let is_ring = |s: &Sequence| matches!(s.role, Role::Exterior | Role::Hole);
        self.sequences.iter().all(is_ring)
    }

    /// Every line.
    pub fn lines(&self) -> impl Iterator<Item = &[Fixed]> {
        self.sequences_of(|role| role == Role::Line)
            .map(|(_, points)| points)
    }

    /// Every point of point parts.
    pub fn points(&self) -> impl Iterator<Item = Fixed> {
        self.sequences_of(|role| role == Role::Points)
            .flat_map(|(_, points)| points.iter().copied())
    }

    fn sequences_of(&self, wanted: fn(Role) -> bool) -> impl Iterator<Item = (Role, &[Fixed])> {
        self.sequences
            .iter()
            .filter(move |s| wanted(s.role))
            .filter_map(|s| Some((s.role, self.points.get(s.start..s.end)?)))
    }

    /// Where point symbols stand: each point; for a line the middle of its longest part; for an
    /// area a point inside its largest polygon, the centroid where that lies inside.
    ///
    /// A function of the whole geometry, not of the part in view.
    pub fn anchors(&self, mut visit: impl FnMut(Fixed)) {
        self.points().for_each(&mut visit);
        let longest = self.lines().max_by(|a, b| length(a).total_cmp(&length(b)));
        if let Some(middle) = longest.and_then(middle) {
            visit(middle);
        }
        if let Some(inside) = self.inside() {
            visit(inside);
        }
    }

    fn inside(&self) -> Option<Fixed> {
        let mut largest: Option<(f64, usize)> = None;
        for (index, ring) in self.rings().enumerate() {
            let area = doubled_area(ring.points).abs();
            if !ring.is_hole && largest.is_none_or(|(most, _)| area > most) {
                largest = Some((area, index));
            }
        }
        let (_, index) = largest?;
        let exterior = self.rings().nth(index)?;
        let center = centroid(exterior.points)?;
        let polygon = || {
            self.rings()
                .skip(index)
                .enumerate()
                .take_while(|(i, ring)| *i == 0 || ring.is_hole)
                .map(|(_, ring)| ring.points)
        };
        if crossings(polygon(), center) {
            return Some(center);
        }
        // else the middle of the widest stretch inside, at the height of the centroid
        let mut cuts = Vec::new();
        for ring in polygon() {
            each_edge(ring, |a, b| {
                if (a[1] <= center[1]) != (b[1] <= center[1]) {
                    cuts.push(cut(a, b, center[1]));
                }
            });
        }
        cuts.sort_unstable();
        let widest = cuts
            .as_chunks::<2>()
            .0
            .iter()
            .max_by_key(|[left, right]| right - left);
        Some(widest.map_or(center, |[left, right]| {
            [left + (right - left) / 2, center[1]]
        }))
    }

    /// True where the polygons cover the position (even-odd).
    pub fn covers(&self, position: Fixed) -> bool {
        crossings(self.rings().map(|r| r.points), position)
    }
}

#[inline(always)]
fn same_cell(a: Fixed, b: Fixed) -> bool {
    ((a[0] ^ b[0]) | (a[1] ^ b[1])) & !(THIN - 1) == 0
}

fn each_edge(ring: &[Fixed], mut visit: impl FnMut(Fixed, Fixed)) {
    let Some(last) = ring.last() else { return };
    let mut from = *last;
    for to in ring {
        visit(from, *to);
        from = *to;
    }
}

/// Where the edge crosses the height `y`.
fn cut(a: Fixed, b: Fixed, y: i64) -> i64 {
    let (upper, lower) = if a[1] <= b[1] { (a, b) } else { (b, a) };
    let slope = (lower[0] - upper[0]) as f64 / (lower[1] - upper[1]) as f64;
    upper[0] + round((y - upper[1]) as f64 * slope)
}

fn crossings<'a>(rings: impl Iterator<Item = &'a [Fixed]>, [x, y]: Fixed) -> bool {
    let mut inside = false;
    for ring in rings {
        each_edge(ring, |a, b| {
            if (a[1] <= y) != (b[1] <= y) && cut(a, b, y) > x {
                inside = !inside;
            }
        });
    }
    inside
}

fn centroid(ring: &[Fixed]) -> Option<Fixed> {
    let first = ring.first()?;
    let (mut area, mut sum_x, mut sum_y) = (0.0, 0.0, 0.0);
    let mut last = [0.0, 0.0];
    for point in ring {
        let next = [(point[0] - first[0]) as f64, (point[1] - first[1]) as f64];
        let cross = last[0] * next[1] - last[1] * next[0];
        area += cross;
        sum_x += cross * (last[0] + next[0]);
        sum_y += cross * (last[1] + next[1]);
        last = next;
    }
    let (x, y) = (sum_x / (3.0 * area), sum_y / (3.0 * area));
    // a ring without area: its first position is as good as any
    Some(
        if x.is_finite() && y.is_finite() && x.abs().max(y.abs()) < 1e12 {
            [first[0] + round(x), first[1] + round(y)]
        } else {
            *first
        },
    )
}

/// The length of a line in units.
pub fn length(points: &[Fixed]) -> f64 {
    points
        .iter()
        .zip(points.iter().skip(1))
        .map(|(a, b)| distance(*a, *b))
        .sum()
}

pub(super) fn distance(a: Fixed, b: Fixed) -> f64 {
    let (dx, dy) = ((b[0] - a[0]) as f64, (b[1] - a[1]) as f64);
    (dx * dx + dy * dy).sqrt()
}

fn middle(points: &[Fixed]) -> Option<Fixed> {
    let mut rest = length(points) / 2.0;
    for (a, b) in points.iter().zip(points.iter().skip(1)) {
        let step = distance(*a, *b);
        if step > 0.0 && rest <= step {
            let t = rest / step;
            return Some([
                a[0] + round((b[0] - a[0]) as f64 * t),
                a[1] + round((b[1] - a[1]) as f64 * t),
            ]);
        }
        rest -= step;
    }
    points.first().copied()
}
