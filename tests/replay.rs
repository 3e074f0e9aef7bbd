//! The requests that real clients were seen to send (QGIS, GDAL, OWSLib, OpenLayers, Leaflet,
//! MapLibre), word by word, to the real server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

mod common;

use std::path::{Path, PathBuf};

use common::{Scratch, Server, repository};

fn shared(path: &str) -> PathBuf {
    repository().join("../shared").join(path)
}

/// A request line of a recording, and what the client was doing.
struct Line {
    doing: String,
    query: String,
}

fn wms_lines(file: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut doing = String::new();
    let mut lines = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            doing = title.to_owned();
        } else if let Some(rest) = line.strip_prefix("GET {ows}?") {
            let query = rest.rsplit_once("  [").map_or(rest, |(q, _)| q);
            lines.push(Line {
                doing: doing.clone(),
                query: query.to_owned(),
            });
        }
    }
    lines
}

fn parameter(query: &str, name: &str) -> Option<String> {
    query
        .split('&')
        .filter_map(|p| p.split_once('='))
        .find(|(n, v)| n.eq_ignore_ascii_case(name) && !v.is_empty())
        .map(|(_, v)| {
            v.replace("%2F", "/")
                .replace("%2f", "/")
                .replace("%3A", ":")
        })
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn every_wms_request_of_real_clients_is_answered_as_they_need() {
    let scratch = Scratch::new("replay");
    std::fs::copy(
        shared("data/ara/departements.fgb"),
        scratch.0.join("departements.fgb"),
    )
    .unwrap();
    std::fs::copy(
        shared("data/ara/mairies.fgb"),
        scratch.0.join("stations.fgb"),
    )
    .unwrap();
    let server = Server::start(&scratch.0, &["--strict"]);
    let mut files: Vec<PathBuf> = std::fs::read_dir(shared("client-requests"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.file_name().unwrap().to_string_lossy().contains("wms"))
        .collect();
    files.sort();
    let (mut seen, mut faults) = (0, Vec::new());
    for file in &files {
        for Line { doing, query } in wms_lines(file) {
            seen += 1;
            if let Err(fault) = judge(&server, &doing, &query) {
                faults.push(format!("{doing}: {fault}\n    {query}"));
            }
        }
    }
    assert!(seen > 120, "only {seen} requests in {} files", files.len());
    assert!(
        faults.is_empty(),
        "{} of {seen}:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

fn judge(server: &Server, doing: &str, query: &str) -> Result<(), String> {
    let reply = server.get(&format!("/wms?{query}"));
    let kind = reply.header("content-type").to_owned();
    let expect = |ok: bool, what: &str| {
        if ok {
            Ok(())
        } else {
            let text: String = reply.text().chars().take(400).collect();
            Err(format!(
                "expected {what}, found {} {kind}: {text}",
                reply.status
            ))
        }
    };
    expect(reply.status == 200, "status 200")?;
    if doing.contains("exception") && !query.to_lowercase().contains("getcapabilities") {
        return expect(
            kind.starts_with("text/xml") && reply.text().contains("<ServiceException"),
            "an exception",
        );
    }
    let operation = parameter(query, "request")
        .unwrap_or_default()
        .to_lowercase();
    match operation.as_str() {
        "getcapabilities" => {
            let one = parameter(query, "version").as_deref() == Some("1.1.1");
            let root = if one {
                "<WMT_MS_Capabilities"
            } else {
                "<WMS_Capabilities"
            };
            expect(reply.text().contains(root), root)
        }
        "getmap" => {
            let format = parameter(query, "format").unwrap_or_default();
            expect(kind == format, &format)?;
            if format == "image/png" {
                let (width, height, _) = reply.picture();
                let size = |n: &str| parameter(query, n).and_then(|v| v.parse::<u32>().ok());
                expect(
                    Some(width) == size("width") && Some(height) == size("height"),
                    "the size asked for",
                )?;
            }
            Ok(())
        }
        "getfeatureinfo" => {
            let format = parameter(query, "info_format").unwrap_or_default();
            let wanted = match format.as_str() {
                "geojson" => "json",
                other => other,
            };
            expect(kind.contains(wanted), &format)?;
            expect(!reply.text().contains("ServiceException"), "no exception")
        }
        "getlegendgraphic" => expect(kind == "image/png", "a legend"),
        other => Err(format!("an operation this test does not know: {other:?}")),
    }
}
