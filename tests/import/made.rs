//! Files of foreign formats made byte by byte, and imports of them.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use cartotheque::budget::Budget;
use cartotheque::error::Error;
use cartotheque::geom::{Coord, Geometry};
use cartotheque::import::{self, Folders, Imported, Options};
use cartotheque::store::{FeatureStore, FgbStore, Select};

/// Imports a file into a folder; one result for each table.
pub fn bring(file: &Path, output: &Path, options: &Options) -> Vec<Result<Imported, Error>> {
    let folders = Folders::of(output);
    let tables = match import::open(file, &folders, options) {
        Ok(tables) => tables,
        Err(error) => return vec![Err(error)],
    };
    let budget = Budget::unlimited();
    tables
        .into_iter()
        .map(|mut table| import::import(table.as_mut(), file, &folders, options, &budget, &|_| {}))
        .collect()
}

/// Imports a file of one table that is sound.
pub fn bring_one(file: &Path, output: &Path) -> Imported {
    let mut all = bring(file, output, &Options::default());
    assert_eq!(all.len(), 1);
    all.remove(0).unwrap()
}

/// The message of an import that is refused.
pub fn refusal(file: &Path, output: &Path, options: &Options) -> String {
    let mut all = bring(file, output, options);
    all.remove(0).unwrap_err().to_string()
}

/// Every feature of the result: its geometry and its values as text, null left out.
pub fn features(imported: &Imported) -> Vec<(Geometry, Vec<(String, String)>)> {
    let store = FgbStore::open(&imported.target.data).unwrap();
    let report = store.verify(&mut |_, _| ControlFlow::Continue(())).unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert!(imported.features == 0 || store.index().is_some());
    let mut found = Vec::new();
    store
        .select(&Select::default(), &Budget::unlimited(), &mut |feature| {
            let mut geometry = Geometry::default();
            feature.geometry(&mut geometry)?;
            let mut values = Vec::new();
            feature.values(&mut |column, value| {
                let name = store.schema().fields[column].name.clone();
                values.push((name, value.to_text().into_owned()));
            });
            found.push((geometry, values));
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    assert_eq!(found.len() as u64, imported.features);
    found
}

/// The values of one field, in the order of another.
pub fn column(imported: &Imported, name: &str) -> Vec<String> {
    let of = |values: &[(String, String)]| {
        let found = values.iter().find(|(n, _)| n == name);
        found.map_or("null".to_owned(), |(_, v)| v.clone())
    };
    let mut values: Vec<String> = features(imported).iter().map(|(_, v)| of(v)).collect();
    values.sort();
    values
}

/// `name: type` of each field.
pub fn fields(imported: &Imported) -> Vec<String> {
    let fields = imported.fields.iter();
    fields
        .map(|f| format!("{}: {}", f.name, f.kind.name()))
        .collect()
}

/// `kind what: count` of each note.
pub fn notes(imported: &Imported) -> Vec<String> {
    let notes = imported.notes.iter();
    notes
        .map(|n| format!("{} {}: {}", n.kind.name(), n.what, n.count))
        .collect()
}

/// What a shapefile is made of.
pub struct Shapefile {
    pub kind: u32,
    pub records: Vec<Vec<u8>>,
    /// Name, type, width, decimals.
    pub columns: Vec<(&'static str, u8, u8, u8)>,
    pub rows: Vec<Vec<Vec<u8>>>,
}

impl Shapefile {
    /// Writes .shp, .shx and .dbf, and a .prj where there is one.
    pub fn write(&self, path: &Path, prj: Option<&str>) {
        let mut shp = head(self.kind);
        let mut shx = head(self.kind);
        for (record, number) in self.records.iter().zip(1_u32..) {
            let words = u32::try_from(record.len() / 2).unwrap();
            shx.extend(u32::try_from(shp.len() / 2).unwrap().to_be_bytes());
            shx.extend(words.to_be_bytes());
            shp.extend(number.to_be_bytes());
            shp.extend(words.to_be_bytes());
            shp.extend(record);
        }
        std::fs::write(path, shp).unwrap();
        std::fs::write(path.with_extension("shx"), shx).unwrap();
        std::fs::write(path.with_extension("dbf"), self.dbf()).unwrap();
        if let Some(prj) = prj {
            std::fs::write(path.with_extension("prj"), prj).unwrap();
        }
    }

    fn dbf(&self) -> Vec<u8> {
        let row: usize = self.columns.iter().map(|c| usize::from(c.2)).sum();
        let mut dbf = vec![3, 124, 1, 1];
        dbf.extend(u32::try_from(self.rows.len()).unwrap().to_le_bytes());
        dbf.extend(
            u16::try_from(33 + 32 * self.columns.len())
                .unwrap()
                .to_le_bytes(),
        );
        dbf.extend(u16::try_from(row + 1).unwrap().to_le_bytes());
        dbf.extend([0; 20]);
        for (name, kind, size, decimals) in &self.columns {
            let mut entry = [0; 32];
            entry[..name.len()].copy_from_slice(name.as_bytes());
            entry[11] = *kind;
            entry[16] = *size;
            entry[17] = *decimals;
            dbf.extend(entry);
        }
        dbf.push(0x0d);
        for values in &self.rows {
            dbf.push(b' ');
            for (value, column) in values.iter().zip(&self.columns) {
                let mut cell = value.clone();
                cell.resize(usize::from(column.2), b' ');
                dbf.extend(cell);
            }
        }
        dbf.push(0x1a);
        dbf
    }
}

fn head(kind: u32) -> Vec<u8> {
    let mut head = 9994_u32.to_be_bytes().to_vec();
    head.extend([0; 20]);
    head.extend(0_u32.to_be_bytes());
    head.extend(1000_u32.to_le_bytes());
    head.extend(kind.to_le_bytes());
    head.extend([0; 64]);
    head
}

/// A point of a shapefile.
pub fn point([x, y]: Coord) -> Vec<u8> {
    let mut record = 1_u32.to_le_bytes().to_vec();
    record.extend(x.to_le_bytes());
    record.extend(y.to_le_bytes());
    record
}

/// A polygon of a shapefile.
pub fn polygon(rings: &[&[Coord]]) -> Vec<u8> {
    let mut record = 5_u32.to_le_bytes().to_vec();
    record.extend([0; 32]);
    record.extend(u32::try_from(rings.len()).unwrap().to_le_bytes());
    let count: usize = rings.iter().map(|ring| ring.len()).sum();
    record.extend(u32::try_from(count).unwrap().to_le_bytes());
    let mut start = 0_u32;
    for ring in rings {
        record.extend(start.to_le_bytes());
        start += u32::try_from(ring.len()).unwrap();
    }
    for number in rings.iter().flat_map(|ring| ring.as_flattened()) {
        record.extend(number.to_le_bytes());
    }
    record
}

/// Two polygons with a row each.
pub fn polygons() -> Shapefile {
    let outer = [[0.0, 0.0], [0.0, 9.0], [9.0, 9.0], [9.0, 0.0], [0.0, 0.0]];
    let hole = [[1.0, 1.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0], [1.0, 1.0]];
    let far = [[20.0, 0.0], [20.0, 5.0], [25.0, 5.0], [20.0, 0.0]];
    let row = |texts: [&str; 5]| texts.iter().map(|t| t.as_bytes().to_vec()).collect();
    Shapefile {
        kind: 5,
        records: vec![polygon(&[&outer, &hole]), polygon(&[&outer, &far])],
        columns: vec![
            ("INSEE", b'C', 5, 0),
            ("POP", b'N', 9, 0),
            ("TAUX", b'N', 9, 2),
            ("MAJ", b'D', 8, 0),
            ("OK", b'L', 1, 0),
        ],
        rows: vec![
            row(["01906", "     1200", "     1.50", "20240229", "T"]),
            row(["38185", "", "*********", "        ", "F"]),
        ],
    }
}

/// What ArcGIS writes into a .prj of Lambert-93.
pub const LAMBERT_93: &str = r#"PROJCS["RGF_1993_Lambert_93",GEOGCS["GCS_RGF_1993",DATUM["D_RGF_1993",SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Lambert_Conformal_Conic"],PARAMETER["False_Easting",700000.0],PARAMETER["False_Northing",6600000.0],PARAMETER["Central_Meridian",3.0],PARAMETER["Standard_Parallel_1",44.0],PARAMETER["Standard_Parallel_2",49.0],PARAMETER["Latitude_Of_Origin",46.5],UNIT["Meter",1.0]]"#;

/// A GeoPackage of two tables: points with a value of every type, and areas.
pub fn geopackage(path: &Path) {
    let _none = std::fs::remove_file(path);
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY, organization TEXT, organization_coordsys_id INTEGER, definition TEXT, description TEXT);
             INSERT INTO gpkg_spatial_ref_sys VALUES ('RGF93', 2154, 'EPSG', 2154, 'undefined', NULL), ('x', -1, 'NONE', -1, 'undefined', NULL);
             CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT, identifier TEXT, description TEXT, last_change TEXT, min_x REAL, min_y REAL, max_x REAL, max_y REAL, srs_id INTEGER);
             CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, geometry_type_name TEXT, srs_id INTEGER, z INTEGER, m INTEGER);
             CREATE TABLE gpkg_data_columns (table_name TEXT, column_name TEXT, name TEXT, title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT);
             INSERT INTO gpkg_contents VALUES ('lieux \"dits\"', 'features', 'Lieux-dits', 'Noms de lieux', '', 0, 0, 1, 1, 2154), ('zones', 'features', 'zones', NULL, '', 0, 0, 1, 1, -1);
             INSERT INTO gpkg_geometry_columns VALUES ('lieux \"dits\"', 'geom', 'POINT', 2154, 0, 0), ('zones', 'the_geom', 'POLYGON', -1, 0, 0);
             INSERT INTO gpkg_data_columns VALUES ('lieux \"dits\"', 'nom', NULL, 'Nom du lieu', 'Le nom', NULL, NULL);
             CREATE TABLE \"lieux \"\"dits\"\"\" (fid INTEGER PRIMARY KEY, geom POINT, nom TEXT(50), n MEDIUMINT, big INTEGER, part REAL, ok BOOLEAN, jour DATE, moment DATETIME, octets BLOB, tout NUMERIC);
             CREATE TABLE zones (fid INTEGER PRIMARY KEY, the_geom POLYGON);",
        )
        .unwrap();
    let mut insert = connection
        .prepare("INSERT INTO \"lieux \"\"dits\"\"\" VALUES (?1, ?2, ?3, ?4, ?5, 0.5, 1, '2024-02-29', '2024-02-29T12:00:00.000Z', x'00ff', ?6)")
        .unwrap();
    for n in 0..50_i64 {
        let mut blob = b"GP\0\x01".to_vec();
        blob.extend(2154_u32.to_le_bytes());
        blob.extend([1, 1, 0, 0, 0]);
        let at = [700_000.0 + n as f64 * 10.0, 6_600_000.0];
        blob.extend(at.iter().flat_map(|v| v.to_le_bytes()));
        let tout: &dyn rusqlite::ToSql = if n == 3 { &"inconnu" } else { &n };
        insert
            .execute(rusqlite::params![
                n + 100,
                blob,
                format!("Lieu {n}"),
                n,
                n << 40,
                tout
            ])
            .unwrap();
    }
}

/// A path below a folder that is there.
pub fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path
}

/// Everything in a folder and below, hidden files too.
pub fn all_files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            match entry.path().is_dir() {
                true => folders.push(entry.path()),
                false => {
                    let path = entry.path();
                    found.push(path.strip_prefix(folder).unwrap().display().to_string());
                }
            }
        }
    }
    found.sort();
    found
}
