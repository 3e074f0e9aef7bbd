//! OGC API – Styles (draft OGC 20-009), Annex A: the abstract tests of the classes that are
//! declared, each by its identifier. Those of classes that change styles are not: they are read
//! only here, so are `/conf/core/2`, `/conf/mapbox-style/1`, `/conf/sld-10/1` and `/conf/sld-11/1`,
//! which the annex skips then.

use std::collections::HashSet;

use serde_json::Value;

use crate::common::Reply;
use crate::reference::{lakes, path_of};

fn ask(path: &str, accept: &str) -> Reply {
    let reply = lakes().ask("GET", path, &[("Accept", accept)], b"");
    assert_eq!(reply.status, 200, "{path} as {accept}: {}", reply.text());
    reply
}

fn links<'a>(document: &'a Value, rel: &str) -> Vec<&'a Value> {
    let links = document["links"].as_array().expect("links");
    let found: Vec<&Value> = links.iter().filter(|link| link["rel"] == rel).collect();
    assert!(!found.is_empty(), "no link {rel} in {document}");
    found
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_core_1() {
    let list = ask("/styles", "application/json").json();
    let styles = list["styles"].as_array().unwrap();
    assert!(styles.len() > 10);
    let ids: HashSet<&str> = styles.iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), styles.len(), "ids are unique");
    assert!(list["default"].is_null() || ids.contains(list["default"].as_str().unwrap()));
    for style in styles {
        let id = style["id"].as_str().unwrap();
        for link in links(style, "stylesheet") {
            let path = path_of(link["href"].as_str().unwrap());
            assert_eq!(path.split('?').next().unwrap(), format!("/styles/{id}"));
            let kind = link["type"].as_str().unwrap();
            let reply = ask(&path, kind);
            assert_eq!(reply.header("content-type"), kind, "{path}");
            // the address without a format is negotiated to the same
            let negotiated = ask(&format!("/styles/{id}"), kind);
            assert_eq!(negotiated.header("content-type"), kind, "{id}");
            assert_eq!(negotiated.body, reply.body, "{id} as {kind}");
        }
        for link in links(style, "describedby") {
            let path = path_of(link["href"].as_str().unwrap());
            assert_eq!(
                path.split('?').next().unwrap(),
                format!("/styles/{id}/metadata")
            );
            let kind = link["type"].as_str().unwrap();
            let reply = ask(&path, kind);
            assert_eq!(reply.header("content-type"), kind, "{path}");
            let metadata = reply.json();
            assert_eq!(metadata["id"], id);
            let sheets = metadata["stylesheets"].as_array().unwrap();
            assert!(!sheets.is_empty());
            for sheet in sheets {
                let link = &sheet["link"];
                assert_eq!(link["rel"], "stylesheet", "{id}");
                ask(
                    &path_of(link["href"].as_str().unwrap()),
                    link["type"].as_str().unwrap(),
                );
            }
        }
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_html_1() {
    let list = ask("/styles", "application/json").json();
    let page = ask("/styles", "text/html");
    assert!(page.header("content-type").starts_with("text/html"));
    let page = page.text().replace("&#x2f;", "/");
    assert!(page.to_lowercase().starts_with("<!doctype html>"));
    for style in list["styles"].as_array().unwrap() {
        let id = style["id"].as_str().unwrap();
        assert!(
            page.contains(&format!("/styles/{id}")),
            "{id} is on the page"
        );
        assert!(page.contains(style["title"].as_str().unwrap()), "{id}");
        for link in links(style, "describedby") {
            let path = path_of(link["href"].as_str().unwrap());
            let path = path.split('?').next().unwrap();
            let page = ask(path, "text/html");
            assert!(
                page.header("content-type").starts_with("text/html"),
                "{path}"
            );
            assert!(page.text().contains(id), "{path}");
        }
    }
}
