//! Graphics of SLD: marks and pictures.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::sld::SldWriter;
use crate::decode::sld_mark::well_known;
use crate::query::Expr;
use crate::style::{Graphic, GraphicSymbol, ImageFormat, Measure};

impl SldWriter {
    pub(super) fn graphic(&mut self, graphic: &Graphic) {
        self.open("Graphic");
        for symbol in &graphic.symbols {
            self.symbol(symbol);
        }
        let zero = |m: &Measure| m.value == Expr::number(0.0);
        if graphic.opacity != Expr::number(1.0) {
            self.value("Opacity", &graphic.opacity);
        }
        if let Some(size) = &graphic.size {
            self.measure("Size", size);
        }
        if graphic.rotation != Expr::number(0.0) {
            self.value("Rotation", &graphic.rotation);
        }
        let moved = graphic.anchor != [0.5, 0.5] || !graphic.displacement.iter().all(zero);
        if moved && !self.is_se() && !self.options.vendor_options {
            self.dropped("SLD 1.0 has no anchor and no displacement of a graphic");
        } else if moved {
            self.anchor(graphic.anchor);
            self.displacement(&graphic.displacement);
        }
        self.xml.close();
    }

    pub(super) fn anchor(&mut self, [x, y]: [f64; 2]) {
        self.open("AnchorPoint");
        self.value("AnchorPointX", &Expr::number(x));
        self.value("AnchorPointY", &Expr::number(y));
        self.xml.close();
    }

    pub(super) fn displacement(&mut self, [x, y]: &[Measure; 2]) {
        self.open("Displacement");
        self.measure("DisplacementX", x);
        self.measure("DisplacementY", y);
        self.xml.close();
    }

    pub(super) fn symbol(&mut self, symbol: &GraphicSymbol) {
        match symbol {
            GraphicSymbol::Mark {
                shape,
                fill,
                stroke,
            } => {
                self.open("Mark");
                self.leaf("WellKnownName", well_known(*shape));
                if let Some(fill) = fill {
                    self.paint(fill);
                }
                if let Some(stroke) = stroke {
                    self.stroke(stroke);
                }
                self.xml.close();
            }
            GraphicSymbol::Image { format, data, .. } => {
                let media_type = match format {
                    ImageFormat::Svg => "image/svg+xml",
                    ImageFormat::Png => "image/png",
                    ImageFormat::Jpeg => "image/jpeg",
                };
                let text = STANDARD.encode(data);
                self.open("ExternalGraphic");
                if self.is_se() {
                    let element = self.se("InlineContent");
                    self.xml.leaf(&element, &[("encoding", "base64")], &text);
                } else {
                    let href = format!("data:{media_type};base64,{text}");
                    let attributes = [("xlink:type", "simple"), ("xlink:href", href.as_str())];
                    self.xml.leaf("OnlineResource", &attributes, "");
                }
                self.leaf("Format", media_type);
                self.xml.close();
            }
        }
    }
}
