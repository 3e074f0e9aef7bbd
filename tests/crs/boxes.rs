//! Boxes: their images, and the area of use.

use cartotheque::crs::Transform;
use cartotheque::geom::{Bbox, Coord};

use crate::{Dice, epsg, one, projected};

fn holds(boxes: &[Bbox], coord: Coord) -> bool {
    boxes.iter().any(|b| b.contains_point(coord))
}

#[test]
fn the_image_of_a_box_holds_the_image_of_every_point_of_it() {
    let mut dice = Dice(3);
    for code in projected() {
        let crs = epsg(code);
        for other in [epsg(4326), epsg(3857), epsg(2154)] {
            for (source, target) in [(&crs, &other), (&other, &crs)] {
                let transform = Transform::new(source, target).unwrap();
                let to_source = Transform::new(&crs, source).unwrap();
                let area = to_source.forward_bbox(&crs.area_bbox()[0])[0];
                for round in 0..8 {
                    // from a few pixels up to twice the area
                    let size = 2.0 * 0.3f64.powi(round);
                    let [x, y] = dice.within(&area);
                    let bbox = Bbox::new(x, y, x, y).unwrap().grown(
                        area.width() * size * dice.roll() / 2.0,
                        area.height() * size * dice.roll() / 2.0,
                    );
                    let boxes = transform.forward_bbox(&bbox);
                    for _ in 0..100 {
                        let at = dice.within(&bbox);
                        let image = one(&transform, at);
                        if image.iter().any(|v| v.is_nan()) {
                            continue;
                        }
                        assert!(
                            holds(&boxes, image),
                            "{source} to {target}: {bbox:?} {at:?} {image:?} {boxes:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn the_image_of_a_regional_box_is_hardly_grown() {
    let transform = Transform::new(&epsg(4326), &epsg(2154)).unwrap();
    let region = Bbox::new(2.06, 44.11, 7.19, 46.81).unwrap();
    let boxes = transform.forward_bbox(&region);
    assert_eq!(boxes.len(), 1);
    let mut exact: Option<Bbox> = None;
    for i in 0..=1_000 {
        let t = f64::from(i) / 1_000.0;
        let (x, y) = (
            region.min_x + t * region.width(),
            region.min_y + t * region.height(),
        );
        let mut edge = [
            [x, region.min_y],
            [x, region.max_y],
            [region.min_x, y],
            [region.max_x, y],
        ];
        transform.forward(&mut edge);
        let part = Bbox::around(&edge).unwrap();
        exact = Some(exact.map_or(part, |e| e.union(&part)));
    }
    let exact = exact.unwrap();
    assert!(boxes[0].contains(&exact));
    assert!(
        boxes[0].width() < exact.width() * 1.03,
        "{boxes:?} {exact:?}"
    );
    assert!(
        boxes[0].height() < exact.height() * 1.03,
        "{boxes:?} {exact:?}"
    );
}

#[test]
fn a_box_across_the_antimeridian_becomes_two_and_one_around_a_pole_goes_round() {
    // 170°E … 170°W in Web Mercator, as a client that scrolled on asks it
    let transform = Transform::new(&epsg(3857), &epsg(4326)).unwrap();
    let x = |lon: f64| lon.to_radians() * 6_378_137.0;
    let bbox = Bbox::new(x(170.0), -1e6, x(190.0), 1e6).unwrap();
    let boxes = transform.forward_bbox(&bbox);
    assert_eq!(boxes.len(), 2, "{boxes:?}");
    assert!(holds(&boxes, [175.0, 0.0]) && holds(&boxes, [-175.0, 0.0]));
    assert!(
        !holds(&boxes, [160.0, 0.0]) && !holds(&boxes, [-160.0, 0.0]) && !holds(&boxes, [0.0, 0.0])
    );

    // around the north pole: Arctic polar stereographic
    let transform = Transform::new(&epsg(3995), &epsg(4326)).unwrap();
    let around = Bbox::new(-1e6, -1.3e6, 1.7e6, 1e6).unwrap();
    let boxes = transform.forward_bbox(&around);
    assert_eq!(boxes.len(), 1, "{boxes:?}");
    assert_eq!(
        (boxes[0].min_x, boxes[0].max_x, boxes[0].max_y),
        (-180.0, 180.0, 90.0)
    );
    assert!((60.0..75.0).contains(&boxes[0].min_y), "{boxes:?}");

    // beside it, astride the antimeridian (the way down from the pole in 3995 is 0°, up is 180°)
    let beside = Bbox::new(-5e5, 1e6, 5e5, 2e6).unwrap();
    let boxes = transform.forward_bbox(&beside);
    assert_eq!(boxes.len(), 2, "{boxes:?}");
    assert!(
        holds(&boxes, [179.0, 76.0])
            && holds(&boxes, [-179.0, 76.0])
            && !holds(&boxes, [0.0, 76.0])
    );
}

#[test]
fn a_box_of_which_nothing_can_be_projected_has_no_image() {
    let transform = Transform::new(&epsg(3035), &epsg(4326)).unwrap();
    let nowhere = Bbox::new(1e9, 1e9, 2e9, 2e9).unwrap();
    assert_eq!(transform.forward_bbox(&nowhere), []);
    // a window far larger than the earth still finds it
    let everywhere = Bbox::new(-3e7, -3e7, 4e7, 4e7).unwrap();
    assert!(holds(&transform.forward_bbox(&everywhere), [4.8, 45.7]));
}

#[test]
fn the_area_of_use_is_in_the_crss_units() {
    let area = epsg(2154).area_bbox();
    assert_eq!(area.len(), 1);
    assert!(
        area[0].contains(&Bbox::new(624_753.0, 6_334_556.0, 1_035_258.0, 6_642_903.0).unwrap())
    );
    assert!(area[0].width() < 2.5e6, "{area:?}");
    let lon_lat = epsg(4171).area_bbox();
    assert_eq!(lon_lat, epsg(4171).area_of_use);
    // grads from Paris: 0 is Paris, 55 grads north are 49.5°
    let grads = epsg(4807).area_bbox();
    assert!(grads[0].contains_point([0.0, 54.3]), "{grads:?}");
    assert!(epsg(4978).area_bbox().is_empty());
}
