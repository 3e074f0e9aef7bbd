//! TIME: which features are drawn, of layers that have times (OGC 06-042 Annexes C and D).

use std::time::Duration;

use super::Reader;
use crate::budget::Budget;
use crate::catalogue::Layer;
use crate::error::{Error, Result};
use crate::operation::MapLayer;
use crate::operation::features::touches;
use crate::query::{Filter, Moment};

/// Times that a request may name.
const MAX_TIMES: usize = 100;

/// What a map waits for the extent of a layer's times to tell that it was the default. A look that
/// is not done goes on with the next map; capabilities wait for its end.
const PATIENCE: Duration = Duration::from_millis(50);

/// What TIME asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Times(Vec<Time>);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Time {
    /// The newest moment that a layer has.
    Current,
    /// A first and a last moment, both included.
    Between(Moment, Moment),
}

impl Reader<'_> {
    /// # Errors
    /// `InvalidDimensionValue` for what is no time.
    pub(super) fn times(&self) -> Result<Option<Times>> {
        let text = self.kvp.get("TIME").map(str::trim);
        text.filter(|text| !text.is_empty()).map(parse).transpose()
    }

    /// The defaults that layers of a map are drawn at, as capabilities tell them; none where TIME is
    /// given.
    pub(in crate::protocol::wms) fn default_times(&self, layers: &[MapLayer]) -> Vec<String> {
        let mut defaults = Vec::new();
        let is_default = self.kvp.get("TIME").is_none();
        for layer in layers.iter().filter(|l| is_default && l.layer.is_temporal) {
            let budget = Budget::new(PATIENCE, u64::MAX, u64::MAX);
            let ends = self.service.engine.time_extent(&layer.layer, &budget);
            if let Ok([Some(first), Some(last)]) = ends {
                let default = time_extent([first, last]);
                if !defaults.contains(&default) {
                    defaults.push(default);
                }
            }
        }
        defaults
    }

    /// What of a layer is at one of the times; `None` for a layer without the dimension:
    /// everything of it is.
    ///
    /// # Errors
    /// What the store and the budget say where the newest moment is looked for.
    pub(super) fn at(&self, times: &Times, layer: &Layer) -> Result<Option<Filter>> {
        if !layer.is_temporal {
            return Ok(None);
        }
        let mut parts = Vec::new();
        for time in &times.0 {
            let (from, to) = match *time {
                Time::Between(from, to) => (Some(from), Some(to)),
                Time::Current => {
                    let [_, newest] = self.service.engine.time_extent(layer, self.budget)?;
                    // without an end it is what has not ended
                    (newest, None)
                }
            };
            parts.extend(touches(layer, from, to));
        }
        Ok(Some(match parts.len() {
            1 => parts.remove(0),
            _ => Filter::Or(parts),
        }))
    }
}

/// A first and a last moment as Annex D writes them.
pub fn time_extent([first, last]: [Moment; 2]) -> String {
    match first == last {
        true => first.to_string(),
        false => format!("{first}/{last}"),
    }
}

/// `2024-02-29`, `2024-02`, `2024`, `2024-02-29T12:00Z`, `current`; two moments with `/` between
/// them, whose resolution behind a second `/` makes no difference to features; several of these
/// with commas.
fn parse(text: &str) -> Result<Times> {
    let wrong = |why: String| Error::InvalidDimensionValue {
        dimension: "TIME".into(),
        message: why,
    };
    let found = |item: &str| item.chars().take(80).collect::<String>();
    let moments = |item: &str| {
        whole(item).ok_or_else(|| {
            wrong(format!(
                "expected 2024, 2024-02, 2024-02-29, 2024-02-29T12:00:00Z, two of them with / \
                 between, or current, found {:?}",
                found(item)
            ))
        })
    };
    let items: Vec<&str> = text.split(',').map(str::trim).collect();
    if items.len() > MAX_TIMES {
        return Err(wrong(format!(
            "expected at most {MAX_TIMES} times, found {}",
            items.len()
        )));
    }
    let times = items.into_iter().map(|item| {
        if item.eq_ignore_ascii_case("current") {
            return Ok(Time::Current);
        }
        let mut parts = item.split('/');
        let (from, to) = (parts.next().unwrap_or_default(), parts.next());
        let (first, mut last) = moments(from)?;
        if let Some(to) = to {
            last = moments(to)?.1;
        }
        let is_resolution = |part: &str| part.starts_with(['P', 'p']) || part == "0";
        if parts.next().is_some_and(|part| !is_resolution(part)) || parts.next().is_some() {
            return Err(wrong(format!(
                "expected BEGINNING/END/RESOLUTION such as 2024-01-01/2024-12-31/P1D, found {:?}",
                found(item)
            )));
        }
        if first.order(last).is_gt() {
            return Err(wrong(format!(
                "expected a beginning before its end, found {:?}",
                found(item)
            )));
        }
        Ok(Time::Between(first, last))
    });
    times.collect::<Result<Vec<Time>>>().map(Times)
}

/// The first and the last moment of a time told to the year, month, day, hour, minute or second
/// (Annex D.2.1).
fn whole(text: &str) -> Option<(Moment, Moment)> {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let until = |first: Moment, duration: &str| {
        let next = first.shifted(duration, false)?;
        Some((first, next.shifted("P1D", true)?))
    };
    match text.split('-').collect::<Vec<_>>().as_slice() {
        [year] if year.len() == 4 && is_digits(year) => {
            return until(Moment::parse(&format!("{text}-01-01"))?, "P1Y");
        }
        [year, month] if is_digits(year) && is_digits(month) => {
            return until(Moment::parse(&format!("{text}-01"))?, "P1M");
        }
        _ => {}
    }
    // in a query string a plus sign is a space: the one of a zone is meant
    let text = match text.rsplit_once(' ') {
        Some((time, zone)) if time.contains(['T', 't']) => format!("{time}+{zone}"),
        _ => text.to_owned(),
    };
    // an hour: 2024-02-29T12Z
    let hour = text.strip_suffix(['Z', 'z']).filter(|text| {
        let time = text.split_once(['T', 't']).map(|(_, time)| time);
        time.is_some_and(|time| time.len() == 2 && is_digits(time))
    });
    let moment = match hour {
        Some(text) => Moment::parse(&format!("{text}:00Z")),
        None => Moment::parse(&text),
    };
    moment.map(|moment| (moment, moment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wms13_annex_d_times_are_moments_ranges_and_lists_of_them() {
        let moment = |text| Moment::parse(text).unwrap();
        let between = |from, to| Time::Between(moment(from), moment(to));
        let day = between("2024-02-29", "2024-02-29");
        for (text, expected) in [
            ("2024-02-29", vec![day]),
            ("2024", vec![between("2024-01-01", "2024-12-31")]),
            ("2024-02", vec![between("2024-02-01", "2024-02-29")]),
            ("2023-01/2024", vec![between("2023-01-01", "2024-12-31")]),
            (
                "2024-02-29/2024-03-01/P1D",
                vec![between("2024-02-29", "2024-03-01")],
            ),
            ("2024-02-29, current", vec![day, Time::Current]),
            (
                "2024-02-29T12Z/2024-02-29T15:30:00 02:00",
                vec![between("2024-02-29T12:00:00Z", "2024-02-29T13:30:00Z")],
            ),
        ] {
            assert_eq!(parse(text), Ok(Times(expected)), "{text}");
        }
        for wrong in [
            "yesterday",
            "2023-02-29",
            "24",
            "2024-13",
            "2024-02-29/2024-02-28",
            "/",
            "2024/",
            "2024/2025/1/P1D",
            "2024/2025/x",
            ",",
            "2024-02-29,",
        ] {
            let error = parse(wrong).unwrap_err();
            assert!(
                matches!(error, Error::InvalidDimensionValue { .. }),
                "{wrong}: {error}"
            );
        }
        assert!(parse(&vec!["2024"; 101].join(",")).is_err());
    }
}
