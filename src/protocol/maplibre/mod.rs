//! What MapLibre and its kin draw from: style documents (Style Specification v8), glyphs and
//! sprites, all served from here, so that a map needs no other host.
//!
//! `/styles/{subject}`, `/sprites/{subject}{@2x}.{json,png}`, `/fonts/{fontstack}/{range}.pbf`;
//! a subject is `all`, a layer or group, or `{layer}:{style}`.

mod document;
mod fonts;
mod sprites;
mod subject;

pub use document::{maplibre_style, opening_on, style_document};
pub use fonts::{GlyphRange, WebFont};
pub use sprites::SpriteFile;
pub use subject::Subject;

/// The media type of a style (OGC API – Styles).
pub const STYLE_MEDIA_TYPE: &str = "application/vnd.mapbox.style+json";
/// How long a client may go on without asking whether a style or sprite has changed.
const CACHE_CONTROL: &str = "public, max-age=60";

/// A text as one segment of an address; the comma and the colon stay as they are.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~,:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
