//! Functions of expressions: one set, under every name that FES, SE, GeoServer, QGIS and
//! MapLibre have for them.

use std::borrow::Cow;

use super::compare;
use super::eval::{Scalar, finite};
use super::fold::Folding;
use super::spatial;
use super::{ArithmeticOp, CompareOp, Expr, Filter, LikePattern, Literal};
use crate::error::{Error, Result, nearest};
use crate::geom::{Coord, Geometry, GeometryType, PartKind};

/// A function without side effects; null where an argument it needs is null or of another type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    // text
    Lower,
    Upper,
    Capitalize,
    Length,
    Trim,
    /// Text, first character from 0, end (exclusive, absent: all).
    Slice,
    /// Text, first character from 1, count (absent: all): `se:Substring`.
    Substring,
    /// Text, what to find, what to put there instead.
    Replace,
    /// Text, what to find: position from 0, or -1.
    IndexOf,
    StartsWith,
    EndsWith,
    Includes,
    /// Without case: `CASEI` of CQL2.
    CaseFold,
    /// Without accents: `ACCENTI` of CQL2.
    AccentFold,
    // numbers
    Abs,
    Ceil,
    Floor,
    Round,
    Sqrt,
    Min,
    Max,
    Ln,
    Log10,
    Exp,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Atan2,
    ToRadians,
    ToDegrees,
    // conversions
    ToNumber,
    ToInteger,
    ToText,
    ToBool,
    /// Pattern (`#,##0.00`), number.
    FormatNumber,
    /// Pattern (`dd/MM/yyyy`), date or time.
    FormatDate,
    // null
    Coalesce,
    // geometry, in units of the data's CRS
    Area,
    /// Of lines; the perimeter of areas.
    GeometryLength,
    Centroid,
    InteriorPoint,
    StartPoint,
    EndPoint,
    X,
    Y,
    /// 0, 1 or 2.
    Dimension,
    TypeName,
    VertexCount,
}

/// The kinds of value that functions give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultKind {
    Text,
    Number,
    Integer,
    Bool,
    Geometry,
    /// What the arguments are.
    OfArguments,
}

/// Names (case and `_` do not matter; the first is the one to write), the function, how many arguments it takes.
const NAMES: &[(&[&str], Function, (usize, usize))] = {
    use Function as F;
    &[
        (&["strToLowerCase", "lower", "downcase"], F::Lower, (1, 1)),
        (&["strToUpperCase", "upper", "upcase"], F::Upper, (1, 1)),
        (
            &["strCapitalize", "capitalize", "title"],
            F::Capitalize,
            (1, 1),
        ),
        (&["strLength", "length", "stringlength"], F::Length, (1, 1)),
        (&["strTrim", "trim", "strtrim2"], F::Trim, (1, 1)),
        (
            &["strSubstring", "strsubstringstart", "slice"],
            F::Slice,
            (2, 3),
        ),
        (&["Substring", "substr"], F::Substring, (2, 3)),
        (&["strReplace", "replace"], F::Replace, (3, 4)),
        (&["strIndexOf", "indexof"], F::IndexOf, (2, 2)),
        (&["strStartsWith", "startswith"], F::StartsWith, (2, 2)),
        (&["strEndsWith", "endswith"], F::EndsWith, (2, 2)),
        (&["strContains", "includes"], F::Includes, (2, 2)),
        (&["casei"], F::CaseFold, (1, 1)),
        (&["accenti"], F::AccentFold, (1, 1)),
        (&["abs", "abs2", "abs3", "abs4"], F::Abs, (1, 1)),
        (&["ceil", "ceiling"], F::Ceil, (1, 1)),
        (&["floor"], F::Floor, (1, 1)),
        (&["round", "rint", "rounddouble"], F::Round, (1, 2)),
        (&["sqrt"], F::Sqrt, (1, 1)),
        (&["min", "min2", "min3", "min4"], F::Min, (1, 99)),
        (&["max", "max2", "max3", "max4"], F::Max, (1, 99)),
        (&["log", "ln"], F::Ln, (1, 1)),
        (&["log10"], F::Log10, (1, 1)),
        (&["exp"], F::Exp, (1, 1)),
        (&["sin"], F::Sin, (1, 1)),
        (&["cos"], F::Cos, (1, 1)),
        (&["tan"], F::Tan, (1, 1)),
        (&["asin"], F::Asin, (1, 1)),
        (&["acos"], F::Acos, (1, 1)),
        (&["atan"], F::Atan, (1, 1)),
        (&["atan2"], F::Atan2, (2, 2)),
        (&["toRadians", "radians"], F::ToRadians, (1, 1)),
        (&["toDegrees", "degrees"], F::ToDegrees, (1, 1)),
        (&["parseDouble", "tonumber", "toreal"], F::ToNumber, (1, 1)),
        (
            &["parseInt", "tointeger", "toint", "parselong"],
            F::ToInteger,
            (1, 1),
        ),
        (&["toText", "tostring", "strvalueof"], F::ToText, (1, 1)),
        (&["parseBoolean", "toboolean", "tobool"], F::ToBool, (1, 1)),
        (&["numberFormat", "formatnumber"], F::FormatNumber, (2, 2)),
        (&["dateFormat", "formatdate"], F::FormatDate, (2, 2)),
        (&["coalesce"], F::Coalesce, (1, 99)),
        (&["area", "area2"], F::Area, (1, 1)),
        (
            &["geomLength", "perimeter", "geometrylength"],
            F::GeometryLength,
            (1, 1),
        ),
        (&["centroid"], F::Centroid, (1, 1)),
        (
            &["interiorPoint", "pointonsurface"],
            F::InteriorPoint,
            (1, 1),
        ),
        (&["startPoint"], F::StartPoint, (1, 1)),
        (&["endPoint"], F::EndPoint, (1, 1)),
        (&["getX", "x"], F::X, (1, 1)),
        (&["getY", "y"], F::Y, (1, 1)),
        (&["dimension"], F::Dimension, (1, 1)),
        (&["geometryType"], F::TypeName, (1, 1)),
        (&["numPoints"], F::VertexCount, (1, 1)),
    ]
};

/// Functions that are other expressions under a function's name.
const REWRITTEN: [&str; 33] = [
    "and",
    "or",
    "strconcat",
    "concat",
    "concatenate",
    "ifthenelse",
    "if",
    "isnull",
    "isnotnull",
    "not",
    "in",
    "between",
    "like",
    "islike",
    "equalto",
    "strequalsignorecase",
    "notequalto",
    "lessthan",
    "lessequalthan",
    "greaterthan",
    "greaterequalthan",
    "add",
    "sub",
    "mul",
    "div",
    "pow",
    "modulo",
    "pi",
    "categorize",
    "recode",
    "interpolate",
    "id",
    "geometry",
];

impl Function {
    /// The function of that name in FES, SE, GeoServer or QGIS; case and `_` do not matter.
    pub fn named(name: &str) -> Option<Function> {
        let name = plain(name);
        let entry = NAMES
            .iter()
            .find(|(names, ..)| names.iter().any(|n| plain(n) == name));
        entry.map(|(_, function, _)| *function)
    }

    /// The name under which other servers and clients know the function best.
    pub fn name(self) -> &'static str {
        let entry = NAMES.iter().find(|(_, function, _)| *function == self);
        entry
            .and_then(|(names, ..)| names.first())
            .copied()
            .unwrap_or_default()
    }

    /// What the function takes away from a text.
    pub(super) fn folding(self) -> Folding {
        match self {
            Function::CaseFold => Folding::CASE,
            Function::AccentFold => Folding::ACCENTS,
            _ => Folding::NONE,
        }
    }

    /// Every function, by its first name, with the least and the most arguments it takes.
    pub fn all() -> impl Iterator<Item = (Function, &'static str, (usize, usize))> {
        let first = |names: &'static [&'static str]| names.first().copied().unwrap_or_default();
        NAMES
            .iter()
            .map(move |(names, function, arity)| (*function, first(names), *arity))
    }

    /// What kind of value comes out.
    pub fn result(self) -> ResultKind {
        use Function as F;
        match self {
            F::Lower
            | F::Upper
            | F::Capitalize
            | F::Trim
            | F::Slice
            | F::Substring
            | F::Replace
            | F::CaseFold
            | F::AccentFold
            | F::ToText
            | F::FormatNumber
            | F::FormatDate
            | F::TypeName => ResultKind::Text,
            F::StartsWith | F::EndsWith | F::Includes | F::ToBool => ResultKind::Bool,
            F::Length | F::IndexOf | F::ToInteger | F::Dimension | F::VertexCount => {
                ResultKind::Integer
            }
            F::Abs
            | F::Ceil
            | F::Floor
            | F::Round
            | F::Sqrt
            | F::Min
            | F::Max
            | F::Ln
            | F::Log10
            | F::Exp
            | F::Sin
            | F::Cos
            | F::Tan
            | F::Asin
            | F::Acos
            | F::Atan
            | F::Atan2
            | F::ToRadians
            | F::ToDegrees
            | F::ToNumber
            | F::Area
            | F::GeometryLength
            | F::X
            | F::Y => ResultKind::Number,
            F::Centroid | F::InteriorPoint | F::StartPoint | F::EndPoint => ResultKind::Geometry,
            F::Coalesce => ResultKind::OfArguments,
        }
    }

    fn arity(self) -> (usize, usize) {
        let entry = NAMES.iter().find(|(_, function, _)| *function == self);
        entry.map_or((0, 0), |(.., arity)| *arity)
    }

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
                match rest.get(2).and_then(compare::truth) {
                    Some(false) => owned(text.replacen(find.as_ref(), &by, 1)),
                    _ => owned(text.replace(find.as_ref(), &by)),
                }
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

fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| *c != '_');
    letters.flat_map(char::to_lowercase).collect()
}

impl Expr {
    /// A function call by any name that FES, SE, GeoServer or QGIS has for the function.
    ///
    /// Functions that are another kind of expression become that one: `strConcat`, `if_then_else`,
    /// `in`, `between`, `isNull`, `Recode`, `Categorize`, `Interpolate`, comparisons, arithmetic.
    ///
    /// # Errors
    /// `InvalidFilter`: no such function, or a number of arguments it does not take.
    pub fn call(name: &str, arguments: Vec<Expr>) -> Result<Expr> {
        if let Some(function) = Function::named(name) {
            let (least, most) = function.arity();
            if !(least..=most).contains(&arguments.len()) {
                return Err(wrong_count(name, arguments.len()));
            }
            return Ok(Expr::Function(function, arguments));
        }
        let key = plain(name);
        let key = key.as_str();
        // GeoServer numbers its variants: in2 … in10
        let key = match key.strip_prefix("in") {
            Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                "in"
            }
            _ => key,
        };
        if !REWRITTEN.contains(&key) {
            let known = NAMES.iter().flat_map(|(names, ..)| names.iter().copied());
            let hint = nearest(key, known.chain(REWRITTEN));
            let hint = hint.map_or(String::new(), |n| format!(", did you mean {n:?}?"));
            return Err(Error::InvalidFilter {
                message: format!("no function {name:?}{hint}"),
            });
        }
        let count = arguments.len();
        rewritten(key, arguments).ok_or_else(|| wrong_count(name, count))
    }

    /// True or false as a value: what a function that is a condition answers.
    pub fn from_condition(condition: Filter) -> Expr {
        Expr::Case(
            vec![(condition, Expr::Literal(Literal::Bool(true)))],
            Box::new(Expr::Literal(Literal::Bool(false))),
        )
    }
}

fn wrong_count(name: &str, found: usize) -> Error {
    Error::InvalidFilter {
        message: format!("function {name:?} does not take {found} arguments"),
    }
}

fn rewritten(key: &str, arguments: Vec<Expr>) -> Option<Expr> {
    let compare = |op, match_case, [left, right]: [Expr; 2]| {
        Expr::from_condition(Filter::Compare {
            op,
            left,
            right,
            match_case,
        })
    };
    let two = |list: Vec<Expr>| <[Expr; 2]>::try_from(list).ok();
    let comparison = |op, list| Some(compare(op, true, two(list)?));
    let arithmetic = |op, list| {
        let [a, b] = two(list)?;
        Some(Expr::Arithmetic(op, Box::new(a), Box::new(b)))
    };
    let one = |list: Vec<Expr>| <[Expr; 1]>::try_from(list).ok().map(|[only]| only);
    match key {
        "strconcat" | "concat" | "concatenate" => Some(Expr::Concat(arguments)),
        "ifthenelse" | "if" => {
            let [condition, yes, no] = arguments.try_into().ok()?;
            let first = (into_condition(condition), yes);
            // a chain of them is one choice
            Some(match no {
                Expr::Case(mut cases, otherwise) => {
                    cases.insert(0, first);
                    Expr::Case(cases, otherwise)
                }
                no => Expr::Case(vec![first], Box::new(no)),
            })
        }
        "and" | "or" => {
            let parts = arguments.into_iter().map(into_condition).collect();
            Some(Expr::from_condition(match key {
                "and" => Filter::And(parts),
                _ => Filter::Or(parts),
            }))
        }
        "isnull" => Some(Expr::from_condition(Filter::IsNull(one(arguments)?))),
        "isnotnull" => {
            let is_null = Filter::IsNull(one(arguments)?);
            Some(Expr::from_condition(Filter::Not(Box::new(is_null))))
        }
        "not" => {
            let inner = into_condition(one(arguments)?);
            Some(Expr::from_condition(Filter::Not(Box::new(inner))))
        }
        "in" => {
            let mut arguments = arguments.into_iter();
            let value = arguments.next()?;
            let list = arguments.collect();
            Some(Expr::from_condition(Filter::In { value, list }))
        }
        "between" => {
            let [value, low, high] = arguments.try_into().ok()?;
            Some(Expr::from_condition(Filter::Between { value, low, high }))
        }
        "like" | "islike" => {
            let [value, pattern] = two(arguments)?;
            let Expr::Literal(Literal::Text(pattern)) = pattern else {
                return None;
            };
            // GeoServer's isLike takes `*` and `.`, QGIS `%` and `_`
            let (any, single) = match key {
                "islike" => ('*', '.'),
                _ => ('%', '_'),
            };
            Some(Expr::from_condition(Filter::Like {
                value,
                pattern: LikePattern::parse(&pattern, Some(any), Some(single), Some('\\')),
                match_case: true,
            }))
        }
        "equalto" => comparison(CompareOp::Equal, arguments),
        "strequalsignorecase" => Some(compare(CompareOp::Equal, false, two(arguments)?)),
        "notequalto" => comparison(CompareOp::NotEqual, arguments),
        "lessthan" => comparison(CompareOp::Less, arguments),
        "lessequalthan" => comparison(CompareOp::LessOrEqual, arguments),
        "greaterthan" => comparison(CompareOp::Greater, arguments),
        "greaterequalthan" => comparison(CompareOp::GreaterOrEqual, arguments),
        "add" => arithmetic(ArithmeticOp::Add, arguments),
        "sub" => arithmetic(ArithmeticOp::Subtract, arguments),
        "mul" => arithmetic(ArithmeticOp::Multiply, arguments),
        "div" => arithmetic(ArithmeticOp::Divide, arguments),
        "pow" => arithmetic(ArithmeticOp::Power, arguments),
        "modulo" => arithmetic(ArithmeticOp::Modulo, arguments),
        "pi" => arguments
            .is_empty()
            .then(|| Expr::number(std::f64::consts::PI)),
        "id" => arguments.is_empty().then_some(Expr::FeatureId),
        "geometry" => arguments.is_empty().then_some(Expr::Geometry),
        "categorize" => {
            let mut arguments = arguments.into_iter();
            let (value, first) = (arguments.next()?, arguments.next()?);
            let steps = pairs(arguments)?;
            Some(Expr::Step(Box::new(value), Box::new(first), steps))
        }
        "recode" => {
            let mut arguments = arguments.into_iter();
            let value = arguments.next()?;
            let cases = pairs(arguments)?;
            let otherwise = Box::new(Expr::Literal(Literal::Null));
            Some(Expr::Match(Box::new(value), cases, otherwise))
        }
        "interpolate" => {
            let mut arguments = arguments.into_iter();
            let value = arguments.next()?;
            Some(Expr::Interpolate(Box::new(value), pairs(arguments)?))
        }
        _ => None,
    }
}

/// Arguments two by two. Words at the end that say how (`succeeding`, `color`, `linear`) are
/// GeoServer's way to pass attributes: they change nothing here.
fn pairs(arguments: impl Iterator<Item = Expr>) -> Option<Vec<(Expr, Expr)>> {
    const MODES: [&str; 7] = [
        "succeeding",
        "preceding",
        "color",
        "numeric",
        "linear",
        "cosine",
        "cubic",
    ];
    let mut list: Vec<Expr> = arguments.collect();
    while let Some(Expr::Literal(Literal::Text(last))) = list.last()
        && MODES.contains(&last.to_lowercase().as_str())
    {
        list.pop();
    }
    let mut pairs = Vec::with_capacity(list.len() / 2);
    let mut list = list.into_iter();
    while let Some(first) = list.next() {
        pairs.push((first, list.next()?));
    }
    Some(pairs)
}

/// The condition that an expression is where one is needed.
pub fn into_condition(expr: Expr) -> Filter {
    match expr {
        Expr::Case(mut cases, otherwise)
            if cases.len() == 1
                && *otherwise == Expr::Literal(Literal::Bool(false))
                && cases
                    .first()
                    .is_some_and(|(_, yes)| *yes == Expr::Literal(Literal::Bool(true))) =>
        {
            match cases.pop() {
                Some((condition, _)) => condition,
                None => Filter::Truth(Expr::Literal(Literal::Bool(false))),
            }
        }
        other => Filter::Truth(other),
    }
}
