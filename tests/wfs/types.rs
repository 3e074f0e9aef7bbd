//! DescribeFeatureType, names, values and formats.

use crate::site::{HOSTILE, encoded, small, text_of};

const GET: &str = "service=WFS&version=2.0.0&request=GetFeature&typenames=";

#[test]
fn f7_types_are_plain_and_in_the_order_of_the_data() {
    let reply =
        small().get("service=WFS&version=2.0.0&request=DescribeFeatureType&typenames=stations");
    assert_eq!(reply.media_type, "application/gml+xml; version=3.2");
    let elements: Vec<&str> = reply
        .text
        .lines()
        .filter(|l| l.contains("minOccurs"))
        .collect();
    assert_eq!(
        elements,
        [
            "<xs:element name=\"geom\" type=\"gml:PointPropertyType\" minOccurs=\"0\"/>",
            "<xs:element name=\"nom\" type=\"xs:string\" minOccurs=\"0\" nillable=\"true\"/>",
            "<xs:element name=\"effectif\" type=\"xs:int\" minOccurs=\"0\" nillable=\"true\"/>",
            "<xs:element name=\"classe\" type=\"xs:string\" minOccurs=\"0\" nillable=\"true\"/>",
            "<xs:element name=\"code_insee\" type=\"xs:string\" minOccurs=\"0\" nillable=\"true\"/>",
            "<xs:element name=\"_2020\" type=\"xs:int\" minOccurs=\"0\" nillable=\"true\"/>",
            "<xs:element name=\"actif\" type=\"xs:boolean\" minOccurs=\"0\" nillable=\"true\"/>",
            "<xs:element name=\"mesure\" type=\"xs:double\" minOccurs=\"0\" nillable=\"true\"/>",
            "<xs:element name=\"hostile\" type=\"xs:string\" minOccurs=\"0\" nillable=\"true\"/>",
        ]
    );
    let geometry = |version: &str, kind: &str| {
        let query = format!(
            "service=WFS&version={version}&request=DescribeFeatureType&TYPENAME=departements&TYPENAMES=departements"
        );
        assert!(small().get(&query).text.contains(kind), "{version} {kind}");
    };
    geometry("2.0.0", "gml:MultiSurfacePropertyType");
    geometry("1.1.0", "gml:MultiSurfacePropertyType");
    geometry("1.0.0", "gml:MultiPolygonPropertyType");
}

#[test]
fn f7_f8_f9_types_are_known_by_every_name_and_format_that_clients_send() {
    for query in [
        "version=2.0.0&typenames=ms:departements,ms:stations",
        "version=2.0.0&typename=stations,departements&outputformat=application%2Fgml%2Bxml%3B%20version%3D3.2",
        "version=1.1.0&typename=(cartotheque:stations)(x:departements)&outputformat=text/xml;%20subtype=gml/3.1.1",
        "version=1.0.0&typename=stations,departements,stations&outputformat=XMLSCHEMA",
    ] {
        let reply = small().get(&format!("service=WFS&request=DescribeFeatureType&{query}"));
        assert_eq!(reply.status, 200, "{query}: {}", reply.text);
        assert_eq!(
            reply.text.matches("substitutionGroup=").count(),
            2,
            "{query}"
        );
    }
    let all = small().get("service=WFS&version=2.0.0&request=DescribeFeatureType");
    assert_eq!(all.text.matches("substitutionGroup=").count(), 4);
    let csv = small().get(
        "service=WFS&version=2.0.0&request=DescribeFeatureType&typenames=stations&outputformat=text/csv",
    );
    assert_eq!(csv.status, 400);
}

#[test]
fn names_that_xml_can_not_hold_are_mapped_and_accepted_back() {
    // the id 2-lieux begins with a digit
    let reply = small().get(&format!("{GET}cartotheque:_2-lieux"));
    let ids = reply.ids();
    assert_eq!(
        ids,
        [
            "_2-lieux.a_x0020_b_x002F_é",
            "_2-lieux.x_y",
            "_2-lieux._x005F_x0041_",
            "_2-lieux.1.5",
            "_2-lieux.normal"
        ]
    );
    // a column has the name that the geometry would have
    assert!(reply.text.contains("<cartotheque:geometry><gml:Point"));
    assert!(
        reply
            .text
            .contains("<cartotheque:geom>une colonne</cartotheque:geom>")
    );
    for id in &ids {
        let found = small().get(&format!("{GET}2-lieux&resourceid={}", encoded(id)));
        assert_eq!(found.ids(), std::slice::from_ref(id));
        let alone = small().get(&format!(
            "service=WFS&version=2.0.0&request=GetFeature&resourceid={}",
            encoded(id)
        ));
        assert_eq!(alone.ids(), std::slice::from_ref(id));
    }
    let filter = "<Filter><PropertyIsEqualTo><ValueReference>cartotheque:code_insee</ValueReference>\
                  <Literal>00007</Literal></PropertyIsEqualTo></Filter>";
    let found = small().get(&format!(
        "{GET}stations&propertyname=code_insee,_2020&sortby=_2020&filter={}",
        encoded(filter)
    ));
    let features = found.features();
    assert_eq!(features.len(), 1);
    assert_eq!(text_of(&features[0], "_2020"), "7");
    let own_name = small().get(&format!(
        "{GET}stations&propertyname={}&count=1",
        encoded("code insee")
    ));
    assert!(own_name.text.contains("<cartotheque:code_insee>00000<"));
}

#[test]
fn a_hostile_value_keeps_what_xml_can_hold_and_breaks_nothing() {
    let kept: String = HOSTILE
        .chars()
        .filter(|c| !matches!(c, '\0' | '\u{1}' | '\u{b}' | '\u{fffe}'))
        .collect();
    for query in [
        "version=2.0.0&typenames=stations",
        "version=1.1.0&typename=stations",
        "version=1.0.0&typename=stations",
    ] {
        let reply = small().get(&format!("service=WFS&request=GetFeature&{query}"));
        let features = reply.features();
        assert_eq!(features.len(), 60);
        assert_eq!(text_of(&features[3], "hostile"), kept, "{query}");
    }
    let json = small()
        .get(&format!("{GET}stations&outputformat=json"))
        .json();
    assert_eq!(json["features"][3]["properties"]["hostile"], HOSTILE);
}

#[test]
fn a_hidden_column_is_nowhere() {
    for query in [
        "request=DescribeFeatureType",
        "request=GetFeature&typenames=stations",
        "request=GetFeature&typenames=stations&outputformat=json",
        "request=GetFeature&typenames=stations&outputformat=csv",
    ] {
        let reply = small().get(&format!("service=WFS&version=2.0.0&{query}"));
        assert_eq!(reply.status, 200, "{query}: {}", reply.text);
        assert!(
            !reply.text.contains("secret") && !reply.text.contains("geheim"),
            "{query}"
        );
    }
    let filter = "<Filter><PropertyIsEqualTo><ValueReference>secret</ValueReference><Literal>geheim\
                  </Literal></PropertyIsEqualTo></Filter>";
    for query in [
        format!("filter={}", encoded(filter)),
        "cql_filter=secret='geheim'".into(),
        "sortby=secret".into(),
        "propertyname=secret".into(),
    ] {
        let reply = small().get(&format!("{GET}stations&{query}"));
        assert_eq!(reply.status, 400, "{query}");
    }
    // what is asked of it does not matter: nobody learns that it is there, or its type
    for condition in [
        "INTERSECTS({},POINT(1 2))",
        "{} AFTER 2024-01-01",
        "A_EQUALS({},('a'))",
    ] {
        let answers = ["secret", "zzzzzz"].map(|name| {
            let filter = encoded(&condition.replace("{}", name));
            let reply = small().get(&format!("{GET}stations&cql_filter={filter}"));
            assert_eq!(reply.status, 400, "{condition}");
            reply.text.replace(name, "NAME")
        });
        assert_eq!(answers[0], answers[1], "{condition}");
    }
}

#[test]
fn f10_geojson_is_lon_lat_with_ids_under_every_name_of_it() {
    for format in [
        "application/json",
        "geojson",
        "json",
        "application/json; subtype=geojson",
        "application/geo+json",
    ] {
        let reply = small().get(&format!(
            "{GET}stations&count=2&outputformat={}",
            encoded(format)
        ));
        assert_eq!(
            reply.media_type, "application/json",
            "{format}: {}",
            reply.text
        );
        let json = reply.json();
        assert_eq!(json["numberMatched"], 60);
        assert_eq!(json["features"][1]["id"], 1);
        assert_eq!(
            json["features"][1]["geometry"]["coordinates"],
            serde_json::json!([2.4, 42.5])
        );
    }
    let mercator = small().get(&format!(
        "{GET}stations&count=1&outputformat=json&srsname=EPSG:3857"
    ));
    let x = mercator.json()["features"][0]["geometry"]["coordinates"][0]
        .as_f64()
        .unwrap();
    assert!((x - 222_638.98).abs() < 0.1, "{x}");
    let named = small().get(&format!(
        "{GET}stations&count=1&outputformat=json&srsname=EPSG:4326"
    ));
    assert_eq!(
        named.json()["features"][0]["geometry"]["coordinates"],
        serde_json::json!([2, 42.5])
    );
    assert!(!named.text.contains("\"crs\""));
}

#[test]
fn a_property_list_gives_these_properties_in_the_order_of_the_schema() {
    let reply = small().get(&format!(
        "{GET}stations&count=1&propertyname=classe,effectif"
    ));
    let names: Vec<String> = reply.features()[0]
        .elements()
        .map(|e| e.name.clone())
        .collect();
    assert_eq!(names, ["effectif", "classe"]);
    let with_geometry = small().get(&format!(
        "{GET}stations&count=1&propertyname=classe,the_geom"
    ));
    let names: Vec<String> = with_geometry.features()[0]
        .elements()
        .map(|e| e.name.clone())
        .collect();
    assert_eq!(names, ["geom", "classe"]);
    let all = small().get(&format!("{GET}stations&count=1&propertyname=*"));
    assert_eq!(all.features()[0].elements().count(), 8, "one has no value");
}
