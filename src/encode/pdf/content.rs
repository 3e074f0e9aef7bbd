use pdf_writer::{Buf, Content, Finish, Name, Str};

use super::font::Fonts;
use super::page::{Color, Item, Page, Role};
use super::{POINTS, PictureId};
use crate::render::text::SetLine;

/// A page's operators, and the pictures they name.
pub(super) struct PageContent {
    pub operators: Buf,
    pub pictures: Vec<PictureId>,
}

/// The name of a picture in a page's resources.
pub(super) fn picture_name(picture: PictureId) -> String {
    format!("P{}", picture.0)
}

/// Writes a page. Each part that is read is marked by its place among these.
pub(super) fn write(page: &Page, fonts: &Fonts) -> PageContent {
    let [_, height] = page.size;
    let mut pen = Pen {
        content: Content::new(),
        fonts,
        height,
        pictures: Vec::new(),
    };
    let mut mark = 0;
    for part in &page.parts {
        if part.role == Role::Artifact {
            pen.content.begin_marked_content(Name(b"Artifact"));
        } else {
            pen.content
                .begin_marked_content_with_properties(part.role.tag())
                .properties()
                .identify(mark);
            mark += 1;
        }
        for item in &part.items {
            pen.item(item);
        }
        pen.content.end_marked_content();
    }
    PageContent {
        operators: pen.content.finish(),
        pictures: pen.pictures,
    }
}

impl Role {
    fn tag(&self) -> Name<'static> {
        Name(match self {
            Role::Title => b"H1",
            Role::Heading(2) => b"H2",
            Role::Heading(_) => b"H3",
            Role::Paragraph => b"P",
            Role::Figure(_) => b"Figure",
            Role::Artifact => b"Artifact",
        })
    }
}

struct Pen<'a> {
    content: Content,
    fonts: &'a Fonts,
    /// Of the page, mm.
    height: f64,
    pictures: Vec<PictureId>,
}

impl Pen<'_> {
    /// A position of ours as PDF has it: in points, from the lower left.
    fn at(&self, [x, y]: [f64; 2]) -> [f32; 2] {
        [(x * POINTS) as f32, ((self.height - y) * POINTS) as f32]
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Text {
                at,
                size,
                color,
                line,
            } => self.text(*at, *size, *color, line),
            Item::Area {
                rings,
                fill,
                stroke,
            } => self.area(rings, *fill, *stroke),
            Item::Picture { picture, at, size } => self.picture(*picture, *at, *size),
        }
    }

    fn picture(&mut self, picture: PictureId, [x, y]: [f64; 2], [width, height]: [f64; 2]) {
        if !self.pictures.contains(&picture) {
            self.pictures.push(picture);
        }
        let [left, bottom] = self.at([x, y + height]);
        let [width, height] = [width, height].map(|mm| (mm * POINTS) as f32);
        self.content
            .save_state()
            .transform([width, 0.0, 0.0, height, left, bottom])
            .x_object(Name(picture_name(picture).as_bytes()))
            .restore_state();
    }

    fn area(&mut self, rings: &[Vec<[f64; 2]>], fill: Option<Color>, stroke: Option<(Color, f64)>) {
        self.content.save_state();
        if let Some(color) = fill {
            let [r, g, b] = parts(color);
            self.content.set_fill_rgb(r, g, b);
        }
        if let Some((color, width)) = stroke {
            let [r, g, b] = parts(color);
            self.content.set_stroke_rgb(r, g, b);
            self.content.set_line_width((width * POINTS) as f32);
        }
        for ring in rings {
            let mut corners = ring.iter().map(|corner| self.at(*corner));
            let Some([x, y]) = corners.next() else {
                continue;
            };
            let corners: Vec<[f32; 2]> = corners.collect();
            self.content.move_to(x, y);
            for [x, y] in corners {
                self.content.line_to(x, y);
            }
            self.content.close_path();
        }
        match (fill, stroke) {
            (Some(_), Some(_)) => self.content.fill_even_odd_and_stroke(),
            (Some(_), None) => self.content.fill_even_odd(),
            (None, Some(_)) => self.content.stroke(),
            (None, None) => self.content.end_path(),
        };
        self.content.restore_state();
    }

    /// Glyphs of one face and height are shown together; between them stands what shaping moved.
    fn text(&mut self, [x, y]: [f64; 2], size: f64, color: Color, line: &SetLine) {
        let [r, g, b] = parts(color);
        self.content.begin_text().set_fill_rgb(r, g, b);
        let mut glyphs = line.glyphs.iter().peekable();
        while let Some(first) = glyphs.peek() {
            let (face, first_x, first_y) = (first.face, first.x, first.y);
            let Some((font, _)) = self.fonts.glyph(face, first.id) else {
                glyphs.next();
                continue;
            };
            let mm = |em: f32| f64::from(em) * size / POINTS;
            let [at_x, at_y] = self.at([x + mm(first_x), y - mm(first_y)]);
            self.content
                .set_font(Name(font.name().as_bytes()), size as f32)
                .set_text_matrix([1.0, 0.0, 0.0, 1.0, at_x, at_y]);
            let mut run = Run::new(first_x);
            while let Some(glyph) = glyphs.next_if(|g| g.face == face && g.y == first_y) {
                if let Some((_, id)) = self.fonts.glyph(face, glyph.id) {
                    run.add(id, glyph.x, glyph.advance);
                }
            }
            run.show(&mut self.content);
        }
        self.content.end_text();
    }
}

/// Glyphs to be shown one after another, in pieces with moves between them.
struct Run {
    /// Where the next glyph would be shown, in ems.
    pen: f32,
    /// The move before a piece, in thousandths of an em to the left, and its glyphs.
    pieces: Vec<(f32, Vec<u8>)>,
}

impl Run {
    fn new(pen: f32) -> Run {
        Run {
            pen,
            pieces: vec![(0.0, Vec::new())],
        }
    }

    fn add(&mut self, id: u16, x: f32, advance: f32) {
        let back = (self.pen - x) * 1000.0;
        if back.abs() >= 0.5 {
            self.pieces.push((back.round(), Vec::new()));
        }
        if let Some((_, bytes)) = self.pieces.last_mut() {
            bytes.extend(id.to_be_bytes());
        }
        self.pen = x + advance;
    }

    fn show(&self, content: &mut Content) {
        let mut operator = content.show_positioned();
        let mut items = operator.items();
        for (back, bytes) in &self.pieces {
            if *back != 0.0 {
                items.adjust(*back);
            }
            if !bytes.is_empty() {
                items.show(Str(bytes));
            }
        }
        items.finish();
    }
}

fn parts(color: Color) -> [f32; 3] {
    color.map(|channel| f32::from(channel) / 255.0)
}
