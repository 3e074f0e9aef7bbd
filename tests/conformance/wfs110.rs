//! WFS 1.1.0 (OGC 04-094) as `ets-wfs11` asks it: Basic, without data of its own.

use crate::common::Reply;
use crate::reference::{LAYERS, all, code, encoded, lakes, path_of, text, xml};
use crate::schema;

const WFS: &str = "http://www.opengis.net/wfs";

fn get(query: &str) -> Reply {
    lakes().get(&format!("/wfs?service=WFS&version=1.1.0&{query}"))
}

fn post(body: &str) -> Reply {
    lakes().ask(
        "POST",
        "/wfs",
        &[("Content-Type", "text/xml")],
        body.as_bytes(),
    )
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wfs110_13_capabilities_by_get_and_post_are_valid_and_negotiated() {
    let by_get = get("request=GetCapabilities");
    schema::assert_valid(&by_get.text(), "drivers/wfs11-gml31.xsd");
    let by_post = post(&format!(
        "<wfs:GetCapabilities xmlns:wfs='{WFS}' xmlns:ows='http://www.opengis.net/ows' service='WFS'>\
         <ows:AcceptVersions><ows:Version>1.1.0</ows:Version></ows:AcceptVersions></wfs:GetCapabilities>"
    ));
    assert_eq!(by_get.body, by_post.body);
    let document = xml(&by_get);
    assert_eq!(document.attribute("version"), Some("1.1.0"));
    for (versions, expected) in [
        ("1.1.0", "1.1.0"),
        ("9.9.9,1.1.0", "1.1.0"),
        ("1.1.0,2.0.0", "1.1.0"),
    ] {
        let reply = lakes().get(&format!(
            "/wfs?service=WFS&request=GetCapabilities&acceptVersions={versions}"
        ));
        assert_eq!(
            xml(&reply).attribute("version"),
            Some(expected),
            "{versions}"
        );
    }
    for operation in ["GetCapabilities", "DescribeFeatureType", "GetFeature"] {
        let operations = all(&document, "Operation");
        let found = operations
            .iter()
            .find(|o| o.attribute("name") == Some(operation))
            .expect(operation);
        for binding in ["Get", "Post"] {
            let href = path_of(all(found, binding)[0].attribute("href").unwrap());
            assert!(href.starts_with("/wfs"), "{operation} {binding}: {href}");
        }
    }
    let formats = all(&document, "Value");
    let gml = "text/xml; subtype=gml/3.1.1";
    assert!(formats.iter().any(|value| value.text() == gml));
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wfs110_8_and_9_every_type_is_described_and_given_counted_and_found_by_id() {
    for layer in LAYERS {
        let described = get(&format!("request=DescribeFeatureType&typeName={layer}"));
        let again = post(&format!(
            "<wfs:DescribeFeatureType xmlns:wfs='{WFS}' service='WFS' version='1.1.0'><wfs:TypeName>{layer}</wfs:TypeName></wfs:DescribeFeatureType>"
        ));
        assert_eq!(described.body, again.body, "{layer}");
        let by_get = get(&format!("request=GetFeature&typeName={layer}"));
        assert_eq!(by_get.header("content-type"), "text/xml; subtype=gml/3.1.1");
        let by_post = post(&format!(
            "<wfs:GetFeature xmlns:wfs='{WFS}' service='WFS' version='1.1.0'><wfs:Query typeName='{layer}'/></wfs:GetFeature>"
        ));
        let members = |reply: &Reply| {
            let document = xml(reply);
            let ids = all(&document, layer);
            ids.iter()
                .filter_map(|f| f.attribute("id"))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(members(&by_get), members(&by_post), "{layer}");
        assert!(!members(&by_get).is_empty(), "{layer}");
        let hits = xml(&get(&format!(
            "request=GetFeature&typeName={layer}&resultType=hits"
        )));
        let count = members(&by_get).len().to_string();
        assert_eq!(
            hits.attribute("numberOfFeatures"),
            Some(count.as_str()),
            "{layer}"
        );
        let one = get(&format!(
            "request=GetFeature&typeName={layer}&maxFeatures=1"
        ));
        assert_eq!(members(&one).len(), 1, "{layer}");
        let by_id = get(&format!(
            "request=GetFeature&featureId={}",
            encoded(&members(&one)[0])
        ));
        assert_eq!(members(&by_id), members(&one), "{layer}");
    }
}

/// What a report says: code and locator.
fn told(reply: &Reply) -> (String, Option<String>) {
    let document = xml(reply);
    let locator = all(&document, "Exception")[0].attribute("locator");
    (code(reply), locator.map(str::to_owned))
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wfs110_getfeature_tc4_tc6_describefeaturetype_tc5_every_pair_that_is_required_is_missed() {
    for operation in [
        "GetFeature&typeName=Lakes",
        "DescribeFeatureType",
        "DescribeFeatureType&typeName=Lakes",
    ] {
        for (query, missing) in [
            (
                format!("SeERVICE=WFS&VERSION=1.1.0&REQUEST={operation}"),
                "service",
            ),
            (
                format!("SERVICE=WFS&VeERSION=1.1.0&REQUEST={operation}"),
                "version",
            ),
            (
                format!("SERVICE=WFS&VERSION=1.1.0&ReEQUEST={operation}"),
                "request",
            ),
            (
                format!("SERVIsCE=WFS&VERSION=1.1.0&REQUsEST={operation}"),
                "service",
            ),
        ] {
            let reply = lakes().get(&format!("/wfs?{query}"));
            assert_eq!(reply.status, 400, "{query}");
            let expected = ("MissingParameterValue".to_owned(), Some(missing.to_owned()));
            assert_eq!(told(&reply), expected, "{query}");
        }
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wfs110_getfeature_tc11_an_attribute_of_the_root_that_is_empty_or_absent_has_its_default() {
    for said in [
        "service='' version='1.1.0'",
        "version='1.1.0'",
        "service='WFS'",
        "service='WFS' version=''",
        "service='WFS' version='1.1.0'",
    ] {
        let features = post(&format!(
            "<wfs:GetFeature xmlns:wfs='{WFS}' {said}><wfs:Query typeName='Bridges'/></wfs:GetFeature>"
        ));
        assert_eq!(
            features.header("content-type"),
            "text/xml; subtype=gml/3.1.1",
            "{said}"
        );
        assert_eq!(all(&xml(&features), "Bridges").len(), 1, "{said}");
        let schema = post(&format!(
            "<wfs:DescribeFeatureType xmlns:wfs='{WFS}' {said}/>"
        ));
        assert_eq!(xml(&schema).name, "schema", "{said}");
    }
    let bogus = post(&format!(
        "<wfs:GetFeature xmlns:wfs='{WFS}' service='FOO' version='1.1.0'><wfs:Query typeName='Bridges'/></wfs:GetFeature>"
    ));
    let expected = (
        "InvalidParameterValue".to_owned(),
        Some("service".to_owned()),
    );
    assert_eq!(told(&bogus), expected);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wfs110_getfeature_output_format_gml_2_1_2_has_the_type_that_was_asked_for() {
    for format in ["GML2", "text/xml;%20subtype=gml/2.1.2"] {
        let reply = get(&format!(
            "request=GetFeature&typeName=Lakes&outputFormat={format}"
        ));
        assert_eq!(
            reply.header("content-type"),
            "text/xml; subtype=gml/2.1.2",
            "{format}"
        );
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wfs110_14_filters_of_1_1_find_the_same_by_get_and_post() {
    let filter = "<ogc:Filter xmlns:ogc='http://www.opengis.net/ogc' xmlns:gml='http://www.opengis.net/gml'><ogc:And>\
                  <ogc:BBOX><ogc:PropertyName>geom</ogc:PropertyName><gml:Envelope srsName='urn:ogc:def:crs:EPSG::4326'>\
                  <gml:lowerCorner>-1 -1</gml:lowerCorner><gml:upperCorner>1 1</gml:upperCorner></gml:Envelope></ogc:BBOX>\
                  <ogc:PropertyIsEqualTo><ogc:PropertyName>NAME</ogc:PropertyName><ogc:Literal>Goose Island</ogc:Literal>\
                  </ogc:PropertyIsEqualTo></ogc:And></ogc:Filter>";
    let by_get = get(&format!(
        "request=GetFeature&typeName=NamedPlaces&filter={}",
        encoded(filter)
    ));
    let by_post = post(&format!(
        "<wfs:GetFeature xmlns:wfs='{WFS}' service='WFS' version='1.1.0'><wfs:Query typeName='NamedPlaces'>{filter}</wfs:Query></wfs:GetFeature>"
    ));
    for reply in [by_get, by_post] {
        let document = xml(&reply);
        let found = all(&document, "NamedPlaces");
        assert_eq!(found.len(), 1, "{}", reply.text());
        assert_eq!(text(found[0], "NAME"), "Goose Island");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wfs110_7_7_faults_are_reports_of_ows_1_0() {
    for (query, expected) in [
        ("service=WFS&version=1.1.0", "MissingParameterValue"),
        (
            "service=WFS&version=1.1.0&request=Bogus",
            "InvalidParameterValue OperationNotSupported",
        ),
        (
            "service=WFS&version=1.1.0&request=GetFeature",
            "MissingParameterValue",
        ),
        (
            "service=WFS&version=1.1.0&request=GetFeature&typeName=Bogus",
            "InvalidParameterValue",
        ),
        (
            "service=WFS&version=1.1.0&request=DescribeFeatureType&typeName=Bogus",
            "InvalidParameterValue",
        ),
        (
            "service=WFS&version=1.1.0&request=GetFeature&typeName=Lakes&outputFormat=bogus",
            "InvalidParameterValue",
        ),
        (
            "service=WFS&version=1.1.0&request=GetFeature&typeName=Lakes&srsName=EPSG:0",
            "InvalidParameterValue",
        ),
        (
            "service=WFS&request=GetCapabilities&acceptVersions=9.9.9",
            "VersionNegotiationFailed",
        ),
    ] {
        let reply = lakes().get(&format!("/wfs?{query}"));
        let found = code(&reply);
        assert!(expected.split(' ').any(|e| e == found), "{query}: {found}");
        if query.contains("version=1.1.0") {
            schema::assert_valid(
                &reply.text(),
                "schemas.opengis.net/ows/1.0.0/owsExceptionReport.xsd",
            );
        }
    }
}
