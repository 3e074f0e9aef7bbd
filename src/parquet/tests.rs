//! What was written is read.

use proptest::prelude::*;

use super::*;
use crate::scratch::Scratch;

const KINDS: [(Physical, Logical, bool); 8] = [
    (Physical::Bool, Logical::Plain, false),
    (Physical::I32, Logical::Date, false),
    (
        Physical::I64,
        Logical::Timestamp {
            unit: Unit::Micros,
            is_utc: true,
        },
        false,
    ),
    (Physical::F32, Logical::Plain, false),
    (Physical::F64, Logical::Plain, false),
    (Physical::Bytes, Logical::Text, true),
    (Physical::Bytes, Logical::Json, true),
    (Physical::Bytes, Logical::Plain, false),
];

/// A value of a column that comes of a number.
fn cell(physical: Physical, number: u64, texts: &[String]) -> Cell<'_> {
    if number.is_multiple_of(5) {
        return Cell::Null;
    }
    match physical {
        Physical::Bool => Cell::Bool(number.is_multiple_of(2)),
        Physical::I32 => Cell::I32(number as i32),
        Physical::I64 => Cell::I64(number as i64),
        Physical::F32 => Cell::F32(number as f32),
        Physical::F64 => Cell::F64(number as f64),
        _ => Cell::Bytes(texts[number as usize % texts.len()].as_bytes()),
    }
}

fn targets() -> Vec<Target> {
    let column = |((physical, logical, repeats), nth): (_, usize)| Target {
        group: None,
        name: format!("colonne {nth}"),
        physical,
        logical,
        repeats,
    };
    let mut targets: Vec<Target> = KINDS.into_iter().zip(0..).map(column).collect();
    targets.push(Target {
        group: Some("groupe"),
        ..column((KINDS[4], 9))
    });
    targets
}

/// Writes rows that come of numbers, and reads them.
fn there_and_back(numbers: &[u64], texts: &[String]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(targets());
    writer.begin(&mut bytes);
    for number in numbers {
        for ((physical, ..), nth) in KINDS.iter().zip(0_usize..) {
            writer.put(nth, cell(*physical, number >> nth, texts));
        }
        writer.put(KINDS.len(), Cell::F64(0.5));
        writer.end_row(&mut bytes);
    }
    writer.end(&[("mot", "valeur é")], &mut bytes);

    let folder = Scratch::new("parquet");
    let file = folder.join("rows.parquet");
    std::fs::write(&file, &bytes).unwrap();
    let table = Table::open(&file).unwrap();
    assert_eq!(table.word("mot"), Some("valeur é"));
    assert_eq!(table.count(), numbers.len() as u64);
    let wanted: Vec<(String, Leaf)> = table
        .columns()
        .iter()
        .filter_map(|column| Some((column.name.clone(), column.leaf?)))
        .collect();
    // the group is nested
    assert_eq!(
        (wanted.len(), table.columns().len()),
        (KINDS.len(), KINDS.len() + 1)
    );
    for ((_, leaf), (physical, logical, _)) in wanted.iter().zip(KINDS) {
        assert_eq!((leaf.physical, leaf.logical), (physical, logical));
    }
    let mut rows = table.rows(&wanted).unwrap();
    for number in numbers {
        assert!(rows.advance().unwrap());
        for ((physical, ..), nth) in KINDS.iter().zip(0_usize..) {
            assert_eq!(rows.cell(nth), cell(*physical, number >> nth, texts));
        }
    }
    assert!(!rows.advance().unwrap());
    bytes
}

#[test]
fn pages_and_groups_of_many_rows_come_back() {
    // more texts than a dictionary holds, and than a page
    let texts: Vec<String> = (0..70_000).map(|n| format!("texte {n}")).collect();
    // a text of its own for most rows, also where the number is halved six times
    let numbers: Vec<u64> = (0..130_000).map(|n| n * 97 + n % 3).collect();
    let bytes = there_and_back(&numbers, &texts);
    let table = bytes.windows(4).filter(|w| *w == b"PAR1").count();
    assert_eq!(table, 2);
    there_and_back(&[], &texts);
    there_and_back(&[0; 10], &texts);
}

#[test]
fn a_group_of_rows_leaves_before_it_takes_much_memory() {
    let mut writer = Writer::new(vec![Target {
        group: None,
        name: "octets".to_owned(),
        physical: Physical::Bytes,
        logical: Logical::Plain,
        repeats: false,
    }]);
    let mut out = Vec::new();
    writer.begin(&mut out);
    let mut noise = 1_u32;
    let (mut total, mut most) = (0_usize, 0_usize);
    for _ in 0..1_000 {
        let value: Vec<u8> = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 24) as u8
        })
        .take(50_000)
        .collect();
        writer.put(0, Cell::Bytes(&value));
        writer.end_row(&mut out);
        most = most.max(out.len());
        total += out.len();
        out.clear();
    }
    assert!((15 << 20..18 << 20).contains(&most), "{most}");
    assert!(total > 30_000_000, "{total}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_rows_come_back(
        numbers in proptest::collection::vec(any::<u64>(), 0..200),
        texts in proptest::collection::vec(".{0,20}", 1..20),
    ) {
        there_and_back(&numbers, &texts);
    }
}
