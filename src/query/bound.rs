//! A filter bound to a schema, and what it asks of a store: columns, boxes, ids.

use super::Filter;
use super::condition::Condition;
use super::eval::sorted;
use crate::error::Result;
use crate::feature::{Feature, Schema};
use crate::geom::{Bbox, GeometryType};

/// Boxes that one search of the index is given at most; more become one around them all.
const MAX_BOXES: usize = 64;

/// A filter whose properties are column numbers, with what is constant decided already.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundFilter {
    condition: Condition,
    /// The boxes outside which no feature passes, and whether all inside pass.
    cover: Cover,
}

impl Filter {
    /// Resolves the names against a schema.
    ///
    /// # Errors
    /// `FieldNotDefined` (with an empty `layer`, for the caller to fill in); `InvalidFilter`
    /// where an operator can't work on what it is given.
    pub fn bind(&self, schema: &Schema) -> Result<BoundFilter> {
        let condition = Condition::bind(self, schema)?;
        let is_points = schema.geometry == GeometryType::Point;
        Ok(BoundFilter {
            cover: Cover::of(&condition, is_points),
            condition,
        })
    }
}

impl BoundFilter {
    /// True where the feature passes; a condition that is unknown (null was compared) does not.
    pub fn matches(&self, feature: &dyn Feature) -> bool {
        self.condition.test(feature) == Some(true)
    }

    /// The answer, where it is the same for every feature.
    pub fn constant(&self) -> Option<bool> {
        self.condition.constant().map(|answer| answer == Some(true))
    }

    /// The columns that the answer depends on, ascending, each once.
    pub fn columns(&self) -> Vec<usize> {
        let mut columns = Vec::new();
        self.condition.columns(&mut columns);
        sorted(columns)
    }

    /// The boxes outside which no feature passes, for the spatial index: at most 64. `None`
    /// where the filter does not say; none at all where no feature can pass.
    pub fn boxes(&self) -> Option<&[Bbox]> {
        self.cover.boxes.as_deref()
    }

    /// The box around [`boxes`](BoundFilter::boxes); `None` where there is no such box.
    pub fn bbox(&self) -> Option<Bbox> {
        let boxes = self.cover.boxes.iter().flatten().copied();
        boxes.reduce(|a, b| a.union(&b))
    }

    /// True where a feature passes exactly if its box touches one of [`boxes`](Self::boxes), or
    /// always where there are none: the index alone answers and counts.
    pub fn is_answered_by_boxes(&self) -> bool {
        self.cover.is_exact
    }

    /// The only features that can pass, by position, ascending; `None` where the filter does not
    /// name them.
    pub fn fids(&self) -> Option<Vec<u64>> {
        fids(&self.condition)
    }
}

/// Boxes and what they say.
#[derive(Debug, Clone, PartialEq)]
struct Cover {
    boxes: Option<Vec<Bbox>>,
    is_exact: bool,
}

impl Cover {
    fn of(condition: &Condition, is_points: bool) -> Cover {
        let parts = |list: &[Condition]| -> Vec<Cover> {
            list.iter().map(|c| Cover::of(c, is_points)).collect()
        };
        match condition {
            Condition::Constant(Some(true)) => Cover {
                boxes: None,
                is_exact: true,
            },
            Condition::Constant(_) => Cover {
                boxes: Some(Vec::new()),
                is_exact: true,
            },
            Condition::Bbox(bbox) => Cover {
                boxes: Some(vec![*bbox]),
                is_exact: is_points,
            },
            Condition::Spatial(test) => Cover {
                boxes: test.boxes(),
                is_exact: is_points && test.is_box_test(),
            }
            .limited(),
            Condition::And(list) => parts(list)
                .into_iter()
                .reduce(|a, b| a.intersection(b, is_points))
                .unwrap_or(Cover::UNKNOWN),
            Condition::Or(list) => parts(list)
                .into_iter()
                .reduce(Cover::union)
                .unwrap_or(Cover::UNKNOWN),
            _ => Cover::UNKNOWN,
        }
    }

    const UNKNOWN: Cover = Cover {
        boxes: None,
        is_exact: false,
    };

    fn intersection(self, other: Cover, is_points: bool) -> Cover {
        let is_exact = self.is_exact && other.is_exact;
        let boxes = match (self.boxes, other.boxes) {
            // what is larger than a point may touch both and nothing that they share
            (Some(a), Some(b)) if is_points && a.len().saturating_mul(b.len()) <= MAX_BOXES => {
                let common = a
                    .iter()
                    .flat_map(|a| b.iter().filter_map(|b| a.intersection(b)));
                Some(common.collect())
            }
            // either alone keeps out what it must
            (Some(a), Some(b)) => {
                let area =
                    |boxes: &[Bbox]| boxes.iter().map(|b| b.width() * b.height()).sum::<f64>();
                let is_better = area(&a) <= area(&b) && !b.is_empty();
                return Cover {
                    boxes: Some(if a.is_empty() || is_better { a } else { b }),
                    is_exact: false,
                };
            }
            (Some(only), None) | (None, Some(only)) => Some(only),
            (None, None) => None,
        };
        Cover { boxes, is_exact }
    }

    fn union(self, other: Cover) -> Cover {
        let boxes = match (self.boxes, other.boxes) {
            (Some(mut a), Some(b)) => {
                a.extend(b);
                Some(a)
            }
            _ => None,
        };
        Cover {
            // "always" or a box: what the boxes say is not what the union lets pass
            is_exact: self.is_exact && other.is_exact && boxes.is_some(),
            boxes,
        }
        .limited()
    }

    fn limited(mut self) -> Cover {
        if let Some(boxes) = &mut self.boxes
            && boxes.len() > MAX_BOXES
        {
            let all = boxes.iter().copied().reduce(|a, b| a.union(&b));
            *boxes = all.into_iter().collect();
            self.is_exact = false;
        }
        self
    }
}

fn fids(condition: &Condition) -> Option<Vec<u64>> {
    match condition {
        Condition::Ids(ids) => {
            let mut ids: Vec<u64> = ids.iter().copied().collect();
            ids.sort_unstable();
            Some(ids)
        }
        Condition::And(parts) => parts.iter().find_map(fids),
        Condition::Or(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(fids(part)?);
            }
            all.sort_unstable();
            all.dedup();
            Some(all)
        }
        _ => None,
    }
}

impl Condition {
    pub(super) fn columns(&self, out: &mut Vec<usize>) {
        match self {
            Condition::Constant(_) | Condition::Bbox(_) | Condition::Ids(_) => {}
            Condition::And(parts) | Condition::Or(parts) => {
                parts.iter().for_each(|p| p.columns(out));
            }
            Condition::Not(inner) | Condition::IsUnknown(inner) => inner.columns(out),
            Condition::ColumnNumber { column, .. }
            | Condition::ColumnText { column, .. }
            | Condition::ColumnMoment { column, .. }
            | Condition::ColumnInTexts { column, .. }
            | Condition::ColumnInIntegers { column, .. } => out.push(*column),
            Condition::Compare { left, right, .. } => {
                left.columns(out);
                right.columns(out);
            }
            Condition::Between { value, low, high } => {
                [value, low, high].into_iter().for_each(|n| n.columns(out));
            }
            Condition::In { value, list, .. } => {
                value.columns(out);
                list.iter().for_each(|n| n.columns(out));
            }
            Condition::Like { value, .. } | Condition::IsNull(value) | Condition::Truth(value) => {
                value.columns(out);
            }
            Condition::Spatial(test) => test.columns(out),
            Condition::Temporal(test) => test.columns(out),
            Condition::Array(test) => test.columns(out),
        }
    }
}
