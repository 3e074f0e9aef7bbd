import assert from 'node:assert/strict';
import test from 'node:test';
import type { Entry, LayerEntry } from '../src/core/context.ts';
import { type GroupNode, isInScale, Model } from '../src/core/model.ts';

const layer = (id: string, visible = true, more: Partial<LayerEntry> = {}): LayerEntry => ({
  kind: 'layer', id, title: id.toUpperCase(), visible, opacity: 1, style: 'plain', styles: [{ id: 'plain', title: '' }, { id: 'other', title: '' }], ...more,
});
const entries: Entry[] = [
  { kind: 'group', title: 'G', open: true, entries: [layer('a'), layer('b', false), layer('c')] },
  layer('d'),
  layer('e', false),
];
const ids = (model: Model) => model.layers().map((n) => n.entry.id).join('');

test('layers come top first, the state of a link bottom first and only what is shown', () => {
  const model = new Model(entries);
  assert.equal(ids(model), 'abcde');
  assert.deepEqual(model.state().map((l) => l.id), ['d', 'c', 'a']);
});

test('a group is shown whole, in part or not, and toggles to whole first', () => {
  const model = new Model(entries);
  const group = model.root.children[0] as GroupNode;
  assert.equal(model.shown(group), 'some');
  model.toggle(group);
  assert.equal(model.shown(group), 'all');
  model.toggle(group);
  assert.equal(model.shown(group), 'none');
});

test('moving stays among siblings and ends at their ends', () => {
  const model = new Model(entries);
  assert.equal(model.move(model.layer('b')!, -1), true);
  assert.equal(ids(model), 'bacde');
  assert.equal(model.move(model.layer('b')!, -1), false);
  assert.equal(model.move(model.layer('d')!, 1), true);
  assert.equal(ids(model), 'baced');
  assert.equal(model.move(model.layer('d')!, 1), false);
});

test('a link gives back visibility, order, opacity and style', () => {
  const from = new Model(entries);
  from.move(from.layer('c')!, -2);
  from.toggle(from.layer('e')!);
  from.setOpacity(from.layer('a')!, 0.4);
  from.setStyle(from.layer('d')!, 'other');
  const to = new Model(entries);
  to.apply(from.state());
  assert.deepEqual(to.state(), from.state());
  assert.equal(to.layer('a')!.opacity, 0.4);
  assert.equal(to.layer('d')!.style, 'other');
});

test('a link of yesterday shows what is still there', () => {
  const model = new Model(entries);
  model.apply([{ id: 'gone', opacity: 1 }, { id: 'b', opacity: 1, style: 'gone' }]);
  assert.deepEqual(model.state(), [{ id: 'b', opacity: 1 }]);
});

test('what a visitor adds lies on top and goes away whole', () => {
  const model = new Model(entries);
  const first = model.add(layer('x'), 'Mine');
  model.add(layer('y'), 'Mine');
  assert.equal(ids(model), 'yxabcde');
  model.remove(first);
  model.remove(model.layer('y')!);
  assert.equal(ids(model), 'abcde');
  assert.equal(model.root.children.length, 3);
});

test('the least denominator belongs to the range, the largest does not', () => {
  const entry = layer('a', true, { scales: { min: 1000, max: 50000 } });
  assert.equal(isInScale(entry, 1000), true);
  assert.equal(isInScale(entry, 900), false);
  assert.equal(isInScale(entry, 49999), true);
  assert.equal(isInScale(entry, 60000), false);
  assert.equal(isInScale(layer('b'), 1e9), true);
});

test('every change is told, the opacity apart', () => {
  const model = new Model(entries);
  const told: string[] = [];
  model.onChange((change) => told.push(change));
  model.toggle(model.layer('a')!);
  model.setOpacity(model.layer('a')!, 0.5);
  model.move(model.layer('a')!, 1);
  assert.deepEqual(told, ['shown', 'opacity', 'tree']);
});

test('what a visitor added stays as it is packed, whatever the list of layers says', () => {
  const model = new Model(entries);
  model.add(layer('own1'), 'Mine');
  assert.deepEqual(model.state().map((l) => l.id), ['d', 'c', 'a']);
  model.apply([{ id: 'a', opacity: 1 }]);
  assert.equal(model.layer('own1')!.isVisible, true);
});
