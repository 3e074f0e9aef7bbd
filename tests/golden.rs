//! Golden images of the demo: maps that a person has looked at.
//!
//! `INSTA_UPDATE=always cargo test --release --test golden` writes them anew: look at each
//! changed picture. On a difference `target/golden/CASE.png` shows expected | difference |
//! actual. Pixels may differ by one level; 0.1 % of them by more (other CPUs round otherwise).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

mod common;

use std::path::{Path, PathBuf};

use cartotheque::budget::Budget;
use cartotheque::crs::Crs;
use cartotheque::encode::{Effort, ImageFormat, image};
use cartotheque::geom::{Bbox, Size, View};
use cartotheque::operation::{MapLayer, MapRequest};
use cartotheque::server::{Options, State};

struct Case {
    name: &'static str,
    /// `layer` or `layer:style`, bottom first.
    layers: &'static [&'static str],
    crs: &'static str,
    bbox: [f64; 4],
    size: [u32; 2],
}

const CASES: [Case; 8] = [
    Case {
        name: "region-lambert93",
        layers: &["pays", "communes", "departements"],
        crs: "EPSG:2154",
        bbox: [600_000.0, 6_320_000.0, 1_060_000.0, 6_660_000.0],
        size: [184, 136],
    },
    Case {
        name: "grenoble-communes",
        layers: &["communes:contours", "cours-eau", "lacs", "villes"],
        crs: "EPSG:2154",
        bbox: [890_000.0, 6_440_000.0, 950_000.0, 6_480_000.0],
        size: [195, 130],
    },
    Case {
        name: "lyon-web-mercator",
        layers: &["communes", "departements", "villes"],
        crs: "EPSG:3857",
        bbox: [480_000.0, 5_700_000.0, 600_000.0, 5_780_000.0],
        size: [195, 130],
    },
    Case {
        name: "lakes-geographic",
        layers: &["pays", "lacs", "cours-eau"],
        crs: "EPSG:4326",
        bbox: [5.5, 45.4, 7.1, 46.6],
        size: [200, 200],
    },
    Case {
        name: "epci-cc45",
        layers: &["epci"],
        crs: "EPSG:3945",
        bbox: [1_600_000.0, 4_100_000.0, 1_900_000.0, 4_300_000.0],
        size: [240, 160],
    },
    Case {
        name: "europe-laea",
        layers: &["pays"],
        crs: "EPSG:3035",
        bbox: [2_500_000.0, 1_500_000.0, 6_000_000.0, 4_500_000.0],
        size: [210, 180],
    },
    Case {
        name: "world-plate-carree",
        layers: &["pays"],
        crs: "CRS:84",
        bbox: [-180.0, -90.0, 180.0, 90.0],
        size: [360, 180],
    },
    Case {
        name: "airfields",
        layers: &["departements", "aerodromes"],
        crs: "EPSG:2154",
        bbox: [750_000.0, 6_400_000.0, 1_000_000.0, 6_600_000.0],
        size: [200, 160],
    },
];

fn golden(case: &Case) -> PathBuf {
    common::repository().join(format!("tests/golden/demo/{}.png", case.name))
}

#[test]
fn maps_of_the_demo_are_as_they_were_looked_at() {
    let state = State::load(Options {
        path: common::repository().to_owned(),
        base_url: None,
        trusted_proxies: Vec::new(),
        workers: 1,
        strict: true,
        explain: false,
        cache: None,
    })
    .unwrap();
    let update = std::env::var("INSTA_UPDATE").as_deref() == Ok("always");
    let mut faults = Vec::new();
    for case in &CASES {
        let actual = draw(&state, case);
        let path = golden(case);
        if update {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &actual).unwrap();
        }
        assert!(
            actual.len() < 48 * 1024,
            "{}: {} bytes",
            case.name,
            actual.len()
        );
        match std::fs::read(&path) {
            Err(e) => faults.push(format!("{}: no reference picture: {e}", path.display())),
            Ok(expected) => {
                if let Some(fault) = compare(case.name, &expected, &actual) {
                    faults.push(format!("{}: {fault}", case.name));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn draw(state: &State, case: &Case) -> Vec<u8> {
    let site = state.whole();
    let crs = Crs::parse(case.crs).unwrap();
    let layers = case
        .layers
        .iter()
        .map(|name| {
            let (id, style) = name.split_once(':').unwrap_or((name, ""));
            let layer = site.catalogue.layer(id).unwrap().clone();
            MapLayer {
                style: layer.style(style).unwrap().clone(),
                layer,
                filter: None,
            }
        })
        .collect();
    let [a, b, c, d] = case.bbox;
    let size = Size {
        width: case.size[0],
        height: case.size[1],
    };
    let request = MapRequest {
        view: View::new(Bbox::new(a, b, c, d).unwrap(), size, crs.metres_per_unit),
        crs,
        layers,
        background: [255; 3],
        transparent: false,
    };
    let drawn = site.studio.map(&request, &Budget::unlimited()).unwrap();
    image(&drawn.pixmap, ImageFormat::Png, Effort::Small).unwrap()
}

/// What is wrong with a picture, after writing expected | difference | actual.
fn compare(name: &str, expected: &[u8], actual: &[u8]) -> Option<String> {
    let (width, height, expected) = common::decode_png(expected);
    let (w, h, actual) = common::decode_png(actual);
    if (w, h) != (width, height) {
        return Some(format!(
            "expected {width} by {height} pixels, found {w} by {h}"
        ));
    }
    let differs = |a: &[u8; 4], b: &[u8; 4]| a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > 1);
    let wrong = expected
        .iter()
        .zip(&actual)
        .filter(|(a, b)| differs(a, b))
        .count();
    if wrong * 1000 <= expected.len() {
        return None;
    }
    let mut sheet = tiny_skia::Pixmap::new(width * 3, height).unwrap();
    let (pixels, _) = sheet.data_mut().as_chunks_mut::<4>();
    for (i, (a, b)) in expected.iter().zip(&actual).enumerate() {
        let (x, y) = (i % width as usize, i / width as usize);
        let row = y * width as usize * 3 + x;
        pixels[row] = *a;
        pixels[row + width as usize] = if differs(a, b) {
            [255, 0, 0, 255]
        } else {
            [255; 4]
        };
        pixels[row + 2 * width as usize] = *b;
    }
    let folder: &Path = &common::repository().join("target/golden");
    std::fs::create_dir_all(folder).unwrap();
    let path = folder.join(format!("{name}.png"));
    std::fs::write(
        &path,
        image(&sheet, ImageFormat::Png, Effort::Small).unwrap(),
    )
    .unwrap();
    Some(format!(
        "{wrong} of {} pixels differ, see {}",
        expected.len(),
        path.display()
    ))
}
