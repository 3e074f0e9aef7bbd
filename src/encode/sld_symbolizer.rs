//! Symbolizers of SLD: lines, areas, their strokes and fills.

use super::sld::SldWriter;
use crate::query::{Expr, Literal};
use crate::style::{
    Fill, LineCap, LineJoin, MarkerAt, Measure, Paint, Stroke, StrokeKind, Symbolizer, Unit,
};

impl SldWriter {
    pub(super) fn symbolizer(&mut self, symbolizer: &Symbolizer) {
        match symbolizer {
            Symbolizer::Line(line) => {
                self.open_symbolizer("LineSymbolizer", line.stroke.width.unit);
                self.stroke(&line.stroke);
                self.offset(line.perpendicular_offset.as_ref());
                self.places(&line.stroke);
            }
            Symbolizer::Polygon(polygon) => {
                let width = polygon.stroke.as_ref().map(|s| s.width.unit);
                self.open_symbolizer("PolygonSymbolizer", width.unwrap_or_default());
                if let Some(fill) = &polygon.fill {
                    self.fill(fill);
                }
                if let Some(stroke) = &polygon.stroke {
                    self.stroke(stroke);
                }
                match (&polygon.displacement, self.is_se()) {
                    (Some(displacement), true) => self.displacement(displacement),
                    (Some(_), false) => self.dropped("SLD 1.0 can't displace areas"),
                    (None, _) => {}
                }
                self.offset(polygon.perpendicular_offset.as_ref());
                if let Some(stroke) = &polygon.stroke {
                    self.places(stroke);
                }
                if let Some(Fill::Graphic { margin, .. }) = &polygon.fill {
                    self.margin(margin);
                }
            }
            Symbolizer::Point(point) => {
                let unit = point.graphic.size.as_ref().map(|s| s.unit);
                self.open_symbolizer("PointSymbolizer", unit.unwrap_or_default());
                self.graphic(&point.graphic);
            }
            Symbolizer::Text(text) => {
                self.open_symbolizer("TextSymbolizer", text.font.size.unit);
                self.text(text);
            }
        }
        self.xml.close();
    }

    pub(super) fn open_symbolizer(&mut self, name: &str, unit: Unit) {
        // 1.0 knows pixels only; a number then carries its unit
        self.unit = if self.is_se() { unit } else { Unit::Pixel };
        let name = self.se(name);
        let uom = match self.unit {
            Unit::Pixel => return self.xml.open(&name, &[]),
            Unit::Metre => "http://www.opengeospatial.org/se/units/metre",
            Unit::Foot => "http://www.opengeospatial.org/se/units/foot",
            Unit::Millimetre => "http://www.opengeospatial.org/se/units/mm",
        };
        self.xml.open(&name, &[("uom", uom)]);
    }

    pub(super) fn offset(&mut self, offset: Option<&Measure>) {
        match offset {
            Some(offset) if self.is_se() || self.options.vendor_options => {
                self.measure("PerpendicularOffset", offset);
            }
            Some(_) => self.dropped("SLD 1.0 has no perpendicular offset"),
            None => {}
        }
    }

    pub(super) fn margin(&mut self, [x, y]: &[Measure; 2]) {
        let zero = |m: &Measure| m.value == Expr::number(0.0);
        if zero(x) && zero(y) {
            return;
        }
        // above and to the right only: the whole of what lies between two tiles
        let [x, y] = [x, y].map(|m| match self.measured(m) {
            Expr::Literal(Literal::Number(n)) => n.to_string(),
            Expr::Literal(Literal::Text(t)) => t,
            _ => "0".into(),
        });
        self.option("graphic-margin", &format!("{y} {x} 0 0"));
    }

    /// Where markers stand, in QGIS's words.
    pub(super) fn places(&mut self, stroke: &Stroke) {
        let StrokeKind::Graphic { places, .. } = &stroke.kind else {
            return;
        };
        let at = match places.at {
            MarkerAt::Intervals => None,
            MarkerAt::First => Some("firstPoint"),
            MarkerAt::Last => Some("lastPoint"),
            MarkerAt::Middle => Some("centralPoint"),
            MarkerAt::Vertices => Some("points"),
        };
        if let Some(at) = at {
            self.option("placement", at);
        }
        if !places.turned {
            self.option("rotateMarker", "0");
        }
    }

    pub(super) fn fill(&mut self, fill: &Fill) {
        match fill {
            Fill::Solid(paint) => self.paint(paint),
            Fill::Graphic { graphic, .. } => {
                self.open("Fill");
                self.open("GraphicFill");
                self.graphic(graphic);
                self.xml.close();
                self.xml.close();
            }
        }
    }

    pub(super) fn paint(&mut self, paint: &Paint) {
        self.open("Fill");
        self.svg("fill", &paint.color);
        if paint.opacity != Expr::number(1.0) {
            self.svg("fill-opacity", &paint.opacity);
        }
        self.xml.close();
    }

    pub(super) fn stroke(&mut self, stroke: &Stroke) {
        self.open("Stroke");
        match &stroke.kind {
            StrokeKind::Solid(paint) => {
                self.svg("stroke", &paint.color);
                if paint.opacity != Expr::number(1.0) {
                    self.svg("stroke-opacity", &paint.opacity);
                }
            }
            StrokeKind::Graphic {
                graphic,
                gap,
                initial_gap,
                places: _,
            } => {
                self.open("GraphicStroke");
                self.graphic(graphic);
                if self.is_se() {
                    self.measure("InitialGap", initial_gap);
                    self.measure("Gap", gap);
                } else {
                    self.dropped("SLD 1.0 has no gap between markers");
                }
                self.xml.close();
            }
        }
        let width = self.measured(&stroke.width);
        self.svg("stroke-width", &width);
        let join = match stroke.join {
            LineJoin::Miter => "mitre",
            LineJoin::Round => "round",
            LineJoin::Bevel => "bevel",
        };
        self.svg("stroke-linejoin", &Expr::text(join));
        let cap = match stroke.cap {
            LineCap::Butt => "butt",
            LineCap::Round => "round",
            LineCap::Square => "square",
        };
        self.svg("stroke-linecap", &Expr::text(cap));
        if !stroke.dash.is_empty() {
            let lengths: Vec<String> = stroke
                .dash
                .iter()
                .map(|m| match self.measured(m) {
                    Expr::Literal(Literal::Number(n)) => n.to_string(),
                    Expr::Literal(Literal::Text(t)) => t,
                    _ => {
                        self.approximated("a dash that depends on the feature is 1 long");
                        "1".into()
                    }
                })
                .collect();
            self.svg("stroke-dasharray", &Expr::text(&lengths.join(" ")));
            let offset = self.measured(&stroke.dash_offset);
            self.svg("stroke-dashoffset", &offset);
        }
        self.xml.close();
    }
}
