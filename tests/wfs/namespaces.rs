//! Namespaces, prefixes and names of elements that the configuration says: the same in schemas,
//! capabilities, answers and filters of every version.

use std::sync::OnceLock;

use crate::common::Scratch;
use crate::schema::{assert_valid, check};
use crate::site::{World, load};
use crate::valid::driver;

/// Three kinds of geometry under names of their own, columns that are GML's, one that must be
/// there; and a layer in another namespace.
fn named() -> &'static World {
    static NAMED: OnceLock<World> = OnceLock::new();
    NAMED.get_or_init(|| {
        let folder = Scratch::new("wfs-named");
        let write = |name: &str, text: &str| {
            let path = folder.0.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(
            "capabilities/server.yaml",
            "schema: cartotheque/server@1\ntitle: Noms\ncrs: [EPSG:4326, EPSG:3857]\n\
             contact: {organisation: Essai, email: a@example.org}\n\
             namespace: {prefix: ddt, uri: 'https://ddt.example/objets'}\n",
        );
        write(
            "capabilities/layers/objets.yaml",
            "schema: cartotheque/layer@1\ntitle: Objets\nsource: {file: data/objets.geojson}\n\
             id_column: code\n\
             geometry_name: {Polygon: emprise, Point: position, LineString: trace}\n\
             fields:\n  - {name: code, element: 'gml:id'}\n  - {name: rang, required: true}\n  \
             - {name: mot, element: motClé}\n  - {name: nom, element: 'gml:name'}\n",
        );
        write(
            "capabilities/layers/lieux.yaml",
            "schema: cartotheque/layer@1\ntitle: Lieux\nsource: {file: data/lieux.geojson}\n\
             namespace: {prefix: ign, uri: 'https://ign.example/lieux'}\ngeometry_name: endroit\n",
        );
        write(
            "data/objets.geojson",
            r#"{"type": "FeatureCollection", "features": [
            {"type": "Feature", "properties": {"code": "a", "rang": 1, "mot": "x", "nom": "Un"},
             "geometry": {"type": "Point", "coordinates": [2, 45]}},
            {"type": "Feature", "properties": {"code": "b", "rang": null, "mot": "y", "nom": "Deux"},
             "geometry": {"type": "LineString", "coordinates": [[2, 45], [3, 46]]}},
            {"type": "Feature", "properties": {"code": "c", "rang": 3, "mot": null, "nom": null},
             "geometry": {"type": "Polygon", "coordinates": [[[2, 45], [3, 45], [3, 46], [2, 45]]]}},
            {"type": "Feature", "properties": {"code": "d", "rang": 4, "mot": null, "nom": null},
             "geometry": {"type": "MultiPoint", "coordinates": [[2, 45], [3, 45]]}}]}"#,
        );
        write(
            "data/lieux.geojson",
            r#"{"type": "FeatureCollection", "features": [
            {"type": "Feature", "properties": {"nom": "Là"},
             "geometry": {"type": "Point", "coordinates": [2, 45]}}]}"#,
        );
        load(&folder.0.clone(), Some(folder))
    })
}

const VERSIONS: [(&str, &str); 3] = [
    ("2.0.0", "drivers/wfs20-gml32.xsd"),
    ("1.1.0", "drivers/wfs11-gml31.xsd"),
    (
        "1.0.0",
        "schemas.opengis.net/wfs/1.0.0/WFS-capabilities.xsd",
    ),
];

#[test]
fn capabilities_declare_each_namespace_and_name_types_in_their_own() {
    for (version, _) in VERSIONS {
        let text = named()
            .get(&format!(
                "service=WFS&request=GetCapabilities&version={version}"
            ))
            .text;
        for expected in [
            "xmlns:ddt=\"https://ddt.example/objets\"",
            "xmlns:ign=\"https://ign.example/lieux\"",
            "<Name>ddt:objets</Name>",
            "<Name>ign:lieux</Name>",
        ] {
            assert!(
                text.contains(expected),
                "{version}: no {expected} in {text}"
            );
        }
        assert!(!text.contains("xmlns:cartotheque"), "{version}");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn features_are_valid_by_the_schema_that_their_own_document_names() {
    for (version, schema) in VERSIONS {
        let folder = Scratch::new(&format!("named-{version}"));
        let query = format!("service=WFS&version={version}&request=");
        let names = ["ddt:objets", "ign:lieux"];
        let capabilities = named().get(&format!("{query}GetCapabilities"));
        assert_valid(&capabilities.text, schema);
        for name in names {
            let driver = driver(named(), version, name, &folder);
            for more in ["", "&propertyname=motCl%C3%A9"] {
                if name == "ign:lieux" && !more.is_empty() {
                    continue;
                }
                let reply = named().get(&format!("{query}GetFeature&typename={name}{more}"));
                assert!(reply.text.contains(&format!("<{name} ")), "{}", reply.text);
                check(&reply.text, &["--schema", &driver]);
            }
        }
    }
}

#[test]
fn wfs20_9_types_of_several_namespaces_are_a_schema_that_imports_one_of_each() {
    let query = "service=WFS&version=2.0.0&request=DescribeFeatureType";
    let document = named().get(query).xml();
    let imports: Vec<_> = document
        .elements()
        .map(|e| {
            (
                e.attribute("namespace").unwrap(),
                e.attribute("schemaLocation").unwrap(),
            )
        })
        .collect();
    assert_eq!(imports.len(), 2, "{imports:?}");
    for (namespace, location) in imports {
        let (_, query) = location.split_once('?').unwrap();
        let one = named().get(query).xml();
        assert_eq!(one.attribute("targetNamespace"), Some(namespace));
    }
    let both = "service=WFS&version=2.0.0&request=GetFeature&typenames=(objets)(lieux)";
    let text = named().get(both).text;
    for namespace in ["https://ddt.example/objets", "https://ign.example/lieux"] {
        // declared, and in schemaLocation
        assert_eq!(text.matches(namespace).count(), 2, "{namespace}: {text}");
    }
}

#[test]
fn a_geometry_stands_under_the_name_of_its_kind_and_is_found_by_it() {
    let get = |more: &str| {
        let query = "service=WFS&version=2.0.0&request=GetFeature&typenames=ddt:objets";
        named().get(&format!("{query}{more}"))
    };
    let all = get("").text;
    for element in ["position", "trace", "emprise", "geom"] {
        let open = format!("<ddt:{element}>");
        assert_eq!(all.matches(&open).count(), 1, "{element}: {all}");
    }
    let filter = |condition: &str| {
        let filter = format!(
            "<fes:Filter xmlns:fes='http://www.opengis.net/fes/2.0' \
             xmlns:gml='http://www.opengis.net/gml/3.2' xmlns:p='https://ddt.example/objets'>\
             {condition}</fes:Filter>"
        );
        let mut ids = get(&format!("&filter={}", crate::site::encoded(&filter))).ids();
        ids.sort();
        ids.join(" ").replace("objets.", "")
    };
    let touched = |name: &str| {
        let envelope = "<gml:Envelope srsName='urn:ogc:def:crs:EPSG::4326'><gml:lowerCorner>44 1\
             </gml:lowerCorner><gml:upperCorner>47 4</gml:upperCorner></gml:Envelope>";
        format!("<fes:BBOX><fes:ValueReference>{name}</fes:ValueReference>{envelope}</fes:BBOX>")
    };
    assert_eq!(filter(&touched("p:position")), "a");
    assert_eq!(filter(&touched("p:objets/p:trace")), "b");
    assert_eq!(filter(&touched("gml:boundedBy")), "a b c d");
    let null = |name: &str| {
        format!(
            "<fes:PropertyIsNull><fes:ValueReference>{name}</fes:ValueReference></fes:PropertyIsNull>"
        )
    };
    assert_eq!(filter(&null("p:emprise")), "a b d");
    assert_eq!(filter(&null("gml:name")), "c d");
    assert_eq!(filter(&null("p:rang")), "b");
}

#[test]
fn wfs20_7_9_2_4_1_what_is_required_comes_with_every_choice_of_properties() {
    for version in ["2.0.0", "1.1.0"] {
        let query = format!(
            "service=WFS&version={version}&request=GetFeature&typename=ddt:objets&propertyname=motCl%C3%A9"
        );
        let text = named().get(&query).text;
        assert_eq!(text.matches("<ddt:rang>").count(), 3, "{text}");
        assert_eq!(
            text.matches("<ddt:rang xsi:nil=\"true\"/>").count(),
            1,
            "{text}"
        );
        assert!(!text.contains("gml:name"), "{text}");
        // the id is no element beside
        assert!(!text.contains("ddt:code"), "{text}");
    }
}

#[test]
fn clients_of_the_web_have_a_type_described_in_json() {
    let query = "service=WFS&version=1.1.0&request=DescribeFeatureType&typename=ddt:objets";
    let reply = named().get(&format!("{query}&outputFormat=application/json"));
    assert_eq!(reply.media_type, "application/json");
    let described = reply.json();
    assert_eq!(described["targetPrefix"], "ddt");
    let kind = &described["featureTypes"][0];
    assert_eq!(kind["typeName"], "objets");
    let of = |name: &str| {
        let properties = kind["properties"].as_array().unwrap();
        let found = properties.iter().find(|p| p["name"] == name).unwrap();
        (
            found["type"].clone(),
            found["localType"].clone(),
            found["minOccurs"].clone(),
        )
    };
    assert_eq!(
        of("emprise"),
        ("gml:Polygon".into(), "Polygon".into(), 0.into())
    );
    assert_eq!(of("rang"), ("xsd:int".into(), "int".into(), 1.into()));
}
