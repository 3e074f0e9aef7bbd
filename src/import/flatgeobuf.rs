//! FlatGeobuf, to be written anew with an index.
//!
//! A file without an index gets one in memory to be read: 43 bytes a feature.

use std::ops::ControlFlow;
use std::path::Path;

use super::intake::Intake;
use super::source::{Column, CrsFound, Declared, Head, Place, Source};
use super::stem;
use crate::budget::Budget;
use crate::crs::Crs;
use crate::error::Result;
use crate::store::{FeatureStore, FgbStore, Select};

/// A FlatGeobuf file.
pub struct FlatGeobuf {
    store: FgbStore,
    head: Head,
}

/// Opens a file.
///
/// # Errors
/// `Io`; `Data` where it is damaged.
pub fn open(path: &Path) -> Result<Box<dyn Source>> {
    let store = FgbStore::open(path)?;
    let declared = store.crs_declaration();
    let crs = Crs::from_declaration(
        declared.authority.as_deref(),
        declared.code.unwrap_or(0),
        declared.code_string.as_deref(),
        declared.wkt.as_deref(),
    );
    let columns = store.schema().fields.iter().map(|field| Column {
        title: field.title.clone(),
        description: field.description.clone(),
        ..Column::new(&field.name, Declared::Type(field.kind))
    });
    let head = Head {
        name: stem(path),
        title: store.title().map(str::to_owned),
        description: store.description().map(str::to_owned),
        columns: columns.collect(),
        crs: match crs {
            Ok(Some(crs)) => CrsFound::Known(crs, "the header".to_owned()),
            Ok(None) => CrsFound::Unsaid,
            Err(error) => CrsFound::Unknown(format!("its header: {error}")),
        },
        bytes: store.count(),
        ..Head::default()
    };
    Ok(Box::new(FlatGeobuf { store, head }))
}

impl Source for FlatGeobuf {
    fn head(&self) -> &Head {
        &self.head
    }

    fn read(&mut self, intake: &mut Intake) -> Result<()> {
        let mut number = 0_u64;
        let schema = self.store.schema();
        let (has_z, has_m) = (schema.has_z, schema.has_m);
        let all = Select::default();
        let read = self
            .store
            .select(&all, &Budget::unlimited(), &mut |feature| {
                intake.begin(Place::Feature(feature.fid()));
                feature.geometry(intake.geometry())?;
                intake.saw(has_z, has_m);
                feature.values(&mut |column, value| {
                    if let Ok(column) = u16::try_from(column) {
                        intake.value(column, value);
                    }
                });
                intake.end()?;
                number += 1;
                intake.read_to(number)?;
                Ok(ControlFlow::Continue(()))
            })?;
        if read.damaged > 0 {
            let note = format!("{} damaged features are left out", read.damaged);
            self.head.notes.push(note);
        }
        self.head.notes.extend(self.store.warnings());
        Ok(())
    }
}
