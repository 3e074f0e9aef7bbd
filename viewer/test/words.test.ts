import assert from 'node:assert/strict';
import test from 'node:test';
import { parseCoordinates } from '../src/core/coordinates.ts';
import * as cql from '../src/core/cql.ts';
import { csvPlaces, parseCsv } from '../src/core/csv.ts';
import { decodeText } from '../src/core/encoding.ts';
import { areaText, counted, filled, lengthText, setLanguage, value } from '../src/core/text.ts';

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

const SITE = ['EPSG:4326', 'EPSG:2154', 'EPSG:3945'];
const placesOf = (csv: string) => {
  const found = csvPlaces(csv, SITE);
  return found && [found.crs, ...found.places.map((p) => p.at), found.leftOut];
};

test('points of a CSV, those without a place left out and counted', () => {
  assert.deepEqual(placesOf('nom;Longitude;Latitude\nLyon;4,83;45,76\nNulle part;;\nLoin;999;0\n'), ['EPSG:4326', [4.83, 45.76], 2]);
  assert.equal(placesOf('a;b\n1;2'), undefined);
  assert.deepEqual(csvPlaces('nom;x;y\nLyon;4,8;45\n', SITE)?.places[0]?.properties, { nom: 'Lyon', x: '4,8', y: '45' });
});

test('a CSV in Lambert-93 or a conic zone is known by its coordinates', () => {
  assert.deepEqual(placesOf('nom;X;Y\nLyon;842 666,5;6519924,2\n'), ['EPSG:2154', [842666.5, 6519924.2], 0]);
  assert.deepEqual(placesOf('Coord. X (L93),Coord. Y (L93)\n842666,6519924\n'), ['EPSG:2154', [842666, 6519924], 0]);
  assert.deepEqual(placesOf('x_cc45;y_cc45\n1842000;4174000\n'), ['EPSG:3945', [1842000, 4174000], 0]);
  // of a zone that the site does not know, nothing is guessed
  assert.deepEqual(placesOf('x;y\n1842000;5174000\n'), ['EPSG:4326', 1]);
});

test('columns of degrees go before those of metres, and both may be in one', () => {
  assert.deepEqual(placesOf('x,y,lon,lat\n842666,6519924,4.83,45.76\n'), ['EPSG:4326', [4.83, 45.76], 0]);
  assert.deepEqual(placesOf('nom;geo_point_2d\nLyon;45.76, 4.83\nSans;\n'), ['EPSG:4326', [4.83, 45.76], 1]);
  assert.deepEqual(placesOf('nom;Coordonnées géographiques\nLyon;45.76,4.83\n'), ['EPSG:4326', [4.83, 45.76], 0]);
});

test('text of files in the encodings that are met', () => {
  const bytes = (...values: number[]) => new Uint8Array(values).buffer;
  assert.equal(decodeText(new TextEncoder().encode('Saint-Étienne').buffer as ArrayBuffer), 'Saint-Étienne');
  assert.equal(decodeText(bytes(0xc9, 0x74, 0xe9)), 'Été');
  assert.equal(decodeText(bytes(0xff, 0xfe, 0xc9, 0x00)), 'É');
  const latin9 = [...'<?xml version="1.0" encoding="ISO-8859-15"?>'].map((c) => c.charCodeAt(0));
  assert.match(decodeText(bytes(...latin9, 0xa4)), /€$/);
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

test('0 and 1 are singular in French, 1 alone in English', () => {
  setLanguage('fr');
  assert.deepEqual([0, 1, 2].map((n) => counted(n, 'objet', 'feature')), ['0 objet', '1 objet', '2 objets']);
  setLanguage('en');
  assert.deepEqual([0, 1, 2].map((n) => counted(n, 'objet', 'feature')), ['0 features', '1 feature', '2 features']);
});
