//! The source of a collection as it lies, for clients that read FlatGeobuf over HTTP (GDAL, QGIS,
//! flatgeobuf.js): HEAD, then ranges of bytes by the index (RFC 9110 §14).

use std::sync::Arc;

use crate::budget::Budget;
use crate::catalogue::Layer;
use crate::encode::feature::Rest;
use crate::error::{Error, Result};
use crate::protocol::{Answer, Pieces};
use crate::store::Fingerprint;

/// Registered by nobody; what GDAL and flatgeobuf.org use.
pub const FLATGEOBUF: &str = "application/flatgeobuf";

/// Copied out of the map at once.
const PIECE_BYTES: usize = 256 << 10;

/// The size of the file, where it may be copied: not where a field is hidden, for it would be in
/// the copy.
pub fn size(layer: &Layer) -> Option<u64> {
    let is_open = layer.fields.len() == layer.store.schema().fields.len();
    let bytes = layer.store.flatgeobuf().filter(|_| is_open)?;
    Some(bytes.len() as u64)
}

/// The file, or the part of it that `range` (the header) asks for, if `if_range` holds.
///
/// # Errors
/// `NotFound` where the layer has no such file.
pub fn file(
    layer: &Arc<Layer>,
    path: &str,
    [range, if_range, if_none_match]: [&str; 3],
    budget: &Budget,
) -> Result<Answer> {
    let size = size(layer).ok_or_else(|| Error::NotFound {
        path: path.to_owned(),
    })?;
    let tag = format!("\"{}\"", tag(layer));
    let is_known = if_none_match
        .split(',')
        .any(|known| known.trim().trim_start_matches("W/") == tag);
    // a date is no strong validator of ours (§13.1.5): the whole is sent
    let may_be_part = if_range.is_empty() || if_range.trim() == tag;
    let wanted = match parse_range(range, size) {
        Some(wanted) if may_be_part => Some(wanted),
        _ => None,
    };
    let answer = match wanted {
        _ if is_known => Answer::ok(FLATGEOBUF, Vec::new()).with_status(304),
        Some(None) => {
            return Ok(
                Answer::ok("text/plain", "the range is outside of the file\n")
                    .with_status(416)
                    .with_header("content-range", format!("bytes */{size}"))
                    .with_header("accept-ranges", "bytes"),
            );
        }
        Some(Some((first, last))) => part(layer, first, last, budget)?
            .with_status(206)
            .with_header("content-range", format!("bytes {first}-{last}/{size}")),
        None if size == 0 => Answer::ok(FLATGEOBUF, Vec::new()),
        None => part(layer, 0, size - 1, budget)?,
    };
    let name: String = layer
        .id
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    Ok(answer
        .with_header("accept-ranges", "bytes")
        .with_header("etag", tag)
        .with_header("cache-control", "public, no-cache")
        .with_header("content-crs", format!("<{}>", layer.crs.uri()))
        .with_header(
            "content-disposition",
            format!("attachment; filename=\"{name}.fgb\""),
        ))
}

/// What stands for the state of a layer's data.
pub fn tag(layer: &Layer) -> String {
    let version = layer.store.version().as_bytes();
    Fingerprint::new().bytes(version).text()
}

/// The bytes from `first` to `last`, both sent.
fn part(layer: &Arc<Layer>, first: u64, last: u64, budget: &Budget) -> Result<Answer> {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    let pieces = FilePieces {
        layer: Arc::clone(layer),
        at: place(first),
        end: place(last).saturating_add(1),
    };
    let length = last.saturating_sub(first).saturating_add(1);
    let answer = Answer::stream(FLATGEOBUF, pieces, budget)?;
    Ok(match answer.more {
        Some(_) => answer.with_header("content-length", length.to_string()),
        None => answer,
    })
}

struct FilePieces {
    layer: Arc<Layer>,
    at: usize,
    end: usize,
}

impl Pieces for FilePieces {
    fn pull(&mut self, out: &mut Vec<u8>, _: &Budget) -> Result<Rest> {
        let to = self.end.min(self.at.saturating_add(PIECE_BYTES));
        let piece = |bytes: &[u8]| {
            bytes
                .get(self.at..to)
                .map(|piece| out.extend_from_slice(piece))
        };
        let store = &self.layer.store;
        // asked again behind it: what was found gone while it was copied reads as zeros
        if store.flatgeobuf().and_then(piece).is_none() || store.flatgeobuf().is_none() {
            return Err(Error::data(
                &self.layer.path,
                "the file was cut while it was sent",
            ));
        }
        self.at = to;
        Ok(if to < self.end {
            Rest::More
        } else {
            Rest::Done
        })
    }
}

/// The first and the last byte that a `Range` header asks for; `Some(None)` where the file has
/// none of them, `None` for the whole: no header, one that can't be read (§14.2), several ranges.
fn parse_range(range: &str, size: u64) -> Option<Option<(u64, u64)>> {
    let (unit, list) = range.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (from, to) = list.trim().split_once('-')?;
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    let end = size.checked_sub(1);
    let (first, last) = match (from.trim(), to.trim()) {
        ("", count) => {
            let count = number(count)?;
            if count == 0 {
                return Some(None);
            }
            (size.saturating_sub(count), u64::MAX)
        }
        (from, "") => (number(from)?, u64::MAX),
        (from, to) => (number(from)?, number(to)?),
    };
    if first > last {
        return None;
    }
    Some(
        end.filter(|end| first <= *end)
            .map(|end| (first, last.min(end))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_14_1_2_ranges() {
        let ask = |range| parse_range(range, 1000);
        assert_eq!(ask("bytes=0-99"), Some(Some((0, 99))));
        assert_eq!(ask("bytes=990-5000"), Some(Some((990, 999))));
        assert_eq!(ask("Bytes = 7-"), Some(Some((7, 999))));
        assert_eq!(ask("bytes=-10"), Some(Some((990, 999))));
        assert_eq!(ask("bytes=-5000"), Some(Some((0, 999))));
        for outside in [
            "bytes=1000-",
            "bytes=1000-1001",
            "bytes=-0",
            "bytes=99999999999999999999-",
        ] {
            assert_eq!(ask(outside), Some(None), "{outside}");
        }
        for whole in [
            "",
            "bytes",
            "bytes=",
            "bytes=a-b",
            "bytes=5-2",
            "lines=0-1",
            "bytes=0-1,5-6",
            "bytes=+1-2",
        ] {
            assert_eq!(ask(whole), None, "{whole}");
        }
        assert_eq!(parse_range("bytes=0-", 0), Some(None));
    }
}
