//! The seam between formats and what is done with their features: the schema first, then one
//! feature after the other.

use std::fmt;

use super::intake::Intake;
use crate::crs::Crs;
use crate::error::Result;
use crate::feature::FieldType;
use crate::geom::Bbox;

/// One table of a file. A format is one file that implements this.
pub trait Source {
    /// What is known of the table; a format that tells its schema only through its features
    /// knows less before [`read`](Source::read) than after.
    fn head(&self) -> &Head;

    /// Hands over every feature, in the order of the file. A feature that can't be read is told
    /// to the intake by its place, and the others are read.
    ///
    /// # Errors
    /// `Data` where what follows can't be found or trusted; `Io`; what the intake returns.
    fn read(&mut self, intake: &mut Intake) -> Result<()>;
}

/// What a table says of itself.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// The file's stem or the table's name: what the layer's id is made from.
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub columns: Vec<Column>,
    pub crs: CrsFound,
    /// Where the positions lie, as far as the file says or a look at its start tells.
    pub extent: Option<Bbox>,
    /// A column whose values the format promises to be there and unique.
    pub id_column: Option<String>,
    /// What was odd or decided at the opening, for the report.
    pub notes: Vec<String>,
    /// Bytes that reading will go through, for the progress; 0 where that is not known.
    pub bytes: u64,
}

/// A column as the file has it.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub declared: Declared,
}

impl Column {
    pub fn new(name: impl Into<String>, declared: Declared) -> Column {
        Column {
            name: name.into(),
            title: None,
            description: None,
            declared,
        }
    }
}

/// What a file says of the type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// Everything is text (CSV): the type is guessed from all values.
    Nothing,
    /// Each value says its own type (GeoJSON): the column's is the narrowest that holds all.
    ByValue,
    /// The column has a type; values that contradict it widen it.
    Type(FieldType),
}

/// What a file says of its CRS.
#[derive(Debug, Clone, Default)]
pub enum CrsFound {
    /// The CRS and where that was said.
    Known(Crs, String),
    /// Nothing that is understood: why, in words.
    Unknown(String),
    /// Nothing.
    #[default]
    Unsaid,
}

/// Where a feature stands in its file, as a person finds it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A line of text, from 1.
    Line(u64),
    /// A record of a shapefile, from 1, as its tools count.
    Record(u64),
    /// A feature by its position, from 0.
    Feature(u64),
    /// A row by its primary key.
    Row(i64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line(n) => write!(f, "line {n}"),
            Place::Record(n) => write!(f, "record {n}"),
            Place::Feature(n) => write!(f, "feature {n}"),
            Place::Row(n) => write!(f, "row {n}"),
        }
    }
}
