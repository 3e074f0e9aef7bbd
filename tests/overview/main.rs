//! Overviews: maps drawn from levels look like maps drawn from the features, levels keep what
//! they must, and the cache survives all that may happen to it.
//!
//! The bound that the maps of the shipped layers are held to, between a level and the features:
//! see [`Difference::BOUND`].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests, over data they know"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/landscape.rs"]
mod landscape;

mod cache;
mod keeper;
mod pictures;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cartotheque::budget::Budget;
use cartotheque::catalogue::Layer;
use cartotheque::config::{self, FileSources, LoadOptions, Loaded};
use cartotheque::crs::{Crs, Transform};
use cartotheque::feature::Value;
use cartotheque::geom::{Bbox, Coord, Geometry, Size, View};
use cartotheque::operation::{Drawn, MapLayer, MapRequest, Studio};
use cartotheque::overview::{Cache, Keeper, Level, Outcome, Progress, Zoom};
use cartotheque::store::fgb::FgbStore;
use cartotheque::store::{FeatureStore, Select};
use cartotheque::style::Style;
use tiny_skia::PremultipliedColorU8;

use common::Scratch;
use landscape::{ORIGIN, SIDE_STEPS, write_landscape};

fn load(path: &Path) -> Loaded {
    let loaded = config::load(path, LoadOptions::default(), &FileSources);
    assert!(!loaded.refused, "{:?}", loaded.diagnostics);
    loaded
}

/// A keeper that builds levels however small the layer is.
fn keeper(studio: &Studio, cache: &Path) -> Keeper {
    let crs = ["EPSG:3857", "EPSG:2154"].map(|name| Crs::parse(name).unwrap());
    let cache = Cache::open(cache, 1 << 33).unwrap();
    Keeper::new(Arc::clone(studio.overviews()), cache, crs.to_vec()).saving_at_least(50.0)
}

fn silent(_: &Progress) {}

fn prepare(keeper: &Keeper, layer: &Layer) -> Outcome {
    keeper
        .prepare(layer, &Budget::unlimited(), &silent)
        .unwrap()
}

fn draw(studio: &Studio, layer: &Arc<Layer>, style: &Arc<Style>, view: View, crs: &Crs) -> Drawn {
    let request = request(layer, style, view, crs);
    studio.map(&request, &Budget::unlimited()).unwrap()
}

fn request(layer: &Arc<Layer>, style: &Arc<Style>, view: View, crs: &Crs) -> MapRequest {
    MapRequest {
        view,
        crs: crs.clone(),
        layers: vec![MapLayer {
            layer: Arc::clone(layer),
            style: Arc::clone(style),
            filter: None,
        }],
        background: [255; 3],
        transparent: false,
    }
}

/// A view of 400 by 300 pixels around a place.
fn view(center: Coord, resolution: f64, crs: &Crs) -> View {
    let size = Size {
        width: 400,
        height: 300,
    };
    let (dx, dy) = (200.0 * resolution, 150.0 * resolution);
    let [x, y] = center;
    let bbox = Bbox::new(x - dx, y - dy, x + dx, y + dy).unwrap();
    View::new(bbox, size, crs.metres_per_unit)
}

/// How two maps differ, on a scale of 0 to 255 for each of red, green and blue.
#[derive(Debug, Clone, Copy, Default)]
struct Difference {
    /// Over all pixels.
    mean: f64,
    /// Share of pixels that are more than 64 off in a channel.
    far: f64,
    /// Of the means of blocks of 8 by 8 pixels, the largest.
    block: f64,
}

impl Difference {
    /// What a map from a level may differ from one from the features.
    const BOUND: Difference = Difference {
        mean: 1.5,
        far: 0.01,
        block: 26.0,
    };

    /// Of what is covered, whatever colour it has: for symbols that may lie piled.
    fn of_cover(a: &Drawn, b: &Drawn) -> Difference {
        Difference::between(a, b, |a, b| {
            [i64::from(a.alpha()) - i64::from(b.alpha()); 3]
        })
    }

    fn of(a: &Drawn, b: &Drawn) -> Difference {
        Difference::between(a, b, |a, b| {
            [
                i64::from(a.red()) - i64::from(b.red()),
                i64::from(a.green()) - i64::from(b.green()),
                i64::from(a.blue()) - i64::from(b.blue()),
            ]
        })
    }

    fn between(
        a: &Drawn,
        b: &Drawn,
        off: impl Fn(&PremultipliedColorU8, &PremultipliedColorU8) -> [i64; 3],
    ) -> Difference {
        let (width, height) = (a.pixmap.width() as usize, a.pixmap.height() as usize);
        let mut blocks = vec![[0_i64; 3]; width.div_ceil(8) * height.div_ceil(8)];
        let (mut sum, mut far) = (0, 0);
        for (place, (a, b)) in a.pixmap.pixels().iter().zip(b.pixmap.pixels()).enumerate() {
            let off = off(a, b);
            sum += off.iter().map(|o| o.abs()).sum::<i64>();
            far += usize::from(off.iter().any(|o| o.abs() > 64));
            let block = place / width / 8 * width.div_ceil(8) + place % width / 8;
            for (total, off) in blocks[block].iter_mut().zip(off) {
                *total += off;
            }
        }
        let pixels = (width * height) as f64;
        let block = blocks.iter().flatten().map(|total| total.abs()).max();
        Difference {
            mean: sum as f64 / pixels / 3.0,
            far: far as f64 / pixels,
            block: block.unwrap_or(0) as f64 / 64.0,
        }
    }

    fn is_within(&self, bound: &Difference) -> bool {
        self.mean <= bound.mean && self.far <= bound.far && self.block <= bound.block
    }

    fn worst(self, other: Difference) -> Difference {
        Difference {
            mean: self.mean.max(other.mean),
            far: self.far.max(other.far),
            block: self.block.max(other.block),
        }
    }
}

/// A style of one colour without outline.
const PLAIN: &str = r##"<StyledLayerDescriptor xmlns="http://www.opengis.net/sld" version="1.0.0">
<NamedLayer><Name>champs</Name><UserStyle><FeatureTypeStyle><Rule><PolygonSymbolizer>
<Fill><CssParameter name="fill">#206040</CssParameter></Fill>
</PolygonSymbolizer></Rule></FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"##;

/// A landscape with its style, loaded.
fn landscape(folder: &Scratch, side: u32, step: f64) -> Loaded {
    let data = folder.join("site");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("champs.sld"), PLAIN).unwrap();
    write_landscape(&data.join("champs.fgb"), side, step);
    load(&data)
}

/// The levels of a CRS, by asking for every zoom.
fn levels(studio: &Studio, layer: &Layer, crs: &Crs) -> Vec<Arc<Level>> {
    let mut found: Vec<Arc<Level>> = Vec::new();
    for zoom in Zoom::all() {
        let pixel = zoom.resolution(crs);
        let level = studio
            .overviews()
            .level(layer, &layer.styles[0], crs, pixel);
        if let Some(level) = level
            && !found.iter().any(|known| Arc::ptr_eq(known, &level))
        {
            found.push(level);
        }
    }
    found
}

/// The area of every polygon of a store.
fn area(store: &dyn FeatureStore) -> f64 {
    let mut area = 0.0;
    let mut geometry = Geometry::default();
    let budget = Budget::unlimited();
    let visited = store.select(&Select::default(), &budget, &mut |feature| {
        feature.geometry(&mut geometry)?;
        for ring in geometry.parts().flat_map(|part| part.sequences()) {
            let edges = ring.iter().zip(&ring[1..]);
            let doubled: f64 = edges
                .map(|(a, b)| {
                    let relative = |c: &Coord| [c[0] - ORIGIN[0], c[1] - ORIGIN[1]];
                    let (a, b) = (relative(a), relative(b));
                    a[0] * b[1] - b[0] * a[1]
                })
                .sum();
            area += doubled.abs() / 2.0;
        }
        Ok(ControlFlow::Continue(()))
    });
    visited.unwrap();
    area
}

/// Waits until something is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(
            begin.elapsed() < Duration::from_secs(60),
            "waited for {what}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}
