//! Bodies and addresses that mean harm.

use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::site::{encoded, small};

#[test]
fn bombs_and_nonsense_are_refused_at_once() {
    let deep = |open: &str, close: &str, n: usize| format!("{}{}", open.repeat(n), close.repeat(n));
    let query = |inner: &str| {
        format!(
            "<GetFeature xmlns='http://www.opengis.net/wfs/2.0' service='WFS' version='2.0.0'>\
             <Query typeNames='stations'><Filter>{inner}</Filter></Query></GetFeature>"
        )
    };
    let mut wide = String::new();
    for i in 0..200_000 {
        let _ = write!(wide, "<ResourceId rid='{i}'/>");
    }
    let bodies = [
        "<!DOCTYPE a [<!ENTITY b \"bbbbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;\">]><GetFeature>&c;</GetFeature>".to_owned(),
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><GetFeature/>".to_owned(),
        "<GetFeature>&xxe;</GetFeature>".to_owned(),
        "<".to_owned(),
        "<GetFeature".to_owned(),
        "<a/>".to_owned(),
        "<GetFeature xmlns='http://www.opengis.net/wfs/2.0' version='2.0.0'/>".to_owned(),
        "<Transaction xmlns='http://www.opengis.net/wfs/2.0' service='WFS' version='2.0.0'/>".to_owned(),
        deep("<Not>", "</Not>", 100_000),
        query(&deep("<Not>", "</Not>", 5_000)),
        query(&deep("<And>", "</And>", 40)),
        query(&wide),
        query("<BBOX><Envelope><lowerCorner>1e999 NaN</lowerCorner><upperCorner>2 3</upperCorner></Envelope></BBOX>"),
        query("<BBOX/>"),
        query("<PropertyIsEqualTo/>"),
        format!("<GetFeature xmlns='http://www.opengis.net/wfs/2.0' service='WFS' version='2.0.0'>{}</GetFeature>", "<Query typeNames='stations'/>".repeat(5_000)),
        "<GetFeature xmlns='http://www.opengis.net/wfs/2.0' service='WFS' version='2.0.0'><Query typeNames='a b'/></GetFeature>".to_owned(),
    ];
    for body in &bodies {
        let started = Instant::now();
        let reply = small().post(body);
        let start: String = body.chars().take(80).collect();
        assert_eq!(reply.status, 400, "{start}");
        assert!(reply.text.contains("ExceptionReport"), "{start}");
        assert!(!reply.text.contains("root:"));
        assert!(started.elapsed() < Duration::from_secs(20), "{start}");
    }
}

#[test]
fn nothing_that_a_client_may_write_is_answered_with_a_fault_of_the_server() {
    let values = [
        "",
        "x",
        "-1",
        "1e400",
        "NaN",
        "0,0,0,0",
        "9,9,1,1,urn:ogc:def:crs:EPSG::4326",
        "(",
        ")(",
        "()",
        "(a)(b)",
        "*",
        "%00",
        "99999999999999999999",
        "<Filter/>",
        "a,,b",
        "stations",
        "stations.1",
        "'",
        "\"",
        "../..",
        "EPSG:999999",
    ];
    let names = [
        "version",
        "typenames",
        "srsname",
        "bbox",
        "filter",
        "cql_filter",
        "count",
        "startindex",
        "sortby",
        "propertyname",
        "resulttype",
        "outputformat",
        "resourceid",
        "storedquery_id",
        "valuereference",
        "acceptversions",
        "sections",
        "updatesequence",
        "gmlobjectid",
    ];
    for request in [
        "GetCapabilities",
        "DescribeFeatureType",
        "GetFeature",
        "GetPropertyValue",
        "DescribeStoredQueries",
        "GetGmlObject",
    ] {
        for name in names {
            for value in values {
                let query = format!(
                    "service=WFS&request={request}&typename=stations&{name}={}",
                    encoded(value)
                );
                let reply = small().get(&query);
                assert!(
                    matches!(reply.status, 200 | 400 | 404),
                    "{query}: {} {}",
                    reply.status,
                    reply.text
                );
            }
        }
    }
}
