//! Styled Layer Descriptor 1.0.0 (OGC 02-070) and 1.1.0 (05-078r4) with Symbology Encoding 1.1.0
//! (05-077r4) → [`Style`]s, as QGIS 3 and GeoServer 2 write them, vendor options included.
//!
//! Nothing is dropped silently: what the model can't hold is a [`StyleNote`] with its place.
//! A document that contradicts itself (a width that is no number, a colour that is no colour)
//! is an error with its place.
//!
//! # Not supported
//! Raster symbolizers, coverage constraints, rendering transformations, inline features, font
//! glyphs as marks, colour replacement in images: each is reported where it stands.

use std::sync::Arc;

use super::fes::{self, AsWritten};
use super::sld_graphic::{self, GraphicPlace};
use super::xml::{Element, Limits, Node};
use super::{color, sld_text};
use crate::error::{Error, Result};
use crate::query::{Expr, Filter, Literal};
use crate::style::{
    FeatureTypeStyle, Fill, LineCap, LineJoin, LineSymbolizer, Measure, Paint, PointSymbolizer,
    PolygonSymbolizer, Rule, ScaleRange, Stroke, StrokeKind, Style, StyleNote, StyleNoteKind,
    Symbolizer, Unit,
};

/// Fetches what a style refers to (`icons/tree.svg`, `https://…`): its bytes, or why it can't
/// be had. It decides which folder is open and whether the network is.
pub type Resolver<'r> = dyn FnMut(&str) -> std::result::Result<Arc<[u8]>, String> + 'r;

/// What a document holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Document {
    pub layers: Vec<NamedLayerStyle>,
    /// In the order of the document.
    pub notes: Vec<StyleNote>,
}

/// One style of one layer of the document.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedLayerStyle {
    /// The layer that the style is for; empty where the document does not say.
    pub layer: String,
    /// `LayerFeatureConstraints`: the features that are drawn at all.
    pub filter: Option<Filter>,
    pub content: StyleContent,
}

#[derive(Debug, Clone, PartialEq)]
pub enum StyleContent {
    /// A style that the server has, by name.
    Named(String),
    /// A style that the document defines. `id` is its name there, empty where it has none.
    Defined { style: Style, is_default: bool },
}

impl Document {
    /// The styles defined here, in order.
    pub fn styles(&self) -> impl Iterator<Item = &Style> {
        self.layers.iter().filter_map(|layer| match &layer.content {
            StyleContent::Defined { style, .. } => Some(style),
            StyleContent::Named(_) => None,
        })
    }
}

/// Reads a `StyledLayerDescriptor`, or a `UserStyle` or `FeatureTypeStyle` by itself.
///
/// # Errors
/// `InvalidStyle` with line and column; `LimitExceeded` for a document beyond the limits.
pub fn parse(text: &str, resolver: &mut Resolver<'_>) -> Result<Document> {
    Element::parse(text, &Limits::default())
        .and_then(|root| document(&root, resolver))
        .map_err(as_style_error)
}

/// As [`parse`], from bytes in the encoding that the document declares.
///
/// # Errors
/// As [`parse`].
pub fn parse_bytes(bytes: &[u8], resolver: &mut Resolver<'_>) -> Result<Document> {
    Element::parse_bytes(bytes, &Limits::default())
        .and_then(|root| document(&root, resolver))
        .map_err(as_style_error)
}

/// A resolver that has nothing: for styles of strangers.
pub fn no_resources(href: &str) -> std::result::Result<Arc<[u8]>, String> {
    Err(format!("{href:?} is not open to this style"))
}

fn as_style_error(error: Error) -> Error {
    match error {
        Error::Syntax {
            message,
            line,
            column,
        } => Error::InvalidStyle {
            message,
            line,
            column,
        },
        other => other,
    }
}

fn document(root: &Element, resolver: &mut Resolver<'_>) -> Result<Document> {
    let mut reader = Reader {
        resolver,
        notes: Vec::new(),
    };
    let defined = |style| NamedLayerStyle {
        layer: String::new(),
        filter: None,
        content: StyleContent::Defined {
            style,
            is_default: false,
        },
    };
    let mut layers = Vec::new();
    match root.name.as_str() {
        "StyledLayerDescriptor" => {
            for child in root.elements() {
                match child.name.as_str() {
                    "NamedLayer" | "UserLayer" => reader.layer(child, &mut layers)?,
                    "Name" | "Title" | "Abstract" | "Description" => {}
                    _ => reader.unknown(child),
                }
            }
        }
        "UserStyle" => layers.push(defined(reader.user_style(root)?.0)),
        "FeatureTypeStyle" => {
            let mut style = Style::default();
            style.feature_type_styles.extend(reader.pass(root)?);
            layers.push(defined(style));
        }
        other => {
            return Err(root.fault(format!("expected <StyledLayerDescriptor>, found <{other}>")));
        }
    }
    let mut notes = reader.notes;
    notes.sort_by_key(|note| (note.line, note.column));
    Ok(Document { layers, notes })
}

/// What is gathered while reading.
pub(super) struct Reader<'a, 'r> {
    pub resolver: &'a mut Resolver<'r>,
    pub notes: Vec<StyleNote>,
}

/// The vendor options of a symbolizer, with the element of each for notes.
pub(super) type Options<'e> = Vec<(&'e str, String, &'e Element)>;

impl Reader<'_, '_> {
    pub(super) fn note(&mut self, kind: StyleNoteKind, at: &Element, message: impl Into<String>) {
        self.notes.push(StyleNote {
            kind,
            line: at.line,
            column: at.column,
            message: message.into(),
        });
    }

    pub(super) fn dropped(&mut self, at: &Element, message: impl Into<String>) {
        self.note(StyleNoteKind::Dropped, at, message);
    }

    pub(super) fn approximated(&mut self, at: &Element, message: impl Into<String>) {
        self.note(StyleNoteKind::Approximated, at, message);
    }

    pub(super) fn kept(&mut self, at: &Element, message: impl Into<String>) {
        self.note(StyleNoteKind::Kept, at, message);
    }

    pub(super) fn unknown(&mut self, at: &Element) {
        self.dropped(at, format!("<{}> is not known here", at.name));
    }

    fn layer(&mut self, element: &Element, out: &mut Vec<NamedLayerStyle>) -> Result<()> {
        let layer = element.child("Name").map(|n| n.text().into_owned());
        let layer = layer.unwrap_or_default();
        let mut filter = None;
        for child in element.elements() {
            let content = match child.name.as_str() {
                "Name" | "Description" => continue,
                "LayerFeatureConstraints" => {
                    filter = self.constraints(child)?;
                    continue;
                }
                "NamedStyle" => {
                    let name = child.child("Name").map(|n| n.text().into_owned());
                    StyleContent::Named(name.unwrap_or_default())
                }
                "UserStyle" => {
                    let (style, is_default) = self.user_style(child)?;
                    StyleContent::Defined { style, is_default }
                }
                _ => {
                    self.unknown(child);
                    continue;
                }
            };
            out.push(NamedLayerStyle {
                layer: layer.clone(),
                filter: filter.clone(),
                content,
            });
        }
        Ok(())
    }

    fn constraints(&mut self, element: &Element) -> Result<Option<Filter>> {
        let mut filters = Vec::new();
        for constraint in element.elements() {
            for child in constraint.elements() {
                match child.name.as_str() {
                    "Filter" => filters.push(fes::filter(child, &mut AsWritten)?),
                    "FeatureTypeName" => {}
                    _ => self.unknown(child),
                }
            }
        }
        Ok(match filters.len() {
            0 | 1 => filters.pop(),
            _ => Some(Filter::Or(filters)),
        })
    }

    fn user_style(&mut self, element: &Element) -> Result<(Style, bool)> {
        let mut style = Style::default();
        let mut is_default = false;
        for child in element.elements() {
            match child.name.as_str() {
                "Name" => style.id = child.text().into_owned(),
                "Title" => style.title = text_of(child),
                "Abstract" => style.description = text_of(child),
                "Description" => {
                    style.title = child.child("Title").and_then(text_of);
                    style.description = child.child("Abstract").and_then(text_of);
                }
                "IsDefault" => is_default = matches!(child.text().as_ref(), "1" | "true"),
                "FeatureTypeStyle" => style.feature_type_styles.extend(self.pass(child)?),
                _ => self.unknown(child),
            }
        }
        Ok((style, is_default))
    }

    /// One `FeatureTypeStyle`; `None` where it has no rule that draws.
    fn pass(&mut self, element: &Element) -> Result<Option<FeatureTypeStyle>> {
        let mut rules = Vec::new();
        let mut first_only = false;
        for child in element.elements() {
            match child.name.as_str() {
                "Name"
                | "Title"
                | "Abstract"
                | "Description"
                | "FeatureTypeName"
                | "SemanticTypeIdentifier" => {}
                "Rule" => rules.push(self.rule(child)?),
                "VendorOption" if child.attribute("name") == Some("ruleEvaluation") => {
                    first_only = child.text() == "first";
                    self.kept(child, "rule evaluation is followed");
                }
                "Transformation" => {
                    self.dropped(child, "rendering transformations are not run");
                }
                "VendorOption" => {
                    let name = child.attribute("name").unwrap_or_default();
                    self.dropped(child, format!("option {name:?} is not known here"));
                }
                _ => self.unknown(child),
            }
        }
        if first_only {
            only_the_first(&mut rules);
        }
        Ok((!rules.is_empty()).then_some(FeatureTypeStyle { rules }))
    }

    fn rule(&mut self, element: &Element) -> Result<Rule> {
        let mut rule = Rule::default();
        for child in element.elements() {
            match child.name.as_str() {
                "Name" => rule.name = text_of(child),
                "Title" => rule.title = text_of(child),
                "Abstract" => {}
                "Description" => rule.title = child.child("Title").and_then(text_of),
                "Filter" => rule.filter = Some(fes::filter(child, &mut AsWritten)?),
                "ElseFilter" => rule.is_else = true,
                "MinScaleDenominator" => rule.scales.min = Some(plain_number(child)?),
                "MaxScaleDenominator" => rule.scales.max = Some(plain_number(child)?),
                "LegendGraphic" => {
                    self.dropped(child, "the legend is drawn from the symbols themselves");
                }
                "LineSymbolizer" => {
                    let line = self.line(child)?.map(|s| Symbolizer::Line(Box::new(s)));
                    rule.symbolizers.extend(line);
                }
                "PolygonSymbolizer" => {
                    let polygon = self
                        .polygon(child)?
                        .map(|s| Symbolizer::Polygon(Box::new(s)));
                    rule.symbolizers.extend(polygon);
                }
                "PointSymbolizer" => {
                    let point = self.point(child)?.map(|s| Symbolizer::Point(Box::new(s)));
                    rule.symbolizers.extend(point);
                }
                "TextSymbolizer" => {
                    let text = sld_text::read(self, child)?.map(|s| Symbolizer::Text(Box::new(s)));
                    rule.symbolizers.extend(text);
                }
                "RasterSymbolizer" => self.dropped(child, "raster symbolizers draw no features"),
                _ => self.unknown(child),
            }
            self.what_the_writer_left_out(child);
        }
        self.what_the_writer_left_out(element);
        if let (Some(min), Some(max)) = (rule.scales.min, rule.scales.max)
            && min >= max
        {
            self.note(
                StyleNoteKind::Approximated,
                element,
                format!("the rule draws at no scale: {min} is not below {max}"),
            );
        }
        Ok(rule)
    }

    /// QGIS writes `<!--SymbolLayerV2 … not implemented yet-->` for what it can't export.
    fn what_the_writer_left_out(&mut self, element: &Element) {
        for node in &element.nodes {
            if let Node::Comment(text) = node
                && text.contains("not implemented")
            {
                self.dropped(
                    element,
                    format!(
                        "left out by the program that wrote the style: {}",
                        text.trim()
                    ),
                );
            }
        }
    }

    fn line(&mut self, element: &Element) -> Result<Option<LineSymbolizer>> {
        let unit = self.unit(element);
        let mut stroke = None;
        let mut perpendicular_offset = None;
        let options = self.options(element);
        for child in element.elements() {
            match child.name.as_str() {
                "Stroke" => stroke = Some(self.stroke(child, unit)?),
                "PerpendicularOffset" => {
                    perpendicular_offset = Some(self.measure(child, unit)?);
                }
                "Geometry" => {
                    if self.geometry(child, &["boundary", "exteriorring"], &mut None)? {
                        return Ok(None);
                    }
                }
                "Name" | "Description" | "VendorOption" => {}
                _ => self.unknown(child),
            }
        }
        for (name, value, at) in options {
            match name {
                "placement" => self.approximated(
                    at,
                    format!("markers are drawn along the line, not at {value:?}"),
                ),
                _ => self.dropped(at, format!("option {name:?} is not known here")),
            }
        }
        Ok(Some(LineSymbolizer {
            stroke: stroke.unwrap_or_else(default_stroke),
            perpendicular_offset,
        }))
    }

    fn polygon(&mut self, element: &Element) -> Result<Option<PolygonSymbolizer>> {
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
                "Displacement" => symbolizer.displacement = Some(self.displacement(child, unit)?),
                "Geometry" => {
                    if self.geometry(child, &[], &mut symbolizer.displacement)? {
                        return Ok(None);
                    }
                }
                "Name" | "Description" | "VendorOption" => {}
                _ => self.unknown(child),
            }
        }
        for (name, value, at) in options {
            match (name, &mut symbolizer.fill) {
                ("graphic-margin", Some(Fill::Graphic { margin, .. })) => {
                    *margin = margins(&value, unit, at)?;
                    self.kept(at, "space around the tiles of the fill");
                }
                ("random" | "fill-random", Some(Fill::Graphic { .. })) => {
                    self.approximated(at, "the random fill is drawn as a regular one");
                }
                (name, Some(Fill::Graphic { .. })) if name.starts_with("random-") => {}
                ("distance" | "inclusion" | "labelObstacle", _) | (_, _) => {
                    self.dropped(at, format!("option {name:?} is not known here"));
                }
            }
        }
        Ok(Some(symbolizer))
    }

    fn point(&mut self, element: &Element) -> Result<Option<PointSymbolizer>> {
        let unit = self.unit(element);
        let mut graphic = None;
        for child in element.elements() {
            match child.name.as_str() {
                "Graphic" => {
                    graphic = Some(sld_graphic::read(self, child, unit, GraphicPlace::Point)?);
                }
                "Geometry" => {
                    let natural = ["centroid", "interiorpoint", "pointonsurface"];
                    if self.geometry(child, &natural, &mut None)? {
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
        Ok(Some(PointSymbolizer { graphic }))
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
                let numbers: Vec<Expr> = function
                    .elements()
                    .filter(|e| e.name == "Literal")
                    .map(|e| fes::content(e, &mut AsWritten).map(as_number))
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

    pub(super) fn stroke(&mut self, element: &Element, unit: Unit) -> Result<Stroke> {
        let mut stroke = default_stroke();
        stroke.width.unit = unit;
        stroke.dash_offset.unit = unit;
        let mut paint = Paint::solid("#000000");
        let mut graphic = None;
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
                "stroke-dasharray" => stroke.dash = self.dashes(child, unit)?,
                "stroke-dashoffset" => stroke.dash_offset = self.measure(child, unit)?,
                other => self.dropped(
                    child,
                    format!("parameter {other:?} is not known in a stroke"),
                ),
            }
        }
        stroke.kind = match graphic {
            Some(element) => self.graphic_stroke(element, unit, &mut stroke.dash)?,
            None => StrokeKind::Solid(with_alpha_in_opacity(paint)),
        };
        Ok(stroke)
    }

    fn graphic_stroke(
        &mut self,
        element: &Element,
        unit: Unit,
        dash: &mut Vec<Measure>,
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
        for child in element.elements() {
            match child.name.as_str() {
                "Graphic" => {}
                "Gap" => gap = self.measure(child, unit)?,
                "InitialGap" => initial_gap = self.measure(child, unit)?,
                _ => self.unknown(child),
            }
        }
        // GeoServer spaces markers by the dash array: the length of one, then the gap
        if let [_, space] = &dash[..] {
            self.kept(element, "the dash array spaces the markers");
            gap = space.clone();
            dash.clear();
        }
        Ok(StrokeKind::Graphic {
            graphic,
            gap,
            initial_gap,
        })
    }

    fn dashes(&mut self, element: &Element, unit: Unit) -> Result<Vec<Measure>> {
        let parts = fes::mixed(element, &mut AsWritten)?;
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

    /// A colour: `#rrggbb` where it is constant.
    pub(super) fn color(&mut self, element: &Element) -> Result<Expr> {
        let expr = parameter(element)?;
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
        match as_number(parameter(element)?) {
            Expr::Literal(Literal::Text(text)) => {
                Err(element.fault(format!("expected a number, found {text:?}")))
            }
            expr => Ok(expr),
        }
    }

    /// A length; GeoServer lets a number carry its unit (`3m`, `2px`).
    pub(super) fn measure(&mut self, element: &Element, unit: Unit) -> Result<Measure> {
        match as_number(parameter(element)?) {
            Expr::Literal(Literal::Text(text)) => measure_of(&text, unit)
                .ok_or_else(|| element.fault(format!("expected a length, found {text:?}"))),
            value => Ok(Measure { value, unit }),
        }
    }
}

fn parameter(element: &Element) -> Result<Expr> {
    fes::content(element, &mut AsWritten)
}

fn text_of(element: &Element) -> Option<String> {
    let text = element.text();
    (!text.is_empty()).then(|| text.into_owned())
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

/// One to four margins, as CSS orders them: right and left, then above and below.
fn margins(text: &str, unit: Unit, at: &Element) -> Result<[Measure; 2]> {
    let margins: Option<Vec<Measure>> = text
        .split_whitespace()
        .map(|t| measure_of(t, unit))
        .collect();
    match margins.as_deref() {
        Some([all]) => Ok([all.clone(), all.clone()]),
        Some([vertical, horizontal, ..]) => Ok([horizontal.clone(), vertical.clone()]),
        _ => Err(at.fault(format!("expected one to four margins, found {text:?}"))),
    }
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

/// Makes each rule apply only where none before it does (GeoServer `ruleEvaluation=first`).
fn only_the_first(rules: &mut [Rule]) {
    // a rule that draws at some scales only would take features away at the others: those
    // before it count where the scales overlap wholly
    let covers = |a: &ScaleRange, b: &ScaleRange| {
        a.min.is_none_or(|m| b.min.is_some_and(|n| m <= n))
            && a.max.is_none_or(|m| b.max.is_some_and(|n| m >= n))
    };
    let mut before: Vec<(ScaleRange, Option<Filter>)> = Vec::new();
    for rule in rules {
        let own = rule.filter.clone();
        let mut parts: Vec<Filter> = own.iter().cloned().collect();
        for (scales, filter) in before
            .iter()
            .filter(|(scales, _)| covers(scales, &rule.scales))
        {
            // true or false, never unknown: a rule that null keeps from applying took nothing
            let taken = match filter {
                Some(filter) => Filter::Truth(Expr::from_condition(filter.clone())),
                None => Filter::And(Vec::new()),
            };
            parts.push(Filter::Not(Box::new(taken)));
        }
        if !rule.is_else {
            before.push((rule.scales, own));
        }
        rule.filter = match parts.len() {
            0 | 1 => parts.pop(),
            _ => Some(Filter::And(parts)),
        };
    }
}
