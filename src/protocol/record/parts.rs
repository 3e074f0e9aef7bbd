use crate::catalogue::{Contact, LocalText, Site};
use crate::encode::ink::push_number;
use crate::encode::xml;
use crate::geom::Bbox;
use crate::protocol::ows::iso639_2b;

const CODE_LISTS: &str = "http://standards.iso.org/iso/19139/resources/gmxCodelists.xml";

/// Writes one record, part by part, in the order of the schema.
#[derive(Debug)]
pub struct RecordWriter<'a> {
    pub out: String,
    pub site: &'a Site,
    /// Two-letter code of the record's own language.
    pub language: &'a str,
    pub base: &'a str,
}

/// A specification that a resource is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Specification {
    pub french: &'static str,
    pub english: &'static str,
    pub url: &'static str,
    /// Of publication, `YYYY-MM-DD`.
    pub date: &'static str,
}

impl<'a> RecordWriter<'a> {
    pub fn new(site: &'a Site, base: &'a str) -> RecordWriter<'a> {
        RecordWriter {
            out: String::with_capacity(16_000),
            site,
            language: site.languages.first().map_or("fr", String::as_str),
            base,
        }
    }

    pub fn push(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    /// From the root element to the date stamp and the standard's name.
    pub fn head(
        &mut self,
        identifier: &str,
        level: &str,
        level_name: &str,
        contact: &Contact,
        date: &str,
    ) {
        self.push(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <gmd:MD_Metadata xmlns:gmd=\"http://www.isotc211.org/2005/gmd\" \
             xmlns:gco=\"http://www.isotc211.org/2005/gco\" \
             xmlns:gmx=\"http://www.isotc211.org/2005/gmx\" \
             xmlns:srv=\"http://www.isotc211.org/2005/srv\" \
             xmlns:gml=\"http://www.opengis.net/gml\" \
             xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:schemaLocation=\"http://www.isotc211.org/2005/gmd \
             http://schemas.opengis.net/iso/19139/20070417/gmd/gmd.xsd \
             http://www.isotc211.org/2005/gmx \
             http://schemas.opengis.net/iso/19139/20070417/gmx/gmx.xsd \
             http://www.isotc211.org/2005/srv \
             http://schemas.opengis.net/iso/19139/20070417/srv/1.0/srv.xsd\">\n",
        );
        self.text("gmd:fileIdentifier", identifier);
        self.language_code();
        self.code("gmd:characterSet", "MD_CharacterSetCode", "utf8");
        self.code("gmd:hierarchyLevel", "MD_ScopeCode", level);
        self.text("gmd:hierarchyLevelName", level_name);
        self.contact("gmd:contact", contact, "pointOfContact");
        match is_date(date) {
            true => self.push(&format!(
                "<gmd:dateStamp><gco:Date>{date}</gco:Date></gmd:dateStamp>\n"
            )),
            false => self.push("<gmd:dateStamp gco:nilReason=\"unknown\"/>\n"),
        }
        self.text("gmd:metadataStandardName", "ISO 19115:2003/19139");
        self.text("gmd:metadataStandardVersion", "1.0");
    }

    /// The other languages of the record.
    pub fn locales(&mut self) {
        let site = self.site;
        for code in site.languages.iter().skip(1) {
            if let Some(iso) = iso639_2b(code) {
                self.push(&format!(
                    "<gmd:locale><gmd:PT_Locale id=\"locale-{iso}\"><gmd:languageCode>\
                     <gmd:LanguageCode codeList=\"http://www.loc.gov/standards/iso639-2/\" \
                     codeListValue=\"{iso}\">{iso}</gmd:LanguageCode></gmd:languageCode>"
                ));
                self.code("gmd:characterEncoding", "MD_CharacterSetCode", "utf8");
                self.push("</gmd:PT_Locale></gmd:locale>\n");
            }
        }
    }

    pub fn tail(&mut self) {
        self.push("</gmd:MD_Metadata>\n");
    }

    pub fn language_code(&mut self) {
        let iso = iso639_2b(self.language).unwrap_or("fre");
        self.push(&format!(
            "<gmd:language><gmd:LanguageCode codeList=\"http://www.loc.gov/standards/iso639-2/\" \
             codeListValue=\"{iso}\">{iso}</gmd:LanguageCode></gmd:language>\n"
        ));
    }

    /// `<name><gco:CharacterString>`.
    pub fn text(&mut self, name: &str, text: &str) {
        self.push(&format!("<{name}>"));
        self.character_string(text);
        self.push(&format!("</{name}>\n"));
    }

    fn character_string(&mut self, text: &str) {
        self.push("<gco:CharacterString>");
        xml::push_text(&mut self.out, text);
        self.push("</gco:CharacterString>");
    }

    /// A text in all the site's languages (`PT_FreeText`), or the fallback in the record's own.
    pub fn local_text(&mut self, name: &str, text: &LocalText, fallback: &str) {
        let own = text.get(self.language);
        if own.is_empty() {
            self.text(name, fallback);
            return;
        }
        let language = self.language;
        let others: Vec<(&str, &str)> = text
            .all()
            .filter(|(code, text)| *code != language && !text.is_empty())
            .filter(|(code, _)| self.site.languages.iter().skip(1).any(|l| l == code))
            .filter_map(|(code, text)| Some((iso639_2b(code)?, text)))
            .collect();
        if others.is_empty() {
            self.text(name, own);
            return;
        }
        self.push(&format!(
            "<{name} xsi:type=\"gmd:PT_FreeText_PropertyType\">"
        ));
        self.character_string(own);
        self.push("<gmd:PT_FreeText>");
        for (iso, text) in others {
            self.push(&format!(
                "<gmd:textGroup><gmd:LocalisedCharacterString locale=\"#locale-{iso}\">"
            ));
            xml::push_text(&mut self.out, text);
            self.push("</gmd:LocalisedCharacterString></gmd:textGroup>");
        }
        self.push(&format!("</gmd:PT_FreeText></{name}>\n"));
    }

    /// A value of one of ISO's code lists.
    pub fn code(&mut self, name: &str, list: &str, value: &str) {
        self.push(&format!(
            "<{name}><gmd:{list} codeList=\"{CODE_LISTS}#{list}\""
        ));
        xml::push_attribute(&mut self.out, "codeListValue", value);
        self.push(">");
        xml::push_text(&mut self.out, value);
        self.push(&format!("</gmd:{list}></{name}>\n"));
    }

    /// A text that is also a link.
    pub fn anchor(&mut self, name: &str, url: &str, text: &str) {
        self.push(&format!("<{name}><gmx:Anchor"));
        xml::push_attribute(&mut self.out, "xlink:href", url);
        self.push(">");
        xml::push_text(&mut self.out, text);
        self.push(&format!("</gmx:Anchor></{name}>\n"));
    }

    pub fn contact(&mut self, name: &str, contact: &Contact, role: &str) {
        self.push(&format!("<{name}><gmd:CI_ResponsibleParty>"));
        if let Some(person) = &contact.name {
            self.text("gmd:individualName", person);
        }
        self.text("gmd:organisationName", &contact.organisation);
        self.push("<gmd:contactInfo><gmd:CI_Contact>");
        if let Some(phone) = &contact.phone {
            self.push("<gmd:phone><gmd:CI_Telephone>");
            self.text("gmd:voice", phone);
            self.push("</gmd:CI_Telephone></gmd:phone>");
        }
        self.push("<gmd:address><gmd:CI_Address>");
        let lines = [
            ("gmd:deliveryPoint", &contact.address),
            ("gmd:city", &contact.city),
            ("gmd:postalCode", &contact.postcode),
            ("gmd:country", &contact.country),
            ("gmd:electronicMailAddress", &contact.email),
        ];
        for (name, text) in lines {
            if let Some(text) = text {
                self.text(name, text);
            }
        }
        self.push("</gmd:CI_Address></gmd:address>");
        if let Some(url) = &contact.url {
            self.push("<gmd:onlineResource><gmd:CI_OnlineResource><gmd:linkage><gmd:URL>");
            xml::push_text(&mut self.out, url);
            self.push("</gmd:URL></gmd:linkage></gmd:CI_OnlineResource></gmd:onlineResource>");
        }
        self.push("</gmd:CI_Contact></gmd:contactInfo>");
        self.code(
            "gmd:role",
            "CI_RoleCode",
            contact.role.as_deref().unwrap_or(role),
        );
        self.push(&format!("</gmd:CI_ResponsibleParty></{name}>\n"));
    }

    /// A `CI_Date`, left out where it is no date.
    pub fn date(&mut self, date: Option<&str>, kind: &str) {
        let Some(date) = date.filter(|date| is_date(date)) else {
            return;
        };
        self.push(&format!(
            "<gmd:date><gmd:CI_Date><gmd:date><gco:Date>{date}</gco:Date></gmd:date>"
        ));
        self.code("gmd:dateType", "CI_DateTypeCode", kind);
        self.push("</gmd:CI_Date></gmd:date>\n");
    }

    /// Keywords of one thesaurus, with their addresses where they have some.
    pub fn keywords(
        &mut self,
        keywords: &[(String, Option<String>)],
        thesaurus: Option<(&str, &str)>,
    ) {
        if keywords.is_empty() {
            return;
        }
        self.push("<gmd:descriptiveKeywords><gmd:MD_Keywords>\n");
        for (keyword, url) in keywords {
            match url {
                Some(url) => self.anchor("gmd:keyword", url, keyword),
                None => self.text("gmd:keyword", keyword),
            }
        }
        self.code("gmd:type", "MD_KeywordTypeCode", "theme");
        if let Some((title, date)) = thesaurus {
            self.push("<gmd:thesaurusName><gmd:CI_Citation>");
            self.text("gmd:title", title);
            self.date(Some(date), "publication");
            self.push("</gmd:CI_Citation></gmd:thesaurusName>");
        }
        self.push("</gmd:MD_Keywords></gmd:descriptiveKeywords>\n");
    }

    /// No limitation on public access, and the licence as the condition of use.
    pub fn constraints(&mut self, licence_id: Option<&str>) {
        let french = self.language == "fr";
        let licence = super::licence(licence_id.unwrap_or("no-conditions"));
        let limits = [
            (
                "gmd:accessConstraints",
                Some(
                    "http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/\
                     noLimitations"
                        .to_owned(),
                ),
                match french {
                    true => "Pas de restriction d’accès public".to_owned(),
                    false => "No limitations on public access".to_owned(),
                },
            ),
            (
                "gmd:useConstraints",
                licence.url.clone(),
                licence.title(self.language).to_owned(),
            ),
        ];
        for (kind, url, text) in limits {
            self.push("<gmd:resourceConstraints><gmd:MD_LegalConstraints>\n");
            self.code(kind, "MD_RestrictionCode", "otherRestrictions");
            match url {
                Some(url) => self.anchor("gmd:otherConstraints", &url, &text),
                None => self.text("gmd:otherConstraints", &text),
            }
            self.push("</gmd:MD_LegalConstraints></gmd:resourceConstraints>\n");
        }
    }

    /// A box in longitude and latitude; `prefix` is the element's namespace.
    pub fn extent(&mut self, prefix: &str, bbox: &Bbox) {
        self.push(&format!(
            "<{prefix}:extent><gmd:EX_Extent><gmd:geographicElement><gmd:EX_GeographicBoundingBox>"
        ));
        let bounds = [
            ("westBoundLongitude", bbox.min_x),
            ("eastBoundLongitude", bbox.max_x),
            ("southBoundLatitude", bbox.min_y),
            ("northBoundLatitude", bbox.max_y),
        ];
        for (name, value) in bounds {
            self.push(&format!("<gmd:{name}><gco:Decimal>"));
            push_number(&mut self.out, value, 6);
            self.push(&format!("</gco:Decimal></gmd:{name}>"));
        }
        self.push(&format!(
            "</gmd:EX_GeographicBoundingBox></gmd:geographicElement></gmd:EX_Extent></{prefix}:extent>\n"
        ));
    }

    /// One link of the distribution.
    pub fn online(&mut self, url: &str, protocol: &str, name: &str, function: &str) {
        self.push("<gmd:onLine><gmd:CI_OnlineResource><gmd:linkage><gmd:URL>");
        xml::push_text(&mut self.out, url);
        self.push("</gmd:URL></gmd:linkage>");
        self.text("gmd:protocol", protocol);
        self.text("gmd:name", name);
        self.code("gmd:function", "CI_OnLineFunctionCode", function);
        self.push("</gmd:CI_OnlineResource></gmd:onLine>\n");
    }

    /// A specification, with the result left open.
    pub fn conformity(&mut self, specification: &Specification) {
        let french = self.language == "fr";
        self.push("<gmd:report><gmd:DQ_DomainConsistency><gmd:result><gmd:DQ_ConformanceResult><gmd:specification><gmd:CI_Citation>\n");
        let title = match french {
            true => specification.french,
            false => specification.english,
        };
        self.anchor("gmd:title", specification.url, title);
        self.date(Some(specification.date), "publication");
        self.push("</gmd:CI_Citation></gmd:specification>\n");
        let explanation = match french {
            true => "La conformité n’a pas été évaluée.",
            false => "Conformity has not been evaluated.",
        };
        self.text("gmd:explanation", explanation);
        self.push(
            "<gmd:pass gco:nilReason=\"unknown\"/>\n</gmd:DQ_ConformanceResult></gmd:result>\
             </gmd:DQ_DomainConsistency></gmd:report>\n",
        );
    }
}

/// True for a day as ISO 8601 writes it.
pub fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}
