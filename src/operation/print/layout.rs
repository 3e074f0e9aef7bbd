//! Where on the page what is.

use super::PrintRequest;
use super::columns::{Room, least_height};
use super::rows::Row;
use super::sheet::{ACCENT, HAIRLINE, INK, SOFT_INK, Side, Text, Type};
use crate::catalogue::map::PaperFormat;
use crate::encode::pdf::{Item, MapPlace, Page, Part, Role};

/// Of the page's frame from its edges, mm: printers reach there.
const EDGE: f64 = 7.0;
/// Between the frame and what is in it.
const PADDING: f64 = 4.0;
/// Between what stands side by side.
const GAP: f64 = 4.0;

/// The boxes of a page, mm.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    size: [f64; 2],
    title: Text,
    subtitle: Text,
    /// Where the rule below the title is.
    rule: f64,
    map_at: [f64; 2],
    /// What the map may take.
    pub map_size: [f64; 2],
    /// Columns of the legend beside or below the map.
    pub legend: Vec<Room>,
    /// Those of further pages.
    pub more: Vec<Room>,
    /// North, scale and scale bar.
    pub furniture: Room,
    /// Sources on the left, the imprint on the right.
    pub foot: Room,
}

/// What differs between formats: A3 is looked at from farther away.
struct Measures {
    title: f64,
    subtitle: f64,
    side: f64,
    foot: f64,
    furniture: f64,
    /// Of the legend below a map that stands upright.
    below: [f64; 2],
    columns: usize,
}

impl Measures {
    fn of(request: &PrintRequest) -> Measures {
        match request.paper.format() {
            PaperFormat::A4 => Measures {
                title: 15.0,
                subtitle: 8.5,
                side: 62.0,
                foot: 8.0,
                furniture: 30.0,
                below: [32.0, 72.0],
                columns: if request.paper.is_landscape() { 4 } else { 3 },
            },
            PaperFormat::A3 => Measures {
                title: 20.0,
                subtitle: 10.0,
                side: 82.0,
                foot: 9.0,
                furniture: 32.0,
                below: [34.0, 104.0],
                columns: if request.paper.is_landscape() { 5 } else { 4 },
            },
        }
    }
}

impl Layout {
    /// Puts a page together. Without rows the legend takes all that it ever may.
    pub fn new(request: &PrintRequest, rows: Option<&[Row]>) -> Layout {
        let measures = Measures::of(request);
        let [page_width, page_height] = request.paper.size_mm();
        let inset = EDGE + PADDING;
        let width = page_width - 2.0 * inset;
        let title = Type::new(measures.title, true, INK).set(&request.title, width, 2);
        let subtitle =
            Type::new(measures.subtitle, false, SOFT_INK).set(&request.subtitle, width, 2);
        let rule = inset + title.height() + subtitle.height() + 1.6;
        let top = rule + 3.2;
        let foot_top = page_height - inset - measures.foot;
        let bottom = foot_top - 2.4;
        let foot = Room {
            at: [inset, foot_top],
            size: [width, measures.foot],
        };
        let more_columns = |columns: usize| {
            let each = (width - GAP * (columns.saturating_sub(1)) as f64) / columns as f64;
            let room = |number: usize| Room {
                at: [inset + number as f64 * (each + GAP), inset],
                size: [each, page_height - 2.0 * inset - 6.0],
            };
            (0..columns).map(room).collect()
        };
        let (map_size, legend, furniture);
        if request.paper.is_landscape() {
            let left = inset + width - measures.side;
            map_size = [width - measures.side - GAP, bottom - top];
            let furniture_top = bottom - measures.furniture;
            legend = vec![Room {
                at: [left, top],
                size: [measures.side, furniture_top - 3.0 - top],
            }];
            furniture = Room {
                at: [left, furniture_top],
                size: [measures.side, measures.furniture],
            };
        } else {
            let columns = measures.columns.saturating_sub(1).max(1);
            let for_legend = width - measures.side - GAP;
            let each = (for_legend - GAP * (columns.saturating_sub(1)) as f64) / columns as f64;
            let [least, most] = measures.below;
            let height = rows.map_or(most, |rows| {
                least_height(rows, each, columns, most).clamp(least, most)
            });
            let legend_top = bottom - height;
            map_size = [width, legend_top - GAP - top];
            let room = |number: usize| Room {
                at: [inset + number as f64 * (each + GAP), legend_top],
                size: [each, height],
            };
            legend = (0..columns).map(room).collect();
            furniture = Room {
                at: [inset + width - measures.side, legend_top],
                size: [measures.side, measures.furniture],
            };
        }
        Layout {
            size: [page_width, page_height],
            title,
            subtitle,
            rule,
            map_at: [inset, top],
            map_size,
            legend,
            more: more_columns(measures.columns),
            furniture,
            foot,
        }
    }

    /// The upper left of a map of that size: it stands in the middle of what it may take.
    pub fn map_at(&self, [width, height]: [f64; 2]) -> [f64; 2] {
        let ([x, y], [room_x, room_y]) = (self.map_at, self.map_size);
        [x + (room_x - width) / 2.0, y + (room_y - height) / 2.0]
    }

    pub fn page(&self, parts: Vec<Part>, map: Option<MapPlace>) -> Page {
        Page {
            size: self.size,
            parts,
            map,
        }
    }

    /// The frame of a page.
    pub fn frame(&self) -> Vec<Part> {
        let [width, height] = self.size;
        let inner = [width - 2.0 * EDGE, height - 2.0 * EDGE];
        let line = Some((HAIRLINE, 0.2));
        vec![Part::artifact(vec![Item::rectangle(
            [EDGE, EDGE],
            inner,
            None,
            line,
        )])]
    }

    /// Frame, title, subtitle and the rule below.
    pub fn head(&self, request: &PrintRequest) -> Vec<Part> {
        let inset = EDGE + PADDING;
        let mut parts = self.frame();
        parts.push(Part {
            role: Role::Title,
            items: self.title.at([inset, inset], Side::Left),
        });
        if !request.subtitle.is_empty() {
            let below = inset + self.title.height();
            parts.push(Part {
                role: Role::Paragraph,
                items: self.subtitle.at([inset, below], Side::Left),
            });
        }
        let [page_width, _] = self.size;
        let rule = [page_width - 2.0 * inset, 0.6];
        parts.push(Part::artifact(vec![Item::rectangle(
            [inset, self.rule],
            rule,
            Some(ACCENT),
            None,
        )]));
        parts
    }

    /// The line around the map.
    pub fn map_border(&self, size: [f64; 2]) -> Part {
        Part::artifact(vec![Item::rectangle(
            self.map_at(size),
            size,
            None,
            Some((INK, 0.25)),
        )])
    }
}
