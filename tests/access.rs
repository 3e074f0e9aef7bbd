//! Who may see what: a site of public and restricted things, asked as everybody and as somebody.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

mod common;

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::{Scratch, Server, repository};
use ring::hmac;
use serde_json::json;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const TOKEN_SECRET: &[u8] = b"a secret of more than thirty-two bytes";
/// A word that stands in everything restricted and nowhere else.
const MARK: &str = "zzreserve";

const SERVER: &str = "
schema: cartotheque/server@1
title: Essai
roles:
  ddt: {api_keys: file:secrets/keys}
  autre: {}
identities:
  passwords: file:secrets/passwords
  tokens: {issuer: https://id.example, audience: carto, keys: file:secrets/jwks.json, roles: realm_access.roles}
  proxy: {networks: [127.0.0.1], user: X-Remote-User, roles: X-Remote-Roles}
  links: {secret: file:secrets/links, days: 30}
groups:
  - {id: tout, title: Tout, layers: [communes-zzreserve, departements]}
  - {id: groupe-zzreserve, title: Groupe zzreserve, layers: [epci-zzreserve]}
";

struct Site {
    folder: Scratch,
    server: Server,
}

fn run(arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cartotheque"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

fn site(name: &str) -> Site {
    site_with(name, &[])
}

fn site_with(name: &str, options: &[&str]) -> Site {
    let folder = Scratch::new(name);
    let root = &folder.0;
    for path in [
        "capabilities/layers",
        "capabilities/maps",
        "data",
        "secrets",
    ] {
        fs::create_dir_all(root.join(path)).unwrap();
    }
    for file in ["departements", "communes", "epci"] {
        let data = repository().join(format!("data/{file}.fgb"));
        fs::copy(data, root.join(format!("data/{file}.fgb"))).unwrap();
    }
    let write = |path: &str, text: &str| fs::write(root.join(path), text).unwrap();
    write("capabilities/server.yaml", SERVER);
    write(
        "capabilities/layers/departements.yaml",
        "title: Départements\nsource: {file: data/departements.fgb}\nid_column: code\n",
    );
    for (id, roles) in [("communes", "ddt"), ("epci", "ddt, autre")] {
        write(
            &format!("capabilities/layers/{id}-{MARK}.yaml"),
            &format!(
                "title: {id} {MARK}\nsource: {{file: data/{id}.fgb}}\naccess: {{roles: [{roles}]}}\n"
            ),
        );
    }
    write(
        "capabilities/maps/ouverte.yaml",
        "title: Ouverte\nview: {crs: EPSG:2154}\nlayers: [departements]\n",
    );
    write(
        &format!("capabilities/maps/carte-{MARK}.yaml"),
        &format!(
            "title: Carte {MARK}\naliases: [ancienne_{MARK}]\naccess: {{roles: [ddt]}}\nview: {{crs: EPSG:2154}}\nlayers: [departements, communes-{MARK}]\n"
        ),
    );
    write("secrets/keys", &format!("{KEY}\n"));
    write(
        "secrets/links",
        "a secret of links, longer than 32 characters",
    );
    let secret = URL_SAFE_NO_PAD.encode(TOKEN_SECRET);
    let jwks = json!({"keys": [{"kty": "oct", "k": secret}]});
    write("secrets/jwks.json", &jwks.to_string());
    let line = run(&["password", "marie", "--roles", "ddt"], "géosites 2026\n");
    write("secrets/passwords", &line);
    let server = Server::start(root, options);
    Site { folder, server }
}

fn token(roles: &[&str], ends_in: i64) -> String {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;
    let claims = json!({
        "iss": "https://id.example", "aud": "carto", "sub": "paul",
        "exp": now + ends_in, "realm_access": {"roles": roles},
    });
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, TOKEN_SECRET);
    let signature = hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
}

#[test]
fn every_way_to_say_who_one_is_opens_what_its_role_may_see() {
    let site = site("access-ways");
    let server = &site.server;
    let map = format!("/maps/carte-{MARK}?f=json");
    let basic = |name: &str, password: &str| {
        format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
    };
    let ask = |path: &str, headers: &[(&str, &str)]| server.ask("GET", path, headers, b"");
    let bearer = |token: &str| format!("Bearer {token}");
    let good = [
        ("X-Api-Key", KEY.to_owned()),
        ("Authorization", bearer(KEY)),
        ("Authorization", basic("qgis", KEY)),
        ("Authorization", basic("marie", "géosites 2026")),
        ("Authorization", bearer(&token(&["ddt", "inconnu"], 60))),
    ];
    for (name, value) in &good {
        let reply = ask(&map, &[(name, value)]);
        assert_eq!(reply.status, 200, "{name}: {value}: {}", reply.text());
        assert!(reply.header("cache-control").contains("private"));
        assert!(
            reply.header("vary").contains("Authorization"),
            "{:?}",
            reply.headers
        );
    }
    let in_query = format!("{map}&api_key={KEY}");
    assert_eq!(ask(&in_query, &[]).status, 200);
    let by_proxy = [("X-Remote-User", "anne"), ("X-Remote-Roles", "ddt")];
    let reply = ask(&map, &by_proxy);
    assert_eq!(reply.status, 200);
    // a cache in the proxy tells its users by the headers that it sends
    for part in ["authorization", "x-remote-user", "x-remote-roles"] {
        let vary = reply.header("vary").to_lowercase();
        assert!(vary.contains(part), "{vary}");
    }
    let accented = [("X-Remote-User", "Hélène"), ("X-Remote-Roles", "ddt")];
    assert_eq!(ask(&map, &accented).status, 200);
    // of two headers one may be what a client sent for a proxy to pass on
    for twice in ["X-Remote-User", "X-Remote-Roles"] {
        let headers = [by_proxy[0], by_proxy[1], (twice, "autre")];
        let reply = ask(&map, &headers);
        assert_eq!(reply.status, 401, "{twice}: {}", reply.text());
    }

    let anonymous = ask(&map, &[]);
    assert_eq!(anonymous.status, 401);
    assert!(
        anonymous
            .header("www-authenticate")
            .starts_with("Basic realm=")
    );
    // wrong credentials are told so even where everybody may come
    for (name, value) in [
        ("X-Api-Key", "0123456789abcdef0123456789abcdee".to_owned()),
        ("Authorization", basic("marie", "geosites 2026")),
        ("Authorization", basic("paul", "géosites 2026")),
        ("Authorization", bearer(&token(&["ddt"], -100))),
        ("Authorization", "Nonsense".to_owned()),
        ("X-Api-Key", "clé".to_owned()),
    ] {
        for path in [map.as_str(), "/maps/ouverte?f=json"] {
            let reply = ask(path, &[(name, &value)]);
            assert_eq!(reply.status, 401, "{name}: {value}: {}", reply.text());
            assert!(!reply.text().contains(MARK));
        }
    }
    // somebody known, of another role
    let other = bearer(&token(&["autre"], 60));
    let headers = [("Authorization", other.as_str())];
    assert_eq!(ask(&map, &headers).status, 403);
    assert_eq!(
        ask(&format!("/collections/epci-{MARK}?f=json"), &headers).status,
        200
    );
    assert_eq!(
        ask(&format!("/collections/communes-{MARK}?f=json"), &headers).status,
        403
    );
    // secrets are in no log
    let log = server.log();
    for secret in [KEY, "géosites", &token(&["ddt"], 60)[..40]] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn services_of_a_role_hold_what_others_do_not_have() {
    let site = site("access-services");
    let server = &site.server;
    let key = [("X-Api-Key", KEY)];
    let layer = format!("communes-{MARK}");
    for (path, needle) in [
        (
            "/wms?service=WMS&request=GetCapabilities".to_owned(),
            layer.clone(),
        ),
        (
            "/wfs?service=WFS&request=GetCapabilities".to_owned(),
            layer.clone(),
        ),
        (
            "/wmts?service=WMTS&request=GetCapabilities".to_owned(),
            layer.clone(),
        ),
        ("/collections?f=json".to_owned(), layer.clone()),
        ("/maps?f=json".to_owned(), format!("carte-{MARK}")),
        ("/".to_owned(), layer.clone()),
        (
            format!("/maps/carte-{MARK}/collections?f=json"),
            layer.clone(),
        ),
    ] {
        // in turns: neither gets what was kept for the other, packed or not
        for _ in 0..2 {
            for packing in ["identity", "gzip"] {
                let accept = ("Accept-Encoding", packing);
                let public = server.ask("GET", &path, &[accept], b"");
                let own = server.ask("GET", &path, &[accept, key[0]], b"");
                let text = |reply: &common::Reply| match reply.header("content-encoding") {
                    "gzip" => {
                        let mut out = String::new();
                        let mut decoder = flate2::read::GzDecoder::new(&reply.body[..]);
                        std::io::Read::read_to_string(&mut decoder, &mut out).unwrap();
                        out
                    }
                    _ => reply.text(),
                };
                assert!(text(&own).contains(&needle), "{path}: {}", text(&own));
                assert!(!text(&public).contains(MARK), "{path}: {}", text(&public));
            }
        }
    }
    let map = |extra: &[(&str, &str)]| {
        let query = format!(
            "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS={layer}&STYLES=&CRS=EPSG:2154&BBOX=760000,6480000,880000,6580000&WIDTH=60&HEIGHT=50&FORMAT=image/png"
        );
        server.ask("GET", &query, extra, b"")
    };
    assert!(map(&key).header("content-type").starts_with("image/png"));
    let refused = map(&[]).text();
    assert!(refused.contains("LayerNotDefined"), "{refused}");
    let tile = format!("/tiles/{layer}/8/131/91.mvt");
    assert_eq!(server.ask("GET", &tile, &key, b"").status, 200);
    assert_eq!(server.get(&tile).status, 401);
}

/// Addresses in a document that lie on this server.
fn links(text: &str, base: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(base) {
        let rest = &text[at + base.len()..];
        let end = rest
            .find(|c: char| "\"'<> \\\n)".contains(c))
            .unwrap_or(rest.len());
        found.push(rest[..end].replace("&amp;", "&"));
    }
    for (at, _) in text.match_indices("href=\"/") {
        let rest = &text[at + 6..];
        let end = rest.find('"').unwrap_or(rest.len());
        found.push(rest[..end].replace("&amp;", "&"));
    }
    found
}

#[test]
fn whoever_walks_all_addresses_as_everybody_finds_no_trace() {
    let site = site("access-walk");
    let server = &site.server;
    let base = format!("http://{}", server.address);
    let seeds = [
        "/",
        "/?f=json",
        "/api",
        "/api.html",
        "/conformance",
        "/collections?f=html",
        "/health",
        "/metrics",
        "/maps",
        "/maps?f=json",
        "/maps?f=json&q=zzreserve",
        "/styles",
        "/styles/all",
        "/styles/all?f=html",
        "/tileMatrixSets",
        "/record.xml",
        "/robots.txt",
        "/wms?service=WMS&request=GetCapabilities",
        "/wms?service=WMS&version=1.1.1&request=GetCapabilities",
        "/wms?service=WMS&version=1.3.0&request=GetMap&layers=communes-zzreserv&styles=&crs=EPSG:2154&bbox=1,2,3,4&width=9&height=9&format=image/png",
        "/wfs?service=WFS&request=GetCapabilities",
        "/wfs?service=WFS&version=2.0.0&request=DescribeFeatureType",
        "/wfs?service=WFS&version=2.0.0&request=DescribeStoredQueries",
        "/wfs?service=WFS&version=2.0.0&request=GetFeature&typeNames=communes-zzreserv",
        "/wmts?service=WMTS&request=GetCapabilities",
        "/wmts/1.0.0/WMTSCapabilities.xml",
        "/map?width=50",
        "/layers/communes-zzreserv",
        "/collections/communes-zzreserv",
        "/maps/carte-zzreserv",
        "/tiles/communes-zzreserv.json",
        "/tiles/tout.json",
        "/1/ancienne_zzreserv.map",
        "/collections?q=zzreserve",
    ];
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut queue: VecDeque<String> = seeds.iter().map(|s| (*s).to_owned()).collect();
    let mut pages = 0;
    while let Some(path) = queue.pop_front() {
        // the server by its name alone is its first page
        let path = if path.is_empty() {
            "/".to_owned()
        } else {
            path
        };
        // templates, and pictures by the hundred, are no addresses to walk
        let is_walked = !path.contains('{') && !path.contains("/fonts/");
        if !is_walked || !seen.insert(path.clone()) || pages > 700 {
            continue;
        }
        pages += 1;
        let reply = server.get(&path);
        assert!(reply.status < 500, "{path}: {}", reply.status);
        let asked_for = path.contains("zzreserv");
        let text = reply.text();
        // what was asked may be repeated, without the letter that was left out
        let names_it = match asked_for && !path.contains(MARK) {
            true => text.contains(MARK),
            false => !asked_for && text.contains(MARK),
        };
        assert!(!names_it, "{path} tells: {text}");
        assert!(
            !format!("{:?}", reply.headers).contains(MARK) || asked_for,
            "{path}"
        );
        if text.len() < 2_000_000 {
            queue.extend(links(&text, &base));
        }
    }
    assert!(pages > 100, "only {pages} addresses were walked");
    let collections = server.get("/collections?f=json").json();
    assert_eq!(collections["collections"].as_array().unwrap().len(), 1);
    assert_eq!(server.get("/maps?f=json").json()["numberMatched"], 1);
    assert_eq!(server.get("/health").json()["layers"], 1);
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("cartotheque_layers 1\n"), "{metrics}");
    let metrics = server.ask("GET", "/metrics", &[("X-Api-Key", KEY)], b"");
    assert!(metrics.text().contains("cartotheque_layers 3\n"));
}

#[test]
fn a_signed_link_shows_its_map_and_nothing_else() {
    let site = site("access-link");
    let server = &site.server;
    let map = format!("carte-{MARK}");
    let base = format!("http://{}", server.address);
    let folder = site.folder.0.to_str().unwrap();
    let link = run(
        &["link", folder, &map, "--days", "2", "--base-url", &base],
        "",
    );
    let path = link.trim().strip_prefix(&base).unwrap().to_owned();
    let reply = server.get(&format!("{path}?f=json"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.header("cache-control").contains("private"));
    let page = reply.json();
    // its links are signed as it is, and lead on
    let own = page["base"].as_str().unwrap();
    assert_eq!(own, format!("{base}{path}"));
    let items = server.get(&format!(
        "{path}/collections/communes-{MARK}/items?limit=1&f=json"
    ));
    assert_eq!(items.status, 200, "{}", items.text());
    // the rest of the site is the public one
    let token = path.strip_suffix(&format!("/maps/{map}")).unwrap();
    let collections = server.get(&format!("{token}/collections?f=json")).text();
    assert!(
        !collections.contains(&format!("-{MARK}\"")),
        "{collections}"
    );
    assert!(
        !collections.contains(&format!("communes-{MARK}")),
        "{collections}"
    );
    assert_eq!(
        server
            .get(&format!("{token}/collections/communes-{MARK}"))
            .status,
        401
    );
    // a changed link is none, and the log keeps no token
    let forged = path.replacen(".", ".1", 1);
    assert_eq!(server.get(&forged).status, 403);
    server.wait_until("the log tells of the requests", |s| {
        s.log().contains("/s/***/maps/")
    });
    let signature = token.rsplit('.').next().unwrap();
    assert!(!server.log().contains(signature));
}

#[test]
fn people_are_told_in_their_language_that_an_address_is_restricted() {
    let site = site("access-page");
    let server = &site.server;
    let path = format!("/maps/carte-{MARK}");
    let page = |path: &str, language: &str, more: &[(&str, &str)]| {
        let own = [("Accept", "text/html"), ("Accept-Language", language)];
        server.ask("GET", path, &[&own, more].concat(), b"")
    };
    let french = page(&path, "fr", &[]);
    assert_eq!(french.status, 401);
    assert!(french.text().contains("<h1>Accès restreint</h1>"));
    assert!(french.text().contains("Rechargez la page"));
    let english = page(&format!("{path}/embed"), "en", &[]);
    assert!(english.text().contains("<h1>Restricted</h1>"));
    let other = format!("Bearer {}", token(&["autre"], 60));
    let other = page(&path, "fr", &[("Authorization", &other)]);
    assert_eq!(other.status, 403);
    assert!(other.text().contains("<h1>Accès refusé</h1>"));
    for page in [french, english, other] {
        let text = page.text().replace(&path, "");
        assert!(!text.contains(MARK) && text.contains("noindex"), "{text}");
    }
    let gone = page("/maps/rien", "fr", &[]);
    assert!(gone.text().contains("<h1>Page introuvable</h1>"));
}

#[test]
fn what_a_map_searches_in_a_layer_of_others_is_not_told() {
    let site = site("access-search");
    let server = &site.server;
    let file = site.folder.0.join("capabilities/maps/partage.yaml");
    fs::write(
        &file,
        format!(
            "title: Partage\naccess: {{roles: [ddt, autre]}}\nview: {{crs: EPSG:2154}}\nlayers: [departements, {{layer: departements, id: communes-{MARK}}}]\n\
             search:\n  - {{layer: communes-{MARK}, fields: [nom], title: Chercher {MARK}}}\n  - {{layer: departements, fields: [nom]}}\n"
        ),
    )
    .unwrap();
    let ddt = [("X-Api-Key", KEY)];
    let other = format!("Bearer {}", token(&["autre"], 60));
    let other = [("Authorization", other.as_str())];
    server.wait_until("the map is there", |s| {
        s.ask("GET", "/maps/partage?f=json", &ddt, b"").status == 200
    });
    let search = |headers: &[(&str, &str)]| {
        let context = server
            .ask("GET", "/maps/partage?f=json", headers, b"")
            .json();
        context["search"].as_array().unwrap().len()
    };
    // under the id of a layer of the map, which is not the one that is searched
    assert_eq!((search(&ddt), search(&other)), (2, 1));
}

#[test]
fn what_becomes_restricted_is_gone_for_everybody_at_the_next_look() {
    let site = site("access-reload");
    let server = &site.server;
    assert_eq!(server.get("/collections/departements?f=json").status, 200);
    let file = site.folder.0.join("capabilities/layers/departements.yaml");
    let text = fs::read_to_string(&file).unwrap();
    std::thread::sleep(Duration::from_millis(20));
    fs::write(&file, text + "access: {roles: [ddt]}\n").unwrap();
    server.wait_until("the layer is restricted", |s| {
        s.get("/collections/departements?f=json").status == 401
    });
    let key = [("X-Api-Key", KEY)];
    assert_eq!(
        server
            .ask("GET", "/collections/departements?f=json", &key, b"")
            .status,
        200
    );
}

#[test]
fn a_fault_elsewhere_keeps_nothing_open_that_is_restricted_and_opens_nothing() {
    let site = site_with("access-strict", &["--strict"]);
    let server = &site.server;
    let write = |path: &str, text: &str| {
        let file = site.folder.0.join("capabilities").join(path);
        fs::write(file, text).unwrap();
    };
    assert_eq!(server.get("/collections/departements?f=json").status, 200);
    let wms = "/wms?service=WMS&request=GetCapabilities";
    assert!(server.get(wms).text().contains("Départements"));
    // a file at fault, of a restricted layer: with --strict nothing new is served
    let broken = format!("layers/communes-{MARK}.yaml");
    write(&broken, "title: [\nsource: {file: data/communes.fgb}\n");
    write(
        "layers/departements.yaml",
        "title: Autre titre\nsource: {file: data/departements.fgb}\nid_column: code\naccess: {roles: [ddt]}\n",
    );
    let epci = format!("layers/epci-{MARK}.yaml");
    write(&epci, "source: {file: data/epci.fgb}\naccess: public\n");
    write(
        "maps/ouverte.yaml",
        "title: Ouverte\naccess: {roles: [autre]}\nview: {crs: EPSG:2154}\nlayers: [departements]\n",
    );
    server.wait_until("the layer is restricted", |s| {
        s.get("/collections/departements?f=json").status == 401
    });
    let key = [("X-Api-Key", KEY)];
    let kept = server.ask("GET", "/collections/departements?f=json", &key, b"");
    assert_eq!(kept.json()["title"], "Départements", "the title of before");
    assert!(!server.get(wms).text().contains("Départements"));
    assert_eq!(server.get("/maps/ouverte?f=json").status, 401);
    assert_eq!(
        server.ask("GET", "/maps/ouverte?f=json", &key, b"").status,
        403
    );
    assert_eq!(
        server
            .get(&format!("/collections/epci-{MARK}?f=json"))
            .status,
        401
    );
    // what is wrong with a restricted layer is told to its people
    let health = |headers: &[(&str, &str)]| server.ask("GET", "/health", headers, b"").text();
    assert!(!health(&[]).contains(MARK), "{}", health(&[]));
    assert!(health(&key).contains(MARK), "{}", health(&key));
}

#[test]
fn a_reload_that_changes_no_user_has_nobody_verified_again() {
    use argon2::password_hash::{PasswordHasher, SaltString};
    let site = site("access-remembered");
    let server = &site.server;
    // half a second of computing
    let params = argon2::Params::new(65_536, 8, 1, None).unwrap();
    let hasher = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let salt = SaltString::encode_b64(b"sixteen bytes 16").unwrap();
    let hash = hasher.hash_password(b"lent", &salt).unwrap();
    let root = &site.folder.0;
    fs::write(root.join("secrets/passwords"), format!("anne:{hash}:ddt\n")).unwrap();
    let basic = format!("Basic {}", STANDARD.encode("anne:lent"));
    let path = format!("/maps/carte-{MARK}?f=json");
    let ask = || {
        let began = std::time::Instant::now();
        let reply = server.ask("GET", &path, &[("Authorization", &basic)], b"");
        (reply.status, began.elapsed(), reply.text())
    };
    server.wait_until("anne", |_| ask().0 == 200);
    let (_, known, _) = ask();
    let title = "title: Carte après";
    let map = root.join(format!("capabilities/maps/carte-{MARK}.yaml"));
    let yaml = fs::read_to_string(&map).unwrap();
    fs::write(&map, yaml.replace(&format!("title: Carte {MARK}"), title)).unwrap();
    server.wait_until("the reload", |server| {
        let reply = server.ask("GET", &path, &[("X-Api-Key", KEY)], b"");
        reply.text().contains("Carte après")
    });
    let (status, after, _) = ask();
    assert_eq!(status, 200);
    let slow = Duration::from_millis(100);
    assert!(known < slow && after < slow, "{known:?} {after:?}");
}

#[test]
fn what_is_revoked_in_a_refused_change_is_revoked_and_what_is_given_waits() {
    const OTHER: &str = "a second key that is long enough";
    const LATER: &str = "a third key given while it waits";
    let site = site_with("access-revoked", &["--strict"]);
    let server = &site.server;
    let write = |path: &str, text: &str| fs::write(site.folder.0.join(path), text).unwrap();
    let restricted = format!("/collections/communes-{MARK}?f=json");
    let status = |headers: &[(&str, &str)]| server.ask("GET", &restricted, headers, b"").status;
    let by = |key: &str| status(&[("X-Api-Key", key)]);
    write(
        "secrets/keys",
        &format!("{KEY}\n{OTHER}\n").replace(' ', "-"),
    );
    let (other, later) = (OTHER.replace(' ', "-"), LATER.replace(' ', "-"));
    server.wait_until("the second key counts", |_| by(&other) == 200);
    let basic = format!("Basic {}", STANDARD.encode("marie:géosites 2026"));
    let marie = || status(&[("Authorization", basic.as_str())]);
    let paul = format!("Bearer {}", token(&["ddt"], 600));
    let paul = || status(&[("Authorization", paul.as_str())]);
    assert_eq!((by(KEY), marie(), paul()), (200, 200, 200));
    // with a fault elsewhere the whole is refused: the first key is gone, a third one is there
    write("capabilities/layers/faute.yaml", "title: [\n");
    write("secrets/keys", &format!("{other}\n{later}\n"));
    server.wait_until("the key is revoked", |_| by(KEY) == 401);
    assert_eq!((by(&other), by(&later)), (200, 401));
    assert_eq!((marie(), paul()), (200, 200), "nothing was said of them");
    // a user is taken out; one more has the right to wait
    let line = run(&["password", "luc", "--roles", "ddt"], "un autre mot\n");
    write("secrets/passwords", &line);
    server.wait_until("the password is revoked", |_| marie() == 401);
    let luc = format!("Basic {}", STANDARD.encode("luc:un autre mot"));
    assert_eq!(status(&[("Authorization", luc.as_str())]), 401);
    // a file of secrets that can't be read says nothing
    write("secrets/jwks.json", "{");
    // nor does a server file that is none; one with a fault elsewhere does
    let yaml = SERVER.replace("ddt: {api_keys: file:secrets/keys}", "ddt: {}");
    write("capabilities/server.yaml", &format!("{yaml}inconnu: 1\n"));
    server.wait_until("all keys are revoked", |_| by(&other) == 401);
    assert_eq!(paul(), 200);
    // all is well: what was given counts
    write("capabilities/server.yaml", SERVER);
    write(
        "secrets/jwks.json",
        &json!({"keys": [{"kty": "oct", "k": URL_SAFE_NO_PAD.encode(TOKEN_SECRET)}]}).to_string(),
    );
    fs::remove_file(site.folder.0.join("capabilities/layers/faute.yaml")).unwrap();
    server.wait_until("the third key counts", |_| by(&later) == 200);
    assert_eq!(status(&[("Authorization", luc.as_str())]), 200);
    assert_eq!((by(KEY), by(&other), marie(), paul()), (401, 200, 401, 200));
}

#[test]
fn a_file_that_can_t_be_read_is_told_to_those_who_may_see_its_layer() {
    let site = site("access-unreadable");
    let server = &site.server;
    let file = site
        .folder
        .0
        .join(format!("capabilities/layers/communes-{MARK}.yaml"));
    fs::write(file, "title: [\n").unwrap();
    let health = |headers: &[(&str, &str)]| server.ask("GET", "/health", headers, b"").text();
    let key = [("X-Api-Key", KEY)];
    server.wait_until("the fault is told", |s| {
        s.ask("GET", "/health", &key, b"").text().contains("YAML")
    });
    assert!(!health(&[]).contains(MARK), "{}", health(&[]));
}
