//! What lies under the layers of a map: base maps of elsewhere and of this server's own layers, on
//! the page, in pictures and on paper.
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

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cartotheque::encode::{self, Effort, ImageFormat};
use common::{Reply, Scratch, Server, repository};
use pdf::Pdf;
use serde_json::json;
use tiny_skia::{Color, Paint, Pixmap, Rect, Transform};

const BASEMAPS: &str = "basemaps:
  relief: {title: {fr: Relief ombré, en: Shaded relief}, \
         wms: \"https://fond.example:8443/wms?map=r\", layer: \"relief,noms\", style: gris, \
         format: image/jpeg, attribution: Autre}
  ici: {title: {fr: Fond d’ici, en: Our own}, layers: [cours-eau, departements, pays]}
";

/// Maps of towns: over a base map of elsewhere, over none, over one of this server.
fn folder(name: &str) -> Scratch {
    let scratch = Scratch::new(name);
    let root = repository();
    for part in ["data", "styles"] {
        std::os::unix::fs::symlink(root.join(part), scratch.0.join(part)).unwrap();
    }
    let capabilities = scratch.0.join("capabilities");
    fs::create_dir_all(capabilities.join("maps")).unwrap();
    fs::create_dir_all(capabilities.join("layers")).unwrap();
    for file in fs::read_dir(root.join("capabilities/layers")).unwrap() {
        let file = file.unwrap();
        fs::copy(
            file.path(),
            capabilities.join("layers").join(file.file_name()),
        )
        .unwrap();
    }
    let yaml = fs::read_to_string(root.join("capabilities/server.yaml")).unwrap();
    let yaml = yaml.split("basemaps:").next().unwrap();
    fs::write(
        capabilities.join("server.yaml"),
        format!("{yaml}{BASEMAPS}"),
    )
    .unwrap();
    let view = "view: {crs: EPSG:2154, extent: {of: departements}}";
    for (id, basemaps, layers) in [
        ("ain", "[relief, none]", "[departements]"),
        ("nu", "[none]", "[departements]"),
        ("villes", "[ici, none]", "[aerodromes]"),
    ] {
        let map = format!("title: Ain\nbasemaps: {basemaps}\n{view}\nlayers: {layers}\n");
        fs::write(capabilities.join(format!("maps/{id}.yaml")), map).unwrap();
    }
    scratch
}

/// The words of a PDF, in the order of reading; `None` where nothing here reads them.
fn words_of(pdf: &[u8], scratch: &Scratch) -> Option<String> {
    let path = scratch.0.join("feuille.pdf");
    fs::write(&path, pdf).unwrap();
    let mut command = std::process::Command::new("pdftotext");
    let output = command
        .args(["-layout", "-enc", "UTF-8"])
        .arg(path)
        .arg("-");
    Some(String::from_utf8_lossy(&output.output().ok()?.stdout).into_owned())
}

#[test]
fn a_base_map_of_a_wms_is_the_browsers_to_load_and_the_paper_says_that_it_is_missing() {
    let scratch = folder("basemaps-wms");
    let server = Server::start(&scratch.0, &["--strict"]);
    let told = server.get("/maps/ain?f=json").json()["basemaps"][0].clone();
    for (name, value) in [
        ("kind", "wms"),
        ("url", "https://fond.example:8443/wms?map=r"),
        ("layer", "relief,noms"),
        ("style", "gris"),
        ("format", "image/jpeg"),
        ("attribution", "Autre"),
    ] {
        assert_eq!(told[name], value, "{name}");
    }
    for page in ["/maps/ain?f=html", "/maps/ain/embed"] {
        let reply = server.get(page);
        let policy = reply.header("content-security-policy");
        let images = policy.split(';').find(|p| p.trim().starts_with("img-src"));
        let images = images.unwrap();
        let may = ["https://fond.example:8443", " https: "];
        assert!(may.iter().any(|m| images.contains(m)), "{policy}");
    }
    let sheet = |path: &str| {
        let reply = server.get(&format!("/maps/{path}"));
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        words_of(&reply.body, &scratch)
    };
    let french = "Sans le fond de plan « Relief ombré »";
    let english = "Without the base map “Shaded relief”: it comes from another server";
    for (path, expected) in [
        ("ain/print.pdf?lang=fr", Some(french)),
        ("ain/print.pdf?lang=en&base=relief", Some(english)),
        ("ain/print.pdf?lang=fr&base=none", None),
        ("nu/print.pdf?lang=fr", None),
    ] {
        let Some(words) = sheet(path) else { return };
        let words = words.replace('\u{a0}', " ");
        assert!(words.contains("IGN, INSEE"), "{path}: {words}");
        match expected {
            Some(note) => assert!(words.contains(note), "{path}: {words}"),
            None => assert!(!words.contains("Relief"), "{path}: {words}"),
        }
    }
    let unknown = server.get("/maps/ain/print.pdf?base=plan");
    assert_eq!(unknown.status, 400);
    assert!(unknown.text().contains("relief"), "{}", unknown.text());
}

/// Which part of a picture is not white.
fn drawn(pixels: impl Iterator<Item = [u8; 3]>) -> f64 {
    let (mut all, mut coloured) = (0, 0);
    for pixel in pixels {
        all += 1;
        coloured += usize::from(pixel != [255; 3]);
    }
    coloured as f64 / f64::from(all)
}

/// The same of the map on a sheet.
fn drawn_on_paper(reply: &Reply) -> f64 {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let rgb = Pdf::read(&reply.body).map().rgb;
    drawn(rgb.as_chunks::<3>().0.iter().copied())
}

#[test]
fn a_base_map_of_own_layers_is_under_the_map_on_the_page_in_its_picture_and_on_paper() {
    let scratch = folder("basemaps-own");
    let server = Server::start(&scratch.0, &["--strict"]);
    let told = server.get("/maps/villes?f=json").json()["basemaps"][0].clone();
    let site = format!("http://{}", server.address);
    for (name, value) in [
        ("kind", json!("wms")),
        ("url", json!(format!("{site}/wms"))),
        // a WMS names them from the bottom
        ("layer", json!("pays,departements,cours-eau")),
        ("own", json!(true)),
    ] {
        assert_eq!(told[name], value, "{name}");
    }
    let sources = told["attribution"].as_str().unwrap();
    assert!(sources.contains("IGN"), "{sources}");

    let (_, _, pixels) = server.get("/maps/villes/map.png").picture();
    let part = drawn(pixels.iter().map(|[r, g, b, _]| [*r, *g, *b]));
    assert!(part > 0.3, "{part}");

    let over = drawn_on_paper(&server.get("/maps/villes/print.pdf?dpi=150"));
    let without = drawn_on_paper(&server.get("/maps/villes/print.pdf?dpi=150&base=none"));
    assert!(over > 0.3 && without < 0.05, "{over} {without}");
    let sheet = server.get("/maps/villes/print.pdf?lang=fr");
    let Some(words) = words_of(&sheet.body, &scratch) else {
        return;
    };
    assert!(!words.contains("Sans le fond"), "{words}");
    // what is below is nothing that the legend explains
    assert!(!words.contains("Départements"), "{words}");
}

#[test]
fn the_picture_of_a_map_is_made_again_when_what_lies_under_it_changes() {
    let scratch = folder("basemaps-changed");
    fs::remove_file(scratch.0.join("styles")).unwrap();
    fs::create_dir(scratch.0.join("styles")).unwrap();
    for file in fs::read_dir(repository().join("styles")).unwrap().flatten() {
        fs::copy(file.path(), scratch.0.join("styles").join(file.file_name())).unwrap();
    }
    // a layer of the map has the id that a layer of the base map has on the site
    let map = "title: Villes\nbasemaps: [ici]\nview: {crs: EPSG:2154, extent: {of: departements}}\n\
               layers:\n  - {layer: aerodromes, id: pays}\n";
    fs::write(scratch.0.join("capabilities/maps/villes.yaml"), map).unwrap();
    let server = Server::start(&scratch.0, &["--strict"]);
    let picture = |server: &Server| {
        let reply = server.get("/maps/villes/map.png?width=1200&height=900");
        (reply.header("etag").to_owned(), reply.body)
    };
    for (name, colour) in [("pays", "#f5f1e7"), ("aerodromes", "#54478c")] {
        let before = picture(&server);
        assert_eq!(picture(&server), before);
        let style = scratch.0.join(format!("styles/{name}.sld"));
        let sld = fs::read_to_string(&style).unwrap();
        fs::write(&style, sld.replace(colour, "#123456")).unwrap();
        server.wait_until("another picture", |server| picture(server) != before);
        let after = picture(&server);
        assert!(after.0 != before.0 && after.1 != before.1, "{name}");
    }
}

#[test]
fn a_base_map_of_restricted_layers_is_for_no_public_map() {
    let scratch = folder("basemaps-roles");
    let layer = scratch.0.join("capabilities/layers/departements.yaml");
    let yaml = fs::read_to_string(&layer).unwrap();
    let yaml: Vec<&str> = yaml.lines().filter(|l| !l.starts_with("access:")).collect();
    let yaml = yaml.join("\n");
    fs::write(&layer, format!("{yaml}\naccess: {{roles: [ddt]}}\n")).unwrap();
    let server = scratch.0.join("capabilities/server.yaml");
    let site = fs::read_to_string(&server).unwrap();
    let site = site.replace("\nroles:", "\nroles_of_the_demonstration:");
    let site = site.split("\nroles_of_the_demonstration:").next().unwrap();
    fs::write(
        &server,
        format!("{site}\nroles: {{ddt: {{title: DDT}}}}\n{BASEMAPS}"),
    )
    .unwrap();
    for id in ["ain", "nu"] {
        fs::remove_file(scratch.0.join(format!("capabilities/maps/{id}.yaml"))).unwrap();
    }
    let said = std::process::Command::new(env!("CARGO_BIN_EXE_cartotheque"))
        .arg("check")
        .arg(&scratch.0)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&said.stdout) + String::from_utf8_lossy(&said.stderr);
    assert!(!said.status.success());
    let expected = "the layer \"departements\" of the base map \"ici\" is restricted";
    assert!(text.contains(expected), "{text}");
}

/// A picture of one colour, in base64.
fn picture(color: Color, format: ImageFormat) -> String {
    let mut pixmap = Pixmap::new(40, 30).unwrap();
    pixmap.fill(color);
    STANDARD.encode(encode::image(&pixmap, format, Effort::Small).unwrap())
}

fn post(server: &Server, path: &str, body: &str) -> Reply {
    let headers = [("content-type", "application/json")];
    server.ask("POST", path, &headers, body.as_bytes())
}

#[test]
fn what_the_page_has_drawn_goes_below_and_above_the_layers_where_it_belongs() {
    let scratch = folder("basemaps-drawn");
    let server = Server::start(&scratch.0, &["--strict"]);
    let red = Color::from_rgba8(200, 0, 0, 255);
    let blue = Color::from_rgba8(0, 0, 200, 255);
    // the first covers the sheet, the other what is west of 800 km
    let body = json!({
        "below": {"bbox": [0.0, 6_000_000.0, 2e6, 7_000_000.0], "data": picture(red, ImageFormat::Webp)},
        "above": {"bbox": [0.0, 6_000_000.0, 8e5, 7_000_000.0], "data": picture(blue, ImageFormat::Png)},
    });
    let path =
        "/maps/ain/print.pdf?lang=fr&base=relief&dpi=150&center=800000,6500000&scale=2000000";
    let sheet = post(&server, path, &body.to_string());
    assert_eq!(sheet.status, 200, "{}", sheet.text());
    let map = Pdf::read(&sheet.body).map();
    let at = |x: u32, y: u32| {
        let start = ((y * map.width + x) * 3) as usize;
        [map.rgb[start], map.rgb[start + 1], map.rgb[start + 2]]
    };
    let (middle, high) = (map.width / 2, map.height);
    for y in [0, high / 2, high - 1] {
        assert_eq!(at(0, y), [0, 0, 200]);
        assert_eq!(at(middle - 2, y), [0, 0, 200]);
    }
    assert_eq!(at(map.width - 1, 0), [200, 0, 0]);
    // lines of departments lie between the two
    let east = (middle + 2..map.width).map(|x| at(x, high / 2));
    assert!(east.clone().any(|c| c == [200, 0, 0]) && east.clone().any(|c| c != [200, 0, 0]));
    if let Some(words) = words_of(&sheet.body, &scratch) {
        assert!(!words.contains("Sans le fond"), "{words}");
        assert!(words.contains("Autre"), "{words}");
    }
    // what is above alone leaves the sheet without its base map, and that is said
    let above = json!({"above": body["above"]});
    let sheet = post(&server, path, &above.to_string());
    let map = Pdf::read(&sheet.body).map();
    assert_eq!(map.rgb[..3], [0, 0, 200]);
    if let Some(words) = words_of(&sheet.body, &scratch) {
        assert!(words.contains("Sans le fond"), "{words}");
    }
}

#[test]
fn pictures_that_can_not_be_read_are_refused_with_the_reason() {
    let scratch = folder("basemaps-faults");
    let yaml = scratch.0.join("capabilities/server.yaml");
    let mut text = fs::read_to_string(&yaml).unwrap();
    text.push_str("limits: {pixels: 3000000}\n");
    fs::write(&yaml, text).unwrap();
    let server = Server::start(&scratch.0, &[]);
    // a few kB that are 16 MB as pixels
    let mut bomb = Pixmap::new(2048, 2048).unwrap();
    bomb.fill(Color::WHITE);
    let bomb = encode::image(&bomb, ImageFormat::Png, Effort::Small).unwrap();
    assert!(bomb.len() < 20_000);
    let good = picture(Color::WHITE, ImageFormat::Png);
    let mut huge = STANDARD.decode(&good).unwrap();
    // the width in the head of a PNG
    huge[16..20].copy_from_slice(&[0, 1, 0, 0]);
    let sent =
        |bbox: [f64; 4], data: &str| json!({"below": {"bbox": bbox, "data": data}}).to_string();
    let bbox = [0.0, 0.0, 1.0, 1.0];
    for (body, reason) in [
        ("pas de JSON".to_owned(), "expected JSON"),
        (json!({"under": {}}).to_string(), "under"),
        (sent([1.0, 0.0, 0.0, 1.0], &good), "bbox"),
        (sent(bbox, "%%%"), "below"),
        (
            sent(bbox, &picture(Color::WHITE, ImageFormat::Jpeg)),
            "expected a PNG or a WebP",
        ),
        (sent(bbox, &good[..good.len() / 2]), "below"),
        (sent(bbox, &STANDARD.encode(huge)), "below"),
        (
            sent(bbox, &STANDARD.encode(bomb)),
            "2048 by 2048 pixels, expected at most 3000000",
        ),
    ] {
        let reply = post(&server, "/maps/ain/print.pdf?dpi=150", &body);
        assert_eq!(reply.status, 400, "{body}: {}", reply.text());
        assert!(reply.text().contains(reason), "{reason}: {}", reply.text());
    }
    let symbols = |count: usize| vec![json!({"data": good}); count];
    for (legend, reason) in [
        (json!([{"symbols": []}]), "title"),
        (
            json!([{"title": "a", "symbols": [{"data": "%%%"}]}]),
            "legend",
        ),
        (json!([{"title": "a", "colour": "red"}]), "colour"),
        (
            json!([{"title": "a", "symbols": symbols(201)}]),
            "at most 200",
        ),
        (json!(vec![json!({"title": "a"}); 101]), "at most 100"),
        // each is small enough, all are too many
        (
            json!(vec![json!({"title": "a", "symbols": symbols(100)}); 26]),
            "40 by 30 pixels",
        ),
    ] {
        let body = json!({ "legend": legend }).to_string();
        let reply = post(&server, "/maps/ain/print.pdf?dpi=150", &body);
        assert_eq!(reply.status, 400, "{reason}: {}", reply.text());
        assert!(reply.text().contains(reason), "{reason}: {}", reply.text());
    }
    let fine = post(&server, "/maps/ain/print.pdf?dpi=150", &sent(bbox, &good));
    assert_eq!(fine.status, 200, "{}", fine.text());
    let large = post(&server, "/maps/ain/print.pdf", &" ".repeat(3_000_000));
    assert_eq!(large.status, 413);
    assert_eq!(post(&server, "/maps/ain/map.png", "{}").status, 405);
}

/// A map over a base map of each kind, the first the server's own.
fn folder_of_every_kind(name: &str) -> Scratch {
    let scratch = folder(name);
    let yaml = scratch.0.join("capabilities/server.yaml");
    let text = fs::read_to_string(&yaml).unwrap();
    let more =
        "  plan: {title: Plan, wmts: \"https://tuiles.example/wmts?cle=a\", layer: PLAN.V2, \
                matrix_set: PM, format: image/png, attribution: Un autre}
  rues: {title: Rues & places, xyz: \"https://tuiles.example/{z}/{x}/{y}.png?a=1&b=2\"}
";
    fs::write(&yaml, format!("{text}{more}")).unwrap();
    let map = "title: Villes\nbasemaps: [ici, none, relief, plan, rues]\n\
               view: {crs: EPSG:2154, extent: {of: departements}}\nlayers: [aerodromes]\n";
    fs::write(scratch.0.join("capabilities/maps/villes.yaml"), map).unwrap();
    scratch
}

fn all_between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    let parts = text.split(from).skip(1);
    parts.map(|part| part.split(to).next().unwrap()).collect()
}

fn unescaped(text: &str) -> String {
    text.replace("&#39;", "'").replace("&amp;", "&")
}

#[test]
fn every_document_of_a_map_has_its_base_maps_below_its_layers_in_the_same_order() {
    let scratch = folder_of_every_kind("basemaps-documents");
    let server = Server::start(&scratch.0, &["--strict"]);
    let told = |name: &str| {
        let reply = server.get(&format!("/maps/villes/{name}?lang=fr"));
        assert_eq!(reply.status, 200, "{name}: {}", reply.text());
        reply.text()
    };
    let wanted = [
        ("Aérodromes", true),
        ("Fond d’ici", true),
        ("Relief ombré", false),
        ("Plan", false),
        ("Rues & places", false),
    ];
    let wanted: Vec<(String, bool)> = wanted.map(|(title, is)| (title.to_owned(), is)).into();
    let site = format!("http://{}", server.address);

    let context: serde_json::Value = serde_json::from_str(&told("context.json")).unwrap();
    let resources = context["features"].as_array().unwrap();
    let of = |resource: &serde_json::Value| {
        let said = &resource["properties"];
        let active = said["active"].as_bool().unwrap();
        (said["title"].as_str().unwrap().to_owned(), active)
    };
    let found: Vec<_> = resources.iter().map(of).collect();
    assert_eq!(found, wanted, "context.json");
    let asked = |index: usize, operation: usize| {
        let operations = &resources[index]["properties"]["offerings"][0]["operations"];
        operations[operation]["href"].as_str().unwrap().to_owned()
    };
    assert!(asked(1, 1).starts_with(&format!(
        "{site}/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=pays,departements,cours-eau&STYLES=&CRS=EPSG:2154&"
    )));
    let picture = server.get(asked(1, 1).strip_prefix(&site).unwrap());
    let (_, _, pixels) = picture.picture();
    assert!(drawn(pixels.iter().map(|[r, g, b, _]| [*r, *g, *b])) > 0.3);
    assert!(asked(2, 1).contains(
        "map=r&SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=relief,noms&STYLES=gris,&"
    ));
    assert_eq!(
        asked(3, 0),
        "https://tuiles.example/wmts?cle=a&SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetCapabilities"
    );
    assert!(asked(3, 1).ends_with("&LAYER=PLAN.V2&STYLE=normal&FORMAT=image%2Fpng&TILEMATRIXSET=PM&TILEMATRIX=0&TILEROW=0&TILECOL=0"));
    assert_eq!(
        asked(4, 0),
        "https://tuiles.example/{z}/{x}/{y}.png?a=1&b=2"
    );

    let atom = told("context.atom");
    let of = |entry: &&str| {
        let first = |from: &str, to: &str| all_between(entry, from, to)[0].to_owned();
        let active = first("spec/owc/active\" term=\"", "\"") == "true";
        (unescaped(&first("<title>", "</title>")), active)
    };
    let entries = all_between(&atom, "<entry>", "</entry>");
    let found: Vec<_> = entries.iter().map(of).collect();
    assert_eq!(found, wanted, "context.atom");

    // a layer of WMC is one of a WMS
    let wmc = told("context.wmc");
    let of = |layer: &&str| {
        let first = |from: &str, to: &str| all_between(layer, from, to)[0].to_owned();
        let layer = layer.split("</Server>").nth(1).unwrap();
        let title = all_between(layer, "<Title>", "</Title>")[0];
        (unescaped(title), first("hidden=\"", "\"") == "0")
    };
    let layers = all_between(&wmc, "<Layer ", "</Layer>");
    let found: Vec<_> = layers.iter().rev().map(of).collect();
    assert_eq!(found, wanted[..3], "context.wmc");

    for name in ["layers.qlr", "project.qgs"] {
        let qgis = told(name);
        let of = |entry: &&str| {
            let first = |from: &str| all_between(entry, from, "\"")[0].to_owned();
            (
                unescaped(&first(" name=\"")),
                first("checked=\"") == "Qt::Checked",
            )
        };
        let entries = all_between(&qgis, "<layer-tree-layer ", ">");
        let found: Vec<_> = entries.iter().map(of).collect();
        assert_eq!(found, wanted, "{name}");
        // QGIS asks for the last one first
        let own = "layers=cours-eau&amp;layers=departements&amp;layers=pays&amp;styles=";
        assert!(qgis.contains(own), "{name}: {qgis}");
        let groups = all_between(&qgis, "<layer-tree-group ", ">");
        assert!(
            groups.last().unwrap().contains("name=\"Fonds de plan\""),
            "{groups:?}"
        );
    }
    // without base maps there is no group of them
    assert!(
        !server
            .get("/maps/nu/project.qgs?lang=fr")
            .text()
            .contains("Fonds de plan")
    );
}

#[test]
fn qgis_draws_the_base_map_below_the_layers() {
    let scratch = folder_of_every_kind("basemaps-qgis");
    let server = Server::start(&scratch.0, &["--strict"]);
    let script = r#"
import json, sys, urllib.request
from qgis.core import (QgsApplication, QgsProject, QgsMapSettings, QgsMapRendererParallelJob,
    QgsLayerDefinition)
from qgis.PyQt.QtCore import QSize
app = QgsApplication([], False)
app.initQgis()
base, folder = sys.argv[1], sys.argv[2]
for name in ["project.qgs", "layers.qlr"]:
    urllib.request.urlretrieve(base + "/" + name + "?lang=fr", folder + "/" + name)
def told(project):
    return [[n.name(), n.isVisible(), n.parent().name(), bool(n.layer() and n.layer().isValid())]
            for n in project.layerTreeRoot().findLayers()]
def share(project, layers):
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(project.crs())
    settings.setExtent(project.viewSettings().defaultViewExtent())
    settings.setOutputSize(QSize(400, 300))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(folder + "/qgis.png")
    white = sum(image.pixel(x, y) == 0xffffffff for x in range(400) for y in range(300))
    return 1 - white / 120000
project = QgsProject()
out = {"read": project.read(folder + "/project.qgs"), "project": told(project)}
seen = project.layerTreeRoot().checkedLayers()
order = [l for l in project.layerTreeRoot().layerOrder() if l in seen]
out["over"], out["without"] = share(project, order), share(project, order[:1])
share(project, order)
other = QgsProject()
QgsLayerDefinition.loadLayerDefinition(folder + "/layers.qlr", other, other.layerTreeRoot())
out["qlr"] = told(other)
print(json.dumps(out))
"#;
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let has = std::process::Command::new(&python)
        .args(["-c", "import qgis.core"])
        .output();
    if !has.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: {python} has no qgis.core");
        return;
    }
    let base = format!("http://{}/maps/villes", server.address);
    let output = std::process::Command::new(&python)
        .args(["-c", script, &base, scratch.0.to_str().unwrap()])
        .env("QT_QPA_PLATFORM", "offscreen")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let said: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(said["read"], true, "{said}");
    for list in ["project", "qlr"] {
        let list = said[list].as_array().unwrap();
        let group = "Fonds de plan";
        let title = said["project"][0][2].clone();
        assert_ne!(title, group);
        for (found, wanted) in list.iter().zip([
            ["Aérodromes", "", "true", "true"],
            ["Fond d’ici", group, "true", "true"],
            // its server is not there
            ["Relief ombré", group, "false", "false"],
            ["Plan", group, "false", "true"],
            ["Rues & places", group, "false", "true"],
        ]) {
            assert_eq!(found[0], wanted[0], "{said}");
            assert!(wanted[1].is_empty() || found[2] == wanted[1], "{said}");
            assert_eq!(found[1].to_string(), wanted[2], "{said}");
            assert_eq!(found[3].to_string(), wanted[3], "{said}");
        }
        assert_eq!(list.len(), 5);
    }
    let part = |name: &str| said[name].as_f64().unwrap();
    assert!(part("over") > 0.3 && part("without") < 0.05, "{said}");
}

#[test]
fn the_legend_of_what_the_page_has_drawn_stands_above_that_of_the_map() {
    let scratch = folder("basemaps-legend");
    let server = Server::start(&scratch.0, &[]);
    let symbol = |rgb: [u8; 3]| {
        let [r, g, b] = rgb;
        picture(Color::from_rgba8(r, g, b, 255), ImageFormat::Png)
    };
    // a legend of elsewhere: a hundred lines of black on white
    let mut whole = Pixmap::new(120, 2000).unwrap();
    whole.fill(Color::WHITE);
    for line in 0..100 {
        let line = Rect::from_xywh(0.0, 20.0 * line as f32 + 4.0, 90.0, 12.0).unwrap();
        whole.fill_rect(line, &Paint::default(), Transform::identity(), None);
    }
    let whole = encode::image(&whole, ImageFormat::Png, Effort::Small).unwrap();
    let body = json!({"legend": [
        {"title": "Mes randonnées", "symbols": [{"title": "", "data": symbol([200, 0, 0])}]},
        {"title": "Gares", "source": "SNCF", "symbols": [
            {"title": "Grandes", "data": symbol([0, 150, 0])},
            {"title": "Petites", "data": symbol([0, 0, 250])},
        ]},
        {"title": "Géologie", "source": "BRGM", "picture": STANDARD.encode(whole)},
        {"title": "Sans légende", "source": "BRGM"},
    ]});
    let sheet = post(
        &server,
        "/maps/ain/print.pdf?lang=fr&base=none",
        &body.to_string(),
    );
    assert_eq!(sheet.status, 200, "{}", sheet.text());
    let pdf = Pdf::read(&sheet.body);
    let colours = pdf.colours();
    for expected in [[200, 0, 0], [0, 150, 0], [0, 0, 250]] {
        assert!(colours.contains(&expected), "{expected:?} in {colours:?}");
    }
    // higher than a column: on more pages, all of it
    let pages = pdf.of_type("/Page").len();
    assert!(pages > 1, "{pages} pages");
    let is_figure = |o: &&pdf::Object| pdf::value(&o.dict, "/S").is_some_and(|s| s == "/Figure");
    assert_eq!(pdf.objects.values().filter(is_figure).count(), 2);
    if let Some(words) = words_of(&sheet.body, &scratch) {
        let at = |word: &str| {
            words
                .find(word)
                .unwrap_or_else(|| panic!("{word} in {words}"))
        };
        let order = [
            "Ajouts personnels",
            "Mes randonnées",
            "Gares",
            "Grandes",
            "Petites",
            "Géologie",
            "Sans légende",
        ];
        assert!(order.is_sorted_by_key(|word| at(word)), "{words}");
        assert_eq!(words.matches("BRGM").count(), 1, "{words}");
        assert!(words.contains("SNCF"), "{words}");
    }
    let english = post(
        &server,
        "/maps/ain/print.pdf?lang=en&base=none",
        &body.to_string(),
    );
    if let Some(words) = words_of(&english.body, &scratch) {
        assert!(words.contains("Added by the reader"), "{words}");
    }
    let kept = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("print");
    fs::create_dir_all(&kept).unwrap();
    fs::write(kept.join("added.pdf"), &sheet.body).unwrap();
}
