//! Nanoseconds a position: PROJ as the baseline, closed forms, lattice; and what it costs to
//! begin.

use std::hint::black_box;

use cartotheque::crs::{Crs, Projector, Transform};
use cartotheque::geom::Coord;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use proj::Proj;

/// Positions over the region, along a wavy line as boundaries run.
fn lon_lat() -> Vec<Coord> {
    (0..10_000)
        .map(|i| {
            let t = f64::from(i) / 10_000.0;
            [2.06 + 5.13 * t, 45.5 + 1.2 * (t * 40.0).sin()]
        })
        .collect()
}

fn points(c: &mut Criterion) {
    for (source, target) in [
        ("EPSG:4326", "EPSG:3857"),
        ("EPSG:4326", "EPSG:2154"),
        ("EPSG:2154", "EPSG:3857"),
        ("EPSG:2154", "EPSG:4326"),
        ("EPSG:2154", "EPSG:3946"),
        ("EPSG:4326", "EPSG:25831"),
        ("EPSG:25831", "EPSG:4326"),
        ("EPSG:2154", "EPSG:3035"),
        ("EPSG:27572", "EPSG:2154"),
    ] {
        let (Ok(from), Ok(to)) = (Crs::parse(source), Crs::parse(target)) else {
            continue;
        };
        let (Ok(to_source), Ok(transform)) = (
            Transform::new(&Crs::crs84(), &from),
            Transform::new(&from, &to),
        ) else {
            continue;
        };
        let mut coords = lon_lat();
        to_source.forward(&mut coords);
        let mut group = c.benchmark_group(format!("{source} to {target}"));
        group.throughput(Throughput::Elements(coords.len() as u64));
        if let Ok(proj) = Proj::new(transform.pipeline()) {
            group.bench_function("PROJ", |b| {
                b.iter(|| {
                    for [x, y] in &coords {
                        let _ = black_box(proj.convert((*x, *y)));
                    }
                });
            });
        }
        // a map of the region on 800 pixels
        let tolerance = 410_505.0 / 800.0 / 8.0 / to.metres_per_unit;
        let projector = Projector::new(&transform, tolerance);
        group.bench_function("projector", |b| {
            b.iter_batched_ref(
                || coords.clone(),
                |coords| projector.project(coords),
                BatchSize::LargeInput,
            );
        });
        group.finish();
    }
}

fn beginnings(c: &mut Criterion) {
    c.bench_function("a name that was seen before", |b| {
        b.iter(|| Crs::parse(black_box("urn:ogc:def:crs:EPSG::2154")));
    });
    let (lambert, web) = (Crs::parse("EPSG:2154"), Crs::parse("EPSG:3857"));
    if let (Ok(lambert), Ok(web)) = (lambert, web) {
        c.bench_function("a pair that was seen before", |b| {
            b.iter(|| Transform::new(black_box(&lambert), &web));
        });
    }
}

criterion_group!(benches, points, beginnings);
criterion_main!(benches);
