//! A graphic of a style with one feature's values: what stands where a point is, or along a line.

use super::color::Color;
use super::compile::{CompiledGraphic, CompiledSymbol};
use super::fixed::{Fixed, sin_cos_degrees, units};
use super::image::Image;
use super::symbol::{Look, MarkStroke, What, drawn_size};
use crate::feature::Feature;

/// A graphic with a feature's values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Symbol<'g> {
    pub look: Look,
    pub image: Option<&'g Image>,
    /// From the position to the graphic's middle, in units.
    pub shift: Fixed,
}

impl<'g> Symbol<'g> {
    /// `None` where nothing shows. `direction` turns the graphic along a line.
    pub fn of(
        graphic: &'g CompiledGraphic,
        feature: &dyn Feature,
        direction: Option<[f64; 2]>,
    ) -> Option<Symbol<'g>> {
        let opacity = graphic.opacity.get(feature).clamp(0.0, 1.0);
        let (what, image) = match &graphic.symbol {
            CompiledSymbol::Nothing => return None,
            CompiledSymbol::Mark {
                shape,
                fill,
                stroke,
            } => {
                let faded = |color: Color| color.with_opacity(opacity);
                let fill = fill.as_ref().and_then(|ink| ink.color(feature)).map(faded);
                let stroke = stroke.as_ref().and_then(|stroke| {
                    Some(MarkStroke {
                        color: faded(stroke.ink.color(feature)?),
                        width: Look::sixteenths(stroke.width.px(feature)),
                        cap: stroke.cap,
                        join: stroke.join,
                    })
                });
                let stroke = stroke.filter(|s| s.width > 0);
                if fill.is_none() && stroke.is_none() {
                    return None;
                }
                let shape = *shape;
                let what = What::Mark {
                    shape,
                    fill,
                    stroke,
                };
                (what, None)
            }
            CompiledSymbol::Image { id, image } => {
                let opacity = (opacity * 255.0 + 0.5) as u8;
                if opacity == 0 {
                    return None;
                }
                (What::Image { id: *id, opacity }, Some(&**image))
            }
        };
        let mut rotation = graphic.rotation.get(feature);
        if let Some([x, y]) = direction {
            rotation += degrees_of(x, y);
        }
        let look = Look {
            what,
            size: Look::sixteenths(graphic.size.px(feature)),
            rotation: Look::half_degrees(rotation),
        };
        if look.size == 0 {
            return None;
        }
        let mut symbol = Symbol {
            look,
            image,
            shift: [0, 0],
        };
        // the anchor turns with the graphic, the displacement does not
        let [width, height] = symbol.size_px();
        let [ax, ay] = graphic.anchor;
        let (x, y) = ((0.5 - ax) * width, (ay - 0.5) * height);
        let (sin, cos) = sin_cos_degrees(look.rotation_degrees());
        let [right, up] = &graphic.displacement;
        let (mut right, mut down) = (right.px(feature), -up.px(feature));
        if let Some([dx, dy]) = direction {
            // along a line, displacement is along and across it
            (right, down) = (right * dx - down * dy, right * dy + down * dx);
        }
        symbol.shift = [
            units(x * cos - y * sin + right),
            units(x * sin + y * cos + down),
        ];
        Some(symbol)
    }

    /// Width and height before rotation.
    pub fn size_px(&self) -> [f64; 2] {
        match self.image {
            Some(image) => drawn_size(&self.look, image),
            None => [self.look.size_px(); 2],
        }
    }
}

/// The angle of a direction in degrees, clockwise from the x axis, to a quarter of a degree:
/// found by halving, with the same sines as everything else, so the same on every machine.
fn degrees_of(x: f64, y: f64) -> f64 {
    let (mut low, mut high) = (0.0, 180.0);
    for _ in 0..10 {
        let middle = (low + high) / 2.0;
        let (sin, cos) = sin_cos_degrees(middle);
        // is the direction further round than the middle?
        if cos * y.abs() - sin * x > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    let angle = (low + high) / 2.0;
    if y < 0.0 { -angle } else { angle }
}
