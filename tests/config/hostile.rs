//! Nothing that is written into a configuration ends the process, hangs it or fills memory.

use std::time::{Duration, Instant};

use cartotheque::config::Severity;
use proptest::prelude::*;

use super::fake::{COMMUNES, Site};

/// Loads two files with that content, and holds what is always true.
fn survives(content: &[u8]) {
    let site = Site::new();
    site.write("data/communes.fgb", COMMUNES)
        .write("styles/population.sld", "")
        .write("capabilities/layers/communes.yaml", content)
        .write("capabilities/server.yaml", content);
    let started = Instant::now();
    let loaded = site.load();
    let took = started.elapsed();
    // on a busy machine; what is not bounded would take hours
    assert!(took < Duration::from_secs(60), "{took:?}");
    let text = String::from_utf8_lossy(content);
    let lines = text.lines().count();
    assert!(loaded.diagnostics.len() < 500);
    for d in &loaded.diagnostics {
        assert!(d.line as usize <= lines + 2, "{d:?}");
        assert!(d.message.len() < 4000, "{d:?}");
    }
    // a layer is served or its fault is told
    let served = !loaded.catalogue.layers.is_empty();
    assert!(served || loaded.count(Severity::Error) + loaded.count(Severity::Warning) > 0);
}

#[test]
fn bombs_depth_size_and_binary_are_refused_in_time() {
    let mut aliases = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for i in 1..40 {
        let inner = vec![format!("*a{}", i - 1); 10].join(",");
        aliases.push_str(&format!("a{i}: &a{i} [{inner}]\n"));
    }
    let nested_anchors = (0..30).map(|i| format!("&b{i} [")).collect::<String>()
        + &"x,".repeat(90_000)
        + &"]".repeat(30);
    let keys: String = (0..40_000).map(|i| format!("k{i}: {i}\n")).collect();
    let same_keys = "title: a\n".repeat(50_000);
    let blocks: String = (0..900).map(|i| " ".repeat(i) + "a:\n").collect();
    let groups = "groups: [".to_owned() + &"{title: a, layers: [".repeat(5000);
    let cases: Vec<Vec<u8>> = vec![
        aliases.into_bytes(),
        b"a: &a [*a]".to_vec(),
        b"a: *nowhere".to_vec(),
        nested_anchors.into_bytes(),
        keys.into_bytes(),
        same_keys.into_bytes(),
        blocks.into_bytes(),
        groups.into_bytes(),
        "[".repeat(1_000_000).into_bytes(),
        "{".repeat(100_000).into_bytes(),
        "? ".repeat(100_000).into_bytes(),
        "- ".repeat(100_000).into_bytes(),
        "! ".repeat(100_000).into_bytes(),
        "'".repeat(99_999).into_bytes(),
        "a: >\n".repeat(20_000).into_bytes(),
        "#".repeat(1_000_000).into_bytes(),
        "# \n".repeat(300_000).into_bytes(),
        "---\n".repeat(200_000).into_bytes(),
        format!("title: {}", "é".repeat(400_000)).into_bytes(),
        "title: x\n".repeat(1_200_000).into_bytes(), // 10 MB
        vec![0; 10_000_000],
        (0..=255).cycle().take(100_000).collect(),
        b"title: \xff\xfe".to_vec(),
        b"\xef\xbb\xbftitle: bom".to_vec(),
        b"".to_vec(),
        b"\0".to_vec(),
        b"null".to_vec(),
        b"id: [1".to_vec(),
        b"!!binary x".to_vec(),
        b"<<: {title: x}".to_vec(),
        b"%YAML 9.9\n---\ntitle: x".to_vec(),
        b"? [a]\n: b".to_vec(),
        b"limits: {features: 99999999999999999999999}".to_vec(),
        b"scales: {min: 1e999, max: .nan}".to_vec(),
    ];
    for case in cases {
        survives(&case);
    }
}

#[test]
fn a_byte_that_is_no_utf_8_is_named_by_its_place() {
    let site = Site::new();
    site.layer("a", "source: {file: a}").write(
        "capabilities/layers/a.yaml",
        b"title: ok\nabstract: \xe9t\xe9",
    );
    let found = &site.load().diagnostics[0];
    assert_eq!((found.line, found.column), (2, 11));
    assert!(found.help.as_deref().unwrap().contains("UTF-8"));
}

const SEEDS: [&str; 2] = [
    "schema: cartotheque/layer@1\nid: communes\ntitle: {fr: Communes, en: Municipalities}\n\
     source: {file: data/communes.fgb}\nid_column: insee\nstyles: [population]\nfields:\n\
     \x20 - {name: insee, label: Code}\n  - {name: maj, type: date}\npopup: {title: \"{nom}\", fields: [pop]}\n\
     time: maj\nscales: {min: 1, max: 2000000}\nmetadata: {licence: etalab-2.0, inspire: [au]}\naccess: public\n",
    "title: {fr: A, en: B}\nlanguages: [fr, en]\ncontact: {organisation: O, email: a@b.fr}\n\
     crs: [\"EPSG:2154\"]\ngroups:\n  - {id: g, title: G, layers: [communes, {title: H, layers: [x]}]}\n\
     basemaps: {p: {wmts: \"https://x.fr\"}}\nroles: {r: {api_keys: env:K}}\nlimits: {width: 1}\ncache: {memory: 1MB}\n",
];

/// A cut or an insertion somewhere in a document.
fn mutation() -> impl Strategy<Value = (usize, usize, String)> {
    let pieces = prop_oneof![
        "[ -~é\\n\\t]{0,6}",
        Just("[".to_owned()),
        Just("{".to_owned()),
        Just("\n  ".to_owned()),
        Just(": ".to_owned()),
        Just("&a ".to_owned()),
        Just("*a".to_owned()),
        Just("\"".to_owned()),
        Just("null".to_owned()),
        Just("../".to_owned()),
    ];
    (any::<usize>(), 0_usize..12, pieces)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_configuration_is_survived(
        seed in 0_usize..2,
        mutations in prop::collection::vec(mutation(), 1..6),
    ) {
        let mut text: Vec<char> = SEEDS[seed].chars().collect();
        for (at, cut, piece) in mutations {
            let at = at % (text.len() + 1);
            let end = (at + cut).min(text.len());
            text.splice(at..end, piece.chars());
        }
        survives(text.into_iter().collect::<String>().as_bytes());
    }

    #[test]
    fn random_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        survives(&bytes);
    }
}
