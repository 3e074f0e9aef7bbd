//! FlatGeobuf (specification 3) of features that can't be copied as they are stored: projected,
//! without some of their fields, or from a source of another format. What can be copied is
//! (`operation::features`).
//!
//! With an index the features wait in a temporary file until it is known; without one they leave
//! as they come, and the header does not tell how many there are.

use super::{FeatureRow, FeatureSet, FeatureWriter, Rest, Spill, Workshop};
use crate::error::Result;
use crate::feature::Field;
use crate::geom::GeometryType;
use crate::store::fgb::{FgbHead, FgbParts, push_value};

/// Bytes sent at once of what lies in a temporary file.
const PIECE_BYTES: usize = 256 << 10;

/// Writes a file.
#[derive(Debug)]
pub struct FlatGeobufWriter {
    set: FeatureSet,
    parts: FgbParts,
    /// Features and leaves that wait for the index; `None` where there is none to be.
    waiting: Option<[Spill; 2]>,
    /// What was sent of the temporary files; `None` before the first byte.
    sent: Option<(Sending, u64)>,
    properties: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sending {
    Leaves,
    Features,
}

impl FlatGeobufWriter {
    /// # Errors
    /// `Io` where there is no place for a temporary file.
    pub fn new(set: FeatureSet, with_index: bool, workshop: &Workshop) -> Result<FlatGeobufWriter> {
        let waiting = match with_index {
            true => Some([workshop.spill()?, workshop.spill()?]),
            false => None,
        };
        Ok(FlatGeobufWriter {
            parts: FgbParts::new(set.geometry.unwrap_or(GeometryType::Unknown)),
            set,
            waiting,
            sent: None,
            properties: Vec::new(),
        })
    }

    fn head(&self) -> Vec<u8> {
        let fields = header_fields(&self.set);
        let head = header(&self.set, &fields);
        self.parts.head(&head, self.waiting.is_some())
    }
}

/// The columns that a file of the set has.
pub fn header_fields(set: &FeatureSet) -> Vec<Field> {
    let field = |field: &super::FeatureField| Field {
        name: field.name.clone(),
        kind: field.kind,
        title: None,
        description: None,
        nullable: true,
    };
    set.fields.iter().map(field).collect()
}

/// What the header of a file of the set says.
pub fn header<'a>(set: &'a FeatureSet, fields: &'a [Field]) -> FgbHead<'a> {
    FgbHead {
        name: &set.name,
        title: &set.title,
        description: "",
        metadata: "",
        geometry: set.geometry.unwrap_or(GeometryType::Unknown),
        fields,
        crs: &set.crs,
    }
}

impl FeatureWriter for FlatGeobufWriter {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        if self.waiting.is_none() {
            out.extend(self.head());
        }
        Ok(())
    }

    fn feature(&mut self, row: &FeatureRow<'_>, out: &mut Vec<u8>) -> Result<()> {
        self.properties.clear();
        for (field, number) in self.set.fields.iter().zip(0_u16..) {
            let value = row.feature.value(field.column);
            push_value(&mut self.properties, number, field.kind, value);
        }
        let (feature, leaf) = self.parts.add(row.geometry, &self.properties);
        match &mut self.waiting {
            None => out.extend_from_slice(feature),
            Some([features, leaves]) => {
                features.write(feature)?;
                leaves.write(&leaf)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Rest> {
        let head = match self.sent {
            None => self.head(),
            Some(_) => Vec::new(),
        };
        let Some([features, leaves]) = &mut self.waiting else {
            return Ok(Rest::Done);
        };
        let (sending, at) = match self.sent {
            Some(sent) => sent,
            None => {
                features.flush()?;
                leaves.flush()?;
                out.extend(head);
                (Sending::Leaves, 0)
            }
        };
        let spill = match sending {
            Sending::Leaves => leaves,
            Sending::Features => features,
        };
        let read = spill.read(at, PIECE_BYTES, out)?;
        self.sent = Some(match (sending, read) {
            (Sending::Features, 0) => return Ok(Rest::Done),
            (Sending::Leaves, 0) => (Sending::Features, 0),
            (sending, read) => (sending, at.saturating_add(read as u64)),
        });
        Ok(Rest::More)
    }
}
