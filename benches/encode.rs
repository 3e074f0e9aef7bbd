//! PNG, WebP and JPEG of a picture as flat and as edgy as a map, against libdeflate's level 1.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench that can't go on ends"
)]

use cartotheque::encode::{Effort, ImageFormat, image};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tiny_skia::{Color, FillRule, Paint, PathBuilder, Pixmap, Stroke, Transform};

/// 800 by 600 pixels, 500 polygons of 12 vertices with an outline: some 3,000 colours.
fn map() -> Pixmap {
    let mut pixmap = Pixmap::new(800, 600).unwrap();
    pixmap.fill(Color::WHITE);
    let mut paint = Paint::default();
    for i in 0..500u32 {
        let (x, y) = ((i * 149 % 800) as f32, (i * 83 % 600) as f32);
        let mut path = PathBuilder::new();
        for v in 0..12u32 {
            let angle = v as f32 * std::f32::consts::TAU / 12.0;
            let radius = 18.0 + ((i * 31 + v * 17) % 13) as f32;
            let (px, py) = (x + angle.cos() * radius, y + angle.sin() * radius);
            if v == 0 {
                path.move_to(px, py)
            } else {
                path.line_to(px, py)
            }
        }
        path.close();
        let path = path.finish().unwrap();
        paint.set_color_rgba8((i % 7 * 30 + 40) as u8, (i % 5 * 40 + 60) as u8, 120, 255);
        pixmap.fill_path(
            &path,
            &paint,
            FillRule::Winding,
            Transform::identity(),
            None,
        );
        paint.set_color_rgba8(60, 60, 60, 255);
        pixmap.stroke_path(
            &path,
            &paint,
            &Stroke::default(),
            Transform::identity(),
            None,
        );
    }
    pixmap
}

fn bench(c: &mut Criterion) {
    let map = map();
    let mut group = c.benchmark_group("encode 800x600");
    group.throughput(Throughput::Elements(1)).sample_size(30);
    let formats = ImageFormat::ALL.map(|format| (format, Effort::Quick));
    for (format, effort) in formats
        .into_iter()
        .chain([(ImageFormat::Png, Effort::Small)])
    {
        let bytes = image(&map, format, effort).unwrap().len();
        let name = format!("{} {effort:?} ({bytes} bytes)", format.media_type());
        group.bench_function(name, |b| {
            b.iter(|| image(&map, format, effort).unwrap());
        });
    }
    let rgb: Vec<u8> = map
        .data()
        .chunks(800 * 4)
        .flat_map(|row| std::iter::once(0).chain(row.chunks(4).flat_map(|p| [p[0], p[1], p[2]])))
        .collect();
    let mut out = vec![0; rgb.len() * 2];
    // `fastest()` is level 0, which stores
    let level = libdeflater::CompressionLvl::new(1).unwrap();
    let mut rival = libdeflater::Compressor::new(level);
    let bytes = rival.zlib_compress(&rgb, &mut out).unwrap();
    group.bench_function(
        format!("rival: libdeflate 1 of the same RGB ({bytes} bytes)"),
        |b| {
            b.iter(|| rival.zlib_compress(&rgb, &mut out).unwrap());
        },
    );
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
