//! Filter Encoding 2.0 (OGC 09-026r2), 1.1 (04-095c1) and 1.0 (02-059) → [`Filter`].
//!
//! Elements are known by their local names, which the versions share, so a filter whose prefix
//! was never declared is read as well. Expressions of SE 1.1 (`se:Recode`, `se:Categorize`, …)
//! are read here too, since SE makes them FES functions.
//!
//! Values are of one occurrence here, so `matchAction` changes nothing; a feature has one version.
//!
//! # Not supported
//! `PropertyIsNil` finds nothing, as no value is nil; `ResourceId` of a time span. Joins are taken apart
//! before: a filter is of one type.

mod expression;
mod literals;
mod spatial;
mod temporal;

use super::gml;
use super::xml::{Element, Limits};
use crate::error::{Error, Result};
use crate::query::{CompareOp, Expr, Filter, LikePattern, Literal, into_condition};

use expression::expression;
pub(super) use expression::{call, content, mixed};
pub use literals::{AsWritten, Literals};
pub use spatial::is_operator as is_spatial;

/// Reads a `Filter` document.
///
/// # Errors
/// `Syntax` where the text is not well formed; else as [`parse`].
pub fn parse_text(text: &str, literals: &dyn Literals) -> Result<Filter> {
    let element = Element::parse(text, &Limits::default())?;
    parse(&element, literals)
}

/// Reads a `Filter` element.
///
/// # Errors
/// `InvalidFilter` with line and column for an element that is not known, or holds what it must
/// not; what `literals` says.
pub fn parse(element: &Element, literals: &dyn Literals) -> Result<Filter> {
    filter(element, literals).map_err(|error| match error {
        Error::Syntax {
            message,
            line,
            column,
        } => Error::InvalidFilter {
            message: format!("line {line}, column {column}: {message}"),
        },
        other => other,
    })
}

/// As [`parse`], with faults as `Syntax`, for documents that hold filters.
pub(super) fn filter(element: &Element, literals: &dyn Literals) -> Result<Filter> {
    if element.name != "Filter" {
        let name = &element.name;
        return Err(element.fault(format!("expected <Filter>, found <{name}>")));
    }
    let ids = ids(element)?;
    if !ids.is_empty() {
        return Ok(Filter::Ids(ids));
    }
    let mut inner = element.elements();
    match (inner.next(), inner.next()) {
        (Some(only), None) => condition(only, literals),
        (None, _) => Err(element.fault("the filter is empty")),
        (_, Some(second)) => Err(second.fault(format!(
            "a filter holds one condition, found <{}> after it",
            second.name
        ))),
    }
}

/// The ids, where the element holds nothing else.
fn ids(element: &Element) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for child in element.elements() {
        match id_attribute(&child.name) {
            Some(key) => ids.push(id(child, key)?),
            None => return Ok(Vec::new()),
        }
    }
    Ok(ids)
}

/// The attribute that holds the id: FES 2.0, Filter 1.1 and 1.0.
fn id_attribute(element: &str) -> Option<&'static str> {
    match element {
        "ResourceId" => Some("rid"),
        "GmlObjectId" => Some("id"),
        "FeatureId" => Some("fid"),
        _ => None,
    }
}

fn id(element: &Element, key: &str) -> Result<String> {
    if let Some(span) = ["startDate", "endDate", "startTime", "endTime"]
        .iter()
        .find(|name| element.attribute(name).is_some())
    {
        return Err(element.fault(format!("there are no versions to choose by {span}")));
    }
    let id = element.attribute(key).map(str::to_owned);
    id.ok_or_else(|| element.fault(format!("<{}> needs {key}=\"…\"", element.name)))
}

/// True for an element that is true or false by itself.
fn is_condition(name: &str) -> bool {
    name.starts_with("PropertyIs")
        || matches!(name, "And" | "Or" | "Not")
        || id_attribute(name).is_some()
        || spatial::is_operator(name)
        || temporal::operator(name).is_some()
}

fn condition(element: &Element, literals: &dyn Literals) -> Result<Filter> {
    let name = element.name.as_str();
    if let Some(op) = comparison(name) {
        let [left, right] = two(element, literals)?;
        let geometry = |e: &Expr| matches!(e, Expr::Literal(Literal::Geometry(_)));
        if geometry(&left) || geometry(&right) {
            return Err(element.fault(format!("<{name}> does not compare geometries")));
        }
        if let Some(action) = element.attribute("matchAction")
            && !["All", "Any", "One"].contains(&action)
        {
            let expected = "matchAction is All, Any or One";
            return Err(element.fault(format!("{expected}, found {action:?}")));
        }
        return Ok(Filter::Compare {
            op,
            left,
            right,
            match_case: match_case(element),
        });
    }
    if spatial::is_operator(name) {
        return spatial::condition(element, literals);
    }
    if let Some(op) = temporal::operator(name) {
        return temporal::condition(op, element, literals);
    }
    if let Some(key) = id_attribute(name) {
        return Ok(Filter::Ids(vec![id(element, key)?]));
    }
    match name {
        "And" | "Or" => {
            let parts: Vec<Filter> = element
                .elements()
                .map(|e| condition(e, literals))
                .collect::<Result<_>>()?;
            if parts.is_empty() {
                return Err(element.fault(format!("<{name}> needs conditions inside")));
            }
            Ok(match name {
                "And" => Filter::And(parts),
                _ => Filter::Or(parts),
            })
        }
        "Not" => {
            let inner = one_element(element)?;
            Ok(Filter::Not(Box::new(condition(inner, literals)?)))
        }
        "PropertyIsLike" => like(element, literals),
        "PropertyIsNull" => {
            let value = expression(one_element(element)?, literals)?;
            Ok(Filter::IsNull(value))
        }
        // a property that is there and says `xsi:nil`: ours are left out where they have no
        // value, which is what PropertyIsNull asks (OGC 09-026r2 §7.7.3.5, §7.7.3.6)
        "PropertyIsNil" => {
            let absent = Filter::IsNull(expression(one_element(element)?, literals)?);
            let never = Filter::Truth(Expr::Literal(Literal::Bool(false)));
            Ok(Filter::And(vec![absent, never]))
        }
        "PropertyIsBetween" => {
            let mut value = None;
            let mut low = None;
            let mut high = None;
            for child in element.elements() {
                match child.name.as_str() {
                    "LowerBoundary" => low = Some(content(child, literals)?),
                    "UpperBoundary" => high = Some(content(child, literals)?),
                    _ => value = Some(expression(child, literals)?),
                }
            }
            match (value, low, high) {
                (Some(value), Some(low), Some(high)) => Ok(Filter::Between { value, low, high }),
                _ => Err(element
                    .fault("<PropertyIsBetween> needs a value, LowerBoundary and UpperBoundary")),
            }
        }
        "Function" => expression(element, literals).map(into_condition),
        other => Err(element.fault(format!("<{other}> is no condition that is known here"))),
    }
}

fn comparison(name: &str) -> Option<CompareOp> {
    Some(match name {
        "PropertyIsEqualTo" => CompareOp::Equal,
        "PropertyIsNotEqualTo" => CompareOp::NotEqual,
        "PropertyIsLessThan" => CompareOp::Less,
        "PropertyIsLessThanOrEqualTo" => CompareOp::LessOrEqual,
        "PropertyIsGreaterThan" => CompareOp::Greater,
        "PropertyIsGreaterThanOrEqualTo" => CompareOp::GreaterOrEqual,
        _ => return None,
    })
}

fn match_case(element: &Element) -> bool {
    !matches!(element.attribute("matchCase"), Some("false" | "0"))
}

fn one_element(element: &Element) -> Result<&Element> {
    let mut inner = element.elements();
    match (inner.next(), inner.next()) {
        (Some(only), None) => Ok(only),
        _ => {
            let found = element.elements().count();
            Err(element.fault(format!(
                "<{}> holds one element, found {found}",
                element.name
            )))
        }
    }
}

fn two(element: &Element, literals: &dyn Literals) -> Result<[Expr; 2]> {
    let list = element
        .elements()
        .map(|e| expression(e, literals))
        .collect::<Result<Vec<_>>>()?;
    <[Expr; 2]>::try_from(list).map_err(|list| {
        let found = list.len();
        element.fault(format!(
            "<{}> takes two operands, found {found}",
            element.name
        ))
    })
}

fn like(element: &Element, literals: &dyn Literals) -> Result<Filter> {
    let [value, pattern] = two(element, literals)?;
    let Expr::Literal(Literal::Text(pattern)) = pattern else {
        return Err(element.fault("the pattern of <PropertyIsLike> is a literal"));
    };
    let character = |names: [&str; 2]| {
        let own = names.iter().find_map(|name| element.attribute(name));
        let mut letters = own.unwrap_or_default().chars();
        match (letters.next(), letters.next()) {
            // the first alone would find something else than was meant
            (Some(_), Some(_)) => Err(element.fault(format!(
                "{} is one character, found {:?}",
                names[0],
                own.unwrap_or_default()
            ))),
            (letter, _) => Ok(letter),
        }
    };
    let pattern = LikePattern::parse(
        &pattern,
        character(["wildCard", "wildcard"])?,
        character(["singleChar", "singlechar"])?,
        // Filter 1.0 writes `escape`, QGIS 1.0 too
        character(["escapeChar", "escape"])?,
    );
    Ok(Filter::Like {
        value,
        pattern,
        match_case: match_case(element),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Filter> {
        parse_text(text, &AsWritten)
    }

    /// The condition, in each of the three versions.
    fn same_in_all(inner: &str) -> Filter {
        let two = inner.replace("PropertyName", "ValueReference");
        let filters = [
            format!("<fes:Filter xmlns:fes='http://www.opengis.net/fes/2.0'>{two}</fes:Filter>"),
            format!("<Filter xmlns='http://www.opengis.net/ogc'>{inner}</Filter>"),
            format!("<ogc:Filter>{inner}</ogc:Filter>"),
        ]
        .map(|text| read(&text).unwrap());
        assert_eq!(filters[0], filters[1]);
        assert_eq!(filters[1], filters[2]);
        filters[0].clone()
    }

    #[test]
    fn a_pattern_has_characters_of_one_letter() {
        let like = |wild: &str| {
            read(&format!(
                "<Filter><PropertyIsLike wildCard='{wild}' singleChar='?' escapeChar='!'>\
                 <PropertyName>a</PropertyName><Literal>x</Literal></PropertyIsLike></Filter>"
            ))
        };
        assert!(like("é").is_ok());
        assert!(like(".*").unwrap_err().to_string().contains("wildCard"));
    }

    #[test]
    fn a_comparison_reads_the_same_in_every_version() {
        let filter = same_in_all(
            "<PropertyIsEqualTo matchCase='false'><PropertyName>code</PropertyName>\
             <Literal>20</Literal></PropertyIsEqualTo>",
        );
        let expected = Filter::Compare {
            op: CompareOp::Equal,
            left: Expr::Property("code".into()),
            right: Expr::text("20"),
            match_case: false,
        };
        assert_eq!(filter, expected);
    }

    #[test]
    fn logic_between_null_and_like_keep_their_structure() {
        let filter = same_in_all(
            "<And><Not><PropertyIsNull><PropertyName>a</PropertyName></PropertyIsNull></Not>\
             <Or><PropertyIsBetween><PropertyName>b</PropertyName><LowerBoundary><Literal>1</Literal>\
             </LowerBoundary><UpperBoundary><Literal>2</Literal></UpperBoundary></PropertyIsBetween>\
             <PropertyIsLike wildCard='%' singleChar='_' escapeChar='\\'><PropertyName>c</PropertyName>\
             <Literal>x%</Literal></PropertyIsLike></Or></And>",
        );
        let Filter::And(parts) = filter else { panic!() };
        assert!(matches!(&parts[0], Filter::Not(inner) if matches!(**inner, Filter::IsNull(_))));
        let Filter::Or(parts) = &parts[1] else {
            panic!()
        };
        assert!(matches!(parts[0], Filter::Between { .. }));
        assert!(matches!(&parts[1], Filter::Like { pattern, .. } if pattern.0.len() == 2));
    }

    #[test]
    fn ids_are_read_in_every_notation() {
        for text in [
            "<Filter><FeatureId fid='a.1'/><FeatureId fid='a.2'/></Filter>",
            "<Filter xmlns:gml='urn:g'><GmlObjectId gml:id='a.1'/><GmlObjectId gml:id='a.2'/></Filter>",
            "<Filter><ResourceId rid='a.1'/><ResourceId rid='a.2'/></Filter>",
        ] {
            assert_eq!(
                read(text).unwrap(),
                Filter::Ids(vec!["a.1".into(), "a.2".into()])
            );
        }
    }

    #[test]
    fn ids_of_a_time_span_and_unknown_actions_are_refused() {
        assert!(read("<Filter><ResourceId rid='a.1' startDate='2024-01-01'/></Filter>").is_err());
        let text = "<Filter><PropertyIsEqualTo matchAction='Some'><ValueReference>a</ValueReference>\
            <Literal>1</Literal></PropertyIsEqualTo></Filter>";
        assert!(read(text).unwrap_err().to_string().contains("matchAction"));
        assert!(read(&text.replace("Some", "Any")).is_ok());
    }

    #[test]
    fn what_is_not_known_is_refused_with_its_place() {
        for (text, message) in [
            (
                "<Filter>\n <PropertyIsSimilar/></Filter>",
                "line 2, column 2: <PropertyIsSimilar>",
            ),
            ("<Filter/>", "empty"),
            ("<Filter><Not/></Filter>", "holds one element, found 0"),
            ("<Filter><And/></Filter>", "needs conditions"),
            (
                "<Filter><PropertyIsEqualTo><Literal>1</Literal></PropertyIsEqualTo></Filter>",
                "two operands, found 1",
            ),
            (
                "<Filter><BBOX><PropertyName>g</PropertyName></BBOX></Filter>",
                "gml:Envelope",
            ),
            (
                "<Filter><PropertyIsEqualTo><Function name='strToLowercas'/><Literal/></PropertyIsEqualTo></Filter>",
                "did you mean",
            ),
            (
                "<Filter><PropertyIsEqualTo><PropertyName>gml:boundedBy</PropertyName><Literal><Envelope><lowerCorner>1 1</lowerCorner><upperCorner>2 2</upperCorner></Envelope></Literal></PropertyIsEqualTo></Filter>",
                "does not compare geometries",
            ),
            (
                "<Filter><PropertyIsNull><PropertyName>a</PropertyName></PropertyIsNull><Not/></Filter>",
                "one condition",
            ),
        ] {
            match read(text) {
                Err(Error::InvalidFilter { message: found }) => {
                    assert!(found.contains(message), "{found}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_condition_inside_another_is_read_once() {
        let nil = |inner: &str| {
            let is_nil = format!("<PropertyIsNil>{inner}</PropertyIsNil>");
            format!("<Function name='coalesce'>{is_nil}</Function>")
        };
        let length = |depth: usize| {
            let property = "<PropertyName>a</PropertyName>".to_owned();
            let text = (0..depth).fold(property, |inner, _| nil(&inner));
            format!("{:?}", read(&format!("<Filter>{text}</Filter>")).unwrap()).len()
        };
        assert!(length(12) < 3 * length(6), "{} {}", length(12), length(6));
    }

    #[test]
    fn expressions_of_symbology_encoding_are_functions_too() {
        let text = "<Filter><PropertyIsEqualTo><Categorize><LookupValue><PropertyName>n</PropertyName>\
            </LookupValue><Value>a</Value><Threshold>10</Threshold><Value>b</Value></Categorize>\
            <Literal>b</Literal></PropertyIsEqualTo></Filter>";
        let Filter::Compare { left, .. } = read(text).unwrap() else {
            panic!()
        };
        let steps = vec![(Expr::number(10.0), Expr::text("b"))];
        let expected = Expr::Step(
            Box::new(Expr::Property("n".into())),
            Box::new(Expr::text("a")),
            steps,
        );
        assert_eq!(left, expected);
    }

    /// Every FILTER of the requests that QGIS and GDAL really sent.
    #[test]
    #[cfg_attr(not(shared), ignore = "needs ../shared")]
    fn the_filters_of_real_clients_are_read() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/client-requests");
        let mut read_count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if !path.file_name().unwrap().to_string_lossy().contains("wfs") {
                continue;
            }
            for line in std::fs::read_to_string(&path).unwrap().lines() {
                let Some((_, rest)) = line.split_once("FILTER=") else {
                    continue;
                };
                let value = rest.split(['&', ' ']).next().unwrap_or_default();
                let text = percent_decoded(value);
                if let Err(error) = read(&text) {
                    panic!("{}: {error}: {text}", path.display());
                }
                read_count += 1;
            }
        }
        assert!(read_count > 40, "only {read_count} filters found");
    }

    fn percent_decoded(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((first, tail)) = rest.split_first() {
            rest = tail;
            match (first, tail) {
                (b'%', [a, b, tail @ ..]) => {
                    let hex = format!("{}{}", char::from(*a), char::from(*b));
                    bytes.push(u8::from_str_radix(&hex, 16).unwrap());
                    rest = tail;
                }
                _ => bytes.push(*first),
            }
        }
        String::from_utf8(bytes).unwrap()
    }
}
