use crate::decode::xml::{Element, Node};
use crate::encode::xml::{push_attribute, push_text};

/// An element as text, each with the namespace that it is in.
pub fn push_element(out: &mut String, element: &Element, around: &str) {
    out.push('<');
    out.push_str(&element.name);
    if &*element.namespace != around {
        push_attribute(out, "xmlns", &element.namespace);
    }
    let mut declared = Vec::new();
    for attribute in &element.attributes {
        match attribute.prefix.as_str() {
            "" => push_attribute(out, &attribute.name, &attribute.value),
            prefix @ ("gml" | "xlink") => {
                let namespace = match prefix {
                    "gml" => "http://www.opengis.net/gml",
                    _ => "http://www.w3.org/1999/xlink",
                };
                if !declared.contains(&prefix) {
                    push_attribute(out, &format!("xmlns:{prefix}"), namespace);
                    declared.push(prefix);
                }
                let name = format!("{prefix}:{}", attribute.name);
                push_attribute(out, &name, &attribute.value);
            }
            _ => {}
        }
    }
    out.push('>');
    for node in &element.nodes {
        match node {
            Node::Element(child) => push_element(out, child, &element.namespace),
            Node::Text(text) | Node::Verbatim(text) => push_text(out, text),
            Node::Comment(_) => {}
        }
    }
    out.push_str("</");
    out.push_str(&element.name);
    out.push('>');
}
