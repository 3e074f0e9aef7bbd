//! Expressions and filters as Filter Encoding 1.1 (OGC 04-095c1), with the functions of SE 1.1.

use super::sld::SldWriter;
use crate::query::{ArithmeticOp, CompareOp, Expr, Filter, Literal};

impl SldWriter {
    /// The content of a parameter: text where it is constant, else mixed.
    pub(super) fn parameter(&mut self, name: &str, attributes: &[(&str, &str)], expr: &Expr) {
        self.xml.open_mixed(name, attributes);
        match expr {
            Expr::Concat(parts) => parts.iter().for_each(|p| self.parameter_part(p)),
            other => self.parameter_part(other),
        }
        self.xml.close();
    }

    fn parameter_part(&mut self, expr: &Expr) {
        match expr {
            Expr::Literal(literal) => {
                let text = self.literal_text(literal);
                self.xml.text(&text);
            }
            other => self.expression(other),
        }
    }

    fn literal_text(&mut self, literal: &Literal) -> String {
        match literal {
            Literal::Null => String::new(),
            Literal::Bool(b) => b.to_string(),
            Literal::Number(n) => n.to_string(),
            Literal::Integer(i) => i.to_string(),
            Literal::Text(t) => t.clone(),
            Literal::Moment(moment) => moment.to_string(),
            Literal::Geometry(_) => {
                self.dropped("a geometry inside an expression is not written");
                String::new()
            }
        }
    }

    /// An `ogc:expression`.
    pub(super) fn expression(&mut self, expr: &Expr) {
        match expr {
            Expr::Literal(literal) => {
                let text = self.literal_text(literal);
                self.xml.leaf("ogc:Literal", &[], &text);
            }
            Expr::Property(name) => self.xml.leaf("ogc:PropertyName", &[], name),
            Expr::Geometry => self.xml.leaf("ogc:PropertyName", &[], "geometry"),
            Expr::FeatureId => self.xml.leaf("ogc:PropertyName", &[], "@gml:id"),
            Expr::Arithmetic(op, a, b) => {
                let element = match op {
                    ArithmeticOp::Add => "ogc:Add",
                    ArithmeticOp::Subtract => "ogc:Sub",
                    ArithmeticOp::Multiply => "ogc:Mul",
                    ArithmeticOp::Divide => "ogc:Div",
                    ArithmeticOp::IntegerDivide => {
                        let quotient = Expr::Arithmetic(ArithmeticOp::Divide, a.clone(), b.clone());
                        return self.function("parseInt", &[&quotient]);
                    }
                    ArithmeticOp::Modulo => return self.function("modulo", &[a, b]),
                    ArithmeticOp::Power => return self.function("pow", &[a, b]),
                };
                self.xml.open(element, &[]);
                self.expression(a);
                self.expression(b);
                self.xml.close();
            }
            Expr::Function(function, arguments) => {
                let arguments: Vec<&Expr> = arguments.iter().collect();
                self.function(function.name(), &arguments);
            }
            Expr::Concat(parts) => {
                let parts: Vec<&Expr> = parts.iter().collect();
                self.function("Concatenate", &parts);
            }
            Expr::Step(value, first, steps) => self.step(value, first, steps),
            Expr::Match(value, cases, otherwise) => self.recode(value, cases, otherwise),
            Expr::Interpolate(value, stops) => self.interpolate(value, stops),
            Expr::Case(cases, otherwise) => self.case(cases, otherwise),
            // only in conditions that are not written
            Expr::Array(_) | Expr::Interval(..) => {}
        }
    }

    fn function(&mut self, name: &str, arguments: &[&Expr]) {
        self.xml.open("ogc:Function", &[("name", name)]);
        arguments.iter().for_each(|a| self.expression(a));
        self.xml.close();
    }

    fn step(&mut self, value: &Expr, first: &Expr, steps: &[(Expr, Expr)]) {
        if !self.is_se() {
            let mut arguments = vec![value, first];
            arguments.extend(steps.iter().flat_map(|(t, v)| [t, v]));
            return self.function("Categorize", &arguments);
        }
        self.xml.open("se:Categorize", &[("fallbackValue", "")]);
        self.parameter("se:LookupValue", &[], value);
        self.parameter("se:Value", &[], first);
        for (threshold, value) in steps {
            self.parameter("se:Threshold", &[], threshold);
            self.parameter("se:Value", &[], value);
        }
        self.xml.close();
    }

    fn recode(&mut self, value: &Expr, cases: &[(Expr, Expr)], otherwise: &Expr) {
        let is_number = |e: &Expr| match e {
            Expr::Literal(Literal::Number(_)) => true,
            Expr::Literal(Literal::Text(t)) => t.parse::<f64>().is_ok(),
            _ => false,
        };
        // the schema of SE 1.1 wants a number in se:Data, against the standard's own example
        if self.is_strict() && !cases.iter().all(|(key, _)| is_number(key)) {
            let choices: Vec<(Filter, Expr)> = cases
                .iter()
                .map(|(key, result)| {
                    let same = Filter::Compare {
                        op: CompareOp::Equal,
                        left: value.clone(),
                        right: key.clone(),
                        match_case: true,
                    };
                    (same, result.clone())
                })
                .collect();
            return self.case(&choices, otherwise);
        }
        let fallback = match otherwise {
            Expr::Literal(literal) => self.literal_text(literal),
            _ => {
                self.approximated("a fallback that depends on the feature is not written");
                String::new()
            }
        };
        if !self.is_se() {
            if !fallback.is_empty() {
                self.approximated("SLD 1.0 has no place for what else a recoding answers");
            }
            let mut arguments = vec![value];
            arguments.extend(cases.iter().flat_map(|(k, v)| [k, v]));
            return self.function("Recode", &arguments);
        }
        self.xml.open("se:Recode", &[("fallbackValue", &fallback)]);
        self.parameter("se:LookupValue", &[], value);
        for (key, value) in cases {
            self.xml.open("se:MapItem", &[]);
            self.parameter("se:Data", &[], key);
            self.parameter("se:Value", &[], value);
            self.xml.close();
        }
        self.xml.close();
    }

    fn interpolate(&mut self, value: &Expr, stops: &[(Expr, Expr)]) {
        if !self.is_se() {
            let mut arguments = vec![value];
            arguments.extend(stops.iter().flat_map(|(k, v)| [k, v]));
            return self.function("Interpolate", &arguments);
        }
        let is_color =
            |e: &Expr| matches!(e, Expr::Literal(Literal::Text(t)) if t.starts_with('#'));
        let method = match stops.iter().any(|(_, v)| is_color(v)) {
            true => "color",
            false => "numeric",
        };
        let attributes = [
            ("fallbackValue", ""),
            ("mode", "linear"),
            ("method", method),
        ];
        self.xml.open("se:Interpolate", &attributes);
        self.parameter("se:LookupValue", &[], value);
        for (stop, result) in stops {
            self.xml.open("se:InterpolationPoint", &[]);
            self.parameter("se:Data", &[], stop);
            self.parameter("se:Value", &[], result);
            self.xml.close();
        }
        self.xml.close();
    }

    fn case(&mut self, cases: &[(Filter, Expr)], otherwise: &Expr) {
        let Some(((condition, result), rest)) = cases.split_first() else {
            return self.expression(otherwise);
        };
        let truth = |e: &Expr, b| *e == Expr::Literal(Literal::Bool(b));
        if rest.is_empty() && truth(result, true) && truth(otherwise, false) {
            return self.condition_function(condition);
        }
        self.xml.open("ogc:Function", &[("name", "if_then_else")]);
        self.condition_function(condition);
        self.expression(result);
        self.case(rest, otherwise);
        self.xml.close();
    }

    /// A condition as a value, by the functions that GeoServer has for it.
    fn condition_function(&mut self, filter: &Filter) {
        match filter {
            Filter::And(parts) | Filter::Or(parts) => {
                let name = match filter {
                    Filter::And(_) => "and",
                    _ => "or",
                };
                self.xml.open("ogc:Function", &[("name", name)]);
                parts.iter().for_each(|p| self.condition_function(p));
                self.xml.close();
            }
            Filter::Not(inner) => {
                self.xml.open("ogc:Function", &[("name", "not")]);
                self.condition_function(inner);
                self.xml.close();
            }
            Filter::Compare {
                op,
                left,
                right,
                match_case,
            } => {
                let name = match op {
                    CompareOp::Equal if !match_case => "strEqualsIgnoreCase",
                    CompareOp::Equal => "equalTo",
                    CompareOp::NotEqual => "notEqualTo",
                    CompareOp::Less => "lessThan",
                    CompareOp::LessOrEqual => "lessEqualThan",
                    CompareOp::Greater => "greaterThan",
                    CompareOp::GreaterOrEqual => "greaterEqualThan",
                };
                self.function(name, &[left, right]);
            }
            Filter::Between { value, low, high } => self.function("between", &[value, low, high]),
            Filter::In { value, list } => {
                let mut arguments = vec![value];
                arguments.extend(list);
                self.function("in", &arguments);
            }
            Filter::Like { value, pattern, .. } => {
                let pattern = Expr::text(&pattern.to_text());
                self.function("like", &[value, &pattern]);
            }
            Filter::IsNull(value) => self.function("isNull", &[value]),
            Filter::Truth(value) => self.expression(value),
            Filter::Bbox(_)
            | Filter::Spatial { .. }
            | Filter::Temporal { .. }
            | Filter::Array { .. }
            | Filter::IsUnknown(_)
            | Filter::Ids(_) => {
                self.approximated(
                    "a condition on the geometry, on times, arrays or conditions inside an \
                     expression is taken as true",
                );
                self.expression(&Expr::Literal(Literal::Bool(true)));
            }
        }
    }

    /// True where the condition can be written as a filter.
    pub(super) fn can_write(filter: &Filter) -> bool {
        match filter {
            Filter::And(parts) | Filter::Or(parts) => parts.iter().all(SldWriter::can_write),
            Filter::Not(inner) => SldWriter::can_write(inner),
            Filter::Spatial { .. }
            | Filter::Temporal { .. }
            | Filter::Array { .. }
            | Filter::IsUnknown(_) => false,
            _ => true,
        }
    }

    /// A condition, as an element of a filter.
    pub(super) fn condition(&mut self, filter: &Filter) {
        match filter {
            Filter::And(parts) | Filter::Or(parts) => match &parts[..] {
                // the schema wants two at least: one is itself, none is true or false
                [] => {
                    let answer = matches!(filter, Filter::And(_));
                    self.condition(&Filter::Truth(Expr::Literal(Literal::Bool(answer))));
                }
                [only] => self.condition(only),
                parts => {
                    let name = match filter {
                        Filter::And(_) => "ogc:And",
                        _ => "ogc:Or",
                    };
                    self.xml.open(name, &[]);
                    parts.iter().for_each(|p| self.condition(p));
                    self.xml.close();
                }
            },
            Filter::Not(inner) => {
                self.xml.open("ogc:Not", &[]);
                self.condition(inner);
                self.xml.close();
            }
            Filter::Compare {
                op,
                left,
                right,
                match_case,
            } => {
                let name = match op {
                    CompareOp::Equal => "ogc:PropertyIsEqualTo",
                    CompareOp::NotEqual => "ogc:PropertyIsNotEqualTo",
                    CompareOp::Less => "ogc:PropertyIsLessThan",
                    CompareOp::LessOrEqual => "ogc:PropertyIsLessThanOrEqualTo",
                    CompareOp::Greater => "ogc:PropertyIsGreaterThan",
                    CompareOp::GreaterOrEqual => "ogc:PropertyIsGreaterThanOrEqualTo",
                };
                let folded = [("matchCase", "false")];
                self.xml.open(name, if *match_case { &[] } else { &folded });
                self.expression(left);
                self.expression(right);
                self.xml.close();
            }
            Filter::Between { value, low, high } => {
                self.xml.open("ogc:PropertyIsBetween", &[]);
                self.expression(value);
                for (name, bound) in [("ogc:LowerBoundary", low), ("ogc:UpperBoundary", high)] {
                    self.xml.open(name, &[]);
                    self.expression(bound);
                    self.xml.close();
                }
                self.xml.close();
            }
            Filter::In { value, list } => {
                let equal = list.iter().map(|item| Filter::Compare {
                    op: CompareOp::Equal,
                    left: value.clone(),
                    right: item.clone(),
                    match_case: true,
                });
                self.condition(&Filter::Or(equal.collect()));
            }
            Filter::Like {
                value,
                pattern,
                match_case,
            } => {
                let mut attributes =
                    vec![("wildCard", "%"), ("singleChar", "_"), ("escapeChar", "\\")];
                if !match_case {
                    attributes.push(("matchCase", "false"));
                }
                self.xml.open("ogc:PropertyIsLike", &attributes);
                self.expression(value);
                self.xml.leaf("ogc:Literal", &[], &pattern.to_text());
                self.xml.close();
            }
            Filter::IsNull(value) => {
                self.xml.open("ogc:PropertyIsNull", &[]);
                self.expression(value);
                self.xml.close();
            }
            Filter::Bbox(bbox) => {
                self.xml.open("ogc:BBOX", &[]);
                self.expression(&Expr::Geometry);
                self.xml.open("gml:Envelope", &[]);
                let corner = |x: f64, y: f64| format!("{x} {y}");
                let (lower, upper) = (
                    corner(bbox.min_x, bbox.min_y),
                    corner(bbox.max_x, bbox.max_y),
                );
                self.xml.leaf("gml:lowerCorner", &[], &lower);
                self.xml.leaf("gml:upperCorner", &[], &upper);
                self.xml.close();
                self.xml.close();
            }
            Filter::Truth(value) => {
                self.xml.open("ogc:PropertyIsEqualTo", &[]);
                self.expression(value);
                self.expression(&Expr::Literal(Literal::Bool(true)));
                self.xml.close();
            }
            Filter::Ids(ids) => {
                // ids stand alone in a filter: inside logic each is a comparison
                self.xml.open("ogc:Or", &[]);
                for id in ids {
                    self.condition(&Filter::Compare {
                        op: CompareOp::Equal,
                        left: Expr::FeatureId,
                        right: Expr::text(id),
                        match_case: true,
                    });
                }
                self.xml.close();
            }
            Filter::Spatial { .. }
            | Filter::Temporal { .. }
            | Filter::Array { .. }
            | Filter::IsUnknown(_) => {
                self.approximated(
                    "a condition on the geometry, on times, arrays or conditions is not written: \
                     it is taken as true",
                );
                self.condition(&Filter::And(Vec::new()));
            }
        }
    }
}
