//! The service metadata document (07-057r7 §7.1.1): who serves, by which operations; what is
//! served is in [`contents`](super::contents).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Service;
use super::request::{GetCapabilities, Sections};
use crate::catalogue::Contact;
use crate::encode::xml;
use crate::protocol::ows::{BASE_MARK, Template, push_inspire_capabilities};
use crate::protocol::record::licence;
use crate::protocol::wms::LegendSizes;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
<Capabilities version=\"1.0.0\" xmlns=\"http://www.opengis.net/wmts/1.0\" \
xmlns:ows=\"http://www.opengis.net/ows/1.1\" \
xmlns:inspire_vs=\"http://inspire.ec.europa.eu/schemas/inspire_vs_ows11/1.0\" \
xmlns:inspire_common=\"http://inspire.ec.europa.eu/schemas/common/1.0\" \
xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
xsi:schemaLocation=\"http://www.opengis.net/wmts/1.0 \
http://schemas.opengis.net/wmts/1.0/wmtsGetCapabilities_response.xsd \
http://inspire.ec.europa.eu/schemas/inspire_vs_ows11/1.0 \
http://inspire.ec.europa.eu/schemas/inspire_vs_ows11/1.0/inspire_vs_ows_11.xsd\"";

/// Bytes of kept documents, all languages together: enough for some 500 layers in two.
const MAX_KEPT_BYTES: usize = 8 << 20;

/// Whole documents, by language, of one state of the catalogue.
#[derive(Debug, Default)]
pub struct WmtsDocuments(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    sequence: u64,
    documents: HashMap<String, Arc<Template>>,
}

/// The document; only its head where the client has it (06-121r3 §7.3.4).
pub(super) fn body(
    service: &Service<'_>,
    wanted: GetCapabilities,
    language: &str,
    base: &str,
) -> String {
    let base = xml::escaped(base);
    let sequence = service.wms.catalogue.sequence;
    if wanted.is_known {
        let mut head = HEAD.to_owned();
        xml::push_attribute(&mut head, "updateSequence", &sequence.to_string());
        head.push_str("/>\n");
        return head;
    }
    if wanted.sections != Sections::ALL {
        return document(service, wanted.sections, language, &base);
    }
    let kept = {
        let mut kept = lock(service.documents);
        if kept.sequence != sequence {
            kept.sequence = sequence;
            kept.documents.clear();
        }
        kept.documents.get(language).map(Arc::clone)
    };
    if let Some(template) = kept {
        return template.with_base(&base);
    }
    let mark = BASE_MARK.to_string();
    let template = Arc::new(Template::new(&document(
        service,
        Sections::ALL,
        language,
        &mark,
    )));
    let mut kept = lock(service.documents);
    let bytes: usize = kept.documents.values().map(|t| t.bytes()).sum();
    if kept.sequence == sequence && bytes.saturating_add(template.bytes()) <= MAX_KEPT_BYTES {
        let language = language.to_owned();
        kept.documents.insert(language, Arc::clone(&template));
    }
    drop(kept);
    template.with_base(&base)
}

fn lock(documents: &WmtsDocuments) -> std::sync::MutexGuard<'_, Kept> {
    documents.0.lock().unwrap_or_else(PoisonError::into_inner)
}

fn document(service: &Service<'_>, sections: Sections, language: &str, base: &str) -> String {
    let mut writer = Writer {
        out: String::with_capacity(64 << 10),
        service,
        language,
        base,
        legends: service.wms.capabilities.legend_sizes(&service.wms),
    };
    writer.document(sections);
    writer.out
}

/// Writes one document. `base` is escaped already, or the mark that stands for it.
pub(super) struct Writer<'a> {
    pub(super) out: String,
    pub(super) service: &'a Service<'a>,
    pub(super) language: &'a str,
    pub(super) base: &'a str,
    pub(super) legends: LegendSizes,
}

impl Writer<'_> {
    fn document(&mut self, sections: Sections) {
        let sequence = self.service.wms.catalogue.sequence.to_string();
        self.push(HEAD);
        xml::push_attribute(&mut self.out, "updateSequence", &sequence);
        self.push(">\n");
        if sections.identification {
            self.identification();
        }
        if sections.provider {
            self.provider();
        }
        if sections.operations {
            self.operations();
        }
        if sections.contents {
            self.contents();
        }
        if sections.themes {
            self.themes();
        }
        let base = self.base;
        self.push("<ServiceMetadataURL xlink:href=\"");
        self.push(base);
        self.push("/wmts/1.0.0/WMTSCapabilities.xml\"/>\n</Capabilities>\n");
    }

    fn identification(&mut self) {
        let site = &self.service.wms.catalogue.site;
        self.push("<ows:ServiceIdentification>\n");
        self.element("ows:Title", site.title.get_or(self.language, "cartotheque"));
        self.optional("ows:Abstract", site.abstract_.get(self.language));
        self.push("<ows:Keywords>\n");
        for keyword in &site.keywords {
            self.element("ows:Keyword", keyword);
        }
        // the spatial data service classification of Regulation 1205/2008, Part D.4
        self.element("ows:Keyword", "infoMapAccessService");
        self.push("</ows:Keywords>\n");
        self.element("ows:ServiceType", "OGC WMTS");
        self.element("ows:ServiceTypeVersion", "1.0.0");
        let conditions = site.licence.as_deref();
        let conditions = conditions.map(|id| licence(id).text(self.language));
        let fees = conditions.as_deref().unwrap_or("no conditions apply");
        self.element("ows:Fees", fees);
        self.element("ows:AccessConstraints", "None");
        self.push("</ows:ServiceIdentification>\n");
    }

    fn provider(&mut self) {
        let site = &self.service.wms.catalogue.site;
        let contact = &site.contact;
        let name = match contact.organisation.as_str() {
            "" => site.title.get_or(self.language, "cartotheque"),
            name => name,
        };
        self.push("<ows:ServiceProvider>\n");
        self.element("ows:ProviderName", name);
        if let Some(url) = &contact.url {
            self.push("<ows:ProviderSite");
            xml::push_attribute(&mut self.out, "xlink:href", url);
            self.push("/>\n");
        }
        self.push("<ows:ServiceContact>\n");
        self.optional_of("ows:IndividualName", &contact.name);
        let role = contact.role.as_deref().unwrap_or("pointOfContact");
        self.element("ows:PositionName", role);
        self.push("<ows:ContactInfo>\n");
        if let Some(phone) = &contact.phone {
            self.push("<ows:Phone>\n");
            self.element("ows:Voice", phone);
            self.push("</ows:Phone>\n");
        }
        self.address(contact);
        self.push("</ows:ContactInfo>\n");
        self.push("</ows:ServiceContact>\n</ows:ServiceProvider>\n");
    }

    fn address(&mut self, contact: &Contact) {
        self.push("<ows:Address>\n");
        self.optional_of("ows:DeliveryPoint", &contact.address);
        self.optional_of("ows:City", &contact.city);
        self.optional_of("ows:PostalCode", &contact.postcode);
        self.optional_of("ows:Country", &contact.country);
        self.optional_of("ows:ElectronicMailAddress", &contact.email);
        self.push("</ows:Address>\n");
    }

    fn operations(&mut self) {
        self.push("<ows:OperationsMetadata>\n");
        self.operation("GetCapabilities", "WMTSCapabilities.xml");
        self.operation("GetTile", "");
        self.operation("GetFeatureInfo", "");
        let languages = &self.service.wms.catalogue.site.languages;
        push_inspire_capabilities(&mut self.out, self.base, languages, self.language);
        self.push("</ows:OperationsMetadata>\n");
    }

    /// An operation in both bindings, KVP first: QGIS takes the first that it knows.
    fn operation(&mut self, name: &str, resource: &str) {
        let base = self.base;
        self.push(&format!(
            "<ows:Operation name=\"{name}\">\n<ows:DCP>\n<ows:HTTP>\n"
        ));
        let addresses = [
            (format!("{base}/wmts?"), "KVP"),
            (format!("{base}/wmts/1.0.0/{resource}"), "RESTful"),
        ];
        for (address, encoding) in addresses {
            self.push("<ows:Get xlink:href=\"");
            self.push(&address);
            self.push(&format!(
                "\">\n<ows:Constraint name=\"GetEncoding\">\n<ows:AllowedValues>\
                 <ows:Value>{encoding}</ows:Value></ows:AllowedValues>\n</ows:Constraint>\n\
                 </ows:Get>\n"
            ));
        }
        self.push("</ows:HTTP>\n</ows:DCP>\n</ows:Operation>\n");
    }

    pub(super) fn push(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    pub(super) fn element(&mut self, name: &str, text: &str) {
        xml::push_element(&mut self.out, name, text);
    }

    /// An element that is left out where its text is empty.
    pub(super) fn optional(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.element(name, text);
        }
    }

    fn optional_of(&mut self, name: &str, text: &Option<String>) {
        self.optional(name, text.as_deref().unwrap_or_default());
    }
}
