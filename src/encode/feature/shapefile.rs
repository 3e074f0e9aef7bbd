//! Shapefiles in a ZIP archive: `.shp`, `.shx`, `.dbf`, `.prj`, `.cpg`, and a text that says what
//! the fields are called in them and what was lost.
//!
//! # Not held
//! - A shapefile holds one kind of geometry. A layer of several kinds becomes one for each; a
//!   collection stands in all whose kind it has. Features without geometry are null shapes, or a
//!   table of their own where there are several kinds.
//! - Names of fields have ten bytes, texts 254; there is no type for instants and JSON (text), nor
//!   for bytes (left out). Empty text is null. GDAL reads integers of more than 18 digits as reals.
//! - Neither the `.shp` nor the `.dbf` may be larger than 2 GB.

mod shapes;
mod table;

use super::names::short_names;
use super::zip::Zip;
use super::{FeatureId, FeatureRow, FeatureSet, FeatureWriter, Rest, Spill, Workshop};
use crate::error::{Error, Result};
use crate::feature::{FieldType, Value};
use crate::geom::Bbox;
use shapes::{ShapeKind, head, push_shape, words};
use table::{Column, push_record, record_bytes};

/// Bytes packed at once.
const PIECE_BYTES: usize = 256 << 10;
/// What a `.shp` and a `.dbf` may have.
const MAX_FILE_BYTES: u64 = (1 << 31) - 1;
/// Fields of a dBASE table.
const MAX_FIELDS: usize = 255;
/// The head of a `.shp` and a `.shx`.
const HEAD_BYTES: u64 = 100;

/// Writes the archive.
#[derive(Debug)]
pub struct ShapefileWriter {
    set: FeatureSet,
    workshop: Workshop,
    /// The kind of every geometry; `None` where there may be several.
    kind: Option<ShapeKind>,
    /// The first is the id.
    columns: Vec<Column>,
    sheets: Vec<Sheet>,
    zip: Zip,
    /// What of the archive is written next, and from where on.
    next: (usize, Step, u64),
    row: Vec<u8>,
    shape: Vec<u8>,
}

/// One shapefile, waiting for its end.
#[derive(Debug)]
struct Sheet {
    kind: ShapeKind,
    shapes: Spill,
    index: Spill,
    rows: Spill,
    count: u64,
    extent: Option<Bbox>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Shapes,
    Index,
    Table,
    Notes,
}

impl ShapefileWriter {
    /// # Errors
    /// `InvalidParameter` for more fields than a table can have; `Io`.
    pub fn new(set: FeatureSet, workshop: &Workshop) -> Result<ShapefileWriter> {
        let held = |f: &&super::FeatureField| f.kind != FieldType::Binary;
        let fields: Vec<_> = set.fields.iter().filter(held).collect();
        if fields.len() >= MAX_FIELDS {
            return Err(Error::parameter(
                "f",
                format!(
                    "a shapefile holds at most {} fields, this layer has {}: take another format \
                     or fewer fields",
                    MAX_FIELDS - 1,
                    fields.len()
                ),
            ));
        }
        let has_id = fields.iter().any(|f| f.name.eq_ignore_ascii_case("id"));
        let id = if has_id { "feature_id" } else { "id" };
        let mut names = short_names(fields.iter().map(|f| f.name.as_str()).chain([id]), 10);
        let id_name = names.pop().unwrap_or_default();
        // ids are all numbers or all texts: the first feature tells
        let mut columns = vec![Column::new(id_name, id.to_owned(), FieldType::Long)];
        columns.extend(
            names
                .into_iter()
                .zip(&fields)
                .map(|(name, field)| Column::new(name, field.name.clone(), field.kind)),
        );
        let kind = ShapeKind::of(set.geometry);
        let mut writer = ShapefileWriter {
            workshop: workshop.clone(),
            kind,
            columns,
            sheets: Vec::new(),
            zip: Zip::new(),
            next: (0, Step::Shapes, 0),
            row: Vec::new(),
            shape: Vec::new(),
            set,
        };
        if let Some(kind) = kind {
            // there is a file though nothing is in it
            writer.sheet(kind)?;
        }
        Ok(writer)
    }

    /// The place of the shapefile of a kind.
    fn sheet(&mut self, kind: ShapeKind) -> Result<usize> {
        if let Some(place) = self.sheets.iter().position(|sheet| sheet.kind == kind) {
            return Ok(place);
        }
        self.sheets.push(Sheet {
            kind,
            shapes: self.workshop.spill()?,
            index: self.workshop.spill()?,
            rows: self.workshop.spill()?,
            count: 0,
            extent: None,
        });
        Ok(self.sheets.len() - 1)
    }

    /// Appends the row and a shape to the shapefile of a kind.
    fn add(&mut self, kind: ShapeKind, sequences: &[Vec<[f64; 2]>]) -> Result<()> {
        let place = self.sheet(kind)?;
        let Some(sheet) = self.sheets.get_mut(place) else {
            return Ok(());
        };
        sheet.rows.write(&self.row)?;
        sheet.count += 1;
        if kind != ShapeKind::None {
            self.shape.clear();
            let bbox = push_shape(&mut self.shape, kind, sequences);
            sheet.extent = match (sheet.extent, bbox) {
                (Some(all), Some(one)) => Some(all.union(&one)),
                (all, one) => all.or(one),
            };
            let number = u32::try_from(sheet.count).unwrap_or(u32::MAX);
            let length = words(self.shape.len() as u64);
            let at = words(HEAD_BYTES + sheet.shapes.len());
            sheet
                .index
                .write([at, length].map(u32::to_be_bytes).as_flattened())?;
            sheet
                .shapes
                .write([number, length].map(u32::to_be_bytes).as_flattened())?;
            sheet.shapes.write(&self.shape)?;
            within(
                "a shapefile's .shp in bytes (GeoPackage has no such limit)",
                HEAD_BYTES + sheet.shapes.len(),
            )?;
        }
        let table = record_bytes(&self.columns).saturating_mul(sheet.count);
        within(
            "a shapefile's .dbf in bytes (GeoPackage has no such limit)",
            table,
        )
    }

    /// What the files of a sheet are called, without their ending.
    fn base(&self, kind: ShapeKind) -> String {
        let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let name = self
            .set
            .name
            .chars()
            .map(|c| if is_safe(c) { c } else { '_' });
        let name: String = name.collect();
        match self.kind {
            Some(_) => name,
            None => format!("{name}{}", kind.suffix()),
        }
    }

    /// Writes the next piece of a sheet; true when the archive is whole.
    fn step(&mut self, out: &mut Vec<u8>) -> Result<bool> {
        let (place, step, at) = self.next;
        let Some(kind) = self.sheets.get(place).map(|sheet| sheet.kind) else {
            let notes = self.notes();
            self.zip
                .begin(format!("{}_LISEZMOI_README.txt", self.set_name()), out)?;
            self.zip.write(notes.as_bytes(), out)?;
            self.zip.finish(out)?;
            return Ok(true);
        };
        let base = self.base(kind);
        let prj = self.set.crs.wkt_1(true)?;
        let Some(sheet) = self.sheets.get_mut(place) else {
            return Ok(true);
        };
        let (zip, columns) = (&mut self.zip, &self.columns);
        let mut bytes = Vec::new();
        let is_read = match step {
            Step::Shapes | Step::Index if kind == ShapeKind::None => true,
            Step::Shapes | Step::Index => {
                let (spill, ending) = match step {
                    Step::Shapes => (&mut sheet.shapes, "shp"),
                    _ => (&mut sheet.index, "shx"),
                };
                if at == 0 {
                    spill.flush()?;
                    zip.begin(format!("{base}.{ending}"), out)?;
                    let size = HEAD_BYTES + spill.len();
                    zip.write(&head(kind, size, sheet.extent.as_ref()), out)?;
                }
                let read = spill.read(at, PIECE_BYTES, &mut bytes)?;
                zip.write(&bytes, out)?;
                self.next.2 += read as u64;
                read == 0
            }
            Step::Table => {
                if at == 0 {
                    sheet.rows.flush()?;
                    zip.begin(format!("{base}.dbf"), out)?;
                    zip.write(
                        &table::head(columns, sheet.count, &self.set.time_stamp),
                        out,
                    )?;
                }
                sheet.rows.read(at, PIECE_BYTES, &mut bytes)?;
                let mut rows = bytes.as_slice();
                let mut records = Vec::new();
                while push_record(&mut records, columns, &mut rows) {}
                zip.write(&records, out)?;
                let taken = bytes.len() - rows.len();
                self.next.2 += taken as u64;
                if taken == 0 {
                    zip.write(&[0x1A], out)?;
                }
                taken == 0
            }
            Step::Notes => {
                zip.begin(format!("{base}.cpg"), out)?;
                zip.write(b"UTF-8", out)?;
                if kind != ShapeKind::None && !prj.is_empty() {
                    zip.begin(format!("{base}.prj"), out)?;
                    zip.write(prj.as_bytes(), out)?;
                }
                true
            }
        };
        if is_read {
            self.next = match step {
                Step::Shapes => (place, Step::Index, 0),
                Step::Index => (place, Step::Table, 0),
                Step::Table => (place, Step::Notes, 0),
                Step::Notes => (place + 1, Step::Shapes, 0),
            };
        }
        Ok(false)
    }

    fn set_name(&self) -> String {
        self.base(ShapeKind::None)
            .trim_end_matches(ShapeKind::None.suffix())
            .to_owned()
    }

    /// What whoever opens the archive should know.
    fn notes(&self) -> String {
        let mut notes = format!(
            "{}\r\n\r\nUn shapefile coupe les noms de champs à 10 caractères et les textes à 254 octets.\r\n\
             A shapefile cuts names of fields to 10 characters and texts to 254 bytes.\r\n\r\n\
             champ / field\tnom complet / full name\tvaleurs coupées / values cut\r\n",
            self.set.title
        );
        for column in &self.columns {
            let (name, full, cut) = (&column.name, &column.full_name, column.cut);
            notes.push_str(&format!("{name}\t{full}\t{cut}\r\n"));
        }
        let left_out = self
            .set
            .fields
            .iter()
            .filter(|f| f.kind == FieldType::Binary);
        for field in left_out {
            notes.push_str(&format!("-\t{}\tdonnées binaires / binary\r\n", field.name));
        }
        if self.kind.is_none() {
            notes.push_str(
                "\r\nUn shapefile par type de géométrie / one shapefile a type of geometry:\r\n",
            );
            for sheet in &self.sheets {
                notes.push_str(&format!("{}\t{}\r\n", self.base(sheet.kind), sheet.count));
            }
        }
        notes
    }
}

fn within(what: &'static str, size: u64) -> Result<()> {
    match size <= MAX_FILE_BYTES {
        true => Ok(()),
        false => Err(Error::LimitExceeded {
            what,
            limit: MAX_FILE_BYTES,
            found: size,
        }),
    }
}

impl FeatureWriter for ShapefileWriter {
    fn begin(&mut self, _: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }

    fn feature(&mut self, row: &FeatureRow<'_>, _: &mut Vec<u8>) -> Result<()> {
        self.row.clear();
        let held = self
            .set
            .fields
            .iter()
            .filter(|f| f.kind != FieldType::Binary);
        let mut columns = self.columns.iter_mut();
        if let Some(id) = columns.next() {
            match row.id {
                FeatureId::Integer(number) => id.push(&mut self.row, &Value::Int(number)),
                other => {
                    id.kind = FieldType::Text;
                    id.push(&mut self.row, &Value::Text(&other.to_string()));
                }
            }
        }
        for (column, field) in columns.zip(held) {
            column.push(&mut self.row, &row.feature.value(field.column));
        }
        if let Some(kind) = self.kind {
            let sequences = row.geometry.map(|geometry| kind.sequences(geometry, false));
            return self.add(kind, &sequences.unwrap_or_default());
        }
        let mut is_placed = false;
        for kind in ShapeKind::ALL {
            let sequences = row.geometry.map(|geometry| kind.sequences(geometry, true));
            let sequences = sequences.unwrap_or_default();
            if !sequences.is_empty() || (kind == ShapeKind::None && !is_placed) {
                is_placed = true;
                self.add(kind, &sequences)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Rest> {
        Ok(match self.step(out)? {
            true => Rest::Done,
            false => Rest::More,
        })
    }
}
