//! Every kind of document against the official schemas, offline.

use std::fmt::Write;

use crate::common::Scratch;
use crate::schema::{assert_valid, check, schemas};
use crate::site::{World, demo, load, small};

const WFS_20: &str = "drivers/wfs20-inspire.xsd";
const WFS_11: &str = "drivers/wfs11-gml31.xsd";
const WFS_10: &str = "schemas.opengis.net/wfs/1.0.0/WFS-capabilities.xsd";

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn capabilities_are_valid_in_every_version_on_every_endpoint() {
    for world in [small(), demo()] {
        for (version, schema) in [("2.0.0", WFS_20), ("1.1.0", WFS_11), ("1.0.0", WFS_10)] {
            let query = format!("service=WFS&request=GetCapabilities&version={version}");
            assert_valid(&world.get(&query).text, schema);
            let one = world.ask(&cartotheque::protocol::Request {
                query: &query,
                base: "https://example.org/a&b",
                collection: Some("departements"),
                ..Default::default()
            });
            assert_valid(&one.text, schema);
        }
        let parts = "service=WFS&request=GetCapabilities&sections=FeatureTypeList&LANGUAGE=eng";
        assert_valid(&world.get(parts).text, WFS_20);
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn exceptions_and_stored_queries_are_valid() {
    let hostile = "%3C/x%3E%26%00%01%0B%EF%BF%BE%5D%5D%3E%22";
    for (version, schema) in [
        ("2.0.0", WFS_20),
        ("1.1.0", WFS_11),
        ("1.0.0", "schemas.opengis.net/wfs/1.0.0/OGC-exception.xsd"),
    ] {
        for query in [
            format!("version={version}&request=GetFeature&typename={hostile}"),
            format!("version={version}&request={hostile}"),
            format!("version={version}&request=GetFeature&typename=stations&filter={hostile}"),
        ] {
            let reply = small().get(&format!("service=WFS&{query}"));
            assert_eq!(reply.status, 400);
            assert_valid(&reply.text, schema);
        }
    }
    for request in ["ListStoredQueries", "DescribeStoredQueries"] {
        let reply = small().get(&format!("service=WFS&version=2.0.0&request={request}"));
        assert_valid(&reply.text, WFS_20);
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn capabilities_of_a_site_without_layers_are_valid() {
    let folder = Scratch::new("wfs-empty");
    let world = load(&folder.0, None);
    for (version, schema) in [("2.0.0", WFS_20), ("1.1.0", WFS_11)] {
        let query = format!("service=WFS&request=GetCapabilities&version={version}");
        assert_valid(&world.get(&query).text, schema);
    }
}

/// A schema that imports the official ones of a version and the site's own, of types of one
/// namespace; none: of all.
pub fn driver(world: &World, version: &str, types: &str, folder: &Scratch) -> String {
    let own = world.get(&format!(
        "service=WFS&version={version}&request=DescribeFeatureType&typename={types}"
    ));
    let own = own.text;
    let namespace = own
        .split("targetNamespace=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    // by its path: xmllint takes the address and the file for two documents
    let local = format!("{}/schemas.opengis.net", schemas().display());
    let own = own.replace("http://schemas.opengis.net", &local);
    let path = folder.0.join(format!("own-{version}.xsd"));
    std::fs::write(&path, own).unwrap();
    let imports: &[[&str; 2]] = match version {
        "2.0.0" => &[
            [
                "http://www.w3.org/XML/1998/namespace",
                "www.w3.org/2001/xml.xsd",
            ],
            ["http://www.w3.org/1999/xlink", "www.w3.org/1999/xlink.xsd"],
            [
                "http://www.opengis.net/gml/3.2",
                "schemas.opengis.net/gml/3.2.1/gml.xsd",
            ],
            [
                "http://www.opengis.net/fes/2.0",
                "schemas.opengis.net/filter/2.0/filterAll.xsd",
            ],
            [
                "http://www.opengis.net/ows/1.1",
                "schemas.opengis.net/ows/1.1.0/owsAll.xsd",
            ],
            [
                "http://www.opengis.net/wfs/2.0",
                "schemas.opengis.net/wfs/2.0/wfs.xsd",
            ],
        ],
        "1.1.0" => &[
            [
                "http://www.w3.org/XML/1998/namespace",
                "www.w3.org/2001/xml.xsd",
            ],
            ["http://www.w3.org/1999/xlink", "www.w3.org/1999/xlink.xsd"],
            [
                "http://www.opengis.net/gml",
                "schemas.opengis.net/gml/3.1.1/base/gml.xsd",
            ],
            [
                "http://www.opengis.net/ogc",
                "schemas.opengis.net/filter/1.1.0/filter.xsd",
            ],
            [
                "http://www.opengis.net/ows",
                "schemas.opengis.net/ows/1.0.0/owsAll.xsd",
            ],
            [
                "http://www.opengis.net/wfs",
                "schemas.opengis.net/wfs/1.1.0/wfs.xsd",
            ],
        ],
        _ => &[
            [
                "http://www.opengis.net/gml",
                "schemas.opengis.net/gml/2.1.2/feature.xsd",
            ],
            [
                "http://www.opengis.net/wfs",
                "schemas.opengis.net/wfs/1.0.0/WFS-basic.xsd",
            ],
        ],
    };
    let mut text = String::from(
        "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" targetNamespace=\"urn:driver\">\n",
    );
    for [namespace, file] in imports {
        let location = schemas().join(file);
        let _ = writeln!(
            text,
            "<xs:import namespace=\"{namespace}\" schemaLocation=\"{}\"/>",
            location.display()
        );
    }
    let _ = writeln!(
        text,
        "<xs:import namespace=\"{namespace}\" schemaLocation=\"{}\"/>\n</xs:schema>",
        path.display()
    );
    let path = folder.0.join(format!("driver-{version}.xsd"));
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn features_of_every_type_are_valid_to_the_schema_that_describes_them() {
    let folder = Scratch::new("wfs-valid");
    for (world, names) in [
        (
            small(),
            ["stations", "departements", "_2-lieux", "formes"].as_slice(),
        ),
        (
            demo(),
            ["communes", "villes", "cours-eau", "aerodromes", "lacs"].as_slice(),
        ),
    ] {
        for version in ["2.0.0", "1.1.0", "1.0.0"] {
            let driver = driver(world, version, "", &folder);
            let valid = |text: &str| check(text, &["--schema", &driver]);
            for name in names {
                let query = format!(
                    "service=WFS&version={version}&request=GetFeature&typename={name}&count=60"
                );
                let reply = world.get(&query);
                assert!(!reply.features().is_empty());
                valid(&reply.text);
            }
            let base = format!("service=WFS&version={version}&request=GetFeature&typename=");
            valid(
                &world
                    .get(&format!("{base}{}&resulttype=hits", names[0]))
                    .text,
            );
            valid(
                &world
                    .get(&format!("{base}{},{}&count=80", names[0], names[1]))
                    .text,
            );
            valid(
                &world
                    .get(&format!(
                        "{base}{}&srsname=EPSG:3857&bbox=1,1,2,2,EPSG:3857",
                        names[0]
                    ))
                    .text,
            );
            if version == "2.0.0" {
                let one = format!(
                    "service=WFS&version=2.0.0&request=GetFeature&storedquery_id=GetFeatureById&id={}",
                    world.get(&format!("{base}{}&count=1", names[0])).ids()[0]
                );
                valid(&world.get(&one).text);
                let few = match names.contains(&"aerodromes") {
                    true => "aerodromes",
                    false => names[1],
                };
                // a feature of several tuples has an id of its own in each
                let join = format!(
                    "service=WFS&version=2.0.0&request=GetFeature&typenames=({0},{0})&aliases=(a,b)&count=20\
                     &filter=%3CFilter%20xmlns='http://www.opengis.net/fes/2.0'%3E%3CPropertyIsNotEqualTo%3E\
                     %3CValueReference%3Ea/nom%3C/ValueReference%3E%3CValueReference%3Eb/nom\
                     %3C/ValueReference%3E%3C/PropertyIsNotEqualTo%3E%3C/Filter%3E",
                    few
                );
                let tuples = world.get(&join);
                assert!(tuples.text.contains("<wfs:Tuple>"), "{}", tuples.text);
                valid(&tuples.text);
                for reference in ["geom", "@gml:id", "nom"] {
                    let name = names[1];
                    let values = world.get(&format!("service=WFS&version=2.0.0&request=GetPropertyValue&typenames={name}&valuereference={reference}&count=5"));
                    assert_eq!(values.status, 200, "{}", values.text);
                    valid(&values.text);
                }
            }
        }
    }
}
