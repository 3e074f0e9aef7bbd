use std::sync::OnceLock;

use harfrust::{Direction, Script, ShapePlan, Shaper, ShaperData, script};
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::outline::OutlineGlyphCollection;
use skrifa::{FontRef, MetadataProvider};

/// Which of the bundled faces a style asks for. The family asked for does not matter: the
/// bundled one stands for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FaceStyle {
    pub bold: bool,
    pub italic: bool,
}

/// The number of a bundled face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaceId(pub u8);

/// A bundled face, opened.
pub struct Face {
    font: FontRef<'static>,
    shaper: ShaperData,
    /// One for each of [`SCRIPTS`] and direction: making one costs more than using it.
    plans: [OnceLock<ShapePlan>; SCRIPTS.len() * 2],
    pub outlines: OutlineGlyphCollection<'static>,
    metrics: GlyphMetrics<'static>,
    charmap: skrifa::charmap::Charmap<'static>,
    pub units_per_em: f32,
    ascender: f32,
}

/// The scripts that the bundled faces have rules for.
pub const SCRIPTS: [Script; 5] = [
    script::LATIN,
    script::GREEK,
    script::CYRILLIC,
    script::ARABIC,
    script::HEBREW,
];

macro_rules! bundled {
    ($($name:literal),* $(,)?) => {
        [$(include_bytes!(concat!("../../../assets/fonts/", $name, ".ttf"))),*]
    };
}

/// The text faces in the order of [`FaceStyle`], then the fallbacks.
static FILES: [&[u8]; 9] = bundled![
    "NotoSans-Regular",
    "NotoSans-Bold",
    "NotoSans-Italic",
    "NotoSans-BoldItalic",
    "NotoSansArabic-Regular",
    "NotoSansArabic-Bold",
    "NotoSansHebrew-Regular",
    "NotoSansHebrew-Bold",
    "NotoSansSymbols-Regular",
];

static FACES: [OnceLock<Option<Face>>; FILES.len()] = [const { OnceLock::new() }; FILES.len()];

impl FaceStyle {
    /// The faces to look for a character in, best first.
    pub fn chain(self) -> [FaceId; 4] {
        let bold = u8::from(self.bold);
        let text = bold + 2 * u8::from(self.italic);
        [FaceId(text), FaceId(4 + bold), FaceId(6 + bold), FaceId(8)]
    }
}

/// The bytes of the text face of a style, a TrueType font.
pub fn font_file(style: FaceStyle) -> &'static [u8] {
    let [text, ..] = style.chain();
    text.file()
}

impl FaceId {
    /// The bytes of the face, a TrueType font; empty for a number that is not bundled.
    pub fn file(self) -> &'static [u8] {
        FILES.get(usize::from(self.0)).copied().unwrap_or(&[])
    }

    /// The face, opened on first use; `None` for a number that is not bundled.
    pub fn face(self) -> Option<&'static Face> {
        let index = usize::from(self.0);
        let slot = FACES.get(index)?;
        slot.get_or_init(|| FILES.get(index).and_then(|data| Face::open(data)))
            .as_ref()
    }
}

impl std::fmt::Debug for Face {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Face")
            .field("units_per_em", &self.units_per_em)
            .finish_non_exhaustive()
    }
}

impl Face {
    fn open(data: &'static [u8]) -> Option<Face> {
        let font = FontRef::new(data).ok()?;
        let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
        let of_font = font.metrics(Size::unscaled(), LocationRef::default());
        Some(Face {
            shaper: ShaperData::new(&font),
            plans: [const { OnceLock::new() }; SCRIPTS.len() * 2],
            outlines: font.outline_glyphs(),
            metrics,
            charmap: font.charmap(),
            units_per_em: f32::from(of_font.units_per_em.max(1)),
            ascender: of_font.ascent,
            font,
        })
    }

    pub fn has(&self, c: char) -> bool {
        self.charmap.map(c).is_some()
    }

    /// The glyph that stands for a character by itself.
    pub fn glyph(&self, c: char) -> Option<u16> {
        u16::try_from(self.charmap.map(c)?.to_u32()).ok()
    }

    /// From a glyph's origin to the next one's.
    pub fn advance_em(&self, glyph: u16) -> f32 {
        let units = self.metrics.advance_width(skrifa::GlyphId::from(glyph));
        units.unwrap_or(0.0) / self.units_per_em
    }

    /// From the baseline to the top of a line, as the font has it.
    pub fn ascender_em(&self) -> f32 {
        self.ascender / self.units_per_em
    }

    pub fn shaper(&self) -> Shaper<'_> {
        self.shaper.shaper(&self.font).build()
    }

    /// The plan for a script and direction, made on first use; `None` for a script that is not
    /// one of [`SCRIPTS`].
    pub fn plan(
        &self,
        shaper: &Shaper<'_>,
        script: Script,
        direction: Direction,
    ) -> Option<&ShapePlan> {
        let index = SCRIPTS.iter().position(|s| *s == script)?;
        let slot = self
            .plans
            .get(index * 2 + usize::from(direction == Direction::RightToLeft))?;
        Some(slot.get_or_init(|| ShapePlan::new(shaper, direction, Some(script), None, &[])))
    }

    /// The box of a glyph's ink in ems, y up: left, bottom, right, top; `None` without ink.
    pub fn ink(&self, glyph: u16) -> Option<[f32; 4]> {
        let bounds = self.metrics.bounds(skrifa::GlyphId::from(glyph))?;
        let ems = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max]
            .map(|units| units / self.units_per_em);
        let [left, bottom, right, top] = ems;
        (left < right && bottom < top).then_some(ems)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_face_opens_and_has_what_it_is_there_for() {
        for id in 0..FILES.len() {
            let face = FaceId(id as u8).face().expect("a face");
            assert_eq!(face.units_per_em, 1000.0);
        }
        for style in [(false, false), (true, false), (false, true), (true, true)] {
            let [text, arabic, hebrew, symbols] = FaceStyle {
                bold: style.0,
                italic: style.1,
            }
            .chain();
            for c in "AÉàçœŒŸëïñßŁžșțαΩЖя€’«»–…°²⅓ẞŵ\u{301}".chars()
            {
                assert!(text.face().unwrap().has(c), "{c:?} in {style:?}");
            }
            assert!(
                "بابל"
                    .chars()
                    .take(3)
                    .all(|c| arabic.face().unwrap().has(c))
            );
            assert!("ירושלים".chars().all(|c| hebrew.face().unwrap().has(c)));
            assert!("←→↑↓≤≥".chars().all(|c| symbols.face().unwrap().has(c)));
        }
        assert!(FaceId(99).face().is_none());
    }
}
