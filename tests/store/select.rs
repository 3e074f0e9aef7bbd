//! Selecting against naive scans, whatever the node size; paging; budgets; versions.

use std::ops::ControlFlow;
use std::time::Duration;

use cartotheque::budget::Budget;
use cartotheque::error::Error;
use cartotheque::feature::{OwnedValue, Value};
use cartotheque::geom::Bbox;
use cartotheque::store::{FeatureStore, FgbStore, FileStamp, Select};
use proptest::prelude::*;

use super::writer::{Options, Polygon, write};
use super::{Numbers, Temporary, all, fids, shared, visit};

const INDEXED: Options = Options {
    node_size: 16,
    with_count: true,
    sort: true,
};

/// Squares at random places, some of them null geometries.
fn squares(count: usize, seed: u64) -> Vec<Polygon> {
    let mut numbers = Numbers(seed);
    (0..count)
        .map(|i| {
            let (x, y) = (numbers.unit() * 1000.0, numbers.unit() * 500.0);
            let size = numbers.unit() * 20.0;
            let ring = vec![
                [x, y],
                [x + size, y],
                [x + size, y + size],
                [x, y + size],
                [x, y],
            ];
            Polygon {
                ring: if i % 17 == 3 { vec![] } else { ring },
                name: format!("n° {i}"),
                number: i as i32,
            }
        })
        .collect()
}

#[test]
fn every_node_size_and_no_index_answer_like_a_linear_scan() {
    let world = Bbox::new(0.0, 0.0, 1020.0, 520.0).unwrap();
    for count in [0, 1, 2, 15, 16, 17, 300] {
        for node_size in [0, 2, 3, 5, 16, 255, 65_535] {
            for with_count in [true, false] {
                // a file without count has no index that could be found
                let node_size = if with_count { node_size } else { 0 };
                let options = Options {
                    node_size,
                    with_count,
                    sort: true,
                };
                let file = Temporary::new(&write(&squares(count, 1), options));
                let store = FgbStore::open(&file.0).unwrap();
                let features = all(&store);
                assert_eq!(features.len(), count);
                assert_eq!(store.count(), count as u64);
                assert!(features.iter().zip(0..).all(|(f, i)| f.fid == i));
                let extent = features
                    .iter()
                    .filter_map(|f| f.geometry.bbox())
                    .reduce(|a, b| a.union(&b));
                assert_eq!(store.extent(), extent);
                let report = store.verify(&mut |_, _| ControlFlow::Continue(())).unwrap();
                assert!(report.is_sound(), "{report:?}");
                let mut numbers = Numbers(count as u64);
                for _ in 0..60 {
                    let boxes: Vec<Bbox> = (0..=numbers.below(3))
                        .map(|_| numbers.bbox(&world))
                        .collect();
                    let expected: Vec<u64> = features
                        .iter()
                        .filter(|f| {
                            let bbox = f.geometry.bbox();
                            bbox.is_some_and(|b| boxes.iter().any(|a| a.intersects(&b)))
                        })
                        .map(|f| f.fid)
                        .collect();
                    assert_eq!(fids(&store, &boxes, 0), expected);
                    let offset = numbers.below(4);
                    let rest = &expected[offset.min(expected.len())..];
                    assert_eq!(fids(&store, &boxes, offset as u64), rest);
                }
            }
        }
    }
}

#[test]
fn a_file_sorted_by_its_writer_is_read_back_as_it_was_written() {
    let polygons = squares(500, 2);
    let file = Temporary::new(&write(&polygons, INDEXED));
    let mut numbers: Vec<usize> = all(&FgbStore::open(&file.0).unwrap())
        .iter()
        .map(|feature| {
            let (_, OwnedValue::Int(number)) = feature.values[1] else {
                panic!("{:?}", feature.values)
            };
            let polygon = &polygons[number as usize];
            assert_eq!(feature.values[0].1, OwnedValue::Text(polygon.name.clone()));
            assert_eq!(feature.geometry.coords(), polygon.ring);
            number as usize
        })
        .collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..500));
}

#[test]
fn four_zeros_in_the_index_are_no_box_but_a_geometry_at_zero_is_found() {
    // two null geometries whose leaves say 0 0 0 0, as some writers have them, and a point there
    let polygons = ["null", "zero", "null"].map(|name| Polygon {
        ring: if name == "zero" {
            vec![[0.0, 0.0]; 4]
        } else {
            vec![]
        },
        name: name.to_owned(),
        number: 0,
    });
    let mut bytes = write(
        &polygons,
        Options {
            sort: false,
            ..INDEXED
        },
    );
    let index = bytes.len() - bytes.windows(4).rev().position(|w| w == b"zero").unwrap();
    let leaf = f64::INFINITY.to_le_bytes();
    let mut at = 0;
    while let Some(found) = bytes[at..index]
        .windows(16)
        .position(|w| w == [leaf, leaf].concat())
    {
        at += found;
        bytes[at..at + 32].fill(0);
    }
    assert!(at > 0, "no leaf of a null geometry was found");
    let file = Temporary::new(&bytes);
    let store = FgbStore::open(&file.0).unwrap();
    assert_eq!(fids(&store, &[Bbox::WORLD], 0), [1]);
    assert_eq!(fids(&store, &[Bbox::WORLD], 1), [0_u64; 0]);
    assert_eq!(fids(&store, &[], 0), [0, 1, 2]);
    let boxes: Vec<_> = all(&store).iter().map(|f| f.bbox).collect();
    assert_eq!(boxes, [None, Bbox::new(0.0, 0.0, 0.0, 0.0), None]);
}

#[test]
fn a_page_follows_the_page_before_it_also_past_a_damaged_feature() {
    let world = Bbox::new(0.0, 0.0, 1_020.0, 520.0).unwrap();
    let bytes = write(&squares(200, 3), INDEXED);
    let sound = Temporary::new(&bytes);
    let expected = fids(&FgbStore::open(&sound.0).unwrap(), &[world], 0);
    let mut bytes = bytes;
    // the property bytes of the feature that was written as number 7 name a column 771
    let name = bytes.windows(6).position(|w| w == "n° 7\u{1}".as_bytes());
    let at = name.unwrap();
    bytes[at - 6..at - 4].fill(3);
    let file = Temporary::new(&bytes);
    let store = FgbStore::open(&file.0).unwrap();
    for boxes in [vec![], vec![world]] {
        let whole = fids(&store, &boxes, 0);
        let mut paged = Vec::new();
        while paged.len() < whole.len() {
            let page = fids(&store, &boxes, paged.len() as u64);
            paged.extend(page.into_iter().take(10));
        }
        assert_eq!(paged, whole);
    }
    assert_eq!(fids(&store, &[world], 0).len(), expected.len() - 1);
    assert_eq!(visit(&store, &Select::default()).1.damaged, 1);
    let damaged = (0..200).find(|fid| store.get(*fid, &mut |_| Ok(())).is_err());
    let message = store.get(damaged.unwrap(), &mut |_| Ok(())).unwrap_err();
    assert!(message.to_string().contains("column"), "{message}");
}

#[test]
fn a_visit_stops_where_its_visitor_or_its_budget_says() {
    let file = Temporary::new(&write(&squares(3_000, 4), INDEXED));
    let store = FgbStore::open(&file.0).unwrap();
    let mut visited = 0;
    let stats = store.select(&Select::default(), &Budget::unlimited(), &mut |_| {
        visited += 1;
        Ok(match visited {
            10 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })
    });
    assert_eq!((visited, stats.unwrap().features), (10, 10));
    let run = |budget: &Budget| {
        store.select(&Select::default(), budget, &mut |_| {
            Ok(ControlFlow::Continue(()))
        })
    };
    let few = Budget::new(Duration::from_secs(60), 1_000, u64::MAX);
    let stopped = run(&few).unwrap_err();
    assert!(matches!(stopped, Error::LimitExceeded { limit: 1_000, found, .. } if found < 1_300));
    let few = Budget::new(Duration::from_secs(60), u64::MAX, 1_000);
    assert!(matches!(run(&few), Err(Error::LimitExceeded { .. })));
    let gone = Budget::unlimited();
    gone.cancel_flag()
        .store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(run(&gone).unwrap_err(), Error::Cancelled);
    let fails = store.select(&Select::default(), &Budget::unlimited(), &mut |_| {
        Err(Error::Cancelled)
    });
    assert_eq!(fails.unwrap_err(), Error::Cancelled);
}

#[test]
fn one_feature_is_read_by_its_number() {
    let file = Temporary::new(&write(&squares(100, 5), INDEXED));
    let store = FgbStore::open(&file.0).unwrap();
    for seen in all(&store) {
        let found = store.get(seen.fid, &mut |feature| {
            assert_eq!(feature.fid(), seen.fid);
            assert_eq!(OwnedValue::from(feature.value(0)), seen.values[0].1);
            assert_eq!(feature.value(2), Value::Null);
            Ok(())
        });
        assert!(found.unwrap());
    }
    assert!(!store.get(100, &mut |_| Ok(())).unwrap());
    assert!(!store.get(u64::MAX, &mut |_| Ok(())).unwrap());
}

#[test]
fn the_version_and_the_stamp_change_with_the_file() {
    let mut bytes = write(&squares(50, 6), INDEXED);
    let file = Temporary::new(&bytes);
    let (before, stamp) = (
        FgbStore::open(&file.0).unwrap(),
        FileStamp::of(&file.0).unwrap(),
    );
    assert_eq!(before.version(), FgbStore::open(&file.0).unwrap().version());
    assert_eq!(before.stamp(), stamp);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let replaced = Temporary::new(&bytes);
    std::fs::rename(&replaced.0, &file.0).unwrap();
    assert_ne!(before.version(), FgbStore::open(&file.0).unwrap().version());
    assert_ne!(before.stamp(), FileStamp::of(&file.0).unwrap());
    assert_eq!(all(&before).len(), 50, "the old snapshot is still served");
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn every_commune_is_found_by_its_own_box() {
    for name in ["ara/communes.fgb", "ara/communes_l93.fgb"] {
        let store = FgbStore::open(&shared(name)).unwrap();
        let communes = all(&store);
        assert_eq!(communes.len(), 4_021);
        for commune in &communes {
            let bbox = commune.geometry.bbox().unwrap();
            assert_eq!(commune.bbox, Some(bbox));
            assert!(fids(&store, &[bbox], 0).contains(&commune.fid));
        }
        let last = communes.last().unwrap();
        assert_eq!(
            *fids(&store, &[last.bbox.unwrap()], 0).last().unwrap(),
            4_020
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_files_answer_random_boxes_like_a_linear_scan(
        seed in any::<u64>(), count in 1_usize..400, node_size in 2_u16..40, asked in 1_usize..4,
    ) {
        let options = Options { node_size, ..INDEXED };
        let file = Temporary::new(&write(&squares(count, seed), options));
        let store = FgbStore::open(&file.0).unwrap();
        let features = all(&store);
        let world = Bbox::new(-50.0, -50.0, 1_100.0, 600.0).unwrap();
        let mut numbers = Numbers(seed);
        for _ in 0..20 {
            let boxes: Vec<Bbox> = (0..asked).map(|_| numbers.bbox(&world)).collect();
            let expected: Vec<u64> = features.iter()
                .filter(|f| f.geometry.bbox().is_some_and(|b| boxes.iter().any(|a| a.intersects(&b))))
                .map(|f| f.fid).collect();
            prop_assert_eq!(fids(&store, &boxes, 0), expected);
        }
    }
}
