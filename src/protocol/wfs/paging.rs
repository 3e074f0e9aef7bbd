//! Addresses of other pages of an answer (OGC 09-025r2 §7.7.4.4): plain GET requests that work by
//! themselves, whatever binding the first page was asked for in.

use super::request::{Adhoc, Asked, AskedJoin, AskedQuery, Condition, Incoming};
use crate::encode::xml::push_url_component;
use crate::protocol::ows::push_element;

/// Longest address that is given: what every client and proxy takes (RFC 9110 §4.1).
const MAX_ADDRESS: usize = 8_000;

/// The pages beside this one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pages {
    pub next: Option<String>,
    pub previous: Option<String>,
}

/// The pages beside the one that was asked for; none where no COUNT divides the answer, and none
/// where the request is too long for an address, or is a document of several queries.
pub fn pages(asked: &Asked, incoming: &Incoming, address: &str, matched: u64) -> Pages {
    let Some(count) = asked.count else {
        return Pages::default();
    };
    let pairs = match incoming {
        Incoming::Pairs(kvp) => Some(owned(kvp.pairs())),
        Incoming::Document(..) => pairs_of(asked),
    };
    let Some(pairs) = pairs else {
        return Pages::default();
    };
    let page =
        |start, count| Some(page(&pairs, address, start, count)).filter(|a| a.len() < MAX_ADDRESS);
    let start = asked.start_index;
    if asked.is_hits {
        return Pages {
            next: (matched > 0 && count > 0).then(|| page(0, count)).flatten(),
            previous: None,
        };
    }
    let next = start.saturating_add(count);
    // from beyond the end the way back is to the last page
    let start = start.min(matched);
    Pages {
        next: (count > 0 && next < matched)
            .then(|| page(next, count))
            .flatten(),
        // the first page may be shorter: no feature comes twice
        previous: (start > 0 && count > 0)
            .then(|| page(start.saturating_sub(count), count.min(start)))
            .flatten(),
    }
}

fn owned<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    pairs.map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

fn page(pairs: &[(String, String)], address: &str, start: u64, count: u64) -> String {
    const OURS: [&str; 4] = ["STARTINDEX", "COUNT", "MAXFEATURES", "RESULTTYPE"];
    let mut out = format!("{address}?");
    for (name, value) in pairs {
        if OURS.contains(&name.as_str()) || value.is_empty() {
            continue;
        }
        push_url_component(&mut out, name);
        out.push('=');
        push_url_component(&mut out, value);
        out.push('&');
    }
    out.push_str(&format!("STARTINDEX={start}&COUNT={count}"));
    out
}

/// A document of one query as key-value pairs.
fn pairs_of(asked: &Asked) -> Option<Vec<(String, String)>> {
    let [query] = asked.queries.as_slice() else {
        return None;
    };
    let mut pairs = owned(
        [
            ("SERVICE", "WFS"),
            ("VERSION", asked.version.name()),
            ("REQUEST", asked.operation.name()),
            (
                "OUTPUTFORMAT",
                asked.output_format.as_deref().unwrap_or_default(),
            ),
            (
                "VALUEREFERENCE",
                asked.value_reference.as_deref().unwrap_or_default(),
            ),
        ]
        .into_iter(),
    );
    match query {
        AskedQuery::Stored { id, parameters } => {
            pairs.push(("STOREDQUERY_ID".into(), id.clone()));
            pairs.extend(parameters.iter().cloned());
        }
        AskedQuery::Adhoc(adhoc) => push_adhoc(&mut pairs, adhoc)?,
        AskedQuery::Join(join) => push_join(&mut pairs, join),
    }
    Some(pairs)
}

fn push_join(pairs: &mut Vec<(String, String)>, join: &AskedJoin) {
    let mut push = |name: &str, value: String| pairs.push((name.to_owned(), value));
    push("TYPENAMES", format!("({})", join.type_names.join(",")));
    if let Some(aliases) = &join.aliases {
        push("ALIASES", format!("({})", aliases.join(",")));
    }
    push("SRSNAME", join.srs_name.clone().unwrap_or_default());
    let mut text = String::new();
    push_element(&mut text, &join.filter, "");
    push("FILTER", text);
}

fn push_adhoc(pairs: &mut Vec<(String, String)>, adhoc: &Adhoc) -> Option<()> {
    let mut push = |name: &str, value: String| pairs.push((name.to_owned(), value));
    push("TYPENAMES", adhoc.type_name.clone().unwrap_or_default());
    push("PROPERTYNAME", adhoc.properties.join(","));
    push("SRSNAME", adhoc.srs_name.clone().unwrap_or_default());
    let terms = adhoc.sort.iter().map(|term| match term.is_descending {
        true => format!("{} DESC", term.property),
        false => term.property.clone(),
    });
    push("SORTBY", terms.collect::<Vec<_>>().join(","));
    match adhoc.conditions.as_slice() {
        [] => {}
        [Condition::Filter(element)] => {
            let mut text = String::new();
            push_element(&mut text, element, "");
            push("FILTER", text);
        }
        _ => return None,
    }
    Some(())
}
