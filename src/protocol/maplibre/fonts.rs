//! `/fonts/{fontstack}/{range}.pbf`, and `/fonts/{family}/{weight}{-italic}.{css,ttf}` for
//! clients that set text with the browser's fonts (ol-mapbox-style).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::encode::glyphs;
use crate::error::{Error, Result};
use crate::protocol::Answer;
use crate::render::text::{FaceStyle, font_file};

/// Glyphs change with a new version of this program only.
const CACHE_CONTROL: &str = "public, max-age=604800";

/// A range of glyphs that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GlyphRange {
    style: FaceStyle,
    first: u32,
}

/// A range as it is sent.
#[derive(Debug)]
struct Packed {
    plain: Vec<u8>,
    gzip: Vec<u8>,
    etag: u32,
}

/// The ranges with glyphs that were asked for so far. There are as many as the bundled faces
/// have, some 4 MB in all, whatever is asked.
static KEPT: Mutex<Option<HashMap<GlyphRange, Arc<Packed>>>> = Mutex::new(None);

impl GlyphRange {
    /// The range of an address: names of fonts joined by commas, and `0-255.pbf`. The bundled
    /// family stands for all: of a name counts whether it is bold or italic.
    ///
    /// # Errors
    /// `InvalidParameter` for what is no range of 256 characters of Unicode.
    pub fn parse(fonts: &str, range: &str) -> Result<GlyphRange> {
        let first = fonts.split(',').next().unwrap_or("").to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| first.contains(word));
        let style = FaceStyle {
            bold: has(&["bold", "black", "heavy"]),
            italic: has(&["italic", "oblique"]),
        };
        let number = |text: &str| -> Option<u32> {
            let digits = text.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| text.parse().ok()).flatten()
        };
        let bounds = range
            .split_once('-')
            .and_then(|(first, last)| Some((number(first)?, number(last)?)));
        match bounds {
            Some((first, last))
                if first % glyphs::RANGE == 0
                    && last.checked_sub(first) == Some(glyphs::RANGE - 1)
                    && last <= u32::from(char::MAX) =>
            {
                Ok(GlyphRange { style, first })
            }
            _ => Err(Error::parameter(
                "range",
                format!(
                    "expected 256 characters such as 0-255 or 256-511, found {:?}",
                    range.chars().take(40).collect::<String>()
                ),
            )),
        }
    }

    /// True where the answer is at hand.
    pub fn is_kept(&self) -> bool {
        self.kept().is_some()
    }

    /// The answer, made on first use.
    pub fn answer(&self, accepts_gzip: bool) -> Answer {
        let packed = self.kept().unwrap_or_else(|| self.make());
        let answer = if accepts_gzip && !packed.gzip.is_empty() {
            Answer::ok(glyphs::MEDIA_TYPE, packed.gzip.clone())
                .with_header("content-encoding", "gzip")
                .with_header("etag", format!("\"{:08x}-gz\"", packed.etag))
        } else {
            Answer::ok(glyphs::MEDIA_TYPE, packed.plain.clone())
                .with_header("etag", format!("\"{:08x}\"", packed.etag))
        };
        answer
            .with_header("vary", "Accept-Encoding")
            .with_header("cache-control", CACHE_CONTROL)
    }

    fn kept(&self) -> Option<Arc<Packed>> {
        let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref()?.get(self).map(Arc::clone)
    }

    fn make(&self) -> Arc<Packed> {
        let plain = glyphs::range(self.style, self.first);
        let packed = Arc::new(Packed {
            etag: libdeflater::crc32(&plain),
            gzip: gzip(&plain).unwrap_or_default(),
            plain,
        });
        // one without glyphs is made faster than it is found
        if packed.plain.len() > 100 {
            let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
            kept.get_or_insert_default()
                .insert(*self, Arc::clone(&packed));
        }
        packed
    }
}

/// A font for browsers that is asked for: its style sheet, or the font itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebFont {
    style: FaceStyle,
    is_sheet: bool,
}

impl WebFont {
    /// The file of the last segment of an address, `400.css` or `700-italic.ttf`; `None` where
    /// it is none. The bundled family stands for all.
    pub fn parse(name: &str) -> Option<WebFont> {
        let (stem, is_sheet) = match name.rsplit_once('.')? {
            (stem, "css") => (stem, true),
            (stem, "ttf") => (stem, false),
            _ => return None,
        };
        let (weight, italic) = match stem.split_once('-') {
            Some((weight, "italic" | "oblique")) => (weight, true),
            Some(_) => return None,
            None => (stem, false),
        };
        let weight: u32 = weight.parse().ok().filter(|w| (1..=1000).contains(w))?;
        let style = FaceStyle {
            bold: weight >= 600,
            italic,
        };
        Some(WebFont { style, is_sheet })
    }

    /// The file.
    pub fn answer(&self) -> Answer {
        let FaceStyle { bold, italic } = self.style;
        let weight = if bold { 700 } else { 400 };
        let answer = if self.is_sheet {
            let (look, ending) = match italic {
                true => ("italic", "-italic"),
                false => ("normal", ""),
            };
            let sheet = format!(
                "@font-face {{ font-family: \"Noto Sans\"; font-style: {look}; \
                 font-weight: {weight}; src: url(\"{weight}{ending}.ttf\") }}\n"
            );
            Answer::ok("text/css; charset=utf-8", sheet)
        } else {
            Answer::ok("font/ttf", font_file(self.style))
        };
        answer.with_header("cache-control", CACHE_CONTROL)
    }
}

/// Packed once and sent often: as small as it gets.
fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::best());
    let mut out = vec![0; compressor.gzip_compress_bound(bytes.len())];
    let length = compressor.gzip_compress(bytes, &mut out).ok()?;
    out.truncate(length);
    out.shrink_to_fit();
    (length < bytes.len()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_the_bundled_family_in_its_weight() {
        let parsed = |fonts: &str| GlyphRange::parse(fonts, "0-255").unwrap().style;
        for (fonts, bold, italic) in [
            ("Noto Sans Regular", false, false),
            ("Noto Sans Bold,Noto Sans Regular", true, false),
            (
                "Open Sans Semibold Italic,Arial Unicode MS Bold",
                true,
                true,
            ),
            ("Metropolis Light Oblique", false, true),
        ] {
            assert_eq!(parsed(fonts), FaceStyle { bold, italic }, "{fonts}");
        }
    }

    #[test]
    fn nonsense_is_no_range() {
        for range in [
            "",
            "0",
            "0-",
            "-255",
            "0-256",
            "1-256",
            "255-0",
            "0-255-",
            "+0-255",
            "a-b",
            "1114112-1114367",
            "4294967040-4294967295",
            "99999999999-9",
            "²-255",
        ] {
            assert!(GlyphRange::parse("x", range).is_err(), "{range}");
        }
        assert!(GlyphRange::parse("x", "65280-65535").is_ok());
        assert!(GlyphRange::parse("x", "1113856-1114111").is_ok());
    }
}
