//! Lines that are more than a map can show.

use cartotheque::feature::{Field, FieldType};
use cartotheque::geom::{GeometryType, PartKind};
use cartotheque::store::fgb::{FgbHead, FgbWriter, push_value};

use super::*;

/// Black, 1.2 px wide, with round ends: as roads are drawn.
const INK: &str = r##"<StyledLayerDescriptor xmlns="http://www.opengis.net/sld" version="1.0.0">
<NamedLayer><Name>routes</Name><UserStyle><FeatureTypeStyle><Rule><LineSymbolizer><Stroke>
<CssParameter name="stroke">#000000</CssParameter><CssParameter name="stroke-width">1.2</CssParameter>
<CssParameter name="stroke-linecap">round</CssParameter><CssParameter name="stroke-linejoin">round</CssParameter>
</Stroke></LineSymbolizer></Rule></FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"##;

/// What a map of nothing but dense lines may differ, black on white: the border of a net lies at
/// pixels of its level, so the mean of a block there is off by a part of it.
const NET_BOUND: Difference = Difference {
    mean: 2.5,
    far: 0.01,
    block: 90.0,
};

/// Metres of a side of the ground that lines lie on.
const GROUND: f64 = 12_800.0;

/// The borders of fields of `step` metres, two positions each, or as many lines of that length
/// that lie anywhere in any direction.
fn write_lines(path: &Path, step: f64, is_net: bool) {
    let side = (GROUND / step) as u32;
    let mut seed = 5_u64;
    let mut random = || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut writer = FgbWriter::create(path, GeometryType::LineString).unwrap();
    let mut line = Geometry::default();
    let mut properties = Vec::new();
    for n in 0..side * side * 2 {
        let (column, row) = (f64::from(n / 2 % side), f64::from(n / 2 / side));
        let ends = if is_net {
            let along = if n % 2 == 0 { [1.0, 0.0] } else { [0.0, 1.0] };
            [[column, row], [column + along[0], row + along[1]]].map(|c| c.map(|v| v * step))
        } else {
            let (sin, cos) = (random() * std::f64::consts::TAU).sin_cos();
            // in the order of the fields, so that the index is of use
            let at = [column + random() * 8.0, row + random() * 8.0].map(|v| v * step);
            [at, [at[0] + cos * step, at[1] + sin * step]]
        };
        line.begin(GeometryType::LineString);
        line.extend(ends.map(|c| [c[0] + ORIGIN[0], c[1] + ORIGIN[1]]));
        line.end_part(PartKind::Line);
        properties.clear();
        push_value(&mut properties, 0, FieldType::Long, Value::Int(n.into()));
        writer.add(&line, &properties).unwrap();
    }
    let head = FgbHead {
        title: "",
        name: "routes",
        description: "",
        metadata: "",
        geometry: GeometryType::LineString,
        fields: &[Field {
            name: "numero".into(),
            kind: FieldType::Long,
            title: None,
            description: None,
            nullable: true,
        }],
        crs: &Crs::from_epsg(2154).unwrap(),
    };
    writer.finish(&head).unwrap();
}

fn lines(folder: &Folder, step: f64, is_net: bool) -> Loaded {
    let data = folder.join("site");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("routes.sld"), INK).unwrap();
    write_lines(&data.join("routes.fgb"), step, is_net);
    load(&data)
}

fn middle() -> Coord {
    ORIGIN.map(|v| v + GROUND / 2.0)
}

#[test]
fn dense_lines_are_as_dark_together_as_they_are_one_by_one() {
    let crs = Crs::from_epsg(2154).unwrap();
    let (mut worst, mut compared) = (Difference::default(), 0);
    let mut faults = Vec::new();
    for (is_net, step) in [(true, 80.0), (false, 80.0)] {
        let folder = Folder::new(if is_net { "cloth" } else { "straw" });
        let loaded = lines(&folder, step, is_net);
        let layer = &loaded.catalogue.layers[0];
        let (with, without) = (Studio::new(), Studio::new());
        prepare(&keeper(&with, &folder.join("cache")), layer);
        for pixel in [120.0, 140.0, 170.0, 200.0] {
            let view = view(middle(), pixel, &crs);
            let [a, b] =
                [&with, &without].map(|studio| draw(studio, layer, &layer.styles[0], view, &crs));
            let Some(level) = &a.report.layers[0].level else {
                continue;
            };
            let found = Difference::of(&a, &b);
            println!(
                "{} {pixel} m {level}: {found:?}, {} of {} features",
                if is_net { "cloth" } else { "straw" },
                a.report.layers[0].features_read,
                b.report.layers[0].features_read
            );
            worst = worst.worst(found);
            compared += 1;
            if !found.is_within(&NET_BOUND) {
                faults.push(format!("{is_net} {pixel} {level}: {found:?}"));
            }
        }
    }
    println!("{compared} maps, at worst {worst:?}");
    assert!(compared >= 6, "only {compared} maps were compared");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn maps_of_dense_lines_cut_side_by_side_have_the_pixels_of_the_whole() {
    let folder = Folder::new("netcuts");
    let loaded = lines(&folder, 80.0, true);
    let layer = &loaded.catalogue.layers[0];
    let studio = Studio::new();
    prepare(&keeper(&studio, &folder.join("cache")), layer);
    for name in ["EPSG:2154", "EPSG:3857", "EPSG:3035"] {
        let crs = Crs::parse(name).unwrap();
        let way = Transform::new(&Crs::from_epsg(2154).unwrap(), &crs).unwrap();
        let mut center = [middle()];
        way.forward(&mut center);
        let pixel = 127.0;
        let whole = view(center[0], pixel, &crs);
        let map = draw(&studio, layer, &layer.styles[0], whole, &crs);
        assert!(map.report.layers[0].level.is_some(), "{name}");
        for (left, top) in [(150, 110), (157, 113), (161, 122)] {
            let (west, north) = (
                whole.bbox.min_x + f64::from(left) * pixel,
                whole.bbox.max_y - f64::from(top) * pixel,
            );
            let cut = Bbox::new(west, north - 75.0 * pixel, west + 100.0 * pixel, north).unwrap();
            let size = Size {
                width: 100,
                height: 75,
            };
            let cut = View::new(cut, size, crs.metres_per_unit);
            let part = draw(&studio, layer, &layer.styles[0], cut, &crs);
            for (place, pixel) in part.pixmap.pixels().iter().enumerate() {
                let (x, y) = (place as u32 % 100 + left, place as u32 / 100 + top);
                assert_eq!(Some(*pixel), map.pixmap.pixel(x, y), "{name} at {x}, {y}");
            }
        }
    }
}

#[test]
fn what_a_map_of_lines_reads_does_not_grow_with_their_number() {
    let crs = Crs::from_epsg(2154).unwrap();
    let read = [80.0, 40.0].map(|step| {
        let folder = Folder::new(&format!("many-{step}"));
        let loaded = lines(&folder, step, true);
        let layer = &loaded.catalogue.layers[0];
        let studio = Studio::new();
        prepare(&keeper(&studio, &folder.join("cache")), layer);
        let map = draw(
            &studio,
            layer,
            &layer.styles[0],
            view(middle(), 130.0, &crs),
            &crs,
        );
        map.report.layers[0].vertices
    });
    // of 51 200 lines, and of 204 800
    assert!(read[0] < 12_000 && read[1] < read[0], "{read:?}");
}
