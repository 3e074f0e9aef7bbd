//! The commands beside `serve`, and command lines that are wrong.

use std::process::Command;

use crate::MAP;
use crate::common::{Scratch, Server, decode_png, repository};

#[test]
fn a_command_line_that_is_wrong_is_told_what_was_expected() {
    let scratch = Scratch::new("commands");
    let (empty, site) = (scratch.0.join("vide"), scratch.0.join("site"));
    for folder in [&empty, &site.join("capabilities/maps")] {
        std::fs::create_dir_all(folder).unwrap();
    }
    let data = repository().join("data/departements.fgb");
    std::fs::copy(data, site.join("departements.fgb")).unwrap();
    let map = "title: Carte\nlayers: [departements]\n";
    std::fs::write(site.join("capabilities/maps/carte.yaml"), map).unwrap();
    let family = "for_each: [{c: '1'}, {c: '2'}]\nid: carte-{c}\n".to_owned() + map;
    std::fs::write(site.join("capabilities/maps/famille.yaml"), family).unwrap();
    let proxy = "identities: {proxy: {networks: [0.0.0.0/0], user: X-User}}\n";
    std::fs::write(site.join("capabilities/server.yaml"), proxy).unwrap();
    let (empty, site) = (empty.to_str().unwrap(), site.to_str().unwrap());
    for (arguments, code, told) in [
        (
            vec!["explain", "foo", empty],
            1,
            "has none in capabilities/maps/",
        ),
        (
            vec!["explain", "foo", "/nowhere"],
            1,
            "/nowhere: there is no such file or folder",
        ),
        (
            vec!["explain", "famille", site],
            1,
            "famille.yaml makes carte-1, carte-2",
        ),
        (
            vec!["explain", "departements", site],
            1,
            "is a layer, and no map; the maps: carte, ",
        ),
        (
            vec!["serve", site, "--listen", "foo"],
            1,
            "expected ADDRESS:PORT such as 127.0.0.1:8080",
        ),
        (vec!["serve", site, "--listen", "8080"], 1, "found \"8080\""),
        (vec!["serve", site, "--listen", ":80"], 1, "found \":80\""),
        // also what is no reason not to start
        (
            vec!["serve", site, "--listen", "foo"],
            1,
            "whoever reaches the server can claim any role",
        ),
        (vec!["serve", site, "--workers", "0"], 2, "1..=1024"),
        (
            vec!["link", site, "carte", "--base-url", "foo"],
            1,
            "expected an address such as https",
        ),
        (
            vec!["check", site, "--base-url", "foo"],
            1,
            "expected an address such as https",
        ),
        (vec!["info", site], 1, "expected a file, found a folder"),
        (
            vec!["info", "Cargo.toml"],
            1,
            "`cartotheque import` makes FlatGeobuf",
        ),
        (vec!["prepare", empty], 0, "has no layer to prepare"),
        (
            vec!["render", empty, "-o", "x.png"],
            1,
            "has no layer to draw",
        ),
        (
            vec!["render", site, "-o", "x.bmp"],
            1,
            "ends in .png, .jpg or .webp, found x.bmp",
        ),
        (
            vec!["render", site, "-o", "x.png", "--dpi", "0"],
            1,
            "expected 9.6 to 1920, found 0",
        ),
        (
            vec!["render", site, "-o", "x.png", "--bbox", "1 2 3 4"],
            2,
            "joined by commas",
        ),
        (
            vec!["render", site, "-o", "x.png", "--bbox", "5,45,6,46"],
            1,
            "touches none of the layers",
        ),
        (
            vec!["render", site, "-o", "x.png", "--layers", "x"],
            1,
            "the layers: departements",
        ),
        (
            vec!["render", site, "-o", "x.png", "--layers", "carte"],
            1,
            "is a map, and no layer",
        ),
    ] {
        let run = Command::new(env!("CARGO_BIN_EXE_cartotheque"))
            .current_dir(repository())
            .args(&arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(told), "{arguments:?}: {said}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_reason_to_break_off() {
    let mut run = Command::new(env!("CARGO_BIN_EXE_cartotheque"))
        .args(["explain", "foo", "/nowhere"])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(run.stderr.take());
    assert_eq!(run.wait().unwrap().code(), Some(1));
}

#[test]
fn the_commands_tell_what_they_did() {
    let binary = env!("CARGO_BIN_EXE_cartotheque");
    let check = Command::new(binary)
        .arg("check")
        .arg(repository())
        .output()
        .unwrap();
    assert_eq!(
        check.status.code(),
        Some(0),
        "{}{}",
        String::from_utf8_lossy(&check.stdout),
        String::from_utf8_lossy(&check.stderr)
    );

    let info = Command::new(binary)
        .arg("info")
        .arg(repository().join("data/communes.fgb"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&info.stdout).into_owned();
    for word in ["MultiPolygon", "EPSG:2154", "nom", "population"] {
        assert!(text.contains(word), "{word} in {text}");
    }
    let scratch = Scratch::new("render");
    let picture = scratch.0.join("map.png");
    let render = Command::new(binary)
        .arg("render")
        .arg(repository())
        .args([
            "--layers",
            "communes",
            "--bbox",
            "760000,6480000,880000,6580000",
            "--crs",
            "EPSG:2154",
            "--size",
            "600x500",
            "-o",
        ])
        .arg(&picture)
        .output()
        .unwrap();
    assert_eq!(
        render.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&render.stderr)
    );
    // the same pixels as the service
    let server = Server::start(repository(), &[]);
    let served = server.get(MAP).picture();
    assert_eq!(decode_png(&std::fs::read(&picture).unwrap()), served);

    let unknown = Command::new(binary)
        .arg("info")
        .arg("/nowhere/a.fgb")
        .output()
        .unwrap();
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("/nowhere/a.fgb"));
}
