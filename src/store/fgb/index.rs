//! The packed Hilbert R-tree, read where it lies.
//!
//! A node is 40 bytes: the four numbers of a box, and for a leaf the offset of its feature in the
//! feature section. Levels follow each other from the root (node 0) to the leaves; which children
//! a node has follows from its place, so that the offsets of inner nodes need not be believed.

use crate::geom::Bbox;
use crate::store::fgb::table::array_at;

/// The stored size of a node.
pub(super) const NODE_BYTES: usize = 40;

/// A node as stored.
pub(super) type NodeBytes = [u8; NODE_BYTES];

/// Where the nodes of each level are, from the number of leaves and of children a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TreeShape {
    node_size: usize,
    /// First node and the one after the last, leaves first, root last.
    levels: Vec<(usize, usize)>,
}

impl TreeShape {
    /// `None` for no leaves, a node size below 2, or more nodes than fit an address space.
    pub(super) fn new(leaves: u64, node_size: u16) -> Option<TreeShape> {
        let node_size = usize::from(node_size);
        let mut sizes = vec![usize::try_from(leaves).ok().filter(|n| *n > 0)?];
        if node_size < 2 {
            return None;
        }
        // even a single leaf has a root above it
        loop {
            let size = sizes.last()?.div_ceil(node_size);
            sizes.push(size);
            if size == 1 {
                break;
            }
        }
        let total = sizes.iter().try_fold(0_usize, |a, n| a.checked_add(*n))?;
        total.checked_mul(NODE_BYTES)?;
        let mut end = total;
        let levels = sizes
            .iter()
            .map(|size| {
                let level = (end - size, end);
                end -= size;
                level
            })
            .collect();
        Some(TreeShape { node_size, levels })
    }

    /// How many nodes there are on all levels.
    pub(super) fn nodes(&self) -> usize {
        self.levels.first().map_or(0, |level| level.1)
    }

    pub(super) fn leaves(&self) -> usize {
        self.levels.first().map_or(0, |(start, end)| end - start)
    }

    pub(super) fn levels(&self) -> usize {
        self.levels.len()
    }

    /// The children of node `node` of level `level`, which are on the level below.
    fn children(&self, level: usize, node: usize) -> Option<(usize, usize)> {
        let (start, _) = self.levels.get(level)?;
        let (below, below_end) = self.levels.get(level.checked_sub(1)?)?;
        let first = below + (node - start) * self.node_size;
        Some((first, (first + self.node_size).min(*below_end)))
    }
}

/// A node, copied out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Node {
    pub min_x: f64,
    pub min_y: f64,
    pub max_x: f64,
    pub max_y: f64,
    /// Of a leaf: where its feature starts in the feature section.
    pub offset: u64,
}

impl Node {
    /// A leaf of a feature without a position: a box that nothing touches.
    pub(super) fn without_position(offset: u64) -> Node {
        Node {
            min_x: f64::INFINITY,
            min_y: f64::INFINITY,
            max_x: f64::NEG_INFINITY,
            max_y: f64::NEG_INFINITY,
            offset,
        }
    }

    pub(super) fn of_box(bbox: &Bbox, offset: u64) -> Node {
        Node {
            min_x: bbox.min_x,
            min_y: bbox.min_y,
            max_x: bbox.max_x,
            max_y: bbox.max_y,
            offset,
        }
    }

    /// A leaf whose box is not known: it may touch anything.
    pub(super) fn unknown(offset: u64) -> Node {
        Node {
            min_x: f64::NAN,
            min_y: f64::NAN,
            max_x: f64::NAN,
            max_y: f64::NAN,
            offset,
        }
    }

    #[inline]
    pub(super) fn read(bytes: &NodeBytes) -> Node {
        let number = |at| array_at(bytes, at).map_or(f64::NAN, f64::from_le_bytes);
        Node {
            min_x: number(0),
            min_y: number(8),
            max_x: number(16),
            max_y: number(24),
            offset: array_at(bytes, 32).map_or(u64::MAX, u64::from_le_bytes),
        }
    }

    pub(super) fn write(&self) -> NodeBytes {
        let mut bytes = [0; NODE_BYTES];
        let words = [
            self.min_x.to_le_bytes(),
            self.min_y.to_le_bytes(),
            self.max_x.to_le_bytes(),
            self.max_y.to_le_bytes(),
            self.offset.to_le_bytes(),
        ];
        for (to, from) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *to = from;
        }
        bytes
    }

    /// The box that the index holds; `None` for what is no box: nothing there, NaN, infinite.
    ///
    /// Four zeros are what some writers give a null geometry, so they are no box either.
    #[inline]
    pub(super) fn bbox(&self) -> Option<Bbox> {
        let bbox = Bbox::new(self.min_x, self.min_y, self.max_x, self.max_y)?;
        let zeros = [bbox.min_x, bbox.min_y, bbox.max_x, bbox.max_y] == [0.0; 4];
        (!zeros).then_some(bbox)
    }

    /// Whether something below this node may touch the box. A NaN excludes nothing.
    #[inline]
    fn may_touch(&self, bbox: &Bbox) -> bool {
        !(self.max_x < bbox.min_x
            || self.max_y < bbox.min_y
            || self.min_x > bbox.max_x
            || self.min_y > bbox.max_y)
    }

    /// Whether a child's box lies inside. A child that is no box is inside anything.
    fn holds(&self, child: &Node) -> bool {
        let nothing = child.min_x > child.max_x || child.min_y > child.max_y;
        let outside = child.min_x < self.min_x
            || child.min_y < self.min_y
            || child.max_x > self.max_x
            || child.max_y > self.max_y;
        nothing || !outside
    }

    pub(super) fn grow(&mut self, child: &Node) {
        // A NaN in a child makes its parent NaN: whoever may be anywhere must be looked at.
        let nan = [
            child.min_x,
            child.min_y,
            child.max_x,
            child.max_y,
            self.min_x,
        ]
        .iter()
        .any(|v| v.is_nan());
        if nan {
            *self = Node::unknown(self.offset);
        } else {
            self.min_x = self.min_x.min(child.min_x);
            self.min_y = self.min_y.min(child.min_y);
            self.max_x = self.max_x.max(child.max_x);
            self.max_y = self.max_y.max(child.max_y);
        }
    }
}

/// A tree: nodes of a file or built here, and where they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tree<'a> {
    pub nodes: &'a [NodeBytes],
    pub shape: &'a TreeShape,
}

impl<'a> Tree<'a> {
    pub(super) fn root(&self) -> Option<Node> {
        self.nodes.first().map(Node::read)
    }

    /// The leaf of a feature number.
    #[inline]
    pub(super) fn leaf(&self, fid: u64) -> Option<Node> {
        let (start, end) = *self.shape.levels.first()?;
        let node = usize::try_from(fid).ok()?.checked_add(start)?;
        (node < end).then(|| self.nodes.get(node).map(Node::read))?
    }

    /// The leaves whose boxes may touch one of `boxes`, by ascending feature number, each once.
    pub(super) fn search(self, boxes: &'a [Bbox]) -> Search<'a> {
        let top = self.shape.levels.len().saturating_sub(1);
        let mut open = vec![(0, 0); self.shape.levels.len()];
        if let (Some(last), Some(root)) = (open.last_mut(), self.shape.levels.last()) {
            *last = *root;
        }
        Search {
            tree: self,
            boxes,
            open,
            level: top,
            nodes: 0,
        }
    }

    /// The first fault found among the nodes above the leaves that `leaves` gives: a child that
    /// lies outside of its parent's box.
    pub(super) fn fault_above(&self, leaves: impl Iterator<Item = usize>) -> Option<String> {
        for leaf in leaves {
            let mut place = leaf;
            for (child_level, parent_level) in self
                .shape
                .levels
                .iter()
                .zip(self.shape.levels.iter().skip(1))
            {
                let node = child_level.0 + place;
                place /= self.shape.node_size;
                let parent = parent_level.0 + place;
                let pair = (self.nodes.get(node), self.nodes.get(parent));
                let (Some(child), Some(above)) = pair else {
                    return Some(format!("node {node} is missing"));
                };
                if !Node::read(above).holds(&Node::read(child)) {
                    return Some(format!("node {node} lies outside of its parent {parent}"));
                }
            }
        }
        None
    }
}

/// A walk through a tree, depth first: leaves come in the order of their numbers.
#[derive(Debug)]
pub(super) struct Search<'a> {
    tree: Tree<'a>,
    boxes: &'a [Bbox],
    /// For each level the next node to look at and the one after the last.
    open: Vec<(usize, usize)>,
    level: usize,
    /// Nodes read so far.
    pub nodes: u64,
}

impl Iterator for Search<'_> {
    /// The number of the leaf, and the leaf.
    type Item = (u64, Node);

    #[inline]
    fn next(&mut self) -> Option<(u64, Node)> {
        loop {
            let (next, end) = self.open.get_mut(self.level)?;
            if next >= end {
                self.level += 1; // above the root `get_mut` ends the walk
                continue;
            }
            let place = *next;
            *next += 1;
            self.nodes += 1;
            let node = Node::read(self.tree.nodes.get(place)?);
            if !self.boxes.iter().any(|b| node.may_touch(b)) {
                continue;
            }
            if self.level == 0 {
                let (start, _) = self.tree.shape.levels.first()?;
                return Some(((place - start) as u64, node));
            }
            let children = self.tree.shape.children(self.level, place)?;
            self.level -= 1;
            *self.open.get_mut(self.level)? = children;
        }
    }
}

/// Children a node in what is written, as every writer has it.
pub(super) const NODE_SIZE: u16 = 16;

/// The levels above leaves that come one after another: a fifteenth of the leaves' memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Upper {
    /// The level above the leaves.
    first: Vec<Node>,
    leaves: u64,
}

impl Upper {
    pub(super) fn push(&mut self, leaf: &Node) {
        let is_first_of_group = self.leaves.is_multiple_of(NODE_SIZE.into());
        self.leaves += 1;
        if is_first_of_group {
            self.first.push(Node::without_position(0));
        }
        if let Some(parent) = self.first.last_mut() {
            parent.grow(leaf);
        }
    }

    pub(super) fn leaves(&self) -> u64 {
        self.leaves
    }

    /// The nodes above the leaves, root first; none where there is no leaf.
    pub(super) fn nodes(&self) -> Vec<NodeBytes> {
        let Some(shape) = TreeShape::new(self.leaves, NODE_SIZE) else {
            return Vec::new();
        };
        let group = usize::from(NODE_SIZE);
        let mut levels = vec![self.first.clone()];
        while let Some(level) = levels.last().filter(|level| level.len() > 1) {
            let parents = level.chunks(group).map(|children| {
                let mut parent = Node::without_position(0);
                children.iter().for_each(|child| parent.grow(child));
                parent
            });
            let parents = parents.collect();
            levels.push(parents);
        }
        // the number of a node's first child is what stands in for its offset
        for (level, (below, _)) in levels.iter_mut().zip(&shape.levels) {
            for (node, place) in level.iter_mut().zip(0..) {
                node.offset = (below + place * group) as u64;
            }
        }
        levels.iter().rev().flatten().map(Node::write).collect()
    }
}

/// Builds a tree over leaves in the order given: quick to search where neighbours in the file
/// are neighbours on the ground, and never worse than looking at each leaf.
pub(super) fn build(leaves: Vec<NodeBytes>) -> Option<(TreeShape, Vec<NodeBytes>)> {
    let shape = TreeShape::new(leaves.len() as u64, NODE_SIZE)?;
    let mut levels = vec![leaves];
    while levels.len() < shape.levels.len() {
        let parents = levels
            .last()?
            .chunks(usize::from(NODE_SIZE))
            .map(|children| {
                let mut parent = Node::without_position(0);
                for child in children {
                    parent.grow(&Node::read(child));
                }
                parent.write()
            })
            .collect();
        levels.push(parents);
    }
    let mut nodes = Vec::new();
    nodes.try_reserve_exact(shape.nodes()).ok()?;
    for level in levels.into_iter().rev() {
        nodes.extend(level);
    }
    Some((shape, nodes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_shape_is_that_of_the_specification() {
        let shape = TreeShape::new(4_021, 16).unwrap();
        assert_eq!(shape.levels.len(), 4);
        assert_eq!(shape.nodes(), 1 + 16 + 252 + 4_021);
        // one feature: a root and a leaf
        assert_eq!(TreeShape::new(1, 16).unwrap().nodes(), 2);
        assert_eq!(TreeShape::new(0, 16), None);
        assert_eq!(TreeShape::new(10, 1), None);
        assert_eq!(TreeShape::new(u64::MAX, 2), None);
    }

    proptest! {
        #[test]
        fn a_search_finds_what_a_linear_scan_finds_in_the_same_order(
            boxes in proptest::collection::vec((0_u8..100, 0_u8..100, 0_u8..9, 0_u8..9, 0_u8..12), 1..400),
            asked in proptest::collection::vec((0_u8..100, 0_u8..100, 0_u8..50, 0_u8..50), 1..4),
        ) {
            let leaves: Vec<Node> = boxes.iter().enumerate().map(|(i, (x, y, w, h, odd))| match odd {
                0 => Node::without_position(i as u64),
                1 => Node::unknown(i as u64),
                _ => Node {
                    min_x: f64::from(*x), min_y: f64::from(*y),
                    max_x: f64::from(*x) + f64::from(*w), max_y: f64::from(*y) + f64::from(*h),
                    offset: i as u64,
                },
            }).collect();
            let asked: Vec<Bbox> = asked.iter().map(|(x, y, w, h)| Bbox::new(
                f64::from(*x), f64::from(*y), f64::from(*x) + f64::from(*w), f64::from(*y) + f64::from(*h),
            ).unwrap()).collect();
            let expected: Vec<u64> = leaves.iter()
                .filter(|n| n.min_x.is_nan() || Bbox::new(n.min_x, n.min_y, n.max_x, n.max_y)
                    .is_some_and(|b| asked.iter().any(|a| a.intersects(&b))))
                .map(|n| n.offset).collect();
            let (shape, nodes) = build(leaves.iter().map(Node::write).collect()).unwrap();
            let mut upper = Upper::default();
            leaves.iter().for_each(|leaf| upper.push(leaf));
            let unnumbered = |node: &NodeBytes| Node { offset: 0, ..Node::read(node) }.write();
            let above: Vec<NodeBytes> = upper.nodes().iter().map(unnumbered).collect();
            prop_assert_eq!(&above[..], &nodes[..nodes.len() - leaves.len()]);
            let tree = Tree { nodes: &nodes, shape: &shape };
            let found: Vec<u64> = tree.search(&asked).map(|(i, _)| i).collect();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(tree.leaf(leaves.len() as u64), None);
        }
    }
}
