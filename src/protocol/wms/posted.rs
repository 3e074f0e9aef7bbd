//! Requests that are posted as XML: GetMap as SLD 1.1 has it (OGC 05-078r4 §8, GetMap.xsd) and as
//! the draft before it, which GeoServer took up and its users send, and GetCapabilities. They
//! become pairs, so that there is one reader of parameters.

use crate::decode::xml::{Element, Limits, is_document};
use crate::encode::xml::push_url_component;
use crate::error::{Error, Result};
use crate::operation;
use crate::protocol::ows::{self, Kvp, push_element};
use crate::protocol::{Body, Request};

/// The pairs of a request, however it was sent.
///
/// # Errors
/// As [`ows::pairs`]; `Syntax` for a body that is no XML, `InvalidParameter` for a document that
/// is no request of this service.
pub fn pairs(request: &Request<'_>, limits: &operation::Limits) -> Result<Kvp> {
    let body = request.body.as_ref();
    let bytes = limits.body_bytes;
    match body.filter(|body| body.bytes.len() <= bytes && is_document(body.bytes)) {
        None => ows::pairs(request, bytes),
        Some(body) => {
            let limits = Limits {
                bytes,
                depth: limits.xml_depth as usize,
                ..Limits::default()
            };
            let form = form(&Element::parse_bytes(body.bytes, &limits)?)?;
            let body = Body {
                media_type: "application/x-www-form-urlencoded",
                bytes: form.as_bytes(),
            };
            let request = Request {
                body: Some(body),
                ..*request
            };
            // a style may be longer written out than it was sent
            ows::pairs(&request, usize::MAX)
        }
    }
}

/// A document as the form that asks the same.
fn form(root: &Element) -> Result<String> {
    let mut form = Form(String::new());
    form.add("SERVICE", root.attribute("service").unwrap_or("WMS"));
    form.add("REQUEST", &root.name);
    match root.name.as_str() {
        "GetCapabilities" => {
            let accepted = root.child("AcceptVersions");
            let version = accepted.and_then(|list| list.child("Version").map(Element::text));
            form.maybe("VERSION", root.attribute("version"));
            form.maybe("VERSION", version.as_deref());
            form.maybe("UPDATESEQUENCE", root.attribute("updateSequence"));
        }
        "GetMap" => map(root, &mut form)?,
        name => {
            return Err(Error::parameter(
                "REQUEST",
                format!("expected a GetMap or a GetCapabilities in a body of XML, found {name:?}"),
            ));
        }
    }
    Ok(form.0)
}

fn map(root: &Element, form: &mut Form) -> Result<()> {
    let missing = |name: &str, expected: &str| Error::MissingParameter {
        name: name.to_owned(),
        expected: expected.to_owned(),
    };
    let layers = root.child("StyledLayerDescriptor");
    let layers = layers.ok_or_else(|| missing("StyledLayerDescriptor", "the layers of the map"))?;
    let mut sld = String::new();
    push_element(&mut sld, layers, "");
    form.add("SLD_BODY", &sld);

    let bbox = root.child("BoundingBox");
    let bbox = bbox.ok_or_else(|| missing("BoundingBox", "the corners of the map"))?;
    // corners of OWS are in the order of the CRS, coordinates of GML 2 east before north
    let is_draft = bbox.child("coord").is_some() || bbox.child("coordinates").is_some();
    let (version, parameter) = match is_draft {
        true => ("1.1.1", "SRS"),
        false => ("1.3.0", "CRS"),
    };
    form.add("VERSION", version);
    let own = bbox.attribute("crs").or(bbox.attribute("srsName"));
    let crs = root.child("CRS").map(Element::text);
    form.maybe(parameter, crs.as_deref().or(own));
    let mut numbers = Vec::new();
    bbox.each(&mut |part| {
        if part.elements().next().is_none() {
            let text = part.text();
            let parts = text.split(|c: char| c.is_whitespace() || c == ',');
            numbers.extend(parts.filter(|n| !n.is_empty()).map(str::to_owned));
        }
    });
    form.add("BBOX", &numbers.join(","));

    let output = root.child("Output");
    let output = output.ok_or_else(|| missing("Output", "the size and format of the map"))?;
    let size = output.child("Size");
    let of = |parent: Option<&Element>, name: &str| {
        let child = parent.and_then(|parent| parent.child(name));
        child.map(|child| child.text().into_owned())
    };
    for (name, value) in [
        ("WIDTH", of(size, "Width")),
        ("HEIGHT", of(size, "Height")),
        ("FORMAT", of(Some(output), "Format")),
        ("TRANSPARENT", of(Some(output), "Transparent")),
        ("BGCOLOR", of(Some(output), "BGcolor")),
        ("EXCEPTIONS", of(Some(root), "Exceptions")),
        ("TIME", of(Some(root), "Time")),
    ] {
        form.maybe(name, value.as_deref());
    }
    Ok(())
}

/// A form body.
struct Form(String);

impl Form {
    fn add(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(name);
        self.0.push('=');
        push_url_component(&mut self.0, value.trim());
    }

    fn maybe(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }
}
