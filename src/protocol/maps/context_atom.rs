//! `/maps/{id}/context.atom`: OWS Context 1.0 as an Atom feed (OGC 12-084r2).

use super::facts::{Facts, LayerFacts};
use super::ground::{Ground, TILES_BY_NUMBER};
use crate::catalogue::map::MapService;
use crate::encode::XmlWriter;
use crate::geom::Bbox;
use crate::protocol::Answer;

const CORE: &str = "http://www.opengis.net/spec/owc-atom/1.0/req/core";
const REQUIREMENTS: &str = "http://www.opengis.net/spec/owc-atom/1.0/req/";
const WMS: &str = "http://www.opengis.net/spec/owc-atom/1.0/req/wms";
const ACTIVE: &str = "http://www.opengis.net/spec/owc/active";
const FOLDER: &str = "http://www.opengis.net/spec/owc/folder";
/// The standard has no word for it.
const OPACITY: &str = "http://www.opengis.net/spec/owc/opacity";

/// The context: its first entry is the one on top (7.1.1).
pub fn answer(facts: &Facts<'_>) -> Answer {
    let mut xml = XmlWriter::document();
    xml.open(
        "feed",
        &[
            ("xmlns", "http://www.w3.org/2005/Atom"),
            ("xmlns:owc", "http://www.opengis.net/owc/1.0"),
            ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
            ("xmlns:georss", "http://www.georss.org/georss"),
            ("xmlns:gml", "http://www.opengis.net/gml"),
            ("xml:lang", facts.service.language),
        ],
    );
    let own = format!("{}/context.atom", facts.own);
    link(&mut xml, "profile", CORE, None);
    link(&mut xml, "self", &own, Some("application/atom+xml"));
    link(&mut xml, "alternate", &facts.own, Some("text/html"));
    xml.leaf("id", &[], &own);
    xml.leaf("title", &[], facts.title);
    if !facts.abstract_.is_empty() {
        xml.leaf("subtitle", &[("type", "text")], facts.abstract_);
    }
    xml.leaf("updated", &[], &facts.updated);
    xml.open("author", &[]);
    xml.leaf("name", &[], &facts.organisation);
    if let Some(email) = &facts.email {
        xml.leaf("email", &[], email);
    }
    xml.close();
    xml.leaf("dc:publisher", &[], &facts.organisation);
    if let Some(rights) = &facts.rights {
        xml.leaf("rights", &[], rights);
    }
    xml.leaf("generator", &[("uri", &facts.base)], "cartotheque");
    for word in &facts.service.map.keywords {
        xml.leaf("category", &[("term", word)], "");
    }
    if let Some(extent) = &facts.extent_lonlat {
        place(&mut xml, extent);
    }
    xml.open("owc:display", &[]);
    xml.leaf("owc:pixelWidth", &[], &facts.window.width.to_string());
    xml.leaf("owc:pixelHeight", &[], &facts.window.height.to_string());
    xml.close();
    for layer in &facts.layers {
        entry(&mut xml, facts, layer);
    }
    for ground in &facts.grounds {
        below(&mut xml, facts, ground);
    }
    Answer::ok("application/atom+xml", xml.finish())
}

fn entry(xml: &mut XmlWriter, facts: &Facts<'_>, layer: &LayerFacts<'_>) {
    let is_drawn = facts.has(MapService::Wms);
    xml.open("entry", &[]);
    xml.leaf("id", &[], &facts.identifier(layer));
    xml.leaf("title", &[], &layer.title);
    let words = match layer.abstract_.as_str() {
        "" => &layer.title,
        words => words,
    };
    xml.leaf("content", &[("type", "text")], words);
    xml.leaf("updated", &[], &layer.updated);
    if let Some(publisher) = &layer.layer.metadata.organisation {
        xml.leaf("dc:publisher", &[], publisher);
    }
    if let Some(rights) = &layer.layer.attribution {
        xml.leaf("rights", &[], rights);
    }
    if facts.has(MapService::Features) {
        let items = facts.items(layer);
        link(xml, "enclosure", &items, Some("application/geo+json"));
    }
    if is_drawn {
        let picture = facts.picture(layer, layer.style());
        link(xml, "icon", &picture, Some("image/png"));
    }
    let record = facts.record(layer);
    link(xml, "via", &record, Some("application/vnd.iso.19139+xml"));
    let active = if layer.entry.is_visible {
        "true"
    } else {
        "false"
    };
    xml.leaf("category", &[("scheme", ACTIVE), ("term", active)], "");
    let folder = layer.folder();
    xml.leaf("category", &[("scheme", FOLDER), ("term", &folder)], "");
    let opacity = layer.entry.opacity.to_string();
    xml.leaf("category", &[("scheme", OPACITY), ("term", &opacity)], "");
    if let Some(extent) = &layer.layer.extent_lonlat {
        place(xml, extent);
    }
    if is_drawn {
        offering(xml, facts, layer);
    }
    let scales = layer.layer.scales;
    if let Some(least) = scales.min {
        xml.leaf("owc:minScaleDenominator", &[], &least.to_string());
    }
    if let Some(most) = scales.max {
        xml.leaf("owc:maxScaleDenominator", &[], &most.to_string());
    }
    xml.close();
}

/// A base map, below all layers.
fn below(xml: &mut XmlWriter, facts: &Facts<'_>, ground: &Ground<'_>) {
    xml.open("entry", &[]);
    xml.leaf("id", &[], &facts.ground_identifier(ground));
    xml.leaf("title", &[], ground.title);
    xml.leaf("content", &[("type", "text")], ground.title);
    xml.leaf("updated", &[], &facts.updated);
    if let Some(rights) = &ground.attribution {
        xml.leaf("rights", &[], rights);
    }
    let active = if ground.is_shown { "true" } else { "false" };
    xml.leaf("category", &[("scheme", ACTIVE), ("term", active)], "");
    let folder = facts.ground_folder();
    xml.leaf("category", &[("scheme", FOLDER), ("term", &folder)], "");
    xml.leaf("category", &[("scheme", OPACITY), ("term", "1")], "");
    let code = match ground.offering() {
        Some(name) => format!("{REQUIREMENTS}{name}"),
        None => TILES_BY_NUMBER.to_owned(),
    };
    xml.open("owc:offering", &[("code", &code)]);
    for (code, media_type, href) in facts.ground_operations(ground) {
        let attributes = [
            ("code", code),
            ("method", "GET"),
            ("type", media_type.as_str()),
            ("href", href.as_str()),
        ];
        xml.leaf("owc:operation", &attributes, "");
    }
    xml.close();
    xml.close();
}

fn offering(xml: &mut XmlWriter, facts: &Facts<'_>, layer: &LayerFacts<'_>) {
    let style = layer.style();
    let picture = facts.picture(layer, style);
    xml.open("owc:offering", &[("code", WMS)]);
    for (code, media_type, href) in [
        ("GetCapabilities", "application/xml", facts.capabilities()),
        ("GetMap", "image/png", picture),
    ] {
        let attributes = [
            ("code", code),
            ("method", "GET"),
            ("type", media_type),
            ("href", href.as_str()),
        ];
        xml.leaf("owc:operation", &attributes, "");
    }
    for own in &layer.layer.styles {
        let is_default = own.id == style;
        let attributes: &[(&str, &str)] = if is_default {
            &[("default", "true")]
        } else {
            &[]
        };
        xml.open("owc:styleSet", attributes);
        xml.leaf("owc:name", &[], &own.id);
        xml.leaf("owc:title", &[], own.title.as_deref().unwrap_or(&own.id));
        let legend = facts.legend(layer, &own.id);
        xml.leaf(
            "owc:legendURL",
            &[("type", "image/png"), ("href", &legend)],
            "",
        );
        xml.close();
    }
    xml.close();
}

fn link(xml: &mut XmlWriter, rel: &str, href: &str, media_type: Option<&str>) {
    let mut attributes = vec![("rel", rel)];
    attributes.extend(media_type.map(|media_type| ("type", media_type)));
    attributes.push(("href", href));
    xml.leaf("link", &attributes, "");
}

/// A box as GeoRSS has it: latitude first.
fn place(xml: &mut XmlWriter, b: &Bbox) {
    let corners = [
        [b.min_y, b.min_x],
        [b.min_y, b.max_x],
        [b.max_y, b.max_x],
        [b.max_y, b.min_x],
        [b.min_y, b.min_x],
    ];
    let list: Vec<String> = corners.iter().flatten().map(f64::to_string).collect();
    for name in [
        "georss:where",
        "gml:Polygon",
        "gml:exterior",
        "gml:LinearRing",
    ] {
        xml.open(name, &[]);
    }
    xml.leaf("gml:posList", &[], &list.join(" "));
    for _ in 0..4 {
        xml.close();
    }
}
