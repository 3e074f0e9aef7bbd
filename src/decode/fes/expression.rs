//! Expressions of filters: properties, literals, arithmetic, functions (OGC 09-026r2 §7.4 to §7.6).

use super::{Literals, condition, is_condition, two};
use crate::decode::xml::{Element, Node};
use crate::decode::{gml, se_function};
use crate::error::{Error, Result};
use crate::query::{ArithmeticOp, Expr, Literal};

/// What stands inside an element that holds an expression: text, an element, or both mixed.
pub(in crate::decode) fn content(element: &Element, literals: &dyn Literals) -> Result<Expr> {
    let mut parts = mixed(element, literals)?;
    Ok(match parts.len() {
        0 => Expr::text(""),
        1 => parts.remove(0),
        _ => Expr::Concat(parts),
    })
}

/// The parts of mixed content. White space around elements is layout; in CDATA it is meant.
pub(in crate::decode) fn mixed(element: &Element, literals: &dyn Literals) -> Result<Vec<Expr>> {
    let mut parts = Vec::new();
    for node in &element.nodes {
        match node {
            Node::Element(child) => parts.push(expression(child, literals)?),
            Node::Text(text) if text.trim().is_empty() => {}
            Node::Text(text) => parts.push(Expr::text(text.trim())),
            Node::Verbatim(text) => parts.push(Expr::text(text)),
            Node::Comment(_) => {}
        }
    }
    Ok(parts)
}

/// An expression: a property, a literal, arithmetic, a function.
pub(super) fn expression(element: &Element, literals: &dyn Literals) -> Result<Expr> {
    let name = element.name.as_str();
    let op = match name {
        "PropertyName" | "ValueReference" => {
            let text = element.text();
            let more = literals.property(&text).map_err(|why| element.fault(why))?;
            return Ok(more.unwrap_or_else(|| property(&text)));
        }
        "Literal" => return literal(element, literals),
        // a property that is known to be without a value
        "Null" => return Ok(Expr::Literal(Literal::Null)),
        "Function" => return function(element, literals),
        "Add" => ArithmeticOp::Add,
        "Sub" => ArithmeticOp::Subtract,
        "Mul" => ArithmeticOp::Multiply,
        "Div" => ArithmeticOp::Divide,
        _ if gml::is_geometry(name) => return geometry(element, literals),
        _ => return se_function::read(element, literals),
    };
    let [a, b] = two(element, literals)?;
    Ok(Expr::Arithmetic(op, Box::new(a), Box::new(b)))
}

/// A column as a filter refers to it; `@gml:id` and the like are the feature's own id.
fn property(text: &str) -> Expr {
    let last = text.rsplit('/').next().unwrap_or(text);
    match last {
        "@gml:id" | "gml:id" | "@id" | "@fid" => Expr::FeatureId,
        _ => Expr::Property(text.to_owned()),
    }
}

fn geometry(element: &Element, literals: &dyn Literals) -> Result<Expr> {
    let mut literal = gml::parse(element)?;
    let placed = literals.place(&mut literal.geometry, literal.srs_name.as_deref());
    placed.map_err(|error| at(element, error))?;
    Ok(Expr::Literal(Literal::Geometry(literal.geometry)))
}

fn literal(element: &Element, literals: &dyn Literals) -> Result<Expr> {
    match element.elements().next() {
        Some(inner) if gml::is_geometry(&inner.name) => geometry(inner, literals),
        Some(inner) => Err(inner.fault(format!("a literal can't be <{}>", inner.name))),
        None => {
            let exact = element.nodes.iter().all(|n| matches!(n, Node::Verbatim(_)));
            let text = match (&element.nodes[..], exact) {
                ([Node::Verbatim(text)], true) => text.clone(),
                _ => element.text().into_owned(),
            };
            Ok(Expr::Literal(Literal::Text(text)))
        }
    }
}

fn function(element: &Element, literals: &dyn Literals) -> Result<Expr> {
    let name = element.attribute("name");
    let name = name.ok_or_else(|| element.fault("<Function> needs name=\"…\""))?;
    let arguments = element
        .elements()
        .map(|e| match e.name.as_str() {
            // a condition as an argument: what QGIS writes for `CASE WHEN`
            n if is_condition(n) => condition(e, literals).map(Expr::from_condition),
            _ => expression(e, literals),
        })
        .collect::<Result<Vec<_>>>()?;
    call(name, arguments, element)
}

pub(in crate::decode) fn call(name: &str, arguments: Vec<Expr>, element: &Element) -> Result<Expr> {
    Expr::call(name, arguments).map_err(|error| at(element, error))
}

/// A fault of a filter, with its place.
pub(super) fn at(element: &Element, error: Error) -> Error {
    match error {
        Error::InvalidFilter { message } => element.fault(message),
        other => other,
    }
}
