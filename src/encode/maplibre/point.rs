use serde_json::{Value, json};

use super::expression::{expression, number};
use super::shape::fade;
use super::{Condition, Layers, Properties};
use crate::query::{Expr, Literal};
use crate::render::Icon;
use crate::render::compile::check_image;
use crate::style::{
    Graphic, GraphicSymbol, MarkShape, MarkerAt, MarkerPlaces, Measure, Paint, Stroke, StrokeKind,
    Unit,
};

/// Icons of one style: beyond, what classes look like is no longer told apart.
const MAX_ICONS: usize = 256;
/// The size of an icon that is drawn at a size that is not known beforehand.
const BASE_PX: f64 = 32.0;

impl Layers<'_> {
    pub(super) fn point(&mut self, graphic: &Graphic, condition: &Condition) {
        let Some(graphic) = self.drawable(graphic) else {
            return self.dropped("a symbol that can't be drawn");
        };
        let is_free = !self.has_extent() || self.target.points.is_some();
        match graphic.symbols.first() {
            Some(GraphicSymbol::Mark {
                shape: MarkShape::Circle,
                fill,
                stroke,
            }) if is_free && graphic.anchor == [0.5, 0.5] => {
                let parts = (fill.as_ref(), stroke.as_deref());
                self.circle(&graphic, parts, condition);
            }
            _ => self.symbol(&graphic, condition),
        }
    }

    /// The graphic with the first of its symbols that can be drawn.
    fn drawable(&self, graphic: &Graphic) -> Option<Graphic> {
        let symbol = graphic.symbols.iter().find(|symbol| match symbol {
            GraphicSymbol::Mark { .. } => true,
            GraphicSymbol::Image { format, data, .. } => check_image(*format, data).is_ok(),
        })?;
        Some(Graphic {
            symbols: vec![symbol.clone()],
            ..graphic.clone()
        })
    }

    fn circle(
        &mut self,
        graphic: &Graphic,
        (fill, stroke): (Option<&Paint>, Option<&Stroke>),
        condition: &Condition,
    ) {
        let mut with = Properties::default();
        let paint = &mut with.paint;
        match fill {
            Some(fill) => self.paint(paint, fill, "circle-color", "circle-opacity"),
            None => {
                paint.insert("circle-opacity".into(), json!(0));
            }
        }
        let six = Measure::pixels(6.0);
        let size = graphic.size.as_ref().unwrap_or(&six);
        let mut edge = json!(0);
        if let Some(stroke) = stroke
            && let StrokeKind::Solid(color) = &stroke.kind
        {
            let (color_name, opacity_name) = ("circle-stroke-color", "circle-stroke-opacity");
            self.paint(paint, color, color_name, opacity_name);
            edge = self.pixels(&stroke.width, 1.0);
            paint.insert("circle-stroke-width".into(), edge.clone());
        }
        match number(&graphic.opacity).as_ref().and_then(Value::as_f64) {
            Some(1.0) => {}
            Some(opacity) => {
                for name in ["circle-opacity", "circle-stroke-opacity"] {
                    if let Some(faded) = fade(paint.get(name), opacity) {
                        paint.insert(name.into(), faded);
                    }
                }
            }
            None => self.dropped("a computed opacity of a circle"),
        }
        // the edge lies around the circle there, on its outline here
        let half = self.pixels_times(size, 0.5, 3.0);
        let radius = match (half.as_f64(), edge.as_f64()) {
            (Some(half), Some(edge)) => json!((half - edge / 2.0).max(0.0)),
            _ => half,
        };
        paint.insert("circle-radius".into(), radius);
        if let Some(by) = self.translation(&graphic.displacement) {
            with.paint.insert("circle-translate".into(), json!(by));
        }
        self.push("circle", true, condition, with);
    }

    fn symbol(&mut self, graphic: &Graphic, condition: &Condition) {
        let Some(mut with) = self.icon_properties(graphic) else {
            return;
        };
        if let Some(by) = self.translation(&graphic.displacement) {
            with.paint.insert("icon-translate".into(), json!(by));
        }
        let is_on_line = self.target.geometry.dimension() == Some(1);
        if is_on_line && self.target.points.is_none() {
            with.layout
                .insert("symbol-placement".into(), json!("line-center"));
            with.layout
                .insert("icon-rotation-alignment".into(), json!("viewport"));
        }
        self.push("symbol", true, condition, with);
    }

    /// Markers along lines.
    pub(super) fn along(
        &mut self,
        graphic: &Graphic,
        gap: &Measure,
        places: MarkerPlaces,
        condition: &Condition,
    ) {
        let Some(graphic) = self.drawable(graphic) else {
            return self.dropped("a symbol that can't be drawn");
        };
        let Some(mut with) = self.icon_properties(&graphic) else {
            return;
        };
        let [width, _] = natural_size(&graphic);
        let gap = self.pixels(gap, 0.0).as_f64().unwrap_or(0.0);
        let put = |name: &str, value: Value, with: &mut Properties| {
            with.layout.insert(name.into(), value);
        };
        let placement = match places.at {
            MarkerAt::Middle => "line-center",
            _ => "line",
        };
        put("symbol-placement", json!(placement), &mut with);
        let spacing = if gap > 0.0 { gap } else { width };
        put("symbol-spacing", json!(spacing.max(1.0)), &mut with);
        let aligned = if places.turned { "map" } else { "viewport" };
        put("icon-rotation-alignment", json!(aligned), &mut with);
        put("icon-keep-upright", json!(false), &mut with);
        self.approximated("markers along lines are counted from the edges of tiles");
        self.push("symbol", false, condition, with);
    }

    /// Everything of a symbol but where it stands.
    fn icon_properties(&mut self, graphic: &Graphic) -> Option<Properties> {
        let mut with = Properties::default();
        let mut shown = graphic.clone();
        let constant = |expr: &Expr| number(expr).as_ref().and_then(Value::as_f64);
        if let Some(size) = &graphic.size
            && (constant(&size.value).is_none() || matches!(size.unit, Unit::Metre | Unit::Foot))
        {
            shown.size = Some(Measure::pixels(BASE_PX));
            let factor = self.pixels_times(size, 1.0 / BASE_PX, 1.0);
            with.layout.insert("icon-size".into(), factor);
            self.approximated("the outline of a symbol of computed size grows with it");
        }
        if constant(&graphic.rotation).is_none() {
            shown.rotation = Expr::number(0.0);
            if let Some(angle) = number(&graphic.rotation) {
                with.layout.insert("icon-rotate".into(), angle);
            } else {
                self.dropped("a computed rotation");
            }
        }
        if constant(&graphic.opacity).is_none() {
            shown.opacity = Expr::number(1.0);
            if let Some(opacity) = number(&graphic.opacity) {
                with.paint.insert("icon-opacity".into(), opacity);
            } else {
                self.dropped("a computed opacity");
            }
        }
        let [x, y] = graphic.anchor;
        if [x, y] != [0.5, 0.5] {
            let [width, height] = natural_size(&shown);
            let turned = constant(&shown.rotation).unwrap_or(0.0).to_radians();
            let (right, down) = ((0.5 - x) * width, (y - 0.5) * height);
            let (sin, cos) = turned.sin_cos();
            let offset = [right * cos - down * sin, right * sin + down * cos];
            with.layout
                .insert("icon-offset".into(), json!(offset.map(thousandths)));
        }
        let image = self.named(&shown, &|graphic| Icon::symbol(graphic))?;
        with.layout.insert("icon-image".into(), image);
        // symbols are drawn wherever they are, and labels do not give way to them
        with.layout.insert("icon-allow-overlap".into(), json!(true));
        with.layout
            .insert("icon-ignore-placement".into(), json!(true));
        Some(with)
    }

    /// The name of the pattern of a fill.
    pub(super) fn pattern(&mut self, graphic: &Graphic, margin: &[Measure; 2]) -> Option<Value> {
        let mut graphic = self.drawable(graphic)?;
        let constant = |expr: &Expr| number(expr).as_ref().and_then(Value::as_f64);
        let size = graphic.size.as_ref().map(|s| &s.value);
        if [Some(&graphic.rotation), Some(&graphic.opacity), size]
            .iter()
            .flatten()
            .any(|e| constant(e).is_none())
        {
            self.approximated("a pattern is the same for all features");
            graphic.size = None;
            graphic.rotation = Expr::number(0.0);
            graphic.opacity = Expr::number(1.0);
        }
        let margin = margin.clone().map(|side| {
            let known = self.pixels(&side, 0.0).as_f64();
            Measure::pixels(known.unwrap_or(0.0))
        });
        self.named(&graphic, &|graphic| Icon::pattern(graphic, &margin))
    }

    /// The name of a graphic's icon, or an expression that chooses among those of its classes.
    fn named(&mut self, graphic: &Graphic, icon: &dyn Fn(&Graphic) -> Icon) -> Option<Value> {
        let names = self.choice(graphic, icon);
        expression(&names)
    }

    fn choice(&mut self, graphic: &Graphic, icon: &dyn Fn(&Graphic) -> Icon) -> Expr {
        let Some((slot, expr)) = values(graphic)
            .into_iter()
            .enumerate()
            .find(|(_, expr)| !matches!(expr, Expr::Literal(_)))
        else {
            let icon = icon(graphic);
            let name = Expr::text(&icon.name);
            if !self.written.icons.iter().any(|i| i.name == icon.name) {
                self.written.icons.push(icon);
            }
            return name;
        };
        let (expr, mut with) = (expr.clone(), graphic.clone());
        let mut replace = |writer: &mut Layers<'_>, value: &Expr| {
            if let Some(place) = values_mut(&mut with).into_iter().nth(slot) {
                *place = value.clone();
            }
            writer.choice(&with, icon)
        };
        let is_classes = matches!(expr, Expr::Step(..) | Expr::Match(..) | Expr::Case(..));
        if !is_classes || self.written.icons.len() >= MAX_ICONS {
            self.approximated("a symbol's computed colour is grey");
            let plain = match slot % 2 {
                0 => Expr::text("#808080"),
                _ => Expr::number(1.0),
            };
            return replace(self, &plain);
        }
        let mut each = |value: &Expr| replace(self, value);
        match expr {
            Expr::Step(value, first, steps) => {
                let first = Box::new(each(&first));
                let steps = steps.into_iter().map(|(at, result)| (at, each(&result)));
                Expr::Step(value, first, steps.collect())
            }
            Expr::Match(value, cases, otherwise) => {
                let cases = cases.into_iter().map(|(key, result)| (key, each(&result)));
                let cases = cases.collect();
                Expr::Match(value, cases, Box::new(each(&otherwise)))
            }
            Expr::Case(cases, otherwise) => {
                let cases = cases
                    .into_iter()
                    .map(|(when, result)| (when, each(&result)));
                let cases = cases.collect();
                Expr::Case(cases, Box::new(each(&otherwise)))
            }
            other => other,
        }
    }
}

/// What a mark's look depends on, colours at even places.
fn values(graphic: &Graphic) -> Vec<&Expr> {
    let mut list = Vec::new();
    if let Some(GraphicSymbol::Mark { fill, stroke, .. }) = graphic.symbols.first() {
        let edge = stroke.as_ref().and_then(|s| match &s.kind {
            StrokeKind::Solid(paint) => Some(paint),
            StrokeKind::Graphic { .. } => None,
        });
        for paint in [fill.as_ref(), edge].into_iter().flatten() {
            list.extend([&paint.color, &paint.opacity]);
        }
    }
    list
}

fn values_mut(graphic: &mut Graphic) -> Vec<&mut Expr> {
    let mut list = Vec::new();
    if let Some(GraphicSymbol::Mark { fill, stroke, .. }) = graphic.symbols.first_mut() {
        let edge = stroke.as_mut().and_then(|s| match &mut s.kind {
            StrokeKind::Solid(paint) => Some(paint),
            StrokeKind::Graphic { .. } => None,
        });
        for paint in [fill.as_mut(), edge].into_iter().flatten() {
            list.extend([&mut paint.color, &mut paint.opacity]);
        }
    }
    list
}

/// Width and height in pixels of a graphic of constant size, as near as marks and pictures are
/// square.
fn natural_size(graphic: &Graphic) -> [f64; 2] {
    let size = graphic.size.as_ref().and_then(|size| {
        let factor = match size.unit {
            Unit::Millimetre => 96.0 / 25.4,
            _ => 1.0,
        };
        match &size.value {
            Expr::Literal(Literal::Number(n)) => Some(n * factor),
            Expr::Literal(Literal::Text(t)) => t.trim().parse::<f64>().ok().map(|n| n * factor),
            _ => None,
        }
    });
    [size.unwrap_or(6.0); 2]
}

fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0 + 0.0
}
