//! OGC 02-058 §12.

use super::filters::FILTERS_100;
use super::{Writer, corners, or_else};
use crate::catalogue::Layer;
use crate::protocol::ows::{DEGREES, push_outward};

impl Writer<'_> {
    pub(super) fn v100(&mut self) {
        self.push(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<WFS_Capabilities version=\"1.0.0\" \
             xmlns=\"http://www.opengis.net/wfs\" xmlns:ogc=\"http://www.opengis.net/ogc\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:schemaLocation=\"http://www.opengis.net/wfs \
             http://schemas.opengis.net/wfs/1.0.0/WFS-capabilities.xsd\"",
        );
        self.namespaces();
        self.attribute("updateSequence", &self.sequence.to_string());
        self.push(">\n<Service>\n<Name>WFS</Name>\n");
        self.element("Title", &self.title());
        let abstract_ = self.abstract_();
        self.optional("Abstract", Some(&abstract_));
        let keywords = self.scope.catalogue.site.keywords.join(", ");
        self.optional("Keywords", Some(&keywords));
        let address = self.address.clone();
        self.element("OnlineResource", &address);
        self.element("Fees", &self.fees());
        self.push("<AccessConstraints>None</AccessConstraints>\n</Service>\n");
        self.push("<Capability>\n<Request>\n");
        self.operation_100("GetCapabilities", "");
        self.operation_100(
            "DescribeFeatureType",
            "<SchemaDescriptionLanguage><XMLSCHEMA/></SchemaDescriptionLanguage>\n",
        );
        self.operation_100("GetFeature", "<ResultFormat><GML2/></ResultFormat>\n");
        self.push("</Request>\n</Capability>\n");
        self.push("<FeatureTypeList>\n<Operations><Query/></Operations>\n");
        let layers = std::mem::take(&mut self.layers);
        for layer in &layers {
            self.type_100(layer);
        }
        self.layers = layers;
        self.push("</FeatureTypeList>\n");
        self.push(FILTERS_100);
        self.push("</WFS_Capabilities>\n");
    }

    fn operation_100(&mut self, name: &str, content: &str) {
        let (get, post) = (format!("{}?", self.address), self.address.clone());
        self.push(&format!("<{name}>\n{content}<DCPType><HTTP><Get"));
        self.attribute("onlineResource", &get);
        self.push("/></HTTP></DCPType>\n<DCPType><HTTP><Post");
        self.attribute("onlineResource", &post);
        self.push(&format!("/></HTTP></DCPType>\n</{name}>\n"));
    }

    /// One CRS for each type is all that 1.0.0 can tell; others are answered when asked for.
    fn type_100(&mut self, layer: &Layer) {
        let language = self.scope.language.clone();
        let name = self.scope.qualified_name(layer);
        let title = or_else(&layer.title, &language, &layer.id).to_owned();
        self.push("<FeatureType>\n");
        self.element("Name", &name);
        self.element("Title", &title);
        self.element("Abstract", or_else(&layer.abstract_, &language, &title));
        let keywords = layer.keywords.join(", ");
        self.optional("Keywords", Some(&keywords));
        let (default, _) = self.crs(layer);
        self.element("SRS", &default.id());
        if let Some(corners) = corners(layer) {
            self.push("<LatLongBoundingBox");
            let names = ["minx", "miny", "maxx", "maxy"];
            for ((i, name), value) in names.iter().enumerate().zip(corners) {
                self.push(&format!(" {name}=\""));
                push_outward(&mut self.out, value, DEGREES, i >= 2);
                self.push("\"");
            }
            self.push("/>\n");
        }
        let record = self.record(layer);
        self.push("<MetadataURL type=\"TC211\" format=\"XML\">");
        crate::encode::xml::push_text(&mut self.out, &record);
        self.push("</MetadataURL>\n</FeatureType>\n");
    }
}
