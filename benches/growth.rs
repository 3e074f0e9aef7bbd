//! How the cost of a map grows with the features in view, from ten thousand to ten million:
//! whole GetMap requests of 800 by 600 pixels, and of a tile, with overviews and without.
//!
//! `CARTOTHEQUE_GROWTH=10000,100000` chooses the numbers (default: 10 000 to 1 000 000; ten
//! millions need 6 GB of disk), `CARTOTHEQUE_GROWTH_DIR` where the data lie (default: a temporary
//! folder, removed). The answer is a table in Markdown.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how it fails"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use cartotheque::budget::Budget;
use cartotheque::config::{self, FileSources, LoadOptions, Loaded};
use cartotheque::crs::Crs;
use cartotheque::feature::{Field, FieldType, Value};
use cartotheque::geom::{Coord, Geometry, GeometryType, PartKind};
use cartotheque::operation::Studio;
use cartotheque::overview::{Cache, Keeper, Outcome};
use cartotheque::protocol::wms::{self, CapabilitiesCache};
use cartotheque::protocol::{Answer, Request};
use cartotheque::store::fgb::{FgbHead, FgbWriter, push_value};

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

/// Plots of 8 positions that fill the region without gaps, whatever their number; neighbours
/// share their positions. Block by block, so that neighbours lie near each other in the file.
fn write_parcels(path: &Path, count: u64) {
    let mut writer = Writer::new(path, GeometryType::Polygon);
    let side = (WIDTH * HEIGHT / count as f64).sqrt();
    let columns = (WIDTH / side).round() as u64;
    let rows = count.div_ceil(columns);
    // of the lattice of corners and middles of sides
    let node = |column: u64, row: u64| {
        let mut numbers = Numbers(column << 32 | row);
        let mut shaken = |at: u64| {
            let off = (0..4).map(|_| numbers.next()).last().unwrap_or(0.5) - 0.5;
            (at as f64 + off * 0.4) * side / 2.0
        };
        [WEST + shaken(column), SOUTH + shaken(row)]
    };
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
    for (nth, left) in (0..columns).step_by(BLOCK).enumerate() {
        let mut bottoms: Vec<u64> = (0..rows).step_by(BLOCK).collect();
        if nth % 2 == 1 {
            bottoms.reverse();
        }
        for bottom in bottoms {
            for row in bottom..(bottom + BLOCK as u64).min(rows) {
                for column in left..(left + BLOCK as u64).min(columns) {
                    plot.begin(GeometryType::Polygon);
                    plot.extend(ring.map(|(x, y)| node(2 * column + x, 2 * row + y)));
                    plot.end_part(PartKind::Polygon);
                    writer.add(&plot);
                }
            }
        }
    }
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

    fn get(&self, query: &str) -> Answer {
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
        wms::answer(&service, &request, &Budget::unlimited())
    }

    /// The least milliseconds of several requests.
    fn milliseconds(&self, query: &str) -> f64 {
        let mut best = f64::INFINITY;
        let started = Instant::now();
        for _ in 0..15 {
            let begin = Instant::now();
            let answer = self.get(query);
            best = best.min(begin.elapsed().as_secs_f64() * 1e3);
            assert_eq!(answer.media_type, "image/png", "{:?}", answer.status);
            if started.elapsed().as_secs() > 5 {
                break;
            }
        }
        best
    }
}

fn query(layer: &str, crs: &str, bbox: &str, size: &str) -> String {
    format!(
        "SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS={layer}&STYLES=&SRS={crs}&BBOX={bbox}\
         &{size}&FORMAT=image/png"
    )
}

/// The largest memory that the process held, in megabytes; 0 where the system does not say.
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("RssAnon"));
    let kb = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kb.unwrap_or(0) / 1000
}

fn main() {
    let counts = std::env::var("CARTOTHEQUE_GROWTH").unwrap_or("10000,100000,1000000".into());
    let counts: Vec<u64> = counts.split(',').map(|n| n.parse().unwrap()).collect();
    let kept = std::env::var_os("CARTOTHEQUE_GROWTH_DIR").map(PathBuf::from);
    let temporary = std::env::temp_dir().join(format!("cartotheque-growth-{}", std::process::id()));
    let folder = kept.clone().unwrap_or(temporary);
    std::fs::create_dir_all(&folder).unwrap();
    println!(
        "| features | prepare, s (MB on disk, MB held) | map 3857, ms | map 2154, ms | tile, ms | map 3857 from the features, ms |"
    );
    println!("|---|---:|---:|---:|---:|---:|");
    for count in counts {
        for name in ["parcels", "sites"] {
            let path = folder.join(format!("{name}-{count}.fgb"));
            if !path.exists() {
                let part = path.with_extension("part");
                match name {
                    "parcels" => write_parcels(&part, count),
                    _ => write_sites(&part, count),
                }
                std::fs::rename(part, &path).unwrap();
            }
            let site = Site::load(&path);
            let layer = Arc::clone(&site.loaded.catalogue.layers[0]);
            let id = layer.id.clone();
            let map = query(&id, "EPSG:3857", MERCATOR, "WIDTH=800&HEIGHT=600");
            let before = site.milliseconds(&map);
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
            let other = query(&id, "EPSG:2154", LAMBERT, "WIDTH=800&HEIGHT=600");
            let tile = query(
                &id,
                "EPSG:3857",
                "0,5009377,626172,5635549",
                "WIDTH=256&HEIGHT=256",
            );
            println!(
                "| {count} {name} | {prepared} | {:.1} | {:.1} | {:.1} | {before:.1} |",
                site.milliseconds(&map),
                site.milliseconds(&other),
                site.milliseconds(&tile),
            );
        }
    }
    if kept.is_none() {
        let _gone = std::fs::remove_dir_all(&folder);
    }
}
