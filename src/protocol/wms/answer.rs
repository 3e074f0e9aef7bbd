use std::cmp::Ordering;

use super::capabilities;
use super::exception;
use super::explain::understood;
use super::feature_info::{self, InfoContext};
use super::request::{
    GetCapabilities, GetFeatureInfo, GetMap, Reader, Request as Operation, version_of,
};
use super::scope::Scope;
use super::{Service, Version, describe, legend, posted};
use crate::budget::Budget;
use crate::encode::ImageFormat;
use crate::error::{Error, Result};
use crate::protocol::{Answer, Request, explain, ows};

/// Answers a WMS request: plain data in and out, never a panic, every error in WMS's words.
pub fn answer(service: &Service<'_>, request: &Request<'_>, budget: &Budget) -> Answer {
    let kvp = match posted::pairs(request, service.limits) {
        Ok(kvp) => kvp,
        Err(error) => return exception::report(&error, Version::V130),
    };
    let version = version_of(&kvp);
    let mut scope = match Scope::new(service.catalogue, request.collection) {
        Ok(scope) => scope,
        // the address itself is wrong, not a parameter
        Err(error) => return exception::report(&error, version).with_status(404),
    };
    if let Some(language) = kvp.get("LANGUAGE") {
        scope.choose_language(language);
    }
    let reader = Reader {
        service,
        scope: &scope,
        kvp: &kvp,
        version,
        budget,
    };
    reader
        .request()
        .and_then(|operation| perform(&reader, &operation, request.base))
        .unwrap_or_else(|error| {
            reader
                .error_image()
                .and_then(|image| image.draw(&error, service.engine))
                .unwrap_or_else(|| exception::report_on(&error, version, &kvp))
        })
}

/// The answer to a request that could not be worked on: in WMS's words, in the version and the
/// form that the request asks for.
pub fn refuse(service: &Service<'_>, request: &Request<'_>, error: &Error) -> Answer {
    let version = posted::pairs(request, service.limits).map_or(Version::V130, |k| version_of(&k));
    exception::report(error, version)
}

fn perform(reader: &Reader<'_>, operation: &Operation, base: &str) -> Result<Answer> {
    let service = reader.service;
    match operation {
        Operation::GetCapabilities(request) => get_capabilities(reader, request, base),
        Operation::GetMap(request) => get_map(reader, request),
        Operation::GetFeatureInfo(request) => get_feature_info(reader, request),
        Operation::GetLegendGraphic(request) => legend::answer(service, request, reader.budget),
        Operation::DescribeLayer(layers) => Ok(describe::write(
            &service.catalogue.site,
            layers,
            reader.version,
            base,
        )),
        Operation::GetStyles(styles) => Ok(Answer::ok(
            "application/vnd.ogc.sld+xml",
            service.engine.write_styles(styles)?,
        )),
    }
}

fn get_capabilities(reader: &Reader<'_>, request: &GetCapabilities, base: &str) -> Result<Answer> {
    let current = reader.service.catalogue.sequence;
    if let Some(found) = &request.update_sequence {
        check_sequence(found, current)?;
    }
    let body = capabilities::body(reader.service, reader.scope, reader.version, base);
    Ok(Answer::ok(reader.version.capabilities_type(), body))
}

/// OGC 06-042 §7.2.3.5, Table 5: equal and higher sequences are exceptions. What is no number
/// can't be compared, and is no reason to withhold the capabilities.
fn check_sequence(found: &str, current: u64) -> Result<()> {
    match ows::compare_sequence(found, current) {
        Some(Ordering::Equal) => Err(Error::CurrentUpdateSequence { sequence: current }),
        Some(Ordering::Greater) => Err(Error::InvalidUpdateSequence {
            found: found.to_owned(),
            sequence: current,
        }),
        Some(Ordering::Less) | None => Ok(()),
    }
}

fn get_map(reader: &Reader<'_>, request: &GetMap) -> Result<Answer> {
    let engine = reader.service.engine;
    let drawn = engine.map(&request.map, reader.budget)?;
    if let Some(format) = request.explain {
        let explanation = serde_json::json!({
            "request": understood("GetMap", reader, &request.map),
            "format": request.format.media_type(),
            "drawn": explain::drawn(&drawn.report),
        });
        return Ok(explain::answer(
            &explanation,
            format,
            &reader.scope.language,
        ));
    }
    let format = match request.jpeg_if_opaque && crate::encode::has_no_gap(&drawn.pixmap) {
        true => ImageFormat::Jpeg,
        false => request.format,
    };
    let bytes = engine.encode(&drawn.pixmap, format)?;
    crate::render::recycle(drawn.pixmap);
    let answer = Answer::ok(format.media_type(), bytes);
    let defaults = reader.default_times(&request.map.layers);
    if defaults.is_empty() {
        return Ok(answer);
    }
    // in the words of 06-042 Annex C
    let warnings = defaults
        .iter()
        .map(|time| format!("99 Default value used: time={time} ISO8601"));
    Ok(answer.with_header("warning", warnings.collect::<Vec<_>>().join(", ")))
}

fn get_feature_info(reader: &Reader<'_>, request: &GetFeatureInfo) -> Result<Answer> {
    let started = std::time::Instant::now();
    let info = &request.info;
    let found = reader.service.engine.feature_info(info, reader.budget)?;
    if let Some(format) = request.explain {
        let [i, j] = info.pixel;
        let center = [f64::from(i) + 0.5, f64::from(j) + 0.5];
        let [east, north] = info.map.view.to_world(center);
        let asked = info.query_layers.iter().map(|l| l.layer.id.as_str());
        let ids = found
            .features
            .iter()
            .map(|f| format!("{}.{}", f.layer.id, f.id));
        let explanation = serde_json::json!({
            "request": understood("GetFeatureInfo", reader, &info.map),
            "format": request.format.media_type(),
            "point": { "i": i, "j": j, "east": east, "north": north },
            "askedTopToBottom": asked.collect::<Vec<_>>(),
            "featureCount": info.feature_count,
            "found": ids.collect::<Vec<_>>(),
            "drawn": explain::looked_at(&found),
            "ms": explain::ms(started.elapsed()),
        });
        return Ok(explain::answer(
            &explanation,
            format,
            &reader.scope.language,
        ));
    }
    let context = InfoContext {
        crs: &info.map.crs,
        language: &reader.scope.language,
    };
    Ok(feature_info::write(
        &found.features,
        request.format,
        &context,
    ))
}
