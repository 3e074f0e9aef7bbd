//! PDF 1.7 (ISO 32000-1): pages of text, shapes and pictures.
//!
//! `page` what a page holds · `picture` pixels, band by band · `font` the faces that are used,
//! cut down to their glyphs · `content` a page's operators · `structure` what is heading,
//! paragraph and figure, for those who hear the page · `document` the file.
//!
//! Lengths are in millimetres from the upper left corner of the page, sizes of type in points.

mod content;
mod document;
mod font;
mod page;
mod picture;
mod structure;

pub use document::{Document, write};
pub use page::{Color, Item, MapCorner, MapPlace, Page, Part, PictureId, Role};
pub use picture::{Picture, PictureWriter};

/// Points in a millimetre.
const POINTS: f64 = 72.0 / 25.4;
