use crate::error::Result;
use crate::feature::{Feature, Schema};
use crate::geom::View;
use crate::query::{BoundExpr, Expr, Literal};
use crate::style::{Measure, Unit};

/// A length of a style, bound to a schema and a view: in pixels, within a range.
#[derive(Debug, Clone)]
pub struct Length {
    expr: BoundExpr,
    pixels_per_unit: f64,
    range: [f64; 2],
    default: f64,
}

impl Length {
    /// `range` and `default` are in device pixels. The upper end of the range becomes the
    /// largest value that the expression can have, where that can be told from its form.
    pub fn new(
        measure: &Measure,
        schema: &Schema,
        view: &View,
        range: [f64; 2],
        default: f64,
    ) -> Result<Length> {
        let pixels_per_unit = pixels_per(measure.unit, view);
        let [lowest, highest] = range;
        let bound = largest(&measure.value)
            .map(|value| value * pixels_per_unit)
            .filter(|value| value.is_finite())
            .map_or(highest, |value| value.clamp(lowest, highest));
        Ok(Length {
            expr: measure.value.bind(schema)?,
            pixels_per_unit,
            range: [lowest, bound.max(default)],
            default,
        })
    }

    pub fn pixels(&self, feature: &dyn Feature) -> f64 {
        let [lowest, highest] = self.range;
        self.expr
            .eval(feature)
            .as_f64()
            .map(|value| value * self.pixels_per_unit)
            .filter(|value| value.is_finite())
            .map_or(self.default, |value| value.clamp(lowest, highest))
    }

    /// The most that [`pixels`](Length::pixels) answers.
    pub fn most(&self) -> f64 {
        self.range.into_iter().fold(0.0, f64::max)
    }

    /// How far from 0 it can be.
    pub fn furthest(&self) -> f64 {
        match self.constant() {
            Some(value) => value.abs(),
            None => self.range.into_iter().map(f64::abs).fold(0.0, f64::max),
        }
    }

    /// The value, where it is the same for every feature.
    pub fn constant(&self) -> Option<f64> {
        let value = self.expr.constant()?.as_f64()? * self.pixels_per_unit;
        let [lowest, highest] = self.range;
        value.is_finite().then(|| value.clamp(lowest, highest))
    }
}

/// Device pixels in one unit.
fn pixels_per(unit: Unit, view: &View) -> f64 {
    let on_ground = 1.0 / (view.resolution() * view.metres_per_unit);
    match unit {
        Unit::Pixel => view.pixel_ratio,
        Unit::Millimetre => 96.0 / 25.4 * view.pixel_ratio,
        Unit::Metre => on_ground,
        Unit::Foot => 0.3048 * on_ground,
    }
}

/// The largest number an expression can answer, where its form tells: constants, and choices
/// between them.
fn largest(expr: &Expr) -> Option<f64> {
    fn of<'a>(results: impl Iterator<Item = &'a Expr>) -> Option<f64> {
        results
            .map(largest)
            .try_fold(f64::MIN, |most, value| Some(most.max(value?)))
    }
    match expr {
        Expr::Literal(Literal::Number(value)) => Some(*value),
        Expr::Literal(Literal::Text(text)) => text.trim().parse().ok(),
        Expr::Step(_, first, rest) => {
            of(std::iter::once(&**first).chain(rest.iter().map(|(_, r)| r)))
        }
        Expr::Match(_, rest, other) => {
            of(std::iter::once(&**other).chain(rest.iter().map(|(_, r)| r)))
        }
        Expr::Interpolate(_, stops) => of(stops.iter().map(|(_, r)| r)),
        Expr::Case(cases, other) => {
            of(std::iter::once(&**other).chain(cases.iter().map(|(_, r)| r)))
        }
        _ => None,
    }
}

/// A number rounded to seven binary digits, so that the noise of a view's resolution is gone;
/// at most 0.4 % off. Steps of lattices that reach far from their origin are such numbers.
pub fn coarse(value: f64) -> f64 {
    if !(value.is_finite() && value > 0.0) {
        return value;
    }
    let unit = (value.log2().floor() - 7.0).exp2();
    // moved off the middle, where clean values would be decided by noise
    (value / unit + 0.500_7).floor() * unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::{Bbox, Size};

    #[test]
    fn the_largest_of_a_choice_is_known_and_that_of_a_column_is_not() {
        let n = Expr::number;
        let column = || Box::new(Expr::Property("pop".into()));
        let step = Expr::Step(
            column(),
            Box::new(n(9.0)),
            vec![(n(1e3), n(12.0)), (n(1e5), n(11.0))],
        );
        assert_eq!(largest(&step), Some(12.0));
        assert_eq!(largest(&column()), None);
        assert_eq!(
            largest(&Expr::Interpolate(column(), vec![(n(0.0), *column())])),
            None
        );
    }

    #[test]
    fn coarse_numbers_forget_noise_and_stay_near() {
        for value in [
            200.0 * 1.4,
            76.437_028_285_176_9,
            1e-9,
            0.1 + 0.2,
            12_345.678,
        ] {
            let near = coarse(value);
            assert!((near / value - 1.0).abs() < 0.004, "{value} {near}");
            for noise in [-1e-9, 1e-9] {
                assert_eq!(coarse(value * (1.0 + noise)), near);
            }
        }
    }

    #[test]
    fn a_shift_that_is_the_same_for_all_is_no_further_than_it_says() {
        let size = Size {
            width: 256,
            height: 256,
        };
        let bbox = Bbox::new(0.0, 0.0, 256.0, 256.0).unwrap();
        let view = View::new(bbox, size, 1.0);
        let furthest = |shift: f64| {
            let measure = Measure {
                value: Expr::number(shift),
                unit: Unit::Pixel,
            };
            let range = [-500.0, 500.0];
            let length = Length::new(&measure, &Schema::default(), &view, range, 0.0);
            length.unwrap().furthest()
        };
        assert_eq!(
            [0.0, -7.0, 12.0, -9e9].map(furthest),
            [0.0, 7.0, 12.0, 500.0]
        );
    }
}
