use harfrust::{Direction, Feature, Script, ShapeOptions, Tag, UnicodeBuffer, script};
use unicode_bidi::{Level, ParagraphBidiInfo};

use super::font::{FaceId, FaceStyle};

/// A glyph of a line, in ems from the line's start, y up from the baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShapedGlyph {
    pub face: FaceId,
    pub id: u16,
    pub x: f32,
    pub y: f32,
    /// To the next glyph; 0 for a mark on the one before.
    pub advance: f32,
}

/// A line as glyphs from left to right.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShapedLine {
    pub glyphs: Vec<ShapedGlyph>,
    pub advance: f32,
}

/// Shapes one line: directions are ordered, marks placed, letters joined, ligated and kerned.
///
/// `spacing_em` is put between letters (not between joined Arabic ones, and switches ligatures
/// off). `base` is the direction of the paragraph the line was cut from.
pub fn shape(text: &str, style: FaceStyle, spacing_em: f32, base: Level) -> ShapedLine {
    let mut line = ShapedLine::default();
    if text.is_empty() {
        return line; // the bidi algorithm expects a character
    }
    let mut buffer = UnicodeBuffer::new();
    for (run, direction) in visual_runs(text, style, base) {
        buffer = line.append(buffer, &run, direction, spacing_em, &mut |_| ());
    }
    if let Some(last) = line.glyphs.last()
        && spacing_em != 0.0
        && last.advance != 0.0
    {
        line.advance -= spacing_em; // between letters, not after the last
    }
    line
}

/// Shapes one line as [`shape`] does, with what each glyph stands for: the text of its cluster,
/// empty for all but the first glyph of one.
pub fn shape_with_texts(text: &str, style: FaceStyle) -> (ShapedLine, Vec<&str>) {
    let mut line = ShapedLine::default();
    let mut texts = Vec::new();
    let mut buffer = UnicodeBuffer::new();
    if text.is_empty() {
        return (line, texts);
    }
    for (run, direction) in visual_runs(text, style, base_level(text)) {
        let mut starts = Vec::new();
        let note = &mut |cluster: u32| starts.push(cluster as usize);
        buffer = line.append(buffer, &run, direction, 0.0, note);
        let mut before = None;
        texts.extend(starts.iter().map(|start| {
            let end = starts.iter().copied().filter(|s| s > start).min();
            let is_first = before.replace(*start) != Some(*start);
            let cluster = run.text.get(*start..end.unwrap_or(run.text.len()));
            cluster.filter(|_| is_first).unwrap_or("")
        }));
    }
    (line, texts)
}

/// The runs of a line from left to right.
fn visual_runs(text: &str, style: FaceStyle, base: Level) -> Vec<(Run<'_>, Direction)> {
    // Below Hebrew everything runs from left to right.
    if base.is_ltr() && text.chars().all(|c| c < '\u{590}') {
        let runs = face_runs(text, style).into_iter();
        return runs.map(|run| (run, Direction::LeftToRight)).collect();
    }
    let bidi = ParagraphBidiInfo::new(text, Some(base));
    let (levels, visual) = bidi.visual_runs(0..text.len());
    let mut found = Vec::new();
    for range in visual {
        let rtl = levels.get(range.start).is_some_and(|level| level.is_rtl());
        let mut runs = face_runs(text.get(range).unwrap_or(""), style);
        let direction = if rtl {
            runs.reverse();
            Direction::RightToLeft
        } else {
            Direction::LeftToRight
        };
        found.extend(runs.into_iter().map(|run| (run, direction)));
    }
    found
}

/// The direction of a paragraph: that of its first letter, UAX #9 rules P2 and P3.
pub fn base_level(text: &str) -> Level {
    if text.chars().all(|c| c < '\u{590}') {
        return Level::ltr();
    }
    match unicode_bidi::get_base_direction(text) {
        unicode_bidi::Direction::Rtl => Level::rtl(),
        _ => Level::ltr(),
    }
}

/// True for a character that belongs to the one before it.
pub fn is_mark(c: char) -> bool {
    matches!(u32::from(c),
        0x0300..=0x036F | 0x0483..=0x0489 | 0x0591..=0x05BD | 0x05BF..=0x05C7 | 0x0610..=0x061A
        | 0x064B..=0x065F | 0x0670 | 0x06D6..=0x06ED | 0x08D3..=0x08FF | 0x1AB0..=0x1AFF
        | 0x1DC0..=0x1DFF | 0x200C..=0x200D | 0x20D0..=0x20FF | 0xFE00..=0xFE0F | 0xFE20..=0xFE2F
        | 0xE0100..=0xE01EF)
}

/// A stretch of text in one face and script.
struct Run<'a> {
    text: &'a str,
    face: FaceId,
    script: Script,
}

fn face_runs(text: &str, style: FaceStyle) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    let mut run_start = 0;
    for (start, end) in clusters(text) {
        let cluster = text.get(start..end).unwrap_or("");
        let face = face_for(cluster, style);
        let script = script_of(cluster);
        let run_text = text.get(run_start..end).unwrap_or("");
        match runs.last_mut() {
            // a common character (a space, a digit) goes with what is before it
            Some(run) if run.face == face && script.is_none_or(|s| s == run.script) => {
                run.text = run_text;
            }
            last => {
                let script = script
                    .or_else(|| last.map(|run| run.script))
                    .unwrap_or(script::LATIN);
                run_start = start;
                runs.push(Run {
                    text: cluster,
                    face,
                    script,
                });
            }
        }
    }
    runs
}

/// The byte ranges of characters with their marks.
fn clusters(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut chars = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (start, first) = chars.next()?;
        let mut end = start + first.len_utf8();
        while let Some((at, mark)) = chars.next_if(|(_, c)| is_mark(*c)) {
            end = at + mark.len_utf8();
        }
        Some((start, end))
    })
}

/// The first face that has the whole cluster, else its first character, else the text face,
/// whose empty box then says that something is missing.
fn face_for(cluster: &str, style: FaceStyle) -> FaceId {
    let chain = style.chain();
    let with = |wanted: &dyn Fn(char) -> bool| {
        chain.into_iter().find(|id| {
            id.face()
                .is_some_and(|f| cluster.chars().filter(|c| wanted(*c)).all(|c| f.has(c)))
        })
    };
    let joiner = |c: char| matches!(c, '\u{200C}'..='\u{200D}' | '\u{FE00}'..='\u{FE0F}');
    let first = cluster.chars().next();
    with(&|c| !joiner(c))
        .or_else(|| with(&|c| Some(c) == first))
        .unwrap_or(chain[0])
}

/// The script that decides which rules of the face apply; `None` for digits, spaces, signs.
fn script_of(cluster: &str) -> Option<Script> {
    let c = cluster.chars().next()?;
    match u32::from(c) {
        0x41..=0x5A
        | 0x61..=0x7A
        | 0xAA
        | 0xBA
        | 0xC0..=0x2B8
        | 0x1E00..=0x1EFF
        | 0xFB00..=0xFB06 => Some(script::LATIN),
        0x370..=0x3FF | 0x1F00..=0x1FFF => Some(script::GREEK),
        0x400..=0x52F | 0x1C80..=0x1C8F => Some(script::CYRILLIC),
        0x591..=0x5FF | 0xFB1D..=0xFB4F => Some(script::HEBREW),
        0x600..=0x6FF | 0x750..=0x77F | 0x8A0..=0x8FF | 0xFB50..=0xFDFF | 0xFE70..=0xFEFC => {
            Some(script::ARABIC)
        }
        _ => None,
    }
}

impl ShapedLine {
    /// Adds the glyphs of a run; `note` is told the cluster of each, a place in the run's text.
    fn append(
        &mut self,
        mut buffer: UnicodeBuffer,
        run: &Run<'_>,
        direction: Direction,
        spacing_em: f32,
        note: &mut dyn FnMut(u32),
    ) -> UnicodeBuffer {
        let Some(face) = run.face.face() else {
            return buffer;
        };
        buffer.push_str(run.text);
        buffer.set_direction(direction);
        buffer.set_script(run.script);
        let spaced = spacing_em != 0.0 && run.script != script::ARABIC;
        // letters that stand apart are not tied
        let untied = [b"liga", b"clig"].map(|tag| Feature::new(Tag::new(tag), 0, ..));
        let shaper = face.shaper();
        let options = if spaced {
            ShapeOptions::new().features(&untied)
        } else {
            ShapeOptions::new().plan(face.plan(&shaper, run.script, direction))
        };
        let shaped = shaper.shape(buffer, options);

        let em = |units: i32| units as f32 / face.units_per_em;
        for (info, position) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
            let mut advance = em(position.x_advance);
            if spaced && advance != 0.0 {
                advance += spacing_em;
            }
            self.glyphs.push(ShapedGlyph {
                face: run.face,
                id: u16::try_from(info.glyph_id).unwrap_or(0),
                x: self.advance + em(position.x_offset),
                y: em(position.y_offset),
                advance,
            });
            self.advance += advance;
            note(info.cluster);
        }
        shaped.clear()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regular(text: &str) -> ShapedLine {
        shape(text, FaceStyle::default(), 0.0, base_level(text))
    }

    fn ids(text: &str) -> Vec<(u8, u16)> {
        regular(text)
            .glyphs
            .iter()
            .map(|g| (g.face.0, g.id))
            .collect()
    }

    #[test]
    fn decomposed_accents_are_the_same_picture_as_composed_ones() {
        for (nfc, nfd) in [
            ("Évian-les-Bains", "E\u{301}vian-les-Bains"),
            ("Ligny-le-Châtel", "Ligny-le-Cha\u{302}tel"),
            ("Plœmeur, Łódź", "Plœmeur, Ło\u{301}dz\u{301}"),
            (
                "Hòa Bình, Đắk Lắk",
                "Ho\u{300}a Bi\u{300}nh, Đa\u{306}\u{301}k La\u{306}\u{301}k",
            ),
            ("Ёлка", "Е\u{308}лка"),
        ] {
            assert_eq!(regular(nfc), regular(nfd), "{nfc}");
        }
    }

    #[test]
    fn no_letter_of_the_promised_scripts_is_missing() {
        for text in [
            "L’Haÿ-les-Roses · Œuilly · Saint-Rémy-en-Bouzemont-Saint-Genest-et-Isson",
            "ÀÂÄÉÈÊËÎÏÔÖÙÛÜŸÇÆŒ àâäéèêëîïôöùûüÿçæœ «guillemets» 1 234,5 €",
            "Αθήνα Κέρκυρα Київ Санкт-Петербург Đà Nẵng Żółć Ağrı",
            "القاهرة الدار البيضاء",
            "ירושלים",
            "→ nord ↑ ≤ 5 m",
        ] {
            for glyph in regular(text).glyphs {
                assert_ne!(glyph.id, 0, "{text}");
            }
        }
        assert!(regular("漢").glyphs.iter().all(|g| g.id == 0)); // an empty box, not nothing
    }

    #[test]
    fn arabic_letters_are_joined_and_run_from_right_to_left() {
        let alone: Vec<_> = ["ب", "ا", "ب"].iter().flat_map(|s| ids(s)).collect();
        let joined = ids("باب");
        assert_eq!(joined.len(), 3);
        assert_ne!(
            joined, alone,
            "initial and final forms differ from isolated ones"
        );
        // visual order: the last letter of the word comes first
        let line = regular("א1");
        assert!(line.glyphs[0].face.0 != line.glyphs[1].face.0);
        assert_eq!(
            line.glyphs[1].face.0, 6,
            "Hebrew stands at the right of its number"
        );
    }

    #[test]
    fn each_glyph_knows_its_text_and_together_they_are_the_line() {
        for text in [
            "Légende : œufs, affluent",
            "E\u{301}vian 1 250,5 €",
            "→ nord",
        ] {
            let (line, texts) = shape_with_texts(text, FaceStyle::default());
            assert_eq!(line.glyphs, regular(text).glyphs);
            assert_eq!(texts.len(), line.glyphs.len());
            assert_eq!(texts.concat(), text);
        }
        let (line, texts) = shape_with_texts("ירו", FaceStyle::default());
        assert_eq!((line.glyphs.len(), texts), (3, vec!["ו", "ר", "י"]));
    }

    #[test]
    fn mixed_directions_keep_each_word_readable() {
        let latin = ids("Lyon");
        let mixed = ids("ليون Lyon");
        let found = mixed.windows(4).any(|w| w == latin);
        assert!(
            found,
            "the Latin word runs from left to right inside an Arabic line"
        );
        assert_eq!(mixed[..4], latin, "and stands at its left");
    }

    #[test]
    fn pairs_are_kerned_and_spacing_stands_between_letters_only() {
        let advance = |t: &str| regular(t).advance;
        assert!(advance("AV") < advance("A") + advance("V") - 0.01);
        let spaced = shape("ABC", FaceStyle::default(), 0.5, Level::ltr());
        assert!((spaced.advance - advance("ABC") - 1.0).abs() < 1e-5);
    }
}
