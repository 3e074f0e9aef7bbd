use std::cmp::Ordering;

/// How the UPDATESEQUENCE of a request stands to the current one; `None` for what is no number,
/// which can't be compared and is no reason to withhold a document.
///
/// Whole numbers are compared as such. Others come from clients that count with floating point:
/// XPath 2.0 writes all from a million on as `1.795E9`.
pub fn compare_sequence(found: &str, current: u64) -> Option<Ordering> {
    let found = found.trim();
    if let Ok(known) = found.parse::<u64>() {
        return Some(known.cmp(&current));
    }
    // exact as long as sequences are below 2^53; seconds since 1970 are
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    let current = current as f64;
    let known: f64 = found.parse().ok()?;
    known.partial_cmp(&current)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_compared_in_every_notation_of_a_number() {
        for (found, expected) in [
            ("1795394888", Some(Ordering::Equal)),
            ("1795394889", Some(Ordering::Greater)),
            ("0", Some(Ordering::Less)),
            ("1.795394887E9", Some(Ordering::Less)),
            ("1.795394888E9", Some(Ordering::Equal)),
            ("1.795394889E9", Some(Ordering::Greater)),
            ("-1", Some(Ordering::Less)),
            ("later", None),
            ("NaN", None),
            ("", None),
        ] {
            assert_eq!(compare_sequence(found, 1_795_394_888), expected, "{found}");
        }
    }
}
