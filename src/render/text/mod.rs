//! Typesetting: a text becomes placed glyphs, and glyphs become coverage masks on pixels.
//!
//! `font` the bundled faces · `shape` one line → glyphs (bidi, ligatures, kerning, joining, marks)
//! · `layout` a label's lines, broken and aligned · `outline` a glyph's contours in pixels ·
//! `coverage` contours → exact coverage and halo · `glyph` those masks, kept · `ink` a label's
//! glyphs as one mask, and onto the canvas · `cache` how much is kept · `distance` glyphs for
//! clients that set text themselves · `set_line` a line for documents that carry their fonts.
//!
//! What is measured in ems does not depend on size: a layout is kept once for all scales. The
//! caches are shared by the process and hold results of pure functions: whether they are warm
//! changes no pixel.

mod cache;
mod coverage;
mod distance;
mod font;
mod glyph;
mod ink;
mod layout;
mod outline;
mod plain;
mod set_line;
mod shape;

pub use cache::Spread;
pub use distance::{BUFFER, DistanceGlyph, EM_PX, ascender_px, distance_glyph};
pub use font::{FaceId, FaceStyle, font_file};
pub use glyph::{GlyphPlace, POSITION_STEPS, ROTATION_STEPS, SIZE_STEPS, Subpixel};
pub use ink::{Halo, Ink};
pub use layout::{
    ASCENT_EM, Align, CaseKey, DESCENT_EM, LINE_HEIGHT_EM, Layout, LayoutGlyph, LayoutRequest,
    MAX_HEIGHT_EM, MAX_LINE_EM, MAX_WIDTH_EM, layout,
};
pub use plain::PlainText;
pub use set_line::{SetGlyph, SetLine};
