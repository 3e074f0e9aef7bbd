//! Filter Encoding 2.0 (OGC 09-026r2), 1.1 (04-095c1) and 1.0 (02-059) → [`Filter`].
//!
//! Elements are known by their local names, which the versions share, so a filter whose prefix
//! was never declared is read as well. Expressions of SE 1.1 (`se:Recode`, `se:Categorize`, …)
//! are read here too, since SE makes them FES functions.
//!
//! # Not supported
//! `PropertyIsNil` reasons, joins between feature types, `ResourceId` versions, and the temporal
//! operators that an instant can never satisfy (`TContains`, `Meets`, …): refused by name.

use super::gml;
use super::se_function;
use super::xml::{Element, Limits, Node};
use crate::error::{Error, Result};
use crate::geom::Geometry;
use crate::query::{
    ArithmeticOp, CompareOp, Expr, Filter, LikePattern, Literal, SpatialOp, into_condition,
};

/// What a filter's literals mean where it is used: their CRS, axis order and units.
///
/// [`FilterContext`](super::filter_context::FilterContext) is that of requests.
pub trait Literals {
    /// Brings a literal geometry into the CRS of the data, easting first, from the CRS that it
    /// names (`srsName`), or from the default of the request.
    ///
    /// # Errors
    /// What the CRS says: `InvalidCrs`, `Transform`.
    fn place(&self, geometry: &mut Geometry, srs_name: Option<&str>) -> Result<()>;

    /// A distance in units of the data's CRS, from the unit that it names (`m`, `metre`, …).
    ///
    /// # Errors
    /// `InvalidFilter` for a unit that is not known.
    fn distance(&self, value: f64, unit: Option<&str>) -> Result<f64>;
}

/// Literals taken as they are written: already in the CRS of the data, easting first.
#[derive(Debug, Clone, Copy, Default)]
pub struct AsWritten;

impl Literals for AsWritten {
    fn place(&self, _geometry: &mut Geometry, _srs_name: Option<&str>) -> Result<()> {
        Ok(())
    }

    fn distance(&self, value: f64, _unit: Option<&str>) -> Result<f64> {
        Ok(value)
    }
}

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
        let key = match child.name.as_str() {
            "FeatureId" => "fid",
            "GmlObjectId" => "id",
            "ResourceId" => "rid",
            _ => return Ok(Vec::new()),
        };
        match child.attribute(key) {
            Some(id) => ids.push(id.to_owned()),
            None => return Err(child.fault(format!("<{}> needs {key}=\"…\"", child.name))),
        }
    }
    Ok(ids)
}

fn condition(element: &Element, literals: &dyn Literals) -> Result<Filter> {
    let name = element.name.as_str();
    if let Some(op) = comparison(name) {
        let [left, right] = two(element, literals)?;
        let geometry = |e: &Expr| matches!(e, Expr::Literal(Literal::Geometry(_)));
        if geometry(&left) || geometry(&right) {
            return Err(element.fault(format!("<{name}> does not compare geometries")));
        }
        return Ok(Filter::Compare {
            op,
            left,
            right,
            match_case: match_case(element),
        });
    }
    if let Some(op) = spatial(name) {
        return spatial_condition(op, element, literals);
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
        "PropertyIsNull" | "PropertyIsNil" => {
            let value = expression(one_element(element)?, literals)?;
            Ok(Filter::IsNull(value))
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
        "BBOX" => bbox(element, literals),
        "FeatureId" | "GmlObjectId" | "ResourceId" => {
            let key = match name {
                "FeatureId" => "fid",
                "GmlObjectId" => "id",
                _ => "rid",
            };
            let id = element.attribute(key);
            let id = id.ok_or_else(|| element.fault(format!("<{name}> needs {key}=\"…\"")))?;
            Ok(Filter::Ids(vec![id.to_owned()]))
        }
        "After" | "Before" | "During" | "TEquals" | "Begins" | "Ends" | "AnyInteracts" => {
            temporal(element, literals)
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

fn spatial(name: &str) -> Option<SpatialOp> {
    Some(match name {
        "Equals" => SpatialOp::Equals,
        "Disjoint" => SpatialOp::Disjoint,
        "Touches" => SpatialOp::Touches,
        "Within" => SpatialOp::Within,
        "Overlaps" => SpatialOp::Overlaps,
        "Crosses" => SpatialOp::Crosses,
        "Intersects" | "Intersect" => SpatialOp::Intersects,
        "Contains" => SpatialOp::Contains,
        "DWithin" => SpatialOp::DWithin,
        "Beyond" => SpatialOp::Beyond,
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
        own.and_then(|text| text.chars().next())
    };
    let pattern = LikePattern::parse(
        &pattern,
        character(["wildCard", "wildcard"]),
        character(["singleChar", "singlechar"]),
        // Filter 1.0 writes `escape`, QGIS 1.0 too
        character(["escapeChar", "escape"]),
    );
    Ok(Filter::Like {
        value,
        pattern,
        match_case: match_case(element),
    })
}

fn bbox(element: &Element, literals: &dyn Literals) -> Result<Filter> {
    let boxed = element.elements().find(|e| gml::is_geometry(&e.name));
    let boxed = boxed.ok_or_else(|| element.fault("<BBOX> needs a gml:Envelope or gml:Box"))?;
    let mut literal = gml::parse(boxed)?;
    literals.place(&mut literal.geometry, literal.srs_name.as_deref())?;
    let bbox = literal.geometry.bbox();
    let bbox = bbox.ok_or_else(|| boxed.fault("the box has no position in the layer's CRS"))?;
    Ok(Filter::Bbox(bbox))
}

fn spatial_condition(op: SpatialOp, element: &Element, literals: &dyn Literals) -> Result<Filter> {
    let mut operands = Vec::new();
    let mut distance = None;
    for child in element.elements() {
        if child.name == "Distance" {
            let text = child.text();
            let value: f64 = text
                .parse()
                .ok()
                .filter(|v: &f64| v.is_finite() && *v >= 0.0)
                .ok_or_else(|| {
                    child.fault(format!("a distance is a number from 0, found {text:?}"))
                })?;
            let unit = child.attribute("uom").or_else(|| child.attribute("units"));
            distance = Some(literals.distance(value, unit)?);
        } else {
            operands.push(expression(child, literals)?);
        }
    }
    let far = matches!(op, SpatialOp::DWithin | SpatialOp::Beyond);
    if far && distance.is_none() {
        return Err(element.fault(format!("<{}> needs a Distance", element.name)));
    }
    // FES 2.0 §7.8.3: without a value reference every geometry of the feature is meant
    if operands.len() == 1 {
        operands.insert(0, Expr::Geometry);
    }
    let [left, right] = <[Expr; 2]>::try_from(operands).map_err(|list| {
        let found = list.len();
        element.fault(format!(
            "<{}> takes two operands, found {found}",
            element.name
        ))
    })?;
    Ok(Filter::Spatial {
        op,
        left,
        right,
        distance: distance.unwrap_or(0.0),
    })
}

/// A temporal operator on a property that is an instant (OGC 09-026r2 §7.9).
fn temporal(element: &Element, literals: &dyn Literals) -> Result<Filter> {
    let mut operands = element.elements();
    let (Some(first), Some(second), None) = (operands.next(), operands.next(), operands.next())
    else {
        return Err(element.fault(format!("<{}> takes two operands", element.name)));
    };
    let value = expression(first, literals)?;
    let [begin, end] = period(second)?;
    let compare = |op, at: &str| Filter::Compare {
        op,
        left: value.clone(),
        right: Expr::text(at),
        match_case: true,
    };
    use CompareOp as Op;
    Ok(match element.name.as_str() {
        "After" => compare(Op::Greater, &end),
        "Before" => compare(Op::Less, &begin),
        "During" => Filter::And(vec![compare(Op::Greater, &begin), compare(Op::Less, &end)]),
        "Begins" => compare(Op::Equal, &begin),
        "Ends" => compare(Op::Equal, &end),
        "TEquals" if begin == end => compare(Op::Equal, &begin),
        "AnyInteracts" => Filter::And(vec![
            compare(Op::GreaterOrEqual, &begin),
            compare(Op::LessOrEqual, &end),
        ]),
        name => return Err(element.fault(format!("an instant can't be <{name}> of a period"))),
    })
}

/// First and last instant of a `TimeInstant`, a `TimePeriod` or a literal.
fn period(element: &Element) -> Result<[String; 2]> {
    let position = |names: [&str; 2]| {
        let holder = element
            .elements()
            .find(|e| names.contains(&e.name.as_str()))?;
        let mut inner = holder;
        while let Some(deeper) = inner.elements().next() {
            inner = deeper;
        }
        Some(inner.text().into_owned())
    };
    match element.name.as_str() {
        "TimeInstant" => position(["timePosition", "timePosition"]).map(|t| [t.clone(), t]),
        "TimePeriod" => position(["beginPosition", "begin"])
            .zip(position(["endPosition", "end"]))
            .map(|(begin, end)| [begin, end]),
        "Literal" => match element.elements().next() {
            Some(inner) => return period(inner),
            None => Some([element.text().into_owned(), element.text().into_owned()]),
        },
        _ => None,
    }
    .filter(|ends| ends.iter().all(|t| !t.is_empty()))
    .ok_or_else(|| element.fault("expected a gml:TimeInstant or a gml:TimePeriod"))
}

/// What stands inside an element that holds an expression: text, an element, or both mixed.
pub(super) fn content(element: &Element, literals: &dyn Literals) -> Result<Expr> {
    let mut parts = mixed(element, literals)?;
    Ok(match parts.len() {
        0 => Expr::text(""),
        1 => parts.remove(0),
        _ => Expr::Concat(parts),
    })
}

/// The parts of mixed content. White space around elements is layout; in CDATA it is meant.
pub(super) fn mixed(element: &Element, literals: &dyn Literals) -> Result<Vec<Expr>> {
    let mut parts = Vec::new();
    for node in &element.nodes {
        match node {
            Node::Element(child) => parts.push(expression(child, literals)?),
            Node::Text(text) if text.trim().is_empty() => {}
            Node::Text(text) => parts.push(Expr::text(text.trim())),
            Node::Verbatim(text) => parts.push(Expr::text(text)),
            Node::Comment(_) => {}
        }
    }
    Ok(parts)
}

/// An expression: a property, a literal, arithmetic, a function.
pub(super) fn expression(element: &Element, literals: &dyn Literals) -> Result<Expr> {
    let name = element.name.as_str();
    let op = match name {
        "PropertyName" | "ValueReference" => return Ok(property(&element.text())),
        "Literal" => return literal(element, literals),
        "Function" => return function(element, literals),
        "Add" => ArithmeticOp::Add,
        "Sub" => ArithmeticOp::Subtract,
        "Mul" => ArithmeticOp::Multiply,
        "Div" => ArithmeticOp::Divide,
        _ if gml::is_geometry(name) => return geometry(element, literals),
        _ => return se_function::read(element, literals),
    };
    let [a, b] = two(element, literals)?;
    Ok(Expr::Arithmetic(op, Box::new(a), Box::new(b)))
}

/// A column as a filter refers to it; `@gml:id` and the like are the feature's own id.
fn property(text: &str) -> Expr {
    let last = text.rsplit('/').next().unwrap_or(text);
    match last {
        "@gml:id" | "gml:id" | "@id" | "@fid" => Expr::FeatureId,
        _ => Expr::Property(text.to_owned()),
    }
}

fn geometry(element: &Element, literals: &dyn Literals) -> Result<Expr> {
    let mut literal = gml::parse(element)?;
    literals.place(&mut literal.geometry, literal.srs_name.as_deref())?;
    Ok(Expr::Literal(Literal::Geometry(literal.geometry)))
}

fn literal(element: &Element, literals: &dyn Literals) -> Result<Expr> {
    match element.elements().next() {
        Some(inner) if gml::is_geometry(&inner.name) => geometry(inner, literals),
        Some(inner) => Err(inner.fault(format!("a literal can't be <{}>", inner.name))),
        None => {
            let exact = element.nodes.iter().all(|n| matches!(n, Node::Verbatim(_)));
            let text = match (&element.nodes[..], exact) {
                ([Node::Verbatim(text)], true) => text.clone(),
                _ => element.text().into_owned(),
            };
            Ok(Expr::Literal(Literal::Text(text)))
        }
    }
}

fn function(element: &Element, literals: &dyn Literals) -> Result<Expr> {
    let name = element.attribute("name");
    let name = name.ok_or_else(|| element.fault("<Function> needs name=\"…\""))?;
    let arguments = element
        .elements()
        .map(|e| match e.name.as_str() {
            // a condition as an argument: what QGIS writes for `CASE WHEN`
            "And" | "Or" | "Not" | "BBOX" => condition(e, literals).map(Expr::from_condition),
            n if n.starts_with("PropertyIs") => condition(e, literals).map(Expr::from_condition),
            _ => expression(e, literals),
        })
        .collect::<Result<Vec<_>>>()?;
    call(name, arguments, element)
}

pub(super) fn call(name: &str, arguments: Vec<Expr>, element: &Element) -> Result<Expr> {
    Expr::call(name, arguments).map_err(|error| match error {
        Error::InvalidFilter { message } => element.fault(message),
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::Bbox;
    use std::cell::RefCell;

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
    fn literals_are_placed_by_the_crs_that_they_name() {
        struct Swap(RefCell<Vec<Option<String>>>);
        impl Literals for Swap {
            fn place(&self, geometry: &mut Geometry, srs_name: Option<&str>) -> Result<()> {
                self.0.borrow_mut().push(srs_name.map(str::to_owned));
                geometry.coords_mut().iter_mut().for_each(|c| c.reverse());
                Ok(())
            }
            fn distance(&self, value: f64, unit: Option<&str>) -> Result<f64> {
                assert_eq!(unit, Some("km"));
                Ok(value * 1000.0)
            }
        }
        let swap = Swap(RefCell::default());
        let text = "<Filter><And><BBOX><ValueReference>geom</ValueReference>\
            <Envelope srsName='urn:ogc:def:crs:EPSG::4326'><lowerCorner>42 2</lowerCorner>\
            <upperCorner>45 6</upperCorner></Envelope></BBOX><DWithin><ValueReference>geom</ValueReference>\
            <Point><pos>45 5</pos></Point><Distance uom='km'>2</Distance></DWithin></And></Filter>";
        let Filter::And(parts) = parse_text(text, &swap).unwrap() else {
            panic!()
        };
        assert_eq!(
            parts[0],
            Filter::Bbox(Bbox::new(2.0, 42.0, 6.0, 45.0).unwrap())
        );
        assert!(matches!(
            parts[1],
            Filter::Spatial {
                distance: 2000.0,
                ..
            }
        ));
        let asked = swap.0.into_inner();
        assert_eq!(asked, [Some("urn:ogc:def:crs:EPSG::4326".into()), None]);
    }

    #[test]
    fn times_become_comparisons_with_their_ends() {
        let text = "<Filter><During><ValueReference>jour</ValueReference><TimePeriod>\
            <begin><TimeInstant><timePosition>2024-01-01</timePosition></TimeInstant></begin>\
            <endPosition>2024-02-01</endPosition></TimePeriod></During></Filter>";
        let Filter::And(parts) = read(text).unwrap() else {
            panic!()
        };
        assert!(
            matches!(&parts[0], Filter::Compare { op: CompareOp::Greater, right, .. }
            if *right == Expr::text("2024-01-01"))
        );
        assert!(
            matches!(&parts[1], Filter::Compare { op: CompareOp::Less, right, .. }
            if *right == Expr::text("2024-02-01"))
        );
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
