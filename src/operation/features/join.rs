//! Joins: the pairs of features of two layers that belong together (OGC 09-025r2 §7.9.2.5.3.1).
//!
//! The features of the left layer that match are read once. For each of them those of the right
//! one are found: by its R-tree where geometries must touch, by the values of a column where two
//! must be equal, else by reading them all, which the budget ends.

use std::collections::HashMap;
use std::ops::ControlFlow;

use roaring::RoaringTreemap;

use super::selection::Selection;
use super::{FeatureQuery, Selections};
use crate::budget::Budget;
use crate::crs::Transform;
use crate::error::{Error, Result};
use crate::feature::{Feature, Value};
use crate::geom::Geometry;
use crate::query::{
    BoundFilter, CompareOp, Distance, Expr, Filter, Literal, Moment, SpatialOp, TemporalOp,
};
use crate::store::Select;

/// Pairs of one join: 32 MB of them.
const MAX_PAIRS: usize = 2_000_000;

/// What must hold between a feature of the left layer and one of the right.
#[derive(Debug, Clone, PartialEq)]
pub enum JoinOn {
    Spatial {
        op: SpatialOp,
        /// True: `left op right`, false: `right op left`.
        is_left_first: bool,
        /// For `DWithin` and `Beyond`; of a plane in units of the right layer's CRS.
        distance: Distance,
    },
    /// `left op right` of two columns, by their numbers in the stores' schemas.
    Compare {
        op: CompareOp,
        left: usize,
        right: usize,
        match_case: bool,
    },
    /// Of two columns of dates or moments.
    Temporal {
        op: TemporalOp,
        /// As for `Spatial`.
        is_left_first: bool,
        left: usize,
        right: usize,
    },
}

/// Two queries and what joins them; neither has an order or a page of its own.
#[derive(Debug, Clone)]
pub struct JoinQuery {
    pub left: FeatureQuery,
    pub right: FeatureQuery,
    /// All of them hold.
    pub on: Vec<JoinOn>,
}

/// The pairs of positions, by the left one, then by the right one.
pub type Pairs = Vec<(u64, u64)>;

impl Selections {
    /// Finds the pairs.
    ///
    /// # Errors
    /// As [`find`](Selections::find); `LimitExceeded` for more pairs than two million;
    /// `InvalidFilter` where columns can't be compared.
    pub fn join(&self, join: &JoinQuery, budget: &Budget) -> Result<Pairs> {
        let left = self.find(&join.left, budget)?.selection;
        let right = self.find(&join.right, budget)?.selection;
        let right = Right::new(join, &right, budget)?;
        let mut pairs = Pairs::new();
        let mut positions = Vec::new();
        left.read(left.at(0), usize::MAX, &mut positions);
        let way = Transform::new(&join.left.layer.crs, &join.right.layer.crs)?;
        let mut geometry = Geometry::default();
        let store = &join.left.layer.store;
        store.visit(&mut positions.into_iter(), budget, &mut |feature| {
            budget.check()?;
            if let Some(filter) = filter_for(join, feature, &way, &mut geometry)? {
                right.each(&filter, feature, budget, &mut |position| {
                    if pairs.len() >= MAX_PAIRS {
                        return Err(Error::LimitExceeded {
                            what: "the number of tuples of a join",
                            limit: MAX_PAIRS as u64,
                            found: MAX_PAIRS as u64 + 1,
                        });
                    }
                    pairs.push((feature.fid(), position));
                    Ok(())
                })?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(pairs)
    }
}

/// What a feature of the right layer must fulfil to belong to this one of the left; `None` where
/// none can.
fn filter_for(
    join: &JoinQuery,
    feature: &dyn Feature,
    way: &Transform,
    geometry: &mut Geometry,
) -> Result<Option<BoundFilter>> {
    let schema = join.right.layer.store.schema();
    let mut parts = Vec::with_capacity(join.on.len());
    for on in &join.on {
        match on {
            JoinOn::Spatial {
                op,
                is_left_first,
                distance,
            } => {
                feature.geometry(geometry)?;
                way.forward(geometry.coords_mut());
                let is_whole = geometry.coords().iter().flatten().all(|v| v.is_finite());
                if geometry.is_empty() || !is_whole {
                    return Ok(None);
                }
                let literal = Expr::Literal(Literal::Geometry(geometry.clone()));
                let (left, right) = match is_left_first {
                    true => (literal, Expr::Geometry),
                    false => (Expr::Geometry, literal),
                };
                parts.push(Filter::Spatial {
                    op: *op,
                    left,
                    right,
                    distance: *distance,
                });
            }
            JoinOn::Compare {
                op,
                left,
                right,
                match_case,
            } => {
                let (Some(value), Some(field)) =
                    (literal(feature.value(*left)), schema.fields.get(*right))
                else {
                    return Ok(None);
                };
                parts.push(Filter::Compare {
                    op: *op,
                    left: Expr::Literal(value),
                    right: Expr::Property(field.name.clone()),
                    match_case: *match_case,
                });
            }
            JoinOn::Temporal {
                op,
                is_left_first,
                left,
                right,
            } => {
                let (Some(moment), Some(field)) =
                    (moment(&feature.value(*left)), schema.fields.get(*right))
                else {
                    return Ok(None);
                };
                let literal = Expr::Literal(Literal::Moment(moment));
                let property = Expr::Property(field.name.clone());
                let (left, right) = match is_left_first {
                    true => (literal, property),
                    false => (property, literal),
                };
                let op = *op;
                parts.push(Filter::Temporal { op, left, right });
            }
        }
    }
    Filter::And(parts).bind(schema).map(Some)
}

/// The moment that a value tells.
fn moment(value: &Value<'_>) -> Option<Moment> {
    match value {
        Value::Text(text) | Value::DateTime(text) => Moment::parse(text),
        _ => None,
    }
}

/// A value to compare with; `None` for what equals nothing.
fn literal(value: Value<'_>) -> Option<Literal> {
    Some(match value {
        Value::Null | Value::Binary(_) => return None,
        Value::Bool(truth) => Literal::Bool(truth),
        Value::Int(number) => Literal::integer(number),
        Value::UInt(number) => match i64::try_from(number) {
            Ok(number) => Literal::integer(number),
            Err(_) => Literal::Number(number as f64),
        },
        Value::Float(number) => Literal::Number(number),
        Value::Text(text) | Value::DateTime(text) | Value::Json(text) => {
            Literal::Text(text.to_owned())
        }
    })
}

/// The features of the right layer that may be in a pair, and the way to them.
struct Right<'a> {
    query: &'a FeatureQuery,
    /// `None` is all.
    positions: Option<RoaringTreemap>,
    /// The column of the left layer, and those of the right by its value.
    by_value: Option<(usize, HashMap<Key, Vec<u64>>)>,
}

/// A value that another one must be equal to: nothing that the filter would call equal differs.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    Number(u64),
    Text(String),
}

impl Key {
    fn of(value: Value<'_>) -> Option<Key> {
        Some(match value {
            Value::Text(text) => Key::Text(text.to_owned()),
            // -0 is 0
            other => Key::Number((other.as_f64()? + 0.0).to_bits()),
        })
    }
}

impl<'a> Right<'a> {
    fn new(join: &'a JoinQuery, selection: &Selection, budget: &Budget) -> Result<Right<'a>> {
        let positions = match selection {
            Selection::All(_) => None,
            Selection::Set(set) => Some(set.clone()),
            Selection::Ordered(list) => Some(list.iter().copied().collect()),
        };
        let mut right = Right {
            query: &join.right,
            positions,
            by_value: None,
        };
        let is_spatial = join
            .on
            .iter()
            .any(|on| matches!(on, JoinOn::Spatial { .. }));
        if let Some((left, column)) = join.on.iter().find_map(|on| equal(on, join))
            && !is_spatial
        {
            let mut by_value: HashMap<Key, Vec<u64>> = HashMap::new();
            let store = &join.right.layer.store;
            store.visit(&mut right.all(), budget, &mut |feature| {
                if let Some(key) = Key::of(feature.value(column)) {
                    by_value.entry(key).or_default().push(feature.fid());
                }
                Ok(ControlFlow::Continue(()))
            })?;
            right.by_value = Some((left, by_value));
        }
        Ok(right)
    }

    fn all(&self) -> Box<dyn Iterator<Item = u64> + '_> {
        match &self.positions {
            Some(positions) => Box::new(positions.iter()),
            None => Box::new(0..self.query.layer.store.count()),
        }
    }

    /// The features that belong to one of the left layer.
    fn each(
        &self,
        filter: &BoundFilter,
        left: &dyn Feature,
        budget: &Budget,
        found: &mut dyn FnMut(u64) -> Result<()>,
    ) -> Result<()> {
        let store = &self.query.layer.store;
        let visit = &mut |feature: &dyn Feature| {
            let is_in = |set: &RoaringTreemap| set.contains(feature.fid());
            if self.positions.as_ref().is_none_or(is_in) && filter.matches(feature) {
                found(feature.fid())?;
            }
            Ok(ControlFlow::Continue(()))
        };
        if let Some((column, by_value)) = &self.by_value {
            let key = Key::of(left.value(*column));
            let same = key.and_then(|key| by_value.get(&key));
            let mut same = same.into_iter().flatten().copied();
            return store.visit(&mut same, budget, visit).map(|_| ());
        }
        match filter.boxes() {
            Some([]) => Ok(()),
            Some(boxes) => {
                let select = Select {
                    boxes: boxes.to_vec(),
                    offset: 0,
                };
                store.select(&select, budget, visit).map(|_| ())
            }
            None => store.visit(&mut self.all(), budget, visit).map(|_| ()),
        }
    }
}

/// The columns of a condition that a table of values answers: equal, both texts or both numbers.
fn equal(on: &JoinOn, join: &JoinQuery) -> Option<(usize, usize)> {
    let JoinOn::Compare {
        op: CompareOp::Equal,
        left,
        right,
        match_case: true,
    } = on
    else {
        return None;
    };
    let kind = |query: &FeatureQuery, column: usize| {
        let field = query.layer.store.schema().fields.get(column);
        field.map(|field| field.kind)
    };
    let (a, b) = (kind(&join.left, *left)?, kind(&join.right, *right)?);
    let are_texts = a == b && a == crate::feature::FieldType::Text;
    (are_texts || (a.is_number() && b.is_number())).then_some((*left, *right))
}
