//! Stored queries, single features, values.

use crate::site::{BASE, demo, encoded, small};

const GET: &str = "service=WFS&version=2.0.0&request=GetFeature";
const DATA_SET: &str = "http://inspire.ec.europa.eu/operation/download/GetSpatialDataSet";

#[test]
fn wfs200_7_9_3_6_a_feature_by_its_id_is_the_feature_alone() {
    for id in [
        "urn:ogc:def:query:OGC-WFS::GetFeatureById",
        "http://www.opengis.net/def/query/OGC-WFS/0/GetFeatureById",
    ] {
        let reply = small().get(&format!("{GET}&STOREDQUERY_ID={id}&ID=stations.7"));
        assert_eq!(reply.status, 200);
        let root = reply.xml();
        assert_eq!(
            (root.name.as_str(), root.attribute("id")),
            ("stations", Some("stations.7"))
        );
        for unknown in ["stations.700", "bogus.1", "stations", "stations.x"] {
            let reply = small().get(&format!("{GET}&STOREDQUERY_ID={id}&ID={unknown}"));
            assert_eq!(reply.status, 404, "{unknown}");
            assert_eq!(reply.exception().0, "NotFound");
        }
    }
    let json = small().get(&format!(
        "{GET}&storedquery_id=GetFeatureById&id=stations.7&outputformat=json"
    ));
    assert_eq!(json.json()["type"], "Feature");
    let old = small().get("service=WFS&version=1.1.0&request=GetGmlObject&traversexlinkdepth=0&gmlobjectid=departements.19");
    assert_eq!(old.xml().attribute("id"), Some("departements.19"));
    let none =
        small().get("service=WFS&version=1.1.0&request=GetGmlObject&gmlobjectid=departements.99");
    assert_eq!(
        (none.status, none.exception().0.as_str()),
        (404, "InvalidParameterValue")
    );
    for wrong in [
        "STOREDQUERY_ID=bogus&ID=stations.7",
        "STOREDQUERY_ID=GetFeatureById",
    ] {
        assert_eq!(
            small().get(&format!("{GET}&{wrong}")).status,
            400,
            "{wrong}"
        );
    }
}

#[test]
fn stored_queries_are_listed_and_described() {
    let list = small()
        .get("service=WFS&version=2.0.0&request=ListStoredQueries")
        .xml();
    let ids: Vec<String> = list
        .elements()
        .map(|e| e.attribute("id").unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 3);
    for id in &ids {
        let query = format!(
            "service=WFS&version=2.0.0&request=DescribeStoredQueries&storedquery_id={}",
            encoded(id)
        );
        let one = small().get(&query).xml();
        assert_eq!(one.elements().count(), 1);
        assert_eq!(
            one.elements().next().unwrap().attribute("id"),
            Some(id.as_str())
        );
    }
    let by_id =
        "service=WFS&version=2.0.0&request=DescribeStoredQueries&storedquery_id=GetFeatureById";
    let short = small().get(by_id).xml();
    let described: Vec<_> = short.elements().map(|e| e.attribute("id")).collect();
    assert_eq!(described, [Some(ids[0].as_str())]);
    let none =
        small().get("service=WFS&version=2.0.0&request=DescribeStoredQueries&storedquery_id=bogus");
    assert_eq!(none.status, 400);
}

#[test]
fn inspire_every_data_set_is_had_in_every_crs_and_language_that_is_advertised() {
    let capabilities = small().get("service=WFS&request=GetCapabilities").xml();
    let extended = crate::site::find(&capabilities, "ExtendedCapabilities").unwrap();
    let mut codes = Vec::new();
    for data_set in extended.elements().next().unwrap().elements() {
        if data_set.name == "SpatialDataSetIdentifier" {
            codes.push(crate::site::text_of(data_set, "Code"));
        }
    }
    assert_eq!(codes.len(), 4);
    for code in &codes {
        for crs in [2154, 3857, 4326, 4258] {
            for language in ["fre", "eng"] {
                let reply = small().get(&format!(
                    "{GET}&STOREDQUERY_ID={}&DataSetIdCode={}&DataSetIdNamespace=&CRS=urn:ogc:def:crs:EPSG::{crs}&Language={language}",
                    encoded(DATA_SET),
                    encoded(code)
                ));
                let srs = format!("srsName=\"urn:ogc:def:crs:EPSG::{crs}\"");
                assert!(
                    reply.features().len() > 4 && reply.text.contains(&srs),
                    "{code} {crs}"
                );
            }
        }
    }
    let unknown = small().get(&format!(
        "{GET}&STOREDQUERY_ID={}&DataSetIdCode=bogus",
        encoded(DATA_SET)
    ));
    assert_eq!(
        unknown.exception(),
        ("InvalidParameterValue".into(), "DataSetIdCode".into())
    );
    // the endpoint of a data set needs no identifier
    let own = demo().ask(&cartotheque::protocol::Request {
        query: &format!("{GET}&STOREDQUERY_ID={DATA_SET}&CRS=EPSG:4258&count=1"),
        base: BASE,
        collection: Some("departements"),
        ..Default::default()
    });
    assert_eq!(own.features().len(), 1, "{}", own.text);
}

#[test]
fn wfs200_10_values_of_a_property_are_counted_as_they_are_given() {
    let values = |query: &str| {
        let query = format!(
            "service=WFS&version=2.0.0&request=GetPropertyValue&typenames=stations&{query}"
        );
        let reply = small().get(&query);
        assert_eq!(reply.status, 200, "{}", reply.text);
        let root = reply.xml();
        assert_eq!(root.name, "ValueCollection");
        let count = |name: &str| root.attribute(name).unwrap().parse::<usize>().unwrap();
        let (matched, returned) = (count("numberMatched"), count("numberReturned"));
        assert_eq!(root.elements().count(), returned);
        let texts = root
            .elements()
            .map(|member| match member.elements().next() {
                Some(inner) => inner.text().into_owned(),
                None => member.text().into_owned(),
            });
        (matched, texts.collect::<Vec<_>>())
    };
    assert_eq!(
        values("valuereference=classe&count=4"),
        (60, vec!["A".into(), "B".into(), "C".into(), "A".into()])
    );
    // what has no value is not counted
    assert_eq!(values("valuereference=cartotheque:mesure&count=0").0, 51);
    assert_eq!(
        values("valuereference=@gml:id&count=2").1,
        ["stations.0", "stations.1"]
    );
    assert_eq!(values("valuereference=geom&count=3").0, 60);
    assert_eq!(
        values("valuereference=classe&resulttype=hits"),
        (60, vec![])
    );
    let unknown = small().get("service=WFS&version=2.0.0&request=GetPropertyValue&typenames=stations&valuereference=bogus");
    assert_eq!(unknown.exception().0, "InvalidParameterValue");
}

#[test]
fn wfs200_7_9_3_6_a_feature_alone_is_no_list_to_page_through() {
    let alone = format!("{GET}&storedquery_id=GetFeatureById&id=stations.7");
    for page in ["count=0", "startindex=1", "count=1&startindex=5"] {
        let reply = small().get(&format!("{alone}&{page}"));
        assert_eq!(reply.xml().attribute("id"), Some("stations.7"), "{page}");
        let json = small().get(&format!("{alone}&{page}&outputformat=json"));
        assert_eq!(json.json()["type"], "Feature", "{page}");
    }
    let hits = small().get(&format!("{alone}&resulttype=hits&outputformat=json"));
    assert_eq!(hits.json()["numberMatched"], 1);
    let body = "<GetFeature service='WFS' version='2.0.0' xmlns='http://www.opengis.net/wfs/2.0'>\
                <StoredQuery id='GetFeatureById'><Parameter name='id'>stations.700</Parameter>\
                </StoredQuery></GetFeature>";
    let none = small().post(body);
    assert_eq!(none.status, 404);
    assert!(none.text.contains("stations.700"), "{}", none.text);
}
