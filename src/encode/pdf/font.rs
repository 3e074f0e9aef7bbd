use std::collections::BTreeMap;

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Chunk, Filter, Finish, Name, Rect, Ref, Str};
use skrifa::instance::{LocationRef, Size};
use skrifa::string::StringId;
use skrifa::{FontRef, GlyphId, MetadataProvider};
use subsetter::GlyphRemapper;

use super::document::deflated;
use crate::error::{Error, Result};
use crate::render::text::{FaceId, SetLine};

/// Registry and ordering of glyphs that are counted as the font has them.
const IDENTITY: SystemInfo<'static> = SystemInfo {
    registry: Str(b"Adobe"),
    ordering: Str(b"Identity"),
    supplement: 0,
};

/// The faces that a document uses, and of each the glyphs.
#[derive(Default)]
pub(super) struct Fonts {
    faces: BTreeMap<FaceId, Used>,
}

/// What is used of a face. Glyphs are counted anew.
#[derive(Default)]
struct Used {
    glyphs: GlyphRemapper,
    /// What each glyph stood for when it first did.
    texts: BTreeMap<u16, String>,
}

/// A face of the document, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FontNumber(pub usize);

impl FontNumber {
    /// The name in a page's resources.
    pub fn name(self) -> String {
        format!("F{}", self.0)
    }
}

impl Fonts {
    pub fn note(&mut self, line: &SetLine) {
        for glyph in &line.glyphs {
            let used = self.faces.entry(glyph.face).or_default();
            let id = used.glyphs.remap(glyph.id);
            if !glyph.text.is_empty() {
                used.texts.entry(id).or_insert_with(|| glyph.text.clone());
            }
        }
    }

    /// The number of a glyph in its face cut down, and that face; `None` for one never noted.
    pub fn glyph(&self, face: FaceId, id: u16) -> Option<(FontNumber, u16)> {
        let place = self.faces.keys().position(|f| *f == face)?;
        let id = self.faces.get(&face)?.glyphs.get(id)?;
        Some((FontNumber(place), id))
    }

    pub fn numbers(&self) -> impl Iterator<Item = FontNumber> + use<> {
        (0..self.faces.len()).map(FontNumber)
    }

    /// Writes the faces, each to one of the references.
    ///
    /// # Errors
    /// `Internal` where a bundled face can't be read.
    pub fn write(
        &self,
        chunk: &mut Chunk,
        at: &[Ref],
        next: &mut dyn FnMut() -> Ref,
    ) -> Result<()> {
        for ((face, used), at) in self.faces.iter().zip(at) {
            used.write(*face, chunk, *at, next)?;
        }
        Ok(())
    }
}

impl Used {
    fn write(
        &self,
        face: FaceId,
        chunk: &mut Chunk,
        at: Ref,
        next: &mut dyn FnMut() -> Ref,
    ) -> Result<()> {
        let of_face = |message: String| Error::Internal {
            message: format!("face {} of a document: {message}", face.0),
        };
        let file = face.file();
        let font = FontRef::new(file).map_err(|e| of_face(e.to_string()))?;
        let subset =
            subsetter::subset(file, 0, &self.glyphs).map_err(|e| of_face(e.to_string()))?;
        let metrics = font.metrics(Size::unscaled(), LocationRef::default());
        let of_glyphs = font.glyph_metrics(Size::unscaled(), LocationRef::default());
        // PDF counts in thousandths of an em
        let scale = 1000.0 / f32::from(metrics.units_per_em.max(1));
        let postscript = font.localized_strings(StringId::POSTSCRIPT_NAME);
        let postscript = postscript.english_or_first().map(|name| name.to_string());
        let name = format!("{}+{}", self.tag(), postscript.unwrap_or_default());
        let name = Name(name.as_bytes());

        let [cid, descriptor, data, unicode] = [next(), next(), next(), next()];
        chunk
            .type0_font(at)
            .base_font(name)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(unicode);
        let mut cid_font = chunk.cid_font(cid);
        cid_font
            .subtype(CidFontType::Type2)
            .base_font(name)
            .system_info(IDENTITY)
            .font_descriptor(descriptor)
            .cid_to_gid_map_predefined(Name(b"Identity"));
        let widths = self
            .glyphs
            .remapped_gids()
            .map(|id| of_glyphs.advance_width(GlyphId::from(id)).unwrap_or(0.0) * scale);
        cid_font.widths().consecutive(0, widths);
        cid_font.finish();

        let bounds = metrics.bounds.unwrap_or_default();
        chunk
            .font_descriptor(descriptor)
            .name(name)
            .flags(FontFlags::SYMBOLIC)
            .bbox(Rect::new(
                bounds.x_min * scale,
                bounds.y_min * scale,
                bounds.x_max * scale,
                bounds.y_max * scale,
            ))
            .italic_angle(metrics.italic_angle)
            .ascent(metrics.ascent * scale)
            .descent(metrics.descent * scale)
            .cap_height(metrics.cap_height.unwrap_or(metrics.ascent) * scale)
            // fonts of today do not say it: only programs that replace the font read it
            .stem_v(80.0)
            .font_file2(data);
        let packed = deflated(&subset)?;
        chunk
            .stream(data, &packed)
            .filter(Filter::FlateDecode)
            .pair(Name(b"Length1"), i32::try_from(subset.len()).unwrap_or(0));

        let mut cmap = UnicodeCmap::new(Name(b"Cartotheque"), IDENTITY);
        for (id, text) in &self.texts {
            cmap.pair_with_multiple(*id, text.chars());
        }
        let packed = deflated(cmap.finish().as_slice())?;
        chunk.cmap(unicode, &packed).filter(Filter::FlateDecode);
        Ok(())
    }

    /// Six letters that tell subsets of a face apart (ISO 32000-1, 9.6.4).
    fn tag(&self) -> String {
        let hash = self
            .glyphs
            .remapped_gids()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, id| {
                (hash ^ u64::from(id)).wrapping_mul(0x0000_0100_0000_01b3)
            });
        (0..6)
            .map(|place| char::from(b'A' + (hash >> (place * 8) & 0xff) as u8 % 26))
            .collect()
    }
}
