/**
 * Coordinates as people write them: degrees with decimals or minutes and seconds, metres of Lambert-93,
 * of a conic zone, of Web Mercator, or any with the name of its CRS before or after.
 */

import type { XY } from './context.ts';

export interface Place {
  /** `EPSG:4326` for degrees; `at` is then longitude, latitude. */
  crs: string;
  at: XY;
}

/** What a text may mean, the likeliest first; `known` are the CRSs that can be shown. */
export function parseCoordinates(text: string, known: readonly string[]): Place[] {
  const named = /\b(?:epsg|srid)\s*:{0,2}\s*(\d{4,5})\b/i.exec(text);
  const rest = named ? text.replace(named[0], ' ') : text;
  const degrees = parseDegrees(rest);
  if (degrees) return [{ crs: 'EPSG:4326', at: degrees }];
  const numbers = pair(rest);
  if (!numbers) return [];
  if (named) {
    const crs = `EPSG:${named[1]}`;
    if (crs === 'EPSG:4326' || crs === 'EPSG:4258' || crs === 'EPSG:4171') return latLon(numbers);
    return known.includes(crs) ? [{ crs, at: numbers }] : [];
  }
  const [x, y] = numbers;
  if (Math.abs(x) <= 180 && Math.abs(y) <= 180) return latLon(numbers);
  return PLANES.filter((p) => known.includes(p.crs) && p.has(x, y)).map((p) => ({ crs: p.crs, at: numbers }));
}

/** Latitude first, as people and GPS say it; the other way round where only that is in the country. */
function latLon([a, b]: XY): Place[] {
  const places: XY[] = [];
  if (Math.abs(a) <= 90 && Math.abs(b) <= 180) places.push([b, a]);
  if (Math.abs(b) <= 90 && Math.abs(a) <= 180) places.push([a, b]);
  const isNear = ([lon, lat]: XY) => lon > -10 && lon < 15 && lat > 40 && lat < 55;
  places.sort((p, q) => Number(isNear(q)) - Number(isNear(p)));
  return places.slice(0, 2).map((at) => ({ crs: 'EPSG:4326', at }));
}

interface Plane {
  crs: string;
  has(x: number, y: number): boolean;
}

/** Where coordinates of a plane lie in metropolitan France: the planes hardly overlap. */
const PLANES: readonly Plane[] = [
  { crs: 'EPSG:2154', has: (x, y) => x > 0 && x < 1_300_000 && y > 6_000_000 && y < 7_200_000 },
  // the conic zone of latitude 42 + n has northings around n + 1 millions and 200 km
  ...[3942, 3943, 3944, 3945, 3946, 3947, 3948, 3949, 3950].map((code, n) => ({
    crs: `EPSG:${code}`,
    has: (x: number, y: number) => x > 1_000_000 && x < 2_400_000 && Math.abs(y - (n * 1_000_000 + 1_200_000)) < 200_000,
  })),
  { crs: 'EPSG:3857', has: (x, y) => x > -700_000 && x < 1_200_000 && y > 5_000_000 && y < 6_700_000 },
  { crs: 'EPSG:3035', has: (x, y) => x > 3_000_000 && x < 4_400_000 && y > 1_900_000 && y < 3_200_000 },
];

/** Which plane two numbers of a file without a CRS lie in; `EPSG:4326` for degrees, `undefined` for nowhere in France. */
export function planeOf([x, y]: XY, known: readonly string[]): string | undefined {
  if (Math.abs(x) <= 180 && Math.abs(y) <= 90) return 'EPSG:4326';
  return PLANES.find((p) => known.includes(p.crs) && p.has(x, y))?.crs;
}

/** Two numbers: commas between them, or within them where there are other separators. */
function pair(text: string): XY | undefined {
  const trimmed = text.replace(/\b[xyen]\s*[=:]\s*/gi, ' ').trim();
  // "845 000 6 520 000": thousands apart by spaces, exactly two numbers in it
  const grouped = /^(-?\d{1,3}(?:\s\d{3})+(?:[.,]\d+)?)[\s;,]+(-?\d{1,3}(?:\s\d{3})+(?:[.,]\d+)?)$/.exec(trimmed);
  if (grouped) return [number(grouped[1]!), number(grouped[2]!)];
  const plain = /^(-?\d+(?:\.\d+)?)\s*[,;\s/|]\s*(-?\d+(?:\.\d+)?)$/.exec(trimmed);
  if (plain) return [Number(plain[1]), Number(plain[2])];
  const comma = /^(-?\d+(?:,\d+)?)\s*[;\s/|]\s*(-?\d+(?:,\d+)?)$/.exec(trimmed);
  return comma ? [number(comma[1]!), number(comma[2]!)] : undefined;
}

function number(text: string): number {
  return Number(text.replace(/\s/g, '').replace(',', '.'));
}

const ANGLE = String.raw`(-?\d+(?:[.,]\d+)?)\s*[°d]\s*(?:(\d+(?:[.,]\d+)?)\s*['′’m]\s*)?(?:(\d+(?:[.,]\d+)?)\s*(?:["″”s]|''|′′)\s*)?`;

/** `45°45'50"N 4°50'E`, `N 45.76° E 4.83°`, `4,83°O 45,7°N`: longitude, latitude. */
function parseDegrees(text: string): XY | undefined {
  const after = new RegExp(`^\\s*${ANGLE}([NSEWO])[\\s,;/]*${ANGLE}([NSEWO])\\s*$`, 'i').exec(text);
  const before = new RegExp(`^\\s*([NSEWO])\\s*${ANGLE}[\\s,;/]*([NSEWO])\\s*${ANGLE}\\s*$`, 'i').exec(text);
  const bare = new RegExp(`^\\s*${ANGLE}[\\s,;/]+${ANGLE}\\s*$`, 'i').exec(text);
  const parts = after
    ? [angle(after.slice(1, 4), after[4]!), angle(after.slice(5, 8), after[8]!)]
    : before
      ? [angle(before.slice(2, 5), before[1]!), angle(before.slice(6, 9), before[5]!)]
      : bare
        ? [angle(bare.slice(1, 4), 'N'), angle(bare.slice(4, 7), 'E')]
        : undefined;
  const lat = parts?.find((p) => p.isLatitude)?.value;
  const lon = parts?.find((p) => !p.isLatitude)?.value;
  if (lat === undefined || lon === undefined || Math.abs(lat) > 90 || Math.abs(lon) > 180) return undefined;
  return [lon, lat];
}

function angle(parts: (string | undefined)[], side: string): { value: number; isLatitude: boolean } {
  const [degrees = 0, minutes = 0, seconds = 0] = parts.map((p) => (p ? number(p) : 0));
  const size = Math.abs(degrees) + minutes / 60 + seconds / 3600;
  const isNegative = /[swo]/i.test(side) !== degrees < 0;
  return { value: isNegative ? -size : size, isLatitude: /[ns]/i.test(side) };
}

/** `45,76312° N · 4,83512° E`. */
export function formatDegrees([lon, lat]: XY, language: string): string {
  const digits = new Intl.NumberFormat(language, { minimumFractionDigits: 5, maximumFractionDigits: 5 });
  const west = language === 'fr' ? 'O' : 'W';
  return `${digits.format(Math.abs(lat))}° ${lat < 0 ? 'S' : 'N'} · ${digits.format(Math.abs(lon))}° ${lon < 0 ? west : 'E'}`;
}
