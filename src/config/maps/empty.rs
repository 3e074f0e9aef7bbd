//! Filters of maps that no feature passes: a text in other case, a number for a code.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

use super::State;
use super::explain::{child, note_layers};
use crate::budget::Budget;
use crate::catalogue::Maps;
use crate::catalogue::map::MapLayer;
use crate::config::diagnostic::{Diagnostic, Severity};
use crate::config::folder::Folder;
use crate::config::yaml::Mark;
use crate::error::Result;
use crate::store::Select;

/// Maps of a family that are looked at: where all of so many have nothing, others may have some.
const MAX_EMPTY: usize = 200;

/// What was found of the filter at one place, in as many maps as the file makes.
enum Found {
    Some,
    None { maps: usize, told: Box<Diagnostic> },
}

/// A warning for each filter that leaves no feature in any map of its file. What can't be read is
/// told elsewhere.
pub fn empty_filters(maps: &Maps, state: &State, folder: &Folder) -> Vec<Diagnostic> {
    let mut places: HashMap<(PathBuf, Mark), Found> = HashMap::new();
    for map in maps.iter() {
        let Some(path) = state.origins.get(&map.id) else {
            continue;
        };
        let tree = state.good.get(path).and_then(|read| read.tree.as_ref());
        let mut written = HashMap::new();
        note_layers(tree.and_then(|tree| child(tree, &["layers"])), &mut written);
        for layer in map.layers().filter(|layer| layer.filter.is_some()) {
            let node = written.get(&layer.id).copied();
            let node = node.and_then(|node| child(node, &["filter"]));
            let mark = node.map_or_else(Mark::default, |node| node.mark);
            let found = places.entry((path.clone(), mark)).or_insert_with(|| {
                let told = warning(layer, mark, folder.relative(path));
                Found::None { maps: 0, told }
            });
            if let Found::None { maps: seen, .. } = found
                && *seen < MAX_EMPTY
            {
                *seen = seen.saturating_add(1);
                if !matches!(is_empty(layer), Ok(true)) {
                    *found = Found::Some;
                }
            }
        }
    }
    let told = places.into_values().filter_map(|found| match found {
        Found::None { maps, told } if maps < MAX_EMPTY => Some(*told),
        _ => None,
    });
    told.collect()
}

fn warning(layer: &MapLayer, mark: Mark, shown: &std::path::Path) -> Box<Diagnostic> {
    let filter = layer.filter.as_deref().unwrap_or_default();
    let message = format!("no feature of {:?} passes the filter {filter:?}", layer.of);
    Box::new(Diagnostic {
        line: mark.line,
        column: mark.column,
        length: mark.length,
        ..Diagnostic::of_file(Severity::Warning, shown, message)
            .with_help("case and accents count, and '01' is neither 1 nor '1'")
    })
}

/// True where a layer has no feature: the first that there is ends the search.
fn is_empty(layer: &MapLayer) -> Result<bool> {
    let mut is_empty = true;
    let budget = Budget::unlimited();
    layer
        .layer
        .store
        .select(&Select::default(), &budget, &mut |_| {
            is_empty = false;
            Ok(ControlFlow::Break(()))
        })?;
    Ok(is_empty)
}
