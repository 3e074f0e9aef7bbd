//! CQL2 (OGC 21-065r2) against the standard's own material: the 351 filters of its abstract test
//! suite with the number of features that each must find, and its examples.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use cartotheque::budget::Budget;
use cartotheque::crs::Crs;
use cartotheque::decode::filter_context::FilterContext;
use cartotheque::decode::{cql2_json, cql2_text, fes};
use cartotheque::encode;
use cartotheque::feature::{Field, FieldType, OwnedValue, Schema};
use cartotheque::geom::{Geometry, GeometryType, PartKind};
use cartotheque::query::{
    ArithmeticOp, ArrayOp, BoundFilter, CompareOp, Distance, Expr, Filter, LikePattern, Literal,
    Moment, SpatialOp, TemporalOp,
};
use cartotheque::store::memory::{MemoryFeature, MemoryStore};
use cartotheque::store::{FeatureStore, Select};
use proptest::prelude::*;
use rusqlite::types::ValueRef;

fn shared() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cite/cql2")
}

fn context() -> FilterContext {
    FilterContext::new(Crs::crs84())
}

/// The filter after it was written and read again, as text and as JSON.
fn again(filter: &Filter) -> Filter {
    let text = encode::cql2_text::write(filter).unwrap();
    let from_text = cql2_text::parse(&text, &context());
    let from_text = from_text.unwrap_or_else(|error| panic!("{error}\n{text}\n{filter:?}"));
    let json = encode::cql2_json::write(filter).unwrap();
    let from_json = cql2_json::from_value(&json, &context()).unwrap();
    assert_eq!(from_text, from_json, "{text}\n{json}");
    from_text
}

/// The files of a folder with that ending, by name without it.
fn files(folder: &str, ending: &str) -> BTreeMap<String, String> {
    let folder = shared().join("examples").join(folder);
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path());
    let named = entries.filter_map(|path| {
        let name = path.file_name()?.to_str()?.strip_suffix(ending)?.to_owned();
        Some((name, std::fs::read_to_string(&path).ok()?))
    });
    named.collect()
}

/// Examples that call functions which the standard made up to show how functions look.
const MADE_UP: [&str; 5] = [
    "clause6_01",
    "clause6_02b",
    "clause7_18",
    "example68",
    "example69",
];

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn the_examples_of_the_standard_are_read_and_say_the_same_in_both_notations() {
    let (texts, jsons) = (files("text", ".txt"), files("json", ".json"));
    assert!(
        texts.len() >= 115 && jsons.len() >= 105,
        "{} {}",
        texts.len(),
        jsons.len()
    );
    let mut faults = Vec::new();
    let mut pairs = 0;
    for (name, text) in &texts {
        let read = cql2_text::parse(text, &context());
        if MADE_UP.contains(&name.as_str()) {
            let message = read.unwrap_err().to_string();
            assert!(message.contains("no function"), "{name}: {message}");
            continue;
        }
        let filter = match read {
            Ok(filter) => filter,
            Err(error) => {
                faults.push(format!("{name}.txt: {error}\n{text}"));
                continue;
            }
        };
        let Some(json) = jsons.get(name) else {
            continue;
        };
        pairs += 1;
        match cql2_json::parse(json, &context()) {
            Ok(same) if same == filter => assert_eq!(again(&filter), filter, "{name}"),
            Ok(other) => faults.push(format!("{name}: {filter:?}\n  is not {other:?}")),
            Err(error) => faults.push(format!("{name}.json: {error}\n{json}")),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(pairs > 95, "only {pairs} examples exist in both notations");
}

/// Filters of the suite whose number can't be that of its own data, and what the data say: `Ch`
/// begins Chicago, Chengdu and Chișinău whatever accents count for, and `chis` only the last
/// (https://github.com/opengeospatial/ogcapi-features/issues/1011).
const CONTRADICTED: [(&str, usize); 3] = [
    ("ACCENTI(name) LIKE accenti('Ch%')", 3),
    ("ACCENTI(CASEI(name)) LIKE accenti(casei('Chiș%'))", 1),
    ("ACCENTI(CASEI(name)) LIKE accenti(casei('cHis%'))", 1),
];

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn the_counted_filters_of_the_abstract_test_suite_find_what_they_must() {
    let table = std::fs::read_to_string(shared().join("ats_counts.tsv")).unwrap();
    let mut stores: BTreeMap<String, MemoryStore> = BTreeMap::new();
    let mut classes: BTreeMap<String, usize> = BTreeMap::new();
    let mut faults = Vec::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [class, _test, _depends, collection, text, expected] = cells[..] else {
            panic!("{line}");
        };
        let store = stores
            .entry(collection.to_owned())
            .or_insert_with(|| load(collection));
        *classes.entry(class.to_owned()).or_default() += 1;
        let found = cql2_text::parse(text, &context())
            .and_then(|filter| filter.bind(store.schema()))
            .map(|bound| (count(store, &bound, true), count(store, &bound, false)));
        match found {
            Ok((indexed, scanned)) => {
                let mended = CONTRADICTED.iter().find(|(filter, _)| *filter == text);
                let expected = match mended {
                    Some((_, count)) => count.to_string(),
                    None => expected.to_owned(),
                };
                if indexed.to_string() != expected || scanned != indexed {
                    faults.push(format!(
                        "{class}: {text}\n  expected {expected}, found {indexed} by the index and \
                         {scanned} by a scan"
                    ));
                }
            }
            Err(error) => faults.push(format!("{class}: {text}\n  {error}")),
        }
    }
    assert!(
        faults.is_empty(),
        "{}\n{} faults",
        faults.join("\n"),
        faults.len()
    );
    assert_eq!(classes.values().sum::<usize>(), 351, "{classes:?}");
}

/// How many features pass, through the boxes of the filter or without them.
fn count(store: &MemoryStore, filter: &BoundFilter, by_index: bool) -> usize {
    let boxes = match filter.boxes() {
        Some([]) if by_index => return 0,
        Some(boxes) if by_index => boxes.to_vec(),
        _ => Vec::new(),
    };
    let is_answered = by_index && filter.is_answered_by_boxes();
    let mut found = 0;
    let select = Select { boxes, offset: 0 };
    store
        .select(&select, &Budget::unlimited(), &mut |feature| {
            found += usize::from(is_answered || filter.matches(feature));
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    found
}

/// A table of the suite's GeoPackage.
fn load(table: &str) -> MemoryStore {
    let path = shared().join("data/ne110m4cql2.gpkg");
    // immutable: the folder can't be written to
    let url = format!("file:{}?mode=ro&immutable=1", path.display());
    let database = rusqlite::Connection::open(url).unwrap();
    let prepare = |sql: String| database.prepare(&sql).unwrap();
    let declared: Vec<(String, String)> = prepare(format!("PRAGMA table_info({table})"))
        .query_map([], |row| Ok((row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(|column| column.unwrap())
        .collect();
    let mut statement = prepare(format!("SELECT * FROM {table} ORDER BY fid"));
    let fields: Vec<Field> = declared[2..]
        .iter()
        .map(|(name, declared)| Field {
            name: name.clone(),
            kind: match declared.split('(').next().unwrap() {
                "INTEGER" => FieldType::Long,
                "REAL" => FieldType::Float,
                "DATE" => FieldType::Date,
                "DATETIME" => FieldType::DateTime,
                "BOOLEAN" => FieldType::Bool,
                _ => FieldType::Text,
            },
            title: None,
            description: None,
            nullable: true,
        })
        .collect();
    let schema = Schema {
        geometry: match declared[1].1.as_str() {
            "POINT" => GeometryType::Point,
            "LINESTRING" => GeometryType::LineString,
            _ => GeometryType::MultiPolygon,
        },
        fields,
        ..Schema::default()
    };
    let mut features = Vec::new();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let values = schema.fields.iter().enumerate().map(|(number, field)| {
            let text = |text: &[u8]| String::from_utf8(text.to_vec()).unwrap();
            match (row.get_ref(number + 2).unwrap(), field.kind) {
                (ValueRef::Null, _) => OwnedValue::Null,
                (ValueRef::Integer(i), FieldType::Bool) => OwnedValue::Bool(i != 0),
                (ValueRef::Integer(i), _) => OwnedValue::Int(i),
                (ValueRef::Real(f), _) => OwnedValue::Float(f),
                (ValueRef::Text(t), FieldType::Date | FieldType::DateTime) => {
                    OwnedValue::DateTime(text(t))
                }
                (ValueRef::Text(t), _) => OwnedValue::Text(text(t)),
                (ValueRef::Blob(_), _) => panic!("{field:?}"),
            }
        });
        let values = values.collect();
        let blob = row.get_ref(1).unwrap().as_blob().unwrap();
        features.push(MemoryFeature {
            geometry: Some(geometry(blob)),
            values,
        });
    }
    MemoryStore::new(schema, Some(Crs::crs84()), features)
}

/// A geometry of a GeoPackage (OGC 12-128r18 §2.1.3): a header with a box, then WKB.
fn geometry(blob: &[u8]) -> Geometry {
    let envelope_bytes = [0, 32, 48, 48, 64][usize::from(blob[3] >> 1 & 7)];
    let mut wkb = Wkb(&blob[8 + envelope_bytes..]);
    let mut geometry = Geometry::default();
    wkb.geometry(&mut geometry, true);
    geometry
}

struct Wkb<'b>(&'b [u8]);

impl Wkb<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (taken, rest) = self.0.split_first_chunk::<N>().unwrap();
        self.0 = rest;
        *taken
    }

    fn count(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn positions(&mut self, count: u32, out: &mut Geometry) {
        for _ in 0..count {
            let (x, y) = (self.take(), self.take());
            out.push([f64::from_le_bytes(x), f64::from_le_bytes(y)]);
        }
    }

    fn geometry(&mut self, out: &mut Geometry, outermost: bool) {
        assert_eq!(self.take(), [1], "little-endian");
        let code = self.count();
        if outermost {
            out.begin(match code {
                1 => GeometryType::Point,
                2 => GeometryType::LineString,
                3 => GeometryType::Polygon,
                _ => GeometryType::MultiPolygon,
            });
        }
        match code {
            1 => {
                self.positions(1, out);
                out.end_part(PartKind::Points);
            }
            2 => {
                let count = self.count();
                self.positions(count, out);
                out.end_part(PartKind::Line);
            }
            3 => {
                for _ in 0..self.count() {
                    let count = self.count();
                    self.positions(count, out);
                    out.end_sequence();
                }
                out.end_part(PartKind::Polygon);
            }
            6 => {
                for _ in 0..self.count() {
                    self.geometry(out, false);
                }
            }
            other => panic!("WKB {other}"),
        }
    }
}

/// What a filter says in words that a person can mend it by.
#[test]
fn faults_name_their_place_and_what_was_expected() {
    let refused = |text: &str, place: &str, message: &str| {
        let error = cql2_text::parse(text, &context()).unwrap_err().to_string();
        assert!(
            error.contains(place) && error.contains(message),
            "{text}: {error}"
        );
    };
    refused("", "line 1, column 1", "expected a value");
    refused("a =", "line 1, column 4", "found the end");
    refused("a = 1 b = 2", "column 7", "expected AND, OR or the end");
    refused(
        "a = 1\nAND b ==\n 2",
        "line 2, column 8",
        "expected a value",
    );
    refused("a = NULL", "column 5", "IS NULL");
    refused("a IS NOT 1", "column 10", "expected NULL");
    refused("a NOT 1", "column 7", "LIKE, BETWEEN or IN");
    refused("a IN ()", "column 3", "empty");
    refused("a + 'x' = 1", "column 3", "expected a number, found a text");
    refused("a = POINT(1 2)", "column 3", "found a geometry");
    refused("S_INTERSECTS(geom, 'x')", "column 1", "expected a geometry");
    refused(
        "S_INTERSECTS(geom)",
        "column 1",
        "takes 2 operands, found 1",
    );
    refused("S_INTERSECTS(geom, POINT(1))", "column 27", "a coordinate");
    refused(
        "S_INTERSECTS(geom, POLYGON((0 0, 1 1, 1 0, 0 1)))",
        "column 28",
        "a ring",
    );
    refused(
        "S_INTERSECTS(geom, BBOX(1,2,3))",
        "column 20",
        "4 or 6 numbers",
    );
    refused(
        "T_DURING(a, DATE('2024-01-01'))",
        "column 1",
        "INTERVAL(begin, end)",
    );
    refused("a > DATE('2024-02-30')", "column 5", "2024-02-30");
    refused(
        "t_after(a, INTERVAL('2024-02-02','2024-02-01'))",
        "column 12",
        "ends before",
    );
    refused("strToLowercas(a) = 'x'", "column 1", "did you mean");
    refused("a = 2 ^ 3 ^ 4", "column 11", "parentheses");
    refused("a = 1e999", "column 5", "too large");
    refused("1 + 2", "line 1, column 1", "expected a condition");
    refused(
        &format!("{}a = 1", "(".repeat(5000)),
        "line 1",
        "nested at most 60 deep",
    );
    refused(
        &format!("a = 1{}", " + 1".repeat(5000)),
        "line 1",
        "nested at most 250 deep",
    );
    let error = |json: &str| cql2_json::parse(json, &context()).unwrap_err().to_string();
    assert!(error("{\n\"op\": }").contains("line 2, column"));
    let nested =
        r#"{"op":"and","args":[{"op":"=","args":[{"property":"a"},1]},{"op":"not","args":[3]}]}"#;
    assert!(
        error(nested).contains("at /args/1: expected a condition"),
        "{}",
        error(nested)
    );
    assert!(error(r#"{"op":"="}"#).contains("\"args\""));
    assert!(error(r#"{"date":"x"}"#).contains("at /date"));
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(error(&deep).contains("recursion limit"));
}

#[test]
fn an_unknown_property_is_refused_with_the_nearest_name() {
    let schema = Schema {
        fields: vec![Field {
            name: "population".into(),
            kind: FieldType::Long,
            title: None,
            description: None,
            nullable: true,
        }],
        ..Schema::default()
    };
    let bind = |text: &str| {
        let filter: Filter = cql2_text::parse(text, &context()).unwrap();
        filter.bind(&schema).unwrap_err().to_string()
    };
    assert!(bind("populaton > 3").contains("did you mean \"population\""));
    assert!(bind("S_WITHIN(population, POINT(1 2))").contains("a spatial operator needs"));
    assert!(bind("T_AFTER(population, DATE('2024-01-01'))").contains("\"population\" of long"));
    assert!(bind("A_CONTAINS(population, ('a'))").contains("needs arrays"));
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{0,3}", "[a'\\\\%_ é\"(,;]{0,6}[a']"]
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,4}",
        "[a-zé:_\" .-]{1,6}",
        Just("date".to_owned()),
        Just("NOT".into())
    ]
}

fn any_moment() -> impl Strategy<Value = Moment> {
    prop_oneof![
        (-9000_i64..40_000).prop_map(Moment::Day),
        (-9_000_000_000_i64..9_000_000_000, 0_u32..1_000_000_000)
            .prop_map(|(second, nanos)| Moment::Instant(second, nanos)),
    ]
}

fn any_geometry() -> impl Strategy<Value = Geometry> {
    let coord = || (-180_i32..180, -90.0..90.0_f64).prop_map(|(x, y)| [f64::from(x), y]);
    let line = || prop::collection::vec(coord(), 2..4);
    prop_oneof![
        coord().prop_map(|c| {
            let mut g = Geometry::new(GeometryType::Point);
            g.push(c);
            g.end_part(PartKind::Points);
            g
        }),
        prop::collection::vec(coord(), 1..4).prop_map(|points| {
            let mut g = Geometry::new(GeometryType::MultiPoint);
            g.extend(points);
            g.end_part(PartKind::Points);
            g
        }),
        prop::collection::vec(line(), 1..3).prop_map(|lines| {
            let mut g = Geometry::new(GeometryType::MultiLineString);
            for line in lines {
                g.extend(line);
                g.end_part(PartKind::Line);
            }
            g
        }),
        prop::collection::vec(prop::collection::vec(coord(), 3..5), 1..3).prop_map(|rings| {
            let mut g = Geometry::new(GeometryType::Polygon);
            for ring in rings {
                g.extend(ring.iter().copied().chain(ring.first().copied()));
                g.end_sequence();
            }
            g.end_part(PartKind::Polygon);
            g
        }),
    ]
}

fn any_scalar() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        any_name().prop_map(Expr::Property),
        any_text().prop_map(|t| Expr::Literal(Literal::Text(t))),
        (-1e6..1e6_f64).prop_map(|n| Expr::Literal(Literal::Number(n))),
        any::<i64>().prop_map(|i| Expr::Literal(Literal::integer(i))),
        any::<bool>().prop_map(|b| Expr::Literal(Literal::Bool(b))),
        any_moment().prop_map(|m| Expr::Literal(Literal::Moment(m))),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let op = prop::sample::select(vec!["+", "-", "*", "/", "%", "div", "^"]);
        prop_oneof![
            (op, any_number(), any_number()).prop_map(|(op, a, b)| {
                let op = ArithmeticOp::named(op).unwrap();
                Expr::Arithmetic(op, Box::new(a), Box::new(b))
            }),
            inner
                .clone()
                .prop_map(|e| Expr::call("casei", vec![e]).unwrap()),
            prop::collection::vec(inner, 1..3).prop_map(Expr::Concat),
        ]
    })
}

fn any_number() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        any_name().prop_map(Expr::Property),
        (-9_i32..9).prop_map(|n| Expr::Literal(Literal::Number(f64::from(n)))),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let op = prop::sample::select(vec!["+", "-", "*", "/", "%", "div", "^"]);
        (op, inner.clone(), inner).prop_map(|(op, a, b)| {
            let op = ArithmeticOp::named(op).unwrap();
            Expr::Arithmetic(op, Box::new(a), Box::new(b))
        })
    })
}

/// A filter of every kind that CQL2 has.
fn any_filter() -> impl Strategy<Value = Filter> {
    let op = prop::sample::select(vec!["=", "<>", "<", "<=", ">", ">="]);
    let spatial = prop::sample::select(vec!["contains", "crosses", "equals", "intersects"]);
    let temporal = prop::sample::select(vec!["after", "metBy", "during", "startedBy"]);
    let array = prop::sample::select(vec!["containedBy", "contains", "equals", "overlaps"]);
    let property = || any_name().prop_map(Expr::Property);
    let end = || prop::option::of(any_name().prop_map(|n| Box::new(Expr::Property(n))));
    let leaf = prop_oneof![
        (op, any_scalar(), any_scalar()).prop_map(|(op, left, right)| Filter::Compare {
            op: CompareOp::named(op).unwrap(),
            left,
            right,
            match_case: true,
        }),
        (any_scalar(), any_scalar(), any_scalar()).prop_map(|(value, low, high)| Filter::Between {
            value,
            low,
            high
        }),
        (any_scalar(), prop::collection::vec(any_scalar(), 1..4))
            .prop_map(|(value, list)| Filter::In { value, list }),
        (property(), any_text()).prop_map(|(value, pattern)| Filter::Like {
            value,
            pattern: LikePattern::parse(&pattern, Some('%'), Some('_'), Some('\\')),
            match_case: true,
        }),
        any_scalar().prop_map(Filter::IsNull),
        (spatial, property(), any_geometry()).prop_map(|(op, left, geometry)| Filter::Spatial {
            op: SpatialOp::named(op).unwrap(),
            left,
            right: Expr::Literal(Literal::Geometry(geometry)),
            distance: Distance::NONE,
        }),
        (temporal, end(), end(), any_moment()).prop_map(|(op, from, to, moment)| {
            let moment = Some(Box::new(Expr::Literal(Literal::Moment(moment))));
            Filter::Temporal {
                op: TemporalOp::named(op).unwrap(),
                left: Expr::Interval(from, to),
                right: Expr::Interval(moment, None),
            }
        }),
        (array, property(), prop::collection::vec(any_text(), 0..3)).prop_map(
            |(op, left, list)| {
                let literal = |t| Expr::Literal(Literal::Text(t));
                Filter::Array {
                    op: ArrayOp::named(op).unwrap(),
                    left,
                    right: Expr::Array(list.into_iter().map(literal).collect()),
                }
            }
        ),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::Or),
            inner.prop_map(|f| Filter::Not(Box::new(f))),
        ]
    })
}

/// Pieces that filters are made of, in any order.
fn any_nonsense() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "(",
        ")",
        ",",
        "=",
        "<>",
        "-",
        "+",
        "*",
        "^",
        "'",
        "\"",
        "a",
        "NOT ",
        " AND ",
        " OR ",
        " IN ",
        " LIKE ",
        " BETWEEN ",
        " IS NULL",
        "POINT",
        "POLYGON",
        "BBOX(",
        "EMPTY",
        "Z",
        "INTERVAL(",
        "DATE('",
        "2024-01-01",
        "'..'",
        "1",
        "1e",
        ".",
        "S_INTERSECTS(",
        "T_AFTER(",
        "A_EQUALS(",
        "CASEI(",
        "div",
        "é",
        "\\",
        "\n",
        "{",
        "}",
        "[",
        "]",
        ":",
        "\"op\"",
        "\"args\"",
        "\"property\"",
        "\"type\"",
        "\"coordinates\"",
        "<",
        ">",
        "/",
        "Filter",
        "And",
        "gml:Point",
    ]);
    prop::collection::vec(pieces, 0..30).prop_map(|list| list.concat())
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(filter in any_filter()) {
        let json = encode::cql2_json::write(&filter).unwrap();
        let read = cql2_json::from_value(&json, &context());
        prop_assert_eq!(read.as_ref(), Ok(&filter), "{}", json);
        if let Some(text) = encode::cql2_text::write(&filter) {
            let read = cql2_text::parse(&text, &context());
            prop_assert_eq!(read, Ok(filter), "{}", text);
        }
    }

    #[test]
    fn no_text_ends_the_process(text in any_nonsense(), noise in "\\PC{0,60}") {
        for text in [&text, &noise] {
            let _ = cql2_text::parse(text, &context());
            let _ = cql2_json::parse(text, &context());
            let _ = fes::parse_text(text, &context());
            let wrapped = format!("<Filter>{text}</Filter>");
            let _ = fes::parse_text(&wrapped, &context());
        }
    }
}

/// Each is as deep as its reader allows, and is read, bound, evaluated and dropped on half the
/// stack that a thread has.
#[test]
fn the_deepest_filters_fit_half_a_stack() {
    let deep = [
        format!("{}a = 1{}", "NOT (".repeat(29), ")".repeat(29)),
        format!("a = {}1{}", "(".repeat(59), " + 1)".repeat(59)),
        format!("a = 1{}", " + a".repeat(240)),
        format!("a = {}1", "- ".repeat(50)),
        format!("a IN ({}1)", "1,".repeat(20_000)),
        format!("a = 1{}", " OR a = 1".repeat(10_000)),
    ];
    let schema = Schema {
        fields: vec![Field {
            name: "a".into(),
            kind: FieldType::Long,
            title: None,
            description: None,
            nullable: true,
        }],
        ..Schema::default()
    };
    let features = vec![MemoryFeature {
        geometry: None,
        values: vec![OwnedValue::Int(1)],
    }];
    let store = MemoryStore::new(schema, None, features);
    let work = move || {
        for text in deep {
            let filter = cql2_text::parse(&text, &context()).unwrap();
            let bound = filter.bind(store.schema()).unwrap();
            assert!(count(&store, &bound, true) <= 1);
            assert!(encode::cql2_text::write(&filter).is_some());
        }
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20);
    thread.spawn(work).unwrap().join().unwrap();
}
