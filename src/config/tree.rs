//! The tree of groups, from what server.yaml says.

use std::collections::{HashMap, HashSet};

use super::diagnostic::Findings;
use super::file::{GroupFile, GroupItem};
use super::ident;
use crate::catalogue::{Group, LocalText, Node};
use crate::error::nearest;

/// What the groups are checked against.
#[derive(Debug)]
pub struct Known<'a> {
    /// Layers that are served, with their index.
    pub served: &'a HashMap<&'a str, usize>,
    /// Layers that are declared but refused or restricted: no fault of the groups.
    pub declared: &'a HashSet<&'a str>,
    pub languages: &'a [String],
}

/// Resolves the groups; a fault costs the entry it is in, not the tree.
pub fn resolve(groups: &[GroupFile], known: &Known<'_>, findings: &mut Findings) -> Vec<Node> {
    let mut seen = Seen::default();
    groups
        .iter()
        .filter_map(|group| seen.group(group, known, findings))
        .map(Node::Group)
        .collect()
}

#[derive(Default)]
struct Seen {
    layers: HashSet<String>,
    groups: HashSet<String>,
}

impl Seen {
    /// The group; `None` where nothing of it is served.
    fn group(
        &mut self,
        group: &GroupFile,
        known: &Known<'_>,
        findings: &mut Findings,
    ) -> Option<Group> {
        let id = self.group_id(group, known, findings);
        let children: Vec<Node> = group
            .items
            .iter()
            .filter_map(|item| match item {
                GroupItem::Layer(at) => {
                    let served = known.served.get(at.value.as_str());
                    if served.is_none() && !known.declared.contains(at.value.as_str()) {
                        let message = format!("no layer {:?}", at.value);
                        let near = nearest(&at.value, known.served.keys().copied());
                        findings.error_nearest(&at.place, message, near, None);
                        return None;
                    }
                    if !self.layers.insert(at.value.clone()) {
                        let message = format!("the layer {:?} stands in two groups", at.value);
                        findings.error_help(&at.place, message, "keep one of them");
                        return None;
                    }
                    served.map(|index| Node::Layer(*index))
                }
                GroupItem::Group(inner) => self.group(inner, known, findings).map(Node::Group),
            })
            .collect();
        let mut text = |text: &Option<super::file::Text>| {
            text.as_ref()
                .map_or_else(LocalText::default, |t| t.resolve(known.languages, findings))
        };
        let mut title = text(&group.title);
        let abstract_ = text(&group.abstract_);
        if let Some(id) = id.as_ref().filter(|_| title.is_empty()) {
            title = LocalText::plain(ident::title(id));
        }
        (!children.is_empty()).then_some(Group {
            id,
            title,
            abstract_,
            children,
        })
    }

    fn group_id(
        &mut self,
        group: &GroupFile,
        known: &Known<'_>,
        findings: &mut Findings,
    ) -> Option<String> {
        let at = group.id.as_ref()?;
        let id = at.value.as_str();
        if let Some((message, instead)) = ident::fault(id) {
            findings.error_nearest(&at.place, message, instead, None);
        } else if known.served.contains_key(id) || known.declared.contains(id) {
            let message = format!("a group and a layer share the id {id:?}");
            findings.error_help(&at.place, message, "give the group another id");
        } else if !self.groups.insert(id.to_owned()) {
            let message = format!("two groups have the id {id:?}");
            findings.error_help(&at.place, message, "give one of them another id");
        } else {
            return Some(id.to_owned());
        }
        None
    }
}
