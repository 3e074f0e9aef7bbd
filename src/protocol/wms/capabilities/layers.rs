use std::fmt::Write;
use std::sync::Arc;

use super::facts::Offered;
use super::{UNTITLED, Writer, facts_at};
use crate::catalogue::{Group, INSPIRE_DEFAULT_STYLE, Layer, Node};
use crate::encode::xml;
use crate::geom::{Bbox, STANDARD_PIXEL_M};
use crate::protocol::ows::{DEGREES, METRES, push_outward};
use crate::protocol::record::inspire_theme;
use crate::protocol::wms::Version;
use crate::protocol::wms::request::time_extent;
use crate::query::Moment;
use crate::style::Style;

/// The authority that our layer identifiers are of: this site.
const AUTHORITY: &str = "cartotheque";

impl Writer<'_> {
    /// The tree of layers (06-042 §7.2.4.6): the root is a category that lists what all layers
    /// share, and layers inherit it.
    pub(super) fn root_layer(&mut self) {
        let catalogue = self.service.catalogue;
        let all: Vec<usize> = (0..self.facts.layers.len()).collect();
        let language = self.language().to_owned();
        let site = &catalogue.site;
        self.push("<Layer>\n");
        self.element("Title", site.title.get_or(&language, UNTITLED));
        self.optional("Abstract", site.abstract_.get(&language));
        for i in 0..self.facts.crs.len() {
            self.crs(i);
        }
        let (lonlat, boxes) = self.facts.around(&all);
        self.geographic_box(&lonlat.unwrap_or(Bbox::WORLD));
        self.boxes(&boxes);
        self.push("<AuthorityURL name=\"");
        self.push(AUTHORITY);
        self.push("\">");
        self.online_resource("/");
        self.push("</AuthorityURL>\n");
        match &self.scope.only {
            Some(layer) => self.layer(layer, 0),
            None => {
                for node in &catalogue.tree {
                    self.node(node);
                }
            }
        }
        self.push("</Layer>\n");
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Group(group) => self.group(group),
            Node::Layer(index) => {
                if let Some(layer) = self.service.catalogue.layers.get(*index) {
                    self.layer(layer, *index);
                }
            }
        }
    }

    /// A group with a name draws its children, one without is a category. Neither has styles of
    /// its own: they would be inherited.
    fn group(&mut self, group: &Group) {
        let language = self.language().to_owned();
        let mut members = Vec::new();
        members_of(&group.children, &mut members);
        let is_queryable = group.id.is_some()
            && members
                .iter()
                .filter_map(|index| self.service.catalogue.layers.get(*index))
                .any(|layer| layer.queryable);
        self.open_layer(is_queryable);
        self.optional("Name", group.id.as_deref().unwrap_or_default());
        let id = group.id.as_deref().unwrap_or("–");
        self.element("Title", group.title.get_or(&language, id));
        self.optional("Abstract", group.abstract_.get(&language));
        let (lonlat, boxes) = self.facts.around(&members);
        if let Some(lonlat) = lonlat {
            self.geographic_box(&lonlat);
        }
        if group.id.is_some() {
            self.boxes(&boxes);
        }
        for child in &group.children {
            self.node(child);
        }
        self.push("</Layer>\n");
    }

    fn layer(&mut self, layer: &Arc<Layer>, index: usize) {
        let facts = self.facts;
        let language = self.scope.language.as_str();
        self.open_layer(layer.queryable);
        self.element("Name", &layer.id);
        let title = layer.title.get_or(language, &layer.id);
        self.element("Title", title);
        self.element("Abstract", layer.abstract_.get_or(language, title));
        self.keywords(layer, title);
        if let Some(known) = facts_at(facts, index) {
            if let Some((own, _)) = known.own.as_ref().filter(|(own, _)| self.speaks(own)) {
                self.element(self.version.crs_parameter(), &own.name);
            }
            if let Some(lonlat) = &known.lonlat {
                self.geographic_box(lonlat);
            }
            self.boxes(&known.boxes);
            if let Some((own, bbox)) = &known.own {
                self.bounding_box(own, bbox);
            }
            if let Some(times) = known.times {
                self.time_dimension(times);
            }
        }
        if let Some(attribution) = layer.attribution.as_deref().filter(|a| !a.is_empty()) {
            self.push("<Attribution>");
            self.element("Title", attribution);
            self.push("</Attribution>\n");
        }
        let identifier = layer.metadata.identifier.as_deref().unwrap_or(&layer.id);
        self.push("<Identifier authority=\"");
        self.push(AUTHORITY);
        self.push("\">");
        xml::push_text(&mut self.out, identifier);
        self.push("</Identifier>\n");
        self.metadata_url(layer);
        self.styles(layer, index);
        self.scales(layer);
        self.push("</Layer>\n");
    }

    /// The dimension `time` (06-042 Annex C; 01-068r3 Annex C). Without TIME all features are
    /// drawn: the default is the whole extent.
    fn time_dimension(&mut self, [first, last]: [Moment; 2]) {
        let extent = time_extent([first, last]);
        let resolution = match (first, last) {
            _ if first == last => "",
            (Moment::Day(_), Moment::Day(_)) => "/P1D",
            _ => "/PT1S",
        };
        // 1.1.1 takes several values without saying so
        let (begin, end, multiple) = match self.is_130() {
            true => ("", "</Dimension>\n", " multipleValues=\"1\""),
            false => ("/>\n<Extent name=\"time\"", "</Extent>\n", ""),
        };
        self.push("<Dimension name=\"time\" units=\"ISO8601\"");
        self.push(begin);
        self.push(&format!(
            " default=\"{extent}\"{multiple} nearestValue=\"0\">"
        ));
        self.push(&extent);
        self.push(resolution);
        self.push(end);
    }

    fn open_layer(&mut self, queryable: bool) {
        self.push(match queryable {
            true => "<Layer queryable=\"1\">\n",
            false => "<Layer queryable=\"0\">\n",
        });
    }

    /// INSPIRE demands keywords; a layer without any has its title.
    fn keywords(&mut self, layer: &Layer, title: &str) {
        let language = self.scope.language.as_str();
        let metadata = &layer.metadata;
        let is_130 = self.is_130();
        self.push("<KeywordList>\n");
        if layer.keywords.is_empty() && metadata.inspire.is_empty() && metadata.covadis.is_empty() {
            self.element("Keyword", title);
        }
        for keyword in &layer.keywords {
            self.element("Keyword", keyword);
        }
        let themes = metadata
            .inspire
            .iter()
            .filter_map(|code| inspire_theme(code));
        for theme in themes {
            self.push(match is_130 {
                true => "<Keyword vocabulary=\"GEMET - INSPIRE themes\">",
                false => "<Keyword>",
            });
            xml::push_text(&mut self.out, theme.title(language));
            self.push("</Keyword>\n");
        }
        for theme in &metadata.covadis {
            self.push(match is_130 {
                true => "<Keyword vocabulary=\"COVADIS\">",
                false => "<Keyword>",
            });
            xml::push_text(&mut self.out, theme);
            self.push("</Keyword>\n");
        }
        self.push("</KeywordList>\n");
    }

    fn metadata_url(&mut self, layer: &Layer) {
        let mut address = "/layers/".to_owned();
        xml::push_url_component(&mut address, &layer.id);
        address.push_str("/record.xml");
        self.push(match self.is_130() {
            true => "<MetadataURL type=\"ISO19115:2003\">",
            false => "<MetadataURL type=\"TC211\">",
        });
        self.element("Format", "text/xml");
        self.online_resource(&address);
        self.push("</MetadataURL>\n");
    }

    /// The styles, the default first. A layer of an INSPIRE theme offers it by INSPIRE's name
    /// too (TG View 3.11, requirement 39).
    fn styles(&mut self, layer: &Layer, index: usize) {
        let facts = self.facts;
        let legends = facts_at(facts, index).map(|f| f.legends.as_ref());
        let legend = |i: usize| legends.and_then(|l| l.get(i).copied().flatten());
        if let Some(default) = layer
            .styles
            .first()
            .filter(|_| !layer.metadata.inspire.is_empty())
        {
            self.style(layer, default, INSPIRE_DEFAULT_STYLE, legend(0));
        }
        for (i, style) in layer.styles.iter().enumerate() {
            if style.id != INSPIRE_DEFAULT_STYLE || layer.metadata.inspire.is_empty() {
                self.style(layer, style, &style.id, legend(i));
            }
        }
    }

    fn style(&mut self, layer: &Layer, style: &Style, name: &str, legend: Option<[u32; 2]>) {
        self.push("<Style>\n");
        self.element("Name", name);
        let title = style.title.as_deref().unwrap_or_default();
        self.element("Title", if title.is_empty() { &style.id } else { title });
        self.optional("Abstract", style.description.as_deref().unwrap_or_default());
        if let Some([width, height]) = legend {
            let _ = write!(
                self.out,
                "<LegendURL width=\"{width}\" height=\"{height}\">"
            );
            self.element("Format", "image/png");
            let query = legend_query(self.version, &layer.id, name);
            let address = format!("{}?{query}", self.path);
            self.online_resource(&address);
            self.push("</LegendURL>\n");
        }
        self.push("</Style>\n");
    }

    /// 06-042 §7.2.4.6.9; the ScaleHint of 1.1.1 is the diagonal of a pixel in metres
    /// (01-068r3 §7.1.4.5.8).
    fn scales(&mut self, layer: &Layer) {
        let scales = &layer.scales;
        if self.is_130() {
            let both = [("Min", scales.min), ("Max", scales.max)];
            for (name, scale) in both {
                if let Some(scale) = scale {
                    let _ = writeln!(
                        self.out,
                        "<{name}ScaleDenominator>{scale}</{name}ScaleDenominator>"
                    );
                }
            }
        } else if scales.min.is_some() || scales.max.is_some() {
            let diagonal = |scale: f64| scale * STANDARD_PIXEL_M * std::f64::consts::SQRT_2;
            // a hint needs both ends: the whole world in one pixel is far enough
            let min = scales.min.map_or(0.0, diagonal);
            let max = scales.max.map_or(60_000_000.0, diagonal);
            let _ = writeln!(self.out, "<ScaleHint min=\"{min}\" max=\"{max}\"/>");
        }
    }

    fn crs(&mut self, index: usize) {
        let facts = self.facts;
        if let Some(offered) = facts.crs.get(index).filter(|offered| self.speaks(offered)) {
            self.element(self.version.crs_parameter(), &offered.name);
        }
    }

    fn speaks(&self, offered: &Offered) -> bool {
        self.is_130() || offered.in_111()
    }

    fn boxes(&mut self, boxes: &[Option<Bbox>]) {
        let facts = self.facts;
        for (offered, bbox) in facts.crs.iter().zip(boxes) {
            if let Some(bbox) = bbox {
                self.bounding_box(offered, bbox);
            }
        }
    }

    fn bounding_box(&mut self, offered: &Offered, bbox: &Bbox) {
        if !self.speaks(offered) {
            return;
        }
        let parameter = self.version.crs_parameter();
        let decimals = if offered.is_geographic {
            DEGREES
        } else {
            METRES
        };
        let swap = self.is_130() && offered.north_first;
        let corners = match swap {
            true => [bbox.min_y, bbox.min_x, bbox.max_y, bbox.max_x],
            false => [bbox.min_x, bbox.min_y, bbox.max_x, bbox.max_y],
        };
        self.push("<BoundingBox");
        xml::push_attribute(&mut self.out, parameter, &offered.name);
        self.corners(corners, decimals);
        self.push("/>\n");
    }

    fn corners(&mut self, corners: [f64; 4], decimals: u8) {
        let names = [" minx=\"", " miny=\"", " maxx=\"", " maxy=\""];
        for ((i, name), corner) in names.into_iter().enumerate().zip(corners) {
            self.push(name);
            push_outward(&mut self.out, corner, decimals, i >= 2);
            self.push("\"");
        }
    }

    /// With the digits that `BoundingBox` of CRS:84 and EPSG:4326 have: conformance tests compare
    /// them for equality.
    fn geographic_box(&mut self, bbox: &Bbox) {
        if !self.is_130() {
            self.push("<LatLonBoundingBox");
            self.corners([bbox.min_x, bbox.min_y, bbox.max_x, bbox.max_y], DEGREES);
            self.push("/>\n");
            return;
        }
        self.push("<EX_GeographicBoundingBox>");
        let bounds = [
            ("westBoundLongitude", bbox.min_x, false),
            ("eastBoundLongitude", bbox.max_x, true),
            ("southBoundLatitude", bbox.min_y, false),
            ("northBoundLatitude", bbox.max_y, true),
        ];
        for (name, value, up) in bounds {
            let _ = write!(self.out, "<{name}>");
            push_outward(&mut self.out, value, DEGREES, up);
            let _ = write!(self.out, "</{name}>");
        }
        self.push("</EX_GeographicBoundingBox>\n");
    }
}

/// The query, escaped for XML, of the legend that capabilities point to.
pub fn legend_query(version: Version, layer: &str, style: &str) -> String {
    let mut query = format!(
        "service=WMS&amp;version={}&amp;request=GetLegendGraphic&amp;sld_version=1.1.0\
         &amp;format=image/png&amp;layer=",
        version.name()
    );
    xml::push_url_component(&mut query, layer);
    query.push_str("&amp;style=");
    xml::push_url_component(&mut query, style);
    query
}

/// The layers under some nodes, by their places in the catalogue.
fn members_of(nodes: &[Node], members: &mut Vec<usize>) {
    for node in nodes {
        match node {
            Node::Group(group) => members_of(&group.children, members),
            Node::Layer(index) => members.push(*index),
        }
    }
}
