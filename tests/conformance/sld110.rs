//! Requests of SLD-WMS (OGC 05-078r4) that are posted as XML.

use crate::reference::{encoded, lakes};

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn sld110_8_a_posted_get_map_is_the_map_of_the_same_pairs() {
    let post = |body: &str| {
        let head = [("Content-Type", "text/xml")];
        lakes().ask("POST", "/wms", &head, body.as_bytes())
    };
    let query = "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=Lakes,Bridges&STYLES=,&\
                 CRS=EPSG:4326&BBOX=-0.001,0,0.002,0.004&WIDTH=80&HEIGHT=60&FORMAT=image/png";
    let map = lakes().get(query);
    assert_eq!(map.header("content-type"), "image/png");
    let sld = |prefix: &str| {
        let layer = |name| format!("<NamedLayer><{prefix}Name>{name}</{prefix}Name></NamedLayer>");
        let layers = layer("Lakes") + &layer("Bridges");
        format!("<StyledLayerDescriptor version='1.1.0'>{layers}</StyledLayerDescriptor>")
    };
    // as GetMap.xsd has it: corners in the order of the CRS
    let posted = post(&format!(
        "<GetMap xmlns='http://www.opengis.net/sld' xmlns:se='http://www.opengis.net/se' \
         xmlns:ows='http://www.opengis.net/ows' xmlns:wms='http://www.opengis.net/wms' \
         version='1.3.0'>{}<CRS>EPSG:4326</CRS><BoundingBox crs='EPSG:4326'>\
         <ows:LowerCorner>-0.001 0</ows:LowerCorner><ows:UpperCorner>0.002 0.004</ows:UpperCorner>\
         </BoundingBox><Output><Size><Width>80</Width><Height>60</Height></Size>\
         <wms:Format>image/png</wms:Format></Output></GetMap>",
        sld("se:")
    ));
    assert_eq!(posted.body, map.body, "{}", posted.text());
    // as GeoServer's users write it: east before north
    let posted = post(&format!(
        "<ogc:GetMap xmlns:ogc='http://www.opengis.net/ows' xmlns:gml='http://www.opengis.net/gml' \
         version='1.1.1' service='WMS'>{}\
         <BoundingBox srsName='http://www.opengis.net/gml/srs/epsg.xml#4326'>\
         <gml:coord><gml:X>0</gml:X><gml:Y>-0.001</gml:Y></gml:coord>\
         <gml:coord><gml:X>0.004</gml:X><gml:Y>0.002</gml:Y></gml:coord></BoundingBox>\
         <Output><Format>image/png</Format><Size><Width>80</Width><Height>60</Height></Size>\
         <Transparent>false</Transparent></Output></ogc:GetMap>",
        sld("")
    ));
    assert_eq!(posted.body, map.body, "{}", posted.text());
    let capabilities =
        post("<GetCapabilities xmlns='http://www.opengis.net/wms' service='WMS' version='1.1.1'/>");
    assert!(
        capabilities
            .text()
            .contains("<WMT_MS_Capabilities version=\"1.1.1\"")
    );
    // a name with the prefix that WFS has for the layer
    let prefixed = query.replace("Lakes,", "cartotheque:Lakes,");
    assert_eq!(lakes().get(&prefixed).body, map.body);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn sld110_11_2_a_named_layer_has_its_default_style_and_the_features_that_it_is_constrained_to() {
    let map = |more: &str| {
        lakes().get(&format!(
            "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&CRS=EPSG:4326&BBOX=-0.001,0,0.002,0.004&\
             WIDTH=80&HEIGHT=60&FORMAT=image/png&{more}"
        ))
    };
    let constrained = |operator: &str| {
        let sld = format!(
            "<StyledLayerDescriptor version='1.0.0' xmlns='http://www.opengis.net/sld' \
             xmlns:ogc='http://www.opengis.net/ogc'><NamedLayer><Name>Lakes</Name>\
             <LayerFeatureConstraints><FeatureTypeConstraint><ogc:Filter><ogc:{operator}>\
             <ogc:PropertyName>NAME</ogc:PropertyName><ogc:Literal>Blue Lake</ogc:Literal>\
             </ogc:{operator}></ogc:Filter></FeatureTypeConstraint></LayerFeatureConstraints>\
             </NamedLayer></StyledLayerDescriptor>"
        );
        format!("SLD_BODY={}", encoded(&sld))
    };
    let all = map("LAYERS=Lakes&STYLES=");
    assert_eq!(map(&constrained("PropertyIsEqualTo")).body, all.body);
    let none = map(&constrained("PropertyIsNotEqualTo"));
    let (_, _, pixels) = none.picture();
    assert!(
        pixels.iter().all(|pixel| *pixel == [255; 4]),
        "{}",
        none.text()
    );
    // as a library beside LAYERS, too
    let beside = map(&format!(
        "LAYERS=Lakes&STYLES=&{}",
        constrained("PropertyIsNotEqualTo")
    ));
    assert_eq!(beside.body, none.body);
}
