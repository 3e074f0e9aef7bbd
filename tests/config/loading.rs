//! From a path to a catalogue.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cartotheque::catalogue::{LayerTime, Node};
use cartotheque::config::{LoadOptions, Secret, Severity, load, reload};
use cartotheque::feature::FieldType;
use cartotheque::identity::Audience;

use super::fake::{COMMUNES, FakeSources, Site, ids, lines};

#[test]
fn a_bare_folder_is_served_without_any_configuration() {
    let site = Site::new();
    site.write("Forêts_L93.fgb", COMMUNES)
        .write(
            "cours eau.fgb",
            "title Cours d'eau\ncrs EPSG:2154\npoints\n",
        )
        .write("eau/lacs.geojson", COMMUNES)
        .write("eau/profond/trop.fgb", COMMUNES)
        .write(".caché.fgb", COMMUNES)
        .write("all.fgb", COMMUNES)
        .write("lisez-moi.txt", "?");
    let loaded = site.load();
    assert_eq!(
        ids(&loaded),
        ["Forets_L93", "all-layer", "cours-eau", "lacs"]
    );
    assert_eq!(lines(&loaded), Vec::<String>::new());
    let title = |id: &str| {
        let layer = loaded.catalogue.layer(id).unwrap();
        layer.title.default_text().to_owned()
    };
    assert_eq!(title("Forets_L93"), "Forêts L93");
    assert_eq!(title("cours-eau"), "Cours d'eau");
    // a default style by geometry type, and a number of its own for its colour
    let style = |id: &str| {
        let layer = loaded.catalogue.layer(id).unwrap();
        layer.styles[0].title.clone().unwrap()
    };
    assert_eq!(style("Forets_L93"), "Geometry 0");
    assert_eq!(style("cours-eau"), "Point 2");
    // the tree holds all layers, by title
    assert_eq!(loaded.catalogue.tree.len(), 4);
}

#[test]
fn names_that_meet_get_an_id_each() {
    let site = Site::new();
    site.write("communes.fgb", COMMUNES)
        .write("communes.geojson", COMMUNES)
        .write("data/communes.fgb", COMMUNES)
        .write("data/2024/Communes.fgb", COMMUNES);
    let loaded = site.load();
    let mut found = ids(&loaded);
    found.sort();
    assert_eq!(
        found,
        ["Communes", "communes", "communes-fgb", "communes-geojson"]
    );
}

#[test]
fn one_file_is_served_with_the_style_beside_it() {
    let site = Site::new();
    site.write("a/communes.fgb", COMMUNES)
        .write("a/other.fgb", COMMUNES)
        .write("a/communes.sld", "column pop");
    let path = site.0.join("a/communes.fgb");
    let loaded = load(&path, LoadOptions::default(), &FakeSources::default());
    assert_eq!(ids(&loaded), ["communes"]);
    assert_eq!(loaded.catalogue.layers[0].styles[0].id, "communes");
}

#[test]
fn a_path_that_is_not_there_or_no_data_is_refused() {
    let site = Site::new();
    site.write("notes.txt", "?");
    for (name, reason) in [("rien", "no such file"), ("notes.txt", "expected a folder")] {
        let path = site.0.join(name);
        let loaded = load(&path, LoadOptions::default(), &FakeSources::default());
        assert!(loaded.refused);
        assert!(lines(&loaded)[0].contains(reason), "{:?}", lines(&loaded));
    }
    let empty = site.load();
    assert!(!empty.refused && lines(&empty)[0].contains("nothing to serve"));
}

const FULL: &str = "\
schema: cartotheque/layer@1
id: communes
title: {en: Municipalities, fr: Communes}
abstract: {fr: Limites communales, en: Municipal boundaries}
source: {file: data/communes.fgb}
id_column: insee
styles: [population, contours]
fields:
  - {name: nom, label: Commune}
  - {name: INSEE, label: {fr: Code INSEE, en: INSEE code}}
  - {name: pop, unit: hab., decimals: 0, index: true}
  - {name: maj, type: date}
  - {name: secret, hidden: true}
popup: {title: \"{nom}\", fields: [Insee, pop]}
label: nom
time: maj
scales: {max: 2000000}
record: records/communes.xml
metadata: {organisation: IGN, contact: geomatique@example.org, licence: etalab-2.0,
  inspire: [au], covadis: [DONNEE_GENERIQUE], keywords: [commune], revised: 2026-01-01}
attribution: IGN, INSEE
access: public
";

fn full_site() -> Site {
    let site = Site::new();
    site.write("data/communes.fgb", COMMUNES)
        .write("styles/population.sld", "column pop")
        .write("styles/contours.json", "")
        .write("records/communes.xml", "<x/>")
        .layer("communes", FULL)
        .write("capabilities/server.yaml", "languages: [fr, en]");
    site
}

#[test]
fn a_layer_file_is_honoured_key_by_key() {
    let site = full_site();
    let loaded = site.load();
    assert_eq!(lines(&loaded), Vec::<String>::new());
    let layer = loaded.catalogue.layer("communes").unwrap();
    assert_eq!(layer.title.default_text(), "Communes");
    assert_eq!(layer.title.get("en"), "Municipalities");
    assert_eq!(layer.abstract_.get("en"), "Municipal boundaries");
    let styles: Vec<_> = layer.styles.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(styles, ["population", "contours"]);
    let fields: Vec<_> = layer.fields.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(fields, ["nom", "insee", "pop", "maj", "modifie", "surface"]);
    assert_eq!(
        layer.fields[1].label.as_ref().unwrap().get("en"),
        "INSEE code"
    );
    assert_eq!(layer.fields[2].unit.as_deref(), Some("hab."));
    assert_eq!(layer.fields[2].decimals, Some(0));
    assert_eq!(layer.fields[3].kind, FieldType::Date);
    let popup = layer.popup.as_ref().unwrap();
    assert_eq!(popup.title.as_deref(), Some("{nom}"));
    // under the names that the data use
    assert_eq!(popup.fields, ["insee", "pop"].map(Into::into));
    assert_eq!((layer.id_column, layer.label), (Some(0), Some(1)));
    assert_eq!(layer.time, Some(LayerTime::Instant(layer.fields[3].column)));
    assert_eq!(
        (layer.scales.min, layer.scales.max),
        (None, Some(2_000_000.0))
    );
    assert_eq!(layer.keywords, ["commune"]);
    let metadata = &layer.metadata;
    assert_eq!(metadata.licence.as_deref(), Some("etalab-2.0"));
    assert_eq!(metadata.inspire, ["au"]);
    assert_eq!(metadata.covadis, ["DONNEE_GENERIQUE"]);
    assert_eq!(metadata.revised.as_deref(), Some("2026-01-01"));
    let record = site.0.join("records/communes.xml");
    assert_eq!(metadata.record.as_deref(), Some(record.as_path()));
    assert_eq!(layer.attribution.as_deref(), Some("IGN, INSEE"));
    assert_eq!(layer.crs.code, "2154");
    assert!(layer.queryable && layer.extent_lonlat.is_some());
}

#[test]
fn a_crs_is_taken_from_the_file_where_the_data_are_silent_and_never_guessed() {
    let site = Site::new();
    site.write("data/a.fgb", "extent 2 44 7 46");
    let loaded = site.load();
    assert!(ids(&loaded).is_empty());
    let fault = &loaded.catalogue.faults[0];
    assert_eq!((fault.subject.as_str(), fault.still_served), ("a", false));
    assert!(fault.message.contains("in which CRS"), "{}", fault.message);
    site.layer("a", "source: {file: data/a.fgb}\ncrs: EPSG:4326");
    assert_eq!(site.load().catalogue.layer("a").unwrap().crs.code, "4326");
}

#[test]
fn a_faulty_layer_is_refused_and_the_others_served_unless_strict() {
    let site = full_site();
    site.layer("b", "source: {file: data/rien.fgb}");
    let loaded = site.load();
    assert_eq!(ids(&loaded), ["communes"]);
    let fault = &loaded.catalogue.faults[0];
    assert_eq!(fault.subject, "b");
    assert!(
        fault
            .message
            .starts_with("capabilities/layers/b.yaml:1:16: expected a data file"),
        "{}",
        fault.message
    );
    assert!(!loaded.refused);
    let strict = LoadOptions {
        strict: true,
        ..LoadOptions::default()
    };
    assert!(load(&site.0, strict, &FakeSources::default()).refused);
}

#[test]
fn a_restricted_layer_is_in_the_catalogue_of_its_role_only() {
    let site = full_site();
    site.write(
        "capabilities/server.yaml",
        "roles: {ddt: {}}\ngroups: [{title: G, layers: [secrets, communes]}, {title: H, layers: [secrets]}]",
    );
    site.write("data/secrets.fgb", COMMUNES)
        .layer(
            "secrets",
            "source: {file: data/secrets.fgb}\naccess: {roles: [ddt]}",
        )
        .layer("faux", "source: {file: data/secrets.fgb}\naccess: prive");
    let loaded = site.load();
    // what is written wrong is for nobody
    assert_eq!(ids(&loaded), ["communes", "secrets"]);
    let ids_of = |audience: &Audience| -> Vec<String> {
        let seen = loaded.catalogue.seen_by(audience).unwrap();
        seen.layers.iter().map(|layer| layer.id.clone()).collect()
    };
    assert_eq!(ids_of(&Audience::default()), ["communes"]);
    assert_eq!(
        ids_of(&Audience::named("x", ["autre".into()])),
        ["communes"]
    );
    let role = Audience::named("x", ["ddt".into()]);
    assert_eq!(ids_of(&role), ["communes", "secrets"]);
    let public = loaded.catalogue.seen_by(&Audience::default()).unwrap();
    assert_eq!(public.faults, []);
    let error = public.layer("secret").unwrap_err().to_string();
    assert!(!error.contains("secrets"), "{error}");
    // a group whose only layer is hidden is hidden too
    let [Node::Group(group)] = public.tree.as_slice() else {
        panic!("{:?}", public.tree);
    };
    assert_eq!((group.title.default_text(), group.children.len()), ("G", 1));
    // the group's mention of a hidden layer is no mistake
    assert!(!lines(&loaded).iter().any(|l| l.contains("no layer")));
}

#[test]
fn what_says_no_access_has_the_one_of_the_site() {
    let site = full_site();
    site.write(
        "capabilities/server.yaml",
        "roles: {ddt: {}}\naccess: {roles: [ddt]}",
    )
    .layer("communes", "source: {file: data/communes.fgb}")
    .layer(
        "ouvert",
        "source: {file: data/communes.fgb}\naccess: public",
    );
    let loaded = site.load();
    let public = loaded.catalogue.seen_by(&Audience::default()).unwrap();
    let seen: Vec<_> = public.layers.iter().map(|l| l.id.as_str()).collect();
    assert_eq!(seen, ["ouvert"]);
}

#[test]
fn what_seems_to_restrict_restricts() {
    let of_layer = [
        "access:",
        "access: ~",
        "acces: {roles: [ddt]}",
        "Access: ddt",
        "access: []",
    ];
    for said in of_layer {
        let site = full_site();
        site.layer(
            "ferme",
            &format!("source: {{file: data/communes.fgb}}\n{said}"),
        );
        let loaded = site.load();
        assert_eq!(ids(&loaded), ["communes"], "{said}");
        let is_told = |line: &String| line.contains("layers/ferme.yaml") && line.contains("error");
        assert!(lines(&loaded).iter().any(is_told), "{said}");
        // also where an earlier version was public
        site.layer("ferme", "source: {file: data/communes.fgb}");
        let before = site.load();
        assert_eq!(ids(&before).len(), 2);
        site.layer(
            "ferme",
            &format!("source: {{file: data/communes.fgb}}\n{said}"),
        );
        let options = LoadOptions::default();
        let sources = FakeSources::default();
        let after = reload(&site.0, options, &sources, Some(&before), &HashSet::new());
        assert_eq!(ids(&after), ["communes"], "{said}");
    }
}

#[test]
fn a_server_file_at_fault_opens_nothing_that_it_may_close() {
    let public = |said: &str| {
        let site = full_site();
        site.write("capabilities/server.yaml", said)
            .layer("communes", "source: {file: data/communes.fgb}")
            .layer(
                "ouvert",
                "source: {file: data/communes.fgb}\naccess: public",
            );
        let loaded = site.load();
        assert!(
            lines(&loaded).iter().any(|line| line.contains("error")),
            "{said}"
        );
        let seen = loaded.catalogue.seen_by(&Audience::default()).unwrap();
        seen.layers.iter().map(|l| l.id.clone()).collect::<Vec<_>>()
    };
    for closed in [
        "access: {roles: [ddt]}\ntitle: [",
        "title: [\naccess: {roles: [ddt]}",
        "{title: [, access: {roles: [ddt]}",
        "\"access\" : {roles: [ddt]}\ntitle: [",
        "acces: {roles: [ddt]}",
        "Accès: {roles: [ddt]}\ntitle: [",
        "access:\n  roles: [ddt]\ntitle: [",
        "access:",
    ] {
        assert_eq!(public(closed), ["ouvert"], "{closed}");
    }
    for open in [
        "title: [",
        "# access: {roles: [ddt]}\ntitle: [",
        "access: public\ntitle: [",
    ] {
        assert_eq!(public(open), ["communes", "ouvert"], "{open}");
    }
}

#[test]
fn with_layer_files_only_what_they_declare_is_served() {
    let site = full_site();
    site.write("data/autre.fgb", COMMUNES)
        .write("styles/vieux.sld", "bad")
        .write("capabilities/maps/nature.yaml", "x: [");
    let loaded = site.load();
    assert_eq!(ids(&loaded), ["communes"]);
    assert_eq!(
        lines(&loaded),
        [
            "error capabilities/maps/nature.yaml:1:4: not well-formed YAML: unclosed bracket '[' (write ] where it ends)",
            "info data/autre.fgb: no layer uses these data: they are not served (to serve it, add a file to capabilities/layers/ with source: {file: data/autre.fgb})",
            "info styles/vieux.sld: no layer uses this style",
        ]
    );
}

#[test]
fn habits_of_word_processors_and_other_servers_are_told() {
    let site = full_site();
    let title = "title: “Essai”\nabstract: {fr: ‘Un’ et ‘deux’, en: “Two”}\n";
    site.write("capabilities/server.yaml", format!("{title}port: 8080\n"));
    let told = lines(&site.load()).join("\n");
    for expected in [
        "server.yaml:1:8: the curly quotes are a part of the text",
        "“Two”",
        "`cartotheque serve --listen 127.0.0.1:8080`",
    ] {
        assert!(told.contains(expected), "{expected} in {told}");
    }
    assert!(!told.contains("‘Un’"), "{told}");
}

#[test]
fn what_lies_where_nothing_reads_it_is_told_with_what_it_was_meant_to_be() {
    let site = full_site();
    site.write("Capabilites/layers/a.yaml", "x")
        .write("server.yaml", "title: x\n")
        .write("capabilities/couches/a.yaml", "x")
        .write("capabilities/layers/theme/a.yaml", "x")
        .write("capabilities/maps/carte.yaml.txt", "x");
    let link = site.0.join("capabilities/layers/lien.yaml");
    std::os::unix::fs::symlink("/nowhere/lien.yaml", link).unwrap();
    assert_eq!(
        lines(&site.load()),
        [
            "warning Capabilites: nothing reads this (did you mean \"capabilities\"?)",
            "warning capabilities/couches: nothing reads this (did you mean \"layers\"?)",
            "warning capabilities/layers/lien.yaml: this link leads nowhere",
            "warning capabilities/layers/theme: folders in this folder are not read (put their files beside this folder)",
            "warning capabilities/maps/carte.yaml.txt: nothing reads this (did you mean \"carte.yaml\"?)",
            "warning server.yaml: nothing reads this (did you mean \"capabilities/server.yaml\"?)",
        ]
    );
}

#[test]
fn a_folder_in_the_place_of_the_server_file_is_an_error() {
    let site = Site::new();
    site.write("data/communes.fgb", COMMUNES)
        .write("capabilities/server.yaml/x", "");
    let expected = "error capabilities/server.yaml: expected a file, found a folder";
    assert_eq!(lines(&site.load()), [expected]);
}

#[test]
fn styles_are_found_by_name_and_a_shared_one_is_read_once() {
    let site = Site::new();
    site.write("data/a.fgb", COMMUNES)
        .write("styles/a.sld", "")
        .write("styles/commun.sld", "column pop");
    for id in ["b", "c", "d"] {
        site.layer(id, "source: {file: data/a.fgb}\nstyles: [commun]");
    }
    site.layer("a", "source: {file: data/a.fgb}");
    let sources = FakeSources::default();
    let loaded = load(&site.0, LoadOptions::default(), &sources);
    assert_eq!(ids(&loaded), ["a", "b", "c", "d"]);
    assert_eq!(loaded.catalogue.layer("a").unwrap().styles[0].id, "a");
    assert_eq!(sources.styles.load(Ordering::Relaxed), 2);
    assert_eq!(sources.stores.load(Ordering::Relaxed), 1);
    let style = |id| Arc::clone(&loaded.catalogue.layer(id).unwrap().styles[0]);
    assert!(Arc::ptr_eq(&style("b"), &style("d")));
}

#[test]
fn groups_make_the_tree_and_what_they_do_not_name_follows_by_title() {
    let site = Site::new();
    site.write("data/a.fgb", COMMUNES).write(
        "capabilities/server.yaml",
        "
groups:
  - id: limites
    title: {fr: Limites, en: Boundaries}
    layers:
      - b
      - {title: Détail, layers: [refuse, a]}
  - {title: Vide, layers: [refuse2]}
",
    );
    for id in ["a", "b", "z", "y"] {
        site.layer(id, &format!("title: T {id}\nsource: {{file: data/a.fgb}}"));
    }
    site.layer("refuse", "source: {file: non}");
    site.layer("refuse2", "source: {file: non}");
    let loaded = site.load();
    let catalogue = &loaded.catalogue;
    let [Node::Group(limits), Node::Layer(first), Node::Layer(second)] = &catalogue.tree[..] else {
        panic!("{:?}", catalogue.tree)
    };
    assert_eq!(limits.title.get("en"), "Boundaries");
    assert_eq!(limits.children.len(), 2);
    let Node::Group(detail) = &limits.children[1] else {
        panic!("a category")
    };
    assert_eq!((detail.id.clone(), detail.children.len()), (None, 1));
    let id = |index: &usize| catalogue.layers[*index].id.as_str();
    assert_eq!((id(first), id(second)), ("y", "z"));
    // bottom first: the last of the tree is drawn first
    let drawn: Vec<_> = catalogue.layers_of("limites").unwrap();
    let drawn: Vec<_> = drawn.iter().map(|l| l.id.as_str()).collect();
    assert_eq!(drawn, ["a", "b"]);
}

#[test]
fn the_server_file_is_honoured_key_by_key() {
    let site = Site::new();
    site.write("data/a.fgb", COMMUNES).write(
        "capabilities/server.yaml",
        "
schema: cartotheque/server@1
title: {fr: Cartothèque, en: Map library}
abstract: Tout
keywords: [eau]
languages: [en, fr]
contact: {organisation: DREAL, name: A, email: a@example.org, role: owner, postcode: 01000}
licence: https://example.org/licence
crs: [\"EPSG:2154\", \"CRS:84\"]
basemaps: {plan-ign: {title: Plan IGN, wmts: \"https://example.org/wmts\", layer: PLAN}}
roles: {ddt-38: {api_keys: env:DDT38_KEYS}}
limits: {width: 4096, seconds: 10, body_bytes: 1MiB}
cache: {memory: 256MB, disk: .cache}
",
    );
    let loaded = site.load();
    let told = lines(&loaded);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("the environment has no variable DDT38_KEYS"));
    let site = &loaded.catalogue.site;
    assert_eq!(site.title.default_text(), "Map library");
    assert_eq!(site.languages, ["en", "fr"]);
    assert_eq!(site.contact.postcode.as_deref(), Some("01000"));
    assert_eq!(site.licence.as_deref(), Some("https://example.org/licence"));
    let codes: Vec<_> = site.crs.iter().map(|c| c.code.as_str()).collect();
    assert_eq!(codes, ["2154", "CRS84"]);
    assert_eq!(site.revised.len(), 10);
    assert_eq!((loaded.limits.width, loaded.limits.height), (4096, 8192));
    assert_eq!(loaded.limits.body_bytes, 1 << 20);
    assert_eq!(loaded.server.cache.memory, Some(256_000_000));
    assert_eq!(loaded.server.basemaps[0].layer.as_deref(), Some("PLAN"));
    assert_eq!(
        loaded.server.roles[0]
            .api_keys
            .as_ref()
            .map(|at| at.value.clone()),
        Some(Secret::Env("DDT38_KEYS".into()))
    );
}

#[test]
fn without_a_list_the_usual_crs_and_those_of_the_data_are_advertised() {
    let site = Site::new();
    site.write("a.fgb", "crs EPSG:2975")
        .write("b.fgb", "crs EPSG:2154");
    let loaded = site.load();
    let crs = loaded.catalogue.site.crs.iter();
    let codes: Vec<_> = crs.map(|c| c.code.as_str()).collect();
    assert_eq!(codes, ["3857", "4326", "CRS84", "4258", "2154", "2975"]);
}

#[test]
fn oddities_of_data_are_warnings_of_the_layer() {
    let site = Site::new();
    site.write("a.fgb", "crs EPSG:2154\nodd the header counts no features");
    let loaded = site.load();
    assert_eq!(
        lines(&loaded),
        ["warning a.fgb: the header counts no features"]
    );
    assert_eq!(loaded.count(Severity::Warning), 1);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn the_examples_of_the_domain_note_are_read_without_an_unknown_key() {
    let note = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/domain.md");
    let note = std::fs::read_to_string(note).unwrap();
    let blocks: Vec<&str> = note
        .split("```yaml\n")
        .skip(1)
        .filter_map(|block| block.split("```").next())
        .collect();
    let find = |head: &str| *blocks.iter().find(|b| b.contains(head)).unwrap();
    let site = Site::new();
    site.write(
        "capabilities/layers/communes.yaml",
        find("cartotheque/layer@1"),
    )
    .write("capabilities/server.yaml", find("cartotheque/server@1"))
    .write(
        "data/communes.fgb",
        COMMUNES.replace("secret", "note_interne"),
    )
    .write("styles/population.sld", "")
    .write("styles/contours.sld", "")
    .write("records/communes.xml", "<x/>");
    let loaded = site.load();
    let told = lines(&loaded);
    let complaints: Vec<_> = told
        .iter()
        // the note's server is abbreviated with "…", and names more layers and CRSs
        // and no keys of a département are set where this runs
        .filter(|l| !l.contains("no variable DDT38_KEYS"))
        .filter(|l| !l.contains("no layer") && !l.contains("no CRS") && !l.contains("'…'"))
        .filter(|l| !l.contains("\"…\"") && !l.contains("\"https://…\""))
        .collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    assert_eq!(ids(&loaded), ["communes"]);
}

#[test]
fn a_prefix_stands_for_one_namespace_and_a_namespace_has_one_prefix() {
    let site = Site::new();
    site.write(
        "capabilities/server.yaml",
        "namespace: {prefix: ddt, uri: 'https://ddt.example/a'}",
    );
    for (id, namespace) in [
        ("a", "{prefix: ddt, uri: 'https://ddt.example/b'}"),
        ("b", "{prefix: autre, uri: 'https://ddt.example/b'}"),
        ("c", "https://ddt.example/a"),
    ] {
        let layer = format!("source: {{file: data/{id}.fgb}}\nnamespace: {namespace}");
        site.write(&format!("data/{id}.fgb"), COMMUNES)
            .layer(id, &layer);
    }
    let loaded = site.load();
    let catalogue = &loaded.catalogue;
    let of = |id: &str| {
        let namespace = catalogue.site.namespace_of(catalogue.layer(id).unwrap());
        format!("{} {}", namespace.prefix, namespace.uri)
    };
    assert_eq!(of("a"), "ddt2 https://ddt.example/b");
    assert_eq!(of("b"), "ddt2 https://ddt.example/b");
    assert_eq!(of("c"), "ddt https://ddt.example/a");
    let told = |id: &str| {
        let mut all = loaded.diagnostics.iter();
        all.any(|d| d.message.contains(&format!("layer {id:?}: the namespace")))
    };
    assert!(told("a") && told("b") && !told("c"));
}
