//! A map for the application that shows it: everything that it needs, texts in one language.

use serde_json::{Value, json};

use super::Service;
use crate::catalogue::map::{Map, MapEntry, MapLayer, MapService, MapTool, PrintLayout};
use crate::catalogue::{Layer, LayerField, bbox_lonlat};
use crate::crs::{Crs, CrsKind};
use crate::encode::xml::push_url_component;
use crate::error::Result;
use crate::feature::FieldType;
use crate::geom::Bbox;
use crate::protocol::ogcapi;
use crate::protocol::record;
use crate::style::ScaleRange;

/// Relation, address, media type, French and English title of what is made of every map.
const DOCUMENTS: [(&str, &str, &str, &str, &str); 9] = [
    (
        "qlr",
        "layers.qlr",
        "application/x-qgis-layer-definition",
        "Couches pour QGIS",
        "Layers for QGIS",
    ),
    (
        "qgs",
        "project.qgs",
        "application/x-qgis-project",
        "Projet QGIS",
        "Project for QGIS",
    ),
    (
        "context",
        "context.json",
        "application/geo+json",
        "OWS Context",
        "OWS Context",
    ),
    (
        "context",
        "context.atom",
        "application/atom+xml",
        "OWS Context en Atom",
        "OWS Context as Atom",
    ),
    (
        "wmc",
        "context.wmc",
        "application/vnd.ogc.context+xml",
        "Web Map Context",
        "Web Map Context",
    ),
    (
        "style",
        "style.json",
        "application/vnd.mapbox.style+json",
        "Style MapLibre",
        "MapLibre style",
    ),
    ("legend", "legend.png", "image/png", "Légende", "Legend"),
    ("preview", "map.png", "image/png", "Image", "Picture"),
    (
        "record",
        "record.xml",
        "application/vnd.iso.19139+xml",
        "Fiche de métadonnées",
        "Record",
    ),
];

/// The document of `/maps/{id}?f=json`. `base` is the site's.
///
/// # Errors
/// `Internal` where PROJ has no memory.
pub fn context(service: &Service<'_>, base: &str) -> Result<Value> {
    let (map, site, language) = (service.map, &service.site.site, service.language);
    let mut own = format!("{base}/maps/");
    push_url_component(&mut own, &map.id);
    let view = &map.view;
    let metadata = &map.metadata;
    let licence = metadata.licence.as_deref().or(site.licence.as_deref());
    let crs = view
        .offer
        .iter()
        .map(described)
        .collect::<Result<Vec<_>>>()?;
    Ok(json!({
        "id": map.id,
        "base": own,
        "title": map.title.get(language),
        "abstract": map.abstract_.get(language),
        // what OGC API calls it: this is the landing page of the map's own API too
        "description": map.abstract_.get(language),
        "language": language,
        "languages": map.languages,
        "status": map.status.name(),
        "access": if map.access.is_public() { "public" } else { "restricted" },
        "organisation": metadata.organisation,
        "contact": metadata.contact,
        "licence": licence.map(|id| {
            let licence = record::licence(id);
            json!({"id": id, "title": licence.title(language), "url": licence.url})
        }),
        "created": metadata.created,
        "revised": metadata.revised,
        "keywords": map.keywords,
        "covadis": metadata.covadis,
        "inspire": metadata.inspire,
        "view": {
            "crs": view.crs.id(),
            "extent": corners(&view.extent),
            "extentLonLat": bbox_lonlat(&view.extent, &view.crs).map(|b| corners(&b)),
            "scales": scales(view.scales),
            "offer": view.offer.iter().map(Crs::id).collect::<Vec<_>>(),
        },
        "crs": crs,
        "basemaps": super::basemap::described(service, base),
        "entries": entries(service, &map.entries, &own, base),
        "search": map
            .search
            .iter()
            // not every layer is for everybody
            .filter(|s| match map.layer(&s.layer) {
                Some(_) => map.has(MapService::Features),
                None => service.site.layer(&s.layer).is_ok(),
            })
            .map(|s| json!({
                "layer": s.layer,
                "fields": s.fields,
                "title": s.title.get(language),
                // a layer may be searched that the map does not show
                "base": if map.layer(&s.layer).is_some() { own.as_str() } else { base },
            }))
            .collect::<Vec<_>>(),
        "tools": tools(map),
        "print": {
            "layouts": map.print.layouts.iter().copied().map(PrintLayout::name).collect::<Vec<_>>(),
            "dpi": map.print.dpi,
            "sources": map.print.sources,
            // what a page may send along, of what it drew itself
            "bytes": service.limits.body_bytes,
        },
        "services": map.services.iter().copied().map(MapService::name).collect::<Vec<_>>(),
        "links": links(service, base, &own),
    }))
}

fn entries(service: &Service<'_>, entries: &[MapEntry], own: &str, base: &str) -> Vec<Value> {
    let language = service.language;
    let each = |entry: &MapEntry| match entry {
        MapEntry::Group(group) => json!({
            "kind": "group",
            "title": group.title.get(language),
            "open": group.is_open,
            "entries": self::entries(service, &group.entries, own, base),
        }),
        MapEntry::Layer(layer) => of_layer(service, layer, own, base),
    };
    entries.iter().map(each).collect()
}

fn of_layer(service: &Service<'_>, entry: &MapLayer, own: &str, base: &str) -> Value {
    let (map, language) = (service.map, service.language);
    // the one that knows the extent of its part
    let known = service.catalogue.layer(&entry.id).ok();
    let layer = known.unwrap_or(&entry.layer);
    let styles = layer.styles.iter().map(|style| {
        let title = style.title.as_deref().unwrap_or(&style.id);
        json!({"id": style.id, "title": title})
    });
    let label = layer.label.and_then(|column| {
        let field = layer.fields.iter().find(|field| field.column == column)?;
        Some(field.name.as_str())
    });
    let id_field = layer.id_column.and_then(|column| {
        let field = layer.fields.iter().find(|field| field.column == column)?;
        Some(field.name.as_str())
    });
    json!({
        "kind": "layer",
        "id": entry.id,
        "of": entry.of,
        "title": titled(layer, language),
        "abstract": layer.abstract_.get(language),
        "visible": entry.is_visible,
        "opacity": entry.opacity,
        "scales": scales(layer.scales),
        "style": layer.styles.first().map(|style| style.id.as_str()),
        "styles": styles.collect::<Vec<_>>(),
        "geometry": match layer.store.schema().geometry.dimension() {
            Some(0) => "point",
            Some(1) => "line",
            Some(_) => "polygon",
            None => "mixed",
        },
        "extentLonLat": layer.extent_lonlat.map(|b| corners(&b)),
        "queryable": layer.queryable,
        "label": label,
        "idField": id_field,
        "fields": layer.fields.iter().map(|f| field(f, language)).collect::<Vec<_>>(),
        "popup": layer.popup.as_ref().map(|_| popup(layer, language)),
        "table": entry.table.as_ref().filter(|_| map.has(MapService::Features)).map(|table| json!({
            "title": table.title.as_ref().map_or_else(|| titled(layer, language), |t| t.get(language)),
            "columns": table.columns,
            "sort": table.sort,
            "zoom": table.zooms,
            "export": table.export,
        })),
        "attribution": layer.attribution,
        "organisation": layer.metadata.organisation,
        "revised": layer.metadata.revised,
        "count": layer.store.count(),
        "links": layer_links(map, entry, own, base),
    })
}

fn titled<'a>(layer: &'a Layer, language: &str) -> &'a str {
    match layer.title.get(language) {
        "" => &layer.id,
        title => title,
    }
}

fn field(field: &LayerField, language: &str) -> Value {
    let label = field.label.as_ref().map_or("", |label| label.get(language));
    json!({
        "name": field.name,
        "label": if label.is_empty() { &field.name } else { label },
        "type": match field.kind {
            FieldType::Integer | FieldType::Long => "integer",
            other => other.name(),
        },
        "unit": field.unit,
        "decimals": field.decimals,
    })
}

/// An object with some of its members said otherwise.
fn with(mut value: Value, members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    if let Value::Object(object) = &mut value {
        for (name, member) in members {
            object.insert(name.to_owned(), member);
        }
    }
    value
}

/// The popup with all its fields: what it leaves open is the layer's.
fn popup(layer: &Layer, language: &str) -> Value {
    let popup = layer.popup.as_ref();
    let fields = popup.map_or(&[][..], |popup| &popup.fields);
    let shown: Vec<Value> = if fields.is_empty() {
        let all = layer.fields.iter();
        all.map(|own| with(field(own, language), [("as", json!("text"))]))
            .collect()
    } else {
        fields
            .iter()
            .filter_map(|said| {
                let own = layer.fields.iter().find(|own| own.name == said.name)?;
                let label = said.label.as_ref();
                let label = label.map(|label| ("label", json!(label.get(language))));
                let unit = said.unit.as_ref().map(|unit| ("unit", json!(unit)));
                let decimals = said.decimals.map(|number| ("decimals", json!(number)));
                let shown_as = Some(("as", json!(said.shown_as.name())));
                let own_words = [label, unit, decimals, shown_as];
                Some(with(field(own, language), own_words.into_iter().flatten()))
            })
            .collect()
    };
    json!({"title": popup.and_then(|popup| popup.title.as_deref()), "fields": shown})
}

fn layer_links(map: &Map, entry: &MapLayer, own: &str, base: &str) -> Vec<Value> {
    let (mut id, mut of) = (String::new(), String::new());
    push_url_component(&mut id, &entry.id);
    push_url_component(&mut of, &entry.of);
    let mut style = String::new();
    push_url_component(
        &mut style,
        entry.layer.styles.first().map_or("", |s| s.id.as_str()),
    );
    let mut links = Vec::new();
    let mut add = |rel: &str, href: String, media_type: &str| {
        links.push(json!({"rel": rel, "href": href, "type": media_type}));
    };
    if map.has(MapService::Features) {
        let items = format!("{own}/collections/{id}/items");
        add("items", items, "application/geo+json");
    }
    if map.has(MapService::Wms) {
        let legend = format!(
            "{own}/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER={id}&STYLE={style}&FORMAT=image/png"
        );
        add("legend", legend, "image/png");
    }
    let record = format!("{base}/layers/{of}/record.xml");
    add("record", record, "application/vnd.iso.19139+xml");
    add("page", format!("{base}/layers/{of}"), "text/html");
    links
}

/// What a visitor can do: without services for features there is nothing to download.
fn tools(map: &Map) -> Vec<&'static str> {
    let all = map.tools.iter().copied();
    let there = all.filter(|tool| *tool != MapTool::Download || map.has(MapService::Features));
    there.map(MapTool::name).collect()
}

fn links(service: &Service<'_>, base: &str, own: &str) -> Vec<Value> {
    let map = service.map;
    let said = |french: &'static str, english: &'static str| match service.language {
        "fr" => french,
        _ => english,
    };
    let mut links = vec![
        link(
            "self",
            format!("{own}?f=json"),
            "application/json",
            said("Ce document", "This document"),
        ),
        link(
            "alternate",
            own.to_owned(),
            "text/html",
            said("La carte", "The map"),
        ),
        link(
            "catalogue",
            format!("{base}/maps"),
            "text/html",
            said("Toutes les cartes", "All maps"),
        ),
    ];
    if map.has(MapService::Wms) {
        links.push(link("wms", format!("{own}/wms"), "text/xml", "WMS"));
    }
    if map.has(MapService::Wmts) {
        links.push(link("wmts", format!("{own}/wmts"), "text/xml", "WMTS"));
    }
    if map.has(MapService::Features) {
        links.push(link("wfs", format!("{own}/wfs"), "text/xml", "WFS"));
        let items = format!("{own}/collections");
        links.push(link(
            "features",
            items,
            "application/json",
            "OGC API – Features",
        ));
    }
    let api = ogcapi::landing_links(own).into_iter().filter(|link| {
        let href = link.get("href").and_then(Value::as_str);
        let site = &service.catalogue.site;
        href.is_none_or(|href| site.offers_address(own, href))
    });
    links.extend(api);
    for (rel, name, media_type, french, english) in DOCUMENTS {
        if !super::is_made(map, name) {
            continue;
        }
        let title = said(french, english);
        links.push(link(rel, format!("{own}/{name}"), media_type, title));
    }
    if map.tools.contains(&MapTool::Print) {
        let sheet = format!("{own}/print.pdf");
        links.push(link(
            "pdf",
            sheet,
            "application/pdf",
            said("La carte en PDF", "The map on paper"),
        ));
    }
    if map.tools.contains(&MapTool::Embed) {
        let embed = format!("{own}/embed");
        links.push(link(
            "embed",
            embed,
            "text/html",
            said("La carte dans un cadre (iframe)", "The map for an iframe"),
        ));
    }
    links
}

pub(super) fn link(rel: &str, href: String, media_type: &str, title: &str) -> Value {
    json!({"rel": rel, "href": href, "type": media_type, "title": title})
}

/// A CRS for programs without a database of them.
fn described(crs: &Crs) -> Result<Value> {
    let area = crs.area_bbox().into_iter().reduce(|a, b| a.union(&b));
    Ok(json!({
        "code": crs.id(),
        "name": crs.name,
        "proj4": crs.proj4()?,
        "extent": area.map(|b| corners(&b)),
        "units": if crs.kind == CrsKind::Geographic { "degrees" } else { "m" },
    }))
}

fn scales(range: ScaleRange) -> Value {
    json!({"min": range.min, "max": range.max})
}

fn corners(bbox: &Bbox) -> [f64; 4] {
    [bbox.min_x, bbox.min_y, bbox.max_x, bbox.max_y]
}
