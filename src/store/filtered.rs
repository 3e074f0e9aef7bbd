//! A part of a store, as if there were nothing else: what does not pass the filter is neither
//! drawn nor counted nor found, whoever asks.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::later::{Later, Wanted};
use super::stamp::Fingerprint;
use super::{FeatureStore, Flow, Select, SelectStats};
use crate::budget::Budget;
use crate::crs::Crs;
use crate::error::Result;
use crate::feature::{Feature, Schema, Value};
use crate::geom::{Bbox, Geometry};
use crate::query::BoundFilter;

/// Up to so many features their boxes are looked through one by one: less work than the index of
/// a source that has many others.
const MAX_LOOKED_THROUGH: usize = 20_000;

/// Of so many features those that pass are found by the request that needs them.
const MAX_FOUND_HERE: u64 = 20_000;

/// The features of a store that pass a filter. Their positions are counted among themselves.
pub struct FilteredStore {
    inner: Arc<dyn FeatureStore>,
    filter: Arc<BoundFilter>,
    version: String,
    /// Found when they are first asked for: a server has many filters and few of them in use.
    kept: Arc<Later<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    /// Positions in the source, ascending.
    fids: Vec<u64>,
    boxes: Vec<Option<Bbox>>,
    extent: Option<Bbox>,
}

impl Kept {
    /// `None` where it is not wanted any more.
    fn find(
        inner: &dyn FeatureStore,
        filter: &BoundFilter,
        wanted: impl Fn() -> bool,
    ) -> Option<Kept> {
        let mut kept = Kept::default();
        let select = Select {
            boxes: match filter.boxes() {
                Some([]) => return Some(kept),
                Some(boxes) => boxes.to_vec(),
                None => Vec::new(),
            },
            offset: 0,
        };
        let (mut looked_at, mut is_left) = (0u32, false);
        let found = inner.select(&select, &Budget::unlimited(), &mut |feature| {
            if filter.matches(feature) {
                kept.fids.push(feature.fid());
                kept.boxes.push(feature.bbox());
            }
            looked_at = looked_at.wrapping_add(1);
            is_left = looked_at.is_multiple_of(4096) && !wanted();
            Ok(match is_left {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })
        });
        if is_left {
            return None;
        }
        if let Err(error) = found {
            // what was found till then is right; what comes after can't be read by anybody
            tracing::warn!("a filtered layer is not whole: {error}");
        }
        let boxes = kept.boxes.iter().flatten().copied();
        kept.extent = boxes.reduce(|a, b| a.union(&b));
        Some(kept)
    }

    /// The place of a position of the source.
    fn place(&self, fid: u64) -> Option<usize> {
        self.fids.binary_search(&fid).ok()
    }

    fn touches(&self, place: usize, wanted: &[Bbox]) -> Option<Bbox> {
        let bbox = self.boxes.get(place).copied().flatten()?;
        wanted.iter().any(|w| w.intersects(&bbox)).then_some(bbox)
    }
}

impl FilteredStore {
    /// The features of `inner` that pass; `text` is the filter as it was written, which tells
    /// this part from others.
    pub fn new(inner: Arc<dyn FeatureStore>, filter: BoundFilter, text: &str) -> FilteredStore {
        let of_filter = Fingerprint::new().bytes(text.as_bytes()).text();
        FilteredStore {
            version: format!("{}-{of_filter}", inner.version()),
            inner,
            filter: Arc::new(filter),
            kept: Arc::default(),
        }
    }

    /// What passes. Of many features a thread of its own finds it, and goes on where the request
    /// may wait no longer.
    fn kept(&self, budget: &Budget) -> Result<&Kept> {
        let all = || true;
        if self.inner.count() <= MAX_FOUND_HERE {
            let find = || Kept::find(&*self.inner, &self.filter, all).unwrap_or_default();
            return Ok(self.kept.get_here(find));
        }
        let (inner, filter) = (Arc::clone(&self.inner), Arc::clone(&self.filter));
        self.kept.get(budget, move |wanted: &Wanted<Kept>| {
            Kept::find(&*inner, &filter, || wanted.is_wanted())
        })
    }

    /// [`kept`](FilteredStore::kept) for who has no deadline; `None` where it can't be found.
    fn kept_at_last(&self) -> Option<&Kept> {
        let kept = self.kept(&Budget::unlimited());
        kept.inspect_err(|e| tracing::warn!("a filtered layer: {e}"))
            .ok()
    }

    /// Calls with the place of each feature whose box touches, in order.
    fn places(
        &self,
        wanted: &[Bbox],
        budget: &Budget,
        found: &mut dyn FnMut(usize, Bbox) -> Flow,
    ) -> Result<SelectStats> {
        let kept = self.kept(budget)?;
        if kept.fids.len() <= MAX_LOOKED_THROUGH {
            budget.check()?;
            for place in 0..kept.boxes.len() {
                if let Some(bbox) = kept.touches(place, wanted)
                    && found(place, bbox)?.is_break()
                {
                    break;
                }
            }
            return Ok(SelectStats::default());
        }
        self.inner.search(wanted, budget, &mut |fid, _| {
            let place = kept.place(fid);
            match place.and_then(|place| Some((place, kept.touches(place, wanted)?))) {
                Some((place, bbox)) => found(place, bbox),
                None => Ok(ControlFlow::Continue(())),
            }
        })
    }

    /// Visits the features at these places.
    fn visit_places(
        &self,
        places: &mut dyn Iterator<Item = usize>,
        budget: &Budget,
        visit: &mut dyn FnMut(&dyn Feature) -> Flow,
    ) -> Result<SelectStats> {
        let kept = self.kept(budget)?;
        let mut fids = places.map(|place| kept.fids.get(place).copied().unwrap_or(u64::MAX));
        self.inner.visit(
            &mut fids,
            budget,
            &mut |feature| match kept.place(feature.fid()) {
                Some(place) => visit(&Renumbered {
                    feature,
                    fid: place as u64,
                }),
                None => Ok(ControlFlow::Continue(())),
            },
        )
    }
}

impl FeatureStore for FilteredStore {
    fn schema(&self) -> &Schema {
        self.inner.schema()
    }

    fn crs(&self) -> Option<&Crs> {
        self.inner.crs()
    }

    fn extent(&self) -> Option<Bbox> {
        self.kept_at_last()?.extent
    }

    fn count(&self) -> u64 {
        self.kept_at_last().map_or(0, |kept| kept.fids.len() as u64)
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn is_gone(&self) -> bool {
        self.inner.is_gone()
    }

    fn select(
        &self,
        select: &Select,
        budget: &Budget,
        visit: &mut dyn FnMut(&dyn Feature) -> Flow,
    ) -> Result<SelectStats> {
        let offset = usize::try_from(select.offset).unwrap_or(usize::MAX);
        if select.boxes.is_empty() {
            let mut all = (0..self.kept(budget)?.fids.len()).skip(offset);
            return self.visit_places(&mut all, budget, visit);
        }
        let mut places = Vec::new();
        let searched = self.places(&select.boxes, budget, &mut |place, _| {
            places.push(place);
            Ok(ControlFlow::Continue(()))
        })?;
        let mut places = places.into_iter().skip(offset);
        let mut stats = self.visit_places(&mut places, budget, visit)?;
        stats.nodes = stats.nodes.saturating_add(searched.nodes);
        Ok(stats)
    }

    fn search(
        &self,
        boxes: &[Bbox],
        budget: &Budget,
        found: &mut dyn FnMut(u64, Option<Bbox>) -> Flow,
    ) -> Result<SelectStats> {
        self.places(boxes, budget, &mut |place, bbox| {
            found(place as u64, Some(bbox))
        })
    }

    fn visit(
        &self,
        fids: &mut dyn Iterator<Item = u64>,
        budget: &Budget,
        visit: &mut dyn FnMut(&dyn Feature) -> Flow,
    ) -> Result<SelectStats> {
        let mut places = fids.map(|fid| usize::try_from(fid).unwrap_or(usize::MAX));
        self.visit_places(&mut places, budget, visit)
    }

    fn get(&self, fid: u64, visit: &mut dyn FnMut(&dyn Feature) -> Result<()>) -> Result<bool> {
        let place = usize::try_from(fid).unwrap_or(usize::MAX);
        let Some(inner) = self.kept(&Budget::unlimited())?.fids.get(place) else {
            return Ok(false);
        };
        self.inner
            .get(*inner, &mut |feature| visit(&Renumbered { feature, fid }))
    }
}

/// A feature under its position in the part.
struct Renumbered<'a> {
    feature: &'a dyn Feature,
    fid: u64,
}

impl Feature for Renumbered<'_> {
    fn fid(&self) -> u64 {
        self.fid
    }

    fn bbox(&self) -> Option<Bbox> {
        self.feature.bbox()
    }

    fn geometry(&self, out: &mut Geometry) -> Result<()> {
        self.feature.geometry(out)
    }

    fn value(&self, column: usize) -> Value<'_> {
        self.feature.value(column)
    }

    fn values(&self, visit: &mut dyn FnMut(usize, Value<'_>)) {
        self.feature.values(visit);
    }
}

impl std::fmt::Debug for FilteredStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FilteredStore")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::error::Error;
    use crate::feature::{Field, FieldType, OwnedValue};
    use crate::geom::GeometryType;
    use crate::query::{CompareOp, Expr, Filter, Literal};
    use crate::store::MemoryStore;
    use crate::store::memory::MemoryFeature;
    use proptest::prelude::*;

    fn point(x: f64, y: f64) -> Geometry {
        let mut geometry = Geometry::new(GeometryType::Point);
        geometry.begin(GeometryType::Point);
        geometry.push([x, y]);
        geometry.end_sequence();
        geometry.end_part(crate::geom::PartKind::Points);
        geometry
    }

    fn whole(places: &[(u8, u8, i64)]) -> Arc<MemoryStore> {
        let schema = Schema {
            fields: vec![Field {
                name: "n".into(),
                kind: FieldType::Long,
                title: None,
                description: None,
                nullable: true,
            }],
            geometry: GeometryType::Point,
            ..Schema::default()
        };
        let features = places.iter().map(|(x, y, n)| MemoryFeature {
            geometry: Some(point(f64::from(*x), f64::from(*y))),
            values: vec![OwnedValue::Int(*n)],
        });
        Arc::new(MemoryStore::new(schema, None, features.collect()))
    }

    fn part(inner: &Arc<MemoryStore>, below: i64) -> FilteredStore {
        let filter = Filter::Compare {
            op: CompareOp::Less,
            left: Expr::Property("n".into()),
            right: Expr::Literal(Literal::integer(below)),
            match_case: true,
        };
        let bound = filter.bind(inner.schema()).unwrap();
        let inner: Arc<dyn FeatureStore> = Arc::clone(inner) as Arc<dyn FeatureStore>;
        FilteredStore::new(inner, bound, &format!("n < {below}"))
    }

    /// Position and value of what a visit hands out.
    fn seen(visit: impl FnOnce(&mut dyn FnMut(&dyn Feature) -> Flow)) -> Vec<(u64, i64)> {
        let mut list = Vec::new();
        visit(&mut |feature| {
            let n = feature.value(0).as_f64().unwrap() as i64;
            list.push((feature.fid(), n));
            Ok(ControlFlow::Continue(()))
        });
        list
    }

    proptest! {
        /// Whatever way the part is asked, it is the source without the others.
        #[test]
        fn a_part_is_the_features_that_pass_counted_among_themselves(
            places in prop::collection::vec((0u8..20, 0u8..20, 0i64..10), 0..60),
            below in 0i64..10,
            (x, y, w, h, offset) in (0u8..20, 0u8..20, 0u8..10, 0u8..10, 0u64..4),
        ) {
            let part = part(&whole(&places), below);
            let budget = Budget::unlimited();
            let kept: Vec<_> = places.iter().filter(|(_, _, n)| *n < below).collect();
            prop_assert_eq!(part.count(), kept.len() as u64);
            let all: Vec<(u64, i64)> = (0..).zip(kept.iter().map(|k| k.2)).collect();
            let everything = seen(|visit| {
                part.select(&Select::default(), &budget, visit).unwrap();
            });
            prop_assert_eq!(&everything, &all);
            let wanted = Bbox::new(
                f64::from(x), f64::from(y), f64::from(x + w), f64::from(y + h),
            ).unwrap();
            let inside: Vec<(u64, i64)> = all.iter().zip(&kept)
                .filter(|(_, (x, y, _))| wanted.contains_point([f64::from(*x), f64::from(*y)]))
                .map(|(one, _)| *one)
                .collect();
            let select = Select { boxes: vec![wanted], offset };
            let there = seen(|visit| {
                part.select(&select, &budget, visit).unwrap();
            });
            let skipped: Vec<_> = inside.iter().copied().skip(offset as usize).collect();
            prop_assert_eq!(there, skipped);
            let mut searched = Vec::new();
            part.search(&[wanted], &budget, &mut |fid, _| {
                searched.push(fid);
                Ok(ControlFlow::Continue(()))
            }).unwrap();
            prop_assert_eq!(searched, inside.iter().map(|one| one.0).collect::<Vec<_>>());
            for (fid, n) in &all {
                let visited = seen(|visit| {
                    part.visit(&mut std::iter::once(*fid), &budget, visit).unwrap();
                });
                prop_assert_eq!(visited, vec![(*fid, *n)]);
                let mut found = None;
                let is_there = part.get(*fid, &mut |f| {
                    found = Some(f.fid());
                    Ok(())
                });
                prop_assert_eq!((is_there.unwrap(), found), (true, Some(*fid)));
            }
            let beyond = part.get(part.count(), &mut |_| Ok(())).unwrap();
            prop_assert!(!beyond);
            let around = kept.iter()
                .filter_map(|(x, y, _)| Bbox::new(f64::from(*x), f64::from(*y), f64::from(*x), f64::from(*y)))
                .reduce(|a, b| a.union(&b));
            prop_assert_eq!(part.extent(), around);
        }
    }

    /// A store of many features that takes its time, and counts how often it was looked through.
    struct Slow(Arc<MemoryStore>, Arc<AtomicUsize>);

    impl FeatureStore for Slow {
        fn schema(&self) -> &Schema {
            self.0.schema()
        }

        fn crs(&self) -> Option<&Crs> {
            None
        }

        fn extent(&self) -> Option<Bbox> {
            self.0.extent()
        }

        fn count(&self) -> u64 {
            MAX_FOUND_HERE + 1
        }

        fn version(&self) -> &str {
            self.0.version()
        }

        fn select(
            &self,
            select: &Select,
            budget: &Budget,
            visit: &mut dyn FnMut(&dyn Feature) -> Flow,
        ) -> Result<SelectStats> {
            self.1.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(600));
            self.0.select(select, budget, visit)
        }

        fn search(
            &self,
            boxes: &[Bbox],
            budget: &Budget,
            found: &mut dyn FnMut(u64, Option<Bbox>) -> Flow,
        ) -> Result<SelectStats> {
            self.0.search(boxes, budget, found)
        }

        fn visit(
            &self,
            fids: &mut dyn Iterator<Item = u64>,
            budget: &Budget,
            visit: &mut dyn FnMut(&dyn Feature) -> Flow,
        ) -> Result<SelectStats> {
            self.0.visit(fids, budget, visit)
        }

        fn get(&self, fid: u64, visit: &mut dyn FnMut(&dyn Feature) -> Result<()>) -> Result<bool> {
            self.0.get(fid, visit)
        }
    }

    #[test]
    fn a_request_waits_no_longer_than_it_may_for_what_passes_and_nothing_is_lost() {
        let inner = whole(&[(1, 1, 1), (2, 2, 2), (3, 3, 1)]);
        let looked = Arc::new(AtomicUsize::new(0));
        let filter = part(&inner, 2).filter;
        let filter = Arc::into_inner(filter).unwrap();
        let part = FilteredStore::new(Arc::new(Slow(inner, Arc::clone(&looked))), filter, "n < 2");
        let hurried = Budget::new(Duration::from_millis(30), u64::MAX, u64::MAX);
        let began = Instant::now();
        let given_up = part.select(&Select::default(), &hurried, &mut |_| {
            Ok(ControlFlow::Continue(()))
        });
        assert!(matches!(given_up, Err(Error::DeadlineExceeded { .. })));
        assert!(began.elapsed().as_millis() < 550, "{:?}", began.elapsed());
        let all = seen(|visit| {
            part.select(&Select::default(), &Budget::unlimited(), visit)
                .unwrap();
        });
        assert_eq!(all, [(0, 1), (1, 1)]);
        assert_eq!(part.count(), 2);
        // once, which the first request began
        assert_eq!(looked.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_part_is_told_from_others_and_never_copied_as_a_file() {
        let inner = whole(&[(1, 1, 1), (2, 2, 2)]);
        let (one, other) = (part(&inner, 1), part(&inner, 2));
        assert_ne!(one.version(), other.version());
        assert_ne!(one.version(), inner.version());
        assert!(one.flatgeobuf().is_none() && one.as_fgb().is_none());
    }
}
