//! Validators: every packing of a tile has one of its own (RFC 9110 §8.8.3.3), all of them known
//! before the tile is read or made.

use crate::packing::{Accepted, Coding};

/// The codings that vector tiles are sent in, the one to take where a client has no preference
/// first.
pub(super) const OFFERED: [Coding; 3] = Coding::PACKED;

/// The strong validator of a tile, sent to who takes that coding.
pub(super) fn tag(of_tile: &str, coding: Coding) -> String {
    let suffix = coding.suffix();
    let mut tag = String::with_capacity(of_tile.len() + suffix.len() + 2);
    for part in ["\"", of_tile, suffix, "\""] {
        tag.push_str(part);
    }
    tag
}

/// The coding in which a client says by `If-None-Match` that it has the tile: one that it would
/// still take. Weak comparison (§13.1.2).
pub(super) fn known(
    if_none_match: &str,
    of_tile: &str,
    offered: &[Coding],
    accepted: Accepted,
) -> Option<Coding> {
    if if_none_match.is_empty() {
        return None;
    }
    if_none_match.split(',').find_map(|tag| {
        let tag = tag.trim();
        if tag == "*" {
            return Some(accepted.best(offered));
        }
        let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
        let suffix = tag.strip_prefix(of_tile)?;
        if suffix.is_empty() {
            return accepted
                .accepts(Coding::Identity)
                .then_some(Coding::Identity);
        }
        let mut offered = offered.iter().copied();
        offered.find(|coding| coding.suffix() == suffix && accepted.accepts(*coding))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_8_8_3_3_a_client_has_the_packing_that_it_was_sent() {
        let known = |tags: &str, header: &str| {
            known(tags, "1f", &OFFERED, Accepted::parse(header)).map(Coding::name)
        };
        assert_eq!(known("\"1f-gz\"", "gzip, br"), Some("gzip"));
        assert_eq!(known("W/\"1f-br\"", "gzip, br"), Some("br"));
        assert_eq!(known("\"1e\", \"1f\"", "gzip"), Some("identity"));
        assert_eq!(known("*", "zstd"), Some("zstd"));
        // what it has is in a coding that it no longer takes
        assert_eq!(known("\"1f-gz\"", "br"), None);
        assert_eq!(known("\"1f\"", "br, identity;q=0"), None);
        for other in ["", "\"1e\"", "\"1f-xx\"", "\"1f2\"", "1", "\"\""] {
            assert_eq!(known(other, "gzip, br"), None, "{other}");
        }
        assert_eq!(
            super::known("\"1f-gz\"", "1f", &[], Accepted::parse("gzip")),
            None
        );
        assert_eq!(tag("1f", Coding::Zstd), "\"1f-zst\"");
    }
}
