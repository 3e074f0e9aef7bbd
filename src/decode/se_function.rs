//! Functions that Symbology Encoding 1.1 (OGC 05-077r4 §11.6) writes as elements of their own.

use super::fes::{self, Literals};
use super::xml::Element;
use crate::error::Result;
use crate::query::{ArithmeticOp, Expr, Literal};

/// The functions that SE 1.1 (OGC 05-077r4 §11.6) writes as elements of their own.
pub(super) fn read(element: &Element, literals: &dyn Literals) -> Result<Expr> {
    let of = |name: &str| match element.child(name) {
        Some(child) => fes::content(child, literals),
        None => Err(element.fault(format!("<{}> needs <{name}>", element.name))),
    };
    match element.name.as_str() {
        "Categorize" => {
            let value = of("LookupValue")?;
            let mut values = Vec::new();
            let mut thresholds = Vec::new();
            for child in element.elements() {
                match child.name.as_str() {
                    "Value" => values.push(fes::content(child, literals)?),
                    "Threshold" => thresholds.push(numeric(fes::content(child, literals)?)),
                    _ => {}
                }
            }
            if values.len() != thresholds.len().saturating_add(1) {
                return Err(element.fault("<Categorize> has one <Value> more than <Threshold>"));
            }
            let mut values = values.into_iter();
            let first = values.next().unwrap_or(Expr::Literal(Literal::Null));
            let steps = thresholds.into_iter().zip(values).collect();
            Ok(Expr::Step(Box::new(value), Box::new(first), steps))
        }
        "Recode" => {
            let value = of("LookupValue")?;
            let mut cases = Vec::new();
            for item in element.elements().filter(|e| e.name == "MapItem") {
                let part = |name: &str, literals: &dyn Literals| match item.child(name) {
                    Some(child) => fes::content(child, literals),
                    None => Err(item.fault(format!("<MapItem> needs <{name}>"))),
                };
                cases.push((part("Data", literals)?, part("Value", literals)?));
            }
            let otherwise = match element.attribute("fallbackValue") {
                Some(text) if !text.is_empty() => Expr::text(text),
                _ => Expr::Literal(Literal::Null),
            };
            Ok(Expr::Match(Box::new(value), cases, Box::new(otherwise)))
        }
        "Interpolate" => {
            let value = of("LookupValue")?;
            let mut stops = Vec::new();
            for point in element
                .elements()
                .filter(|e| e.name == "InterpolationPoint")
            {
                let part = |name: &str, literals: &dyn Literals| match point.child(name) {
                    Some(child) => fes::content(child, literals),
                    None => Err(point.fault(format!("<InterpolationPoint> needs <{name}>"))),
                };
                stops.push((numeric(part("Data", literals)?), part("Value", literals)?));
            }
            Ok(Expr::Interpolate(Box::new(value), stops))
        }
        "Concatenate" => {
            let values = element.elements().filter(|e| e.name == "StringValue");
            let parts = values
                .map(|e| fes::content(e, literals))
                .collect::<Result<_>>()?;
            Ok(Expr::Concat(parts))
        }
        "FormatNumber" => {
            let (value, pattern) = (of("NumericValue")?, of("Pattern")?);
            fes::call("FormatNumber", vec![pattern, value], element)
        }
        "FormatDate" => {
            let (value, pattern) = (of("DateValue")?, of("Pattern")?);
            fes::call("FormatDate", vec![pattern, value], element)
        }
        "Substring" => {
            let mut arguments = vec![of("StringValue")?];
            match element.child("Position") {
                Some(_) => arguments.push(of("Position")?),
                None => arguments.push(Expr::number(1.0)),
            }
            if element.child("Length").is_some() {
                arguments.push(of("Length")?);
            }
            fes::call("Substring", arguments, element)
        }
        "StringLength" => {
            let value = of("StringValue")?;
            fes::call("StringLength", vec![value], element)
        }
        "Trim" => {
            let value = of("StringValue")?;
            fes::call("Trim", vec![value], element)
        }
        "ChangeCase" => {
            let value = of("StringValue")?;
            match element.attribute("direction") {
                Some("toUpper") => fes::call("upper", vec![value], element),
                _ => fes::call("lower", vec![value], element),
            }
        }
        "StringPosition" => {
            let (text, find) = (of("StringValue")?, of("LookupString")?);
            let index = fes::call("strIndexOf", vec![text, find], element)?;
            // SE counts from 1, and 0 means that there is none
            let one = Box::new(Expr::number(1.0));
            Ok(Expr::Arithmetic(ArithmeticOp::Add, Box::new(index), one))
        }
        other => Err(element.fault(format!("<{other}> is no expression that is known here"))),
    }
}

/// A number, where the literal is one: thresholds are compared once for each feature.
fn numeric(expr: Expr) -> Expr {
    match &expr {
        Expr::Literal(Literal::Text(text)) => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Expr::number(number),
            _ => expr,
        },
        _ => expr,
    }
}
