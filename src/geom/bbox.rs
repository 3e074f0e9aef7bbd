use super::Coord;

/// An axis-parallel box.
///
/// # Guarantees
/// Finite, `min_x <= max_x`, `min_y <= max_y`; x is easting or longitude. A box across the
/// antimeridian is two boxes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bbox {
    pub min_x: f64,
    pub min_y: f64,
    pub max_x: f64,
    pub max_y: f64,
}

impl Bbox {
    /// The whole of longitude and latitude, in degrees.
    pub const WORLD: Bbox = Bbox {
        min_x: -180.0,
        min_y: -90.0,
        max_x: 180.0,
        max_y: 90.0,
    };

    /// A box of four numbers, or `None` where one is not finite or a minimum is above its maximum.
    pub fn new(min_x: f64, min_y: f64, max_x: f64, max_y: f64) -> Option<Bbox> {
        let finite = [min_x, min_y, max_x, max_y].iter().all(|v| v.is_finite());
        (finite && min_x <= max_x && min_y <= max_y).then_some(Bbox {
            min_x,
            min_y,
            max_x,
            max_y,
        })
    }

    /// The smallest box around the finite positions; `None` where there is none.
    pub fn around<'a>(coords: impl IntoIterator<Item = &'a Coord>) -> Option<Bbox> {
        let mut found: Option<Bbox> = None;
        for [x, y] in coords {
            if x.is_finite() && y.is_finite() {
                let point = Bbox {
                    min_x: *x,
                    min_y: *y,
                    max_x: *x,
                    max_y: *y,
                };
                found = Some(found.map_or(point, |b| b.union(&point)));
            }
        }
        found
    }

    pub fn width(&self) -> f64 {
        self.max_x - self.min_x
    }

    pub fn height(&self) -> f64 {
        self.max_y - self.min_y
    }

    pub fn center(&self) -> Coord {
        [
            self.min_x + self.width() / 2.0,
            self.min_y + self.height() / 2.0,
        ]
    }

    /// True where the boxes share at least a point; touching counts.
    pub fn intersects(&self, other: &Bbox) -> bool {
        self.min_x <= other.max_x
            && other.min_x <= self.max_x
            && self.min_y <= other.max_y
            && other.min_y <= self.max_y
    }

    /// True where `other` lies wholly inside, borders included.
    pub fn contains(&self, other: &Bbox) -> bool {
        self.min_x <= other.min_x
            && other.max_x <= self.max_x
            && self.min_y <= other.min_y
            && other.max_y <= self.max_y
    }

    pub fn contains_point(&self, [x, y]: Coord) -> bool {
        self.min_x <= x && x <= self.max_x && self.min_y <= y && y <= self.max_y
    }

    pub fn union(&self, other: &Bbox) -> Bbox {
        Bbox {
            min_x: self.min_x.min(other.min_x),
            min_y: self.min_y.min(other.min_y),
            max_x: self.max_x.max(other.max_x),
            max_y: self.max_y.max(other.max_y),
        }
    }

    /// The common box, `None` where there is none.
    pub fn intersection(&self, other: &Bbox) -> Option<Bbox> {
        Bbox::new(
            self.min_x.max(other.min_x),
            self.min_y.max(other.min_y),
            self.max_x.min(other.max_x),
            self.max_y.min(other.max_y),
        )
    }

    /// The box so far to the east.
    pub fn moved_east(&self, by: f64) -> Bbox {
        Bbox {
            min_x: self.min_x + by,
            max_x: self.max_x + by,
            ..*self
        }
    }

    /// The box grown by `dx` on the left and right and `dy` below and above.
    pub fn grown(&self, dx: f64, dy: f64) -> Bbox {
        Bbox {
            min_x: self.min_x - dx,
            min_y: self.min_y - dy,
            max_x: self.max_x + dx,
            max_y: self.max_y + dy,
        }
    }
}
