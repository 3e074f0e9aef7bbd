//! What real clients send, word by word, and what GDAL reads.

use std::path::PathBuf;
use std::process::Command;

use crate::common::{Scratch, Server, repository};
use crate::site::{small, write_small};

fn shared(path: &str) -> PathBuf {
    repository().join("../shared").join(path)
}

/// Every recorded request is answered with the document that it is for.
#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn every_wfs_request_of_real_clients_is_answered_as_they_need() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(shared("client-requests"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.file_name().unwrap().to_string_lossy().contains("wfs"))
        .collect();
    files.sort();
    assert!(files.len() >= 12);
    let (mut seen, mut faults) = (0, Vec::new());
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let mut doing = "";
        for line in text.lines() {
            let reply = if let Some(title) = line.strip_prefix("## ") {
                doing = title;
                continue;
            } else if let Some(rest) = line.strip_prefix("GET {ows}?") {
                small().get(rest.rsplit_once("  [").map_or(rest, |(query, _)| query))
            } else if let Some(body) = line.trim().strip_prefix("body: ") {
                small().post(body)
            } else {
                continue;
            };
            seen += 1;
            let is_exception = reply.text.contains("Exception");
            let wants_exception = doing.contains("exception") && line.contains("GetFeature");
            let is_right = match wants_exception {
                true => reply.status == 400 && is_exception,
                false => reply.status == 200 && !is_exception,
            };
            if !is_right {
                let answer: String = reply.text.chars().take(500).collect();
                faults.push(format!("{doing}: {line}\n    {} {answer}", reply.status));
            }
        }
    }
    assert!(seen > 150, "only {seen}");
    assert!(
        faults.is_empty(),
        "{} of {seen}:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// What `ogr2ogr` makes of a source: lines of ids and positions, in a CRS.
fn read_by_gdal(source: &str, layer: &str, crs: &str, sql: &[&str]) -> Vec<String> {
    let output = Command::new("ogr2ogr")
        .args(["-f", "CSV", "/vsistdout/", source, layer, "-t_srs", crs])
        .args(["-lco", "GEOMETRY=AS_XY"])
        .args(sql)
        .output()
        .expect("GDAL is needed (Debian: gdal-bin)");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn gdal_reads_counts_types_and_positions_in_every_version_and_crs() {
    let folder = Scratch::new("wfs-gdal");
    write_small(&folder.0);
    let server = Server::start(&folder.0, &["--strict"]);
    let file = folder.0.join("data/stations.geojson");
    let rounded = |lines: &[String], columns: [usize; 2]| -> Vec<[i64; 2]> {
        lines
            .iter()
            .skip(1)
            .map(|line| {
                let fields: Vec<&str> = line.split(',').collect();
                columns.map(|i| (fields[i].parse::<f64>().unwrap() * 1e4).round() as i64)
            })
            .collect()
    };
    for crs in ["EPSG:4326", "EPSG:2154", "EPSG:3857"] {
        let select = ["-select", "effectif"];
        let direct = read_by_gdal(file.to_str().unwrap(), "stations", crs, &select);
        let expected = rounded(&direct, [0, 1]);
        assert_eq!(expected.len(), 60);
        for version in ["2.0.0", "1.1.0", "1.0.0"] {
            let source = format!("WFS:http://{}/wfs?version={version}", server.address);
            let read = read_by_gdal(&source, "cartotheque:stations", crs, &select);
            let found = rounded(&read, [0, 1]);
            assert_eq!(found.len(), 60, "{version} {crs}");
            for (a, b) in found.iter().zip(&expected) {
                let far = (a[0] - b[0]).abs().max((a[1] - b[1]).abs());
                // a centimetre of a degree is what is written
                let tolerance = if crs == "EPSG:4326" { 1 } else { 200 };
                assert!(far <= tolerance, "{version} {crs}: {a:?} {b:?}");
            }
            let some = ["-where", "effectif > 2170", "-select", "effectif"];
            let some = read_by_gdal(&source, "cartotheque:stations", crs, &some);
            assert_eq!(some.len(), 3, "{version}: {some:?}");
            let near = ["-spat", "2.9", "43.9", "3.3", "44.6", "-select", "effectif"];
            let near = read_by_gdal(&source, "cartotheque:stations", crs, &near);
            assert_eq!(near.len(), 3, "{version}: {near:?}");
        }
    }
    let info = Command::new("ogrinfo")
        .args([
            "-ro",
            "-so",
            &format!("WFS:http://{}/wfs", server.address),
            "cartotheque:stations",
        ])
        .output()
        .unwrap();
    let info = String::from_utf8_lossy(&info.stdout).into_owned();
    for line in [
        "Feature Count: 60",
        "Geometry: Point",
        "effectif: Integer (0.0)",
        "classe: String (0.0)",
        "code_insee: String (0.0)",
        "_2020: Integer (0.0)",
        "actif: Integer(Boolean) (0.0)",
        "mesure: Real (0.0)",
    ] {
        assert!(info.contains(line), "{line}: {info}");
    }
}

/// A document that was saved: GDAL reads its types from the schema that it names, else it takes
/// `01` for a number, and then its CRS from the box around all alone.
#[test]
fn gdal_keeps_codes_with_zeros_and_the_crs_of_a_saved_document() {
    let server = Server::start(repository(), &["--strict"]);
    let folder = Scratch::new("wfs-saved");
    for version in ["2.0.0", "1.1.0"] {
        for (asked, crs, count, box_of) in [
            ("", 2154, 12, "(626128.710000, 6338324.440000)"),
            ("&srsName=urn:ogc:def:crs:EPSG::4326", 4326, 12, "(2.0"),
            ("&srsName=urn:ogc:def:crs:EPSG::3035", 3035, 12, "(368"),
            ("&featureId=departements.01", 2154, 1, "(833872.400000, "),
        ] {
            let reply = server.get(&format!(
                "/wfs?service=WFS&version={version}&request=GetFeature&typeName=departements{asked}"
            ));
            assert_eq!(reply.status, 200, "{}", reply.text());
            // a validator meets the envelope before anything that names the schema of GML
            let names_gml = "http://www.opengis.net/gml/3.2 http://schemas.opengis.net/gml/3.2.1";
            assert!(version != "2.0.0" || reply.text().contains(names_gml));
            let path = folder.0.join(format!("{version}-{crs}-{count}.gml"));
            std::fs::write(&path, reply.text()).unwrap();
            let output = Command::new("ogrinfo")
                .args(["-al", "-geom=NO"])
                .arg(&path)
                .output()
                .expect("GDAL is needed (Debian: gdal-bin)");
            let info = String::from_utf8_lossy(&output.stdout).into_owned();
            for line in [
                "code: String (0.0)".to_owned(),
                "code (String) = 01".to_owned(),
                "population: Integer (0.0)".to_owned(),
                format!("ID[\"EPSG\",{crs}]]\n"),
                format!("Feature Count: {count}"),
                format!("Extent: {box_of}"),
            ] {
                assert!(info.contains(&line), "{version} {asked} {line}: {info}");
            }
        }
    }
    // GML 2 has a box too; nothing is said of none, or of pairs
    let get = |query: &str| server.get(&format!("/wfs?service=WFS&{query}")).text();
    let old = get("version=1.0.0&request=GetFeature&typeName=departements");
    assert!(
        old.contains("<gml:coordinates>626128.71,6338324.44 1027288.45,6633791.93<"),
        "{old:.900}"
    );
    let none = get("version=2.0.0&request=GetFeature&typeNames=departements&count=0");
    let both = get("version=2.0.0&request=GetFeature&typeNames=departements,region&count=2");
    assert!(!none.contains("boundedBy") && !both.contains("boundedBy"));
}

#[test]
fn a_whole_layer_streams_over_http_with_its_type_and_cors() {
    let server = Server::start(repository(), &["--strict"]);
    let query = "/wfs?service=WFS&version=2.0.0&request=GetFeature&typenames=communes";
    let reply = server.get(query);
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.header("content-type"),
        "application/gml+xml; version=3.2"
    );
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    assert!(
        reply
            .text()
            .trim_end()
            .ends_with("</wfs:FeatureCollection>")
    );
    let body = b"<GetFeature xmlns='http://www.opengis.net/wfs/2.0' service='WFS' version='2.0.0'><Query typeNames='region'/></GetFeature>";
    let posted = server.ask("POST", "/wfs", &[("Content-Type", "text/xml")], body);
    assert!(
        posted.text().contains("numberMatched=\"1\""),
        "{}",
        posted.text()
    );
    let one = server.get("/collections/region/wfs?service=WFS&request=GetCapabilities");
    assert_eq!(one.text().matches("<FeatureType>").count(), 1);
    let missing = server.get("/collections/bogus/wfs?service=WFS&request=GetCapabilities");
    assert_eq!(missing.status, 404);
    let error = server.get("/wfs?service=WFS&version=2.0.0&request=GetFeature&typenames=bogus");
    assert_eq!(error.status, 400);
    assert_eq!(error.header("access-control-allow-origin"), "*");
}
