use std::time::Duration;

use cartotheque::budget::Budget;
use cartotheque::config::{self, FileSources, LoadOptions};
use cartotheque::operation::Studio;

use super::*;

fn numbers(datetime: &str) -> Vec<String> {
    let path = format!("/collections/evenements/items?datetime={datetime}");
    ids(&get(small(), &path))
}

#[test]
fn oapif_17_069r4_7_15_4_datetime_finds_what_it_touches() {
    assert_eq!(numbers("2024-02-29"), ["30"]);
    assert_eq!(numbers("2024-02-29T12:00:00Z"), ["30"]);
    assert_eq!(numbers("2024-02-29/2024-03-01"), ["30", "20"]);
    assert_eq!(numbers("../2024-02-29"), ["40", "30"]);
    assert_eq!(numbers("/2024-02-28T23:59:59Z"), ["40"]);
    assert_eq!(numbers("2024-03-01T00:00:00+02:00/.."), ["30", "20"]);
    // a feature without a time is not within any
    assert_eq!(numbers("../.."), ["40", "30", "20"]);
    assert_eq!(numbers("1999-01-01"), [""; 0]);
}

#[test]
fn an_interval_without_an_end_goes_on() {
    let works = |datetime: &str| {
        let path = format!("/collections/chantiers/items?datetime={datetime}");
        ids(&get(small(), &path))
    };
    assert_eq!(works("2024-01-31T12:00:00Z"), ["a"]);
    assert_eq!(works("2024-01-31T19:00:00Z"), [""; 0]);
    assert_eq!(works("2030-01-01/.."), ["b"]);
    assert_eq!(works("2024-01-15/2024-06-01"), ["a", "b"]);
    assert_eq!(works("../2023-01-01"), [""; 0]);
}

#[test]
fn a_time_that_is_none_is_refused_and_a_layer_without_times_passes_whole() {
    for wrong in [
        "",
        "yesterday",
        "2024",
        "2023-02-29",
        "2024-02-01/2024-01-01",
        "a/b",
        "2024-01-01/2024-01-02/2024-01-03",
    ] {
        let path = format!("/collections/evenements/items?datetime={wrong}");
        assert_problem(&small().get(&path), 400, &path);
    }
    assert_eq!(
        count(server(), "/collections/communes/items?datetime=2024-01-01"),
        4021
    );
}

#[test]
fn the_extent_holds_the_times_and_the_schema_their_roles() {
    let interval = |layer: &str| {
        let collection = get(small(), &format!("/collections/{layer}"));
        collection["extent"]["temporal"]["interval"][0].clone()
    };
    assert_eq!(
        interval("evenements"),
        serde_json::json!(["2024-01-10T00:00:00Z", "2024-03-01T00:00:00Z"])
    );
    assert_eq!(
        interval("chantiers"),
        serde_json::json!(["2024-01-01T08:00:00Z", null])
    );
    assert!(get(small(), "/collections/simple")["extent"]["temporal"].is_null());
    let roles = |layer: &str, field: &str| {
        let schema = get(small(), &format!("/collections/{layer}/schema"));
        schema["properties"][field]["x-ogc-role"].clone()
    };
    assert_eq!(roles("evenements", "jour"), "primary-instant");
    assert_eq!(roles("evenements", "numero"), "id");
    assert_eq!(roles("chantiers", "debut"), "primary-interval-start");
    assert_eq!(roles("chantiers", "fin"), "primary-interval-end");
    assert_eq!(roles("chantiers", "geometry"), "primary-geometry");
}

#[test]
fn a_look_at_times_that_is_cut_short_goes_on_where_it_ended() {
    let scratch = Scratch::new("features-times");
    write_small(&scratch);
    let loaded = config::load(&scratch.0, LoadOptions::default(), &FileSources);
    let catalogue = loaded.catalogue;
    let layer = catalogue.layer("evenements").unwrap();
    let whole = Studio::new().time_extent(layer, &Budget::unlimited());
    let studio = Studio::new();
    let few = || studio.time_extent(layer, &Budget::new(Duration::from_secs(60), 2, u64::MAX));
    assert!(few().is_err(), "two features are not all");
    let found = (0..3).find_map(|_| few().ok());
    assert_eq!(found, Some(whole.unwrap()));
}
