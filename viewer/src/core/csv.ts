/** CSV (RFC 4180) as it is met: `,` `;` or tabs, quotes, any line end, a byte order mark. */

import type { GeoFeature, GeoJson } from './context.ts';

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

const LONGITUDE = /^(lon|long|longitude|lng|x|x_?wgs84)$/i;
const LATITUDE = /^(lat|latitude|y|y_?wgs84)$/i;

/** Points by their columns of longitude and latitude; `undefined` where there are none. */
export function csvToGeoJson(text: string): GeoJson | undefined {
  const [head, ...rows] = parseCsv(text);
  const names = head?.map((n) => n.trim()) ?? [];
  const [x, y] = [names.findIndex((n) => LONGITUDE.test(n)), names.findIndex((n) => LATITUDE.test(n))];
  if (x < 0 || y < 0) return undefined;
  const features = rows.flatMap((row, index): GeoFeature[] => {
    const at = [row[x], row[y]].map((v) => Number((v ?? '').trim().replace(',', '.')));
    const isPlace = (row[x] ?? '').trim() !== '' && (row[y] ?? '').trim() !== '';
    if (!isPlace || !(Math.abs(at[0]!) <= 180 && Math.abs(at[1]!) <= 90)) return [];
    const properties = Object.fromEntries(names.map((n, i) => [n || `col${i + 1}`, row[i] ?? '']));
    return [{ type: 'Feature', id: index, geometry: { type: 'Point', coordinates: at }, properties }];
  });
  return { type: 'FeatureCollection', features };
}
