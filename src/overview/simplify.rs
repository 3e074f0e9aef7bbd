//! Lines and rings on a world grid, with as few positions as show the same at a resolution.
//!
//! Every position moves to the nearest node of a grid that is the same for all features, so what
//! two neighbours share stays shared. Repeated nodes and those in line between two others are
//! dropped: neither moves an outline.

use crate::geom::{Coord, Geometry, PartKind};

/// Nodes of the grid in a pixel, along a side: positions move by at most an eighth of it each way.
const STEPS_PER_PIXEL: f64 = 4.0;

/// The longest line that stands for several in line, in pixels: straight in one CRS is bent in
/// another, by 0.01 pixels on this length.
const MAX_SPAN: i64 = 32 * STEPS_PER_PIXEL as i64;

/// A node of the grid.
type Node = [i64; 2];

/// A grid of nodes, and memory that is used again.
#[derive(Debug)]
pub struct Simplifier {
    step: f64,
    nodes: Vec<Node>,
}

impl Simplifier {
    /// `resolution` is the size of a pixel.
    pub fn new(resolution: f64) -> Simplifier {
        Simplifier {
            step: resolution / STEPS_PER_PIXEL,
            nodes: Vec::new(),
        }
    }

    /// Appends a line to `out` as a part. One that comes to lie on one node is two positions
    /// there, so that its ends are still drawn.
    pub fn line(&mut self, line: &[Coord], out: &mut Geometry) {
        self.take(line);
        if let [only] = self.nodes.as_slice() {
            let only = *only;
            self.nodes.push(only);
        }
        self.put(out);
        out.end_part(PartKind::Line);
    }

    /// Appends a polygon to `out` as a part; false where nothing of its exterior is left. Holes
    /// that close are left out.
    pub fn polygon<'a>(
        &mut self,
        mut rings: impl Iterator<Item = &'a [Coord]>,
        out: &mut Geometry,
    ) -> bool {
        let Some(exterior) = rings.next() else {
            return false;
        };
        if !self.ring(exterior, out) {
            return false;
        }
        for hole in rings {
            self.ring(hole, out);
        }
        out.end_part(PartKind::Polygon);
        true
    }

    fn ring(&mut self, ring: &[Coord], out: &mut Geometry) -> bool {
        self.take(ring);
        let (Some(first), Some(last)) = (self.nodes.first().copied(), self.nodes.last().copied())
        else {
            return false;
        };
        if first != last {
            self.nodes.push(first); // a ring that was stored open
        }
        // a triangle, closed, is the least that covers anything
        if self.nodes.len() < 4 || is_flat(&self.nodes) {
            return false;
        }
        self.put(out);
        out.end_sequence();
        true
    }

    /// Fills `nodes` with those of a line.
    fn take(&mut self, line: &[Coord]) {
        self.nodes.clear();
        for position in line {
            let Some(node) = self.node(*position) else {
                continue;
            };
            match self.nodes.as_slice() {
                [.., last] if *last == node => continue,
                [.., before, last] if is_between(*before, *last, node) => {
                    self.nodes.pop();
                }
                _ => {}
            }
            self.nodes.push(node);
        }
    }

    fn node(&self, [x, y]: Coord) -> Option<Node> {
        let (x, y) = (x / self.step, y / self.step);
        // 2^52: what is farther out is no place that a map shows
        let limit = (1_u64 << 52) as f64;
        #[allow(clippy::cast_possible_truncation, reason = "at most 2^52")]
        (x.abs() < limit && y.abs() < limit).then(|| [x.round() as i64, y.round() as i64])
    }

    fn put(&self, out: &mut Geometry) {
        let position = |[x, y]: &Node| [*x as f64 * self.step, *y as f64 * self.step];
        out.extend(self.nodes.iter().map(position));
    }
}

/// True where `node` goes on straight from the two before, and not too far.
fn is_between(before: Node, last: Node, node: Node) -> bool {
    let (ax, ay) = (last[0] - before[0], last[1] - before[1]);
    let (bx, by) = (node[0] - last[0], node[1] - last[1]);
    let cross = i128::from(ax) * i128::from(by) - i128::from(ay) * i128::from(bx);
    let dot = i128::from(ax) * i128::from(bx) + i128::from(ay) * i128::from(by);
    cross == 0
        && dot > 0
        && (node[0] - before[0]).abs() <= MAX_SPAN
        && (node[1] - before[1]).abs() <= MAX_SPAN
}

/// True where a closed ring holds no area anywhere: it goes out and back the same way.
fn is_flat(ring: &[Node]) -> bool {
    let Some(first) = ring.first() else {
        return true;
    };
    let relative = |node: &Node| [node[0] - first[0], node[1] - first[1]];
    let corners = ring.iter().map(relative).collect::<Vec<_>>();
    let direction = corners.iter().find(|c| **c != [0, 0]);
    let Some([dx, dy]) = direction else {
        return true;
    };
    corners
        .iter()
        .all(|[x, y]| i128::from(*dx) * i128::from(*y) == i128::from(*dy) * i128::from(*x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::GeometryType;
    use proptest::prelude::*;

    fn ring(coords: &[Coord], resolution: f64) -> Option<Vec<Coord>> {
        let mut out = Geometry::new(GeometryType::Polygon);
        Simplifier::new(resolution)
            .polygon([coords].into_iter(), &mut out)
            .then(|| out.coords().to_vec())
    }

    #[test]
    fn a_square_with_positions_along_its_sides_keeps_its_corners() {
        let sides = [
            [0.0, 0.0],
            [5.01, 0.0],
            [10.0, 0.02],
            [10.0, 10.0],
            [4.0, 10.0],
            [0.0, 10.0],
            [0.0, 0.0],
        ];
        let corners = [
            [0.0, 0.0],
            [10.0, 0.0],
            [10.0, 10.0],
            [0.0, 10.0],
            [0.0, 0.0],
        ];
        assert_eq!(ring(&sides, 1.0), Some(corners.to_vec()));
    }

    #[test]
    fn a_long_straight_side_keeps_positions_for_other_crss() {
        let line: Vec<Coord> = (0..=1000).map(|x| [f64::from(x), 0.0]).collect();
        let mut out = Geometry::new(GeometryType::LineString);
        Simplifier::new(1.0).line(&line, &mut out);
        let longest = out.coords().windows(2).map(|p| p[1][0] - p[0][0]);
        assert_eq!(longest.fold(0.0, f64::max), 32.0);
        assert_eq!(out.coords().last(), Some(&[1000.0, 0.0]));
    }

    #[test]
    fn what_closes_is_left_out_and_an_open_ring_is_closed() {
        assert_eq!(
            ring(&[[0.0, 0.0], [0.01, 0.0], [0.0, 0.01], [0.0, 0.0]], 1.0),
            None
        );
        assert_eq!(ring(&[[0.0, 0.0], [9.0, 0.02], [0.0, 0.04]], 1.0), None);
        let open = ring(&[[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], 1.0).unwrap();
        assert_eq!((open.len(), open[0]), (4, open[3]));
        assert_eq!(ring(&[[f64::NAN, 0.0], [9.0, f64::INFINITY]], 1.0), None);
    }

    proptest! {
        #[test]
        fn a_position_goes_to_the_same_node_in_every_feature(
            shared in proptest::collection::vec((-1e6..1e6_f64, -1e6..1e6_f64), 3..40),
            resolution in 0.1..1000.0_f64,
        ) {
            let shared: Vec<Coord> = shared.iter().map(|(x, y)| [*x, *y]).collect();
            let backwards: Vec<Coord> = shared.iter().rev().copied().collect();
            let simplified = |line: &[Coord]| {
                let mut out = Geometry::new(GeometryType::LineString);
                Simplifier::new(resolution).line(line, &mut out);
                out.coords().to_vec()
            };
            let (there, mut back) = (simplified(&shared), simplified(&backwards));
            back.reverse();
            let step = resolution / STEPS_PER_PIXEL;
            for (kept, line) in [(&there, &shared), (&back, &shared)] {
                for [x, y] in kept {
                    let near = line.iter().any(|p| (p[0] - x).abs() <= step * 0.500_001
                        && (p[1] - y).abs() <= step * 0.500_001);
                    prop_assert!(near);
                }
            }
            prop_assert_eq!(there.first(), back.first());
            prop_assert_eq!(there.last(), back.last());
        }
    }
}
