//! Whole requests without a socket, from the query string to the bytes of the answer: maps of
//! ten to a million polygons, a click on each, and the capabilities of the demo.
//!
//! The data are made here, the same in every run: squares of 17 positions on a grid.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how it fails"
)]

#[path = "../tests/common/scratch.rs"]
mod scratch;

use std::fs::File;
use std::hint::black_box;
use std::io::BufWriter;
use std::path::Path;

use cartotheque::budget::Budget;
use cartotheque::config::{self, FileSources, LoadOptions, Loaded};
use cartotheque::operation::Studio;
use cartotheque::protocol::wms::{self, CapabilitiesCache};
use cartotheque::protocol::{Answer, Request};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flatgeobuf::{ColumnType, FgbCrs, FgbWriter, FgbWriterOptions, GeometryType};
use geozero::{ColumnValue, PropertyProcessor};

use scratch::Scratch;

/// Polygons on a side of the grid.
const SIDE: u32 = 1_000;
/// Metres between two polygons.
const STEP: f64 = 10.0;
/// South-west corner of the grid in Lambert-93.
const ORIGIN: [f64; 2] = [600_000.0, 6_400_000.0];

/// A folder with a million polygons.
struct Data(Scratch);

impl Data {
    fn write() -> Data {
        let folder = Scratch::new("getmap");
        let options = FgbWriterOptions {
            crs: FgbCrs {
                code: 2154,
                ..FgbCrs::default()
            },
            ..FgbWriterOptions::default()
        };
        let mut writer =
            FgbWriter::create_with_options("squares", GeometryType::Polygon, options).unwrap();
        writer.add_column("number", ColumnType::Int, |_, _| {});
        for number in 0..SIDE * SIDE {
            writer
                .add_feature_geom(square(number), |feature| {
                    let value = ColumnValue::Int(number.cast_signed());
                    feature.property(0, "number", &value).unwrap();
                })
                .unwrap();
        }
        let file = File::create(folder.join("squares.fgb")).unwrap();
        writer.write(BufWriter::new(file)).unwrap();
        Data(folder)
    }
}

/// A square of nine metres with three positions between two corners.
fn square(number: u32) -> geo::Geometry {
    let [left, bottom] = [
        ORIGIN[0] + f64::from(number % SIDE) * STEP,
        ORIGIN[1] + f64::from(number / SIDE) * STEP,
    ];
    let corners = [(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)];
    let around = corners.iter().zip(corners.iter().cycle().skip(1));
    let ring = around.flat_map(|(a, b)| {
        (0..4).map(move |quarter| {
            let part = f64::from(quarter) / 4.0;
            let x = left + a.0 + (b.0 - a.0) * part;
            let y = bottom + a.1 + (b.1 - a.1) * part;
            (x, y)
        })
    });
    // the ring is closed by the constructor
    geo::Polygon::new(ring.collect(), Vec::new()).into()
}

/// A loaded folder with what answers from it.
struct Site {
    loaded: Loaded,
    studio: Studio,
    capabilities: CapabilitiesCache,
}

impl Site {
    fn load(folder: &Path) -> Site {
        let options = LoadOptions {
            strict: true,
            allow_outside: false,
        };
        let loaded = config::load(folder, options, &FileSources);
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
}

/// The parameters of a map of 600 by 600 pixels with about `count` polygons in it.
fn map(count: u32) -> String {
    let half = f64::from(count).sqrt() * STEP / 2.0;
    let middle = ORIGIN.map(|origin| origin + f64::from(SIDE) * STEP / 2.0);
    let [x, y] = middle;
    format!(
        "SERVICE=WMS&VERSION=1.3.0&LAYERS=squares&STYLES=&CRS=EPSG:2154&BBOX={},{},{},{}\
         &WIDTH=600&HEIGHT=600&FORMAT=image/png",
        x - half,
        y - half,
        x + half,
        y + half
    )
}

fn bench(criterion: &mut Criterion) {
    let data = Data::write();
    let site = Site::load(&data.0);
    let counts = [10, 100, 1_000, 10_000, 100_000, 1_000_000];

    let mut group = criterion.benchmark_group("getmap");
    for count in counts {
        let query = format!("{}&REQUEST=GetMap", map(count));
        assert_eq!(site.get(&query).media_type, "image/png");
        if count >= 100_000 {
            group.sample_size(10);
        }
        group.throughput(Throughput::Elements(count.into()));
        group.bench_function(format!("{count} polygons"), |b| {
            b.iter(|| site.get(black_box(&query)));
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("getfeatureinfo");
    for count in counts {
        let query = format!(
            "{}&REQUEST=GetFeatureInfo&QUERY_LAYERS=squares&I=301&J=301&INFO_FORMAT=text/plain",
            map(count)
        );
        let answer = site.get(&query);
        assert!(String::from_utf8_lossy(&answer.body).contains("number"));
        group.bench_function(format!("among {count} polygons"), |b| {
            b.iter(|| site.get(black_box(&query)));
        });
    }
    group.finish();

    let demo = Site::load(Path::new(env!("CARGO_MANIFEST_DIR")));
    let query = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities";
    assert_eq!(demo.get(query).media_type, "text/xml");
    criterion.bench_function("capabilities of the demo", |b| {
        b.iter(|| demo.get(black_box(query)));
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
