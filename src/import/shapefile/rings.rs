//! Which rings of a shape are exteriors and whose holes the others are.
//!
//! A shapefile says that by direction: exteriors run clockwise, holes the other way. Files whose
//! writers did not know that are told by a hole that lies in no exterior; their rings are taken
//! by how they lie in each other.

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::geom::{Bbox, Coord, Geometry, GeometryType, PartKind};
use crate::import::repair::signed_area;
use crate::import::validity::contains;

/// Positions that are looked at for one shape; rings beyond are exteriors.
const MAX_WORK: usize = 50_000_000;

/// Fills `out` with polygons, exteriors counter-clockwise; what was odd, in words.
pub fn polygons(lines: &[Vec<Coord>], out: &mut Geometry) -> Option<&'static str> {
    let rings: Vec<Ring<'_>> = lines.iter().filter_map(|line| Ring::of(line)).collect();
    let (owners, odd) = owners(&rings);
    let exteriors = owners.iter().filter(|owner| owner.is_none()).count();
    out.begin(match exteriors {
        0 | 1 => GeometryType::Polygon,
        _ => GeometryType::MultiPolygon,
    });
    let mut holes: Vec<Vec<usize>> = vec![Vec::new(); rings.len()];
    for (owner, hole) in owners.iter().zip(0..) {
        if let Some(list) = owner.and_then(|owner| holes.get_mut(owner)) {
            list.push(hole);
        }
    }
    for ((ring, owner), holes) in rings.iter().zip(&owners).zip(&holes) {
        if owner.is_some() {
            continue;
        }
        ring.write(out, true);
        for hole in holes.iter().filter_map(|hole| rings.get(*hole)) {
            hole.write(out, false);
        }
        out.end_part(PartKind::Polygon);
    }
    odd
}

struct Ring<'l> {
    line: &'l [Coord],
    bbox: Bbox,
    /// Twice the area, positive where it runs counter-clockwise.
    area: f64,
}

impl<'l> Ring<'l> {
    /// `None` where there is no position.
    fn of(line: &'l [Coord]) -> Option<Ring<'l>> {
        Some(Ring {
            line,
            bbox: Bbox::around(line)?,
            area: signed_area(line),
        })
    }

    fn write(&self, out: &mut Geometry, counter_clockwise: bool) {
        match (self.area > 0.0) == counter_clockwise {
            true => out.extend(self.line.iter().copied()),
            false => out.extend(self.line.iter().rev().copied()),
        }
        out.end_sequence();
    }

    /// Whether another ring lies inside; one that only touches is taken for inside.
    fn holds(&self, other: &Ring<'_>, work: &mut usize) -> bool {
        if !self.bbox.contains(&other.bbox) || self.area.abs() < other.area.abs() {
            return false;
        }
        let first = other.line.iter().take(8);
        let found = first.into_iter().find_map(|position| {
            *work = work.saturating_sub(self.line.len());
            contains(self.line, *position)
        });
        found.unwrap_or(true)
    }
}

type Entry = GeomWithData<Rectangle<Coord>, usize>;

/// The exterior of each hole; `None` for exteriors.
fn owners(rings: &[Ring<'_>]) -> (Vec<Option<usize>>, Option<&'static str>) {
    let holes = rings.iter().filter(|ring| ring.area > 0.0).count();
    if rings.len() < 2 || holes == 0 {
        let odd = (rings.len() == 1 && holes == 1).then_some("exterior ring that ran as a hole");
        return (vec![None; rings.len()], odd);
    }
    let tree = RTree::bulk_load(
        rings
            .iter()
            .zip(0_usize..)
            .map(|(ring, nth)| {
                let b = ring.bbox;
                Entry::new(
                    Rectangle::from_corners([b.min_x, b.min_y], [b.max_x, b.max_y]),
                    nth,
                )
            })
            .collect(),
    );
    let mut work = MAX_WORK;
    let mut owners = Vec::with_capacity(rings.len());
    let mut is_told = true;
    for (ring, nth) in rings.iter().zip(0_usize..) {
        let owner = match ring.area > 0.0 {
            true => smallest_around(nth, ring, rings, &tree, &mut work, |other| {
                other.area <= 0.0
            }),
            false => None,
        };
        is_told &= ring.area <= 0.0 || owner.is_some();
        owners.push(owner);
    }
    if is_told || work == 0 {
        return (owners, None);
    }
    // direction says nothing: a ring in an odd number of others is a hole of the innermost
    let parents: Vec<Option<usize>> = rings
        .iter()
        .zip(0_usize..)
        .map(|(ring, nth)| smallest_around(nth, ring, rings, &tree, &mut work, |_| true))
        .collect();
    let owners = parents
        .iter()
        .map(|parent| {
            let mut depth = 0_usize;
            let mut above = *parent;
            // a ring is larger than those in it, so this ends; but not by what a file says
            while let Some(next) = above.filter(|_| depth < 64) {
                depth += 1;
                above = parents.get(next).copied().flatten();
            }
            parent.filter(|_| depth % 2 == 1)
        })
        .collect();
    (
        owners,
        Some("rings told apart by how they lie, not by their direction"),
    )
}

/// The smallest ring of a kind that holds a ring.
fn smallest_around(
    nth: usize,
    ring: &Ring<'_>,
    rings: &[Ring<'_>],
    tree: &RTree<Entry>,
    work: &mut usize,
    is_wanted: impl Fn(&Ring<'_>) -> bool,
) -> Option<usize> {
    let corner = AABB::from_point([ring.bbox.min_x, ring.bbox.min_y]);
    let mut best: Option<(f64, usize)> = None;
    for entry in tree.locate_in_envelope_intersecting(&corner) {
        let other = rings.get(entry.data)?;
        *work = work.saturating_sub(1);
        if *work == 0 {
            return None;
        }
        let area = other.area.abs();
        let is_better = best.is_none_or(|(smallest, _)| area < smallest);
        // of two that are the same the first holds the second
        let is_before = area > ring.area.abs() || entry.data < nth;
        if entry.data != nth
            && is_better
            && is_before
            && is_wanted(other)
            && other.holds(ring, work)
        {
            best = Some((area, entry.data));
        }
    }
    best.map(|(_, nth)| nth)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clockwise, as exteriors are stored.
    fn square(x: f64, y: f64, side: f64) -> Vec<Coord> {
        let (r, t) = (x + side, y + side);
        vec![[x, y], [x, t], [r, t], [r, y], [x, y]]
    }

    fn turned(mut ring: Vec<Coord>) -> Vec<Coord> {
        ring.reverse();
        ring
    }

    /// Rings of each part.
    fn parts(lines: &[Vec<Coord>]) -> (Vec<usize>, bool) {
        let mut out = Geometry::default();
        let odd = polygons(lines, &mut out);
        for part in out.parts() {
            for (ring, nth) in part.sequences().zip(0..) {
                assert_eq!(signed_area(ring) > 0.0, nth == 0, "direction of ring {nth}");
            }
        }
        (
            out.parts().map(|p| p.sequences().count()).collect(),
            odd.is_some(),
        )
    }

    #[test]
    fn holes_find_their_exteriors_whatever_the_order() {
        let (big, far) = (square(0.0, 0.0, 10.0), square(20.0, 0.0, 10.0));
        let hole = turned(square(2.0, 2.0, 5.0));
        let island = square(3.0, 3.0, 2.0);
        let pond = turned(square(3.5, 3.5, 0.5));
        assert_eq!(
            parts(&[hole.clone(), far.clone(), big.clone()]),
            (vec![1, 2], false)
        );
        assert_eq!(
            parts(&[big.clone(), hole, island, pond]),
            (vec![2, 2], false)
        );
        assert_eq!(parts(&[big.clone(), far]), (vec![1, 1], false));
        let touching = turned(vec![[0.0, 5.0], [1.0, 6.0], [1.0, 4.0], [0.0, 5.0]]);
        let touching = if signed_area(&touching) > 0.0 {
            touching
        } else {
            turned(touching)
        };
        assert_eq!(parts(&[big, touching]), (vec![2], false));
    }

    #[test]
    fn rings_of_wrong_direction_are_told_by_how_they_lie() {
        let (big, hole) = (square(0.0, 0.0, 10.0), square(2.0, 2.0, 5.0));
        assert_eq!(parts(&[turned(big.clone())]), (vec![1], true));
        // all the wrong way round, and an exterior and its hole exchanged
        assert_eq!(
            parts(&[turned(big.clone()), turned(hole.clone())]),
            (vec![2], true)
        );
        assert_eq!(parts(&[turned(big), hole]), (vec![2], true));
    }

    #[test]
    fn very_many_rings_are_sorted_in_little_time() {
        let mut lines = vec![square(0.0, 0.0, 1e6)];
        for n in 0..30_000 {
            lines.push(turned(square(
                f64::from(n % 200) * 10.0 + 1.0,
                f64::from(n / 200) * 10.0 + 1.0,
                5.0,
            )));
        }
        assert_eq!(parts(&lines), (vec![30_001], false));
        // every ring in every other
        let nested: Vec<_> = (0..3_000)
            .map(|n| {
                turned(square(
                    -f64::from(n),
                    -f64::from(n),
                    2.0 * f64::from(n) + 1.0,
                ))
            })
            .collect();
        let _any = parts(&nested);
    }
}
