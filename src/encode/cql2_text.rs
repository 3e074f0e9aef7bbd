//! Filters as CQL2 text (OGC 21-065r2 §8.1), by way of their JSON: both are operators on operands.
//!
//! Geometries are written as the filter has them: in the CRS of the data, easting first.

use std::fmt::Write;

use serde_json::Value;

use super::cql2_json;
use crate::decode::cql2_text::{RESERVED, is_plain_name};
use crate::query::Filter;

/// The filter; `None` where CQL2 has no words for it, or its text none: a text that ends in a
/// backslash, an array of one property.
pub fn write(filter: &Filter) -> Option<String> {
    let mut text = String::new();
    push(&cql2_json::write(filter)?, Binding::Anything, &mut text)?;
    Some(text)
}

/// How strongly what stands around an operand binds: parentheses where that is more.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Anything,
    Or,
    And,
    Condition,
    Sum,
    Product,
    Power,
    Operand,
}

impl Binding {
    fn of(op: &str) -> Binding {
        match op {
            "or" => Binding::Or,
            "and" => Binding::And,
            "not" | "=" | "<>" | "<" | "<=" | ">" | ">=" | "like" | "between" | "in" | "isNull" => {
                Binding::Condition
            }
            "+" | "-" => Binding::Sum,
            "*" | "/" | "%" | "div" => Binding::Product,
            "^" => Binding::Power,
            _ => Binding::Operand,
        }
    }

    fn stronger(self) -> Binding {
        match self {
            Binding::Anything => Binding::Or,
            Binding::Or => Binding::And,
            Binding::And => Binding::Condition,
            Binding::Condition => Binding::Sum,
            Binding::Sum => Binding::Product,
            Binding::Product => Binding::Power,
            Binding::Power | Binding::Operand => Binding::Operand,
        }
    }
}

fn push(value: &Value, around: Binding, out: &mut String) -> Option<()> {
    match value {
        Value::Null => return None,
        Value::Bool(truth) => out.push_str(if *truth { "TRUE" } else { "FALSE" }),
        Value::Number(number) => push_number(number, out),
        Value::String(text) => push_text(text, out)?,
        Value::Array(elements) => {
            // one element in parentheses is an array only where it can be nothing else
            if let [only] = &elements[..]
                && (only.is_object() && only.get("op").is_none_or(|op| op.as_str().is_some())
                    || only.is_array())
                && !is_typed_literal(only)
            {
                return None;
            }
            push_list(elements, out)?;
        }
        Value::Object(members) => {
            if let Some(op) = members.get("op").and_then(Value::as_str) {
                let args = members.get("args").and_then(Value::as_array)?;
                let own = Binding::of(op);
                let parenthesis = own < around;
                if parenthesis {
                    out.push('(');
                }
                push_operation(op, own, args, out)?;
                if parenthesis {
                    out.push(')');
                }
            } else {
                push_instance(members, out)?;
            }
        }
    }
    Some(())
}

/// A date, a timestamp, a geometry: what stands for itself.
fn is_typed_literal(value: &Value) -> bool {
    ["date", "timestamp", "type", "bbox"]
        .iter()
        .any(|name| value.get(name).is_some())
}

fn push_list(elements: &[Value], out: &mut String) -> Option<()> {
    out.push('(');
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        push(element, Binding::Anything, out)?;
    }
    out.push(')');
    Some(())
}

fn push_operation(op: &str, own: Binding, args: &[Value], out: &mut String) -> Option<()> {
    match (op, args) {
        ("and" | "or", parts) => {
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    let _ = write!(out, " {} ", op.to_ascii_uppercase());
                }
                push(part, own.stronger(), out)?;
            }
        }
        ("not", [inner]) => {
            out.push_str("NOT ");
            // NOT a = b reads as NOT (a = b); parentheses say it
            push(inner, Binding::Operand, out)?;
        }
        ("=" | "<>" | "<" | "<=" | ">" | ">=", [left, right]) => {
            push(left, Binding::Sum, out)?;
            let _ = write!(out, " {op} ");
            push(right, Binding::Sum, out)?;
        }
        ("like", [value, pattern]) => {
            push(value, Binding::Sum, out)?;
            out.push_str(" LIKE ");
            push(pattern, Binding::Sum, out)?;
        }
        ("between", [value, low, high]) => {
            push(value, Binding::Sum, out)?;
            out.push_str(" BETWEEN ");
            push(low, Binding::Sum, out)?;
            out.push_str(" AND ");
            push(high, Binding::Sum, out)?;
        }
        ("in", [value, Value::Array(list)]) => {
            push(value, Binding::Sum, out)?;
            out.push_str(" IN ");
            push_list(list, out)?;
        }
        ("isNull", [value]) => {
            push(value, Binding::Sum, out)?;
            out.push_str(" IS NULL");
        }
        ("+" | "-" | "*" | "/" | "%" | "div" | "^", [left, right]) => {
            let left_binding = match own {
                Binding::Power => Binding::Operand,
                own => own,
            };
            push(left, left_binding, out)?;
            let _ = write!(out, " {op} ");
            push(right, own.stronger(), out)?;
        }
        (name, arguments) => {
            let is_standard = ["s_", "t_", "a_"].iter().any(|p| name.starts_with(p))
                || matches!(name, "casei" | "accenti");
            match is_standard {
                true => out.push_str(&name.to_ascii_uppercase()),
                false => out.push_str(name),
            }
            push_list(arguments, out)?;
        }
    }
    Some(())
}

/// A property, an instant, an interval, a box or a geometry.
fn push_instance(members: &serde_json::Map<String, Value>, out: &mut String) -> Option<()> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    if let Some(name) = text("property") {
        push_name(name, out);
    } else if let Some(date) = text("date") {
        let _ = write!(out, "DATE('{date}')");
    } else if let Some(timestamp) = text("timestamp") {
        let _ = write!(out, "TIMESTAMP('{timestamp}')");
    } else if let Some(Value::Array(ends)) = members.get("interval") {
        out.push_str("INTERVAL");
        push_list(ends, out)?;
    } else if let Some(Value::Array(numbers)) = members.get("bbox") {
        out.push_str("BBOX");
        push_list(numbers, out)?;
    } else {
        push_geometry(members, out)?;
    }
    Some(())
}

fn push_name(name: &str, out: &mut String) {
    const WORDS: [&str; 8] = [
        "DIV",
        "DATE",
        "TIMESTAMP",
        "INTERVAL",
        "BBOX",
        "ENVELOPE",
        "CASEI",
        "ACCENTI",
    ];
    let is_word = |word: &&str| word.eq_ignore_ascii_case(name);
    if is_plain_name(name) && !RESERVED.iter().chain(&WORDS).any(is_word) {
        out.push_str(name);
    } else {
        let _ = write!(out, "\"{}\"", name.replace('"', "\"\""));
    }
}

/// A text in quotes: one inside is doubled, or stands behind its backslash.
fn push_text(text: &str, out: &mut String) -> Option<()> {
    if text.ends_with('\\') {
        return None;
    }
    out.push('\'');
    let mut before = ' ';
    for c in text.chars() {
        if c == '\'' {
            out.push(if before == '\\' { '\\' } else { '\'' });
        }
        out.push(c);
        before = c;
    }
    out.push('\'');
    Some(())
}

fn push_number(number: &serde_json::Number, out: &mut String) {
    let _ = write!(out, "{number}");
}

fn push_geometry(members: &serde_json::Map<String, Value>, out: &mut String) -> Option<()> {
    let kind = members.get("type").and_then(Value::as_str)?;
    out.push_str(&kind.to_ascii_uppercase());
    if let Some(Value::Array(members)) = members.get("geometries") {
        if members.is_empty() {
            out.push_str(" EMPTY");
            return Some(());
        }
        return push_list(members, out);
    }
    let coordinates = members.get("coordinates").and_then(Value::as_array)?;
    match (kind, &coordinates[..]) {
        (_, []) => out.push_str(" EMPTY"),
        ("Point", _) => {
            out.push('(');
            push_position(coordinates, out);
            out.push(')');
        }
        ("MultiPoint", points) => {
            out.push('(');
            for (index, point) in points.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                out.push('(');
                push_position(point.as_array()?, out);
                out.push(')');
            }
            out.push(')');
        }
        (_, list) => push_nested(list, out)?,
    }
    Some(())
}

/// Positions in parentheses, or lists of them.
fn push_nested(list: &[Value], out: &mut String) -> Option<()> {
    out.push('(');
    for (index, item) in list.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        let item = item.as_array()?;
        match item.first() {
            Some(Value::Array(_)) => push_nested(item, out)?,
            _ => push_position(item, out),
        }
    }
    out.push(')');
    Some(())
}

fn push_position(numbers: &[Value], out: &mut String) {
    for (index, number) in numbers.iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        if let Value::Number(number) = number {
            push_number(number, out);
        }
    }
}
