/** The tree of layers as the visitor has set it: what is shown, how, in which order. No drawing, no DOM. */

import type { Entry, LayerEntry } from './context.ts';
import type { LinkLayer } from './link.ts';

export interface GroupNode {
  kind: 'group';
  key: string;
  title: string;
  isOpen: boolean;
  parent: GroupNode | undefined;
  children: TreeNode[];
}

export interface LayerNode {
  kind: 'layer';
  key: string;
  title: string;
  entry: LayerEntry;
  isVisible: boolean;
  opacity: number;
  /** The style asked for; empty for the layer's default. */
  style: string;
  parent: GroupNode | undefined;
}

export type TreeNode = GroupNode | LayerNode;
export type Shown = 'all' | 'some' | 'none';
/** What changed: `opacity` leaves the tree as it is. */
export type Change = 'tree' | 'shown' | 'opacity';

export class Model {
  readonly root: GroupNode = { kind: 'group', key: '', title: '', isOpen: true, parent: undefined, children: [] };
  private readonly listeners = new Set<(change: Change) => void>();
  private next = 0;

  constructor(entries: readonly Entry[]) {
    for (const entry of entries) this.insert(entry, this.root);
  }

  onChange(listener: (change: Change) => void): void {
    this.listeners.add(listener);
  }

  changed(change: Change): void {
    for (const listener of this.listeners) listener(change);
  }

  /** Adds what a visitor brings, on top of its group. */
  add(entry: LayerEntry, group: string): LayerNode {
    let parent = this.root.children.find((n): n is GroupNode => n.kind === 'group' && n.key === 'own');
    if (!parent) {
      parent = { kind: 'group', key: 'own', title: group, isOpen: true, parent: this.root, children: [] };
      this.root.children.unshift(parent);
    }
    const node = this.insert(entry, parent) as LayerNode;
    parent.children.pop();
    parent.children.unshift(node);
    this.changed('tree');
    return node;
  }

  remove(node: TreeNode): void {
    const siblings = node.parent?.children;
    siblings?.splice(siblings.indexOf(node), 1);
    if (node.parent?.key === 'own' && node.parent.children.length === 0) this.remove(node.parent);
    this.changed('tree');
  }

  /** Every layer, top first. */
  layers(from: GroupNode = this.root): LayerNode[] {
    return from.children.flatMap((n) => (n.kind === 'layer' ? [n] : this.layers(n)));
  }

  layer(id: string): LayerNode | undefined {
    return this.layers().find((n) => n.entry.id === id);
  }

  shown(node: TreeNode): Shown {
    if (node.kind === 'layer') return node.isVisible ? 'all' : 'none';
    const all = this.layers(node);
    const count = all.filter((n) => n.isVisible).length;
    return count === 0 ? 'none' : count === all.length ? 'all' : 'some';
  }

  /** Of a group: every layer in it. A group that is shown in part is shown whole. */
  toggle(node: TreeNode): void {
    const isVisible = this.shown(node) !== 'all';
    for (const layer of node.kind === 'layer' ? [node] : this.layers(node)) layer.isVisible = isVisible;
    this.changed('shown');
  }

  setOpacity(node: LayerNode, opacity: number): void {
    node.opacity = opacity;
    this.changed('opacity');
  }

  setStyle(node: LayerNode, style: string): void {
    node.style = style;
    this.changed('shown');
  }

  /** Moves among its siblings; false where there is no further place. */
  move(node: TreeNode, by: number): boolean {
    const siblings = node.parent?.children ?? [];
    return this.place(node, siblings.indexOf(node) + by);
  }

  /** Puts it at an index among its siblings. */
  place(node: TreeNode, index: number): boolean {
    const siblings = node.parent?.children ?? [];
    const from = siblings.indexOf(node);
    if (from < 0 || index < 0 || index >= siblings.length || index === from) return false;
    siblings.splice(from, 1);
    siblings.splice(index, 0, node);
    this.changed('tree');
    return true;
  }

  /** Visible layers of the map, bottom to top, as a link or a WMS request lists them. */
  state(): LinkLayer[] {
    const shown = this.layers().filter((n) => n.isVisible && n.parent?.key !== 'own');
    return shown.reverse().map(({ entry, opacity, style }) => {
      const isDefault = !style || style === entry.style;
      return { id: entry.id, opacity, ...(isDefault ? {} : { style }) };
    });
  }

  /**
   * Shows what a link says; layers it names that are gone are left out. A visitor's own layers
   * stay as they are: what is to be seen of them is said where they are packed.
   */
  apply(state: readonly LinkLayer[]): void {
    const rank = new Map(state.map((layer, index) => [layer.id, state.length - index]));
    for (const node of this.layers()) {
      if (node.parent?.key === 'own') continue;
      const said = state.find((layer) => layer.id === node.entry.id);
      node.isVisible = said !== undefined;
      if (!said) continue;
      node.opacity = said.opacity;
      const styles = node.entry.styles ?? [];
      node.style = said.style && styles.some((s) => s.id === said.style) ? said.style : '';
    }
    this.order(this.root, rank);
    this.changed('tree');
  }

  /** Puts the children that a link ranks in its order, in the places they have among them. */
  private order(group: GroupNode, rank: ReadonlyMap<string, number>): number {
    const ranks = group.children.map((child) =>
      child.kind === 'layer' ? (rank.get(child.entry.id) ?? Infinity) : this.order(child, rank),
    );
    const places = ranks.flatMap((r, index) => (r === Infinity ? [] : [index]));
    const sorted = places.map((index) => ({ node: group.children[index]!, rank: ranks[index]! }));
    sorted.sort((a, b) => a.rank - b.rank);
    places.forEach((index, i) => (group.children[index] = sorted[i]!.node));
    return Math.min(Infinity, ...ranks);
  }

  private insert(entry: Entry, parent: GroupNode): TreeNode {
    const key = `n${this.next++}`;
    let node: TreeNode;
    if (entry.kind === 'group') {
      node = { kind: 'group', key, title: entry.title, isOpen: entry.open, parent, children: [] };
      for (const child of entry.entries) this.insert(child, node);
    } else {
      const { title, visible, opacity } = entry;
      node = { kind: 'layer', key, title, entry, isVisible: visible, opacity, style: '', parent };
    }
    parent.children.push(node);
    return node;
  }
}

/** Whether a layer is drawn at a scale denominator (OGC: the minimum belongs to the range, the maximum not). */
export function isInScale(entry: LayerEntry, scale: number): boolean {
  // a link rounds the scale: the bound itself must not fall out for a hundredth
  return scale * 1.0001 >= (entry.scales?.min ?? 0) && scale < (entry.scales?.max ?? Infinity) * 1.0001;
}
