//! One filter model for every notation (FES, CQL2, name=value) and its evaluation.
//!
//! A filter is parsed into names, then [bound](Filter::bind) to a schema: unknown names are
//! errors there, and what runs per feature holds column numbers only.

mod array;
mod bound;
mod call;
mod check;
mod compare;
mod compute;
mod condition;
mod demand;
mod eval;
mod fold;
mod format;
mod function;
mod like;
mod moment;
mod names;
mod near;
mod outline;
mod spatial;
mod temporal;
#[cfg(test)]
mod tests;

pub use bound::BoundFilter;
pub use call::into_condition;
pub use demand::Demand;
pub use eval::{BoundExpr, Scalar, is_geometry_name};
pub use fold::searchable;
pub use function::{Function, ResultKind};
pub use moment::Moment;
pub use spatial::{geometry_touches_box, is_box};

use crate::geom::{Bbox, Geometry};

/// A value expression. `P` is how a property is referred to: by name before binding.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    Literal(Literal),
    /// A column by name; the geometry column is [`Expr::Geometry`].
    Property(String),
    Geometry,
    /// The feature's position in its source.
    FeatureId,
    Arithmetic(ArithmeticOp, Box<Expr>, Box<Expr>),
    Function(Function, Vec<Expr>),
    /// Texts and values put together: labels, `se:Concatenate`, `{name}` templates.
    Concat(Vec<Expr>),
    /// `se:Categorize`, MapLibre `step`: value, first result, then (threshold, result) ascending.
    Step(Box<Expr>, Box<Expr>, Vec<(Expr, Expr)>),
    /// `se:Recode`, MapLibre `match`: value, (key, result), else.
    Match(Box<Expr>, Vec<(Expr, Expr)>, Box<Expr>),
    /// `se:Interpolate`, MapLibre `interpolate`: value, (stop, result) ascending, linear.
    Interpolate(Box<Expr>, Vec<(Expr, Expr)>),
    /// MapLibre `case`: (condition, result), else.
    Case(Vec<(Filter, Expr)>, Box<Expr>),
    /// A set of values, for [`Filter::Array`].
    Array(Vec<Expr>),
    /// From an instant to another, both included, for [`Filter::Temporal`]; `None`: without end.
    Interval(Option<Box<Expr>>, Option<Box<Expr>>),
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    /// An integer that [`Literal::Number`] would round: 2⁵³ or beyond.
    Integer(i64),
    Text(String),
    /// An instant or a day.
    Moment(Moment),
    /// In the CRS of the data it is compared with.
    Geometry(Geometry),
}

impl Literal {
    /// The literal of an integer: a [`Number`](Literal::Number) where that is exact.
    pub fn integer(value: i64) -> Literal {
        // every integer up to 2⁵³ is exact as a float
        if value.unsigned_abs() < 1 << 53 {
            Literal::Number(value as f64)
        } else {
            Literal::Integer(value)
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArithmeticOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    /// Without the fraction, towards zero: `div` of CQL2.
    IntegerDivide,
    Modulo,
    Power,
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    Compare {
        op: CompareOp,
        left: Expr,
        right: Expr,
        match_case: bool,
    },
    Between {
        value: Expr,
        low: Expr,
        high: Expr,
    },
    In {
        value: Expr,
        list: Vec<Expr>,
    },
    Like {
        value: Expr,
        pattern: LikePattern,
        match_case: bool,
    },
    IsNull(Expr),
    /// A condition that is neither true nor false: `(a > 1) IS NULL`.
    IsUnknown(Box<Filter>),
    /// Box test on the feature's geometry.
    Bbox(Bbox),
    Spatial {
        op: SpatialOp,
        left: Expr,
        right: Expr,
        /// For `DWithin` and `Beyond`.
        distance: Distance,
    },
    Temporal {
        op: TemporalOp,
        left: Expr,
        right: Expr,
    },
    Array {
        op: ArrayOp,
        left: Expr,
        right: Expr,
    },
    /// Features by id, as protocols write it (`layer.12` or `12`).
    Ids(Vec<String>),
    /// An expression that is true or false by itself.
    Truth(Expr),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareOp {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpatialOp {
    Equals,
    Disjoint,
    Touches,
    Within,
    Overlaps,
    Crosses,
    Intersects,
    Contains,
    DWithin,
    Beyond,
}

/// How far `DWithin` and `Beyond` reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distance {
    /// In units of the data's CRS.
    Plane(f64),
    /// In metres on the ground; the data are in degrees, longitude before latitude.
    Ground(f64),
}

impl Distance {
    /// What other operators than `DWithin` and `Beyond` have.
    pub const NONE: Distance = Distance::Plane(0.0);
}

/// How two instants or intervals lie to each other, in the words of CQL2 (OGC 21-065r2 §7.8); FES
/// has the same relations (OGC 09-026r2 §7.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemporalOp {
    After,
    Before,
    Contains,
    Disjoint,
    During,
    Equals,
    FinishedBy,
    Finishes,
    Intersects,
    Meets,
    MetBy,
    OverlappedBy,
    Overlaps,
    StartedBy,
    Starts,
}

/// How two arrays compare, as sets (OGC 21-065r2 §7.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrayOp {
    ContainedBy,
    Contains,
    Equals,
    Overlaps,
}

/// A pattern of LIKE, taken apart: what must match, with `Any` for `%` and `One` for `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LikePattern(pub Vec<LikePiece>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LikePiece {
    Text(String),
    /// Any number of characters.
    Any,
    /// Exactly one character.
    One,
}
