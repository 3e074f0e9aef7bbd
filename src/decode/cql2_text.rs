//! CQL2 text (OGC 21-065r2 §8.1 and annex B) → [`Filter`].
//!
//! Beyond the grammar: a property alone is a condition where it is true or false, `BETWEEN` takes
//! dates and texts, `ENVELOPE(x1, x2, y1, y2)` of older drafts is read, and so are `M` and `ZM`.
//!
//! # Not supported
//! Powers in a row (`2 ^ 3 ^ 4`, which the grammar does not have) need parentheses. In arrays, an
//! array of one element inside an array is that element.

mod geoserver;
mod lexer;
mod source;
mod wkt;

pub(super) use geoserver::period;
pub(crate) use lexer::is_plain_name;

use super::cql2::{Builder, Item, MAX_BYTES, MAX_NESTING, Part};
use super::filter_context::FilterContext;
use crate::error::{Error, Result};
use crate::query::{Expr, Filter, Literal, Moment};
use lexer::{Kind, Token};
pub(super) use source::Origin;
use source::Source;

/// Reads a filter. Geometries come out in the layer's CRS.
///
/// ```
/// use cartotheque::{crs::Crs, decode::{cql2_text, filter_context::FilterContext}};
/// let context = FilterContext::new(Crs::from_epsg(2154)?);
/// let filter = cql2_text::parse("population > 1000 AND S_INTERSECTS(geom, POINT(4.8 45.7))", &context);
/// assert!(filter.is_ok());
/// # Ok::<(), cartotheque::error::Error>(())
/// ```
///
/// # Errors
/// `InvalidFilter` with line and column: what was expected there and what was found.
pub fn parse(text: &str, context: &FilterContext) -> Result<Filter> {
    read(Source::written(text), context, false)
}

/// Reads a filter in GeoServer's words, made of another text: faults are told as places of that
/// one.
///
/// # Errors
/// As [`parse`].
pub(super) fn parse_ecql(
    text: &str,
    origin: &Origin<'_>,
    context: &FilterContext,
) -> Result<Filter> {
    read(Source::made(text, origin), context, true)
}

fn read(source: Source<'_>, context: &FilterContext, is_ecql: bool) -> Result<Filter> {
    let text = source.text;
    if text.len() > MAX_BYTES {
        return Err(Error::LimitExceeded {
            what: "size of a filter in bytes",
            limit: MAX_BYTES as u64,
            found: text.len() as u64,
        });
    }
    let mut parser = Parser {
        source,
        tokens: lexer::tokens(source)?,
        next: 0,
        nesting: 0,
        is_ecql,
        builder: Builder::new(context),
    };
    let part = parser.disjunction()?;
    if *parser.peek() != Kind::End {
        let hint = match parser.peek() {
            Kind::Word(word) if is_ecql => geoserver::hint(word),
            _ => String::new(),
        };
        return Err(parser.unexpected("AND, OR or the end", &hint));
    }
    part.into_condition()
        .map_err(|message| source.fault(0, &message))
}

/// The words that are no names unless they stand in double quotes.
pub(crate) const RESERVED: [&str; 10] = [
    "AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "TRUE", "FALSE",
];

struct Parser<'t, 'c> {
    source: Source<'t>,
    tokens: Vec<Token<'t>>,
    /// The token that is read next.
    next: usize,
    /// How many parentheses, functions and negations are open.
    nesting: u32,
    /// True where the words that GeoServer has beyond CQL2 are read.
    is_ecql: bool,
    builder: Builder<'c>,
}

/// What binds how strongly.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum Level {
    Sum,
    Product,
    Power,
}

impl<'t> Parser<'t, '_> {
    fn peek(&self) -> &Kind<'t> {
        self.ahead(0)
    }

    fn ahead(&self, count: usize) -> &Kind<'t> {
        let token = self.tokens.get(self.next.saturating_add(count));
        token.map_or(&Kind::End, |token| &token.kind)
    }

    fn at(&self) -> usize {
        let token = self.tokens.get(self.next);
        token.map_or(self.source.text.len(), |token| token.at)
    }

    fn advance(&mut self) {
        self.next = self.next.saturating_add(1);
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Kind::Word(found) if found.eq_ignore_ascii_case(word))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Kind::Sign(found) if *found == sign);
        if found {
            self.advance();
        }
        found
    }

    fn need_sign(&mut self, sign: &str, why: &str) -> Result<()> {
        match self.take_sign(sign) {
            true => Ok(()),
            false => Err(self.expected(&format!("{sign:?} {why}"))),
        }
    }

    fn need_word(&mut self, word: &str) -> Result<()> {
        match self.take_word(word) {
            true => Ok(()),
            false => Err(self.expected(word)),
        }
    }

    fn expected(&self, what: &str) -> Error {
        self.unexpected(what, "")
    }

    fn unexpected(&self, what: &str, hint: &str) -> Error {
        let found = self.peek().describe();
        let message = format!("expected {what}, found {found}{hint}");
        self.source.fault(self.at(), &message)
    }

    fn build(
        &mut self,
        at: usize,
        build: impl FnOnce(&mut Builder<'_>) -> Result<Part, String>,
    ) -> Result<Part> {
        build(&mut self.builder).map_err(|message| self.source.fault(at, &message))
    }

    fn nested<R>(&mut self, inner: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        if self.nesting >= MAX_NESTING {
            let message =
                format!("parentheses and functions are nested at most {MAX_NESTING} deep");
            return Err(self.source.fault(self.at(), &message));
        }
        self.nesting = self.nesting.saturating_add(1);
        let read = inner(self);
        self.nesting = self.nesting.saturating_sub(1);
        read
    }

    /// `booleanExpression`, or a value where one stands alone.
    fn disjunction(&mut self) -> Result<Part> {
        self.chain("OR", Self::conjunction)
    }

    fn conjunction(&mut self) -> Result<Part> {
        self.chain("AND", Self::factor)
    }

    fn chain(&mut self, word: &str, inner: fn(&mut Self) -> Result<Part>) -> Result<Part> {
        let first = inner(self)?;
        if !self.is_word(word) {
            return Ok(first);
        }
        let at = self.at();
        let mut parts = vec![first];
        while self.take_word(word) {
            parts.push(inner(self)?);
        }
        self.build(at, |b| b.operation(word, parts))
    }

    fn factor(&mut self) -> Result<Part> {
        let at = self.at();
        if self.take_word("NOT") {
            let inner = self.nested(Self::factor)?;
            return self.build(at, |b| b.operation("not", vec![inner]));
        }
        self.predicate()
    }

    fn predicate(&mut self) -> Result<Part> {
        let left = self.arithmetic(Level::Sum)?;
        self.compared(left)
    }

    /// What may stand behind a value. Apart from [`predicate`](Parser::predicate), so that its
    /// room is not taken once for each parenthesis that is open.
    fn compared(&mut self, mut left: Part) -> Result<Part> {
        let at = self.at();
        if let Kind::Sign(sign @ ("=" | "<>" | "<" | "<=" | ">" | ">=")) = *self.peek() {
            self.advance();
            let right = self.arithmetic(Level::Sum)?;
            return self.build(at, |b| b.operation(sign, vec![left, right]));
        }
        if self.take_word("IS") {
            let not = self.take_word("NOT");
            self.need_word("NULL")?;
            let part = self.build(at, |b| b.operation("isNull", vec![left]))?;
            return self.negated(at, not, part);
        }
        let not = self.take_word("NOT");
        if self.is_ecql {
            left = match geoserver::predicate(self, left, not)? {
                Ok(part) => return self.negated(at, not, part),
                Err(left) => left,
            };
        }
        let part = if self.take_word("LIKE") {
            let pattern = self.arithmetic(Level::Sum)?;
            self.build(at, |b| b.operation("like", vec![left, pattern]))?
        } else if self.take_word("BETWEEN") {
            let low = self.arithmetic(Level::Sum)?;
            self.need_word("AND")?;
            let high = self.arithmetic(Level::Sum)?;
            self.build(at, |b| b.operation("between", vec![left, low, high]))?
        } else if self.take_word("IN") {
            self.need_sign("(", "before the list of IN")?;
            let list_at = self.at();
            let items = self.nested(|p| p.list(Self::element))?;
            let list = self.build(list_at, |b| b.array(items))?;
            self.build(at, |b| b.operation("in", vec![left, list]))?
        } else if not {
            return Err(self.expected("LIKE, BETWEEN or IN behind NOT"));
        } else {
            return Ok(left);
        };
        self.negated(at, not, part)
    }

    fn negated(&mut self, at: usize, not: bool, part: Part) -> Result<Part> {
        match not {
            true => self.build(at, |b| b.operation("not", vec![part])),
            false => Ok(part),
        }
    }

    fn arithmetic(&mut self, level: Level) -> Result<Part> {
        let mut left = match level {
            Level::Sum => self.arithmetic(Level::Product)?,
            Level::Product => self.arithmetic(Level::Power)?,
            Level::Power => self.operand()?,
        };
        loop {
            let at = self.at();
            let op = match (level, self.peek()) {
                (Level::Sum, Kind::Sign(sign @ ("+" | "-")))
                | (Level::Product, Kind::Sign(sign @ ("*" | "/" | "%")))
                | (Level::Power, Kind::Sign(sign @ "^")) => *sign,
                (Level::Product, Kind::Word(word)) if word.eq_ignore_ascii_case("div") => "div",
                _ => return Ok(left),
            };
            self.advance();
            let right = match level {
                Level::Sum => self.arithmetic(Level::Product)?,
                Level::Product => self.arithmetic(Level::Power)?,
                Level::Power => self.operand()?,
            };
            left = self.build(at, |b| b.operation(op, vec![left, right]))?;
            if level == Level::Power && *self.peek() == Kind::Sign("^") {
                return Err(self.expected("parentheses around one of two powers"));
            }
        }
    }

    /// A value, a function, or anything in parentheses.
    fn operand(&mut self) -> Result<Part> {
        let at = self.at();
        match self.peek().clone() {
            Kind::Number(number) => {
                self.advance();
                self.number(at, number, "")
            }
            Kind::Sign("-") => {
                self.advance();
                if let Kind::Number(number) = *self.peek() {
                    self.advance();
                    return self.number(at, number, "-");
                }
                let inner = self.nested(Self::operand)?;
                let minus = self.build(at, |b| b.literal(Literal::Number(-1.0)))?;
                self.build(at, |b| b.operation("*", vec![minus, inner]))
            }
            Kind::Sign("+") if matches!(self.ahead(1), Kind::Number(_)) => {
                self.advance();
                self.operand()
            }
            Kind::Text(text) => {
                self.advance();
                self.build(at, |b| b.literal(Literal::Text(text)))
            }
            Kind::Quoted(name) => {
                self.advance();
                self.build(at, |b| b.leaf(Expr::Property(name)))
            }
            Kind::Sign("(") => {
                self.advance();
                self.nested(|p| p.parenthesis(at))
            }
            Kind::Word(word) => self.word(at, word),
            _ => Err(self.expected("a value, a property or a function")),
        }
    }

    /// What stands behind an opening parenthesis: one part, or the elements of an array.
    fn parenthesis(&mut self, at: usize) -> Result<Part> {
        if self.take_sign(")") {
            return self.build(at, |b| b.array(Vec::new()));
        }
        let first = self.disjunction()?;
        if *self.peek() != Kind::Sign(",") {
            self.need_sign(")", "at the end of the parenthesis")?;
            return Ok(first);
        }
        let mut elements = vec![first];
        while self.take_sign(",") {
            elements.push(self.disjunction()?);
        }
        self.need_sign(")", "or \",\" in the array")?;
        self.build(at, |b| b.array(elements))
    }

    fn element(&mut self) -> Result<Part> {
        self.arithmetic(Level::Sum)
    }

    /// Parts between commas, up to the closing parenthesis.
    fn list(&mut self, part: fn(&mut Self) -> Result<Part>) -> Result<Vec<Part>> {
        let mut parts = Vec::new();
        if self.take_sign(")") {
            return Ok(parts);
        }
        loop {
            parts.push(part(self)?);
            if self.take_sign(")") {
                return Ok(parts);
            }
            self.need_sign(",", "or \")\" in the list")?;
        }
    }

    fn number(&mut self, at: usize, digits: &str, sign: &str) -> Result<Part> {
        let text = format!("{sign}{digits}");
        let literal = match text.parse::<i64>() {
            Ok(integer) => Literal::integer(integer),
            Err(_) => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Literal::Number(number),
                _ => {
                    let message = format!("{text} is too large a number");
                    return Err(self.source.fault(at, &message));
                }
            },
        };
        self.build(at, |b| b.literal(literal))
    }

    fn word(&mut self, at: usize, word: &'t str) -> Result<Part> {
        if word.eq_ignore_ascii_case("TRUE") || word.eq_ignore_ascii_case("FALSE") {
            self.advance();
            let truth = Literal::Bool(word.eq_ignore_ascii_case("TRUE"));
            return self.build(at, |b| b.literal(truth));
        }
        if self.is_ecql {
            if self.is_word("IN") {
                return geoserver::ids(self, at);
            }
            if let Some(part) = geoserver::extended_wkt(self, at)? {
                return Ok(part);
            }
        }
        if RESERVED.iter().any(|r| r.eq_ignore_ascii_case(word)) {
            let hint = match word.eq_ignore_ascii_case("NULL") {
                true => "a value (a test for null is IS NULL)",
                false => "a value, a property or a function",
            };
            return Err(self.expected(hint));
        }
        if let Some(geometry) = wkt::read(self)? {
            return self.build(at, |b| b.geometry(geometry));
        }
        self.advance();
        if !self.take_sign("(") {
            return self.build(at, |b| b.leaf(Expr::Property(word.to_owned())));
        }
        if self.is_ecql
            && let Some(part) = geoserver::call(self, at, word)?
        {
            return Ok(part);
        }
        let named = |name: &str| word.eq_ignore_ascii_case(name);
        if named("BBOX") || named("ENVELOPE") {
            return self.boxed(at, named("ENVELOPE"));
        }
        let arguments = self.nested(|p| p.list(Self::disjunction))?;
        if named("DATE") || named("TIMESTAMP") {
            return self.instant(at, named("DATE"), arguments);
        }
        if named("INTERVAL") {
            return self.build(at, |b| b.interval(arguments));
        }
        self.build(at, |b| b.operation(word, arguments))
    }

    fn boxed(&mut self, at: usize, is_envelope: bool) -> Result<Part> {
        let mut numbers = Vec::new();
        loop {
            numbers.push(wkt::coordinate(self)?);
            if self.take_sign(")") {
                break;
            }
            self.need_sign(",", "or \")\" in the box")?;
        }
        if let (true, [west, east, a, b]) = (is_envelope, &numbers[..]) {
            numbers = vec![*west, a.min(*b), *east, a.max(*b)];
        }
        self.build(at, |b| b.bbox(&numbers))
    }

    fn instant(&mut self, at: usize, is_date: bool, arguments: Vec<Part>) -> Result<Part> {
        let text = match &arguments[..] {
            [only] => match &only.item {
                Item::Value(Expr::Literal(Literal::Text(text))) => Some(text.as_str()),
                _ => None,
            },
            _ => None,
        };
        let moment = text.and_then(Moment::parse);
        match (moment, is_date) {
            (Some(moment @ Moment::Day(_)), true) | (Some(moment @ Moment::Instant(..)), false) => {
                self.build(at, |b| b.literal(Literal::Moment(moment)))
            }
            _ => {
                let expected = match is_date {
                    true => "DATE('2024-02-29')",
                    false => "TIMESTAMP('2024-02-29T12:00:00Z')",
                };
                let found = match text {
                    Some(text) => format!("{text:?}"),
                    None => format!("{} arguments that are no text", arguments.len()),
                };
                let message = format!("expected {expected}, found {found}");
                Err(self.source.fault(at, &message))
            }
        }
    }
}
