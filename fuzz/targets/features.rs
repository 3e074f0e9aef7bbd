//! A FlatGeobuf file of these bytes: opened, searched, read whole and drawn.
#![no_main]

use std::ops::ControlFlow;
use std::sync::LazyLock;
use std::time::Duration;

use cartotheque::budget::Budget;
use cartotheque::geom::{Bbox, Geometry};
use cartotheque::store::{FeatureStore, FgbStore, Select};
use libfuzzer_sys::{Corpus, fuzz_target};

#[path = "../scratch.rs"]
mod scratch;

static FILE: LazyLock<std::path::PathBuf> = LazyLock::new(|| scratch::folder().join("one.fgb"));

fuzz_target!(|bytes: &[u8]| -> Corpus {
    // a new file each time: the store must not see one change under it
    let _gone = std::fs::remove_file(&*FILE);
    if std::fs::write(&*FILE, bytes).is_err() {
        return Corpus::Reject;
    }
    let Ok(store) = FgbStore::open(&FILE) else {
        return Corpus::Keep;
    };
    let budget = Budget::new(Duration::from_secs(5), 100_000, 1_000_000);
    let around = store.extent();
    let part = around.and_then(|all| {
        let [x, y] = all.center();
        Bbox::new(all.min_x, all.min_y, x, y)
    });
    for boxes in [Vec::new(), Vec::from_iter(around), Vec::from_iter(part)] {
        for offset in [0, 3] {
            let select = Select {
                boxes: boxes.clone(),
                offset,
            };
            let mut geometry = Geometry::default();
            let _outcome = store.select(&select, &budget, &mut |feature| {
                let _read = feature.geometry(&mut geometry);
                for column in 0..store.schema().fields.len() {
                    let _value = feature.value(column);
                }
                Ok(ControlFlow::Continue(()))
            });
        }
    }
    let _report = store.verify(&mut |_, _| ControlFlow::Continue(()));
    let _warnings = store.warnings();
    Corpus::Keep
});
