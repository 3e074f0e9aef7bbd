use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};

use super::cache::Generations;
use super::font::{FaceId, FaceStyle};
use super::shape::{ShapedLine, base_level, is_mark, shape};
use crate::style::LetterCase;

/// No line is broken wider than this, whatever the style says: what a label's fate depends on
/// is bounded by it.
pub const MAX_LINE_EM: f32 = 24.0;
/// Lines of a label; what follows becomes an ellipsis.
const MAX_LINES: usize = 6;
/// Characters of a text; what follows becomes an ellipsis.
const MAX_CHARS: usize = 500;
/// Marks on one character: Vietnamese needs two, "Zalgo" text has dozens.
const MAX_MARKS: usize = 4;

/// The ink of a layout is never wider: a line, an ellipsis, and what italics overhang.
pub const MAX_WIDTH_EM: f32 = 26.0;
/// The ink of a layout is never higher: six lines and what marks stack above and below.
pub const MAX_HEIGHT_EM: f32 = 8.0;

/// The text's box reaches this far above the first baseline and below the last: its middle is
/// that of the lower-case letters, where the eye expects a centred label.
pub const ASCENT_EM: f32 = 0.765;
pub const DESCENT_EM: f32 = 0.215;
/// Between baselines: É below g stay apart.
pub const LINE_HEIGHT_EM: f32 = 1.16;

/// How the lines of a label stand under each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Align {
    Left,
    #[default]
    Center,
    Right,
}

/// What a layout depends on; lengths in ems, so that one layout serves all sizes.
#[derive(Debug, Clone, Copy, PartialEq, Hash)]
pub struct LayoutRequest<'a> {
    pub text: &'a str,
    pub style: FaceStyle,
    pub align: Align,
    pub letter_case: CaseKey,
    /// In 64ths of an em; `None` breaks only lines that are too long for any map.
    pub wrap_64: Option<u16>,
    /// Between letters, in 64ths of an em.
    pub spacing_64: i16,
    /// All on one line: for labels along lines. What is too long is not laid out.
    pub single_line: bool,
}

/// [`LetterCase`], hashable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CaseKey {
    #[default]
    AsIs,
    Upper,
    Lower,
}

impl From<LetterCase> for CaseKey {
    fn from(case: LetterCase) -> CaseKey {
        match case {
            LetterCase::AsIs => CaseKey::AsIs,
            LetterCase::Upper => CaseKey::Upper,
            LetterCase::Lower => CaseKey::Lower,
        }
    }
}

/// A label's glyphs, in ems; x to the right and y down.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    pub glyphs: Vec<LayoutGlyph>,
    /// Of the text's box: the widest line.
    pub width: f32,
    /// Of the text's box: from above the first line's capitals to below the last descenders.
    pub height: f32,
    /// The box of the ink: left, top, right, bottom, from the upper left of the text's box.
    ///
    /// # Guarantees
    /// At most [`MAX_WIDTH_EM`] by [`MAX_HEIGHT_EM`], and within one em of the text's box.
    pub ink: [f32; 4],
}

/// A glyph of a [`Layout`]: x from the left of the text's box, y down from its line's baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayoutGlyph {
    pub face: FaceId,
    pub id: u16,
    /// From 0, the first line.
    pub line: u8,
    pub x: f32,
    pub y: f32,
    pub advance: f32,
}

type Kept = (Arc<str>, Option<Arc<Layout>>);

/// 3 MiB: about 8,000 names.
static LAYOUTS: LazyLock<Generations<Kept>> = LazyLock::new(|| Generations::new(3 << 20));

/// The layout of a text; `None` where nothing is left to draw, or where it can't be bounded.
pub fn layout(request: &LayoutRequest<'_>) -> Option<Arc<Layout>> {
    let mut hasher = DefaultHasher::new();
    request.hash(&mut hasher);
    let key = hasher.finish();
    if let Some((text, layout)) = LAYOUTS.get(key)
        && *text == *request.text
    {
        return layout;
    }
    let made = make(request).map(Arc::new);
    let glyphs = made.as_ref().map_or(0, |l| l.glyphs.len());
    let weight = 160 + request.text.len() + glyphs * size_of::<LayoutGlyph>();
    LAYOUTS.put(key, (request.text.into(), made.clone()), weight);
    made
}

fn make(request: &LayoutRequest<'_>) -> Option<Layout> {
    let text = clean(request.text, request.letter_case, request.single_line);
    let spacing = f32::from(request.spacing_64) / 64.0;
    let wrap = request
        .wrap_64
        .map_or(MAX_LINE_EM, |w| f32::from(w) / 64.0)
        .clamp(1.0, MAX_LINE_EM);

    let mut lines: Vec<ShapedLine> = Vec::new();
    for paragraph in text.split('\n') {
        let base = base_level(paragraph);
        let whole = shape(paragraph, request.style, spacing, base);
        if request.single_line && whole.advance > MAX_LINE_EM {
            return None;
        }
        if request.single_line || whole.advance <= wrap {
            lines.push(whole);
        } else {
            let measure = |t: &str| shape(t, request.style, spacing, base).advance;
            for line in break_lines(paragraph, wrap, &measure) {
                lines.push(shape(&line, request.style, spacing, base));
            }
        }
        if lines.len() > MAX_LINES {
            break;
        }
    }
    if lines.len() > MAX_LINES {
        lines.truncate(MAX_LINES);
        if let Some(last) = lines.last_mut() {
            let dots = shape("…", request.style, 0.0, base_level(""));
            let start = last.advance;
            last.glyphs.extend(dots.glyphs.into_iter().map(|mut g| {
                g.x += start;
                g
            }));
            last.advance += dots.advance;
        }
    }
    stack(&lines, request.align)
}

/// Puts the lines below each other; `None` where there is no ink or too much.
fn stack(lines: &[ShapedLine], align: Align) -> Option<Layout> {
    let width = lines.iter().map(|l| l.advance).fold(0.0, f32::max);
    let below_first = lines.len().saturating_sub(1) as f32 * LINE_HEIGHT_EM;
    let mut layout = Layout {
        glyphs: Vec::with_capacity(lines.iter().map(|l| l.glyphs.len()).sum()),
        width,
        height: below_first + ASCENT_EM + DESCENT_EM,
        ink: [f32::MAX, f32::MAX, f32::MIN, f32::MIN],
    };
    let mut baseline = ASCENT_EM;
    for (number, line) in (0..).zip(lines) {
        let start = match align {
            Align::Left => 0.0,
            Align::Center => (width - line.advance) / 2.0,
            Align::Right => width - line.advance,
        };
        for glyph in &line.glyphs {
            let (x, y) = (start + glyph.x, baseline - glyph.y);
            let ink = glyph.face.face().and_then(|face| face.ink(glyph.id));
            let Some([left, bottom, right, top]) = ink else {
                continue; // a space
            };
            let [l, t, r, b] = layout.ink;
            layout.ink = [
                l.min(x + left),
                t.min(y - top),
                r.max(x + right),
                b.max(y - bottom),
            ];
            layout.glyphs.push(LayoutGlyph {
                face: glyph.face,
                id: glyph.id,
                line: number,
                x,
                y: -glyph.y,
                advance: glyph.advance,
            });
        }
        baseline += LINE_HEIGHT_EM;
    }
    let [left, top, right, bottom] = layout.ink;
    let near_box = left >= -1.0
        && top >= -1.0
        && right <= width + 1.0
        && bottom <= layout.height + 1.0
        && right - left <= MAX_WIDTH_EM
        && bottom - top <= MAX_HEIGHT_EM;
    (!layout.glyphs.is_empty() && near_box).then_some(layout)
}

/// The text without what can't be seen: control characters, directional overrides, repeated
/// blanks, marks piled up; at most [`MAX_CHARS`].
fn clean(text: &str, case: CaseKey, single_line: bool) -> String {
    let mut out = String::with_capacity(text.len().min(4 * MAX_CHARS));
    let (mut chars, mut marks) = (0, 0);
    for c in text.chars() {
        let c = match c {
            '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' if !single_line => '\n',
            '\t' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
            _ if c.is_control() => continue,
            // embeddings, overrides, isolates, byte order mark, annotations: no label needs them
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' => continue,
            '\u{FFF9}'..='\u{FFFB}' => continue,
            _ => c,
        };
        if c == ' ' && out.ends_with([' ', '\n']) || c == '\n' && out.is_empty() {
            continue;
        }
        if c == '\n' {
            out.truncate(out.trim_end_matches(' ').len());
        }
        marks = if is_mark(c) { marks + 1 } else { 0 };
        if marks > MAX_MARKS {
            continue;
        }
        if chars == MAX_CHARS {
            out.push('…');
            break;
        }
        chars += 1;
        match case {
            CaseKey::AsIs => out.push(c),
            CaseKey::Upper => out.extend(c.to_uppercase()),
            CaseKey::Lower => out.extend(c.to_lowercase()),
        }
    }
    let kept = out.trim_matches([' ', '\n']);
    if kept.len() == out.len() {
        out
    } else {
        kept.to_owned()
    }
}

/// Breaks a paragraph at spaces and hyphens into as few lines as fit a width, as even as they
/// can be; a word wider than any line is cut between characters.
fn break_lines(paragraph: &str, width: f32, measure: &dyn Fn(&str) -> f32) -> Vec<String> {
    let mut pieces: Vec<(String, f32, f32)> = Vec::new(); // text, without and with trailing space
    for piece in pieces_of(paragraph) {
        let full = measure(piece);
        let bare = piece.trim_end_matches([' ', '\u{200B}']);
        let bare_width = if bare.len() == piece.len() {
            full
        } else {
            measure(bare)
        };
        if bare_width <= MAX_LINE_EM {
            pieces.push((piece.to_owned(), bare_width, full));
        } else {
            for part in cut_word(piece, MAX_LINE_EM.min(width.max(4.0)), measure) {
                let part_width = measure(&part);
                pieces.push((part, part_width, part_width));
            }
        }
    }

    // the fewest lines, then the narrowest width that still needs no more
    let count = fill(&pieces, width).len();
    let (mut low, mut high) = (0.0, width);
    for _ in 0..10 {
        let middle = (low + high) / 2.0;
        let lines = fill(&pieces, middle);
        let fits = lines.iter().all(|line| line.1 <= middle);
        if lines.len() <= count && fits {
            high = middle;
        } else {
            low = middle;
        }
    }
    fill(&pieces, high)
        .into_iter()
        .map(|(line, _)| line.trim_end_matches([' ', '\u{200B}']).to_owned())
        .collect()
}

/// Greedy lines and their widths.
fn fill(pieces: &[(String, f32, f32)], width: f32) -> Vec<(String, f32)> {
    let mut lines: Vec<(String, f32)> = Vec::new();
    let mut used = 0.0;
    for (text, bare, full) in pieces {
        match lines.last_mut() {
            Some((line, line_width)) if used + bare <= width => {
                line.push_str(text);
                *line_width = used + bare;
                used += full;
            }
            _ => {
                lines.push((text.clone(), *bare));
                used = *full;
            }
        }
    }
    lines
}

/// The stretches between which a line may be broken; each keeps its space or hyphen.
fn pieces_of(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = rest.len();
        let mut before_break = false;
        for (at, c) in rest.char_indices() {
            if before_break && !matches!(c, ' ' | '-' | '\u{200B}') {
                end = at;
                break;
            }
            // not after a hyphen that begins a word: -5 °C
            let after_letter = at > 0;
            before_break = matches!(c, ' ' | '\u{200B}' | '\u{2013}' | '\u{2014}')
                || matches!(c, '-' | '\u{2010}' | '/') && after_letter
                || before_break && c == '-';
        }
        let (piece, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(piece)
    })
}

/// Cuts a word that no line can hold between characters, marks kept with theirs.
fn cut_word(word: &str, width: f32, measure: &dyn Fn(&str) -> f32) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut used = 0.0;
    for c in word.chars() {
        let mut utf8 = [0; 4];
        let advance = measure(c.encode_utf8(&mut utf8));
        if !is_mark(c) && used + advance > width * 0.95 {
            parts.push(String::new());
            used = 0.0;
        }
        used += advance;
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> LayoutRequest<'_> {
        LayoutRequest {
            text,
            style: FaceStyle::default(),
            align: Align::Center,
            letter_case: CaseKey::AsIs,
            wrap_64: None,
            spacing_64: 0,
            single_line: false,
        }
    }

    fn lines(text: &str, wrap_em: f32) -> Vec<String> {
        let measure = |t: &str| shape(t, FaceStyle::default(), 0.0, base_level(text)).advance;
        break_lines(text, wrap_em, &measure)
    }

    #[test]
    fn lines_are_broken_at_spaces_and_hyphens_and_are_even() {
        assert_eq!(
            lines("Saint-Rémy-en-Bouzemont-Saint-Genest-et-Isson", 12.0),
            ["Saint-Rémy-en-", "Bouzemont-Saint-", "Genest-et-Isson"]
        );
        assert_eq!(
            lines("Parc naturel régional de Chartreuse", 12.0),
            ["Parc naturel régional", "de Chartreuse"]
        );
        assert_eq!(lines("a b", 100.0), ["a b"]);
        assert_eq!(lines("zone à -5 °C", 4.0), ["zone", "à -5 °C"]);
    }

    #[test]
    fn a_break_in_the_text_is_a_break_of_the_label() {
        let one = layout(&request("Lyon")).unwrap();
        let two = layout(&request("Lyon\r\n\u{1b}3e")).unwrap();
        assert!((two.height - one.height - LINE_HEIGHT_EM).abs() < 1e-6);
        assert_eq!(two.glyphs.len(), 6);
        let along = LayoutRequest {
            single_line: true,
            ..request("Lyon\n3e")
        };
        assert_eq!(layout(&along).unwrap().height, one.height);
    }

    #[test]
    fn letter_case_is_changed_with_accents() {
        let upper = LayoutRequest {
            letter_case: CaseKey::Upper,
            ..request("Évêché d’Œuilly, Straße")
        };
        assert_eq!(
            layout(&upper).unwrap().glyphs,
            layout(&request("ÉVÊCHÉ D’ŒUILLY, STRASSE")).unwrap().glyphs
        );
    }

    #[test]
    fn hostile_texts_are_bounded() {
        let zalgo = "e\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}".repeat(400);
        let texts = [
            String::new(),
            " \t\n\u{200b}".into(),
            "\u{0}\u{7}\u{1b}[31m\u{202e}gpj.exe\u{202c}".into(),
            "W".repeat(200_000),
            "W ".repeat(100_000),
            "\n".repeat(10_000),
            "a\n".repeat(10_000),
            zalgo,
            "\u{10FFFF}\u{FFFF}\u{E000}".repeat(300),
            "אב12cd".repeat(200),
            "\u{200d}\u{200c}\u{fe0f}\u{301}".repeat(99),
            "\u{64b}".repeat(600),
            "-".repeat(600),
            "ﷺ".repeat(300),
        ];
        for text in &texts {
            for wrap_64 in [None, Some(0), Some(1), Some(640), Some(u16::MAX)] {
                for spacing_64 in [0, i16::MIN, -640, 640, i16::MAX] {
                    for single_line in [false, true] {
                        let request = LayoutRequest {
                            wrap_64,
                            spacing_64,
                            single_line,
                            ..request(text)
                        };
                        if let Some(found) = layout(&request) {
                            let [l, t, r, b] = found.ink;
                            assert!(r - l <= MAX_WIDTH_EM && b - t <= MAX_HEIGHT_EM);
                            assert!(!found.glyphs.is_empty());
                        }
                    }
                }
            }
        }
        assert!(layout(&request(&texts[0])).is_none());
        assert!(layout(&request(&texts[1])).is_none());
        let visible = |t: &str| layout(&request(t)).unwrap().glyphs.len();
        assert_eq!(visible(&texts[2]), "[31mgpj.exe".len());
        assert!(visible(&texts[3]) > 100, "a long word is cut, not lost");
    }
}
