// Vector tiles as decoders of others read them: a MapLibre Tile says what the Mapbox Vector Tile says.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { base, here } from './harness.mjs';

/** The decoder's modules name each other without endings, which node does not follow: they are put into one. */
async function decoders() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'cartotheque-mlt-'));
  const outfile = path.join(folder, 'decoders.mjs');
  const contents = "export { decodeTile } from '@maplibre/mlt'; export { VectorTile } from '@mapbox/vector-tile'; export { PbfReader } from 'pbf';";
  await build({ stdin: { contents, resolveDir: here }, bundle: true, platform: 'node', format: 'esm', outfile, logLevel: 'error' });
  const all = await import(pathToFileURL(outfile));
  await rm(folder, { recursive: true });
  return all;
}

/** Column and row at a zoom. */
function tileAt(longitude, latitude, zoom) {
  const side = 2 ** zoom;
  const y = Math.asinh(Math.tan((latitude * Math.PI) / 180)) / Math.PI;
  return [Math.floor(((longitude + 180) / 360) * side), Math.floor(((1 - y) / 2) * side)];
}

async function bytes(address) {
  const answer = await fetch(address);
  assert.ok(answer.ok, `${address}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}
/** Both of one state: while overviews are made ready tiles come to be made from them. */
async function both(address) {
  for (;;) {
    const before = await bytes(`${address}.mvt`);
    const mlt = await bytes(`${address}.mlt`);
    if (Buffer.compare(before, await bytes(`${address}.mvt`)) === 0) return [before, mlt];
  }
}

const plain = (value) => (typeof value === 'bigint' ? Number(value) : value);

export default function () {
  test('Tiles: a MapLibre Tile has the layers, features, ids, attributes and geometries of the Mapbox Vector Tile', async () => {
    const { decodeTile, VectorTile, PbfReader } = await decoders();
    let count = 0;
    const weights = [0, 0];
    for (const layers of ['communes', 'villes', 'cours-eau', 'pays,epci,villes', 'mairies,departements,lacs']) {
      for (const zoom of [0, 3, 5, 7, 9, 11, 13]) {
        for (const [longitude, latitude] of [[4.83, 45.76], [6.12, 45.9], [2.5, 44.9]]) {
          const [x, y] = tileAt(longitude, latitude, zoom);
          const address = `${base}/tiles/${layers}/${zoom}/${x}/${y}`;
          const [mvt, mlt] = await both(address);
          assert.equal(mlt.length === 0, mvt.length === 0, address);
          if (!mvt.length) continue;
          weights[0] += mvt.length;
          weights[1] += mlt.length;
          const expected = new VectorTile(new PbfReader(mvt)).layers;
          const tables = decodeTile(mlt);
          assert.deepEqual(tables.map((table) => table.name), Object.keys(expected), address);
          for (const table of tables) {
            const layer = expected[table.name];
            const rows = table.getFeatures();
            assert.deepEqual([rows.length, table.extent], [layer.length, layer.extent], address);
            rows.forEach((row, place) => {
              const feature = layer.feature(place);
              const values = Object.entries(row.properties).filter(([, value]) => value != null).map(([name, value]) => [name, plain(value)]);
              const points = row.geometry.coordinates.map((part) => part.map(({ x, y }) => [x, y]));
              const own = { id: plain(row.id), values: values.sort(), points };
              const other = feature.loadGeometry().map((part) => part.map(({ x, y }) => [x, y]));
              assert.deepEqual(own, { id: feature.id, values: Object.entries(feature.properties).sort(), points: other }, `${address} ${table.name} ${place}`);
              count++;
            });
          }
        }
      }
    }
    assert.ok(count > 20_000, `${count} features`);
    assert.ok(weights[1] < 0.8 * weights[0], `${weights}`);
  });
}
