//! Filters over a million features straight from the mapped file: what one pass costs where no
//! index helps, and a polygon of a thousand corners where the spatial one does.
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

use std::fmt::Write;
use std::ops::ControlFlow;

use cartotheque::budget::Budget;
use cartotheque::crs::Crs;
use cartotheque::decode::cql2_text;
use cartotheque::decode::filter_context::FilterContext;
use cartotheque::store::{FeatureStore, FgbStore, Select};
use criterion::{Criterion, criterion_group, criterion_main};

use writer::{Options, Polygon, write};

use scratch::Scratch;

/// Polygons on a side.
const SIDE: usize = 1_000;

fn polygon(number: usize) -> Polygon {
    let (x, y) = ((number % SIDE) as f64 * 10.0, (number / SIDE) as f64 * 10.0);
    let around = (0..=16).map(|step| {
        let turn = f64::from(step % 16) / 16.0 * std::f64::consts::TAU;
        [x + 4.5 * (1.0 + turn.cos()), y + 4.5 * (1.0 + turn.sin())]
    });
    Polygon {
        ring: around.collect(),
        name: format!("Polygon {number}"),
        number: number as i32,
    }
}

/// A circle of a thousand corners over a fifth of the features, as a filter.
fn circle(operator: &str) -> String {
    let mut text = format!("{operator}(geom, POLYGON((");
    for step in 0..=1_000 {
        let turn = f64::from(step % 1_000) / 1_000.0 * std::f64::consts::TAU;
        let comma = if step > 0 { "," } else { "" };
        let (x, y) = (
            5_000.0 + 2_500.0 * turn.cos(),
            5_000.0 + 2_500.0 * turn.sin(),
        );
        let _ = write!(text, "{comma}{x} {y}");
    }
    text + ")))"
}

/// How many features pass.
fn count(store: &FgbStore, text: &str) -> u64 {
    let lambert = Crs::from_epsg(2154).unwrap();
    let context = FilterContext::new(lambert.clone()).with_filter_crs(lambert);
    let filter = cql2_text::parse(text, &context).unwrap();
    let filter = filter.bind(store.schema()).unwrap();
    let boxes = filter.boxes().unwrap_or_default().to_vec();
    let select = Select { boxes, offset: 0 };
    let mut found = 0;
    let visit = &mut |feature: &dyn cartotheque::feature::Feature| {
        found += u64::from(filter.matches(feature));
        Ok(ControlFlow::Continue(()))
    };
    store.select(&select, &Budget::unlimited(), visit).unwrap();
    found
}

fn bench(criterion: &mut Criterion) {
    let polygons: Vec<Polygon> = (0..SIDE * SIDE).map(polygon).collect();
    let options = Options {
        node_size: 16,
        with_count: true,
        sort: true,
    };
    let folder = Scratch::new("query");
    let path = folder.join("polygons.fgb");
    std::fs::write(&path, write(&polygons, options)).expect("the folder is writable");
    drop(polygons);
    let store = FgbStore::open(&path).expect("the file is sound");
    let mut group = criterion.benchmark_group("a million features");
    group.sample_size(10);
    let (intersects, within) = (circle("S_INTERSECTS"), circle("S_WITHIN"));
    for (name, filter, expected) in [
        ("text equals", "name = 'Polygon 500000'", 1..=1),
        (
            "text equals without case",
            "CASEI(name) = CASEI('POLYGON 500000')",
            1..=1,
        ),
        ("text like", "name LIKE '%9999_'", 100..=100),
        (
            "number between",
            "number BETWEEN 1000 AND 1999",
            1_000..=1_000,
        ),
        ("arithmetic", "number % 1000 + 1 = 8", 1_000..=1_000),
        (
            "intersects a circle",
            intersects.as_str(),
            190_000..=220_000,
        ),
        ("within a circle", within.as_str(), 180_000..=200_000),
    ] {
        let found = count(&store, filter);
        assert!(expected.contains(&found), "{name}: {found}");
        group.bench_function(name, |b| b.iter(|| count(&store, filter)));
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
