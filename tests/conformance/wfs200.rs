//! WFS 2.0.0 (OGC 09-025r2) as `ets-wfs20` asks it: by whatever the capabilities advertise. The
//! suite itself is run by `make conformance`; here is what holds without Java, on Blue Lake.

use cartotheque::decode::xml::Element;
use serde_json::Value;

use crate::common::Reply;
use crate::reference::{LAYERS, all, code, encoded, lakes, path_of, text, xml};
use crate::schema;

const WFS: &str = "http://www.opengis.net/wfs/2.0";
const FES: &str = "http://www.opengis.net/fes/2.0";

fn get(query: &str) -> Reply {
    lakes().get(&format!("/wfs?service=WFS&version=2.0.0&{query}"))
}

fn post(body: &str) -> Reply {
    lakes().ask(
        "POST",
        "/wfs",
        &[("Content-Type", "text/xml")],
        body.as_bytes(),
    )
}

fn capabilities() -> Element {
    xml(&get("request=GetCapabilities"))
}

/// How many features of a type meet a filter, by GET and by POST; both must agree.
fn count(layer: &str, filter: &str) -> usize {
    let filter = format!(
        "<fes:Filter xmlns:fes='{FES}' xmlns:gml='http://www.opengis.net/gml/3.2'>{filter}</fes:Filter>"
    );
    let by_get = get(&format!(
        "request=GetFeature&typeNames={layer}&filter={}",
        encoded(&filter)
    ));
    assert_eq!(by_get.status, 200, "{layer} {filter}: {}", by_get.text());
    let by_post = post(&format!(
        "<wfs:GetFeature xmlns:wfs='{WFS}' service='WFS' version='2.0.0'><wfs:Query typeNames='{layer}'>{filter}</wfs:Query></wfs:GetFeature>"
    ));
    let ids = |reply: &Reply| -> Vec<String> {
        let members = xml(reply);
        let members = all(&members, "member");
        let ids = members
            .iter()
            .filter_map(|m| m.elements().next()?.attribute("id"));
        ids.map(str::to_owned).collect()
    };
    assert_eq!(ids(&by_get), ids(&by_post), "{layer} {filter}");
    ids(&by_get).len()
}

fn rows(layer: &str) -> Vec<Value> {
    let path = format!("/collections/{layer}/items?limit=1000&f=json");
    lakes().get(&path).json()["features"]
        .as_array()
        .unwrap()
        .clone()
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wfs200_a_1_every_operation_answers_in_every_binding_that_is_advertised() {
    let capabilities = capabilities();
    let operations = all(&capabilities, "Operation");
    for (operation, query, body) in [
        ("GetCapabilities", "", ""),
        ("DescribeFeatureType", "", ""),
        ("ListStoredQueries", "", ""),
        ("DescribeStoredQueries", "", ""),
        (
            "GetFeature",
            "&typeNames=Lakes",
            "<wfs:Query typeNames='Lakes'/>",
        ),
        (
            "GetPropertyValue",
            "&typeNames=Lakes&valueReference=NAME",
            "<wfs:Query typeNames='Lakes'/>",
        ),
    ] {
        let found = operations
            .iter()
            .find(|o| o.attribute("name") == Some(operation));
        let found = found.unwrap_or_else(|| panic!("{operation} is not advertised"));
        for binding in ["Get", "Post"] {
            let href = all(found, binding)[0].attribute("href").unwrap().to_owned();
            let path = path_of(&href);
            let path = path.trim_end_matches('?');
            let reply = match binding {
                "Get" => lakes().get(&format!(
                    "{path}?service=WFS&version=2.0.0&request={operation}{query}"
                )),
                _ => {
                    let version = if operation == "GetCapabilities" {
                        ""
                    } else {
                        "version='2.0.0'"
                    };
                    let value = if operation == "GetPropertyValue" {
                        "valueReference='NAME'"
                    } else {
                        ""
                    };
                    let document = format!(
                        "<wfs:{operation} xmlns:wfs='{WFS}' service='WFS' {version} {value}>{body}</wfs:{operation}>"
                    );
                    lakes().ask(
                        "POST",
                        path,
                        &[("Content-Type", "application/xml")],
                        document.as_bytes(),
                    )
                }
            };
            assert_eq!(reply.status, 200, "{operation} {binding}: {}", reply.text());
            let root = xml(&reply).name;
            assert_ne!(root, "ExceptionReport", "{operation} {binding}");
        }
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wfs200_table_13_what_is_claimed_is_complete() {
    let capabilities = capabilities();
    let version = capabilities.attribute("version").unwrap();
    assert!(version.starts_with("2.0."));
    for part in [
        "ServiceIdentification",
        "ServiceProvider",
        "OperationsMetadata",
        "FeatureTypeList",
        "Filter_Capabilities",
    ] {
        assert!(capabilities.child(part).is_some(), "{part}");
    }
    let value = |name: &str| {
        let constraints = all(&capabilities, "Constraint");
        let found = constraints
            .iter()
            .find(|c| c.attribute("name") == Some(name));
        text(found.unwrap_or_else(|| panic!("{name}")), "DefaultValue")
    };
    for name in [
        "ImplementsBasicWFS",
        "ImplementsTransactionalWFS",
        "ImplementsLockingWFS",
        "KVPEncoding",
        "XMLEncoding",
        "SOAPEncoding",
        "ImplementsInheritance",
        "ImplementsRemoteResolve",
        "ImplementsResultPaging",
        "ImplementsStandardJoins",
        "ImplementsSpatialJoins",
        "ImplementsTemporalJoins",
        "ImplementsFeatureVersioning",
        "ManageStoredQueries",
    ] {
        assert!(
            ["TRUE", "FALSE"].contains(&value(name).as_str()),
            "{name}: {}",
            value(name)
        );
    }
    for name in [
        "ImplementsBasicWFS",
        "ImplementsResultPaging",
        "ImplementsQuery",
        "ImplementsAdHocQuery",
        "ImplementsResourceId",
        "ImplementsMinStandardFilter",
        "ImplementsStandardFilter",
        "ImplementsMinSpatialFilter",
        "ImplementsSorting",
        "ImplementsMinimumXPath",
    ] {
        assert_eq!(value(name), "TRUE", "{name}");
    }
    for operation in ["GetFeature", "GetPropertyValue"] {
        let operations = all(&capabilities, "Operation");
        let found = operations
            .iter()
            .find(|o| o.attribute("name") == Some(operation))
            .unwrap();
        let parameters = all(found, "Parameter");
        let resolve = parameters
            .iter()
            .find(|p| p.attribute("name") == Some("resolve"));
        let resolve = resolve.unwrap_or_else(|| panic!("{operation} has no resolve"));
        assert!(
            all(resolve, "Value").iter().any(|v| v.text() == "local"),
            "{operation}"
        );
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wfs200_a_1_3_every_type_is_described_by_a_schema_its_features_are_valid_to() {
    let capabilities = capabilities();
    let names: Vec<String> = all(&capabilities, "FeatureType")
        .iter()
        .map(|t| text(t, "Name"))
        .collect();
    assert_eq!(names.len(), LAYERS.len());
    for name in &names {
        let by_get = get(&format!("request=DescribeFeatureType&typeNames={name}"));
        let by_post = post(&format!(
            "<wfs:DescribeFeatureType xmlns:wfs='{WFS}' service='WFS' version='2.0.0'><wfs:TypeName>{name}</wfs:TypeName></wfs:DescribeFeatureType>"
        ));
        assert_eq!(by_get.body, by_post.body, "{name}");
        let described = by_get.text();
        assert!(
            described.contains("schemaLocation=\"http://schemas.opengis.net/gml/3.2.1/gml.xsd\"")
        );
        assert!(described.contains("substitutionGroup=\"gml:AbstractFeature\""));
        let features = get(&format!("request=GetFeature&typeNames={name}"));
        schema_valid(&described, &features.text());
    }
    let everything = get("request=DescribeFeatureType").text();
    for layer in LAYERS {
        assert!(
            everything.contains(&format!("<xs:element name=\"{layer}\"")),
            "{layer}"
        );
    }
    let unknown = get("request=DescribeFeatureType&typeNames=Bogus");
    assert_eq!(
        (unknown.status, code(&unknown).as_str()),
        (400, "InvalidParameterValue")
    );
}

/// Holds features against the schema that describes them and the schema of the collection.
fn schema_valid(described: &str, features: &str) {
    let root: Element =
        Element::parse(described, &cartotheque::decode::xml::Limits::default()).unwrap();
    let namespace = root.attribute("targetNamespace").unwrap();
    let folder = crate::common::Scratch::new(&format!("conformance-wfs-{}", features.len()));
    std::fs::write(folder.0.join("own.xsd"), described).unwrap();
    let both = format!(
        "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>\
         <xs:import namespace='{namespace}' schemaLocation='own.xsd'/>\
         <xs:import namespace='{WFS}' schemaLocation='http://schemas.opengis.net/wfs/2.0/wfs.xsd'/></xs:schema>"
    );
    let file = folder.0.join("both.xsd");
    std::fs::write(&file, both).unwrap();
    schema::check(features, &["--schema", file.to_str().unwrap()]);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wfs200_a_1_5_every_property_is_found_by_each_of_its_values() {
    let comparison = |op: &str, name: &str, value: &str, more: &str| {
        format!(
            "<fes:{op}{more}><fes:ValueReference>{name}</fes:ValueReference><fes:Literal>{value}</fes:Literal></fes:{op}>"
        )
    };
    let mut compared = 0;
    for layer in LAYERS {
        let rows = rows(layer);
        let names: Vec<&String> = rows[0]["properties"].as_object().unwrap().keys().collect();
        for name in names {
            let values: Vec<&Value> = rows.iter().map(|row| &row["properties"][name]).collect();
            let null = format!(
                "<fes:PropertyIsNull><fes:ValueReference>{name}</fes:ValueReference></fes:PropertyIsNull>"
            );
            let nulls = values.iter().filter(|v| v.is_null()).count();
            assert_eq!(count(layer, &null), nulls, "{layer} {name}");
            for value in values.iter().filter(|v| !v.is_null()) {
                let same = values.iter().filter(|v| v == &value).count();
                let text = match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
                assert_eq!(
                    count(layer, &comparison("PropertyIsEqualTo", name, &escaped, "")),
                    same,
                    "{layer} {name} {text}"
                );
                let others = values.len() - nulls - same;
                assert_eq!(
                    count(
                        layer,
                        &comparison("PropertyIsNotEqualTo", name, &escaped, "")
                    ),
                    others,
                    "{layer} {name} {text}"
                );
                if value.is_string() {
                    let any_case = comparison(
                        "PropertyIsEqualTo",
                        name,
                        &escaped.to_uppercase(),
                        " matchCase='false'",
                    );
                    assert!(count(layer, &any_case) >= same, "{layer} {name} {text}");
                    let like = comparison(
                        "PropertyIsLike",
                        name,
                        &escaped,
                        " wildCard='*' singleChar='?' escapeChar='\\'",
                    );
                    assert_eq!(count(layer, &like), same, "{layer} {name} {text}");
                } else {
                    let at_least = comparison("PropertyIsGreaterThanOrEqualTo", name, &text, "");
                    let below = comparison("PropertyIsLessThan", name, &text, "");
                    assert_eq!(
                        count(layer, &at_least) + count(layer, &below),
                        values.len() - nulls,
                        "{layer} {name}"
                    );
                }
                compared += 1;
            }
            let unknown = get(&format!(
                "request=GetFeature&typeNames={layer}&filter={}",
                encoded(&format!(
                    "<fes:Filter xmlns:fes='{FES}'>{}</fes:Filter>",
                    comparison("PropertyIsEqualTo", "undefined", "x", "")
                ))
            ));
            assert_eq!(
                (unknown.status, code(&unknown).as_str()),
                (400, "InvalidParameterValue")
            );
        }
    }
    assert!(compared > 20, "{compared}");
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wfs200_a_1_7_spatial_conditions_with_the_envelope_find_everything_and_off_it_nothing() {
    let capabilities = capabilities();
    for kind in all(&capabilities, "FeatureType") {
        let name = text(kind, "Name");
        let layer = name.rsplit(':').next().unwrap().to_owned();
        let corners = ["LowerCorner", "UpperCorner"].map(|corner| {
            let corner = text(all(kind, "WGS84BoundingBox")[0], corner);
            let numbers: Vec<f64> = corner.split(' ').map(|n| n.parse().unwrap()).collect();
            [numbers[0], numbers[1]]
        });
        let [[west, south], [east, north]] = corners;
        let total = rows(&layer).len();
        let crs = "srsName='urn:ogc:def:crs:EPSG::4326'";
        // the authority has the north first
        let envelope = format!(
            "<gml:Envelope {crs}><gml:lowerCorner>{south} {west}</gml:lowerCorner><gml:upperCorner>{north} {east}</gml:upperCorner></gml:Envelope>"
        );
        assert_eq!(
            count(&layer, &format!("<fes:BBOX>{envelope}</fes:BBOX>")),
            total,
            "{name}"
        );
        let reference = "<fes:ValueReference>geom</fes:ValueReference>";
        assert_eq!(
            count(
                &layer,
                &format!("<fes:BBOX>{reference}{envelope}</fes:BBOX>")
            ),
            total,
            "{name}"
        );
        let ring = |west: f64, south: f64, east: f64, north: f64| {
            format!(
                "<gml:Polygon gml:id='p' {crs}><gml:exterior><gml:LinearRing><gml:posList>{south} {west} {south} {east} {north} {east} {north} {west} {south} {west}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
            )
        };
        let own = ring(west, south, east, north);
        let away = ring(100.0, 40.0, 101.0, 41.0);
        for (filter, expected) in [
            (
                format!("<fes:Intersects>{reference}{own}</fes:Intersects>"),
                total,
            ),
            (
                format!("<fes:Intersects>{reference}{away}</fes:Intersects>"),
                0,
            ),
            (
                format!("<fes:Disjoint>{reference}{away}</fes:Disjoint>"),
                total,
            ),
            (
                format!(
                    "<fes:Within>{reference}{}</fes:Within>",
                    ring(west - 1.0, south - 1.0, east + 1.0, north + 1.0)
                ),
                total,
            ),
        ] {
            assert_eq!(count(&layer, &filter), expected, "{name} {filter}");
        }
        let by_bbox = get(&format!(
            "request=GetFeature&resultType=hits&typeNames={name}&bbox={south},{west},{north},{east},urn:ogc:def:crs:EPSG::4326"
        ));
        assert_eq!(
            xml(&by_bbox).attribute("numberMatched"),
            Some(total.to_string().as_str()),
            "{name}"
        );
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wfs200_7_7_4_4_1_pages_lead_on_and_back_as_plain_addresses() {
    let first = xml(&get("request=GetFeature&typeNames=RoadSegments&count=2"));
    assert_eq!(first.attribute("numberReturned"), Some("2"));
    assert!(first.attribute("previous").is_none());
    let mut seen: Vec<String> = Vec::new();
    let ids = |page: &Element| -> Vec<String> {
        let members = all(page, "member");
        members
            .iter()
            .filter_map(|m| m.elements().next()?.attribute("id"))
            .map(str::to_owned)
            .collect()
    };
    let (mut page, mut pages) = (first, 0);
    loop {
        pages += 1;
        seen.extend(ids(&page));
        let Some(next) = page.attribute("next") else {
            break;
        };
        let following = xml(&lakes().get(&path_of(next)));
        let back = following.attribute("previous").expect("a way back");
        assert_eq!(ids(&xml(&lakes().get(&path_of(back)))), ids(&page));
        page = following;
    }
    assert_eq!((seen.len(), pages), (5, 3));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5);
    let hits = xml(&get(
        "request=GetFeature&typeNames=RoadSegments&count=2&resultType=hits",
    ));
    assert_eq!(
        (
            hits.attribute("numberMatched"),
            hits.attribute("numberReturned")
        ),
        (Some("5"), Some("0"))
    );
    let next = xml(&lakes().get(&path_of(hits.attribute("next").expect("the first page"))));
    assert_eq!(next.attribute("numberReturned"), Some("2"));
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wfs200_7_9_3_6_a_feature_of_every_type_is_had_by_its_id_and_an_unknown_one_is_404() {
    for layer in LAYERS {
        let features = xml(&get(&format!("request=GetFeature&typeNames={layer}")));
        let first = all(&features, "member")[0].elements().next().unwrap();
        let id = first.attribute("id").unwrap();
        for query in [
            "http://www.opengis.net/def/query/OGC-WFS/0/GetFeatureById",
            "urn:ogc:def:query:OGC-WFS::GetFeatureById",
        ] {
            let reply = get(&format!(
                "request=GetFeature&storedquery_id={query}&id={}",
                encoded(id)
            ));
            let alone = xml(&reply);
            assert_eq!(
                (alone.name.as_str(), alone.attribute("id")),
                (layer, Some(id)),
                "{query}"
            );
            let missing = get(&format!(
                "request=GetFeature&storedquery_id={query}&id={layer}.nobody"
            ));
            assert_eq!(missing.status, 404, "{query}");
        }
        let own = get(&format!(
            "request=GetFeature&typeNames={layer}&resourceId={}",
            encoded(id)
        ));
        assert_eq!(xml(&own).attribute("numberReturned"), Some("1"));
        let values = xml(&get(&format!(
            "request=GetPropertyValue&typeNames={layer}&valueReference=@gml:id"
        )));
        assert_eq!(all(&values, "member").len(), rows(layer).len(), "{layer}");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wfs200_7_9_2_4_4_srs_name_is_honoured_and_an_unsupported_one_named() {
    let capabilities = capabilities();
    let kind = all(&capabilities, "FeatureType")[0];
    let mut all_crs = vec![text(kind, "DefaultCRS")];
    all_crs.extend(all(kind, "OtherCRS").iter().map(|e| e.text().into_owned()));
    assert!(all_crs.len() > 1);
    let name = text(kind, "Name");
    for crs in all_crs {
        let reply = get(&format!(
            "request=GetFeature&typeNames={name}&srsName={crs}"
        ));
        let features = xml(&reply);
        let polygons = all(&features, "geom");
        let geometry = polygons[0].elements().next().unwrap();
        assert_eq!(geometry.attribute("srsName"), Some(crs.as_str()));
    }
    let refused = get(&format!(
        "request=GetFeature&typeNames={name}&srsName=urn:ogc:def:crs:EPSG::99999"
    ));
    assert_eq!(
        (refused.status, code(&refused).as_str()),
        (400, "InvalidParameterValue")
    );
    let report = xml(&refused);
    let locator = all(&report, "Exception")[0]
        .attribute("locator")
        .unwrap_or_default()
        .to_lowercase();
    assert!(locator.contains("srsname"), "{locator}");
}
