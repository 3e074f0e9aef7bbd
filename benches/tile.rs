//! Vector tiles: encoding, clipping, and whole tiles of communes, areas of 17 positions and
//! points, from the store to the bytes.
//!
//! The data are the demonstration's and some made here, the same in every run.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how it fails"
)]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use cartotheque::budget::Budget;
use cartotheque::encode::mvt::{self, GeometryKind, Layer, Rank};
use cartotheque::feature::Value;
use cartotheque::operation::{Studio, TileLayer, VectorTileRequest};
use cartotheque::server::{Options, State};
use cartotheque::tile::{TileAddress, TileMatrixSets};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// A tile of ten thousand rings of eight points and four attributes.
fn encode(c: &mut Criterion) {
    const FEATURES: u64 = 10_000;
    let names: Vec<String> = (0..FEATURES).map(|i| format!("parcelle {i}")).collect();
    let keys = ["id", "nom", "nature", "surface"]
        .map(str::to_owned)
        .to_vec();
    let kinds = ["prairie", "verger", "vigne", "bois"];
    let mut group = c.benchmark_group("mvt");
    group.throughput(Throughput::Elements(FEATURES));
    group.bench_function("encode 10000 rings with attributes", |b| {
        b.iter(|| {
            let mut layer = Layer::new("parcelles", mvt::EXTENT, keys.clone());
            for (id, name) in (0..FEATURES).zip(&names) {
                let (x, y) = ((id % 100) as i32 * 40, (id / 100) as i32 * 40);
                let ring = [
                    [x, y],
                    [x + 9, y],
                    [x + 18, y + 1],
                    [x + 19, y + 9],
                    [x + 18, y + 18],
                    [x + 9, y + 19],
                    [x, y + 18],
                    [x - 1, y + 9],
                ];
                layer.ring(black_box(&ring));
                layer.tag(0, Value::Int(id as i64));
                layer.tag(1, Value::Text(name));
                layer.tag(2, Value::Text(kinds[id as usize % 4]));
                layer.tag(3, Value::Float(id as f64 / 8.0));
                let rank = Rank { size: 1.0, tie: id };
                layer.finish(Some(id), GeometryKind::Polygons, rank);
            }
            mvt::write(&mut [layer], usize::MAX).bytes.len()
        });
    });
    group.finish();
}

/// Whole tiles of the demonstration.
fn whole(c: &mut Criterion) {
    let options = Options {
        cache: None,
        path: Path::new(env!("CARGO_MANIFEST_DIR")).to_owned(),
        base_url: None,
        trusted_proxies: Vec::new(),
        workers: 1,
        strict: false,
        explain: false,
    };
    let site = State::load(options).unwrap().whole();
    let web = Arc::clone(TileMatrixSets::default().get(TileMatrixSets::WEB).unwrap());
    let studio = Studio::new();
    let mut group = c.benchmark_group("tile");
    for (name, tile) in [
        ("communes", [6, 32, 22]),
        ("communes", [8, 131, 91]),
        ("communes", [10, 525, 365]),
        ("communes", [12, 2102, 1461]),
        ("communes", [14, 8410, 5846]),
        ("cours-eau", [8, 131, 91]),
        ("mairies", [8, 131, 91]),
    ] {
        let [matrix, column, row] = tile;
        let request = VectorTileRequest {
            set: Arc::clone(&web),
            tile: TileAddress {
                matrix: matrix as usize,
                column,
                row,
            },
            layers: vec![TileLayer {
                layer: Arc::clone(site.catalogue.layer(name).unwrap()),
                columns: None,
                points: false,
            }],
            max_bytes: usize::MAX,
        };
        let made = studio.vector_tile(&request, &Budget::unlimited()).unwrap();
        let vertices = made.layers[0].vertices;
        group.throughput(Throughput::Elements(vertices));
        group.bench_function(format!("{name} z{matrix}, {vertices} positions"), |b| {
            b.iter(|| {
                studio
                    .vector_tile(black_box(&request), &Budget::unlimited())
                    .unwrap()
                    .bytes
                    .len()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, encode, whole);
criterion_main!(benches);
