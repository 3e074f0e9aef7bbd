//! Rows put into columns, and columns onto pages.

use super::rows::{Row, RowKind, SetRow};
use super::sheet::{ACCENT, SOFT_INK, Side, Text, Type};
use super::words::Words;
use crate::encode::pdf::{Item, Part, Role};

const HEADING: Type = Type::new(10.0, true, ACCENT);
const NOTE: Type = Type::new(7.5, false, SOFT_INK).italic();
/// Below the heading, mm.
const HEADING_GAP: f64 = 1.6;
/// Columns a legend has at most: rows beyond are not printed.
const MAX_COLUMNS: usize = 200;
/// From the usual one down to what can still be read at arm's length: 6 points.
const DENSITIES: [f64; 3] = [1.0, 0.9, 0.8];

/// Room for a column, mm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Room {
    pub at: [f64; 2],
    pub size: [f64; 2],
}

/// A column of a legend, filled.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    /// From 0.
    pub page: usize,
    room: Room,
    heading: Option<Text>,
    rows: Vec<SetRow>,
    note: Option<Text>,
}

/// Fills the columns of the first page, then those of as many others as it takes. The first
/// column of a page has a heading.
pub(super) fn flow(rows: Vec<Row>, first: &[Room], others: &[Room], words: Words) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let mut rest = rows.as_slice();
    let density = density(rest, first);
    let mut page = 0;
    let is_empty = rest.is_empty();
    while (page == 0 || !rest.is_empty()) && columns.len() < MAX_COLUMNS {
        let rooms = if page == 0 { first } else { others };
        let heading = match page {
            0 => words.legend(),
            _ => words.legend_continued(),
        };
        for (number, room) in rooms.iter().enumerate() {
            let heading = HEADING.set(heading, room.size[0], 1);
            // the columns beside it begin at the same height
            let height = room.size[1] - heading.height() - HEADING_GAP;
            let taken;
            (taken, rest) = fill(rest, room.size[0], height, density);
            columns.push(Column {
                page,
                room: *room,
                heading: (number == 0).then_some(heading),
                rows: taken,
                note: None,
            });
        }
        page += 1;
    }
    columns.retain(|column| !column.rows.is_empty() || column.heading.is_some());
    if is_empty && let Some(column) = columns.first_mut() {
        column.note = Some(NOTE.set(words.no_layer(), column.room.size[0], 3));
    }
    columns
}

/// How small rows are set: smaller than usual only where that spares another page.
fn density(rows: &[Row], rooms: &[Room]) -> f64 {
    let fits = |density: &f64| {
        let mut rest = rows;
        for room in rooms {
            let [width, height] = room.size;
            let heading = HEADING.set("X", width, 1).height() + HEADING_GAP;
            (_, rest) = fill(rest, width, height - heading, *density);
        }
        rest.is_empty()
    };
    DENSITIES.into_iter().find(fits).unwrap_or(1.0)
}

/// The rows that a column has room for, and the others. One at least, so that there is an end.
fn fill(rows: &[Row], width: f64, height: f64, density: f64) -> (Vec<SetRow>, &[Row]) {
    let mut taken: Vec<SetRow> = Vec::new();
    let mut used = 0.0;
    for row in rows {
        let mut set = row.set(width, density);
        match taken.last() {
            None => set.above = 0.0,
            // layers of one symbol each are a list of their own
            Some(before) if (before.kind, set.kind) == (RowKind::Alone, RowKind::Alone) => {
                set.above = density;
            }
            Some(_) => {}
        }
        let needed = used + set.above + set.height;
        if needed > height && !taken.is_empty() {
            break;
        }
        used = needed;
        taken.push(set);
    }
    // a title goes with what it is the title of
    let is_all = taken.len() == rows.len();
    while !is_all && taken.len() > 1 && taken.last().is_some_and(|row| row.kind.leads()) {
        taken.pop();
    }
    let count = taken.len();
    (taken, rows.get(count..).unwrap_or(&[]))
}

/// The height of the lowest columns of a width that hold the rows, heading included, mm.
pub(super) fn least_height(rows: &[Row], width: f64, count: usize, most: f64) -> f64 {
    let heading = HEADING.set("X", width, 1).height() + HEADING_GAP;
    let holds = |height: f64| {
        let mut rest = rows;
        for _ in 0..count {
            (_, rest) = fill(rest, width, height - heading, 1.0);
        }
        rest.is_empty()
    };
    let (mut low, mut high) = (heading, most);
    for _ in 0..12 {
        let middle = (low + high) / 2.0;
        match holds(middle) {
            true => high = middle,
            false => low = middle,
        }
    }
    high
}

/// What of the legend is on a page.
pub(super) fn parts(columns: &[Column], page: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    for column in columns.iter().filter(|column| column.page == page) {
        let [x, top] = column.room.at;
        if let Some(heading) = &column.heading {
            parts.push(Part {
                role: Role::Heading(2),
                items: heading.at([x, top], Side::Left),
            });
        }
        let below = HEADING.set("X", column.room.size[0], 1).height() + HEADING_GAP;
        let mut y = top + below;
        if let Some(note) = &column.note {
            parts.push(Part {
                role: Role::Paragraph,
                items: note.at([x, y], Side::Left),
            });
        }
        for row in &column.rows {
            y += row.above;
            if let Some(swatch) = &row.swatch {
                let [_, height] = swatch.size;
                let items = vec![Item::Picture {
                    picture: swatch.picture,
                    at: [x, y + (row.height - height) / 2.0],
                    size: swatch.size,
                }];
                parts.push(match row.kind {
                    RowKind::Picture => Part {
                        role: Role::Figure(row.words.clone()),
                        items,
                    },
                    // the words beside it, or above, say it
                    _ => Part::artifact(items),
                });
            }
            if row.kind.is_picture() {
                y += row.height;
                continue;
            }
            let drop = (row.height - row.text.height()) / 2.0;
            let role = match row.kind.leads() {
                true => Role::Heading(3),
                false => Role::Paragraph,
            };
            parts.push(Part {
                role,
                items: row.text.at([x + row.indent, y + drop], Side::Left),
            });
            y += row.height;
        }
    }
    parts
}
