//! Which features stay where a tile is too heavy.

use super::dictionary::Dictionary;
use super::field_length;
use super::layer::{Entry, Rank, pairs};

/// What each layer may take of `limit`: what it needs, or an equal part of what those that need
/// less leave.
pub(super) fn shares(sizes: &[usize], limit: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    let size = |nth: usize| sizes.get(nth).copied().unwrap_or(0);
    order.sort_by_key(|nth| size(*nth));
    let mut shares = vec![0; sizes.len()];
    let mut left = limit;
    for (served, nth) in order.iter().enumerate() {
        let share = size(*nth).min(left / (sizes.len() - served));
        left -= share;
        if let Some(place) = shares.get_mut(*nth) {
            *place = share;
        }
    }
    shares
}

/// The features that stay: the longest beginning of their order by rank that fits `room`, values
/// counted where they come first. Also the rank of the first that does not fit; `None` where all
/// do.
pub(super) fn keep<'a>(
    entries: &[Entry],
    room: usize,
    tags: impl Fn(usize) -> &'a [u32],
    values: &Dictionary,
) -> (Vec<bool>, Option<Rank>) {
    let mut order: Vec<(usize, Rank)> = entries.iter().map(|e| e.rank).enumerate().collect();
    order.sort_unstable_by(|(a, one), (b, other)| other.compare(one).then(a.cmp(b)));
    let mut keep = vec![false; entries.len()];
    let mut counted = vec![false; values.len()];
    let mut taken = 0;
    for (nth, rank) in order {
        taken += entries.get(nth).map_or(0, |e| field_length(e.length));
        for [_, value] in pairs(tags(nth)) {
            if let Some(counted) = counted.get_mut(*value as usize)
                && !std::mem::replace(counted, true)
            {
                taken += values.encoded(*value).map_or(0, |v| field_length(v.len()));
            }
        }
        if taken > room {
            return (keep, Some(rank));
        }
        if let Some(kept) = keep.get_mut(nth) {
            *kept = true;
        }
    }
    (keep, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_small_layers_leave_goes_to_large_ones() {
        assert_eq!(shares(&[10, 500, 900], 1000), [10, 495, 495]);
        assert_eq!(shares(&[900, 10, 200], 1000), [790, 10, 200]);
        assert_eq!(shares(&[1, 2], 1000), [1, 2]);
        assert_eq!(shares(&[], 1000), [0usize; 0]);
        assert_eq!(shares(&[5, 5], 3), [1, 2]);
    }
}
