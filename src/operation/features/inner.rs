//! The part of a window that needs no second look: a box in the layer's CRS whose features
//! certainly touch the window.

use crate::crs::Transform;
use crate::geom::{Bbox, Coord};

/// Places looked at on each side of a window.
const STEPS: usize = 32;

/// A share of a box's side.
const ROUNDING: f64 = 1e-6;

/// A box of the target CRS that lies wholly inside the image of `bbox`; `None` where none can be
/// told: the sides are turned, or part of the window can't be projected.
///
/// The sides of the image are where the images of the sides are, as far as the samples tell; what
/// they may bend between two samples is taken off.
pub fn inside_image(transform: &Transform, bbox: &Bbox) -> Option<Bbox> {
    if transform.is_identity() {
        return Some(*bbox);
    }
    let corner = |x: bool, y: bool| -> Coord {
        [
            if x { bbox.max_x } else { bbox.min_x },
            if y { bbox.max_y } else { bbox.min_y },
        ]
    };
    let side = |from: Coord, to: Coord| side(transform, from, to);
    let [left, right] = [false, true].map(|x| side(corner(x, false), corner(x, true)));
    let [bottom, top] = [false, true].map(|y| side(corner(false, y), corner(true, y)));
    let (left, right, bottom, top) = (left?, right?, bottom?, top?);
    let highest = |side: &Side, axis: fn(&Coord) -> f64| {
        side.points
            .iter()
            .map(axis)
            .fold(f64::NEG_INFINITY, f64::max)
            + side.bend
    };
    let lowest = |side: &Side, axis: fn(&Coord) -> f64| {
        side.points.iter().map(axis).fold(f64::INFINITY, f64::min) - side.bend
    };
    let inner = Bbox {
        min_x: highest(&left, |[x, _]| *x),
        min_y: highest(&bottom, |[_, y]| *y),
        max_x: lowest(&right, |[x, _]| *x),
        max_y: lowest(&top, |[_, y]| *y),
    };
    // what rounding moves a position by, there and back
    let slack = |width: f64| -width * ROUNDING;
    let inner = inner.grown(slack(inner.width()), slack(inner.height()));
    (inner.min_x < inner.max_x && inner.min_y < inner.max_y).then_some(inner)
}

struct Side {
    points: Vec<Coord>,
    /// How far the side may be from the line between two neighbouring samples.
    bend: f64,
}

fn side(transform: &Transform, [ax, ay]: Coord, [bx, by]: Coord) -> Option<Side> {
    // a pole is a line here and a point there: between a parallel and a pole nothing is told
    let mut points: Vec<Coord> = (0..=2 * STEPS)
        .map(|i| {
            let t = i as f64 / (2 * STEPS) as f64;
            [ax + (bx - ax) * t, ay + (by - ay) * t]
        })
        .collect();
    transform.forward(&mut points);
    if points.iter().flatten().any(|v| !v.is_finite()) {
        return None;
    }
    // every second sample against the middle of its neighbours: four times what is left between
    let bend = points
        .iter()
        .zip(points.iter().skip(1))
        .zip(points.iter().skip(2))
        .map(|(([px, py], [qx, qy]), [rx, ry])| (qx - (px + rx) / 2.0).hypot(qy - (py + ry) / 2.0))
        .fold(0.0, f64::max);
    Some(Side { points, bend })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crs::Crs;

    #[test]
    fn what_lies_inside_comes_back_inside() {
        let lonlat = Crs::crs84();
        let windows = [
            [4.0, 45.0, 5.0, 46.0],
            [-5.0, 41.0, 10.0, 52.0],
            [4.83, 45.75, 4.85, 45.77],
        ];
        for code in [2154, 3857, 3035, 32631] {
            let crs = Crs::from_epsg(code).unwrap();
            let transform = Transform::new(&lonlat, &crs).unwrap();
            for [a, b, c, d] in windows {
                let window = Bbox::new(a, b, c, d).unwrap();
                let inner = inside_image(&transform, &window).unwrap();
                let back = transform.inverse().unwrap();
                let mut points: Vec<Coord> = (0..=200)
                    .flat_map(|i| {
                        let t = f64::from(i) / 200.0;
                        let (x, y) = (
                            inner.min_x + inner.width() * t,
                            inner.min_y + inner.height() * t,
                        );
                        [
                            [x, inner.min_y],
                            [x, inner.max_y],
                            [inner.min_x, y],
                            [inner.max_x, y],
                        ]
                    })
                    .collect();
                back.forward(&mut points);
                for point in points {
                    assert!(window.contains_point(point), "{code} {window:?}: {point:?}");
                }
                // and it is no tiny one
                let outer = transform.forward_bbox(&window);
                let share = inner.width() * inner.height() / (outer[0].width() * outer[0].height());
                assert!(share > 0.4, "{code} {window:?}: {share}");
            }
        }
    }

    #[test]
    fn a_world_that_can_not_be_projected_has_no_inside() {
        let transform = Transform::new(&Crs::crs84(), &Crs::from_epsg(2154).unwrap()).unwrap();
        let world = Bbox::new(-180.0, -90.0, 180.0, 90.0).unwrap();
        assert_eq!(inside_image(&transform, &world), None);
    }
}
