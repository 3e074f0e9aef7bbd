//! Stored queries: `GetFeatureById`, which every WFS 2.0 has (OGC 09-025r2 §7.9.3.6), and
//! `GetSpatialDataSet` of an INSPIRE download service (TG Download Services 3.1, §7.1).

use super::request::{Adhoc, Condition};
use super::scope::Scope;
use crate::catalogue::Layer;
use crate::encode::xml;
use crate::error::{Error, Result};
use crate::protocol::{Answer, record};

/// The names of `GetFeatureById`, the one that is listed first.
const BY_ID: [&str; 3] = [
    "http://www.opengis.net/def/query/OGC-WFS/0/GetFeatureById",
    "urn:ogc:def:query:OGC-WFS::GetFeatureById",
    "GetFeatureById",
];
const DATA_SET: &str = "http://inspire.ec.europa.eu/operation/download/GetSpatialDataSet";

/// The stored queries that there are.
const ALL: [Stored; 3] = [
    Stored {
        id: BY_ID[0],
        title: ["Un objet par son identifiant", "One feature by its id"],
        parameters: &[("ID", "xs:string", "gml:id")],
    },
    Stored {
        id: BY_ID[1],
        title: ["Un objet par son identifiant", "One feature by its id"],
        parameters: &[("ID", "xs:string", "gml:id")],
    },
    Stored {
        id: DATA_SET,
        title: [
            "Un jeu de données entier (service de téléchargement INSPIRE)",
            "A whole data set (INSPIRE download service)",
        ],
        parameters: &[
            ("CRS", "xs:anyURI", "urn:ogc:def:crs:EPSG::4258"),
            ("DataSetIdCode", "xs:string", "inspire_common:Code"),
            (
                "DataSetIdNamespace",
                "xs:string",
                "inspire_common:Namespace",
            ),
            ("Language", "xs:string", "fre"),
        ],
    },
];

struct Stored {
    id: &'static str,
    /// French, English.
    title: [&'static str; 2],
    /// Name, type, what is meant by it.
    parameters: &'static [(&'static str, &'static str, &'static str)],
}

/// What a stored query stands for.
#[derive(Debug, Clone)]
pub struct Expanded {
    pub query: Adhoc,
    /// The answer is the feature, not a collection of it.
    pub is_alone: bool,
}

/// The query that a stored one stands for.
///
/// # Errors
/// `InvalidParameter` for a stored query that there is not, `MissingParameter` for one of its
/// parameters; `NotFound` where no type can have the feature.
pub fn expand(scope: &Scope<'_>, id: &str, parameters: &[(String, String)]) -> Result<Expanded> {
    let value = |name: &str| {
        let found = parameters
            .iter()
            .find(|(n, v)| n.eq_ignore_ascii_case(name) && !v.is_empty());
        found.map(|(_, value)| value.trim())
    };
    let srs_name = value("CRS").or(value("SRSNAME")).map(str::to_owned);
    if BY_ID.contains(&id) {
        let feature = value("ID").ok_or_else(|| Error::MissingParameter {
            name: "ID".into(),
            expected: "the id of a feature".into(),
        })?;
        let Some((layer, _)) = scope.feature(feature) else {
            return Err(Error::NotFound {
                path: feature.to_owned(),
            });
        };
        return Ok(Expanded {
            query: Adhoc {
                type_name: Some(scope.type_name(&layer).to_owned()),
                conditions: vec![Condition::Ids(vec![feature.to_owned()])],
                srs_name,
                ..Adhoc::default()
            },
            is_alone: true,
        });
    }
    if id == DATA_SET {
        let layers = scope.layers();
        let code = value("DATASETIDCODE");
        let space = value("DATASETIDNAMESPACE").unwrap_or_default();
        let is_meant = |layer: &&std::sync::Arc<Layer>| match code {
            Some(code) => is_data_set(layer, scope.base, code, space),
            None => scope.only.is_some(),
        };
        let layer = match (layers.iter().find(is_meant), code) {
            (Some(layer), _) => layer,
            (None, None) => {
                return Err(Error::MissingParameter {
                    name: "DataSetIdCode".into(),
                    expected: "the identifier of a data set, as the capabilities list them".into(),
                });
            }
            (None, Some(code)) => {
                return Err(Error::parameter(
                    "DataSetIdCode",
                    format!("no data set has this identifier, found {code:?}"),
                ));
            }
        };
        return Ok(Expanded {
            query: Adhoc {
                type_name: Some(scope.type_name(layer).to_owned()),
                srs_name,
                ..Adhoc::default()
            },
            is_alone: false,
        });
    }
    Err(Error::parameter(
        "STOREDQUERY_ID",
        format!(
            "expected one of {}, found {id:?}",
            ALL.map(|s| s.id).join(", ")
        ),
    ))
}

/// The identifier of a layer's data set: the code of its record.
pub fn data_set_code(layer: &Layer, base: &str) -> String {
    record::identifiers(layer, base).1
}

fn is_data_set(layer: &Layer, base: &str, code: &str, space: &str) -> bool {
    let own = data_set_code(layer, base);
    let whole = format!("{}/{code}", space.trim_end_matches(['/', '#']));
    own == code || layer.id == code || own == whole
}

/// The list of stored queries.
pub fn list(scope: &Scope<'_>) -> Answer {
    let mut out = head(scope, "ListStoredQueriesResponse");
    let language = scope.language.as_str();
    for stored in &ALL {
        out.push_str("<wfs:StoredQuery");
        xml::push_attribute(&mut out, "id", stored.id);
        out.push_str(">\n<wfs:Title");
        push_language(&mut out, language);
        xml::push_text(&mut out, stored.title(language));
        out.push_str("</wfs:Title>\n");
        for name in stored.types(scope) {
            xml::push_element(&mut out, "wfs:ReturnFeatureType", &name);
        }
        out.push_str("</wfs:StoredQuery>\n");
    }
    out.push_str("</wfs:ListStoredQueriesResponse>\n");
    Answer::ok("text/xml", out)
}

/// Descriptions of some stored queries, or of all where none is named.
///
/// # Errors
/// `InvalidParameter` for one that there is not.
pub fn describe(scope: &Scope<'_>, ids: &[String]) -> Result<Answer> {
    let mut out = head(scope, "DescribeStoredQueriesResponse");
    let language = scope.language.as_str();
    // the short name is of no description of its own
    let meant = |id: &String| match BY_ID.contains(&id.as_str()) && !ALL.iter().any(|s| s.id == id)
    {
        true => BY_ID[0].to_owned(),
        false => id.clone(),
    };
    let ids: Vec<String> = ids.iter().map(meant).collect();
    for id in &ids {
        if !ALL.iter().any(|stored| stored.id == id) {
            return Err(Error::parameter(
                "STOREDQUERY_ID",
                format!(
                    "expected one of {}, found {id:?}",
                    ALL.map(|s| s.id).join(", ")
                ),
            ));
        }
    }
    let is_asked = |stored: &&Stored| ids.is_empty() || ids.iter().any(|id| id == stored.id);
    for stored in ALL.iter().filter(is_asked) {
        out.push_str("<wfs:StoredQueryDescription");
        xml::push_attribute(&mut out, "id", stored.id);
        out.push_str(">\n<wfs:Title");
        push_language(&mut out, language);
        xml::push_text(&mut out, stored.title(language));
        out.push_str("</wfs:Title>\n");
        for (name, kind, meaning) in stored.parameters {
            out.push_str("<wfs:Parameter");
            xml::push_attribute(&mut out, "name", name);
            xml::push_attribute(&mut out, "type", kind);
            out.push('>');
            xml::push_element(&mut out, "wfs:Abstract", meaning);
            out.push_str("</wfs:Parameter>\n");
        }
        out.push_str("<wfs:QueryExpressionText");
        xml::push_attribute(
            &mut out,
            "returnFeatureTypes",
            &stored.types(scope).join(" "),
        );
        out.push_str(
            " language=\"urn:ogc:def:queryLanguage:OGC-WFS::WFSQueryExpression\" \
             isPrivate=\"true\"/>\n</wfs:StoredQueryDescription>\n",
        );
    }
    out.push_str("</wfs:DescribeStoredQueriesResponse>\n");
    Ok(Answer::ok("text/xml", out))
}

impl Stored {
    fn title(&self, language: &str) -> &'static str {
        let [french, english] = self.title;
        match language {
            "fr" => french,
            _ => english,
        }
    }

    /// The types that it gives: any.
    fn types(&self, scope: &Scope<'_>) -> Vec<String> {
        match &scope.only {
            Some(layer) => vec![scope.qualified_name(layer)],
            None => vec!["gml:AbstractFeature".to_owned()],
        }
    }
}

fn push_language(out: &mut String, language: &str) {
    xml::push_attribute(out, "xml:lang", language);
    out.push('>');
}

fn head(scope: &Scope<'_>, name: &str) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<wfs:{name} \
         xmlns:wfs=\"http://www.opengis.net/wfs/2.0\" xmlns:gml=\"http://www.opengis.net/gml/3.2\" \
         xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:schemaLocation=\"http://www.opengis.net/wfs/2.0 \
         http://schemas.opengis.net/wfs/2.0/wfs.xsd\""
    );
    for namespace in scope.namespaces() {
        let name = format!("xmlns:{}", namespace.prefix);
        xml::push_attribute(&mut out, &name, &namespace.uri);
    }
    out.push_str(">\n");
    out
}
