//! Axis order, names of CRSs, boxes, rings.

use crate::site::{demo, encoded, find, small, text_of};

fn first(query: &str) -> (String, String) {
    let reply = small().get(&format!("service=WFS&request=GetFeature&{query}"));
    let features = reply.features();
    let point = find(&features[1], "Point").unwrap();
    let position = match find(point, "pos") {
        Some(pos) => pos.text().into_owned(),
        None => text_of(point, "coordinates"),
    };
    (point.attribute("srsName").unwrap().to_owned(), position)
}

#[test]
fn f2_each_version_and_form_of_a_name_has_its_axis_order() {
    let old = "http://www.opengis.net/gml/srs/epsg.xml#4326";
    let urn = "urn:ogc:def:crs:EPSG::4326";
    for (query, name, position) in [
        ("version=2.0.0&typenames=stations", urn, "42.5 2.4"),
        (
            "version=2.0.0&typenames=stations&srsname=EPSG:4326",
            urn,
            "42.5 2.4",
        ),
        (
            "version=2.0.0&typenames=stations&srsname=urn:ogc:def:crs:EPSG::4326",
            urn,
            "42.5 2.4",
        ),
        (
            "version=2.0.0&typenames=stations&srsname=urn:ogc:def:crs:OGC:1.3:CRS84",
            "urn:ogc:def:crs:OGC:1.3:CRS84",
            "2.4 42.5",
        ),
        (
            "version=2.0.0&typenames=stations&srsname=http://www.opengis.net/def/crs/EPSG/0/4326",
            "http://www.opengis.net/def/crs/EPSG/0/4326",
            "42.5 2.4",
        ),
        (
            "version=1.1.0&typename=stations&srsname=http://www.opengis.net/gml/srs/epsg.xml%234326",
            old,
            "2.4 42.5",
        ),
        ("version=1.1.0&typename=stations", urn, "42.5 2.4"),
        (
            "version=1.1.0&typename=stations&srsname=EPSG:4326",
            urn,
            "42.5 2.4",
        ),
        ("version=1.0.0&typename=stations", old, "2.4,42.5"),
        (
            "version=1.0.0&typename=stations&srsname=EPSG:4326",
            old,
            "2.4,42.5",
        ),
        (
            "version=2.0.0&typenames=stations&outputformat=GML2",
            old,
            "2.4,42.5",
        ),
    ] {
        assert_eq!(
            first(query),
            (name.to_owned(), position.to_owned()),
            "{query}"
        );
    }
    for version in ["2.0.0", "1.1.0", "1.0.0"] {
        let (_, position) = first(&format!(
            "version={version}&typename=stations&srsname=EPSG:3857"
        ));
        let x: f64 = position.split([' ', ',']).next().unwrap().parse().unwrap();
        assert!((x - 267_166.779).abs() < 0.01, "{version} {position}");
    }
}

/// What lies in 2.9 to 3.3 east, 43.9 to 44.6 north, by every way to say it.
#[test]
fn f2_f3_a_box_finds_the_same_however_it_is_said() {
    let boxed = |corners: &str, srs: &str| {
        format!(
            "<Filter><BBOX><ValueReference>geom</ValueReference><gml:Envelope xmlns:gml='http://www.opengis.net/gml/3.2'{srs}>{corners}\
             </gml:Envelope></BBOX></Filter>"
        )
    };
    let lat_lon =
        "<gml:lowerCorner>43.9 2.9</gml:lowerCorner><gml:upperCorner>44.6 3.3</gml:upperCorner>";
    let lon_lat =
        "<gml:lowerCorner>2.9 43.9</gml:lowerCorner><gml:upperCorner>3.3 44.6</gml:upperCorner>";
    let urn = " srsName='urn:ogc:def:crs:EPSG::4326'";
    let old_box = "<Filter><BBOX><PropertyName>geom</PropertyName><gml:Box xmlns:gml='http://www.opengis.net/gml'>\
                   <gml:coordinates>2.9,43.9 3.3,44.6</gml:coordinates></gml:Box></BBOX></Filter>";
    let turned_box = old_box.replace("2.9,43.9 3.3,44.6", "43.9,2.9 44.6,3.3");
    // a URN is the authority's in a polygon of 1.0.0 too
    let polygon = format!(
        "<Filter><Intersects><PropertyName>geom</PropertyName><gml:Polygon xmlns:gml='http://www.opengis.net/gml'{urn}>\
         <gml:outerBoundaryIs><gml:LinearRing><gml:coordinates>43.9,2.9 43.9,3.3 44.6,3.3 44.6,2.9 43.9,2.9</gml:coordinates>\
         </gml:LinearRing></gml:outerBoundaryIs></gml:Polygon></Intersects></Filter>"
    );
    let mercator = "322826,5452492,367354,5561085,EPSG:3857";
    let ways = [
        "version=2.0.0&bbox=43.9,2.9,44.6,3.3".to_owned(),
        "version=2.0.0&bbox=43.9,2.9,44.6,3.3,urn:ogc:def:crs:EPSG::4326".to_owned(),
        "version=2.0.0&bbox=43.9,2.9,44.6,3.3,EPSG:4326".to_owned(),
        "version=2.0.0&bbox=2.9,43.9,3.3,44.6,urn:ogc:def:crs:OGC:1.3:CRS84".to_owned(),
        "version=2.0.0&bbox=2.9,43.9,3.3,44.6,CRS:84".to_owned(),
        "version=1.1.0&bbox=43.9,2.9,44.6,3.3,EPSG:4326&srsname=EPSG:4326".to_owned(),
        "version=1.1.0&bbox=2.9,43.9,3.3,44.6,http://www.opengis.net/gml/srs/epsg.xml%234326"
            .to_owned(),
        "version=1.0.0&bbox=2.9,43.9,3.3,44.6".to_owned(),
        "version=1.0.0&bbox=2.9,43.9,3.3,44.6,EPSG:4326".to_owned(),
        format!("version=1.1.0&bbox={mercator}&srsname=EPSG:3857"),
        format!("version=2.0.0&filter={}", encoded(&boxed(lat_lon, urn))),
        format!("version=2.0.0&filter={}", encoded(&boxed(lat_lon, ""))),
        format!(
            "version=2.0.0&srsname=CRS:84&filter={}",
            encoded(&boxed(lon_lat, ""))
        ),
        format!("version=1.0.0&filter={}", encoded(old_box)),
        format!("version=1.1.0&filter={}", encoded(&turned_box)),
        format!("version=1.0.0&filter={}", encoded(&polygon)),
        format!("version=1.1.0&filter={}", encoded(&polygon)),
        format!(
            "version=1.1.0&srsname=http://www.opengis.net/gml/srs/epsg.xml%234326&filter={}",
            encoded(&polygon)
        ),
        "version=2.0.0&cql_filter=BBOX(geom,2.9,43.9,3.3,44.6)".to_owned(),
    ];
    for way in ways {
        let reply = small().get(&format!(
            "service=WFS&request=GetFeature&typename=stations&{way}"
        ));
        let ids = reply.ids();
        assert_eq!(ids, ["stations.33", "stations.43"], "{way}");
    }
}

#[test]
fn a_box_in_another_crs_than_the_data_is_exact_to_its_edges() {
    // Lambert-93 bends the parallels: a box of longitudes and latitudes is no box there
    let count = |query: &str| {
        let reply = demo().get(&format!(
            "service=WFS&version=2.0.0&request=GetFeature&typenames=villes&resulttype=hits&{query}"
        ));
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply
            .xml()
            .attribute("numberMatched")
            .unwrap()
            .parse::<usize>()
            .unwrap()
    };
    let all =
        demo().get("service=WFS&version=2.0.0&request=GetFeature&typenames=villes&srsname=CRS:84");
    let positions: Vec<[f64; 2]> = all
        .features()
        .iter()
        .map(|f| {
            let pos = text_of(f, "pos");
            let (x, y) = pos.split_once(' ').unwrap();
            [x.parse().unwrap(), y.parse().unwrap()]
        })
        .collect();
    assert!(positions.len() > 20);
    let (west, south, east, north) = (3.0, 45.0, 6.5, 46.2);
    let expected = positions
        .iter()
        .filter(|[x, y]| (west..=east).contains(x) && (south..=north).contains(y))
        .count();
    assert!(expected > 5 && expected < positions.len());
    assert_eq!(
        count(&format!(
            "bbox={south},{west},{north},{east},urn:ogc:def:crs:EPSG::4326"
        )),
        expected
    );
    let filter = format!(
        "<Filter><And><BBOX><ValueReference>geom</ValueReference><Envelope srsName='EPSG:4326'>\
         <lowerCorner>{south} {west}</lowerCorner><upperCorner>{north} {east}</upperCorner></Envelope>\
         </BBOX><Not><PropertyIsNull><ValueReference>nom</ValueReference></PropertyIsNull></Not></And></Filter>"
    );
    assert_eq!(count(&format!("filter={}", encoded(&filter))), expected);
}

#[test]
fn iso19107_outer_rings_run_counterclockwise_and_holes_clockwise() {
    let reply = small().get(
        "service=WFS&version=2.0.0&request=GetFeature&typenames=departements&count=1&srsname=CRS:84",
    );
    let feature = &reply.features()[0];
    let ring = |role: &str| text_of(find(feature, role).unwrap(), "posList");
    assert_eq!(ring("exterior"), "2 43 3 43 3 44 2 44 2 43");
    assert_eq!(
        ring("interior"),
        "2.25 43.25 2.25 43.75 2.75 43.75 2.75 43.25 2.25 43.25"
    );
}

#[test]
fn every_geometry_is_written_in_the_words_of_its_version() {
    let kinds = |version: &str| -> Vec<String> {
        let query = format!("service=WFS&version={version}&request=GetFeature&typename=formes");
        small()
            .get(&query)
            .features()
            .iter()
            .map(|f| {
                let geometry = f.child("geom").and_then(|g| g.elements().next());
                geometry.map_or_else(|| "none".to_owned(), |g| g.name.clone())
            })
            .collect()
    };
    let new = [
        "Point",
        "LineString",
        "Polygon",
        "MultiPoint",
        "MultiCurve",
        "MultiSurface",
        "MultiGeometry",
        "none",
    ];
    assert_eq!(kinds("2.0.0"), new);
    assert_eq!(kinds("1.1.0"), new);
    let old = [
        "Point",
        "LineString",
        "Polygon",
        "MultiPoint",
        "MultiLineString",
        "MultiPolygon",
        "MultiGeometry",
        "none",
    ];
    assert_eq!(kinds("1.0.0"), old);
}

/// OGC 21-045r1 §7.7: positions of JSON-FG are in the order of the CRS that it names; those of
/// GeoJSON are x, y whatever that is.
#[test]
fn json_fg_has_the_axis_order_of_its_crs() {
    for version in ["version=2.0.0&typenames=", "version=1.1.0&typename="] {
        let of = |format: &str| {
            let query = format!(
                "service=WFS&request=GetFeature&{version}stations\
                 &srsname=urn:ogc:def:crs:EPSG::4326&outputformat={format}"
            );
            serde_json::from_str::<serde_json::Value>(&small().get(&query).text).unwrap()
        };
        let (plain, named) = (of("application/geo%2Bjson"), of("jsonfg"));
        let crs = named["coordRefSys"].as_str().unwrap();
        assert!(crs.ends_with("/4326"), "{crs}");
        let xy = &plain["features"][0]["geometry"]["coordinates"];
        let yx = &named["features"][0]["place"]["coordinates"];
        assert!(xy[0].is_number() && xy[0] != xy[1], "{xy}");
        assert_eq!((&yx[0], &yx[1]), (&xy[1], &xy[0]), "{version}");
    }
}
