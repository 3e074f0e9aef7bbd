//! An address that names something somebody may not see: that it is there is told to those who
//! know its address, and to nobody else.

use crate::catalogue::Catalogue;
use crate::error::Error;
use crate::identity::Audience;

use super::route::segments;

/// The refusal of an address: `Unauthorized` for who has not said who they are, `Forbidden` for
/// who has not the role. `None` where all it names is seen, or is nothing.
pub fn refusal(
    whole: &Catalogue,
    seen: &Catalogue,
    audience: &Audience,
    path: &str,
) -> Option<Error> {
    let segments = segments(path)?;
    let segments: Vec<&str> = segments.iter().map(|s| &**s).collect();
    let layer = |id: &str| whole.has_layer(id) && !seen.has_layer(id);
    let map = |id: &str| whole.maps.get(id).is_some() && seen.maps.get(id).is_none();
    let is_hidden = match segments.as_slice() {
        ["collections" | "layers", id, ..] | ["wmts", "1.0.0", id, ..] => layer(id),
        ["tiles", ids, ..] => ids
            .split(',')
            .any(|id| layer(id) || id.strip_suffix(".json").is_some_and(layer)),
        // a style is named LAYER:STYLE, a sprite LAYER@2x.png
        ["styles" | "sprites", subject, ..] => {
            let id = subject.split([':', '@', '.']).next().unwrap_or(subject);
            layer(subject) || layer(id)
        }
        ["maps", id, ..] => map(id),
        ["1", file] => file
            .strip_suffix(".map")
            .and_then(|alias| whole.maps.by_alias(alias))
            .is_some_and(|found| map(&found.id)),
        _ => false,
    };
    is_hidden.then(|| match audience.is_identified() {
        true => Error::Forbidden {
            what: "what is at this address is not for the roles of this login".into(),
        },
        false => Error::Unauthorized {
            what: "what is at this address is restricted".into(),
        },
    })
}
