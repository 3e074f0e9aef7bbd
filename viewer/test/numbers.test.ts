import assert from 'node:assert/strict';
import test from 'node:test';
import geodesic from 'geographiclib-geodesic';
import type { XY } from '../src/core/context.ts';
import { area, distance, length } from '../src/core/geodesy.ts';
import { barLength, parseScale, resolutionOf, roundScale, scaleOf } from '../src/core/scale.ts';

const GRS80 = new geodesic.Geodesic.Geodesic(6378137, 1 / 298.257222101);

/** Numbers that look random and are the same each time. */
function* places(seed: number): Generator<XY> {
  for (;;) {
    seed = (seed * 48271) % 2147483647;
    const lon = (seed % 10000) / 1000;
    seed = (seed * 48271) % 2147483647;
    yield [lon, 42 + (seed % 8000) / 1000];
  }
}

test('distances are those of GeographicLib within a millimetre', () => {
  const random = places(7);
  for (let i = 0; i < 300; i++) {
    const [a, b] = [random.next().value as XY, random.next().value as XY];
    const { s12 } = GRS80.Inverse(a[1], a[0], b[1], b[0]);
    assert.ok(Math.abs(distance(a, b) - s12!) < 1e-3, `${a} ${b}: ${distance(a, b)}, ${s12}`);
  }
  assert.equal(distance([4, 45], [4, 45]), 0);
});

test('the length of a line is the sum of its parts', () => {
  const line: XY[] = [[4, 45], [4.1, 45], [4.1, 45.2]];
  assert.ok(Math.abs(length(line) - distance(line[0]!, line[1]!) - distance(line[1]!, line[2]!)) < 1e-9);
  assert.equal(length([[4, 45]]), 0);
});

test('areas are those of GeographicLib, long edges within some metres of their course', () => {
  const random = places(11);
  const rings: XY[][] = [
    [[2.06, 44.11], [7.19, 44.11], [7.19, 46.81], [2.06, 46.81]],
    [[4.83, 45.76], [4.84, 45.76], [4.84, 45.77]],
  ];
  for (let i = 0; i < 100; i++) rings.push([random, random, random].map((r) => r.next().value as XY));
  for (const ring of rings) {
    const polygon = GRS80.Polygon(false);
    for (const [lon, lat] of ring) polygon.AddPoint(lat, lon);
    const expected = Math.abs(polygon.Compute(false, true).area!);
    const edges = ring.map((at, k) => distance(at, ring[(k + 1) % ring.length]!));
    const course = edges.reduce((sum, edge) => sum + edge * 15 * (edge / 340_000) ** 2, 0);
    assert.ok(Math.abs(area(ring) - expected) <= expected * 1e-6 + course + 0.01, `${JSON.stringify(ring)}: ${area(ring)}, ${expected}`);
    assert.ok(Math.abs(area([...ring, ring[0]!]) - area(ring)) < 1e-3, 'a closed ring is the open one');
  }
});

test('a pixel is 0.28 mm', () => {
  assert.equal(Math.round(scaleOf(7, 1)), 25000);
  assert.ok(Math.abs(resolutionOf(25000, 1) - 7) < 1e-9);
});

test('scales are read as people write them', () => {
  const cases: [string, number | undefined][] = [
    ['25000', 25000], ['1:25 000', 25000], ['1/25.000', 25000], ['1 : 25,000', 25000], ['1:25 000', 25000],
    ['25k', 25000], ['1:1M', 1000000], ['', undefined], ['zoom', undefined], ['0', undefined],
  ];
  for (const [text, scale] of cases) assert.equal(parseScale(text), scale, text);
});

test('scales are told with three digits', () => {
  assert.equal(roundScale(24987), 25000);
  assert.equal(roundScale(1234567), 1230000);
  assert.equal(roundScale(87), 87);
});

test('the scale bar is the longest round length that fits', () => {
  assert.deepEqual(barLength(10, 110), { metres: 1000, pixels: 100 });
  assert.deepEqual(barLength(5, 110), { metres: 500, pixels: 100 });
  assert.deepEqual(barLength(4.9, 45), { metres: 200, pixels: 200 / 4.9 });
  for (let m = 0.01; m < 1e5; m *= 1.37) {
    const bar = barLength(m, 110);
    assert.ok(bar.pixels <= 110 && bar.pixels > 110 / 2.6);
  }
});
