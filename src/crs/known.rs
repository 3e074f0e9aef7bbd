//! The CRSs of a French server, known without PROJ's database.
//!
//! Opening the database costs tens of milliseconds, more than a map. What it says of these CRSs,
//! and the pipelines between them and the hubs, is in two tables beside this file; a test
//! compares every line with PROJ. `INSTA_UPDATE=always cargo test --release crs::known` writes
//! the tables anew from PROJ's database.

use super::ffi::Operation;
use super::{AxisOrder, CrsInfo, CrsKind};
use crate::geom::Bbox;

/// What a server without configuration offers: the web, geographic, France and Europe.
pub const DEFAULT_ADVERTISED: &[&str] = &[
    "EPSG:3857",
    "EPSG:4326",
    "CRS:84",
    "EPSG:2154",
    "EPSG:4258",
    "EPSG:4171",
    "EPSG:3035",
    "EPSG:3945",
    "EPSG:3946",
];

/// One CRS a line: authority, code, name, axis order, kind, metres in a unit, area name, area of
/// use, WKT; separated by tabs.
const CRS_TABLE: &str = include_str!("known_crs.tsv");

/// One pair a line: source, target, accuracy in metres, exact or ballpark, pipeline; separated
/// by tabs.
const PIPELINE_TABLE: &str = include_str!("known_pipelines.tsv");

/// Metres in a degree on the equator, as PROJ's numbers give it.
pub(super) const METRES_PER_DEGREE: f64 = 111_319.490_793_273_57;

const CRS84_WKT: &str = "GEOGCRS[\"WGS 84 (CRS84)\",ENSEMBLE[\"World Geodetic System 1984 ensemble\",\
    MEMBER[\"World Geodetic System 1984 (Transit)\"],\
    MEMBER[\"World Geodetic System 1984 (G730)\"],\
    MEMBER[\"World Geodetic System 1984 (G873)\"],\
    MEMBER[\"World Geodetic System 1984 (G1150)\"],\
    MEMBER[\"World Geodetic System 1984 (G1674)\"],\
    MEMBER[\"World Geodetic System 1984 (G1762)\"],\
    MEMBER[\"World Geodetic System 1984 (G2139)\"],\
    MEMBER[\"World Geodetic System 1984 (G2296)\"],ELLIPSOID[\"WGS 84\",6378137,\
    298.257223563,LENGTHUNIT[\"metre\",1]],ENSEMBLEACCURACY[2.0]],PRIMEM[\"Greenwich\",0,\
    ANGLEUNIT[\"degree\",0.0174532925199433]],CS[ellipsoidal,2],\
    AXIS[\"geodetic longitude (Lon)\",east,ORDER[1],ANGLEUNIT[\"degree\",\
    0.0174532925199433]],AXIS[\"geodetic latitude (Lat)\",north,ORDER[2],\
    ANGLEUNIT[\"degree\",0.0174532925199433]],USAGE[SCOPE[\"Not known.\"],AREA[\"World.\"],\
    BBOX[-90,-180,90,180]],ID[\"OGC\",\"CRS84\"]]";

/// WGS 84 in longitude, latitude: the one CRS that is always there.
pub(super) fn crs84() -> CrsInfo {
    CrsInfo {
        authority: "OGC".to_owned(),
        code: "CRS84".to_owned(),
        name: "WGS 84 (CRS84)".to_owned(),
        axis_order: AxisOrder::EastNorth,
        kind: CrsKind::Geographic,
        metres_per_unit: METRES_PER_DEGREE,
        area_of_use: vec![Bbox::WORLD],
        area_name: "World.".to_owned(),
        wkt: CRS84_WKT.to_owned(),
    }
}

/// Authority and code of every CRS of the table.
pub(super) fn ids() -> impl Iterator<Item = (&'static str, &'static str)> {
    CRS_TABLE.lines().filter_map(|line| {
        let mut fields = line.split('\t');
        Some((fields.next()?, fields.next()?))
    })
}

/// What the table says of a CRS.
pub(super) fn crs(authority: &str, code: &str) -> Option<CrsInfo> {
    let start = format!("{authority}\t{code}\t");
    let line = CRS_TABLE.lines().find(|line| line.starts_with(&start))?;
    read_crs(line)
}

/// The table's operation between two CRSs, by their ids.
pub(super) fn operation(source: &str, target: &str) -> Option<Operation> {
    let start = format!("{source}\t{target}\t");
    let line = PIPELINE_TABLE
        .lines()
        .find(|line| line.starts_with(&start))?;
    let mut fields = line.split('\t').skip(2);
    Some(Operation {
        accuracy_m: fields.next()?.parse().ok(),
        is_ballpark: fields.next()? == "ballpark",
        pipeline: fields.next()?.to_owned(),
    })
}

fn read_crs(line: &str) -> Option<CrsInfo> {
    let mut fields = line.split('\t');
    let mut next = || fields.next();
    Some(CrsInfo {
        authority: next()?.to_owned(),
        code: next()?.to_owned(),
        name: next()?.to_owned(),
        axis_order: match next()? {
            "east-north" => AxisOrder::EastNorth,
            "north-east" => AxisOrder::NorthEast,
            _ => return None,
        },
        kind: match next()? {
            "geographic" => CrsKind::Geographic,
            "projected" => CrsKind::Projected,
            _ => return None,
        },
        metres_per_unit: next()?.parse().ok()?,
        area_name: next()?.to_owned(),
        area_of_use: next()?.split(';').map(read_box).collect::<Option<_>>()?,
        wkt: next()?.to_owned(),
    })
}

fn read_box(text: &str) -> Option<Bbox> {
    let mut numbers = text.split(' ').map(|n| n.parse::<f64>().ok());
    Bbox::new(
        numbers.next()??,
        numbers.next()??,
        numbers.next()??,
        numbers.next()??,
    )
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::super::ffi::Pipeline;
    use super::super::{Crs, Transform, database, identifier};
    use super::*;

    /// The CRSs of the tables: those France and its neighbours use.
    fn listed() -> Vec<(&'static str, String)> {
        let mut codes: Vec<u32> = vec![
            4326, 3857, 2154, 9793, 9794, 4171, 9777, 9782, 4258, 3034, 3035, 5490, 2972, 2975,
            4471, 4467, 3163, 3296, 3297, 27572,
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
        std::iter::once(("OGC", "CRS84".to_owned()))
            .chain(codes.into_iter().map(|c| ("EPSG", c.to_string())))
            .collect()
    }

    /// The CRSs that every other one has a ready pipeline to and from.
    const HUBS: [(&str, &str); 3] = [("OGC", "CRS84"), ("EPSG", "3857"), ("EPSG", "2154")];

    fn crs_table_of_proj() -> String {
        let mut table = String::new();
        for (authority, code) in listed() {
            let info = database::by_code(authority, &code).unwrap().unwrap();
            let order = match info.axis_order {
                AxisOrder::EastNorth => "east-north",
                AxisOrder::NorthEast => "north-east",
            };
            let kind = match info.kind {
                CrsKind::Geographic => "geographic",
                CrsKind::Projected => "projected",
                CrsKind::Other => "other",
            };
            let boxes: Vec<String> = info
                .area_of_use
                .iter()
                .map(|b| format!("{} {} {} {}", b.min_x, b.min_y, b.max_x, b.max_y))
                .collect();
            writeln!(
                table,
                "{authority}\t{code}\t{}\t{order}\t{kind}\t{}\t{}\t{}\t{}",
                info.name,
                info.metres_per_unit,
                info.area_name,
                boxes.join(";"),
                info.wkt
            )
            .unwrap();
        }
        table
    }

    fn pipeline_table_of_proj() -> String {
        let crs = |authority: &str, code: &str| {
            Crs::from_info(database::by_code(authority, code).unwrap().unwrap())
        };
        let hubs: Vec<Crs> = HUBS.iter().map(|(a, c)| crs(a, c)).collect();
        let mut table = String::new();
        for (authority, code) in listed() {
            // in house order EPSG:4326 and CRS:84 are one
            if code == "4326" {
                continue;
            }
            let other = crs(authority, &code);
            let is_hub = hubs.contains(&other);
            for hub in &hubs {
                if *hub == other {
                    continue;
                }
                let pairs: &[(&Crs, &Crs)] = if is_hub {
                    &[(&other, hub)]
                } else {
                    &[(&other, hub), (hub, &other)]
                };
                for (source, target) in pairs {
                    let operation = database::operation(source, target).unwrap().unwrap();
                    writeln!(
                        table,
                        "{}\t{}\t{}\t{}\t{}",
                        identifier::id(&source.authority, &source.code),
                        identifier::id(&target.authority, &target.code),
                        operation
                            .accuracy_m
                            .map_or_else(|| "?".to_owned(), |m| m.to_string()),
                        if operation.is_ballpark {
                            "ballpark"
                        } else {
                            "exact"
                        },
                        operation.pipeline
                    )
                    .unwrap();
                }
            }
        }
        table
    }

    fn check_or_write(name: &str, shipped: &str, of_proj: &str) {
        if std::env::var("INSTA_UPDATE").is_ok_and(|v| v == "always") {
            let path = format!("{}/src/crs/{name}", env!("CARGO_MANIFEST_DIR"));
            std::fs::write(path, of_proj).unwrap();
            return;
        }
        for (shipped, of_proj) in shipped.lines().zip(of_proj.lines()) {
            assert_eq!(shipped, of_proj, "{name} is not what PROJ says");
        }
        assert_eq!(shipped.lines().count(), of_proj.lines().count(), "{name}");
    }

    #[test]
    fn every_line_of_the_crs_table_is_what_proj_says() {
        check_or_write("known_crs.tsv", CRS_TABLE, &crs_table_of_proj());
    }

    #[test]
    fn every_line_of_the_pipeline_table_is_what_proj_says() {
        check_or_write(
            "known_pipelines.tsv",
            PIPELINE_TABLE,
            &pipeline_table_of_proj(),
        );
    }

    #[test]
    fn crs84_in_the_program_is_crs84_in_the_table() {
        assert_eq!(Some(crs84()), crs("OGC", "CRS84"));
    }

    #[test]
    fn proj_runs_every_shipped_pipeline_and_agrees_with_its_closed_form() {
        let mut closed = 0;
        for line in PIPELINE_TABLE.lines() {
            let mut ids = line.split('\t').take(2).map(|id| Crs::parse(id).unwrap());
            let (source, target) = (ids.next().unwrap(), ids.next().unwrap());
            let transform = Transform::new(&source, &target).unwrap();
            assert!(Pipeline::new(transform.pipeline()).is_some(), "{line}");
            // a ballpark pair has no area in common where samples could be taken
            assert!(
                transform.is_ballpark() || transform.agrees_with_proj(),
                "{line}"
            );
            closed += u32::from(transform.is_closed_form());
        }
        assert!(closed > 200, "only {closed} closed forms");
    }

    #[test]
    fn every_line_of_the_crs_table_is_read() {
        assert_eq!(ids().count(), listed().len());
        for (authority, code) in ids() {
            let info = crs(authority, code).unwrap();
            assert_eq!(
                (info.authority.as_str(), info.code.as_str()),
                (authority, code)
            );
            assert!(!info.area_of_use.is_empty() && info.wkt.ends_with(']'));
        }
    }
}
