import assert from 'node:assert/strict';
import test from 'node:test';
import { parseLink, parseObject, writeLink, type LinkState } from '../src/core/link.ts';

test('what is written is read again', () => {
  const states: LinkState[] = [
    {},
    { view: { x: 842500, y: 6519000, scale: 25000 }, crs: 'EPSG:2154', layers: [], base: 'plan-ign' },
    { view: { x: 4.835659, y: 45.764043, scale: 5000 }, crs: 'EPSG:4258' },
    { layers: [{ id: 'cours-eau', opacity: 1 }, { id: 'communes', style: 'contours', opacity: 0.65 }, { id: 'forêts & landes', opacity: 0 }] },
    { own: 'abc-_123' },
    { table: { layer: 'communes', sort: '', isFollowing: false, filters: [] } },
    { table: { layer: 'a;b', sort: '-population', isFollowing: true, filters: [['nom', 'Saint-É; 100 %: +2 & co'], ['pop', '>= 20 000']] } },
  ];
  for (const state of states) assert.deepEqual(parseLink(writeLink(state)), state);
});

test('the form is that of the contract', () => {
  const state = { view: { x: 842500.4, y: 6519000, scale: 25000.2 }, crs: 'EPSG:2154', layers: [{ id: 'a', opacity: 1 }, { id: 'b', opacity: 0.6 }], base: 'plan-ign' };
  assert.equal(writeLink(state), '#view=842500,6519000,25000&crs=EPSG:2154&layers=a,b*0.6&base=plan-ign');
});

test('a table stands in the link as people may read it', () => {
  const table = { layer: 'communes', sort: '-population', isFollowing: false, filters: [['departement', 'isere']] as [string, string][] };
  assert.equal(writeLink({ table }), '#table=communes;-population;;departement:isere');
  assert.equal(parseLink('#table=').table, undefined);
  assert.deepEqual(parseLink('#table=a;;;b:c:d;e;f:').table, { layer: 'a', sort: '', isFollowing: false, filters: [['b', 'c']] });
});

test('a damaged part is left out, the rest holds', () => {
  assert.deepEqual(parseLink('#view=1,2&crs=EPSG:2154&layers=a,,*0.5,b*2,c*x&base='), {
    crs: 'EPSG:2154',
    layers: [{ id: 'a', opacity: 1 }, { id: 'b', opacity: 1 }, { id: 'c', opacity: 1 }],
  });
  assert.deepEqual(parseLink('#view=1,2,-5'), {});
  assert.deepEqual(parseLink('garbage'), {});
});

test('PRODIGE names an object by layer, field and value, which may hold semicolons', () => {
  assert.deepEqual(parseObject('?object=communes;insee;69123'), { layer: 'communes', field: 'insee', value: '69123' });
  assert.deepEqual(parseObject('?lang=fr&object=a;b;c%3Bd'), { layer: 'a', field: 'b', value: 'c;d' });
  assert.equal(parseObject('?object=communes;insee'), undefined);
  assert.equal(parseObject(''), undefined);
});
