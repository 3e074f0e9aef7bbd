//! Strokes of SLD and SE: pens, dashes, and markers along a line.

use super::fes;
use super::sld::{Options, Reader};
use super::sld_dialect::is_pen_of_qt;
use super::sld_graphic;
use super::sld_mark::GraphicPlace;
use super::sld_symbol::{measure_of, with_alpha_in_opacity};
use super::xml::Element;
use crate::error::Result;
use crate::query::{ArithmeticOp, Expr, Literal};
use crate::style::{
    LineCap, LineJoin, MarkerAt, MarkerPlaces, Measure, Paint, Stroke, StrokeKind, Unit,
};

impl Reader<'_, '_> {
    pub(super) fn stroke(&mut self, element: &Element, unit: Unit) -> Result<Stroke> {
        let mut stroke = default_stroke();
        if self.dialect.is_qgis() {
            // Qt's pens have square caps, and QGIS names only those of lines
            stroke.cap = LineCap::Square;
        }
        stroke.width.unit = unit;
        stroke.dash_offset.unit = unit;
        let mut paint = Paint::solid("#000000");
        let mut graphic = None;
        let mut dashes = None;
        for child in element.elements() {
            let parameter = match child.name.as_str() {
                "SvgParameter" | "CssParameter" => child.attribute("name").unwrap_or_default(),
                "GraphicStroke" => {
                    graphic = Some(child);
                    continue;
                }
                "GraphicFill" => {
                    self.approximated(child, "a stroke filled with a graphic is a plain colour");
                    continue;
                }
                _ => {
                    self.unknown(child);
                    continue;
                }
            };
            match parameter {
                "stroke" => paint.color = self.color(child)?,
                "stroke-opacity" => paint.opacity = self.number(child)?,
                "stroke-width" => stroke.width = self.measure(child, unit)?,
                "stroke-linejoin" => {
                    stroke.join = match child.text().as_ref() {
                        "mitre" | "miter" => LineJoin::Miter,
                        "round" => LineJoin::Round,
                        "bevel" => LineJoin::Bevel,
                        other => {
                            return Err(child.fault(format!(
                                "expected mitre, round or bevel, found {other:?}"
                            )));
                        }
                    }
                }
                "stroke-linecap" => {
                    stroke.cap = match child.text().as_ref() {
                        "butt" | "flat" => LineCap::Butt,
                        "round" => LineCap::Round,
                        "square" => LineCap::Square,
                        other => {
                            return Err(child.fault(format!(
                                "expected butt, round or square, found {other:?}"
                            )));
                        }
                    }
                }
                "stroke-dasharray" => {
                    stroke.dash = self.dashes(child, unit)?;
                    dashes = Some(child);
                }
                "stroke-dashoffset" => stroke.dash_offset = self.measure(child, unit)?,
                other => self.dropped(
                    child,
                    format!("parameter {other:?} is not known in a stroke"),
                ),
            }
        }
        if self.dialect.is_qgis()
            && let Some(child) = dashes.filter(|e| is_pen_of_qt(&e.text()))
            && let Expr::Literal(Literal::Number(width)) = stroke.width.value
        {
            self.kept(child, "dashes of a pen of Qt are widths of the pen");
            for length in &mut stroke.dash {
                if let Expr::Literal(Literal::Number(number)) = &mut length.value {
                    *number *= width;
                }
            }
        }
        stroke.kind = match graphic {
            Some(element) => self.graphic_stroke(element, unit, &mut stroke)?,
            None => StrokeKind::Solid(with_alpha_in_opacity(paint)),
        };
        Ok(stroke)
    }

    fn graphic_stroke(
        &mut self,
        element: &Element,
        unit: Unit,
        stroke: &mut Stroke,
    ) -> Result<StrokeKind> {
        let Some(inner) = element.child("Graphic") else {
            return Err(element.fault("<GraphicStroke> needs a <Graphic>"));
        };
        let graphic = sld_graphic::read(self, inner, unit, GraphicPlace::Stroke)?;
        let zero = || Measure {
            value: Expr::number(0.0),
            unit,
        };
        let (mut gap, mut initial_gap) = (zero(), zero());
        for child in inner.elements() {
            match child.name.as_str() {
                "Gap" => gap = self.measure(child, unit)?,
                "InitialGap" => initial_gap = self.measure(child, unit)?,
                _ => {}
            }
        }
        for child in element.elements() {
            match child.name.as_str() {
                "Graphic" => {}
                "Gap" => gap = self.measure(child, unit)?,
                "InitialGap" => initial_gap = self.measure(child, unit)?,
                _ => self.unknown(child),
            }
        }
        // GeoServer spaces markers by the dash array: the length of one, then the gap
        if let [length, space] = &stroke.dash[..]
            && length.unit == space.unit
        {
            self.kept(element, "the dash array spaces the markers");
            let unit = length.unit;
            let (length, space) = (length.value.clone(), space.value.clone());
            let half = combined(ArithmeticOp::Divide, length.clone(), Expr::number(2.0));
            let start = stroke.dash_offset.value.clone();
            gap = Measure {
                value: combined(ArithmeticOp::Add, length, space),
                unit,
            };
            initial_gap = Measure {
                value: combined(ArithmeticOp::Subtract, half, start),
                unit,
            };
            stroke.dash.clear();
            stroke.dash_offset = default_stroke().dash_offset;
        }
        Ok(StrokeKind::Graphic {
            graphic,
            gap,
            initial_gap,
            places: MarkerPlaces::default(),
        })
    }

    fn dashes(&mut self, element: &Element, unit: Unit) -> Result<Vec<Measure>> {
        let parts = fes::mixed(element, &self.dialect)?;
        let mut dashes = Vec::new();
        for part in parts {
            match part {
                Expr::Literal(Literal::Text(text)) => {
                    for number in text.split([' ', ',']).filter(|t| !t.is_empty()) {
                        dashes.push(measure_of(number, unit).ok_or_else(|| {
                            element.fault(format!("expected lengths of dashes, found {text:?}"))
                        })?);
                    }
                }
                value => dashes.push(Measure { value, unit }),
            }
        }
        // an odd list is repeated, as in SVG
        if !dashes.len().is_multiple_of(2) {
            dashes.extend_from_within(..);
        }
        Ok(dashes)
    }

    /// The stroke at each kind of place that QGIS's options name.
    pub(super) fn placed(&mut self, stroke: Stroke, options: Options<'_>) -> Vec<Stroke> {
        let mut turned = true;
        let mut places = Vec::new();
        for (name, value, at) in options {
            let place = match (name, value.as_str()) {
                ("placement", "firstPoint") => MarkerAt::First,
                ("placement", "lastPoint") => MarkerAt::Last,
                ("placement", "centralPoint") => MarkerAt::Middle,
                ("placement", "points") => MarkerAt::Vertices,
                ("rotateMarker", _) => {
                    turned = value != "0";
                    self.kept(at, "whether markers turn with the line");
                    continue;
                }
                ("placement", _) => {
                    self.approximated(
                        at,
                        format!("markers are drawn along the line, not at {value:?}"),
                    );
                    continue;
                }
                _ => {
                    self.dropped(at, format!("option {name:?} is not known here"));
                    continue;
                }
            };
            places.push(place);
            self.kept(at, format!("markers stand at {value}"));
        }
        let StrokeKind::Graphic { gap, .. } = &stroke.kind else {
            return vec![stroke];
        };
        if places.is_empty() || gap.value != Expr::number(0.0) {
            places.insert(0, MarkerAt::Intervals);
        }
        let at = |at: MarkerAt| {
            let mut stroke = stroke.clone();
            if let StrokeKind::Graphic { places, .. } = &mut stroke.kind {
                *places = MarkerPlaces { at, turned };
            }
            stroke
        };
        places.into_iter().map(at).collect()
    }
}

/// Two values put together: a number where both are.
fn combined(op: ArithmeticOp, a: Expr, b: Expr) -> Expr {
    if let (Expr::Literal(Literal::Number(a)), Expr::Literal(Literal::Number(b))) = (&a, &b) {
        match op {
            ArithmeticOp::Add => return Expr::number(a + b),
            ArithmeticOp::Subtract => return Expr::number(a - b),
            ArithmeticOp::Divide if *b != 0.0 => return Expr::number(a / b),
            _ => {}
        }
    }
    Expr::Arithmetic(op, Box::new(a), Box::new(b))
}

pub(super) fn default_stroke() -> Stroke {
    Stroke {
        kind: StrokeKind::Solid(Paint::solid("#000000")),
        width: Measure::pixels(1.0),
        cap: LineCap::Butt,
        join: LineJoin::Miter,
        dash: Vec::new(),
        dash_offset: Measure::pixels(0.0),
    }
}
