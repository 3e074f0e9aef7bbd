//! Labels: which are drawn, where, and how.
//!
//! # The promise
//! For one CRS, resolution and pixel ratio, and one list of label styles, the labels and their
//! places are a function of the data alone. A map cut anywhere shows, put together again, the
//! labels of the whole: none is cut at a seam by a neighbour that does not draw it, none is
//! doubled, none is missing.
//!
//! # How it is kept
//! *Candidates.* A label's anchor is a function of its geometry, in world coordinates; labels
//! along lines lie at lengths measured from the line's start. Candidates have a total order:
//! priority, then the upper layer, then the feature ([`Rank`](candidate::Rank)).
//!
//! *Conflicts are settled in [`ROUNDS`] synchronous rounds* ([`settle`]). In a round, first every
//! candidate that overlaps no undecided candidate before it in the order is placed; then every
//! undecided one that overlaps a placed one is dropped. What is undecided after the last round is
//! dropped. Greedy placement (each in order, unless something is in its way) would let a decision
//! travel through the whole world along a chain of overlapping labels; here it can't:
//!
//! > *Claim.* The fate of a label after round r depends on candidates at most 2r − 1 overlaps
//! > away. *Proof.* In round 1 it is placed or not by those it overlaps: one. Being undecided
//! > after round r − 1 depends on at most 2r − 2: it is so unless it or one that it overlaps was
//! > placed in that round, so one more than 2(r − 1) − 1. Being placed in round r depends on what
//! > it overlaps being undecided after round r − 1: one more again, 2r − 1. ∎
//!
//! A label along a line has up to three places, of which one at most is taken: they count as
//! overlapping, wherever their boxes are.
//!
//! The boxes of a chain of n overlaps that starts at a box in view reach at most n + 1 box widths
//! beyond the view, the last of them begins at most n widths beyond. With w the widest a box can be
//! (and as far as the places of a label can be apart) and f the furthest that a box can reach
//! from its anchor, all candidates that matter have their anchors within
//! (2 × [`ROUNDS`] − 1) w + f of the view.
//!
//! *Almost never is that much needed.* A village next to Lyon is dropped whatever lies beyond.
//! So features are first selected in a small margin, and the rounds are run with three answers:
//! yes, no, and "that depends on what was not selected". Only where a label in view has the third
//! the caller selects again in a wider margin ([`margins_px`]); the last is that of the proof,
//! where it can't happen. The margin therefore changes the cost and never the map.
//!
//! *Rounding.* Conflicts are computed on positions relative to the view in `f64`, where the noise
//! of different views is about 1e-9 px, and no threshold is a number that clean data (whole
//! metres, round resolutions) meet: each is moved off by an odd fraction. Drawing snaps to
//! quarters of a pixel, likewise moved. Lattices (thinning, repeats along lines) are laid in
//! world coordinates with steps rounded to few binary digits, so that no noise is multiplied by
//! the distance from the origin.

mod baseline;
mod bounds;
mod candidate;
mod compiled;
mod line;
mod paint;
mod placed;
mod set;
mod settle;
mod standing;

pub use compiled::CompiledText;
pub use placed::{PlacedLabel, PlacedLabels};
pub use set::{LabelSet, Placement, margins_px};
pub use standing::{Standing, Standings, least_exponent};

/// How often conflicts are looked at. Four place over 97 % of what greedy placement would on
/// dense data; each more widens what a label can depend on by two label widths.
pub const ROUNDS: usize = 4;
