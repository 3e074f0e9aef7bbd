//! Symbols and patterns as pictures of their own, for clients that draw maps themselves.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use tiny_skia::Pixmap;

use super::canvas::Canvas;
use super::compile::{CompiledFill, CompiledStyle, CompiledSymbolizer};
use super::graphic::Symbol;
use super::legend::Nobody;
use super::painter::Painter;
use super::pattern::Pattern;
use super::symbol::SymbolCache;
use crate::error::Result;
use crate::feature::Schema;
use crate::geom::{Bbox, Geometry, GeometryType, PartKind, Size, View};
use crate::style::{
    FeatureTypeStyle, Fill, Graphic, GraphicSymbol, Measure, PointSymbolizer, PolygonSymbolizer,
    Rule, Style, Symbolizer,
};

/// A symbol, drawn once, or a pattern, one tile of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Icon {
    /// Tells what it looks like: two icons of one name are the same picture.
    pub name: String,
    /// Nothing in it depends on a feature.
    graphic: Graphic,
    /// The space around each tile of a pattern; `None` is a symbol.
    margin: Option<[Measure; 2]>,
}

/// An icon reaches at most that far from its middle, in pixels at 96 DPI.
const MAX_REACH: f64 = 256.0;

impl Icon {
    /// The symbol of a graphic, its middle in the middle: anchor and displacement are the
    /// client's.
    pub fn symbol(graphic: &Graphic) -> Icon {
        Icon::new(graphic, None)
    }

    /// A tile that has no seams where it is repeated.
    pub fn pattern(graphic: &Graphic, margin: &[Measure; 2]) -> Icon {
        Icon::new(graphic, Some(margin.clone()))
    }

    fn new(graphic: &Graphic, margin: Option<[Measure; 2]>) -> Icon {
        let graphic = Graphic {
            anchor: [0.5, 0.5],
            displacement: [Measure::pixels(0.0), Measure::pixels(0.0)],
            ..graphic.clone()
        };
        Icon {
            name: name(&graphic, margin.as_ref()),
            graphic,
            margin,
        }
    }

    /// The picture, `pixel_ratio` times as large as at 96 DPI; `None` where nothing shows.
    ///
    /// # Errors
    /// `InvalidStyle` for a colour that is none.
    pub fn draw(&self, pixel_ratio: f64, cache: &SymbolCache) -> Result<Option<Pixmap>> {
        let symbolizer = match &self.margin {
            None => Symbolizer::Point(Box::new(PointSymbolizer {
                graphic: self.graphic.clone(),
            })),
            Some(margin) => Symbolizer::Polygon(Box::new(PolygonSymbolizer {
                fill: Some(Fill::Graphic {
                    graphic: self.graphic.clone(),
                    margin: margin.clone(),
                }),
                stroke: None,
                perpendicular_offset: None,
                displacement: None,
            })),
        };
        let style = Style {
            feature_type_styles: vec![FeatureTypeStyle {
                rules: vec![Rule {
                    symbolizers: vec![symbolizer],
                    ..Rule::default()
                }],
            }],
            ..Style::default()
        };
        let compiled = CompiledStyle::new(&style, &Schema::default(), &view(1, pixel_ratio), cache);
        let compiled = compiled?;
        let symbolizer = compiled
            .passes()
            .iter()
            .flat_map(|pass| &pass.rules)
            .find_map(|rule| rule.symbolizers.first());
        match symbolizer {
            Some(CompiledSymbolizer::Polygon {
                fill: Some(fill), ..
            }) => Ok(tile(fill, cache)),
            Some(symbolizer @ CompiledSymbolizer::Point(_)) => {
                stamped(symbolizer, pixel_ratio, cache)
            }
            _ => Ok(None),
        }
    }
}

/// A square of pixels whose unit is one pixel.
fn view(side: u32, pixel_ratio: f64) -> View {
    let size = Size {
        width: side,
        height: side,
    };
    let bbox = Bbox {
        min_x: 0.0,
        min_y: 0.0,
        max_x: f64::from(side),
        max_y: f64::from(side),
    };
    View {
        pixel_ratio,
        ..View::new(bbox, size, 1.0)
    }
}

fn tile(fill: &CompiledFill, cache: &SymbolCache) -> Option<Pixmap> {
    let CompiledFill::Graphic { graphic, margin } = fill else {
        return None;
    };
    let symbol = Symbol::of(graphic, &Nobody, None)?;
    let margin = [margin[0].px(&Nobody), margin[1].px(&Nobody)];
    Pattern::new(&symbol.look, symbol.image, margin, cache)?.tile()
}

fn stamped(
    symbolizer: &CompiledSymbolizer,
    pixel_ratio: f64,
    cache: &SymbolCache,
) -> Result<Option<Pixmap>> {
    let reach = symbolizer.reach_px().ceil();
    if reach > MAX_REACH * pixel_ratio {
        return Ok(None);
    }
    let half = reach as u32 + 1;
    let mut canvas = Canvas::new(Size {
        width: half * 2,
        height: half * 2,
    })?;
    let mut middle = Geometry::default();
    middle.begin(GeometryType::Point);
    middle.push([f64::from(half); 2]);
    middle.end_part(PartKind::Points);
    let view = view(half * 2, pixel_ratio);
    Painter::new(&mut canvas, &view, cache).draw(symbolizer, &middle, &Nobody);
    Ok(centered(canvas.pixmap(), half))
}

/// Cuts off what is transparent, as much on either side of the middle.
fn centered(pixmap: &Pixmap, half: u32) -> Option<Pixmap> {
    let columns = pixmap.width() as usize;
    let rows = pixmap.data().as_chunks::<4>().0.chunks_exact(columns);
    // pixels from the middle line to the outer edge of a pixel
    let from_middle = |at: usize| {
        let at = at as u32;
        if at < half { half - at } else { at + 1 - half }
    };
    let mut reach = [0, 0];
    for (y, row) in rows.clone().enumerate() {
        for (x, _) in row.iter().enumerate().filter(|(_, pixel)| pixel[3] != 0) {
            reach = [reach[0].max(from_middle(x)), reach[1].max(from_middle(y))];
        }
    }
    let [across, down] = reach.map(|r| r.min(half));
    let mut out = Pixmap::new(across * 2, down * 2)?;
    let kept = rows.skip((half - down) as usize);
    let (into, _) = out.data_mut().as_chunks_mut::<4>();
    for (into, from) in into.chunks_exact_mut((across * 2) as usize).zip(kept) {
        for (into, from) in into
            .iter_mut()
            .zip(from.iter().skip((half - across) as usize))
        {
            *into = *from;
        }
    }
    Some(out)
}

/// A word for people and a number for all that the picture depends on.
fn name(graphic: &Graphic, margin: Option<&[Measure; 2]>) -> String {
    // DefaultHasher::new has fixed keys
    let mut hasher = DefaultHasher::new();
    format!(
        "{:?}",
        (&graphic.size, &graphic.rotation, &graphic.opacity, margin)
    )
    .hash(&mut hasher);
    let mut word = String::from("symbol");
    if let Some(symbol) = graphic.symbols.first() {
        let long = match symbol {
            GraphicSymbol::Mark { shape, .. } => {
                format!("{symbol:?}").hash(&mut hasher);
                format!("{shape:?}")
            }
            GraphicSymbol::Image { name, format, data } => {
                (*format as u8).hash(&mut hasher);
                data.hash(&mut hasher);
                let file = name.rsplit('/').next().unwrap_or(name);
                file.split('.').next().unwrap_or(file).to_owned()
            }
        };
        let is_plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-' || *c == '_';
        let plain: String = long.chars().filter(is_plain).take(32).collect();
        if !plain.is_empty() {
            word = plain.to_lowercase();
        }
    }
    format!("{word}-{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Expr;
    use crate::style::{LineCap, LineJoin, MarkShape, Paint, Stroke, StrokeKind};

    fn mark(shape: MarkShape, size: f64, rotation: f64) -> Graphic {
        Graphic {
            symbols: vec![GraphicSymbol::Mark {
                shape,
                fill: Some(Paint::solid("#ff0000")),
                stroke: Some(Box::new(Stroke {
                    kind: StrokeKind::Solid(Paint::solid("#0000ff")),
                    width: Measure::pixels(1.0),
                    cap: LineCap::Butt,
                    join: LineJoin::Miter,
                    dash: Vec::new(),
                    dash_offset: Measure::pixels(0.0),
                })),
            }],
            size: Some(Measure::pixels(size)),
            rotation: Expr::number(rotation),
            opacity: Expr::number(1.0),
            anchor: [0.5, 0.0],
            displacement: [Measure::pixels(3.0), Measure::pixels(0.0)],
        }
    }

    fn margin() -> [Measure; 2] {
        [Measure::pixels(0.0), Measure::pixels(0.0)]
    }

    #[test]
    fn a_symbol_stands_in_the_middle_of_its_icon() {
        let cache = SymbolCache::new();
        // 10 px and the stroke's 1 px, to whole pixels on either side
        for (ratio, side) in [(1.0, 12), (2.0, 22)] {
            let icon = Icon::symbol(&mark(MarkShape::Square, 10.0, 0.0));
            let picture = icon.draw(ratio, &cache).unwrap().unwrap();
            assert_eq!([picture.width(), picture.height()], [side; 2]);
            let at = |x, y| picture.pixel(x, y).unwrap().demultiply();
            assert_eq!(at(side / 2, side / 2).red(), 255);
            assert_eq!(at(0, side / 2).blue(), 255, "the stroke");
            let (left, right) = (at(0, 4), at(side - 1, 4));
            assert_eq!(left, right);
        }
    }

    #[test]
    fn one_name_is_one_picture() {
        let names: Vec<String> = [
            mark(MarkShape::Square, 10.0, 0.0),
            mark(MarkShape::Square, 10.0, 1.0),
            mark(MarkShape::Square, 11.0, 0.0),
            mark(MarkShape::Star, 10.0, 0.0),
        ]
        .iter()
        .flat_map(|g| [Icon::symbol(g).name, Icon::pattern(g, &margin()).name])
        .collect();
        let mut distinct = names.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), names.len(), "{names:?}");
        let moved = Graphic {
            anchor: [0.0, 0.0],
            ..mark(MarkShape::Square, 10.0, 0.0)
        };
        assert_eq!(Icon::symbol(&moved).name, names[0]);
        assert!(names[0].starts_with("square-"), "{names:?}");
    }

    /// The pattern as the map has it, on as many tiles as that.
    fn drawn(graphic: &Graphic, size: Size, cache: &SymbolCache) -> Pixmap {
        let style = Style {
            feature_type_styles: vec![FeatureTypeStyle {
                rules: vec![Rule {
                    symbolizers: vec![Symbolizer::Polygon(Box::new(PolygonSymbolizer {
                        fill: Some(Fill::Graphic {
                            graphic: graphic.clone(),
                            margin: margin(),
                        }),
                        stroke: None,
                        perpendicular_offset: None,
                        displacement: None,
                    }))],
                    ..Rule::default()
                }],
            }],
            ..Style::default()
        };
        let [width, height] = [size.width, size.height].map(f64::from);
        let bbox = Bbox::new(0.0, 0.0, width, height).unwrap();
        let view = View::new(bbox, size, 1.0);
        let compiled = CompiledStyle::new(&style, &Schema::default(), &view, cache).unwrap();
        let mut area = Geometry::default();
        area.begin(GeometryType::Polygon);
        area.extend([
            [0.0, 0.0],
            [width, 0.0],
            [width, height],
            [0.0, height],
            [0.0, 0.0],
        ]);
        area.end_part(PartKind::Polygon);
        let mut canvas = Canvas::new(size).unwrap();
        let mut painter = Painter::new(&mut canvas, &view, cache);
        painter.draw(
            &compiled.passes()[0].rules[0].symbolizers[0],
            &area,
            &Nobody,
        );
        canvas.into_pixmap()
    }

    #[test]
    fn a_tile_repeated_is_the_pattern_of_the_map() {
        let cache = SymbolCache::new();
        for (shape, size, rotation, most) in [
            (MarkShape::HatchSlash, 8.0, 0.0, 0.0),
            (MarkShape::HatchSlash, 7.0, 0.0, 0.0),
            (MarkShape::HatchTimes, 9.5, 0.0, 0.0),
            (MarkShape::Star, 12.0, 10.0, 0.0),
            (MarkShape::HatchHorizontal, 6.3, 30.0, 12.0),
        ] {
            let graphic = mark(shape, size, rotation);
            let icon = Icon::pattern(&graphic, &margin());
            let tile = icon.draw(1.0, &cache).unwrap().unwrap();
            assert!((8..=128).contains(&tile.width()) && (8..=128).contains(&tile.height()));
            let map = Size {
                width: tile.width() * 2,
                height: tile.height() * 2,
            };
            let map = drawn(&graphic, map, &cache);
            let mut off = 0.0;
            for y in 0..map.height() {
                for x in 0..map.width() {
                    let one = map.pixel(x, y).unwrap().alpha();
                    let other = tile.pixel(x % tile.width(), y % tile.height()).unwrap();
                    off += f64::from(one.abs_diff(other.alpha()));
                }
            }
            let off = off / f64::from(map.width() * map.height());
            assert!(off <= most, "{shape:?} {size} {rotation}: {off}");
        }
    }
}
