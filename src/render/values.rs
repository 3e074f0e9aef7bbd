//! Values of a style made ready to draw: constants settled once, the rest bound to columns.

use super::color::Color;
use crate::error::{Error, Result};
use crate::feature::{Feature, Schema};
use crate::geom::View;
use crate::query::{BoundExpr, Expr, Literal};
use crate::style::{Measure, Paint, Unit};

/// What a style is compiled for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub schema: &'a Schema,
    pub view: &'a View,
}

/// A length from an attribute is at most that many reference pixels: what is drawn beyond a
/// feature's box must be known before the features are selected.
const MAX_FROM_ATTRIBUTE: f64 = 128.0;
/// Any length, in device pixels.
const MAX_PX: f64 = 8192.0;

impl Setting<'_> {
    /// Device pixels in one unit of a measure.
    pub fn pixels_per(&self, unit: Unit) -> f64 {
        // OGC 05-077r4 §11.1: ground units by the map's scale
        let metre = || 1.0 / (self.view.resolution() * self.view.metres_per_unit);
        let factor = match unit {
            Unit::Pixel => self.view.pixel_ratio,
            Unit::Millimetre => 96.0 / 25.4 * self.view.pixel_ratio,
            Unit::Metre => metre(),
            Unit::Foot => metre() * 0.3048,
        };
        if factor.is_finite() { factor } else { 1.0 }
    }

    pub fn length(&self, measure: &Measure) -> Result<Length> {
        let factor = self.pixels_per(measure.unit);
        let bound = measure.value.bind(self.schema)?;
        if let Some(constant) = bound.constant() {
            let px = constant.as_f64().unwrap_or(0.0) * factor;
            return Ok(Length::Constant(limited(px, MAX_PX)));
        }
        let unknown = MAX_FROM_ATTRIBUTE * self.view.pixel_ratio;
        let most = largest(&measure.value).map_or(unknown, |v| v * factor);
        Ok(Length::Each {
            value: bound,
            factor,
            most: limited(most, MAX_PX).abs(),
        })
    }

    pub fn lengths(&self, measures: &[Measure; 2]) -> Result<[Length; 2]> {
        Ok([self.length(&measures[0])?, self.length(&measures[1])?])
    }

    pub fn number(&self, expr: &Expr, default: f64) -> Result<Number> {
        let bound = expr.bind(self.schema)?;
        Ok(match bound.constant() {
            Some(constant) => Number::Constant(constant.as_f64().unwrap_or(default)),
            None => Number::Each(bound, default),
        })
    }

    pub fn ink(&self, paint: &Paint) -> Result<Ink> {
        let bound = paint.color.bind(self.schema)?;
        let color = match bound.constant() {
            Some(constant) if constant.is_null() => Hue::Constant(Color::TRANSPARENT),
            Some(constant) => {
                let text = constant.to_text();
                let color = Color::parse(&text).ok_or_else(|| Error::InvalidStyle {
                    message: format!(
                        "expected a colour such as #rrggbb, rgb() or a CSS name, found {text:?}"
                    ),
                    line: 0,
                    column: 0,
                })?;
                Hue::Constant(color)
            }
            None => Hue::Each(bound),
        };
        Ok(Ink {
            color,
            opacity: self.number(&paint.opacity, 1.0)?,
        })
    }
}

fn limited(px: f64, most: f64) -> f64 {
    if px.is_nan() {
        0.0
    } else {
        px.clamp(-most, most)
    }
}

/// The largest magnitude an expression can have, where that can be told.
fn largest(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Literal(Literal::Number(n)) => Some(n.abs()),
        Expr::Literal(Literal::Text(t)) => t.trim().parse::<f64>().ok().map(f64::abs),
        Expr::Literal(_) => Some(0.0),
        Expr::Step(_, first, steps) => most_of(steps.iter().map(|(_, v)| v).chain([&**first])),
        Expr::Match(_, cases, other) => most_of(cases.iter().map(|(_, v)| v).chain([&**other])),
        Expr::Interpolate(_, stops) => most_of(stops.iter().map(|(_, v)| v)),
        Expr::Case(cases, other) => most_of(cases.iter().map(|(_, v)| v).chain([&**other])),
        _ => None,
    }
}

fn most_of<'a>(values: impl Iterator<Item = &'a Expr>) -> Option<f64> {
    values
        .map(largest)
        .try_fold(0.0, |most: f64, value| Some(most.max(value?)))
}

/// A length in device pixels.
#[derive(Debug, Clone, PartialEq)]
pub enum Length {
    Constant(f64),
    Each {
        value: BoundExpr,
        factor: f64,
        most: f64,
    },
}

impl Length {
    /// For one feature; 0 where its attribute is no number.
    pub fn px(&self, feature: &dyn Feature) -> f64 {
        match self {
            Length::Constant(px) => *px,
            Length::Each {
                value,
                factor,
                most,
            } => {
                let value = value.eval(feature).as_f64().unwrap_or(0.0);
                limited(value * factor, *most)
            }
        }
    }

    /// The largest magnitude it can have.
    pub fn most_px(&self) -> f64 {
        match self {
            Length::Constant(px) => px.abs(),
            Length::Each { most, .. } => *most,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Number {
    Constant(f64),
    /// And what stands for an attribute that is no number.
    Each(BoundExpr, f64),
}

impl Number {
    pub fn get(&self, feature: &dyn Feature) -> f64 {
        match self {
            Number::Constant(value) => *value,
            Number::Each(value, default) => value.eval(feature).as_f64().unwrap_or(*default),
        }
    }
}

/// A colour with its opacity.
#[derive(Debug, Clone, PartialEq)]
pub struct Ink {
    color: Hue,
    opacity: Number,
}

#[derive(Debug, Clone, PartialEq)]
enum Hue {
    Constant(Color),
    Each(BoundExpr),
}

impl Ink {
    /// For one feature; `None` where nothing shows: transparent, or an attribute that is no colour.
    pub fn color(&self, feature: &dyn Feature) -> Option<Color> {
        let color = match &self.color {
            Hue::Constant(color) => *color,
            Hue::Each(value) => Color::parse(&value.eval(feature).to_text())?,
        };
        let color = match &self.opacity {
            Number::Constant(opacity) if *opacity >= 1.0 => color,
            opacity => color.with_opacity(opacity.get(feature)),
        };
        (color.a > 0).then_some(color)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::{Bbox, Size};

    #[test]
    fn units_become_device_pixels() {
        let bbox = Bbox::new(0.0, 0.0, 1000.0, 1000.0).unwrap();
        let size = Size {
            width: 100,
            height: 100,
        };
        let view = View {
            pixel_ratio: 2.0,
            ..View::new(bbox, size, 1.0)
        };
        let schema = Schema::default();
        let setting = Setting {
            schema: &schema,
            view: &view,
        };
        let px = |value: f64, unit| match setting.length(&Measure {
            value: Expr::number(value),
            unit,
        }) {
            Ok(Length::Constant(px)) => px,
            other => panic!("{other:?}"),
        };
        assert_eq!(px(3.0, Unit::Pixel), 6.0);
        assert!((px(25.4, Unit::Millimetre) - 192.0).abs() < 1e-9);
        assert!((px(50.0, Unit::Metre) - 5.0).abs() < 1e-9);
        assert!((px(100.0, Unit::Foot) - 3.048).abs() < 1e-9);
        assert_eq!(px(f64::NAN, Unit::Pixel), 0.0);
        assert_eq!(px(1e300, Unit::Metre), MAX_PX);
    }

    #[test]
    fn the_reach_of_a_classified_length_is_its_largest_class() {
        let property = || Box::new(Expr::Property("n".into()));
        let steps = vec![
            (Expr::number(10.0), Expr::number(7.0)),
            (Expr::number(20.0), Expr::text("3")),
        ];
        let expr = Expr::Step(property(), Box::new(Expr::number(1.0)), steps);
        assert_eq!(largest(&expr), Some(7.0));
        assert_eq!(largest(&Expr::Property("n".into())), None);
    }

    #[test]
    fn a_constant_that_is_no_colour_is_an_error_that_quotes_it() {
        let bbox = Bbox::new(0.0, 0.0, 1.0, 1.0).unwrap();
        let view = View::new(
            bbox,
            Size {
                width: 1,
                height: 1,
            },
            1.0,
        );
        let setting = Setting {
            schema: &Schema::default(),
            view: &view,
        };
        let error = setting.ink(&Paint::solid("rouge")).unwrap_err();
        assert!(error.to_string().contains("\"rouge\""), "{error}");
    }
}
