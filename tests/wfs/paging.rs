//! Paging, counts, order.

use crate::site::{BASE, demo, encoded, small};

const GET: &str = "service=WFS&version=2.0.0&request=GetFeature&typenames=";

#[test]
fn wfs200_7_7_4_4_next_leads_through_every_feature_once_and_previous_back() {
    let filter = "<Filter><PropertyIsNotEqualTo><ValueReference>classe</ValueReference>\
                  <Literal>C</Literal></PropertyIsNotEqualTo></Filter>";
    let mut query = format!(
        "{GET}stations&count=7&sortby=effectif+D&filter={}",
        encoded(filter)
    );
    let mut seen = Vec::new();
    let mut previous = None;
    loop {
        let reply = small().get(&query);
        let root = reply.xml();
        assert_eq!(root.attribute("numberMatched"), Some("40"));
        let ids = reply.ids();
        assert_eq!(
            root.attribute("numberReturned"),
            Some(ids.len().to_string().as_str())
        );
        seen.extend(ids);
        previous = root.attribute("previous").map(str::to_owned).or(previous);
        match root.attribute("next") {
            Some(next) => {
                query = next
                    .strip_prefix(&format!("{BASE}/wfs?"))
                    .unwrap()
                    .to_owned()
            }
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((seen.len(), sorted.len()), (40, 40));
    assert_eq!(seen[0], "stations.58", "the largest that is no C");
    let back = previous.unwrap();
    let ids = small()
        .get(back.strip_prefix(&format!("{BASE}/wfs?")).unwrap())
        .ids();
    assert_eq!(ids, seen[28..35]);
}

#[test]
fn a_document_s_next_page_is_a_plain_address() {
    let body = "<wfs:GetFeature xmlns:wfs='http://www.opengis.net/wfs/2.0' xmlns:f='http://www.opengis.net/fes/2.0' service='WFS' \
                version='2.0.0' count='4'><wfs:Query typeNames='a:stations' xmlns:a='urn:a' srsName='urn:ogc:def:crs:EPSG::3857'>\
                <wfs:PropertyName>a:effectif</wfs:PropertyName><f:Filter><f:BBOX><f:ValueReference>geom</f:ValueReference>\
                <g:Envelope xmlns:g='http://www.opengis.net/gml/3.2' srsName='urn:ogc:def:crs:EPSG::4326'><g:lowerCorner>42 1.9</g:lowerCorner>\
                <g:upperCorner>43.1 4</g:upperCorner></g:Envelope></f:BBOX></f:Filter><f:SortBy><f:SortProperty><f:ValueReference>effectif\
                </f:ValueReference><f:SortOrder>DESC</f:SortOrder></f:SortProperty></f:SortBy></wfs:Query></wfs:GetFeature>";
    let first = small().post(body);
    let next = first.xml().attribute("next").unwrap().to_owned();
    let second = small().get(next.strip_prefix(&format!("{BASE}/wfs?")).unwrap());
    assert_eq!(
        first.xml().attribute("numberMatched"),
        second.xml().attribute("numberMatched")
    );
    assert_eq!(
        first.ids(),
        ["stations.15", "stations.14", "stations.13", "stations.12"]
    );
    assert_eq!(
        second.ids(),
        ["stations.11", "stations.10", "stations.5", "stations.4"]
    );
}

#[test]
fn a_first_page_that_is_shorter_repeats_nothing() {
    let reply = small()
        .get(&format!("{GET}stations&count=10&startindex=4"))
        .xml();
    let previous = reply.attribute("previous").unwrap();
    assert!(previous.ends_with("STARTINDEX=0&COUNT=4"), "{previous}");
}

#[test]
fn f4_hits_are_exact_and_a_hits_answer_has_a_next_page() {
    for (query, matched) in [
        ("version=2.0.0&typenames=stations&resulttype=hits", "60"),
        (
            "version=2.0.0&typenames=ms:stations&RESULTTYPE=HITS&cql_filter=effectif>1800",
            "39",
        ),
        (
            "version=2.0.0&typenames=(stations)(departements)&resulttype=hits",
            "66",
        ),
        (
            "version=2.0.0&typenames=stations,departements&resulttype=hits",
            "66",
        ),
    ] {
        let root = small()
            .get(&format!("service=WFS&request=GetFeature&{query}"))
            .xml();
        assert_eq!(root.attribute("numberMatched"), Some(matched), "{query}");
        assert_eq!(root.attribute("numberReturned"), Some("0"));
        assert_eq!(root.elements().count(), 0);
    }
    let old = small()
        .get("service=WFS&version=1.1.0&request=GetFeature&typename=stations&resulttype=hits");
    assert_eq!(old.xml().attribute("numberOfFeatures"), Some("60"));
    let root = small()
        .get(&format!("{GET}stations&resulttype=hits&count=8"))
        .xml();
    let next = root.attribute("next").unwrap();
    let ids = small()
        .get(next.strip_prefix(&format!("{BASE}/wfs?")).unwrap())
        .ids();
    assert_eq!(ids.len(), 8);
}

#[test]
fn a_page_of_several_queries_goes_on_from_one_type_to_the_next() {
    let reply = small().get(&format!(
        "{GET}(departements)(stations)&count=5&startindex=4"
    ));
    let ids = reply.ids();
    assert_eq!(
        ids,
        [
            "departements.22",
            "departements.23",
            "stations.0",
            "stations.1",
            "stations.2"
        ]
    );
    let root = reply.xml();
    assert_eq!(root.attribute("numberMatched"), Some("66"));
    assert_eq!(root.attribute("numberReturned"), Some("5"));
    let flat = small().get(
        "service=WFS&version=1.1.0&request=GetFeature&typename=departements,stations&maxfeatures=7",
    );
    assert_eq!(flat.ids().len(), 7);
}

#[test]
fn pages_beyond_the_end_are_empty() {
    let reply = small().get(&format!("{GET}stations&count=5&startindex=60"));
    assert_eq!(reply.ids(), Vec::<String>::new());
    assert_eq!(reply.xml().attribute("next"), None);
    let zero = small().get(&format!("{GET}stations&count=0"));
    assert_eq!(zero.ids().len(), 0);
    assert_eq!(zero.xml().attribute("next"), None);
}

#[test]
fn sortby_reads_every_spelling_of_an_order() {
    for (sort, first) in [
        ("effectif", "stations.0"),
        ("effectif A", "stations.0"),
        ("effectif%20ASC", "stations.0"),
        ("effectif+DESC", "stations.59"),
        ("classe D,cartotheque:effectif D", "stations.59"),
        ("classe DESC,effectif ASC", "stations.2"),
    ] {
        let reply = small().get(&format!("{GET}stations&count=1&sortby={sort}"));
        assert_eq!(reply.ids(), [first], "{sort}");
    }
    assert_eq!(
        small().get(&format!("{GET}stations&sortby=geom")).status,
        400
    );
}

#[test]
fn an_answer_of_many_pieces_is_one_whole_document() {
    let reply = demo().get(&format!("{GET}communes&srsname=EPSG:4326"));
    let ids = reply.ids();
    assert_eq!(
        reply.xml().attribute("numberMatched"),
        Some(ids.len().to_string().as_str())
    );
    assert!(ids.len() > 4000 && reply.text.len() > 1_000_000);
}

#[test]
fn from_beyond_the_end_the_way_back_is_to_the_last_page() {
    let beyond = small().get(&format!("{GET}stations&count=8&startindex=100000"));
    let root = beyond.xml();
    let previous = root.attribute("previous").unwrap();
    assert!(previous.ends_with("STARTINDEX=52&COUNT=8"), "{previous}");
    let none = small().get(&format!(
        "{GET}stations&count=8&startindex=3&cql_filter=effectif<0"
    ));
    assert_eq!(none.xml().attribute("previous"), None);
}

#[test]
fn ids_that_are_positions_have_one_order() {
    let sorted =
        |order: &str| small().get(&format!("{GET}stations&count=1&sortby=@gml:id+{order}"));
    assert_eq!(sorted("ASC").ids(), ["stations.0"]);
    let refused = sorted("DESC");
    assert_eq!(refused.status, 400);
    assert_eq!(refused.exception().1, "sortBy");
}

#[test]
fn a_count_comes_as_xml_where_the_format_has_no_place_for_it() {
    let ask = |format: &str| {
        demo().get(&format!(
            "{GET}departements&resulttype=hits&outputformat={format}"
        ))
    };
    for format in ["csv", "kml", "fgb", "gpkg", "shp", "parquet"] {
        let reply = ask(format);
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert!(reply.media_type.starts_with("application/gml+xml"));
        let root = reply.xml();
        assert_eq!(root.attribute("numberMatched"), Some("12"), "{format}");
        assert_eq!(root.attribute("numberReturned"), Some("0"), "{format}");
    }
    assert_eq!(ask("json").json()["numberMatched"], 12);
}

/// Nothing here refers to anything elsewhere, and other servers are not asked (§7.6.4).
#[test]
fn what_would_be_resolved_elsewhere_is_refused() {
    let ask = |resolve: &str| demo().get(&format!("{GET}departements&count=1&resolve={resolve}"));
    for fine in ["none", "local", "Local"] {
        assert_eq!(ask(fine).status, 200, "{fine}");
    }
    for wrong in ["all", "remote", "x"] {
        let reply = ask(wrong);
        let expected = ("InvalidParameterValue".to_owned(), "resolve".to_owned());
        assert_eq!(reply.exception(), expected, "{}", reply.text);
    }
    let posted = demo().post(
        "<wfs:GetFeature xmlns:wfs='http://www.opengis.net/wfs/2.0' service='WFS' \
         version='2.0.0' resolve='remote'><wfs:Query typeNames='departements'/></wfs:GetFeature>",
    );
    assert_eq!(posted.exception().1, "resolve", "{}", posted.text);
}
