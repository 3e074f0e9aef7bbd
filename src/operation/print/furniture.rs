//! What a map on paper must have: north, scale, scale bar, sources, projection, date.

use super::PrintRequest;
use super::layout::Layout;
use super::scale::Cut;
use super::sheet::{HAIRLINE, INK, SOFT_INK, Side, Type};
use super::words::Words;
use crate::encode::pdf::{Item, Part, Role};

const SCALE: Type = Type::new(10.0, true, INK);
const SMALL: Type = Type::new(6.5, false, SOFT_INK);
const BAR: Type = Type::new(7.0, false, INK);
/// Height of the arrow and of the bar, mm.
const ARROW: f64 = 15.0;
const BAR_HEIGHT: f64 = 1.5;

/// North, the scale in numbers and as a bar.
pub(super) fn north_and_scale(
    layout: &Layout,
    cut: &Cut,
    request: &PrintRequest,
    words: Words,
    is_continued: bool,
) -> Vec<Part> {
    let room = layout.furniture;
    let ([x, y], [width, _]) = (room.at, room.size);
    let mut parts = Vec::new();
    let is_below_legend = request.paper.is_landscape();
    let mut top = if is_below_legend { y + 2.5 } else { y };
    if is_continued {
        let note = SMALL.italic().set(words.continues(), width, 1);
        parts.push(Part {
            role: Role::Paragraph,
            items: note.at([x, room.at[1] + room.size[1] - note.height()], Side::Left),
        });
    }
    if is_below_legend {
        let line = Item::rectangle([x, y], [width, 0.0], None, Some((HAIRLINE, 0.2)));
        parts.push(Part::artifact(vec![line]));
    }
    parts.push(Part {
        role: Role::Artifact,
        items: arrow([x + width - 7.0, top], cut.ground.north, words),
    });
    let beside = width - 16.0;
    let scale = SCALE.set(&words.scale(cut.scale), beside, 1);
    parts.push(Part {
        role: Role::Paragraph,
        items: scale.at([x, top], Side::Left),
    });
    top += scale.height();
    let holds = words.scale_holds(request.paper.format(), cut.is_central);
    let holds = SMALL.set(&holds, beside, 2);
    parts.push(Part {
        role: Role::Paragraph,
        items: holds.at([x, top], Side::Left),
    });
    parts.push(Part::artifact(bar([x, y + ARROW + 3.0], width, cut, words)));
    parts
}

/// An arrow of which one half is dark, turned to true north, with its letter.
fn arrow([x, top]: [f64; 2], north: f64, words: Words) -> Vec<Item> {
    let letter = Type::new(9.0, true, INK).set(words.north(), 10.0, 1);
    let (half, middle) = (2.6, top + letter.height() + 5.2);
    let turned = |[dx, dy]: [f64; 2]| {
        let (sin, cos) = north.to_radians().sin_cos();
        [x + dx * cos - dy * sin, middle + dx * sin + dy * cos]
    };
    let tip = turned([0.0, -5.2]);
    let notch = turned([0.0, 2.6]);
    let (left, right) = (turned([-half, 5.0]), turned([half, 5.0]));
    let mut items = letter.at([x, top], Side::Center);
    let line = Some((INK, 0.2));
    items.push(Item::Area {
        rings: vec![vec![tip, notch, left]],
        fill: Some(INK),
        stroke: line,
    });
    items.push(Item::Area {
        rings: vec![vec![tip, right, notch]],
        fill: Some([255; 3]),
        stroke: line,
    });
    items
}

/// A bar of dark and light parts, with numbers at its ends and its middle.
fn bar([x, y]: [f64; 2], width: f64, cut: &Cut, words: Words) -> Vec<Item> {
    // the last number stands half beyond the end, its unit wholly
    let (metres, count) = cut.bar(width - 12.0);
    let (unit, per_unit) = match metres >= 1000.0 {
        true => ("km", 1000.0),
        false => ("m", 1.0),
    };
    let part = cut.on_paper(metres) / count as f64;
    let left = x + 2.0;
    let mut items = Vec::new();
    for number in 0..count {
        let fill = match number % 2 {
            0 => INK,
            _ => [255; 3],
        };
        items.push(Item::rectangle(
            [left + part * number as f64, y],
            [part, BAR_HEIGHT],
            Some(fill),
            Some((INK, 0.2)),
        ));
    }
    for number in 0..=count {
        let value = metres / count as f64 * number as f64 / per_unit;
        let at = left + part * number as f64;
        // numbers that would touch are left out
        if number != 0 && number != count && (part < 9.0 && number * 2 != count) {
            continue;
        }
        let text = words.number((value * 1e6).round() / 1e6);
        let number_width = BAR.set(&text, 40.0, 1).width();
        let text = match number == count {
            true => format!("{text}\u{a0}{unit}"),
            false => text,
        };
        let text = BAR.set(&text, 40.0, 1);
        items.extend(text.at([at - number_width / 2.0, y + BAR_HEIGHT + 0.5], Side::Left));
    }
    items
}

/// Sources on the left; projection, date and address on the right.
pub(super) fn imprint(layout: &Layout, request: &PrintRequest, words: Words) -> Vec<Part> {
    let ([x, y], [width, height]) = (layout.foot.at, layout.foot.size);
    let mut parts = vec![Part::artifact(vec![Item::rectangle(
        [x, y - 1.0],
        [width, 0.0],
        None,
        Some((HAIRLINE, 0.2)),
    )])];
    let lines = (height / 2.8).floor().max(1.0) as usize;
    let missing = request.missing_basemap.as_deref();
    let missing = missing.map(|title| (words.without_basemap(title), 1));
    let sources = (!request.sources.is_empty()).then(|| words.sources(&request.sources));
    // three lines are on the right, too
    let left = lines.saturating_sub(usize::from(missing.is_some())).max(2);
    let mut top = y;
    for (text, most) in missing.into_iter().chain(sources.map(|text| (text, left))) {
        let text = SMALL.set(&text, width * 0.52, most);
        parts.push(Part {
            role: Role::Paragraph,
            items: text.at([x, top], Side::Left),
        });
        top += text.height();
    }
    let mut top = y;
    let mut says = vec![words.projection(&request.crs.name, &request.crs.id())];
    let printed = words.printed(request.printed.date());
    says.push(match request.author.as_str() {
        "" => printed,
        author => format!("{author} · {printed}"),
    });
    if !request.address.is_empty() {
        says.push(request.address.clone());
    }
    for text in says {
        let text = SMALL.set(&text, width * 0.46, 1);
        parts.push(Part {
            role: Role::Paragraph,
            items: text.at([x + width, top], Side::Right),
        });
        top += text.height();
    }
    parts
}

/// `Page 1 sur 2`, below the frame.
pub(super) fn page_number(layout: &Layout, words: Words, number: usize, of: usize) -> Part {
    let ([x, y], [width, height]) = (layout.foot.at, layout.foot.size);
    let text = SMALL.set(&words.page(number, of), width, 1);
    Part::artifact(text.at([x + width, y + height + 4.3], Side::Right))
}
