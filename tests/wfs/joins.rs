//! Joins of two feature types (OGC 09-025r2 §7.9.2.5.3.1), answered as tuples.

use std::collections::HashSet;

use cartotheque::decode::xml::Element;

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
        let id = |e: &Element| e.attribute("id").unwrap().to_owned();
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
    let id = |e: &Element| e.attribute("id").unwrap().to_owned();
    let ids = |pairs: &[[Element; 2]]| -> Vec<[String; 2]> {
        pairs.iter().map(|[a, b]| [id(a), id(b)]).collect()
    };
    assert_eq!(ids(&paged), ids(&all));
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
        (query(both, "d,v", &[&same], "&sortBy=nom"), "FILTER alone"),
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
