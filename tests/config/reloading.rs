//! From one state of a folder to the next.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cartotheque::config::{LoadOptions, Loaded, load, reload, watch};
use cartotheque::identity::Audience;

use super::fake::{COMMUNES, FakeSources, Site, ids};

fn two_layers() -> Site {
    let site = Site::new();
    site.write("data/a.fgb", COMMUNES)
        .write("data/b.fgb", COMMUNES)
        .write("styles/s.sld", "column pop")
        .layer("a", "source: {file: data/a.fgb}\nstyles: [s]")
        .layer("b", "source: {file: data/b.fgb}");
    site
}

fn next(site: &Site, sources: &FakeSources, previous: &Loaded) -> Loaded {
    let none = HashSet::new();
    reload(
        &site.0,
        LoadOptions::default(),
        sources,
        Some(previous),
        &none,
    )
}

fn same(one: &Loaded, other: &Loaded, id: &str) -> bool {
    let layer = |loaded: &Loaded| Arc::clone(loaded.catalogue.layer(id).unwrap());
    Arc::ptr_eq(&layer(one), &layer(other))
}

#[test]
fn only_what_changed_is_read_again() {
    let site = two_layers();
    let sources = FakeSources::default();
    let first = load(&site.0, LoadOptions::default(), &sources);
    site.write("data/b.fgb", format!("{COMMUNES}row 01003\n"));
    let second = next(&site, &sources, &first);
    assert!(same(&first, &second, "a") && !same(&first, &second, "b"));
    assert_eq!(second.catalogue.layer("b").unwrap().store.count(), 3);
    assert_eq!(first.catalogue.layer("b").unwrap().store.count(), 2);
    assert_eq!(sources.stores.load(Ordering::Relaxed), 3);
    assert_eq!(sources.styles.load(Ordering::Relaxed), 1);
    assert!(second.catalogue.sequence > first.catalogue.sequence);
    // a style changes the layers that use it, and does not open their data again
    site.write("styles/s.sld", "column nom");
    let third = next(&site, &sources, &second);
    assert!(!same(&second, &third, "a") && same(&second, &third, "b"));
    assert_eq!(sources.stores.load(Ordering::Relaxed), 3);
    // so does a picture that a style may hold
    site.write("styles/pictures/tree.svg", "<svg/>");
    next(&site, &sources, &third);
    assert_eq!(sources.styles.load(Ordering::Relaxed), 3);
}

#[test]
fn a_broken_new_version_keeps_the_old_one_and_says_so() {
    let site = two_layers();
    let sources = FakeSources::default();
    let first = load(&site.0, LoadOptions::default(), &sources);
    for (path, broken, mended) in [
        ("data/a.fgb", "???", COMMUNES),
        ("styles/s.sld", "oops", "column pop"),
        ("styles/s.sld", "column no_such", "column pop"),
        (
            "capabilities/layers/a.yaml",
            "source: [",
            "source: {file: data/a.fgb}\nstyles: [s]",
        ),
        (
            "capabilities/layers/a.yaml",
            "source: {file: data/a.fgb}\nlabel: no_such",
            "source: {file: data/a.fgb}\nstyles: [s]",
        ),
    ] {
        site.write(path, broken);
        let second = next(&site, &sources, &first);
        assert_eq!(ids(&second), ["a", "b"], "{broken}");
        assert!(same(&first, &second, "a"), "{broken}");
        let [fault] = &second.catalogue.faults[..] else {
            panic!("{broken}: {:?}", second.catalogue.faults)
        };
        assert_eq!((fault.subject.as_str(), fault.still_served), ("a", true));
        // and again after a reload for another reason
        let third = next(&site, &sources, &second);
        assert!(same(&first, &third, "a") && third.catalogue.faults.len() == 1);
        site.write(path, mended);
        let fourth = next(&site, &sources, &third);
        assert_eq!((ids(&fourth).len(), fourth.catalogue.faults.len()), (2, 0));
    }
}

#[test]
fn what_is_removed_or_becomes_restricted_goes_away() {
    let site = two_layers();
    let sources = FakeSources::default();
    let first = load(&site.0, LoadOptions::default(), &sources);
    std::fs::remove_file(site.0.join("data/a.fgb")).unwrap();
    site.layer("b", "source: {file: data/b.fgb}\naccess: {roles: [ddt]}");
    let second = next(&site, &sources, &first);
    let seen = second.catalogue.seen_by(&Audience::default()).unwrap();
    assert!(seen.layers.is_empty());
    // also where the new version has a fault, and the old one stays for those who may see it
    site.layer(
        "b",
        "source: {file: data/b.fgb}\naccess: {roles: [ddt]}\nstyles: [aucun]",
    );
    let faulty = next(&site, &sources, &first);
    assert_eq!(ids(&faulty), ["b"]);
    let seen = faulty.catalogue.seen_by(&Audience::default()).unwrap();
    assert!(seen.layers.is_empty());
    assert!(seen.faults.iter().all(|fault| fault.subject != "b"));
    let faults: Vec<_> = second
        .catalogue
        .faults
        .iter()
        .filter(|f| f.subject == "a")
        .collect();
    assert_eq!(faults.len(), 1);
    assert_eq!(
        (faults[0].subject.as_str(), faults[0].still_served),
        ("a", false)
    );
    // an access that is written wrong is no reason to go on in public
    site.layer("b", "source: {file: data/b.fgb}\naccess: [ddt]");
    assert!(ids(&next(&site, &sources, &first)).is_empty());
}

/// Moves a part of the site away.
fn put_away(site: &Site, part: &str) {
    let from = site.0.join(part);
    std::fs::rename(&from, from.with_extension("away")).unwrap();
}

#[test]
fn what_was_declared_is_not_opened_by_taking_the_declarations_away() {
    let site = two_layers();
    site.write("capabilities/server.yaml", "roles: {ddt: {}}")
        .layer("b", "source: {file: data/b.fgb}\naccess: {roles: [ddt]}");
    let sources = FakeSources::default();
    let public = |loaded: &Loaded| {
        let seen = loaded.catalogue.seen_by(&Audience::default()).unwrap();
        let ids = seen.layers.iter().map(|layer| layer.id.clone());
        ids.collect::<Vec<_>>()
    };
    let first = load(&site.0, LoadOptions::default(), &sources);
    assert_eq!(public(&first), ["a"]);
    // the folder of layers, or all of the configuration, is gone: all stays as it was
    put_away(&site, "capabilities/layers");
    let second = next(&site, &sources, &first);
    put_away(&site, "capabilities");
    let third = next(&site, &sources, &second);
    for kept in [&second, &third] {
        assert!(kept.refused && same(&first, kept, "b"));
        assert_eq!((ids(kept).len(), public(kept)), (2, vec!["a".to_owned()]));
        let [fault] = &kept.catalogue.faults[..] else {
            panic!("{:?}", kept.catalogue.faults)
        };
        assert_eq!(
            (fault.subject.as_str(), fault.still_served),
            ("capabilities", true)
        );
        assert!(fault.message.contains("this folder is gone"));
    }
    // it is there again without any layer: nothing is served, the data by themselves neither
    std::fs::create_dir_all(site.0.join("capabilities/layers")).unwrap();
    let fourth = next(&site, &sources, &third);
    assert!(ids(&fourth).is_empty());
    assert!(ids(&next(&site, &sources, &fourth)).is_empty());
    // a start knows of nothing before it
    let anew = load(&site.0, LoadOptions::default(), &sources);
    assert_eq!(public(&anew), ["a", "b"]);
}

#[test]
fn a_server_file_that_is_gone_stays_in_force() {
    let site = Site::new();
    site.write("data/a.fgb", COMMUNES).write(
        "capabilities/server.yaml",
        "title: Un\nroles: {ddt: {}}\naccess: {roles: [ddt]}",
    );
    let sources = FakeSources::default();
    let first = load(&site.0, LoadOptions::default(), &sources);
    std::fs::remove_dir_all(site.0.join("capabilities")).unwrap();
    let second = next(&site, &sources, &first);
    let third = next(&site, &sources, &second);
    for loaded in [&first, &second, &third] {
        assert_eq!(ids(loaded), ["a"]);
        let seen = loaded.catalogue.seen_by(&Audience::default()).unwrap();
        assert!(seen.layers.is_empty());
    }
    assert_eq!(third.catalogue.site.title.default_text(), "Un");
    let fault = &third.catalogue.faults[0];
    assert_eq!(fault.subject, "capabilities/server.yaml");
    assert!(fault.message.contains("this file is gone"));
}

#[test]
fn a_file_that_is_being_written_counts_as_it_was() {
    let site = two_layers();
    let sources = FakeSources::default();
    let first = load(&site.0, LoadOptions::default(), &sources);
    site.write("data/a.fgb", "half of")
        .write("data/c.fgb", "half of")
        .write("data/b.fgb", format!("{COMMUNES}row 3\n"))
        .layer("c", "source: {file: data/c.fgb}");
    let held: HashSet<PathBuf> = ["data/a.fgb", "data/c.fgb"].map(|p| site.0.join(p)).into();
    let options = LoadOptions::default();
    let second = reload(&site.0, options, &sources, Some(&first), &held);
    assert_eq!(ids(&second), ["a", "b"]);
    assert!(same(&first, &second, "a") && !same(&first, &second, "b"));
    let faults = &second.catalogue.faults;
    assert_eq!((faults.len(), faults[0].subject.as_str()), (1, "c"));
    assert!(faults[0].message.contains("being written"));
}

#[test]
fn a_broken_server_file_leaves_the_previous_one_in_force() {
    let site = two_layers();
    site.write(
        "capabilities/server.yaml",
        "title: Un\nlimits: {width: 100}",
    );
    let sources = FakeSources::default();
    let first = load(&site.0, LoadOptions::default(), &sources);
    site.write(
        "capabilities/server.yaml",
        "title: Deux\nlimits: {width: -1}",
    );
    let second = next(&site, &sources, &first);
    assert_eq!(second.catalogue.site.title.default_text(), "Un");
    assert_eq!(second.limits.width, 100);
    let fault = &second.catalogue.faults[0];
    assert_eq!(fault.subject, "capabilities/server.yaml");
    assert!(fault.still_served);
}

#[test]
fn a_strict_reload_with_an_error_and_a_vanished_folder_keep_everything() {
    let site = two_layers();
    let sources = FakeSources::default();
    let strict = LoadOptions {
        strict: true,
        ..LoadOptions::default()
    };
    let first = load(&site.0, strict, &sources);
    site.layer("c", "source: {file: rien}")
        .write("data/b.fgb", "crs EPSG:2154");
    let second = reload(&site.0, strict, &sources, Some(&first), &HashSet::new());
    assert!(second.refused && same(&first, &second, "b"));
    assert!(second.catalogue.faults.iter().all(|f| f.still_served));
    assert_eq!(second.catalogue.tree.len(), 2);
    let away = site.0.with_extension("away");
    std::fs::rename(&site.0, &away).unwrap();
    let third = reload(&site.0, strict, &sources, Some(&second), &HashSet::new());
    std::fs::rename(&away, &site.0).unwrap();
    assert!(third.refused && same(&first, &third, "a"));
    let fault = &third.catalogue.faults[0];
    assert!(fault.message.contains("no such file"));
    // nobody is told where on the machine the folder was
    let parent = site.0.parent().unwrap().display().to_string();
    assert!(!fault.message.contains(&parent) && !fault.subject.contains(&parent));
}

#[test]
fn the_watcher_publishes_a_change_and_ends_when_told() {
    let site = two_layers();
    let sources = FakeSources::default();
    let first = load(&site.0, LoadOptions::default(), &sources);
    let stop = AtomicBool::new(false);
    let seen = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let options = LoadOptions::default();
            let every = Duration::from_millis(20);
            watch(
                &site.0,
                options,
                &sources,
                first,
                every,
                &stop,
                |loaded, _| {
                    let ids = ids(loaded).into_iter().map(str::to_owned);
                    seen.lock().unwrap().push(ids.collect::<Vec<_>>());
                },
            );
        });
        site.layer("c", "source: {file: data/b.fgb}");
        let started = Instant::now();
        while seen.lock().unwrap().is_empty() && started.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(20));
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(*seen.lock().unwrap(), [["a", "b", "c"]]);
}
