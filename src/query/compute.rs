//! What functions give for values: of numbers, of texts, of geometries.

use std::borrow::Cow;

use super::compare;
use super::eval::{Scalar, finite};
use super::function::Function;
use super::spatial;
use crate::geom::{Coord, Geometry, GeometryType, PartKind};

/// Bytes of a text that is put together: functions inside each other make long ones of a short
/// filter, and no name or label is half as long.
pub(super) const MAX_TEXT_BYTES: usize = 100_000;

impl Function {
    /// The value for these arguments; null where one that is needed is null or of another type.
    pub(super) fn call<'a>(self, arguments: Vec<Scalar<'a>>) -> Scalar<'a> {
        if self == Function::Coalesce {
            let mut present = arguments.into_iter().filter(|a| !a.is_null());
            return present.next().unwrap_or(Scalar::Null);
        }
        match &arguments[..] {
            _ if self == Function::Min => extreme(&arguments, f64::min),
            _ if self == Function::Max => extreme(&arguments, f64::max),
            [Scalar::Null, ..] | [] => Scalar::Null,
            [Scalar::Geometry(geometry)] => self.of_geometry(geometry),
            [Scalar::Geometry(a), Scalar::Geometry(b), pattern] => match self {
                Function::RelatePattern => {
                    spatial::relates(a, b, &pattern.to_text()).map_or(Scalar::Null, Scalar::Bool)
                }
                _ => Scalar::Null,
            },
            [first, rest @ ..] => self
                .of_number(first, rest)
                .or_else(|| self.of_text(first, rest))
                .unwrap_or(Scalar::Null),
        }
    }

    fn of_number<'a>(self, first: &Scalar<'a>, rest: &[Scalar<'a>]) -> Option<Scalar<'a>> {
        let x = || first.as_f64();
        Some(finite(match self {
            Function::Abs => match first {
                Scalar::Int(i) => return i.checked_abs().map(Scalar::Int),
                _ => x()?.abs(),
            },
            Function::Ceil => x()?.ceil(),
            Function::Floor => x()?.floor(),
            Function::Round => {
                let digits = rest.first().and_then(Scalar::as_f64).unwrap_or(0.0);
                let scale = 10_f64.powf(digits.trunc().clamp(-15.0, 15.0));
                (x()? * scale).round() / scale
            }
            Function::Sqrt => x()?.sqrt(),
            Function::Ln => x()?.ln(),
            Function::Log10 => x()?.log10(),
            Function::Exp => x()?.exp(),
            Function::Sin => x()?.sin(),
            Function::Cos => x()?.cos(),
            Function::Tan => x()?.tan(),
            Function::Asin => x()?.asin(),
            Function::Acos => x()?.acos(),
            Function::Atan => x()?.atan(),
            Function::Atan2 => x()?.atan2(rest.first()?.as_f64()?),
            Function::ToRadians => x()?.to_radians(),
            Function::ToDegrees => x()?.to_degrees(),
            Function::ToNumber => x()?,
            Function::ToInteger => {
                let x = x()?.trunc();
                // a cast saturates: what does not fit is no integer
                return (x.abs() < 9.2e18).then_some(Scalar::Int(x as i64));
            }
            Function::ToBool => return compare::truth(first).map(Scalar::Bool),
            _ => return None,
        }))
    }

    fn of_text<'a>(self, first: &Scalar<'a>, rest: &[Scalar<'a>]) -> Option<Scalar<'a>> {
        let text = first.to_text();
        let second = || rest.first().filter(|s| !s.is_null()).map(Scalar::to_text);
        let owned = |t: String| Some(Scalar::Text(Cow::Owned(t)));
        let position = |index: usize| {
            let number = rest.get(index).filter(|s| !s.is_null())?.as_f64()?;
            Some(number.max(0.0) as usize)
        };
        match self {
            Function::Lower => owned(text.to_lowercase()),
            Function::Upper => owned(text.to_uppercase()),
            Function::Capitalize => owned(capitalized(&text)),
            Function::Length => i64::try_from(text.chars().count()).ok().map(Scalar::Int),
            Function::Trim => owned(text.trim().to_owned()),
            Function::Slice => {
                let start = position(0)?;
                let end = match rest.len() {
                    0 | 1 => usize::MAX,
                    _ => position(1)?,
                };
                owned(text.chars().take(end).skip(start).collect())
            }
            Function::Substring => {
                let start = position(0)?.saturating_sub(1);
                let count = match rest.len() {
                    0 | 1 => usize::MAX,
                    _ => position(1)?,
                };
                owned(text.chars().skip(start).take(count).collect())
            }
            Function::Replace => {
                let (find, by) = (second()?, rest.get(1)?.to_text());
                if find.is_empty() {
                    return owned(text.into_owned());
                }
                // GeoServer's fourth argument: all, or only the first
                let most = match rest.get(2).and_then(compare::truth) {
                    Some(false) => 1,
                    _ => usize::MAX,
                };
                let count = text.matches(find.as_ref()).take(most).count();
                let length = text.len().saturating_add(count.saturating_mul(by.len()));
                if count > 0 && length > MAX_TEXT_BYTES {
                    return None;
                }
                owned(text.replacen(find.as_ref(), &by, most))
            }
            Function::IndexOf => {
                let found = text.find(second()?.as_ref());
                let before = found.and_then(|at| text.get(..at));
                let index = before.map_or(-1, |b| i64::try_from(b.chars().count()).unwrap_or(-1));
                Some(Scalar::Int(index))
            }
            Function::StartsWith => Some(Scalar::Bool(text.starts_with(second()?.as_ref()))),
            Function::EndsWith => Some(Scalar::Bool(text.ends_with(second()?.as_ref()))),
            Function::Includes => Some(Scalar::Bool(text.contains(second()?.as_ref()))),
            Function::CaseFold | Function::AccentFold => {
                owned(self.folding().fold(&text).into_owned())
            }
            Function::ToText => owned(text.into_owned()),
            Function::FormatNumber => {
                let number = rest.first()?.as_f64()?;
                owned(super::format::number(&text, number))
            }
            Function::FormatDate => owned(super::format::date(&text, &second()?)?),
            _ => None,
        }
    }

    fn of_geometry<'a>(self, geometry: &Geometry) -> Scalar<'a> {
        let shape =
            |g: Option<Geometry>| g.map_or(Scalar::Null, |g| Scalar::Geometry(Cow::Owned(g)));
        let end = |coord: Option<&Coord>| shape(coord.map(|c| spatial::single_point(*c)));
        let coords = geometry.coords();
        let position = || match coords {
            [only] => Some(*only),
            _ => spatial::centroid(geometry).and_then(|g| g.coords().first().copied()),
        };
        match self {
            Function::Area => finite(spatial::area(geometry)),
            Function::GeometryLength | Function::Length => finite(spatial::length(geometry)),
            Function::Centroid => shape(spatial::centroid(geometry)),
            Function::InteriorPoint => shape(spatial::interior_point(geometry)),
            Function::StartPoint => end(coords.first()),
            Function::EndPoint => end(coords.last()),
            Function::X => position().map_or(Scalar::Null, |[x, _]| finite(x)),
            Function::Y => position().map_or(Scalar::Null, |[_, y]| finite(y)),
            Function::Dimension => dimension(geometry).map_or(Scalar::Null, Scalar::Int),
            Function::TypeName => match geometry.kind() {
                GeometryType::Unknown => Scalar::Null,
                kind => Scalar::Text(Cow::Borrowed(kind.name())),
            },
            Function::VertexCount => i64::try_from(coords.len()).map_or(Scalar::Null, Scalar::Int),
            _ => Scalar::Null,
        }
    }
}

fn extreme(arguments: &[Scalar<'_>], pick: fn(f64, f64) -> f64) -> Scalar<'static> {
    let numbers = arguments.iter().filter_map(Scalar::as_f64);
    numbers.reduce(pick).map_or(Scalar::Null, finite)
}

/// The highest dimension of the parts.
fn dimension(geometry: &Geometry) -> Option<i64> {
    let parts = geometry.parts().map(|p| match p.kind {
        PartKind::Points => 0,
        PartKind::Line => 1,
        PartKind::Polygon => 2,
    });
    parts.max()
}

fn capitalized(text: &str) -> String {
    let mut start = true;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if start {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        start = !c.is_alphanumeric();
    }
    out
}
