//! Labels by a list of who has a chance: the maps are those of everybody asked.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests, over data they know"
)]

mod common;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use cartotheque::budget::Budget;
use cartotheque::catalogue::Layer;
use cartotheque::config::{self, FileSources, LoadOptions, Loaded};
use cartotheque::crs::{Crs, Transform};
use cartotheque::feature::{Field, FieldType, Value};
use cartotheque::geom::{Bbox, Coord, Geometry, GeometryType, PartKind, Size, View};
use cartotheque::operation::{Drawn, MapLayer, MapRequest, Studio};
use cartotheque::overview::{Cache, Keeper, Outcome};
use cartotheque::store::fgb::{FgbHead, FgbWriter, push_value};
use common::Scratch;

const PLACES: u64 = 60_000;
const ORIGIN: Coord = [700_000.0, 6_400_000.0];
/// Metres that the places are spread over.
const SPREAD: f64 = 300_000.0;

struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Places, half of them around a few towns: some without a name, some with a long one.
fn write_places(path: &Path) {
    let field = |name: &str, kind| Field {
        name: name.into(),
        kind,
        title: None,
        description: None,
        nullable: true,
    };
    let mut writer = FgbWriter::create(path, GeometryType::Point).unwrap();
    let mut numbers = Numbers(7);
    let towns: Vec<Coord> = (0..40)
        .map(|_| ORIGIN.map(|v| v + numbers.next() * SPREAD))
        .collect();
    let mut place = Geometry::default();
    let mut properties = Vec::new();
    for n in 0..PLACES {
        let at = if n % 2 == 0 {
            ORIGIN.map(|v| v + numbers.next() * SPREAD)
        } else {
            let town = towns[(numbers.next() * 40.0) as usize];
            town.map(|v| v + (numbers.next() + numbers.next() - 1.0) * 8000.0)
        };
        place.begin(GeometryType::Point);
        place.push(at);
        place.end_part(PartKind::Points);
        properties.clear();
        let name = match n % 50 {
            0 => String::new(),
            1 => "Saint-Sulpice-la-Forêt-sous-les-Vignes-du-Haut-Pays-de-la-Montagne".repeat(2),
            _ => format!("Lieu {}", n % 997),
        };
        push_value(&mut properties, 0, FieldType::Text, Value::Text(&name));
        let people = (1.0 / (numbers.next() + 1e-4)) as i64;
        push_value(&mut properties, 1, FieldType::Long, Value::Int(people));
        writer.add(&place, &properties).unwrap();
    }
    let fields = [field("nom", FieldType::Text), field("pop", FieldType::Long)];
    writer
        .finish(&FgbHead {
            title: "",
            name: "lieux",
            description: "",
            metadata: "",
            geometry: GeometryType::Point,
            fields: &fields,
            crs: &Crs::from_epsg(2154).unwrap(),
        })
        .unwrap();
}

/// Two texts of two sizes, one for those that are large; both by priority of population.
const STYLE: &str = r##"<StyledLayerDescriptor xmlns="http://www.opengis.net/sld" xmlns:ogc="http://www.opengis.net/ogc" version="1.0.0">
<NamedLayer><Name>lieux</Name><UserStyle><FeatureTypeStyle>
<Rule><ogc:Filter><ogc:PropertyIsGreaterThan><ogc:PropertyName>pop</ogc:PropertyName><ogc:Literal>50</ogc:Literal></ogc:PropertyIsGreaterThan></ogc:Filter>
<TextSymbolizer><Label><ogc:PropertyName>nom</ogc:PropertyName></Label><Font><CssParameter name="font-size">15</CssParameter></Font><Priority><ogc:PropertyName>pop</ogc:PropertyName></Priority></TextSymbolizer></Rule>
<Rule><ogc:Filter><ogc:PropertyIsLessThanOrEqualTo><ogc:PropertyName>pop</ogc:PropertyName><ogc:Literal>50</ogc:Literal></ogc:PropertyIsLessThanOrEqualTo></ogc:Filter>
<TextSymbolizer><Label><ogc:PropertyName>nom</ogc:PropertyName></Label><Font><CssParameter name="font-size">9</CssParameter></Font><Priority><ogc:PropertyName>pop</ogc:PropertyName></Priority></TextSymbolizer></Rule>
</FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"##;

fn load(folder: &Path, style: &str) -> Loaded {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("lieux.sld"), style).unwrap();
    write_places(&folder.join("lieux.fgb"));
    let loaded = config::load(folder, LoadOptions::default(), &FileSources);
    assert!(!loaded.refused, "{:?}", loaded.diagnostics);
    loaded
}

fn prepare(studio: &Studio, layer: &Layer, cache: &Path) {
    let crs = ["EPSG:3857", "EPSG:2154"].map(|name| Crs::parse(name).unwrap());
    let cache = Cache::open(cache, 1 << 30).unwrap();
    let keeper = Keeper::new(Arc::clone(studio.overviews()), cache, crs.to_vec());
    let outcome = keeper.prepare(layer, &Budget::unlimited(), &|_| {});
    assert!(matches!(outcome, Ok(Outcome::Built { .. })), "{outcome:?}");
}

fn draw(studio: &Studio, layer: &Arc<Layer>, crs: &Crs, (at, pixel): (Coord, f64)) -> Drawn {
    let size = Size {
        width: 600,
        height: 450,
    };
    let bbox = Bbox::new(
        at[0] - 300.0 * pixel,
        at[1] - 225.0 * pixel,
        at[0] + 300.0 * pixel,
        at[1] + 225.0 * pixel,
    );
    let request = MapRequest {
        view: View::new(bbox.unwrap(), size, crs.metres_per_unit),
        crs: crs.clone(),
        layers: vec![MapLayer {
            layer: Arc::clone(layer),
            style: Arc::clone(&layer.styles[0]),
            filter: None,
        }],
        background: [255; 3],
        transparent: false,
    };
    studio.map(&request, &Budget::unlimited()).unwrap()
}

#[test]
fn the_labels_of_a_list_are_those_of_everybody_asked() {
    let folder = Scratch::new("names");
    let loaded = load(&folder.0.join("site"), STYLE);
    let layer = &loaded.catalogue.layers[0];
    let (with, without) = (Studio::new(), Studio::new());
    prepare(&with, layer, &folder.0.join("cache"));
    let mut numbers = Numbers(3);
    let (mut listed, mut placed) = (0, 0);
    for name in ["EPSG:3857", "EPSG:2154", "EPSG:3035"] {
        let crs = Crs::parse(name).unwrap();
        let way = Transform::new(&Crs::from_epsg(2154).unwrap(), &crs).unwrap();
        for pixel in [200.0, 431.0, 764.4, 1500.0, 2600.0] {
            let mut at = [ORIGIN.map(|v| v + (0.2 + 0.6 * numbers.next()) * SPREAD)];
            way.forward(&mut at);
            let by_list = draw(&with, layer, &crs, (at[0], pixel));
            let by_all = draw(&without, layer, &crs, (at[0], pixel));
            let told = &by_list.report.layers[0].names;
            assert!(told.is_none() || name != "EPSG:3035", "{told:?}");
            listed += usize::from(told.is_some());
            assert!(by_all.report.layers[0].names.is_none());
            placed += by_all.report.labels;
            assert_eq!(
                by_list.report.labels, by_all.report.labels,
                "{name} {pixel}"
            );
            assert!(by_list.pixmap == by_all.pixmap, "{name} {pixel}");
        }
    }
    assert!(listed >= 6, "{listed} maps by a list");
    assert!(placed > 1000, "{placed} labels");
}

#[test]
fn who_may_be_named_beyond_the_first_of_a_square_is_asked() {
    for (name, style) in [
        // labels that may overlap
        (
            "overlap",
            STYLE.replace(
                "<Priority>",
                r#"<VendorOption name="conflictResolution">false</VendorOption><Priority>"#,
            ),
        ),
        // sizes on the ground
        (
            "ground",
            STYLE.replace(
                "<TextSymbolizer>",
                r#"<TextSymbolizer uom="http://www.opengeospatial.org/se/units/metre">"#,
            ),
        ),
    ] {
        let folder = Scratch::new(&format!("names-{name}"));
        let loaded = load(&folder.0.join("site"), &style);
        let layer = &loaded.catalogue.layers[0];
        let studio = Studio::new();
        prepare(&studio, layer, &folder.0.join("cache"));
        let crs = Crs::from_epsg(2154).unwrap();
        let at = ORIGIN.map(|v| v + SPREAD / 2.0);
        let drawn = draw(&studio, layer, &crs, (at, 500.0));
        assert_eq!(drawn.report.layers[0].names, None, "{name}");
    }
}
