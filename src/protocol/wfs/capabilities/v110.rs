//! OGC 04-094 §13.

use super::filters::FILTERS_110;
use super::{Writer, formats};
use crate::catalogue::Layer;
use crate::protocol::wfs::Version;

impl Writer<'_> {
    pub(super) fn v110(&mut self) {
        self.push(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<WFS_Capabilities version=\"1.1.0\" \
             xmlns=\"http://www.opengis.net/wfs\" xmlns:wfs=\"http://www.opengis.net/wfs\" \
             xmlns:ows=\"http://www.opengis.net/ows\" xmlns:ogc=\"http://www.opengis.net/ogc\" \
             xmlns:gml=\"http://www.opengis.net/gml\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:schemaLocation=\"http://www.opengis.net/wfs \
             http://schemas.opengis.net/wfs/1.1.0/wfs.xsd\"",
        );
        self.namespaces();
        self.attribute("updateSequence", &self.sequence.to_string());
        self.push(">\n");
        if self.has("ServiceIdentification") {
            self.identification_110();
        }
        if self.has("ServiceProvider") {
            self.provider();
        }
        if self.has("OperationsMetadata") {
            self.operations_110();
        }
        // a list of none is not valid, no list is
        if self.has("FeatureTypeList") && !self.layers.is_empty() {
            self.types_110();
        }
        // the schema of 1.1.0 demands it, whatever sections are asked for
        self.push(FILTERS_110);
        self.push("</WFS_Capabilities>\n");
    }

    fn identification_110(&mut self) {
        self.push("<ows:ServiceIdentification>\n");
        self.element("ows:Title", &self.title());
        let abstract_ = self.abstract_();
        self.optional("ows:Abstract", Some(&abstract_));
        if !self.scope.catalogue.site.keywords.is_empty() {
            self.push("<ows:Keywords>\n");
            for keyword in &self.scope.catalogue.site.keywords {
                self.element("ows:Keyword", keyword);
            }
            self.push("</ows:Keywords>\n");
        }
        self.push("<ows:ServiceType>WFS</ows:ServiceType>\n");
        for version in Version::ALL {
            self.element("ows:ServiceTypeVersion", version.name());
        }
        self.element("ows:Fees", &self.fees());
        self.push(
            "<ows:AccessConstraints>None</ows:AccessConstraints>\n</ows:ServiceIdentification>\n",
        );
    }

    fn operations_110(&mut self) {
        let formats = formats(Version::V110);
        let versions = Version::ALL.map(Version::name);
        self.push("<ows:OperationsMetadata>\n");
        self.operation_110(
            "GetCapabilities",
            &[
                ("AcceptVersions", &versions),
                ("AcceptFormats", &["text/xml"]),
                ("Sections", &super::SECTIONS),
            ],
        );
        self.operation_110(
            "DescribeFeatureType",
            &[("outputFormat", &["text/xml; subtype=gml/3.1.1"])],
        );
        self.operation_110(
            "GetFeature",
            &[
                ("resultType", &["results", "hits"]),
                ("outputFormat", &formats),
            ],
        );
        self.operation_110(
            "GetGmlObject",
            &[
                ("outputFormat", &["text/xml; subtype=gml/3.1.1"]),
                ("LocalTraverseXLinkScope", &["0"]),
            ],
        );
        if let Some(count) = self.count_default {
            self.push(&format!(
                "<ows:Constraint name=\"DefaultMaxFeatures\"><ows:Value>{count}</ows:Value>\
                 </ows:Constraint>\n"
            ));
        }
        self.push("</ows:OperationsMetadata>\n");
    }

    fn operation_110(&mut self, name: &str, parameters: &[(&str, &[&str])]) {
        self.push(&format!("<ows:Operation name=\"{name}\">\n"));
        self.bindings();
        for (name, values) in parameters {
            self.push(&format!("<ows:Parameter name=\"{name}\">\n"));
            for value in *values {
                self.element("ows:Value", value);
            }
            self.push("</ows:Parameter>\n");
        }
        self.push("</ows:Operation>\n");
    }

    fn types_110(&mut self) {
        self.push("<FeatureTypeList>\n<Operations><Operation>Query</Operation></Operations>\n");
        let layers = std::mem::take(&mut self.layers);
        for layer in &layers {
            self.type_110(layer);
        }
        self.push("</FeatureTypeList>\n");
        self.layers = layers;
    }

    fn type_110(&mut self, layer: &Layer) {
        self.push("<FeatureType>\n");
        self.type_head(layer);
        let (default, others) = self.crs(layer);
        self.element("DefaultSRS", &default.urn());
        for crs in others {
            self.element("OtherSRS", &crs.urn());
        }
        self.geographic_box(layer);
        let record = self.record(layer);
        self.push("<MetadataURL type=\"19139\" format=\"text/xml\">");
        crate::encode::xml::push_text(&mut self.out, &record);
        self.push("</MetadataURL>\n</FeatureType>\n");
    }
}
