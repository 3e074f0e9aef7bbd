//! Answers of features: ten, a thousand and all of a hundred thousand in the formats that stream,
//! a filter, and a page deep in the layer beside the first one.
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

use std::sync::Arc;

use cartotheque::budget::Budget;
use cartotheque::catalogue::Layer;
use cartotheque::encode::feature::{FeatureField, FeatureFormat, FeatureSet, Rest, XmlSchema};
use cartotheque::operation::Studio;
use cartotheque::operation::features::FeatureQuery;
use cartotheque::query::{CompareOp, Expr, Filter, Literal};
use cartotheque::server::{Options as ServeOptions, State};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use writer::{Options, Polygon, write};

use scratch::Scratch;

/// Polygons on a side.
const SIDE: usize = 316;

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

/// Bytes of the whole answer.
fn answer(studio: &Studio, layer: &Arc<Layer>, format: FeatureFormat, query: FeatureQuery) -> u64 {
    let budget = Budget::unlimited();
    let found = studio.features(&query, &budget).unwrap();
    let fields = layer.fields.iter().map(|field| FeatureField {
        column: field.column,
        name: field.name.clone(),
        kind: field.kind,
    });
    let set = FeatureSet {
        name: layer.id.clone(),
        title: layer.id.clone(),
        fields: fields.collect(),
        geometry: Some(layer.store.schema().geometry),
        crs: query.crs.clone(),
        is_swapped: false,
        matched: Some(found.matched),
        returned: found.returned,
        links: Vec::new(),
        time_stamp: "2026-01-01T00:00:00Z".to_owned(),
        schema: XmlSchema::default(),
    };
    let mut pieces = studio.features_as(format, query, &found, set).unwrap();
    let (mut bytes, mut out) = (0, Vec::new());
    loop {
        let rest = pieces.pull(&mut out, &budget).unwrap();
        bytes += out.len() as u64;
        out.clear();
        if rest == Rest::Done {
            return bytes;
        }
    }
}

fn bench(criterion: &mut Criterion) {
    let polygons: Vec<Polygon> = (0..SIDE * SIDE).map(polygon).collect();
    let options = Options {
        node_size: 16,
        with_count: true,
        sort: true,
    };
    let folder = Scratch::new("features");
    let layers = folder.join("capabilities/layers");
    std::fs::create_dir_all(&layers).expect("the folder is writable");
    // the data do not say in which CRS they are
    for (path, content) in [
        (folder.join("carreaux.fgb"), write(&polygons, options)),
        (
            layers.join("carreaux.yaml"),
            b"source: {file: carreaux.fgb}\ncrs: EPSG:2154\n".to_vec(),
        ),
    ] {
        std::fs::write(path, content).expect("the folder is writable");
    }
    drop(polygons);
    let state = State::load(ServeOptions {
        path: folder.0.clone(),
        base_url: None,
        trusted_proxies: Vec::new(),
        workers: 1,
        strict: true,
        explain: false,
        cache: None,
    })
    .expect("the folder is sound");
    let site = state.whole();
    let layer = site.catalogue.layer("carreaux").expect("the file's layer");
    let run = |format, query| answer(&site.studio, layer, format, query);
    let page = |offset: u64, limit: Option<u64>| FeatureQuery {
        offset,
        limit,
        ..FeatureQuery::all(layer)
    };
    for name in ["json", "gml", "csv", "fgb"] {
        let mut formats = FeatureFormat::ALL.into_iter();
        let format = formats.find(|f| f.name() == name).expect("a format");
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10);
        for (count, limit) in [("10", Some(10)), ("1,000", Some(1_000)), ("all", None)] {
            group.throughput(Throughput::Bytes(run(format, page(0, limit))));
            group.bench_function(count, |b| b.iter(|| run(format, page(0, limit))));
        }
        group.finish();
    }
    let json = FeatureFormat::GeoJson;
    let mut group = criterion.benchmark_group("geojson of ten");
    let last = layer.store.count() - 10;
    for (name, offset) in [("page 1", 0), ("page 9,985", last)] {
        group.bench_function(name, |b| b.iter(|| run(json, page(offset, Some(10)))));
    }
    // another filter each time: what was found is kept
    let mut number = 0.0;
    group.bench_function("a filter that leaves a tenth", |b| {
        b.iter(|| {
            number += 1e-6;
            let query = FeatureQuery {
                filter: Some(Filter::Compare {
                    op: CompareOp::Less,
                    left: Expr::Property("number".into()),
                    right: Expr::Literal(Literal::Number(9_985.0 + number)),
                    match_case: true,
                }),
                ..page(0, Some(10))
            };
            run(json, query)
        });
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
