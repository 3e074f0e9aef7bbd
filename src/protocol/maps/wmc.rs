//! `/maps/{id}/context.wmc`: Web Map Context 1.1 (OGC 05-005).
//!
//! # Not supported
//! Base maps by tiles: a layer of a context is one of a WMS, WFS or WCS (its `serviceType`).

use super::facts::{Facts, LayerFacts};
use super::ground::{Ground, Source};
use crate::catalogue::map::MapService;
use crate::encode::XmlWriter;
use crate::protocol::Answer;

/// OpenLayers and its kin keep there what the standard has no word for.
const OPENLAYERS: &str = "http://openlayers.org/context";

/// The context: its first layer is the one at the bottom (5.2.2).
pub fn answer(facts: &Facts<'_>) -> Answer {
    let map = facts.service.map;
    let mut xml = XmlWriter::document();
    xml.open(
        "ViewContext",
        &[
            ("xmlns", "http://www.opengis.net/context"),
            ("xmlns:sld", "http://www.opengis.net/sld"),
            ("xmlns:xlink", "http://www.w3.org/1999/xlink"),
            ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
            (
                "xsi:schemaLocation",
                "http://www.opengis.net/context http://schemas.opengis.net/context/1.1.0/context.xsd",
            ),
            ("version", "1.1.0"),
            ("id", &map.id),
        ],
    );
    xml.open("General", &[]);
    let (width, height) = (
        facts.window.width.to_string(),
        facts.window.height.to_string(),
    );
    xml.leaf("Window", &[("width", &width), ("height", &height)], "");
    let crs = map.view.crs.id();
    let b = &map.view.extent;
    // x before y whatever the CRS, as in WMS 1.1.1
    let [minx, miny, maxx, maxy] = [b.min_x, b.min_y, b.max_x, b.max_y].map(|v| v.to_string());
    xml.leaf(
        "BoundingBox",
        &[
            ("SRS", &crs),
            ("minx", &minx),
            ("miny", &miny),
            ("maxx", &maxx),
            ("maxy", &maxy),
        ],
        "",
    );
    xml.leaf("Title", &[], facts.title);
    if !map.keywords.is_empty() {
        xml.open("KeywordList", &[]);
        for word in &map.keywords {
            xml.leaf("Keyword", &[], word);
        }
        xml.close();
    }
    if !facts.abstract_.is_empty() {
        xml.leaf("Abstract", &[], facts.abstract_);
    }
    xml.open("DescriptionURL", &[("format", "text/html")]);
    online(&mut xml, &facts.own);
    xml.close();
    contact(&mut xml, facts);
    xml.close();
    xml.open("LayerList", &[]);
    for ground in facts.grounds.iter().rev() {
        below(&mut xml, facts, ground);
    }
    for layer in facts.layers.iter().rev() {
        self::layer(&mut xml, facts, layer);
    }
    Answer::ok("application/vnd.ogc.context+xml", xml.finish())
}

/// A base map of a WMS.
fn below(xml: &mut XmlWriter, facts: &Facts<'_>, ground: &Ground<'_>) {
    let Source::Wms {
        url,
        layers,
        styles,
        format,
    } = &ground.source
    else {
        return;
    };
    let hidden = if ground.is_shown { "0" } else { "1" };
    xml.open("Layer", &[("queryable", "0"), ("hidden", hidden)]);
    let server = [
        ("service", "OGC:WMS"),
        ("version", "1.1.1"),
        ("title", ground.title),
    ];
    xml.open("Server", &server);
    online(xml, url);
    xml.close();
    xml.leaf("Name", &[], &layers.join(","));
    xml.leaf("Title", &[], ground.title);
    for crs in &facts.service.map.view.offer {
        xml.leaf("SRS", &[], &crs.id());
    }
    xml.open("FormatList", &[]);
    xml.leaf("Format", &[("current", "1")], format);
    xml.close();
    xml.open("StyleList", &[]);
    xml.open("Style", &[("current", "1")]);
    let is_default = styles.iter().all(String::is_empty);
    let style = match is_default {
        true => String::new(),
        false => styles.join(","),
    };
    xml.leaf("Name", &[], &style);
    xml.leaf("Title", &[], ground.title);
    xml.close();
    xml.close();
    xml.open("Extension", &[("xmlns:ol", OPENLAYERS)]);
    xml.leaf("ol:opacity", &[], "1");
    xml.close();
    xml.close();
}

fn contact(xml: &mut XmlWriter, facts: &Facts<'_>) {
    let contact = &facts.service.catalogue.site.contact;
    if facts.organisation.is_empty() {
        return;
    }
    xml.open("ContactInformation", &[]);
    xml.open("ContactPersonPrimary", &[]);
    if let Some(name) = &contact.name {
        xml.leaf("ContactPerson", &[], name);
    }
    xml.leaf("ContactOrganization", &[], &facts.organisation);
    xml.close();
    if let Some(email) = &facts.email {
        xml.leaf("ContactElectronicMailAddress", &[], email);
    }
    xml.close();
}

fn layer(xml: &mut XmlWriter, facts: &Facts<'_>, layer: &LayerFacts<'_>) {
    let flag = |flag: bool| if flag { "1" } else { "0" };
    let (queryable, hidden) = (flag(layer.layer.queryable), flag(!layer.entry.is_visible));
    xml.open("Layer", &[("queryable", queryable), ("hidden", hidden)]);
    xml.open(
        "Server",
        &[
            ("service", "OGC:WMS"),
            ("version", "1.1.1"),
            ("title", facts.title),
        ],
    );
    online(xml, &facts.wms());
    xml.close();
    xml.leaf("Name", &[], &layer.entry.id);
    xml.leaf("Title", &[], &layer.title);
    if !layer.abstract_.is_empty() {
        xml.leaf("Abstract", &[], &layer.abstract_);
    }
    if facts.has(MapService::Features) {
        xml.open("DataURL", &[("format", "application/geo+json")]);
        online(xml, &facts.items(layer));
        xml.close();
    }
    xml.open("MetadataURL", &[("format", "text/xml")]);
    online(xml, &facts.record(layer));
    xml.close();
    let scales = layer.layer.scales;
    if let Some(least) = scales.min {
        xml.leaf("sld:MinScaleDenominator", &[], &least.to_string());
    }
    if let Some(most) = scales.max {
        xml.leaf("sld:MaxScaleDenominator", &[], &most.to_string());
    }
    for crs in &facts.service.map.view.offer {
        xml.leaf("SRS", &[], &crs.id());
    }
    xml.open("FormatList", &[]);
    xml.leaf("Format", &[("current", "1")], "image/png");
    xml.leaf("Format", &[], "image/jpeg");
    xml.close();
    xml.open("StyleList", &[]);
    for own in &layer.layer.styles {
        let attributes: &[(&str, &str)] = match own.id == layer.style() {
            true => &[("current", "1")],
            false => &[],
        };
        xml.open("Style", attributes);
        xml.leaf("Name", &[], &own.id);
        xml.leaf("Title", &[], own.title.as_deref().unwrap_or(&own.id));
        xml.open("LegendURL", &[("format", "image/png")]);
        online(xml, &facts.legend(layer, &own.id));
        xml.close();
        xml.close();
    }
    xml.close();
    // the schema lets one element be here
    xml.open("Extension", &[("xmlns:ol", OPENLAYERS)]);
    xml.leaf("ol:opacity", &[], &layer.entry.opacity.to_string());
    xml.close();
    xml.close();
}

fn online(xml: &mut XmlWriter, href: &str) {
    xml.leaf(
        "OnlineResource",
        &[("xlink:type", "simple"), ("xlink:href", href)],
        "",
    );
}
