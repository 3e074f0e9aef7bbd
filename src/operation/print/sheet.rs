//! Text and lines as they are set on a sheet.

use crate::encode::pdf::{Color, Item};
use crate::render::text::{FaceStyle, SetLine};

pub(super) const INK: Color = [26, 26, 26];
pub(super) const SOFT_INK: Color = [85, 85, 85];
pub(super) const ACCENT: Color = [0, 58, 107];
pub(super) const HAIRLINE: Color = [150, 150, 150];

/// Millimetres in a point.
const MM: f64 = 25.4 / 72.0;
/// From the top of a line to its baseline, and from line to line, in sizes of type.
const BASELINE: f64 = 0.95;
const LEADING: f64 = 1.28;

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Type {
    /// In points.
    pub size: f64,
    pub style: FaceStyle,
    pub color: Color,
}

impl Type {
    pub const fn new(size: f64, is_bold: bool, color: Color) -> Type {
        Type {
            size,
            style: FaceStyle {
                bold: is_bold,
                italic: false,
            },
            color,
        }
    }

    pub const fn italic(self) -> Type {
        Type {
            style: FaceStyle {
                italic: true,
                ..self.style
            },
            ..self
        }
    }

    /// A text in at most `most` lines of `width` mm.
    pub fn set(self, text: &str, width: f64, most: usize) -> Text {
        let ems = (width / (self.size * MM)).max(1.0) as f32;
        Text {
            lines: SetLine::paragraph(text, self.style, ems, most),
            kind: self,
        }
    }
}

/// A text in lines.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    lines: Vec<SetLine>,
    kind: Type,
}

/// Which side of its place a text stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Center,
    Right,
}

impl Text {
    /// No line.
    pub fn none(kind: Type) -> Text {
        Text {
            lines: Vec::new(),
            kind,
        }
    }

    fn line_height(&self) -> f64 {
        self.kind.size * MM * LEADING
    }

    /// Millimetres.
    pub fn height(&self) -> f64 {
        self.lines.len() as f64 * self.line_height()
    }

    /// Of the widest line, mm.
    pub fn width(&self) -> f64 {
        let ems = self.lines.iter().map(|line| line.width).fold(0.0, f32::max);
        f64::from(ems) * self.kind.size * MM
    }

    /// The lines with their upper left corner, upper middle or upper right one there.
    pub fn at(&self, [x, y]: [f64; 2], side: Side) -> Vec<Item> {
        let mut items = Vec::with_capacity(self.lines.len());
        let mut top = y;
        for line in &self.lines {
            let width = f64::from(line.width) * self.kind.size * MM;
            let left = match side {
                Side::Left => x,
                Side::Center => x - width / 2.0,
                Side::Right => x - width,
            };
            items.push(Item::Text {
                at: [left, top + self.kind.size * MM * BASELINE],
                size: self.kind.size,
                color: self.kind.color,
                line: line.clone(),
            });
            top += self.line_height();
        }
        items
    }
}
