//! The keeper of a running server.

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

/// Ends a keeper, also where an assertion fails.
struct Stop<'a>(&'a std::sync::atomic::AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}
