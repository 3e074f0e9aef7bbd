//! The reference data as a served folder, and how answers are looked at.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use cartotheque::decode::xml::{Element, Limits};

use crate::common::{Reply, Scratch, Server};

/// The layers that the suites of WMS look for, by these names and by titles `cite:…`.
pub const LAYERS: [&str; 11] = [
    "BasicPolygons",
    "Bridges",
    "Buildings",
    "DividedRoutes",
    "Forests",
    "Lakes",
    "MapNeatline",
    "NamedPlaces",
    "Ponds",
    "RoadSegments",
    "Streams",
];

fn shapefiles() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cite/wms13/shapefile")
}

/// A server of the Blue Lake data.
pub fn lakes() -> &'static Server {
    static SERVER: OnceLock<(Scratch, Server)> = OnceLock::new();
    let (_, server) = SERVER.get_or_init(|| {
        let scratch = Scratch::new("conformance");
        let mut import = Command::new(env!("CARGO_BIN_EXE_cartotheque"));
        import.arg("import").arg("-o").arg(&scratch.0);
        for layer in LAYERS {
            import.arg(shapefiles().join(format!("{layer}.shp")));
        }
        let output = import.output().expect("the binary starts");
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{log}");
        for layer in LAYERS {
            let file = scratch.0.join(format!("capabilities/layers/{layer}.yaml"));
            let text = std::fs::read_to_string(&file).unwrap();
            let titled = text.replace(
                &format!("\ntitle: {layer}\n"),
                &format!("\ntitle: 'cite:{layer}'\n"),
            );
            assert_ne!(text, titled, "the title of {layer}");
            std::fs::write(&file, titled).unwrap();
        }
        std::fs::write(
            scratch.0.join("capabilities/server.yaml"),
            "schema: cartotheque/server@1\ntitle: {fr: Le lac bleu, en: Blue Lake}\n\
             abstract: {fr: Données de référence., en: Reference data.}\nlanguages: [en, fr]\n\
             keywords: [CITE]\ncrs: [EPSG:4326, EPSG:3857, EPSG:4258]\n\
             contact: {organisation: CITE, email: a@example.org, url: 'https://example.org/'}\n",
        )
        .unwrap();
        let server = Server::start(&scratch.0, &["--strict"]);
        (scratch, server)
    });
    server
}

/// Numbers without a pattern that a parser could be fitted to, the same in every run.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn roll(&mut self, sides: usize) -> usize {
        // Knuth's MMIX generator; the low bits repeat soon
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    pub fn any_case(&mut self, text: &str) -> String {
        text.chars()
            .map(|c| match self.roll(2) {
                0 => c.to_ascii_lowercase(),
                _ => c.to_ascii_uppercase(),
            })
            .collect()
    }
}

/// Every byte percent-encoded.
pub fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// What no address may hold, percent-encoded.
pub fn encoded(text: &str) -> String {
    let mut out = String::new();
    cartotheque::encode::xml::push_url_component(&mut out, text);
    out
}

pub fn xml(reply: &Reply) -> Element {
    let limits = Limits {
        bytes: 1 << 26,
        elements: 1_000_000,
        ..Limits::default()
    };
    Element::parse(&reply.text(), &limits).unwrap_or_else(|e| panic!("{e}: {}", reply.text()))
}

/// All elements of that name, at any depth, in the order of the document.
pub fn all<'e>(element: &'e Element, name: &str) -> Vec<&'e Element> {
    let mut found = Vec::new();
    collect(element, name, &mut found);
    found
}

fn collect<'e>(element: &'e Element, name: &str, found: &mut Vec<&'e Element>) {
    for child in element.elements() {
        if child.name == name {
            found.push(child);
        }
        collect(child, name, found);
    }
}

/// The text of a child; empty without one.
pub fn text(element: &Element, child: &str) -> String {
    element
        .child(child)
        .map(|e| e.text().trim().to_owned())
        .unwrap_or_default()
}

/// The address of a link, as this server is asked: the path and what follows.
pub fn path_of(href: &str) -> String {
    let rest = href.split_once("://").expect("an absolute address").1;
    rest[rest.find('/').expect("a path")..].to_owned()
}

/// The code of an exception report of any service.
pub fn code(reply: &Reply) -> String {
    let report = xml(reply);
    let exceptions = [all(&report, "ServiceException"), all(&report, "Exception")].concat();
    let exception = exceptions.first();
    let exception = exception.unwrap_or_else(|| panic!("no exception: {}", reply.text()));
    let code = exception
        .attribute("code")
        .or(exception.attribute("exceptionCode"));
    code.unwrap_or_default().to_owned()
}
