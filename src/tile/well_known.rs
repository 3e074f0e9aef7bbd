//! The sets that are always there, with the numbers of their registers.
//!
//! - `WebMercatorQuad`, `WorldCRS84Quad`, `EuropeanETRS89_LAEAQuad`: the OGC register of tile
//!   matrix sets (17-083r4 annex D, <https://www.opengis.net/def/tms>), whose numbers are cut
//!   after 15 digits.
//! - `InspireCRS84Quad`: INSPIRE's technical guidance for view services 3.11 (the WMTS
//!   profile): the first 18 levels of `WorldCRS84Quad`.
//! - `LAMB93`: the grid of IGN's Lambert-93 tiles (rok4/tilematrixsets on GitHub). Its levels are
//!   near those of web maps, but no powers of two.

use std::sync::{Arc, LazyLock};

use super::{Corner, TileMatrix, TileMatrixSet, TileMatrixSetText};
use crate::crs::{AxisOrder, Crs};
use crate::error::Result;
use crate::geom::Coord;

static ALL: LazyLock<Vec<Arc<TileMatrixSet>>> = LazyLock::new(|| {
    [
        web_mercator(),
        world_crs84(),
        inspire(),
        lambert_93(),
        european(),
    ]
    .into_iter()
    // a CRS that PROJ's table lacks would be seen by the tests below
    .filter_map(Result::ok)
    .map(Arc::new)
    .collect()
});

/// The well-known sets, WebMercatorQuad first.
pub(super) fn all() -> &'static [Arc<TileMatrixSet>] {
    &ALL
}

/// Scale denominator and cell size of a level.
type Level = (f64, f64);

/// Levels of 256 by 256 cells that double their columns and rows.
fn quad(levels: &[Level], origin: Coord, [columns, rows]: [u32; 2]) -> Vec<TileMatrix> {
    levels
        .iter()
        .zip(0u32..)
        .map(|((scale, cell), z)| matrix(z, (*scale, *cell), origin, [columns << z, rows << z]))
        .collect()
}

fn matrix(z: u32, (scale, cell): Level, origin: Coord, [width, height]: [u32; 2]) -> TileMatrix {
    TileMatrix {
        id: z.to_string(),
        scale_denominator: scale,
        cell_size: cell,
        resolution: cell,
        corner: Corner::TopLeft,
        origin,
        tile_width: 256,
        tile_height: 256,
        matrix_width: width,
        matrix_height: height,
    }
}

fn text(id: &str, title: &str, axes: [&str; 2]) -> TileMatrixSetText {
    TileMatrixSetText {
        id: id.to_owned(),
        title: Some(title.to_owned()),
        description: None,
        uri: None,
        well_known_scale_set: None,
        ordered_axes: axes.map(str::to_owned).to_vec(),
    }
}

fn registered(id: &str, title: &str, axes: [&str; 2]) -> TileMatrixSetText {
    TileMatrixSetText {
        uri: Some(format!(
            "http://www.opengis.net/def/tilematrixset/OGC/1.0/{id}"
        )),
        ..text(id, title, axes)
    }
}

fn scale_set(name: &str) -> Option<String> {
    Some(format!("http://www.opengis.net/def/wkss/OGC/1.0/{name}"))
}

fn web_mercator() -> Result<TileMatrixSet> {
    let text = TileMatrixSetText {
        well_known_scale_set: scale_set("GoogleMapsCompatible"),
        ..registered(
            "WebMercatorQuad",
            "Google Maps Compatible for the World",
            ["X", "Y"],
        )
    };
    let origin = [-20_037_508.342_789_2, 20_037_508.342_789_2];
    TileMatrixSet::new(
        text,
        Crs::from_epsg(3857)?,
        AxisOrder::EastNorth,
        quad(&WEB_MERCATOR, origin, [1, 1]),
    )
}

fn world_crs84() -> Result<TileMatrixSet> {
    let text = TileMatrixSetText {
        well_known_scale_set: scale_set("GoogleCRS84Quad"),
        ..registered("WorldCRS84Quad", "CRS84 for the World", ["Lon", "Lat"])
    };
    TileMatrixSet::new(
        text,
        Crs::crs84(),
        AxisOrder::EastNorth,
        quad(&CRS84, [-180.0, 90.0], [2, 1]),
    )
}

fn inspire() -> Result<TileMatrixSet> {
    let levels = CRS84.first_chunk::<18>().unwrap_or(&[(0.0, 0.0); 18]);
    TileMatrixSet::new(
        text(
            "InspireCRS84Quad",
            "INSPIRE, CRS84 for the World",
            ["Lon", "Lat"],
        ),
        Crs::crs84(),
        AxisOrder::EastNorth,
        quad(levels, [-180.0, 90.0], [2, 1]),
    )
}

fn european() -> Result<TileMatrixSet> {
    let text = registered(
        "EuropeanETRS89_LAEAQuad",
        "Lambert Azimuthal Equal Area ETRS89 for Europe",
        ["Y", "X"],
    );
    TileMatrixSet::new(
        text,
        Crs::from_epsg(3035)?,
        AxisOrder::NorthEast,
        quad(&LAEA, [2_000_000.0, 5_500_000.0], [1, 1]),
    )
}

fn lambert_93() -> Result<TileMatrixSet> {
    let matrices = LAMB93
        .iter()
        .zip(0u32..)
        .map(|((scale, cell, width, height), z)| {
            matrix(z, (*scale, *cell), [0.0, 12_000_000.0], [*width, *height])
        })
        .collect();
    TileMatrixSet::new(
        text("LAMB93", "Lambert-93 (IGN)", ["X", "Y"]),
        Crs::from_epsg(2154)?,
        AxisOrder::EastNorth,
        matrices,
    )
}

const WEB_MERCATOR: [Level; 25] = [
    (559_082_264.028_717, 156_543.033_928_041),
    (279_541_132.014_358, 78_271.516_964_020_4),
    (139_770_566.007_179, 39_135.758_482_010_2),
    (69_885_283.003_589_7, 19_567.879_241_005_1),
    (34_942_641.501_794_8, 9_783.939_620_502_56),
    (17_471_320.750_897_4, 4_891.969_810_251_28),
    (8_735_660.375_448_71, 2_445.984_905_125_64),
    (4_367_830.187_724_35, 1_222.992_452_562_82),
    (2_183_915.093_862_17, 611.496_226_281_41),
    (1_091_957.546_931_08, 305.748_113_140_704),
    (545_978.773_465_544, 152.874_056_570_352),
    (272_989.386_732_772, 76.437_028_285_176_2),
    (136_494.693_366_386, 38.218_514_142_588_1),
    (68_247.346_683_193, 19.109_257_071_294),
    (34_123.673_341_596_4, 9.554_628_535_647_03),
    (17_061.836_670_798_2, 4.777_314_267_823_51),
    (8_530.918_335_399_13, 2.388_657_133_911_75),
    (4_265.459_167_699_56, 1.194_328_566_955_87),
    (2_132.729_583_849_78, 0.597_164_283_477_939),
    (1_066.364_791_924_89, 0.298_582_141_738_97),
    (533.182_395_962_445, 0.149_291_070_869_485),
    (266.591_197_981_222, 0.074_645_535_434_742_4),
    (133.295_598_990_611, 0.037_322_767_717_371_2),
    (66.647_799_495_305_6, 0.018_661_383_858_685_6),
    (33.323_899_747_652_8, 0.009_330_691_929_342_8),
];

const CRS84: [Level; 24] = [
    (279_541_132.014_358, 0.703_125),
    (139_770_566.007_179, 0.351_562_5),
    (69_885_283.003_589_7, 0.175_781_25),
    (34_942_641.501_794_8, 0.087_890_625),
    (17_471_320.750_897_4, 0.043_945_312_5),
    (8_735_660.375_448_71, 0.021_972_656_25),
    (4_367_830.187_724_35, 0.010_986_328_125),
    (2_183_915.093_862_17, 0.005_493_164_062_5),
    (1_091_957.546_931_08, 0.002_746_582_031_25),
    (545_978.773_465_544, 0.001_373_291_015_625),
    (272_989.386_732_772, 0.000_686_645_507_812_5),
    (136_494.693_366_386, 0.000_343_322_753_906_25),
    (68_247.346_683_193, 0.000_171_661_376_953_125),
    (34_123.673_341_596_4, 0.000_085_830_688_476_562_5),
    (17_061.836_670_798_2, 0.000_042_915_344_238_281_2),
    (8_530.918_335_399_13, 0.000_021_457_672_119_140_6),
    (4_265.459_167_699_56, 0.000_010_728_836_059_570_3),
    (2_132.729_583_849_78, 0.000_005_364_418_029_785_15),
    (1_066.364_791_924_89, 0.000_002_682_209_014_892_58),
    (533.182_395_962_445, 0.000_001_341_104_507_446_29),
    (266.591_197_981_222, 0.000_000_670_552_253_723_14),
    (133.295_598_990_611, 0.000_000_335_276_126_861_57),
    (66.647_799_495_305_6, 0.000_000_167_638_063_430_79),
    (33.323_899_747_652_8, 0.000_000_083_819_031_715_39),
];

const LAEA: [Level; 16] = [
    (62_779_017.857_142_8, 17_578.125),
    (31_389_508.928_571_4, 8_789.062_5),
    (15_694_754.464_285_7, 4_394.531_25),
    (7_847_377.232_142_85, 2_197.265_625),
    (3_923_688.616_071_42, 1_098.632_812_5),
    (1_961_844.308_035_71, 549.316_406_25),
    (980_922.154_017_857, 274.658_203_125),
    (490_461.077_008_928, 137.329_101_562_5),
    (245_230.538_504_464, 68.664_550_781_2),
    (122_615.269_252_232, 34.332_275_390_6),
    (61_307.634_626_116, 17.166_137_695_3),
    (30_653.817_313_058, 8.583_068_847_7),
    (15_326.908_656_529, 4.291_534_423_8),
    (7_663.454_328_264_51, 2.145_767_211_9),
    (3_831.727_164_132_25, 1.072_883_606),
    (1_915.863_582_066_12, 0.536_441_803),
];

/// Scale denominator, cell size, columns, rows.
const LAMB93: [(f64, f64, u32, u32); 22] = [
    (373_497_230.535_336, 104_579.224_549_894, 2, 2),
    (186_705_472.692_109, 52_277.532_353_790_5, 2, 2),
    (93_341_025.280_697_9, 26_135.487_078_595_4, 2, 2),
    (46_667_469.220_714_3, 13_066.891_381_8, 2, 3),
    (23_332_959.300_405_4, 6_533.228_604_113_5, 2, 5),
    (11_666_284.015_938_2, 3_266.559_524_462_7, 3, 9),
    (5_833_092.873_562_14, 1_633.266_004_597_4, 5, 16),
    (2_916_534.124_95, 816.629_554_986, 8, 30),
    (1_458_263.980_988_57, 408.313_914_676_8, 14, 59),
    (729_131.219_681_786, 204.156_741_510_9, 26, 117),
    (364_565.417_082_857, 102.078_316_783_2, 51, 232),
    (182_282.660_345, 51.039_144_896_6, 100, 462),
    (91_141.318_122_5, 25.519_569_074_3, 199, 922),
    (45_570.656_048_571_4, 12.759_783_693_6, 396, 1_842),
    (22_785.327_271_428_6, 6.379_891_636, 791, 3_682),
    (11_392.663_447_5, 3.189_945_765_3, 1_581, 7_363),
    (5_696.331_676_785_71, 1.594_972_869_5, 3_161, 14_724),
    (2_848.165_826_785_71, 0.797_486_431_5, 6_321, 29_447),
    (1_424.082_910_357_14, 0.398_743_214_9, 12_641, 58_892),
    (712.041_454_642_857, 0.199_371_607_3, 25_281, 117_782),
    (356.020_727_5, 0.099_685_803_7, 50_561, 235_563),
    (178.010_363_571_429, 0.049_842_901_8, 101_121, 471_125),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::Bbox;

    fn set(id: &str) -> &'static TileMatrixSet {
        all().iter().find(|s| s.id() == id).unwrap()
    }

    #[test]
    fn the_numbers_of_the_tables_fit_each_other() {
        let levels: Vec<(&str, usize)> =
            all().iter().map(|s| (s.id(), s.matrices().len())).collect();
        assert_eq!(
            levels,
            [
                ("WebMercatorQuad", 25),
                ("WorldCRS84Quad", 24),
                ("InspireCRS84Quad", 18),
                ("LAMB93", 22),
                ("EuropeanETRS89_LAEAQuad", 16)
            ]
        );
        for set in all() {
            for matrix in set.matrices() {
                let by_scale = matrix.scale_denominator * 0.000_28 / set.crs.metres_per_unit;
                let off = by_scale / matrix.cell_size - 1.0;
                assert!(off.abs() < 1e-9, "{} {}: {off}", set.id(), matrix.id);
                let off = matrix.resolution / matrix.cell_size - 1.0;
                assert!(off.abs() < 1e-10, "{} {}: {off}", set.id(), matrix.id);
            }
        }
    }

    #[test]
    fn every_level_of_the_quads_covers_the_same_plane_exactly() {
        for (id, expected) in [
            ("WebMercatorQuad", 20_037_508.342_789_244),
            ("WorldCRS84Quad", 180.0),
            ("InspireCRS84Quad", 180.0),
        ] {
            let first = set(id).matrices()[0].extent();
            assert!((first.max_x - expected).abs() < 1e-7, "{id}");
            for matrix in set(id).matrices() {
                assert_eq!(matrix.extent(), first, "{id} {}", matrix.id);
            }
        }
        let laea = set("EuropeanETRS89_LAEAQuad");
        for matrix in laea.matrices() {
            let all = Bbox::new(2_000_000.0, 1_000_000.0, 6_500_000.0, 5_500_000.0);
            assert_eq!(Some(matrix.extent()), all, "{}", matrix.id);
        }
    }

    #[test]
    fn the_grid_of_lambert_93_has_lyon_in_its_tiles() {
        // the tiles that IGN serves around 842000, 6519000
        let set = set("LAMB93");
        let at = Bbox::new(842_000.0, 6_519_000.0, 842_000.0, 6_519_000.0).unwrap();
        let range = set.matrices()[12].range(&at).unwrap();
        // 842000 / (25.5195690743 · 256) = 128.9; (12000000 − 6519000) / … = 838.9
        assert_eq!(
            (
                range.min_column,
                range.min_row,
                range.max_column,
                range.max_row
            ),
            (128, 838, 128, 838)
        );
    }
}
