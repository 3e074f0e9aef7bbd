use crate::crs::Crs;
use crate::geom::Coord;
use crate::render::text::SetLine;

/// A colour without transparency.
pub type Color = [u8; 3];

/// The number of a picture among those of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureId(pub usize);

/// A page and what is on it, in the order in which it is drawn and read.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Width and height, mm.
    pub size: [f64; 2],
    pub parts: Vec<Part>,
    /// Where on the page the map is, so that readers tell coordinates and measure.
    pub map: Option<MapPlace>,
}

/// What belongs together: a paragraph with its lines, a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub role: Role,
    pub items: Vec<Item>,
}

/// What a part is to those who hear the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Role {
    Title,
    /// Of a section: 2 or 3.
    Heading(u8),
    Paragraph,
    /// A picture, with the words that stand for it.
    Figure(String),
    /// Lines and ornaments: not read.
    Artifact,
}

/// What is drawn; lengths in mm from the upper left of the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    Text {
        /// The start of the baseline.
        at: [f64; 2],
        /// In points.
        size: f64,
        color: Color,
        line: SetLine,
    },
    /// Closed outlines.
    Area {
        rings: Vec<Vec<[f64; 2]>>,
        fill: Option<Color>,
        /// Colour and width of the outline.
        stroke: Option<(Color, f64)>,
    },
    Picture {
        picture: PictureId,
        at: [f64; 2],
        size: [f64; 2],
    },
}

/// A map on a page.
#[derive(Debug, Clone, PartialEq)]
pub struct MapPlace {
    pub at: [f64; 2],
    pub size: [f64; 2],
    pub crs: Crs,
    /// Positions near its corners: upper left, lower left, lower right, upper right.
    pub corners: [MapCorner; 4],
}

/// A position on the ground and on a map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MapCorner {
    /// Longitude and latitude, in the precision a PDF has them.
    pub lon_lat: [f32; 2],
    /// Parts of the map's width and height from its lower left.
    pub at: Coord,
}

impl Part {
    pub fn artifact(items: Vec<Item>) -> Part {
        Part {
            role: Role::Artifact,
            items,
        }
    }
}

impl Item {
    /// A rectangle.
    pub fn rectangle(
        [x, y]: [f64; 2],
        [width, height]: [f64; 2],
        fill: Option<Color>,
        stroke: Option<(Color, f64)>,
    ) -> Item {
        let ring = vec![
            [x, y],
            [x + width, y],
            [x + width, y + height],
            [x, y + height],
        ];
        Item::Area {
            rings: vec![ring],
            fill,
            stroke,
        }
    }
}
