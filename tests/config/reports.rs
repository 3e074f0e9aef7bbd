//! What `cartotheque check` finds and prints.

use cartotheque::cli::check::{json_report, text_report};
use cartotheque::config::{LoadOptions, check, check_at};

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
fn a_filter_that_no_feature_passes_is_told_unless_another_map_of_its_family_has_some() {
    let site = site();
    site.write("data/communes.fgb", format!("{COMMUNES}row 01003\n"))
        .write(
            "capabilities/maps/carte.yaml",
            "title: Carte\nlayers:\n  - {layer: communes, filter: \"insee = '1001'\"}\n",
        )
        .write(
            "capabilities/maps/famille.yaml",
            "for_each: [{c: '01003'}, {c: '99'}]\nid: c-{c}\ntitle: C\nlayers:\n  - \
             {layer: communes, filter: \"insee = '{c}'\"}\n",
        );
    let checked = checked(&site);
    let told: Vec<String> = checked.diagnostics.iter().map(|d| d.one_line()).collect();
    let expected = "capabilities/maps/carte.yaml:3:31: no feature of \"communes\" passes the filter \
                    \"insee = '1001'\" (case and accents count, and '01' is neither 1 nor '1')";
    assert_eq!(told, [expected]);
}

#[test]
fn a_filter_that_compares_a_column_with_what_it_can_not_hold_is_an_error_as_in_a_request() {
    let site = site();
    for (name, map) in [
        (
            "carte",
            "title: Carte\nlayers:\n  - {layer: communes, filter: \"pop <> 'beaucoup'\"}\n",
        ),
        (
            "famille",
            "for_each: {layer: communes, fields: {c: insee}, where: \"pop <> 'beaucoup'\"}\n\
             id: c-{c}\ntitle: C\nlayers: [{layer: communes}]\n",
        ),
        (
            "emprise",
            "title: Carte\nview: {extent: {of: communes, where: \"pop <> 'beaucoup'\"}}\n\
             layers: [{layer: communes}]\n",
        ),
    ] {
        site.write(&format!("capabilities/maps/{name}.yaml"), map);
    }
    let checked = checked(&site);
    let expected = "the column \"pop\" is of type integer and can't be compared with \"beaucoup\"";
    let told: Vec<&str> = checked
        .diagnostics
        .iter()
        .filter(|d| d.message.contains(expected))
        .filter_map(|d| d.file.file_stem()?.to_str())
        .collect();
    assert_eq!(
        told,
        ["carte", "emprise", "famille"],
        "{:?}",
        checked.diagnostics
    );
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
        "data/communes.fgb: error: id_column \"insee\" of layer \"communes\" is not unique: 2 features repeat an id, first \"01002\" at the positions 1 and 2 (from 0)\n",
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

#[test]
fn a_link_to_an_address_of_ours_that_nothing_answers_is_a_fault_at_its_place() {
    let site = site();
    site.write("styles/population.sld", "column pop\n").layer(
        "communes",
        "title: Communes\nsource: {file: data/communes.fgb}\nstyles: [population]\n\
         abstract: Voir [la carte](/maps/cartes).\nattribution: « /styles/communes:populaton »\n",
    );
    site.write(
        "capabilities/maps/carte.yaml",
        "title: Carte\naliases: [vieille]\nservices: [wms, features]\nlayers: [communes]\nabstract: >-\n  \
         Des textes,\n  puis /layers/comunes, et\n  https://carte.example/maps/vieille ;\n  \
         /maps/carte/collections/comune/items, /maps/carte/tiles/communes.json,\n  \
         /maps/carte/inconnu et /collections/communes/itms.\n  /1/vieile.map\n",
    )
    .write(
        "capabilities/maps/famille.yaml",
        "for_each: [{code: \"01\"}]\nid: famille-{code}\ntitle: Famille {code}\nlayers: [communes]\n\
         abstract: /maps/famille-{code} et /maps/familles-{code}\n",
    )
    .write(
        "capabilities/maps/brouillon.yaml",
        "title: B\nstatus: draft\nlayers: [communes]\nabstract: /maps/brouillon\n",
    )
    .write(
        "capabilities/maps/juste.yaml",
        "title: Juste\nlayers: [communes]\nabstract: >-\n  /maps /maps/carte?lang=en /maps/carte/embed,\n  \
         /maps/carte/print.pdf /1/vieille.map /layers/communes /layers/communes/record.xml\n  \
         /collections/communes/items?limit=2 /styles/communes:population /styles/all\n  \
         /tiles/communes/{z}/{x}/{y}.mvt https://ailleurs.example/maps/rien /maps/carte/wms?x\n",
    );
    let told = |base_url: Option<&str>| -> Vec<String> {
        let sources = FakeSources::default();
        let checked = check_at(&site.0, LoadOptions::default(), &sources, base_url);
        let list = checked.diagnostics.iter();
        let dead = list.filter(|d| d.message.contains("leads nowhere"));
        dead.map(|d| d.one_line().replace("capabilities/", ""))
            .collect()
    };
    let mut expected = vec![
        r#"layers/communes.yaml:4:27: "/maps/cartes" leads nowhere: there is no map "cartes" (did you mean "carte"?)"#,
        r#"layers/communes.yaml:5:16: "/styles/communes:populaton" leads nowhere: "communes" has no style "populaton" (did you mean "population"?)"#,
        r#"maps/brouillon.yaml:4:11: "/maps/brouillon" leads nowhere: there is no map "brouillon" (its file is a draft or has a fault)"#,
        r#"maps/carte.yaml:7:8: "/layers/comunes" leads nowhere: there is no layer "comunes" (did you mean "communes"?)"#,
        r#"maps/carte.yaml:9:3: "/maps/carte/collections/comune/items" leads nowhere: there is no layer "comune" (did you mean "communes"?)"#,
        r#"maps/carte.yaml:9:41: "/maps/carte/tiles/communes.json" leads nowhere: the map has no tiles (`services:` of "carte" does not have it)"#,
        r#"maps/carte.yaml:10:3: "/maps/carte/inconnu" leads nowhere: there is nothing at /inconnu"#,
        r#"maps/carte.yaml:10:26: "/collections/communes/itms" leads nowhere: there is nothing at /collections/communes/itms"#,
        r#"maps/carte.yaml:11:3: "/1/vieile.map" leads nowhere: no map has the alias "vieile" (did you mean "vieille"?)"#,
        r#"maps/famille.yaml:5:35: "/maps/familles-{code}" leads nowhere: there is no map "familles-{code}""#,
    ];
    assert_eq!(told(None), expected);
    let aliased = r#"maps/carte.yaml:8:3: "https://carte.example/maps/vieille" leads nowhere: there is no map "vieille" (it is an alias: write /maps/carte, or /1/vieille.map)"#;
    expected.insert(4, aliased);
    assert_eq!(told(Some("https://carte.example/")), expected);
}
