//! From a file to a map; and what is left where the way is cut.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Scratch, Server};
use crate::made::*;

#[test]
fn a_shapefile_becomes_a_map_in_three_commands() {
    let scratch = Scratch::new("import-map");
    let path = scratch.0.join("zones.shp");
    polygons().write(&path, Some(LAMBERT_93));
    let map = scratch.0.join("map");
    let run = |arguments: &[&Path]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cartotheque"));
        let output = command.args(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    run(&[
        Path::new("import"),
        &path,
        Path::new("-o"),
        &map.join("data"),
    ]);
    run(&[Path::new("check"), &map]);
    let server = Server::start(&map, &[]);
    let picture = server.get(
        "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=zones&STYLES=&CRS=EPSG:2154&BBOX=-1,-1,30,10&WIDTH=310&HEIGHT=110&FORMAT=image/png&TRANSPARENT=TRUE",
    );
    let (width, _, pixels) = picture.picture();
    let at = |x: f64, y: f64| {
        pixels[((10.0 - y) * 10.0) as usize * width as usize + ((x + 1.0) * 10.0) as usize]
    };
    assert!(at(5.0, 5.0)[3] > 0, "the first area is drawn");
    assert!(at(22.0, 4.0)[3] > 0, "the second part is drawn");
    assert_eq!(at(15.0, 5.0)[3], 0, "nothing between them");
    let page = server.get("/layers/zones").text();
    assert!(
        page.contains("INSEE") || page.contains("Insee"),
        "the page names the fields"
    );
    let info = server.get("/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=zones&QUERY_LAYERS=zones&STYLES=&CRS=EPSG:2154&BBOX=-1,-1,30,10&WIDTH=310&HEIGHT=110&I=60&J=50&INFO_FORMAT=application/json");
    assert!(info.text().contains("01906"), "{}", info.text());
}

#[test]
fn a_running_server_takes_up_what_is_imported_beside_it() {
    let scratch = Scratch::new("import-beside");
    let map = scratch.0.join("map");
    let first = write(&scratch.0, "in/a.csv", "lon,lat\n5,45\n");
    bring_one(&first, &map);
    let waiting = write(&map, "data/b.csv", "lon,lat,n\n5,45,1\n");
    let server = Server::start(&map, &[]);
    server.wait_until("a word about the file that is not served", |s| {
        s.log().contains("cartotheque import") && s.log().contains("b.csv")
    });
    bring_one(&waiting, &map);
    server.wait_until("the new layer", |s| s.get("/collections/b").status == 200);
}

/// Starts an import of many features, and signals it when it has begun to write.
fn interrupted(name: &str, signal: &str) -> (Vec<String>, Option<i32>) {
    let scratch = Scratch::new(name);
    let path = scratch.0.join("in.csv");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    writeln!(file, "lon,lat,n,text").unwrap();
    for n in 0..600_000_u32 {
        let (x, y) = (f64::from(n % 1000) / 1e3, f64::from(n / 1000) / 1e3);
        writeln!(file, "{x},{y},{n},a text of some length that goes along").unwrap();
    }
    drop(file);
    let map = scratch.0.join("map");
    let mut child = Command::new(env!("CARGO_BIN_EXE_cartotheque"))
        .args([Path::new("import"), &path, Path::new("-o"), &map])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while !map.join("data").is_dir() && started.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(2));
    }
    std::thread::sleep(Duration::from_millis(150));
    let status = Command::new("sh")
        .args(["-c", "kill \"$0\" \"$1\"", signal])
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(status.success(), "the import was over too early");
    let code = child.wait().unwrap().code();
    (all_files(&map), code)
}

#[test]
fn an_import_that_is_stopped_leaves_nothing() {
    let (left, code) = interrupted("import-stopped", "-TERM");
    assert_eq!((left, code), (Vec::new(), Some(130)));
}

#[test]
fn an_import_that_is_killed_leaves_nothing_that_is_served() {
    let (left, code) = interrupted("import-killed", "-KILL");
    assert_eq!(code, None);
    let visible = left
        .iter()
        .filter(|path| !path.rsplit('/').next().unwrap().starts_with('.'));
    assert_eq!(visible.count(), 0, "{left:?}");
}

#[test]
fn memory_does_not_grow_with_the_features() {
    let scratch = Scratch::new("import-memory");
    let path = scratch.0.join("in.csv");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    writeln!(file, "lon,lat,text").unwrap();
    let text = "x".repeat(400);
    for n in 0..600_000_u32 {
        let (x, y) = (
            f64::from(n.wrapping_mul(2_654_435_761) % 1000) / 1e3,
            f64::from(n / 1000) / 1e3,
        );
        writeln!(file, "{x},{y},{text}").unwrap();
    }
    drop(file);
    let mut child = Command::new(env!("CARGO_BIN_EXE_cartotheque"))
        .args([
            Path::new("import"),
            &path,
            Path::new("-o"),
            &scratch.0.join("map"),
        ])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut most_kb = 0_u64;
    let status = loop {
        let text = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
        let text = text.unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|kb| kb.trim().trim_end_matches(" kB").parse().ok());
        most_kb = most_kb.max(peak.unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(status.success());
    // the features take 300 MB, a run and what is read ahead of runs 64 MB each
    assert!((1..200_000).contains(&most_kb), "{most_kb} kB");
}
