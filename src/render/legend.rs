//! Swatches: a rule's symbols on a sample geometry, as they look on the map.

use tiny_skia::Pixmap;

use super::canvas::Canvas;
use super::compile::CompiledStyle;
use super::painter::Painter;
use super::symbol::SymbolCache;
use crate::budget::Budget;
use crate::error::Result;
use crate::feature::{Feature, Schema, Value};
use crate::geom::{Bbox, Geometry, GeometryType, PartKind, Size, View};
use crate::query::{Expr, Literal};
use crate::style::{
    FeatureTypeStyle, Fill, Graphic, GraphicSymbol, Measure, Paint, Rule, ScaleRange, Stroke,
    StrokeKind, Style, Symbolizer,
};

/// Draws a sample of a rule, `size` in pixels at 96 DPI, on a transparent ground.
///
/// `geometry` says what the layer holds; where it does not (`Unknown`), the symbolizers do.
/// Values that come from attributes are shown by one of their classes, or by a usual value.
/// Text is not drawn: the label room lays its sample over the swatch.
///
/// # Errors
/// `InvalidParameter` for a size of nothing, `InvalidStyle` as for the map; what the budget says:
/// a style that is sent may ask for more than any swatch shows.
pub fn swatch(
    rule: &Rule,
    size: Size,
    pixel_ratio: f64,
    geometry: GeometryType,
    cache: &SymbolCache,
    budget: &Budget,
) -> Result<Pixmap> {
    let pixel_ratio = if pixel_ratio.is_finite() {
        pixel_ratio.clamp(0.1, 16.0)
    } else {
        1.0
    };
    let device = |px: u32| (f64::from(px) * pixel_ratio + 0.5) as u32;
    let device = Size {
        width: device(size.width),
        height: device(size.height),
    };
    let mut canvas = Canvas::new(device)?;
    let (width, height) = (f64::from(device.width), f64::from(device.height));
    let Some(bbox) = Bbox::new(0.0, 0.0, width, height) else {
        return Ok(canvas.into_pixmap());
    };
    // a unit is a pixel and a pixel is 0.28 mm, so ground units have some size
    let view = View {
        pixel_ratio,
        ..View::new(bbox, device, 1.0)
    };
    let mut shown = Sampler {
        room_px: f64::from(size.width.min(size.height)),
    }
    .rule(rule);
    shown.scales = ScaleRange::default();
    let style = Style {
        feature_type_styles: vec![FeatureTypeStyle { rules: vec![shown] }],
        ..Style::default()
    };
    let style = CompiledStyle::new(&style, &Schema::default(), &view, cache)?;
    let mut painter = Painter::new(&mut canvas, &view, cache).within(budget);
    for pass in style.passes() {
        for (symbolizer, original) in pass
            .rules
            .iter()
            .flat_map(|r| &r.symbolizers)
            .zip(rule.symbolizers.iter().filter(|s| !is_text(s)))
        {
            let sample = sample(original, geometry, width, height);
            painter.draw(symbolizer, &sample, &Nobody);
            if painter.is_stopped() {
                budget.check()?;
            }
        }
    }
    Ok(canvas.into_pixmap())
}

fn is_text(symbolizer: &Symbolizer) -> bool {
    matches!(symbolizer, Symbolizer::Text(_))
}

/// The sample geometry of a symbolizer: a line symbolizer of a polygon layer is an outline.
fn sample(symbolizer: &Symbolizer, layer: GeometryType, width: f64, height: f64) -> Geometry {
    let dimension = match (symbolizer, layer.dimension()) {
        (Symbolizer::Point(_) | Symbolizer::Text(_), _) => 0,
        (Symbolizer::Line(_), Some(2)) | (Symbolizer::Polygon(_), _) => 2,
        (Symbolizer::Line(_), _) => 1,
    };
    let mut geometry = Geometry::default();
    match dimension {
        0 => {
            geometry.begin(GeometryType::Point);
            geometry.push([width / 2.0, height / 2.0]);
            geometry.end_part(PartKind::Points);
        }
        1 => {
            geometry.begin(GeometryType::LineString);
            // a zigzag: shows joins and dashes
            geometry.extend([
                [width * 0.08, height * 0.3],
                [width * 0.38, height * 0.7],
                [width * 0.62, height * 0.3],
                [width * 0.92, height * 0.7],
            ]);
            geometry.end_part(PartKind::Line);
        }
        _ => {
            geometry.begin(GeometryType::Polygon);
            let (x, y) = (width * 0.1, height * 0.1);
            let (right, top) = (width - x, height - y);
            geometry.extend([[x, y], [right, y], [right, top], [x, top], [x, y]]);
            geometry.end_part(PartKind::Polygon);
        }
    }
    geometry
}

/// The feature of a swatch: it has no attribute.
#[derive(Debug)]
pub(super) struct Nobody;

impl Feature for Nobody {
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

    fn value(&self, _column: usize) -> Value<'_> {
        Value::Null
    }

    fn values(&self, _visit: &mut dyn FnMut(usize, Value<'_>)) {}
}

/// Makes a rule that needs no attribute.
struct Sampler {
    /// The smaller side of the swatch: symbols larger than that are drawn as large as it.
    room_px: f64,
}

impl Sampler {
    fn rule(&self, rule: &Rule) -> Rule {
        let drawn = rule.symbolizers.iter().filter(|s| !is_text(s));
        Rule {
            filter: None,
            is_else: false,
            symbolizers: drawn.map(|s| self.symbolizer(s)).collect(),
            ..rule.clone()
        }
    }

    fn symbolizer(&self, symbolizer: &Symbolizer) -> Symbolizer {
        let mut symbolizer = symbolizer.clone();
        match &mut symbolizer {
            Symbolizer::Line(line) => {
                self.stroke(&mut line.stroke);
                // the sample has no room for a parallel
                line.perpendicular_offset = None;
            }
            Symbolizer::Polygon(polygon) => {
                match &mut polygon.fill {
                    Some(Fill::Solid(paint)) => self.paint(paint),
                    Some(Fill::Graphic { graphic, margin }) => {
                        self.graphic(graphic);
                        margin.iter_mut().for_each(|m| self.measure(m, 0.0));
                    }
                    None => {}
                }
                if let Some(stroke) = &mut polygon.stroke {
                    self.stroke(stroke);
                }
                polygon.perpendicular_offset = None;
                polygon.displacement = None;
            }
            Symbolizer::Point(point) => {
                self.graphic(&mut point.graphic);
                point.graphic.anchor = [0.5, 0.5];
                point.graphic.displacement = [Measure::pixels(0.0), Measure::pixels(0.0)];
            }
            Symbolizer::Text(_) => {}
        }
        symbolizer
    }

    fn stroke(&self, stroke: &mut Stroke) {
        match &mut stroke.kind {
            StrokeKind::Solid(paint) => self.paint(paint),
            StrokeKind::Graphic {
                graphic,
                gap,
                initial_gap,
                places: _,
            } => {
                self.graphic(graphic);
                self.measure(gap, 0.0);
                self.measure(initial_gap, 0.0);
            }
        }
        self.measure(&mut stroke.width, 1.0);
        self.limit(&mut stroke.width, self.room_px / 2.0);
        stroke.dash.iter_mut().for_each(|m| self.measure(m, 4.0));
        self.measure(&mut stroke.dash_offset, 0.0);
    }

    fn graphic(&self, graphic: &mut Graphic) {
        for symbol in &mut graphic.symbols {
            if let GraphicSymbol::Mark { fill, stroke, .. } = symbol {
                if let Some(paint) = fill {
                    self.paint(paint);
                }
                if let Some(stroke) = stroke {
                    self.stroke(stroke);
                }
            }
        }
        if let Some(size) = &mut graphic.size {
            self.measure(size, self.room_px / 2.0);
            self.limit(size, self.room_px * 0.9);
        }
        self.constant(&mut graphic.rotation, 0.0);
        self.constant(&mut graphic.opacity, 1.0);
        for displacement in &mut graphic.displacement {
            self.measure(displacement, 0.0);
        }
    }

    fn paint(&self, paint: &mut Paint) {
        if let Some(color) = one_of(&paint.color) {
            paint.color = Expr::Literal(color);
        } else {
            paint.color = Expr::text("#808080");
        }
        self.constant(&mut paint.opacity, 1.0);
    }

    fn measure(&self, measure: &mut Measure, usual: f64) {
        self.constant(&mut measure.value, usual);
    }

    fn constant(&self, expr: &mut Expr, usual: f64) {
        *expr = one_of(expr).map_or(Expr::number(usual), Expr::Literal);
    }

    fn limit(&self, measure: &mut Measure, most: f64) {
        if let Expr::Literal(Literal::Number(value)) = &mut measure.value {
            *value = value.min(most);
        }
    }
}

/// One value that an expression can have, without attributes: the middle one of classes.
fn one_of(expr: &Expr) -> Option<Literal> {
    match expr {
        Expr::Literal(literal) => Some(literal.clone()),
        Expr::Step(_, first, steps) => middle(steps.iter().map(|(_, v)| v), first),
        Expr::Match(_, cases, other) => middle(cases.iter().map(|(_, v)| v), other),
        Expr::Interpolate(_, stops) => {
            let (_, first) = stops.first()?;
            middle(stops.iter().map(|(_, v)| v), first)
        }
        Expr::Case(cases, other) => middle(cases.iter().map(|(_, v)| v), other),
        _ => None,
    }
}

fn middle<'a>(values: impl Iterator<Item = &'a Expr> + Clone, other: &'a Expr) -> Option<Literal> {
    let count = values.clone().count();
    one_of(values.clone().nth(count / 2).unwrap_or(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{CompareOp, Filter};
    use crate::style::{LineCap, LineJoin, LineSymbolizer, PolygonSymbolizer};

    fn size() -> Size {
        Size {
            width: 20,
            height: 20,
        }
    }

    fn pixel(pixmap: &Pixmap, x: u32, y: u32) -> [u8; 4] {
        let p = pixmap.pixel(x, y).unwrap();
        [p.red(), p.green(), p.blue(), p.alpha()]
    }

    fn polygon(color: Expr) -> Rule {
        let paint = Paint {
            color,
            opacity: Expr::number(1.0),
        };
        Rule {
            filter: Some(Filter::Compare {
                op: CompareOp::Equal,
                left: Expr::Property("absent".into()),
                right: Expr::number(1.0),
                match_case: true,
            }),
            scales: ScaleRange {
                min: Some(1e9),
                max: None,
            },
            symbolizers: vec![Symbolizer::Polygon(Box::new(PolygonSymbolizer {
                fill: Some(Fill::Solid(paint)),
                stroke: None,
                perpendicular_offset: None,
                displacement: None,
            }))],
            ..Rule::default()
        }
    }

    #[test]
    fn a_polygon_swatch_is_the_fill_with_a_margin_whatever_the_filter_and_scale() {
        let rule = polygon(Expr::text("#ff0000"));
        let swatch = swatch(
            &rule,
            size(),
            2.0,
            GeometryType::Polygon,
            &SymbolCache::new(),
            &Budget::unlimited(),
        )
        .unwrap();
        assert_eq!((swatch.width(), swatch.height()), (40, 40));
        assert_eq!(pixel(&swatch, 20, 20), [255, 0, 0, 255]);
        assert_eq!(pixel(&swatch, 1, 1), [0; 4]);
    }

    #[test]
    fn a_classified_colour_is_shown_by_its_middle_class() {
        let step = |n: f64, color: &str| (Expr::number(n), Expr::text(color));
        let steps = vec![
            step(1.0, "#00ff00"),
            step(2.0, "#0000ff"),
            step(3.0, "#000000"),
        ];
        let value = Box::new(Expr::Property("absent".into()));
        let rule = polygon(Expr::Step(value, Box::new(Expr::text("#ff0000")), steps));
        let swatch = swatch(
            &rule,
            size(),
            1.0,
            GeometryType::Polygon,
            &SymbolCache::new(),
            &Budget::unlimited(),
        )
        .unwrap();
        assert_eq!(pixel(&swatch, 10, 10), [0, 0, 255, 255]);
    }

    #[test]
    fn a_line_swatch_is_a_zigzag_and_an_outline_for_areas() {
        let stroke = Stroke {
            kind: StrokeKind::Solid(Paint::solid("black")),
            width: Measure::pixels(2.0),
            cap: LineCap::Butt,
            join: LineJoin::Miter,
            dash: Vec::new(),
            dash_offset: Measure::pixels(0.0),
        };
        let line = LineSymbolizer {
            stroke,
            perpendicular_offset: None,
        };
        let rule = Rule {
            symbolizers: vec![Symbolizer::Line(Box::new(line))],
            ..Rule::default()
        };
        let drawn = |kind| {
            swatch(
                &rule,
                size(),
                1.0,
                kind,
                &SymbolCache::new(),
                &Budget::unlimited(),
            )
            .unwrap()
        };
        assert!(pixel(&drawn(GeometryType::LineString), 10, 10)[3] > 0);
        let outline = drawn(GeometryType::Polygon);
        assert_eq!(pixel(&outline, 10, 10)[3], 0);
        assert!(pixel(&outline, 10, 2)[3] > 0);
    }
}
