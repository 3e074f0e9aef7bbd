//! The quick way of drawing: within its tolerance, wherever on earth.

use cartotheque::crs::{Projector, Transform};
use cartotheque::geom::{Bbox, Coord};
use proj::Proj;

use crate::{Dice, by_proj, distance, epsg, one, projected};

#[test]
fn a_projector_keeps_within_its_tolerance_over_random_boxes() {
    let mut dice = Dice(4);
    for code in projected() {
        let crs = epsg(code);
        let others = match code {
            // another datum, asked of PROJ's database
            2154 | 3035 | 3857 | 3946 | 25831 => vec![epsg(3857), epsg(4326), epsg(27572)],
            _ => vec![epsg(3857), epsg(4326)],
        };
        for other in others {
            for (source, target) in [(&crs, &other), (&other, &crs)] {
                let transform = Transform::new(source, target).unwrap();
                let proj = Proj::new(transform.pipeline()).unwrap();
                let to_source = Transform::new(&crs, source).unwrap();
                let area = to_source.forward_bbox(&crs.area_bbox()[0])[0];
                for round in 0..6 {
                    let [x, y] = dice.within(&area);
                    let part = 0.2f64.powi(round) / 2.0;
                    let bbox = Bbox::new(x, y, x, y)
                        .unwrap()
                        .grown(area.width() * part, area.height() * part);
                    // an eighth of a pixel of a map of 800 pixels
                    let Some(image) = transform.forward_bbox(&bbox).first().copied() else {
                        continue;
                    };
                    let tolerance = image.width() / 800.0 / 8.0;
                    let projector = Projector::new(&transform, tolerance);
                    let from: Vec<Coord> = (0..200).map(|_| dice.within(&bbox)).collect();
                    let mut to = from.clone();
                    projector.project(&mut to);
                    for (from, to) in from.iter().zip(&to) {
                        if to.iter().all(|v| v.is_nan()) {
                            assert!(
                                one(&transform, *from).iter().all(|v| v.is_nan()),
                                "{from:?}"
                            );
                            continue;
                        }
                        let exact = match (source.turn(), target.turn()) {
                            // beyond ±180° x goes on, where PROJ begins again
                            (Some(360.0), Some(turn)) => {
                                let turns = (from[0] / 360.0).round();
                                let [x, y] = by_proj(&proj, [from[0] - 360.0 * turns, from[1]]);
                                [x + turn * turns, y]
                            }
                            _ => by_proj(&proj, *from),
                        };
                        assert!(
                            distance(*to, exact) <= tolerance,
                            "{source} to {target}: {from:?} {to:?} {exact:?} {tolerance}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_projector_keeps_within_its_tolerance_wherever_on_earth() {
    // round both poles, over ±180°, oblique, transverse and far outside of their areas
    let mut dice = Dice(6);
    let world = Bbox::new(-180.0, -90.0, 180.0, 90.0).unwrap();
    let lonlat = epsg(4326);
    for code in [
        2154, 3857, 3035, 3031, 3413, 3995, 32631, 32701, 2193, 3832, 27572, 21781, 6933,
    ] {
        let crs = epsg(code);
        let (there, back) = (
            Transform::new(&lonlat, &crs).unwrap(),
            Transform::new(&crs, &lonlat).unwrap(),
        );
        for exponent in (-4..=18).step_by(2) {
            let tolerance_m = f64::from(exponent).exp2() * 1.3;
            let from: Vec<Coord> = (0..400).map(|_| dice.within(&world)).collect();
            let mut exact = from.clone();
            there.forward(&mut exact);
            let mut near = from.clone();
            Projector::new(&there, tolerance_m).project(&mut near);
            for ((from, exact), near) in from.iter().zip(&exact).zip(&near) {
                let is_same = exact.iter().all(|v| v.is_nan()) && near.iter().all(|v| v.is_nan());
                assert!(
                    is_same || distance(*near, *exact) <= tolerance_m,
                    "{code}: {from:?} {near:?} {exact:?} {tolerance_m}"
                );
            }
            // and back, where there is a way back
            let planar: Vec<Coord> = exact.into_iter().filter(|c| c[0].is_finite()).collect();
            let tolerance = tolerance_m / 111_000.0;
            let (mut exact, mut near) = (planar.clone(), planar.clone());
            back.forward(&mut exact);
            Projector::new(&back, tolerance).project(&mut near);
            for ((from, exact), near) in planar.iter().zip(&exact).zip(&near) {
                let is_same = exact.iter().all(|v| v.is_nan()) && near.iter().all(|v| v.is_nan());
                assert!(
                    is_same || distance(*near, *exact) <= tolerance,
                    "{code} back: {from:?} {near:?} {exact:?} {tolerance}"
                );
            }
        }
    }
}

#[test]
fn a_projector_gives_the_same_bits_whatever_else_it_projects() {
    let transform = Transform::new(&epsg(27572), &epsg(3857)).unwrap();
    assert!(!transform.is_closed_form());
    let mut dice = Dice(5);
    let france = epsg(27572).area_bbox()[0];
    let coords: Vec<Coord> = (0..5_000).map(|_| dice.within(&france)).collect();
    let mut whole = coords.clone();
    Projector::new(&transform, 1.0).project(&mut whole);
    // one by one, backwards, with a tolerance of the same class, after so many other cells
    // that the first are forgotten
    let projector = Projector::new(&transform, 1.7);
    let mut others: Vec<Coord> = (0..20_000).map(|_| dice.within(&france)).collect();
    projector.project(&mut others);
    for (coord, expected) in coords.iter().zip(&whole).rev() {
        let mut single = [*coord];
        projector.project(&mut single);
        assert_eq!(
            single[0].map(f64::to_bits),
            expected.map(f64::to_bits),
            "{coord:?}"
        );
    }
    let exact: Vec<Coord> = coords.iter().map(|c| one(&transform, *c)).collect();
    assert!(exact != whole, "the lattice was not used");
}

#[test]
fn a_projector_bears_any_tolerance_and_any_position() {
    let transform = Transform::new(&epsg(27572), &epsg(3857)).unwrap();
    for tolerance in [
        0.0,
        -1.0,
        f64::NAN,
        f64::INFINITY,
        f64::MIN_POSITIVE,
        1e-12,
        1e12,
        1e300,
    ] {
        let projector = Projector::new(&transform, tolerance);
        let mut coords = [
            [600_000.0, 2_200_000.0],
            [f64::NAN, 0.0],
            [f64::INFINITY, 0.0],
            [1e300, -1e300],
            [-0.0, 0.0],
        ];
        projector.project(&mut coords);
        assert!(coords[0].iter().all(|v| v.is_finite()), "{tolerance}");
        assert!(coords[1].iter().all(|v| v.is_nan()), "{tolerance}");
    }
}
