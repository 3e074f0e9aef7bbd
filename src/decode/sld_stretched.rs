//! QGIS's ellipse markers: a mark of SE, wider or narrower than high.

use crate::query::{Expr, Literal};
use crate::render::image::Image;
use crate::render::marks::outlines;
use crate::style::{Graphic, GraphicSymbol, ImageFormat, Measure, Paint, StrokeKind};

/// A graphic whose mark is `factor` times as wide as high, drawn as a picture of its own. QGIS
/// writes the width as its size.
///
/// `None` where sizes or colours depend on the feature.
pub(super) fn stretched(graphic: &Graphic, factor: f64) -> Option<Graphic> {
    let [
        GraphicSymbol::Mark {
            shape,
            fill,
            stroke,
        },
    ] = graphic.symbols.as_slice()
    else {
        return None;
    };
    let size = graphic.size.as_ref()?;
    let width = number(&size.value)?;
    let usable = |n: f64| n.is_finite() && (1e-3..1e4).contains(&n);
    if !usable(factor) || !usable(width) {
        return None;
    }
    let height = width / factor;
    let (edge, pen) = match stroke.as_deref() {
        Some(stroke) => match &stroke.kind {
            StrokeKind::Solid(paint) if stroke.width.unit == size.unit => {
                (Some(ink(paint)?), number(&stroke.width.value)?)
            }
            _ => return None,
        },
        None => (None, 0.0),
    };
    let fill = match fill {
        Some(paint) => Some(ink(paint)?),
        None => None,
    };
    let mut path = String::new();
    for outline in outlines(*shape, edge.is_some()) {
        for (index, [x, y]) in outline.points.iter().enumerate() {
            let step = if index == 0 { 'M' } else { 'L' };
            path.push_str(&format!("{step}{} {} ", x * width, y * height));
        }
        path.push_str(if outline.closed { "Z " } else { "" });
    }
    let painted = |name: &str, ink: Option<(String, f64)>| match ink {
        Some((color, opacity)) => format!("{name}=\"{color}\" {name}-opacity=\"{opacity}\""),
        None => format!("{name}=\"none\""),
    };
    let (w, h) = (width + pen, height + pen);
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" \
         viewBox=\"{} {} {w} {h}\"><path d=\"{path}\" {} {} stroke-width=\"{pen}\"/></svg>",
        -w / 2.0,
        -h / 2.0,
        painted("fill", fill),
        painted("stroke", edge),
    );
    Some(Graphic {
        symbols: vec![GraphicSymbol::Image {
            name: "a mark of two sizes".to_owned(),
            format: ImageFormat::Svg,
            data: svg.into_bytes().into(),
        }],
        size: Some(Measure {
            value: Expr::number(h),
            unit: size.unit,
        }),
        ..graphic.clone()
    })
}

/// The size of a picture is its width in QGIS, and its height here.
pub(super) fn by_width(graphic: &mut Graphic) {
    let Some(GraphicSymbol::Image {
        format: ImageFormat::Svg,
        data,
        ..
    }) = graphic.symbols.first()
    else {
        return;
    };
    let Ok(image) = Image::decode(ImageFormat::Svg, data) else {
        return;
    };
    let [width, height] = image.size();
    if let Some(size) = &mut graphic.size
        && let Expr::Literal(Literal::Number(number)) = &mut size.value
        && width > 0.0
    {
        *number *= height / width;
    }
}

fn ink(paint: &Paint) -> Option<(String, f64)> {
    match &paint.color {
        Expr::Literal(Literal::Text(color)) => Some((color.clone(), number(&paint.opacity)?)),
        _ => None,
    }
}

fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Literal(Literal::Number(number)) => Some(*number),
        _ => None,
    }
}
