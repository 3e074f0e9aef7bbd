#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench, over data it makes"
)]
//! Labels: shaping, placing and drawing 500 and 4,021 names on a map of 1,000 by 800 pixels.
//!
//! `cargo bench --bench labels`

use std::hint::black_box;

use cartotheque::budget::Budget;
use cartotheque::error::Result;
use cartotheque::feature::{Feature, Field, FieldType, Schema, Value};
use cartotheque::geom::{Bbox, Coord, Geometry, Size, View};
use cartotheque::query::Expr;
use cartotheque::render::label::{CompiledText, LabelSet, PlacedLabels, margins_px};
use cartotheque::style::{Font, Halo, LabelPlacement, LetterCase, Measure, Paint, TextSymbolizer};
use criterion::{Criterion, criterion_group, criterion_main};
use tiny_skia::Pixmap;

struct Town {
    fid: u64,
    name: String,
    at: Coord,
}

impl Feature for Town {
    fn fid(&self) -> u64 {
        self.fid
    }

    fn bbox(&self) -> Option<Bbox> {
        Bbox::around([&self.at])
    }

    fn geometry(&self, _out: &mut Geometry) -> Result<()> {
        Ok(())
    }

    fn value(&self, _column: usize) -> Value<'_> {
        Value::Text(&self.name)
    }

    fn values(&self, visit: &mut dyn FnMut(usize, Value<'_>)) {
        visit(0, self.value(0));
    }
}

/// Names of 4 to 25 letters on a jittered lattice over the view.
fn towns(count: u64) -> Vec<Town> {
    let syllables = [
        "Saint-", "Bour", "gne", "Ville", "-sur-", "Mont", "é", "Châ", "tel", "Ain",
    ];
    (0..count)
        .map(|fid| {
            let mixed = fid.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let part = |shift: u32| ((mixed >> shift) % 10) as usize;
            let name = (0..2 + part(7) / 2)
                .map(|i| syllables[part(11 + 5 * i as u32)])
                .collect();
            let unit = |shift: u32| ((mixed >> shift) & 0xFFFF) as f64 / 65_536.0;
            Town {
                fid,
                name,
                at: [unit(20) * 1000.0, unit(40) * 800.0],
            }
        })
        .collect()
}

fn text(allow_overlap: bool) -> TextSymbolizer {
    TextSymbolizer {
        label: Expr::Property("name".into()),
        font: Font {
            families: Vec::new(),
            size: Measure::pixels(12.0),
            bold: false,
            italic: false,
        },
        fill: Paint::solid("#333333"),
        halo: Some(Halo {
            radius: Measure::pixels(1.5),
            fill: Paint::solid("#ffffff"),
        }),
        placement: LabelPlacement::Point {
            anchor: [0.5, 0.5],
            displacement: [Measure::pixels(0.0), Measure::pixels(0.0)],
            rotation: Expr::number(0.0),
        },
        priority: Expr::number(0.0),
        wrap_width: None,
        space_around: Measure::pixels(0.0),
        allow_overlap,
        letter_case: LetterCase::AsIs,
        letter_spacing: Measure::pixels(0.0),
    }
}

fn place(view: &View, texts: &[CompiledText], towns: &[Town]) -> PlacedLabels {
    let mut set = LabelSet::new(view, texts, margins_px(texts)[0]);
    for town in towns {
        set.add_at(0, town, town.at).unwrap();
    }
    set.place(&Budget::unlimited()).unwrap().labels
}

fn labels(c: &mut Criterion) {
    let schema = Schema {
        fields: vec![Field {
            name: "name".into(),
            kind: FieldType::Text,
            title: None,
            description: None,
            nullable: false,
        }],
        ..Schema::default()
    };
    let bbox = Bbox::new(0.0, 0.0, 1000.0, 800.0).unwrap();
    let size = Size {
        width: 1000,
        height: 800,
    };
    let view = View::new(bbox, size, 1.0);
    let compile = |overlap| [CompiledText::new(&text(overlap), &schema, &view, 0).unwrap()];
    let (competing, all) = (compile(false), compile(true));
    let mut pixmap = Pixmap::new(1000, 800).unwrap();
    for count in [500, 4021] {
        let towns = towns(count);
        c.bench_function(&format!("place {count} labels"), |b| {
            b.iter(|| black_box(place(&view, &competing, &towns)));
        });
        let placed = place(&view, &competing, &towns);
        c.bench_function(
            &format!("draw the {} that fit of {count}", placed.len()),
            |b| {
                b.iter(|| placed.draw(&mut pixmap.as_mut(), [0, 0]));
            },
        );
        let placed = place(&view, &all, &towns);
        c.bench_function(&format!("draw {count} overlapping labels"), |b| {
            b.iter(|| placed.draw(&mut pixmap.as_mut(), [0, 0]));
        });
    }
}

criterion_group!(benches, labels);
criterion_main!(benches);
