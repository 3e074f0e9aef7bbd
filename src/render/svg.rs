//! SVG as symbols: read from its own bytes alone, and only where its drawing costs little.
//!
//! A few hundred bytes of SVG can ask for hours: elements that repeat others that repeat others,
//! filters over regions without bounds. What an SVG asks for is counted before it is drawn.

use std::collections::HashMap;

use resvg::usvg;
use usvg::roxmltree::{Document, Node, NodeId, ParsingOptions};

/// Elements drawn, each repetition counted.
const MAX_DRAWN_ELEMENTS: u64 = 5_000;
/// Elements and texts as written.
const MAX_NODES: u32 = 50_000;
/// Nesting, repetitions included: each level may need a picture of its own while it is drawn.
const MAX_DEPTH: usize = 40;

/// Reads an SVG: no file, no network, no raster picture in it, no filter.
///
/// # Errors
/// Why it is not drawn, in words.
pub fn read(data: &[u8]) -> Result<usvg::Tree, String> {
    let text = std::str::from_utf8(data).map_err(|e| format!("expected UTF-8: {e}"))?;
    let parsing = ParsingOptions {
        allow_dtd: true,
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, parsing).map_err(|e| e.to_string())?;
    let drawn = Cost::new(&document)?.of(document.root_element(), 0)?;
    if drawn > MAX_DRAWN_ELEMENTS {
        return Err(format!(
            "a symbol draws at most {MAX_DRAWN_ELEMENTS} elements, repetitions counted; found more"
        ));
    }
    let options = usvg::Options {
        image_href_resolver: usvg::ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..usvg::Options::default()
    };
    usvg::Tree::from_xmltree(&document, &options).map_err(|e| e.to_string())
}

/// Counts what elements draw, an upper bound.
struct Cost<'a, 'i> {
    by_id: HashMap<&'a str, Node<'a, 'i>>,
    known: HashMap<NodeId, u64>,
}

impl<'a, 'i> Cost<'a, 'i> {
    fn new(document: &'a Document<'i>) -> Result<Cost<'a, 'i>, String> {
        let mut by_id = HashMap::new();
        for node in document.descendants().filter(Node::is_element) {
            if let Some(id) = node.attribute("id") {
                by_id.entry(id).or_insert(node);
            }
        }
        let cost = Cost {
            by_id,
            known: HashMap::new(),
        };
        // a rule of CSS may be about any element, any number of times
        for style in document
            .descendants()
            .filter(|n| n.tag_name().name() == "style")
        {
            for target in style.text().into_iter().flat_map(urls) {
                if cost.by_id.get(target).is_some_and(|n| !is_gradient(*n)) {
                    return Err(format!(
                        "a style sheet that refers to more than gradients is not drawn: #{target}"
                    ));
                }
            }
        }
        Ok(cost)
    }

    /// The elements drawn for one, itself included.
    fn of(&mut self, node: Node<'a, 'i>, depth: usize) -> Result<u64, String> {
        if let Some(known) = self.known.get(&node.id()) {
            return Ok(*known);
        }
        if depth > MAX_DEPTH {
            return Err(format!(
                "elements nest at most {MAX_DEPTH} deep, repetitions counted; found more"
            ));
        }
        let mut inside = 1u64;
        for child in node.children().filter(Node::is_element) {
            inside = inside.saturating_add(self.of(child, depth + 1)?);
        }
        // masks, patterns and markers may be drawn for each element inside
        let mut each = 1u64;
        for attribute in node.attributes() {
            let href = (attribute.name() == "href")
                .then(|| attribute.value().trim().strip_prefix('#'))
                .flatten();
            for target in urls(attribute.value()).chain(href) {
                let Some(target) = self.by_id.get(target).copied() else {
                    continue;
                };
                if target.tag_name().name() == "filter" {
                    return Err("filters are not drawn".to_owned());
                }
                if !is_gradient(target) {
                    each = each.saturating_add(self.of(target, depth + 1)?);
                }
            }
        }
        let all = inside.saturating_mul(each);
        self.known.insert(node.id(), all);
        Ok(all)
    }
}

fn is_gradient(node: Node<'_, '_>) -> bool {
    ["linearGradient", "radialGradient"].contains(&node.tag_name().name())
}

/// The ids in `url(#id)`.
fn urls(text: &str) -> impl Iterator<Item = &str> {
    text.split("url(").skip(1).filter_map(|rest| {
        let inside = rest.split(')').next()?;
        inside
            .trim_matches([' ', '"', '\'', '\t', '\n', '\r'])
            .strip_prefix('#')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(inside: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
             width=\"10\" height=\"10\">{inside}</svg>"
        )
    }

    fn fault(inside: &str) -> String {
        read(svg(inside).as_bytes()).err().unwrap_or_default()
    }

    #[test]
    fn elements_that_repeat_others_are_counted_before_they_are_drawn() {
        let level = |n: usize, how: &str| -> String {
            (1..n)
                .map(|i| {
                    let inside = how.replace("ID", &format!("a{}", i - 1)).repeat(10);
                    format!("<g id=\"a{i}\">{inside}</g>")
                })
                .collect()
        };
        let first = "<rect id=\"a0\" width=\"1\" height=\"1\"/>";
        let by_use = level(9, "<use xlink:href=\"#ID\"/>");
        let found = fault(&format!("<defs>{first}{by_use}</defs><use href=\"#a8\"/>"));
        assert!(found.contains("repetitions counted"), "{found}");
        let by_mask = level(9, "<rect width=\"9\" height=\"9\" mask=\"url(#ID)\"/>");
        let masks = by_mask
            .replace("<g id", "<mask id")
            .replace("</g>", "</mask>");
        let found = fault(&format!(
            "<defs>{first}{masks}</defs><rect mask=\"url('#a8')\"/>"
        ));
        assert!(found.contains("repetitions counted"), "{found}");
        let few = level(3, "<use xlink:href=\"#ID\"/>");
        assert_eq!(fault(&format!("{first}{few}<use href=\"#a2\"/>")), "");
    }

    #[test]
    fn nesting_circles_and_filters_are_refused() {
        let deep = |n: usize| format!("{}{}", "<g opacity=\"0.5\">".repeat(n), "</g>".repeat(n));
        assert!(fault(&deep(41)).contains("40 deep"));
        assert_eq!(fault(&deep(30)), "");
        assert!(fault("<g id=\"a\"><use href=\"#a\"/></g>").contains("40 deep"));
        let filter = "<filter id=\"f\"><feTurbulence numOctaves=\"200000\"/></filter>";
        let used = format!("{filter}<rect width=\"9\" height=\"9\" style=\"filter: url( #f )\"/>");
        assert_eq!(fault(&used), "filters are not drawn");
        let css = format!("{filter}<style>rect {{ filter: url(#f) }}</style><rect/>");
        assert!(fault(&css).contains("style sheet"));
        // Inkscape leaves filters behind that nothing uses
        assert_eq!(
            fault(&format!("{filter}<rect width=\"9\" height=\"9\"/>")),
            ""
        );
        let gradient = "<linearGradient id=\"g\"><stop/></linearGradient>\
                        <style>rect { fill: url(#g) }</style><rect width=\"9\" height=\"9\"/>";
        assert_eq!(fault(gradient), "");
    }
}
