//! GetCapabilities and exceptions.

use crate::site::{find, small, text_of};

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
        ("ImplementsStandardJoins", "FALSE"),
        ("ImplementsSpatialJoins", "FALSE"),
        ("ImplementsTemporalJoins", "FALSE"),
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
            "bogus",
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
        ask("service=WFS&request=GetFeature&typenames=stations&count=1").status,
        200
    );
    assert_eq!(
        ask("service=WFS&request=GetFeature&typenames=departements").status,
        400
    );
    assert_eq!(
        ask("service=WFS&request=GetFeature&resourceid=departements.18").status,
        400
    );
    assert_eq!(
        ask("service=WFS&request=DescribeFeatureType")
            .text
            .matches("<xs:complexType")
            .count(),
        1
    );
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
