//! A line of text for documents that set it themselves and carry the fonts: glyphs, where they
//! stand, and what they stand for.

use super::font::{FaceId, FaceStyle};
use super::shape::shape_with_texts;

/// A line from left to right.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SetLine {
    pub glyphs: Vec<SetGlyph>,
    /// In ems.
    pub width: f32,
}

/// A glyph of a line; lengths in ems from the line's start, y up from the baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct SetGlyph {
    pub face: FaceId,
    pub id: u16,
    pub x: f32,
    pub y: f32,
    /// From its origin to where the next one stands, as the face has it: without kerning.
    pub advance: f32,
    /// The characters that it stands for; empty where the glyph before stands for them too.
    pub text: String,
}

impl SetLine {
    pub fn new(text: &str, style: FaceStyle) -> SetLine {
        let (line, texts) = shape_with_texts(text, style);
        let glyphs = line.glyphs.iter().zip(texts).map(|(glyph, text)| SetGlyph {
            face: glyph.face,
            id: glyph.id,
            x: glyph.x,
            y: glyph.y,
            advance: glyph
                .face
                .face()
                .map_or(0.0, |face| face.advance_em(glyph.id)),
            text: text.to_owned(),
        });
        SetLine {
            glyphs: glyphs.collect(),
            width: line.advance,
        }
    }

    /// A text in lines of at most `width` ems: broken at spaces, and where a word alone is
    /// wider within it. What is beyond `most` lines becomes an ellipsis.
    pub fn paragraph(text: &str, style: FaceStyle, width: f32, most: usize) -> Vec<SetLine> {
        let measure = |text: &str| SetLine::new(text, style).width;
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            let longer = match line.as_str() {
                "" => word.to_owned(),
                before => format!("{before} {word}"),
            };
            if measure(&longer) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            if measure(word) <= width {
                word.clone_into(&mut line);
                continue;
            }
            for c in word.chars() {
                line.push(c);
                if line.chars().nth(1).is_some() && measure(&line) > width {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, c.to_string()));
                }
                if lines.len() > most {
                    break;
                }
            }
            if lines.len() > most {
                break;
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        let is_cut = lines.len() > most;
        lines.truncate(most);
        if is_cut && let Some(last) = lines.last_mut() {
            while !last.is_empty() && measure(&format!("{last}…")) > width {
                last.pop();
            }
            let kept = last.trim_end_matches([' ', ',', ';', ':', '.']).len();
            last.truncate(kept);
            last.push('…');
        }
        lines.iter().map(|line| SetLine::new(line, style)).collect()
    }

    /// The characters of the line, as its glyphs have them.
    pub fn text(&self) -> String {
        self.glyphs
            .iter()
            .map(|glyph| glyph.text.as_str())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str, width: f32, most: usize) -> Vec<String> {
        let lines = SetLine::paragraph(text, FaceStyle::default(), width, most);
        assert!(lines.iter().all(|line| line.width <= width || width < 1.0));
        lines.iter().map(SetLine::text).collect()
    }

    #[test]
    fn a_paragraph_is_broken_at_spaces_and_loses_nothing() {
        let text = "Zonages et inventaires du domaine nature et paysage suivis par la DREAL";
        let lines = texts(text, 14.0, 9);
        assert!(lines.len() > 2, "{lines:?}");
        assert_eq!(lines.join(" "), text);
    }

    #[test]
    fn what_is_too_long_ends_in_an_ellipsis_and_a_long_word_is_cut() {
        let lines = texts("un deux trois quatre cinq six sept huit neuf dix", 6.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…'), "{lines:?}");
        let word = "x".repeat(60);
        assert_eq!(texts(&word, 8.0, 99).concat(), word);
        assert_eq!(texts("", 8.0, 3), Vec::<String>::new());
        // narrower than any letter: one each, and an end
        assert_eq!(texts("abc", 0.1, 9), ["a", "b", "c"]);
    }
}
