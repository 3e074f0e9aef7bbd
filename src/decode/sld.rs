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

use super::fes;
use super::qgis_expression;
use super::sld_dialect::{Dialect, is_all_others};
use super::sld_symbol::plain_number;
use super::sld_text;
use super::xml::{Element, Limits, Node};
use crate::error::{Error, Result};
use crate::query::{Expr, Filter, into_condition};
use crate::style::{
    FeatureTypeStyle, Rule, ScaleRange, Style, StyleNote, StyleNoteKind, Symbolizer,
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
        dialect: Dialect::of(root),
        of_areas: false,
    };
    root.each(&mut |e| reader.of_areas |= e.name == "PolygonSymbolizer");
    if reader.dialect.is_qgis() {
        reader.kept(
            root,
            "written by QGIS: its offsets, angles of hatches and gaps are meant as QGIS draws them",
        );
    }
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
    pub dialect: Dialect,
    /// True where the document draws areas: its labels stand in them.
    pub of_areas: bool,
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
        let before = out.len();
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
        if out.len() == before && !layer.is_empty() && element.name == "NamedLayer" {
            // a layer without a style is in its default one (OGC 05-078r4 §11.2)
            out.push(NamedLayerStyle {
                layer,
                filter,
                content: StyleContent::Named(String::new()),
            });
        }
        Ok(())
    }

    fn constraints(&mut self, element: &Element) -> Result<Option<Filter>> {
        let mut filters = Vec::new();
        for constraint in element.elements() {
            for child in constraint.elements() {
                match child.name.as_str() {
                    "Filter" => filters.push(fes::filter(child, &self.dialect)?),
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

    /// One `FeatureTypeStyle`; none where it has no rule that draws.
    fn pass(&mut self, element: &Element) -> Result<Vec<FeatureTypeStyle>> {
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
        self.what_the_writer_left_out(element);
        if first_only {
            only_the_first(&mut rules);
        }
        // QGIS writes classes and labels into one pass. By the letter the labels, which every
        // feature has, keep ElseFilter from ever applying: they get a pass of their own
        let mut labels = Vec::new();
        if rules.iter().any(|rule| rule.is_else) {
            let is_text = |s: &Symbolizer| matches!(s, Symbolizer::Text(_));
            labels = rules
                .extract_if(.., |rule| {
                    rule.filter.is_none() && !rule.is_else && rule.symbolizers.iter().all(is_text)
                })
                .collect();
        }
        if !labels.is_empty() {
            self.kept(
                element,
                "labels of all features do not keep ElseFilter from applying",
            );
        }
        let passes = [rules, labels]
            .into_iter()
            .filter(|rules| !rules.is_empty());
        Ok(passes.map(|rules| FeatureTypeStyle { rules }).collect())
    }

    fn rule(&mut self, element: &Element) -> Result<Rule> {
        let mut rule = Rule::default();
        for child in element.elements() {
            match child.name.as_str() {
                "Name" => rule.name = text_of(child),
                "Title" => rule.title = text_of(child),
                "Abstract" => {}
                "Description" => rule.title = child.child("Title").and_then(text_of),
                "Filter" => self.filter(child, &mut rule)?,
                "ElseFilter" => rule.is_else = true,
                "MinScaleDenominator" => rule.scales.min = Some(plain_number(child)?),
                "MaxScaleDenominator" => rule.scales.max = Some(plain_number(child)?),
                "LegendGraphic" => {
                    self.dropped(child, "the legend is drawn from the symbols themselves");
                }
                "LineSymbolizer" => {
                    let lines = self.line(child)?.into_iter();
                    let lines = lines.map(|s| Symbolizer::Line(Box::new(s)));
                    rule.symbolizers.extend(lines);
                }
                "PolygonSymbolizer" => {
                    let polygon = self
                        .polygon(child)?
                        .map(|s| Symbolizer::Polygon(Box::new(s)));
                    rule.symbolizers.extend(polygon);
                }
                "PointSymbolizer" => {
                    let point = self.point(child)?;
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
        self.filter_left_out(element, &mut rule);
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

    /// A rule's filter. One of QGIS that can't be read is left out, as QGIS does with those that
    /// it can't write: the rest of the layer is drawn.
    fn filter(&mut self, element: &Element, rule: &mut Rule) -> Result<()> {
        let read = fes::filter(element, &self.dialect);
        if self.dialect.is_qgis() {
            element.each(&mut |e| {
                if e.name == "PropertyName" {
                    self.measured(e, &e.text());
                }
            });
        }
        let filter = match read {
            Err(Error::Syntax {
                message,
                line,
                column,
            }) if self.dialect.is_qgis() => {
                self.notes.push(StyleNote {
                    kind: StyleNoteKind::Dropped,
                    line,
                    column,
                    message: format!(
                        "{message}; without its filter the rule applies to every feature"
                    ),
                });
                return Ok(());
            }
            other => other?,
        };
        if self.dialect.is_qgis() && is_all_others(&filter) {
            self.kept(
                element,
                "the class of all other values is drawn where no other applies",
            );
            rule.is_else = true;
        } else {
            rule.filter = Some(filter);
        }
        Ok(())
    }

    /// QGIS writes `<!--Parser Error: … - Expression was: …-->` in the place of a filter that its
    /// writer of filters can't read: `ELSE`, `BETWEEN`.
    fn filter_left_out(&mut self, element: &Element, rule: &mut Rule) {
        let written = element.nodes.iter().find_map(|node| match node {
            Node::Comment(text) => Some(text.split_once("Expression was:")?.1.trim()),
            _ => None,
        });
        let Some(written) = written else { return };
        if written.eq_ignore_ascii_case("else") {
            rule.is_else = true;
            self.kept(element, "ELSE is read from the comment that stands for it");
            return;
        }
        match qgis_expression::parse(written) {
            Ok(expr) => {
                rule.filter = Some(into_condition(expr));
                self.kept(
                    element,
                    format!("the filter {written:?} is read from the comment that stands for it"),
                );
                self.measured(element, written);
            }
            Err(why) => self.dropped(
                element,
                format!(
                    "left out by the program that wrote the style: the expression {written:?}, \
                     which can't be read here ({why}); without it a rule applies to every feature"
                ),
            ),
        }
    }

    /// Says where an expression measures otherwise than QGIS.
    pub(super) fn measured(&mut self, at: &Element, expression: &str) {
        if qgis_expression::measures(expression) {
            self.approximated(
                at,
                format!("{expression:?} measures in the plane of the data, not on the ellipsoid"),
            );
        }
    }

    /// QGIS writes `<!--SymbolLayerV2 … not implemented yet-->` for what it can't export.
    fn what_the_writer_left_out(&mut self, element: &Element) {
        for node in &element.nodes {
            let Node::Comment(text) = node else { continue };
            if text.contains("not implemented") {
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
}

fn text_of(element: &Element) -> Option<String> {
    let text = element.text();
    (!text.is_empty()).then(|| text.into_owned())
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
        for (_, filter) in before
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
