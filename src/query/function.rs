//! Functions of expressions: one set, under every name that FES, SE, GeoServer, QGIS and
//! MapLibre have for them. What they give is in `compute`.

use super::fold::Folding;

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
pub(super) const NAMES: &[(&[&str], Function, (usize, usize))] = {
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

    /// The least and the most arguments that it takes.
    pub(super) fn arity(self) -> (usize, usize) {
        let entry = NAMES.iter().find(|(_, function, _)| *function == self);
        entry.map_or((0, 0), |(.., arity)| *arity)
    }
}

/// A name without what does not matter in it: case and `_`.
pub(super) fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| *c != '_');
    letters.flat_map(char::to_lowercase).collect()
}
