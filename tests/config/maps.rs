//! Maps: families, what stays when a file is at fault, and what a restriction takes away.

use std::collections::HashSet;

use cartotheque::catalogue::Map;
use cartotheque::catalogue::map::MapStatus;
use cartotheque::config::{LoadOptions, Loaded, load, reload};

use super::fake::{COMMUNES, FakeSources, Site, lines};

const CARTE: &str = "title: Carte\nlayers: [communes]\n";

fn site() -> Site {
    let site = Site::new();
    site.write(
        "capabilities/server.yaml",
        "languages: [fr, en]\nroles: {ddt-38: {api_keys: env:K}}\n",
    )
    .write("data/communes.fgb", COMMUNES)
    .write("styles/population.sld", "column pop\n")
    .write("styles/contours.sld", "")
    .layer(
        "communes",
        "title: {fr: Communes, en: Municipalities}\nsource: {file: data/communes.fgb}\nstyles: [population, contours]\n",
    );
    site
}

fn map_file(site: &Site, name: &str, yaml: &str) {
    site.write(&format!("capabilities/maps/{name}.yaml"), yaml);
}

fn maps(loaded: &Loaded) -> Vec<&str> {
    let maps = loaded.catalogue.maps.iter();
    maps.map(|map| map.id.as_str()).collect()
}

fn map<'a>(loaded: &'a Loaded, id: &str) -> &'a Map {
    match loaded.catalogue.maps.get(id) {
        Some(map) => map,
        None => panic!("no map {id:?}: {:#?}", lines(loaded)),
    }
}

fn next(site: &Site, sources: &FakeSources, previous: &Loaded) -> Loaded {
    let options = LoadOptions::default();
    reload(&site.0, options, sources, Some(previous), &HashSet::new())
}

#[test]
fn a_map_says_differently_only_what_it_says() {
    let site = site();
    map_file(
        &site,
        "carte",
        "title: {fr: Carte, en: Map}\naliases: [vieille]\nlayers:\n  - {layer: communes, id: c2, title: {fr: Contours, en: Outlines}, style: contours, opacity: 0.5, visible: false}\n  - group: G\n    open: false\n    layers: [communes]\n",
    );
    let loaded = site.load();
    assert_eq!(lines(&loaded), Vec::<String>::new());
    let map = map(&loaded, "carte");
    let layers: Vec<_> = map.layers().collect();
    let own = loaded.catalogue.layer("communes").unwrap();
    assert_eq!([layers[0].id.as_str(), &layers[1].id], ["c2", "communes"]);
    assert_eq!(layers[0].layer.title.get("en"), "Outlines");
    assert_eq!(layers[1].layer.title, own.title);
    let styles = |n: usize| -> Vec<&str> {
        let styles = layers[n].layer.styles.iter();
        styles.map(|style| style.id.as_str()).collect()
    };
    assert_eq!(styles(0), ["contours", "population"]);
    assert_eq!(styles(1), ["population", "contours"]);
    assert_eq!((layers[0].opacity, layers[0].is_visible), (0.5, false));
    assert_eq!((layers[1].opacity, layers[1].is_visible), (1.0, true));
    assert_eq!(layers[0].of, "communes");
    let by_alias = loaded.catalogue.maps.by_alias("vieille").unwrap();
    assert_eq!(by_alias.id, "carte");
    assert_eq!(map.status, MapStatus::Published);
}

#[test]
fn a_family_is_a_map_for_each_entry_with_its_values_in_texts_filters_and_extents() {
    let site = site();
    map_file(
        &site,
        "famille",
        "for_each:\n  - {code: '01001', nom: l'Abergement}\n  - {code: '01002', nom: Ambérieu}\nid: commune-{code}\ntitle: {fr: 'Commune de {nom}', en: 'Municipality {code}'}\nlayers:\n  - layer: communes\n    filter: \"insee = '{code}' OR nom = '{nom}'\"\n    popup: {title: '{nom}'}\n",
    );
    let loaded = site.load();
    assert_eq!(lines(&loaded), Vec::<String>::new());
    assert_eq!(maps(&loaded), ["commune-01001", "commune-01002"]);
    let first = map(&loaded, "commune-01001");
    assert_eq!(first.title.get("fr"), "Commune de l'Abergement");
    let layer = first.layers().next().unwrap();
    // an apostrophe in a value does not end the text that it stands in
    let filter = "insee = '01001' OR nom = 'l''Abergement'";
    assert_eq!(layer.filter.as_deref(), Some(filter));
    // braces of a popup are the fields of what was clicked
    let title = layer.layer.popup.as_ref().unwrap().title.as_deref();
    assert_eq!(title, Some("{nom}"));
}

#[test]
fn a_family_over_a_layer_has_a_map_for_each_of_its_features() {
    let site = site();
    map_file(
        &site,
        "famille",
        "for_each: {layer: communes, fields: {code: insee}}\nid: commune-{code}\ntitle: Commune {code}\nlayers: [{layer: communes, filter: \"insee = '{code}'\"}]\n",
    );
    let loaded = site.load();
    assert_eq!(maps(&loaded), ["commune-01001", "commune-01002"]);
    // a family is whole or not at all
    let text = "for_each: {layer: communes, fields: {code: insee}}\nid: commune-{code}\ntitle: Commune {code}\nview: {extent: {of: communes, where: \"insee = '{code}' AND insee = '01001'\"}}\nlayers: [communes]\n";
    map_file(&site, "famille", text);
    let loaded = site.load();
    assert_eq!(maps(&loaded), Vec::<&str>::new());
    assert_eq!(loaded.catalogue.faults.len(), 1);
    assert_eq!(
        loaded.catalogue.faults[0].subject,
        "capabilities/maps/famille.yaml"
    );
}

#[test]
fn a_map_that_gets_a_fault_stays_as_it_was_and_a_mended_one_is_swapped_in() {
    let site = site();
    map_file(&site, "carte", CARTE);
    let sources = FakeSources::default();
    let first = load(&site.0, LoadOptions::default(), &sources);
    map_file(&site, "carte", "title: Neuve\nlayers: [comunes]\n");
    let second = next(&site, &sources, &first);
    assert_eq!(map(&second, "carte").title.get("fr"), "Carte");
    let fault = &second.catalogue.faults[0];
    assert!(fault.still_served);
    assert!(
        fault
            .message
            .starts_with("capabilities/maps/carte.yaml:2:10: no layer \"comunes\""),
        "{}",
        fault.message
    );
    map_file(&site, "carte", "title: Neuve\nlayers: [communes]\n");
    let third = next(&site, &sources, &second);
    assert_eq!(map(&third, "carte").title.get("fr"), "Neuve");
    assert_eq!(third.catalogue.faults, []);
    // what is not there any more is served no more
    std::fs::remove_file(site.0.join("capabilities/maps/carte.yaml")).unwrap();
    let fourth = next(&site, &sources, &third);
    assert_eq!(maps(&fourth), Vec::<&str>::new());
}

#[test]
fn an_older_state_never_stands_in_for_one_that_is_for_fewer_people() {
    let site = site();
    map_file(&site, "carte", CARTE);
    let sources = FakeSources::default();
    let first = load(&site.0, LoadOptions::default(), &sources);
    assert_eq!(maps(&first), ["carte"]);
    // the restriction is written wrong: nobody sees the map, the public version is gone
    for access in ["access: {roles: [ddt-39]}", "access: prive"] {
        map_file(&site, "carte", &format!("{CARTE}{access}\n"));
        let second = next(&site, &sources, &first);
        assert_eq!(maps(&second), Vec::<&str>::new(), "{access}");
        assert!(!second.catalogue.faults[0].still_served);
    }
    // a layer that becomes restricted takes the public map with it
    map_file(&site, "carte", CARTE);
    site.layer(
        "communes",
        "source: {file: data/communes.fgb}\naccess: {roles: [ddt-38]}\n",
    );
    let third = next(&site, &sources, &first);
    assert_eq!(maps(&third), Vec::<&str>::new());
    // and neither drafts nor restricted maps are there for everybody
    let site = self::site();
    map_file(&site, "brouillon", &format!("{CARTE}status: draft\n"));
    map_file(
        &site,
        "reservee",
        &format!("{CARTE}access: {{roles: [ddt-38]}}\n"),
    );
    map_file(&site, "archivee", &format!("{CARTE}status: archived\n"));
    let loaded = site.load();
    assert_eq!(maps(&loaded), ["archivee"]);
    assert_eq!(loaded.catalogue.maps.listed().count(), 0);
}
