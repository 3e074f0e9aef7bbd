//! The stores, against the `flatgeobuf` crate, naive scans, awkward and damaged files.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how it fails"
)]

#[path = "common/scratch.rs"]
mod scratch;
#[path = "store/writer.rs"]
mod writer;

#[path = "store/awkward.rs"]
mod awkward;
#[path = "store/damage.rs"]
mod damage;
#[path = "store/oracle.rs"]
mod oracle;
#[path = "store/select.rs"]
mod select;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use cartotheque::budget::Budget;
use cartotheque::feature::OwnedValue;
use cartotheque::geom::{Bbox, Geometry};
use cartotheque::store::{FeatureStore, FgbStore, Select, SelectStats};

use scratch::Scratch;

/// A file of the shared test data.
fn shared(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data")
        .join(path)
}

fn open(path: &str) -> FgbStore {
    FgbStore::open(&shared(path)).unwrap()
}

/// A file of these bytes that is gone at the end of the test.
struct Temporary(
    PathBuf,
    #[expect(dead_code, reason = "the folder is removed with it")] Scratch,
);

impl Temporary {
    fn new(bytes: &[u8]) -> Temporary {
        let folder = Scratch::new("store");
        let path = folder.join("features.fgb");
        std::fs::write(&path, bytes).unwrap();
        Temporary(path, folder)
    }
}

/// A visited feature, copied.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    fid: u64,
    bbox: Option<Bbox>,
    geometry: Geometry,
    values: Vec<(usize, OwnedValue)>,
}

fn visit(store: &dyn FeatureStore, select: &Select) -> (Vec<Seen>, SelectStats) {
    let mut seen = Vec::new();
    let stats = store.select(select, &Budget::unlimited(), &mut |feature| {
        let mut geometry = Geometry::default();
        feature.geometry(&mut geometry)?;
        let mut values = Vec::new();
        feature.values(&mut |column, value| {
            // NaN is not equal to itself: the two ways to a value are compared as text
            assert_eq!(format!("{value:?}"), format!("{:?}", feature.value(column)));
            values.push((column, OwnedValue::from(value)));
        });
        seen.push(Seen {
            fid: feature.fid(),
            bbox: feature.bbox(),
            geometry,
            values,
        });
        Ok(ControlFlow::Continue(()))
    });
    (seen, stats.unwrap())
}

fn all(store: &dyn FeatureStore) -> Vec<Seen> {
    visit(store, &Select::default()).0
}

fn fids(store: &dyn FeatureStore, boxes: &[Bbox], offset: u64) -> Vec<u64> {
    let mut found = Vec::new();
    let select = Select {
        boxes: boxes.to_vec(),
        offset,
    };
    let stats = store.select(&select, &Budget::unlimited(), &mut |feature| {
        found.push(feature.fid());
        Ok(ControlFlow::Continue(()))
    });
    assert_eq!(stats.unwrap().features, found.len() as u64);
    found
}

/// Numbers that are the same in every run (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A box inside or around another, mostly small.
    fn bbox(&mut self, around: &Bbox) -> Bbox {
        let x = around.min_x + around.width() * (self.unit() * 1.2 - 0.1);
        let y = around.min_y + around.height() * (self.unit() * 1.2 - 0.1);
        let w = around.width() * self.unit().powi(6);
        let h = around.height() * self.unit().powi(6);
        Bbox::new(x, y, x + w, y + h).unwrap()
    }
}
