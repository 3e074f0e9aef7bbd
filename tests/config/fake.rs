//! Data, CRSs and styles that are a few lines of text, and a folder to put them in.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cartotheque::budget::Budget;
use cartotheque::config::{LoadOptions, Loaded, Opened, Sources, load};
use cartotheque::crs::{AxisOrder, Crs, CrsInfo, CrsKind};
use cartotheque::error::{Error, Result, nearest};
use cartotheque::feature::{Feature, Field, FieldType, Schema, Value};
use cartotheque::geom::{Bbox, Geometry, GeometryType};
use cartotheque::query::{Expr, Filter};
use cartotheque::store::{FeatureStore, Flow, Select, SelectStats};
use cartotheque::style::{FeatureTypeStyle, Rule, Style, StyleNote, StyleNoteKind};

use crate::scratch::Scratch;

/// A folder to be served.
#[derive(Debug)]
pub struct Site(pub Scratch);

impl Site {
    pub fn new() -> Site {
        Site(Scratch::new("config"))
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Site {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub fn layer(&self, id: &str, yaml: &str) -> &Site {
        self.write(&format!("capabilities/layers/{id}.yaml"), yaml)
    }

    pub fn load(&self) -> Loaded {
        load(&self.0, LoadOptions::default(), &FakeSources::default())
    }
}

/// Ids of the layers served, in order.
pub fn ids(loaded: &Loaded) -> Vec<&str> {
    let layers = loaded.catalogue.layers.iter();
    layers.map(|layer| layer.id.as_str()).collect()
}

/// Findings as `file:line:column severity message`.
pub fn lines(loaded: &Loaded) -> Vec<String> {
    let found = loaded.diagnostics.iter();
    found
        .map(|d| format!("{} {}", d.severity.name(), d.one_line()))
        .collect()
}

/// The communes that most tests serve.
pub const COMMUNES: &str = "crs EPSG:2154
extent 700000 6400000 900000 6600000
field insee text
field nom text
field pop integer
field maj text
field modifie datetime
field surface number
field secret text
row 01001
row 01002
";

/// Reads the little languages of the tests, and counts what it read.
#[derive(Debug, Default)]
pub struct FakeSources {
    pub stores: AtomicUsize,
    pub styles: AtomicUsize,
}

const CRS: [(&str, &str, CrsKind, [f64; 4]); 7] = [
    (
        "EPSG",
        "2154",
        CrsKind::Projected,
        [-9.86, 41.15, 10.38, 51.56],
    ),
    (
        "EPSG",
        "3857",
        CrsKind::Projected,
        [-180.0, -85.0, 180.0, 85.0],
    ),
    (
        "EPSG",
        "4326",
        CrsKind::Geographic,
        [-180.0, -90.0, 180.0, 90.0],
    ),
    (
        "EPSG",
        "4258",
        CrsKind::Geographic,
        [-16.1, 33.26, 38.01, 84.73],
    ),
    (
        "EPSG",
        "2975",
        CrsKind::Projected,
        [51.83, -24.72, 58.24, -18.28],
    ),
    ("EPSG", "4978", CrsKind::Other, [-180.0, -90.0, 180.0, 90.0]),
    (
        "OGC",
        "CRS84",
        CrsKind::Geographic,
        [-180.0, -90.0, 180.0, 90.0],
    ),
];

impl Sources for FakeSources {
    fn open_store(&self, path: &Path) -> Result<Opened> {
        self.stores.fetch_add(1, Ordering::Relaxed);
        let text = fs::read_to_string(path).map_err(|e| Error::io(path, &e))?;
        let mut store = FakeStore {
            version: text.clone(),
            ..FakeStore::default()
        };
        let (mut title, mut warnings) = (None, Vec::new());
        for line in text.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "crs" => store.crs = Some(self.parse_crs(rest)?),
                "extent" => {
                    let n: Vec<f64> = rest.split(' ').map(|n| n.parse().unwrap()).collect();
                    store.extent = Bbox::new(n[0], n[1], n[2], n[3]);
                }
                "field" => store.schema.fields.push(field(rest)),
                "row" => store.rows.push(rest.to_owned()),
                "points" => store.schema.geometry = GeometryType::Point,
                "damaged" => store.damaged = rest.parse().unwrap(),
                "title" => title = Some(rest.to_owned()),
                "odd" => warnings.push(rest.to_owned()),
                _ => return Err(Error::data(path, format!("expected data, found {word:?}"))),
            }
        }
        Ok(Opened {
            store: Arc::new(store),
            title,
            description: None,
            warnings,
        })
    }

    fn parse_crs(&self, text: &str) -> Result<Crs> {
        let names = CRS.map(|(authority, code, ..)| format!("{authority}:{code}"));
        let wanted = if text == "CRS:84" { "OGC:CRS84" } else { text };
        let index = names.iter().position(|name| name == wanted);
        let Some(index) = index else {
            return Err(Error::InvalidCrs {
                crs: text.to_owned(),
                nearest: nearest(text, names.iter().map(String::as_str)),
            });
        };
        let (authority, code, kind, [x0, y0, x1, y1]) = CRS[index];
        Ok(Crs::from_info(CrsInfo {
            authority: authority.to_owned(),
            code: code.to_owned(),
            name: names[index].clone(),
            axis_order: AxisOrder::EastNorth,
            kind,
            metres_per_unit: 1.0,
            area_of_use: Bbox::new(x0, y0, x1, y1).into_iter().collect(),
            area_name: format!("area of {code}"),
            wkt: String::new(),
        }))
    }

    fn extent_lonlat(&self, store: &dyn FeatureStore, crs: &Crs) -> Option<Bbox> {
        let extent = store.extent()?;
        if crs.kind == CrsKind::Geographic {
            return Some(extent);
        }
        // near enough for metropolitan France, and a fixed place for anything else
        let lonlat = |x: f64, y: f64| ((x - 700_000.0) / 78_000.0 + 3.0, y / 111_000.0 - 11.0);
        let (x0, y0) = lonlat(extent.min_x, extent.min_y);
        let (x1, y1) = lonlat(extent.max_x, extent.max_y);
        Bbox::new(x0, y0, x1, y1)
    }

    fn read_style(&self, path: &Path) -> Result<(Style, Vec<StyleNote>)> {
        self.styles.fetch_add(1, Ordering::Relaxed);
        let text = fs::read_to_string(path).map_err(|e| Error::io(path, &e))?;
        let (mut rules, mut notes) = (Vec::new(), Vec::new());
        for (index, line) in text.lines().enumerate() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let at = |kind| StyleNote {
                kind,
                line: u32::try_from(index).unwrap() + 1,
                column: 1,
                message: rest.to_owned(),
            };
            match word {
                "column" => rules.push(Rule {
                    filter: Some(Filter::IsNull(Expr::Property(rest.to_owned()))),
                    ..Rule::default()
                }),
                "drop" => notes.push(at(StyleNoteKind::Dropped)),
                "keep" => notes.push(at(StyleNoteKind::Kept)),
                _ => {
                    return Err(Error::InvalidStyle {
                        message: format!("expected a rule, found {word:?}"),
                        line: u32::try_from(index).unwrap() + 1,
                        column: 1,
                    });
                }
            }
        }
        let style = Style {
            feature_type_styles: vec![FeatureTypeStyle { rules }],
            ..Style::default()
        };
        Ok((style, notes))
    }

    fn default_style(&self, schema: &Schema, nth: usize) -> Style {
        Style {
            id: "default".to_owned(),
            title: Some(format!("{} {nth}", schema.geometry.name())),
            ..Style::default()
        }
    }
}

fn field(text: &str) -> Field {
    let (name, kind) = text.rsplit_once(' ').unwrap();
    Field {
        name: name.to_owned(),
        kind: match kind {
            "text" => FieldType::Text,
            "integer" => FieldType::Integer,
            "number" => FieldType::Float,
            "datetime" => FieldType::DateTime,
            other => panic!("{other}"),
        },
        title: None,
        description: None,
        nullable: true,
    }
}

/// Rows of one text, the first column's value.
#[derive(Debug, Default)]
struct FakeStore {
    schema: Schema,
    crs: Option<Crs>,
    extent: Option<Bbox>,
    rows: Vec<String>,
    damaged: u64,
    version: String,
}

struct Row<'a>(u64, &'a str);

impl Feature for Row<'_> {
    fn fid(&self) -> u64 {
        self.0
    }
    fn bbox(&self) -> Option<Bbox> {
        None
    }
    fn geometry(&self, out: &mut Geometry) -> Result<()> {
        out.begin(GeometryType::Point);
        Ok(())
    }
    fn value(&self, column: usize) -> Value<'_> {
        if column == 0 {
            Value::Text(self.1)
        } else {
            Value::Null
        }
    }
    fn values(&self, visit: &mut dyn FnMut(usize, Value<'_>)) {
        visit(0, Value::Text(self.1));
    }
}

impl FeatureStore for FakeStore {
    fn schema(&self) -> &Schema {
        &self.schema
    }
    fn crs(&self) -> Option<&Crs> {
        self.crs.as_ref()
    }
    fn extent(&self) -> Option<Bbox> {
        self.extent
    }
    fn count(&self) -> u64 {
        self.rows.len() as u64
    }
    fn version(&self) -> &str {
        &self.version
    }
    fn select(
        &self,
        _select: &Select,
        _budget: &Budget,
        visit: &mut dyn FnMut(&dyn Feature) -> Flow,
    ) -> Result<SelectStats> {
        let mut stats = SelectStats {
            damaged: self.damaged,
            ..SelectStats::default()
        };
        for (fid, row) in self.rows.iter().enumerate() {
            stats.features += 1;
            if let ControlFlow::Break(()) = visit(&Row(fid as u64, row))? {
                break;
            }
        }
        Ok(stats)
    }
    fn get(&self, fid: u64, visit: &mut dyn FnMut(&dyn Feature) -> Result<()>) -> Result<bool> {
        match self.rows.get(fid as usize) {
            Some(row) => visit(&Row(fid, row)).map(|()| true),
            None => Ok(false),
        }
    }
}
