//! Every sound shared file read by the `flatgeobuf` crate and by ours: the same features.

use std::fs::File;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use cartotheque::feature::OwnedValue;
use cartotheque::geom::{Bbox, Coord};
use cartotheque::store::{FeatureStore, FgbStore};
use flatgeobuf::{FallibleStreamingIterator, FeatureProperties, FgbReader};
use geozero::{ColumnValue, PropertyProcessor};

use super::{Numbers, Seen, all, fids, shared};

/// Files that the crate can't read or that hold curves, which come out as lines.
const OURS_ALONE: [&str; 4] = [
    "curved_geometries.fgb",
    "topp_states.fgb",
    "tin.fgb",
    "polyhedralsurface.fgb",
];

pub fn sound_files() -> Vec<PathBuf> {
    let folders = [
        "ara",
        "monde",
        "risques",
        "osm",
        "anct",
        "awkward",
        "upstream-fgb",
    ];
    let mut files: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(shared(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "fgb"))
        .filter(|path| !path.ends_with("topp_states.fgb"))
        .collect();
    files.sort();
    assert!(files.len() > 80, "found {}", files.len());
    files
}

#[derive(Debug, Default)]
struct Values(Vec<(usize, OwnedValue)>);

impl PropertyProcessor for Values {
    fn property(
        &mut self,
        column: usize,
        _name: &str,
        value: &ColumnValue,
    ) -> geozero::error::Result<bool> {
        let value = match value {
            ColumnValue::Byte(i) => OwnedValue::Int(i64::from(*i)),
            ColumnValue::UByte(i) => OwnedValue::Int(i64::from(*i)),
            ColumnValue::Bool(b) => OwnedValue::Bool(*b),
            ColumnValue::Short(i) => OwnedValue::Int(i64::from(*i)),
            ColumnValue::UShort(i) => OwnedValue::Int(i64::from(*i)),
            ColumnValue::Int(i) => OwnedValue::Int(i64::from(*i)),
            ColumnValue::UInt(i) => OwnedValue::Int(i64::from(*i)),
            ColumnValue::Long(i) => OwnedValue::Int(*i),
            ColumnValue::ULong(u) => OwnedValue::UInt(*u),
            ColumnValue::Float(f) => OwnedValue::Float(f64::from(*f)),
            ColumnValue::Double(f) => OwnedValue::Float(*f),
            ColumnValue::String(s) => OwnedValue::Text((*s).to_owned()),
            ColumnValue::Json(s) => OwnedValue::Json((*s).to_owned()),
            ColumnValue::DateTime(s) => OwnedValue::DateTime((*s).to_owned()),
            ColumnValue::Binary(b) => OwnedValue::Binary(b.to_vec()),
        };
        self.0.push((column, value));
        Ok(false)
    }
}

fn coords(geometry: &flatgeobuf::Geometry<'_>, out: &mut Vec<Coord>) {
    let numbers: Vec<f64> = geometry.xy().iter().flatten().collect();
    out.extend(numbers.chunks(2).map(|c| [c[0], c[1]]));
    for part in geometry.parts().iter().flatten() {
        coords(&part, out);
    }
}

/// Positions and values of a feature.
type Read = (Vec<Coord>, Vec<(usize, OwnedValue)>);

/// Every feature as the crate reads it.
fn read_by_crate(path: &Path) -> Vec<Read> {
    let reader = FgbReader::open(BufReader::new(File::open(path).unwrap())).unwrap();
    let mut features = reader.select_all_seq().unwrap();
    let mut read = Vec::new();
    while let Some(feature) = features.next().unwrap() {
        let mut positions = Vec::new();
        if let Some(geometry) = feature.geometry() {
            coords(&geometry, &mut positions);
        }
        let mut values = Values::default();
        feature.process_properties(&mut values).unwrap();
        read.push((positions, values.0));
    }
    read
}

/// `2024-02-29` where the crate has `2024-02-29T00:00:00`; NaN equal to itself.
fn same(ours: &OwnedValue, theirs: &OwnedValue) -> bool {
    match (ours, theirs) {
        (OwnedValue::DateTime(a), OwnedValue::DateTime(b)) => {
            a == b || b.strip_suffix("T00:00:00") == Some(a)
        }
        // a time of day, for which the format has no type
        (OwnedValue::Text(a), OwnedValue::DateTime(b)) => b.strip_prefix("0000-00-00T") == Some(a),
        _ => format!("{ours:?}") == format!("{theirs:?}"),
    }
}

fn assert_same(path: &Path, ours: &[Seen]) {
    let theirs = read_by_crate(path);
    assert_eq!(ours.len(), theirs.len(), "{}", path.display());
    for (feature, (positions, values)) in ours.iter().zip(&theirs) {
        let place = format!("{} feature {}", path.display(), feature.fid);
        // POINT EMPTY is two NaN there and nothing here
        let positions: Vec<_> = positions
            .iter()
            .filter(|c| !(c[0].is_nan() && c[1].is_nan()))
            .collect();
        assert_eq!(
            format!("{:?}", feature.geometry.coords()),
            format!("{positions:?}"),
            "{place}"
        );
        assert_eq!(feature.values.len(), values.len(), "{place}");
        for ((column, ours), (same_column, theirs)) in feature.values.iter().zip(values) {
            assert!(
                column == same_column && same(ours, theirs),
                "{place}: {ours:?} {theirs:?}"
            );
        }
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn every_file_reads_as_the_crate_reads_it() {
    for path in sound_files() {
        let store = FgbStore::open(&path).unwrap();
        let features = all(&store);
        assert_eq!(features.len() as u64, store.count(), "{}", path.display());
        if !OURS_ALONE.iter().any(|name| path.ends_with(name)) {
            assert_same(&path, &features);
        }
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn every_file_is_verified_sound() {
    for path in sound_files() {
        let store = FgbStore::open(&path).unwrap();
        let report = store.verify(&mut |_, _| ControlFlow::Continue(())).unwrap();
        assert!(report.is_sound(), "{}: {report:?}", path.display());
        assert_eq!(report.features, store.count());
        assert_eq!(store.warnings(), Vec::<String>::new(), "{}", path.display());
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn random_boxes_in_every_file_answer_like_a_linear_scan() {
    for path in sound_files() {
        let store = FgbStore::open(&path).unwrap();
        let Some(extent) = store.extent() else {
            continue;
        };
        let boxes: Vec<(u64, Option<Bbox>)> = all(&store).iter().map(|f| (f.fid, f.bbox)).collect();
        let mut numbers = Numbers(7);
        for _ in 0..100 {
            let asked = [numbers.bbox(&extent), numbers.bbox(&extent)];
            let asked = &asked[..1 + numbers.below(2)];
            let expected: Vec<u64> = boxes
                .iter()
                .filter(|(_, bbox)| bbox.is_some_and(|b| asked.iter().any(|a| a.intersects(&b))))
                .map(|(fid, _)| *fid)
                .collect();
            assert_eq!(
                fids(&store, asked, 0),
                expected,
                "{} {asked:?}",
                path.display()
            );
        }
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn a_box_finds_as_many_communes_as_the_crate_finds() {
    let path = shared("ara/communes.fgb");
    let store = FgbStore::open(&path).unwrap();
    let extent = store.extent().unwrap();
    let mut numbers = Numbers(11);
    for _ in 0..50 {
        let b = numbers.bbox(&extent);
        let reader = FgbReader::open(BufReader::new(File::open(&path).unwrap())).unwrap();
        let mut found = reader
            .select_bbox(b.min_x, b.min_y, b.max_x, b.max_y)
            .unwrap();
        let mut count = 0;
        while found.next().unwrap().is_some() {
            count += 1;
        }
        assert_eq!(fids(&store, &[b], 0).len(), count);
    }
}
