//! FILTER, CQL_FILTER and XML bodies of the three versions.

use cartotheque::protocol::{Body, Request};

use crate::site::{BASE, encoded, small, text_of};

fn ids(query: &str) -> Vec<String> {
    small()
        .get(&format!("service=WFS&request=GetFeature&{query}"))
        .ids()
}

/// The numbers of the stations found.
fn stations(filter: &str) -> Vec<u32> {
    ids(&format!(
        "version=2.0.0&typenames=stations&filter={}",
        encoded(filter)
    ))
    .iter()
    .map(|id| id.strip_prefix("stations.").unwrap().parse().unwrap())
    .collect()
}

#[test]
fn fes_conditions_find_what_they_say() {
    let value = |name: &str| format!("<fes:ValueReference>{name}</fes:ValueReference>");
    let filter = |inner: &str| {
        format!("<fes:Filter xmlns:fes='http://www.opengis.net/fes/2.0'>{inner}</fes:Filter>")
    };
    let compare = |op: &str, name: &str, literal: &str| {
        filter(&format!(
            "<fes:{op}>{}<fes:Literal>{literal}</fes:Literal></fes:{op}>",
            value(name)
        ))
    };
    assert_eq!(
        stations(&compare("PropertyIsGreaterThan", "effectif", "2170")),
        [58, 59]
    );
    assert_eq!(
        stations(&compare(
            "PropertyIsEqualTo",
            "ms:stations/ms:effectif[1]",
            "1610"
        )),
        [1]
    );
    assert_eq!(
        stations(&compare("PropertyIsLessThanOrEqualTo", "_2020", "1")),
        [0, 1]
    );
    assert_eq!(
        stations(&filter(&format!(
            "<fes:PropertyIsLike wildCard='%' singleChar='_' escapeChar='\\'>{}<fes:Literal>0000_</fes:Literal></fes:PropertyIsLike>",
            value("code insee")
        )))
        .len(),
        10
    );
    let nulls = stations(&filter(&format!(
        "<fes:PropertyIsNull>{}</fes:PropertyIsNull>",
        value("mesure")
    )));
    assert_eq!(nulls, [0, 7, 14, 21, 28, 35, 42, 49, 56]);
    let case = "<fes:PropertyIsEqualTo matchCase='false'><fes:ValueReference>classe</fes:ValueReference>\
                <fes:Literal>a</fes:Literal></fes:PropertyIsEqualTo>";
    assert_eq!(stations(&filter(case)).len(), 20);
    assert_eq!(stations(&filter(&case.replace("false", "true"))).len(), 0);
    let near = "<fes:Intersects><fes:ValueReference>geom</fes:ValueReference><gml:Polygon xmlns:gml='http://www.opengis.net/gml/3.2' \
                gml:id='p' srsName='urn:ogc:def:crs:EPSG::4326'><gml:exterior><gml:LinearRing><gml:posList>42.4 1.9 42.4 2.5 42.6 2.5 42.6 1.9 42.4 1.9\
                </gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></fes:Intersects>";
    assert_eq!(stations(&filter(near)), [0, 1]);
    // as OWSLib writes it: always this name, no CRS
    let box_ = "<fes:BBOX><fes:ValueReference>ows:BoundingBox</fes:ValueReference><gml311:Envelope \
                xmlns:gml311='http://www.opengis.net/gml'><gml311:lowerCorner>42.4 1.9</gml311:lowerCorner>\
                <gml311:upperCorner>42.6 2.5</gml311:upperCorner></gml311:Envelope></fes:BBOX>";
    assert_eq!(stations(&filter(box_)), [0, 1]);
    // an id as the document has it
    let id = compare("PropertyIsEqualTo", "@gml:id", "stations.4");
    assert_eq!(stations(&id), [4]);
    assert_eq!(
        stations(&id.replace("stations.4", "autres.4")),
        Vec::<u32>::new()
    );
    let both = "<fes:ResourceId rid='stations.4'/><fes:ResourceId rid='stations.9'/>";
    assert_eq!(stations(&filter(both)), [4, 9]);
    // no value is nil: those that are absent are null
    let nil = format!("<fes:PropertyIsNil>{}</fes:PropertyIsNil>", value("mesure"));
    assert_eq!(stations(&filter(&nil)), Vec::<u32>::new());
    // what GML's features may have, and ours have not
    let name = format!(
        "<fes:PropertyIsNull>{}</fes:PropertyIsNull>",
        value("gml:name")
    );
    assert_eq!(stations(&filter(&name)).len(), 60);
    let not = format!("<fes:Not>{name}</fes:Not>");
    assert_eq!(stations(&filter(&not)), Vec::<u32>::new());
}

#[test]
fn wfs200_7_9_2_4_1_an_id_of_another_type_contradicts_the_query() {
    let of = |id: &str| {
        format!(
            "<fes:Filter xmlns:fes='http://www.opengis.net/fes/2.0'><fes:ResourceId rid='{id}'/></fes:Filter>"
        )
    };
    let query = "service=WFS&version=2.0.0&request=GetFeature&typenames=stations";
    // also where its number is that of a station
    let filter = small().get(&format!("{query}&filter={}", encoded(&of("formes.4"))));
    let list = small().get(&format!("{query}&resourceid=stations.1,departements.18"));
    let body = small().post(&format!(
        "<wfs:GetFeature xmlns:wfs='http://www.opengis.net/wfs/2.0' service='WFS' version='2.0.0'>\
         <wfs:Query typeNames='stations'>{}</wfs:Query></wfs:GetFeature>",
        of("departements.18")
    ));
    for reply in [filter, list, body] {
        assert_eq!(reply.status, 400, "{}", reply.text);
        assert_eq!(
            reply.exception(),
            ("InvalidParameterValue".into(), "resourceId".into())
        );
    }
}

#[test]
fn unknown_properties_and_broken_filters_are_told_by_clause() {
    let ask = |filter: &str| {
        small().get(&format!(
            "service=WFS&version=2.0.0&request=GetFeature&typenames=stations&filter={}",
            encoded(filter)
        ))
    };
    let unknown = ask(
        "<Filter><PropertyIsNull><ValueReference>effectiv</ValueReference></PropertyIsNull></Filter>",
    );
    assert_eq!(
        unknown.exception(),
        ("InvalidParameterValue".into(), "filter".into())
    );
    assert!(unknown.text.contains("did you mean"), "{}", unknown.text);
    let bounded = ask(
        "<Filter xmlns:gml='http://www.opengis.net/gml/3.2'><PropertyIsEqualTo><ValueReference>gml:boundedBy</ValueReference>\
         <Literal><gml:Envelope><gml:lowerCorner>1 2</gml:lowerCorner><gml:upperCorner>3 4</gml:upperCorner></gml:Envelope>\
         </Literal></PropertyIsEqualTo></Filter>",
    );
    assert_eq!(
        (bounded.status, bounded.exception().0.as_str()),
        (400, "OperationProcessingFailed")
    );
    let literal = "<gml:Point gml:id='p'><gml:pos>1 2</gml:pos></gml:Point>";
    let envelope = "<gml:Envelope><gml:lowerCorner>1 2</gml:lowerCorner><gml:upperCorner>3 4</gml:upperCorner></gml:Envelope>";
    for (operator, literal) in [("BBOX", envelope), ("Intersects", literal)] {
        let reply = ask(&format!(
            "<Filter xmlns:gml='http://www.opengis.net/gml/3.2'><{operator}><ValueReference>nom</ValueReference>{literal}</{operator}></Filter>"
        ));
        assert_eq!(
            (reply.status, reply.exception()),
            (400, ("InvalidParameterValue".into(), "filter".into())),
            "{operator}"
        );
    }
    for broken in [
        "<Filter/>",
        "<Filter><Bogus/></Filter>",
        "<Filter",
        "<x/>",
        "plain",
    ] {
        assert_eq!(ask(broken).status, 400, "{broken}");
    }
}

#[test]
fn cql_filter_is_read_as_geoserver_has_it() {
    for (cql, found) in [
        ("effectif > 2170", vec!["stations.58", "stations.59"]),
        ("\"code insee\" = '00007'", vec!["stations.7"]),
        // by the name that the column has in this service
        ("code_insee = '00007'", vec!["stations.7"]),
        (
            "classe = 'A' AND effectif BETWEEN 1600 AND 1630",
            vec!["stations.0", "stations.3"],
        ),
        ("INTERSECTS(geom, POINT(2.4 42.5))", vec!["stations.1"]),
        (
            "INTERSECTS(geom, SRID=4326;POINT(2.4 42.5))",
            vec!["stations.1"],
        ),
        (
            "DWITHIN(geom, POINT(2.4 42.5), 10, meters)",
            vec!["stations.1"],
        ),
        (
            "BBOX(geom, 2.39, 42.49, 2.41, 42.51, 'EPSG:4326')",
            vec!["stations.1"],
        ),
        (
            "RELATE(geom, POINT(2.4 42.5), 'T********')",
            vec!["stations.1"],
        ),
        (
            "IN ('stations.58', 'stations.3') AND nom EXISTS",
            vec!["stations.3", "stations.58"],
        ),
        ("strToLowerCase(nom) = 'station 52'", vec!["stations.52"]),
        (
            "nom ILIKE 'STATION 5_' AND actif = TRUE AND classe = 'B'",
            vec!["stations.52", "stations.58"],
        ),
    ] {
        let query = format!(
            "version=2.0.0&typenames=stations&cql_filter={}",
            encoded(cql)
        );
        assert_eq!(ids(&query), found, "{cql}");
    }
    for (wrong, said) in [
        ("effectif%20%3E", ""),
        ("effectiv=1", "in &quot;stations&quot;"),
    ] {
        let wrong = small().get(&format!(
            "service=WFS&version=2.0.0&request=GetFeature&typenames=stations&cql_filter={wrong}"
        ));
        assert_eq!(wrong.status, 400);
        assert!(wrong.text.contains(said), "{}", wrong.text);
    }
}

#[test]
fn bodies_of_every_version_are_read() {
    let v200 = "<wfs:GetFeature xmlns:wfs='http://www.opengis.net/wfs/2.0' xmlns:fes='http://www.opengis.net/fes/2.0' \
                xmlns:x='urn:own' service='WFS' version='2.0.0' count='3' startIndex='1'>\
                <wfs:Query typeNames='x:stations' srsName='urn:ogc:def:crs:EPSG::4326'><wfs:PropertyName>x:effectif</wfs:PropertyName>\
                <fes:Filter><fes:PropertyIsGreaterThan><fes:ValueReference>x:effectif</fes:ValueReference><fes:Literal>1700</fes:Literal>\
                </fes:PropertyIsGreaterThan></fes:Filter><fes:SortBy><fes:SortProperty><fes:ValueReference>effectif</fes:ValueReference>\
                <fes:SortOrder>DESC</fes:SortOrder></fes:SortProperty></fes:SortBy></wfs:Query></wfs:GetFeature>";
    let reply = small().post(v200);
    assert_eq!(reply.ids(), ["stations.58", "stations.57", "stations.56"]);
    assert_eq!(reply.xml().attribute("numberMatched"), Some("49"));
    assert_eq!(text_of(&reply.xml(), "effectif"), "2180");
    // as .NET writes it, with and without a byte order mark
    for mark in ["\u{feff}", ""] {
        let text = format!("{mark}<?xml version='1.0' encoding='utf-16'?>{v200}");
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [&little, &big] {
            let body = Some(Body {
                media_type: "text/xml",
                bytes,
            });
            let reply = small().ask(&Request {
                body,
                base: BASE,
                ..Request::default()
            });
            assert_eq!(reply.ids(), ["stations.58", "stations.57", "stations.56"]);
        }
    }
    let v110 = "<GetFeature xmlns='http://www.opengis.net/wfs' xmlns:ogc='http://www.opengis.net/ogc' service='WFS' version='1.1.0' \
                maxFeatures='2' outputFormat='geojson'><Query typeName='feature:stations' xmlns:feature='http://own'><ogc:Filter>\
                <ogc:PropertyIsEqualTo><ogc:PropertyName>classe</ogc:PropertyName><ogc:Literal>B</ogc:Literal></ogc:PropertyIsEqualTo>\
                </ogc:Filter></Query></GetFeature>";
    let json = small().post(v110).json();
    assert_eq!(json["features"][1]["id"], 4);
    let v100 = "<?xml version='1.0'?><wfs:GetFeature xmlns:wfs='http://www.opengis.net/wfs' service='WFS' version='1.0.0'>\
                <wfs:Query typeName='stations'><ogc:Filter xmlns:ogc='http://www.opengis.net/ogc'><ogc:FeatureId fid='stations.5'/>\
                </ogc:Filter></wfs:Query><wfs:Query typeName='departements'/></wfs:GetFeature>";
    let reply = small().post(v100);
    assert!(reply.text.contains("fid=\"stations.5\""));
    assert_eq!(reply.ids().len(), 7);
    let several = "<GetFeature xmlns='http://www.opengis.net/wfs/2.0' service='WFS' version='2.0.0'><Query typeNames='departements'/>\
                   <StoredQuery id='urn:ogc:def:query:OGC-WFS::GetFeatureById'><Parameter name='ID'>stations.2</Parameter></StoredQuery></GetFeature>";
    let reply = small().post(several);
    assert_eq!(reply.ids().len(), 7);
    assert_eq!(reply.text.matches("<wfs:FeatureCollection").count(), 3);
    for (body, root) in [
        (
            "<GetCapabilities xmlns='http://www.opengis.net/wfs/2.0' service='WFS'/>",
            "WFS_Capabilities",
        ),
        (
            "<GetCapabilities xmlns='http://www.opengis.net/wfs' xmlns:ows='http://www.opengis.net/ows' service='WFS'>\
             <ows:AcceptVersions><ows:Version>1.1.0</ows:Version></ows:AcceptVersions></GetCapabilities>",
            "WFS_Capabilities",
        ),
        (
            "<DescribeFeatureType xmlns='http://www.opengis.net/wfs/2.0' service='WFS' version='2.0.0'><TypeName>a:stations</TypeName></DescribeFeatureType>",
            "schema",
        ),
        (
            "<ListStoredQueries xmlns='http://www.opengis.net/wfs/2.0' service='WFS' version='2.0.0'/>",
            "ListStoredQueriesResponse",
        ),
        (
            "<GetPropertyValue xmlns='http://www.opengis.net/wfs/2.0' service='WFS' version='2.0.0' valueReference='nom'><Query typeNames='departements'/></GetPropertyValue>",
            "ValueCollection",
        ),
    ] {
        let reply = small().post(body);
        assert_eq!(
            (reply.status, reply.xml().name.as_str()),
            (200, root),
            "{body}"
        );
    }
}

#[test]
fn ids_that_tell_the_type_go_with_whatever_else_must_hold() {
    let found = |query: &str| {
        let start = "service=WFS&version=2.0.0&request=GetFeature";
        small()
            .get(&format!("{start}&resourceid=stations.2,stations.3&{query}"))
            .ids()
    };
    assert_eq!(found("").len(), 2);
    assert_eq!(found("bbox=0,0,1,1,CRS:84").len(), 0);
    assert_eq!(found("cql_filter=effectif<0").len(), 0);
    let none = "<Filter><PropertyIsNull><ValueReference>effectif</ValueReference></PropertyIsNull></Filter>";
    assert_eq!(found(&format!("filter={}", encoded(none))).len(), 0);
}

#[test]
fn wfs200_7_3_2_a_property_occurs_once() {
    let values = |reference: &str| {
        let start = "service=WFS&version=2.0.0&request=GetPropertyValue&typenames=stations";
        let reply = small().get(&format!("{start}&valuereference={reference}"));
        reply.xml().attribute("numberMatched").unwrap().to_owned()
    };
    assert_eq!(values("classe[1]"), values("classe"));
    assert_ne!(values("classe"), "0");
    assert_eq!(values("classe[position()%20=%201]"), values("classe"));
    for beyond in ["classe[2]", "classe[position()=2]", "classe[99999999999]"] {
        assert_eq!(values(beyond), "0", "{beyond}");
    }
    // no feature has its box written
    assert_eq!(values("gml:boundedBy"), "0");
}

#[test]
fn a_star_is_every_property_in_documents_too() {
    let body = "<GetFeature service='WFS' version='1.1.0' maxFeatures='1' \
                xmlns='http://www.opengis.net/wfs'><Query typeName='stations'>\
                <PropertyName>*</PropertyName></Query></GetFeature>";
    let reply = small().post(body);
    assert_eq!(reply.ids().len(), 1);
    assert!(reply.text.contains(":effectif>"), "{}", reply.text);
}
