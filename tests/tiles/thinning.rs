//! What a tile may weigh.

use std::collections::BTreeMap;
use std::sync::Arc;

use cartotheque::budget::Budget;
use cartotheque::operation::{TileLayer, VectorTile, VectorTileRequest};
use cartotheque::tile::TileAddress;

use crate::decoder::decode;
use crate::served::demo;

fn tile(layers: &[&str], [matrix, column, row]: [u32; 3], max_bytes: usize) -> VectorTile {
    let site = demo();
    let layers = layers.iter().map(|name| TileLayer {
        layer: Arc::clone(site.catalogue.layer(name).unwrap()),
        columns: None,
        points: false,
    });
    let request = VectorTileRequest {
        set: Arc::clone(
            site.catalogue
                .site
                .tile_matrix_sets
                .get("WebMercatorQuad")
                .unwrap(),
        ),
        tile: TileAddress {
            matrix: matrix as usize,
            column,
            row,
        },
        layers: layers.collect(),
        max_bytes,
    };
    site.studio
        .vector_tile(&request, &Budget::unlimited())
        .unwrap()
}

/// The place of each feature of a layer, from its first point.
fn places(tile: &VectorTile, layer: &str) -> BTreeMap<u64, [i64; 2]> {
    let layers = decode(&tile.bytes);
    let found = layers.iter().find(|l| l.name == layer);
    found.map_or_else(BTreeMap::new, |l| {
        let place = |f: &crate::decoder::Feature| (f.id.unwrap(), f.parts[0][0]);
        l.features.iter().map(place).collect()
    })
}

#[test]
fn a_tile_is_never_heavier_than_it_may_be_and_hardly_lighter() {
    let whole = tile(&["communes"], [7, 65, 45], usize::MAX);
    assert_eq!(whole.layers[0].features_thinned, 0);
    for percent in [90, 50, 20, 5, 1] {
        let limit = whole.bytes.len() * percent / 100;
        let thinned = tile(&["communes"], [7, 65, 45], limit);
        let found = thinned.bytes.len();
        assert!(found <= limit, "{percent} %: {found} of {limit}");
        assert!(found * 10 > limit * 8, "{percent} %: {found} of {limit}");
        let told = &thinned.layers[0];
        assert_eq!(
            told.features_written,
            places(&thinned, "communes").len() as u64
        );
        // what is passed over might have been too small to be there
        assert!(told.features_written + told.features_thinned >= whole.layers[0].features_written);
    }
    assert!(tile(&["communes"], [7, 65, 45], 0).bytes.is_empty());
}

#[test]
fn a_lighter_tile_is_a_part_of_a_heavier_one_and_the_same_every_time() {
    let sizes = [40_000, 80_000, 160_000];
    let tiles = sizes.map(|limit| tile(&["communes"], [7, 65, 45], limit));
    for pair in tiles.windows(2) {
        let (less, more) = (places(&pair[0], "communes"), places(&pair[1], "communes"));
        assert!(less.len() < more.len());
        assert!(less.keys().all(|id| more.contains_key(id)));
    }
    assert_eq!(
        tiles[0].bytes,
        tile(&["communes"], [7, 65, 45], 40_000).bytes
    );
}

#[test]
fn thinned_points_leave_no_rectangle_empty() {
    let limit = 40_000;
    let whole = places(&tile(&["mairies"], [7, 65, 45], usize::MAX), "mairies");
    let some = places(&tile(&["mairies"], [7, 65, 45], limit), "mairies");
    assert!(
        whole.len() > 3 * some.len(),
        "{} of {}",
        some.len(),
        whole.len()
    );
    let count = |places: &BTreeMap<u64, [i64; 2]>| {
        let mut cells = [0usize; 64];
        for [x, y] in places.values() {
            let cell = |v: i64| usize::try_from((v.clamp(0, 4095)) / 512).unwrap();
            cells[cell(*y) * 8 + cell(*x)] += 1;
        }
        cells
    };
    let share = some.len() as f64 / whole.len() as f64;
    for (all, left) in count(&whole).into_iter().zip(count(&some)) {
        let expected = all as f64 * share;
        // four standard deviations of what chance leaves
        let off = (left as f64 - expected).abs();
        assert!(off <= 4.0 * expected.sqrt() + 1.0, "{left} of {all}");
    }
}

#[test]
fn a_small_layer_stays_whole_beside_a_large_one() {
    let tile = tile(&["communes", "departements"], [7, 65, 45], 100_000);
    let [communes, departements] = tile.layers.as_slice() else {
        panic!("two layers");
    };
    assert!(communes.features_thinned > 0);
    assert_eq!(departements.features_thinned, 0);
    assert!(tile.bytes.len() <= 100_000);
}
