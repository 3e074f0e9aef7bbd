//! CQL2 (OGC 21-065r2) against the standard's own material: the 351 filters of its abstract test
//! suite with the number of features that each must find, and its examples.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

mod any;
mod suite;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use cartotheque::budget::Budget;
use cartotheque::crs::Crs;
use cartotheque::decode::filter_context::FilterContext;
use cartotheque::decode::{cql2_json, cql2_text, fes};
use cartotheque::encode;
use cartotheque::feature::{Field, FieldType, OwnedValue, Schema};
use cartotheque::query::{BoundFilter, Filter};
use cartotheque::store::memory::{MemoryFeature, MemoryStore};
use cartotheque::store::{FeatureStore, Select};
use proptest::prelude::*;

use any::{any_filter, any_nonsense};

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
    refused(
        "S_INTERSECTS(geom, CIRCULARSTRING(0 0, 1 1, 2 0))",
        "column 20",
        "expected POINT, LINESTRING, POLYGON, a MULTI of them",
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
        format!("{}a = 1{}", "(".repeat(59), ") IS NULL".repeat(59)),
        format!(
            "{}a{} = 1",
            "coalesce(".repeat(59),
            " BETWEEN 1 AND 2)".repeat(59)
        ),
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
