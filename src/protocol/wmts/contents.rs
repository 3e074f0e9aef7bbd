//! What is served: layers, tile matrix sets, and themes that group layers (07-057r7 §7.1.1.1).

use std::fmt::Write;
use std::sync::Arc;

use super::address::{info_extension, tile_extension};
use super::capabilities::Writer;
use super::request::FORMATS;
use super::{has_limits, is_offered, told_limits};
use crate::catalogue::map::MapService;
use crate::catalogue::{Group, INSPIRE_DEFAULT_STYLE, Layer, Node};
use crate::crs::{AxisOrder, Crs, CrsKind};
use crate::encode::xml;
use crate::geom::Bbox;
use crate::operation::with_room;
use crate::protocol::ows::{DEGREES, METRES, push_outward};
use crate::protocol::record::inspire_theme;
use crate::protocol::wms::{InfoFormat, Version, legend_query};
use crate::style::Style;
use crate::tile::{TileMatrix, TileMatrixSet, TileMatrixSets, TileRange};

/// A set that has tiles of a layer, and for each of its matrices which.
type Linked<'a> = (&'a TileMatrixSet, Vec<Option<TileRange>>);

/// The least and the greatest scale denominator of the matrices of some sets.
fn scales(linked: &[Linked<'_>]) -> Option<[f64; 2]> {
    let matrices = linked.iter().flat_map(|(set, _)| set.matrices());
    let scales = matrices.map(|matrix| [matrix.scale_denominator; 2]);
    scales.reduce(|[least, greatest], [scale, _]| [least.min(scale), greatest.max(scale)])
}

impl<'a> Writer<'a> {
    pub(super) fn contents(&mut self) {
        let catalogue = self.service.wms.catalogue;
        self.push("<Contents>\n");
        for (index, layer) in catalogue.layers.iter().enumerate() {
            self.layer(layer, index);
        }
        for node in &catalogue.tree {
            self.groups(node);
        }
        for set in catalogue.site.tile_matrix_sets.all() {
            if is_offered(set) {
                self.set(set);
            }
        }
        self.push("</Contents>\n");
    }

    fn layer(&mut self, layer: &Arc<Layer>, index: usize) {
        let language = self.language;
        let title = layer.title.get_or(language, &layer.id);
        self.push("<Layer>\n");
        self.element("ows:Title", title);
        let text = layer.abstract_.get_or(language, title);
        self.element("ows:Abstract", text);
        self.push("<ows:Keywords>\n");
        for keyword in keywords(layer, language, title) {
            self.element("ows:Keyword", keyword);
        }
        self.push("</ows:Keywords>\n");
        self.geographic_box(layer.extent_lonlat);
        self.element("ows:Identifier", &layer.id);
        self.boxes(std::slice::from_ref(layer));
        let base = self.base;
        self.push("<ows:Metadata xlink:href=\"");
        self.push(base);
        self.push("/layers/");
        xml::push_url_component(&mut self.out, &layer.id);
        self.push("/record.xml\"/>\n");
        let linked = self.linked(std::slice::from_ref(layer));
        self.styles(layer, index, &linked);
        self.tiles(&layer.id, &linked, layer.queryable);
        self.push("</Layer>\n");
    }

    /// The default style first. A layer of an INSPIRE theme has it by INSPIRE's name too
    /// (TG View 3.11, requirement 39).
    fn styles(&mut self, layer: &Layer, index: usize, linked: &[Linked<'_>]) {
        let is_inspire = !layer.metadata.inspire.is_empty();
        let alias = layer.styles.first().filter(|_| is_inspire);
        let alias = alias.map(|style| (style, INSPIRE_DEFAULT_STYLE, 0));
        let own = layer.styles.iter().enumerate();
        let own = own.map(|(place, style)| (style, style.id.as_str(), place));
        let own = own.filter(|(_, name, _)| !is_inspire || *name != INSPIRE_DEFAULT_STYLE);
        let all: Vec<(&Arc<Style>, &str, usize)> = alias.into_iter().chain(own).collect();
        for (i, (style, name, place)) in all.into_iter().enumerate() {
            self.push(match i {
                0 => "<Style isDefault=\"true\">\n",
                _ => "<Style>\n",
            });
            let title = style.title.as_deref().filter(|title| !title.is_empty());
            self.element("ows:Title", title.unwrap_or(&style.id));
            let text = style.description.as_deref().unwrap_or_default();
            self.optional("ows:Abstract", text);
            self.element("ows:Identifier", name);
            let site = &self.service.wms.catalogue.site;
            let legend = self.legends.get(index, place);
            if let Some([width, height]) = legend.filter(|_| site.offers(MapService::Wms)) {
                let base = self.base;
                self.push("<LegendURL format=\"image/png\" xlink:href=\"");
                self.push(base);
                self.push("/wms?");
                let query = legend_query(Version::V130, &layer.id, name);
                self.push(&query);
                self.push("\"");
                // of the scales that there are tiles of (Table 6): no others are asked for
                if let Some([least, greatest]) = scales(linked) {
                    let _ = write!(
                        self.out,
                        " minScaleDenominator=\"{least}\" maxScaleDenominator=\"{greatest}\""
                    );
                }
                let _ = writeln!(self.out, " width=\"{width}\" height=\"{height}\"/>");
            }
            self.push("</Style>\n");
        }
    }

    /// The groups with a name under a node: layers that draw their children.
    fn groups(&mut self, node: &Node) {
        let Node::Group(group) = node else { return };
        if let Some(id) = &group.id {
            let layers = self.service.wms.catalogue.layers_of(id);
            // a group of nothing has nothing to draw
            match layers {
                Ok(layers) if !layers.is_empty() => self.group(group, id, &layers),
                _ => {}
            }
        }
        for child in &group.children {
            self.groups(child);
        }
    }

    fn group(&mut self, group: &Group, id: &str, layers: &[Arc<Layer>]) {
        let title = group.title.get_or(self.language, id);
        self.push("<Layer>\n");
        self.element("ows:Title", title);
        let text = group.abstract_.get_or(self.language, title);
        self.element("ows:Abstract", text);
        let boxes = layers.iter().filter_map(|layer| layer.extent_lonlat);
        self.geographic_box(boxes.reduce(|all, one| all.union(&one)));
        self.element("ows:Identifier", id);
        self.boxes(layers);
        self.push("<Style isDefault=\"true\">\n");
        self.element("ows:Title", title);
        self.element("ows:Identifier", "default");
        self.push("</Style>\n");
        let linked = self.linked(layers);
        self.tiles(id, &linked, layers.iter().any(|layer| layer.queryable));
        self.push("</Layer>\n");
    }

    fn geographic_box(&mut self, extent: Option<Bbox>) {
        let extent = extent.and_then(|extent| extent.intersection(&Bbox::WORLD));
        let extent = extent.map(|extent| with_room(extent, &Crs::crs84()));
        let Some(extent) = extent.and_then(|extent| extent.intersection(&Bbox::WORLD)) else {
            return;
        };
        self.push("<ows:WGS84BoundingBox>");
        self.corners(&Crs::crs84(), &extent);
        self.push("</ows:WGS84BoundingBox>\n");
    }

    /// The extent in the CRS of each set, as far as the set goes: GDAL takes the geographic box
    /// to a CRS without asking whether it has poles.
    fn boxes(&mut self, layers: &[Arc<Layer>]) {
        let catalogue = self.service.wms.catalogue;
        let mut told: Vec<&Crs> = Vec::new();
        for set in catalogue.site.tile_matrix_sets.all() {
            if !is_offered(set) || told.contains(&&set.crs) {
                continue;
            }
            told.push(&set.crs);
            let around = self.service.reach.around(catalogue, layers, &set.crs);
            let around = around.map(|extent| with_room(extent, &set.crs));
            if let Some(extent) = around.and_then(|extent| extent.intersection(&set.extent())) {
                let name = crs_name(set);
                self.push("<ows:BoundingBox");
                xml::push_attribute(&mut self.out, "crs", &name);
                self.push(">");
                self.corners(&set.crs, &extent);
                self.push("</ows:BoundingBox>\n");
            }
        }
    }

    /// The corners of a box, in the axis order of the CRS's authority.
    fn corners(&mut self, crs: &Crs, extent: &Bbox) {
        let decimals = match crs.kind {
            CrsKind::Geographic => DEGREES,
            CrsKind::Projected | CrsKind::Other => METRES,
        };
        let extent = crs.axis_order.reorder_bbox(*extent);
        self.push("<ows:LowerCorner>");
        push_outward(&mut self.out, extent.min_x, decimals, false);
        self.push(" ");
        push_outward(&mut self.out, extent.min_y, decimals, false);
        self.push("</ows:LowerCorner><ows:UpperCorner>");
        push_outward(&mut self.out, extent.max_x, decimals, true);
        self.push(" ");
        push_outward(&mut self.out, extent.max_y, decimals, true);
        self.push("</ows:UpperCorner>");
    }

    /// Formats, sets with their limits, and templates of what has this name.
    fn tiles(&mut self, id: &str, linked: &[Linked<'_>], is_queryable: bool) {
        for format in FORMATS {
            self.element("Format", format.media_type());
        }
        let infos: &[InfoFormat] = if is_queryable { &InfoFormat::ALL } else { &[] };
        for format in infos {
            self.element("InfoFormat", format.media_type());
        }
        for (set, limits) in linked {
            self.link(set, limits);
        }
        let mut path = format!("{}/wmts/1.0.0/", self.base);
        xml::push_url_component(&mut path, id);
        path.push_str("/{Style}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}");
        for format in FORMATS {
            let template = format!("{path}.{}", tile_extension(format));
            self.resource(format.media_type(), "tile", &template);
        }
        for format in infos {
            let template = format!("{path}/{{J}}/{{I}}.{}", info_extension(*format));
            self.resource(format.media_type(), "FeatureInfo", &template);
        }
    }

    fn resource(&mut self, media_type: &str, kind: &str, template: &str) {
        self.push("<ResourceURL");
        xml::push_attribute(&mut self.out, "format", media_type);
        xml::push_attribute(&mut self.out, "resourceType", kind);
        self.push(" template=\"");
        self.push(template);
        self.push("\"/>\n");
    }

    /// The sets that layers have tiles in, with limits; a layer must have a set, so that one
    /// without any place has that of web maps.
    fn linked(&self, layers: &[Arc<Layer>]) -> Vec<Linked<'a>> {
        let catalogue = self.service.wms.catalogue;
        let sets = &catalogue.site.tile_matrix_sets;
        let mut linked: Vec<Linked<'_>> = Vec::new();
        for set in sets.all().iter().filter(|set| is_offered(set)) {
            let limits = self.service.reach.limits(catalogue, layers, set);
            if limits.iter().any(Option::is_some) {
                linked.push((set.as_ref(), limits));
            }
        }
        if linked.is_empty() {
            let web = sets
                .all()
                .iter()
                .filter(|set| set.id() == TileMatrixSets::WEB);
            linked.extend(web.map(|set| (set.as_ref(), Vec::new())));
        }
        linked
    }

    fn link(&mut self, set: &TileMatrixSet, limits: &[Option<TileRange>]) {
        self.push("<TileMatrixSetLink>\n");
        self.element("TileMatrixSet", set.id());
        let told = set.matrices().iter().zip(limits);
        let told: Vec<(&TileMatrix, TileRange)> = told
            .filter(|_| has_limits(self.service.wms.catalogue))
            .filter_map(|(matrix, range)| Some((matrix, told_limits(matrix, range.as_ref()?)?)))
            .collect();
        if !told.is_empty() {
            self.push("<TileMatrixSetLimits>\n");
        }
        for (matrix, limits) in &told {
            self.push("<TileMatrixLimits>");
            self.element("TileMatrix", &matrix.id);
            let _ = writeln!(
                self.out,
                "<MinTileRow>{}</MinTileRow><MaxTileRow>{}</MaxTileRow>\
                 <MinTileCol>{}</MinTileCol><MaxTileCol>{}</MaxTileCol></TileMatrixLimits>",
                limits.min_row, limits.max_row, limits.min_column, limits.max_column
            );
        }
        if !told.is_empty() {
            self.push("</TileMatrixSetLimits>\n");
        }
        self.push("</TileMatrixSetLink>\n");
    }

    fn set(&mut self, set: &TileMatrixSet) {
        let crs = &set.crs;
        self.push("<TileMatrixSet>\n");
        self.optional("ows:Title", set.text.title.as_deref().unwrap_or_default());
        let text = set.text.description.as_deref().unwrap_or_default();
        self.optional("ows:Abstract", text);
        self.element("ows:Identifier", set.id());
        let name = crs_name(set);
        self.push("<ows:BoundingBox");
        xml::push_attribute(&mut self.out, "crs", &name);
        self.push(">");
        self.corners(crs, &set.extent());
        self.push("</ows:BoundingBox>\n");
        self.element("ows:SupportedCRS", &name);
        if set.id() == TileMatrixSets::WEB {
            self.element("WellKnownScaleSet", GOOGLE_SCALES);
        }
        for matrix in set.matrices() {
            self.matrix(matrix, crs);
        }
        self.push("</TileMatrixSet>\n");
    }

    /// `TopLeftCorner` is in the axis order of the CRS's authority (§6.1, Table 13).
    fn matrix(&mut self, matrix: &TileMatrix, crs: &Crs) {
        let [first, second] = corner(matrix, crs.axis_order);
        self.push("<TileMatrix>\n");
        self.element("ows:Identifier", &matrix.id);
        let _ = write!(
            self.out,
            "<ScaleDenominator>{}</ScaleDenominator>\n\
             <TopLeftCorner>{first} {second}</TopLeftCorner>\n\
             <TileWidth>{}</TileWidth>\n<TileHeight>{}</TileHeight>\n\
             <MatrixWidth>{}</MatrixWidth>\n<MatrixHeight>{}</MatrixHeight>\n</TileMatrix>\n",
            matrix.scale_denominator,
            matrix.tile_width,
            matrix.tile_height,
            matrix.matrix_width,
            matrix.matrix_height
        );
    }

    /// The tree of layers as themes.
    pub(super) fn themes(&mut self) {
        let tree = &self.service.wms.catalogue.tree;
        if !tree.iter().any(|node| matches!(node, Node::Group(_))) {
            return;
        }
        self.push("<Themes>\n");
        for (place, node) in tree.iter().enumerate() {
            if let Node::Group(group) = node {
                self.theme(group, &format!("theme-{}", place + 1));
            }
        }
        self.push("</Themes>\n");
    }

    /// A group as a theme; one without a name is called by its place.
    fn theme(&mut self, group: &Group, place: &str) {
        let id = group.id.as_deref().unwrap_or(place);
        self.push("<Theme>\n");
        let title = group.title.get_or(self.language, id);
        self.element("ows:Title", title);
        self.optional("ows:Abstract", group.abstract_.get(self.language));
        self.element("ows:Identifier", id);
        for (i, child) in group.children.iter().enumerate() {
            if let Node::Group(child) = child {
                self.theme(child, &format!("{place}.{}", i + 1));
            }
        }
        let layers = &self.service.wms.catalogue.layers;
        let own = group.children.iter().filter_map(|child| match child {
            Node::Layer(index) => layers.get(*index),
            Node::Group(_) => None,
        });
        for layer in own {
            // a reference is a URI: what it can't hold is encoded
            let mut reference = String::new();
            xml::push_url_component(&mut reference, &layer.id);
            self.element("LayerRef", &reference);
        }
        self.push("</Theme>\n");
    }
}

/// The scale set of web maps and the CRS, letter by letter as 07-057r7 Annex E.4 has them:
/// conformance tests want both, and clients know the name.
const GOOGLE_SCALES: &str = "urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible";
const GOOGLE_CRS: &str = "urn:ogc:def:crs:EPSG:6.18:3:3857";

/// What the documents call a set's CRS.
fn crs_name(set: &TileMatrixSet) -> String {
    match set.id() {
        TileMatrixSets::WEB => GOOGLE_CRS.to_owned(),
        _ => set.crs.urn(),
    }
}

fn corner(matrix: &TileMatrix, order: AxisOrder) -> [f64; 2] {
    order.reorder(matrix.origin)
}

/// INSPIRE demands keywords; a layer without any has its title.
fn keywords<'a>(layer: &'a Layer, language: &'a str, title: &'a str) -> Vec<&'a str> {
    let metadata = &layer.metadata;
    let themes = metadata
        .inspire
        .iter()
        .filter_map(|code| inspire_theme(code));
    let mut keywords: Vec<&str> = layer.keywords.iter().map(String::as_str).collect();
    keywords.extend(themes.map(|theme| theme.title(language)));
    keywords.extend(metadata.covadis.iter().map(String::as_str));
    if keywords.is_empty() {
        keywords.push(title);
    }
    keywords
}
