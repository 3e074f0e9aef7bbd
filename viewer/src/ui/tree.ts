/**
 * The tree of layers: an ARIA tree (WAI-ARIA Authoring Practices, "Tree View") with checkboxes of three
 * states. Arrows walk, Space shows and hides, Enter opens a layer's settings, Alt+arrows move.
 */

import type { App } from '../app.ts';
import { isInScale, type LayerNode, type TreeNode } from '../core/model.ts';
import { scaleText, tr } from '../core/text.ts';
import { announce, h, icon } from './dom.ts';
import { settings } from './settings.ts';

export function treeView(app: App): HTMLElement {
  const { model, stage } = app;
  let current = '';
  const opened = new Set<string>();
  const tree = h('ul', { class: 'tree', role: 'tree', 'aria-label': tr('Couches de la carte', 'Layers of the map'), 'aria-multiselectable': 'true' });

  const rows = () => [...tree.querySelectorAll<HTMLElement>('.row')];
  const nodeOf = (row: Element | null | undefined) => row && find(model.root.children, row.getAttribute('data-key'));

  function render(): void {
    const hadFocus = tree.contains(document.activeElement) && document.activeElement?.getAttribute('role') === 'treeitem';
    tree.replaceChildren(...model.root.children.map((node, i) => item(node, 1, i, model.root.children.length)));
    const row = rows().find((r) => r.dataset['key'] === current) ?? rows()[0];
    if (row) {
      row.tabIndex = 0;
      current = row.dataset['key'] ?? '';
      if (hadFocus) row.focus();
    }
  }

  function item(node: TreeNode, level: number, index: number, size: number): HTMLElement {
    const shown = model.shown(node);
    const isGrey = node.kind === 'layer' && !isInScale(node.entry, stage.scale());
    const isOpen = node.kind === 'group' ? node.isOpen : opened.has(node.key);
    const note = node.kind === 'layer' && isGrey ? scaleNote(node) : '';
    // the row is the tree's item, not what hangs below it: its name is what it shows
    const row = h(
      'div',
      {
        role: 'treeitem',
        class: `row ${node.kind}${isGrey ? ' grey' : ''}`,
        'data-key': node.key,
        'aria-level': level,
        'aria-posinset': index + 1,
        'aria-setsize': size,
        'aria-checked': { all: 'true', some: 'mixed', none: 'false' }[shown],
        'aria-label': note ? `${node.title}, ${note}` : node.title,
        'aria-expanded': isOpen ? 'true' : 'false',
        tabindex: -1,
        draggable: 'true',
        title: note || null,
      },
      node.kind === 'group' && h('span', { class: 'twist', 'data-act': 'open' }, icon('chevron')),
      h('span', { class: `check ${shown}`, 'data-act': 'toggle' }, icon(shown === 'some' ? 'dash' : 'check')),
      h('span', { class: 'name', 'data-act': node.kind === 'group' ? 'open' : 'toggle' }, node.title),
      note && h('span', { class: 'note' }, note),
      node.kind === 'layer' && h('span', { class: 'gear', 'data-act': 'open', title: tr('Réglages de la couche', 'Layer settings') }, icon('more')),
    );
    const li = h('li', { role: 'none' }, row);
    if (node.kind === 'group' && isOpen) {
      const list = node.children.map((child, i) => item(child, level + 1, i, node.children.length));
      li.append(h('ul', { role: 'group' }, ...list));
    } else if (node.kind === 'layer' && isOpen) {
      // a tree holds items alone: the settings are one below the layer, named by what is in it
      const sheet = h('li', { role: 'treeitem', 'aria-level': level + 1 }, settings(app, node, () => close(node)));
      li.append(h('ul', { role: 'group', class: 'sheet' }, sheet));
    }
    return li;
  }

  function close(node: TreeNode): void {
    if (node.kind === 'group') node.isOpen = false;
    else opened.delete(node.key);
    current = node.key;
    render();
    focus(current);
  }

  function open(node: TreeNode): void {
    if (node.kind === 'group') node.isOpen = true;
    else opened.add(node.key);
    render();
  }

  function flip(node: TreeNode): void {
    const isOpen = node.kind === 'group' ? node.isOpen : opened.has(node.key);
    if (isOpen) close(node);
    else open(node);
  }

  function toggle(node: TreeNode): void {
    model.toggle(node);
    const isShown = model.shown(node) !== 'none';
    announce(`${node.title} : ${isShown ? tr('affichée', 'shown') : tr('masquée', 'hidden')}`);
  }

  function focus(key: string): void {
    for (const row of rows()) {
      row.tabIndex = row.dataset['key'] === key ? 0 : -1;
      if (row.tabIndex === 0) row.focus();
    }
    current = key;
  }

  tree.addEventListener('click', (event) => {
    const act = (event.target as Element).closest('[data-act]')?.getAttribute('data-act');
    const node = nodeOf((event.target as Element).closest('[role=treeitem]'));
    if (!act || !node) return;
    current = node.key;
    if (act === 'toggle') toggle(node);
    else flip(node);
    focus(node.key);
  });

  tree.addEventListener('keydown', (event) => {
    const row = event.target as HTMLElement;
    const node = row.getAttribute('role') === 'treeitem' ? nodeOf(row) : undefined;
    if (!node) return;
    const all = rows();
    const at = all.indexOf(row);
    const isOpen = row.getAttribute('aria-expanded') === 'true';
    const step = (to: number) => all[to] && focus(all[to].dataset['key'] ?? '');
    if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) shift(node, event.key === 'ArrowUp' ? -1 : 1);
    else if (event.key === 'ArrowDown') step(at + 1);
    else if (event.key === 'ArrowUp') step(at - 1);
    else if (event.key === 'Home') step(0);
    else if (event.key === 'End') step(all.length - 1);
    else if (event.key === 'ArrowRight') {
      if (!isOpen) open(node);
      else if (node.kind === 'group') step(at + 1);
      else row.nextElementSibling?.querySelector<HTMLElement>('input, select, button, a')?.focus();
    } else if (event.key === 'ArrowLeft') {
      if (isOpen) close(node);
      else if (node.parent?.key) focus(node.parent.key);
    } else if (event.key === ' ') toggle(node);
    else if (event.key === 'Enter') flip(node);
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
      const from = [...all.slice(at + 1), ...all.slice(0, at + 1)];
      const hit = from.find((r) => nodeOf(r)?.title.toLowerCase().startsWith(event.key.toLowerCase()));
      if (hit) focus(hit.dataset['key'] ?? '');
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  function shift(node: TreeNode, by: number): void {
    current = node.key;
    if (model.move(node, by)) announce(tr(`${node.title} déplacée`, `${node.title} moved`));
    focus(node.key);
  }

  // by mouse: a row is dropped before or after one of its siblings
  let dragged: TreeNode | undefined;
  tree.addEventListener('dragstart', (event) => {
    dragged = nodeOf((event.target as Element).closest('[role=treeitem]')) ?? undefined;
    event.dataTransfer?.setData('text/plain', dragged?.title ?? '');
  });
  const targetOf = (event: DragEvent) => {
    let li = (event.target as Element).closest('li');
    while (li && nodeOf(li.firstElementChild)?.parent !== dragged?.parent) li = li.parentElement?.closest('li') ?? null;
    return li?.firstElementChild;
  };
  const clear = () => tree.querySelectorAll('.drop').forEach((e) => e.classList.remove('drop'));
  tree.addEventListener('dragover', (event) => {
    const row = dragged && targetOf(event);
    if (!row) return;
    event.preventDefault();
    clear();
    row.classList.add('drop');
  });
  tree.addEventListener('drop', (event) => {
    event.preventDefault();
    const target = dragged && nodeOf(targetOf(event));
    clear();
    if (dragged && target) model.place(dragged, target.parent?.children.indexOf(target) ?? 0);
    dragged = undefined;
  });
  tree.addEventListener('dragend', clear);

  model.onChange((change) => change !== 'opacity' && render());
  let greys = '';
  stage.onView(() => {
    const now = model.layers().map((n) => isInScale(n.entry, stage.scale())).join();
    if (now !== greys) render();
    greys = now;
  });
  render();
  return tree;
}

function find(nodes: readonly TreeNode[], key: string | null): TreeNode | undefined {
  for (const node of nodes) {
    const hit = node.key === key ? node : node.kind === 'group' ? find(node.children, key) : undefined;
    if (hit) return hit;
  }
  return undefined;
}

/** From which scale on a layer is to be seen. */
function scaleNote({ entry }: LayerNode): string {
  const [min, max] = [entry.scales?.min, entry.scales?.max];
  if (min && max) return tr(`visible entre ${scaleText(max)} et ${scaleText(min)}`, `visible from ${scaleText(max)} to ${scaleText(min)}`);
  if (max) return tr(`visible à partir de ${scaleText(max)}`, `visible from ${scaleText(max)}`);
  return tr(`visible jusqu'à ${scaleText(min ?? 0)}`, `visible up to ${scaleText(min ?? 0)}`);
}
