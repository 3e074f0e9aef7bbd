//! Labels of SLD.

use super::sld::SldWriter;
use crate::query::{Expr, Function, Literal};
use crate::style::{LabelPlacement, LetterCase, Measure, TextSymbolizer, Unit};

impl SldWriter {
    pub(super) fn text(&mut self, text: &TextSymbolizer) {
        let cased = |f: Function| Expr::Function(f, vec![text.label.clone()]);
        match text.letter_case {
            LetterCase::AsIs => self.value("Label", &text.label),
            LetterCase::Upper => self.value("Label", &cased(Function::Upper)),
            LetterCase::Lower => self.value("Label", &cased(Function::Lower)),
        }
        self.open("Font");
        for family in &text.font.families {
            self.svg("font-family", &Expr::text(family));
        }
        let size = self.measured(&text.font.size);
        self.svg("font-size", &size);
        if text.font.italic {
            self.svg("font-style", &Expr::text("italic"));
        }
        if text.font.bold {
            self.svg("font-weight", &Expr::text("bold"));
        }
        self.xml.close();
        let mut repeat = None;
        self.open("LabelPlacement");
        match &text.placement {
            LabelPlacement::Point {
                anchor,
                displacement,
                rotation,
            } => {
                self.open("PointPlacement");
                self.anchor(*anchor);
                self.displacement(displacement);
                if *rotation != Expr::number(0.0) {
                    self.value("Rotation", rotation);
                }
                self.xml.close();
            }
            LabelPlacement::Line {
                perpendicular_offset,
                repeat: distance,
            } => {
                self.open("LinePlacement");
                self.measure("PerpendicularOffset", perpendicular_offset);
                match distance {
                    Some(distance) if self.is_se() => {
                        self.leaf("IsRepeated", "true");
                        self.measure("Gap", distance);
                    }
                    other => repeat = other.clone(),
                }
                self.xml.close();
            }
        }
        self.xml.close();
        if let Some(halo) = &text.halo {
            self.open("Halo");
            self.measure("Radius", &halo.radius);
            self.paint(&halo.fill);
            self.xml.close();
        }
        self.paint(&text.fill);
        self.label_options(text, repeat.as_ref());
    }

    pub(super) fn label_options(&mut self, text: &TextSymbolizer, repeat: Option<&Measure>) {
        if text.priority != Expr::number(0.0) {
            match self.options.vendor_options {
                true => self.value("Priority", &text.priority),
                false => self.dropped("the standard has no place for priority"),
            }
        }
        // these are pixels, whatever the symbolizer's unit
        self.unit = Unit::Pixel;
        let zero = |m: &&Measure| m.value != Expr::number(0.0);
        let options = [
            ("autoWrap", text.wrap_width.as_ref()),
            ("spaceAround", Some(&text.space_around).filter(zero)),
            ("charSpacing", Some(&text.letter_spacing).filter(zero)),
            ("repeat", repeat),
        ];
        for (name, measure) in options {
            let Some(measure) = measure else { continue };
            match self.measured(measure) {
                Expr::Literal(Literal::Number(n)) => self.option(name, &n.to_string()),
                Expr::Literal(Literal::Text(t)) => self.option(name, &t),
                _ => self.dropped(&format!("{name} can't depend on the feature")),
            }
        }
        if text.allow_overlap {
            self.option("conflictResolution", "false");
        }
    }
}
