//! Seeded mistakes (`mistakes.txt`): each is reported at its place, with its help, and
//! nothing else is.

use std::fmt::Write;

use cartotheque::config::Severity;

use super::fake::{COMMUNES, Site};

const CASES: &str = include_str!("mistakes.txt");

/// One finding, as the file of cases writes it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    file: String,
    line: u32,
    column: u32,
    length: u32,
    text: String,
}

struct Case {
    name: String,
    files: Vec<(String, String)>,
    expected: Vec<Finding>,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in CASES.lines() {
        if let Some(name) = line.strip_prefix("### ") {
            cases.push(Case {
                name: name.to_owned(),
                files: Vec::new(),
                expected: Vec::new(),
            });
            continue;
        }
        let Some(case) = cases.last_mut() else {
            continue;
        };
        if let Some(path) = line.strip_prefix("@ ") {
            case.files.push((path.to_owned(), String::new()));
            continue;
        }
        let Some((path, content)) = case.files.last_mut() else {
            continue;
        };
        if let Some(source) = line.strip_prefix("  ") {
            writeln!(content, "{source}").unwrap();
        } else if let Some(rest) = line.strip_prefix("~ ") {
            let start = rest.chars().take_while(|c| *c == ' ').count();
            let length = rest.chars().filter(|c| *c == '^').count();
            let whole_file = length == 0;
            let text = rest.trim_start_matches([' ', '^']).to_owned();
            let number = |n: usize| {
                if whole_file {
                    0
                } else {
                    u32::try_from(n).unwrap()
                }
            };
            case.expected.push(Finding {
                file: path.clone(),
                line: number(content.lines().count()),
                column: number(start + 1),
                length: number(length),
                text,
            });
        }
    }
    cases
}

fn site_of(case: &Case) -> Site {
    let site = Site::new();
    site.write("data/communes.fgb", COMMUNES)
        .write("data/epci.fgb", COMMUNES)
        .write("data/sans_crs.fgb", "extent 2 44 7 46\nfield nom text\n")
        .write("data/abime.fgb", "???")
        .write("styles/population.sld", "column pop\n")
        .write("styles/contours.sld", "")
        .write("records/communes.xml", "<x/>")
        .write(
            "capabilities/server.yaml",
            "languages: [fr, en]\nroles: {ddt-38: {}}\n",
        )
        .layer("epci", "source: {file: data/epci.fgb}\n");
    for (path, content) in &case.files {
        site.write(path, content);
    }
    site
}

#[test]
fn each_seeded_mistake_is_reported_at_its_place_with_its_help_and_nothing_else_is() {
    let cases = cases();
    assert!(cases.len() >= 50, "{} cases", cases.len());
    let mut failures = String::new();
    for case in &cases {
        let site = site_of(case);
        let loaded = site.load();
        let mut found: Vec<Finding> = loaded
            .diagnostics
            .iter()
            .filter(|d| d.severity != Severity::Info)
            .map(|d| Finding {
                file: d.file.display().to_string(),
                line: d.line,
                column: d.column,
                length: d.length,
                text: match &d.help {
                    Some(help) => format!("{}: {} // {help}", d.severity.name(), d.message),
                    None => format!("{}: {}", d.severity.name(), d.message),
                },
            })
            .collect();
        let mut expected: Vec<&Finding> = case.expected.iter().collect();
        found.sort();
        expected.sort();
        if found.iter().collect::<Vec<_>>() != expected {
            writeln!(
                failures,
                "### {}\nexpected {expected:#?}\nfound {found:#?}",
                case.name
            )
            .unwrap();
        }
        // what has no fault is served whatever the others have
        let healthy = loaded.catalogue.layer("epci").is_ok();
        let blames_epci = case.files.iter().any(|(path, _)| path.contains("epci"));
        if !healthy && !blames_epci {
            writeln!(failures, "### {}\nepci is not served", case.name).unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}");
}
