//! Which features a query finds, held against reading every one; and that pages put together are
//! the whole. On the shipped demo, through the operation that every protocol calls.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, over data they know"
)]

mod common;

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use cartotheque::budget::Budget;
use cartotheque::catalogue::Layer;
use cartotheque::crs::{Crs, Transform};
use cartotheque::encode::feature::{FeatureRow, FeatureWriter, Rest};
use cartotheque::error::Result;
use cartotheque::feature::{OwnedValue, Value};
use cartotheque::geom::{Bbox, Geometry};
use cartotheque::operation::features::{FeatureQuery, FeatureStream, Pieces, SortKey, Window};
use cartotheque::query::{CompareOp, Expr, Filter, Literal, geometry_touches_box};
use cartotheque::server::{Options, State};
use cartotheque::store::Select;
use proptest::prelude::*;

fn state() -> &'static State {
    static STATE: OnceLock<State> = OnceLock::new();
    let load = || {
        State::load(Options {
            path: common::repository().to_path_buf(),
            base_url: None,
            trusted_proxies: Vec::new(),
            workers: 1,
            strict: true,
            explain: false,
            cache: None,
        })
    };
    STATE.get_or_init(|| load().unwrap())
}

fn layer(id: &str) -> Arc<Layer> {
    Arc::clone(state().whole().catalogue.layer(id).unwrap())
}

/// Writes positions in the source, as lines.
struct Positions;

impl FeatureWriter for Positions {
    fn begin(&mut self, _: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
    fn feature(&mut self, row: &FeatureRow<'_>, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(format!("{}\n", row.feature.fid()).as_bytes());
        Ok(())
    }
    fn end(&mut self, _: &mut Vec<u8>) -> Result<Rest> {
        Ok(Rest::Done)
    }
}

/// The positions that a query gives, in its order, and how many match on all pages.
fn found(query: &FeatureQuery) -> (Vec<u64>, u64) {
    let budget = Budget::unlimited();
    let found = state().whole().studio.features(query, &budget).unwrap();
    let mut stream = FeatureStream::new(query.clone(), &found, Box::new(Positions)).unwrap();
    let mut out = Vec::new();
    while stream.pull(&mut out, &budget).unwrap() == Rest::More {}
    let text = String::from_utf8(out).unwrap();
    let positions: Vec<u64> = text.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(positions.len() as u64, found.returned);
    (positions, found.matched)
}

/// By reading every feature and projecting every vertex.
fn touching(layer: &Layer, bbox: &Bbox, crs: &Crs) -> Vec<u64> {
    let way = Transform::new(&layer.crs, crs).unwrap();
    let mut geometry = Geometry::default();
    let mut found = Vec::new();
    let all = Select::default();
    let visit = &mut |feature: &dyn cartotheque::feature::Feature| {
        feature.geometry(&mut geometry)?;
        way.forward(geometry.coords_mut());
        if geometry_touches_box(&geometry, bbox) {
            found.push(feature.fid());
        }
        Ok(ControlFlow::Continue(()))
    };
    layer
        .store
        .select(&all, &Budget::unlimited(), visit)
        .unwrap();
    found
}

fn values(layer: &Layer, column: usize) -> Vec<OwnedValue> {
    let mut values = Vec::new();
    let all = Select::default();
    let visit = &mut |feature: &dyn cartotheque::feature::Feature| {
        values.push(feature.value(column).into());
        Ok(ControlFlow::Continue(()))
    };
    layer
        .store
        .select(&all, &Budget::unlimited(), visit)
        .unwrap();
    values
}

fn equals(name: &str, value: Literal) -> Filter {
    Filter::Compare {
        op: CompareOp::Equal,
        left: Expr::Property(name.into()),
        right: Expr::Literal(value),
        match_case: true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_window_finds_what_touches_it_in_every_crs(
        place in 0usize..4,
        (x, y) in (2.0..7.2f64, 44.0..46.9f64),
        (width, height) in (0.01..2.0f64, 0.01..1.5f64),
    ) {
        let crs = [Crs::crs84(), Crs::from_epsg(2154).unwrap(), Crs::from_epsg(3857).unwrap(),
                   Crs::from_epsg(3035).unwrap()][place].clone();
        let lonlat = Bbox::new(x, y, x + width, y + height).unwrap();
        let there = Transform::new(&Crs::crs84(), &crs).unwrap();
        let bbox = there.forward_bbox(&lonlat)[0];
        let communes = layer("communes");
        let mut query = FeatureQuery::all(&communes);
        query.windows = vec![Window { boxes: vec![bbox], crs: crs.clone() }];
        let naive = touching(&communes, &bbox, &crs);
        prop_assert_eq!(found(&query), (naive.clone(), naive.len() as u64));
    }

    #[test]
    fn pages_put_together_are_the_whole(size in 1u64..700, sorted in any::<bool>()) {
        let communes = layer("communes");
        let mut query = FeatureQuery::all(&communes);
        let bbox = Bbox::new(4.0, 45.0, 5.0, 46.0).unwrap();
        query.windows = vec![Window { boxes: vec![bbox], crs: Crs::crs84() }];
        if sorted {
            let column = communes.store.schema().column("departement").unwrap();
            query.sort = vec![SortKey { column, is_descending: true }];
        }
        let (whole, matched) = found(&query);
        query.limit = Some(size);
        let mut pages = Vec::new();
        while (pages.len() as u64) < matched {
            query.offset = pages.len() as u64;
            let (page, same) = found(&query);
            prop_assert_eq!(same, matched);
            prop_assert!(!page.is_empty() && page.len() as u64 <= size);
            pages.extend(page);
        }
        prop_assert_eq!(pages, whole);
    }
}

#[test]
fn everything_is_counted_without_being_read_and_given_in_the_order_of_the_source() {
    let communes = layer("communes");
    let count = communes.store.count();
    let (positions, matched) = found(&FeatureQuery::all(&communes));
    assert_eq!(matched, count);
    assert_eq!(positions, (0..count).collect::<Vec<_>>());
}

#[test]
fn sorted_numbers_rise_and_nulls_come_last() {
    let communes = layer("communes");
    let column = communes.store.schema().column("population").unwrap();
    let values = values(&communes, column);
    for is_descending in [false, true] {
        let mut query = FeatureQuery::all(&communes);
        query.sort = vec![SortKey {
            column,
            is_descending,
        }];
        let (positions, _) = found(&query);
        assert_eq!(positions.len(), values.len());
        let sorted: Vec<Option<f64>> = positions
            .iter()
            .map(|at| values.get(*at as usize).unwrap().as_value().as_f64())
            .collect();
        for (a, b) in sorted.iter().zip(sorted.iter().skip(1)) {
            match (a, b) {
                (Some(a), Some(b)) if is_descending => assert!(a >= b),
                (Some(a), Some(b)) => assert!(a <= b),
                (None, Some(_)) => panic!("a null before a number"),
                (_, None) => {}
            }
        }
    }
}

#[test]
fn a_filter_leaves_what_passes_with_and_without_an_index() {
    let communes = layer("communes");
    let name = |column: usize| {
        communes
            .store
            .schema()
            .fields
            .get(column)
            .unwrap()
            .name
            .clone()
    };
    let id = communes.id_column.unwrap();
    let other = communes.store.schema().column("nom").unwrap();
    for column in [id, other] {
        let all = values(&communes, column);
        for wanted in all.iter().step_by(997) {
            let Value::Text(text) = wanted.as_value() else {
                continue;
            };
            let mut query = FeatureQuery::all(&communes);
            query.filter = Some(equals(&name(column), Literal::Text(text.into())));
            let naive: Vec<u64> = (0..)
                .zip(&all)
                .filter(|(_, value)| *value == wanted)
                .map(|(at, _)| at)
                .collect();
            assert_eq!(found(&query), (naive.clone(), naive.len() as u64), "{text}");
        }
    }
}

#[test]
fn an_id_finds_its_feature_with_or_without_the_layer_before_it() {
    let communes = layer("communes");
    let ids = values(&communes, communes.id_column.unwrap());
    let Value::Text(id) = ids.get(2000).unwrap().as_value() else {
        panic!("ids of communes are texts")
    };
    for written in [id.to_owned(), format!("communes.{id}")] {
        let mut query = FeatureQuery::all(&communes);
        query.filter = Some(Filter::Ids(vec![written]));
        assert_eq!(found(&query), (vec![2000], 1));
    }
    let mut query = FeatureQuery::all(&communes);
    query.filter = Some(Filter::Ids(vec!["nobody".into(), format!("villes.{id}")]));
    assert_eq!(found(&query), (vec![], 0));
}

#[test]
fn a_window_elsewhere_finds_nothing() {
    let communes = layer("communes");
    let mut query = FeatureQuery::all(&communes);
    let bbox = Bbox::new(100.0, 0.0, 101.0, 1.0).unwrap();
    query.windows = vec![Window {
        boxes: vec![bbox],
        crs: Crs::crs84(),
    }];
    assert_eq!(found(&query), (vec![], 0));
}

/// A region between two places touches both, wherever the places lie to each other.
#[test]
fn what_touches_two_places_is_found_by_windows_and_by_a_filter() {
    let crs = Crs::crs84();
    let places = [[5.0, 45.5, 5.2, 45.7], [5.9, 44.9, 6.1, 45.1]];
    let [a, b] = places.map(|[x, y, to_x, to_y]| Bbox::new(x, y, to_x, to_y).unwrap());
    for id in ["departements", "communes", "cours-eau", "villes"] {
        let layer = layer(id);
        let [at_a, at_b] = [a, b].map(|bbox| touching(&layer, &bbox, &crs));
        let both: Vec<u64> = at_a.into_iter().filter(|p| at_b.contains(p)).collect();
        assert!(id != "departements" || !both.is_empty());
        let window = |boxes: Bbox| Window {
            boxes: vec![boxes],
            crs: crs.clone(),
        };
        let mut query = FeatureQuery::all(&layer);
        query.windows = vec![window(a), window(b)];
        assert_eq!(found(&query), (both.clone(), both.len() as u64), "{id}");
        // the same place as a condition, in the layer's own CRS: wider by what bends
        let there = Transform::new(&crs, &layer.crs).unwrap();
        query.windows = vec![window(a)];
        query.filter = Some(Filter::Bbox(there.forward_bbox(&b)[0]));
        let wider = found(&query).0;
        assert!(both.iter().all(|p| wider.contains(p)), "{id}");
    }
}
