//! As many layers as the largest platform has.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use cartotheque::config::{Folder, LoadOptions, Step, Watcher, load, reload};

use super::fake::{COMMUNES, FakeSources, Site};

const LAYERS: usize = 7200;

#[test]
fn seven_thousand_two_hundred_layers_load_fast_and_reload_faster() {
    let site = Site::new();
    site.write("styles/commun.sld", "column pop")
        .write("capabilities/server.yaml", "languages: [fr, en]");
    for n in 0..LAYERS {
        let yaml = format!(
            "schema: cartotheque/layer@1\nid: couche-{n}\ntitle: {{fr: Couche {n}, en: Layer {n}}}\n\
             abstract: {{fr: Une couche parmi beaucoup d'autres, en: One of many}}\n\
             source: {{file: data/couche-{n}.fgb}}\nid_column: insee\nstyles: [commun]\n\
             fields:\n  - {{name: insee, label: Code INSEE}}\n  - {{name: nom, label: Commune}}\n\
             \x20 - {{name: pop, unit: hab., decimals: 0}}\npopup: {{title: \"{{nom}}\", fields: [insee, pop]}}\n\
             label: nom\nscales: {{max: 2000000}}\n\
             metadata: {{licence: etalab-2.0, inspire: [au], covadis: [RISQUE], keywords: [a, b]}}\n"
        );
        site.layer(&format!("couche-{n}"), &yaml)
            .write(&format!("data/couche-{n}.fgb"), COMMUNES);
    }
    let sources = FakeSources::default();
    let options = LoadOptions::default();
    let started = Instant::now();
    let first = load(&site.0, options, &sources);
    let load_time = started.elapsed();
    assert_eq!(first.catalogue.layers.len(), LAYERS);
    assert_eq!(first.diagnostics, []);
    assert_eq!(sources.styles.load(Ordering::Relaxed), 1);

    let mut watcher = Watcher::new(&first.folder);
    let started = Instant::now();
    let there = Folder::scan(&site.0, &first.named).unwrap();
    assert_eq!(watcher.look(Duration::ZERO, &there.stamps), Step::Idle);
    let look_time = started.elapsed();

    site.write("data/couche-7.fgb", format!("{COMMUNES}row 3\n"));
    let started = Instant::now();
    let second = reload(
        &site.0,
        options,
        &sources,
        Some(&first),
        &Default::default(),
    );
    let reload_time = started.elapsed();
    assert_eq!(sources.stores.load(Ordering::Relaxed), LAYERS + 1);
    let pairs = first.catalogue.layers.iter().zip(&second.catalogue.layers);
    assert_eq!(pairs.filter(|(a, b)| !Arc::ptr_eq(a, b)).count(), 1);

    println!("load {load_time:?}, look {look_time:?}, reload {reload_time:?}");
    // far above what two idle cores need: a bound against the quadratic, not a benchmark
    assert!(load_time < Duration::from_secs(20), "{load_time:?}");
    assert!(look_time < Duration::from_secs(10), "{look_time:?}");
    assert!(reload_time < Duration::from_secs(10), "{reload_time:?}");
}
