//! Damaged files: refused by name, or survived; never a panic, a hang or much memory.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use cartotheque::budget::Budget;
use cartotheque::feature::Feature;
use cartotheque::geom::{Bbox, Geometry};
use cartotheque::store::{FeatureStore, FgbStore, Select};

use super::writer::{Options, Polygon, write};
use super::{Numbers, Temporary, all, shared, visit};

/// Reads all that can be read, and says whether the file was accepted.
fn use_up(path: &std::path::Path) -> bool {
    let Ok(store) = FgbStore::open(path) else {
        return false;
    };
    let mut geometry = Geometry::default();
    let extent = store.extent().unwrap_or(Bbox::WORLD);
    let middle = extent.grown(-extent.width() / 4.0, -extent.height() / 4.0);
    for boxes in [vec![], vec![extent], vec![middle]] {
        for offset in [0, 3] {
            let select = Select {
                boxes: boxes.clone(),
                offset,
            };
            let visited = store.select(&select, &Budget::unlimited(), &mut |feature| {
                let _ = feature.geometry(&mut geometry);
                let _ = feature.bbox();
                feature.values(&mut |_, value| {
                    let _ = value.to_text();
                });
                Ok(ControlFlow::Continue(()))
            });
            assert!(visited.is_ok());
        }
    }
    let _ = store.get(store.count() / 2, &mut |_| Ok(()));
    assert!(store.verify(&mut |_, _| ControlFlow::Continue(())).is_ok());
    let _ = store.warnings();
    true
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn a_damaged_file_is_refused_by_a_message_that_names_the_fault() {
    for (file, fault) in [
        ("zero_bytes", "found 0 bytes"),
        ("magic_only", "cut before the header"),
        ("bad_magic", "magic bytes \"notafgb!\""),
        ("version_99", "found version 99"),
        ("not_fgb", "expected a FlatGeobuf file"),
        (
            "cut_in_header",
            "cut in the header: expected 1336 bytes, found 674",
        ),
        ("cut_after_header", "cut in the index"),
        (
            "cut_in_index",
            "cut in the index: 12 features need 1856 bytes",
        ),
        (
            "cut_after_index",
            "cut after the index: expected 12 features, found none",
        ),
        ("cut_mid_feature", "the file is cut"),
        (
            "cut_last_byte",
            "cut in the last feature: expected 165184 bytes, found 165183",
        ),
        ("header_size_huge", "expected a header of at most"),
        (
            "header_size_zero",
            "expected a header of 8 bytes or more, found 0",
        ),
        ("index_garbage", "the index is damaged"),
        (
            "index_offset_out_of_file",
            "should start 1000000000000 bytes into the features",
        ),
    ] {
        let path = shared(&format!("awkward/corrupted/{file}.fgb"));
        let message = FgbStore::open(&path).unwrap_err().to_string();
        assert!(message.contains(fault), "{message}");
        assert!(message.contains(file), "{message}");
    }
    let fuzzed = "upstream-fgb/clusterfuzz-testcase-minimized-fgb_fuzzer-4642513358553088";
    assert!(FgbStore::open(&shared(fuzzed)).is_err());
    let old = FgbStore::open(&shared("upstream-fgb/topp_states.fgb")).unwrap_err();
    assert!(
        old.to_string()
            .contains("expected FlatGeobuf version 3, found version 2")
    );
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn damaged_features_are_left_out_and_counted_and_the_others_served() {
    let sound = all(&FgbStore::open(&shared("ara/departements.fgb")).unwrap());
    for (file, damaged) in [
        ("feature_size_huge", 1),
        ("feature_size_zero", 1),
        ("feature_bytes_flipped", 1),
        ("trailing_garbage", 0),
    ] {
        let store = FgbStore::open(&shared(&format!("awkward/corrupted/{file}.fgb"))).unwrap();
        let (seen, stats) = visit(&store, &Select::default());
        assert_eq!(stats.damaged, damaged, "{file}");
        assert_eq!(seen, sound[damaged as usize..], "{file}");
        let report = store.verify(&mut |_, _| ControlFlow::Continue(())).unwrap();
        assert_eq!(report.damaged, damaged, "{file}");
        assert_eq!(report.first_damaged.len() as u64, damaged, "{file}");
        let warned = store.warnings().join("");
        assert_eq!(
            warned.contains("256 bytes after the last"),
            file == "trailing_garbage"
        );
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn two_thousand_corrupted_copies_are_refused_or_survived_in_no_time() {
    let mut numbers = Numbers(42);
    for name in [
        "ara/aerodromes.fgb",
        "ara/departements.fgb",
        "awkward/curved_geometries.fgb",
        "awkward/geometrycollection.fgb",
        "awkward/mairies_unindexed.fgb",
        "awkward/types_dates.fgb",
    ] {
        let sound = std::fs::read(shared(name)).unwrap();
        let mut accepted = 0;
        for _ in 0..400 {
            let mut bytes = sound.clone();
            // half of the faults near the start, where the structure is
            let reach = if numbers.below(2) == 0 {
                4_000
            } else {
                bytes.len()
            };
            for _ in 0..=numbers.below(4) {
                let at = numbers.below(reach.min(bytes.len()));
                bytes[at] = match numbers.below(3) {
                    0 => 0xff,
                    1 => 0,
                    _ => numbers.next() as u8,
                };
            }
            if numbers.below(5) == 0 {
                bytes.truncate(numbers.below(bytes.len()));
            }
            let file = Temporary::new(&bytes);
            let started = Instant::now();
            accepted += u32::from(use_up(&file.0));
            // on a busy machine; what is not bounded would take hours
            assert!(started.elapsed() < Duration::from_secs(20), "{name}");
        }
        assert!(
            accepted > 50 && accepted < 400,
            "{name}: {accepted} of 400 were accepted"
        );
    }
}

fn polygons(count: usize) -> Vec<Polygon> {
    (0..count)
        .map(|i| {
            let (x, y) = ((i % 100) as f64, (i / 100) as f64);
            Polygon {
                ring: vec![[x, y], [x + 1.0, y], [x, y + 1.0], [x, y]],
                name: format!("polygon {i}"),
                number: i as i32,
            }
        })
        .collect()
}

#[test]
fn a_file_cut_or_overwritten_under_its_map_is_an_error_and_does_not_end_the_process() {
    let options = Options {
        node_size: 16,
        with_count: true,
        sort: true,
    };
    let bytes = write(&polygons(20_000), options);
    for cut in [bytes.len() / 2, bytes.len() / 5, 5_000, 0] {
        let file = Temporary::new(&bytes);
        let store = FgbStore::open(&file.0).unwrap();
        assert_eq!(store.warnings(), Vec::<String>::new());
        let handle = std::fs::OpenOptions::new()
            .write(true)
            .open(&file.0)
            .unwrap();
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                // geometries only: two looks at one value may differ while the file is cut
                let mut geometry = Geometry::default();
                let mut look = || {
                    let look = &mut |feature: &dyn Feature| {
                        feature.geometry(&mut geometry)?;
                        Ok(ControlFlow::Continue(()))
                    };
                    let all = Select::default();
                    store.select(&all, &Budget::unlimited(), look)
                };
                // what was read before the cut is whole, what is read after it is an error
                while let Ok(stats) = look() {
                    assert_eq!((stats.features, stats.damaged), (20_000, 0));
                }
            });
            handle.set_len(cut as u64).unwrap();
            reader.join().unwrap();
        });
        assert_gone(&store);
    }
    let file = Temporary::new(&bytes);
    let store = FgbStore::open(&file.0).unwrap();
    let mut numbers = Numbers(3);
    let noise: Vec<u8> = (0..bytes.len()).map(|_| numbers.next() as u8).collect();
    std::fs::write(&file.0, noise).unwrap();
    assert!(said(&store, Select::default()).contains("written over while it was served"));
    assert_gone(&store);
}

#[test]
fn a_file_that_was_touched_is_not_gone_and_one_with_other_features_in_it_is() {
    use std::os::unix::fs::FileExt;
    let options = Options {
        node_size: 16,
        with_count: true,
        sort: true,
    };
    let bytes = write(&polygons(20_000), options);
    let file = Temporary::new(&bytes);
    let store = FgbStore::open(&file.0).unwrap();
    let handle = std::fs::OpenOptions::new().write(true).open(&file.0);
    let handle = handle.unwrap();
    let touch = || handle.set_modified(std::time::SystemTime::UNIX_EPOCH);
    touch().unwrap();
    assert!(!store.is_gone() && store.flatgeobuf() == Some(&bytes[..]));
    assert_eq!(visit(&store, &Select::default()).1.features, 20_000);
    // away from header and samples, which are at eighths
    let mut numbers = Numbers(3);
    let noise: Vec<u8> = (0..4_096).map(|_| numbers.next() as u8).collect();
    let place = bytes.len() as u64 / 16 * 13;
    handle.write_all_at(&noise, place).unwrap();
    assert!(said(&store, Select::default()).contains("cut or written over"));
    assert_gone(&store);
}

/// What every way of reading says.
fn assert_gone(store: &FgbStore) {
    const GONE: &str = "cut or written over while it was served";
    assert!(store.is_gone() && store.flatgeobuf().is_none());
    assert!(said(store, Select::default()).contains(GONE));
    let select = Select {
        boxes: vec![Bbox::WORLD],
        offset: 0,
    };
    assert!(said(store, select).contains(GONE));
    let budget = Budget::unlimited();
    let searched = store.search(&[Bbox::WORLD], &budget, &mut |_, _| {
        Ok(ControlFlow::Continue(()))
    });
    assert!(searched.unwrap_err().to_string().contains(GONE));
    let visited = store.visit(&mut (0..3), &budget, &mut |_| Ok(ControlFlow::Continue(())));
    assert!(visited.unwrap_err().to_string().contains(GONE));
    let got = store.get(0, &mut |_| Ok(()));
    assert!(got.unwrap_err().to_string().contains(GONE));
    assert!(store.warnings().join("").contains(GONE));
}

fn said(store: &FgbStore, select: Select) -> String {
    let visit = &mut |_: &dyn Feature| Ok(ControlFlow::Continue(()));
    let read = store.select(&select, &Budget::unlimited(), visit);
    read.unwrap_err().to_string()
}

#[test]
fn a_cut_within_the_only_page_of_a_file_is_noticed_and_a_replaced_file_is_none() {
    let options = Options {
        node_size: 16,
        with_count: true,
        sort: true,
    };
    let bytes = write(&polygons(3), options);
    assert!(
        bytes.len() < 4096,
        "the kernel raises nothing within a page"
    );
    let file = Temporary::new(&bytes);
    let store = FgbStore::open(&file.0).unwrap();
    let handle = std::fs::OpenOptions::new().write(true).open(&file.0);
    handle.unwrap().set_len(bytes.len() as u64 - 300).unwrap();
    assert!(said(&store, Select::default()).contains("cut or written over"));
    assert_gone(&store);

    // renamed into place, the old one lives on in its map; so it does where it is removed
    let file = Temporary::new(&bytes);
    let store = FgbStore::open(&file.0).unwrap();
    let other = Temporary::new(b"broken");
    std::fs::rename(&other.0, &file.0).unwrap();
    assert!(!store.is_gone() && visit(&store, &Select::default()).1.features == 3);
    std::fs::remove_file(&file.0).unwrap();
    assert!(!store.is_gone() && store.flatgeobuf().is_some());
    std::fs::write(&file.0, b"").unwrap();
}

#[test]
fn an_unindexed_file_that_is_cut_is_refused_and_a_lost_tail_is_told() {
    let options = Options {
        node_size: 0,
        with_count: true,
        sort: false,
    };
    let small = write(&polygons(100), options);
    let cut = Temporary::new(&small[..small.len() - 1]);
    let message = FgbStore::open(&cut.0).unwrap_err().to_string();
    assert!(message.contains("feature 99"), "{message}");
    // too big to be walked at start: the sound part is served, the loss is told
    let big = write(&polygons(20_000), options);
    let cut = Temporary::new(&big[..big.len() - 1]);
    let store = FgbStore::open(&cut.0).unwrap();
    assert_eq!(all(&store).len(), 19_999);
    assert!(
        store
            .warnings()
            .join("")
            .contains("the features from 19999 on are lost")
    );
}

#[test]
fn parts_that_point_to_themselves_again_and_again_are_damage_not_a_hang() {
    // a collection of collections, each listing the next one 20 times: 20^30 geometries
    use flatbuffers::FlatBufferBuilder;
    use flatgeobuf::{
        Feature, FeatureArgs, Geometry, GeometryArgs, GeometryType, Header, HeaderArgs,
    };
    let mut file = b"fgb\x03fgb\x01".to_vec();
    let mut builder = FlatBufferBuilder::new();
    let args = HeaderArgs {
        index_node_size: 0,
        ..HeaderArgs::default()
    };
    let header = Header::create(&mut builder, &args);
    builder.finish_size_prefixed(header, None);
    file.extend_from_slice(builder.finished_data());
    builder.reset();
    let xy = builder.create_vector(&[1.0, 2.0]);
    let mut args = GeometryArgs {
        type_: GeometryType::Point,
        xy: Some(xy),
        ..GeometryArgs::default()
    };
    for _ in 0..30 {
        let part = Geometry::create(&mut builder, &args);
        args = GeometryArgs {
            type_: GeometryType::GeometryCollection,
            parts: Some(builder.create_vector(&[part; 20])),
            ..GeometryArgs::default()
        };
    }
    let geometry = Some(Geometry::create(&mut builder, &args));
    let feature = Feature::create(
        &mut builder,
        &FeatureArgs {
            geometry,
            ..FeatureArgs::default()
        },
    );
    builder.finish_size_prefixed(feature, None);
    file.extend_from_slice(builder.finished_data());
    let file = Temporary::new(&file);
    let store = FgbStore::open(&file.0).unwrap();
    let (seen, stats) = visit(&store, &Select::default());
    assert_eq!((seen.len(), stats.damaged), (0, 1));
}

#[test]
fn a_node_size_of_one_and_a_count_beyond_the_file_are_refused() {
    let options = Options {
        node_size: 16,
        with_count: true,
        sort: true,
    };
    let bytes = write(&polygons(10), options);
    let refusal = |node_size: u16, count: u64| {
        use flatbuffers::FlatBufferBuilder;
        use flatgeobuf::{GeometryType, Header, HeaderArgs};
        let mut builder = FlatBufferBuilder::new();
        let args = HeaderArgs {
            geometry_type: GeometryType::Polygon,
            features_count: count,
            index_node_size: node_size,
            ..HeaderArgs::default()
        };
        let header = Header::create(&mut builder, &args);
        builder.finish_size_prefixed(header, None);
        let mut file = bytes[..8].to_vec();
        file.extend_from_slice(builder.finished_data());
        file.extend_from_slice(&[0; 1000]);
        FgbStore::open(&Temporary::new(&file).0)
            .unwrap_err()
            .to_string()
    };
    assert!(refusal(1, 10).contains("node size of 2 or more, found 1"));
    assert!(refusal(16, u64::MAX).contains("more than a file can hold"));
    assert!(refusal(16, 1 << 40).contains("cut in the index"));
}

#[test]
fn a_feature_with_columns_of_its_own_is_served_without_values() {
    use flatbuffers::FlatBufferBuilder;
    use flatgeobuf::{Column, ColumnArgs, Feature, FeatureArgs};
    let options = Options {
        node_size: 0,
        with_count: false,
        sort: false,
    };
    let mut file = write(&polygons(1), options);
    let mut builder = FlatBufferBuilder::new();
    let name = Some(builder.create_string("own"));
    let args = ColumnArgs {
        name,
        ..ColumnArgs::default()
    };
    let column = Column::create(&mut builder, &args);
    let args = FeatureArgs {
        columns: Some(builder.create_vector(&[column])),
        // by the header's columns: a text of 119 bytes that is not there
        properties: Some(builder.create_vector(&[0_u8, 0, 119])),
        ..FeatureArgs::default()
    };
    let feature = Feature::create(&mut builder, &args);
    builder.finish_size_prefixed(feature, None);
    file.extend_from_slice(builder.finished_data());
    let file = Temporary::new(&file);
    let store = FgbStore::open(&file.0).unwrap();
    let seen = all(&store);
    assert_eq!(
        (seen.len(), seen[0].values.len(), seen[1].values.len()),
        (2, 2, 0)
    );
    let report = store.verify(&mut |_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!((report.damaged, report.with_own_columns), (0, 1));
    let cancelled = store.verify(&mut |_, _| ControlFlow::Break(())).unwrap();
    assert!(!cancelled.complete && !cancelled.is_sound());
}

#[test]
fn a_damaged_feature_of_an_unindexed_file_is_counted_by_every_search() {
    let options = Options {
        node_size: 0,
        with_count: true,
        sort: false,
    };
    let mut bytes = write(&polygons(300), options);
    let name = bytes.windows(11).position(|w| w == b"polygon 250").unwrap();
    bytes[name - 6] = 9; // a column that the header does not have
    let file = Temporary::new(&bytes);
    let store = FgbStore::open(&file.0).unwrap();
    for boxes in [vec![], vec![Bbox::WORLD]] {
        let (seen, stats) = visit(&store, &Select { boxes, offset: 0 });
        assert_eq!((seen.len(), stats.damaged), (299, 1));
        assert!(seen.iter().all(|f| f.fid != 250));
    }
    assert_eq!(store.count(), 300);
}
