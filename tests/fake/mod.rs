//! A small catalogue in memory and an engine that draws plain rectangles: enough to test
//! protocols without files, PROJ or a renderer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]
#![allow(dead_code, reason = "each test file and bench uses a part of it")]

use std::sync::{Arc, Mutex};

use cartotheque::budget::Budget;
use cartotheque::catalogue::{
    Catalogue, Contact, Group, Layer, LayerField, LayerTime, LocalText, Metadata, Node, Popup, Site,
};
use cartotheque::crs::{AxisOrder, Crs, CrsInfo, CrsKind};
use cartotheque::encode::ImageFormat;
use cartotheque::error::{Error, Result};
use cartotheque::feature::{Feature, Field, FieldType, OwnedValue, Schema};
use cartotheque::geom::{Bbox, Geometry, GeometryType, PartKind, Size};
use cartotheque::operation::{
    DrawReport, Drawn, FeatureInfoRequest, FoundFeature, FoundFeatures, LayerReport, LegendEntry,
    LegendRequest, Limits, MapRequest,
};
use cartotheque::protocol::wms::{
    CapabilitiesCache, Engine, Service, StyleChoice, StyledLayer, answer,
};
use cartotheque::protocol::{Answer, Body, Request};
use cartotheque::query::Moment;
use cartotheque::store::{FeatureStore, Flow, Select, SelectStats};
use cartotheque::style::{ScaleRange, Style};
use tiny_skia::{Color, Pixmap};

pub const BASE: &str = "http://127.0.0.1:8080";

/// The CRSs that the tests know; PROJ knows the others.
pub fn crs(name: &str) -> Result<Crs> {
    let degrees = 111_319.490_793_273_57;
    let (authority, code, title, axis_order, kind, metres) = match name {
        "EPSG:2154" => ("EPSG", "2154", "RGF93 v1 / Lambert-93", false, false, 1.0),
        "EPSG:3857" => (
            "EPSG",
            "3857",
            "WGS 84 / Pseudo-Mercator",
            false,
            false,
            1.0,
        ),
        "EPSG:3035" => (
            "EPSG",
            "3035",
            "ETRS89-extended / LAEA Europe",
            true,
            false,
            1.0,
        ),
        "EPSG:4326" => ("EPSG", "4326", "WGS 84", true, true, degrees),
        "EPSG:4258" => ("EPSG", "4258", "ETRS89", true, true, degrees),
        "CRS:84" => ("OGC", "CRS84", "WGS 84 (CRS84)", false, true, degrees),
        "EPSG:4978" => ("EPSG", "4978", "WGS 84 (geocentric)", false, false, 1.0),
        _ => {
            return Err(Error::InvalidCrs {
                crs: name.to_owned(),
                nearest: None,
            });
        }
    };
    let kind = match (code, kind) {
        ("4978", _) => CrsKind::Other,
        (_, true) => CrsKind::Geographic,
        _ => CrsKind::Projected,
    };
    Ok(Crs::from_info(CrsInfo {
        authority: authority.into(),
        code: code.into(),
        name: title.into(),
        axis_order: match axis_order {
            true => AxisOrder::NorthEast,
            false => AxisOrder::EastNorth,
        },
        kind,
        metres_per_unit: metres,
        area_of_use: Vec::new(),
        area_name: String::new(),
        wkt: String::new(),
    }))
}

/// A store of nothing but a schema and an extent.
pub struct EmptyStore {
    schema: Schema,
    crs: Crs,
    extent: Option<Bbox>,
}

impl FeatureStore for EmptyStore {
    fn schema(&self) -> &Schema {
        &self.schema
    }
    fn crs(&self) -> Option<&Crs> {
        Some(&self.crs)
    }
    fn extent(&self) -> Option<Bbox> {
        self.extent
    }
    fn count(&self) -> u64 {
        0
    }
    fn version(&self) -> &str {
        "1"
    }
    fn select(
        &self,
        _: &Select,
        _: &Budget,
        _: &mut dyn FnMut(&dyn Feature) -> Flow,
    ) -> Result<SelectStats> {
        Ok(SelectStats::default())
    }
    fn get(&self, _: u64, _: &mut dyn FnMut(&dyn Feature) -> Result<()>) -> Result<bool> {
        Ok(false)
    }
}

pub fn bilingual(french: &str, english: &str) -> LocalText {
    LocalText::new([("fr".into(), french.into()), ("en".into(), english.into())])
}

/// A layer of polygons in Lambert-93 with two styles.
pub fn layer(id: &str, title: LocalText) -> Layer {
    let columns = [
        ("insee", FieldType::Text),
        ("nom", FieldType::Text),
        ("pop", FieldType::Long),
    ];
    let schema = Schema {
        fields: columns
            .iter()
            .map(|(name, kind)| Field {
                name: (*name).into(),
                kind: *kind,
                title: None,
                description: None,
                nullable: true,
            })
            .collect(),
        geometry: GeometryType::MultiPolygon,
        has_z: false,
        has_m: false,
    };
    let fields = columns
        .iter()
        .enumerate()
        .map(|(column, (name, kind))| LayerField {
            column,
            name: (*name).into(),
            label: (*name == "pop").then(|| bilingual("Population", "Inhabitants")),
            kind: *kind,
            unit: (*name == "pop").then(|| "hab.".into()),
            decimals: None,
            is_indexed: false,
            element: None,
            is_required: false,
        })
        .collect();
    let style = |id: &str, title: &str| {
        Arc::new(Style {
            id: id.into(),
            title: Some(title.into()),
            ..Style::default()
        })
    };
    Layer {
        id: id.into(),
        title,
        abstract_: bilingual("Limites et population", "Boundaries and population"),
        keywords: vec!["commune".into(), "limite administrative".into()],
        store: Arc::new(EmptyStore {
            schema,
            crs: crs("EPSG:2154").unwrap(),
            extent: Bbox::new(624_753.1, 6_334_556.2, 1_035_258.3, 6_642_903.4),
        }),
        path: "/srv/secret/communes.fgb".into(),
        crs: crs("EPSG:2154").unwrap(),
        extent_lonlat: Bbox::new(2.062_881_34, 44.115_493_1, 7.185_478_22, 46.804_298_7),
        styles: vec![
            style("population", "Population"),
            style("contours", "Contours"),
        ],
        fields,
        id_column: Some(0),
        xml: Default::default(),
        is_temporal: true,
        time: (id == "communes").then_some(LayerTime::Instant(0)),
        popup: Some(Popup {
            title: Some("{nom} ({insee})".into()),
            fields: vec!["pop".into(), "insee".into()],
        }),
        label: Some(1),
        scales: ScaleRange::default(),
        metadata: Metadata {
            organisation: Some("IGN".into()),
            contact: Some("geomatique@example.org".into()),
            licence: Some("etalab-2.0".into()),
            inspire: vec!["au".into()],
            covadis: vec!["DONNEE_GENERIQUE".into()],
            created: Some("2014-01-01".into()),
            revised: Some("2026-01-01".into()),
            record: None,
            identifier: None,
            lineage: Some("BD TOPO & Admin Express <2026>".into()),
        },
        attribution: Some("IGN, INSEE".into()),
        queryable: true,
        access: cartotheque::catalogue::Access::Public,
        opacity: 1.0,
        of: None,
    }
}

pub fn site() -> Site {
    Site {
        withheld: Vec::new(),
        is_of_map: false,
        title: bilingual("Cartothèque d’essai & Cie", "Test map library"),
        abstract_: bilingual("Des cartes <pour voir>", "Maps \"to see\""),
        keywords: vec!["carte".into()],
        languages: vec!["fr".into(), "en".into()],
        contact: Contact {
            organisation: "DREAL Auvergne-Rhône-Alpes".into(),
            name: Some("Camille Dupont".into()),
            email: Some("geomatique@example.org".into()),
            phone: Some("+33 4 00 00 00 00".into()),
            url: Some("https://example.org/".into()),
            city: Some("Lyon".into()),
            country: Some("France".into()),
            ..Contact::default()
        },
        licence: Some("etalab-2.0".into()),
        crs: [
            "EPSG:2154",
            "EPSG:3857",
            "EPSG:4326",
            "EPSG:4258",
            "EPSG:3035",
        ]
        .map(|name| crs(name).unwrap())
        .to_vec(),
        tile_matrix_sets: Default::default(),
        namespace: None,
        revised: "2026-02-03".into(),
    }
}

/// Layers `departements` (the one that recorded clients ask for), `stations`, `fond` (not
/// queryable, with scales and strange characters), a named group `limites` and a category.
pub fn catalogue() -> Catalogue {
    let departements = layer("departements", bilingual("Départements", "Departments"));
    let stations = Layer {
        metadata: Metadata::default(),
        keywords: Vec::new(),
        abstract_: LocalText::default(),
        popup: None,
        ..layer("stations", LocalText::plain("Stations"))
    };
    let fond = Layer {
        queryable: false,
        access: cartotheque::catalogue::Access::Public,
        opacity: 1.0,
        of: None,
        styles: vec![Arc::new(Style {
            id: "gris".into(),
            ..Style::default()
        })],
        scales: ScaleRange {
            min: Some(1_000.0),
            max: Some(2_000_000.0),
        },
        attribution: None,
        extent_lonlat: None,
        ..layer("fond & carte", LocalText::plain("Fond <gris>\u{1}"))
    };
    let communes = layer("communes", bilingual("Communes", "Municipalities"));
    let tree = vec![
        Node::Group(Group {
            id: Some("limites".into()),
            title: bilingual("Limites administratives", "Administrative boundaries"),
            abstract_: LocalText::default(),
            children: vec![Node::Layer(3), Node::Layer(0)],
        }),
        Node::Group(Group {
            id: None,
            title: LocalText::plain("Divers"),
            abstract_: LocalText::default(),
            children: vec![Node::Layer(1)],
        }),
    ];
    let layers = [departements, stations, fond, communes]
        .map(Arc::new)
        .to_vec();
    Catalogue::new(site(), layers, tree, 7, Vec::new()).unwrap()
}

/// A catalogue of many layers, in groups of twenty.
pub fn large_catalogue(layers: usize) -> Catalogue {
    let all: Vec<Arc<Layer>> = (0..layers)
        .map(|i| {
            let title = bilingual(&format!("Couche numéro {i}"), &format!("Layer number {i}"));
            Arc::new(layer(&format!("couche-{i}"), title))
        })
        .collect();
    let tree = (0..layers.div_ceil(20))
        .map(|g| {
            Node::Group(Group {
                id: Some(format!("groupe-{g}")),
                title: LocalText::plain(format!("Groupe {g}")),
                abstract_: LocalText::default(),
                children: (g * 20..(g * 20 + 20).min(layers))
                    .map(Node::Layer)
                    .collect(),
            })
        })
        .collect();
    Catalogue::new(site(), all, tree, 7, Vec::new()).unwrap()
}

/// Draws a rectangle over the background, finds two features in every layer, and remembers what
/// it was asked.
#[derive(Debug, Default)]
pub struct FakeEngine {
    pub maps: Mutex<Vec<MapRequest>>,
    pub infos: Mutex<Vec<FeatureInfoRequest>>,
    pub legends: Mutex<Vec<LegendRequest>>,
    /// Set: every operation fails with it.
    pub fault: Option<Error>,
    /// True: nothing is found anywhere.
    pub finds_nothing: bool,
}

impl FakeEngine {
    fn failed(&self) -> Result<()> {
        self.fault.clone().map_or(Ok(()), Err)
    }
}

pub const LEGEND: [u32; 2] = [120, 44];

impl Engine for FakeEngine {
    fn crs(&self, name: &str) -> Result<Crs> {
        crs(name)
    }

    fn extent_in(&self, layer: &Layer, crs: &Crs) -> Option<Bbox> {
        match crs.kind {
            CrsKind::Geographic => layer.extent_lonlat,
            _ => layer.extent_lonlat.and(layer.store.extent()),
        }
    }

    fn time_extent(&self, layer: &Layer, _: &Budget) -> Result<[Option<Moment>; 2]> {
        let ends = layer.time.map(|_| ["2001-05-04", "2024-02-29"]);
        Ok(ends.map_or([None, None], |ends| ends.map(Moment::parse)))
    }

    fn map(&self, request: &MapRequest, _: &Budget) -> Result<Drawn> {
        self.failed()?;
        let size = request.view.size;
        let mut pixmap = Pixmap::new(size.width, size.height).unwrap();
        if !request.transparent {
            let [r, g, b] = request.background;
            pixmap.fill(Color::from_rgba8(r, g, b, 255));
        }
        let layers = request
            .layers
            .iter()
            .map(|layer| LayerReport {
                layer: layer.layer.id.clone(),
                style: layer.style.id.clone(),
                pipeline: "proj=noop".into(),
                in_scale: true,
                features_drawn: 1,
                ..LayerReport::default()
            })
            .collect();
        self.maps.lock().unwrap().push(request.clone());
        Ok(Drawn {
            pixmap,
            report: DrawReport {
                layers,
                ..DrawReport::default()
            },
        })
    }

    fn feature_info(&self, request: &FeatureInfoRequest, _: &Budget) -> Result<FoundFeatures> {
        self.failed()?;
        self.infos.lock().unwrap().push(request.clone());
        if self.finds_nothing {
            return Ok(FoundFeatures::default());
        }
        let mut found = FoundFeatures::default();
        for layer in &request.query_layers {
            found.layers.push(LayerReport {
                layer: layer.layer.id.clone(),
                features_read: 3,
                ..LayerReport::default()
            });
            for i in 0..request.feature_count.min(2) {
                let x = f64::from(i);
                let mut geometry = Geometry::new(GeometryType::MultiPolygon);
                geometry.extend([[x, 45.0], [x + 2.0, 45.0], [x + 2.0, 47.5], [x, 45.0]]);
                geometry.end_part(PartKind::Polygon);
                found.features.push(FoundFeature {
                    layer: Arc::clone(&layer.layer),
                    id: format!("0100{i}"),
                    values: vec![
                        OwnedValue::Text(format!("0100{i}")),
                        OwnedValue::Text("L'Abergement <Clémenciat> & \"Cie\"".into()),
                        if i == 0 {
                            OwnedValue::Int(12_345)
                        } else {
                            OwnedValue::Null
                        },
                    ],
                    bbox: geometry.bbox(),
                    geometry,
                    position: [x, 46.0],
                });
            }
        }
        Ok(found)
    }

    fn legend(&self, request: &LegendRequest, _: &Budget) -> Result<Pixmap> {
        self.failed()?;
        self.legends.lock().unwrap().push(request.clone());
        let mut pixmap = Pixmap::new(LEGEND[0], LEGEND[1]).unwrap();
        pixmap.fill(Color::from_rgba8(10, 20, 30, 255));
        Ok(pixmap)
    }

    fn legend_size(&self, _: &LegendRequest) -> Result<[u32; 2]> {
        Ok(LEGEND)
    }

    fn legend_entries(&self, request: &LegendRequest, _: &Budget) -> Result<Vec<LegendEntry>> {
        self.failed()?;
        Ok(vec![LegendEntry {
            title: format!("{} \"entrée\"", request.style.id),
            rule: Some("règle".into()),
            swatch: Pixmap::new(request.swatch[0], request.swatch[1]).unwrap(),
        }])
    }

    fn encode(&self, pixmap: &Pixmap, format: ImageFormat) -> Result<Vec<u8>> {
        Ok(match format {
            ImageFormat::Png | ImageFormat::Png8 => pixmap.encode_png().unwrap(),
            ImageFormat::Jpeg => b"\xFF\xD8\xFF".to_vec(),
            ImageFormat::Webp => b"RIFF\0\0\0\0WEBP".to_vec(),
        })
    }

    fn message_image(&self, size: Size, text: &str, background: Option<[u8; 3]>) -> Result<Pixmap> {
        assert!(!text.is_empty());
        let mut pixmap = Pixmap::new(size.width, size.height).unwrap();
        if let Some([r, g, b]) = background {
            pixmap.fill(Color::from_rgba8(r, g, b, 255));
        }
        Ok(pixmap)
    }

    /// Understands lines of `layer style`; a style that begins with `*` is the document's own.
    fn read_styles(&self, document: &str) -> Result<Vec<StyledLayer>> {
        document
            .lines()
            .map(|line| {
                let (layer, style) = line.split_once(' ').ok_or(Error::InvalidStyle {
                    message: "expected a layer and a style".into(),
                    line: 1,
                    column: 1,
                })?;
                Ok(StyledLayer {
                    layer: layer.into(),
                    filter: None,
                    style: match style.strip_prefix('*') {
                        Some(id) => StyleChoice::User(Arc::new(Style {
                            id: id.into(),
                            ..Style::default()
                        })),
                        None => StyleChoice::Named(style.into()),
                    },
                })
            })
            .collect()
    }

    fn write_styles(&self, styles: &[(Arc<Layer>, Arc<Style>)]) -> Result<String> {
        Ok(styles
            .iter()
            .map(|(l, s)| format!("{}/{};", l.id, s.id))
            .collect())
    }
}

/// A whole service in memory.
#[derive(Debug)]
pub struct World {
    pub catalogue: Catalogue,
    pub limits: Limits,
    pub engine: FakeEngine,
    pub cache: CapabilitiesCache,
    pub explain: bool,
}

impl Default for World {
    fn default() -> World {
        World::of(catalogue())
    }
}

impl World {
    pub fn of(catalogue: Catalogue) -> World {
        World {
            catalogue,
            limits: Limits::default(),
            engine: FakeEngine::default(),
            cache: CapabilitiesCache::default(),
            explain: true,
        }
    }

    pub fn service(&self) -> Service<'_> {
        Service {
            catalogue: &self.catalogue,
            limits: &self.limits,
            engine: &self.engine,
            capabilities: &self.cache,
            explain: self.explain,
        }
    }

    /// The answer to a query string at `/wms`.
    pub fn get(&self, query: &str) -> Answer {
        self.ask(&Request {
            query,
            base: BASE,
            ..Request::default()
        })
    }

    pub fn post(&self, query: &str, media_type: &str, body: &[u8]) -> Answer {
        self.ask(&Request {
            query,
            base: BASE,
            body: Some(Body {
                media_type,
                bytes: body,
            }),
            ..Request::default()
        })
    }

    pub fn ask(&self, request: &Request<'_>) -> Answer {
        answer(&self.service(), request, &Budget::unlimited())
    }

    /// The map that the last GetMap asked for.
    pub fn last_map(&self) -> MapRequest {
        self.engine
            .maps
            .lock()
            .unwrap()
            .last()
            .expect("a map was drawn")
            .clone()
    }
}

pub fn text(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).expect("text")
}

/// The code of an exception report; the whole answer in the message where it is none.
pub fn code(answer: &Answer) -> &str {
    let text = text(answer);
    text.split_once("code=\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(code, _)| code)
        .unwrap_or_else(|| panic!("no exception: {} {text}", answer.media_type))
}
