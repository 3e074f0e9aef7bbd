//! OGC 09-025r2 §8.3, with the extension of an INSPIRE download service.

use super::filters::filters_200;
use super::{Writer, formats};
use crate::catalogue::Layer;
use crate::protocol::ows::push_inspire_metadata;
use crate::protocol::wfs::{Version, stored};

/// What is done and what is not (OGC 09-025r2 Tables 13 and 14).
const CONSTRAINTS: [(&str, bool); 15] = [
    ("ImplementsSimpleWFS", true),
    ("ImplementsBasicWFS", true),
    ("ImplementsTransactionalWFS", false),
    ("ImplementsLockingWFS", false),
    ("KVPEncoding", true),
    ("XMLEncoding", true),
    ("SOAPEncoding", false),
    ("ImplementsInheritance", false),
    ("ImplementsRemoteResolve", false),
    ("ImplementsResultPaging", true),
    ("ImplementsStandardJoins", true),
    ("ImplementsSpatialJoins", true),
    ("ImplementsTemporalJoins", true),
    ("ImplementsFeatureVersioning", false),
    ("ManageStoredQueries", false),
];

impl Writer<'_> {
    pub(super) fn v200(&mut self) {
        self.push(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<WFS_Capabilities version=\"2.0.0\" \
             xmlns=\"http://www.opengis.net/wfs/2.0\" xmlns:wfs=\"http://www.opengis.net/wfs/2.0\" \
             xmlns:ows=\"http://www.opengis.net/ows/1.1\" \
             xmlns:fes=\"http://www.opengis.net/fes/2.0\" \
             xmlns:gml=\"http://www.opengis.net/gml/3.2\" \
             xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
             xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" \
             xmlns:inspire_dls=\"http://inspire.ec.europa.eu/schemas/inspire_dls/1.0\" \
             xmlns:inspire_common=\"http://inspire.ec.europa.eu/schemas/common/1.0\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:schemaLocation=\"http://www.opengis.net/wfs/2.0 \
             http://schemas.opengis.net/wfs/2.0/wfs.xsd \
             http://inspire.ec.europa.eu/schemas/inspire_dls/1.0 \
             http://inspire.ec.europa.eu/schemas/inspire_dls/1.0/inspire_dls.xsd\"",
        );
        self.namespaces();
        self.attribute("updateSequence", &self.sequence.to_string());
        self.push(">\n");
        if self.has("ServiceIdentification") {
            self.identification_200();
        }
        if self.has("ServiceProvider") {
            self.provider();
        }
        if self.has("OperationsMetadata") {
            self.operations_200();
        }
        // a list of none is not valid, no list is
        if self.has("FeatureTypeList") && !self.layers.is_empty() {
            self.types_200();
        }
        if self.has("Filter_Capabilities") {
            self.push(&filters_200());
        }
        self.push("</WFS_Capabilities>\n");
    }

    fn identification_200(&mut self) {
        self.push("<ows:ServiceIdentification>\n");
        self.element("ows:Title", &self.title());
        let abstract_ = self.abstract_();
        self.optional("ows:Abstract", Some(&abstract_));
        self.push("<ows:Keywords>\n");
        for keyword in &self.scope.catalogue.site.keywords {
            self.element("ows:Keyword", keyword);
        }
        // the spatial data service classification of Regulation 1205/2008, Part D.4
        self.push(
            "<ows:Keyword>infoFeatureAccessService</ows:Keyword>\n</ows:Keywords>\n\
             <ows:ServiceType>WFS</ows:ServiceType>\n",
        );
        for version in Version::ALL {
            self.element("ows:ServiceTypeVersion", version.name());
        }
        self.element("ows:Fees", &self.fees());
        self.push(
            "<ows:AccessConstraints>None</ows:AccessConstraints>\n</ows:ServiceIdentification>\n",
        );
    }

    fn operations_200(&mut self) {
        let formats = formats(Version::V200);
        let versions = Version::ALL.map(Version::name);
        let sections = super::SECTIONS;
        self.push("<ows:OperationsMetadata>\n");
        self.operation_200(
            "GetCapabilities",
            &[
                ("AcceptVersions", &versions),
                ("AcceptFormats", &["text/xml"]),
                ("Sections", &sections),
            ],
        );
        self.operation_200(
            "DescribeFeatureType",
            &[("outputFormat", &["application/gml+xml; version=3.2"])],
        );
        self.operation_200(
            "GetFeature",
            &[
                ("outputFormat", &formats),
                ("resultType", &["results", "hits"]),
                ("resolve", &["none", "local"]),
            ],
        );
        self.operation_200(
            "GetPropertyValue",
            &[
                ("outputFormat", &["application/gml+xml; version=3.2"]),
                ("resultType", &["results", "hits"]),
                ("resolve", &["none", "local"]),
            ],
        );
        self.operation_200("ListStoredQueries", &[]);
        self.operation_200("DescribeStoredQueries", &[]);
        self.parameter_200("version", &versions);
        for (name, is_done) in CONSTRAINTS {
            let value = if is_done { "TRUE" } else { "FALSE" };
            self.push(&format!(
                "<ows:Constraint name=\"{name}\"><ows:NoValues/>\
                 <ows:DefaultValue>{value}</ows:DefaultValue></ows:Constraint>\n"
            ));
        }
        if let Some(count) = self.count_default {
            self.push(&format!(
                "<ows:Constraint name=\"CountDefault\"><ows:NoValues/>\
                 <ows:DefaultValue>{count}</ows:DefaultValue></ows:Constraint>\n"
            ));
        }
        self.push(
            "<ows:Constraint name=\"PagingIsTransactionSafe\"><ows:NoValues/>\
             <ows:DefaultValue>FALSE</ows:DefaultValue></ows:Constraint>\n\
             <ows:Constraint name=\"QueryExpressions\"><ows:AllowedValues>\
             <ows:Value>wfs:Query</ows:Value><ows:Value>wfs:StoredQuery</ows:Value>\
             </ows:AllowedValues></ows:Constraint>\n",
        );
        if !self.layers.is_empty() {
            self.inspire();
        }
        self.push("</ows:OperationsMetadata>\n");
    }

    fn operation_200(&mut self, name: &str, parameters: &[(&str, &[&str])]) {
        self.push(&format!("<ows:Operation name=\"{name}\">\n"));
        self.bindings();
        for (name, values) in parameters {
            self.parameter_200(name, values);
        }
        self.push("</ows:Operation>\n");
    }

    fn parameter_200(&mut self, name: &str, values: &[&str]) {
        self.push(&format!(
            "<ows:Parameter name=\"{name}\"><ows:AllowedValues>\n"
        ));
        for value in values {
            self.element("ows:Value", value);
        }
        self.push("</ows:AllowedValues></ows:Parameter>\n");
    }

    /// TG Download Services 3.1 §6.1: scenario 1, and the identifier of each data set.
    fn inspire(&mut self) {
        let scope = self.scope;
        let base = crate::encode::xml::escaped(scope.base);
        self.push("<ows:ExtendedCapabilities>\n<inspire_dls:ExtendedCapabilities>\n");
        let languages = &scope.catalogue.site.languages;
        push_inspire_metadata(&mut self.out, &base, languages, &scope.language);
        for layer in &self.layers {
            let code = stored::data_set_code(layer, scope.base);
            self.out.push_str("<inspire_dls:SpatialDataSetIdentifier>");
            crate::encode::xml::push_element(&mut self.out, "inspire_common:Code", &code);
            self.out
                .push_str("</inspire_dls:SpatialDataSetIdentifier>\n");
        }
        self.push("</inspire_dls:ExtendedCapabilities>\n</ows:ExtendedCapabilities>\n");
    }

    fn types_200(&mut self) {
        self.push("<FeatureTypeList>\n");
        let layers = std::mem::take(&mut self.layers);
        for layer in &layers {
            self.type_200(layer);
        }
        self.push("</FeatureTypeList>\n");
        self.layers = layers;
    }

    fn type_200(&mut self, layer: &Layer) {
        self.push("<FeatureType>\n");
        self.type_head(layer);
        let (default, others) = self.crs(layer);
        self.element("DefaultCRS", &default.urn());
        for crs in others {
            self.element("OtherCRS", &crs.urn());
        }
        self.geographic_box(layer);
        let record = self.record(layer);
        self.push("<MetadataURL");
        self.attribute("xlink:href", &record);
        self.push("/>\n</FeatureType>\n");
    }
}
