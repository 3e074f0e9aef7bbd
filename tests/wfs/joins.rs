//! Joins of two feature types (OGC 09-025r2 §7.9.2.5.3.1), answered as tuples.

use std::collections::HashSet;

use cartotheque::decode::xml::Element;

use crate::common::Scratch;
use crate::site::{Reply, World, demo, encoded, find, text_of};

const LARGE: &str = "<fes:PropertyIsGreaterThan><fes:ValueReference>v/population</fes:ValueReference>\
                     <fes:Literal>20000</fes:Literal></fes:PropertyIsGreaterThan>";

fn operator(name: &str, first: &str, second: &str) -> String {
    format!(
        "<fes:{name}><fes:ValueReference>{first}</fes:ValueReference>\
         <fes:ValueReference>{second}</fes:ValueReference></fes:{name}>"
    )
}

fn query(types: &str, aliases: &str, conditions: &[&str], more: &str) -> String {
    let filter = format!(
        "<fes:Filter xmlns:fes=\"http://www.opengis.net/fes/2.0\"><fes:And>{}</fes:And></fes:Filter>",
        conditions.concat()
    );
    let aliases = match aliases {
        "" => String::new(),
        aliases => format!("&aliases=({aliases})"),
    };
    format!(
        "service=WFS&version=2.0.0&request=GetFeature&typeNames=({types}){aliases}&filter={}{more}",
        encoded(&filter)
    )
}

fn hits(world: &World, query: &str) -> u64 {
    let reply = world.get(&format!("{query}&resultType=hits"));
    assert_eq!(reply.status, 200, "{query}: {}", reply.text);
    let said = reply.xml().attribute("numberMatched").unwrap().to_owned();
    said.parse().unwrap()
}

/// The two features of each tuple.
fn tuples(reply: &Reply) -> Vec<[Element; 2]> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    let document = reply.xml();
    let members = document.elements().filter(|e| e.name == "member");
    let tuples: Vec<[Element; 2]> = members
        .map(|member| {
            let tuple = member.elements().next().unwrap();
            assert_eq!(tuple.name, "Tuple");
            let of = |inner: &Element| inner.elements().next().unwrap().clone();
            let both: Vec<Element> = tuple.elements().map(of).collect();
            <[Element; 2]>::try_from(both).unwrap()
        })
        .collect();
    let returned = document.attribute("numberReturned").unwrap();
    assert_eq!(returned, tuples.len().to_string());
    tuples
}

/// An id as it is where the feature comes for the first time.
fn first_id(id: &str) -> String {
    id.split("_x_").next().unwrap().to_owned()
}

/// Every `gml:id` of a document, each of which may stand in it once.
fn distinct_ids(reply: &Reply) -> HashSet<String> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    let mut ids = HashSet::new();
    for part in reply.text.split(" gml:id=\"").skip(1) {
        let id = part.split('"').next().unwrap();
        assert!(ids.insert(id.to_owned()), "{id} comes twice");
    }
    ids
}

fn large_towns() -> u64 {
    let plain = LARGE.replace("v/population", "population");
    let filter = format!("<Filter xmlns:fes='http://www.opengis.net/fes/2.0'>{plain}</Filter>");
    let query = format!(
        "service=WFS&version=2.0.0&request=GetFeature&typeNames=villes&filter={}",
        encoded(&filter)
    );
    hits(demo(), &query)
}

#[test]
fn a_spatial_join_finds_what_lies_in_what_whichever_stands_first() {
    let contains = operator("Contains", "d/geom", "v/geom");
    let within = operator("Within", "v/geom", "cartotheque:departements/geom");
    let towns = large_towns();
    assert!(towns > 20, "{towns}");
    let one = query("departements,villes", "d,v", &[&contains, LARGE], "");
    let other = query("villes,departements", "v,d", &[LARGE, &within], "");
    let pairs = tuples(&demo().get(&one));
    assert_eq!(pairs.len() as u64, towns);
    for [departement, town] in &pairs {
        // the data say it in words too
        assert_eq!(text_of(departement, "nom"), text_of(town, "departement"));
    }
    let turned = tuples(&demo().get(&other));
    let ids = |pairs: &[[Element; 2]], first: usize| -> HashSet<[String; 2]> {
        let id = |e: &Element| first_id(e.attribute("id").unwrap());
        let pair = |p: &[Element; 2]| [id(&p[first]), id(&p[1 - first])];
        pairs.iter().map(pair).collect()
    };
    assert_eq!(ids(&pairs, 0), ids(&turned, 1));
    assert_eq!(hits(demo(), &one), towns);
    // the operator's order is its own, whatever that of the types
    let across = operator("Within", "v/geom", "d/geom");
    let none = operator("Contains", "v/geom", "d/geom");
    let joined = |on: &str| {
        hits(
            demo(),
            &query("departements,villes", "d,v", &[on, LARGE], ""),
        )
    };
    assert_eq!((joined(&across), joined(&none)), (towns, 0));
}

#[test]
fn a_standard_join_compares_a_property_of_each() {
    let same = operator("PropertyIsEqualTo", "communes/insee", "v/insee");
    let pairs = tuples(&demo().get(&query("communes,villes", "communes,v", &[&same, LARGE], "")));
    assert_eq!(pairs.len() as u64, large_towns());
    for [commune, town] in &pairs {
        assert_eq!(text_of(commune, "insee"), text_of(town, "insee"));
    }
    // without aliases the types' names stand before the properties; case by case
    let by_name = operator("PropertyIsEqualTo", "departements/chef_lieu", "villes/nom");
    let seats = query("departements,villes", "", &[&by_name], "");
    assert!(hits(demo(), &seats) >= 12);
    for (name, count) in [
        ("LessThan", 66),
        ("GreaterThan", 66),
        ("NotEqualTo", 132),
        ("EqualTo", 12),
    ] {
        let condition = operator(&format!("PropertyIs{name}"), "a/population", "b/population");
        let pairs = query("departements,departements", "a,b", &[&condition], "");
        assert_eq!(hits(demo(), &pairs), count, "{name}");
    }
    let turned = operator("PropertyIsLessThan", "b/population", "a/population");
    let first = query("departements,departements", "a,b", &[&turned], "&count=1");
    let [a, b] = &tuples(&demo().get(&first))[0];
    let population = |e: &Element| text_of(e, "population").parse::<u64>().unwrap();
    assert!(population(b) < population(a));
}

#[test]
fn neighbours_are_a_join_of_a_type_with_itself_and_come_in_pages() {
    let touches = operator("Intersects", "a/geom", "b/geom");
    let less = operator("PropertyIsLessThan", "a/code", "b/code");
    let both = [touches.as_str(), less.as_str()];
    let all = tuples(&demo().get(&query("departements,departements", "a,b", &both, "")));
    assert!((12..60).contains(&all.len()), "{}", all.len());
    let mut page = query("departements,departements", "a,b", &both, "&count=5");
    let mut paged = Vec::new();
    for _ in 0..100 {
        let reply = demo().get(&page);
        paged.extend(tuples(&reply));
        let document = reply.xml();
        assert_eq!(
            document.attribute("numberMatched").unwrap(),
            all.len().to_string()
        );
        let Some(next) = document.attribute("next") else {
            break;
        };
        page = next.split_once('?').unwrap().1.to_owned();
    }
    let id = |e: &Element| first_id(e.attribute("id").unwrap());
    let ids = |pairs: &[[Element; 2]]| -> Vec<[String; 2]> {
        pairs.iter().map(|[a, b]| [id(a), id(b)]).collect()
    };
    assert_eq!(ids(&paged), ids(&all));
}

#[test]
fn a_feature_that_comes_again_has_an_id_of_its_own_by_which_it_is_found() {
    let contains = operator("Contains", "d/geom", "v/geom");
    let different = operator("PropertyIsNotEqualTo", "a/code", "b/code");
    for joined in [
        query("departements,villes", "d,v", &[&contains], ""),
        query("departements,departements", "a,b", &[&different], ""),
    ] {
        let reply = demo().get(&joined);
        let ids = distinct_ids(&reply);
        assert!(ids.contains("departements.69"), "{ids:?}");
        assert!(ids.contains("departements.69_x_2"), "{ids:?}");
        assert!(
            ids.contains("departements.69_x_2.geom") || ids.contains("departements.69_x_2_x_geom")
        );
    }
    // one type asked twice is as much a repetition; what comes once keeps its id
    let one = "<wfs:Query typeNames='departements'><fes:Filter><fes:PropertyIsEqualTo>\
               <fes:ValueReference>code</fes:ValueReference><fes:Literal>69</fes:Literal>\
               </fes:PropertyIsEqualTo></fes:Filter></wfs:Query>";
    let several = format!(
        "<wfs:GetFeature service='WFS' version='2.0.0' xmlns:wfs='http://www.opengis.net/wfs/2.0' \
         xmlns:fes='http://www.opengis.net/fes/2.0'>{one}<wfs:Query typeNames='departements'/>{one}\
         </wfs:GetFeature>"
    );
    let ids = distinct_ids(&demo().post(&several));
    for id in [
        "departements.69",
        "departements.69_x_2",
        "departements.69_x_3",
        "departements.38",
    ] {
        assert!(ids.contains(id), "{id} in {ids:?}");
    }
    assert!(!ids.contains("departements.38_x_2"));
    // asked for, each of them is the feature
    for id in [
        "departements.69",
        "departements.69_x_2",
        "departements.69_x_17",
    ] {
        let found = demo().get(&format!(
            "service=WFS&version=2.0.0&request=GetFeature&resourceId={id}"
        ));
        assert_eq!(found.ids(), ["departements.69"]);
    }
}

#[test]
fn a_temporal_join_compares_a_moment_of_each() {
    let folder = Scratch::new("wfs-times");
    let write = |name: &str, text: &str| {
        let path = folder.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "capabilities/server.yaml",
        "schema: cartotheque/server@1\ntitle: Temps\nlanguages: [fr]\n",
    );
    let times = [
        (
            "travaux",
            "debut",
            ["2024-01-10", "2024-03-01", "2024-06-30"],
        ),
        (
            "visites",
            "jour",
            ["2024-03-01", "2024-02-01", "2025-01-01"],
        ),
    ];
    for (layer, column, days) in times {
        let feature = |day: &&str| {
            format!(
                r#"{{"type":"Feature","properties":{{"{column}":"{day}","rang":1}},"geometry":{{"type":"Point","coordinates":[3,46]}}}}"#
            )
        };
        let features: Vec<String> = days.iter().map(feature).collect();
        write(
            &format!("data/{layer}.geojson"),
            &format!(
                r#"{{"type":"FeatureCollection","features":[{}]}}"#,
                features.join(",")
            ),
        );
        write(
            &format!("capabilities/layers/{layer}.yaml"),
            &format!(
                "schema: cartotheque/layer@1\nid: {layer}\ntitle: {layer}\nsource: {{file: data/{layer}.geojson}}\n"
            ),
        );
    }
    let world = crate::site::load(&folder.0, None);
    let both = "travaux,visites";
    for (name, first, second, count) in [
        ("After", "t/debut", "v/jour", 3),
        ("After", "v/jour", "t/debut", 5),
        ("Before", "t/debut", "v/jour", 5),
        ("TEquals", "v/jour", "t/debut", 1),
        ("AnyInteracts", "t/debut", "v/jour", 1),
        ("During", "t/debut", "v/jour", 0),
    ] {
        let joined = query(both, "t,v", &[&operator(name, first, second)], "");
        assert_eq!(hits(&world, &joined), count, "{first} {name} {second}");
    }
    let [[work, visit]] = &tuples(&world.get(&query(
        both,
        "t,v",
        &[&operator("TEquals", "t/debut", "v/jour")],
        "",
    )))[..] else {
        panic!("one pair was to be found");
    };
    assert_eq!(text_of(work, "debut"), "2024-03-01");
    assert_eq!(text_of(visit, "jour"), "2024-03-01");
    let number = world.get(&query(
        both,
        "t,v",
        &[&operator("After", "t/rang", "v/jour")],
        "",
    ));
    assert_eq!(number.status, 400);
    assert!(
        number.text.contains("dates or timestamps"),
        "{}",
        number.text
    );
}

#[test]
fn a_document_joins_as_pairs_do() {
    let contains = operator("Contains", "d/geom", "v/geom");
    let document = format!(
        "<wfs:GetFeature service='WFS' version='2.0.0' count='3' xmlns:wfs='http://www.opengis.net/wfs/2.0' \
         xmlns:fes='http://www.opengis.net/fes/2.0'><wfs:Query typeNames='departements villes' aliases='d v'>\
         <fes:Filter><fes:And>{contains}{LARGE}</fes:And></fes:Filter></wfs:Query></wfs:GetFeature>"
    );
    let reply = demo().post(&document);
    let pairs = tuples(&reply);
    assert_eq!(pairs.len(), 3);
    let next = reply.xml().attribute("next").unwrap().to_owned();
    let next = tuples(&demo().get(next.split_once('?').unwrap().1));
    assert_eq!(next.len(), 3);
    assert_ne!(next[0], pairs[0]);
    assert!(find(&reply.xml(), "Tuple").is_some());
}

#[test]
fn what_is_no_join_is_told_why() {
    let same = operator("PropertyIsEqualTo", "d/nom", "v/departement");
    let both = "departements,villes";
    for (query, part) in [
        (query(both, "d,v", &[LARGE], ""), "a condition that joins"),
        (query(both, "d", &[&same], ""), "one for each of two types"),
        (query(both, "d,d", &[&same], ""), "twice"),
        (
            query("departements,departements", "", &[&same], ""),
            "twice",
        ),
        (
            query("departements,villes,communes", "d,v,c", &[&same], ""),
            "at most two",
        ),
        (
            query(
                both,
                "d,v",
                &[&operator("PropertyIsEqualTo", "nom", "v/departement")],
                "",
            ),
            "d/… or v/…",
        ),
        (
            query(
                both,
                "d,v",
                &[&operator("PropertyIsEqualTo", "d/nome", "v/departement")],
                "",
            ),
            "did you mean",
        ),
        (
            query(
                both,
                "d,v",
                &[&operator("Intersects", "d/geom", "v/nom")],
                "",
            ),
            "on both types",
        ),
        (
            query(
                both,
                "d,v",
                &[&format!("<fes:Or>{same}{LARGE}</fes:Or>")],
                "",
            ),
            "on both types",
        ),
        (
            query(both, "d,v", &[&same], "&sortBy=nom"),
            "locator=\"sortBy\"",
        ),
        (query(both, "d,v", &[&same], "&sortBy=nom"), "FILTER alone"),
        (
            query(both, "d,v", &[&same], "&RESOURCEID=villes.1"),
            "locator=\"resourceId\"",
        ),
        (
            query(both, "d,v", &[&same], "&featureid=villes.1"),
            "locator=\"featureId\"",
        ),
        (
            query(both, "d,v", &[&same], "&outputFormat=application/json"),
            "tuples",
        ),
        (query("nonsense,villes", "d,v", &[&same], ""), "nonsense"),
        (
            format!("service=WFS&version=2.0.0&request=GetFeature&typeNames=({both})"),
            "joins the two types",
        ),
    ] {
        let reply = demo().get(&query);
        assert_eq!(reply.status, 400, "{query}: {}", reply.text);
        assert!(
            reply.text.contains(part),
            "{query}: {} has no {part:?}",
            reply.text
        );
    }
}
