use super::font::{FaceId, FaceStyle};
use super::outline::{Segment, Transform, outline};

/// A character as clients draw it that set text themselves: how far each pixel's middle lies from
/// the outline, and where the picture stands on the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistanceGlyph {
    /// Pixels from the origin to the left edge of the ink.
    pub left: i32,
    /// Pixels from the baseline up to the top edge of the ink.
    pub top: i32,
    /// Of the ink, without [`BUFFER`]; 0 for a space.
    pub width: u32,
    pub height: u32,
    /// To the next character.
    pub advance: u32,
    /// Row by row, [`BUFFER`] more on each side; empty where there is no ink.
    pub data: Vec<u8>,
}

/// Pixels in an em of distance glyphs, as MapLibre expects them.
pub const EM_PX: f32 = 24.0;
/// Pixels around the ink.
pub const BUFFER: u32 = 3;
/// Pixels over which the field goes from 255 to 0.
const RADIUS: f32 = 8.0;
/// The part of that range that lies inside.
const CUTOFF: f32 = 0.25;
/// Outlines are flattened at so many times the size: to an 80th of a pixel, below a half of one
/// of 256 steps.
const FINER: f32 = 4.0;

/// The distance field of a character in the first face of the style that has it; `None` where
/// none has.
pub fn distance_glyph(style: FaceStyle, character: char) -> Option<DistanceGlyph> {
    let (face_id, face, glyph) = style.chain().into_iter().find_map(|id| {
        let face = id.face()?;
        Some((id, face, face.glyph(character)?))
    })?;
    let advance = (face.advance_em(glyph) * EM_PX).round().max(0.0) as u32;
    Some(field(&contours(face_id, glyph), advance))
}

/// Pixels from the baseline up to the line that glyph servers count `top` from: the ascender of
/// the style's text face, rounded up as FreeType does.
pub fn ascender_px(style: FaceStyle) -> i32 {
    let [text, ..] = style.chain();
    text.face()
        .map_or(0, |face| (face.ascender_em() * EM_PX).ceil() as i32)
}

/// The outline in pixels, y down.
fn contours(face: FaceId, glyph: u16) -> Vec<Segment> {
    let transform = Transform {
        size_px: EM_PX * FINER,
        rotation: 0.0,
        offset: [0.0, 0.0],
    };
    let mut segments = outline(face, glyph, transform);
    for segment in &mut segments {
        *segment = segment.map(|v| v / FINER);
    }
    edges(&segments)
}

/// Pieces of an outline shorter than that, in pixels, can't be seen.
const MIN_PIECE: f32 = 0.005;

/// The parts of contours that lie between ink and none: of a letter and its cedilla, which
/// overlap, not what is inside the other.
fn edges(segments: &[Segment]) -> Vec<Segment> {
    let mut kept = Vec::with_capacity(segments.len());
    for segment in segments {
        let [x0, y0, x1, y1] = *segment;
        let (dx, dy) = (x1 - x0, y1 - y0);
        let mut cuts: Vec<f32> = segments.iter().filter_map(|s| cut(segment, s)).collect();
        cuts.extend([0.0, 1.0]);
        cuts.sort_by(f32::total_cmp);
        let length = dx.hypot(dy);
        for (from, to) in cuts.iter().zip(cuts.iter().skip(1)) {
            if (to - from) * length < MIN_PIECE {
                continue;
            }
            let middle = (from + to) / 2.0;
            let is_ink = |side: f32| {
                let step = side * MIN_PIECE / length;
                let at = [x0 + middle * dx - dy * step, y0 + middle * dy + dx * step];
                winding(&crossings(segments, at[1]), at[0]) != 0
            };
            if is_ink(1.0) != is_ink(-1.0) {
                let at = |t: f32| [x0 + t * dx, y0 + t * dy];
                let ([ax, ay], [bx, by]) = (at(*from), at(*to));
                kept.push([ax, ay, bx, by]);
            }
        }
    }
    kept
}

/// Where a segment is crossed by another, as a part of its length.
fn cut(segment: &Segment, other: &Segment) -> Option<f32> {
    let [x0, y0, x1, y1] = *segment;
    let [u0, v0, u1, v1] = *other;
    let (dx, dy, du, dv) = (x1 - x0, y1 - y0, u1 - u0, v1 - v0);
    let cross = dx * dv - dy * du;
    let along = ((u0 - x0) * dv - (v0 - y0) * du) / cross;
    let across = ((u0 - x0) * dy - (v0 - y0) * dx) / cross;
    // false for parallels, which cross nowhere
    let is_met = along > 0.0 && along < 1.0 && (0.0..=1.0).contains(&across);
    is_met.then_some(along)
}

fn winding(crossings: &[(f32, i32)], x: f32) -> i32 {
    let before = crossings.iter().filter(|(crossing, _)| *crossing <= x);
    before.map(|(_, step)| step).sum()
}

fn field(segments: &[Segment], advance: u32) -> DistanceGlyph {
    let bounds = |first: usize, second: usize| {
        let ends = segments
            .iter()
            .flat_map(|s| [s.get(first), s.get(second)])
            .flatten();
        ends.fold([f32::MAX, f32::MIN], |[low, high], v| {
            [low.min(*v), high.max(*v)]
        })
    };
    let ([left, right], [top, bottom]) = (bounds(0, 2), bounds(1, 3));
    if left >= right || top >= bottom {
        return DistanceGlyph {
            left: 0,
            top: 0,
            width: 0,
            height: 0,
            advance,
            data: Vec::new(),
        };
    }
    let (left, top) = (left.floor(), top.floor());
    let width = (right.ceil() - left) as u32;
    let height = (bottom.ceil() - top) as u32;
    let margin = BUFFER as f32;
    let [columns, rows] = [width, height].map(|side| (side + 2 * BUFFER) as usize);
    let mut squares = vec![f32::MAX; columns * rows];
    for segment in segments {
        let [x0, y0, x1, y1] = *segment;
        let (x0, x1) = (x0 - left + margin, x1 - left + margin);
        let (y0, y1) = (y0 - top + margin, y1 - top + margin);
        lower(&mut squares, columns, [x0, y0, x1, y1]);
    }
    let mut data = Vec::with_capacity(squares.len());
    for (y, row) in squares.chunks_exact(columns).enumerate() {
        let crossings = crossings(segments, top - margin + y as f32 + 0.5);
        for (x, square) in row.iter().enumerate() {
            let at = left - margin + x as f32 + 0.5;
            let distance = if winding(&crossings, at) == 0 {
                square.sqrt()
            } else {
                -square.sqrt()
            };
            data.push(level(distance));
        }
    }
    DistanceGlyph {
        left: left as i32,
        top: -(top as i32),
        width,
        height,
        advance,
        data,
    }
}

/// The value of a distance: 191 on the outline, more inside.
fn level(distance: f32) -> u8 {
    // a cast saturates: what is far inside is 255, far outside 0
    (255.0 - 255.0 * (distance / RADIUS + CUTOFF) + 0.5) as u8
}

/// Lowers the squared distances of the pixels that a segment may be the nearest outline of.
fn lower(squares: &mut [f32], columns: usize, [x0, y0, x1, y1]: Segment) {
    let pixels = |a: f32, b: f32, count: usize| {
        let first = (a.min(b) - RADIUS).max(0.0) as usize;
        let end = (a.max(b) + RADIUS).max(0.0).ceil() as usize;
        first.min(count)..end.min(count)
    };
    let (dx, dy) = (x1 - x0, y1 - y0);
    let length_squared = (dx * dx + dy * dy).max(f32::MIN_POSITIVE);
    let rows = squares.len() / columns.max(1);
    let (across, down) = (pixels(x0, x1, columns), pixels(y0, y1, rows));
    for (y, row) in squares.chunks_exact_mut(columns.max(1)).enumerate() {
        if !down.contains(&y) {
            continue;
        }
        let py = y as f32 + 0.5 - y0;
        for (x, square) in row
            .iter_mut()
            .enumerate()
            .take(across.end)
            .skip(across.start)
        {
            let px = x as f32 + 0.5 - x0;
            let along = ((px * dx + py * dy) / length_squared).clamp(0.0, 1.0);
            let (ex, ey) = (px - along * dx, py - along * dy);
            *square = square.min(ex * ex + ey * ey);
        }
    }
}

/// Where the outline crosses a horizontal line, and in which direction.
fn crossings(segments: &[Segment], y: f32) -> Vec<(f32, i32)> {
    segments
        .iter()
        .filter_map(|[x0, y0, x1, y1]| {
            let step = match (*y0 <= y, *y1 <= y) {
                (true, false) => 1,
                (false, true) => -1,
                _ => return None,
            };
            Some((x0 + (y - y0) / (y1 - y0) * (x1 - x0), step))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: [Segment; 4] = [
        [0.0, -10.0, 10.0, -10.0],
        [10.0, -10.0, 10.0, 0.0],
        [10.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, -10.0],
    ];

    #[test]
    fn a_square_has_the_distances_of_a_square() {
        let glyph = field(&SQUARE, 11);
        assert_eq!((glyph.left, glyph.top), (0, 10));
        assert_eq!((glyph.width, glyph.height, glyph.advance), (10, 10, 11));
        assert_eq!(glyph.data.len(), 16 * 16);
        let at = |x: usize, y: usize| glyph.data[y * 16 + x];
        // pixel 3 is the first inside: its middle is half a pixel from the edge
        assert_eq!(at(3, 8), level(-0.5));
        assert_eq!(at(2, 8), level(0.5));
        assert_eq!(at(0, 8), level(2.5));
        assert_eq!(at(0, 0), level(2.5_f32.hypot(2.5)), "round at a corner");
        assert_eq!(at(8, 8), 255);
    }

    #[test]
    fn the_scale_is_that_of_maplibre() {
        assert_eq!(level(0.0), 191);
        assert_eq!(level(-2.0), 255);
        assert_eq!(level(6.0), 0);
        assert_eq!(level(4.0), 64);
        assert_eq!(level(f32::MAX), 0);
    }

    /// The cedilla of a ç reaches into its c: where they meet there is ink, and no edge.
    #[test]
    fn contours_that_overlap_are_one() {
        let other = SQUARE.map(|[x0, y0, x1, y1]| [x0 + 5.0, y0, x1 + 5.0, y1]);
        let both: Vec<Segment> = SQUARE.iter().chain(&other).copied().collect();
        let glyph = field(&edges(&both), 16);
        assert_eq!((glyph.width, glyph.height), (15, 10));
        let row: Vec<u8> = glyph.data.chunks(21).nth(8).unwrap().to_vec();
        assert!(row[5..16].iter().all(|v| *v == 255), "{row:?}");
        for character in "çÇşŢąȨå".chars() {
            for style in [false, true] {
                let style = FaceStyle {
                    bold: style,
                    italic: false,
                };
                let id = style.chain()[0];
                let glyph = id.face().unwrap().glyph(character).unwrap();
                let all = contours(id, glyph);
                for [x0, y0, x1, y1] in &all {
                    let (dx, dy) = (x1 - x0, y1 - y0);
                    let length = dx.hypot(dy);
                    let ink = [1.0, -1.0].map(|side| {
                        let step = side * 0.02 / length;
                        let y = (y0 + y1) / 2.0 + dx * step;
                        winding(&crossings(&all, y), (x0 + x1) / 2.0 - dy * step) != 0
                    });
                    assert!(length < 0.05 || ink[0] != ink[1], "{character}");
                }
            }
        }
    }
}
