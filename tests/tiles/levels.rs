//! Tiles of layers that are larger than a tile needs: made from overviews.

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use cartotheque::budget::Budget;
use cartotheque::cache::TileCache;
use cartotheque::crs::{Crs, Transform};
use cartotheque::overview::{Cache, Keeper, Outcome};
use cartotheque::protocol::tiles::{
    Prepared, PreparedTile, Service, TilesAddress, TilesRequest, prepare,
};
use cartotheque::server::Site;

use crate::common::Scratch;
use crate::decoder::{Feature, Kind, Value, area, decode};
use crate::landscape::{ORIGIN, write_landscape};
use crate::served;

/// Fields on a side, and the metres of one.
const SIDE: u32 = 160;
const STEP: f64 = 40.0;

/// Two colours, so that classes differ; names, so that a column is known that tells nothing of
/// the look.
const STYLE: &str = r##"<StyledLayerDescriptor xmlns="http://www.opengis.net/sld" xmlns:ogc="http://www.opengis.net/ogc" version="1.0.0">
<NamedLayer><Name>champs</Name><UserStyle><FeatureTypeStyle>
<Rule><ogc:Filter><ogc:PropertyIsLessThan><ogc:PropertyName>classe</ogc:PropertyName><ogc:Literal>2</ogc:Literal></ogc:PropertyIsLessThan></ogc:Filter>
<PolygonSymbolizer><Fill><CssParameter name="fill">#206040</CssParameter></Fill></PolygonSymbolizer></Rule>
<Rule><ogc:Filter><ogc:PropertyIsGreaterThanOrEqualTo><ogc:PropertyName>classe</ogc:PropertyName><ogc:Literal>2</ogc:Literal></ogc:PropertyIsGreaterThanOrEqualTo></ogc:Filter>
<PolygonSymbolizer><Fill><CssParameter name="fill">#d0c040</CssParameter></Fill></PolygonSymbolizer></Rule>
<Rule><TextSymbolizer><Label><ogc:PropertyName>numero</ogc:PropertyName></Label></TextSymbolizer></Rule>
</FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"##;

struct Fields {
    site: Arc<Site>,
    folder: Scratch,
}

impl Fields {
    fn new(name: &str) -> Fields {
        let folder = Scratch::new(name);
        let data = folder.0.join("site");
        fs::create_dir_all(&data).unwrap();
        fs::write(data.join("champs.sld"), STYLE).unwrap();
        write_landscape(&data.join("champs.fgb"), SIDE, STEP);
        Fields {
            site: served::site(&data),
            folder,
        }
    }

    /// Makes levels of every zoom that has fewer positions than the next.
    fn prepare(&self) {
        let cache = Cache::open(&self.folder.0.join("cache"), 1 << 30).unwrap();
        let crs = vec![Crs::from_epsg(3857).unwrap()];
        let overviews = Arc::clone(self.site.studio.overviews());
        let keeper = Keeper::new(overviews, cache, crs).saving_at_least(f64::MIN);
        let layer = &self.site.catalogue.layers[0];
        let outcome = keeper.prepare(layer, &Budget::unlimited(), &|_| {});
        let is_ready = matches!(outcome, Ok(Outcome::Built { .. } | Outcome::Found { .. }));
        assert!(is_ready, "{outcome:?}");
    }

    fn wish(&self, path: &str) -> Box<PreparedTile> {
        let service = Service {
            catalogue: &self.site.catalogue,
            limits: &self.site.limits,
            overviews: self.site.studio.overviews(),
            explain: true,
        };
        let segments: Vec<&str> = path.split('/').collect();
        let address = TilesAddress::parse(&segments).unwrap().unwrap();
        match prepare(&service, &address, &TilesRequest::default()) {
            Ok(Prepared::Tile(tile)) => tile,
            other => panic!("{other:?}"),
        }
    }

    fn answer(&self, tile: &PreparedTile) -> (Vec<u8>, String) {
        let cache = TileCache::new(0, None);
        let budget = Budget::unlimited();
        let patience = Duration::from_secs(60);
        let answer = tile.answer(&cache, patience, &self.site.studio, &budget);
        let answer = answer.unwrap();
        let tag = answer.headers.iter().find(|(name, _)| *name == "etag");
        (answer.body.to_vec(), tag.unwrap().1.to_string())
    }

    fn explained(&self, path: &str) -> serde_json::Value {
        let answer = served::ask(&self.site, &format!("{path}?explain=json")).unwrap();
        let told: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        told["made"]["layers"][0].clone()
    }

    /// Column and row of the tile of a zoom that holds the middle of the fields.
    fn middle(zoom: u32) -> [u32; 2] {
        let half = f64::from(SIDE) * STEP / 2.0;
        let way = Transform::new(
            &Crs::from_epsg(2154).unwrap(),
            &Crs::from_epsg(3857).unwrap(),
        );
        let mut at = [[ORIGIN[0] + half, ORIGIN[1] + half]];
        way.unwrap().forward(&mut at);
        let world = 20_037_508.342_789_244;
        let side = 2.0 * world / f64::from(zoom).exp2();
        [
            ((at[0][0] + world) / side) as u32,
            ((world - at[0][1]) / side) as u32,
        ]
    }
}

fn features(bytes: &[u8]) -> Vec<Feature> {
    let mut layers = decode(bytes);
    assert_eq!(layers.len(), 1);
    assert_eq!(layers[0].extent, 4096);
    layers.remove(0).features
}

/// Square units.
fn covered<'a>(features: impl Iterator<Item = &'a Feature>) -> f64 {
    let rings = features.flat_map(|feature| &feature.parts);
    rings.map(|ring| area(ring) as f64 / 2.0).sum()
}

#[test]
fn a_tile_of_many_small_areas_covers_what_they_cover_from_few_features() {
    let (fields, plain) = (Fields::new("tile-levels"), Fields::new("tile-levels-plain"));
    fields.prepare();
    for zoom in [8, 9, 10] {
        let [x, y] = Fields::middle(zoom);
        let path = format!("champs/{zoom}/{x}/{y}.mvt");
        let all = features(&plain.answer(&plain.wish(&path)).0);
        let few = features(&fields.answer(&fields.wish(&path)).0);
        let told = fields.explained(&path);
        assert!(told["level"].is_string(), "{told}");
        let read = told["featuresRead"].as_u64().unwrap();
        assert!(
            read * 4 < all.len() as u64,
            "z{zoom}: {read} of {}",
            all.len()
        );
        let told = plain.explained(&path);
        let thinned = told["featuresThinned"].as_f64().unwrap();
        let left_out = thinned / all.len() as f64;
        let is_of = |class: f64| {
            move |feature: &&Feature| match feature.values.get("classe") {
                Some(Value::Number(found)) => (*found < 2.0) == (class < 2.0),
                other => panic!("{other:?}"),
            }
        };
        for class in [0.0, 2.0] {
            let whole = covered(all.iter().filter(is_of(class)));
            let part = covered(few.iter().filter(is_of(class)));
            // what the tile of all fields has left out to be light enough is not missing here
            let most = whole * (1.05 + left_out);
            assert!(
                part > whole * 0.95 && part < most,
                "z{zoom} class {class}: {part} of {whole} square units"
            );
        }
        for feature in &few {
            assert_eq!(feature.kind, Kind::Polygons);
            // a rectangle is nobody: no id, no number
            assert_eq!(feature.id, None, "{feature:?}");
            assert!(!feature.values.contains_key("numero"), "{feature:?}");
        }
    }
}

#[test]
fn features_that_are_themselves_keep_id_and_attributes() {
    let fields = Fields::new("tile-levels-ids");
    let [x, y] = Fields::middle(12);
    let path = format!("champs/12/{x}/{y}.mvt");
    let all = features(&fields.answer(&fields.wish(&path)).0);
    fields.prepare();
    let few = features(&fields.answer(&fields.wish(&path)).0);
    let told = fields.explained(&path);
    assert!(told["level"].is_string(), "{told}");
    let themselves: Vec<&Feature> = few.iter().filter(|f| f.id.is_some()).collect();
    assert!(themselves.len() > 1000, "{}", themselves.len());
    let by_id: HashMap<_, _> = all.iter().map(|f| (f.id, &f.values)).collect();
    let mut compared = 0;
    for feature in themselves {
        // one that only touches the tile's buffer may be in one tile and not in the other
        if let Some(values) = by_id.get(&feature.id) {
            assert_eq!(&feature.values, *values);
            compared += 1;
        }
    }
    assert!(compared > 1000, "{compared}");
}

#[test]
fn what_is_made_from_a_level_has_an_etag_of_its_own() {
    let [x, y] = Fields::middle(10);
    for ending in ["mvt", "png"] {
        let fields = Fields::new("tile-levels-etag");
        let path = format!("champs/10/{x}/{y}.{ending}");
        let before = fields.wish(&path);
        let (full, full_tag) = fields.answer(&before);
        fields.prepare();
        // asked before the levels were ready, made after: still what its tag says
        assert_eq!(fields.answer(&before), (full.clone(), full_tag.clone()));
        let (quick, quick_tag) = fields.answer(&fields.wish(&path));
        assert_ne!(full_tag, quick_tag);
        assert_ne!(full, quick);
        let again = fields.wish(&path);
        assert_eq!(fields.answer(&again), (quick, quick_tag));
    }
}

#[test]
fn a_tile_that_clients_magnify_for_ever_is_made_from_the_features() {
    let fields = Fields::new("tile-levels-fine");
    fields.prepare();
    let [x, y] = Fields::middle(16);
    let told = fields.explained(&format!("champs/16/{x}/{y}.mvt"));
    assert!(told["level"].is_null(), "{told}");
}
