//! INSPIRE's abstract tests for view services (WMS 1.3.0, WMTS) and download services (WFS 2.0:
//! pre-defined and direct access; OGC API – Features as good practice), as executable checks of
//! the demo: Technical Guidance View 3.11 and Download 3.1, the tests of the INSPIRE validator.
//! What `tests/wms/` and `tests/wfs/` hold already is not repeated.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

#[path = "common/mod.rs"]
mod common;

use std::collections::HashSet;
use std::sync::OnceLock;

use cartotheque::decode::xml::{Element, Limits};
use common::{Reply, Server, repository};

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(repository(), &[]))
}

fn xml(reply: &Reply) -> Element {
    let limits = Limits {
        bytes: 1 << 26,
        elements: 1_000_000,
        ..Limits::default()
    };
    Element::parse(&reply.text(), &limits).unwrap_or_else(|e| panic!("{e}: {}", reply.text()))
}

fn document(path: &str) -> Element {
    let reply = server().get(path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    xml(&reply)
}

fn all<'e>(element: &'e Element, name: &str) -> Vec<&'e Element> {
    let mut found = Vec::new();
    for child in element.elements() {
        if child.name == name {
            found.push(child);
        }
        found.extend(all(child, name));
    }
    found
}

fn first<'e>(element: &'e Element, name: &str) -> &'e Element {
    let found = all(element, name);
    found
        .first()
        .copied()
        .unwrap_or_else(|| panic!("no {name}"))
}

/// The text of a child; empty without one.
fn text(element: &Element, child: &str) -> String {
    element
        .child(child)
        .map(|e| e.text().trim().to_owned())
        .unwrap_or_default()
}

fn path_of(href: &str) -> String {
    let rest = href.split_once("://").expect("an absolute address").1;
    rest[rest.find('/').expect("a path")..].to_owned()
}

const WMS: &str = "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities";
const WMTS: &str = "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities";
const WFS: &str = "/wfs?SERVICE=WFS&VERSION=2.0.0&REQUEST=GetCapabilities";

/// What extended capabilities of scenario 1 say: where the record is, and the languages.
fn assert_extended(capabilities: &Element) {
    let extended = first(capabilities, "ExtendedCapabilities");
    let metadata = first(extended, "MetadataUrl");
    assert_eq!(text(metadata, "MediaType"), "application/vnd.iso.19139+xml");
    let record = document(&path_of(&text(metadata, "URL")));
    assert_eq!(record.name, "MD_Metadata");
    let languages = first(extended, "SupportedLanguages");
    let default = text(first(languages, "DefaultLanguage"), "Language");
    assert_eq!(default.len(), 3, "ISO 639-2/B: {default}");
    assert!(!all(languages, "SupportedLanguage").is_empty());
    let response = text(first(extended, "ResponseLanguage"), "Language");
    assert_eq!(response, default);
}

/// Title and abstract in each language; an unknown one is the default, to the letter.
fn assert_languages(path: &str, service: &str) {
    let at = |language: &str| {
        let capabilities = document(&format!("{path}{language}"));
        let identification = first(&capabilities, service).clone();
        let response = text(first(&capabilities, "ResponseLanguage"), "Language");
        (
            text(&identification, "Title"),
            text(&identification, "Abstract"),
            response,
        )
    };
    let default = at("");
    assert_eq!(at("&LANGUAGE=zzz"), default);
    assert_eq!(at(&format!("&LANGUAGE={}", default.2)), default);
    let other = if default.2 == "fre" { "eng" } else { "fre" };
    let translated = at(&format!("&LANGUAGE={other}"));
    assert_eq!(translated.2, other);
    assert_ne!(translated.0, default.0, "{path}: the title is translated");
}

/// The layers that have a name, with the CRSs and boxes that they inherit.
fn named(capabilities: &Element) -> Vec<(&Element, Vec<&Element>)> {
    fn walk<'e>(
        layer: &'e Element,
        around: &[&'e Element],
        found: &mut Vec<(&'e Element, Vec<&'e Element>)>,
    ) {
        let path = [around, &[layer]].concat();
        if layer.child("Name").is_some() {
            found.push((layer, path.clone()));
        }
        for child in layer.elements().filter(|e| e.name == "Layer") {
            walk(child, &path, found);
        }
    }
    let mut found = Vec::new();
    let capability = capabilities.child("Capability").unwrap();
    walk(capability.child("Layer").unwrap(), &[], &mut found);
    found
}

#[test]
fn view_wms_at04_extended_capabilities_are_there_and_their_record_is_found() {
    let reply = server().get(WMS);
    let capabilities = xml(&reply);
    let location = capabilities.attribute("schemaLocation").unwrap();
    let pair = "http://inspire.ec.europa.eu/schemas/inspire_vs/1.0 http://inspire.ec.europa.eu/schemas/inspire_vs/1.0/inspire_vs.xsd";
    assert!(location.contains(pair), "{location}");
    assert_extended(&capabilities);
}

#[test]
fn view_wms_languages_are_spoken_and_an_unknown_one_is_the_default() {
    assert_languages(WMS, "Service");
}

#[test]
fn view_wms_service_metadata_are_complete() {
    let capabilities = document(WMS);
    let service = first(&capabilities, "Service");
    for name in ["Title", "Abstract", "Fees", "AccessConstraints"] {
        assert!(!text(service, name).is_empty(), "{name}");
    }
    assert!(!all(service, "Keyword").is_empty());
    let contact = first(service, "ContactInformation");
    for name in ["ContactOrganization", "ContactElectronicMailAddress"] {
        assert!(!first(contact, name).text().trim().is_empty(), "{name}");
    }
}

#[test]
fn view_wms_every_layer_has_what_a_layer_must_have() {
    let capabilities = document(WMS);
    let layers = named(&capabilities);
    assert!(layers.len() >= 10);
    let mut names = HashSet::new();
    for (layer, path) in &layers {
        let name = text(layer, "Name");
        assert!(names.insert(name.clone()), "{name} is unique");
        for part in ["Title", "Abstract"] {
            assert!(!text(layer, part).is_empty(), "{name} has no {part}");
        }
        assert!(layer.child("EX_GeographicBoundingBox").is_some(), "{name}");
        let crs: HashSet<String> = path
            .iter()
            .flat_map(|e| e.elements().filter(|e| e.name == "CRS"))
            .map(|e| e.text().into_owned())
            .collect();
        assert!(crs.contains("EPSG:4258"), "{name} in ETRS89");
        let boxes: HashSet<String> = path
            .iter()
            .flat_map(|e| e.elements().filter(|e| e.name == "BoundingBox"))
            .map(|e| e.attribute("CRS").unwrap().to_owned())
            .collect();
        assert_eq!(crs, boxes, "{name}: a box in each CRS");
        for style in layer.elements().filter(|e| e.name == "Style") {
            assert!(!text(style, "Name").is_empty() && !text(style, "Title").is_empty());
        }
    }
}

#[test]
fn view_wms_layers_of_data_have_keywords_an_identifier_metadata_and_legends() {
    let capabilities = document(WMS);
    let mut of_data = 0;
    for (layer, path) in named(&capabilities) {
        let name = text(layer, "Name");
        // a group draws its layers, which are the data
        if layer.elements().any(|e| e.name == "Layer") {
            continue;
        }
        of_data += 1;
        assert!(!all(layer, "Keyword").is_empty(), "{name} has no keyword");
        let identifier = layer.child("Identifier");
        let identifier = identifier.unwrap_or_else(|| panic!("{name} has no Identifier"));
        let authority = identifier.attribute("authority");
        let known = path.iter().flat_map(|e| e.elements());
        let known: Vec<_> = known.filter(|e| e.name == "AuthorityURL").collect();
        assert!(
            known.iter().any(|e| e.attribute("name") == authority),
            "{name}"
        );
        let metadata = layer
            .child("MetadataURL")
            .unwrap_or_else(|| panic!("{name} has no MetadataURL"));
        let href = first(metadata, "OnlineResource").attribute("href").unwrap();
        assert_eq!(document(&path_of(href)).name, "MD_Metadata", "{name}");
        for legend in all(layer, "LegendURL") {
            let href = first(legend, "OnlineResource").attribute("href").unwrap();
            let reply = server().get(&path_of(href));
            assert_eq!(
                (reply.status, reply.header("content-type")),
                (200, "image/png"),
                "{href}"
            );
        }
        assert!(!all(layer, "LegendURL").is_empty(), "{name} has no legend");
    }
    assert!(of_data >= 10, "{of_data}");
}

#[test]
fn view_wms_a_map_is_drawn_for_every_layer_and_in_every_crs_and_what_is_missing_is_named() {
    let capabilities = document(WMS);
    let formats = all(first(&capabilities, "GetMap"), "Format");
    assert!(
        formats
            .iter()
            .any(|f| ["image/png", "image/gif"].contains(&&*f.text()))
    );
    for (layer, path) in named(&capabilities) {
        let name = text(layer, "Name");
        for bbox in path
            .iter()
            .flat_map(|e| e.elements().filter(|e| e.name == "BoundingBox"))
        {
            let crs = bbox.attribute("CRS").unwrap();
            // the one that is mandatory for all, all for one
            if crs != "EPSG:4258" && name != "departements" {
                continue;
            }
            let corners = ["minx", "miny", "maxx", "maxy"].map(|n| bbox.attribute(n).unwrap());
            let reply = server().get(&format!(
                "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS={name}&STYLES=&CRS={crs}&BBOX={}&WIDTH=32&HEIGHT=32&FORMAT=image/png",
                corners.join(",")
            ));
            assert_eq!(
                reply.header("content-type"),
                "image/png",
                "{name} {crs}: {}",
                reply.text()
            );
        }
    }
    let good = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=communes&STYLES=&CRS=EPSG:4258&BBOX=45,4,46,5&WIDTH=32&HEIGHT=32&FORMAT=image/png";
    for name in [
        "VERSION", "LAYERS", "CRS", "BBOX", "WIDTH", "HEIGHT", "FORMAT",
    ] {
        let kept: Vec<&str> = good
            .split('&')
            .filter(|p| !p.starts_with(&format!("{name}=")))
            .collect();
        let reply = server().get(&format!("/wms?{}", kept.join("&")));
        assert_eq!(xml(&reply).name, "ServiceExceptionReport", "{name}");
        assert!(reply.text().contains(name), "{name}: {}", reply.text());
    }
}

#[test]
fn view_wmts_layers_and_operations_have_what_a_view_service_must_have() {
    let capabilities = document(WMTS);
    assert_extended(&capabilities);
    assert_languages(WMTS, "ServiceIdentification");
    for part in [
        "ServiceIdentification",
        "ServiceProvider",
        "OperationsMetadata",
        "Contents",
    ] {
        assert!(capabilities.child(part).is_some(), "{part}");
    }
    let contents = capabilities.child("Contents").unwrap();
    for layer in contents.elements().filter(|e| e.name == "Layer") {
        let name = text(layer, "Identifier");
        for part in ["Title", "Abstract"] {
            assert!(!text(layer, part).is_empty(), "{name} has no {part}");
        }
        for part in ["WGS84BoundingBox", "Style", "TileMatrixSetLink"] {
            assert!(layer.child(part).is_some(), "{name} has no {part}");
        }
        let formats: Vec<_> = layer.elements().filter(|e| e.name == "Format").collect();
        assert!(
            formats
                .iter()
                .any(|f| ["image/png", "image/gif"].contains(&&*f.text())),
            "{name}"
        );
        let sets = all(layer, "TileMatrixSet");
        assert!(
            sets.iter().any(|s| s.text() == "InspireCRS84Quad"),
            "{name}"
        );
        for legend in all(layer, "LegendURL") {
            let reply = server().get(&path_of(legend.attribute("href").unwrap()));
            assert_eq!(reply.status, 200, "{name}");
        }
    }
    // the validator asks for tiles of this set alone
    let tile = server().get("/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=communes&STYLE=&FORMAT=image/png&TILEMATRIXSET=InspireCRS84Quad&TILEMATRIX=5&TILEROW=7&TILECOL=32");
    assert_eq!(
        (tile.status, tile.header("content-type")),
        (200, "image/png"),
        "{}",
        tile.text()
    );
}

#[test]
fn download_wfs_extended_capabilities_name_every_data_set_and_language() {
    let capabilities = document(WFS);
    assert_extended(&capabilities);
    assert_languages(WFS, "ServiceIdentification");
    let extended = first(&capabilities, "ExtendedCapabilities");
    let sets = all(extended, "SpatialDataSetIdentifier");
    assert!(sets.len() >= 10, "{}", sets.len());
    let mut unique = HashSet::new();
    for set in &sets {
        let code = text(set, "Code");
        assert!(!code.is_empty());
        assert!(unique.insert((code, text(set, "Namespace"))));
    }
    for kind in all(&capabilities, "FeatureType") {
        let name = text(kind, "Name");
        for part in ["Title", "Abstract", "DefaultCRS"] {
            assert!(!text(kind, part).is_empty(), "{name} has no {part}");
        }
        let record = first(kind, "MetadataURL").attribute("href").unwrap();
        assert_eq!(document(&path_of(record)).name, "MD_Metadata", "{name}");
    }
}

#[test]
fn download_wfs_pre_defined_access_describes_and_delivers_a_data_set() {
    let described = document(
        "/wfs?SERVICE=WFS&VERSION=2.0.0&REQUEST=DescribeStoredQueries&STOREDQUERY_ID=http://inspire.ec.europa.eu/operation/download/GetSpatialDataSet",
    );
    let parameters: HashSet<String> = all(&described, "Parameter")
        .iter()
        .map(|p| p.attribute("name").unwrap().to_lowercase())
        .collect();
    for name in ["crs", "datasetidcode", "datasetidnamespace", "language"] {
        assert!(parameters.contains(name), "{name}: {parameters:?}");
    }
}

#[test]
fn download_wfs_direct_access_claims_and_keeps_basic_wfs() {
    let capabilities = document(WFS);
    let constraint = |name: &str| {
        let constraints = all(&capabilities, "Constraint");
        let found = constraints
            .iter()
            .find(|c| c.attribute("name") == Some(name))
            .unwrap();
        text(found, "DefaultValue")
    };
    for name in [
        "ImplementsBasicWFS",
        "ImplementsQuery",
        "ImplementsAdHocQuery",
        "ImplementsMinSpatialFilter",
        "ImplementsTemporalFilter",
        "ImplementsStandardFilter",
    ] {
        assert_eq!(constraint(name), "TRUE", "{name}");
    }
    for operation in [
        "DescribeFeatureType",
        "GetFeature",
        "GetPropertyValue",
        "ListStoredQueries",
        "DescribeStoredQueries",
    ] {
        let operations = all(&capabilities, "Operation");
        assert!(
            operations
                .iter()
                .any(|o| o.attribute("name") == Some(operation)),
            "{operation}"
        );
    }
}

#[test]
fn download_oapif_good_practice_collections_have_records_licences_and_bulk_downloads() {
    let json = |path: &str| {
        let reply = server().ask("GET", path, &[("Accept", "application/json")], b"");
        assert_eq!(reply.status, 200, "{path}");
        reply.json()
    };
    let declared = json("/conformance");
    let declared = declared["conformsTo"].as_array().unwrap();
    for class in [
        "ogcapi-features-1/1.0/conf/core",
        "ogcapi-features-1/1.0/conf/oas30",
        "ogcapi-features-1/1.0/conf/geojson",
        "ogcapi-features-2/1.0/conf/crs",
    ] {
        let uri = format!("http://www.opengis.net/spec/{class}");
        assert!(declared.contains(&uri.clone().into()), "{uri}");
    }
    let collections = json("/collections?limit=100");
    let link = |document: &serde_json::Value, rel: &str, kind: &str| -> Option<String> {
        let links = document["links"].as_array().unwrap().iter();
        let same = |l: &&serde_json::Value| {
            l["rel"] == rel
                && (kind.is_empty() || l["type"].as_str().unwrap_or_default().starts_with(kind))
        };
        links
            .filter(same)
            .find_map(|l| l["href"].as_str())
            .map(str::to_owned)
    };
    for collection in collections["collections"].as_array().unwrap() {
        let id = collection["id"].as_str().unwrap();
        for text in ["title", "description"] {
            assert!(
                !collection[text].as_str().unwrap_or_default().is_empty(),
                "{id} has no {text}"
            );
        }
        let record = link(collection, "describedby", "application/xml")
            .or_else(|| link(collection, "describedby", "application/vnd.iso.19139+xml"))
            .unwrap_or_else(|| panic!("{id} has no record"));
        assert_eq!(document(&path_of(&record)).name, "MD_Metadata", "{id}");
        assert!(
            link(collection, "license", "").is_some(),
            "{id} has no license"
        );
        let bulk = link(collection, "enclosure", "");
        let bulk = bulk.unwrap_or_else(|| panic!("{id} has no bulk download"));
        let reply = server().ask("HEAD", &path_of(&bulk), &[], b"");
        assert_eq!(reply.status, 200, "{id}: {bulk}");
    }
    for (language, expected) in [("fr", "fr"), ("en", "en"), ("de,en;q=0.5", "en")] {
        let reply = server().ask(
            "GET",
            "/collections",
            &[
                ("Accept", "application/json"),
                ("Accept-Language", language),
            ],
            b"",
        );
        assert_eq!(reply.header("content-language"), expected, "{language}");
    }
}

#[test]
fn metadata_records_of_data_sets_tell_where_the_data_are_had() {
    let record = document("/layers/communes/record.xml");
    let addresses: Vec<String> = all(&record, "onLine")
        .into_iter()
        .map(|online| text(first(online, "linkage"), "URL"))
        .collect();
    for (part, media_type) in [
        ("/collections/communes/wfs?", "text/xml"),
        ("/items?f=gpkg&limit=", "application/geopackage+sqlite3"),
    ] {
        let address = addresses.iter().find(|address| address.contains(part));
        let address = address.unwrap_or_else(|| panic!("no {part} in {addresses:?}"));
        let reply = server().ask("HEAD", &path_of(address), &[], b"");
        assert_eq!(reply.status, 200, "{address}");
        assert_eq!(reply.header("content-type"), media_type, "{address}");
    }
}
