//! Each format: types, encodings, CRSs, geometry.

use cartotheque::geom::GeometryType;
use cartotheque::import::Options;

use crate::common::Scratch;
use crate::made::*;

fn csv(name: &str, text: impl AsRef<[u8]>) -> (Scratch, std::path::PathBuf) {
    let scratch = Scratch::new(&format!("import-{name}"));
    let path = write(&scratch.0, "in/villes.csv", text);
    (scratch, path)
}

#[test]
fn a_french_csv_is_understood_to_its_last_column() {
    let text = b"code_insee;nom;pop;taux;maj;actif;siret;Longitude;Latitude\r\n\
        01906;\xc9vian;1000;1,5;31/01/2024;vrai;12345678901234;6,58;46,40\r\n\
        38185;\"Grenoble; l\"\"Alpe\";160000;2;01/12/2023;faux;99999999999999;5,72;45,18\r\n";
    let (scratch, path) = csv("french", text);
    let imported = bring_one(&path, &scratch.0);
    assert_eq!(
        fields(&imported),
        [
            "code_insee: text",
            "nom: text",
            "pop: integer",
            "taux: number",
            "maj: date",
            "actif: boolean",
            "siret: long"
        ]
    );
    assert_eq!(column(&imported, "code_insee"), ["01906", "38185"]);
    assert_eq!(column(&imported, "nom"), ["Grenoble; l\"Alpe", "Évian"]);
    assert_eq!(column(&imported, "taux"), ["1.5", "2"]);
    assert_eq!(column(&imported, "maj"), ["2023-12-01", "2024-01-31"]);
    let extent = imported.extent.unwrap();
    assert_eq!((extent.min_x, extent.max_y), (5.72, 46.40));
    assert_eq!(imported.crs.id(), "EPSG:4326");
    let said = imported.remarks.join("; ");
    assert!(said.contains("Windows-1252: 1 rows"), "{said}");
}

#[test]
fn separators_marks_and_quotes_of_every_kind_are_found() {
    for (nth, text) in [
        "lon,lat,n\n5.1,45.2,1\n",
        "lon;lat;n\n5.1;45.2;1\n",
        "lon;lat;n\n5,1;45,2;1\n",
        "lon\tlat\tn\n5.1\t45.2\t1\n",
        "lon|lat|n\n5.1|45.2|1\n",
        "\u{feff}\"lon\",\"lat\",\"n\"\r\n\"5.1\",\"45.2\",\"1\"\r\n",
        "n,geo_point_2d\n1,\"45.2, 5.1\"\n",
        "n;geom\n1;\"SRID=4326;POINT (5.1 45.2)\"\n",
        "n,geom\n1,0101000020E610000066666666666614409A99999999994640\n",
        "n;geo_shape\n1;\"{\"\"type\"\":\"\"Point\"\",\"\"coordinates\"\":[5.1,45.2]}\"\n",
        "\n\nlon,lat,n\n\n5.1,45.2,1\n\n",
    ]
    .into_iter()
    .enumerate()
    {
        let (scratch, path) = csv(&format!("separators-{nth}"), text);
        let imported = bring_one(&path, &scratch.0);
        let extent = imported.extent.unwrap();
        assert_eq!((extent.min_x, extent.min_y), (5.1, 45.2), "{text}");
        assert_eq!(
            (imported.features, fields(&imported)),
            (1, vec!["n: integer".to_owned()]),
            "{text}"
        );
    }
}

#[test]
fn rows_that_are_left_out_are_named_by_their_lines() {
    let text = "lon,lat,n\n5.1,45.2,1\nabc,45.2,2\n5.1,45.2,3,4\n\"5.1\n\",45.2,5\n,,6\n5.1,45.2\n";
    let (scratch, path) = csv("lines", text);
    let imported = bring_one(&path, &scratch.0);
    assert_eq!(imported.features, 4);
    assert_eq!(
        notes(&imported),
        [
            "dropped a coordinate is no number: 1",
            "dropped expected 3 fields, found 4: 1",
            "without geometry it has none in the file: 1",
            "changed fields are missing at the end of the row: null: 1",
        ]
    );
    let places: Vec<String> = imported
        .notes
        .iter()
        .map(|n| n.first[0].to_string())
        .collect();
    assert_eq!(places, ["line 3", "line 4", "line 7", "line 8"]);
    assert_eq!(column(&imported, "n"), ["1", "5", "6", "null"]);
}

#[test]
fn a_crs_that_is_not_known_is_refused_with_a_hint_and_may_be_said() {
    let said = |crs: &str| Options {
        crs: Some(cartotheque::crs::Crs::parse(crs).unwrap()),
        ..Options::default()
    };
    for (text, hint) in [
        (
            "x,y\n843000,6520000\n",
            "--crs EPSG:2154 (the positions look like Lambert-93)",
        ),
        (
            "x,y\n5.1,45.2\n",
            "--crs EPSG:4326 (the positions look like longitude and latitude)",
        ),
        ("x,y\n1843000,4280000\n", "--crs EPSG:3945"),
        (
            "lon,lat\n843000,6520000\n",
            "EPSG:4326 is in degrees: say the CRS, e.g. --crs EPSG:2154",
        ),
    ] {
        let (scratch, path) = csv("crs", text);
        let refused = refusal(&path, &scratch.0, &Options::default());
        assert!(refused.contains(hint), "{text}: {refused}");
        assert_eq!(all_files(&scratch.0), ["in/villes.csv"]);
        let mut all = bring(&path, &scratch.0, &said("EPSG:2154"));
        assert_eq!(all.remove(0).unwrap().crs.id(), "EPSG:2154");
    }
}

#[test]
fn a_csv_that_says_no_place_is_refused_by_its_columns() {
    for (text, expected) in [
        ("nom;pop\nLyon;5\n", "expected columns of the position"),
        ("", "is empty"),
        ("\u{feff}", "is empty"),
        (
            "lon,lat\n\"5.1,45\n",
            "the quoted field that begins at line 2 is never closed",
        ),
    ] {
        let (scratch, path) = csv("no-place", text);
        let refused = refusal(&path, &scratch.0, &Options::default());
        assert!(refused.contains(expected), "{text:?}: {refused}");
    }
    let (scratch, path) = csv("utf16", b"\xff\xfel\0o\0n\0");
    assert!(refusal(&path, &scratch.0, &Options::default()).contains("UTF-16"));
    let (scratch, path) = csv("xy", "est;nord;n\n843000;6520000;1\n");
    let options = Options {
        xy: Some(("est".into(), "nord".into())),
        crs: Some(cartotheque::crs::Crs::from_epsg(2154).unwrap()),
        ..Options::default()
    };
    assert_eq!(
        bring(&path, &scratch.0, &options)
            .remove(0)
            .unwrap()
            .features,
        1
    );
}

#[test]
fn geojson_is_read_as_collection_lines_and_sequence() {
    let scratch = Scratch::new("import-geojson");
    let one = |n: u32, more: &str| {
        format!(
            r#"{{"type":"Feature","id":"f{n}","properties":{{"n":{n},"code":"0{n}"{more}}},"geometry":{{"type":"Point","coordinates":[{n},45,100]}}}}"#
        )
    };
    let all = [
        one(1, r#","t":["a"]"#),
        one(2, r#","t":null"#),
        one(3, r#","x":1.5"#),
    ];
    for (name, text) in [
        (
            "a.geojson",
            format!(
                r#"{{"type":"FeatureCollection","features":[{}]}}"#,
                all.join(",\n")
            ),
        ),
        ("b.geojsonl", all.join("\n")),
        ("c.geojsons", format!("\u{1e}{}", all.join("\n\u{1e}"))),
        (
            "d.json",
            format!(
                r#"{{"features":[{}],"type":"FeatureCollection"}}"#,
                all.join(",")
            ),
        ),
    ] {
        let imported = bring_one(&write(&scratch.0, name, text), &scratch.0.join("out"));
        assert_eq!(
            fields(&imported),
            [
                "id: text",
                "n: integer",
                "code: text",
                "t: json",
                "x: number"
            ],
            "{name}"
        );
        assert_eq!(column(&imported, "id"), ["f1", "f2", "f3"]);
        assert_eq!(column(&imported, "t"), ["[\"a\"]", "null", "null"]);
        assert!(
            imported.remarks.iter().any(|r| r.contains("heights (Z)")),
            "{name}"
        );
        assert_eq!(imported.geometry, GeometryType::Point);
    }
}

#[test]
fn geojson_of_another_crs_is_taken_by_its_word_or_refused() {
    let scratch = Scratch::new("import-geojson-crs");
    let text = |crs: &str| {
        format!(
            r#"{{"type":"FeatureCollection"{crs},"features":[{{"type":"Feature","properties":{{}},"geometry":{{"type":"Point","coordinates":[843000,6520000]}}}}]}}"#
        )
    };
    let named = r#","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::2154"}}"#;
    let path = write(&scratch.0, "a.geojson", text(named));
    assert_eq!(
        bring_one(&path, &scratch.0.join("out")).crs.id(),
        "EPSG:2154"
    );
    let path = write(&scratch.0, "b.geojson", text(""));
    let refused = refusal(&path, &scratch.0.join("out"), &Options::default());
    assert!(refused.contains("--crs EPSG:2154"), "{refused}");
    let cut = text(named);
    let path = write(&scratch.0, "c.geojson", &cut[..cut.len() - 20]);
    let refused = refusal(&path, &scratch.0.join("out"), &Options::default());
    assert!(refused.contains("is cut"), "{refused}");
}

#[test]
fn a_shapefile_is_read_with_its_table_and_its_crs() {
    let scratch = Scratch::new("import-shapefile");
    let path = scratch.0.join("zones.shp");
    polygons().write(&path, Some(LAMBERT_93));
    let imported = bring_one(&path, &scratch.0.join("out"));
    assert_eq!(imported.crs.id(), "EPSG:2154");
    assert_eq!(
        fields(&imported),
        [
            "INSEE: text",
            "POP: integer",
            "TAUX: number",
            "MAJ: date",
            "OK: boolean"
        ]
    );
    assert_eq!(imported.geometry, GeometryType::MultiPolygon);
    assert_eq!(notes(&imported), Vec::<String>::new());
    assert_eq!(column(&imported, "INSEE"), ["01906", "38185"]);
    assert_eq!(column(&imported, "MAJ"), ["2024-02-29", "null"]);
    assert_eq!(column(&imported, "TAUX"), ["1.5", "null"]);
    let mut rings: Vec<Vec<usize>> = features(&imported)
        .iter()
        .map(|(g, _)| g.parts().map(|p| p.sequences().count()).collect())
        .collect();
    rings.sort();
    assert_eq!(rings, [vec![1, 1], vec![2]]);
}

#[test]
fn a_shapefile_without_its_companions_says_what_is_missing() {
    let scratch = Scratch::new("import-alone");
    let path = scratch.0.join("zones.shp");
    polygons().write(&path, None);
    let refused = refusal(&path, &scratch.0.join("out"), &Options::default());
    assert!(refused.contains("there is no .prj"), "{refused}");
    std::fs::remove_file(path.with_extension("dbf")).unwrap();
    std::fs::remove_file(path.with_extension("shx")).unwrap();
    std::fs::write(path.with_extension("prj"), LAMBERT_93).unwrap();
    let imported = bring_one(&path, &scratch.0.join("out"));
    assert_eq!((imported.features, imported.fields.len()), (2, 0));
    let said = imported.remarks.join("; ");
    assert!(
        said.contains("no .dbf") && said.contains("no .shx"),
        "{said}"
    );
}

#[test]
fn texts_of_a_shapefile_are_read_as_its_cpg_says_or_as_they_are() {
    let scratch = Scratch::new("import-cpg");
    let points = |name: &[u8]| Shapefile {
        kind: 1,
        records: vec![point([1.0, 2.0])],
        columns: vec![("NOM", b'C', 20, 0)],
        rows: vec![vec![name.to_vec()]],
    };
    for (nth, (bytes, cpg)) in [
        (&b"\xc9vian"[..], None),
        ("Évian".as_bytes(), None),
        (b"\xc9vian", Some("1252")),
        ("Évian".as_bytes(), Some("UTF-8")),
        (b"\xc9vian", Some("ISO 88591")),
        (b"\xc9vian", Some("klingon")),
        (b"\x90vian", Some("CP850")),
        (b"\x90vian", Some("437")),
    ]
    .into_iter()
    .enumerate()
    {
        let path = scratch.0.join(format!("n{nth}.shp"));
        points(bytes).write(&path, Some(LAMBERT_93));
        if let Some(cpg) = cpg {
            std::fs::write(path.with_extension("cpg"), cpg).unwrap();
        }
        let imported = bring_one(&path, &scratch.0.join("out"));
        assert_eq!(column(&imported, "NOM"), ["Évian"], "{nth}");
    }
}

#[test]
fn a_geopackage_gives_a_layer_for_each_table_with_its_titles_and_types() {
    let scratch = Scratch::new("import-gpkg");
    let path = scratch.0.join("lieux.gpkg");
    geopackage(&path);
    let mut all = bring(&path, &scratch.0.join("out"), &Options::default());
    assert_eq!(all.len(), 2);
    let undefined = all.pop().unwrap().unwrap_err().to_string();
    assert!(undefined.contains("declared as undefined"), "{undefined}");
    let imported = all.pop().unwrap().unwrap();
    assert_eq!(imported.target.id, "lieux-dits");
    assert_eq!(imported.crs.id(), "EPSG:2154");
    assert_eq!(
        fields(&imported),
        [
            "fid: long",
            "nom: text",
            "n: integer",
            "big: long",
            "part: number",
            "ok: boolean",
            "jour: date",
            "moment: date-time",
            "octets: binary",
            "tout: text"
        ]
    );
    assert_eq!(imported.features, 50);
    let layer = std::fs::read_to_string(&imported.target.layer).unwrap();
    for line in [
        "title: Lieux-dits",
        "abstract: Noms de lieux",
        "id_column: fid",
        "  - {name: nom, label: Nom du lieu}",
        "label: nom",
    ] {
        assert!(layer.lines().any(|l| l == line), "{line}:\n{layer}");
    }
}

#[test]
fn spaces_around_a_name_in_a_geopackage_are_part_of_it_and_undefined_is_no_crs() {
    let scratch = Scratch::new("import-gpkg-names");
    let path = scratch.0.join("lieux.gpkg");
    geopackage(&path);
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(
            "ALTER TABLE \"lieux \"\"dits\"\"\" ADD COLUMN \"nom \" TEXT; \
             UPDATE \"lieux \"\"dits\"\"\" SET \"nom \" = 'autre'; \
             INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined SRS', 99999, 'GDAL', 99999, \
             'LOCAL_CS[\"Undefined SRS\",LOCAL_DATUM[\"unknown\",32767],UNIT[\"unknown\",1],\
             AXIS[\"Easting\",EAST],AXIS[\"Northing\",NORTH]]', NULL); \
             UPDATE gpkg_geometry_columns SET srs_id = 99999 WHERE table_name = 'zones';",
        )
        .unwrap();
    let mut all = bring(&path, &scratch.0.join("out"), &Options::default());
    let undefined = all.pop().unwrap().unwrap_err().to_string();
    assert!(undefined.contains("the CRS of \"zones\""), "{undefined}");
    assert!(undefined.contains("--crs"), "{undefined}");
    let imported = all.pop().unwrap().unwrap();
    assert_eq!(column(&imported, "nom_2"), vec!["autre"; 50]);
}

#[test]
fn a_geopackage_that_is_open_elsewhere_is_refused() {
    let scratch = Scratch::new("import-wal");
    let path = scratch.0.join("lieux.gpkg");
    geopackage(&path);
    write(&scratch.0, "lieux.gpkg-wal", "changes");
    let refused = refusal(&path, &scratch.0.join("out"), &Options::default());
    assert!(refused.contains("is open in another program"), "{refused}");
}

#[test]
fn a_view_without_end_ends() {
    let scratch = Scratch::new("import-view");
    let path = scratch.0.join("lieux.gpkg");
    geopackage(&path);
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("DROP TABLE zones; CREATE VIEW zones AS WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n FROM t) SELECT n AS fid, NULL AS the_geom FROM t; UPDATE gpkg_geometry_columns SET srs_id = 2154;")
        .unwrap();
    let mut all = bring(&path, &scratch.0.join("out"), &Options::default());
    let refused = all.pop().unwrap().unwrap_err().to_string();
    assert!(refused.contains("is it a view"), "{refused}");
}
