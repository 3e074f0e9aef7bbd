use crate::catalogue::Layer;
use crate::error::{Error, Result};
use crate::operation::features::touches;
use crate::query::{Filter, Moment};

/// Reads `datetime`: an instant or a day, or two with `/` between them, of which one may be `..`
/// or nothing, or one and a duration (OGC 17-069r4 §7.15.4). What passes are the features whose time touches it, both
/// ends included; a feature without a time does not. A layer without times passes whole.
///
/// # Errors
/// `InvalidParameter` for anything else, and for an end before its beginning.
pub fn filter(text: &str, layer: &Layer) -> Result<Option<Filter>> {
    let (from, to) = period(text)?;
    Ok(touches(layer, from, to))
}

/// The first and the last moment; `None` where there is no end.
fn period(text: &str) -> Result<(Option<Moment>, Option<Moment>)> {
    let wrong = |why: &str| {
        let found: String = text.chars().take(80).collect();
        Error::parameter("datetime", format!("{why}, found {found:?}"))
    };
    let moment = |part: &str| {
        // in a query string a plus sign is a space: the one of a zone is meant
        let part = match part.rsplit_once(' ') {
            Some((time, zone)) if time.contains(['T', 't']) => format!("{time}+{zone}"),
            _ => part.to_owned(),
        };
        Moment::parse(&part).ok_or_else(|| {
            wrong(
                "expected 2024-02-29, 2024-02-29T12:00:00Z, two of them with / between, or one \
                 and a duration such as P1M",
            )
        })
    };
    let Some((from, to)) = text.split_once('/') else {
        return moment(text).map(|at| (Some(at), Some(at)));
    };
    let end = |part: &str| match part {
        "" | ".." => Ok(None),
        part => moment(part).map(Some),
    };
    // a period may be told by one end and its duration (ISO 8601-1 §5.5.2)
    let is_duration = |part: &str| part.starts_with(['P', 'p']);
    let apart = |at: &str, duration: &str, back: bool| {
        moment(at)?
            .shifted(duration, back)
            .ok_or_else(|| wrong("expected a duration such as P1M or PT12H"))
            .map(Some)
    };
    let (from, to) = match (is_duration(from), is_duration(to)) {
        (false, true) => (end(from)?, apart(from, to, false)?),
        (true, false) => (apart(to, from, true)?, end(to)?),
        _ => (end(from)?, end(to)?),
    };
    match (from, to) {
        (Some(first), Some(last)) if first.order(last).is_gt() => {
            Err(wrong("expected a beginning before its end"))
        }
        both => Ok(both),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oapif_17_069r4_7_15_4_instants_days_and_intervals() {
        let day = |text| Moment::parse(text);
        let leap = day("2024-02-29");
        assert_eq!(period("2024-02-29"), Ok((leap, leap)));
        assert_eq!(period("../2024-02-29"), Ok((None, leap)));
        assert_eq!(period("/2024-02-29"), Ok((None, leap)));
        assert_eq!(period("2024-02-29/.."), Ok((leap, None)));
        assert_eq!(period("2024-02-29/"), Ok((leap, None)));
        let two_days = Ok((leap, day("2024-03-02")));
        assert_eq!(period("2024-02-29/P2D"), two_days);
        assert_eq!(period("P2D/2024-03-02"), two_days);
        let zoned = day("2024-02-29T12:00:00+02:00");
        assert_eq!(period("2024-02-29T12:00:00 02:00/.."), Ok((zoned, None)));
        for wrong in [
            "",
            "2023-02-29",
            "yesterday",
            "2024-01-02/2024-01-01",
            "a/b",
            "1/2/3",
            "2024",
            "P2D",
            "P2D/P2D",
            "../P2D",
            "P2D/..",
            "2024-02-29/P2X",
        ] {
            assert!(period(wrong).is_err(), "{wrong}");
        }
    }
}
