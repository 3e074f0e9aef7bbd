//! Requests that mean harm, or come from a broken client, on the demo: each has an answer in
//! WMS's words, within its time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

#[path = "common/work.rs"]
mod work;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cartotheque::budget::Budget;
use cartotheque::protocol::wms::{self, Service};
use cartotheque::protocol::{Answer, Body, Request};
use cartotheque::server::{Options, Site, State};
use work::Work;

fn site() -> Arc<Site> {
    static STATE: OnceLock<State> = OnceLock::new();
    let state = STATE.get_or_init(|| {
        State::load(Options {
            path: env!("CARGO_MANIFEST_DIR").into(),
            base_url: None,
            trusted_proxies: Vec::new(),
            workers: 1,
            strict: false,
            explain: true,
            cache: None,
        })
        .unwrap()
    });
    state.whole()
}

fn ask(query: &str, seconds: u64) -> (Answer, Duration) {
    let site = site();
    let service = Service {
        catalogue: &site.catalogue,
        limits: &site.limits,
        engine: &*site.studio,
        capabilities: &site.known.capabilities,
        explain: true,
    };
    // as a form: what is too long for an address comes so
    let request = Request {
        body: Some(Body {
            media_type: "application/x-www-form-urlencoded",
            bytes: query.as_bytes(),
        }),
        base: "http://example.org",
        ..Request::default()
    };
    let allowed = Duration::from_secs(seconds);
    let budget = Budget::new(allowed, site.limits.features, site.limits.vertices);
    let work = Work::start();
    let answer = wms::answer(&service, &request, &budget);
    (answer, work.done())
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(b).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect()
}

/// A sequence of numbers that is the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn one_of<'a>(&mut self, values: &[&'a str]) -> &'a str {
        values[(self.next() % values.len() as u64) as usize]
    }

    fn often(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }
}

const NUMBERS: [&str; 24] = [
    "0", "-0", "1", "-1", "5", "45.5", "180", "-180", "360", "90", "700000", "6400000", "1e-300",
    "1e9", "1e15", "1e300", "-1e300", "1e308", "NaN", "inf", "-inf", "", "x", "0x10",
];
const SIZES: [&str; 12] = [
    "1",
    "2",
    "97",
    "256",
    "256",
    "0",
    "-1",
    "8192",
    "8193",
    "4294967297",
    "1e3",
    "",
];
const CRSS: [&str; 20] = [
    "EPSG:4326",
    "EPSG:3857",
    "EPSG:2154",
    "CRS:84",
    "EPSG:3035",
    "EPSG:4978",
    "EPSG:27700",
    "EPSG:32661",
    "EPSG:5041",
    "EPSG:2193",
    "CRS:83",
    "AUTO2:42001,1,0,0",
    "EPSG:999999",
    "urn:ogc:def:crs:EPSG::3945",
    "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    "EPSG:",
    "IGNF:LAMB93",
    "+proj=merc",
    "EPSG:5698",
    "%00",
];

#[test]
fn no_mixture_of_parameters_is_without_an_answer() {
    let mut dice = Dice(20_261_122);
    let mut pictures = 0;
    for round in 0..1500 {
        let request = dice.one_of(&[
            "GetMap",
            "GetMap",
            "GetMap",
            "GetFeatureInfo",
            "GetLegendGraphic",
        ]);
        let mut query = format!("REQUEST={request}");
        let mut add = |dice: &mut Dice, name: &str, usual: &str, values: &[&str]| {
            let value = if dice.often(85) {
                usual
            } else {
                dice.one_of(values)
            };
            if !dice.often(2) {
                query += &format!("&{name}={}", escaped(value));
            }
        };
        let d = &mut dice;
        add(d, "VERSION", "1.3.0", &["1.1.1", "1.0.0", "9", "", "x"]);
        let layers = [
            "communes",
            "pays",
            "villes,cours-eau",
            "communes,communes",
            "aerodromes",
        ];
        let layer = d.one_of(&layers);
        add(
            d,
            "LAYERS",
            layer,
            &["", ",", "x", "communes,,pays", "\u{0}"],
        );
        add(d, "QUERY_LAYERS", layer, &["pays", ""]);
        add(d, "LAYER", layer, &["pays", ""]);
        add(d, "STYLES", "", &["x", ",", ",,,", "default"]);
        let crs = d.one_of(&CRSS);
        add(d, "CRS", crs, &["EPSG:2154"]);
        let bbox = if d.often(50) {
            d.one_of(&[
                "-180,-90,180,90",
                "44,3,46,7",
                "3,44,7,46",
                "600000,6300000,1100000,6700000",
                "-1e7,-1e7,1e7,1e7",
                "170,-20,190,20",
                "0,0,1e-9,1e-9",
                "-1e300,-1e300,1e300,1e300",
                "700000,6400000,700000.0001,6400000.0001",
            ])
            .to_owned()
        } else {
            let numbers: Vec<&str> = (0..4).map(|_| d.one_of(&NUMBERS)).collect();
            numbers.join(",")
        };
        add(d, "BBOX", &bbox, &["", "1,2,3", "1,2,3,4,5"]);
        let (width, height) = (d.one_of(&SIZES), d.one_of(&SIZES));
        // two sides of 8192 are 268 MB: allowed, and too slow to do often
        let height = if width == "8192" { "3" } else { height };
        add(d, "WIDTH", width, &["64"]);
        add(
            d,
            "HEIGHT",
            if height == "8192" { "100" } else { height },
            &["64"],
        );
        add(
            d,
            "FORMAT",
            "image/png",
            &["image/png8", "image/webp", "image/jpeg", "text/html", ""],
        );
        add(d, "I", "5", &NUMBERS);
        add(d, "J", "5", &NUMBERS);
        add(d, "FEATURE_COUNT", "3", &NUMBERS);
        add(d, "DPI", "96", &NUMBERS);
        add(d, "TRANSPARENT", "TRUE", &["2", ""]);
        add(d, "BGCOLOR", "0xFFFFFF", &["#12", "red", "0x12345678", "é"]);
        add(d, "EXCEPTIONS", "XML", &["INIMAGE", "BLANK", "x"]);
        add(d, "SCALE", "1000", &NUMBERS);
        add(
            d,
            "INFO_FORMAT",
            "application/json",
            &[
                "text/html",
                "text/xml",
                "x",
                "application/vnd.ogc.gml/3.1.1",
            ],
        );
        add(d, "EXPLAIN", "", &["json", "html", "x"]);
        let (answer, took) = ask(&query, 10);
        assert_eq!(answer.status, 200, "round {round}: {query}");
        assert!(took.as_secs() < 11, "round {round} took {took:?}: {query}");
        assert!(!answer.media_type.is_empty(), "round {round}: {query}");
        let text = String::from_utf8_lossy(&answer.body);
        assert!(!text.contains("internal"), "round {round}: {query}: {text}");
        pictures += u32::from(answer.media_type.starts_with("image/png"));
    }
    // the mixture is not all refused
    assert!(pictures > 150, "{pictures} pictures");
}

fn map_with(symbolizers: &str, size: u32, seconds: u64) -> (Answer, Duration) {
    let sld = format!(
        "<StyledLayerDescriptor version=\"1.1.0\" xmlns=\"http://www.opengis.net/sld\" \
         xmlns:se=\"http://www.opengis.net/se\" xmlns:xlink=\"http://www.w3.org/1999/xlink\">\
         <NamedLayer><se:Name>communes</se:Name><UserStyle><se:FeatureTypeStyle><se:Rule>\
         {symbolizers}</se:Rule></se:FeatureTypeStyle></UserStyle></NamedLayer>\
         </StyledLayerDescriptor>"
    );
    let query = format!(
        "VERSION=1.3.0&REQUEST=GetMap&LAYERS=communes&STYLES=&CRS=EPSG:2154\
         &BBOX=600000,6300000,1100000,6700000&WIDTH={size}&HEIGHT={size}&FORMAT=image/png\
         &SLD_BODY={}",
        escaped(&sld)
    );
    ask(&query, seconds)
}

fn mark(name: &str, size: &str, stroke_width: &str) -> String {
    format!(
        "<se:Graphic><se:Mark><se:WellKnownName>{name}</se:WellKnownName><se:Fill>\
         <se:SvgParameter name=\"fill\">#ff0000</se:SvgParameter></se:Fill><se:Stroke>\
         <se:SvgParameter name=\"stroke-width\">{stroke_width}</se:SvgParameter></se:Stroke>\
         </se:Mark><se:Size>{size}</se:Size></se:Graphic>"
    )
}

fn line(parameters: &[(&str, &str)]) -> String {
    let parameters: String = parameters
        .iter()
        .map(|(n, v)| format!("<se:SvgParameter name=\"{n}\">{v}</se:SvgParameter>"))
        .collect();
    format!("<se:LineSymbolizer><se:Stroke>{parameters}</se:Stroke></se:LineSymbolizer>")
}

fn along(graphic: &str, gap: &str) -> String {
    format!(
        "<se:LineSymbolizer><se:Stroke><se:GraphicStroke>{graphic}<se:Gap>{gap}</se:Gap>\
         </se:GraphicStroke></se:Stroke></se:LineSymbolizer>"
    )
}

fn text(label: &str, size: &str, halo: &str) -> String {
    format!(
        "<se:TextSymbolizer><se:Label>{label}</se:Label><se:Font><se:SvgParameter \
         name=\"font-size\">{size}</se:SvgParameter></se:Font><se:Halo><se:Radius>{halo}\
         </se:Radius></se:Halo></se:TextSymbolizer>"
    )
}

#[test]
fn a_deadline_holds_inside_one_symbolizer_whatever_its_sizes() {
    let fill = "<se:PolygonSymbolizer><se:Fill><se:SvgParameter name=\"fill\">#00ff00\
                </se:SvgParameter></se:Fill></se:PolygonSymbolizer>";
    let point = |graphic: &str| format!("<se:PointSymbolizer>{graphic}</se:PointSymbolizer>");
    let filled = |graphic: &str| {
        format!(
            "<se:PolygonSymbolizer><se:Fill><se:GraphicFill>{graphic}</se:GraphicFill></se:Fill>\
             </se:PolygonSymbolizer>"
        )
    };
    for (name, symbolizers) in [
        ("a width of 1e9", line(&[("stroke-width", "1e9")])),
        (
            "wide dashes",
            line(&[("stroke-width", "3000"), ("stroke-dasharray", "0.6 0.6")]),
        ),
        ("dashes of 1e-9", line(&[("stroke-dasharray", "1e-9 1e-9")])),
        (
            "many dashes",
            line(&[("stroke-dasharray", &"0.1 0.1 ".repeat(10_000))]),
        ),
        (
            "large markers close by",
            along(&mark("circle", "5000", "1"), "0.3"),
        ),
        ("sprites close by", along(&mark("circle", "95", "1"), "0.3")),
        (
            "a pattern of 1e6 pixels",
            filled(&mark("circle", "1e6", "1")),
        ),
        (
            "a pattern of 1e-6 pixels",
            filled(&mark("circle", "1e-6", "1")),
        ),
        (
            "a pattern of wide strokes",
            filled(&mark("circle", "3.3", "1e6")),
        ),
        (
            "a hatch of 1e-9 pixels",
            filled(&mark("shape://times", "1e-9", "1")),
        ),
        (
            "large points",
            point(&mark("circle", "8000", "1")).repeat(50),
        ),
        ("five thousand fills", fill.repeat(5000)),
        ("a font of 1e6 pixels", text("abc", "1e6", "1e6")),
        ("a halo of 400 pixels", text("abc", "500", "400")),
        (
            "a label of 100 kB",
            text(&"abc é漢 ".repeat(10_000), "12", "2"),
        ),
        ("a word of 100 kB", text(&"a".repeat(100_000), "12", "2")),
        ("a hundred labels", text("abc", "12", "1").repeat(100)),
    ] {
        for size in [300, 3000] {
            let (answer, took) = map_with(&symbolizers, size, 1);
            assert_eq!(answer.status, 200, "{name}");
            assert!(took.as_secs_f64() < 3.0, "{name} at {size}: {took:?}");
            let whole = answer.media_type == "image/png";
            let said = String::from_utf8_lossy(&answer.body);
            assert!(
                whole || said.contains("longer than") || said.contains("limited"),
                "{name} at {size}: {said}"
            );
        }
    }
}

#[test]
fn pictures_that_would_take_hours_are_not_drawn() {
    let uses: String = (1..9)
        .map(|i| {
            let inside = format!("<use xlink:href=\"#a{}\"/>", i - 1).repeat(10);
            format!("<g id=\"a{i}\">{inside}</g>")
        })
        .collect();
    let noise = "<filter id=\"f\" x=\"-1000\" y=\"-1000\" width=\"100000\" height=\"100000\">\
                 <feTurbulence baseFrequency=\"0.0001\" numOctaves=\"200000\"/></filter>\
                 <rect width=\"10\" height=\"10\" filter=\"url(#f)\"/>";
    let deep = format!(
        "{}{}",
        "<g opacity=\"0.5\">".repeat(900),
        "</g>".repeat(900)
    );
    for inside in [
        format!("<rect id=\"a0\" width=\"1\" height=\"1\"/>{uses}<use xlink:href=\"#a8\"/>"),
        noise.to_owned(),
        deep,
    ] {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
             width=\"10\" height=\"10\">{inside}</svg>"
        );
        let graphic = format!(
            "<se:PointSymbolizer><se:Graphic><se:ExternalGraphic><se:OnlineResource \
             xlink:href=\"data:image/svg+xml,{}\"/><se:Format>image/svg+xml</se:Format>\
             </se:ExternalGraphic><se:Size>400</se:Size></se:Graphic></se:PointSymbolizer>",
            escaped(&svg)
        );
        let (answer, took) = map_with(&graphic, 300, 2);
        assert_eq!(answer.status, 200);
        assert!(took.as_secs() < 3, "{took:?}");
    }
}

#[test]
fn a_legend_has_bounds_like_a_map() {
    for (layer, format) in [
        ("communes", "image/png"),
        ("carte", "image/png"),
        ("carte", "application/json"),
    ] {
        let (answer, took) = ask(
            &format!(
                "VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER={layer}&FORMAT={format}\
                 &WIDTH=4000&HEIGHT=4000&DPI=100000"
            ),
            10,
        );
        assert_eq!(answer.status, 200);
        assert!(took.as_secs() < 10, "{layer} {format}: {took:?}");
        if answer.media_type == "image/png" {
            let (width, height) = size_of(&answer.body);
            assert!(width <= 8192 && height <= 8192, "{width} by {height}");
        }
    }
}

/// Width and height of a PNG, from its header.
fn size_of(png: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn a_legend_of_very_many_entries_is_cut_and_says_how_many_are_left_out() {
    let size = |rules: usize, language: &str| {
        let rule = |number: usize| {
            format!(
                "<Rule><Title>r{number}</Title><PolygonSymbolizer><Fill/></PolygonSymbolizer></Rule>"
            )
        };
        let rules: String = (0..rules).map(rule).collect();
        let sld = format!(
            "<StyledLayerDescriptor version='1.0.0'><NamedLayer><Name>communes</Name><UserStyle>\
             <FeatureTypeStyle>{rules}</FeatureTypeStyle></UserStyle></NamedLayer>\
             </StyledLayerDescriptor>"
        );
        let query = format!(
            "VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER=communes&FORMAT=image/png\
             &LANGUAGE={language}&SLD_BODY={}",
            escaped(&sld)
        );
        let (answer, _) = ask(&query, 10);
        assert_eq!(answer.media_type, "image/png");
        size_of(&answer.body)
    };
    let (narrow, whole) = size(200, "fre");
    let (wide, cut) = size(2_000, "fre");
    let (_, more) = size(300, "fre");
    let line = whole - size(199, "fre").1;
    assert!(cut > whole && cut - whole <= line, "one line more");
    assert_eq!(cut, more);
    assert!(wide > narrow, "… et 1800 autres");
    assert!(size(2_000, "eng").0 > narrow);
}

#[test]
fn a_deadline_holds_inside_a_swatch_of_a_style_that_is_sent() {
    let stroke = "<LineSymbolizer><Stroke><CssParameter name='stroke-width'>300</CssParameter>\
                  <CssParameter name='stroke-dasharray'>1 1</CssParameter></Stroke></LineSymbolizer>";
    for format in ["image/png", "application/json"] {
        let sld = format!(
            "<StyledLayerDescriptor version='1.0.0'><NamedLayer><Name>communes</Name><UserStyle>\
             <FeatureTypeStyle><Rule><Title>{}</Title>{}</Rule></FeatureTypeStyle></UserStyle>\
             </NamedLayer></StyledLayerDescriptor>",
            "a b ".repeat(10_000),
            stroke.repeat(3_000)
        );
        let query = format!(
            "VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER=communes&FORMAT={format}&WIDTH=512\
             &HEIGHT=512&SLD_BODY={}",
            escaped(&sld)
        );
        let (answer, took) = ask(&query, 1);
        assert!(took.as_secs_f64() < 5.0, "{format}: {took:?}");
        let said = String::from_utf8_lossy(&answer.body);
        let is_whole = answer.media_type == format;
        assert!(is_whole || said.contains("longer than"), "{format}: {said}");
    }
}
