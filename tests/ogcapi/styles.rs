//! OGC API – Styles: each as MapLibre style, SLD and page.

use super::{json, schema, server};

#[test]
fn styles_20_009_every_style_is_sld_and_a_page() {
    let list = json("/styles");
    let styles = list["styles"].as_array().unwrap();
    assert_eq!(list["default"], "all");
    for id in ["all", "communes", "departements"] {
        assert!(styles.iter().any(|s| s["id"] == id), "{id}");
    }
    for style in styles {
        let id = style["id"].as_str().unwrap();
        let plain = server().get(&format!("/styles/{id}"));
        assert_eq!(
            plain.header("content-type"),
            "application/vnd.mapbox.style+json"
        );
        assert_eq!(plain.json()["version"], 8);
        assert_eq!(
            plain.body,
            server().get(&format!("/styles/{id}?f=mapbox")).body
        );
        let new = server().get(&format!("/styles/{id}?f=sld11"));
        assert_eq!(
            new.header("content-type"),
            "application/vnd.ogc.sld+xml;version=1.1"
        );
        assert!(new.text().contains("version=\"1.1.0\""), "{id}");
        let old = server().get(&format!("/styles/{id}?f=sld10"));
        assert!(old.text().contains("version=\"1.0.0\""), "{id}");
        let page = server().get(&format!("/styles/{id}?f=html")).text();
        assert!(page.contains("REQUEST=GetLegendGraphic"), "{id}");
        let metadata = json(&format!("/styles/{id}/metadata"));
        assert_eq!(metadata["id"], id);
        assert!(!metadata["layers"].as_array().unwrap().is_empty());
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn styles_20_009_sld_is_valid() {
    for id in ["all", "communes", "departements"] {
        let text = server().get(&format!("/styles/{id}?f=sld11")).text();
        schema::assert_valid(&text, "drivers/sld11.xsd");
    }
}
