//! GeoParquet as others write it (`data/make.py`), and files made to do harm.

use std::path::PathBuf;

use cartotheque::import::{Imported, Options};
use proptest::prelude::*;

use crate::common::Scratch;
use crate::hostile::{changes, damaged, survives};
use crate::made::*;

/// Files of one and the same table.
const SAME: [&str; 7] = [
    "brotli",
    "duckdb",
    "fastparquet",
    "geopandas",
    "v1-gzip",
    "v2-none",
    "v2-zstd",
];

fn data(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/import/data");
    PathBuf::from(folder).join(format!("{name}.parquet"))
}

/// A row of the table as `make.py` says it.
fn expected(row: i64) -> Vec<(String, String)> {
    let moment = 1_709_210_096_250_i64 + row * 1_000;
    let moment = jiff::Timestamp::from_millisecond(moment).unwrap();
    let day = jiff::civil::date(1970, 1, 1)
        .checked_add(jiff::Span::new().days(row * 100))
        .unwrap();
    let all = [
        ("nom", 3, format!("Saint-Étienne {}", row % 7)),
        ("code", 99, format!("{row:05}")),
        ("compte", 4, (row - 100).to_string()),
        ("grand", 99, (row * 1_000_000_000_000).to_string()),
        ("mesure", 6, (row as f64 / 4.0).to_string()),
        ("vrai", 7, (row % 3 == 0).to_string()),
        ("jour", 8, day.to_string()),
        ("moment", 99, moment.to_string()),
        ("octets", 9, "2 bytes".to_owned()),
    ];
    let there = all.into_iter().filter(|(_, null, _)| row % 10 != *null);
    there
        .map(|(name, _, value)| (name.to_owned(), value))
        .collect()
}

fn assert_is_the_table(name: &str, imported: &Imported) {
    assert_eq!(imported.features, 300, "{name}");
    let mut found = features(imported);
    found.sort_by_key(|(_, values)| values.iter().find(|(n, _)| n == "code").cloned());
    for ((geometry, values), row) in found.into_iter().zip(0_i64..) {
        let at = [840_000.0 + row as f64, 6_519_000.5 + row as f64 / 2.0];
        let position: &[[f64; 2]] = if row == 5 { &[] } else { &[at] };
        assert_eq!(geometry.coords(), position, "{name}, row {row}");
        let mut values = values;
        // INT96 knows neither zones nor days
        for (_, value) in values.iter_mut().filter(|_| name == "fastparquet") {
            if value.starts_with("2024-02-29T") {
                value.push('Z');
            }
            *value = value.trim_end_matches("T00:00:00").to_owned();
        }
        assert_eq!(values, expected(row), "{name}, row {row}");
    }
}

#[test]
fn one_table_is_the_same_whoever_wrote_it_in_whatever_encoding() {
    for name in SAME {
        let scratch = Scratch::new("parquet-same");
        let options = Options {
            // DuckDB without its extension says nothing of the CRS
            crs: (name == "duckdb").then(|| cartotheque::crs::Crs::from_epsg(2154).unwrap()),
            ..Options::default()
        };
        let mut all = bring(&data(name), &scratch.0, &options);
        let imported = all.remove(0).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(imported.crs.id(), "EPSG:2154", "{name}");
        assert_is_the_table(name, &imported);
        let types = [
            "nom: text",
            "code: text",
            "compte: integer",
            "grand: long",
            "mesure: number",
            "vrai: boolean",
            "jour: date",
            "moment: date-time",
            "octets: binary",
        ];
        let found = fields(&imported)
            .join(", ")
            .replace("jour: date-time", "jour: date");
        assert_eq!(found, types.join(", "), "{name}");
    }
}

#[test]
fn values_of_rare_types_are_read_and_what_is_not_is_said() {
    let scratch = Scratch::new("parquet-types");
    let imported = bring_one(&data("types"), &scratch.0);
    assert_eq!(
        fields(&imported),
        [
            "u8: integer",
            "u64: text",
            "f16: number",
            "f32: number",
            "prix: number",
            "heure: text",
            "local: date-time",
            "uuid: text",
            "json: json",
            "fin: text"
        ]
    );
    let found = features(&imported);
    let first = found
        .iter()
        .find(|(shape, _)| shape.coords() == [[4.5, 45.5]]);
    let first: Vec<String> = first
        .unwrap()
        .1
        .iter()
        .map(|(_, value)| value.clone())
        .collect();
    assert_eq!(
        first,
        [
            "255",
            "9223372036854775808",
            "1.5",
            "0.5",
            "12.34",
            "01:02:03",
            "2024-02-29T01:00:00",
            "00000000-0000-0000-0000-000000000001",
            "{\"a\":1}",
            "a"
        ]
    );
    assert_eq!(
        (imported.crs.id(), imported.crs_from.as_str()),
        ("CRS:84".to_owned(), "GeoParquet's default")
    );
    let said = imported.remarks.join("; ");
    for note in [
        "column \"rien\" is of a type that is not read",
        "column \"liste\" is nested or repeated",
        "column \"groupe\" is nested or repeated",
        "column \"autre\" of other geometries is left out",
    ] {
        assert!(said.contains(note), "{note} in {said}");
    }
}

#[test]
fn what_is_no_geoparquet_is_refused_in_words() {
    let scratch = Scratch::new("parquet-refused");
    let refused = |bytes: &[u8]| {
        let path = write(&scratch.0, "x.parquet", bytes);
        refusal(&path, &scratch.0.join("out"), &Options::default())
    };
    let sound = std::fs::read(data("v2-none")).unwrap();
    let plain = std::fs::read(data("plain")).unwrap();
    let cut = &sound[..sound.len() - 1];
    let mut encrypted = sound.clone();
    encrypted.truncate(sound.len() - 1);
    encrypted.push(b'E');
    for (bytes, words) in [
        (
            plain.as_slice(),
            "without geometries that are known as such: expected GeoParquet",
        ),
        (cut, "is cut: a Parquet file ends with PAR1"),
        (&encrypted, "is encrypted"),
        (b"PAR1", "found fewer bytes"),
        (b"id;nom;longitude;latitude", "begins with PAR1"),
    ] {
        let message = refused(bytes);
        assert!(message.contains(words), "{words}: {message}");
    }
}

/// A file of a few kB whose rows are all the same long text.
#[test]
fn a_small_file_that_means_gigabytes_is_refused() {
    use cartotheque::parquet::{Cell, Logical, Physical, Target, Writer};
    let column = |name: &str, logical| Target {
        group: None,
        name: name.to_owned(),
        physical: Physical::Bytes,
        logical,
        repeats: true,
    };
    let columns = vec![
        column("geom", Logical::Plain),
        column("texte", Logical::Text),
    ];
    let mut writer = Writer::new(columns);
    let mut bytes = Vec::new();
    writer.begin(&mut bytes);
    let text = "x".repeat(200_000);
    for _ in 0..2_000 {
        writer.put(0, Cell::Null);
        writer.put(1, Cell::Bytes(text.as_bytes()));
        writer.end_row(&mut bytes);
    }
    let geo = r#"{"primary_column":"geom","columns":{"geom":{"encoding":"WKB"}}}"#;
    writer.end(&[("geo", geo)], &mut bytes);
    assert!(bytes.len() < 20_000, "{}", bytes.len());
    let scratch = Scratch::new("parquet-bomb");
    let path = write(&scratch.0, "x.parquet", &bytes);
    let message = refusal(&path, &scratch.0.join("out"), &Options::default());
    assert!(message.contains("expected values of at most"), "{message}");
}

/// Reads every row of every column that has one value a row.
fn read_all(path: &std::path::Path) -> Result<u64, cartotheque::error::Error> {
    let table = cartotheque::parquet::Table::open(path)?;
    let columns = table.columns().iter();
    let wanted: Vec<_> = columns
        .filter_map(|c| Some((c.name.clone(), c.leaf?)))
        .collect();
    let mut rows = table.rows(&wanted)?;
    let mut count = 0;
    while count < 100_000 && rows.advance()? {
        let values = (0..wanted.len()).map(|nth| rows.cell(nth));
        count += 1 + values
            .filter(|cell| *cell == cartotheque::parquet::Cell::Null)
            .count() as u64;
    }
    Ok(count)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_is_read_or_refused(changes in changes(), cut in any::<usize>(), which in 0..8_usize) {
        let name = [&SAME[..], &["types"]].concat()[which];
        let scratch = Scratch::new("hostile-parquet");
        let mut bytes = damaged(&std::fs::read(data(name)).unwrap(), &changes, cut);
        // what is cut has no end: one that is right is put there
        if !bytes.ends_with(b"PAR1") {
            bytes.extend([200, 0, 0, 0]);
            bytes.extend(b"PAR1");
        }
        let path = write(&scratch.0, "x.parquet", bytes);
        let started = std::time::Instant::now();
        let _any = read_all(&path);
        prop_assert!(started.elapsed() < std::time::Duration::from_secs(10));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_is_imported_or_refused(changes in changes(), which in 0..8_usize) {
        let name = [&SAME[..], &["types"]].concat()[which];
        let scratch = Scratch::new("hostile-parquet-import");
        let bytes = damaged(&std::fs::read(data(name)).unwrap(), &changes, 0);
        let path = write(&scratch.0, "x.parquet", bytes);
        survives(&path, &scratch.0.join("out"));
    }
}

#[test]
fn a_file_in_a_served_folder_is_told_of_imported_and_comes_back_as_a_download() {
    let scratch = Scratch::new("parquet-served");
    let map = scratch.0.join("map");
    let first = write(&scratch.0, "in/a.csv", "lon,lat\n5,45\n");
    bring_one(&first, &map);
    let waiting = map.join("data/points.parquet");
    std::fs::copy(data("v2-zstd"), &waiting).unwrap();
    let server = crate::common::Server::start(&map, &[]);
    server.wait_until("a word about the file that is not served", |s| {
        s.log().contains("cartotheque import") && s.log().contains("points.parquet")
    });
    bring_one(&waiting, &map);
    server.wait_until("the new layer", |s| {
        s.get("/collections/points").status == 200
    });
    let crs = "http://www.opengis.net/def/crs/EPSG/0/2154";
    let items = format!("/collections/points/items?f=parquet&limit=1000&crs={crs}");
    let answer = server.get(&items);
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        "application/vnd.apache.parquet"
    );
    let name = answer.header("content-disposition");
    assert!(name.contains("points.parquet"), "{name}");
    let back = write(&scratch.0, "back.parquet", &answer.body);
    let imported = bring_one(&back, &scratch.0.join("back"));
    assert_eq!(imported.crs.id(), "EPSG:2154");
    assert_is_the_table("a download", &imported);
    // where a list of formats is, it is in
    for address in [
        "/api?f=json",
        "/collections/points?f=json",
        "/collections/points/items?f=html",
        "/wfs?service=WFS&version=2.0.0&request=GetCapabilities",
    ] {
        let text = server.get(address).text();
        assert!(
            text.contains("application/vnd.apache.parquet") || text.contains("f=parquet"),
            "{address}"
        );
    }
}
