//! WMS: small clicks and capabilities at once, maps on the pool.

use std::sync::Arc;
use std::time::Duration;

use super::TRIAL_TIME;
use super::services;
use crate::budget::Budget;
use crate::error::{Error, guarded};
use crate::packing::Coding;
use crate::protocol::{Answer, wms};
use crate::server::asked::{Asked, request};
use crate::server::compress::coding;
use crate::server::state::{Site, State};
use crate::server::work::Work;

/// What a worker may read for a click before it hands it to the pool: most touch a few features.
const TRIAL_FEATURES: u64 = 300;
const TRIAL_VERTICES: u64 = 30_000;

/// Layers up to which a worker writes the capabilities itself, where they are not kept: some
/// microseconds each.
const MAX_LAYERS_AT_ONCE: usize = 500;

impl State {
    /// Clicks and capabilities at once where they are cheap, the rest on the pool.
    pub(super) fn wms(&self, site: &Arc<Site>, asked: Asked, layer: Option<String>) -> Work {
        let endpoint = wms_endpoint(&asked.query);
        let wms = Arc::new(Wms {
            site: Arc::clone(site),
            asked,
            layer,
            explain: self.options.explain,
        });
        match endpoint {
            "wms_getcapabilities" if wms.writes_capabilities_at_once() => {
                return Work::Done(self.capabilities(&wms), endpoint);
            }
            "wms_getfeatureinfo" if is_plain(&wms.asked) => {
                if let Some(answer) = wms.tried() {
                    return Work::Done(answer, endpoint);
                }
            }
            _ => {}
        }
        let limits = &site.limits;
        let allowed = Duration::from_secs(limits.seconds);
        let budget = Budget::new(allowed, limits.features, limits.vertices);
        let budget = budget.helped(self.pool.help());
        let (for_error, work_budget) = (Arc::clone(&wms), budget.clone());
        Work::Heavy {
            endpoint,
            budget,
            run: Box::new(move || wms.answer(&work_budget)),
            on_error: Box::new(move |error| for_error.refuse(error)),
        }
    }

    /// The capabilities, compressed ones from what is kept.
    fn capabilities(&self, wms: &Wms) -> Answer {
        let make = || {
            guarded(|| wms.answer(&Budget::unlimited())).unwrap_or_else(|error| wms.refuse(&error))
        };
        let asked = &wms.asked;
        let coding = coding(asked.accepted);
        if coding == Coding::Identity || asked.body.is_some() {
            return make();
        }
        let packed = &wms.site.known.packed;
        packed.get(wms.site.catalogue.sequence, coding, &asked.address(), make)
    }
}

/// A WMS request with all that answers it.
struct Wms {
    site: Arc<Site>,
    asked: Asked,
    /// The only layer, at `/collections/{layer}/wms`.
    layer: Option<String>,
    explain: bool,
}

impl Wms {
    fn answer(&self, budget: &Budget) -> Answer {
        let service = services::wms(&self.site, self.explain);
        wms::answer(
            &service,
            &request(&self.asked, self.layer.as_deref()),
            budget,
        )
    }

    fn refuse(&self, error: &Error) -> Answer {
        let service = services::wms(&self.site, self.explain);
        wms::refuse(
            &service,
            &request(&self.asked, self.layer.as_deref()),
            error,
        )
    }

    fn writes_capabilities_at_once(&self) -> bool {
        self.layer.is_some() || self.site.catalogue.layers.len() <= MAX_LAYERS_AT_ONCE
    }

    /// The answer, if it can be had for the little that a worker may spend.
    fn tried(&self) -> Option<Answer> {
        let limits = &self.site.limits;
        let trial = Budget::new(
            TRIAL_TIME,
            limits.features.min(TRIAL_FEATURES),
            limits.vertices.min(TRIAL_VERTICES),
        );
        match guarded(|| self.answer(&trial)) {
            Ok(answer) => (!trial.is_exceeded()).then_some(answer),
            Err(error) => Some(self.refuse(&error)),
        }
    }
}

/// True where the parameters are what they seem without decoding them, say REQUEST once, and
/// bring no style: no more can hide in it than the operation that was read off.
fn is_plain(asked: &Asked) -> bool {
    let mut names = asked.query.split('&').map(|pair| {
        let end = pair.find('=').unwrap_or(pair.len());
        pair.get(..end).unwrap_or(pair)
    });
    let is_said = |name: &str| {
        name.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
    };
    let brings_style = |name: &str| {
        name.get(..3)
            .is_some_and(|start| start.eq_ignore_ascii_case("sld"))
    };
    let mut requests = 0;
    asked.body.is_none()
        && names.all(|name| {
            requests += u32::from(name.eq_ignore_ascii_case("request"));
            is_said(name) && !brings_style(name)
        })
        && requests == 1
}

/// What a WMS request is counted as; the protocol itself parses it later.
fn wms_endpoint(query: &str) -> &'static str {
    let operation = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("request"))
        .map_or("", |(_, value)| value);
    match operation.to_ascii_lowercase().as_str() {
        "getcapabilities" | "capabilities" => "wms_getcapabilities",
        "getmap" | "map" => "wms_getmap",
        "getfeatureinfo" | "feature_info" => "wms_getfeatureinfo",
        "getlegendgraphic" => "wms_getlegendgraphic",
        _ => "wms_other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_click_that_hides_nothing_is_tried_by_a_worker() {
        let plain = |query: &str| {
            is_plain(&Asked {
                query: query.into(),
                ..Asked::default()
            })
        };
        assert!(plain(
            "SERVICE=WMS&Request=GetFeatureInfo&BBOX=1,2,3,4&&I=%31"
        ));
        for hidden in [
            "REQUEST=GetFeatureInfo&REQUEST=GetMap",
            "REQUEST=GetFeatureInfo&%52EQUEST=GetMap",
            "REQUEST=GetFeatureInfo&+REQUEST=GetMap",
            "REQUEST=GetFeatureInfo&sld_Body=%3C",
            "REQUEST=GetFeatureInfo&SLD=http://a",
            "REQUEST=GetFeatureInfo&\u{17f}LD_BODY=x",
        ] {
            assert!(!plain(hidden), "{hidden}");
        }
        assert!(!is_plain(&Asked {
            query: "REQUEST=GetFeatureInfo".into(),
            body: Some(b"REQUEST=GetMap".to_vec()),
            ..Asked::default()
        }));
    }
}
