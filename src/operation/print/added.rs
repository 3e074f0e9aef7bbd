//! The legend of what was drawn elsewhere, as rows: symbols with their words, or pictures that
//! have the words in them, which are cut where columns may end.

use tiny_skia::{Pixmap, PixmapPaint, Transform};

use super::rows::{Row, RowKind, SWATCH, Swatch};
use super::words::Words;
use super::{PrintRequest, PrintSample};
use crate::encode::pdf::{Picture, PictureId};
use crate::error::{Error, Result};
use crate::geom::STANDARD_PIXEL_M;
use crate::render::image::Image;

/// Of a legend in one picture, as screens have it.
const MM_PER_PIXEL: f64 = 25.4 / 96.0;
/// The highest piece, in pixels: 32 mm, the least height of a legend below a map.
const HIGHEST: u32 = 100;
/// Of a symbol, pixels an inch: as fine as the finest sheet.
const SYMBOL_DPI: f64 = 300.0;

/// The rows, below a heading of their own; none where nothing was added.
///
/// # Errors
/// `Internal` for a picture that can't be allocated.
pub(super) fn rows(request: &PrintRequest, pictures: &mut Vec<Picture>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let words = Words::of(&request.language);
    if !request.added.is_empty() {
        rows.push(row(RowKind::Group(0), words.added(), None));
    }
    for added in &request.added {
        match added.samples.as_slice() {
            [] => rows.push(row(RowKind::Alone, &added.title, None)),
            [PrintSample::Symbol(text, image)] if text.is_empty() || *text == added.title => {
                let swatch = symbol(image, pictures)?;
                rows.push(row(RowKind::Alone, &added.title, Some(swatch)));
            }
            samples => {
                rows.push(row(RowKind::Layer, &added.title, None));
                for sample in samples {
                    match sample {
                        PrintSample::Symbol(text, image) => {
                            let swatch = symbol(image, pictures)?;
                            rows.push(row(RowKind::Entry, text, Some(swatch)));
                        }
                        PrintSample::Whole(image) => {
                            rows.extend(pieces(&words.legend_of(&added.title), image, pictures)?);
                        }
                    }
                }
            }
        }
    }
    Ok(rows)
}

fn row(kind: RowKind, text: &str, swatch: Option<Swatch>) -> Row {
    Row {
        kind,
        text: text.to_owned(),
        swatch,
    }
}

/// A symbol in the middle of the room that symbols have, no larger than it is.
fn symbol(image: &Image, pictures: &mut Vec<Picture>) -> Result<Swatch> {
    let mm = SWATCH.map(|pixels| f64::from(pixels) * STANDARD_PIXEL_M * 1000.0);
    let [width, height] = mm.map(|mm| (mm / 25.4 * SYMBOL_DPI).round());
    let [own_width, own_height] = image.size();
    let by = (width / own_width).min(height / own_height);
    let [wide, high] = [own_width * by, own_height * by];
    let mut pixmap = blank(width as u32, height as u32)?;
    image.draw(
        &mut pixmap,
        Transform::from_row(
            wide as f32,
            0.0,
            0.0,
            high as f32,
            ((width - wide) / 2.0) as f32,
            ((height - high) / 2.0) as f32,
        ),
    );
    kept(&pixmap, mm, pictures)
}

/// A legend in pieces, top first, each cut where nothing is drawn if there is such a row.
fn pieces(words: &str, image: &Image, pictures: &mut Vec<Picture>) -> Result<Vec<Row>> {
    let [width, height] = image.size();
    let mut whole = blank(width as u32, height as u32)?;
    let unit = Transform::from_scale(whole.width() as f32, whole.height() as f32);
    image.draw(&mut whole, unit);
    let mut rows = Vec::new();
    let mut top = 0;
    while top < whole.height() {
        let bottom = cut_below(&whole, top);
        let mut piece = blank(whole.width(), bottom - top)?;
        let up = i32::try_from(top).unwrap_or(i32::MAX);
        let (paint, at) = (PixmapPaint::default(), Transform::identity());
        piece.draw_pixmap(0, up.saturating_neg(), whole.as_ref(), &paint, at, None);
        let size = [piece.width(), piece.height()].map(|px| f64::from(px) * MM_PER_PIXEL);
        let kind = match top {
            0 => RowKind::Picture,
            _ => RowKind::PictureBelow,
        };
        rows.push(row(kind, words, Some(kept(&piece, size, pictures)?)));
        top = bottom;
    }
    Ok(rows)
}

/// Where the piece that begins at a row ends: below the last row of one colour within reach.
fn cut_below(whole: &Pixmap, top: u32) -> u32 {
    let furthest = top.saturating_add(HIGHEST);
    if furthest >= whole.height() {
        return whole.height();
    }
    let is_plain = |row: &u32| {
        let width = whole.width() as usize;
        let start = (*row as usize).saturating_mul(width);
        let pixels = whole.pixels().get(start..start.saturating_add(width));
        pixels.is_some_and(|pixels| pixels.iter().all(|pixel| Some(pixel) == pixels.first()))
    };
    let last = (top.saturating_add(HIGHEST / 4)..furthest)
        .rev()
        .find(is_plain);
    last.map_or(furthest, |row| row.saturating_add(1))
}

fn blank(width: u32, height: u32) -> Result<Pixmap> {
    Pixmap::new(width.max(1), height.max(1)).ok_or_else(|| Error::Internal {
        message: format!("a legend of {width} by {height} pixels"),
    })
}

fn kept(pixmap: &Pixmap, size: [f64; 2], pictures: &mut Vec<Picture>) -> Result<Swatch> {
    let picture = PictureId(pictures.len());
    pictures.push(Picture::new(pixmap)?);
    Ok(Swatch { picture, size })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiny_skia::{Color, Paint, Rect};

    #[test]
    fn a_high_legend_is_cut_between_its_lines() {
        // lines of 14 pixels every 20, on white
        let mut whole = blank(50, 330).unwrap();
        whole.fill(Color::WHITE);
        for line in 0..16 {
            let line = Rect::from_xywh(5.0, 20.0 * line as f32 + 3.0, 30.0, 14.0).unwrap();
            whole.fill_rect(line, &Paint::default(), Transform::identity(), None);
        }
        let mut cuts = Vec::new();
        let mut top = 0;
        while top < whole.height() {
            top = cut_below(&whole, top);
            cuts.push(top);
        }
        assert_eq!(cuts.last(), Some(&330));
        assert!(cuts.len() < 6, "{cuts:?}");
        for cut in &cuts {
            assert!(!(3..17).contains(&(cut % 20)) || *cut == 330, "{cuts:?}");
        }
        // what has no such line is cut all the same
        whole.fill_rect(
            Rect::from_xywh(0.0, 0.0, 10.0, 330.0).unwrap(),
            &Paint::default(),
            Transform::identity(),
            None,
        );
        assert_eq!(cut_below(&whole, 0), HIGHEST);
    }
}
