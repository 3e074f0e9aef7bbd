//! The requests of recorded clients, word by word, in their order.

use std::path::PathBuf;

use super::*;

fn shared(path: &str) -> PathBuf {
    repository().join("../shared").join(path)
}

/// A request line with the headers below it, and what the client was doing.
struct Line {
    doing: String,
    path: String,
    accept: String,
}

fn lines(text: &str) -> Vec<Line> {
    let mut doing = String::new();
    let mut lines: Vec<Line> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            doing = title.to_owned();
        } else if let Some(rest) = line.strip_prefix("GET {api}") {
            let path = rest.rsplit_once("  [").map_or(rest, |(path, _)| path);
            lines.push(Line {
                doing: doing.clone(),
                path: path.to_owned(),
                accept: String::new(),
            });
        } else if let (Some(accept), Some(last)) =
            (line.strip_prefix("  Accept: "), lines.last_mut())
        {
            last.accept = accept.to_owned();
        }
    }
    lines
}

/// What our server answers where it is stricter than the one that was recorded from, or where
/// that one has other addresses and fields.
fn expected(line: &Line) -> u16 {
    let refused = [
        "limit=0",
        "limit=abc",
        "bbox=1%2C2%2C3&",
        "unknown_parameter_x",
        "EPSG%2F0%2F99999",
    ];
    let path = format!("{}&", line.path);
    match () {
        () if refused.iter().any(|part| path.contains(part)) => 400,
        () if path.contains("no_such") => 404,
        () => 200,
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn every_request_of_real_clients_is_answered_as_they_need() {
    let scratch = Scratch::new("features-replay");
    std::fs::create_dir_all(scratch.0.join("data")).unwrap();
    let copy = |from: &str, to: &str| {
        std::fs::copy(shared(from), scratch.0.join(to)).unwrap();
    };
    copy("data/ara/departements.fgb", "data/departements.fgb");
    copy("data/ara/mairies.fgb", "data/stations.fgb");
    let server = Server::start(&scratch.0, &["--strict"]);
    let fields = |layer: &str| -> Vec<String> {
        let schema = get(&server, &format!("/collections/{layer}/schema"));
        schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .skip(1)
            .cloned()
            .collect()
    };
    let (departement, station) = (
        fields("departements")[0].clone(),
        fields("stations")[0].clone(),
    );
    let files = [
        "gdal-oapif",
        "gdal3.12-oapif",
        "leaflet-oapif",
        "openlayers-oapif",
        "owslib-oapif",
        "qgis-oapif",
    ];
    let (mut seen, mut faults) = (0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(shared(&format!("client-requests/{file}.txt"))).unwrap();
        for line in lines(&text) {
            seen += 1;
            // the fields of the layers that were recorded, and the address of the description
            let path = line
                .path
                .replace("/openapi", "/api")
                .replace("&code=", &format!("&{departement}="))
                .replace("?code=", &format!("?{departement}="))
                .replace("&classe=", &format!("&{station}="))
                .replace("?classe=", &format!("?{station}="));
            let headers: Vec<(&str, &str)> = match line.accept.as_str() {
                "" => Vec::new(),
                accept => vec![("Accept", accept)],
            };
            let reply = server.ask("GET", &path, &headers, b"");
            let is_json = reply.header("content-type").contains("json");
            let has_counts = reply.status != 200
                || !path.contains("/items?")
                || (reply.json()["numberMatched"].is_u64()
                    && reply.json()["numberReturned"].is_u64());
            if reply.status != expected(&line) || !is_json || !has_counts {
                let told: String = reply.text().chars().take(200).collect();
                faults.push(format!(
                    "{}: {} {path}\n    {told}",
                    line.doing, reply.status
                ));
            }
        }
    }
    assert!(seen > 200, "only {seen}");
    assert!(
        faults.is_empty(),
        "{} of {seen}:\n{}",
        faults.len(),
        faults.join("\n")
    );
}
