use super::*;

/// Every object of a document that has a member.
fn with_member<'a>(value: &'a Value, member: &str, out: &mut Vec<&'a Value>) {
    match value {
        Value::Object(members) => {
            if members.contains_key(member) {
                out.push(value);
            }
            members
                .values()
                .for_each(|inner| with_member(inner, member, out));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|inner| with_member(inner, member, out)),
        _ => {}
    }
}

fn resolved<'a>(api: &'a Value, parameter: &'a Value) -> &'a Value {
    match parameter["$ref"].as_str() {
        Some(reference) => api.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => parameter,
    }
}

#[test]
fn clients_a2_the_description_refers_to_nothing_elsewhere() {
    let api = get(server(), "/api");
    let mut references = Vec::new();
    with_member(&api, "$ref", &mut references);
    assert!(references.len() > 100);
    for reference in references {
        let target = reference["$ref"].as_str().unwrap();
        let pointer = target
            .strip_prefix('#')
            .unwrap_or_else(|| panic!("{target} is remote"));
        assert!(api.pointer(pointer).is_some(), "{target} is nothing");
    }
}

#[test]
fn clients_a2_limit_is_where_qgis_and_gdal_look_for_it() {
    let api = get(server(), "/api");
    for path in [
        "/collections/{collectionId}/items",
        "/collections/communes/items",
    ] {
        let parameters = api["paths"][path]["get"]["parameters"].as_array().unwrap();
        let parameters: Vec<&Value> = parameters.iter().map(|p| resolved(&api, p)).collect();
        let named = |name: &str| {
            let found = parameters
                .iter()
                .find(|p| p["name"] == name && p["in"] == "query");
            found.unwrap_or_else(|| panic!("{path} has no {name}"))
        };
        let limit = &named("limit")["schema"];
        assert!(limit["maximum"].as_u64() >= Some(10_000) && limit["minimum"] == 1);
        assert_eq!(limit["default"], 10);
        let bbox = named("bbox");
        assert_eq!(
            (&bbox["style"], &bbox["explode"]),
            (&"form".into(), &false.into())
        );
        assert_eq!(bbox["schema"]["minItems"], 4);
        assert_eq!(named("datetime")["schema"]["type"], "string");
        let languages = named("filter-lang")["schema"]["enum"].as_array().unwrap();
        assert!(languages.contains(&"cql2-text".into()) && languages.contains(&"cql2-json".into()));
    }
    // GDAL sends a field as a parameter where it is named here
    let own = api["paths"]["/collections/communes/items"]["get"]["parameters"]
        .as_array()
        .unwrap();
    let population = own.iter().find(|p| p["name"] == "population").unwrap();
    assert_eq!(population["schema"]["type"], "integer");
    let mut ids = Vec::new();
    with_member(&api["paths"], "operationId", &mut ids);
    let distinct: HashSet<&str> = ids
        .iter()
        .map(|o| o["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(distinct.len(), ids.len());
}

#[test]
fn every_parameter_that_is_described_is_taken_and_every_one_taken_is_described() {
    let api = get(server(), "/api");
    let own = &api["paths"]["/collections/communes/items"]["get"]["parameters"];
    let names: HashSet<String> = own
        .as_array()
        .unwrap()
        .iter()
        .map(|p| resolved(&api, p)["name"].as_str().unwrap().to_owned())
        .collect();
    for name in &names {
        let reply = server().get(&format!("/collections/communes/items?{}=~", encoded(name)));
        let told = reply.text();
        assert!(!told.contains("is no parameter"), "{name}: {told}");
    }
    let refused = server().get("/collections/communes/items?zzz=1").text();
    let told = refused.split("expected one of ").nth(1).unwrap();
    for name in told
        .split(['"', ','])
        .map(str::trim)
        .filter(|n| !n.is_empty() && *n != "}")
    {
        assert!(names.contains(name), "{name} is not described");
    }
}

#[test]
fn clients_a7_the_classes_that_qgis_asks_for_are_declared_once() {
    let conformance = get(server(), "/conformance");
    let classes: Vec<&str> = conformance["conformsTo"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c.as_str().unwrap())
        .collect();
    for class in [
        "ogcapi-features-1/1.0/conf/core",
        "ogcapi-features-1/1.0/conf/geojson",
        "ogcapi-features-1/1.0/conf/html",
        "ogcapi-features-1/1.0/conf/oas30",
        "ogcapi-features-2/1.0/conf/crs",
        "ogcapi-features-3/1.0/conf/filter",
        "ogcapi-features-3/1.0/conf/features-filter",
        "ogcapi-features-3/1.0/conf/queryables",
        "ogcapi-features-5/1.0/conf/schemas",
        "cql2/1.0/conf/cql2-text",
        "cql2/1.0/conf/cql2-json",
        "cql2/1.0/conf/basic-cql2",
        "cql2/1.0/conf/advanced-comparison-operators",
        "cql2/1.0/conf/case-insensitive-comparison",
        "cql2/1.0/conf/basic-spatial-operators",
        "cql2/1.0/conf/basic-spatial-functions",
    ] {
        let uri = format!("http://www.opengis.net/spec/{class}");
        assert_eq!(classes.iter().filter(|c| **c == uri).count(), 1, "{class}");
    }
}

#[test]
fn a_choice_that_no_format_has_is_refused_and_one_of_another_format_changes_nothing() {
    let items = "/collections/villes/items?limit=1";
    for wrong in ["f=csv&separator=dot", "separator=dot", "f=gml&bom=perhaps"] {
        let path = format!("{items}&{wrong}");
        assert_problem(
            &server().ask("GET", &path, &[("Accept", "*/*")], b""),
            400,
            &path,
        );
    }
    let csv = server().get(&format!("{items}&f=csv&separator=semicolon"));
    assert!(
        csv.text().lines().next().unwrap().contains(';'),
        "{}",
        csv.text()
    );
    assert_eq!(
        csv.header("content-disposition"),
        "attachment; filename=\"villes.csv\""
    );
    let plain = get(server(), &format!("{items}&separator=semicolon"));
    assert_eq!(plain["numberReturned"], 1);
    let next = csv.header("link").to_owned();
    assert!(
        next.contains("separator=semicolon&offset=1") && next.contains("rel=\"next\""),
        "{next}"
    );
}

#[test]
fn oas30_what_an_address_takes_is_what_is_described() {
    let api = get(server(), "/api");
    let named = |path: &str| -> Vec<String> {
        let parameters = api["paths"][path]["get"]["parameters"].as_array().unwrap();
        let of = |parameter: &Value| {
            let reference = parameter["$ref"].as_str().unwrap();
            let parameter = api.pointer(reference.trim_start_matches('#')).unwrap();
            parameter["name"].as_str().unwrap().to_owned()
        };
        parameters.iter().map(of).collect()
    };
    let all = named("/collections/{collectionId}/items");
    for (path, address) in [
        (
            "/collections/{collectionId}/items/{featureId}",
            "/collections/communes/items/69123",
        ),
        (
            "/collections/{collectionId}/data.fgb",
            "/collections/communes/data.fgb",
        ),
    ] {
        let described = named(path);
        for name in all.iter().filter(|name| *name != "collectionId") {
            let reply = server().get(&format!("{address}?{name}=zz~"));
            let is_refused = reply.status == 400 && reply.text().contains("is no parameter");
            assert_eq!(!is_refused, described.contains(name), "{path} {name}");
        }
    }
}

/// `/req/gmlsf0` and `/req/gmlsf2` of 17-069r4, as far as they concern features: both levels by
/// their media types, counts and links in the head of the answer.
#[test]
fn gml_of_both_levels_is_told_by_its_type_and_its_counts_by_headers() {
    let items = "/collections/villes/items?limit=3&offset=1";
    let profile = "http://www.opengis.net/def/profile/ogc/2.0/gml-sf";
    let mut bodies = Vec::new();
    for level in [0, 2] {
        let written = format!("application/gml+xml;version=3.2;profile={profile}{level}");
        let quoted = format!("application/gml+xml; version=3.2; profile=\"{profile}{level}\"");
        let name = ["gml", "", "gml-sf2"][level];
        let asked = server().ask("GET", items, &[("Accept", &quoted)], b"");
        let named = server().get(&format!("{items}&f={name}"));
        for reply in [&asked, &named] {
            assert_eq!(reply.status, 200, "{}", reply.text());
            assert_eq!(reply.header("content-type"), written);
            assert_eq!(reply.header("ogc-numberreturned"), "3");
            let matched: u64 = reply.header("ogc-numbermatched").parse().unwrap();
            assert!(matched > 100, "{matched}");
            assert!(reply.header("link").contains("rel=\"next\""));
        }
        bodies.push(named.text());
    }
    let features = |text: &str| {
        let (_, after) = text.split_once("<sf:featureMember>").unwrap();
        after.to_owned()
    };
    assert_eq!(features(&bodies[0]), features(&bodies[1]));
    // who names no level gets the one that all readers take
    let plain = [("Accept", "application/gml+xml")];
    let reply = server().ask("GET", items, &plain, b"");
    assert!(reply.header("content-type").ends_with("gml-sf0"));
    let schema = server().get("/wfs?service=WFS&version=2.0.0&request=DescribeFeatureType");
    let told = ":ComplianceLevel xmlns:gmlsf=\"http://www.opengis.net/gmlsf/2.0\">0<";
    assert!(schema.text().contains(told), "{}", schema.text());
    // an item has no count, a table has those of its page
    let item = server().get("/collections/villes/items/1?f=gml");
    assert_eq!(item.header("ogc-numbermatched"), "");
    let table = server().get(&format!("{items}&f=csv"));
    assert_eq!(table.header("ogc-numberreturned"), "3");
}
