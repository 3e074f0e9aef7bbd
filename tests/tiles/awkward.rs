//! Files that others would stumble over: their tiles are answered, and well formed.

use std::path::Path;
use std::time::Instant;

use cartotheque::crs::Transform;
use cartotheque::geom::Bbox;

use crate::decoder::decode;
use crate::served::{ask, site};

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn tiles_of_awkward_data_are_answered_and_well_formed() {
    let folder = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/data/awkward"
    ));
    let site = site(folder);
    assert!(site.catalogue.layers.len() > 20);
    let mut features = 0;
    for layer in &site.catalogue.layers {
        for set in site.catalogue.site.tile_matrix_sets.all() {
            // a layer whose CRS has no way there says so
            let Ok(transform) = Transform::new(&layer.crs, &set.crs) else {
                continue;
            };
            let extent = layer.store.extent().unwrap_or(Bbox::WORLD);
            for level in [0, 3, 7, 11, 15] {
                let matrix = &set.matrices()[level];
                let boxes = transform.forward_bbox(&extent);
                let ranges = boxes.iter().filter_map(|b| matrix.range(b));
                for (column, row) in ranges.flat_map(|r| r.tiles().take(6)) {
                    let path = format!("{}/{}/{}/{column}/{row}", layer.id, set.id(), matrix.id);
                    let started = Instant::now();
                    let tile = ask(&site, &format!("{path}.mvt"))
                        .unwrap_or_else(|e| panic!("{path}: {e}"));
                    assert!(matches!(tile.status, 200 | 204), "{path}: {}", tile.status);
                    for decoded in decode(&tile.body) {
                        features += decoded.features.len();
                    }
                    assert!(
                        started.elapsed().as_secs() < 2,
                        "{path}: {:?}",
                        started.elapsed()
                    );
                }
            }
        }
        let document = ask(&site, &format!("{}.json", layer.id)).unwrap();
        assert_eq!(document.status, 200);
    }
    assert!(features > 1000, "only {features} features");
}
