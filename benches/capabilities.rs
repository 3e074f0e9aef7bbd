//! GetCapabilities: written anew for 7,200 layers (the size of DatARA), and answered from the
//! kept document for 200.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

#[path = "../tests/fake/mod.rs"]
mod fake;

use criterion::{Criterion, criterion_group, criterion_main};
use fake::{World, large_catalogue};

const QUERY: &str = "SERVICE=WMS&REQUEST=GetCapabilities";

fn capabilities(c: &mut Criterion) {
    let mut group = c.benchmark_group("capabilities");
    let large = World::of(large_catalogue(7_200));
    println!("7,200 layers: {} bytes", large.get(QUERY).body.len());
    group.sample_size(20);
    group.bench_function("write 7,200 layers", |b| b.iter(|| large.get(QUERY)));
    let small = World::of(large_catalogue(200));
    println!("200 layers: {} bytes", small.get(QUERY).body.len());
    group.sample_size(100);
    group.bench_function("kept, 200 layers", |b| b.iter(|| small.get(QUERY)));
    group.finish();
}

criterion_group!(benches, capabilities);
criterion_main!(benches);
