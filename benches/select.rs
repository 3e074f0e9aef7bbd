//! Selecting from a million polygons, beside the `flatgeobuf` crate's reader.
//!
//! The data are made here, the same in every run: squares of 17 positions on a grid, in Hilbert
//! order, with a text and a number.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how it fails"
)]

#[path = "../tests/store/writer.rs"]
mod writer;

#[path = "../tests/common/scratch.rs"]
mod scratch;

use std::fs::File;
use std::hint::black_box;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::Path;

use cartotheque::budget::Budget;
use cartotheque::geom::{Bbox, Geometry};
use cartotheque::store::{FeatureStore, FgbStore, Select};
use criterion::{Criterion, criterion_group, criterion_main};
use flatgeobuf::{FallibleStreamingIterator, FgbReader};

use writer::{Options, Polygon, write};

use scratch::Scratch;

/// Polygons on a side.
const SIDE: usize = 1_000;

fn polygon(number: usize) -> Polygon {
    let (x, y) = ((number % SIDE) as f64 * 10.0, (number / SIDE) as f64 * 10.0);
    let side = |from: [f64; 2], to: [f64; 2]| {
        (0..4).map(move |i| {
            let part = f64::from(i) / 4.0;
            [
                from[0] + (to[0] - from[0]) * part,
                from[1] + (to[1] - from[1]) * part,
            ]
        })
    };
    let corners = [
        [x, y],
        [x + 9.0, y],
        [x + 9.0, y + 9.0],
        [x, y + 9.0],
        [x, y],
    ];
    let sides = corners.windows(2).flat_map(|pair| side(pair[0], pair[1]));
    Polygon {
        ring: sides.chain([corners[0]]).collect(),
        name: format!("polygon {number}"),
        number: number as i32,
    }
}

fn square(size: f64) -> Bbox {
    let from = 4_321.0;
    Bbox::new(from, from, from + size, from + size).expect("the numbers are finite")
}

/// Visits and copies every geometry; the number of features.
fn select(store: &FgbStore, bbox: Bbox, geometry: &mut Geometry, work: Work) -> u64 {
    let select = Select {
        boxes: vec![bbox],
        offset: 0,
    };
    let visited = store.select(&select, &Budget::unlimited(), &mut |feature| {
        match work {
            Work::Visit => {
                black_box(feature.fid());
            }
            Work::Geometry => {
                feature.geometry(geometry)?;
                black_box(geometry.coords());
            }
            Work::Values => {
                black_box((feature.value(0), feature.value(1)));
            }
        }
        Ok(ControlFlow::Continue(()))
    });
    visited.expect("the file is sound").features
}

#[derive(Clone, Copy)]
enum Work {
    Visit,
    Geometry,
    Values,
}

fn crate_select(path: &Path, bbox: Bbox) -> u64 {
    let file = BufReader::new(File::open(path).expect("it was just written"));
    let reader = FgbReader::open(file).expect("the file is sound");
    let found = reader.select_bbox(bbox.min_x, bbox.min_y, bbox.max_x, bbox.max_y);
    let mut features = found.expect("the file is sound");
    let mut count = 0;
    while let Some(feature) = features.next().expect("the file is sound") {
        let xy = feature.geometry().and_then(|g| g.xy());
        black_box(xy.map_or(0.0, |xy| xy.iter().sum::<f64>()));
        count += 1;
    }
    count
}

fn bench(criterion: &mut Criterion) {
    let polygons: Vec<Polygon> = (0..SIDE * SIDE).map(polygon).collect();
    let options = Options {
        node_size: 16,
        with_count: true,
        sort: true,
    };
    let folder = Scratch::new("select");
    let path = folder.join("polygons.fgb");
    std::fs::write(&path, write(&polygons, options)).expect("the folder is writable");
    drop(polygons);
    let store = FgbStore::open(&path).expect("the file is sound");
    criterion.bench_function("open", |b| b.iter(|| FgbStore::open(black_box(&path))));
    let mut group = criterion.benchmark_group("the whole file");
    group.sample_size(10).bench_function("verify", |b| {
        b.iter(|| store.verify(&mut |_, _| ControlFlow::Continue(())));
    });
    group.finish();
    let mut geometry = Geometry::default();
    for size in [15.0, 100.0, 1_000.0, 9_000.0] {
        let bbox = square(size);
        let count = select(&store, bbox, &mut geometry, Work::Visit);
        let mut group = criterion.benchmark_group(format!("{count} of a million polygons"));
        if count > 10_000 {
            group.sample_size(10);
        }
        for (name, work) in [
            ("visit", Work::Visit),
            ("geometry", Work::Geometry),
            ("two values", Work::Values),
        ] {
            group.bench_function(name, |b| {
                b.iter(|| select(&store, black_box(bbox), &mut geometry, work));
            });
        }
        group.bench_function("flatgeobuf crate, geometry", |b| {
            b.iter(|| crate_select(&path, black_box(bbox)));
        });
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
