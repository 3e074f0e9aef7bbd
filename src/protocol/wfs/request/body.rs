//! XML requests of the three versions (schemas `wfs/2.0`, `wfs/1.1.0`, `wfs/1.0.0`). Elements
//! and types are known by their local names: clients bring prefixes and namespaces of their own.

use super::asked::{
    Adhoc, Asked, AskedJoin, AskedQuery, Condition, Operation, SortTerm, all_but_star,
    check_resolve, is_hits, whole,
};
use crate::decode::xml::Element;
use crate::error::{Error, Result};
use crate::protocol::wfs::Version;

/// Queries of one request at most.
const MAX_QUERIES: usize = 200;

/// Reads a document.
///
/// # Errors
/// As the key-value pairs, with the element's place where its form is wrong.
pub fn of_document(root: &Element) -> Result<Asked> {
    let operation = Operation::parse(&root.name)?;
    let service = said(root, "service");
    if let Some(service) = service
        && !service.eq_ignore_ascii_case("WFS")
    {
        return Err(Error::parameter(
            "service",
            format!("expected WFS at this address, found {service:?}"),
        ));
    }
    if operation == Operation::GetCapabilities && service.is_none() {
        return Err(Error::MissingParameter {
            name: "service".into(),
            expected: "WFS".into(),
        });
    }
    let mut asked = Asked::new(operation, version(root, operation)?);
    asked.output_format = root.attribute("outputFormat").map(str::to_owned);
    match operation {
        Operation::GetCapabilities => {
            asked.sections = texts(root, "Sections", "Section");
            asked.update_sequence = root.attribute("updateSequence").map(str::to_owned);
        }
        Operation::DescribeFeatureType => {
            let names = root.elements().filter(|e| e.name == "TypeName");
            asked.type_names = names.map(|e| e.text().into_owned()).collect();
        }
        Operation::ListStoredQueries => {}
        Operation::DescribeStoredQueries => {
            let ids = root.elements().filter(|e| e.name == "StoredQueryId");
            asked.stored_query_ids = ids.map(|e| e.text().into_owned()).collect();
        }
        Operation::GetGmlObject => {
            let id = root.child("GmlObjectId").and_then(|e| e.attribute("id"));
            asked.object_id = id.map(str::to_owned);
        }
        Operation::GetFeature | Operation::GetPropertyValue => {
            let count = root.attribute("count").or(root.attribute("maxFeatures"));
            asked.count = count.map(|text| whole("count", text)).transpose()?;
            let start = root.attribute("startIndex").unwrap_or("0");
            asked.start_index = whole("startIndex", start)?;
            asked.is_hits = is_hits(root.attribute("resultType").unwrap_or("results"))?;
            check_resolve(root.attribute("resolve").unwrap_or_default())?;
            asked.value_reference = root.attribute("valueReference").map(str::to_owned);
            asked.queries = queries(root)?;
        }
    }
    Ok(asked)
}

/// An attribute of the root that has a default (OGC 04-094 §7.8); an empty one says nothing.
fn said<'r>(root: &'r Element, name: &str) -> Option<&'r str> {
    root.attribute(name).filter(|text| !text.trim().is_empty())
}

fn version(root: &Element, operation: Operation) -> Result<Version> {
    let accepted = accepted_versions(root);
    let said = said(root, "version");
    if operation == Operation::GetCapabilities {
        return match said {
            _ if !accepted.is_empty() => Version::accepted(&accepted),
            Some(text) => Ok(Version::negotiate(text)),
            None => Ok(Version::V200),
        };
    }
    match said {
        Some(text) => Version::parse(text),
        None => Ok(match root.namespace.as_ref() {
            // both older versions have one namespace; the younger of them is the more likely
            "http://www.opengis.net/wfs" => Version::V110,
            _ => Version::V200,
        }),
    }
}

/// The versions that a client of GetCapabilities takes, by its own order.
pub fn accepted_versions(root: &Element) -> Vec<String> {
    texts(root, "AcceptVersions", "Version")
}

/// The texts of the elements `inner` in the first element `outer`.
fn texts(root: &Element, outer: &str, inner: &str) -> Vec<String> {
    let list = root.child(outer).into_iter().flat_map(Element::elements);
    list.filter(|e| e.name == inner)
        .map(|e| e.text().into_owned())
        .collect()
}

fn queries(root: &Element) -> Result<Vec<AskedQuery>> {
    let mut queries = Vec::new();
    for element in root.elements() {
        if queries.len() >= MAX_QUERIES {
            return Err(Error::LimitExceeded {
                what: "the number of queries of a request",
                limit: MAX_QUERIES as u64,
                found: queries.len() as u64 + 1,
            });
        }
        match element.name.as_str() {
            "Query" => queries.push(match type_names(element).as_slice() {
                names @ [_, _, ..] => AskedQuery::Join(join(element, names)?),
                names => AskedQuery::Adhoc(query(element, names)?),
            }),
            "StoredQuery" => {
                let id = element.attribute("id");
                let id = id.ok_or_else(|| element.fault("<StoredQuery> needs id=\"…\""))?;
                queries.push(AskedQuery::Stored {
                    id: id.to_owned(),
                    parameters: parameters(element),
                });
            }
            _ => {}
        }
    }
    match queries.is_empty() {
        true => Err(root.fault("expected a Query or a StoredQuery inside")),
        false => Ok(queries),
    }
}

fn parameters(element: &Element) -> Vec<(String, String)> {
    let list = element.elements().filter(|e| e.name == "Parameter");
    list.filter_map(|e| Some((e.attribute("name")?.to_owned(), e.text().into_owned())))
        .collect()
}

fn type_names(element: &Element) -> Vec<String> {
    let names = element
        .attribute("typeNames")
        .or(element.attribute("typeName"));
    words(names.unwrap_or_default())
}

fn words(text: &str) -> Vec<String> {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

fn join(element: &Element, names: &[String]) -> Result<AskedJoin> {
    for child in element.elements() {
        if child.name != "Filter" {
            let name = &child.name;
            return Err(child.fault(format!("<{name}> is not offered with joins")));
        }
    }
    AskedJoin::new(
        names,
        element.attribute("aliases").map(words),
        element.child("Filter").cloned(),
        element.attribute("srsName").map(str::to_owned),
    )
}

fn query(element: &Element, names: &[String]) -> Result<Adhoc> {
    let type_name = names.first().cloned();
    let mut query = Adhoc {
        srs_name: element.attribute("srsName").map(str::to_owned),
        ..Adhoc::default()
    };
    for child in element.elements() {
        match child.name.as_str() {
            "PropertyName" => query.properties.push(child.text().into_owned()),
            // 1.1.0: a property with what its xlinks point to, of which there are none
            "XlinkPropertyName" => query.properties.push(child.text().into_owned()),
            "Filter" => query.conditions.push(Condition::Filter(child.clone())),
            "SortBy" => {
                let terms = child.elements().filter(|e| e.name == "SortProperty");
                for term in terms {
                    query.sort.push(sort_term(term)?);
                }
            }
            other => {
                return Err(child.fault(format!("<{other}> is nothing that a query holds")));
            }
        }
    }
    if type_name.is_none() && query.conditions.is_empty() {
        return Err(Error::MissingParameter {
            name: "typeNames".into(),
            expected: "the name of a feature type".into(),
        });
    }
    query.type_name = type_name;
    query.properties = all_but_star(query.properties);
    Ok(query)
}

fn sort_term(element: &Element) -> Result<SortTerm> {
    let property = element
        .elements()
        .find(|e| matches!(e.name.as_str(), "ValueReference" | "PropertyName"))
        .ok_or_else(|| element.fault("<SortProperty> needs a ValueReference"))?;
    let order = element.child("SortOrder").map(|e| e.text().to_uppercase());
    Ok(SortTerm {
        property: property.text().into_owned(),
        is_descending: match order.as_deref() {
            None | Some("ASC" | "A") => false,
            Some("DESC" | "D") => true,
            Some(other) => {
                return Err(element.fault(format!("expected ASC or DESC, found {other:?}")));
            }
        },
    })
}
