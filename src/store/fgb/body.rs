//! One feature of a FlatGeobuf file (feature.fbs): its tables checked, its values lent.

use std::path::Path;

use crate::error::{Error, Result};
use crate::feature::{Feature, Value};
use crate::geom::{Bbox, Geometry};
use crate::store::fgb::geometry::{Shape, code};
use crate::store::fgb::index::Node;
use crate::store::fgb::properties::{Column, Properties, Scratch};
use crate::store::fgb::table::{Damage, Sound, Table, u32_at};

/// Slots of the Feature table.
const GEOMETRY: usize = 4;
const PROPERTIES: usize = 6;
const COLUMNS: usize = 8;

/// A feature's bytes without the size before them.
///
/// # Errors
/// A size of nothing, or one that reaches past the end of the file.
#[inline]
pub(super) fn feature_at(section: &[u8], offset: u64) -> Sound<&[u8]> {
    const OUTSIDE: Damage = Damage("it starts or ends after the end of the file");
    let at = usize::try_from(offset).map_err(|_| OUTSIDE)?;
    let size = u32_at(section, at).ok_or(OUTSIDE)?;
    if size < 4 {
        return Err(Damage("its size leaves no room for a feature"));
    }
    section
        .get(at + 4..)
        .and_then(|rest| rest.get(..size))
        .ok_or(OUTSIDE)
}

/// A feature whose structure is sound: geometry in bounds, property bytes walked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    bytes: &'a [u8],
    /// `None` for a null geometry.
    shape: Option<Shape<'a>>,
    properties: &'a [u8],
    /// Positions of the geometry as stored.
    pub vertices: usize,
    /// The feature brings columns of its own (feature.fbs allows it, no writer is known to):
    /// its values can't be told by the schema, and are not read.
    pub has_own_columns: bool,
}

impl<'a> Record<'a> {
    /// Checks a feature and fills `scratch` with the places of its values.
    #[inline]
    pub(super) fn read(
        bytes: &'a [u8],
        declared: u8,
        columns: &[Column],
        scratch: &mut Scratch,
    ) -> Sound<Record<'a>> {
        let table = Table::root(bytes)?;
        let shape = match table.child(GEOMETRY)? {
            None => None,
            Some(geometry) => Some(Shape::read(geometry, declared)?),
        };
        let vertices = shape.map_or(Ok(0), |shape| shape.check(bytes.len()))?;
        let properties = table.vector::<1>(PROPERTIES)?.as_flattened();
        let has_own_columns = !table.vector::<4>(COLUMNS)?.is_empty();
        if has_own_columns {
            scratch.walk_nothing(columns);
        } else {
            scratch.walk(properties, columns)?;
        }
        Ok(Record {
            bytes,
            shape,
            properties,
            vertices,
            has_own_columns,
        })
    }

    /// True where there is a geometry, be it an empty one.
    #[inline]
    pub(super) fn has_geometry(&self) -> bool {
        self.shape.is_some()
    }

    /// The box around the finite positions, curves as lines. `geometry` is overwritten: lent by
    /// the caller so that many features use the same memory.
    pub(super) fn bbox(&self, geometry: &mut Geometry) -> Sound<Option<Bbox>> {
        self.fill(geometry)?;
        Ok(geometry.bbox())
    }

    fn fill(&self, out: &mut Geometry) -> Sound<()> {
        match self.shape {
            None => out.begin(super::geometry::geometry_type(code::UNKNOWN)),
            Some(shape) => shape.fill(self.bytes.len(), out)?,
        }
        Ok(())
    }
}

/// A feature as a visitor sees it.
#[derive(Debug)]
pub(super) struct FgbFeature<'a> {
    pub file: &'a Path,
    pub fid: u64,
    pub leaf: Node,
    pub record: Record<'a>,
    pub properties: Properties<'a>,
}

impl<'a> FgbFeature<'a> {
    pub(super) fn new(
        file: &'a Path,
        fid: u64,
        leaf: Node,
        record: Record<'a>,
        columns: &'a [Column],
        scratch: &'a Scratch,
    ) -> FgbFeature<'a> {
        FgbFeature {
            file,
            fid,
            leaf,
            record,
            properties: Properties::new(record.properties, columns, scratch),
        }
    }
}

/// The error for one damaged feature.
pub(super) fn damaged(file: &Path, fid: u64, damage: Damage) -> Error {
    Error::data(file, format!("feature {fid} is damaged: {damage}"))
}

impl Feature for FgbFeature<'_> {
    fn fid(&self) -> u64 {
        self.fid
    }

    fn bbox(&self) -> Option<Bbox> {
        if !self.record.has_geometry() {
            return None;
        }
        match self.leaf.bbox() {
            Some(bbox) => Some(bbox),
            None => self.record.bbox(&mut Geometry::default()).ok().flatten(),
        }
    }

    fn geometry(&self, out: &mut Geometry) -> Result<()> {
        self.record
            .fill(out)
            .map_err(|damage| damaged(self.file, self.fid, damage))
    }

    fn value(&self, column: usize) -> Value<'_> {
        self.properties.value(column)
    }

    fn values(&self, visit: &mut dyn FnMut(usize, Value<'_>)) {
        self.properties.each(visit);
    }
}
