//! Which features match a query: from the index as far as it tells, then by reading those that
//! it leaves in doubt.

use std::ops::ControlFlow;
use std::sync::Arc;

use roaring::RoaringTreemap;

use super::attribute_index::{AttributeIndex, AttributeIndexes, is_indexable};
use super::bound::bind;
use super::ids::{with_ids_resolved, without_prefix};
use super::inner::inside_image;
use super::selection::Selection;
use super::sort::Keyed;
use super::{FeatureQuery, Window};
use crate::budget::Budget;
use crate::catalogue::Layer;
use crate::crs::Transform;
use crate::error::{Error, Result};
use crate::feature::Feature;
use crate::geom::{Bbox, Geometry, GeometryType};
use crate::query::{BoundFilter, Demand, Filter, geometry_touches_box};
use crate::store::Select;

/// Memory for selections that are kept, in bytes.
const MAX_KEPT_BYTES: u64 = 32 << 20;

/// Memory that the keys of one sort may take, in bytes: some million features.
const MAX_SORT_BYTES: usize = 512 << 20;

/// An index must spare most of the features: those it finds are read in no order of the disk.
const INDEX_PAYS_BELOW: u64 = 8;

/// Selections that were made: the pages of a query share one; and the indexes that make them.
#[derive(Debug)]
pub struct Selections {
    kept: quick_cache::sync::Cache<String, Arc<Selection>, Weigh>,
    indexes: AttributeIndexes,
}

#[derive(Debug, Clone)]
struct Weigh;

impl quick_cache::Weighter<String, Arc<Selection>> for Weigh {
    fn weight(&self, key: &String, selection: &Arc<Selection>) -> u64 {
        key.len() as u64 + selection.bytes()
    }
}

impl Default for Selections {
    fn default() -> Self {
        let items = 1024;
        Selections {
            kept: quick_cache::sync::Cache::with_weighter(items, MAX_KEPT_BYTES, Weigh),
            indexes: AttributeIndexes::default(),
        }
    }
}

/// The features that match a query, and which of them this page holds.
#[derive(Debug, Clone)]
pub struct Found {
    pub(super) selection: Arc<Selection>,
    /// How many match, on all pages.
    pub matched: u64,
    /// The rank of the first of this page.
    pub offset: u64,
    /// How many are on this page.
    pub returned: u64,
}

impl Selections {
    /// Finds the features that match.
    ///
    /// # Errors
    /// `FieldNotDefined` and `InvalidFilter` from the filter; `Transform` where a window can't be
    /// taken into the layer's CRS; `LimitExceeded` where a sort needs too much memory; what the
    /// budget and the store say.
    pub fn find(&self, query: &FeatureQuery, budget: &Budget) -> Result<Found> {
        let key = query.key();
        let selection = match self.kept.get(&key) {
            Some(known) => known,
            None => {
                let made = Arc::new(self.select(query, budget)?);
                if !matches!(*made, Selection::All(_)) {
                    self.kept.insert(key, Arc::clone(&made));
                }
                made
            }
        };
        let matched = selection.len();
        let offset = query.offset.min(matched);
        let rest = matched - offset;
        Ok(Found {
            selection,
            matched,
            offset,
            returned: query.limit.map_or(rest, |limit| limit.min(rest)),
        })
    }
}

impl Selections {
    fn select(&self, query: &FeatureQuery, budget: &Budget) -> Result<Selection> {
        let layer = &query.layer;
        let store = &layer.store;
        let wanted = query
            .filter
            .clone()
            .map(|filter| with_ids_resolved(filter, layer));
        let filter = match &wanted {
            Some(wanted) => Some(bind(wanted, layer)?),
            None => None,
        };
        let filter = match filter.as_ref().map(BoundFilter::constant) {
            Some(Some(true)) => None,
            Some(Some(false)) => return Ok(Selection::Set(RoaringTreemap::new())),
            _ => filter,
        };
        let mut tests = Vec::with_capacity(query.windows.len());
        for window in &query.windows {
            tests.push(WindowTest::new(window, query)?);
        }
        let named = match &wanted {
            Some(wanted) => self.named(wanted, layer, budget)?,
            None => None,
        };
        let reach = boxes(&tests, filter.as_ref(), query);
        let set = match (reach, filter.as_ref(), named) {
            (Reach::Nothing, ..) => RoaringTreemap::new(),
            // nothing is read but these
            (_, Some(filter), Some(named)) => {
                passing(query, named, &mut tests, Some(filter), budget)?
            }
            (Reach::Everything, None, _) if query.sort.is_empty() => {
                return Ok(Selection::All(store.count()));
            }
            (Reach::Everything, None, _) => (0..store.count()).collect(),
            (Reach::Boxes(boxes), None, _) => looked_up(query, &boxes, &mut tests, budget)?,
            (Reach::Everything, filter, _) => scanned(query, &[], &mut tests, filter, budget)?,
            (Reach::Boxes(boxes), filter, _) => scanned(query, &boxes, &mut tests, filter, budget)?,
        };
        if query.sort.is_empty() {
            return Ok(Selection::Set(set));
        }
        sorted(query, &set, budget).map(Selection::Ordered)
    }

    /// The positions that an index, or the filter by itself, names: all that can pass; `None`
    /// where these are not few.
    fn named(
        &self,
        filter: &Filter,
        layer: &Layer,
        budget: &Budget,
    ) -> Result<Option<RoaringTreemap>> {
        match filter {
            // ids of the column are no longer among them
            Filter::Ids(ids) => {
                let position = |id: &String| without_prefix(id, &layer.id).parse::<u64>().ok();
                return Ok(Some(ids.iter().filter_map(position).collect()));
            }
            Filter::And(parts) => {
                if let Some(ids) = parts.iter().find(|part| matches!(part, Filter::Ids(_))) {
                    return self.named(ids, layer, budget);
                }
            }
            Filter::Or(parts) => {
                let mut all = RoaringTreemap::new();
                for part in parts {
                    match self.named(part, layer, budget)? {
                        Some(named) => all |= named,
                        None => return Ok(None),
                    }
                }
                return Ok(Some(all));
            }
            _ => {}
        }
        let schema = layer.store.schema();
        let mut best: Option<(usize, Arc<AttributeIndex>, Demand<'_>)> = None;
        for (name, demand) in filter.demands() {
            let Some(column) = schema.column(name).filter(|c| is_indexed(layer, *c)) else {
                continue;
            };
            let index = self.indexes.get(layer, column, budget)?;
            if let Some(count) = index.count(&demand)
                && best.as_ref().is_none_or(|(least, ..)| count < *least)
            {
                best = Some((count, index, demand));
            }
        }
        let pays = |count: usize| (count as u64) < layer.store.count() / INDEX_PAYS_BELOW + 64;
        Ok(best
            .filter(|(count, ..)| pays(*count))
            .map(|(_, index, demand)| index.positions(&demand).collect()))
    }
}

/// True for the id column and those that the layer's file says.
fn is_indexed(layer: &Layer, column: usize) -> bool {
    let fields = &layer.store.schema().fields;
    let seen = layer.fields.iter().find(|f| f.column == column);
    // texts that are read as times do not compare as texts
    let can_be = fields.get(column).is_some_and(|f| is_indexable(f.kind))
        && seen.is_none_or(|f| is_indexable(f.kind));
    let is_wanted = layer.id_column == Some(column) || seen.is_some_and(|f| f.is_indexed);
    can_be && is_wanted
}

/// By the index alone, but for features at the edges of a window.
fn looked_up(
    query: &FeatureQuery,
    boxes: &[Bbox],
    tests: &mut [WindowTest],
    budget: &Budget,
) -> Result<RoaringTreemap> {
    let mut sure = RoaringTreemap::new();
    let mut doubtful = RoaringTreemap::new();
    let store = &query.layer.store;
    store.search(boxes, budget, &mut |position, bbox| {
        let is_sure = bbox.is_some_and(|b| tests.iter().all(|t| t.surely_holds(&b)));
        if is_sure {
            sure.insert(position);
        } else {
            doubtful.insert(position);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(sure | passing(query, doubtful, tests, None, budget)?)
}

/// Those of some positions whose features pass.
fn passing(
    query: &FeatureQuery,
    positions: RoaringTreemap,
    tests: &mut [WindowTest],
    filter: Option<&BoundFilter>,
    budget: &Budget,
) -> Result<RoaringTreemap> {
    let mut set = RoaringTreemap::new();
    let store = &query.layer.store;
    store.visit(&mut positions.iter(), budget, &mut |feature| {
        keep(feature, tests, filter, &mut set)?;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(set)
}

/// Those of the features near some boxes, or of all, that pass.
fn scanned(
    query: &FeatureQuery,
    boxes: &[Bbox],
    tests: &mut [WindowTest],
    filter: Option<&BoundFilter>,
    budget: &Budget,
) -> Result<RoaringTreemap> {
    let mut set = RoaringTreemap::new();
    let select = Select {
        boxes: boxes.to_vec(),
        offset: 0,
    };
    query.layer.store.select(&select, budget, &mut |feature| {
        keep(feature, tests, filter, &mut set)?;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(set)
}

fn keep(
    feature: &dyn Feature,
    tests: &mut [WindowTest],
    filter: Option<&BoundFilter>,
    set: &mut RoaringTreemap,
) -> Result<()> {
    if filter.is_some_and(|f| !f.matches(feature)) {
        return Ok(());
    }
    for test in tests {
        if !test.holds(feature)? {
            return Ok(());
        }
    }
    set.insert(feature.fid());
    Ok(())
}

fn sorted(query: &FeatureQuery, set: &RoaringTreemap, budget: &Budget) -> Result<Vec<u64>> {
    let mut keyed = Vec::new();
    let mut bytes = 0usize;
    let store = &query.layer.store;
    store.visit(&mut set.iter(), budget, &mut |feature| {
        let key = Keyed::new(feature, &query.sort);
        bytes = bytes.saturating_add(key.bytes());
        if bytes > MAX_SORT_BYTES {
            return Err(Error::LimitExceeded {
                what: "the memory for sorting in bytes",
                limit: MAX_SORT_BYTES as u64,
                found: bytes as u64,
            });
        }
        keyed.push(key);
        Ok(ControlFlow::Continue(()))
    })?;
    budget.check()?;
    keyed.sort_unstable_by(|a, b| a.compare(b, &query.sort));
    Ok(keyed.into_iter().map(|key| key.position).collect())
}

/// Where in the index to look.
enum Reach {
    Nothing,
    Everything,
    Boxes(Vec<Bbox>),
}

fn boxes(tests: &[WindowTest], filter: Option<&BoundFilter>, query: &FeatureQuery) -> Reach {
    let store = &query.layer.store;
    let common = |a: &[Bbox], b: &[Bbox]| -> Vec<Bbox> {
        let shared = |a: &Bbox| {
            b.iter()
                .filter_map(|b| a.intersection(b))
                .collect::<Vec<_>>()
        };
        a.iter().flat_map(shared).collect()
    };
    let area = |boxes: &[Bbox]| boxes.iter().map(|b| b.width() * b.height()).sum::<f64>();
    let is_points = store.schema().geometry == GeometryType::Point;
    let of_filter = filter.and_then(BoundFilter::boxes);
    let conditions = of_filter
        .into_iter()
        .chain(tests.iter().map(|test| &test.outer[..]));
    let extent: Vec<Bbox> = store.extent().into_iter().collect();
    let boxes = conditions
        .map(|boxes| common(boxes, &extent))
        .reduce(|a, b| match is_points {
            true => common(&a, &b),
            // what is larger than a point may touch both and nothing that they share
            false if area(&a) <= area(&b) => a,
            false => b,
        });
    let Some(boxes) = boxes else {
        return Reach::Everything;
    };
    match boxes.is_empty() {
        true => Reach::Nothing,
        false => Reach::Boxes(boxes),
    }
}

/// A window, ready to be held against features.
struct WindowTest {
    /// In its own CRS.
    boxes: Vec<Bbox>,
    /// From the layer's CRS into the window's.
    way: Arc<Transform>,
    /// In the layer's CRS: nothing outside of these touches the window…
    outer: Vec<Bbox>,
    /// …and everything inside one of these does.
    inner: Vec<Bbox>,
    geometry: Geometry,
}

impl WindowTest {
    fn new(window: &Window, query: &FeatureQuery) -> Result<WindowTest> {
        let way = Transform::new(&query.layer.crs, &window.crs)?;
        let back = way.inverse()?;
        let outer = match way.is_identity() {
            true => window.boxes.clone(),
            false => window
                .boxes
                .iter()
                .flat_map(|b| back.forward_bbox(b))
                .collect(),
        };
        let inner = window.boxes.iter().filter_map(|b| inside_image(&back, b));
        Ok(WindowTest {
            inner: inner.collect(),
            boxes: window.boxes.clone(),
            way,
            outer,
            geometry: Geometry::default(),
        })
    }

    fn surely_holds(&self, bbox: &Bbox) -> bool {
        self.inner.iter().any(|inner| inner.contains(bbox))
    }

    /// True where the feature's geometry touches the window.
    fn holds(&mut self, feature: &dyn Feature) -> Result<bool> {
        let Some(bbox) = feature.bbox() else {
            return Ok(false);
        };
        if self.surely_holds(&bbox) {
            return Ok(true);
        }
        if !self.outer.iter().any(|outer| outer.intersects(&bbox)) {
            return Ok(false);
        }
        feature.geometry(&mut self.geometry)?;
        self.way.forward(self.geometry.coords_mut());
        let geometry = &self.geometry;
        Ok(self.boxes.iter().any(|b| geometry_touches_box(geometry, b)))
    }
}
