//! A map does not depend on how it is cut: pieces of the shipped maps, drawn by themselves, are
//! the pixels of the whole. Areas, lines, dashes, hatches, markers and labels, through the real
//! pipeline.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, over data they know"
)]

mod common;

use cartotheque::budget::{Budget, Help};
use cartotheque::crs::Crs;
use cartotheque::geom::{Bbox, Size, View};
use cartotheque::operation::{Drawn, MapLayer, MapRequest};
use cartotheque::server::{Options, State};
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tiny_skia::Pixmap;

fn state() -> &'static State {
    static STATE: OnceLock<State> = OnceLock::new();
    let load = || {
        State::load(Options {
            path: common::repository().to_path_buf(),
            base_url: None,
            trusted_proxies: Vec::new(),
            workers: 1,
            strict: true,
            explain: false,
            cache: None,
        })
    };
    STATE.get_or_init(|| load().unwrap())
}

fn layers(names: &[&str]) -> Vec<MapLayer> {
    let site = state().whole();
    let of = |name: &&str| site.catalogue.layers_of(name).unwrap();
    names
        .iter()
        .flat_map(of)
        .map(|layer| MapLayer {
            style: layer.style("").unwrap().clone(),
            layer,
            filter: None,
        })
        .collect()
}

fn draw(view: View, crs: &Crs, layers: &[MapLayer]) -> Pixmap {
    drawn(view, crs, layers, &Budget::unlimited()).pixmap
}

fn drawn(view: View, crs: &Crs, layers: &[MapLayer], budget: &Budget) -> Drawn {
    let request = MapRequest {
        view,
        crs: crs.clone(),
        layers: layers.to_vec(),
        background: [255; 3],
        transparent: true,
    };
    state().whole().studio.map(&request, budget).unwrap()
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, n: u32) -> u32 {
        (self.next() * f64::from(n)) as u32
    }
}

/// A rectangle of pixels: left, top, width, height.
type Pixels = [u32; 4];

/// A rectangle of a map's pixels as a view of its own, its corners computed in one of the ways
/// that clients do.
fn cut(whole: &View, [left, top, width, height]: Pixels, way: u32) -> View {
    let (b, rx, ry) = (whole.bbox, whole.resolution_x(), whole.resolution_y());
    let [l, t, w, h] = [left, top, width, height].map(f64::from);
    let (all_w, all_h) = (f64::from(whole.size.width), f64::from(whole.size.height));
    let from_upper_left = [
        b.min_x + l * rx,
        b.max_y - (t + h) * ry,
        b.min_x + (l + w) * rx,
        b.max_y - t * ry,
    ];
    let [min_x, min_y, max_x, max_y] = match way % 4 {
        0 => from_upper_left,
        1 => [
            b.max_x - (all_w - l) * rx,
            b.min_y + (all_h - t - h) * ry,
            b.max_x - (all_w - l - w) * rx,
            b.min_y + (all_h - t) * ry,
        ],
        2 => {
            let x = b.min_x + (l + w / 2.0) / all_w * b.width();
            let y = b.max_y - (t + h / 2.0) / all_h * b.height();
            [
                x - w * rx / 2.0,
                y - h * ry / 2.0,
                x + w * rx / 2.0,
                y + h * ry / 2.0,
            ]
        }
        // as written in BBOX=
        _ => from_upper_left.map(|v| format!("{v:.11}").parse().unwrap()),
    };
    View {
        bbox: Bbox::new(min_x, min_y, max_x, max_y).unwrap(),
        size: Size { width, height },
        ..*whole
    }
}

/// How many pixels of a piece are not those of the whole, the furthest difference, and one place.
fn differences(whole: &Pixmap, piece: &Pixmap, [left, top, ..]: Pixels) -> (usize, u8, [u32; 2]) {
    let (mut count, mut most, mut place) = (0, 0, [0; 2]);
    for y in 0..piece.height() {
        for x in 0..piece.width() {
            let (a, b) = (whole.pixel(left + x, top + y), piece.pixel(x, y));
            let (a, b) = (a.unwrap(), b.unwrap());
            let channels = [
                a.red().abs_diff(b.red()),
                a.green().abs_diff(b.green()),
                a.blue().abs_diff(b.blue()),
                a.alpha().abs_diff(b.alpha()),
            ];
            let off = channels.into_iter().max().unwrap_or(0);
            count += usize::from(off > 0);
            if off > most {
                (most, place) = (off, [left + x, top + y]);
            }
        }
    }
    (count, most, place)
}

/// Draws `boxes` random maps of each of some resolutions around a place, and pieces of each.
fn maps_cut_are_equal(
    names: &[&str],
    crs: &str,
    [centre_x, centre_y]: [f64; 2],
    resolutions: &[f64],
    boxes: u32,
) {
    let layers = layers(names);
    let crs = Crs::parse(crs).unwrap();
    let mut numbers = Numbers(u64::from(boxes) + names.len() as u64);
    let mut faults = String::new();
    for resolution in resolutions {
        for number in 0..boxes {
            let size = Size {
                width: 280 + numbers.below(90),
                height: 230 + numbers.below(90),
            };
            let span = [size.width, size.height].map(|s| f64::from(s) * resolution);
            let [w, h] = span;
            let min_x = centre_x + (numbers.next() - 0.5) * 1.5 * w - w / 2.0;
            let min_y = centre_y + (numbers.next() - 0.5) * 1.5 * h - h / 2.0;
            let bbox = Bbox::new(min_x, min_y, min_x + w, min_y + h).unwrap();
            let whole = View::new(bbox, size, crs.metres_per_unit);
            let expected = draw(whole, &crs, &layers);
            // the same box in another spelling, then pieces
            let mut pieces = vec![[0, 0, size.width, size.height]];
            pieces.extend((0..4).map(|_| {
                let width = 20 + numbers.below(size.width / 2);
                let height = 20 + numbers.below(size.height / 2);
                let left = numbers.below(size.width - width + 1);
                let top = numbers.below(size.height - height + 1);
                [left, top, width, height]
            }));
            for (way, piece) in (1..).zip(pieces) {
                let part = cut(&whole, piece, way);
                let found = draw(part, &crs, &layers);
                let (count, most, at) = differences(&expected, &found, piece);
                if count > 0 {
                    writeln!(
                        faults,
                        "{resolution} a pixel, map {number} at {min_x},{min_y} of {size:?}, piece \
                         {piece:?} (way {way}): {count} pixels differ, most by {most} at {at:?}"
                    )
                    .unwrap();
                }
            }
        }
    }
    assert!(faults.is_empty(), "{names:?} in {}:\n{faults}", crs.id());
}

const LYON_L93: [f64; 2] = [842_000.0, 6_519_000.0];
const LYON_MERCATOR: [f64; 2] = [538_000.0, 5_740_000.0];
const LYON_DEGREES: [f64; 2] = [4.83, 45.76];
const LYON_LAEA: [f64; 2] = [3_920_000.0, 2_530_000.0];

#[test]
fn the_map_of_the_region_cut_anywhere_in_lambert_is_the_same() {
    maps_cut_are_equal(
        &["carte"],
        "EPSG:2154",
        LYON_L93,
        &[1200.0, 500.0, 137.3, 20.0],
        8,
    );
}

#[test]
fn the_map_of_the_region_cut_anywhere_in_web_mercator_is_the_same() {
    let zoom = |z: i32| 156_543.033_928_041 / 2.0_f64.powi(z);
    maps_cut_are_equal(
        &["carte"],
        "EPSG:3857",
        LYON_MERCATOR,
        &[zoom(6), zoom(8), zoom(10), zoom(13)],
        8,
    );
}

#[test]
fn the_map_of_the_region_cut_anywhere_in_degrees_is_the_same() {
    maps_cut_are_equal(
        &["carte"],
        "EPSG:4326",
        LYON_DEGREES,
        &[0.012, 0.003, 0.000_4],
        8,
    );
}

#[test]
fn the_map_of_the_region_cut_anywhere_through_a_lattice_is_the_same() {
    maps_cut_are_equal(
        &["carte"],
        "EPSG:3035",
        LYON_LAEA,
        &[1000.0, 250.0, 31.0],
        8,
    );
}

#[test]
fn communes_and_their_names_cut_anywhere_are_the_same() {
    let communes = |crs, centre, resolutions: &[f64]| {
        maps_cut_are_equal(
            &["communes", "villes", "cours-eau"],
            crs,
            centre,
            resolutions,
            5,
        );
    };
    communes("EPSG:2154", LYON_L93, &[400.0, 100.0, 25.0, 5.0]);
    communes("EPSG:3857", LYON_MERCATOR, &[152.874_056_570_353, 38.2]);
    communes("EPSG:4326", LYON_DEGREES, &[0.001, 0.000_2]);
    communes("EPSG:3035", LYON_LAEA, &[150.0, 30.0]);
}

/// Of countries and départements few positions are near such maps; pieces see fewer of them.
#[test]
fn borders_that_go_on_far_beyond_the_map_are_the_same_cut_anywhere() {
    let borders = |crs, centre, resolutions: &[f64]| {
        maps_cut_are_equal(
            &["pays", "region", "departements"],
            crs,
            centre,
            resolutions,
            6,
        );
    };
    // where France, Switzerland, Ain and Haute-Savoie meet
    borders("EPSG:2154", [932_600.0, 6_569_800.0], &[90.0, 12.0, 1.5]);
    borders("EPSG:3857", [661_000.0, 5_800_700.0], &[152.874, 9.55]);
    borders("EPSG:4326", [5.9, 46.13], &[0.000_8, 0.000_05]);
    borders("EPSG:3035", [4_000_900.0, 2_566_800.0], &[70.0, 7.0]);
}

#[test]
fn every_layer_cut_anywhere_is_the_same() {
    let site = state().whole();
    for layer in site.catalogue.drawing_order() {
        let name = [layer.as_str()];
        maps_cut_are_equal(&name, "EPSG:3857", LYON_MERCATOR, &[611.0, 97.0], 2);
        maps_cut_are_equal(&name, "EPSG:3035", LYON_LAEA, &[333.3], 2);
    }
}

#[test]
fn a_map_that_several_threads_draw_is_the_map_that_one_draws() {
    let lambert = Crs::from_epsg(2154).unwrap();
    let size = Size {
        width: 700,
        height: 533,
    };
    let bbox = Bbox::new(600_000.0, 6_340_000.0, 1_050_000.0, 6_682_643.0).unwrap();
    let view = View::new(bbox, size, 1.0);
    let layers = layers(&["communes", "departements", "villes"]);
    let alone = drawn(view, &lambert, &layers, &Budget::unlimited());
    for helpers in [1, 2, 6, 100] {
        let budget = Budget::unlimited().helped(Help {
            after: Duration::ZERO,
            idle: Arc::new(move || helpers),
        });
        let shared = drawn(view, &lambert, &layers, &budget);
        assert!(shared.pixmap == alone.pixmap, "{helpers} helpers");
        let threads = shared.report.layers.iter().map(|l| l.threads).max();
        // 533 rows are 16 bands at most
        assert_eq!(threads, Some((helpers + 1).min(16)));
        for (shared, alone) in shared.report.layers.iter().zip(&alone.report.layers) {
            assert_eq!(shared.features_read, alone.features_read);
            assert_eq!(shared.features_drawn, alone.features_drawn);
            assert_eq!(shared.vertices, alone.vertices);
        }
    }
}
