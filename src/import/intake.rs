//! Where readers hand over features: mended, looked at, and put aside until their order and the
//! types of their columns are known.

use std::collections::HashMap;
use std::path::Path;

use super::guess::{Reading, Tally};
use super::notes::{Kind, Note, Notes};
use super::repair::repair;
use super::sort::Spool;
use super::source::{Column, Declared, Place};
use super::{Progress, record, validity};
use crate::budget::Budget;
use crate::error::{Error, Result};
use crate::feature::{Field, Value};
use crate::geom::{Bbox, Geometry, GeometryType};

/// More columns than this are not what was meant: keys that are data.
const MAX_COLUMNS: usize = 8_192;
/// Features between two looks at the budget.
const LOOK_EVERY: u64 = 256;

/// What one import is told while it works.
pub struct Intake<'a> {
    columns: Vec<(Column, Tally)>,
    numbers: HashMap<String, u16>,
    id: Option<u16>,
    spool: Spool,
    notes: Notes,
    budget: &'a Budget,
    progress: &'a dyn Fn(&Progress),
    bytes: u64,
    told: u64,
    /// What is being read.
    place: Place,
    geometry: Geometry,
    values: Vec<u8>,
    /// Features that were begun, and by column the one that last had a value.
    begun: u64,
    valued: Vec<u64>,
    /// Room that is used again.
    mended: Geometry,
    record: Vec<u8>,
    /// Features of each type of geometry.
    kinds: Vec<(GeometryType, u64)>,
    extent: Option<Bbox>,
    beyond_degrees: u64,
    has_z: bool,
    has_m: bool,
}

impl std::fmt::Debug for Intake<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake")
            .field("columns", &self.columns.len())
            .field("features", &self.spool.count())
            .finish_non_exhaustive()
    }
}

/// All that was taken in.
#[derive(Debug)]
pub struct Taken {
    pub spool: Spool,
    pub fields: Vec<TakenField>,
    pub geometry: GeometryType,
    pub extent: Option<Bbox>,
    pub notes: Vec<Note>,
    /// Features whose position can't be longitude and latitude.
    pub beyond_degrees: u64,
    pub has_z: bool,
    pub has_m: bool,
}

/// A column of the result.
#[derive(Debug, Clone)]
pub struct TakenField {
    pub field: Field,
    pub reading: Reading,
    /// The name in the file, where it is another.
    pub was: Option<String>,
    pub declared: Declared,
    /// The values contradict the declared type.
    pub widened: bool,
    pub values: u64,
}

impl<'a> Intake<'a> {
    /// An empty one; what is put aside lies in `folder`, without a name.
    ///
    /// # Errors
    /// `Io`.
    pub fn new(
        folder: &Path,
        columns: &[Column],
        bytes: u64,
        budget: &'a Budget,
        progress: &'a dyn Fn(&Progress),
    ) -> Result<Intake<'a>> {
        let columns: Vec<_> = columns
            .iter()
            .map(|column| (column.clone(), Tally::new(column.declared)))
            .collect();
        if columns.len() > MAX_COLUMNS {
            return Err(too_many_columns());
        }
        Ok(Intake {
            columns,
            numbers: HashMap::new(),
            id: None,
            spool: Spool::create(folder)?,
            notes: Notes::default(),
            budget,
            progress,
            bytes,
            told: 0,
            place: Place::Feature(0),
            geometry: Geometry::default(),
            values: Vec::new(),
            begun: 0,
            valued: Vec::new(),
            mended: Geometry::default(),
            record: Vec::new(),
            kinds: Vec::new(),
            extent: None,
            beyond_degrees: 0,
            has_z: false,
            has_m: false,
        })
    }

    /// The number of a column that is found while features are read.
    ///
    /// # Errors
    /// `LimitExceeded` for more than 8,192 of them.
    pub fn column(&mut self, name: &str) -> Result<u16> {
        if let Some(number) = self.numbers.get(name) {
            return Ok(*number);
        }
        if self.columns.len() >= MAX_COLUMNS {
            return Err(too_many_columns());
        }
        let number = u16::try_from(self.columns.len()).unwrap_or(u16::MAX);
        let declared = Declared::ByValue;
        self.columns
            .push((Column::new(name, declared), Tally::new(declared)));
        self.numbers.insert(name.to_owned(), number);
        Ok(number)
    }

    /// The number of the column of ids that features have beside their properties.
    ///
    /// # Errors
    /// `LimitExceeded`.
    pub fn id_column(&mut self) -> Result<u16> {
        if let Some(number) = self.id {
            return Ok(number);
        }
        // no property has a name that begins with that character and is kept
        let number = self.column("\u{0}id")?;
        self.id = Some(number);
        Ok(number)
    }

    /// Begins a feature; one that was begun and not [ended](Intake::end) is forgotten.
    pub fn begin(&mut self, place: Place) {
        self.place = place;
        self.begun += 1;
        self.geometry.begin(GeometryType::Unknown);
        self.values.clear();
    }

    /// The geometry of the feature, to be filled.
    pub fn geometry(&mut self) -> &mut Geometry {
        &mut self.geometry
    }

    /// A value of the feature; null need not be said. Of two values of one column the first counts.
    pub fn value(&mut self, column: u16, value: Value<'_>) {
        let place = usize::from(column);
        if self.valued.len() <= place {
            self.valued.resize(place + 1, 0);
        }
        match self.valued.get_mut(place) {
            Some(feature) if *feature != self.begun => *feature = self.begun,
            _ => return self.note(Kind::Changed, "a second value of one field left out"),
        }
        record::push_value(&mut self.values, column, value);
    }

    /// Notes something about the feature.
    pub fn note(&mut self, kind: Kind, what: &str) {
        self.notes.add(kind, what, self.place);
    }

    /// Leaves the feature out, and says why.
    pub fn refuse(&mut self, place: Place, why: &str) {
        self.notes.add(Kind::Dropped, why, place);
    }

    /// Heights or measures were read over.
    pub fn saw(&mut self, has_z: bool, has_m: bool) {
        self.has_z |= has_z;
        self.has_m |= has_m;
    }

    /// So many bytes of the file were read; to be told of each feature, those left out too.
    ///
    /// # Errors
    /// `Cancelled`.
    pub fn read_to(&mut self, bytes: u64) -> Result<()> {
        self.told += 1;
        if !self.told.is_multiple_of(LOOK_EVERY) {
            return Ok(());
        }
        (self.progress)(&Progress {
            is_writing: false,
            done: bytes,
            all: self.bytes,
            features: self.spool.count(),
        });
        self.budget.check()
    }

    /// Takes the feature.
    ///
    /// # Errors
    /// `Io`.
    pub fn end(&mut self) -> Result<()> {
        let had_geometry = !self.geometry.is_empty();
        let repairs = repair(&self.geometry, &mut self.mended);
        for words in repairs.words() {
            self.notes.add(Kind::Repaired, words, self.place);
        }
        if self.mended.is_empty() {
            let why = match had_geometry {
                true => "nothing is left of its geometry",
                false => "it has none in the file",
            };
            self.notes.add(Kind::Emptied, why, self.place);
        } else {
            if let Some(fault) = validity::fault(&self.mended) {
                self.notes.add(Kind::Invalid, fault, self.place);
            }
            self.count_kind();
            if let Some(bbox) = self.mended.bbox() {
                self.extent = Some(self.extent.map_or(bbox, |all| all.union(&bbox)));
                // the antimeridian is crossed by going on beyond it
                let degrees = Bbox::WORLD.grown(180.0, 1e-6);
                self.beyond_degrees += u64::from(!degrees.contains(&bbox));
            }
        }
        let columns = &mut self.columns;
        let tallied = record::values(&self.values, &mut |column, value| {
            if let Some((_, tally)) = columns.get_mut(usize::from(column)) {
                tally.see(value);
            }
        });
        if tallied.is_none() {
            return Err(Error::Internal {
                message: "values of a feature can't be read back".to_owned(),
            });
        }
        record::write(&mut self.record, &self.mended, &self.values);
        self.spool.push(&self.record)
    }

    /// Ids of features are called `id`, unless a property is.
    fn name_ids(&mut self) {
        let is_taken = self
            .columns
            .iter()
            .any(|(column, _)| column.name.trim() == "id");
        let column = self.id.and_then(|n| self.columns.get_mut(usize::from(n)));
        if let Some((column, _)) = column {
            column.name = if is_taken { "feature_id" } else { "id" }.to_owned();
        }
    }

    fn count_kind(&mut self) {
        let kind = self.mended.kind();
        match self.kinds.iter_mut().find(|(k, _)| *k == kind) {
            Some((_, count)) => *count += 1,
            None => self.kinds.push((kind, 1)),
        }
    }

    /// What was taken in; nothing can be added any more.
    pub fn finish(mut self) -> Taken {
        self.name_ids();
        let geometry = common_kind(&self.kinds);
        let names = names(self.columns.iter().map(|(column, _)| column.name.as_str()));
        let fields = self.columns.into_iter().zip(names);
        let fields = fields
            .map(|((column, tally), name)| {
                let (reading, widened) = tally.reading();
                TakenField {
                    was: (name != column.name).then_some(column.name),
                    field: Field {
                        name,
                        kind: reading.kind,
                        title: column.title,
                        description: column.description,
                        nullable: true,
                    },
                    reading,
                    declared: column.declared,
                    widened,
                    values: tally.values(),
                }
            })
            .collect();
        Taken {
            spool: self.spool,
            fields,
            geometry,
            extent: self.extent,
            notes: self.notes.into_vec(),
            beyond_degrees: self.beyond_degrees,
            has_z: self.has_z,
            has_m: self.has_m,
        }
    }
}

fn too_many_columns() -> Error {
    Error::LimitExceeded {
        what: "the number of columns",
        limit: MAX_COLUMNS as u64,
        found: MAX_COLUMNS as u64 + 1,
    }
}

/// The type that all geometries have, or may have as one of several parts; unknown for a mixture.
fn common_kind(kinds: &[(GeometryType, u64)]) -> GeometryType {
    use GeometryType as T;
    let multi = |kind| match kind {
        T::Point => T::MultiPoint,
        T::LineString => T::MultiLineString,
        T::Polygon => T::MultiPolygon,
        other => other,
    };
    let (Some((first, _)), true) = (kinds.first(), kinds.len() == 1) else {
        let mut found = kinds.iter().map(|(kind, _)| multi(*kind));
        let first = found.next().unwrap_or_default();
        let is_plain = matches!(first, T::MultiPoint | T::MultiLineString | T::MultiPolygon);
        return match is_plain && found.all(|kind| kind == first) {
            true => first,
            false => T::Unknown,
        };
    };
    *first
}

/// Names that are there, printable, and each only once.
fn names<'n>(given: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut taken = std::collections::HashSet::new();
    let mut names = Vec::new();
    for (name, number) in given.zip(1_u32..) {
        let clean: String = name
            .chars()
            .filter(|c| !c.is_control() && *c != '\u{feff}')
            .collect();
        let clean = match clean.trim() {
            "" => format!("column_{number}"),
            clean => clean.to_owned(),
        };
        let numbered = (2_u32..).map(|n| format!("{clean}_{n}"));
        let mut candidates = std::iter::once(clean.clone()).chain(numbered);
        // endless, so there is one
        let free = candidates
            .find(|name| !taken.contains(name))
            .unwrap_or_default();
        taken.insert(free.clone());
        names.push(free);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_there_and_unique() {
        let given = ["nom", "nom", "", " a\u{7}b ", "nom_2", "NOM"];
        let expected = ["nom", "nom_2", "column_3", "ab", "nom_2_2", "NOM"];
        assert_eq!(names(given.into_iter()), expected);
    }

    #[test]
    fn one_type_holds_single_and_multiple_parts() {
        use GeometryType as T;
        let common = |kinds: &[T]| common_kind(&kinds.iter().map(|k| (*k, 1)).collect::<Vec<_>>());
        assert_eq!(common(&[T::Polygon]), T::Polygon);
        assert_eq!(common(&[T::Polygon, T::MultiPolygon]), T::MultiPolygon);
        assert_eq!(common(&[T::MultiPoint, T::Point]), T::MultiPoint);
        assert_eq!(common(&[T::Point, T::Polygon]), T::Unknown);
        assert_eq!(common(&[T::GeometryCollection]), T::GeometryCollection);
        assert_eq!(common(&[]), T::Unknown);
    }
}
