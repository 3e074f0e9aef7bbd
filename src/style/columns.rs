//! What a style asks of features: columns by name, and whether it matters where they are.

use std::collections::BTreeSet;

use crate::query::{Expr, Filter};
use crate::style::{
    Fill, Graphic, GraphicSymbol, LabelPlacement, Measure, Paint, Rule, Stroke, StrokeKind, Style,
    Symbolizer,
};

/// The names of all columns that a style asks for.
pub fn columns_of(style: &Style) -> BTreeSet<String> {
    let mut names = Names::default();
    for rule in rules_of(style) {
        if let Some(filter) = &rule.filter {
            names.filter(filter);
        }
        for symbolizer in &rule.symbolizers {
            names.symbolizer(symbolizer);
        }
    }
    names.columns
}

/// The names of the columns whose values change what is drawn beside text, once it is known which
/// rules apply: widths, colours, sizes that are computed.
pub fn drawn_columns_of(style: &Style) -> BTreeSet<String> {
    let mut names = Names::default();
    for symbolizer in rules_of(style).flat_map(|rule| &rule.symbolizers) {
        if !matches!(symbolizer, Symbolizer::Text(_)) {
            names.symbolizer(symbolizer);
        }
    }
    names.columns
}

/// The names of the columns that decide what is drawn of a feature beside text: those of filters,
/// and [`drawn_columns_of`].
pub fn telling_columns_of(style: &Style) -> BTreeSet<String> {
    let mut names = Names::default();
    for filter in rules_of(style).filter_map(|rule| rule.filter.as_ref()) {
        names.filter(filter);
    }
    names.columns.extend(drawn_columns_of(style));
    names.columns
}

/// True where what is drawn beside text depends on a feature's shape, place or number: a filter
/// by box, an expression of the geometry.
pub fn depends_on_place(style: &Style) -> bool {
    let mut names = Names::default();
    for rule in rules_of(style) {
        if let Some(filter) = &rule.filter {
            names.filter(filter);
        }
        for symbolizer in &rule.symbolizers {
            if !matches!(symbolizer, Symbolizer::Text(_)) {
                names.symbolizer(symbolizer);
            }
        }
    }
    names.depends_on_place
}

fn rules_of(style: &Style) -> impl Iterator<Item = &Rule> {
    let passes = style.feature_type_styles.iter();
    passes.flat_map(|pass| &pass.rules)
}

#[derive(Default)]
struct Names {
    columns: BTreeSet<String>,
    depends_on_place: bool,
}

impl Names {
    fn symbolizer(&mut self, symbolizer: &Symbolizer) {
        match symbolizer {
            Symbolizer::Line(line) => {
                self.stroke(&line.stroke);
                self.measures(&line.perpendicular_offset);
            }
            Symbolizer::Polygon(polygon) => {
                match &polygon.fill {
                    Some(Fill::Solid(paint)) => self.paint(paint),
                    Some(Fill::Graphic { graphic, margin }) => {
                        self.graphic(graphic);
                        self.measures(margin);
                    }
                    None => {}
                }
                if let Some(stroke) = &polygon.stroke {
                    self.stroke(stroke);
                }
                self.measures(&polygon.perpendicular_offset);
                self.measures(polygon.displacement.iter().flatten());
            }
            Symbolizer::Point(point) => self.graphic(&point.graphic),
            Symbolizer::Text(text) => {
                self.exprs([&text.label, &text.priority]);
                self.paint(&text.fill);
                self.measures([&text.font.size, &text.space_around, &text.letter_spacing]);
                self.measures(&text.wrap_width);
                if let Some(halo) = &text.halo {
                    self.paint(&halo.fill);
                    self.measures([&halo.radius]);
                }
                match &text.placement {
                    LabelPlacement::Point {
                        displacement,
                        rotation,
                        ..
                    } => {
                        self.measures(displacement);
                        self.expr(rotation);
                    }
                    LabelPlacement::Line {
                        perpendicular_offset,
                        repeat,
                    } => {
                        self.measures([perpendicular_offset]);
                        self.measures(repeat);
                    }
                }
            }
        }
    }

    fn stroke(&mut self, stroke: &Stroke) {
        match &stroke.kind {
            StrokeKind::Solid(paint) => self.paint(paint),
            StrokeKind::Graphic {
                graphic,
                gap,
                initial_gap,
                places: _,
            } => {
                self.graphic(graphic);
                self.measures([gap, initial_gap]);
            }
        }
        self.measures([&stroke.width, &stroke.dash_offset]);
        self.measures(&stroke.dash);
    }

    fn graphic(&mut self, graphic: &Graphic) {
        for symbol in &graphic.symbols {
            if let GraphicSymbol::Mark { fill, stroke, .. } = symbol {
                if let Some(fill) = fill {
                    self.paint(fill);
                }
                if let Some(stroke) = stroke {
                    self.stroke(stroke);
                }
            }
        }
        self.measures(&graphic.size);
        self.measures(&graphic.displacement);
        self.exprs([&graphic.rotation, &graphic.opacity]);
    }

    fn paint(&mut self, paint: &Paint) {
        self.exprs([&paint.color, &paint.opacity]);
    }

    fn measures<'a>(&mut self, measures: impl IntoIterator<Item = &'a Measure>) {
        self.exprs(measures.into_iter().map(|m| &m.value));
    }

    fn exprs<'a>(&mut self, exprs: impl IntoIterator<Item = &'a Expr>) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Property(name) => {
                self.columns.insert(name.clone());
            }
            Expr::Geometry | Expr::FeatureId => self.depends_on_place = true,
            Expr::Literal(_) => {}
            Expr::Arithmetic(_, a, b) => self.exprs([&**a, &**b]),
            Expr::Function(_, list) | Expr::Concat(list) | Expr::Array(list) => self.exprs(list),
            Expr::Interval(begin, end) => {
                self.exprs([begin, end].into_iter().flatten().map(|e| &**e))
            }
            Expr::Step(value, first, steps) => {
                self.exprs([&**value, &**first]);
                self.pairs(steps);
            }
            Expr::Match(value, cases, otherwise) => {
                self.exprs([&**value, &**otherwise]);
                self.pairs(cases);
            }
            Expr::Interpolate(value, stops) => {
                self.expr(value);
                self.pairs(stops);
            }
            Expr::Case(cases, otherwise) => {
                for (condition, result) in cases {
                    self.filter(condition);
                    self.expr(result);
                }
                self.expr(otherwise);
            }
        }
    }

    fn pairs(&mut self, pairs: &[(Expr, Expr)]) {
        for (key, result) in pairs {
            self.exprs([key, result]);
        }
    }

    fn filter(&mut self, filter: &Filter) {
        match filter {
            Filter::And(list) | Filter::Or(list) => list.iter().for_each(|f| self.filter(f)),
            Filter::Not(inner) | Filter::IsUnknown(inner) => self.filter(inner),
            Filter::Compare { left, right, .. }
            | Filter::Spatial { left, right, .. }
            | Filter::Temporal { left, right, .. }
            | Filter::Array { left, right, .. } => {
                self.exprs([left, right]);
            }
            Filter::Between { value, low, high } => self.exprs([value, low, high]),
            Filter::In { value, list } => {
                self.expr(value);
                self.exprs(list);
            }
            Filter::Like { value, .. } => self.expr(value),
            Filter::IsNull(value) | Filter::Truth(value) => self.expr(value),
            Filter::Bbox(_) | Filter::Ids(_) => self.depends_on_place = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::CompareOp;
    use crate::style::{FeatureTypeStyle, LineSymbolizer};

    #[test]
    fn columns_are_found_in_filters_widths_and_cases() {
        let property = |name: &str| Expr::Property(name.to_owned());
        let stroke = Stroke {
            kind: StrokeKind::Solid(Paint {
                color: Expr::Case(
                    vec![(Filter::IsNull(property("a")), property("b"))],
                    Box::new(Expr::text("#000")),
                ),
                opacity: Expr::number(1.0),
            }),
            width: Measure {
                value: Expr::Match(
                    Box::new(property("c")),
                    vec![(Expr::number(1.0), property("d"))],
                    Box::new(Expr::number(2.0)),
                ),
                unit: crate::style::Unit::Pixel,
            },
            cap: Default::default(),
            join: Default::default(),
            dash: Vec::new(),
            dash_offset: Measure::pixels(0.0),
        };
        let rule = Rule {
            filter: Some(Filter::Not(Box::new(Filter::Compare {
                op: CompareOp::Equal,
                left: property("e"),
                right: Expr::Concat(vec![property("f")]),
                match_case: true,
            }))),
            symbolizers: vec![Symbolizer::Line(Box::new(LineSymbolizer {
                stroke,
                perpendicular_offset: None,
            }))],
            ..Rule::default()
        };
        let style = Style {
            feature_type_styles: vec![FeatureTypeStyle { rules: vec![rule] }],
            ..Style::default()
        };
        let names: Vec<_> = columns_of(&style).into_iter().collect();
        assert_eq!(names, ["a", "b", "c", "d", "e", "f"]);
        let drawn: Vec<_> = drawn_columns_of(&style).into_iter().collect();
        assert_eq!(drawn, ["a", "b", "c", "d"], "without the filter's");
        assert!(!depends_on_place(&style));
    }

    #[test]
    fn a_filter_by_box_or_id_depends_on_the_place() {
        for filter in [
            Filter::Ids(vec!["1".into()]),
            Filter::Not(Box::new(Filter::IsNull(Expr::Geometry))),
        ] {
            let rule = Rule {
                filter: Some(filter),
                ..Rule::default()
            };
            let style = Style {
                feature_type_styles: vec![FeatureTypeStyle { rules: vec![rule] }],
                ..Style::default()
            };
            assert!(depends_on_place(&style));
        }
    }
}
