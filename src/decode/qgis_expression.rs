//! Expressions of QGIS → [`Expr`]: what its SLD export writes where it has no words for them,
//! as the name of a property (`<PropertyName>sqrt("pop")</PropertyName>`) or in a comment.
//!
//! Read are columns, texts, numbers, arithmetic, `||`, comparisons, `AND OR NOT`, `IN`, `BETWEEN`,
//! `LIKE`, `ILIKE`, `IS NULL`, `CASE WHEN`, and the functions that [`Expr::call`] has, under the
//! names that QGIS has for them.
//!
//! # Not supported
//! Variables (`@map_scale`), regular expressions, aggregates, arrays, colours, dates computed: an
//! error names what it is.

use super::qgis_token::{Token, tokens};
use crate::query::{
    ArithmeticOp, CompareOp, Expr, Filter, Function, LikePattern, Literal, into_condition,
};

/// Deeper nesting is no expression that people write, and would end the stack.
const MAX_DEPTH: u32 = 64;

/// Inside each other they double what they hold each time.
const MAX_DOUBLED: u32 = 8;

/// Reads an expression.
///
/// # Errors
/// What was found in words, to follow "the expression … can't be read".
pub(super) fn parse(text: &str) -> Result<Expr, String> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        depth: 0,
        doubled: 0,
    };
    let expr = parser.or()?;
    match parser.tokens.first() {
        None => Ok(expr),
        Some(token) => Err(format!("{token} was not expected")),
    }
}

/// True for what can't be the name of a column alone: QGIS writes one without quotes.
pub(super) fn is_expression(text: &str) -> bool {
    text.contains([
        '"', '\'', '(', '|', '$', '*', '/', '%', '+', '^', '=', '<', '>',
    ])
}

/// True where the answer is in other units than QGIS's: it measures on the ellipsoid.
pub(super) fn measures(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["$area", "$length", "$perimeter"]
        .iter()
        .any(|word| lower.contains(word))
}

struct Parser<'t> {
    tokens: &'t [Token],
    depth: u32,
    /// Open functions whose argument stands twice in what they are read as.
    doubled: u32,
}

type Parsed = Result<Expr, String>;

impl Parser<'_> {
    fn sign(&mut self, wanted: &str) -> bool {
        let found = matches!(self.tokens.first(), Some(Token::Sign(sign)) if *sign == wanted);
        self.skip(usize::from(found));
        found
    }

    fn signs(&mut self, wanted: &[&'static str]) -> Option<&'static str> {
        let wanted = wanted.iter().copied();
        wanted.into_iter().find(|sign| self.sign(sign))
    }

    fn keyword(&mut self, wanted: &str) -> bool {
        let found = self.is_keyword(0, wanted);
        self.skip(usize::from(found));
        found
    }

    fn is_keyword(&self, ahead: usize, wanted: &str) -> bool {
        matches!(self.tokens.get(ahead), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted))
    }

    fn skip(&mut self, count: usize) {
        self.tokens = self.tokens.get(count..).unwrap_or_default();
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        match self.sign(sign) {
            true => Ok(()),
            false => Err(format!("{sign} was expected {}", self.here())),
        }
    }

    fn here(&self) -> String {
        match self.tokens.first() {
            Some(token) => format!("before {token}"),
            None => "at the end".to_owned(),
        }
    }

    fn or(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("it is nested deeper than {MAX_DEPTH}"));
        }
        let mut parts = vec![self.and()?];
        while self.keyword("or") {
            parts.push(self.and()?);
        }
        self.depth -= 1;
        Ok(joined(parts, Filter::Or))
    }

    fn and(&mut self) -> Parsed {
        let mut parts = vec![self.not()?];
        while self.keyword("and") {
            parts.push(self.not()?);
        }
        Ok(joined(parts, Filter::And))
    }

    fn not(&mut self) -> Parsed {
        let mut turns = 0_u32;
        while self.keyword("not") {
            turns += 1;
        }
        let inner = self.comparison()?;
        Ok((0..turns.min(2 + turns % 2)).fold(inner, |inner, _| {
            truth(Filter::Not(Box::new(into_condition(inner))))
        }))
    }

    fn comparison(&mut self) -> Parsed {
        let mut left = self.sum()?;
        loop {
            if let Some(sign) = self.signs(&["<>", "!=", "<=", ">=", "=", "<", ">"]) {
                let op = match sign {
                    "=" => CompareOp::Equal,
                    "<>" | "!=" => CompareOp::NotEqual,
                    "<" => CompareOp::Less,
                    "<=" => CompareOp::LessOrEqual,
                    ">" => CompareOp::Greater,
                    _ => CompareOp::GreaterOrEqual,
                };
                let right = self.sum()?;
                left = truth(Filter::Compare {
                    op,
                    left,
                    right,
                    match_case: true,
                });
            } else if self.keyword("is") {
                left = self.is(left)?;
            } else {
                let turned = self.is_keyword(0, "not")
                    && ["in", "like", "ilike", "between"]
                        .iter()
                        .any(|word| self.is_keyword(1, word));
                self.skip(usize::from(turned));
                let condition = if self.keyword("in") {
                    self.expect("(")?;
                    let list = self.list()?;
                    Filter::In { value: left, list }
                } else if self.keyword("between") {
                    let low = self.sum()?;
                    if !self.keyword("and") {
                        return Err(format!("AND was expected {}", self.here()));
                    }
                    let high = self.sum()?;
                    Filter::Between {
                        value: left,
                        low,
                        high,
                    }
                } else if self.is_keyword(0, "like") || self.is_keyword(0, "ilike") {
                    let match_case = self.is_keyword(0, "like");
                    self.skip(1);
                    self.like(left, match_case)?
                } else {
                    return Ok(left);
                };
                left = truth(match turned {
                    true => Filter::Not(Box::new(condition)),
                    false => condition,
                });
            }
        }
    }

    /// What follows `IS`: `NULL`, `NOT NULL`, a value.
    fn is(&mut self, left: Expr) -> Parsed {
        let turned = self.keyword("not");
        let condition = if self.keyword("null") {
            Filter::IsNull(left)
        } else {
            let equal = Filter::Compare {
                op: CompareOp::Equal,
                left,
                right: self.sum()?,
                match_case: true,
            };
            match turned {
                // null is not the value, where `<>` would not know
                true => Filter::Truth(truth(equal)),
                false => equal,
            }
        };
        Ok(truth(match turned {
            true => Filter::Not(Box::new(condition)),
            false => condition,
        }))
    }

    fn like(&mut self, value: Expr, match_case: bool) -> Result<Filter, String> {
        let Some(Token::Text(pattern)) = self.tokens.first() else {
            return Err(format!("a pattern in quotes was expected {}", self.here()));
        };
        let pattern = LikePattern::parse(pattern, Some('%'), Some('_'), Some('\\'));
        self.skip(1);
        Ok(Filter::Like {
            value,
            pattern,
            match_case,
        })
    }

    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        while let Some(sign) = self.signs(&["+", "-", "||"]) {
            let right = self.product()?;
            left = match (sign, left) {
                ("||", Expr::Concat(mut parts)) => {
                    parts.push(right);
                    Expr::Concat(parts)
                }
                ("||", left) => Expr::Concat(vec![left, right]),
                ("+", left) => arithmetic(ArithmeticOp::Add, left, right),
                (_, left) => arithmetic(ArithmeticOp::Subtract, left, right),
            };
        }
        Ok(left)
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.power()?;
        while let Some(sign) = self.signs(&["*", "//", "/", "%"]) {
            let right = self.power()?;
            left = match sign {
                "*" => arithmetic(ArithmeticOp::Multiply, left, right),
                "/" => arithmetic(ArithmeticOp::Divide, left, right),
                "%" => arithmetic(ArithmeticOp::Modulo, left, right),
                // towards the lower number, where CQL2's div goes towards zero
                _ => Expr::Function(
                    Function::Floor,
                    vec![arithmetic(ArithmeticOp::Divide, left, right)],
                ),
            };
        }
        Ok(left)
    }

    fn power(&mut self) -> Parsed {
        let mut left = self.signed()?;
        while self.sign("^") {
            let right = self.signed()?;
            left = arithmetic(ArithmeticOp::Power, left, right);
        }
        Ok(left)
    }

    fn signed(&mut self) -> Parsed {
        let mut negative = false;
        while let Some(sign) = self.signs(&["-", "+"]) {
            negative ^= sign == "-";
        }
        Ok(match (negative, self.value()?) {
            (false, value) => value,
            (true, Expr::Literal(Literal::Number(number))) => Expr::number(-number),
            (true, value) => arithmetic(ArithmeticOp::Subtract, Expr::number(0.0), value),
        })
    }

    fn value(&mut self) -> Parsed {
        let Some((token, rest)) = self.tokens.split_first() else {
            return Err("it ends too early".to_owned());
        };
        self.tokens = rest;
        match token {
            Token::Column(name) => Ok(Expr::Property(name.clone())),
            Token::Text(text) => Ok(Expr::text(text)),
            Token::Number(number) => Ok(Expr::number(*number)),
            Token::Sign("(") => {
                let inner = self.or()?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Sign(sign) => Err(format!("{sign} was not expected")),
            Token::Word(word) => {
                let word = word.to_lowercase();
                match word.as_str() {
                    "null" => Ok(Expr::Literal(Literal::Null)),
                    "true" => Ok(Expr::Literal(Literal::Bool(true))),
                    "false" => Ok(Expr::Literal(Literal::Bool(false))),
                    "case" => self.case(),
                    "$area" => Ok(Expr::Function(Function::Area, vec![Expr::Geometry])),
                    "$length" | "$perimeter" => Ok(Expr::Function(
                        Function::GeometryLength,
                        vec![Expr::Geometry],
                    )),
                    "$x" => Ok(Expr::Function(Function::X, vec![Expr::Geometry])),
                    "$y" => Ok(Expr::Function(Function::Y, vec![Expr::Geometry])),
                    "$geometry" => Ok(Expr::Geometry),
                    "$id" => Ok(Expr::FeatureId),
                    _ if word.starts_with('$') => Err(format!("{word} is not known here")),
                    _ if self.sign("(") => {
                        let doubles = matches!(word.as_str(), "right" | "nullif");
                        self.doubled += u32::from(doubles);
                        if self.doubled > MAX_DOUBLED {
                            return Err(format!("{word}() is nested deeper than {MAX_DOUBLED}"));
                        }
                        let list = self.list()?;
                        self.doubled -= u32::from(doubles);
                        call(&word, list)
                    }
                    // without quotes as with them, in its own case
                    _ => match token {
                        Token::Word(name) => Ok(Expr::Property(name.clone())),
                        _ => Err(format!("{token} was not expected")),
                    },
                }
            }
        }
    }

    /// The values up to the closing bracket.
    fn list(&mut self) -> Result<Vec<Expr>, String> {
        let mut list = Vec::new();
        if self.sign(")") {
            return Ok(list);
        }
        loop {
            list.push(self.or()?);
            if self.sign(")") {
                return Ok(list);
            }
            self.expect(",")?;
        }
    }

    fn case(&mut self) -> Parsed {
        let mut cases = Vec::new();
        while self.keyword("when") {
            let condition = into_condition(self.or()?);
            if !self.keyword("then") {
                return Err(format!("THEN was expected {}", self.here()));
            }
            cases.push((condition, self.or()?));
        }
        let otherwise = match self.keyword("else") {
            true => self.or()?,
            false => Expr::Literal(Literal::Null),
        };
        match self.keyword("end") && !cases.is_empty() {
            true => Ok(Expr::Case(cases, Box::new(otherwise))),
            false => Err(format!("END was expected {}", self.here())),
        }
    }
}

fn truth(condition: Filter) -> Expr {
    Expr::from_condition(condition)
}

fn joined(mut parts: Vec<Expr>, join: fn(Vec<Filter>) -> Filter) -> Expr {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            truth(join(parts.into_iter().map(into_condition).collect()))
        }
    }
}

fn arithmetic(op: ArithmeticOp, left: Expr, right: Expr) -> Expr {
    Expr::Arithmetic(op, Box::new(left), Box::new(right))
}

/// A function by its name in QGIS; those that mean the same elsewhere go by [`Expr::call`].
fn call(name: &str, mut arguments: Vec<Expr>) -> Parsed {
    let length = |text: &Expr| Expr::Function(Function::Length, vec![text.clone()]);
    match (name, arguments.len()) {
        ("left", 2) => {
            arguments.insert(1, Expr::number(0.0));
            Ok(Expr::Function(Function::Slice, arguments))
        }
        ("right", 2) => {
            let (Some(count), Some(text)) = (arguments.pop(), arguments.pop()) else {
                return Err("right() takes a text and a number".to_owned());
            };
            let start = arithmetic(ArithmeticOp::Subtract, length(&text), count);
            Ok(Expr::Function(Function::Slice, vec![text, start]))
        }
        ("strpos", 2) => {
            let index = Expr::Function(Function::IndexOf, arguments);
            Ok(arithmetic(ArithmeticOp::Add, index, Expr::number(1.0)))
        }
        ("log", 2) => {
            let ln = |of: Expr| Expr::Function(Function::Ln, vec![of]);
            let (Some(value), Some(base)) = (arguments.pop(), arguments.pop()) else {
                return Err("log() takes a base and a number".to_owned());
            };
            Ok(arithmetic(ArithmeticOp::Divide, ln(value), ln(base)))
        }
        ("format_number", 1 | 2) => {
            let digits = match arguments.get(1) {
                None => 0,
                Some(Expr::Literal(Literal::Number(n))) => n.clamp(0.0, 15.0) as usize,
                Some(_) => return Err("format_number() takes its places as a number".to_owned()),
            };
            arguments.truncate(1);
            let pattern = match digits {
                0 => "#,##0".to_owned(),
                _ => format!("#,##0.{}", "0".repeat(digits)),
            };
            arguments.insert(0, Expr::text(&pattern));
            Ok(Expr::Function(Function::FormatNumber, arguments))
        }
        ("format_date", 2) => {
            arguments.reverse();
            Ok(Expr::Function(Function::FormatDate, arguments))
        }
        ("nullif", 2) => {
            let condition = Filter::Compare {
                op: CompareOp::Equal,
                left: arguments.first().cloned().unwrap_or(Expr::Geometry),
                right: arguments.pop().unwrap_or(Expr::Geometry),
                match_case: true,
            };
            let value = arguments.pop().unwrap_or(Expr::Literal(Literal::Null));
            let null = Expr::Literal(Literal::Null);
            Ok(Expr::Case(vec![(condition, null)], Box::new(value)))
        }
        ("if", 2) => {
            arguments.push(Expr::Literal(Literal::Null));
            called("if", arguments)
        }
        // in QGIS the text comes first; the others find the same under the same name
        ("regexp_match" | "regexp_replace" | "regexp_substr" | "aggregate" | "attribute", _) => {
            Err(format!("there is no {name}() here"))
        }
        _ => called(name, arguments),
    }
}

fn called(name: &str, arguments: Vec<Expr>) -> Parsed {
    Expr::call(name, arguments).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn property(name: &str) -> Expr {
        Expr::Property(name.into())
    }

    #[test]
    fn operators_bind_as_in_qgis() {
        let mul = arithmetic(ArithmeticOp::Multiply, property("b"), Expr::number(2.0));
        let sum = arithmetic(ArithmeticOp::Add, property("a"), mul);
        assert_eq!(parse("\"a\" + b*2"), Ok(sum.clone()));
        let compare = |op, left, right| Filter::Compare {
            op,
            left,
            right,
            match_case: true,
        };
        let both = truth(Filter::And(vec![
            compare(CompareOp::Greater, sum, Expr::number(-3.0)),
            Filter::Not(Box::new(Filter::In {
                value: property("c"),
                list: vec![Expr::text("it's"), Expr::text("x")],
            })),
        ]));
        let either = truth(Filter::Or(vec![
            into_condition(both),
            Filter::Not(Box::new(Filter::IsNull(property("d")))),
        ]));
        let text = "\"a\" + b*2 > -3 AND c not in ('it''s', 'x') or d is not null";
        assert_eq!(parse(text), Ok(either));
    }

    #[test]
    fn between_keeps_its_own_and() {
        let text = "sqrt(\"pop\")>5 and \"code\" between 1 and 4 and x = 1";
        let Ok(expr) = parse(text) else { panic!() };
        assert!(matches!(into_condition(expr), Filter::And(parts) if parts.len() == 3));
    }

    #[test]
    fn null_is_not_what_is_not_asked_for() {
        let schema = crate::feature::Schema::default();
        let answer = |text: &str| {
            let condition = into_condition(parse(text).unwrap());
            condition.bind(&schema).unwrap().constant()
        };
        assert_eq!(answer("null is not 'x'"), Some(true));
        assert_eq!(answer("'x' is not 'x'"), Some(false));
        assert_eq!(answer("null is 'x'"), Some(false));
        assert_eq!(answer("'x' is 'x'"), Some(true));
        assert_eq!(answer("null <> 'x'"), Some(false));
    }

    #[test]
    fn functions_have_the_names_of_qgis() {
        for text in [
            "left(\"n\",1)",
            "right(n, 2)",
            "if(\"code\"=1,1,10)",
            "case when \"code\">2 then 15 else 1 end",
            "coalesce(pop, 0) / 10",
            "round(\"pop\"/10,1)",
            "concat(a, '-', b)",
            "format_number(pop, 2)",
            "ln(pop+1)",
            "log(2, pop)",
            "$area/1000",
            "length($geometry)",
            "title(name) || ' ' || code",
            "\"code\" % 3 = 0",
            "7 // 2",
            "strpos(name, 'a')",
            "to_string(code)",
        ] {
            assert!(parse(text).is_ok(), "{text}: {:?}", parse(text));
        }
    }

    #[test]
    fn what_can_not_be_read_is_named() {
        for (text, part) in [
            ("@map_scale > 3", "@map_scale"),
            ("regexp_match(name, '^B')", "regexp_match"),
            ("sqrt(", "too early"),
            ("'open", "not closed"),
            ("a b", "b was not expected"),
            ("$nothing", "$nothing"),
            ("no_such(1)", "no_such"),
        ] {
            let message = parse(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
        let right = |depth: usize| format!("{}n{}", "right(".repeat(depth), ",9)".repeat(depth));
        assert!(parse(&right(8)).is_ok());
        assert!(parse(&right(9)).unwrap_err().contains("nested deeper"));
        let both = format!("{}||{}", right(8), right(8));
        assert!(parse(&both).is_ok(), "side by side");
        let null = format!("{}n{}", "nullif(".repeat(9), ",9)".repeat(9));
        assert!(parse(&null).unwrap_err().contains("nullif()"));
        assert!(parse(&"(".repeat(5000)).is_err());
        assert!(parse(&"(".repeat(200)).unwrap_err().contains("deeper"));
        assert!(parse(&"1+".repeat(50_000)).unwrap_err().contains("longer"));
        assert!(parse(&format!("{}1", "not ".repeat(400))).is_ok());
    }
}
