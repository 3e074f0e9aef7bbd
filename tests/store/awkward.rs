//! The awkward files, one by one: what their features are.

use cartotheque::feature::{FieldType, OwnedValue};
use cartotheque::geom::{Bbox, GeometryType, Part, PartKind};
use cartotheque::store::{FeatureStore, Select};

use super::{Seen, all, fids, open, visit};

fn shape(seen: &Seen) -> (GeometryType, Vec<(PartKind, Vec<usize>)>) {
    let lengths = |part: Part<'_>| part.sequences().map(<[_]>::len).collect();
    let parts = seen.geometry.parts().map(|p| (p.kind, lengths(p)));
    (seen.geometry.kind(), parts.collect())
}

fn length(seen: &Seen) -> f64 {
    let sequences = seen
        .geometry
        .parts()
        .flat_map(|p| p.sequences().collect::<Vec<_>>());
    sequences
        .flat_map(|s| s.windows(2))
        .map(|w| (w[1][0] - w[0][0]).hypot(w[1][1] - w[0][1]))
        .sum()
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn curves_come_out_as_lines_of_the_right_length() {
    use std::f64::consts::PI;
    let features = all(&open("awkward/curved_geometries.fgb"));
    let kinds: Vec<_> = features.iter().map(|f| f.geometry.kind()).collect();
    use GeometryType as T;
    assert_eq!(
        kinds,
        [
            T::Polygon,
            T::LineString,
            T::LineString,
            T::MultiLineString,
            T::MultiPolygon
        ]
    );
    // a disc of radius 1, a half circle, one and a line, a line and a half circle of radius 0.5
    let lengths = [2.0 * PI, PI, PI + 1.0, 2.0_f64.sqrt() + PI / 2.0];
    for (feature, expected) in features.iter().zip(lengths) {
        let ratio = length(feature) / expected;
        assert!(ratio < 1.0 && ratio > 0.9997, "{ratio} of {expected}");
    }
    // 90 steps of 4° and the closing position; the joint of the compound curve is there once
    assert_eq!(shape(&features[0]).1, [(PartKind::Polygon, vec![93])]);
    assert_eq!(shape(&features[2]).1, [(PartKind::Line, vec![48])]);
    assert_eq!(shape(&features[3]).1.len(), 2);
    assert_eq!(shape(&features[4]).1.len(), 2);
    assert_eq!(features[0].geometry.bbox(), Bbox::new(4.0, 44.0, 6.0, 46.0));
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn surfaces_come_out_as_polygons() {
    use GeometryType as T;
    use PartKind::{Line, Points, Polygon};
    let first = |file| shape(&all(&open(file))[0]);
    assert_eq!(
        first("awkward/tin.fgb"),
        (
            T::MultiPolygon,
            vec![(Polygon, vec![4]), (Polygon, vec![4])]
        )
    );
    assert_eq!(
        first("awkward/polyhedralsurface.fgb"),
        (
            T::MultiPolygon,
            vec![(Polygon, vec![5]), (Polygon, vec![5])]
        )
    );
    assert_eq!(
        first("upstream-fgb/triangle.fgb"),
        (T::Polygon, vec![(Polygon, vec![4])])
    );
    let collections = all(&open("awkward/geometrycollection.fgb"));
    assert_eq!(
        shape(&collections[0]),
        (
            T::GeometryCollection,
            vec![(Points, vec![1]), (Line, vec![2]), (Polygon, vec![5, 5])]
        )
    );
    assert_eq!(
        shape(&collections[1]),
        (T::GeometryCollection, vec![(Points, vec![1])])
    );
    let hole = first("awkward/drome_enclave_hole.fgb");
    assert!(hole.1.iter().any(|(_, rings)| rings.len() == 2), "{hole:?}");
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn mixed_types_keep_their_own_type() {
    let store = open("upstream-fgb/heterogeneous.fgb");
    assert_eq!(store.schema().geometry, GeometryType::Unknown);
    let kinds: Vec<_> = all(&store).iter().map(|f| f.geometry.kind()).collect();
    use GeometryType as T;
    assert_eq!(kinds, [T::Point, T::LineString, T::MultiPolygon]);
    let kinds = all(&open("awkward/mixed_geometry_types.fgb"));
    let mut kinds: Vec<_> = kinds.iter().map(|f| f.geometry.kind().name()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert!(kinds.len() > 2, "{kinds:?}");
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn z_and_m_are_in_the_schema_and_not_in_the_positions() {
    let flags = |file| {
        let store = open(file);
        assert!(all(&store).iter().all(|f| !f.geometry.is_empty()));
        (store.schema().has_z, store.schema().has_m)
    };
    assert_eq!(flags("awkward/polygon_z.fgb"), (true, false));
    assert_eq!(flags("awkward/linestring_zm.fgb"), (true, true));
    assert_eq!(flags("awkward/point_m.fgb"), (false, true));
    assert_eq!(flags("ara/communes.fgb"), (false, false));
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn null_geometries_are_visited_only_where_no_box_is_asked() {
    for (file, count, with_box) in [
        ("awkward/null_geometry_unindexed.fgb", 4, 2),
        ("upstream-fgb/countries_nogeo.fgb", 179, 0),
        ("upstream-fgb/binary_wkb.fgb", 1, 0),
    ] {
        let store = open(file);
        let features = all(&store);
        assert_eq!(features.len(), count, "{file}");
        let empty = features
            .iter()
            .filter(|f| f.geometry.is_empty() && f.bbox.is_none());
        assert_eq!(empty.count(), count - with_box, "{file}");
        assert_eq!(fids(&store, &[Bbox::WORLD], 0).len(), with_box, "{file}");
    }
    let first = all(&open("awkward/null_geometry_first.fgb"));
    assert!(first.iter().any(|f| f.bbox.is_none()) && first.iter().any(|f| f.bbox.is_some()));
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn empty_files_and_files_of_unknown_count_are_counted_by_a_walk() {
    for file in ["awkward/empty_collection.fgb", "upstream-fgb/empty.fgb"] {
        let store = open(file);
        assert_eq!((store.count(), all(&store).len()), (0, 0), "{file}");
        assert_eq!(fids(&store, &[Bbox::WORLD], 0), [0_u64; 0]);
        assert!(!store.get(0, &mut |_| Ok(())).unwrap());
    }
    let store = open("upstream-fgb/unknown_feature_count.fgb");
    assert_eq!((store.count(), all(&store).len()), (1, 1));
    assert!(store.extent().is_some());
    assert_eq!(open("awkward/mairies_unindexed.fgb").count(), 775);
    assert_eq!(open("awkward/mairies_unindexed.fgb").index(), None);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn positions_that_are_no_numbers_survive_and_boxes_pass_them_over() {
    let store = open("awkward/nan_inf_coordinates.fgb");
    let boxes: Vec<_> = all(&store).iter().map(|f| f.bbox).collect();
    assert_eq!(boxes, [Bbox::new(4.0, 45.0, 4.0, 45.0), None, None]);
    assert_eq!(store.extent(), Bbox::new(4.0, 45.0, 4.0, 45.0));
    assert_eq!(fids(&store, &[Bbox::WORLD], 0), [0]);
    let far = open("awkward/degenerate_geometries.fgb");
    assert_eq!(all(&far).len(), 10);
    let zero = Bbox::new(-1.0, -1.0, 1.0, 1.0).unwrap();
    assert!(
        fids(&far, &[zero], 0).len() >= 2,
        "the island at 0, 0 and the line across"
    );
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn all_fifteen_column_types_are_read() {
    let store = open("upstream-fgb/alldatatypes.fgb");
    let mut kinds: Vec<_> = store
        .schema()
        .fields
        .iter()
        .map(|f| (f.name.as_str(), f.kind))
        .collect();
    kinds.sort_by_key(|(name, _)| *name);
    use FieldType as T;
    assert_eq!(
        kinds,
        [
            ("binary", T::Binary),
            ("bool", T::Bool),
            ("byte", T::Integer),
            ("datetime", T::DateTime),
            ("double", T::Float),
            ("float", T::Float),
            ("int", T::Integer),
            ("json", T::Json),
            ("long", T::Long),
            ("short", T::Integer),
            ("string", T::Text),
            ("ubyte", T::Integer),
            ("uint", T::Long),
            ("ulong", T::Long),
            ("ushort", T::Integer),
        ]
    );
    let feature = &all(&store)[0];
    let value = |name| {
        let column = store.schema().column(name).unwrap();
        let found = feature.values.iter().find(|(c, _)| *c == column);
        found.unwrap().1.clone()
    };
    assert_eq!(value("byte"), OwnedValue::Int(-1));
    assert_eq!(value("ulong"), OwnedValue::UInt(u64::MAX));
    assert_eq!(value("long"), OwnedValue::Int(-1));
    assert_eq!(value("uint"), OwnedValue::Int(i64::from(u32::MAX)));
    assert_eq!(
        value("datetime"),
        OwnedValue::DateTime("2020-02-29T12:34:56Z".into())
    );
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn a_column_whose_values_lack_a_time_is_a_date() {
    let store = open("awkward/types_dates.fgb");
    let kind = |name| store.schema().fields[store.schema().column(name).unwrap()].kind;
    assert_eq!(kind("date"), FieldType::Date);
    assert_eq!(kind("horodatage"), FieldType::DateTime);
    let column = store.schema().column("date").unwrap();
    let mut dates: Vec<String> = all(&store)
        .iter()
        .flat_map(|f| f.values.clone())
        .filter(|(c, _)| *c == column)
        .map(|(_, value)| value.as_value().to_text().into_owned())
        .collect();
    dates.sort_unstable();
    assert_eq!(
        dates,
        ["0001-01-01", "1900-01-01", "2024-02-29", "2026-12-31"]
    );
    let report = store
        .verify(&mut |_, _| std::ops::ControlFlow::Continue(()))
        .unwrap();
    assert_eq!(report.date_columns, [column]);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn names_of_columns_are_exact_and_wide_files_are_read() {
    let store = open("awkward/nonascii_field_names.fgb");
    for name in ["nom", "NOM", "select", "a:b"] {
        let column = store.schema().column(name).unwrap();
        assert_eq!(store.schema().fields[column].name, name);
    }
    let wide = open("awkward/wide_1000_columns.fgb");
    assert_eq!(wide.schema().fields.len(), 1_000);
    let (features, stats) = visit(&wide, &Select::default());
    assert!(stats.damaged == 0 && features.iter().all(|f| f.values.len() <= 1_000));
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn the_declared_crs_is_told_as_it_stands() {
    let declared = |file: &str| open(file).crs_declaration().clone();
    assert_eq!(
        declared("ara/communes_l93.fgb").id().as_deref(),
        Some("EPSG:2154")
    );
    assert_eq!(
        declared("awkward/crs_27572_ntf_lambert2etendu.fgb")
            .id()
            .as_deref(),
        Some("EPSG:27572")
    );
    assert!(declared("awkward/crs_none.fgb").is_empty());
    let custom = declared("awkward/crs_custom_no_code.fgb");
    assert!(custom.id().is_none() && custom.wkt.is_some(), "{custom:?}");
    assert!(open("ara/communes.fgb").crs().is_none());
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn a_description_says_what_a_file_is_to_people_and_programs() {
    let described = cartotheque::store::describe::describe(&super::shared("ara/communes_l93.fgb"));
    let described = described.unwrap();
    let text = described.to_string();
    for part in [
        "4021",
        "MultiPolygon",
        "EPSG:2154",
        "16 children a node, 4 levels",
        "is sound",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let json = serde_json::to_value(&described).unwrap();
    assert_eq!(json["features"], 4021);
    assert_eq!(json["columns"][0]["type"], "text");
    assert_eq!(json["check"]["damaged"], 0);
    let damaged = super::shared("awkward/corrupted/feature_size_zero.fgb");
    let text = cartotheque::store::describe::describe(&damaged)
        .unwrap()
        .to_string();
    assert!(text.contains("feature 0 at byte 1856"), "{text}");
    assert!(text.contains("1 of 12 features are damaged"), "{text}");
}
