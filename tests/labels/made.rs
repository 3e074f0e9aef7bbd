//! Places and rivers that are made up, and how they are labelled.

use cartotheque::error::Result;
use cartotheque::feature::{Feature, Field, FieldType, Schema, Value};
use cartotheque::geom::{Bbox, Coord, Geometry, GeometryType, PartKind};
use cartotheque::query::Expr;
use cartotheque::style::{Font, Halo, LabelPlacement, LetterCase, Measure, Paint, TextSymbolizer};

pub struct Place {
    pub fid: u64,
    pub name: String,
    pub population: i64,
    pub geometry: Geometry,
}

impl Feature for Place {
    fn fid(&self) -> u64 {
        self.fid
    }

    fn bbox(&self) -> Option<Bbox> {
        self.geometry.bbox()
    }

    fn geometry(&self, out: &mut Geometry) -> Result<()> {
        out.clone_from(&self.geometry);
        Ok(())
    }

    fn value(&self, column: usize) -> Value<'_> {
        match column {
            0 => Value::Text(&self.name),
            1 => Value::Int(self.population),
            _ => Value::Null,
        }
    }

    fn values(&self, visit: &mut dyn FnMut(usize, Value<'_>)) {
        visit(0, self.value(0));
        visit(1, self.value(1));
    }
}

pub fn schema() -> Schema {
    let field = |name: &str, kind| Field {
        name: name.into(),
        kind,
        title: None,
        description: None,
        nullable: true,
    };
    Schema {
        fields: vec![
            field("name", FieldType::Text),
            field("population", FieldType::Long),
        ],
        ..Schema::default()
    }
}

pub fn text() -> TextSymbolizer {
    TextSymbolizer {
        label: Expr::Property("name".into()),
        font: Font {
            families: vec!["Open Sans".into()],
            size: Measure::pixels(12.0),
            bold: false,
            italic: false,
        },
        fill: Paint::solid("#333333"),
        halo: Some(Halo {
            radius: Measure::pixels(1.5),
            fill: Paint::solid("#ffffff"),
        }),
        placement: LabelPlacement::Point {
            anchor: [0.5, 0.5],
            displacement: [Measure::pixels(0.0), Measure::pixels(0.0)],
            rotation: Expr::number(0.0),
        },
        priority: Expr::Property("population".into()),
        wrap_width: Some(Measure::pixels(90.0)),
        space_around: Measure::pixels(0.0),
        allow_overlap: false,
        letter_case: LetterCase::AsIs,
        letter_spacing: Measure::pixels(0.0),
    }
}

pub fn along_lines() -> TextSymbolizer {
    TextSymbolizer {
        placement: LabelPlacement::Line {
            perpendicular_offset: Measure::pixels(0.0),
            repeat: Some(Measure::pixels(220.0)),
        },
        wrap_width: None,
        ..text()
    }
}

/// Numbers that look random and are the same in every run.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn below(&mut self, n: u32) -> u32 {
        (self.next() * f64::from(n)) as u32
    }
}

pub fn point([x, y]: Coord) -> Geometry {
    let mut g = Geometry::new(GeometryType::Point);
    g.push([x, y]);
    g.end_part(PartKind::Points);
    g
}

const NAMES: [&str; 12] = [
    "Lyon",
    "Saint-Étienne",
    "Bourg-en-Bresse",
    "Y",
    "Saint-Rémy-en-Bouzemont-Saint-Genest-et-Isson",
    "L’Haÿ-les-Roses",
    "Œuilly",
    "Villefranche-sur-Saône",
    "Le Puy",
    "Évian-les-Bains",
    "القاهرة",
    "Chamonix-Mont-Blanc",
];

/// Places in clusters around an origin; a third on whole coordinates, as surveyed data are.
pub fn places(count: u64, origin: Coord, extent: f64) -> Vec<Place> {
    let mut numbers = Numbers(7);
    (0..count)
        .map(|fid| {
            let mut at = [0, 1].map(|axis: usize| {
                let spread = numbers.next() * numbers.next() + numbers.next() * 0.7;
                origin[axis] + spread * extent
            });
            if fid % 3 == 0 {
                at = at.map(|v| (v / 10.0).round() * 10.0);
            }
            Place {
                fid,
                name: NAMES[numbers.below(12) as usize].into(),
                population: i64::from(numbers.below(6)) * 1000,
                geometry: point(at),
            }
        })
        .collect()
}

/// Winding lines, some thousands of pixels long.
pub fn rivers(count: u64, origin: Coord, extent: f64) -> Vec<Place> {
    let mut numbers = Numbers(11);
    (0..count)
        .map(|fid| {
            let mut g = Geometry::new(GeometryType::LineString);
            let mut at = [0, 1].map(|axis: usize| origin[axis] + numbers.next() * extent);
            let mut heading = numbers.next() * 6.3;
            for _ in 0..40 + numbers.below(80) {
                g.push(at);
                heading += (numbers.next() - 0.5) * 0.7;
                let step = extent / 100.0 * (0.3 + numbers.next());
                at = [at[0] + step * heading.cos(), at[1] + step * heading.sin()];
            }
            g.end_part(PartKind::Line);
            Place {
                fid,
                name: ["Le Rhône", "La Saône", "Ruisseau de l’Ardières"][numbers.below(3) as usize]
                    .into(),
                population: i64::from(numbers.below(4)),
                geometry: g,
            }
        })
        .collect()
}
