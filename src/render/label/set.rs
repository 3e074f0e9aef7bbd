use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::ROUNDS;
use super::candidate::{Paints, Rank, Straight};
use super::compiled::{CompiledText, Placing};
use super::line::{LineLabeller, LineRequest, MAX_PLACES};
use super::placed::{PlacedLabel, PlacedLabels};
use super::settle::{Contender, Fate, PixelBox, settle};
use crate::budget::Budget;
use crate::error::{Error, Result};
use crate::feature::Feature;
use crate::geom::anchor::anchor;
use crate::geom::{Coord, Geometry, PartKind, View};
use crate::render::text::{GlyphPlace, Layout, LayoutRequest, Spread, layout};

/// The margins around a view, in pixels to the side and up and down, in which features are
/// selected for their labels: the first is enough nearly always, the last always.
///
/// For each: select what meets the view grown by it, add it to a new [`LabelSet`], and go on to
/// the next only where [`Placement::settled`] is false.
pub fn margins_px(texts: &[CompiledText]) -> [[f64; 2]; 3] {
    let [width, height] = largest(texts, |text| text.extent.size);
    let [hop_x, hop_y] = largest(texts, |text| {
        text.extent.size.map(|side| side + text.extent.apart)
    });
    let [far_x, far_y] = largest(texts, |text| text.extent.far);
    // measured on communes: one label width settles all but a few views in a hundred
    let all = (2 * ROUNDS - 1) as f64;
    [
        [width, height],
        [2.5 * width, 2.5 * height],
        [all * hop_x, all * hop_y],
    ]
    .map(|[x, y]| [(x + far_x + SLACK_PX).ceil(), (y + far_y + SLACK_PX).ceil()])
}

/// Ink that is drawn a rounding away from its box, and its soft edge.
const SLACK_PX: f64 = 2.0;

/// More candidates than this are refused: they are thinned to one a square of half the text's
/// size, so that only absurd views have them.
pub(super) const MAX_CANDIDATES: usize = 1_000_000;

/// Gathers the labels of the features in and around a view, of all layers of a map.
#[derive(Debug)]
pub struct LabelSet<'a> {
    texts: &'a [CompiledText],
    view: View,
    margin_px: [f64; 2],
    points: Vec<PointCandidate>,
    /// The first in rank of each square of the world, by text.
    squares: HashMap<(usize, i64, i64), usize, BuildHasherDefault<Spread>>,
    /// Texts and anchors of labels that may overlap: twice the same is drawn once.
    overlapping: HashSet<u64>,
    lines: Vec<LineCandidate>,
    labeller: LineLabeller,
}

#[derive(Debug)]
struct PointCandidate {
    rank: Rank,
    at: Coord,
    paints: Paints,
    pad: f64,
    straight: Straight,
}

#[derive(Debug)]
pub(super) struct LineCandidate {
    pub rank: Rank,
    pub paints: Paints,
    pub boxes: Vec<PixelBox>,
    pub glyphs: Vec<GlyphPlace>,
}

/// The labels of a view, and whether they are certain.
#[derive(Debug, Clone)]
pub struct Placement {
    pub labels: PlacedLabels,
    /// False where a label in view depends on features beyond the margin: see [`margins_px`].
    pub settled: bool,
}

impl<'a> LabelSet<'a> {
    /// An empty set for a view and all text symbolizers of the map, where features are selected
    /// within a margin of [`margins_px`].
    pub fn new(view: &View, texts: &'a [CompiledText], margin_px: [f64; 2]) -> LabelSet<'a> {
        LabelSet {
            texts,
            view: *view,
            margin_px,
            points: Vec::new(),
            squares: HashMap::default(),
            overlapping: HashSet::new(),
            lines: Vec::new(),
            labeller: LineLabeller::default(),
        }
    }

    /// Adds the labels that a text (by its index) has for a feature, whose whole geometry is
    /// given in the view's CRS, projected vertex by vertex: its noise is the labels' noise.
    ///
    /// # Errors
    /// `LimitExceeded` beyond a million labels.
    pub fn add(&mut self, text: usize, feature: &dyn Feature, geometry: &Geometry) -> Result<()> {
        let Some(compiled) = self.texts.get(text) else {
            return Ok(());
        };
        let Placing::Line { offset, repeat } = &compiled.placement else {
            return match anchor(geometry) {
                Some(at) => self.add_at(text, feature, at),
                None => Ok(()),
            };
        };
        if geometry.parts().all(|part| part.kind == PartKind::Points) {
            return match anchor(geometry) {
                Some(at) => self.add_at(text, feature, at),
                None => Ok(()),
            };
        }
        let Some(paints) = compiled.paints(feature) else {
            return Ok(());
        };
        let found = compiled.with_text(feature, |label| {
            layout(&compiled.layout_request(label, feature, paints.size_px()))
        });
        let Some(layout) = found.flatten() else {
            return Ok(());
        };
        let request = LineRequest {
            view: &self.view,
            margin_px: self.margin_px,
            layout: &layout,
            paints,
            pad: compiled.pad(feature, &paints),
            offset_px: offset.pixels(feature),
            repeat_px: repeat.as_ref().map(|r| r.pixels(feature)),
            rank: Rank {
                priority: compiled.priority(feature),
                layer: compiled.layer,
                fid: feature.fid(),
                text,
                slot: 0,
            },
            places: if compiled.allow_overlap {
                1
            } else {
                MAX_PLACES
            },
        };
        let mut number = 0;
        for part in geometry.parts() {
            // along the outer ring of an area
            let sequences = match part.kind {
                PartKind::Points => 0,
                PartKind::Line => usize::MAX,
                PartKind::Polygon => 1,
            };
            for line in part.sequences().take(sequences) {
                self.labeller.label(&request, line, number, &mut self.lines);
                number += 1;
                self.check_count()?;
            }
        }
        Ok(())
    }

    /// Adds the label of a feature whose anchor is known, in the view's CRS: for points, and for
    /// geometries whose [`anchor`] was found in their own CRS and then projected.
    ///
    /// # Errors
    /// `LimitExceeded` beyond a million labels.
    pub fn add_at(&mut self, text: usize, feature: &dyn Feature, at: Coord) -> Result<()> {
        let Some(compiled) = self.texts.get(text) else {
            return Ok(());
        };
        let [x, y] = self.view.to_pixel(at);
        let [margin_x, margin_y] = self.margin_px;
        let width = f64::from(self.view.size.width);
        let height = f64::from(self.view.size.height);
        let selected =
            x >= -margin_x && x <= width + margin_x && y >= -margin_y && y <= height + margin_y;
        if !selected {
            return Ok(()); // others so far away are not known either
        }
        let rank = Rank {
            priority: compiled.priority(feature),
            layer: compiled.layer,
            fid: feature.fid(),
            text,
            slot: 0,
        };
        let square = self.square(text, compiled, at);
        let first = self.squares.get(&square).copied();
        let outranked = first
            .filter(|_| !compiled.allow_overlap)
            .and_then(|index| self.points.get(index))
            .is_some_and(|first| first.rank.order(&rank).is_lt());
        if outranked {
            return Ok(());
        }
        let Some(candidate) = self.point_candidate(compiled, feature, at, rank) else {
            return Ok(());
        };
        if compiled.allow_overlap {
            if self.overlapping.insert(candidate.identity()) {
                self.points.push(candidate);
            }
        } else if let Some(slot) = first.and_then(|index| self.points.get_mut(index)) {
            *slot = candidate;
        } else {
            self.squares.insert(square, self.points.len());
            self.points.push(candidate);
        }
        self.check_count()
    }

    fn point_candidate(
        &self,
        compiled: &CompiledText,
        feature: &dyn Feature,
        at: Coord,
        rank: Rank,
    ) -> Option<PointCandidate> {
        let paints = compiled.paints(feature)?;
        let size_px = paints.size_px();
        let layout: Arc<Layout> = compiled
            .with_text(feature, |label| {
                let request: LayoutRequest<'_> = compiled.layout_request(label, feature, size_px);
                layout(&LayoutRequest {
                    single_line: false,
                    ..request
                })
            })
            .flatten()?;
        let (anchor, displacement, rotation) = compiled.point(feature);
        Some(PointCandidate {
            rank,
            at,
            paints,
            pad: compiled.pad(feature, &paints),
            straight: Straight {
                layout,
                anchor,
                displacement,
                rotation,
                size_px,
            },
        })
    }

    /// The square of the world that an anchor lies in.
    fn square(&self, text: usize, compiled: &CompiledText, [x, y]: Coord) -> (usize, i64, i64) {
        let index = |value: f64, resolution: f64| {
            let side = compiled.square_exponent(&self.view, resolution).exp2();
            (value / side).floor() as i64
        };
        (
            text,
            index(x, self.view.resolution_x()),
            index(y, self.view.resolution_y()),
        )
    }

    fn check_count(&self) -> Result<()> {
        let found = self.points.len() + self.lines.len();
        if found > MAX_CANDIDATES {
            return Err(Error::LimitExceeded {
                what: "the number of labels",
                limit: MAX_CANDIDATES as u64,
                found: found as u64,
            });
        }
        Ok(())
    }

    /// Settles all conflicts.
    ///
    /// # Errors
    /// `Cancelled`, `DeadlineExceeded`.
    pub fn place(self, budget: &Budget) -> Result<Placement> {
        let mut contest = Contest::new(self.texts, &self.view, self.margin_px);
        for (index, point) in self.points.iter().enumerate() {
            let at = self.view.to_pixel(point.at);
            let bounds = point.straight.bounds(at, point.pad);
            contest.enter(point.rank, Source::Point(index), &[bounds]);
        }
        for (index, line) in self.lines.iter().enumerate() {
            contest.enter(line.rank, Source::Line(index), &line.boxes);
        }
        let candidates = contest.entrants.len();
        let (winners, settled) = contest.settle(budget)?;

        let mut labels = PlacedLabels {
            candidates,
            ..PlacedLabels::default()
        };
        for winner in winners.iter().rev() {
            let start = labels.glyphs.len();
            let paints = match winner.source {
                Source::Point(index) => self.points.get(index).map(|point| {
                    let at = self.view.to_pixel(point.at);
                    labels.glyphs.extend(point.straight.glyphs(at));
                    point.paints
                }),
                Source::Line(index) => self.lines.get(index).map(|line| {
                    labels.glyphs.extend_from_slice(&line.glyphs);
                    line.paints
                }),
            };
            let Some(paints) = paints else { continue };
            labels.labels.push(PlacedLabel {
                fid: winner.rank.fid,
                text: winner.rank.text,
                bounds: winner.bounds,
                glyphs: (start, labels.glyphs.len()),
                paints,
            });
        }
        Ok(Placement { labels, settled })
    }
}

impl PointCandidate {
    /// The same text in the same style at the same place.
    fn identity(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.rank.text.hash(&mut hasher);
        self.at.map(f64::to_bits).hash(&mut hasher);
        for glyph in &self.straight.layout.glyphs {
            (glyph.id, glyph.x.to_bits(), glyph.line).hash(&mut hasher);
        }
        (self.paints.size, self.paints.color, self.paints.halo).hash(&mut hasher);
        self.straight.rotation.hash(&mut hasher);
        self.straight
            .displacement
            .map(f64::to_bits)
            .hash(&mut hasher);
        hasher.finish()
    }
}

/// The larger of all texts in each direction.
fn largest(texts: &[CompiledText], of: impl Fn(&CompiledText) -> [f64; 2]) -> [f64; 2] {
    texts.iter().map(of).fold([0.0, 0.0], |[x, y], [tx, ty]| {
        [f64::max(x, tx), f64::max(y, ty)]
    })
}

/// Candidates in their order, with their boxes.
struct Contest<'a> {
    texts: &'a [CompiledText],
    size: [f64; 2],
    /// What lies inside can't meet labels of features that were not selected.
    known: PixelBox,
    entrants: Vec<Entrant>,
    boxes: Vec<PixelBox>,
}

#[derive(Clone, Copy)]
struct Entrant {
    rank: Rank,
    source: Source,
    boxes: (usize, usize),
    bounds: PixelBox,
}

#[derive(Clone, Copy)]
enum Source {
    Point(usize),
    Line(usize),
}

impl<'a> Contest<'a> {
    fn new(texts: &'a [CompiledText], view: &View, [margin_x, margin_y]: [f64; 2]) -> Self {
        let [far_x, far_y] = largest(texts, |text| text.extent.far);
        let size = [f64::from(view.size.width), f64::from(view.size.height)];
        let [width, height] = size;
        let [x, y] = [margin_x - far_x, margin_y - far_y];
        Contest {
            texts,
            size,
            known: [-x, -y, width + x, height + y],
            entrants: Vec::new(),
            boxes: Vec::new(),
        }
    }

    fn enter(&mut self, rank: Rank, source: Source, boxes: &[PixelBox]) {
        let start = self.boxes.len();
        self.boxes.extend_from_slice(boxes);
        let bounds = boxes
            .iter()
            .copied()
            .reduce(|[l, t, r, b], [bl, bt, br, bb]| [l.min(bl), t.min(bt), r.max(br), b.max(bb)]);
        if let Some(bounds) = bounds.filter(|b| b.iter().all(|v| v.is_finite())) {
            self.entrants.push(Entrant {
                rank,
                source,
                boxes: (start, self.boxes.len()),
                bounds,
            });
        } else {
            self.boxes.truncate(start);
        }
    }

    fn is_visible(&self, [left, top, right, bottom]: PixelBox) -> bool {
        let [width, height] = self.size;
        left < width + SLACK_PX
            && right > -SLACK_PX
            && top < height + SLACK_PX
            && bottom > -SLACK_PX
    }

    fn may_overlap(&self, entrant: &Entrant) -> bool {
        self.texts
            .get(entrant.rank.text)
            .is_some_and(|text| text.allow_overlap)
    }

    /// The labels in view that are drawn, first in rank first, and whether that is certain.
    fn settle(mut self, budget: &Budget) -> Result<(Vec<Entrant>, bool)> {
        self.entrants.sort_by(|a, b| a.rank.order(&b.rank));
        let competing: Vec<usize> = (0..self.entrants.len())
            .filter(|i| self.entrants.get(*i).is_some_and(|e| !self.may_overlap(e)))
            .collect();
        let [known_left, known_top, known_right, known_bottom] = self.known;
        let in_order: Vec<&Entrant> = competing
            .iter()
            .filter_map(|index| self.entrants.get(*index))
            .collect();
        let contenders: Vec<Contender> = in_order
            .chunk_by(|a, b| a.rank.is_sibling(&b.rank))
            .scan(0, |begin, siblings| {
                let range = (*begin, *begin + siblings.len());
                *begin = range.1;
                Some(siblings.iter().map(move |entrant| (*entrant, range)))
            })
            .flatten()
            .map(|(entrant, siblings)| {
                let [left, top, right, bottom] = entrant.bounds;
                Contender {
                    boxes: entrant.boxes,
                    siblings,
                    exposed: left <= known_left + SLACK_PX
                        || top <= known_top + SLACK_PX
                        || right >= known_right - SLACK_PX
                        || bottom >= known_bottom - SLACK_PX,
                }
            })
            .collect();
        let fates = settle(&contenders, &self.boxes, ROUNDS, budget)?;

        // those that may overlap are placed without a contest
        let mut placed = vec![Fate::PLACED; self.entrants.len()];
        for (index, fate) in competing.iter().zip(fates) {
            if let Some(slot) = placed.get_mut(*index) {
                *slot = fate;
            }
        }
        let mut settled = true;
        let mut winners = Vec::new();
        for (entrant, fate) in self.entrants.iter().zip(placed) {
            if !self.is_visible(entrant.bounds) {
                continue;
            }
            if fate == Fate::PLACED {
                winners.push(*entrant);
            } else if fate.may_be(Fate::PLACED) {
                settled = false;
            }
        }
        Ok((winners, settled))
    }
}
