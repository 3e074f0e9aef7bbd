//! `/maps/{id}/layers.qlr` and `project.qgs`: the map for QGIS 3.16 and later, as layers of the
//! map's WMS in its groups, over its base maps.

use super::facts::{Facts, LayerFacts};
use super::ground::{self, DEEPEST, Ground, Source};
use crate::catalogue::map::MapEntry;
use crate::crs::{Crs, CrsKind};
use crate::encode::XmlWriter;
use crate::encode::xml::push_url_component;
use crate::error::Result;
use crate::protocol::Answer;

/// QGIS opens what the oldest of these wrote, and newer ones with it.
const VERSION: &str = "3.16.0-Hannover";
/// What QGIS writes where there is no limit.
const NO_LIMIT: &str = "1e+08";

/// The layers, to be added to any project.
///
/// # Errors
/// `Internal` where PROJ has no memory.
pub fn layers(facts: &Facts<'_>) -> Result<Answer> {
    let mut xml = XmlWriter::document();
    xml.doctype("qgis-layer-definition");
    xml.open("qlr", &[]);
    group_start(&mut xml, "", true);
    group_start(&mut xml, facts.title, true);
    tree(&mut xml, facts, &facts.service.map.entries);
    ground_tree(&mut xml, facts);
    xml.close();
    xml.close();
    xml.open("maplayers", &[]);
    for layer in &facts.layers {
        map_layer(&mut xml, facts, layer)?;
    }
    for ground in &facts.grounds {
        ground_layer(&mut xml, facts, ground)?;
    }
    let name = format!("attachment; filename=\"{}.qlr\"", file_name(facts));
    Ok(
        Answer::ok("application/x-qgis-layer-definition", xml.finish())
            .with_header("content-disposition", name),
    )
}

/// A project: the layers, the map's CRS and extent, and a bookmark that leads back to it.
///
/// # Errors
/// `Internal` where PROJ has no memory.
pub fn project(facts: &Facts<'_>) -> Result<Answer> {
    let map = facts.service.map;
    let mut xml = XmlWriter::document();
    xml.doctype("qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'");
    xml.open(
        "qgis",
        &[("version", VERSION), ("projectname", facts.title)],
    );
    xml.leaf("homePath", &[("path", "")], "");
    xml.leaf("title", &[], facts.title);
    xml.open("projectCrs", &[]);
    crs(&mut xml, &map.view.crs)?;
    xml.close();
    xml.open("layer-tree-group", &[]);
    xml.leaf("customproperties", &[], "");
    tree(&mut xml, facts, &map.entries);
    ground_tree(&mut xml, facts);
    xml.open("custom-order", &[("enabled", "0")]);
    let layers = facts.layers.iter().map(|layer| layer_id(facts, layer));
    let grounds = facts.grounds.iter().map(|ground| ground_id(facts, ground));
    let order: Vec<String> = layers.chain(grounds).collect();
    for id in &order {
        xml.leaf("item", &[], id);
    }
    xml.close();
    xml.close();
    canvas(&mut xml, facts)?;
    xml.open("projectlayers", &[]);
    for layer in &facts.layers {
        map_layer(&mut xml, facts, layer)?;
    }
    for ground in &facts.grounds {
        ground_layer(&mut xml, facts, ground)?;
    }
    xml.close();
    xml.open("layerorder", &[]);
    for id in &order {
        xml.leaf("layer", &[("id", id)], "");
    }
    xml.close();
    properties(&mut xml);
    project_metadata(&mut xml, facts);
    bookmark(&mut xml, facts)?;
    xml.open(
        "ProjectViewSettings",
        &[("rotation", "0"), ("UseProjectScales", "0")],
    );
    xml.leaf("Scales", &[], "");
    let b = &map.view.extent;
    let [xmin, ymin, xmax, ymax] = [b.min_x, b.min_y, b.max_x, b.max_y].map(|v| v.to_string());
    xml.open(
        "DefaultViewExtent",
        &[
            ("xmin", &xmin),
            ("ymin", &ymin),
            ("xmax", &xmax),
            ("ymax", &ymax),
        ],
    );
    crs(&mut xml, &map.view.crs)?;
    xml.close();
    xml.close();
    let name = format!("attachment; filename=\"{}.qgs\"", file_name(facts));
    Ok(Answer::ok("application/x-qgis-project", xml.finish())
        .with_header("content-disposition", name))
}

fn file_name(facts: &Facts<'_>) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let id = facts.service.map.id.chars();
    id.map(|c| if is_plain(c) { c } else { '_' }).collect()
}

/// An id of QGIS, unique over the maps that a project may be made of.
fn layer_id(facts: &Facts<'_>, layer: &LayerFacts<'_>) -> String {
    format!("{}__{}", facts.service.map.id, layer.entry.id)
}

fn group_start(xml: &mut XmlWriter, name: &str, is_open: bool) {
    xml.open(
        "layer-tree-group",
        &[
            ("name", name),
            ("expanded", if is_open { "1" } else { "0" }),
            // what of it is seen is said by its layers
            ("checked", "Qt::Checked"),
        ],
    );
    xml.leaf("customproperties", &[], "");
}

fn tree(xml: &mut XmlWriter, facts: &Facts<'_>, entries: &[MapEntry]) {
    for entry in entries {
        match entry {
            MapEntry::Group(group) => {
                let title = group.title.get(facts.service.language);
                group_start(xml, title, group.is_open);
                tree(xml, facts, &group.entries);
                xml.close();
            }
            MapEntry::Layer(entry) => {
                let Some(layer) = facts.layer(&entry.id) else {
                    continue;
                };
                let checked = match entry.is_visible {
                    true => "Qt::Checked",
                    false => "Qt::Unchecked",
                };
                xml.open(
                    "layer-tree-layer",
                    &[
                        ("id", &layer_id(facts, layer)),
                        ("name", &layer.title),
                        ("checked", checked),
                        ("expanded", "0"),
                        ("providerKey", "wms"),
                        ("source", &source(facts, layer)),
                    ],
                );
                xml.leaf("customproperties", &[], "");
                xml.close();
            }
        }
    }
}

/// What QGIS's provider asks a WMS for.
fn source(facts: &Facts<'_>, layer: &LayerFacts<'_>) -> String {
    let mut source = format!(
        "contextualWMSLegend=0&crs={}&dpiMode=7&featureCount=10&format=image/png&layers=",
        facts.service.map.view.crs.id()
    );
    push_url_component(&mut source, &layer.entry.id);
    source.push_str("&styles=");
    push_url_component(&mut source, layer.style());
    push_address(&mut source, &facts.wms());
    source
}

/// As QGIS writes it: what parts pairs is encoded, what parts an address is not.
fn push_address(source: &mut String, address: &str) {
    source.push_str("&url=");
    for c in address.chars() {
        match c {
            '%' => source.push_str("%25"),
            '&' => source.push_str("%26"),
            '#' => source.push_str("%23"),
            '+' => source.push_str("%2B"),
            c => source.push(c),
        }
    }
}

fn ground_id(facts: &Facts<'_>, ground: &Ground<'_>) -> String {
    // no id of a layer has a colon
    format!("{}__base:{}", facts.service.map.id, ground.id())
}

/// The base maps, at the bottom, in a group of which one is shown at a time.
fn ground_tree(xml: &mut XmlWriter, facts: &Facts<'_>) {
    if facts.grounds.is_empty() {
        return;
    }
    let shown = facts.grounds.iter().position(|ground| ground.is_shown);
    let shown = shown.map_or_else(|| "-1".to_owned(), |index| index.to_string());
    xml.open(
        "layer-tree-group",
        &[
            ("name", ground::group(facts.service.language)),
            ("expanded", "0"),
            ("checked", "Qt::Checked"),
            ("mutually-exclusive", "1"),
            ("mutually-exclusive-child", &shown),
        ],
    );
    xml.leaf("customproperties", &[], "");
    for ground in &facts.grounds {
        let checked = match ground.is_shown {
            true => "Qt::Checked",
            false => "Qt::Unchecked",
        };
        xml.open(
            "layer-tree-layer",
            &[
                ("id", &ground_id(facts, ground)),
                ("name", ground.title),
                ("checked", checked),
                ("expanded", "0"),
                ("providerKey", "wms"),
                ("source", &ground_source(facts, ground)),
            ],
        );
        xml.leaf("customproperties", &[], "");
        xml.close();
    }
    xml.close();
}

/// Tiles are those of Web Mercator, whichever service they are of: QGIS turns them.
fn ground_source(facts: &Facts<'_>, ground: &Ground<'_>) -> String {
    match &ground.source {
        Source::Wms {
            url,
            layers,
            styles,
            format,
        } => {
            let mut source = format!(
                "contextualWMSLegend=0&crs={}&dpiMode=7&format={format}",
                facts.service.map.view.crs.id()
            );
            for (name, list) in [("&layers=", layers), ("&styles=", styles)] {
                // QGIS asks for the last one first
                for one in list.iter().rev() {
                    source.push_str(name);
                    push_url_component(&mut source, one);
                }
            }
            push_address(&mut source, url);
            source
        }
        Source::Tiles { template, .. } => {
            let mut source = format!("type=xyz&zmin=0&zmax={DEEPEST}&crs=EPSG3857");
            push_address(&mut source, template);
            source
        }
    }
}

fn ground_layer(xml: &mut XmlWriter, facts: &Facts<'_>, ground: &Ground<'_>) -> Result<()> {
    xml.open(
        "maplayer",
        &[
            ("type", "raster"),
            ("hasScaleBasedVisibilityFlag", "0"),
            ("autoRefreshEnabled", "0"),
            ("styleCategories", "AllStyleCategories"),
        ],
    );
    xml.leaf("id", &[], &ground_id(facts, ground));
    xml.leaf("datasource", &[], &ground_source(facts, ground));
    xml.leaf("title", &[], ground.title);
    if let Some(attribution) = &ground.attribution {
        xml.leaf("attribution", &[("href", "")], attribution);
    }
    xml.leaf("layername", &[], ground.title);
    xml.open("srs", &[]);
    match &ground.source {
        Source::Wms { .. } => crs(xml, &facts.service.map.view.crs)?,
        Source::Tiles { .. } => crs(xml, &Crs::from_epsg(3857)?)?,
    }
    xml.close();
    xml.leaf("provider", &[], "wms");
    xml.open("flags", &[]);
    for (name, value) in [
        ("Identifiable", "0"),
        ("Removable", "1"),
        ("Searchable", "0"),
    ] {
        xml.leaf(name, &[], value);
    }
    xml.close();
    renderer(xml, "1");
    xml.close();
    Ok(())
}

/// How QGIS draws a picture, and over what.
fn renderer(xml: &mut XmlWriter, opacity: &str) {
    xml.open("pipe", &[]);
    xml.open(
        "rasterrenderer",
        &[
            ("type", "singlebandcolordata"),
            ("opacity", opacity),
            ("alphaBand", "-1"),
            ("band", "1"),
            ("nodataColor", ""),
        ],
    );
    xml.leaf("rasterTransparency", &[], "");
    xml.close();
    xml.close();
    xml.leaf("blendMode", &[], "0");
}

fn map_layer(xml: &mut XmlWriter, facts: &Facts<'_>, layer: &LayerFacts<'_>) -> Result<()> {
    let scales = layer.layer.scales;
    let is_bounded = scales.min.is_some() || scales.max.is_some();
    // QGIS counts scales, not their denominators: its least is our largest number
    let least = scales.max.map_or(NO_LIMIT.to_owned(), |s| s.to_string());
    let most = scales.min.map_or("0".to_owned(), |s| s.to_string());
    xml.open(
        "maplayer",
        &[
            ("type", "raster"),
            (
                "hasScaleBasedVisibilityFlag",
                if is_bounded { "1" } else { "0" },
            ),
            ("minScale", &least),
            ("maxScale", &most),
            ("autoRefreshEnabled", "0"),
            ("styleCategories", "AllStyleCategories"),
        ],
    );
    xml.leaf("id", &[], &layer_id(facts, layer));
    xml.leaf("datasource", &[], &source(facts, layer));
    xml.leaf("title", &[], &layer.title);
    if !layer.abstract_.is_empty() {
        xml.leaf("abstract", &[], &layer.abstract_);
    }
    if let Some(attribution) = &layer.layer.attribution {
        xml.leaf("attribution", &[("href", "")], attribution);
    }
    let record = facts.record(layer);
    xml.open("metadataUrls", &[]);
    xml.leaf(
        "metadataUrl",
        &[("type", "TC211"), ("format", "text/xml")],
        &record,
    );
    xml.close();
    xml.leaf("layername", &[], &layer.title);
    xml.open("srs", &[]);
    crs(xml, &facts.service.map.view.crs)?;
    xml.close();
    xml.leaf("provider", &[], "wms");
    xml.open("flags", &[]);
    for (name, value) in [
        ("Identifiable", layer.layer.queryable),
        ("Removable", true),
        ("Searchable", true),
    ] {
        xml.leaf(name, &[], if value { "1" } else { "0" });
    }
    xml.close();
    renderer(xml, &layer.entry.opacity.to_string());
    xml.close();
    Ok(())
}

/// A CRS: by its text and its number, for the authority's id alone is not read.
fn crs(xml: &mut XmlWriter, crs: &Crs) -> Result<()> {
    xml.open("spatialrefsys", &[]);
    xml.leaf("wkt", &[], &crs.wkt);
    xml.leaf("proj4", &[], &crs.proj4()?);
    if let Some(number) = crs.srid() {
        xml.leaf("srid", &[], &number.to_string());
    }
    let id = match crs.is_crs84() {
        true => "OGC:CRS84".to_owned(),
        false => crs.id(),
    };
    xml.leaf("authid", &[], &id);
    xml.leaf("description", &[], &crs.name);
    let is_geographic = crs.kind == CrsKind::Geographic;
    xml.leaf(
        "geographicflag",
        &[],
        if is_geographic { "true" } else { "false" },
    );
    xml.close();
    Ok(())
}

fn canvas(xml: &mut XmlWriter, facts: &Facts<'_>) -> Result<()> {
    let view = &facts.service.map.view;
    xml.open(
        "mapcanvas",
        &[("name", "theMapCanvas"), ("annotationsVisible", "1")],
    );
    let is_geographic = view.crs.kind == CrsKind::Geographic;
    xml.leaf(
        "units",
        &[],
        if is_geographic { "degrees" } else { "meters" },
    );
    let b = &view.extent;
    xml.open("extent", &[]);
    for (name, value) in [
        ("xmin", b.min_x),
        ("ymin", b.min_y),
        ("xmax", b.max_x),
        ("ymax", b.max_y),
    ] {
        xml.leaf(name, &[], &value.to_string());
    }
    xml.close();
    xml.leaf("rotation", &[], "0");
    xml.open("destinationsrs", &[]);
    crs(xml, &view.crs)?;
    xml.close();
    xml.leaf("rendermaptile", &[], "0");
    xml.close();
    Ok(())
}

fn properties(xml: &mut XmlWriter) {
    xml.open("properties", &[]);
    xml.open("SpatialRefSys", &[]);
    xml.leaf("ProjectionsEnabled", &[("type", "int")], "1");
    xml.close();
    xml.close();
}

fn project_metadata(xml: &mut XmlWriter, facts: &Facts<'_>) {
    xml.open("projectMetadata", &[]);
    xml.leaf("identifier", &[], &facts.own);
    xml.leaf("language", &[], facts.service.language);
    xml.leaf("type", &[], "project");
    xml.leaf("title", &[], facts.title);
    xml.leaf("abstract", &[], facts.abstract_);
    xml.open("keywords", &[("vocabulary", "gmd:topicCategory")]);
    for word in &facts.service.map.keywords {
        xml.leaf("keyword", &[], word);
    }
    xml.close();
    xml.leaf("links", &[], "");
    xml.leaf("author", &[], &facts.organisation);
    xml.close();
}

fn bookmark(xml: &mut XmlWriter, facts: &Facts<'_>) -> Result<()> {
    let view = &facts.service.map.view;
    let b = &view.extent;
    let ring = format!(
        "Polygon (({0} {1}, {2} {1}, {2} {3}, {0} {3}, {0} {1}))",
        b.min_x, b.min_y, b.max_x, b.max_y
    );
    xml.open("Bookmarks", &[]);
    xml.open(
        "Bookmark",
        &[
            ("id", &facts.service.map.id),
            ("name", facts.title),
            ("group", ""),
            ("extent", &ring),
        ],
    );
    crs(xml, &view.crs)?;
    xml.close();
    xml.close();
    Ok(())
}
