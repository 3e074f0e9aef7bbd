import assert from 'node:assert/strict';
import test from 'node:test';
import { parseCoordinates } from '../src/core/coordinates.ts';
import * as cql from '../src/core/cql.ts';
import { csvToGeoJson, parseCsv } from '../src/core/csv.ts';
import { areaText, filled, lengthText, setLanguage, value } from '../src/core/text.ts';

const KNOWN = ['EPSG:2154', 'EPSG:3857', 'EPSG:4326', 'EPSG:3945', 'EPSG:3946', 'EPSG:3035'];
const first = (text: string) => parseCoordinates(text, KNOWN)[0];
const near = (text: string, crs: string, [x, y]: [number, number]) => {
  const place = first(text);
  assert.equal(place?.crs, crs, text);
  assert.ok(Math.abs(place!.at[0] - x) < 1e-6 && Math.abs(place!.at[1] - y) < 1e-6, `${text}: ${place!.at}`);
};

test('degrees in the forms that people copy', () => {
  for (const text of [
    '45.764, 4.8357', '45,764 4,8357', '45.764;4.8357', 'N 45.764° E 4.8357°', '45.764°N, 4.8357°E', '4.8357°E 45.764°N',
    '45,764° N 4,8357° E', '45.764 / 4.8357', ' 45.764   4.8357 ', '4.8357, 45.764', 'EPSG:4326 45.764 4.8357',
  ]) near(text, 'EPSG:4326', [4.8357, 45.764]);
});

test('minutes and seconds, west and south', () => {
  near(`45°45'50.4"N 4°50'8.52"E`, 'EPSG:4326', [4.8357, 45.764]);
  near('45°45′50,4″N 4°50′8,52″E', 'EPSG:4326', [4.8357, 45.764]);
  near("47°30'N 2°45'O", 'EPSG:4326', [-2.75, 47.5]);
  near("21°06'S 55°30'E", 'EPSG:4326', [55.5, -21.1]);
  near(`45° 45' 50.4'' 4° 50' 8.52''`, 'EPSG:4326', [4.8357, 45.764]);
});

test('metres tell their plane by their size, or by its name', () => {
  near('842500 6519000', 'EPSG:2154', [842500, 6519000]);
  near('842 500 ; 6 519 000', 'EPSG:2154', [842500, 6519000]);
  near('842 500 6 519 000', 'EPSG:2154', [842500, 6519000]);
  near('X=842500.5 Y=6519000.25', 'EPSG:2154', [842500.5, 6519000.25]);
  near('1842500 4169000', 'EPSG:3945', [1842500, 4169000]);
  near('1842500 5169000', 'EPSG:3946', [1842500, 5169000]);
  near('538300 5741800', 'EPSG:3857', [538300, 5741800]);
  near('EPSG:3035 3920000 2530000', 'EPSG:3035', [3920000, 2530000]);
});

test('what is no place is none', () => {
  for (const text of ['', 'Lyon', '45.764', '69001', '95 200', 'EPSG:9999 1 2', '1 2 3', '91°N 4°E', '10000000 99999999', '12 rue de la Paix']) {
    assert.deepEqual(parseCoordinates(text, KNOWN), [], text);
  }
});

test('a filter holds what is in its words, whatever it is', () => {
  assert.equal(cql.contains('nom', "L'Étrat"), `CASEI(ACCENTI("nom")) LIKE CASEI(ACCENTI('%L''Étrat%'))`);
  assert.equal(cql.startsWith('a"b', '50%_\\'), `CASEI(ACCENTI("a""b")) LIKE CASEI(ACCENTI('50\\%\\_\\\\%'))`);
  assert.equal(cql.all([cql.any(['a = 1', 'b = 2']), cql.any(['c = 3'])]), '(a = 1 OR b = 2) AND c = 3');
});

test('a column is filtered by what its type can say', () => {
  const cases: [string, string, string | undefined][] = [
    ['integer', '1200', '"f" = 1200'],
    ['integer', '>= 1 200', '"f" >= 1200'],
    ['number', '≤ 12,5', '"f" <= 12.5'],
    ['number', '<> -3', '"f" <> -3'],
    ['number', '10..20', '"f" BETWEEN 10 AND 20'],
    ['number', '10 ..', undefined],
    ['number', 'abc', undefined],
    ['boolean', 'Oui', '"f" = TRUE'],
    ['boolean', 'peut-être', undefined],
    ['date', '2024', `"f" >= DATE('2024-01-01') AND "f" < DATE('2025-01-01')`],
    ['date', '> 2024-05', `"f" >= DATE('2024-06-01')`],
    ['date-time', '<= 2024-12-31', `"f" < TIMESTAMP('2025-01-01T00:00:00Z')`],
    ['text', '  ', undefined],
  ];
  for (const [type, written, filter] of cases) assert.equal(cql.column('f', type, written), filter, written);
});

test('CSV of any country', () => {
  assert.deepEqual(parseCsv('a;b\r\n"x;1";"say ""hi"""\r\n'), [['a', 'b'], ['x;1', 'say "hi"']]);
  assert.deepEqual(parseCsv('\uFEFFa,b\n"two\nlines",2\n\n'), [['a', 'b'], ['two\nlines', '2']]);
  assert.deepEqual(parseCsv('a\tb\n1\t'), [['a', 'b'], ['1', '']]);
});

test('points of a CSV, those without a place left out', () => {
  const found = csvToGeoJson('nom;Longitude;Latitude\nLyon;4,83;45,76\nNulle part;;\nLoin;999;0\n');
  assert.deepEqual(found?.features.map((f) => [f.properties?.['nom'], (f.geometry as { coordinates: number[] }).coordinates]), [['Lyon', [4.83, 45.76]]]);
  assert.equal(csvToGeoJson('a;b\n1;2'), undefined);
});

test('values as the language writes them', () => {
  setLanguage('fr');
  assert.equal(value(519127, { unit: 'hab.', decimals: 0 }).replace(/\s/g, ' '), '519 127 hab.');
  assert.equal(value('2024-05-12', { type: 'date' }), '12 mai 2024');
  assert.equal(value(true), 'oui');
  assert.equal(value(null, { unit: 'm' }), '');
  assert.equal(lengthText(1234.5).replace(/\s/g, ' '), '1,23 km');
  assert.equal(areaText(25_000).replace(/\s/g, ' '), '2,50 ha');
  setLanguage('en');
  assert.equal(value(519127), '519,127');
  assert.equal(filled('{nom} ({pop})', { nom: 'Lyon', pop: 5 }), 'Lyon (5)');
  assert.equal(filled('{nom}', {}), '');
});
