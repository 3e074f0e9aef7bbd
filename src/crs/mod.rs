//! Coordinate reference systems and the way between them. PROJ decides what a CRS is, its axis
//! order, units and area of use; this module is the only user of `proj`.
//!
//! Inside the house coordinates are always x = easting or longitude, y = northing or latitude,
//! angles in degrees. Axis order is settled where a protocol's numbers are read and written.

mod bounds;
mod cache;
mod closed_form;
mod conic;
mod database;
mod ellipsoid;
mod ffi;
mod ground;
mod identifier;
mod known;
mod projection;
mod projector;
mod seam;
mod transform;

use std::sync::{Arc, LazyLock};

pub use ground::Ground;
pub use known::DEFAULT_ADVERTISED;
pub use projector::{Projector, ProjectorRun};
pub use seam::Seam;
pub use transform::Transform;

use crate::error::{Error, Result};
use crate::geom::{Bbox, Coord};
use cache::Cache;
use identifier::Identifier;

/// A CRS that PROJ knows. Cheap to clone; equal where authority and code are.
#[derive(Debug, Clone)]
pub struct Crs(Arc<CrsInfo>);

/// What is known of a CRS, computed once.
#[derive(Debug, Clone, PartialEq)]
pub struct CrsInfo {
    /// `EPSG`, `OGC`, `IGNF`, `ESRI`; empty for a CRS given only by WKT.
    pub authority: String,
    /// `2154`, `CRS84`; for a CRS given only by WKT, a hash of the WKT.
    pub code: String,
    pub name: String,
    /// What the authority says comes first.
    pub axis_order: AxisOrder,
    pub kind: CrsKind,
    /// Metres in one unit: 1 for metres, 111 319.49 for degrees (on the equator).
    pub metres_per_unit: f64,
    /// Longitude and latitude in degrees; `min_x > max_x` never: a box across the
    /// antimeridian is two. Empty where PROJ does not say.
    pub area_of_use: Vec<Bbox>,
    pub area_name: String,
    /// WKT 2, for PROJ and for project files.
    pub wkt: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AxisOrder {
    /// x, y: easting or longitude first.
    EastNorth,
    /// y, x: northing or latitude first.
    NorthEast,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrsKind {
    Geographic,
    Projected,
    /// Geocentric, engineering, vertical and others: may not be drawn in.
    Other,
}

impl PartialEq for Crs {
    fn eq(&self, other: &Crs) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.authority == other.0.authority && self.0.code == other.0.code)
    }
}

impl Eq for Crs {}

impl std::hash::Hash for Crs {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.authority.hash(state);
        self.0.code.hash(state);
    }
}

impl std::fmt::Display for Crs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.id())
    }
}

impl std::ops::Deref for Crs {
    type Target = CrsInfo;
    fn deref(&self) -> &CrsInfo {
        &self.0
    }
}

/// CRSs that were resolved, by id. A description takes about 3 kB.
static RESOLVED: LazyLock<Cache<String, Crs>> = LazyLock::new(|| Cache::new(256));
/// Ids that PROJ does not know, so that asking again is cheap.
static UNKNOWN: LazyLock<Cache<String, ()>> = LazyLock::new(|| Cache::new(1024));

/// Texts in WKT 1 and PROJJSON, and PROJ strings: a look-up in the database costs as much as resolving.
static PROJ4: LazyLock<Cache<String, String>> = LazyLock::new(|| Cache::new(256));
static WKT_1: LazyLock<Cache<String, String>> = LazyLock::new(|| Cache::new(256));
static PROJJSON: LazyLock<Cache<String, String>> = LazyLock::new(|| Cache::new(256));

static CRS84: LazyLock<Crs> = LazyLock::new(|| Crs::from_info(known::crs84()));

/// Longest WKT that is read; the longest in PROJ's database has about 12 kB.
const MAX_WKT_LENGTH: usize = 64 * 1024;

impl Crs {
    /// A CRS from what is known of it. Equal ids must mean equal definitions.
    pub fn from_info(info: CrsInfo) -> Crs {
        Crs(Arc::new(info))
    }

    /// The CRS of a name: `EPSG:2154`, `CRS:84`, `OGC:CRS84`, `IGNF:LAMB93`, `ESRI:102110`,
    /// `[EPSG:4326]`, `urn:ogc:def:crs:EPSG::4326`, `http://www.opengis.net/def/crs/EPSG/0/4326`,
    /// `http://www.opengis.net/gml/srs/epsg.xml#4326`; case does not matter.
    ///
    /// ```
    /// use cartotheque::crs::{AxisOrder, Crs};
    /// let crs = Crs::parse("urn:ogc:def:crs:EPSG::3035")?;
    /// assert_eq!(crs.id(), "EPSG:3035");
    /// assert_eq!(crs.axis_order, AxisOrder::NorthEast);
    /// # Ok::<(), cartotheque::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidCrs`: no such form, or no such CRS in PROJ's database.
    pub fn parse(name: &str) -> Result<Crs> {
        Crs::resolve(&Identifier::parse(name)?)?.ok_or_else(|| identifier::unknown(name))
    }

    /// The CRS of an EPSG code.
    ///
    /// # Errors
    /// `InvalidCrs`: no such CRS in PROJ's database.
    pub fn from_epsg(code: u32) -> Result<Crs> {
        Crs::parse(&format!("EPSG:{code}"))
    }

    /// WGS 84 in longitude, latitude.
    pub fn crs84() -> Crs {
        CRS84.clone()
    }

    /// The CRS of a WKT 1 or 2: the one of its authority where it surely is that one, else one
    /// without authority, whose code is a hash of the text.
    ///
    /// # Errors
    /// `InvalidCrs`: the text is no WKT of a CRS, or longer than 64 kB.
    pub fn from_wkt(wkt: &str) -> Result<Crs> {
        let wkt = wkt.trim();
        let code = format!("wkt-{:032x}", fnv_1a(wkt.as_bytes()));
        if let Some(crs) = RESOLVED.get(code.as_str()) {
            return Ok(crs);
        }
        let not_known = || Error::InvalidCrs {
            crs: wkt.chars().take(80).collect(),
            nearest: None,
        };
        if wkt.len() > MAX_WKT_LENGTH {
            return Err(not_known());
        }
        let info = database::by_wkt(wkt, &code)?.ok_or_else(not_known)?;
        Ok(RESOLVED.insert(code, Crs::from_info(info)))
    }

    /// The CRS in WKT 1 for programs that read no other: as ESRI writes it (`.prj` files), or as
    /// OGC 01-009 has it (GeoPackage). Empty where it can't be said so.
    ///
    /// # Errors
    /// `Internal` where PROJ has no memory.
    pub fn wkt_1(&self, is_esri: bool) -> Result<String> {
        let key = format!("{}\n{is_esri}", self.id());
        if let Some(known) = WKT_1.get(key.as_str()) {
            return Ok(known);
        }
        Ok(WKT_1.insert(key, database::wkt_1(self, is_esri)?))
    }

    /// The CRS in PROJJSON (of PROJ, schema 0.7), on one line. Empty where it can't be said so.
    ///
    /// # Errors
    /// `Internal` where PROJ has no memory.
    pub fn projjson(&self) -> Result<String> {
        let key = self.id();
        if let Some(known) = PROJJSON.get(key.as_str()) {
            return Ok(known);
        }
        Ok(PROJJSON.insert(key, database::projjson(self)?))
    }

    /// The CRS of a PROJJSON: as [`from_wkt`](Crs::from_wkt). The text must be JSON that was read
    /// with a limit to its depth.
    ///
    /// # Errors
    /// `InvalidCrs`: the text is no CRS, or longer than 64 kB.
    pub fn from_projjson(json: &str) -> Result<Crs> {
        let wkt = match json.len() > MAX_WKT_LENGTH {
            true => None,
            false => database::wkt_of_projjson(json)?,
        };
        let wkt = wkt.ok_or_else(|| Error::InvalidCrs {
            crs: json.chars().take(80).collect(),
            nearest: None,
        })?;
        Crs::from_wkt(&wkt)
    }

    /// The CRS as a PROJ string (`+proj=lcc …`), for programs that read no other: what it says of
    /// datums is approximate. Empty where it can't be said so.
    ///
    /// # Errors
    /// `Internal` where PROJ has no memory.
    pub fn proj4(&self) -> Result<String> {
        let key = self.id();
        if let Some(known) = PROJ4.get(key.as_str()) {
            return Ok(known);
        }
        Ok(PROJ4.insert(key, database::proj4(self)?))
    }

    /// The CRS a FlatGeobuf header declares: `authority` is EPSG where there is none, `code` 0
    /// means that there is none, and then `code_string` and `wkt` speak. `None` where the header
    /// says nothing.
    ///
    /// # Errors
    /// `InvalidCrs`: it says something that PROJ does not know.
    pub fn from_declaration(
        authority: Option<&str>,
        code: i32,
        code_string: Option<&str>,
        wkt: Option<&str>,
    ) -> Result<Option<Crs>> {
        let filled = |text: Option<&str>| {
            text.map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let code = if code > 0 {
            Some(code.to_string())
        } else {
            filled(code_string)
        };
        let by_code = code.map(|code| {
            let authority = filled(authority).unwrap_or_else(|| "EPSG".to_owned());
            Crs::parse(&format!("{authority}:{code}"))
        });
        match (by_code, filled(wkt)) {
            (Some(Ok(crs)), _) => Ok(Some(crs)),
            (_, Some(wkt)) => Crs::from_wkt(&wkt).map(Some),
            (Some(Err(error)), None) => Err(error),
            (None, None) => Ok(None),
        }
    }

    /// `EPSG:2154`; `CRS:84` for OGC's; `wkt-` and a hash for a CRS given only by WKT.
    pub fn id(&self) -> String {
        identifier::id(&self.authority, &self.code)
    }

    /// `urn:ogc:def:crs:EPSG::2154` (OGC 07-092r3); the id where there is no authority.
    pub fn urn(&self) -> String {
        match self.authority.as_str() {
            "" => self.id(),
            "OGC" => format!("urn:ogc:def:crs:OGC:1.3:{}", self.code),
            authority => format!("urn:ogc:def:crs:{authority}::{}", self.code),
        }
    }

    /// `http://www.opengis.net/def/crs/EPSG/0/2154` (OGC 11-135r2); the id where there is no
    /// authority.
    pub fn uri(&self) -> String {
        match self.authority.as_str() {
            "" => self.id(),
            "OGC" => format!("http://www.opengis.net/def/crs/OGC/1.3/{}", self.code),
            authority => format!("http://www.opengis.net/def/crs/{authority}/0/{}", self.code),
        }
    }

    /// The number that formats with x before y use: EPSG's code, 4326 for CRS:84 too.
    pub fn srid(&self) -> Option<u32> {
        match (self.authority.as_str(), self.code.as_str()) {
            ("EPSG", code) => code.parse().ok(),
            ("OGC", "CRS84") => Some(4326),
            _ => None,
        }
    }

    /// The area of use in the CRS's own units, easting before northing; empty where PROJ does
    /// not say, or where the CRS can't be reached from longitude and latitude.
    pub fn area_bbox(&self) -> Vec<Bbox> {
        if self.is_lon_lat_degrees() {
            return self.area_of_use.clone();
        }
        let Ok(transform) = Transform::new(&Crs::crs84(), self) else {
            return Vec::new();
        };
        self.area_of_use
            .iter()
            .flat_map(|area| transform.forward_bbox(area))
            .collect()
    }

    /// True for longitude and latitude of WGS 84 in that order: what GeoJSON means.
    pub fn is_crs84(&self) -> bool {
        self.authority == "OGC" && self.code == "CRS84"
    }

    /// True for a geographic CRS in degrees from Greenwich: datums apart, all are one.
    pub(crate) fn is_lon_lat_degrees(&self) -> bool {
        self.kind == CrsKind::Geographic
            && (self.metres_per_unit - known::METRES_PER_DEGREE).abs() < 1e-6
            && (!self.wkt.contains("PRIMEM[") || self.wkt.contains("PRIMEM[\"Greenwich\""))
    }

    /// The spans of x that a box from `west` to `east` is of. In a geographic CRS one whose west
    /// is east of its east goes across the antimeridian, and what is beyond it is also at the
    /// other end of the world: 190° east is 170° west.
    pub fn spans(&self, west: f64, east: f64) -> Vec<(f64, f64)> {
        if self.kind == CrsKind::Geographic && west > east {
            return vec![(west, 180.0), (-180.0, east)];
        }
        let mut spans = vec![(west, east)];
        if self.is_lon_lat_degrees() {
            let turns = [(east > 180.0, -360.0), (west < -180.0, 360.0)];
            let turned = turns.into_iter().filter(|(is_beyond, _)| *is_beyond);
            let turned =
                turned.map(|(_, turn)| ((west + turn).max(-180.0), (east + turn).min(180.0)));
            spans.extend(turned.filter(|(west, east)| west <= east));
        }
        spans
    }

    /// How far it is once round the world, in units of x, where x goes on with longitude and y
    /// does not depend on it: 360 for degrees, the length of the equator for the world's
    /// Mercators and plate carrée. `None` for every other CRS.
    pub fn turn(&self) -> Option<f64> {
        if self.is_lon_lat_degrees() {
            return Some(360.0);
        }
        let id = (self.authority.as_str(), self.code.as_str());
        let goes_on = matches!(id, ("EPSG", "3857" | "3395" | "4087"));
        goes_on.then_some(std::f64::consts::TAU * database::EQUATOR_RADIUS_M)
    }

    fn resolve(identifier: &Identifier) -> Result<Option<Crs>> {
        let id = identifier.id();
        if let Some(crs) = RESOLVED.get(id.as_str()) {
            return Ok(Some(crs));
        }
        if UNKNOWN.get(id.as_str()).is_some() {
            return Ok(None);
        }
        let info = match known::crs(identifier.authority, &identifier.code) {
            Some(info) => Some(info),
            None => database::by_code(identifier.authority, &identifier.code)?,
        };
        let Some(info) = info else {
            UNKNOWN.insert(id, ());
            return Ok(None);
        };
        Ok(Some(RESOLVED.insert(id, Crs::from_info(info))))
    }
}

impl AxisOrder {
    /// A position of the house in this order, or one in this order as the house has it: x, y
    /// stays or is swapped.
    pub fn reorder(self, [x, y]: Coord) -> Coord {
        match self {
            AxisOrder::EastNorth => [x, y],
            AxisOrder::NorthEast => [y, x],
        }
    }

    /// As `reorder`, for the corners of a box.
    pub fn reorder_bbox(self, bbox: Bbox) -> Bbox {
        match self {
            AxisOrder::EastNorth => bbox,
            AxisOrder::NorthEast => Bbox {
                min_x: bbox.min_y,
                min_y: bbox.min_x,
                max_x: bbox.max_y,
                max_y: bbox.max_x,
            },
        }
    }
}

/// FNV-1a of 128 bits: the same in every run, so that ids may be written down.
fn fnv_1a(bytes: &[u8]) -> u128 {
    bytes
        .iter()
        .fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash, byte| {
            (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
        })
}
