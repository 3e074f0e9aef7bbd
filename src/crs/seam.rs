//! Geometries of a projection that lie across the antimeridian or around a pole, on a map whose x
//! is longitude: in one piece.
//!
//! Position by position a line from 179° east to 179° west goes once round the world. Which way an
//! edge goes is told by its middle, taken through PROJ: straight edges are straight in the
//! projection that they come from.

use std::sync::Arc;

use super::{CrsKind, Transform};
use crate::geom::{Bbox, Coord, Geometry, PartKind};

/// Where the way to a CRS has a seam: there x ends on one side of the world and begins on the
/// other.
#[derive(Debug, Clone)]
pub struct Seam {
    way: Arc<Transform>,
    /// Once round the world, in units of x.
    turn: f64,
    /// y of a place no map shows more of the pole than.
    pole: f64,
}

impl Seam {
    /// The seam of a way that data lie over; `lonlat` is their extent, all longitudes where they
    /// reach across. `None` where there is none, or where the data's own x goes round the world
    /// and says on which turn something lies.
    pub fn of(way: &Arc<Transform>, lonlat: Option<Bbox>) -> Option<Seam> {
        let turn = way.target().turn()?;
        let is_wide = lonlat?.width() > 180.0;
        let source = way.source();
        if !is_wide || source.kind != CrsKind::Projected || source.turn().is_some() {
            return None;
        }
        let pole = match way.target().is_lon_lat_degrees() {
            true => 90.0,
            false => turn,
        };
        Some(Seam {
            way: Arc::clone(way),
            turn,
            pole,
        })
    }

    /// Takes a geometry through `project`, which is the way or one near it. Lines and areas that
    /// the seam cuts are put together: they reach beyond one half turn then, and at most one whole.
    pub fn project(&self, geometry: &mut Geometry, project: impl FnOnce(&mut [Coord])) {
        let before = geometry.coords().to_vec();
        project(geometry.coords_mut());
        let half = self.turn / 2.0;
        let jumps = |(a, b): (&Coord, &Coord)| (b[0] - a[0]).abs() > half;
        let mut pairs = geometry
            .coords()
            .iter()
            .zip(geometry.coords().iter().skip(1));
        if !pairs.any(jumps) {
            return;
        }
        *geometry = self.mended(geometry, &before);
    }

    fn mended(&self, geometry: &Geometry, before: &[Coord]) -> Geometry {
        let mut whole = Geometry::new(geometry.kind());
        let mut rest = before;
        for part in geometry.parts() {
            // where the outline of the area lies whose holes follow
            let mut middle = None;
            for sequence in part.sequences() {
                let (from, behind) = rest.split_at(sequence.len().min(rest.len()));
                rest = behind;
                match part.kind {
                    PartKind::Points => whole.extend(sequence.iter().copied()),
                    PartKind::Line => {
                        let line = self.unrolled(from, sequence);
                        let by = self.turns_to(&line, 0.0);
                        whole.extend(moved(line, by));
                    }
                    PartKind::Polygon => {
                        let ring = self.ring(from, sequence);
                        let by = self.turns_to(&ring, middle.unwrap_or(0.0));
                        let ring: Vec<Coord> = moved(ring, by).collect();
                        middle = middle.or_else(|| Some(Bbox::around(&ring)?.center()[0]));
                        whole.extend(ring);
                    }
                }
                whole.end_sequence();
            }
            whole.end_part(part.kind);
        }
        whole
    }

    /// How far to move positions so that their middle is at most half a turn from a place.
    fn turns_to(&self, line: &[Coord], place: f64) -> f64 {
        let middle = Bbox::around(line).map_or(place, |bbox| bbox.center()[0]);
        ((place - middle) / self.turn).round() * self.turn
    }

    /// Positions one after the other, whichever turn that leads to.
    fn unrolled(&self, before: &[Coord], after: &[Coord]) -> Vec<Coord> {
        let mut by = 0.0;
        let mut line = Vec::with_capacity(after.len() + 5);
        line.extend(after.first());
        let edges = after.iter().zip(after.iter().skip(1));
        for ((a, b), (from, to)) in edges.zip(before.iter().zip(before.iter().skip(1))) {
            if self.is_cut([a, b], [from, to]) {
                by -= self.turn * (b[0] - a[0]).signum();
            }
            line.push([b[0] + by, b[1]]);
        }
        line
    }

    /// A ring, closed by way of the pole where it goes round one: along the seam, as areas around
    /// a pole are drawn everywhere.
    fn ring(&self, before: &[Coord], after: &[Coord]) -> Vec<Coord> {
        let ring = self.unrolled(before, after);
        let (Some(first), Some(last)) = (ring.first(), ring.last()) else {
            return ring;
        };
        let round = last[0] - first[0];
        if round.abs() <= self.turn / 2.0 {
            return ring;
        }
        let half = self.turn / 2.0;
        let edges = after.iter().zip(after.iter().skip(1));
        let mut edges = edges.zip(before.iter().zip(before.iter().skip(1)));
        let cut = edges.position(|((a, b), (from, to))| self.is_cut([a, b], [from, to]));
        let cut = cut.map_or(1, |nth| nth + 1);
        // begins behind the edge that is cut, and ends before it
        let (head, tail) = ring.split_at(cut.min(ring.len()));
        let (Some(a), Some(b)) = (head.last(), tail.first()) else {
            return ring;
        };
        let sum: f64 = ring.iter().map(|c| c[1]).filter(|y| y.is_finite()).sum();
        let pole = self.pole.copysign(sum);
        // the seam that the edge crosses: between two turns
        let seam = (a[0].max(b[0]) / self.turn + 0.5).floor() * self.turn - half;
        let part = (seam - a[0]) / (b[0] - a[0]);
        let y = a[1] + (b[1] - a[1]) * if part.is_finite() { part } else { 0.5 };
        let mut closed = vec![[seam, pole], [seam, y]];
        closed.extend(tail);
        // the first position was the last already
        closed.extend(head.iter().skip(1).map(|c| [c[0] + round, c[1]]));
        closed.extend([[seam + round, y], [seam + round, pole], [seam, pole]]);
        closed
    }

    /// True where an edge goes over the seam, the short way round the world.
    fn is_cut(&self, [a, b]: [&Coord; 2], [from, to]: [&Coord; 2]) -> bool {
        if (b[0] - a[0]).abs() <= self.turn / 2.0 {
            return false;
        }
        let mut middle = [[(from[0] + to[0]) / 2.0, (from[1] + to[1]) / 2.0]];
        self.way.forward(&mut middle);
        let [[x, _]] = middle;
        let off = (x - (a[0] + b[0]) / 2.0).rem_euclid(self.turn);
        // no number: the long way goes where there is nothing
        off.is_nan() || off.min(self.turn - off) >= self.turn / 4.0
    }
}

fn moved(line: Vec<Coord>, by: f64) -> impl Iterator<Item = Coord> {
    line.into_iter().map(move |[x, y]| [x + by, y])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crs::Crs;
    use crate::geom::GeometryType;

    fn seam(from: &str, to: &str) -> Seam {
        let [from, to] = [from, to].map(|crs| Crs::parse(crs).unwrap());
        Seam::of(&Transform::new(&from, &to).unwrap(), Some(Bbox::WORLD)).unwrap()
    }

    /// A geometry of one part, given in longitude and latitude, as it lies in a projection and
    /// what becomes of it on the way to CRS84.
    fn taken(crs: &str, kind: PartKind, sequences: &[&[Coord]]) -> Vec<Vec<Coord>> {
        let seam = seam(crs, "OGC:CRS84");
        let mut geometry = Geometry::new(match kind {
            PartKind::Polygon => GeometryType::Polygon,
            _ => GeometryType::LineString,
        });
        for sequence in sequences {
            geometry.extend(sequence.iter().copied());
            geometry.end_sequence();
        }
        geometry.end_part(kind);
        seam.way.inverse().unwrap().forward(geometry.coords_mut());
        seam.project(&mut geometry, |coords| seam.way.forward(coords));
        let tenths = |v: f64| (v * 10.0).round() / 10.0;
        let parts = geometry.parts().flat_map(|part| part.sequences());
        parts
            .map(|sequence| sequence.iter().map(|c| c.map(tenths)).collect())
            .collect()
    }

    #[test]
    fn a_line_over_the_antimeridian_goes_on() {
        let line = [
            [178.0, -40.0],
            [-178.0, -42.0],
            [-170.0, -42.0],
            [179.0, -41.0],
        ];
        let taken = taken("EPSG:2193", PartKind::Line, &[&line]);
        assert_eq!(
            taken,
            [[
                [-182.0, -40.0],
                [-178.0, -42.0],
                [-170.0, -42.0],
                [-181.0, -41.0]
            ]]
        );
    }

    #[test]
    fn holes_lie_in_their_area() {
        let around = [
            [170.0, 0.0],
            [-160.0, 0.0],
            [-160.0, 20.0],
            [170.0, 20.0],
            [170.0, 0.0],
        ];
        let east = [[172.0, 5.0], [172.0, 9.0], [176.0, 9.0], [172.0, 5.0]];
        let west = [[-172.0, 5.0], [-172.0, 9.0], [-168.0, 9.0], [-172.0, 5.0]];
        let taken = taken("EPSG:3832", PartKind::Polygon, &[&around, &east, &west]);
        let boxes: Vec<Bbox> = taken.iter().map(|r| Bbox::around(r).unwrap()).collect();
        assert_eq!([boxes[0].min_x, boxes[0].max_x], [-190.0, -160.0]);
        assert!(
            boxes[0].contains(&boxes[1]) && boxes[0].contains(&boxes[2]),
            "{boxes:?}"
        );
        assert_eq!([boxes[1].min_x, boxes[2].min_x], [-188.0, -172.0]);
    }

    #[test]
    fn an_area_round_a_pole_is_closed_along_the_seam() {
        for (crs, sign) in [("EPSG:3413", 1.0), ("EPSG:3031", -1.0)] {
            for turned in [1.0, -1.0] {
                // the parallel of 70°, from anywhere, either way round
                let ring: Vec<Coord> = (0..=36)
                    .map(|n| {
                        [
                            (f64::from(n) * 10.0 * turned + 25.0 + 180.0).rem_euclid(360.0) - 180.0,
                            70.0 * sign,
                        ]
                    })
                    .collect();
                let taken = taken(crs, PartKind::Polygon, &[&ring]);
                let bbox = Bbox::around(&taken[0]).unwrap();
                let (low, high) = if sign > 0.0 {
                    (70.0, 90.0)
                } else {
                    (-90.0, -70.0)
                };
                assert_eq!(
                    [bbox.min_x, bbox.min_y, bbox.max_x, bbox.max_y],
                    [-180.0, low, 180.0, high]
                );
                assert_eq!(taken[0].first(), taken[0].last());
                let steps = taken[0].iter().zip(&taken[0][1..]);
                let wide = steps.filter(|(a, b)| (b[0] - a[0]).abs() > 11.0);
                assert_eq!(wide.count(), 1, "only along the pole: {:?}", taken[0]);
            }
        }
    }

    #[test]
    fn what_goes_the_long_way_stays_as_it_is() {
        // all round the world in a projection of all of it
        let band = [
            [-179.0, -10.0],
            [179.0, -10.0],
            [179.0, 10.0],
            [-179.0, 10.0],
            [-179.0, -10.0],
        ];
        let taken = taken("EPSG:8857", PartKind::Polygon, &[&band]);
        assert_eq!(taken, [band]);
    }

    #[test]
    fn only_wide_data_of_a_projection_have_a_seam() {
        let way = |from: &str, to: &str| {
            let [from, to] = [from, to].map(|crs| Crs::parse(crs).unwrap());
            Transform::new(&from, &to).unwrap()
        };
        let world = Some(Bbox::WORLD);
        let small = Bbox::new(-10.0, 40.0, 12.0, 52.0);
        assert!(Seam::of(&way("EPSG:2193", "EPSG:3857"), world).is_some());
        assert!(Seam::of(&way("EPSG:2154", "EPSG:3857"), small).is_none());
        assert!(Seam::of(&way("EPSG:4326", "EPSG:3857"), world).is_none());
        assert!(Seam::of(&way("EPSG:3857", "EPSG:4326"), world).is_none());
        assert!(Seam::of(&way("EPSG:2193", "EPSG:2193"), world).is_none());
    }
}
