//! Features held in memory with an R-tree: for small sources that are not FlatGeobuf, and tests.

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::budget::Budget;
use crate::crs::Crs;
use crate::error::Result;
use crate::feature::{Feature, OwnedValue, Schema, Value};
use crate::geom::{Bbox, Geometry};
use crate::store::stamp::Fingerprint;
use crate::store::{FeatureStore, Flow, Select, SelectStats};

/// The budget is asked after so many features.
const BATCH: usize = 256;

/// A feature that owns what it is made of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MemoryFeature {
    /// `None` for a null geometry.
    pub geometry: Option<Geometry>,
    /// One for each field of the schema; missing ones at the end are null.
    pub values: Vec<OwnedValue>,
}

/// A set of features in memory. A feature's number is its place in the set.
#[derive(Debug)]
pub struct MemoryStore {
    schema: Schema,
    crs: Option<Crs>,
    features: Vec<MemoryFeature>,
    boxes: Vec<Option<Bbox>>,
    tree: RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>,
    extent: Option<Bbox>,
    version: String,
}

impl MemoryStore {
    /// A store of these features in this order. Values beyond the schema's fields are dropped.
    pub fn new(schema: Schema, crs: Option<Crs>, mut features: Vec<MemoryFeature>) -> MemoryStore {
        for feature in &mut features {
            feature.values.truncate(schema.fields.len());
        }
        let boxes: Vec<Option<Bbox>> = features
            .iter()
            .map(|f| f.geometry.as_ref().and_then(Geometry::bbox))
            .collect();
        let placed = boxes.iter().zip(0..).filter_map(|(bbox, fid)| {
            let bbox = (*bbox)?;
            let corners = ([bbox.min_x, bbox.min_y], [bbox.max_x, bbox.max_y]);
            Some(GeomWithData::new(
                Rectangle::from_corners(corners.0, corners.1),
                fid,
            ))
        });
        MemoryStore {
            tree: RTree::bulk_load(placed.collect()),
            extent: boxes.iter().flatten().copied().reduce(|a, b| a.union(&b)),
            version: fingerprint(&schema, &features),
            schema,
            crs,
            features,
            boxes,
        }
    }

    /// Sets what [`FeatureStore::crs`] answers.
    pub fn with_crs(mut self, crs: Option<Crs>) -> MemoryStore {
        self.crs = crs;
        self
    }

    /// Those of the features whose boxes touch one of `boxes`, by ascending number, each once.
    fn found(&self, boxes: &[Bbox]) -> Vec<usize> {
        let mut found: Vec<usize> = boxes
            .iter()
            .flat_map(|b| {
                let envelope = AABB::from_corners([b.min_x, b.min_y], [b.max_x, b.max_y]);
                self.tree.locate_in_envelope_intersecting(&envelope)
            })
            .map(|entry| entry.data)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn feature(&self, fid: usize) -> Option<Held<'_>> {
        Some(Held {
            fid: fid as u64,
            feature: self.features.get(fid)?,
            bbox: self.boxes.get(fid).copied().flatten(),
        })
    }

    fn visit_all(
        &self,
        fids: impl Iterator<Item = usize>,
        select: &Select,
        budget: &Budget,
        visit: &mut dyn FnMut(&dyn Feature) -> Flow,
    ) -> Result<SelectStats> {
        let mut stats = SelectStats::default();
        let (mut features, mut vertices) = (0, 0);
        let skip = usize::try_from(select.offset).unwrap_or(usize::MAX);
        for held in fids.skip(skip).filter_map(|fid| self.feature(fid)) {
            stats.features += 1;
            features += 1;
            vertices += held.vertices();
            if features as usize >= BATCH {
                budget.spend(features, vertices)?;
                (features, vertices) = (0, 0);
            }
            if visit(&held)?.is_break() {
                break;
            }
        }
        budget.spend(features, vertices)?;
        stats.nodes = stats.features;
        Ok(stats)
    }
}

/// A hash of everything that can be told apart.
fn fingerprint(schema: &Schema, features: &[MemoryFeature]) -> String {
    let mut print = Fingerprint::new().bytes(format!("{schema:?}").as_bytes());
    for feature in features {
        if let Some(geometry) = &feature.geometry {
            print = print.bytes(format!("{:?}", geometry.kind()).as_bytes());
            for part in geometry.parts() {
                // the same positions are two polygons, or one with a hole
                print = print.bytes(format!("{:?}", part.kind).as_bytes());
                for sequence in part.sequences() {
                    print = print.bytes(&(sequence.len() as u64).to_le_bytes());
                    let numbers = sequence.iter().flatten();
                    print = numbers.fold(print, |print, n| print.bytes(&n.to_le_bytes()));
                }
            }
        }
        print = print.bytes(format!("{:?}", feature.values).as_bytes());
    }
    print.text()
}

impl FeatureStore for MemoryStore {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn crs(&self) -> Option<&Crs> {
        self.crs.as_ref()
    }

    fn extent(&self) -> Option<Bbox> {
        self.extent
    }

    fn count(&self) -> u64 {
        self.features.len() as u64
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn select(
        &self,
        select: &Select,
        budget: &Budget,
        visit: &mut dyn FnMut(&dyn Feature) -> Flow,
    ) -> Result<SelectStats> {
        budget.check()?;
        if select.boxes.is_empty() {
            self.visit_all(0..self.features.len(), select, budget, visit)
        } else {
            let found = self.found(&select.boxes);
            self.visit_all(found.into_iter(), select, budget, visit)
        }
    }

    fn get(&self, fid: u64, visit: &mut dyn FnMut(&dyn Feature) -> Result<()>) -> Result<bool> {
        match usize::try_from(fid).ok().and_then(|fid| self.feature(fid)) {
            Some(held) => visit(&held).map(|()| true),
            None => Ok(false),
        }
    }
}

struct Held<'a> {
    fid: u64,
    feature: &'a MemoryFeature,
    bbox: Option<Bbox>,
}

impl Held<'_> {
    fn vertices(&self) -> u64 {
        let geometry = self.feature.geometry.as_ref();
        geometry.map_or(0, |g| g.coords().len() as u64)
    }
}

impl Feature for Held<'_> {
    fn fid(&self) -> u64 {
        self.fid
    }

    fn bbox(&self) -> Option<Bbox> {
        self.bbox
    }

    fn geometry(&self, out: &mut Geometry) -> Result<()> {
        match &self.feature.geometry {
            Some(geometry) => out.clone_from(geometry),
            None => *out = Geometry::default(),
        }
        Ok(())
    }

    fn value(&self, column: usize) -> Value<'_> {
        let value = self.feature.values.get(column);
        value.map_or(Value::Null, OwnedValue::as_value)
    }

    fn values(&self, visit: &mut dyn FnMut(usize, Value<'_>)) {
        for (column, value) in self.feature.values.iter().enumerate() {
            if *value != OwnedValue::Null {
                visit(column, value.as_value());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::{GeometryType, PartKind};
    use proptest::prelude::*;
    use std::ops::ControlFlow;

    fn square(x: f64, y: f64, size: f64) -> MemoryFeature {
        let mut geometry = Geometry::new(GeometryType::Polygon);
        geometry.extend([[x, y], [x + size, y], [x + size, y + size], [x, y]]);
        geometry.end_part(PartKind::Polygon);
        MemoryFeature {
            geometry: Some(geometry),
            values: vec![],
        }
    }

    fn fids(store: &MemoryStore, select: &Select) -> Vec<u64> {
        let mut found = Vec::new();
        let budget = Budget::unlimited();
        let visited = store.select(select, &budget, &mut |f| {
            found.push(f.fid());
            Ok(ControlFlow::Continue(()))
        });
        assert_eq!(visited.unwrap().features, found.len() as u64);
        found
    }

    proptest! {
        #[test]
        fn a_select_is_a_linear_scan(
            squares in proptest::collection::vec((0.0..100.0, 0.0..100.0, 0.0..9.0), 0..200),
            asked in proptest::collection::vec((0.0..100.0, 0.0..100.0, 0.0..60.0), 0..4),
            offset in 0_u64..20,
        ) {
            let mut features: Vec<MemoryFeature> =
                squares.iter().map(|(x, y, s)| square(*x, *y, *s)).collect();
            features.push(MemoryFeature::default());
            let boxes: Vec<Bbox> =
                asked.iter().map(|(x, y, s)| Bbox::new(*x, *y, x + s, y + s).unwrap()).collect();
            let expected: Vec<u64> = features.iter().zip(0..).filter(|(f, _)| {
                let bbox = f.geometry.as_ref().and_then(Geometry::bbox);
                boxes.is_empty() || bbox.is_some_and(|b| boxes.iter().any(|a| a.intersects(&b)))
            }).map(|(_, fid)| fid).skip(offset as usize).collect();
            let store = MemoryStore::new(Schema::default(), None, features);
            prop_assert_eq!(fids(&store, &Select { boxes, offset }), expected);
        }
    }

    #[test]
    fn a_null_geometry_is_visited_only_where_no_box_is_asked() {
        let features = vec![MemoryFeature::default(), square(0.0, 0.0, 1.0)];
        let store = MemoryStore::new(Schema::default(), None, features);
        assert_eq!(fids(&store, &Select::default()), [0, 1]);
        let boxes = vec![Bbox::WORLD];
        assert_eq!(fids(&store, &Select { boxes, offset: 0 }), [1]);
    }

    #[test]
    fn the_version_follows_the_content() {
        let version = |x| {
            let store = MemoryStore::new(Schema::default(), None, vec![square(x, 0.0, 1.0)]);
            store.version().to_owned()
        };
        assert_eq!(version(1.0), version(1.0));
        assert_ne!(version(1.0), version(2.0));
    }

    #[test]
    fn the_version_tells_a_hole_from_a_polygon_of_its_own() {
        let outer = [[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 0.0]];
        let inner = [[4.0, 2.0], [5.0, 2.0], [5.0, 3.0], [4.0, 2.0]];
        let version = |kind: GeometryType, end_first: fn(&mut Geometry)| {
            let mut geometry = Geometry::new(kind);
            geometry.extend(outer);
            end_first(&mut geometry);
            geometry.extend(inner);
            geometry.end_part(PartKind::Polygon);
            let feature = MemoryFeature {
                geometry: Some(geometry),
                values: vec![],
            };
            let store = MemoryStore::new(Schema::default(), None, vec![feature]);
            store.version().to_owned()
        };
        let hole = version(GeometryType::MultiPolygon, Geometry::end_sequence);
        let two = version(GeometryType::MultiPolygon, |g| {
            g.end_part(PartKind::Polygon);
        });
        let alone = version(GeometryType::Polygon, Geometry::end_sequence);
        assert!(hole != two && hole != alone);
    }
}
