//! CQL2 beside the crate `cql2`, which was written by others from the same standard:
//! `make cql2-oracle`. Two questions, over the filters of the standard's examples and of its
//! abstract tests (needs `../shared`), and over random ones:
//!
//! - does a text say the same to both? What the other reads of it, written as JSON by the other,
//!   is read here and compared with what is read here of the text;
//! - does the other read what is written here, as text and as JSON, and say the same again?
//!
//! Each difference is printed, and how many there are; what is `known` is counted by its reason.
//! The answer is 1 where any is left. How many features a filter must find is the standard's to
//! say: `tests/cql2/suite.rs`.

#[allow(
    dead_code,
    reason = "made for the tests of the server, which use more of it"
)]
#[path = "../../any.rs"]
mod any;
mod known;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cartotheque::crs::Crs;
use cartotheque::decode::filter_context::FilterContext;
use cartotheque::decode::{cql2_json, cql2_text};
use cartotheque::encode;
use cartotheque::query::Filter;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

const RANDOM: usize = 5000;

/// What was asked, and what differed.
#[derive(Default)]
struct Told {
    asked: usize,
    known: BTreeMap<&'static str, usize>,
    faults: Vec<String>,
}

fn main() -> ExitCode {
    let mut told = Told::default();
    for text in texts() {
        told.text(&text);
        if let Ok(filter) = cql2_text::parse(&text, &context()) {
            told.filter(&filter);
        }
    }
    let of_the_standard = told.asked;
    let mut runner = TestRunner::deterministic();
    for _ in 0..RANDOM {
        let filter = any::any_filter().new_tree(&mut runner).unwrap().current();
        told.filter(&filter);
    }
    for fault in &told.faults {
        println!("{fault}\n");
    }
    for (reason, count) in &told.known {
        println!("{count} known: {reason}");
    }
    println!(
        "{} comparisons, {of_the_standard} of them of the standard's own filters, {} differences",
        told.asked,
        told.faults.len()
    );
    match told.faults.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn context() -> FilterContext {
    FilterContext::new(Crs::crs84())
}

/// The filters of the standard, as text.
fn texts() -> Vec<String> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/cite/cql2");
    let Ok(table) = std::fs::read_to_string(shared.join("ats_counts.tsv")) else {
        println!("skipped: the standard's filters, which lie in ../shared");
        return Vec::new();
    };
    let counted = table
        .lines()
        .skip(1)
        .filter_map(|line| line.split('\t').nth(4));
    let mut texts: Vec<String> = counted.map(str::to_owned).collect();
    let folder = std::fs::read_dir(shared.join("examples/text")).unwrap();
    let mut examples: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    examples.sort();
    texts.extend(
        examples
            .iter()
            .map(|path| std::fs::read_to_string(path).unwrap()),
    );
    texts
}

impl Told {
    /// A text as both read it.
    fn text(&mut self, text: &str) {
        let ours = cql2_text::parse(text, &context());
        let theirs = cql2::parse_text(text);
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => self.same(text, &ours, &theirs),
            (Ok(_), Err(error)) => self.differ(text, &format!("the other refuses: {error}")),
            (Err(error), Ok(_)) => self.differ(text, &format!("refused here: {error}")),
            (Err(_), Err(_)) => self.asked += 1,
        }
    }

    /// A filter as it is written here, in both notations, and as the other reads that.
    fn filter(&mut self, filter: &Filter) {
        let text = encode::cql2_text::write(filter).unwrap();
        // what is written may say the same in fewer words
        let filter = &cql2_text::parse(&text, &context()).unwrap();
        match cql2::parse_text(&text) {
            Ok(theirs) => self.same(&text, filter, &theirs),
            Err(error) => self.differ(&text, &format!("the other refuses: {error}")),
        }
        let json = encode::cql2_json::write(filter).unwrap().to_string();
        match cql2::parse_json(&json) {
            Ok(theirs) => self.same(&json, filter, &theirs),
            Err(error) => self.differ(&json, &format!("the other refuses: {error}")),
        }
    }

    fn same(&mut self, asked: &str, ours: &Filter, theirs: &cql2::Expr) {
        let json = match theirs.to_value() {
            Ok(json) => json,
            Err(error) => return self.differ(asked, &format!("the other writes nothing: {error}")),
        };
        match cql2_json::from_value(&json, &context()) {
            Ok(again) => match [plain(&again), plain(ours)] {
                [again, ours] if again == ours => self.asked += 1,
                [again, ours] => self.differ(asked, &format!("{again}\n  is not {ours}")),
            },
            Err(error) => self.differ(asked, &format!("{error}\n  {json}")),
        }
    }

    fn differ(&mut self, asked: &str, fault: &str) {
        self.asked += 1;
        match known::explained(asked, fault) {
            Some(reason) => *self.known.entry(reason).or_default() += 1,
            None => self.faults.push(format!("{asked}\n  {fault}")),
        }
    }
}

/// A filter as JSON without what the two may write differently: how many of one AND are in which
/// parentheses, and the last digits of a number.
fn plain(filter: &Filter) -> Value {
    flat(encode::cql2_json::write(filter).unwrap())
}

fn flat(value: Value) -> Value {
    match value {
        Value::Number(number) => {
            let number = number.as_f64().unwrap();
            json!(format!("{number:.11e}"))
        }
        Value::Array(values) => values.into_iter().map(flat).collect(),
        Value::Object(members) => {
            let mut members: Map<String, Value> = members
                .into_iter()
                .map(|(name, value)| (name, flat(value)))
                .collect();
            let op = members.get("op").cloned();
            let is_list = op.as_ref().is_some_and(|op| op == "and" || op == "or");
            if let Some(Value::Array(args)) = members.get_mut("args").filter(|_| is_list) {
                let parts = std::mem::take(args).into_iter().flat_map(|part| {
                    match part.get("op") == op.as_ref() {
                        true => part["args"].as_array().unwrap().clone(),
                        false => vec![part],
                    }
                });
                *args = parts.collect();
            }
            Value::Object(members)
        }
        other => other,
    }
}
