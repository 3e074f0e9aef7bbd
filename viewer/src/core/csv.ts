/** CSV (RFC 4180) as it is met: `,` `;` or tabs, quotes, any line end, a byte order mark. */

import type { XY } from './context.ts';
import { parseCoordinates, planeOf } from './coordinates.ts';

export function parseCsv(text: string): string[][] {
  const body = text.replace(/^\uFEFF/, '');
  const separator = separatorOf(body.split(/\r?\n/, 1)[0] ?? '');
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let isQuoted = false;
  for (let i = 0; i < body.length; i++) {
    const c = body[i]!;
    if (isQuoted) {
      if (c !== '"') cell += c;
      else if (body[i + 1] === '"') { cell += '"'; i++; }
      else isQuoted = false;
    } else if (c === '"' && cell === '') isQuoted = true;
    else if (c === separator) { row.push(cell); cell = ''; }
    else if (c === '\n' || c === '\r') {
      if (c === '\r' && body[i + 1] === '\n') i++;
      row.push(cell);
      rows.push(row);
      row = [];
      cell = '';
    } else cell += c;
  }
  if (cell !== '' || row.length) rows.push([...row, cell]);
  return rows.filter((r) => r.some((c) => c.trim() !== ''));
}

function separatorOf(line: string): string {
  const count = (s: string) => line.split(s).length;
  return [';', '\t', ','].reduce((best, s) => (count(s) > count(best) ? s : best), ',');
}

/** Names of columns as they are met, without accents, case and signs: `Coord. X (L93)` is `coordxl93`. */
const flat = (name: string) => name.normalize('NFD').replace(/[^A-Za-z0-9]/g, '').toLowerCase();
const WHERE = '(?:coord|coords|coordonnee|coordonnees|point|pos|geo|gps|wgs84|lambert|lambert93|lamb93|l93)?';
const SYSTEM = '(?:wgs84|gps|dd|deg|lambert|lambert93|lamb93|l93|rgf93|cc4\\d|2154|39\\d\\d|4326|3857)?';
const named = (words: string) => new RegExp(`^${WHERE}(?:${words})${SYSTEM}$`);
/** Degrees before metres: files of addresses have both. */
const PAIRS = [[named('longitude|long|lon|lng'), named('latitude|lat')], [named('x|easting'), named('y|northing')]] as const;
/** Latitude and longitude in one column, as open data portals write them. */
const BOTH = /^(geopoint(2d)?|geoloc(alisation)?|coordonnees(gps|geo(graphiques)?)?|gps|lat(itude)?lon(g|gitude)?)$/;

export interface CsvPlaces {
  /** The CRS that the file's coordinates are in, by what they are. */
  crs: string;
  places: { at: XY; properties: Record<string, string> }[];
  /** Rows without coordinates, or with such as lie elsewhere than the others. */
  leftOut: number;
}

/** Points by their columns of coordinates, in degrees or in a plane; `undefined` where there are none. */
export function csvPlaces(text: string, known: readonly string[]): CsvPlaces | undefined {
  const [head, ...rows] = parseCsv(text);
  const names = head?.map((n) => n.trim()) ?? [];
  const flats = names.map(flat);
  const columns = (x: RegExp, y: RegExp) => [flats.findIndex((n) => x.test(n)), flats.findIndex((n) => y.test(n))] as const;
  const pair = PAIRS.map(([x, y]) => columns(x, y)).find(([x, y]) => x >= 0 && y >= 0);
  const both = flats.findIndex((n) => BOTH.test(n));
  if (!pair && both < 0) return undefined;
  const place = (row: string[]): XY | undefined => {
    if (!pair) return parseCoordinates(row[both] ?? '', known).find((p) => p.crs === 'EPSG:4326')?.at;
    const [x, y] = [decimal(row[pair[0]]), decimal(row[pair[1]])];
    return Number.isFinite(x) && Number.isFinite(y) ? [x, y] : undefined;
  };
  const read = rows.map((row) => ({ row, at: place(row) }));
  let crs: string | undefined;
  for (const { at } of read) crs ??= at && planeOf(at, known);
  const places = read.flatMap(({ row, at }) =>
    at && crs && planeOf(at, known) === crs
      ? [{ at, properties: Object.fromEntries(names.map((n, i) => [n || `col${i + 1}`, row[i] ?? ''])) }]
      : [],
  );
  return { crs: crs ?? 'EPSG:4326', places, leftOut: rows.length - places.length };
}

/** `4,83`, `842 666,5`; not a number for nothing. */
function decimal(text: string | undefined): number {
  const plain = (text ?? '').replace(/\s/g, '').replace(',', '.');
  return plain === '' ? NaN : Number(plain);
}
