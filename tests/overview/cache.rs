//! What lies in the cache: found again, checked, built anew, and what is left of a killed build.

use super::*;

#[test]
fn a_level_is_an_ordinary_file_that_another_reader_reads() {
    use flatgeobuf::{FallibleStreamingIterator, FeatureProperties, FgbReader};
    let folder = Scratch::new("ordinary");
    let loaded = landscape(&folder, 100, 30.0);
    let layer = &loaded.catalogue.layers[0];
    let studio = Studio::new();
    prepare(&keeper(&studio, &folder.join("cache")), layer);
    let crs = Crs::from_epsg(3857).unwrap();
    for level in levels(&studio, layer, &crs) {
        let own = FgbStore::open(level.path()).unwrap();
        let report = own.verify(&mut |_, _| ControlFlow::Continue(())).unwrap();
        assert!(report.is_sound(), "{report:?}");
        let open = || FgbReader::open(fs::File::open(level.path()).unwrap()).unwrap();
        assert_eq!(open().header().crs().unwrap().code(), 3857);
        let mut all = open().select_all().unwrap();
        let mut count = 0;
        while let Some(feature) = all.next().unwrap() {
            assert!(feature.properties().unwrap().contains_key("overview_fid"));
            count += 1;
        }
        assert_eq!(count, own.count());
        let whole = own.extent().unwrap();
        let [x, y] = whole.center();
        let mut found = open().select_bbox(whole.min_x, whole.min_y, x, y).unwrap();
        let mut quarter = 0;
        while found.next().unwrap().is_some() {
            quarter += 1;
        }
        let select = Select {
            boxes: vec![Bbox::new(whole.min_x, whole.min_y, x, y).unwrap()],
            offset: 0,
        };
        let mut expected = 0;
        let budget = Budget::unlimited();
        let visited = own.select(&select, &budget, &mut |_| {
            expected += 1;
            Ok(ControlFlow::Continue(()))
        });
        visited.unwrap();
        assert_eq!(quarter, expected);
    }
}

#[test]
fn levels_are_found_again_and_built_anew_for_other_bytes_and_after_damage() {
    let folder = Scratch::new("again");
    let cache = folder.join("cache");
    let first = landscape(&folder, 60, 40.0);
    let layer = &first.catalogue.layers[0];
    assert!(matches!(
        prepare(&keeper(&Studio::new(), &cache), layer),
        Outcome::Built { .. }
    ));
    let studio = Studio::new();
    let again = keeper(&studio, &cache);
    assert!(matches!(prepare(&again, layer), Outcome::Found { .. }));

    // touched: another stamp, the same bytes
    let data = folder.join("site/champs.fgb");
    fs::write(&data, fs::read(&data).unwrap()).unwrap();
    let touched = load(&folder.join("site"));
    let outcome = prepare(&again, &touched.catalogue.layers[0]);
    assert!(matches!(outcome, Outcome::Found { .. }), "{outcome:?}");

    // one byte of a level
    let crs = Crs::from_epsg(2154).unwrap();
    let level = levels(&studio, &touched.catalogue.layers[0], &crs).remove(0);
    let mut bytes = fs::read(level.path()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(level.path(), bytes).unwrap();
    let outcome = prepare(&keeper(&studio, &cache), &touched.catalogue.layers[0]);
    assert!(matches!(outcome, Outcome::Built { .. }), "{outcome:?}");

    // other data in the same place: the levels of the old ones are not taken for theirs
    let other = landscape(&folder, 70, 40.0);
    let layer = &other.catalogue.layers[0];
    assert!(levels(&studio, layer, &crs).is_empty());
    assert!(matches!(prepare(&again, layer), Outcome::Built { .. }));
    assert!(!levels(&studio, layer, &crs).is_empty());
}

#[test]
fn a_copied_cache_is_checked_once_and_noted_as_checked() {
    let folder = Scratch::new("copied");
    let (cache, copy) = (folder.join("cache"), folder.join("copy"));
    let loaded = landscape(&folder, 60, 40.0);
    let layer = &loaded.catalogue.layers[0];
    let built = prepare(&keeper(&Studio::new(), &cache), layer);
    assert!(matches!(built, Outcome::Built { .. }));
    let folders = || fs::read_dir(cache.join("overviews")).unwrap().flatten();
    for from in folders() {
        let to = copy.join("overviews").join(from.file_name());
        fs::create_dir_all(&to).unwrap();
        for file in fs::read_dir(from.path()).unwrap().flatten() {
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
    let manifests = || -> Vec<String> {
        let of = |from: fs::DirEntry| {
            let there = copy.join("overviews").join(from.file_name());
            fs::read_to_string(there.join("manifest.json")).unwrap()
        };
        folders().map(of).collect()
    };
    let before = manifests();
    assert!(!before.is_empty());
    let found = |studio: &Studio| {
        let outcome = prepare(&keeper(studio, &copy), layer);
        assert!(matches!(outcome, Outcome::Found { .. }), "{outcome:?}");
    };
    found(&Studio::new());
    let noted = manifests();
    assert!(before.iter().zip(&noted).all(|(a, b)| a != b));
    // what is noted is not read again: a digest that no file has does not matter
    let key = "\"digest\": \"";
    for from in folders() {
        let manifest = copy
            .join("overviews")
            .join(from.file_name())
            .join("manifest.json");
        let text = fs::read_to_string(&manifest).unwrap();
        fs::write(&manifest, text.replace(key, &format!("{key}0"))).unwrap();
    }
    found(&Studio::new());
}

#[test]
fn layers_that_read_one_file_in_one_style_share_its_levels_while_those_are_sound() {
    let folder = Scratch::new("shared");
    let site = folder.join("site");
    for sub in ["capabilities/layers", "styles", "data"] {
        fs::create_dir_all(site.join(sub)).unwrap();
    }
    write_landscape(&site.join("data/champs.fgb"), 60, 40.0);
    fs::write(site.join("styles/champs.sld"), PLAIN).unwrap();
    let server = "schema: cartotheque/server@1\ntitle: champs\n";
    fs::write(site.join("capabilities/server.yaml"), server).unwrap();
    for id in ["nord", "sud"] {
        let text = format!(
            "schema: cartotheque/layer@1\nid: {id}\ntitle: {id}\n\
             source: {{file: data/champs.fgb}}\nstyles: [champs]\n"
        );
        fs::write(site.join(format!("capabilities/layers/{id}.yaml")), text).unwrap();
    }
    let loaded = load(&site);
    let [nord, sud] = &loaded.catalogue.layers[..] else {
        panic!(
            "expected two layers, found {}",
            loaded.catalogue.layers.len()
        );
    };
    let studio = Studio::new();
    let keeper = keeper(&studio, &folder.join("cache"));
    assert!(matches!(prepare(&keeper, nord), Outcome::Built { .. }));
    assert!(matches!(prepare(&keeper, sud), Outcome::Found { .. }));
    for crs in [2154, 3857].map(|code| Crs::from_epsg(code).unwrap()) {
        let of_nord = levels(&studio, nord, &crs);
        let of_sud = levels(&studio, sud, &crs);
        assert!(!of_nord.is_empty());
        assert_eq!(of_nord.len(), of_sud.len());
        assert!(of_nord.iter().zip(&of_sud).all(|(a, b)| Arc::ptr_eq(a, b)));
    }

    // another file in the place of one: that a layer has the old one open says nothing of it
    let crs = Crs::from_epsg(2154).unwrap();
    let level = levels(&studio, nord, &crs).remove(0);
    let mut bytes = fs::read(level.path()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let beside = folder.join("beside");
    fs::write(&beside, bytes).unwrap();
    fs::rename(&beside, level.path()).unwrap();
    assert!(matches!(prepare(&keeper, sud), Outcome::Built { .. }));
}

fn prepare_command(folder: &Scratch) -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cartotheque"));
    command
        .arg("prepare")
        .arg(folder.join("site"))
        .arg("--cache-dir")
        .arg(folder.join("cache"));
    command
}

#[test]
fn a_build_that_is_killed_leaves_nothing_that_is_taken_for_one() {
    let folder = Scratch::new("killed");
    landscape(&folder, 500, 25.0);
    let overviews = folder.join("cache/overviews");
    let names = || -> Vec<String> {
        let entries = fs::read_dir(&overviews).into_iter().flatten().flatten();
        let names = entries.map(|e| e.file_name().to_string_lossy().into_owned());
        names.collect()
    };
    let is_level = |name: &str| {
        let files = fs::read_dir(overviews.join(name)).into_iter().flatten();
        let mut files = files.flatten();
        files.any(|f| {
            f.path()
                .extension()
                .is_some_and(|e| e == "features" || e == "fgb")
        })
    };
    let mut child = prepare_command(&folder).spawn().unwrap();
    until("a build", || names().iter().any(|name| is_level(name)));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(names().iter().all(|name| name.starts_with("building-")));
    let output = prepare_command(&folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && text.contains("built in"),
        "{text}"
    );
    assert!(names().iter().all(|name| !name.starts_with("building-")));
    let again = prepare_command(&folder).output().unwrap();
    assert!(String::from_utf8_lossy(&again.stdout).contains("there already"));
}

#[test]
fn a_server_without_a_place_for_overviews_says_so_and_serves() {
    let folder = Scratch::new("read-only");
    landscape(&folder, 20, 40.0);
    let file = folder.join("a file, not a folder");
    fs::write(&file, "").unwrap();
    let cache = file.join("cache");
    let server = common::Server::start(
        &folder.join("site"),
        &[
            "--cache-dir",
            cache.to_str().unwrap(),
            "--overview-mb",
            "100",
        ],
    );
    let reply = server.get("/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=champs&STYLES=&CRS=EPSG:2154&BBOX=800000,6500000,800800,6500800&WIDTH=64&HEIGHT=64&FORMAT=image/png");
    assert_eq!(reply.status, 200);
    let log = server.log();
    assert!(
        log.contains("overviews are neither read nor built"),
        "{log}"
    );
}
