//! A filter, a style or a grid in one of the notations that are read, named by the first byte.
#![no_main]

use std::sync::LazyLock;

use cartotheque::crs::Crs;
use cartotheque::decode::filter_context::FilterContext;
use cartotheque::decode::{cql2_json, cql2_text, ecql, fes, maplibre, sld, tile_matrix_set};
use libfuzzer_sys::{Corpus, fuzz_target};

static CONTEXT: LazyLock<FilterContext> =
    LazyLock::new(|| FilterContext::new(Crs::parse("EPSG:2154").expect("a CRS that PROJ knows")));

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Some((which, content)) = bytes.split_first() else {
        return Corpus::Reject;
    };
    if *which == 5 {
        let _style = sld::parse_bytes(content, &mut sld::no_resources);
        return Corpus::Keep;
    }
    let Ok(text) = std::str::from_utf8(content) else {
        return Corpus::Reject;
    };
    match which {
        0 => drop(cql2_text::parse(text, &CONTEXT)),
        1 => drop(cql2_json::parse(text, &CONTEXT)),
        2 => drop(ecql::parse(text, &CONTEXT)),
        3 => drop(maplibre::parse(text, None)),
        4 => drop(tile_matrix_set::parse(text, "grid")),
        6 => drop(fes::parse_text(text, &*CONTEXT)),
        _ => return Corpus::Reject,
    }
    Corpus::Keep
});
