//! The segments of a line that are drawn.

use std::borrow::Cow;

use super::fixed::{Fixed, UNIT};

/// One segment: where it begins and ends, and its direction, of length 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub from: Fixed,
    pub to: Fixed,
    pub direction: [f64; 2],
}

/// Segments shorter than 3/32 px are left out: their direction is noise, and their mitres would be
/// spikes.
pub(super) fn without_short_segments(points: &[Fixed], closed: bool) -> Cow<'_, [Fixed]> {
    let short = |a: &Fixed, b: &Fixed| {
        (a[0] - b[0]).abs() < UNIT * 3 / 32 && (a[1] - b[1]).abs() < UNIT * 3 / 32
    };
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Cow::Borrowed(points);
    };
    let mut pairs = points.iter().zip(points.iter().skip(1));
    let any_short = (closed && short(first, last)) || pairs.any(|(a, b)| short(a, b));
    if !any_short {
        return Cow::Borrowed(points);
    }
    let mut kept: Vec<Fixed> = Vec::with_capacity(points.len());
    for point in points {
        if kept.last().is_none_or(|last| !short(last, point)) {
            kept.push(*point);
        }
    }
    while closed && kept.len() > 1 && kept.last().is_some_and(|p| short(p, first)) {
        kept.pop();
    }
    Cow::Owned(kept)
}
