//! CRSs and transformations against PROJ, reached here through the `proj` crate, which shares
//! neither our context nor our choice of operation.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod boxes;
mod projector;
#[path = "../common/scratch.rs"]
mod scratch;

use cartotheque::crs::{AxisOrder, Crs, CrsKind, DEFAULT_ADVERTISED, Transform};
use cartotheque::error::Error;
use cartotheque::geom::{Bbox, Coord};
use proj::Proj;
use proptest::prelude::*;

use scratch::Scratch;

/// Every projected CRS that France uses, and those of Europe and the web.
fn projected() -> Vec<u32> {
    let mut codes = vec![
        3857, 2154, 9793, 9794, 3034, 3035, 5490, 2972, 2975, 4471, 4467, 3163, 3296, 3297, 27572,
    ];
    for range in [
        3942..=3950,
        9822..=9830,
        9842..=9850,
        25830..=25832,
        27561..=27564,
        32630..=32632,
    ] {
        codes.extend(range);
    }
    codes
}

fn epsg(code: u32) -> Crs {
    Crs::from_epsg(code).unwrap()
}

/// Numbers in 0 … 1, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn within(&mut self, bbox: &Bbox) -> Coord {
        [
            bbox.min_x + self.roll() * bbox.width(),
            bbox.min_y + self.roll() * bbox.height(),
        ]
    }
}

fn by_proj(proj: &Proj, [x, y]: Coord) -> Coord {
    proj.convert((x, y)).map_or([f64::NAN; 2], |(x, y)| [x, y])
}

fn distance([x0, y0]: Coord, [x1, y1]: Coord) -> f64 {
    (x1 - x0).hypot(y1 - y0)
}

fn one(transform: &Transform, coord: Coord) -> Coord {
    let mut coords = [coord];
    transform.forward(&mut coords);
    coords[0]
}

// ── what a CRS is ────────────────────────────────────────────────────────────────────────────

#[test]
fn wms130_6_7_3_axis_order_is_the_authoritys() {
    for code in [4326, 4258, 4171, 9777, 9782, 3035, 3034] {
        assert_eq!(epsg(code).axis_order, AxisOrder::NorthEast, "EPSG:{code}");
    }
    for code in projected() {
        if ![3035, 3034].contains(&code) {
            assert_eq!(epsg(code).axis_order, AxisOrder::EastNorth, "EPSG:{code}");
        }
    }
    assert_eq!(Crs::crs84().axis_order, AxisOrder::EastNorth);
    // beyond the shipped table: Swiss east, north; Belgian Lambert 2008; a Gauss-Krüger of
    // northing first; UPS north, whose both axes point south
    assert_eq!(epsg(2056).axis_order, AxisOrder::EastNorth);
    assert_eq!(epsg(3812).axis_order, AxisOrder::EastNorth);
    assert_eq!(epsg(31467).axis_order, AxisOrder::NorthEast);
    assert_eq!(epsg(32661).axis_order, AxisOrder::NorthEast);
    assert_eq!(epsg(3031).axis_order, AxisOrder::EastNorth);
}

#[test]
fn reordering_twice_changes_nothing() {
    let bbox = Bbox::new(1.0, 2.0, 3.0, 4.0).unwrap();
    assert_eq!(AxisOrder::EastNorth.reorder([1.0, 2.0]), [1.0, 2.0]);
    assert_eq!(AxisOrder::NorthEast.reorder([1.0, 2.0]), [2.0, 1.0]);
    let swapped = AxisOrder::NorthEast.reorder_bbox(bbox);
    assert_eq!(swapped, Bbox::new(2.0, 1.0, 4.0, 3.0).unwrap());
    assert_eq!(AxisOrder::NorthEast.reorder_bbox(swapped), bbox);
}

#[test]
fn kind_units_and_names_are_projs() {
    let lambert = epsg(2154);
    assert_eq!(lambert.name, "RGF93 v1 / Lambert-93");
    assert_eq!(lambert.kind, CrsKind::Projected);
    assert_eq!(lambert.metres_per_unit, 1.0);
    assert_eq!(lambert.id(), "EPSG:2154");
    assert_eq!(lambert.urn(), "urn:ogc:def:crs:EPSG::2154");
    assert_eq!(lambert.uri(), "http://www.opengis.net/def/crs/EPSG/0/2154");
    assert_eq!(lambert.srid(), Some(2154));
    assert_eq!(lambert.to_string(), "EPSG:2154");

    let crs84 = Crs::parse("urn:ogc:def:crs:OGC:1.3:CRS84").unwrap();
    assert_eq!(crs84, Crs::crs84());
    assert_eq!(crs84.id(), "CRS:84");
    assert_eq!(crs84.urn(), "urn:ogc:def:crs:OGC:1.3:CRS84");
    assert_eq!(crs84.uri(), "http://www.opengis.net/def/crs/OGC/1.3/CRS84");
    assert_eq!(crs84.srid(), Some(4326));
    assert!((crs84.metres_per_unit - 111_319.490_793).abs() < 1e-6);

    // feet, grads, a compound and a 3D CRS, a geocentric, a vertical and an engineering one
    assert!((epsg(2263).metres_per_unit - 0.304_800_609_6).abs() < 1e-9);
    assert!((epsg(4807).metres_per_unit - 100_187.541_714).abs() < 1e-6);
    assert_eq!(epsg(5698).kind, CrsKind::Projected);
    assert_eq!(epsg(4979).kind, CrsKind::Geographic);
    assert_eq!(epsg(4978).kind, CrsKind::Other);
    assert_eq!(epsg(5720).kind, CrsKind::Other);
    assert_eq!(epsg(5800).kind, CrsKind::Other);

    assert_eq!(Crs::parse("IGNF:LAMB93").unwrap().id(), "IGNF:LAMB93");
    assert_eq!(Crs::parse("ESRI:102110").unwrap().kind, CrsKind::Projected);
    for name in DEFAULT_ADVERTISED {
        assert_eq!(Crs::parse(name).unwrap().id(), *name);
    }
}

#[test]
fn an_area_across_the_antimeridian_is_two_boxes() {
    // New Zealand's area is 160.6°E … 171.2°W
    let area = &epsg(2193).area_of_use;
    assert_eq!(area.len(), 1, "2193 is onshore: {area:?}");
    let area = &epsg(4167).area_of_use;
    assert_eq!(area.len(), 2, "{area:?}");
    assert_eq!((area[0].max_x, area[1].min_x), (180.0, -180.0));
}

#[test]
fn an_unknown_code_is_an_error_every_time_and_costs_once() {
    let unknown = |name: &str| Crs::parse(name).unwrap_err();
    for _ in 0..2 {
        assert!(matches!(unknown("EPSG:999999"), Error::InvalidCrs { .. }));
        assert!(matches!(unknown("IGNF:NOWHERE"), Error::InvalidCrs { .. }));
        assert!(matches!(unknown("ESRI:1"), Error::InvalidCrs { .. }));
    }
    let start = std::time::Instant::now();
    for _ in 0..1_000 {
        unknown("EPSG:999999");
    }
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    assert_eq!(
        unknown("EPSG:21544").to_string(),
        r#"CRS "EPSG:21544" is not known, did you mean "EPSG:2154"?"#
    );
}

#[test]
fn a_flatgeobuf_header_says_its_crs_in_several_ways() {
    let declared = |authority, code, text, wkt| Crs::from_declaration(authority, code, text, wkt);
    let id = |crs: Option<Crs>| crs.map(|crs| crs.id());
    assert_eq!(declared(None, 0, None, None), Ok(None));
    assert_eq!(declared(Some("EPSG"), 0, Some(" "), Some("")), Ok(None));
    assert_eq!(
        id(declared(None, 2154, None, None).unwrap()).as_deref(),
        Some("EPSG:2154")
    );
    assert_eq!(
        id(declared(Some("EPSG"), 4326, None, Some("nonsense")).unwrap()).as_deref(),
        Some("EPSG:4326")
    );
    assert_eq!(
        id(declared(Some("OGC"), 0, Some("CRS84"), None).unwrap()).as_deref(),
        Some("CRS:84")
    );
    let wkt = epsg(2154).wkt.clone();
    assert_eq!(
        id(declared(Some("NOBODY"), 7, None, Some(&wkt)).unwrap()).as_deref(),
        Some("EPSG:2154")
    );
    assert!(declared(None, 999_999, None, None).is_err());
    assert!(declared(None, 0, None, Some("PROJCS[")).is_err());
}

#[test]
fn a_wkt_is_the_authoritys_crs_where_it_surely_is_that_one() {
    let esri = r#"PROJCS["RGF_1993_Lambert_93",GEOGCS["GCS_RGF_1993",DATUM["D_RGF_1993",SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Lambert_Conformal_Conic"],PARAMETER["False_Easting",700000.0],PARAMETER["False_Northing",6600000.0],PARAMETER["Central_Meridian",3.0],PARAMETER["Standard_Parallel_1",44.0],PARAMETER["Standard_Parallel_2",49.0],PARAMETER["Latitude_Of_Origin",46.5],UNIT["Meter",1.0]]"#;
    let crs = Crs::from_wkt(esri).unwrap();
    assert!(
        ["EPSG:2154", "ESRI:102110"].contains(&crs.id().as_str()),
        "{crs}"
    );

    let own = esri
        .replace("700000.0", "123456.0")
        .replace("RGF_1993_Lambert_93", "mine");
    let crs = Crs::from_wkt(&own).unwrap();
    assert_eq!((crs.authority.as_str(), crs.kind), ("", CrsKind::Projected));
    assert!(crs.id().starts_with("wkt-"));
    assert_eq!(crs, Crs::from_wkt(&own).unwrap());
    let transform = Transform::new(&epsg(2154), &crs).unwrap();
    let [x, y] = one(&transform, [842_667.0, 6_519_925.0]);
    assert!(
        (x - (842_667.0 - 700_000.0 + 123_456.0)).abs() < 0.01,
        "{x}"
    );
    assert!((y - 6_519_925.0).abs() < 0.01, "{y}");

    for hostile in [
        "",
        "+proj=longlat",
        "EPSG:4326",
        "/etc/passwd",
        "PROJCS[\u{0}]",
    ] {
        assert!(Crs::from_wkt(hostile).is_err(), "{hostile:?}");
    }
    assert!(Crs::from_wkt(&"PROJCS[".repeat(5_000)).is_err());
    assert!(Crs::from_wkt(&"GEOGCS[\"x\",".repeat(100_000)).is_err());
}

// ── transformations ──────────────────────────────────────────────────────────────────────────

#[test]
fn closed_forms_are_projs_results_to_a_micrometre() {
    let mut dice = Dice(1);
    let mut closed = 0;
    for code in projected() {
        // the last two are asked of PROJ's database: for a few
        let rare = code % 4 == 0;
        for other in ["EPSG:4326", "EPSG:3857", "EPSG:3035", "EPSG:25831"] {
            let other = Crs::parse(other).unwrap();
            let crs = epsg(code);
            if crs == other || (!rare && ![4326, 3857].contains(&other.srid().unwrap())) {
                continue;
            }
            for (source, target) in [(&crs, &other), (&other, &crs)] {
                let transform = Transform::new(source, target).unwrap();
                if !transform.is_closed_form() {
                    continue;
                }
                closed += 1;
                let proj = Proj::new(transform.pipeline()).unwrap();
                let tolerance: f64 = if target.kind == CrsKind::Geographic {
                    1e-11
                } else {
                    1e-6
                };
                // twice as wide as the area of use, and the whole world's corners
                for area in crs.area_bbox() {
                    let wide = area.grown(area.width() / 2.0, area.height() / 2.0);
                    let back = Transform::new(&crs, source).unwrap();
                    for _ in 0..200 {
                        let from = one(&back, dice.within(&wide));
                        let own = one(&transform, from);
                        if own.iter().all(|v| v.is_nan()) {
                            continue; // PROJ's own answer
                        }
                        let proj = by_proj(&proj, from);
                        // on the ground: Mercator grows without end towards the poles
                        let scale = match target.srid() {
                            Some(3857) => (proj[1] / 6_378_137.0).cosh(),
                            _ => 1.0,
                        };
                        assert!(
                            distance(own, proj) <= tolerance * scale,
                            "{source} to {target}: {from:?} to {own:?}, PROJ {proj:?}"
                        );
                    }
                }
            }
        }
    }
    assert!(closed > 200, "only {closed} closed forms");
}

#[test]
fn the_crss_of_the_region_have_closed_forms() {
    let mut codes = vec![
        2154, 9793, 3857, 3035, 3034, 2975, 2972, 5490, 4471, 4467, 3163, 25831, 32631,
    ];
    codes.extend(3942..=3950);
    codes.extend(9822..=9830);
    codes.extend(9842..=9850);
    for code in codes {
        for other in [Crs::crs84(), epsg(4326), epsg(3857)] {
            let crs = epsg(code);
            for (source, target) in [(&crs, &other), (&other, &crs)] {
                let transform = Transform::new(source, target).unwrap();
                assert!(
                    transform.is_closed_form() || transform.is_identity(),
                    "{source} to {target}: {}",
                    transform.pipeline()
                );
            }
        }
    }
    // another datum is no affair of a closed form
    assert!(
        !Transform::new(&epsg(27572), &epsg(2154))
            .unwrap()
            .is_closed_form()
    );
}

#[test]
fn the_operation_is_the_one_proj_would_take() {
    let mut dice = Dice(2);
    for code in projected() {
        let crs = epsg(code);
        let proj = Proj::new_known_crs("EPSG:4326", &format!("EPSG:{code}"), None).unwrap();
        let transform = Transform::new(&epsg(4326), &crs).unwrap();
        for area in &crs.area_of_use {
            for _ in 0..20 {
                let at = dice.within(area);
                let (own, proj) = (one(&transform, at), by_proj(&proj, at));
                assert!(
                    distance(own, proj) <= 1e-6,
                    "{crs}: {at:?} {own:?} {proj:?}"
                );
            }
        }
    }
}

#[test]
fn accuracy_and_ballpark_are_told() {
    let ntf = Transform::new(&epsg(27572), &epsg(2154)).unwrap();
    assert_eq!(ntf.accuracy_m(), Some(3.0));
    assert!(!ntf.is_ballpark() && ntf.pipeline().contains("helmert"));
    // Réunion and Lambert-93 have no datum transformation in common
    let far = Transform::new(&epsg(2975), &epsg(2154)).unwrap();
    assert!(far.is_ballpark() && far.accuracy_m().is_none());
    let same = Transform::new(&epsg(4326), &Crs::crs84()).unwrap();
    assert!(same.is_identity());
    assert_eq!(same.accuracy_m(), Some(0.0));
    assert_eq!(
        (same.source().id().as_str(), same.target().id().as_str()),
        ("EPSG:4326", "CRS:84")
    );
}

#[test]
fn a_crs_of_another_world_has_no_transformation() {
    for code in [5720, 5800] {
        assert!(
            matches!(
                Transform::new(&epsg(code), &epsg(2154)),
                Err(Error::Transform { .. })
            ),
            "EPSG:{code}"
        );
    }
}

#[test]
fn a_compound_crs_is_transformed_by_its_horizontal_part() {
    // Lambert-93 with NGF-IGN69 heights
    let transform = Transform::new(&epsg(5698), &epsg(3857)).unwrap();
    let flat = Transform::new(&epsg(2154), &epsg(3857)).unwrap();
    let at = [842_667.0, 6_519_925.0];
    assert!(distance(one(&transform, at), one(&flat, at)) < 1e-6);
}

#[test]
fn what_cannot_be_projected_is_nan_and_the_rest_is_right() {
    let transform = Transform::new(&epsg(4326), &epsg(2154)).unwrap();
    let mut coords = [
        [3.0, 46.5],
        [f64::NAN, 46.5],
        [3.0, f64::INFINITY],
        [3.0, -90.0],
        [3.0, 91.0],
        [1e300, 1e300],
        [3.0, 46.5],
    ];
    transform.forward(&mut coords);
    assert!(
        distance(coords[0], [700_000.0, 6_600_000.0]) < 1e-3,
        "{:?}",
        coords[0]
    );
    assert_eq!(coords[0], coords[6]);
    for coord in &coords[1..6] {
        assert!(coord.iter().all(|v| v.is_nan()), "{coord:?}");
    }
    let pole = one(&transform, [3.0, 90.0]);
    assert!(pole[0].is_finite() && pole[1] > 1.2e7, "{pole:?}");

    let mercator = Transform::new(&epsg(4326), &epsg(3857)).unwrap();
    let half = 20_037_508.342_789_244;
    assert!(distance(one(&mercator, [180.0, 0.0]), [half, 0.0]) < 1e-6);
    assert!(distance(one(&mercator, [-180.0, 0.0]), [-half, 0.0]) < 1e-6);
}

#[test]
fn threads_agree_bit_by_bit() {
    let pairs = [(27572, 3857), (4326, 2154), (31370, 3035), (4326, 27572)];
    let work = move || -> Vec<u64> {
        let mut bits = Vec::new();
        for (source, target) in pairs {
            let transform = Transform::new(&epsg(source), &epsg(target)).unwrap();
            let mut at = match source {
                4326 => [[4.8, 45.7]; 3],
                _ => [[600_000.0, 2_200_000.0]; 3],
            };
            transform.forward(&mut at);
            bits.extend(at.iter().flatten().map(|v| v.to_bits()));
        }
        bits
    };
    let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(work)).collect();
    let expected = work();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn there_and_back_is_where_it_began(index in 0usize..1_000, u in 0.0..1.0, v in 0.0..1.0) {
        let codes = projected();
        let crs = epsg(codes[index % codes.len()]);
        let area = crs.area_of_use[0];
        let at = [area.min_x + u * area.width(), area.min_y + v * area.height()];
        let there = Transform::new(&Crs::crs84(), &crs).unwrap();
        let back = there.inverse().unwrap();
        let end = one(&back, one(&there, at));
        // PROJ's inverse of LAEA ends at 1.4e-8°, a millimetre; the others at 1e-13°
        prop_assert!(distance(at, end) < 2e-8, "{crs}: {at:?} {end:?}");
    }

    #[test]
    fn any_name_is_read_or_refused(name in "\\PC{0,40}", code in 0u32..100_000) {
        let _ = Crs::parse(&name);
        if let Ok(crs) = Crs::parse(&format!("urn:ogc:def:crs:EPSG::{code}")) {
            prop_assert_eq!(crs.srid(), Some(code));
            prop_assert_eq!(Crs::parse(&crs.id()).unwrap(), crs.clone());
            prop_assert_eq!(Crs::parse(&crs.urn()).unwrap(), crs.clone());
            prop_assert_eq!(Crs::parse(&crs.uri()).unwrap(), crs);
        }
    }
}

// ── boxes ────────────────────────────────────────────────────────────────────────────────────
// ── drawing ──────────────────────────────────────────────────────────────────────────────────
// ── PROJ's database is the one in the program ────────────────────────────────────────────────

#[test]
fn a_planted_database_is_not_read() {
    let scratch = Scratch::new("planted");
    let folder = &scratch.0;
    std::fs::create_dir_all(folder.join("proj")).unwrap();
    for place in ["proj.db", "proj.ini", "proj/proj.db", "proj/proj.ini"] {
        std::fs::write(folder.join(place), b"SQLite format 3\0 no, it is not").unwrap();
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "resolves_from_the_program_alone", "--ignored"])
        .current_dir(folder)
        .env_clear()
        .env("PROJ_DATA", folder)
        .env("PROJ_LIB", folder)
        .env("PROJ_USER_WRITABLE_DIRECTORY", folder)
        .env("XDG_DATA_HOME", folder)
        .env("PROJ_NETWORK", "ON")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

#[test]
#[ignore = "run by a_planted_database_is_not_read in an environment of its own"]
fn resolves_from_the_program_alone() {
    // not in the shipped tables: the database is asked
    assert_eq!(epsg(31370).name, "BD72 / Belgian Lambert 72");
    let transform = Transform::new(&epsg(31370), &epsg(3812)).unwrap();
    assert!(
        one(&transform, [150_000.0, 170_000.0])
            .iter()
            .all(|v| v.is_finite())
    );
    assert!(transform.accuracy_m().is_some() && !transform.is_ballpark());
}
