//! The one style model: what a layer looks like, resolved; no notation, no inheritance left.
//!
//! It follows OGC Symbology Encoding 1.1 (05-077r4) in words and in drawing order: feature type
//! styles are drawn one after the other over all features; inside one, feature by feature, each
//! feature with every rule that applies, each rule with its symbolizers in order.
//! What QGIS and GeoServer add by vendor options has a field of its own here.

pub mod color;
mod columns;
pub mod default;

pub use columns::{columns_of, depends_on_place, drawn_columns_of, telling_columns_of};
pub use default::{default_style, inspire_default};

use crate::query::{Expr, Filter};

/// A named way to draw a layer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Style {
    /// The file name without extension; unique for a layer.
    pub id: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub feature_type_styles: Vec<FeatureTypeStyle>,
}

/// One pass over the features.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FeatureTypeStyle {
    pub rules: Vec<Rule>,
}

/// Who is drawn, when, and how.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rule {
    pub name: Option<String>,
    pub title: Option<String>,
    pub filter: Option<Filter>,
    /// Applies to features that no other rule of the pass took at this scale.
    pub is_else: bool,
    pub scales: ScaleRange,
    pub symbolizers: Vec<Symbolizer>,
}

/// A range of scale denominators: `min <= denominator < max`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ScaleRange {
    pub min: Option<f64>,
    pub max: Option<f64>,
}

impl ScaleRange {
    pub fn contains(&self, denominator: f64) -> bool {
        // a millionth of slack: denominators come out of divisions
        self.min.is_none_or(|min| denominator >= min * (1.0 - 1e-6))
            && self.max.is_none_or(|max| denominator < max * (1.0 - 1e-6))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Symbolizer {
    Line(Box<LineSymbolizer>),
    Polygon(Box<PolygonSymbolizer>),
    Point(Box<PointSymbolizer>),
    Text(Box<TextSymbolizer>),
}

/// A length on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    pub value: Expr,
    pub unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    /// Pixels of a 96 DPI screen; scaled with the request's DPI.
    #[default]
    Pixel,
    /// Millimetres on paper or screen.
    Millimetre,
    /// Metres on the ground.
    Metre,
    /// Feet on the ground.
    Foot,
}

impl Measure {
    pub fn pixels(value: f64) -> Measure {
        Measure {
            value: Expr::number(value),
            unit: Unit::Pixel,
        }
    }
}

/// A colour expression (text such as `#rrggbb`, or computed) and an opacity of 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Paint {
    pub color: Expr,
    pub opacity: Expr,
}

impl Paint {
    pub fn solid(color: &str) -> Paint {
        Paint {
            color: Expr::text(color),
            opacity: Expr::number(1.0),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fill {
    Solid(Paint),
    /// A graphic repeated as tiles (`GraphicFill`), hatches included.
    Graphic {
        graphic: Graphic,
        /// Empty space between tiles, across and upwards: GeoServer's `graphic-margin` of both
        /// sides, QGIS's point pattern distances without the mark.
        margin: [Measure; 2],
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Stroke {
    pub kind: StrokeKind,
    pub width: Measure,
    pub cap: LineCap,
    pub join: LineJoin,
    /// Lengths on and off; empty for a solid line.
    pub dash: Vec<Measure>,
    pub dash_offset: Measure,
}

#[derive(Debug, Clone, PartialEq)]
pub enum StrokeKind {
    Solid(Paint),
    /// Markers along the line (`GraphicStroke`).
    Graphic {
        graphic: Graphic,
        /// From the middle of one marker to the middle of the next, as QGIS and MapServer take
        /// `Gap`; 0: side by side.
        gap: Measure,
        /// From the beginning of the line to the middle of the first marker; with a gap of 0 to
        /// its edge.
        initial_gap: Measure,
        places: MarkerPlaces,
    },
}

/// Where markers of a line stand, and whether they turn with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MarkerPlaces {
    pub at: MarkerAt,
    pub turned: bool,
}

impl Default for MarkerPlaces {
    fn default() -> MarkerPlaces {
        MarkerPlaces {
            at: MarkerAt::Intervals,
            turned: true,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MarkerAt {
    /// By the stroke's gaps.
    #[default]
    Intervals,
    /// The first vertex of each line.
    First,
    Last,
    /// Half way along.
    Middle,
    Vertices,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LineCap {
    #[default]
    Butt,
    Round,
    Square,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LineJoin {
    #[default]
    Miter,
    Round,
    Bevel,
}

#[derive(Debug, Clone, PartialEq)]
pub struct LineSymbolizer {
    pub stroke: Stroke,
    /// To the left of the line's direction where positive.
    pub perpendicular_offset: Option<Measure>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PolygonSymbolizer {
    pub fill: Option<Fill>,
    pub stroke: Option<Stroke>,
    pub perpendicular_offset: Option<Measure>,
    /// Right and up, in the unit given.
    pub displacement: Option<[Measure; 2]>,
}

/// Draws a graphic at each point, at the middle of each line, inside each polygon.
#[derive(Debug, Clone, PartialEq)]
pub struct PointSymbolizer {
    pub graphic: Graphic,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Graphic {
    /// Tried in order: the first that can be drawn is.
    pub symbols: Vec<GraphicSymbol>,
    /// Height; `None` is 6 px for a mark, the natural size for an image.
    pub size: Option<Measure>,
    /// Clockwise, in degrees.
    pub rotation: Expr,
    pub opacity: Expr,
    /// The point of the graphic that lies on the position: 0,0 lower left, 1,1 upper right.
    pub anchor: [f64; 2],
    /// Right and up.
    pub displacement: [Measure; 2],
}

#[derive(Debug, Clone, PartialEq)]
pub enum GraphicSymbol {
    Mark {
        shape: MarkShape,
        fill: Option<Paint>,
        stroke: Option<Box<Stroke>>,
    },
    /// A picture of the `styles/` folder, or inline.
    Image {
        /// As the style writes it: for messages.
        name: String,
        format: ImageFormat,
        data: std::sync::Arc<[u8]>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageFormat {
    Svg,
    Png,
    Jpeg,
}

/// Well-known marks: those of SE 1.1, then those that QGIS and GeoServer write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MarkShape {
    Square,
    Circle,
    Triangle,
    Star,
    Cross,
    X,
    // QGIS
    Arrow,
    ArrowHead,
    FilledArrowHead,
    CrossFill,
    Diamond,
    EquilateralTriangle,
    Hexagon,
    Octagon,
    Decagon,
    Pentagon,
    HalfArc,
    QuarterArc,
    ThirdArc,
    HalfCircle,
    QuarterCircle,
    ThirdCircle,
    QuarterSquare,
    HalfSquare,
    DiagonalHalfSquare,
    RightHalfTriangle,
    LeftHalfTriangle,
    Line,
    SemiCircle,
    Shield,
    DiamondStar,
    Heart,
    AsteriskFill,
    RoundedSquare,
    Parallelogram,
    Trapezoid,
    // hatches: whole-tile lines that join at the edges
    HatchHorizontal,
    HatchVertical,
    /// `/`
    HatchSlash,
    /// `\`
    HatchBackslash,
    HatchPlus,
    HatchTimes,
    Dot,
}

impl MarkShape {
    /// Every mark, in the order above.
    pub const ALL: [MarkShape; 43] = [
        MarkShape::Square,
        MarkShape::Circle,
        MarkShape::Triangle,
        MarkShape::Star,
        MarkShape::Cross,
        MarkShape::X,
        MarkShape::Arrow,
        MarkShape::ArrowHead,
        MarkShape::FilledArrowHead,
        MarkShape::CrossFill,
        MarkShape::Diamond,
        MarkShape::EquilateralTriangle,
        MarkShape::Hexagon,
        MarkShape::Octagon,
        MarkShape::Decagon,
        MarkShape::Pentagon,
        MarkShape::HalfArc,
        MarkShape::QuarterArc,
        MarkShape::ThirdArc,
        MarkShape::HalfCircle,
        MarkShape::QuarterCircle,
        MarkShape::ThirdCircle,
        MarkShape::QuarterSquare,
        MarkShape::HalfSquare,
        MarkShape::DiagonalHalfSquare,
        MarkShape::RightHalfTriangle,
        MarkShape::LeftHalfTriangle,
        MarkShape::Line,
        MarkShape::SemiCircle,
        MarkShape::Shield,
        MarkShape::DiamondStar,
        MarkShape::Heart,
        MarkShape::AsteriskFill,
        MarkShape::RoundedSquare,
        MarkShape::Parallelogram,
        MarkShape::Trapezoid,
        MarkShape::HatchHorizontal,
        MarkShape::HatchVertical,
        MarkShape::HatchSlash,
        MarkShape::HatchBackslash,
        MarkShape::HatchPlus,
        MarkShape::HatchTimes,
        MarkShape::Dot,
    ];
}

#[derive(Debug, Clone, PartialEq)]
pub struct TextSymbolizer {
    pub label: Expr,
    pub font: Font,
    pub fill: Paint,
    pub halo: Option<Halo>,
    pub placement: LabelPlacement,
    /// Higher is placed first. Default: 0.
    pub priority: Expr,
    /// Wrap lines longer than this width, at spaces and hyphens.
    pub wrap_width: Option<Measure>,
    /// Free space kept around the label.
    pub space_around: Measure,
    /// Draw labels even where they overlap.
    pub allow_overlap: bool,
    /// Letters in capitals, lower case or as they are.
    pub letter_case: LetterCase,
    pub letter_spacing: Measure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LetterCase {
    #[default]
    AsIs,
    Upper,
    Lower,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Font {
    /// Wanted families, in order; the bundled family stands for all that are not there.
    pub families: Vec<String>,
    pub size: Measure,
    pub bold: bool,
    pub italic: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Halo {
    pub radius: Measure,
    pub fill: Paint,
}

#[derive(Debug, Clone, PartialEq)]
pub enum LabelPlacement {
    Point {
        /// Of the text's box: 0,0 lower left, 1,1 upper right.
        anchor: [f64; 2],
        /// Right and up.
        displacement: [Measure; 2],
        /// Clockwise, in degrees.
        rotation: Expr,
    },
    /// Along the line (or the polygon's ring), following it.
    Line {
        perpendicular_offset: Measure,
        /// Distance between repeated labels; `None` is one a line.
        repeat: Option<Measure>,
    },
}

impl Expr {
    pub fn number(value: f64) -> Expr {
        Expr::Literal(crate::query::Literal::Number(value))
    }

    pub fn text(value: &str) -> Expr {
        Expr::Literal(crate::query::Literal::Text(value.to_owned()))
    }
}

/// What a reader of styles did with something it met: nothing is dropped silently.
#[derive(Debug, Clone, PartialEq)]
pub struct StyleNote {
    pub kind: StyleNoteKind,
    /// 1-based; 0 where the notation has no lines.
    pub line: u32,
    pub column: u32,
    /// What it was, and what was made of it.
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StyleNoteKind {
    /// Understood by way of a vendor's extension.
    Kept,
    /// Drawn, but not exactly as written.
    Approximated,
    /// Not drawn.
    Dropped,
}
