//! What `/metrics` tells Prometheus (OpenMetrics 1.0 text).

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::{
    counter::Counter, family::Family, gauge::Gauge, histogram::Histogram,
};
use prometheus_client::registry::Registry;

use crate::cache;
use crate::overview::Overviews;

/// The media type of the text.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Bounds in seconds: from a cached answer to a map that takes all its time.
const SECONDS: [f64; 12] = [
    0.0005, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// What was asked, of a fixed set: `wms_getmap`, `landing`, …
    pub endpoint: &'static str,
    /// `2xx`, `4xx`, … ; `exception` for a WMS exception with status 200.
    pub outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct EndpointLabels {
    pub endpoint: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct DetailLabels {
    /// `z9` or `z9.5`: an overview of that zoom; `features`.
    pub read: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct TileLabels {
    /// `memory`, `disk`; `made` for a tile that was not kept.
    pub from: &'static str,
}

/// The counters of one process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<EndpointLabels, Histogram>,
    bytes: Counter,
    drawn: Family<DetailLabels, Counter>,
    tiles: Family<TileLabels, Counter>,
    tile_bytes: Family<TileLabels, Gauge<u64, AtomicU64>>,
    waiting: Gauge<i64, AtomicI64>,
    layers: Gauge<i64, AtomicI64>,
    faults: Gauge<i64, AtomicI64>,
    sequence: Gauge<u64, AtomicU64>,
}

/// What is read off at the moment of the scrape.
#[derive(Debug, Clone, Copy)]
pub struct Levels {
    pub waiting: usize,
    pub layers: usize,
    pub faults: usize,
    pub sequence: u64,
}

impl Default for Metrics {
    fn default() -> Metrics {
        let mut registry = Registry::with_prefix("cartotheque");
        let requests = Family::default();
        let seconds =
            Family::<EndpointLabels, Histogram>::new_with_constructor(|| Histogram::new(SECONDS));
        let (bytes, waiting) = (Counter::default(), Gauge::default());
        let (layers, faults, sequence) = (Gauge::default(), Gauge::default(), Gauge::default());
        registry.register("requests", "Requests answered", requests.clone());
        registry.register(
            "request_seconds",
            "Time from the request's head to its whole answer",
            seconds.clone(),
        );
        registry.register("sent_bytes", "Bytes of answers", bytes.clone());
        let drawn = Family::default();
        registry.register(
            "layers_drawn",
            "Layers drawn on maps, by what was read",
            drawn.clone(),
        );
        let (tiles, tile_bytes) = (Family::default(), Family::default());
        registry.register(
            "tiles",
            "Tiles sent, by where they came from",
            tiles.clone(),
        );
        registry.register(
            "tile_cache_bytes",
            "What the tiles take that are kept",
            tile_bytes.clone(),
        );
        registry.register(
            "requests_waiting",
            "Requests that wait for a thread",
            waiting.clone(),
        );
        registry.register("layers", "Layers served", layers.clone());
        registry.register(
            "faults",
            "Layers refused, or kept in an older version",
            faults.clone(),
        );
        registry.register(
            "catalogue_sequence",
            "Number of the catalogue's state",
            sequence.clone(),
        );
        Metrics {
            registry,
            requests,
            seconds,
            bytes,
            drawn,
            tiles,
            tile_bytes,
            waiting,
            layers,
            faults,
            sequence,
        }
    }
}

impl Metrics {
    pub fn count(&self, endpoint: &'static str, outcome: &'static str, seconds: f64, bytes: u64) {
        self.requests
            .get_or_create(&RequestLabels { endpoint, outcome })
            .inc();
        self.seconds
            .get_or_create(&EndpointLabels { endpoint })
            .observe(seconds);
        self.bytes.inc_by(bytes);
    }

    /// Bytes of a streamed answer behind its first piece.
    pub fn streamed(&self, bytes: u64) {
        self.bytes.inc_by(bytes);
    }

    pub fn to_text(&self, levels: Levels, overviews: &Overviews, cache: cache::Counts) -> String {
        for (from, times) in [
            ("memory", cache.memory_hits),
            ("disk", cache.disk_hits),
            ("made", cache.misses),
        ] {
            let counter = self.tiles.get_or_create(&TileLabels { from });
            counter.inner().store(times, Ordering::Relaxed);
        }
        for (from, bytes) in [("memory", cache.memory_bytes), ("disk", cache.disk_bytes)] {
            self.tile_bytes
                .get_or_create(&TileLabels { from })
                .set(bytes);
        }
        for (zoom, times) in overviews.drawn().filter(|(_, times)| *times > 0) {
            let read = zoom.map_or_else(|| "features".to_owned(), |zoom| zoom.to_string());
            let counter = self.drawn.get_or_create(&DetailLabels { read });
            counter.inner().store(times, Ordering::Relaxed);
        }
        let clamp = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.waiting.set(clamp(levels.waiting));
        self.layers.set(clamp(levels.layers));
        self.faults.set(clamp(levels.faults));
        self.sequence.set(levels.sequence);
        let mut out = String::new();
        match text::encode(&mut out, &self.registry) {
            Ok(()) => out,
            Err(_) => "# EOF\n".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_what_was_asked_and_how_it_ended() {
        let metrics = Metrics::default();
        metrics.count("wms_getmap", "2xx", 0.004, 1000);
        metrics.count("wms_getmap", "2xx", 0.004, 500);
        let levels = Levels {
            waiting: 0,
            layers: 12,
            faults: 1,
            sequence: 3,
        };
        let text = metrics.to_text(levels, &Overviews::default(), cache::Counts::default());
        assert!(
            text.contains(r#"cartotheque_requests_total{endpoint="wms_getmap",outcome="2xx"} 2"#),
            "{text}"
        );
        assert!(text.contains("cartotheque_sent_bytes_total 1500"), "{text}");
        assert!(text.contains("cartotheque_layers 12"), "{text}");
        assert!(text.ends_with("# EOF\n"), "{text}");
    }
}
