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

mod common;
#[path = "common/landscape.rs"]
mod landscape;

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
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

use landscape::{ORIGIN, SIDE_STEPS, write_landscape};

/// A folder of its own, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let name = format!("cartotheque-overview-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _none_before = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

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

#[test]
fn the_maps_of_all_shipped_layers_stay_within_the_bound() {
    let folder = Folder::new("demo");
    let loaded = load(common::repository());
    let (with, without) = (Studio::new(), Studio::new());
    let keeper = keeper(&with, &folder.0).saving_at_least(f64::MIN);
    let mut compared = 0;
    let mut worst = Difference::default();
    let mut faults = Vec::new();
    for layer in &loaded.catalogue.layers {
        prepare(&keeper, layer);
        let extent = layer.extent_lonlat.unwrap();
        for name in ["EPSG:3857", "EPSG:2154", "EPSG:3035", "EPSG:4326"] {
            let crs = Crs::parse(name).unwrap();
            let way = Transform::new(&Crs::crs84(), &crs).unwrap();
            // the region, or what of the layer is nearest to it
            let around = Bbox::new(2.0, 44.1, 7.2, 46.9).unwrap();
            let mut center = [extent.intersection(&around).unwrap_or(extent).center()];
            way.forward(&mut center);
            for style in &layer.styles {
                for (zoom, factor) in (5..=11).flat_map(|z| [1.02, 1.37, 1.93].map(|f| (z, f))) {
                    // pixels from those of one level to those of the next
                    let pixel = Zoom::whole(zoom).resolution(&crs) * factor;
                    let view = view(center[0], pixel, &crs);
                    let is_of_points = layer.store.schema().geometry.dimension() == Some(0);
                    let draw = |studio| {
                        let request = MapRequest {
                            transparent: is_of_points,
                            ..request(layer, style, view, &crs)
                        };
                        Studio::map(studio, &request, &Budget::unlimited()).unwrap()
                    };
                    let from_level = draw(&with);
                    if from_level.report.layers[0].level.is_none() {
                        continue;
                    }
                    let from_features = draw(&without);
                    let difference = match is_of_points {
                        true => Difference::of_cover(&from_level, &from_features),
                        false => Difference::of(&from_level, &from_features),
                    };
                    compared += 1;
                    worst = worst.worst(difference);
                    if !difference.is_within(&Difference::BOUND) {
                        let (id, style) = (&layer.id, &style.id);
                        let level = &from_level.report.layers[0].level;
                        faults.push(format!(
                            "{id}/{style} {name} z{zoom} * {factor} {level:?}: {difference:?}"
                        ));
                    }
                }
            }
        }
    }
    println!("{compared} maps, at worst {worst:?}");
    assert!(compared > 70, "only {compared} maps were compared");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A style of one colour without outline.
const PLAIN: &str = r##"<StyledLayerDescriptor xmlns="http://www.opengis.net/sld" version="1.0.0">
<NamedLayer><Name>champs</Name><UserStyle><FeatureTypeStyle><Rule><PolygonSymbolizer>
<Fill><CssParameter name="fill">#206040</CssParameter></Fill>
</PolygonSymbolizer></Rule></FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"##;

/// A landscape with its style, loaded.
fn landscape(folder: &Folder, side: u32, step: f64) -> Loaded {
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

#[test]
fn a_landscape_without_gaps_has_none_at_any_level() {
    let folder = Folder::new("gaps");
    let loaded = landscape(&folder, 160, 40.0);
    let layer = &loaded.catalogue.layers[0];
    let studio = Studio::new();
    let keeper = keeper(&studio, &folder.join("cache"));
    assert!(matches!(prepare(&keeper, layer), Outcome::Built { .. }));
    let crs = Crs::from_epsg(2154).unwrap();
    let levels = levels(&studio, layer, &crs);
    assert!(levels.len() >= 3, "{levels:?}");
    let whole = area(&*layer.store);
    for level in &levels {
        let (area, name) = (area(&*level.store), level.name());
        assert!(
            (area / whole - 1.0).abs() < 0.005,
            "{name}: {area} of {whole}"
        );
        // a pixel of the level, where all fields are below it: every pixel inside is covered
        if level.resolution() < 50.0 {
            continue;
        }
        for factor in [1.0, 1.3, 1.9] {
            let pixel = level.resolution() * factor;
            let center = [ORIGIN[0] + 3200.0, ORIGIN[1] + 3200.0];
            let drawn = draw(
                &studio,
                layer,
                &layer.styles[0],
                view(center, pixel, &crs),
                &crs,
            );
            assert_eq!(drawn.report.layers[0].level.as_ref(), Some(&name));
            let inside = (3200.0 / pixel) as i32 - 2;
            for y in 150 - inside..150 + inside {
                for x in 200 - inside..200 + inside {
                    let pixel = drawn.pixmap.pixel(x as u32, y as u32).unwrap();
                    // a sixteenth of a pixel may be missing, where outlines that lie on the
                    // grid meet those that do not
                    let red = i32::from(pixel.red());
                    assert!(
                        red - 0x20 <= (255 - 0x20) / 16,
                        "{name} {factor}: {red} at {x}, {y}"
                    );
                }
            }
        }
    }
}

#[test]
fn maps_cut_side_by_side_have_the_pixels_of_the_whole() {
    let folder = Folder::new("cuts");
    let loaded = landscape(&folder, 120, 40.0);
    let layer = &loaded.catalogue.layers[0];
    let studio = Studio::new();
    prepare(&keeper(&studio, &folder.join("cache")), layer);
    for name in ["EPSG:2154", "EPSG:3857", "EPSG:3035"] {
        let crs = Crs::parse(name).unwrap();
        let way = Transform::new(&Crs::from_epsg(2154).unwrap(), &crs).unwrap();
        let mut center = [[ORIGIN[0] + 2400.0, ORIGIN[1] + 2400.0]];
        way.forward(&mut center);
        for pixel in [47.0, 131.0] {
            let whole = view(center[0], pixel, &crs);
            let map = draw(&studio, layer, &layer.styles[0], whole, &crs);
            assert!(map.report.layers[0].level.is_some(), "{name} {pixel}");
            // 100 by 75 pixels, from the middle to the lower right
            let (left, top) = (
                whole.bbox.min_x + 180.0 * pixel,
                whole.bbox.max_y - 130.0 * pixel,
            );
            let cut = Bbox::new(left, top - 75.0 * pixel, left + 100.0 * pixel, top).unwrap();
            let size = Size {
                width: 100,
                height: 75,
            };
            let cut = View::new(cut, size, crs.metres_per_unit);
            let part = draw(&studio, layer, &layer.styles[0], cut, &crs);
            for (place, pixel) in part.pixmap.pixels().iter().enumerate() {
                let (x, y) = (place as u32 % 100 + 180, place as u32 / 100 + 130);
                assert_eq!(Some(*pixel), map.pixmap.pixel(x, y), "{name} at {x}, {y}");
            }
        }
    }
}

#[test]
fn shared_borders_stay_shared_where_polygons_are_kept() {
    let folder = Folder::new("borders");
    let loaded = landscape(&folder, 40, 100.0);
    let layer = &loaded.catalogue.layers[0];
    let studio = Studio::new();
    let keeper = keeper(&studio, &folder.join("cache")).saving_at_least(f64::MIN);
    prepare(&keeper, layer);
    let crs = Crs::from_epsg(2154).unwrap();
    let mut looked_at = 0;
    for level in levels(&studio, layer, &crs) {
        // how often each edge is walked in each direction: as often back as there
        let mut edges = std::collections::HashMap::<[[i64; 2]; 2], i32>::new();
        let mut geometry = Geometry::default();
        let mut kept = 0;
        let step = level.resolution() / 4.0;
        let budget = Budget::unlimited();
        let visited = level.store.select(&Select::default(), &budget, &mut |f| {
            if f.value(level.count_column.unwrap()) == Value::Null {
                kept += 1;
                f.geometry(&mut geometry)?;
                let node = |c: &Coord| c.map(|v| (v / step).round() as i64);
                let nodes: Vec<_> = geometry.coords().iter().map(node).collect();
                for pair in nodes.windows(2) {
                    *edges.entry([pair[0], pair[1]]).or_default() += 1;
                }
            }
            Ok(ControlFlow::Continue(()))
        });
        visited.unwrap();
        if kept < 1600 {
            continue;
        }
        looked_at += 1;
        let back = |[a, b]: &[[i64; 2]; 2]| edges.get(&[*b, *a]).copied().unwrap_or(0);
        let alone = edges.iter().filter(|(edge, times)| back(edge) != **times);
        let (alone, name) = (alone.count(), level.name());
        // the outer border: 160 sides of fields
        assert!(
            alone <= 160 * SIDE_STEPS as usize,
            "{name}: {alone} are alone"
        );
    }
    assert!(looked_at >= 1);
}

#[test]
fn a_level_is_an_ordinary_file_that_another_reader_reads() {
    use flatgeobuf::{FallibleStreamingIterator, FeatureProperties, FgbReader};
    let folder = Folder::new("ordinary");
    let loaded = landscape(&folder, 100, 30.0);
    let layer = &loaded.catalogue.layers[0];
    let studio = Studio::new();
    prepare(&keeper(&studio, &folder.join("cache")), layer);
    let crs = Crs::from_epsg(3857).unwrap();
    for level in levels(&studio, layer, &crs) {
        let own = FgbStore::open(level.path()).unwrap();
        let report = own.verify(&mut |_, _| ControlFlow::Continue(())).unwrap();
        assert!(report.is_sound(), "{report:?}");
        let open = || FgbReader::open(fs::File::open(level.path()).unwrap()).unwrap();
        assert_eq!(open().header().crs().unwrap().code(), 3857);
        let mut all = open().select_all().unwrap();
        let mut count = 0;
        while let Some(feature) = all.next().unwrap() {
            assert!(feature.properties().unwrap().contains_key("overview_fid"));
            count += 1;
        }
        assert_eq!(count, own.count());
        let whole = own.extent().unwrap();
        let [x, y] = whole.center();
        let mut found = open().select_bbox(whole.min_x, whole.min_y, x, y).unwrap();
        let mut quarter = 0;
        while found.next().unwrap().is_some() {
            quarter += 1;
        }
        let select = Select {
            boxes: vec![Bbox::new(whole.min_x, whole.min_y, x, y).unwrap()],
            offset: 0,
        };
        let mut expected = 0;
        let budget = Budget::unlimited();
        let visited = own.select(&select, &budget, &mut |_| {
            expected += 1;
            Ok(ControlFlow::Continue(()))
        });
        visited.unwrap();
        assert_eq!(quarter, expected);
    }
}

#[test]
fn levels_are_found_again_and_built_anew_for_other_bytes_and_after_damage() {
    let folder = Folder::new("again");
    let cache = folder.join("cache");
    let first = landscape(&folder, 60, 40.0);
    let layer = &first.catalogue.layers[0];
    assert!(matches!(
        prepare(&keeper(&Studio::new(), &cache), layer),
        Outcome::Built { .. }
    ));
    let studio = Studio::new();
    let again = keeper(&studio, &cache);
    assert!(matches!(prepare(&again, layer), Outcome::Found { .. }));

    // touched: another stamp, the same bytes
    let data = folder.join("site/champs.fgb");
    fs::write(&data, fs::read(&data).unwrap()).unwrap();
    let touched = load(&folder.join("site"));
    let outcome = prepare(&again, &touched.catalogue.layers[0]);
    assert!(matches!(outcome, Outcome::Found { .. }), "{outcome:?}");

    // one byte of a level
    let crs = Crs::from_epsg(2154).unwrap();
    let level = levels(&studio, &touched.catalogue.layers[0], &crs).remove(0);
    let mut bytes = fs::read(level.path()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(level.path(), bytes).unwrap();
    let outcome = prepare(&keeper(&studio, &cache), &touched.catalogue.layers[0]);
    assert!(matches!(outcome, Outcome::Built { .. }), "{outcome:?}");

    // other data in the same place: the levels of the old ones are not taken for theirs
    let other = landscape(&folder, 70, 40.0);
    let layer = &other.catalogue.layers[0];
    assert!(levels(&studio, layer, &crs).is_empty());
    assert!(matches!(prepare(&again, layer), Outcome::Built { .. }));
    assert!(!levels(&studio, layer, &crs).is_empty());
}

#[test]
fn a_copied_cache_is_checked_once_and_noted_as_checked() {
    let folder = Folder::new("copied");
    let (cache, copy) = (folder.join("cache"), folder.join("copy"));
    let loaded = landscape(&folder, 60, 40.0);
    let layer = &loaded.catalogue.layers[0];
    let built = prepare(&keeper(&Studio::new(), &cache), layer);
    assert!(matches!(built, Outcome::Built { .. }));
    let folders = || fs::read_dir(cache.join("overviews")).unwrap().flatten();
    for from in folders() {
        let to = copy.join("overviews").join(from.file_name());
        fs::create_dir_all(&to).unwrap();
        for file in fs::read_dir(from.path()).unwrap().flatten() {
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
    let manifests = || -> Vec<String> {
        let of = |from: fs::DirEntry| {
            let there = copy.join("overviews").join(from.file_name());
            fs::read_to_string(there.join("manifest.json")).unwrap()
        };
        folders().map(of).collect()
    };
    let before = manifests();
    assert!(!before.is_empty());
    let found = |studio: &Studio| {
        let outcome = prepare(&keeper(studio, &copy), layer);
        assert!(matches!(outcome, Outcome::Found { .. }), "{outcome:?}");
    };
    found(&Studio::new());
    let noted = manifests();
    assert!(before.iter().zip(&noted).all(|(a, b)| a != b));
    // what is noted is not read again: a digest that no file has does not matter
    let key = "\"digest\": \"";
    for from in folders() {
        let manifest = copy
            .join("overviews")
            .join(from.file_name())
            .join("manifest.json");
        let text = fs::read_to_string(&manifest).unwrap();
        fs::write(&manifest, text.replace(key, &format!("{key}0"))).unwrap();
    }
    found(&Studio::new());
}

#[test]
fn layers_that_read_one_file_in_one_style_share_its_levels_while_those_are_sound() {
    let folder = Folder::new("shared");
    let site = folder.join("site");
    for sub in ["capabilities/layers", "styles", "data"] {
        fs::create_dir_all(site.join(sub)).unwrap();
    }
    write_landscape(&site.join("data/champs.fgb"), 60, 40.0);
    fs::write(site.join("styles/champs.sld"), PLAIN).unwrap();
    let server = "schema: cartotheque/server@1\ntitle: champs\n";
    fs::write(site.join("capabilities/server.yaml"), server).unwrap();
    for id in ["nord", "sud"] {
        let text = format!(
            "schema: cartotheque/layer@1\nid: {id}\ntitle: {id}\n\
             source: {{file: data/champs.fgb}}\nstyles: [champs]\n"
        );
        fs::write(site.join(format!("capabilities/layers/{id}.yaml")), text).unwrap();
    }
    let loaded = load(&site);
    let [nord, sud] = &loaded.catalogue.layers[..] else {
        panic!(
            "expected two layers, found {}",
            loaded.catalogue.layers.len()
        );
    };
    let studio = Studio::new();
    let keeper = keeper(&studio, &folder.join("cache"));
    assert!(matches!(prepare(&keeper, nord), Outcome::Built { .. }));
    assert!(matches!(prepare(&keeper, sud), Outcome::Found { .. }));
    for crs in [2154, 3857].map(|code| Crs::from_epsg(code).unwrap()) {
        let of_nord = levels(&studio, nord, &crs);
        let of_sud = levels(&studio, sud, &crs);
        assert!(!of_nord.is_empty());
        assert_eq!(of_nord.len(), of_sud.len());
        assert!(of_nord.iter().zip(&of_sud).all(|(a, b)| Arc::ptr_eq(a, b)));
    }

    // another file in the place of one: that a layer has the old one open says nothing of it
    let crs = Crs::from_epsg(2154).unwrap();
    let level = levels(&studio, nord, &crs).remove(0);
    let mut bytes = fs::read(level.path()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let beside = folder.join("beside");
    fs::write(&beside, bytes).unwrap();
    fs::rename(&beside, level.path()).unwrap();
    assert!(matches!(prepare(&keeper, sud), Outcome::Built { .. }));
}

#[test]
fn a_filter_or_a_style_sent_along_is_answered_from_the_features() {
    let folder = Folder::new("filter");
    let loaded = landscape(&folder, 60, 40.0);
    let layer = &loaded.catalogue.layers[0];
    let studio = Studio::new();
    prepare(&keeper(&studio, &folder.join("cache")), layer);
    let crs = Crs::from_epsg(2154).unwrap();
    let center = [ORIGIN[0] + 1200.0, ORIGIN[1] + 1200.0];
    let view = view(center, 160.0, &crs);
    let own = &layer.styles[0];
    let level_of = |drawn: Drawn| drawn.report.layers[0].level.clone();
    assert!(level_of(draw(&studio, layer, own, view, &crs)).is_some());
    let sent = Arc::new(Style::clone(own));
    assert_eq!(level_of(draw(&studio, layer, &sent, view, &crs)), None);
    let request = MapRequest {
        view,
        crs: crs.clone(),
        layers: vec![MapLayer {
            layer: Arc::clone(layer),
            style: Arc::clone(own),
            filter: Some(cartotheque::query::Filter::IsNull(
                cartotheque::query::Expr::Property("classe".into()),
            )),
        }],
        background: [255; 3],
        transparent: false,
    };
    let drawn = studio.map(&request, &Budget::unlimited()).unwrap();
    assert_eq!(drawn.report.layers[0].features_filtered, 3600);
    assert_eq!(level_of(drawn), None);
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

#[test]
fn a_keeper_builds_what_is_wanted_and_again_what_is_deleted() {
    let folder = Folder::new("keeper");
    let loaded = landscape(&folder, 60, 40.0);
    let layers = loaded.catalogue.layers.clone();
    let layer = &layers[0];
    let studio = Studio::new();
    let cache = folder.join("cache");
    let keeper = keeper(&studio, &cache);
    let crs = Crs::from_epsg(2154).unwrap();
    let center = [ORIGIN[0] + 1200.0, ORIGIN[1] + 1200.0];
    let drawn = || {
        draw(
            &studio,
            layer,
            &layer.styles[0],
            view(center, 160.0, &crs),
            &crs,
        )
    };
    let from_level = || drawn().report.layers[0].level.is_some();
    let budget = Budget::unlimited();
    std::thread::scope(|scope| {
        scope.spawn(|| keeper.tend(|| layers.clone(), &budget, || {}));
        let stop = budget.cancel_flag();
        let stopping = Stop(&stop);
        until("levels", from_level);
        let before = drawn().pixmap;
        fs::remove_dir_all(&cache).unwrap();
        // what is mapped is still there
        assert!(drawn().pixmap == before);
        until("levels again", || {
            from_level() && cache.join("overviews").is_dir()
        });
        assert!(drawn().pixmap == before);
        drop(stopping);
    });
}

#[test]
fn levels_of_the_cache_are_in_use_once_a_keeper_says_that_they_are() {
    let folder = Folder::new("attached");
    let loaded = landscape(&folder, 60, 40.0);
    let layers = loaded.catalogue.layers.clone();
    let layer = &layers[0];
    let cache = folder.join("cache");
    let before = keeper(&Studio::new(), &cache);
    let tell = |_: &Progress| {};
    before.prepare(layer, &Budget::unlimited(), &tell).unwrap();
    let studio = Studio::new();
    let keeper = keeper(&studio, &cache);
    let crs = Crs::from_epsg(2154).unwrap();
    let center = [ORIGIN[0] + 1200.0, ORIGIN[1] + 1200.0];
    let budget = Budget::unlimited();
    std::thread::scope(|scope| {
        let (attached, when_attached) = std::sync::mpsc::channel::<()>();
        let of_keeper = || layers.clone();
        let budget = &budget;
        let keeper = &keeper;
        scope.spawn(move || keeper.tend(of_keeper, budget, || drop(attached)));
        let stop = budget.cancel_flag();
        let stopping = Stop(&stop);
        assert!(when_attached.recv().is_err(), "nothing is sent");
        let view = view(center, 160.0, &crs);
        let first = draw(&studio, layer, &layer.styles[0], view, &crs);
        assert!(first.report.layers[0].level.is_some());
        drop(stopping);
    });
}

/// Ends a keeper, also where an assertion fails.
struct Stop<'a>(&'a std::sync::atomic::AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

fn prepare_command(folder: &Folder) -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cartotheque"));
    command
        .arg("prepare")
        .arg(folder.join("site"))
        .arg("--cache-dir")
        .arg(folder.join("cache"));
    command
}

#[test]
fn a_build_that_is_killed_leaves_nothing_that_is_taken_for_one() {
    let folder = Folder::new("killed");
    landscape(&folder, 500, 25.0);
    let overviews = folder.join("cache/overviews");
    let names = || -> Vec<String> {
        let entries = fs::read_dir(&overviews).into_iter().flatten().flatten();
        let names = entries.map(|e| e.file_name().to_string_lossy().into_owned());
        names.collect()
    };
    let is_level = |name: &str| {
        let files = fs::read_dir(overviews.join(name)).into_iter().flatten();
        let mut files = files.flatten();
        files.any(|f| {
            f.path()
                .extension()
                .is_some_and(|e| e == "features" || e == "fgb")
        })
    };
    let mut child = prepare_command(&folder).spawn().unwrap();
    until("a build", || names().iter().any(|name| is_level(name)));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(names().iter().all(|name| name.starts_with("building-")));
    let output = prepare_command(&folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && text.contains("built in"),
        "{text}"
    );
    assert!(names().iter().all(|name| !name.starts_with("building-")));
    let again = prepare_command(&folder).output().unwrap();
    assert!(String::from_utf8_lossy(&again.stdout).contains("there already"));
}

#[test]
fn a_server_without_a_place_for_overviews_says_so_and_serves() {
    let folder = Folder::new("read-only");
    landscape(&folder, 20, 40.0);
    let file = folder.join("a file, not a folder");
    fs::write(&file, "").unwrap();
    let cache = file.join("cache");
    let server = common::Server::start(
        &folder.join("site"),
        &[
            "--cache-dir",
            cache.to_str().unwrap(),
            "--overview-mb",
            "100",
        ],
    );
    let reply = server.get("/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=champs&STYLES=&CRS=EPSG:2154&BBOX=800000,6500000,800800,6500800&WIDTH=64&HEIGHT=64&FORMAT=image/png");
    assert_eq!(reply.status, 200);
    let log = server.log();
    assert!(
        log.contains("overviews are neither read nor built"),
        "{log}"
    );
}
