//! Key-value pairs (OGC 09-025r2 §6.2.5, OGC 04-094 §14, OGC 02-058 §13). The words of each
//! version are read in all: clients mix them.

use super::asked::{
    Adhoc, Asked, AskedJoin, AskedQuery, Condition, Operation, SortTerm, all_but_star,
    check_resolve, is_hits, whole,
};
use crate::decode::xml::{Element, Limits};
use crate::error::{Error, Result};
use crate::protocol::ows::Kvp;
use crate::protocol::wfs::Version;

/// Queries of one request at most: each of them takes a look at its layer.
const MAX_QUERIES: usize = 200;

/// Reads a request.
///
/// # Errors
/// The first fault, in the order SERVICE, REQUEST, VERSION, then the operation's own. The three
/// are required of every operation, VERSION of all but GetCapabilities (OGC 09-025r2 §7.6.2,
/// OGC 05-008c1 Table 20).
pub fn of_pairs(kvp: &Kvp) -> Result<Asked> {
    let Some(service) = kvp.get("SERVICE") else {
        return Err(missing("service", "WFS"));
    };
    if !service.eq_ignore_ascii_case("WFS") {
        return Err(Error::parameter(
            "service",
            format!("expected WFS at this address, found {service:?}"),
        ));
    }
    let Some(name) = kvp.get("REQUEST") else {
        return Err(missing("request", "GetCapabilities or another operation"));
    };
    let operation = Operation::parse(name)?;
    let mut asked = Asked::new(operation, version(kvp, operation)?);
    asked.output_format = kvp.get("OUTPUTFORMAT").map(str::to_owned);
    match operation {
        Operation::GetCapabilities => {
            asked.sections = list(kvp.get("SECTIONS").unwrap_or_default());
            asked.update_sequence = kvp.get("UPDATESEQUENCE").map(str::to_owned);
        }
        Operation::DescribeFeatureType => {
            asked.type_names = type_names(kvp).into_iter().flatten().collect();
        }
        Operation::ListStoredQueries => {}
        Operation::DescribeStoredQueries => {
            let ids = kvp.get("STOREDQUERY_ID").or(kvp.get("STOREDQUERYID"));
            asked.stored_query_ids = list(ids.unwrap_or_default());
        }
        Operation::GetGmlObject => {
            let id = kvp.get("GMLOBJECTID").or(kvp.get("ID"));
            asked.object_id = id.map(str::to_owned);
        }
        Operation::GetFeature | Operation::GetPropertyValue => {
            let count = kvp.get("COUNT").or(kvp.get("MAXFEATURES"));
            asked.count = count.map(|text| whole("count", text)).transpose()?;
            let start = kvp.get("STARTINDEX").unwrap_or("0");
            asked.start_index = whole("startIndex", start)?;
            asked.is_hits = is_hits(kvp.get("RESULTTYPE").unwrap_or("results"))?;
            check_resolve(kvp.get("RESOLVE").unwrap_or_default())?;
            let reference = kvp.get("VALUEREFERENCE").unwrap_or_default();
            // an empty one is told from none (OGC 09-025r2 Table 24)
            asked.value_reference = kvp.has("VALUEREFERENCE").then(|| reference.to_owned());
            asked.queries = queries(kvp)?;
        }
    }
    Ok(asked)
}

fn missing(name: &str, expected: &str) -> Error {
    Error::MissingParameter {
        name: name.to_owned(),
        expected: expected.to_owned(),
    }
}

fn version(kvp: &Kvp, operation: Operation) -> Result<Version> {
    match (kvp.get("ACCEPTVERSIONS"), kvp.get("VERSION")) {
        (Some(accepted), _) if operation == Operation::GetCapabilities => {
            Version::accepted(&list(accepted))
        }
        (_, Some(text)) if operation == Operation::GetCapabilities => Ok(Version::negotiate(text)),
        (_, None) if operation == Operation::GetCapabilities => Ok(Version::V200),
        (_, Some(text)) => Version::parse(text),
        (_, None) => Err(missing("version", "2.0.0, 1.1.0 or 1.0.0")),
    }
}

/// The items of a list, without those that are empty.
pub fn list(text: &str) -> Vec<String> {
    let items = text
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty());
    items.map(str::to_owned).collect()
}

/// The lists of `(a,b)(c)`; one where there are no parentheses.
fn groups(text: &str) -> Vec<&str> {
    match text
        .trim()
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    {
        Some(inner) => inner.split(")(").collect(),
        None => vec![text],
    }
}

/// The type names of each query: `(a)(b)`, or `a,b`, which was two queries before 2.0.
fn type_names(kvp: &Kvp) -> Vec<Vec<String>> {
    let text = kvp.get("TYPENAMES").or(kvp.get("TYPENAME"));
    let text = text.unwrap_or_default().trim();
    match text.starts_with('(') {
        true => groups(text).into_iter().map(list).collect(),
        false => list(text).into_iter().map(|name| vec![name]).collect(),
    }
}

fn queries(kvp: &Kvp) -> Result<Vec<AskedQuery>> {
    if let Some(id) = kvp.get("STOREDQUERY_ID").or(kvp.get("STOREDQUERYID")) {
        let parameters = kvp.pairs().map(|(n, v)| (n.to_owned(), v.to_owned()));
        return Ok(vec![AskedQuery::Stored {
            id: id.to_owned(),
            parameters: parameters.collect(),
        }]);
    }
    let types = type_names(kvp);
    if types.len() > MAX_QUERIES {
        return Err(Error::LimitExceeded {
            what: "the number of queries of a request",
            limit: MAX_QUERIES as u64,
            found: types.len() as u64,
        });
    }
    let ids = kvp
        .get("RESOURCEID")
        .or(kvp.get("FEATUREID"))
        .map(|text| list(&text.replace(['(', ')'], ",")));
    let ids = ids.filter(|ids| !ids.is_empty());
    if types.is_empty() && ids.is_none() {
        return Err(missing("typeNames", "the name of a feature type"));
    }
    if types.iter().any(|names| names.len() > 1) {
        return join(kvp, &types).map(|join| vec![AskedQuery::Join(join)]);
    }
    let names: Vec<Option<String>> = match types.is_empty() {
        true => vec![None],
        false => types.iter().map(|names| names.first().cloned()).collect(),
    };
    // what OWSLib calls the filter of a GET request of version 2.0
    let query = || {
        kvp.get("QUERY")
            .filter(|text| text.trim_start().starts_with('<'))
    };
    let filters = each(kvp.get("FILTER").or_else(query), names.len(), "filter")?;
    let cql = each(kvp.get("CQL_FILTER"), names.len(), "cql_filter")?;
    let properties = each(kvp.get("PROPERTYNAME"), names.len(), "propertyName")?;
    let sorts = each(kvp.get("SORTBY"), names.len(), "sortBy")?;
    let mut queries = Vec::with_capacity(names.len());
    for (i, type_name) in names.into_iter().enumerate() {
        let of = |texts: &[&str]| texts.get(i).map(|text| (*text).to_owned());
        let mut conditions = Vec::new();
        // `(…)()`: no filter for the second
        if let Some(text) = of(&filters).filter(|text| !text.trim().is_empty()) {
            conditions.push(filter(&text)?);
        }
        conditions.extend(of(&cql).map(Condition::Cql));
        conditions.extend(ids.clone().map(Condition::Ids));
        let bbox = kvp.get("BBOX").map(str::to_owned);
        conditions.extend(bbox.map(Condition::Bbox));
        queries.push(AskedQuery::Adhoc(Adhoc {
            type_name,
            properties: all_but_star(list(&of(&properties).unwrap_or_default())),
            sort: sort_terms(&of(&sorts).unwrap_or_default())?,
            srs_name: kvp.get("SRSNAME").map(str::to_owned),
            conditions,
        }));
    }
    Ok(queries)
}

/// The join of `typeNames=(a,b)`, with `aliases=(x,y)`.
fn join(kvp: &Kvp, types: &[Vec<String>]) -> Result<AskedJoin> {
    let [names] = types else {
        return Err(Error::parameter(
            "typeNames",
            format!(
                "a join stands alone: expected one list, found {}",
                types.len()
            ),
        ));
    };
    // as the standard spells them; `featureId` is what older clients call `resourceId`
    for name in [
        "propertyName",
        "sortBy",
        "bbox",
        "cql_filter",
        "resourceId",
        "featureId",
    ] {
        if kvp.get(&name.to_ascii_uppercase()).is_some() {
            return Err(Error::parameter(
                name,
                "is not offered with joins: expected a FILTER alone",
            ));
        }
    }
    let aliases = kvp.get("ALIASES");
    let aliases = aliases.map(|text| list(groups(text).first().copied().unwrap_or_default()));
    let filter = match kvp.get("FILTER").map(filter).transpose()? {
        Some(Condition::Filter(element)) => Some(element),
        _ => None,
    };
    let srs_name = kvp.get("SRSNAME").map(str::to_owned);
    AskedJoin::new(names, aliases, filter, srs_name)
}

/// A parameter's value for each query: one for all, or as many as there are queries.
fn each<'a>(text: Option<&'a str>, queries: usize, name: &str) -> Result<Vec<&'a str>> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let is_expression = name == "cql_filter";
    let parts = match is_expression && queries == 1 {
        // the parentheses are the expression's own
        true => vec![text],
        false if is_expression => text.split(';').collect(),
        false => groups(text),
    };
    match parts.as_slice() {
        [only] => Ok(vec![*only; queries]),
        parts if parts.len() == queries => Ok(parts.to_vec()),
        parts => Err(Error::parameter(
            name,
            format!(
                "expected one list for each of {queries} types, found {}",
                parts.len()
            ),
        )),
    }
}

fn filter(text: &str) -> Result<Condition> {
    let element = Element::parse(text.trim(), &Limits::default()).map_err(|error| match error {
        Error::Syntax {
            message,
            line,
            column,
        } => Error::parameter("filter", format!("line {line}, column {column}: {message}")),
        other => other,
    })?;
    Ok(Condition::Filter(element))
}

/// `a,b D,c DESC`; `a+D` is what older clients write.
fn sort_terms(text: &str) -> Result<Vec<SortTerm>> {
    list(text)
        .iter()
        .map(|term| {
            let (property, order) = match term.rsplit_once([' ', '+']) {
                Some((property, order)) => (property.trim(), order.trim()),
                None => (term.as_str(), "A"),
            };
            let is_descending = match order.to_ascii_uppercase().as_str() {
                "A" | "ASC" | "ASCENDING" => false,
                "D" | "DESC" | "DESCENDING" => true,
                _ => {
                    return Err(Error::parameter(
                        "sortBy",
                        format!("expected a property and ASC or DESC, found {term:?}"),
                    ));
                }
            };
            Ok(SortTerm {
                property: property.to_owned(),
                is_descending,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(query: &str) -> Result<Asked> {
        of_pairs(&Kvp::parse(query).unwrap())
    }

    fn read(query: &str) -> Result<Asked> {
        read_all(&format!("service=WFS&version=2.0.0&{query}"))
    }

    fn adhoc(asked: &Asked) -> Vec<&Adhoc> {
        let queries = asked.queries.iter().map(|query| match query {
            AskedQuery::Adhoc(adhoc) => adhoc,
            AskedQuery::Stored { .. } | AskedQuery::Join(_) => panic!(),
        });
        queries.collect()
    }

    #[test]
    fn lists_in_parentheses_are_one_query_each() {
        let asked = read(
            "request=GetFeature&typenames=(a)(b)&propertyname=(x,y)(z)&sortby=(x D)(z)&count=5",
        )
        .unwrap();
        let [a, b] = adhoc(&asked)[..] else { panic!() };
        assert_eq!(a.type_name.as_deref(), Some("a"));
        assert_eq!(a.properties, ["x", "y"]);
        assert!(a.sort[0].is_descending && !b.sort[0].is_descending);
        assert_eq!(b.properties, ["z"]);
        assert_eq!(asked.count, Some(5));
    }

    #[test]
    fn a_filter_is_for_its_own_type_and_may_have_owslibs_name() {
        let conditions = |query: &str| -> Vec<usize> {
            let asked = read(&format!("request=GetFeature&typenames=(a)(b)&{query}")).unwrap();
            adhoc(&asked).iter().map(|q| q.conditions.len()).collect()
        };
        assert_eq!(conditions("filter=(<Filter/>)(<Filter/>)"), [1, 1]);
        assert_eq!(conditions("filter=(<Filter/>)()"), [1, 0]);
        assert_eq!(conditions("filter=<Filter/>"), [1, 1]);
        assert_eq!(conditions("query=<Filter/>"), [1, 1]);
        assert_eq!(conditions("query=x"), [0, 0]);
    }

    #[test]
    fn the_words_of_every_version_are_read() {
        let asked = read("request=getfeature&typename=a,b&maxfeatures=3&featureid=a.1").unwrap();
        assert_eq!(adhoc(&asked).len(), 2);
        assert_eq!(asked.count, Some(3));
        for wrong in [
            "request=GetFeature",
            "request=GetFeature&typenames=(a,b)",
            "request=GetFeature&typenames=a&count=-1",
            "request=GetFeature&typenames=a&resulttype=x",
            "request=GetFeature&typenames=a&sortby=x Z",
            "request=GetFeature&typenames=(a)(b)(c)&propertyname=(x)(y)",
            "request=GetFeature&typenames=a&filter=<a",
            "request=Transaction",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        for wrong in [
            "service=WFS&request=GetFeature&typenames=a&version=3",
            "service=WFS&request=GetFeature&typenames=a",
            "version=2.0.0&request=GetFeature&typenames=a",
            "request=GetCapabilities",
            "service=WMS&request=GetCapabilities",
            "service=WFS&version=2.0.0",
        ] {
            assert!(read_all(wrong).is_err(), "{wrong}");
        }
    }
}
