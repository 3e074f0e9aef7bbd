//! The sites that are asked, and a way to ask them without HTTP.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use cartotheque::budget::Budget;
use cartotheque::decode::xml::{Element, Limits};
use cartotheque::encode::feature::Rest;
use cartotheque::protocol::{Body, Request, wfs};
use cartotheque::server::{Options, State};

use crate::common::{Scratch, repository};

pub const BASE: &str = "https://example.org/cartes";

/// An answer with all its pieces.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub media_type: String,
    pub text: String,
}

impl Reply {
    pub fn xml(&self) -> Element {
        let limits = Limits {
            bytes: 1 << 28,
            elements: 10_000_000,
            ..Limits::default()
        };
        Element::parse(&self.text, &limits).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    /// The features, whatever stands around them.
    pub fn features(&self) -> Vec<Element> {
        assert_eq!(self.status, 200, "{}", self.text);
        let mut features = Vec::new();
        collect(&self.xml(), &mut features);
        features
    }

    /// The ids of the features, in order.
    pub fn ids(&self) -> Vec<String> {
        let features = self.features();
        let id = |e: &Element| e.attribute("id").or(e.attribute("fid")).unwrap().to_owned();
        features.iter().map(id).collect()
    }

    /// The code and locator of an exception.
    pub fn exception(&self) -> (String, String) {
        let report = self.xml();
        let exception = report.elements().next().unwrap();
        let of = |names: [&str; 2]| {
            let value = names.iter().find_map(|n| exception.attribute(n));
            value.unwrap_or_default().to_owned()
        };
        (of(["exceptionCode", "code"]), of(["locator", "locator"]))
    }
}

fn collect(element: &Element, features: &mut Vec<Element>) {
    for child in element.elements() {
        match child.name.as_str() {
            "member" | "featureMember" => {
                for inner in child.elements() {
                    match inner.name.as_str() {
                        "FeatureCollection" => collect(inner, features),
                        _ => features.push(inner.clone()),
                    }
                }
            }
            _ => {}
        }
    }
}

/// A site in memory.
pub struct World {
    state: State,
    _folder: Option<Scratch>,
}

impl World {
    pub fn get(&self, query: &str) -> Reply {
        self.ask(&Request {
            query,
            base: BASE,
            ..Request::default()
        })
    }

    pub fn post(&self, body: &str) -> Reply {
        self.ask(&Request {
            body: Some(Body {
                media_type: "text/xml",
                bytes: body.as_bytes(),
            }),
            base: BASE,
            ..Request::default()
        })
    }

    pub fn ask(&self, request: &Request<'_>) -> Reply {
        let site = self.state.whole();
        let service = wfs::Service {
            catalogue: &site.catalogue,
            limits: &site.limits,
            studio: &site.studio,
            names: &site.known.type_names,
        };
        let limits = &site.limits;
        let allowed = Duration::from_secs(60);
        let budget = Budget::new(allowed, limits.features, limits.vertices);
        let answer = wfs::answer(&service, request, &budget);
        let mut body = answer.body.to_vec();
        if let Some(more) = &answer.more {
            while more.pull(&mut body, &Budget::unlimited()).unwrap() == Rest::More {}
        }
        Reply {
            status: answer.status,
            media_type: answer.media_type.into_owned(),
            text: String::from_utf8(body).expect("text in UTF-8"),
        }
    }
}

pub fn load(path: &Path, folder: Option<Scratch>) -> World {
    let state = State::load(Options {
        path: path.to_owned(),
        base_url: None,
        trusted_proxies: Vec::new(),
        workers: 1,
        strict: true,
        explain: false,
        cache: None,
    });
    World {
        state: state.unwrap(),
        _folder: folder,
    }
}

/// The demo: layers in EPSG:2154.
pub fn demo() -> &'static World {
    static DEMO: OnceLock<World> = OnceLock::new();
    DEMO.get_or_init(|| load(repository(), None))
}

/// A site made here, in longitude and latitude, with what is hard to write.
pub fn small() -> &'static World {
    static SMALL: OnceLock<World> = OnceLock::new();
    SMALL.get_or_init(|| {
        let folder = Scratch::new("wfs-small");
        write_small(&folder.0);
        load(&folder.0.clone(), Some(folder))
    })
}

/// A site whose answers have ten features unless more are asked for.
pub fn paged() -> &'static World {
    static PAGED: OnceLock<World> = OnceLock::new();
    PAGED.get_or_init(|| {
        let folder = Scratch::new("wfs-paged");
        write_small(&folder.0);
        let path = folder.0.join("capabilities/server.yaml");
        let mut yaml = std::fs::read_to_string(&path).unwrap();
        yaml.push_str("\nlimits: {wfs_count: 10}\n");
        std::fs::write(path, yaml).unwrap();
        load(&folder.0.clone(), Some(folder))
    })
}

/// A text with everything that XML can't hold or would take for markup.
pub const HOSTILE: &str = "a<b>&\"'\u{0}\u{1}\u{b}]]>\u{fffe}é\r\n\u{1f600} fin";

pub fn write_small(folder: &Path) {
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "capabilities/server.yaml",
        "schema: cartotheque/server@1\ntitle: {fr: Petit site, en: Small site}\n\
         languages: [fr, en]\nkeywords: [essai]\ncrs: [EPSG:2154, EPSG:3857, EPSG:4326, EPSG:4258]\n\
         contact: {organisation: Essai, email: a@example.org, url: 'https://example.org/'}\n"
            .into(),
    );
    let layer = |id: &str, rest: &str| {
        write(
            &format!("capabilities/layers/{id}.yaml"),
            format!(
                "schema: cartotheque/layer@1\nid: {id}\ntitle: {id}\n\
                 source: {{file: data/{id}.geojson}}\n{rest}"
            ),
        );
    };
    layer("departements", "id_column: code\n");
    layer(
        "stations",
        "fields:\n  - {name: nom}\n  - {name: effectif}\n  - {name: classe}\n  - {name: code insee}\n  \
         - {name: '2020'}\n  - {name: actif}\n  - {name: mesure}\n  - {name: hostile}\n  \
         - {name: secret, hidden: true}\n",
    );
    layer("2-lieux", "id_column: nom\n");
    layer("formes", "");
    let collection = |features: Vec<serde_json::Value>| {
        serde_json::json!({"type": "FeatureCollection", "features": features}).to_string()
    };
    let feature = |properties: serde_json::Value, geometry: serde_json::Value| serde_json::json!({"type": "Feature", "properties": properties, "geometry": geometry});
    let departements = (0..6).map(|i| {
        let (x, y) = (2.0 + f64::from(i % 3), 43.0 + f64::from(i / 3));
        // clockwise, with a hole that runs the other way: both as GML has them not
        let outer = [[x, y], [x, y + 1.0], [x + 1.0, y + 1.0], [x + 1.0, y], [x, y]];
        let (a, b) = (0.25, 0.75);
        let hole = [[x + a, y + a], [x + b, y + a], [x + b, y + b], [x + a, y + b], [x + a, y + a]];
        feature(
            serde_json::json!({"code": format!("{:02}", 18 + i), "nom": format!("Département {i}"), "rang": 30 + i}),
            serde_json::json!({"type": "MultiPolygon", "coordinates": [[outer, hole]]}),
        )
    });
    write(
        "data/departements.geojson",
        collection(departements.collect()),
    );
    let stations = (0..60).map(|i| {
        let classe = ["A", "B", "C"][i as usize % 3];
        let (x, y) = (2.0 + f64::from(i % 10) * 0.4, 42.5 + f64::from(i / 10) * 0.5);
        feature(
            serde_json::json!({
                "nom": format!("Station {i}"),
                "effectif": 1600 + i * 10,
                "classe": classe,
                "code insee": format!("{i:05}"),
                "2020": i,
                "actif": i % 2 == 0,
                "mesure": if i % 7 == 0 { serde_json::Value::Null } else { serde_json::json!(f64::from(i) / 8.0) },
                "hostile": if i == 3 { HOSTILE.to_owned() } else { format!("s{i}") },
                "secret": "geheim",
            }),
            serde_json::json!({"type": "Point", "coordinates": [x, y]}),
        )
    });
    write("data/stations.geojson", collection(stations.collect()));
    let lieux = ["a b/é", "x_y", "_x0041_", "1.5", "normal"]
        .iter()
        .enumerate()
        .map(|(i, nom)| {
            feature(
                serde_json::json!({"nom": nom, "geom": "une colonne"}),
                serde_json::json!({"type": "Point", "coordinates": [3.0, 44.0 + i as f64 / 10.0]}),
            )
        });
    write("data/2-lieux.geojson", collection(lieux.collect()));
    let line = serde_json::json!([[2.0, 43.0], [3.0, 44.0]]);
    let ring = serde_json::json!([[[2.0, 43.0], [3.0, 43.0], [3.0, 44.0], [2.0, 43.0]]]);
    let formes = [
        serde_json::json!({"type": "Point", "coordinates": [2.0, 43.0]}),
        serde_json::json!({"type": "LineString", "coordinates": line}),
        serde_json::json!({"type": "Polygon", "coordinates": ring}),
        serde_json::json!({"type": "MultiPoint", "coordinates": line}),
        serde_json::json!({"type": "MultiLineString", "coordinates": [line, line]}),
        serde_json::json!({"type": "MultiPolygon", "coordinates": [ring]}),
        serde_json::json!({"type": "GeometryCollection", "geometries": [
            {"type": "Point", "coordinates": [2.0, 43.0]}, {"type": "LineString", "coordinates": line}
        ]}),
        serde_json::Value::Null,
    ];
    let formes = formes.into_iter().zip(0..);
    let formes = formes.map(|(geometry, i)| feature(serde_json::json!({"n": i}), geometry));
    write("data/formes.geojson", collection(formes.collect()));
}

/// A value of a query, percent-encoded.
pub fn encoded(text: &str) -> String {
    let mut out = String::new();
    cartotheque::encode::xml::push_url_component(&mut out, text);
    out
}

/// What stands in the first element of that name, at any depth.
pub fn find<'e>(element: &'e Element, name: &str) -> Option<&'e Element> {
    element.elements().find_map(|e| {
        if e.name == name {
            Some(e)
        } else {
            find(e, name)
        }
    })
}

pub fn text_of(element: &Element, name: &str) -> String {
    find(element, name)
        .map(|e| e.text().into_owned())
        .unwrap_or_default()
}
