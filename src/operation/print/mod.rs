//! A map on paper: a PDF at a true scale, with its legend, north, scale bar and sources.
//!
//! `words` what is said, in two languages · `scale` millimetres
//! and metres · `sheet` text and shapes on a page · `rows` the legend as rows · `added` rows of
//! what was drawn elsewhere · `columns` rows put into columns and pages · `layout` where on the
//! page what is · `furniture` north, scale bar, imprint.

mod added;
mod columns;
mod furniture;
mod layout;
mod rows;
mod scale;
mod sheet;
mod words;

use std::sync::Arc;

use jiff::civil::DateTime;
use tiny_skia::{Color, Pixmap, PixmapPaint, Transform};

use super::{MapLayer, MapRequest, Studio};
use crate::budget::Budget;
use crate::catalogue::map::PrintLayout;
use crate::crs::Crs;
use crate::encode::pdf::{self, Document, Item, MapPlace, Part, PictureId, PictureWriter, Role};
use crate::error::{Error, Result};
use crate::geom::{Bbox, Coord, Size, View};
use crate::render::image::Image;
use columns::Column;
use layout::Layout;
use scale::Cut;
use words::Words;

/// A map to be printed.
#[derive(Debug, Clone)]
pub struct PrintRequest {
    pub paper: PrintLayout,
    /// Of the map's pixels.
    pub dpi: u32,
    pub crs: Crs,
    /// What is shown where neither centre nor scale says so, x before y.
    pub extent: Bbox,
    /// Default: the centre of the extent.
    pub center: Option<Coord>,
    /// The denominator, in metres on the ground at the map's centre. Default: a round one at
    /// which the extent fits on the paper.
    pub scale: Option<f64>,
    /// Bottom to top.
    pub layers: Vec<MapLayer>,
    /// Top first.
    pub legend: Vec<PrintPart>,
    pub title: String,
    /// Empty: none.
    pub subtitle: String,
    /// Whose map it is; empty where nobody says so.
    pub author: String,
    pub keywords: Vec<String>,
    /// Where the data come from, each once.
    pub sources: Vec<String>,
    /// The title of a base map of elsewhere that readers have seen below the layers, and miss here.
    pub missing_basemap: Option<String>,
    /// What lies below the layers and was drawn elsewhere.
    pub below: Option<PrintPicture>,
    /// What lies above the layers and was drawn elsewhere.
    pub above: Option<PrintPicture>,
    /// The legend of that, top first.
    pub added: Vec<PrintAddition>,
    /// Where the map is found; empty: nowhere.
    pub address: String,
    /// Two letters: `fr`, else English.
    pub language: String,
    /// In UTC.
    pub printed: DateTime,
    /// What a map may have at most: width times height.
    pub max_pixels: u64,
}

/// A picture of a part of the plane, north up. It need not cover the map.
#[derive(Debug, Clone)]
pub struct PrintPicture {
    pub image: Arc<Image>,
    /// In the CRS of the map, x before y.
    pub bbox: Bbox,
}

impl PrintPicture {
    fn draw(&self, target: &mut Pixmap, view: &View) {
        let b = &self.bbox;
        let (rx, ry) = (view.resolution_x(), view.resolution_y());
        // f64 to here: coordinates have more digits than an f32
        let [sx, sy] = [b.width() / rx, b.height() / ry].map(|v| v as f32);
        let left = ((b.min_x - view.bbox.min_x) / rx) as f32;
        let top = ((view.bbox.max_y - b.max_y) / ry) as f32;
        self.image
            .draw(target, Transform::from_row(sx, 0.0, 0.0, sy, left, top));
    }
}

/// A part of a legend.
#[derive(Debug, Clone)]
pub enum PrintPart {
    /// The title of a group, at a depth from 0.
    Group(String, usize),
    /// A layer by its title; left out where it is not seen at the map's scale.
    Layer(String, MapLayer),
}

/// The legend of a layer that was drawn elsewhere: its title alone where nothing else is known.
#[derive(Debug, Clone)]
pub struct PrintAddition {
    pub title: String,
    pub samples: Vec<PrintSample>,
}

/// A part of such a legend.
#[derive(Debug, Clone)]
pub enum PrintSample {
    /// What a symbol stands for, and its picture, which is fitted into the room of a symbol.
    Symbol(String, Arc<Image>),
    /// A legend with its words, 96 pixels an inch.
    Whole(Arc<Image>),
}

/// Pixels that are drawn at a time: 16 MB.
const BAND_PIXELS: u32 = 4_000_000;

/// Makes the PDF.
///
/// # Errors
/// `LimitExceeded` for more pixels than allowed; `Transform` where the centre is not on the
/// ground; as [`Studio::map`] and [`Studio::legend_entries`].
pub(super) fn make(request: &PrintRequest, studio: &Studio, budget: &Budget) -> Result<Vec<u8>> {
    let words = Words::of(&request.language);
    let mut pictures = Vec::new();
    // the paper that a legend takes decides what is left for the map: that of the scale which
    // the smallest map has
    let least = Layout::new(request, None);
    let first = cut(request, &least)?;
    let rows = rows::of(
        request,
        first.view.scale_denominator(),
        (studio, budget),
        &mut pictures,
    )?;
    let layout = Layout::new(request, Some(&rows));
    let cut = cut(request, &layout)?;
    let rows = match cut.scale == first.scale {
        true => rows,
        false => {
            pictures.clear();
            rows::of(
                request,
                cut.view.scale_denominator(),
                (studio, budget),
                &mut pictures,
            )?
        }
    };
    let map = draw(request, &cut.view, studio, budget)?;
    let map_id = PictureId(pictures.len());
    pictures.push(map);

    let columns = columns::flow(rows, &layout.legend, &layout.more, words);
    let is_continued = columns
        .last()
        .is_some_and(|column: &Column| column.page > 0);
    let mut first_page = layout.head(request);
    first_page.push(map_part(request, words, &layout, &cut, map_id));
    first_page.push(layout.map_border(cut.size));
    first_page.extend(columns::parts(&columns, 0));
    first_page.extend(furniture::north_and_scale(
        &layout,
        &cut,
        request,
        words,
        is_continued,
    ));
    first_page.extend(furniture::imprint(&layout, request, words));
    let place = cut.corners(&request.crs).map(|corners| MapPlace {
        at: layout.map_at(cut.size),
        size: cut.size,
        crs: request.crs.clone(),
        corners,
    });
    let count = columns
        .last()
        .map_or(0, |column| column.page)
        .saturating_add(1);
    let mut pages = vec![layout.page(first_page, place)];
    for number in 1..count {
        let mut parts = layout.frame();
        parts.extend(columns::parts(&columns, number));
        pages.push(layout.page(parts, None));
    }
    if count > 1 {
        for (number, page) in pages.iter_mut().enumerate() {
            page.parts
                .push(furniture::page_number(&layout, words, number + 1, count));
        }
    }
    pdf::write(&Document {
        title: request.title.clone(),
        author: request.author.clone(),
        subject: request.subtitle.clone(),
        keywords: request.keywords.clone(),
        language: request.language.clone(),
        created: request.printed,
        pages,
        pictures,
    })
}

/// The part of the plane that a layout has room for.
fn cut(request: &PrintRequest, layout: &Layout) -> Result<Cut> {
    let frame = layout.map_size;
    let Size { width, height } = scale::pixels(frame, request.dpi);
    let found = u64::from(width) * u64::from(height);
    if found > request.max_pixels {
        return Err(Error::LimitExceeded {
            what: "the number of pixels of a map",
            limit: request.max_pixels,
            found,
        });
    }
    let center = request.center.unwrap_or_else(|| request.extent.center());
    let scale = match request.scale {
        Some(scale) => scale,
        None => scale::fitting(&request.extent, &request.crs.ground_at(center)?, frame),
    };
    Cut::new(&request.crs, center, scale, frame, request.dpi)
}

/// Draws the map in bands of rows: together they are the map drawn whole.
fn draw(
    request: &PrintRequest,
    view: &View,
    studio: &Studio,
    budget: &Budget,
) -> Result<pdf::Picture> {
    let Size { width, height } = view.size;
    let mut picture = PictureWriter::new(width);
    let rows = (BAND_PIXELS / width.max(1)).max(64);
    let mut top = 0;
    while top < height {
        let bottom = top.saturating_add(rows).min(height);
        let y = |row: u32| view.bbox.max_y - f64::from(row) * view.resolution_y();
        let band = MapRequest {
            view: View {
                bbox: Bbox {
                    min_y: y(bottom),
                    max_y: y(top),
                    ..view.bbox
                },
                size: Size {
                    width,
                    height: bottom - top,
                },
                ..*view
            },
            crs: request.crs.clone(),
            layers: request.layers.clone(),
            background: [255; 3],
            transparent: request.below.is_some(),
        };
        let mut drawn = studio.map(&band, budget)?.pixmap;
        if let Some(below) = &request.below {
            drawn = over(below, &drawn, &band.view)?;
        }
        if let Some(above) = &request.above {
            above.draw(&mut drawn, &band.view);
        }
        picture.add(&drawn)?;
        top = bottom;
    }
    picture.finish()
}

/// The layers over a picture on white paper.
fn over(below: &PrintPicture, layers: &Pixmap, view: &View) -> Result<Pixmap> {
    let mut paper =
        Pixmap::new(layers.width(), layers.height()).ok_or_else(|| Error::Internal {
            message: "a band without pixels".into(),
        })?;
    paper.fill(Color::WHITE);
    below.draw(&mut paper, view);
    let paint = PixmapPaint::default();
    paper.draw_pixmap(0, 0, layers.as_ref(), &paint, Transform::identity(), None);
    Ok(paper)
}

fn map_part(
    request: &PrintRequest,
    words: Words,
    layout: &Layout,
    cut: &Cut,
    picture: PictureId,
) -> Part {
    let added = request.added.iter().map(|added| added.title.as_str());
    let layers = request.legend.iter().filter_map(|part| match part {
        PrintPart::Layer(title, _) => Some(title.as_str()),
        PrintPart::Group(..) => None,
    });
    let titles: Vec<&str> = added.chain(layers).collect();
    Part {
        role: Role::Figure(words.map_of(&request.title, &titles)),
        items: vec![Item::Picture {
            picture,
            at: layout.map_at(cut.size),
            size: cut.size,
        }],
    }
}
