//! Vector tiles of the demonstration, against its data.

use std::collections::{BTreeMap, HashMap};

use cartotheque::catalogue::Layer;
use cartotheque::geom::PartKind;
use cartotheque::tile::{TileAddress, TileMatrixSet};

use crate::decoder::{Feature, Kind, Value, decode};
use crate::served::{ask, demo, vector};
use crate::truth::{Shape, distance, is_inside, positions, shapes};

/// How far what is in a tile may be from what is true, in units of a tile: half a unit each way
/// by rounding, an eighth by the projector, and as much again where an edge was cut.
const TOLERANCE: f64 = 1.5;

/// Layers of points, lines and areas, with holes and of several parts.
const LAYERS: [&str; 7] = [
    "communes",
    "departements",
    "region",
    "lacs",
    "cours-eau",
    "villes",
    "pays",
];

fn address([matrix, column, row]: [u32; 3]) -> TileAddress {
    TileAddress {
        matrix: matrix as usize,
        column,
        row,
    }
}

/// All tiles that a layer's extent touches at a level, some of them where they are many.
fn tiles(layer: &Layer, set: &TileMatrixSet, level: u32, most: usize) -> Vec<[u32; 3]> {
    let transform = cartotheque::crs::Transform::new(&layer.crs, &set.crs).unwrap();
    let Some(extent) = layer.store.extent() else {
        return Vec::new();
    };
    let mut found: Vec<[u32; 3]> = transform
        .forward_bbox(&extent)
        .iter()
        .filter_map(|b| set.matrices()[level as usize].range(b))
        .flat_map(|range| range.tiles().take(4000))
        .map(|(column, row)| [level, column, row])
        .collect();
    let step = found.len().div_ceil(most).max(1);
    found = found.into_iter().step_by(step).collect();
    found
}

/// Checks a tile of one layer against the data; returns the number of its features.
fn check(layer: &Layer, set: &TileMatrixSet, tile: [u32; 3]) -> usize {
    let what = format!("{} {} {tile:?}", layer.id, set.id());
    let bytes = vector(&demo(), &layer.id, set.id(), tile);
    let truth = shapes(layer, set, address(tile));
    let decoded = decode(&bytes);
    let features = match decoded.as_slice() {
        [] => &[][..],
        [one] => {
            assert_eq!((one.name.as_str(), one.extent), (layer.id.as_str(), 4096));
            &one.features[..]
        }
        _ => panic!("{what}: one layer"),
    };
    let mut found = HashMap::new();
    for feature in features {
        let id = feature.id.expect("an id");
        assert!(found.insert(id, feature).is_none(), "{what}: id {id} twice");
        for [x, y] in feature.parts.iter().flatten() {
            let inside = (-64..=4160).contains(x) && (-64..=4160).contains(y);
            assert!(inside, "{what}: feature {id} at {x},{y}");
        }
    }
    for shape in &truth {
        let part = found.remove(&id_of(layer, shape.fid));
        let parts = part.map_or_else(Vec::new, |f| positions(&f.parts));
        let told = format!("{what}, feature {}", shape.fid);
        if shape.is_torn {
            continue;
        }
        match shape.kind {
            PartKind::Points => check_points(shape, &parts, &told),
            PartKind::Line => {
                assert!(part.is_none_or(|f| f.kind == Kind::Lines));
                check_lines(shape, &parts, &told);
            }
            PartKind::Polygon => {
                assert!(part.is_none_or(|f| f.kind == Kind::Polygons));
                check_polygon(shape, &parts, &told);
            }
        }
    }
    assert!(found.is_empty(), "{what}: {:?} are not there", found.keys());
    features.len()
}

/// The id that tiles give a feature.
fn id_of(layer: &Layer, fid: u64) -> u64 {
    let mut id = fid;
    let _there = layer.store.get(fid, &mut |feature| {
        let column = layer.id_column;
        if let Some(cartotheque::feature::Value::Int(value)) = column.map(|c| feature.value(c)) {
            id = u64::try_from(value).unwrap();
        }
        Ok(())
    });
    id
}

fn check_points(shape: &Shape, parts: &[Vec<[f64; 2]>], what: &str) {
    let near = |[x, y]: &[f64; 2], reach: f64| {
        x.abs_diff_from_middle() <= reach && y.abs_diff_from_middle() <= reach
    };
    let found: Vec<[f64; 2]> = parts.iter().flatten().copied().collect();
    for point in shape.parts.iter().flatten() {
        let is_there = found
            .iter()
            .any(|p| (p[0] - point[0]).hypot(p[1] - point[1]) <= TOLERANCE);
        if near(point, 2048.0 + 64.0 - TOLERANCE) {
            assert!(is_there, "{what}: {point:?} is not in {found:?}");
        }
        if !near(point, 2048.0 + 64.0 + TOLERANCE) {
            assert!(!is_there, "{what}: {point:?} is in {found:?}");
        }
    }
    let all: usize = shape.parts.iter().map(Vec::len).sum();
    assert!(found.len() <= all, "{what}");
}

trait FromMiddle {
    fn abs_diff_from_middle(&self) -> f64;
}

impl FromMiddle for f64 {
    fn abs_diff_from_middle(&self) -> f64 {
        (self - 2048.0).abs()
    }
}

fn check_lines(shape: &Shape, parts: &[Vec<[f64; 2]>], what: &str) {
    for point in parts.iter().flatten() {
        let off = distance(&shape.parts, false, *point);
        assert!(off <= TOLERANCE, "{what}: {point:?} is {off} off");
    }
    for line in &shape.parts {
        for (from, to) in line.iter().zip(line.iter().skip(1)) {
            for t in [0.0, 0.25, 0.5, 0.75, 1.0] {
                let at = [
                    from[0] + (to[0] - from[0]) * t,
                    from[1] + (to[1] - from[1]) * t,
                ];
                let inside = at.iter().all(|v| (-60.0..=4156.0).contains(v));
                // what is shorter than a unit may be a point, and points are no lines
                let is_long = shape.bbox.width().max(shape.bbox.height()) > 2.0 * TOLERANCE;
                if inside && is_long && line.len() > 1 {
                    let off = distance(parts, false, at);
                    assert!(off <= 2.0 * TOLERANCE, "{what}: {at:?} is {off} off");
                }
            }
        }
    }
}

fn check_polygon(shape: &Shape, parts: &[Vec<[f64; 2]>], what: &str) {
    let (from, to) = (
        [shape.bbox.min_x, shape.bbox.min_y],
        [shape.bbox.max_x, shape.bbox.max_y],
    );
    // positions all over the part of the feature's box that is in the tile
    for row in 0..12 {
        for column in 0..12 {
            let at = [(column, 0), (row, 1)].map(|(step, axis): (i32, usize)| {
                let (least, most) = (from[axis].max(0.0), to[axis].min(4096.0));
                least + (most - least) * (f64::from(step) + 0.5) / 12.0
            });
            if at.iter().any(|v| !(0.0..=4096.0).contains(v)) {
                return;
            }
            if is_inside(&shape.parts, at) != is_inside(parts, at) {
                let off = distance(&shape.parts, true, at);
                assert!(
                    off <= TOLERANCE,
                    "{what}: {at:?} is {off} inside or outside of where it should be"
                );
            }
        }
    }
    for point in parts.iter().flatten() {
        let on_border = point.iter().any(|v| *v == -64.0 || *v == 4160.0);
        if !on_border {
            let off = distance(&shape.parts, true, *point);
            assert!(off <= TOLERANCE, "{what}: {point:?} is {off} off");
        }
    }
}

fn check_layers(set: &str, levels: &[u32], most: usize) {
    let site = demo();
    let set = site.catalogue.site.tile_matrix_sets.get(set).unwrap();
    for name in LAYERS {
        let layer = site.catalogue.layer(name).unwrap();
        let mut features = 0;
        for level in levels {
            for tile in tiles(layer, set, *level, most) {
                features += check(layer, set, tile);
            }
        }
        assert!(
            features > 0,
            "{name} in {}: no tile has a feature",
            set.id()
        );
    }
}

#[test]
fn tiles_of_web_mercator_hold_what_the_data_hold() {
    check_layers("WebMercatorQuad", &[0, 3, 5, 7, 9, 12], 12);
}

#[test]
fn tiles_of_lambert_93_hold_what_the_data_hold() {
    check_layers("LAMB93", &[4, 7, 10], 8);
}

#[test]
fn tiles_of_the_european_set_hold_what_the_data_hold() {
    check_layers("EuropeanETRS89_LAEAQuad", &[2, 5, 8], 8);
}

#[test]
fn tiles_of_longitude_and_latitude_hold_what_the_data_hold() {
    check_layers("WorldCRS84Quad", &[0, 6, 9], 8);
    check_layers("InspireCRS84Quad", &[7], 12);
}

#[test]
fn neighbours_meet_on_their_border() {
    let site = demo();
    for (set, level) in [
        ("WebMercatorQuad", 9),
        ("WebMercatorQuad", 6),
        ("LAMB93", 8),
    ] {
        let set = site.catalogue.site.tile_matrix_sets.get(set).unwrap();
        for name in ["communes", "departements", "cours-eau"] {
            let layer = site.catalogue.layer(name).unwrap();
            let mut compared = 0;
            for [z, x, y] in tiles(layer, set, level, 40) {
                let right = tiles(layer, set, level, 4000).contains(&[z, x + 1, y]);
                if !right {
                    continue;
                }
                let here = crossings(&vector(&site, name, set.id(), [z, x, y]), 4096.0);
                let there = crossings(&vector(&site, name, set.id(), [z, x + 1, y]), 0.0);
                for (one, other) in [(&here, &there), (&there, &here)] {
                    for (id, rows) in one {
                        let others = other.get(id).map_or(&[][..], Vec::as_slice);
                        // seen in both: not in the buffers above and below
                        for a in rows.iter().filter(|a| (4.0..4092.0).contains(*a)) {
                            let meets = others.iter().any(|b| (a - b).abs() <= 1.0);
                            assert!(meets, "{name} {z}/{x}/{y} {id}: {a} and {others:?}");
                            compared += 1;
                        }
                    }
                }
            }
            assert!(
                compared > 2,
                "{name} {}: only {compared} crossings",
                set.id()
            );
        }
    }
}

/// For each feature where it crosses a vertical line, a little beside whole numbers, from above.
fn crossings(bytes: &[u8], column: f64) -> BTreeMap<u64, Vec<f64>> {
    let x = column + 0.25;
    let mut found: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for feature in decode(bytes).iter().flat_map(|l| &l.features) {
        let rows = found.entry(feature.id.unwrap()).or_default();
        for part in positions(&feature.parts) {
            let closing = part.last().zip(part.first());
            let closing = closing.filter(|_| feature.kind == Kind::Polygons);
            for (a, b) in part.iter().zip(part.iter().skip(1)).chain(closing) {
                if (a[0] > x) != (b[0] > x) {
                    rows.push(a[1] + (b[1] - a[1]) * (x - a[0]) / (b[0] - a[0]));
                }
            }
        }
    }
    found
}

#[test]
fn several_layers_stand_in_one_tile_in_their_order_and_a_group_stands_for_its_layers() {
    let site = demo();
    let tile = vector(
        &site,
        "communes,departements,communes",
        "WebMercatorQuad",
        [8, 131, 91],
    );
    let names: Vec<String> = decode(&tile).into_iter().map(|l| l.name).collect();
    assert_eq!(names, ["communes", "departements"]);
    let tile = vector(&site, "carte", "WebMercatorQuad", [8, 131, 91]);
    let names: Vec<String> = decode(&tile).into_iter().map(|l| l.name).collect();
    let order: Vec<String> = site
        .catalogue
        .layers_of("carte")
        .unwrap()
        .iter()
        .map(|l| l.id.clone())
        .collect();
    let places: Vec<usize> = names
        .iter()
        .map(|n| order.iter().position(|o| o == n).unwrap())
        .collect();
    assert!(
        names.len() > 3 && places.is_sorted(),
        "{names:?} of {order:?}"
    );
}

#[test]
fn features_bring_what_the_layer_shows_and_nothing_that_it_hides() {
    let site = demo();
    let layer = site.catalogue.layer("villes").unwrap();
    let shown: Vec<&str> = layer.fields.iter().map(|f| f.name.as_str()).collect();
    let hidden = layer.store.schema().fields.len() - shown.len();
    assert!(hidden > 0, "the demonstration hides columns of this layer");
    let tile = vector(&site, "villes", "WebMercatorQuad", [8, 131, 91]);
    let features = &decode(&tile)[0].features;
    let text = |text: &str| Some(Value::Text(text.to_owned()));
    let is_lyon = |f: &&Feature| f.values.get("nom").cloned() == text("Lyon");
    let lyon = features.iter().find(is_lyon).expect("Lyon");
    assert!(lyon.values.len() > 2, "{:?}", lyon.values);
    for key in features.iter().flat_map(|f| f.values.keys()) {
        assert!(shown.contains(&key.as_str()), "{key}");
    }
    let document = ask(&site, "villes.json").unwrap();
    let document: serde_json::Value = serde_json::from_slice(&document.body).unwrap();
    let told = document["vector_layers"][0]["fields"].as_object().unwrap();
    assert!(
        told.keys().all(|name| shown.contains(&name.as_str())),
        "{told:?}"
    );
}
