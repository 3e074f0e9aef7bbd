//! The real thing: 4,021 town halls of Auvergne-Rhône-Alpes in Lambert-93, by population.

use cartotheque::budget::Budget;
use cartotheque::geom::View;
use cartotheque::render::label::{LabelSet, margins_px};
use flatgeobuf::{FallibleStreamingIterator, FeatureProperties, FgbReader};

use crate::made::{Numbers, Place, point, text};
use crate::{Layer, compiled, cuts_are_equal, labels, view};

fn mairies() -> Vec<Place> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/data/ara/mairies_l93.fgb"
    );
    let file = std::fs::File::open(path).unwrap();
    let mut reader = FgbReader::open(std::io::BufReader::new(file))
        .unwrap()
        .select_all()
        .unwrap();
    let mut places = Vec::new();
    while let Some(feature) = reader.next().unwrap() {
        let geometry = feature.geometry().unwrap();
        let xy = geometry.xy().unwrap();
        let columns = feature.properties().unwrap();
        places.push(Place {
            fid: places.len() as u64,
            name: columns["nom"].clone(),
            population: columns
                .get("population")
                .and_then(|p| p.parse().ok())
                .unwrap_or(0),
            geometry: point([xy.get(0), xy.get(1)]),
        });
    }
    places
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn communes_cut_anywhere_at_several_scales_are_the_same() {
    let places = mairies();
    assert_eq!(places.len(), 4021);
    let layers = [Layer {
        text: text(),
        places: &places,
    }];
    for (resolution, labels_at_least) in [(400.0, 60), (140.0, 150), (50.0, 100), (18.9, 20)] {
        let (w, h) = (900.0 * resolution, 800.0 * resolution);
        let min = [842_000.0 - w / 2.0, 6_519_000.0 - h / 2.0];
        let whole = view(min, resolution, 900, 800);
        let (all, attempts) = cuts_are_equal(&whole, &layers, 60);
        assert!(
            all.len() >= labels_at_least,
            "{} at {resolution}",
            all.len()
        );
        assert!(attempts[0] >= 50, "{attempts:?} at {resolution}");
        assert!(all.iter().any(|l| places[l.fid as usize].name == "Lyon"));
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn nearly_as_many_communes_are_placed_as_greedily() {
    for by_population in [true, false] {
        let mut places = mairies();
        if !by_population {
            places.iter_mut().for_each(|p| p.population = 0);
        }
        let layers = [Layer {
            text: text(),
            places: &places,
        }];
        for resolution in [400.0, 140.0, 50.0] {
            let (w, h) = (900.0 * resolution, 800.0 * resolution);
            let min = [842_000.0 - w / 2.0, 6_519_000.0 - h / 2.0];
            let whole = view(min, resolution, 900, 800);
            let (found, _) = labels(&whole, &layers);
            let greedy = greedily(&whole, &layers);
            println!(
                "{resolution} m/px, by population {by_population}: {} of {greedy}",
                found.len()
            );
            assert!(
                found.len() * 10 >= greedy * 9,
                "{} of {greedy}",
                found.len()
            );
        }
    }
}

/// Each label alone, then the usual algorithm over their boxes, equals in an order that has
/// nothing to do with their places.
fn greedily(view: &View, layers: &[Layer<'_>]) -> usize {
    let texts = compiled(view, layers);
    let mut numbers = Numbers(1);
    let mut candidates: Vec<(i64, u32, [f64; 4])> = Vec::new();
    for place in layers[0].places {
        let mut set = LabelSet::new(view, &texts, margins_px(&texts)[2]);
        set.add(0, place, &place.geometry).unwrap();
        let placed = set.place(&Budget::unlimited()).unwrap().labels;
        let equal = numbers.below(u32::MAX);
        candidates.extend(placed.iter().map(|l| (-place.population, equal, l.bounds)));
    }
    candidates.sort_by_key(|c| (c.0, c.1));
    let mut boxes: Vec<[f64; 4]> = Vec::new();
    for (_, _, a) in candidates {
        let apart = |b: &[f64; 4]| a[2] < b[0] || b[2] < a[0] || a[3] < b[1] || b[3] < a[1];
        if boxes.iter().all(apart) {
            boxes.push(a);
        }
    }
    boxes.len()
}
