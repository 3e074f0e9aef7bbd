//! DescribeLayer: which features a layer draws (OGC 05-078r4 §11; OGC 02-070 §8 for 1.1.1).

use std::sync::Arc;

use super::Version;
use crate::catalogue::map::MapService;
use crate::catalogue::{Layer, Site};
use crate::encode::xml;
use crate::protocol::Answer;

/// Writes the descriptions; features are those of the WFS at `base/wfs`, where there is one.
pub fn write(site: &Site, layers: &[Arc<Layer>], version: Version, base: &str) -> Answer {
    let wfs = site.offers(MapService::Features);
    let wfs = wfs.then(|| format!("{base}/wfs?"));
    match version {
        Version::V111 => v111(layers, wfs.as_deref()),
        Version::V130 => v130(layers, wfs.as_deref()),
    }
}

fn v111(layers: &[Arc<Layer>], wfs: Option<&str>) -> Answer {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE WMS_DescribeLayerResponse SYSTEM \
         \"http://schemas.opengis.net/wms/1.1.1/WMS_DescribeLayerResponse.dtd\">\n\
         <WMS_DescribeLayerResponse version=\"1.1.1\">\n",
    );
    for layer in layers {
        out.push_str("<LayerDescription");
        xml::push_attribute(&mut out, "name", &layer.id);
        let Some(wfs) = wfs else {
            out.push_str("/>\n");
            continue;
        };
        xml::push_attribute(&mut out, "wfs", wfs);
        xml::push_attribute(&mut out, "owsType", "WFS");
        xml::push_attribute(&mut out, "owsURL", wfs);
        out.push_str("><Query");
        xml::push_attribute(&mut out, "typeName", &layer.id);
        out.push_str("/></LayerDescription>\n");
    }
    out.push_str("</WMS_DescribeLayerResponse>\n");
    Answer::ok("application/vnd.ogc.wms_xml", out)
}

fn v130(layers: &[Arc<Layer>], wfs: Option<&str>) -> Answer {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <DescribeLayerResponse xmlns=\"http://www.opengis.net/sld\" \
         xmlns:se=\"http://www.opengis.net/se\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:schemaLocation=\"http://www.opengis.net/sld \
         http://schemas.opengis.net/sld/1.1.0/DescribeLayer.xsd\">\n\
         <Version>1.1.0</Version>\n",
    );
    // an owsType is a must here: of layers without one nothing can be said
    for (layer, wfs) in layers.iter().filter_map(|layer| Some((layer, wfs?))) {
        out.push_str(
            "<LayerDescription><owsType>wfs</owsType><se:OnlineResource xlink:type=\"simple\"",
        );
        xml::push_attribute(&mut out, "xlink:href", wfs);
        out.push_str("/><TypeName>");
        xml::push_element(&mut out, "se:FeatureTypeName", &layer.id);
        out.push_str("</TypeName></LayerDescription>\n");
    }
    out.push_str("</DescribeLayerResponse>\n");
    Answer::ok("text/xml", out)
}
