//! A line as segments with a direction.

use std::borrow::Cow;

use super::fixed::{Fixed, UNIT, unit};

/// One segment: where it begins and ends, its direction (length 1) and length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub from: Fixed,
    pub to: Fixed,
    pub direction: [f64; 2],
    pub length: f64,
}

impl Segment {
    #[inline(always)]
    pub fn new(from: Fixed, to: Fixed) -> Option<Segment> {
        let delta = [(to[0] - from[0]) as f64, (to[1] - from[1]) as f64];
        unit(delta).map(|(direction, length)| Segment {
            from,
            to,
            direction,
            length,
        })
    }
}

/// The segments of a line that have a length.
pub(super) struct Segments<'a> {
    from: Option<Fixed>,
    rest: std::slice::Iter<'a, Fixed>,
    close_with: Option<Fixed>,
}

impl<'a> Segments<'a> {
    pub fn new(points: &'a [Fixed], closed: bool) -> Segments<'a> {
        let mut rest = points.iter();
        let from = rest.next().copied();
        Segments {
            from,
            rest,
            close_with: from.filter(|_| closed),
        }
    }
}

impl Iterator for Segments<'_> {
    type Item = Segment;

    #[inline]
    fn next(&mut self) -> Option<Segment> {
        let from = self.from?;
        loop {
            let to = match self.rest.next() {
                Some(to) => *to,
                None => self.close_with.take()?,
            };
            if let Some(segment) = Segment::new(from, to) {
                self.from = Some(to);
                return Some(segment);
            }
        }
    }
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
