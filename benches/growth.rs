//! How the cost of a map grows with the features in view, from ten thousand to ten million:
//! whole GetMap requests of 800 by 600 pixels and vector tiles, with overviews and without, of
//! polygons that fill the region, lines that are their borders, points around towns, and the same
//! points with their names. The time is that of processors: others who use the machine hardly count.
//!
//! `CARTOTHEQUE_GROWTH=10000,100000` chooses the numbers (default: 10 000 to 1 000 000; ten
//! millions need 12 GB of disk), `CARTOTHEQUE_GROWTH_OF=parcels,roads,sites,places` the data,
//! `CARTOTHEQUE_GROWTH_DIR` where they lie (default: a temporary folder, removed). The answer is a
//! table in Markdown.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how it fails"
)]

#[path = "../tests/common/scratch.rs"]
mod scratch;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cartotheque::budget::Budget;
use cartotheque::cache::TileCache;
use cartotheque::config::{self, FileSources, LoadOptions, Loaded};
use cartotheque::crs::Crs;
use cartotheque::feature::{Field, FieldType, Value};
use cartotheque::geom::{Coord, Geometry, GeometryType, PartKind};
use cartotheque::operation::Studio;
use cartotheque::overview::{Cache, Keeper, Outcome};
use cartotheque::protocol::Request;
use cartotheque::protocol::tiles::{self, Prepared, TilesAddress, TilesRequest};
use cartotheque::protocol::wms::{self, CapabilitiesCache};
use cartotheque::store::fgb::{FgbHead, FgbWriter, push_value};

use scratch::Scratch;

/// Auvergne-Rhône-Alpes in Lambert-93, a little inside.
const WEST: f64 = 640_000.0;
const SOUTH: f64 = 6_330_000.0;
const WIDTH: f64 = 380_000.0;
const HEIGHT: f64 = 290_000.0;
/// The same in Web Mercator, with a margin.
const MERCATOR: &str = "230000,5490000,830000,5940000";
const LAMBERT: &str = "637600,6325000,1024267,6615000";
/// Plots on a side of a block.
const BLOCK: usize = 32;

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

    /// About normal, of deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

/// Places in an order in which neighbours follow each other: strips there and back.
fn in_strips(mut places: Vec<Coord>) -> Vec<Coord> {
    let strips = (places.len() as f64).sqrt().ceil();
    let strip = |c: &Coord| ((c[0] - WEST) / WIDTH * strips).floor() as i64;
    places.sort_by(|a, b| {
        let (sa, sb) = (strip(a), strip(b));
        let along = a[1].total_cmp(&b[1]);
        let along = if sa % 2 == 0 { along } else { along.reverse() };
        sa.cmp(&sb).then(along)
    });
    places
}

fn anywhere(numbers: &mut Numbers) -> Coord {
    [
        WEST + numbers.next() * WIDTH,
        SOUTH + numbers.next() * HEIGHT,
    ]
}

struct Writer {
    writer: FgbWriter,
    kind: GeometryType,
    numbers: Numbers,
    count: i64,
    properties: Vec<u8>,
}

impl Writer {
    fn new(path: &Path, kind: GeometryType) -> Writer {
        Writer {
            writer: FgbWriter::create(path, kind).unwrap(),
            kind,
            numbers: Numbers(69),
            count: 0,
            properties: Vec::new(),
        }
    }

    fn add(&mut self, geometry: &Geometry) {
        self.count += 1;
        self.properties.clear();
        push_value(
            &mut self.properties,
            0,
            FieldType::Long,
            Value::Int(self.count),
        );
        let name = ["Saint-Étienne", "Montluçon", "Valence", "Belleville"]
            [(self.numbers.next() * 4.0) as usize];
        push_value(&mut self.properties, 1, FieldType::Text, Value::Text(name));
        self.writer.add(geometry, &self.properties).unwrap();
    }

    fn finish(self, name: &str) {
        let field = |name: &str, kind| Field {
            name: name.into(),
            kind,
            title: None,
            description: None,
            nullable: true,
        };
        let head = FgbHead {
            title: "",
            name,
            description: "",
            metadata: "",
            geometry: self.kind,
            fields: &[field("id", FieldType::Long), field("nom", FieldType::Text)],
            crs: &Crs::from_epsg(2154).unwrap(),
        };
        self.writer.finish(&head).unwrap();
    }
}

/// A lattice of corners and middles of sides whose cells fill the region, and its columns.
fn lattice(cells: u64) -> (impl Fn(u64, u64) -> Coord, u64) {
    let side = (WIDTH * HEIGHT / cells as f64).sqrt();
    let node = move |column: u64, row: u64| {
        let mut numbers = Numbers(column << 32 | row);
        let mut shaken = |at: u64| {
            let off = (0..4).map(|_| numbers.next()).last().unwrap_or(0.5) - 0.5;
            (at as f64 + off * 0.4) * side / 2.0
        };
        [WEST + shaken(column), SOUTH + shaken(row)]
    };
    (node, (WIDTH / side).round() as u64)
}

/// Visits the cells of a lattice block by block, so that neighbours lie near each other in the
/// file.
fn each_cell(columns: u64, rows: u64, mut visit: impl FnMut(u64, u64)) {
    for (nth, left) in (0..columns).step_by(BLOCK).enumerate() {
        let mut bottoms: Vec<u64> = (0..rows).step_by(BLOCK).collect();
        if nth % 2 == 1 {
            bottoms.reverse();
        }
        for bottom in bottoms {
            for row in bottom..(bottom + BLOCK as u64).min(rows) {
                for column in left..(left + BLOCK as u64).min(columns) {
                    visit(column, row);
                }
            }
        }
    }
}

/// Lines of 3 positions: two borders of every cell of a lattice.
fn write_roads(path: &Path, count: u64) {
    let mut writer = Writer::new(path, GeometryType::LineString);
    let cells = count / 2;
    let (node, columns) = lattice(cells);
    let mut line = Geometry::default();
    each_cell(columns, cells.div_ceil(columns), |column, row| {
        for (x, y) in [(1, 0), (0, 1)] {
            line.begin(GeometryType::LineString);
            line.extend((0..=2).map(|n| node(2 * column + n * x, 2 * row + n * y)));
            line.end_part(PartKind::Line);
            writer.add(&line);
        }
    });
    writer.finish("roads");
}

/// Plots of 8 positions that fill the region without gaps, whatever their number; neighbours
/// share their positions.
fn write_parcels(path: &Path, count: u64) {
    let mut writer = Writer::new(path, GeometryType::Polygon);
    let (node, columns) = lattice(count);
    let ring = [
        (0, 0),
        (1, 0),
        (2, 0),
        (2, 1),
        (2, 2),
        (1, 2),
        (0, 2),
        (0, 1),
        (0, 0),
    ];
    let mut plot = Geometry::default();
    each_cell(columns, count.div_ceil(columns), |column, row| {
        plot.begin(GeometryType::Polygon);
        plot.extend(ring.map(|(x, y)| node(2 * column + x, 2 * row + y)));
        plot.end_part(PartKind::Polygon);
        writer.add(&plot);
    });
    writer.finish("parcels");
}

/// Points, four in five of them around 3 000 centres.
fn write_sites(path: &Path, count: u64) {
    let mut writer = Writer::new(path, GeometryType::Point);
    let mut numbers = Numbers(2);
    let towns: Vec<Coord> = (0..3000).map(|_| anywhere(&mut numbers)).collect();
    let places = (0..count)
        .map(|n| {
            if n % 5 == 0 {
                return anywhere(&mut numbers);
            }
            let town = towns[(numbers.next() * 3000.0) as usize];
            town.map(|v| v + numbers.normal() * 1500.0)
        })
        .collect();
    let mut site = Geometry::default();
    for place in in_strips(places) {
        site.begin(GeometryType::Point);
        site.push(place);
        site.end_part(PartKind::Points);
        writer.add(&site);
    }
    writer.finish("sites");
}

/// Names at the points, the larger number first.
const NAMES: &str = r##"<StyledLayerDescriptor xmlns="http://www.opengis.net/sld" xmlns:ogc="http://www.opengis.net/ogc" version="1.0.0">
<NamedLayer><Name>places</Name><UserStyle><FeatureTypeStyle><Rule>
<TextSymbolizer><Label><ogc:PropertyName>nom</ogc:PropertyName></Label><Font><CssParameter name="font-size">11</CssParameter></Font><Priority><ogc:PropertyName>id</ogc:PropertyName></Priority></TextSymbolizer>
</Rule></FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"##;

struct Site {
    loaded: Loaded,
    studio: Studio,
    capabilities: CapabilitiesCache,
}

impl Site {
    fn load(path: &Path) -> Site {
        let loaded = config::load(path, LoadOptions::default(), &FileSources);
        assert!(!loaded.refused, "{:?}", loaded.diagnostics);
        Site {
            loaded,
            studio: Studio::new(),
            capabilities: CapabilitiesCache::default(),
        }
    }

    fn map(&self, query: &str) {
        let service = wms::Service {
            catalogue: &self.loaded.catalogue,
            limits: &self.loaded.limits,
            engine: &self.studio,
            capabilities: &self.capabilities,
            explain: false,
        };
        let request = Request {
            query,
            base: "http://127.0.0.1:8080",
            ..Request::default()
        };
        let answer = wms::answer(&service, &request, &Budget::unlimited());
        assert_eq!(answer.media_type, "image/png", "{:?}", answer.status);
    }

    /// `/tiles/{path}`, made anew.
    fn tile(&self, path: &str) {
        let service = tiles::Service {
            catalogue: &self.loaded.catalogue,
            limits: &self.loaded.limits,
            overviews: self.studio.overviews(),
            explain: false,
        };
        let segments: Vec<&str> = path.split('/').collect();
        let address = TilesAddress::parse(&segments).unwrap().unwrap();
        let request = TilesRequest {
            accepted: cartotheque::packing::Accepted::parse("gzip"),
            ..TilesRequest::default()
        };
        let Ok(Prepared::Tile(tile)) = tiles::prepare(&service, &address, &request) else {
            panic!("no tile: {path}");
        };
        let none = TileCache::new(0, None);
        let patience = Duration::from_secs(60);
        let answer = tile.answer(&none, patience, &self.studio, &Budget::unlimited());
        assert_eq!(answer.unwrap().status, 200);
    }
}

/// Milliseconds that all threads of the process spent on a processor, where the system says it:
/// others who use the machine do not count. Else those of the clock.
fn spent(began: Instant) -> f64 {
    let of_thread = |path: PathBuf| -> Option<f64> {
        let told = std::fs::read_to_string(path.join("schedstat")).ok()?;
        told.split(' ').next()?.parse().ok()
    };
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten();
    let nanoseconds: Option<f64> = threads.map(|t| of_thread(t.ok()?.path())).sum();
    match nanoseconds {
        Some(spent) if spent > 0.0 => spent / 1e6,
        _ => began.elapsed().as_secs_f64() * 1e3,
    }
}

/// The milliseconds of a run, of many: the system counts processor time in steps of some
/// milliseconds.
fn milliseconds(mut run: impl FnMut()) -> f64 {
    let started = Instant::now();
    let mut begin = spent(started);
    run();
    let first = spent(started) - begin;
    if first > 1000.0 {
        return first;
    }
    begin = spent(started);
    let mut runs = 0_u32;
    while runs < 3 || (runs < 1000 && started.elapsed() < Duration::from_secs(2)) {
        run();
        runs += 1;
    }
    (spent(started) - begin) / f64::from(runs)
}

fn query(layer: &str, crs: &str, bbox: &str) -> String {
    format!(
        "SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS={layer}&STYLES=&SRS={crs}&BBOX={bbox}\
         &WIDTH=800&HEIGHT=600&FORMAT=image/png"
    )
}

/// The largest memory that the process held, in megabytes; 0 where the system does not say.
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("RssAnon"));
    let kb = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kb.unwrap_or(0) / 1000
}

/// The data of a name, written where they are not there, and what is served of them.
fn data(folder: &Path, name: &str, count: u64) -> (PathBuf, PathBuf) {
    let kind = if name == "places" { "sites" } else { name };
    let path = folder.join(format!("{kind}-{count}.fgb"));
    if !path.exists() {
        let part = path.with_extension("part");
        match kind {
            "parcels" => write_parcels(&part, count),
            "roads" => write_roads(&part, count),
            "sites" => write_sites(&part, count),
            other => panic!("{other}: expected parcels, roads, sites or places"),
        }
        std::fs::rename(part, &path).unwrap();
    }
    if name != "places" {
        return (path.clone(), path);
    }
    let site = folder.join(format!("places-{count}"));
    std::fs::create_dir_all(&site).unwrap();
    std::fs::write(site.join("places.sld"), NAMES).unwrap();
    let link = site.join("places.fgb");
    let _gone = std::fs::remove_file(&link);
    std::fs::hard_link(&path, &link).unwrap();
    (path, site)
}

fn main() {
    let said = |name: &str, default: &str| std::env::var(name).unwrap_or(default.into());
    let counts = said("CARTOTHEQUE_GROWTH", "10000,100000,1000000");
    let names = said("CARTOTHEQUE_GROWTH_OF", "parcels,roads,sites,places");
    let kept = std::env::var_os("CARTOTHEQUE_GROWTH_DIR").map(PathBuf::from);
    let temporary = Scratch::new("growth");
    let folder = kept.unwrap_or_else(|| temporary.0.clone());
    std::fs::create_dir_all(&folder).unwrap();
    println!(
        "| features | data, MB | prepare, s (MB on disk, MB held) | map 3857, ms | map 2154, ms | vector tile 5/16/11, ms | map 3857 and tile from the features, ms |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for name in names.split(',') {
        for count in counts.split(',').map(|n| n.parse().unwrap()) {
            measure(&folder, name, count);
        }
    }
}

fn measure(folder: &Path, name: &str, count: u64) {
    let (path, served) = data(folder, name, count);
    let site = Site::load(&served);
    let layer = Arc::clone(&site.loaded.catalogue.layers[0]);
    let map = query(&layer.id, "EPSG:3857", MERCATOR);
    let tile = format!("{}/5/16/11.mvt", layer.id);
    let before = [
        milliseconds(|| site.map(&map)),
        milliseconds(|| site.tile(&tile)),
    ];
    let crs = ["EPSG:3857", "EPSG:2154"].map(|crs| Crs::parse(crs).unwrap());
    let cache = Cache::open(&folder.join("cache"), 1 << 36).unwrap();
    let keeper = Keeper::new(Arc::clone(site.studio.overviews()), cache, crs.to_vec());
    let begin = Instant::now();
    let peak = std::cell::Cell::new(0);
    let outcome = keeper
        .prepare(&layer, &Budget::unlimited(), &|_| {
            peak.set(peak.get().max(peak_mb()));
        })
        .unwrap();
    let seconds = begin.elapsed().as_secs_f64();
    let prepared = match outcome {
        Outcome::Built { bytes, .. } => {
            format!("{seconds:.1} ({}, {})", bytes / 1_000_000, peak.get())
        }
        Outcome::Found { bytes, .. } => format!("found ({})", bytes / 1_000_000),
        Outcome::Without(_) => "none needed".into(),
    };
    let other = query(&layer.id, "EPSG:2154", LAMBERT);
    let megabytes = std::fs::metadata(&path).unwrap().len() as f64 / 1e6;
    println!(
        "| {count} {name} | {megabytes:.0} | {prepared} | {:.1} | {:.1} | {:.1} | {:.1}, {:.1} |",
        milliseconds(|| site.map(&map)),
        milliseconds(|| site.map(&other)),
        milliseconds(|| site.tile(&tile)),
        before[0],
        before[1],
    );
}
