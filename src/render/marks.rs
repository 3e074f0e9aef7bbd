//! Outlines of the well-known marks, one unit high around 0,0, y down.

use crate::style::MarkShape;

/// One outline of a mark.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    pub points: Vec<[f64; 2]>,
    /// An open outline has a stroke only.
    pub closed: bool,
}

fn closed(points: &[[f64; 2]]) -> Outline {
    Outline {
        points: points.to_vec(),
        closed: true,
    }
}

fn open(points: &[[f64; 2]]) -> Outline {
    Outline {
        points: points.to_vec(),
        closed: false,
    }
}

/// The outlines of a mark. A cross is two lines where the mark has a stroke (QGIS), and a thick
/// cross to fill where it has none (SE 1.1 leaves it open, GeoServer fills).
pub fn outlines(shape: MarkShape, has_stroke: bool) -> Vec<Outline> {
    use MarkShape as M;
    let h = 0.5;
    match shape {
        M::Square => vec![closed(&[[-h, -h], [h, -h], [h, h], [-h, h]])],
        M::Circle => vec![closed(&arc(0.0, 360.0, h))],
        M::Dot => vec![closed(&arc(0.0, 360.0, 0.15))],
        M::Triangle => vec![closed(&[[0.0, -h], [h, h], [-h, h]])],
        M::EquilateralTriangle => vec![closed(&regular(3, 0.0))],
        M::Star => vec![closed(&star(5, 0.190_983))],
        M::DiamondStar => vec![closed(&star(4, 0.2))],
        M::Diamond => vec![closed(&[[0.0, -h], [h, 0.0], [0.0, h], [-h, 0.0]])],
        M::Pentagon => vec![closed(&regular(5, 0.0))],
        M::Hexagon => vec![closed(&regular(6, 0.0))],
        M::Octagon => {
            // its sides lie on those of the square around it
            let c = h / (1.0 + std::f64::consts::SQRT_2);
            vec![closed(&[
                [-c, -h],
                [c, -h],
                [h, -c],
                [h, c],
                [c, h],
                [-c, h],
                [-h, c],
                [-h, -c],
            ])]
        }
        M::Decagon => vec![closed(&regular(10, 0.0))],
        M::HalfArc => vec![open(&arc(-90.0, 180.0, h))],
        M::ThirdArc => vec![open(&arc(-120.0, 120.0, h))],
        M::QuarterArc => vec![open(&arc(-90.0, 90.0, h))],
        M::Cross | M::X if has_stroke => {
            let (a, b) = if shape == M::X {
                ([[-h, -h], [h, h]], [[-h, h], [h, -h]])
            } else {
                ([[-h, 0.0], [h, 0.0]], [[0.0, -h], [0.0, h]])
            };
            vec![open(&a), open(&b)]
        }
        M::Cross => vec![closed(&cross(0.125))],
        M::CrossFill => vec![closed(&cross(0.1))],
        M::X => vec![closed(&turned(&cross(0.125)))],
        M::AsteriskFill => {
            // two crosses, one turned: all run the same way, so they are one area
            vec![closed(&cross(0.1)), closed(&turned(&cross(0.1)))]
        }
        M::Arrow => vec![closed(&[
            [0.0, -h],
            [0.25, -0.25],
            [0.125, -0.25],
            [0.125, h],
            [-0.125, h],
            [-0.125, -0.25],
            [-0.25, -0.25],
        ])],
        M::ArrowHead => vec![open(&[[-h, -h], [0.0, 0.0], [-h, h]])],
        M::FilledArrowHead => vec![closed(&[[-h, -h], [0.0, 0.0], [-h, h]])],
        M::HalfCircle | M::SemiCircle => vec![closed(&arc(-90.0, 180.0, h))],
        M::ThirdCircle => vec![closed(&sector(120.0))],
        M::QuarterCircle => vec![closed(&sector(90.0))],
        M::QuarterSquare => vec![closed(&[[-h, -h], [0.0, -h], [0.0, 0.0], [-h, 0.0]])],
        M::HalfSquare => vec![closed(&[[-h, -h], [0.0, -h], [0.0, h], [-h, h]])],
        M::DiagonalHalfSquare => vec![closed(&[[-h, -h], [h, h], [-h, h]])],
        M::RightHalfTriangle => vec![closed(&[[0.0, -h], [0.0, h], [-h, h]])],
        M::LeftHalfTriangle => vec![closed(&[[0.0, -h], [h, h], [0.0, h]])],
        M::Line => vec![open(&[[0.0, -h], [0.0, h]])],
        M::Shield => vec![closed(&[
            [0.0, h],
            [-0.375, 0.25],
            [-0.45, -0.15],
            [-0.3, -0.45],
            [0.0, -0.35],
            [0.3, -0.45],
            [0.45, -0.15],
            [0.375, 0.25],
        ])],
        M::Heart => vec![closed(&heart())],
        M::RoundedSquare => vec![closed(&rounded_square(0.25))],
        M::Parallelogram => vec![closed(&[
            [-0.25, -0.25],
            [h, -0.25],
            [0.25, 0.25],
            [-h, 0.25],
        ])],
        M::Trapezoid => vec![closed(&[
            [-0.25, -0.25],
            [0.25, -0.25],
            [h, 0.25],
            [-h, 0.25],
        ])],
        M::HatchHorizontal => vec![open(&[[-h, 0.0], [h, 0.0]])],
        M::HatchVertical => vec![open(&[[0.0, -h], [0.0, h]])],
        M::HatchSlash => vec![open(&[[-h, h], [h, -h]])],
        M::HatchBackslash => vec![open(&[[-h, -h], [h, h]])],
        M::HatchPlus => vec![open(&[[-h, 0.0], [h, 0.0]]), open(&[[0.0, -h], [0.0, h]])],
        M::HatchTimes => vec![open(&[[-h, h], [h, -h]]), open(&[[-h, -h], [h, h]])],
    }
}

/// The directions, in degrees anticlockwise from the x axis of a tile, and the distance over the
/// tile's side, of a hatch's lines; none for other marks.
pub fn hatch_lines(shape: MarkShape) -> &'static [(f64, f64)] {
    use std::f64::consts::FRAC_1_SQRT_2;
    match shape {
        MarkShape::HatchHorizontal => &[(0.0, 1.0)],
        MarkShape::HatchVertical => &[(90.0, 1.0)],
        MarkShape::HatchSlash => &[(45.0, FRAC_1_SQRT_2)],
        MarkShape::HatchBackslash => &[(135.0, FRAC_1_SQRT_2)],
        MarkShape::HatchPlus => &[(0.0, 1.0), (90.0, 1.0)],
        MarkShape::HatchTimes => &[(45.0, FRAC_1_SQRT_2), (135.0, FRAC_1_SQRT_2)],
        _ => &[],
    }
}

/// Positions clockwise on a circle, from an angle that is 0 at the top.
fn arc(from: f64, sweep: f64, radius: f64) -> Vec<[f64; 2]> {
    // 64 corners a circle: 1/8 px off on a circle of 200 px
    let steps = (64.0 * sweep / 360.0).ceil();
    let whole = sweep >= 360.0;
    let corners = if whole { steps } else { steps + 1.0 };
    (0..corners as u32)
        .map(|i| on_circle(from + sweep * f64::from(i) / steps, radius))
        .collect()
}

fn on_circle(degrees: f64, radius: f64) -> [f64; 2] {
    let (sin, cos) = super::fixed::sin_cos_degrees(degrees);
    [radius * sin, -radius * cos]
}

fn sector(degrees: f64) -> Vec<[f64; 2]> {
    let mut points = arc(-degrees, degrees, 0.5);
    points.push([0.0, 0.0]);
    points
}

fn regular(corners: u32, turn: f64) -> Vec<[f64; 2]> {
    (0..corners)
        .map(|i| on_circle(turn + 360.0 * f64::from(i) / f64::from(corners), 0.5))
        .collect()
}

fn star(tips: u32, inner: f64) -> Vec<[f64; 2]> {
    (0..tips * 2)
        .map(|i| {
            let radius = if i % 2 == 0 { 0.5 } else { inner };
            on_circle(180.0 * f64::from(i) / f64::from(tips), radius)
        })
        .collect()
}

/// A thick cross whose arms are `2 * half` wide.
fn cross(half: f64) -> Vec<[f64; 2]> {
    let (h, w) = (0.5, half);
    vec![
        [-w, -h],
        [w, -h],
        [w, -w],
        [h, -w],
        [h, w],
        [w, w],
        [w, h],
        [-w, h],
        [-w, w],
        [-h, w],
        [-h, -w],
        [-w, -w],
    ]
}

/// Turned by 45°.
fn turned(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let s = std::f64::consts::FRAC_1_SQRT_2;
    points
        .iter()
        .map(|[x, y]| [(x - y) * s, (x + y) * s])
        .collect()
}

fn heart() -> Vec<[f64; 2]> {
    let mut points = vec![[0.0, 0.5]];
    let lobe = |center: f64, from: f64, sweep: f64| {
        arc(from, sweep, 0.25)
            .into_iter()
            .map(move |[x, y]| [x + center, y - 0.22])
    };
    points.extend(lobe(-0.25, -135.0, 225.0));
    points.extend(lobe(0.25, -90.0, 225.0));
    points
}

fn rounded_square(radius: f64) -> Vec<[f64; 2]> {
    let c = 0.5 - radius;
    [(c, -c, 0.0), (c, c, 90.0), (-c, c, 180.0), (-c, -c, 270.0)]
        .into_iter()
        .flat_map(|(x, y, from)| {
            arc(from, 90.0, radius)
                .into_iter()
                .map(move |[dx, dy]| [x + dx, y + dy])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(points: &[[f64; 2]]) -> f64 {
        let mut sum = 0.0;
        for (i, a) in points.iter().enumerate() {
            let b = points[(i + 1) % points.len()];
            sum += a[0] * b[1] - a[1] * b[0];
        }
        sum / 2.0
    }

    #[test]
    fn every_mark_stays_in_its_unit_and_its_areas_run_the_same_way() {
        for shape in MarkShape::ALL {
            for has_stroke in [false, true] {
                let outlines = outlines(shape, has_stroke);
                assert!(!outlines.is_empty());
                let first = outlines.first().map(|o| area(&o.points).signum());
                for outline in &outlines {
                    for [x, y] in &outline.points {
                        assert!(x.abs() <= 0.5 + 1e-9 && y.abs() <= 0.5 + 1e-9, "{shape:?}");
                    }
                    if outline.closed {
                        assert!(area(&outline.points).abs() > 0.02, "{shape:?}");
                        assert_eq!(Some(area(&outline.points).signum()), first, "{shape:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_circle_has_the_area_of_a_circle() {
        let outlines = outlines(MarkShape::Circle, false);
        assert!((area(&outlines[0].points).abs() - std::f64::consts::FRAC_PI_4).abs() < 0.002);
    }
}
