//! Symbolizers of SLD and SE: lines, areas and points, and the parameters that all share.

use super::fes;
use super::sld::{Options, Reader};
use super::sld_graphic::{self, angle_of_a_line, negative};
use super::sld_margin::{margins, random_margin, space_between};
use super::sld_mark::GraphicPlace;
use super::sld_stroke::default_stroke;
use super::xml::Element;
use crate::error::Result;
use crate::query::{Expr, Literal};
use crate::style::color;
use crate::style::{
    Fill, LineSymbolizer, MarkerAt, MarkerPlaces, Measure, Paint, PointSymbolizer,
    PolygonSymbolizer, Stroke, StrokeKind, Symbolizer, Unit,
};

impl Reader<'_, '_> {
    /// One symbolizer, or several where markers stand at several kinds of places.
    pub(super) fn line(&mut self, element: &Element) -> Result<Vec<LineSymbolizer>> {
        let unit = self.unit(element);
        let mut stroke = None;
        let mut perpendicular_offset = None;
        let options = self.options(element);
        for child in element.elements() {
            match child.name.as_str() {
                "Stroke" => stroke = Some(self.stroke(child, unit)?),
                "PerpendicularOffset" => {
                    let mut offset = self.measure(child, unit)?;
                    if self.dialect.is_qgis() {
                        // to the right of the line where positive
                        offset.value = negative(offset.value);
                    }
                    perpendicular_offset = Some(offset);
                }
                "Geometry" => {
                    if self.geometry(child, &["boundary", "exteriorring"], &mut None)? {
                        return Ok(Vec::new());
                    }
                }
                "Name" | "Description" | "VendorOption" => {}
                _ => self.unknown(child),
            }
        }
        let all = self.placed(stroke.unwrap_or_else(default_stroke), options);
        Ok(all
            .into_iter()
            .map(|stroke| LineSymbolizer {
                stroke,
                perpendicular_offset: perpendicular_offset.clone(),
            })
            .collect())
    }

    pub(super) fn polygon(&mut self, element: &Element) -> Result<Option<PolygonSymbolizer>> {
        let unit = self.unit(element);
        let mut symbolizer = PolygonSymbolizer {
            fill: None,
            stroke: None,
            perpendicular_offset: None,
            displacement: None,
        };
        let options = self.options(element);
        for child in element.elements() {
            match child.name.as_str() {
                "Fill" => symbolizer.fill = Some(self.fill(child, unit)?),
                "Stroke" => symbolizer.stroke = Some(self.stroke(child, unit)?),
                "PerpendicularOffset" => {
                    symbolizer.perpendicular_offset = Some(self.measure(child, unit)?);
                }
                "Displacement" => {
                    let [x, mut y] = self.displacement(child, unit)?;
                    if self.dialect.is_qgis() {
                        y.value = negative(y.value);
                    }
                    symbolizer.displacement = Some([x, y]);
                }
                "Geometry" => {
                    if self.geometry(child, &[], &mut symbolizer.displacement)? {
                        return Ok(None);
                    }
                }
                "Name" | "Description" | "VendorOption" => {}
                _ => self.unknown(child),
            }
        }
        let option = |wanted: &str| {
            let found = options.iter().find(|(name, ..)| *name == wanted);
            found.and_then(|(_, value, _)| value.trim().parse::<f64>().ok())
        };
        let scatter = [option("random-tile-size"), option("random-symbol-count")];
        let (places, options): (Options<'_>, Options<'_>) = options
            .into_iter()
            .partition(|(name, ..)| matches!(*name, "placement" | "rotateMarker"));
        if let Some(stroke) = symbolizer.stroke.take() {
            // one outline: the last place named
            symbolizer.stroke = self.placed(stroke, places).pop();
        }
        for (name, value, at) in options {
            match (name, &mut symbolizer.fill) {
                ("graphic-margin", Some(Fill::Graphic { margin, .. })) => {
                    *margin = margins(&value, unit, at)?;
                    self.kept(at, "space around the tiles of the fill");
                }
                ("distance", Some(Fill::Graphic { graphic, margin })) => {
                    match space_between(&value, graphic, unit) {
                        Some(space) => {
                            *margin = space;
                            self.kept(at, "the distances between the marks of the fill");
                        }
                        None => self.dropped(
                            at,
                            format!("distances {value:?} are not drawn: expected two numbers and marks of one size"),
                        ),
                    }
                }
                ("random" | "fill-random", Some(Fill::Graphic { .. })) if value == "none" => {}
                ("random" | "fill-random", Some(Fill::Graphic { graphic, margin })) => {
                    *margin = random_margin(&scatter, graphic, unit);
                    self.approximated(at, "the random fill is drawn as a regular one, as dense");
                }
                (name, Some(Fill::Graphic { .. })) if name.starts_with("random-") => {}
                _ => {
                    self.dropped(at, format!("option {name:?} is not known here"));
                }
            }
        }
        Ok(Some(symbolizer))
    }

    pub(super) fn point(&mut self, element: &Element) -> Result<Option<Symbolizer>> {
        let unit = self.unit(element);
        let mut graphic = None;
        let mut at = None;
        let mut turned = None;
        for child in element.elements() {
            match child.name.as_str() {
                "Graphic" => {
                    turned = child.child("Rotation").filter(|r| angle_of_a_line(r));
                    graphic = Some(sld_graphic::read(self, child, unit, GraphicPlace::Point)?);
                }
                "Geometry" => {
                    at = self.place_on_a_line(child);
                    let natural = ["centroid", "interiorpoint", "pointonsurface"];
                    if at.is_none() && self.geometry(child, &natural, &mut None)? {
                        return Ok(None);
                    }
                }
                "Name" | "Description" => {}
                "VendorOption" => {
                    let name = child.attribute("name").unwrap_or_default();
                    self.dropped(child, format!("option {name:?} is not known here"));
                }
                _ => self.unknown(child),
            }
        }
        let graphic = graphic.unwrap_or_else(sld_graphic::default_graphic);
        let Some(at) = at else {
            if let Some(rotation) = turned {
                let message = "the angle of a line is followed on its first or last point only";
                self.dropped(rotation, message);
            }
            return Ok(Some(Symbolizer::Point(Box::new(PointSymbolizer {
                graphic,
            }))));
        };
        let zero = Measure::pixels(0.0);
        let stroke = Stroke {
            kind: StrokeKind::Graphic {
                graphic,
                gap: zero.clone(),
                initial_gap: zero,
                places: MarkerPlaces {
                    at,
                    turned: turned.is_some(),
                },
            },
            ..default_stroke()
        };
        Ok(Some(Symbolizer::Line(Box::new(LineSymbolizer {
            stroke,
            perpendicular_offset: None,
        }))))
    }

    /// Where GeoServer's functions of geometries put a symbol on a line or a ring.
    fn place_on_a_line(&mut self, element: &Element) -> Option<MarkerAt> {
        let function = element.child("Function")?;
        let written = function.attribute("name").unwrap_or_default();
        let at = match written.to_lowercase().as_str() {
            "startpoint" => MarkerAt::First,
            "endpoint" => MarkerAt::Last,
            "vertices" => MarkerAt::Vertices,
            _ => return None,
        };
        self.kept(element, format!("{written}() of each line and each ring"));
        Some(at)
    }

    /// What a symbolizer's geometry changes; true where nothing must be drawn in its place.
    pub(super) fn geometry(
        &mut self,
        element: &Element,
        natural: &[&str],
        displacement: &mut Option<[Measure; 2]>,
    ) -> Result<bool> {
        let Some(function) = element.child("Function") else {
            return Ok(false); // a property: the feature's geometry
        };
        let written = function.attribute("name").unwrap_or_default();
        let name = written.to_lowercase().replace('_', "");
        match name.as_str() {
            n if natural.contains(&n) => {
                self.kept(
                    element,
                    format!("{written}() is where the symbol is drawn anyway"),
                );
            }
            "centroid" | "interiorpoint" | "pointonsurface" | "boundary" | "exteriorring"
            | "buffer" | "simplify" | "generalize" => {
                self.approximated(
                    element,
                    format!("drawn on the geometry itself, without {written}()"),
                );
            }
            "offset" => {
                let dialect = self.dialect;
                let numbers: Vec<Expr> = function
                    .elements()
                    .filter(|e| e.name == "Literal")
                    .map(|e| fes::content(e, &dialect).map(as_number))
                    .collect::<Result<_>>()?;
                match <[Expr; 2]>::try_from(numbers) {
                    Ok(by) if displacement.is_none() => {
                        *displacement = Some(by.map(|value| Measure {
                            value,
                            unit: Unit::Metre,
                        }));
                        self.approximated(element, "offset() is taken as metres on the ground");
                    }
                    _ => self.approximated(element, "drawn without offset()"),
                }
            }
            _ => {
                self.dropped(element, format!("a symbol on {written}() is not drawn"));
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn options<'e>(&mut self, element: &'e Element) -> Options<'e> {
        let named = element.elements().filter(|e| e.name == "VendorOption");
        named
            .map(|e| {
                (
                    e.attribute("name").unwrap_or_default(),
                    e.text().into_owned(),
                    e,
                )
            })
            .collect()
    }

    /// The unit of a symbolizer's sizes (SE 1.1 §11.1.3).
    pub(super) fn unit(&mut self, element: &Element) -> Unit {
        let Some(uom) = element.attribute("uom") else {
            return Unit::Pixel;
        };
        let last = uom
            .rsplit(['/', ':', '#'])
            .next()
            .unwrap_or(uom)
            .to_lowercase();
        match last.as_str() {
            "pixel" | "px" => Unit::Pixel,
            "metre" | "meter" | "m" => Unit::Metre,
            "foot" | "ft" => Unit::Foot,
            "mm" | "millimetre" | "millimeter" => Unit::Millimetre,
            _ => {
                self.approximated(
                    element,
                    format!("unit {uom:?} is not known: pixels are taken"),
                );
                Unit::Pixel
            }
        }
    }

    fn fill(&mut self, element: &Element, unit: Unit) -> Result<Fill> {
        if let Some(tile) = element.child("GraphicFill") {
            let graphic = match tile.child("Graphic") {
                Some(g) => sld_graphic::read(self, g, unit, GraphicPlace::Fill)?,
                None => return Err(tile.fault("<GraphicFill> needs a <Graphic>")),
            };
            return Ok(Fill::Graphic {
                graphic,
                margin: [Measure::pixels(0.0), Measure::pixels(0.0)],
            });
        }
        self.paint(element, "#808080").map(Fill::Solid)
    }

    /// `fill` and `fill-opacity` of a `Fill`.
    pub(super) fn paint(&mut self, element: &Element, default: &str) -> Result<Paint> {
        let mut paint = Paint::solid(default);
        for child in element.elements() {
            match (child.name.as_str(), child.attribute("name")) {
                ("SvgParameter" | "CssParameter", Some("fill")) => {
                    paint.color = self.color(child)?
                }
                ("SvgParameter" | "CssParameter", Some("fill-opacity")) => {
                    paint.opacity = self.number(child)?;
                }
                ("SvgParameter" | "CssParameter", name) => {
                    let name = name.unwrap_or_default();
                    self.dropped(child, format!("parameter {name:?} is not known in a fill"));
                }
                ("GraphicFill", _) => {
                    self.approximated(child, "a graphic inside a mark or a text is a plain colour");
                }
                _ => self.unknown(child),
            }
        }
        Ok(with_alpha_in_opacity(paint))
    }

    pub(super) fn displacement(&mut self, element: &Element, unit: Unit) -> Result<[Measure; 2]> {
        let mut along = |name: &str| match element.child(name) {
            Some(child) => self.measure(child, unit),
            None => Ok(Measure {
                value: Expr::number(0.0),
                unit,
            }),
        };
        Ok([along("DisplacementX")?, along("DisplacementY")?])
    }

    fn parameter(&mut self, element: &Element) -> Result<Expr> {
        fes::content(element, &self.dialect)
    }

    /// A colour: `#rrggbb` where it is constant.
    pub(super) fn color(&mut self, element: &Element) -> Result<Expr> {
        let expr = self.parameter(element)?;
        if let Expr::Literal(Literal::Text(text)) = &expr
            && color::parse(text).is_none()
        {
            return Err(element.fault(format!("expected a colour such as #1f78b4, found {text:?}")));
        }
        Ok(with_results(expr, &|literal| match literal {
            Literal::Text(text) => match color::parse(&text) {
                Some(rgba) => Literal::Text(color::to_hex(rgba)),
                None => Literal::Text(text),
            },
            other => other,
        }))
    }

    pub(super) fn number(&mut self, element: &Element) -> Result<Expr> {
        match as_number(self.parameter(element)?) {
            Expr::Literal(Literal::Text(text)) => {
                Err(element.fault(format!("expected a number, found {text:?}")))
            }
            expr => Ok(expr),
        }
    }

    /// A length; GeoServer lets a number carry its unit (`3m`, `2px`).
    pub(super) fn measure(&mut self, element: &Element, unit: Unit) -> Result<Measure> {
        match as_number(self.parameter(element)?) {
            Expr::Literal(Literal::Text(text)) => measure_of(&text, unit)
                .ok_or_else(|| element.fault(format!("expected a length, found {text:?}"))),
            value => Ok(Measure { value, unit }),
        }
    }
}

pub(super) fn plain_number(element: &Element) -> Result<f64> {
    let text = match element.child("Literal") {
        Some(literal) => literal.text(),
        None => element.text(),
    };
    let number = text.parse::<f64>().ok().filter(|n| n.is_finite());
    number.ok_or_else(|| element.fault(format!("expected a number, found {text:?}")))
}

/// A length written with or without a unit.
pub(super) fn measure_of(text: &str, unit: Unit) -> Option<Measure> {
    let text = text.trim();
    let suffixes = [
        ("px", Unit::Pixel),
        ("mm", Unit::Millimetre),
        ("ft", Unit::Foot),
        ("m", Unit::Metre),
    ];
    let found = suffixes
        .iter()
        .find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit)));
    let (number, unit) = found.unwrap_or((text, unit));
    let value: f64 = number.trim().parse().ok()?;
    value.is_finite().then(|| Measure {
        value: Expr::number(value),
        unit,
    })
}

/// Numbers written as text, wherever they are an answer of the expression.
pub(super) fn as_number(expr: Expr) -> Expr {
    with_results(expr, &|literal| match literal {
        Literal::Text(text) => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Literal::Number(number),
            _ => Literal::Text(text),
        },
        other => other,
    })
}

/// The expression with its answers, where they are literals, changed.
pub(super) fn with_results(expr: Expr, change: &dyn Fn(Literal) -> Literal) -> Expr {
    let pairs = |list: Vec<(Expr, Expr)>| {
        let changed = list.into_iter().map(|(k, v)| (k, with_results(v, change)));
        changed.collect()
    };
    let boxed = |e: Box<Expr>| Box::new(with_results(*e, change));
    match expr {
        Expr::Literal(literal) => Expr::Literal(change(literal)),
        Expr::Step(value, first, steps) => Expr::Step(value, boxed(first), pairs(steps)),
        Expr::Match(value, cases, otherwise) => Expr::Match(value, pairs(cases), boxed(otherwise)),
        Expr::Interpolate(value, stops) => Expr::Interpolate(value, pairs(stops)),
        Expr::Case(cases, otherwise) => {
            let changed = cases.into_iter().map(|(c, e)| (c, with_results(e, change)));
            Expr::Case(changed.collect(), boxed(otherwise))
        }
        other => other,
    }
}

/// A constant colour's alpha belongs to the opacity, where that is constant too.
pub(super) fn with_alpha_in_opacity(mut paint: Paint) -> Paint {
    if let (Expr::Literal(Literal::Text(text)), Expr::Literal(Literal::Number(opacity))) =
        (&paint.color, &paint.opacity)
        && let Some([r, g, b, a]) = color::parse(text)
        && a < 255
    {
        paint.opacity = Expr::number(opacity * f64::from(a) / 255.0);
        paint.color = Expr::Literal(Literal::Text(color::to_hex([r, g, b, 255])));
    }
    paint
}
