//! The keeper of a running server.

use std::sync::atomic::{AtomicBool, Ordering};

use cartotheque::error::Result;
use cartotheque::feature::{Feature, Field, FieldType, Schema};
use cartotheque::geom::{GeometryType, PartKind};
use cartotheque::store::fgb::{FgbHead, FgbWriter};
use cartotheque::store::{Flow, SelectStats};

use super::*;

#[test]
fn a_keeper_builds_what_is_wanted_and_again_what_is_deleted() {
    let folder = Scratch::new("keeper");
    let loaded = landscape(&folder, 60, 40.0);
    let layers = loaded.catalogue.layers.clone();
    let layer = &layers[0];
    let studio = Studio::new();
    let cache = folder.join("cache");
    let keeper = keeper(&studio, &cache);
    let crs = Crs::from_epsg(2154).unwrap();
    let center = [ORIGIN[0] + 1200.0, ORIGIN[1] + 1200.0];
    let drawn = || {
        draw(
            &studio,
            layer,
            &layer.styles[0],
            view(center, 160.0, &crs),
            &crs,
        )
    };
    let from_level = || drawn().report.layers[0].level.is_some();
    let budget = Budget::unlimited();
    std::thread::scope(|scope| {
        scope.spawn(|| keeper.tend(|| layers.clone(), &budget, || {}));
        let stop = budget.cancel_flag();
        let stopping = Stop(&stop);
        until("levels", from_level);
        let before = drawn().pixmap;
        fs::remove_dir_all(&cache).unwrap();
        // what is mapped is still there
        assert!(drawn().pixmap == before);
        until("levels again", || {
            from_level() && cache.join("overviews").is_dir()
        });
        assert!(drawn().pixmap == before);
        drop(stopping);
    });
}

#[test]
fn what_the_disk_did_not_take_is_built_once_it_does() {
    let folder = Scratch::new("keeper-disk");
    let loaded = landscape(&folder, 60, 40.0);
    let layers = loaded.catalogue.layers.clone();
    let studio = Studio::new();
    let cache = folder.join("cache");
    let keeper = keeper(&studio, &cache).trying_again_after(Duration::from_millis(500));
    let overviews = cache.join("overviews");
    fs::remove_dir_all(&overviews).unwrap();
    fs::write(&overviews, "not a folder").unwrap();
    let crs = Crs::from_epsg(2154).unwrap();
    let is_built = || !levels(&studio, &layers[0], &crs).is_empty();
    let budget = Budget::unlimited();
    std::thread::scope(|scope| {
        scope.spawn(|| keeper.tend(|| layers.clone(), &budget, || {}));
        let stop = budget.cancel_flag();
        let stopping = Stop(&stop);
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(2) {
            assert!(!is_built());
            std::thread::sleep(Duration::from_millis(20));
        }
        fs::remove_file(&overviews).unwrap();
        until("levels", is_built);
        drop(stopping);
    });
}

#[test]
fn levels_of_the_cache_are_in_use_once_a_keeper_says_that_they_are() {
    let folder = Scratch::new("attached");
    let loaded = landscape(&folder, 60, 40.0);
    let layers = loaded.catalogue.layers.clone();
    let layer = &layers[0];
    let cache = folder.join("cache");
    let before = keeper(&Studio::new(), &cache);
    let tell = |_: &Progress| {};
    before.prepare(layer, &Budget::unlimited(), &tell).unwrap();
    let studio = Studio::new();
    let keeper = keeper(&studio, &cache);
    let crs = Crs::from_epsg(2154).unwrap();
    let center = [ORIGIN[0] + 1200.0, ORIGIN[1] + 1200.0];
    let budget = Budget::unlimited();
    std::thread::scope(|scope| {
        let (attached, when_attached) = std::sync::mpsc::channel::<()>();
        let of_keeper = || layers.clone();
        let budget = &budget;
        let keeper = &keeper;
        scope.spawn(move || keeper.tend(of_keeper, budget, || drop(attached)));
        let stop = budget.cancel_flag();
        let stopping = Stop(&stop);
        assert!(when_attached.recv().is_err(), "nothing is sent");
        let view = view(center, 160.0, &crs);
        let first = draw(&studio, layer, &layer.styles[0], view, &crs);
        assert!(first.report.layers[0].level.is_some());
        drop(stopping);
    });
}

#[test]
fn a_style_of_more_texts_than_a_short_list_has_is_listed_and_done() {
    let folder = Scratch::new("many-texts");
    let site = folder.join("site");
    fs::create_dir_all(&site).unwrap();
    write_landscape(&site.join("champs.fgb"), 40, 40.0);
    let rules = (0..300).map(|number| {
        format!(
            "<Rule><ogc:Filter xmlns:ogc=\"http://www.opengis.net/ogc\"><ogc:PropertyIsEqualTo>\
             <ogc:PropertyName>numero</ogc:PropertyName><ogc:Literal>{number}</ogc:Literal>\
             </ogc:PropertyIsEqualTo></ogc:Filter><TextSymbolizer><Label>\
             <ogc:PropertyName xmlns:ogc=\"http://www.opengis.net/ogc\">numero</ogc:PropertyName>\
             </Label></TextSymbolizer></Rule>"
        )
    });
    let rules: String = rules.collect();
    let style = PLAIN.replace("</Rule>", &format!("</Rule>{rules}"));
    fs::write(site.join("champs.sld"), style).unwrap();
    let loaded = load(&site);
    let budget = Budget::new(Duration::from_secs(60), u64::MAX, u64::MAX);
    let keeper = keeper(&Studio::new(), &folder.join("cache"));
    let outcome = keeper.prepare(&loaded.catalogue.layers[0], &budget, &silent);
    assert!(matches!(outcome, Ok(Outcome::Built { .. })), "{outcome:?}");
    let folders = fs::read_dir(folder.join("cache/overviews")).unwrap();
    let files = folders
        .flatten()
        .flat_map(|entry| fs::read_dir(entry.path()).unwrap().flatten());
    let mut names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    assert!(names.any(|name| name.contains("names")));
}

#[test]
fn a_source_that_has_a_column_of_the_levels_own_is_drawn_from_its_features() {
    for name in ["overview_fid", "overview_count"] {
        let folder = Scratch::new(name);
        let site = folder.join("site");
        fs::create_dir_all(&site).unwrap();
        let fields = [Field {
            name: name.into(),
            kind: FieldType::Long,
            title: None,
            description: None,
            nullable: true,
        }];
        let mut writer = FgbWriter::create(&site.join("a.fgb"), GeometryType::Point).unwrap();
        let mut point = Geometry::default();
        point.begin(GeometryType::Point);
        point.push([800_000.0, 6_500_000.0]);
        point.end_part(PartKind::Points);
        writer.add(&point, &[]).unwrap();
        let head = FgbHead {
            title: "",
            name: "a",
            description: "",
            metadata: "",
            geometry: GeometryType::Point,
            fields: &fields,
            crs: &Crs::from_epsg(2154).unwrap(),
        };
        writer.finish(&head).unwrap();
        let loaded = load(&site);
        let keeper = keeper(&Studio::new(), &folder.join("cache"));
        match prepare(&keeper, &loaded.catalogue.layers[0]) {
            Outcome::Without(reason) => assert_eq!(reason, format!("it has a column {name}")),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_lies_across_the_antimeridian_is_in_one_piece_on_a_level() {
    let folder = Scratch::new("overview-antimeridian");
    let site = folder.join("site");
    fs::create_dir_all(&site).unwrap();
    let (nztm, mercator) = (Crs::from_epsg(2193).unwrap(), Crs::from_epsg(3857).unwrap());
    let way = Transform::new(&Crs::crs84(), &nztm).unwrap();
    let mut writer = FgbWriter::create(&site.join("lakes.fgb"), GeometryType::Polygon).unwrap();
    // a row of lakes of 30 km, each cut by the antimeridian somewhere else
    for n in 0..40 {
        let mut lake = Geometry::new(GeometryType::Polygon);
        let middle = [180.0 + f64::from(n % 5 - 2) * 0.1, -60.0 + f64::from(n)];
        lake.extend((0..=400).map(|step| {
            let (sin, cos) = (f64::from(step % 400) * std::f64::consts::TAU / 400.0).sin_cos();
            let lon = middle[0] + 0.25 * cos;
            [
                if lon > 180.0 { lon - 360.0 } else { lon },
                middle[1] + 0.2 * sin,
            ]
        }));
        lake.end_part(PartKind::Polygon);
        way.forward(lake.coords_mut());
        writer.add(&lake, &[]).unwrap();
    }
    let head = FgbHead {
        title: "",
        name: "lakes",
        description: "",
        metadata: "",
        geometry: GeometryType::Polygon,
        fields: &[],
        crs: &nztm,
    };
    writer.finish(&head).unwrap();
    let loaded = load(&site);
    let layer = &loaded.catalogue.layers[0];
    let studio = Studio::new();
    let outcome = prepare(&keeper(&studio, &folder.join("cache")), layer);
    assert!(matches!(outcome, Outcome::Built { .. }), "{outcome:?}");
    let levels = levels(&studio, layer, &mercator);
    assert!(!levels.is_empty());
    for level in levels {
        let mut geometry = Geometry::default();
        let visited = level
            .store
            .select(&Select::default(), &Budget::unlimited(), &mut |lake| {
                lake.geometry(&mut geometry)?;
                let width = geometry.bbox().map_or(0.0, |bbox| bbox.width());
                assert!(width < 1_000_000.0, "{}: {width}", level.name());
                Ok(ControlFlow::Continue(()))
            });
        assert!(visited.unwrap().features > 0);
    }
}

/// Ends a keeper, also where an assertion fails.
struct Stop<'a>(&'a std::sync::atomic::AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

/// A store that fails in the hands of the keeper, as a bug of ours would.
struct Broken(Arc<dyn FeatureStore>, Arc<AtomicBool>);

impl FeatureStore for Broken {
    fn schema(&self) -> &Schema {
        self.0.schema()
    }
    fn crs(&self) -> Option<&Crs> {
        self.0.crs()
    }
    fn extent(&self) -> Option<Bbox> {
        self.0.extent()
    }
    fn count(&self) -> u64 {
        self.0.count()
    }
    fn version(&self) -> &str {
        self.0.version()
    }
    fn select(
        &self,
        select: &Select,
        budget: &Budget,
        visit: &mut dyn FnMut(&dyn Feature) -> Flow,
    ) -> Result<SelectStats> {
        if std::thread::current().name() == Some("keeper") {
            self.1.store(true, Ordering::Relaxed);
            panic!("a bug");
        }
        self.0.select(select, budget, visit)
    }
    fn get(
        &self,
        position: u64,
        visit: &mut dyn FnMut(&dyn Feature) -> Result<()>,
    ) -> Result<bool> {
        self.0.get(position, visit)
    }
}

#[test]
fn a_bug_in_the_building_of_one_layer_leaves_the_keeper_to_the_others() {
    let folder = Scratch::new("keeper-bug");
    let loaded = landscape(&folder, 60, 40.0);
    let sound = &loaded.catalogue.layers[0];
    let was_tried = Arc::new(AtomicBool::new(false));
    let broken = Arc::new(Layer {
        id: "broken".into(),
        store: Arc::new(Broken(Arc::clone(&sound.store), Arc::clone(&was_tried))),
        ..(**sound).clone()
    });
    let layers = vec![Arc::clone(&broken), Arc::clone(sound)];
    let studio = Studio::new();
    let keeper = keeper(&studio, &folder.join("cache"));
    let crs = Crs::from_epsg(2154).unwrap();
    let center = [ORIGIN[0] + 1200.0, ORIGIN[1] + 1200.0];
    let from_level = |layer: &Arc<Layer>| {
        let view = view(center, 160.0, &crs);
        let drawn = draw(&studio, layer, &layer.styles[0], view, &crs);
        drawn.report.layers[0].level.is_some()
    };
    assert!(!from_level(&broken), "it is wanted from now on");
    let budget = Budget::unlimited();
    std::thread::scope(|scope| {
        let tend = || keeper.tend(|| layers.clone(), &budget, || {});
        let thread = std::thread::Builder::new().name("keeper".into());
        thread.spawn_scoped(scope, tend).unwrap();
        let stop = budget.cancel_flag();
        let stopping = Stop(&stop);
        until("the broken one was tried", || {
            was_tried.load(Ordering::Relaxed)
        });
        until("levels of the other", || from_level(sound));
        assert!(!from_level(&broken));
        drop(stopping);
    });
}
