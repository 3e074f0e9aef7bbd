//! GetCapabilities and exceptions.

use crate::site::{encoded, find, paged, small, text_of};

#[test]
fn wfs200_7_4_the_version_is_negotiated_by_the_order_of_the_client() {
    for (query, version) in [
        ("", "2.0.0"),
        ("&ACCEPTVERSIONS=10.0.0,2.0.0,1.1.0", "2.0.0"),
        ("&ACCEPTVERSIONS=1.1.0,2.0.0", "1.1.0"),
        ("&acceptversions=1.0.0", "1.0.0"),
        ("&VERSION=2.0.2", "2.0.0"),
        ("&VERSION=1.1.0", "1.1.0"),
        ("&VERSION=1.0.0", "1.0.0"),
        ("&VERSION=3.0.0", "2.0.0"),
        ("&VERSION=0.1", "1.0.0"),
    ] {
        let reply = small().get(&format!("service=WFS&request=GetCapabilities{query}"));
        assert_eq!(reply.status, 200, "{query}");
        assert_eq!(reply.xml().attribute("version"), Some(version), "{query}");
    }
    let none = small().get("service=WFS&request=GetCapabilities&acceptversions=10.0.0");
    assert_eq!(none.status, 400);
    assert_eq!(
        none.exception(),
        ("VersionNegotiationFailed".into(), String::new())
    );
}

#[test]
fn wfs200_table_13_every_constraint_is_declared_and_true() {
    let reply = small().get("service=WFS&request=GetCapabilities");
    let text = &reply.text;
    for (name, value) in [
        ("ImplementsBasicWFS", "TRUE"),
        ("ImplementsTransactionalWFS", "FALSE"),
        ("ImplementsLockingWFS", "FALSE"),
        ("KVPEncoding", "TRUE"),
        ("XMLEncoding", "TRUE"),
        ("SOAPEncoding", "FALSE"),
        ("ImplementsInheritance", "FALSE"),
        ("ImplementsRemoteResolve", "FALSE"),
        ("ImplementsResultPaging", "TRUE"),
        ("ImplementsStandardJoins", "TRUE"),
        ("ImplementsSpatialJoins", "TRUE"),
        ("ImplementsTemporalJoins", "TRUE"),
        ("ImplementsFeatureVersioning", "FALSE"),
        ("ManageStoredQueries", "FALSE"),
    ] {
        let constraint = format!(
            "<ows:Constraint name=\"{name}\"><ows:NoValues/><ows:DefaultValue>{value}</ows:DefaultValue>"
        );
        assert!(text.contains(&constraint), "{name}");
    }
    // an answer without COUNT is whole
    assert!(!text.contains("CountDefault"));
}

#[test]
fn sections_choose_parts_and_an_unknown_one_is_refused() {
    let query = "service=WFS&request=GetCapabilities&sections=";
    let part = small()
        .get(&format!("{query}FeatureTypeList,ServiceProvider"))
        .xml();
    let names: Vec<&str> = part.elements().map(|e| e.name.as_str()).collect();
    assert_eq!(names, ["ServiceProvider", "FeatureTypeList"]);
    let all = small().get(&format!("{query}All")).xml();
    assert_eq!(all.elements().count(), 5);
    let bogus = small().get(&format!("{query}Bogus"));
    assert_eq!(
        bogus.exception(),
        ("InvalidParameterValue".into(), "sections".into())
    );
}

#[test]
fn f2_the_default_crs_is_a_urn_and_other_formats_are_listed() {
    let reply = small().get("service=WFS&request=GetCapabilities&version=2.0.0");
    let list = find(&reply.xml(), "FeatureTypeList").unwrap().clone();
    let stations = list
        .elements()
        .find(|e| text_of(e, "Name") == "cartotheque:stations")
        .unwrap();
    assert_eq!(
        text_of(stations, "DefaultCRS"),
        "urn:ogc:def:crs:EPSG::4326"
    );
    assert_eq!(text_of(stations, "OtherCRS"), "urn:ogc:def:crs:EPSG::2154");
    assert_eq!(text_of(stations, "LowerCorner"), "2 42.5");
    for format in [
        "application/json",
        "application/gml+xml; version=3.2",
        "csv",
    ] {
        assert!(
            reply
                .text
                .contains(&format!("<ows:Value>{format}</ows:Value>")),
            "{format}"
        );
    }
    let old = small().get("service=WFS&request=GetCapabilities&version=1.0.0");
    assert!(old.text.contains("<SRS>EPSG:4326</SRS>"));
    assert!(old.text.contains("minx=\"2\" miny=\"42.5\""));
}

#[test]
fn exceptions_have_the_form_of_the_version_and_name_what_is_wrong() {
    for (query, code, locator) in [
        (
            "request=GetCapabilities",
            "MissingParameterValue",
            "service",
        ),
        ("service=WFS", "MissingParameterValue", "request"),
        (
            "service=WMS&request=GetCapabilities",
            "InvalidParameterValue",
            "service",
        ),
        (
            "service=WFS&request=Bogus",
            "OperationNotSupported",
            "Bogus",
        ),
        (
            "service=WFS&version=2.0.0&request=GetFeature",
            "MissingParameterValue",
            "typeNames",
        ),
        (
            "service=WFS&version=2.0.0&request=GetFeature&typenames=x",
            "InvalidParameterValue",
            "typeNames",
        ),
        (
            "service=WFS&version=1.1.0&request=GetFeature&typename=x",
            "InvalidParameterValue",
            "typeName",
        ),
        (
            "service=WFS&version=2.0.0&request=GetFeature&typenames=stations&srsname=urn:ogc:def:crs:EPSG::32690",
            "InvalidParameterValue",
            "srsName",
        ),
        (
            "service=WFS&version=2.0.0&request=GetFeature&typenames=stations&outputformat=x",
            "InvalidParameterValue",
            "outputFormat",
        ),
        (
            "service=WFS&version=2.0.0&request=GetFeature&typenames=stations&count=x",
            "InvalidParameterValue",
            "count",
        ),
        (
            "service=WFS&version=2.0.0&request=GetFeature&typenames=stations&bbox=",
            "",
            "",
        ),
        (
            "service=WFS&version=2.0.0&request=GetFeature&typenames=stations&bbox=1,2,3",
            "InvalidParameterValue",
            "bbox",
        ),
        (
            "service=WFS&version=9.0.0&request=GetFeature&typenames=stations",
            "InvalidParameterValue",
            "version",
        ),
        (
            "service=WFS&version=2.0.0&request=GetPropertyValue&typenames=stations&valuereference=",
            "InvalidParameterValue",
            "valueReference",
        ),
        (
            "service=WFS&version=2.0.0&request=GetFeature&typenames=stations&propertyname=bogus",
            "InvalidParameterValue",
            "propertyName",
        ),
        (
            "service=WFS&version=2.0.0&request=GetFeature&typenames=stations&sortby=bogus",
            "InvalidParameterValue",
            "sortBy",
        ),
        (
            "service=WFS&version=2.0.0&request=GetPropertyValue&typenames=stations&valuereference=bogus",
            "InvalidParameterValue",
            "valueReference",
        ),
        (
            "service=WFS&version=2.0.0&request=GetFeature&typenames=stations&cql_filter=bogus%3D1",
            "InvalidParameterValue",
            "filter",
        ),
        (
            "service=WFS&version=2.0.0&request=GetFeature&typenames=stations&resourceid=departements.18",
            "InvalidParameterValue",
            "resourceId",
        ),
        (
            "service=WFS&version=1.1.0&request=ListStoredQueries",
            "OperationNotSupported",
            "ListStoredQueries",
        ),
    ] {
        let reply = small().get(query);
        if code.is_empty() {
            assert_eq!(
                reply.status, 200,
                "{query}: empty parameters count as absent"
            );
            continue;
        }
        assert_eq!(reply.status, 400, "{query}: {}", reply.text);
        assert_eq!(reply.media_type, "text/xml");
        assert_eq!(reply.exception(), (code.into(), locator.into()), "{query}");
    }
    let old = small().get("service=WFS&version=1.0.0&request=GetFeature&typename=x");
    assert!(
        old.text
            .contains("<ServiceExceptionReport version=\"1.2.0\""),
        "{}",
        old.text
    );
    let one = cartotheque::protocol::Request {
        query: "service=WFS&request=GetCapabilities",
        base: crate::site::BASE,
        collection: Some("bogus"),
        ..Default::default()
    };
    assert_eq!(small().ask(&one).status, 404);
}

#[test]
fn a_data_set_s_own_endpoint_shows_it_alone() {
    let ask = |query| {
        small().ask(&cartotheque::protocol::Request {
            query,
            base: crate::site::BASE,
            collection: Some("stations"),
            ..Default::default()
        })
    };
    let reply = ask("service=WFS&request=GetCapabilities");
    assert_eq!(reply.text.matches("<FeatureType>").count(), 1);
    assert!(
        reply
            .text
            .contains("xlink:href=\"https://example.org/cartes/collections/stations/wfs?\"")
    );
    assert_eq!(
        ask("service=WFS&version=2.0.0&request=GetFeature&typenames=stations&count=1").status,
        200
    );
    assert_eq!(
        ask("service=WFS&version=2.0.0&request=GetFeature&typenames=departements").status,
        400
    );
    assert_eq!(
        ask("service=WFS&version=2.0.0&request=GetFeature&resourceid=departements.18").status,
        400
    );
    assert_eq!(
        ask("service=WFS&version=2.0.0&request=DescribeFeatureType")
            .text
            .matches("<xs:complexType")
            .count(),
        1
    );
}

#[test]
fn fes200_7_13_every_operator_and_function_that_is_listed_is_answered() {
    let document = small().get("service=WFS&request=GetCapabilities").xml();
    let filters = find(&document, "Filter_Capabilities").unwrap();
    let moment = "<gml:TimePeriod xmlns:gml='http://www.opengis.net/gml/3.2' gml:id='t'>\
                  <gml:beginPosition>2020-01-01T00:00:00Z</gml:beginPosition>\
                  <gml:endPosition>2021-01-01T00:00:00Z</gml:endPosition></gml:TimePeriod>";
    let answered = |condition: &str| {
        let filter = format!(
            "<fes:Filter xmlns:fes='http://www.opengis.net/fes/2.0'>{condition}</fes:Filter>"
        );
        let reply = small().get(&format!(
            "service=WFS&version=2.0.0&request=GetFeature&typeNames=stations&resultType=hits&filter={}",
            encoded(&filter)
        ));
        assert_eq!(reply.status, 200, "{condition}: {}", reply.text);
    };
    let operators = find(filters, "TemporalOperators").unwrap();
    assert_eq!(operators.elements().count(), 13);
    for operator in operators.elements() {
        let name = operator.attribute("name").unwrap();
        answered(&format!("<fes:{name}>{moment}{moment}</fes:{name}>"));
    }
    answered(&format!(
        "<fes:AnyInteracts>{moment}{moment}</fes:AnyInteracts>"
    ));
    let functions = find(filters, "Functions").unwrap();
    assert!(functions.elements().count() > 50);
    for function in functions.elements() {
        let name = function.attribute("name").unwrap();
        let count = find(function, "Arguments").unwrap().elements().count();
        let arguments = "<fes:Literal>1</fes:Literal>".repeat(count);
        answered(&format!(
            "<fes:PropertyIsNull><fes:Function name='{name}'>{arguments}</fes:Function></fes:PropertyIsNull>"
        ));
    }
}

#[test]
fn a_configured_count_is_declared_and_held_and_the_rest_has_an_address() {
    let site = paged();
    let capabilities = site.get("service=WFS&request=GetCapabilities").text;
    let declared = "<ows:Constraint name=\"CountDefault\"><ows:NoValues/>\
                    <ows:DefaultValue>10</ows:DefaultValue>";
    assert!(capabilities.contains(declared));
    let older = site
        .get("service=WFS&request=GetCapabilities&version=1.1.0")
        .text;
    assert!(older.contains("name=\"DefaultMaxFeatures\"><ows:Value>10</ows:Value>"));
    let query = "service=WFS&request=GetFeature&typeNames=stations&typeName=stations&version=";
    let page = site.get(&format!("{query}2.0.0"));
    assert_eq!(page.ids().len(), 10);
    let next = page.xml().attribute("next").unwrap().to_owned();
    let next = site.get(next.split_once('?').unwrap().1);
    assert_eq!(next.ids().len(), 10);
    assert_ne!(next.ids(), page.ids());
    assert_eq!(site.get(&format!("{query}1.1.0")).ids().len(), 10);
    let all = small().get(&format!("{query}2.0.0")).ids().len();
    assert_eq!(
        site.get(&format!("{query}2.0.0&count=1000")).ids().len(),
        all
    );
    assert_eq!(site.get(&format!("{query}1.0.0")).ids().len(), all);
}

#[test]
fn older_versions_hear_of_a_parameter_by_the_name_they_have_for_it() {
    for (version, query, locator) in [
        ("2.0.0", "", "typeNames"),
        ("1.1.0", "", "typeName"),
        ("1.0.0", "", "typeName"),
        ("2.0.0", "&resourceId=nonsense", "resourceId"),
        ("1.1.0", "&featureId=nonsense", "featureId"),
        ("1.1.0", "&typeName=stations&maxFeatures=x", "maxFeatures"),
    ] {
        let query = format!("service=WFS&request=GetFeature&version={version}{query}");
        let reply = small().get(&query);
        if version != "1.0.0" {
            assert_eq!(reply.exception().1, locator, "{query}: {}", reply.text);
        }
        assert!(reply.text.contains(locator), "{query}: {}", reply.text);
        let other = if locator == "typeName" {
            "typeNames"
        } else {
            "\u{1}"
        };
        assert!(!reply.text.contains(other), "{query}: {}", reply.text);
    }
}

#[test]
fn fes200_7_13_every_temporal_operator_that_is_advertised_is_read() {
    use cartotheque::decode::fes::{AsWritten, parse_text};
    let text = small()
        .get("service=WFS&version=2.0.0&request=GetCapabilities")
        .text;
    let names: Vec<&str> = text
        .split("<fes:TemporalOperator name=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    // the schema of capabilities has no name for the fourteenth, AnyInteracts
    assert_eq!(names.len(), 13, "all of OGC 09-026r2 §7.14");
    for name in names {
        let filter = format!(
            "<Filter><{name}><ValueReference>day</ValueReference><TimeInstant>\
             <timePosition>2024-02-29</timePosition></TimeInstant></{name}></Filter>"
        );
        let filter = parse_text(&filter, &AsWritten).unwrap();
        assert!(
            matches!(filter, cartotheque::query::Filter::Temporal { .. }),
            "{name}"
        );
    }
}

#[test]
fn errors_of_capabilities_are_told_in_a_version_that_the_client_accepts() {
    let reply =
        small().get("service=WFS&request=GetCapabilities&acceptversions=1.1.0&sections=bogus");
    assert_eq!(reply.status, 400);
    assert_eq!(reply.xml().attribute("version"), Some("1.1.0"));
}
