//! The image of a box under a transformation: sampled, refined where it bends or breaks, and
//! grown by what the samples can miss.

use super::Transform;
use crate::geom::{Bbox, Coord};

/// Patches along a side of a box that is not straight enough to be looked at as one.
const PATCHES: u16 = 4;
/// A box whose middles are off straight lines by less than this part of its size is one patch: a
/// map of less than some 20 km.
const NEARLY_STRAIGHT: f64 = 1.0 / 1024.0;
/// How often a patch that bends or breaks is parted in four.
const MAX_DEPTH: u32 = 6;
/// The same for a patch of which nothing can be projected.
const MAX_EMPTY_DEPTH: u32 = 3;
/// Patches of one box at most, nine samples each: about 10 ms.
const MAX_PATCHES: usize = 4096;
/// A patch whose middle is off a straight line by less than this part of its size is smooth.
const SMOOTH: f64 = 0.05;
/// What bends by less than this, in target units, is straight: rounding.
const STRAIGHT: f64 = 1e-6;
/// How much an image that breaks somewhere is grown: a patch that was parted to the end is 1/256
/// of a side.
const BREAK_MARGIN: f64 = 1.0 / 64.0;

/// The boxes that hold the image of `bbox`: none where nothing can be projected, two where a
/// geographic image crosses the antimeridian.
pub(super) fn image(transform: &Transform, bbox: &Bbox) -> Vec<Bbox> {
    if transform.is_identity() {
        return vec![*bbox];
    }
    let turns = transform.target().is_lon_lat_degrees();
    let mut found = Image::default();
    if let Found::Smooth(whole) = examine(transform, bbox, turns, NEARLY_STRAIGHT) {
        found.add(whole);
        return found.boxes(turns);
    }
    let mut patches = first_patches(bbox);
    let mut seen = 0;
    for depth in 0..=MAX_DEPTH {
        seen += patches.len();
        let is_last = depth == MAX_DEPTH || seen + patches.len() * 4 > MAX_PATCHES;
        let mut next = Vec::new();
        for patch in &patches {
            match examine(transform, patch, turns, SMOOTH) {
                Found::Nothing if depth < MAX_EMPTY_DEPTH && !is_last => {
                    next.extend(quarters(patch))
                }
                Found::Nothing => {}
                Found::Smooth(part) => found.add(part),
                Found::Rough(_) if !is_last => next.extend(quarters(patch)),
                Found::Rough(part) => {
                    found.is_broken = true;
                    found.add(if turns { around_pole(part) } else { part });
                }
            }
        }
        patches = next;
    }
    found.boxes(turns)
}

/// What the samples of a patch say.
enum Found {
    /// None can be projected.
    Nothing,
    /// The box holds the image of the whole patch.
    Smooth(Bbox),
    /// The box holds the images of the samples.
    Rough(Bbox),
}

/// The images of the patches.
#[derive(Default)]
struct Image {
    parts: Vec<Bbox>,
    is_broken: bool,
}

fn first_patches(bbox: &Bbox) -> Vec<Bbox> {
    let (width, height) = (
        bbox.width() / f64::from(PATCHES),
        bbox.height() / f64::from(PATCHES),
    );
    (0..PATCHES)
        .flat_map(|row| (0..PATCHES).map(move |column| (f64::from(column), f64::from(row))))
        .map(|(column, row)| Bbox {
            min_x: bbox.min_x + column * width,
            min_y: bbox.min_y + row * height,
            max_x: bbox.min_x + (column + 1.0) * width,
            max_y: bbox.min_y + (row + 1.0) * height,
        })
        .collect()
}

fn quarters(patch: &Bbox) -> [Bbox; 4] {
    let [x, y] = patch.center();
    let Bbox {
        min_x,
        min_y,
        max_x,
        max_y,
    } = *patch;
    let quarter = |min_x, min_y, max_x, max_y| Bbox {
        min_x,
        min_y,
        max_x,
        max_y,
    };
    [
        quarter(min_x, min_y, x, y),
        quarter(x, min_y, max_x, y),
        quarter(min_x, y, x, max_y),
        quarter(x, y, max_x, max_y),
    ]
}

/// Samples corners, middles of sides and centre. What bends by less than the part `smooth` of its
/// size is smooth.
fn examine(transform: &Transform, patch: &Bbox, turns: bool, smooth: f64) -> Found {
    let [x, y] = patch.center();
    let mut images: [Coord; 9] = [
        [patch.min_x, patch.min_y],
        [x, patch.min_y],
        [patch.max_x, patch.min_y],
        [patch.min_x, y],
        [x, y],
        [patch.max_x, y],
        [patch.min_x, patch.max_y],
        [x, patch.max_y],
        [patch.max_x, patch.max_y],
    ];
    transform.forward(&mut images);
    if turns {
        unwrap_longitudes(&mut images);
    }
    let Some(bbox) = Bbox::around(&images) else {
        return Found::Nothing;
    };
    let [a, ab, b, ac, center, bd, c, cd, d] = images;
    let lines = [
        [a, ab, b],
        [ac, center, bd],
        [c, cd, d],
        [a, ac, c],
        [ab, center, cd],
        [b, bd, d],
        [a, center, d],
        [b, center, c],
    ];
    let bends = |axis: usize| {
        lines
            .iter()
            .map(|line| {
                let [start, middle, end] = line.map(|p| p.get(axis).copied().unwrap_or(f64::NAN));
                (middle - (start + end) / 2.0).abs()
            })
            // NaN, of a sample that can't be projected, is above all
            .fold(
                0.0,
                |most: f64, bend| if bend <= most { most } else { bend },
            )
    };
    let (bend_x, bend_y) = (bends(0), bends(1));
    let size = bbox.width().hypot(bbox.height());
    let is_smooth = |bend: f64| bend <= STRAIGHT.max(size * smooth);
    // a quarter of a turn within a patch: a pole is near
    let is_turning = turns && bbox.width() > 90.0;
    if is_smooth(bend_x) && is_smooth(bend_y) && !is_turning {
        // a curve leaves its chords by a quarter of the bend; the rest is for higher orders
        Found::Smooth(bbox.grown(bend_x, bend_y))
    } else {
        Found::Rough(bbox)
    }
}

/// Longitudes within half a turn of the first that is known.
fn unwrap_longitudes(images: &mut [Coord; 9]) {
    let known = images
        .iter()
        .map(|[lon, _]| *lon)
        .find(|lon| lon.is_finite());
    let Some(center) = known else {
        return;
    };
    for [lon, _] in images {
        *lon -= ((*lon - center) / 360.0).round() * 360.0;
    }
}

/// A patch that turns by a quarter even at its smallest holds a pole, or is as good as one.
fn around_pole(part: Bbox) -> Bbox {
    if part.width() <= 90.0 {
        return part;
    }
    Bbox {
        min_x: -180.0,
        min_y: if part.min_y < -60.0 {
            -90.0
        } else {
            part.min_y
        },
        max_x: 180.0,
        max_y: if part.max_y > 60.0 { 90.0 } else { part.max_y },
    }
}

impl Image {
    fn add(&mut self, part: Bbox) {
        self.parts.push(part);
    }

    fn boxes(self, turns: bool) -> Vec<Bbox> {
        let Some(all) = self.parts.iter().copied().reduce(|a, b| a.union(&b)) else {
            return Vec::new();
        };
        if !turns {
            let margin = if self.is_broken { BREAK_MARGIN } else { 0.0 };
            return vec![all.grown(all.width() * margin, all.height() * margin)];
        }
        let margin = if self.is_broken { BREAK_MARGIN } else { 0.0 };
        let south = (all.min_y - all.height() * margin).max(-90.0);
        let north = (all.max_y + all.height() * margin).min(90.0);
        let (west, width) = arc(&self.parts, margin);
        let between = |west, east| Bbox::new(west, south, east, north);
        let boxes = if width >= 360.0 {
            [between(-180.0, 180.0), None]
        } else if west + width <= 180.0 {
            [between(west, west + width), None]
        } else {
            [between(west, 180.0), between(-180.0, west + width - 360.0)]
        };
        boxes.into_iter().flatten().collect()
    }
}

/// The arc that holds all parts: its western end in -180 … 180 and its width.
fn arc(parts: &[Bbox], margin: f64) -> (f64, f64) {
    let mut arcs: Vec<(f64, f64)> = parts
        .iter()
        .map(|part| {
            let west = (part.min_x + 180.0).rem_euclid(360.0) - 180.0;
            (west, west + part.width())
        })
        .collect();
    arcs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some(&(first_west, first_east)) = arcs.first() else {
        return (-180.0, 360.0);
    };
    // the widest gap between arcs, going round once and coming back to the first
    let mut east = first_east;
    let (mut gap, mut gap_end) = (0.0, first_west);
    let again = std::iter::once((first_west + 360.0, first_east + 360.0));
    for (west, end) in arcs.iter().skip(1).copied().chain(again) {
        if west - east > gap {
            gap = west - east;
            gap_end = west;
        }
        east = east.max(end);
    }
    // an arc that reaches round past the first one closes gaps at the start
    let overlap = (east - 360.0 - first_east).max(0.0);
    let gap = gap - overlap;
    let width = 360.0 - gap;
    let grown = width * (1.0 + 2.0 * margin);
    if gap <= 0.0 || grown >= 360.0 {
        return (-180.0, 360.0);
    }
    let west = (gap_end - width * margin + 180.0).rem_euclid(360.0) - 180.0;
    (west, grown)
}
