use super::inspire_theme;
use super::parts::{RecordWriter, Specification, is_date};
use crate::catalogue::map::MapService;
use crate::catalogue::{Catalogue, Contact, Layer};
use crate::encode::xml;
use crate::geom::Bbox;
use crate::protocol::ogcapi::features::MAX_LIMIT;

const INTEROPERABILITY: Specification = Specification {
    french: "Règlement (UE) n° 1089/2010 de la Commission du 23 novembre 2010 portant modalités \
             d'application de la directive 2007/2/CE du Parlement européen et du Conseil en ce \
             qui concerne l'interopérabilité des séries et des services de données géographiques",
    english: "Commission Regulation (EU) No 1089/2010 of 23 November 2010 implementing Directive \
              2007/2/EC of the European Parliament and of the Council as regards interoperability \
              of spatial data sets and services",
    url: "http://data.europa.eu/eli/reg/2010/1089",
    date: "2010-12-08",
};

/// The identifier of a layer's record and of the data behind it: the one configured, else the
/// address of the layer's page.
pub fn identifiers(layer: &Layer, base: &str) -> (String, String) {
    match &layer.metadata.identifier {
        Some(identifier) => (identifier.clone(), identifier.clone()),
        None => (layer.id.clone(), page(layer, base)),
    }
}

pub fn page(layer: &Layer, base: &str) -> String {
    let mut url = format!("{base}/layers/");
    xml::push_url_component(&mut url, &layer.id);
    url
}

/// Writes the record of a data set.
pub fn write(catalogue: &Catalogue, layer: &Layer, base: &str) -> String {
    let mut writer = RecordWriter::new(&catalogue.site, base);
    let metadata = &layer.metadata;
    let language = writer.language;
    let contact = contact_of(catalogue, layer);
    let title = match layer.title.get(language) {
        "" => &layer.id,
        title => title,
    };
    let (file_identifier, identifier) = identifiers(layer, base);
    let site_revised = Some(catalogue.site.revised.as_str());
    let dates = [
        metadata.revised.as_deref(),
        metadata.created.as_deref(),
        site_revised,
    ];
    let stamp = dates.into_iter().flatten().find(|date| is_date(date));
    let level_name = if language == "fr" {
        "Jeu de données"
    } else {
        "Data set"
    };
    writer.head(
        &file_identifier,
        "dataset",
        level_name,
        &contact,
        stamp.unwrap_or_default(),
    );
    writer.locales();
    reference_system(&mut writer, layer);

    writer.push(
        "<gmd:identificationInfo><gmd:MD_DataIdentification>\n<gmd:citation><gmd:CI_Citation>\n",
    );
    writer.local_text("gmd:title", &layer.title, &layer.id);
    writer.date(metadata.created.as_deref(), "creation");
    writer.date(metadata.revised.as_deref(), "revision");
    let has_date = [&metadata.created, &metadata.revised]
        .into_iter()
        .flatten()
        .any(|date| is_date(date));
    if !has_date {
        match stamp {
            Some(stamp) => writer.date(Some(stamp), "publication"),
            None => writer.push("<gmd:date gco:nilReason=\"unknown\"/>\n"),
        }
    }
    writer.push("<gmd:identifier><gmd:MD_Identifier>");
    writer.text("gmd:code", &identifier);
    writer.push("</gmd:MD_Identifier></gmd:identifier>\n</gmd:CI_Citation></gmd:citation>\n");
    writer.local_text("gmd:abstract", &layer.abstract_, title);
    writer.contact("gmd:pointOfContact", &contact, "pointOfContact");
    keywords(&mut writer, layer);
    let licence = metadata
        .licence
        .as_deref()
        .or(catalogue.site.licence.as_deref());
    writer.constraints(licence);
    writer.code(
        "gmd:spatialRepresentationType",
        "MD_SpatialRepresentationTypeCode",
        "vector",
    );
    writer.language_code();
    writer.code("gmd:characterSet", "MD_CharacterSetCode", "utf8");
    let mut topics: Vec<&str> = metadata
        .inspire
        .iter()
        .filter_map(|code| inspire_theme(code).map(|theme| theme.topic))
        .collect();
    topics.sort_unstable();
    topics.dedup();
    if topics.is_empty() {
        topics.push("location");
    }
    for topic in topics {
        writer.push(&format!(
            "<gmd:topicCategory><gmd:MD_TopicCategoryCode>{topic}</gmd:MD_TopicCategoryCode>\
             </gmd:topicCategory>\n"
        ));
    }
    writer.extent("gmd", &layer.extent_lonlat.unwrap_or(Bbox::WORLD));
    writer.push("</gmd:MD_DataIdentification></gmd:identificationInfo>\n");

    let offers = [MapService::Wms, MapService::Features].map(|s| catalogue.site.offers(s));
    distribution(&mut writer, layer, title, offers);
    quality(&mut writer, layer);
    writer.tail();
    writer.out
}

/// Who answers for the data: the layer's own organisation and address, else the site's.
fn contact_of(catalogue: &Catalogue, layer: &Layer) -> Contact {
    let site = &catalogue.site.contact;
    let metadata = &layer.metadata;
    if metadata.organisation.is_none() && metadata.contact.is_none() {
        return site.clone();
    }
    let email = metadata.contact.as_ref().filter(|c| c.contains('@'));
    let url = metadata.contact.as_ref().filter(|c| c.starts_with("http"));
    Contact {
        organisation: metadata
            .organisation
            .clone()
            .unwrap_or_else(|| site.organisation.clone()),
        email: email.or(site.email.as_ref()).cloned(),
        url: url.cloned(),
        ..Contact::default()
    }
}

fn reference_system(writer: &mut RecordWriter<'_>, layer: &Layer) {
    let (authority, code) = (&layer.crs.authority, &layer.crs.code);
    if authority.is_empty() {
        return;
    }
    let url = format!("http://www.opengis.net/def/crs/{authority}/0/{code}");
    writer.push(
        "<gmd:referenceSystemInfo><gmd:MD_ReferenceSystem><gmd:referenceSystemIdentifier>\
         <gmd:RS_Identifier>",
    );
    writer.anchor(
        "gmd:code",
        &url,
        &format!("{authority}:{code} – {}", layer.crs.name),
    );
    writer.text("gmd:codeSpace", authority);
    writer.push(
        "</gmd:RS_Identifier></gmd:referenceSystemIdentifier></gmd:MD_ReferenceSystem>\
         </gmd:referenceSystemInfo>\n",
    );
}

fn keywords(writer: &mut RecordWriter<'_>, layer: &Layer) {
    let language = writer.language;
    let themes: Vec<(String, Option<String>)> = layer
        .metadata
        .inspire
        .iter()
        .filter_map(|code| inspire_theme(code))
        .map(|theme| (theme.title(language).to_owned(), Some(theme.url())))
        .collect();
    writer.keywords(
        &themes,
        Some(("GEMET - INSPIRE themes, version 1.0", "2008-06-01")),
    );
    let plain = |words: &[String]| words.iter().map(|w| (w.clone(), None)).collect::<Vec<_>>();
    writer.keywords(
        &plain(&layer.metadata.covadis),
        Some(("COVADIS", "2011-11-15")),
    );
    writer.keywords(&plain(&layer.keywords), None);
}

/// Where the data are seen and had: `is_drawn` by WMS, `is_given` by WFS and as a file.
fn distribution(
    writer: &mut RecordWriter<'_>,
    layer: &Layer,
    title: &str,
    [is_drawn, is_given]: [bool; 2],
) {
    let base = writer.base;
    let mut id = String::new();
    xml::push_url_component(&mut id, &layer.id);
    writer.push(
        "<gmd:distributionInfo><gmd:MD_Distribution>\n<gmd:distributionFormat><gmd:MD_Format>",
    );
    writer.text("gmd:name", "FlatGeobuf");
    writer.text("gmd:version", "3.0");
    writer.push("</gmd:MD_Format></gmd:distributionFormat>\n<gmd:transferOptions><gmd:MD_DigitalTransferOptions>\n");
    let wms =
        format!("{base}/collections/{id}/wms?service=WMS&version=1.3.0&request=GetCapabilities");
    let root = format!("{base}/wms?service=WMS&version=1.3.0&request=GetCapabilities");
    if is_drawn {
        let protocol = "OGC:WMS-1.3.0-http-get-capabilities";
        writer.online(&wms, protocol, title, "information");
        writer.online(&root, protocol, &layer.id, "information");
    }
    if is_given {
        let own = format!("{base}/collections/{id}");
        let wfs = format!("{own}/wfs?service=WFS&version=2.0.0&request=GetCapabilities");
        let protocol = "OGC:WFS-2.0.0-http-get-capabilities";
        writer.online(&wfs, protocol, &layer.id, "download");
        let file = format!("{own}/items?f=gpkg&limit={MAX_LIMIT}");
        writer.online(
            &file,
            "WWW:DOWNLOAD-1.0-http--download",
            "GeoPackage",
            "download",
        );
    }
    writer.online(
        &page(layer, base),
        "WWW:LINK-1.0-http--link",
        title,
        "information",
    );
    writer.push(
        "</gmd:MD_DigitalTransferOptions></gmd:transferOptions>\n</gmd:MD_Distribution>\
         </gmd:distributionInfo>\n",
    );
}

fn quality(writer: &mut RecordWriter<'_>, layer: &Layer) {
    writer.push("<gmd:dataQualityInfo><gmd:DQ_DataQuality>\n<gmd:scope><gmd:DQ_Scope>");
    writer.code("gmd:level", "MD_ScopeCode", "dataset");
    writer.push("</gmd:DQ_Scope></gmd:scope>\n");
    writer.conformity(&INTEROPERABILITY);
    let unknown = match writer.language {
        "fr" => "La généalogie de ces données n’a pas été renseignée.",
        _ => "The lineage of these data has not been documented.",
    };
    let lineage = layer.metadata.lineage.as_deref().unwrap_or(unknown);
    writer.push("<gmd:lineage><gmd:LI_Lineage>");
    writer.text("gmd:statement", lineage);
    writer.push("</gmd:LI_Lineage></gmd:lineage>\n</gmd:DQ_DataQuality></gmd:dataQualityInfo>\n");
}
