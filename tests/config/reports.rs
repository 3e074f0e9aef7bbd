//! What `cartotheque check` finds and prints.

use cartotheque::cli::check::{json_report, text_report};
use cartotheque::config::{LoadOptions, check};

use super::fake::{COMMUNES, FakeSources, Site};

fn site() -> Site {
    let site = Site::new();
    site.write("data/communes.fgb", COMMUNES).layer(
        "communes",
        "source: {file: data/communes.fgb}\nid_column: insee\n",
    );
    site
}

fn checked(site: &Site) -> cartotheque::config::Checked {
    check(&site.0, LoadOptions::default(), &FakeSources::default())
}

#[test]
fn a_sound_site_is_summed_up_in_one_line() {
    let checked = checked(&site());
    let expected = "1 layer, 2 features: 0 errors, 0 warnings, 0 notes\n";
    assert_eq!(text_report(&checked), expected);
    assert_eq!((checked.exit_code(false), checked.exit_code(true)), (0, 0));
}

#[test]
fn a_finding_shows_its_line_with_a_caret_its_key_and_its_help() {
    let site = site();
    site.layer(
        "communes",
        "source: {file: data/communes.fgb}\npopup:\n\ttitle: x\n",
    );
    site.layer(
        "b",
        "source: {file: data/communes.fgb}\npopup: {title: é, fields: [insee, popp]}\n",
    );
    let checked = checked(&site);
    let expected = "\
capabilities/layers/b.yaml:2:35: error: no field \"popp\" in \"b\"
  |
2 | popup: {title: é, fields: [insee, popp]}
  |                                   ^^^^
  = key: popup.fields[1]
  = help: did you mean \"pop\"?

capabilities/layers/communes.yaml:3:2: error: not well-formed YAML: tabs disallowed within this context (block indentation)
  |
3 | \ttitle: x
  | \t^
  = help: YAML is indented with spaces, not with tabs

0 layers, 0 features: 2 errors, 0 warnings, 0 notes
";
    assert_eq!(text_report(&checked), expected);
    assert_eq!(checked.exit_code(false), 1);
}

#[test]
fn ids_that_repeat_and_damaged_features_are_found_by_reading_all() {
    let site = site();
    site.write(
        "data/communes.fgb",
        format!("{COMMUNES}row 01002\nrow 01001\nrow \ndamaged 3\n"),
    );
    let report = text_report(&checked(&site));
    for expected in [
        "data/communes.fgb: error: 3 of 8 features are damaged and left out\n",
        "data/communes.fgb: error: id_column \"insee\" of layer \"communes\" is not unique: 2 features repeat an id, the first is \"01002\"\n",
        "data/communes.fgb: warning: id_column \"insee\" of layer \"communes\" is empty in 1 features: their ids are made of their positions (position-12)\n",
    ] {
        assert!(report.contains(expected), "{report}");
    }
}

#[test]
fn warnings_fail_only_where_that_is_asked() {
    let site = site();
    site.layer("b", "source: {url: \"https://example.org/b.fgb\"}");
    let checked = checked(&site);
    assert_eq!((checked.exit_code(false), checked.exit_code(true)), (0, 1));
}

#[test]
fn the_report_for_programs_is_one_json_object() {
    let site = site();
    site.layer("b", "source: {file: data/communes.fgb}\nlabel: nomm");
    let report: serde_json::Value =
        serde_json::from_str(&json_report(&checked(&site), false)).unwrap();
    assert_eq!(report["ok"], false);
    assert_eq!(report["errors"], 1);
    let found = &report["diagnostics"][0];
    assert_eq!(found["file"], "capabilities/layers/b.yaml");
    assert_eq!((&found["line"], &found["column"]), (&2.into(), &8.into()));
    assert_eq!(found["severity"], "error");
    assert_eq!(found["key"], "label");
    assert_eq!(found["help"], "did you mean \"nom\"?");
}
