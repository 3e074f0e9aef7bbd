use super::layer::{identifiers, page};
use super::parts::{RecordWriter, Specification};
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

/// Writes the record of the view service; `identifier` is the record's own.
pub fn write(catalogue: &Catalogue, base: &str, identifier: &str) -> String {
    let site = &catalogue.site;
    let mut writer = RecordWriter::new(site, base);
    let capabilities = format!("{base}/wms?service=WMS&version=1.3.0&request=GetCapabilities");
    let french = writer.language == "fr";
    let level_name = if french {
        "Service de consultation"
    } else {
        "View service"
    };
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
    writer.text("gmd:code", &format!("{base}/wms"));
    writer.push("</gmd:MD_Identifier></gmd:identifier>\n</gmd:CI_Citation></gmd:citation>\n");
    writer.local_text("gmd:abstract", &site.abstract_, level_name);
    writer.contact("gmd:pointOfContact", &site.contact, "pointOfContact");
    // Regulation 1205/2008, Part D.4: what kind of service it is
    writer.keywords(
        &[("infoMapAccessService".to_owned(), None)],
        Some(("ISO - 19119 geographic services taxonomy", "2010-01-19")),
    );
    let keywords: Vec<_> = site.keywords.iter().map(|k| (k.clone(), None)).collect();
    writer.keywords(&keywords, None);
    writer.constraints(site.licence.as_deref());
    writer.push("<srv:serviceType><gco:LocalName>view</gco:LocalName></srv:serviceType>\n");
    writer.text("srv:serviceTypeVersion", "1.3.0");
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
    for operation in ["GetCapabilities", "GetMap", "GetFeatureInfo"] {
        contained_operation(&mut writer, operation);
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
    writer.online(
        &capabilities,
        "OGC:WMS-1.3.0-http-get-capabilities",
        title,
        "information",
    );
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

fn contained_operation(writer: &mut RecordWriter<'_>, name: &str) {
    let url = xml::escaped(&format!("{}/wms?", writer.base));
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
