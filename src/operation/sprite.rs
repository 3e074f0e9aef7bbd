//! Sprites: the icons of a style on one sheet.

use tiny_skia::Pixmap;

use crate::error::{Error, Result};
use crate::render::{Icon, SymbolCache};

/// Icons packed on one picture.
#[derive(Debug)]
pub struct Sprite {
    /// Premultiplied RGBA; one transparent pixel where there is no icon.
    pub pixmap: Pixmap,
    /// By name.
    pub places: Vec<Place>,
    pub pixel_ratio: u32,
}

/// Where an icon is on a sheet, in its pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub name: String,
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// Transparent pixels around each icon: what smooths over its edge meets nothing.
const MARGIN: u32 = 1;
/// A sheet that every graphics card takes as one texture, and 64 MB.
const MAX_SIDE: u32 = 4096;

/// Draws icons and packs them: the same icons are the same sheet, in whatever order they come.
/// An icon that shows nothing has a place of one transparent pixel.
///
/// # Errors
/// `InvalidStyle` for a colour that is none, `LimitExceeded` where a sheet has no room for all.
pub fn draw(icons: &[Icon], pixel_ratio: u32, cache: &SymbolCache) -> Result<Sprite> {
    let mut drawn: Vec<(&str, Pixmap)> = Vec::with_capacity(icons.len());
    for icon in icons {
        let picture = icon.draw(f64::from(pixel_ratio), cache)?;
        if let Some(picture) = picture.or_else(|| Pixmap::new(1, 1)) {
            drawn.push((&icon.name, picture));
        }
    }
    // the highest first, in rows as wide as the whole is high
    drawn.sort_by(|(a, p), (b, q)| (q.height(), q.width(), *a).cmp(&(p.height(), p.width(), *b)));
    drawn.dedup_by(|(a, _), (b, _)| a == b);
    let outer = |p: &Pixmap| (p.width() + MARGIN, p.height() + MARGIN);
    let area: u64 = drawn
        .iter()
        .map(|(_, p)| outer(p))
        .map(|(w, h)| u64::from(w) * u64::from(h))
        .sum();
    let widest = drawn.iter().map(|(_, p)| outer(p).0).max().unwrap_or(1);
    let row_width = (area.isqrt() as u32).max(widest);
    let (mut x, mut y, mut row_height, mut width) = (0, 0, 0, 1);
    let mut places = Vec::with_capacity(drawn.len());
    for (name, picture) in &drawn {
        let (across, down) = outer(picture);
        if x > 0 && x + across > row_width {
            (x, y, row_height) = (0, y + row_height, 0);
        }
        places.push(Place {
            name: (*name).to_owned(),
            x,
            y,
            width: picture.width(),
            height: picture.height(),
        });
        x += across;
        row_height = row_height.max(down);
        width = width.max(x);
    }
    let height = (y + row_height).max(1);
    let too_large = || Error::LimitExceeded {
        what: "the side of a sprite in pixels",
        limit: u64::from(MAX_SIDE),
        found: u64::from(width.max(height)),
    };
    if width.max(height) > MAX_SIDE {
        return Err(too_large());
    }
    let mut sheet = Pixmap::new(width, height).ok_or_else(too_large)?;
    for (place, (_, picture)) in places.iter().zip(&drawn) {
        copy(picture, &mut sheet, place);
    }
    places.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Sprite {
        pixmap: sheet,
        places,
        pixel_ratio,
    })
}

fn copy(from: &Pixmap, to: &mut Pixmap, place: &Place) {
    let columns = to.width() as usize;
    let rows = from.data().chunks_exact(from.width() as usize * 4);
    let into = to.data_mut().chunks_exact_mut(columns * 4);
    for (row, into) in rows.zip(into.skip(place.y as usize)) {
        let start = place.x as usize * 4;
        if let Some(into) = into.get_mut(start..start + row.len()) {
            into.copy_from_slice(row);
        }
    }
}
