//! What GeoServer's ECQL has beyond CQL2: relations without `S_`, `DWITHIN` and `BEYOND`,
//! `RELATE`, a box or a geometry with a CRS, ids, times between, `EXISTS`.

use super::lexer::Kind;
use super::{Item, Parser, Part, wkt};
use crate::error::{Error, Result, nearest};
use crate::query::{CompareOp, Distance, Expr, Filter, Literal, Moment, SpatialOp};

use super::super::cql2::MAX_NODES;
use super::super::fes::Literals;

/// The functions that are conditions, by their names here.
const CONDITIONS: [&str; 8] = [
    "CONTAINS",
    "CROSSES",
    "DISJOINT",
    "EQUALS",
    "INTERSECTS",
    "OVERLAPS",
    "TOUCHES",
    "WITHIN",
];

/// Reads what follows `word(`; `None` for a function that CQL2 has too.
pub(super) fn call(parser: &mut Parser<'_, '_>, at: usize, word: &str) -> Result<Option<Part>> {
    let upper = word.to_ascii_uppercase();
    let part = match upper.as_str() {
        "BBOX" if !is_number(parser) => boxed(parser, at)?,
        "DWITHIN" => reach(parser, SpatialOp::DWithin)?,
        "BEYOND" => reach(parser, SpatialOp::Beyond)?,
        "RELATE" => {
            let arguments = parser.nested(|p| p.list(Parser::disjunction))?;
            let is_pattern =
                |text: &str| text.len() == 9 && text.bytes().all(|b| b"TF*012tf".contains(&b));
            match arguments.get(2).map(|pattern| &pattern.item) {
                Some(Item::Value(Expr::Literal(Literal::Text(text)))) if is_pattern(text) => {}
                _ => {
                    let message = "RELATE takes two geometries and a pattern of nine of T, F, *, \
                                   0, 1 and 2, as 'T*F**FFF*'";
                    return Err(parser.source.fault(at, message));
                }
            }
            parser.build(at, |b| b.operation("relatePattern", arguments))?
        }
        relation if CONDITIONS.contains(&relation) => {
            let operands = parser.nested(|p| p.list(Parser::disjunction))?;
            parser.build(at, |b| b.operation(&format!("s_{word}"), operands))?
        }
        _ => return Ok(None),
    };
    Ok(Some(part))
}

/// True where a number follows, with or without its sign.
fn is_number(parser: &Parser<'_, '_>) -> bool {
    matches!(parser.peek(), Kind::Number(_))
        || (matches!(parser.peek(), Kind::Sign("-" | "+"))
            && matches!(parser.ahead(1), Kind::Number(_)))
}

/// `BBOX(geom, x1, y1, x2, y2)`, with the CRS of the numbers behind them or without.
fn boxed(parser: &mut Parser<'_, '_>, at: usize) -> Result<Part> {
    let geometry = parser.nested(Parser::element)?;
    let mut numbers = Vec::new();
    let mut crs = None;
    while !parser.take_sign(")") {
        parser.need_sign(",", "or \")\" in the box")?;
        let named = match parser.peek() {
            Kind::Text(name) => Some(name.clone()),
            Kind::Word(name) => Some((*name).to_owned()),
            _ => None,
        };
        match named {
            Some(name) if numbers.len() == 4 => {
                crs = Some((parser.at(), name));
                parser.advance();
                parser.need_sign(")", "behind the CRS of the box")?;
                break;
            }
            _ => numbers.push(wkt::coordinate(parser)?),
        }
    }
    let context = match &crs {
        Some((at, name)) => {
            let context = parser.builder.context.in_crs(name);
            context.map_err(|error| parser.source.fault(*at, &error.to_string()))?
        }
        None => parser.builder.context.clone(),
    };
    let corners = <[f64; 4]>::try_from(numbers).map_err(|found| {
        let message = format!("a box has 4 numbers, found {}", found.len());
        parser.source.fault(at, &message)
    })?;
    let image = context.boxed(corners);
    let image = image.map_err(|error| fault(parser, at, error))?;
    let right = parser.build(at, |b| b.literal(Literal::Geometry(image)))?;
    parser.build(at, |b| b.operation("s_intersects", vec![geometry, right]))
}

/// `geometry, geometry, distance, unit)`.
fn reach(parser: &mut Parser<'_, '_>, op: SpatialOp) -> Result<Part> {
    let at = parser.at();
    let left = parser.nested(Parser::element)?;
    parser.need_sign(",", "behind the first geometry")?;
    let right = parser.nested(Parser::element)?;
    parser.need_sign(",", "behind the second geometry")?;
    let number_at = parser.at();
    let number = wkt::coordinate(parser)?;
    if number < 0.0 {
        let message = format!("a distance is a number from 0, found {number}");
        return Err(parser.source.fault(number_at, &message));
    }
    parser.need_sign(
        ",",
        "and a unit as meters or kilometers behind the distance",
    )?;
    let unit_at = parser.at();
    let mut unit = String::new();
    loop {
        match parser.peek() {
            Kind::Word(word) => unit = format!("{unit} {word}"),
            Kind::Text(text) if unit.is_empty() => unit = text.clone(),
            _ if unit.is_empty() => return Err(parser.expected("a unit as meters or kilometers")),
            _ => break,
        }
        parser.advance();
    }
    parser.need_sign(")", "behind the unit")?;
    // the relation of the two checks what they are
    let part = parser.build(at, |b| b.operation("s_intersects", vec![left, right]))?;
    let Item::Condition(Filter::Spatial { left, right, .. }) = part.item else {
        return Err(parser.source.fault(at, "expected two geometries"));
    };
    let operands = [left, right];
    let context = parser.builder.context;
    let distance = context.distance(number, Some(&unit), &operands);
    let distance: Distance = distance.map_err(|error| fault(parser, unit_at, error))?;
    let [left, right] = operands;
    let filter = Filter::Spatial {
        op,
        left,
        right,
        distance,
    };
    parser.build(at, |b| b.condition(filter))
}

/// `SRID=2154;POINT(…)`; `None` where something else follows, and nothing is read then.
pub(super) fn extended_wkt(parser: &mut Parser<'_, '_>, at: usize) -> Result<Option<Part>> {
    let Kind::Number(code) = *parser.ahead(2) else {
        return Ok(None);
    };
    let is_one = parser.is_word("SRID")
        && *parser.ahead(1) == Kind::Sign("=")
        && *parser.ahead(3) == Kind::Sign(";");
    if !is_one {
        return Ok(None);
    }
    let context = parser.builder.context.in_crs(&format!("EPSG:{code}"));
    let context = context.map_err(|error| fault(parser, at, error))?;
    for _ in 0..4 {
        parser.advance();
    }
    let Some(mut geometry) = wkt::read(parser)? else {
        return Err(parser.expected("a geometry as POINT(1 2) behind its SRID"));
    };
    let placed = context.place_own(&mut geometry);
    placed.map_err(|error| fault(parser, at, error))?;
    let part = parser.build(at, |b| b.literal(Literal::Geometry(geometry)));
    part.map(Some)
}

/// `IN ('layer.1', 2)`: features by their ids. `IN` is the next word.
pub(super) fn ids(parser: &mut Parser<'_, '_>, at: usize) -> Result<Part> {
    parser.advance();
    parser.need_sign("(", "before the ids")?;
    let mut ids = Vec::new();
    loop {
        match parser.peek() {
            Kind::Text(id) => ids.push(id.clone()),
            Kind::Number(id) => ids.push((*id).to_owned()),
            _ => return Err(parser.expected("an id as 'layer.1' or 1")),
        }
        parser.advance();
        if ids.len() > MAX_NODES as usize {
            let message = format!("a filter has at most {MAX_NODES} ids");
            return Err(parser.source.fault(at, &message));
        }
        if parser.take_sign(")") {
            return parser.build(at, |b| b.condition(Filter::Ids(ids)));
        }
        parser.need_sign(",", "or \")\" in the ids")?;
    }
}

/// What may follow a value here only: `EXISTS`, `BEFORE`, `ILIKE`; the value back where none does.
pub(super) fn predicate(
    parser: &mut Parser<'_, '_>,
    left: Part,
    is_negated: bool,
) -> Result<Result<Part, Part>> {
    let at = parser.at();
    if parser.take_word("ILIKE") {
        let pattern = parser.element()?;
        let left = parser.build(at, |b| b.operation("casei", vec![left]))?;
        let pattern = parser.build(at, |b| b.operation("casei", vec![pattern]))?;
        return parser
            .build(at, |b| b.operation("like", vec![left, pattern]))
            .map(Ok);
    }
    if is_negated {
        return Ok(Err(left));
    }
    if parser.take_word("EXISTS") {
        return existence(parser, at, left, true).map(Ok);
    }
    if parser.is_word("DOES") {
        for word in ["DOES", "NOT", "EXIST"] {
            if word != "DOES" {
                parser.need_sign("-", "in DOES-NOT-EXIST")?;
            }
            parser.need_word(word)?;
        }
        return existence(parser, at, left, false).map(Ok);
    }
    for word in ["BEFORE", "AFTER", "DURING", "TEQUALS"] {
        if parser.take_word(word) {
            return in_time(parser, at, left, word).map(Ok);
        }
    }
    Ok(Err(left))
}

/// Whether there is such a column: one that is not is an error as it is anywhere, which names the
/// nearest.
fn existence(parser: &mut Parser<'_, '_>, at: usize, of: Part, exists: bool) -> Result<Part> {
    let null = parser.build(at, |b| b.operation("isNull", vec![of]))?;
    let always = parser.build(at, |b| b.literal(Literal::Bool(true)))?;
    let either = parser.build(at, |b| b.operation("or", vec![null, always]))?;
    match exists {
        true => Ok(either),
        false => parser.build(at, |b| b.operation("not", vec![either])),
    }
}

/// What stands behind `BEFORE` and its like: a moment, or a period.
fn in_time(parser: &mut Parser<'_, '_>, at: usize, value: Part, word: &str) -> Result<Part> {
    let also = match word {
        "BEFORE" => parser.take_word("OR").then_some("DURING"),
        "DURING" => parser.take_word("OR").then_some("AFTER"),
        _ => None,
    };
    if let Some(second) = also {
        parser.need_word(second)?;
    }
    let time_at = parser.at();
    let mut time = parser.element()?;
    if let Item::Value(Expr::Literal(Literal::Text(text))) = &time.item {
        time = written(parser, time_at, &text.clone())?;
    }
    let ends = match &time.item {
        Item::Value(Expr::Interval(begin, end)) => Some((begin.clone(), end.clone())),
        _ => None,
    };
    let mut compared = |op, end: Option<Box<Expr>>| -> Result<Part> {
        let Some(end) = end else {
            return parser.build(at, |b| b.literal(Literal::Bool(true)));
        };
        let end = parser.build(time_at, |b| b.leaf(*end))?;
        let value = value.clone();
        parser.build(at, |b| b.operation(CompareOp::name(op), vec![value, end]))
    };
    match (word, also, ends) {
        ("DURING", Some(_), Some((begin, _))) => compared(CompareOp::GreaterOrEqual, begin),
        ("BEFORE", Some(_), Some((_, end))) => compared(CompareOp::LessOrEqual, end),
        // a moment is during a period where it is after its begin and before its end; CQL2's
        // T_DURING is between periods
        ("DURING", None, Some((begin, end))) => {
            let after = compared(CompareOp::Greater, begin)?;
            let before = compared(CompareOp::Less, end)?;
            parser.build(at, |b| b.operation("and", vec![after, before]))
        }
        ("DURING", ..) | (_, Some(_), _) => Err(parser.source.fault(
            time_at,
            "expected a period as 2024-01-01T00:00:00Z/P1M behind DURING",
        )),
        _ => {
            let op = match word {
                "TEQUALS" => "t_equals".to_owned(),
                word => format!("t_{word}"),
            };
            parser.build(at, |b| b.operation(&op, vec![value, time]))
        }
    }
}

/// A moment or a period that stands in quotes.
fn written(parser: &mut Parser<'_, '_>, at: usize, text: &str) -> Result<Part> {
    if let Some(moment) = Moment::parse(text) {
        return parser.build(at, |b| b.literal(Literal::Moment(moment)));
    }
    let Some((begin, end)) = period(text) else {
        let message = format!(
            "expected a time as 2024-02-29T12:00:00Z or a period as 2024-01-01T00:00:00Z/P1M, \
             found '{text}'"
        );
        return Err(parser.source.fault(at, &message));
    };
    let end_of = |moment: Moment| Expr::Literal(Literal::Moment(moment));
    let ends = [
        parser.build(at, |b| b.leaf(end_of(begin)))?,
        parser.build(at, |b| b.leaf(end_of(end)))?,
    ];
    parser.build(at, |b| b.interval(ends.into()))
}

/// The two ends of `begin/end`, of which one may be a duration.
pub(in crate::decode) fn period(text: &str) -> Option<(Moment, Moment)> {
    let (begin, end) = text.split_once('/')?;
    match (Moment::parse(begin), Moment::parse(end)) {
        (Some(begin), Some(end)) => Some((begin, end)),
        (Some(begin), None) => Some((begin, begin.shifted(end, false)?)),
        (None, Some(end)) => Some((end.shifted(begin, true)?, end)),
        (None, None) => None,
    }
}

/// The word of the language that is nearest to one behind a value.
pub(super) fn hint(word: &str) -> String {
    const WORDS: [&str; 11] = [
        "AND", "OR", "LIKE", "ILIKE", "BETWEEN", "BEFORE", "AFTER", "DURING", "TEQUALS", "EXISTS",
        "IS",
    ];
    let near = nearest(&word.to_ascii_uppercase(), WORDS);
    near.map_or(String::new(), |near| format!(", did you mean {near}?"))
}

fn fault(parser: &Parser<'_, '_>, at: usize, error: Error) -> Error {
    match error {
        Error::InvalidFilter { message } => parser.source.fault(at, &message),
        other => parser.source.fault(at, &other.to_string()),
    }
}
