//! A call by name, as notations write it, as the expression that it stands for.

use super::function::{Function, NAMES, plain};
use super::{ArithmeticOp, CompareOp, Expr, Filter, LikePattern, Literal};
use crate::error::{Error, Result, nearest};

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
