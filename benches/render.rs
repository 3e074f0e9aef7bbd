//! Fills and strokes on 800 by 600 px, beside tiny-skia on the same shapes: deterministic scenes.
#![allow(clippy::expect_used)]

use std::hint::black_box;

use cartotheque::geom::{Bbox, Geometry, GeometryType, PartKind, Size, View};
use cartotheque::render::canvas::SolidBrush;
use cartotheque::render::fixed::Grid;
use cartotheque::render::pen::{Pen, Window};
use cartotheque::render::shape::Shape;
use cartotheque::render::stroke::stroke;
use cartotheque::render::symbol::{Look, Stamp, What, draw_mark};
use cartotheque::render::{Accumulator, Canvas, Color, SymbolCache};
use cartotheque::style::{LineCap, LineJoin, MarkShape};
use criterion::{Criterion, criterion_group, criterion_main};

const SIZE: Size = Size {
    width: 800,
    height: 600,
};

/// `count` wobbly polygons of `diameter` px and `vertices` corners, spread over the map.
fn polygons(count: u32, diameter: f64, vertices: u32) -> Vec<Geometry> {
    // the golden ratio and its square root spread places evenly without a random generator
    (0..count)
        .map(|i| {
            let x = (f64::from(i) * 0.618_033_988_75).fract() * 800.0;
            let y = (f64::from(i) * 0.754_877_666_25).fract() * 600.0;
            let mut geometry = Geometry::new(GeometryType::Polygon);
            for v in 0..=vertices {
                let v = v % vertices;
                let angle = f64::from(v) / f64::from(vertices) * std::f64::consts::TAU;
                let radius = diameter / 2.0 * (0.85 + 0.15 * (f64::from(v * 7 + i) * 1.7).sin());
                geometry.push([x + radius * angle.cos(), y + radius * angle.sin()]);
            }
            geometry.end_part(PartKind::Polygon);
            geometry
        })
        .collect()
}

fn paths(geometries: &[Geometry]) -> Vec<tiny_skia::Path> {
    geometries
        .iter()
        .filter_map(|g| {
            let mut path = tiny_skia::PathBuilder::new();
            for (index, [x, y]) in g.coords().iter().enumerate() {
                // y runs up in the world
                let (x, y) = (*x as f32, 600.0 - *y as f32);
                match index {
                    0 => path.move_to(x, y),
                    _ => path.line_to(x, y),
                }
            }
            path.close();
            path.finish()
        })
        .collect()
}

fn scenes(criterion: &mut Criterion) {
    let bbox = Bbox::new(0.0, 0.0, 800.0, 600.0).expect("a box");
    let grid = Grid::new(&View::new(bbox, SIZE, 1.0));
    let color = Color::rgb(40, 120, 60);
    let mut paint = tiny_skia::Paint::default();
    paint.set_color_rgba8(40, 120, 60, 255);
    for (name, count, diameter, vertices) in [
        ("50000x10px", 50_000, 10.0, 8),
        ("5000x40px", 5_000, 40.0, 16),
        ("200x250px", 200, 250.0, 400),
        ("50000x2px", 50_000, 2.0, 6),
    ] {
        let geometries = polygons(count, diameter, vertices);
        let paths = paths(&geometries);
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10);
        let mut canvas = Canvas::new(SIZE).expect("a canvas");
        let mut accumulator = Accumulator::default();
        let mut shape = Shape::default();
        group.bench_function("fill", |b| {
            b.iter(|| {
                let mut band = canvas.whole();
                for geometry in &geometries {
                    shape.set(geometry, &grid);
                    let rect = shape.rect(0).intersection(&band.rect());
                    band.touch(rect);
                    accumulator.begin(rect);
                    for ring in shape.rings() {
                        accumulator.ring(ring.points, ring.is_reversed());
                    }
                    accumulator.sweep(&mut SolidBrush::new(&mut band, color));
                }
            });
        });
        for width in [0.6, 2.0] {
            let pen = Pen::new(width, LineCap::Butt, LineJoin::Miter);
            group.bench_function(format!("stroke {width}"), |b| {
                b.iter(|| {
                    let mut band = canvas.whole();
                    let window = Window::new(band.rect(), pen.reach());
                    for geometry in &geometries {
                        shape.set(geometry, &grid);
                        let rect = shape.rect(pen.reach()).intersection(&band.rect());
                        band.touch(rect);
                        accumulator.begin(rect);
                        for ring in shape.rings() {
                            stroke(&mut accumulator, ring.points, true, &pen, &window);
                        }
                        accumulator.sweep(&mut SolidBrush::new(&mut band, color));
                    }
                });
            });
        }
        let mut pixmap = tiny_skia::Pixmap::new(800, 600).expect("a pixmap");
        let transform = tiny_skia::Transform::identity();
        group.bench_function("tiny-skia fill", |b| {
            b.iter(|| {
                for path in &paths {
                    let rule = tiny_skia::FillRule::Winding;
                    pixmap.fill_path(black_box(path), &paint, rule, transform, None);
                }
            });
        });
        for width in [0.6, 2.0] {
            let pen = tiny_skia::Stroke {
                width,
                ..tiny_skia::Stroke::default()
            };
            group.bench_function(format!("tiny-skia stroke {width}"), |b| {
                b.iter(|| {
                    for path in &paths {
                        pixmap.stroke_path(black_box(path), &paint, &pen, transform, None);
                    }
                });
            });
        }
        group.finish();
    }
}

/// 50,000 circles of 12 px, beside tiny-skia copying a picture of the same.
fn marks(criterion: &mut Criterion) {
    let look = Look {
        what: What::Mark {
            shape: MarkShape::Circle,
            fill: Some(Color::rgb(200, 60, 20)),
            stroke: None,
        },
        size: Look::sixteenths(12.0),
        rotation: 0,
    };
    let places: Vec<[i64; 2]> = (0..50_000)
        .map(|i| {
            let x = (f64::from(i) * 0.618_033_988_75).fract() * 800.0 * 256.0;
            let y = (f64::from(i) * 0.754_877_666_25).fract() * 600.0 * 256.0;
            [x as i64, y as i64]
        })
        .collect();
    let cache = SymbolCache::new();
    let mut canvas = Canvas::new(SIZE).expect("a canvas");
    let mut accumulator = Accumulator::default();
    let mut group = criterion.benchmark_group("50000 circles");
    group.sample_size(10);
    group.bench_function("stamp", |b| {
        b.iter(|| {
            let mut band = canvas.whole();
            let mut stamp = Stamp::new(&cache);
            for place in &places {
                stamp.draw(&mut band, &mut accumulator, (&look, None), *place);
            }
        });
    });
    let mut small = Canvas::new(Size {
        width: 14,
        height: 14,
    })
    .expect("a canvas");
    draw_mark(&mut small.whole(), &mut accumulator, &look, [7 * 256; 2]);
    let paint = tiny_skia::PixmapPaint::default();
    let transform = tiny_skia::Transform::identity();
    group.bench_function("tiny-skia draw_pixmap", |b| {
        b.iter(|| {
            for [x, y] in &places {
                let (x, y) = ((x / 256) as i32 - 7, (y / 256) as i32 - 7);
                let picture = small.pixmap().as_ref();
                canvas
                    .pixmap_mut()
                    .draw_pixmap(x, y, picture, &paint, transform, None);
            }
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(2));
    targets = scenes, marks
}
criterion_main!(benches);
