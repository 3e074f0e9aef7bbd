//! Maps in MapLibre end to end: styles complete and in order, every icon and glyph that they name
//! served, glyphs read by a decoder of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use common::{Server, repository};
use serde_json::Value;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(repository(), &[]))
}

/// Every style of the demonstration: each layer's, by name and by default, groups, the site.
fn subjects() -> Vec<String> {
    let mut subjects = vec!["all".to_owned(), "carte".to_owned(), "eau".to_owned()];
    for entry in std::fs::read_dir(repository().join("capabilities/layers")).unwrap() {
        let path = entry.unwrap().path();
        let layer = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let styles = text
            .lines()
            .find_map(|l| l.strip_prefix("styles: "))
            .unwrap();
        let names = styles.trim_matches(['[', ']']).split(',');
        subjects.extend(names.map(|style| format!("{layer}:{}", style.trim())));
        subjects.push(layer);
    }
    assert!(subjects.len() > 40, "{subjects:?}");
    subjects
}

fn style(subject: &str) -> Value {
    let reply = server().get(&format!("/styles/{subject}"));
    assert_eq!(reply.status, 200, "{subject}: {}", reply.text());
    reply.json()
}

/// Calls `visit` with every text and its place in the properties of layers.
fn texts<'a>(value: &'a Value, visit: &mut dyn FnMut(&'a str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(list) => list.iter().for_each(|v| texts(v, visit)),
        Value::Object(members) => members.values().for_each(|v| texts(v, visit)),
        _ => {}
    }
}

/// The icons that a layer may ask for: every result of its expressions is the name of one.
fn icons(layer: &Value, known: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for place in [
        "/layout/icon-image",
        "/paint/fill-pattern",
        "/paint/line-pattern",
    ] {
        match layer.pointer(place) {
            Some(Value::String(name)) => {
                found.insert(name.clone());
            }
            Some(expression) => texts(expression, &mut |text| {
                if known.get(text).is_some() {
                    found.insert(text.to_owned());
                }
            }),
            None => {}
        }
    }
    found
}

/// The rules of the specification that hold a style together; the values of properties are the
/// business of its validator.
#[test]
fn every_style_is_held_together_by_its_ids() {
    for subject in subjects() {
        let style = style(&subject);
        assert_eq!(style["version"], 8, "{subject}");
        assert!(!style["name"].as_str().unwrap().is_empty());
        let [longitude, latitude] = [0, 1].map(|i| style["center"][i].as_f64().unwrap());
        assert!(
            longitude.abs() <= 180.0 && latitude.abs() <= 85.0,
            "{subject}"
        );
        assert!(
            (0.0..=22.0).contains(&style["zoom"].as_f64().unwrap()),
            "{subject}"
        );
        let base = format!("http://{}/", server().address);
        let mut addresses = vec![style["glyphs"].as_str().unwrap().to_owned()];
        addresses.extend(style.get("sprite").map(|s| s.as_str().unwrap().to_owned()));
        let sources = style["sources"].as_object().unwrap();
        for source in sources.values() {
            assert_eq!(source["type"], "vector");
            let zooms = ["minzoom", "maxzoom"].map(|z| source[z].as_u64().unwrap());
            assert!(
                zooms[0] <= zooms[1] && zooms[1] <= 24,
                "{subject}: {zooms:?}"
            );
            assert!(!source["attribution"].as_str().unwrap().is_empty());
            assert_eq!(source["bounds"].as_array().unwrap().len(), 4);
            addresses.push(source["tiles"][0].as_str().unwrap().to_owned());
        }
        for address in &addresses {
            assert!(address.starts_with(&base), "{subject}: {address}");
        }
        let layers = style["layers"].as_array().unwrap();
        assert!(layers.len() > 1, "{subject}");
        assert_eq!(layers[0]["type"], "background");
        let mut ids = BTreeSet::new();
        let mut used = BTreeSet::new();
        let mut is_among_names = false;
        for layer in layers {
            let id = layer["id"].as_str().unwrap();
            assert!(ids.insert(id), "{subject}: {id} twice");
            let kind = layer["type"].as_str().unwrap();
            let zoom =
                |name: &str, default: f64| layer.get(name).map_or(default, |z| z.as_f64().unwrap());
            let (least, most) = (zoom("minzoom", 0.0), zoom("maxzoom", 24.0));
            assert!(
                (0.0..=24.0).contains(&least) && least < most && most <= 24.0,
                "{id}"
            );
            if kind == "background" {
                continue;
            }
            let source = layer["source"].as_str().unwrap();
            assert!(sources.contains_key(source), "{id}");
            used.insert(source);
            let of = layer["source-layer"].as_str().unwrap();
            assert!(
                of == source || of == format!("{source}:points"),
                "{id}: {of}"
            );
            if let Some(filter) = layer.get("filter") {
                assert!(filter[0].is_string(), "{id}: {filter}");
            }
            // a property belongs to the kind of its layer
            for (part, name) in ["paint", "layout"].iter().flat_map(|part| {
                let members = layer.get(part).and_then(Value::as_object);
                members
                    .into_iter()
                    .flat_map(|m| m.keys())
                    .map(move |name| (*part, name))
            }) {
                let prefixes: &[&str] = match kind {
                    "fill" => &["fill-"],
                    "line" => &["line-"],
                    "circle" => &["circle-"],
                    "symbol" => &["icon-", "text-", "symbol-"],
                    other => panic!("{id} is a {other}"),
                };
                assert!(
                    prefixes.iter().any(|p| name.starts_with(p)),
                    "{id}: {part} {name}"
                );
            }
            if let Some(font) = layer.pointer("/layout/text-font") {
                assert!(font[0].as_str().unwrap().starts_with("Noto Sans "), "{id}");
            }
            let is_name = layer.pointer("/layout/text-field").is_some();
            assert!(is_name || !is_among_names, "{id}: a shape above names");
            is_among_names = is_name;
        }
        assert_eq!(
            used.len(),
            sources.len(),
            "{subject}: a source without a layer"
        );
    }
}

#[test]
fn every_icon_that_a_style_names_is_in_its_sprite() {
    let mut seen = 0;
    for subject in subjects() {
        let style = style(&subject);
        let at = |file: &str| server().get(&format!("/sprites/{subject}{file}"));
        let index = at(".json").json();
        let named: BTreeSet<String> = style["layers"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|layer| icons(layer, &index))
            .collect();
        let served: BTreeSet<String> = index.as_object().unwrap().keys().cloned().collect();
        assert_eq!(named, served, "{subject}");
        assert_eq!(
            style.get("sprite").is_some(),
            !named.is_empty(),
            "{subject}"
        );
        seen += named.len();
        let double = at("@2x.json").json();
        for (index, file, ratio) in [(&index, ".png", 1), (&double, "@2x.png", 2)] {
            let (width, height, pixels) = at(file).picture();
            let mut taken = vec![false; pixels.len()];
            for (name, place) in index.as_object().unwrap() {
                let number = |key: &str| u32::try_from(place[key].as_u64().unwrap()).unwrap();
                let [x, y, w, h] = ["x", "y", "width", "height"].map(number);
                assert_eq!(number("pixelRatio"), ratio);
                assert!(
                    w > 0 && h > 0 && x + w <= width && y + h <= height,
                    "{name}"
                );
                let mut ink = 0;
                for at in (y..y + h).flat_map(|y| (x..x + w).map(move |x| y * width + x)) {
                    assert!(!taken[at as usize], "{name} lies on another");
                    taken[at as usize] = true;
                    ink += u32::from(pixels[at as usize][3]);
                }
                assert!(ink > 0, "{name} shows nothing");
            }
            assert!(index.as_object().unwrap().is_empty() || taken.contains(&true));
        }
    }
    assert!(seen >= 10, "{seen} icons");
}

/// A glyph of a range.
#[derive(Debug, Default, Clone)]
struct Glyph {
    bitmap: Vec<u8>,
    width: usize,
    height: usize,
    left: i64,
    top: i64,
    advance: u64,
}

/// Key, number and bytes of each field of a message.
fn fields(mut bytes: &[u8]) -> Vec<(u64, u64, &[u8])> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let (first, rest) = bytes.split_first().expect("a whole number");
            *bytes = rest;
            value |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                break;
            }
        }
        value
    }
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let number = varint(&mut bytes);
        match key & 7 {
            0 => found.push((key >> 3, number, &bytes[..0])),
            2 => {
                let (content, rest) = bytes.split_at(usize::try_from(number).unwrap());
                found.push((key >> 3, number, content));
                bytes = rest;
            }
            other => panic!("wire type {other}"),
        }
    }
    found
}

fn glyphs(bytes: &[u8]) -> (String, String, BTreeMap<u32, Glyph>) {
    let stacks = fields(bytes);
    assert_eq!(stacks.len(), 1);
    assert_eq!(stacks[0].0, 1);
    let (mut name, mut range, mut found) = (String::new(), String::new(), BTreeMap::new());
    for (field, _, content) in fields(stacks[0].2) {
        match field {
            1 => name = String::from_utf8(content.to_vec()).unwrap(),
            2 => range = String::from_utf8(content.to_vec()).unwrap(),
            3 => {
                let (mut id, mut glyph) = (0, Glyph::default());
                let signed = |n: u64| (n >> 1).cast_signed() ^ -(n & 1).cast_signed();
                for (field, number, content) in fields(content) {
                    match field {
                        1 => id = u32::try_from(number).unwrap(),
                        2 => glyph.bitmap = content.to_vec(),
                        3 => glyph.width = usize::try_from(number).unwrap(),
                        4 => glyph.height = usize::try_from(number).unwrap(),
                        5 => glyph.left = signed(number),
                        6 => glyph.top = signed(number),
                        7 => glyph.advance = number,
                        other => panic!("field {other}"),
                    }
                }
                assert!(found.insert(id, glyph).is_none(), "{id} twice");
            }
            other => panic!("field {other}"),
        }
    }
    (name, range, found)
}

#[test]
fn glyphs_have_the_metrics_of_the_font() {
    for (face, file) in [
        ("Noto%20Sans%20Regular", "NotoSans-Regular"),
        ("Noto%20Sans%20Bold%20Italic", "NotoSans-BoldItalic"),
    ] {
        let data = std::fs::read(repository().join(format!("assets/fonts/{file}.ttf"))).unwrap();
        let font = FontRef::new(&data).unwrap();
        let size = Size::new(24.0);
        let metrics = font.glyph_metrics(size, LocationRef::default());
        let ascender = font.metrics(size, LocationRef::default()).ascent.ceil() as i64;
        assert_eq!(ascender, 26);
        for range in ["0-255", "256-511", "1024-1279", "7680-7935"] {
            let reply = server().get(&format!("/fonts/{face}/{range}.pbf"));
            assert_eq!(reply.status, 200);
            let (name, told, found) = glyphs(&reply.body);
            assert_eq!(name, face.replace("%20", " "));
            assert_eq!(told, range);
            assert!(found.len() > 100, "{face} {range}: {}", found.len());
            for (code, glyph) in &found {
                let id = font.charmap().map(*code).unwrap();
                let advance = f64::from(metrics.advance_width(id).unwrap());
                assert!((advance - glyph.advance as f64).abs() <= 0.5, "{code}");
                let bounds = metrics.bounds(id).unwrap();
                let has_ink = bounds.x_min < bounds.x_max;
                assert_eq!(glyph.bitmap.is_empty(), !has_ink, "{code}");
                if !has_ink {
                    assert_eq!((glyph.width, glyph.height), (0, 0));
                    continue;
                }
                let right = glyph.left + glyph.width as i64;
                let top = glyph.top + ascender;
                let bottom = top - glyph.height as i64;
                for (edge, exact, outwards) in [
                    (glyph.left, bounds.x_min, -1.0),
                    (right, bounds.x_max, 1.0),
                    (top, bounds.y_max, 1.0),
                    (bottom, bounds.y_min, -1.0),
                ] {
                    // bounds of curves' control points may lie outside of the ink
                    let over = (edge as f64 - f64::from(exact)) * outwards;
                    assert!((-2.5..1.01).contains(&over), "{code}: {edge} {exact}");
                }
                assert_eq!(glyph.bitmap.len(), (glyph.width + 6) * (glyph.height + 6));
            }
        }
    }
}

/// Inside and outside are told apart by sampling: the field, read at 192 as clients do, is the
/// letter.
#[test]
fn the_distance_field_is_positive_inside_of_letters_only() {
    let (_, _, found) = glyphs(&server().get("/fonts/Noto%20Sans%20Regular/0-255.pbf").body);
    let at = |glyph: &Glyph, x: usize, y: usize| glyph.bitmap[y * (glyph.width + 6) + x];
    for (code, glyph) in found.iter().filter(|(_, g)| !g.bitmap.is_empty()) {
        let (width, height) = (glyph.width + 6, glyph.height + 6);
        for x in 0..width {
            assert!(
                at(glyph, x, 0) < 192 - 60 && at(glyph, x, height - 1) < 192 - 60,
                "{code}"
            );
        }
        for y in 0..height {
            assert!(
                at(glyph, 0, y) < 192 - 60 && at(glyph, width - 1, y) < 192 - 60,
                "{code}"
            );
        }
        assert!(
            glyph.bitmap.iter().any(|v| *v > 180),
            "{code} has no inside"
        );
        // one pixel further is at most one pixel's value less: 255 / 8
        for y in 0..height {
            for x in 1..width {
                let (a, b) = (i32::from(at(glyph, x - 1, y)), i32::from(at(glyph, x, y)));
                assert!((a - b).abs() <= 33, "{code} at {x}, {y}: {a} {b}");
            }
        }
    }
    // the ring of an O: ink, nothing, ink along the middle
    let letter = &found[&u32::from('O')];
    let row = (letter.height + 6) / 2;
    let inside: Vec<bool> = (0..letter.width + 6)
        .map(|x| at(letter, x, row) >= 192)
        .collect();
    let changes = inside.windows(2).filter(|w| w[0] != w[1]).count();
    assert_eq!(changes, 4, "{inside:?}");
    let middle = at(letter, (letter.width + 6) / 2, row);
    assert!(middle < 32, "{middle}: more than five pixels from the ring");
    // an l is a bar of about two pixels: its ink is its area
    let bar = &found[&u32::from('l')];
    let ink: f64 = bar
        .bitmap
        .iter()
        .map(|v| ((f64::from(*v) - 191.25) / 31.875 + 0.5).clamp(0.0, 1.0))
        .sum();
    assert!((35.0..45.0).contains(&ink), "{ink}: 0.09 by 0.76 em");
}

#[test]
fn glyphs_are_kept_by_clients_and_packed_for_those_who_ask() {
    let path = "/fonts/Noto%20Sans%20Bold,Arial%20Unicode%20MS%20Regular/0-255.pbf";
    let plain = server().get(path);
    assert_eq!(plain.header("content-type"), "application/x-protobuf");
    assert_eq!(plain.header("access-control-allow-origin"), "*");
    assert!(plain.header("cache-control").contains("max-age=604800"));
    let packed = server().ask("GET", path, &[("Accept-Encoding", "gzip")], b"");
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_eq!(packed.header("vary"), "Accept-Encoding");
    let mut unpacked = vec![0; plain.body.len()];
    let length = libdeflater::Decompressor::new()
        .gzip_decompress(&packed.body, &mut unpacked)
        .unwrap();
    assert_eq!(unpacked[..length], plain.body);
    for reply in [&plain, &packed] {
        let tag = reply.header("etag");
        let headers = [("If-None-Match", tag), ("Accept-Encoding", "gzip")];
        let many = if reply.header("content-encoding").is_empty() {
            1
        } else {
            2
        };
        let again = server().ask("GET", path, &headers[..many], b"");
        assert_eq!((again.status, again.body.len()), (304, 0));
    }
    // browsers' fonts for clients that set text themselves: from here as well
    let sheet = server().get("/fonts/noto-sans/700-italic.css");
    assert_eq!(sheet.header("content-type"), "text/css; charset=utf-8");
    assert!(
        sheet.text().contains("url(\"700-italic.ttf\")"),
        "{}",
        sheet.text()
    );
    let font = server().get("/fonts/noto-sans/700-italic.ttf");
    assert_eq!(font.header("content-type"), "font/ttf");
    let bundled = repository().join("assets/fonts/NotoSans-BoldItalic.ttf");
    assert_eq!(font.body, std::fs::read(bundled).unwrap());
    assert_eq!(server().get("/fonts/noto-sans/bold.css").status, 404);
    // one face for all families: the same bytes
    assert_eq!(
        server().get("/fonts/Roboto%20Black/0-255.pbf").body,
        plain.body
    );
    let (_, range, found) = glyphs(&server().get("/fonts/x/19968-20223.pbf").body);
    assert_eq!(
        (range.as_str(), found.len()),
        ("19968-20223", 0),
        "valid, and empty"
    );
    let (_, _, arrows) = glyphs(&server().get("/fonts/x/8448-8703.pbf").body);
    assert!(
        arrows.contains_key(&u32::from('→')),
        "from the face of symbols"
    );
    for (path, status) in [
        ("/fonts/x/0-254.pbf", 400),
        ("/fonts/x/1-256.pbf", 400),
        ("/fonts/x/abc.pbf", 400),
        ("/fonts/x/1114112-1114367.pbf", 400),
        ("/fonts/x/0-255.png", 404),
        ("/fonts/x/0-255", 404),
        ("/fonts//0-255.pbf", 404),
        ("/fonts/0-255.pbf", 404),
    ] {
        let reply = server().get(path);
        assert_eq!(reply.status, status, "{path}: {}", reply.text());
    }
}

#[test]
fn what_is_not_there_is_said_and_what_is_known_not_sent() {
    for (path, status) in [
        ("/styles/comunes", 404),
        ("/styles/epci:natur", 404),
        ("/styles/carte:x", 404),
        ("/sprites/comunes.json", 404),
        ("/sprites/all.gif", 404),
        ("/sprites/all", 404),
        ("/tiles/communes/8/131/91.mvt?points=oui", 400),
    ] {
        let reply = server().get(path);
        assert_eq!(reply.status, status, "{path}: {}", reply.text());
    }
    for path in ["/styles/all", "/sprites/all.json", "/sprites/all@2x.png"] {
        let first = server().get(path);
        assert!(first.header("cache-control").contains("max-age"));
        assert_eq!(first.header("access-control-allow-origin"), "*");
        let tag = first.header("etag").to_owned();
        let again = server().ask("GET", path, &[("If-None-Match", &tag)], b"");
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_eq!(
            server().get(path).body,
            first.body,
            "the same bytes each time"
        );
    }
}

#[test]
fn addresses_are_those_that_the_client_used() {
    let headers = [
        ("Host", "inner:8080"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "cartes.example.org"),
        ("X-Forwarded-Prefix", "/geo"),
    ];
    let style = server()
        .ask("GET", "/styles/epci:epci-nature", &headers, b"")
        .json();
    let base = "https://cartes.example.org/geo";
    assert_eq!(
        style["glyphs"],
        format!("{base}/fonts/{{fontstack}}/{{range}}.pbf")
    );
    assert_eq!(style["sprite"], format!("{base}/sprites/epci:epci-nature"));
    let tiles = style["sources"]["epci"]["tiles"][0].as_str().unwrap();
    assert!(
        tiles.starts_with(&format!("{base}/tiles/epci/{{z}}/{{x}}/{{y}}.mvt")),
        "{tiles}"
    );
}

/// The names of the layers of a tile, and how many features each has.
fn tile_layers(bytes: &[u8]) -> BTreeMap<String, usize> {
    fields(bytes)
        .into_iter()
        .map(|(_, _, layer)| {
            let fields = fields(layer);
            let name = fields.iter().find(|(field, ..)| *field == 1).unwrap().2;
            let features = fields.iter().filter(|(field, ..)| *field == 2).count();
            (String::from_utf8(name.to_vec()).unwrap(), features)
        })
        .collect()
}

/// Each département has its name once, however many tiles it lies in.
#[test]
fn an_area_has_one_point_in_all_tiles_together() {
    let (mut points, mut pieces) = (0, 0);
    for (x, y) in (128..=134).flat_map(|x| (88..=95).map(move |y| (x, y))) {
        let path = format!("/tiles/departements/8/{x}/{y}.mvt");
        let with = server().get(&format!("{path}?points=true"));
        let without = server().get(&path);
        assert_eq!(with.status, without.status);
        if with.status == 204 {
            continue;
        }
        assert_ne!(with.header("etag"), without.header("etag"));
        let layers = tile_layers(&with.body);
        let plain = tile_layers(&without.body);
        assert_eq!(plain.keys().collect::<Vec<_>>(), ["departements"]);
        assert_eq!(layers.get("departements"), plain.get("departements"));
        points += layers.get("departements:points").copied().unwrap_or(0);
        pieces += plain["departements"];
    }
    assert_eq!(points, 12);
    assert!(pieces > 24, "{pieces}");
}
