//! The legend as rows: groups, layers, and what each symbol stands for.

use super::sheet::{ACCENT, INK, Text, Type};
use super::{PrintPart, PrintRequest, added};
use crate::budget::Budget;
use crate::encode::pdf::{Picture, PictureId};
use crate::error::Result;
use crate::geom::STANDARD_PIXEL_M;
use crate::operation::{LegendRequest, MapLayer, Studio};

/// Of a swatch, in the standard's pixels of 0.28 mm: 6.2 by 4.5 mm.
pub(super) const SWATCH: [u32; 2] = [22, 16];
/// Rows a legend has at most: thirty pages of A4.
const MAX_ROWS: usize = 6000;

const GROUP: Type = Type::new(8.5, true, ACCENT);
const LAYER: Type = Type::new(8.0, true, INK);
const ENTRY: Type = Type::new(7.5, false, INK);

/// A row of a legend, not yet set: how wide its column is is not known.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub kind: RowKind,
    pub text: String,
    pub swatch: Option<Swatch>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowKind {
    Group(usize),
    /// A layer, with its entries below.
    Layer,
    /// A layer with its only symbol beside it.
    Alone,
    Entry,
    /// A piece of a legend that came as a picture, words and all: the text is not set, it
    /// stands for the picture where that can't be seen.
    Picture,
    /// The piece below another of the same picture.
    PictureBelow,
}

/// A sample of a symbol.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Swatch {
    pub picture: PictureId,
    /// Millimetres.
    pub size: [f64; 2],
}

/// A row set for a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SetRow {
    pub kind: RowKind,
    pub text: Text,
    /// What stands for a picture.
    pub words: String,
    /// From the left of the column, mm.
    pub indent: f64,
    pub swatch: Option<Swatch>,
    /// Between the row above and this one, none at the top of a column; mm.
    pub above: f64,
    pub height: f64,
}

impl Row {
    /// Sets the row in a column of a width; `density` below 1 makes all of it smaller.
    pub fn set(&self, width: f64, density: f64) -> SetRow {
        let (kind, above) = match self.kind {
            RowKind::Group(0) => (GROUP, 3.2),
            RowKind::Group(_) => (GROUP, 2.2),
            RowKind::Layer => (LAYER, 2.2),
            RowKind::Alone => (ENTRY, 2.6),
            RowKind::Entry => (ENTRY, 0.7),
            RowKind::Picture => (ENTRY, 0.7),
            RowKind::PictureBelow => (ENTRY, 0.0),
        };
        let kind = Type {
            size: kind.size * density,
            ..kind
        };
        let swatch = self.swatch.map(|swatch| {
            let [wide, _] = swatch.size;
            let by = match self.kind.is_picture() {
                true => density.min(width / wide),
                false => density,
            };
            Swatch {
                size: swatch.size.map(|mm| mm * by),
                ..swatch
            }
        });
        if let Some(swatch) = swatch.filter(|_| self.kind.is_picture()) {
            let [_, height] = swatch.size;
            return SetRow {
                kind: self.kind,
                text: Text::none(kind),
                words: self.text.clone(),
                indent: 0.0,
                swatch: Some(swatch),
                above: above * density,
                height,
            };
        }
        let beside = swatch.map_or(0.0, |swatch| {
            let [width, _] = swatch.size;
            width + 2.0
        });
        let indent = match self.kind {
            RowKind::Group(depth) => (depth.min(4) as f64) * 2.0,
            _ => 0.0,
        };
        let text = kind.set(&self.text, width - beside - indent, 6);
        let swatch_height = swatch.map_or(0.0, |swatch| {
            let [_, height] = swatch.size;
            height
        });
        SetRow {
            kind: self.kind,
            height: text.height().max(swatch_height),
            text,
            words: String::new(),
            indent: indent + beside,
            swatch,
            above: above * density,
        }
    }
}

impl RowKind {
    /// True for what fills a row with a picture.
    pub fn is_picture(self) -> bool {
        matches!(self, RowKind::Picture | RowKind::PictureBelow)
    }

    /// True for a row that may not be the last one of a column.
    pub fn leads(self) -> bool {
        matches!(self, RowKind::Group(_) | RowKind::Layer)
    }
}

/// The rows of what was added, then of the layers that are seen at a scale; groups without such
/// a layer are left out.
///
/// # Errors
/// As [`Studio::legend_entries`].
pub(super) fn of(
    request: &PrintRequest,
    denominator: f64,
    (studio, budget): (&Studio, &Budget),
    pictures: &mut Vec<Picture>,
) -> Result<Vec<Row>> {
    let mut rows = added::rows(request, pictures)?;
    for part in &request.legend {
        match part {
            PrintPart::Group(title, depth) => {
                while last_is_group_of(&rows, *depth) {
                    rows.pop();
                }
                rows.push(Row {
                    kind: RowKind::Group(*depth),
                    text: title.clone(),
                    swatch: None,
                });
            }
            PrintPart::Layer(title, layer) => {
                add_layer(
                    &mut rows,
                    title,
                    layer,
                    denominator,
                    request,
                    (studio, budget),
                    pictures,
                )?;
            }
        }
        if rows.len() >= MAX_ROWS {
            break;
        }
    }
    while last_is_group_of(&rows, 0) {
        rows.pop();
    }
    Ok(rows)
}

/// True where the last row is a group that ends when one of that depth begins.
fn last_is_group_of(rows: &[Row], depth: usize) -> bool {
    matches!(rows.last().map(|row| row.kind), Some(RowKind::Group(last)) if last >= depth)
}

fn add_layer(
    rows: &mut Vec<Row>,
    title: &str,
    layer: &MapLayer,
    denominator: f64,
    request: &PrintRequest,
    (studio, budget): (&Studio, &Budget),
    pictures: &mut Vec<Picture>,
) -> Result<()> {
    if !layer.layer.scales.contains(denominator) {
        return Ok(());
    }
    let per_mm = STANDARD_PIXEL_M * 1000.0;
    let pixel_ratio = f64::from(request.dpi) * per_mm / 25.4;
    let legend = LegendRequest {
        layer: layer.layer.clone(),
        style: layer.style.clone(),
        rule: None,
        scale_denominator: Some(denominator),
        swatch: SWATCH,
        pixel_ratio,
        transparent: true,
        background: [255; 3],
        language: request.language.clone(),
        with_title: false,
        with_labels: true,
    };
    let entries = studio.legend_entries(&legend, budget)?;
    let is_alone = entries.len() == 1;
    if entries.len() > 1 {
        rows.push(Row {
            kind: RowKind::Layer,
            text: title.to_owned(),
            swatch: None,
        });
    }
    for entry in entries {
        let mut swatch = entry.swatch;
        if is_unseen_on_white(&swatch) {
            on_grey(&mut swatch);
        }
        if layer.layer.opacity < 1.0 {
            fade(&mut swatch, layer.layer.opacity as f32);
        }
        let picture = PictureId(pictures.len());
        pictures.push(Picture::new(&swatch)?);
        let (kind, text) = match is_alone {
            true => (RowKind::Alone, title.to_owned()),
            false => (RowKind::Entry, entry.title),
        };
        rows.push(Row {
            kind,
            text,
            swatch: Some(Swatch {
                picture,
                size: SWATCH.map(|pixels| f64::from(pixels) * per_mm),
            }),
        });
    }
    Ok(())
}

/// True for a sample that has ink, all of it white or nearly so.
fn is_unseen_on_white(swatch: &tiny_skia::Pixmap) -> bool {
    let (pixels, _) = swatch.data().as_chunks::<4>();
    let has_ink = pixels.iter().any(|[.., alpha]| *alpha > 127);
    // premultiplied: what is missing to white
    let is_white = |[r, g, b, a]: &[u8; 4]| [r, g, b].iter().all(|c| a.saturating_sub(**c) < 14);
    has_ink && pixels.iter().all(is_white)
}

/// Puts a sample on grey, where white is seen.
fn on_grey(swatch: &mut tiny_skia::Pixmap) {
    const GREY: u32 = 205;
    let (pixels, _) = swatch.data_mut().as_chunks_mut::<4>();
    for [r, g, b, a] in pixels {
        let below = (GREY * (255 - u32::from(*a)) / 255) as u8;
        for channel in [r, g, b] {
            *channel = channel.saturating_add(below);
        }
        *a = 255;
    }
}

/// Takes a sample to the opacity of its layer.
fn fade(swatch: &mut tiny_skia::Pixmap, opacity: f32) {
    let opacity = (opacity.clamp(0.0, 1.0) * 256.0) as u32;
    for channel in swatch.data_mut() {
        *channel = ((u32::from(*channel) * opacity) >> 8) as u8;
    }
}
