//! Text symbolizers of SLD and SE, with the label options of GeoServer, which QGIS writes too.

use super::fes;
use super::qgis_expression;
use super::sld::Reader;
use super::sld_graphic::{self, negative};
use super::sld_symbol::{as_number, measure_of, with_alpha_in_opacity};
use super::xml::{Element, Node};
use crate::error::Result;
use crate::query::{Expr, Literal};
use crate::style::{Font, Halo, LabelPlacement, LetterCase, Measure, Paint, TextSymbolizer, Unit};

/// Reads a `TextSymbolizer`; `None`, with a note, where it has no label.
pub(super) fn read(
    reader: &mut Reader<'_, '_>,
    element: &Element,
) -> Result<Option<TextSymbolizer>> {
    let unit = reader.unit(element);
    let Some(label) = element.child("Label") else {
        reader.dropped(element, "a text without <Label> draws nothing");
        return Ok(None);
    };
    let Some(label) = label_of(reader, label)? else {
        return Ok(None);
    };
    let mut text = TextSymbolizer {
        label,
        font: Font {
            families: Vec::new(),
            size: Measure {
                value: Expr::number(10.0),
                unit,
            },
            bold: false,
            italic: false,
        },
        fill: Paint::solid("#000000"),
        halo: None,
        placement: LabelPlacement::Point {
            anchor: [0.0, 0.5],
            displacement: [zero(unit), zero(unit)],
            rotation: Expr::number(0.0),
        },
        priority: Expr::number(0.0),
        wrap_width: None,
        space_around: Measure::pixels(0.0),
        allow_overlap: false,
        letter_case: LetterCase::AsIs,
        letter_spacing: Measure::pixels(0.0),
    };
    let options = reader.options(element);
    for child in element.elements() {
        match child.name.as_str() {
            "Label" | "Name" | "Description" | "VendorOption" => {}
            "Font" => text.font = font(reader, child, unit, text.font)?,
            "Fill" => text.fill = reader.paint(child, "#000000")?,
            "Halo" => text.halo = Some(halo(reader, child, unit)?),
            "LabelPlacement" => {
                if let Some(placement) = placement(reader, child, unit)? {
                    text.placement = placement;
                }
            }
            "Priority" => text.priority = as_number(fes::content(child, &reader.dialect)?),
            "Geometry" => {
                let natural = ["centroid", "interiorpoint", "pointonsurface"];
                if reader.geometry(child, &natural, &mut None)? {
                    return Ok(None);
                }
            }
            "Graphic" => reader.dropped(child, "a graphic behind a label is not drawn"),
            _ => reader.unknown(child),
        }
    }
    let around = options.iter().any(|(name, ..)| *name == "maxDisplacement");
    for (name, value, at) in options {
        option(reader, &mut text, name, &value, at)?;
    }
    if let LabelPlacement::Line {
        perpendicular_offset,
        ..
    } = &mut text.placement
        && reader.dialect.is_qgis()
        && perpendicular_offset.value == Expr::number(0.0)
        && let Expr::Literal(Literal::Number(size)) = text.font.size.value
    {
        *perpendicular_offset = Measure {
            value: Expr::number(size * ABOVE_LINE_EM),
            unit: text.font.size.unit,
        };
        reader.approximated(
            element,
            "labels stand above their lines, as QGIS puts them unless it is told otherwise",
        );
    }
    if let LabelPlacement::Point { anchor, .. } = &mut text.placement
        && reader.dialect.is_qgis()
        && around
        && *anchor == [0.0, 0.5]
    {
        // QGIS's labels around a point, written alike for points and areas: it draws those of
        // points above and to the right, those of areas in their middle
        *anchor = match reader.of_areas {
            true => [0.5, 0.5],
            false => [0.0, 0.0],
        };
    }
    Ok(Some(text))
}

/// From a line to the middle of letters that stand on it, in sizes of the font.
const ABOVE_LINE_EM: f64 = 0.6;

/// What is written. QGIS writes `<!--SE Export for … not implemented yet-->Placeholder` for an
/// expression; `None`, with a note, where that can't be read.
fn label_of(reader: &mut Reader<'_, '_>, element: &Element) -> Result<Option<Expr>> {
    let written = element.nodes.iter().find_map(|node| match node {
        Node::Comment(text) => text
            .trim()
            .strip_prefix("SE Export for ")?
            .strip_suffix("not implemented yet")
            .map(str::trim),
        _ => None,
    });
    let Some(written) = written else {
        return fes::content(element, &reader.dialect).map(Some);
    };
    match qgis_expression::parse(written) {
        Ok(expr) => {
            reader.kept(
                element,
                format!("the label {written:?} is read from the comment that stands for it"),
            );
            reader.measured(element, written);
            Ok(Some(expr))
        }
        Err(why) => {
            reader.dropped(
                element,
                format!("no labels: the program that wrote the style left out the expression {written:?}, which can't be read here ({why})"),
            );
            Ok(None)
        }
    }
}

fn zero(unit: Unit) -> Measure {
    Measure {
        value: Expr::number(0.0),
        unit,
    }
}

fn font(
    reader: &mut Reader<'_, '_>,
    element: &Element,
    unit: Unit,
    mut font: Font,
) -> Result<Font> {
    for child in element.elements() {
        let parameter = match child.name.as_str() {
            "SvgParameter" | "CssParameter" => child.attribute("name").unwrap_or_default(),
            _ => {
                reader.unknown(child);
                continue;
            }
        };
        let value = fes::content(child, &reader.dialect)?;
        let text = match &value {
            Expr::Literal(Literal::Text(text)) => Some(text.trim()),
            _ => None,
        };
        match (parameter, text) {
            ("font-family", Some(text)) => {
                let families = text.split(',').map(|f| f.trim().trim_matches(['"', '\'']));
                let families = families.filter(|f| !f.is_empty()).map(str::to_owned);
                font.families.extend(families);
            }
            ("font-size", _) => font.size = reader.measure(child, unit)?,
            ("font-style", Some(text)) => font.italic = matches!(text, "italic" | "oblique"),
            ("font-weight", Some(text)) => {
                font.bold = matches!(text, "bold" | "bolder")
                    || text.parse::<u16>().is_ok_and(|weight| weight >= 600);
            }
            (name, Some(_)) => {
                reader.dropped(child, format!("parameter {name:?} is not known in a font"));
            }
            (name, None) => {
                reader.dropped(child, format!("{name} can't depend on the feature"));
            }
        }
    }
    Ok(font)
}

fn halo(reader: &mut Reader<'_, '_>, element: &Element, unit: Unit) -> Result<Halo> {
    let mut halo = Halo {
        radius: Measure {
            value: Expr::number(1.0),
            unit,
        },
        fill: Paint::solid("#ffffff"),
    };
    for child in element.elements() {
        match child.name.as_str() {
            "Radius" => halo.radius = reader.measure(child, unit)?,
            "Fill" => halo.fill = reader.paint(child, "#ffffff")?,
            _ => reader.unknown(child),
        }
    }
    halo.fill = with_alpha_in_opacity(halo.fill);
    Ok(halo)
}

fn placement(
    reader: &mut Reader<'_, '_>,
    element: &Element,
    unit: Unit,
) -> Result<Option<LabelPlacement>> {
    if let Some(point) = element.child("PointPlacement") {
        let mut anchor = [0.0, 0.5];
        let mut displacement = [zero(unit), zero(unit)];
        let mut rotation = Expr::number(0.0);
        for child in point.elements() {
            match child.name.as_str() {
                "AnchorPoint" => anchor = sld_graphic::anchor(child, anchor)?,
                "Displacement" => {
                    displacement = reader.displacement(child, unit)?;
                    if reader.dialect.is_qgis() {
                        let [_, y] = &mut displacement;
                        y.value = negative(y.value.clone());
                    }
                }
                "Rotation" => rotation = reader.number(child)?,
                _ => reader.unknown(child),
            }
        }
        return Ok(Some(LabelPlacement::Point {
            anchor,
            displacement,
            rotation,
        }));
    }
    let Some(line) = element.child("LinePlacement") else {
        return Ok(None);
    };
    let mut perpendicular_offset = zero(unit);
    let mut gap = None;
    let mut repeated = false;
    for child in line.elements() {
        match child.name.as_str() {
            "PerpendicularOffset" => perpendicular_offset = reader.measure(child, unit)?,
            // QGIS writes Repeat
            "IsRepeated" | "Repeat" => repeated = is_true(&child.text()),
            "Gap" => gap = Some(reader.measure(child, unit)?),
            "InitialGap" => reader.dropped(child, "the first label's distance is not kept"),
            "IsAligned" if is_true(&child.text()) => {}
            "GeneralizeLine" => {
                if is_true(&child.text()) {
                    reader.approximated(child, "labels follow the line itself");
                }
            }
            "IsAligned" => reader.approximated(child, "labels on lines are always aligned"),
            _ => reader.unknown(child),
        }
    }
    // SE 1.1 §11.4.4: a gap has a meaning only between repeated labels
    let repeat = match (repeated, gap) {
        (true, Some(gap)) => Some(gap),
        (true, None) => Some(Measure::pixels(250.0)),
        (false, _) => None,
    };
    Ok(Some(LabelPlacement::Line {
        perpendicular_offset,
        repeat,
    }))
}

fn is_true(text: &str) -> bool {
    matches!(text.trim(), "1" | "true" | "yes")
}

fn option(
    reader: &mut Reader<'_, '_>,
    text: &mut TextSymbolizer,
    name: &str,
    value: &str,
    at: &Element,
) -> Result<()> {
    let pixels = || {
        measure_of(value, Unit::Pixel)
            .ok_or_else(|| at.fault(format!("{name} is a number of pixels, found {value:?}")))
    };
    let positive = |m: &Measure| !matches!(m.value, Expr::Literal(Literal::Number(n)) if n <= 0.0);
    match name {
        "autoWrap" => {
            let width = pixels()?;
            text.wrap_width = positive(&width).then_some(width);
            reader.kept(at, format!("lines are wrapped at {value} px"));
        }
        "followLine" => {
            if is_true(value) && !matches!(text.placement, LabelPlacement::Line { .. }) {
                text.placement = LabelPlacement::Line {
                    perpendicular_offset: Measure::pixels(0.0),
                    repeat: None,
                };
            }
            match is_true(value) {
                true => reader.kept(at, "the label follows the line"),
                false => reader.approximated(at, "labels on lines always follow them"),
            }
        }
        "repeat" => {
            let distance = pixels()?;
            match &mut text.placement {
                LabelPlacement::Line { repeat, .. } => {
                    *repeat = positive(&distance).then_some(distance);
                    reader.kept(at, format!("labels are repeated each {value} px"));
                }
                LabelPlacement::Point { .. } => {
                    reader.dropped(at, "only labels on lines are repeated");
                }
            }
        }
        "conflictResolution" => {
            text.allow_overlap = !is_true(value);
            reader.kept(at, "whether labels may overlap");
        }
        "spaceAround" => {
            text.space_around = pixels()?;
            reader.kept(at, format!("{value} px are kept free around the label"));
        }
        "charSpacing" => {
            text.letter_spacing = pixels()?;
            reader.kept(at, "the space between letters");
        }
        "priority" => {
            let number = value.trim().parse().map(Expr::number);
            text.priority = number.unwrap_or_else(|_| Expr::Property(value.trim().to_owned()));
            reader.kept(at, "the label's priority");
        }
        "group" | "labelAllGroup" | "minGroupDistance" | "removeOverlaps" if is_true(value) => {
            reader.approximated(
                at,
                "each feature has its own label: equal ones are not joined",
            );
        }
        "maxDisplacement" | "goodnessOfFit" | "maxAngleDelta" | "polygonAlign"
        | "forceLeftToRight" | "displacementMode" | "partials" | "allowOverruns"
        | "graphicPlacement" => {
            reader.approximated(
                at,
                format!("labels are placed by rules of our own, without {name}"),
            );
        }
        // what they say is what is done anyway
        "group" | "labelAllGroup" | "removeOverlaps" => {}
        _ => reader.dropped(at, format!("option {name:?} is not known here")),
    }
    Ok(())
}
