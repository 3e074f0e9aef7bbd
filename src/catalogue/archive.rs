use std::path::PathBuf;
use std::sync::Arc;

use super::{Access, LocalText, Metadata};
use crate::archive::TileArchive;

/// A layer of ready-made tiles. It has no features and no styles: it is served as the tiles that
/// it is made of, and by nothing that draws or asks.
#[derive(Debug, Clone)]
pub struct ArchiveLayer {
    /// No other layer has it, archive or not.
    pub id: String,
    pub title: LocalText,
    pub abstract_: LocalText,
    pub keywords: Vec<String>,
    pub archive: Arc<dyn TileArchive>,
    /// For messages to the operator; never shown to clients.
    pub path: PathBuf,
    /// HTML, where it is the archive's own.
    pub attribution: Option<String>,
    pub metadata: Metadata,
    pub access: Access,
}
