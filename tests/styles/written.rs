//! What is written is read back the same, and is valid.

use cartotheque::decode::sld;
use cartotheque::encode::sld::{SldOptions, SldVersion, write};
use cartotheque::geom::GeometryType;
use cartotheque::query::{CompareOp, Expr, Filter};
use cartotheque::style::*;
use proptest::prelude::*;

use crate::any::any_style;
use crate::scratch::Scratch;
use crate::{folder, read, rules, style};

fn written(style: &Style, options: SldOptions) -> String {
    write(&[("couche", &[style])], options).0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_style_written_and_read_again_is_the_same(style in any_style()) {
        let options = SldOptions { vendor_options: true, ..SldOptions::default() };
        let text = written(&style, options);
        let document = sld::parse(&text, &mut sld::no_resources);
        let document = document.unwrap_or_else(|e| panic!("{e}\n{text}"));
        prop_assert_eq!(document.layers[0].layer.as_str(), "couche");
        let read = document.styles().next().unwrap();
        prop_assert_eq!(read, &style, "{}", text);
        let dropped = document.notes.iter().filter(|n| n.kind == StyleNoteKind::Dropped);
        prop_assert_eq!(dropped.count(), 0);
    }

    #[test]
    fn a_style_written_in_1_0_can_be_read(style in any_style()) {
        let options = SldOptions { version: SldVersion::V1_0_0, vendor_options: true };
        let text = written(&style, options);
        prop_assert!(sld::parse(&text, &mut sld::no_resources).is_ok(), "{}", text);
    }

    #[test]
    fn a_damaged_style_never_ends_the_process(
        name in prop::sample::select(vec!["qgis_polygon.sld", "qgis_line.sld", "geoserver_1_0.sld", "qgis_point.sld"]),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_usize..40), 1..6)
    ) {
        let path = format!("{}/tests/styles/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut bytes = std::fs::read(path).unwrap();
        for (at, byte, cut) in edits {
            let at = at.index(bytes.len());
            let end = (at + cut).min(bytes.len());
            bytes.splice(at..end, [byte]);
        }
        let _ = sld::parse_bytes(&bytes, &mut folder);
    }
}

#[test]
fn conditions_inside_expressions_come_back() {
    let property = |n: &str| Expr::Property(n.into());
    let condition = Filter::Or(vec![
        Filter::IsNull(property("a")),
        Filter::Not(Box::new(Filter::Compare {
            op: CompareOp::Less,
            left: property("b"),
            right: Expr::text("3"),
            match_case: true,
        })),
    ]);
    let cases = vec![
        (condition, Expr::text("#ff0000")),
        (Filter::IsNull(property("c")), Expr::text("#00ff00")),
    ];
    let color = Expr::Case(cases, Box::new(Expr::text("#0000ff")));
    let mut style = default_style(GeometryType::Polygon, "0");
    let Symbolizer::Polygon(polygon) = &mut style.feature_type_styles[0].rules[0].symbolizers[0]
    else {
        panic!()
    };
    polygon.fill = Some(Fill::Solid(Paint {
        color,
        opacity: Expr::number(1.0),
    }));
    let text = written(&style, SldOptions::default());
    let document = sld::parse(&text, &mut sld::no_resources).unwrap();
    assert_eq!(document.styles().next(), Some(&style), "{text}");
}

#[test]
fn pictures_are_written_inline_and_read_back() {
    let document = read("qgis_point.sld");
    let text = written(style(&document), SldOptions::default());
    let again = sld::parse(&text, &mut sld::no_resources).unwrap();
    let Symbolizer::Point(point) = &rules(style(&again))[0].symbolizers[0] else {
        panic!()
    };
    let GraphicSymbol::Image { data, .. } = &point.graphic.symbols[0] else {
        panic!()
    };
    assert!(
        std::str::from_utf8(data)
            .unwrap()
            .contains(r##"fill="#ff0000""##)
    );
}

/// `xmllint` with the official schemas, offline.
#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn what_is_written_is_valid_against_the_official_schemas() {
    use proptest::strategy::ValueTree;
    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/schemas");
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut styles: Vec<Style> = (0..25)
        .map(|_| any_style().new_tree(&mut runner).unwrap().current())
        .collect();
    styles.push(default_style(GeometryType::Unknown, "3"));
    styles.push(inspire_default(GeometryType::Unknown));
    for name in [
        "qgis_polygon.sld",
        "qgis_point.sld",
        "qgis_line.sld",
        "geoserver_1_0.sld",
    ] {
        styles.push(style(&read(name)).clone());
    }
    let (text, _) = write(
        &[("couche", &styles.iter().collect::<Vec<_>>())],
        SldOptions::default(),
    );
    let folder = Scratch::new("sld");
    let file = folder.join("written.sld");
    std::fs::write(&file, text).unwrap();
    let run = std::process::Command::new("xmllint")
        .env("XML_CATALOG_FILES", format!("{schemas}/catalog.xml"))
        .args(["--nonet", "--noout", "--schema"])
        .arg(format!("{schemas}/drivers/sld11.xsd"))
        .arg(&file)
        .output();
    match run {
        Ok(run) => assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        ),
        Err(error) => panic!("xmllint (libxml2-utils) is needed: {error}"),
    }
}
