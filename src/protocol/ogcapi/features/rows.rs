//! Features as the rows of a table and the shapes of a picture: a page holds few.

use std::sync::{Arc, Mutex, PoisonError};

use crate::catalogue::LayerField;
use crate::encode::feature::{FeatureRow, FeatureWriter, Rest};
use crate::error::Result;
use crate::feature::Value;
use crate::geom::{Coord, PartKind};

/// Positions of all shapes that are kept: what a browser draws without a pause. The features
/// beyond are in the table alone.
const MAX_POSITIONS: usize = 200_000;

/// A feature as people read it.
#[derive(Debug, Default)]
pub struct Row {
    pub id: String,
    /// What the layer's label says of it, else its id.
    pub name: String,
    /// Of the fields, in their order; `None` for null.
    pub values: Vec<Option<String>>,
    pub shapes: Vec<Shape>,
}

/// Points, a line or a ring, in the CRS of the query.
#[derive(Debug)]
pub struct Shape {
    pub kind: PartKind,
    pub coords: Vec<Coord>,
}

/// Takes features in.
pub struct RowWriter {
    fields: Vec<(usize, Option<u8>)>,
    label: Option<usize>,
    rows: Rows,
    positions: usize,
}

/// What a [`RowWriter`] took in.
#[derive(Clone, Default)]
pub struct Rows(Arc<Mutex<Vec<Row>>>);

impl Rows {
    pub fn take(&self) -> Vec<Row> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl RowWriter {
    pub fn new(fields: &[LayerField], label: Option<usize>) -> (RowWriter, Rows) {
        let rows = Rows::default();
        let writer = RowWriter {
            fields: fields.iter().map(|f| (f.column, f.decimals)).collect(),
            label,
            rows: rows.clone(),
            positions: 0,
        };
        (writer, rows)
    }
}

impl FeatureWriter for RowWriter {
    fn begin(&mut self, _: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }

    fn feature(&mut self, feature: &FeatureRow<'_>, _: &mut Vec<u8>) -> Result<()> {
        let values = self.fields.iter().map(|(column, decimals)| {
            let value = feature.feature.value(*column);
            match (value, decimals) {
                (Value::Null, _) => None,
                (Value::Float(number), Some(decimals)) => {
                    Some(format!("{number:.*}", usize::from(*decimals)))
                }
                (value, _) => Some(value.to_text().into_owned()),
            }
        });
        let id = feature.id.to_string();
        let name = self.label.map(|column| feature.feature.value(column));
        let name = name.map(|value| value.to_text().into_owned());
        let mut row = Row {
            name: name.filter(|n| !n.is_empty()).unwrap_or_else(|| id.clone()),
            id,
            values: values.collect(),
            shapes: Vec::new(),
        };
        let geometry = feature
            .geometry
            .filter(|g| self.positions.saturating_add(g.coords().len()) <= MAX_POSITIONS);
        if let Some(geometry) = geometry {
            self.positions += geometry.coords().len();
            for part in geometry.parts() {
                let shapes = part.sequences().map(|coords| Shape {
                    kind: part.kind,
                    coords: coords.to_vec(),
                });
                row.shapes.extend(shapes);
            }
        }
        let mut rows = self.rows.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.push(row);
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<Rest> {
        Ok(Rest::Done)
    }
}
