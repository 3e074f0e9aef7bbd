use super::layer::{identifiers, page};
use super::parts::{RecordWriter, Specification};
use crate::catalogue::map::MapService;
use crate::catalogue::{Catalogue, Layer};
use crate::encode::xml;
use crate::geom::Bbox;

const NETWORK_SERVICES: Specification = Specification {
    french: "Règlement (CE) n° 976/2009 de la Commission du 19 octobre 2009 portant modalités \
             d'application de la directive 2007/2/CE du Parlement européen et du Conseil en ce \
             qui concerne les services en réseau",
    english: "Commission Regulation (EC) No 976/2009 of 19 October 2009 implementing Directive \
              2007/2/EC of the European Parliament and of the Council as regards the Network \
              Services",
    url: "http://data.europa.eu/eli/reg/2009/976",
    date: "2009-10-20",
};

/// What the record tells of a service.
struct Described {
    service: Option<MapService>,
    /// Regulation 1205/2008, Part D.3.
    kind: &'static str,
    french: &'static str,
    english: &'static str,
    /// What kind of service it is (Part D.4).
    keyword: &'static str,
    version: &'static str,
    /// Under the base URL.
    endpoint: &'static str,
    capabilities: &'static str,
    protocol: &'static str,
    operations: &'static [&'static str],
}

/// The first that is offered is told of; the last is a map without services.
const SERVICES: [Described; 5] = [
    Described {
        service: Some(MapService::Wms),
        kind: "view",
        french: "Service de consultation",
        english: "View service",
        keyword: "infoMapAccessService",
        version: "1.3.0",
        endpoint: "/wms",
        capabilities: "?service=WMS&version=1.3.0&request=GetCapabilities",
        protocol: "OGC:WMS-1.3.0-http-get-capabilities",
        operations: &["GetCapabilities", "GetMap", "GetFeatureInfo"],
    },
    Described {
        service: Some(MapService::Wmts),
        kind: "view",
        french: "Service de consultation",
        english: "View service",
        keyword: "infoMapAccessService",
        version: "1.0.0",
        endpoint: "/wmts",
        capabilities: "?service=WMTS&version=1.0.0&request=GetCapabilities",
        protocol: "OGC:WMTS-1.0.0-http-get-capabilities",
        operations: &["GetCapabilities", "GetTile", "GetFeatureInfo"],
    },
    Described {
        service: Some(MapService::Features),
        kind: "download",
        french: "Service de téléchargement",
        english: "Download service",
        keyword: "infoFeatureAccessService",
        version: "2.0.0",
        endpoint: "/wfs",
        capabilities: "?service=WFS&version=2.0.0&request=GetCapabilities",
        protocol: "OGC:WFS-2.0.0-http-get-capabilities",
        operations: &["GetCapabilities", "DescribeFeatureType", "GetFeature"],
    },
    Described {
        service: Some(MapService::Tiles),
        kind: "other",
        french: "Service de tuiles",
        english: "Tile service",
        keyword: "infoMapAccessService",
        version: "1.0",
        endpoint: "/tiles",
        capabilities: "",
        protocol: "WWW:LINK-1.0-http--link",
        operations: &["GetTileSets"],
    },
    Described {
        service: None,
        kind: "other",
        french: "Carte interactive",
        english: "Interactive map",
        keyword: "humanGeographicViewer",
        version: "1.0",
        endpoint: "",
        capabilities: "",
        protocol: "WWW:LINK-1.0-http--link",
        operations: &["GetPage"],
    },
];

/// Writes the record of the first service that is offered, the view service where it is;
/// `identifier` is the record's own.
pub fn write(catalogue: &Catalogue, base: &str, identifier: &str) -> String {
    let site = &catalogue.site;
    let [.., without] = &SERVICES;
    let mut all = SERVICES.iter();
    let told = all.find(|told| told.service.is_some_and(|service| site.offers(service)));
    let told = told.unwrap_or(without);
    let mut writer = RecordWriter::new(site, base);
    let endpoint = format!("{base}{}", told.endpoint);
    let capabilities = format!("{endpoint}{}", told.capabilities);
    let french = writer.language == "fr";
    let level_name = if french { told.french } else { told.english };
    writer.head(
        identifier,
        "service",
        level_name,
        &site.contact,
        &site.revised,
    );
    writer.locales();

    writer.push(
        "<gmd:identificationInfo><srv:SV_ServiceIdentification>\n<gmd:citation><gmd:CI_Citation>\n",
    );
    writer.local_text("gmd:title", &site.title, "cartotheque");
    if super::parts::is_date(&site.revised) {
        writer.date(Some(&site.revised), "revision");
    } else {
        writer.push("<gmd:date gco:nilReason=\"unknown\"/>\n");
    }
    writer.push("<gmd:identifier><gmd:MD_Identifier>");
    writer.text("gmd:code", &endpoint);
    writer.push("</gmd:MD_Identifier></gmd:identifier>\n</gmd:CI_Citation></gmd:citation>\n");
    writer.local_text("gmd:abstract", &site.abstract_, level_name);
    writer.contact("gmd:pointOfContact", &site.contact, "pointOfContact");
    writer.keywords(
        &[(told.keyword.to_owned(), None)],
        Some(("ISO - 19119 geographic services taxonomy", "2010-01-19")),
    );
    let keywords: Vec<_> = site.keywords.iter().map(|k| (k.clone(), None)).collect();
    writer.keywords(&keywords, None);
    writer.constraints(site.licence.as_deref());
    writer.push("<srv:serviceType><gco:LocalName>");
    writer.push(told.kind);
    writer.push("</gco:LocalName></srv:serviceType>\n");
    writer.text("srv:serviceTypeVersion", told.version);
    let extents = catalogue
        .layers
        .iter()
        .filter_map(|layer| layer.extent_lonlat);
    let around = extents.reduce(|all, one| all.union(&one));
    writer.extent("srv", &around.unwrap_or(Bbox::WORLD));
    writer.push(
        "<srv:couplingType><srv:SV_CouplingType \
         codeList=\"http://standards.iso.org/iso/19139/resources/gmxCodelists.xml#SV_CouplingType\" \
         codeListValue=\"tight\">tight</srv:SV_CouplingType></srv:couplingType>\n",
    );
    // capabilities that have parameters ask at an address that takes them
    let point = match told.capabilities {
        "" => endpoint,
        _ => format!("{endpoint}?"),
    };
    for operation in told.operations {
        contained_operation(&mut writer, operation, &point);
    }
    for layer in &catalogue.layers {
        operates_on(&mut writer, layer);
    }
    writer.push("</srv:SV_ServiceIdentification></gmd:identificationInfo>\n");

    writer.push(
        "<gmd:distributionInfo><gmd:MD_Distribution><gmd:transferOptions>\
         <gmd:MD_DigitalTransferOptions>\n",
    );
    let title = site.title.get(writer.language);
    writer.online(&capabilities, told.protocol, title, "information");
    writer.push(
        "</gmd:MD_DigitalTransferOptions></gmd:transferOptions></gmd:MD_Distribution>\
         </gmd:distributionInfo>\n",
    );
    writer.push("<gmd:dataQualityInfo><gmd:DQ_DataQuality>\n<gmd:scope><gmd:DQ_Scope>");
    writer.code("gmd:level", "MD_ScopeCode", "service");
    writer.push("<gmd:levelDescription><gmd:MD_ScopeDescription>");
    writer.text("gmd:other", "service");
    writer.push("</gmd:MD_ScopeDescription></gmd:levelDescription></gmd:DQ_Scope></gmd:scope>\n");
    writer.conformity(&NETWORK_SERVICES);
    writer.push("</gmd:DQ_DataQuality></gmd:dataQualityInfo>\n");
    writer.tail();
    writer.out
}

fn contained_operation(writer: &mut RecordWriter<'_>, name: &str, point: &str) {
    let url = xml::escaped(point);
    writer.push("<srv:containsOperations><srv:SV_OperationMetadata>");
    writer.text("srv:operationName", name);
    writer.push(&format!(
        "<srv:DCP><srv:DCPList codeList=\"http://standards.iso.org/iso/19139/resources/gmxCodelists.xml#DCPList\" \
         codeListValue=\"WebServices\">WebServices</srv:DCPList></srv:DCP>\
         <srv:connectPoint><gmd:CI_OnlineResource><gmd:linkage><gmd:URL>{url}</gmd:URL></gmd:linkage>\
         </gmd:CI_OnlineResource></srv:connectPoint></srv:SV_OperationMetadata></srv:containsOperations>\n"
    ));
}

/// The data that the service shows, by the address of its record (TG metadata 2.0.1, TG
/// Requirement 3.6).
fn operates_on(writer: &mut RecordWriter<'_>, layer: &Layer) {
    let record = format!("{}/record.xml", page(layer, writer.base));
    let (_, identifier) = identifiers(layer, writer.base);
    writer.push("<srv:operatesOn");
    xml::push_attribute(&mut writer.out, "xlink:href", &record);
    xml::push_attribute(&mut writer.out, "uuidref", &identifier);
    writer.push("/>\n");
}
