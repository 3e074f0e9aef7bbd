//! Pictures of few colours, as maps mostly are: the number of each pixel's colour, and what
//! repeats in them.
//!
//! Whether a pixel is like its left or its upper neighbour is a bit, found for four pixels at
//! once; runs are then counted in words of 64. The shortest repeats are not told: to say them takes
//! about as many bits as to say the pixels, and more time. Nor is it looked further back: of few
//! colours a pixel takes five bits, and edges seldom are alike.

use super::alike::same;
use super::palette::{Colors, Number};
use super::sequences::{Back, Sequence};
use crate::processor::{self, Processor, Work};

/// A picture of few colours.
pub(super) struct Flat<N> {
    /// Of each pixel's colour, in the order in which they were met.
    pub numbers: Vec<N>,
    /// What repeats in the numbers, row by row.
    pub sequences: Vec<Sequence>,
}

type Pixels<'a> = &'a [[u8; 4]];

/// Pixels whose bits make a word.
const WORD: usize = 64;
/// A row above is then within deflate's window, and all counts are in two bytes.
const MAX_WIDTH: usize = 32_767;

/// The fewest pixels that are said as a repeat.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shortest {
    /// Where a pixel is written as three or four bytes.
    Two,
    /// Where it is written as one.
    Four,
}

/// Numbers the colours of rows of `width` pixels, which are added to `colors`; `None` where there
/// are too many of them, or the rows are too wide.
pub(super) fn find<N: Number>(
    pixels: Pixels<'_>,
    width: usize,
    shortest: Shortest,
    colors: &mut Colors<N>,
) -> Option<Flat<N>> {
    if width == 0 || width > MAX_WIDTH {
        return None;
    }
    processor::run(Find {
        pixels,
        width,
        shortest,
        colors,
    })
}

struct Find<'a, N> {
    pixels: Pixels<'a>,
    width: usize,
    shortest: Shortest,
    colors: &'a mut Colors<N>,
}

impl<N: Number> Work for Find<'_, N> {
    type Output = Option<Flat<N>>;

    #[inline(always)]
    fn on(self, processor: impl Processor) -> Option<Flat<N>> {
        let Find { pixels, width, .. } = self;
        let mut flat = Flat {
            numbers: Vec::with_capacity(pixels.len()),
            sequences: Vec::new(),
        };
        let mut alike = Alike::default();
        let mut above: Option<Pixels<'_>> = None;
        for row in pixels.chunks_exact(width) {
            alike.clear();
            for (nth, here) in row.chunks(WORD).enumerate() {
                let x = nth * WORD;
                let left = match x.checked_sub(1) {
                    Some(before) => same(processor, here, row.get(before..)?),
                    None => same(processor, here.get(1..)?, here) << 1,
                };
                let over = above.and_then(|above| above.get(x..));
                let up = over.map_or(0, |over| same(processor, here, over));
                flat.number(here, (left, up), width, self.colors)?;
                alike.push(left, up);
            }
            alike.tell(width, self.shortest, &mut flat.sequences);
            above = Some(row);
        }
        Some(flat)
    }
}

impl<N: Number> Flat<N> {
    /// Adds the numbers of at most 64 pixels, of which those of `left` are as the pixel before
    /// them and those of `up` as the one above.
    #[inline(always)]
    fn number(
        &mut self,
        here: Pixels<'_>,
        (left, up): (u64, u64),
        width: usize,
        colors: &mut Colors<N>,
    ) -> Option<()> {
        let at = self.numbers.len();
        let all = u64::MAX >> (WORD - here.len());
        if left == all {
            let last = *self.numbers.last()?;
            self.numbers.resize(at + here.len(), last);
            return Some(());
        }
        match at.checked_sub(width) {
            Some(over) => self.numbers.extend_from_within(over..over + here.len()),
            None => self.numbers.resize(at + here.len(), N::default()),
        }
        // one that is only as the pixel before it is looked up as well: to ask costs more
        let mut others = all & !up;
        let numbers = self.numbers.get_mut(at..)?;
        while others != 0 {
            let nth = others.trailing_zeros() as usize;
            others &= others - 1;
            *numbers.get_mut(nth)? = colors.number(*here.get(nth)?)?;
        }
        Some(())
    }
}

/// Which pixels of a row are as their neighbours, a bit for each.
#[derive(Default)]
struct Alike {
    left: Vec<u64>,
    up: Vec<u64>,
    /// Where enough follow each other that are all as the one before, or all as above.
    enough: Vec<u64>,
}

impl Alike {
    fn clear(&mut self) {
        self.left.clear();
        self.up.clear();
    }

    fn push(&mut self, left: u64, up: u64) {
        self.left.push(left);
        self.up.push(up);
    }

    /// Adds the sequences of the row.
    #[inline(always)]
    fn tell(&mut self, width: usize, shortest: Shortest, sequences: &mut Vec<Sequence>) {
        self.enough.clear();
        let lefts = self.left.iter().zip(self.left.iter().skip(1).chain([&0]));
        let ups = self.up.iter().zip(self.up.iter().skip(1).chain([&0]));
        let both = lefts.zip(ups);
        let enough = match shortest {
            Shortest::Two => two,
            Shortest::Four => four,
        };
        self.enough
            .extend(both.map(|((l, l1), (u, u1))| enough(*l, *l1) | enough(*u, *u1)));
        let above = Back {
            pixels: width as u16,
            rows: 1,
        };
        let mut x = 0;
        while x < width {
            let begin = first_one(&self.enough, x).unwrap_or(width);
            let (left, up) = (ones(&self.left, begin), ones(&self.up, begin));
            // a copy from the left says nothing about how far back it is
            let (copied, back) = match left + 1 >= up {
                true => (left, Back::LEFT),
                false => (up, above),
            };
            sequences.push(Sequence {
                literals: (begin - x) as u16,
                copied: copied as u16,
                back,
            });
            x = begin + copied;
        }
    }
}

/// Bits that are followed by another, which may be in the next word.
#[inline(always)]
fn two(word: u64, next: u64) -> u64 {
    word & (word >> 1 | next << 63)
}

/// Bits that are followed by three others, the last of them in the next word.
#[inline(always)]
fn four(word: u64, next: u64) -> u64 {
    let two = word & (word >> 1 | next << 63);
    let next_two = next & next >> 1;
    two & (two >> 2 | next_two << 62)
}

/// The first bit from there on.
#[inline(always)]
fn first_one(words: &[u64], from: usize) -> Option<usize> {
    let begin = from / WORD;
    let mut word = words.get(begin)? & (u64::MAX << (from % WORD));
    let mut nth = begin;
    while word == 0 {
        nth += 1;
        word = *words.get(nth)?;
    }
    Some(nth * WORD + word.trailing_zeros() as usize)
}

/// How many bits from there on follow each other.
#[inline(always)]
fn ones(words: &[u64], from: usize) -> usize {
    let begin = from / WORD;
    let Some(word) = words.get(begin) else {
        return 0;
    };
    let in_first = (word >> (from % WORD)).trailing_ones() as usize;
    if from % WORD + in_first < WORD {
        return in_first;
    }
    let mut all = in_first;
    for word in words.get(begin + 1..).unwrap_or(&[]) {
        let more = word.trailing_ones() as usize;
        all += more;
        if more < WORD {
            break;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Goes through the sequences as a reader of deflate does.
    fn unpacked<N: Number>(flat: &Flat<N>, width: usize) -> Vec<N> {
        let mut out: Vec<N> = Vec::new();
        for sequence in &flat.sequences {
            let row = out.len() / width;
            let literals = usize::from(sequence.literals);
            out.extend_from_slice(&flat.numbers[out.len()..][..literals]);
            for _ in 0..sequence.copied {
                let from = out.len() - usize::from(sequence.back.pixels);
                assert_eq!(row - from / width, usize::from(sequence.back.rows));
                out.push(out[from]);
            }
            assert!(
                out.len() <= (row + 1) * width,
                "a sequence ends with its row"
            );
        }
        out
    }

    /// Numbers the colours, and goes back from the numbers and from what repeats.
    fn there_and_back<N: Number + PartialEq>(
        pixels: &[[u8; 4]],
        width: usize,
        shortest: Shortest,
        place: impl Fn(N) -> usize,
    ) {
        let mut colors = Colors::<N>::default();
        let flat = find(pixels, width, shortest, &mut colors).unwrap();
        let again: Vec<[u8; 4]> = flat
            .numbers
            .iter()
            .map(|n| colors.all()[place(*n)])
            .collect();
        assert!(again == pixels);
        assert!(unpacked(&flat, width) == flat.numbers);
    }

    proptest! {
        #[test]
        fn numbers_are_those_of_the_colours_and_repeats_are_true(
            runs in prop::collection::vec((0u8..6, 1usize..150, any::<bool>()), 1..80),
            width in 1usize..300,
        ) {
            let mut pixels: Vec<[u8; 4]> = Vec::new();
            for (color, length, is_above) in runs {
                for _ in 0..length {
                    let above = pixels.len().checked_sub(width).map(|at| pixels[at]);
                    pixels.push(above.filter(|_| is_above).unwrap_or([color, 9, 9, 255]));
                }
            }
            pixels.truncate(pixels.len() / width * width);
            there_and_back(&pixels, width, Shortest::Four, |n: u8| usize::from(n));
            let wide = |n: [u8; 2]| usize::from(u16::from_le_bytes(n));
            there_and_back(&pixels, width, Shortest::Two, wide);
        }

        #[test]
        fn bits_are_counted_over_the_ends_of_words(words in prop::collection::vec(any::<u64>(), 1..4)) {
            // long runs, too
            let words: Vec<u64> = words.iter().map(|w| if w % 3 == 0 { u64::MAX } else { *w }).collect();
            let bit = |n: usize| words.get(n / 64).is_some_and(|w| w >> (n % 64) & 1 == 1);
            for from in 0..words.len() * 64 {
                let slow = (from..).take_while(|n| bit(*n)).count();
                prop_assert_eq!(ones(&words, from), slow);
                let next = (from..words.len() * 64).find(|n| bit(*n));
                prop_assert_eq!(first_one(&words, from), next);
                let next = words.get(from / 64 + 1).copied().unwrap_or(0);
                let word = words[from / 64];
                prop_assert_eq!(four(word, next) >> (from % 64) & 1 == 1, slow >= 4);
                prop_assert_eq!(two(word, next) >> (from % 64) & 1 == 1, slow >= 2);
            }
        }
    }

    #[test]
    fn one_colour_more_than_can_be_numbered_is_too_many() {
        fn find_all<N: Number>(count: u32) -> bool {
            let pixels: Vec<[u8; 4]> = (0..count).map(|i| i.to_le_bytes()).collect();
            let width = pixels.len();
            find(&pixels, width, Shortest::Four, &mut Colors::<N>::default()).is_some()
        }
        assert!(find_all::<u8>(256) && !find_all::<u8>(257));
        assert!(find_all::<[u8; 2]>(4096) && !find_all::<[u8; 2]>(4097));
    }
}
