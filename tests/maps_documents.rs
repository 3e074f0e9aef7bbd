//! What is made of a map as a whole, over HTTP: the documents and pictures of every map of the
//! repository, read by those who read such documents.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

mod common;
#[path = "common/pdf.rs"]
mod pdf;
#[path = "common/schema.rs"]
mod schema;

use std::collections::HashSet;
use std::process::Command;
use std::sync::OnceLock;

use common::Server;
use pdf::Pdf;
use serde_json::Value;

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(common::repository(), &[]))
}

/// The maps that are listed.
fn maps() -> Vec<String> {
    let list = server().get("/maps?f=json").json();
    let maps = list["maps"].as_array().unwrap().iter();
    let ids: Vec<String> = maps.map(|m| m["id"].as_str().unwrap().to_owned()).collect();
    assert!(!ids.is_empty());
    ids
}

/// Of maps that have the same layers one: a family of a hundred is made of one file.
fn kinds() -> Vec<String> {
    let mut seen = HashSet::new();
    let mut kinds = maps();
    kinds.retain(|map| {
        let ids: Vec<String> = layers(map).into_iter().map(|layer| layer.id).collect();
        seen.insert(ids)
    });
    kinds
}

/// A layer of a map as its own document has it.
#[derive(Debug, Clone, PartialEq)]
struct Shown {
    id: String,
    title: String,
    visible: bool,
    opacity: f64,
}

/// The layers of a map, top first, by the document that the viewer reads.
fn layers(map: &str) -> Vec<Shown> {
    fn walk(entries: &Value, out: &mut Vec<Shown>) {
        for entry in entries.as_array().unwrap() {
            if entry["kind"] == "group" {
                walk(&entry["entries"], out);
            } else {
                out.push(Shown {
                    id: entry["id"].as_str().unwrap().into(),
                    title: entry["title"].as_str().unwrap().into(),
                    visible: entry["visible"].as_bool().unwrap(),
                    opacity: entry["opacity"].as_f64().unwrap(),
                });
            }
        }
    }
    let document = server().get(&format!("/maps/{map}?f=json&lang=fr")).json();
    let mut out = Vec::new();
    walk(&document["entries"], &mut out);
    assert!(!out.is_empty());
    out
}

#[test]
fn every_kind_of_map_has_a_sheet_a_legend_and_a_picture() {
    for map in kinds() {
        let get = |name: &str| {
            let reply = server().get(&format!("/maps/{map}/{name}"));
            assert_eq!(reply.status, 200, "{map}/{name}: {}", reply.text());
            reply
        };
        let sheet = get("print.pdf?lang=fr");
        assert_eq!(sheet.header("content-type"), "application/pdf");
        assert!(
            sheet
                .header("content-disposition")
                .contains(&format!("{map}.pdf"))
        );
        let placed = Pdf::read(&sheet.body).map();
        assert!(
            placed.rgb.chunks(3).any(|p| p != [255; 3]),
            "{map} is blank"
        );

        let (width, _, pixels) = get("legend.png").picture();
        assert!(width > 60 && pixels.iter().any(|p| *p != pixels[0]));
        let (width, height, pixels) = get("map.png?width=200&height=120").picture();
        assert_eq!((width, height), (200, 120));
        assert!(pixels.iter().any(|p| *p != pixels[0]));
        let again = get("map.png?width=200&height=120");
        assert!(again.header("cache-status").contains("hit"), "{again:?}");

        let legend = get("legend.json?lang=fr").json();
        let mut found = Vec::new();
        legend_layers(&legend["entries"], &mut found);
        let wanted: Vec<String> = layers(&map).into_iter().map(|l| l.id).collect();
        assert_eq!(found, wanted, "{map}");
    }
}

/// The layers of a legend, top first; those with symbols have pictures of them.
fn legend_layers(entries: &Value, out: &mut Vec<String>) {
    for entry in entries.as_array().unwrap() {
        if entry["kind"] == "group" {
            legend_layers(&entry["entries"], out);
            continue;
        }
        for symbol in entry["symbols"].as_array().unwrap() {
            assert!(symbol["icon"].as_str().unwrap().starts_with("iVBOR"));
        }
        assert!(!entry["symbols"].as_array().unwrap().is_empty(), "{entry}");
        out.push(entry["id"].as_str().unwrap().to_owned());
    }
}

#[test]
fn a_sheet_is_asked_for_as_the_visitor_has_the_map() {
    let map = &maps()[0];
    let shown = layers(map);
    let (top, below) = (&shown[0].id, &shown[1].id);
    let query = format!(
        "layout=a3-portrait&dpi=150&crs=EPSG:3857&center=540000,5700000&scale=1000000\
         &layers={below},{top}&opacities=1,0.5&styles=,&title=Ma%20carte&lang=en"
    );
    let sheet = server().get(&format!("/maps/{map}/print.pdf?{query}"));
    assert_eq!(sheet.status, 200, "{}", sheet.text());
    let read = Pdf::read(&sheet.body);
    let page = read.of_type("/Page")[0];
    assert!(
        pdf::value(&page.dict, "/MediaBox")
            .unwrap()
            .contains("841.88"),
        "{}",
        page.dict
    );
    let catalog = read.of_type("/Catalog")[0];
    assert!(catalog.dict.contains("/Lang(en)"), "{}", catalog.dict);
    for (query, expected) in [
        ("layout=a5", "a4-"),
        ("layout=a4-paisage", "did you mean \\\"a4-paysage\\\""),
        ("dpi=1200", "150"),
        ("crs=EPSG:27572", "EPSG:2154"),
        ("center=1", "x,y"),
        ("scale=0", "denominator"),
        ("layers=nothere", "nothere"),
        ("opacities=2", "opacities"),
        (
            "opacities=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
            "one for each layer",
        ),
        ("colour=red", "colour"),
    ] {
        let reply = server().get(&format!("/maps/{map}/print.pdf?{query}"));
        assert!(
            (400..500).contains(&reply.status),
            "{query}: {}",
            reply.status
        );
        assert!(reply.text().contains(expected), "{query}: {}", reply.text());
    }
    for query in ["width=5", "height=100000", "width=x"] {
        let reply = server().get(&format!("/maps/{map}/map.png?{query}"));
        assert_eq!(reply.status, 400, "{query}");
    }
}

/// What a document of a map says of its layers, top first.
fn told(map: &str, name: &str) -> String {
    let reply = server().get(&format!("/maps/{map}/{name}?lang=fr"));
    assert_eq!(reply.status, 200, "{map}/{name}: {}", reply.text());
    reply.text()
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("{text:?}"))
}

/// The texts between two others.
fn all_between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    let parts = text.split(from).skip(1);
    parts.map(|part| part.split(to).next().unwrap()).collect()
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[test]
fn every_document_of_a_map_has_the_same_layers_in_the_same_order() {
    for map in maps() {
        let wanted = layers(&map);
        let last = |address: &str| address.rsplit('/').next().unwrap().to_owned();

        let context: Value = serde_json::from_str(&told(&map, "context.json")).unwrap();
        let of = |feature: &Value| Shown {
            id: last(feature["id"].as_str().unwrap()),
            title: feature["properties"]["title"].as_str().unwrap().into(),
            visible: feature["properties"]["active"].as_bool().unwrap(),
            opacity: feature["properties"]["opacity"].as_f64().unwrap(),
        };
        let found: Vec<Shown> = context["features"]
            .as_array()
            .unwrap()
            .iter()
            .map(of)
            .collect();
        assert_eq!(found, wanted, "{map} context.json");

        let atom = told(&map, "context.atom");
        let of = |entry: &&str| {
            let first = |from: &str, to: &str| all_between(entry, from, to)[0].to_owned();
            Shown {
                id: last(&first("<id>", "</id>")),
                title: unescaped(&first("<title>", "</title>")),
                visible: first("spec/owc/active\" term=\"", "\"") == "true",
                opacity: number(&first("spec/owc/opacity\" term=\"", "\"")),
            }
        };
        let entries = all_between(&atom, "<entry>", "</entry>");
        let found: Vec<Shown> = entries.iter().map(of).collect();
        assert_eq!(found, wanted, "{map} context.atom");

        let wmc = told(&map, "context.wmc");
        let of = |layer: &&str| {
            let first = |from: &str, to: &str| all_between(layer, from, to)[0].to_owned();
            Shown {
                id: first("<Name>", "</Name>"),
                title: unescaped(&first("<Title>", "</Title>")),
                visible: first("hidden=\"", "\"") == "0",
                opacity: number(&first("<ol:opacity>", "</ol:opacity>")),
            }
        };
        let entries = all_between(&wmc, "<Layer ", "</Layer>");
        let mut found: Vec<Shown> = entries.iter().map(of).collect();
        found.reverse();
        assert_eq!(found, wanted, "{map} context.wmc: bottom to top");

        for name in ["layers.qlr", "project.qgs"] {
            let qgis = told(&map, name);
            let opacities = all_between(&qgis, "<rasterrenderer ", ">");
            let entries = all_between(&qgis, "<layer-tree-layer ", ">");
            let of = |(entry, opacity): (&&str, &&str)| {
                let first = |from: &str| all_between(entry, from, "\"")[0].to_owned();
                Shown {
                    id: first("layers="),
                    title: unescaped(&first(" name=\"")),
                    visible: first("checked=\"") == "Qt::Checked",
                    opacity: number(all_between(opacity, "opacity=\"", "\"")[0]),
                }
            };
            let found: Vec<Shown> = entries
                .iter()
                .zip(&opacities)
                .map(of)
                .map(|mut shown| {
                    shown.id = shown.id.split("&amp;").next().unwrap().into();
                    shown
                })
                .collect();
            assert_eq!(found, wanted, "{map} {name}");
        }

        let style: Value = serde_json::from_str(&told(&map, "style.json")).unwrap();
        let sources = style["sources"].as_object().unwrap().keys().rev().cloned();
        let ids: Vec<String> = wanted.iter().map(|l| l.id.clone()).collect();
        assert_eq!(sources.collect::<Vec<_>>(), ids, "{map} style.json");
        for layer in style["layers"].as_array().unwrap() {
            let Some(of) = wanted.iter().find(|l| layer["source"] == l.id.as_str()) else {
                continue;
            };
            let is_hidden = layer["layout"]["visibility"] == "none";
            assert_eq!(is_hidden, !of.visible, "{layer}");
            if layer["type"] == "fill" && of.opacity < 1.0 {
                let opacity = &layer["paint"]["fill-opacity"];
                assert!(opacity.as_f64().is_none_or(|o| o <= of.opacity), "{layer}");
                assert!(!opacity.is_null(), "{layer}");
            }
        }
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn contexts_and_records_are_valid_against_the_schemas() {
    // xmllint can't load what WMC's schema leads to (GML twice): it gets the two elements of SLD
    // that a context has, and OpenLayers' one
    let scratch = common::Scratch::new("wmc");
    let wmc = schema::schemas().join("schemas.opengis.net/context/1.1.0");
    let original = std::fs::read_to_string(wmc.join("context.xsd")).unwrap();
    let lines = original.lines().filter(|line| !line.contains("wmcAll.xsd"));
    let adapted = lines.collect::<Vec<_>>().join("\n").replace(
        "http://schemas.opengis.net/sld/1.0.0/StyledLayerDescriptor.xsd",
        "sld.xsd",
    );
    let ort = std::fs::read_to_string(wmc.join("ort.xsd")).unwrap();
    let ort = ort.lines().filter(|line| !line.contains("wmcAll.xsd"));
    let head = "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"";
    let number = |name: &str| format!("<xs:element name=\"{name}\" type=\"xs:double\"/>");
    let sld = [
        "<xs:element name=\"StyledLayerDescriptor\"/>".to_owned(),
        "<xs:element name=\"FeatureTypeStyle\"/>".to_owned(),
        number("MinScaleDenominator"),
        number("MaxScaleDenominator"),
    ];
    let import = |namespace: &str, file: &str| {
        format!("<xs:import namespace=\"http://{namespace}\" schemaLocation=\"{file}\"/>")
    };
    for (name, text) in [
        ("context.xsd", adapted),
        ("ort.xsd", ort.collect::<Vec<_>>().join("\n")),
        (
            "sld.xsd",
            format!(
                "{head} targetNamespace=\"http://www.opengis.net/sld\">{}</xs:schema>",
                sld.concat()
            ),
        ),
        (
            "ol.xsd",
            format!(
                "{head} targetNamespace=\"http://openlayers.org/context\">{}</xs:schema>",
                number("opacity")
            ),
        ),
        (
            "driver.xsd",
            format!(
                "{head}>{}{}</xs:schema>",
                import("www.opengis.net/context", "context.xsd"),
                import("openlayers.org/context", "ol.xsd")
            ),
        ),
    ] {
        std::fs::write(scratch.0.join(name), text).unwrap();
    }
    let driver = scratch.0.join("driver.xsd");
    for map in kinds() {
        schema::check(
            &told(&map, "context.wmc"),
            &["--schema", driver.to_str().unwrap()],
        );
        schema::assert_valid(&told(&map, "record.xml"), "drivers/iso19139.xsd");
        for name in ["context.atom", "layers.qlr", "project.qgs"] {
            schema::check(&told(&map, name), &[]);
        }
    }
}

/// What a script of Python prints, where it has the modules that it imports.
fn python(imports: &str, script: &str, arguments: &[&str]) -> Option<String> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let has = Command::new(&python).args(["-c", imports]).output();
    if !has.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: {python} can't {imports:?}");
        return None;
    }
    let output = Command::new(&python)
        .args(["-c", script])
        .args(arguments)
        .env("QT_QPA_PLATFORM", "offscreen")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn owslib_reads_the_contexts() {
    let script = r#"
import json, sys, urllib.request
from owslib.owscontext.core import OwcContext
base = sys.argv[1]
read = lambda name: urllib.request.urlopen(base + "/" + name + "?lang=fr").read()
out = {}
for name, decode in [("context.json", OwcContext.from_json), ("context.atom", OwcContext.from_atomxml)]:
    context = decode(read(name))
    wms = [o for r in context.resources for o in r.offerings]
    out[name] = {
        "title": context.title, "language": context.language,
        "titles": [r.title for r in context.resources],
        "operations": [[p.operations_code for p in o.operations] for o in wms],
    }
    href = [p.request_url for p in wms[0].operations if p.operations_code == "GetMap"][0]
    picture = urllib.request.urlopen(href)
    out[name]["picture"] = picture.headers["content-type"]
print(json.dumps(out))
"#;
    for map in kinds() {
        let base = format!("http://{}/maps/{map}", server().address);
        let Some(said) = python("import owslib.owscontext.core", script, &[&base]) else {
            return;
        };
        let said: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        let titles: Vec<String> = layers(&map).into_iter().map(|l| l.title).collect();
        for name in ["context.json", "context.atom"] {
            let context = &said[name];
            assert_eq!(context["titles"], serde_json::json!(titles), "{map} {name}");
            assert_eq!(context["picture"], "image/png");
            assert_eq!(context["language"], "fr");
            let operations = context["operations"].as_array().unwrap();
            assert!(
                operations
                    .iter()
                    .all(|o| o == &serde_json::json!(["GetCapabilities", "GetMap"]))
            );
        }
    }
}

#[test]
fn qgis_opens_the_project_and_the_layers() {
    let script = r#"
import json, sys, urllib.request
from qgis.core import QgsApplication, QgsProject, QgsLayerDefinition
app = QgsApplication([], False)
app.initQgis()
base, folder = sys.argv[1], sys.argv[2]
for name in ["project.qgs", "layers.qlr"]:
    urllib.request.urlretrieve(base + "/" + name + "?lang=fr", folder + "/" + name)
def told(project):
    nodes = project.layerTreeRoot().findLayers()
    return [{
        "title": n.name(), "valid": bool(n.layer() and n.layer().isValid()),
        "visible": n.itemVisibilityChecked(), "opacity": round(n.layer().opacity(), 3) if n.layer() else None,
        "crs": n.layer().crs().authid() if n.layer() else None,
        "min": n.layer().minimumScale() if n.layer() and n.layer().hasScaleBasedVisibility() else None,
        "group": n.parent().name(),
    } for n in nodes]
project = QgsProject()
out = {"read": project.read(folder + "/project.qgs"), "crs": project.crs().authid(),
       "title": project.title(), "layers": told(project)}
e = project.viewSettings().defaultViewExtent()
out["extent"] = [e.xMinimum(), e.yMinimum(), e.xMaximum(), e.yMaximum()]
out["bookmarks"] = [b.name() for b in project.bookmarkManager().bookmarks()]
other = QgsProject()
ok, message = QgsLayerDefinition.loadLayerDefinition(folder + "/layers.qlr", other, other.layerTreeRoot())
out["qlr"] = {"read": ok, "message": message, "layers": told(other)}
print(json.dumps(out))
"#;
    for map in kinds() {
        let base = format!("http://{}/maps/{map}", server().address);
        let scratch = common::Scratch::new("qgis");
        let folder = scratch.0.to_str().unwrap();
        let Some(said) = python("import qgis.core", script, &[&base, folder]) else {
            return;
        };
        let said: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        assert_eq!(said["read"], true, "{map}");
        assert_eq!(
            said["qlr"]["read"], true,
            "{map}: {}",
            said["qlr"]["message"]
        );
        let document = server().get(&format!("/maps/{map}?f=json&lang=fr")).json();
        assert_eq!(said["crs"], document["view"]["crs"]);
        assert_eq!(said["title"], document["title"]);
        assert_eq!(said["bookmarks"], serde_json::json!([document["title"]]));
        for (found, wanted) in said["extent"]
            .as_array()
            .unwrap()
            .iter()
            .zip(document["view"]["extent"].as_array().unwrap())
        {
            assert!(
                (found.as_f64().unwrap() - wanted.as_f64().unwrap()).abs() < 1.0,
                "{said}"
            );
        }
        for list in [&said["layers"], &said["qlr"]["layers"]] {
            let found = list.as_array().unwrap().iter().map(|layer| {
                assert_eq!(layer["valid"], true, "{map}: {layer}");
                assert_eq!(layer["crs"], document["view"]["crs"], "{map}: {layer}");
                (
                    layer["title"].as_str().unwrap().to_owned(),
                    layer["visible"].as_bool().unwrap(),
                    layer["opacity"].as_f64().unwrap(),
                )
            });
            let wanted = layers(&map)
                .into_iter()
                .map(|l| (l.title, l.visible, l.opacity));
            assert_eq!(
                found.collect::<Vec<_>>(),
                wanted.collect::<Vec<_>>(),
                "{map}"
            );
        }
    }
}
