use super::{InfoContext, by_layer};
use crate::encode::gml::{GmlStyle, GmlVersion};
use crate::encode::xml;
use crate::operation::FoundFeature;
use crate::protocol::wms::crs_name;

const NAMESPACES: &str = " xmlns:gml=\"http://www.opengis.net/gml\" \
     xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
     xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";

/// `msGMLOutput`: for each layer an element `…_layer` with elements `…_feature`, by which QGIS
/// and OpenLayers know them; x before y, as `EPSG:` names mean there.
pub fn write_gml2(found: &[FoundFeature], context: &InfoContext<'_>) -> String {
    let srs_name = crs_name(context.crs);
    let style = GmlStyle::new(GmlVersion::V212, &srs_name, false, context.decimals());
    let mut out =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<msGMLOutput{NAMESPACES}>\n");
    for features in by_layer(found) {
        let Some(first) = features.first() else {
            continue;
        };
        let name = xml::ncname(&first.layer.id);
        out.push_str(&format!("<{name}_layer>\n"));
        xml::push_element(
            &mut out,
            "gml:name",
            first.layer.title.get_or(context.language, &first.layer.id),
        );
        for feature in features {
            out.push_str(&format!("<{name}_feature>\n"));
            push_content(&mut out, feature, &style);
            out.push_str(&format!("</{name}_feature>\n"));
        }
        out.push_str(&format!("</{name}_layer>\n"));
    }
    out.push_str("</msGMLOutput>\n");
    out
}

/// A `gml:FeatureCollection` of GML 3.1.1: with a URN for the CRS, and therefore the axis order
/// of its authority.
pub fn write_gml3(found: &[FoundFeature], context: &InfoContext<'_>) -> String {
    let crs = context.crs;
    let style = GmlStyle::new(
        GmlVersion::V311,
        &crs.urn(),
        crs.axis_order == crate::crs::AxisOrder::NorthEast,
        context.decimals(),
    );
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gml:FeatureCollection{NAMESPACES}>\n"
    );
    for feature in found {
        let name = xml::ncname(&feature.layer.id);
        let id = xml::ncname(&format!("{}.{}", feature.layer.id, feature.id));
        out.push_str(&format!("<gml:featureMember>\n<{name} gml:id=\"{id}\">\n"));
        push_content(&mut out, feature, &style);
        out.push_str(&format!("</{name}>\n</gml:featureMember>\n"));
    }
    out.push_str("</gml:FeatureCollection>\n");
    out
}

fn push_content(out: &mut String, feature: &FoundFeature, style: &GmlStyle) {
    if let Some(bbox) = &feature.bbox {
        style.push_bounded_by(out, bbox);
        out.push('\n');
    }
    if !feature.geometry.is_empty() {
        let element = free_name("geometry", feature);
        out.push_str(&format!("<{element}>"));
        style.push_geometry(out, &feature.geometry);
        out.push_str(&format!("</{element}>\n"));
    }
    for (field, value) in feature.layer.fields.iter().zip(&feature.values) {
        xml::push_element(out, &xml::ncname(&field.name), &value.as_value().to_text());
    }
}

/// A name for our element that no column has.
fn free_name(name: &str, feature: &FoundFeature) -> String {
    let mut name = name.to_owned();
    while feature.layer.fields.iter().any(|f| f.name == name) {
        name.push('_');
    }
    name
}
