//! GetCapabilities: what is served, in the words of each version.

mod filters;
mod v100;
mod v110;
mod v200;

use std::cmp::Ordering;
use std::sync::Arc;

use super::request::{Asked, Output};
use super::scope::Scope;
use super::{Service, Version};
use crate::catalogue::{Layer, LocalText};
use crate::crs::Crs;
use crate::encode::gml::GmlVersion;
use crate::encode::xml;
use crate::error::{Error, Result};
use crate::geom::Bbox;
use crate::protocol::Answer;
use crate::protocol::ows::{DEGREES, compare_sequence, default_crs, push_outward};

/// The parts of a document of 1.1.0 and 2.0.0, that `sections` chooses from.
const SECTIONS: [&str; 5] = [
    "ServiceIdentification",
    "ServiceProvider",
    "OperationsMetadata",
    "FeatureTypeList",
    "Filter_Capabilities",
];

/// About what a feature type takes in a document.
const TYPE_BYTES: usize = 1_500;

/// The capabilities.
///
/// # Errors
/// `InvalidUpdateSequence` for one from the future; `InvalidParameter` for an unknown section.
pub fn get(service: &Service<'_>, scope: &Scope<'_>, asked: &Asked) -> Result<Answer> {
    let sequence = service.catalogue.sequence;
    if let Some(found) = &asked.update_sequence
        && compare_sequence(found, sequence) == Some(Ordering::Greater)
    {
        return Err(Error::InvalidUpdateSequence {
            found: found.clone(),
            sequence,
        });
    }
    for section in &asked.sections {
        let mut known = SECTIONS.iter().chain(["All"].iter());
        if !known.any(|known| known.eq_ignore_ascii_case(section)) {
            return Err(Error::parameter(
                "sections",
                format!(
                    "expected some of {}, found {section:?}",
                    SECTIONS.join(", ")
                ),
            ));
        }
    }
    let layers = scope.layers();
    let mut writer = Writer {
        out: String::with_capacity(layers.len().saturating_add(8).saturating_mul(TYPE_BYTES)),
        scope,
        address: scope.address(),
        sections: &asked.sections,
        layers,
        sequence,
        count_default: service.limits.wfs_count,
    };
    match asked.version {
        Version::V100 => writer.v100(),
        Version::V110 => writer.v110(),
        Version::V200 => writer.v200(),
    }
    Ok(Answer::ok("text/xml", writer.out))
}

/// Writes one document.
struct Writer<'a> {
    out: String,
    scope: &'a Scope<'a>,
    address: String,
    /// Empty: all.
    sections: &'a [String],
    layers: Vec<Arc<Layer>>,
    sequence: u64,
    /// Features of an answer to a request that does not say how many it wants.
    count_default: Option<u64>,
}

impl Writer<'_> {
    fn push(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    fn element(&mut self, name: &str, text: &str) {
        xml::push_element(&mut self.out, name, text);
    }

    fn attribute(&mut self, name: &str, value: &str) {
        xml::push_attribute(&mut self.out, name, value);
    }

    /// An element that is left out where its text is empty.
    fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.element(name, text);
        }
    }

    fn has(&self, section: &str) -> bool {
        let is_said =
            |said: &String| said.eq_ignore_ascii_case(section) || said.eq_ignore_ascii_case("all");
        self.sections.is_empty() || self.sections.iter().any(is_said)
    }

    /// The service's title: that of the data set, where there is one alone.
    fn title(&self) -> String {
        let language = &self.scope.language;
        let own = self
            .scope
            .only
            .as_ref()
            .map(|layer| layer.title.get(language));
        let site = &self.scope.catalogue.site;
        let title = match own.unwrap_or_default() {
            "" => site.title.get(language),
            title => title,
        };
        if title.is_empty() {
            "cartotheque"
        } else {
            title
        }
        .to_owned()
    }

    fn abstract_(&self) -> String {
        self.scope
            .catalogue
            .site
            .abstract_
            .get(&self.scope.language)
            .to_owned()
    }

    /// What must be paid or heeded, in the site's language.
    fn fees(&self) -> String {
        let licence = self.scope.catalogue.site.licence.as_deref();
        let conditions =
            licence.map(|id| crate::protocol::record::licence(id).text(&self.scope.language));
        conditions.unwrap_or_else(|| "no conditions apply".to_owned())
    }

    /// `ServiceProvider` of OWS Common 1.0 and 1.1, which say the same here.
    fn provider(&mut self) {
        let contact = &self.scope.catalogue.site.contact;
        self.push("<ows:ServiceProvider>\n");
        let name = match contact.organisation.as_str() {
            "" => "cartotheque",
            name => name,
        };
        self.element("ows:ProviderName", name);
        if let Some(url) = &contact.url {
            self.push("<ows:ProviderSite");
            self.attribute("xlink:href", url);
            self.push("/>\n");
        }
        self.push("<ows:ServiceContact>\n");
        self.optional("ows:IndividualName", contact.name.as_deref());
        self.push("<ows:ContactInfo>\n");
        if let Some(phone) = &contact.phone {
            self.push("<ows:Phone>");
            self.element("ows:Voice", phone);
            self.push("</ows:Phone>\n");
        }
        self.push("<ows:Address>\n");
        self.optional("ows:DeliveryPoint", contact.address.as_deref());
        self.optional("ows:City", contact.city.as_deref());
        self.optional("ows:PostalCode", contact.postcode.as_deref());
        self.optional("ows:Country", contact.country.as_deref());
        self.optional("ows:ElectronicMailAddress", contact.email.as_deref());
        self.push("</ows:Address>\n</ows:ContactInfo>\n");
        let role = contact.role.as_deref().unwrap_or("pointOfContact");
        self.element("ows:Role", role);
        self.push("</ows:ServiceContact>\n</ows:ServiceProvider>\n");
    }

    /// The declarations of the namespaces of the types.
    fn namespaces(&mut self) {
        for namespace in self.scope.namespaces() {
            self.attribute(&format!("xmlns:{}", namespace.prefix), &namespace.uri);
        }
    }

    /// `ows:DCP` by GET, and by POST of XML.
    fn bindings(&mut self) {
        let get = format!("{}?", self.address);
        let post = self.address.clone();
        self.push("<ows:DCP><ows:HTTP>\n<ows:Get");
        self.attribute("xlink:href", &get);
        self.push("/>\n<ows:Post");
        self.attribute("xlink:href", &post);
        self.push("/>\n</ows:HTTP></ows:DCP>\n");
    }

    /// The type's own words, as 1.1.0 and 2.0.0 have them: up to the keywords.
    fn type_head(&mut self, layer: &Layer) {
        let language = self.scope.language.clone();
        let name = self.scope.qualified_name(layer);
        let title = or_else(&layer.title, &language, &layer.id).to_owned();
        self.element("Name", &name);
        self.element("Title", &title);
        self.element("Abstract", or_else(&layer.abstract_, &language, &title));
        if !layer.keywords.is_empty() {
            self.push("<ows:Keywords>\n");
            for keyword in &layer.keywords {
                self.element("ows:Keyword", keyword);
            }
            self.push("</ows:Keywords>\n");
        }
    }

    fn geographic_box(&mut self, layer: &Layer) {
        let Some([west, south, east, north]) = corners(layer) else {
            return;
        };
        self.push("<ows:WGS84BoundingBox>\n");
        for (name, low, high, up) in [
            ("ows:LowerCorner", west, south, false),
            ("ows:UpperCorner", east, north, true),
        ] {
            self.push(&format!("<{name}>"));
            push_outward(&mut self.out, low, DEGREES, up);
            self.push(" ");
            push_outward(&mut self.out, high, DEGREES, up);
            self.push(&format!("</{name}>\n"));
        }
        self.push("</ows:WGS84BoundingBox>\n");
    }

    /// The address of the layer's record.
    fn record(&self, layer: &Layer) -> String {
        let mut address = format!("{}/layers/", self.scope.base);
        xml::push_url_component(&mut address, &layer.id);
        address.push_str("/record.xml");
        address
    }

    /// The CRSs that a layer is offered in: its default, then the others.
    fn crs(&self, layer: &Layer) -> (Crs, Vec<Crs>) {
        let default = default_crs(layer);
        let mut others: Vec<Crs> = Vec::new();
        let offered = self.scope.catalogue.site.crs.iter();
        for crs in offered.chain([&layer.crs]) {
            let is_new = *crs != default && !others.contains(crs);
            if is_new && !crs.authority.is_empty() {
                others.push(crs.clone());
            }
        }
        (default, others)
    }
}

/// The names of the output formats, the version's own GML first.
fn formats(version: Version) -> Vec<&'static str> {
    let own = version.gml();
    let all = [GmlVersion::V321, GmlVersion::V311, GmlVersion::V212];
    let others = all.into_iter().filter(|gml| *gml != own);
    let mut names: Vec<&str> = [own]
        .into_iter()
        .chain(others)
        .map(|gml| Output::Gml(gml).media_type())
        .collect();
    for format in Output::others() {
        let media_type = Output::Other(format).media_type();
        names.extend([media_type, format.media_type(), format.name()]);
    }
    let mut seen = Vec::with_capacity(names.len());
    names.retain(|name| {
        let is_new = !seen.contains(name);
        seen.push(*name);
        is_new
    });
    names
}

/// West, south, east, north.
fn corners(layer: &Layer) -> Option<[f64; 4]> {
    let extent = layer.extent_lonlat?.intersection(&Bbox::WORLD)?;
    Some([extent.min_x, extent.min_y, extent.max_x, extent.max_y])
}

fn or_else<'t>(text: &'t LocalText, language: &str, fallback: &'t str) -> &'t str {
    match text.get(language) {
        "" => fallback,
        text => text,
    }
}
