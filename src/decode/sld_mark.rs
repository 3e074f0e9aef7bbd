//! The names of marks: those of SE, of QGIS, of GeoServer, of Qt's brushes.

use super::sld::Reader;
use super::xml::Element;
use crate::style::MarkShape;

/// Where a graphic stands: some names mean a hatch inside a fill and a mark elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GraphicPlace {
    Point,
    Fill,
    Stroke,
}

pub(super) fn well_known_name(element: &Element) -> String {
    let literal = element.child("Literal").map(|l| l.text().into_owned());
    literal.unwrap_or_else(|| element.text().into_owned())
}

/// The shape of that name, and for Qt's dense brushes the share of the area that they cover.
pub(super) fn shape_named(
    reader: &mut Reader<'_, '_>,
    at: &Element,
    name: &str,
    place: GraphicPlace,
) -> (Option<MarkShape>, Option<f64>) {
    // ttf://Font#0x41: a letter, whose meaning only the font knows
    if name.starts_with("ttf://") {
        reader.approximated(at, format!("the letter {name:?} is drawn as a circle"));
        return (Some(MarkShape::Circle), None);
    }
    if let Some(dense) = name.strip_prefix("brush://dense") {
        // Qt::Dense1Pattern to Dense7Pattern cover 94, 88, 63, 50, 38, 12 and 6 percent
        let covered = match dense {
            "1" => 0.94,
            "2" => 0.88,
            "3" => 0.63,
            "4" => 0.5,
            "5" => 0.38,
            "6" => 0.12,
            _ => 0.06,
        };
        reader.approximated(
            at,
            format!("the brush {name:?} is an even fill at that density"),
        );
        return (Some(MarkShape::Square), Some(covered));
    }
    let (shape, exact) = match shape(name, place) {
        Some(found) => found,
        None => {
            reader.approximated(
                at,
                format!("the mark {name:?} is not known: a square is drawn"),
            );
            return (Some(MarkShape::Square), None);
        }
    };
    if !exact {
        reader.approximated(at, format!("the mark {name:?} is drawn as a similar one"));
    }
    (Some(shape), None)
}

/// The shape of a well-known name, and whether it is exactly that.
fn shape(name: &str, place: GraphicPlace) -> Option<(MarkShape, bool)> {
    use MarkShape as M;
    let lower: String = name
        .trim_start_matches("shape://")
        .trim_start_matches("extshape://")
        .trim_start_matches("qgis://")
        .chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect();
    let hatched = name.starts_with("shape://") || place == GraphicPlace::Fill;
    Some(match lower.as_str() {
        // QGIS's rectangles have their sides by an option
        "square" | "rectangle" => (M::Square, true),
        "circle" => (M::Circle, true),
        "triangle" => (M::Triangle, true),
        "star" => (M::Star, true),
        "horline" => (M::HatchHorizontal, true),
        "vertline" => (M::HatchVertical, true),
        "slash" => (M::HatchSlash, true),
        "backslash" => (M::HatchBackslash, true),
        "plus" => (M::HatchPlus, true),
        "times" => (M::HatchTimes, true),
        "dot" => (M::Dot, true),
        // Qt's cross and diagonal cross brushes, as QGIS names them in fills
        "cross" if place == GraphicPlace::Fill => (M::HatchPlus, true),
        "x" if place == GraphicPlace::Fill => (M::HatchTimes, true),
        "line" if hatched => (M::HatchVertical, true),
        "cross" => (M::Cross, true),
        "x" | "cross2" => (M::X, true),
        "line" => (M::Line, true),
        "arrow" => (M::Arrow, true),
        "arrowhead" | "oarrow" | "coarrow" => (M::ArrowHead, true),
        "filledarrowhead" | "carrow" | "ccarrow" => (M::FilledArrowHead, true),
        "narrow" | "sarrow" => (M::Arrow, false),
        "crossfill" => (M::CrossFill, true),
        "diamond" => (M::Diamond, true),
        "equilateraltriangle" => (M::EquilateralTriangle, true),
        "hexagon" => (M::Hexagon, true),
        "octagon" => (M::Octagon, true),
        "decagon" => (M::Decagon, true),
        "pentagon" => (M::Pentagon, true),
        "halfcircle" => (M::HalfCircle, true),
        "quartercircle" => (M::QuarterCircle, true),
        "quarterarc" => (M::QuarterArc, true),
        "thirdcircle" => (M::ThirdCircle, true),
        "thirdarc" => (M::ThirdArc, true),
        "semicircle" => (M::SemiCircle, true),
        "halfarc" => (M::HalfArc, true),
        "emicircle" => (M::SemiCircle, false),
        "quartersquare" => (M::QuarterSquare, true),
        "halfsquare" => (M::HalfSquare, true),
        "diagonalhalfsquare" => (M::DiagonalHalfSquare, true),
        "righthalftriangle" => (M::RightHalfTriangle, true),
        "lefthalftriangle" => (M::LeftHalfTriangle, true),
        "shield" => (M::Shield, true),
        "diamondstar" => (M::DiamondStar, true),
        "heart" => (M::Heart, true),
        "asteriskfill" => (M::AsteriskFill, true),
        "roundedsquare" => (M::RoundedSquare, true),
        "squarewithcorners" => (M::RoundedSquare, false),
        "parallelogram" | "parallelogramright" => (M::Parallelogram, true),
        "parallelogramleft" => (M::Parallelogram, false),
        "trapezoid" => (M::Trapezoid, true),
        _ => return None,
    })
}

/// The name that a shape has in SLD, as QGIS or GeoServer write it.
pub(crate) fn well_known(shape: MarkShape) -> &'static str {
    use MarkShape as M;
    match shape {
        M::Square => "square",
        M::Circle => "circle",
        M::Triangle => "triangle",
        M::Star => "star",
        M::Cross => "cross",
        M::X => "x",
        M::Arrow => "arrow",
        M::ArrowHead => "arrowhead",
        M::FilledArrowHead => "filled_arrowhead",
        M::CrossFill => "cross_fill",
        M::Diamond => "diamond",
        M::EquilateralTriangle => "equilateral_triangle",
        M::Hexagon => "hexagon",
        M::Octagon => "octagon",
        M::Decagon => "decagon",
        M::HalfArc => "half_arc",
        M::QuarterArc => "quarter_arc",
        M::ThirdArc => "third_arc",
        M::Pentagon => "pentagon",
        M::HalfCircle => "half_circle",
        M::QuarterCircle => "quarter_circle",
        M::ThirdCircle => "third_circle",
        M::QuarterSquare => "quarter_square",
        M::HalfSquare => "half_square",
        M::DiagonalHalfSquare => "diagonal_half_square",
        M::RightHalfTriangle => "right_half_triangle",
        M::LeftHalfTriangle => "left_half_triangle",
        M::Line => "line",
        M::SemiCircle => "semi_circle",
        M::Shield => "shield",
        M::DiamondStar => "diamond_star",
        M::Heart => "heart",
        M::AsteriskFill => "asterisk_fill",
        M::RoundedSquare => "rounded_square",
        M::Parallelogram => "parallelogram_right",
        M::Trapezoid => "trapezoid",
        M::HatchHorizontal => "shape://horline",
        M::HatchVertical => "shape://vertline",
        M::HatchSlash => "shape://slash",
        M::HatchBackslash => "shape://backslash",
        M::HatchPlus => "shape://plus",
        M::HatchTimes => "shape://times",
        M::Dot => "shape://dot",
    }
}

pub(super) fn is_hatch(shape: MarkShape) -> bool {
    use MarkShape as M;
    matches!(
        shape,
        M::HatchHorizontal
            | M::HatchVertical
            | M::HatchSlash
            | M::HatchBackslash
            | M::HatchPlus
            | M::HatchTimes
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_found_again_under_its_own_name() {
        for mark in MarkShape::ALL {
            assert_eq!(
                shape(well_known(mark), GraphicPlace::Point),
                Some((mark, true))
            );
        }
    }
}
