use super::iso639_2b;
use crate::encode::xml::push_element;

/// Appends INSPIRE's extended capabilities of a view service (TG View 3.11 §4.2.3.3.1,
/// scenario 1: the rest is in the service's record). The prefixes `inspire_vs` and
/// `inspire_common` are declared by the document; `base` is escaped already.
///
/// `languages` are two-letter codes, the default first; `written` is the one of this answer.
pub fn push_inspire_capabilities(
    out: &mut String,
    base: &str,
    languages: &[String],
    written: &str,
) {
    out.push_str("<inspire_vs:ExtendedCapabilities>\n");
    push_inspire_metadata(out, base, languages, written);
    out.push_str("</inspire_vs:ExtendedCapabilities>\n");
}

/// What the extended capabilities of every INSPIRE service begin with: where the service's record
/// is, and its languages. Arguments as above.
pub fn push_inspire_metadata(out: &mut String, base: &str, languages: &[String], written: &str) {
    let mut languages = languages.iter().filter_map(|code| iso639_2b(code));
    let default = languages.next().unwrap_or("fre");
    let response = iso639_2b(written).unwrap_or(default);
    out.push_str("<inspire_common:MetadataUrl>\n<inspire_common:URL>");
    out.push_str(base);
    out.push_str("/record.xml</inspire_common:URL>\n");
    push_element(
        out,
        "inspire_common:MediaType",
        "application/vnd.iso.19139+xml",
    );
    out.push_str("</inspire_common:MetadataUrl>\n<inspire_common:SupportedLanguages>\n");
    out.push_str("<inspire_common:DefaultLanguage>");
    push_element(out, "inspire_common:Language", default);
    out.push_str("</inspire_common:DefaultLanguage>\n");
    for other in languages {
        out.push_str("<inspire_common:SupportedLanguage>");
        push_element(out, "inspire_common:Language", other);
        out.push_str("</inspire_common:SupportedLanguage>\n");
    }
    out.push_str("</inspire_common:SupportedLanguages>\n<inspire_common:ResponseLanguage>");
    push_element(out, "inspire_common:Language", response);
    out.push_str("</inspire_common:ResponseLanguage>\n");
}
