//! Addresses of other pages of an answer (OGC 09-025r2 §7.7.4.4): plain GET requests that work by
//! themselves, whatever binding the first page was asked for in.

use super::request::{Asked, Incoming};
use crate::encode::xml::push_url_component;
use crate::protocol::ows::Kvp;

/// The pages beside this one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pages {
    pub next: Option<String>,
    pub previous: Option<String>,
}

/// The pages beside the one that was asked for; none where no COUNT divides the answer, and none
/// where the request is too long for an address.
pub fn pages(asked: &Asked, incoming: &Incoming, address: &str, matched: u64) -> Pages {
    let (Some(count), Incoming::Pairs(kvp)) = (asked.count, incoming) else {
        return Pages::default();
    };
    let start = asked.start_index;
    if asked.is_hits {
        return Pages {
            next: (matched > 0).then(|| page(kvp, address, 0, count)),
            previous: None,
        };
    }
    let next = start.saturating_add(count);
    Pages {
        next: (count > 0 && next < matched).then(|| page(kvp, address, next, count)),
        previous: (start > 0 && count > 0).then(|| {
            // the first page may be shorter: no feature comes twice
            let before = start.saturating_sub(count);
            page(kvp, address, before, count.min(start))
        }),
    }
}

fn page(kvp: &Kvp, address: &str, start: u64, count: u64) -> String {
    const OURS: [&str; 4] = ["STARTINDEX", "COUNT", "MAXFEATURES", "RESULTTYPE"];
    let mut out = format!("{address}?");
    for (name, value) in kvp.pairs() {
        if OURS.contains(&name) || value.is_empty() {
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
