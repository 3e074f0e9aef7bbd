//! GeoServer's ECQL → [`Filter`]: what its users write into `CQL_FILTER` of a WMS or WFS.
//!
//! All of CQL2's text is read too. Here times without quotes (`2024-01-01T00:00:00Z`, with a
//! period's other end or duration behind a `/`) are put as CQL2 has them, and names as the columns
//! have them; what else is GeoServer's own reads [`cql2_text`] in its words.
//!
//! # Not supported
//! `JSONPOINTER`, curves in Well-Known Text, `ID IN (…)` (write `IN (…)`).

use super::cql2_text::{self, Origin};
use super::filter_context::FilterContext;
use crate::error::Result;
use crate::query::{Filter, Moment};

/// Reads a filter. Geometries come out in the layer's CRS.
///
/// # Errors
/// `InvalidFilter` with line and column in the text as it was written.
pub fn parse(text: &str, context: &FilterContext) -> Result<Filter> {
    parse_named(text, context, &|_| None)
}

/// The same where columns have other names, too: `column` gives the column of such a name.
///
/// # Errors
/// As [`parse`].
pub fn parse_named<'n>(
    text: &str,
    context: &FilterContext,
    column: &dyn Fn(&str) -> Option<&'n str>,
) -> Result<Filter> {
    let (made, origin) = to_cql2(text, column);
    cql2_text::parse_ecql(&made, &origin, context)
}

/// The filters of a list, between semicolons: those in quotes are part of a text or a name.
pub fn split(list: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut begin, mut at) = (0, 0);
    let tokens = tokens(list);
    let said: Vec<&str> = tokens.iter().filter(|t| !is_space(t)).copied().collect();
    let mut place = 0;
    for token in tokens {
        // of `SRID=2154;POINT(1 2)` it is a part of the geometry
        let before = said.get(..place).unwrap_or_default();
        let is_srid = matches!(before, [.., srid, "=", _] if srid.eq_ignore_ascii_case("SRID"))
            && said.get(place + 1).is_some_and(|next| is_shape(next));
        place += usize::from(!is_space(&token));
        if token == ";" && !is_srid {
            parts.push(list.get(begin..at).unwrap_or_default().trim());
            begin = at + 1;
        }
        at += token.len();
    }
    parts.push(list.get(begin..).unwrap_or_default().trim());
    parts
}

/// The filter in CQL2 text, and which part of it comes from where.
fn to_cql2<'t, 'n>(
    text: &'t str,
    column: &dyn Fn(&str) -> Option<&'n str>,
) -> (String, Origin<'t>) {
    let mut origin = Origin::new(text);
    match text.trim() {
        whole if whole.eq_ignore_ascii_case("INCLUDE") => return ("TRUE".to_owned(), origin),
        whole if whole.eq_ignore_ascii_case("EXCLUDE") => return ("FALSE".to_owned(), origin),
        _ => {}
    }
    let tokens = tokens(text);
    let starts: Vec<usize> = tokens
        .iter()
        .scan(0, |at, token| {
            Some(std::mem::replace(at, *at + token.len()))
        })
        .collect();
    let mut rest = tokens.as_slice();
    let mut out = String::with_capacity(text.len() + 32);
    while let Some((token, after)) = rest.split_first() {
        let start = starts.get(tokens.len() - rest.len()).copied();
        origin.add(out.len(), start.unwrap_or(text.len()));
        if let Some((time, tail)) = time(rest) {
            out.push_str(&time);
            rest = tail;
            continue;
        }
        rest = after;
        let next = after.iter().find(|t| !is_space(t)).copied();
        let name = token.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
        let is_name = name.is_some() || (is_word(token) && next != Some("("));
        match column(name.unwrap_or(token)).filter(|_| is_name) {
            Some(own) => out.push_str(&format!("\"{}\"", own.replace('"', "\"\""))),
            None => out.push_str(token),
        }
    }
    origin.add(out.len(), text.len());
    (out, origin)
}

/// Words, quoted texts, white space, and every other character by itself.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            // two quotes in a row are two texts here and one there: they stay side by side
            '\'' | '"' => rest
                .char_indices()
                .skip(1)
                .find(|(_, c)| *c == first)
                .map_or(rest.len(), |(at, _)| at + 1),
            c if c.is_whitespace() => rest
                .find(|c: char| !c.is_whitespace())
                .unwrap_or(rest.len()),
            c if is_letter(c) => rest.find(|c: char| !is_letter(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, tail) = rest.split_at_checked(length).unwrap_or((rest, ""));
        tokens.push(token);
        rest = tail;
    }
    tokens
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '-')
}

fn is_word(token: &str) -> bool {
    token
        .chars()
        .next()
        .is_some_and(|c| c.is_alphabetic() || c == '_')
}

/// True for the word that a geometry begins with.
fn is_shape(word: &str) -> bool {
    const SHAPES: [&str; 4] = ["POINT", "LINESTRING", "POLYGON", "GEOMETRYCOLLECTION"];
    let word = word.to_ascii_uppercase();
    SHAPES.contains(&word.strip_prefix("MULTI").unwrap_or(&word))
}

fn is_space(token: &&str) -> bool {
    token.trim().is_empty()
}

/// The time that the tokens begin with, as CQL2 writes it, and what follows it: a moment, or a
/// period of two moments or of a moment and a duration.
fn time<'t>(tokens: &'t [&'t str]) -> Option<(String, &'t [&'t str])> {
    let (first, tail) = end_of_time(tokens)?;
    if let [slash, behind @ ..] = tail
        && *slash == "/"
        && let Some((second, tail)) = end_of_time(behind)
        && let Some((begin, end)) = cql2_text::period(&format!("{first}/{second}"))
    {
        return Some((format!("INTERVAL('{begin}','{end}')"), tail));
    }
    Some((
        match Moment::parse(&first)? {
            Moment::Day(_) => format!("DATE('{first}')"),
            Moment::Instant(..) => format!("TIMESTAMP('{first}')"),
        },
        tail,
    ))
}

/// A moment or a duration; the offset of one to the east of Greenwich is a token of its own.
fn end_of_time<'t>(tokens: &'t [&'t str]) -> Option<(String, &'t [&'t str])> {
    let (token, tail) = tokens.split_first()?;
    let is_duration = |t: &str| t.len() > 2 && t.starts_with(['P', 'p']);
    if let [plus, offset, tail @ ..] = tail
        && *plus == "+"
        && token.contains(['T', 't'])
        && offset.contains(':')
    {
        let whole = format!("{token}+{offset}");
        return Moment::parse(&whole).map(|_| (whole, tail));
    }
    let is_time = Moment::parse(token).is_some() || is_duration(token);
    is_time.then(|| ((*token).to_owned(), tail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crs::Crs;
    use crate::decode::filter_context::AxisRule;
    use crate::query::{Distance, Expr, Literal, SpatialOp};
    use proptest::prelude::*;

    #[test]
    fn times_without_quotes_are_put_in_cql2s_words() {
        for (ecql, cql2) in [
            (
                "jour BEFORE 2020-01-01T00:00:00Z AND b = 2020-1",
                "jour BEFORE TIMESTAMP('2020-01-01T00:00:00Z') AND b = 2020-1",
            ),
            (
                "(jour DURING 2020-01-01T00:00:00+01:00/P1M)",
                "(jour DURING INTERVAL('2019-12-31T23:00:00Z','2020-01-31T23:00:00Z'))",
            ),
            ("jour > 2020-01-31", "jour > DATE('2020-01-31')"),
            ("include", "TRUE"),
            (
                "a > 1 AND b LIKE 'it''s 2020-01-01' AND within = 3",
                "a > 1 AND b LIKE 'it''s 2020-01-01' AND within = 3",
            ),
        ] {
            assert_eq!(to_cql2(ecql, &|_| None).0, cql2);
        }
        let column = |name: &str| (name == "nom_long").then_some("nom \"long\"");
        assert_eq!(
            to_cql2(
                "nom_long = 'nom_long' AND \"nom_long\" ILIKE 'x' AND nom_long(1) = 1",
                &column
            )
            .0,
            "\"nom \"\"long\"\"\" = 'nom_long' AND \
             \"nom \"\"long\"\"\" ILIKE 'x' AND nom_long(1) = 1"
        );
    }

    fn read(text: &str) -> Filter {
        let context = FilterContext {
            axis_rule: AxisRule::Spelled,
            ..FilterContext::new(Crs::from_epsg(2154).unwrap())
        };
        let context = context.with_filter_crs(Crs::from_epsg(2154).unwrap());
        parse(text, &context).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn what_geoserver_writes_means_what_cql2_writes() {
        for (ecql, cql2) in [
            (
                "INTERSECTS(geom, POINT(1 2))",
                "S_INTERSECTS(geom, POINT(1 2))",
            ),
            (
                "BBOX(geom, 1,2, 3,4.5) AND a = 'BBOX(x'",
                "S_INTERSECTS(geom, BBOX(1,2,3,4.5)) AND a = 'BBOX(x'",
            ),
            ("BBOX(geom,-1,2,3,4,'EPSG:2154')", "BBOX(geom,-1,2,3,4)"),
            (
                "nom NOT ILIKE 'l%' OR strToLowerCase(nom) ilike 'x'",
                "NOT CASEI(nom) LIKE CASEI('l%') OR CASEI(strToLowerCase(nom)) LIKE CASEI('x')",
            ),
            (
                "d BEFORE '2020-01-01T00:00:00Z'",
                "T_BEFORE(d, TIMESTAMP('2020-01-01T00:00:00Z'))",
            ),
            (
                "d DURING P1M/2021-01-31T00:00:00Z",
                "d > TIMESTAMP('2020-12-31T00:00:00Z') AND d < TIMESTAMP('2021-01-31T00:00:00Z')",
            ),
            (
                "d BEFORE OR DURING 2020-01-01T00:00:00Z/P1D",
                "d <= TIMESTAMP('2020-01-02T00:00:00Z')",
            ),
            (
                "d DURING OR AFTER 2020-01-01T00:00:00Z/P1D",
                "d >= TIMESTAMP('2020-01-01T00:00:00Z')",
            ),
            (
                "d TEQUALS 2020-01-01T00:00:00Z",
                "T_EQUALS(d, TIMESTAMP('2020-01-01T00:00:00Z'))",
            ),
            ("a EXISTS", "a IS NULL OR TRUE"),
            ("a DOES-NOT-EXIST", "NOT (a IS NULL OR TRUE)"),
            (
                "WITHIN(SRID=2154;POINT(1 2), geom)",
                "S_WITHIN(POINT(1 2), geom)",
            ),
        ] {
            assert_eq!(read(ecql), read(cql2), "{ecql}");
        }
        let ids = Filter::Ids(vec!["communes.1".into(), "2".into()]);
        assert_eq!(read("IN ('communes.1', 2)"), ids);
        assert_eq!(read("NOT IN ('communes.1', 2)"), Filter::Not(Box::new(ids)));
        let of_srid = read("CONTAINS(geom, SRID=4326;POINT(4.8357 45.764))");
        let Filter::Spatial {
            right: Expr::Literal(Literal::Geometry(point)),
            ..
        } = of_srid
        else {
            panic!("a relation");
        };
        let [x, y] = point.coords()[0];
        assert!((x - 842_667.0).abs() < 1.0 && (y - 6_519_925.0).abs() < 1.0);
        for (unit, metres) in [
            ("meters", 1.0),
            ("kilometers", 1000.0),
            ("feet", 0.3048),
            ("statute miles", 1609.344),
            ("'nautical miles'", 1852.0),
        ] {
            for (name, op) in [
                ("DWITHIN", SpatialOp::DWithin),
                ("beyond", SpatialOp::Beyond),
            ] {
                let filter = read(&format!("{name}(geom, POINT(842667 6519925), 2.5, {unit})"));
                let Filter::Spatial {
                    op: found,
                    distance,
                    ..
                } = filter
                else {
                    panic!("a relation");
                };
                assert_eq!((found, distance), (op, Distance::Plane(2.5 * metres)));
            }
        }
    }

    #[test]
    fn a_part_that_is_used_twice_counts_twice() {
        let length = |depth: usize, around: &dyn Fn(String) -> String| {
            let text = (0..depth).fold("a = 1".to_owned(), |inner, _| around(inner));
            format!("{:?}", read(&text)).len()
        };
        for around in [" IS NULL", " EXISTS", " DOES-NOT-EXIST"] {
            let around = |inner: String| format!("({inner}){around}");
            let (long, short) = (length(12, &around), length(6, &around));
            assert!(long < 3 * short, "{long} {short}");
        }
        let during = |depth: usize| {
            let text = (0..depth).fold("d".to_owned(), |inner, _| {
                format!("coalesce({inner} DURING 2020-01-01T00:00:00Z/P1M)")
            });
            parse(&text, &FilterContext::new(Crs::crs84()))
        };
        assert!(during(8).is_ok());
        let fault = during(16).unwrap_err().to_string();
        assert!(fault.contains("at most 100000 operators"), "{fault}");
    }

    #[test]
    fn faults_are_told_where_they_were_written() {
        let context = FilterContext::new(crate::crs::Crs::crs84());
        for (text, place) in [
            ("a == 1", "line 1, column 4: "),
            (
                "INTERSECTS(geom, POINT(1 2)) AND b ! 1",
                "line 1, column 36: ",
            ),
            (
                "BBOX(geom,1,2,3,4)\nAND nom ILIKE 'x' AND c c",
                "line 2, column 25: ",
            ),
            ("d BEFORE 2020-01-01T00:00:00Z AND", "line 1, column 34: "),
            (
                "DWITHIN(geom, POINT(1 2), 5, kilometer s)",
                "line 1, column 30: no unit of length \"kilometer s\", did you mean \"kilometers\"?",
            ),
            (
                "DWITHIN(geom, POINT(1 2), 5)",
                "line 1, column 28: expected",
            ),
            ("BBOX(geom,1,2,3,4,'EPSG:215400')", "line 1, column 19: "),
            (
                "RELATE(geom, POINT(1 2), 'T*')",
                "line 1, column 1: RELATE takes",
            ),
            ("a BEFORR 2020-01-01T00:00:00Z", "did you mean BEFORE?"),
            (
                "d DURING 2020-01-01T00:00:00Z",
                "line 1, column 10: expected a period",
            ),
            ("strToLowercas(a) = 'x'", "did you mean \"strToLowerCase\"?"),
        ] {
            let error = parse(text, &context).unwrap_err().to_string();
            assert!(error.contains(place), "{text}: {error}");
        }
    }

    #[test]
    fn a_list_is_parted_at_semicolons_outside_of_quotes() {
        assert_eq!(split("a = 1; b = 'x;y' ;"), ["a = 1", "b = 'x;y'", ""]);
        assert_eq!(split("\"a;b\" = 'it''s;'"), ["\"a;b\" = 'it''s;'"]);
        assert_eq!(split(""), [""]);
        let geometries = "WITHIN(geom, SRID=2154; POINT(1 2)); srid = 2154; a = 1";
        assert_eq!(split(geometries).len(), 3);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_fault(text in "(BBOX|DWITHIN|RELATE|SRID=1;|POINT|IN|NOT|EXISTS|ILIKE|DURING|a|'|\"|\\(|\\)|,|1| |é|/){0,30}") {
            let _ = parse(&text, &FilterContext::new(crate::crs::Crs::crs84()));
            prop_assert!(!split(&text).is_empty());
        }
    }
}
