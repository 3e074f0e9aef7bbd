//! Maps on paper: the size of the page, the scale on the ground, the words, as those who read
//! the file find them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

#[path = "common/mod.rs"]
mod common;
#[path = "common/pdf.rs"]
mod pdf;

use std::path::{Path, PathBuf};
use std::process::Command;

use cartotheque::budget::Budget;
use cartotheque::catalogue::map::PrintLayout;
use cartotheque::crs::{Crs, Transform};
use cartotheque::error::Error;
use cartotheque::feature::{Field, FieldType, Value};
use cartotheque::geom::{Bbox, Coord, Geometry, GeometryType, PartKind, Size, View};
use cartotheque::operation::{MapLayer, MapRequest, PrintPart, PrintRequest};
use cartotheque::server::{Options, State};
use cartotheque::store::fgb::{FgbHead, FgbWriter, push_value};
use pdf::Pdf;

fn state(path: &Path) -> State {
    State::load(Options {
        path: path.to_path_buf(),
        base_url: None,
        trusted_proxies: Vec::new(),
        workers: 1,
        strict: true,
        explain: false,
        cache: None,
    })
    .unwrap()
}

/// A request for layers of a site, bottom first.
fn request(state: &State, names: &[&str], paper: &str, crs: &str) -> PrintRequest {
    let site = state.whole();
    let crs = Crs::parse(crs).unwrap();
    let layers: Vec<MapLayer> = names
        .iter()
        .map(|name| {
            let (id, style) = name.split_once(':').unwrap_or((name, ""));
            let layer = site.catalogue.layer(id).unwrap().clone();
            MapLayer {
                style: layer.style(style).unwrap().clone(),
                layer,
                filter: None,
            }
        })
        .collect();
    let extent = layers
        .iter()
        .filter_map(|l| site.studio.extent_in(&l.layer, &crs))
        .reduce(|a, b| a.union(&b))
        .unwrap();
    let legend = layers.iter().rev().map(|l| {
        let title = l.layer.title.get("fr").to_owned();
        PrintPart::Layer(title, l.clone())
    });
    PrintRequest {
        paper: PrintLayout::parse(paper).unwrap(),
        dpi: 150,
        crs,
        extent,
        center: None,
        scale: None,
        legend: legend.collect(),
        layers,
        title: "Limites et eau en Auvergne-Rhône-Alpes".into(),
        subtitle: "Communes, cours d’eau et œuvres d’art : une carte d’essai, dont le résumé est assez long pour prendre plus d’une ligne sur une feuille A4 debout.".into(),
        author: "DREAL Auvergne-Rhône-Alpes".into(),
        keywords: vec!["eau".into()],
        sources: vec!["IGN, INSEE".into(), "OpenStreetMap".into()],
        missing_basemap: None,
        below: None,
        above: None,
        added: Vec::new(),
        address: "https://cartes.example.org/maps/essai".into(),
        language: "fr".into(),
        printed: jiff::civil::date(2026, 11, 22).at(14, 5, 0, 0),
        max_pixels: 40_000_000,
    }
}

/// Prints, and keeps the file for programs that read files.
fn print(name: &str, state: &State, request: &PrintRequest) -> (PathBuf, Vec<u8>) {
    let site = state.whole();
    let bytes = site.studio.print(request, &Budget::unlimited()).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("print");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}.pdf"));
    std::fs::write(&path, &bytes).unwrap();
    (path, bytes)
}

/// What a program says, where it is installed.
fn said(program: &str, arguments: &[&str], path: &Path) -> Option<String> {
    let mut command = Command::new(program);
    let (before, after): (Vec<&str>, Vec<&str>) = arguments.iter().partition(|a| **a != "-");
    let output = command.args(before).arg(path).args(after).output();
    let Ok(output) = output else {
        eprintln!("skipped: {program} is not installed");
        return None;
    };
    assert!(output.status.success(), "{output:?}");
    // in a font all spaces are one glyph, so a copy has the first of them
    let text = String::from_utf8_lossy(&output.stdout);
    Some(text.replace(['\u{a0}', '\u{202f}'], " "))
}

const CENTER: Coord = [5.7, 45.2];
/// Around it: west, east, south, north.
const AROUND: [Coord; 4] = [[5.6, 45.2], [5.8, 45.2], [5.7, 45.14], [5.7, 45.26]];

/// A site of one layer: black squares at [`CENTER`] and around it.
fn landmarks(name: &str) -> common::Scratch {
    let scratch = common::Scratch::new(name);
    let root = &scratch.0;
    for folder in ["capabilities/layers", "styles", "data"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    let fields = [Field {
        name: "numero".into(),
        kind: FieldType::Long,
        title: None,
        description: None,
        nullable: true,
    }];
    let lambert = Crs::from_epsg(2154).unwrap();
    let mut places = vec![CENTER];
    places.extend(AROUND);
    Transform::new(&Crs::crs84(), &lambert)
        .unwrap()
        .forward(&mut places);
    let mut writer =
        FgbWriter::create(&root.join("data/reperes.fgb"), GeometryType::Point).unwrap();
    for (number, place) in places.iter().enumerate() {
        let mut point = Geometry::default();
        point.begin(GeometryType::Point);
        point.push(*place);
        point.end_part(PartKind::Points);
        let mut properties = Vec::new();
        push_value(
            &mut properties,
            0,
            FieldType::Long,
            Value::Int(number as i64),
        );
        writer.add(&point, &properties).unwrap();
    }
    let head = FgbHead {
        title: "",
        name: "reperes",
        description: "",
        metadata: "",
        geometry: GeometryType::Point,
        fields: &fields,
        crs: &lambert,
    };
    writer.finish(&head).unwrap();
    std::fs::write(
        root.join("styles/carre.sld"),
        r##"<StyledLayerDescriptor version="1.0.0" xmlns="http://www.opengis.net/sld"><NamedLayer><Name>x</Name><UserStyle><FeatureTypeStyle><Rule><Title>Repère</Title><PointSymbolizer><Graphic><Mark><WellKnownName>square</WellKnownName><Fill><CssParameter name="fill">#000000</CssParameter></Fill></Mark><Size>8</Size></Graphic></PointSymbolizer></Rule></FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"##,
    )
    .unwrap();
    std::fs::write(
        root.join("capabilities/layers/reperes.yaml"),
        "schema: cartotheque/layer@1\nid: reperes\ntitle: Repères\nsource: {file: data/reperes.fgb}\nstyles: [carre]\naccess: public\n",
    )
    .unwrap();
    std::fs::write(
        root.join("capabilities/server.yaml"),
        "schema: cartotheque/server@1\ntitle: Essai\ncrs: [\"EPSG:2154\", \"EPSG:3857\"]\n",
    )
    .unwrap();
    scratch
}

/// Metres between two positions on the ellipsoid, by another's code than ours.
fn metres(a: Coord, b: Coord) -> f64 {
    use geo::{Distance, Geodesic, Point};
    Geodesic.distance(Point::from(a), Point::from(b))
}

#[test]
fn known_places_are_at_the_right_millimetres_in_every_projection() {
    let scratch = landmarks("print-scale");
    let state = state(&scratch.0);
    for crs in [
        "EPSG:2154",
        "EPSG:3857",
        "EPSG:4326",
        "EPSG:3946",
        "EPSG:3035",
    ] {
        let mut request = request(&state, &["reperes"], "a4-paysage", crs);
        let mut center = [CENTER];
        Transform::new(&Crs::crs84(), &request.crs)
            .unwrap()
            .forward(&mut center);
        request.center = Some(center[0]);
        request.scale = Some(150_000.0);
        let (_, bytes) = print(&crs.replace(':', "-"), &state, &request);
        let map = Pdf::read(&bytes).map();
        let (w, h) = (map.width, map.height);
        let (third, fifth) = (w / 5, h / 5);
        let middle = map.dark_at([2 * third, 2 * fifth, w - 2 * third, h - 2 * fifth]);
        let [_, _, width_pt, height_pt] = map.place;
        let center_mm = [width_pt, height_pt].map(|pt| pt / 2.0 * 25.4 / 72.0);
        for (found, wanted) in middle.iter().zip(center_mm) {
            assert!(
                (found - wanted).abs() < 0.05,
                "{crs}: {middle:?}, {center_mm:?}"
            );
        }
        let [west, east] = [
            map.dark_at([0, fifth, 2 * third, h - fifth]),
            map.dark_at([w - 2 * third, fifth, w, h - fifth]),
        ];
        let [south, north] = [
            map.dark_at([2 * third, h - 2 * fifth, w - 2 * third, h]),
            map.dark_at([2 * third, 0, w - 2 * third, 2 * fifth]),
        ];
        for (a, b, from, to) in [(west, east, 0, 1), (south, north, 2, 3)] {
            let mm = (a[0] - b[0]).hypot(a[1] - b[1]);
            let wanted = metres(AROUND[from], AROUND[to]) / 150.0;
            let off = mm / wanted - 1.0;
            println!(
                "{crs}: {mm:.3} mm, {wanted:.3} on the ground: {:+.3} %",
                off * 100.0
            );
            assert!(
                wanted > 80.0 && off.abs() < 0.002,
                "{crs}: {mm} mm, not {wanted}"
            );
        }
    }
}

#[test]
fn pages_have_the_size_of_their_sheet_and_the_words_of_their_language() {
    let state = state(common::repository());
    let names = [
        "mer",
        "pays",
        "region",
        "cours-eau",
        "lacs",
        "departements",
        "villes",
    ];
    for (paper, width, height) in [
        ("a4-paysage", 841.89, 595.28),
        ("a4-portrait", 595.28, 841.89),
        ("a3-paysage", 1190.55, 841.89),
        ("a3-portrait", 841.89, 1190.55),
    ] {
        let mut request = request(&state, &names, paper, "EPSG:2154");
        request.extent = Bbox::new(624_753.0, 6_334_556.0, 1_035_258.0, 6_642_903.0).unwrap();
        let (path, bytes) = print(paper, &state, &request);
        let read = Pdf::read(&bytes);
        let page = read.of_type("/Page")[0];
        let sides = pdf::value(&page.dict, "/MediaBox").unwrap();
        let sides: Vec<f64> = sides
            .trim_matches(['[', ']'])
            .split_whitespace()
            .map(|n| n.parse().unwrap())
            .collect();
        assert!(
            (sides[2] - width).abs() < 0.01 && (sides[3] - height).abs() < 0.01,
            "{sides:?}"
        );
        let map = read.map();
        let dpi = f64::from(map.width) / map.place[2] * 72.0;
        assert!((dpi - 150.0).abs() < 1e-3, "{dpi}");
        let catalog = read.of_type("/Catalog")[0];
        for key in ["/Lang", "/StructTreeRoot", "/MarkInfo", "/Metadata"] {
            assert!(catalog.dict.contains(key), "{key}");
        }
        if let Some(text) = said("pdftotext", &["-layout", "-"], &path) {
            for expected in [
                "Limites et eau en Auvergne-Rhône-Alpes",
                "œuvres d’art",
                "Légende",
                "Échelle 1:",
                " 000",
                "Sources",
                "IGN, INSEE",
                "RGF93 v1 / Lambert-93 (EPSG:2154)",
                "22 novembre 2026",
                "DREAL Auvergne-Rhône-Alpes",
            ] {
                assert!(
                    text.contains(expected),
                    "{paper}: no {expected:?} in\n{text}"
                );
            }
        }
        if let Some(info) = said("pdfinfo", &[], &path) {
            assert!(info.contains("Title:           Limites et eau"), "{info}");
            assert!(info.contains("Tagged:          yes"), "{info}");
            assert!(info.contains("Author:          DREAL"), "{info}");
        }
        if let Some(fonts) = said("pdffonts", &[], &path) {
            let embedded = fonts.lines().skip(2).all(|l| l.contains("yes yes yes"));
            assert!(embedded && fonts.contains("NotoSans-Bold"), "{fonts}");
        }
    }
    let mut request = request(&state, &["communes"], "a4-paysage", "EPSG:3857");
    request.language = "en".into();
    request.scale = Some(1_500_000.0);
    let (path, _) = print("english", &state, &request);
    if let Some(text) = said("pdftotext", &["-layout", "-"], &path) {
        for expected in [
            "Legend",
            "Scale 1:1,500,000",
            "at the centre of the map",
            "printed at 100%",
            "WGS 84 / Pseudo-Mercator (EPSG:3857)",
        ] {
            assert!(text.contains(expected), "no {expected:?} in\n{text}");
        }
    }
}

#[test]
fn a_long_legend_goes_on_over_the_page_and_loses_nothing() {
    let state = state(common::repository());
    let mut request = request(&state, &["communes"], "a4-paysage", "EPSG:2154");
    let layer = match &request.legend[0] {
        PrintPart::Layer(_, layer) => layer.clone(),
        PrintPart::Group(..) => panic!("a layer"),
    };
    request.legend = (0..40)
        .flat_map(|n| {
            [
                PrintPart::Group(format!("Groupe {n:02}"), 0),
                PrintPart::Layer(format!("Couche {n:02}"), layer.clone()),
            ]
        })
        .collect();
    let (path, bytes) = print("long", &state, &request);
    let count = Pdf::read(&bytes).of_type("/Page").len();
    assert!(count > 1, "{count} pages");
    if let Some(text) = said("pdftotext", &["-layout", "-"], &path) {
        for n in 0..40 {
            assert!(text.contains(&format!("Groupe {n:02}")), "{n}");
            assert!(text.contains(&format!("Couche {n:02}")), "{n}");
        }
        assert!(text.contains("Légende (suite)") && text.contains(&format!("Page 2 sur {count}")));
    }
}

#[test]
fn a_map_drawn_in_bands_is_the_map_drawn_whole_and_too_large_a_one_is_refused() {
    let state = state(common::repository());
    let mut request = request(
        &state,
        &["region", "departements", "villes"],
        "a3-paysage",
        "EPSG:2154",
    );
    request.dpi = 200;
    request.scale = Some(1_250_000.0);
    let (_, bytes) = print("bands", &state, &request);
    let map = Pdf::read(&bytes).map();
    assert!(map.width * map.height > 4_000_000, "more than a band");
    let site = state.whole();
    let [x, y] = request.extent.center();
    let ground = request.crs.ground_at([x, y]).unwrap();
    let half = |pixels: u32, along: f64| {
        f64::from(pixels) / 2.0 * 25.4 / 200.0 / 1000.0 * 1_250_000.0 / along
    };
    let [dx, dy] = [
        half(map.width, ground.metres_per_unit[0]),
        half(map.height, ground.metres_per_unit[1]),
    ];
    let size = Size {
        width: map.width,
        height: map.height,
    };
    let bbox = Bbox::new(x - dx, y - dy, x + dx, y + dy).unwrap();
    let whole = MapRequest {
        view: View {
            pixel_ratio: 200.0 * 0.28 / 25.4,
            ..View::new(bbox, size, 1.0)
        },
        crs: request.crs.clone(),
        layers: request.layers.clone(),
        background: [255; 3],
        transparent: false,
    };
    let whole = site
        .studio
        .map(&whole, &Budget::unlimited())
        .unwrap()
        .pixmap;
    let whole = whole.data().as_chunks::<4>().0.iter();
    let drawn = map.rgb.as_chunks::<3>().0.iter();
    let different = whole
        .zip(drawn)
        .filter(|([r, g, b, _], rgb)| [*r, *g, *b] != **rgb)
        .count();
    assert_eq!(different, 0, "pixels of {}", map.width * map.height);
    request.max_pixels = 1000;
    let refused = site.studio.print(&request, &Budget::unlimited());
    assert!(
        matches!(refused, Err(Error::LimitExceeded { limit: 1000, .. })),
        "{refused:?}"
    );
}

#[test]
fn readers_of_coordinates_find_the_map_on_the_ground() {
    let scratch = landmarks("print-ground");
    let state = state(&scratch.0);
    let mut request = request(&state, &["reperes"], "a4-portrait", "EPSG:2154");
    let mut center = [CENTER];
    Transform::new(&Crs::crs84(), &request.crs)
        .unwrap()
        .forward(&mut center);
    request.center = Some(center[0]);
    request.scale = Some(100_000.0);
    let (path, _) = print("ground", &state, &request);
    let Some(info) = said("gdalinfo", &["-json"], &path) else {
        return;
    };
    let info: serde_json::Value = serde_json::from_str(&info).unwrap();
    let transform: Vec<f64> = info["geoTransform"]
        .as_array()
        .expect("a position")
        .iter()
        .map(|n| n.as_f64().unwrap())
        .collect();
    // the whole page, at 150 points an inch: a pixel is 16.933 m of Lambert-93 by its scale there
    let ground = request.crs.ground_at(center[0]).unwrap();
    let wanted = 25.4 / 150.0 * 100.0 / ground.metres_per_unit[0];
    assert!(
        (transform[1] / wanted - 1.0).abs() < 0.0005,
        "{transform:?}, {wanted}"
    );
    assert!(
        info["coordinateSystem"]["wkt"]
            .as_str()
            .unwrap()
            .contains("Lambert")
    );
}
