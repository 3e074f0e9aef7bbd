use super::{UNTITLED, Writer};
use crate::encode::{ImageFormat, xml};
use crate::protocol::ows::push_inspire_capabilities;
use crate::protocol::record::licence;
use crate::protocol::wms::InfoFormat;

const HEAD_130: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
<WMS_Capabilities version=\"1.3.0\" xmlns=\"http://www.opengis.net/wms\" \
xmlns:sld=\"http://www.opengis.net/sld\" \
xmlns:inspire_vs=\"http://inspire.ec.europa.eu/schemas/inspire_vs/1.0\" \
xmlns:inspire_common=\"http://inspire.ec.europa.eu/schemas/common/1.0\" \
xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
xsi:schemaLocation=\"http://www.opengis.net/wms \
http://schemas.opengis.net/wms/1.3.0/capabilities_1_3_0.xsd \
http://www.opengis.net/sld http://schemas.opengis.net/sld/1.1.0/sld_capabilities.xsd \
http://inspire.ec.europa.eu/schemas/inspire_vs/1.0 \
http://inspire.ec.europa.eu/schemas/inspire_vs/1.0/inspire_vs.xsd\"";

const HEAD_111: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
<!DOCTYPE WMT_MS_Capabilities SYSTEM \
\"http://schemas.opengis.net/wms/1.1.1/WMS_MS_Capabilities.dtd\" [\n\
<!ELEMENT VendorSpecificCapabilities EMPTY>\n]>\n<WMT_MS_Capabilities version=\"1.1.1\"";

impl Writer<'_> {
    pub(super) fn document(&mut self) {
        let sequence = self.service.catalogue.sequence.to_string();
        self.push(if self.is_130() { HEAD_130 } else { HEAD_111 });
        xml::push_attribute(&mut self.out, "updateSequence", &sequence);
        self.push(">\n");
        self.service_section();
        self.push("<Capability>\n");
        self.requests();
        self.exceptions();
        self.extended_capabilities();
        self.root_layer();
        self.push("</Capability>\n");
        self.push(if self.is_130() {
            "</WMS_Capabilities>\n"
        } else {
            "</WMT_MS_Capabilities>\n"
        });
    }

    /// 06-042 §7.2.4.3.
    fn service_section(&mut self) {
        let site = &self.service.catalogue.site;
        let language = self.language().to_owned();
        let path = self.path.clone();
        self.push("<Service>\n");
        self.element("Name", if self.is_130() { "WMS" } else { "OGC:WMS" });
        let of_site = site.title.get_or(&language, UNTITLED);
        let only = self.scope.only.as_ref();
        let title = only.map_or(of_site, |layer| layer.title.get_or(&language, of_site));
        self.element("Title", title);
        self.optional("Abstract", site.abstract_.get(&language));
        self.push("<KeywordList>\n");
        for keyword in &site.keywords {
            self.element("Keyword", keyword);
        }
        if self.is_130() {
            // the spatial data service classification of Regulation 1205/2008, Part D.4
            self.push("<Keyword vocabulary=\"ISO\">infoMapAccessService</Keyword>\n");
        }
        self.push("</KeywordList>\n");
        self.online_resource(&format!("{path}?"));
        self.contact();
        let conditions = site
            .licence
            .as_deref()
            .map(|id| licence(id).text(&language));
        let (no_fees, no_limits) = match self.is_130() {
            true => ("no conditions apply", "None"),
            false => ("none", "none"),
        };
        self.element("Fees", conditions.as_deref().unwrap_or(no_fees));
        self.element("AccessConstraints", no_limits);
        if self.is_130() {
            let limits = self.service.limits;
            self.element("LayerLimit", &limits.layers.max(1).to_string());
            self.element("MaxWidth", &limits.width.max(1).to_string());
            self.element("MaxHeight", &limits.height.max(1).to_string());
        }
        self.push("</Service>\n");
    }

    fn contact(&mut self) {
        let contact = &self.service.catalogue.site.contact;
        if contact.organisation.is_empty() && contact.email.is_none() {
            return;
        }
        self.push("<ContactInformation>\n<ContactPersonPrimary>\n");
        self.element("ContactPerson", contact.name.as_deref().unwrap_or_default());
        self.element("ContactOrganization", &contact.organisation);
        self.push("</ContactPersonPrimary>\n");
        let role = contact.role.as_deref().unwrap_or("pointOfContact");
        self.element("ContactPosition", role);
        let address = [
            &contact.address,
            &contact.city,
            &contact.postcode,
            &contact.country,
        ];
        if address.iter().any(|part| part.is_some()) {
            self.push("<ContactAddress>\n");
            self.element("AddressType", "postal");
            self.element("Address", contact.address.as_deref().unwrap_or_default());
            self.element("City", contact.city.as_deref().unwrap_or_default());
            self.element("StateOrProvince", "");
            self.element("PostCode", contact.postcode.as_deref().unwrap_or_default());
            self.element("Country", contact.country.as_deref().unwrap_or_default());
            self.push("</ContactAddress>\n");
        }
        self.optional(
            "ContactVoiceTelephone",
            contact.phone.as_deref().unwrap_or_default(),
        );
        let email = contact.email.as_deref().unwrap_or_default();
        self.optional("ContactElectronicMailAddress", email);
        self.push("</ContactInformation>\n");
    }

    fn requests(&mut self) {
        let images = ImageFormat::ALL.map(ImageFormat::media_type);
        let mut legends = images.to_vec();
        legends.push("application/json");
        let infos = InfoFormat::ALL.map(InfoFormat::media_type);
        self.push("<Request>\n");
        self.operation("GetCapabilities", &[self.version.capabilities_type()]);
        self.operation("GetMap", &images);
        self.operation("GetFeatureInfo", &infos);
        if self.is_130() {
            self.operation("sld:DescribeLayer", &["text/xml"]);
            self.operation("sld:GetLegendGraphic", &legends);
        } else {
            self.operation("DescribeLayer", &["application/vnd.ogc.wms_xml"]);
            self.operation("GetLegendGraphic", &legends);
            self.operation("GetStyles", &["application/vnd.ogc.sld+xml"]);
        }
        self.push("</Request>\n");
    }

    fn operation(&mut self, name: &str, formats: &[&str]) {
        let address = format!("{}?", self.path);
        self.push(&format!("<{name}>\n"));
        for format in formats {
            self.element("Format", format);
        }
        self.push("<DCPType><HTTP><Get>");
        self.online_resource(&address);
        self.push(&format!("</Get></HTTP></DCPType>\n</{name}>\n"));
    }

    fn exceptions(&mut self) {
        let formats = match self.is_130() {
            true => ["XML", "INIMAGE", "BLANK"],
            false => [
                "application/vnd.ogc.se_xml",
                "application/vnd.ogc.se_inimage",
                "application/vnd.ogc.se_blank",
            ],
        };
        self.push("<Exception>\n");
        for format in formats {
            self.element("Format", format);
        }
        self.push("</Exception>\n");
    }

    /// What SLD-WMS and INSPIRE add.
    fn extended_capabilities(&mut self) {
        if !self.is_130() {
            self.push(
                "<UserDefinedSymbolization SupportSLD=\"1\" UserLayer=\"0\" UserStyle=\"1\" \
                 RemoteWFS=\"0\"/>\n",
            );
            return;
        }
        self.push(
            "<sld:UserDefinedSymbolization SupportSLD=\"true\" UserLayer=\"false\" \
             UserStyle=\"true\" RemoteWFS=\"false\" InlineFeature=\"false\" RemoteWCS=\"false\"/>\n",
        );
        let languages = &self.service.catalogue.site.languages;
        let written = self.scope.language.as_str();
        push_inspire_capabilities(&mut self.out, self.base, languages, written);
    }
}
