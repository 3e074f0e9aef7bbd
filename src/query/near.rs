//! How far geometries are from each other on the ground, where the data are in degrees.
//!
//! Both are laid on a plane around the place where they may come near: metres northwards along
//! the meridian, metres eastwards along the parallel between (WGS 84, by the mean latitude).
//! Within 100 km that is off by some 10⁻⁵ of the distance.

use geo::{Distance as _, Euclidean};

use super::Literal;
use super::eval::{Node, Scalar};
use super::spatial::to_geo;
use crate::feature::Feature;
use crate::geom::{Bbox, Coord, Geometry};

/// WGS 84: half the greater axis in metres, and the square of the eccentricity.
const GREATER_HALF_AXIS: f64 = 6_378_137.0;
const ECCENTRICITY_2: f64 = 0.006_694_379_990_14;
/// Metres in a degree of latitude, at least: at the equator.
const LEAST_METRES_PER_DEGREE: f64 = 110_574.0;
/// A geometry of less than so many degrees has one plane, whatever it is compared with.
const SMALL: f64 = 0.2;

/// Whether two geometries in longitude and latitude are within so many metres.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Near {
    metres: f64,
    left: Node,
    right: Node,
    /// The operand that is the same for every feature, and where what is near it has its box.
    constant: Option<(Geometry, Vec<Bbox>)>,
    /// That operand on a plane around it, where it is small.
    placed: Option<(Plane, geo::Geometry)>,
    left_is_constant: bool,
}

impl Near {
    pub(super) fn new(left: &Node, right: &Node, metres: f64) -> Near {
        let of = |node: &Node| match node {
            Node::Literal(Literal::Geometry(geometry)) => Some(geometry.clone()),
            _ => None,
        };
        let left_is_constant = of(left).is_some();
        let geometry = of(left).or_else(|| of(right));
        let placed = geometry.as_ref().and_then(|geometry| {
            let bbox = geometry.bbox()?;
            let is_small = bbox.max_x - bbox.min_x < SMALL && bbox.max_y - bbox.min_y < SMALL;
            let plane = Plane(bbox.center());
            is_small.then(|| (plane, plane.place(geometry)))
        });
        let constant = geometry.map(|geometry| {
            let parts = geometry.parts();
            let boxes = parts.filter_map(|p| Bbox::around(p.sequences().flatten()));
            let boxes = boxes.flat_map(|b| grown(&b, metres)).collect();
            (geometry, boxes)
        });
        Near {
            metres,
            left: left.clone(),
            right: right.clone(),
            constant,
            placed,
            left_is_constant,
        }
    }

    /// The boxes outside which no feature is near.
    pub(super) fn boxes(&self) -> Option<Vec<Bbox>> {
        self.constant.as_ref().map(|(_, boxes)| boxes.clone())
    }

    /// True, false, or `None` where a geometry is missing.
    pub(super) fn test(&self, feature: &dyn Feature) -> Option<bool> {
        let of = |node: &Node| match node.eval(feature) {
            Scalar::Geometry(geometry) => Some(geometry.into_owned()),
            _ => None,
        };
        let Some((constant, boxes)) = &self.constant else {
            let (left, right) = (of(&self.left)?, of(&self.right)?);
            return self.apart(&left, &right);
        };
        let other = match self.left_is_constant {
            true => &self.right,
            false => &self.left,
        };
        if *other == Node::Geometry {
            let own = feature.bbox()?;
            if !boxes.iter().any(|b| b.intersects(&own)) {
                return Some(false);
            }
        }
        let geometry = of(other)?;
        match &self.placed {
            Some((plane, placed)) => {
                let apart = Euclidean.distance(&plane.place(&geometry), placed);
                (!geometry.is_empty()).then_some(apart <= self.metres)
            }
            None => self.apart(&geometry, constant),
        }
    }

    /// On a plane around where the two may be near: the middle of what their boxes share.
    fn apart(&self, a: &Geometry, b: &Geometry) -> Option<bool> {
        let own = a.bbox()?;
        let near = grown(&b.bbox()?, self.metres);
        let Some(shared) = near.iter().find_map(|near| near.intersection(&own)) else {
            return Some(false);
        };
        let plane = Plane(shared.center());
        let apart = Euclidean.distance(&plane.place(a), &plane.place(b));
        Some(apart <= self.metres)
    }
}

/// A plane around a position in longitude and latitude; its units are metres.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Plane(Coord);

impl Plane {
    /// A geometry on the plane; each part at the side of the antimeridian that is nearer.
    fn place(&self, geometry: &Geometry) -> geo::Geometry {
        let Plane([lon, _]) = self;
        let mut placed = Geometry::new(geometry.kind());
        for part in geometry.parts() {
            let middle = Bbox::around(part.sequences().flatten()).map_or(*lon, |b| b.center()[0]);
            let turn = 360.0 * ((lon - middle) / 360.0).round();
            for sequence in part.sequences() {
                placed.extend(sequence.iter().map(|[x, y]| self.position([x + turn, *y])));
                placed.end_sequence();
            }
            placed.end_part(part.kind);
        }
        to_geo(&placed)
    }

    fn position(&self, [x, y]: Coord) -> Coord {
        let Plane([lon, lat]) = self;
        let (sin, cos) = f64::midpoint(*lat, y).to_radians().sin_cos();
        let flat = 1.0 - ECCENTRICITY_2 * sin * sin;
        let parallel = GREATER_HALF_AXIS / flat.sqrt();
        let meridian = parallel * (1.0 - ECCENTRICITY_2) / flat;
        [
            (x - lon).to_radians() * parallel * cos,
            (y - lat).to_radians() * meridian,
        ]
    }
}

/// Where the box of whatever is so near to one in this box lies; beyond ±180° on the other side.
fn grown(bbox: &Bbox, metres: f64) -> Vec<Bbox> {
    // a little more: the arcs are longer than the straight ways between
    let north = metres * 1.01 / LEAST_METRES_PER_DEGREE;
    let farthest = (bbox.max_y.abs().max(bbox.min_y.abs()) + north).to_radians();
    let cos = farthest.cos();
    let east = match farthest < std::f64::consts::FRAC_PI_2 && north / cos < 180.0 {
        true => north / cos,
        false => 360.0,
    };
    let all = bbox.grown(east, north);
    let mut boxes = vec![all];
    for turn in [-360.0, 360.0] {
        let turned = Bbox::new(
            (all.min_x + turn).max(-180.0),
            all.min_y,
            (all.max_x + turn).min(180.0),
            all.max_y,
        );
        boxes.extend(turned.filter(|b| b.max_x > b.min_x));
    }
    boxes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::{GeometryType, PartKind};
    use crate::query::tests::Made;
    use proptest::prelude::*;

    fn points(coords: &[Coord]) -> Geometry {
        let mut g = Geometry::new(GeometryType::MultiPoint);
        g.extend(coords.iter().copied());
        g.end_part(PartKind::Points);
        g
    }

    fn line(coords: &[Coord]) -> Geometry {
        let mut g = Geometry::new(GeometryType::LineString);
        g.extend(coords.iter().copied());
        g.end_part(PartKind::Line);
        g
    }

    fn is_near(constant: Geometry, own: Geometry, metres: f64) -> bool {
        let literal = Node::Literal(Literal::Geometry(constant));
        let feature = Made {
            geometry: own,
            ..Made::default()
        };
        let turned = Near::new(&literal, &Node::Geometry, metres).test(&feature);
        let near = Near::new(&Node::Geometry, &literal, metres);
        assert_eq!(near.test(&feature), turned);
        if turned == Some(true) {
            let own = feature.bbox().unwrap();
            assert!(near.boxes().unwrap().iter().any(|b| b.intersects(&own)));
        }
        turned.unwrap()
    }

    #[test]
    fn metres_are_those_of_the_ellipsoid_at_every_latitude() {
        // by GeographicLib: geod -I +ellps=WGS84
        for (from, to, metres) in [
            ([4.8357, 45.764], [5.8357, 45.764], 77_804.4),
            ([4.8357, 45.764], [4.8357, 46.664], 100_032.5),
            ([5.0, 45.0], [5.01, 45.01], 1_363.5),
            ([-179.999, 71.0], [179.999, 71.0], 72.7),
        ] {
            let near = |metres| is_near(points(&[from]), points(&[to]), metres);
            assert!(near(metres * 1.001), "{from:?} {to:?}");
            assert!(!near(metres * 0.999), "{from:?} {to:?}");
        }
    }

    #[test]
    fn what_is_large_is_measured_where_it_is_near() {
        // 0.1° of longitude east of the line's northern end, at 60° N: 5,580 m
        let meridian = line(&[[2.0, 0.0], [2.0, 60.0]]);
        let near = |metres| is_near(meridian.clone(), points(&[[2.1, 60.0]]), metres);
        assert!(near(5_590.0));
        assert!(!near(5_570.0));
        let both = |metres| {
            let other = line(&[[2.1, 60.0], [40.0, 60.0]]);
            is_near(meridian.clone(), other, metres)
        };
        assert!(both(5_700.0));
        assert!(!both(5_400.0));
    }

    proptest! {
        #[test]
        fn points_are_as_near_as_the_geodesic_says(
            lon in -180.0..180.0_f64, lat in -75.0..75.0_f64,
            east in -1.5..1.5_f64, north in -1.0..1.0_f64, metres in 0.0..200_000.0_f64,
        ) {
            use geo::{Distance as _, Geodesic, Point};
            let (from, to) = ([lon, lat], [lon + east, lat + north]);
            let to = [to[0] - 360.0 * (to[0] / 360.0).round(), to[1]];
            let apart = Geodesic.distance(Point::from(from), Point::from(to));
            if (apart - metres).abs() > apart * 1e-3 {
                prop_assert_eq!(is_near(points(&[from]), points(&[to]), metres), apart < metres);
            }
        }
    }
}
