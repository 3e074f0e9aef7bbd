//! Graphics of SLD and SE: marks by name, pictures, and what QGIS and GeoServer add to both.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::sld::Reader;
use super::sld_mark::{GraphicPlace, is_hatch, shape_named, well_known_name};
use super::sld_stretched::{by_width, stretched};
use super::sld_stroke::default_stroke;
use super::sld_symbol::plain_number;
use super::xml::Element;
use crate::error::Result;
use crate::query::{ArithmeticOp, Expr, Literal};
use crate::style::{Graphic, GraphicSymbol, ImageFormat, MarkShape, Measure, Paint, Stroke, Unit};

/// What SE draws where a style does not say: a grey square with a black edge (§11.3.2).
pub(super) fn default_graphic() -> Graphic {
    Graphic {
        symbols: vec![default_mark()],
        size: None,
        rotation: Expr::number(0.0),
        opacity: Expr::number(1.0),
        anchor: [0.5, 0.5],
        displacement: [Measure::pixels(0.0), Measure::pixels(0.0)],
    }
}

fn default_mark() -> GraphicSymbol {
    GraphicSymbol::Mark {
        shape: MarkShape::Square,
        fill: Some(Paint::solid("#808080")),
        stroke: Some(Box::new(default_stroke())),
    }
}

pub(super) fn read(
    reader: &mut Reader<'_, '_>,
    element: &Element,
    unit: Unit,
    place: GraphicPlace,
) -> Result<Graphic> {
    let mut graphic = default_graphic();
    graphic.symbols.clear();
    let zero = || Measure {
        value: Expr::number(0.0),
        unit,
    };
    graphic.displacement = [zero(), zero()];
    // Qt's brushes have no size; a cross with one is a cross repeated
    let shape_place = match element.child("Size") {
        Some(_) if place == GraphicPlace::Fill => GraphicPlace::Stroke,
        _ => place,
    };
    let qgis = reader.dialect.is_qgis();
    let mut factor = None;
    for child in element.elements() {
        match child.name.as_str() {
            "Mark" => {
                let symbol = mark(reader, child, unit, shape_place)?;
                graphic.symbols.extend(symbol);
            }
            "ExternalGraphic" => {
                let symbol = external(reader, child);
                graphic.symbols.extend(symbol);
            }
            "Size" => graphic.size = Some(reader.measure(child, unit)?),
            // the marker turns with the line instead
            "Rotation" if angle_of_a_line(child) => {}
            "Rotation" => graphic.rotation = reader.number(child)?,
            "Opacity" => graphic.opacity = reader.number(child)?,
            "Displacement" => {
                graphic.displacement = reader.displacement(child, unit)?;
                if place == GraphicPlace::Fill {
                    reader.approximated(child, "a fill begins at a place of its own");
                }
            }
            "AnchorPoint" => graphic.anchor = anchor(child, [0.5, 0.5])?,
            // SE 1.1 has them in GraphicStroke; GeoServer reads them here
            "Gap" | "InitialGap" if place == GraphicPlace::Stroke => {}
            "Gap" | "InitialGap" => {
                let name = &child.name;
                reader.dropped(child, format!("<{name}> is for markers along a line"));
            }
            "VendorOption" => {
                let name = child.attribute("name").unwrap_or_default();
                match name {
                    "widthHeightFactor" => factor = Some((plain_number(child)?, child)),
                    _ => {
                        reader.dropped(child, format!("option {name:?} is not known in a graphic"));
                    }
                }
            }
            _ => reader.unknown(child),
        }
    }
    let tried = element
        .elements()
        .any(|e| matches!(e.name.as_str(), "Mark" | "ExternalGraphic"));
    if graphic.symbols.is_empty() {
        if tried {
            reader.approximated(
                element,
                "none of the graphics can be drawn: a grey square is",
            );
        }
        graphic.symbols.push(default_mark());
    }
    if qgis {
        as_qgis_means(&mut graphic, place);
        by_width(&mut graphic);
    }
    if let Some((factor, at)) = factor {
        match stretched(&graphic, factor) {
            Some(drawn) => {
                graphic = drawn;
                reader.kept(at, "the mark's width over its height");
            }
            None => reader.dropped(at, "a mark that depends on the feature is as wide as high"),
        }
    }
    if place == GraphicPlace::Fill && graphic.size.is_none() {
        as_a_brush_of_qt(&mut graphic, element);
    }
    let is_mark = matches!(graphic.symbols.first(), Some(GraphicSymbol::Mark { .. }));
    if reader.dialect.is_geoserver() && is_mark && graphic.size.is_none() {
        reader.kept(element, "a mark without a size is 16 px, as in GeoServer");
        graphic.size = Some(Measure::pixels(16.0));
    }
    Ok(graphic)
}

/// True for a rotation by GeoServer's `startAngle` or `endAngle`: that of the line at its end.
pub(super) fn angle_of_a_line(rotation: &Element) -> bool {
    let function = rotation.child("Function").and_then(|f| f.attribute("name"));
    function.is_some_and(|name| {
        name.eq_ignore_ascii_case("startAngle") || name.eq_ignore_ascii_case("endAngle")
    })
}

/// The lines of a hatch of QGIS turn anticlockwise; its offsets run down, and turn with the mark.
fn as_qgis_means(graphic: &mut Graphic, place: GraphicPlace) {
    let hatch = graphic
        .symbols
        .iter()
        .any(|symbol| matches!(symbol, GraphicSymbol::Mark { shape, .. } if is_hatch(*shape)));
    if hatch && place == GraphicPlace::Fill {
        graphic.rotation = negative(std::mem::replace(&mut graphic.rotation, Expr::number(0.0)));
    }
    let [x, y] = &mut graphic.displacement;
    y.value = negative(std::mem::replace(&mut y.value, Expr::number(0.0)));
    if let (
        Expr::Literal(Literal::Number(turn)),
        Expr::Literal(Literal::Number(right)),
        Expr::Literal(Literal::Number(up)),
    ) = (&graphic.rotation, &x.value, &y.value)
        && x.unit == y.unit
        && (*right, *up) != (0.0, 0.0)
    {
        let (sin, cos) = turn.to_radians().sin_cos();
        let (right, up) = (right * cos + up * sin, up * cos - right * sin);
        (x.value, y.value) = (Expr::number(right), Expr::number(up));
    }
}

/// The number with its sign changed.
pub(super) fn negative(expr: Expr) -> Expr {
    match expr {
        // no minus zero: it would be written
        Expr::Literal(Literal::Number(number)) => Expr::number(0.0 - number),
        other => Expr::Arithmetic(
            ArithmeticOp::Subtract,
            Box::new(Expr::number(0.0)),
            Box::new(other),
        ),
    }
}

/// QGIS names Qt's brushes as marks without a size: lines of one pixel in tiles of 8 pixels. A
/// diagonal has one pixel in each row of them, which is a line 0.7 px wide.
fn as_a_brush_of_qt(graphic: &mut Graphic, element: &Element) {
    let bare = element.elements().any(|e| {
        e.name == "Mark"
            && e.child("WellKnownName")
                .is_some_and(|name| !well_known_name(name).contains("://"))
    });
    let Some(GraphicSymbol::Mark { shape, stroke, .. }) = graphic.symbols.first_mut() else {
        return;
    };
    if !bare || !is_hatch(*shape) {
        return;
    }
    graphic.size = Some(Measure::pixels(8.0));
    let diagonal = matches!(
        shape,
        MarkShape::HatchSlash | MarkShape::HatchBackslash | MarkShape::HatchTimes
    );
    if let Some(stroke) = stroke
        && diagonal
        && stroke.width.value == Expr::number(1.0)
    {
        stroke.width = Measure::pixels(std::f64::consts::FRAC_1_SQRT_2);
    }
}

/// `AnchorPointX` and `AnchorPointY`, constants.
pub(super) fn anchor(element: &Element, default: [f64; 2]) -> Result<[f64; 2]> {
    let [x, y] = default;
    let along = |name: &str, default: f64| match element.child(name) {
        Some(child) => plain_number(child),
        None => Ok(default),
    };
    Ok([along("AnchorPointX", x)?, along("AnchorPointY", y)?])
}

fn mark(
    reader: &mut Reader<'_, '_>,
    element: &Element,
    unit: Unit,
    place: GraphicPlace,
) -> Result<Option<GraphicSymbol>> {
    let mut shape = Some(MarkShape::Square);
    let mut fill: Option<Paint> = None;
    let mut stroke: Option<Box<Stroke>> = None;
    let mut plain = true;
    let mut opacity = None;
    for child in element.elements() {
        match child.name.as_str() {
            "WellKnownName" => {
                let name = well_known_name(child);
                let (found, dense) = shape_named(reader, child, &name, place);
                shape = found;
                opacity = dense;
            }
            "Fill" => {
                fill = Some(reader.paint(child, "#808080")?);
                plain = false;
            }
            "Stroke" => {
                // QGIS's for a mark without an outline
                let none = reader.dialect.is_qgis() && child.nodes.is_empty();
                stroke = match none {
                    true => None,
                    false => Some(Box::new(reader.stroke(child, unit)?)),
                };
                plain = false;
            }
            "OnlineResource" | "InlineContent" => {
                let href = child.attribute("href").unwrap_or("inline content");
                reader.approximated(child, format!("the mark {href:?} is drawn as a circle"));
                shape = Some(MarkShape::Circle);
            }
            "Format" | "MarkIndex" => {}
            _ => reader.unknown(child),
        }
    }
    let Some(shape) = shape else { return Ok(None) };
    if plain {
        fill = Some(Paint::solid("#808080"));
        stroke = Some(Box::new(default_stroke()));
    }
    if let Some(covered) = opacity {
        // a dense brush of Qt: as much colour, evenly spread
        stroke = None;
        let mut paint = fill.unwrap_or_else(|| Paint::solid("#808080"));
        if let Expr::Literal(Literal::Number(own)) = paint.opacity {
            paint.opacity = Expr::number(own * covered);
        }
        fill = Some(paint);
    }
    Ok(Some(GraphicSymbol::Mark {
        shape,
        fill,
        stroke,
    }))
}

/// A picture; `None`, with a note, where it can't be had.
fn external(reader: &mut Reader<'_, '_>, element: &Element) -> Option<GraphicSymbol> {
    let mut found: Option<(String, Arc<[u8]>)> = None;
    for child in element.elements() {
        match child.name.as_str() {
            "OnlineResource" => {
                let href = child.attribute("href").unwrap_or_default().trim();
                match fetch(reader, href) {
                    Ok(data) => found = Some((shortened(href), data)),
                    Err(why) => {
                        reader.dropped(child, format!("picture {:?}: {why}", shortened(href)))
                    }
                }
            }
            "InlineContent" => {
                if child.attribute("encoding") != Some("base64") {
                    reader.dropped(child, "inline content is read in base64 only");
                    continue;
                }
                let text: String = child.text().split_whitespace().collect();
                match STANDARD.decode(text) {
                    Ok(data) => found = Some(("inline content".into(), data.into())),
                    Err(error) => reader.dropped(child, format!("inline content: {error}")),
                }
            }
            "Format" => {}
            "ColorReplacement" => {
                reader.dropped(child, "colours of pictures are not replaced");
            }
            _ => reader.unknown(child),
        }
    }
    let (name, data) = found?;
    match image_format(&data) {
        Some(format) => Some(GraphicSymbol::Image { name, format, data }),
        None => {
            reader.dropped(element, format!("picture {name:?} is no SVG, PNG or JPEG"));
            None
        }
    }
}

/// Enough of a reference to recognise it in a message.
fn shortened(href: &str) -> String {
    match href.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", href.get(..end).unwrap_or(href)),
        None => href.to_owned(),
    }
}

fn fetch(reader: &mut Reader<'_, '_>, href: &str) -> std::result::Result<Arc<[u8]>, String> {
    let inline = href.strip_prefix("base64:").or_else(|| {
        href.split_once(";base64,")
            .filter(|(h, _)| h.starts_with("data:"))
            .map(|(_, d)| d)
    });
    if let Some(text) = inline {
        let text: String = text.split_whitespace().collect();
        let data = STANDARD.decode(text).map_err(|e| e.to_string())?;
        return Ok(with_parameters(data.into(), &[]));
    }
    if let Some(text) = href.strip_prefix("data:") {
        let text = text.split_once(',').map_or("", |(_, data)| data);
        return Ok(percent_decoded(text).into_owned().into_bytes().into());
    }
    let (path, query) = match href.starts_with("http") {
        true => (href, ""),
        false => href.split_once('?').unwrap_or((href, "")),
    };
    let parameters: Vec<(String, String)> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.to_owned(), percent_decoded(value).into_owned()))
        .collect();
    let data = (reader.resolver)(path)?;
    Ok(with_parameters(data, &parameters))
}

fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let hex = tail.get(..2).and_then(|h| std::str::from_utf8(h).ok());
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => bytes.push(*first),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// An SVG of QGIS with its `param(fill) #fff` places filled: by the values given, else by the
/// defaults that stand there.
fn with_parameters(data: Arc<[u8]>, parameters: &[(String, String)]) -> Arc<[u8]> {
    let Ok(text) = std::str::from_utf8(&data) else {
        return data;
    };
    if !text.contains("param(") {
        return data;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("param(") {
        out.push_str(before);
        let Some((name, tail)) = after.split_once(')') else {
            rest = after;
            break;
        };
        let end = tail.find(['"', '\'', ';', '<']).unwrap_or(tail.len());
        let default = tail.get(..end).unwrap_or_default().trim();
        // QGIS: `outline`; its older exports and others: `stroke`
        let other = name.replace("outline", "stroke");
        let given = parameters
            .iter()
            .find(|(key, _)| key == name || *key == other);
        out.push_str(match given {
            // values come from the style: what would leave the attribute is left out
            Some((_, value)) if !value.contains(['"', '\'', '<', '>', '&']) => value,
            _ if !default.is_empty() => default,
            _ => match name {
                "fill" => "#000000",
                "outline" => "#ffffff",
                _ => "1",
            },
        });
        rest = tail.get(end..).unwrap_or_default();
    }
    out.push_str(rest);
    out.into_bytes().into()
}

/// By its first bytes: what a style says about a file is often wrong.
fn image_format(data: &[u8]) -> Option<ImageFormat> {
    if data.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(ImageFormat::Png);
    }
    if data.starts_with(b"\xff\xd8\xff") {
        return Some(ImageFormat::Jpeg);
    }
    let head = data.get(..data.len().min(4096)).unwrap_or_default();
    let is_svg = head.windows(4).any(|w| w == b"<svg") || head.windows(5).any(|w| w == b":svg ");
    is_svg.then_some(ImageFormat::Svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_a_qgis_svg_are_filled_or_take_their_defaults() {
        let svg = br##"<svg fill="param(fill) #FFF" stroke="param(outline)" style="stroke-width:param(outline-width) 2;opacity:param(fill-opacity)"/>"##;
        let parameters = [
            ("fill".to_owned(), "#ff0000".to_owned()),
            ("stroke".to_owned(), "\"/><script/>".to_owned()),
        ];
        let out = with_parameters(svg.to_vec().into(), &parameters);
        assert_eq!(
            std::str::from_utf8(&out).unwrap(),
            r##"<svg fill="#ff0000" stroke="#ffffff" style="stroke-width:2;opacity:1"/>"##
        );
    }

    #[test]
    fn a_format_is_known_by_its_bytes() {
        assert_eq!(
            image_format(b"\x89PNG\r\n\x1a\n..."),
            Some(ImageFormat::Png)
        );
        assert_eq!(image_format(b"\xff\xd8\xff\xe0"), Some(ImageFormat::Jpeg));
        assert_eq!(
            image_format(b"<?xml version='1.0'?><svg/>"),
            Some(ImageFormat::Svg)
        );
        assert_eq!(image_format(b"GIF89a"), None);
    }
}
