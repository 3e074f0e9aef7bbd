//! Joins: a filter over two types taken apart into what each must fulfil and what joins them
//! (OGC 09-025r2 §7.9.2.5.3.1).

use super::asked::{Adhoc, AskedJoin, Condition, Operation};
use super::filter::{Reference, reference};
use super::query::{Output, Query, Reader};
use crate::decode::fes;
use crate::decode::filter_context::{AxisRule, FilterContext};
use crate::decode::xml::{Element, Node};
use crate::error::{Error, Result};
use crate::feature::FieldType;
use crate::operation::features::JoinOn;
use crate::query::{CompareOp, Expr, Filter};

/// One of the two types: the names that references may begin with.
struct Side<'a> {
    alias: &'a str,
    type_name: &'a str,
}

impl Reader<'_> {
    /// The queries of both types, and what joins them.
    ///
    /// # Errors
    /// As for a query of one type; `InvalidFilter` for a condition on both types that is neither
    /// a spatial operator nor a comparison, or where nothing joins them.
    pub(super) fn join(
        &self,
        asked: &AskedJoin,
        output: Output,
    ) -> Result<([Query; 2], Vec<JoinOn>)> {
        if self.asked.operation != Operation::GetFeature {
            return Err(Error::parameter(
                "typeNames",
                "joins are for GetFeature: expected one type",
            ));
        }
        let local = |name: &'_ str| name.rsplit([':', '}']).next().unwrap_or(name).to_owned();
        let types = asked.type_names.each_ref().map(|name| local(name));
        let sides: [Side<'_>; 2] = [0, 1].map(|i: usize| {
            let type_name = types.get(i).map_or("", String::as_str);
            let own = asked.aliases.as_ref().and_then(|aliases| aliases.get(i));
            Side {
                alias: own.map_or(type_name, String::as_str),
                type_name,
            }
        });
        if let [a, b] = &sides
            && a.alias == b.alias
        {
            return Err(Error::parameter(
                "aliases",
                format!(
                    "expected a name of its own for each type, found {:?} twice",
                    a.alias
                ),
            ));
        }
        let mut own: [Vec<Element>; 2] = Default::default();
        let mut both = Vec::new();
        for condition in conjuncts(&asked.filter) {
            let mut condition = condition.clone();
            match sides_of(&mut condition, &sides)? {
                [true, true] => both.push(condition),
                [false, true] => own[1].push(condition),
                _ => own[0].push(condition),
            }
        }
        if both.is_empty() {
            return Err(Error::InvalidFilter {
                message: format!(
                    "expected a condition that joins {} and {}, found none",
                    sides[0].alias, sides[1].alias
                ),
            });
        }
        let [first, second] = own;
        let query = |type_name: &str, conditions: Vec<Element>| {
            let adhoc = Adhoc {
                type_name: Some(type_name.to_owned()),
                srs_name: asked.srs_name.clone(),
                conditions: filter_of(&asked.filter, conditions)
                    .map(Condition::Filter)
                    .into_iter()
                    .collect(),
                ..Adhoc::default()
            };
            self.query(&adhoc, output)
        };
        let [left, right] = &asked.type_names;
        let queries = [query(left, first)?, query(right, second)?];
        let on = both
            .iter()
            .map(|condition| joined(condition, &asked.filter, &sides, &queries))
            .collect::<Result<_>>()?;
        Ok((queries, on))
    }
}

/// The conditions that must all hold.
fn conjuncts(filter: &Element) -> Vec<&Element> {
    let mut found = Vec::new();
    let mut open: Vec<&Element> = filter.elements().collect();
    open.reverse();
    while let Some(element) = open.pop() {
        if element.name == "And" {
            let mut inner: Vec<&Element> = element.elements().collect();
            inner.reverse();
            open.append(&mut inner);
        } else {
            found.push(element);
        }
    }
    found
}

/// A filter of some conditions; `None` where there are none.
fn filter_of(like: &Element, mut conditions: Vec<Element>) -> Option<Element> {
    let with = |name: &str, inner: Vec<Element>| {
        let mut element = like.clone();
        element.name = name.to_owned();
        element.nodes = inner.into_iter().map(Node::Element).collect();
        element
    };
    match conditions.len() {
        0 => None,
        1 => Some(with("Filter", vec![conditions.remove(0)])),
        _ => Some(with("Filter", vec![with("And", conditions)])),
    }
}

/// Which types a condition speaks of. In one that speaks of one alone, references lose the name
/// before them.
fn sides_of(condition: &mut Element, sides: &[Side<'_>; 2]) -> Result<[bool; 2]> {
    let mut found = [false; 2];
    references(condition, &mut |text| {
        let side = side_of(text, sides)?;
        if let Some(mark) = found.get_mut(side) {
            *mark = true;
        }
        Ok(None)
    })?;
    if found != [true, true] {
        references(condition, &mut |text| Ok(Some(rest_of(text).to_owned())))?;
    }
    Ok(found)
}

/// Calls for each reference to a property, and writes what it is to be instead.
fn references(
    element: &mut Element,
    each: &mut dyn FnMut(&str) -> Result<Option<String>>,
) -> Result<()> {
    if matches!(element.name.as_str(), "ValueReference" | "PropertyName") {
        if let Some(text) = each(element.text().trim())? {
            element.nodes = vec![Node::Text(text)];
        }
        return Ok(());
    }
    for node in &mut element.nodes {
        if let Node::Element(child) = node {
            references(child, each)?;
        }
    }
    Ok(())
}

fn side_of(text: &str, sides: &[Side<'_>; 2]) -> Result<usize> {
    let step = text.split('/').next().unwrap_or(text);
    let local = step.rsplit(':').next().unwrap_or(step);
    let by = |name: fn(&Side<'_>) -> String| sides.iter().position(|s| name(s) == local);
    let found = by(|s| s.alias.to_owned()).or_else(|| by(|s| s.type_name.to_owned()));
    found.filter(|_| text.contains('/')).ok_or_else(|| {
        let [a, b] = sides;
        Error::InvalidFilter {
            message: format!(
                "expected {}/… or {}/… for a property of a join, found {text:?}",
                a.alias, b.alias
            ),
        }
    })
}

/// A reference without the name of its type.
fn rest_of(text: &str) -> &str {
    text.split_once('/').map_or(text, |(_, rest)| rest)
}

/// What joins the types, of a condition on both.
fn joined(
    condition: &Element,
    filter: &Element,
    sides: &[Side<'_>; 2],
    queries: &[Query; 2],
) -> Result<JoinOn> {
    let wrong = || Error::InvalidFilter {
        message: format!(
            "<{}> on both types: expected a spatial operator on their geometries, or a \
                 comparison or a temporal operator of a property of each",
            condition.name
        ),
    };
    let mut named = Vec::new();
    let mut plain = condition.clone();
    references(&mut plain, &mut |text| {
        named.push((side_of(text, sides)?, rest_of(text).to_owned()));
        // an operator of one type's names: read for what it is, not for what it compares
        Ok(Some(String::new()))
    })?;
    let [(first, a), (second, b)] = named.as_slice() else {
        return Err(wrong());
    };
    if first == second {
        return Err(wrong());
    }
    let [left, right] = queries;
    let is_left_first = *first == 0;
    let (of_left, of_right) = match is_left_first {
        true => (a, b),
        false => (b, a),
    };
    let refers = |text: &str, query: &Query| -> Result<Option<usize>> {
        match reference(text, &query.find.layer, &query.kind)? {
            Reference::Field(field) => Ok(Some(field.column)),
            Reference::Geometry => Ok(None),
            Reference::Id | Reference::Inherited => Err(wrong()),
        }
    };
    let columns = (refers(of_left, left)?, refers(of_right, right)?);
    let context = FilterContext {
        filter_crs: right.srs.crs.clone(),
        layer_crs: right.find.layer.crs.clone(),
        axis_rule: AxisRule::Authority,
    };
    let Some(whole) = filter_of(filter, vec![plain]) else {
        return Err(wrong());
    };
    match (fes::parse(&whole, &context)?, columns) {
        (
            Filter::Spatial {
                op,
                distance,
                left: a,
                right: b,
            },
            (None, None),
        ) if is_property(&a) && is_property(&b) => Ok(JoinOn::Spatial {
            op,
            is_left_first,
            distance,
        }),
        (
            Filter::Compare {
                op,
                match_case,
                left: a,
                right: b,
            },
            (Some(of_left), Some(of_right)),
        ) if is_property(&a) && is_property(&b) => Ok(JoinOn::Compare {
            op: if is_left_first { op } else { turned(op) },
            left: of_left,
            right: of_right,
            match_case,
        }),
        (
            Filter::Temporal {
                op,
                left: a,
                right: b,
            },
            (Some(of_left), Some(of_right)),
        ) if is_property(&a) && is_property(&b) => {
            for (query, column) in [(left, of_left), (right, of_right)] {
                let schema = query.find.layer.store.schema();
                let field = schema.fields.get(column);
                if let Some(field) = field.filter(|field| !may_be_time(field.kind)) {
                    return Err(Error::InvalidFilter {
                        message: format!(
                            "<{}> joins dates or timestamps: {:?} of {} is a column of {}s",
                            condition.name,
                            field.name,
                            query.kind.name,
                            field.kind.name(),
                        ),
                    });
                }
            }
            Ok(JoinOn::Temporal {
                op,
                is_left_first,
                left: of_left,
                right: of_right,
            })
        }
        _ => Err(wrong()),
    }
}

/// True for columns that may hold moments; a text is asked.
fn may_be_time(kind: FieldType) -> bool {
    matches!(
        kind,
        FieldType::Date | FieldType::DateTime | FieldType::Text
    )
}

/// True for an operand that is a property and no function of one.
fn is_property(operand: &Expr) -> bool {
    matches!(operand, Expr::Property(_) | Expr::Geometry)
}

/// The operator with its operands exchanged.
fn turned(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Less => CompareOp::Greater,
        CompareOp::LessOrEqual => CompareOp::GreaterOrEqual,
        CompareOp::Greater => CompareOp::Less,
        CompareOp::GreaterOrEqual => CompareOp::LessOrEqual,
        op @ (CompareOp::Equal | CompareOp::NotEqual) => op,
    }
}
