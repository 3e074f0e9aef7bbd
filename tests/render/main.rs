//! Drawing as a whole: cuts and bands, accuracy, symbols where they belong, nothing that panics.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod areas;
mod everything;
mod lines;
mod rules;
mod symbols;

use std::sync::Arc;

use cartotheque::error::Result;
use cartotheque::feature::{Feature, Field, FieldType, Schema, Value};
use cartotheque::geom::{Bbox, Coord, Geometry, GeometryType, PartKind, Size, View};
use cartotheque::query::Expr;
use cartotheque::render::{Canvas, CompiledStyle, Hit, HitTest, Painter, SymbolCache};
use cartotheque::style::*;
use proptest::prelude::*;

/// A feature with one number.
struct One(f64);

impl Feature for One {
    fn fid(&self) -> u64 {
        0
    }
    fn bbox(&self) -> Option<Bbox> {
        None
    }
    fn geometry(&self, out: &mut Geometry) -> Result<()> {
        out.begin(GeometryType::Unknown);
        Ok(())
    }
    fn value(&self, _: usize) -> Value<'_> {
        Value::Float(self.0)
    }
    fn values(&self, visit: &mut dyn FnMut(usize, Value<'_>)) {
        visit(0, Value::Float(self.0));
    }
}

fn schema() -> Schema {
    Schema {
        fields: vec![Field {
            name: "n".into(),
            kind: FieldType::Float,
            title: None,
            description: None,
            nullable: true,
        }],
        ..Schema::default()
    }
}

fn polygon(rings: &[&[Coord]]) -> Geometry {
    let mut geometry = Geometry::new(GeometryType::Polygon);
    for ring in rings {
        geometry.extend(ring.iter().copied());
        geometry.end_sequence();
    }
    geometry.end_part(PartKind::Polygon);
    geometry
}

fn line(points: &[Coord]) -> Geometry {
    let mut geometry = Geometry::new(GeometryType::LineString);
    geometry.extend(points.iter().copied());
    geometry.end_part(PartKind::Line);
    geometry
}

fn point(at: Coord) -> Geometry {
    let mut geometry = Geometry::new(GeometryType::Point);
    geometry.push(at);
    geometry.end_part(PartKind::Points);
    geometry
}

fn style(symbolizers: Vec<Symbolizer>) -> Style {
    let rule = Rule {
        symbolizers,
        ..Rule::default()
    };
    Style {
        feature_type_styles: vec![FeatureTypeStyle { rules: vec![rule] }],
        ..Style::default()
    }
}

fn stroke(color: &str, width: f64) -> Stroke {
    Stroke {
        kind: StrokeKind::Solid(Paint::solid(color)),
        width: Measure::pixels(width),
        cap: LineCap::Butt,
        join: LineJoin::Miter,
        dash: Vec::new(),
        dash_offset: Measure::pixels(0.0),
    }
}

fn line_symbolizer(stroke: Stroke) -> Symbolizer {
    Symbolizer::Line(Box::new(LineSymbolizer {
        stroke,
        perpendicular_offset: None,
    }))
}

fn polygon_symbolizer(fill: Option<Fill>, stroke: Option<Stroke>) -> Symbolizer {
    Symbolizer::Polygon(Box::new(PolygonSymbolizer {
        fill,
        stroke,
        perpendicular_offset: None,
        displacement: None,
    }))
}

fn filled(color: &str) -> Symbolizer {
    polygon_symbolizer(Some(Fill::Solid(Paint::solid(color))), None)
}

fn mark(shape: MarkShape, size: f64, fill: Option<&str>, outline: Option<Stroke>) -> Graphic {
    Graphic {
        symbols: vec![GraphicSymbol::Mark {
            shape,
            fill: fill.map(Paint::solid),
            stroke: outline.map(Box::new),
        }],
        size: Some(Measure::pixels(size)),
        rotation: Expr::number(0.0),
        opacity: Expr::number(1.0),
        anchor: [0.5, 0.5],
        displacement: [Measure::pixels(0.0), Measure::pixels(0.0)],
    }
}

fn point_symbolizer(graphic: Graphic) -> Symbolizer {
    Symbolizer::Point(Box::new(PointSymbolizer { graphic }))
}

fn graphic_fill(graphic: Graphic, margin: f64) -> Symbolizer {
    let margin = [Measure::pixels(margin), Measure::pixels(margin)];
    polygon_symbolizer(Some(Fill::Graphic { graphic, margin }), None)
}

/// One unit is one pixel.
fn view(width: u32, height: u32) -> View {
    let bbox = Bbox::new(0.0, 0.0, f64::from(width), f64::from(height)).unwrap();
    View::new(bbox, Size { width, height }, 1.0)
}

type Pixels = Vec<[u8; 4]>;

fn drawn_in(view: &View, style: &Style, geometries: &[Geometry], bands: usize) -> Pixels {
    let cache = SymbolCache::new();
    let schema = schema();
    let compiled = CompiledStyle::new(style, &schema, view, &cache).unwrap();
    let mut canvas = Canvas::new(view.size).unwrap();
    for band in canvas.bands(bands) {
        let mut painter = Painter::on(band, view, &cache);
        for pass in compiled.passes() {
            for (index, geometry) in geometries.iter().enumerate() {
                painter.feature(pass, geometry, &One(index as f64));
            }
        }
    }
    canvas.pixmap().data().as_chunks::<4>().0.to_vec()
}

fn drawn(view: &View, style: &Style, geometries: &[Geometry]) -> Pixels {
    drawn_in(view, style, geometries, 1)
}

fn at(pixels: &Pixels, view: &View, x: u32, y: u32) -> [u8; 4] {
    pixels[(y * view.size.width + x) as usize]
}

/// Covered area in pixels.
fn area(pixels: &Pixels) -> f64 {
    pixels.iter().map(|p| f64::from(p[3]) / 255.0).sum()
}
