//! What `cartotheque info FILE` tells about a FlatGeobuf file.

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;

use serde::Serialize;

use crate::error::Result;
use crate::store::fgb::{FgbStore, VerifyReport};
use crate::store::{FeatureStore, FileStamp};

/// A file as its operator sees it. `Display` is for people; serialised it is for programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Description {
    pub file: String,
    /// In bytes.
    pub size: u64,
    pub name: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub features: u64,
    /// The name of the type in the Simple Features standard, `Geometry` for several.
    pub geometry: &'static str,
    pub has_z: bool,
    pub has_m: bool,
    /// `[min x, min y, max x, max y]` in the file's CRS.
    pub extent: Option<[f64; 4]>,
    pub crs: Option<CrsDescription>,
    pub columns: Vec<ColumnDescription>,
    pub index: Option<IndexDescription>,
    /// The header's metadata as it stands there.
    pub metadata: Option<String>,
    pub warnings: Vec<String>,
    /// What a look at the whole file found.
    pub check: VerifyReport,
}

/// The CRS that a header declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CrsDescription {
    /// `EPSG:2154`; `None` where there is only well-known text.
    pub id: Option<String>,
    pub name: Option<String>,
    pub has_wkt: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnDescription {
    pub name: String,
    /// As [`FieldType::name`](crate::feature::FieldType::name) says.
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub title: Option<String>,
    pub description: Option<String>,
    pub nullable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct IndexDescription {
    /// Children a node.
    pub node_size: u16,
    pub levels: usize,
}

/// Describes a FlatGeobuf file; reads the whole of it to find damage.
///
/// # Errors
/// `Io`; `Data` that names the fault where the file can't be opened at all.
pub fn describe(path: &Path) -> Result<Description> {
    let store = FgbStore::open(path)?;
    let check = store.verify(&mut |_, _| ControlFlow::Continue(()))?;
    let schema = store.schema();
    let declared = store.crs_declaration();
    let crs = (!declared.is_empty()).then(|| CrsDescription {
        id: declared.id(),
        name: declared.name.clone(),
        has_wkt: declared.wkt.is_some(),
    });
    let columns = schema.fields.iter().map(|field| ColumnDescription {
        name: field.name.clone(),
        kind: field.kind.name(),
        title: field.title.clone(),
        description: field.description.clone(),
        nullable: field.nullable,
    });
    let FileStamp { size, .. } = store.stamp();
    Ok(Description {
        file: path.display().to_string(),
        size,
        name: store.name().map(str::to_owned),
        title: store.title().map(str::to_owned),
        description: store.description().map(str::to_owned),
        features: store.count(),
        geometry: schema.geometry.name(),
        has_z: schema.has_z,
        has_m: schema.has_m,
        extent: store.extent().map(|b| [b.min_x, b.min_y, b.max_x, b.max_y]),
        crs,
        columns: columns.collect(),
        index: store
            .index()
            .map(|(node_size, levels)| IndexDescription { node_size, levels }),
        metadata: store.metadata().map(str::to_owned),
        warnings: store.warnings(),
        check,
    })
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |label: &str, text: &str| writeln!(f, "{label:<12} {text}");
        line("file", &format!("{} ({} bytes)", self.file, self.size))?;
        let texts = [
            ("name", &self.name),
            ("title", &self.title),
            ("description", &self.description),
        ];
        for (label, text) in texts {
            if let Some(text) = text {
                line(label, text)?;
            }
        }
        line("features", &self.features.to_string())?;
        let z = if self.has_z { " Z" } else { "" };
        let m = if self.has_m { " M" } else { "" };
        line("geometry", &format!("{}{z}{m}", self.geometry))?;
        match self.extent {
            Some([min_x, min_y, max_x, max_y]) => {
                line("extent", &format!("{min_x}, {min_y} to {max_x}, {max_y}"))?;
            }
            None => line("extent", "none")?,
        }
        line("CRS", &self.crs_text())?;
        match self.index {
            Some(index) => line(
                "index",
                &format!(
                    "{} children a node, {} levels",
                    index.node_size, index.levels
                ),
            )?,
            None => line("index", "none: built in memory at first use")?,
        }
        if let Some(metadata) = &self.metadata {
            line("metadata", metadata)?;
        }
        line("columns", &self.columns.len().to_string())?;
        for column in &self.columns {
            let title = column.title.as_deref().or(column.description.as_deref());
            let title = title.map_or(String::new(), |title| format!(", {title}"));
            let nullable = if column.nullable { "" } else { ", never null" };
            line(
                "",
                &format!("{} ({}{nullable}){title}", column.name, column.kind),
            )?;
        }
        for warning in &self.warnings {
            line("warning", warning)?;
        }
        for fault in &self.check.index_faults {
            line("damage", fault)?;
        }
        for damaged in &self.check.first_damaged {
            line(
                "damage",
                &format!(
                    "feature {} at byte {}: {}",
                    damaged.fid, damaged.byte, damaged.reason
                ),
            )?;
        }
        if self.check.is_sound() {
            line("check", "every feature is sound")
        } else {
            let (damaged, all) = (self.check.damaged, self.check.features);
            line("check", &format!("{damaged} of {all} features are damaged"))
        }
    }
}

impl Description {
    fn crs_text(&self) -> String {
        let Some(crs) = &self.crs else {
            return "none declared".to_owned();
        };
        let mut text = crs.id.clone().unwrap_or_else(|| "by WKT".to_owned());
        if let Some(name) = &crs.name {
            text = format!("{text} ({name})");
        }
        text
    }
}
