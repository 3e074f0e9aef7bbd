//! Labels do not depend on the request's box: maps cut anywhere are equal, pixel by pixel.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests, over data they make"
)]

mod communes;
mod made;

use cartotheque::budget::Budget;
use cartotheque::feature::Feature;
use cartotheque::geom::{Bbox, Coord, Geometry, GeometryType, PartKind, Size, View};
use cartotheque::query::Expr;
use cartotheque::render::label::{CompiledText, LabelSet, PlacedLabels, margins_px};
use cartotheque::style::{Font, LabelPlacement, LetterCase, Measure, Paint, TextSymbolizer, Unit};
use tiny_skia::Pixmap;

use made::{Numbers, Place, along_lines, places, point, rivers, schema, text};

struct Layer<'a> {
    text: TextSymbolizer,
    places: &'a [Place],
}

/// What the map operation does: select in a margin, place, and again where it was not enough.
/// Also answers how many selections that took.
fn labels(view: &View, layers: &[Layer<'_>]) -> (PlacedLabels, usize) {
    let texts = compiled(view, layers);
    let margins = margins_px(&texts);
    for (attempt, margin) in (1..).zip(margins) {
        let placement = with_margin(view, layers, &texts, margin);
        if placement.1 {
            return (placement.0, attempt);
        }
    }
    panic!("the last margin settles everything");
}

fn compiled(view: &View, layers: &[Layer<'_>]) -> Vec<CompiledText> {
    (0..)
        .zip(layers)
        .map(|(rank, layer)| CompiledText::new(&layer.text, &schema(), view, rank).unwrap())
        .collect()
}

fn with_margin(
    view: &View,
    layers: &[Layer<'_>],
    texts: &[CompiledText],
    margin: [f64; 2],
) -> (PlacedLabels, bool) {
    let window = view.bbox.grown(
        margin[0] * view.resolution_x(),
        margin[1] * view.resolution_y(),
    );
    let mut set = LabelSet::new(view, texts, margin);
    for (index, layer) in layers.iter().enumerate() {
        for place in layer.places {
            if place.bbox().unwrap().intersects(&window) {
                set.add(index, place, &place.geometry).unwrap();
            }
        }
    }
    let placement = set.place(&Budget::unlimited()).unwrap();
    (placement.labels, placement.settled)
}

fn picture(view: &View, labels: &PlacedLabels) -> Pixmap {
    let mut pixmap = Pixmap::new(view.size.width, view.size.height).unwrap();
    pixmap.fill(tiny_skia::Color::from_rgba8(235, 240, 225, 255));
    labels.draw(&mut pixmap.as_mut(), [0, 0]);
    pixmap
}

fn view(min: Coord, resolution: f64, width: u32, height: u32) -> View {
    let bbox = Bbox::new(
        min[0],
        min[1],
        min[0] + f64::from(width) * resolution,
        min[1] + f64::from(height) * resolution,
    );
    View::new(bbox.unwrap(), Size { width, height }, 1.0)
}

/// A rectangle of a map's pixels as a view of its own, its corners computed in one of the ways
/// that clients do.
fn cut(whole: &View, left: u32, top: u32, width: u32, height: u32, way: u32) -> View {
    let (b, size) = (whole.bbox, whole.size);
    let (rx, ry) = (whole.resolution_x(), whole.resolution_y());
    let (l, t, w, h) = (
        f64::from(left),
        f64::from(top),
        f64::from(width),
        f64::from(height),
    );
    let (cw, ch) = (f64::from(size.width), f64::from(size.height));
    let bbox = match way {
        0 => [
            b.min_x + l * rx,
            b.max_y - (t + h) * ry,
            b.min_x + (l + w) * rx,
            b.max_y - t * ry,
        ],
        1 => [
            b.max_x - (cw - l) * rx,
            b.min_y + (ch - t - h) * ry,
            b.max_x - (cw - l - w) * rx,
            b.min_y + (ch - t) * ry,
        ],
        2 => {
            // centre and half sizes
            let x = b.min_x + (l + w / 2.0) / cw * b.width();
            let y = b.max_y - (t + h / 2.0) / ch * b.height();
            [
                x - w * rx / 2.0,
                y - h * ry / 2.0,
                x + w * rx / 2.0,
                y + h * ry / 2.0,
            ]
        }
        _ => [
            // written with nine decimals, as BBOX= is
            b.min_x + l * rx,
            b.max_y - (t + h) * ry,
            b.min_x + (l + w) * rx,
            b.max_y - t * ry,
        ]
        .map(|v| format!("{v:.9}").parse().unwrap()),
    };
    let [min_x, min_y, max_x, max_y] = bbox;
    View {
        bbox: Bbox::new(min_x, min_y, max_x, max_y).unwrap(),
        size: Size { width, height },
        ..*whole
    }
}

/// Draws a map and many cuts of it; all must be equal where they show the same. Answers the
/// labels of the whole, and how many cuts needed a second or third selection.
fn cuts_are_equal(whole: &View, layers: &[Layer<'_>], cuts: u32) -> (PlacedLabels, [u32; 3]) {
    let (all, _) = labels(whole, layers);
    let expected = picture(whole, &all);
    let mut numbers = Numbers(cuts.into());
    let mut attempts = [0; 3];
    for number in 0..cuts {
        let width = 16 + numbers.below(whole.size.width / 3);
        let height = 16 + numbers.below(whole.size.height / 3);
        let left = numbers.below(whole.size.width - width + 1);
        let top = numbers.below(whole.size.height - height + 1);
        let part = cut(whole, left, top, width, height, number % 4);
        let (found, attempt) = labels(&part, layers);
        attempts[attempt - 1] += 1;
        let found = picture(&part, &found);
        for y in 0..height {
            for x in 0..width {
                assert_eq!(
                    found.pixel(x, y),
                    expected.pixel(left + x, top + y),
                    "cut {number}: {width} by {height} at {left},{top}, pixel {x},{y}"
                );
            }
        }
    }
    (all, attempts)
}

#[test]
fn a_map_of_dense_places_cut_anywhere_is_the_same_map() {
    // Lambert-93 and Web Mercator magnitudes; clean resolutions, a tile matrix's, an odd one
    for (origin, resolution) in [
        ([842_000.0, 6_519_000.0], 10.0),
        ([842_000.0, 6_519_000.0], 28.0 * 1.4),
        ([538_000.0, 5_740_000.0], 156_543.033_928_041 / 4096.0),
        ([538_000.0, 5_740_000.0], 2.5),
    ] {
        let extent = 900.0 * resolution;
        let places = places(3000, origin, extent);
        let layers = [Layer {
            text: text(),
            places: &places,
        }];
        let start = [
            origin[0] + 90.0 * resolution,
            origin[1] + 120.0 * resolution,
        ];
        let whole = view(start, resolution, 700, 600);
        let (all, _) = cuts_are_equal(&whole, &layers, 60);
        assert!(all.len() > 60, "{} labels at {resolution}", all.len());
    }
}

#[test]
fn labels_of_equal_priority_in_the_order_of_the_file_are_cut_equally() {
    let origin = [538_000.0, 5_740_000.0];
    let mut places = places(2500, origin, 9000.0);
    // the worst order: from west to east, so that every label waits for its neighbour
    places.sort_by(|a, b| a.bbox().unwrap().min_x.total_cmp(&b.bbox().unwrap().min_x));
    for (fid, place) in (0..).zip(&mut places) {
        place.fid = fid;
        place.population = 0;
    }
    let layers = [Layer {
        text: text(),
        places: &places,
    }];
    cuts_are_equal(&view(origin, 10.0, 700, 600), &layers, 80);
}

#[test]
fn labels_along_lines_cut_anywhere_are_the_same() {
    let origin = [842_000.0, 6_519_000.0];
    for resolution in [10.0, 3.3, 0.02] {
        let rivers = rivers(60, origin, 1000.0 * resolution);
        let layers = [Layer {
            text: along_lines(),
            places: &rivers,
        }];
        let whole = view(origin, resolution, 800, 700);
        let (all, _) = cuts_are_equal(&whole, &layers, 60);
        assert!(all.len() > 20, "{} labels", all.len());
    }
}

#[test]
fn deep_in_a_long_line_labels_do_not_move_with_the_view() {
    // 200 km of road at 2 cm a pixel, seen far from its start
    let mut g = Geometry::new(GeometryType::LineString);
    g.extend((0..2000).map(|i| {
        let x = f64::from(i) * 100.0;
        [700_000.0 + x, 6_500_000.0 + 20.0 * (x / 700.0).sin()]
    }));
    g.end_part(PartKind::Line);
    let road = [Place {
        fid: 0,
        name: "Autoroute du Soleil".into(),
        population: 0,
        geometry: g,
    }];
    let layers = [Layer {
        text: along_lines(),
        places: &road,
    }];
    let y = 6_500_000.0 + 20.0 * (180_000.0_f64 / 700.0).sin();
    let whole = view([880_000.0, y - 8.0], 0.02, 1200, 800);
    let (all, _) = cuts_are_equal(&whole, &layers, 80);
    assert!(all.len() >= 3, "{}", all.len());
}

#[test]
fn several_layers_rotated_displaced_and_overlapping_cut_anywhere_are_the_same() {
    let origin = [842_000.0, 6_519_000.0];
    let (towns, rivers) = (places(900, origin, 8000.0), rivers(30, origin, 8000.0));
    let turned = TextSymbolizer {
        placement: LabelPlacement::Point {
            anchor: [0.0, 0.5],
            displacement: [Measure::pixels(7.0), Measure::pixels(-3.0)],
            rotation: Expr::number(-30.0),
        },
        letter_case: LetterCase::Upper,
        letter_spacing: Measure::pixels(1.5),
        ..text()
    };
    let everywhere = TextSymbolizer {
        label: Expr::Property("population".into()),
        allow_overlap: true,
        fill: Paint {
            color: Expr::text("#a00000"),
            opacity: Expr::number(0.5),
        },
        font: Font {
            size: Measure {
                value: Expr::number(2.0),
                unit: Unit::Millimetre,
            },
            italic: true,
            ..text().font
        },
        ..text()
    };
    let layers = [
        Layer {
            text: along_lines(),
            places: &rivers,
        },
        Layer {
            text: turned,
            places: &towns,
        },
        Layer {
            text: everywhere,
            places: &towns,
        },
        Layer {
            text: text(),
            places: &towns,
        },
    ];
    let mut whole = view(origin, 10.0, 800, 700);
    cuts_are_equal(&whole, &layers, 30);
    whole.pixel_ratio = 2.0;
    cuts_are_equal(&whole, &layers, 20);
}

#[test]
fn the_margin_changes_the_cost_and_never_the_map() {
    let origin = [842_000.0, 6_519_000.0];
    let places = places(4000, origin, 12_000.0);
    let layers = [Layer {
        text: text(),
        places: &places,
    }];
    let mut numbers = Numbers(3);
    let mut settled_at_once = 0;
    for _ in 0..40 {
        let at = [0, 1].map(|axis: usize| origin[axis] + numbers.next() * 10_000.0);
        let tile = view(at, 10.0, 256, 256);
        let texts = compiled(&tile, &layers);
        let [first, _, last] = margins_px(&texts);
        let (near, settled) = with_margin(&tile, &layers, &texts, first);
        let (far, far_settled) = with_margin(&tile, &layers, &texts, last);
        assert!(far_settled, "the last margin settles everything");
        if settled {
            settled_at_once += 1;
            assert_eq!(picture(&tile, &near).data(), picture(&tile, &far).data());
        }
    }
    assert!(settled_at_once >= 36, "{settled_at_once} of 40");
}

#[test]
fn the_most_important_label_is_never_suppressed() {
    let origin = [842_000.0, 6_519_000.0];
    let mut places = places(3000, origin, 8000.0);
    places[2999].name = "Lyon".into();
    places[2999].population = 500_000;
    let layers = [Layer {
        text: text(),
        places: &places,
    }];
    let [x, y] = places[2999].geometry.coords()[0];
    let mut numbers = Numbers(5);
    for _ in 0..30 {
        let (dx, dy) = (numbers.next() * 2500.0, numbers.next() * 2500.0);
        let tile = view([x - dx, y - dy], 10.0, 256, 256);
        let (found, _) = labels(&tile, &layers);
        assert!(found.iter().any(|label| label.fid == 2999));
    }
}

#[test]
fn an_upper_layer_goes_before_a_lower_one_of_the_same_priority() {
    let here = |fid, name: &str| Place {
        fid,
        name: name.into(),
        population: 1,
        geometry: point([1000.0, 1000.0]),
    };
    let (lower, upper) = ([here(0, "lower")], [here(9, "upper")]);
    let layers = [
        Layer {
            text: text(),
            places: &lower,
        },
        Layer {
            text: text(),
            places: &upper,
        },
    ];
    let (found, _) = labels(&view([900.0, 900.0], 1.0, 200, 200), &layers);
    assert_eq!(found.iter().map(|l| l.fid).collect::<Vec<_>>(), [9]);
}

#[test]
fn placed_labels_keep_clear_of_each_other() {
    let origin = [842_000.0, 6_519_000.0];
    let places = places(3000, origin, 8000.0);
    let layers = [Layer {
        text: text(),
        places: &places,
    }];
    let (found, _) = labels(&view(origin, 10.0, 700, 600), &layers);
    let boxes: Vec<[f64; 4]> = found.iter().map(|l| l.bounds).collect();
    for (i, a) in boxes.iter().enumerate() {
        for b in &boxes[i + 1..] {
            let apart = a[2] < b[0] || b[2] < a[0] || a[3] < b[1] || b[3] < a[1];
            assert!(apart, "{a:?} {b:?}");
        }
    }
}

#[test]
fn ten_thousand_labels_at_one_point_are_one_label() {
    let places: Vec<Place> = (0..10_000)
        .map(|fid| Place {
            fid,
            name: format!("n° {fid}"),
            population: 0,
            geometry: point([1000.0, 1000.0]),
        })
        .collect();
    let layers = [Layer {
        text: text(),
        places: &places,
    }];
    let (found, _) = labels(&view([900.0, 900.0], 1.0, 200, 200), &layers);
    assert_eq!((found.len(), found.candidates()), (1, 1));
}

#[test]
fn hostile_values_draw_something_or_nothing_and_end() {
    let names = [
        "",
        " ",
        "\u{0}",
        "\u{202e}abc",
        "W\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}",
        "\n\n\n",
        "\u{10ffff}",
        "א1ب2",
        "a\u{200d}\u{200d}",
    ];
    let mut places: Vec<Place> = (0..)
        .zip(names)
        .map(|(fid, name)| Place {
            fid,
            name: name.into(),
            population: 0,
            geometry: point([1000.0 + fid as f64 * 3.0, 1000.0]),
        })
        .collect();
    for (at, name) in [
        ([f64::NAN, 0.0], "nan"),
        ([1e300, -1e300], "far"),
        ([1050.0, 1050.0], &"x".repeat(100_000)),
    ] {
        let mut g = point(at);
        g.push([1001.0, 1001.0]);
        g.end_part(PartKind::Line);
        g.extend([at, [1e9, f64::INFINITY], [1000.0, 1000.0]]);
        g.end_part(PartKind::Line);
        places.push(Place {
            fid: 100,
            name: name.into(),
            population: i64::MAX,
            geometry: g,
        });
    }
    let huge = TextSymbolizer {
        font: Font {
            size: Measure::pixels(1e9),
            ..text().font
        },
        letter_spacing: Measure::pixels(f64::NAN),
        space_around: Measure::pixels(-1e30),
        ..text()
    };
    let nothing = TextSymbolizer {
        font: Font {
            size: Measure::pixels(f64::NAN),
            ..text().font
        },
        priority: Expr::number(f64::NAN),
        fill: Paint::solid("no colour"),
        placement: LabelPlacement::Point {
            anchor: [f64::NAN, 1e300],
            displacement: [Measure::pixels(f64::INFINITY), Measure::pixels(-1e300)],
            rotation: Expr::number(f64::INFINITY),
        },
        ..text()
    };
    let tiny_repeat = TextSymbolizer {
        placement: LabelPlacement::Line {
            perpendicular_offset: Measure::pixels(f64::NAN),
            repeat: Some(Measure::pixels(1e-300)),
        },
        ..text()
    };
    for symbolizer in [text(), huge, nothing, tiny_repeat, along_lines()] {
        let layers = [Layer {
            text: symbolizer,
            places: &places,
        }];
        let view = view([900.0, 900.0], 1.0, 200, 200);
        let texts = compiled(&view, &layers);
        for margin in margins_px(&texts) {
            let mut set = LabelSet::new(&view, &texts, margin);
            for place in &places {
                set.add(0, place, &place.geometry).unwrap();
            }
            let placement = set.place(&Budget::unlimited()).unwrap();
            picture(&view, &placement.labels);
        }
    }
}
