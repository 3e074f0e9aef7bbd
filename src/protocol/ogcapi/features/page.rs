//! A page of items among the others: its links, and what stands for its content.

use super::{Sent, View, file};
use crate::catalogue::Layer;
use crate::encode::feature::{FeatureFormat, FormatOption, GmlLevel, Link};
use crate::error::{Error, Result};
use crate::operation::features::{FeatureQuery, Found};
use crate::protocol::ogcapi::links::{HTML, JSON, header_of};
use crate::protocol::ogcapi::{ApiAddress, ApiRequest};
use crate::store::Fingerprint;

/// The parameter of links that stands for the state of the data: it keeps pages together.
pub const SNAPSHOT: &str = "snapshot";

/// Refuses a page of data that have changed since the first one: what follows would miss features
/// or repeat them.
///
/// # Errors
/// `SnapshotGone`.
pub fn check_snapshot(sent: &Sent<'_>, layer: &Layer) -> Result<()> {
    match sent.get(SNAPSHOT)? {
        Some(known) if known != file::tag(layer) => Err(Error::SnapshotGone {
            layer: layer.id.clone(),
        }),
        _ => Ok(()),
    }
}

/// An entity tag of what a request is answered with: of the data and of how they are shown and
/// named, which `state` stands for, and of the whole request. Weak, for the answer says when it was
/// made.
pub fn entity_tag(state: [u64; 2], request: &ApiRequest<'_>, path: &str, view: View) -> String {
    let of_layer = state.map(u64::to_le_bytes);
    let mut state = Fingerprint::new().bytes(of_layer.as_flattened());
    let version = env!("CARGO_PKG_VERSION");
    for part in [
        version,
        request.base,
        path,
        request.query,
        request.language,
        view.name(),
    ] {
        state = state.bytes(part.as_bytes()).bytes(b"\0");
    }
    format!("W/\"{}\"", state.text())
}

/// True where a client has whatever there is (RFC 9110 §13.1.2).
pub fn is_any_known(if_none_match: &str) -> bool {
    if_none_match.split(',').any(|known| known.trim() == "*")
}

/// True where a client has what the tag stands for (RFC 9110 §13.1.2).
pub fn is_known(if_none_match: &str, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let tag = opaque(tag);
    if_none_match.split(',').any(|known| opaque(known) == tag)
}

/// This page, those beside it with every parameter as it was sent, its other representations, and
/// its collection.
pub fn links(
    address: &ApiAddress,
    sent: &Sent<'_>,
    request: &ApiRequest<'_>,
    (view, query, found): (View, &FeatureQuery, &Found),
) -> Vec<Link> {
    let path = format!("{}{}", request.base, address.path());
    let link = |rel, href: String, media_type, title: &str| Link {
        href,
        rel,
        media_type,
        title: title.to_owned(),
    };
    let own = view.media_type();
    let mut links = vec![link("self", sent.href(&path, &[]), own, "This page")];
    if let ApiAddress::Items(_) = address {
        let snapshot = file::tag(&query.layer);
        let page = |offset: u64| {
            let offset = offset.to_string();
            let offset = Some(offset.as_str()).filter(|o| *o != "0");
            let snapshot = Some(snapshot.as_str());
            sent.href(&path, &[("offset", offset), (SNAPSHOT, snapshot)])
        };
        let after = found.offset.saturating_add(found.returned);
        if after < found.matched && found.returned > 0 {
            links.push(link("next", page(after), own, "Next page"));
        }
        if found.offset > 0 {
            let limit = query.limit.unwrap_or(found.offset);
            // a first page that is shorter, rather than one that repeats what is on this page
            let shorter = (found.offset < limit).then(|| found.offset.to_string());
            let before = match &shorter {
                Some(limit) => sent.href(
                    &path,
                    &[
                        ("offset", None),
                        ("limit", Some(limit)),
                        (SNAPSHOT, Some(&snapshot)),
                    ],
                ),
                None => page(found.offset - limit),
            };
            links.push(link("prev", before, own, "Previous page"));
        }
    }
    for other in View::linked().filter(|other| other.name() != view.name()) {
        let href = sent.href(&path, &[("f", Some(other.name()))]);
        links.push(link("alternate", href, other.media_type(), other.title()));
    }
    if let ApiAddress::Items(id) | ApiAddress::Item(id, _) = address {
        let collection = ApiAddress::Collection(id.clone()).path();
        let href = format!("{}{collection}", request.base);
        links.push(link("collection", href, JSON, "The collection"));
    }
    links
}

/// The links as a header (RFC 8288): for formats that have no place for them. The way on stands
/// first, for of a long address not all of them have room.
pub fn header(links: &[Link]) -> String {
    let (ways_on, others): (Vec<&Link>, Vec<&Link>) = links
        .iter()
        .partition(|link| matches!(link.rel, "next" | "prev"));
    let links = ways_on.into_iter().chain(others);
    header_of(links.map(|link| [link.href.as_str(), link.rel, link.media_type]))
}

impl View {
    /// Every representation of items, the default first.
    pub fn all() -> impl Iterator<Item = View> {
        let level_two = View::Format(FeatureFormat::Gml32(GmlLevel::Two));
        View::linked().chain([level_two])
    }

    /// Those that items link to: the others differ from one of them by name.
    fn linked() -> impl Iterator<Item = View> {
        let formats = FeatureFormat::ALL.into_iter().map(View::Format);
        formats.chain([View::Page])
    }

    /// What may be chosen of the formats, each name once.
    pub fn options() -> Vec<FormatOption> {
        let mut options: Vec<FormatOption> = Vec::new();
        for option in FeatureFormat::ALL
            .iter()
            .flat_map(|format| format.options())
        {
            if !options.iter().any(|known| known.name == option.name) {
                options.push(*option);
            }
        }
        options
    }

    /// The representation with what was chosen of it. What only other formats leave to choose
    /// changes nothing, for links to them keep every parameter.
    ///
    /// # Errors
    /// `InvalidParameter` for a choice that there is not.
    pub fn with_options(self, sent: &Sent<'_>) -> Result<View> {
        let mut view = self;
        for option in View::options() {
            let Some(value) = sent.get(option.name)? else {
                continue;
            };
            if let View::Format(own) = view
                && let Some(chosen) = own.with_option(option.name, value)?
            {
                view = View::Format(chosen);
                continue;
            }
            let others = FeatureFormat::ALL.iter();
            let mut answers = others.map(|format| format.with_option(option.name, value));
            if !answers.any(|answer| answer.is_ok_and(|chosen| chosen.is_some())) {
                let found: String = value.chars().take(80).collect();
                let message = format!("no format has the choice {found:?}");
                return Err(Error::parameter(option.name, message));
            }
        }
        Ok(view)
    }

    /// What `f=` says.
    pub fn name(self) -> &'static str {
        match self {
            View::Format(format) => format.name(),
            View::Page => "html",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            View::Format(format) => format.media_type(),
            View::Page => HTML,
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            View::Format(format) => format.title(),
            View::Page => "HTML",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_13_1_2_a_tag_is_known_weak_or_strong() {
        assert!(is_known("\"a\", W/\"b\"", "W/\"b\""));
        assert!(is_known("\"b\"", "W/\"b\""));
        assert!(is_any_known("*") && !is_any_known("\"*\"") && !is_any_known(""));
        assert!(!is_known("", "W/\"b\""));
        assert!(!is_known("\"bb\"", "W/\"b\""));
    }
}
