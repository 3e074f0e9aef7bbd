//! What both notations of CQL2 (OGC 21-065r2) are made of: operators on operands, checked and put
//! together. The notations know where an operand stands; here is known what it may be.

use super::filter_context::FilterContext;
use crate::error::Error;
use crate::geom::Geometry;
use crate::query::{
    ArithmeticOp, ArrayOp, CompareOp, Distance, Expr, Filter, Function, LikePattern, Literal,
    Moment, SpatialOp, TemporalOp, into_condition,
};

/// Bytes of a filter. A polygon of 20,000 corners fits.
pub(super) const MAX_BYTES: usize = 1_000_000;
/// Parentheses, functions and the like inside each other: reading them takes stack.
pub(super) const MAX_NESTING: u32 = 60;
/// Operators inside each other, those of `a + b + c` too: evaluating them takes stack.
const MAX_DEPTH: u32 = 250;
/// Operators and operands in all: one takes about 200 bytes.
pub(super) const MAX_NODES: u32 = 100_000;

/// A fault without its place.
pub(super) type Fault = String;

/// A part of a filter.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub item: Item,
    size: Size,
}

/// What stands in a part, with itself.
#[derive(Debug, Clone, Copy)]
struct Size {
    depth: u32,
    /// Operators and operands; a part that is used twice counts twice.
    nodes: u32,
}

#[derive(Debug, Clone)]
pub(super) enum Item {
    Condition(Filter),
    Value(Expr),
}

/// Puts parts together and counts them.
#[derive(Debug)]
pub(super) struct Builder<'c> {
    pub context: &'c FilterContext,
    nodes: u32,
}

/// A standardized operator, by its name in CQL2 JSON.
#[derive(Debug, Clone, Copy)]
enum Operator {
    And,
    Or,
    Not,
    Compare(CompareOp),
    Like,
    Between,
    In,
    IsNull,
    Spatial(SpatialOp),
    Temporal(TemporalOp),
    Array(ArrayOp),
    Arithmetic(ArithmeticOp),
}

impl Operator {
    fn named(name: &str) -> Option<Operator> {
        let prefixed = |prefix: &str| {
            let (first, rest) = name.split_at_checked(prefix.len())?;
            first.eq_ignore_ascii_case(prefix).then_some(rest)
        };
        if let Some(name) = prefixed("s_") {
            return SpatialOp::named(name)
                .filter(|op| !matches!(op, SpatialOp::DWithin | SpatialOp::Beyond))
                .map(Operator::Spatial);
        }
        if let Some(name) = prefixed("t_") {
            return TemporalOp::named(name).map(Operator::Temporal);
        }
        if let Some(name) = prefixed("a_") {
            return ArrayOp::named(name).map(Operator::Array);
        }
        let simple = [
            ("and", Operator::And),
            ("or", Operator::Or),
            ("not", Operator::Not),
            ("like", Operator::Like),
            ("between", Operator::Between),
            ("in", Operator::In),
            ("isNull", Operator::IsNull),
        ];
        let found = simple.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found
            .map(|(_, operator)| *operator)
            .or_else(|| CompareOp::named(name).map(Operator::Compare))
            .or_else(|| ArithmeticOp::named(name).map(Operator::Arithmetic))
    }
}

impl<'c> Builder<'c> {
    pub(super) fn new(context: &'c FilterContext) -> Builder<'c> {
        Builder { context, nodes: 0 }
    }

    /// A part without parts inside.
    pub(super) fn leaf(&mut self, value: Expr) -> Result<Part, Fault> {
        self.part(Item::Value(value), Size::NOTHING)
    }

    pub(super) fn literal(&mut self, literal: Literal) -> Result<Part, Fault> {
        self.leaf(Expr::Literal(literal))
    }

    pub(super) fn condition(&mut self, filter: Filter) -> Result<Part, Fault> {
        self.part(Item::Condition(filter), Size::NOTHING)
    }

    pub(super) fn geometry(&mut self, mut geometry: Geometry) -> Result<Part, Fault> {
        let placed = self.context.place_own(&mut geometry);
        placed.map_err(message)?;
        self.literal(Literal::Geometry(geometry))
    }

    /// `BBOX` of 4 numbers, or of 6 with heights, which are passed over.
    pub(super) fn bbox(&mut self, numbers: &[f64]) -> Result<Part, Fault> {
        let corners = match *numbers {
            [a, b, c, d] | [a, b, _, c, d, _] => [a, b, c, d],
            _ => return Err(format!("a box has 4 or 6 numbers, found {}", numbers.len())),
        };
        let geometry = self.context.boxed(corners).map_err(message)?;
        self.literal(Literal::Geometry(geometry))
    }

    pub(super) fn array(&mut self, elements: Vec<Part>) -> Result<Part, Fault> {
        let inside = Size::of(&elements);
        let elements = elements.into_iter().map(Part::into_argument).collect();
        self.part(Item::Value(Expr::Array(elements)), inside)
    }

    /// `INTERVAL`: its ends are texts of a date, a timestamp or `..`, properties or functions.
    pub(super) fn interval(&mut self, ends: Vec<Part>) -> Result<Part, Fault> {
        let inside = Size::of(&ends);
        let mut read = Vec::new();
        for end in ends {
            read.push(match end.item {
                Item::Value(Expr::Literal(Literal::Text(text))) if text == ".." => None,
                Item::Value(Expr::Literal(Literal::Text(text))) => {
                    let moment = Moment::parse(&text).ok_or_else(|| {
                        format!(
                            "an interval ends at a date, a timestamp or '..', found {text:?}; a \
                             property stands without single quotes"
                        )
                    })?;
                    Some(Box::new(Expr::Literal(Literal::Moment(moment))))
                }
                Item::Value(
                    end @ (Expr::Literal(Literal::Moment(_))
                    | Expr::Property(_)
                    | Expr::Function(..)
                    | Expr::Match(..)
                    | Expr::Case(..)),
                ) => Some(Box::new(end)),
                other => {
                    let found = other.describe();
                    return Err(format!(
                        "an interval ends at a date, a timestamp, '..' or a property, found {found}"
                    ));
                }
            });
        }
        let found = read.len();
        let [begin, end] = <[Option<Box<Expr>>; 2]>::try_from(read)
            .map_err(|_| format!("an interval has two ends, found {found}"))?;
        if let (
            Some(Expr::Literal(Literal::Moment(from))),
            Some(Expr::Literal(Literal::Moment(to))),
        ) = (begin.as_deref(), end.as_deref())
            && from.order(*to).is_gt()
        {
            return Err(format!(
                "the interval from {from} to {to} ends before it begins"
            ));
        }
        self.part(Item::Value(Expr::Interval(begin, end)), inside)
    }

    /// An operator by its name, or a function.
    pub(super) fn operation(&mut self, name: &str, arguments: Vec<Part>) -> Result<Part, Fault> {
        let inside = Size::of(&arguments);
        let item = match Operator::named(name) {
            Some(operator) => apply(operator, name, arguments)?,
            None => {
                let list = arguments.into_iter().map(Part::into_argument).collect();
                Item::Value(Expr::call(name, list).map_err(message)?)
            }
        };
        self.part(item, inside)
    }

    fn part(&mut self, item: Item, inside: Size) -> Result<Part, Fault> {
        self.nodes = self.nodes.saturating_add(1);
        let size = Size {
            depth: inside.depth.saturating_add(1),
            nodes: inside.nodes.saturating_add(1),
        };
        if self.nodes.max(size.nodes) > MAX_NODES {
            return Err(format!(
                "a filter has at most {MAX_NODES} operators and operands"
            ));
        }
        if size.depth > MAX_DEPTH {
            return Err(format!("operators are nested at most {MAX_DEPTH} deep"));
        }
        Ok(Part { item, size })
    }
}

impl Size {
    const NOTHING: Size = Size { depth: 0, nodes: 0 };

    fn of(parts: &[Part]) -> Size {
        parts.iter().fold(Size::NOTHING, |all, part| Size {
            depth: all.depth.max(part.size.depth),
            nodes: all.nodes.saturating_add(part.size.nodes),
        })
    }
}

fn message(error: Error) -> Fault {
    match error {
        Error::InvalidFilter { message } => message,
        other => other.to_string(),
    }
}

fn apply(operator: Operator, name: &str, arguments: Vec<Part>) -> Result<Item, Fault> {
    let count = |expected: usize, found: usize| {
        format!("{name:?} takes {expected} operands, found {found}")
    };
    let found = arguments.len();
    let mut arguments = arguments.into_iter();
    let mut take = |expected: usize| arguments.next().ok_or_else(|| count(expected, found));
    let filter = match operator {
        Operator::And | Operator::Or => {
            if found < 2 {
                return Err(format!(
                    "{name:?} takes two operands or more, found {found}"
                ));
            }
            let parts = arguments
                .map(Part::into_condition)
                .collect::<Result<_, _>>()?;
            match operator {
                Operator::And => Filter::And(parts),
                _ => Filter::Or(parts),
            }
        }
        Operator::Not => {
            let inner = take(1)?.into_condition()?;
            only(1, found, count)?;
            Filter::Not(Box::new(inner))
        }
        Operator::Compare(op) => {
            let (left, right) = (take(2)?.into_scalar()?, take(2)?.into_scalar()?);
            only(2, found, count)?;
            Filter::Compare {
                op,
                left,
                right,
                match_case: true,
            }
        }
        Operator::Like => {
            let (value, pattern) = (take(2)?.into_text()?, take(2)?);
            only(2, found, count)?;
            Filter::Like {
                value,
                pattern: pattern_of(pattern)?,
                match_case: true,
            }
        }
        Operator::Between => {
            let (value, low, high) = (
                take(3)?.into_scalar()?,
                take(3)?.into_scalar()?,
                take(3)?.into_scalar()?,
            );
            only(3, found, count)?;
            Filter::Between { value, low, high }
        }
        Operator::In => {
            let (value, list) = (take(2)?.into_scalar()?, take(2)?);
            only(2, found, count)?;
            let Item::Value(Expr::Array(list)) = list.item else {
                let found = list.item.describe();
                return Err(format!("expected a list of values, found {found}"));
            };
            for item in &list {
                scalar(item)?;
            }
            if list.is_empty() {
                return Err("expected a list of values, found an empty one".to_owned());
            }
            Filter::In { value, list }
        }
        Operator::IsNull => {
            let operand = take(1)?;
            only(1, found, count)?;
            is_null(operand.item)
        }
        Operator::Spatial(op) => {
            let (left, right) = (take(2)?.into_geometry()?, take(2)?.into_geometry()?);
            only(2, found, count)?;
            Filter::Spatial {
                op,
                left,
                right,
                distance: Distance::NONE,
            }
        }
        Operator::Temporal(op) => {
            let (left, right) = (take(2)?.into_time(op)?, take(2)?.into_time(op)?);
            only(2, found, count)?;
            Filter::Temporal { op, left, right }
        }
        Operator::Array(op) => {
            let (left, right) = (take(2)?.into_array()?, take(2)?.into_array()?);
            only(2, found, count)?;
            Filter::Array { op, left, right }
        }
        Operator::Arithmetic(op) => {
            let (left, right) = (take(2)?.into_number()?, take(2)?.into_number()?);
            only(2, found, count)?;
            let (left, right) = (Box::new(left), Box::new(right));
            return Ok(Item::Value(Expr::Arithmetic(op, left, right)));
        }
    };
    Ok(Item::Condition(filter))
}

fn only(expected: usize, found: usize, count: impl Fn(usize, usize) -> Fault) -> Result<(), Fault> {
    match found == expected {
        true => Ok(()),
        false => Err(count(expected, found)),
    }
}

/// IS NULL of whatever can be null. A condition is null where it is neither true nor false.
fn is_null(operand: Item) -> Filter {
    let of = Filter::IsNull;
    match operand {
        Item::Value(Expr::Interval(begin, end)) => {
            let ends = [begin, end].into_iter().flatten();
            Filter::Or(ends.map(|end| of(*end)).collect())
        }
        Item::Value(value) => of(value),
        Item::Condition(condition) => Filter::IsUnknown(Box::new(condition)),
    }
}

/// The pattern of LIKE: a literal, folded by the functions around it.
fn pattern_of(pattern: Part) -> Result<LikePattern, Fault> {
    let Item::Value(value) = pattern.item else {
        return Err(format!(
            "a pattern is a text, found {}",
            pattern.item.describe()
        ));
    };
    let text = match value {
        Expr::Literal(Literal::Text(text)) => text,
        Expr::Function(Function::CaseFold | Function::AccentFold, _) => {
            let folded = value.bind(&crate::feature::Schema::default());
            let constant = folded
                .ok()
                .and_then(|folded| folded.constant().map(|text| text.to_text().into_owned()));
            constant.ok_or("the pattern of LIKE is a text, found an expression")?
        }
        other => {
            let found = describe(&other);
            return Err(format!("the pattern of LIKE is a text, found {found}"));
        }
    };
    // OGC 21-065r2 §7.2
    Ok(LikePattern::parse(&text, Some('%'), Some('_'), Some('\\')))
}

impl Part {
    /// The condition that the part is, alone or as a value that is true or false.
    pub(super) fn into_condition(self) -> Result<Filter, Fault> {
        match self.item {
            Item::Condition(condition) => Ok(condition),
            Item::Value(
                value @ (Expr::Literal(Literal::Bool(_))
                | Expr::Property(_)
                | Expr::Function(..)
                | Expr::Case(..)
                | Expr::Match(..)),
            ) => Ok(into_condition(value)),
            Item::Value(other) => Err(format!("expected a condition, found {}", describe(&other))),
        }
    }

    /// What a function or an array takes: anything.
    fn into_argument(self) -> Expr {
        match self.item {
            Item::Condition(condition) => Expr::from_condition(condition),
            Item::Value(value) => value,
        }
    }

    fn into_value(self, expected: &str) -> Result<Expr, Fault> {
        match self.item {
            Item::Value(value) => Ok(value),
            other => Err(format!("expected {expected}, found {}", other.describe())),
        }
    }

    fn into_scalar(self) -> Result<Expr, Fault> {
        let value = self.into_value("a value")?;
        scalar(&value)?;
        Ok(value)
    }

    fn into_text(self) -> Result<Expr, Fault> {
        let value = self.into_value("a text")?;
        match value {
            Expr::Arithmetic(..)
            | Expr::Array(_)
            | Expr::Interval(..)
            | Expr::Literal(
                Literal::Bool(_)
                | Literal::Number(_)
                | Literal::Integer(_)
                | Literal::Moment(_)
                | Literal::Geometry(_),
            ) => Err(format!("expected a text, found {}", describe(&value))),
            text => Ok(text),
        }
    }

    fn into_number(self) -> Result<Expr, Fault> {
        let value = self.into_value("a number")?;
        match value {
            Expr::Array(_)
            | Expr::Interval(..)
            | Expr::Literal(
                Literal::Bool(_) | Literal::Text(_) | Literal::Moment(_) | Literal::Geometry(_),
            ) => Err(format!("expected a number, found {}", describe(&value))),
            number => Ok(number),
        }
    }

    fn into_geometry(self) -> Result<Expr, Fault> {
        let value = self.into_value("a geometry")?;
        match value {
            Expr::Literal(Literal::Geometry(_))
            | Expr::Property(_)
            | Expr::Geometry
            | Expr::Function(..) => Ok(value),
            other => Err(format!("expected a geometry, found {}", describe(&other))),
        }
    }

    fn into_time(self, op: TemporalOp) -> Result<Expr, Fault> {
        let value = self.into_value("a time")?;
        match value {
            Expr::Interval(..) => Ok(value),
            Expr::Literal(Literal::Moment(_)) | Expr::Property(_) | Expr::Function(..) => {
                // OGC 21-065r2 §7.8.3: with instants they are a client error
                if op.is_between_intervals() {
                    return Err(format!(
                        "\"t_{}\" compares intervals, found {}: write INTERVAL(begin, end)",
                        op.name(),
                        describe(&value)
                    ));
                }
                Ok(value)
            }
            other => Err(format!(
                "expected a date, a timestamp or an interval, found {}",
                describe(&other)
            )),
        }
    }

    fn into_array(self) -> Result<Expr, Fault> {
        let value = self.into_value("an array")?;
        match value {
            Expr::Array(_) | Expr::Property(_) | Expr::Function(..) => Ok(value),
            // ('a') is the array of one text, where an array is asked for
            Expr::Literal(_) | Expr::Arithmetic(..) => Ok(Expr::Array(vec![value])),
            other => Err(format!("expected an array, found {}", describe(&other))),
        }
    }
}

impl Item {
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Item::Condition(_) => "a condition",
            Item::Value(value) => describe(value),
        }
    }
}

/// Not what is compared otherwise: geometries, intervals, arrays.
fn scalar(value: &Expr) -> Result<(), Fault> {
    match value {
        Expr::Literal(Literal::Geometry(_)) | Expr::Array(_) | Expr::Interval(..) => {
            let found = describe(value);
            Err(format!(
                "expected a text, a number, a truth value, a date or a timestamp, found {found}"
            ))
        }
        _ => Ok(()),
    }
}

fn describe(value: &Expr) -> &'static str {
    match value {
        Expr::Literal(Literal::Null) => "null",
        Expr::Literal(Literal::Bool(_)) => "a truth value",
        Expr::Literal(Literal::Number(_) | Literal::Integer(_)) => "a number",
        Expr::Literal(Literal::Text(_)) => "a text",
        Expr::Literal(Literal::Moment(Moment::Day(_))) => "a date",
        Expr::Literal(Literal::Moment(Moment::Instant(..))) => "a timestamp",
        Expr::Literal(Literal::Geometry(_)) | Expr::Geometry => "a geometry",
        Expr::Property(_) => "a property",
        Expr::FeatureId => "the feature's id",
        Expr::Arithmetic(..) => "an arithmetic expression",
        Expr::Array(_) => "an array",
        Expr::Interval(..) => "an interval",
        _ => "a function",
    }
}
