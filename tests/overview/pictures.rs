//! Maps drawn from levels beside maps drawn from the features.

use super::*;

#[test]
fn the_maps_of_all_shipped_layers_stay_within_the_bound() {
    let folder = Scratch::new("demo");
    let loaded = load(common::repository());
    let (with, without) = (Studio::new(), Studio::new());
    let keeper = keeper(&with, &folder.0).saving_at_least(f64::MIN);
    let mut compared = 0;
    let mut worst = Difference::default();
    let mut faults = Vec::new();
    for layer in &loaded.catalogue.layers {
        prepare(&keeper, layer);
        let extent = layer.extent_lonlat.unwrap();
        for name in ["EPSG:3857", "EPSG:2154", "EPSG:3035", "EPSG:4326"] {
            let crs = Crs::parse(name).unwrap();
            let way = Transform::new(&Crs::crs84(), &crs).unwrap();
            // the region, or what of the layer is nearest to it
            let around = Bbox::new(2.0, 44.1, 7.2, 46.9).unwrap();
            let mut center = [extent.intersection(&around).unwrap_or(extent).center()];
            way.forward(&mut center);
            for style in &layer.styles {
                for (zoom, factor) in (5..=11).flat_map(|z| [1.02, 1.37, 1.93].map(|f| (z, f))) {
                    // pixels from those of one level to those of the next
                    let pixel = Zoom::whole(zoom).resolution(&crs) * factor;
                    let view = view(center[0], pixel, &crs);
                    let is_of_points = layer.store.schema().geometry.dimension() == Some(0);
                    let draw = |studio| {
                        let request = MapRequest {
                            transparent: is_of_points,
                            ..request(layer, style, view, &crs)
                        };
                        Studio::map(studio, &request, &Budget::unlimited()).unwrap()
                    };
                    let from_level = draw(&with);
                    if from_level.report.layers[0].level.is_none() {
                        continue;
                    }
                    let from_features = draw(&without);
                    let difference = match is_of_points {
                        true => Difference::of_cover(&from_level, &from_features),
                        false => Difference::of(&from_level, &from_features),
                    };
                    compared += 1;
                    worst = worst.worst(difference);
                    if !difference.is_within(&Difference::BOUND) {
                        let (id, style) = (&layer.id, &style.id);
                        let level = &from_level.report.layers[0].level;
                        faults.push(format!(
                            "{id}/{style} {name} z{zoom} * {factor} {level:?}: {difference:?}"
                        ));
                    }
                }
            }
        }
    }
    println!("{compared} maps, at worst {worst:?}");
    assert!(compared > 70, "only {compared} maps were compared");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_landscape_without_gaps_has_none_at_any_level() {
    let folder = Scratch::new("gaps");
    let loaded = landscape(&folder, 160, 40.0);
    let layer = &loaded.catalogue.layers[0];
    let studio = Studio::new();
    let keeper = keeper(&studio, &folder.join("cache"));
    assert!(matches!(prepare(&keeper, layer), Outcome::Built { .. }));
    let crs = Crs::from_epsg(2154).unwrap();
    let levels = levels(&studio, layer, &crs);
    assert!(levels.len() >= 3, "{levels:?}");
    let whole = area(&*layer.store);
    for level in &levels {
        let (area, name) = (area(&*level.store), level.name());
        assert!(
            (area / whole - 1.0).abs() < 0.005,
            "{name}: {area} of {whole}"
        );
        // a pixel of the level, where all fields are below it: every pixel inside is covered
        if level.resolution() < 50.0 {
            continue;
        }
        for factor in [1.0, 1.3, 1.9] {
            let pixel = level.resolution() * factor;
            let center = [ORIGIN[0] + 3200.0, ORIGIN[1] + 3200.0];
            let drawn = draw(
                &studio,
                layer,
                &layer.styles[0],
                view(center, pixel, &crs),
                &crs,
            );
            assert_eq!(drawn.report.layers[0].level.as_ref(), Some(&name));
            let inside = (3200.0 / pixel) as i32 - 2;
            for y in 150 - inside..150 + inside {
                for x in 200 - inside..200 + inside {
                    let pixel = drawn.pixmap.pixel(x as u32, y as u32).unwrap();
                    // a sixteenth of a pixel may be missing, where outlines that lie on the
                    // grid meet those that do not
                    let red = i32::from(pixel.red());
                    assert!(
                        red - 0x20 <= (255 - 0x20) / 16,
                        "{name} {factor}: {red} at {x}, {y}"
                    );
                }
            }
        }
    }
}

#[test]
fn maps_cut_side_by_side_have_the_pixels_of_the_whole() {
    let folder = Scratch::new("cuts");
    let loaded = landscape(&folder, 120, 40.0);
    let layer = &loaded.catalogue.layers[0];
    let studio = Studio::new();
    prepare(&keeper(&studio, &folder.join("cache")), layer);
    for name in ["EPSG:2154", "EPSG:3857", "EPSG:3035"] {
        let crs = Crs::parse(name).unwrap();
        let way = Transform::new(&Crs::from_epsg(2154).unwrap(), &crs).unwrap();
        let mut center = [[ORIGIN[0] + 2400.0, ORIGIN[1] + 2400.0]];
        way.forward(&mut center);
        for pixel in [47.0, 131.0] {
            let whole = view(center[0], pixel, &crs);
            let map = draw(&studio, layer, &layer.styles[0], whole, &crs);
            assert!(map.report.layers[0].level.is_some(), "{name} {pixel}");
            // 100 by 75 pixels, from the middle to the lower right
            let (left, top) = (
                whole.bbox.min_x + 180.0 * pixel,
                whole.bbox.max_y - 130.0 * pixel,
            );
            let cut = Bbox::new(left, top - 75.0 * pixel, left + 100.0 * pixel, top).unwrap();
            let size = Size {
                width: 100,
                height: 75,
            };
            let cut = View::new(cut, size, crs.metres_per_unit);
            let part = draw(&studio, layer, &layer.styles[0], cut, &crs);
            for (place, pixel) in part.pixmap.pixels().iter().enumerate() {
                let (x, y) = (place as u32 % 100 + 180, place as u32 / 100 + 130);
                assert_eq!(Some(*pixel), map.pixmap.pixel(x, y), "{name} at {x}, {y}");
            }
        }
    }
}

#[test]
fn shared_borders_stay_shared_where_polygons_are_kept() {
    let folder = Scratch::new("borders");
    let loaded = landscape(&folder, 40, 100.0);
    let layer = &loaded.catalogue.layers[0];
    let studio = Studio::new();
    let keeper = keeper(&studio, &folder.join("cache")).saving_at_least(f64::MIN);
    prepare(&keeper, layer);
    let crs = Crs::from_epsg(2154).unwrap();
    let mut looked_at = 0;
    for level in levels(&studio, layer, &crs) {
        // how often each edge is walked in each direction: as often back as there
        let mut edges = std::collections::HashMap::<[[i64; 2]; 2], i32>::new();
        let mut geometry = Geometry::default();
        let mut kept = 0;
        let step = level.resolution() / 4.0;
        let budget = Budget::unlimited();
        let visited = level.store.select(&Select::default(), &budget, &mut |f| {
            if f.value(level.count_column.unwrap()) == Value::Null {
                kept += 1;
                f.geometry(&mut geometry)?;
                let node = |c: &Coord| c.map(|v| (v / step).round() as i64);
                let nodes: Vec<_> = geometry.coords().iter().map(node).collect();
                for pair in nodes.windows(2) {
                    *edges.entry([pair[0], pair[1]]).or_default() += 1;
                }
            }
            Ok(ControlFlow::Continue(()))
        });
        visited.unwrap();
        if kept < 1600 {
            continue;
        }
        looked_at += 1;
        let back = |[a, b]: &[[i64; 2]; 2]| edges.get(&[*b, *a]).copied().unwrap_or(0);
        let alone = edges.iter().filter(|(edge, times)| back(edge) != **times);
        let (alone, name) = (alone.count(), level.name());
        // the outer border: 160 sides of fields
        assert!(
            alone <= 160 * SIDE_STEPS as usize,
            "{name}: {alone} are alone"
        );
    }
    assert!(looked_at >= 1);
}

#[test]
fn a_filter_or_a_style_sent_along_is_answered_from_the_features() {
    let folder = Scratch::new("filter");
    let loaded = landscape(&folder, 60, 40.0);
    let layer = &loaded.catalogue.layers[0];
    let studio = Studio::new();
    prepare(&keeper(&studio, &folder.join("cache")), layer);
    let crs = Crs::from_epsg(2154).unwrap();
    let center = [ORIGIN[0] + 1200.0, ORIGIN[1] + 1200.0];
    let view = view(center, 160.0, &crs);
    let own = &layer.styles[0];
    let level_of = |drawn: Drawn| drawn.report.layers[0].level.clone();
    assert!(level_of(draw(&studio, layer, own, view, &crs)).is_some());
    let sent = Arc::new(Style::clone(own));
    assert_eq!(level_of(draw(&studio, layer, &sent, view, &crs)), None);
    let request = MapRequest {
        view,
        crs: crs.clone(),
        layers: vec![MapLayer {
            layer: Arc::clone(layer),
            style: Arc::clone(own),
            filter: Some(cartotheque::query::Filter::IsNull(
                cartotheque::query::Expr::Property("classe".into()),
            )),
        }],
        background: [255; 3],
        transparent: false,
    };
    let drawn = studio.map(&request, &Budget::unlimited()).unwrap();
    assert_eq!(drawn.report.layers[0].features_filtered, 3600);
    assert_eq!(level_of(drawn), None);
}
