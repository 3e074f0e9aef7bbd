//! What is read, and where of it a fault is told.

use crate::error::Error;

/// A text to read; it may have been made of another one, which people know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'t> {
    pub text: &'t str,
    origin: Option<&'t Origin<'t>>,
}

/// The text that another one was made of, and which place became which.
#[derive(Debug)]
pub(in crate::decode) struct Origin<'t> {
    written: &'t str,
    /// A place in the text that was made, and the place it comes from, both ascending.
    places: Vec<(usize, usize)>,
}

impl<'t> Origin<'t> {
    pub(in crate::decode) fn new(written: &'t str) -> Origin<'t> {
        Origin {
            written,
            places: Vec::new(),
        }
    }

    /// What follows at a place of the text that is made comes from this place; what was said of
    /// later places is forgotten.
    pub(in crate::decode) fn add(&mut self, made: usize, written: usize) {
        let kept = self.places.partition_point(|(at, _)| *at < made);
        self.places.truncate(kept);
        self.places.push((made, written));
    }

    fn of(&self, made: usize) -> usize {
        let next = self.places.partition_point(|(at, _)| *at <= made);
        let end = self.places.get(next).map_or(self.written.len(), |p| p.1);
        let before = next.checked_sub(1).and_then(|i| self.places.get(i));
        let (at, from) = before.copied().unwrap_or((0, 0));
        // where words were put in, what comes behind them is told as the next place at the latest
        from.saturating_add(made.saturating_sub(at)).min(end)
    }
}

impl<'t> Source<'t> {
    pub(super) fn written(text: &'t str) -> Source<'t> {
        Source { text, origin: None }
    }

    pub(super) fn made(text: &'t str, origin: &'t Origin<'t>) -> Source<'t> {
        Source {
            text,
            origin: Some(origin),
        }
    }

    /// A fault at a place in bytes.
    pub(super) fn fault(&self, at: usize, message: &str) -> Error {
        let (text, at) = match self.origin {
            Some(origin) => (origin.written, origin.of(at)),
            None => (self.text, at),
        };
        let before = text.get(..at).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        Error::InvalidFilter {
            message: format!("line {line}, column {column}: {message}"),
        }
    }
}
