//! Where a label or a marker stands on a geometry: a function of the geometry alone.

use super::{Coord, Geometry, Part, PartKind};

/// The position that stands for a geometry: the first point, the middle of the longest line, or
/// the point furthest from the border of the largest area (its pole of inaccessibility, to a
/// twentieth of the area's smaller side), always inside. `None` for an empty geometry or one
/// without finite positions.
///
/// Areas go before lines and lines before points. The cost is bounded: borders of many vertices
/// are thinned for the search.
pub fn anchor(geometry: &Geometry) -> Option<Coord> {
    let mut best: Option<(u8, f64, Part<'_>)> = None;
    for part in geometry.parts() {
        let (rank, size) = match part.kind {
            PartKind::Points => (0, 0.0),
            PartKind::Line => (1, part.sequences().map(length).sum()),
            PartKind::Polygon => (2, exterior(&part).map_or(0.0, |ring| area(ring).abs())),
        };
        // the first of equals, whatever is not finite last
        let better = match best {
            None => true,
            Some((best_rank, best_size, _)) => {
                rank > best_rank || rank == best_rank && size > best_size
            }
        };
        if better {
            best = Some((rank, if size.is_finite() { size } else { -1.0 }, part));
        }
    }
    let (rank, _, part) = best?;
    let found = match rank {
        0 => part.sequences().flatten().copied().find(is_finite),
        1 => part.sequences().next().and_then(middle_of_line),
        _ => middle_of_area(&part),
    };
    // an area without extent is a line, a line without extent is a point
    found.or_else(|| {
        let longest = part.sequences().next()?;
        middle_of_line(longest).or_else(|| longest.iter().copied().find(is_finite))
    })
}

/// The point halfway along a line; `None` where its length is 0 or not finite.
pub fn middle_of_line(line: &[Coord]) -> Option<Coord> {
    let half = length(line) / 2.0;
    if !(half > 0.0 && half.is_finite()) {
        return None;
    }
    let mut walked = 0.0;
    for (a, b) in steps(line) {
        let step = distance(a, b);
        if walked + step >= half {
            let t = (half - walked) / step;
            return Some([a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]);
        }
        walked += step;
    }
    line.last().copied()
}

fn steps(line: &[Coord]) -> impl Iterator<Item = (Coord, Coord)> {
    line.iter().copied().zip(line.iter().copied().skip(1))
}

fn distance(a: Coord, b: Coord) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

fn length(line: &[Coord]) -> f64 {
    steps(line).map(|(a, b)| distance(a, b)).sum()
}

fn is_finite(coord: &Coord) -> bool {
    coord.iter().all(|v| v.is_finite())
}

fn exterior<'a>(part: &Part<'a>) -> Option<&'a [Coord]> {
    part.sequences().next()
}

/// The signed area of a ring, positive counter-clockwise; taken from its first vertex, so that
/// large coordinates cost no digits.
fn area(ring: &[Coord]) -> f64 {
    let Some(&[ox, oy]) = ring.first() else {
        return 0.0;
    };
    let cross = |(a, b): (Coord, Coord)| (a[0] - ox) * (b[1] - oy) - (b[0] - ox) * (a[1] - oy);
    steps(ring).map(cross).sum::<f64>() / 2.0
}

/// A square of the search: its centre and half its side, how far its centre is from the border
/// (negative outside), and how far any of its points can be at most.
#[derive(Clone, Copy)]
struct Cell {
    center: Coord,
    half: f64,
    distance: f64,
}

impl Cell {
    fn most(&self) -> f64 {
        self.distance + self.half * std::f64::consts::SQRT_2
    }
}

/// Squares looked at before the best so far is taken: far beyond what real areas need.
const MAX_CELLS: usize = 400;
/// Edges that a square's distance is measured to.
const MAX_EDGES: usize = 1000;

/// The pole of inaccessibility: squares that could hold a better point are quartered, the most
/// promising first, until none can be better by a twentieth of the smaller side.
fn middle_of_area(part: &Part<'_>) -> Option<Coord> {
    let bounds = super::Bbox::around(exterior(part)?)?;
    let smaller = bounds.width().min(bounds.height());
    if smaller <= 0.0 || !smaller.is_finite() {
        return None;
    }
    let edges = thinned_edges(part, bounds.width().max(bounds.height()));
    let precision = smaller / 20.0;
    let cell = |center: Coord, half: f64| Cell {
        center,
        half,
        distance: distance_inside(&edges, center),
    };

    let mut best = cell(bounds.center(), 0.0);
    if let Some(centroid) = exterior(part).and_then(centroid) {
        let middle = cell(centroid, 0.0);
        if middle.distance > best.distance {
            best = middle;
        }
    }
    // squares as wide as the smaller side cover the box
    let half = smaller / 2.0;
    let count = |side: f64| (side / smaller).ceil().clamp(1.0, 16.0) as u32;
    let (columns, rows) = (count(bounds.width()), count(bounds.height()));
    let reach_x = bounds.width() / f64::from(columns) / 2.0;
    let reach_y = bounds.height() / f64::from(rows) / 2.0;
    let half = half.max(reach_x).max(reach_y);
    let mut open: Vec<Cell> = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            let x = bounds.min_x + reach_x * f64::from(2 * column + 1);
            let y = bounds.min_y + reach_y * f64::from(2 * row + 1);
            open.push(cell([x, y], half));
        }
    }
    let mut looked_at = open.len();
    while let Some((index, _)) = open
        .iter()
        .enumerate()
        .max_by(|(_, a), (_, b)| a.most().total_cmp(&b.most()))
    {
        let most = open.swap_remove(index);
        if most.distance > best.distance {
            best = most;
        }
        if most.most() - best.distance <= precision || looked_at >= MAX_CELLS {
            break;
        }
        let half = most.half / 2.0;
        let [x, y] = most.center;
        for (dx, dy) in [(-half, -half), (half, -half), (-half, half), (half, half)] {
            let child = cell([x + dx, y + dy], half);
            looked_at += 1;
            if child.distance > best.distance {
                best = child;
            }
            if child.most() - best.distance > precision {
                open.push(child);
            }
        }
    }
    if best.distance > 0.0 && is_inside(part, best.center) {
        return Some(best.center);
    }
    widest_row(part, best.center[1]).or_else(|| widest_row(part, bounds.center()[1]))
}

/// The edges of all rings; where they are many, vertices closer together than a step are left
/// out, the step growing from 1/512 of the extent until few remain.
fn thinned_edges(part: &Part<'_>, extent: f64) -> Vec<[f64; 4]> {
    let count: usize = part.sequences().map(<[Coord]>::len).sum();
    let mut step = if count <= 64 { 0.0 } else { extent / 512.0 };
    loop {
        let mut edges = Vec::with_capacity(count.min(2 * MAX_EDGES));
        for ring in part.sequences() {
            let Some(first) = ring.first() else { continue };
            let mut from = *first;
            for to in ring.iter().skip(1) {
                if is_finite(to) && distance(from, *to) > step {
                    edges.push([from[0], from[1], to[0], to[1]]);
                    from = *to;
                }
            }
            if from != *first {
                edges.push([from[0], from[1], first[0], first[1]]);
            }
        }
        if edges.len() <= MAX_EDGES || step >= extent / 8.0 {
            edges.truncate(8 * MAX_EDGES);
            return edges;
        }
        step *= 2.0;
    }
}

/// How far a point is from the nearest edge, negative outside.
fn distance_inside(edges: &[[f64; 4]], [x, y]: Coord) -> f64 {
    let mut inside = false;
    let mut nearest = f64::INFINITY;
    for &[x0, y0, x1, y1] in edges {
        if (y0 > y) != (y1 > y) && x < (x1 - x0) * (y - y0) / (y1 - y0) + x0 {
            inside = !inside;
        }
        let (dx, dy) = (x1 - x0, y1 - y0);
        let t = (((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
        let (ex, ey) = (x - x0 - t * dx, y - y0 - t * dy);
        nearest = nearest.min(ex * ex + ey * ey);
    }
    if inside {
        nearest.sqrt()
    } else {
        -nearest.sqrt()
    }
}

/// The centre of gravity of a ring; `None` where it has no area.
fn centroid(ring: &[Coord]) -> Option<Coord> {
    let &[ox, oy] = ring.first()?;
    let (mut sum_x, mut sum_y, mut doubled) = (0.0, 0.0, 0.0);
    for (a, b) in steps(ring) {
        let (ax, ay, bx, by) = (a[0] - ox, a[1] - oy, b[0] - ox, b[1] - oy);
        let cross = ax * by - bx * ay;
        sum_x += (ax + bx) * cross;
        sum_y += (ay + by) * cross;
        doubled += cross;
    }
    let center = [ox + sum_x / (3.0 * doubled), oy + sum_y / (3.0 * doubled)];
    is_finite(&center).then_some(center)
}

/// Even-odd over all rings, closed or not.
fn is_inside(part: &Part<'_>, point: Coord) -> bool {
    crossings(part, point[1]).filter(|x| *x > point[0]).count() % 2 == 1
}

/// Where the rings cross a horizontal line.
fn crossings<'a>(part: &'a Part<'a>, y: f64) -> impl Iterator<Item = f64> + 'a {
    part.sequences().flat_map(move |ring| {
        let closing = ring.last().copied().zip(ring.first().copied());
        steps(ring).chain(closing).filter_map(move |(a, b)| {
            let crosses = (a[1] > y) != (b[1] > y);
            crosses.then(|| a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]))
        })
    })
}

/// The middle of the widest stretch inside along a horizontal line.
fn widest_row(part: &Part<'_>, y: f64) -> Option<Coord> {
    let mut xs: Vec<f64> = crossings(part, y).filter(|x| x.is_finite()).collect();
    xs.sort_by(f64::total_cmp);
    let mut widest: Option<(f64, f64)> = None;
    let mut rest = xs.as_slice();
    while let [from, to, after @ ..] = rest {
        if widest.is_none_or(|(width, _)| to - from > width) {
            widest = Some((to - from, (from + to) / 2.0));
        }
        rest = after;
    }
    widest
        .filter(|(width, _)| *width > 0.0)
        .map(|(_, x)| [x, y])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::GeometryType;
    use proptest::prelude::*;

    fn polygon(rings: &[&[Coord]]) -> Geometry {
        let mut g = Geometry::new(GeometryType::Polygon);
        for ring in rings {
            g.extend(ring.iter().copied());
            g.end_sequence();
        }
        g.end_part(PartKind::Polygon);
        g
    }

    fn star(radii: &[f64]) -> Vec<Coord> {
        let n = radii.len() as f64;
        let mut ring: Vec<Coord> = radii
            .iter()
            .enumerate()
            .map(|(i, r)| {
                let angle = i as f64 / n * std::f64::consts::TAU;
                [650_000.0 + r * angle.cos(), 6_860_000.0 + r * angle.sin()]
            })
            .collect();
        ring.push(ring[0]);
        ring
    }

    #[test]
    fn the_anchor_of_an_l_is_in_its_corner_and_not_at_its_centroid() {
        let l = [
            [0.0, 0.0],
            [10.0, 0.0],
            [10.0, 3.0],
            [3.0, 3.0],
            [3.0, 10.0],
            [0.0, 10.0],
            [0.0, 0.0],
        ];
        let [x, y] = anchor(&polygon(&[&l])).unwrap();
        assert!(x < 3.0 && y < 3.0, "{x} {y}");
    }

    #[test]
    fn a_hole_is_avoided() {
        let outer = [
            [0.0, 0.0],
            [30.0, 0.0],
            [30.0, 10.0],
            [0.0, 10.0],
            [0.0, 0.0],
        ];
        let hole = [[8.0, 1.0], [29.0, 1.0], [29.0, 9.0], [8.0, 9.0], [8.0, 1.0]];
        let [x, _] = anchor(&polygon(&[&outer, &hole])).unwrap();
        assert!(x < 8.0);
    }

    #[test]
    fn the_largest_part_the_longest_line_the_first_point() {
        let mut g = Geometry::new(GeometryType::GeometryCollection);
        g.push([5.0, 5.0]);
        g.end_part(PartKind::Points);
        assert_eq!(anchor(&g), Some([5.0, 5.0]));
        for line in [[[0.0, 0.0], [1.0, 0.0]], [[0.0, 0.0], [0.0, 8.0]]] {
            g.extend(line);
            g.end_part(PartKind::Line);
        }
        assert_eq!(anchor(&g), Some([0.0, 4.0]));
        for side in [1.0, 4.0, 2.0] {
            g.extend([
                [0.0, 0.0],
                [side, 0.0],
                [side, side],
                [0.0, side],
                [0.0, 0.0],
            ]);
            g.end_part(PartKind::Polygon);
        }
        assert_eq!(anchor(&g), Some([2.0, 2.0]));
    }

    #[test]
    fn degenerate_geometries_have_an_anchor_or_none_and_never_a_panic() {
        assert_eq!(anchor(&Geometry::default()), None);
        let flat = [[0.0, 0.0], [4.0, 0.0], [0.0, 0.0]];
        assert!(anchor(&polygon(&[&flat])).is_some());
        assert_eq!(anchor(&polygon(&[&[[1.0, 2.0]]])), Some([1.0, 2.0]));
        let nan = [[f64::NAN, 0.0], [f64::INFINITY, 1.0]];
        assert_eq!(anchor(&polygon(&[&nan])), None);
        let huge = [
            [-1e300, -1e300],
            [1e300, -1e300],
            [1e300, 1e300],
            [-1e300, -1e300],
        ];
        let _ = anchor(&polygon(&[&huge]));
        let bow_tie = [[0.0, 0.0], [4.0, 4.0], [4.0, 0.0], [0.0, 4.0], [0.0, 0.0]];
        assert!(anchor(&polygon(&[&bow_tie])).is_some());
    }

    #[test]
    fn a_border_of_200_000_vertices_takes_milliseconds() {
        let radii: Vec<f64> = (0..200_000)
            .map(|i| 1000.0 + 300.0 * (f64::from(i) / 900.0).sin() + f64::from(i % 7))
            .collect();
        let big = polygon(&[&star(&radii)]);
        let start = std::time::Instant::now();
        let at = anchor(&big).unwrap();
        // with room for a busy machine: each vertex against each would be 40 billion
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
        assert!(is_inside(&big.parts().next().unwrap(), at));
    }

    proptest! {
        #[test]
        fn the_anchor_is_inside_and_nearly_the_furthest_from_the_border(
            radii in prop::collection::vec(5.0..1000.0f64, 3..60)
        ) {
            let ring = star(&radii);
            let g = polygon(&[&ring]);
            let part = g.parts().next().unwrap();
            let found = anchor(&g).unwrap();
            prop_assert!(is_inside(&part, found));
            let edges = thinned_edges(&part, 0.0);
            let bounds = g.bbox().unwrap();
            let mut best = 0.0f64;
            for i in 0..60 { for j in 0..60 {
                let at = [
                    bounds.min_x + bounds.width() * (f64::from(i) + 0.5) / 60.0,
                    bounds.min_y + bounds.height() * (f64::from(j) + 0.5) / 60.0,
                ];
                best = best.max(distance_inside(&edges, at));
            }}
            let smaller = bounds.width().min(bounds.height());
            prop_assert!(distance_inside(&edges, found) >= best - smaller / 20.0 - 1e-6);
        }
    }
}
