use std::fmt;
use std::path::Path;

use serde::Serialize;

use super::{ArchiveForm, ArchiveInfo, Verified};
use crate::error::Result;
use crate::store::FileStamp;

/// What `cartotheque info` tells of an archive.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Description {
    pub file: String,
    /// In bytes.
    pub size: u64,
    /// `PMTiles` or `MBTiles`.
    pub form: &'static str,
    #[serde(flatten)]
    pub info: ArchiveInfo,
    pub check: Verified,
}

/// Describes an archive; reads the whole of it to count and to find damage.
///
/// # Errors
/// `Io`; `Data` that names the fault where it can't be opened at all.
pub fn describe(path: &Path) -> Result<Description> {
    let archive = super::open(path)?;
    Ok(Description {
        file: path.display().to_string(),
        size: FileStamp::of(path)?.size,
        form: ArchiveForm::of(path).map_or("", ArchiveForm::name),
        info: archive.info().clone(),
        check: archive.verify()?,
    })
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Description {
            file,
            size,
            form,
            info,
            check,
        } = self;
        writeln!(f, "{:<12} {file} ({size} bytes)", "file")?;
        writeln!(f, "{:<12} {form}", "form")?;
        write!(f, "{info}")?;
        let (tiles, contents) = (check.tiles, check.contents);
        writeln!(f, "{:<12} {tiles} tiles, {contents} contents", "count")?;
        for fault in &check.faults {
            writeln!(f, "{:<12} {fault}", "damage")?;
        }
        let verdict = if check.is_sound() {
            "every tile is sound".to_owned()
        } else {
            format!("{} tiles or directories are damaged", check.damaged)
        };
        writeln!(f, "{:<12} {verdict}", "check")
    }
}
