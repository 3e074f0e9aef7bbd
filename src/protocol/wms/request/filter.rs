//! What of each layer is drawn: `CQL_FILTER` as GeoServer has it, `FILTER` as GeoServer and
//! MapServer do. Neither is part of WMS.

use super::Reader;
use crate::catalogue::Layer;
use crate::decode::filter_context::{AxisRule, FilterContext};
use crate::decode::{ecql, fes};
use crate::error::{Error, Result};
use crate::operation::features::bind_filter;
use crate::protocol::ows::default_crs;
use crate::query::Filter;

/// The filters of a map, one for each of its names; an empty text stands for none.
#[derive(Debug)]
pub(super) struct Filters<'k> {
    parameter: &'static str,
    texts: Vec<&'k str>,
}

impl Reader<'_> {
    /// The filters for so many names of LAYERS; `None` where the request has none.
    ///
    /// # Errors
    /// `InvalidParameter` for more or fewer filters than names, and for both notations at once.
    pub(super) fn filters(&self, count: usize) -> Result<Option<Filters<'_>>> {
        if self.kvp.get("FEATUREID").is_some() {
            return Err(Error::parameter(
                "FEATUREID",
                "maps are not filtered by it: expected a FILTER of ids, or CQL_FILTER",
            ));
        }
        let filters = match (self.kvp.get("CQL_FILTER"), self.kvp.get("FILTER")) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                return Err(Error::parameter(
                    "FILTER",
                    "expected either CQL_FILTER or FILTER, found both",
                ));
            }
            (Some(list), None) => Filters {
                parameter: "CQL_FILTER",
                texts: ecql::split(list),
            },
            (None, Some(list)) => Filters {
                parameter: "FILTER",
                texts: in_parentheses(list)?,
            },
        };
        let found = filters.texts.len();
        if found == count {
            return Ok(Some(filters));
        }
        let between = match filters.parameter {
            "FILTER" => "each in parentheses",
            _ => "between semicolons",
        };
        Err(Error::parameter(
            filters.parameter,
            format!(
                "expected {count} filters {between}, one for each of LAYERS (empty for none), \
                 found {found}"
            ),
        ))
    }
}

impl Filters<'_> {
    /// The filter at a place of LAYERS, read for one of the layers that stand there.
    ///
    /// # Errors
    /// `InvalidParameter` that names the layer, the place of the fault, and what was expected.
    pub(super) fn read(&self, place: usize, layer: &Layer) -> Result<Option<Filter>> {
        let text = self.texts.get(place).copied().unwrap_or_default();
        if text.is_empty() {
            return Ok(None);
        }
        let read = match self.parameter {
            "FILTER" => fes::parse_text(text, &context(layer)),
            _ => ecql::parse(text, &context(layer)),
        };
        let checked = read.and_then(|filter| bind_filter(&filter, layer).map(|_| filter));
        checked.map(Some).map_err(|error| {
            let message = match error {
                Error::InvalidFilter { message } => message,
                Error::FieldNotDefined { ref field, .. } => {
                    format!("{}{error}", place_of(field, text))
                }
                Error::Syntax { .. } | Error::InvalidCrs { .. } | Error::Transform { .. } => {
                    error.to_string()
                }
                other => return other,
            };
            Error::parameter(
                self.parameter,
                format!("of layer {:?}: {message}", layer.id),
            )
        })
    }
}

/// As GeoServer reads them: geometries that name no CRS are in the layer's own, x before y, and
/// so are those of `EPSG:` codes; URNs have the authority's order.
fn context(layer: &Layer) -> FilterContext {
    FilterContext {
        filter_crs: default_crs(layer),
        layer_crs: layer.crs.clone(),
        axis_rule: AxisRule::Spelled,
    }
}

/// `(<Filter>…</Filter>)()(<Filter>…</Filter>)`, or one filter without parentheses.
fn in_parentheses(list: &str) -> Result<Vec<&str>> {
    let wrong = |at: usize| {
        let found: String = list
            .get(at..)
            .unwrap_or_default()
            .chars()
            .take(40)
            .collect();
        let column = list.get(..at).unwrap_or_default().chars().count() + 1;
        Error::parameter(
            "FILTER",
            format!(
                "column {column}: expected (<Filter>…</Filter>) for each of LAYERS, found {found:?}"
            ),
        )
    };
    if list.starts_with('<') {
        return Ok(vec![list]);
    }
    let mut filters = Vec::new();
    let mut rest = list;
    while !rest.is_empty() {
        let at = list.len() - rest.len();
        let inner = rest.strip_prefix('(').ok_or_else(|| wrong(at))?;
        let (filter, behind) = inner
            .match_indices(')')
            .filter_map(|(end, _)| {
                let filter = inner.get(..end)?.trim();
                let behind = inner.get(end + 1..)?.trim_start();
                // a text may hold parentheses: a filter ends behind a tag
                let is_whole = filter.is_empty() || filter.ends_with('>');
                let is_last = behind.is_empty() || behind.starts_with('(');
                (is_whole && is_last).then_some((filter, behind))
            })
            .next()
            .ok_or_else(|| wrong(at))?;
        filters.push(filter);
        rest = behind;
    }
    Ok(filters)
}

/// Where a name stands in a filter, as the start of a message.
fn place_of(name: &str, text: &str) -> String {
    let Some(before) = text.find(name).and_then(|at| text.get(..at)) else {
        return String::new();
    };
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("line {line}, column {column}: ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_in_parentheses_may_hold_parentheses() {
        let list = "(<Filter><a>f(x)(y)</a></Filter>) ()(<Filter/>)";
        let found = in_parentheses(list).unwrap();
        assert_eq!(found, ["<Filter><a>f(x)(y)</a></Filter>", "", "<Filter/>"]);
        assert_eq!(in_parentheses("<Filter/>").unwrap(), ["<Filter/>"]);
        for bad in ["pop > 5", "(<Filter/>", "(<Filter/>)x", "(a)"] {
            assert!(in_parentheses(bad).is_err(), "{bad}");
        }
    }
}
